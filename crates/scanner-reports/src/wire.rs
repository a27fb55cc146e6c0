//! Wire types that forgive: a value of another type than expected is a fact about the report, not an error of the reader.
//!
//! Only a text that is no JSON at all, a document nested too deeply or a key given twice ends the reading. Everything is read in
//! one pass and borrowed from the report where possible. Formats build their private structs from these.

mod lists;

use std::{borrow::Cow, marker::PhantomData};

use serde::{
    Deserialize, Deserializer,
    de::{Error, IgnoredAny, MapAccess, SeqAccess, Visitor, value::MapAccessDeserializer},
};
use serde_json::value::RawValue;

pub(crate) use lists::{Entries, List, Part, Record, next_key};

/// What stands where something else was expected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Null,
    Truth,
    Number,
    Text,
    Array,
    Object,
}

impl Kind {
    /// The kind with its article, as it stands in a reason.
    pub(crate) fn words(self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Truth => "a boolean",
            Self::Number => "a number",
            Self::Text => "a text",
            Self::Array => "an array",
            Self::Object => "an object",
        }
    }
}

/// How a wire type takes each kind of JSON value. What it does not take becomes [`Lax::other`].
pub(crate) trait Lax<'de>: Sized {
    fn other(kind: Kind) -> Self;

    fn text(_text: Cow<'de, str>) -> Self {
        Self::other(Kind::Text)
    }

    fn number(_text: String) -> Self {
        Self::other(Kind::Number)
    }

    fn truth(_truth: bool) -> Self {
        Self::other(Kind::Truth)
    }

    fn array<A: SeqAccess<'de>>(mut items: A) -> Result<Self, A::Error> {
        while items.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Self::other(Kind::Array))
    }

    fn object<A: MapAccess<'de>>(mut entries: A) -> Result<Self, A::Error> {
        while entries.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Self::other(Kind::Object))
    }
}

struct LaxVisitor<T>(PhantomData<T>);

impl<'de, T: Lax<'de>> Visitor<'de> for LaxVisitor<T> {
    type Value = T;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("any JSON value")
    }

    fn visit_unit<E: Error>(self) -> Result<T, E> {
        Ok(T::other(Kind::Null))
    }

    fn visit_bool<E: Error>(self, truth: bool) -> Result<T, E> {
        Ok(T::truth(truth))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<T, E> {
        Ok(T::number(number.to_string()))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<T, E> {
        Ok(T::number(number.to_string()))
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<T, E> {
        Ok(T::number(number.to_string()))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<T, E> {
        Ok(T::text(Cow::Owned(text.to_owned())))
    }

    fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<T, E> {
        Ok(T::text(Cow::Borrowed(text)))
    }

    fn visit_string<E: Error>(self, text: String) -> Result<T, E> {
        Ok(T::text(Cow::Owned(text)))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, items: A) -> Result<T, A::Error> {
        T::array(items)
    }

    fn visit_map<A: MapAccess<'de>>(self, entries: A) -> Result<T, A::Error> {
        T::object(entries)
    }
}

pub(crate) fn lax<'de, D: Deserializer<'de>, T: Lax<'de>>(deserializer: D) -> Result<T, D::Error> {
    deserializer.deserialize_any(LaxVisitor(PhantomData))
}

/// A text; a number or truth value counts as its text, anything else as none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum Text<'a> {
    #[default]
    Absent,
    /// Null, an array or an object.
    Other,
    Is(Cow<'a, str>),
}

impl Text<'_> {
    /// The text, unless there is none or it is blank.
    pub(crate) fn get(&self) -> Option<&str> {
        match self {
            Self::Is(text) if !text.chars().all(char::is_whitespace) => Some(text),
            Self::Is(_) | Self::Absent | Self::Other => None,
        }
    }

    /// Whether there is a text and nothing in it.
    pub(crate) fn is_blank(&self) -> bool {
        matches!(self, Self::Is(_)) && self.get().is_none()
    }

    /// Whether something stands here and it is no text, or a blank one.
    pub(crate) fn is_unreadable(&self) -> bool {
        matches!(self, Self::Other) || self.is_blank()
    }

    /// The text, or an empty one.
    pub(crate) fn or_empty(&self) -> &str {
        self.get().unwrap_or_default()
    }
}

