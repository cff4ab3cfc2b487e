//! Holds where a sighting belongs: which device and interface, found by (segment, MAC), or by who holds an address now.
//! Never merges devices because they had one address in turn. Called by `Lan` for every sighting and at restore.

use alloc::boxed::Box;
use core::net::IpAddr;

use embassy_time::{Duration, Instant};
use vigie_wire::Mac;

use super::SegmentId;
use super::change::ChangeKind;
use super::device::{Device, DeviceId, Tentative};
use super::input::Action;
use super::interface::Interface;
use super::judge::Judge;
use super::machine::{About, Lan};
use super::presence::Presence;
use super::probe::{Probe, Query};
use super::record::DeviceRecord;
use super::sighting::{Sighting, Source};
use crate::Text;
use crate::limits::{MAX_DEVICES, MAX_TENTATIVE};

/// Who holds an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Holder {
    pub(super) device: DeviceId,
    pub(super) mac: Option<Mac>,
    /// When it was last seen with it in this boot.
    pub(super) last: Option<Instant>,
}

/// Where a sighting was placed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Placed {
    pub(super) device: DeviceId,
    pub(super) mac: Option<Mac>,
    /// The address, when it may be believed to be the device's own.
    pub(super) ip: Option<IpAddr>,
}

/// A holder not seen with its address for longer is not believed to hold it: six sweeps, half an hour.
pub(super) const HOLD: Duration = Duration::from_secs(30 * 60);
/// The same address is not asked for again sooner.
const ASK_AGAIN: Duration = Duration::from_secs(60);
/// TABLE_FULL is told at most once in this time.
const FULL_AGAIN: Duration = Duration::from_secs(3_600);
/// A newcomer not confirmed in this time, three sweeps, was a stray frame.
pub(super) const TENTATIVE: Duration = Duration::from_secs(15 * 60);

impl<J: Judge> Lan<J> {
    /// Finds whose a sighting is, making a newcomer when it is nobody's. None when it says nothing of anybody.
    pub(super) fn place(&mut self, seen: &Sighting<'_>, now: Instant) -> Option<Placed> {
        let placed = self.locate(seen, now)?;
        self.sift(placed, seen, now)
    }

    fn locate(&mut self, seen: &Sighting<'_>, now: Instant) -> Option<Placed> {
        let segment = seen.segment;
        let leg = self.leg(segment)?;
        let ip = seen.ip.map(unmapped).filter(|ip| leg.is_host(*ip));
        let is_gateway = ip.is_some() && ip == leg.gateway;
        let link_says =
            matches!(seen.source, Source::Arp | Source::Nd | Source::Neighbour | Source::Dhcp | Source::Lease);
        // A packet from beyond the link carries the router's MAC: it tells nothing about the router. A neighbour with a
        // prefix of its own, which this appliance has no address of, was told by neighbour discovery before.
        let held = ip.and_then(|ip| self.holders.get(&(segment, ip)));
        let neighbour =
            held.is_some_and(|holder| holder.mac.is_some() && (seen.mac.is_none() || holder.mac == seen.mac));
        let beyond = ip.is_some_and(|ip| !leg.is_on_link(ip)) && !link_says && !neighbour && leg.sees_macs;
        let sees_macs = leg.sees_macs;
        if let Some(leg) = self.leg_mut(segment).filter(|_| is_gateway && is_sign_of_life(seen)) {
            leg.gateway_heard = Some(now);
        }
        if beyond {
            return None;
        }
        let Some(mac) = seen.mac else { return self.place_by_ip(segment, ip?, seen.source, sees_macs, now) };
        if mac.is_virtual_router() {
            if let Some(leg) = self.leg_mut(segment).filter(|_| is_sign_of_life(seen)) {
                leg.virtual_heard = Some(now);
            }
            return None;
        }
        if !mac.is_station() {
            return None;
        }
        let known = self.keys.get(&(segment, mac)).copied();
        let device = match known {
            Some(id) => id,
            // It was there once, by what others say: a reason to ask for it, none to believe that it is there.
            None if is_hearsay(seen.source) => {
                if let Some(ip) = ip {
                    self.ask_who_holds(segment, ip, now);
                }
                return None;
            }
            None => match ip.and_then(|ip| self.adopt(segment, mac, ip, now)) {
                Some(id) => id,
                None => self.newcomer(segment, Some(mac), ip, seen.source, now)?,
            },
        };
        Some(Placed { device, mac: Some(mac), ip })
    }

