//! Holds what is done by the clock besides the sessions themselves: what is old is forgotten, the day is summed up.
//! Never runs by itself: the table of jobs asks. What was done comes back in words.

use std::time::Duration;

use vigie_core::kiosk::session::State;

use super::room::Room;

/// Rows forgotten in one visit: their deletions fit a batch, and nobody waits long.
const MAX_AT_ONCE: usize = 256;

/// How full the tables are, for metrics.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Counts {
    /// Sessions that are not over, by the word of their state.
    pub sessions: Vec<(&'static str, usize)>,
    /// Workstations, by the word of their state.
    pub stations: Vec<(&'static str, usize)>,
    /// People.
    pub people: usize,
    /// Sessions that are over and remembered.
    pub past: usize,
    /// Wrong codes, and right ones that were refused, since the start.
    pub refusals: u64,
}

impl Room {
    /// Ends what should have ended by itself: a net under the clockwork. Gives how many sessions there are, and how many
    /// the clockwork had missed.
    pub fn look_over(&mut self) -> (usize, usize) {
        let count = self.desk.sessions(self.now).count();
        let before = self.out.acts.len();
        self.pass_time();
        (count, self.out.acts.len().saturating_sub(before))
    }

    /// Forgets past sessions, unused codes and used-up days that are kept no longer. Gives how many rows; when it is as
    /// many as are forgotten at once, there may be more.
    pub fn forget_old(&mut self) -> usize {
        let Some(wall_ms) = self.wall_ms() else { return 0 };
        let days = |days: u8| Duration::from_secs(u64::from(days) * 86_400);
        let (detail, code) = (days(self.settings.detail_days), days(self.settings.code_days));
        let (clocks, now) = (self.clocks.clone(), Duration::from_millis(wall_ms));
        let gone = self.past.forget(MAX_AT_ONCE, |view| {
            let keep = if view.state == State::Void { code } else { detail };
            // One of a boot without a date leaves when the table is full.
            view.ended.and_then(|ended| clocks.unix(ended)).is_some_and(|ended| ended + keep < now)
        });
        let count = gone.len();
        self.out.rows.extend(gone.into_iter().map(super::record::no_session));
        if count > 0 {
            self.save_counters();
        }
        if count < MAX_AT_ONCE
            && let Some(today) = self.today()
        {
            let _nothing_is_refused = self.on_desk(|desk, _, out| {
                desk.forget_usages(Some(today), out);
                Ok(())
            });
        }
        self.outbox.forget_taken();
        count
    }

    /// How full the tables are.
    #[must_use]
    pub fn counts(&self) -> Counts {
        let mut counts = Counts { people: self.people.rows.len(), past: self.past_count(), ..Counts::default() };
        counts.refusals = self.refusals;
        for view in self.desk.sessions(self.now) {
            add(&mut counts.sessions, super::words::status(view.kept.state));
        }
        for (_, state, _) in self.desk.stations() {
            add(&mut counts.stations, super::words::state(state));
        }
        counts
    }
}

fn add(counts: &mut Vec<(&'static str, usize)>, word: &'static str) {
    match counts.iter_mut().find(|(known, _)| *known == word) {
        Some((_, count)) => *count += 1,
        None => counts.push((word, 1)),
    }
}
