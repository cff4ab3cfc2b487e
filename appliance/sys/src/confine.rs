//! Holds how a process gives up, for good and before its first thread, whatever its work does not need.
//! Never gains a right, and never passes over in silence what the kernel cannot enforce: [`Sandbox`] says what is in force.
//! Called by the service right at its start, by the commands that open raw sockets, and by tests that try what is forbidden.
//!
//! Four fences, each of which holds by itself:
//!
//! | fence | keeps out |
//! | --- | --- |
//! | another user | files and processes of root, and of everybody else |
//! | no capabilities, an empty bounding set, `no_new_privs` | every privileged operation, and the way back to it |
//! | Landlock | files outside the data folder and a short list to read; listening on TCP ports; signals to others |
//! | seccomp | system calls that the service has no use for: starting programs, raw sockets, mounts, modules, tracing |

mod calls;
mod filter;
mod folders;
mod identity;

use std::path::PathBuf;

use rustix::process::{Pid, Signal};

use crate::error::Error;

pub use folders::Landlock;
pub use identity::Identity;
pub(crate) use identity::{keep_only, limit_bounding_set};

/// What a process keeps.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    /// Who to become; `None`: stay who it is.
    pub identity: Option<Identity>,
    /// Keep opening raw sockets, with the capabilities for it. Only for a command that ends by itself.
    pub raw_sockets: bool,
    /// Keep opening TCP ports to listen on. Not with a broker, which opens them.
    pub listens: bool,
    /// Files and folders that may be read, with what is beneath; those that do not exist are left out.
    pub read: Vec<PathBuf>,
    /// Folders in which everything may be done to files. They must exist.
    pub write: Vec<PathBuf>,
    /// End at once when this process ends, which must be the parent.
    pub parent: Option<u32>,
}

/// What is in force after [`confine`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sandbox {
    /// The user it runs as.
    pub uid: u32,
    /// No capability is left; `false` only for a plan that keeps raw sockets.
    pub no_capabilities: bool,
    /// No program it may start could bring a capability back: the bounding set is empty. Without `CAP_SETPCAP` it cannot
    /// be emptied, and `no_new_privs` alone holds the same.
    pub bounding_empty: bool,
    /// What the kernel's rules for files do.
    pub landlock: Landlock,
    /// Whether system calls are filtered; `false`: the kernel has no seccomp.
    pub seccomp: bool,
}

/// Puts the fences up, in the one order in which each can still be made: what needs a right first.
///
/// # Errors
/// [`Error::SeveralThreads`] when another thread runs already, which would stay outside; [`Error::Other`] when a fence that
/// the kernel has cannot be put up, a folder to write in does not exist, or the parent is gone. Then go no further.
pub fn confine(plan: &Plan) -> Result<Sandbox, Error> {
    crate::privilege::assert_one_thread("give up rights")?;
    // Read once and kept: an older kernel has this only in a file that a process which changed its user may not open.
    let _kept_by_rustix = rustix::param::page_size();
    // The rules name files by descriptors, which the next user may not be able to open.
    let rules = folders::prepare(plan)?;
    let bounding_empty = identity::empty_bounding_set(plan.raw_sockets);
    if let Some(identity) = plan.identity {
        identity::become_user(identity)?;
    }
    let no_capabilities = !plan.raw_sockets;
    if no_capabilities {
        crate::privilege::drop_all()?;
    } else {
        identity::keep_raw_sockets()?;
    }
    if let Some(parent) = plan.parent {
        // After the change of user, which makes the kernel forget it.
        die_with(parent)?;
    }
    let landlock = folders::enforce(rules)?;
    let seccomp = filter::install(plan.raw_sockets)?;
    Ok(Sandbox { uid: rustix::process::geteuid().as_raw(), no_capabilities, bounding_empty, landlock, seccomp })
}

/// Becomes somebody without rights, for good, and puts no fence around files or calls: for the start of a program that is not
/// ours, as the person whose program it is.
///
/// # Errors
/// [`Error::SeveralThreads`] when another thread runs already; [`Error::NoPermission`] without root.
pub fn become_stranger(identity: Identity) -> Result<(), Error> {
    crate::privilege::assert_one_thread("give up rights")?;
    let _without_setpcap_no_new_privs_holds_the_same = identity::empty_bounding_set(false);
    identity::become_user(identity)?;
    crate::privilege::drop_all()
}

/// Has the kernel end this process when its parent ends, however that comes.
fn die_with(parent: u32) -> Result<(), Error> {
    let action = "tie the service to its broker";
    rustix::process::set_parent_process_death_signal(Some(Signal::KILL))
        .map_err(|errno| Error::other(action, errno))?;
    // It may have ended before the line above.
    if rustix::process::getppid().map(Pid::as_raw_nonzero).is_some_and(|pid| pid.get().unsigned_abs() == parent) {
        Ok(())
    } else {
        Err(Error::other(action, std::io::Error::from(std::io::ErrorKind::BrokenPipe)))
    }
}
