"""How a door ends, whatever happens inside: the only catch-all, shared by both doors."""

from __future__ import annotations

import signal
import traceback
from collections.abc import Callable
from pathlib import Path
from types import FrameType

from promoter.errors import ExitCode, PromoterError, ReasonCode
from promoter.text import quote, say


def ending(command: Callable[[], ExitCode], *, tell: Callable[[PromoterError], ExitCode]) -> ExitCode:
    """The command's exit code; every error, interruption and bug is told, never a traceback."""
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        return command()
    except PromoterError as error:
        return tell(error)
    except KeyboardInterrupt:
        return tell(_interrupted())
    except Exception as bug:
        return tell(_bug(bug))


def _interrupt(_: int, __: FrameType | None) -> None:
    raise KeyboardInterrupt


def _interrupted() -> PromoterError:
    return PromoterError(
        ReasonCode.INTERRUPTED,
        say("the job was stopped"),
        hint=say("Run it again: it goes on from what is live."),
    )


def _bug(bug: Exception) -> PromoterError:
    # The text of an exception may hold anything, a password too: its type and place are what a report needs.
    frames = traceback.extract_tb(bug.__traceback__)
    places = [f"{Path(frame.filename).name}:{frame.lineno}" for frame in frames[-3:]]
    return PromoterError(
        ReasonCode.INTERNAL_ERROR,
        say("a bug in Promoter: ", quote(type(bug).__name__), " at ", quote(" < ".join(reversed(places)))),
        hint=say(
            "Please report this line, the version and what you ran. Look at what the registry holds before "
            "you go on."
        ),
    )
