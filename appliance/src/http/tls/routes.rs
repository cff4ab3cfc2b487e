//! Holds the routes of TLS: what certificate is shown, the authority to install, and a person's own certificate.
//! It never gives out a key, and never switches to a certificate that has not been checked and stored.
//! The route table holds them.

use std::sync::Arc;

use hyper::header::CONTENT_DISPOSITION;
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};
use zeroize::Zeroizing;

use vigie_core::audit::Kind;

use crate::accounts::clock::format_utc;
use crate::accounts::role::Access;
use crate::http::call::Call;
use crate::http::language::Text;
use crate::http::problem::{ErrorKind, Fault, Problem, faults};
use crate::http::reply::Reply;
use crate::http::route::{Outcome, Route};

use super::{Facts, Shown, Tls, fingerprint, upload};

/// TLS was switched off.
pub static TLS_OFF: Fault = Fault {
    code: "tls_off",
    kind: ErrorKind::Conflict,
    text: Text {
        en: "TLS is switched off here (--no-tls, or http.tls = false), so there is no certificate.",
        fr: "TLS est désactivé ici (--no-tls, ou http.tls = false) : il n'y a donc pas de certificat.",
    },
};

/// A text that cannot be printed: a key in PEM, too long for [`crate::accounts::secret::Secret`].
struct KeyText(Zeroizing<String>);

impl std::fmt::Debug for KeyText {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("[secret]")
    }
}

impl<'de> Deserialize<'de> for KeyText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(|text| Self(Zeroizing::new(text)))
    }
}

impl JsonSchema for KeyText {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "KeyText".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "string", "format": "password", "writeOnly": true })
    }
}

/// A certificate and its key.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Upload {
    /// PEM: the appliance's own certificate first, then each one's issuer.
    certificate: String,
    /// PEM, without a password: RSA, P-256, P-384 or Ed25519.
    key: KeyText,
}

/// Whose certificate it is.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Source {
    /// Issued by the device's own authority.
    Device,
    /// Brought by a person.
    Uploaded,
}

#[derive(Serialize, JsonSchema)]
struct Certificate {
    source: Source,
    /// SHA-256 of the certificate, as browsers show it.
    sha256: String,
    /// Who issued it.
    issuer: String,
    /// DNS names it is for.
    names: Vec<String>,
    /// First moment it is good for, RFC 3339 in UTC.
    not_before: String,
    /// Last moment it is good for.
    not_after: String,
}

#[derive(Serialize, JsonSchema)]
struct AuthorityView {
    /// SHA-256 of its certificate.
    sha256: String,
    /// Where it is to be had, in PEM and in DER.
    pem: &'static str,
    der: &'static str,
}

#[derive(Serialize, JsonSchema)]
struct TlsView {
    /// Whether the appliance answers over TLS.
    enabled: bool,
    /// The port; `null` without TLS.
    port: Option<u16>,
    /// What clients are shown; `null` without TLS.
    certificate: Option<Certificate>,
    /// The device's own authority; `null` without TLS.
    authority: Option<AuthorityView>,
    /// Names the appliance answers to that its own authority may not vouch for.
    refused_names: Vec<String>,
    /// Whether keys and certificates will be there after a restart.
    stored: bool,
}

/// Where the authority's certificate is to be had.
pub const AUTHORITY_PEM: &str = "/api/tls/ca.pem";
/// The same in DER, which telephones install when they are given it with this name.
pub const AUTHORITY_DER: &str = "/api/tls/ca.crt";

