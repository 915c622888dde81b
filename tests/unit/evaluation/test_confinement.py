"""The program around a model's process: what a command sees, what it may not, and how it ends."""

from __future__ import annotations

import json
import math
import os
import signal
import subprocess
import sys
import tempfile
import textwrap
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from promoter.core.layers import Layer, State, Strictness
from promoter.errors import PromoterError, ReasonCode
from promoter.evaluation.sandbox import confinement, identity, landlock
from promoter.evaluation.sandbox.child_process import (
    Command,
    Results,
    Sandbox,
    Started,
    cores,
    end_all,
    model_command,
    processor_seconds,
    start,
)
from promoter.evaluation.sandbox.claims import claim_user

ROOT = os.geteuid() == 0
needs_root = pytest.mark.skipif(not ROOT, reason="only root can give users away")


@contextmanager
def started(code: str, scratch: Path, **asked: object) -> Iterator[Started]:
    """Python code in the sandbox."""
    words = (sys.executable, "-I", "-S", "-c", textwrap.dedent(code))
    sandbox = Sandbox(**asked)  # type: ignore[arg-type]  # each test names fields of it
    process = start(Command(words=words, memory=2**31, threads=1, sandbox=sandbox), scratch=scratch)
    try:
        yield process
    finally:
        end_all(process)
        process.ends.close()


@dataclass(frozen=True)
class Ran:
    """What code printed to its results and to its errors, and what stood around it."""

    out: str
    errors: str
    started: Started


def run(code: str, scratch: Path, **asked: object) -> Ran:
    """Run Python code in the sandbox to its end."""
    with started(code, scratch, **asked) as process:
        out = read_all(process.ends.results)
        process.process.wait(timeout=20)
        return Ran(out, read_all(process.ends.printed), process)


def read_all(descriptor: int) -> str:
    content = b""
    while chunk := os.read(descriptor, 65536):
        content += chunk
    return content.decode()


def folder(parent: Path, name: str) -> Path:
    (parent / name).mkdir()
    return parent / name


