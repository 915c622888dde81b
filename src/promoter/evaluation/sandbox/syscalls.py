"""System calls that a model's process is refused, and their numbers on x86_64 and aarch64 (None: not there).

Data of `seccomp.py`, standalone. Numbers never change; NEWEST is the newest known here, and what is newer is
refused. A deny list, not an allow list: numeric libraries, allocators and threads use what no test would find
and differ by version; every call is listed that reaches outside the process and no other layer judges.
"""

from __future__ import annotations

from types import MappingProxyType

# removexattrat, of Linux 6.13
NEWEST = 466

# Refused to every model, with EPERM: what nothing that loads and predicts needs.
NEVER = MappingProxyType(
    {
        # No connection, not even over a socket that somebody else made.
        "socket": (41, 198),
        "connect": (42, 203),
        "bind": (49, 200),
        "listen": (50, 201),
        "accept": (43, 202),
        "accept4": (288, 242),
        # Other processes.
        "ptrace": (101, 117),
        "process_vm_readv": (310, 270),
        "process_vm_writev": (311, 271),
        "process_madvise": (440, 440),
        "process_mrelease": (448, 448),
        "kcmp": (312, 272),
        "pidfd_getfd": (438, 438),
        # The kernel's programs, keys, performance counters and page faults.
        "add_key": (248, 217),
        "request_key": (249, 218),
        "keyctl": (250, 219),
        "bpf": (321, 280),
        "perf_event_open": (298, 241),
        "userfaultfd": (323, 282),
        "lookup_dcookie": (212, 18),
        # Mounts and namespaces.
        "mount": (165, 40),
        "umount2": (166, 39),
        "pivot_root": (155, 41),
        "chroot": (161, 51),
        "move_mount": (429, 429),
        "open_tree": (428, 428),
        "fsopen": (430, 430),
        "fsconfig": (431, 431),
        "fsmount": (432, 432),
        "fspick": (433, 433),
        "mount_setattr": (442, 442),
        "statmount": (457, 457),
        "listmount": (458, 458),
        "unshare": (272, 97),
        "setns": (308, 268),
        # The machine.
        "init_module": (175, 105),
        "finit_module": (313, 273),
        "delete_module": (176, 106),
        "create_module": (174, None),
        "query_module": (178, None),
        "get_kernel_syms": (177, None),
        "kexec_load": (246, 104),
        "kexec_file_load": (320, 294),
        "reboot": (169, 142),
        "swapon": (167, 224),
        "swapoff": (168, 225),
        "quotactl": (179, 60),
        "quotactl_fd": (443, 443),
        "acct": (163, 89),
        "syslog": (103, 116),
        "vhangup": (153, 58),
        "sethostname": (170, 161),
        "setdomainname": (171, 162),
        "settimeofday": (164, 170),
        "clock_settime": (227, 112),
        "clock_adjtime": (305, 266),
        "adjtimex": (159, 171),
        "nfsservctl": (180, 42),
        "iopl": (172, None),
        "ioperm": (173, None),
        "modify_ldt": (154, None),
        "personality": (135, 92),
        "uselib": (134, None),
        "ustat": (136, None),
        "sysfs": (139, None),
        "_sysctl": (156, None),
        "lsm_set_self_attr": (460, 460),
        # Files by handle, of the whole file system, and devices.
        "open_by_handle_at": (304, 265),
        "name_to_handle_at": (303, 264),
        "fanotify_init": (300, 262),
        "fanotify_mark": (301, 263),
        "mknod": (133, None),
        "mknodat": (259, 33),
        # Who opens what, where even names are no model's business.
        "inotify_init": (253, None),
        "inotify_init1": (294, 26),
        "inotify_add_watch": (254, 27),
        # Attributes: of every file that anybody may write to, and Landlock does not judge them.
        "setxattr": (188, 5),
        "lsetxattr": (189, 6),
        "fsetxattr": (190, 7),
        "setxattrat": (463, 463),
        "removexattr": (197, 14),
        "lremovexattr": (198, 15),
        "fremovexattr": (199, 16),
        "removexattrat": (466, 466),
        # What is no file, so Landlock does not see it, and outlives its maker.
        "shmget": (29, 194),
        "shmat": (30, 196),
        "shmctl": (31, 195),
        "shmdt": (67, 197),
        "msgget": (68, 186),
        "msgsnd": (69, 189),
        "msgrcv": (70, 188),
        "msgctl": (71, 187),
        "semget": (64, 190),
        "semop": (65, 193),
        "semtimedop": (220, 192),
        "semctl": (66, 191),
        "mq_open": (240, 180),
        "mq_unlink": (241, 181),
        "mq_timedsend": (242, 182),
        "mq_timedreceive": (243, 183),
        "mq_notify": (244, 184),
        "mq_getsetattr": (245, 185),
    }
)

# Answered as by a kernel that lacks them: libraries then take the older way, which is filtered.
ABSENT = MappingProxyType(
    {
        # Its flags lie in memory, where a filter does not see them; and sockets by a ring of requests.
        "clone3": (435, 435),
        # Files of memory, which no limit counts; a folder for temporary files does as well.
        "memfd_create": (319, 279),
        "memfd_secret": (447, 447),
        "io_uring_setup": (425, 425),
        "io_uring_enter": (426, 426),
        "io_uring_register": (427, 427),
    }
)

# Refused where the model runs as our own user: what Landlock leaves to the owner of files and processes.
SAME_USER = MappingProxyType(
    {
        # Modes, owners and times.
        "chmod": (90, None),
        "fchmod": (91, 52),
        "fchmodat": (268, 53),
        "fchmodat2": (452, 452),
        "chown": (92, None),
        "fchown": (93, 55),
        "lchown": (94, None),
        "fchownat": (260, 54),
        "utime": (132, None),
        "utimes": (235, None),
        "futimesat": (261, None),
        "utimensat": (280, 88),
        # How other processes are scheduled.
        "setpriority": (141, 140),
        "ioprio_set": (251, 30),
        "sched_setscheduler": (144, 119),
        "sched_setparam": (142, 118),
        "sched_setattr": (314, 274),
        "sched_setaffinity": (203, 122),
        "migrate_pages": (256, 238),
        "move_pages": (279, 239),
    }
)

# Allowed or refused by what is asked: `seccomp.py`.
BY_ARGUMENT = MappingProxyType(
    {
        "socketpair": (53, 199),
        "clone": (56, 220),
        "prlimit64": (302, 261),
        "ioctl": (16, 29),
    }
)
