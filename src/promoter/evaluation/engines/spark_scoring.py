"""Have models answer all rows of a table in the cluster, and learn what their answers mean."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import Enum, auto

from promoter.evaluation.engines import spark_sql as sql
from promoter.evaluation.engines.spark_counts import scored_view
from promoter.evaluation.engines.spark_errors import Refused, failed_query, model_problem
from promoter.evaluation.engines.spark_models import ClusterModel, Predictor, Workbench
from promoter.evaluation.engines.spark_readings import SCORED, Form, Looker
from promoter.evaluation.engines.spark_table import VIEW
from promoter.evaluation.sandbox.problems import ModelProblem
from promoter.evaluation.tallies import Asked
from promoter.text import Message, say


class Role(Enum):
    """Their order is the order in which models are asked."""

    CHALLENGER = auto()
    CHAMPION = auto()
    REFERENCE = auto()


@dataclass(frozen=True, kw_only=True)
class Scoring:
    """Which models to score, and what came of it: `forms` of those that answered every row, `problems` of the
    others."""

    bench: Workbench
    models: Mapping[Role, ClusterModel]
    asked: Asked
    log: Callable[[Message], None]
    predictors: dict[Role, Predictor] = field(default_factory=dict)
    forms: dict[Role, Form] = field(default_factory=dict)
    problems: dict[Role, Message] = field(default_factory=dict)

    def run(self) -> None:
        """Try every model; then have those that answer score all rows, and again without one that fails,
        until none does. Without the challenger there is nothing to score for.

        Raises CHECK_UNAVAILABLE, DEADLINE_EXCEEDED.
        """
        for role, model in self.models.items():
            with self._blaming(role):
                self.predictors[role] = self.bench.predictor(model, function=f"promoter_{role.name.lower()}")
        self.bench.refuse_shared_modules(self.predictors.values())
        while Role.CHALLENGER in self.predictors:
            self._score()
            failed = self.predictors.keys() & self.problems.keys()
            if not failed:
                return
            for role in failed:
                del self.predictors[role]

    def _score(self) -> None:
        roles, rows = list(self.predictors), self.bench.table.data.rows
        self.log(say(f"scoring {len(roles)} model(s) on {rows:,} rows in Spark"))
        self._view(roles)
        for role in roles:
            with self._blaming(role):
                self.forms[role] = self._form(role)

    def _form(self, role: Role) -> Form:
        looker = Looker(cluster=self.bench.cluster, meaning=self.asked.meaning, scored=self.asked.scored)
        predictor, rows = self.predictors[role], self.bench.table.data.rows
        try:
            return looker.form(predictor, column=column_of(role), rows=rows)
        except Refused as refused:
            if not refused.is_of_model:
                raise
        # Rows are scored by all models at once: whose error it was shows where each is asked alone.
        try:
            self._view([role])
            return looker.form(predictor, column=column_of(role), rows=rows)
        finally:
            self._view(list(self.predictors))

    def _view(self, roles: list[Role]) -> None:
        models = [self.predictors[role] for role in roles]
        called = sql.numbered([f"{model.function}({model.asked})" for model in models], "promoter_r")
        given = {
            column_of(role): model.numbers(f"promoter_r{at}")
            for at, (role, model) in enumerate(zip(roles, models, strict=True))
        }
        columns = scored_view(self.bench.table, self.asked, called=given)
        try:
            self.bench.cluster.do(
                "view",
                name=SCORED,
                sql=f"SELECT {columns} FROM (SELECT *, {called} FROM {VIEW})",
                is_kept=True,
            )
        except Refused as refused:
            raise failed_query(refused) from refused

    @contextmanager
    def _blaming(self, role: Role) -> Iterator[None]:
        """What a model is at fault for is told of it, and ends nothing else."""
        try:
            yield
        except ModelProblem as problem:
            self.problems[role] = problem.message
        except Refused as refused:
            if not refused.is_of_model:
                raise failed_query(refused) from refused
            self.problems[role] = model_problem(refused).message


def column_of(role: Role) -> str:
    """Where the view has a role's predictions."""
    return f"p_{role.name.lower()}"
