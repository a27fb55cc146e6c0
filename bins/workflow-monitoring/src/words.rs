//! Words of closed lists on the command line, so that help and errors name the list.

use clap::builder::{PossibleValuesParser, TypedValueParser, ValueParser};
use metrics::{FinalStatus, PublishReport, ReleaseType, RunStatus, Seconds, StageStatus, WordError};

fn one_of<T>(words: impl IntoIterator<Item = &'static str>) -> ValueParser
where
    T: std::str::FromStr<Err = WordError> + Clone + Send + Sync + 'static,
{
    ValueParser::from(PossibleValuesParser::new(words).try_map(|word| word.parse::<T>()))
}

pub(crate) fn run_status() -> ValueParser {
    one_of::<RunStatus>(RunStatus::ALL.iter().map(|word| word.as_str()))
}

pub(crate) fn final_status() -> ValueParser {
    one_of::<FinalStatus>(FinalStatus::ALL.iter().map(|word| word.as_str()))
}

/// Every status but the one that only a finish gives.
pub(crate) fn stage_status() -> ValueParser {
    let reported = StageStatus::ALL.iter().filter(|status| **status != StageStatus::Unfinished);
    one_of::<StageStatus>(reported.map(|word| word.as_str()))
}

pub(crate) fn release_type() -> ValueParser {
    one_of::<ReleaseType>(ReleaseType::ALL.iter().map(|word| word.as_str()))
}

pub(crate) fn publish_report() -> ValueParser {
    one_of::<PublishReport>(PublishReport::ALL.iter().map(|word| word.as_str()))
}

pub(crate) fn seconds(text: &str) -> Result<Seconds, String> {
    let number = text.parse().ok().and_then(Seconds::from_f64);
    number.ok_or_else(|| "a number of seconds is needed, such as 12.5".to_owned())
}
