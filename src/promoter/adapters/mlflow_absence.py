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
