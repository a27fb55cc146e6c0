"""Reads tar archives as pip and PyPI do. Lines of base64 in; for each a line of JSON out: the members, or what failed."""

import base64
import gzip
import hashlib
import io
import json
import sys
import tarfile


def text(name):
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def members(packed):
    if not tarfile.is_tarfile(io.BytesIO(packed)):
        return "no tar"
    found = []
    with tarfile.open(fileobj=io.BytesIO(packed), mode="r:gz") as tar:
        for member in tar.getmembers():
            if member.issparse():
                return "sparse"
            is_link = member.islnk() or member.issym()
            if member.isreg():
                kind = hashlib.sha256(tar.extractfile(member).read()).hexdigest()
            else:
                kind = member.type.decode() if is_link or member.isdir() else "special"
            found.append([text(member.name), text(member.linkname) if is_link else "", kind])
    return found


for line in sys.stdin:
    try:
        answer = members(gzip.compress(base64.b64decode(line), 1, mtime=1))
    except (tarfile.ReadError, EOFError):
        answer = "broken"
    except Exception as error:
        answer = "crash " + type(error).__name__
    print(json.dumps(answer))
