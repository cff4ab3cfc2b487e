//! Holds the device's own certificate authority: how it is drawn, what it may vouch for, and how it issues.
//! It never issues for longer than clients accept once the wall clock is known, and never for a name it is not permitted:
//! each certificate is checked as a client would check it. The keeper of TLS draws one at first start and asks it for
//! certificates.

use std::time::Duration;

use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, DnValue, ExtendedKeyUsagePurpose, IsCa, Issuer,
    KeyPair, KeyUsagePurpose, NameConstraints, PKCS_ECDSA_P256_SHA256, PublicKeyData, SanType, SerialNumber,
};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use time::OffsetDateTime;
use vigie_wire::names::banner::cert;
use webpki::anchor_from_trusted_cert;
use zeroize::Zeroizing;

use crate::accounts::secret::draw;
use crate::http::guard::OwnNames;

use super::names::permitted;
use super::pem;
use super::served::{Served, digest, vouch};

const DAY_S: i64 = 24 * 60 * 60;

/// The first second of 2025 in UTC, before which no such appliance existed: where the authority begins, so that its dates
/// hold whatever the clock said when it was drawn.
const EPOCH_S: i64 = 1_735_689_600;

/// The last second of 2049: where two-digit years end (RFC 5280, 4.1.2.5), beyond which old clients misread a date.
const LAST_S: i64 = 2_524_607_999;

/// Life of a certificate, in days. Apple and others refuse more than 398 (CA/Browser Forum, baseline requirements).
const LIFE_DAYS: i64 = 397;

/// How far a certificate reaches back, in days: workstations with an empty battery run late, and ours may step back a
/// little when it is set.
const BACK_DAYS: i64 = 30;

/// A certificate with less left than this is replaced, in days: a box that is switched off over a long summer still comes
/// back with a good one.
const RENEW_DAYS: i64 = 60;

/// The maker, as it stands in both certificates.
const MAKER: &str = "Vigie";

/// What cannot go on: the kernel gives no randomness, or a library refuses what it should not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure(pub String);

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Failure {}

impl From<rcgen::Error> for Failure {
    fn from(error: rcgen::Error) -> Self {
        Self(format!("a certificate cannot be made: {error}"))
    }
}

impl From<getrandom::Error> for Failure {
    fn from(error: getrandom::Error) -> Self {
        Self(format!("the kernel gives no randomness: {error}"))
    }
}

/// Why a certificate is replaced, or stored again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// The appliance is reached by a name or address that is not in it.
    Names,
    /// Its dates do not fit the wall clock, or it was issued before the clock was known.
    Dates,
    /// It is the same, but could not be stored before and is now.
    Stored,
}

/// What was issued, with the text to keep.
pub(super) struct Issued {
    /// Ready to be shown.
    pub served: Served,
    /// Key and certificate, to be stored.
    pub text: Zeroizing<String>,
    /// Wanted, but beyond what the authority may vouch for.
    pub refused: Vec<String>,
}

/// The device's own authority.
pub(super) struct Authority {
    key: KeyPair,
    der: CertificateDer<'static>,
    subject: String,
}

impl Authority {
    /// Draws a new one for the names the appliance has now.
    ///
    /// # Errors
    /// When the kernel gives no randomness.
    pub(super) fn draw(own: &OwnNames) -> Result<Self, Failure> {
        let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?;
        // Two boxes must not have authorities of one name: clients that know both would try the wrong key.
        let id: String = digest(key.der_bytes()).iter().take(4).map(|byte| format!("{byte:02X}")).collect();
        let subject = format!("{MAKER} CA {id}");
        let mut params = CertificateParams::default();
        params.distinguished_name = name(&subject);
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        let constraints = NameConstraints { permitted_subtrees: permitted(own), excluded_subtrees: Vec::new() };
        params.name_constraints = Some(constraints);
        params.serial_number = Some(serial()?);
        (params.not_before, params.not_after) = (moment(EPOCH_S)?, moment(LAST_S)?);
        let der = params.self_signed(&key)?.der().clone();
        Ok(Self { key, der, subject })
    }

