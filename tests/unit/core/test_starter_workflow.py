"""The workflows that init writes are the examples, filled in."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from promoter.cli_init import COMMANDS, templates
from promoter.core.doctor_workflow import read_workflow, uses
from promoter.core.starter_workflow import PLACEHOLDER, Setting, is_action, is_shown, workflow_text

EXAMPLES = Path(__file__).parents[3] / "examples" / "workflows"
ACTION = f"acme/promoter@{'a' * 40}"


@pytest.mark.parametrize("command", COMMANDS)
def test_the_package_carries_the_examples(command: str) -> None:
    assert templates()[command] == (EXAMPLES / f"{command}.yml").read_text(encoding="utf-8")


@pytest.mark.parametrize("command", COMMANDS)
def test_filled_in(command: str) -> None:
    setting = Setting(
        branch="trunk",
        action=ACTION,
        tracking_uri="https://mlflow.acme.example/team",
        registry_uri="databricks-uc",
        given={"policy": "rules/p.yaml", "requests": "models/**/*.yaml"},
    )
    text = workflow_text(templates()[command], setting)
    workflow = read_workflow(text.encode(), path="w.yml")
    assert workflow is not None
    (use,) = uses((workflow,))
    assert use.step.uses.split(" ")[0] == ACTION
    assert use.step.given["policy"] == "rules/p.yaml"
    assert use.step.given["requests"] == "models/**/*.yaml"
    assert command in use.commands
    assert "          MLFLOW_TRACKING_URI: https://mlflow.acme.example/team\n" in text
    assert "          MLFLOW_REGISTRY_URI: databricks-uc\n" in text
    assert PLACEHOLDER.partition("@")[0] not in text
    assert ('branches: ["trunk"]' in text) == (command == "apply")
    assert "branches: [main]" not in text


@pytest.mark.parametrize("command", COMMANDS)
def test_as_it_is(command: str) -> None:
    assert workflow_text(templates()[command], Setting(branch="main")) == templates()[command]


@pytest.mark.parametrize(
    "address",
    [
        "https://user:secret@mlflow.example",
        "https://mlflow.example/?token=secret",
        "https://mlflow.example/${{ secrets.X }}",
        "https://mlflow.example/\nx: y",
        "sqlite:////home/me/mlflow.db",
        "postgresql://u:p@db/mlflow",
        "",
    ],
)
def test_an_address_that_must_not_be_shown_is_left_to_a_variable(address: str) -> None:
    assert not is_shown(address)
    text = workflow_text(
        templates()["apply"], Setting(branch="main", tracking_uri=address, registry_uri=address)
    )
    assert "MLFLOW_TRACKING_URI: ${{ vars.MLFLOW_TRACKING_URI }}\n" in text
    assert ("MLFLOW_REGISTRY_URI: ${{ vars.MLFLOW_REGISTRY_URI }}\n" in text) == bool(address)
    assert "secret@" not in text


@pytest.mark.parametrize(
    ("reference", "fits"),
    [
        (ACTION, True),
        ("acme/tools/promoter@v1", True),
        ("acme/promoter", False),
        ("a b/c@d", False),
        ("./promoter", False),
        ("acme/promoter@x # y", False),
        ("acme/promoter@${{ x }}", False),
    ],
)
def test_actions(reference: str, fits: bool) -> None:
    assert is_action(reference) == fits


@pytest.mark.parametrize("branch", ["weird, name", "3.10", "true", "null", "0x1f", "release/1", "è"])
def test_a_branch_is_that_branch_whatever_yaml_would_read(branch: str) -> None:
    text = workflow_text(templates()["apply"], Setting(branch=branch))
    # YAML 1.1 has the key `on` for a truth value.
    assert yaml.safe_load(text)[True]["push"]["branches"] == [branch]
