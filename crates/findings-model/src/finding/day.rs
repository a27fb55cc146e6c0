//! Days as they stand in documents, `2026-01-05`, read and written without the general parsers: a finding holds several of them.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de, ser};
use time::Date;

use crate::time_format::{plain_date, written};

/// A day as a value of its own.
#[derive(Clone, Copy)]
pub(crate) struct Day(pub(crate) Date);

impl Serialize for Day {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serialize(&self.0, serializer)
    }
}

impl<'de> Deserialize<'de> for Day {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserialize(deserializer).map(Self)
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it with a reference")]
pub(crate) fn serialize<S: Serializer>(day: &Date, serializer: S) -> Result<S::Ok, S::Error> {
    let Some(text) = text(*day) else {
        return Err(ser::Error::custom("the year has more than four digits"));
    };
    match std::str::from_utf8(&text) {
        Ok(text) => serializer.serialize_str(text),
        Err(_) => Err(ser::Error::custom("a day is made of digits")),
    }
}

/// A day as it stands in documents; none of one that does not have four digits for its year.
pub(super) fn text(day: Date) -> Option<[u8; 10]> {
    (0..=9999).contains(&day.year()).then(|| written(day))
}

pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Date, D::Error> {
    deserializer.deserialize_str(DayVisitor)
}

struct DayVisitor;

impl de::Visitor<'_> for DayVisitor {
    type Value = Date;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a day as 2026-01-05")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Date, E> {
        plain_date(text.as_bytes()).ok_or_else(|| E::invalid_value(de::Unexpected::Str(text), &self))
    }
}

/// For a day that may not be there.
pub(crate) mod option {
    use super::{Date, Day, Deserialize, Deserializer, Serialize, Serializer};

    #[expect(clippy::ref_option, clippy::trivially_copy_pass_by_ref, reason = "serde calls it with a reference")]
    pub(crate) fn serialize<S: Serializer>(day: &Option<Date>, serializer: S) -> Result<S::Ok, S::Error> {
        day.map(Day).serialize(serializer)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Date>, D::Error> {
        Ok(Option::<Day>::deserialize(deserializer)?.map(|day| day.0))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(text: &str) -> Option<Date> {
        serde_json::from_value::<Day>(text.into()).ok().map(|day| day.0)
    }

    proptest! {
        /// Each day is read and written as the general parser does.
        #[test]
        fn days_are_what_they_are(ordinal in 0i32..3_652_059) {
            let day = Date::from_julian_day(1_721_426 + ordinal).unwrap();
            let text = serde_json::to_string(&Day(day)).unwrap();
            prop_assert_eq!(&text, &serde_json::to_string(&day).unwrap());
            prop_assert_eq!(serde_json::from_str::<Day>(&text).unwrap().0, day);
        }

        #[test]
        fn other_text_is_judged_as_the_general_parser_does(text in "[0-9+:/T-]{0,12}") {
            prop_assert_eq!(read(&text), serde_json::from_value::<Date>(text.into()).ok());
        }
    }

    #[test]
    fn what_is_no_day_is_refused() {
        for bad in ["2026-02-29", "2026-13-01", "2026-1-1", "", "2026-01-05T00:00:00Z", "２026-01-05"] {
            assert_eq!(read(bad), None, "{bad}");
        }
    }
}