    fn place_by_ip(
        &mut self,
        segment: SegmentId,
        ip: IpAddr,
        source: Source,
        sees_macs: bool,
        now: Instant,
    ) -> Option<Placed> {
        if let Some(holder) = self.holders.get(&(segment, ip)).copied() {
            let sure = match holder.mac {
                None => true,
                Some(_) => {
                    let recent = holder.last.is_some_and(|last| now.saturating_duration_since(last) <= HOLD);
                    recent && !self.is_disputed(segment, ip) && !self.is_proxy(&holder, segment)
                }
            };
            if sure {
                return Some(Placed { device: holder.device, mac: holder.mac, ip: Some(ip) });
            }
        }
        if sees_macs {
            self.ask_who_holds(segment, ip, now);
            return None;
        }
        // What a resolver, a lease file or an overlay says of an address proves nobody behind it.
        if is_hearsay(source) {
            return None;
        }
        let device = self.newcomer(segment, None, Some(ip), source, now)?;
        Some(Placed { device, mac: None, ip: Some(ip) })
    }

    fn is_proxy(&self, holder: &Holder, segment: SegmentId) -> bool {
        self.devices
            .get(&holder.device)
            .is_some_and(|device| device.interface(segment, holder.mac).is_some_and(|interface| *interface.proxy))
    }

    /// Whether an address was not asked about lately; from now on it was.
    pub(super) fn may_ask(&mut self, segment: SegmentId, ip: IpAddr, now: Instant) -> bool {
        if let Some(asked) = self.questions.iter_mut().find(|(at, of, _)| (*at, *of) == (segment, ip)) {
            if now.saturating_duration_since(asked.2) < ASK_AGAIN {
                return false;
            }
            asked.2 = now;
        } else {
            self.questions.push_or_evict((segment, ip, now), |(_, _, when)| *when);
        }
        true
    }

    fn ask_who_holds(&mut self, segment: SegmentId, ip: IpAddr, now: Instant) {
        if !self.may_ask(segment, ip, now) {
            return;
        }
        if self.leg(segment).is_some_and(|leg| leg.up && leg.is_on_link(ip)) {
            self.outbox.push(Action::Probe(Probe { segment, query: who_has(ip, None) }));
        }
    }

    /// Gives a MAC to the device that was known by this address only. The address is all such a device ever was, so
    /// this is no merge; but it must have been heard lately, or be restored and not heard yet.
    fn adopt(&mut self, segment: SegmentId, mac: Mac, ip: IpAddr, now: Instant) -> Option<DeviceId> {
        let holder = self.holders.get(&(segment, ip)).copied().filter(|holder| holder.mac.is_none())?;
        if holder.last.is_some_and(|last| now.saturating_duration_since(last) > HOLD) {
            return None;
        }
        let random = self.looks_random(mac);
        let device = self.devices.get_mut(&holder.device)?;
        let interface = device.interface_mut(segment, None)?;
        interface.mac = Some(mac);
        interface.random = random;
        self.outbox.mark(device, true, true);
        self.keys.insert((segment, mac), holder.device);
        for held in self.holders.values_mut().filter(|held| held.device == holder.device && held.mac.is_none()) {
            held.mac = Some(mac);
        }
        Some(holder.device)
    }

    /// Whether a MAC looks random: locally administered, and not of a prefix a person knows to be steady.
    pub(super) fn looks_random(&self, mac: Mac) -> bool {
        let steady = self.settings.steady_prefixes.iter().any(|prefix| mac.0.starts_with(prefix));
        mac.is_locally_administered() && !steady
    }

    pub(super) fn fresh_id(&mut self) -> DeviceId {
        loop {
            let id = DeviceId(self.dice.roll());
            if id.0 != 0 && !self.devices.contains_key(&id) {
                return id;
            }
        }
    }