def is_there(process: int) -> bool:
    """Whether a process is there and no zombie."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


@pytest.mark.parametrize("code", [0, 3, 255])
def test_an_exit_code_is_handed_on(code: int, tmp_path: Path) -> None:
    ran = run(f"print('here'); raise SystemExit({code})", tmp_path)
    assert ran.out == "here\n"
    assert ran.started.process.returncode == code


@pytest.mark.parametrize("sign", [6, 9, 15])
def test_a_signal_is_told_as_a_shell_does(sign: int, tmp_path: Path) -> None:
    ran = run(f"import os; os.kill(os.getpid(), {sign})", tmp_path)
    assert ran.started.process.returncode == 128 + sign


def test_an_exit_code_is_not_lost_among_those_of_orphans(tmp_path: Path) -> None:
    code = """
        import os, time
        for _ in range(10):
            if os.fork() == 0:
                time.sleep(0.05 if os.fork() else 0.1)
                os._exit(9)
        raise SystemExit(4)
        """
    assert run(code, tmp_path).started.process.returncode == 4


def test_every_layer_does_its_work_here(tmp_path: Path) -> None:
    found = run("pass", tmp_path).started.confinement
    assert found.layers == set(Layer)
    assert found.missing == {}
    own = State.HELD if ROOT else State.COVERED
    assert found.states == {layer: own if layer is Layer.OWN_USER else State.HELD for layer in Layer}
    assert (found.user is not None) == ROOT


@needs_root
def test_a_model_runs_as_a_user_of_its_own_without_groups_or_ways_up(tmp_path: Path) -> None:
    code = """
        import os
        fields = dict(line.split(":", 1) for line in open("/proc/self/status"))
        print(*{*os.getresuid(), *os.getresgid()}, os.getgroups(), fields["NoNewPrivs"].strip(),
              int(fields["CapEff"], 16) | int(fields["CapBnd"], 16))
        """
    with started(code, folder(tmp_path, "one")) as one, started(code, folder(tmp_path, "two")) as two:
        users = []
        for process in (one, two):
            user, groups, no_more, capabilities = read_all(process.ends.results).split()
            assert int(user) == process.confinement.user
            assert (groups, no_more) == ("[]", "1")
            # Reading past modes alone, and only where the interpreter lies in a folder closed to others.
            assert int(capabilities) in {0, 4}
            assert bool(int(capabilities)) == (Layer.OWN_USER in process.confinement.notes)
            users.append(int(user))
    assert users[0] != users[1]
    assert min(users) > 60_000


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    """A file that everybody may read and write."""
    file = tmp_path / "event.json"
    file.write_text("secret", encoding="utf-8")
    file.chmod(0o666)
    return file


@pytest.mark.parametrize(
    "attempt",
    [
        "open(path).read()",
        "open(path, 'a')",
        "os.remove(path)",
        "os.truncate(path, 0)",
        "os.link(path, 'mine')",
        "os.rename('work', path)",
        "os.listdir(os.path.dirname(path))",
        "os.listdir('/')",
        "open('/proc/1/environ', 'rb')",
        "open(f'/proc/{os.getppid()}/environ', 'rb')",
        "open(f'/proc/{os.getppid()}/mem', 'rb')",
        "open('/etc/passwd')",
        "open('../theirs', 'w')",
        "os.kill(os.getppid(), 9)",
        "os.kill(1, 0)",
        "__import__('socket').socket()",
        "os.execv('work', ['work'])",
    ],
)
def test_what_is_not_for_the_model_is_refused(attempt: str, secret: Path, tmp_path: Path) -> None:
    code = f"""
        import os
        path = {str(secret)!r}
        with open('work', 'w') as file:
            file.write('#!/bin/sh')
        try:
            {attempt}
        except OSError as error:
            print(error.errno in {1, 13, 18})  # not permitted, access denied, another device
        else:
            print('it works')
        """
    assert run(code, folder(tmp_path, "scratch")).out == "True\n"
    assert secret.read_text(encoding="utf-8") == "secret"


def test_what_a_model_needs_is_there(tmp_path: Path) -> None:
    code = """
        import ctypes, json, os, random, socket, subprocess, sys, tempfile, threading
        a, b = socket.socketpair()
        a.send(b"pair")
        with tempfile.TemporaryFile() as file:
            file.write(b"x")
        os.mkdir("folder"); os.rename("folder", "other"); os.symlink("other", "link")
        thread = threading.Thread(target=lambda: print("thread"))
        thread.start(); thread.join()
        print(b.recv(9), os.cpu_count() > 0, open(os.devnull).read(), len(os.urandom(4)), os.getpgid(0) > 0)
        print(subprocess.run(["/bin/sh", "-c", "echo child; cat /proc/meminfo | head -c 8"],
                             capture_output=True).stdout)
        """
    assert run(code, tmp_path).out == "thread\nb'pair' True  4 True\nb'child\\nMemTotal'\n"


def test_a_model_reads_its_files_and_not_what_lies_beside_them(tmp_path: Path) -> None:
    source = tmp_path / "download" / "version-7"
    (source / "code").mkdir(parents=True)
    (source / "code" / "m.py").write_text("code", encoding="utf-8")
    (source / "code" / "m.py").chmod(0o600)
    (tmp_path / "download" / "data.csv").write_text("labels", encoding="utf-8")
    (source / "link").symlink_to(tmp_path / "download" / "data.csv")
    code = f"""
        import os
        for path in ("../model/code/m.py", "../model/link", {str(tmp_path / "download" / "data.csv")!r}):
            try:
                print(open(path).read())
                open(path, "a")
            except OSError as error:
                print(type(error).__name__)
        """
    words = (sys.executable, "-I", "-S", "-c", textwrap.dedent(code))
    process = start(
        Command(words=words, memory=2**31, threads=1, model=source), scratch=folder(tmp_path, "scratch")
    )
    assert read_all(process.ends.results) == "code\n" + 3 * "PermissionError\n"
    end_all(process)
    process.ends.close()


def test_limits_are_set_for_good(tmp_path: Path) -> None:
    code = """
        import resource
        for name in ("NOFILE", "CORE", "FSIZE", "CPU", "DATA"):
            print(*resource.getrlimit(getattr(resource, "RLIMIT_" + name)))
        print(open("/proc/self/oom_score_adj").read())
        """
    out = run(code, tmp_path, open_files=99, disk=10**6, processor_seconds=77).out.split()
    assert out == ["99", "99", "0", "0", "1000000", "1000000", "77", "77", str(2**31), str(2**31), "1000"]


def test_a_limit_is_never_raised(tmp_path: Path) -> None:
    code = "import resource\nprint(resource.getrlimit(resource.RLIMIT_NOFILE)[1])"
    assert int(run(code, tmp_path, open_files=2**40).out) < 2**40


@pytest.mark.parametrize(
    ("code", "asked", "said"),
    [
        ("[open(f'f{n}', 'wb').write(b'x' * 9**6) for n in range(40)]", {"disk": 5 * 10**6}, "bytes of"),
        ("[open(f'f{n}', 'w') for n in range(999)]", {"files": 200}, "more than 200 files"),
        ("[(os.mkdir('d'), os.chdir('d')) for n in range(1500)]", {}, "bytes of files"),
        ("os.mkdir('d', 0o300); os.chdir('d'); open('f', 'w')", {"disk": 10**6}, "bytes of files"),
        ("b = bytearray(1 << 30); b[::4096] = b[::4096]; [os.fork() for _ in [1, 2]]; b[::4096] = b[::4096]",
         {}, "of memory"),
    ],
)  # fmt: skip
def test_what_takes_too_much_is_ended_and_told_and_nothing_is_left(
    code: str, asked: dict[str, int], said: str, tmp_path: Path
) -> None:
    if "0o300" in code and ROOT:
        said = ""  # root sees into every folder, and it is small
    begin = time.monotonic()
    ran = run(f"import os, time\n{code}\ntime.sleep({20 if said else 0})", tmp_path, **asked)
    assert time.monotonic() - begin < 15
    assert said in ran.errors
    assert ("ended by Promoter" in ran.errors) == bool(said)
    assert {path.name for path in tmp_path.rglob("*")} == {"home", "tmp", "work"}


def test_a_fork_bomb_ends_with_its_life_line(tmp_path: Path) -> None:
    code = """
        import os, time
        print("lit", flush=True)
        while True:
            try:
                os.fork()
            except OSError:
                pass
        """
    with started(code, tmp_path, processes=60) as process:
        os.read(process.ends.results, 3)
        time.sleep(0.5)
        below = confinement.descendants(process.process.pid)
        begin = time.monotonic()
    assert time.monotonic() - begin < 5
    assert len(below) > 1
    assert not [pid for pid in below if is_there(pid)]


def test_daemons_end_with_the_process(tmp_path: Path) -> None:
    code = """
        import os, time
        if os.fork() == 0:
            os.setsid()
            if os.fork() == 0:
                print(os.getpid(), flush=True)
                time.sleep(600)
            os._exit(0)
        time.sleep(600)
        """
    with started(code, tmp_path) as process:
        daemon = int(os.read(process.ends.results, 20))
        assert is_there(daemon)
    assert not is_there(daemon)


def test_a_cut_life_line_ends_a_process_that_hangs(tmp_path: Path) -> None:
    fake = tmp_path / "python"
    fake.write_text("#!/bin/sh\ntrap '' TERM\nsleep 600 &\nsleep 600\n", encoding="utf-8")
    fake.chmod(0o755)
    process = start(model_command(fake, memory=2**33, threads=1), scratch=folder(tmp_path, "scratch"))
    while len(confinement.descendants(process.process.pid)) < 3:
        time.sleep(0.01)
    alive = confinement.descendants(process.process.pid)
    begin = time.monotonic()
    end_all(process, patience=30)
    process.ends.close()
    assert time.monotonic() - begin < 10
    assert process.process.returncode == 0
    assert not [pid for pid in alive if is_there(pid)]


def test_what_the_warden_cannot_end_is_ended_from_outside(tmp_path: Path) -> None:
    """The program around it may itself be stopped or hang."""
    words = (sys.executable, "-I", "-S", "-c", "import time\ntime.sleep(600)")
    process = start(Command(words=words, memory=2**31, threads=1), scratch=tmp_path)
    alive = confinement.descendants(process.process.pid)
    assert alive
    process.process.send_signal(signal.SIGSTOP)
    end_all(process, patience=0.5)
    process.ends.close()
    assert process.process.returncode == -signal.SIGKILL
    assert not [pid for pid in alive if is_there(pid)]


def run_program(settings: Mapping[str, object], *, ends_with: int) -> tuple[str, dict[str, object]]:
    """What `echo here` prints inside, and the program's report, for settings that `start` does not make."""
    reading, life_line = os.pipe()
    telling, report = os.pipe()
    keep = os.open(os.devnull, os.O_RDONLY)
    claim = claim_user()
    whole = {
        "limits": {},
        "life_line": reading,
        "keep": keep,
        "report": report,
        "user": claim.user,
        "claim": claim.held,
        "allowed": [["/usr", landlock.RUN], ["/bin", landlock.RUN], ["/lib", landlock.RUN],
                    ["/lib64", landlock.RUN], ["/etc/ld.so.cache", landlock.READ]],
        "needed": [],
        "folders": [],
        "disk": 2**30,
        "files": 10,
        "memory": 2**30,
        "strictness": Strictness.REQUIRED.value,
    } | dict(settings)  # fmt: skip
    code = "import sys\nsys.path.append(sys.argv[1])\nfrom promoter.evaluation.sandbox import confinement\n"
    source = Path(confinement.__file__).parents[3]
    with tempfile.TemporaryFile() as file:
        file.write(json.dumps(whole).encode())
        file.seek(0)
        words = [code + "sys.exit(confinement.main(sys.argv[2:]))", str(source), str(file.fileno())]
        done = subprocess.run(
            [sys.executable, "-I", "-S", "-c", *words, "/bin/echo", "here"],
            pass_fds=[file.fileno(), reading, keep, report, *([] if claim.held is None else [claim.held])],
            capture_output=True,
            timeout=20,
            check=False,
        )
    claim.close()
    os.close(report)
    told = json.loads(read_all(telling))
    for descriptor in (reading, life_line, keep, telling):
        os.close(descriptor)
    assert done.returncode == ends_with
    return (done.stdout + done.stderr).decode(), told