impl<'de> Lax<'de> for Text<'de> {
    fn other(_kind: Kind) -> Self {
        Self::Other
    }

    fn text(text: Cow<'de, str>) -> Self {
        Self::Is(text)
    }

    fn number(text: String) -> Self {
        Self::Is(Cow::Owned(text))
    }

    fn truth(truth: bool) -> Self {
        Self::Is(Cow::Borrowed(if truth { "true" } else { "false" }))
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Text<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        lax(deserializer)
    }
}

/// A truth value, also as the texts `true` and `false`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Truth(pub(crate) Option<bool>);

impl<'de> Lax<'de> for Truth {
    fn other(_kind: Kind) -> Self {
        Self(None)
    }

    fn truth(truth: bool) -> Self {
        Self(Some(truth))
    }

    fn text(text: Cow<'de, str>) -> Self {
        Self(match text.trim() {
            t if t.eq_ignore_ascii_case("true") => Some(true),
            t if t.eq_ignore_ascii_case("false") => Some(false),
            _ => None,
        })
    }
}

impl<'de> Deserialize<'de> for Truth {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        lax(deserializer)
    }
}

/// A truth value that decides too much to be passed over where it is something else.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Not there, or null.
    #[default]
    Absent,
    Is(bool),
    Wrong,
}

impl<'de> Lax<'de> for Verdict {
    fn other(kind: Kind) -> Self {
        if kind == Kind::Null { Self::Absent } else { Self::Wrong }
    }

    fn truth(truth: bool) -> Self {
        Self::Is(truth)
    }

    fn text(text: Cow<'de, str>) -> Self {
        Truth::text(text).0.map_or(Self::Wrong, Self::Is)
    }
}

impl<'de> Deserialize<'de> for Verdict {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        lax(deserializer)
    }
}

/// A number as it is written, or a text that holds one. `1e400`, which no number type can hold, does no harm here.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Number<'a>(Option<&'a str>);

impl<'a> Number<'a> {
    fn digits(self) -> Option<&'a str> {
        Some(self.0?.trim_matches('"').trim())
    }

    /// A line or column number: a whole number from 1 to `u32::MAX`.
    pub(crate) fn line(self) -> Option<u32> {
        self.digits()?.parse().ok().filter(|line| *line > 0)
    }

    /// A measure from 0 to about four million, in thousandths.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "checked to be in the range just before"
    )]
    pub(crate) fn thousandths(self) -> Option<u32> {
        let value = self.digits()?.parse::<f64>().ok()? * 1000.0;
        (0.0..=f64::from(u32::MAX)).contains(&value).then(|| value.round() as u32)
    }

    /// A count: a whole number from 0, also written with a decimal point and zeros or with an exponent. One that is too large to be
    /// held is the largest.
    pub(crate) fn count(self) -> Option<u64> {
        let digits = self.digits()?;
        if let Ok(count) = digits.parse() {
            return Some(count);
        }
        // `inf` and `nan` are words, no numbers of a report.
        let number = digits.starts_with(|c: char| c.is_ascii_digit()).then(|| digits.parse::<f64>().ok())??;
        whole(number)
    }

    /// Whether something stands here, if only null, and it is no count.
    pub(crate) fn is_no_count(self) -> bool {
        self.0.is_some() && self.count().is_none()
    }

    /// Whether nothing stands here, or null.
    pub(crate) fn is_absent(self) -> bool {
        self.0.is_none_or(|raw| raw == "null")
    }

    /// A finite number.
    pub(crate) fn real(self) -> Option<f64> {
        self.digits()?.parse().ok().filter(|number: &f64| number.is_finite())
    }
}

/// A whole number from 0, or the largest count where it is larger.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the cast takes what is too large for the largest"
)]
fn whole(number: f64) -> Option<u64> {
    (number >= 0.0 && (number.fract() == 0.0 || number.is_infinite())).then_some(number as u64)
}

impl<'de: 'a, 'a> Deserialize<'de> for Number<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self(Some(<&'de RawValue>::deserialize(deserializer)?.get())))
    }
}

/// A list of texts, or one text in place of a list; everything else in it is passed over.
#[derive(Clone, Debug, Default)]
pub(crate) struct Texts<'a>(Vec<Text<'a>>);

impl Texts<'_> {
    /// How many there are, blank ones too.
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// The texts that are not blank.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().filter_map(Text::get)
    }
}

impl<'de> Lax<'de> for Texts<'de> {
    fn other(_kind: Kind) -> Self {
        Self(Vec::new())
    }

    fn text(text: Cow<'de, str>) -> Self {
        Self(vec![Text::Is(text)])
    }

    fn array<A: SeqAccess<'de>>(mut array: A) -> Result<Self, A::Error> {
        let mut texts = Vec::new();
        while let Some(text) = array.next_element()? {
            texts.push(text);
        }
        Ok(Self(texts))
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Texts<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        lax(deserializer)
    }
}

