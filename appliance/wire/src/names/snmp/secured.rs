//! Holds the envelope of SNMP version 3 (RFC 3412 section 6, RFC 3414 section 2.4): written for a request, read from an answer.
//! Never signs, seals or opens anything: it says where the signature stands, and the service has the keys. Called by it.

use super::answer::Answer;
use super::ask::Backward;
use super::oid::{Oid, at};
use crate::names::Malformed;
use crate::names::tlv::{self, Tlvs};

/// Longest engine identifier (RFC 3411 section 5, SnmpEngineID).
pub const MAX_ENGINE_BYTES: usize = 32;
/// Longest user name (RFC 3414 section 5, usmUserName).
pub const MAX_USER_BYTES: usize = 32;
/// Longest signature: SHA-512 gives 48 octets of it (RFC 7860 section 4.2.2).
pub const MAX_SIGNATURE_BYTES: usize = 48;
/// Salt of AES (RFC 3826 section 3.1.2.1).
pub const SALT_BYTES: usize = 8;
/// The largest answer that is taken, told to the agent: what fits one Ethernet frame.
const MAX_ANSWER_BYTES: u16 = 1_472;
/// The message is signed.
pub const SIGNED: u8 = 1;
/// The message is sealed.
pub const SEALED: u8 = 2;
/// The agent may say why it does not answer.
const REPORTABLE: u8 = 4;
/// The user-based security model (RFC 3411 section 5).
const USER_BASED: i64 = 3;

/// Bytes ready to be signed and sent. A request for six values with the longest names is below 300.
pub type SecuredPacket = heapless::Vec<u8, 512>;

/// What is known of the agent and of the user that asks.
#[derive(Clone, Copy, Debug)]
pub struct Envelope<'a> {
    /// Pairs the answer; should be random. Its top bit is dropped, as the field is signed.
    pub id: u32,
    /// Sum of [`SIGNED`] and [`SEALED`].
    pub flags: u8,
    /// The agent's identifier; empty to ask for it.
    pub engine: &'a [u8],
    /// How often the agent started.
    pub boots: u32,
    /// Seconds since it did.
    pub time: u32,
    /// The user.
    pub user: &'a [u8],
    /// The salt of what is sealed; empty without.
    pub salt: &'a [u8],
}

/// The scoped request (RFC 3412 section 6.7) for the system group, plain: seal it, or put it into an envelope as it is.
/// `None` when it does not fit.
#[must_use]
pub fn scoped_identity(id: u32, engine: &[u8]) -> Option<SecuredPacket> {
    let oids = [at::SYS_DESCR, at::SYS_OBJECT_ID, at::SYS_UP_TIME, at::SYS_NAME, at::SYS_LOCATION, at::SYS_SERVICES];
    scoped(id, engine, &oids)
}

/// The request that asks for nothing: an agent that does not know its asker answers with its identifier (RFC 3414 section 4).
#[must_use]
pub fn discovery(id: u32) -> Option<SecuredPacket> {
    let envelope = Envelope { id, flags: 0, engine: &[], boots: 0, time: 0, user: &[], salt: &[] };
    let (packet, _) = seal_in(&envelope, &scoped(id, &[], &[])?, 0)?;
    Some(packet)
}

fn scoped(id: u32, engine: &[u8], oids: &[&[u8]]) -> Option<SecuredPacket> {
    let mut back = Backward::default();
    back.bindings(oids)?;
    back.wrapped(tlv::INTEGER, &[0])?;
    back.wrapped(tlv::INTEGER, &[0])?;
    back.wrapped(tlv::INTEGER, &(id & 0x7fff_ffff).to_be_bytes())?;
    back.close(0xa0, 0)?;
    back.wrapped(tlv::OCTET_STRING, &[])?;
    back.wrapped(tlv::OCTET_STRING, engine)?;
    back.close(tlv::SEQUENCE, 0)?;
    back.finish()
}

/// Puts `data` into an envelope: the scoped request as it is, or its sealed bytes when the flags say so. Leaves
/// `signature_bytes` of zeros for the signature and tells where they begin. `None` when it does not fit.
#[must_use]
pub fn seal_in(envelope: &Envelope<'_>, data: &[u8], signature_bytes: usize) -> Option<(SecuredPacket, usize)> {
    let zeros = [0; MAX_SIGNATURE_BYTES];
    let mut back = Backward::default();
    if envelope.flags & SEALED == 0 {
        back.put(data)?;
    } else {
        back.wrapped(tlv::OCTET_STRING, data)?;
    }
    let security_end = back.len();
    back.wrapped(tlv::OCTET_STRING, envelope.salt)?;
    let signature_end = back.len();
    back.wrapped(tlv::OCTET_STRING, zeros.get(..signature_bytes)?)?;
    back.wrapped(tlv::OCTET_STRING, envelope.user)?;
    back.unsigned(envelope.time)?;
    back.unsigned(envelope.boots)?;
    back.wrapped(tlv::OCTET_STRING, envelope.engine)?;
    back.close(tlv::SEQUENCE, security_end)?;
    back.close(tlv::OCTET_STRING, security_end)?;
    let header_end = back.len();
    back.wrapped(tlv::INTEGER, &[3])?; // user-based security
    back.wrapped(tlv::OCTET_STRING, &[envelope.flags | REPORTABLE])?;
    back.unsigned(u32::from(MAX_ANSWER_BYTES))?;
    back.unsigned(envelope.id & 0x7fff_ffff)?;
    back.close(tlv::SEQUENCE, header_end)?;
    back.wrapped(tlv::INTEGER, &[3])?; // version 3
    back.close(tlv::SEQUENCE, 0)?;
    let packet = back.finish()?;
    let signature_at = packet.len().checked_sub(signature_end + signature_bytes)?;
    Some((packet, signature_at))
}

