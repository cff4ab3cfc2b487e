//! Holds what the image's init said of the data partition: sound, new, repaired, replaced, or memory only.
//! Never looks at the partition itself: the init does, before the service starts. Read by `run`, shown in `/readyz`.

use std::fs::File;
use std::io::Read;
use std::path::Path;

/// Where the init leaves its verdict; there is none on a machine that does not run the image.
const STATE_FILE: &str = "/run/vigie/data-state";
/// A verdict is one line.
const MAX_BYTES: u64 = 512;

/// The verdict.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DataPartition {
    /// Whether what is stored is where it was, and stays.
    pub sound: bool,
    /// In words, English: one of `good`, `new`, `repaired`, `recreated`, `volatile`, and why.
    pub words: String,
}

impl DataPartition {
    /// Reads what the init left, if it left anything.
    #[must_use]
    pub fn read() -> Option<Self> {
        Self::read_from(Path::new(STATE_FILE))
    }

    fn read_from(file: &Path) -> Option<Self> {
        let mut text = String::new();
        File::open(file).ok()?.take(MAX_BYTES).read_to_string(&mut text).ok()?;
        let words = text.lines().next().map(str::trim).filter(|line| !line.is_empty())?.to_owned();
        let state = words.split(':').next().unwrap_or_default();
        Some(Self { sound: matches!(state, "good" | "new" | "repaired"), words })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_lost_or_will_be_is_not_sound() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("data-state");
        assert_eq!(DataPartition::read_from(&file), None, "a laptop has none");
        for (text, sound) in [
            ("good\n", true),
            ("new: formatted at the first start\n", true),
            ("repaired: see /run/vigie/e2fsck.log\n", true),
            ("recreated: the old data was beyond repair; its head is kept in /data/quarantine\n", false),
            ("volatile: there is no data partition; what is stored now is lost at the next start\n", false),
            ("a word of a later init\n", false),
        ] {
            std::fs::write(&file, text).unwrap();
            let read = DataPartition::read_from(&file);
            assert_eq!(read, Some(DataPartition { sound, words: text.trim().to_owned() }), "{text}");
        }
        std::fs::write(&file, "\n").unwrap();
        assert_eq!(DataPartition::read_from(&file), None);
    }
}
