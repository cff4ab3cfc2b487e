//! Holds what goes wrong: a pulled cable, killed processes, leases that are none. Nobody gets a second of time from it, and
//! nobody who has time loses it. Never waits a fixed time. Needs root and VIGIE_KIOSK_BIN.

use std::sync::atomic::Ordering;

use vigie_core::kiosk::desk::Event;
use vigie_tests::patience::{check, eventually};

use crate::arrive::{enrolled, enrolled_at};
use crate::seat::{PATIENCE, Seat, kill};

/// Whether a process stands still: its control group is frozen, or it is stopped by a signal where there is none.
fn is_frozen(pid: i32, has_groups: bool) -> bool {
    let read = |path: String| std::fs::read_to_string(path).unwrap_or_default();
    let groups = read(format!("/proc/{pid}/cgroup"));
    let group = groups.lines().find_map(|line| line.strip_prefix("0::")).unwrap_or_default();
    let events = ["/sys/fs/cgroup", "/sys/fs/cgroup/unified"].map(|top| read(format!("{top}{group}/cgroup.events")));
    let frozen = |events: &String| events.contains("frozen 1");
    if has_groups { events.iter().any(frozen) } else { read(format!("/proc/{pid}/status")).contains("State:\tT") }
}

#[test]
#[ignore = "needs root"]
fn with_the_cable_pulled_it_warns_locks_and_cleans_by_itself() {
    let (seat, appliance) = enrolled("echo in use; sleep 1000");
    let (code, _) = appliance.code(35_000);
    seat.types(&format!("{code}\r"));
    seat.sees("in use");
    seat.plug(false);
    seat.sees("Your session ends in 30 seconds.");
    seat.sees("Your session ends in 10 seconds.");
    seat.sees_no_more("in use");
    seat.nobody_runs();
    seat.sees("Type your code");
    seat.sees("The appliance cannot be reached.");
    assert!(appliance.heard("wipe_ack").is_empty(), "the cable is out");
    // Whatever is typed meanwhile opens nothing.
    seat.types("zzzz-zzzz\r");
    seat.plug(true);
    appliance.journal("the clean workstation is told", |event| *event == Event::Closed(0));
    assert_eq!(appliance.warnings(), [3, 4], "the last minute was there from the start, and each came once");
    seat.sees_no_more("The appliance cannot be reached.");
    assert_eq!(appliance.heard("wipe_ack").len(), 1);
}

#[test]
#[ignore = "needs root"]
fn a_killed_worker_locks_and_comes_back_with_its_count() {
    a_worker_is_killed(Seat::new());
}

#[test]
#[ignore = "needs root"]
fn so_it_does_without_control_groups() {
    let mut seat = Seat::new();
    seat.has_groups = false;
    a_worker_is_killed(seat);
}

fn a_worker_is_killed(seat: Seat) {
    let (seat, appliance) = enrolled_at(seat, "echo in use; while :; do sleep 0.1; done");
    let (code, id) = appliance.code(600_000);
    seat.types(&format!("{code}\r"));
    seat.sees("in use");
    let before = seat.session_processes();
    let (worker, guard) = (seat.role("work").expect("a worker"), seat.role("run").expect("a guard"));
    // So that it stays locked, and the look at it has its time.
    appliance.mischief().mute.store(true, Ordering::Relaxed);
    kill(worker);
    seat.sees_no_more("in use");
    seat.another("work", worker);
    assert_eq!(seat.role("run"), Some(guard));
    eventually("the session is frozen", PATIENCE, || {
        let has_groups = seat.has_groups;
        let states: Vec<bool> = seat.session_processes().into_iter().map(|pid| is_frozen(pid, has_groups)).collect();
        check(!states.is_empty() && states.iter().all(|frozen| *frozen), format!("{states:?}"))
    });
    let frozen = seat.session_processes();
    assert!(!before.is_disjoint(&frozen), "the session is still there: {before:?} {frozen:?}");
    appliance.mischief().mute.store(false, Ordering::Relaxed);
    // The terminal in memory went with the worker; the program itself goes on.
    seat.sees("F12: lock or end");
    eventually("the same program goes on", PATIENCE, || {
        let now = seat.session_processes();
        check(!now.is_disjoint(&frozen), format!("{now:?} {frozen:?}"))
    });
    assert_eq!(appliance.spent_tokens(), 1, "the token of this boot is in use");
    let left = appliance.left_ms(id).expect("it runs");
    assert!(left < 600_000);
    assert!(appliance.heard("heartbeat").iter().rev().any(|beat| beat["report"]["session"] == id.0));
}

#[test]
#[ignore = "needs root"]
fn when_all_of_it_is_killed_no_process_of_the_session_is_left() {
    let (seat, appliance) = enrolled("echo in use; setsid sleep 1000 & trap '' TERM HUP; while :; do sleep 0.1; done");
    let (code, id) = appliance.code(600_000);
    seat.types(&format!("{code}\r"));
    seat.sees("in use");
    appliance.mischief().mute.store(true, Ordering::Relaxed);
    let [guard, worker] = ["run", "work"].map(|role| seat.role(role).expect("it runs"));
    kill(guard);
    // The worker ends with its guard or a moment before this.
    let _gone = std::panic::catch_unwind(|| kill(worker));
    seat.nobody_runs();
    seat.another("run", guard);
    seat.sees_no_more("in use");
    // The appliance says what becomes of it: it ended meanwhile.
    appliance.end(id);
    appliance.mischief().mute.store(false, Ordering::Relaxed);
    appliance.journal("a clean workstation", |event| matches!(event, Event::Closed(_)));
    seat.sees("Type your code");
}

#[test]
#[ignore = "needs root"]
fn a_worker_that_hangs_is_as_good_as_none() {
    let (seat, appliance) = enrolled("echo in use; sleep 1000");
    let (code, _) = appliance.code(600_000);
    seat.types(&format!("{code}\r"));
    seat.sees("in use");
    let worker = seat.role("work").expect("a worker");
    rustix::process::kill_process(
        rustix::process::Pid::from_raw(worker).expect("a number"),
        rustix::process::Signal::STOP,
    )
    .expect("it runs");
    seat.sees("This computer is locked.");
    seat.another("work", worker);
}

#[test]
#[ignore = "needs root"]
fn forged_and_old_leases_open_nothing() {
    let (seat, appliance) = enrolled("echo in use; sleep 1000");
    let (code, id) = appliance.code(600_000);
    seat.types(&format!("{code}\r"));
    seat.sees("in use");
    appliance.mischief().forges.store(true, Ordering::Relaxed);
    appliance.end(id);
    appliance.journal("a clean workstation", |event| matches!(event, Event::Closed(_)));
    seat.sees("Type your code");
    let beats = appliance.heard("heartbeat").len();
    eventually("some more heartbeats", PATIENCE, || {
        appliance.say("nudge", &serde_json::json!({}));
        let more = appliance.heard("heartbeat").len();
        check(more > beats + 10, more)
    });
    assert!(appliance.mischief().forged.load(Ordering::Relaxed) >= 20);
    assert!(seat.session_processes().is_empty() && seat.text().contains("Type your code"));
    assert!(seat.log().contains("a lease is not obeyed: Signature"), "{}", seat.log());
}
