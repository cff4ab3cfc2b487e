//! Holds how one MAC at two places is found when neither of them says a word: a switch delivers to whoever spoke last.
//! Never takes silence alone for proof: the one who spoke last must answer where the other one does not, each in turn.
//! Called by `Lan` for interfaces with two addresses in use.

use core::net::{IpAddr, Ipv4Addr};

use embassy_time::{Duration, Instant};
use vigie_wire::Mac;

use super::SegmentId;
use super::conflict::{Conflict, ConflictKind};
use super::device::DeviceId;
use super::dispute::{Dispute, FACE_AGAIN, TOGETHER};
use super::input::Action;
use super::interface::Interface;
use super::judge::Judge;
use super::machine::Lan;
use super::place::who_has;
use super::probe::{Probe, Query};
use crate::{Moment, Text};

/// A sweep asks for both addresses by broadcast; calls begin when it is over.
const BEGIN: Duration = Duration::from_secs(5);
/// Calls in all, each address in turn.
const CALLS: u8 = 24;
const CALL_PAUSE: Duration = Duration::from_millis(900);
/// Unicast questions for each address in a call. At 20 % loss each way a machine misses all three once in 21 times.
const TRIES: usize = 3;
/// Answers to them come within this; what is said later was asked by somebody else.
const ANSWERS: Duration = Duration::from_millis(250);
/// Calls of each address that must show two places. At 20 % loss each way a machine that has both addresses looks so before
/// it has shown itself in one call too many once in a thousand million looks.
const ENOUGH: u8 = 4;
/// Calls in which both answered that are forgiven: one of two may have spoken by itself just then.
const FORGIVEN: u8 = 3;
/// An address that has answered none of so many calls, every other one its own, is no longer in use.
const SILENT: u8 = 12;
/// Calls put off because somebody else asks for the addresses; then this look is given up.
const PUT_OFF: u8 = 60;
/// A look that showed neither one place nor two is repeated after this.
const LOOK_AGAIN: Duration = Duration::from_secs(5 * 60);
/// More addresses in use are those of a repeater or a server, not of two machines.
const MOST_ADDRESSES: usize = 3;

/// What calling both addresses showed. The one called answers a broadcast, and so is where the switch delivers to: asked
/// right then by unicast, a machine that has both addresses answers for both, one of two machines for its own only.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub(super) struct Twins {
    calls: u8,
    put_off: u8,
    /// When the one under way began; none before the first one, and while they are put off.
    called: Option<Instant>,
    /// When the one called answered the broadcast, and both were asked by unicast.
    crossed: Option<Instant>,
    /// Answers to unicast in this call: of the one called, of the other one.
    heard: [bool; 2],
    /// Which side ever answered its call.
    reached: [bool; 2],
    /// Calls of each side that showed two places.
    apart: [u8; 2],
    /// Calls in which both answered.
    together: u8,
}

/// What a look came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shown {
    /// Nothing yet.
    Nothing,
    /// One machine has both addresses.
    OnePlace,
    /// Two machines, in so many calls.
    TwoPlaces(u8),
    /// There is no telling: one is silent, or somebody else asks all the time.
    Neither,
}

impl Twins {
    /// Which side is called.
    const fn side(self) -> usize {
        (self.calls % 2) as usize
    }

    /// Counts the call under way. `disturbed`: others asked for these addresses meanwhile, so that an answer may be
    /// theirs, while the silence of one of the two still means what it means.
    fn count(&mut self, disturbed: bool) -> Shown {
        if self.called.take().is_some() {
            let side = self.side();
            if let (Some(_), Some(reached)) = (self.crossed, self.reached.get_mut(side)) {
                *reached = true;
            }
            match self.heard {
                [true, false] => {
                    if let Some(apart) = self.apart.get_mut(side) {
                        *apart += 1;
                    }
                }
                [true, true] if !disturbed => self.together += 1,
                // The other one alone spoke by itself since: that says nothing.
                _ => {}
            }
            self.calls += 1;
        }
        let [a, b] = self.apart;
        if self.together > FORGIVEN {
            Shown::OnePlace
        } else if a >= ENOUGH && b >= ENOUGH {
            Shown::TwoPlaces(a + b)
        } else if self.calls >= CALLS || self.put_off >= PUT_OFF || (self.calls >= SILENT && self.reached != [true; 2])
        {
            Shown::Neither
        } else {
            Shown::Nothing
        }
    }
}

