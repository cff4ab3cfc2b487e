//! Holds who has failed to log in lately, and how long they must wait.
//! It never learns whether a name exists: names are counted alike, known or not.
//! Accounts ask it before every check of a password or a set-up code and tell it how it went.

use std::net::IpAddr;
use std::time::Duration;

/// Failures that cost nothing: people mistype.
const FREE_FAILURES: u32 = 5;

/// The wait after the first failure that counts; it doubles with each one after.
const FIRST_WAIT: Duration = Duration::from_secs(1);

/// The longest wait of an address: about a hundred tries a day are left to a guesser.
const MAX_ADDRESS_WAIT: Duration = Duration::from_secs(15 * 60);

/// The longest wait of an account. Shorter, because somebody else may be the one who fails on it.
const MAX_ACCOUNT_WAIT: Duration = Duration::from_secs(60);

/// After this long without a failure all is forgotten.
const FORGET_AFTER: Duration = Duration::from_secs(60 * 60);

/// Addresses and names remembered; 48 bytes each.
const MAX_ENTRIES: usize = 512;

/// Addresses remembered as good; an address that has logged in to an account is not held up by others who fail on it.
const MAX_GOOD: usize = 64;

/// Whose failures are counted.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Key {
    Address(IpAddr),
    /// Hash of the name as typed.
    Name(u64),
}

struct Entry {
    key: Key,
    failures: u32,
    last: Duration,
    free_at: Duration,
}

/// The memory of failures. At most `MAX_ENTRIES`: then the one that is free soonest makes room.
#[derive(Default)]
pub struct Throttle {
    entries: Vec<Entry>,
    good: Vec<(IpAddr, u64)>,
}

impl Throttle {
    /// Counts a try before it is made, so that many at once cannot slip through between check and answer.
    ///
    /// # Errors
    /// How long to wait, when it is too early for this address or this name.
    pub fn begin(&mut self, now: Duration, address: IpAddr, name: &str) -> Result<(), Duration> {
        let (address, name) = (address.to_canonical(), hash(name));
        self.entries.retain(|entry| now.saturating_sub(entry.last) < FORGET_AFTER);
        let mut keys = vec![(Key::Address(address), MAX_ADDRESS_WAIT)];
        if !self.good.contains(&(address, name)) {
            keys.push((Key::Name(name), MAX_ACCOUNT_WAIT));
        }
        let wait = self
            .entries
            .iter()
            .filter(|entry| keys.iter().any(|(key, _)| *key == entry.key))
            .map(|entry| entry.free_at.saturating_sub(now))
            .max()
            .unwrap_or_default();
        if !wait.is_zero() {
            return Err(wait);
        }
        for (key, longest) in keys {
            self.count(now, key, longest);
        }
        Ok(())
    }

    /// The try was never made, for reasons of ours: it does not count.
    pub fn retract(&mut self, address: IpAddr, name: &str) {
        let keys = [Key::Address(address.to_canonical()), Key::Name(hash(name))];
        for entry in self.entries.iter_mut().filter(|entry| keys.contains(&entry.key)) {
            entry.failures = entry.failures.saturating_sub(1);
            entry.free_at = entry.last;
        }
    }

    /// The try was good: the address and the name start afresh.
    pub fn succeed(&mut self, address: IpAddr, name: &str) {
        let (address, name) = (address.to_canonical(), hash(name));
        self.entries.retain(|entry| entry.key != Key::Address(address) && entry.key != Key::Name(name));
        self.good.retain(|good| *good != (address, name));
        if self.good.len() >= MAX_GOOD {
            self.good.remove(0);
        }
        self.good.push((address, name));
    }

    fn count(&mut self, now: Duration, key: Key, longest: Duration) {
        let entry = match self.entries.iter().position(|entry| entry.key == key) {
            Some(at) => self.entries.swap_remove(at),
            None => Entry { key, failures: 0, last: now, free_at: now },
        };
        let failures = entry.failures.saturating_add(1);
        let wait = match failures.checked_sub(FREE_FAILURES) {
            None | Some(0) => Duration::ZERO,
            Some(over) => FIRST_WAIT.saturating_mul(1_u32.checked_shl(over - 1).unwrap_or(u32::MAX)).min(longest),
        };
        if self.entries.len() >= MAX_ENTRIES {
            let soonest = self.entries.iter().enumerate().min_by_key(|(_, e)| (e.free_at, e.last)).map(|(at, _)| at);
            self.entries.swap_remove(soonest.unwrap_or(0));
        }
        self.entries.push(Entry { key, failures, last: now, free_at: now + wait });
    }
}

