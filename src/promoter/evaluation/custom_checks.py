"""Asks the user's own checks: a command of the base commit, in a process as confined as a model's.

It gets the evidence on its standard input and answers on its standard output. Unlike a model's process it
says by its exit code whether it did its work: nothing is believed because of a 0, and nothing after another.
"""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable
from contextlib import ExitStack, suppress
from dataclasses import dataclass, replace
from pathlib import Path

from promoter.core.evidence import CustomAnswer, Outcome
from promoter.core.layers import Strictness
from promoter.core.policy import CustomRule, ModelRule
from promoter.core.progress import UNTOLD, Progress, Unit
from promoter.errors import PromoterError, ReasonCode
from promoter.evaluation.custom_answers import LARGEST_ANSWER, Unanswered, read_answers
from promoter.evaluation.custom_files import CommitFiles
from promoter.evaluation.sandbox.child_process import (
    Command,
    Sandbox,
    Started,
    end_all,
    processor_seconds,
    start,
)
from promoter.evaluation.sandbox.frames import ChildGone, ChildSilent, Link
from promoter.evaluation.sandbox.problems import printed_lines
from promoter.evaluation.sandbox.scratch import scratch_folder
from promoter.ports import Repository, TimeLeft
from promoter.text import Message, quote, say

_MEMORY = 2 * 1024**3
_THREADS = 2
# Beyond it is a signal's number, as a shell tells it.
_KILLED = 128


@dataclass(frozen=True, kw_only=True)
class LocalCustomChecks:
    """Runs commands on this machine. Their files come from the repository."""

    repository: Repository
    deadline: TimeLeft
    log: Callable[[Message], None]
    progress: Progress = UNTOLD

    def ask(self, rule: ModelRule, evidence: str, *, commit: str) -> tuple[CustomAnswer, ...]:
        """See `ports.CustomChecks`. Raises DEADLINE_EXCEEDED, CHECK_UNAVAILABLE where the sandbox is not
        whole and has to be, and what reading the files raises."""
        files = CommitFiles(repository=self.repository, commit=commit)
        strictness = rule.unsafe_sandbox
        return tuple(
            answer
            for one in rule.checks.custom
            for answer in self._answers(one, evidence, files=files, strictness=strictness)
        )

    def _answers(
        self, rule: CustomRule, evidence: str, *, files: CommitFiles, strictness: Strictness
    ) -> tuple[CustomAnswer, ...]:
        self._require_time(rule)
        self.log(say("asking the custom check ", quote(rule.name)))
        with scratch_folder("promoter-custom-") as scratch:
            (scratch / "work").mkdir(mode=0o700)
            try:
                words = files.put(rule, scratch / "work")
            except Unanswered as problem:
                return (_unusable(rule, problem.message),)
            seconds = processor_seconds(min(rule.timeout_seconds, self.deadline.remaining()))
            sandbox = Sandbox(strictness=strictness, processor_seconds=seconds)
            command = Command(words=words, memory=_MEMORY, threads=_THREADS, sandbox=sandbox)
            with self.progress.step(say("the custom check ", quote(rule.name)), unit=Unit.TIME):
                return self._run(rule, command, evidence=evidence.encode(), scratch=scratch)

    def _run(
        self, rule: CustomRule, command: Command, *, evidence: bytes, scratch: Path
    ) -> tuple[CustomAnswer, ...]:
        end = time.monotonic() + min(rule.timeout_seconds, self.deadline.remaining())
        with ExitStack() as stack:
            started = start(command, scratch=scratch)
            stack.callback(end_all, started)
            link = Link(started.ends)
            stack.callback(link.close)
            try:
                answers = read_answers(rule.name, _exchange(started, link, evidence=evidence, end=end))
            except (ChildSilent, subprocess.TimeoutExpired):
                self._require_time(rule)
                why = say(f"it did not finish within {rule.timeout_seconds:g} s")
                answers = (_unusable(rule, _with_printed(why, link.printed())),)
            except Unanswered as problem:
                answers = (_unusable(rule, _with_printed(problem.message, link.printed())),)
        return (replace(answers[0], sandbox=started.confinement.found), *answers[1:])

    def _require_time(self, rule: CustomRule) -> None:
        if self.deadline.remaining() <= 0:
            raise PromoterError(
                ReasonCode.DEADLINE_EXCEEDED,
                say("the run's deadline was reached at the custom check ", quote(rule.name)),
                hint=say("Raise the `deadline` input, or make the check faster. Nothing was decided."),
            )


def _unusable(rule: CustomRule, why: Message) -> CustomAnswer:
    message = say("it gave no usable answer: ", *why.parts)
    return CustomAnswer(name=rule.name, outcome=Outcome.ERROR, message=message)


def _exchange(started: Started, link: Link, *, evidence: bytes, end: float) -> bytearray:
    """All that the command writes, once it has ended well."""
    # A command need not read the evidence.
    with suppress(ChildGone):
        link.send(evidence, end=end)
    link.stop_asking()
    answer = link.receive_rest(LARGEST_ANSWER + 1, end=end)
    if len(answer) <= LARGEST_ANSWER:
        code = started.process.wait(timeout=max(0.0, end - time.monotonic()))
        if code != 0:
            raise Unanswered(_ended_with(code))
    return answer


def _ended_with(code: int) -> Message:
    if code < 0 or code > _KILLED:
        return say(f"it was killed by signal {-code if code < 0 else code - _KILLED}")
    return say(f"it ended with exit code {code}")


def _with_printed(why: Message, printed: str) -> Message:
    lines = printed_lines(printed)
    return say(*why.parts, "; it printed ", *lines) if lines else why
