"""What people do on this GitHub: push, open pull requests, review, merge, revert."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from promoter.demo.github.activity import MoveKind, Mover
from promoter.demo.github.git import ZERO_SHA, Git
from promoter.demo.github.model import (
    WORKFLOW_GRANTS,
    Merge,
    MergeGroup,
    MergeMethod,
    Permission,
    PullRequest,
    Push,
    Repository,
    Review,
    ReviewState,
    Team,
    Token,
    TokenKind,
    User,
    UserKind,
)
from promoter.demo.github.state import ACTIONS_BOT, State
from promoter.demo.github.writing import Draft, Files, Join, join, revert, write_commit


class NotAllowed(Exception):
    """GitHub would not let anybody do this."""


class World(State):
    """A GitHub with one repository. Every method is something a person does on the site or by `git push`."""

    @classmethod
    def create(
        cls,
        directory: Path,
        repository: Repository,
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> "World":
        """Create the repository as a bare one in `directory`, or take the one that is there already."""
        directory.mkdir(parents=True, exist_ok=True)
        git = Git(directory)
        if git.resolve("HEAD") is None:
            git.run("init", "--quiet", "--bare")
            git.run("symbolic-ref", "HEAD", f"refs/heads/{repository.default_branch}")
        return cls(git, repository, clock=clock)

    def add_user(
        self, login: str, permission: Permission = Permission.WRITE, *, kind: UserKind = UserKind.USER
    ) -> User:
        """Create an account with a role in the repository; call again to change the role."""
        with self.lock:
            return self._add_account(login, permission, kind=kind)

    def add_team(self, organization: str, slug: str, *, members: Sequence[str]) -> Team:
        """Create a team."""
        with self.lock:
            self.teams.append(Team(organization=organization, slug=slug, members=frozenset(members)))
            return self.teams[-1]

    def add_token(self, token: str, login: str, *, grants: Mapping[str, str] = WORKFLOW_GRANTS) -> Token:
        """Give a person's token these permissions."""
        self.tokens[token] = Token(login=login, kind=TokenKind.PERSON, grants=grants)
        return self.tokens[token]

    def add_workflow_token(self, token: str, *, grants: Mapping[str, str] = WORKFLOW_GRANTS) -> Token:
        """Issue what a workflow gets as `GITHUB_TOKEN`: it acts as the Actions bot."""
        self.tokens[token] = Token(login=ACTIONS_BOT, kind=TokenKind.INSTALLATION, grants=grants)
        return self.tokens[token]

    def commit(
        self, branch: str, files: Files, *, author: str, message: str, pusher: str | None = None
    ) -> Push:
        """Push one commit to a branch (`owner:branch` for a fork's); a new branch starts at the default one.

        A file given as None is removed. On the default branch this is a direct push. A commit may carry any
        name: `pusher` is whose account pushes it, the author's unless it is given.
        """
        with self.lock:
            ref = self.branch_ref(branch)
            before = self.tip(branch)
            parent = before or self.tip(self.repository.default_branch)
            draft = Draft(branch=ref, parent=parent, author=self.signature(author), message=message)
            after = write_commit(self.git, draft, files=files)
            self.sync(Mover(login=pusher or author))
            return Push(ref=ref, before=before or ZERO_SHA, after=after, by=pusher or author)

    def create_branch(self, branch: str, at: str, *, by: str = "") -> None:
        """Point a branch, mostly a new one, at a commit, branch or tag; where it was, it is forced."""
        with self.lock:
            sha = self.known_commit(at)
            if sha is None:
                raise NotAllowed(f"nothing is called {at}")
            self.move(self.branch_ref(branch), sha, mover=Mover(login=by))

    def delete_branch(self, branch: str) -> None:
        """Delete a branch; an open pull request from it closes."""
        with self.lock:
            self.git.run("update-ref", "-d", self.branch_ref(branch))
            self.sync()

    def delete_fork(self, owner: str) -> None:
        """Delete somebody's fork: its pull requests stay, with `head.repo` null."""
        with self.lock:
            self.deleted_forks.add(owner)

    def open_pull_request(
        self, head: str, base: str | None = None, *, author: str, title: str, body: str = ""
    ) -> PullRequest:
        """Open a pull request from `branch`, or from `owner:branch` for a fork's branch."""
        with self.lock:
            base_ref = base or self.repository.default_branch
            head_sha, base_sha = self.tip(head), self.tip(base_ref)
            if head_sha is None or base_sha is None:
                raise NotAllowed(f"there is no branch {head if head_sha is None else base_ref}")
            if self.git.is_ancestor(head_sha, base_sha):
                raise NotAllowed(f"No commits between {base_ref} and {head}")
            owner, _, branch = head.rpartition(":")
            now = self.now()
            pull = PullRequest(
                number=self.next_number(),
                title=title,
                body=body,
                author=author,
                head_owner=owner or self.repository.owner,
                head_ref=branch,
                head_sha=head_sha,
                base_ref=base_ref,
                base_sha=base_sha,
                created_at=now,
                updated_at=now,
                is_draft=False,
            )
            self.pulls[pull.number] = pull
            return pull

    def convert_to_draft(self, number: int) -> PullRequest:
        """Mark a pull request as not ready."""
        return self._change(number, is_draft=True)

    def mark_ready(self, number: int) -> PullRequest:
        """Mark a draft as ready for review."""
        return self._change(number, is_draft=False)

    def _change(self, number: int, *, is_draft: bool) -> PullRequest:
        with self.lock:
            self.pulls[number] = replace(self.pulls[number], is_draft=is_draft, updated_at=self.now())
            return self.pulls[number]

    def retarget(self, number: int, base: str) -> PullRequest:
        """Change the branch an open pull request goes to."""
        with self.lock:
            base_sha = self.tip(base)
            if base_sha is None:
                raise NotAllowed(f"there is no branch {base}")
            changed = replace(self._open(number), base_ref=base, base_sha=base_sha, updated_at=self.now())
            self.pulls[number] = changed
            return changed

    def close(self, number: int) -> PullRequest:
        """Close a pull request without merging it."""
        with self.lock:
            now = self.now()
            self.pulls[number] = replace(self._open(number), closed_at=now, updated_at=now)
            return self.pulls[number]

    def _open(self, number: int) -> PullRequest:
        self.sync()
        if not self.pulls[number].is_open:
            raise NotAllowed(f"pull request {number} is closed")
        return self.pulls[number]

    def review(
        self, number: int, author: str, *, state: ReviewState, commit_id: str | None = None, body: str = ""
    ) -> Review:
        """Review a pull request at its head, or at the older commit the reviewer was looking at."""
        with self.lock:
            self.sync()
            if author == self.pulls[number].author and state is not ReviewState.COMMENTED:
                raise NotAllowed("authors cannot approve, or request changes on, their own pull request")
            review = Review(
                id=self.new_id(),
                number=number,
                author=author,
                state=state,
                body=body,
                commit_id=commit_id or self.pulls[number].head_sha,
                submitted_at=self.now(),
            )
            return self.record_review(review)

    def record_review(self, review: Review) -> Review:
        """Put a review on record as it is, also one that GitHub would refuse: for tests of what must hold."""
        with self.lock:
            self.reviews.append(review)
            return review

    def dismiss(self, review_id: int) -> None:
        """Withdraw a review: it stays in the list, as dismissed."""
        with self.lock:
            self.reviews = [
                replace(review, state=ReviewState.DISMISSED) if review.id == review_id else review
                for review in self.reviews
            ]

    def merge(self, number: int, *, by: str, method: MergeMethod = MergeMethod.MERGE) -> Push:
        """Merge a pull request; raise `MergeConflict` when git cannot."""
        with self.lock:
            pull = self._open(number)
            before = self.tip(pull.base_ref) or ZERO_SHA
            after = self._merged_onto(pull, before, by=by, method=method)
            self.mark_merged(pull, Merge(sha=after, onto=before, by=by, at=self.now()))
            self.move(self.branch_ref(pull.base_ref), after, mover=Mover(login=by, kind=MoveKind.PR_MERGE))
            return Push(ref=self.branch_ref(pull.base_ref), before=before, after=after, by=by)

    def _merged_onto(self, pull: PullRequest, onto: str, *, by: str, method: MergeMethod) -> str:
        if pull.is_draft:
            raise NotAllowed("Pull Request is still a draft")
        title, body = self._merge_words(pull, method)
        author = pull.author if method is MergeMethod.SQUASH else by
        message = f"{title}\n\n{body}".strip()
        wanted = Join(onto=onto, head=pull.head_sha, author=self.signature(author), message=message)
        return join(self.git, wanted, method=method)

    def _merge_words(self, pull: PullRequest, method: MergeMethod) -> tuple[str, str]:
        """The commit title and text GitHub proposes."""
        if method is not MergeMethod.SQUASH:
            return f"Merge pull request #{pull.number} from {pull.head_owner}/{pull.head_ref}", pull.title
        messages = [self.git.commit(sha).message for sha in self.pull_commits(pull)]
        if len(messages) == 1:
            title, _, body = messages[0].partition("\n")
            return f"{title} (#{pull.number})", body.strip()
        return f"{pull.title} (#{pull.number})", "\n\n".join(f"* {message}" for message in messages)

    def enqueue(
        self, numbers: Sequence[int], *, by: str, method: MergeMethod = MergeMethod.MERGE
    ) -> MergeGroup:
        """Stack pull requests in the merge queue, as the branch its checks run on; nothing is merged yet."""
        with self.lock:
            pulls = [self._open(number) for number in numbers]
            base_ref = pulls[0].base_ref
            base_sha = tip = self.tip(base_ref) or ZERO_SHA
            merges = []
            for pull in pulls:
                tip = self._merged_onto(pull, tip, by=by, method=method)
                merges.append((pull.number, tip))
            name = f"gh-readonly-queue/{base_ref}/pr-{numbers[-1]}-{base_sha}"
            self.move(self.branch_ref(name), tip, mover=Mover(login=by))
            return MergeGroup(
                head_ref=self.branch_ref(name),
                head_sha=tip,
                base_ref=self.branch_ref(base_ref),
                base_sha=base_sha,
                merges=tuple(merges),
            )

    def land(self, group: MergeGroup, *, by: str) -> Push:
        """Let a merge queue's checks succeed: one push brings every pull request of the group."""
        with self.lock:
            if self.git.resolve(group.base_ref) != group.base_sha:
                raise NotAllowed("the base has moved since the group was formed")
            onto = group.base_sha
            for number, sha in group.merges:
                self.mark_merged(self._open(number), Merge(sha=sha, onto=onto, by=by, at=self.now()))
                onto = sha
            self.git.run("update-ref", "-d", group.head_ref)
            self.move(group.base_ref, group.head_sha, mover=Mover(login=by, kind=MoveKind.MERGE_QUEUE_MERGE))
            return Push(ref=group.base_ref, before=group.base_sha, after=group.head_sha, by=by)

    def revert(self, number: int, *, by: str) -> str:
        """Press "Revert" on a merged pull request; return the branch to open the next one from."""
        with self.lock:
            pull = self.pulls[number]
            base = self.tip(pull.base_ref)
            if pull.merge is None or base is None:
                raise NotAllowed(f"pull request {number} is not merged")
            brought = self.git.shas("--first-parent", f"{pull.merge.onto}..{pull.merge.sha}")
            tip = revert(self.git, brought, onto=base, author=self.signature(by))
            branch = f"revert-{number}-{pull.head_ref}"
            self.move(self.branch_ref(branch), tip, mover=Mover(login=by))
            return branch
