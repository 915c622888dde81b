"""Run what `docs/tour.md` shows, in order: a clone, a real registry, and GitHub's stand-in.

Blocks of the document that do something:

- `console`: lines that begin with `$ ` are commands (`promoter` and `git`), the others what they print;
- `python`: what a notebook does to the registry; `client` is an `MlflowClient`, and
  `train` stands for a training;
- `diff`: changes of the file in its first line, apart by `@@`, found by the lines that they keep and remove;
- `github`: what people do on the site, one sentence a line, and the jobs that follow; other lines are what
  the job before them prints.

In what is printed `…` stands for anything, alone on a line for any lines, and dates, times and commits for
any others. `<!-- now: 2026-03-02T12:00:00Z -->` gives the moment at which it is reached that name.
"""

from __future__ import annotations

import io
import re
import shlex
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import chdir, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from markdown_it import MarkdownIt
from mlflow import MlflowClient

from promoter import cli
from promoter.demo.github.events import pull_request_event, push_event, schedule_event
from promoter.demo.github.model import (
    WORKFLOW_GRANTS,
    Permission,
    Push,
    Repository,
    ReviewState,
    Token,
    TokenKind,
    UserKind,
)
from promoter.demo.github.server import Standin, serve
from promoter.demo.github.show_repository import Json
from promoter.demo.github.world import World
from promoter.demo.job import Finished, Trigger, run_job
from promoter.errors import ExitCode
from tests.builders import a_signature
from tests.mlflow_server import serving
from tests.registry_worlds import mlmodel_text

TOUR = Path(__file__).parents[2] / "docs" / "tour.md"
KINDS = ("console", "python", "diff", "github")
GITHUB, REGISTRY = "https://github.com", "https://mlflow.example.com"
_JOB_TOKEN, _DORAS_TOKEN, _APPS_TOKEN = "tour-job-token", "tour-token-of-dora", "tour-token-of-an-app"
_GRANTS = {**WORKFLOW_GRANTS, "contents": "write"}
_NOW = re.compile(r"<!-- now: (\S+) -->")
# A moment of its own in histories whose times are in whole seconds.
_A_MOMENT = 1.1


@dataclass(frozen=True, kw_only=True)
class Step:
    """One thing to do, where it stands, and what it prints (empty: that is not shown)."""

    kind: str
    line: int
    asked: str
    expected: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Printed:
    """What a step printed, in the document's addresses."""

    step: Step
    text: str

    @property
    def is_as_shown(self) -> bool:
        """Whether the document shows it as it is."""
        return not self.step.expected or pattern(self.step.expected).fullmatch(plain(self.text)) is not None


# --- reading ---------------------------------------------------------------------------------------


def steps(text: str) -> Iterator[Step]:
    """Everything that the document does, in order."""
    for token in MarkdownIt().parse(text):
        line = (token.map or [0])[0] + 1
        if token.type == "html_block" and (found := _NOW.fullmatch(token.content.strip())):
            yield Step(kind="now", line=line, asked=found[1])
        elif token.type == "fence" and token.info in KINDS:
            yield from _SPLIT[token.info](token.content, line + 1)


def _python(content: str, line: int) -> Iterator[Step]:
    yield Step(kind="python", line=line, asked=content)


def _diff(content: str, line: int) -> Iterator[Step]:
    yield Step(kind="diff", line=line, asked=content)


def _commands(content: str, line: int) -> Iterator[Step]:
    return _split(content, line, kind="console", is_asked=lambda one: one.startswith("$ "))


def _sentences(content: str, line: int) -> Iterator[Step]:
    return _split(content, line, kind="github", is_asked=lambda one: any(e.fullmatch(one) for e in SENTENCES))


_SPLIT: dict[str, Callable[[str, int], Iterator[Step]]] = {
    "console": _commands,
    "python": _python,
    "diff": _diff,
    "github": _sentences,
}


