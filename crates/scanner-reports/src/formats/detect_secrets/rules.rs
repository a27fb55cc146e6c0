//! With which detectors and filters a baseline was made: fewer of the first or more of the second find less.

use std::collections::BTreeSet;

use findings_model::{Detector, RuleSet};
use serde::Deserialize;

use super::Document;
use crate::{
    clean,
    wire::{Number, Text, Texts},
};

#[derive(Deserialize)]
pub(super) struct Plugin<'a> {
    #[serde(borrow, default)]
    name: Text<'a>,
    #[serde(borrow, default)]
    limit: Number<'a>,
    #[serde(borrow, default)]
    base64_limit: Number<'a>,
    #[serde(borrow, default)]
    hex_limit: Number<'a>,
    #[serde(borrow, default)]
    keyword_exclude: Text<'a>,
}

#[derive(Deserialize)]
pub(super) struct Filter<'a> {
    #[serde(borrow, default)]
    path: Text<'a>,
    #[serde(borrow, default)]
    pattern: Texts<'a>,
    #[serde(borrow, default)]
    file_name: Text<'a>,
    #[serde(borrow, default)]
    min_level: Number<'a>,
}

/// What versions up to 0.14 leave out.
#[derive(Deserialize)]
pub(super) struct Exclude<'a> {
    #[serde(borrow, default)]
    files: Text<'a>,
    #[serde(borrow, default)]
    lines: Text<'a>,
}

#[derive(Deserialize)]
pub(super) struct WordList<'a> {
    #[serde(borrow, default)]
    file: Text<'a>,
    #[serde(borrow, default)]
    hash: Text<'a>,
}

/// Filters that belong to a version of the tool and that nobody chose.
const BUILT_IN: [&str; 4] = [
    "detect_secrets.filters.allowlist.",
    "detect_secrets.filters.heuristic.",
    "detect_secrets.filters.common.is_baseline_file",
    "detect_secrets.filters.common.is_invalid_file",
];
/// What the documentation says to leave out (`--exclude-files`): this program's own files, of which no finding is taken in anyway.
const OWN_FILES: &str =
    "^(security/(findings|reports)/|docs/security-status/|metrics/(workflow-|runs/|daily/)[^/]*json$)";
/// The filter by verification.
const VERIFICATION: &str = "detect_secrets.filters.common.is_ignored_due_to_verification_policies";
/// The level of [`VERIFICATION`] up to which it leaves out only what was proved to be no live secret; `--only-verified` goes above.
const UNVERIFIED: u64 = 2;

/// The plugins of versions 0.13 to 1.5 with the type of secret that each reports.
#[rustfmt::skip]
const TYPES: [(&str, &str); 27] = [
    ("ArtifactoryDetector", "Artifactory Credentials"),
    ("AWSKeyDetector", "AWS Access Key"),
    ("AzureStorageKeyDetector", "Azure Storage Account access key"),
    ("Base64HighEntropyString", "Base64 High Entropy String"),
    ("BasicAuthDetector", "Basic Auth Credentials"),
    ("CloudantDetector", "Cloudant Credentials"),
    ("DiscordBotTokenDetector", "Discord Bot Token"),
    ("GitHubTokenDetector", "GitHub Token"),
    ("GitLabTokenDetector", "GitLab Token"),
    ("HexHighEntropyString", "Hex High Entropy String"),
    ("IbmCloudIamDetector", "IBM Cloud IAM Key"),
    ("IbmCosHmacDetector", "IBM COS HMAC Credentials"),
    ("IPPublicDetector", "Public IP (ipv4)"),
    ("JwtTokenDetector", "JSON Web Token"),
    ("KeywordDetector", "Secret Keyword"),
    ("MailchimpDetector", "Mailchimp Access Key"),
    ("NpmDetector", "NPM tokens"),
    ("OpenAIDetector", "OpenAI Token"),
    ("PrivateKeyDetector", "Private Key"),
    ("PypiTokenDetector", "PyPI Token"),
    ("SendGridDetector", "SendGrid API Key"),
    ("SlackDetector", "Slack Token"),
    ("SoftlayerDetector", "SoftLayer Credentials"),
    ("SquareOAuthDetector", "Square OAuth Secret"),
    ("StripeDetector", "Stripe Access Key"),
    ("TelegramBotTokenDetector", "Telegram Bot Token"),
    ("TwilioKeyDetector", "Twilio API Key"),
];

