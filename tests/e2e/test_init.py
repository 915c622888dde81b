"""`promoter init` in a real clone against a real MLflow server: adopted, merged, and nothing left to do."""

from __future__ import annotations

import io
import json
import os
import pty
import re
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from uuid import uuid4

import pytest
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException

from promoter.cli import Terminal, run
from promoter.core.policy_file import parse_policy
from promoter.core.request_file import parse_request
from promoter.errors import ExitCode
from tests.e2e.house import House
from tests.git_clone import GitClone
from tests.mlflow_server import MlflowServer

pytestmark = pytest.mark.integration

POLICY = ".github/promotion-policy.yaml"
ROOT = Path(__file__).parents[2]
RULES = {
    POLICY,
    ".github/promoter/promotion-policy.schema.json",
    ".github/promoter/promotion-request.schema.json",
    *(f".github/workflows/promoter-{name}.yml" for name in ("validate", "apply", "drift")),
}


@dataclass
class Desk:
    """A person in an empty clone, with the session's registry; models are made with `model()`."""

    clone: GitClone
    client: MlflowClient
    url: str
    prefix: str = field(default_factory=lambda: f"m{uuid4().hex[:8]}")
    out: str = ""
    err: str = ""

    def model(self, name: str, metrics: dict[str, float], **aliases: str) -> str:
        """A registered model with two versions of the same metrics; its aliases. Its whole name."""
        whole = f"{self.prefix}-{name}"
        self.client.create_registered_model(whole)
        for _ in range(2):
            logged = self.client.create_run("0")
            for key, value in metrics.items():
                self.client.log_metric(logged.info.run_id, key, value)
            self.client.set_terminated(logged.info.run_id)
            self.client.create_model_version(
                whole,
                source=f"{logged.info.artifact_uri}/model",
                run_id=logged.info.run_id,
                description="A description that is long enough for every policy there is.",
            )
        for alias, version in aliases.items():
            self.client.set_registered_model_alias(whole, alias, version)
        return whole

    def type(self, *arguments: str, url: str | None = None) -> ExitCode:
        """Run one command in the clone."""
        environ = {"PATH": os.environ["PATH"], "MLFLOW_TRACKING_URI": self.url if url is None else url}
        out, err = io.StringIO(), io.StringIO()
        code = run(
            [*arguments, "--directory", str(self.clone.folder)],
            Terminal(environ=environ, out=out, err=err),
        )
        self.out, self.err = out.getvalue(), err.getvalue()
        return code

    def init(self, *arguments: str) -> ExitCode:
        """`promoter init` of this test's own models."""
        return self.type("init", "--models", f"{self.prefix}*", *arguments)

    def files(self) -> dict[str, bytes]:
        """Everything in the working tree."""
        folder = self.clone.folder
        return {
            path.relative_to(folder).as_posix(): path.read_bytes()
            for path in folder.rglob("*")
            if path.is_file() and ".git" not in path.relative_to(folder).parts
        }

    def commit(self, *paths: str) -> None:
        """Commit some files to main."""
        self.clone.git("add", "--", *paths)
        self.clone.git("commit", "-q", "-m", "Merged")


@pytest.fixture
def desk(tmp_path: Path, mlflow_server: MlflowServer) -> Desk:
    client = MlflowClient(tracking_uri=mlflow_server.url, registry_uri=mlflow_server.url)
    return Desk(GitClone(tmp_path / "clone"), client, mlflow_server.url)


def test_an_empty_repository_adopts_what_the_registry_holds(desk: Desk) -> None:
    churn = desk.model("churn", {"val_f1_score": 0.8, "loss_of_mine": 1.0}, champion="2", shadow="1")
    prices = desk.model("prices", {"rmse": 3.0}, champion="1")
    assert desk.init("--yes") == ExitCode.DONE, desk.err
    files = desk.files()
    requests = {
        f"promotions/{churn}/champion.yaml": (churn, "champion", "2"),
        f"promotions/{churn}/shadow.yaml": (churn, "shadow", "1"),
        f"promotions/{prices}/champion.yaml": (prices, "champion", "1"),
    }
    assert files.keys() == RULES | requests.keys()
    for path, (model, alias, version) in requests.items():
        found = parse_request(files[path], path=path)
        assert (found.model, found.alias, found.version) == (model, alias, version)
        first = files[path].decode().splitlines()[0]
        schema = re.fullmatch(r"# yaml-language-server: \$schema=(.+)", first)
        assert schema is not None
        assert (desk.clone.folder / path).parent.joinpath(schema[1]).resolve().is_file()
    policy = parse_policy(files[POLICY], path=POLICY)
    assert policy.approvals.minimum == 1
    rule = policy.rule_for(churn)
    assert rule is not None
    assert rule.task == "binary_classification"
    assert [(one.name, one.greater_is_better) for one in rule.checks.metrics] == [("val_f1_score", True)]
    assert (rule.checks.metrics[0].threshold, rule.checks.metrics[0].max_absolute_degradation) == (None, 0.0)
    for name in ("validate", "apply", "drift"):
        assert (
            f"MLFLOW_TRACKING_URI: {desk.url}\n" in files[f".github/workflows/promoter-{name}.yml"].decode()
        )
    assert "Two pull requests" in desk.out


