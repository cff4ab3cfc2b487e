//! Holds the question to the Tailscale daemon of this machine: which of its peers are neighbours here, and who they are.
//! Never asks anybody else and never makes a device: a peer that is not on the own networks is none. One task.

use std::cell::RefCell;
use std::collections::HashMap;
use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::Duration;

use embassy_time::Instant;
use serde::Deserialize;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;
use tokio::time::timeout;
use vigie_core::lan::{Clue, Fact, Sighting, Source, StableId};
use vigie_wire::names::Text;
use vigie_wire::names::text::clean;

use super::engine::{Engine, Shared};
use super::hear::{is_a_name, short};
use super::leg::Leg;
use super::sweeps::Sweeps;
use super::tally::Trouble;
use crate::shell::tasks;

/// Where the daemon of a Linux machine listens.
pub(super) const USUAL_SOCKET: &str = "/run/tailscale/tailscaled.sock";
/// How often it is looked whether a question is due: the interval may have been changed.
const LOOK_EVERY: Duration = Duration::from_secs(5);
/// The daemon answers from memory.
const ANSWER_TIME: Duration = Duration::from_secs(5);
/// Longest answer taken, about 1 KiB a peer: a thousand of them.
const MAX_ANSWER_BYTES: u64 = 1024 * 1024;
/// HTTP/1.0, so that the answer comes in one piece and the end of the connection ends it. The daemon answers to this host
/// only, against pages that guess their way to it.
const QUESTION: &[u8] = b"GET /localapi/v0/status HTTP/1.0\r\nHost: local-tailscaled.sock\r\n\r\n";

/// What the daemon says, as far as it is needed.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Status {
    #[serde(default)]
    peer: Option<HashMap<String, Peer>>,
}

/// A peer as the daemon says.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Peer {
    /// The node's identifier, stable for its life in the overlay.
    #[serde(rename = "ID", default)]
    id: String,
    #[serde(default)]
    host_name: String,
    #[serde(rename = "OS", default)]
    os: String,
    /// The endpoint it is reached at directly now; empty without, as it is while nothing is sent or a relay is used.
    #[serde(default)]
    cur_addr: String,
}

/// A peer that is reached directly.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Near {
    at: SocketAddr,
    node: Text<64>,
    name: Text<63>,
    os: Text<32>,
}

/// Asks for as long as the service runs.
pub(super) async fn watch(engine: Shared, sweeps: Rc<RefCell<Sweeps>>, socket: PathBuf) {
    let beat = tasks::watch("tailscale", tasks::LIMIT);
    let mut next = Instant::MIN;
    loop {
        let now = Instant::now();
        if engine.borrow().heard.is_on(Source::Tailscale) && next <= now {
            let pause = sweeps.borrow().rhythm.pause_of(Source::Tailscale);
            next = now + embassy_time::Duration::from_secs(pause.as_secs());
            let answer = timeout(ANSWER_TIME, ask(&socket)).await;
            let answer = answer.unwrap_or_else(|_| Err(ErrorKind::TimedOut.into()));
            take(&mut engine.borrow_mut(), answer);
        }
        beat.idle(tokio::time::sleep(LOOK_EVERY)).await;
    }
}

async fn ask(socket: &Path) -> io::Result<Vec<Near>> {
    let mut stream = UnixStream::connect(socket).await?;
    stream.write_all(QUESTION).await?;
    let mut answer = Vec::new();
    stream.take(MAX_ANSWER_BYTES + 1).read_to_end(&mut answer).await?;
    if answer.len() as u64 > MAX_ANSWER_BYTES {
        return Err(ErrorKind::FileTooLarge.into());
    }
    read(&answer).ok_or_else(|| ErrorKind::InvalidData.into())
}

/// The peers that are reached directly. `None`: it is no status.
fn read(answer: &[u8]) -> Option<Vec<Near>> {
    let end = answer.windows(4).position(|bytes| bytes == b"\r\n\r\n")?;
    let (head, body) = (answer.get(..end)?, answer.get(end + 4..)?);
    let (version, rest) = head.split_at_checked(b"HTTP/1.x ".len())?;
    if !version.starts_with(b"HTTP/1.") || !rest.starts_with(b"200") {
        return None;
    }
    let status: Status = serde_json::from_slice(body).ok()?;
    let near = |peer: Peer| {
        let at = peer.cur_addr.parse().ok()?;
        let (node, name, os) = (clean(peer.id.as_bytes()), clean(peer.host_name.as_bytes()), clean(peer.os.as_bytes()));
        Some(Near { at, node, name, os })
    };
    Some(status.peer.unwrap_or_default().into_values().filter_map(near).collect())
}