/// An answer whose envelope has been read; nothing of it is proven yet.
#[derive(Clone, Copy, Debug)]
pub struct Secured<'a> {
    /// The request it answers.
    pub id: u32,
    /// Sum of [`SIGNED`] and [`SEALED`], others left out.
    pub flags: u8,
    /// The agent's identifier, at most 32 octets.
    pub engine: &'a [u8],
    /// How often the agent started.
    pub boots: u32,
    /// Seconds since it did.
    pub time: u32,
    /// The user it is for.
    pub user: &'a [u8],
    /// The signature.
    pub signature: &'a [u8],
    /// Where the signature begins in the message: for the check it counts as zeros.
    pub signature_at: usize,
    /// The salt of what is sealed.
    pub salt: &'a [u8],
    /// The scoped answer: sealed bytes, or the sequence itself.
    pub data: &'a [u8],
}

impl<'a> Secured<'a> {
    /// Reads the envelope. Errors: another version than 3, another security model, or malformed.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, Malformed> {
        let mut message = Tlvs::new(Tlvs::new(bytes).expect(tlv::SEQUENCE)?);
        if tlv::integer(message.expect(tlv::INTEGER)?)? != 3 {
            return Err(Malformed::OtherKind);
        }
        let mut header = Tlvs::new(message.expect(tlv::SEQUENCE)?);
        let id = number(&mut header)?;
        let _largest = number(&mut header)?;
        let [flags] = *header.expect(tlv::OCTET_STRING)? else { return Err(Malformed::Invalid) };
        if tlv::integer(header.expect(tlv::INTEGER)?)? != USER_BASED {
            return Err(Malformed::OtherKind);
        }
        let mut security = Tlvs::new(Tlvs::new(message.expect(tlv::OCTET_STRING)?).expect(tlv::SEQUENCE)?);
        let engine = security.expect(tlv::OCTET_STRING)?;
        let (boots, time) = (number(&mut security)?, number(&mut security)?);
        let user = security.expect(tlv::OCTET_STRING)?;
        let signature = security.expect(tlv::OCTET_STRING)?;
        let salt = security.expect(tlv::OCTET_STRING)?;
        if engine.len() > MAX_ENGINE_BYTES || user.len() > MAX_USER_BYTES || signature.len() > MAX_SIGNATURE_BYTES {
            return Err(Malformed::OutOfBounds);
        }
        let data = if flags & SEALED == 0 { message.rest() } else { message.expect(tlv::OCTET_STRING)? };
        // Both are parts of one message, so the difference of where they begin is a place in it.
        let signature_at = (signature.as_ptr().addr()).checked_sub(bytes.as_ptr().addr()).ok_or(Malformed::Invalid)?;
        let flags = flags & (SIGNED | SEALED);
        Ok(Self { id, flags, engine, boots, time, user, signature, signature_at, salt, data })
    }
}

fn number(of: &mut Tlvs<'_>) -> Result<u32, Malformed> {
    u32::try_from(tlv::integer(of.expect(tlv::INTEGER)?)?).map_err(|_| Malformed::Invalid)
}

/// What came inside an envelope.
#[derive(Clone, Copy, Debug)]
pub enum Scoped<'a> {
    /// The answer. Its community is empty: version 3 has none.
    Answer(Answer<'a>),
    /// The agent says why there is none.
    Report(Refusal),
}

/// Why an agent does not answer (RFC 3414 section 5, usmStats).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Refusal {
    /// It does not do what was asked of it: signed, or signed and sealed.
    Level,
    /// Its clock and ours are more than 150 s apart.
    Time,
    /// It does not know this user.
    User,
    /// It is called otherwise: its identifier is in the envelope.
    Engine,
    /// The signature is wrong: another password, or another algorithm.
    Signature,
    /// It cannot open what was sealed: another password.
    Seal,
    /// Something else.
    Other,
}

impl<'a> Scoped<'a> {
    /// Reads the scoped message, opened if it was sealed. What follows it is padding. Errors: neither an answer nor a
    /// report, or malformed, which is what a wrong key makes of it.
    pub fn parse(data: &'a [u8]) -> Result<Self, Malformed> {
        let mut scoped = Tlvs::new(Tlvs::new(data).expect(tlv::SEQUENCE)?);
        let (_engine, _name) = (scoped.expect(tlv::OCTET_STRING)?, scoped.expect(tlv::OCTET_STRING)?);
        let pdu = scoped.read()?;
        match pdu.tag {
            0xa2 => Answer::of_pdu(&[], pdu.body).map(Self::Answer),
            0xa8 => {
                let answer = Answer::of_pdu(&[], pdu.body)?;
                let refusal = answer.values().find_map(Result::ok).map_or(Refusal::Other, |bound| refusal(bound.oid));
                Ok(Self::Report(refusal))
            }
            _ => Err(Malformed::OtherKind),
        }
    }
}

/// The counter a report names: 1.3.6.1.6.3.15.1.1.N.0.
fn refusal(oid: Oid<'_>) -> Refusal {
    match oid.below(at::USM_STATS).and_then(|mut arcs| arcs.next()) {
        Some(1) => Refusal::Level,
        Some(2) => Refusal::Time,
        Some(3) => Refusal::User,
        Some(4) => Refusal::Engine,
        Some(5) => Refusal::Signature,
        Some(6) => Refusal::Seal,
        _ => Refusal::Other,
    }
}

#[cfg(test)]
#[path = "secured_tests.rs"]
mod tests;