def test_prompts_are_adopted_beside_models_and_what_comes_of_it_validates(desk: Desk) -> None:
    model = desk.model("churn", {"val_f1_score": 0.8}, champion="2")
    prompt = f"{desk.prefix}-greeting"
    for text in ("Hello {{name}}", "Hi {{name}}"):
        desk.client.register_prompt(prompt, text, commit_message="friendlier than it was before")
    desk.client.set_prompt_alias(prompt, "production", 2)
    desk.client.register_prompt(f"{desk.prefix}-bare", "x")
    assert desk.init("--yes", "--prompts", f"{desk.prefix}*") == ExitCode.DONE, desk.err
    assert "Put 2 aliases of the registry into files" in desk.out
    assert "1 prompt(s) hold no alias" in desk.out
    made = desk.files()
    path = f"promotions/{prompt}/production.yaml"
    text = made[path].decode()
    assert f"kind: prompt\nmodel: {prompt}\nalias: production\nversion: 2\n" in text
    assert f'  - match: "{prompt}"\n    # Guessed' in made[POLICY].decode()
    assert desk.init("--yes", "--prompts", f"{desk.prefix}*") == ExitCode.DONE
    assert desk.files() == made
    # Merged in two steps, as it says: then validate agrees, and the next version is judged.
    desk.commit(*(one for one in made if not one.startswith("promotions/")))
    assert desk.type("validate", "--base", "main", "--json") == ExitCode.DONE, desk.out
    told = {one["model"]: one["reason_code"] for one in json.loads(desk.out)["requests"]}
    assert told == {model: "already_applied", prompt: "already_applied"}
    desk.commit(path)
    desk.client.register_prompt(prompt, "Hi {{age}}", commit_message="friendlier than it was before")
    assert desk.type("request", f"prompts:/{prompt}", "3", "--alias", "production", "--json") == ExitCode.NO
    assert json.loads(desk.out)["validate"]["reason_code"] == "checks_failed"


def test_running_it_twice_changes_nothing(desk: Desk) -> None:
    desk.model("churn", {"f1_score": 0.8}, champion="2")
    desk.init("--yes")
    before = desk.files()
    assert desk.init("--yes") == ExitCode.DONE
    assert desk.files() == before
    assert desk.out.startswith("Unchanged: 1 alias ")
    assert "created" not in desk.out


def test_the_commands_it_prints_bring_it_to_main_and_validate_says_it_is_in_place(
    desk: Desk, tmp_path: Path
) -> None:
    churn = desk.model("churn", {"f1_score": 0.8}, champion="2", shadow="1")
    desk.clone.commit({"README.md": "models\n"}, "Begin")
    origin = tmp_path / "origin.git"
    desk.clone.git("clone", "-q", "--bare", ".", str(origin))
    desk.clone.git("remote", "add", "origin", str(origin))
    desk.clone.git("config", "push.default", "current")
    desk.clone.git("fetch", "-q", "origin")
    desk.clone.git("branch", "-q", "--set-upstream-to", "origin/main")
    assert desk.init("--yes", "--json") == ExitCode.DONE
    rules, requests = json.loads(desk.out)["pull_requests"]
    assert (rules["part"], requests["part"]) == ("rules", "requests")
    reached = {}
    for pull in (rules, requests):
        people = ["-c", "user.name=Ada", "-c", "user.email=ada@example.org"]
        for line in pull["commands"]:
            ready = line.replace("git commit", f"git {' '.join(people)} commit")
            subprocess.run(["bash", "-c", ready], cwd=desk.clone.folder, check=True, capture_output=True)
        desk.type("validate", "--base", "origin/main", "--json")
        told = json.loads(desk.out)
        reached[pull["part"]] = (told["reason_code"], {one["reason_code"] for one in told["requests"]})
        # Merged on GitHub
        desk.clone.git("push", "-q", "origin", "HEAD:main")
    assert reached == {
        "rules": ("policy_changed_in_pull_request", set()),
        "requests": ("already_applied", {"already_applied"}),
    }
    assert desk.init("--yes") == ExitCode.DONE
    assert (desk.out.startswith("Unchanged: 2 aliases"), "git add" in desk.out) == (True, False)
    assert desk.type("validate", "--base", "origin/main", "--json") == ExitCode.DONE
    assert json.loads(desk.out)["reason_code"] == "nothing_to_promote"
    assert desk.type("drift", "--rev", "origin/main", "--json") == ExitCode.DONE, desk.out
    assert churn in desk.out