    fn newcomer(
        &mut self,
        segment: SegmentId,
        mac: Option<Mac>,
        ip: Option<IpAddr>,
        source: Source,
        now: Instant,
    ) -> Option<DeviceId> {
        if self.newcomers.len() >= MAX_TENTATIVE {
            let oldest = self.newcomers.front().copied()?;
            self.remove(oldest, false);
        }
        let id = self.fresh_id();
        let at = self.moment(now);
        let mut device = Device::new(DeviceRecord::new(id, source, at));
        let mut interface = Interface::new(segment, mac, at);
        interface.random = mac.is_some_and(|mac| self.looks_random(mac));
        let _room = device.kept.interfaces.try_push(interface);
        device.live.tentative = Some(Tentative { since: now, asked: 0, next: now });
        self.devices.insert(id, Box::new(device));
        self.newcomers.push_back(id);
        if let Some(mac) = mac {
            self.keys.insert((segment, mac), id);
        }
        if let (None, Some(ip)) = (mac, ip) {
            self.holders.insert((segment, ip), Holder { device: id, mac: None, last: Some(now) });
        }
        Some(id)
    }

    /// Makes room for one confirmed device. False, and told, when everybody is online or dear to somebody.
    pub(super) fn make_room(&mut self, now: Instant) -> bool {
        if self.devices.len() - self.newcomers.len() < MAX_DEVICES {
            return true;
        }
        let leaves = self.devices.values().filter(|device| {
            let vigil = &device.live.vigil;
            device.live.tentative.is_none() && vigil.state == Presence::Offline && !device.kept.is_dear()
        });
        if let Some(oldest) = leaves.min_by_key(|device| device.kept.last_seen).map(|device| device.kept.id) {
            self.remove(oldest, true);
            self.counts.evicted += 1;
            return true;
        }
        self.counts.turned_away += 1;
        if self.full_told.is_none_or(|told| now.saturating_duration_since(told) >= FULL_AGAIN) {
            self.full_told = Some(now);
            let turned_away = self.counts.turned_away;
            let evidence =
                Text::format(format_args!("{MAX_DEVICES} devices are online or cared for; {turned_away} turned away"));
            self.tell(self.moment(now), ChangeKind::TableFull, About::default(), evidence);
        }
        false
    }

    /// Takes a device out of every table.
    pub(super) fn remove(&mut self, id: DeviceId, stored: bool) -> Option<Box<Device>> {
        let device = self.devices.remove(&id)?;
        if device.live.tentative.is_some() {
            self.newcomers.retain(|newcomer| *newcomer != id);
        }
        if let Some(due) = device.live.due {
            self.timers.remove(&(due, id));
        }
        self.climbing.remove(&id);
        for interface in device.kept.interfaces.iter() {
            if let Some(mac) = interface.mac {
                self.keys.remove(&(interface.segment, mac));
            }
            for address in interface.addresses.iter() {
                let key = (interface.segment, address.ip);
                if self.holders.get(&key).is_some_and(|holder| holder.device == id) {
                    self.holders.remove(&key);
                }
            }
            if interface.mac.is_none() {
                self.holders.retain(|_, holder| holder.device != id);
            }
        }
        for row in device.kept.stable.iter() {
            let key = (row.id, super::voice::hash64(&row.text));
            if self.stable.get(&key) == Some(&id) {
                self.stable.remove(&key);
            }
        }
        self.disputes.retain(|dispute| !dispute.devices.contains(&id));
        self.outbox.unmark(id);
        if stored && device.live.tentative.is_none() {
            self.outbox.push(Action::Forget(id));
        }
        Some(device)
    }

