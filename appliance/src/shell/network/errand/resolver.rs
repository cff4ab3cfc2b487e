//! Holds the question for a neighbour's name to the resolvers of its own network.
//! Never asks a resolver outside the segment: what devices are here is nobody's business there. Called by errands.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use tokio::net::UdpSocket;
use tokio::time::timeout;
use vigie_core::lan::{Fact, Source};
use vigie_wire::names::dns::{Message, Name, Query, RData, kind};

use super::super::hear::{is_a_name, short};
use super::super::leg::Leg;
use super::Visit;

const DNS_PORT: u16 = 53;
/// A resolver of the place answers from memory.
const ANSWER_TIME: Duration = Duration::from_millis(700);
/// Times each resolver is asked.
const TIMES: usize = 2;
/// Recursion desired (RFC 1035 section 4.1.1).
const RECURSION: u16 = 0x0100;

/// Asks the network's resolvers, one after the other, and tells the first name.
pub(super) async fn ask(at: &Visit) {
    for resolver in resolvers(at) {
        for _ in 0..TIMES {
            match exchange(at, resolver).await {
                Some(Some(name)) => {
                    if is_a_name(&name) {
                        at.tell(Source::Dns, Fact::Name(short(&name)));
                    }
                    return;
                }
                // It knows no name: asking again is asking the same.
                Some(None) => break,
                None => {}
            }
        }
    }
}

/// The gateway and the machine's own resolvers, as far as they are neighbours.
fn resolvers(at: &Visit) -> Vec<SocketAddr> {
    let configured = crate::shell::broker::resolvers();
    let engine = at.engine.borrow();
    // Behind a router there is no resolver of the place that we could know: those of the own networks serve it.
    let beyond = engine.legs.iter().any(|leg| leg.segment() == at.segment && leg.footing.ground.is_beyond());
    let is_asked = |leg: &&Leg| leg.segment() == at.segment || (beyond && !leg.footing.ground.is_beyond());
    let legs: Vec<&Leg> = engine.legs.iter().filter(is_asked).collect();
    let configured =
        configured.lines().filter_map(|line| line.strip_prefix("nameserver")?.trim().parse::<IpAddr>().ok());
    let mut found: Vec<SocketAddr> = Vec::new();
    for ip in legs.iter().filter_map(|leg| leg.footing.gateway).chain(configured) {
        let to = SocketAddr::new(ip, DNS_PORT);
        let near = legs.iter().any(|leg| !leg.footing.ground.is_beyond() && leg.footing.ground.is_neighbour(ip));
        if near && !found.contains(&to) && found.len() < 3 {
            found.push(to);
        }
    }
    found
}

/// One question. `None`: no answer; `Some(None)`: an answer without a name.
async fn exchange(at: &Visit, resolver: SocketAddr) -> Option<Option<String>> {
    let id = u16::from_le_bytes(vigie_sys::random::bytes::<2>().ok()?);
    let mut query = Query::new(id, RECURSION);
    let _fits = query.ask(&Name::reverse(at.ip), kind::PTR, false);
    let packet = query.finish()?;
    let any: SocketAddr = if resolver.is_ipv4() { ([0, 0, 0, 0], 0).into() } else { ([0u16; 8], 0).into() };
    let socket = UdpSocket::bind(any).await.ok()?;
    socket.connect(resolver).await.ok()?;
    socket.send(&packet).await.ok()?;
    let mut buffer = [0; 1_232];
    loop {
        let length = timeout(ANSWER_TIME, socket.recv(&mut buffer)).await.ok()?.ok()?;
        let Ok(message) = Message::parse(buffer.get(..length)?) else { continue };
        if message.header.id != id || !message.header.is_response() {
            continue;
        }
        let name = message.records().map_while(Result::ok).find_map(|record| match record.data {
            RData::Ptr(name) if record.name.to_ip() == Some(at.ip) => Some(name.to_text::<128>().as_str().to_owned()),
            _ => None,
        });
        return Some(name);
    }
}
