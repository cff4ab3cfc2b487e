//! Holds the archive of the journal: entries before they leave the log, compressed, in files within a byte budget.
//! Never takes anything out of the journal, and never writes an entry twice. Run by the table of jobs.

use std::fs::{self, File};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use flate2::Compression;
use flate2::write::GzEncoder;
use tokio::task::spawn_blocking;
use vigie_core::audit::{Actor, Kind};
use vigie_core::order::sort_by_key;

use crate::accounts::journal::{AT_ONCE, Act};
use crate::api::logs::view::{EntryView, Names};
use crate::http::context::Platform;
use crate::shell::clocks::Clocks;

/// Name of the folder in the data folder.
const FOLDER: &str = "archive";
/// Bytes of all files: at 20 B an entry, 800,000 entries, years. The oldest file leaves.
const MAX_BYTES: u64 = 16 * 1024 * 1024;
/// Entries that are not in the archive yet from which on it is time, whatever the day: the log holds some 15,000.
const MANY: u64 = 6_000;

/// Where the archive is and what it is made of.
#[derive(Clone)]
pub(super) struct Archive {
    folder: PathBuf,
    platform: Arc<Platform>,
    clocks: Arc<Clocks>,
}

/// A file of the archive: numbers of its first and last entry.
struct Part {
    path: PathBuf,
    last: u64,
    bytes: u64,
}

impl Archive {
    pub(super) fn new(data: &Path, platform: &Arc<Platform>, clocks: &Arc<Clocks>) -> Self {
        Self { folder: data.join(FOLDER), platform: platform.clone(), clocks: clocks.clone() }
    }

    /// Archives early when the log would soon let go of what is not archived.
    pub(super) async fn keep_up(&self) -> Result<String, String> {
        let newest = self.platform.journal.newest(u64::MAX, 1, Box::new(|_| true)).await;
        let newest = newest.first().map_or(0, |kept| kept.entry.number);
        let waiting = newest.saturating_sub(self.archived());
        if waiting >= MANY {
            return self.write().await;
        }
        let removed = self.trim().map_err(|error| error.to_string())?;
        Ok(format!("{waiting} entries are not in the archive yet, {removed} old files removed"))
    }

    /// Puts every entry that is not there yet into a new file.
    pub(super) async fn write(&self) -> Result<String, String> {
        let after = self.archived();
        let named = |error: io::Error| format!("{}: {error}", self.folder.display());
        let fresh = self.folder.join("journal.new");
        let mut out = self.begin(&fresh).map_err(named)?;
        let names = Names::of(&self.platform.accounts);
        let (mut cursor, mut first, mut last) = (0, 0, after);
        loop {
            let some = self.platform.journal.after(cursor, AT_ONCE).await;
            let Some(end) = some.last() else { break };
            cursor = end.cursor;
            let mut lines = Vec::new();
            for kept in some.iter().filter(|kept| kept.entry.number > after) {
                let line = serde_json::to_vec(&EntryView::render(&kept.entry, &names, &self.clocks));
                lines.extend(line.map_err(|error| error.to_string())?);
                lines.push(b'\n');
                first = if first == 0 { kept.entry.number } else { first };
                last = kept.entry.number;
            }
            // Compressing takes its time; meanwhile others are served.
            let written = spawn_blocking(move || out.write_all(&lines).map(|()| out)).await;
            out = written.map_err(|error| error.to_string())?.map_err(named)?;
        }
        if first == 0 {
            fs::remove_file(&fresh).map_err(named)?;
            return Ok("nothing new to archive".to_owned());
        }
        let path = self.folder.join(format!("journal-{first:010}-{last:010}.ndjson.gz"));
        let folder = self.folder.clone();
        let ended = spawn_blocking(move || {
            let file = out.finish()?;
            file.sync_all()?;
            fs::rename(&fresh, path)?;
            File::open(folder)?.sync_all()?;
            file.metadata().map(|metadata| metadata.len())
        });
        let bytes = ended.await.map_err(|error| error.to_string())?.map_err(named)?;
        self.trim().map_err(named)?;
        let words = format!("{first}-{last}, {bytes} B");
        self.platform.journal.note(Act::new(Kind::JournalArchived, Actor::System).saying(&words));
        Ok(format!("entries {words}"))
    }

