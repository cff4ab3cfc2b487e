//! Holds the announcements of the Computer Browser service ([MS-BRWS] section 2.2), sent to UDP port 138 every few minutes.
//! Never takes part in elections. Called by the NetBIOS source, which hears them.

use core::net::Ipv4Addr;

use super::NbName;
use crate::names::Malformed;
use crate::names::octets::Octets;
use crate::names::text::{Text, clean};

/// SMB_COM_TRANSACTION.
const TRANSACTION: u8 = 0x25;
/// Where the words of an SMB message begin: the header of 32 bytes and the word count.
const WORDS_AT: usize = 33;

/// Who is announced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum AnnouncementKind {
    /// A computer announces itself.
    Host,
    /// A computer announces itself as the master browser of its segment.
    LocalMaster,
    /// A master browser announces a workgroup: then `name` is the workgroup and `comment` the master browser.
    Workgroup,
}

/// What a computer says it does ([MS-BRWS] 2.2.1, SV_TYPE bits), as sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct ServerType(pub u32);

impl ServerType {
    /// Shares files or printers (the server service runs).
    #[must_use]
    pub const fn is_server(self) -> bool {
        self.0 & 0x0000_0002 != 0
    }

    /// Primary or backup domain controller.
    #[must_use]
    pub const fn is_domain_controller(self) -> bool {
        self.0 & 0x0000_0018 != 0
    }

    /// Shares a printer.
    #[must_use]
    pub const fn is_print_server(self) -> bool {
        self.0 & 0x0000_0200 != 0
    }

    /// Unix, mostly Samba.
    #[must_use]
    pub const fn is_unix(self) -> bool {
        self.0 & 0x0000_0800 != 0
    }

    /// Windows of the NT line, workstation or server.
    #[must_use]
    pub const fn is_windows_nt(self) -> bool {
        self.0 & 0x0000_9000 != 0
    }

    /// Master browser of its segment.
    #[must_use]
    pub const fn is_master_browser(self) -> bool {
        self.0 & 0x0004_0000 != 0
    }
}

/// An announcement heard.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Announcement {
    /// Who is announced.
    pub kind: AnnouncementKind,
    /// Computer, or workgroup.
    pub name: Text<16>,
    /// Version of the system as it claims it: 10.0 for Windows 10 and 11; Samba says 6.1.
    pub os_version: (u8, u8),
    /// What it does.
    pub server_type: ServerType,
    /// Description a person typed, `Samba 4.17.12-Debian`, or the master browser of a workgroup.
    pub comment: Text<48>,
    /// Sender by its own word; the datagram's source address is the better witness.
    #[cfg_attr(feature = "defmt", defmt(Debug2Format))]
    pub source: Ipv4Addr,
}

/// Reads a datagram. Errors: another message than an announcement (elections, requests, logon), or malformed.
pub fn read_announcement(bytes: &[u8]) -> Result<Announcement, Malformed> {
    let mut at = Octets::new(bytes);
    let message_type = at.u8()?;
    if !matches!(message_type, 0x10..=0x12) {
        return Err(Malformed::OtherKind); // RFC 1002 section 4.4: unique, group or broadcast datagram
    }
    let (_flags, _id) = (at.u8()?, at.u16()?);
    let source = Ipv4Addr::from(at.array::<4>()?);
    let (_port, _length, fragment) = (at.u16()?, at.u16()?, at.u16()?);
    if fragment != 0 {
        return Err(Malformed::OtherKind);
    }
    let _from = NbName::read(&mut at)?;
    let _to = NbName::read(&mut at)?;
    read_frame(mailslot(at.rest())?, source)
}

/// The data of an SMB transaction on `\MAILSLOT\BROWSE`.
fn mailslot(smb: &[u8]) -> Result<&[u8], Malformed> {
    let start = Octets::new(smb);
    let mut at = start;
    if at.take(4)? != b"\xffSMB" || at.u8()? != TRANSACTION {
        return Err(Malformed::OtherKind);
    }
    // [MS-CIFS] 2.2.4.33.1: data count and data offset are words 11 and 12.
    let mut at = start.moved_to(WORDS_AT - 1);
    let words = usize::from(at.u8()?);
    let mut at = start.moved_to(WORDS_AT + 22);
    let (count, offset) = (usize::from(at.u16_le()?), usize::from(at.u16_le()?));
    let name = start.moved_to(WORDS_AT + 2 * words + 2).take(15)?;
    if !name.eq_ignore_ascii_case(b"\\MAILSLOT\\BROWS") {
        return Err(Malformed::OtherKind);
    }
    start.moved_to(offset).take(count)
}

