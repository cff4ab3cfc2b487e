//! Holds what the page and the API are told of how the service is watched over: fences, tasks, how earlier services ended.
//! Never watches itself. Called once at start.

use std::sync::Arc;

use vigie_sys::broker::{CRASHES_TOLD, Cause, Ending, Greeting};
use vigie_sys::clock;

use crate::http::context::Platform;
use crate::http::supervision::{Fences, PastEnding, Sources, Supervision, TaskFact, moment};
use crate::recorder::say;
use crate::shell::{broker, tasks};

/// The number of SIGSYS, by which the filter of system calls ends a process.
const FORBIDDEN_CALL: u8 = 31;

/// Brings the facts to the platform, and what they mean for readiness.
pub(super) fn tell(platform: &Arc<Platform>, fences: Fences) {
    let greeting = broker::greeting().cloned().unwrap_or_default();
    if let Some(ending) = greeting.endings.last() {
        let past = past(ending, clock::boot_us() / 1_000, None);
        say::restarted(past.cause, past.code.unwrap_or_default(), past.ran_s, greeting.crashes);
    }
    let clock = platform.clock.clone();
    let sources = Arc::new(Sources {
        supervision: Box::new(move || supervision(fences, &greeting, clock.wall())),
        tasks: Box::new(|| tasks::of_this_process().states().iter().map(fact).collect()),
    });
    platform.metrics.collect(|metrics| {
        let help = "Seconds since a long-lived task was last heard of.";
        for state in tasks::of_this_process().states() {
            metrics.gauge("task_last_seen_seconds", help, "task", state.name, state.age.as_secs_f64());
        }
    });
    let _told_already = platform.supervision.set(sources.clone());
    for check in [Sources::check_tasks, Sources::check_endings] {
        let sources = sources.clone();
        platform.watch(move || check(&sources));
    }
}

fn supervision(fences: Fences, greeting: &Greeting, wall: Option<std::time::Duration>) -> Supervision {
    let now_ms = clock::boot_us() / 1_000;
    Supervision {
        fences,
        watchdog: greeting.watchdog,
        crashes: greeting.crashes,
        alarming: greeting.crashes > CRASHES_TOLD,
        endings: greeting.endings.iter().map(|ending| past(ending, now_ms, wall)).collect(),
    }
}

fn past(ending: &Ending, now_ms: u64, wall: Option<std::time::Duration>) -> PastEnding {
    let ago_s = now_ms.saturating_sub(ending.at_ms) / 1_000;
    let (cause, code, task) = match &ending.cause {
        Cause::Exit(code) => ("exit", Some(*code), None),
        Cause::Signal(FORBIDDEN_CALL) => ("forbidden_call", Some(FORBIDDEN_CALL), None),
        Cause::Signal(number) => ("signal", Some(*number), None),
        Cause::Frozen => ("frozen", None, None),
        Cause::Stuck(task) => ("stuck", None, Some(task.clone())),
    };
    PastEnding { ago_s, at: moment(wall, ago_s), ran_s: ending.ran_s, cause, code, task }
}

fn fact(state: &tasks::TaskState) -> TaskFact {
    TaskFact {
        name: state.name,
        age_s: state.age.as_secs_f64(),
        limit_s: state.limit.as_secs_f64(),
        stuck: state.is_stuck(),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn endings_are_told_as_what_they_were_and_when() {
        let told = |cause, wall| past(&Ending { at_ms: 10_000, ran_s: 7, cause }, 70_999, wall);
        let frozen = told(Cause::Frozen, Some(Duration::from_secs(1_700_000_060)));
        assert_eq!((frozen.ago_s, frozen.ran_s, frozen.cause, frozen.code), (60, 7, "frozen", None));
        assert_eq!(frozen.at.as_deref(), Some("2023-11-14T22:13:20.000Z"));
        assert_eq!(told(Cause::Exit(70), None).at, None, "nobody has set the clock");
        assert_eq!(told(Cause::Signal(31), None).cause, "forbidden_call");
        assert_eq!(told(Cause::Signal(9), None).code, Some(9));
        assert_eq!(told(Cause::Stuck("news".into()), None).task.as_deref(), Some("news"));
    }
}
