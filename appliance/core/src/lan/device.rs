//! Holds `Device`: what is known of one device, as readers see it.
//! Never changes itself: `Lan` is its only writer. Called by the API, the page, alerts and metrics, through getters.

use core::fmt;
use core::net::IpAddr;
use core::str::FromStr;

use embassy_time::{Duration, Instant};
use vigie_wire::Mac;

use super::Kind;
use super::field::Field;
use super::fuse::{self, Group};
use super::interface::Interface;
use super::presence::{Presence, Told, Vigil};
use super::record::{ClueRow, DeviceRecord, NameRow, PortRow, StableRow};
use super::rows::Rows;
use super::rule::Reason;
use super::sighting::{Role, Source};
use super::uptime::Uptime;
use crate::limits::{MAX_NAME_BYTES, MAX_REASONS, MAX_WORD_BYTES};
use crate::{Moment, Text};

/// The stable name of a device, chosen at random when it is first seen; written as 16 hex digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct DeviceId(pub u64);

impl fmt::Display for DeviceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

/// The text is no device id: 16 hex digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotADeviceId;

impl FromStr for DeviceId {
    type Err = NotADeviceId;

    fn from_str(text: &str) -> Result<Self, NotADeviceId> {
        let digits = text.len() == 16 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        let number = digits.then(|| u64::from_str_radix(text, 16).ok()).flatten();
        number.map(Self).ok_or(NotADeviceId)
    }
}

/// What a person thinks of a device.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[serde(rename_all = "lowercase")]
pub enum Trust {
    /// Nobody said.
    #[default]
    Unknown,
    /// Known and wanted.
    Trusted,
    /// Not wanted.
    Blocked,
}

/// One device. Read through its getters; the references live as long as the table is not written.
#[derive(Clone, Debug)]
pub struct Device {
    pub(super) kept: DeviceRecord,
    pub(super) live: Live,
}

/// What the running machine knows of a device and does not store.
#[derive(Clone, Debug, Default)]
pub(super) struct Live {
    pub(super) vigil: Vigil,
    /// When each group of sources last heard it.
    pub(super) heard: [Option<Instant>; Group::COUNT],
    pub(super) answer: Option<(Duration, Instant)>,
    pub(super) reasons: Rows<Reason, MAX_REASONS>,
    pub(super) confidence: f32,
    /// Not confirmed yet: when it was first heard, and how often it was asked.
    pub(super) tentative: Option<Tentative>,
    /// When to judge it again: clues come in bursts.
    pub(super) judge: Option<Instant>,
    /// Another name of the best source, said first at this time.
    pub(super) renamed: Option<Instant>,
    /// Since when its kind stands.
    pub(super) kind_since: Option<Instant>,
    pub(super) contested: bool,
    /// When two faces of one MAC were last looked for.
    pub(super) faces_checked: Option<Instant>,
    /// Its addresses are not asked sooner whether they are at one place.
    pub(super) places_again: Option<Instant>,
    pub(super) saved: Option<Instant>,
    /// Something observed waits to be saved.
    pub(super) unsaved: bool,
    pub(super) queued: Queued,
    pub(super) due: Option<Instant>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Tentative {
    pub(super) since: Instant,
    pub(super) asked: u8,
    pub(super) next: Instant,
}

/// What is to be told to the shell of this device once.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Queued {
    pub(super) any: bool,
    pub(super) save: bool,
    /// Only the time of its last sign of life is to be saved: it rides along with what is written anyway.
    pub(super) refresh: bool,
    pub(super) dirty: bool,
}

impl Device {
    pub(super) fn new(kept: DeviceRecord) -> Self {
        Self { kept, live: Live::default() }
    }

    /// The stable name.
    #[must_use]
    pub const fn id(&self) -> DeviceId {
        self.kept.id
    }

    /// What to store of it.
    #[must_use]
    pub const fn record(&self) -> &DeviceRecord {
        &self.kept
    }

    /// The MAC to show: of the interface seen last.
    #[must_use]
    pub fn mac(&self) -> Option<Mac> {
        self.primary().and_then(|interface| interface.mac)
    }

    /// The address to show: the current IPv4 one of the interface seen last, else its widest IPv6 one.
    #[must_use]
    pub fn ip(&self) -> Option<IpAddr> {
        self.primary().and_then(Interface::ip)
    }

    /// The interface seen last, one with a MAC before one without.
    #[must_use]
    pub fn primary(&self) -> Option<&Interface> {
        self.kept.interfaces.iter().max_by_key(|interface| (interface.mac.is_some(), interface.last_seen))
    }

    /// Its interfaces and their addresses, at most `MAX_INTERFACES`.
    #[must_use]
    pub fn interfaces(&self) -> &[Interface] {
        &self.kept.interfaces
    }

    /// The best name, a person's first.
    #[must_use]
    pub const fn hostname(&self) -> Option<&Field<Text<MAX_NAME_BYTES>>> {
        self.kept.hostname.as_ref()
    }

    /// Every name it has, by source.
    #[must_use]
    pub fn names(&self) -> &[NameRow] {
        &self.kept.names
    }

    /// Who made it: in its own words, else by its MAC.
    #[must_use]
    pub const fn vendor(&self) -> Option<&Field<Text<MAX_WORD_BYTES>>> {
        self.kept.vendor.as_ref()
    }

    /// What it is for.
    #[must_use]
    pub fn kind(&self) -> Kind {
        self.kept.kind.as_ref().map_or(Kind::Unknown, |kind| kind.value)
    }

