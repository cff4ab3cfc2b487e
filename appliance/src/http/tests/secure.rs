//! Holds the tests of HTTP over TLS: with a client of rustls over pipes where time matters, and with curl and OpenSSL on
//! loopback, so that the certificate is judged by somebody else's code. It never leaves this machine.
//! `cargo test` runs it.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};
use tokio::process::Command;
use tokio::time::{Instant, sleep, timeout};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::bench::Bench;
use crate::http::limits::Limits;
use crate::http::tls::Tls;

/// Longer than any limit of the server.
const FOREVER: Duration = Duration::from_secs(3_600);

/// For a program of somebody else's on a busy machine.
const PROGRAM_TIME: Duration = Duration::from_secs(60);

fn tls_of(bench: &Bench) -> &Arc<Tls> {
    bench.platform.tls.as_ref().unwrap()
}

/// A client that trusts the appliance's own authority and nobody else.
fn client(bench: &Bench, protocols: &[&str]) -> TlsConnector {
    let mut roots = RootCertStore::empty();
    roots.add(tls_of(bench).shown().authority.clone()).unwrap();
    let builder = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()));
    let builder = builder.with_safe_default_protocol_versions().unwrap().with_root_certificates(roots);
    let mut config = builder.with_no_client_auth();
    config.alpn_protocols = protocols.iter().map(|protocol| protocol.as_bytes().to_vec()).collect();
    Arc::new(config).into()
}

/// A TCP connection, before the handshake.
fn pipe(bench: &Bench, last: u8) -> DuplexStream {
    let (ours, theirs) = tokio::io::duplex(8 * 1024);
    let (server, tls, stop) = (bench.server.clone(), tls_of(bench).clone(), bench.stop.subscribe());
    let peer = std::net::Ipv4Addr::new(192, 168, 1, last).into();
    tokio::spawn(async move { server.converse_tls(theirs, peer, &tls, stop).await });
    ours
}

async fn connect(bench: &Bench, last: u8) -> TlsStream<DuplexStream> {
    let name = ServerName::try_from("vigie.local").unwrap();
    client(bench, &["http/1.1"]).connect(name, pipe(bench, last)).await.unwrap()
}

async fn get(stream: &mut TlsStream<DuplexStream>, path: &str) -> String {
    stream.write_all(format!("GET {path} HTTP/1.1\r\nHost: vigie.local\r\n\r\n").as_bytes()).await.unwrap();
    let mut buffer = vec![0; 4 * 1024];
    let count = timeout(FOREVER, stream.read(&mut buffer)).await.unwrap().unwrap();
    String::from_utf8(buffer[..count].to_vec()).unwrap()
}

/// Reads until the other side ends, and says after how many seconds.
async fn patience(mut stream: impl tokio::io::AsyncRead + Unpin) -> (u64, Vec<u8>) {
    let (start, mut read) = (Instant::now(), Vec::new());
    // Ended without a farewell is ended, too.
    let _ = timeout(FOREVER, stream.read_to_end(&mut read)).await.unwrap();
    (start.elapsed().as_secs(), read)
}

