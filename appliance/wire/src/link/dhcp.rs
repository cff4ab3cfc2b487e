//! Holds DHCP as heard on a network, both versions: who a client says it is, and what a server hands out.
//! Never takes an address: the one message written here asks which servers answer, and leaves their offers alone.
//! Called by the shell with the payload of datagrams on the DHCP ports.

#[cfg(test)]
mod captured;
mod discover;
mod name;
mod v4;
mod v6;

pub use discover::Discover;
pub use name::Fqdn;
pub use v4::{Dhcp, Kind, parse};
pub use v6::{Dhcp6, Duid, Kind6, parse6};

/// Port of DHCPv4 servers and relays.
pub const SERVER_PORT: u16 = 67;
/// Port of DHCPv4 clients.
pub const CLIENT_PORT: u16 = 68;
/// Port of DHCPv6 clients.
pub const CLIENT6_PORT: u16 = 546;
/// Port of DHCPv6 servers and relays.
pub const SERVER6_PORT: u16 = 547;
