use findings_model::parse_date;

use super::Sighting;

/// What `findings-changelog.md` of the Python system says: how many entries it has, and when findings were there.
///
/// None where the text is no such changelog.
pub fn sightings_of_changelog(bytes: &[u8]) -> Option<(usize, Vec<Sighting>)> {
    let text = String::from_utf8_lossy(bytes);
    let mut entries = 0;
    let mut sightings: Vec<Sighting> = Vec::new();
    let (mut on, mut id, mut is_there) = (None, None, false);
    for line in text.lines().map(str::trim_end) {
        if let Some(heading) = line.strip_prefix("## ") {
            (on, id, is_there) = (heading.get(..10).and_then(parse_date), None, false);
        } else if let Some(said) = line.strip_prefix("**Finding ID**: ") {
            entries += 1;
            id = Some(said.trim());
        } else if let Some(said) = line.strip_prefix("**Event**: ") {
            is_there = matches!(said.trim(), "Discovered" | "Updated");
            if let (true, Some(id), Some(on)) = (is_there, id, on) {
                sightings.push(Sighting { id: id.to_owned(), package: None, on });
            }
        } else if let Some(said) = line.strip_prefix("**Package**: ")
            && is_there
            && let Some(last) = sightings.last_mut()
        {
            // Behind a code finding's file stands the word `local`.
            let mut words = said.split_whitespace();
            last.package = words.next().filter(|_| words.next() != Some("local")).map(str::to_owned);
        }
    }
    (entries > 0).then_some((entries, sightings))
}
