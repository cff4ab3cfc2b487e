//! Holds the NetBIOS node status: asking one host for all its names, and its answer (RFC 1002 sections 4.2.17 and 4.2.18).
//! Never asks a broadcast address: that is the caller's rule to keep. Called by the NetBIOS source.

use super::NbName;
use crate::Mac;
use crate::names::Malformed;
use crate::names::dns::Name;
use crate::names::octets::Octets;

/// Names kept of one host. Windows has up to about ten, a domain controller with services below twenty.
const MAX_NAMES: usize = 24;
/// Record type NBSTAT.
const NBSTAT: u16 = 0x21;

/// The question for all names, 50 bytes to UDP port 137 of a host. `id` should be random.
#[must_use]
pub fn ask_status(id: u16) -> [u8; 50] {
    let mut packet = *b"\0\0\0\0\0\x01\0\0\0\0\0\0\x20CKAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\0\0\x21\0\x01";
    let [high, low] = id.to_be_bytes();
    let [first, second, ..] = &mut packet;
    (*first, *second) = (high, low);
    packet
}

/// One name a host holds.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct StatusName {
    /// Name and suffix.
    pub name: NbName,
    /// A name shared by many hosts: workgroup, domain.
    pub group: bool,
}

/// All names of a host.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct NodeStatus {
    /// Id of the question answered.
    pub id: u16,
    /// Its names, at most 24; more are dropped.
    pub names: heapless::Vec<StatusName, MAX_NAMES>,
    /// The adapter's address. Samba sends zeros: then none.
    pub mac: Option<Mac>,
}

impl NodeStatus {
    fn find(&self, suffix: u8, group: bool) -> Option<&str> {
        let with = |entry: &&StatusName| entry.name.suffix == suffix && entry.group == group;
        // "IS~" names belong to old web servers, not to the computer.
        let own = |entry: &&StatusName| !entry.name.text.is_empty() && !entry.name.text.starts_with("IS~");
        self.names.iter().filter(with).find(own).map(|entry| entry.name.text.as_str())
    }

    /// The computer's name.
    #[must_use]
    pub fn computer(&self) -> Option<&str> {
        self.find(0x00, false).or_else(|| self.find(0x20, false))
    }

    /// Its workgroup or domain.
    #[must_use]
    pub fn workgroup(&self) -> Option<&str> {
        self.find(0x00, true).or_else(|| self.find(0x1e, true))
    }

    /// It offers file or printer shares.
    #[must_use]
    pub fn is_file_server(&self) -> bool {
        self.find(0x20, false).is_some()
    }

    /// It is a domain controller (group 0x1c).
    #[must_use]
    pub fn is_domain_controller(&self) -> bool {
        self.find(0x1c, true).is_some()
    }

    /// It is the master browser of its segment (0x1d) or of its domain (0x1b).
    #[must_use]
    pub fn is_master_browser(&self) -> bool {
        self.find(0x1d, false).is_some() || self.find(0x1b, false).is_some()
    }
}