def test_a_layer_that_is_missing_starts_nothing() -> None:
    out, told = run_program({"limits": {"RLIMIT_NONSENSE": 1}}, ends_with=127)
    assert out == ""
    layers = told["layers"]
    assert isinstance(layers, dict)
    assert layers["limits"][0] == "missing"
    assert "RLIMIT_NONSENSE" in layers["limits"][1]
    assert layers["Landlock"][0] == layers["seccomp"][0] == "held"


def test_best_effort_runs_with_what_there_is() -> None:
    asked = {"limits": {"RLIMIT_NONSENSE": 1}, "strictness": Strictness.BEST_EFFORT.value}
    out, told = run_program(asked, ends_with=0)
    assert out == "here\n"
    assert told["layers"]["limits"][0] == "missing"  # type: ignore[index]


@needs_root
def test_files_out_of_reach_of_another_user_leave_the_layer_missing_without_the_right_to_pass(
    tmp_path: Path,
) -> None:
    """In a container without the capability to read past modes; here with it, which the note tells."""
    (tmp_path / "closed").mkdir(mode=0o700)
    _, told = run_program({"needed": [str(tmp_path / "closed")]}, ends_with=0)
    state, note = told["layers"]["own user"]  # type: ignore[index]
    assert (state, "closed" in note) == ("held", True)


