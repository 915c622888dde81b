"""What Spark refuses, in words of ours: whose fault it is decides whether there is a verdict."""

from __future__ import annotations

import re
from dataclasses import dataclass

from promoter.errors import PromoterError, ReasonCode
from promoter.evaluation.sandbox.problems import ModelProblem, printed_lines
from promoter.text import Message, quote, say

_RAISED = re.compile(r"^(?:[A-Za-z_]\w*\.)*[A-Za-z_]\w*(?:Error|Exception|Exit|Interrupt)\b.*$", re.MULTILINE)
_NO_SUCH_TYPE = "did not produce any values compatible with the requested type"
_MISSING = frozenset(
    {"TABLE_OR_VIEW_NOT_FOUND", "PATH_NOT_FOUND", "DELTA_TABLE_NOT_FOUND", "SCHEMA_NOT_FOUND"}
)
_LONGEST = 1_000
_INSTALL = "Install it with `pip install 'promoter[spark]'`, or use an image that has it (docs/spark.md)."


@dataclass(kw_only=True, eq=False)
class Refused(Exception):
    """An error of Spark's or MLflow's, which whoever asked turns into one of ours: its kind, Spark's name for
    its condition (empty where it has none), and its text."""

    kind: str
    condition: str
    text: str

    @property
    def is_of_model(self) -> bool:
        """Whether Python that ran on the cluster raised it, which there is the models' alone."""
        return self.kind == "PythonException"

    @property
    def is_no_number(self) -> bool:
        """Whether a model was asked for numbers, and predicts none."""
        return self.is_of_model and _NO_SUCH_TYPE in self.text

    @property
    def is_missing(self) -> bool:
        """Whether what was to be read is not there."""
        return self.condition.partition(".")[0] in _MISSING


def model_problem(refused: Refused) -> ModelProblem:
    """A model's own error, without the rows that MLflow's may quote."""
    text = refused.text
    if "Failed to enforce schema of data" in text:
        said = text.rpartition("Error: ")[2].splitlines()[0]
    else:
        said = (_RAISED.findall(text) or text.strip().splitlines() or [""])[-1]
    return ModelProblem(
        say("it raised ", quote(said[:_LONGEST])),
        hint=say("Load it and predict by hand, with the cluster's Python and the same columns."),
    )


def refused_session(refused: Refused) -> PromoterError:
    """A session that does not open: nothing is known of any model."""
    return PromoterError(
        ReasonCode.CHECK_UNAVAILABLE,
        say("Spark gave no session: ", *_brief(refused).parts),
        hint=say(
            "Nothing was decided. See that the address in SPARK_REMOTE is right, its token valid and the "
            "cluster up, and that its Spark is not older than ours; without SPARK_REMOTE, that Java 17 or "
            "newer runs here."
        ),
    )


def unreadable(refused: Refused, *, data: str) -> PromoterError:
    """Data that Spark cannot read."""
    if refused.is_missing:
        return PromoterError(
            ReasonCode.DATA_UNAVAILABLE,
            say("Spark finds no ", quote(data)),
            hint=say(
                "Correct `data` in the policy, or let the identity that runs on the cluster see the table: "
                "what it may not see is not there."
            ),
        )
    return PromoterError(
        ReasonCode.DATA_UNAVAILABLE,
        say("Spark cannot read ", quote(data), ": ", *_brief(refused).parts),
        hint=say("Read it by hand on the same cluster, as the identity that this job has there."),
    )


def failed_query(refused: Refused) -> PromoterError:
    """A query that failed, and no model is at fault."""
    return PromoterError(
        ReasonCode.CHECK_UNAVAILABLE,
        say("Spark failed while it counted: ", *_brief(refused).parts),
        hint=say("Nothing was decided. Look at the cluster's own log for this time, and run the job again."),
    )


def shared_module(module: str) -> PromoterError:
    """Two models' code of one name in one process: which of the two runs is a matter of chance."""
    return PromoterError(
        ReasonCode.CHECK_UNAVAILABLE,
        say("the models bring different modules named ", quote(module), ", and one process runs both"),
        hint=say(
            "Nothing was decided. Start the cluster with `spark.python.worker.reuse=false`, so that every "
            "model has processes of its own, or write `engine: local`."
        ),
    )


def lost(printed: str) -> PromoterError:
    """The process that holds the session is gone."""
    said = printed_lines(printed)
    return PromoterError(
        ReasonCode.CHECK_UNAVAILABLE,
        say("the process that talks to Spark ended", *((": ", *said) if said else ())),
        hint=say("Nothing was decided. See that the machine has memory to spare for Java, and run again."),
    )


def not_installed(missing: str) -> PromoterError:
    """Promoter without Spark."""
    return PromoterError(
        ReasonCode.USAGE_INVALID,
        say("the policy has `engine: spark`, and this is not installed: ", quote(missing)),
        hint=say(_INSTALL),
    )


def no_java() -> PromoterError:
    """A session of this machine, and nothing to run it."""
    return PromoterError(
        ReasonCode.USAGE_INVALID,
        say("the policy has `engine: spark`, SPARK_REMOTE names no cluster, and there is no Java here"),
        hint=say(
            "Set SPARK_REMOTE to your cluster's address, such as `sc://spark.example:15002`; for Spark on "
            "this machine install Java 17 or newer, and set JAVA_HOME where `java` is not on the PATH."
        ),
    )


def _brief(refused: Refused) -> Message:
    first = next((line for line in refused.text.splitlines() if line.strip()), refused.kind)
    return say(quote(first.strip()[:_LONGEST]))
