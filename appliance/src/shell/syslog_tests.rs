//! Holds the tests of the forwarding: real sockets of the loopback interface, read byte by byte.
//! It never sends anywhere else. `cargo test` runs it.

use tokio::io::AsyncReadExt;
use tokio::net::TcpListener;

use super::*;
use crate::shell::clocks::BootClock;

const SOON: Duration = Duration::from_secs(20);

fn ring() -> Arc<LogRing> {
    LogRing::new(Arc::new(BootClock))
}

fn host(tcp: bool, port: u16) -> SyslogHost {
    SyslogHost { tcp, host: "127.0.0.1".to_owned(), port }
}

fn words(datagram: &[u8]) -> String {
    String::from_utf8(datagram.to_vec()).unwrap().rsplit(": ").next().unwrap().to_owned()
}

#[test]
fn a_line_is_the_bytes_the_standard_wants() {
    let mut line = Line {
        seq: 7,
        ts: Some("2026-05-04T03:02:01.000Z".to_owned()),
        at_ms: 12_345,
        level: "WARN",
        target: "vigie::x",
        message: "a name\nfrom\u{7f} the network \u{1b}[2J é".to_owned(),
    };
    let id = std::process::id();
    let expected = format!(
        "<28>1 2026-05-04T03:02:01.000Z box vigie {id} - [meta sequenceId=\"7\" sysUpTime=\"1234\"] \
         vigie::x: a name from  the network  [2J é"
    );
    assert_eq!(render(&line, "box"), expected);
    (line.ts, line.level, line.seq) = (None, "ERROR", 0x8000_0000);
    assert!(render(&line, "box").starts_with(&format!("<27>1 - box vigie {id} - [meta sequenceId=\"1\"")));
}

#[tokio::test]
async fn the_ring_is_told_from_its_first_line_even_when_the_host_comes_late() {
    let (ring, metrics) = (ring(), Metrics::default());
    ring.push(Level::INFO, "test", "before the network".to_owned());
    // Its port is known and nobody listens there yet: the kernel answers with "refused".
    let port = std::net::UdpSocket::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    start(host(false, port), ring.clone(), &metrics);
    let refused = || {
        let _rendered = metrics.render();
        metrics.value("syslog_failures_total", "") > Some(0.0)
    };
    timeout(SOON, async {
        // The first datagram goes into the void, the second meets the kernel's answer to it.
        while !refused() {
            ring.push(Level::INFO, "test", "into the void".to_owned());
            sleep(Duration::from_millis(10)).await;
        }
    })
    .await
    .unwrap();
    let socket = UdpSocket::bind(("127.0.0.1", port)).await.unwrap();
    ring.push(Level::WARN, module_path!().trim_end_matches("::tests"), "own words".to_owned());
    ring.push(Level::INFO, "test", "the last".to_owned());
    let mut heard = Vec::new();
    let mut buffer = [0; 2_048];
    timeout(SOON, async {
        while heard.last().is_none_or(|last| last != "the last") {
            let length = socket.recv(&mut buffer).await.unwrap();
            heard.push(words(&buffer[..length]));
        }
    })
    .await
    .unwrap();
    assert!(!heard.iter().any(|line| line == "own words"), "{heard:?}");
    let rest = heard.iter().filter(|line| *line == "into the void").count();
    assert!(rest >= 1 && heard.len() == rest + 1, "what was refused comes again: {heard:?}");
}

#[tokio::test]
async fn over_tcp_octets_are_counted_and_a_lost_connection_is_made_again() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (ring, metrics) = (ring(), Metrics::default());
    ring.push(Level::INFO, "test", "one é".to_owned());
    start(host(true, listener.local_addr().unwrap().port()), ring.clone(), &metrics);
    let read = async |stream: &mut TcpStream| {
        let (mut length, mut byte) = (0usize, [0]);
        loop {
            stream.read_exact(&mut byte).await.unwrap();
            match byte[0] {
                b' ' => break,
                digit => length = length * 10 + usize::from(digit - b'0'),
            }
        }
        let mut line = vec![0; length];
        stream.read_exact(&mut line).await.unwrap();
        words(&line)
    };
    timeout(SOON, async {
        let (mut first, _) = listener.accept().await.unwrap();
        assert_eq!(read(&mut first).await, "one é");
        drop(first);
        ring.push(Level::INFO, "test", "two".to_owned());
        let (mut second, _) = listener.accept().await.unwrap();
        assert_eq!(read(&mut second).await, "two");
    })
    .await
    .unwrap();
}

#[tokio::test]
async fn what_the_ring_gives_up_is_counted_as_lost() {
    let (ring, metrics) = (ring(), Metrics::default());
    for number in 0..10_000 {
        ring.push(Level::INFO, "test", format!("{number} {}", "x".repeat(200)));
    }
    let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let kept = ring.since(0, usize::MAX, Level::TRACE).0.len() as f64;
    start(host(false, socket.local_addr().unwrap().port()), ring.clone(), &metrics);
    timeout(SOON, async {
        let mut buffer = [0; 2_048];
        loop {
            let length = socket.recv(&mut buffer).await.unwrap();
            if words(&buffer[..length]).starts_with("9999 ") {
                break;
            }
        }
        // The counter follows the last datagram by an instant.
        loop {
            let _rendered = metrics.render();
            if metrics.value("syslog_lines_total", "sent") == Some(kept) {
                break;
            }
            sleep(Duration::from_millis(5)).await;
        }
    })
    .await
    .unwrap();
    assert_eq!(metrics.value("syslog_lines_total", "lost"), Some(10_000.0 - kept));
}
