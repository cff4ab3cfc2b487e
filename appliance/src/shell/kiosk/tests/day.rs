//! Holds a simulated day of a library with twenty workstations, through the room, the journal and the keeper as they run in
//! the service, on a real folder. Never opens a socket and never sleeps through the day. A test, and `tests/bench/day`.
//!
//! The folder is a temporary one, or that of `VIGIE_DAY_FOLDER`, and then the place is open for all of its ten hours.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use vigie_core::kiosk::desk::{Done, Report};
use vigie_core::kiosk::lease::{Lease, Order as Command};
use vigie_core::kiosk::warning::Warned;
use vigie_core::kiosk::{PersonId, SessionId, StationId};

use super::super::Order;
use super::*;
use crate::shell::keeper::AUDIT;

const SEATS: usize = 20;
/// Agents speak every ten seconds.
const ROUND: Duration = Duration::from_secs(10);
const ROUNDS_PER_HOUR: usize = 360;
const OPEN_HOURS: usize = 10;
/// Of them in the test: every session of the first round of people ends, and another begins.
const TEST_HOURS: usize = 2;
/// Five minutes between one person and the next.
const PAUSE_ROUNDS: usize = 30;
/// Pages of the log in a day.
const PAGE_BYTES: u64 = 6_000_000;

/// The clock of the log: what may wait is written when its minute is over by this day's time, not by the test's.
static LOG_MS: AtomicU64 = AtomicU64::new(0);

fn log_ms() -> u64 {
    LOG_MS.load(Ordering::Relaxed)
}

/// A workstation, as its agent sees it.
struct Agent {
    id: StationId,
    session: Option<SessionId>,
    lease: Option<Lease>,
    warned: Warned,
    begins_in: usize,
}

impl Agent {
    /// What it says ten seconds after its last lease: it counts by itself and shows warnings when they are due.
    fn report(&mut self, done: Done) -> Option<Report> {
        let (session, lease) = (self.session?, self.lease?);
        let left_ms = |used_ms: u64| lease.granted_ms.saturating_sub(used_ms);
        let runs = lease.order == Command::Run && done == Done::No;
        let used_ms = lease.used_ms + if runs { 10_000.min(left_ms(lease.used_ms)) } else { 0 };
        let before = self.warned.or(lease.warned);
        self.warned = before.cross(left_ms(lease.used_ms), left_ms(used_ms)).0;
        Some(Report {
            session,
            epoch: lease.epoch,
            used_ms,
            warned: self.warned,
            shown: self.warned,
            ahead_ms: 0,
            done,
        })
    }
}

/// What the day brought, so that nobody measures an idle one.
#[derive(Debug, Default)]
struct Told {
    beats: u32,
    sessions: u32,
    grants: u32,
    pauses: u32,
    wiped: u32,
}

async fn begin(bench: &Bench, agent: &mut Agent, person: Option<PersonId>, question: u64) {
    let id = agent.id;
    let order = Order { person, ..hour() };
    let issued = bench.call(move |room| room.issue(STAFF, &order)).await.unwrap();
    let opened = bench.call(move |room| room.redeem(Seat::by_staff(id), issued.code.expose(), question)).await.unwrap();
    (agent.session, agent.warned) = (Some(opened.session), Warned(0));
    agent.lease = Some(bench.beat(id, 1, None).await);
}

async fn speak(bench: &Bench, agent: &mut Agent, told: &mut Told) {
    let report = agent.report(Done::No);
    let lease = bench.beat(agent.id, 1, report).await;
    told.beats += 1;
    agent.lease = Some(lease);
    let (Some(session), Command::Wipe) = (agent.session, lease.order) else { return };
    let report = agent.report(Done::Expired);
    agent.lease = Some(bench.beat(agent.id, 1, report).await);
    // As the agent says it: the proof, and beside it that it is clean.
    let id = agent.id;
    bench.call(move |room| room.wipe_proof(Seat::by_staff(id), session, [5; 32])).await.unwrap();
    let report = agent.report(Done::Wiped);
    agent.lease = Some(bench.beat(agent.id, 1, report).await);
    (agent.session, agent.begins_in) = (None, PAUSE_ROUNDS);
    told.wiped += 1;
}