impl<J: Judge> Lan<J> {
    /// Begins to look, when an interface uses a second address, and again each hour.
    pub(super) fn look_for_twins(&mut self, id: DeviceId, segment: SegmentId, mac: Mac, used: Ipv4Addr, now: Instant) {
        let at = self.moment(now);
        let Some(device) = self.devices.get(&id).filter(|device| device.live.tentative.is_none()) else { return };
        if device.live.places_again.is_some_and(|again| now < again) {
            return;
        }
        let Some(interface) = device.interface(segment, Some(mac)).filter(|interface| !*interface.proxy) else {
            return;
        };
        let mine = IpAddr::V4(used);
        let in_use = interface.active_v4(at, TOGETHER).count();
        let other = interface.active_v4(at, TOGETHER).filter(|row| row.ip != mine).max_by_key(|row| row.last_seen);
        let Some(other) = other.map(|row| row.ip).filter(|_| in_use <= MOST_ADDRESSES) else { return };
        if self.is_myself(id) || self.is_disputed(segment, mine) || self.is_disputed(segment, other) {
            return;
        }
        let sides = [(mac, id); 2];
        let dispute = Dispute::new(ConflictKind::SharedMac, segment, [other, mine], sides, now + BEGIN);
        if self.disputes.try_push(dispute).is_ok()
            && let Some(device) = self.devices.get_mut(&id)
        {
            device.live.places_again = Some(now + FACE_AGAIN);
        }
    }

    /// Whether what a device says may be said by two machines: its MAC is in conflict, or whether it is in two places is
    /// being looked into, or will be as soon as nobody asks for its addresses.
    pub(super) fn may_be_twins(&self, id: DeviceId, at: Moment) -> bool {
        let shared = |kind, devices: &[DeviceId; 2]| kind == ConflictKind::SharedMac && devices.contains(&id);
        let open = |row: &Conflict| row.closed.is_none() && shared(row.kind, &row.devices);
        if self.conflicts.iter().any(open) || self.disputes.iter().any(|row| shared(row.kind, &row.devices)) {
            return true;
        }
        let Some(device) = self.devices.get(&id).filter(|device| device.live.places_again.is_none()) else {
            return false;
        };
        let in_use = |interface: &Interface| interface.active_v4(at, TOGETHER).count();
        let mut legs = device.kept.interfaces.iter().filter(|interface| !*interface.proxy);
        legs.any(|interface| (2..=MOST_ADDRESSES).contains(&in_use(interface))) && !self.is_myself(id)
    }

    /// Calls the next side by broadcast, unless somebody's right to one of the addresses is being asked just now: that asks
    /// by broadcast as well, again and again.
    pub(super) fn call(&mut self, dispute: &mut Dispute, now: Instant) {
        dispute.next = now + CALL_PAUSE;
        let [x, y] = dispute.ips;
        let is_asked = self.is_disputed(dispute.segment, x) || self.is_disputed(dispute.segment, y);
        let twins = &mut dispute.twins;
        (twins.crossed, twins.heard) = (None, [false; 2]);
        if is_asked {
            twins.put_off += 1;
            return;
        }
        twins.called = Some(now);
        if let Some(ip) = dispute.ips.get(twins.side()) {
            self.outbox.push(Action::Probe(Probe { segment: dispute.segment, query: who_has(*ip, None) }));
        }
    }

    /// A claim may be the answer to a call, or to the questions that follow it.
    pub(super) fn hear_twin(&mut self, segment: SegmentId, mac: Mac, ip: IpAddr, now: Instant) {
        let called = |dispute: &&mut Dispute| {
            dispute.is_mute() && dispute.segment == segment && dispute.macs.contains(&mac) && dispute.ips.contains(&ip)
        };
        let Some(dispute) = self.disputes.iter_mut().find(called) else { return };
        let [a, b] = dispute.ips;
        let twins = &mut dispute.twins;
        let (own, other) = if twins.side() == 0 { (a, b) } else { (b, a) };
        if let Some(crossed) = twins.crossed {
            if now.saturating_duration_since(crossed) <= ANSWERS {
                let [own_heard, other_heard] = &mut twins.heard;
                *own_heard |= ip == own;
                *other_heard |= ip == other;
            }
            return;
        }
        if ip != own || twins.called.is_none() {
            return;
        }
        twins.crossed = Some(now);
        for ip in [other, own].iter().cycle().take(2 * TRIES) {
            if let IpAddr::V4(ip) = *ip {
                self.outbox.push(Action::Probe(Probe { segment, query: Query::Arp { ip, to: Some(mac) } }));
            }
        }
    }

    /// Counts what a call showed; true when enough is known.
    pub(super) fn end_call(&mut self, dispute: &mut Dispute, now: Instant) -> bool {
        let [x, y] = dispute.ips;
        let segment = dispute.segment;
        if self.is_in_conflict(segment, x) || self.is_in_conflict(segment, y) {
            // It was found by what they say meanwhile.
            return true;
        }
        let called = dispute.twins.called.unwrap_or(now);
        let swept = self.leg(segment).is_some_and(|leg| leg.was_swept_since(called));
        let disturbed = swept || self.is_disputed(segment, x) || self.is_disputed(segment, y);
        match dispute.twins.count(disturbed) {
            Shown::Nothing => return false,
            Shown::OnePlace => {}
            Shown::TwoPlaces(times) => {
                let evidence = Text::format(format_args!(
                    "one MAC, two places: of {x} and {y} only the one that spoke last is reached, {times} times in turn"
                ));
                self.open_conflict(dispute, evidence, now);
            }
            Shown::Neither => {
                if let Some(device) = dispute.devices.first().and_then(|id| self.devices.get_mut(id)) {
                    device.live.places_again = Some(now + LOOK_AGAIN);
                }
            }
        }
        true
    }
}
