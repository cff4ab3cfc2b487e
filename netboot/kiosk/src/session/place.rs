//! Holds what a session is given: a user nobody had in this boot, a folder for its home, and a note of both.
//! Never gives a user twice, whoever dies in between: the number is on the note before it is used. The guard calls it.

use std::fs;
use std::io::{self, ErrorKind};
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use vigie_core::kiosk::SessionId;

use crate::config::Settings;

/// The agent's own user, for the half of it that has no rights.
pub const WORKER_UID: u32 = 61_183;
/// Users of sessions. Above what systems give to people and services (65,535), below what they lend to containers (100,000):
/// thirty thousand sessions in one boot.
const UIDS: std::ops::RangeInclusive<u32> = 70_000..=99_999;

/// What is known of a session that is here.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Note {
    pub(super) session: SessionId,
    pub(super) uid: u32,
    pub(super) cgroup: Option<PathBuf>,
}

/// Where sessions are made.
#[derive(Clone, Debug)]
pub struct Place {
    run: PathBuf,
    home: PathBuf,
    home_mib: u32,
    program: Vec<String>,
}

impl Place {
    /// Makes the folders, each owned by whom it must be.
    ///
    /// # Errors
    /// When the folder for what is kept in memory, or that for the identity, cannot be made or is somebody else's.
    pub fn prepare(settings: &Settings) -> io::Result<Self> {
        let run = std::path::absolute(&settings.run)?;
        let home = run.join("home");
        for folder in [&run, &home] {
            make(folder, 0, 0o711)?;
        }
        make(&run.join("agent"), WORKER_UID, 0o700)?;
        make(&settings.state, WORKER_UID, 0o700)?;
        Ok(Self { run, home, home_mib: settings.home_mib, program: settings.program.clone() })
    }

    pub(super) fn home(&self) -> &Path {
        &self.home
    }

    pub(super) const fn home_mib(&self) -> u32 {
        self.home_mib
    }

    pub(super) fn program(&self) -> &[String] {
        &self.program
    }

    /// A note for a new session, with a user of its own.
    pub(super) fn note(&self, session: SessionId) -> io::Result<Note> {
        let counter = self.run.join("next-uid");
        let mut uid = match fs::read_to_string(&counter) {
            Ok(text) => text.trim().parse().map_err(|_| ErrorKind::InvalidData)?,
            Err(error) if error.kind() == ErrorKind::NotFound => *UIDS.start(),
            Err(error) => return Err(error),
        };
        let known = fs::read_to_string("/etc/passwd").unwrap_or_default();
        while is_somebody(&known, uid) {
            uid += 1;
        }
        if !UIDS.contains(&uid) {
            return Err(io::Error::other("every user of this boot was given once: restart this computer"));
        }
        replace(&counter, (uid + 1).to_string().as_bytes())?;
        Ok(Note { session, uid, cgroup: None })
    }

    pub(super) fn write(&self, note: &Note) -> io::Result<()> {
        replace(&self.run.join("session"), &serde_json::to_vec(note).map_err(io::Error::other)?)
    }

    pub(super) fn noted(&self) -> Option<Note> {
        serde_json::from_slice(&fs::read(self.run.join("session")).ok()?).ok()
    }

    pub(super) fn forget(&self) {
        // A note of a session that is proved to be gone only costs another look.
        let _looked_at_again = fs::remove_file(self.run.join("session"));
    }
}

/// The folder of what the worker keeps.
#[must_use]
pub fn agent_folder(run: &Path) -> PathBuf {
    run.join("agent")
}

fn is_somebody(passwd: &str, uid: u32) -> bool {
    let uid = uid.to_string();
    passwd.lines().any(|line| line.split(':').nth(2) == Some(uid.as_str()))
}

/// A folder of this owner; never through a link that somebody else laid.
fn make(folder: &Path, owner: u32, mode: u32) -> io::Result<()> {
    if let Some(parent) = folder.parent() {
        fs::DirBuilder::new().recursive(true).mode(0o755).create(parent)?;
    }
    match fs::DirBuilder::new().mode(mode).create(folder) {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => return Err(error),
        _ => {}
    }
    if !fs::symlink_metadata(folder)?.is_dir() {
        return Err(io::Error::other(format!("{} is no folder", folder.display())));
    }
    std::os::unix::fs::lchown(folder, Some(owner), Some(owner))?;
    fs::set_permissions(folder, fs::Permissions::from_mode(mode))
}

fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let new = path.with_extension("new");
    fs::write(&new, bytes)?;
    fs::rename(new, path)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(folder: &Path) -> Place {
        Place { run: folder.to_owned(), home: folder.join("home"), home_mib: 1, program: Vec::new() }
    }

    #[test]
    fn no_user_is_given_twice() {
        let folder = tempfile::tempdir().unwrap();
        let mut given = std::collections::BTreeSet::new();
        for number in 0..50 {
            // A guard that died gives the next number all the same.
            let note = place(folder.path()).note(SessionId(number)).unwrap();
            assert!(UIDS.contains(&note.uid) && given.insert(note.uid));
        }
        fs::write(folder.path().join("next-uid"), "100000").unwrap();
        let why = place(folder.path()).note(SessionId(1)).unwrap_err();
        assert!(why.to_string().contains("restart"), "{why}");
        fs::write(folder.path().join("next-uid"), "x").unwrap();
        assert!(place(folder.path()).note(SessionId(1)).is_err(), "better none than one that was given");
    }

    #[test]
    fn a_note_is_read_back() {
        let folder = tempfile::tempdir().unwrap();
        let place = place(folder.path());
        assert_eq!(place.noted(), None);
        let note = Note { session: SessionId(u64::MAX), uid: 70_000, cgroup: Some("/x".into()) };
        place.write(&note).unwrap();
        assert_eq!(place.noted(), Some(note));
        place.forget();
        assert_eq!(place.noted(), None);
    }

    #[test]
    fn users_of_the_system_are_left_alone() {
        assert!(is_somebody("root:x:0:0::/:/bin/sh\nx:x:70000:1::/:/bin/sh\n", 70_000));
        assert!(!is_somebody("x:x:7000:70000::/:/bin/sh\n", 70_000));
    }
}
