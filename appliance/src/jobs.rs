//! Holds the one table of what the appliance does by the clock or when asked, and what came of it.
//! It never runs two jobs at once, never keeps more than the latest runs of each, and never lets one go on for ever.
//! `run` fills and drives it, the API shows it and asks for runs.

pub(crate) mod calendar;

use std::collections::VecDeque;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;

use self::calendar::{Daily, Plan};
use crate::accounts::clock::Clock;
use crate::recorder::say;
use crate::shell::tasks::{self, Beat};
use crate::shell::zone::SiteZone;

/// Jobs in the table; the product has fewer than ten.
const MAX_JOBS: usize = 32;
/// Runs remembered of each, about 100 bytes each.
pub(crate) const MAX_RUNS: usize = 16;
/// Bytes of what a run says of itself.
const MAX_RESULT_BYTES: usize = 200;
/// How often the calendar is looked at: a clock may be set at any time.
const LOOK_EVERY: Duration = Duration::from_secs(30);
/// A job that takes longer is given up.
const MAX_RUN: Duration = Duration::from_secs(300);

/// When a job runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rhythm {
    /// At a time of day, by the site's clock.
    Daily(Daily),
    /// At a time of day on the first of each month, by the site's clock.
    Monthly(Daily),
    /// Every so long, from the start on.
    Every(Duration),
    /// By a clock of its own, which the table only watches.
    Own,
    /// When a person asks.
    Asked,
}

/// How a run ended: in words, English.
pub(crate) type Ended = Result<String, String>;
type Work = Box<dyn Fn() -> Pin<Box<dyn Future<Output = Ended>>>>;

/// One run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Run {
    /// Counts the runs of its job, from 1.
    pub(crate) number: u64,
    /// When it began, by the wall clock if that was set.
    pub(crate) wall: Option<Duration>,
    /// When it began, since the clock's start.
    pub(crate) began: Duration,
    /// How long it took.
    pub(crate) took: Duration,
    /// What came of it.
    pub(crate) ended: Ended,
}

/// What is shown of a job.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    /// Its name in paths.
    pub(crate) name: &'static str,
    /// What it does.
    pub(crate) about: &'static str,
    /// When it runs.
    pub(crate) rhythm: Rhythm,
    /// Whether a person may ask for it.
    pub(crate) on_demand: bool,
    /// Whether it runs now, or waits to.
    pub(crate) running: bool,
    /// When it runs next, by the wall clock.
    pub(crate) next: Option<Duration>,
    /// Newest last.
    pub(crate) runs: VecDeque<Run>,
    asked: bool,
    count: u64,
    /// When one that runs every so long is due, since the clock's start.
    due: Option<Duration>,
}

/// Why a job was not asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NotAsked {
    /// There is none of that name.
    Unknown,
    /// It runs by the clock only.
    ByClockOnly,
    /// It runs already.
    Running,
}

/// The table, as it is shared.
pub(crate) struct Jobs {
    rows: Mutex<Vec<Row>>,
    asked: Notify,
    clock: Arc<dyn Clock>,
    /// The site's zone.
    pub(crate) zone: SiteZone,
}

/// The work behind the rows; it stays with the task that does it.
pub(crate) struct Worker {
    jobs: Arc<Jobs>,
    work: Vec<(&'static str, Plan, Work)>,
}

impl Jobs {
    /// An empty table and its worker.
    pub(crate) fn new(clock: Arc<dyn Clock>, zone: SiteZone) -> (Arc<Self>, Worker) {
        let jobs = Arc::new(Self { rows: Mutex::default(), asked: Notify::new(), clock, zone });
        (jobs.clone(), Worker { jobs, work: Vec::new() })
    }

    /// Every job.
    pub(crate) fn rows(&self) -> Vec<Row> {
        self.lock().clone()
    }

    /// Asks for a run. Gives its number.
    pub(crate) fn ask(&self, name: &str) -> Result<u64, NotAsked> {
        let mut rows = self.lock();
        let row = rows.iter_mut().find(|row| row.name == name).ok_or(NotAsked::Unknown)?;
        if !row.on_demand {
            return Err(NotAsked::ByClockOnly);
        }
        if row.running {
            return Err(NotAsked::Running);
        }
        (row.asked, row.running) = (true, true);
        let number = row.count + 1;
        drop(rows);
        self.asked.notify_one();
        Ok(number)
    }

    /// Notes a run of a job with a clock of its own, which has just ended.
    pub(crate) fn note(&self, name: &str, took: Duration, ended: Ended) {
        let began = self.clock.now().saturating_sub(took);
        let wall = self.clock.wall().map(|wall| wall.saturating_sub(took));
        self.add(name, wall, began, took, ended);
    }

