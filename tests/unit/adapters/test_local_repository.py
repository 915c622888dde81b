"""A real clone, read through the git command."""

from __future__ import annotations

import os
from datetime import datetime
from pathlib import Path

import pytest

from promoter.adapters.local_repository import LocalRepository
from promoter.core.files import Ancestor
from promoter.errors import PromoterError, ReasonCode
from tests.git_clone import GitClone

PATTERNS = ("promotions/**/*.yaml",)
FILE = "promotions/churn/champion.yaml"


@pytest.fixture
def clone(tmp_path: Path) -> GitClone:
    made = GitClone(tmp_path / "clone")
    made.commit({FILE: "version: 1\n", "README.md": "hello\n"}, "first")
    return made


def opened(clone: GitClone) -> LocalRepository:
    return LocalRepository(clone.folder, environ=os.environ)


def test_files_are_those_that_match_with_mode_and_size(clone: GitClone) -> None:
    repository = opened(clone)
    (entry,) = repository.files(repository.tip("main"), PATTERNS)
    assert (entry.path, entry.mode, entry.size) == (FILE, "100644", 11)
    assert repository.contents([entry]) == {entry.blob_id: b"version: 1\n"}


def test_links_and_executables_are_listed_as_what_they_are(clone: GitClone) -> None:
    (clone.folder / "promotions" / "link.yaml").symlink_to("churn/champion.yaml")
    script = clone.folder / "promotions" / "run.yaml"
    script.write_text("x")
    script.chmod(0o755)
    clone.commit({}, "odd files")
    repository = opened(clone)
    modes = {entry.path: entry.mode for entry in repository.files(repository.tip("main"), PATTERNS)}
    assert modes["promotions/link.yaml"] == "120000"
    assert modes["promotions/run.yaml"] == "100755"


def test_the_working_tree_is_read_and_the_clone_left_alone(clone: GitClone) -> None:
    (clone.folder / FILE).write_text("version: 2\n")
    (clone.folder / "promotions" / "new.yaml").write_text("new\n")
    (clone.folder / "outside.txt").write_text("not ours")
    before = clone.git("status", "--porcelain"), clone.git("count-objects")
    repository = opened(clone)
    with repository.working_tree(PATTERNS) as tree:
        entries = repository.files(tree, PATTERNS)
        contents = repository.contents(entries)
        changed = repository.changed_paths(repository.tip("main"), tree, patterns=PATTERNS)
    assert {e.path: contents[e.blob_id] for e in entries} == {
        FILE: b"version: 2\n",
        "promotions/new.yaml": b"new\n",
    }
    assert changed == {FILE, "promotions/new.yaml"}
    assert (clone.git("status", "--porcelain"), clone.git("count-objects")) == before


def test_a_new_file_is_found_by_any_glob_that_finds_it_once_committed(clone: GitClone) -> None:
    """`**` without a slash too, which git's own globs take for `*`, and from a folder further down."""
    deep = clone.folder / "promotions" / "a" / "b \u00e9\n.yaml"
    deep.parent.mkdir()
    deep.write_text("new\n")
    for folder in (clone.folder, deep.parent):
        repository = LocalRepository(folder, environ=os.environ)
        for pattern in ("**.yaml", "promotions/**.yaml", "**/*.yaml"):
            with repository.working_tree([pattern]) as tree:
                found = repository.files(tree, [pattern])
            assert [entry.path for entry in found] == ["promotions/a/b \u00e9\n.yaml", FILE], pattern
        with repository.working_tree(["**"]) as tree:
            every = repository.files(tree, ["**"])
        assert [entry.path for entry in every[:1]] == ["README.md"]


def test_a_deleted_file_is_gone_from_the_working_tree(clone: GitClone) -> None:
    (clone.folder / FILE).unlink()
    repository = opened(clone)
    with repository.working_tree(PATTERNS) as tree:
        assert repository.files(tree, PATTERNS) == ()


@pytest.mark.parametrize("end", [KeyboardInterrupt, ValueError])
def test_of_a_working_tree_nothing_is_left_on_any_way_out(clone: GitClone, end: type[BaseException]) -> None:
    (clone.folder / FILE).write_text("version: 2\n")
    repository = opened(clone)

    def read() -> str:
        with repository.working_tree(PATTERNS) as tree:
            return tree

    def broken_off() -> None:
        with repository.working_tree(PATTERNS):
            raise end

    with pytest.raises(end):
        broken_off()
    with pytest.raises(PromoterError, match="git said"):
        repository.files(read(), PATTERNS)
    assert repository.tip("main") == clone.git("rev-parse", "main")


def test_history_names_the_commits_of_a_merged_branch_as_github_does(clone: GitClone) -> None:
    clone.git("checkout", "-q", "-b", "feature")
    clone.commit({FILE: "version: 2\n"}, "a try")
    last = clone.commit({FILE: "version: 3\n"}, "the one")
    clone.git("checkout", "-q", "main")
    clone.git("merge", "-q", "--no-ff", "feature", "-m", "merge")
    changes = opened(clone).history("main", FILE, limit=10)
    assert [change.content for change in changes] == [b"version: 3\n", b"version: 2\n", b"version: 1\n"]
    assert changes[0].commit == last
    assert len(opened(clone).history("main", FILE, limit=1)) == 1


