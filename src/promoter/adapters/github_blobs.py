"""Contents of files from GitHub: each blob once, many in one question, every byte checked."""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Iterable, Mapping, Sequence

from promoter.adapters.github_answers import garbage, maybe_text, text
from promoter.adapters.github_connection import GitHubConnection
from promoter.core.files import FileEntry
from promoter.errors import PromoterError, ReasonCode
from promoter.text import quote, say

# A batch is one request however many it asks for.
_MOST_SINGLE_REQUESTS = 1
_BATCH = 50
# Very many are asked for in larger questions: GitHub gives each of them ten seconds.
_VERY_MANY, _LARGE_BATCH = 500, 200
# One by one only so many: a workflow's token has 1,000 requests an hour for the whole repository.
_MOST_ONE_BY_ONE = 500
LARGEST_BYTES = 256 * 1024
_BLOB_FIELDS = "... on Blob { oid text isTruncated isBinary byteSize }"


class GitHubBlobs:
    """Blobs by id, kept for the run: a blob id is its content's digest, so they never go stale."""

    def __init__(self, connection: GitHubConnection) -> None:
        self._connection = connection
        self._known: dict[str, bytes] = {}
        # Whose token this is will be asked later: it is told along the way, which costs no request.
        self._beside = "viewer { login } "

    def of(self, entries: Sequence[FileEntry], *, beside: Sequence[FileEntry] = ()) -> Mapping[str, bytes]:
        """Blob id → bytes; files `beside` them fill the one question up, to be there when they are wanted.

        Raises REQUEST_INVALID for a file too large to be one of ours, GITHUB_UNAVAILABLE where very many
        could only be read one by one.
        """
        for entry in entries:
            if not _fits(entry):
                raise _too_large(entry, entry.size or 0)
        likely = [one.blob_id for one in beside if one.size is not None and _fits(one)]
        ids = list(dict.fromkeys(entry.blob_id for entry in entries))
        self._foresee(ids, likely=likely)
        left = sum(blob_id not in self._known for blob_id in ids)
        if left > _MOST_ONE_BY_ONE:
            raise _too_many(left)
        return {blob_id: self.read(blob_id) for blob_id in ids}

    def _foresee(self, ids: Sequence[str], *, likely: Sequence[str]) -> None:
        """Ask for all at once where more than one is missing, and for what is likely wanted next."""
        missing = [blob_id for blob_id in ids if blob_id not in self._known]
        wanted = [one for one in dict.fromkeys([*missing, *likely]) if one not in self._known]
        if missing and len(wanted) > _MOST_SINGLE_REQUESTS:
            self._read_batches(wanted[: max(len(missing), _BATCH)])

    def read(self, blob_id: str) -> bytes:
        """One blob, by REST unless it is known."""
        if blob_id not in self._known:
            what = f"reading blob {blob_id}"
            answer = self._connection.get(self._connection.in_repository("git", "blobs", blob_id), what=what)
            self._known[blob_id] = checked(decoded(answer.data, what=what), blob_id, what=what)
        return self._known[blob_id]

    def at(self, expressions: Sequence[str]) -> dict[str, str | None] | None:
        """`commit:path` → blob id, None where there is no file; None when GraphQL does not answer.

        What GitHub sends whole is kept; a later `read` of it asks nothing.
        """
        found: dict[str, str | None] = {}
        for batch in _batches(expressions, size=_BATCH):
            objects = self._ask("expression: String!", batch)
            if objects is None:
                return None
            for expression, record in zip(batch, objects, strict=True):
                blob_id = maybe_text(record, "oid")
                if blob_id is not None:
                    self._keep(blob_id, record)
                found[expression] = blob_id
        return found

    def _read_batches(self, ids: Sequence[str]) -> None:
        if len(ids) > _VERY_MANY:
            self._read_in(ids, size=_LARGE_BATCH)
        self._read_in([blob_id for blob_id in ids if blob_id not in self._known], size=_BATCH)

    def _read_in(self, ids: Sequence[str], *, size: int) -> None:
        """As far as GraphQL answers."""
        for batch in _batches(ids, size=size):
            objects = self._ask("oid: GitObjectID!", batch)
            if objects is None:
                return
            for blob_id, record in zip(batch, objects, strict=True):
                self._keep(blob_id, record)

    def _keep(self, blob_id: str, record: object) -> None:
        """Remember a blob that came whole. GraphQL cuts long ones and decodes all: REST has the bytes."""
        content = maybe_text(record, "text")
        if content is not None and blob_id_of(content.encode(errors="surrogatepass")) == blob_id:
            self._known[blob_id] = content.encode(errors="surrogatepass")

    def _ask(self, argument: str, values: Sequence[str]) -> list[object] | None:
        beside = "" if self._connection.viewer else self._beside
        found = self._asked(argument, values, beside=beside)
        if found is None and beside:
            # Some tokens may not be told: one try without it, and no other with it.
            self._beside = ""
            found = self._asked(argument, values, beside="")
        return found

    def _asked(self, argument: str, values: Sequence[str], *, beside: str) -> list[object] | None:
        by, kind = argument.split(": ")
        declared = "".join(f", $v{i}: {kind}" for i in range(len(values)))
        fields = " ".join(f"f{i}: object({by}: $v{i}) {{ {_BLOB_FIELDS} }}" for i in range(len(values)))
        query = (
            f"query($owner: String!, $name: String!{declared}) "
            f"{{ {beside}repository(owner: $owner, name: $name) {{ {fields} }} }}"
        )
        variables = {f"v{i}": value for i, value in enumerate(values)}
        data = self._connection.query(
            query,
            {"owner": self._connection.owner, "name": self._connection.name, **variables},
            what=f"reading {len(values)} files at once",
        )
        repository = data.get("repository") if data else None
        # An object that is not mentioned is not an object that is not there.
        if not isinstance(repository, Mapping) or any(f"f{i}" not in repository for i in range(len(values))):
            return None
        return [repository.get(f"f{i}") for i in range(len(values))]


