"""Attacks that want to send something out, or to ask somebody. Each tells which door opened."""

from __future__ import annotations

import encodings.idna  # noqa: F401 - names need it, and a control that left root finds nothing any more
import os
import socket
import struct
import subprocess
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from tests.sandbox.attacks.system_calls import reached

_VSOCK, _NETLINK, _PACKET, _ALG = 40, 16, 17, 38
_QUESTION = b"\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x06canary\x07example\x00\x00\x01\x00\x01"


def _tried(attempt: Callable[[], object], what: str) -> list[str]:
    try:
        attempt()
    except (OSError, ValueError):
        return []
    return [what]


def _connect(family: int, address: object, *, kind: int = socket.SOCK_STREAM) -> list[str]:
    def attempt() -> None:
        with socket.socket(family, kind) as made:
            made.settimeout(1)
            made.connect(address)  # type: ignore[arg-type]
            made.send(b"GET /containers/json HTTP/1.0\r\n\r\n")

    return _tried(attempt, f"reached {address!r}")


def docker_socket(world: Mapping[str, Any]) -> list[str]:
    """Docker's socket as it is where anybody may use it."""
    return _connect(socket.AF_UNIX, world["docker"])


def docker_socket_of_a_group(world: Mapping[str, Any]) -> list[str]:
    """Docker's socket as it is by default."""
    return _connect(socket.AF_UNIX, world["docker_of_a_group"])


def abstract_socket(world: Mapping[str, Any]) -> list[str]:
    """A socket that lies in no folder, as of a system bus."""
    return _connect(socket.AF_UNIX, "\0" + world["abstract"])


def datagram_to_a_path(world: Mapping[str, Any]) -> list[str]:
    """A datagram to a path, over one of a pair, which needs no `socket`."""

    def attempt() -> None:
        one, other = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
        with one, other:
            one.sendto(b"exfiltrated", world["datagram"])

    return _tried(attempt, "sent a datagram")


def tcp_4(world: Mapping[str, Any]) -> list[str]:
    """TCP to this machine, and to where clouds hand out credentials."""
    return _connect(socket.AF_INET, ("127.0.0.1", world["tcp_4"]))


def metadata_service(world: Mapping[str, Any]) -> list[str]:
    """Where clouds hand out credentials."""
    return [
        *_tried(
            lambda: socket.create_connection(("169.254.169.254", 80), timeout=0.5), "reached 169.254.169.254"
        ),
        *_tried(
            lambda: socket.create_connection(("168.63.129.16", 80), timeout=0.5), "reached 168.63.129.16"
        ),
    ]


def tcp_6(world: Mapping[str, Any]) -> list[str]:
    """TCP of the newer kind."""
    return _connect(socket.AF_INET6, ("::1", world["tcp_6"]))


def tcp_fast_open(world: Mapping[str, Any]) -> list[str]:
    """TCP without `connect`: data in the first packet, by `sendto`."""

    def attempt() -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as made:
            made.sendto(b"exfiltrated", 0x2000_0000, ("127.0.0.1", world["tcp_4"]))

    return _tried(attempt, "opened fast")


def multipath_tcp(world: Mapping[str, Any]) -> list[str]:
    """TCP by another protocol number, and SCTP, which Landlock does not count as TCP."""

    def attempt(protocol: int) -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM, protocol) as made:
            made.settimeout(1)
            made.connect(("127.0.0.1", world["tcp_4"]))

    return [*_tried(lambda: attempt(262), "multipath"), *_tried(lambda: attempt(132), "SCTP")]


def udp(world: Mapping[str, Any]) -> list[str]:
    """A datagram."""
    return _connect(socket.AF_INET, ("127.0.0.1", world["udp"]), kind=socket.SOCK_DGRAM)


def dns(world: Mapping[str, Any]) -> list[str]:
    """A question to a name server, by the library and by hand."""

    def by_hand() -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as made:
            made.sendto(_QUESTION, (world["name_server"], world["name_server_port"]))

    found = _tried(by_hand, "asked a name server")
    return found + _tried(lambda: socket.getaddrinfo("canary.example", 443), "resolved a name")


