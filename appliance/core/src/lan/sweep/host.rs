//! Holds the hosts one sweep has found and what is still to be asked of each.
//! Never outlives the sweep and never names anybody: devices are `Lan`'s. Called by the sweep.

use alloc::boxed::Box;
use core::net::IpAddr;

use embassy_time::Instant;
use vigie_wire::Mac;

use crate::limits::MAX_DEVICES;

use super::ports::Flights;
use super::questions::Asked;

/// One host that answered.
#[derive(Clone, Debug)]
pub(super) struct Host {
    /// Where it is asked: IPv4 when it has one, else its link-local address, which needs no route.
    pub(super) ip: IpAddr,
    /// A wider IPv6 address it also uses: some machines have a name for that one only.
    pub(super) also: Option<IpAddr>,
    /// Where frames go.
    pub(super) mac: Option<Mac>,
    /// Its port probes.
    pub(super) flights: Flights,
    /// Its questions.
    pub(super) asked: Asked,
}

/// How sure it is that a host is reached at an address of its own: IPv4 of the segment, then link-local, then the rest.
const fn reach(ip: IpAddr) -> u8 {
    match ip {
        IpAddr::V4(_) => 2,
        IpAddr::V6(ip) if ip.is_unicast_link_local() => 1,
        IpAddr::V6(_) => 0,
    }
}

/// All hosts of one sweep, at most [`MAX_DEVICES`]; one more is heard by `Lan` but not asked for ports or names.
#[derive(Clone, Debug, Default)]
pub(super) struct Hosts {
    rows: heapless::Vec<Box<Host>, MAX_DEVICES>,
    turn: usize,
}

impl Hosts {
    /// Notes that `mac` was heard using `ip`. A machine is one host however many IPv6 addresses it has, and is asked over
    /// IPv4 if it has any; a second IPv4 address is a host of its own, as its ports may differ.
    pub(super) fn hear(&mut self, now: Instant, ip: IpAddr, mac: Option<Mac>) {
        let face = |row: &&mut Box<Host>| mac.is_some() && row.mac == mac && (row.ip.is_ipv6() || ip.is_ipv6());
        let known = if self.rows.iter().any(|row| row.ip == ip) {
            self.rows.iter_mut().find(|row| row.ip == ip)
        } else {
            self.rows.iter_mut().find(face)
        };
        if let Some(row) = known {
            if reach(ip) > reach(row.ip) {
                row.ip = ip;
            }
            if reach(ip) == 0 {
                row.also = Some(ip);
            }
            row.mac = row.mac.or(mac);
            let (ip, mac) = (row.ip, row.mac);
            return self.forget_other_faces(ip, mac);
        }
        let place = self.rows.len();
        let also = (reach(ip) == 0).then_some(ip);
        let row = Host { ip, also, mac, flights: Flights::starting_at(place), asked: Asked::new(now) };
        let _turned_away = self.rows.push(Box::new(row));
    }

    /// A machine heard over IPv4 before its MAC was known may have been taken for two: its services over IPv6 may be fewer,
    /// and asking there would show ports as closed that are open.
    fn forget_other_faces(&mut self, ip: IpAddr, mac: Option<Mac>) {
        if ip.is_ipv4() && mac.is_some() {
            self.rows.retain(|row| row.mac != mac || row.ip.is_ipv4());
        }
    }

    pub(super) fn at(&mut self, ip: IpAddr) -> Option<&mut Host> {
        self.rows.iter_mut().find(|row| row.ip == ip).map(|row| &mut **row)
    }

    pub(super) fn len(&self) -> u32 {
        u32::try_from(self.rows.len()).unwrap_or(u32::MAX)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Host> {
        self.rows.iter().map(|row| &**row)
    }

    /// Walks the hosts from where the last walk found something, so that each gets its turn, until `find` yields.
    pub(super) fn in_turn<T>(&mut self, mut find: impl FnMut(&mut Host) -> Option<T>) -> Option<T> {
        let count = self.rows.len();
        for step in 0..count {
            let place = (self.turn + step) % count;
            if let Some(found) = self.rows.get_mut(place).and_then(|row| find(row)) {
                self.turn = (place + 1) % count;
                return Some(found);
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_machine_is_one_host_in_whatever_order_it_is_heard() {
        let mac = Some(Mac([2, 0, 0, 0, 0, 7]));
        let four: IpAddr = "10.0.0.7".parse().unwrap();
        let link: IpAddr = "fe80::7".parse().unwrap();
        let wide: IpAddr = "fd00::7".parse().unwrap();
        let orders: [&[(IpAddr, Option<Mac>)]; 4] = [
            &[(link, mac), (four, mac), (wide, mac)],
            &[(four, None), (link, mac), (four, mac)],
            &[(wide, mac), (four, None), (link, mac), (four, mac)],
            &[(four, mac), (link, mac), (wide, mac)],
        ];
        for order in orders {
            let mut hosts = Hosts::default();
            for (ip, mac) in order {
                hosts.hear(Instant::from_millis(0), *ip, *mac);
            }
            assert_eq!(hosts.iter().map(|host| host.ip).collect::<alloc::vec::Vec<_>>(), [four], "{order:?}");
        }
    }

    #[test]
    fn without_ipv4_the_link_local_address_is_asked_and_the_wider_one_named() {
        let mac = Some(Mac([2, 0, 0, 0, 0, 7]));
        let mut hosts = Hosts::default();
        hosts.hear(Instant::from_millis(0), "fd00::7".parse().unwrap(), mac);
        hosts.hear(Instant::from_millis(0), "fe80::7".parse().unwrap(), mac);
        let host = hosts.iter().next().unwrap();
        assert_eq!((host.ip, host.also), ("fe80::7".parse().unwrap(), "fd00::7".parse().ok()));
    }
}
