//! Holds whose the data folder is: who owns it, whether somebody may get there, and how it is handed from root to the service.
//! Never touches what belongs to anybody but root, never follows a link, never leaves the file system. Called by `run` and
//! `setup` while they still are root.

use std::fs;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use rustix::fs::{AtFlags, Dir, FileType, Mode, OFlags, Stat, chownat, fstat, openat};
use rustix::process::{Gid, Uid};

use crate::confine::Identity;
use crate::error::Error;

/// Folders within folders: the product makes two.
const MAX_DEPTH: usize = 4;
/// Files handed over at once; the log has a few hundred. More is no folder of ours.
const MAX_FILES: usize = 20_000;
/// Names that only this product gives, and names that a fresh file system or its repair leaves.
const OURS: [&str; 3] = ["log", "device.key", "devices.rules"];
const NOBODYS: [&str; 2] = ["lost+found", "quarantine"];

/// Who owns a file or folder.
///
/// # Errors
/// When it is not there.
pub fn of(path: &Path) -> io::Result<Identity> {
    fs::metadata(path).map(|metadata| Identity { uid: metadata.uid(), gid: metadata.gid() })
}

/// The user this process runs as.
#[must_use]
pub fn myself() -> u32 {
    rustix::process::geteuid().as_raw()
}

/// The user of this name, or of this number, in `/etc/passwd`; a number that is not there gets the group of the same number.
#[must_use]
pub fn find(user: &str) -> Option<Identity> {
    find_in(&fs::read_to_string("/etc/passwd").unwrap_or_default(), user)
}

fn find_in(passwd: &str, user: &str) -> Option<Identity> {
    let found = passwd.lines().find_map(|line| {
        let mut fields = line.split(':');
        let (name, _, uid, gid) = (fields.next()?, fields.next()?, fields.next()?, fields.next()?);
        let identity = Identity { uid: uid.parse().ok()?, gid: gid.parse().ok()? };
        (name == user || uid == user).then_some(identity)
    });
    found.or_else(|| user.parse().ok().map(|number| Identity { uid: number, gid: number }))
}

/// Whether a folder is one of ours, or empty: others' folders are not given away.
///
/// # Errors
/// When it cannot be read.
pub fn is_ours(folder: &Path) -> io::Result<bool> {
    let mut empty = true;
    for entry in fs::read_dir(folder)? {
        let name = entry?.file_name();
        if OURS.iter().any(|ours| name == *ours) {
            return Ok(true);
        }
        empty &= NOBODYS.iter().any(|known| name == *known);
    }
    Ok(empty)
}

/// Whether every folder on the way to `path` lets `who` pass, by its mode. Rules beyond modes are not looked at.
#[must_use]
pub fn may_reach(path: &Path, who: Identity) -> bool {
    let Ok(path) = fs::canonicalize(path) else { return false };
    path.ancestors().skip(1).all(|folder| {
        fs::metadata(folder).is_ok_and(|metadata| {
            let shift = if metadata.uid() == who.uid {
                6
            } else if metadata.gid() == who.gid {
                3
            } else {
                0
            };
            who.uid == 0 || metadata.mode() >> shift & 1 == 1
        })
    })
}

/// Hands a folder and what is in it to `to`, as far as it belongs to root. Tells how much was handed over.
///
/// Only folders and plain files with a single name: a second name might lead to a file that is not ours to give.
///
/// # Errors
/// [`Error::Other`] when the file system does not take it: it is read-only, or knows no owners.
pub fn hand_over(folder: &Path, to: Identity) -> Result<usize, Error> {
    let failed = |source: io::Error| Error::other("hand the data folder to the service", source);
    let top = rustix::fs::open(folder, OFlags::DIRECTORY | OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty())
        .map_err(|errno| failed(errno.into()))?;
    let mut count = 0;
    walk(&top, to, 0, &mut count).map_err(failed)?;
    Ok(count)
}

fn walk(folder: &OwnedFd, to: Identity, depth: usize, count: &mut usize) -> io::Result<()> {
    let itself = fstat(folder)?;
    give(folder, &itself, to, count)?;
    for entry in Dir::read_from(folder)? {
        let entry = entry?;
        if matches!(entry.file_name().to_bytes(), b"." | b"..") {
            continue;
        }
        let flags = OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let file = openat(folder, entry.file_name(), flags, Mode::empty())?;
        let stat = fstat(&file)?;
        match FileType::from_raw_mode(stat.st_mode) {
            FileType::RegularFile if stat.st_nlink == 1 => give(&file, &stat, to, count)?,
            FileType::Directory if stat.st_dev == itself.st_dev && depth < MAX_DEPTH => {
                // Through the descriptor: the name may mean something else by now.
                let inner = openat(&file, c".", OFlags::DIRECTORY | OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty())?;
                walk(&inner, to, depth + 1, count)?;
            }
            _ => {}
        }
    }
    Ok(())
}