def test_the_policy_alone_is_valid_beside_main(desk: Desk) -> None:
    desk.model("churn", {"f1_score": 0.8}, champion="2")
    desk.clone.commit({"README.md": "models\n"}, "Begin")
    assert desk.init("--yes", "--step", "policy") == ExitCode.DONE
    assert {path for path in desk.files() if path != "README.md"} == RULES
    assert desk.type("validate", "--base", "main") == ExitCode.DONE, desk.out
    assert "the policy is valid" in desk.out.casefold()


def test_merged_requests_are_already_applied(house: House, tmp_path: Path) -> None:
    house.set_alias(house.version(0.8))
    clone = GitClone(tmp_path / "clone")
    out = io.StringIO()
    terminal = Terminal(
        environ={"PATH": os.environ["PATH"], "MLFLOW_TRACKING_URI": house.registry},
        out=out,
        err=io.StringIO(),
    )
    where = ["--directory", str(clone.folder)]
    assert run(["init", "--yes", "--models", house.model, *where], terminal) == ExitCode.DONE
    path = f"promotions/{house.model}/champion.yaml"
    house.land({POLICY: (clone.folder / POLICY).read_bytes()})
    number = house.propose({path: (clone.folder / path).read_bytes()})
    assert house.validate(number).outputs["reason-code"] == "already_applied"
    house.approve(number)
    finished = house.apply(house.merge(number))
    assert (finished.exit_code, finished.outputs["reason-code"]) == (ExitCode.DONE, "already_applied")
    assert house.champion() == "1"


def test_what_is_there_is_shown_and_kept(desk: Desk) -> None:
    churn = desk.model("churn", {"f1_score": 0.8}, champion="2")
    desk.init("--yes")
    policy, request = desk.clone.folder / POLICY, desk.clone.folder / f"promotions/{churn}/champion.yaml"
    policy.write_text(policy.read_text().replace("minimum: 1 ", "minimum: 2 "))
    request.write_text(f"model: {churn}   # mine\nalias: champion\nversion: 1\n")
    before = desk.files()
    assert desk.init("--yes") == ExitCode.DONE
    assert desk.files() == before
    assert "+  minimum: 1 " in desk.err
    assert "-version: 1" in desk.err
    assert desk.out.count("kept as it is") == 2
    assert desk.init("--yes", "--force", "--dry-run") == ExitCode.DONE
    assert desk.files() == before
    assert desk.out.count("would be replaced") == 2
    assert desk.init("--force") == ExitCode.DONE
    assert desk.out.count("replaced") == 2
    assert request.read_text().startswith(f"model: {churn}   # mine\nalias: champion\nversion: 2\n")
    assert desk.init() == ExitCode.DONE
    assert desk.out.startswith("Unchanged")


def test_aliases_are_chosen_by_globs(desk: Desk) -> None:
    desk.model("churn", {"f1_score": 0.8}, champion="2", shadow="1")
    desk.model("other", {"f1_score": 0.8}, champion="2")
    code = desk.type("init", "--models", f"{desk.prefix}-ch*", "--aliases", "ch*", "--json")
    assert code == ExitCode.DONE
    told = json.loads(desk.out)
    assert told["adopted"] == 1
    requests = [one["path"] for one in told["files"] if one["part"] == "requests"]
    assert requests == [f"promotions/{desk.prefix}-churn/champion.yaml"]
    assert {one["done"] for one in told["files"]} == {"created"}


def test_a_workflow_that_runs_promoter_already_is_not_doubled(desk: Desk) -> None:
    desk.model("churn", {"f1_score": 0.8}, champion="2")
    own = (ROOT / "examples/workflows/validate.yml").read_text()
    desk.clone.commit({".github/workflows/models.yml": own}, "By hand")
    assert desk.init("--yes") == ExitCode.DONE
    assert ".github/workflows/promoter-validate.yml" not in desk.files()
    assert "`.github/workflows/models.yml` runs validate already" in desk.out


HOSTILE = (
    "<img src=x onerror=alert(1)>",
    "..%2F..%2Fescaped",
    "$(touch escaped)",
    "name\nmodel: evil",
    "ünïcödé",
    "-rf",
    "x" * 250,
    "CON",
    "MY model",
    "007",
)


