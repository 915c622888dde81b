"""Promotion requests with something done to them, thousands in a second: bytes, lines, hostile fragments."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from random import Random

_FRAGMENTS = (
    *(b"&a ", b"*a", b"!!int ", b"!!python/object/apply:os.system [id]", b"<<: ", b"---\n", b"...\n"),
    *(b"%YAML 1.1\n", b"? ", b"- ", b": ", b"#", b"\n", b"\r", b"\t", b"[", b"]", b"{", b"}", b"|\n"),
    *(b">-\n", b"'", b'"', b"\\", b"\\U0010FFFF", b"\\x00", b"\x00", b"\xff", b"\xef\xbb\xbf", b"\xc2\x85"),
    *(b"\xe2\x80\xae", b"\xe2\x80\xa8", b"\xe2\x80\x8b", b"\xd0\xb0", b"\xd9\xa7", b"\xef\xbc\x97"),
    *(b"null", b"~", b"no", b"012", b"0x7", b"1:30", b"1_000", b".nan", b"1e400", b"2024-99-99", b"9" * 400),
    *(b"version: 8\n", b'"model": x\n', b"from: a/1\n", b"tracking_uri: http://x\n", b"[" * 30, b"{a: " * 30),
    *(b"override: {checks: [metrics], reason: x, expires: 2030-01-01}\n", b"a: &b [*b]\n", b"- - - - -\n"),
)


def mutants(files: Sequence[bytes], *, seed: int) -> Iterator[bytes]:
    """One of the files after one to six changes, without end; the same for the same seed."""
    random = Random(seed)
    while True:
        data = random.choice(files)
        for _ in range(random.randint(1, 6)):
            data = _changed(data, random, other=random.choice(files))
        yield data


def _changed(data: bytes, random: Random, *, other: bytes) -> bytes:
    start = random.randint(0, len(data))
    end = min(len(data), start + random.choice((0, 0, 1, 2, 8, 40)))
    how = random.randrange(6)
    if how == 0:
        return data[:start] + random.choice(_FRAGMENTS) + data[end:]
    if how == 1:
        return data[:start] + random.randbytes(random.randint(1, 3)) + data[end:]
    if how == 2:
        return data[:start] + data[start:end] * random.choice((2, 3, 200)) + data[end:]
    if how == 3:
        lines = data.splitlines(keepends=True)
        random.shuffle(lines)
        return b"".join(lines)
    if how == 4:
        return data[:start] + other[random.randint(0, len(other)) :]
    return data[:start] + data[end:]
