from __future__ import annotations

import math

import pytest

from promoter.core.measurement import Measurement, ReferenceMeasurement, SecondOpinion
from promoter.render.opinions import opinions
from promoter.text import quote
from tests.builders import a_measured_evidence, a_measurement, a_model_run, an_estimate, an_evidence
from tests.unit.render.reports import good_request

METHOD = "exact McNemar"


def told(measurement: Measurement | None) -> list[str]:
    found = an_evidence() if measurement is None else a_measured_evidence(measurement=measurement)
    return [str(one) for one in opinions(good_request(evidence=found))]


def holding(*asked: SecondOpinion) -> Measurement:
    return a_measurement(estimates={"f1_score": an_estimate(opinions=asked)})


@pytest.mark.parametrize(
    ("p_value", "size"),
    [(0.0123, "1.23 %"), (1.0, "100 %"), (0.00001, "less than 0.01 %"), (0.0, "less than 0.01 %")],
)
def test_a_p_value_is_told_as_what_it_says(p_value: float, size: str) -> None:
    assert told(holding(SecondOpinion(method=METHOD, p_value=p_value))) == [
        f"`f1_score`, exact McNemar: between models that are equally good, chance makes such a difference in "
        f"{size} of cases (two-sided p-value)."
    ]


def test_an_interval_is_told_with_its_level() -> None:
    assert told(holding(SecondOpinion(method="DeLong", lower=-0.0029, upper=0.0401))) == [
        "`f1_score`, DeLong: the true change lies in [\u22120.0029, 0.0401], with 90 % confidence."
    ]


@pytest.mark.parametrize(
    "nothing",
    [
        SecondOpinion(method=METHOD),
        SecondOpinion(method=METHOD, p_value=math.nan),
        SecondOpinion(method=METHOD, lower=0.1),
        SecondOpinion(method=METHOD, lower=0.1, upper=math.inf),
    ],
)
def test_what_has_no_figure_says_nothing(nothing: SecondOpinion) -> None:
    assert told(holding(nothing)) == []


def test_nothing_measured_no_opinion() -> None:
    assert told(None) == []
    assert told(a_measurement()) == []


def test_those_on_the_reference_say_so_and_names_stay_text_from_outside() -> None:
    estimate = an_estimate(opinions=(SecondOpinion(method=METHOD, p_value=0.5),))
    reference = ReferenceMeasurement(version="`3", run=a_model_run(), estimates={"f1_score": estimate})
    found = a_measured_evidence(measurement=a_measurement(reference=reference))
    (message,) = opinions(good_request(evidence=found))
    assert message.parts[:3] == (quote("f1_score"), " against version ", quote("`3"))