#[tokio::test(start_paused = true)]
async fn a_silent_or_dripping_handshake_ends_after_five_seconds() {
    let bench = Bench::with_tls(Limits::default());
    assert_eq!(patience(pipe(&bench, 1)).await, (5, Vec::new()));
    let (read, mut write) = tokio::io::split(pipe(&bench, 2));
    tokio::spawn(async move {
        // A record of a client's first words that never ends.
        for byte in [22, 3, 1, 2, 0, 1, 0, 1, 252, 3, 3].iter().chain([0_u8; 1_000].iter()) {
            sleep(Duration::from_millis(100)).await;
            if write.write_all(&[*byte]).await.is_err() {
                return;
            }
        }
    });
    assert_eq!(patience(read).await.0, 5);
    assert_eq!(bench.platform.metrics.value("tls_handshakes_total", "slow"), Some(2.0));
    assert_eq!(bench.platform.budget.taken(), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn a_handshake_that_grows_and_grows_is_cut_before_it_costs_memory() {
    let bench = Bench::with_tls(Limits::default());
    let mut stream = pipe(&bench, 1);
    // First words of 60,000 bytes, as the length says, in records of 4,096.
    let mut record = vec![22, 3, 1, 16, 0, 1, 0, 0xea, 0x60, 3, 3];
    record.resize(5 + 4_096, 0);
    let mut sent = 0;
    while sent < 60_000 && stream.write_all(&record).await.is_ok() {
        sent += record.len();
        record[5..].fill(0);
    }
    // What lies in the pipe counts as sent.
    assert!((16 * 1024..=16 * 1024 + 3 * 8 * 1024).contains(&sent), "{sent}");
    assert_eq!(patience(stream).await.0, 0);
    assert_eq!(bench.platform.metrics.value("tls_handshakes_total", "failed"), Some(1.0));
}

#[tokio::test(start_paused = true)]
async fn every_limit_of_plain_http_holds_over_tls() {
    let bench = Bench::with_tls(Limits::default());
    assert_eq!(patience(connect(&bench, 1).await).await.0, 5, "no request after the handshake");
    let mut idle = connect(&bench, 2).await;
    assert!(get(&mut idle, "/healthz").await.starts_with("HTTP/1.1 200"));
    assert_eq!(patience(idle).await.0, 15, "kept, and then silent");
    let mut deaf = connect(&bench, 3).await;
    deaf.write_all(b"GET /test/big HTTP/1.1\r\nHost: vigie.local\r\n\r\n").await.unwrap();
    let start = Instant::now();
    sleep(Duration::from_millis(1)).await;
    assert_eq!(bench.platform.budget.taken().0, 1);
    while bench.platform.budget.taken().0 > 0 {
        sleep(Duration::from_secs(1)).await;
    }
    assert!((15..=17).contains(&start.elapsed().as_secs()), "a reader that takes nothing: {:?}", start.elapsed());
    let mut steady = connect(&bench, 4).await;
    steady.write_all(b"GET /test/big HTTP/1.1\r\nHost: vigie.local\r\n\r\n").await.unwrap();
    let (mut total, mut buffer) = (0, [0; 8 * 1024]);
    while total < 1 << 20 {
        sleep(Duration::from_secs(2)).await;
        let count = steady.read(&mut buffer).await.unwrap();
        assert!(count > 0, "a slow but steady reader was cut after {total} bytes");
        total += count;
    }
}

#[tokio::test(start_paused = true)]
async fn a_seat_is_taken_before_the_handshake_and_whoever_finds_none_is_told_in_tls() {
    let bench = Bench::with_tls(Limits::default());
    let held: Vec<_> = (0..12).map(|_| pipe(&bench, 1)).collect();
    sleep(Duration::from_millis(1)).await;
    assert_eq!(bench.platform.budget.taken().0, 12);
    assert_eq!(patience(pipe(&bench, 1)).await.1, [21, 3, 3, 0, 2, 2, 80], "a fatal alert, not a page");
    let name = ServerName::try_from("vigie.local").unwrap();
    let refused = client(&bench, &[]).connect(name, pipe(&bench, 1)).await.unwrap_err();
    assert!(refused.to_string().contains("InternalError"), "{refused}");
    assert!(get(&mut connect(&bench, 2).await, "/healthz").await.starts_with("HTTP/1.1 200"));
    drop(held);
}

#[tokio::test(start_paused = true)]
async fn five_hundred_silent_handshakes_hurt_no_good_client_in_plain_or_tls() {
    let bench = Bench::with_tls(Limits::default());
    let (mut silent, mut served) = (Vec::new(), 0);
    for number in 0..500_u32 {
        silent.push(pipe(&bench, 1 + (number % 50) as u8));
        if number % 10 == 0 {
            assert_eq!(bench.connect_from(99).get("/healthz").await.status, 200, "plain, beside {number}");
            assert!(get(&mut connect(&bench, 98).await, "/healthz").await.starts_with("HTTP/1.1 200"), "{number}");
            served += 2;
        }
    }
    assert_eq!(served, 100);
    assert!(bench.platform.budget.taken().0 <= 96 && bench.platform.budget.displaced() > 0);
    sleep(Duration::from_secs(6)).await;
    assert_eq!(bench.platform.budget.taken().0, 0, "and they are gone");
}

#[tokio::test(start_paused = true)]
async fn http_1_1_is_the_only_protocol_and_a_client_that_names_none_is_taken() {
    let bench = Bench::with_tls(Limits::default());
    let name = || ServerName::try_from("vigie.local").unwrap();
    for (protocols, chosen) in [(&["h2", "http/1.1"][..], Some(&b"http/1.1"[..])), (&[], None)] {
        let stream = client(&bench, protocols).connect(name(), pipe(&bench, 1)).await.unwrap();
        assert_eq!(stream.get_ref().1.alpn_protocol(), chosen);
    }
    assert!(client(&bench, &["h2"]).connect(name(), pipe(&bench, 1)).await.is_err());
}

#[tokio::test(start_paused = true)]
async fn the_certificate_changes_without_a_restart_and_open_connections_go_on() {
    let bench = Bench::with_tls(Limits::default());
    let certificate = |stream: &TlsStream<DuplexStream>| -> CertificateDer<'static> {
        stream.get_ref().1.peer_certificates().unwrap()[0].clone().into_owned()
    };
    let mut before = connect(&bench, 1).await;
    let own = crate::http::guard::OwnNames { host_name: "other".into(), ..Default::default() };
    assert!(tls_of(&bench).look_after(&own).unwrap().is_some());
    let name = ServerName::try_from("other.local").unwrap();
    let after = client(&bench, &[]).connect(name, pipe(&bench, 2)).await.unwrap();
    assert_ne!(certificate(&before), certificate(&after));
    assert!(get(&mut before, "/healthz").await.starts_with("HTTP/1.1 200"));
}

#[tokio::test(start_paused = true)]
async fn plain_http_leads_to_tls_and_carries_out_nothing() {
    let bench = Bench::with_tls(Limits::default());
    bench.set_up().await;
    let mut client = bench.connect();
    let answer = client.get("/devices?q=1").await;
    assert_eq!((answer.status, answer.field("location")), (307, Some("https://vigie.local:8443/devices?q=1")));
    assert_eq!(answer.field("cache-control"), Some("no-store"), "no browser remembers it");
    assert_eq!(client.get("/healthz").await.status, 200);
    assert_eq!(client.get("/netboot/x").await.status, 404);
    let answer = client.ask("GET /x", "Host: evil.example\r\n", "").await;
    assert_eq!((answer.status, answer.code().as_str(), answer.field("location")), (421, "wrong_host", None));
    let login = format!(r#"{{"username":"ada","password":"{}"}}"#, super::bench::PASSWORD);
    let answer = client.post("/api/session", "", &login).await;
    assert_eq!((answer.status, answer.code().as_str()), (421, "tls_needed"));
    assert_eq!(answer.json()["address"], "https://vigie.local:8443");
    assert_eq!((answer.field("set-cookie"), answer.field("location")), (None, None));
    assert_eq!(bench.platform.accounts.session_count(), 0);
    let mut secure = bench.connect_as("192.168.1.3".parse().unwrap(), true);
    let metrics = secure.ask("GET /metrics", &format!("Authorization: Bearer {}\r\n", "m".repeat(32)), "").await;
    assert!(metrics.body.contains("\nvigie_tls_certificate_ends_unix_seconds "), "{}", metrics.body);
    let answer = secure.post("/api/session", "", &login).await;
    let cookie = answer.field("set-cookie").unwrap();
    assert!(cookie.starts_with("__Host-vigie=") && cookie.ends_with("; Secure"), "{cookie}");
    assert_eq!(answer.field("cross-origin-opener-policy"), Some("same-origin"));
    assert_eq!(answer.field("strict-transport-security"), None);
}

#[tokio::test(start_paused = true)]
async fn who_is_at_the_machine_itself_may_do_without_tls() {
    let bench = Bench::with_tls(Limits::default());
    let mut client = bench.connect_as("127.0.0.1".parse().unwrap(), false);
    assert_eq!(client.ask("GET /api/setup", "Host: localhost:8080\r\n", "").await.status, 200);
    assert_eq!(client.ask("GET /api/setup", "Host: vigie.local\r\n", "").await.status, 307);
}

#[tokio::test(start_paused = true)]
async fn routes_of_tls_say_so_when_it_is_off() {
    let bench = Bench::new();
    let bearer = format!("Authorization: Bearer {}\r\n", bench.token().await);
    let mut client = bench.connect();
    assert_eq!(client.get("/api/tls/ca.pem").await.code(), "tls_off");
    assert_eq!(client.ask("DELETE /api/tls/certificate", &bearer, "").await.code(), "tls_off");
    let view = client.ask("GET /api/tls", &bearer, "").await.json();
    assert_eq!((&view["enabled"], &view["certificate"]), (&false.into(), &serde_json::Value::Null));
    let system = client.ask("GET /api/system", &bearer, "").await.json();
    assert_eq!(system["certificate_sha256"], serde_json::Value::Null);
}

/// A server on loopback, plain and TLS, and a folder for what programs read.
struct Loopback {
    bench: Bench,
    folder: TempDir,
    plain: SocketAddr,
    secure: SocketAddr,
}

impl Loopback {
    async fn new() -> Self {
        let bench = Bench::with_tls(Limits::default());
        let [plain, secure] = [(); 2].map(|()| tokio::net::TcpListener::bind("127.0.0.1:0"));
        let (plain, secure) = (plain.await.unwrap(), secure.await.unwrap());
        let addresses = (plain.local_addr().unwrap(), secure.local_addr().unwrap());
        let tls = tls_of(&bench).clone();
        tls.listens_on(addresses.1.port());
        let (server, stop) = (bench.server.clone(), bench.stop.subscribe());
        tokio::spawn(async move { server.serve(plain, stop).await });
        let (server, stop) = (bench.server.clone(), bench.stop.subscribe());
        tokio::spawn(async move { server.serve_tls(secure, tls, stop).await });
        Self { bench, folder: tempfile::tempdir().unwrap(), plain: addresses.0, secure: addresses.1 }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Runs a program in the folder; whether it was content, and everything it wrote.
    async fn run(&self, program: &str, arguments: &[&str]) -> (bool, String) {
        let child = Command::new(program)
            .current_dir(self.folder.path())
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap_or_else(|error| panic!("{program}: {error}; tests/install brings it"));
        let done = timeout(PROGRAM_TIME, child.wait_with_output()).await.expect("it ends").unwrap();
        (done.status.success(), String::from_utf8_lossy(&[done.stdout, done.stderr].concat()).into_owned())
    }

    /// curl to the TLS port under a name of ours, trusting the authority in `ca.pem`.
    async fn curl(&self, name: &str, path: &str, more: &[&str]) -> (bool, String) {
        let port = self.secure.port();
        let resolve = format!("{name}:{port}:127.0.0.1");
        let url = format!("https://{name}:{port}{path}");
        let mut arguments = vec!["--silent", "--show-error", "--cacert", "ca.pem", "--resolve", &resolve, &url];
        arguments.extend(more);
        self.run("curl", &arguments).await
    }
}

#[tokio::test]
async fn curl_and_openssl_trust_the_authority_for_our_names_and_for_no_other() {
    let place = Loopback::new().await;
    let (port, plain) = (place.secure.port(), place.plain.port());
    // As a person does at first: the authority is fetched unchecked, and its fingerprint compared.
    let url = format!("https://localhost:{port}/api/tls/ca.pem");
    let (fine, text) = place.run("curl", &["--silent", "--insecure", "--output", "ca.pem", &url]).await;
    assert!(fine, "{text}");
    let (_, text) = place.run("openssl", &["x509", "-in", "ca.pem", "-noout", "-fingerprint", "-sha256"]).await;
    let expected = tls_of(&place.bench).shown().authority_sha256();
    assert!(text.contains(&expected), "{text}");
    for name in ["localhost", "vigie", "vigie.local", "vigie.lan", "vigie.home.arpa"] {
        let (fine, text) = place.curl(name, "/healthz", &[]).await;
        assert!(fine && text == r#"{"status":"ok"}"#, "{name}: {text}");
    }
    let (fine, text) =
        place.run("curl", &["--silent", "--cacert", "ca.pem", &format!("https://127.0.0.1:{port}/healthz")]).await;
    assert!(fine && text.contains("ok"), "an address: {text}");
    let (fine, text) = place.curl("other.local", "/healthz", &[]).await;
    assert!(!fine && text.contains("no alternative certificate subject name matches"), "{text}");
    let (fine, text) = place.run("curl", &["--silent", "--show-error", &format!("https://localhost:{port}/")]).await;
    assert!(!fine && text.contains("certificate"), "nobody else trusts it: {text}");
    // The whole way of a newcomer: plain, led to TLS, answered.
    let both = format!("vigie.local:{plain}:127.0.0.1");
    let url = format!("http://vigie.local:{plain}/api/setup");
    let (fine, text) = place.curl("vigie.local", "/healthz", &["--resolve", &both, "--location", &url]).await;
    assert!(fine && text.ends_with(r#"{"needed":true}"#), "{text}");
}

#[tokio::test]
async fn openssl_speaks_1_2_and_1_3_and_nothing_older_and_resumes() {
    let place = Loopback::new().await;
    let authority = tls_of(&place.bench).shown().authority.clone();
    std::fs::write(place.path("ca.der"), &authority).unwrap();
    place.run("openssl", &["x509", "-inform", "DER", "-in", "ca.der", "-out", "ca.pem"]).await;
    let at = place.secure.to_string();
    let ask = |more: &'static [&'static str]| {
        let at = at.clone();
        let place = &place;
        async move {
            let mut arguments = vec!["s_client", "-connect", &at, "-servername", "vigie.local", "-CAfile", "ca.pem"];
            arguments.extend(["-verify_return_error", "-verify_hostname", "vigie.local", "-alpn", "h2,http/1.1"]);
            arguments.extend(more);
            place.run("openssl", &arguments).await
        }
    };
    for version in [&["-tls1_2"][..], &["-tls1_3"]] {
        let (fine, text) = ask(version).await;
        assert!(fine && text.contains("Verify return code: 0 (ok)"), "{text}");
        assert!(text.contains("ALPN protocol: http/1.1") && text.contains("Peer signature type: ECDSA"), "{text}");
    }
    let (fine, text) = ask(&["-tls1_1", "-cipher", "DEFAULT@SECLEVEL=0"]).await;
    assert!(!fine && text.contains("SSL alert number"), "{text}");
    let (fine, text) = ask(&["-tls1_2", "-reconnect"]).await;
    assert!(fine && text.contains("Reused, TLSv1.2"), "{text}");
    // OpenSSL's own judgement of the pair, constraints included, as strict as it can be.
    let leaf = tls_of(&place.bench).shown().own.certificate().to_vec();
    std::fs::write(place.path("leaf.der"), leaf).unwrap();
    place.run("openssl", &["x509", "-inform", "DER", "-in", "leaf.der", "-out", "leaf.pem"]).await;
    let strict = ["verify", "-x509_strict", "-purpose", "sslserver", "-CAfile", "ca.pem", "leaf.pem"];
    let (fine, text) = place.run("openssl", &strict).await;
    assert!(fine, "{text}");
    let (_, text) = place.run("openssl", &["x509", "-in", "ca.pem", "-noout", "-text"]).await;
    assert!(text.contains("Name Constraints: critical") && text.contains("DNS:home.arpa"), "{text}");
}

#[tokio::test]
async fn a_person_s_certificate_is_shown_after_the_upload_and_gone_after_the_removal() {
    let place = Loopback::new().await;
    let authority = tls_of(&place.bench).shown().authority.clone();
    std::fs::write(place.path("ca.der"), &authority).unwrap();
    place.run("openssl", &["x509", "-inform", "DER", "-in", "ca.der", "-out", "ca.pem"]).await;
    let bearer = format!("Authorization: Bearer {}", place.bench.token().await);
    let request = "req -x509 -newkey ed25519 -nodes -keyout own.key -out own.pem -days 30 -subj /CN=x -addext subjectAltName=DNS:vigie.lan";
    let (fine, text) = place.run("openssl", &request.split(' ').collect::<Vec<_>>()).await;
    assert!(fine, "{text}");
    let [certificate, key] = ["own.pem", "own.key"].map(|name| std::fs::read_to_string(place.path(name)).unwrap());
    let send = |key: &str| serde_json::json!({ "certificate": certificate, "key": key }).to_string();
    std::fs::write(place.path("bad.json"), send(&certificate)).unwrap();
    std::fs::write(place.path("good.json"), send(&key)).unwrap();
    let put =
        |file: &'static str| ["--request", "PUT", "--header", "Content-Type: application/json", "--data-binary", file];
    let authorised = |more: &[&'static str]| {
        let mut arguments = vec!["--header".to_owned(), bearer.clone()];
        arguments.extend(more.iter().map(|word| (*word).to_owned()));
        arguments
    };
    let path = "/api/tls/certificate";
    let arguments = authorised(&put("@bad.json"));
    let (_, text) = place.curl("vigie.lan", path, &arguments.iter().map(String::as_str).collect::<Vec<_>>()).await;
    assert!(text.contains("\"key_missing\"") && text.contains("\"/key\""), "{text}");
    let (_, text) = place.curl("vigie.lan", path, &put("@good.json")).await;
    assert!(text.contains("login_needed"), "{text}");
    let arguments = authorised(&put("@good.json"));
    let (_, text) = place.curl("vigie.lan", path, &arguments.iter().map(String::as_str).collect::<Vec<_>>()).await;
    assert!(text.contains("\"source\":\"uploaded\"") && !text.contains("PRIVATE"), "{text}");
    let (fine, text) = place.curl("vigie.lan", "/healthz", &[]).await;
    assert!(!fine, "the authority does not vouch for it: {text}");
    let (fine, text) = place.curl("vigie.lan", "/healthz", &["--cacert", "own.pem"]).await;
    assert!(fine, "{text}");
    let arguments = authorised(&["--cacert", "own.pem", "--request", "DELETE"]);
    let (fine, text) = place.curl("vigie.lan", path, &arguments.iter().map(String::as_str).collect::<Vec<_>>()).await;
    assert!(fine && text.is_empty(), "{text}");
    let (fine, text) = place.curl("vigie.lan", "/healthz", &[]).await;
    assert!(fine, "{text}");
}
