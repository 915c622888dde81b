"""Is it set up so that it holds? Gather what can be seen, let the rules look, tell it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial

from promoter.commands.doctor_looking import Looking
from promoter.commands.doctor_ports import RegistryRights, RepositorySettings
from promoter.commands.trees import Places, Tree, read_policy, read_tree
from promoter.core.doctor import (
    About,
    CodeOwnersFile,
    Diagnosis,
    Environment,
    Facts,
    Finding,
    Severity,
    Visibility,
)
from promoter.core.doctor_catalog import RULES, examine
from promoter.core.doctor_owners import LARGEST, PLACES
from promoter.core.doctor_workflow import Workflow, read_workflow
from promoter.core.files import REGULAR_FILE, FileEntry
from promoter.core.policy import Policy
from promoter.core.prompt import Kind
from promoter.core.requests import read_requests
from promoter.core.schema import FileKind
from promoter.core.schema_files import SCHEMAS, is_stale
from promoter.core.strict_yaml import LARGEST_FILE
from promoter.errors import PromoterError, ReasonCode
from promoter.ports import RegistryReader, Repository
from promoter.text import NOTHING, Message, quote, say

_WORKFLOWS = (".github/workflows/*.yml", ".github/workflows/*.yaml")
# What is read beside requests and policy.
FILES = (*_WORKFLOWS, *PLACES, *SCHEMAS.values())


@dataclass(frozen=True, kw_only=True)
class AskedRegistry:
    """How the registry is asked: what it holds, and what these credentials may do."""

    reader: Callable[[], RegistryReader]
    rights: Callable[[], RegistryRights]


@dataclass(frozen=True, kw_only=True)
class DoctorWorld:
    """What the doctor may look at. `commit` empty: the default branch's tip.

    `settings` and `registry` None: they are not asked, and `why_no_…` says why. `gone_layers` tries the
    sandbox of this machine. `now`: this machine's clock, when GitHub has just answered.
    """

    repository: Repository
    places: Places
    now: Callable[[], datetime]
    gone_layers: Callable[[], Mapping[str, str]]
    commit: str = ""
    settings: RepositorySettings | None = None
    why_no_settings: Message = NOTHING
    registry: AskedRegistry | None = None
    why_no_registry: Message = NOTHING
    name: str = ""
    tool_version: str = ""


def diagnose(world: DoctorWorld) -> Diagnosis:
    """Every finding. Raises GITHUB_UNAVAILABLE, PERMISSION_DENIED or DEADLINE_EXCEEDED where not even the
    files can be read, and INTERRUPTED."""
    looking = Looking()
    about = _about(world, looking)
    now = world.now()
    commit = world.commit or world.repository.tip(about.default_branch if about else "")
    facts = Facts(now=now, policy_path=world.places.policy, requests_glob=world.places.requests, about=about)
    facts = _with_files(facts, world, commit=commit, looking=looking)
    facts = _with_settings(facts, world, looking=looking)
    facts = _with_code_owners(facts, world, commit=commit, looking=looking)
    facts = _with_registry(facts, world, looking=looking)
    gone = looking.at("The sandbox of this machine", world.gone_layers)
    facts = replace(facts, gone_layers=gone, unseen=tuple(looking.unseen))
    return _diagnosis(examine(facts), world, commit=commit, outage=looking.outage)


def _diagnosis(
    findings: tuple[Finding, ...], world: DoctorWorld, *, commit: str, outage: PromoterError | None
) -> Diagnosis:
    errors = sum(one.rule.severity is Severity.ERROR for one in findings)
    if errors:
        reason, message = ReasonCode.SETUP_UNSAFE, say(f"{errors} thing(s) have to be set right")
    elif outage is not None:
        reason, message = outage.reason, outage.message
    else:
        reason, message = ReasonCode.SETUP_SOUND, say("nothing was found that has to be set right")
    return Diagnosis(
        reason=reason,
        message=message,
        findings=findings,
        rules=len(RULES),
        repository=world.name,
        commit=commit,
        tool_version=world.tool_version,
    )


def _about(world: DoctorWorld, looking: Looking) -> About | None:
    if world.settings is None:
        looking.miss("GitHub's settings of the repository", why=world.why_no_settings)
        return None
    if not world.commit:
        return world.settings.about()
    return looking.at("The repository on GitHub", world.settings.about)


def _with_files(facts: Facts, world: DoctorWorld, *, commit: str, looking: Looking) -> Facts:
    tree = read_tree(world.repository, commit, places=world.places)
    workflows, unread = _workflows(world.repository, commit)
    facts = replace(
        facts,
        workflows=workflows,
        unread_workflows=unread,
        has_policy=tree.policy is not None,
        has_requests=bool(tree.requests),
        stale_schemas=looking.at("The schemas", lambda: _stale_schemas(world.repository, commit)) or (),
    )
    entries = list(tree.requests.values())
    regular = [one for one in entries if one.mode == REGULAR_FILE]
    contents = looking.at(
        "The promotion requests", lambda: world.repository.contents(regular) if regular else {}
    )
    if contents is not None:
        read = read_requests([(one, contents.get(one.blob_id, b"")) for one in entries])
        facts = replace(facts, requests=read.requests, request_problems=read.problems)
    policy = looking.at("The policy", lambda: _policy(world, tree))
    if isinstance(policy, Message):
        return replace(facts, policy_problem=policy)
    return replace(facts, policy=policy)


def _policy(world: DoctorWorld, tree: Tree) -> Policy | Message:
    """The policy, or what is wrong with it."""
    try:
        return read_policy(world.repository, tree, places=world.places)
    except PromoterError as error:
        if error.reason not in {ReasonCode.POLICY_INVALID, ReasonCode.REQUEST_INVALID}:
            raise
        return _first_problem(error)


def _first_problem(error: PromoterError) -> Message:
    if not error.problems:
        return error.message
    first = error.problems[0]
    more = f" (and {len(error.problems) - 1} more)" if len(error.problems) > 1 else ""
    return say(f"line {first.line}: ", *first.found.parts, ". ", *first.write.parts, more)


def _workflows(repository: Repository, commit: str) -> tuple[tuple[Workflow, ...], tuple[str, ...]]:
    """The workflows that can be read, and the paths of those that cannot and name Promoter."""
    entries = [one for one in repository.files(commit, _WORKFLOWS) if one.mode == REGULAR_FILE]
    small = [one for one in entries if (one.size or 0) <= LARGEST_FILE]
    contents = repository.contents(small) if small else {}
    unread = [one.path for one in entries if (one.size or 0) > LARGEST_FILE]
    read: list[Workflow] = []
    for entry in small:
        data = contents[entry.blob_id]
        workflow = read_workflow(data, path=entry.path)
        if workflow is not None:
            read.append(workflow)
        elif b"promoter" in data.lower():
            unread.append(entry.path)
    return tuple(read), tuple(unread)


def _stale_schemas(repository: Repository, commit: str) -> tuple[FileKind, ...]:
    entries = {one.path: one for one in repository.files(commit, tuple(SCHEMAS.values()))}
    contents = repository.contents(tuple(entries.values())) if entries else {}
    held = {kind: entries[path].blob_id for kind, path in SCHEMAS.items() if path in entries}
    return tuple(kind for kind, blob_id in held.items() if is_stale(contents[blob_id], kind))


def _with_settings(facts: Facts, world: DoctorWorld, *, looking: Looking) -> Facts:
    settings, about = world.settings, facts.about
    if settings is None or about is None:
        return facts
    branch = about.default_branch
    rules = looking.at("The rules of the default branch", lambda: settings.branch_rules(branch))
    if rules is not None and not rules.is_whole:
        why = say(
            "the token may not read it: that takes `administration: read`, which a GitHub App's token or a "
            "person's can have, and a workflow's own cannot. Rulesets can be read by everybody"
        )
        looking.miss("The classic protection of the default branch", why=why)
    is_public = about.visibility is Visibility.PUBLIC
    return replace(
        facts,
        branch_rules=rules,
        environments=_environments(facts, settings, looking=looking),
        workflow_settings=looking.at("What workflows may do", settings.workflow_settings),
        sha_pinning=looking.at("Whether actions have to be pinned", settings.sha_pinning),
        fork_approval=looking.at("Whose forks wait", settings.fork_approval) if is_public else None,
    )


def _environments(
    facts: Facts, settings: RepositorySettings, *, looking: Looking
) -> Mapping[str, Environment | None]:
    found: dict[str, Environment | None] = {}
    for name in sorted({use.job.environment for use in facts.running("apply")} - {""}):
        if "${{" in name:
            looking.miss("An environment", why=say("its name is made when the job runs: ", quote(name)))
            continue
        answer = looking.at("An environment", partial(_environment, settings, name))
        if answer is not None:
            found[name] = answer[0]
    return found


def _environment(settings: RepositorySettings, name: str) -> tuple[Environment | None]:
    return (settings.environment(name),)


def _with_code_owners(facts: Facts, world: DoctorWorld, *, commit: str, looking: Looking) -> Facts:
    listed = looking.at("CODEOWNERS", lambda: world.repository.files(commit, PLACES))
    if listed is None:
        return facts
    entries = {one.path: one for one in listed}
    entry = next((entries[path] for path in PLACES if path in entries), None)
    if entry is None:
        return replace(facts, code_owners=CodeOwnersFile(path="", size=0, text=None))
    file = looking.at("CODEOWNERS", lambda: _code_owners(world.repository, entry))
    settings = world.settings
    if file is None or settings is None:
        return replace(facts, code_owners=file)
    errors = looking.at("What is wrong in CODEOWNERS", lambda: settings.code_owners_errors(commit))
    return replace(facts, code_owners=replace(file, errors=errors or ()))


def _code_owners(repository: Repository, entry: FileEntry) -> CodeOwnersFile:
    size = entry.size or 0
    if size > LARGEST:
        return CodeOwnersFile(path=entry.path, size=size, text=None)
    text = repository.data(entry).decode("utf-8", errors="replace")
    return CodeOwnersFile(path=entry.path, size=size, text=text)


def _with_registry(facts: Facts, world: DoctorWorld, *, looking: Looking) -> Facts:
    registry = world.registry
    if registry is None:
        looking.miss("The registry", why=world.why_no_registry)
        return facts
    try:
        reader = registry.reader()
        models = frozenset(reader.all_aliases())
    except PromoterError as error:
        if error.reason is ReasonCode.INTERRUPTED:
            raise
        if error.reason in {ReasonCode.REGISTRY_UNAVAILABLE, ReasonCode.DEADLINE_EXCEEDED}:
            looking.outage = looking.outage or error
        looking.miss("The registry", why=error.message)
        return facts
    facts = replace(facts, models=models, prompts=_prompts(facts, reader, looking=looking))
    rights = looking.at("What these credentials may do in the registry", registry.rights)
    if rights is None:
        return facts
    return replace(
        facts,
        server_version=looking.at("The version of the registry's server", rights.server_version),
        rights=looking.at(
            "What these credentials may do in the registry", lambda: rights.rights(_asked(facts))
        ),
    )


def _prompts(facts: Facts, reader: RegistryReader, *, looking: Looking) -> frozenset[str] | None:
    """The names of all prompts, asked for only where policy or requests speak of one."""
    rules = facts.policy.models if facts.policy else ()
    kinds = {*(rule.kind for rule in rules), *(request.kind for request in facts.requests)}
    if Kind.PROMPT not in kinds:
        return None
    return looking.at("The registry's prompts", lambda: frozenset(reader.all_aliases(Kind.PROMPT)))


def _asked(facts: Facts) -> Sequence[str]:
    """The names whose rights matter: those of requests that are there, any where there is no request. What
    is true of another model says nothing of one that these credentials are not shown."""
    names = [*sorted(facts.models or ()), *sorted(facts.prompts or ())]
    known = set(names)
    requested = [one for one in dict.fromkeys(request.model for request in facts.requests) if one in known]
    return requested if facts.requests else names[:1]
