//! Holds how the network is watched, as the configuration says: how often, how fast, what is asked for.
//! Never knows what time it is. `settings` makes it, the sweeps and the sources go by it.

use std::time::Duration;

use vigie_core::lan::Source;
use vigie_core::lan::sweep::{Block, Pace, PortList, Work};

use crate::config::Intervals;

/// Sources of a sweep with an interval of their own.
pub(super) const UNHURRIED: [Source; 8] =
    [Source::Mdns, Source::Nbns, Source::Ssdp, Source::Wsd, Source::Dhcp, Source::Dns, Source::Snmp, Source::Banner];

/// How the network is watched, as the configuration says.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Rhythm {
    /// From the start of one sweep to the next.
    pub(crate) every: Duration,
    /// How fast, when nobody waits.
    pub(crate) pace: Pace,
    /// Ports asked in every sweep.
    pub(crate) ports: Vec<u16>,
    /// Ports asked in the first sweep, now and then, and when a person asks for all.
    pub(crate) all_ports: Vec<u16>,
    /// Never asked.
    pub(crate) excluded: Vec<Block>,
    /// What is asked for.
    pub(crate) work: Work,
    /// Whether IPv6 is spoken.
    pub(crate) ipv6: bool,
    /// Whether SNMP agents are asked.
    pub(crate) snmp: bool,
    /// How often each source is asked that need not be asked in every sweep.
    pub(crate) intervals: Intervals,
}

impl Rhythm {
    /// From one question of a source to the next: what a person chose, or that of the sweeps.
    pub(crate) fn pause_of(&self, source: Source) -> Duration {
        self.own_pause_of(source).unwrap_or(self.every)
    }

    /// The same, when it is not simply asked in every sweep.
    pub(super) fn own_pause_of(&self, source: Source) -> Option<Duration> {
        let chosen = &self.intervals;
        let minutes = match source {
            Source::Mdns | Source::Llmnr => chosen.mdns,
            Source::Nbns => chosen.nbns,
            Source::Ssdp => chosen.ssdp,
            Source::Wsd => chosen.wsd,
            Source::Dhcp => chosen.dhcp,
            Source::Dns => chosen.dns,
            Source::Snmp => chosen.snmp,
            Source::Ssh | Source::Http | Source::Rtsp | Source::Tls | Source::Banner => chosen.banners,
            Source::Lease => chosen.leases,
            Source::Tailscale => chosen.tailscale,
            _ => 0,
        };
        (minutes > 0).then(|| Duration::from_secs(u64::from(minutes) * 60))
    }

    pub(super) fn port_list(&self, all: bool) -> PortList {
        PortList::allowed(if all { &self.all_ports } else { &self.ports }.iter().copied())
    }
}