def _split(content: str, line: int, *, kind: str, is_asked: Callable[[str], bool]) -> Iterator[Step]:
    lines = content.rstrip("\n").split("\n")
    starts = [at for at, one in enumerate(lines) if is_asked(one)]
    if not starts or starts[0] != 0:
        raise ValueError(f"line {line} of the tour begins with nothing that can be done: {lines[0]}")
    for start, end in zip(starts, [*starts[1:], len(lines)], strict=True):
        shown = tuple(plain("\n".join(lines[start + 1 : end])).split("\n")) if end > start + 1 else ()
        yield Step(kind=kind, line=line + start, asked=lines[start].removeprefix("$ "), expected=shown)


def plain(text: str) -> str:
    """Without white space at the ends of lines, and without empty lines around it."""
    return "\n".join(line.rstrip() for line in text.split("\n")).strip("\n")


_ANY = re.compile(
    r"…|\d{4}-\d\d-\d\d(?:[ T]\d\d:\d\d(?::\d\d)?)?|\b\d\d:\d\d(?::\d\d)?\b"
    r"|\b(?=[a-f]*\d)(?=\d*[a-f])[0-9a-f]{7,64}\b"
)


def pattern(expected: tuple[str, ...]) -> re.Pattern[str]:
    """What the shown lines stand for."""
    found = ""
    for at, line in enumerate(expected):
        is_last = at == len(expected) - 1
        if line.strip() == "…":
            found += r"(?:.*(?:\n|\Z))*?" if not is_last else r"(?:.|\n)*"
        else:
            found += _line(line) + ("" if is_last else r"\n")
    return re.compile(found)


def _line(line: str) -> str:
    end, found = 0, ""
    for match in _ANY.finditer(line):
        found += re.escape(line[end : match.start()]) + _kind(match[0])
        end = match.end()
    return found + re.escape(line[end:])


def _kind(shown: str) -> str:
    if shown == "…":
        return ".*?"
    if re.match(r"\d{4}-|\d\d:", shown):
        return re.sub(r"\d", r"\\d", re.escape(shown).replace("\\-", "-"))
    return f"[0-9a-f]{{{len(shown)}}}"


# --- doing -----------------------------------------------------------------------------------------


