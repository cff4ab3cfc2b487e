//! Holds the TLS of the appliance: its own authority, the certificate it shows, and the one a person may bring.
//! It never restarts for another certificate, and never goes without one: what cannot be read is set aside and made anew.
//! `run` opens it and has it look after itself; the listener shakes hands with it; its routes tell of it.

mod allowance;
mod issue;
mod names;
mod pem;
pub mod routes;
mod served;
mod upload;
mod vault;

use std::io;
use std::path::Path;
use std::sync::atomic::{AtomicU16, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

use rustls::crypto::ring::Ticketer;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::server::{ClientHello, NoServerSessionStorage, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use rustls::{ServerConfig, ServerConnection};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;
use zeroize::Zeroizing;

use crate::accounts::clock::Clock;

use super::guard::OwnNames;

pub use self::issue::{Failure, Reason};
pub use self::served::{Facts, Served, fingerprint};

use self::allowance::Allowance;
use self::issue::{Authority, judge};
use self::vault::Vault;

/// Files of the vault: the authority with its key, the certificate it issued, the one a person brought.
const AUTHORITY: &str = "authority.pem";
const ISSUED: &str = "certificate.pem";
const UPLOADED: &str = "uploaded.pem";

/// Certificates that may be made in a burst: at start the addresses come one after the other, then the clock.
const BURST: u32 = 6;

/// Then one in this time: somebody who announces new IPv6 networks all day must not wear out the card.
const ONE_IN: Duration = Duration::from_secs(15 * 60);

/// Encrypted bytes held for a client that does not read; more wait where they are. One record of TLS.
const MAX_UNSENT_BYTES: usize = 16 * 1024;

/// What clients are shown, and what there is to know about it.
pub struct Shown {
    /// The certificate of the device's own authority.
    pub own: Served,
    /// The one a person brought; it goes before.
    pub uploaded: Option<Served>,
    /// The authority's certificate, for people to install.
    pub authority: CertificateDer<'static>,
    /// Names the appliance answers to that its authority may not vouch for.
    pub refused: Vec<String>,
    /// Whether all of it will be there after a restart.
    pub stored: bool,
}

impl Shown {
    /// The certificate clients get.
    #[must_use]
    pub fn current(&self) -> &Served {
        self.uploaded.as_ref().unwrap_or(&self.own)
    }

    /// The authority's certificate in PEM.
    #[must_use]
    pub fn authority_pem(&self) -> String {
        pem::write_certificate(&self.authority)
    }

    /// The fingerprint of the authority.
    #[must_use]
    pub fn authority_sha256(&self) -> String {
        fingerprint(&served::digest(&self.authority))
    }
}

/// Where the present certificate stands.
struct Stand(RwLock<Arc<Shown>>);

impl Stand {
    fn look(&self) -> Arc<Shown> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn show(&self, shown: Shown) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(shown);
    }
}

impl std::fmt::Debug for Stand {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Stand")
    }
}

impl ResolvesServerCert for Stand {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.look().current().key.clone())
    }
}

/// A certificate that was replaced.
#[derive(Debug, PartialEq, Eq)]
pub struct Renewal {
    /// Why.
    pub reason: Reason,
    /// What a person should know.
    pub complaints: Vec<String>,
}

/// Who makes certificates; one at a time.
struct Work {
    authority: Authority,
    authority_stored: bool,
    /// The certificate with its key, when the medium did not take it.
    unstored: Option<Zeroizing<String>>,
    left: u32,
    filled: Duration,
}

/// The TLS of the appliance.
pub struct Tls {
    config: Arc<ServerConfig>,
    stand: Arc<Stand>,
    vault: Vault,
    /// A damaged file could not be set aside: nothing is stored over it, now or later.
    is_stuck: bool,
    clock: Arc<dyn Clock>,
    work: Mutex<Work>,
    port: AtomicU16,
}

