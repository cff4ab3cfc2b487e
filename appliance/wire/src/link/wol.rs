//! Holds the Wake-on-LAN magic packet, with or without a SecureOn password.
//! Never tells whether a machine woke: that is a matter of listening afterwards.
//! Called by the service when a person asks to wake a device, on UDP port 9 and as a bare Ethernet frame.

use core::fmt;

use super::octets::Writer;
use super::{NoRoom, ethernet};
use crate::Mac;

/// The UDP port by custom (discard); cards look at the payload only.
pub const UDP_PORT: u16 = 9;
/// Octets of the longest magic packet: six of synchronisation, sixteen times the MAC, six of password.
pub const MAX_LEN: usize = 6 + 16 * 6 + 6;
/// Octets of the longest bare frame.
pub const MAX_FRAME_LEN: usize = ethernet::HEADER_LEN + MAX_LEN;

/// The SecureOn password that some cards demand behind the magic packet: none, four or six octets.
/// It crosses the network in the clear; it keeps accidents away, not attackers.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub enum Password {
    /// None.
    #[default]
    None,
    /// Four octets, written like an IPv4 address.
    Four([u8; 4]),
    /// Six octets, written like a MAC address.
    Six([u8; 6]),
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::None => "Password(none)",
            Self::Four(_) | Self::Six(_) => "Password(secret)",
        })
    }
}

#[cfg(feature = "defmt")]
impl defmt::Format for Password {
    fn format(&self, f: defmt::Formatter<'_>) {
        defmt::write!(f, "Password({})", if matches!(self, Self::None) { "none" } else { "secret" });
    }
}

/// Writes the magic packet for `target`, the payload of a UDP datagram, and answers its length, at most `MAX_LEN`.
///
/// # Errors
/// `NoRoom` when `out` is too small.
pub fn write_magic(target: Mac, password: Password, out: &mut [u8]) -> Result<usize, NoRoom> {
    let mut writer = Writer::new(out);
    put(&mut writer, target, password);
    writer.finish()
}

/// Writes a complete frame with the magic packet and no IP, to every station of the segment: switches have forgotten
/// where a sleeping machine is. Answers its length, at most `MAX_FRAME_LEN`.
///
/// # Errors
/// `NoRoom` when `out` is too small.
pub fn write_frame(src: Mac, target: Mac, password: Password, out: &mut [u8]) -> Result<usize, NoRoom> {
    let mut writer = Writer::new(out);
    ethernet::write_header(&mut writer, Mac::BROADCAST, src, ethernet::kind::WAKE);
    put(&mut writer, target, password);
    writer.finish()
}

fn put(writer: &mut Writer<'_>, target: Mac, password: Password) {
    writer.put(&[0xff; 6]);
    for _ in 0..16 {
        writer.put(&target.0);
    }
    match password {
        Password::None => {}
        Password::Four(octets) => {
            writer.put(&octets);
        }
        Password::Six(octets) => {
            writer.put(&octets);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TARGET: Mac = Mac([0x00, 0x11, 0x32, 0xaa, 0xbb, 0xcc]);

    #[test]
    fn the_magic_is_six_times_ff_and_sixteen_times_the_mac() {
        let mut out = [0u8; MAX_LEN];
        assert_eq!(write_magic(TARGET, Password::None, &mut out), Ok(102));
        assert_eq!(out[..6], [0xff; 6]);
        assert!(out[6..102].chunks(6).all(|part| part == TARGET.0));
        assert_eq!(out[102..], [0; 6], "no password, nothing behind");
    }

    #[test]
    fn a_password_follows_and_never_shows() {
        let mut out = [0u8; MAX_LEN];
        assert_eq!(write_magic(TARGET, Password::Four([1, 2, 3, 4]), &mut out), Ok(106));
        assert_eq!(out[102..106], [1, 2, 3, 4]);
        assert_eq!(write_magic(TARGET, Password::Six([6; 6]), &mut out), Ok(MAX_LEN));
        assert_eq!(out[102..], [6; 6]);
        assert_eq!(write_magic(TARGET, Password::Six([6; 6]), &mut out[..MAX_LEN - 1]), Err(NoRoom));
        extern crate alloc;
        assert!(!alloc::format!("{:?}", Password::Six([66; 6])).contains("66"));
    }

    #[test]
    fn the_bare_frame_goes_to_everyone() {
        let mut out = [0u8; MAX_FRAME_LEN];
        let src = Mac([2, 0, 0, 0, 0, 1]);
        let len = write_frame(src, TARGET, Password::None, &mut out).unwrap();
        let read = ethernet::parse(&out[..len]).unwrap();
        assert_eq!((read.dst, read.src, read.kind), (Mac::BROADCAST, src, 0x0842));
        assert_eq!(read.payload.len(), 102);
    }
}
