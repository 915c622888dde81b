"""What charts are drawn of in tests: values as evaluation makes them, and whole reports with them."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from functools import partial

from promoter.core.pictures import Confusion, Flip, Pictures, Point, Residuals, ScoreCurves, Scores
from promoter.core.report import Report
from promoter.errors import ReasonCode
from promoter.text import say
from tests.builders import a_report, a_request
from tests.unit.render import reports

_STEPS = 60


def _curve(at: Callable[[float], float]) -> tuple[Point, ...]:
    return tuple((step / _STEPS, at(step / _STEPS)) for step in range(_STEPS + 1))


def some_curves(skill: float) -> ScoreCurves:
    """Of a model as good as `skill`, from 1 (chance) down to 0."""
    return ScoreCurves(
        roc=_curve(lambda x: x**skill),
        precision_recall=_curve(lambda x: 1 - 0.7 * x ** (1 / skill)),
        calibration=tuple((0.05 + bin_ / 10, (0.05 + bin_ / 10) ** (1 + skill)) for bin_ in range(10)),
        calibration_rows=(500, 300, 180, 120, 90, 80, 80, 90, 100, 60),
    )


some_scores = partial(
    replace, Scores(positive="Yes", share=0.2375, challenger=some_curves(0.25), champion=some_curves(0.4))
)
two_classes = partial(
    replace,
    Confusion(
        labels=("No", "Yes"),
        challenger=((1100, 120), (90, 290)),
        champion=((1080, 140), (120, 260)),
    ),
)
some_residuals = partial(
    replace,
    Residuals(
        edges=tuple(-50.0 + 5 * edge for edge in range(21)),
        challenger=tuple(round(200 * math.exp(-(((edge - 9.5) / 2.4) ** 2))) for edge in range(20)),
        champion=tuple(round(170 * math.exp(-(((edge - 11) / 3.2) ** 2))) for edge in range(20)),
    ),
)
some_pictures = partial(
    replace,
    Pictures(
        confusion=two_classes(),
        scores=some_scores(),
        flips=tuple(
            Flip(row=17 * row + 3, identity=f"C-{row:05}", truth="Yes", challenger="No") for row in range(10)
        ),
    ),
)


def classes(number: int, *, names: tuple[str, ...] = ()) -> Confusion:
    """So many classes, most rows predicted right."""
    challenger = tuple(
        tuple(
            300 + 40 * (row % 5) if row == column else (7 * row + 13 * column) % 60
            for column in range(number)
        )
        for row in range(number)
    )
    champion = tuple(
        tuple(
            280 + 30 * (row % 4) if row == column else (11 * row + 5 * column) % 70
            for column in range(number)
        )
        for row in range(number)
    )
    labels = (*names, *(f"class {one}" for one in range(len(names), number)))
    return Confusion(labels=labels[:number], challenger=challenger, champion=champion)


def with_pictures(report: Report, pictures: Pictures) -> Report:
    """The same report, and something to draw in its one request."""
    (request,) = report.requests
    assert request.evidence is not None
    assert request.evidence.measurement is not None
    measurement = replace(request.evidence.measurement, pictures=pictures)
    evidence = replace(request.evidence, measurement=measurement)
    return replace(report, requests=(replace(request, evidence=evidence),))


def binary() -> Report:
    """Everything two classes have; ready to promote."""
    return with_pictures(reports.measured(), some_pictures())


def rejected() -> Report:
    """The same, clearly worse for a slice and worth less."""
    return with_pictures(reports.measured_rejected(), some_pictures())


def first() -> Report:
    """No champion to draw beside."""
    alone = some_pictures(confusion=two_classes(champion=None), scores=some_scores(champion=None), flips=())
    return with_pictures(reports.measured_first(), alone)


def multiclass() -> Report:
    """Five classes, one with a long name, one with wide letters."""
    names = ("cat", "dog", "a very long class label, and longer", "鳥の分類と名前", "fish")
    return with_pictures(reports.measured(), Pictures(confusion=classes(5, names=names)))


def regression() -> Report:
    """Residuals; amounts below zero."""
    return with_pictures(reports.measured_predictions(), Pictures(residuals=some_residuals()))


def many(total: int = 20) -> Report:
    """So many requests, each with everything to draw, a few of them rejected."""
    good, bad = binary().requests[0], rejected().requests[0]
    requests = tuple(
        replace(
            bad if number % 7 == 3 else good,
            request=a_request(model=f"model-{number:03}", path=f"promotions/model-{number:03}/champion.yaml"),
        )
        for number in range(1, total + 1)
    )
    return a_report(
        reason=ReasonCode.CHECKS_FAILED, message=say(f"some of {total} requests failed"), requests=requests
    )


DRAWN: dict[str, Callable[[], Report]] = {
    "binary": binary,
    "rejected": rejected,
    "first": first,
    "multiclass": multiclass,
    "regression": regression,
    "twenty": many,
}
