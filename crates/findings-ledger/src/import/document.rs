use findings_model::parse_date;

use super::Sighting;

/// What `SECURITY_FINDINGS.md` of the Python system says about when its findings were there, and how many findings it lists.
///
/// None where the text is no such document.
pub fn sightings_of_document(bytes: &[u8]) -> Option<Vec<Sighting>> {
    let text = String::from_utf8_lossy(bytes);
    // Words that only that system's document has.
    if !text.contains("**Days Since Last Scan**") && !text.contains("**Total Active Findings**") {
        return None;
    }
    let mut sightings = Vec::new();
    let mut id: Option<&str> = None;
    let mut package: Option<&str> = None;
    for line in text.lines() {
        if let Some(heading) = line.strip_prefix("#### ") {
            id = heading.split(" - ").next().map(str::trim).filter(|id| !id.is_empty());
            package = None;
        } else if line.starts_with('#') {
            id = None;
        } else if let Some(said) = line.strip_prefix("- **Package**: ") {
            package = said.split_whitespace().next();
        } else if let Some(said) = line.strip_prefix("- **Discovered**: ")
            && let (Some(id), Some(on)) = (id, said.get(..10).and_then(parse_date))
        {
            sightings.push(Sighting { id: id.to_owned(), package: package.map(str::to_owned), on });
        }
    }
    Some(sightings)
}
