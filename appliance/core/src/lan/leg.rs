//! Holds what is known of each leg of the appliance: its addresses, its gateway, and whether it can be believed.
//! Never blames a device for a scanner's fault: a degraded leg calls nobody absent. Called by `Lan`.

use core::net::IpAddr;

use embassy_time::Instant;

use super::device::DeviceId;
use super::input::Leg;
use crate::limits::MAX_NETS;

/// A leg as the machine knows it. Before the shell says anything of it, it is up and knows nothing of itself.
#[derive(Clone, Debug)]
pub(super) struct LegState {
    pub(super) up: bool,
    pub(super) sees_macs: bool,
    pub(super) nets: heapless::Vec<(IpAddr, u8), MAX_NETS>,
    pub(super) gateway: Option<IpAddr>,
    pub(super) gateway_heard: Option<Instant>,
    /// When a virtual router was heard: no device, but a sign that the link works.
    pub(super) virtual_heard: Option<Instant>,
    /// Who was heard last, and when somebody else was.
    pub(super) heard: Option<(DeviceId, Instant)>,
    pub(super) heard_else: Option<Instant>,
    pub(super) degraded: Option<Degraded>,
    /// Whether a sweep of it is under way, and when the last one ended.
    pub(super) sweeping: bool,
    pub(super) swept: Option<Instant>,
}

/// A leg whose scanner is to blame.
#[derive(Clone, Copy, Debug)]
pub(super) struct Degraded {
    /// Devices heard in the last whole sweep since.
    pub(super) heard: usize,
    /// Sweeps in a row without further loss.
    pub(super) steady: u8,
}

impl Default for LegState {
    fn default() -> Self {
        Self {
            up: true,
            sees_macs: true,
            nets: heapless::Vec::new(),
            gateway: None,
            gateway_heard: None,
            virtual_heard: None,
            heard: None,
            heard_else: None,
            degraded: None,
            sweeping: false,
            swept: None,
        }
    }
}

impl LegState {
    pub(super) fn raise(&mut self, leg: &Leg<'_>) {
        self.up = true;
        self.sees_macs = leg.sees_macs;
        self.nets = leg.addresses.iter().copied().take(MAX_NETS).collect();
        if self.gateway != leg.gateway {
            self.gateway = leg.gateway;
            self.gateway_heard = None;
        }
    }

    /// Whether verdicts of absence may be given here.
    pub(super) const fn may_judge(&self) -> bool {
        self.up && self.degraded.is_none()
    }

    /// Whether a sweep has asked everybody at some time since `at`.
    pub(super) fn was_swept_since(&self, at: Instant) -> bool {
        self.sweeping || self.swept.is_some_and(|swept| swept >= at)
    }

    /// Takes note that a device was heard here.
    pub(super) fn hear(&mut self, id: DeviceId, now: Instant) {
        match &mut self.heard {
            Some((last, at)) if *last == id => *at = now,
            Some((_, at)) => {
                self.heard_else = Some(*at);
                self.heard = Some((id, now));
            }
            None => self.heard = Some((id, now)),
        }
    }

    /// Whether anybody but `id` was heard here since `began`: then the link and the scanner work.
    pub(super) fn heard_other_than(&self, id: DeviceId, began: Instant) -> bool {
        let last = self.heard.is_some_and(|(last, at)| last != id && at >= began);
        last || self.heard_else.is_some_and(|at| at >= began) || self.virtual_heard.is_some_and(|at| at >= began)
    }

    /// Whether `ip` is on this link by the leg's own addresses; true while those are not known.
    pub(super) fn is_on_link(&self, ip: IpAddr) -> bool {
        let link_local = matches!(ip, IpAddr::V6(v6) if v6.is_unicast_link_local());
        link_local || self.nets.is_empty() || self.nets.iter().any(|(own, prefix)| same_net(*own, ip, *prefix))
    }

