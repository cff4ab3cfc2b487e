//! Holds multicast DNS and DNS-SD (RFC 6762, RFC 6763) and LLMNR (RFC 4795): what to ask and what answers say.
//! Never answers for anyone and never believes a query: what an asker lists there is about others.
//! Called by the mDNS and LLMNR sources of the service.

pub mod ask;
mod digest;
pub mod llmnr;
pub mod services;
mod txt;

pub use digest::{HostText, InstanceText, MdnsFact, ServiceText, ValueText, digest};
pub use txt::TxtKey;

/// IPv4 group of mDNS (RFC 6762 section 3).
pub const GROUP_V4: core::net::Ipv4Addr = core::net::Ipv4Addr::new(224, 0, 0, 251);
/// IPv6 group of mDNS, link scope.
pub const GROUP_V6: core::net::Ipv6Addr = core::net::Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 0xfb);
/// UDP port of mDNS, both ends.
pub const PORT: u16 = 5353;
