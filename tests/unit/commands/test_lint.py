"""lint: what is wrong with files, without asking anybody."""

from __future__ import annotations

import json

import pytest

from promoter.commands.lint import Asked, lint
from promoter.core.files import FileEntry, matches
from promoter.core.linting import LintReport, Scope
from promoter.core.schema import FileKind, schema
from promoter.core.schema_files import SCHEMAS
from promoter.errors import ExitCode, PromoterError, ReasonCode
from promoter.render.lint_words import lint_exit_code, lint_json, lint_text
from tests.fakes.folder import InMemoryFolder
from tests.fakes.team import NOW, PLACES, POLICY, REQUEST, SHADOW, policy, request

OVERRIDE = "override: {checks: [metrics], reason: known, expires: 2026-03-31}\n"
ALLOWS = "override: {checks: [metrics]}\nmodels:"


def folder(**changed: bytes | None) -> InMemoryFolder:
    files = {POLICY: policy(), REQUEST: request("7"), **{}}
    return InMemoryFolder({path: data for path, data in (files | changed).items() if data is not None})


def linted(files: InMemoryFolder, *paths: str, scope: Scope = Scope.ALL) -> LintReport:
    return lint(files, Asked(places=PLACES, now=NOW, paths=paths, scope=scope))


def told(report: LintReport) -> list[tuple[str, str, int]]:
    return [(one.reason.value, one.problem.path, one.problem.line) for one in report.objections]


def test_nothing_wrong() -> None:
    report = linted(folder())
    assert (report.objections, report.notes) == ((), ())
    assert lint_exit_code(report) is ExitCode.DONE
    assert lint_text(report) == "nothing wrong in 1 request and the policy\n"


def test_everything_is_told_by_its_place() -> None:
    report = linted(
        folder(
            **{
                REQUEST: b"model: churn\nalias: champion\nversoin: 7\n",
                POLICY: policy("minimum: 1", "minimum: 99"),
            }
        )
    )
    assert told(report) == [("policy_invalid", POLICY, 2), ("request_invalid", REQUEST, 3)]
    lines = lint_text(report).splitlines()
    assert lines[1].startswith(f"{REQUEST}:3:1: found the unknown key `versoin`. Did you mean `version`?")
    assert lines[-1] == "2 problems in 1 request and the policy"
    assert lint_exit_code(report) is ExitCode.WRONG_INPUT


def test_two_files_for_one_alias_beside_one_that_cannot_be_read() -> None:
    report = linted(
        folder(
            **{
                "promotions/b.yaml": request("8"),
                "promotions/a.yaml": b"{",
                SHADOW: request("8", alias="shadow"),
            }
        )
    )
    assert told(report) == [
        ("request_invalid", "promotions/a.yaml", 1),
        ("duplicate_request", REQUEST, 3),
    ]


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (request("7", model="fraud"), "no entry of the policy matches the model `fraud`"),
        (request("7", alias="blue"), "the policy does not let requests move `blue`"),
        (
            b"model: churn\nalias: champion\nfrom: dev.churn/7\n",
            "the policy lets no request copy `dev.churn/7` to `churn`",
        ),
    ],
)
def test_what_the_policy_does_not_allow(data: bytes, said: str) -> None:
    report = linted(folder(**{REQUEST: data}))
    assert told(report) == [("alias_not_allowed", REQUEST, 3)]
    assert said in lint_text(report)


def test_a_request_whose_model_is_disabled_may_stay() -> None:
    report = linted(folder(**{POLICY: policy("enforce", "disabled")}))
    assert report.objections == ()
    assert lint_text(report).startswith(
        f"note: `{REQUEST}`: the policy has promotions of `churn` disabled\nnothing wrong"
    )


@pytest.mark.parametrize(
    ("rules", "now_over", "found"),
    [("models:", False, "the policy allows no override"), (ALLOWS, True, ""), (ALLOWS, False, "")],
)
def test_overrides(rules: str, now_over: bool, found: str) -> None:
    text = OVERRIDE.replace("2026-03-31", "2026-02-28" if now_over else "2026-03-03")
    report = linted(folder(**{REQUEST: request("7") + text.encode(), POLICY: policy("models:", rules)}))
    assert [one.reason for one in report.objections] == [ReasonCode.OVERRIDE_REFUSED] * bool(found)
    assert found in lint_text(report)
    over = "its override is over and may be deleted; while it is there, this file cannot ask for another"
    assert (f"{over} version (override_refused)" in lint_text(report)) is now_over


def test_an_override_where_no_entry_speaks_for_the_model_is_told_of_once() -> None:
    report = linted(folder(**{REQUEST: request("7", model="fraud") + OVERRIDE.encode()}))
    assert [one.reason for one in report.objections] == [ReasonCode.ALIAS_NOT_ALLOWED]


@pytest.mark.parametrize("named", [(), ("promotions",), ("promotions/churn/champion.yml",), (".",)])
def test_a_file_that_nobody_reads(named: tuple[str, ...]) -> None:
    report = linted(folder(**{"promotions/churn/champion.yml": request("8")}), *named)
    assert told(report) == [("request_invalid", "promotions/churn/champion.yml", 1)]
    assert "found a file that Promoter never reads: requests are `promotions/**/*.yaml`" in lint_text(report)


