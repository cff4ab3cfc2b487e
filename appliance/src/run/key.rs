//! Holds where the device's own key lies: a file of the data folder that only its owner may read.
//! Never prints it and never replaces one that is there. Called at start.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use zeroize::Zeroizing;

use crate::accounts::token::DeviceKey;
use crate::cli::{Ending, Exit};

const FILE: &str = "device.key";

/// Reads the key of a folder that has been in use; `None` when there is none.
pub(super) fn load(folder: &Path) -> Result<Option<DeviceKey>, Ending> {
    match folder.join(FILE).try_exists() {
        Ok(true) => load_or_draw(folder).map(Some),
        Ok(false) => Ok(None),
        Err(error) => Err(Ending::new(Exit::Io, format!("{}: {error}", folder.display()))),
    }
}

/// Reads the key, or makes one at the first start. Without a place to keep it the key lives as long as the process.
pub(super) fn load_or_draw(folder: &Path) -> Result<DeviceKey, Ending> {
    let path = folder.join(FILE);
    match fs::read(&path).map(Zeroizing::new) {
        Ok(bytes) => match <&[u8; 32]>::try_from(bytes.as_slice()) {
            Ok(seed) => Ok(DeviceKey::from_seed(seed)),
            Err(_) => Err(Ending::new(
                Exit::Data,
                format!(
                    "{} is not a key of 32 bytes; move it away to get a new one (everybody logs in again)",
                    path.display()
                ),
            )),
        },
        Err(error) if error.kind() == io::ErrorKind::NotFound => make(&path),
        Err(error) => Err(Ending::new(Exit::Io, format!("{}: {error}", path.display()))),
    }
}

fn make(path: &Path) -> Result<DeviceKey, Ending> {
    let seed = Zeroizing::new(vigie_sys::random::bytes::<32>().map_err(io::Error::other)?);
    if let Err(error) = write(path, seed.as_slice()) {
        tracing::warn!("the device key is not stored ({error}): logins end with the service");
    }
    Ok(DeviceKey::from_seed(&seed))
}

/// Under another name first: a key cut short by a power cut would look like damage.
fn write(path: &Path, seed: &[u8]) -> io::Result<()> {
    let fresh = path.with_extension("new");
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&fresh)?;
    file.write_all(seed)?;
    file.sync_all()?;
    fs::rename(&fresh, path)?;
    path.parent().map_or(Ok(()), |folder| fs::File::open(folder)?.sync_all())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn the_key_is_made_once_and_is_private() {
        let folder = tempfile::tempdir().unwrap();
        let first = load_or_draw(folder.path()).unwrap();
        let again = load_or_draw(folder.path()).unwrap();
        assert_eq!(first.public(), again.public());
        let mode = fs::metadata(folder.path().join(FILE)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn a_damaged_key_is_named_and_kept() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join(FILE), b"short").unwrap();
        let why = load_or_draw(folder.path()).err().unwrap().why;
        assert!(why.contains("device.key") && why.contains("32 bytes"), "{why}");
        assert_eq!(fs::read(folder.path().join(FILE)).unwrap(), b"short");
    }
}
