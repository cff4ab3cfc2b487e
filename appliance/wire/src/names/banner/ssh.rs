//! Holds the SSH identification string (RFC 4253 section 4.2): software, version, and the system it gives away.
//! Never starts a key exchange. Called by the port source that read a line from port 22.

use crate::names::Malformed;
use crate::names::text::{Text, clean};

/// Lines a server may send before its identification; RFC 4253 allows any number, real ones send a banner of a few.
const MAX_LINES_BEFORE: usize = 20;
/// Longest identification, bytes, by the standard.
const MAX_IDENTIFICATION: usize = 255;

/// What a server says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct SshIdentification {
    /// Protocol version: `2.0`, or `1.99` for both.
    pub protocol: Text<8>,
    /// Software without its version, such as `OpenSSH`, `dropbear`, `RomSShell`, `ROSSSH`.
    pub software: Text<48>,
    /// Version, such as `9.2p1`; empty when none is given.
    pub version: Text<32>,
    /// The rest of the line, such as `Debian-2+deb12u3`.
    pub comment: Text<96>,
    /// The system the line names.
    pub system: Option<SshSystem>,
}

/// A system named in an identification. What is only *likely* of a piece of software (dropbear runs on small Linux) is not
/// here: the software's name says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum SshSystem {
    /// Debian, and its release when the package says so (`deb12u3`).
    Debian(Option<u8>),
    /// Raspberry Pi OS, and the Debian release below it.
    Raspbian(Option<u8>),
    /// Ubuntu.
    Ubuntu,
    /// FreeBSD.
    FreeBsd,
    /// NetBSD.
    NetBsd,
    /// Windows.
    Windows,
    /// MikroTik RouterOS.
    RouterOs,
    /// Cisco IOS and relatives.
    Cisco,
    /// H3C and HPE Comware.
    Comware,
    /// Huawei VRP.
    Huawei,
    /// HP iLO management processors.
    Ilo,
}

/// Finds and reads the identification in what a server sent first. Errors: none in the first 20 lines, or cut short.
pub fn read(bytes: &[u8]) -> Result<SshIdentification, Malformed> {
    let mut lines = bytes.split_inclusive(|byte| *byte == b'\n').take(MAX_LINES_BEFORE);
    let line = lines.find(|line| line.starts_with(b"SSH-")).ok_or(Malformed::OtherKind)?;
    if !line.ends_with(b"\n") && line.len() < MAX_IDENTIFICATION {
        return Err(Malformed::Truncated);
    }
    let line = line.get(..MAX_IDENTIFICATION).unwrap_or(line).trim_ascii_end();
    let after = line.strip_prefix(b"SSH-").ok_or(Malformed::OtherKind)?;
    let (protocol, rest) = split_at(after, |byte| byte == b'-').ok_or(Malformed::Invalid)?;
    let (product, comment) = split_at(rest, |byte| byte == b' ').unwrap_or((rest, b""));
    let (software, version) = split_version(product);
    Ok(SshIdentification {
        protocol: clean(protocol),
        software: clean(software),
        version: clean(version),
        comment: clean(comment),
        system: system_of(product, comment),
    })
}

/// The parts before and behind the first byte that `is`.
fn split_at(bytes: &[u8], is: impl Fn(u8) -> bool) -> Option<(&[u8], &[u8])> {
    let at = bytes.iter().position(|byte| is(*byte))?;
    Some((bytes.get(..at)?, bytes.get(at + 1..)?))
}

/// `OpenSSH_9.2p1` is software and version; so are `Cisco-1.25` and `OpenSSH_for_Windows_8.1`: the version begins with a
/// digit behind the first `_` or `-` that has one.
fn split_version(product: &[u8]) -> (&[u8], &[u8]) {
    let at = product.windows(2).position(|pair| matches!(pair, [b'_' | b'-', b'0'..=b'9']));
    let parts = at.and_then(|at| Some((product.get(..at)?, product.get(at + 1..)?)));
    let (software, version) = parts.unwrap_or((product, b""));
    (software.strip_suffix(b"_for_Windows").unwrap_or(software), version)
}

