//! Holds how one MAC at two places is found when neither of them says a word: a switch delivers to whoever spoke last.
//! Never takes silence alone for proof: the one who spoke last must answer where the other one does not, each in turn.
//! Called by `Lan` for interfaces with two addresses in use.

use core::net::{IpAddr, Ipv4Addr};

use embassy_time::{Duration, Instant};
use vigie_wire::Mac;

use super::SegmentId;
use super::conflict::ConflictKind;
use super::device::DeviceId;
use super::dispute::{Dispute, FACE_AGAIN, TOGETHER};
use super::input::Action;
use super::judge::Judge;
use super::machine::Lan;
use super::place::who_has;
use super::probe::{Probe, Query};
use crate::Text;

/// A sweep asks for both addresses by broadcast; calls begin when it is over.
const BEGIN: Duration = Duration::from_secs(5);
/// Calls in all, each address in turn.
const CALLS: u8 = 16;
const CALL_PAUSE: Duration = Duration::from_millis(900);
/// Unicast questions for each address in a call. At 20 % loss each way a machine misses all three once in 21 times.
const TRIES: usize = 3;
/// Calls of each address that must show two places. A machine that has both addresses looks so six times in a row once in a
/// hundred million looks.
const ENOUGH: u8 = 3;
/// Calls in which the other one answered that are forgiven: it may have spoken by itself just then.
const FORGIVEN: u8 = 1;
/// More addresses in use are those of a repeater or a server, not of two machines.
const MOST_ADDRESSES: usize = 3;

/// What calling both addresses showed. The one called answers a broadcast, and so is where the switch delivers to: asked
/// right then by unicast, a machine that has both addresses answers for both, one of two machines for its own only.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub(super) struct Twins {
    calls: u8,
    /// Whether the one called has answered the broadcast, and both were asked by unicast.
    crossed: bool,
    /// Answers to unicast in this call: of the one called, of the other one.
    heard: [bool; 2],
    /// Calls of each side that showed two places.
    apart: [u8; 2],
    /// Calls in which the other one answered as well.
    together: u8,
}

impl Twins {
    /// Which side is called.
    const fn side(self) -> usize {
        (self.calls % 2) as usize
    }
}

impl<J: Judge> Lan<J> {
    /// Begins to look, when an interface uses a second address, and again each hour.
    pub(super) fn look_for_twins(&mut self, id: DeviceId, segment: SegmentId, mac: Mac, used: Ipv4Addr, now: Instant) {
        let at = self.moment(now);
        let Some(device) = self.devices.get(&id).filter(|device| device.live.tentative.is_none()) else { return };
        let again = |last: Instant| now.saturating_duration_since(last) >= FACE_AGAIN;
        if !device.live.places_checked.is_none_or(again) {
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
            device.live.places_checked = Some(now);
        }
    }

    /// Calls the next side by broadcast.
    pub(super) fn call(&mut self, dispute: &mut Dispute, now: Instant) {
        dispute.next = now + CALL_PAUSE;
        let twins = &mut dispute.twins;
        (twins.crossed, twins.heard) = (false, [false; 2]);
        if let Some(ip) = dispute.ips.get(twins.side()) {
            self.outbox.push(Action::Probe(Probe { segment: dispute.segment, query: who_has(*ip, None) }));
        }
    }

    /// A claim may be the answer to a call, or to the questions that follow it.
    pub(super) fn hear_twin(&mut self, segment: SegmentId, mac: Mac, ip: IpAddr) {
        let called = |dispute: &&mut Dispute| {
            dispute.is_mute() && dispute.segment == segment && dispute.macs.contains(&mac) && dispute.ips.contains(&ip)
        };
        let Some(dispute) = self.disputes.iter_mut().find(called) else { return };
        let [a, b] = dispute.ips;
        let twins = &mut dispute.twins;
        let (own, other) = if twins.side() == 0 { (a, b) } else { (b, a) };
        if twins.crossed {
            let [own_heard, other_heard] = &mut twins.heard;
            *own_heard |= ip == own;
            *other_heard |= ip == other;
            return;
        }
        if ip != own {
            return;
        }
        twins.crossed = true;
        for ip in [other, own].iter().cycle().take(2 * TRIES) {
            if let IpAddr::V4(ip) = *ip {
                self.outbox.push(Action::Probe(Probe { segment, query: Query::Arp { ip, to: Some(mac) } }));
            }
        }
    }

    /// Counts what a call showed; true when enough is known.
    pub(super) fn end_call(&mut self, dispute: &mut Dispute, now: Instant) -> bool {
        let twins = &mut dispute.twins;
        if twins.crossed {
            match twins.heard {
                [true, false] => {
                    let side = twins.side();
                    if let Some(apart) = twins.apart.get_mut(side) {
                        *apart += 1;
                    }
                }
                [_, true] => twins.together += 1,
                [false, false] => {}
            }
        }
        twins.calls += 1;
        if twins.together > FORGIVEN {
            return true;
        }
        let [a, b] = twins.apart;
        if a >= ENOUGH && b >= ENOUGH {
            let [x, y] = dispute.ips;
            if self.is_disputed(dispute.segment, x) || self.is_disputed(dispute.segment, y) {
                // It was found by what they say meanwhile.
                return true;
            }
            let evidence = Text::format(format_args!(
                "one MAC, two places: of {x} and {y} only the one that spoke last is reached, {} times in turn",
                a + b
            ));
            self.open_conflict(dispute, evidence, now);
            return true;
        }
        twins.calls > CALLS
    }
}
