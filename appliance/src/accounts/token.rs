//! Holds the access token: a JWT (RFC 7519) signed with the device's Ed25519 key (RFC 8037), one algorithm, one shape.
//! It never reads an algorithm out of a token and never decides by the wall clock: the session table does the latter.
//! Accounts sign and open tokens with it; later the kiosk signs its leases with the same key.

use std::time::Duration;

use data_encoding::BASE64URL_NOPAD as BASE64;
use ed25519_dalek::{Signature, Signer, SigningKey};
use serde::{Deserialize, Serialize};

use super::role::Role;
use super::secret::draw;

// Own code instead of a JWT crate: the header is one constant compared byte for byte, so that the whole family of
// algorithm confusions cannot be written down, and nothing but the Ed25519 we carry anyway is linked.
/// The only header there is, before encoding.
const HEADER: &str = r#"{"alg":"EdDSA","typ":"JWT"}"#;

/// Longest token looked at, in bytes. Ours are under 400.
const MAX_TOKEN_BYTES: usize = 1_024;

/// The audience every token carries: it is for this kind of machine only.
const AUDIENCE: &str = "vigie";

/// The device's signing key. It cannot be printed and is wiped when dropped.
pub struct DeviceKey(SigningKey);

impl DeviceKey {
    /// Makes a new key.
    ///
    /// # Errors
    /// When the kernel gives no randomness.
    pub fn draw() -> Result<Self, getrandom::Error> {
        Ok(Self::from_seed(&zeroize::Zeroizing::new(draw()?)))
    }

    /// The key that belongs to 32 stored bytes.
    #[must_use]
    pub fn from_seed(seed: &[u8; 32]) -> Self {
        Self(SigningKey::from_bytes(seed))
    }

    /// The seed, to derive other keys of this device from.
    pub(super) fn seed(&self) -> zeroize::Zeroizing<[u8; 32]> {
        zeroize::Zeroizing::new(self.0.to_bytes())
    }

    /// The public half.
    #[must_use]
    pub fn public(&self) -> [u8; 32] {
        self.0.verifying_key().to_bytes()
    }

    /// Whether this device signed these bytes.
    #[must_use]
    pub fn verifies(&self, bytes: &[u8], signature: &[u8]) -> bool {
        let Ok(signature) = <&[u8; 64]>::try_from(signature) else { return false };
        self.0.verifying_key().verify_strict(bytes, &Signature::from_bytes(signature)).is_ok()
    }

    /// Signs bytes whose first ones say what they are; never sign bytes a stranger chose whole.
    #[must_use]
    pub fn sign(&self, bytes: &[u8]) -> [u8; 64] {
        self.0.sign(bytes).to_bytes()
    }
}

/// What a token says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claims {
    /// Always `vigie`.
    aud: String,
    /// Number of the account, as text (RFC 7519 wants a string).
    pub sub: String,
    /// The role at the time of signing; the table, not this, decides.
    pub role: Role,
    /// Looked up in the table of live tokens.
    pub jti: String,
    /// Wall time of issue in seconds, absent while the clock is not set.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    iat: Option<u64>,
    /// Wall time of expiry in seconds, for the client's information; the appliance judges by its own monotonic clock.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    exp: Option<u64>,
}

/// Signs a token.
#[must_use]
pub fn sign(key: &DeviceKey, account: u32, role: Role, jti: &str, wall: Option<Duration>, life: Duration) -> String {
    let claims = Claims {
        aud: AUDIENCE.into(),
        sub: account.to_string(),
        role,
        jti: jti.into(),
        iat: wall.map(|wall| wall.as_secs()),
        exp: wall.map(|wall| (wall + life).as_secs()),
    };
    // A struct of strings and numbers always serialises.
    let body = serde_json::to_vec(&claims).unwrap_or_default();
    let signed = format!("{}.{}", BASE64.encode(HEADER.as_bytes()), BASE64.encode(&body));
    let signature = key.sign(signed.as_bytes());
    format!("{signed}.{}", BASE64.encode(&signature))
}

/// Opens a token: `None` unless it has our header, our signature and our audience.
#[must_use]
pub fn open(key: &DeviceKey, token: &str) -> Option<Claims> {
    if token.len() > MAX_TOKEN_BYTES {
        return None;
    }
    let (signed, signature) = token.rsplit_once('.')?;
    let (header, body) = signed.split_once('.')?;
    if header != BASE64.encode(HEADER.as_bytes()) {
        return None;
    }
    let signature: [u8; 64] = BASE64.decode(signature.as_bytes()).ok()?.try_into().ok()?;
    key.0.verifying_key().verify_strict(signed.as_bytes(), &Signature::from_bytes(&signature)).ok()?;
    let claims: Claims = serde_json::from_slice(&BASE64.decode(body.as_bytes()).ok()?).ok()?;
    (claims.aud == AUDIENCE).then_some(claims)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIFE: Duration = Duration::from_secs(600);

    fn key(byte: u8) -> DeviceKey {
        DeviceKey::from_seed(&[byte; 32])
    }

    #[test]
    fn a_token_opens_with_its_key_only() {
        let token = sign(&key(1), 7, Role::Admin, "abc", Some(Duration::from_secs(1_800_000_000)), LIFE);
        let claims = open(&key(1), &token).unwrap();
        assert_eq!((claims.sub.as_str(), claims.jti.as_str(), claims.role), ("7", "abc", Role::Admin));
        assert_eq!((claims.iat, claims.exp), (Some(1_800_000_000), Some(1_800_000_600)));
        assert_eq!(open(&key(2), &token), None);
    }

    #[test]
    fn every_changed_character_breaks_it() {
        let token = sign(&key(1), 7, Role::Viewer, "abc", None, LIFE);
        for at in 0..token.len() {
            let mut bytes = token.clone().into_bytes();
            bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
            assert_eq!(open(&key(1), &String::from_utf8(bytes).unwrap()), None, "at {at}");
            assert_eq!(open(&key(1), &token[..at]), None, "cut at {at}");
        }
    }

    #[test]
    fn other_algorithms_are_not_even_read() {
        let body = BASE64.encode(br#"{"aud":"vigie","sub":"1","role":"admin","jti":"x"}"#);
        for header in [r#"{"alg":"none"}"#, r#"{"alg":"HS256","typ":"JWT"}"#, r#"{"typ":"JWT","alg":"EdDSA"}"#] {
            let signed = format!("{}.{body}", BASE64.encode(header.as_bytes()));
            let signature = BASE64.encode(&key(1).sign(signed.as_bytes()));
            assert_eq!(open(&key(1), &format!("{signed}.{signature}")), None, "{header}");
            assert_eq!(open(&key(1), &format!("{signed}.")), None, "{header}");
        }
    }

    #[test]
    fn a_token_for_somebody_else_is_refused() {
        let body = BASE64.encode(br#"{"aud":"other","sub":"1","role":"admin","jti":"x"}"#);
        let signed = format!("{}.{body}", BASE64.encode(HEADER.as_bytes()));
        let token = format!("{signed}.{}", BASE64.encode(&key(1).sign(signed.as_bytes())));
        assert_eq!(open(&key(1), &token), None);
    }
}
