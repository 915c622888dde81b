"""`artifacts`: the version's files can be read, are pinned by content, and are what the policy lets in."""

from __future__ import annotations

from collections.abc import Iterator
from fnmatch import fnmatchcase

from promoter.core.evidence import CheckResult, Evidence, Outcome
from promoter.core.model_version import ModelFiles
from promoter.core.policy import ArtifactsRule
from promoter.text import Message, Part, quote, say

ID = "artifacts"
_SHOWN = 3


def run(rule: ArtifactsRule, evidence: Evidence) -> tuple[CheckResult, ...]:
    """The result `pinned`, and one each for the `sources` and `files` that the policy names."""
    files = evidence.challenger_files
    if files is None:
        why = evidence.unpinned.parts or ("nobody looked at them",)
        message = say("its files could not be read, so nothing can be said of them: ", *why)
        return (_result("pinned", Outcome.ERROR, message=message),)
    return tuple(_results(rule, files))


def _results(rule: ArtifactsRule, files: ModelFiles) -> Iterator[CheckResult]:
    pinned = say(f"{len(files.files):,} files, {files.size:,} bytes, sha256 ", quote(files.digest[:16]), "…")
    yield _result("pinned", Outcome.PASSED, message=pinned)
    if rule.sources:
        yield _of_sources(rule, files)
    if rule.files:
        yield _of_files(rule, files)


def _of_sources(rule: ArtifactsRule, files: ModelFiles) -> CheckResult:
    location = quote(files.location or "an unknown place")
    if any(_below(files.location, prefix) for prefix in rule.sources):
        return _result("sources", Outcome.PASSED, message=say("its files lie at ", location))
    allowed = quote(", ".join(rule.sources))
    message = say("its files lie at ", location, ", and the policy takes them only from ", allowed)
    return _result("sources", Outcome.FAILED, message=message)


def _below(location: str, prefix: str) -> bool:
    """Whether a place is the prefix or lies below it: `s3://ml` does not allow `s3://ml-of-others`."""
    folder = prefix.rstrip("/")
    return bool(location) and (location == folder or location.startswith(f"{folder}/"))


def _of_files(rule: ArtifactsRule, files: ModelFiles) -> CheckResult:
    others = [
        file.path for file in files.files if not any(fnmatchcase(file.path, glob) for glob in rule.files)
    ]
    if not others:
        message = say("every file is of a kind that the policy lets in")
        return _result("files", Outcome.PASSED, message=message)
    shown: list[Part] = []
    for path in others[:_SHOWN]:
        shown += [", " if shown else "", quote(path)]
    more = f" and {len(others) - _SHOWN:,} more" if len(others) > _SHOWN else ""
    message = say(f"the policy does not let in {len(others):,} of its files: ", *shown, more)
    return _result("files", Outcome.FAILED, message=message)


def _result(subject: str, outcome: Outcome, *, message: Message) -> CheckResult:
    return CheckResult(check=ID, subject=subject, outcome=outcome, message=message)
