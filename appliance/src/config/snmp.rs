//! Holds how the user of SNMP version 3 is written in the configuration, and what must go together.
//! It never holds a key: the network shell makes keys of the passwords.
//! The configuration reads and checks with it.

use serde::Deserialize;

use super::{Fault, NetworkConfig};

/// Shortest password (RFC 3414, 11.2).
const MIN_PASSWORD_CHARACTERS: usize = 8;

/// Longest user name, in bytes (RFC 3414, 5).
const MAX_USER_BYTES: usize = 32;

/// How messages are signed. MD5 is left out: it is broken, and agents that know nothing else also speak version 2c.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SnmpAuth {
    /// HMAC-SHA-1-96 (RFC 3414).
    Sha1,
    /// HMAC-SHA-224-128 (RFC 7860), as the ones below.
    Sha224,
    /// HMAC-SHA-256-192.
    #[default]
    Sha256,
    /// HMAC-SHA-384-256.
    Sha384,
    /// HMAC-SHA-512-384.
    Sha512,
    /// Not at all: only when a person says so.
    None,
}

/// How messages are encrypted. DES is left out: it is broken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SnmpPrivacy {
    /// AES-128 in CFB mode (RFC 3826).
    #[default]
    Aes128,
    /// Not at all: only when a person says so.
    None,
}

/// Finds what does not go together.
pub(super) fn check(network: &NetworkConfig, faults: &mut Vec<Fault>) {
    let mut fault = |key: &str, why: &str| faults.push(Fault::new(key, None, why));
    let passwords = [
        (
            "network.snmp_auth_password",
            &network.snmp_auth_password,
            "network.snmp_auth",
            network.snmp_auth == SnmpAuth::None,
        ),
        (
            "network.snmp_privacy_password",
            &network.snmp_privacy_password,
            "network.snmp_privacy",
            network.snmp_privacy == SnmpPrivacy::None,
        ),
    ];
    let Some(user) = &network.snmp_user else {
        for (key, password, ..) in passwords {
            if password.is_some() {
                fault(key, "is set without network.snmp_user; SNMP version 3 asks as a user");
            }
        }
        return;
    };
    if user.is_empty() || user.len() > MAX_USER_BYTES {
        fault("network.snmp_user", "must have 1 to 32 bytes");
    }
    for (key, password, algorithm, none) in passwords {
        match (password, none) {
            (None, false) => {
                fault(key, &format!("is not set; set it, or do without by {algorithm} = \"none\""));
            }
            (Some(_), true) => fault(key, &format!("is set although {algorithm} is \"none\"")),
            (Some(password), false) if password.expose().chars().count() < MIN_PASSWORD_CHARACTERS => {
                fault(key, "is shorter than 8 characters, which SNMP version 3 does not allow");
            }
            _ => {}
        }
    }
    if network.snmp_auth == SnmpAuth::None && network.snmp_privacy != SnmpPrivacy::None {
        fault("network.snmp_privacy", "cannot be without a signature; set network.snmp_auth as well, or \"none\" here");
    }
}
