//! Holds the keys of SNMP version 3: made of passwords, fitted to an agent, used to sign, check, seal and open messages.
//! Never sends anything and never keeps a password. RFC 3414, RFC 3826, RFC 7860. Called by the SNMP errand.

use aes::Aes128;
use aes::cipher::KeyIvInit;
use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;
use sha2::{Digest, Sha224, Sha256, Sha384, Sha512};
use subtle::ConstantTimeEq;
use vigie_wire::names::snmp::{Envelope, SALT_BYTES, SEALED, SIGNED, Secured, SecuredPacket, seal_in};
use zeroize::Zeroizing;

use crate::config::{NetworkConfig, SnmpAuth, SnmpPrivacy};

/// Octets of repeated password that are hashed (RFC 3414 appendix A.2).
const STRETCHED_BYTES: usize = 1_048_576;
/// Octets of a key for AES-128.
const AES_BYTES: usize = 16;

type Key = Zeroizing<Vec<u8>>;

/// A hash function for signatures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Hash {
    Sha1,
    Sha224,
    Sha256,
    Sha384,
    Sha512,
}

/// Who asks, with the keys of the passwords.
pub(crate) struct User {
    name: Vec<u8>,
    hash: Option<Hash>,
    signing: Key,
    sealing: Option<Key>,
}

/// The same, fitted to one agent (RFC 3414 section 2.6).
pub(super) struct Keys {
    hash: Option<Hash>,
    signing: Key,
    sealing: Option<Key>,
}

/// What is known of an agent when a message is made or read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Peer<'a> {
    /// Its identifier.
    pub(super) engine: &'a [u8],
    /// How often it started.
    pub(super) boots: u32,
    /// Seconds since it did.
    pub(super) time: u32,
}

impl User {
    /// The user of a checked configuration, if it names one. Takes some milliseconds for each password.
    pub(crate) fn of(network: &NetworkConfig) -> Option<Self> {
        let name = network.snmp_user.as_ref()?.as_bytes().to_vec();
        let hash = match network.snmp_auth {
            SnmpAuth::Sha1 => Some(Hash::Sha1),
            SnmpAuth::Sha224 => Some(Hash::Sha224),
            SnmpAuth::Sha256 => Some(Hash::Sha256),
            SnmpAuth::Sha384 => Some(Hash::Sha384),
            SnmpAuth::Sha512 => Some(Hash::Sha512),
            SnmpAuth::None => None,
        };
        let stretch = |password: &Option<crate::accounts::secret::Secret>| {
            hash.zip(password.as_ref()).map(|(hash, password)| hash.stretch(password.expose().as_bytes()))
        };
        let signing = stretch(&network.snmp_auth_password).unwrap_or_default();
        let sealing = stretch(&network.snmp_privacy_password).filter(|_| network.snmp_privacy == SnmpPrivacy::Aes128);
        Some(Self { name, hash, signing, sealing })
    }

    /// Its name.
    pub(super) fn name(&self) -> &[u8] {
        &self.name
    }

    /// The level it asks at, as flags of a message.
    pub(super) fn level(&self) -> u8 {
        let flag = |is: bool, flag| if is { flag } else { 0 };
        flag(self.hash.is_some(), SIGNED) | flag(self.sealing.is_some(), SEALED)
    }

    /// The keys for one agent.
    pub(super) fn keys(&self, engine: &[u8]) -> Keys {
        let fit = |key: &Key, hash: Hash| hash.of(&[key, engine, key]);
        Keys {
            hash: self.hash,
            signing: self.hash.map(|hash| fit(&self.signing, hash)).unwrap_or_default(),
            sealing: self.hash.zip(self.sealing.as_ref()).map(|(hash, key)| {
                let mut key = fit(key, hash);
                key.truncate(AES_BYTES);
                key
            }),
        }
    }
}

impl Keys {
    /// Makes a whole message of a plain request: sealed and signed as far as the keys go. `None` when it does not fit.
    pub(super) fn wrap(
        &self,
        id: u32,
        peer: Peer<'_>,
        user: &[u8],
        salt: [u8; SALT_BYTES],
        plain: &[u8],
    ) -> Option<SecuredPacket> {
        let mut data = plain.to_vec();
        let mut envelope =
            Envelope { id, flags: 0, engine: peer.engine, boots: peer.boots, time: peer.time, user, salt: &[] };
        if let Some(key) = &self.sealing {
            envelope.flags |= SEALED;
            envelope.salt = &salt;
            let key: &[u8; AES_BYTES] = key.first_chunk()?;
            let vector = vector(peer.boots, peer.time, &salt)?;
            cfb_mode::Encryptor::<Aes128>::new(key.into(), &vector.into()).encrypt(&mut data);
        }
        let Some(hash) = self.hash else { return seal_in(&envelope, &data, 0).map(|(packet, _)| packet) };
        envelope.flags |= SIGNED;
        let (mut packet, at) = seal_in(&envelope, &data, hash.signature_bytes())?;
        let signature = hash.sign(&self.signing, &[&packet]);
        packet.get_mut(at..)?.get_mut(..hash.signature_bytes())?.copy_from_slice(&signature);
        Some(packet)
    }

