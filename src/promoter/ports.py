"""What commands need from outside, as Protocols in our words.

Adapters implement these; tests have in-memory ones held to the same contract. Every method either answers
or raises `PromoterError` with a reason code. Absence is answered only where it was proven.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Protocol, TypeAlias, TypeVar

from promoter.core.deployments import Deployment, Recorded
from promoter.core.evidence import CustomAnswer, ToMeasure
from promoter.core.files import Ancestor, FileEntry, FileVersion, Place
from promoter.core.issue import Issue
from promoter.core.measurement import Measurement
from promoter.core.model_version import ModelFiles, ModelVersion, Papers, Signature
from promoter.core.policy import ModelRule
from promoter.core.prompt import Kind
from promoter.core.proposal import Draft, Proposal
from promoter.core.pull_request import BranchMove, Contributor, Permission, PullRequest, Review
from promoter.text import Message

if TYPE_CHECKING:
    from pathlib import Path

LocalPath: TypeAlias = "Path"
"""A file or folder of this machine, for rooms that hand it on and never look inside."""

_Of = TypeVar("_Of")
_T = TypeVar("_T")


class Several(Protocol):
    """Makes one call for each, in any order, some perhaps at the same time. Python's own `map` is one."""

    def __call__(self, call: Callable[[_Of], _T], each: Sequence[_Of], /) -> Iterable[_T]:
        """The answers, in the order of `each`. Raises what a call raises."""


class Repository(Protocol):
    """Files and history at a commit."""

    def tip(self, branch: str) -> str:
        """The commit a branch points at now."""

    def files(self, commit: str, patterns: Sequence[str]) -> tuple[FileEntry, ...]:
        """Every path at the commit that matches one of the globs, links and submodules too, sorted."""

    def contents(self, entries: Sequence[FileEntry]) -> Mapping[str, bytes]:
        """Blob id → bytes, verified against the blob id, for the entries given."""

    def data(self, entry: FileEntry) -> bytes:
        """One file of data, however large the repository allows it to be, verified against its blob id."""

    def history(self, commit: str, path: str, *, limit: int) -> tuple[FileVersion, ...]:
        """The path's changes up to the commit, newest first, at most `limit`.

        They may be named by commits of merged branches, and of what was merged and undone some may lack.
        """

    def first_parents(self, commit: str, *, limit: int) -> tuple[Ancestor, ...]:
        """The commits at which the branch itself stood, the given one first; fewer than `limit`: all."""

    def blob_ids(self, places: Sequence[Place]) -> Mapping[Place, str | None]:
        """The blob id at each (commit, path); None where there is no such file."""

    def expect(self, places: Sequence[Place]) -> None:
        """Say whose blob ids will be wanted: they may be asked for along with the next question."""

    def merge_base(self, one: str, other: str) -> str:
        """The newest commit that both have."""


class PullRequests(Protocol):
    """Pull requests, reviews and people."""

    def get(self, number: int) -> PullRequest:
        """One pull request as it stands."""

    def changed_paths(self, pull: PullRequest) -> frozenset[str]:
        """Every path it adds, changes, deletes or renames (both names).

        Raises TOO_MANY_FILES when GitHub does not list them all.
        """

    def of_commit(self, commit: str) -> tuple[PullRequest, ...]:
        """The pull requests that brought a commit, each read again by number; empty when there is none.

        GitHub may need seconds to know of a commit that was just merged: this one looks again.
        """

    def numbers_of_commit(self, commit: str) -> tuple[int, ...]:
        """The numbers of the pull requests that have a commit, as listed now, sorted."""

    def open_heads(self, branch: str) -> Mapping[int, str]:
        """Number → head commit of every open pull request that would be merged into the branch."""

    def reviews(self, number: int) -> tuple[Review, ...]:
        """The whole review history over all pages, oldest first."""

    def contributors(self, number: int) -> tuple[Contributor, ...]:
        """Authors, committers and co-authors of its commits."""

    def commits(self, number: int) -> frozenset[str]:
        """The ids of its commits. Raises TOO_MANY_FILES when GitHub does not list them all."""

    def moves(self, pull: PullRequest) -> tuple[BranchMove, ...]:
        """How the branch of its head was moved, newest first, as far as GitHub tells; empty: it does not."""

    def permission(self, login: str) -> Permission:
        """A person's permission now."""

    def is_team_member(self, login: str, team: str) -> bool:
        """Whether a person is an active member of `org/team`.

        Raises PERMISSION_DENIED when the token may not know.
        """

    def comment(self, number: int, *, marker: str) -> str | None:
        """The text of the one comment whose first line is `marker`, found by own login. It is no evidence."""

    def upsert_comment(self, number: int, *, marker: str, body: str, unless: str) -> str:
        """Write the one comment whose first line is `marker`, found by own login; its address.

        No write happens when the text is the same, or when it holds `unless` (where that is not empty).
        """

    def update_comment(self, number: int, *, marker: str, body: str) -> str | None:
        """The same, but only where the comment exists already; None where it does not."""


class Issues(Protocol):
    """The issues that Promoter itself keeps, one for each thing that is wrong."""

    def opened(self) -> tuple[Issue, ...]:
        """Our own open ones over all pages: by our label, own login, and a marker as their first line."""

    def create(self, *, title: str, body: str) -> str:
        """Open one with our label, whose body begins with its marker; its address. Never a second one."""

    def change(self, issue: Issue, *, title: str, body: str) -> None:
        """Bring an open one up to date. No write happens when nothing differs."""

    def close(self, issue: Issue, *, body: str) -> None:
        """Write its last text, and close it as completed."""


