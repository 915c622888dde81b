from __future__ import annotations

from promoter.core.policy import CustomRule, Severity
from promoter.core.policy_file import parse_policy
from tests.corpus_files import CORPUS


def test_every_key_of_a_check_of_the_users_own_is_read() -> None:
    data = (CORPUS / "policy" / "valid" / "custom.yaml").read_bytes()
    (rule,) = parse_policy(data, path="p.yaml").models
    assert rule.checks.custom == (
        CustomRule(
            name="fairness",
            command=("python", "checks/fairness.py"),
            files=(),
            timeout_seconds=60.0,
            severity=Severity.FAIL,
        ),
        CustomRule(
            name="b_2",
            command=("./checks/run", "-c", "0.1", 'a "quoted" word; $HOME | *', "--x=y", "ü"),
            files=("checks/**/*.py", "data/limits.json", "**"),
            timeout_seconds=0.5,
            severity=Severity.WARN,
        ),
    )
