//! Holds who wants to be woken when: one place per task, the earliest first.
//! Never reads a clock and never wakes anybody itself. Called by `driver`, under its lock.

use std::collections::{BTreeMap, BTreeSet};
use std::task::Waker;

/// Far above what the service runs (2,048 sockets, a few hundred tasks). At about 150 bytes each this is 10 MB at worst,
/// which only a fault could reach.
pub(super) const MAX_SLEEPERS: usize = 65_536;

/// A task, told apart by its waker. Two wakers of one task are equal; a waker kept here keeps its task's memory, so an
/// identity is not given to another task while it is in use.
type Task = (usize, usize);

/// Tasks that sleep, by the tick they want to be woken at.
///
/// A task has one place, with the earliest tick it asked for: a task that waits for several timers at once asks again
/// for the others when it wakes, and one that is polled a thousand times before its timer fires takes no more room than
/// one polled once.
#[derive(Debug, Default)]
pub(super) struct Sleepers {
    by_tick: BTreeSet<(u64, Task)>,
    by_task: BTreeMap<Task, (u64, Waker)>,
}

/// What a new sleeper leads to.
#[derive(Debug, Default)]
pub(super) struct Effect {
    /// The earliest tick changed to this one.
    pub(super) earliest: Option<u64>,
    /// There was no room: this sleeper was sent away and must be woken now. Woken early is allowed (the task asks
    /// again), never woken is not.
    pub(super) evicted: Option<Waker>,
}

impl Sleepers {
    pub(super) const fn new() -> Self {
        Self { by_tick: BTreeSet::new(), by_task: BTreeMap::new() }
    }

    /// Notes that the task behind `waker` wants to be woken at `tick`.
    pub(super) fn add(&mut self, tick: u64, waker: &Waker, max: usize) -> Effect {
        // Never: the end of time needs no place, only memory would.
        if tick == u64::MAX {
            return Effect::default();
        }
        let before = self.earliest();
        let task = (waker.data().addr(), std::ptr::from_ref(waker.vtable()).addr());
        let mut evicted = None;
        match self.by_task.get_mut(&task) {
            Some((known, _)) if *known <= tick => return Effect::default(),
            Some((known, _)) => {
                self.by_tick.remove(&(*known, task));
                *known = tick;
            }
            None => {
                if self.by_task.len() >= max {
                    // The last in line loses the least by being woken early.
                    evicted = self.by_tick.pop_last().and_then(|(_, last)| self.by_task.remove(&last));
                }
                self.by_task.insert(task, (tick, waker.clone()));
            }
        }
        self.by_tick.insert((tick, task));
        let earliest = self.earliest().filter(|now| Some(*now) != before);
        Effect { earliest, evicted: evicted.map(|(_, waker)| waker) }
    }

    /// The tick somebody is to be woken at next.
    pub(super) fn earliest(&self) -> Option<u64> {
        self.by_tick.first().map(|(tick, _)| *tick)
    }

    /// Takes out those due at `now`, in order of their ticks, at most `max` of them, into `due`.
    pub(super) fn take_due(&mut self, now: u64, max: usize, due: &mut Vec<Waker>) {
        while due.len() < max
            && let Some((tick, task)) = self.by_tick.first().copied()
            && tick <= now
        {
            self.by_tick.remove(&(tick, task));
            due.extend(self.by_task.remove(&task).map(|(_, waker)| waker));
        }
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        assert_eq!(self.by_tick.len(), self.by_task.len());
        self.by_task.len()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU32, Ordering};
    use std::task::Wake;

    use super::*;

    #[derive(Default)]
    struct Count(AtomicU32);

    impl Wake for Count {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn task() -> (Arc<Count>, Waker) {
        let count = Arc::new(Count::default());
        (Arc::clone(&count), Waker::from(count))
    }

    fn wake_due(sleepers: &mut Sleepers, now: u64) {
        let mut due = Vec::new();
        sleepers.take_due(now, usize::MAX, &mut due);
        due.into_iter().for_each(Waker::wake);
    }

