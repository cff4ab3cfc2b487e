//! Holds the check of a certificate and key that a person brings, before anything is switched.
//! It never takes what clients would refuse, and never repeats a byte of a key. The routes of TLS call it.

use std::time::Duration;

use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use vigie_wire::names::banner::cert;
use webpki::anchor_from_trusted_cert;
use zeroize::Zeroizing;

use crate::accounts::clock::format_utc;
use crate::http::guard::OwnNames;
use crate::http::problem::{Fault, Problem, faults};

use super::pem::{self, Contents};
use super::served::{Served, Unfit, vouch};

/// How much later than ours the clock of whoever issued a certificate a moment ago may run, in seconds.
const SLACK_S: i64 = 60 * 60;

faults! { pub(super),
    /// No certificate.
    NO_CERTIFICATE = "certificate_missing", Invalid, "There is no certificate in PEM here: a text between BEGIN CERTIFICATE and END CERTIFICATE.", "Il n'y a pas de certificat PEM ici : un texte entre BEGIN CERTIFICATE et END CERTIFICATE.";
    /// Not a certificate.
    BAD_CERTIFICATE = "certificate_unreadable", Invalid, "The certificate cannot be read. It may be damaged or cut short.", "Le certificat est illisible. Il est peut-être abîmé ou incomplet.";
    /// No key.
    NO_KEY = "key_missing", Invalid, "There is no private key in PEM here: a text between BEGIN PRIVATE KEY and END PRIVATE KEY.", "Il n'y a pas de clé privée PEM ici : un texte entre BEGIN PRIVATE KEY et END PRIVATE KEY.";
    /// More than one key.
    SEVERAL_KEYS = "key_ambiguous", Invalid, "There is more than one private key here. Send the one of the certificate.", "Il y a plus d'une clé privée ici. Envoyez celle du certificat.";
    /// Behind a password.
    LOCKED_KEY = "key_locked", Invalid, "The key is protected by a password. Send it without one: openssl pkey -in key.pem -out plain.pem", "La clé est protégée par un mot de passe. Envoyez-la sans : openssl pkey -in cle.pem -out simple.pem";
    /// Not a key that clients take.
    BAD_KEY = "key_unreadable", Invalid, "The key cannot be used. It must be RSA with 2048 to 8192 bits, P-256, P-384 or Ed25519.", "La clé est inutilisable. Elle doit être RSA de 2048 à 8192 bits, P-256, P-384 ou Ed25519.";
    /// Another certificate's key.
    OTHER_KEY = "key_mismatch", Invalid, "The key does not belong to the certificate. Nothing has been changed.", "La clé ne correspond pas au certificat. Rien n'a été changé.";
    /// The own certificate is not the first.
    WRONG_ORDER = "certificate_order", Invalid, "The key belongs to the certificate at place {place}. The appliance's own comes first, then each one's issuer.", "La clé correspond au certificat en position {place}. Celui de l'appareil vient d'abord, puis chaque émetteur.";
    /// An issuer is missing.
    BROKEN_CHAIN = "certificate_chain", Invalid, "The certificate at place {place} was not issued by the one after it: {why}", "Le certificat en position {place} n'a pas été émis par le suivant : {why}";
    /// Over.
    EXPIRED = "certificate_expired", Invalid, "The certificate at place {place} ended on {date}.", "Le certificat en position {place} a pris fin le {date}.";
    /// Not begun.
    NOT_YET = "certificate_not_yet_valid", Invalid, "The certificate begins on {date} only; the appliance's clock shows {now}.", "Le certificat ne commence que le {date} ; l'horloge de l'appareil indique {now}.";
    /// Not for servers.
    WRONG_USE = "certificate_use", Invalid, "The certificate is not meant for servers: {why}", "Le certificat n'est pas prévu pour un serveur : {why}";
    /// For somebody else.
    WRONG_NAMES = "certificate_names", Invalid, "The certificate is for {names}, and the appliance answers to none of them. Add the name to http.host_names first.", "Le certificat est pour {names}, et l'appareil ne répond à aucun de ces noms. Ajoutez d'abord le nom à http.host_names.";
}

