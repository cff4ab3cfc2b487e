//! Holds the writer of SNMP requests: GET, GETNEXT and GETBULK, all of them reading only.
//! Never writes a SET: there is no code for one. Called by the SNMP source of the service.

use super::oid::at;
use crate::names::tlv;

/// Largest request, bytes. Eight identifiers and a long community stay below 300.
const MAX_REQUEST_BYTES: usize = 512;

/// Bytes ready to send.
pub type Packet = heapless::Vec<u8, MAX_REQUEST_BYTES>;

/// Kind of request (RFC 3416 section 4.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Ask {
    /// The values of exactly these identifiers.
    Get,
    /// The values that follow these identifiers.
    Next,
    /// The next so many values behind each identifier; agents cut to what fits a packet.
    Bulk(u8),
}

/// Asks for what identifies a device (then walk the columns of [`at`] with [`Ask::Bulk`], as their indexes differ): the system group.
/// A value the agent lacks comes back as missing, it does not spoil the others (version 2c).
#[must_use]
pub fn identity(id: u32, community: &[u8]) -> Option<Packet> {
    request(
        Ask::Get,
        id,
        community,
        &[at::SYS_DESCR, at::SYS_OBJECT_ID, at::SYS_UP_TIME, at::SYS_NAME, at::SYS_LOCATION, at::SYS_SERVICES],
    )
}

/// Asks for the first eight rows of interface addresses, serial numbers and models of parts, and the serial number of a
/// printer. Columns the agent lacks run on into others, which the reader leaves out.
#[must_use]
pub fn details(id: u32, community: &[u8]) -> Option<Packet> {
    let columns = [at::IF_PHYS_ADDRESS, at::ENT_SERIAL, at::ENT_MODEL, at::PRINTER_SERIAL];
    request(Ask::Bulk(8), id, community, &columns)
}

/// Writes a request for encoded identifiers (see [`at`]). `id` pairs the answer and should be random; its top bit is
/// dropped, as the field is signed. `None` when it does not fit 512 bytes. To walk a long column such as
/// [`at::FDB_PORT`], ask with [`Ask::Bulk`] for the last identifier of the answer before, until one lies outside.
#[must_use]
pub fn request(ask: Ask, id: u32, community: &[u8], oids: &[&[u8]]) -> Option<Packet> {
    // Written from the end, so that each length is known when it is written.
    let mut back = Backward::default();
    back.bindings(oids)?;
    let (tag, second, third) = match ask {
        Ask::Get => (0xa0, 0, 0),
        Ask::Next => (0xa1, 0, 0),
        Ask::Bulk(repetitions) => (0xa5, 0, repetitions.min(127)),
    };
    back.wrapped(tlv::INTEGER, &[third])?;
    back.wrapped(tlv::INTEGER, &[second])?;
    back.wrapped(tlv::INTEGER, &(id & 0x7fff_ffff).to_be_bytes())?;
    back.close(tag, 0)?;
    back.wrapped(tlv::OCTET_STRING, community)?;
    back.wrapped(tlv::INTEGER, &[1])?; // version 2c
    back.close(tlv::SEQUENCE, 0)?;
    back.finish()
}

/// Bytes in reverse order.
#[derive(Default)]
pub(super) struct Backward {
    reversed: Packet,
}

impl Backward {
    /// Puts the list of what is asked for.
    pub(super) fn bindings(&mut self, oids: &[&[u8]]) -> Option<()> {
        let list_end = self.len();
        for oid in oids.iter().rev() {
            let end = self.len();
            self.put(&[5, 0])?; // NULL: no value yet
            self.wrapped(tlv::OID, oid)?;
            self.close(tlv::SEQUENCE, end)?;
        }
        self.close(tlv::SEQUENCE, list_end)
    }

    /// Puts a number that is never negative, as short as it goes.
    pub(super) fn unsigned(&mut self, number: u32) -> Option<()> {
        let [a, b, c, d] = number.to_be_bytes();
        let bytes = [0, a, b, c, d];
        let spare = bytes.windows(2).take_while(|pair| matches!(pair, [0, next] if *next < 0x80)).count();
        self.wrapped(tlv::INTEGER, bytes.get(spare..)?)
    }

    pub(super) fn len(&self) -> usize {
        self.reversed.len()
    }

    pub(super) fn put(&mut self, bytes: &[u8]) -> Option<()> {
        bytes.iter().rev().try_for_each(|byte| self.reversed.push(*byte)).ok()
    }

    /// Puts tag and length before all that was put since `end`.
    pub(super) fn close(&mut self, tag: u8, end: usize) -> Option<()> {
        let length = u16::try_from(self.len().checked_sub(end)?).ok()?;
        let [high, low] = length.to_be_bytes();
        match length {
            0..=0x7f => self.put(&[tag, low]),
            0x80..=0xff => self.put(&[tag, 0x81, low]),
            _ => self.put(&[tag, 0x82, high, low]),
        }
    }

    pub(super) fn wrapped(&mut self, tag: u8, body: &[u8]) -> Option<()> {
        let end = self.len();
        self.put(body)?;
        self.close(tag, end)
    }

    pub(super) fn finish(mut self) -> Option<Packet> {
        self.reversed.reverse();
        Some(self.reversed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_what_snmpget_writes() {
        // snmpget -v2c -c public host sysName.0, request id 0x4a69186b
        let expected =
            b"\x30\x29\x02\x01\x01\x04\x06public\xa0\x1c\x02\x04\x4a\x69\x18\x6b\x02\x01\x00\x02\x01\x00\x30\x0e\
            \x30\x0c\x06\x08\x2b\x06\x01\x02\x01\x01\x05\x00\x05\x00";
        assert_eq!(request(Ask::Get, 0x4a69_186b, b"public", &[at::SYS_NAME]).unwrap(), expected[..]);
    }

    #[test]
    fn details_are_a_bulk_of_eight_rows_without_fixed_ones() {
        let packet = details(1, b"public").unwrap();
        let head = b"\xa5\x4f\x02\x04\x00\x00\x00\x01\x02\x01\x00\x02\x01\x08";
        assert!(packet.windows(head.len()).any(|bytes| bytes == head), "{packet:x?}");
    }

    #[test]
    fn ids_stay_positive_and_lengths_grow() {
        let packet = identity(u32::MAX, &[b'c'; 40]).unwrap();
        assert_eq!(packet[..3], [0x30, 0x81, u8::try_from(packet.len() - 3).unwrap()]);
        assert!(packet.windows(6).any(|bytes| bytes == [2, 4, 0x7f, 0xff, 0xff, 0xff]));
        let long = request(Ask::Bulk(20), 1, &[b'c'; 280], &[at::FDB_PORT]).unwrap();
        assert_eq!(long[1], 0x82);
        assert_eq!(request(Ask::Get, 1, &[b'c'; 600], &[at::SYS_NAME]), None);
    }
}
