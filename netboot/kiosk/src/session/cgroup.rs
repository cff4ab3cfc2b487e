//! Holds the control group of a session: everything in it stops, goes on, or ends at once (cgroup v2).
//! Never uses the freezer of version 1: what it holds cannot even be killed. Called by the session.
//!
//! Where there is none the session's first process stops the others by signals; they end with it in any case.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rustix::process::Pid;

/// Freezing takes as long as system calls under way; one that hangs does not run in user space either.
const FREEZE_TIME: Duration = Duration::from_millis(500);
/// Processes and threads of one session: a browser takes some three hundred.
const MAX_TASKS: &str = "2048";

/// A control group.
#[derive(Debug)]
pub(super) struct Cgroup {
    folder: PathBuf,
}

impl Cgroup {
    /// Makes one beside the guard's own; `None` where there is no cgroup v2 that can be written.
    pub(super) fn make(uid: u32) -> Option<Self> {
        let mounts = fs::read_to_string("/proc/self/mountinfo").ok()?;
        let own = fs::read_to_string("/proc/self/cgroup").ok()?;
        // One of this name may be there from a guard that was killed before its note was written.
        let draw = u64::from_ne_bytes(vigie_sys::random::bytes().ok()?);
        let folder = beneath(&mounts, &own)?.join(format!("vigie-session-{uid}-{draw:016x}"));
        fs::create_dir(&folder).ok()?;
        let cgroup = Self { folder };
        // Only where the system gave us the controller.
        let _without_a_bound = fs::write(cgroup.folder.join("pids.max"), MAX_TASKS);
        // Since Linux 5.2: an older one cannot freeze.
        if cgroup.folder.join("cgroup.freeze").exists() {
            return Some(cgroup);
        }
        cgroup.remove();
        None
    }

    /// One that was made before.
    pub(super) fn known(folder: &Path) -> Self {
        Self { folder: folder.to_owned() }
    }

    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    pub(super) fn add(&self, pid: Pid) -> std::io::Result<()> {
        fs::write(self.folder.join("cgroup.procs"), pid.as_raw_nonzero().to_string())
    }

    /// Stops everything in it, or lets it go on. Tells whether it could be asked.
    pub(super) fn freeze(&self, frozen: bool) -> bool {
        let wanted = if frozen { "1" } else { "0" };
        if fs::write(self.folder.join("cgroup.freeze"), wanted).is_err() {
            return false;
        }
        let began = Instant::now();
        let is_so = || {
            let events = fs::read_to_string(self.folder.join("cgroup.events")).unwrap_or_default();
            events.lines().any(|line| line.strip_prefix("frozen ") == Some(wanted))
        };
        while !is_so() && began.elapsed() < FREEZE_TIME {
            std::thread::sleep(Duration::from_millis(5));
        }
        true
    }

    /// Ends everything in it.
    pub(super) fn kill(&self) {
        if fs::write(self.folder.join("cgroup.kill"), "1").is_ok() {
            return;
        }
        // Before Linux 5.14.
        let pids = fs::read_to_string(self.folder.join("cgroup.procs")).unwrap_or_default();
        for pid in pids.lines().filter_map(|line| Pid::from_raw(line.parse().ok()?)) {
            let _gone = rustix::process::kill_process(pid, rustix::process::Signal::KILL);
        }
    }

    /// Removes it; `false` while something is in it.
    pub(super) fn remove(&self) -> bool {
        match fs::remove_dir(&self.folder) {
            Err(error) => error.kind() == std::io::ErrorKind::NotFound,
            Ok(()) => true,
        }
    }
}

/// The folder of the guard's own group in the file system of groups.
fn beneath(mounts: &str, own: &str) -> Option<PathBuf> {
    let line = mounts.lines().find(|line| line.split(" - ").nth(1).is_some_and(|rest| rest.starts_with("cgroup2 ")))?;
    let mut fields = line.split(' ').skip(3);
    let (root, place) = (fields.next()?, fields.next()?);
    let group = own.lines().find_map(|line| line.strip_prefix("0::"))?;
    // A container sees only its own part of the tree.
    let within = group.strip_prefix(root.trim_end_matches('/')).unwrap_or("");
    let folder = Path::new(place).join(within.trim_start_matches('/'));
    if folder.is_dir() { Some(folder) } else { Some(PathBuf::from(place)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_own_group_is_found_where_it_is_mounted() {
        let mounts =
            "22 1 0:5 / /proc rw - proc proc rw\n35 25 0:30 / /sys/fs/cgroup rw,nosuid shared:9 - cgroup2 cgroup2 rw\n";
        assert_eq!(beneath(mounts, "0::/no/such/group\n"), Some("/sys/fs/cgroup".into()));
        assert_eq!(beneath("22 1 0:5 / /proc rw - proc proc rw\n", "0::/\n"), None);
        assert_eq!(beneath(mounts, "1:cpu:/\n"), None);
        let mounts = mounts.replace("/sys/fs/cgroup rw", "/usr rw");
        assert_eq!(beneath(&mounts, "0::/bin\n"), Some("/usr/bin".into()));
        assert_eq!(beneath(&mounts.replace("0:30 / ", "0:30 /part "), "0::/part/bin\n"), Some("/usr/bin".into()));
    }
}
