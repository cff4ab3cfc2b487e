//! Holds the end of a user: every process of it, every file it left where anybody may write, and the look that nothing is
//! left. Never trusts a count that it did not take itself. Called by the session's wipe, as root, in the machine's own
//! namespaces.

use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use rustix::process::{Pid, Signal, kill_process};
use sha2::{Digest, Sha256};

/// Where anybody may write on a usual system. A session has its own of each, so that nothing should ever be found here.
const SHARED: [&str; 6] = ["/tmp", "/var/tmp", "/dev/shm", "/dev/mqueue", "/run", "/var/lock"];
/// Entries looked at in all; beyond it the look is not complete, and what is not complete proves nothing.
const MAX_ENTRIES: usize = 200_000;
/// Deepest folder looked into.
const MAX_DEPTH: usize = 40;

/// What is left of a session.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Left {
    /// Processes of its user.
    pub processes: u32,
    /// Mounts of its folders.
    pub mounts: u32,
    /// Files of its user.
    pub files: u32,
    /// System V objects of its user.
    pub ipc: u32,
}

impl Left {
    /// Nothing at all.
    pub const NOTHING: Self = Self { processes: 0, mounts: 0, files: 0, ipc: 0 };

    /// In eight bytes, two each.
    #[must_use]
    pub fn packed(self) -> u64 {
        let short = |number: u32| u64::from(u16::try_from(number).unwrap_or(u16::MAX));
        short(self.processes) | short(self.mounts) << 16 | short(self.files) << 32 | short(self.ipc) << 48
    }

    /// From eight bytes.
    #[must_use]
    pub fn unpacked(packed: u64) -> Self {
        let part = |place: u32| (packed >> (16 * place) & 0xffff) as u32;
        Self { processes: part(0), mounts: part(1), files: part(2), ipc: part(3) }
    }

    /// What the appliance's journal gets: that nothing was left, bound to one question of this seat.
    #[must_use]
    pub fn proof(self, nonce: &[u8; 16]) -> [u8; 32] {
        let mut digest = Sha256::new();
        digest.update(b"vigie kiosk wipe 1\0");
        digest.update(nonce);
        for number in [self.processes, self.files, self.mounts, self.ipc] {
            digest.update(number.to_le_bytes());
        }
        digest.finalize().into()
    }
}

impl std::fmt::Display for Left {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { processes, mounts, files, ipc } = self;
        write!(f, "{processes} P, {mounts} M, {files} F, {ipc} S")
    }
}

/// Ends every process of a user that it finds. Tells how many it found.
pub(super) fn kill_all(uid: u32) -> io::Result<u32> {
    let mut found = 0;
    for entry in fs::read_dir("/proc")? {
        let entry = entry?;
        let pid = entry.file_name().to_str().and_then(|name| name.parse().ok()).and_then(Pid::from_raw);
        let Some(pid) = pid.filter(|_| is_of(&entry.path().join("status"), uid)) else { continue };
        found += 1;
        let _gone_meanwhile = kill_process(pid, Signal::KILL);
    }
    Ok(found)
}

/// Whether any of a process's user numbers is this one; remains that only wait for their parent do not count.
fn is_of(status: &Path, uid: u32) -> bool {
    let Ok(status) = fs::read_to_string(status) else { return false };
    let field = |name: &str| status.lines().find_map(|line| line.strip_prefix(name));
    let is_there = field("State:").is_none_or(|state| !state.trim_start().starts_with(['Z', 'X']));
    let mut numbers = field("Uid:").unwrap_or_default().split_whitespace().filter_map(|number| number.parse().ok());
    is_there && numbers.any(|number: u32| number == uid)
}

/// Removes what the user left in the places of everybody.
pub(super) fn remove_files(uid: u32) {
    let mut found = Vec::new();
    // What cannot be removed is counted by the look afterwards.
    let _incomplete = walk(uid, |path, metadata| found.push((path.to_owned(), metadata.is_dir())));
    // The deepest first.
    for (path, is_folder) in found.into_iter().rev() {
        let _counted_afterwards = if is_folder { fs::remove_dir(path) } else { fs::remove_file(path) };
    }
}

