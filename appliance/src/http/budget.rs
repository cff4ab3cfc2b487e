//! Holds the count of open connections: strangers, strangers per address, guests, guests per session.
//! It never queues, for a queue before `accept` is itself the attack: a full house makes room by cutting a stranger who
//! has nothing to say, or says no. The listener asks for a seat per connection; the dispatcher moves it to the guests.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use crate::accounts::session::SessionId;

use super::limits::Limits;
use super::stall::Turns;

/// Why there is no seat.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Full {
    /// Every stranger's seat is taken by somebody who is being answered.
    Strangers,
    /// This address has its share.
    Address,
}

struct Stranger {
    number: u64,
    address: IpAddr,
    turns: Turns,
    cut: Arc<Notify>,
}

#[derive(Default)]
struct Count {
    /// In the order of their coming; at most the limit.
    strangers: Vec<Stranger>,
    /// How many of them each address has. Counted along, for in a flood every newcomer asks it of everybody.
    by_address: HashMap<IpAddr, usize>,
    next: u64,
    guests: usize,
    by_session: HashMap<SessionId, usize>,
    farewells: usize,
    displaced: u64,
}

/// The seats of one server. Everything in it is counted, so it is bounded by the limits.
pub struct Budget {
    count: Mutex<Count>,
    limits: Limits,
}

/// One connection's place; given back when dropped.
pub struct Seat {
    budget: Arc<Budget>,
    number: u64,
    cut: Arc<Notify>,
    session: Mutex<Option<SessionId>>,
}

/// The right to say why there is no seat; given back when dropped.
pub struct Farewell(Arc<Budget>);

impl Budget {
    /// All seats free.
    #[must_use]
    pub fn new(limits: Limits) -> Arc<Self> {
        Arc::new(Self { count: Mutex::default(), limits })
    }

    /// A stranger's seat for a new connection. In a full house somebody silent may have to give way.
    ///
    /// # Errors
    /// Which limit it met.
    pub fn seat(self: &Arc<Self>, address: IpAddr, turns: &Turns) -> Result<Seat, Full> {
        let address = address.to_canonical();
        let mut count = self.count();
        if count.held_by(address) >= self.limits.strangers_per_address {
            return Err(Full::Address);
        }
        if count.strangers.len() >= self.limits.strangers {
            let at = count.find_silent().ok_or(Full::Strangers)?;
            let displaced = count.strangers.remove(at);
            count.leave(displaced.address);
            displaced.cut.notify_one();
            count.displaced += 1;
        }
        *count.by_address.entry(address).or_default() += 1;
        count.next += 1;
        let (number, cut) = (count.next, Arc::new(Notify::new()));
        count.strangers.push(Stranger { number, address, turns: turns.clone(), cut: cut.clone() });
        Ok(Seat { budget: self.clone(), number, cut, session: Mutex::new(None) })
    }

    /// Leave to say goodbye properly, `None` when too many are being said.
    #[must_use]
    pub fn farewell(self: &Arc<Self>) -> Option<Farewell> {
        let mut count = self.count();
        (count.farewells < self.limits.farewells).then(|| {
            count.farewells += 1;
            Farewell(self.clone())
        })
    }

    /// Strangers and guests now, for the metrics.
    #[must_use]
    pub fn taken(&self) -> (usize, usize) {
        let count = self.count();
        (count.strangers.len(), count.guests)
    }

    /// Strangers who had to give way since the start, for the metrics.
    #[must_use]
    pub fn displaced(&self) -> u64 {
        self.count().displaced
    }

    fn count(&self) -> MutexGuard<'_, Count> {
        self.count.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Count {
    fn held_by(&self, address: IpAddr) -> usize {
        self.by_address.get(&address).copied().unwrap_or_default()
    }

    /// One stranger of this address less.
    fn leave(&mut self, address: IpAddr) {
        if let Entry::Occupied(mut held) = self.by_address.entry(address) {
            *held.get_mut() = held.get().saturating_sub(1);
            if *held.get() == 0 {
                held.remove();
            }
        }
    }

    /// Takes a stranger off the list; who has given way is not on it any more.
    fn remove(&mut self, number: u64) {
        if let Some(at) = self.strangers.iter().position(|stranger| stranger.number == number) {
            let address = self.strangers.remove(at).address;
            self.leave(address);
        }
    }

    /// Who gives way to a newcomer: of those not being answered, the oldest of the address that holds the most.
    ///
    /// However short a time ago he came: who has something to say says it with the handshake or right behind it, and is
    /// being answered before the next newcomer is looked at. A time of grace would fill the house with those who came
    /// within it, and a good client would find it full.
    fn find_silent(&self) -> Option<usize> {
        let mut found: Option<(usize, usize)> = None;
        for (at, stranger) in self.strangers.iter().enumerate().filter(|(_, stranger)| !stranger.turns.is_ours()) {
            let held = self.held_by(stranger.address);
            if found.is_none_or(|(_, most)| held > most) {
                found = Some((at, held));
            }
        }
        found.map(|(at, _)| at)
    }
}

impl Seat {
    /// Ends when this connection has to give way.
    pub async fn give_way(&self) {
        self.cut.notified().await;
    }

