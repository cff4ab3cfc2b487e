//! Holds the exchange: what happens at workstations is put before every socket that wants to hear it, as ready text.
//! Never waits for a socket and never keeps more than a queue for one: who is too slow is told so and dropped.
//! The room publishes; the sockets of agents, staff and the page listen.

use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use serde_json::{Value, json};
use tokio::sync::Notify;
use vigie_core::kiosk::{SessionId, StationId};

/// Sockets in all; the promise is 2,000. Their queues take memory only while something waits.
pub const MAX_SOCKETS: usize = 2_048;
/// Frames waiting for one socket.
pub(super) const MAX_WAITING: usize = 64;

/// What a socket wants to hear.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whom {
    /// Everything but what is for one agent.
    All,
    /// One session.
    Session(SessionId),
    /// One workstation, as its agent: what happens to its sessions, and what is for it alone.
    Station(StationId),
}

/// For whom a frame is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Audience {
    /// Whoever listens to everything, to this session, or to this workstation.
    Those(Option<SessionId>, Option<StationId>),
    /// The agent of a workstation alone.
    Agent(StationId),
}

/// One frame, ready to be sent.
#[derive(Debug, PartialEq, Eq)]
pub struct Frame {
    /// Its name on the wire.
    pub kind: &'static str,
    /// `{"type": …, "data": …}`.
    pub text: String,
    /// A newer one with the same number replaces it while it waits, and it is the first to be dropped.
    replaces: Option<u64>,
}

/// A frame with its audience.
#[derive(Clone, Debug)]
pub(super) struct Post {
    pub(super) audience: Audience,
    pub(super) frame: Arc<Frame>,
}

impl Post {
    pub(super) fn new(audience: Audience, kind: &'static str, data: &Value) -> Self {
        let text = json!({ "type": kind, "data": data }).to_string();
        Self { audience, frame: Arc::new(Frame { kind, text, replaces: None }) }
    }

    /// Of a session's frames of this kind only the newest need be heard.
    pub(super) fn latest(session: SessionId, station: Option<StationId>, kind: &'static str, data: &Value) -> Self {
        let text = json!({ "type": kind, "data": data }).to_string();
        let frame = Arc::new(Frame { kind, text, replaces: Some(session.0) });
        Self { audience: Audience::Those(Some(session), station), frame }
    }
}

/// Why a socket hears no more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deaf {
    /// It did not keep up: to be closed with 1013.
    TooSlow,
    /// The service stops, or the workstation is gone.
    Over,
}

struct Queue {
    whom: Whom,
    ticks: bool,
    waiting: Mutex<VecDeque<Arc<Frame>>>,
    woken: Notify,
    too_slow: AtomicBool,
    over: AtomicBool,
}

#[derive(Default)]
struct Ears {
    all: Vec<Weak<Queue>>,
    sessions: BTreeMap<SessionId, Vec<Weak<Queue>>>,
    stations: BTreeMap<StationId, Vec<Weak<Queue>>>,
    stopped: bool,
}

impl Ears {
    /// Takes out lists of sockets that are gone, when there may be more of them than sockets.
    fn make_room(&mut self) {
        let lives = |list: &Vec<Weak<Queue>>| list.iter().any(|ear| ear.strong_count() > 0);
        if self.sessions.len() >= MAX_SOCKETS {
            self.sessions.retain(|_, list| lives(list));
        }
        if self.stations.len() >= MAX_SOCKETS {
            self.stations.retain(|_, list| lives(list));
        }
    }
}

/// Where frames meet sockets.
#[derive(Default)]
pub struct Exchange {
    ears: Mutex<Ears>,
    count: Arc<AtomicUsize>,
    /// Of them: those that want the time.
    ticking: Arc<AtomicUsize>,
    /// Rung when somebody begins to want the time.
    pub(super) wanted: Notify,
}

/// A socket's place. Dropping it gives the place back.
pub struct Subscription {
    queue: Arc<Queue>,
    count: Arc<AtomicUsize>,
    ticking: Arc<AtomicUsize>,
}

impl Drop for Subscription {
    fn drop(&mut self) {
        self.count.fetch_sub(1, Ordering::Relaxed);
        self.ticking.fetch_sub(usize::from(self.queue.ticks), Ordering::Relaxed);
    }
}

impl Exchange {
    /// Takes a place. `ticks`: whether a `time_update` is wanted once a second (for everything: once in ten seconds and
    /// session). `None` when as many sockets listen as there may be.
    #[must_use]
    pub fn subscribe(&self, whom: Whom, ticks: bool) -> Option<Subscription> {
        if self.count.fetch_add(1, Ordering::Relaxed) >= MAX_SOCKETS {
            self.count.fetch_sub(1, Ordering::Relaxed);
            return None;
        }
        let queue = Arc::new(Queue {
            whom,
            ticks,
            waiting: Mutex::default(),
            woken: Notify::new(),
            too_slow: AtomicBool::new(false),
            over: AtomicBool::new(false),
        });
        let mut ears = self.ears();
        queue.over.store(ears.stopped, Ordering::Relaxed);
        ears.make_room();
        let list = match whom {
            Whom::All => &mut ears.all,
            Whom::Session(id) => ears.sessions.entry(id).or_default(),
            Whom::Station(id) => ears.stations.entry(id).or_default(),
        };
        list.retain(|ear| ear.strong_count() > 0);
        list.push(Arc::downgrade(&queue));
        drop(ears);
        if ticks {
            self.ticking.fetch_add(1, Ordering::Relaxed);
            self.wanted.notify_one();
        }
        Some(Subscription { queue, count: self.count.clone(), ticking: self.ticking.clone() })
    }

