use std::fmt;

use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

/// The most bytes of a name.
const NAME: usize = 200;
/// Words in front of an image's name that say where the scanner took it from.
const TRANSPORTS: [&str; 7] =
    ["docker:", "podman:", "containerd:", "registry:", "docker-archive:", "oci-archive:", "oci-dir:"];
/// Endings of archives, whose names say little of the image in them.
const ARCHIVES: [&str; 4] = [".tar", ".tar.gz", ".tgz", ".sif"];

/// What a scan looked at, apart from its version: the project, an image, or a part of the project that reports keep apart.
///
/// In documents it is one text: a word and, where there is one, a name (`project`, `image example.org/app`, `category /language:python`).
/// Words of a newer writer are kept as they are.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ScanTarget(SmolStr);

impl ScanTarget {
    /// The project's files, whatever folder they are in.
    pub fn project() -> Self {
        Self::of("project", "")
    }

    /// A product by the name that its bill of materials gives it; a path is the project's.
    pub fn product(name: &str, version: Option<&str>) -> Self {
        let name = name.trim();
        let is_path =
            matches!(name, "." | "..") || name.contains('\\') || (name.contains('/') && !name.starts_with('@'));
        if is_path {
            return Self::project();
        }
        let version = version.unwrap_or_default();
        let name = name.strip_suffix(version).filter(|name| name.ends_with(['-', '_', '@', ':', ' '])).unwrap_or(name);
        let name = name.trim_end_matches(['-', '_', '@', ':', ' ']).to_lowercase().replace(['_', '.', ' '], "-");
        Self::of("project", &name)
    }

    /// A container image by any of its references: without tag, digest and what Docker's own registry may be left out of.
    pub fn image(reference: &str) -> Self {
        let reference = reference.trim().to_lowercase();
        let name = TRANSPORTS.iter().find_map(|word| reference.strip_prefix(word)).unwrap_or(&reference);
        let name = name.split('@').next().unwrap_or_default();
        let last = name.rfind('/').map_or(0, |slash| slash + 1);
        let name = name[last..].find(':').map_or(name, |colon| &name[..last + colon]);
        let name = name.strip_prefix("index.").unwrap_or(name);
        let name = name.strip_prefix("docker.io/").unwrap_or(name);
        let name = name.strip_prefix("library/").unwrap_or(name);
        let is_digest = name == "sha256" || (name.len() >= 12 && name.bytes().all(|b| b.is_ascii_hexdigit()));
        let is_file = name.starts_with(['/', '.']) || ARCHIVES.iter().any(|ending| name.ends_with(ending));
        Self::of("image", if is_digest || is_file { "" } else { name })
    }

    /// A cluster by its name.
    pub fn cluster(name: &str) -> Self {
        Self::of("cluster", name.trim())
    }

    /// The part of the project that a SARIF run is about, by the run's `automationDetails.id`: what stands before the last slash, which
    /// the run's own id follows. None where there is only the latter.
    pub fn category(id: &str) -> Option<Self> {
        let id = id.trim();
        let (category, _) = id.rsplit_once('/')?;
        // `/language:python` has no name in front of its only slash.
        let category = if category.is_empty() { id } else { category };
        Some(Self::of("category", category)).filter(|_| !category.trim_matches('/').is_empty())
    }

    fn of(word: &str, name: &str) -> Self {
        let name = crate::text::shorten_bytes(name, NAME);
        Self(if name.is_empty() { SmolStr::new(word) } else { SmolStr::from(format!("{word} {name}")) })
    }

    /// Whether two scans may have looked at the same: their words are, and so are their names where both have one. What says only which
    /// part of something it is may be a part of anything.
    pub fn may_be(&self, other: &Self) -> bool {
        let ((word, name), (other_word, other_name)) = (self.parts(), other.parts());
        if word != other_word {
            return self.is_category() != other.is_category();
        }
        name.is_empty() || other_name.is_empty() || name == other_name
    }

    /// Whether it is a part of something, whose reports stand beside those of the other parts.
    pub fn is_category(&self) -> bool {
        self.parts().0 == "category"
    }

    fn parts(&self) -> (&str, &str) {
        self.0.split_once(' ').unwrap_or((&self.0, ""))
    }

    /// The text that documents have.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ScanTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.parts() {
            ("project", "") => f.write_str("the project"),
            (word, "") => write!(f, "an {word}"),
            (word, name) => write!(f, "the {word} {name}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_image_is_the_same_under_every_tag_and_digest() {
        for (reference, target) in [
            ("app:1.2", "image app"),
            ("docker.io/library/Alpine:3.18", "image alpine"),
            ("index.docker.io/org/app@sha256:0123", "image org/app"),
            ("registry:localhost:5000/app:1.3", "image localhost:5000/app"),
            ("ghcr.io/org/app", "image ghcr.io/org/app"),
            ("sha256:0123456789ab", "image"),
            ("0123456789abcdef", "image"),
            ("./build/app.tar", "image"),
            ("app-1.2.tar.gz", "image"),
        ] {
            assert_eq!(ScanTarget::image(reference).as_str(), target, "{reference}");
        }
    }

    #[test]
    fn a_product_is_the_same_in_every_version_and_a_path_is_the_project() {
        for (name, version, target) in [
            ("Sample_Package", None, "project sample-package"),
            ("sample-package-1.2", Some("1.2"), "project sample-package"),
            ("1.2", Some("1.2"), "project 1-2"),
            ("@scope/app", Some("2"), "project @scope/app"),
            (".", None, "project"),
            ("/github/workspace", None, "project"),
            ("C:\\code", None, "project"),
        ] {
            assert_eq!(ScanTarget::product(name, version).as_str(), target, "{name}");
        }
    }

    #[test]
    fn a_category_ends_before_the_run_s_own_id() {
        let category = |id: &str| ScanTarget::category(id).map(|target| target.as_str().to_owned());
        assert_eq!(category("/language:python/").as_deref(), Some("category /language:python"));
        assert_eq!(category("/language:python").as_deref(), Some("category /language:python"));
        assert_eq!(category("analysis/tool/2026-01-05").as_deref(), Some("category analysis/tool"));
        assert_eq!(category("run of 2026-01-05"), None);
        assert_eq!(category("/"), None);
        assert_eq!(category("//"), None);
    }

    #[test]
    fn what_is_not_named_may_be_anything_of_its_sort() {
        let (project, named) = (ScanTarget::project(), ScanTarget::product("a", None));
        let (image, other) = (ScanTarget::image("a"), ScanTarget::image("b"));
        assert!(project.may_be(&named) && named.may_be(&project));
        assert!(!named.may_be(&ScanTarget::product("b", None)));
        assert!(!image.may_be(&other) && image.may_be(&ScanTarget::image("sha256:0")));
        assert!(!image.may_be(&project));
        let part = ScanTarget::category("x/").unwrap();
        assert!(part.may_be(&image) && !part.may_be(&ScanTarget::category("y/").unwrap()));
    }
}
