"""Where `from` leads: the version that is judged, and its copy, found by where MLflow says it came from.

MLflow writes a copy's source once and lets nobody edit it, but takes any source from whoever registers a
version. So whether a copy is a true one, of the same files and the same run, is a question of its own, asked
before an alias moves to it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from promoter.commands.versions import Applied, Claim, Past, applied_tag
from promoter.core.evidence import Evidence
from promoter.core.model_version import READY, ModelFiles, ModelVersion
from promoter.core.plan import Step
from promoter.core.request import PromotionRequest, SourceVersion
from promoter.errors import PromoterError, ReasonCode
from promoter.ports import RegistryIndex, RegistryReader
from promoter.text import Message, quote, say

# How tags of Promoter begin: they are no part of what is copied.
_OURS = "promoter_"
_GONE = frozenset({ReasonCode.VERSION_NOT_FOUND, ReasonCode.MODEL_NOT_FOUND})


class Copies:
    """The copies that one registered model has of others' versions; listed once, when first asked for."""

    def __init__(self, registry: RegistryIndex, model: str) -> None:
        self._registry = registry
        self._model = model
        self._listed: tuple[ModelVersion, ...] | None = None

    def of(self, source: SourceVersion) -> tuple[ModelVersion, ...]:
        """Those that are ready, the oldest first. Raises MODEL_NOT_FOUND."""
        if self._listed is None:
            self._listed = self._registry.versions(self._model)
        ready = [one for one in self._listed if is_copy(one, source) and one.status == READY]
        return tuple(sorted(ready, key=lambda one: int(one.version)))

    def chosen(self, source: SourceVersion, *, live: str | None) -> ModelVersion | None:
        """The one that holds the alias, else the oldest: of two runs that copied at once both choose it."""
        found = self.of(source)
        return next((one for one in found if one.version == live), found[0] if found else None)

    def number(self, version: str, *, live: str | None) -> str:
        """A version's number; of a source's name, that of its copy where there is one."""
        source = SourceVersion.of(version)
        copy = self.chosen(source, live=live) if source else None
        return copy.version if copy else version

    def resolved(self, request: PromotionRequest, *, live: str | None) -> PromotionRequest:
        """The request, its version the number of the copy where there is one."""
        return replace(request, version=self.number(request.version, live=live))

    def resolved_past(self, past: Iterable[Past], *, live: str | None) -> tuple[Past, ...]:
        """What git held before, with the numbers of copies."""
        return tuple(
            replace(one, version=self.number(one.version, live=live)) if one.version else one for one in past
        )


def is_copy(version: ModelVersion, source: SourceVersion) -> bool:
    """Whether MLflow says that the version was copied from there."""
    return version.source == source.address


def in_place(
    registry: RegistryReader, request: PromotionRequest, *, live: str | None
) -> PromotionRequest | None:
    """The request with the live version's number, where that is what it asks for; None otherwise.

    A copy that no run of ours has noted yet is compared with its source first: raises ARTIFACTS_CHANGED where
    they are not made of the same files or in the same run, and what reading either raises.
    """
    if live is None or request.source is None:
        return request if live == request.version else None
    held = registry.model_version(request.model, live)
    if not is_copy(held, request.source):
        return None
    found = replace(request, version=held.version)
    if Applied.of(held, request.alias) is None:
        source = registry.model_version(request.source.model, request.source.version)
        hold_copy(registry, held, original=source, files=registry.files(source))
    return found


@dataclass(frozen=True, kw_only=True)
class Identified:
    """A claim with every version in digits, as far as it is known.

    `challenger` is what is judged; `holder` is what would hold the alias: the same, or its copy. While there
    is none it stands for the copy to be made, without any tag of ours. `others` counts further copies.
    """

    claim: Claim
    challenger: ModelVersion
    holder: ModelVersion
    others: int = 0

    @property
    def copy(self) -> ModelVersion | None:
        """The copy of a source, where there is one."""
        return self.holder if self.claim.request.source and self.claim.request.version.isdigit() else None

    @property
    def lost_source(self) -> bool:
        """Whether the source is gone from the registry, so that only its copy can be judged."""
        return self.copy is not None and self.challenger == self.holder


def identify(registry: RegistryIndex, claim: Claim, *, live: str | None) -> Identified:
    """Which versions a claim speaks of. Raises VERSION_NOT_FOUND."""
    copies = Copies(registry, claim.request.model)
    longer = claim.longer
    claim = replace(
        claim,
        request=copies.resolved(claim.request, live=live),
        past=copies.resolved_past(claim.past, live=live),
        longer=lambda: copies.resolved_past(longer(), live=live),
    )
    request, source = claim.request, claim.request.source
    if source is None:
        challenger = registry.model_version(request.model, request.version)
        return Identified(claim=claim, challenger=challenger, holder=challenger)
    if not request.version.isdigit():
        challenger = registry.model_version(source.model, source.version)
        return Identified(claim=claim, challenger=challenger, holder=replace(challenger, tags={}))
    copy = registry.model_version(request.model, request.version)
    try:
        challenger = registry.model_version(source.model, source.version)
    except PromoterError as error:
        if error.reason not in _GONE:
            raise
        challenger = copy
    others = len(copies.of(source)) - 1
    return Identified(claim=claim, challenger=challenger, holder=copy, others=others)