def test_where_a_layer_is_missing_the_command_is_not_run_unless_told_to(tmp_path: Path) -> None:
    """A limit that nobody may set stands for a layer that the machine lacks."""
    code = "open('was here', 'w'); print('ran')"
    with pytest.raises(PromoterError, match="limits is missing") as caught:
        run(code, folder(tmp_path, "one"), open_files=-5)
    assert caught.value.reason is ReasonCode.CHECK_UNAVAILABLE
    ran = run(code, folder(tmp_path, "two"), open_files=-5, strictness=Strictness.BEST_EFFORT)
    assert ran.out == "ran\n"
    assert ran.started.confinement.layers == set(Layer) - {Layer.LIMITS}


def test_descendants_are_found_through_every_generation() -> None:
    code = "import os, time\nif not os.fork():\n    os.fork()\ntime.sleep(600)"
    process = subprocess.Popen([sys.executable, "-IS", "-c", code])
    while len(confinement.descendants(process.pid)) < 2:
        time.sleep(0.01)
    assert process.pid in confinement.descendants(os.getpid())
    confinement.kill_descendants(process.pid, seconds=5)
    assert confinement.descendants(process.pid) == []
    process.kill()
    process.wait()
    assert confinement.descendants(process.pid) == []


@pytest.mark.parametrize("user", [0, 1000, 60_000])
def test_no_other_users_processes_are_ever_killed(user: int) -> None:
    with pytest.raises(ValueError, match="no user of a model"):
        confinement.kill_user(user)


