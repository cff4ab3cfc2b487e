//! Holds the system calls of the service: those it works with, those whose arguments matter, those only an intruder makes.
//! Never decides what a refusal looks like. Read by `filter`.
//!
//! Found by tracing the service on x86-64 with glibc; for musl and the other processors each call stands here in all the
//! forms it has there.

use libc::c_long;

/// What the arguments of a call must be.
#[derive(Clone, Copy, Debug)]
pub(super) enum Rule {
    /// The argument of this number is one of these.
    OneOf(u8, &'static [u32]),
    /// The argument of this number has none of these bits.
    Without(u8, u32),
    /// `clone` for a thread of this process, without a namespace of its own.
    ThreadsOnly,
}

/// Flags of `clone` that ask for a namespace.
pub(super) const CLONE_NAMESPACES: u32 = (libc::CLONE_NEWNS
    | libc::CLONE_NEWCGROUP
    | libc::CLONE_NEWUTS
    | libc::CLONE_NEWIPC
    | libc::CLONE_NEWUSER
    | libc::CLONE_NEWPID
    | libc::CLONE_NEWNET) as u32;

/// Sockets of the service: to its own machine, of the internet, and to the kernel's tables.
const FAMILIES: &[u32] = &[libc::AF_UNIX as u32, libc::AF_INET as u32, libc::AF_INET6 as u32, libc::AF_NETLINK as u32];
/// The same, for a command that opens raw sockets itself.
const FAMILIES_AND_RAW: &[u32] = &[
    libc::AF_UNIX as u32,
    libc::AF_INET as u32,
    libc::AF_INET6 as u32,
    libc::AF_NETLINK as u32,
    libc::AF_PACKET as u32,
];
/// Non-blocking, close-on-exec, what is readable, whether it is a terminal and how wide, names of interfaces. Not among
/// them: putting characters into the input of somebody's terminal.
const CONTROLS: &[u32] = &[
    libc::FIONBIO as u32,
    libc::FIOCLEX as u32,
    libc::FIONREAD as u32,
    libc::TCGETS as u32,
    // TCGETS2, by which newer C libraries ask the same: `_IOR('T', 0x2a, struct termios2)` of 44 bytes.
    0x802c_542a,
    libc::TIOCGWINSZ as u32,
    libc::SIOCGIFNAME as u32,
    libc::SIOCGIFINDEX as u32,
];
/// Names of threads and of memory, and questions.
const PROCESS_CONTROLS: &[u32] = &[
    libc::PR_SET_NAME as u32,
    libc::PR_GET_NAME as u32,
    // PR_SET_VMA: glibc names what it maps.
    0x5356_4d41,
    // PR_GET_AUXV: the size of a page and the like.
    0x4155_5856,
    libc::PR_GET_NO_NEW_PRIVS as u32,
    libc::PR_GET_SECCOMP as u32,
    libc::PR_CAPBSET_READ as u32,
];

/// Calls whose arguments matter.
pub(super) fn rules(raw_sockets: bool) -> Vec<(c_long, Rule)> {
    let families = if raw_sockets { FAMILIES_AND_RAW } else { FAMILIES };
    #[cfg(not(target_arch = "arm"))]
    let map = libc::SYS_mmap;
    #[cfg(target_arch = "arm")]
    let map = libc::SYS_mmap2;
    vec![
        (libc::SYS_socket, Rule::OneOf(0, families)),
        (libc::SYS_clone, Rule::ThreadsOnly),
        // Memory is written to or run, never made runnable later.
        (map, Rule::Without(2, libc::PROT_EXEC as u32)),
        (libc::SYS_mprotect, Rule::Without(2, libc::PROT_EXEC as u32)),
        (libc::SYS_ioctl, Rule::OneOf(1, CONTROLS)),
        (libc::SYS_prctl, Rule::OneOf(0, PROCESS_CONTROLS)),
    ]
}

/// Calls that end the process: programs, other processes, rights, the system itself.
pub(super) const FATAL: &[c_long] = &[
    libc::SYS_execve,
    libc::SYS_execveat,
    libc::SYS_ptrace,
    // The service has nobody to signal, and in a user's session everything would be in reach.
    libc::SYS_kill,
    libc::SYS_pidfd_send_signal,
    libc::SYS_process_vm_readv,
    libc::SYS_process_vm_writev,
    libc::SYS_setuid,
    libc::SYS_setgid,
    libc::SYS_setreuid,
    libc::SYS_setregid,
    libc::SYS_setresuid,
    libc::SYS_setresgid,
    libc::SYS_setgroups,
    libc::SYS_setfsuid,
    libc::SYS_setfsgid,
    libc::SYS_capset,
    libc::SYS_unshare,
    libc::SYS_setns,
    libc::SYS_mount,
    libc::SYS_umount2,
    libc::SYS_pivot_root,
    libc::SYS_chroot,
    libc::SYS_fsopen,
    libc::SYS_fsmount,
    libc::SYS_move_mount,
    libc::SYS_open_tree,
    libc::SYS_bpf,
    libc::SYS_perf_event_open,
    libc::SYS_userfaultfd,
    libc::SYS_init_module,
    libc::SYS_finit_module,
    libc::SYS_delete_module,
    libc::SYS_kexec_load,
    libc::SYS_keyctl,
    libc::SYS_add_key,
    libc::SYS_request_key,
    libc::SYS_reboot,
    libc::SYS_swapon,
    libc::SYS_swapoff,
    libc::SYS_acct,
    libc::SYS_settimeofday,
    libc::SYS_clock_settime,
    libc::SYS_sethostname,
    libc::SYS_setdomainname,
    libc::SYS_personality,
    libc::SYS_open_by_handle_at,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_iopl,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_ioperm,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_modify_ldt,
    #[cfg(target_arch = "arm")]
    libc::SYS_setuid32,
    #[cfg(target_arch = "arm")]
    libc::SYS_setgid32,
    #[cfg(target_arch = "arm")]
    libc::SYS_setreuid32,
    #[cfg(target_arch = "arm")]
    libc::SYS_setregid32,
    #[cfg(target_arch = "arm")]
    libc::SYS_setresuid32,
    #[cfg(target_arch = "arm")]
    libc::SYS_setresgid32,
    #[cfg(target_arch = "arm")]
    libc::SYS_setgroups32,
];

/// Calls the service works with.
pub(super) const ALLOWED: &[c_long] = &[
    // Descriptors and files.
    libc::SYS_read,
    libc::SYS_write,
    libc::SYS_readv,
    libc::SYS_writev,
    libc::SYS_pread64,
    libc::SYS_pwrite64,
    libc::SYS_preadv,
    libc::SYS_pwritev,
    libc::SYS_close,
    libc::SYS_close_range,
    libc::SYS_openat,
    libc::SYS_fstat,
    libc::SYS_statx,
    libc::SYS_lseek,
    libc::SYS_getdents64,
    libc::SYS_fcntl,
    libc::SYS_flock,
    libc::SYS_ftruncate,
    libc::SYS_fallocate,
    libc::SYS_fsync,
    libc::SYS_fdatasync,
    libc::SYS_renameat,
    libc::SYS_renameat2,
    libc::SYS_unlinkat,
    libc::SYS_mkdirat,
    libc::SYS_linkat,
    libc::SYS_readlinkat,
    libc::SYS_faccessat,
    libc::SYS_faccessat2,
    libc::SYS_fchmod,
    libc::SYS_fchmodat,
    libc::SYS_utimensat,
    libc::SYS_statfs,
    libc::SYS_fstatfs,
    libc::SYS_getcwd,
    libc::SYS_dup,
    libc::SYS_dup3,
    libc::SYS_pipe2,
    libc::SYS_copy_file_range,
    libc::SYS_sendfile,
    libc::SYS_splice,
    // Waiting.
    libc::SYS_epoll_create1,
    libc::SYS_epoll_ctl,
    libc::SYS_epoll_pwait,
    libc::SYS_epoll_pwait2,
    libc::SYS_eventfd2,
    libc::SYS_ppoll,
    libc::SYS_pselect6,
    libc::SYS_timerfd_create,
    libc::SYS_timerfd_settime,
    libc::SYS_timerfd_gettime,
    libc::SYS_nanosleep,
    libc::SYS_clock_nanosleep,
    libc::SYS_restart_syscall,
    // Memory.
    libc::SYS_munmap,
    libc::SYS_mremap,
    libc::SYS_madvise,
    libc::SYS_brk,
    libc::SYS_membarrier,
    // Threads and signals of its own.
    libc::SYS_futex,
    libc::SYS_set_robust_list,
    libc::SYS_sched_yield,
    libc::SYS_sched_getaffinity,
    libc::SYS_getcpu,
    libc::SYS_exit,
    libc::SYS_exit_group,
    libc::SYS_rt_sigaction,
    libc::SYS_rt_sigprocmask,
    libc::SYS_rt_sigreturn,
    libc::SYS_rt_sigtimedwait,
    libc::SYS_sigaltstack,
    libc::SYS_tgkill,
    libc::SYS_tkill,
    // Sockets. Which, says `rules`; which may listen, says Landlock.
    libc::SYS_socketpair,
    libc::SYS_bind,
    libc::SYS_listen,
    libc::SYS_accept,
    libc::SYS_accept4,
    libc::SYS_connect,
    libc::SYS_getsockname,
    libc::SYS_getpeername,
    libc::SYS_sendto,
    libc::SYS_recvfrom,
    libc::SYS_sendmsg,
    libc::SYS_recvmsg,
    libc::SYS_sendmmsg,
    libc::SYS_recvmmsg,
    libc::SYS_setsockopt,
    libc::SYS_getsockopt,
    libc::SYS_shutdown,
    // Questions.
    libc::SYS_clock_gettime,
    libc::SYS_clock_getres,
    libc::SYS_gettimeofday,
    libc::SYS_getrandom,
    libc::SYS_getpid,
    libc::SYS_getppid,
    libc::SYS_gettid,
    libc::SYS_getuid,
    libc::SYS_geteuid,
    libc::SYS_getgid,
    libc::SYS_getegid,
    libc::SYS_getgroups,
    libc::SYS_getresuid,
    libc::SYS_getresgid,
    libc::SYS_capget,
    libc::SYS_prlimit64,
    libc::SYS_sysinfo,
    libc::SYS_uname,
    libc::SYS_getrusage,
    // `rseq`, which musl's table of 32-bit ARM lacks.
    #[cfg(not(target_arch = "arm"))]
    libc::SYS_rseq,
    #[cfg(not(target_arch = "arm"))]
    libc::SYS_newfstatat,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_open,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_stat,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_lstat,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_access,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_readlink,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_mkdir,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_rmdir,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_rename,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_link,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_unlink,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_chmod,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_dup2,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_pipe,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_poll,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_select,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_epoll_wait,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_getrlimit,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_time,
    #[cfg(target_arch = "aarch64")]
    libc::SYS_getrlimit,
    #[cfg(target_arch = "arm")]
    libc::SYS_open,
    #[cfg(target_arch = "arm")]
    libc::SYS_access,
    #[cfg(target_arch = "arm")]
    libc::SYS_readlink,
    #[cfg(target_arch = "arm")]
    libc::SYS_mkdir,
    #[cfg(target_arch = "arm")]
    libc::SYS_rmdir,
    #[cfg(target_arch = "arm")]
    libc::SYS_rename,
    #[cfg(target_arch = "arm")]
    libc::SYS_link,
    #[cfg(target_arch = "arm")]
    libc::SYS_unlink,
    #[cfg(target_arch = "arm")]
    libc::SYS_chmod,
    #[cfg(target_arch = "arm")]
    libc::SYS_dup2,
    #[cfg(target_arch = "arm")]
    libc::SYS_pipe,
    #[cfg(target_arch = "arm")]
    libc::SYS_poll,
    #[cfg(target_arch = "arm")]
    libc::SYS_epoll_wait,
    #[cfg(target_arch = "arm")]
    libc::SYS_stat64,
    #[cfg(target_arch = "arm")]
    libc::SYS_lstat64,
    #[cfg(target_arch = "arm")]
    libc::SYS_fstat64,
    #[cfg(target_arch = "arm")]
    libc::SYS_fstatat64,
    #[cfg(target_arch = "arm")]
    libc::SYS_statfs64,
    #[cfg(target_arch = "arm")]
    libc::SYS_fstatfs64,
    #[cfg(target_arch = "arm")]
    libc::SYS_ftruncate64,
    #[cfg(target_arch = "arm")]
    libc::SYS_fcntl64,
    #[cfg(target_arch = "arm")]
    libc::SYS__llseek,
    #[cfg(target_arch = "arm")]
    libc::SYS__newselect,
    #[cfg(target_arch = "arm")]
    libc::SYS_sendfile64,
    #[cfg(target_arch = "arm")]
    libc::SYS_ugetrlimit,
    #[cfg(target_arch = "arm")]
    libc::SYS_getuid32,
    #[cfg(target_arch = "arm")]
    libc::SYS_geteuid32,
    #[cfg(target_arch = "arm")]
    libc::SYS_getgid32,
    #[cfg(target_arch = "arm")]
    libc::SYS_getegid32,
    #[cfg(target_arch = "arm")]
    libc::SYS_getgroups32,
    #[cfg(target_arch = "arm")]
    libc::SYS_getresuid32,
    #[cfg(target_arch = "arm")]
    libc::SYS_getresgid32,
    // The forms with times of 64 bits, numbered alike on all processors of 32 bits and not in every table of `libc`:
    // clock_gettime64, clock_getres_time64, clock_nanosleep_time64, timerfd_gettime64, timerfd_settime64,
    // utimensat_time64, pselect6_time64, ppoll_time64, recvmmsg_time64, rt_sigtimedwait_time64, futex_time64; and rseq.
    #[cfg(target_arch = "arm")]
    403,
    #[cfg(target_arch = "arm")]
    406,
    #[cfg(target_arch = "arm")]
    407,
    #[cfg(target_arch = "arm")]
    410,
    #[cfg(target_arch = "arm")]
    411,
    #[cfg(target_arch = "arm")]
    412,
    #[cfg(target_arch = "arm")]
    413,
    #[cfg(target_arch = "arm")]
    414,
    #[cfg(target_arch = "arm")]
    417,
    #[cfg(target_arch = "arm")]
    421,
    #[cfg(target_arch = "arm")]
    422,
    #[cfg(target_arch = "arm")]
    398,
];
