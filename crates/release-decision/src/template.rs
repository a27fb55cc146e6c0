//! The surroundings of a Markdown template: strict, escaping, and with no more of the engine than templates of notes need.

use findings_model::text;
use minijinja::{
    AutoEscape, Environment, Error, ErrorKind, UndefinedBehavior, Value, filters, syntax::SyntaxConfig, tests,
    value::ValueKind,
};

/// An environment in which every printed value is escaped for Markdown, unless a filter marked it as safe, and undefined names are
/// errors.
///
/// It begins empty instead of with everything that the engine has: what is not named here is not linked.
pub(crate) fn environment<'t>() -> Result<Environment<'t>, Error> {
    let mut environment = Environment::empty();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_syntax(SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build()?);
    environment.set_auto_escape_callback(|_| AutoEscape::Custom("markdown".into()));
    environment.set_formatter(|out, _, value| {
        let written = match value.kind() {
            ValueKind::Number | ValueKind::Bool => out.write_str(&value.to_string()),
            ValueKind::Undefined => return Err(ErrorKind::UndefinedError.into()),
            ValueKind::None => Ok(()),
            _ if value.is_safe() => out.write_str(value.as_str().unwrap_or_default()),
            _ => out.write_str(&text::markdown(&value.to_string())),
        };
        written.map_err(|_| ErrorKind::WriteFailure.into())
    });
    for name in ["d", "default"] {
        environment.add_filter(name, filters::default);
    }
    for name in ["count", "length"] {
        environment.add_filter(name, filters::length);
    }
    environment.add_filter("first", filters::first);
    environment.add_filter("join", filters::join);
    environment.add_filter("last", filters::last);
    environment.add_filter("lower", |value: Value| of_known(&value, |text| text.to_lowercase().into()));
    environment.add_filter("map", filters::map);
    environment.add_filter("rejectattr", filters::rejectattr);
    environment.add_filter("replace", |value: Value, from: String, to: String| {
        of_known(&value, |text| text.replace(&from, &to).into())
    });
    environment.add_filter("selectattr", filters::selectattr);
    environment.add_filter("trim", |value: Value, chars: Option<String>| {
        of_known(&value, |text| match &chars {
            Some(chars) => text.trim_matches(|c| chars.contains(c)).into(),
            None => text.trim().into(),
        })
    });
    environment.add_filter("upper", |value: Value| of_known(&value, |text| text.to_uppercase().into()));
    environment.add_test("defined", tests::is_defined);
    environment.add_test("undefined", tests::is_undefined);
    environment.add_test("none", tests::is_none);
    environment.add_test("eq", tests::is_eq);
    environment.add_test("ne", tests::is_ne);
    environment.add_test("in", tests::is_in);
    Ok(environment)
}

/// What a filter makes of a text; of none it makes none, which prints nothing, and a name that is not known is an error.
pub(crate) fn of_known(value: &Value, filter: impl FnOnce(&str) -> Value) -> Result<Value, Error> {
    match value.kind() {
        ValueKind::Undefined => Err(ErrorKind::UndefinedError.into()),
        ValueKind::None => Ok(Value::from(())),
        _ => Ok(filter(value.as_str().unwrap_or(&value.to_string()))),
    }
}
