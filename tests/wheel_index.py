"""A package index on the loopback, of wheels that are made up here, and what was asked of it."""

from __future__ import annotations

import hashlib
import io
import threading
import time
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

PURE = "py3-none-any"


def wheel(name: str, version: str, *, content: str = "", tag: str = PURE) -> tuple[str, bytes]:
    """The file name and the bytes of a wheel with one module, `name`, that holds `content`."""
    info = f"{name}-{version}.dist-info"
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        files = {
            f"{name}.py": f"content = {content!r}\n",
            f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
            f"{info}/WHEEL": f"Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: {tag}\n",
        }
        for path, text in files.items():
            archive.writestr(zipfile.ZipInfo(path), text)
        archive.writestr(zipfile.ZipInfo(f"{info}/RECORD"), "".join(f"{path},,\n" for path in files))
    return f"{name}-{version}-{tag}.whl", data.getvalue()


@dataclass
class Index:
    """What the index has. `needs_password` is for files, `pause` before each piece of 1,000 bytes of them."""

    url: str = ""
    files: dict[str, bytes] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    needs_password: bool = False
    pause: float = 0.0

    def add(self, made: tuple[str, bytes]) -> str:
        """Offer a wheel, in place of one of the same name; its sha256."""
        self.files[made[0]] = made[1]
        return hashlib.sha256(made[1]).hexdigest()

    def fetched(self) -> list[str]:
        """The wheels that were asked for since this was asked last. Parts of one count as one."""
        names = list(dict.fromkeys(path.rpartition("/")[2] for path in self.asked if path.endswith(".whl")))
        self.asked.clear()
        return names

    def file(self, name: str) -> bytes | None:
        """A wheel, or what it says of itself: an index offers that so that nobody fetches the whole."""
        whole = self.files.get(name.removesuffix(".metadata"))
        if whole is None or not name.endswith(".metadata"):
            return whole
        package, version = name.split("-")[:2]
        with zipfile.ZipFile(io.BytesIO(whole)) as archive:
            return archive.read(f"{package}-{version}.dist-info/METADATA")

    def page(self, package: str) -> bytes | None:
        """The package's page, with digests."""
        names = [name for name in self.files if name.split("-")[0].replace("_", "-") == package]
        links = (
            f'<a href="/files/{name}#sha256={hashlib.sha256(self.files[name]).hexdigest()}"'
            f' data-core-metadata="true">{name}</a>'
            for name in names
        )
        return f"<html><body>{''.join(links)}</body></html>".encode() if names else None


@contextmanager
def served(index: Index) -> Iterator[Index]:
    """The index, listening."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            index.asked.append(self.path)
            folder, _, name = self.path.strip("/").partition("/")
            is_file = folder == "files"
            body = index.file(name) if is_file else index.page(name.strip("/"))
            if name.endswith(".whl") and index.needs_password and "Authorization" not in self.headers:
                self.send_response(401)
                self.send_header("WWW-Authenticate", 'Basic realm="index"')
                self.end_headers()
                return
            self.send_response(200 if body is not None else 404)
            self.send_header("Content-Type", "application/octet-stream" if is_file else "text/html")
            self.send_header("Content-Length", str(len(body or b"")))
            self.end_headers()
            for at in range(0, len(body or b""), 1_000):
                time.sleep(index.pause)
                self.wfile.write((body or b"")[at : at + 1_000])

        def log_message(self, *_: object) -> None:
            """Nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    index.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield index
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
