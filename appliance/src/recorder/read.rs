//! Holds how a recorded ring is read again: pages in order, each with the table of its program, each line as text.
//! It never writes and never needs the service: a copied folder, a damaged one and one in use are all read as far as
//! they go, and what is missing is said. Called by `vigie recorder`.

use std::collections::BTreeMap;
use std::fs::File;
use std::io;
use std::path::Path;
use std::time::Duration;

use serde::Serialize;

use super::decode::decode;
use super::page::{Head, Page, TableId};
use super::ring::{Shelf, read_all};
use super::symbols::Table;
use super::writer::{FILE, FOLDER};
use crate::accounts::clock::format_utc;

/// One line, as it is told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Told {
    /// When, RFC 3339 in UTC; `null` when the clock of that boot was not set.
    pub(crate) ts: Option<String>,
    /// Boot of the machine, from 1.
    pub(crate) boot: u32,
    /// Start of the service, from 1.
    pub(crate) run: u32,
    /// Milliseconds since that boot.
    pub(crate) at_ms: u64,
    /// What was said; `null` when it cannot be read.
    pub(crate) text: Option<String>,
    /// Why it cannot.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) why: Option<String>,
}

/// What a ring holds.
#[derive(Debug, Default)]
pub(crate) struct Record {
    /// Oldest first.
    pub(crate) lines: Vec<Told>,
    /// Places that hold something that is no page.
    pub(crate) damaged: usize,
    /// Pages between the oldest and the newest that are missing.
    pub(crate) missing: u64,
    /// Lines the service could not keep.
    pub(crate) lost: u64,
    /// Versions whose words are not there.
    pub(crate) unknown: Vec<String>,
    /// Place after the last line, for [`read`] to go on from.
    pub(crate) end: Position,
}

/// A place in a ring.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Position {
    sequence: u64,
    line: usize,
}

/// Reads what a data folder, or the recorder's own folder copied out of it, has after a position.
///
/// # Errors
/// When there is no ring or it cannot be read.
pub(crate) fn read(data: &Path, after: Position) -> io::Result<Record> {
    let folder = [data.join(FOLDER), data.to_path_buf()].into_iter().find(|folder| folder.join(FILE).is_file());
    let folder = folder.ok_or(io::ErrorKind::NotFound)?;
    read_shelf(&File::open(folder.join(FILE))?, &folder, after)
}

fn read_shelf(shelf: &impl Shelf, folder: &Path, after: Position) -> io::Result<Record> {
    let (pages, damaged) = read_all(shelf)?;
    let mut tables: BTreeMap<TableId, Option<Table>> = BTreeMap::new();
    let mut record = Record { damaged, end: after, ..Record::default() };
    let mut last = None;
    for (_, page) in &pages {
        let head = &page.head;
        record.missing += last.map_or(0, |last| head.sequence.saturating_sub(last + 1));
        record.lost += u64::from(head.lost);
        last = Some(head.sequence);
        let table = tables.entry(head.table).or_insert_with(|| find(folder, &head.table));
        let unknown = version(head);
        if table.is_none() && !record.unknown.contains(&unknown) {
            record.unknown.push(unknown);
        }
        tell(page, table.as_ref(), &mut record, after);
    }
    Ok(record)
}

/// The table of a page: beside the ring, else our own when it is the same.
fn find(folder: &Path, id: &TableId) -> Option<Table> {
    Table::load(folder, id).or_else(|| Table::own().ok().filter(|table| table.id() == *id))
}

fn tell(page: &Page, table: Option<&Table>, record: &mut Record, after: Position) {
    let head = &page.head;
    for (number, line) in page.lines().into_iter().enumerate() {
        let position = Position { sequence: head.sequence, line: number + 1 };
        if position <= after {
            continue;
        }
        record.end = record.end.max(position);
        let text = table.map(|table| decode(table, head.origin, &line.bytes));
        let why = match &text {
            None => Some(format!("the words of version {} are not there", version(head))),
            Some(Err(_)) => Some("damaged".to_owned()),
            Some(Ok(_)) => None,
        };
        let us = i64::try_from(line.at_ms.saturating_mul(1_000)).unwrap_or(i64::MAX);
        let wall = u64::try_from(head.began_us.saturating_add(us)).ok().filter(|_| head.began_us != 0);
        record.lines.push(Told {
            ts: wall.map(|wall| format_utc(Duration::from_micros(wall))),
            boot: head.boot,
            run: head.run,
            at_ms: line.at_ms,
            text: text.and_then(Result::ok),
            why,
        });
    }
}

fn version(head: &Head) -> String {
    let bytes: Vec<u8> = head.version.iter().copied().take_while(u8::is_ascii_graphic).collect();
    String::from_utf8(bytes).unwrap_or_default()
}

#[cfg(test)]
#[path = "read_tests.rs"]
mod tests;