/// What has been found good, with the text to keep.
#[derive(Debug)]
pub(super) struct Accepted {
    pub(super) served: Served,
    pub(super) text: Zeroizing<String>,
}

/// Checks a chain and a key, in PEM. `wall` is `None` while nobody has set the clock; then dates are not judged.
///
/// # Errors
/// What is wrong, at `/certificate` or `/key`.
pub(super) fn check(certificate: &str, key: &str, own: &OwnNames, wall: Option<Duration>) -> Result<Accepted, Problem> {
    let chain = read_chain(certificate)?;
    let key = read_key(key)?;
    let served = match Served::new(chain.clone(), key.clone_key()) {
        Ok(served) => served,
        Err(Unfit::Certificate) => return Err(refuse("/certificate", &BAD_CERTIFICATE)),
        Err(Unfit::Key) => return Err(refuse("/key", &BAD_KEY)),
        Err(Unfit::Mismatch) => return Err(find_owner(&chain, &key)),
    };
    check_dates(&served, wall)?;
    check_chain(&chain, moment(&chain, wall))?;
    if !super::is_for_us(&served, own) {
        let names = if served.facts.names.is_empty() { "—".to_owned() } else { served.facts.names.join(", ") };
        return Err(refuse_with("/certificate", &WRONG_NAMES, vec![("names", names)]));
    }
    let text = write(&chain, &key);
    Ok(Accepted { served, text })
}

/// Reads what was accepted and stored. Its dates are not judged: a certificate that has ended is shown until a person
/// brings another or goes back to the device's own.
pub(super) fn read_stored(text: &[u8]) -> Result<Served, &'static str> {
    let mut contents = pem::read(text)?;
    let key = contents.keys.pop().ok_or("it holds no key")?;
    Served::new(contents.chain, key).map_err(|_| "its key and certificate do not belong together")
}

fn read_chain(certificate: &str) -> Result<Vec<CertificateDer<'static>>, Problem> {
    let contents = pem::read(certificate.as_bytes()).map_err(|_| refuse("/certificate", &BAD_CERTIFICATE))?;
    if contents.chain.is_empty() {
        return Err(refuse("/certificate", &NO_CERTIFICATE));
    }
    Ok(contents.chain)
}

fn read_key(key: &str) -> Result<PrivateKeyDer<'static>, Problem> {
    let Contents { mut keys, locked, .. } = pem::read(key.as_bytes()).map_err(|_| refuse("/key", &BAD_KEY))?;
    match (keys.pop(), locked) {
        (_, true) => Err(refuse("/key", &LOCKED_KEY)),
        (Some(_), false) if !keys.is_empty() => Err(refuse("/key", &SEVERAL_KEYS)),
        (Some(key), false) => Ok(key),
        (None, false) => Err(refuse("/key", &NO_KEY)),
    }
}