fn read_frame(frame: &[u8], source: Ipv4Addr) -> Result<Announcement, Malformed> {
    let mut at = Octets::new(frame);
    let kind = match at.u8()? {
        1 => AnnouncementKind::Host,
        12 => AnnouncementKind::Workgroup,
        15 => AnnouncementKind::LocalMaster,
        _ => return Err(Malformed::OtherKind),
    };
    let (_count, _period_ms) = (at.u8()?, at.u32_le()?);
    let name = until_zero(at.take(16)?);
    let os_version = (at.u8()?, at.u8()?);
    let server_type = ServerType(at.u32_le()?);
    let (_browser_version, _signature) = (at.u16()?, at.u16()?);
    let announcement = Announcement {
        kind,
        name: clean(name),
        os_version,
        server_type,
        comment: clean(until_zero(at.rest())),
        source,
    };
    if announcement.name.is_empty() { Err(Malformed::Invalid) } else { Ok(announcement) }
}

fn until_zero(bytes: &[u8]) -> &[u8] {
    bytes.split(|byte| *byte == 0).next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::names::torture::torture;

    /// Samba 4.17 nmbd, captured: a host announcement.
    const HOST: &[u8] =
        b"\x11\ncC\xc0\xa8M\n\x00\x8a\x00\xd6\x00\x00\x20EOEBFDCACACACACACACACACACACACAAA\x00\x20ENEBEJFDEPEOCA\
        CACACACACACACACABN\x00\xffSMB%\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\
        \x00\x00\x00\x00\x00\x00\x00\x00\x00\x11\x00\x00<\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\
        \x00\x00\x00\x00\x00\x00<\x00V\x00\x03\x00\x01\x00\x01\x00\x02\x00M\x00\\MAILSLOT\\BROWSE\x00\x01\x00\
        `\xea\x00\x00NAS\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x06\x01\x03\x9a\x81\x00\x0f\x01U\
        \xaaSamba\x204.17.12-Debian\x20on\x20NAS\x00";

    /// The same daemon announces its workgroup.
    const WORKGROUP: &[u8] =
        b"\x11\ncN\xc0\xa8M\n\x00\x8a\x00\xbe\x00\x00\x20EOEBFDCACACACACACACACACACACACAAA\x00\x20ABACFPFPENFDEC\
        FCEPFHFDEFFPFPACAB\x00\xffSMB%\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\
        \x00\x00\x00\x00\x00\x00\x00\x00\x00\x11\x00\x00$\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\
        \x00\x00\x00\x00\x00\x00$\x00V\x00\x03\x00\x01\x00\x01\x00\x02\x005\x00\\MAILSLOT\\BROWSE\x00\x0c\x02\
        \xc0\xd4\x01\x00MAISON\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x06\x01\x00\x10\x00\x80\x0f\x01U\xaaNA\
        S\x00";

    #[test]
    fn reads_a_host() {
        let heard = read_announcement(HOST).unwrap();
        assert_eq!((heard.kind, heard.name.as_str()), (AnnouncementKind::Host, "NAS"));
        assert_eq!(heard.os_version, (6, 1));
        assert_eq!(heard.comment, "Samba 4.17.12-Debian on NAS");
        assert_eq!(heard.source, Ipv4Addr::new(192, 168, 77, 10));
        let does = heard.server_type;
        assert!(does.is_server() && does.is_unix() && does.is_print_server() && does.is_windows_nt());
        assert!(!does.is_domain_controller() && !does.is_master_browser());
    }

    #[test]
    fn reads_a_workgroup_and_its_master() {
        let heard = read_announcement(WORKGROUP).unwrap();
        assert_eq!(
            (heard.kind, heard.name.as_str(), heard.comment.as_str()),
            (AnnouncementKind::Workgroup, "MAISON", "NAS")
        );
    }

    #[test]
    fn refuses_elections_and_other_mailslots() {
        let mut other = HOST.to_vec();
        let frame = other.len() - 60;
        assert_eq!(other[frame], 1);
        other[frame] = 8;
        assert_eq!(read_announcement(&other), Err(Malformed::OtherKind));
        let mut other = HOST.to_vec();
        let slot = other.windows(6).position(|bytes| bytes == b"BROWSE").unwrap();
        other[slot] = b'X';
        assert_eq!(read_announcement(&other), Err(Malformed::OtherKind));
    }

    #[test]
    fn never_panics() {
        torture(&[HOST, WORKGROUP], |bytes| {
            if let Ok(heard) = read_announcement(bytes) {
                assert!(!heard.name.is_empty() && heard.comment.len() <= 48);
            }
        });
    }
}
