//! Holds the keys of people, in a file beside the log: 64 bytes each, overwritten where they lie.
//! Never keeps a key after its person was erased. In the log an erased key would lie on until its segment is cleaned,
//! readable to whoever has the card; here it is zeros as soon as the call is answered. The owner of the room writes it.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::Path;

use zeroize::Zeroizing;

use super::people::MAX_PEOPLE;
use super::sealing::{KEY_BYTES, PersonKey};

/// Name of the file in the data folder.
const FILE: &str = "people.keys";
/// A slot: number of the person, key, checksum, zeros. A power of two, so that none lies in two sectors: a power cut
/// can damage the one that is being written alone.
const SLOT_BYTES: usize = 64;
/// Slots: people, and some that wait for the row to be deleted after a power cut.
const MAX_SLOTS: usize = MAX_PEOPLE + 64;

/// What a file held: keys, and whose they are.
pub(super) type Keys = Vec<(u32, PersonKey)>;

/// The file, and whose each slot is; 0 is free.
pub(super) struct KeyFile {
    file: Option<File>,
    slots: Vec<u32>,
}

impl KeyFile {
    /// Keys that end with the process.
    pub(super) fn in_memory() -> Self {
        Self { file: None, slots: Vec::new() }
    }

    /// Opens the file of a folder, or makes it. Gives the keys.
    ///
    /// # Errors
    /// When it cannot be read or made.
    pub(super) fn open(folder: &Path) -> io::Result<(Self, Keys)> {
        let path = folder.join(FILE);
        let file = OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(0o600).open(path)?;
        let mut bytes = Zeroizing::new(Vec::new());
        let length = usize::try_from(file.metadata()?.len()).unwrap_or(usize::MAX).min(MAX_SLOTS * SLOT_BYTES);
        bytes.resize(length, 0);
        file.read_exact_at(&mut bytes, 0)?;
        let (mut slots, mut keys) = (Vec::new(), Vec::new());
        for slot in bytes.chunks(SLOT_BYTES) {
            let read = read_slot(slot);
            slots.push(read.as_ref().map_or(0, |(person, _)| *person));
            keys.extend(read);
        }
        Ok((Self { file: Some(file), slots }, keys))
    }

    /// Keeps a key, or destroys it. Ends when that is on the card.
    ///
    /// # Errors
    /// When the card takes nothing, or every slot is taken.
    pub(super) fn set(&mut self, person: u32, key: Option<&[u8; KEY_BYTES]>) -> io::Result<()> {
        let there = self.slots.iter().position(|slot| *slot == person);
        let at = match (there, key) {
            (None, None) => return Ok(()),
            (Some(at), _) => at,
            (None, Some(_)) => self.slots.iter().position(|slot| *slot == 0).unwrap_or(self.slots.len()),
        };
        if at >= MAX_SLOTS {
            return Err(io::ErrorKind::StorageFull.into());
        }
        let mut slot = Zeroizing::new([0; SLOT_BYTES]);
        if let Some(key) = key {
            let (head, _) = slot.split_at_mut(4 + KEY_BYTES + 4);
            let (number, rest) = head.split_at_mut(4);
            let (body, check) = rest.split_at_mut(KEY_BYTES);
            number.copy_from_slice(&person.to_be_bytes());
            body.copy_from_slice(key);
            check.copy_from_slice(&checksum(person, key).to_be_bytes());
        }
        if let Some(file) = &self.file {
            file.write_all_at(&*slot, (at * SLOT_BYTES) as u64)?;
            file.sync_data()?;
        }
        if at == self.slots.len() {
            self.slots.push(0);
        }
        if let Some(owner) = self.slots.get_mut(at) {
            *owner = if key.is_some() { person } else { 0 };
        }
        Ok(())
    }
}

fn read_slot(slot: &[u8]) -> Option<(u32, PersonKey)> {
    let (number, rest) = slot.split_first_chunk::<4>()?;
    let (key, rest) = rest.split_first_chunk::<KEY_BYTES>()?;
    let (check, _) = rest.split_first_chunk::<4>()?;
    let person = u32::from_be_bytes(*number);
    let good = person != 0 && u32::from_be_bytes(*check) == checksum(person, key);
    good.then(|| (person, PersonKey::of_bytes(*key)))
}

fn checksum(person: u32, key: &[u8; KEY_BYTES]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&person.to_be_bytes());
    hasher.update(key);
    hasher.finalize()
}

#[cfg(test)]
mod tests {
    use super::*;

    type Bare = Vec<(u32, [u8; KEY_BYTES])>;

    fn opened(folder: &Path) -> (KeyFile, Bare) {
        let (file, keys) = KeyFile::open(folder).unwrap();
        (file, keys.into_iter().map(|(person, key)| (person, *key.expose())).collect())
    }

    #[test]
    fn a_destroyed_key_is_nowhere_in_the_file_and_its_slot_is_used_again() {
        let folder = tempfile::tempdir().unwrap();
        let (mut file, keys) = opened(folder.path());
        assert!(keys.is_empty());
        for person in 1..=3 {
            file.set(person, Some(&[person as u8; KEY_BYTES])).unwrap();
        }
        file.set(2, None).unwrap();
        file.set(99, None).unwrap();
        let bytes = std::fs::read(folder.path().join(FILE)).unwrap();
        assert_eq!(bytes.len(), 3 * SLOT_BYTES);
        assert!(!bytes.windows(8).any(|part| part == [2; 8]));
        let (mut file, keys) = opened(folder.path());
        assert_eq!(keys, [(1, [1; 32]), (3, [3; 32])]);
        file.set(4, Some(&[4; KEY_BYTES])).unwrap();
        assert_eq!(opened(folder.path()).1, [(1, [1; 32]), (4, [4; 32]), (3, [3; 32])]);
    }

    #[test]
    fn a_slot_cut_by_a_power_cut_is_free_and_spoils_no_other() {
        let folder = tempfile::tempdir().unwrap();
        let (mut file, _) = opened(folder.path());
        file.set(1, Some(&[1; KEY_BYTES])).unwrap();
        file.set(2, Some(&[2; KEY_BYTES])).unwrap();
        let path = folder.path().join(FILE);
        let mut bytes = std::fs::read(&path).unwrap();
        bytes[SLOT_BYTES + 10] ^= 1;
        std::fs::write(&path, &bytes[..SLOT_BYTES + 50]).unwrap();
        let (mut file, keys) = opened(folder.path());
        assert_eq!(keys, [(1, [1; 32])]);
        file.set(3, Some(&[3; KEY_BYTES])).unwrap();
        assert_eq!(opened(folder.path()).1, [(1, [1; 32]), (3, [3; 32])]);
    }

    #[test]
    fn the_file_has_an_end() {
        let mut file = KeyFile::in_memory();
        for person in 1..=MAX_SLOTS {
            file.set(person as u32, Some(&[1; KEY_BYTES])).unwrap();
        }
        assert!(file.set(u32::MAX, Some(&[1; KEY_BYTES])).is_err());
    }
}
