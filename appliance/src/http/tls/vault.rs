//! Holds where the keys and certificates of TLS lie: files of one folder that only its owner may read.
//! It never overwrites what it cannot read: that is set aside under another name. Every write is whole or not there.
//! The keeper of TLS loads, stores and removes through it.

use std::fs::{self, DirBuilder, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

/// Largest file read: a key and eight certificates are a fifth of it.
const MAX_FILE_BYTES: u64 = 128 * 1024;

/// Damaged files of one name that are kept; a tenth replaces the ninth.
const MAX_SET_ASIDE: u8 = 9;

/// The folder.
#[derive(Clone, Debug)]
pub(super) struct Vault {
    folder: PathBuf,
}

impl Vault {
    /// A vault in a folder that may not be there yet.
    pub(super) fn new(folder: &Path) -> Self {
        Self { folder: folder.to_owned() }
    }

    /// Where a file is.
    #[must_use]
    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// Reads a file; `None` when there is none.
    ///
    /// # Errors
    /// When it cannot be read or is too large to be one of ours.
    pub(super) fn load(&self, name: &str) -> io::Result<Option<Zeroizing<Vec<u8>>>> {
        let file = match fs::File::open(self.path(name)) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        let length = file.metadata()?.len();
        if length > MAX_FILE_BYTES {
            return Err(io::Error::new(
                io::ErrorKind::InvalidData,
                "it is too large to be a key with its certificates",
            ));
        }
        let mut bytes = Zeroizing::new(Vec::with_capacity(usize::try_from(length).unwrap_or_default()));
        file.take(MAX_FILE_BYTES).read_to_end(&mut bytes)?;
        Ok(Some(bytes))
    }

    /// Stores a file, readable by its owner alone. After a power cut there is the old one or the new one, whole.
    ///
    /// # Errors
    /// When the medium refuses; then the old one is still there.
    pub(super) fn store(&self, name: &str, bytes: &[u8]) -> io::Result<()> {
        if !self.folder.exists() {
            DirBuilder::new().recursive(true).mode(0o700).create(&self.folder)?;
            self.folder
                .parent()
                .filter(|above| above.exists())
                .map_or(Ok(()), |above| fs::File::open(above)?.sync_all())?;
        }
        let fresh = self.path(name).with_extension("new");
        // One that a power cut left behind may belong to somebody else by now; made anew, the mode is ours.
        let _was_there = fs::remove_file(&fresh);
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&fresh)?;
        let written = file.write_all(bytes).and_then(|()| file.sync_all());
        let renamed = written.and_then(|()| fs::rename(&fresh, self.path(name)));
        if renamed.is_err() {
            let _best_effort = fs::remove_file(&fresh);
        }
        renamed.and_then(|()| self.sync())
    }

    /// Removes a file; none is as good.
    ///
    /// # Errors
    /// When the medium refuses.
    pub(super) fn remove(&self, name: &str) -> io::Result<()> {
        match fs::remove_file(self.path(name)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => self.sync(),
        }
    }

    /// Gives a damaged file another name, so that a new one does not overwrite what may still be saved by hand.
    ///
    /// # Errors
    /// When the medium refuses.
    pub(super) fn set_aside(&self, name: &str) -> io::Result<PathBuf> {
        let other = |number| self.path(&format!("{name}.damaged-{number}"));
        let free = (1..MAX_SET_ASIDE).map(other).find(|path| !path.exists()).unwrap_or_else(|| other(MAX_SET_ASIDE));
        fs::rename(self.path(name), &free)?;
        self.sync()?;
        Ok(free)
    }

    fn sync(&self) -> io::Result<()> {
        fs::File::open(&self.folder)?.sync_all()
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn files_are_private_whole_and_replaced_at_once() {
        let folder = tempfile::tempdir().unwrap();
        let vault = Vault::new(&folder.path().join("tls"));
        assert!(vault.load("a.pem").unwrap().is_none());
        fs::create_dir(folder.path().join("tls")).unwrap();
        fs::write(vault.path("a.new"), b"left behind").unwrap();
        for text in [&b"one"[..], b"another"] {
            vault.store("a.pem", text).unwrap();
            assert_eq!(vault.load("a.pem").unwrap().unwrap().as_slice(), text);
        }
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&vault.path("a.pem")), 0o600);
        assert!(!vault.path("a.new").exists());
        vault.remove("a.pem").unwrap();
        vault.remove("a.pem").unwrap();
        assert!(vault.load("a.pem").unwrap().is_none());
        let fresh = Vault::new(&folder.path().join("other"));
        fresh.store("a.pem", b"x").unwrap();
        assert_eq!(mode(&folder.path().join("other")), 0o700);
    }

    #[test]
    fn what_is_damaged_is_kept_under_another_name_within_bounds() {
        let folder = tempfile::tempdir().unwrap();
        let vault = Vault::new(folder.path());
        for number in 1..=12_u8 {
            vault.store("a.pem", &[number]).unwrap();
            let kept = vault.set_aside("a.pem").unwrap();
            assert_eq!(fs::read(kept).unwrap(), [number]);
        }
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), usize::from(MAX_SET_ASIDE));
        assert_eq!(fs::read(vault.path("a.pem.damaged-1")).unwrap(), [1]);
    }

    #[test]
    fn a_failed_write_leaves_the_old_one() {
        let folder = tempfile::tempdir().unwrap();
        let vault = Vault::new(folder.path());
        vault.store("a.pem", b"old").unwrap();
        // A folder stands where the new file is written first; unlike a missing permission it stops root too.
        fs::create_dir_all(vault.path("a.new").join("x")).unwrap();
        assert!(vault.store("a.pem", b"new").is_err());
        assert_eq!(vault.load("a.pem").unwrap().unwrap().as_slice(), b"old");
    }

    #[test]
    fn a_huge_file_is_not_read() {
        let folder = tempfile::tempdir().unwrap();
        fs::File::create(folder.path().join("a.pem")).unwrap().set_len(MAX_FILE_BYTES + 1).unwrap();
        assert!(Vault::new(folder.path()).load("a.pem").is_err());
    }
}
