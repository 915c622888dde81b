"""What this GitHub knows: one real git repository, and the people and pull requests around it."""

import itertools
import re
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from promoter.demo.github.activity import Activity, Mover
from promoter.demo.github.deployments import Deployment, DeploymentStatus
from promoter.demo.github.git import FileChange, Git, Signature
from promoter.demo.github.model import (
    Comment,
    Issue,
    Label,
    Merge,
    MergeMethod,
    Permission,
    PullRequest,
    Repository,
    Review,
    Team,
    Token,
    User,
    UserKind,
)
from promoter.demo.github.settings import Settings
from promoter.demo.github.writing import GITHUB_EMAIL, Join, MergeConflict, join

ACTIONS_BOT = "github-actions[bot]"
# The second is who GitHub says committed what its own buttons made.
_GITHUBS_OWN = ((41_898_282, ACTIONS_BOT, UserKind.BOT), (19_864_447, "web-flow", UserKind.USER))
_SHA = re.compile("[0-9a-f]{40}")
_EMPTY_TREE = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"


class State:
    """Everything that is kept, and how it is looked up. Hold `lock` around several steps."""

    def __init__(self, git: Git, repository: Repository, *, clock: Callable[[], datetime]) -> None:
        self.git = git
        self.repository = repository
        self.lock = threading.RLock()
        self.users: dict[str, User] = {}
        self.tokens: dict[str, Token] = {}
        self.teams: list[Team] = []
        self.pulls: dict[int, PullRequest] = {}
        self.reviews: list[Review] = []
        self.comments: dict[int, Comment] = {}
        self.issues: dict[int, Issue] = {}
        self.labels: dict[str, Label] = {}
        self.deployments: dict[int, Deployment] = {}
        self.deployment_statuses: list[DeploymentStatus] = []
        self.deleted_forks: set[str] = set()
        self.activity = Activity()
        self.settings = Settings()
        self.used: Counter[str] = Counter()
        self.created_at = clock().replace(microsecond=0)
        self._clock = clock
        self._ids = itertools.count(1001)
        self._spans: dict[str, list[str]] = {}
        self._test_merges: dict[tuple[int, str, str], str | None] = {}
        self._add_account(repository.owner, Permission.ADMIN, kind=UserKind.ORGANIZATION)
        for number, login, kind in _GITHUBS_OWN:
            self.users[login] = User(id=number, login=login, kind=kind, permission=Permission.NONE)

    def now(self) -> datetime:
        """The time, in whole seconds: GitHub's answers know nothing finer."""
        return self._clock().replace(microsecond=0)

    def new_id(self) -> int:
        """A number nothing else has."""
        return next(self._ids)

    def next_number(self) -> int:
        """What the next pull request or issue is called by: they share their numbers."""
        return len(self.pulls) + len(self.issues) + 1

    def _add_account(self, login: str, permission: Permission, *, kind: UserKind) -> User:
        known = self.users.get(login)
        user = User(id=known.id if known else self.new_id(), login=login, kind=kind, permission=permission)
        self.users[login] = user
        return user

    def user(self, login: str) -> User | None:
        """The account of that name, in whatever case it is written."""
        return next((user for user in self.users.values() if user.login.lower() == login.lower()), None)

    def user_of(self, signature: Signature) -> User | None:
        """The account a commit's address belongs to."""
        if signature.email == GITHUB_EMAIL:
            return self.users["web-flow"]
        return next((user for user in self.users.values() if user.email == signature.email), None)

    def signature(self, login: str) -> Signature:
        """How GitHub signs what this person does on its site."""
        user = self.users[login]
        return Signature(name=user.login, email=user.email, when=self.now())

    def team(self, organization: str, slug: str) -> Team | None:
        """The team of that name."""
        wanted = (organization.lower(), slug.lower())
        return next((t for t in self.teams if (t.organization.lower(), t.slug.lower()) == wanted), None)

    def branch_ref(self, label: str) -> str:
        """The ref of `branch`, or of `owner:branch` for a branch of a fork.

        Forks share their repository's objects, on GitHub too; theirs are refs beside the branches.
        """
        owner, colon, branch = label.rpartition(":")
        if not colon or owner.lower() == self.repository.owner.lower():
            return f"refs/heads/{branch}"
        return f"refs/forks/{owner}/{branch}"

    def tip(self, label: str) -> str | None:
        """The commit a branch points to, None when there is no such branch."""
        return self.git.resolve(self.branch_ref(label))

    def known_commit(self, expression: str) -> str | None:
        """The commit a SHA, branch (slashes and `owner:` included) or tag means."""
        if _SHA.fullmatch(expression):
            return self.git.commit_sha(expression)  # GitHub lets no branch have such a name
        return self.git.commit_sha(self.branch_ref(expression)) or (
            None if ":" in expression else self.git.commit_sha(expression)
        )

    def move(self, ref: str, sha: str, *, mover: Mover | None = None) -> None:
        """Point a ref at a commit, and let every pull request notice."""
        self.git.run("update-ref", ref, sha)
        self.sync(mover)

    def sync(self, mover: Mover | None = None) -> None:
        """Let pull requests follow branches that were moved, by a real `git push` where no mover is named."""
        form = "--format=%(refname) %(objectname)"
        listed = self.git.lines("for-each-ref", form, "refs/heads", "refs/forks")
        tips = dict(line.split(" ") for line in listed)
        self.activity.notice(tips, mover or Mover(), now=self.now, pusher_of=self._committer)
        for pull in list(self.pulls.values()):
            if pull.is_open:
                self._follow(pull, tips)

    def _committer(self, sha: str) -> str | None:
        user = self.user_of(self.git.commit(sha).committer)
        return user.login if user else None

    def _follow(self, pull: PullRequest, tips: dict[str, str]) -> None:
        head = tips.get(self.branch_ref(f"{pull.head_owner}:{pull.head_ref}"))
        base = tips.get(self.branch_ref(pull.base_ref))
        now = self.now()
        if head is None or base is None:
            self.pulls[pull.number] = replace(pull, closed_at=now, updated_at=now)
            return
        if base != pull.base_sha and self.git.is_ancestor(head, base):
            self._note_merge(replace(pull, head_sha=head), base)
        elif head != pull.head_sha:
            self.pulls[pull.number] = replace(pull, head_sha=head, base_sha=base, updated_at=now)

    def _note_merge(self, pull: PullRequest, base: str) -> None:
        """Mark a pull request whose commits came into the base by a push, as GitHub does."""
        trunk = self.git.shas("--first-parent", "--reverse", f"{pull.base_sha}..{base}")
        sha = next(sha for sha in trunk if self.git.is_ancestor(pull.head_sha, sha))
        parents = self.git.commit(sha).parents
        onto = pull.base_sha if sha == pull.head_sha or not parents else parents[0]
        pusher = self.user_of(self.git.commit(base).committer)
        by = pusher.login if pusher else pull.author
        self.mark_merged(pull, Merge(sha=sha, onto=onto, by=by, at=self.now()))

    def mark_merged(self, pull: PullRequest, merge: Merge) -> None:
        """Close a pull request as merged; its head stays what it was."""
        self.pulls[pull.number] = replace(
            pull, merge=merge, base_sha=merge.onto, closed_at=merge.at, updated_at=merge.at
        )

    def pull_commits(self, pull: PullRequest) -> list[str]:
        """The commits a pull request brings, oldest first."""
        return self._span(pull.base_sha, pull.head_sha)

    def _span(self, old: str, new: str) -> list[str]:
        """The commits `new` has and `old` has not, oldest first; between two commits they never change."""
        span = f"{old}..{new}"
        if span not in self._spans:
            self._spans[span] = self.git.shas("--reverse", "--topo-order", span)
        return self._spans[span]

    def pull_changes(self, pull: PullRequest) -> list[FileChange]:
        """The files a pull request changes, against where it left its base."""
        return self.changes_between(pull.base_sha, pull.head_sha)

    def changes_between(self, base: str, head: str) -> list[FileChange]:
        """The three-dot comparison: what `head` did since it left `base`."""
        return self.git.changes(self.git.merge_base(base, head) or _EMPTY_TREE, head)

    def commit_changes(self, sha: str) -> list[FileChange]:
        """What one commit changed, against its first parent."""
        parents = self.git.commit(sha).parents
        return self.git.changes(parents[0] if parents else _EMPTY_TREE, sha)

    def pulls_with(self, sha: str) -> list[PullRequest]:
        """Open pull requests that have this commit, and merged ones that brought it."""
        return [
            pull
            for pull in self.pulls.values()
            if (pull.is_open or pull.merge) and sha in {*self.pull_commits(pull), *self._merged_as(pull)}
        ]

    def _merged_as(self, pull: PullRequest) -> list[str]:
        """The commits a merge put on the base: for a squash or rebase other ones than the branch had."""
        return self._span(pull.merge.onto, pull.merge.sha) if pull.merge else []

    def test_merge(self, pull: PullRequest) -> str | None:
        """The merge GitHub tries for an open pull request (`refs/pull/N/merge`), None when it conflicts."""
        base = self.tip(pull.base_ref)
        if base is None or not pull.is_open:
            return None
        key = (pull.number, pull.head_sha, base)
        if key not in self._test_merges:
            self._test_merges[key] = self._try_merge(pull, base)
        return self._test_merges[key]

    def known_test_merge(self, pull: PullRequest) -> str | None:
        """The test merge if somebody asked for it before: lists do not wait for one."""
        return self._test_merges.get((pull.number, pull.head_sha, self.tip(pull.base_ref) or ""))

    def _try_merge(self, pull: PullRequest, base: str) -> str | None:
        message = f"Merge {pull.head_sha} into {base}"
        wanted = Join(onto=base, head=pull.head_sha, author=self.signature(pull.author), message=message)
        try:
            sha = join(self.git, wanted, method=MergeMethod.MERGE)
        except MergeConflict:
            return None
        self.git.run("update-ref", f"refs/pull/{pull.number}/merge", sha)
        return sha

    def add_comment(self, number: int, *, author: str, body: str) -> Comment:
        """Write in a pull request's conversation."""
        with self.lock:
            now = self.now()
            comment = Comment(
                id=self.new_id(), number=number, author=author, body=body, created_at=now, updated_at=now
            )
            self.comments[comment.id] = comment
            return comment

    def edit_comment(self, comment_id: int, body: str) -> Comment:
        """Change a comment's text."""
        with self.lock:
            changed = replace(self.comments[comment_id], body=body, updated_at=self.now())
            self.comments[comment_id] = changed
            return changed

    def delete_comment(self, comment_id: int) -> None:
        """Remove a comment."""
        with self.lock:
            del self.comments[comment_id]

    def comments_on(self, number: int) -> list[Comment]:
        """A pull request's conversation, oldest first."""
        with self.lock:
            return [comment for comment in self.comments.values() if comment.number == number]
