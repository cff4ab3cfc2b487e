//! Holds the link, internet and transport layers: what a heard frame says, and the frames and datagrams Vigie sends.
//! Never keeps state, never reassembles, never believes a length it has not checked against the bytes in hand.
//! Called by the shell of the service for every frame of its packet sockets; `frame::dissect` is the way in.
//!
//! Own parsers rather than `pnet_packet`: that crate needs an allocator, and its accessors index a buffer whose
//! header lengths the sender chose. Here every read is checked, and every refusal has a reason that can be counted.

use core::fmt;

pub mod arp;
pub mod checksum;
pub mod cookie;
pub mod dhcp;
mod ends;
pub mod ethernet;
pub mod frame;
pub mod icmp;
pub mod ipv4;
pub mod ipv6;
mod malformed;
pub mod ndp;
mod octets;
pub mod tcp;
pub mod udp;
pub mod wol;

#[cfg(test)]
mod battering;
#[cfg(test)]
mod captured;

pub use ends::{Ends, Path};
pub use frame::{Heard, What, dissect};
pub use malformed::Malformed;

/// IP protocol and IPv6 next header numbers (IANA "Assigned Internet Protocol Numbers") that mean something here.
pub mod protocol {
    /// ICMP for IPv4.
    pub const ICMP: u8 = 1;
    /// IGMP: group membership, IPv4.
    pub const IGMP: u8 = 2;
    /// TCP.
    pub const TCP: u8 = 6;
    /// UDP.
    pub const UDP: u8 = 17;
    /// ICMP for IPv6.
    pub const ICMPV6: u8 = 58;
}

/// The caller's buffer is too small for the frame: nothing in it may be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct NoRoom;

impl fmt::Display for NoRoom {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the buffer is too small for the frame")
    }
}

impl core::error::Error for NoRoom {}