class Proposals(Protocol):
    """The pull requests that Promoter itself opens, from branches whose names begin with `promoter/`."""

    def opened(self) -> tuple[Proposal, ...]:
        """Our own open ones from all such branches, newest first, with who else has committed to them."""

    def listed(self, branch: str) -> tuple[Proposal, ...]:
        """Our own ones from the branch, open or closed, newest first, over all pages."""

    def create(self, draft: Draft) -> Proposal:
        """Branch, one commit and pull request. Never a second one for a branch that has one open.

        Raises CONFLICT where the branch holds commits of other people's, or a pull request of theirs.
        """

    def change(self, proposal: Proposal, draft: Draft) -> Proposal:
        """Bring an open one up to date: files by a new commit, and words; as it is then. No write where
        nothing differs. Raises CONFLICT where other people have committed to its branch."""

    def close(self, proposal: Proposal, *, body: str) -> None:
        """Say why in its body, close it, and delete its branch, unless other people have committed to it."""


class Deployments(Protocol):
    """What GitHub shows as deployed, one environment for each model and alias. It is no evidence."""

    def record(self, wanted: Deployment) -> Recorded:
        """Have it as its environment's newest, as a success; never a second one."""


class RegistryReader(Protocol):
    """A model registry, for reading. It has no method that writes."""

    def all_aliases(self, kind: Kind = Kind.MODEL) -> Mapping[str, Mapping[str, str]]:
        """Name → alias → version, of all of one kind that the credential may see, in bulk pages."""

    def aliases(self, model: str, *, kind: Kind | None = None) -> Mapping[str, str]:
        """Alias → version (normalised digits). Raises MODEL_NOT_FOUND, also for another kind than `kind`."""

    def model_version(self, model: str, version: str) -> ModelVersion:
        """A version with its run and LoggedModel. Raises VERSION_NOT_FOUND."""

    def signature(self, version: ModelVersion) -> Signature | None:
        """The signature in the version's `MLmodel`; None when it was logged without one."""

    def papers(self, version: ModelVersion) -> Papers:
        """What the version's files say of it. Raises what `signature` does."""

    def download(self, version: ModelVersion, folder: Path) -> ModelFiles:
        """Copy the version's model directory into an empty folder; what came, by path, digest and size."""

    def files(self, version: ModelVersion) -> ModelFiles:
        """The same without keeping a copy."""

    def run_file(self, version: ModelVersion, path: str, *, file: Path) -> str:
        """Copy one artifact of the version's run; the sha256 of its bytes, in hex.

        Raises DATA_UNAVAILABLE when the run has no such file, or the version no run.
        """


class RegistryIndex(RegistryReader, Protocol):
    """A registry whose versions can be listed too."""

    def versions(self, model: str, kind: Kind = Kind.MODEL) -> tuple[ModelVersion, ...]:
        """Every version of a registered model or prompt, newest first, without runs and LoggedModels. Raises
        MODEL_NOT_FOUND."""


class Registry(RegistryIndex, Protocol):
    """A model registry that apply may write to."""

    def copy(self, source: ModelVersion, model: str) -> str:
        """Make a new version of another registered model, which is there already, from a version: its files,
        run, description and tags but Promoter's own; the new number.

        Asked once and no more: when the answer is lost, only `versions` tells whether it was made.
        """

    def set_alias(self, model: str, alias: str, *, version: str) -> None:
        """Point the alias at the version, whoever holds it now."""

    def set_tags(self, model: str, version: str, *, tags: Mapping[str, str]) -> None:
        """Write tags on a version; the others stay."""

    def log_files(self, version: ModelVersion, *, files: Mapping[str, str]) -> None:
        """Log texts by path as artifacts of the version's run; what has the path already is replaced.

        Raises DATA_UNAVAILABLE when it has no run.
        """


class TimeLeft(Protocol):
    """The run's deadline."""

    def remaining(self) -> float:
        """Seconds left; never negative."""


class Deadline(TimeLeft, Protocol):
    """The same, for whoever makes calls that may never come back."""

    def run(self, call: Callable[[], _T], *, what: str) -> _T:
        """The call's answer, given up when it does not come in time. Raises DEADLINE_EXCEEDED."""


class Measurer(Protocol):
    """Scores models on the policy's data."""

    def measure(self, asked: ToMeasure, registry: RegistryReader) -> Measurement:
        """The models, downloaded from the registry, or the predictions they logged, on the same rows.

        A model that does not run is told in the measurement. Raises DATA_UNAVAILABLE, POLICY_INVALID.
        """


class CustomChecks(Protocol):
    """Asks the user's own checks."""

    def ask(self, rule: ModelRule, evidence: str, *, commit: str) -> tuple[CustomAnswer, ...]:
        """What each of the rule's commands answers to the evidence (JSON), in order; at least one each.

        The commands are those of the commit. One that does not answer is told in its answer.
        """


class Runner(Protocol):
    """The job we run in: outputs, summary, annotations, log."""

    def mask(self, secrets: Sequence[str]) -> None:
        """Have the log hide these values; called before anything else is written."""

    def log(self, message: Message) -> None:
        """One line in the log."""

    def annotate(self, lines: Sequence[str]) -> None:
        """Workflow commands, rendered and escaped already."""

    def summary(self, text: str) -> None:
        """Markdown for the job's summary page."""

    def outputs(self, values: Mapping[str, str]) -> None:
        """The step's outputs."""

    def save(self, name: str, text: str) -> str:
        """Write a file into the report folder; its path."""