    #[test]
    fn a_task_polled_often_takes_one_place_and_its_earliest_tick_counts() {
        let mut sleepers = Sleepers::new();
        let (count, waker) = task();
        assert_eq!(sleepers.add(500, &waker, MAX_SLEEPERS).earliest, Some(500));
        for _ in 0..1_000 {
            assert_eq!(sleepers.add(500, &waker.clone(), MAX_SLEEPERS).earliest, None);
        }
        assert_eq!(sleepers.add(900, &waker, MAX_SLEEPERS).earliest, None);
        assert_eq!(sleepers.add(300, &waker, MAX_SLEEPERS).earliest, Some(300));
        assert_eq!(sleepers.len(), 1);
        wake_due(&mut sleepers, 299);
        assert_eq!(count.0.load(Ordering::Relaxed), 0);
        wake_due(&mut sleepers, 300);
        assert_eq!(count.0.load(Ordering::Relaxed), 1);
        assert_eq!((sleepers.len(), sleepers.earliest()), (0, None));
    }

    #[test]
    fn the_end_of_time_takes_no_place() {
        let mut sleepers = Sleepers::new();
        let (_count, waker) = task();
        assert_eq!(sleepers.add(u64::MAX, &waker, MAX_SLEEPERS).earliest, None);
        assert_eq!(sleepers.len(), 0);
    }

    #[test]
    fn when_full_the_last_in_line_is_woken_early_and_nobody_is_forgotten() {
        let mut sleepers = Sleepers::new();
        let tasks: Vec<_> = (0..4).map(|_| task()).collect();
        for (tick, (_, waker)) in [10, 40, 20].into_iter().zip(&tasks) {
            assert!(sleepers.add(tick, waker, 3).evicted.is_none());
        }
        let evicted = sleepers.add(30, &tasks[3].1, 3).evicted.unwrap();
        assert!(evicted.will_wake(&tasks[1].1), "the one at 40");
        evicted.wake();
        wake_due(&mut sleepers, 30);
        for (count, _) in &tasks {
            assert_eq!(count.0.load(Ordering::Relaxed), 1);
        }
    }

    #[test]
    fn a_sleeper_gone_holds_no_memory_after_its_tick() {
        let mut sleepers = Sleepers::new();
        let (count, waker) = task();
        sleepers.add(5, &waker, MAX_SLEEPERS);
        drop(waker);
        assert_eq!(Arc::strong_count(&count), 2);
        wake_due(&mut sleepers, 5);
        assert_eq!(Arc::strong_count(&count), 1);
    }

    /// Against the plainest model: a list searched from end to end.
    #[test]
    fn it_agrees_with_a_plain_list_over_many_random_steps() {
        let tasks: Vec<_> = (0..64).map(|_| task()).collect();
        let mut sleepers = Sleepers::new();
        let mut model: Vec<Option<u64>> = vec![None; tasks.len()];
        let mut woken = vec![0u32; tasks.len()];
        let mut state = 0x9e37_79b9_7f4a_7c15_u64;
        let mut random = move |below: u64| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state % below
        };
        let mut now = 0;
        for _ in 0..50_000 {
            if random(4) > 0 {
                let at = random(64) as usize;
                let tick = now + random(1_000);
                sleepers.add(tick, &tasks[at].1, MAX_SLEEPERS);
                model[at] = Some(model[at].map_or(tick, |known| known.min(tick)));
            } else {
                now += random(300);
                wake_due(&mut sleepers, now);
                for (place, count) in model.iter_mut().zip(&mut woken) {
                    if place.is_some_and(|tick| tick <= now) {
                        *place = None;
                        *count += 1;
                    }
                }
            }
            assert_eq!(sleepers.earliest(), model.iter().flatten().min().copied());
        }
        let counts: Vec<u32> = tasks.iter().map(|(count, _)| count.0.load(Ordering::Relaxed)).collect();
        assert_eq!(counts, woken);
    }
}
