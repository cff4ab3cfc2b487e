//! Holds the medium of the appliance: a directory with one preallocated file per segment.
//! It never changes the length of a segment in use, and never shares the directory with a second process.
//! The service opens it and hands it to the log.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::{DirBuilderExt, FileExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::{Advice, fadvise, fstatvfs};

use super::{Medium, MediumError, Slot};
use crate::Error;
use crate::format::SEGMENT_BYTES;

/// Owner only: the log holds names of people's devices and hashes of their passwords.
const FILE_MODE: u32 = 0o600;
const DIRECTORY_MODE: u32 = 0o700;

/// Left free for everything else on the partition: a segment is refused rather than taking the last of it.
const KEEP_FREE_BYTES: u64 = 1024 * 1024;

/// Zeros are written in pieces of this size.
const ZEROS: [u8; 16 * 1024] = [0; 16 * 1024];

/// Segments as files `segment-0007.log` in one directory, flushed with `fdatasync`.
#[derive(Debug)]
pub struct FileMedium {
    path: PathBuf,
    directory: File,
    _lock: Option<File>,
    segment_bytes: u32,
    files: Vec<Option<File>>,
}

impl FileMedium {
    /// Opens the directory, making it if needed, with segments of 256 KiB.
    ///
    /// # Errors
    /// [`Error::Locked`] when another process has it open, [`Error::Medium`] when it cannot be made or opened.
    pub fn open(path: &Path) -> Result<FileMedium, Error> {
        FileMedium::open_sized(path, SEGMENT_BYTES)
    }

    /// Like [`FileMedium::open`] with another segment size; files of any other size are left alone.
    ///
    /// # Errors
    /// As [`FileMedium::open`].
    pub fn open_sized(path: &Path, segment_bytes: u32) -> Result<FileMedium, Error> {
        fs::DirBuilder::new().recursive(true).mode(DIRECTORY_MODE).create(path).map_err(cause)?;
        let directory = File::open(path).map_err(cause)?;
        let lock = lock(&path.join("lock"))?;
        let medium = FileMedium { path: path.to_owned(), directory, _lock: lock, segment_bytes, files: Vec::new() };
        if medium._lock.is_some() {
            medium.remove_unfinished();
        }
        Ok(medium)
    }

    fn name(&self, slot: Slot) -> PathBuf {
        self.path.join(format!("segment-{slot:04}.log"))
    }

    fn file(&mut self, slot: Slot) -> Result<&File, MediumError> {
        let name = self.name(slot);
        let at = usize::from(slot);
        if self.files.len() <= at {
            self.files.resize_with(at.saturating_add(1), || None);
        }
        let entry = self.files.get_mut(at).ok_or(MediumError::Missing)?;
        match entry {
            Some(file) => Ok(file),
            None => {
                let mut options = OpenOptions::new();
                let file = match options.read(true).write(true).open(&name) {
                    Err(error) if is_read_only(&error) => File::open(&name).map_err(cause)?,
                    other => other.map_err(cause)?,
                };
                // A cached page may be one that an earlier process failed to flush and the kernel then called clean.
                // Forgetting clean pages makes what is read now what the medium really holds. Advice, so it may fail.
                let _ = fadvise(&file, 0, None, Advice::DontNeed);
                Ok(entry.insert(file))
            }
        }
    }

    /// Removes what a cut left of segments being made. They have no final name, so nothing in them was ever used.
    fn remove_unfinished(&self) {
        let Ok(entries) = fs::read_dir(&self.path) else { return };
        for entry in entries.flatten() {
            if entry.file_name().to_str().is_some_and(|name| name.starts_with("segment-") && name.ends_with(".new")) {
                // Failing to remove one costs its space and nothing else: `create` truncates it.
                let _ = fs::remove_file(entry.path());
            }
        }
    }

    fn fill(&self, unfinished: &Path) -> Result<File, io::Error> {
        let mut options = OpenOptions::new();
        let options = options.read(true).write(true).create(true).truncate(true).mode(FILE_MODE);
        let mut file = options.open(unfinished)?;
        let mut left = usize::try_from(self.segment_bytes).unwrap_or(usize::MAX);
        while let Some(piece) = ZEROS.get(..left.min(ZEROS.len())).filter(|piece| !piece.is_empty()) {
            file.write_all(piece)?;
            left = left.saturating_sub(piece.len());
        }
        file.sync_all()?;
        Ok(file)
    }
}

impl Medium for FileMedium {
    fn segment_bytes(&self) -> u32 {
        self.segment_bytes
    }

    fn slots(&mut self) -> Result<Vec<Slot>, MediumError> {
        let mut slots = Vec::new();
        for entry in fs::read_dir(&self.path).map_err(cause)? {
            let entry = entry.map_err(cause)?;
            let name = entry.file_name();
            let number = name.to_str().and_then(|name| name.strip_prefix("segment-")?.strip_suffix(".log"));
            let Some(slot) = number.and_then(|number| number.parse::<Slot>().ok()) else { continue };
            if entry.metadata().map_err(cause)?.len() == u64::from(self.segment_bytes) {
                slots.push(slot);
            }
        }
        Ok(slots)
    }

