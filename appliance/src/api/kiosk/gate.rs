//! Holds how often machines nobody knows may ask to be let in: so often from one address, so often in all.
//! Never remembers more than a few addresses, and never who was turned away. The two public calls of enrolment ask it.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use super::fault;
use crate::http::problem::Problem;

/// Addresses remembered, 40 B each. One more pushes out the one that was heard longest ago, which had the time to fill
/// its allowance up again.
const MAX_ADDRESSES: usize = 256;
/// Questions one address may ask at once: a machine that is set up asks, then looks every few seconds. A row of machines
/// behind one router shares it.
const BURST: u32 = 24;
/// One more may come each so long.
const REFILL: Duration = Duration::from_millis(1_000);
/// The same for everybody together.
const BURST_OF_ALL: u32 = 120;
/// One more may come each so long.
const REFILL_OF_ALL: Duration = Duration::from_millis(100);

#[derive(Clone, Copy)]
struct Allowance {
    left: u32,
    since: Duration,
}

impl Allowance {
    const fn full(now: Duration, burst: u32) -> Self {
        Self { left: burst, since: now }
    }

    /// Takes one; or how long to wait.
    fn take(&mut self, now: Duration, burst: u32, refill: Duration) -> Result<(), Duration> {
        let gained = now.saturating_sub(self.since).as_millis() / refill.as_millis();
        let gained = u32::try_from(gained).unwrap_or(u32::MAX);
        if gained > 0 {
            self.left = burst.min(self.left.saturating_add(gained));
            self.since = if self.left == burst { now } else { self.since + refill * gained };
        }
        match self.left.checked_sub(1) {
            Some(left) => {
                self.left = left;
                Ok(())
            }
            None => Err((self.since + refill).saturating_sub(now)),
        }
    }
}

#[derive(Default)]
struct Counts {
    all: Option<Allowance>,
    by_address: BTreeMap<IpAddr, Allowance>,
}

/// The gate.
#[derive(Default)]
pub(super) struct Gate(Mutex<Counts>);

impl Gate {
    /// Lets one question of an address in.
    ///
    /// # Errors
    /// `too_many_machines`, with when to ask again.
    pub(super) fn pass(&self, now: Duration, from: IpAddr) -> Result<(), Problem> {
        let from = from.to_canonical();
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let no = |wait| Problem::from(&fault::KNOCKS_TOO_OFTEN).retry_after(wait);
        if !counts.by_address.contains_key(&from) && counts.by_address.len() >= MAX_ADDRESSES {
            let oldest = counts.by_address.iter().min_by_key(|(_, one)| one.since).map(|(address, _)| *address);
            oldest.map(|oldest| counts.by_address.remove(&oldest));
        }
        let one = counts.by_address.entry(from).or_insert(Allowance::full(now, BURST));
        one.take(now, BURST, REFILL).map_err(no)?;
        // Whoever asks too often does not use up what is everybody's.
        let all = counts.all.get_or_insert(Allowance::full(now, BURST_OF_ALL));
        all.take(now, BURST_OF_ALL, REFILL_OF_ALL).map_err(no)
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;

    fn at(number: u32) -> IpAddr {
        Ipv4Addr::from(number).into()
    }

    #[test]
    fn one_address_has_its_share_and_all_together_theirs() {
        let gate = Gate::default();
        let now = Duration::from_secs(100);
        let passed = (0..100).filter(|_| gate.pass(now, at(1)).is_ok()).count();
        assert_eq!(passed, BURST as usize);
        assert_eq!(gate.pass(now, at(1)).unwrap_err().code(), "too_many_machines");
        assert!(gate.pass(now + REFILL, at(1)).is_ok());
        assert!(gate.pass(now + REFILL, at(1)).is_err());
        let others = (2..1_000).filter(|number| gate.pass(now + REFILL, at(*number)).is_ok()).count();
        assert!(others < BURST_OF_ALL as usize, "{others}");
        assert_eq!(gate.0.lock().unwrap().by_address.len(), MAX_ADDRESSES);
    }
}