/// Either a text or an object: `"vulnerability": "CVE-…"` beside `"vulnerability": {"name": "CVE-…"}`.
#[derive(Clone, Debug, Default)]
pub(crate) enum TextOr<'a, T> {
    Text(Cow<'a, str>),
    Object(T),
    #[default]
    Neither,
}

impl<'de, T: Deserialize<'de>> Lax<'de> for TextOr<'de, T> {
    fn other(_kind: Kind) -> Self {
        Self::Neither
    }

    fn text(text: Cow<'de, str>) -> Self {
        Self::Text(text)
    }

    fn object<A: MapAccess<'de>>(entries: A) -> Result<Self, A::Error> {
        T::deserialize(MapAccessDeserializer::new(entries)).map(Self::Object)
    }
}

impl<'de: 'a, 'a, T: Deserialize<'de>> Deserialize<'de> for TextOr<'a, T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        lax(deserializer)
    }
}

/// A text or an object, or a list of them: `"CVE": "CVE-…"` beside `"CVE": ["CVE-…", {"name": "CVE-…"}]`.
#[derive(Clone, Debug)]
pub(crate) struct OneOrMore<'a, T>(Vec<TextOr<'a, T>>);

impl<'a, T> OneOrMore<'a, T> {
    pub(crate) fn items(&self) -> &[TextOr<'a, T>] {
        &self.0
    }
}

impl<T> Default for OneOrMore<'_, T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<'de, T: Deserialize<'de>> Lax<'de> for OneOrMore<'de, T> {
    fn other(_kind: Kind) -> Self {
        Self::default()
    }

    fn text(text: Cow<'de, str>) -> Self {
        Self(vec![TextOr::Text(text)])
    }

    fn object<A: MapAccess<'de>>(entries: A) -> Result<Self, A::Error> {
        TextOr::object(entries).map(|object| Self(vec![object]))
    }

    fn array<A: SeqAccess<'de>>(mut array: A) -> Result<Self, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = array.next_element()? {
            items.push(item);
        }
        Ok(Self(items))
    }
}

impl<'de: 'a, 'a, T: Deserialize<'de>> Deserialize<'de> for OneOrMore<'a, T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        lax(deserializer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Deserialize)]
    struct Sample<'a> {
        #[serde(borrow, default)]
        name: Text<'a>,
        #[serde(borrow, default)]
        line: Number<'a>,
    }

    #[test]
    fn numbers_are_forgiving_and_never_wrap() {
        let line =
            |text: &str| serde_json::from_str::<Sample<'_>>(&format!("{{\"line\":{text}}}")).unwrap().line.line();
        assert_eq!(line("4"), Some(4));
        assert_eq!(line("\" 4 \""), Some(4));
        for bad in ["-5", "0", "1e400", "4.5", "null", "[1]", "{}", "4294967296", "\"x\"", "true"] {
            assert_eq!(line(bad), None, "{bad}");
        }
        let count =
            |text: &str| serde_json::from_str::<Sample<'_>>(&format!("{{\"line\":{text}}}")).unwrap().line.count();
        assert_eq!((count("3.0"), count("3.5"), count("0")), (Some(3), None, Some(0)));
        assert_eq!((count("4e1"), count("0e9"), count("1e-3")), (Some(40), Some(0), None));
        for large in ["18446744073709551616", "1e30", "1e400"] {
            assert_eq!(count(large), Some(u64::MAX), "{large}");
        }
        for bad in ["-1", "-1e400", "\"inf\"", "\"\"", "null"] {
            assert_eq!(count(bad), None, "{bad}");
        }
    }

    #[test]
    fn one_bad_record_leaves_the_others() {
        let list: List<Record<Sample<'_>>> =
            serde_json::from_str(r#"[null, "x", [], {"name": "good"}, {"name": ["bad"]}]"#).unwrap();
        let names: Vec<_> = list.items().iter().map(|r| r.good().and_then(|s| s.name.get())).collect();
        assert_eq!(names, [None, None, None, Some("good"), None]);
    }

    #[test]
    fn a_key_given_twice_is_an_error() {
        assert!(serde_json::from_str::<Sample<'_>>(r#"{"name": "a", "name": "b"}"#).is_err());
    }
}