def decoded(data: object, *, what: str) -> bytes:
    """The bytes of a REST answer with `content` and `encoding`."""
    if text(data, "encoding") != "base64":
        raise garbage(what, f"the encoding is {text(data, 'encoding')}")
    try:
        return base64.b64decode(text(data, "content"))
    except (binascii.Error, ValueError) as error:
        raise garbage(what, "the content is no base64") from error


def checked(content: bytes, blob_id: str, *, what: str) -> bytes:
    """The same bytes, once their digest is what git says it is."""
    if blob_id_of(content) != blob_id:
        raise garbage(what, f"the content does not have the digest {blob_id}")
    return content


def blob_id_of(content: bytes) -> str:
    """Git's own name for a blob; it identifies here, it protects nothing."""
    return hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()


def _batches(values: Sequence[str], *, size: int) -> Iterable[Sequence[str]]:
    return (values[start : start + size] for start in range(0, len(values), size))


def _fits(entry: FileEntry) -> bool:
    return entry.size is None or entry.size <= LARGEST_BYTES


def _too_large(entry: FileEntry, size: int) -> PromoterError:
    return PromoterError(
        ReasonCode.REQUEST_INVALID,
        say("the file ", quote(entry.path), f" has {size:,} bytes; at most {LARGEST_BYTES:,} are read"),
        hint=say("A request or policy is a few lines of YAML. Move other files out of that folder."),
    )


def _too_many(count: int) -> PromoterError:
    return PromoterError(
        ReasonCode.GITHUB_UNAVAILABLE,
        say(f"{count:,} files would have to be read one by one, because GitHub's GraphQL does not answer"),
        hint=say(
            "A token has 1,000 requests an hour. Run it again later; or run `promoter drift` in a clone, "
            "which asks GitHub nothing; or let several jobs look at fewer each, by the input `requests`."
        ),
    )
