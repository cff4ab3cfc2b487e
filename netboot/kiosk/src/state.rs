//! Holds what the agent keeps: who it is to the appliance, across boots, and its count of time, across deaths of the agent.
//! Never leaves half a file: each is written beside and renamed. Called by the worker and its link.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use vigie_core::kiosk::seat::Kept;
use vigie_core::kiosk::{Code, SessionId};

/// Longest file of ours, in bytes; the authority's certificate takes two thousand.
const MAX_FILE_BYTES: u64 = 64 * 1024;
/// Name of the identity in the state folder.
const IDENTITY: &str = "identity.json";
/// Name of the count in the run folder.
const COUNT: &str = "count.json";

/// Who this workstation is, and whom it believes.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Identity {
    /// The appliance it is enrolled with, as it was written.
    pub server: String,
    /// What proves that a later question about the enrolment is ours; 32 random bytes in hex.
    pub question: String,
    /// The key that signs leases, in hex.
    pub key: String,
    /// The authority's certificate, in PEM; `None` without TLS.
    pub ca: Option<String>,
    /// Number of the workstation; 0 until it was approved.
    pub station: u32,
    /// Opens the socket; `None` until it was approved.
    pub token: Option<String>,
    /// The token that is being replaced, until the new one was used once.
    pub former: Option<String>,
}

impl std::fmt::Debug for Identity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Identity({}, workstation {})", self.server, self.station)
    }
}

/// The state folder.
#[derive(Clone, Debug)]
pub struct Vault {
    folder: PathBuf,
}

impl Vault {
    /// A folder that exists.
    #[must_use]
    pub fn new(folder: &Path) -> Self {
        Self { folder: folder.to_owned() }
    }

    /// Who we are to this server; `None` for a stranger, and when the file is damaged or for another server.
    #[must_use]
    pub fn load(&self, server: &str) -> Option<Identity> {
        let identity: Identity = read(&self.folder.join(IDENTITY))?;
        (identity.server == server).then_some(identity)
    }

    /// Keeps it, on the medium when this returns.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn save(&self, identity: &Identity) -> io::Result<()> {
        replace(&self.folder, IDENTITY, identity, true)
    }

    /// Forgets it.
    ///
    /// # Errors
    /// When it cannot be removed.
    pub fn forget(&self) -> io::Result<()> {
        match fs::remove_file(self.folder.join(IDENTITY)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }
}

/// What must outlive the agent, but not the machine.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Count {
    /// The seat's own.
    pub kept: Option<Kept>,
    /// Of which session the rest is.
    pub session: Option<SessionId>,
    /// What recognises its ticket: who comes back to a screen that was locked by a person must have it.
    pub ticket: Option<[u8; 32]>,
}

impl Count {
    /// Reads it from the run folder; nothing when there is none.
    #[must_use]
    pub fn load(run: &Path) -> Self {
        read(&run.join(COUNT)).unwrap_or_default()
    }

    /// Writes it. The folder is in memory: what is renamed there is there.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn save(&self, run: &Path) -> io::Result<()> {
        replace(run, COUNT, self, false)
    }

    /// Whether this is the ticket of the session.
    #[must_use]
    pub fn is_ticket(&self, typed: &Code) -> bool {
        self.ticket == Some(recognise(typed))
    }
}

/// What is kept of a ticket.
#[must_use]
pub fn recognise(ticket: &Code) -> [u8; 32] {
    Sha256::digest([b"vigie kiosk ticket 1\0", ticket.spell().as_bytes()].concat()).into()
}

fn read<T: for<'d> Deserialize<'d>>(path: &Path) -> Option<T> {
    if fs::symlink_metadata(path).ok()?.len() > MAX_FILE_BYTES {
        return None;
    }
    serde_json::from_slice(&fs::read(path).ok()?).ok()
}

fn replace(folder: &Path, name: &str, value: &impl Serialize, to_medium: bool) -> io::Result<()> {
    let new = folder.join(format!("{name}.new"));
    let bytes = serde_json::to_vec(value).map_err(io::Error::other)?;
    let _left_by_a_death = fs::remove_file(&new);
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&new)?;
    file.write_all(&bytes)?;
    if to_medium {
        file.sync_all()?;
    }
    fs::rename(&new, folder.join(name))?;
    if to_medium { File::open(folder)?.sync_all() } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use vigie_core::kiosk::desk::Done;
    use vigie_core::kiosk::seat;
    use vigie_core::kiosk::warning::Warned;

    use super::*;

    fn identity() -> Identity {
        Identity {
            server: "https://a:1".into(),
            question: "00".into(),
            key: "11".into(),
            ca: None,
            station: 3,
            token: Some("t".into()),
            former: None,
        }
    }

    #[test]
    fn who_we_are_is_kept_for_one_server_and_for_nobody_else_to_read() {
        let folder = tempfile::tempdir().unwrap();
        let vault = Vault::new(folder.path());
        assert_eq!(vault.load("https://a:1"), None);
        // What an agent left that died while writing is in nobody's way.
        fs::write(folder.path().join("identity.json.new"), "{").unwrap();
        vault.save(&identity()).unwrap();
        assert_eq!(vault.load("https://a:1"), Some(identity()));
        assert_eq!(vault.load("https://b:1"), None);
        let mode = fs::metadata(folder.path().join(IDENTITY)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert!(!format!("{:?}", identity()).contains("11"));
        fs::write(folder.path().join(IDENTITY), "{\"server\":").unwrap();
        assert_eq!(vault.load("https://a:1"), None);
        vault.forget().unwrap();
        vault.forget().unwrap();
    }

    #[test]
    fn the_count_outlives_the_agent() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(Count::load(folder.path()), Count::default());
        let kept = Kept {
            session: SessionId(u64::MAX),
            epoch: 2,
            warned: Warned(3),
            shown: Warned(1),
            count: seat::Count::Runs { ends_ms: 5, granted_ms: 6 },
            over: Done::No,
        };
        let ticket = Code::parse("ABCD-EFGH").unwrap();
        let count = Count { kept: Some(kept), session: Some(kept.session), ticket: Some(recognise(&ticket)) };
        count.save(folder.path()).unwrap();
        let read = Count::load(folder.path());
        assert_eq!(read, count);
        assert!(
            read.is_ticket(&Code::parse("abcdefgh").unwrap()) && !read.is_ticket(&Code::parse("ABCD-EFGJ").unwrap())
        );
        assert!(!Count::default().is_ticket(&ticket));
    }
}
