//! Holds the event hub: what happened is numbered, kept for a while and given to everyone who listens.
//! It never waits for a listener and never buffers for one without bound: who is too slow is dropped with a reason.
//! Every part publishes to it; the event stream and the WebSocket listen.

pub mod socket;
pub mod stream;

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;
use tokio::sync::Notify;

use crate::accounts::clock::{Clock, format_utc};
use crate::accounts::session::SessionId;

/// Events kept for those who come back.
pub const MAX_KEPT: usize = 1_024;

/// Bytes of events kept, whatever their number: a burst of long ones must not take the memory of short ones.
const MAX_KEPT_BYTES: usize = 512 * 1024;

/// Events waiting for one listener.
pub const MAX_QUEUE: usize = 64;

/// Longest event, in bytes of JSON data. It must fit a WebSocket frame of 16 KiB with its envelope.
pub const MAX_DATA_BYTES: usize = 8 * 1024;

/// Listeners in all; 64 waiting references each.
pub const MAX_LISTENERS: usize = 256;

/// Listeners of one session: the tabs of one browser.
pub const MAX_LISTENERS_PER_SESSION: usize = 8;

/// What an event is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Topic {
    /// Devices on the network.
    Network,
    /// Cameras.
    Cameras,
    /// Workstations and sessions.
    Kiosk,
    /// The appliance itself.
    System,
}

impl Topic {
    const ALL: [Self; 4] = [Self::Network, Self::Cameras, Self::Kiosk, Self::System];

    /// The word used in events and in the `topics` parameter.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Network => "network",
            Self::Cameras => "cameras",
            Self::Kiosk => "kiosk",
            Self::System => "system",
        }
    }

    /// Reads a comma-separated list; `None` when it holds an unknown word.
    #[must_use]
    pub fn read_list(text: &str) -> Option<Vec<Self>> {
        text.split(',').map(|word| Self::ALL.into_iter().find(|topic| topic.word() == word.trim())).collect()
    }
}

/// The envelope, as sent and described.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Envelope<'a> {
    /// Counts up by one, never starts again when the appliance restarts.
    pub seq: u64,
    /// When, RFC 3339 in UTC; `null` while the clock is not set.
    pub ts: Option<String>,
    /// Milliseconds since start, for when `ts` is `null`.
    pub at_ms: u64,
    /// What it is about.
    pub topic: Topic,
    /// What happened.
    #[serde(rename = "type")]
    pub kind: &'a str,
    /// Its particulars.
    pub data: &'a Value,
}

/// One event.
#[derive(Debug)]
pub struct Happening {
    /// Its number.
    pub seq: u64,
    /// What it is about.
    pub topic: Topic,
    /// What happened.
    pub kind: String,
    /// The envelope as JSON text.
    pub text: String,
    /// A newer one with the same key replaces it in a queue.
    replaces: Option<String>,
}

/// Why a listener hears no more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deafness {
    /// It did not keep up.
    TooSlow,
    /// The service stops.
    Stopping,
}

/// Why nobody may listen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoPlace {
    /// Too many listeners in all.
    Hub,
    /// Too many of this session.
    Session,
}

/// What a listener missed: its last number is not among those kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Gap {
    /// The last number the listener had.
    pub after: u64,
    /// The number after which it hears everything again.
    pub resumes_after: u64,
}

struct Kept {
    ring: VecDeque<Arc<Happening>>,
    bytes: usize,
    last: u64,
    listeners: Vec<Weak<Queue>>,
    stopping: bool,
}

struct Queue {
    session: Option<SessionId>,
    topics: Vec<Topic>,
    waiting: Mutex<VecDeque<Arc<Happening>>>,
    woken: Notify,
    too_slow: AtomicBool,
    stopping: AtomicBool,
}

/// The hub.
pub struct Hub {
    kept: Mutex<Kept>,
    clock: Arc<dyn Clock>,
}

/// Somebody who listens. Dropping it ends the listening.
pub struct Listener {
    queue: Arc<Queue>,
    /// Set when events were missed; to be told before anything else.
    pub gap: Option<Gap>,
    backlog: VecDeque<Arc<Happening>>,
}

