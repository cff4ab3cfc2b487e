//! Holds what `Lan` is told and what it asks for: the whole of its border with the shell.
//! Never holds a decision. Called by the shell of the service and by tests.

use core::net::IpAddr;

use embassy_time::{Duration, Instant};
use vigie_wire::Mac;

use super::change::Change;
use super::device::DeviceId;
use super::probe::Probe;
use super::record::DeviceRecord;
use super::sighting::Sighting;
use super::{Presence, SegmentId};
use crate::Text;
use crate::limits::{MAX_ACTIONS, MAX_REASON_BYTES};

/// What `Lan` is told. What a person does is told through [`Lan::edit`](super::Lan::edit), which answers.
#[derive(Clone, Copy, Debug)]
pub enum Input<'a> {
    /// One observation. `MacVendor` clues, `Dns`, `Lease`, `Tailscale` and configuration roles do not count as a sign
    /// of life; everything else heard does, except `Goodbye`.
    Sighting(&'a Sighting<'a>),
    /// A leg is there, or its addresses changed.
    SegmentUp(Leg<'a>),
    /// A leg is gone: until it is back nobody on it is called absent.
    SegmentDown {
        /// Which.
        segment: SegmentId,
    },
    /// A sweep of a whole segment begins.
    SweepBegan {
        /// Which.
        segment: SegmentId,
    },
    /// A sweep of a whole segment is over, the wait for its last answers included, or was stopped.
    SweepEnded {
        /// Which.
        segment: SegmentId,
        /// When it began.
        began: Instant,
        /// How many addresses were asked.
        asked: u32,
        /// Whether every probe went out. When not, its misses count for nothing.
        whole: bool,
    },
    /// A pass over the TCP ports of one host, or of every host of a segment, is over. The first one of a device is its
    /// inventory and told silently; later ones tell what opened and closed.
    PortsAsked {
        /// Where.
        segment: SegmentId,
        /// The host; none means every device of the segment.
        host: Option<IpAddr>,
        /// When it began.
        began: Instant,
        /// The ports asked for, in any order.
        ports: &'a [u16],
    },
    /// A stored device, at start, before anything else.
    Restore {
        /// As it was stored.
        record: &'a DeviceRecord,
        /// How long the service did not watch, when the shell knows.
        away: Option<Duration>,
    },
    /// The service ends in good order: every device with something unsaved asks to be saved.
    Stopping,
    /// Nothing but time.
    Tick,
}

/// A leg of the appliance in a segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Leg<'a> {
    /// Which segment.
    pub segment: SegmentId,
    /// The appliance's own MAC there: it becomes a device with the role `Myself`.
    pub mac: Option<Mac>,
    /// The appliance's own addresses there, with prefix lengths. At most `MAX_NETS` are taken.
    pub addresses: &'a [(IpAddr, u8)],
    /// The default gateway, when it is on this segment.
    pub gateway: Option<IpAddr>,
    /// Whether link-layer senders can be seen: true with raw sockets or a neighbour table, false for remote targets.
    /// When true, a sighting without MAC of an address nobody holds is a reason to ask who holds it.
    pub sees_macs: bool,
}

/// What `Lan` asks for.
#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    /// Store it, show it, alert.
    Change(Change),
    /// Send it, at the pace of the segment.
    Probe(Probe),
    /// Store `Lan::device(id).record()`. When the device is gone by then, do nothing.
    Save(DeviceId),
    /// Delete what is stored of it, and its row.
    Forget(DeviceId),
    /// Its row on the page changed (not told for the time of the last sign of life alone).
    Dirty(DeviceId),
    /// A check a person asked for is over.
    Checked(Checked),
}

/// The result of a check.
#[derive(Clone, Debug, PartialEq)]
pub struct Checked {
    /// Whose.
    pub device: DeviceId,
    /// Whether it was heard during the check.
    pub heard: bool,
    /// Its presence now.
    pub presence: Presence,
    /// How long it took to answer, when a probe was answered.
    pub answer: Option<Duration>,
    /// What was tried, in words.
    pub evidence: Text<MAX_REASON_BYTES>,
}

/// What one call asks for. The shell takes everything out; what does not fit waits in the machine, which then wants to
/// be woken at once.
pub type Actions = heapless::Deque<Action, MAX_ACTIONS>;