@dataclass
class Tour:
    """dora works in a clone, alice reviews on the site; `folder` is where the clones are."""

    folder: Path
    world: World
    standin: Standin
    client: MlflowClient
    registry: str
    directory: Path = field(init=False)
    pushes: list[Push] = field(default_factory=list)
    moments: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.directory = self.folder

    def do(self, step: Step) -> Printed:
        """Do it; raises where the tour cannot go on."""
        done = {
            "console": self._type,
            "python": self._run,
            "diff": self._edit,
            "github": self._click,
            "now": self._name_now,
        }
        text = done[step.kind](step.asked)
        text = text.replace(self.standin.web_url, GITHUB).replace(self.registry, REGISTRY)
        return Printed(step=step, text=text)

    def _name_now(self, name: str) -> str:
        time.sleep(_A_MOMENT)
        self.moments[name] = datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
        time.sleep(_A_MOMENT)
        return ""

    def _run(self, code: str) -> str:
        exec(compile(code, str(TOUR), "exec"), {"client": self.client, "train": self.train})
        return ""

    def train(self, model: str, **metrics: float) -> None:
        """Log a run with these metrics and a model's files, and register it as the next version."""
        run = self.client.create_run("0")
        for name, value in metrics.items():
            self.client.log_metric(run.info.run_id, name, value)
        self.client.log_text(run.info.run_id, mlmodel_text(a_signature()), "model/MLmodel")
        self.client.set_terminated(run.info.run_id)
        if not self.client.search_registered_models(f"name = '{model}'"):
            self.client.create_registered_model(model)
        source = f"{run.info.artifact_uri}/model"
        self.client.create_model_version(model, source, run.info.run_id, await_creation_for=0)

    def _edit(self, change: str) -> str:
        name, _, hunks = change.partition("\n")
        file = self.directory / name.removeprefix("--- ")
        for hunk in hunks.split("@@\n"):
            lines = hunk.splitlines(keepends=True)
            before, after = ("".join(one[1:] for one in lines if one[0] in kept) for kept in (" -", " +"))
            text = file.read_text(encoding="utf-8")
            assert text.count(before) == 1, f"{file.name} does not hold once:\n{before}"
            file.write_text(text.replace(before, after), encoding="utf-8")
        return ""

    # --- terminal ----------------------------------------------------------------------------------

    def _type(self, line: str) -> str:
        for name, moment in self.moments.items():
            line = line.replace(name, moment)
        words = shlex.split(line, comments=True)
        program, *arguments = words
        if program == "cd":
            self.directory = self.directory / arguments[0]
            return ""
        return {"git": self._git, "promoter": self._promoter}[program](arguments)

    def _git(self, arguments: list[str]) -> str:
        finished = subprocess.run(
            ["git", *arguments],
            cwd=self.directory,
            env=self._environ(),
            capture_output=True,
            text=True,
            check=False,
        )
        if finished.returncode:
            raise AssertionError(f"git {shlex.join(arguments)}: {finished.stderr}")
        return finished.stdout

    def _promoter(self, arguments: list[str]) -> str:
        out = io.StringIO()
        terminal = cli.Terminal(environ=self._environ(), out=out, err=out)
        with chdir(self.directory):
            exit_code = cli.run([word.replace(REGISTRY, self.registry) for word in arguments], terminal)
        return _decided(out.getvalue(), exit_code)

    def _environ(self) -> dict[str, str]:
        return {
            "PATH": "/usr/local/bin:/usr/bin:/bin",
            "HOME": str(self.folder),
            "GIT_CONFIG_GLOBAL": str(self.folder / "gitconfig"),
            "GIT_CONFIG_NOSYSTEM": "1",
            "MLFLOW_TRACKING_URI": self.registry,
            "GITHUB_TOKEN": _DORAS_TOKEN,
            "GITHUB_REPOSITORY": self.world.repository.full_name,
            "GITHUB_API_URL": self.standin.api_url,
            "GITHUB_SERVER_URL": self.standin.web_url,
        }

    # --- site and jobs -----------------------------------------------------------------------------

    def _click(self, sentence: str) -> str:
        for form, act in SENTENCES.items():
            if found := form.fullmatch(sentence):
                return act(self, *found.groups())
        raise ValueError(sentence)

    def opens(self, who: str, number: str, branch: str) -> str:
        """A person opens a pull request from a branch that was pushed."""
        title = self.world.git.commit(self.world.tip(branch) or "").message.split("\n")[0]
        opened = self.world.open_pull_request(branch, author=who, title=title)
        assert opened.number == int(number), f"it is #{opened.number}"
        return ""

    def approves(self, who: str, number: str) -> str:
        """A person approves what the head holds now."""
        self.world.review(int(number), who, state=ReviewState.APPROVED)
        return ""

    def merges(self, who: str, number: str) -> str:
        """A person merges."""
        self.pushes.append(self.world.merge(int(number), by=who))
        return ""

    def validates(self, number: str) -> str:
        """The job of a pull request's event."""
        payload = pull_request_event(self.standin.view, int(number), action="opened")
        head = self.world.pulls[int(number)].head_sha
        return self._job("pull_request", payload, ref=f"refs/pull/{number}/merge", commit=head)

    def applies(self) -> str:
        """The job of the last merge's push."""
        push = self.pushes[-1]
        return self._job("push", push_event(self.standin.view, push), ref=push.ref, commit=push.after)

    def looks(self) -> str:
        """The scheduled drift job."""
        payload = schedule_event(self.standin.view, schedule="0 6 * * *")
        return self._job("schedule", payload, ref="refs/heads/main", commit=self.world.tip("main") or "")

    def proposes(self) -> str:
        """The scheduled propose job."""
        payload = schedule_event(self.standin.view, schedule="0 * * * *")
        tip = self.world.tip("main") or ""
        return self._job(
            "schedule",
            payload,
            ref="refs/heads/main",
            commit=tip,
            **{"command": "propose", "github-token": _APPS_TOKEN},
        )

    def _job(self, name: str, payload: Json, *, ref: str, commit: str, **inputs: str) -> str:
        trigger = Trigger(name=name, payload=payload, ref=ref, commit=commit)
        given = {"github-token": _JOB_TOKEN, "tracking-uri": self.registry, **inputs}
        finished = run_job(self.standin, trigger, folder=self.folder, inputs=given)
        return _decided(_told(finished), finished.exit_code)


