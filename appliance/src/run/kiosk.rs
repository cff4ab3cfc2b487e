//! Holds how the workstations are started with the rest of the service: their jobs by the clock, and their numbers.
//! Never decides anything of a session. Called at start.

use std::sync::Arc;
use std::time::Duration;

use vigie_core::audit::{Entry, Kind as AuditKind};
use vigie_store::Health;

use super::archive::Archive;
use super::base::Base;
use crate::accounts::journal::Kept;
use crate::accounts::role::Role;
use crate::config::Config;
use crate::http::context::Platform;
use crate::jobs::calendar::Daily;
use crate::jobs::{Jobs, Rhythm, Worker};
use crate::shell::kiosk::{self, CLOCK_JOB, Kiosk, Noted, Room, Start, WARNINGS_JOB};

/// Starts them over what the log held. On the local task set of the caller.
pub(super) async fn start(base: &Base, config: &Config) -> Kiosk {
    let Base { platform, keeper, clocks, stored, .. } = base;
    let (status, accounts) = (keeper.clone(), platform.accounts.clone());
    // The first administrator's: the one the site was set up in.
    let french = move || {
        let admins = accounts.list().into_iter().filter(|account| account.role == Some(Role::Admin));
        admins.min_by_key(|account| account.number).map(|account| account.language == *b"fr")
    };
    let kiosk = kiosk::start(Start {
        clock: platform.clock.clone(),
        clocks: clocks.clone(),
        zone: platform.zone.clone(),
        key: platform.accounts.key(),
        vault: platform.vault.clone(),
        journal: platform.journal.clone(),
        hub: platform.events.clone(),
        stored,
        folder: Some(config.data.dir.clone()),
        french: Box::new(french),
        is_storing: Box::new(move || matches!(status.status().health, Health::Good)),
    })
    .await;
    crate::api::kiosk::admit(platform, &kiosk);
    kiosk
}

/// What a job says that nobody can ask for.
const OWN_CLOCK: &str = "it has a clock of its own";
/// Between two looks at how full the tables are.
const LOOK_EVERY: Duration = Duration::from_secs(15);
/// Between two looks for sessions that should have ended by themselves.
const NET_EVERY: Duration = Duration::from_secs(300);

/// Adds what is done by the clock to the table. On the local task set of the caller.
pub(super) fn add_jobs(
    worker: &mut Worker,
    jobs: &Arc<Jobs>,
    platform: &Arc<Platform>,
    kiosk: &Kiosk,
    archive: &Archive,
) {
    let at = |hour, minute| Daily { hour, minute };
    let about = "Ends each session and each code at its own moment; sleeps until the next one, never polls.";
    worker.add((CLOCK_JOB, about), Rhythm::Own, false, async || Err(OWN_CLOCK.to_owned()));
    let about = "Warnings 5 min, 2 min, 1 min, 30 s and 10 s before an end; workstations show them and tell it.";
    worker.add((WARNINGS_JOB, about), Rhythm::Own, false, async || Err(OWN_CLOCK.to_owned()));
    let (hand, jobs) = (kiosk.clone(), jobs.clone());
    tokio::task::spawn_local(async move {
        let noted: Noted = Box::new(move |job, took, words| jobs.note(job, took, Ok(words)));
        // A service that stops before has nothing to note.
        let _stopping = hand.call(move |room| room.note_runs(noted)).await;
    });
    let hand = kiosk.clone();
    let about = "Ends sessions that should have ended by themselves; there should be none.";
    worker.add(("sessions-expired", about), Rhythm::Every(NET_EVERY), true, move || {
        let hand = hand.clone();
        async move {
            let (count, missed) = hand.call(Room::look_over).await.map_err(|why| format!("{why:?}"))?;
            Ok(format!("{count} sessions, {missed} overdue"))
        }
    });
    let keeps = archive.clone();
    let about = "Archives entries of the journal that would soon have to go, and keeps the archive within its budget.";
    worker.add(("logs-cleanup", about), Rhythm::Daily(at(3, 0)), true, move || {
        let keeps = keeps.clone();
        async move { keeps.keep_up().await }
    });
    let hand = kiosk.clone();
    let about = "Forgets past sessions and codes that are kept no longer.";
    worker.add(("sessions-cleanup", about), Rhythm::Daily(at(4, 0)), true, move || {
        let hand = hand.clone();
        async move {
            let mut rows = 0;
            loop {
                let gone = hand.call(Room::forget_old).await.map_err(|why| format!("{why:?}"))?;
                rows += gone;
                if gone == 0 {
                    return Ok(format!("{rows} rows forgotten"));
                }
            }
        }
    });
    let hand = kiosk.clone();
    let about = "Sums up the sessions of the day before.";
    worker.add(("sessions-report", about), Rhythm::Daily(at(6, 0)), true, move || {
        let hand = hand.clone();
        async move {
            let yesterday =
                |room: &mut Room| room.today().and_then(|today| room.report(today.checked_sub(1)?).cloned());
            let Some(day) = hand.call(yesterday).await.map_err(|why| format!("{why:?}"))? else {
                return Ok("no sessions".to_owned());
            };
            Ok(format!(
                "{} sessions, {} min used of {}, {} codes, {} refused",
                day.started,
                day.used_ms / 60_000,
                day.granted_ms / 60_000,
                day.issued,
                day.wrong_codes + day.refused
            ))
        }
    });
    let journal = platform.journal.clone();
    let clock = platform.clock.clone();
    let about = "Verifies the journal and sums up the day before.";
    worker.add(("logs-report", about), Rhythm::Daily(at(6, 30)), true, move || {
        let (journal, clock) = (journal.clone(), clock.clone());
        async move {
            let verified = journal.verify().await;
            let now_ms = clock.wall().map_or(0, |wall| u64::try_from(wall.as_millis()).unwrap_or(u64::MAX));
            let since_ms = now_ms.saturating_sub(86_400_000);
            let lately = move |entry: &Entry| entry.what.wall_ms >= since_ms;
            let entries = journal.newest(u64::MAX, MAX_COUNTED, Box::new(lately)).await;
            let failed = |kept: &&Kept| AuditKind::of_code(kept.entry.what.kind).is_some_and(AuditKind::is_failure);
            let failures = entries.iter().filter(failed).count();
            let head = data_encoding::HEXLOWER.encode(verified.report.head.hash.get(..8).unwrap_or_default());
            let words = format!("{} entries, {failures} of refusals or failures, head {head}", entries.len());
            if verified.report.is_good() { Ok(words) } else { Err(format!("the journal is damaged: {words}")) }
        }
    });
    let archive = archive.clone();
    let about = "Puts the entries of the journal into the archive, compressed.";
    worker.add(("logs-archive", about), Rhythm::Monthly(at(1, 0)), true, move || {
        let archive = archive.clone();
        async move { archive.write().await }
    });
}

