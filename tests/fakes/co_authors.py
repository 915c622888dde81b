"""The one GraphQL query that the stand-in does not know: whose address a co-author's is."""

from __future__ import annotations

from promoter.demo.github.exchange import Answer, Request, json_answer


class TellsCoAuthors:
    """An interceptor that answers as GitHub does; `accounts` maps addresses to logins, None: nobody's.

    Every other request goes on to the stand-in.
    """

    def __init__(self, accounts: dict[str, str | None]) -> None:
        self._accounts = accounts

    def before(self, request: Request) -> Answer | None:
        if not request.path.endswith("/graphql") or b"authors(" not in request.body:
            return None
        authors = [
            {"email": email, "user": login and {"login": login}} for email, login in self._accounts.items()
        ]
        commits = {
            "pageInfo": {"hasNextPage": False, "endCursor": None},
            "nodes": [{"commit": {"authors": {"nodes": authors}}}],
        }
        return json_answer({"data": {"repository": {"pullRequest": {"commits": commits}}}})

    def after(self, request: Request, answer: Answer) -> Answer:
        return answer