/// Reads an answer to [`ask_status`]. Errors: not a positive node status answer, or malformed.
pub fn read_status(bytes: &[u8]) -> Result<NodeStatus, Malformed> {
    let mut at = Octets::new(bytes);
    let (id, flags) = (at.u16()?, at.u16()?);
    let (questions, answers) = (at.u16()?, at.u16()?);
    let _authority_and_additional = at.u32()?;
    if flags & 0x8000 == 0 || flags & 0x780f != 0 || answers == 0 || questions > 1 {
        return Err(Malformed::OtherKind);
    }
    if questions == 1 {
        // Not in the standard, but some stacks repeat the question.
        Name::read(&mut at)?;
        at.u32()?;
    }
    Name::read(&mut at)?;
    let (kind, _class, _ttl) = (at.u16()?, at.u16()?, at.u32()?);
    if kind != NBSTAT {
        return Err(Malformed::OtherKind);
    }
    let length = usize::from(at.u16()?);
    let mut data = Octets::new(at.take(length)?);
    let mut names = heapless::Vec::new();
    for _ in 0..data.u8()? {
        let name = NbName::of(data.array()?);
        let group = data.u16()? & 0x8000 != 0;
        // Full: a host with more names than that loses the last ones, which are services.
        let _dropped = names.push(StatusName { name, group });
    }
    let mac = data.array().map(Mac).ok().filter(|mac| mac.is_station());
    Ok(NodeStatus { id, names, mac })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::names::torture::torture;
    extern crate std;
    use std::vec::Vec;

    /// Samba 4.17 nmbd, captured.
    const SAMBA: &[u8] =
        b"\x00\x01\x84\x00\x00\x00\x00\x01\x00\x00\x00\x00\x20CKAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\x00\x00!\x00\x01\
        \x00\x00\x00\x00\x00\x89\x05NAS\x20\x20\x20\x20\x20\x20\x20\x20\x20\x20\x20\x20\x00\x04\x00NAS\x20\x20\
        \x20\x20\x20\x20\x20\x20\x20\x20\x20\x20\x03\x04\x00NAS\x20\x20\x20\x20\x20\x20\x20\x20\x20\x20\x20\x20\
        \x20\x04\x00MAISON\x20\x20\x20\x20\x20\x20\x20\x20\x20\x00\x84\x00MAISON\x20\x20\x20\x20\x20\x20\x20\x20\
        \x20\x1e\x84\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\
        \x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00";

    /// A Windows domain controller that is master browser: real MAC, `__MSBROWSE__` among its names.
    const WINDOWS: &[u8] =
        b"\xa2H\x84\x00\x00\x00\x00\x01\x00\x00\x00\x00\x20CKAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\x00\x00!\x00\x01\x00\
        \x00\x00\x00\x00\x9b\x06DC01\x20\x20\x20\x20\x20\x20\x20\x20\x20\x20\x20\x00\x04\x00ECOLE\x20\x20\x20\
        \x20\x20\x20\x20\x20\x20\x20\x00\x84\x00ECOLE\x20\x20\x20\x20\x20\x20\x20\x20\x20\x20\x1c\x84\x00DC01\
        \x20\x20\x20\x20\x20\x20\x20\x20\x20\x20\x20\x20\x04\x00ECOLE\x20\x20\x20\x20\x20\x20\x20\x20\x20\x20\
        \x1b\x04\x00\x01\x02__MSBROWSE__\x02\x01\x84\x00\x00\x0c)_;\x1e\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\
        \x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\
        \x00\x00\x00\x00";

    #[test]
    fn asks_with_the_star_name() {
        assert_eq!(ask_status(0x0102)[..13], *b"\x01\x02\0\0\0\x01\0\0\0\0\0\0\x20");
        assert_eq!(ask_status(1)[12..46], SAMBA[12..46], "the answer repeats the name asked for");
    }

    #[test]
    fn reads_samba() {
        let status = read_status(SAMBA).unwrap();
        assert_eq!((status.computer(), status.workgroup(), status.mac), (Some("NAS"), Some("MAISON"), None));
        assert!(status.is_file_server() && !status.is_domain_controller() && !status.is_master_browser());
        assert_eq!(status.names.len(), 5);
    }

    #[test]
    fn reads_a_domain_controller() {
        let status = read_status(WINDOWS).unwrap();
        assert_eq!((status.computer(), status.workgroup()), (Some("DC01"), Some("ECOLE")));
        assert_eq!(status.mac, Some(Mac([0, 0x0c, 0x29, 0x5f, 0x3b, 0x1e])));
        assert!(status.is_domain_controller() && status.is_master_browser() && status.is_file_server());
        assert_eq!(status.names[5].name.text, "__MSBROWSE__");
    }

    #[test]
    fn refuses_questions_errors_and_lying_counts() {
        assert_eq!(read_status(&ask_status(7)), Err(Malformed::OtherKind));
        let mut error = SAMBA.to_vec();
        error[3] = 3;
        assert_eq!(read_status(&error), Err(Malformed::OtherKind));
        let mut lying = SAMBA.to_vec();
        lying[56] = 200;
        assert_eq!(read_status(&lying), Err(Malformed::Truncated));
    }

    #[test]
    fn keeps_24_names_and_drops_the_rest() {
        let mut bytes: Vec<u8> = SAMBA[..54].to_vec();
        bytes.extend(u16::to_be_bytes(1 + 40 * 18));
        bytes.push(40);
        for place in 0..40u8 {
            bytes.extend_from_slice(b"NAME           ");
            bytes.extend([place, 4, 0]);
        }
        let status = read_status(&bytes).unwrap();
        assert_eq!(status.names.len(), MAX_NAMES);
        assert_eq!(status.names.last().unwrap().name.suffix, 23);
    }

    #[test]
    fn never_panics() {
        torture(&[SAMBA, WINDOWS], |bytes| {
            if let Ok(status) = read_status(bytes) {
                assert!(status.computer().is_none_or(|name| name.len() <= 15 && !name.is_empty()));
            }
        });
    }
}
