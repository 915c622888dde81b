"""Files with something done to them: bytes cut, doubled, swapped, and fragments of hostile YAML put in."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import strategies as st

_FRAGMENTS = (
    *(b"&a ", b"*a", b"!!int ", b"<<: ", b"---\n", b"...\n", b"%YAML 1.1\n", b"? ", b"- ", b": ", b"#"),
    *(b"\n", b"\r", b"\t", b"[", b"]", b"{", b"}", b"|\n", b">-\n", b"'", b'"', b"\\", b"\\U0010FFFF"),
    *(b"\x00", b"\xff", b"\xef\xbb\xbf", b"\xe2\x80\xae", b"\xe2\x80\xa8", b"\xd0\xb0", b"\\x00"),
    *(b"null", b"~", b"no", b"012", b"1:30", b".nan", b"1e400", b"2024-99-99", b"9" * 400),
    *(b"version: 8\n", b'"model": x\n', b"from: a/1\n"),
)


@st.composite
def mutated(draw: st.DrawFn, files: Sequence[bytes]) -> bytes:
    """One of the files after one to four changes."""
    data = draw(st.sampled_from(files))
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(data)))
        end = min(len(data), start + draw(st.integers(0, 8)))
        put = draw(
            st.one_of(st.sampled_from(_FRAGMENTS), st.binary(max_size=3), st.just(data[start:end] * 2))
        )
        data = data[:start] + put + data[end:]
    return data
