//! Holds which long-lived tasks there are and when each was last heard of, so that one that hangs is named and not missed.
//! Never ends or starts a task. Tasks tap their own [`Beat`]; `run` reports to the broker, `/readyz` and the API tell.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

/// How often an idle task says that it is well. Three in a row fit into any limit, on a busy machine too.
pub const BEAT: Duration = Duration::from_secs(4);
/// A task that was not heard of for this long hangs: no step of any of them takes seconds. With the report, the end and
/// the start of a service it stays below the minute within which one that hangs is started anew.
pub const LIMIT: Duration = Duration::from_secs(30);
/// The storage may wait for a card that is busy with itself for many seconds; the broker accepts no longer limit.
pub const STORAGE_LIMIT: Duration = vigie_sys::broker::LONGEST_LIMIT;
/// Tasks that can be told, as many as fit a report to the broker. A task beyond that runs and is not watched.
pub const MAX_TASKS: usize = vigie_sys::broker::MAX_TASKS;

/// The tasks of one process.
#[derive(Debug)]
pub struct Tasks {
    began: Instant,
    rows: Mutex<Vec<Row>>,
}

#[derive(Debug)]
struct Row {
    name: &'static str,
    limit: Duration,
    last_ms: Arc<AtomicU64>,
}

/// What a task taps while it is well. When it is dropped, the task has ended, which no long-lived task should: its age
/// goes on growing, and it counts as stuck in time.
#[derive(Debug)]
pub struct Beat {
    began: Instant,
    last_ms: Arc<AtomicU64>,
}

/// How a task is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TaskState {
    /// Its name, the same in every start.
    pub name: &'static str,
    /// Since it was last heard of. Does not grow while the machine sleeps.
    pub age: Duration,
    /// From when on it counts as stuck.
    pub limit: Duration,
}

impl TaskState {
    /// Whether it hangs.
    #[must_use]
    pub fn is_stuck(&self) -> bool {
        self.age > self.limit
    }
}

/// Those of this process: it has one set of them, as it has one standard output.
pub fn of_this_process() -> &'static Tasks {
    static TASKS: OnceLock<Tasks> = OnceLock::new();
    TASKS.get_or_init(Tasks::default)
}

/// Adds a task to those of this process.
pub fn watch(name: &'static str, limit: Duration) -> Beat {
    of_this_process().watch(name, limit)
}

impl Default for Tasks {
    fn default() -> Self {
        Self { began: Instant::now(), rows: Mutex::default() }
    }
}

impl Tasks {
    /// Adds a task, which counts as well from now on. One of the same name that has ended is replaced. Beyond
    /// [`MAX_TASKS`] it is not told of.
    pub fn watch(&self, name: &'static str, limit: Duration) -> Beat {
        let beat = Beat { began: self.began, last_ms: Arc::default() };
        beat.tap();
        let mut rows = self.rows.lock().unwrap_or_else(PoisonError::into_inner);
        rows.retain(|row| row.name != name || Arc::strong_count(&row.last_ms) > 1);
        if rows.len() < MAX_TASKS {
            rows.push(Row { name, limit, last_ms: beat.last_ms.clone() });
        }
        beat
    }

    /// How every task is.
    #[must_use]
    pub fn states(&self) -> Vec<TaskState> {
        let now_ms = since(self.began);
        let rows = self.rows.lock().unwrap_or_else(PoisonError::into_inner);
        let state = |row: &Row| TaskState {
            name: row.name,
            age: Duration::from_millis(now_ms.saturating_sub(row.last_ms.load(Ordering::Relaxed))),
            limit: row.limit,
        };
        rows.iter().map(state).collect()
    }
}

impl Beat {
    /// Says that the task is well.
    pub fn tap(&self) {
        self.last_ms.store(since(self.began), Ordering::Relaxed);
    }

    /// Waits for something that may never come, such as a message or a time, and says meanwhile that the task is well.
    /// Work is not awaited through this: it is the work that may hang.
    pub async fn idle<T>(&self, what: impl Future<Output = T>) -> T {
        let mut what = std::pin::pin!(what);
        loop {
            self.tap();
            if let Ok(came) = tokio::time::timeout(BEAT, what.as_mut()).await {
                self.tap();
                return came;
            }
        }
    }
}

fn since(began: Instant) -> u64 {
    u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stuck(tasks: &Tasks) -> Vec<&'static str> {
        tasks.states().iter().filter(|state| state.is_stuck()).map(|state| state.name).collect()
    }

    /// Moves a task's last word into the past.
    fn age(beat: &Beat, tasks: &Tasks, name: &str) -> Duration {
        beat.last_ms.store(0, Ordering::Relaxed);
        tasks.states().iter().find(|state| state.name == name).map(|state| state.age).unwrap()
    }

    #[test]
    fn a_task_that_is_not_heard_of_is_stuck_until_it_is() {
        let tasks =
            Tasks { began: Instant::now().checked_sub(Duration::from_secs(60)).unwrap(), rows: Mutex::default() };
        let (beat, other) = (tasks.watch("network", LIMIT), tasks.watch("http", LIMIT));
        assert_eq!(stuck(&tasks), Vec::<&str>::new());
        assert!(age(&beat, &tasks, "network") >= Duration::from_secs(60));
        assert_eq!(stuck(&tasks), ["network"]);
        other.tap();
        beat.tap();
        assert_eq!(stuck(&tasks), Vec::<&str>::new());
    }

    #[test]
    fn a_task_that_ended_stays_in_the_list_until_it_is_started_again() {
        let tasks = Tasks::default();
        drop(tasks.watch("legs", LIMIT));
        assert_eq!(tasks.states().len(), 1);
        let _again = tasks.watch("legs", LIMIT);
        assert_eq!(tasks.states().len(), 1);
        let _beside = tasks.watch("legs", LIMIT);
        assert_eq!(tasks.states().len(), 2, "two of a name are two");
    }

    #[test]
    fn tasks_beyond_the_bound_run_unwatched() {
        let tasks = Tasks::default();
        let beats: Vec<Beat> = (0..MAX_TASKS + 3).map(|_| tasks.watch("many", LIMIT)).collect();
        beats.iter().for_each(Beat::tap);
        assert_eq!(tasks.states().len(), MAX_TASKS);
    }

    #[tokio::test(start_paused = true)]
    async fn waiting_is_no_hanging_and_nothing_is_lost_by_it() {
        let tasks = Tasks::default();
        let beat = tasks.watch("news", LIMIT);
        let (send, receive) = tokio::sync::oneshot::channel();
        let waiting = beat.idle(receive);
        let later = async {
            tokio::time::sleep(BEAT * 5).await;
            send.send(7).unwrap();
        };
        let (came, ()) = tokio::join!(waiting, later);
        assert_eq!(came, Ok(7));
        assert_eq!(stuck(&tasks), Vec::<&str>::new());
    }
}
