//! Holds the reader of DNS messages (RFC 1035 section 4): header, questions, resource records.
//! Never copies record data and never reads beyond the record that names it. Called by `mdns` and by the reverse-DNS source.

use core::net::{Ipv4Addr, Ipv6Addr};

use super::Name;
use crate::names::Malformed;
use crate::names::octets::Octets;

/// Records read from one message. A 9,000-byte mDNS packet (RFC 6762 section 17) holds fewer real ones; the rest of a
/// longer list is not read.
pub const MAX_RECORDS: usize = 512;
/// Questions read from one message, for the same reason.
const MAX_QUESTIONS: usize = 512;

/// Record types used here (IANA "DNS parameters").
pub mod kind {
    /// IPv4 address.
    pub const A: u16 = 1;
    /// Alias.
    pub const CNAME: u16 = 5;
    /// Pointer: instance of a service, name of an address.
    pub const PTR: u16 = 12;
    /// Processor and operating system (RFC 8482 gave it another use over unicast; avahi publishes the old one).
    pub const HINFO: u16 = 13;
    /// Key=value texts.
    pub const TXT: u16 = 16;
    /// IPv6 address.
    pub const AAAA: u16 = 28;
    /// Host and port of a service (RFC 2782).
    pub const SRV: u16 = 33;
    /// What exists at a name; mDNS says "nothing else here" with it (RFC 6762 section 6.1).
    pub const NSEC: u16 = 47;
    /// Any of them.
    pub const ANY: u16 = 255;
}

/// The first twelve bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Header {
    /// The number that pairs answer and question; 0 in mDNS.
    pub id: u16,
    /// All flag bits as sent.
    pub flags: u16,
    /// How many entries the sections claim: questions, answers, authority, additional.
    pub counts: [u16; 4],
}

impl Header {
    /// The message answers, it does not ask.
    #[must_use]
    pub const fn is_response(&self) -> bool {
        self.flags & 0x8000 != 0
    }

    /// Kind of query: 0 is the standard one, 5 a NetBIOS registration.
    #[must_use]
    pub const fn opcode(&self) -> u8 {
        (self.flags >> 11 & 0xf) as u8
    }

    /// The sender cut the message to fit.
    #[must_use]
    pub const fn is_truncated(&self) -> bool {
        self.flags & 0x0200 != 0
    }

    /// Result: 0 no error, 3 no such name.
    #[must_use]
    pub const fn rcode(&self) -> u8 {
        (self.flags & 0xf) as u8
    }
}

/// Where in a message a record stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Section {
    /// Answers. In an mDNS *query* these are what the asker already knows, about others.
    Answer,
    /// Authority. In an mDNS query: what a prober wants to claim (RFC 6762 section 8.2).
    Authority,
    /// Additional records.
    Additional,
}

/// One question.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Question {
    /// What is asked about.
    pub name: Name,
    /// Record type, see [`kind`].
    pub kind: u16,
    /// The asker accepts a unicast answer (QU bit, RFC 6762 section 5.4).
    pub unicast: bool,
}

/// One resource record of class IN or any other; data borrowed from the message.
#[derive(Clone, Debug)]
pub struct Record<'a> {
    /// Whose record.
    pub name: Name,
    /// Section it stood in.
    pub section: Section,
    /// Class without the mDNS cache-flush bit; 1 is the Internet.
    pub class: u16,
    /// The owner claims this to be its whole set of that type (RFC 6762 section 10.2).
    pub cache_flush: bool,
    /// Seconds the record may be kept; 0 says goodbye in mDNS.
    pub ttl_s: u32,
    /// What it says.
    pub data: RData<'a>,
}

/// Record data, parsed for the types used here.
#[derive(Clone, Debug)]
pub enum RData<'a> {
    /// An IPv4 address.
    A(Ipv4Addr),
    /// An IPv6 address.
    Aaaa(Ipv6Addr),
    /// A pointer to a name.
    Ptr(Name),
    /// An alias of a name.
    Cname(Name),
    /// Host and port of a service.
    Srv {
        /// Port number; meaning depends on the service's protocol label.
        port: u16,
        /// Host that offers it.
        target: Name,
    },
    /// Key=value strings.
    Txt(TxtStrings<'a>),
    /// Processor and operating system, raw.
    HInfo {
        /// Machine, such as `X86_64`.
        cpu: &'a [u8],
        /// Operating system, such as `LINUX`.
        os: &'a [u8],
    },
    /// A type not read here (NSEC, OPT, ...), by its number.
    Other(u16),
}