/// What a baseline says about its detectors and filters; none where it names no detector.
pub(super) fn of(baseline: &Document<'_>) -> Option<RuleSet> {
    let mut rules = RuleSet::default();
    for plugin in baseline.plugins_used.items().iter().filter_map(|record| record.good()) {
        if let Some(name) = plugin.name.get() {
            rules.detectors.insert(clean::rule(name), detector(plugin, name));
        }
    }
    if rules.detectors.is_empty() {
        return None;
    }
    rules.filters = baseline.filters_used.items().iter().filter_map(|record| filter(record.good()?)).collect();
    if let Some(exclude) = baseline.exclude.get() {
        let said = [("files", &exclude.files), ("lines", &exclude.lines)];
        rules
            .filters
            .extend(said.into_iter().filter_map(|(what, text)| described(&format!("exclude {what}"), text.get()?)));
    }
    if let Some(list) = baseline.word_list.get()
        && let Some(file) = list.file.get()
    {
        rules.filters.extend(described("word list", &format!("{file} {}", list.hash.or_empty())));
    }
    Some(rules)
}

fn detector(plugin: &Plugin<'_>, name: &str) -> Detector {
    let limits = [&plugin.limit, &plugin.base64_limit, &plugin.hex_limit];
    Detector {
        rules: TYPES.iter().filter(|(plugin, _)| *plugin == name).map(|(_, kind)| (*kind).to_owned()).collect(),
        threshold: limits.into_iter().find_map(|limit| limit.thousandths()),
        excludes: plugin.keyword_exclude.get().map(|pattern| clean::hidden(pattern, 200)),
    }
}

/// A filter that somebody chose, in words.
fn filter(filter: &Filter<'_>) -> Option<String> {
    let path = filter.path.get()?;
    if BUILT_IN.iter().any(|known| path.starts_with(known)) {
        return None;
    }
    if path == VERIFICATION {
        let level = filter.min_level.count().filter(|level| *level > UNVERIFIED)?;
        return described(path, &format!("min_level {level}"));
    }
    let mut chosen: BTreeSet<&str> = filter.pattern.iter().collect();
    chosen.extend(filter.file_name.get());
    if chosen.remove(OWN_FILES) && chosen.is_empty() {
        return None;
    }
    described(path, &chosen.into_iter().collect::<Vec<_>>().join(", "))
}

fn described(what: &str, said: &str) -> Option<String> {
    let text = clean::hidden(&format!("{what} {said}"), 400);
    (!text.is_empty()).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filters(patterns: &str) -> Option<String> {
        let json = format!(r#"{{"path":"detect_secrets.filters.regex.should_exclude_file","pattern":[{patterns}]}}"#);
        filter(&serde_json::from_str(&json).unwrap())
    }

    #[test]
    fn leaving_out_our_own_files_hides_nothing() {
        let own = format!("{OWN_FILES:?}");
        assert_eq!(filters(&own), None);
        assert!(
            filters(&format!("{own},\"^tests/\"")).is_some_and(|said| said.ends_with("should_exclude_file ^tests/"))
        );
        for documented in [
            include_str!("../../../../../README.md"),
            include_str!("../../../../../docs/runbook.md"),
            include_str!("../../../../../.github/actions/scan/scan.sh"),
        ] {
            assert!(documented.contains(&format!("'{OWN_FILES}'")));
        }
    }
}
