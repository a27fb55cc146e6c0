//! Small pieces of English.

use findings_model::Timestamp;
use time::Date;

/// `1 finding`, `2 findings`.
pub(crate) fn count(number: u64, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}

/// `1 day`, `2 days`.
pub(crate) fn days(number: i64) -> String {
    format!("{number} {}", if number == 1 { "day" } else { "days" })
}

/// `today`, `1 day ago`, `2 days ago`.
pub(crate) fn days_ago(number: i64) -> String {
    if number == 0 { "today".to_owned() } else { format!("{} ago", days(number)) }
}

/// `21 Nov`.
pub(crate) fn short_day(date: Date) -> String {
    format!("{} {}", date.day(), month(date))
}

/// `21 Nov 2026`.
pub(crate) fn day(date: Date) -> String {
    format!("{} {}", short_day(date), date.year())
}

/// `21 Nov 2026, 03:12 UTC`.
pub(crate) fn moment(at: Timestamp) -> String {
    let time = at.moment().time();
    format!("{}, {:02}:{:02} UTC", day(at.date()), time.hour(), time.minute())
}

fn month(date: Date) -> &'static str {
    const NAMES: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    NAMES.get(usize::from(u8::from(date.month())) - 1).copied().unwrap_or("???")
}

/// The text with a capital at its front and a full stop at its end.
pub(crate) fn sentence(text: &str) -> String {
    let mut characters = text.chars();
    let Some(first) = characters.next() else {
        return String::new();
    };
    format!("{}{}.", first.to_uppercase(), characters.as_str().trim_end_matches('.'))
}
