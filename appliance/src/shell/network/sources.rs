//! Holds the sources as people switch them: how each does, and when it tells nothing, why.
//! Never counts anything itself. Read by the API, the page and the metrics through a visit.

use std::time::Duration;

use embassy_time::Instant;
use vigie_core::lan::Source;

use super::hands::Hands;
use super::tally::{Tally, Trouble};

/// A switch of the settings, and what it switches.
const SWITCHES: [(&str, &[Source]); 14] = [
    ("arp", &[Source::Arp, Source::Neighbour]),
    ("nd", &[Source::Nd]),
    ("icmp", &[Source::Icmp]),
    ("tcp", &[Source::Tcp]),
    ("mdns", &[Source::Mdns, Source::Llmnr]),
    ("nbns", &[Source::Nbns]),
    ("ssdp", &[Source::Ssdp]),
    ("wsd", &[Source::Wsd]),
    ("dhcp", &[Source::Dhcp]),
    ("leases", &[Source::Lease]),
    ("dns", &[Source::Dns]),
    ("snmp", &[Source::Snmp]),
    ("banners", &[Source::Banner, Source::Ssh, Source::Http, Source::Rtsp, Source::Tls]),
    ("tailscale", &[Source::Tailscale]),
];

/// How a source is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Condition {
    /// Something was heard.
    Good,
    /// It works through the kernel only, which shows less than raw sockets do.
    Limited,
    /// It was asked, and nobody ever answered.
    Silent,
    /// It was neither asked nor heard yet.
    Waiting,
    /// Something went wrong last.
    Trouble,
    /// Switched off.
    Off,
    /// The service has no right for it.
    NoRight,
    /// Nobody gave credentials for it.
    NoCredentials,
    /// There is no such thing on this machine.
    Absent,
    /// No network is connected.
    NoNetwork,
}

/// How one source does.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SourceLook {
    /// Its switch in the settings.
    pub(crate) name: &'static str,
    /// Whether it is on.
    pub(crate) on: bool,
    /// How it is.
    pub(crate) condition: Condition,
    /// From one question to the next.
    pub(crate) pause: Duration,
    /// Its counters.
    pub(crate) tally: Tally,
    /// Devices it ever spoke of.
    pub(crate) devices: usize,
}

impl Hands<'_> {
    /// How each source does, in the order of the settings.
    pub(crate) fn sources(&self) -> Vec<SourceLook> {
        SWITCHES.iter().map(|(name, sources)| self.source(name, sources)).collect()
    }

    fn source(&self, name: &'static str, sources: &[Source]) -> SourceLook {
        let first = sources.first().copied().unwrap_or(Source::Person);
        let tallies = sources.iter().map(|source| self.engine.tallies.of(*source));
        let tally = tallies.fold(Tally::default(), Tally::with);
        let on = self.engine.heard.is_on(first);
        let spoke = |device: &&vigie_core::lan::Device| device.sources().any(|source| sources.contains(&source));
        SourceLook {
            name,
            on,
            condition: if on { self.condition(first, &tally) } else { Condition::Off },
            pause: self.sweeps.rhythm.pause_of(first),
            tally,
            devices: self.lan().devices().filter(spoke).count(),
        }
    }

    fn condition(&self, source: Source, tally: &Tally) -> Condition {
        let local = matches!(source, Source::Lease | Source::Tailscale);
        let legs = &self.engine.legs;
        let raw = legs.iter().any(|leg| leg.raw.is_some());
        let ping = raw || legs.iter().any(|leg| !leg.echo.is_empty());
        match (source, tally.trouble) {
            (Source::Snmp, _) if !self.communities.is_any() => Condition::NoCredentials,
            _ if legs.is_empty() && !local => Condition::NoNetwork,
            (_, Some((_, Trouble::Absent))) => Condition::Absent,
            (_, Some(_)) => Condition::Trouble,
            (Source::Dhcp, _) if !raw => Condition::NoRight,
            (Source::Icmp, _) if !ping => Condition::NoRight,
            (Source::Arp | Source::Nd, _) if !raw => Condition::Limited,
            _ => heard(tally.last_asked, tally.last_heard),
        }
    }
}

const fn heard(asked: Option<Instant>, heard: Option<Instant>) -> Condition {
    match (asked, heard) {
        (_, Some(_)) => Condition::Good,
        (Some(_), None) => Condition::Silent,
        (None, None) => Condition::Waiting,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::NetworkSettings;

    #[test]
    fn every_switch_of_the_settings_is_there_and_no_source_twice() {
        let json = serde_json::to_value(NetworkSettings::default().sources).unwrap();
        let mut switches: Vec<&str> = json.as_object().unwrap().keys().map(String::as_str).collect();
        let mut names: Vec<&str> = SWITCHES.iter().map(|(name, _)| *name).collect();
        switches.sort_unstable();
        names.sort_unstable();
        assert_eq!(names, switches);
        let mut all: Vec<Source> = SWITCHES.iter().flat_map(|(_, sources)| sources.iter().copied()).collect();
        all.sort();
        // What a person types and what nobody reads yet has no switch.
        let unswitched = [Source::Inventory, Source::Person];
        let expected: Vec<Source> = Source::ALL.iter().copied().filter(|source| !unswitched.contains(source)).collect();
        assert_eq!(all, expected);
    }
}
