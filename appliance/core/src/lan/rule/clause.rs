//! Holds the parts of a rule: what it looks at, how it compares, what it concludes.
//! Never compares text itself: `pattern` does. Called by `grammar`, which makes them, and `trial`, which asks them.

use crate::lan::Kind;
use crate::lan::sighting::{Clue, Port, Role};

/// What a condition looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Field {
    /// A word the device said about itself.
    Clue(Clue),
    /// One of its names.
    Name,
    /// An open port.
    Port,
    /// What it does for the network.
    Role,
    /// Whether its MAC looks random.
    RandomMac,
}

/// Each field with its name in rule files. The order is the order of the index.
pub(super) const FIELDS: [(&str, Field); 31] = [
    ("service", Field::Clue(Clue::Service)),
    ("friendly-name", Field::Clue(Clue::FriendlyName)),
    ("manufacturer", Field::Clue(Clue::Manufacturer)),
    ("model", Field::Clue(Clue::Model)),
    ("upnp-type", Field::Clue(Clue::UpnpType)),
    ("wsd-type", Field::Clue(Clue::WsdType)),
    ("wsd-scope", Field::Clue(Clue::WsdScope)),
    ("upnp-server", Field::Clue(Clue::UpnpServer)),
    ("dhcp-vendor", Field::Clue(Clue::DhcpVendor)),
    ("dhcp-options", Field::Clue(Clue::DhcpOptions)),
    ("workgroup", Field::Clue(Clue::Workgroup)),
    ("netbios-role", Field::Clue(Clue::NetbiosRole)),
    ("snmp-description", Field::Clue(Clue::SnmpDescription)),
    ("snmp-object", Field::Clue(Clue::SnmpObject)),
    ("snmp-services", Field::Clue(Clue::SnmpServices)),
    ("ssh-version", Field::Clue(Clue::SshVersion)),
    ("http-server", Field::Clue(Clue::HttpServer)),
    ("http-title", Field::Clue(Clue::HttpTitle)),
    ("http-realm", Field::Clue(Clue::HttpRealm)),
    ("rtsp-server", Field::Clue(Clue::RtspServer)),
    ("tls-name", Field::Clue(Clue::TlsName)),
    ("tls-issuer", Field::Clue(Clue::TlsIssuer)),
    ("greeting", Field::Clue(Clue::Greeting)),
    ("system", Field::Clue(Clue::Os)),
    ("mac-vendor", Field::Clue(Clue::MacVendor)),
    ("homekit-category", Field::Clue(Clue::HomekitCategory)),
    ("matter-product", Field::Clue(Clue::MatterProduct)),
    ("name", Field::Name),
    ("port", Field::Port),
    ("role", Field::Role),
    ("random-mac", Field::RandomMac),
];

/// Each role with its name in rule files.
pub(super) const ROLES: [(&str, Role); 5] = [
    ("gateway", Role::Gateway),
    ("ipv6-router", Role::Ipv6Router),
    ("dhcp-server", Role::DhcpServer),
    ("resolver", Role::Resolver),
    ("myself", Role::Myself),
];

impl Field {
    /// Its place in [`FIELDS`].
    pub(super) fn place(self) -> usize {
        match self {
            // The clues stand in their own order, which a test holds.
            Self::Clue(clue) => clue as usize,
            Self::Name => 27,
            Self::Port => 28,
            Self::Role => 29,
            Self::RandomMac => 30,
        }
    }
}

/// How a text is compared. ASCII letters are the same in both cases.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Op {
    /// The whole text.
    Is,
    /// Its beginning.
    Starts,
    /// Its end.
    Ends,
    /// A word or several in a row, whole.
    Has,
    /// Anywhere, within words too.
    Contains,
    /// The whole text, where `*` is anything, `?` one character and `#` one digit.
    Like,
}

/// Each comparison with its name in rule files.
pub(super) const OPS: [(&str, Op); 6] = [
    ("is", Op::Is),
    ("starts", Op::Starts),
    ("ends", Op::Ends),
    ("has", Op::Has),
    ("contains", Op::Contains),
    ("like", Op::Like),
];

/// A stretch of one of the tables of a rule set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) at: u32,
    pub(super) len: u16,
}

impl Span {
    /// The stretch of `table`; empty if it were not there.
    pub(super) fn of<T>(self, table: &[T]) -> &[T] {
        let at = self.at as usize;
        table.get(at..at + usize::from(self.len)).unwrap_or_default()
    }

    /// The stretch of `letters`; empty if it were not there.
    pub(super) fn text(self, letters: &str) -> &str {
        let at = self.at as usize;
        letters.get(at..at + usize::from(self.len)).unwrap_or_default()
    }
}

/// One of the values a condition is content with.
#[derive(Clone, Copy, Debug)]
pub(super) enum Value {
    Text(Span),
    Port(Port),
    Role(Role),
    /// `random-mac` has none.
    Nothing,
}

/// `not service is _smb._tcp or _afpovertcp._tcp`
#[derive(Clone, Copy, Debug)]
pub(super) struct Condition {
    pub(super) field: Field,
    pub(super) op: Op,
    pub(super) negative: bool,
    pub(super) values: Span,
}

/// What follows, and how sure it is, in hundredths.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Conclusion {
    pub(super) what: What,
    pub(super) weight: u8,
}

/// What follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum What {
    Kind(Kind),
    /// The place of a system in the set's table.
    Os(u8),
}

/// A rule, its parts in the tables of its set. The first condition is the witness.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rule {
    pub(super) conditions: Span,
    pub(super) conclusions: Span,
    pub(super) reason: Span,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_field_stands_at_its_place_and_has_its_serde_name() {
        for (place, (name, field)) in FIELDS.iter().enumerate() {
            assert_eq!(field.place(), place, "{name}");
            // `os` is a conclusion in rule files, so the clue is called otherwise.
            if let Field::Clue(clue) = field {
                let debug = alloc::format!("{clue:?}").to_lowercase();
                assert!(*name == "system" && debug == "os" || name.replace('-', "") == debug, "{name}");
            }
        }
        let roles: alloc::vec::Vec<_> = ROLES.iter().map(|(_, role)| *role).collect();
        assert_eq!(roles.len(), 5);
    }
}
