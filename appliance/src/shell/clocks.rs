//! Holds, for each boot of the machine, what the wall clock was, so that times written before it was set can be shown.
//! Never decides anything by the wall clock. Opened by `run`, read by whoever shows a time.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use vigie_core::Moment;
use vigie_core::table::table_of;
use vigie_store::Durability;
use vigie_sys::clock;

use super::keeper::{BOOT, Keeper, Stored};
use crate::accounts::clock::{Clock, format_utc};

/// Boots remembered: years of a machine that is rarely switched off. The oldest is forgotten.
const MAX_BOOTS: usize = 64;
/// A wall clock that moved less than this is the same: NTP keeps nudging it.
const NUDGE: Duration = Duration::from_secs(2);

/// One boot, as it is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Boot {
    /// The kernel's identity of it; the same after a restart of the service alone.
    id: [u8; 16],
    /// Microseconds from 1970 to the start of the boot, once known.
    began_us: Option<i64>,
}

/// All boots that are remembered, this one included.
pub struct Clocks {
    boots: Mutex<BTreeMap<u32, Boot>>,
    this: u32,
    keeper: Option<Keeper>,
}

impl Clocks {
    /// Finds out which boot this is, from what was stored.
    #[must_use]
    pub fn open(stored: &[Stored], keeper: Option<Keeper>) -> Self {
        let read = |stored: &Stored| {
            let number = u32::from_be_bytes(stored.key.as_slice().try_into().ok()?);
            Some((number, postcard::from_bytes::<Boot>(&stored.value).ok()?))
        };
        let mut boots = table_of(stored.iter().filter(|stored| stored.kind == BOOT.id).filter_map(read));
        // Without an identity every start counts as a boot: times of two never mix.
        let id = clock::boot_id().map(|id| id.0).ok();
        let known = boots.iter().find(|(_, boot)| Some(boot.id) == id).map(|(number, _)| *number);
        let this = known.unwrap_or_else(|| boots.last_key_value().map_or(1, |(last, _)| last.saturating_add(1)));
        boots.entry(this).or_insert(Boot { id: id.unwrap_or_default(), began_us: None });
        let clocks = Self { boots: Mutex::new(boots), this, keeper };
        clocks.learn();
        clocks.forget_old();
        clocks
    }

    /// The number of this boot, from 1.
    #[must_use]
    pub const fn this_boot(&self) -> u32 {
        self.this
    }

    /// Looks at the wall clock; call it now and then. What it learns is stored.
    pub fn learn(&self) {
        let wall = clock::wall();
        if !wall.believable {
            return;
        }
        let began = i64::try_from(clock::boot_us()).ok().and_then(|up| wall.unix_us.checked_sub(up));
        let Some(began) = began else { return };
        let mut boots = self.boots.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(boot) = boots.get_mut(&self.this) else { return };
        let moved = boot.began_us.is_none_or(|known| u128::from(known.abs_diff(began)) > NUDGE.as_micros());
        if moved {
            boot.began_us = Some(began);
            if let (Some(keeper), Ok(value)) = (&self.keeper, postcard::to_allocvec(boot)) {
                keeper.put(BOOT, &self.this.to_be_bytes(), value, Durability::Batch);
            }
        }
    }

    /// The wall time of a moment since 1970, if it is known.
    #[must_use]
    pub fn unix(&self, moment: Moment) -> Option<Duration> {
        let boots = self.boots.lock().unwrap_or_else(PoisonError::into_inner);
        let began = boots.get(&moment.boot)?.began_us?;
        let us = began.checked_add(i64::try_from(moment.ms.checked_mul(1_000)?).ok()?)?;
        u64::try_from(us).ok().map(Duration::from_micros)
    }

    /// The moment as RFC 3339 in UTC, if the wall clock of its boot is known.
    #[must_use]
    pub fn text(&self, moment: Moment) -> Option<String> {
        self.unix(moment).map(format_utc)
    }

    fn forget_old(&self) {
        let mut boots = self.boots.lock().unwrap_or_else(PoisonError::into_inner);
        while boots.len() > MAX_BOOTS {
            let Some((oldest, _)) = boots.pop_first() else { break };
            if let Some(keeper) = &self.keeper {
                keeper.delete(BOOT, &oldest.to_be_bytes());
            }
        }
    }
}

/// The boot-time clock of the operating system, for accounts, events and logs.
#[derive(Clone, Copy, Debug, Default)]
pub struct BootClock;

impl Clock for BootClock {
    fn now(&self) -> Duration {
        Duration::from_micros(clock::boot_us())
    }

    fn wall(&self) -> Option<Duration> {
        let wall = clock::wall();
        wall.believable.then(|| u64::try_from(wall.unix_us).ok().map(Duration::from_micros)).flatten()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stored(number: u32, boot: &Boot) -> Stored {
        let value = postcard::to_allocvec(boot).unwrap();
        Stored { kind: BOOT.id, version: 1, key: number.to_be_bytes().to_vec(), value }
    }

    #[test]
    fn another_boot_gets_the_next_number_and_keeps_its_own_clock() {
        let old = Boot { id: [7; 16], began_us: Some(1_700_000_000_000_000) };
        let clocks = Clocks::open(&[stored(3, &old)], None);
        assert_eq!(clocks.this_boot(), 4);
        assert_eq!(clocks.text(Moment { boot: 3, ms: 1_000 }).as_deref(), Some("2023-11-14T22:13:21.000Z"));
        assert_eq!(clocks.text(Moment { boot: 2, ms: 0 }), None);
    }

    #[test]
    fn a_restart_of_the_service_alone_is_the_same_boot() {
        let this = Boot { id: clock::boot_id().unwrap().0, began_us: None };
        assert_eq!(Clocks::open(&[stored(9, &this)], None).this_boot(), 9);
    }

    #[test]
    fn the_oldest_boots_are_forgotten() {
        let many: Vec<Stored> =
            (1..=100).map(|number| stored(number, &Boot { id: [0; 16], began_us: Some(1) })).collect();
        let clocks = Clocks::open(&many, None);
        assert_eq!(clocks.boots.lock().unwrap().len(), MAX_BOOTS);
        assert_eq!(clocks.this_boot(), 101);
    }
}
