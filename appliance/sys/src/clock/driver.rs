//! Holds the driver behind every `embassy_time` timer: a kernel timer on `CLOCK_BOOTTIME` and one thread that wakes tasks.
//! Never runs a task itself and never busy-waits. Called by `embassy-time` in programs built with the feature
//! `time-driver`, and by [`start`] so that a failure shows at the start and not at the first timer.
//!
//! Why not the driver `embassy-time` brings for an operating system: it stops during sleep, holds 64 sleepers (128 at
//! most), and with one more it spins. This one holds tens of thousands and sleeps until the first is due.

use std::os::fd::OwnedFd;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::task::Waker;
use std::thread;

use embassy_time_driver::Driver;
use rustix::io::Errno;
use rustix::time::{
    Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec, timerfd_create, timerfd_settime,
};

use super::boot_us;
use super::sleepers::{MAX_SLEEPERS, Sleepers};
use crate::error::Error;

// A tick is a microsecond, so that the boot clock needs no conversion and records mean the same everywhere.
const _: () = assert!(embassy_time_driver::TICK_HZ == 1_000_000, "the time driver counts microseconds");

/// Woken together, outside the lock: enough to make the lock rare, little enough to be fair to those who want to sleep.
const MAX_WOKEN_AT_ONCE: usize = 256;
/// The thread calls wakers and little else; the default would reserve 2 MiB of addresses (and count against a limit).
const STACK_BYTES: usize = 128 * 1024;

/// The driver's one instance in a program.
#[derive(Debug)]
pub struct BootTimeDriver {
    shared: OnceLock<Arc<Shared>>,
}

#[cfg(feature = "time-driver")]
embassy_time_driver::time_driver_impl!(static DRIVER: BootTimeDriver = BootTimeDriver::new());

/// Starts the driver's thread. Without it the first timer does, and a failure (no descriptor, no thread) is a panic there.
/// Call it after capabilities are dropped: a thread keeps those it was born with.
///
/// # Errors
/// [`Error::Other`] when the process can have no more descriptors or threads.
#[cfg(feature = "time-driver")]
pub fn start() -> Result<(), Error> {
    DRIVER.shared().map(|_| ())
}

impl BootTimeDriver {
    #[cfg(any(feature = "time-driver", test))]
    const fn new() -> Self {
        Self { shared: OnceLock::new() }
    }

    fn shared(&self) -> Result<&Arc<Shared>, Error> {
        if let Some(shared) = self.shared.get() {
            return Ok(shared);
        }
        let fresh = Arc::new(Shared::new()?);
        let shared = self.shared.get_or_init(|| Arc::clone(&fresh));
        // Of two threads that come here at once one wins, and only the winner's timer gets a thread.
        if Arc::ptr_eq(shared, &fresh) {
            thread::Builder::new()
                .name("timers".to_owned())
                .stack_size(STACK_BYTES)
                .spawn(move || fresh.run())
                .map_err(|error| Error::other("start the timer thread", error))?;
        }
        Ok(shared)
    }
}

impl Driver for BootTimeDriver {
    fn now(&self) -> u64 {
        boot_us()
    }

    fn schedule_wake(&self, at: u64, waker: &Waker) {
        match self.shared() {
            Ok(shared) => shared.add(at, waker),
            // The trait has no way to refuse, and a timer that never fires is worse than a restart.
            Err(error) => panic!("no timer can run: {error}"),
        }
    }
}

/// What the callers and the thread share.
#[derive(Debug)]
struct Shared {
    timer: OwnedFd,
    sleepers: Mutex<Sleepers>,
}

impl Shared {
    fn new() -> Result<Self, Error> {
        let timer = timerfd_create(TimerfdClockId::Boottime, TimerfdFlags::CLOEXEC)
            .map_err(|errno| Error::other("make a timer", errno))?;
        Ok(Self { timer, sleepers: Mutex::new(Sleepers::new()) })
    }

    /// A waker that panicked has poisoned nothing: the tables are whole between any two calls.
    fn sleepers(&self) -> MutexGuard<'_, Sleepers> {
        self.sleepers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn add(&self, at: u64, waker: &Waker) {
        let mut sleepers = self.sleepers();
        let effect = sleepers.add(at, waker, MAX_SLEEPERS);
        if let Some(tick) = effect.earliest {
            // Under the lock, or an older setting could overtake this one. Re-arming moves a read in progress.
            self.arm(tick);
        }
        drop(sleepers);
        if let Some(evicted) = effect.evicted {
            evicted.wake();
        }
    }