/// A received message whose header has been read.
#[derive(Clone, Copy, Debug)]
pub struct Message<'a> {
    /// The header.
    pub header: Header,
    body: Octets<'a>,
}

impl<'a> Message<'a> {
    /// Reads the header; sections are read as they are walked. Errors: fewer than 12 bytes.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, Malformed> {
        let mut at = Octets::new(bytes);
        let (id, flags) = (at.u16()?, at.u16()?);
        let counts = [at.u16()?, at.u16()?, at.u16()?, at.u16()?];
        Ok(Self { header: Header { id, flags, counts }, body: at })
    }

    /// The questions in order. Ends after the first malformed one.
    pub fn questions(&self) -> impl Iterator<Item = Result<Question, Malformed>> + use<'a> {
        let [claimed, ..] = self.header.counts;
        let mut at = self.body;
        let mut left = usize::from(claimed).min(MAX_QUESTIONS);
        core::iter::from_fn(move || {
            left = left.checked_sub(1)?;
            let question = read_question(&mut at);
            if question.is_err() {
                left = 0;
            }
            Some(question)
        })
    }

    /// The records of all sections in order, at most [`MAX_RECORDS`]. Ends after the first malformed one: what stood
    /// before it is still good, as receivers of truncated answers rely on.
    pub fn records(&self) -> impl Iterator<Item = Result<Record<'a>, Malformed>> + use<'a> {
        let [questions, answers, authority, additional] = self.header.counts.map(usize::from);
        let mut at = self.body;
        let mut to_skip = questions;
        let mut read = 0;
        let mut total = (answers + authority + additional).min(MAX_RECORDS);
        core::iter::from_fn(move || {
            if read >= total {
                return None;
            }
            let section = match read {
                n if n < answers => Section::Answer,
                n if n < answers + authority => Section::Authority,
                _ => Section::Additional,
            };
            let skipped = (0..core::mem::take(&mut to_skip)).try_for_each(|_| read_question(&mut at).map(drop));
            let record = skipped.and_then(|()| read_record(&mut at, section));
            read += 1;
            if record.is_err() {
                total = 0;
            }
            Some(record)
        })
    }
}

fn read_question(at: &mut Octets<'_>) -> Result<Question, Malformed> {
    let name = Name::read(at)?;
    let kind = at.u16()?;
    let class = at.u16()?;
    Ok(Question { name, kind, unicast: class & 0x8000 != 0 })
}

fn read_record<'a>(at: &mut Octets<'a>, section: Section) -> Result<Record<'a>, Malformed> {
    let name = Name::read(at)?;
    let kind = at.u16()?;
    let class = at.u16()?;
    // RFC 2181 section 8: a TTL with the top bit set is to be read as zero.
    let ttl_s = at.u32().map(|ttl| if ttl > i32::MAX.cast_unsigned() { 0 } else { ttl })?;
    let length = usize::from(at.u16()?);
    let start = *at;
    let raw = at.take(length)?;
    let data = read_data(kind, start, raw)?;
    Ok(Record { name, section, class: class & 0x7fff, cache_flush: class & 0x8000 != 0, ttl_s, data })
}

/// `start` stands at the data inside the whole message, where compressed names need it; `raw` is the data alone.
fn read_data<'a>(kind: u16, mut start: Octets<'a>, raw: &'a [u8]) -> Result<RData<'a>, Malformed> {
    let end = start.position() + raw.len();
    let name_to_end = |at: &mut Octets<'a>| {
        let name = Name::read(at)?;
        if at.position() == end { Ok(name) } else { Err(Malformed::Invalid) }
    };
    let mut inside = Octets::new(raw);
    Ok(match kind {
        kind::A => RData::A(Ipv4Addr::from(exact::<4>(raw)?)),
        kind::AAAA => RData::Aaaa(Ipv6Addr::from(exact::<16>(raw)?)),
        kind::PTR => RData::Ptr(name_to_end(&mut start)?),
        kind::CNAME => RData::Cname(name_to_end(&mut start)?),
        kind::SRV => {
            let _priority_and_weight = inside.u32()?;
            let port = inside.u16()?;
            let mut at = start.moved_to(start.position() + inside.position());
            RData::Srv { port, target: name_to_end(&mut at)? }
        }
        kind::TXT => RData::Txt(TxtStrings { left: raw }),
        kind::HINFO => {
            let cpu_bytes = usize::from(inside.u8()?);
            let cpu = inside.take(cpu_bytes)?;
            let os_bytes = usize::from(inside.u8()?);
            RData::HInfo { cpu, os: inside.take(os_bytes)? }
        }
        other => RData::Other(other),
    })
}