    /// Whether `ip` can be the address of one station here: not a group, not the net itself, not its broadcast address.
    pub(super) fn is_host(&self, ip: IpAddr) -> bool {
        match ip {
            IpAddr::V4(v4) => {
                let odd = v4.is_unspecified() || v4.is_broadcast() || v4.is_multicast() || v4.is_loopback();
                let edge = self.nets.iter().any(|(own, prefix)| match own {
                    IpAddr::V4(own) if *prefix < 31 && same_net(IpAddr::V4(*own), ip, *prefix) => {
                        let hosts = u32::MAX.checked_shr(u32::from(*prefix)).unwrap_or_default();
                        matches!(v4.to_bits() & hosts, rest if rest == 0 || rest == hosts)
                    }
                    _ => false,
                });
                !odd && !edge && v4.octets().first() != Some(&0)
            }
            IpAddr::V6(v6) => !v6.is_unspecified() && !v6.is_multicast() && !v6.is_loopback(),
        }
    }

    /// Whether the address is the appliance's own here.
    pub(super) fn is_own(&self, ip: IpAddr) -> bool {
        self.nets.iter().any(|(own, _)| *own == ip)
    }
}

fn same_net(a: IpAddr, b: IpAddr, prefix: u8) -> bool {
    match (a, b) {
        (IpAddr::V4(a), IpAddr::V4(b)) => {
            (a.to_bits() ^ b.to_bits()).checked_shr(32u32.saturating_sub(u32::from(prefix))).unwrap_or_default() == 0
        }
        (IpAddr::V6(a), IpAddr::V6(b)) => {
            (a.to_bits() ^ b.to_bits()).checked_shr(128u32.saturating_sub(u32::from(prefix))).unwrap_or_default() == 0
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Duration;
    use crate::lan::SegmentId;

    fn leg(nets: &[(&str, u8)]) -> LegState {
        let addresses: heapless::Vec<(IpAddr, u8), 8> =
            nets.iter().map(|(ip, prefix)| (ip.parse().unwrap(), *prefix)).collect();
        let mut state = LegState::default();
        let leg = Leg { segment: SegmentId(0), mac: None, addresses: &addresses, gateway: None, sees_macs: true };
        state.raise(&leg);
        state
    }

    #[test]
    fn knows_hosts_from_edges_and_groups() {
        let leg = leg(&[("10.1.2.3", 23), ("fe80::9", 64)]);
        for (ip, host) in [
            ("10.1.2.0", false),
            ("10.1.2.255", true),
            ("10.1.3.0", true),
            ("10.1.3.255", false),
            ("255.255.255.255", false),
            ("0.0.0.0", false),
            ("224.0.0.251", false),
            ("192.168.1.0", true),
            ("ff02::1", false),
            ("fe80::1", true),
        ] {
            assert_eq!(leg.is_host(ip.parse().unwrap()), host, "{ip}");
        }
    }

    #[test]
    fn knows_its_links() {
        let known = leg(&[("10.1.2.3", 23), ("2001:db8::9", 64)]);
        for (ip, on_link) in [
            ("10.1.3.9", true),
            ("10.1.4.9", false),
            ("2001:db8::1", true),
            ("2001:db8:0:1::1", false),
            ("fe80::1", true),
        ] {
            assert_eq!(known.is_on_link(ip.parse().unwrap()), on_link, "{ip}");
        }
        assert!(LegState::default().is_on_link("8.8.8.8".parse().unwrap()));
        assert!(leg(&[("10.0.0.1", 0)]).is_on_link("8.8.8.8".parse().unwrap()), "a prefix of 0 must not overflow");
    }

    #[test]
    fn somebody_else_is_not_the_device_itself() {
        let (a, b) = (DeviceId(1), DeviceId(2));
        let at = |s| Instant::MIN + Duration::from_secs(s);
        let mut leg = LegState::default();
        leg.hear(a, at(10));
        assert!(!leg.heard_other_than(a, at(5)));
        assert!(leg.heard_other_than(b, at(5)));
        leg.hear(b, at(20));
        leg.hear(b, at(30));
        assert!(leg.heard_other_than(b, at(5)), "a was heard at 10");
        assert!(!leg.heard_other_than(b, at(11)));
        assert!(leg.heard_other_than(a, at(11)));
    }
}