    /// What it is for, with who said so and how sure that is.
    #[must_use]
    pub const fn kind_field(&self) -> Option<&Field<Kind>> {
        self.kept.kind.as_ref()
    }

    /// Its operating system.
    #[must_use]
    pub const fn os(&self) -> Option<&Field<Text<MAX_WORD_BYTES>>> {
        self.kept.os.as_ref()
    }

    /// What it said about itself.
    #[must_use]
    pub fn clues(&self) -> &[ClueRow] {
        &self.kept.clues
    }

    /// Ports seen open, those closed since included.
    #[must_use]
    pub fn ports(&self) -> &[PortRow] {
        &self.kept.ports
    }

    /// Ports open now, as far as is known.
    pub fn open_ports(&self) -> impl Iterator<Item = &PortRow> {
        self.kept.ports.iter().filter(|row| row.open)
    }

    /// Identifiers that survive a change of address.
    #[must_use]
    pub fn stable_ids(&self) -> &[StableRow] {
        &self.kept.stable
    }

    /// What it does for the network.
    pub fn roles(&self) -> impl Iterator<Item = Role> {
        self.kept.roles.iter().map(|row| row.role)
    }

    /// Who ever spoke of it.
    pub fn sources(&self) -> impl Iterator<Item = Source> {
        Source::ALL.iter().copied().filter(|source| self.kept.sources & 1 << *source as u8 != 0)
    }

    /// Who spoke of it last.
    #[must_use]
    pub const fn last_source(&self) -> Source {
        self.kept.last_source
    }

    /// Whether it is there, with the states between.
    #[must_use]
    pub const fn presence(&self) -> Presence {
        self.live.vigil.state
    }

    /// Whether to show it as there. A suspect is still there, and so is, after a restart, what was there before.
    #[must_use]
    pub fn online(&self) -> bool {
        match self.live.vigil.state {
            Presence::Online | Presence::Suspect => true,
            Presence::Unknown => self.kept.told == Told::Online,
            Presence::Offline => false,
        }
    }

    /// Whether it comes and goes too often to be told each time.
    #[must_use]
    pub const fn flapping(&self) -> bool {
        self.live.vigil.flapping
    }

    /// Whether a confirmation is under way.
    #[must_use]
    pub const fn checking(&self) -> bool {
        self.live.vigil.ladder.is_some()
    }

    /// How sure it is which device this is, 0 to 1, as of the last thing learnt of it.
    #[must_use]
    pub const fn confidence(&self) -> f32 {
        self.live.confidence
    }

    /// How sure it is that the device is there now, 0 to 1.
    #[must_use]
    pub fn presence_confidence(&self, now: Instant) -> f32 {
        fuse::presence_confidence(self, now)
    }

    /// Why kind, name and maker are believed, strongest first.
    #[must_use]
    pub fn reasons(&self) -> &[Reason] {
        &self.live.reasons
    }

    /// Whether its MAC looks random. A hint, never a proof.
    #[must_use]
    pub fn random_mac(&self) -> bool {
        self.primary().is_some_and(|interface| interface.random)
    }

    /// When it was first seen; when it was added, if by hand and never seen.
    #[must_use]
    pub const fn first_seen(&self) -> Moment {
        self.kept.first_seen
    }

    /// When it was last seen; when it was added, if by hand and never seen.
    #[must_use]
    pub const fn last_seen(&self) -> Moment {
        self.kept.last_seen
    }

    /// How long it took to answer a probe, and when it did; none in this boot yet.
    #[must_use]
    pub const fn answer(&self) -> Option<(Duration, Instant)> {
        self.live.answer
    }

    /// A person's name for it; empty when there is none.
    #[must_use]
    pub fn label(&self) -> &str {
        &self.kept.label
    }

    /// Whose it is; empty when nobody said.
    #[must_use]
    pub fn owner(&self) -> &str {
        &self.kept.owner
    }

    /// A person's notes.
    #[must_use]
    pub fn notes(&self) -> &str {
        &self.kept.notes
    }

    /// A person's tags.
    #[must_use]
    pub fn tags(&self) -> &[Text<MAX_NAME_BYTES>] {
        &self.kept.tags
    }

    /// What a person thinks of it.
    #[must_use]
    pub const fn trust(&self) -> Trust {
        self.kept.trust
    }

    /// Whether its comings and goings matter to somebody.
    #[must_use]
    pub const fn watch(&self) -> bool {
        self.kept.watch
    }

    /// Whether a person added it.
    #[must_use]
    pub const fn by_hand(&self) -> bool {
        self.kept.by_hand
    }

    /// Whether its ports were asked for at least once.
    #[must_use]
    pub fn ports_known(&self) -> bool {
        !self.kept.passes.is_empty()
    }

    /// Whether a merge of it can be undone.
    #[must_use]
    pub fn can_split(&self) -> bool {
        !self.kept.merges.is_empty()
    }

    /// How much of the last day, week and month it was present, counted up to now. Not cheap: about 260 B are copied.
    #[must_use]
    pub fn uptime(&self, now: Instant) -> Uptime {
        let mut uptime = self.kept.uptime.clone();
        if let Some((elapsed, state)) = self.live.vigil.uncounted(now) {
            uptime.advance(elapsed, state);
        }
        uptime
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_read_back_from_its_sixteen_digits() {
        let id = DeviceId(0x00ab_cdef_0123_4567);
        assert_eq!("00abcdef01234567".parse(), Ok(id));
        for bad in ["", "abcdef01234567", "00abcdef012345678", "+0abcdef01234567", "00abcdef0123456g"] {
            assert_eq!(bad.parse::<DeviceId>(), Err(NotADeviceId), "{bad}");
        }
    }
}
