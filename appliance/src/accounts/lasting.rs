//! Holds the lasting token of a screen: 256 random bits that are good until they are replaced.
//! It never keeps one: the account's record holds SHA-256 of it, which for so many random bits is as good as a password hash.
//! Accounts draw one when an administrator asks, and find the account of one that comes back.

use std::net::IpAddr;

use data_encoding::BASE64URL_NOPAD as BASE64;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use super::role::Role;
use super::secret::{Secret, draw};
use super::{Accounts, Principal, Refusal, find_principal};

/// What a lasting token begins with, so that people and programs that search for leaked secrets recognise one.
pub const LASTING_MARK: &str = "vigie-lasting";

/// Draws a token for an account: its text for the person, and what the record keeps.
pub(super) fn draw_for(account: u32) -> Result<(Secret, [u8; 32]), Refusal> {
    let text = format!("{LASTING_MARK}.{account}.{}", BASE64.encode(&*zeroize::Zeroizing::new(draw::<32>()?)));
    let digest = digest(&text);
    Ok((Secret::new(text), digest))
}

fn digest(text: &str) -> [u8; 32] {
    Sha256::digest(text.as_bytes()).into()
}

impl Accounts {
    /// Who a lasting token speaks for. `None` unless it is the present one of an enabled account of a screen: those of
    /// workstations, which earlier versions made, open nothing any more.
    #[must_use]
    pub fn open_lasting(&self, text: &str, from: Option<IpAddr>) -> Option<Principal> {
        let account: u32 = text.strip_prefix(LASTING_MARK)?.strip_prefix('.')?.split('.').next()?.parse().ok()?;
        let now = self.clock.now();
        let mut state = self.state();
        let record = state.accounts.iter().find(|record| record.number == account && record.enabled)?;
        if record.role() != Some(Role::Screen) {
            return None;
        }
        if !bool::from(record.token?.ct_eq(&digest(text))) {
            return None;
        }
        let session = state.sessions.find_lasting(now, account, from);
        find_principal(&state, account, session)
    }
}
