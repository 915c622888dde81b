"""Numbers of users, each claimed by one sandbox at a time among all that run on this machine.

To look whether anything runs as a user is not enough: two sandboxes that start at once both see nothing. A
claim is a name among Linux's abstract sockets. The kernel lets one process have it, and takes it back when
the last of those that hold it has ended, however it ended: no file is left that could be stale or forged.

It reaches as far as the network namespace does, so sandboxes in two containers do not see each other's
claims. Neither do they see each other's processes and files, and chance keeps them apart
(`identity.free_users`).
"""

from __future__ import annotations

import errno
import os
import socket
from collections.abc import Iterable
from dataclasses import dataclass

from promoter.evaluation.sandbox import identity

_CHANCES = 64
_NAME = "\0promoter-sandbox-user-{}"


@dataclass(frozen=True, kw_only=True)
class Claim:
    """A user's number and the descriptor that holds it; both None where we cannot give a user away."""

    user: int | None = None
    held: int | None = None

    def close(self) -> None:
        """Give it back, once nothing runs as that user. A process that was handed it holds on to it."""
        if self.held is not None:
            os.close(self.held)


def claim_user(users: Iterable[int] | None = None) -> Claim:
    """A user that nothing runs as and that no other sandbox has; none where we are not root.

    `users` are the numbers to try, those of `identity.free_users` when not given. Raises OSError when all
    that are tried are taken.
    """
    if os.geteuid() != 0:
        return Claim()
    for user, _ in zip(users or identity.free_users(), range(_CHANCES), strict=False):
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as name:
            # Looked for only then: whoever had it a moment ago may have left something that still runs.
            if _have(name, user) and all(owner != user for _, owner in identity.users()):
                return Claim(user=user, held=name.detach())
    raise OSError(errno.EAGAIN, "no user is free for the model")


def _have(name: socket.socket, user: int) -> bool:
    """Whether we have it now, and no other sandbox."""
    try:
        name.bind(_NAME.format(user))
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            return False
        raise
    return True
