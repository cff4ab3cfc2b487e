//! Holds SNMP version 2c (RFC 1901, RFC 3416): asking for what identifies a device, and its answers.
//! Never writes to a device and never tries a community that was not given. Called by the SNMP source of the service.
//!
//! Version 3 needs keys and state and lives in the service; here is what a sweep sends through one socket to many hosts.

mod answer;
mod ask;
mod oid;

pub use answer::{Answer, SnmpFact, Value, VarBind};
pub use ask::{Ask, Packet, details, identity, request};
pub use oid::{Arcs, Oid, at};

/// UDP port of agents.
pub const PORT: u16 = 161;
