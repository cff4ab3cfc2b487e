//! Holds the translation of what is heard, frame or datagram, into sightings and into leads worth following.
//! Never sends, never keeps anything, never believes: one call, one message. Called by the ears of the network shell.

mod dhcp;
mod frame;
mod lease;
mod mdns;
mod names;

use std::net::IpAddr;

use vigie_core::lan::{Clue, Fact, SegmentId, Sighting, Source, StableId};
use vigie_wire::Mac;
use vigie_wire::names::Malformed;
use vigie_wire::names::location::Location;
use vigie_wire::names::mdns::{HostText, ServiceText};

pub(super) use frame::{Own, hear as frame};
pub(super) use lease::lease;
pub(super) use names::datagram;

/// What a message was good for.
pub(super) enum News<'a> {
    /// Somebody was seen.
    Saw(Sighting<'a>),
    /// A message of this source was malformed.
    Malformed(Source),
    /// Something to ask next.
    Lead(Box<Lead>),
}

/// A question that an answer raised.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Lead {
    /// This type of service exists on the link: who offers it?
    Browse(ServiceText),
    /// A computer by this name may publish its model.
    DeviceInfo(Box<HostText>),
    /// It named this port as its own: is it open?
    Knock(IpAddr, Option<Mac>, u16),
    /// A UPnP description lies here.
    Describe(Box<Location>),
}

/// Who said it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Speaker {
    /// Where it was heard.
    pub(super) segment: SegmentId,
    /// Its Ethernet address, when the frame itself was seen.
    pub(super) mac: Option<Mac>,
    /// Its address.
    pub(super) ip: IpAddr,
}

/// Takes what a message was good for.
pub(super) type Tell<'a> = dyn FnMut(News<'_>) + 'a;

/// Tells facts about one speaker, by one source.
struct Voice<'a, 'b> {
    speaker: Speaker,
    source: Source,
    tell: &'a mut Tell<'b>,
}

impl Voice<'_, '_> {
    fn fact(&mut self, fact: Fact<'_>) {
        let Speaker { segment, mac, ip } = self.speaker;
        (self.tell)(News::Saw(Sighting { segment, source: self.source, mac, ip: Some(ip), fact }));
    }

    fn clue(&mut self, clue: Clue, text: &str) {
        if !text.is_empty() {
            self.fact(Fact::Clue(clue, text));
        }
    }

    fn name(&mut self, name: &str) {
        if is_a_name(name) {
            self.fact(Fact::Name(name));
        }
    }

    fn stable(&mut self, kind: StableId, id: &str) {
        if is_unique(id) {
            self.fact(Fact::Stable(kind, id));
        }
    }

    /// What a parser refused counts as malformed, unless it is merely another kind of message.
    fn refuse(&mut self, why: Malformed) {
        if why != Malformed::OtherKind {
            (self.tell)(News::Malformed(self.source));
        }
    }

    fn lead(&mut self, lead: Lead) {
        (self.tell)(News::Lead(Box::new(lead)));
    }
}

/// A host name without its domain: what people call the machine.
pub(super) fn short(host: &str) -> &str {
    let host = host.trim_end_matches('.');
    host.split_once('.').map_or(host, |(first, _)| first)
}

/// Whether a name says anything: not empty, not an address in disguise, not the default of a million devices.
pub(super) fn is_a_name(name: &str) -> bool {
    !name.is_empty() && name.parse::<IpAddr>().is_err() && !matches!(name, "localhost" | "*" | "_gateway")
}

/// Whether an identifier can tell two devices apart: many firmwares ship one for all of them.
fn is_unique(id: &str) -> bool {
    let bare = || id.bytes().filter(u8::is_ascii_alphanumeric);
    // A bit for each sign that stands in it; all of them are ASCII.
    let distinct = bare().fold(0_u128, |seen, sign| seen | 1 << sign).count_ones();
    bare().count() >= 6 && distinct >= 3 && !id.contains("12345678")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_shared_by_a_million_devices_are_none() {
        for shared in ["", "00000000-0000-0000-0000-000000000000", "12345678-1234", "ffffffffffff", "unknown"] {
            assert!(!is_unique(shared) || shared == "unknown", "{shared}");
        }
        assert!(is_unique("uuid:4d696e69-444c-164e-9d41-b827eb123456"));
    }

    #[test]
    fn names_are_cut_to_what_people_say() {
        assert_eq!(short("nas.local."), "nas");
        assert_eq!(short("nas"), "nas");
        assert!(!is_a_name("10.0.0.7") && !is_a_name("") && is_a_name("nas"));
    }
}
