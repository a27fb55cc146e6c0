//! Names that PyPI takes for one another: it makes no project whose name differs from another one's in separators, or in
//! letters and digits that look alike, only.

use findings_model::PackageName;
use futures_util::future::join_all;

use crate::IndexClient;

/// How many names are asked for at most.
const MOST: usize = 8;
/// Characters that count as one.
const ALIKE: [&str; 2] = ["0o", "1li"];

/// The projects of an index whose names are too similar to one that it does not know, among those that come to mind first:
/// the name without separators, and with one character of those that look alike changed. What cannot be asked is not among
/// them.
pub(crate) async fn similar(client: &IndexClient, name: &PackageName) -> Vec<String> {
    let names = lookalikes(name);
    let pages = join_all(names.iter().map(|name| client.project_once(name))).await;
    let known = names.into_iter().zip(pages).filter(|(_, page)| page.as_ref().is_ok_and(|page| page.is_known));
    known.map(|(name, _)| name.to_string()).collect()
}

fn lookalikes(name: &PackageName) -> Vec<PackageName> {
    let name = name.as_str();
    let mut found = Vec::new();
    let mut add = |other: String| {
        if let Ok(other) = PackageName::parse(&other)
            && other.as_str() != name
            && !found.contains(&other)
            && found.len() < MOST
        {
            found.push(other);
        }
    };
    add(name.replace('-', ""));
    for (at, c) in name.char_indices() {
        for other in ALIKE.iter().filter(|alike| alike.contains(c)).flat_map(|alike| alike.chars()) {
            add(format!("{}{other}{}", &name[..at], &name[at + c.len_utf8()..]));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_looks_alike() {
        let of = |name: &str| {
            lookalikes(&PackageName::parse(name).unwrap()).iter().map(ToString::to_string).collect::<Vec<_>>()
        };
        assert_eq!(of("a-b0"), ["ab0", "a-bo"]);
        assert_eq!(of("lx"), ["1x", "ix"]);
        assert!(of("abc").is_empty());
        assert_eq!(of("illo-oilo-looo").len(), MOST);
    }
}
