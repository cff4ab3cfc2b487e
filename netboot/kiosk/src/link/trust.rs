//! Holds whom the agent believes: one authority, the appliance's own, and nobody that the rest of the world believes.
//! Never lets a wrong clock or a changed address keep a workstation out: the key decides. Called by the link.

use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, SignatureScheme};
use sha2::{Digest, Sha256};
use webpki::{EndEntityCert, KeyUsage, anchor_from_trusted_cert};

/// SHA-256 of an authority's certificate in DER.
pub type Fingerprint = [u8; 32];

/// Reads a fingerprint: hex digits, with or without colons or blanks.
///
/// # Errors
/// What a fingerprint looks like.
pub fn read_fingerprint(text: &str) -> Result<Fingerprint, String> {
    let digits: String = text.chars().filter(|c| !matches!(c, ':' | ' ')).collect();
    let bytes = data_encoding::HEXLOWER_PERMISSIVE.decode(digits.as_bytes()).ok();
    let wrong = || "the pin must be a SHA-256: 64 hexadecimal digits, as `vigie run` prints it".to_owned();
    bytes.and_then(|bytes| bytes.try_into().ok()).ok_or_else(wrong)
}

/// The fingerprint of an authority.
#[must_use]
pub fn fingerprint(authority: &[u8]) -> Fingerprint {
    Sha256::digest(authority).into()
}

/// The DER of the first certificate in a PEM text.
#[must_use]
pub fn read_pem(text: &str) -> Option<Vec<u8>> {
    CertificateDer::from_pem_slice(text.as_bytes()).ok().map(|der| der.as_ref().to_vec())
}

/// TLS that believes this authority and no other.
///
/// # Errors
/// When the bytes are no certificate.
pub fn only(authority: &[u8]) -> Result<Arc<ClientConfig>, String> {
    let authority = CertificateDer::from(authority.to_vec());
    anchor_from_trusted_cert(&authority).map_err(|error| format!("the authority is no certificate: {error}"))?;
    config(Believed::Only(authority))
}

/// TLS that believes anybody: only to be told the authority's certificate, which is public. Nothing secret goes that way.
///
/// # Errors
/// Never with the providers there are.
pub fn anybody() -> Result<Arc<ClientConfig>, String> {
    config(Believed::Anybody)
}

fn config(believed: Believed) -> Result<Arc<ClientConfig>, String> {
    let provider = Arc::new(ring::default_provider());
    let verifier = Arc::new(Verifier { believed, provider: provider.clone() });
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?;
    Ok(Arc::new(builder.dangerous().with_custom_certificate_verifier(verifier).with_no_client_auth()))
}

/// Whose certificate does.
#[derive(Debug)]
enum Believed {
    /// What this one authority signed.
    Only(CertificateDer<'static>),
    /// Whatever is shown.
    Anybody,
}

/// Judges the certificate by who is believed. Whoever it is proves in the handshake that the key is theirs.
#[derive(Debug)]
struct Verifier {
    believed: Believed,
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        // The authority signs for its own appliance alone: under which name or address it is reached says nothing more.
        _name: &ServerName<'_>,
        _ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let Believed::Only(authority) = &self.believed else {
            return Ok(ServerCertVerified::assertion());
        };
        let bad = |_| rustls::Error::InvalidCertificate(rustls::CertificateError::UnknownIssuer);
        let anchor = anchor_from_trusted_cert(authority).map_err(bad)?;
        let certificate = EndEntityCert::try_from(end_entity).map_err(bad)?;
        let algorithms = self.provider.signature_verification_algorithms.all;
        let check = |time: UnixTime| {
            let usage = KeyUsage::server_auth();
            let anchors = std::slice::from_ref(&anchor);
            certificate.verify_for_usage(algorithms, anchors, intermediates, time, usage, None, None).map(|_| ())
        };
        // A workstation without a battery starts in 1970, and an appliance renews its certificate by its own clock. What a
        // key has signed stays signed: the dates are looked at and not held against anybody.
        let checked = match check(now) {
            Err(webpki::Error::CertNotValidYet { not_before, .. }) => check(not_before),
            Err(webpki::Error::CertExpired { not_after, .. }) => check(not_after),
            other => other,
        };
        checked.map(|()| ServerCertVerified::assertion()).map_err(bad)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, certificate, signature, &self.provider.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, certificate, signature, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

#[cfg(test)]
mod tests;
