//! Holds the first process of a session's place: it makes the mounts, starts the program, and buries the dead.
//! Never parses anything but its own command line, and never outlives the guard: at the end of its input it ends, and with
//! it, by the kernel's hand, every process of the place. `vigie-kiosk hold` calls it.

use std::ffi::OsString;
use std::fs::{self, DirBuilder};
use std::io::{self, Read, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::DirBuilderExt;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use rustix::event::{PollFd, PollFlags, poll};
use rustix::mount::{MountFlags, MountPropagationFlags, mount, mount_change};
use rustix::process::{Pid, Signal, WaitOptions, kill_process_group, wait};
use vigie_sys::Error;
use vigie_sys::apart::make_all_read_only;
use vigie_sys::signals::Signals;

use super::{ENDED, GO_ON, READY, START, STOP_ALL};

/// Where anybody may write on a usual system: each session has its own of them.
pub const PASSING: [&str; 3] = ["/tmp", "/var/tmp", "/dev/shm"];
/// Where programs are looked for.
const PATH: &str = "/usr/local/bin:/usr/bin:/bin:/usr/local/games:/usr/games";

/// What the holder is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Orders {
    /// User of the session.
    pub uid: u32,
    /// Folder on which its home is mounted.
    pub home: PathBuf,
    /// Most that it may hold, in MiB.
    pub home_mib: u32,
    /// The program and its arguments.
    pub program: Vec<OsString>,
}

/// Holds the place until the guard lets go. Its input is the guard, its output the terminal of the program.
///
/// # Errors
/// When the place cannot be made; nothing of the person's has run then.
pub fn run(orders: &Orders) -> Result<(), String> {
    let signals = Signals::catch().map_err(|error| error.to_string())?;
    let stream = |fd: io::Result<OwnedFd>| fd.map(UnixStream::from).map_err(|error| error.to_string());
    let mut guard = stream(io::stdin().as_fd().try_clone_to_owned())?;
    make_place(orders)?;
    guard.write_all(&[READY]).map_err(|error| error.to_string())?;
    let mut program = None;
    loop {
        let mut waits = [PollFd::new(&guard, PollFlags::IN), PollFd::new(&signals, PollFlags::IN)];
        let _interrupted = poll(&mut waits, None);
        let [from_guard, _] = waits.map(|wait| !wait.revents().is_empty());
        // Signals tell of the dead; a wish to end can come from nobody but the guard, which has a better way.
        let _dead_or_nothing = signals.read();
        bury(&mut program, &mut guard);
        if !from_guard {
            continue;
        }
        let mut order = [0];
        match guard.read(&mut order) {
            Ok(1) => {}
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            _ => return Ok(()),
        }
        match order[0] {
            START if program.is_none() => program = start(orders, &mut guard),
            STOP_ALL => everybody(Signal::STOP),
            GO_ON => everybody(Signal::CONT),
            _ => {}
        }
    }
}

/// Sends a signal to every process of the place but this one.
fn everybody(signal: Signal) {
    // Minus one, "everybody", is how the group of process 1 is written. Twice: what was started while the first went round.
    for _ in 0..2 {
        let _nobody_there = kill_process_group(Pid::INIT, signal);
    }
}

/// Buries whoever ended; tells the guard when it was the program.
fn bury(program: &mut Option<Pid>, guard: &mut UnixStream) {
    while let Ok(Some((pid, status))) = wait(WaitOptions::NOHANG) {
        if *program == Some(pid) {
            *program = None;
            // What it left running in the background goes with it: the next start is a fresh one.
            everybody(Signal::KILL);
            let code = status.exit_status().or(status.terminating_signal().map(|signal| 128 + signal)).unwrap_or(255);
            let _guard_gone = guard.write_all(&[ENDED, u8::try_from(code).unwrap_or(u8::MAX)]);
        }
    }
}

/// Starts the program; a failure counts as its end.
fn start(orders: &Orders, guard: &mut UnixStream) -> Option<Pid> {
    let terminal = || io::stdout().as_fd().try_clone_to_owned().map(Stdio::from);
    let spawn = || {
        Command::new("/proc/self/exe")
            .arg("become")
            .arg(orders.uid.to_string())
            .args(&orders.program)
            .env_clear()
            .envs(environment(&orders.home))
            .current_dir(&orders.home)
            .stdin(terminal()?)
            .stdout(terminal()?)
            .stderr(terminal()?)
            .spawn()
    };
    match spawn() {
        Ok(child) => i32::try_from(child.id()).ok().and_then(Pid::from_raw),
        Err(error) => {
            eprintln!("vigie-kiosk: the session's program cannot be started: {error}");
            let _guard_gone = guard.write_all(&[ENDED, super::program::NOT_STARTED]);
            None
        }
    }
}

/// All that a program finds in its environment.
fn environment(home: &Path) -> [(&'static str, OsString); 8] {
    let language = std::env::var_os("LANG").unwrap_or_else(|| "C.UTF-8".into());
    [
        ("HOME", home.into()),
        ("USER", "session".into()),
        ("LOGNAME", "session".into()),
        ("SHELL", "/bin/sh".into()),
        ("PATH", PATH.into()),
        ("TERM", "linux".into()),
        ("LANG", language),
        ("XDG_RUNTIME_DIR", home.join(".run").into()),
    ]
}

/// Makes the mounts of the place. They are seen by nobody else and go with its last process.
fn make_place(orders: &Orders) -> Result<(), String> {
    let failed = |what: &str, error: io::Error| format!("the session's place cannot be made: {what}: {error}");
    mount_change("/", MountPropagationFlags::PRIVATE | MountPropagationFlags::REC)
        .map_err(|error| failed("private mounts", error.into()))?;
    match make_all_read_only() {
        Ok(()) => {}
        // Before Linux 5.12. The places of everybody are covered all the same, and looked at when the session ends.
        Err(Error::Other { source, .. }) if source.raw_os_error() == Some(rustix::io::Errno::NOSYS.raw_os_error()) => {}
        Err(error) => return Err(failed("read-only mounts", error.into())),
    }
    let Orders { uid, home, home_mib, .. } = orders;
    let flags = MountFlags::NOSUID | MountFlags::NODEV;
    let memory = |place: &Path, options: String| {
        let options = std::ffi::CString::new(options).map_err(io::Error::other)?;
        mount("tmpfs", place, "tmpfs", flags, Some(options.as_c_str())).map_err(io::Error::from)
    };
    memory(home, format!("size={home_mib}m,mode=0700,uid={uid},gid={uid}"))
        .map_err(|error| failed("its home", error))?;
    for place in PASSING.map(Path::new) {
        if fs::symlink_metadata(place).is_ok_and(|metadata| metadata.is_dir()) {
            memory(place, format!("size={home_mib}m,mode=1777"))
                .map_err(|error| failed(&place.to_string_lossy(), error))?;
        }
    }
    let runtime = home.join(".run");
    DirBuilder::new().mode(0o700).create(&runtime).map_err(|error| failed("its runtime folder", error))?;
    std::os::unix::fs::chown(&runtime, Some(*uid), Some(*uid)).map_err(|error| failed("its runtime folder", error))?;
    mount("proc", "/proc", "proc", flags | MountFlags::NOEXEC, None).map_err(|error| failed("/proc", error.into()))
}
