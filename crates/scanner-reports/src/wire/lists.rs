//! Arrays, records and objects of a report: each part of another kind than expected is kept as what it is.

use std::{borrow::Cow, fmt::Display};

use findings_model::Gap;
use serde::{
    Deserialize, Deserializer,
    de::{Error, MapAccess, SeqAccess, Visitor, value::MapAccessDeserializer},
};

use super::{Kind, Lax, lax};
use crate::draft::Draft;

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

    /// What stands where the array belongs, if that is neither an array nor null.
    pub(crate) fn wrong(&self) -> Option<Kind> {
        match self {
            Self::Wrong(kind) if *kind != Kind::Null => Some(*kind),
            Self::Absent | Self::Wrong(_) | Self::Items(_) => None,
        }
    }

    /// The items of a list that its tool leaves out, or writes as null, when nothing is in it. Anything else in its place may
    /// have held any finding of what the gap names.
    pub(crate) fn checked(&self, draft: &mut Draft, gap: impl FnOnce() -> Gap, place: impl Display) -> &[T] {
        if let Some(kind) = self.wrong() {
            draft.bad_record_in(gap(), place, format_args!("it is {}, not an array", kind.words()));
        }
        self.items()
    }

    /// The items of a list that its tool always writes.
    pub(crate) fn demanded(&self, draft: &mut Draft, gap: impl FnOnce() -> Gap, place: impl Display) -> &[T] {
        match self {
            Self::Items(items) => return items,
            Self::Absent => draft.bad_record_in(gap(), place, "it is not there"),
            Self::Wrong(kind) => {
                draft.bad_record_in(gap(), place, format_args!("it is {}, not an array", kind.words()));
            }
        }
        &[]
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
#[derive(Clone, Debug, Default)]
pub(crate) enum Part<T> {
    #[default]
    Absent,
    Wrong(Kind),
    Of(T),
}

impl<T> Part<T> {
    /// The object, if there is one.
    pub(crate) fn get(&self) -> Option<&T> {
        match self {
            Self::Of(part) => Some(part),
            Self::Absent | Self::Wrong(_) => None,
        }
    }

    /// What stands where the object belongs, if that is neither an object nor null.
    pub(crate) fn wrong(&self) -> Option<Kind> {
        match self {
            Self::Wrong(kind) if *kind != Kind::Null => Some(*kind),
            Self::Absent | Self::Wrong(_) | Self::Of(_) => None,
        }
    }
}

impl<'de, T: Deserialize<'de>> Lax<'de> for Part<T> {
    fn other(kind: Kind) -> Self {
        Self::Wrong(kind)
    }

    fn object<A: MapAccess<'de>>(entries: A) -> Result<Self, A::Error> {
        T::deserialize(MapAccessDeserializer::new(entries)).map(Self::Of)
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
