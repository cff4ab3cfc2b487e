//! Holds the routes of the network's settings: read them, replace them.
//! Never obeys what is not on the card: a power cut must not bring back what a person changed. The route table holds them.

use std::sync::Arc;

use vigie_core::lan::sweep::MAX_BLOCKS;
use vigie_store::format::MAX_VALUE_BYTES;

use vigie_core::audit::{Kind as Act, Object};

use super::desk::Desk;
use super::fault;
use super::target::BadTarget;
use crate::accounts::role::Access;
use crate::config::{
    self, MAX_INTERVAL_MINUTES, MAX_PORTS, MAX_SEGMENTS, MIN_INTERVAL_MINUTES, NetworkSettings, Segment,
};
use crate::http::call::Call;
use crate::http::etag;
use crate::http::problem::{Problem, faults};
use crate::http::reply::Reply;
use crate::http::route::{Outcome, Route};
use crate::shell::keeper::SETTINGS;

/// The key under which they are stored.
pub(crate) const KEY: &[u8] = b"network";

/// The routes.
pub(super) fn routes(desk: &Arc<Desk>) -> Vec<Route> {
    vec![
        Route::get("/api/network/v2/config", Access::Viewer, "How the network is watched, with an ETag for a change")
            .answers::<NetworkSettings>(200)
            .run_with(desk, tell),
        Route::put("/api/network/v2/config", Access::Admin, "Watch it otherwise; what is left out gets its default")
            .reads::<NetworkSettings>()
            .answers::<NetworkSettings>(200)
            .audits(Act::SettingsChanged)
            .run_with(desk, replace),
    ]
}

async fn tell(desk: Arc<Desk>, call: Call) -> Outcome {
    let settings = desk.settings.lock().await.clone();
    call.tagged(&settings)
}

async fn replace(desk: Arc<Desk>, call: Call) -> Outcome {
    let new: NetworkSettings = call.json()?;
    let (settings, changed) = change(&desk, new, |tag| call.check_match(tag)).await?;
    let reply = Reply::json(&settings)?;
    let tag = etag::of(reply.bytes());
    Ok(told(changed, reply.tag(&tag)))
}

/// The settings obeyed now, and their tag.
pub(crate) async fn now(desk: &Desk) -> (NetworkSettings, String) {
    let settings = desk.settings.lock().await.clone();
    let tag = etag::of(&serde_json::to_vec(&settings).unwrap_or_default());
    (settings, tag)
}

/// Checks new settings, stores them, obeys them, in this order, and tells whether that is a change. `check_seen` gets
/// the tag of those obeyed so far.
///
/// # Errors
/// `invalid` with a pointer to each value that does not do, what `check_seen` says, `not_saved`.
pub(crate) async fn change(
    desk: &Desk,
    new: NetworkSettings,
    check_seen: impl FnOnce(&str) -> Result<(), Problem>,
) -> Result<(NetworkSettings, bool), Problem> {
    let value = encode(&new)?;
    let mut settings = desk.settings.lock().await;
    let present = serde_json::to_vec(&*settings).unwrap_or_default();
    check_seen(&etag::of(&present))?;
    let changed = new != *settings;
    if changed {
        desk.keeper.put_now(SETTINGS, KEY, value).await.map_err(|_| Problem::from(&faults::NOT_SAVED))?;
        let obeyed = new.clone();
        desk.visit(move |hands, _| hands.obey(&obeyed)).await?;
        *settings = new;
    }
    Ok((settings.clone(), changed))
}

/// Checks settings, and gives them as they are stored.
///
/// # Errors
/// `invalid` with a pointer to each value that does not do, `settings_too_long`.
pub(crate) fn encode(settings: &NetworkSettings) -> Result<Vec<u8>, Problem> {
    check(settings)?;
    let value = serde_json::to_vec(settings).unwrap_or_default();
    if value.len() > MAX_VALUE_BYTES {
        let problem = Problem::from(&fault::SETTINGS_TOO_LONG).with("length", value.len());
        return Err(problem.with("limit", MAX_VALUE_BYTES));
    }
    Ok(value)
}

/// Says in an answer what the journal is to hold of a change: nothing, when all stood so already.
pub(crate) fn told(changed: bool, reply: Reply) -> Reply {
    if changed { reply.concerning(Object::Named("network".into())) } else { reply.unrecorded() }
}

/// Checks settings.
///
/// # Errors
/// `invalid` with a pointer to each value that does not do.
fn check(settings: &NetworkSettings) -> Result<(), Problem> {
    let mut problem = Problem::from(&faults::INVALID);
    for fault in settings.check() {
        problem = explain(settings, &fault, problem);
    }
    // A sweep leaves out this many blocks; with more it would have to guess which.
    if settings.exclude.len() > MAX_BLOCKS {
        let values = vec![("limit", MAX_BLOCKS.to_string())];
        problem = problem.at_with("/exclude", &fault::TOO_MANY_ENTRIES, values);
    }
    if problem.has_fields() { Err(problem) } else { Ok(()) }
}