    fn add(&self, name: &str, wall: Option<Duration>, began: Duration, took: Duration, mut ended: Ended) {
        let (Ok(words) | Err(words)) = &mut ended;
        let end = (0..=MAX_RESULT_BYTES).rev().find(|at| words.is_char_boundary(*at)).unwrap_or(0);
        words.truncate(end);
        let mut rows = self.lock();
        let Some(row) = rows.iter_mut().find(|row| row.name == name) else { return };
        row.count += 1;
        row.running = false;
        if row.runs.len() >= MAX_RUNS {
            row.runs.pop_front();
        }
        row.runs.push_back(Run { number: row.count, wall, began, took, ended });
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Row>> {
        self.rows.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Worker {
    /// Adds a job. Beyond 32 jobs, or with a name that is taken, the call does nothing.
    pub(crate) fn add<F>(
        &mut self,
        (name, about): (&'static str, &'static str),
        rhythm: Rhythm,
        on_demand: bool,
        work: impl Fn() -> F + 'static,
    ) where
        F: Future<Output = Ended> + 'static,
    {
        let mut rows = self.jobs.lock();
        if rows.len() >= MAX_JOBS || rows.iter().any(|row| row.name == name) {
            return;
        }
        let (next, runs) = (None, VecDeque::new());
        rows.push(Row {
            name,
            about,
            rhythm,
            on_demand,
            running: false,
            next,
            runs,
            asked: false,
            count: 0,
            due: None,
        });
        self.work.push((name, Plan::default(), Box::new(move || Box::pin(work()))));
    }

    /// Does what is due and what is asked for, one after the other, until its task is dropped.
    pub(crate) async fn run(mut self) {
        let beat = tasks::watch("jobs", tasks::LIMIT);
        loop {
            self.look(&beat).await;
            // Asked for while it worked: the permit waits.
            let asked = tokio::time::timeout(LOOK_EVERY, self.jobs.asked.notified());
            let _either = beat.idle(asked).await;
        }
    }

    async fn look(&mut self, beat: &Beat) {
        for (name, plan, work) in &mut self.work {
            let (due, often) = {
                let mut rows = self.jobs.lock();
                let Some(row) = rows.iter_mut().find(|row| row.name == *name) else { continue };
                let due = match row.rhythm {
                    Rhythm::Daily(daily) => plan.look(&self.jobs.zone.now(), daily, self.jobs.clock.wall()),
                    Rhythm::Monthly(daily) => plan.look_monthly(&self.jobs.zone.now(), daily, self.jobs.clock.wall()),
                    Rhythm::Every(every) => {
                        let now = self.jobs.clock.now();
                        let due = row.due.is_some_and(|at| at <= now);
                        if due || row.due.is_none() {
                            row.due = Some(now + every);
                        }
                        due
                    }
                    Rhythm::Own | Rhythm::Asked => false,
                };
                let until_due = row.due.map(|at| at.saturating_sub(self.jobs.clock.now()));
                row.next = plan.next().or_else(|| Some(self.jobs.clock.wall()? + until_due?));
                let often = matches!(row.rhythm, Rhythm::Every(_));
                let due = due || std::mem::take(&mut row.asked);
                row.running |= due;
                (due, often)
            };
            if !due {
                continue;
            }
            let (wall, began) = (self.jobs.clock.wall(), self.jobs.clock.now());
            let late = || Err(format!("given up after {} s", MAX_RUN.as_secs()));
            // A job that hangs is given up by itself; the beat is for whatever else may hold the task.
            let ended = beat.idle(tokio::time::timeout(MAX_RUN, work())).await.unwrap_or_else(|_| late());
            let took = self.jobs.clock.now().saturating_sub(began);
            match &ended {
                // What runs every few minutes says in the table alone that it went well.
                Ok(words) if often => tracing::debug!("job {name}: {words}"),
                Ok(words) => tracing::info!("job {name}: {words}"),
                Err(words) => tracing::warn!("job {name} failed: {words}"),
            }
            if !often || ended.is_err() {
                say::job(name, ended.is_ok(), u32::try_from(took.as_millis()).unwrap_or(u32::MAX));
            }
            self.jobs.add(name, wall, began, took, ended);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::rc::Rc;

    use super::*;
    use crate::accounts::clock::HandClock;

    fn table() -> (Arc<HandClock>, Arc<Jobs>, Worker) {
        let clock = Arc::new(HandClock::default());
        let (jobs, worker) = Jobs::new(clock.clone(), SiteZone::default());
        (clock, jobs, worker)
    }

    #[tokio::test(start_paused = true)]
    async fn jobs_run_when_due_and_when_asked_and_are_recorded_within_bounds() {
        let (clock, jobs, mut worker) = table();
        clock.set_wall(Some(Duration::from_secs(1_800_000_000)));
        let ran = Rc::new(Cell::new(0));
        let count = ran.clone();
        worker.add(("tidy", "Tidies."), Rhythm::Daily(Daily { hour: 3, minute: 0 }), true, move || {
            count.set(count.get() + 1);
            async { Ok("é".repeat(500)) }
        });
        worker.add(("tidy", "A second of that name."), Rhythm::Asked, true, async || Ok(String::new()));
        worker.add(("hangs", "Never ends."), Rhythm::Asked, true, std::future::pending);
        worker.add(("sweep", "Watched only."), Rhythm::Own, false, async || Err("not asked".to_owned()));
        let beat = tasks::watch("jobs of a test", tasks::LIMIT);
        for _minute in 0..(3 * 24 * 60) {
            worker.look(&beat).await;
            clock.advance(Duration::from_secs(60));
        }
        assert_eq!(ran.get(), 3);
        assert_eq!(jobs.ask("tidy"), Ok(4));
        assert_eq!(jobs.ask("tidy"), Err(NotAsked::Running));
        assert_eq!((jobs.ask("x"), jobs.ask("sweep")), (Err(NotAsked::Unknown), Err(NotAsked::ByClockOnly)));
        assert_eq!(jobs.ask("hangs"), Ok(1));
        worker.look(&beat).await;
        for _ in 0..40 {
            jobs.note("sweep", Duration::from_secs(2), Ok("50 hosts".to_owned()));
        }
        let rows = jobs.rows();
        assert_eq!(rows.len(), 3);
        assert_eq!((rows[0].runs.len(), rows[0].running), (4, false));
        let words = rows[0].runs[0].ended.as_ref().unwrap();
        assert_eq!(words.len(), MAX_RESULT_BYTES);
        assert_eq!(rows[1].runs[0].ended, Err("given up after 300 s".to_owned()));
        assert_eq!((rows[2].runs.len(), rows[2].runs.back().unwrap().number), (MAX_RUNS, 40));
        assert_eq!(rows[2].runs[0].took, Duration::from_secs(2));
    }

    #[tokio::test(start_paused = true)]
    async fn some_jobs_run_every_so_long_and_some_on_the_first_of_the_month() {
        let (clock, jobs, mut worker) = table();
        // 2027-01-15 08:00 UTC.
        clock.set_wall(Some(Duration::from_secs(1_800_000_000)));
        let every = Rhythm::Every(Duration::from_secs(300));
        worker.add(("often", "Often."), every, false, async || Ok(String::new()));
        worker.add(
            ("rare", "Rarely."),
            Rhythm::Monthly(Daily { hour: 1, minute: 0 }),
            true,
            async || Ok(String::new()),
        );
        let beat = tasks::watch("jobs of a test", tasks::LIMIT);
        for _minute in 0..(60 * 24 * 60) {
            worker.look(&beat).await;
            clock.advance(Duration::from_secs(60));
        }
        let rows = jobs.rows();
        assert_eq!(rows[0].runs.back().unwrap().number, 60 * 24 * 60 / 5 - 1);
        let days: Vec<u64> = rows[1].runs.iter().map(|run| run.wall.unwrap().as_secs()).collect();
        // The first of February and of March, at one o'clock.
        assert_eq!(days, [1_801_443_600, 1_803_862_800]);
        assert_eq!(rows[1].next, Some(Duration::from_secs(1_806_541_200)));
    }

    #[tokio::test(start_paused = true)]
    async fn without_a_clock_nothing_is_due_and_asking_works() {
        let (clock, jobs, mut worker) = table();
        worker.add(("tidy", "Tidies."), Rhythm::Daily(Daily { hour: 3, minute: 0 }), true, async || Ok(String::new()));
        let beat = tasks::watch("jobs of a test", tasks::LIMIT);
        for _hour in 0..100 {
            worker.look(&beat).await;
            clock.advance(Duration::from_secs(3_600));
        }
        assert!(jobs.rows()[0].runs.is_empty() && jobs.rows()[0].next.is_none());
        let local = tokio::task::LocalSet::new();
        local.spawn_local(worker.run());
        local
            .run_until(async {
                jobs.ask("tidy").unwrap();
                while jobs.rows()[0].running {
                    tokio::time::sleep(Duration::from_millis(10)).await;
                }
            })
            .await;
        assert_eq!(jobs.rows()[0].runs[0].wall, None);
    }
}
