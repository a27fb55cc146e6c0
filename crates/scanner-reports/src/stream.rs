//! Long arrays, element by element: what has been read is taken in and let go before the next one comes.

use std::{fmt, marker::PhantomData};

use serde::{
    Deserialize, Deserializer,
    de::{DeserializeSeed, Error, IgnoredAny, MapAccess, SeqAccess, Visitor},
};

use crate::wire::{Kind, next_key};

/// What stood where the array belongs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Streamed {
    Absent,
    Wrong(Kind),
    /// An array of so many elements, all of them taken.
    Items(usize),
}

impl Streamed {
    /// How many elements were taken, or what is wrong at the key: absent, null or another type.
    pub(crate) fn required(self, key: &str) -> Result<usize, String> {
        match self {
            Self::Items(count) => Ok(count),
            Self::Absent => Err(format!("there is no `{key}`")),
            Self::Wrong(kind) => Err(format!("`{key}` is {}, not an array", kind.words())),
        }
    }
}

/// Gives each element of an array, with its place counted from 0, to a function.
pub(crate) struct Each<'f, T, F> {
    take: &'f mut F,
    element: PhantomData<T>,
}

impl<'f, T, F: FnMut(usize, T)> Each<'f, T, F> {
    pub(crate) fn to(take: &'f mut F) -> Self {
        Self { take, element: PhantomData }
    }
}

impl<'de, T: Deserialize<'de>, F: FnMut(usize, T)> DeserializeSeed<'de> for Each<'_, T, F> {
    type Value = Streamed;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Streamed, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de, T: Deserialize<'de>, F: FnMut(usize, T)> Visitor<'de> for Each<'_, T, F> {
    type Value = Streamed;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any JSON value")
    }

    fn visit_unit<E: Error>(self) -> Result<Streamed, E> {
        Ok(Streamed::Wrong(Kind::Null))
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<Streamed, E> {
        Ok(Streamed::Wrong(Kind::Truth))
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<Streamed, E> {
        Ok(Streamed::Wrong(Kind::Number))
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<Streamed, E> {
        Ok(Streamed::Wrong(Kind::Number))
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<Streamed, E> {
        Ok(Streamed::Wrong(Kind::Number))
    }

    fn visit_str<E: Error>(self, _: &str) -> Result<Streamed, E> {
        Ok(Streamed::Wrong(Kind::Text))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut array: A) -> Result<Streamed, A::Error> {
        let mut count = 0;
        while let Some(element) = array.next_element()? {
            (self.take)(count, element);
            count += 1;
        }
        Ok(Streamed::Items(count))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Streamed, A::Error> {
        while entries.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Streamed::Wrong(Kind::Object))
    }
}

/// Reads a document that is an array, or an object with an array at one key, and gives each element to a function.
pub(crate) fn each<'de, T: Deserialize<'de>>(
    text: &'de str,
    key: &'static str,
    mut take: impl FnMut(usize, T),
) -> Result<Streamed, serde_json::Error> {
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let streamed = deserializer.deserialize_any(AtKey { key, each: Each::to(&mut take) })?;
    deserializer.end()?;
    Ok(streamed)
}

struct AtKey<'f, T, F> {
    key: &'static str,
    each: Each<'f, T, F>,
}

impl<'de, T: Deserialize<'de>, F: FnMut(usize, T)> Visitor<'de> for AtKey<'_, T, F> {
    type Value = Streamed;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array or an object")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, array: A) -> Result<Streamed, A::Error> {
        self.each.visit_seq(array)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Streamed, A::Error> {
        let mut streamed = Streamed::Absent;
        let mut each = Some(self.each);
        while let Some(key) = next_key(&mut entries)? {
            if key != self.key {
                entries.next_value::<IgnoredAny>()?;
            } else if let Some(each) = each.take() {
                streamed = entries.next_value_seed(each)?;
            } else {
                return Err(Error::duplicate_field(self.key));
            }
        }
        Ok(streamed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> (Result<Streamed, serde_json::Error>, Vec<u8>) {
        let mut taken = Vec::new();
        let streamed = each(text, "a", |index, element: u8| {
            assert_eq!(index, taken.len());
            taken.push(element);
        });
        (streamed, taken)
    }

    #[test]
    fn elements_come_in_order_from_either_form() {
        for text in ["[1, 2, 3]", r#"{"b": {"a": [9]}, "a": [1, 2, 3], "c": []}"#] {
            let (streamed, taken) = read(text);
            assert_eq!((streamed.unwrap(), taken), (Streamed::Items(3), vec![1, 2, 3]), "{text}");
        }
    }

    #[test]
    fn what_stands_instead_is_told() {
        for (text, wanted) in [
            ("{}", Streamed::Absent),
            (r#"{"a": null}"#, Streamed::Wrong(Kind::Null)),
            (r#"{"a": {"b": [1]}}"#, Streamed::Wrong(Kind::Object)),
            (r#"{"a": "x"}"#, Streamed::Wrong(Kind::Text)),
            (r#"{"a": 1.5}"#, Streamed::Wrong(Kind::Number)),
        ] {
            assert_eq!(read(text).0.unwrap(), wanted, "{text}");
        }
        for text in ["7", "\"x\"", "[1", "[1] 2", r#"{"a": [], "a": []}"#, "[300]"] {
            assert!(read(text).0.is_err(), "{text}");
        }
    }
}
