//! Which scanners are used and how their reports count.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use findings_model::ScannerName;
use serde::{Deserialize, Deserializer, de};

use super::scanner_name;

/// `[tool.relwarden.scanners]`, with a table for each scanner that needs one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scanners {
    /// Scanners without which a run is incomplete; by default each one that ever gave a usable report, or gave any in the run.
    pub required: Option<BTreeSet<ScannerName>>,
    /// Scanners that are no longer used: their findings become unverified, not resolved.
    pub retired: BTreeSet<ScannerName>,
    /// Packages and files that a scanner may skip without a mark on the grade.
    pub accepted_gaps: BTreeSet<String>,
    /// The scanners' own settings.
    pub each: BTreeMap<ScannerName, Scanner>,
}

/// `[tool.relwarden.scanners.NAME]`
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Scanner {
    /// Whether an empty report is believed: `[]` after one with content, and a list of secrets from below the top of a repository.
    pub trust_empty: bool,
    /// How many reports of it a run has; by default as many as the run before, and fewer are a missing one.
    pub reports: Option<usize>,
}

impl Scanners {
    /// How many reports of a scanner a run has, where that is written.
    pub fn report_counts(&self) -> BTreeMap<ScannerName, usize> {
        self.each.iter().filter_map(|(name, scanner)| Some((name.clone(), scanner.reports?))).collect()
    }

    /// The scanners whose empty reports are believed.
    pub fn trusted_when_empty(&self) -> BTreeSet<ScannerName> {
        self.each.iter().filter(|(_, s)| s.trust_empty).map(|(name, _)| name.clone()).collect()
    }
}

impl<'de> Deserialize<'de> for Scanners {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Table;
        impl<'de> de::Visitor<'de> for Table {
            type Value = Scanners;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a table with required, retired, accepted_gaps or a table for a scanner")
            }
            fn visit_map<A: de::MapAccess<'de>>(self, mut map: A) -> Result<Scanners, A::Error> {
                let mut scanners = Scanners::default();
                while let Some(key) = map.next_key::<String>()? {
                    match key.as_str() {
                        "required" => scanners.required = Some(scanner_name::all(&map.next_value::<Vec<String>>()?)?),
                        "retired" => scanners.retired = scanner_name::all(&map.next_value::<Vec<String>>()?)?,
                        "accepted_gaps" => scanners.accepted_gaps = map.next_value()?,
                        _ => {
                            let scanner = map.next_value_seed(Under(&key))?;
                            let name = scanner_name::parse(&key).map_err(de::Error::custom)?;
                            scanners.each.insert(name, scanner);
                        }
                    }
                }
                Ok(scanners)
            }
        }
        deserializer.deserialize_map(Table)
    }
}

/// Reads what stands in `[tool.relwarden.scanners]` under a name that is none of its keys: a scanner's table.
#[derive(Clone, Copy)]
struct Under<'k>(&'k str);

impl Under<'_> {
    fn no_table<E: de::Error>(self) -> Result<Scanner, E> {
        Err(E::custom(scanner_name::no_key(self.0)))
    }
}

impl<'de> de::DeserializeSeed<'de> for Under<'_> {
    type Value = Scanner;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Scanner, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> de::Visitor<'de> for Under<'_> {
    type Value = Scanner;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a table")
    }

    fn visit_map<A: de::MapAccess<'de>>(self, map: A) -> Result<Scanner, A::Error> {
        Scanner::deserialize(de::value::MapAccessDeserializer::new(map))
    }

    fn visit_seq<A: de::SeqAccess<'de>>(self, _: A) -> Result<Scanner, A::Error> {
        self.no_table()
    }

    fn visit_str<E: de::Error>(self, _: &str) -> Result<Scanner, E> {
        self.no_table()
    }

    fn visit_bool<E: de::Error>(self, _: bool) -> Result<Scanner, E> {
        self.no_table()
    }

    fn visit_i64<E: de::Error>(self, _: i64) -> Result<Scanner, E> {
        self.no_table()
    }

    fn visit_f64<E: de::Error>(self, _: f64) -> Result<Scanner, E> {
        self.no_table()
    }
}