def test_the_other_ending_is_a_mistake_only_where_the_glob_has_one() -> None:
    files = InMemoryFolder({POLICY: policy(), "p/a.yml": request("7"), "p/b.yaml": request("8")})
    places = type(PLACES)(requests="p/*", policy=POLICY)
    report = lint(files, Asked(places=places, now=NOW))
    assert [one.reason for one in report.objections] == [ReasonCode.DUPLICATE_REQUEST]


def test_a_named_file_elsewhere_is_told_of_and_the_policy_is_no_request() -> None:
    files = folder(**{"docs/x.txt": b"?"})
    assert told(linted(files, "docs/x.txt", POLICY, REQUEST)) == [("request_invalid", "docs/x.txt", 1)]


def test_a_named_file_that_is_not_there() -> None:
    with pytest.raises(PromoterError, match=r"there is no file `promotions/nope\.yaml`") as error:
        linted(folder(), "promotions/nope.yaml")
    assert error.value.reason is ReasonCode.USAGE_INVALID


@pytest.mark.parametrize(
    ("scope", "kept", "counted"),
    [
        (Scope.REQUESTS, {"request_invalid"}, (1, 0)),
        (Scope.POLICY, {"policy_invalid"}, (0, 1)),
        (Scope.ALL, {"request_invalid", "policy_invalid"}, (1, 1)),
    ],
)
def test_scopes(scope: Scope, kept: set[str], counted: tuple[int, int]) -> None:
    report = linted(folder(**{REQUEST: b"{", POLICY: b"{"}), scope=scope)
    assert {one.reason.value for one in report.objections} == kept
    assert (report.requests, report.policies) == counted


@pytest.mark.parametrize("scope", list(Scope))
def test_nothing_to_look_at(scope: Scope) -> None:
    with pytest.raises(PromoterError, match="there is no file") as error:
        linted(InMemoryFolder(), scope=scope)
    assert error.value.reason is ReasonCode.USAGE_INVALID


def test_without_a_policy_requests_are_read_and_no_more() -> None:
    report = linted(folder(**{POLICY: None}))
    assert report.objections == ()
    assert "note: there is no policy here" in lint_text(report)
    assert "nothing wrong in 1 request\n" in lint_text(report)


def test_only_files_that_nobody_reads() -> None:
    report = linted(InMemoryFolder({"promotions/a.yml": request("7")}))
    assert lint_text(report).endswith("\n1 problem\n")


class Linked(InMemoryFolder):
    """A folder whose files are links."""

    def listed(self, pattern: str) -> tuple[tuple[FileEntry, bytes], ...]:
        return tuple(
            (FileEntry(path=entry.path, mode="120000", blob_id=""), b"")
            for entry, _ in super().listed(pattern)
        )


def test_links_are_not_followed() -> None:
    report = linted(Linked({POLICY: policy(), REQUEST: request("7")}))
    assert [one.reason.value for one in report.objections] == ["policy_invalid", "request_invalid"]
    assert "found no regular file (mode 120000)" in lint_text(report)


class LinkedAt(InMemoryFolder):
    """A folder in which one path is a link, and nothing is behind it."""

    def __init__(self, files: dict[str, bytes], link: str) -> None:
        super().__init__({path: data for path, data in files.items() if not path.startswith(f"{link}/")})
        self.link = link

    def listed(self, pattern: str) -> tuple[tuple[FileEntry, bytes], ...]:
        link = (FileEntry(path=self.link, mode="120000", blob_id=""), b"")
        return (*super().listed(pattern), *([link] if matches(self.link, pattern) else []))


@pytest.mark.parametrize(
    ("link", "scope", "reasons"),
    [
        ("promotions", Scope.ALL, ["request_invalid"]),
        ("promotions", Scope.REQUESTS, ["request_invalid"]),
        ("promotions", Scope.POLICY, []),
        (".github", Scope.ALL, ["policy_invalid"]),
        (".github", Scope.REQUESTS, []),
        (".github", Scope.POLICY, ["policy_invalid"]),
        ("docs", Scope.ALL, []),
    ],
)
def test_a_link_on_the_way_to_the_files(link: str, scope: Scope, reasons: list[str]) -> None:
    report = linted(LinkedAt({POLICY: policy(), REQUEST: request("7")}, link), scope=scope)
    assert told(report) == [(reason, link, 1) for reason in reasons]
    assert ("found a link in place of a folder" in lint_text(report)) is bool(reasons)


@pytest.mark.parametrize(("data", "is_stale"), [(b"{}", True), (b"?", True), (None, False)])
def test_a_schema_of_another_release_is_worth_a_note(data: bytes | None, is_stale: bool) -> None:
    path = SCHEMAS[FileKind.POLICY]
    current = json.dumps(schema(FileKind.POLICY)).encode()
    report = linted(folder(**{path: current if data is None else data}))
    assert any(f"promoter schema policy > {path}" in str(note) for note in report.notes) is is_stale
    assert report.objections == ()


def test_as_json() -> None:
    report = linted(folder(**{REQUEST: request("7", alias="blue"), SCHEMAS[FileKind.POLICY]: b"{}"}))
    document = json.loads(lint_json(report))
    assert document["schema_version"] == 1
    assert document["exit_code"] == 2
    assert (document["requests"], document["policies"], len(document["notes"])) == (1, 1, 1)
    (problem,) = document["problems"]
    assert problem["reason_code"] == "alias_not_allowed"
    assert (problem["path"], problem["line"], problem["column"]) == (REQUEST, 3, 1)
    assert problem["found"].startswith("the policy does not let")
    assert problem["write"].startswith("For `churn` it allows")
