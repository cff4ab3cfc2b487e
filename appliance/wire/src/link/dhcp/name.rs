//! Holds the fully qualified name a DHCP client gives itself (option 81 of RFC 4702, option 39 of RFC 4704).
//! Never follows a compression pointer and never cleans a name: it is hostile text, as sent.
//! Called by both DHCP parsers.

/// A client's name, in either of its two encodings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Fqdn<'a> {
    /// The flags as sent.
    pub flags: u8,
    /// DNS labels with their lengths when true; text with dots, long out of date and still common, when false.
    pub labels: bool,
    /// The name as sent.
    pub name: &'a [u8],
}

/// The E bit of the flags: the name is in DNS labels.
const ENCODED: u8 = 0x04;
/// The longest DNS label in octets (RFC 1035 2.3.4). Longer ones are pointers, which have no place here.
const MAX_LABEL_LEN: usize = 63;

impl<'a> Fqdn<'a> {
    /// Option 81: flags, two octets without meaning, the name.
    pub(super) fn parse(option: &'a [u8]) -> Option<Self> {
        let (&[flags, _, _], name) = option.split_first_chunk::<3>()?;
        Some(Self { flags, labels: flags & ENCODED != 0, name })
    }

    /// Option 39: flags, the name, always in labels.
    pub(super) fn parse6(option: &'a [u8]) -> Option<Self> {
        let (&flags, name) = option.split_first()?;
        Some(Self { flags, labels: true, name })
    }

    /// The first label, which names the host; `None` when it is empty or does not fit.
    #[must_use]
    pub fn host(&self) -> Option<&'a [u8]> {
        let host = if self.labels {
            let (&len, rest) = self.name.split_first()?;
            rest.get(..usize::from(len))?
        } else {
            self.name.split(|octet| *octet == b'.' || *octet == 0).next()?
        };
        (!host.is_empty() && host.len() <= MAX_LABEL_LEN).then_some(host)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_host_in_both_encodings() {
        let text = Fqdn::parse(b"\x00\x00\x00DESKTOP-1.example.org").unwrap();
        assert_eq!(text.host(), Some(&b"DESKTOP-1"[..]));
        let labels = Fqdn::parse(b"\x05\x00\x00\x06laptop\x04home\x00").unwrap();
        assert_eq!(labels.host(), Some(&b"laptop"[..]));
        assert_eq!(Fqdn::parse6(b"\x01\x03box").unwrap().host(), Some(&b"box"[..]));
    }

    #[test]
    fn a_lying_label_names_nobody() {
        assert_eq!(Fqdn::parse(b"\x04\x00\x00\x07laptop").unwrap().host(), None, "longer than the option");
        assert_eq!(Fqdn::parse(b"\x04\x00\x00\xc0\x0c").unwrap().host(), None, "a pointer");
        assert_eq!(Fqdn::parse(b"\x04\x00\x00\x00").unwrap().host(), None, "the root");
        assert_eq!(Fqdn::parse(b"\x04\x00\x00").unwrap().host(), None, "nothing");
        assert_eq!(Fqdn::parse(b"\x00\x00\x00.org").unwrap().host(), None);
        assert_eq!(Fqdn::parse(b"\x04\x00"), None);
        let long = [b'a'; 70];
        assert_eq!(Fqdn { flags: 0, labels: false, name: &long }.host(), None);
        let mut label = [b'a'; 65];
        label[0] = 64;
        assert_eq!(Fqdn { flags: 4, labels: true, name: &label }.host(), None, "fits the option, and no label");
        label[0] = 63;
        assert_eq!(Fqdn { flags: 4, labels: true, name: &label }.host().map(<[u8]>::len), Some(63));
    }
}
