//! Holds the words of the flight recorder: every text a recorded line may point at, by its place in the program.
//! It never needs debug information: `defmt` names a section of the program's file after each text, and section names
//! survive stripping. Read from the program at start and kept beside the ring, so that a ring outlives its program.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Read};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use vigie_core::order::sort_by;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::page::TableId;

/// How `defmt` begins the name of a section; a JSON object follows, `prim.` before it for types without a shape.
const SECTION: &str = ".defmt.";
/// The text all places are counted from; see [`vigie_sys::recorder::origin`].
const ORIGIN: &str = "origin of the flight recorder";
/// Sections of a program that are looked at; ours has a few hundred.
const MAX_SECTIONS: usize = 8_192;
/// Bytes of names, and of a table on the card.
const MAX_TABLE_BYTES: u64 = 1024 * 1024;
/// Tables kept beside the ring besides the own one; older programs than these are long gone from the ring.
const MAX_TABLES: usize = 8;

/// One text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Symbol {
    /// What for: `defmt_println`, `defmt_derived`, `defmt_str` and so on.
    pub(super) tag: String,
    /// The text.
    pub(super) data: String,
}

/// The texts of one build.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Table {
    /// Version of the program.
    pub(super) version: String,
    /// By distance from the origin, in wrapping 16-bit arithmetic.
    pub(super) symbols: BTreeMap<u16, Symbol>,
}

impl Table {
    /// The table of the running program.
    pub(super) fn own() -> io::Result<Self> {
        Self::of_program(&File::open("/proc/self/exe")?)
    }

    /// The table of a program.
    pub(super) fn of_program(file: &File) -> io::Result<Self> {
        let wrong = |why: &str| io::Error::new(io::ErrorKind::InvalidData, why.to_owned());
        let mut placed = Vec::new();
        for (name, address) in sections(file)? {
            // The quotes of texts with quotes are escaped once for the linker and once for JSON; JSON undoes its own.
            let json = name.find('{').and_then(|at| name.get(at..)).unwrap_or_default();
            if let Ok(symbol) = serde_json::from_str::<Symbol>(json) {
                placed.push((address, symbol));
            }
        }
        let origin = placed.iter().find(|(_, symbol)| symbol.data == ORIGIN).map(|(address, _)| *address);
        let origin = origin.ok_or_else(|| wrong("the program's file has no words for the flight recorder"))?;
        let mut symbols = BTreeMap::new();
        for (address, symbol) in placed {
            let far = address.abs_diff(origin) >= 0x8000;
            // As truncated as the running program does it.
            let distance = (address as u16).wrapping_sub(origin as u16);
            if far || symbols.insert(distance, symbol).is_some() {
                return Err(wrong("the linker put the recorder's words too far apart to tell them from each other"));
            }
        }
        Ok(Self { version: env!("CARGO_PKG_VERSION").to_owned(), symbols })
    }

    /// The table's name: the same texts at the same places have the same.
    pub(super) fn id(&self) -> TableId {
        let mut digest = Sha256::new();
        for (distance, symbol) in &self.symbols {
            digest.update(distance.to_le_bytes());
            digest.update(symbol.tag.as_bytes());
            digest.update([0]);
            digest.update(symbol.data.as_bytes());
            digest.update([0]);
        }
        digest.finalize().first_chunk::<8>().copied().unwrap_or_default()
    }

    /// Keeps the table beside the ring unless it is there; the oldest ones beyond eight are deleted. Gives the bytes
    /// that were written.
    pub(super) fn keep(&self, folder: &Path) -> io::Result<u64> {
        let path = path(folder, &self.id());
        if path.exists() {
            return Ok(0);
        }
        forget_oldest(folder)?;
        let bytes = serde_json::to_vec(self)?;
        let fresh = path.with_extension("new");
        fs::write(&fresh, &bytes)?;
        File::open(&fresh)?.sync_all()?;
        fs::rename(&fresh, &path)?;
        File::open(folder)?.sync_all()?;
        Ok(bytes.len() as u64)
    }

    /// Reads a table that was kept; `None` when it is not there or not what its name says.
    pub(super) fn load(folder: &Path, id: &TableId) -> Option<Self> {
        let mut bytes = Vec::new();
        File::open(path(folder, id)).ok()?.take(MAX_TABLE_BYTES).read_to_end(&mut bytes).ok()?;
        serde_json::from_slice::<Self>(&bytes).ok().filter(|table| table.id() == *id)
    }
}

fn path(folder: &Path, id: &TableId) -> PathBuf {
    folder.join(format!("{}.words", data_encoding::HEXLOWER.encode(id)))
}

fn forget_oldest(folder: &Path) -> io::Result<()> {
    let mut tables: Vec<_> = fs::read_dir(folder)?
        .filter_map(|entry| {
            let entry = entry.ok()?;
            let ours = entry.path().extension().is_some_and(|end| end == "words");
            ours.then_some((entry.metadata().ok()?.modified().ok()?, entry.path()))
        })
        .collect();
    sort_by(&mut tables, Ord::cmp);
    let over = tables.len().saturating_sub(MAX_TABLES - 1);
    for (_, path) in tables.into_iter().take(over) {
        fs::remove_file(path)?;
    }
    Ok(())
}

