//! Holds which devices may be one, to be proposed once to a person: a phone with a new random MAC, a docked laptop.
//! Never merges: a name is no proof, and many machines bear one. Called by `Lan` when a device is new, named or gone.

use embassy_time::{Duration, Instant};

use super::change::ChangeKind;
use super::device::{Device, DeviceId};
use super::judge::Judge;
use super::machine::{About, Lan};
use super::presence::Presence;
use super::record::Relation;
use super::sighting::{Clue, Source};
use crate::Text;
use crate::limits::MAX_REASON_BYTES;

/// Names their makers give to every piece: two such devices are two until more than the name agrees.
const COMMON_NAMES: [&str; 12] = [
    "android",
    "iphone",
    "ipad",
    "galaxy",
    "macbook",
    "raspberrypi",
    "raspberry",
    "debian",
    "ubuntu",
    "espressif",
    "esp",
    "localhost",
];
/// With a common name, the one must have come within this time of the other's leaving.
const HANDOVER: Duration = Duration::from_secs(15 * 60);
/// Both were here at once if each was heard this long after the other came.
const OVERLAP: Duration = Duration::from_secs(60);

impl<J: Judge> Lan<J> {
    /// Looks for a device that may be the same as this one.
    pub(super) fn propose_for(&mut self, id: DeviceId, now: Instant) {
        let Some(device) = self.devices.get(&id).filter(|device| device.live.tentative.is_none()) else { return };
        let at = self.moment(now);
        // A name that two machines say by one MAC is not the name of both.
        if device.own_names().next().is_none() || self.is_myself(id) || self.may_be_twins(id, at) {
            return;
        }
        let found = self.devices.values().find_map(|other| {
            let told = device.kept.relation(other.kept.id).or(other.kept.relation(id)).is_some();
            if other.kept.id == id || told || other.live.tentative.is_some() || self.is_myself(other.kept.id) {
                return None;
            }
            let why = device.may_be(other).filter(|_| !self.may_be_twins(other.kept.id, at));
            why.map(|why| (other.kept.id, why))
        });
        if let Some((other, why)) = found {
            self.propose(id, other, why, now);
        }
    }

    /// A device left: did another one come in its place?
    pub(super) fn propose_around(&mut self, gone: DeviceId, now: Instant) {
        self.propose_for(gone, now);
    }

    /// Tells once that two devices may be one: of the younger one, naming the older.
    pub(super) fn propose(&mut self, a: DeviceId, b: DeviceId, evidence: Text<MAX_REASON_BYTES>, now: Instant) {
        let born = |id: DeviceId| self.devices.get(&id).map(|device| device.kept.first_seen);
        let (younger, older) = if born(b) > born(a) { (b, a) } else { (a, b) };
        let Some(device) = self.devices.get_mut(&younger) else { return };
        device.kept.relate(older, Relation::Proposed);
        self.outbox.mark(device, true, true);
        let about = About { segment: device.home(), ..About::device(younger) };
        self.tell(self.moment(now), ChangeKind::MergeProposed, about.from(older).to(younger), evidence);
    }
}

impl Device {
    /// Names the device gave itself; reverse DNS and certificates are others' words.
    fn own_names(&self) -> impl Iterator<Item = &str> {
        let own = |source| {
            matches!(
                source,
                Source::Dhcp
                    | Source::Lease
                    | Source::Mdns
                    | Source::Nbns
                    | Source::Llmnr
                    | Source::Snmp
                    | Source::Inventory
            )
        };
        self.kept.names.iter().filter(move |row| own(row.source)).map(|row| row.name.as_str())
    }

    pub(super) fn shares_name(&self, other: &Self) -> bool {
        self.own_names().any(|name| other.own_names().any(|its| its.eq_ignore_ascii_case(name)))
    }

    /// Both gave themselves names, and none is the same.
    pub(super) fn contradicts_name(&self, other: &Self) -> bool {
        self.own_names().next().is_some() && other.own_names().next().is_some() && !self.shares_name(other)
    }

    fn fingerprint(&self) -> Option<&str> {
        self.kept.clues.iter().find(|row| row.clue == Clue::DhcpOptions).map(|row| row.text.as_str())
    }

    /// Why two devices may be one, if they may.
    fn may_be(&self, other: &Self) -> Option<Text<MAX_REASON_BYTES>> {
        let name = self.own_names().find(|name| other.own_names().any(|its| its.eq_ignore_ascii_case(name)))?;
        let common = COMMON_NAMES.iter().any(|common| {
            let rest = name.get(common.len()..);
            let begins = name.get(..common.len()).is_some_and(|start| start.eq_ignore_ascii_case(common));
            // `iphone`, `iphone-2`, `android-8f3e…`, `esp_A0B1C2`: the maker's word and a number.
            begins && rest.is_some_and(|rest| rest.is_empty() || rest.bytes().any(|byte| byte.is_ascii_digit()))
        });
        let fingerprints = self.fingerprint().zip(other.fingerprint());
        if fingerprints.is_some_and(|(mine, its)| mine != its) {
            return None;
        }
        let same_fingerprint = fingerprints.is_some();
        let (young, old) = if self.kept.first_seen > other.kept.first_seen { (self, other) } else { (other, self) };
        let gap = young.kept.first_seen;
        let apart = old.kept.last_seen < gap;
        let random = self.random_mac() || other.random_mac();
        if apart {
            let absent = old.live.vigil.state != Presence::Online;
            let both_random = self.random_mac() && other.random_mac();
            let same_maker = self.vendor_prefix().is_some() && self.vendor_prefix() == other.vendor_prefix();
            let alike = same_fingerprint || both_random || same_maker;
            let handover = old.kept.last_seen.age(gap).is_some_and(|age| age <= HANDOVER);
            let enough = random && alike && absent && (!common || (same_fingerprint && handover));
            let print = if same_fingerprint { ", same dhcp fingerprint" } else { "" };
            return enough.then(|| {
                Text::format(format_args!("both call themselves {name}{print}, one random MAC, never here together"))
            });
        }
        let together = [(self, other), (other, self)].iter().all(|(one, two)| {
            let overlap = one.kept.first_seen.age(two.kept.last_seen);
            overlap.is_some_and(|overlap| overlap >= OVERLAP) && one.live.vigil.state == Presence::Online
        });
        (together && !common).then(|| {
            Text::format(format_args!("both call themselves {name} and are here together: two interfaces of one?"))
        })
    }

    /// The registered prefix of its MAC; a random one has none.
    fn vendor_prefix(&self) -> Option<[u8; 3]> {
        let [a, b, c, ..] = self.mac().filter(|mac| !mac.is_locally_administered())?.0;
        Some([a, b, c])
    }
}
