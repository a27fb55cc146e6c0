//! The words that docutils knows (0.23, English).

/// Directives whose content is a block of text, without arguments.
pub(super) const ADMONITIONS: [&str; 9] =
    ["attention", "caution", "danger", "error", "hint", "important", "note", "tip", "warning"];

/// Directives that may stand in the definition of a substitution.
pub(super) const SUBSTITUTIONS: [&str; 4] = ["date", "image", "replace", "unicode"];

/// Directives of which nothing is to be seen where they stand.
pub(super) const INVISIBLE: [&str; 11] = [
    "contents",
    "default-role",
    "footer",
    "header",
    "include",
    "meta",
    "role",
    "section-numbering",
    "sectnum",
    "target-notes",
    "title",
];

/// Interpreted text roles.
pub(super) const ROLES: [&str; 21] = [
    "ab",
    "abbreviation",
    "ac",
    "acronym",
    "code",
    "emphasis",
    "literal",
    "math",
    "pep",
    "pep-reference",
    "raw",
    "rfc",
    "rfc-reference",
    "strong",
    "sub",
    "subscript",
    "sup",
    "superscript",
    "t",
    "title",
    "title-reference",
];