/// Names and addresses of the sections of an ELF file that hold our words (System V ABI, chapter 4: the header, the table
/// of section headers, and the table of their names). Both sizes of words, little-endian as all our targets are.
fn sections(file: &File) -> io::Result<Vec<(String, u64)>> {
    let wrong = || io::Error::new(io::ErrorKind::InvalidData, "the program's file is no ELF file of ours");
    let mut head = [0u8; 64];
    file.read_exact_at(&mut head, 0)?;
    let wide = match (head.first_chunk::<6>(), head.get(4)) {
        (Some([0x7f, b'E', b'L', b'F', _, 1]), Some(2)) => true,
        (Some([0x7f, b'E', b'L', b'F', _, 1]), Some(1)) => false,
        _ => return Err(wrong()),
    };
    // e_shoff, then e_shentsize, e_shnum and e_shstrndx at the end of the header.
    let (table, counts) = if wide { (number(&head, 40, 8), 58) } else { (number(&head, 32, 4), 46) };
    let [size, count, names] = [0, 2, 4].map(|at| number(&head, counts + at, 2));
    let least = if wide { 64 } else { 40 };
    let count = usize::try_from(count).unwrap_or(usize::MAX);
    if size != least || count == 0 || count > MAX_SECTIONS {
        return Err(wrong());
    }
    let mut headers = vec![0u8; count * least as usize];
    file.read_exact_at(&mut headers, table)?;
    let headers: Vec<&[u8]> = headers.chunks_exact(least as usize).collect();
    // sh_name, sh_addr, sh_offset, sh_size.
    let fields = |header: &[u8]| {
        if wide {
            (number(header, 0, 4), number(header, 16, 8), number(header, 24, 8), number(header, 32, 8))
        } else {
            (number(header, 0, 4), number(header, 12, 4), number(header, 16, 4), number(header, 20, 4))
        }
    };
    let strings = headers.get(usize::try_from(names).unwrap_or(usize::MAX)).ok_or_else(wrong)?;
    let (_, _, offset, length) = fields(strings);
    let mut names = vec![0u8; usize::try_from(length.min(MAX_TABLE_BYTES)).unwrap_or_default()];
    file.read_exact_at(&mut names, offset)?;
    let named = headers.iter().filter_map(|header| {
        let (name, address, ..) = fields(header);
        let name = names.get(usize::try_from(name).ok()?..)?.split(|byte| *byte == 0).next()?;
        let name = std::str::from_utf8(name).ok().filter(|name| name.starts_with(SECTION))?;
        Some((name.to_owned(), address))
    });
    Ok(named.collect())
}

/// A little-endian number of some bytes; 0 beyond the end.
fn number(bytes: &[u8], at: usize, size: usize) -> u64 {
    let field = bytes.get(at..at + size).unwrap_or_default();
    field.iter().rev().fold(0, |number, byte| number << 8 | u64::from(*byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_running_program_has_its_words() {
        let table = Table::own().unwrap();
        assert_eq!(table.symbols[&0].data, ORIGIN);
        let has = |text: &str| table.symbols.values().any(|symbol| symbol.data.contains(text));
        assert!(has("started") && has("NewDevice|"), "{table:?}");
        assert_eq!(table.id(), Table::own().unwrap().id());
    }

    #[test]
    fn tables_are_kept_once_bounded_and_checked() {
        let folder = tempfile::tempdir().unwrap();
        let table = |number: u16| Table {
            version: "0.1.0".to_owned(),
            symbols: BTreeMap::from([(number, Symbol { tag: "defmt_str".to_owned(), data: "x".to_owned() })]),
        };
        assert!(table(1).keep(folder.path()).unwrap() > 0);
        assert_eq!(table(1).keep(folder.path()).unwrap(), 0);
        assert_eq!(Table::load(folder.path(), &table(1).id()), Some(table(1)));
        for number in 2..40 {
            table(number).keep(folder.path()).unwrap();
        }
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), MAX_TABLES);
        let last = path(folder.path(), &table(39).id());
        fs::write(&last, serde_json::to_vec(&table(3)).unwrap()).unwrap();
        assert_eq!(Table::load(folder.path(), &table(39).id()), None, "not what its name says");
        fs::write(&last, b"{").unwrap();
        assert_eq!(Table::load(folder.path(), &table(39).id()), None);
    }

    #[test]
    fn what_is_no_program_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x");
        let own = fs::read("/proc/self/exe").unwrap();
        let mut headless = own[..64].to_vec();
        headless.resize(128, 0);
        for bytes in [&b"#!/bin/sh"[..], &[0; 200], &headless] {
            fs::write(&path, bytes).unwrap();
            assert!(Table::of_program(&File::open(&path).unwrap()).is_err());
        }
    }
}
