//! Holds what the product tells the world when its knowledge of the network changes.
//! Never holds what merely is: only differences. Made by `Lan`, stored, sent to the page and to alerts by the shell.

use super::SegmentId;
use super::device::DeviceId;
use crate::limits::{MAX_REASON_BYTES, MAX_WORD_BYTES};
use crate::{Moment, Text};

/// What changed. Names on the wire are SCREAMING_SNAKE_CASE.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ChangeKind {
    /// Never seen before.
    NewDevice,
    /// Came back.
    Online,
    /// Gone, after directed confirmation; the evidence says what was tried.
    Offline,
    /// Comes and goes too often to be told each time; told once, until it settles.
    Flapping,
    /// Its current address on a segment is another one.
    IpChanged,
    /// Its best name is another one.
    HostnameChanged,
    /// Its vendor is another one.
    VendorChanged,
    /// Its kind is another one.
    KindChanged,
    /// A port opened.
    PortOpened,
    /// A port closed.
    PortClosed,
    /// One address claimed by two machines, or one MAC in two places.
    Conflict,
    /// A conflict is over.
    ConflictCleared,
    /// Two devices may be one; a person decides.
    MergeProposed,
    /// Two devices became one.
    Merged,
    /// A merge was undone.
    Split,
    /// A DHCP server nobody named.
    RogueDhcp,
    /// Half the network vanished at once: the scanner or its link is to blame, nobody is marked offline.
    ScannerDegraded,
    /// The scanner sees the network again.
    ScannerRecovered,
    /// The device table is full and a newcomer was turned away.
    TableFull,
}

impl ChangeKind {
    /// Every kind, for filters and for whoever listens to all of them.
    pub const ALL: &'static [Self] = &[
        Self::NewDevice,
        Self::Online,
        Self::Offline,
        Self::Flapping,
        Self::IpChanged,
        Self::HostnameChanged,
        Self::VendorChanged,
        Self::KindChanged,
        Self::PortOpened,
        Self::PortClosed,
        Self::Conflict,
        Self::ConflictCleared,
        Self::MergeProposed,
        Self::Merged,
        Self::Split,
        Self::RogueDhcp,
        Self::ScannerDegraded,
        Self::ScannerRecovered,
        Self::TableFull,
    ];

    /// The name on the wire.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::NewDevice => "NEW_DEVICE",
            Self::Online => "ONLINE",
            Self::Offline => "OFFLINE",
            Self::Flapping => "FLAPPING",
            Self::IpChanged => "IP_CHANGED",
            Self::HostnameChanged => "HOSTNAME_CHANGED",
            Self::VendorChanged => "VENDOR_CHANGED",
            Self::KindChanged => "KIND_CHANGED",
            Self::PortOpened => "PORT_OPENED",
            Self::PortClosed => "PORT_CLOSED",
            Self::Conflict => "CONFLICT",
            Self::ConflictCleared => "CONFLICT_CLEARED",
            Self::MergeProposed => "MERGE_PROPOSED",
            Self::Merged => "MERGED",
            Self::Split => "SPLIT",
            Self::RogueDhcp => "ROGUE_DHCP",
            Self::ScannerDegraded => "SCANNER_DEGRADED",
            Self::ScannerRecovered => "SCANNER_RECOVERED",
            Self::TableFull => "TABLE_FULL",
        }
    }
}

/// One change, as it is stored and sent.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Change {
    /// When.
    pub at: Moment,
    /// What.
    pub kind: ChangeKind,
    /// Whose; none for the scanner and the table.
    pub device: Option<DeviceId>,
    /// Where, when it happened on one segment.
    pub segment: Option<SegmentId>,
    /// What it was; empty when there was nothing.
    pub old: Text<MAX_WORD_BYTES>,
    /// What it is; empty when there is nothing.
    pub new: Text<MAX_WORD_BYTES>,
    /// Why we say so, in English words: probes tried, sources that agree.
    pub evidence: Text<MAX_REASON_BYTES>,
}
