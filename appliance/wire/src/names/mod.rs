//! Holds the protocols in which things on a network say their name, model and services, and the one filter for their text.
//! Never trusts a length, a pointer or a character that came from the network, and never keeps anything between two calls.
//! Called by the shell tasks of the service, which hand in datagrams and carry facts to `vigie-core`.

use core::fmt;

pub mod banner;
pub mod dns;
mod head;
pub mod lease;
pub mod location;
pub mod mdns;
pub mod nbns;
mod octets;
pub mod snmp;
pub mod ssdp;
pub mod text;
mod tlv;
pub mod upnp;
pub mod wsd;
pub mod xml;

#[cfg(test)]
mod torture;

pub use text::Text;

/// Why bytes were refused. The caller counts the kind and drops the bytes; nothing can be repaired.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Malformed {
    /// The bytes end before the format says they do.
    Truncated,
    /// A length, pointer or nesting is beyond what the format or this crate allows (loops are of this kind).
    OutOfBounds,
    /// A field holds a value the format forbids.
    Invalid,
    /// Well formed as far as read, but another kind of message than the one asked for.
    OtherKind,
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Truncated => "the message ends too early",
            Self::OutOfBounds => "a length or pointer of the message is out of bounds",
            Self::Invalid => "a field of the message is invalid",
            Self::OtherKind => "the message is of another kind",
        })
    }
}

impl core::error::Error for Malformed {}