/// Every fourth session gets more time at half, every fifth is paused for a minute.
async fn serve(bench: &Bench, agent: &Agent, told: &mut Told) {
    let (Some(session), Some(lease)) = (agent.session, agent.lease) else { return };
    match lease.used_ms / 10_000 {
        180 if session.0.is_multiple_of(4) => {
            bench.call(move |room| room.add_time(STAFF, session, 900_000, false)).await.unwrap();
            told.grants += 1;
        }
        120 if session.0.is_multiple_of(5) && lease.order == Command::Run => {
            bench.call(move |room| room.suspend(STAFF, session)).await.unwrap();
            pass(bench, Duration::from_millis(1)).await;
            bench.call(move |room| room.resume(STAFF, session)).await.unwrap();
            told.pauses += 1;
        }
        _ => {}
    }
}

/// Time goes by, for the log too.
async fn pass(bench: &Bench, time: Duration) {
    bench.clock.advance(time);
    LOG_MS.fetch_add(u64::try_from(time.as_millis()).unwrap(), Ordering::Relaxed);
    // Any visit lets the owner look at the clock, and any question the log.
    bench.call(|_| ()).await;
    bench.call(|_| ()).await;
    bench.keeper.after(AUDIT, u64::MAX, 0).await;
}

#[tokio::test]
async fn a_day_of_twenty_workstations_costs_the_card_no_more_than_was_measured() {
    let temporary = tempfile::tempdir().unwrap();
    let (folder, hours) = match std::env::var_os("VIGIE_DAY_FOLDER") {
        Some(folder) => (folder.into(), OPEN_HOURS),
        None => (temporary.path().to_owned(), TEST_HOURS),
    };
    LocalSet::new().run_until(day(&folder, hours)).await;
}

async fn day(folder: &Path, hours: usize) {
    let bench = Bench::open_by(folder, clock(), log_ms).await;
    let mut people = Vec::new();
    for number in 0..SEATS * 5 {
        people.push(bench.person(&format!("{number}")).await);
    }
    let mut agents = Vec::new();
    for number in 0..SEATS {
        let id = bench.station(u8::try_from(number).unwrap()).await;
        // They come in the first quarter of an hour.
        agents.push(Agent { id, session: None, lease: None, warned: Warned(0), begins_in: 1 + number * 4 });
    }
    bench.keeper.flush().await.unwrap();
    let before = bench.keeper.status().counters;
    let mut told = Told::default();
    for _ in 0..hours * ROUNDS_PER_HOUR {
        pass(&bench, ROUND).await;
        for agent in &mut agents {
            speak(&bench, agent, &mut told).await;
            serve(&bench, agent, &mut told).await;
            agent.begins_in = agent.begins_in.saturating_sub(1);
            if agent.session.is_none() && agent.begins_in == 0 {
                told.sessions += 1;
                // Every other one is a guest; nobody comes a third time.
                let person =
                    people.get(told.sessions as usize / 2).copied().filter(|_| told.sessions.is_multiple_of(2));
                begin(&bench, agent, person, u64::from(told.sessions)).await;
            }
        }
    }
    let open = bench.keeper.status().counters;
    // The place closes and the machines are switched off; whoever still sits there is over time before midnight.
    for _ in 0..14 {
        pass(&bench, Duration::from_secs(3_600)).await;
    }
    let after = bench.keeper.status().counters;
    let pages = |from: u64, to: u64| (to - from) as f64 / 1e6;
    println!("| what | sessions | flushes | bytes | MB in pages |\n| --- | --- | --- | --- | --- |");
    println!(
        "| {hours} hours, twenty workstations | {} | {} | {} | {:.2} |",
        told.sessions,
        open.flushes - before.flushes,
        open.bytes_written - before.bytes_written,
        pages(before.page_bytes_written, open.page_bytes_written),
    );
    println!(
        "| the night | 0 | {} | {} | {:.2} |",
        after.flushes - open.flushes,
        after.bytes_written - open.bytes_written,
        pages(open.page_bytes_written, after.page_bytes_written),
    );
    println!("{told:?}");
    assert_eq!(told.beats as usize, SEATS * hours * ROUNDS_PER_HOUR);
    assert!(told.wiped >= 20 && told.sessions >= told.wiped && told.grants >= 5 && told.pauses >= 4, "{told:?}");
    let spent = (open.page_bytes_written - before.page_bytes_written) * OPEN_HOURS as u64 / hours as u64
        + (after.page_bytes_written - open.page_bytes_written);
    assert!(spent <= PAGE_BYTES, "{spent} bytes of pages in a day");
    bench.keeper.stop().await;
}
