//! Holds the read of an agent's system group, with the communities a person gave.
//! Never tries a community nobody gave and never writes. Called by errands.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::net::UdpSocket;
use tokio::time::timeout;
use vigie_core::lan::{Clue, Fact, Source};
use vigie_wire::names::snmp::{Answer, SnmpFact, identity};
use zeroize::Zeroizing;

use super::super::hear::{is_a_name, short};
use super::Visit;

const SNMP_PORT: u16 = 161;
/// Small agents take a second when they are busy forwarding.
const ANSWER_TIME: Duration = Duration::from_millis(1_500);

/// Asks with each community until one is answered.
pub(super) async fn ask(at: &Visit, communities: &[Zeroizing<String>]) {
    for community in communities {
        if exchange(at, community).await.is_some() {
            return;
        }
    }
}

async fn exchange(at: &Visit, community: &str) -> Option<()> {
    let id = u32::from_le_bytes(vigie_sys::random::bytes::<4>().ok()?) >> 1;
    let packet = identity(id, community.as_bytes())?;
    let any: SocketAddr = if at.ip.is_ipv4() { ([0, 0, 0, 0], 0).into() } else { ([0u16; 8], 0).into() };
    let socket = UdpSocket::bind(any).await.ok()?;
    socket.connect(at.address(SNMP_PORT)).await.ok()?;
    socket.send(&packet).await.ok()?;
    let mut buffer = [0; 2_048];
    let length = timeout(ANSWER_TIME, socket.recv(&mut buffer)).await.ok()?.ok()?;
    let answer = Answer::parse(buffer.get(..length)?).ok().filter(|answer| answer.id == id)?;
    for fact in answer.facts() {
        match fact {
            SnmpFact::Name(name) if is_a_name(&name) => at.tell(Source::Snmp, Fact::Name(short(&name))),
            SnmpFact::Description(text) => at.tell(Source::Snmp, Fact::Clue(Clue::SnmpDescription, &text)),
            SnmpFact::ObjectId { text, .. } => at.tell(Source::Snmp, Fact::Clue(Clue::SnmpObject, &text)),
            SnmpFact::Services(layers) => {
                at.tell(Source::Snmp, Fact::Clue(Clue::SnmpServices, &layers.to_string()));
            }
            _ => {}
        }
    }
    Some(())
}
