//! Holds the type of everything that must not be shown: passwords, tokens, codes, keys.
//! It never prints what it holds, and it wipes its memory when dropped.
//! Accounts, configuration and request bodies use it.

use std::fmt;

use serde::{Deserialize, Deserializer};
use subtle::ConstantTimeEq;
use zeroize::{Zeroize, Zeroizing};

/// Longest secret taken from outside, in bytes: the work of hashing it stays bounded.
pub const MAX_SECRET_BYTES: usize = 1_024;

/// A text that cannot be printed. It has no `Serialize`, so it cannot leave through an answer by accident.
#[derive(Clone)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// Takes a text into custody.
    #[must_use]
    pub fn new(text: String) -> Self {
        Self(Zeroizing::new(text))
    }

    /// The text itself. Every call is a place to look at in a review.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Compares in a time that depends on the lengths only.
    #[must_use]
    pub fn matches(&self, other: &str) -> bool {
        self.0.as_bytes().ct_eq(other.as_bytes()).into()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[secret]")
    }
}

impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut text = String::deserialize(deserializer)?;
        if text.len() > MAX_SECRET_BYTES {
            text.zeroize();
            return Err(serde::de::Error::custom("longer than 1024 bytes"));
        }
        Ok(Self::new(text))
    }
}

impl schemars::JsonSchema for Secret {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Secret".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "string", "format": "password", "writeOnly": true, "maxLength": MAX_SECRET_BYTES })
    }
}

/// Random bytes from the kernel.
///
/// # Errors
/// When the kernel refuses, which on Linux means there is no working system below us.
pub fn draw<const N: usize>() -> Result<[u8; N], getrandom::Error> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_never_printed() {
        let secret = Secret::new("correct horse".into());
        assert_eq!(format!("{secret:?} {:?}", Some(&secret)), "[secret] Some([secret])");
        assert!(secret.matches("correct horse"));
        assert!(!secret.matches("correct horsf"));
    }

    #[test]
    fn an_overlong_secret_is_refused_without_repeating_it() {
        let text = format!("\"{}\"", "k".repeat(MAX_SECRET_BYTES + 1));
        let refusal = serde_json::from_str::<Secret>(&text).err().map(|e| e.to_string()).unwrap_or_default();
        assert!(refusal.contains("1024") && !refusal.contains("kk"), "{refusal}");
    }
}