    /// Whether the signature of a message stands.
    pub(super) fn is_signed(&self, secured: &Secured<'_>, message: &[u8]) -> bool {
        let Some(hash) = self.hash else { return false };
        let end = secured.signature_at + secured.signature.len();
        let (Some(before), Some(after)) = (message.get(..secured.signature_at), message.get(end..)) else {
            return false;
        };
        let zeros = vec![0; secured.signature.len()];
        // Its length belongs to the algorithm: a shorter one would be easier to guess.
        secured.signature.len() == hash.signature_bytes()
            && bool::from(hash.sign(&self.signing, &[before, &zeros, after]).ct_eq(secured.signature))
    }

    /// Opens what is sealed. `None`: there is no key for it, or it has no salt.
    pub(super) fn open(&self, secured: &Secured<'_>) -> Option<Vec<u8>> {
        let key: &[u8; AES_BYTES] = self.sealing.as_ref()?.first_chunk()?;
        let vector = vector(secured.boots, secured.time, secured.salt)?;
        let mut data = secured.data.to_vec();
        cfb_mode::Decryptor::<Aes128>::new(key.into(), &vector.into()).decrypt(&mut data);
        Some(data)
    }
}

/// The initialisation vector (RFC 3826 section 3.1.2.1).
fn vector(boots: u32, time: u32, salt: &[u8]) -> Option<[u8; AES_BYTES]> {
    [&boots.to_be_bytes(), &time.to_be_bytes(), salt].concat().try_into().ok()
}

impl Hash {
    /// Octets of a signature.
    const fn signature_bytes(self) -> usize {
        match self {
            Self::Sha1 => 12,
            Self::Sha224 => 16,
            Self::Sha256 => 24,
            Self::Sha384 => 32,
            Self::Sha512 => 48,
        }
    }

    fn of(self, parts: &[&[u8]]) -> Key {
        fn of<D: Digest>(parts: &[&[u8]]) -> Key {
            let mut hash = D::new();
            parts.iter().for_each(|part| hash.update(part));
            Zeroizing::new(hash.finalize().to_vec())
        }
        match self {
            Self::Sha1 => of::<Sha1>(parts),
            Self::Sha224 => of::<Sha224>(parts),
            Self::Sha256 => of::<Sha256>(parts),
            Self::Sha384 => of::<Sha384>(parts),
            Self::Sha512 => of::<Sha512>(parts),
        }
    }

    /// The key of a password, before it is fitted to an agent.
    fn stretch(self, password: &[u8]) -> Key {
        let stretched: Zeroizing<Vec<u8>> =
            Zeroizing::new(password.iter().copied().cycle().take(STRETCHED_BYTES).collect());
        self.of(&[&stretched])
    }