fn exact<const N: usize>(raw: &[u8]) -> Result<[u8; N], Malformed> {
    raw.try_into().map_err(|_| Malformed::Invalid)
}

/// The strings of a TXT record, raw. A string whose length runs past the record ends the walk.
#[derive(Clone, Debug)]
pub struct TxtStrings<'a> {
    left: &'a [u8],
}

impl<'a> Iterator for TxtStrings<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        let (length, rest) = self.left.split_first()?;
        let (string, rest) = rest.split_at_checked(usize::from(*length))?;
        self.left = rest;
        Some(string)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::names::torture::torture;
    extern crate std;
    use std::vec::Vec;

    /// dnsmasq, `dig -x 192.168.1.20`: one answer, the owner a pointer to the question.
    const REVERSE: &[u8] =
        b"\x12\x34\x85\x80\x00\x01\x00\x01\x00\x00\x00\x00\x0220\x011\x03168\x03192\x07in-addr\x04arpa\
        \x00\x00\x0c\x00\x01\xc0\x0c\x00\x0c\x00\x01\x00\x00\x00\x3c\x00\x0a\x03nas\x04home\x00";

    /// An alias and its address, as a router answers for `printer.lan`.
    const ALIAS: &[u8] = b"\x00\x07\x81\x80\x00\x01\x00\x02\x00\x00\x00\x00\x07printer\x03lan\x00\x00\x01\x00\x01\
        \xc0\x0c\x00\x05\x00\x01\x00\x00\x0e\x10\x00\x08\x05hpm28\xc0\x14\xc0\x29\x00\x01\x00\x01\x00\x00\x0e\x10\x00\x04\xc0\xa8\x01\x15";

    #[test]
    fn reads_a_reverse_answer() {
        let message = Message::parse(REVERSE).unwrap();
        assert!(message.header.is_response() && message.header.rcode() == 0 && message.header.opcode() == 0);
        let question = message.questions().next().unwrap().unwrap();
        assert_eq!((question.name.to_ip(), question.kind), (Some("192.168.1.20".parse().unwrap()), kind::PTR));
        let record = message.records().next().unwrap().unwrap();
        assert_eq!((record.name, record.ttl_s, record.section), (question.name, 60, Section::Answer));
        assert!(matches!(record.data, RData::Ptr(name) if name.is(&[b"nas", b"home"])));
    }

    #[test]
    fn reads_an_alias_and_names_inside_data() {
        let records: Vec<_> = Message::parse(ALIAS).unwrap().records().map(Result::unwrap).collect();
        assert!(matches!(&records[0].data, RData::Cname(name) if name.to_text::<64>() == "hpm28.lan"));
        assert_eq!(records[1].name.to_text::<64>(), "hpm28.lan");
        assert!(matches!(records[1].data, RData::A(ip) if ip == Ipv4Addr::new(192, 168, 1, 21)));
    }

    #[test]
    fn a_name_must_fill_its_data_exactly() {
        let mut bytes = REVERSE.to_vec();
        let place = bytes.len() - 11;
        assert_eq!(bytes[place], 10);
        bytes[place] = 9;
        assert_eq!(Message::parse(&bytes).unwrap().records().next().unwrap().unwrap_err(), Malformed::Invalid);
    }

    #[test]
    fn keeps_what_stood_before_the_damage() {
        let message = Message::parse(&ALIAS[..ALIAS.len() - 1]).unwrap();
        let results: Vec<_> = message.records().map(|record| record.map(drop)).collect();
        assert_eq!(results, [Ok(()), Err(Malformed::Truncated)]);
    }

    #[test]
    fn counts_that_lie_do_not_run_on() {
        let mut bytes = [0xffu8; 12].to_vec();
        bytes.extend([0; 11 * 600]);
        assert!(Message::parse(&bytes).unwrap().records().count() <= MAX_RECORDS);
        bytes[4] = 0;
        bytes[5] = 0;
        assert_eq!(Message::parse(&bytes).unwrap().records().count(), MAX_RECORDS);
    }

    #[test]
    fn never_panics() {
        torture(&[REVERSE, ALIAS], |bytes| {
            if let Ok(message) = Message::parse(bytes) {
                let questions = message.questions().count();
                let records = message.records().filter_map(Result::ok).map(|record| match record.data {
                    RData::Txt(strings) => strings.count(),
                    _ => record.name.labels().count(),
                });
                assert!(questions <= MAX_QUESTIONS && records.count() <= MAX_RECORDS);
            }
        });
    }
}
