//! Holds the read of an agent's system group, with the user and the community a person gave.
//! Never tries what nobody gave and never writes. Called by errands.

use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;

use tokio::net::UdpSocket;
use tokio::time::timeout;
use vigie_core::lan::{Clue, Fact, Source};
use vigie_wire::names::snmp::{Answer, PORT, SnmpFact, identity};

use super::super::hear::{is_a_name, short};
use super::super::usm::User;
use super::secured::{self, Agents, Outcome};
use super::{Communities, Visit, id};

/// Small agents take a second when they are busy forwarding.
pub(super) const ANSWER_TIME: Duration = Duration::from_millis(1_500);

/// What agents are asked with.
pub(super) struct Key {
    communities: Rc<Communities>,
    agents: Option<Agents>,
}

impl Key {
    /// What a person gave.
    pub(super) fn new(communities: Rc<Communities>, user: Option<User>) -> Self {
        Self { communities, agents: user.map(Agents::new) }
    }
}

/// Asks by version 3, then, when that gave nothing, by version 2c; each only if there is something to ask with.
pub(super) async fn ask(at: &Visit, key: &Key) {
    if let Some(agents) = &key.agents
        && secured::ask(at, agents).await == Outcome::Answered
    {
        return;
    }
    for community in key.communities.all() {
        if exchange(at, &community).await.is_some() {
            return;
        }
    }
}

/// A socket that hears this agent only.
pub(super) async fn socket(at: &Visit) -> Option<UdpSocket> {
    let any: SocketAddr = if at.ip.is_ipv4() { ([0, 0, 0, 0], 0).into() } else { ([0u16; 8], 0).into() };
    let socket = UdpSocket::bind(any).await.ok()?;
    socket.connect(at.address(PORT)).await.ok()?;
    Some(socket)
}

async fn exchange(at: &Visit, community: &str) -> Option<()> {
    let number = id()?;
    let packet = identity(number, community.as_bytes())?;
    let socket = socket(at).await?;
    socket.send(&packet).await.ok()?;
    let mut buffer = [0; 2_048];
    let length = timeout(ANSWER_TIME, socket.recv(&mut buffer)).await.ok()?.ok()?;
    let Ok(answer) = Answer::parse(buffer.get(..length)?) else {
        at.malformed(Source::Snmp);
        return None;
    };
    if answer.id != number {
        return None;
    }
    tell(at, &answer);
    Some(())
}

/// Tells what an answer says.
pub(super) fn tell(at: &Visit, answer: &Answer<'_>) {
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
}
