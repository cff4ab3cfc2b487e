//! Holds how the settings of the configuration become the rhythm of the sweeps, the choice of places and the sources heard.
//! Never checks them: the configuration has. Called at start and when the page changes them.

use std::time::Duration;

use vigie_core::lan::sweep::{Block, MAX_EXCLUDED, Pace, Work};
use vigie_core::lan::{LanSettings, Query, Source};

use super::places::Choice;
use super::sweeps::Rhythm;
use crate::config::{self, NetworkSettings};

/// Which sources count.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Heard(config::Sources);

impl Heard {
    /// Whether what a source says counts.
    pub(super) fn is_on(&self, source: Source) -> bool {
        let on = &self.0;
        match source {
            Source::Arp => on.arp,
            Source::Nd => on.nd,
            Source::Neighbour => on.arp || on.nd,
            Source::Icmp => on.icmp,
            Source::Tcp => on.tcp,
            Source::Mdns | Source::Llmnr => on.mdns,
            Source::Nbns => on.nbns,
            Source::Ssdp => on.ssdp,
            Source::Wsd => on.wsd,
            Source::Dhcp => on.dhcp,
            Source::Lease => on.leases,
            Source::Snmp => on.snmp,
            Source::Dns => on.dns,
            Source::Ssh | Source::Http | Source::Rtsp | Source::Tls | Source::Banner => on.banners,
            Source::Tailscale => on.tailscale,
            // Read by nobody yet, and typed by somebody.
            Source::Inventory | Source::Person => true,
        }
    }

    /// Whether a question may be asked: its answer would count.
    pub(super) fn may_ask(&self, query: &Query) -> bool {
        self.is_on(source_of(query))
    }
}

/// The source that a question's answer comes from.
pub(super) fn source_of(query: &Query) -> Source {
    match query {
        Query::Arp { .. } => Source::Arp,
        Query::Nd { .. } | Query::Routers => Source::Nd,
        // The echo to all nodes is how IPv6 neighbours show themselves; it is no ping of anybody.
        Query::AllNodes => Source::Nd,
        Query::Echo { .. } => Source::Icmp,
        Query::Tcp { .. } => Source::Tcp,
        Query::MdnsServices | Query::MdnsReverse { .. } => Source::Mdns,
        Query::LlmnrReverse { .. } => Source::Llmnr,
        Query::NetbiosStatus { .. } => Source::Nbns,
        Query::SsdpSearch => Source::Ssdp,
        Query::WsdProbe => Source::Wsd,
        Query::Snmp { .. } => Source::Snmp,
        Query::ReverseDns { .. } => Source::Dns,
        Query::Greeting { .. } => Source::Banner,
        Query::DhcpDiscover => Source::Dhcp,
    }
}

/// The sources of some settings.
pub(super) fn heard(settings: &NetworkSettings) -> Heard {
    Heard(settings.sources)
}

/// The blocks that are never probed.
pub(super) fn excluded(settings: &NetworkSettings) -> Vec<Block> {
    settings.exclude.iter().filter_map(|text| text.parse::<Block>().ok()).collect()
}

/// The rhythm of some settings.
pub(super) fn rhythm(settings: &NetworkSettings, snmp: bool) -> Rhythm {
    let on = &settings.sources;
    Rhythm {
        every: Duration::from_secs(u64::from(settings.interval_minutes.max(1)) * 60),
        pace: match settings.pace {
            config::Pace::Gentle => Pace::Gentle,
            config::Pace::Background => Pace::Background,
            config::Pace::Fast => Pace::Fast,
        },
        ports: settings.ports.quick.clone(),
        all_ports: settings.ports.full.clone(),
        excluded: excluded(settings),
        work: Work {
            names: on.mdns || on.nbns || on.ssdp || on.wsd || on.dns || on.snmp || on.dhcp,
            ports: on.tcp,
            greetings: on.tcp && on.banners,
        },
        ipv6: on.nd,
        snmp: snmp && on.snmp,
        intervals: settings.intervals,
    }
}

/// When devices are called gone, and who is never asked.
pub(super) fn lan(settings: &NetworkSettings) -> LanSettings {
    let wanted = settings.presence;
    let default = LanSettings::default();
    let or = |wanted: Option<u32>, default| wanted.map_or(default, |s| embassy_time::Duration::from_secs(u64::from(s)));
    LanSettings {
        wired_silence: or(wanted.wired_seconds, default.wired_silence),
        other_silence: or(wanted.other_seconds, default.other_silence),
        phone_silence: or(wanted.phone_seconds, default.phone_silence),
        confirm_pause: or(wanted.confirm_seconds, default.confirm_pause),
        // A configuration takes no more of them than fit.
        excluded: excluded(settings).into_iter().take(MAX_EXCLUDED).collect(),
        ..default
    }
}

/// The places of some settings: blocks a person named are swept although they are large or public.
pub(super) fn choice(settings: &NetworkSettings) -> Choice {
    let blocks = settings.segments.iter().filter_map(|text| text.parse::<Block>().ok()).collect();
    Choice { interfaces: Vec::new(), blocks, beyond: settings.allow_remote }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_that_is_off_is_neither_heard_nor_asked() {
        let mut settings = NetworkSettings::default();
        settings.sources.mdns = false;
        let heard = heard(&settings);
        assert!(!heard.is_on(Source::Mdns) && !heard.may_ask(&Query::MdnsServices));
        assert!(heard.is_on(Source::Arp) && heard.may_ask(&Query::SsdpSearch));
    }

    #[test]
    fn the_interval_is_in_minutes() {
        let settings = NetworkSettings { interval_minutes: 7, ..NetworkSettings::default() };
        assert_eq!(rhythm(&settings, false).every, Duration::from_secs(420));
        assert!(!rhythm(&settings, false).snmp);
    }
}
