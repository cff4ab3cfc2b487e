//! Holds the one owner of the room: it lets visitors in, wakes the desk, and does what each visit leaves to be done.
//! Never answers before what was changed is on the card. Started with the kiosk, on the local task set.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use embassy_time::Instant;
use tokio::sync::{mpsc, oneshot};
use tokio::task::{spawn_blocking, spawn_local};
use vigie_core::kiosk::{SessionId, StationId};

use super::keys::KeyFile;
use super::live::{Exchange, Post};
use super::photos::Folder;
use super::room::{Out, Room};
use crate::accounts::journal::Journal;
use crate::http::events::{Hub, Topic};
use crate::shell::tasks;

/// Whether what a visit changed is on the card.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kept {
    Yes,
    No,
}

/// Gives the visitor the answer.
pub(super) type Answer = Box<dyn FnOnce(Kept) + Send>;
/// What a visitor does.
pub(super) type Visit = Box<dyn FnOnce(&mut Room) -> Answer + Send>;

/// Between two times that are told to those who want every second.
const TICK: Duration = Duration::from_secs(1);
/// Ticks between two times that are told to those who listen to everything.
const SLOW_TICKS: u64 = 10;

/// What the owner works with.
pub(super) struct Owner {
    pub(super) room: Rc<RefCell<Room>>,
    pub(super) keys: Arc<std::sync::Mutex<KeyFile>>,
    pub(super) photos: Arc<Folder>,
    pub(super) journal: Arc<Journal>,
    pub(super) live: Arc<Exchange>,
    pub(super) hub: Arc<Hub>,
    pub(super) french: Box<dyn Fn() -> Option<bool>>,
    pub(super) is_storing: Box<dyn Fn() -> bool>,
    pub(super) line: Line,
}

/// The order in which what happened is told: that of the visits, however long each is on its way to the card. Whoever
/// listens would else hear an end before what led to it, and keep a picture that is long past.
#[derive(Default)]
pub(super) struct Line(Cell<Option<oneshot::Receiver<()>>>);

/// A place in the line. Those behind it wait until it is dropped.
struct Turn {
    before: Option<oneshot::Receiver<()>>,
    _behind: oneshot::Sender<()>,
}

impl Line {
    /// The next place.
    fn up(&self) -> Turn {
        let (behind, next) = oneshot::channel();
        Turn { before: self.0.replace(Some(next)), _behind: behind }
    }

    /// Whether nobody is in it.
    fn is_empty(&self) -> bool {
        let Some(mut last) = self.0.take() else { return true };
        let waits = matches!(last.try_recv(), Err(oneshot::error::TryRecvError::Empty));
        self.0.set(waits.then_some(last));
        !waits
    }
}

/// What the clock did in one turn.
struct Runs {
    room: Rc<RefCell<Room>>,
    began: Instant,
    runs: Vec<(&'static str, String)>,
}

impl Runs {
    /// Notes it, one run a job however much it was. To be called when it is done.
    fn note(mut self) {
        let room = self.room.borrow();
        let Some(noted) = &room.noted else { return };
        let took = room.clock.now().saturating_sub(Duration::from_micros(self.began.as_micros()));
        while let Some((job, first)) = self.runs.first().cloned() {
            let before = self.runs.len();
            self.runs.retain(|(name, _)| *name != job);
            let more = before - self.runs.len() - 1;
            noted(job, took, if more == 0 { first } else { format!("{first}, and {more} more") });
        }
    }
}

impl Turn {
    /// Waits until everybody before has told.
    async fn come(&mut self) {
        if let Some(before) = self.before.take() {
            let _told_or_gone = before.await;
        }
    }
}

impl Owner {
    /// Lets visitors in and wakes the desk, until the task set is dropped.
    pub(super) async fn run(self, mut inbox: mpsc::Receiver<Visit>) {
        let beat = tasks::watch("kiosk", tasks::LIMIT);
        let mut ticks: u64 = 0;
        let mut next_tick = tokio::time::Instant::now() + TICK;
        loop {
            let wake = self.wake_after();
            let ticking = self.live.is_ticking();
            let due = async {
                tokio::select! {
                    visit = inbox.recv() => Some(visit),
                    () = until(wake) => None,
                    () = tokio::time::sleep_until(next_tick), if ticking => None,
                    () = self.live.wanted.notified(), if !ticking => None,
                }
            };
            match beat.idle(due).await {
                Some(None) => return,
                Some(Some(visit)) => self.admit(visit).await,
                None => {}
            }
            self.pass_time().await;
            if next_tick <= tokio::time::Instant::now() {
                next_tick = tokio::time::Instant::now() + TICK;
                ticks += 1;
                self.tick(ticks.is_multiple_of(SLOW_TICKS));
            }
        }
    }

    /// How long the desk may sleep, by the clock that drives it.
    fn wake_after(&self) -> Option<embassy_time::Duration> {
        let room = self.room.borrow();
        let now = Instant::from_micros(u64::try_from(room.clock.now().as_micros()).unwrap_or(u64::MAX));
        room.desk.next_wake().map(|wake| wake.saturating_duration_since(now))
    }

