//! Holds how TLS is started and kept: opened from the data folder, looked after while names and clock change, told about.
//! Never lets a fault of a certificate keep the appliance from starting. Called by `run`.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use crate::accounts::clock::{Clock, format_utc};
use crate::cli::{Ending, Exit};
use crate::http::context::{Check, Platform};
use crate::http::guard::OwnNames;
use crate::http::tls::routes::AUTHORITY_DER;
use crate::http::tls::{Reason, Renewal, Tls, fingerprint};

/// Folder of keys and certificates inside the data folder.
const FOLDER: &str = "tls";

/// A person is told this long before a certificate of theirs ends: getting one takes days where others are asked.
const WARN_BEFORE: Duration = Duration::from_secs(21 * 24 * 60 * 60);

/// Opens TLS, unless it is switched off. What is damaged is said and replaced.
pub(super) fn open(
    switched_on: bool,
    data: &Path,
    own: &OwnNames,
    clock: Arc<dyn Clock>,
) -> Result<Option<Arc<Tls>>, Ending> {
    if !switched_on {
        return Ok(None);
    }
    let opened = Tls::open(&data.join(FOLDER), own, clock);
    let (tls, complaints) = opened.map_err(|failure| Ending::new(Exit::System, failure.to_string()))?;
    for complaint in complaints {
        tracing::warn!("{complaint}");
    }
    Ok(Some(Arc::new(tls)))
}

/// Puts the certificate among the parts that say whether they are well.
pub(super) fn watch(platform: &Arc<Platform>) {
    let Some(tls) = platform.tls.clone() else { return };
    let clock = platform.clock.clone();
    platform.watch(move || {
        let (ok, detail) = judge(&tls, clock.wall());
        // An expired certificate still encrypts, and the way past a browser's warning is better than no way in.
        Check { name: "certificate", ok, needed: false, detail }
    });
}

fn judge(tls: &Tls, wall: Option<Duration>) -> (bool, String) {
    let shown = tls.shown();
    let until = Duration::from_secs(u64::try_from(shown.current().facts.until).unwrap_or_default());
    let left = wall.map(|wall| until.saturating_sub(wall));
    match left {
        Some(Duration::ZERO) if shown.uploaded.is_some() => (false, "the uploaded certificate has ended".to_owned()),
        Some(left) if shown.uploaded.is_some() && left < WARN_BEFORE => {
            (false, format!("the uploaded certificate ends in {} days", left.as_secs() / 86_400))
        }
        _ if !shown.stored => {
            (false, "keys or certificates are not stored: browsers ask again after a restart".to_owned())
        }
        _ if !shown.refused.is_empty() => (true, format!("not good for {}", shown.refused.join(", "))),
        _ => (true, format!("good until {}", format_utc(until))),
    }
}

/// Makes another certificate when the present one does not fit names or clock any more.
pub(super) async fn look_after(tls: &Arc<Tls>, own: OwnNames) {
    if !tls.is_due(&own) {
        return;
    }
    let worker = tls.clone();
    // On a thread of its own: a card may take its time.
    match tokio::task::spawn_blocking(move || worker.look_after(&own)).await {
        Ok(Ok(None)) | Err(_) => {}
        Ok(Ok(Some(Renewal { reason, complaints }))) => {
            let why = match reason {
                Reason::Names => "the appliance has another name or address",
                Reason::Dates => "its dates did not fit the clock",
                Reason::Stored => {
                    tracing::info!("keys and certificates could be stored at last");
                    return;
                }
            };
            let sha256 = fingerprint(&tls.shown().own.facts.sha256);
            tracing::info!("a new certificate, since {why}: SHA-256 {sha256}");
            for complaint in complaints {
                tracing::warn!("{complaint}");
            }
        }
        Ok(Err(failure)) => tracing::warn!("{failure}"),
    }
}

/// What a person is told at the start.
pub(super) fn greet(tls: &Tls, reachable: &str) {
    let shown = tls.shown();
    let port = tls.port();
    println!("listening on https://{reachable}:{port}");
    println!("certificate SHA-256: {}", fingerprint(&shown.current().facts.sha256));
    println!("to be rid of the browser's warning, install https://{reachable}:{port}{AUTHORITY_DER}");
    println!("  its SHA-256: {}", shown.authority_sha256());
}