/// FNV-1a over the lower-case name: names as typed are not kept, and a collision costs a wait, not a break-in.
fn hash(name: &str) -> u64 {
    name.to_lowercase()
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;

    fn at(n: u32) -> IpAddr {
        Ipv4Addr::from(0x0a00_0000 + n).into()
    }

    #[test]
    fn five_failures_are_free_then_the_wait_doubles_to_its_cap() {
        let mut throttle = Throttle::default();
        let mut now = Duration::ZERO;
        let mut waits = Vec::new();
        for _ in 0..24 {
            // A new name each time, so that only the address counts.
            match throttle.begin(now, at(1), &format!("name{now:?}")) {
                Ok(()) => {}
                Err(wait) => {
                    waits.push(wait.as_secs());
                    now += wait;
                    assert_eq!(throttle.begin(now, at(1), &format!("name{now:?}")), Ok(()));
                }
            }
        }
        assert_eq!(waits.get(..11).unwrap(), [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900]);
        assert!(waits.iter().all(|wait| *wait <= MAX_ADDRESS_WAIT.as_secs()));
    }

    #[test]
    fn a_name_is_slowed_down_across_addresses_but_never_for_long() {
        let mut throttle = Throttle::default();
        let mut now = Duration::ZERO;
        let mut longest = Duration::ZERO;
        for n in 0..200 {
            if let Err(wait) = throttle.begin(now, at(n), "Admin") {
                longest = longest.max(wait);
                now += wait;
            }
        }
        assert_eq!(longest, MAX_ACCOUNT_WAIT);
    }

    #[test]
    fn an_address_that_logged_in_is_not_held_up_by_a_stranger() {
        let mut throttle = Throttle::default();
        throttle.begin(Duration::ZERO, at(1), "admin").unwrap();
        throttle.succeed(at(1), "admin");
        for n in 2..20 {
            let _ = throttle.begin(Duration::ZERO, at(n), "admin");
        }
        assert!(throttle.begin(Duration::ZERO, at(50), "admin").is_err());
        assert_eq!(throttle.begin(Duration::ZERO, at(1), "ADMIN"), Ok(()));
    }

    #[test]
    fn success_and_time_forgive() {
        let mut throttle = Throttle::default();
        for _ in 0..6 {
            throttle.begin(Duration::ZERO, at(1), "a").unwrap();
        }
        assert!(throttle.begin(Duration::ZERO, at(1), "a").is_err());
        assert_eq!(throttle.begin(FORGET_AFTER, at(1), "a"), Ok(()));
    }

    #[test]
    fn a_try_that_was_never_made_does_not_count() {
        let mut throttle = Throttle::default();
        for _ in 0..100 {
            throttle.begin(Duration::ZERO, at(1), "a").unwrap();
            throttle.retract(at(1), "A");
        }
    }

    #[test]
    fn a_flood_of_addresses_stays_bounded_and_does_not_push_out_the_blocked() {
        let mut throttle = Throttle::default();
        for _ in 0..8 {
            let _ = throttle.begin(Duration::ZERO, at(0), "victim");
        }
        assert!(throttle.begin(Duration::ZERO, at(0), "victim").is_err());
        for n in 1..5_000 {
            let _ = throttle.begin(Duration::ZERO, at(n), &format!("n{n}"));
        }
        assert!(throttle.entries.len() <= MAX_ENTRIES);
        assert!(throttle.begin(Duration::ZERO, at(0), "victim").is_err());
    }

    #[test]
    fn ipv4_written_as_ipv6_is_the_same_address() {
        let mut throttle = Throttle::default();
        for _ in 0..6 {
            throttle.begin(Duration::ZERO, at(1), "a").unwrap();
        }
        assert!(throttle.begin(Duration::ZERO, "::ffff:10.0.0.1".parse().unwrap(), "other").is_err());
    }
}
