"""What the API shows, and under which addresses: every answer and event is built from these two."""

from dataclasses import dataclass
from urllib.parse import quote

from promoter.demo.github.state import State


@dataclass(frozen=True, kw_only=True)
class View:
    """The state of things, seen by somebody who reaches the API at `api` and the site at `web`.

    Both are roots without a slash at the end; a base path belongs to `api`.
    """

    state: State
    api: str
    web: str

    @property
    def repository(self) -> str:
        """The repository in the API."""
        return f"{self.api}/repos/{self.state.repository.full_name}"

    @property
    def page(self) -> str:
        """The repository's page."""
        return f"{self.web}/{self.state.repository.full_name}"


def escaped(path: str) -> str:
    """A path or ref as part of an address; slashes stay, bytes that are no UTF-8 survive."""
    return quote(path.encode(errors="surrogateescape"))