impl Tls {
    /// Opens what is stored in a folder, or makes it at the first start. Also gives what a person should know: damaged
    /// files that were set aside, and what could not be stored. Blocks on the medium.
    ///
    /// # Errors
    /// When the kernel gives no randomness.
    pub fn open(folder: &Path, own: &OwnNames, clock: Arc<dyn Clock>) -> Result<(Self, Vec<String>), Failure> {
        let mut shelf = Shelf { vault: Vault::new(folder), stored: true, stuck: Vec::new(), complaints: Vec::new() };
        let authority = match shelf.fetch(AUTHORITY, Authority::read) {
            Some(authority) => authority,
            None => {
                let drawn = Authority::draw(own)?;
                shelf.keep(AUTHORITY, drawn.text().as_bytes());
                drawn
            }
        };
        let uploaded = shelf.fetch(UPLOADED, upload::read_stored);
        let (wanted, wall) = (names::wanted(own), clock.wall());
        let found = shelf.fetch(ISSUED, |text| authority.restore(text));
        let mut refused = Vec::new();
        if let Some(served) = &found {
            refused = authority.refuse(wanted.iter().filter(|name| !served.covers(name)))?;
        }
        let authority_stored = shelf.stored;
        let mut unstored = None;
        let served = match found.filter(|served| judge(served, &wanted, &refused, wall).is_none()) {
            Some(served) => served,
            None => {
                let issued = authority.issue(&wanted, wall)?;
                if !shelf.keep(ISSUED, issued.text.as_bytes()) {
                    unstored = Some(issued.text);
                }
                refused = issued.refused;
                issued.served
            }
        };
        shelf.complaints.extend(complain(&refused));
        let shown =
            Shown { own: served, uploaded, authority: authority.certificate().clone(), refused, stored: shelf.stored };
        let stand = Arc::new(Stand(RwLock::new(Arc::new(shown))));
        let work = Work { authority, authority_stored, unstored, left: BURST, filled: clock.now() };
        let (work, is_stuck) = (Mutex::new(work), !shelf.stuck.is_empty());
        let config = Arc::new(configure(stand.clone())?);
        let tls = Self { config, stand, vault: shelf.vault, is_stuck, clock, work, port: AtomicU16::new(0) };
        Ok((tls, shelf.complaints))
    }

    /// Whether the certificate does not fit names or clock any more. Quick: asked every few seconds.
    #[must_use]
    pub fn is_due(&self, own: &OwnNames) -> bool {
        let shown = self.stand.look();
        let is_unfit = judge(&shown.own, &names::wanted(own), &shown.refused, self.clock.wall()).is_some();
        is_unfit || (!shown.stored && !self.is_stuck)
    }

    /// Looks whether the certificate still fits names and clock, and makes another if not; what the medium did not take
    /// before is tried again. Blocks on the medium.
    ///
    /// # Errors
    /// When the kernel gives no randomness.
    pub fn look_after(&self, own: &OwnNames) -> Result<Option<Renewal>, Failure> {
        let mut work = self.work.lock().unwrap_or_else(PoisonError::into_inner);
        let (shown, wanted, wall) = (self.stand.look(), names::wanted(own), self.clock.wall());
        let reason = judge(&shown.own, &wanted, &shown.refused, wall);
        if (reason.is_none() && (shown.stored || self.is_stuck)) || !work.may_try(self.clock.now()) {
            return Ok(None);
        }
        let (mut own, mut refused, mut complaints) = (shown.own.clone(), shown.refused.clone(), Vec::new());
        if reason.is_some() {
            let issued = work.authority.issue(&wanted, wall)?;
            if issued.refused != refused {
                complaints.extend(complain(&issued.refused));
            }
            (own, refused) = (issued.served, issued.refused);
            work.unstored = Some(issued.text);
        }
        let stored = self.store_all(&mut work);
        match (&stored, reason) {
            // A medium that takes nothing has been spoken of already.
            (Err(_), None) => return Ok(None),
            (Err(error), Some(_)) => complaints
                .push(format!("the new certificate is not stored ({error}): browsers ask again after a restart")),
            (Ok(()), _) => {}
        }
        let (uploaded, authority) = (shown.uploaded.clone(), shown.authority.clone());
        self.stand.show(Shown { own, uploaded, authority, refused, stored: stored.is_ok() });
        Ok(Some(Renewal { reason: reason.unwrap_or(Reason::Stored), complaints }))
    }

    /// Stores what is not on the medium yet.
    fn store_all(&self, work: &mut Work) -> io::Result<()> {
        if self.is_stuck {
            return Err(io::Error::other("a damaged file is in the way"));
        }
        if !work.authority_stored {
            self.vault.store(AUTHORITY, work.authority.text().as_bytes())?;
            work.authority_stored = true;
        }
        if let Some(text) = &work.unstored {
            self.vault.store(ISSUED, text.as_bytes())?;
            work.unstored = None;
        }
        Ok(())
    }

    /// What clients are shown now.
    #[must_use]
    pub fn shown(&self) -> Arc<Shown> {
        self.stand.look()
    }