/// Entries of a day that are counted one by one.
const MAX_COUNTED: usize = 4_096;

/// Keeps the numbers for Prometheus fresh. On the local task set of the caller.
pub(super) fn count(platform: &Arc<Platform>, kiosk: &Kiosk) {
    let live = kiosk.live().clone();
    platform.metrics.collect(move |metrics| {
        metrics.gauge("kiosk_sockets", "Sockets that listen to workstations.", "", "", live.count() as f64);
    });
    let (metrics, kiosk) = (platform.metrics.clone(), kiosk.clone());
    tokio::task::spawn_local(async move {
        while let Ok(counts) = kiosk.call(|room| room.counts()).await {
            let told = |list: &[(&'static str, usize)], word: &str| {
                list.iter().find(|(known, _)| *known == word).map_or(0.0, |(_, count)| *count as f64)
            };
            for word in ["pending", "active", "suspended", "interrupted", "expired", "ended"] {
                let now = told(&counts.sessions, word);
                metrics.gauge("kiosk_sessions", "Sessions that are not over, by state.", "state", word, now);
            }
            for word in ["available", "reserved", "busy", "wiping", "maintenance", "offline"] {
                let now = told(&counts.stations, word);
                metrics.gauge("kiosk_workstations", "Workstations, by state.", "state", word, now);
            }
            metrics.gauge("kiosk_people", "People in the list.", "", "", counts.people as f64);
            metrics.gauge("kiosk_past_sessions", "Past sessions that are remembered.", "", "", counts.past as f64);
            let help = "Codes refused: wrong ones, and right ones that were not good then.";
            metrics.count_to("kiosk_refusals_total", help, "", "", counts.refusals);
            tokio::time::sleep(LOOK_EVERY).await;
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::accounts::clock::HandClock;
    use crate::accounts::store::RamStore;
    use crate::http::limits::Limits;
    use crate::http::testing::platform;
    use crate::shell::clocks::Clocks;

    #[tokio::test]
    async fn the_table_has_every_job_of_the_workstations_at_its_time() {
        let clock = Arc::new(HandClock::default());
        let platform = Arc::new(platform(RamStore::default(), &clock, Limits::default()).0);
        let clocks = Arc::new(Clocks::open(&[], None));
        let (jobs, mut worker) = Jobs::new(clock, crate::shell::zone::SiteZone::default());
        let work = async {
            let kiosk = kiosk::testing::kiosk(&platform, &clocks).await;
            let folder = tempfile::tempdir().unwrap();
            let archive = Archive::new(folder.path(), &platform, &clocks);
            add_jobs(&mut worker, &jobs, &platform, &kiosk, &archive);
        };
        tokio::task::LocalSet::new().run_until(work).await;
        let daily = |hour, minute| Rhythm::Daily(Daily { hour, minute });
        let rows: Vec<_> = jobs.rows().into_iter().map(|row| (row.name, row.rhythm)).collect();
        let wanted = [
            ("session-clock", Rhythm::Own),
            ("warnings", Rhythm::Own),
            ("sessions-expired", Rhythm::Every(Duration::from_secs(5 * 60))),
            ("logs-cleanup", daily(3, 0)),
            ("sessions-cleanup", daily(4, 0)),
            ("sessions-report", daily(6, 0)),
            ("logs-report", daily(6, 30)),
            ("logs-archive", Rhythm::Monthly(Daily { hour: 1, minute: 0 })),
        ];
        assert_eq!(rows, wanted);
    }
}
