"""A person at a shell: keys are typed into a terminal of its own, Tab among them."""

from __future__ import annotations

import json
import os
import pty
import select
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

# Asks the real thing what may follow, and writes down that it did, and whatever else it is started with.
_STUB = """\
#!{python} -I
import json, os, subprocess, sys
if sys.argv[1:2] == ["completion"]:
    subprocess.run([sys.executable, "-P", "-m", "promoter", *sys.argv[1:]])
    with open({answered!r}, "a") as file:
        file.write(".")
else:
    with open({started!r} + "~", "w") as file:
        json.dump(sys.argv[1:], file)
    os.replace({started!r} + "~", {started!r})
"""
# A shell that edits lines wants the terminal to be its own.
_OWN_TERMINAL = """\
import fcntl, os, sys, termios
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
os.execv(sys.argv[1], sys.argv[1:])
"""
PATIENCE = 30.0


@dataclass(frozen=True, kw_only=True)
class Shell:
    """How an interactive shell is started: with `lines` in its start `file`, and nothing its user set up.

    `knows_streams`: it completes the file behind `>` by itself, and asks no script.
    """

    name: str
    arguments: tuple[str, ...]
    file: str
    lines: str
    knows_streams: bool = True


SHELLS = (
    Shell(
        name="bash",
        arguments=("--noprofile", "--rcfile", "{home}/rc", "-i"),
        file="rc",
        lines='eval "$(promoter completion bash)"\n',
        knows_streams=False,
    ),
    Shell(
        name="zsh",
        arguments=("-d", "-i"),
        file=".zshrc",
        lines='autoload -U compinit; compinit -u -D; eval "$(promoter completion zsh)"\n',
    ),
    Shell(
        name="fish",
        arguments=("-i", "-C", "promoter completion fish | source"),
        file=".config/fish/config.fish",
        lines="set -g fish_greeting\n",
    ),
)


@dataclass(frozen=True, kw_only=True)
class Keyboard:
    """A shell that waits for keys. `started` holds what `promoter` was started with, `answered` a dot for
    each time a script asked it what may follow."""

    terminal: int
    started: Path
    answered: Path

    def type(self, keys: str, *, patience: float = PATIENCE) -> list[str]:
        """What `promoter` is started with once the keys and Enter were typed; nothing when it was not.

        `patience` is how many seconds a Tab may take until the script has asked.
        """
        self.started.unlink(missing_ok=True)
        for part in keys.replace("\t", "\t\0").split("\0"):
            before = self._answers()
            os.write(self.terminal, part.encode())
            if part.endswith("\t"):
                self._wait(lambda before=before: self._answers() > before, patience)  # type: ignore[misc]
            self.read()
        os.write(self.terminal, b"\r")
        self._wait(self.started.exists)
        self.read()
        found: list[str] = json.loads(self.started.read_text("utf-8")) if self.started.exists() else []
        return found

    def read(self, pause: float = 0.2) -> None:
        """Read what is shown until nothing comes for a while."""
        while select.select([self.terminal], [], [], pause)[0]:
            os.read(self.terminal, 65_536)

    def _answers(self) -> int:
        return self.answered.stat().st_size

    def _wait(self, is_there: Callable[[], bool], patience: float = PATIENCE) -> None:
        until = time.monotonic() + patience
        while not is_there() and time.monotonic() < until:
            self.read(0.05)


@contextmanager
def keyboard(shell: Shell, program: str, *, home: Path, folder: Path) -> Iterator[Keyboard]:
    """The shell in `folder`, with an empty `home`; it ends with the context."""
    stub, started, answered = home / "bin" / "promoter", home / "started.json", home / "answered"
    stub.parent.mkdir(parents=True)
    answered.touch()
    text = _STUB.format(python=sys.executable, started=str(started), answered=str(answered))
    stub.write_text(text, encoding="utf-8")
    stub.chmod(0o755)
    (home / shell.file).parent.mkdir(parents=True, exist_ok=True)
    (home / shell.file).write_text(f"cd {shlex.quote(str(folder))}\n{shell.lines}", encoding="utf-8")
    environ = {
        "PATH": f"{stub.parent}:{os.environ['PATH']}",
        "HOME": str(home),
        "ZDOTDIR": str(home),
        "TERM": "xterm",
        "PYTHONPATH": os.pathsep.join(path for path in sys.path if path),
        "LANG": "C.UTF-8",
    }
    arguments = [one.format(home=home) for one in shell.arguments]
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-I", "-c", _OWN_TERMINAL, program, *arguments],
        stdin=theirs, stdout=theirs, stderr=theirs, env=environ, start_new_session=True,
    )  # fmt: skip
    os.close(theirs)
    try:
        found = Keyboard(terminal=ours, started=started, answered=answered)
        found.type("promoter --version")  # its start is over when this was run
        yield found
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        os.close(ours)