fn system_of(product: &[u8], comment: &[u8]) -> Option<SshSystem> {
    let says = |text: &[u8], word: &[u8]| text.get(..word.len()).is_some_and(|head| head.eq_ignore_ascii_case(word));
    let products: [(&[u8], SshSystem); 7] = [
        (b"OpenSSH_for_Windows", SshSystem::Windows),
        (b"ROSSSH", SshSystem::RouterOs),
        (b"Cisco-", SshSystem::Cisco),
        (b"Comware-", SshSystem::Comware),
        (b"HUAWEI-", SshSystem::Huawei),
        (b"mpSSH_", SshSystem::Ilo),
        (b"NetBSD_", SshSystem::NetBsd),
    ];
    let comments: [(&[u8], SshSystem); 5] = [
        (b"Debian", SshSystem::Debian(debian_release(comment))),
        (b"Raspbian", SshSystem::Raspbian(debian_release(comment))),
        (b"Ubuntu", SshSystem::Ubuntu),
        (b"FreeBSD", SshSystem::FreeBsd),
        (b"NetBSD", SshSystem::NetBsd),
    ];
    let by_product = products.iter().find(|(word, _)| says(product, word));
    by_product.or_else(|| comments.iter().find(|(word, _)| says(comment, word))).map(|(_, system)| *system)
}

/// The 12 in `Debian-2+deb12u3`.
fn debian_release(comment: &[u8]) -> Option<u8> {
    let at = comment.windows(4).position(|window| window == b"+deb")?;
    let digits = comment.get(at + 4..)?;
    let end = digits.iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(digits.len());
    core::str::from_utf8(digits.get(..end)?).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::names::torture::torture;

    fn parts(line: &[u8]) -> (Text<48>, Text<32>, Option<SshSystem>) {
        let read = read(line).unwrap();
        (read.software, read.version, read.system)
    }

    #[test]
    fn reads_what_servers_send() {
        for (line, software, version, system) in [
            (&b"SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u3\r\n"[..], "OpenSSH", "9.2p1", Some(SshSystem::Debian(Some(12)))),
            (b"SSH-2.0-OpenSSH_8.4p1 Debian-5\r\n", "OpenSSH", "8.4p1", Some(SshSystem::Debian(None))),
            (b"SSH-2.0-OpenSSH_7.9p1 Raspbian-10+deb10u2\r\n", "OpenSSH", "7.9p1", Some(SshSystem::Raspbian(Some(10)))),
            (b"SSH-2.0-OpenSSH_8.9p1 Ubuntu-3ubuntu0.6\r\n", "OpenSSH", "8.9p1", Some(SshSystem::Ubuntu)),
            (b"SSH-2.0-OpenSSH_for_Windows_8.1\r\n", "OpenSSH", "8.1", Some(SshSystem::Windows)),
            (b"SSH-2.0-OpenSSH_9.6 FreeBSD-20240806\r\n", "OpenSSH", "9.6", Some(SshSystem::FreeBsd)),
            (b"SSH-2.0-dropbear_2022.83\r\n", "dropbear", "2022.83", None),
            (b"SSH-2.0-dropbear\r\n", "dropbear", "", None),
            (b"SSH-2.0-RomSShell_4.62\r\n", "RomSShell", "4.62", None),
            (b"SSH-2.0-ROSSSH\r\n", "ROSSSH", "", Some(SshSystem::RouterOs)),
            (b"SSH-1.99-Cisco-1.25\n", "Cisco", "1.25", Some(SshSystem::Cisco)),
            (b"SSH-2.0-mpSSH_0.2.1\r\n", "mpSSH", "0.2.1", Some(SshSystem::Ilo)),
            (b"SSH-2.0--\r\n", "-", "", None),
        ] {
            assert_eq!(parts(line), (software.try_into().unwrap(), version.try_into().unwrap(), system), "{line:?}");
        }
    }

    #[test]
    fn finds_it_behind_other_lines() {
        let read = read(b"Authorised use only\r\n*****\r\nSSH-1.99-OpenSSH_3.9p1\r\n\x00\x00\x01\x14").unwrap();
        assert_eq!((read.protocol.as_str(), read.version.as_str()), ("1.99", "3.9p1"));
    }

    #[test]
    fn refuses_other_services_and_half_lines() {
        assert_eq!(read(b"220 ftp ready\r\n"), Err(Malformed::OtherKind));
        assert_eq!(read(b"SSH-2.0-OpenSS"), Err(Malformed::Truncated));
        assert_eq!(read(b"SSH-2.0\r\n"), Err(Malformed::Invalid));
        let mut many = [b'\n'; 30];
        many[25..29].copy_from_slice(b"SSH-");
        assert_eq!(read(&many), Err(Malformed::OtherKind));
    }

    #[test]
    fn never_panics() {
        torture(
            &[b"hello\r\nSSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u3\r\n", b"SSH-2.0-OpenSSH_for_Windows_8.1\r\n"],
            |bytes| {
                if let Ok(read) = read(bytes) {
                    assert!(!read.version.contains('\n') && read.comment.len() <= 96);
                }
            },
        );
    }
}
