"""How often a validate and an apply ask GitHub and the registry, beside the least: `make bench`.

    calls_against_minimum.py [--show]

Counted by the GitHub stand-in, and by a proxy before a real MLflow server. The least is one call for each
thing that has to be known or written, listed below; what GraphQL could tell together counts once. `--show`
prints every request.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from promoter.demo.job import Finished
from promoter.errors import ExitCode
from tests.e2e.house import House, housed
from tests.mlflow_server import serving
from tests.proxy import Proxy, proxied

_PULL = "the pull request with its files, reviews, commits, comments and its base's tip"
_JUDGED = (
    "who holds the alias",
    "the champion",
    "the champion's run",
    "the challenger",
    "the challenger's run",
    "the challenger's files",
)
# Every line is one call that nobody can do without; GitHub's depend on one another from top to bottom.
LEAST = {
    ("validate", "GitHub"): (
        _PULL,
        "the paths at the head",
        "the paths at the tip",
        "policy and requests, as they are written at both",
        "what the request's file held before, and the file that was reviewed",
        "the commit that both have",
        "who pushed what, and when",
        "what the approver may do",
        "the comment is written",
    ),
    ("validate", "registry"): _JUDGED,
    ("apply", "GitHub"): (
        "the branch's tip and the commits it stood at",
        "the paths at the tip",
        "policy and requests, as they are written",
        "what the request's file held before, and the file that was reviewed",
        "whose pull requests brought these commits, with their files, reviews, commits and comments",
        "the commit that both have",
        "what the approver may do",
        "the comment is written",
    ),
    ("apply", "registry"): (
        *_JUDGED,
        "who holds the alias, just before it is moved",
        "the alias is moved",
        "who holds it now",
        # MLflow takes one a call
        *(f"tag {number} of 12 is written" for number in range(1, 13)),
        "the report is kept beside the run",
        "the evidence is kept beside the run",
    ),
}
_ID = re.compile(r"[0-9a-f]{32,40}|churn-[0-9a-f]{10}")


@dataclass(frozen=True, kw_only=True)
class Counted:
    """What one run asked one server: method and address of each request."""

    run: str
    server: str
    requests: Sequence[str]

    def __str__(self) -> str:
        least = len(LEAST[self.run, self.server])
        return (
            f"{self.run:<10}{self.server:<10}{len(self.requests):>6}{least:>10}"
            f"{len(self.requests) / least:>8.2f} x"
        )


def counted(house: House, proxy: Proxy) -> list[Counted]:
    """A validate of one request that was approved, and the apply of its merge."""
    house.adopt(house.version(0.80))
    number = house.ask_for(house.version(0.85))
    house.approve(number)
    found: list[Counted] = []

    def note(run: str, finished: Finished) -> None:
        if finished.exit_code is not ExitCode.DONE:
            raise RuntimeError(f"{run} ended with {finished.exit_code}:\n{finished.log}")
        asked = [f"{one.method} {one.target}" for one in house.standin.requests]
        found.append(Counted(run=run, server="GitHub", requests=asked))
        found.append(Counted(run=run, server="registry", requests=lines_of(proxy)))

    forget(house, proxy)
    note("validate", house.validate(number))
    push = house.merge(number)
    forget(house, proxy)
    note("apply", house.apply(push))
    return found


def forget(house: House, proxy: Proxy) -> None:
    """What the scene itself asked does not count."""
    house.standin.requests.clear()
    proxy.lines()


def lines_of(proxy: Proxy) -> list[str]:
    """Every request with its query, and starts counting anew."""
    seen = [request.line for request in proxy.seen]
    proxy.lines()
    return seen


def report(found: Sequence[Counted], *, shown: str) -> str:
    """The table, with every request below its line where `shown` is not empty."""
    lines = [f"{'run':<10}{'server':<10}{'calls':>6}{'least':>10}{'ratio':>10}"]
    for one in found:
        lines.append(str(one))
        if shown:
            lines += [f"    {_ID.sub('…', request)}" for request in one.requests]
    return "\n".join(lines)


def main(folder: Path, *, shown: str) -> None:
    """Count and print."""
    (folder / "mlflow").mkdir()
    with (
        serving(folder / "mlflow") as server,
        proxied(server.url) as proxy,
        housed(folder, server.url) as house,
    ):
        house.registry = proxy.url
        found = counted(house, proxy)
    sys.stdout.write(report(found, shown=shown) + "\n")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--show", action="store_const", const="requests", default="")
    with TemporaryDirectory(prefix="promoter-bench-", ignore_cleanup_errors=True) as temporary:
        main(Path(temporary), shown=parser.parse_args().show)
