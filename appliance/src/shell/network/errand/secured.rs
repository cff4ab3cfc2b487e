//! Holds the read of an agent's system group by SNMP version 3: who the agent is, then one signed and sealed question.
//! Never tries a user nobody gave, and asks an agent that refuses it not again for hours. Called by the SNMP errand.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use embassy_time::Instant;
use tokio::net::UdpSocket;
use tokio::time::{Instant as Deadline, timeout_at};
use vigie_core::lan::Source;
use vigie_wire::names::snmp::{Refusal, SIGNED, Scoped, Secured, discovery, scoped_identity};

use super::super::tally::Trouble;
use super::super::usm::{Keys, Peer, User};
use super::snmp::{ANSWER_TIME, socket, tell};
use super::{Visit, id};

/// An agent that refused the user is asked again after this: somebody may have set it up meanwhile. Sooner would fill the
/// agent's log, and lock the user out where agents count.
const REFUSED_PAUSE: embassy_time::Duration = embassy_time::Duration::from_secs(6 * 3_600);
/// Agents whose identifier and clock are remembered, about 300 B each; the one asked longest ago leaves.
const MAX_KNOWN: usize = 512;
/// Agents that refused; the one that refused first leaves.
const MAX_REFUSED: usize = 1_024;
/// Questions to one agent in one errand: the second after its clock, or its identifier, turned out to be another.
const TIMES: usize = 2;

/// The agents asked with one user.
pub(super) struct Agents {
    user: User,
    book: RefCell<Book>,
}

/// What is remembered of agents.
#[derive(Default)]
struct Book {
    known: BTreeMap<IpAddr, Agent>,
    refused: BTreeMap<IpAddr, Instant>,
    /// Being asked at this moment: never twice at once, or one wrong password would count twice.
    busy: BTreeSet<IpAddr>,
}

/// One agent.
#[derive(Clone, Debug)]
struct Agent {
    engine: Vec<u8>,
    boots: u32,
    time: u32,
    /// When its clock said so.
    at: Instant,
}

/// How an exchange ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// It answered.
    Answered,
    /// It did not, or is no agent of version 3.
    Silent,
    /// It does not take the user, now or a while ago.
    Refused,
}

impl Agents {
    /// Nobody is known yet.
    pub(super) fn new(user: User) -> Self {
        Self { user, book: RefCell::default() }
    }
}

impl Book {
    /// Whether an agent is to be left alone.
    fn rests(&mut self, ip: IpAddr, now: Instant) -> bool {
        let over = |at: &Instant| now.saturating_duration_since(*at) >= REFUSED_PAUSE;
        if self.refused.get(&ip).is_some_and(over) {
            self.refused.remove(&ip);
        }
        self.refused.contains_key(&ip) || self.busy.contains(&ip)
    }

    fn know(&mut self, ip: IpAddr, agent: Agent) {
        if self.known.len() >= MAX_KNOWN && !self.known.contains_key(&ip) {
            let oldest = self.known.iter().min_by_key(|(_, agent)| agent.at).map(|(ip, _)| *ip);
            oldest.map(|ip| self.known.remove(&ip));
        }
        self.known.insert(ip, agent);
    }

    fn refuse(&mut self, ip: IpAddr, now: Instant) {
        if self.refused.len() >= MAX_REFUSED {
            let oldest = self.refused.iter().min_by_key(|(_, at)| **at).map(|(ip, _)| *ip);
            oldest.map(|ip| self.refused.remove(&ip));
        }
        self.known.remove(&ip);
        self.refused.insert(ip, now);
    }
}

/// Asks one agent, unless it is being asked or has refused.
pub(super) async fn ask(at: &Visit, agents: &Agents) -> Outcome {
    if agents.book.borrow_mut().rests(at.ip, Instant::now()) {
        return Outcome::Refused;
    }
    let _busy = Busy::mark(agents, at.ip);
    exchange(at, agents).await.unwrap_or(Outcome::Silent)
}

/// The mark of an agent that is being asked; it goes when the errand ends, however it ends.
struct Busy<'a>(&'a Agents, IpAddr);

impl<'a> Busy<'a> {
    fn mark(agents: &'a Agents, ip: IpAddr) -> Self {
        agents.book.borrow_mut().busy.insert(ip);
        Self(agents, ip)
    }
}

impl Drop for Busy<'_> {
    fn drop(&mut self) {
        self.0.book.borrow_mut().busy.remove(&self.1);
    }
}

/// `None`: no answer.
async fn exchange(at: &Visit, agents: &Agents) -> Option<Outcome> {
    let socket = socket(at).await?;
    let mut why = Refusal::Other;
    for _ in 0..TIMES {
        let known = agents.book.borrow().known.get(&at.ip).cloned();
        let agent = match known {
            Some(agent) => agent,
            None => {
                let agent = discover(at, &socket).await?;
                agents.book.borrow_mut().know(at.ip, agent.clone());
                agent
            }
        };
        let keys = agents.user.keys(&agent.engine);
        match question(at, &socket, &agents.user, &keys, &agent).await {
            Some(Reply::Answered) => return Some(Outcome::Answered),
            Some(Reply::Refused(refusal, peer)) => {
                why = refusal;
                match refusal {
                    Refusal::Time => agents.book.borrow_mut().know(at.ip, peer),
                    Refusal::Engine => drop(agents.book.borrow_mut().known.remove(&at.ip)),
                    _ => break,
                }
            }
            None => {
                // It may have got another identifier, or be another machine by now: the next sweep asks anew.
                agents.book.borrow_mut().known.remove(&at.ip);
                return None;
            }
        }
    }
    let now = Instant::now();
    agents.book.borrow_mut().refuse(at.ip, now);
    at.fails(Source::Snmp, Trouble::Refused(at.ip, why));
    tracing::warn!(agent = %at.ip, "refuses the SNMP user ({why:?}); asked again in {} h", REFUSED_PAUSE.as_secs() / 3_600);
    Some(Outcome::Refused)
}