def refuse_unproven(registry: RegistryReader, found: Identified, *, step: Step) -> None:
    """Refuse a copy that nobody has compared with its source, where nothing else will do it.

    Without its source a copy can go back to an alias that it held, and to no other. Raises VERSION_NOT_FOUND
    where the source is gone, ARTIFACTS_CHANGED, and what reading raises.
    """
    request = found.claim.request
    source, copy = request.source, found.copy
    if source is None or copy is None:
        return
    if step is Step.ALREADY_APPLIED:
        if not found.lost_source and Applied.of(copy, request.alias) is None:
            hold_copy(registry, copy, original=found.challenger, files=registry.files(found.challenger))
        return
    if not found.lost_source or step is Step.ROLLBACK:
        return
    raise PromoterError(
        ReasonCode.VERSION_NOT_FOUND,
        say(
            quote(str(source)),
            " is gone from the registry, and whether version ",
            quote(found.holder.version),
            " of ",
            quote(found.holder.model),
            " is a true copy of it cannot be told",
        ),
        hint=say("Ask for that version by its number, without `from`, in a new pull request."),
    )


def hold_to_source(registry: RegistryReader, found: Identified, *, evidence: Evidence) -> None:
    """Refuse what would be copied blindly, and a copy that is not made of the files that were judged.

    Raises DATA_UNAVAILABLE where the source's files cannot be read, ARTIFACTS_CHANGED for a false copy.
    """
    source = found.claim.request.source
    if source is None or found.lost_source:
        return
    if evidence.challenger_files is None:
        raise PromoterError(
            ReasonCode.DATA_UNAVAILABLE,
            say("the files of ", quote(str(source)), " cannot be read: ", *evidence.unpinned.parts),
            hint=say("Only a copy that was compared with its source is promoted: see that both can be read."),
        )
    if found.copy is not None:
        hold_new_copy(registry, found.copy, original=found.challenger, files=evidence.challenger_files)


def hold_new_copy(
    registry: RegistryReader, copy: ModelVersion, *, original: ModelVersion, files: ModelFiles
) -> None:
    """Require a true copy that says of itself what was judged of its source. Raises ARTIFACTS_CHANGED.

    One that Promoter gave an alias earlier is in use: people edit what they say of it, and its source's too.
    """
    if not any(tag.startswith(applied_tag("")) for tag in copy.tags):
        _refuse_false(copy, original, differs=_other_words(copy, original))
    hold_copy(registry, copy, original=original, files=files)


def hold_copy(
    registry: RegistryReader, copy: ModelVersion, *, original: ModelVersion, files: ModelFiles
) -> None:
    """Require that a copy is of its source's run and made of its files. Raises ARTIFACTS_CHANGED.

    The run counts as much as the files: its figures are what the next challenger is compared with.
    """
    _refuse_false(copy, original, differs=_other_origin(copy, original))
    if registry.files(copy).digest != files.digest:
        _refuse_false(copy, original, differs=(say("is made of other files"),))


def _other_origin(copy: ModelVersion, original: ModelVersion) -> tuple[Message, ...]:
    """What nobody can edit of a version, where it is another."""
    found: list[Message] = []
    if copy.run_id != original.run_id:
        run, other = quote(copy.run_id or "none"), quote(original.run_id or "none")
        found.append(say("is of another run (", run, ", not ", other, ")"))
    model, other_model = copy.logged_model, original.logged_model
    if model and other_model and model.model_id != other_model.model_id:
        ids = quote(model.model_id), quote(other_model.model_id)
        found.append(say("is of another LoggedModel (", ids[0], ", not ", ids[1], ")"))
    return tuple(found)


def _other_words(copy: ModelVersion, original: ModelVersion) -> tuple[Message, ...]:
    """What people say of a version, where its source has it otherwise. A copy may have more tags."""
    found: list[Message] = []
    if copy.description != original.description:
        found.append(say("has another description"))
    tags = {key: value for key, value in original.tags.items() if not key.startswith(_OURS)}
    other = sorted(key for key, value in tags.items() if copy.tags.get(key, "") != value)
    if other:
        more = f" and {len(other) - 1} more" if len(other) > 1 else ""
        found.append(say("has not its source's tag ", quote(other[0]), more))
    return tuple(found)


def _refuse_false(copy: ModelVersion, original: ModelVersion, *, differs: tuple[Message, ...]) -> None:
    if not differs:
        return
    source = SourceVersion(model=original.model, version=original.version)
    told = [part for one in differs for part in (", and ", *one.parts)]
    raise PromoterError(
        ReasonCode.ARTIFACTS_CHANGED,
        say(
            "version ",
            quote(copy.version),
            " of ",
            quote(copy.model),
            " says that it is a copy of ",
            quote(str(source)),
            *told,
        ),
        hint=say(
            "Find out who made it, or who wrote to it or to the artifact store. Once that version is "
            "deleted, a true copy is made; to promote it as it is, ask for it by its number."
        ),
    )


def told_of(found: Identified) -> tuple[Message, ...]:
    """What is judged in place of the version that will hold the alias."""
    request = found.claim.request
    if request.source is None:
        return ()
    source, model = quote(str(request.source)), quote(request.model)
    if found.copy is None:
        return (say("judged is ", source, ": apply copies it to ", model, ", and the alias goes to that"),)
    number = quote(found.copy.version)
    if found.lost_source:
        return (say(source, " is gone from the registry: its copy, version ", number, ", is judged instead"),)
    notes = (say("judged is ", source, "; version ", number, " of ", model, " is its copy, file by file"),)
    more = say(f"{found.others} more version(s) of ", model, " are copies of ", source, "; none is needed")
    return (*notes, more) if found.others > 0 else notes
