//! Types from TOML, by way of the parser that finds the version in the project's file.
//!
//! A table is read from a table and a list from a list, and from nothing else: a general reader's code for each type is several times
//! as large, because it is ready for all kinds of values where one can stand.

use std::ops::Range;

use serde::{
    Deserializer,
    de::{self, DeserializeOwned, DeserializeSeed, Unexpected, Visitor, value::StrDeserializer},
    forward_to_deserialize_any,
};
use toml_edit::{Document, Item, Key, Table, Value};

use super::ReadError;

/// Reads a type from a document.
pub(crate) fn from_toml<T: DeserializeOwned>(text: &str) -> Result<T, ReadError> {
    let read = match Document::parse(text) {
        Ok(document) => T::deserialize(Node::Table(document.as_table())),
        Err(error) => Err(ReadError::new(error.message().to_owned()).below("TOML syntax error").at(error.span())),
    };
    read.map_err(|error| error.in_text(text))
}

/// A value of the document.
#[derive(Clone, Copy)]
enum Node<'d> {
    Item(&'d Item),
    Table(&'d Table),
    Value(&'d Value),
}

type Nodes<'d> = Box<dyn Iterator<Item = Node<'d>> + 'd>;

impl<'d> Node<'d> {
    /// The innermost form.
    fn plain(self) -> Self {
        match self {
            Self::Item(Item::Value(value)) => Self::Value(value),
            Self::Item(Item::Table(table)) => Self::Table(table),
            other => other,
        }
    }

    fn place(self) -> Option<Range<usize>> {
        match self {
            Self::Item(item) => item.span(),
            Self::Table(table) => table.span(),
            Self::Value(value) => value.span(),
        }
    }

    fn entries(self) -> Option<Entries<'d>> {
        let rest: Box<dyn Iterator<Item = Entry<'d>>> = match self.plain() {
            Self::Table(table) => {
                Box::new(table.iter().map(|(key, item)| Entry { key, at: table.key(key), value: Self::Item(item) }))
            }
            Self::Value(Value::InlineTable(table)) => {
                Box::new(table.iter().map(|(key, value)| Entry { key, at: table.key(key), value: Self::Value(value) }))
            }
            Self::Item(_) | Self::Value(_) => return None,
        };
        Some(Entries { rest, value: None })
    }

    fn list(self) -> Option<List<'d>> {
        let nodes: Nodes<'d> = match self.plain() {
            Self::Item(Item::ArrayOfTables(tables)) => Box::new(tables.iter().map(Self::Table)),
            Self::Value(Value::Array(values)) => Box::new(values.iter().map(Self::Value)),
            Self::Item(_) | Self::Table(_) | Self::Value(_) => return None,
        };
        Some(List(nodes))
    }

    /// The value, where it is neither a table nor a list.
    fn value(self) -> Option<&'d Value> {
        match self.plain() {
            Self::Value(value) => Some(value),
            Self::Item(_) | Self::Table(_) => None,
        }
    }

    /// That something else was expected.
    fn is_not(self, expected: &dyn de::Expected) -> ReadError {
        let is = match self.plain() {
            Self::Value(Value::String(text)) => Unexpected::Str(text.value()),
            Self::Value(Value::Integer(number)) => Unexpected::Signed(*number.value()),
            Self::Value(Value::Float(number)) => Unexpected::Float(*number.value()),
            Self::Value(Value::Boolean(is_so)) => Unexpected::Bool(*is_so.value()),
            Self::Value(Value::Datetime(_)) => Unexpected::Other("date"),
            Self::Value(Value::Array(_)) | Self::Item(_) => Unexpected::Seq,
            Self::Value(Value::InlineTable(_)) | Self::Table(_) => Unexpected::Map,
        };
        de::Error::invalid_type(is, expected)
    }
}

impl<'de> Deserializer<'de> for Node<'_> {
    type Error = ReadError;

    /// For types that are written in several ways.
    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        match self.value() {
            Some(Value::String(text)) => visitor.visit_str(text.value()),
            Some(Value::Integer(number)) => visitor.visit_i64(*number.value()),
            Some(Value::Float(number)) => visitor.visit_f64(*number.value()),
            Some(Value::Boolean(is_so)) => visitor.visit_bool(*is_so.value()),
            Some(Value::Datetime(date)) => visitor.visit_string(date.value().to_string()),
            _ => match (self.entries(), self.list()) {
                (Some(mut entries), _) => visitor.visit_map(&mut entries),
                (None, Some(list)) => visitor.visit_seq(list),
                (None, None) => Err(self.is_not(&visitor)),
            },
        }
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, ReadError> {
        match self.entries() {
            Some(mut entries) => visitor.visit_map(&mut entries),
            None => Err(self.is_not(&visitor)),
        }
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        match self.list() {
            Some(list) => visitor.visit_seq(list),
            None => Err(self.is_not(&visitor)),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        visitor.visit_some(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, ReadError> {
        match self.value() {
            Some(Value::String(word)) => visitor.visit_enum(StrDeserializer::new(word.value())),
            _ => Err(self.is_not(&visitor)),
        }
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        match self.value() {
            Some(Value::String(text)) => visitor.visit_str(text.value()),
            _ => Err(self.is_not(&visitor)),
        }
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        self.deserialize_str(visitor)
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        match self.value() {
            Some(Value::Boolean(is_so)) => visitor.visit_bool(*is_so.value()),
            _ => Err(self.is_not(&visitor)),
        }
    }

    fn deserialize_i64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        match self.value() {
            Some(Value::Integer(number)) => visitor.visit_i64(*number.value()),
            _ => Err(self.is_not(&visitor)),
        }
    }

    fn deserialize_u32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        self.deserialize_i64(visitor)
    }

    fn deserialize_u64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        self.deserialize_i64(visitor)
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        visitor.visit_unit()
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, ReadError> {
        visitor.visit_newtype_struct(self)
    }

    forward_to_deserialize_any! {
        i8 i16 i32 i128 u8 u16 u128 f32 f64 char bytes byte_buf unit unit_struct tuple tuple_struct map identifier
    }
}

/// The values of a list.
struct List<'d>(Nodes<'d>);

impl<'de> de::SeqAccess<'de> for List<'_> {
    type Error = ReadError;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, ReadError> {
        let Some(node) = self.0.next() else { return Ok(None) };
        seed.deserialize(node).map(Some).map_err(|error| error.at(node.place()))
    }
}

/// A key with its value.
#[derive(Clone, Copy)]
struct Entry<'d> {
    key: &'d str,
    at: Option<&'d Key>,
    value: Node<'d>,
}

/// The entries of a table.
struct Entries<'d> {
    rest: Box<dyn Iterator<Item = Entry<'d>> + 'd>,
    value: Option<(&'d str, Node<'d>)>,
}

impl<'de> de::MapAccess<'de> for Entries<'_> {
    type Error = ReadError;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, ReadError> {
        let Some(Entry { key, at, value }) = self.rest.next() else { return Ok(None) };
        self.value = Some((key, value));
        let read = seed.deserialize(StrDeserializer::new(key)).map(Some);
        read.map_err(|error: ReadError| error.at(at.and_then(Key::span)))
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, ReadError> {
        let (key, node) = self.value.take().unwrap_or(("", Node::Item(&Item::None)));
        seed.deserialize(node).map_err(|error| error.at(node.place()).below(key))
    }
}