/// Looks what is left of a user and of its folders.
///
/// # Errors
/// When it cannot look everywhere: then nothing is proved.
pub(super) fn look(uid: u32, folder: &Path) -> io::Result<Left> {
    let mut left = Left::NOTHING;
    for entry in fs::read_dir("/proc")? {
        let entry = entry?;
        let is_process = entry.file_name().to_str().is_some_and(|name| name.parse::<u32>().is_ok());
        left.processes += u32::from(is_process && is_of(&entry.path().join("status"), uid));
    }
    let mounts = fs::read_to_string("/proc/self/mountinfo")?;
    left.mounts = count(mounts.lines().filter(|line| is_mount_under(line, folder)));
    let mut files = 0;
    walk(uid, |_, _| files += 1)?;
    left.files = files;
    for table in ["shm", "sem", "msg"] {
        match fs::read_to_string(Path::new("/proc/sysvipc").join(table)) {
            Ok(text) => left.ipc += count(text.lines().skip(1).filter(|line| is_ipc_of(line, table, uid))),
            // A kernel without System V objects has none.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
    }
    Ok(left)
}

fn count(items: impl Iterator) -> u32 {
    u32::try_from(items.count()).unwrap_or(u32::MAX)
}

/// Whether a line of `mountinfo` is a mount in this folder, the folder included.
fn is_mount_under(line: &str, folder: &Path) -> bool {
    line.split(' ').nth(4).is_some_and(|place| Path::new(place).starts_with(folder))
}

/// Whether a line of `/proc/sysvipc` belongs to a user, as owner or as maker.
fn is_ipc_of(line: &str, table: &str, uid: u32) -> bool {
    // The columns of owner and maker, which stand at another place in each table (`proc_sysvipc(5)`).
    let (owner, maker) = match table {
        "shm" => (7, 9),
        "sem" => (4, 6),
        _ => (7, 9),
    };
    let column = |place| line.split_whitespace().nth(place).and_then(|number| number.parse().ok());
    column(owner) == Some(uid) || column(maker) == Some(uid)
}

/// Calls `found` for each file of a user in the places of everybody, folders before what is in them.
fn walk(uid: u32, mut found: impl FnMut(&Path, &fs::Metadata)) -> io::Result<()> {
    let mut seen = 0;
    for place in SHARED {
        let place = Path::new(place);
        // `/var/lock` is `/run/lock` under another name on many systems: looked at once.
        let Ok(metadata) = fs::symlink_metadata(place) else { continue };
        if metadata.is_dir() {
            walk_into(place, uid, MAX_DEPTH, &mut seen, &mut found)?;
        }
    }
    Ok(())
}

fn walk_into(
    folder: &Path,
    uid: u32,
    depth: usize,
    seen: &mut usize,
    found: &mut dyn FnMut(&Path, &fs::Metadata),
) -> io::Result<()> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        // Others of the system come and go, and some show nobody what they hold (user mounts of theirs).
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::PermissionDenied) => {
            return Ok(());
        }
        Err(error) => return Err(error),
    };
    for entry in entries {
        let path: PathBuf = entry?.path();
        *seen += 1;
        if *seen > MAX_ENTRIES {
            return Err(io::Error::other("too many files to look at"));
        }
        let Ok(metadata) = fs::symlink_metadata(&path) else { continue };
        if metadata.uid() == uid {
            found(&path, &metadata);
        }
        if metadata.is_dir() {
            if depth == 0 {
                return Err(io::Error::other("folders too deep to look into"));
            }
            walk_into(&path, uid, depth - 1, seen, found)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn processes_are_told_by_their_user() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("status");
        let is = |text: &str| {
            fs::write(&file, text).unwrap();
            is_of(&file, 70_001)
        };
        assert!(is("Name:\tx\nState:\tS (sleeping)\nUid:\t70001\t70001\t70001\t70001\n"));
        assert!(is("State:\tT (stopped)\nUid:\t0\t0\t70001\t0\n"), "a saved number is enough");
        assert!(!is("State:\tZ (zombie)\nUid:\t70001\t70001\t70001\t70001\n"));
        assert!(!is("State:\tR (running)\nUid:\t70002\t7000\t700010\t0\n"));
        assert!(!is_of(&folder.path().join("gone"), 70_001));
    }

    #[test]
    fn mounts_are_told_by_their_place() {
        let line = "41 29 0:36 / /run/vigie-kiosk/home rw,nosuid - tmpfs tmpfs rw";
        assert!(is_mount_under(line, Path::new("/run/vigie-kiosk/home")));
        assert!(is_mount_under(line, Path::new("/run/vigie-kiosk")));
        assert!(!is_mount_under(line, Path::new("/run/vigie-kiosk/homes")));
        assert!(!is_mount_under("", Path::new("/")));
    }

    #[test]
    fn system_v_objects_are_told_by_owner_and_maker() {
        let shm = "         0          3   666                     4096   100   101      0 70001 70001     0     0  1 2 3 0 0";
        let sem = "         0          1   600          1 70001     5     0     6   1 2";
        let msg = "         0          2   600          0          0     0     0     1     1 70001     1  1 2 3";
        assert!(is_ipc_of(shm, "shm", 70_001) && is_ipc_of(sem, "sem", 70_001) && is_ipc_of(msg, "msg", 70_001));
        assert!(!is_ipc_of(shm, "shm", 4096) && !is_ipc_of(sem, "sem", 1) && !is_ipc_of("", "msg", 0));
    }

    #[test]
    fn a_proof_is_bound_to_its_question_and_to_what_was_found() {
        let proof = Left::NOTHING.proof(&[1; 16]);
        // `printf 'vigie kiosk wipe 1\0' + 16 bytes of 1 + 16 of 0 | sha256sum`: the form must never change.
        assert_eq!(data_encoding::HEXLOWER.encode(&proof), KNOWN);
        assert_ne!(proof, Left::NOTHING.proof(&[2; 16]));
        assert_ne!(proof, Left { files: 1, ..Left::NOTHING }.proof(&[1; 16]));
        let left = Left { processes: 1, mounts: 2, files: 3, ipc: 4 };
        assert_eq!(Left::unpacked(left.packed()), left);
    }

    const KNOWN: &str = "8be4b7c2d58bc82c8c01b4fe5305561774de73eb9ada100a2a4bdee3bd0d025c";
}
