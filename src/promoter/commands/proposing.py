"""What a proposal says and changes: the request file, and the comparison as far as no model has to run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from promoter.commands.gathering import Bench
from promoter.commands.judging import OUTAGES, judge
from promoter.commands.trees import HISTORY_LIMIT, Places, Tree, past_of
from promoter.commands.versions import Claim, PullsOf
from promoter.core.drift import Key
from promoter.core.evidence import CustomAnswer, ToMeasure
from promoter.core.measurement import Measurement
from promoter.core.model_version import ModelVersion
from promoter.core.overall import overall_message
from promoter.core.policy import ModelRule, Policy, Source
from promoter.core.prompt import Kind
from promoter.core.proposal import Draft
from promoter.core.proposal_mark import Mark, Scope, fingerprint
from promoter.core.proposing import Item, rule_of
from promoter.core.report import Links, Phase, Report
from promoter.core.request import PromotionRequest, named_by
from promoter.core.request_edit import scalar, with_version
from promoter.core.request_path import request_path
from promoter.errors import PromoterError, ReasonCode
from promoter.ports import RegistryIndex, RegistryReader, Repository
from promoter.render.proposal import proposal_body, proposal_title, why_proposed
from promoter.text import NOTHING, Message, quote, say

_CUSTOM = say("The policy's own commands (`custom`) are asked by the validate run.")


@dataclass(frozen=True, kw_only=True)
class Ground:
    """What is read once for all aliases: the tip's files, and where to ask further."""

    repository: Repository
    registry: RegistryIndex
    places: Places
    tree: Tree
    policy: Policy
    requests: Mapping[Key, PromotionRequest]
    branch: str
    pulls_of: PullsOf
    links: Links


@dataclass(frozen=True, kw_only=True)
class Drafted:
    """A draft, and why there is one."""

    draft: Draft
    why: Message


@dataclass(frozen=True, kw_only=True)
class Drafter:
    """Writes what a proposal shall be."""

    ground: Ground
    scope: Scope
    now: datetime

    def draft(self, item: Item, challenger: ModelVersion) -> Drafted:
        """The pull request for a version. Raises REQUEST_INVALID where the file cannot be edited safely, and
        what registry and repository raise."""
        ground = self.ground
        rule = rule_of(ground.policy, item.key[0])
        if rule is None or rule.propose is None:
            raise ValueError("nothing is proposed without a rule")
        why = why_proposed(rule.propose, challenger.version)
        request = self._request(item.key, challenger.version)
        data = self._edited(request, reason=_plain(why))
        report = self._judged(rule, replace(request, reason=""))
        digest = fingerprint(challenger, policy_digest=ground.policy.digest)
        mark = Mark(scope=self.scope.digest, key=item.key, version=challenger.version, fingerprint=digest)
        notes = _CUSTOM if rule.checks.custom and report is not None else NOTHING
        body = proposal_body(request, rule.propose, report=report, marker=mark.line(), notes=notes)
        title = proposal_title(item.key, live=item.live, version=challenger.version)
        branch = self.scope.branch(item.key)
        files = {request.path: data}
        return Drafted(
            draft=Draft(branch=branch, base=ground.branch, title=title, body=body, files=files), why=why
        )

    def _request(self, key: Key, version: str) -> PromotionRequest:
        ground = self.ground
        asked = ground.requests.get(key)
        if asked is not None:
            return replace(asked, version=version)
        taken = list(ground.tree.by_path())
        kind, name = named_by(key[0])
        path = request_path(name, key[1], pattern=ground.places.requests, taken=taken)
        if not path:
            raise PromoterError(
                ReasonCode.REQUEST_INVALID,
                say("no path for a new request fits into ", quote(ground.places.requests)),
                hint=say("Add the request by hand once; then it is edited in place."),
            )
        return PromotionRequest(path=path, model=name, alias=key[1], version=version, kind=kind)

    def _edited(self, request: PromotionRequest, *, reason: str) -> bytes:
        entry = self.ground.tree.requests.get(request.path)
        if entry is None:
            lines = {"kind": str(request.kind)} if request.kind is Kind.PROMPT else {}
            lines |= {"model": scalar(request.model), "alias": scalar(request.alias)}
            lines |= {"version": request.version, "reason": scalar(reason)}
            return "".join(f"{key}: {value}\n" for key, value in lines.items()).encode()
        data = self.ground.repository.contents([entry])[entry.blob_id]
        return with_version(data, version=request.version, reason=reason, path=request.path)

    def _judged(self, rule: ModelRule, request: PromotionRequest) -> Report | None:
        """What validate would say, where it needs nothing but the registry's word. Raises outages."""
        ground = self.ground
        if rule.evaluation is not None and rule.evaluation.source is not Source.RUN_METRICS:
            return None
        plain = replace(rule, checks=replace(rule.checks, custom=()))
        commit = ground.tree.commit
        bench = Bench(
            registry=ground.registry,
            measurer=_Nobody(),
            custom_checks=_Nobody(),
            policy=replace(ground.policy, models=(plain,)),
            commit=commit,
            head=commit,
            now=self.now,
        )
        past = ground.repository.history(commit, request.path, limit=HISTORY_LIMIT)
        claim = Claim(request=request, past=past_of(request, past), pulls_of=ground.pulls_of)
        judged = judge(bench, claim)
        if judged.reason in OUTAGES:
            raise PromoterError(judged.reason, judged.message, hint=judged.hint)
        return Report(
            phase=Phase.VALIDATE,
            reason=judged.reason,
            message=overall_message((judged,)),
            requests=(judged,),
            base_commit=commit,
            policy_path=ground.policy.path,
            policy_digest=ground.policy.digest,
            links=ground.links,
        )


class _Nobody:
    """Where no model and no command of anybody's may run."""

    def measure(self, asked: ToMeasure, registry: RegistryReader) -> Measurement:
        """Never asked: only figures that were logged are judged here."""
        raise AssertionError(asked.challenger.version)

    def ask(self, rule: ModelRule, evidence: str, *, commit: str) -> tuple[CustomAnswer, ...]:
        """Never asked: the rule has none."""
        raise AssertionError(rule.match)


def _plain(why: Message) -> str:
    """The sentence as one line of a file."""
    text = "".join(part if isinstance(part, str) else part.value for part in why.parts)
    return " ".join(text.split())[:_LONGEST_REASON]


_LONGEST_REASON = 300
