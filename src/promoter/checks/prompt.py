"""`prompt`: what the template of a prompt version holds, alone and beside the champion's."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator

from promoter.core.bounded_pattern import LONGEST_VALUE
from promoter.core.evidence import CheckResult, Evidence, Outcome
from promoter.core.model_version import ModelVersion
from promoter.core.prompt import Prompt
from promoter.core.prompt_rules import PromptRule, Variables
from promoter.text import Message, Part, quote, say

ID = "prompt"
VARIABLES = "variables"
RESPONSE_FORMAT = "response_format"
_LENGTH = "max_length"
_REQUIRED = "required_text"
_FORBIDDEN = "forbidden_text"
# What has to follow a match in a piece that the text goes on after: `$` matches at the end and before a last
# line break, `\b` at the end, and there the end is none.
_BEYOND = 2
_STEP = LONGEST_VALUE // 2 - _BEYOND
_NAMED = 10


def run(rule: PromptRule, evidence: Evidence) -> tuple[CheckResult, ...]:
    """One result for each thing asked for, and for each pattern; its subject is the policy's key."""
    asked = evidence.challenger.prompt
    if asked is None:
        return (_result("", Outcome.ERROR, message=say("the challenger is no version of a prompt")),)
    return tuple(_judge(rule, asked, champion=evidence.champion))


def _judge(rule: PromptRule, asked: Prompt, *, champion: ModelVersion | None) -> Iterator[CheckResult]:
    held = champion.prompt if champion is not None else None
    if rule.variables is not None:
        yield _variables(rule.variables, asked, held=held) if held else _alone(VARIABLES, champion)
    if rule.max_length is not None:
        yield _length(rule.max_length, asked)
    for pattern in rule.required_text:
        yield _required(pattern, asked)
    for pattern in rule.forbidden_text:
        yield _forbidden(pattern, asked)
    if rule.response_format is not None:
        yield _response_format(asked, held=held) if held else _alone(RESPONSE_FORMAT, champion)


def _variables(rule: Variables, asked: Prompt, *, held: Prompt) -> CheckResult:
    logic = asked.logic or held.logic
    if logic:
        message = say(
            "a template with ", quote(logic), " may need any variable, which its text does not tell"
        )
        return _result(VARIABLES, Outcome.INCONCLUSIVE, message=message)
    added = sorted(asked.variables - held.variables)
    gone = sorted(held.variables - asked.variables)
    wrong: list[Part] = []
    if added:
        wrong += ["the champion has no ", *_names(added), ", so its callers do not fill that"]
    if gone and rule is Variables.SAME:
        wrong += ["; " if wrong else "", "the challenger no longer uses ", *_names(gone)]
    if wrong:
        return _result(VARIABLES, Outcome.FAILED, message=say(*wrong))
    if not asked.variables:
        return _result(VARIABLES, Outcome.PASSED, message=say("the challenger needs no variable"))
    message = say("whoever calls the champion fills ", *_names(sorted(asked.variables)))
    return _result(VARIABLES, Outcome.PASSED, message=message)


def _length(most: int, asked: Prompt) -> CheckResult:
    message = say(f"the template has {asked.length:,} characters, the policy allows {most:,}")
    return _result(_LENGTH, Outcome.PASSED if asked.length <= most else Outcome.FAILED, message=message)


def _required(pattern: re.Pattern[str], asked: Prompt) -> CheckResult:
    shown = quote(pattern.pattern)
    if _find(pattern, asked) is None:
        return _result(_REQUIRED, Outcome.FAILED, message=say(shown, " is not found in the template"))
    return _result(_REQUIRED, Outcome.PASSED, message=say(shown, " is found in the template"))


def _forbidden(pattern: re.Pattern[str], asked: Prompt) -> CheckResult:
    shown, found = quote(pattern.pattern), _find(pattern, asked)
    if found is None:
        return _result(_FORBIDDEN, Outcome.PASSED, message=say(shown, " is not found in the template"))
    return _result(
        _FORBIDDEN, Outcome.FAILED, message=say(shown, " is found in the template: ", quote(found))
    )


def _find(pattern: re.Pattern[str], prompt: Prompt) -> str | None:
    """What the pattern matches first, piece by piece: each piece overlaps half of the one before, so that a
    match of at most half a piece is never cut."""
    # No pattern of a policy looks around: with that much text behind it, a match is one of the whole text.
    inside = re.compile(rf"(?:{pattern.pattern})(?=[\s\S]{{{_BEYOND}}})", pattern.flags)
    for text in prompt.texts:
        for start in range(0, max(len(text), 1), _STEP):
            end = start + LONGEST_VALUE
            found = (inside if end < len(text) else pattern).search(text, start, end)
            if found is not None:
                return found.group()
    return None


def _response_format(asked: Prompt, *, held: Prompt) -> CheckResult:
    if _as_meant(asked.response_format) == _as_meant(held.response_format):
        words = "both have the same" if asked.response_format else "neither has a"
        return _result(RESPONSE_FORMAT, Outcome.PASSED, message=say(f"{words} response format"))
    if not held.response_format:
        message = say("the challenger has a response format, the champion has none")
    elif not asked.response_format:
        message = say("the challenger has no response format, the champion has one")
    else:
        message = say("the response format of the challenger is another than the champion's")
    return _result(RESPONSE_FORMAT, Outcome.FAILED, message=message)


def _as_meant(text: str) -> str:
    """JSON in one form, whatever order its keys are in; what is none, as it stands."""
    try:
        return json.dumps(json.loads(text), sort_keys=True)
    except (ValueError, RecursionError):
        return text


def _alone(subject: str, champion: ModelVersion | None) -> CheckResult:
    """There is no champion, or nobody can read its template: then nothing was compared."""
    if champion is None:
        message = say("nobody holds the alias: there is nothing to compare with")
        return _result(subject, Outcome.SKIPPED, message=message)
    message = say("the champion lacks MLflow's prompt tags: there is no template to compare with")
    return _result(subject, Outcome.INCONCLUSIVE, message=message)


def _names(names: Iterable[str]) -> list[Part]:
    """Names in a sentence, of many the first few."""
    listed = list(names)
    parts: list[Part] = [part for name in listed[:_NAMED] for part in (", ", quote("{{" + name + "}}"))][1:]
    return [*parts, f" and {len(listed) - _NAMED:,} more"] if len(listed) > _NAMED else parts


def _result(subject: str, outcome: Outcome, *, message: Message) -> CheckResult:
    return CheckResult(check=ID, subject=subject, outcome=outcome, message=message)
