use std::{collections::HashMap, io::Read};

use findings_model::{AdvisoryId, KevListing, json, parse_date};
use serde::Deserialize;

use crate::{FEED_BYTES, feed};

/// The catalogue of known exploited vulnerabilities, as CISA publishes it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct KevCatalogue {
    listings: HashMap<AdvisoryId, KevListing>,
    unreadable: usize,
}

/// Why a catalogue cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum KevError {
    /// It cannot be unpacked, or holds more than 64 MiB.
    #[error("it cannot be unpacked")]
    Unpack(#[source] std::io::Error),
    /// It is no JSON of that form.
    #[error("it cannot be read as a KEV catalogue")]
    Json(#[source] serde_json::Error),
    /// It lists nothing, which no real catalogue does.
    #[error("it lists no vulnerability")]
    Empty,
    /// It was cut short: it says itself that it lists more.
    #[error("it lists {listed} of the {count} vulnerabilities that it counts")]
    Short {
        /// How many it lists.
        listed: usize,
        /// How many it says that it lists.
        count: usize,
    },
}

#[derive(Deserialize)]
#[serde(expecting = "an object with a list of vulnerabilities")]
struct CatalogueWire {
    #[serde(default)]
    count: Option<usize>,
    vulnerabilities: Vec<EntryWire>,
}

#[derive(Deserialize)]
struct EntryWire {
    #[serde(rename = "cveID", default)]
    cve: Option<String>,
    #[serde(rename = "dateAdded", default)]
    date_added: Option<String>,
    #[serde(rename = "dueDate", default)]
    due_date: Option<String>,
    #[serde(rename = "knownRansomwareCampaignUse", default)]
    ransomware: Option<String>,
}

impl KevCatalogue {
    /// Reads the catalogue's JSON, plain or packed with gzip. Entries without a CVE number or a day are left out and counted.
    pub fn read(bytes: &[u8]) -> Result<Self, KevError> {
        let mut text = Vec::new();
        feed::unpacked(bytes, FEED_BYTES).read_to_end(&mut text).map_err(KevError::Unpack)?;
        let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&text);
        let wire: CatalogueWire = json::from_slice(text).map_err(KevError::Json)?;
        let listed = wire.vulnerabilities.len();
        if let Some(count) = wire.count.filter(|count| *count > listed) {
            return Err(KevError::Short { listed, count });
        }
        let mut catalogue = Self::default();
        for entry in wire.vulnerabilities {
            match entry.into_listing() {
                Some((id, listing)) => drop(catalogue.listings.insert(id, listing)),
                None => catalogue.unreadable += 1,
            }
        }
        if catalogue.listings.is_empty() { Err(KevError::Empty) } else { Ok(catalogue) }
    }

    /// How many vulnerabilities are listed.
    pub fn len(&self) -> usize {
        self.listings.len()
    }

    /// Whether nothing is listed; never so for one that was read.
    pub fn is_empty(&self) -> bool {
        self.listings.is_empty()
    }

    /// How many entries could not be read.
    pub fn unreadable(&self) -> usize {
        self.unreadable
    }

    /// The listing of a flaw under any of its ids: of several the earliest days, and ransomware if one knows of it.
    pub fn listing<'i>(&self, ids: impl IntoIterator<Item = &'i AdvisoryId>) -> Option<KevListing> {
        ids.into_iter().filter_map(|id| self.listings.get(id).copied()).reduce(|a, b| KevListing {
            date_added: a.date_added.min(b.date_added),
            due_date: a.due_date.into_iter().chain(b.due_date).min(),
            known_ransomware: a.known_ransomware || b.known_ransomware,
        })
    }
}

impl EntryWire {
    fn into_listing(self) -> Option<(AdvisoryId, KevListing)> {
        let id = AdvisoryId::parse(&self.cve?).ok().filter(AdvisoryId::is_cve)?;
        let listing = KevListing {
            date_added: parse_date(self.date_added?.trim())?,
            due_date: self.due_date.and_then(|day| parse_date(day.trim())),
            known_ransomware: self.ransomware.is_some_and(|word| word.trim().eq_ignore_ascii_case("known")),
        };
        Some((id, listing))
    }
}
