//! Holds the tests of the decisions about the service's life, on a clock that only they move.
//! Never starts a process. Run by `cargo test`.

use super::*;

/// A machine on a clock, and what it did.
struct Bench {
    watch: Watch,
    now: Duration,
    acts: Vec<(u64, Act)>,
}

impl Bench {
    fn new() -> Self {
        let mut bench = Self { watch: Watch::new(Duration::ZERO), now: Duration::ZERO, acts: Vec::new() };
        bench.pass(0);
        bench
    }

    fn take(&mut self) {
        while let Some(act) = self.watch.next() {
            let start = act == Act::Start;
            self.acts.push((self.now.as_secs(), act));
            if start {
                self.on(Event::Started);
            }
        }
    }

    fn on(&mut self, event: Event) {
        self.watch.on(self.now, self.now.as_millis() as u64, event);
        self.take();
    }

    /// Seconds pass, the broker waking each time it wants to.
    fn pass(&mut self, seconds: u64) {
        let until = self.now + Duration::from_secs(seconds);
        loop {
            self.watch.tick(self.now);
            self.take();
            if self.now >= until {
                return;
            }
            self.now = (self.now + self.watch.sleep(self.now)).min(until);
        }
    }

    /// Seconds pass, and the service reports every second one.
    fn run_well(&mut self, seconds: u64) {
        for _ in 0..seconds / 2 {
            self.on(Event::Reported(vec![task(0)]));
            self.pass(2);
        }
    }

    /// When something was done.
    fn times(&self, wanted: &Act) -> Vec<u64> {
        self.acts.iter().filter(|(_, act)| act == wanted).map(|(at, _)| *at).collect()
    }

    fn told(&self) -> String {
        self.acts
            .iter()
            .filter_map(|(_, act)| if let Act::Tell(text) = act { Some(text.as_str()) } else { None })
            .collect()
    }
}

fn task(age_s: u32) -> TaskAge {
    TaskAge { name: "network".into(), age_ms: age_s * 1_000, limit_ms: 30_000 }
}

#[test]
fn a_service_that_reports_is_left_alone_and_the_watchdog_fed() {
    let mut bench = Bench::new();
    bench.run_well(600);
    assert_eq!(bench.times(&Act::Start), [0]);
    assert!(bench.times(&Act::Kill).is_empty() && bench.times(&Act::AskToEnd).is_empty());
    let meals = bench.times(&Act::Feed);
    let longest = meals.windows(2).map(|pair| pair[1] - pair[0]).max();
    assert!(meals.len() > 90 && longest <= Some(7), "{meals:?}");
}

#[test]
fn a_frozen_service_is_killed_and_gets_no_food_on_its_behalf() {
    let mut bench = Bench::new();
    bench.run_well(20);
    // The last report came at 18 s.
    bench.pass(11);
    assert_eq!(bench.times(&Act::Kill), [28]);
    // The kernel cannot end it: the food stops, so that the board does within 30 s of the freeze.
    bench.pass(60);
    let last = bench.times(&Act::Feed).pop();
    assert!(last.is_some_and(|last| last + 15 <= 18 + 30), "{last:?}");
}

#[test]
fn a_service_that_could_be_killed_starts_again_and_the_next_knows_why() {
    let mut bench = Bench::new();
    bench.run_well(20);
    bench.pass(11);
    bench.on(Event::Ended(Err(9)));
    bench.pass(2);
    assert_eq!(bench.times(&Act::Start), [0, 32]);
    let past = bench.watch.past(32_000);
    assert_eq!((past.crashes, past.endings.len()), (1, 1));
    assert_eq!(past.endings[0], Ending { at_ms: 31_000, ran_s: 31, cause: Cause::Frozen });
}

#[test]
fn a_stuck_task_restarts_the_service_within_a_minute() {
    let mut bench = Bench::new();
    bench.run_well(100);
    // The task was last heard of now; reports go on.
    let wedged = bench.now.as_secs();
    for age in (0..60).step_by(2) {
        if bench.times(&Act::AskToEnd).is_empty() {
            bench.on(Event::Reported(vec![task(age)]));
        }
        bench.pass(2);
    }
    assert_eq!(bench.times(&Act::AskToEnd), [wedged + 32]);
    // It does not even end when asked.
    assert_eq!(bench.times(&Act::Kill), [wedged + 40]);
    bench.on(Event::Ended(Err(9)));
    assert_eq!(bench.watch.past(bench.now.as_millis() as u64).endings[0].cause, Cause::Stuck("network".into()));
}

