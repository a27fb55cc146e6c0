//! The outline of a document: enough of its keys to tell which format it is, read no further than needed.

use std::{borrow::Cow, fmt};

use serde::{
    Deserialize, Deserializer,
    de::{DeserializeSeed, Error, IgnoredAny, MapAccess, SeqAccess, Visitor},
};

use crate::wire::{Kind, next_key};

/// The most keys of one object that are remembered.
const KEYS: usize = 64;

/// How sure a format is that a document is its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Claim {
    /// It is not.
    No,
    /// It is only by its name: too many tools write the like.
    IfNamed,
    /// It may be, unless another format is sure.
    Maybe,
    /// Nothing else looks like this.
    Sure,
}

impl Claim {
    /// Sure when a condition holds.
    pub(crate) fn sure_if(condition: bool) -> Self {
        if condition { Self::Sure } else { Self::No }
    }

    /// This claim, or a weaker one when a condition holds.
    pub(crate) fn or_maybe_if(self, condition: bool) -> Self {
        if condition { self.max(Self::Maybe) } else { self }
    }

    /// This claim, or the weakest one when a condition holds.
    pub(crate) fn or_if_named(self, condition: bool) -> Self {
        if condition { self.max(Self::IfNamed) } else { self }
    }
}

/// One key of the top-level object.
#[derive(Debug)]
struct Key<'a> {
    name: Cow<'a, str>,
    kind: Kind,
    /// The keys of the first object in the array that stands here.
    of_first: Vec<Cow<'a, str>>,
    /// An array without any element stands here.
    empty: bool,
}

/// What the top of a document looks like.
#[derive(Debug, Default)]
pub(crate) struct Outline<'a> {
    top: Option<Kind>,
    keys: Vec<Key<'a>>,
    /// The keys of the first object in a top-level array.
    of_first: Vec<Cow<'a, str>>,
    /// How many values are in the array that a top-level array starts with, if that starts with a text.
    row: usize,
    empty: bool,
}

impl<'a> Outline<'a> {
    /// Reads the first value of a text until a format is sure, the value ends or the text is no JSON.
    pub(crate) fn of(text: &'a str, is_decided: &dyn Fn(&Outline<'_>) -> bool) -> Self {
        let mut outline = Self::default();
        let mut deserializer = serde_json::Deserializer::from_str(text);
        let seed = Top { outline: &mut outline, is_decided };
        // An error is either the early end or one that the format's own reader meets again and reports.
        let _ = seed.deserialize(&mut deserializer);
        outline
    }

    /// The document is null or an empty array.
    pub(crate) fn is_blank(&self) -> bool {
        self.top == Some(Kind::Null) || (self.top == Some(Kind::Array) && self.empty)
    }

    /// The top-level object has a key.
    pub(crate) fn has(&self, key: &str) -> bool {
        self.kind(key).is_some()
    }

    /// What stands at a key of the top-level object.
    pub(crate) fn kind(&self, key: &str) -> Option<Kind> {
        self.keys.iter().find(|k| k.name == key).map(|k| k.kind)
    }

    /// The first object of the array at a key of the top-level object has one of some keys.
    pub(crate) fn first_has(&self, key: &str, of_first: &[&str]) -> bool {
        self.keys
            .iter()
            .find(|k| k.name == key)
            .is_some_and(|k| k.of_first.iter().any(|name| of_first.contains(&name.as_ref())))
    }

    /// An array without any element stands at a key of the top-level object.
    pub(crate) fn is_empty_list(&self, key: &str) -> bool {
        self.keys.iter().any(|k| k.name == key && k.empty)
    }

    /// The first object of a top-level array has all of some keys.
    pub(crate) fn element_has(&self, keys: &[&str]) -> bool {
        keys.iter().all(|key| self.of_first.iter().any(|name| name == key))
    }

    /// A top-level array of arrays that start with a text and have at least so many values.
    pub(crate) fn has_rows_of(&self, values: usize) -> bool {
        self.row >= values
    }

    /// The top-level object has only some keys, and at least one.
    pub(crate) fn has_only(&self, keys: &[&str]) -> bool {
        !self.keys.is_empty() && self.keys.iter().all(|k| keys.contains(&k.name.as_ref()))
    }
}

struct Top<'o, 'a> {
    outline: &'o mut Outline<'a>,
    is_decided: &'o dyn Fn(&Outline<'_>) -> bool,
}

impl Top<'_, '_> {
    fn check<E: Error>(&self) -> Result<(), E> {
        if (self.is_decided)(self.outline) { Err(E::custom("decided")) } else { Ok(()) }
    }
}

