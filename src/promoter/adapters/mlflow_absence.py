"""What the registry was asked for and proved not to have, in our words."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from promoter.core.model_version import ModelVersion
from promoter.errors import PromoterError, ReasonCode
from promoter.text import Message, quote, say


def not_found(reason: ReasonCode, message: Message) -> PromoterError:
    """A registered model or a version that is not there."""
    return PromoterError(
        reason, message, hint=say("Names are exact, capitals too. Correct the promotion request.")
    )


def not_this(answered: str, *, wanted: str, doing: Message, server: str) -> PromoterError:
    """An answer about something else than what was asked for, by the server whose address is shown."""
    if answered and answered.casefold() == wanted.casefold():
        return not_found(
            ReasonCode.MODEL_NOT_FOUND,
            say("there is no ", quote(wanted), "; the registry calls it ", quote(answered)),
        )
    return PromoterError(
        ReasonCode.REGISTRY_UNAVAILABLE,
        say(*doing.parts, " failed: the answer is about ", quote(answered or "nothing"), " instead"),
        hint=say("Look at ", quote(server), ": something else than MLflow may answer there."),
    )


def expect(answered: str, *, wanted: str, doing: Message, server: str) -> None:
    """Refuse an answer about something else: an empty or foreign one proves nothing."""
    if answered != wanted:
        raise not_this(answered, wanted=wanted, doing=doing, server=server)


def no_mlmodel(doing: Message) -> PromoterError:
    """A version without its `MLmodel`."""
    return PromoterError(
        ReasonCode.DATA_UNAVAILABLE,
        say(*doing.parts, " failed: there is no file `MLmodel` where its source points"),
        hint=say("Check that the model's files were not deleted from the artifact store."),
    )


def no_run_file(version: ModelVersion, path: str, *, why: str) -> PromoterError:
    """An artifact that a version's run does not have."""
    return PromoterError(
        ReasonCode.DATA_UNAVAILABLE,
        say("there is no ", quote(path), " for version ", quote(version.version), f": {why}"),
        hint=say("Correct `predictions` in the policy, or register a version whose run logged the table."),
    )


@contextmanager
def absence_unproven() -> Iterator[None]:
    """Where files cannot be looked at from here, nothing is known of what they are not."""
    try:
        yield
    except PromoterError as error:
        if error.reason is not ReasonCode.DATA_UNAVAILABLE:
            raise
        raise PromoterError(ReasonCode.REGISTRY_UNAVAILABLE, error.message, hint=error.hint) from error
