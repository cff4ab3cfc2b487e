//! Holds certificates and keys as text (RFC 7468): reading what a person or a file brings, writing what is kept.
//! It never looks into a certificate.
//! The vault's files, the download and the upload go through it.

use rustls::pki_types::pem::{PemObject, SectionKind};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use zeroize::Zeroizing;

/// Certificates in one chain; public ones have two or three.
pub(super) const MAX_CHAIN: usize = 8;

/// A line of text, as RFC 7468 writes it.
const LINE_CHARS: usize = 64;

/// What a text holds.
#[derive(Debug, Default)]
pub(super) struct Contents {
    /// In the order of the text.
    pub(super) chain: Vec<CertificateDer<'static>>,
    /// Private keys, whatever their wrapping.
    pub(super) keys: Vec<PrivateKeyDer<'static>>,
    /// There is a key that a password protects.
    pub(super) locked: bool,
}

/// Reads every certificate and key of a text; other sections and the words between them are passed over.
///
/// # Errors
/// When a section has no end, its bytes are no base64, or there are more than eight certificates.
pub(super) fn read(text: &[u8]) -> Result<Contents, &'static str> {
    let mut contents = Contents::default();
    let is_text = |line: &[u8]| text.windows(line.len()).any(|part| part == line);
    // PKCS #8's wrapping, and the older one that is told by a header.
    contents.locked = is_text(b"-----BEGIN ENCRYPTED PRIVATE KEY-----") || is_text(b"Proc-Type: 4,ENCRYPTED");
    for section in <(SectionKind, Vec<u8>)>::pem_slice_iter(text) {
        let (kind, bytes) = match section {
            Ok(section) => section,
            // The header of the older wrapping is no base64.
            Err(_) if contents.locked => break,
            Err(_) => return Err("a section is cut short or is not base64"),
        };
        match kind {
            SectionKind::Certificate if contents.chain.len() == MAX_CHAIN => {
                return Err("there are too many certificates");
            }
            SectionKind::Certificate => contents.chain.push(bytes.into()),
            _ => contents.keys.extend(PrivateKeyDer::from_pem(kind, bytes)),
        }
    }
    Ok(contents)
}

/// Writes a certificate.
#[must_use]
pub(super) fn write_certificate(der: &[u8]) -> String {
    write("CERTIFICATE", der).to_string()
}

/// Writes a private key in PKCS #8.
#[must_use]
pub(super) fn write_key(der: &[u8]) -> Zeroizing<String> {
    write("PRIVATE KEY", der)
}

pub(super) fn write(label: &str, der: &[u8]) -> Zeroizing<String> {
    let code = Zeroizing::new(data_encoding::BASE64.encode(der));
    // Whole at once: a text that grows would leave pieces of a key behind.
    let mut text = Zeroizing::new(String::with_capacity(code.len() + code.len() / LINE_CHARS + 2 * label.len() + 64));
    text.push_str(&format!("-----BEGIN {label}-----\n"));
    let mut rest = code.as_str();
    while !rest.is_empty() {
        let (line, more) = rest.split_at(rest.len().min(LINE_CHARS));
        text.push_str(line);
        text.push('\n');
        rest = more;
    }
    text.push_str(&format!("-----END {label}-----\n"));
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_back() {
        for length in [0, 1, 47, 48, 49, 1_000] {
            let bytes = vec![0x30; length];
            let text = format!("for people\n{}{}", write_certificate(&bytes), write_key(&bytes).as_str());
            assert!(text.lines().all(|line| line.len() <= LINE_CHARS), "{text}");
            let contents = read(text.as_bytes()).unwrap();
            assert_eq!((contents.chain.len(), contents.keys.len(), contents.locked), (1, 1, false));
            assert_eq!(contents.chain[0].as_ref(), bytes);
            assert_eq!(contents.keys[0].secret_der(), bytes);
        }
    }

    #[test]
    fn what_is_cut_short_too_much_or_locked_is_told() {
        let one = write_certificate(b"x");
        assert!(read(&one.as_bytes()[..one.len() - 20]).is_err());
        assert!(read(one.replace("eA==", "e!==").as_bytes()).is_err());
        assert!(read(one.repeat(MAX_CHAIN).as_bytes()).is_ok() && read(one.repeat(MAX_CHAIN + 1).as_bytes()).is_err());
        let locked = write("ENCRYPTED PRIVATE KEY", b"x");
        let contents = read(locked.as_bytes()).unwrap();
        assert!(contents.locked && contents.keys.is_empty());
        assert!(read(b"").unwrap().chain.is_empty());
    }
}
