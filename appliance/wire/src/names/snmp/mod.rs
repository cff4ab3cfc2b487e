//! Holds SNMP versions 2c and 3 (RFC 1901, RFC 3416, RFC 3412): asking for what identifies a device, and its answers.
//! Never writes to a device and never tries a community that was not given. Called by the SNMP source of the service.
//!
//! Keys, and what is known of each agent, are the service's; here is how the messages of both versions are written and read.

mod answer;
mod ask;
mod oid;
mod secured;

pub use answer::{Answer, SnmpFact, Value, VarBind};
pub use ask::{Ask, Packet, details, identity, request};
pub use oid::{Arcs, Oid, at};
pub use secured::{
    Envelope, MAX_ENGINE_BYTES, MAX_SIGNATURE_BYTES, MAX_USER_BYTES, Refusal, SALT_BYTES, SEALED, SIGNED, Scoped,
    Secured, SecuredPacket, discovery, scoped_identity, seal_in,
};

/// UDP port of agents.
pub const PORT: u16 = 161;
