//! Holds a certificate with its key, ready to be shown to clients, and what it says of itself.
//! It never holds a key that does not belong to its certificate.
//! The authority makes some, the upload brings others, the stand shows one.

use std::sync::Arc;

use rustls::crypto::CryptoProvider;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, TrustAnchor, UnixTime};
use rustls::sign::CertifiedKey;
use rustls::{Error, InconsistentKeys};
use sha2::{Digest, Sha256};
use vigie_wire::names::banner::cert;
use webpki::{EndEntityCert, KeyUsage};

/// What a certificate says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Facts {
    /// SHA-256 of the certificate, as browsers show it.
    pub sha256: [u8; 32],
    /// First second it is good for, from 1970 in UTC.
    pub from: i64,
    /// Last second it is good for.
    pub until: i64,
    /// Who issued it, in one line.
    pub issuer: String,
    /// The names it is for; addresses are asked for one by one, with [`Served::covers`].
    pub names: Vec<String>,
}

/// A certificate with its key.
#[derive(Clone, Debug)]
pub struct Served {
    pub(super) key: Arc<CertifiedKey>,
    /// What it says of itself.
    pub facts: Facts,
}

/// Why a chain and a key are no certificate to show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unfit {
    /// It is no X.509 certificate that can be read.
    Certificate,
    /// The key is of no kind we can sign with, or damaged.
    Key,
    /// The key belongs to another certificate.
    Mismatch,
}

/// The one cryptography of the house.
#[must_use]
pub(super) fn provider() -> Arc<CryptoProvider> {
    Arc::new(rustls::crypto::ring::default_provider())
}

/// The SHA-256 of a certificate.
#[must_use]
pub(super) fn digest(der: &[u8]) -> [u8; 32] {
    Sha256::digest(der).into()
}

/// Writes a fingerprint as browsers do: `AB:CD:…`.
#[must_use]
pub fn fingerprint(sha256: &[u8; 32]) -> String {
    sha256.iter().map(|byte| format!("{byte:02X}")).collect::<Vec<_>>().join(":")
}

impl Served {
    /// Puts a chain, its own certificate first, and a key together.
    ///
    /// # Errors
    /// When they are not what they should be or do not belong together.
    pub(super) fn new(chain: Vec<CertificateDer<'static>>, key: PrivateKeyDer<'static>) -> Result<Self, Unfit> {
        let first = chain.first().ok_or(Unfit::Certificate)?;
        let facts = read(first).ok_or(Unfit::Certificate)?;
        let key = CertifiedKey::from_der(chain, key, &provider()).map_err(|error| match error {
            Error::InconsistentKeys(InconsistentKeys::KeyMismatch) => Unfit::Mismatch,
            Error::InvalidCertificate(_) => Unfit::Certificate,
            _ => Unfit::Key,
        })?;
        Ok(Self { key: Arc::new(key), facts })
    }

    /// The certificate, without those that vouch for it.
    #[must_use]
    pub fn certificate(&self) -> &[u8] {
        self.key.cert.first().map(AsRef::as_ref).unwrap_or_default()
    }

    /// Whether the certificate is for this name.
    #[must_use]
    pub fn covers(&self, name: &ServerName<'_>) -> bool {
        let first = CertificateDer::from(self.certificate());
        let first = EndEntityCert::try_from(&first).ok();
        first.is_some_and(|first| first.verify_is_valid_for_subject_name(name).is_ok())
    }
}

/// What a certificate says of itself; `None` when it cannot be read.
fn read(der: &CertificateDer<'_>) -> Option<Facts> {
    let entity = EndEntityCert::try_from(der).ok()?;
    let said = cert::read(der).ok()?;
    let (from, until) = said.valid?;
    let issuer = [said.issuer.organization.as_str(), said.issuer.common_name.as_str()];
    let issuer: Vec<&str> = issuer.into_iter().filter(|part| !part.is_empty()).collect();
    let names = entity.valid_dns_names().map(str::to_owned).collect();
    Some(Facts { sha256: digest(der), from, until, issuer: issuer.join(", "), names })
}

/// Checks that `anchor` vouches for the first of a chain, by way of the others, for a server, at a moment.
///
/// # Errors
/// What a client would refuse it for.
pub(super) fn vouch(chain: &[CertificateDer<'_>], anchor: &TrustAnchor<'_>, at_s: i64) -> Result<(), webpki::Error> {
    let (first, between) = chain.split_first().ok_or(webpki::Error::UnknownIssuer)?;
    let time = UnixTime::since_unix_epoch(std::time::Duration::from_secs(u64::try_from(at_s).unwrap_or_default()));
    let anchors = std::slice::from_ref(anchor);
    let usage = KeyUsage::server_auth();
    let first = EndEntityCert::try_from(first)?;
    first.verify_for_usage(webpki::ALL_VERIFICATION_ALGS, anchors, between, time, usage, None, None).map(|_| ())
}