def test_results_by_number_come_on_their_own_pipe(tmp_path: Path) -> None:
    code = "import os, sys\nprint('printed')\nos.write(int(sys.argv[1]), b'result')"
    words = (sys.executable, "-I", "-S", "-c", code)
    command = Command(words=words, memory=2**31, threads=1, results=Results.DESCRIPTOR)
    process = start(command, scratch=tmp_path)
    assert read_all(process.ends.results) == "result"
    end_all(process)
    assert read_all(process.ends.printed) == "printed\n"
    process.ends.close()


@pytest.mark.parametrize("left", [0.0, 0.5, 60.0, 1e9, math.inf])
def test_the_kernels_limit_of_time_never_ends_a_process_before_the_clock_does(left: float) -> None:
    """However many threads it has, and never more than a day on every processor."""
    seconds = processor_seconds(left)
    assert min(left, 86_400) * cores() < seconds <= (86_400 + 1) * cores()


@pytest.mark.parametrize(
    ("state", "threads", "alive"),
    [("R", 1, True), ("S", 4, True), ("T", 1, True), ("Z", 1, False), ("Z", 2, True), ("X", 1, False)],
)
def test_a_process_is_alive_while_any_of_its_threads_is(state: str, threads: int, alive: bool) -> None:
    assert identity.is_alive(state, threads=threads) is alive


def test_one_whose_first_thread_has_ended_is_found_and_ended() -> None:
    """It looks like a zombie, and its other threads go on."""
    code = """
        import ctypes, threading, time
        threading.Thread(target=time.sleep, args=(600,)).start()
        ctypes.CDLL(None).pthread_exit(None)
        """
    process = subprocess.Popen([sys.executable, "-IS", "-c", textwrap.dedent(code)])
    stat = Path(f"/proc/{process.pid}/stat")
    while stat.read_text().rpartition(")")[2].split()[0] != "Z":
        time.sleep(0.01)
    assert process.pid in confinement.descendants(os.getpid())
    assert process.pid in dict(identity.users())
    process.kill()
    process.wait()
