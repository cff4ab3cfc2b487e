//! Holds the start of this program as the first process of a place of its own: its own processes, mounts and System V memory.
//! Never decides what that process does. When it ends, and it ends with its parent, the kernel ends every process of the
//! place. Called by the kiosk agent's guard, for the session of a person.

use std::ffi::{CString, OsString};
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{AsRawFd, BorrowedFd};
use std::os::unix::ffi::OsStringExt;
use std::ptr;

use rustix::process::Pid;

use crate::error::{Error, Need};

/// This program, also when its file was replaced by a newer one meanwhile.
const ITSELF: &std::ffi::CStr = c"/proc/self/exe";
/// Processes, mounts, System V and POSIX message queues; the network stays the machine's.
const PLACE: libc::c_int = libc::CLONE_NEWPID | libc::CLONE_NEWNS | libc::CLONE_NEWIPC;
/// The exit code (sysexits.h, "system error") of a child that could not be executed.
const NOT_EXECUTED: libc::c_int = 71;
/// Descriptors are moved above this one before they get their numbers, so that none is written over.
const OUT_OF_THE_WAY: libc::c_int = 64;

/// Starts this program with `arguments` (the first is its name) in a place of its own. Its input, output and complaints
/// are `descriptors`; it has no other.
///
/// The kernel kills it when the calling thread ends, and with it every process of the place, however they try to avoid it:
/// double forks, sessions of their own and ignored signals do not help against the end of their process number 1.
///
/// # Errors
/// [`Error::SeveralThreads`] when another thread runs: memory could be half changed in the child.
/// [`Error::NoPermission`] without `CAP_SYS_ADMIN`; [`Error::Other`] when the kernel has no such places
/// (`CONFIG_PID_NS`, `CONFIG_IPC_NS`), or too many.
pub fn start(arguments: &[OsString], descriptors: [BorrowedFd<'_>; 3]) -> Result<Pid, Error> {
    let action = "start a place of its own";
    crate::privilege::assert_one_thread(action)?;
    let words = arguments.iter().map(|word| CString::new(word.clone().into_vec()));
    let words: Vec<CString> = words.collect::<Result<_, _>>().map_err(|_| Error::unreadable(action))?;
    let mut pointers: Vec<*const libc::c_char> = words.iter().map(|word| word.as_ptr()).collect();
    pointers.push(ptr::null());
    // SAFETY: no stack is given, so this is a fork: the child goes on from here with a copy of everything. The process has
    // one thread, so nothing is half done in that copy.
    let pid = unsafe { libc::syscall(libc::SYS_clone, PLACE | libc::SIGCHLD, 0, 0, 0, 0) };
    if pid < 0 {
        return Err(Error::sort(action, Need::Root, io::Error::last_os_error()));
    }
    if let Some(pid) = i32::try_from(pid).ok().and_then(Pid::from_raw) {
        return Ok(pid);
    }
    become_first(&pointers, descriptors);
    // SAFETY: ends this copy, without anything the original would do at its end.
    unsafe { libc::_exit(NOT_EXECUTED) }
}

/// In the child: what the place's first process has, then the program. Comes back only when it cannot be executed.
fn become_first(pointers: &[*const libc::c_char], descriptors: [BorrowedFd<'_>; 3]) {
    let mut none = MaybeUninit::<libc::sigset_t>::uninit();
    // SAFETY: `sigemptyset` makes a whole set of what it is given, which is read; nothing is asked back.
    unsafe {
        libc::sigemptyset(none.as_mut_ptr());
        libc::sigprocmask(libc::SIG_SETMASK, none.as_ptr(), ptr::null_mut());
    }
    // SAFETY: numbers only. Inside the place the parent cannot be asked for, so a parent that ended before this line is
    // noticed by what the program reads from its input: nothing, the end.
    if unsafe { libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL, 0, 0, 0) } != 0 {
        return;
    }
    let mut moved = [0; 3];
    for (place, descriptor) in moved.iter_mut().zip(descriptors) {
        // SAFETY: numbers only; the copy is closed by the start of the program.
        *place = unsafe { libc::fcntl(descriptor.as_raw_fd(), libc::F_DUPFD_CLOEXEC, OUT_OF_THE_WAY) };
    }
    for (number, descriptor) in (0..).zip(moved) {
        // SAFETY: numbers only; a failed copy above is -1, which is refused.
        if unsafe { libc::dup2(descriptor, number) } < 0 {
            return;
        }
    }
    // SAFETY: `pointers` ends with null, and each before it points at a string that lives in the caller.
    unsafe { libc::execv(ITSELF.as_ptr(), pointers.as_ptr()) };
}

/// Makes every mount that this process sees one that cannot be written to, and none that lends rights: with all that is
/// mounted over it afterwards, these are the only places where something can be left behind.
///
/// # Errors
/// [`Error::Other`] on a kernel without `mount_setattr` (Linux 5.12), [`Error::NoPermission`] without `CAP_SYS_ADMIN`.
pub fn make_all_read_only() -> Result<(), Error> {
    let attributes = libc::mount_attr {
        attr_set: libc::MOUNT_ATTR_RDONLY | libc::MOUNT_ATTR_NOSUID,
        attr_clr: 0,
        propagation: 0,
        userns_fd: 0,
    };
    // SAFETY: the path ends with a zero, pointer and size describe `attributes`, which the kernel only reads.
    let result = unsafe {
        libc::syscall(
            libc::SYS_mount_setattr,
            libc::AT_FDCWD,
            c"/".as_ptr(),
            libc::AT_RECURSIVE,
            &raw const attributes,
            size_of::<libc::mount_attr>(),
        )
    };
    if result == 0 { Ok(()) } else { Err(Error::sort("make mounts read-only", Need::Root, io::Error::last_os_error())) }
}
