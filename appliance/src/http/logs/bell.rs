//! Holds the bell of the log: whoever listens to events is told that there is something grave to read, and how far.
//! It never sends the lines themselves: they are for administrators, events are for every viewer. Started by `run`.

use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use tracing::Level;

use super::LogRing;
use crate::http::events::{Hub, Topic};

/// At most one event in this time, so that a bad day of the log does not push the network's own events out of the hub.
const QUIET: Duration = Duration::from_secs(10);
/// Lines looked through at once.
const AT_ONCE: usize = 4_096;

/// Rings whenever there is a new warning or worse. Runs until its task is dropped.
pub async fn ring(log: Arc<LogRing>, hub: Arc<Hub>) {
    let mut heard = log.last();
    loop {
        log.beyond(heard).await;
        let (lines, _) = log.since(heard, AT_ONCE, Level::WARN);
        heard = log.last();
        let Some(last) = lines.last() else { continue };
        let worst = if lines.iter().any(|line| line.level == Level::ERROR.as_str()) { "error" } else { "warn" };
        let data = json!({ "last": last.seq, "worst": worst, "lines": lines.len() });
        hub.publish_latest(Topic::System, "LOG", "log", &data);
        tokio::time::sleep(QUIET).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::accounts::clock::HandClock;

    #[tokio::test(start_paused = true)]
    async fn it_rings_for_what_is_grave_and_not_more_often_than_agreed() {
        let clock = Arc::new(HandClock::default());
        let (log, hub) = (LogRing::new(clock.clone()), Arc::new(Hub::new(clock, 0)));
        let mut listener = hub.listen(None, vec![Topic::System], None).unwrap();
        tokio::spawn(ring(log.clone(), hub.clone()));
        tokio::task::yield_now().await;
        log.push(Level::INFO, "test", "nothing grave".to_owned());
        tokio::time::sleep(Duration::from_secs(60)).await;
        assert_eq!(hub.last(), 0);
        log.push(Level::WARN, "test", "secret words".to_owned());
        let first = listener.hear().await.unwrap().text.clone();
        assert!(first.ends_with(r#""type":"LOG","data":{"last":2,"lines":1,"worst":"warn"}}"#), "{first}");
        for _ in 0..100 {
            log.push(Level::ERROR, "test", "worse".to_owned());
        }
        tokio::time::sleep(Duration::from_secs(60)).await;
        assert_eq!(hub.last(), 2);
        let second = listener.hear().await.unwrap().text.clone();
        assert!(second.ends_with(r#""data":{"last":102,"lines":100,"worst":"error"}}"#), "{second}");
    }
}