impl<'de> DeserializeSeed<'de> for Top<'_, 'de> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Top<'_, 'de> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any JSON value")
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        self.outline.top = Some(Kind::Null);
        Ok(())
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<(), E> {
        self.outline.top = Some(Kind::Truth);
        Ok(())
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<(), E> {
        self.outline.top = Some(Kind::Number);
        Ok(())
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<(), E> {
        self.visit_u64(0)
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<(), E> {
        self.visit_u64(0)
    }

    fn visit_str<E: Error>(self, _: &str) -> Result<(), E> {
        self.outline.top = Some(Kind::Text);
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        self.outline.top = Some(Kind::Array);
        let mut first = true;
        while let Some(item) = items.next_element::<Glance<'de>>()? {
            if first {
                self.outline.row = item.row;
                first = false;
            }
            if !item.keys.is_empty() || item.row > 0 {
                self.outline.of_first = item.keys;
                // One object tells as much as all of them.
                return Err(A::Error::custom("decided"));
            }
        }
        self.outline.empty = first;
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<(), A::Error> {
        self.outline.top = Some(Kind::Object);
        while let Some(name) = next_key(&mut entries)? {
            if self.outline.keys.len() < KEYS {
                self.outline.keys.push(Key { name, kind: Kind::Null, of_first: Vec::new(), empty: false });
                entries.next_value_seed(UnderKey { top: &mut *self.outline, is_decided: self.is_decided })?;
                self.check()?;
            } else {
                entries.next_value::<IgnoredAny>()?;
            }
        }
        Ok(())
    }
}

/// The value of the newest key: its kind, and for an array the keys of its first object.
struct UnderKey<'o, 'a> {
    top: &'o mut Outline<'a>,
    is_decided: &'o dyn Fn(&Outline<'_>) -> bool,
}

impl UnderKey<'_, '_> {
    fn set(&mut self, kind: Kind) {
        if let Some(key) = self.top.keys.last_mut() {
            key.kind = kind;
        }
    }
}

impl<'de> DeserializeSeed<'de> for UnderKey<'_, 'de> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for UnderKey<'_, 'de> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any JSON value")
    }

    fn visit_unit<E: Error>(mut self) -> Result<(), E> {
        self.set(Kind::Null);
        Ok(())
    }

    fn visit_bool<E: Error>(mut self, _: bool) -> Result<(), E> {
        self.set(Kind::Truth);
        Ok(())
    }

    fn visit_u64<E: Error>(mut self, _: u64) -> Result<(), E> {
        self.set(Kind::Number);
        Ok(())
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<(), E> {
        self.visit_u64(0)
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<(), E> {
        self.visit_u64(0)
    }

    fn visit_str<E: Error>(mut self, _: &str) -> Result<(), E> {
        self.set(Kind::Text);
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut items: A) -> Result<(), A::Error> {
        self.set(Kind::Array);
        let mut empty = true;
        while let Some(item) = items.next_element::<Glance<'de>>()? {
            empty = false;
            if item.keys.is_empty() {
                continue;
            }
            if let Some(key) = self.top.keys.last_mut() {
                key.of_first = item.keys;
            }
            if (self.is_decided)(self.top) {
                return Err(A::Error::custom("decided"));
            }
            break;
        }
        if let Some(key) = self.top.keys.last_mut() {
            key.empty = empty;
        }
        while items.next_element::<IgnoredAny>()?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut entries: A) -> Result<(), A::Error> {
        self.set(Kind::Object);
        // Nothing inside an object says more than the key that it stands at.
        if (self.is_decided)(self.top) {
            return Err(A::Error::custom("decided"));
        }
        while entries.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(())
    }
}

/// One element of an array: the keys of an object, or how many values are in an array that starts with a text.
#[derive(Debug, Default)]
struct Glance<'a> {
    keys: Vec<Cow<'a, str>>,
    row: usize,
}

impl<'de: 'a, 'a> Deserialize<'de> for Glance<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct GlanceVisitor;
        impl<'de> Visitor<'de> for GlanceVisitor {
            type Value = Glance<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("any JSON value")
            }

            fn visit_unit<E: Error>(self) -> Result<Glance<'de>, E> {
                Ok(Glance::default())
            }

            fn visit_bool<E: Error>(self, _: bool) -> Result<Glance<'de>, E> {
                Ok(Glance::default())
            }

            fn visit_u64<E: Error>(self, _: u64) -> Result<Glance<'de>, E> {
                Ok(Glance::default())
            }

            fn visit_i64<E: Error>(self, _: i64) -> Result<Glance<'de>, E> {
                Ok(Glance::default())
            }

            fn visit_f64<E: Error>(self, _: f64) -> Result<Glance<'de>, E> {
                Ok(Glance::default())
            }

            fn visit_str<E: Error>(self, _: &str) -> Result<Glance<'de>, E> {
                Ok(Glance::default())
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Glance<'de>, A::Error> {
                let mut glance = Glance::default();
                if let Some(IsText(is_text)) = items.next_element()? {
                    glance.row = usize::from(is_text);
                    while items.next_element::<IgnoredAny>()?.is_some() {
                        glance.row += usize::from(is_text);
                    }
                }
                Ok(glance)
            }

            fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Glance<'de>, A::Error> {
                let mut glance = Glance::default();
                while let Some(key) = next_key(&mut entries)? {
                    if glance.keys.len() < KEYS {
                        glance.keys.push(key);
                    }
                    entries.next_value::<IgnoredAny>()?;
                }
                Ok(glance)
            }
        }
        deserializer.deserialize_any(GlanceVisitor)
    }
}

/// Whether a value is a text.
struct IsText(bool);

impl<'de> Deserialize<'de> for IsText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = <&'de serde_json::value::RawValue>::deserialize(deserializer)?;
        Ok(Self(raw.get().starts_with('"')))
    }
}
