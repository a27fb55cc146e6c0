"""Prints the tables that dist-check judges by, from the packages that hold them, as JSON: file name to lines."""

import json
import sys
from importlib.metadata import version

import stdlib_list
from packaging.licenses import _spdx
from packaging.utils import canonicalize_name
from trove_classifiers import classifiers, deprecated_classifiers


def trove():
    for name in sorted(classifiers | deprecated_classifiers.keys()):
        if name in deprecated_classifiers:
            yield f"{name} => {' | '.join(deprecated_classifiers[name])}".rstrip()
        else:
            yield name


def modules():
    names = set(sys.stdlib_module_names)
    for release in stdlib_list.short_versions:
        for module in stdlib_list.stdlib_list(release):
            parts = module.split(".")
            names.update(".".join(parts[: end + 1]) for end in range(len(parts)))
    return sorted({canonicalize_name(name.strip("-_.")) for name in names})


json.dump(
    {
        "classifiers.txt": {"source": f"trove-classifiers {version('trove-classifiers')}", "lines": list(trove())},
        "spdx-licenses.txt": {
            "source": f"packaging {version('packaging')}, SPDX list {_spdx.VERSION}",
            "lines": sorted(_spdx.LICENSES),
        },
        "spdx-exceptions.txt": {
            "source": f"packaging {version('packaging')}, SPDX list {_spdx.VERSION}",
            "lines": sorted(_spdx.EXCEPTIONS),
        },
        "stdlib.txt": {
            "source": f"stdlib-list {version('stdlib-list')} and Python {sys.version_info[0]}.{sys.version_info[1]}",
            "lines": modules(),
        },
    },
    sys.stdout,
)
