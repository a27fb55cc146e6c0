//! The words that docutils knows (0.23, English).

/// Directives.
pub(super) const DIRECTIVES: [&str; 50] = [
    "admonition",
    "attention",
    "caution",
    "class",
    "code",
    "code-block",
    "compound",
    "container",
    "contents",
    "csv-table",
    "danger",
    "date",
    "default-role",
    "epigraph",
    "error",
    "figure",
    "footer",
    "header",
    "highlights",
    "hint",
    "image",
    "important",
    "include",
    "line-block",
    "list-table",
    "math",
    "meta",
    "note",
    "parsed-literal",
    "pull-quote",
    "raw",
    "replace",
    "restructuredtext-test-directive",
    "role",
    "rst-class",
    "rubric",
    "section-numbering",
    "sectnum",
    "sidebar",
    "sourcecode",
    "table",
    "target-notes",
    "tip",
    "title",
    "topic",
    "unicode",
    "warning",
    "python-code",
    "questions",
    "qa",
];

/// Directives whose content is a block of text, without arguments.
pub(super) const ADMONITIONS: [&str; 9] =
    ["attention", "caution", "danger", "error", "hint", "important", "note", "tip", "warning"];

/// Interpreted text roles.
pub(super) const ROLES: [&str; 32] = [
    "ab",
    "abbreviation",
    "ac",
    "acronym",
    "anonymous-reference",
    "citation-reference",
    "code",
    "emphasis",
    "footnote-reference",
    "i",
    "index",
    "literal",
    "math",
    "named-reference",
    "pep",
    "pep-reference",
    "raw",
    "rfc",
    "rfc-reference",
    "strong",
    "sub",
    "subscript",
    "substitution-reference",
    "sup",
    "superscript",
    "t",
    "target",
    "title",
    "title-reference",
    "uri",
    "uri-reference",
    "url",
];

/// Options of `image` and `figure`.
pub(super) const IMAGE_OPTIONS: [&str; 12] = [
    "align", "alt", "class", "figclass", "figname", "figwidth", "height", "loading", "name", "scale", "target", "width",
];

/// Options of `code` and its other names.
pub(super) const CODE_OPTIONS: [&str; 4] = ["class", "force", "name", "number-lines"];
