//! Holds the last step before a person's program: everything that is ours is given up, then the program takes this process over.
//! Never comes back when that works. `vigie-kiosk become` calls it, in the session's place.

use std::ffi::OsString;
use std::io;
use std::os::unix::process::CommandExt;
use std::process::Command;

use rustix::process::{Resource, Rlimit, ioctl_tiocsctty, setrlimit, setsid};
use vigie_sys::confine::{Identity, become_stranger};

/// The code of a program that is not there or cannot be executed, as shells have it.
pub const NOT_STARTED: u8 = 127;
/// Processes and threads of the person's user, where no control group bounds them.
const MAX_PROCESSES: u64 = 2_048;
/// When memory is short, the session goes before the agent.
const FIRST_TO_GO: &str = "700";

/// Becomes the person's program, as the session's user, at its terminal.
///
/// # Errors
/// Why it could not; nothing of the person's has run then.
pub fn run(uid: u32, program: &[OsString]) -> Result<std::convert::Infallible, String> {
    let (name, arguments) = program.split_first().ok_or("no program is named")?;
    let failed = |what: &str, error: io::Error| format!("{what}: {error}");
    setsid().map_err(|error| failed("a session of its own", error.into()))?;
    ioctl_tiocsctty(io::stdin()).map_err(|error| failed("its terminal", error.into()))?;
    // A core file would be a copy of the person's memory; not even in its home.
    let none = Rlimit { current: Some(0), maximum: Some(0) };
    setrlimit(Resource::Core, none).map_err(|error| failed("no core files", error.into()))?;
    let some = Rlimit { current: Some(MAX_PROCESSES), maximum: Some(MAX_PROCESSES) };
    setrlimit(Resource::Nproc, some).map_err(|error| failed("a bound on processes", error.into()))?;
    let _a_kernel_without = std::fs::write("/proc/self/oom_score_adj", FIRST_TO_GO);
    rustix::process::umask(rustix::fs::Mode::RWXG | rustix::fs::Mode::RWXO);
    become_stranger(Identity { uid, gid: uid }).map_err(|error| error.to_string())?;
    Err(failed(&name.to_string_lossy(), Command::new(name).args(arguments).exec()))
}
