//! Holds a NetBIOS name: fifteen characters and a suffix that says what the name is for.
//! Never keeps the padding and never guesses a code page: bytes beyond ASCII that are no UTF-8 are dropped.
//! Called by the NetBIOS parsers.

use crate::names::Malformed;
use crate::names::dns::Name;
use crate::names::octets::Octets;
use crate::names::text::{Text, clean};

/// A NetBIOS name with its suffix.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct NbName {
    /// The name without padding, in capitals by convention.
    pub text: Text<16>,
    /// Sixteenth byte: 0x00 workstation or domain, 0x03 messenger, 0x1b domain master browser, 0x1c domain controllers,
    /// 0x1d master browser, 0x1e browser elections, 0x20 file server.
    pub suffix: u8,
}

impl NbName {
    pub(super) fn of(raw: [u8; 16]) -> Self {
        let [text @ .., suffix] = raw;
        Self { text: clean(&text), suffix }
    }

    /// Reads a first-level encoded name (RFC 1001 section 14.1): each half byte a letter from `A`.
    pub(super) fn read(at: &mut Octets<'_>) -> Result<Self, Malformed> {
        let encoded = Name::read(at)?;
        let label = encoded.labels().next().ok_or(Malformed::Invalid)?;
        let label: &[u8; 32] = label.try_into().map_err(|_| Malformed::Invalid)?;
        let mut raw = [0; 16];
        for (byte, pair) in raw.iter_mut().zip(label.chunks_exact(2)) {
            let half = |letter: &u8| letter.checked_sub(b'A').filter(|half| *half < 16).ok_or(Malformed::Invalid);
            let (high, low) = pair.split_first().ok_or(Malformed::Invalid)?;
            *byte = half(high)? << 4 | half(low.first().ok_or(Malformed::Invalid)?)?;
        }
        Ok(Self::of(raw))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decodes_the_name_of_a_workgroup() {
        let name = NbName::read(&mut Octets::new(b"\x20ENEBEJFDEPEOCACACACACACACACACABN\x00")).unwrap();
        assert_eq!((name.text.as_str(), name.suffix), ("MAISON", 0x1d));
    }

    #[test]
    fn refuses_other_letters_and_lengths() {
        for bytes in [&b"\x20QNEBEJFDEPEOCACACACACACACACACABN\x00"[..], b"\x02EN\x00", b"\x00"] {
            assert_eq!(NbName::read(&mut Octets::new(bytes)), Err(Malformed::Invalid));
        }
    }
}