def test_hostile_names_stay_in_their_folder(desk: Desk) -> None:
    made = []
    for name in HOSTILE:
        whole = f"{name}{desk.prefix[-4:]}" if name not in {"CON", "007"} else name
        try:
            desk.client.create_registered_model(whole)
        except MlflowException:
            continue
        desk.client.create_model_version(whole, source=f"s3://bucket/{uuid4().hex}")
        desk.client.set_registered_model_alias(whole, "champion", "1")
        made.append(whole)
    assert len(made) >= 8
    arguments = [f"--models={name}" for name in made]
    before = {path.name for path in desk.clone.folder.parent.iterdir()}
    assert desk.type("init", "--json", *arguments) == ExitCode.DONE, desk.err
    assert {path.name for path in desk.clone.folder.parent.iterdir()} == before
    told = json.loads(desk.out)
    adopted = [one["path"] for one in told["files"] if one["part"] == "requests"]
    assert all(re.fullmatch(r"promotions/[A-Za-z0-9._-]+/champion\.yaml", path) for path in adopted)
    assert len({path.casefold() for path in adopted}) == len(adopted)
    asked = {parse_request(desk.files()[path], path=path).model for path in adopted}
    left_out = {one["model"] for one in told["skipped"]}
    assert asked | left_out == set(made)
    assert asked == {name for name in made if re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9_. -]*", name)}
    for model in desk.client.search_registered_models(max_results=1000):
        if model.name in made:
            desk.client.delete_registered_model(model.name)


def test_no_registry_no_file(desk: Desk) -> None:
    assert desk.type("init", "--yes", "--deadline", "0.05", url="http://127.0.0.1:9") == ExitCode.UNDECIDED
    assert desk.files() == {}
    assert desk.type("init", "--yes", url="") == ExitCode.WRONG_INPUT
    assert desk.files() == {}


def test_nothing_that_fits_is_wrong_input(desk: Desk) -> None:
    assert desk.type("init", "--models", f"{desk.prefix}-none") == ExitCode.WRONG_INPUT
    assert "no alias in the registry fits" in desk.err
    assert desk.files() == {}


def test_a_broken_request_stops_it(desk: Desk) -> None:
    desk.model("churn", {"f1_score": 0.8}, champion="2")
    desk.clone.commit({"promotions/x.yaml": "modle: x\n"}, "Broken")
    assert desk.init("--yes") == ExitCode.WRONG_INPUT
    assert "promotions/x.yaml:1:1" in desk.err
    assert desk.files().keys() == {"promotions/x.yaml"}


def on_a_terminal(desk: Desk, typed: str, *arguments: str) -> tuple[int, str]:
    """The exit code and everything a pseudo-terminal showed."""
    parent, child = pty.openpty()
    command = "from promoter.cli import main; raise SystemExit(main())"
    # Without what MLflow's client, used by a test before, left there for its own children.
    environ = {name: value for name, value in os.environ.items() if not name.startswith("MLFLOW_")}
    process = subprocess.Popen(
        [sys.executable, "-c", command, "init", "--directory", str(desk.clone.folder), *arguments],
        stdin=child,
        stdout=child,
        stderr=child,
        env={**environ, "PYTHONPATH": str(ROOT / "src"), "MLFLOW_TRACKING_URI": desk.url},
    )
    os.close(child)
    os.write(parent, typed.encode())
    shown = b""
    try:
        while part := os.read(parent, 4096):
            shown += part
    except OSError:
        pass  # Linux: the other side has gone
    code = process.wait(timeout=120)
    os.close(parent)
    return code, shown.decode()


def test_it_asks_on_a_terminal(desk: Desk) -> None:
    churn = desk.model("churn", {"f1_score": 0.8}, champion="2", shadow="1")
    commit = "a" * 40
    code, shown = on_a_terminal(desk, f"{churn}\n-\nchampion\nacme/promoter@{commit}\nmaybe\ny\n")
    assert code == 0, shown
    assert "Which models? Globs, with commas; - for none [*]: " in shown
    assert "Please answer y or n." in shown
    files = desk.files()
    assert [path for path in files if path.startswith("promotions/")] == [f"promotions/{churn}/champion.yaml"]
    assert f"uses: acme/promoter@{commit}\n" in files[".github/workflows/promoter-apply.yml"].decode()
    assert "Put the release's commit here" not in files[".github/workflows/promoter-apply.yml"].decode()


def test_no_means_no(desk: Desk) -> None:
    churn = desk.model("churn", {"f1_score": 0.8}, champion="2")
    code, shown = on_a_terminal(desk, f"{churn}\n-\n\n\nn\n")
    assert (code, desk.files()) == (2, {}), shown
    assert "nothing was written, as you asked" in shown


def test_the_end_of_what_is_typed_is_no_yes(desk: Desk) -> None:
    churn = desk.model("churn", {"f1_score": 0.8}, champion="2")
    code, shown = on_a_terminal(desk, f"{churn}\n-\n\n\n\x04")
    assert (code, desk.files()) == (2, {}), shown
    assert "there was no answer" in shown