    /// Whether anybody wants the time.
    pub(super) fn is_ticking(&self) -> bool {
        self.ticking.load(Ordering::Relaxed) > 0
    }

    /// How many sockets listen.
    #[must_use]
    pub fn count(&self) -> usize {
        self.count.load(Ordering::Relaxed)
    }

    /// Ends every socket of a workstation: it is removed, or its token was replaced.
    pub(super) fn end(&self, station: StationId) {
        let gone = self.ears().stations.remove(&station).unwrap_or_default();
        gone.iter().filter_map(Weak::upgrade).for_each(|queue| queue.end());
    }

    /// Ends every socket.
    pub(super) fn stop(&self) {
        let mut ears = self.ears();
        ears.stopped = true;
        let Ears { all, sessions, stations, .. } = &*ears;
        let every = all.iter().chain(sessions.values().flatten()).chain(stations.values().flatten());
        every.filter_map(Weak::upgrade).for_each(|queue| queue.end());
    }

    /// Puts a frame before everyone it is for. Touches only the queues it goes to.
    pub(super) fn publish(&self, post: &Post) {
        let mut ears = self.ears();
        let offer = |list: &mut Vec<Weak<Queue>>| {
            list.retain(|ear| ear.upgrade().is_some_and(|queue| queue.offer(&post.frame)));
        };
        let (session, station) = match post.audience {
            Audience::Agent(station) => (None, Some(station)),
            Audience::Those(session, station) => {
                offer(&mut ears.all);
                (session, station)
            }
        };
        if let Some(list) = session.and_then(|id| ears.sessions.get_mut(&id)) {
            offer(list);
        }
        if let Some(list) = station.and_then(|id| ears.stations.get_mut(&id)) {
            offer(list);
        }
        if let Some(id) = session.filter(|id| ears.sessions.get(id).is_some_and(Vec::is_empty)) {
            ears.sessions.remove(&id);
        }
    }

    /// Puts the time before those who want it every second; those who listen to everything are left out unless
    /// `everybody`.
    pub(super) fn tick(&self, post: &Post, everybody: bool) {
        let Audience::Those(session, station) = post.audience else { return };
        let mut ears = self.ears();
        let offer = |list: &mut Vec<Weak<Queue>>| {
            list.retain(|ear| ear.upgrade().is_some_and(|queue| !queue.ticks || queue.offer(&post.frame)));
        };
        if everybody {
            offer(&mut ears.all);
        }
        if let Some(list) = session.and_then(|id| ears.sessions.get_mut(&id)) {
            offer(list);
        }
        if let Some(list) = station.and_then(|id| ears.stations.get_mut(&id)) {
            offer(list);
        }
    }

    /// Which sessions and workstations somebody wants the time of, and whether somebody wants that of all.
    pub(super) fn wants_time(&self) -> (Vec<SessionId>, Vec<StationId>, bool) {
        let ears = self.ears();
        let wants = |list: &Vec<Weak<Queue>>| list.iter().any(|ear| ear.upgrade().is_some_and(|queue| queue.ticks));
        let sessions = ears.sessions.iter().filter(|(_, list)| wants(list)).map(|(id, _)| *id).collect();
        let stations = ears.stations.iter().filter(|(_, list)| wants(list)).map(|(id, _)| *id).collect();
        (sessions, stations, wants(&ears.all))
    }

    fn ears(&self) -> MutexGuard<'_, Ears> {
        self.ears.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Queue {
    /// Puts a frame in; false when this socket is not to be offered any more.
    fn offer(&self, frame: &Arc<Frame>) -> bool {
        if self.over.load(Ordering::Relaxed) {
            return false;
        }
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        if frame.replaces.is_some() {
            waiting.retain(|older| older.replaces != frame.replaces || older.kind != frame.kind);
        }
        if waiting.len() >= MAX_WAITING {
            // The time comes again by itself; what happened does not.
            match waiting.iter().position(|older| older.replaces.is_some()) {
                Some(at) => drop(waiting.remove(at)),
                None if frame.replaces.is_some() => return true,
                None => {
                    waiting.clear();
                    self.too_slow.store(true, Ordering::Relaxed);
                    self.woken.notify_one();
                    return false;
                }
            }
        }
        waiting.push_back(frame.clone());
        drop(waiting);
        self.woken.notify_one();
        true
    }

    fn end(&self) {
        self.over.store(true, Ordering::Relaxed);
        self.woken.notify_one();
    }
}

impl Subscription {
    /// What the socket listens to.
    #[must_use]
    pub fn whom(&self) -> Whom {
        self.queue.whom
    }

    /// The next frame. Dropping the future loses nothing.
    ///
    /// # Errors
    /// Why there will be no more.
    pub async fn hear(&mut self) -> Result<Arc<Frame>, Deaf> {
        loop {
            if self.queue.too_slow.load(Ordering::Relaxed) {
                return Err(Deaf::TooSlow);
            }
            let next = self.queue.waiting.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
            if let Some(frame) = next {
                return Ok(frame);
            }
            if self.queue.over.load(Ordering::Relaxed) {
                return Err(Deaf::Over);
            }
            self.queue.woken.notified().await;
        }
    }
}
