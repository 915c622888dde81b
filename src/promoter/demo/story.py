"""`promoter demo`: the main job from first model to rollback, told in the terminal.

Everything is real but GitHub: models, registry, git and the Action's own code. GitHub is a stand-in, an
HTTP server over a real git repository, held to GitHub's published API description by the test suite.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TextIO

from promoter.adapters.deadline import Deadline
from promoter.adapters.github_connection import connect
from promoter.adapters.github_pull_requests import GitHubPullRequests
from promoter.adapters.github_repository import GitHubRepository
from promoter.adapters.local_repository import LocalRepository
from promoter.adapters.mlflow_registry import connect_reader
from promoter.commands.history import HistoryWorld, Wanted, history
from promoter.commands.history_github import PullFinder
from promoter.commands.history_registry import RegistryPast
from promoter.commands.trees import Places
from promoter.demo import training
from promoter.demo.files import HOLDOUT, POLICY, POLICY_TEXT, request_text
from promoter.demo.github.events import pull_request_event, push_event
from promoter.demo.github.model import Permission, Push, Repository, ReviewState
from promoter.demo.github.server import Standin, serve
from promoter.demo.github.world import World
from promoter.demo.job import Finished, Trigger, run_job
from promoter.errors import ExitCode, PromoterError, ReasonCode
from promoter.inputs import process_environment
from promoter.ports import RegistryIndex
from promoter.render.history_terminal import history_terminal
from promoter.render.terminal import Style
from promoter.text import quote, say
from promoter.version import tool_version

_TOKEN = "demo-token"
_SECONDS = 60.0
_COMMENT = "comment.md"
_REPORT = ("report.html", "evidence.json")
_PLACES = Places(requests="promotions/**/*.yaml", policy=POLICY)
_REQUEST = "promotions/churn/champion.yaml"


def tell(output: Path, out: TextIO) -> ExitCode:
    """Tell the whole story; leaves the first comment, HTML report and evidence in `output`."""
    if shutil.which("git") is None:
        raise PromoterError(
            ReasonCode.USAGE_INVALID,
            say("the demo needs ", quote("git"), ", and it is not installed"),
            hint=say("Install git, then run the demo again."),
        )
    with TemporaryDirectory(prefix="promoter-demo-") as folder, _stage(Path(folder), out) as story:
        story.before_promoter()
        story.a_pull_request_promotes(output)
        story.a_revert_brings_it_back()
        story.who_was_champion()
    return ExitCode.DONE


@contextmanager
def _stage(folder: Path, out: TextIO) -> Iterator[Story]:
    world = World.create(folder / "repository.git", Repository(owner="acme", name="models"))
    world.add_user("dora", Permission.WRITE)
    world.add_user("alice", Permission.MAINTAIN)
    world.add_workflow_token(_TOKEN)
    with serve(world) as standin:
        yield Story(folder=folder, out=out, world=world, standin=standin)


@dataclass
class Story:
    """The actors: dora trains models, alice reviews, the Action judges and moves."""

    folder: Path
    out: TextIO
    world: World
    standin: Standin
    registry: str = ""
    versions: list[training.Trained] = field(default_factory=list)

    def before_promoter(self) -> None:
        """Two trained models, one of them champion by hand; policy and first request on main."""
        self._chapter("A registry with two models")
        push = self.world.commit("main", {"README.md": b"# Models\n"}, author="dora", message="Start")
        self.registry = training.open_registry(self.folder)
        for recipe in (training.FIRST, training.SECOND):
            trained = training.train(recipe, git_commit=push.after)
            self.versions.append(trained)
            figures = ", ".join(f"{name} {value:.3f}" for name, value in trained.metrics.items())
            self._say(f"dora trains churn version {trained.version}: {figures}")
        first = self.versions[0].version
        training.make_champion(first)
        self._say(f"churn@champion is version {training.champion()}, set by hand")
        files = {
            HOLDOUT: training.holdout_file(),
            POLICY: POLICY_TEXT.encode(),
            _REQUEST: request_text(first, "Adopted as it was").encode(),
        }
        for path, content in files.items():
            self.world.commit("main", {path: content}, author="alice", message=f"Add {path}")
        self._say(f"main holds {POLICY} and {_REQUEST}, which says version {first}")

    def a_pull_request_promotes(self, output: Path) -> None:
        """Validate, approve, merge, apply."""
        new = self.versions[1].version
        self._chapter("A pull request asks for version " + new)
        text = request_text(new, "Quarterly retrain, better on every figure")
        self.world.commit("promote-churn", {_REQUEST: text.encode()}, author="dora", message="Promote churn")
        number = self._open("promote-churn", f"Promote churn to version {new}")
        validated = self._validate(number)
        self._quote(_told(validated))
        self._keep(validated, number, output=output)
        self._say("the comment on the pull request, as Markdown:")
        self._quote((output / _COMMENT).read_text(encoding="utf-8"))
        self._merge_and_apply(number)

    def a_revert_brings_it_back(self) -> None:
        """The rollback: `git revert`, reviewed like anything else."""
        self._chapter("It misbehaves in production: git revert")
        branch = self.world.revert(1, by="dora")
        number = self._open(branch, "Revert: promote churn")
        self._quote(_headline(self._validate(number)))
        self._merge_and_apply(number)

    def who_was_champion(self) -> None:
        """What git, GitHub and registry remember."""
        self._chapter("Who was champion, and since when: promoter history churn champion")
        folder = self.folder / "clone"
        self.world.git.run("clone", "--quiet", ".", str(folder))
        clone = LocalRepository(folder, environ=process_environment())
        world = HistoryWorld(
            repository=clone,
            places=_PLACES,
            now=datetime.now(UTC),
            tool_version=tool_version(),
            registered=RegistryPast(connect=self._reader),
            pulls_of=self._pulls(),
        )
        found = history(world, Wanted(key=("churn", "champion"), commit=clone.tip("HEAD")))
        self._quote(history_terminal(found, style=Style.PLAIN))

    def _reader(self) -> RegistryIndex:
        return connect_reader(tracking_uri=self.registry, registry_uri="", deadline=Deadline(_SECONDS))

    def _pulls(self) -> PullFinder:
        connection = connect(
            api_url=self.standin.api_url,
            token=_TOKEN,
            repository=self.world.repository.full_name,
            deadline=Deadline(_SECONDS),
            log=lambda message: self._say(str(message)),
        )
        github = GitHubRepository(connection)
        return PullFinder(
            pull_requests=GitHubPullRequests(connection, looks_again=()),
            repository=github,
            places=_PLACES,
            branch=cache(github.default_branch),
        )

    def _open(self, branch: str, title: str) -> int:
        pull = self.world.open_pull_request(branch, author="dora", title=title)
        self._say(f"dora opens pull request #{pull.number}: {pull.title}")
        return pull.number

    def _validate(self, number: int) -> Finished:
        payload = pull_request_event(self.standin.view, number, action="opened")
        head = self.world.pulls[number].head_sha
        ref = f"refs/pull/{number}/merge"
        return self._job(Trigger(name="pull_request", payload=payload, ref=ref, commit=head))

    def _merge_and_apply(self, number: int) -> None:
        self.world.review(number, "alice", state=ReviewState.APPROVED)
        push = self.world.merge(number, by="alice")
        self._say(f"alice approves and merges #{number}; the push starts the apply job")
        self._apply(push)
        self._say(f"the registry says: churn@champion is version {training.champion()}")

    def _apply(self, push: Push) -> None:
        payload = push_event(self.standin.view, push)
        applied = self._job(Trigger(name="push", payload=payload, ref=push.ref, commit=push.after))
        self._quote(_headline(applied))

    def _job(self, trigger: Trigger) -> Finished:
        inputs = {"github-token": _TOKEN, "tracking-uri": self.registry}
        finished = run_job(self.standin, trigger, folder=self.folder, inputs=inputs)
        if finished.exit_code is not ExitCode.DONE:
            self._quote(_told(finished))
            raise PromoterError(
                ReasonCode(finished.outputs["reason-code"]),
                say("the demo's ", quote(trigger.name), " job ended with another exit code than 0"),
                hint=say("This is a bug: please report the lines above."),
            )
        return finished

    def _keep(self, finished: Finished, number: int, *, output: Path) -> None:
        output.mkdir(parents=True, exist_ok=True)
        for name in _REPORT:
            shutil.copyfile(finished.folder / name, output / name)
        (comment,) = self.world.comments_on(number)
        (output / _COMMENT).write_text(comment.body, encoding="utf-8")
        self._say(f"kept in {output}/: {', '.join((_COMMENT, *_REPORT))}")

    def _chapter(self, title: str) -> None:
        self.out.write(f"\n── {title} {'─' * max(0, 76 - len(title))}\n\n")
        self.out.flush()

    def _say(self, sentence: str) -> None:
        self.out.write(f"  {sentence}\n")
        self.out.flush()

    def _quote(self, text: str) -> None:
        self.out.write("".join(f"    │ {line}".rstrip() + "\n" for line in text.splitlines()))
        self.out.flush()


def _told(finished: Finished) -> str:
    """What the job said to people: its log without the runner's commands."""
    return "\n".join(line for line in finished.log.splitlines() if not line.startswith("::"))


def _headline(finished: Finished) -> str:
    """What it said up to the first blank line."""
    return _told(finished).partition("\n\n")[0]