    fn begin(&self, fresh: &Path) -> io::Result<GzEncoder<File>> {
        fs::DirBuilder::new().recursive(true).mode(0o700).create(&self.folder)?;
        let file = fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(fresh)?;
        Ok(GzEncoder::new(file, Compression::default()))
    }

    /// The number of the last entry that is in the archive.
    fn archived(&self) -> u64 {
        self.parts().last().map_or(0, |part| part.last)
    }

    /// Oldest first: the names are in order.
    fn parts(&self) -> Vec<Part> {
        let Ok(entries) = fs::read_dir(&self.folder) else { return Vec::new() };
        let mut parts: Vec<Part> = entries
            .flatten()
            .filter_map(|entry| {
                let name = entry.file_name().into_string().ok()?;
                let numbers = name.strip_prefix("journal-")?.strip_suffix(".ndjson.gz")?;
                let last = numbers.split_once('-')?.1.parse().ok()?;
                Some(Part { path: entry.path(), last, bytes: entry.metadata().ok()?.len() })
            })
            .collect();
        sort_by_key(&mut parts, |part| part.last);
        parts
    }

    /// Removes the oldest files until the rest is within the budget. Never the newest: it says how far the archive goes.
    fn trim(&self) -> io::Result<usize> {
        let parts = self.parts();
        let mut bytes: u64 = parts.iter().map(|part| part.bytes).sum();
        let mut removed = 0;
        for part in parts.iter().take(parts.len().saturating_sub(1)) {
            if bytes <= MAX_BYTES {
                break;
            }
            fs::remove_file(&part.path)?;
            bytes -= part.bytes;
            removed += 1;
        }
        Ok(removed)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use flate2::read::GzDecoder;

    use super::*;
    use crate::accounts::clock::HandClock;
    use crate::accounts::store::RamStore;
    use crate::http::limits::Limits;
    use crate::http::testing::platform;

    fn archive(folder: &Path) -> Archive {
        let clock = Arc::new(HandClock::default());
        let (platform, _) = platform(RamStore::default(), &clock, Limits::default());
        Archive::new(folder, &Arc::new(platform), &Arc::new(Clocks::open(&[], None)))
    }

    fn numbers(archive: &Archive) -> Vec<u64> {
        let mut text = String::new();
        for part in archive.parts() {
            GzDecoder::new(File::open(part.path).unwrap()).read_to_string(&mut text).unwrap();
        }
        let number = |line: &str| serde_json::from_str::<serde_json::Value>(line).unwrap()["id"].as_u64().unwrap();
        text.lines().map(number).collect()
    }

    #[tokio::test]
    async fn every_entry_is_archived_once_and_the_budget_holds() {
        let folder = tempfile::tempdir().unwrap();
        let archive = archive(folder.path());
        let act = || Act::new(Kind::CodeIssued, Actor::Account(1));
        (0..300).for_each(|_| archive.platform.journal.note(act()));
        assert!(archive.write().await.unwrap().starts_with("entries 1-300"));
        assert_eq!(numbers(&archive), (1..=300).collect::<Vec<_>>());
        assert!(archive.keep_up().await.unwrap().starts_with("1 entries"), "that it was archived is one itself");
        archive.platform.journal.note(act());
        assert!(archive.write().await.unwrap().starts_with("entries 301-302"));
        assert_eq!(numbers(&archive), (1..=302).collect::<Vec<_>>());
        assert!(archive.write().await.unwrap().starts_with("entries 303-303"));
        // A large old file leaves for newer ones; one cut by a power cut is written anew.
        let old = folder.path().join(FOLDER).join("journal-0000000000-0000000000.ndjson.gz");
        File::create(&old).unwrap().set_len(MAX_BYTES).unwrap();
        fs::write(folder.path().join(FOLDER).join("journal.new"), b"half").unwrap();
        archive.write().await.unwrap();
        assert!(!old.exists());
        assert_eq!(archive.archived(), 304);
    }
}
