//! Holds count of the changes that are being made, so that none is cut in half and none piles up.
//! It never ends one: a change goes on when its client has left. The dispatcher begins them, the end of the service
//! waits for them.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

/// Changes that have run into their time limit and still go on. With so many the service has a trouble that more of
/// them would not mend, and each holds its request in memory.
const MAX_OVERDUE: usize = 16;

#[derive(Debug, Default)]
struct Counts {
    going: usize,
    overdue: usize,
}

/// All changes that are being made.
#[derive(Debug, Default)]
pub struct Changes {
    counts: Mutex<Counts>,
    ended: Notify,
}

/// One change, until it is dropped by the task that makes it.
pub(super) struct Change {
    all: Arc<Changes>,
    late: Arc<Mutex<Late>>,
}

/// Where one change is.
#[derive(Debug, Default, PartialEq, Eq)]
enum Late {
    #[default]
    InTime,
    Overdue,
    Over,
}

/// A change, as whoever waits for it sees it.
pub(super) struct Watch {
    all: Arc<Changes>,
    late: Arc<Mutex<Late>>,
}

impl Changes {
    /// Begins a change; `None` when too many are overdue.
    pub(super) fn begin(self: &Arc<Self>) -> Option<(Change, Watch)> {
        let mut counts = self.counts();
        if counts.overdue >= MAX_OVERDUE {
            return None;
        }
        counts.going += 1;
        let late = Arc::<Mutex<Late>>::default();
        Some((Change { all: self.clone(), late: late.clone() }, Watch { all: self.clone(), late }))
    }

    /// Changes that are being made now.
    #[must_use]
    pub fn going(&self) -> usize {
        self.counts().going
    }

    /// Ends when none is being made any more.
    pub async fn settled(&self) {
        loop {
            let ended = self.ended.notified();
            if self.going() == 0 {
                return;
            }
            ended.await;
        }
    }

    fn counts(&self) -> MutexGuard<'_, Counts> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Watch {
    /// Notes that nobody waits for the change any longer.
    pub(super) fn give_up(&self) {
        let mut late = self.late.lock().unwrap_or_else(PoisonError::into_inner);
        if *late == Late::InTime {
            *late = Late::Overdue;
            self.all.counts().overdue += 1;
        }
    }
}

impl Drop for Change {
    fn drop(&mut self) {
        let before = std::mem::replace(&mut *self.late.lock().unwrap_or_else(PoisonError::into_inner), Late::Over);
        let mut counts = self.all.counts();
        counts.going = counts.going.saturating_sub(1);
        if before == Late::Overdue {
            counts.overdue = counts.overdue.saturating_sub(1);
        }
        drop(counts);
        self.all.ended.notify_waiters();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn changes_that_hang_are_bounded_and_waited_for() {
        let changes = Arc::new(Changes::default());
        changes.settled().await;
        let mut hanging: Vec<_> = (0..MAX_OVERDUE).map(|_| changes.begin().unwrap()).collect();
        let quick = changes.begin().unwrap();
        for (_, watch) in &hanging {
            watch.give_up();
            watch.give_up();
        }
        assert!(changes.begin().is_none() && changes.going() == MAX_OVERDUE + 1);
        drop(quick.0);
        // One that ends makes room, and giving up on it afterwards changes nothing.
        let (first, watch) = hanging.remove(0);
        drop(first);
        watch.give_up();
        let again = changes.begin();
        assert!(again.is_some());
        let waiting = tokio::spawn({
            let changes = changes.clone();
            async move { changes.settled().await }
        });
        drop(again);
        tokio::task::yield_now().await;
        assert!(!waiting.is_finished());
        hanging.clear();
        waiting.await.unwrap();
        assert_eq!(changes.counts().overdue, 0);
    }
}
