//! Holds the first words of FTP, SMTP and telnet servers (RFC 959, RFC 5321, RFC 854).
//! Never logs in and never answers a telnet option. Called by the port source that read them.

use crate::names::Malformed;
use crate::names::text::{Cleaner, Text, clean};

/// Telnet's "interpret as command".
const IAC: u8 = 0xff;

/// A greeting of FTP or SMTP.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Greeting {
    /// Three-digit code; 220 is ready.
    pub code: u16,
    /// All lines without codes.
    pub text: Text<160>,
    /// The first word, when it looks like a host name with a dot, as SMTP requires.
    pub host: Option<Text<255>>,
}

/// Reads a greeting with a code, several lines allowed. Errors: no code, or a first line cut short.
pub fn read(bytes: &[u8]) -> Result<Greeting, Malformed> {
    let mut cleaner = Cleaner::new();
    let mut code = None;
    let mut host = None;
    for line in bytes.split_inclusive(|byte| *byte == b'\n') {
        let whole = line.ends_with(b"\n");
        let line = line.trim_ascii();
        let (found, text) = match line.split_first_chunk::<3>() {
            Some((digits, rest))
                if digits.iter().all(u8::is_ascii_digit) && !rest.first().is_some_and(u8::is_ascii_alphanumeric) =>
            {
                (Some(digits.iter().fold(0, |code, digit| code * 10 + u16::from(digit - b'0'))), rest)
            }
            _ => (None, line),
        };
        let text = text.strip_prefix(b"-").unwrap_or(text);
        if code.is_none() {
            code = found;
            if code.is_none() || !whole {
                return Err(if whole { Malformed::OtherKind } else { Malformed::Truncated });
            }
            host = host_of(text);
        }
        cleaner.push_bytes(text);
        cleaner.push(' ');
    }
    Ok(Greeting { code: code.ok_or(Malformed::Truncated)?, text: cleaner.finish(), host })
}

fn host_of(text: &[u8]) -> Option<Text<255>> {
    let word = text.trim_ascii().split(u8::is_ascii_whitespace).next()?;
    let plausible = word.iter().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-'))
        && word.contains(&b'.')
        && word.iter().any(u8::is_ascii_alphabetic);
    plausible.then(|| clean(word))
}

/// The text a telnet server shows before it waits: banner and login prompt, options left out, escape sequences of
/// terminals dropped.
#[must_use]
pub fn read_telnet(bytes: &[u8]) -> Text<160> {
    let mut cleaner = Cleaner::new();
    let mut left = bytes;
    while let Some((byte, rest)) = left.split_first() {
        left = match (*byte, rest) {
            (IAC, [250, inside @ ..]) => after(inside, &[IAC, 240]), // SB ... SE
            (IAC, [251..=254, _option, rest @ ..]) => rest,          // WILL, WONT, DO, DONT
            (IAC, [_command, rest @ ..]) => rest,
            (0x1b, [b'[', inside @ ..]) => {
                let end = inside.iter().position(|byte| (0x40..=0x7e).contains(byte));
                end.and_then(|end| inside.get(end + 1..)).unwrap_or_default()
            }
            _ => {
                let end = rest.iter().position(|byte| matches!(*byte, IAC | 0x1b)).unwrap_or(rest.len());
                let (_, after) = rest.split_at_checked(end).unwrap_or_default();
                cleaner.push_bytes(left.get(..=end).unwrap_or_default());
                after
            }
        };
    }
    cleaner.finish()
}

fn after<'a>(bytes: &'a [u8], mark: &[u8]) -> &'a [u8] {
    let at = bytes.windows(mark.len()).position(|window| window == mark);
    at.and_then(|at| bytes.get(at + mark.len()..)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::names::torture::torture;

    #[test]
    fn reads_ftp_and_smtp() {
        let ftp = read(b"220-Welcome to\r\n220 NAS FTP server (QNAP) ready.\r\n").unwrap();
        assert_eq!((ftp.code, ftp.text.as_str(), ftp.host), (220, "Welcome to NAS FTP server (QNAP) ready.", None));
        let smtp = read(b"220 mail.ecole.lan ESMTP Postfix (Debian/GNU)\r\n").unwrap();
        assert_eq!(smtp.host.unwrap(), "mail.ecole.lan");
        assert_eq!(read(b"220 (vsFTPd 3.0.3)\r\n").unwrap().text, "(vsFTPd 3.0.3)");
        assert_eq!(read(b"421 Too many\r\n").unwrap().code, 421);
    }

    #[test]
    fn refuses_what_has_no_code() {
        assert_eq!(read(b"hello\r\n"), Err(Malformed::OtherKind));
        assert_eq!(read(b"2200 hello\r\n"), Err(Malformed::OtherKind));
        assert_eq!(read(b"220 hal"), Err(Malformed::Truncated));
        assert_eq!(read(b""), Err(Malformed::Truncated));
    }

    #[test]
    fn reads_telnet_without_options_and_colours() {
        let bytes =
            b"\xff\xfd\x18\xff\xfb\x01\xff\xfa\x18\x01\xff\xf0\x1b[1;32mBusyBox v1.19\x1b[0m\r\n\r\n(none) login: ";
        assert_eq!(read_telnet(bytes), "BusyBox v1.19 (none) login:");
        assert_eq!(read_telnet(b"\xff\xfa\x18"), "");
        assert_eq!(read_telnet(b"\x1b"), "");
    }

    #[test]
    fn never_panics() {
        torture(
            &[b"220-a\r\n220 mail.lan ESMTP\r\n", b"\xff\xfd\x18\xff\xfa\x18\x01\xff\xf0\x1b[1mlogin: "],
            |bytes| {
                assert!(!read_telnet(bytes).chars().any(char::is_control));
                if let Ok(greeting) = read(bytes) {
                    assert!(greeting.code < 1000);
                }
            },
        );
    }
}
