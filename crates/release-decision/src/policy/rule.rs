use std::{collections::BTreeSet, fmt};

use findings_model::FindingKind;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de, ser::SerializeMap};

use crate::{Policy, Threshold};

/// What a row of the matrix says: from which severity it releases, and for which kinds of findings.
///
/// Written as the severity alone (`"high"`), or as a table (`{ from = "high", kinds = ["vulnerability"] }`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// From which severity on.
    pub from: Threshold,
    /// For which kinds; none for those that the policy names for all rows.
    pub kinds: Option<BTreeSet<FindingKind>>,
}

impl Rule {
    /// The kinds that the row releases for.
    pub fn kinds<'a>(&'a self, policy: &'a Policy) -> &'a BTreeSet<FindingKind> {
        self.kinds.as_ref().unwrap_or(&policy.kinds)
    }
}

impl From<Threshold> for Rule {
    fn from(from: Threshold) -> Self {
        Self { from, kinds: None }
    }
}

impl Serialize for Rule {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Some(kinds) = &self.kinds else { return self.from.serialize(serializer) };
        let mut table = serializer.serialize_map(Some(2))?;
        table.serialize_entry("from", &self.from)?;
        table.serialize_entry("kinds", kinds)?;
        table.end()
    }
}

impl<'de> Deserialize<'de> for Rule {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Table {
            from: Threshold,
            kinds: Option<BTreeSet<FindingKind>>,
        }
        struct WordOrTable;
        impl<'de> de::Visitor<'de> for WordOrTable {
            type Value = Rule;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("never, any or a severity, or a table with `from` and `kinds`")
            }
            fn visit_str<E: de::Error>(self, word: &str) -> Result<Rule, E> {
                word.parse::<Threshold>().map(Rule::from).map_err(E::custom)
            }
            fn visit_map<A: de::MapAccess<'de>>(self, map: A) -> Result<Rule, A::Error> {
                let table = Table::deserialize(de::value::MapAccessDeserializer::new(map))?;
                Ok(Rule { from: table.from, kinds: table.kinds })
            }
        }
        deserializer.deserialize_any(WordOrTable)
    }
}

#[cfg(feature = "schema")]
impl schemars::JsonSchema for Rule {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Rule".into()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        let threshold = generator.subschema_for::<Threshold>();
        let kind = generator.subschema_for::<super::KindWord>();
        schemars::json_schema!({
            "description": "From which severity the row releases; as a table also for which kinds.",
            "anyOf": [
                threshold,
                {
                    "type": "object",
                    "properties": {
                        "from": threshold,
                        "kinds": { "type": "array", "items": kind }
                    },
                    "required": ["from"],
                    "additionalProperties": false
                }
            ]
        })
    }
}
