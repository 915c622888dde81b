"""All attacks of the escape suite, by what they are after."""

from __future__ import annotations

from dataclasses import replace

from promoter.evaluation.sandbox.child_process import Sandbox
from tests.sandbox.attack import MIB, Attack, Beside, Control, Ends, When
from tests.sandbox.attacks import answering, excess, network, privileges, secrets, staying, writing

_ROOT, _ANYBODY = Control.ROOT, Control.ANYBODY
_FEW = Sandbox(disk=64 * MIB, files=5_000, processes=64, open_files=256)
_LITTLE_TIME = Sandbox(processor_seconds=3)
_PROBLEM = Ends.AS_A_PROBLEM
_LEAVES = "ended without an answer"
_HANGS = "did not answer within"
_IS_NONE = "what came back is no answer"

SECRETS = tuple(
    Attack(function=function, row=row, control=control)
    for function, row, control in (
        (secrets.parent_environ, "T43", _ROOT),
        (secrets.init_environ, "T43", _ROOT),
        (secrets.memory_files, "T43", _ROOT),
        (secrets.traced, "T43", _ROOT),
        (secrets.memory_read, "T43", _ROOT),
        (secrets.memory_written, "T43", _ROOT),
        (secrets.descriptors_taken, "T43", _ROOT),
        (secrets.processes_listed, "T43", _ROOT),
        (secrets.keys_kept, "T43", _ROOT),
        (secrets.core_dumped, "T43", _ROOT),
        (secrets.git_config, "T46", _ANYBODY),
        (secrets.runner_credentials, "T46", _ANYBODY),
        (secrets.event_file, "T46", _ANYBODY),
        (secrets.command_files_read, "T45", _ANYBODY),
        (secrets.file_by_handle, "T46", _ROOT),
        (secrets.files_watched, "T46", _ROOT),
        (secrets.labels_searched, "T51", _ANYBODY),
        (secrets.labels_in_own_process, "T51", Control.NONE),
    )
)

NETWORK = tuple(
    Attack(function=function, row=row, control=control)
    for function, row, control in (
        (network.docker_socket, "T44", _ANYBODY),
        (network.docker_socket_of_a_group, "T44", _ROOT),
        (network.abstract_socket, "T44", _ANYBODY),
        (network.datagram_to_a_path, "T44", _ANYBODY),
        (network.tcp_4, "T48", _ANYBODY),
        (network.tcp_6, "T48", _ANYBODY),
        (network.tcp_fast_open, "T48", _ANYBODY),
        (network.multipath_tcp, "T48", _ANYBODY),
        (network.metadata_service, "T48", Control.NONE),
        (network.udp, "T48", _ANYBODY),
        (network.dns, "T48", _ANYBODY),
        (network.listening, "T48", _ANYBODY),
        (network.raw, "T48", _ROOT),
        (network.packet, "T48", _ROOT),
        (network.netlink, "T48", _ANYBODY),
        (network.vsock, "T48", _ANYBODY),
        (network.every_family, "T48", _ANYBODY),
        (network.pair_of_another_family, "T48", Control.NONE),
        (network.inherited_descriptors, "T48", Control.NONE),
        (network.ring_of_requests, "T48", _ROOT),
        (network.children_on_the_network, "T48", _ANYBODY),
        (network.connections_listed, "T48", _ANYBODY),
    )
)

WRITING = tuple(
    Attack(function=function, row=row, control=control)
    for function, row, control in (
        (writing.environment_file, "T45", _ANYBODY),
        (writing.path_file, "T45", _ANYBODY),
        (writing.output_file, "T45", _ANYBODY),
        (writing.state_file, "T45", _ANYBODY),
        (writing.summary_file, "T45", _ANYBODY),
        (writing.command_folder, "T45", _ANYBODY),
        (writing.workspace, "T45", _ANYBODY),
        (writing.holdout_file, "T51", _ANYBODY),
        (writing.shared_memory, "T50", _ANYBODY),
        (writing.shared_folders, "T50", _ANYBODY),
        (writing.environment_cache, "T78", _ANYBODY),
        (writing.own_folder_replaced, "T56", _ANYBODY),
        (writing.links_in_the_model, "T56", _ANYBODY),
        (writing.hard_links, "T56", _ROOT),
        (writing.bytes_in_descriptors, "T52", Control.NONE),
        (writing.reopened_pipes, "T52", Control.NONE),
        (writing.kernel_settings, "T43", _ROOT),
    )
)

PRIVILEGES = tuple(
    Attack(function=function, row="T43", control=control)
    for function, control in (
        (privileges.setuid_program, _ANYBODY),
        (privileges.another_user, _ROOT),
        (privileges.capabilities, _ROOT),
        (privileges.process_settings, _ROOT),
        (privileges.namespaces_left, _ROOT),
        (privileges.namespaces_entered, _ROOT),
        (privileges.namespaces_cloned, _ROOT),
        (privileges.mounted, _ROOT),
        (privileges.root_changed, _ROOT),
        (privileges.calls_of_32_bits, _ANYBODY),
        (privileges.calls_of_x32, _ANYBODY),
        (privileges.kernel_programs, _ROOT),
        (privileges.page_faults, _ROOT),
        (privileges.performance_counters, _ROOT),
        (privileges.terminal, _ANYBODY),
        (privileges.signals, _ROOT),
        (privileges.others_slowed, _ROOT),
        (privileges.limits_raised, _ROOT),
        (privileges.own_programs, _ANYBODY),
    )
)

