//! Holds the tests of the check of a person's certificate, with certificates made by OpenSSL.
//! It never reads a clock: OpenSSL is told the dates. `cargo test` runs it.

use std::path::Path;
use std::process::{Command, Stdio};

use tempfile::TempDir;

use super::*;
use crate::http::language::Language;

/// A folder in which OpenSSL works. The program is among those `tests/install` brings.
struct Desk(TempDir);

impl Desk {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn openssl(&self, line: &str) {
        let words = line.split_whitespace().map(|word| word.replace('~', " "));
        let done = Command::new("openssl").current_dir(&self.0).args(words).stdin(Stdio::null()).output();
        let done = done.unwrap_or_else(|error| panic!("openssl: {error}; tests/install brings it"));
        assert!(done.status.success(), "openssl {line}: {}", String::from_utf8_lossy(&done.stderr));
    }

    fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.0.path().join(name)).unwrap()
    }

    fn folder(&self) -> &Path {
        self.0.path()
    }

    /// A certificate that signs itself, for names as OpenSSL writes them.
    fn self_signed(&self, name: &str, kind: &str, names: &str, days: i32) -> (String, String) {
        self.openssl(&format!(
            "req -x509 -newkey {kind} -nodes -keyout {name}.key -out {name}.crt -days {days} -subj /CN=test -addext subjectAltName={names}"
        ));
        (self.read(&format!("{name}.crt")), self.read(&format!("{name}.key")))
    }

    /// Root, issuer and server, each signed by the one before.
    fn family(&self, usage: &str) -> (String, String, String, String) {
        self.openssl("req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout root.key -out root.crt -days 30 -subj /CN=root");
        std::fs::write(self.folder().join("ca.ext"), "basicConstraints=critical,CA:TRUE\n").unwrap();
        let server = format!("subjectAltName=DNS:box.example.org\nextendedKeyUsage={usage}\n");
        std::fs::write(self.folder().join("server.ext"), server).unwrap();
        for (name, above, extensions) in [("issuer", "root", "ca.ext"), ("server", "issuer", "server.ext")] {
            self.openssl(&format!("req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout {name}.key -out {name}.csr -subj /CN={name}"));
            self.openssl(&format!("x509 -req -in {name}.csr -CA {above}.crt -CAkey {above}.key -CAcreateserial -out {name}.crt -days 20 -extfile {extensions}"));
        }
        (self.read("server.crt"), self.read("issuer.crt"), self.read("root.crt"), self.read("server.key"))
    }
}

fn own() -> OwnNames {
    let addresses = vec!["192.168.1.5".parse().unwrap(), "203.0.113.7".parse().unwrap()];
    OwnNames { addresses, host_name: "vigie".into(), more: vec!["box.example.org".into()] }
}

fn now() -> Option<Duration> {
    std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).ok()
}

/// The code and pointer of a refusal, and its words in French.
fn refusal(certificate: &str, key: &str, wall: Option<Duration>) -> (String, String, String) {
    let problem = check(certificate, key, &own(), wall).unwrap_err();
    assert_eq!(problem.status().as_u16(), 422);
    let document = problem.render(Language::Fr);
    let document: serde_json::Value = serde_json::from_slice(document.body().as_whole().unwrap()).unwrap();
    let field = |name: &str| document["errors"][0][name].as_str().unwrap().to_owned();
    (field("code"), field("pointer"), field("detail"))
}

fn code(certificate: &str, key: &str) -> String {
    refusal(certificate, key, now()).0
}

#[test]
fn keys_of_every_kind_are_taken_and_stored_so_that_they_are_read_again() {
    let desk = Desk::new();
    for (name, kind) in [
        ("rsa", "rsa:2048"),
        ("p256", "ec -pkeyopt ec_paramgen_curve:P-256"),
        ("p384", "ec -pkeyopt ec_paramgen_curve:P-384"),
        ("ed", "ed25519"),
    ] {
        let (certificate, key) = desk.self_signed(name, kind, "DNS:box.example.org,IP:192.168.1.5", 30);
        let accepted = check(&certificate, &key, &own(), now()).unwrap_or_else(|problem| panic!("{name}: {problem:?}"));
        assert_eq!(read_stored(accepted.text.as_bytes()).unwrap().facts, accepted.served.facts, "{name}");
        assert!(!format!("{accepted:?}").contains(&key[60..100]), "a key is never printed");
    }
    // The older wrappings of the same keys.
    desk.openssl("rsa -in rsa.key -traditional -out old.key");
    assert!(desk.read("old.key").contains("BEGIN RSA PRIVATE KEY"));
    let accepted = check(&desk.read("rsa.crt"), &desk.read("old.key"), &own(), now()).unwrap();
    assert!(read_stored(accepted.text.as_bytes()).is_ok());
    desk.openssl("ec -in p256.key -out sec1.key");
    let accepted = check(&desk.read("p256.crt"), &desk.read("sec1.key"), &own(), now()).unwrap();
    assert!(read_stored(accepted.text.as_bytes()).is_ok());
}