/// Asks an agent for its identifier and clock (RFC 3414 section 4).
async fn discover(at: &Visit, socket: &UdpSocket) -> Option<Agent> {
    let number = id()?;
    socket.send(&discovery(number)?).await.ok()?;
    let until = Deadline::now() + ANSWER_TIME;
    let mut buffer = [0; 2_048];
    loop {
        let message = receive(socket, until, &mut buffer).await?;
        match Secured::parse(message) {
            Ok(secured) if secured.id == number && !secured.engine.is_empty() => return Some(Agent::of(&secured)),
            Ok(_) => {}
            Err(_) => at.malformed(Source::Snmp),
        }
    }
}

impl Agent {
    fn of(secured: &Secured<'_>) -> Self {
        let Secured { engine, boots, time, .. } = *secured;
        Self { engine: engine.to_vec(), boots, time, at: Instant::now() }
    }

    fn peer(&self) -> Peer<'_> {
        let passed = Instant::now().saturating_duration_since(self.at).as_secs();
        let time = self.time.saturating_add(u32::try_from(passed).unwrap_or(u32::MAX));
        Peer { engine: &self.engine, boots: self.boots, time }
    }
}

/// What came back.
enum Reply {
    Answered,
    Refused(Refusal, Agent),
}

/// Asks the one question. `None`: nothing that can be believed came back.
async fn question(at: &Visit, socket: &UdpSocket, user: &User, keys: &Keys, agent: &Agent) -> Option<Reply> {
    let (number, salt) = (id()?, vigie_sys::random::bytes().ok()?);
    let plain = scoped_identity(number, &agent.engine)?;
    socket.send(&keys.wrap(number, agent.peer(), user.name(), salt, &plain)?).await.ok()?;
    let until = Deadline::now() + ANSWER_TIME;
    let mut buffer = [0; 2_048];
    loop {
        let message = receive(socket, until, &mut buffer).await?;
        let Ok(secured) = Secured::parse(message) else {
            at.malformed(Source::Snmp);
            continue;
        };
        if secured.id != number {
            continue;
        }
        let signed = secured.flags & SIGNED != 0;
        if signed && !keys.is_signed(&secured, message) {
            at.fails(Source::Snmp, Trouble::Forged(at.ip));
            continue;
        }
        let opened = if secured.flags & !SIGNED == 0 { None } else { keys.open(&secured) };
        match Scoped::parse(opened.as_deref().unwrap_or(secured.data)) {
            // An answer below the level of the question is not the agent's.
            Ok(Scoped::Answer(answer)) if answer.id == number && secured.flags == user.level() => {
                at.well(Source::Snmp);
                tell(at, &answer);
                return Some(Reply::Answered);
            }
            Ok(Scoped::Answer(_)) => at.fails(Source::Snmp, Trouble::Forged(at.ip)),
            // A clock is believed only when it is signed for: else anybody could turn it.
            Ok(Scoped::Report(Refusal::Time)) if !signed && user.level() & SIGNED != 0 => {}
            Ok(Scoped::Report(refusal)) => return Some(Reply::Refused(refusal, Agent::of(&secured))),
            Err(_) => at.malformed(Source::Snmp),
        }
    }
}

async fn receive<'b>(socket: &UdpSocket, until: Deadline, buffer: &'b mut [u8]) -> Option<&'b [u8]> {
    let length = timeout_at(until, socket.recv(buffer)).await.ok()?.ok()?;
    buffer.get(..length)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(last: u32) -> IpAddr {
        IpAddr::from((0x0a00_0000 + last).to_be_bytes())
    }

    fn agent(s: u64) -> Agent {
        Agent { engine: vec![1], boots: 1, time: 1, at: Instant::from_secs(s) }
    }

    #[test]
    fn an_agent_that_refused_is_left_alone_for_hours() {
        let mut book = Book::default();
        let at = |h: u64| Instant::from_secs(h * 3_600);
        assert!(!book.rests(ip(1), at(1)));
        book.refuse(ip(1), at(1));
        assert!(book.rests(ip(1), at(2)) && book.rests(ip(1), at(6)) && !book.rests(ip(2), at(2)));
        assert!(!book.rests(ip(1), at(7)));
        book.busy.insert(ip(3));
        assert!(book.rests(ip(3), at(7)), "one question at a time");
    }

    #[test]
    fn the_book_is_bounded_and_the_oldest_leaves() {
        let mut book = Book::default();
        for number in 0..2 * MAX_REFUSED as u32 {
            book.know(ip(number), agent(u64::from(number)));
        }
        assert_eq!(book.known.len(), MAX_KNOWN);
        assert!(book.known.contains_key(&ip(2 * MAX_REFUSED as u32 - 1)) && !book.known.contains_key(&ip(0)));
        for number in 0..2 * MAX_REFUSED as u32 {
            book.refuse(ip(number), Instant::from_secs(u64::from(number)));
        }
        assert_eq!((book.refused.len(), book.known.len()), (MAX_REFUSED, 0));
        assert!(!book.refused.contains_key(&ip(0)));
    }
}
