//! What is on the wire, beside twine's: for ten packages that everybody uses, our form has every field that twine's has.

use std::collections::{BTreeMap, BTreeSet};

use test_support::{
    Scratch,
    index::{Index, Upload},
    peers,
};

/// The values of a form by field, so that two forms can be compared.
///
/// Two fields are not of the same text: twine rewrites the name, and the commas between keywords.
fn fields(upload: &Upload) -> BTreeMap<String, BTreeSet<String>> {
    let mut fields: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (field, value) in &upload.fields {
        let value = match field.as_str() {
            "name" => value.to_lowercase().replace(['_', '.'], "-"),
            "keywords" => value.split(',').map(str::trim).collect::<Vec<_>>().join(","),
            _ => value.clone(),
        };
        fields.entry(field.clone()).or_default().insert(value);
    }
    fields
}

#[test]
fn our_form_has_all_that_twines_has() {
    let packages = peers::packages();
    assert!(packages.len() >= 10, "{packages:?}");
    let (theirs, ours) = (Index::start(), Index::start());
    peers::twine()
        .args(["upload", "--disable-progress-bar", "--username", "__token__", "--password", "x"])
        .args(["--repository-url", &theirs.url()])
        .args(&packages)
        .output()
        .expect_success();
    let project = Scratch::empty();
    let mut beyond = BTreeSet::new();
    for package in &packages {
        let name = package.file_name().and_then(|name| name.to_str()?.split('-').next()).expect("a wheel has a name");
        project.write("pyproject.toml", format!("[project]\nname = \"{name}\"\n"));
        test_support::binary!("publish-pypi")
            .run()
            .project(project.path())
            .args(["publish", "--auth", "none", "--receipt", "r.json", "--index", &ours.url()])
            .arg(package)
            .output()
            .expect_success();
    }
    let (theirs, ours) = (theirs.uploads(), ours.uploads());
    assert_eq!(theirs.len(), packages.len());
    for upload in &theirs {
        let twin = ours.iter().find(|ours| ours.file_name == upload.file_name).expect("we sent it too");
        assert_eq!(twin.bytes, upload.bytes, "{}", upload.file_name);
        let (theirs, ours) = (fields(upload), fields(twin));
        for (field, values) in &theirs {
            assert_eq!(ours.get(field), Some(values), "{field} of {}", upload.file_name);
        }
        beyond.extend(ours.into_keys().filter(|field| !theirs.contains_key(field)));
    }
    // What twine leaves out of metadata 2.5.
    assert!(beyond.contains("import_name"), "{beyond:?}");
}
