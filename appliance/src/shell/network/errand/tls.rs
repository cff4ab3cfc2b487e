//! Holds a TLS handshake with a device, for the names in its certificate.
//! Never trusts the certificate: it is a label here, and nothing secret is ever sent over the connection. Called by `greeting`.

use std::sync::{Arc, OnceLock};

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, Error, SignatureScheme};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use vigie_core::lan::{Clue, Fact, Source};
use vigie_wire::names::banner::cert;

use super::Visit;

/// Shakes hands and tells the names in the certificate. Gives the connection for a request that holds no secret.
pub(super) async fn greet(at: &Visit, stream: TcpStream) -> Option<TlsStream<TcpStream>> {
    static CONFIG: OnceLock<Option<Arc<ClientConfig>>> = OnceLock::new();
    let config = CONFIG.get_or_init(|| client_config().map(Arc::new)).clone()?;
    let secure = TlsConnector::from(config).connect(ServerName::from(at.ip), stream).await.ok()?;
    let (_, session) = secure.get_ref();
    let names = session.peer_certificates().and_then(|chain| chain.first()).map(|first| cert::read(first));
    if let Some(Ok(names)) = names {
        let subject = names.subject.common_name.as_str();
        for name in std::iter::once(subject).chain(names.dns_names.iter().map(std::ops::Deref::deref)) {
            if !name.is_empty() {
                at.tell(Source::Tls, Fact::Clue(Clue::TlsName, name));
            }
        }
        let issuer = [names.issuer.organization.as_str(), names.issuer.common_name.as_str()].join(" ");
        if !issuer.trim().is_empty() {
            at.tell(Source::Tls, Fact::Clue(Clue::TlsIssuer, issuer.trim()));
        }
    }
    Some(secure)
}

fn client_config() -> Option<ClientConfig> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let verifier = Arc::new(AnyLabel(provider.clone()));
    let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().ok()?;
    Some(builder.dangerous().with_custom_certificate_verifier(verifier).with_no_client_auth())
}

/// Takes any certificate, but checks that its holder signed the handshake: the label is at least the holder's own.
#[derive(Debug)]
struct AnyLabel(Arc<CryptoProvider>);

impl ServerCertVerifier for AnyLabel {
    fn verify_server_cert(
        &self,
        _end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        rustls::crypto::verify_tls12_signature(message, cert, signed, &self.0.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        rustls::crypto::verify_tls13_signature(message, cert, signed, &self.0.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
