//! Wire types that forgive: a value of another type than expected is a fact about the report, not an error of the reader.
//!
//! Only a text that is no JSON at all, a document nested too deeply or a key given twice ends the reading. Everything is read in
//! one pass and borrowed from the report where possible. Formats build their private structs from these.

use std::{borrow::Cow, marker::PhantomData};

use serde::{
    Deserialize, Deserializer,
    de::{Error, IgnoredAny, MapAccess, SeqAccess, Visitor, value::MapAccessDeserializer},
};
use serde_json::value::RawValue;

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
            Self::Truth => "a truth value",
            Self::Number => "a number",
            Self::Text => "a text",
            Self::Array => "an array",
            Self::Object => "an object",
        }
    }
}

/// How a wire type takes each kind of JSON value. What it does not take becomes [`Lax::other`].
trait Lax<'de>: Sized {
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

fn lax<'de, D: Deserializer<'de>, T: Lax<'de>>(deserializer: D) -> Result<T, D::Error> {
    deserializer.deserialize_any(LaxVisitor(PhantomData))
}

/// A text; a number or truth value counts as its text, anything else as none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Text<'a>(Option<Cow<'a, str>>);

impl Text<'_> {
    /// The text, unless there is none or it is blank.
    pub(crate) fn get(&self) -> Option<&str> {
        self.0.as_deref().filter(|text| !text.trim().is_empty())
    }

    /// The text, or an empty one.
    pub(crate) fn or_empty(&self) -> &str {
        self.get().unwrap_or_default()
    }
}

impl<'de> Lax<'de> for Text<'de> {
    fn other(_kind: Kind) -> Self {
        Self(None)
    }

    fn text(text: Cow<'de, str>) -> Self {
        Self(Some(text))
    }

    fn number(text: String) -> Self {
        Self(Some(Cow::Owned(text)))
    }

    fn truth(truth: bool) -> Self {
        Self(Some(Cow::Borrowed(if truth { "true" } else { "false" })))
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

    /// A count: a whole number from 0, also written with a decimal point and zeros.
    pub(crate) fn count(self) -> Option<u64> {
        let digits = self.digits()?;
        let whole = digits.split_once('.').map_or(
            digits,
            |(whole, rest)| {
                if rest.bytes().all(|b| b == b'0') { whole } else { digits }
            },
        );
        whole.parse().ok()
    }

    /// A finite number.
    pub(crate) fn real(self) -> Option<f64> {
        self.digits()?.parse().ok().filter(|number: &f64| number.is_finite())
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Number<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = <&'de RawValue>::deserialize(deserializer)?.get();
        Ok(Self(Some(raw).filter(|raw| *raw != "null")))
    }
}

/// An array of things. Another value where an array belongs keeps its kind, because a structural key of the wrong type makes a report unusable.
#[derive(Debug, Default)]
pub(crate) enum List<T> {
    #[default]
    Absent,
    Wrong(Kind),
    Items(Vec<T>),
}

impl<T> List<T> {
    /// The items; none when there is no array.
    pub(crate) fn items(&self) -> &[T] {
        match self {
            Self::Items(items) => items,
            Self::Absent | Self::Wrong(_) => &[],
        }
    }

    /// The items, or what is wrong at the key: absent, null or another type.
    pub(crate) fn required(self, key: &str) -> Result<Vec<T>, String> {
        match self {
            Self::Items(items) => Ok(items),
            Self::Absent => Err(format!("there is no `{key}`")),
            Self::Wrong(kind) => Err(format!("`{key}` is {}, not an array", kind.words())),
        }
    }
}

impl<'de, T: Deserialize<'de>> Lax<'de> for List<T> {
    fn other(kind: Kind) -> Self {
        Self::Wrong(kind)
    }

    fn array<A: SeqAccess<'de>>(mut array: A) -> Result<Self, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = array.next_element()? {
            items.push(item);
        }
        Ok(Self::Items(items))
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for List<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        lax(deserializer)
    }
}

/// One object of a list: the object, or the kind of what stands there instead.
#[derive(Debug)]
pub(crate) enum Record<T> {
    Good(T),
    Bad(Kind),
}

