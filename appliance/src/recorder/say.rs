//! Holds what the flight recorder is told: one function a kind of line, each with how soon it must be on the card.
//! It never records a name, a secret or an address: numbers of devices and segments, and numbers.
//! Called where things happen.

use defmt::Format;
use vigie_core::lan::{Change, ChangeKind, DeviceId, SegmentId};

use super::writer::{Haste, hurry};

/// How the run before this one ended, as far as the ring tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Format)]
pub enum Before {
    /// There was none.
    FirstStart,
    /// In good order.
    Stopped,
    /// The process ended without a word while the machine stayed up: it was killed or it failed.
    Died,
    /// The machine went down without a word: a power cut, a reset, a crash of the kernel.
    PowerCut,
}

impl Before {
    /// The word used in metrics.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::FirstStart => "first",
            Self::Stopped => "stopped",
            Self::Died => "died",
            Self::PowerCut => "power",
        }
    }
}

/// Who it is about, short: `-` when nobody in particular.
struct Who(Option<DeviceId>);

impl Format for Who {
    fn format(&self, f: defmt::Formatter<'_>) {
        match self.0 {
            Some(id) => defmt::write!(f, "{=u64:016x}", id.0),
            None => defmt::write!(f, "-"),
        }
    }
}

pub(super) fn started(before: Before) {
    defmt::println!("started {=str}, before: {}", env!("CARGO_PKG_VERSION"), before);
    hurry(Haste::Now);
}

/// The broker started the service anew. `cause`: why the one before ended, `code`: its exit code or signal, else 0,
/// `crashes`: how many ended badly within the last minutes.
pub(crate) fn restarted(cause: &'static str, code: u8, ran_s: u32, crashes: u8) {
    defmt::println!("restarted after {=str} {=u8}, ran {=u32} s, crashes {=u8}", cause, code, ran_s, crashes);
    hurry(Haste::Soon);
}

pub(super) fn stopping() {
    defmt::println!("stopping");
}

/// A failure of ours, with its place in the source.
pub(super) fn panicked(file: &str, line: u32) {
    // The end of a path says more than its start.
    let start = file.len().saturating_sub(40);
    defmt::println!("panic at {=str}:{=u32}", file.get(start..).unwrap_or("?"), line);
}

/// Something changed on the network.
pub(super) fn changed(change: &Change) {
    let segment = change.segment.map_or(0, |SegmentId(number)| number);
    defmt::println!("{} {} on {=u8}", change.kind, Who(change.device), segment);
    // What a scanner in doubt says first is worth more than what it says next.
    let grave = matches!(change.kind, ChangeKind::ScannerDegraded | ChangeKind::RogueDhcp | ChangeKind::TableFull);
    hurry(if grave { Haste::Now } else { Haste::Soon });
}

/// A sweep is over. It waits for something that has to be written: while nothing changes nothing is written.
pub(super) fn swept(segment: SegmentId, hosts: u16, frames: u32, took_ms: u32) {
    defmt::println!("swept {=u8}: {=u16} hosts, {=u32} frames, {=u32} ms", segment.0, hosts, frames, took_ms);
}

/// A leg came or went.
pub(super) fn leg(segment: SegmentId, up: bool, raw: bool) {
    match up {
        true => defmt::println!("leg {=u8} up, raw {=bool}", segment.0, raw),
        false => defmt::println!("leg {=u8} down", segment.0),
    }
    hurry(Haste::Soon);
}

/// Records reach the card again, or no more.
pub(super) fn store(good: bool) {
    match good {
        true => defmt::println!("store good"),
        false => defmt::println!("store in memory only"),
    }
    hurry(Haste::Now);
}

/// Requests turned away since the last such line.
pub(super) fn rejected(requests: u32, in_seconds: u32) {
    defmt::println!("{=u32} requests turned away in {=u32} s", requests, in_seconds);
}

/// The most memory the process ever had.
pub(super) fn memory(peak_kib: u32) {
    defmt::println!("memory peak {=u32} KiB", peak_kib);
}

/// A job ran.
pub(crate) fn job(name: &str, good: bool, took_ms: u32) {
    defmt::println!("job {=str} good {=bool}, {=u32} ms", name, good, took_ms);
}
