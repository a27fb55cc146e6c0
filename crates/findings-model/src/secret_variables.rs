/// The variables of the environment whose values are secrets whatever they hold: nothing prints one, and a program that is run gets those
/// alone that it has use for.
pub const SECRET_VARIABLES: [&str; 10] = [
    "ACTIONS_ID_TOKEN_REQUEST_TOKEN",
    "ACTIONS_RUNTIME_TOKEN",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "GH_TOKEN",
    "GITHUB_TOKEN",
    "PYPI_TOKEN",
    "RELWARDEN_FINGERPRINT_KEY",
    "TWINE_PASSWORD",
    "UV_PUBLISH_TOKEN",
];