    async fn admit(&self, visit: Visit) {
        let (answer, out) = {
            let mut room = self.room.borrow_mut();
            room.now = Instant::from_micros(u64::try_from(room.clock.now().as_micros()).unwrap_or(u64::MAX));
            room.storing = (self.is_storing)();
            if !room.language_known
                && let Some(french) = (self.french)()
            {
                (room.settings.french, room.language_known) = (french, true);
            }
            let answer = visit(&mut room);
            if room.out.is_urgent() {
                room.ride();
            }
            (answer, std::mem::take(&mut room.out))
        };
        self.settle(out, Some(answer)).await;
    }

    async fn pass_time(&self) {
        let out = {
            let mut room = self.room.borrow_mut();
            room.now = Instant::from_micros(u64::try_from(room.clock.now().as_micros()).unwrap_or(u64::MAX));
            if room.desk.next_wake().is_none_or(|wake| wake > room.now) {
                return;
            }
            room.pass_time();
            if room.out.is_urgent() {
                room.ride();
            }
            std::mem::take(&mut room.out)
        };
        self.settle(out, None).await;
    }

    /// Keys first, then rows with their entries in one batch, then whoever listens, in the order of the visits, then the
    /// answer.
    async fn settle(&self, out: Out, answer: Option<Answer>) {
        let urgent = out.is_urgent();
        let Out { keys, rows, acts, photos_gone, posts, events, ended, runs, .. } = out;
        let runs = Runs { room: self.room.clone(), began: self.room.borrow().now, runs };
        let mut keys_kept = true;
        if !keys.is_empty() {
            // In their turn: a row must never be there before its key, nor a key outlive the answer that it is gone.
            let file = self.keys.clone();
            let written = spawn_blocking(move || {
                let mut file = file.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
                keys.iter().try_for_each(|(person, key)| file.set(*person, key.as_deref()))
            });
            keys_kept = match written.await {
                Ok(Ok(())) => true,
                Ok(Err(error)) => {
                    tracing::error!(%error, "keys of people are not kept");
                    false
                }
                Err(_) => false,
            };
        }
        for station in ended {
            self.live.end(station);
        }
        if !urgent {
            if !(rows.is_empty() && acts.is_empty()) {
                // Nobody waits: it comes back by itself. Its place in the order is taken, before whatever comes next.
                drop(self.journal.write_beside(rows, acts, false));
            }
            self.tell_in_turn(posts, events);
            runs.note();
            return answer.into_iter().for_each(|answer| answer(Kept::Yes));
        }
        if rows.is_empty() && acts.is_empty() && photos_gone.is_empty() {
            self.tell_in_turn(posts, events);
            return answer.into_iter().for_each(|answer| answer(if keys_kept { Kept::Yes } else { Kept::No }));
        }
        let writing = self.journal.write_beside(rows, acts, true);
        let (live, hub, photos) = (self.live.clone(), self.hub.clone(), self.photos.clone());
        let mut turn = self.line.up();
        spawn_local(async move {
            let written = writing.await;
            if let Err(error) = &written {
                tracing::error!(%error, "what changed at the workstations is not on the card");
            }
            let mut kept = if written.is_ok() && keys_kept { Kept::Yes } else { Kept::No };
            if !photos_gone.is_empty() {
                let removed =
                    spawn_blocking(move || photos_gone.iter().try_for_each(|person| photos.remove(*person))).await;
                if !matches!(removed, Ok(Ok(()))) {
                    tracing::error!("a photo is not removed");
                    kept = Kept::No;
                }
            }
            turn.come().await;
            // What happened has happened, on the card or not.
            tell(&live, &hub, &posts, &events);
            runs.note();
            answer.into_iter().for_each(|answer| answer(kept));
        });
    }

    /// Tells what waits for no card: at once, or after what is on its way there.
    fn tell_in_turn(&self, posts: Vec<Post>, events: Vec<(&'static str, serde_json::Value)>) {
        if posts.is_empty() && events.is_empty() {
            return;
        }
        if self.line.is_empty() {
            return tell(&self.live, &self.hub, &posts, &events);
        }
        let (live, hub) = (self.live.clone(), self.hub.clone());
        let mut turn = self.line.up();
        spawn_local(async move {
            turn.come().await;
            tell(&live, &hub, &posts, &events);
        });
    }

    /// Tells the time to whoever wants it: one text a session, whoever listens.
    fn tick(&self, slow: bool) {
        let (sessions, stations, all) = self.live.wants_time();
        let room = self.room.borrow();
        let everybody = all && slow;
        let wanted: Vec<(SessionId, Option<StationId>)> = if everybody {
            room.sessions().into_iter().map(|view| (view.id, view.station)).collect()
        } else {
            let seated = stations.iter().filter_map(|id| Some((room.desk.session_at(*id)?, Some(*id))));
            let named = sessions.iter().map(|id| (*id, None));
            seated.chain(named).collect()
        };
        for (session, station) in wanted {
            let Some(view) = room.session(session).filter(|view| view.state.is_live()) else { continue };
            let station = station.filter(|_| view.station == station);
            self.live.tick(&Post::latest(session, station, "time_update", &room.times(session)), everybody);
        }
    }
}

async fn until(wake: Option<embassy_time::Duration>) {
    match wake {
        Some(wake) => embassy_time::Timer::after(wake).await,
        None => std::future::pending().await,
    }
}

fn tell(live: &Exchange, hub: &Hub, posts: &[Post], events: &[(&'static str, serde_json::Value)]) {
    posts.iter().for_each(|post| live.publish(post));
    for (kind, data) in events {
        hub.publish(Topic::Kiosk, kind, data);
    }
}
