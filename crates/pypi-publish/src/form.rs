//! The fields of the legacy upload form.

use dist_check::Distribution;

/// Fields that the form has once, and the core metadata field each is taken from.
const SINGLE: &[(&str, &str)] = &[
    ("metadata_version", "Metadata-Version"),
    ("name", "Name"),
    ("version", "Version"),
    ("summary", "Summary"),
    ("description_content_type", "Description-Content-Type"),
    ("keywords", "Keywords"),
    ("home_page", "Home-page"),
    ("download_url", "Download-URL"),
    ("author", "Author"),
    ("author_email", "Author-email"),
    ("maintainer", "Maintainer"),
    ("maintainer_email", "Maintainer-email"),
    ("license", "License"),
    ("license_expression", "License-Expression"),
    ("requires_python", "Requires-Python"),
];

/// Fields that the form repeats for each value. Some names are plural in the form and some are not; PyPI drops what it
/// does not know without a word, so the spelling matters.
const REPEATED: &[(&str, &str)] = &[
    ("platform", "Platform"),
    ("supported_platform", "Supported-Platform"),
    ("classifiers", "Classifier"),
    ("requires", "Requires"),
    ("provides", "Provides"),
    ("obsoletes", "Obsoletes"),
    ("requires_dist", "Requires-Dist"),
    ("provides_dist", "Provides-Dist"),
    ("obsoletes_dist", "Obsoletes-Dist"),
    ("requires_external", "Requires-External"),
    ("project_urls", "Project-URL"),
    ("provides_extra", "Provides-Extra"),
    ("dynamic", "Dynamic"),
    ("license_file", "License-File"),
    ("import_name", "Import-Name"),
    ("import_namespace", "Import-Namespace"),
];

/// Every field of the form but the file, in order. Values are the metadata's own text, verbatim.
pub(crate) fn fields(distribution: &Distribution) -> Vec<(&'static str, String)> {
    let metadata = distribution.metadata();
    let mut fields = vec![
        (":action", "file_upload".to_owned()),
        ("protocol_version", "1".to_owned()),
        ("filetype", distribution.kind().file_type().to_owned()),
        ("pyversion", distribution.python_version().to_owned()),
        ("sha256_digest", distribution.sha256().to_string()),
    ];
    for (field, header) in SINGLE {
        if let Some(value) = metadata.first(header) {
            fields.push((field, value.to_owned()));
        }
    }
    if let Some(description) = metadata.description() {
        fields.push(("description", description.to_owned()));
    }
    // setuptools wrote License-File before metadata 2.4 defined it; PyPI refuses it in older metadata.
    let takes_license_files = metadata.metadata_version().is_some_and(|version| version >= (2, 4));
    for (field, header) in REPEATED {
        if *field == "license_file" && !takes_license_files {
            continue;
        }
        fields.extend(metadata.all(header).map(|value| (*field, value.to_owned())));
    }
    fields
}