fn take(engine: &mut Engine, answer: io::Result<Vec<Near>>) {
    let now = Instant::now();
    engine.tallies.asked(Source::Tailscale, now);
    let peers = match answer {
        Ok(peers) => peers,
        Err(error) => {
            return match error.kind() {
                // Most machines have none; one that was stopped leaves its socket behind.
                ErrorKind::NotFound | ErrorKind::ConnectionRefused => engine.tallies.absent(Source::Tailscale, now),
                ErrorKind::FileTooLarge => engine.tallies.failed(Source::Tailscale, now, Trouble::TooLong),
                ErrorKind::InvalidData => {
                    engine.malformed(Source::Tailscale);
                    engine.tallies.failed(Source::Tailscale, now, Trouble::NotUnderstood);
                }
                kind => engine.tallies.failed(Source::Tailscale, now, Trouble::Unreadable(kind)),
            };
        }
    };
    engine.tallies.well(Source::Tailscale);
    engine.tallies.heard(Source::Tailscale, now);
    for peer in peers {
        tell(engine, now, &peer);
    }
    engine.settle();
}

/// Tells of a peer, if the daemon reaches it at an address of an own network: then it is the device that has this address.
/// One behind a router may have the same address as another in yet another place, so those are left out.
fn tell(engine: &mut Engine, now: Instant, peer: &Near) {
    let ip = peer.at.ip();
    let here = |leg: &&Leg| !leg.footing.ground.is_beyond() && leg.footing.ground.is_neighbour(ip);
    let Some(segment) = engine.legs.iter().find(here).map(Leg::segment) else { return };
    let mut say = |fact| {
        engine.see(now, &Sighting { segment, source: Source::Tailscale, mac: None, ip: Some(ip), fact });
    };
    if is_a_name(&peer.name) {
        say(Fact::Name(short(&peer.name)));
    }
    if !peer.os.is_empty() {
        say(Fact::Clue(Clue::Os, &peer.os));
    }
    if !peer.node.is_empty() {
        say(Fact::Stable(StableId::Tailscale, &peer.node));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Intervals, NetworkSettings};
    use crate::shell::network::testing;
    use std::net::{IpAddr, Ipv4Addr};
    use tokio::net::UnixListener;
    use tokio::task::LocalSet;
    use vigie_core::lan::Fact;
    use vigie_wire::Mac;

    /// A status of tailscaled 1.80, cut to what matters, keys and names changed: one peer on the LAN, one elsewhere whose
    /// private address is of another site, one by relay.
    const BODY: &str = r#"{"Version":"1.80.2","BackendState":"Running","Self":{"ID":"nSELF1CNTRL","HostName":"vigie",
        "CurAddr":"","Addrs":["203.0.113.5:41641","10.0.0.1:41641"]},"Peer":{
        "nodekey:a1":{"ID":"nNAS11CNTRL","HostName":"nas","DNSName":"nas.example.ts.net.","OS":"linux",
            "TailscaleIPs":["100.64.0.7"],"Addrs":null,"CurAddr":"10.0.0.7:41641","Relay":"fra","Online":true},
        "nodekey:b2":{"ID":"nFAR22CNTRL","HostName":"far","OS":"windows","CurAddr":"198.51.100.9:41641","Online":true},
        "nodekey:c3":{"ID":"nREL33CNTRL","HostName":"relayed","OS":"iOS","CurAddr":"","Relay":"fra","Online":true}}}"#;

    fn answer(body: &str) -> Vec<u8> {
        format!("HTTP/1.0 200 OK\r\nContent-Type: application/json\r\n\r\n{body}").into_bytes()
    }

    #[test]
    fn reads_who_is_reached_directly() {
        let mut near = read(&answer(BODY)).unwrap();
        near.sort_by_key(|peer| peer.node.clone());
        let said: Vec<_> =
            near.iter().map(|peer| format!("{} {} {} {}", peer.node, peer.name, peer.os, peer.at)).collect();
        assert_eq!(said, ["nFAR22CNTRL far windows 198.51.100.9:41641", "nNAS11CNTRL nas linux 10.0.0.7:41641"]);
        assert_eq!(read(&answer(r#"{"Peer":null}"#)), Some(Vec::new()), "logged out");
    }

    #[test]
    fn what_is_no_status_is_refused() {
        for raw in [
            &b""[..],
            b"HTTP/1.0 403 Forbidden\r\n\r\n{}",
            b"SSH-2.0-x\r\n\r\n{}",
            b"HTTP/1.0 200 OK\r\n\r\n<html>",
            b"HTTP/1.0 200 OK\r\n\r\n{\"Peer\":{\"a\":{\"CurAddr\":7}}}",
        ] {
            assert_eq!(read(raw), None, "{}", String::from_utf8_lossy(raw));
        }
    }

    /// A daemon on a socket in a folder of its own, which answers each question the same and keeps the last one.
    fn daemon(path: &Path, body: &'static str) -> Rc<RefCell<Vec<u8>>> {
        let listener = UnixListener::bind(path).unwrap();
        let asked = Rc::new(RefCell::new(Vec::new()));
        let seen = asked.clone();
        tokio::task::spawn_local(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let mut question = vec![0; 1_024];
                let length = stream.read(&mut question).await.unwrap_or(0);
                question.truncate(length);
                *seen.borrow_mut() = question;
                let _gone = stream.write_all(&answer(body)).await;
            }
        });
        asked
    }

    #[tokio::test]
    async fn a_peer_on_the_network_gets_its_node_id_and_the_others_are_no_devices() {
        let local = LocalSet::new();
        local
            .run_until(async {
                let folder = tempfile::tempdir().unwrap();
                let socket = folder.path().join("tailscaled.sock");
                let asked = daemon(&socket, BODY);
                let own = Ipv4Addr::new(10, 0, 0, 1);
                let network = testing::network(1, &[("eth0", own, 24)], None, Box::new(|_, _| {}));
                let near = ask(&socket).await.unwrap();
                let question = String::from_utf8(asked.borrow().clone()).unwrap();
                assert!(question.starts_with("GET /localapi/v0/status HTTP/1.0\r\nHost: local-tailscaled.sock\r\n"));
                let (mac, ip) = (Mac([0x90, 0xb1, 0x1c, 0, 0, 7]), IpAddr::from([10, 0, 0, 7]));
                let visit = network.call(move |hands| {
                    let fact = Fact::Answered(vigie_core::Duration::from_millis(1));
                    testing::hear(hands, Source::Arp, mac, ip, fact);
                    let before = hands.lan().devices().count();
                    take(hands.engine, Ok(near));
                    let device = hands.lan().find_mac(mac).unwrap();
                    let names: Vec<_> = device.names().iter().map(|row| row.name.to_string()).collect();
                    let stable: Vec<_> = device.stable_ids().iter().map(|row| (row.id, row.text.to_string())).collect();
                    (hands.lan().devices().count() - before, names, stable)
                });
                let (new, names, stable) = visit.await.unwrap();
                assert_eq!((new, names), (0, vec!["nas".to_owned()]));
                assert_eq!(stable, [(StableId::Tailscale, "nNAS11CNTRL".to_owned())]);
            })
            .await;
    }

    #[tokio::test]
    async fn no_daemon_is_no_error_and_a_strange_one_is() {
        let local = LocalSet::new();
        local
            .run_until(async {
                let folder = tempfile::tempdir().unwrap();
                let socket = folder.path().join("tailscaled.sock");
                let own = Ipv4Addr::new(10, 0, 0, 1);
                let network = testing::network(1, &[("eth0", own, 24)], None, Box::new(|_, _| {}));
                let absent = ask(&socket).await;
                let _asked = daemon(&socket, "<html>");
                let strange = ask(&socket).await;
                let visit = network.call(move |hands| {
                    take(hands.engine, absent);
                    let first = hands.engine.tallies.of(Source::Tailscale);
                    take(hands.engine, strange);
                    (first, hands.engine.tallies.of(Source::Tailscale))
                });
                let (first, second) = visit.await.unwrap();
                assert_eq!((first.errors, first.trouble.map(|(_, why)| why)), (0, Some(Trouble::Absent)));
                assert_eq!((second.errors, second.trouble.map(|(_, why)| why)), (1, Some(Trouble::NotUnderstood)));
                assert_eq!((second.malformed, second.asked), (1, 2));
            })
            .await;
    }

    #[test]
    fn it_is_asked_as_often_as_a_person_chose() {
        let intervals = Intervals { tailscale: 9, leases: 0, ..Intervals::default() };
        let settings = NetworkSettings { intervals, interval_minutes: 4, ..NetworkSettings::default() };
        let rhythm = super::super::settings::rhythm(&settings, false);
        assert_eq!(rhythm.pause_of(Source::Tailscale), Duration::from_secs(9 * 60));
        assert_eq!(rhythm.pause_of(Source::Lease), Duration::from_secs(4 * 60));
        assert_eq!(rhythm.pause_of(Source::Arp), Duration::from_secs(4 * 60));
    }
}
