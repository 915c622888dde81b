"""A server that is farther away than it is: every block of a request waits for a round trip on its way.

It leaves out a network's bandwidth, and the growth of TCP's window. It runs in threads of this process.
"""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from urllib.parse import urlsplit

_BLOCK = 1 << 20


@contextmanager
def far(url: str, *, round_trip: float) -> Iterator[str]:
    """The address of `url` (http://), seen from `round_trip` seconds away; itself where that is nothing."""
    if not round_trip:
        yield url
        return
    target = urlsplit(url)
    with socket.create_server(("127.0.0.1", 0)) as door:
        place = (target.hostname or "", target.port or 80)
        threading.Thread(target=_admit, args=(door, place, round_trip), daemon=True).start()
        yield f"http://127.0.0.1:{door.getsockname()[1]}"
        # What wakes the thread that waits at the door
        with suppress(OSError):
            door.shutdown(socket.SHUT_RDWR)


def _admit(door: socket.socket, place: tuple[str, int], round_trip: float) -> None:
    with suppress(OSError):
        while True:
            client, _ = door.accept()
            server = socket.create_connection(place)
            for one in (client, server):
                one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            # The first block waits twice: opening a connection is a round trip too
            threading.Thread(target=_carry, args=(client, server, round_trip, 2), daemon=True).start()
            threading.Thread(target=_carry, args=(server, client, 0.0, 1), daemon=True).start()


def _carry(source: socket.socket, to: socket.socket, delay: float, waits: int) -> None:
    """Blocks from one to the other until either ends, then both are closed."""
    with suppress(OSError):
        while block := source.recv(_BLOCK):
            if delay:
                time.sleep(delay * waits)
                waits = 1
            to.sendall(block)
    for one in (source, to):
        with suppress(OSError):
            one.shutdown(socket.SHUT_RDWR)
        one.close()
