//! Holds the question for a neighbour's name to the resolvers of its own network.
//! Never asks a resolver outside the segment: what devices are here is nobody's business there. Called by errands.

use std::net::SocketAddr;
use std::time::Duration;

use vigie_core::lan::{Fact, Source};
use vigie_wire::names::dns::{Message, Name, RData, kind};

use crate::shell::dns;

use super::super::hear::{is_a_name, short};
use super::super::leg::Leg;
use super::Visit;

/// A resolver of the place answers from memory.
const ANSWER_TIME: Duration = Duration::from_millis(700);
/// Times each resolver is asked.
const TIMES: usize = 2;

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
    let engine = at.engine.borrow();
    // Behind a router there is no resolver of the place that we could know: those of the own networks serve it.
    let beyond = engine.legs.iter().any(|leg| leg.segment() == at.segment && leg.footing.ground.is_beyond());
    let is_asked = |leg: &&Leg| leg.segment() == at.segment || (beyond && !leg.footing.ground.is_beyond());
    let legs: Vec<&Leg> = engine.legs.iter().filter(is_asked).collect();
    let gateways = legs.iter().filter_map(|leg| leg.footing.gateway).map(|ip| SocketAddr::new(ip, dns::PORT));
    let mut found: Vec<SocketAddr> = Vec::new();
    for to in gateways.chain(dns::configured()) {
        let near = legs.iter().any(|leg| !leg.footing.ground.is_beyond() && leg.footing.ground.is_neighbour(to.ip()));
        if near && !found.contains(&to) && found.len() < 3 {
            found.push(to);
        }
    }
    found
}

/// One question. `None`: no answer; `Some(None)`: an answer without a name.
async fn exchange(at: &Visit, resolver: SocketAddr) -> Option<Option<String>> {
    let name = |message: &Message<'_>| {
        message.records().map_while(Result::ok).find_map(|record| match record.data {
            RData::Ptr(name) if record.name.to_ip() == Some(at.ip) => Some(name.to_text::<128>().as_str().to_owned()),
            _ => None,
        })
    };
    dns::exchange(resolver, &Name::reverse(at.ip), kind::PTR, ANSWER_TIME, name).await
}