    /// Takes note that an interface uses an address, and who held it before.
    pub(super) fn hold(&mut self, placed: Placed, segment: SegmentId, claims: bool, source: Source, now: Instant) {
        let Some(ip) = placed.ip else { return };
        let at = self.moment(now);
        let is_gateway = self.leg(segment).is_some_and(|leg| leg.gateway == Some(ip));
        // Nobody moves to an address of this appliance: whoever takes it does not even answer the appliance at its own.
        let takes_ours = self.leg(segment).is_some_and(|leg| leg.is_own(ip)) && !self.is_myself(placed.device);
        let Some(device) = self.devices.get_mut(&placed.device) else { return };
        let tentative = device.live.tentative.is_some();
        let Some(interface) = device.interface_mut(segment, placed.mac) else { return };
        if *interface.proxy && interface.address(ip).is_none() && !is_gateway {
            if let IpAddr::V4(other) = ip {
                interface.answer_for(other, false, at);
            }
            return;
        }
        let (gone, fresh) = interface.hold(ip, at);
        if let (true, true, IpAddr::V4(own)) = (*interface.proxy, is_gateway, ip) {
            // Of all it answers for, this one is surely its own.
            interface.current = Some(own);
        }
        if let IpAddr::V4(v4) = ip
            && !takes_ours
        {
            interface.weigh_current(v4, fresh, now, at);
        }
        if fresh && !tentative {
            device.live.unsaved = true;
            self.outbox.mark(device, false, true);
        }
        let key = (segment, ip);
        if let Some(gone) = gone.map(|gone| (segment, gone)).filter(|gone| self.holds(placed.device, *gone)) {
            self.holders.remove(&gone);
        }
        let before = self.holders.insert(key, Holder { device: placed.device, mac: placed.mac, last: Some(now) });
        if let (Some(mac), IpAddr::V4(v4)) = (placed.mac, ip) {
            if claims {
                self.ask_ways(placed.device, segment, mac, v4, now);
            }
            if self.is_crowd(placed.device, segment, mac, now) {
                self.mark_proxy(segment, mac, now);
                return;
            }
            self.look_for_twins(placed.device, segment, mac, v4, now);
        }
        let Some(before) = before.filter(|before| before.mac != placed.mac) else { return };
        let link_says = claims || matches!(source, Source::Arp | Source::Nd);
        let recent = before.last.is_some_and(|last| now.saturating_duration_since(last) <= HOLD)
            || self.leg(segment).is_some_and(|leg| leg.is_own(ip));
        if before.device == placed.device || !recent {
            return;
        }
        match (before.mac, placed.mac) {
            (Some(old), Some(new)) if link_says => {
                self.dispute_address(segment, ip, [(old, before.device), (new, placed.device)], now);
            }
            // Known by its address only until now, and heard lately: it was this one all along.
            (None, Some(_)) => self.absorb(placed.device, before.device, now),
            _ => {}
        }
    }

    /// Whether a device is the one known to hold an address.
    pub(super) fn holds(&self, id: DeviceId, key: (SegmentId, IpAddr)) -> bool {
        self.holders.get(&key).is_some_and(|holder| holder.device == id)
    }
}

/// IPv4 addresses written as IPv6 ones (`::ffff:a.b.c.d`) are the IPv4 ones.
fn unmapped(ip: IpAddr) -> IpAddr {
    ip.to_canonical()
}

/// The link's own question for an address.
pub(super) fn who_has(ip: IpAddr, to: Option<Mac>) -> Query {
    match ip {
        IpAddr::V4(ip) => Query::Arp { ip, to },
        IpAddr::V6(ip) => Query::Nd { ip, to },
    }
}

/// Whether a source speaks of a device that it did not hear itself.
const fn is_hearsay(source: Source) -> bool {
    matches!(source, Source::Dns | Source::Lease | Source::Tailscale)
}

/// Whether a sighting proves that the device sent something just now.
pub(super) fn is_sign_of_life(seen: &Sighting<'_>) -> bool {
    use super::sighting::{Clue, Fact, Role};
    let told_by_others = is_hearsay(seen.source) || seen.source == Source::Person;
    let told_by_config = matches!(
        seen.fact,
        Fact::Goodbye | Fact::Clue(Clue::MacVendor, _) | Fact::Role(Role::Gateway | Role::Resolver | Role::Myself)
    );
    !told_by_others && !told_by_config
}

impl Device {
    pub(super) fn interface(&self, segment: SegmentId, mac: Option<Mac>) -> Option<&Interface> {
        self.kept.interfaces.iter().find(|row| row.segment == segment && row.mac == mac)
    }

    pub(super) fn interface_mut(&mut self, segment: SegmentId, mac: Option<Mac>) -> Option<&mut Interface> {
        self.kept.interfaces.iter_mut().find(|row| row.segment == segment && row.mac == mac)
    }
}