    /// Has the timer fire at `tick`. One in the past fires at once.
    fn arm(&self, tick: u64) {
        let at = Timespec {
            tv_sec: i64::try_from(tick / 1_000_000).unwrap_or(i64::MAX),
            // All zero would disarm it; tick 0 is long past anyway.
            tv_nsec: ((tick % 1_000_000) * 1_000).max(1) as _,
        };
        let once = Itimerspec { it_interval: Timespec { tv_sec: 0, tv_nsec: 0 }, it_value: at };
        let armed = timerfd_settime(&self.timer, TimerfdTimerFlags::ABSTIME, &once);
        debug_assert!(armed.is_ok(), "a valid time on a timer of our own");
    }

    /// The thread's life: sleep until the timer fires, wake who is due, set the timer to the next.
    fn run(&self) {
        let mut due = Vec::with_capacity(MAX_WOKEN_AT_ONCE);
        let mut expirations = [0; 8];
        loop {
            match rustix::io::read(&self.timer, &mut expirations) {
                Ok(_) | Err(Errno::INTR) => {}
                // Cannot happen to an open timer; ending here would silence every timer of the program.
                Err(errno) => panic!("the timer cannot be read: {errno}"),
            }
            loop {
                let mut sleepers = self.sleepers();
                sleepers.take_due(boot_us(), MAX_WOKEN_AT_ONCE, &mut due);
                if due.len() < MAX_WOKEN_AT_ONCE
                    && let Some(next) = sleepers.earliest()
                {
                    self.arm(next);
                }
                drop(sleepers);
                let last = due.len() < MAX_WOKEN_AT_ONCE;
                due.drain(..).for_each(Waker::wake);
                if last {
                    break;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::{Receiver, Sender, channel};
    use std::task::Wake;
    use std::time::Duration;

    use super::*;

    /// Much longer than any wait here should take, so that a lost wake-up fails the test instead of hanging it.
    const PATIENCE: Duration = Duration::from_secs(30);

    struct Bell {
        number: u64,
        rings: Sender<(u64, u64)>,
    }

    impl Wake for Bell {
        fn wake(self: Arc<Self>) {
            let _ = self.rings.send((self.number, boot_us()));
        }
    }

    fn bell(number: u64, rings: &Sender<(u64, u64)>) -> Waker {
        Waker::from(Arc::new(Bell { number, rings: rings.clone() }))
    }

    fn rings(receiver: &Receiver<(u64, u64)>, count: usize) -> Vec<(u64, u64)> {
        (0..count).map(|_| receiver.recv_timeout(PATIENCE).expect("a sleeper was never woken")).collect()
    }

    #[test]
    fn ten_thousand_sleepers_wake_in_order_never_early() {
        let driver = BootTimeDriver::new();
        let (sender, receiver) = channel();
        // Far enough that all are asleep before the first is due, on a slow and busy machine too.
        let start = boot_us() + 2_000_000;
        for number in 0..10_000 {
            // Asked for in an order unlike that of waking.
            let place = number * 7_919 % 10_000;
            driver.schedule_wake(start + place * 50, &bell(place, &sender));
        }
        assert_eq!(driver.shared().unwrap().sleepers().len(), 10_000);
        let woken = rings(&receiver, 10_000);
        for (expected, (place, at)) in woken.into_iter().enumerate() {
            assert_eq!(place, expected as u64);
            assert!(at >= start + place * 50, "{place} woken {} us early", start + place * 50 - at);
        }
        assert_eq!(driver.shared().unwrap().sleepers().len(), 0);
    }

    #[test]
    fn an_earlier_sleeper_overtakes_one_already_waited_for() {
        let driver = BootTimeDriver::new();
        let (sender, receiver) = channel();
        let now = boot_us();
        driver.schedule_wake(now + 3_600_000_000, &bell(1, &sender));
        driver.schedule_wake(now + 20_000, &bell(2, &sender));
        assert_eq!(rings(&receiver, 1)[0].0, 2);
        // And one whose time is long past is woken at once, tick 0 included.
        driver.schedule_wake(0, &bell(3, &sender));
        driver.schedule_wake(now, &bell(4, &sender));
        assert_eq!(rings(&receiver, 2).iter().map(|(number, _)| *number).sum::<u64>(), 7);
    }

    #[test]
    fn a_waker_may_ask_for_the_next_sleep() {
        struct Again {
            driver: Arc<BootTimeDriver>,
            rings: Sender<(u64, u64)>,
        }
        impl Wake for Again {
            fn wake(self: Arc<Self>) {
                let _ = self.rings.send((0, boot_us()));
                let driver = Arc::clone(&self.driver);
                driver.schedule_wake(boot_us() + 1_000, &Waker::from(self));
            }
        }
        let (sender, receiver) = channel();
        let driver = Arc::new(BootTimeDriver::new());
        let waker = Waker::from(Arc::new(Again { driver: Arc::clone(&driver), rings: sender }));
        driver.schedule_wake(boot_us(), &waker);
        let woken = rings(&receiver, 50);
        assert!(woken.windows(2).all(|pair| pair[1].1 >= pair[0].1 + 1_000));
    }
}