impl Hub {
    /// An empty hub. `boot` counts the starts of this appliance and becomes the upper part of every number (bits 32 to
    /// 52, so that JavaScript counts right), so that a number is never used twice and a listener that comes back after
    /// a restart is told about the gap.
    #[must_use]
    pub fn new(clock: Arc<dyn Clock>, boot: u32) -> Self {
        const MAX_BOOT: u64 = 1 << 20;
        let last = (u64::from(boot) % MAX_BOOT) << 32;
        let kept = Kept { ring: VecDeque::new(), bytes: 0, last, listeners: Vec::new(), stopping: false };
        Self { kept: Mutex::new(kept), clock }
    }

    /// Tells everyone. Gives the event's number. Data over `MAX_DATA_BYTES` is left out and said to be.
    pub fn publish(&self, topic: Topic, kind: &str, data: &Value) -> u64 {
        self.add(topic, kind, data, None)
    }

    /// Tells everyone the latest of something that changes all the time, such as a remaining time or a progress: in a
    /// queue it replaces the one before with the same `key`.
    pub fn publish_latest(&self, topic: Topic, kind: &str, key: &str, data: &Value) -> u64 {
        self.add(topic, kind, data, Some(format!("{}/{kind}/{key}", topic.word())))
    }

    /// Starts to listen, after an event if one is given: what was kept since comes first.
    ///
    /// # Errors
    /// When there are too many listeners.
    pub fn listen(
        &self,
        session: Option<SessionId>,
        topics: Vec<Topic>,
        after: Option<u64>,
    ) -> Result<Listener, NoPlace> {
        let mut kept = self.kept();
        kept.listeners.retain(|listener| listener.strong_count() > 0);
        if kept.listeners.len() >= MAX_LISTENERS {
            return Err(NoPlace::Hub);
        }
        let same = |queue: &Weak<Queue>| session.is_some() && queue.upgrade().is_some_and(|q| q.session == session);
        if kept.listeners.iter().filter(|queue| same(queue)).count() >= MAX_LISTENERS_PER_SESSION {
            return Err(NoPlace::Session);
        }
        let oldest = kept.ring.front().map_or(kept.last, |first| first.seq - 1);
        let gap = after
            .filter(|after| !(oldest..=kept.last).contains(after))
            .map(|after| Gap { after, resumes_after: kept.last });
        let from = if gap.is_some() { kept.last } else { after.unwrap_or(kept.last) };
        let backlog = kept.ring.iter().filter(|h| h.seq > from && topics.contains(&h.topic)).cloned().collect();
        let queue = Arc::new(Queue {
            session,
            topics,
            waiting: Mutex::default(),
            woken: Notify::new(),
            too_slow: AtomicBool::new(false),
            stopping: AtomicBool::new(kept.stopping),
        });
        kept.listeners.push(Arc::downgrade(&queue));
        Ok(Listener { queue, gap, backlog })
    }

    /// Tells every listener, present and future, that it is over.
    pub fn stop(&self) {
        let mut kept = self.kept();
        kept.stopping = true;
        for queue in kept.listeners.iter().filter_map(Weak::upgrade) {
            queue.stopping.store(true, Ordering::Relaxed);
            queue.woken.notify_one();
        }
    }

    /// The number of the latest event.
    #[must_use]
    pub fn last(&self) -> u64 {
        self.kept().last
    }

    /// Listeners now, for the metrics.
    #[must_use]
    pub fn listener_count(&self) -> usize {
        self.kept().listeners.iter().filter(|listener| listener.strong_count() > 0).count()
    }

