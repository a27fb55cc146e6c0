"""Judges next versions by `packaging`, and by a model of the three kinds of bump that shares no code with the program."""

import json
import sys

from packaging.version import Version


def parts(version):
    return version.epoch, list(version.release), version.pre, version.post, version.dev


def built(epoch, release, pre=None, post=None, dev=None):
    text = f"{epoch}!" if epoch else ""
    text += ".".join(str(number) for number in release)
    if pre is not None:
        text += f"{pre[0]}{pre[1]}"
    if post is not None:
        text += f".post{post}"
    if dev is not None:
        text += f".dev{dev}"
    return Version(text)


def same_series(version):
    """The smallest step that stays final, pre-, post- or development release."""
    epoch, release, pre, post, dev = parts(version)
    if dev is not None:
        return built(epoch, release, pre, post, dev + 1)
    if post is not None:
        return built(epoch, release, pre, post + 1)
    if pre is not None:
        return built(epoch, release, (pre[0], pre[1] + 1))
    return built(epoch, release, post=1)


def bumped(version, kind):
    if kind == "post":
        return same_series(version)
    epoch, release, _, _, _ = parts(version)
    final = built(epoch, release)
    # A version before its own release: that release is the step, where it is one of the kind.
    if version < final and (kind == "patch" or not any(release[2:])):
        return final
    place = {"patch": 2, "minor": 1}[kind]
    release += [0] * (place + 1 - len(release))
    release[place] += 1
    return built(epoch, release[: place + 1] + [0] * (len(release) - place - 1))


def following(current, index, kind):
    own = Version(current.public)
    newest = max(index, default=None)
    if newest is None or own > newest:
        return own
    same_release = (own.epoch, Version(own.base_version)) == (newest.epoch, Version(newest.base_version))
    if newest.is_prerelease and not same_release:
        return same_series(newest)
    return bumped(newest, kind)


def problems(case):
    current = Version(case["current"])
    index = [Version(text) for text in case["index"]]
    for name, expected in (
        ("bumped", bumped(current, case["bump"])),
        ("next", following(current, index, case["bump"])),
    ):
        given = case[name]
        version = Version(given["text"])
        if version != expected:
            yield f"{name} is {version}, the model says {expected}"
        if str(version) != given["text"]:
            yield f"{name} is not in canonical form: {given['text']}"
        if version.local is not None or given["is_local"]:
            yield f"{name} is local"
        if version.epoch != given["epoch"]:
            yield f"{name} has epoch {version.epoch}"
        if version.is_prerelease != given["is_prerelease"]:
            yield f"{name}: is_prerelease is {version.is_prerelease}"
    public = Version(current.public)
    if not Version(case["bumped"]["text"]) > public:
        yield "a bump is not newer"
    if Version(case["bumped"]["text"]).epoch != current.epoch:
        yield "a bump changes the epoch"
    version = Version(case["next"]["text"])
    if version < public:
        yield "next is older than the project"
    for taken in index:
        if not version > taken:
            yield f"next is not newer than {taken}"


def main():
    cases = json.load(sys.stdin)
    count = 0
    for case in cases:
        for problem in problems(case):
            count += 1
            if count <= 20:
                print(case, problem, file=sys.stderr)
    print(f"{len(cases)} cases, {count} problems")


main()