    /// Reads one that was stored.
    ///
    /// # Errors
    /// What is wrong with the text, to be told to a person.
    pub(super) fn read(text: &[u8]) -> Result<Self, &'static str> {
        let mut contents = pem::read(text)?;
        let der = contents.chain.pop().filter(|_| contents.chain.is_empty()).ok_or("it must hold one certificate")?;
        let Some(PrivateKeyDer::Pkcs8(key)) = contents.keys.pop() else { return Err("it holds no key in PKCS #8") };
        let key = KeyPair::from_pkcs8_der_and_sign_algo(&key, &PKCS_ECDSA_P256_SHA256);
        let key = key.map_err(|_| "its key is no P-256 key")?;
        let said = cert::read(&der).map_err(|_| "its certificate cannot be read")?;
        let subject = said.subject.common_name.as_str().to_owned();
        let anchor = anchor_from_trusted_cert(&der).map_err(|_| "its certificate cannot be read")?;
        // What it issues itself would do as an anchor, too; only an authority is refused as a server's.
        let trial = vouch(std::slice::from_ref(&der), &anchor, EPOCH_S);
        if trial != Err(webpki::Error::CaUsedAsEndEntity) {
            return Err("its certificate is not that of an authority");
        }
        let read = Self { key, der, subject };
        // Shows that key and certificate belong together, before clients find out that they do not.
        let trial = ServerName::try_from("localhost").map_err(|_| "")?;
        let issued = read.sign(&[trial], EPOCH_S, LAST_S).map_err(|_| "its key cannot sign")?.0;
        read.vouches(&issued).map_err(|_| "its key does not belong to its certificate")?;
        Ok(read)
    }

    /// The text to be stored: key and certificate.
    #[must_use]
    pub(super) fn text(&self) -> Zeroizing<String> {
        let key = pem::write_key(self.key.serialized_der());
        let certificate = pem::write_certificate(&self.der);
        let mut text = Zeroizing::new(String::with_capacity(key.len() + certificate.len()));
        text.push_str(&key);
        text.push_str(&certificate);
        text
    }

    /// The certificate, without the key.
    #[must_use]
    pub(super) fn certificate(&self) -> &CertificateDer<'static> {
        &self.der
    }

    /// Issues a certificate for these names. Without a wall clock it is good for as long as the authority: a short one
    /// might be over already where the clients are.
    ///
    /// # Errors
    /// When the kernel gives no randomness.
    pub(super) fn issue(&self, wanted: &[ServerName<'static>], wall: Option<Duration>) -> Result<Issued, Failure> {
        let (from, until) = dates(wall);
        let (mut der, mut key) = self.sign(wanted, from, until)?;
        let mut refused = Vec::new();
        if self.vouches(&der).is_err() {
            // One name beyond what is permitted spoils the whole certificate.
            refused = self.refuse(wanted)?;
            let good = wanted.iter().filter(|name| !refused.iter().any(|refused| *refused == name.to_str()));
            (der, key) = self.sign(&good.cloned().collect::<Vec<_>>(), from, until)?;
            self.vouches(&der).map_err(|error| Failure(format!("the own certificate does not hold: {error}")))?;
        }
        let (key, certificate) = (pem::write_key(key.serialized_der()), pem::write_certificate(&der));
        let mut text = Zeroizing::new(String::with_capacity(key.len() + certificate.len()));
        text.push_str(&key);
        text.push_str(&certificate);
        let served = self.restore(text.as_bytes()).map_err(|why| Failure(why.to_owned()))?;
        Ok(Issued { served, text, refused })
    }

    /// Which of these names are beyond what it is permitted to vouch for. Each is tried by itself, as a client would.
    ///
    /// # Errors
    /// When the kernel gives no randomness.
    pub(super) fn refuse<'n>(
        &self,
        names: impl IntoIterator<Item = &'n ServerName<'static>>,
    ) -> Result<Vec<String>, Failure> {
        let mut refused = Vec::new();
        for name in names {
            let (alone, _) = self.sign(std::slice::from_ref(name), EPOCH_S, LAST_S)?;
            if self.vouches(&alone).is_err() {
                refused.push(name.to_str().into_owned());
            }
        }
        Ok(refused)
    }

    /// Reads a certificate this authority has issued and that was stored.
    ///
    /// # Errors
    /// What is wrong with it, to be told to a person.
    pub(super) fn restore(&self, text: &[u8]) -> Result<Served, &'static str> {
        let mut contents = pem::read(text)?;
        let key = contents.keys.pop().ok_or("it holds no key")?;
        let served = Served::new(contents.chain, key).map_err(|_| "its key and certificate do not belong together")?;
        let first = served.key.cert.first().ok_or("it holds no certificate")?;
        self.vouches(first).map_err(|_| "it was issued by another authority")?;
        Ok(served)
    }

    fn sign(
        &self,
        names: &[ServerName<'static>],
        from: i64,
        until: i64,
    ) -> Result<(CertificateDer<'static>, KeyPair), Failure> {
        let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?;
        let mut params = CertificateParams::default();
        params.distinguished_name = name(MAKER);
        params.subject_alt_names = names.iter().filter_map(alternative).collect();
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        params.use_authority_key_identifier_extension = true;
        // Drawn anew each time: Firefox refuses two certificates of one issuer and number.
        params.serial_number = Some(serial()?);
        (params.not_before, params.not_after) = (moment(from)?, moment(until)?);
        let mut issuer = CertificateParams::default();
        issuer.distinguished_name = name(&self.subject);
        issuer.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        let der = params.signed_by(&key, &Issuer::from_params(&issuer, &self.key))?.der().clone();
        Ok((der, key))
    }

    /// Whether a client that knows this authority accepts a certificate, its dates aside.
    fn vouches(&self, der: &CertificateDer<'_>) -> Result<(), webpki::Error> {
        let from = cert::read(der).ok().and_then(|said| said.valid).map_or(EPOCH_S, |(from, _)| from);
        vouch(std::slice::from_ref(der), &anchor_from_trusted_cert(&self.der)?, from)
    }
}