BESIDE = tuple(
    Attack(function=function, row="T78", beside=Beside.ANOTHER_MODEL, control=_ROOT)
    for function in (
        secrets.other_models_memory,
        writing.other_models_folder,
    )
)

EXCESS = (
    Attack(function=excess.fork_bomb, row="T49", ends=_PROBLEM, said=_HANGS, seconds=2, sandbox=_FEW),
    Attack(function=excess.threads_without_end, row="T49", seconds=30, sandbox=_FEW),
    Attack(function=excess.descriptors_opened, row="T49", seconds=30, sandbox=_FEW),
    Attack(
        function=excess.memory_taken,
        row="T49",
        seconds=30,
        ends=_PROBLEM,
        said="MemoryError",
        memory=512 * MIB,
    ),
    Attack(
        function=excess.memory_of_many,
        row="T49",
        seconds=30,
        ends=_PROBLEM,
        said="used more than",
        memory=512 * MIB,
    ),
    Attack(
        function=excess.memory_of_the_kernel,
        row="T49",
        seconds=30,
        ends=_PROBLEM,
        said="pipes, sockets and open files",
        sandbox=Sandbox(disk=64 * MIB, files=5_000, processes=64),
    ),
    Attack(
        function=excess.memory_shared,
        row="T49",
        seconds=30,
        ends=_PROBLEM,
        said="used more than",
        memory=512 * MIB,
    ),
    Attack(
        function=excess.memory_of_files,
        row="T49",
        seconds=30,
        memory=512 * MIB,
        sandbox=Sandbox(disk=512 * MIB),
    ),
    Attack(function=excess.one_large_file, row="T49", seconds=30, ends=_PROBLEM, said="it wrote more than"),
    Attack(function=excess.a_million_files, row="T49", seconds=30, ends=_PROBLEM, said="it made more than"),
    Attack(function=excess.deep_folders, row="T49", seconds=30, ends=_PROBLEM, said="ended by Promoter"),
    Attack(function=excess.files_without_names, row="T49", seconds=30),
    Attack(function=excess.sparse_files, row="T49", seconds=30),
    Attack(function=excess.spinning, row="T49", ends=_PROBLEM, said=_HANGS, seconds=1),
    Attack(
        function=excess.processor_time,
        row="T49",
        ends=_PROBLEM,
        said=_LEAVES,
        seconds=30,
        sandbox=_LITTLE_TIME,
    ),
    Attack(function=excess.sleeping, row="T49", ends=_PROBLEM, said=_HANGS, seconds=1),
    Attack(function=excess.stopped, row="T49", ends=_PROBLEM, said=_HANGS, seconds=1),
    Attack(function=excess.a_gigabyte_printed, row="T49", seconds=30),
    Attack(function=excess.commands_printed, row="T53", ends=_PROBLEM, said="ValueError"),
)

STAYING = (
    Attack(function=staying.daemon, row="T50"),
    Attack(function=staying.daemon_of_a_dead_model, row="T50", ends=_PROBLEM, said=_LEAVES),
    Attack(function=staying.ever_another, row="T50"),
    Attack(function=staying.writes_without_its_first_thread, row="T50"),
    Attack(function=staying.holds_the_pipes, row="T50", ends=_PROBLEM, said=_LEAVES),
    Attack(function=staying.ends_what_is_around, row="T50", ends=_PROBLEM, seconds=2),
)

_FORGED = tuple(
    Attack(function=function, row=row, ends=_PROBLEM, said=said, seconds=2 if said == _HANGS else 15)
    for function, row, said in (
        (answering.exits_well, "T51", _LEAVES),
        (answering.says_pass, "T51", _IS_NONE),
        (answering.pickled, "T52", "answered what nobody asked"),
        (answering.pickled_header, "T52", _IS_NONE),
        (answering.too_many_rows, "T52", "it predicted 51 rows for 50"),
        (answering.too_long_a_body, "T52", _IS_NONE),
        (answering.not_a_number, "T52", "NaN"),
        (answering.huge_header, "T52", _IS_NONE),
        (answering.huge_body, "T52", _IS_NONE),
        (answering.huge_width, "T52", "columns"),
        (answering.many_labels, "T52", "different labels"),
        (answering.wrong_codes, "T52", "none of its labels"),
        (answering.half_an_answer, "T52", _HANGS),
        (answering.drops, "T52", _HANGS),
        (answering.deep_json, "T52", "is not JSON"),
    )
)
ANSWERING = (*_FORGED, Attack(function=answering.metrics_patched, row="T51", predicts="wrong"))


def _also(attack: Attack, when: When) -> Attack:
    return replace(attack, when=when, control=Control.NONE)


_OTHERWISE = (
    _also(next(a for a in WRITING if a.function is writing.environment_file), When.LOADING),
    _also(next(a for a in NETWORK if a.function is network.docker_socket), When.LOADING),
    _also(next(a for a in EXCESS if a.function is excess.sleeping), When.LOADING),
    _also(next(a for a in SECRETS if a.function is secrets.git_config), When.UNPICKLING),
    _also(next(a for a in STAYING if a.function is staying.daemon), When.UNPICKLING),
    _also(next(a for a in WRITING if a.function is writing.workspace), When.UNPICKLING_SKLEARN),
)

ATTACKS = (*SECRETS, *NETWORK, *WRITING, *PRIVILEGES, *BESIDE, *EXCESS, *STAYING, *ANSWERING, *_OTHERWISE)