impl<T> Record<T> {
    /// The object, if it is one.
    pub(crate) fn good(&self) -> Option<&T> {
        match self {
            Self::Good(record) => Some(record),
            Self::Bad(_) => None,
        }
    }
}

impl<'de, T: Deserialize<'de>> Lax<'de> for Record<T> {
    fn other(kind: Kind) -> Self {
        Self::Bad(kind)
    }

    fn object<A: MapAccess<'de>>(entries: A) -> Result<Self, A::Error> {
        T::deserialize(MapAccessDeserializer::new(entries)).map(Self::Good)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Record<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        lax(deserializer)
    }
}

/// An object that may be missing or something else.
#[derive(Clone, Debug)]
pub(crate) struct Part<T>(pub(crate) Option<T>);

impl<T> Part<T> {
    /// The object, if there is one.
    pub(crate) fn get(&self) -> Option<&T> {
        self.0.as_ref()
    }
}

impl<T> Default for Part<T> {
    fn default() -> Self {
        Self(None)
    }
}

impl<'de, T: Deserialize<'de>> Lax<'de> for Part<T> {
    fn other(_kind: Kind) -> Self {
        Self(None)
    }

    fn object<A: MapAccess<'de>>(entries: A) -> Result<Self, A::Error> {
        T::deserialize(MapAccessDeserializer::new(entries)).map(|part| Self(Some(part)))
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Part<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        lax(deserializer)
    }
}

/// An object whose keys are data (paths, package names), in the report's order.
#[derive(Debug, Default)]
pub(crate) enum Entries<'a, T> {
    #[default]
    Absent,
    Wrong(Kind),
    Of(Vec<(Cow<'a, str>, T)>),
}

impl<'a, T> Entries<'a, T> {
    /// The entries; none when there is no object.
    pub(crate) fn entries(&self) -> &[(Cow<'a, str>, T)] {
        match self {
            Self::Of(entries) => entries,
            Self::Absent | Self::Wrong(_) => &[],
        }
    }

    /// The entries, or what is wrong at the key.
    pub(crate) fn required(self, key: &str) -> Result<Vec<(Cow<'a, str>, T)>, String> {
        match self {
            Self::Of(entries) => Ok(entries),
            Self::Absent => Err(format!("there is no `{key}`")),
            Self::Wrong(kind) => Err(format!("`{key}` is {}, not an object", kind.words())),
        }
    }
}

/// A key, borrowed where it holds no escapes.
struct Key<'a>(Cow<'a, str>);

impl<'de: 'a, 'a> Deserialize<'de> for Key<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct KeyVisitor;
        impl<'de> Visitor<'de> for KeyVisitor {
            type Value = Key<'de>;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a key")
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Key<'de>, E> {
                Ok(Key(Cow::Owned(text.to_owned())))
            }

            fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Key<'de>, E> {
                Ok(Key(Cow::Borrowed(text)))
            }
        }
        deserializer.deserialize_str(KeyVisitor)
    }
}

/// Reads the next key of an object.
pub(crate) fn next_key<'de, A: MapAccess<'de>>(entries: &mut A) -> Result<Option<Cow<'de, str>>, A::Error> {
    Ok(entries.next_key::<Key<'de>>()?.map(|key| key.0))
}

impl<'de, T: Deserialize<'de>> Lax<'de> for Entries<'de, T> {
    fn other(kind: Kind) -> Self {
        Self::Wrong(kind)
    }

    fn object<A: MapAccess<'de>>(mut object: A) -> Result<Self, A::Error> {
        let mut entries = Vec::new();
        while let Some(key) = next_key(&mut object)? {
            entries.push((key, object.next_value()?));
        }
        Ok(Self::Of(entries))
    }
}

impl<'de: 'a, 'a, T: Deserialize<'de>> Deserialize<'de> for Entries<'a, T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        lax(deserializer)
    }
}

/// A list of texts, or one text in place of a list; everything else in it is passed over.
#[derive(Clone, Debug, Default)]
pub(crate) struct Texts<'a>(Vec<Text<'a>>);

impl Texts<'_> {
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
        Self(vec![Text(Some(text))])
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