/// Whether a certificate of the device's own is to be replaced.
#[must_use]
pub(super) fn judge(
    served: &Served,
    wanted: &[ServerName<'static>],
    refused: &[String],
    wall: Option<Duration>,
) -> Option<Reason> {
    let facts = &served.facts;
    if let Some(now) = believe(wall) {
        let provisional = facts.until - facts.from > LIFE_DAYS * DAY_S;
        if provisional || now < facts.from || facts.until - now < RENEW_DAYS * DAY_S {
            return Some(Reason::Dates);
        }
    }
    // More names than are wanted do no harm: a leg whose cable is out comes back.
    let missing = |name: &&ServerName<'static>| !refused.contains(&name.to_str().into_owned()) && !served.covers(name);
    wanted.iter().find(missing).map(|_| Reason::Names)
}

/// Seconds since 1970, unless nobody has set the clock or it shows a year in which the authority is over.
fn believe(wall: Option<Duration>) -> Option<i64> {
    let now = i64::try_from(wall?.as_secs()).ok()?;
    (now < LAST_S - LIFE_DAYS * DAY_S).then_some(now)
}

/// First and last second of a certificate issued now.
fn dates(wall: Option<Duration>) -> (i64, i64) {
    match believe(wall) {
        // Whole days: the moment of the start is nobody's business.
        Some(now) => {
            let from = (now - now.rem_euclid(DAY_S) - BACK_DAYS * DAY_S).max(EPOCH_S.min(now));
            (from, from + LIFE_DAYS * DAY_S - 1)
        }
        None => (EPOCH_S, LAST_S),
    }
}

fn moment(unix_s: i64) -> Result<OffsetDateTime, Failure> {
    OffsetDateTime::from_unix_timestamp(unix_s).map_err(|_| Failure(format!("{unix_s} is no date")))
}

fn name(common: &str) -> DistinguishedName {
    let mut name = DistinguishedName::new();
    name.push(DnType::OrganizationName, DnValue::Utf8String(MAKER.to_owned()));
    name.push(DnType::CommonName, DnValue::Utf8String(common.to_owned()));
    name
}

/// Sixteen random bytes, positive (RFC 5280, 4.1.2.2).
fn serial() -> Result<SerialNumber, Failure> {
    let mut bytes: [u8; 16] = draw()?;
    if let Some(first) = bytes.first_mut() {
        *first = *first & 0x3f | 0x40;
    }
    Ok(SerialNumber::from_slice(&bytes))
}

fn alternative(name: &ServerName<'static>) -> Option<SanType> {
    match name {
        ServerName::DnsName(name) => name.as_ref().try_into().ok().map(SanType::DnsName),
        ServerName::IpAddress(address) => Some(SanType::IpAddress((*address).into())),
        _ => None,
    }
}

#[cfg(test)]
#[path = "issue_tests.rs"]
mod tests;