def _decided(text: str, exit_code: ExitCode) -> str:
    """What was printed, where that is an answer: the page shows no command that goes wrong."""
    assert exit_code in {ExitCode.DONE, ExitCode.NO}, text
    return text


def _told(finished: Finished) -> str:
    """What the job said to people: its log without the runner's commands."""
    return "\n".join(line for line in finished.log.splitlines() if not line.startswith("::"))


SENTENCES: dict[re.Pattern[str], Callable[..., str]] = {
    re.compile(r"(\w+) opens pull request #(\d+) from (\S+)"): Tour.opens,
    re.compile(r"(\w+) approves #(\d+)"): Tour.approves,
    re.compile(r"(\w+) merges #(\d+)"): Tour.merges,
    re.compile(r"Promoter validates #(\d+)"): Tour.validates,
    re.compile(r"Promoter applies"): Tour.applies,
    re.compile(r"Promoter looks for drift"): Tour.looks,
    re.compile(r"Promoter proposes"): Tour.proposes,
}


@contextmanager
def touring(folder: Path) -> Iterator[Tour]:
    """A team with an empty repository, and a registry with nothing in it."""
    (folder / "mlflow").mkdir()
    world = World.create(folder / "github" / "acme" / "models", Repository(owner="acme", name="models"))
    dora = world.add_user("dora", Permission.WRITE)
    world.add_user("alice", Permission.MAINTAIN)
    world.add_workflow_token(_JOB_TOKEN, grants=_GRANTS)
    world.add_user("acme-promoter[bot]", Permission.WRITE, kind=UserKind.BOT)
    world.tokens[_APPS_TOKEN] = Token(login="acme-promoter[bot]", kind=TokenKind.INSTALLATION, grants=_GRANTS)
    world.add_token(_DORAS_TOKEN, "dora", grants=_GRANTS)
    world.commit("main", {"README.md": b"# Models\n"}, author="dora", message="Start")
    (folder / "gitconfig").write_text(
        f'[user]\n\tname = dora\n\temail = {dora.email}\n[url "{folder}/github/"]\n\tinsteadOf = {GITHUB}/\n'
        "[safe]\n\tdirectory = *\n[advice]\n\tdetachedHead = false\n",
        encoding="utf-8",
    )
    with serving(folder / "mlflow") as registry, serve(world) as standin:
        client = MlflowClient(tracking_uri=registry.url, registry_uri=registry.url)
        yield Tour(folder=folder, world=world, standin=standin, client=client, registry=registry.url)


def main() -> None:
    """Show what every step prints, for whoever writes the document."""
    with TemporaryDirectory() as name, touring(Path(name)) as tour:
        for step in steps(TOUR.read_text(encoding="utf-8")):
            began = time.monotonic()
            printed = tour.do(step)
            mark = "" if printed.is_as_shown else "   <-- differs"
            sys.stdout.write(
                f"\n--- line {step.line}, {time.monotonic() - began:.1f} s: {step.asked}{mark}\n"
            )
            sys.stdout.write(printed.text + "\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main()
