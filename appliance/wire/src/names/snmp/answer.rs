//! Holds the reader of SNMP answers and what their values say about a device.
//! Never takes an answer for the community or the request it does not name: the caller compares both. Called by the SNMP source.

use core::fmt::Write;
use core::net::Ipv4Addr;

use super::oid::{Oid, at};
use crate::Mac;
use crate::names::Malformed;
use crate::names::text::{Text, clean};
use crate::names::tlv::{self, Tlvs};

/// Values read from one answer. A full packet of forwarding entries holds about 60.
const MAX_VALUES: usize = 128;

/// An answer whose envelope has been read.
#[derive(Clone, Copy, Debug)]
pub struct Answer<'a> {
    /// The community it was sent under; empty in version 3.
    pub community: &'a [u8],
    /// The request it answers.
    pub id: u32,
    /// 0 no error, 2 no such name (version 1 style), 16 authorisation; RFC 3416 section 3.
    pub error: u32,
    bindings: Tlvs<'a>,
}

/// A value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Value<'a> {
    /// Signed number.
    Integer(i64),
    /// Counter, gauge or hundredths of a second.
    Unsigned(u64),
    /// Bytes; text is of the device's choosing.
    Octets(&'a [u8]),
    /// Object identifier.
    Oid(Oid<'a>),
    /// IPv4 address.
    Ip(Ipv4Addr),
    /// No such object or instance, end of the tree, or null.
    Missing,
    /// Another type, by its tag.
    Other(u8),
}

/// Identifier and value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VarBind<'a> {
    /// What it is.
    pub oid: Oid<'a>,
    /// Its value.
    pub value: Value<'a>,
}

/// What a value says about the device.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum SnmpFact {
    /// sysDescr: hardware and software in the maker's words.
    Description(Text<255>),
    /// sysObjectID in dots, and the maker's number.
    ObjectId {
        /// Dotted, cut at 64 bytes.
        text: Text<64>,
        /// IANA Private Enterprise Number.
        enterprise: Option<u32>,
    },
    /// Hundredths of a second since the agent started.
    UpTimeCs(u64),
    /// sysName, the host name.
    Name(Text<255>),
    /// sysLocation, in a person's words.
    Location(Text<128>),
    /// sysServices, a sum of layers: 2 bridge, 4 router, 64 applications.
    Services(u8),
    /// Address of an interface.
    InterfaceMac {
        /// ifIndex.
        index: u32,
        /// Its address.
        mac: Mac,
    },
    /// Serial number of a part (index 1 is mostly the whole) or of a printer.
    Serial {
        /// entPhysicalIndex, or the printer's device index.
        index: u32,
        /// In the maker's words.
        text: Text<64>,
    },
    /// Model of a part.
    Model {
        /// entPhysicalIndex.
        index: u32,
        /// In the maker's words.
        text: Text<64>,
    },
    /// A switch saw this address on this bridge port.
    Forwarding {
        /// The station.
        mac: Mac,
        /// dot1dBasePort.
        port: u32,
    },
}

impl<'a> Answer<'a> {
    /// Reads the envelope. Errors: another version than 1 or 2c, another PDU than a response, or malformed.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, Malformed> {
        let mut message = Tlvs::new(Tlvs::new(bytes).expect(tlv::SEQUENCE)?);
        if !matches!(tlv::integer(message.expect(tlv::INTEGER)?)?, 0 | 1) {
            return Err(Malformed::OtherKind);
        }
        let community = message.expect(tlv::OCTET_STRING)?;
        Self::of_pdu(community, message.expect(0xa2)?)
    }

    /// Reads what stands inside a response or a report (RFC 3416 section 3).
    pub(super) fn of_pdu(community: &'a [u8], body: &'a [u8]) -> Result<Self, Malformed> {
        let mut pdu = Tlvs::new(body);
        let mut number = || u32::try_from(tlv::integer(pdu.expect(tlv::INTEGER)?)?).map_err(|_| Malformed::Invalid);
        let (id, error, _error_index) = (number()?, number()?, number()?);
        let bindings = Tlvs::new(pdu.expect(tlv::SEQUENCE)?);
        Ok(Self { community, id, error, bindings })
    }

    /// The values in order, at most 128. Ends after the first malformed one.
    pub fn values(&self) -> impl Iterator<Item = Result<VarBind<'a>, Malformed>> + use<'a> {
        let mut left = self.bindings;
        let mut broken = false;
        core::iter::from_fn(move || {
            if broken || left.is_empty() {
                return None;
            }
            let value = read_binding(&mut left);
            broken = value.is_err();
            Some(value)
        })
        .take(MAX_VALUES)
    }

    /// What the values say, those without meaning here left out. A malformed value ends them.
    pub fn facts(&self) -> impl Iterator<Item = SnmpFact> + use<'a> {
        self.values().map_while(Result::ok).filter_map(|bound| bound.fact())
    }
}