fn give(file: impl AsFd, stat: &Stat, to: Identity, count: &mut usize) -> io::Result<()> {
    if stat.st_uid != 0 || to.uid == 0 {
        return Ok(());
    }
    *count += 1;
    if *count > MAX_FILES {
        return Err(io::Error::from(io::ErrorKind::TooManyLinks));
    }
    let (uid, gid) = (Uid::from_raw(to.uid), Gid::from_raw(to.gid));
    Ok(chownat(file, c"", Some(uid), Some(gid), AtFlags::EMPTY_PATH)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PASSWD: &str = "root:x:0:0:root:/root:/bin/sh\nbroken\nada:x:1000:1001:Ada,,,:/home/ada:/bin/bash\nx:x:y:z\n";

    #[test]
    fn a_user_is_found_by_name_and_by_number() {
        assert_eq!(find_in(PASSWD, "ada"), Some(Identity { uid: 1000, gid: 1001 }));
        assert_eq!(find_in(PASSWD, "1000"), Some(Identity { uid: 1000, gid: 1001 }));
        assert_eq!(find_in(PASSWD, "4321"), Some(Identity { uid: 4321, gid: 4321 }));
        for unknown in ["eve", "x", "", "-1", "broken"] {
            assert_eq!(find_in(PASSWD, unknown), None, "{unknown}");
        }
    }

    fn folder(name: &str) -> std::path::PathBuf {
        let folder = std::env::temp_dir().join(format!("vigie-owner-{}-{name}", std::process::id()));
        let _left_over = fs::remove_dir_all(&folder);
        fs::create_dir(&folder).unwrap();
        folder
    }

    #[test]
    fn folders_of_others_are_known_by_what_is_in_them() {
        let place = folder("ours");
        assert!(is_ours(&place).unwrap());
        fs::create_dir(place.join("lost+found")).unwrap();
        assert!(is_ours(&place).unwrap(), "a fresh file system");
        fs::write(place.join("letter.txt"), "").unwrap();
        assert!(!is_ours(&place).unwrap());
        fs::create_dir(place.join("log")).unwrap();
        assert!(is_ours(&place).unwrap());
        fs::remove_dir_all(place).unwrap();
        assert!(!is_ours(Path::new("/")).unwrap());
    }

    #[test]
    fn what_is_roots_is_handed_over_and_nothing_else() {
        if !rustix::process::geteuid().is_root() {
            // Giving away is root's alone; the tests of the project run as root in its pipeline.
            return;
        }
        let (place, outside) = (folder("give"), folder("keep"));
        let to = Identity { uid: 4_321, gid: 4_322 };
        fs::create_dir(place.join("log")).unwrap();
        for name in ["log/1.seg", "device.key", "twice"] {
            fs::write(place.join(name), "x").unwrap();
        }
        fs::write(outside.join("theirs"), "x").unwrap();
        fs::hard_link(place.join("twice"), place.join("again")).unwrap();
        std::os::unix::fs::symlink(outside.join("theirs"), place.join("link")).unwrap();
        std::os::unix::fs::symlink(&outside, place.join("folder")).unwrap();
        fs::write(place.join("ada"), "x").unwrap();
        std::os::unix::fs::chown(place.join("ada"), Some(1_000), Some(1_000)).unwrap();
        assert_eq!(hand_over(&place, to).unwrap(), 4);
        for (name, uid) in [("", 4_321), ("log", 4_321), ("log/1.seg", 4_321), ("device.key", 4_321)] {
            assert_eq!(of(&place.join(name)).unwrap().uid, uid, "{name}");
        }
        for (path, uid) in [(place.join("twice"), 0), (place.join("ada"), 1_000), (outside.join("theirs"), 0)] {
            assert_eq!(of(&path).unwrap().uid, uid, "{}", path.display());
        }
        assert_eq!(of(&outside).unwrap().uid, 0);
        assert_eq!(hand_over(&place, to).unwrap(), 0, "a second time there is nothing to do");
        fs::remove_dir_all(place).unwrap();
        fs::remove_dir_all(outside).unwrap();
    }

    #[test]
    fn a_closed_folder_on_the_way_is_seen() {
        use std::os::unix::fs::PermissionsExt;
        let place = folder("reach");
        let inner = place.join("data");
        fs::create_dir(&inner).unwrap();
        let owner = of(&place).unwrap();
        let stranger = Identity { uid: 4_321, gid: 4_322 };
        fs::set_permissions(&place, fs::Permissions::from_mode(0o700)).unwrap();
        assert!(may_reach(&inner, owner) && !may_reach(&inner, stranger));
        fs::set_permissions(&place, fs::Permissions::from_mode(0o711)).unwrap();
        assert!(may_reach(&inner, stranger));
        assert!(!may_reach(&place.join("nowhere"), stranger));
        fs::remove_dir_all(place).unwrap();
    }
}
