use std::fmt;

use findings_ledger::{Exception as Excepted, ExceptionKind, PathPattern};
use findings_model::{PackageName, parse_date};
use serde::{Deserialize, Deserializer, de};
use time::Date;

/// `[[tool.relwarden.exceptions]]`: findings that a person set aside. It names an id, a rule, a package, paths, or several of them;
/// a finding must agree with all that is named.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(try_from = "Table")]
pub struct Exception(pub Excepted);

/// `[[tool.relwarden.exceptions]]`
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Table {
    /// The finding's id, or any advisory id of it (CVE, GHSA, PYSEC).
    id: Option<String>,
    /// A scanner's rule (`B101`) or a type of secret.
    rule: Option<String>,
    /// A package.
    package: Option<String>,
    /// Files, relative to the project: `tests/**`, `docs/*.py`.
    path: Option<String>,
    /// `accepted_risk`, `false_positive` or `not_affected`.
    status: Kind,
    /// Why it does not count.
    reason: String,
    /// Who decided.
    owner: Option<String>,
    /// The last day on which it holds, as a date.
    expires: Option<Day>,
}

#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Kind {
    AcceptedRisk,
    FalsePositive,
    NotAffected,
}

/// A date as TOML writes it, or as text.
struct Day(String);

impl<'de> Deserialize<'de> for Day {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl de::Visitor<'_> for Visitor {
            type Value = Day;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a date such as 2027-01-31")
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<Day, E> {
                Ok(Day(text.to_owned()))
            }
        }
        deserializer.deserialize_any(Visitor)
    }
}

#[cfg(feature = "schema")]
impl schemars::JsonSchema for Day {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Day".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "string", "format": "date" })
    }
}

#[cfg(feature = "schema")]
impl schemars::JsonSchema for Exception {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Exception".into()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        Table::json_schema(generator)
    }
}

impl TryFrom<Table> for Exception {
    type Error = String;

    fn try_from(table: Table) -> Result<Self, String> {
        let said = |text: Option<String>| text.map(|t| t.trim().to_owned()).filter(|t| !t.is_empty());
        let package =
            said(table.package).map(|name| PackageName::parse(&name)).transpose().map_err(|e| e.to_string())?;
        let path = said(table.path).map(|path| path.parse::<PathPattern>()).transpose().map_err(|e| e.to_string())?;
        let (id, rule) = (said(table.id), said(table.rule));
        if id.is_none() && rule.is_none() && package.is_none() && path.is_none() {
            return Err("an exception names at least one of id, rule, package and path".to_owned());
        }
        let reason = said(Some(table.reason)).ok_or("an exception says its reason")?;
        let kind = match table.status {
            Kind::AcceptedRisk => ExceptionKind::AcceptedRisk,
            Kind::FalsePositive => ExceptionKind::FalsePositive,
            Kind::NotAffected => ExceptionKind::NotAffected,
        };
        let expires = table.expires.map(day).transpose()?;
        Ok(Self(Excepted { id, rule, package, path, kind, reason, owner: said(table.owner), expires }))
    }
}

fn day(Day(text): Day) -> Result<Date, String> {
    parse_date(text.trim()).ok_or_else(|| format!("{text:?} is not a valid date (such as 2027-01-31)"))
}