#[test]
fn a_chain_is_taken_with_and_without_its_root() {
    let desk = Desk::new();
    let (server, issuer, root, key) = desk.family("serverAuth");
    for chain in [server.clone(), format!("{server}{issuer}"), format!("{server}{issuer}{root}")] {
        assert!(check(&chain, &key, &own(), now()).is_ok());
    }
    let (place, _, words) = refusal(&format!("{server}{root}{issuer}"), &key, now());
    assert!(place == "certificate_chain" && words.contains("position 1"), "{words}");
    // An issuer that has ended, below a server that has not: the root lasts 30 days, issuer and server 20.
    let late = now().map(|now| now + Duration::from_secs(25 * 86_400));
    assert_eq!(refusal(&format!("{server}{issuer}{root}"), &key, late).0, "certificate_expired");
    let long = "x509 -req -in server.csr -CA issuer.crt -CAkey issuer.key -out long.crt -days 60 -extfile server.ext";
    desk.openssl(long);
    let (place, _, words) = refusal(&format!("{}{issuer}{root}", desk.read("long.crt")), &key, late);
    assert!(place == "certificate_expired" && words.contains("position 2"), "{words}");
    let stranger = desk.self_signed("stranger", "ed25519", "DNS:x", 30).0;
    let (place, _, words) = refusal(&format!("{server}{issuer}{stranger}"), &key, now());
    assert!(place == "certificate_chain" && words.contains("position 2"), "{words}");
    let (place, pointer, words) = refusal(&format!("{issuer}{server}"), &key, now());
    assert_eq!((place.as_str(), pointer.as_str()), ("certificate_order", "/certificate"));
    assert!(words.contains("position 2"), "{words}");
}

#[test]
fn a_key_of_another_certificate_is_refused_before_anything_is_switched() {
    let desk = Desk::new();
    let (certificate, _) = desk.self_signed("one", "ed25519", "DNS:box.example.org", 30);
    let (_, key) = desk.self_signed("other", "ed25519", "DNS:box.example.org", 30);
    let (code, pointer, _) = refusal(&certificate, &key, now());
    assert_eq!((code.as_str(), pointer.as_str()), ("key_mismatch", "/key"));
}

#[test]
fn dates_names_and_use_are_judged() {
    let desk = Desk::new();
    let (certificate, key) = desk.self_signed("short", "ed25519", "DNS:box.example.org", 2);
    let day = Duration::from_secs(86_400);
    let (later, earlier) = (now().map(|now| now + 3 * day), now().map(|now| now - day));
    assert_eq!(refusal(&certificate, &key, later).0, "certificate_expired");
    assert_eq!(refusal(&certificate, &key, earlier).0, "certificate_not_yet_valid");
    assert!(check(&certificate, &key, &own(), None).is_ok(), "without a clock nobody can tell");
    let slow = now().map(|now| now - Duration::from_secs(30 * 60));
    assert!(check(&certificate, &key, &own(), slow).is_ok(), "clocks differ");
    for (name, names, good) in [
        ("a", "DNS:other.example.org", false),
        ("b", "DNS:localhost,IP:127.0.0.1", false),
        ("c", "DNS:*.example.org", true),
        ("d", "IP:203.0.113.7", true),
        ("e", "DNS:vigie.lan", true),
    ] {
        let (certificate, key) = desk.self_signed(name, "ed25519", names, 30);
        assert_eq!(check(&certificate, &key, &own(), now()).is_ok(), good, "{names}");
        assert!(good || refusal(&certificate, &key, now()).0 == "certificate_names", "{names}");
    }
    let (server, issuer, _, key) = desk.family("clientAuth");
    assert_eq!(code(&server, &key), "certificate_use");
    assert_eq!(code(&format!("{server}{issuer}"), &key), "certificate_use");
}

#[test]
fn what_cannot_be_read_is_told_apart() {
    let desk = Desk::new();
    let (certificate, key) = desk.self_signed("one", "rsa:2048", "DNS:box.example.org", 30);
    desk.openssl("pkey -in one.key -aes128 -passout pass:secret -out locked.key");
    desk.openssl("rsa -in one.key -traditional -aes128 -passout pass:secret -out lockedold.key");
    desk.openssl("genrsa -out weak.key 1024");
    desk.openssl(
        "req -x509 -key weak.key -out weak.crt -days 30 -subj /CN=x -addext subjectAltName=DNS:box.example.org",
    );
    for (certificate, key, expected) in [
        ("", key.as_str(), "certificate_missing"),
        (key.as_str(), key.as_str(), "certificate_missing"),
        (&certificate[..certificate.len() - 40], key.as_str(), "certificate_unreadable"),
        ("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", key.as_str(), "certificate_unreadable"),
        (certificate.as_str(), "", "key_missing"),
        (certificate.as_str(), certificate.as_str(), "key_missing"),
        (certificate.as_str(), &key.repeat(2), "key_ambiguous"),
        (certificate.as_str(), &desk.read("locked.key"), "key_locked"),
        (certificate.as_str(), &desk.read("lockedold.key"), "key_locked"),
        (&desk.read("weak.crt"), &desk.read("weak.key"), "key_unreadable"),
        (certificate.as_str(), "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", "key_unreadable"),
    ] {
        assert_eq!(code(certificate, key), expected);
    }
}

#[test]
fn every_refusal_has_a_code_of_its_own_and_the_same_blanks_in_both_languages() {
    faults::hold_together(ALL, faults::ALL.iter().copied());
}