fn read_binding<'a>(left: &mut Tlvs<'a>) -> Result<VarBind<'a>, Malformed> {
    let mut binding = Tlvs::new(left.expect(tlv::SEQUENCE)?);
    let oid = Oid::new(binding.expect(tlv::OID)?)?;
    let found = binding.read()?;
    let value = match found.tag {
        tlv::INTEGER => Value::Integer(tlv::integer(found.body)?),
        tlv::OCTET_STRING => Value::Octets(found.body),
        tlv::OID => Value::Oid(Oid::new(found.body)?),
        0x40 => Value::Ip(<[u8; 4]>::try_from(found.body).map_err(|_| Malformed::Invalid)?.into()),
        0x41..=0x43 | 0x46 => Value::Unsigned(tlv::unsigned(found.body)?),
        0x05 | 0x80..=0x82 => Value::Missing,
        other => Value::Other(other),
    };
    Ok(VarBind { oid, value })
}

impl VarBind<'_> {
    /// What this value says; `None` for missing values, empty texts and identifiers not known here.
    #[must_use]
    pub fn fact(&self) -> Option<SnmpFact> {
        let oid = self.oid.encoded();
        match self.value {
            Value::Octets(raw) => self.octets_fact(oid, raw),
            Value::Oid(id) if oid == at::SYS_OBJECT_ID => {
                let mut text = Text::new();
                // Longer than 64 bytes: cut, the maker's number is taken from the whole.
                let _cut = write!(text, "{id}");
                Some(SnmpFact::ObjectId { text, enterprise: id.enterprise() })
            }
            Value::Unsigned(value) if oid == at::SYS_UP_TIME => Some(SnmpFact::UpTimeCs(value)),
            Value::Integer(value) if oid == at::SYS_SERVICES => u8::try_from(value).ok().map(SnmpFact::Services),
            Value::Integer(port) => {
                let mut octets = [0; 6];
                let mut arcs = self.oid.below(at::FDB_PORT)?;
                for octet in &mut octets {
                    *octet = u8::try_from(arcs.next()?).ok()?;
                }
                let mac = Some(Mac(octets)).filter(|mac| mac.is_station() && arcs.next().is_none())?;
                // Port 0 means: seen, but not known where (RFC 4188 section 4).
                u32::try_from(port).ok().filter(|port| *port > 0).map(|port| SnmpFact::Forwarding { mac, port })
            }
            Value::Unsigned(_) | Value::Oid(_) | Value::Ip(_) | Value::Missing | Value::Other(_) => None,
        }
    }

    fn octets_fact(&self, oid: &[u8], raw: &[u8]) -> Option<SnmpFact> {
        let row = |column| self.oid.below(column).and_then(|mut arcs| arcs.next());
        if let Some(index) = row(at::IF_PHYS_ADDRESS) {
            let mac = Mac(raw.try_into().ok()?);
            return mac.is_station().then_some(SnmpFact::InterfaceMac { index, mac });
        }
        let text: Text<255> = clean(raw);
        if text.is_empty() {
            return None;
        }
        if let Some(index) = row(at::ENT_SERIAL).or_else(|| row(at::PRINTER_SERIAL)) {
            return Some(SnmpFact::Serial { index, text: clean(raw) });
        }
        if let Some(index) = row(at::ENT_MODEL) {
            return Some(SnmpFact::Model { index, text: clean(raw) });
        }
        match oid {
            at::SYS_DESCR => Some(SnmpFact::Description(text)),
            at::SYS_NAME => Some(SnmpFact::Name(text)),
            at::SYS_LOCATION => Some(SnmpFact::Location(clean(raw))),
            _ => None,
        }
    }
}

#[cfg(test)]
#[path = "answer_tests.rs"]
mod tests;