    fn create(&mut self, slot: Slot) -> Result<(), MediumError> {
        let (unfinished, name) = (self.path.join(format!("segment-{slot:04}.new")), self.name(slot));
        // Real zeros, flushed, before the file has a name that counts: an unwritten extent or a sparse file would cost a
        // journal commit at the first flush of every page, and a half-made one would look like a segment.
        let made = self.fill(&unfinished).and_then(|file| {
            fs::rename(&unfinished, &name)?;
            self.directory.sync_all()?;
            Ok(file)
        });
        match made {
            Ok(file) => {
                let at = usize::from(slot);
                if self.files.len() <= at {
                    self.files.resize_with(at.saturating_add(1), || None);
                }
                if let Some(entry) = self.files.get_mut(at) {
                    *entry = Some(file);
                }
                Ok(())
            }
            Err(error) => {
                let _ = fs::remove_file(&unfinished);
                Err(cause(error))
            }
        }
    }

    fn write_at(&mut self, slot: Slot, offset: u32, bytes: &[u8]) -> Result<(), MediumError> {
        self.file(slot)?.write_all_at(bytes, u64::from(offset)).map_err(cause)
    }

    fn flush(&mut self, slot: Slot) -> Result<(), MediumError> {
        self.file(slot)?.sync_data().map_err(cause)
    }

    fn read_at(&mut self, slot: Slot, offset: u32, out: &mut [u8]) -> Result<(), MediumError> {
        self.file(slot)?.read_exact_at(out, u64::from(offset)).map_err(cause)
    }

    fn space_left(&mut self) -> Result<Option<u64>, MediumError> {
        let stat = fstatvfs(&self.directory).map_err(|errno| cause(errno.into()))?;
        Ok(Some(stat.f_bavail.saturating_mul(stat.f_frsize).saturating_sub(KEEP_FREE_BYTES)))
    }
}

/// Takes the lock of the directory, or says who has it. Without a lock file, on a read-only medium, nobody can write
/// and none is needed.
fn lock(path: &Path) -> Result<Option<File>, Error> {
    let mut options = OpenOptions::new();
    let file = match options.read(true).write(true).create(true).truncate(false).mode(FILE_MODE).open(path) {
        Ok(file) => file,
        Err(error) if is_read_only(&error) => return Ok(None),
        Err(error) => return Err(cause(error).into()),
    };
    match file.try_lock() {
        Ok(()) => Ok(Some(file)),
        Err(TryLockError::WouldBlock) => Err(Error::Locked { pid: holder(&file) }),
        Err(TryLockError::Error(error)) => Err(cause(error).into()),
    }
}

/// Process that holds the lock, from the kernel's own table: a number written into the file could be a dead one's, and
/// writing it would be a write at every start. Lines look like `1: FLOCK  ADVISORY  WRITE 4711 fd:00:1234 0 EOF`.
fn holder(file: &File) -> Option<u32> {
    let inode = file.metadata().ok()?.ino();
    let table = fs::read_to_string("/proc/locks").ok()?;
    table.lines().find_map(|line| {
        let mut words = line.split_ascii_whitespace().skip_while(|word| *word != "FLOCK").skip(3);
        let pid = words.next()?.parse().ok()?;
        let locked = words.next()?.rsplit(':').next()?.parse::<u64>().ok()?;
        (locked == inode).then_some(pid)
    })
}

fn is_read_only(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::ReadOnlyFilesystem)
}

#[allow(clippy::needless_pass_by_value, reason = "the shape map_err asks for")]
fn cause(error: io::Error) -> MediumError {
    match error.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::FileTooLarge => MediumError::NoSpace,
        ErrorKind::ReadOnlyFilesystem | ErrorKind::PermissionDenied => MediumError::ReadOnly,
        ErrorKind::NotFound => MediumError::Missing,
        _ => MediumError::Io(error.raw_os_error().unwrap_or(0)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn a_second_instance_is_refused_and_told_who_holds_the_data() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("log");
        let first = FileMedium::open(&path).unwrap();
        let refused = FileMedium::open(&path).unwrap_err();
        assert_eq!(refused, Error::Locked { pid: Some(std::process::id()) });
        assert!(refused.to_string().contains(&std::process::id().to_string()));
        drop(first);
        FileMedium::open(&path).unwrap();
    }

    #[test]
    fn segments_are_private_and_full_of_zeros_and_unfinished_ones_vanish() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("log");
        let mut medium = FileMedium::open_sized(&path, 8192).unwrap();
        medium.create(3).unwrap();
        let meta = fs::metadata(path.join("segment-0003.log")).unwrap();
        assert_eq!((meta.len(), meta.permissions().mode() & 0o777), (8192, 0o600));
        assert!(meta.blocks() * 512 >= 8192, "really allocated");
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o700);
        drop(medium);
        fs::write(path.join("segment-0004.new"), b"cut here").unwrap();
        fs::write(path.join("segment-0005.log"), b"too short to be ours").unwrap();
        let mut medium = FileMedium::open_sized(&path, 8192).unwrap();
        assert_eq!(medium.slots().unwrap(), [3]);
        assert!(!path.join("segment-0004.new").exists());
        let mut out = [1; 16];
        medium.read_at(3, 8176, &mut out).unwrap();
        assert_eq!(out, [0; 16]);
        medium.write_at(3, 100, b"hello").unwrap();
        medium.flush(3).unwrap();
        medium.read_at(3, 98, &mut out[..7]).unwrap();
        assert_eq!(&out[..7], b"\0\0hello");
        assert_eq!(medium.read_at(9, 0, &mut out), Err(MediumError::Missing));
    }
}
