//! Holds the broadcasts by which a host claims or gives up a NetBIOS name (RFC 1002 sections 4.2.2 to 4.2.9).
//! Never answers a claim. Called by the NetBIOS source, which hears them.

use core::net::Ipv4Addr;

use super::NbName;
use crate::names::Malformed;
use crate::names::dns::Name;
use crate::names::octets::Octets;

/// What the sender does with the name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum ClaimKind {
    /// It takes or keeps the name.
    Claims,
    /// It gives the name up, as at shutdown.
    Releases,
}

/// A broadcast heard.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Claim {
    /// Taken or given up.
    pub kind: ClaimKind,
    /// The name.
    pub name: NbName,
    /// A name shared by many (workgroup) rather than the host's own.
    pub group: bool,
    /// The address the name is for.
    #[cfg_attr(feature = "defmt", defmt(Debug2Format))]
    pub ip: Ipv4Addr,
}

/// Reads a registration, refresh or release heard on UDP port 137. Errors: any other message, or malformed.
pub fn read_claim(bytes: &[u8]) -> Result<Claim, Malformed> {
    let mut at = Octets::new(bytes);
    let (_id, flags) = (at.u16()?, at.u16()?);
    let counts = [at.u16()?, at.u16()?, at.u16()?, at.u16()?];
    let kind = match flags >> 11 & 0xf {
        5 | 8 | 9 | 0xf => ClaimKind::Claims, // registration, refresh (two numbers are in use), multi-homed registration
        6 => ClaimKind::Releases,
        _ => return Err(Malformed::OtherKind),
    };
    if flags & 0x8000 != 0 || counts != [1, 0, 0, 1] {
        return Err(Malformed::OtherKind);
    }
    let name = NbName::read(&mut at)?;
    at.u32()?;
    Name::read(&mut at)?;
    let (record, _class, _ttl, length) = (at.u16()?, at.u16()?, at.u32()?, at.u16()?);
    if record != 0x20 || length < 6 {
        return Err(Malformed::Invalid);
    }
    let group = at.u16()? & 0x8000 != 0;
    Ok(Claim { kind, name, group, ip: Ipv4Addr::from(at.array::<4>()?) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::names::torture::torture;

    /// Samba 4.17 nmbd at start, captured.
    const REGISTERS: &[u8] =
        b"c>)\x10\x00\x01\x00\x00\x00\x00\x00\x01\x20EOEBFDCACACACACACACACACACACACACA\x00\x00\x20\x00\x01\xc0\x0c\
        \x00\x20\x00\x01\x00\x00\x00\x00\x00\x06\x00\x00\xc0\xa8M\n";

    #[test]
    fn reads_a_registration_and_a_release() {
        let claim = read_claim(REGISTERS).unwrap();
        assert_eq!((claim.kind, claim.group, claim.ip), (ClaimKind::Claims, false, Ipv4Addr::new(192, 168, 77, 10)));
        assert_eq!((claim.name.text.as_str(), claim.name.suffix), ("NAS", 0x20));
        let mut release = REGISTERS.to_vec();
        release[2] = 0x30;
        release[62] = 0x80;
        let claim = read_claim(&release).unwrap();
        assert_eq!((claim.kind, claim.group), (ClaimKind::Releases, true));
    }

    #[test]
    fn refuses_queries_and_answers() {
        let mut query = REGISTERS.to_vec();
        query[2] = 0x01;
        assert_eq!(read_claim(&query), Err(Malformed::OtherKind));
        query[2] = 0xa9;
        assert_eq!(read_claim(&query), Err(Malformed::OtherKind));
    }

    #[test]
    fn never_panics() {
        torture(&[REGISTERS], |bytes| {
            if let Ok(claim) = read_claim(bytes) {
                assert!(claim.name.text.len() <= 15);
            }
        });
    }
}