#[test]
fn a_task_cannot_claim_patience_without_end() {
    let mut bench = Bench::new();
    bench.run_well(10);
    bench.on(Event::Reported(vec![TaskAge { name: "x".into(), age_ms: 41_000, limit_ms: u32::MAX }]));
    assert_eq!(bench.times(&Act::AskToEnd), [10]);
}

#[test]
fn crashes_are_answered_with_growing_pauses_and_told_loudly() {
    let mut bench = Bench::new();
    bench.on(Event::Reported(vec![]));
    for _ in 0..9 {
        bench.on(Event::Ended(Err(11)));
        bench.pass(60);
    }
    let starts = bench.times(&Act::Start);
    let pauses: Vec<u64> = starts.iter().enumerate().skip(1).map(|(at, start)| start - (at as u64 - 1) * 60).collect();
    assert_eq!(pauses, [1, 2, 4, 8, 16, 32, 60, 60, 60]);
    assert!(bench.told().contains("ATTENTION: the service ended 6 times within ten minutes"), "{}", bench.told());
    assert_eq!(bench.watch.past(0).endings.len(), MAX_ENDINGS, "the oldest are forgotten");
    // A good run makes it one second again.
    bench.run_well(70);
    bench.on(Event::Ended(Err(11)));
    let before = bench.now.as_secs();
    bench.pass(5);
    assert_eq!(bench.times(&Act::Start).last(), Some(&(before + 1)));
    assert_eq!(bench.watch.past(10_000_000).crashes, 0, "long ago is no alarm");
}

#[test]
fn some_endings_are_final() {
    for (served, how, finish) in [
        (true, Ok(78), Some(78)),
        (true, Ok(64), Some(64)),
        (true, Ok(65), Some(65)),
        (true, Ok(0), Some(0)),
        // The port is taken, the data is in use, the folder cannot be made: told to whoever started it.
        (false, Ok(71), Some(71)),
        (false, Ok(75), Some(75)),
        (false, Ok(74), Some(74)),
        // The same once it has served may pass.
        (true, Ok(71), None),
        (true, Ok(75), None),
        (false, Ok(70), None),
        (false, Ok(101), None),
        (false, Err(31), None),
        (true, Err(9), None),
    ] {
        let mut bench = Bench::new();
        if served {
            bench.on(Event::Reported(vec![]));
        }
        bench.on(Event::Ended(how));
        bench.pass(3);
        let finished =
            bench.acts.iter().find_map(|(_, act)| if let Act::Finish(code) = act { Some(*code) } else { None });
        assert_eq!(finished, finish, "{served} {how:?}");
        assert_eq!(bench.times(&Act::Start).len(), if finish.is_some() { 1 } else { 2 }, "{served} {how:?}");
    }
}

#[test]
fn asked_to_end_it_asks_the_service_and_waits_for_it() {
    let mut bench = Bench::new();
    bench.run_well(10);
    bench.on(Event::Asked);
    bench.on(Event::Asked);
    assert_eq!(bench.times(&Act::AskToEnd), [10]);
    bench.pass(3);
    bench.on(Event::Ended(Ok(0)));
    assert_eq!(bench.times(&Act::Finish(0)), [13]);
    // One that hangs is killed, and nothing is started again.
    let mut bench = Bench::new();
    bench.on(Event::Asked);
    bench.pass(9);
    assert_eq!(bench.times(&Act::Kill), [8]);
    bench.on(Event::Ended(Err(9)));
    assert_eq!(bench.times(&Act::Finish(137)), [9]);
    // Between two starts there is nobody to ask.
    let mut bench = Bench::new();
    bench.on(Event::Ended(Err(11)));
    bench.on(Event::Asked);
    bench.pass(5);
    assert_eq!((bench.times(&Act::Finish(0)), bench.times(&Act::Start)), (vec![0], vec![0]));
}

#[test]
fn a_machine_that_slept_is_not_taken_for_a_service_that_froze() {
    let mut bench = Bench::new();
    bench.run_well(10);
    bench.now += Duration::from_secs(3_600);
    bench.pass(8);
    assert!(bench.times(&Act::Kill).is_empty());
    bench.run_well(10);
    // Nor is one that slept while the service was starting.
    let mut bench = Bench::new();
    bench.now += Duration::from_secs(3_600);
    bench.pass(25);
    assert!(bench.times(&Act::Kill).is_empty());
}

#[test]
fn a_start_that_hangs_is_ended() {
    let mut bench = Bench::new();
    bench.pass(40);
    assert_eq!(bench.times(&Act::Kill), [30]);
}
