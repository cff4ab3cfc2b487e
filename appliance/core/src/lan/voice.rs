//! Holds what was said from one address, as short hashes: two machines with one MAC speak with two voices.
//! Never holds the words: the evidence takes them from the names and identifiers of the device. Called by `conflict`.

use super::sighting::{Fact, Source, StableId};

/// A subject on which one machine says one thing, whichever of its addresses it is asked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Topic {
    MdnsName,
    NbnsName,
    LlmnrName,
    DhcpName,
    SnmpName,
    SshKey,
    Serial,
    DhcpClient,
}

impl Topic {
    #[cfg(test)]
    const ALL: [Self; 8] = [
        Self::MdnsName,
        Self::NbnsName,
        Self::LlmnrName,
        Self::DhcpName,
        Self::SnmpName,
        Self::SshKey,
        Self::Serial,
        Self::DhcpClient,
    ];

    /// The subject of a fact, and what it says. Reverse DNS, titles and certificates are not here: one machine may well
    /// have several of them.
    pub(super) fn of<'a>(source: Source, fact: &Fact<'a>) -> Option<(Self, &'a str)> {
        match (source, fact) {
            (Source::Mdns, Fact::Name(name)) => Some((Self::MdnsName, name)),
            (Source::Nbns, Fact::Name(name)) => Some((Self::NbnsName, name)),
            (Source::Llmnr, Fact::Name(name)) => Some((Self::LlmnrName, name)),
            (Source::Dhcp, Fact::Name(name)) => Some((Self::DhcpName, name)),
            (Source::Snmp, Fact::Name(name)) => Some((Self::SnmpName, name)),
            (_, Fact::Stable(StableId::SshHostKey, key)) => Some((Self::SshKey, key)),
            (_, Fact::Stable(StableId::Serial, serial)) => Some((Self::Serial, serial)),
            (_, Fact::Stable(StableId::DhcpClient, client)) => Some((Self::DhcpClient, client)),
            _ => None,
        }
    }

    /// What to call it in evidence.
    pub(super) const fn words(self) -> &'static str {
        match self {
            Self::MdnsName => "name (mdns)",
            Self::NbnsName => "name (nbns)",
            Self::LlmnrName => "name (llmnr)",
            Self::DhcpName => "name (dhcp)",
            Self::SnmpName => "name (snmp)",
            Self::SshKey => "ssh host key",
            Self::Serial => "serial number",
            Self::DhcpClient => "dhcp client id",
        }
    }
}

/// Hashes by topic; 0 is "nothing said". 32 B.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub(super) struct Voices([u32; 8]);

impl Voices {
    pub(super) fn say(&mut self, topic: Topic, text: &str) {
        if let Some(place) = self.0.get_mut(topic as usize) {
            *place = hash32(text).max(1);
        }
    }

    pub(super) fn said(&self, topic: Topic) -> Option<u32> {
        self.0.get(topic as usize).copied().filter(|hash| *hash != 0)
    }

    #[cfg(test)]
    pub(super) fn any(&self) -> bool {
        self.0.iter().any(|hash| *hash != 0)
    }

    pub(super) fn forget(&mut self, topic: Topic) {
        if let Some(place) = self.0.get_mut(topic as usize) {
            *place = 0;
        }
    }
}

/// FNV-1a over the lower-case letters, folded to 32 bits: names compare without regard to case.
pub(super) fn hash32(text: &str) -> u32 {
    let hash = hash64(text);
    #[allow(clippy::cast_possible_truncation)] // Folding is the point.
    let folded = (hash >> 32) as u32 ^ hash as u32;
    folded
}

/// FNV-1a, 64 bits, over the lower-case letters. For lookups only: equality is checked on the text.
pub(super) fn hash64(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte.to_ascii_lowercase())).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_topic_does_not_answer_for_another() {
        let mut voices = Voices::default();
        for topic in Topic::ALL {
            assert_eq!(voices.said(topic), None);
            voices.say(topic, topic.words());
        }
        for topic in Topic::ALL {
            assert_eq!(voices.said(topic), Some(hash32(topic.words())));
        }
        voices.forget(Topic::SshKey);
        assert_eq!(voices.said(Topic::SshKey), None);
        assert!(voices.said(Topic::Serial).is_some());
    }

    #[test]
    fn names_compare_without_case_and_hearsay_is_no_voice() {
        assert_eq!(hash32("MacBook"), hash32("macbook"));
        assert_ne!(hash32("macbook"), hash32("macbooj"));
        assert!(Topic::of(Source::Dns, &Fact::Name("a")).is_none());
    }
}
