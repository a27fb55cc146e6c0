"""Judges texts as PyPI's own libraries do. Reads lines of JSON, [kind, text]; prints true or false for each."""

import io
import json
import sys

from docutils.parsers.rst import roles
from email_validator import validate_email
from packaging.licenses import canonicalize_license_expression
from packaging.metadata import Metadata
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name, parse_wheel_filename
from packaging.version import Version
from readme_renderer import rst
from rfc3986 import uri_reference
from rfc3986.validators import Validator


def field(name):
    def judge(value):
        base = {"metadata_version": "2.5", "name": "a", "version": "1"}
        Metadata.from_raw(base | {name: [value] if name.endswith(("names", "files")) else value})

    return judge


def address(value):
    checks = Validator().allow_schemes("http", "https").require_presence_of("scheme")
    checks.check_validity_of("scheme", "host", "port", "path", "query").validate(uri_reference(value).normalize())


def rendering(value):
    """Fails at the first warning, and if there is nothing to show, as the index does."""
    # Roles that a text defines would be there for the next one.
    roles._roles.clear()
    if rst.render(value, io.StringIO()) is None:
        raise ValueError


JUDGES = {
    "version": Version,
    "specifier": SpecifierSet,
    "requirement": Requirement,
    "license": canonicalize_license_expression,
    "name": lambda value: canonicalize_name(value, validate=True),
    "content-type": field("description_content_type"),
    "import-name": field("import_names"),
    "license-file": field("license_files"),
    "address": address,
    "wheel": parse_wheel_filename,
    "email": lambda value: validate_email(value, check_deliverability=False),
    "rst": rendering,
}

for line in sys.stdin:
    kind, text = json.loads(line)
    try:
        JUDGES[kind](text)
        print("true")
    except Exception:
        print("false")
