"""Where things are on this GitHub, as its answers name them."""

from dataclasses import dataclass
from urllib.parse import quote

from promoter.demo.github.model import Repository


@dataclass(frozen=True, kw_only=True)
class Addresses:
    """The roots of the API (base path included) and of the site, without a slash at the end."""

    api: str
    web: str

    def repository(self, repository: Repository) -> str:
        """The repository in the API."""
        return f"{self.api}/repos/{repository.full_name}"

    def site(self, repository: Repository) -> str:
        """The repository's page."""
        return f"{self.web}/{repository.full_name}"


def escaped(path: str) -> str:
    """A path or ref as part of an address; slashes stay, bytes that are no UTF-8 survive."""
    return quote(path.encode(errors="surrogateescape"))