def listening(world: Mapping[str, Any]) -> list[str]:
    """A server for whoever comes."""

    def attempt() -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as made:
            made.bind(("127.0.0.1", 0))
            made.listen()

    return _tried(attempt, "listens")


def raw(world: Mapping[str, Any]) -> list[str]:
    """Packets of any form."""
    return [
        *_tried(lambda: socket.socket(socket.AF_INET, socket.SOCK_RAW, 1).close(), "raw"),
        *_tried(lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM, 1).close(), "ping"),
    ]


def packet(world: Mapping[str, Any]) -> list[str]:
    """Frames of the network card."""
    return _tried(lambda: socket.socket(_PACKET, socket.SOCK_RAW, socket.htons(3)).close(), "packet")


def netlink(world: Mapping[str, Any]) -> list[str]:
    """The kernel's own tables."""
    return [
        found
        for protocol in (0, 2, 9, 15)
        for found in _tried(partial(_made, _NETLINK, socket.SOCK_RAW, protocol), f"netlink {protocol}")
    ]


def vsock(world: Mapping[str, Any]) -> list[str]:
    """The machine around a virtual machine."""
    return _tried(lambda: socket.socket(_VSOCK, socket.SOCK_STREAM).close(), "vsock")


def _made(family: int, kind: int, protocol: int = 0) -> None:
    socket.socket(family, kind, protocol).close()


def every_family(world: Mapping[str, Any]) -> list[str]:
    """A socket of every family there is, of every type."""
    found = []
    for family in range(1, 46):
        for kind in (1, 2, 3, 5):
            found += _tried(partial(_made, family, kind), f"family {family} type {kind}")
    return found


def pair_of_another_family(world: Mapping[str, Any]) -> list[str]:
    """A pair of sockets that is none within the process."""
    return [
        found
        for family in (socket.AF_INET, socket.AF_INET6, 30)
        for found in _tried(partial(socket.socketpair, family, socket.SOCK_STREAM), f"a pair of {family}")
    ]


def inherited_descriptors(world: Mapping[str, Any]) -> list[str]:
    """Whatever is open that is no pipe of its own: sockets, files, devices."""
    found = []
    for descriptor in range(1024):
        try:
            name = os.readlink(f"/proc/self/fd/{descriptor}")  # noqa: PTH115
        except OSError:
            continue
        if not name.startswith(("pipe:", "/dev/null", "/proc/", "/dev/urandom", "anon_inode:[eventpoll]")):
            found.append(f"{descriptor} is {name}")
    return found


def ring_of_requests(world: Mapping[str, Any]) -> list[str]:
    """Sockets by io_uring, around the filter of system calls."""
    import ctypes  # noqa: PLC0415

    parameters = ctypes.create_string_buffer(struct.calcsize("30I"))
    return reached("io_uring_setup", 8, ctypes.byref(parameters))


def children_on_the_network(world: Mapping[str, Any]) -> list[str]:
    """A program of the system that has a network of its own to use."""
    script = f"exec 3<>/dev/tcp/127.0.0.1/{world['tcp_4']} && echo reached"
    try:
        done = subprocess.run(
            ["/bin/bash", "-c", script], capture_output=True, text=True, check=False, timeout=2
        )
    except (OSError, subprocess.TimeoutExpired):
        return []
    return [done.stdout.strip()] if done.stdout.strip() else []


def connections_listed(world: Mapping[str, Any]) -> list[str]:
    """Who talks to whom on this machine, from where, and by which sockets: the kernel's lists of it."""
    found = []
    threads = [f"{thread}/net" for thread in Path("/proc/self/task").iterdir()]
    for folder in ("/proc/self/net", "/proc/net", "/proc/thread-self/net", *threads):
        for name in ("tcp", "tcp6", "udp", "unix", "route", "dev", "fib_trie", "arp"):
            try:
                found.append(f"{folder}/{name}: {len(Path(folder, name).read_text())} characters")
            except OSError:
                continue
    return found