    /// Moves this connection to the guests of a session. When the session or the house is full it stays where it is:
    /// it is still served, it just counts as a stranger.
    pub fn recognise(&self, session: SessionId) {
        let mut held = self.session.lock().unwrap_or_else(PoisonError::into_inner);
        if held.is_some() {
            return;
        }
        let limits = self.budget.limits;
        let mut count = self.budget.count();
        let of_session = count.by_session.get(&session).copied().unwrap_or_default();
        if count.guests >= limits.guests || of_session >= limits.guests_per_session {
            return;
        }
        count.guests += 1;
        *count.by_session.entry(session).or_default() += 1;
        count.remove(self.number);
        *held = Some(session);
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let session = *self.session.get_mut().unwrap_or_else(PoisonError::into_inner);
        let mut count = self.budget.count();
        let Some(session) = session else {
            count.remove(self.number);
            return;
        };
        count.guests = count.guests.saturating_sub(1);
        if let Some(held) = count.by_session.get_mut(&session) {
            *held = held.saturating_sub(1);
            if *held == 0 {
                count.by_session.remove(&session);
            }
        }
    }
}

impl Drop for Farewell {
    fn drop(&mut self) {
        let mut count = self.0.count();
        count.farewells = count.farewells.saturating_sub(1);
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;

    fn at(n: u32) -> IpAddr {
        Ipv4Addr::from(n).into()
    }

    fn sit(budget: &Arc<Budget>, address: u32) -> Seat {
        budget.seat(at(address), &Turns::default()).unwrap_or_else(|full| panic!("{full:?}"))
    }

    #[tokio::test(start_paused = true)]
    async fn in_a_full_house_the_silent_give_way_but_not_those_being_answered() {
        let budget = Budget::new(Limits { strangers: 4, ..Limits::default() });
        let busy = Turns::default();
        let _answering = busy.serve();
        let _busy = budget.seat(at(1), &busy);
        let (first, second, third) = (sit(&budget, 1), sit(&budget, 1), sit(&budget, 2));
        let newcomer = sit(&budget, 9);
        first.give_way().await;
        assert_eq!((budget.taken().0, budget.displaced()), (4, 1));
        drop(first);
        assert_eq!(budget.taken().0, 4, "who gave way is not counted twice");
        let _fourth = sit(&budget, 8);
        second.give_way().await;
        let _fifth = sit(&budget, 7);
        third.give_way().await;
        assert_eq!((budget.taken().0, budget.displaced()), (4, 3), "the oldest first, and never who is being answered");
        drop(newcomer);
    }

    #[tokio::test(start_paused = true)]
    async fn who_keeps_us_waiting_for_a_body_gives_way_too() {
        let budget = Budget::new(Limits { strangers: 1, ..Limits::default() });
        let turns = Turns::default();
        let answering = turns.serve();
        let first = budget.seat(at(1), &turns).unwrap_or_else(|full| panic!("{full:?}"));
        assert_eq!(budget.seat(at(2), &Turns::default()).err(), Some(Full::Strangers));
        let hearing = turns.hear();
        let _second = sit(&budget, 2);
        first.give_way().await;
        drop(hearing);
        assert!(turns.is_ours(), "the body is there: it is our turn again");
        drop(answering);
        assert!(!turns.is_ours());
    }

    #[test]
    fn an_address_gets_its_share_and_gives_it_back() {
        let budget = Budget::new(Limits::default());
        let seats: Vec<_> = (0..12).map(|_| sit(&budget, 1)).collect();
        assert_eq!(budget.seat(at(1), &Turns::default()).err(), Some(Full::Address));
        assert_eq!(
            budget.seat("::ffff:0.0.0.1".parse().unwrap(), &Turns::default()).err(),
            Some(Full::Address),
            "the same in IPv6 dress"
        );
        assert!(budget.seat(at(2), &Turns::default()).is_ok());
        drop(seats);
        assert!(budget.seat(at(1), &Turns::default()).is_ok());
        assert_eq!(budget.taken(), (0, 0));
    }

    #[test]
    fn strangers_are_limited_in_all_but_guests_do_not_count_among_them() {
        let budget = Budget::new(Limits::default());
        let turns = Turns::default();
        let _answering = turns.serve();
        let mut seats: Vec<_> = (0..96).filter_map(|n| budget.seat(at(n / 8), &turns).ok()).collect();
        assert_eq!(budget.seat(at(99), &Turns::default()).err(), Some(Full::Strangers));
        for seat in seats.iter().take(8) {
            seat.recognise(SessionId(1));
        }
        assert_eq!(budget.taken(), (88, 8));
        seats.push(sit(&budget, 99));
        seats[8].recognise(SessionId(1));
        assert_eq!(budget.taken(), (89, 8), "the ninth of a session stays a stranger");
        seats[8].recognise(SessionId(2));
        seats[8].recognise(SessionId(3));
        assert_eq!(budget.taken(), (88, 9), "a seat moves once");
        drop(seats);
        assert_eq!(budget.taken(), (0, 0));
        assert!(budget.count().by_session.is_empty() && budget.count().by_address.is_empty());
    }

    #[test]
    fn farewells_are_bounded() {
        let budget = Budget::new(Limits { farewells: 2, ..Limits::default() });
        let first = budget.farewell();
        let second = budget.farewell();
        assert!(first.is_some() && second.is_some() && budget.farewell().is_none());
        drop(first);
        assert!(budget.farewell().is_some());
    }
}