/// Says to which certificate of the chain a key belongs, if to any.
fn find_owner(chain: &[CertificateDer<'static>], key: &PrivateKeyDer<'static>) -> Problem {
    let owns = |one: &CertificateDer<'static>| Served::new(vec![one.clone()], key.clone_key()).is_ok();
    match chain.iter().position(owns) {
        Some(at) => refuse_with("/certificate", &WRONG_ORDER, vec![("place", (at + 1).to_string())]),
        None => refuse("/key", &OTHER_KEY),
    }
}

fn check_dates(served: &Served, wall: Option<Duration>) -> Result<(), Problem> {
    let Some((wall, now)) = wall.and_then(|wall| Some((wall, i64::try_from(wall.as_secs()).ok()?))) else {
        return Ok(());
    };
    if now > served.facts.until {
        return Err(expired(1, served.facts.until));
    }
    if now < served.facts.from - SLACK_S {
        let values = vec![("date", date(served.facts.from)), ("now", format_utc(wall))];
        return Err(refuse_with("/certificate", &NOT_YET, values));
    }
    Ok(())
}

/// When a chain is judged: now, or as soon as all of it has begun when that is later or the clock is not known.
fn moment(chain: &[CertificateDer<'static>], wall: Option<Duration>) -> i64 {
    let begins = chain.iter().filter_map(|one| cert::read(one).ok()?.valid.map(|(from, _)| from));
    let now = wall.and_then(|wall| i64::try_from(wall.as_secs()).ok());
    begins.chain(now).max().unwrap_or_default()
}

/// Checks that each certificate was issued by the one after it, and that the first is a server's.
fn check_chain(chain: &[CertificateDer<'static>], at_s: i64) -> Result<(), Problem> {
    let bad = || refuse("/certificate", &BAD_CERTIFICATE);
    for place in 1..chain.len() {
        let (Some(below), Some(issuer)) = (chain.get(..place), chain.get(place)) else { return Err(bad()) };
        let anchor = anchor_from_trusted_cert(issuer).map_err(|_| bad())?;
        if let Err(error) = vouch(below, &anchor, at_s) {
            return Err(judge(&error, place));
        }
    }
    // Alone it has nobody to vouch for it here; that it fails for this reason only shows that the rest is well.
    let first = chain.first().ok_or_else(bad)?;
    let itself = anchor_from_trusted_cert(first).map_err(|_| bad())?;
    match vouch(std::slice::from_ref(first), &itself, at_s) {
        // A person's own certificate that is its own authority: clients ask about it, as about any they do not know.
        Ok(()) | Err(webpki::Error::UnknownIssuer | webpki::Error::CaUsedAsEndEntity) => Ok(()),
        Err(_) if chain.len() > 1 => Ok(()),
        Err(error) => Err(judge(&error, 1)),
    }
}

fn judge(error: &webpki::Error, place: usize) -> Problem {
    use webpki::Error;
    let why = error.to_string();
    match error {
        Error::RequiredEkuNotFoundContext(_) | Error::EmptyEkuExtension | Error::CaUsedAsEndEntity => {
            refuse_with("/certificate", &WRONG_USE, vec![("why", why)])
        }
        // Those before it were judged already.
        Error::CertExpired { not_after, .. } => expired(place, i64::try_from(not_after.as_secs()).unwrap_or_default()),
        _ => refuse_with("/certificate", &BROKEN_CHAIN, vec![("place", place.to_string()), ("why", why)]),
    }
}

fn expired(place: usize, until_s: i64) -> Problem {
    refuse_with("/certificate", &EXPIRED, vec![("place", place.to_string()), ("date", date(until_s))])
}

fn write(chain: &[CertificateDer<'static>], key: &PrivateKeyDer<'static>) -> Zeroizing<String> {
    let label = match key {
        PrivateKeyDer::Pkcs1(_) => "RSA PRIVATE KEY",
        PrivateKeyDer::Sec1(_) => "EC PRIVATE KEY",
        _ => "PRIVATE KEY",
    };
    let key = pem::write(label, key.secret_der());
    let chain: String = chain.iter().map(|one| pem::write_certificate(one)).collect();
    let mut text = Zeroizing::new(String::with_capacity(key.len() + chain.len()));
    text.push_str(&key);
    text.push_str(&chain);
    text
}

fn date(unix_s: i64) -> String {
    format_utc(Duration::from_secs(u64::try_from(unix_s).unwrap_or_default()))
}

fn refuse(pointer: &str, fault: &'static Fault) -> Problem {
    refuse_with(pointer, fault, Vec::new())
}

fn refuse_with(pointer: &str, fault: &'static Fault, values: Vec<(&'static str, String)>) -> Problem {
    Problem::from(&faults::INVALID).at_with(pointer, fault, values)
}

#[cfg(test)]
#[path = "upload_tests.rs"]
mod tests;
