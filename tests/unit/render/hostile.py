"""Text from outside at its worst, put into every field that can hold such text."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import count

from promoter.core.approval import ApprovalState, Refusal
from promoter.core.differences import Difference, Part
from promoter.core.evidence import CheckResult, Outcome
from promoter.core.measurement import Measurement, ModelRun, ReferenceMeasurement, SecondOpinion
from promoter.core.pictures import Confusion, Flip, Pictures
from promoter.core.plan import Step
from promoter.core.report import Phase, Report, RequestReport
from promoter.core.verdict import Verdict
from promoter.errors import ReasonCode
from promoter.text import quote, say
from tests.builders import (
    a_check_result,
    a_comparison,
    a_dataset,
    a_logged_model,
    a_measurement,
    a_metric_result,
    a_model_run,
    a_model_version,
    a_problem,
    a_report,
    a_request,
    a_request_report,
    a_run,
    a_slice,
    a_value,
    an_estimate,
    an_evidence,
    some_data,
)
from tests.unit.render.pictures import some_pictures, some_scores

Text = Callable[[], str]

_FRAGMENTS = (
    *"`|<>[]()*_~#@!&$\\:;%=+-./?'\"{}^",
    *("``", "```", "`````````", "`" * 90, "~~~", "\\|", "\\\\|", "\\`", "`|`", "| a | b |", "|---|"),
    *("\n", "\r", "\r\n", "\t", "\x00", "\x1b[31m", "\x7f", "\x85", "\u2028", "\u2029", "\v", "\f", "\xa0"),
    *("\u202e", "\u2066", "\u200b", "\u200d", "\ufeff", "\xad", "\ud800", "\U000e0041", "e\u0301\u0301"),
    *("@octocat", "@org/team", "#1", "GH-1", "owner/repo#1", "Fixes #2", "a" * 40, ":tada:", "$x$", "&#64;a"),
    *("https://evil.example/x", "www.evil.example", "mailto:a@b.example", "[a](https://evil.example)"),
    *("![a](https://evil.example/p.png)", "<img src=x onerror=alert(1)>", "<script>alert(1)</script>"),
    *(
        "<!--",
        "-->",
        "</details>",
        "<details open>",
        "</summary>",
        "</sub>",
        "</td></tr></table>",
        "<a href=x>",
    ),
    *(
        "# heading",
        "\n# heading",
        "\n\n---\n",
        "\n===",
        "> quote",
        "\n- item",
        "\n1. item",
        "    code",
        "\n```\n",
    ),
    *(
        "::error::x",
        "::add-mask::champion",
        "::stop-commands::t",
        "##[error]x",
        "##[add-mask]a",
        ":::",
        "::::",
    ),
    *("%0A::error::x", "%3A%3Aerror%3A%3A", "\n::set-output name=decision::promote", "##", "[group]", ": :"),
    *(
        "\u0441hampion",
        "١٢",
        "😀",
        "👩‍🔬",
        "漢字",
        "עברית",
        "ffi",
        "model",
        "v 7",
        "<!-- promoter x -->",
        "../../..",
        "//",
    ),
)


def hostile_texts(number: int, *, seed: int) -> Iterator[str]:
    """That many strings, most of them several tricks in a row; none empty, none a plain number."""
    dice = random.Random(seed)
    for _ in range(number):
        pieces = dice.choices(_FRAGMENTS, k=dice.randint(1, 6))
        yield (
            dice.choice(("", " ", "\n"))
            + dice.choice(("", "", " ", "\n")).join(pieces)
            + dice.choice(("", " "))
        )


def harmless_texts() -> Text:
    """Words that no channel has to escape, each another one."""
    numbers = count(1)
    return lambda: f"harmless{next(numbers)}"


def everywhere(text: Text) -> tuple[Report, ...]:
    """Reports of fixed structure in which every text from outside is one that `text` gives."""
    ready = _request(text, reason=ReasonCode.VALIDATED)
    refused = _request(text, reason=ReasonCode.CHECKS_FAILED)
    waiting = _request(text, reason=ReasonCode.APPROVAL_SELF)
    fields = {"policy_path": text(), "notes": (say("a note on ", quote(text())),)}
    return (
        a_report(reason=ReasonCode.VALIDATED, requests=(ready,), **fields),
        a_report(reason=ReasonCode.CHECKS_FAILED, requests=(refused, _unjudged(text), ready), **fields),
        a_report(phase=Phase.APPLY, reason=ReasonCode.APPROVAL_SELF, requests=(waiting,), **fields),
        a_report(phase=Phase.APPLY, reason=ReasonCode.APPLIED, requests=(_applied(text),), **fields),
        _invalid(text),
    )


def _request(text: Text, *, reason: ReasonCode) -> RequestReport:
    verdict = Verdict.REJECT if reason is ReasonCode.CHECKS_FAILED else Verdict.PROMOTE
    outcome = Outcome.FAILED if verdict is Verdict.REJECT else Outcome.PASSED
    reference = text()
    run = a_run(
        run_id=text(),
        experiment_id=text(),
        status=text(),
        git_commit=text(),
        datasets=(a_dataset(name=text(), digest=text(), context=text()),),
    )
    version = a_model_version(
        model=text(),
        version=text(),
        status=text(),
        source=text(),
        description=text(),
        run_id=text(),
        run=run,
        logged_model=a_logged_model(model_id=text()),
    )
    asked = a_request(path=text(), model=text(), alias=text(), version=text(), reason=text())
    return a_request_report(
        request=asked,
        reason=reason,
        message=say("because ", quote(text())),
        hint=say("do ", quote(text())),
        step=Step.PROMOTE,
        now=text(),
        verdict=verdict,
        results=(
            *_results(text, outcome),
            *_results(text, Outcome.WARNED),
            *_drawn(outcome, f"{text()} against version {reference}"),
            a_check_result(check="custom", subject=text(), outcome=outcome, message=say(quote(text()))),
        ),
        evidence=an_evidence(
            challenger=version,
            champion=replace(version, version=text()),
            measurement=_measurement(text, reason=reason, reference=reference),
        ),
        approval=ApprovalState(
            needed=1, counted=(text(), text()), refused=((text(), Refusal.STALE), (text(), Refusal.AUTHOR))
        ),
        notes=(say("noted: ", quote(text())),),
        differences=tuple(_differences(text)),
        # Of our own making: a number, and an alias that requests may name.
        logged="promoter/12-champion",
    )


def _differences(text: Text) -> Iterator[Difference]:
    for part in Part:
        for champion, challenger in ((text(), text()), (None, text()), (text(), None)):
            yield Difference(part=part, name=text(), champion=champion, challenger=challenger)


def _measurement(text: Text, *, reason: ReasonCode, reference: str) -> Measurement:
    challenger = _run(text) if reason is ReasonCode.CHECKS_FAILED else a_model_run(environment=text())
    return a_measurement(
        data=some_data(name=text(), digest=text(), columns=(text(), text())),
        challenger=challenger,
        champion=_run(text),
        reference=ReferenceMeasurement(version=reference, run=_run(text)),
        estimates={text(): an_estimate(metric=text(), method=text(), opinions=(_OPINION,))},
        slices=(a_slice(values=((text(), text()),), estimates={text(): an_estimate(metric=text())}),),
        value=a_value(unit=text()),
        pictures=_pictures(text),
    )


def _pictures(text: Text) -> Pictures:
    """Everything that is drawn or listed with text from outside in it."""
    counts = ((5, 1, 1), (2, 4, 1), (1, 1, 6))
    return some_pictures(
        confusion=Confusion(labels=(text(), text(), text()), challenger=counts, champion=counts),
        scores=some_scores(positive=text()),
        flips=(Flip(row=3, identity=text(), truth=text(), challenger=text()),),
    )


_OPINION = SecondOpinion(method="exact McNemar", p_value=0.01, lower=0.01, upper=0.05)


def _drawn(outcome: Outcome, beside: str) -> Iterator[CheckResult]:
    """A figure of ours, which charts may name, and one that is compared with the reference."""
    for name in ("f1_score", beside):
        shown = a_comparison(name=name, source="measured", lower=-0.01, upper=0.07, least=-0.01)
        yield a_metric_result(subject=name, outcome=outcome, message=say(quote(name)), comparison=shown)


def _run(text: Text) -> ModelRun:
    return a_model_run(environment=text(), problem=say("it does not load: ", quote(text())))


def _measured(text: Text, outcome: Outcome) -> tuple[CheckResult, ...]:
    """A metric that was measured, and a slice with its values."""
    metric = a_comparison(name=text(), source="measured", lower=0.01, upper=0.05, rows=1_600)
    part = replace(metric, name=f"{text()}={text()}, {text()}={text()} · {text()}")
    like = a_metric_result(
        subject=metric.name, outcome=outcome, message=say(quote(metric.name)), comparison=metric
    )
    sliced = replace(like, check="slices", subject=part.name, message=say(quote(part.name)), comparison=part)
    return like, sliced


def _results(text: Text, outcome: Outcome) -> tuple[CheckResult, ...]:
    comparison = a_comparison(name=text(), source=text())
    return (
        a_check_result(check=text(), subject=text(), outcome=outcome, message=say("found ", quote(text()))),
        a_metric_result(subject=text(), outcome=outcome, message=say(quote(text())), comparison=comparison),
        *_measured(text, outcome),
    )


def _unjudged(text: Text) -> RequestReport:
    return RequestReport(
        request=a_request(path=text(), model=text(), alias=text(), version=text(), reason=text()),
        reason=ReasonCode.MODEL_NOT_FOUND,
        message=say(quote(text()), " is not there"),
    )


def _applied(text: Text) -> RequestReport:
    return replace(_request(text, reason=ReasonCode.VALIDATED), reason=ReasonCode.APPLIED)


def _invalid(text: Text) -> Report:
    problems = (
        a_problem(path=text(), found=say("found ", quote(text())), write=say("write ", quote(text()))),
        a_problem(path=text(), found=say(quote(text()), " is wrong"), write=say("nothing helps")),
    )
    return a_report(
        reason=ReasonCode.REQUEST_INVALID,
        message=say("it holds ", quote(text())),
        hint=say("try ", quote(text())),
        requests=(),
        problems=problems,
    )