/// The routes.
#[must_use]
pub fn routes() -> Vec<Route> {
    vec![
        Route::get("/api/tls", Access::Viewer, "The certificate clients are shown, and the device's own authority")
            .answers::<TlsView>(200)
            .run(async |call: Call| Reply::json(&view(call.platform.tls.as_deref()))),
        // Public: everybody who connects is shown a certificate of it anyway, and it is installed before the first log-in.
        Route::get(AUTHORITY_PEM, Access::Public, "The certificate of the device's own authority, in PEM")
            .speaks(200, "application/x-pem-file")
            .run(async |call: Call| {
                let text = enabled(&call)?.shown().authority_pem();
                let file = "attachment; filename=\"vigie-ca.pem\"";
                Ok(Reply::bytes_of("application/x-pem-file", text).header(CONTENT_DISPOSITION, file))
            }),
        Route::get(AUTHORITY_DER, Access::Public, "The same in DER, for telephones")
            .speaks(200, "application/x-x509-ca-cert")
            // No attachment: telephones offer to install what they would only put away then.
            .run(async |call: Call| {
                let der = enabled(&call)?.shown().authority.to_vec();
                Ok(Reply::bytes_of("application/x-x509-ca-cert", der))
            }),
        Route::put("/api/tls/certificate", Access::Admin, "Show a certificate of one's own, checked before the switch")
            .reads::<Upload>()
            .answers::<TlsView>(200)
            .audits(Kind::CertificateChanged)
            .run(take),
        Route::delete("/api/tls/certificate", Access::Admin, "Go back to the device's own certificate")
            .audits(Kind::CertificateChanged)
            .run(take_back),
    ]
}

async fn take(call: Call) -> Outcome {
    let tls = enabled(&call)?;
    let asked: Upload = call.json()?;
    let (own, wall) = (call.platform.guard.own(), call.platform.clock.wall());
    let accepted = upload::check(&asked.certificate, &asked.key.0, &own, wall)?;
    let sha256 = fingerprint(&accepted.served.facts.sha256);
    switch(tls.clone(), Some(accepted)).await?;
    tracing::info!(%sha256, "an uploaded certificate is shown from now on");
    Reply::json(&view(Some(&tls)))
}

async fn take_back(call: Call) -> Outcome {
    let tls = enabled(&call)?;
    switch(tls, None).await?;
    tracing::info!("the device's own certificate is shown from now on");
    Ok(Reply::empty())
}

/// Stores, then shows. On a thread of its own: a card may take its time.
async fn switch(tls: Arc<Tls>, accepted: Option<upload::Accepted>) -> Result<(), Problem> {
    let job = tokio::task::spawn_blocking(move || match accepted {
        Some(upload::Accepted { served, text }) => tls.replace(Some((served, text.as_bytes()))),
        None => tls.replace(None),
    });
    let stored = job.await.map_err(|_| Problem::from(&faults::INTERNAL))?;
    stored.map_err(|error| {
        tracing::warn!(%error, "a certificate cannot be stored");
        Problem::from(&faults::NOT_SAVED)
    })
}

fn enabled(call: &Call) -> Result<Arc<Tls>, Problem> {
    call.platform.tls.clone().ok_or_else(|| Problem::from(&TLS_OFF))
}

fn view(tls: Option<&Tls>) -> TlsView {
    let Some((tls, shown)) = tls.map(|tls| (tls, tls.shown())) else {
        let (port, certificate, authority) = (None, None, None);
        return TlsView { enabled: false, port, certificate, authority, refused_names: Vec::new(), stored: true };
    };
    let authority = AuthorityView { sha256: shown.authority_sha256(), pem: AUTHORITY_PEM, der: AUTHORITY_DER };
    TlsView {
        enabled: true,
        port: Some(tls.port()),
        certificate: Some(tell(&shown)),
        authority: Some(authority),
        refused_names: shown.refused.clone(),
        stored: shown.stored,
    }
}

fn tell(shown: &Shown) -> Certificate {
    let Facts { sha256, from, until, issuer, names } = shown.current().facts.clone();
    let moment = |unix_s: i64| format_utc(std::time::Duration::from_secs(u64::try_from(unix_s).unwrap_or_default()));
    Certificate {
        source: if shown.uploaded.is_some() { Source::Uploaded } else { Source::Device },
        sha256: fingerprint(&sha256),
        issuer,
        names,
        not_before: moment(from),
        not_after: moment(until),
    }
}