def test_first_parents_are_where_the_branch_stood(clone: GitClone) -> None:
    first = clone.git("rev-parse", "main")
    clone.git("checkout", "-q", "-b", "feature")
    clone.commit({FILE: "version: 2\n"}, "a try")
    clone.git("checkout", "-q", "main")
    clone.git("merge", "-q", "--no-ff", "feature", "-m", "merge")
    merge = clone.git("rev-parse", "main")
    dates = [clone.git("show", "-s", "--format=%cI", commit) for commit in (merge, first)]
    chain = (
        Ancestor(commit=merge, is_merge=True, when=dates[0]),
        Ancestor(commit=first, is_merge=False, when=dates[1]),
    )
    assert all(datetime.fromisoformat(date).tzinfo for date in dates)
    assert opened(clone).first_parents("main", limit=9) == chain
    assert opened(clone).first_parents(merge, limit=1) == chain[:1]


def test_blob_ids_of_files_that_are_there_and_of_others(clone: GitClone) -> None:
    before = clone.git("rev-parse", "main")
    after = clone.commit({FILE: "version: 2\n", "promotions/größe 1.yaml": "x"}, "second")
    new = "promotions/größe 1.yaml"
    places = [(before, FILE), (before, new), (after, FILE), (after, new), (after, "promotions")]
    found = opened(clone).blob_ids(places)
    ids = [clone.git("rev-parse", f"{commit}:{path}") for commit, path in (places[0], places[2], places[3])]
    assert list(found) == places
    assert list(found.values()) == [ids[0], None, ids[1], ids[2], None]


def test_the_log_follows_first_parents_only(clone: GitClone) -> None:
    clone.git("checkout", "-q", "-b", "feature")
    clone.commit({FILE: "version: 2\n"}, "a try")
    clone.commit({FILE: "version: 3\n"}, "the one")
    clone.git("checkout", "-q", "main")
    clone.git("merge", "-q", "--no-ff", "feature", "-m", "merge")
    found = opened(clone).log("main", "promotions/**/*.yaml")
    assert [(one.subject, list(one.files)) for one in found] == [("merge", [FILE]), ("first", [FILE])]
    assert found[0].parent == found[1].commit


def test_history_tells_of_a_deletion(clone: GitClone) -> None:
    (clone.folder / FILE).unlink()
    clone.commit({}, "delete")
    assert opened(clone).history("main", FILE, limit=10)[0].content is None


def test_the_log_says_who_and_when_and_what(clone: GitClone) -> None:
    repository = opened(clone)
    (entry,) = repository.log("main", "promotions/**/*.yaml")
    held = entry.files[FILE]
    assert held is not None
    assert (entry.author, entry.subject, entry.parent) == ("Ada", "first", "")
    assert repository.contents([held]) == {held.blob_id: b"version: 1\n"}
    assert entry.when.startswith("20")
    assert entry.merged_at.startswith("20")


def test_the_log_tells_of_deletions_and_of_paths_that_look_like_its_own_lines(clone: GitClone) -> None:
    odd = "promotions/:100644 a\nb.yaml"
    clone.commit({odd: "x"}, "odd: :100644")
    (clone.folder / odd).unlink()
    clone.commit({}, "gone")
    gone, made, _ = opened(clone).log("main", "promotions/**/*.yaml")
    assert (gone.files, list(made.files), made.subject) == ({odd: None}, [odd], "odd: :100644")


def test_the_base_is_found_without_being_named(clone: GitClone) -> None:
    main = clone.git("rev-parse", "main")
    clone.git("checkout", "-q", "-b", "feature")
    clone.commit({FILE: "version: 2\n"}, "work")
    assert opened(clone).base(None, "HEAD") == (main, main)


def test_a_base_that_moved_on_shares_an_older_commit(clone: GitClone) -> None:
    fork_point = clone.git("rev-parse", "main")
    clone.git("checkout", "-q", "-b", "feature")
    clone.git("checkout", "-q", "main")
    clone.commit({"README.md": "more\n"}, "main moves on")
    assert opened(clone).base("main", "feature") == (clone.git("rev-parse", "main"), fork_point)


@pytest.mark.parametrize("revision", ["no-such-branch", "--upload-pack=x", "-h"])
def test_an_unknown_revision_is_refused_by_name(clone: GitClone, revision: str) -> None:
    with pytest.raises(PromoterError) as refused:
        opened(clone).base(revision, "HEAD")
    assert refused.value.reason is ReasonCode.USAGE_INVALID
    assert revision in str(refused.value.message)


def test_a_folder_that_is_no_clone_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PromoterError) as refused:
        LocalRepository(tmp_path, environ={**os.environ, "GIT_CEILING_DIRECTORIES": str(tmp_path.parent)})
    assert refused.value.reason is ReasonCode.USAGE_INVALID


def test_an_object_that_is_not_in_the_clone_is_an_error_not_an_absence(clone: GitClone) -> None:
    repository = opened(clone)
    (entry,) = repository.files(repository.tip("main"), PATTERNS)
    clone.lose(entry.blob_id)
    with pytest.raises(PromoterError) as refused:
        repository.contents([entry])
    assert "no object" in str(refused.value.message)


def test_a_folder_that_is_not_there_is_told_by_its_name(tmp_path: Path) -> None:
    with pytest.raises(PromoterError) as caught:
        LocalRepository(tmp_path / "nowhere", environ={"PATH": os.environ["PATH"]})
    assert str(caught.value.message) == f"there is no folder `{tmp_path / 'nowhere'}`"
    assert caught.value.reason is ReasonCode.USAGE_INVALID


def test_the_working_tree_of_a_repository_without_a_commit(tmp_path: Path) -> None:
    clone = GitClone(tmp_path / "new")
    (clone.folder / "a.yaml").write_text("version: 1\n")
    repository = LocalRepository(clone.folder, environ={"PATH": os.environ["PATH"]})
    with repository.working_tree(["*.yaml"]) as tree:
        (entry,) = repository.files(tree, ["*.yaml"])
        assert (entry.path, repository.data(entry)) == ("a.yaml", b"version: 1\n")