/// Says in the caller's language what the check of the configuration found.
fn explain(settings: &NetworkSettings, found: &config::Fault, problem: Problem) -> Problem {
    let pointer = found.pointer();
    let entry = |list: &[String]| found.index.and_then(|index| list.get(index)).cloned();
    let port = |list: &[u16]| found.index.and_then(|index| list.get(index)).copied();
    let limit = |limit: usize| vec![("limit", limit.to_string())];
    let segment = |text: &str, verdict: Result<Segment, config::BadSegment>, problem: Problem| match verdict {
        Err(why) => BadTarget::Segment(why).add_to(problem, pointer.clone(), text),
        Ok(_) => problem,
    };
    match (found.key.as_str(), found.index) {
        ("network.interval_minutes", _) => {
            let (least, most) = (MIN_INTERVAL_MINUTES.to_string(), MAX_INTERVAL_MINUTES.to_string());
            problem.at_with(pointer, &fault::BAD_INTERVAL, vec![("least", least), ("most", most)])
        }
        (key, _) if key.starts_with("network.presence.") => {
            let most = vec![("most", config::MAX_PATIENCE_SECONDS.to_string())];
            problem.at_with(pointer, &fault::BAD_PATIENCE, most)
        }
        ("network.segments", None) => problem.at_with(pointer, &fault::TOO_MANY_ENTRIES, limit(MAX_SEGMENTS)),
        ("network.exclude", None) => problem,
        ("network.segments", Some(_)) => {
            let text = entry(&settings.segments).unwrap_or_default();
            segment(&text, Segment::parse(&text, settings.allow_public), problem)
        }
        ("network.exclude", Some(_)) => {
            let text = entry(&settings.exclude).unwrap_or_default();
            segment(&text, Segment::parse_any(&text), problem)
        }
        ("network.ports.quick" | "network.ports.full", None) => {
            problem.at_with(pointer, &fault::TOO_MANY_ENTRIES, limit(MAX_PORTS))
        }
        ("network.ports.quick" | "network.ports.full", Some(_)) => {
            let quick = found.key.ends_with("quick");
            let list = if quick { &settings.ports.quick } else { &settings.ports.full };
            match port(list) {
                None | Some(0) => problem.at(pointer, &fault::BAD_PORT),
                Some(port) => problem.at_with(pointer, &fault::PRINTER_PORT, vec![("port", port.to_string())]),
            }
        }
        _ => problem.at_with(pointer, &fault::BAD_SETTING, vec![("why", found.why.clone())]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{PortLists, PresenceConfig};
    use crate::http::language::Language;

    #[test]
    fn every_fault_of_the_settings_has_words_in_both_languages() {
        let settings = NetworkSettings {
            interval_minutes: 0,
            segments: ["10.0.0.0/8", "8.8.8.8", "nonsense"].map(str::to_owned).into(),
            exclude: vec!["192.168.1.5/24".into()],
            ports: PortLists { quick: vec![0], full: vec![9_100, 80] },
            presence: PresenceConfig { wired_seconds: Some(0), ..PresenceConfig::default() },
            ..NetworkSettings::default()
        };
        let problem = check(&settings).unwrap_err();
        let french = problem.field_details(Language::Fr);
        let pointers: Vec<_> = french.iter().map(|(pointer, _)| *pointer).collect();
        assert_eq!(
            pointers,
            [
                "/interval_minutes",
                "/segments/0",
                "/segments/1",
                "/segments/2",
                "/exclude/0",
                "/ports/quick/0",
                "/ports/full/0",
                "/presence/wired_seconds"
            ]
        );
        let english = problem.field_details(Language::En);
        for ((_, french), (_, english)) in french.iter().zip(&english) {
            assert_ne!(french, english);
            assert!(!french.contains('{') && !english.contains('{'), "{french} {english}");
        }
        assert!(french[4].1.contains("192.168.1.0/24"), "the segment that was meant is told: {}", french[4].1);
        assert!(check(&NetworkSettings::default()).is_ok());
    }

    #[test]
    fn the_default_settings_fit_a_record() {
        assert!(serde_json::to_vec(&NetworkSettings::default()).unwrap().len() < MAX_VALUE_BYTES);
    }

    #[test]
    fn more_exclusions_than_a_sweep_leaves_out_are_refused() {
        let exclude = (0..17).map(|number| format!("10.0.{number}.0/24")).collect();
        let problem = check(&NetworkSettings { exclude, ..NetworkSettings::default() }).unwrap_err();
        assert_eq!(problem.field_details(Language::En).first().map(|(pointer, _)| *pointer), Some("/exclude"));
    }
}