    fn add(&self, topic: Topic, kind: &str, data: &Value, replaces: Option<String>) -> u64 {
        let too_long = serde_json::json!({ "too_long": true });
        let data = if data.to_string().len() > MAX_DATA_BYTES { &too_long } else { data };
        let (wall, now) = (self.clock.wall(), self.clock.now());
        let mut kept = self.kept();
        kept.last += 1;
        let envelope = Envelope {
            seq: kept.last,
            ts: wall.map(format_utc),
            at_ms: u64::try_from(now.as_millis()).unwrap_or(u64::MAX),
            topic,
            kind,
            data,
        };
        // Text, numbers and a JSON value always serialise.
        let text = serde_json::to_string(&envelope).unwrap_or_default();
        let happening = Arc::new(Happening { seq: kept.last, topic, kind: kind.to_owned(), text, replaces });
        kept.bytes += happening.text.len();
        kept.ring.push_back(happening.clone());
        while kept.ring.len() > MAX_KEPT || kept.bytes > MAX_KEPT_BYTES {
            let Some(old) = kept.ring.pop_front() else { break };
            kept.bytes -= old.text.len();
        }
        kept.listeners.retain(|listener| listener.upgrade().is_some_and(|queue| queue.offer(&happening)));
        kept.last
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Queue {
    /// Puts an event in; false when this listener is not to be offered any more.
    fn offer(&self, happening: &Arc<Happening>) -> bool {
        if !self.topics.contains(&happening.topic) {
            return true;
        }
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        if happening.replaces.is_some() {
            waiting.retain(|older| older.replaces != happening.replaces);
        }
        let full = waiting.len() >= MAX_QUEUE;
        if full {
            waiting.clear();
            self.too_slow.store(true, Ordering::Relaxed);
        } else {
            waiting.push_back(happening.clone());
        }
        drop(waiting);
        self.woken.notify_one();
        !full
    }
}

impl Listener {
    /// The next event.
    ///
    /// # Errors
    /// Why there will be no more.
    pub async fn hear(&mut self) -> Result<Arc<Happening>, Deafness> {
        loop {
            if self.queue.too_slow.load(Ordering::Relaxed) {
                return Err(Deafness::TooSlow);
            }
            if let Some(happening) = self.backlog.pop_front() {
                return Ok(happening);
            }
            let next = self.queue.waiting.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
            if let Some(happening) = next {
                return Ok(happening);
            }
            if self.queue.stopping.load(Ordering::Relaxed) {
                return Err(Deafness::Stopping);
            }
            self.queue.woken.notified().await;
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::accounts::clock::HandClock;

    fn hub() -> Hub {
        Hub::new(Arc::new(HandClock::default()), 0)
    }

    fn all() -> Vec<Topic> {
        Topic::ALL.to_vec()
    }

    async fn hear_all(listener: &mut Listener) -> Vec<u64> {
        let mut heard = Vec::new();
        while let std::task::Poll::Ready(Ok(happening)) = poll_once(listener.hear()).await {
            heard.push(happening.seq);
        }
        heard
    }

    async fn poll_once<F: Future>(future: F) -> std::task::Poll<F::Output> {
        let mut future = std::pin::pin!(future);
        std::future::poll_fn(|context| std::task::Poll::Ready(future.as_mut().poll(context))).await
    }

    #[tokio::test]
    async fn the_envelope_has_its_names() {
        let hub = Hub::new(Arc::new(HandClock::default()), 3);
        let mut listener = hub.listen(None, all(), None).unwrap();
        hub.publish(Topic::Network, "NEW_DEVICE", &json!({ "id": 7 }));
        let happening = listener.hear().await.unwrap();
        let expected =
            r#"{"seq":12884901889,"ts":null,"at_ms":0,"topic":"network","type":"NEW_DEVICE","data":{"id":7}}"#;
        assert_eq!(happening.text, expected);
    }

    #[tokio::test]
    async fn who_comes_back_gets_what_was_kept_and_only_its_topics() {
        let hub = hub();
        for n in 0..10 {
            hub.publish(if n % 2 == 0 { Topic::Network } else { Topic::Kiosk }, "x", &json!(n));
        }
        let mut listener = hub.listen(None, vec![Topic::Network], Some(4)).unwrap();
        assert_eq!(listener.gap, None);
        hub.publish(Topic::Network, "x", &json!(10));
        assert_eq!(hear_all(&mut listener).await, [5, 7, 9, 11]);
    }

    #[tokio::test]
    async fn who_was_away_too_long_is_told_so() {
        let hub = hub();
        for n in 0..(MAX_KEPT + 10) {
            hub.publish(Topic::Network, "x", &json!(n));
        }
        let last = (MAX_KEPT + 10) as u64;
        assert_eq!(hub.listen(None, all(), Some(10)).unwrap().gap, None, "the oldest kept is number 11");
        let gap = hub.listen(None, all(), Some(9)).unwrap().gap;
        assert_eq!(gap, Some(Gap { after: 9, resumes_after: last }));
        let mut future = hub.listen(None, all(), Some(last + 1)).unwrap();
        assert_eq!(future.gap, Some(Gap { after: last + 1, resumes_after: last }), "a number of another boot");
        assert!(hear_all(&mut future).await.is_empty());
        assert_eq!(hear_all(&mut hub.listen(None, all(), Some(10)).unwrap()).await.len(), MAX_KEPT);
    }

    #[tokio::test]
    async fn who_is_too_slow_is_dropped_and_nobody_else() {
        let hub = hub();
        let mut slow = hub.listen(None, all(), None).unwrap();
        let mut quick = hub.listen(None, all(), None).unwrap();
        for n in 0..=MAX_QUEUE as u64 {
            hub.publish(Topic::System, "x", &json!(n));
            assert_eq!(quick.hear().await.unwrap().seq, n + 1);
        }
        assert_eq!(slow.hear().await.err(), Some(Deafness::TooSlow));
        assert_eq!(hub.listener_count(), 1);
        hub.publish(Topic::System, "x", &json!(0));
        assert!(quick.hear().await.is_ok());
    }

    #[tokio::test]
    async fn the_latest_of_a_thing_replaces_the_one_before() {
        let hub = hub();
        let mut listener = hub.listen(None, all(), None).unwrap();
        for n in 0..1_000 {
            hub.publish_latest(Topic::Kiosk, "time_update", &format!("seat{}", n % 3), &json!(n));
        }
        assert_eq!(hear_all(&mut listener).await, [998, 999, 1_000]);
    }

    #[tokio::test]
    async fn memory_is_bounded_by_bytes_too() {
        let hub = hub();
        for _ in 0..200 {
            hub.publish(Topic::System, "x", &json!("y".repeat(MAX_DATA_BYTES - 10)));
        }
        assert!(hub.kept().bytes <= MAX_KEPT_BYTES && hub.kept().ring.len() < 70);
        let mut listener = hub.listen(None, all(), None).unwrap();
        hub.publish(Topic::System, "x", &json!("y".repeat(MAX_DATA_BYTES)));
        assert!(listener.hear().await.unwrap().text.ends_with(r#""data":{"too_long":true}}"#));
    }

    #[test]
    fn places_are_bounded_and_given_back() {
        let hub = hub();
        let session = |n| Some(SessionId(n));
        let tabs: Vec<_> = (0..8).map(|_| hub.listen(session(1), all(), None).ok().unwrap()).collect();
        assert_eq!(hub.listen(session(1), all(), None).err(), Some(NoPlace::Session));
        let others: Vec<_> = (8..MAX_LISTENERS).map(|_| hub.listen(None, all(), None).ok().unwrap()).collect();
        assert_eq!(hub.listen(session(2), all(), None).err(), Some(NoPlace::Hub));
        drop((tabs, others));
        assert!(hub.listen(session(1), all(), None).is_ok());
    }

    #[tokio::test]
    async fn stopping_ends_every_listener() {
        let hub = hub();
        let mut listener = hub.listen(None, all(), None).unwrap();
        hub.publish(Topic::System, "x", &json!(1));
        hub.stop();
        assert!(listener.hear().await.is_ok(), "what waits is still told");
        assert_eq!(listener.hear().await.err(), Some(Deafness::Stopping));
        assert_eq!(hub.listen(None, all(), None).unwrap().hear().await.err(), Some(Deafness::Stopping));
    }
}
