//! Holds the test of the registered time driver through `embassy_time` itself, in a program that names it.
//! Never uses an executor of tokio's: a plain loop polls. Called by the test runner with the feature `time-driver`.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::mpsc::{Sender, channel};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use embassy_time::{Instant, Timer};
use rustix::process::{Pid, getpid};

struct Task {
    number: usize,
    ready: Sender<usize>,
}

impl Wake for Task {
    fn wake(self: Arc<Self>) {
        let _ = self.ready.send(self.number);
    }
}

/// Processor time of this process so far, from `/proc/PID/stat` fields 14 and 15, in hundredths of a second.
fn processor_ticks(process: Pid) -> u64 {
    let stat = std::fs::read_to_string(format!("/proc/{}/stat", process.as_raw_nonzero())).unwrap();
    let after_name = stat.rsplit_once(')').unwrap().1;
    after_name.split_whitespace().skip(11).take(2).map(|ticks| ticks.parse::<u64>().unwrap()).sum()
}

#[test]
fn ten_thousand_timers_cost_next_to_nothing_while_they_wait() {
    vigie_sys::clock::driver::start().unwrap();
    let start = Instant::now();
    assert!(start.as_micros().abs_diff(vigie_sys::clock::boot_us()) < 1_000_000, "Instant is the boot clock");
    let (sender, receiver) = channel();
    // Due late within a second of the clock's: a driver that is right to the second only would spin until then.
    let due = Instant::from_micros((start.as_micros() / 1_000_000 + 2) * 1_000_000 + 890_000);
    let at = |number: usize| due + embassy_time::Duration::from_millis(number as u64 % 100);
    let mut timers: Vec<(Pin<Box<Timer>>, Waker)> = (0..10_000)
        .map(|number| {
            let waker = Waker::from(Arc::new(Task { number, ready: sender.clone() }));
            (Box::pin(Timer::at(at(number))), waker)
        })
        .collect();
    for (timer, waker) in &mut timers {
        assert!(timer.as_mut().poll(&mut Context::from_waker(waker)).is_pending());
    }
    let before = processor_ticks(getpid());
    let first = receiver.recv_timeout(Duration::from_secs(30)).unwrap();
    let waiting = processor_ticks(getpid()) - before;
    let mut done = 0;
    let mut next = Some(first);
    while let Some(number) = next {
        assert!(Instant::now() >= at(number));
        let (timer, waker) = &mut timers[number];
        match timer.as_mut().poll(&mut Context::from_waker(waker)) {
            Poll::Ready(()) => done += 1,
            Poll::Pending => panic!("timer {number} was woken early"),
        }
        next = (done < 10_000).then(|| receiver.recv_timeout(Duration::from_secs(30)).expect("a lost wake-up"));
    }
    // A driver that spins burns most of the seconds until then; this one sleeps. A quarter of a second allows for
    // a loaded machine.
    assert!(waiting <= 25, "{waiting} hundredths of a second of processor time while nothing was due");
}