    /// The signature over these parts.
    fn sign(self, key: &[u8], parts: &[&[u8]]) -> Vec<u8> {
        fn sign<M: Mac + KeyInit>(key: &[u8], parts: &[&[u8]]) -> Vec<u8> {
            // A key of any length does (RFC 2104 section 2).
            let Ok(mut mac) = <M as KeyInit>::new_from_slice(key) else { return Vec::new() };
            parts.iter().for_each(|part| mac.update(part));
            mac.finalize().into_bytes().to_vec()
        }
        let mut signature = match self {
            Self::Sha1 => sign::<Hmac<Sha1>>(key, parts),
            Self::Sha224 => sign::<Hmac<Sha224>>(key, parts),
            Self::Sha256 => sign::<Hmac<Sha256>>(key, parts),
            Self::Sha384 => sign::<Hmac<Sha384>>(key, parts),
            Self::Sha512 => sign::<Hmac<Sha512>>(key, parts),
        };
        signature.truncate(self.signature_bytes());
        signature
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use vigie_wire::names::snmp::{Scoped, SnmpFact};

    fn bytes(hex: &str) -> Vec<u8> {
        data_encoding::HEXUPPER_PERMISSIVE.decode(hex.replace(char::is_whitespace, "").as_bytes()).unwrap()
    }

    /// The user of the captured messages below.
    fn user(name: &str, hash: Hash, seals: bool) -> User {
        let sealing = seals.then(|| hash.stretch(b"lab-privacy"));
        User { name: name.into(), hash: Some(hash), signing: hash.stretch(b"lab-authentication"), sealing }
    }

    /// net-snmp 5.9 answering `snmpget -v3`, captured, by user and hash: signed, and two of them sealed.
    const ANSWERS: [(&str, Hash, bool, &str); 3] = [
        (
            "lab",
            Hash::Sha1,
            true,
            "307E0201033011020455B2EB35020300FFE3040103020103042F302D040880001F88046C616202010102010204036C6162040CB1
            9C2B3B3DDC9C8D84B92C4B0408F909502BA617E2ED0435FD6B84E09A5F0784C8C2CAE56D8B5B7E6BA08C607FF7A7F3876A627A79
            5685446FD40196C67158FC7E87BD2449D32619A226F70541",
        ),
        (
            "lab256",
            Hash::Sha256,
            true,
            "30818D020103301102044F55EC54020300FFE3040103020103043E303C040880001F88046C616202010102010204066C61623235
            3604184DBBDEDD0FC6BA95A912B2973E59668F11A7F02B0E5F625D0408F909502BA617E2EE0435FC0763E3D1E97A5747D43B5707
            193ADC1497388EA2D44DA6D922C307FA3447A5DD5404962A4259CF868DD0458577E43E3CDAB149C7",
        ),
        (
            "lab512",
            Hash::Sha512,
            false,
            "30819B020103301102043A080779020300FFE3040101020103044E304C040880001F88046C616202010102010204066C61623531
            3204300BCF9ECD12905208E6CF7291FEC778B0C4F8BA9FD30916201096DA4550D8AC6CA356D7623B4BC8C42CF15F4C4258AAD704
            003033040880001F88046C61620400A22502042078A4040201000201003017301506082B06010201010500040973772D636F7265
            2D31",
        ),
    ];

    #[test]
    fn keys_are_those_of_the_standard() {
        // RFC 3414 appendix A.3.2.
        let stretched = Hash::Sha1.stretch(b"maplesyrup");
        assert_eq!(*stretched, bytes("9fb5cc0381497b3793528939ff788d5d79145211"));
        let user = User { name: Vec::new(), hash: Some(Hash::Sha1), signing: stretched, sealing: None };
        let keys = user.keys(&bytes("000000000000000000000002"));
        assert_eq!(*keys.signing, bytes("6695febc9288e36282235fc7151f128497b38f3f"));
    }

    #[test]
    fn real_answers_are_believed_and_opened_and_forged_ones_are_not() {
        for (name, hash, seals, hex) in ANSWERS {
            let mut raw = bytes(hex);
            let user = user(name, hash, seals);
            let engine = Secured::parse(&raw).unwrap().engine.to_vec();
            let keys = user.keys(&engine);
            let secured = Secured::parse(&raw).unwrap();
            assert_eq!(secured.flags, user.level(), "{name}");
            assert!(keys.is_signed(&secured, &raw), "{name}");
            let plain = if seals { keys.open(&secured).unwrap() } else { secured.data.to_vec() };
            let Ok(Scoped::Answer(answer)) = Scoped::parse(&plain) else { panic!("{name}: an answer") };
            assert!(answer.facts().any(|fact| fact == SnmpFact::Name("sw-core-1".try_into().unwrap())), "{name}");
            let last = raw.len() - 1;
            raw[last] ^= 1;
            assert!(!keys.is_signed(&Secured::parse(&raw).unwrap(), &raw), "{name}: one bit is another message");
        }
    }

    #[test]
    fn another_password_signs_and_opens_otherwise() {
        let raw = bytes(ANSWERS[0].3);
        let secured = Secured::parse(&raw).unwrap();
        let mut other = user("lab", Hash::Sha1, true);
        other.signing = Hash::Sha1.stretch(b"lab-authenticatioN");
        assert!(!other.keys(secured.engine).is_signed(&secured, &raw));
        other.sealing = Some(Hash::Sha1.stretch(b"lab-privacY"));
        let opened = other.keys(secured.engine).open(&secured).unwrap();
        assert!(Scoped::parse(&opened).is_err());
    }

    #[test]
    fn what_is_wrapped_can_be_checked_and_opened() {
        for (seals, hash) in [(true, Hash::Sha224), (false, Hash::Sha384), (true, Hash::Sha512)] {
            let keys = user("ada", hash, seals).keys(b"12345678");
            let peer = Peer { engine: b"12345678", boots: 3, time: 77 };
            let plain = vigie_wire::names::snmp::scoped_identity(9, peer.engine).unwrap();
            let packet = keys.wrap(5, peer, b"ada", [1, 2, 3, 4, 5, 6, 7, 8], &plain).unwrap();
            let secured = Secured::parse(&packet).unwrap();
            assert!(keys.is_signed(&secured, &packet));
            let opened = if seals { keys.open(&secured).unwrap() } else { secured.data.to_vec() };
            assert_eq!(opened, plain[..]);
        }
    }
}