    /// The port clients find it at; 0 until [`Tls::listens_on`].
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port.load(Ordering::Relaxed)
    }

    /// Tells which port it is.
    pub fn listens_on(&self, port: u16) {
        self.port.store(port, Ordering::Relaxed);
    }

    /// Shakes hands with a client. There is no time limit in it.
    ///
    /// # Errors
    /// When the client breaks off, speaks no TLS or none of ours, or sends too much.
    pub(super) async fn shake<T>(&self, stream: T) -> io::Result<TlsStream<Allowance<T>>>
    where
        T: AsyncRead + AsyncWrite + Unpin,
    {
        let acceptor = TlsAcceptor::from(self.config.clone());
        let limit = |session: &mut ServerConnection| session.set_buffer_limit(Some(MAX_UNSENT_BYTES));
        let mut stream = acceptor.accept_with(Allowance::new(stream), limit).await?;
        stream.get_mut().0.lift();
        Ok(stream)
    }

    /// Shows another certificate of a person's, or none, once it is on the medium. Blocks on it.
    fn replace(&self, uploaded: Option<(Served, &[u8])>) -> io::Result<()> {
        // Against a certificate that is being made at this moment.
        let _work = self.work.lock().unwrap_or_else(PoisonError::into_inner);
        match &uploaded {
            Some((_, text)) => self.vault.store(UPLOADED, text)?,
            None => self.vault.remove(UPLOADED)?,
        }
        let shown = self.stand.look();
        self.stand.show(Shown {
            own: shown.own.clone(),
            uploaded: uploaded.map(|(served, _)| served),
            authority: shown.authority.clone(),
            refused: shown.refused.clone(),
            stored: shown.stored,
        });
        Ok(())
    }
}

impl Work {
    /// Takes one of the certificates that may be made, or of the attempts to store one.
    fn may_try(&mut self, now: Duration) -> bool {
        let earned = now.saturating_sub(self.filled).as_secs() / ONE_IN.as_secs();
        if earned > 0 {
            self.left = self.left.saturating_add(u32::try_from(earned).unwrap_or(BURST)).min(BURST);
            self.filled = now;
        }
        let may = self.left > 0;
        self.left = self.left.saturating_sub(1);
        may
    }
}

/// The vault while it is being opened.
struct Shelf {
    vault: Vault,
    stored: bool,
    /// Files that are damaged and could not be set aside; they are not overwritten.
    stuck: Vec<String>,
    complaints: Vec<String>,
}

impl Shelf {
    /// What a file holds; `None` when there is none, or it is damaged and was set aside.
    fn fetch<T>(&mut self, name: &str, read: impl FnOnce(&[u8]) -> Result<T, &'static str>) -> Option<T> {
        let path = self.vault.path(name);
        let why = match self.vault.load(name) {
            Ok(None) => return None,
            Ok(Some(bytes)) => match read(&bytes) {
                Ok(found) => return Some(found),
                Err(why) => why.to_owned(),
            },
            Err(error) => error.to_string(),
        };
        let kept = match self.vault.set_aside(name) {
            Ok(kept) => format!("it is kept as {}", kept.display()),
            Err(error) => {
                self.stuck.push(name.to_owned());
                format!("it stays where it is ({error})")
            }
        };
        self.complaints.push(format!("{} cannot be used: {why}; {kept}", path.display()));
        None
    }

    /// Stores a file, unless a damaged one is in the way; whether it is stored.
    fn keep(&mut self, name: &str, text: &[u8]) -> bool {
        let stored = match self.stuck.iter().any(|stuck| stuck == name) {
            true => Err("the damaged one is in the way".to_owned()),
            false => self.vault.store(name, text).map_err(|error| error.to_string()),
        };
        if let Err(why) = stored {
            let path = self.vault.path(name);
            self.complaints
                .push(format!("{} is not stored ({why}): browsers ask again after a restart", path.display()));
            self.stored = false;
            return false;
        }
        true
    }
}

/// Names that are left out, said so that a person knows what to do.
fn complain(refused: &[String]) -> Option<String> {
    let names = refused.join(", ");
    let help = "its certificate authority was made before they were added; upload a certificate for them";
    (!refused.is_empty()).then(|| format!("the certificate is not good for {names}: {help}"))
}

fn configure(stand: Arc<Stand>) -> Result<ServerConfig, Failure> {
    let fail = |error: rustls::Error| Failure(format!("TLS cannot be set up: {error}"));
    let builder = ServerConfig::builder_with_provider(served::provider());
    let builder = builder.with_safe_default_protocol_versions().map_err(fail)?;
    let mut config = builder.with_no_client_auth().with_cert_resolver(stand);
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    // A session is resumed from what the client keeps, sealed with a key that changes every six hours: nothing here grows
    // with the number of clients.
    config.session_storage = Arc::new(NoServerSessionStorage {});
    config.ticketer = Ticketer::new().map_err(fail)?;
    Ok(config)
}

/// Whether one of our names is among those a certificate is for.
fn is_for_us(served: &Served, own: &OwnNames) -> bool {
    let addresses = own.addresses.iter().map(|address| ServerName::from(address.to_canonical()));
    names::wanted(own).into_iter().chain(addresses).any(|name| {
        // Everybody is localhost.
        name.to_str() != "localhost" && !is_loopback(&name) && served.covers(&name)
    })
}

fn is_loopback(name: &ServerName<'_>) -> bool {
    matches!(name, ServerName::IpAddress(address) if std::net::IpAddr::from(*address).is_loopback())
}

#[cfg(test)]
mod tests;
