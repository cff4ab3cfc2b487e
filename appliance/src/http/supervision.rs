//! Holds how the service is fenced in and watched over, as the API tells it: fences, tasks, earlier endings.
//! It never fences or watches itself. `run` brings the facts, the route table holds the routes.

use std::fmt;

use schemars::JsonSchema;
use serde::Serialize;

use crate::accounts::clock::format_utc;
use crate::accounts::role::Access;

use super::call::Call;
use super::context::Check;
use super::reply::Reply;
use super::route::{Outcome, Route};

/// What keeps the service from doing what its work does not need, as far as this kernel enforces it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Fences {
    /// Another process holds the rights, and opens sockets for this one.
    pub broker: bool,
    /// The user it runs as.
    pub uid: u32,
    /// It holds no capability.
    pub no_capabilities: bool,
    /// No program could give it one back: the bounding set is empty.
    pub bounding_empty: bool,
    /// It cannot gain rights by starting a program.
    pub no_new_privileges: bool,
    /// Version of Landlock whose rules are in force, at most 6; `null`: this kernel has none.
    pub landlock: Option<u8>,
    /// System calls are filtered; `false`: this kernel cannot.
    pub seccomp: bool,
}

impl fmt::Display for Fences {
    /// One line for a terminal.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}confined: user {}, ", if self.no_new_privileges { "" } else { "NOT " }, self.uid)?;
        f.write_str(if self.no_capabilities { "no capabilities, " } else { "capabilities kept, " })?;
        match self.landlock {
            Some(version) => write!(f, "files by Landlock {version}, ")?,
            None => f.write_str("files NOT fenced (no Landlock), ")?,
        }
        f.write_str(if self.seccomp { "system calls filtered" } else { "system calls NOT filtered (no seccomp)" })
    }
}

/// How an earlier service ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct PastEnding {
    /// Since then, in seconds.
    pub ago_s: u64,
    /// When, RFC 3339 in UTC; `null` while nobody has set the clock.
    pub at: Option<String>,
    /// How long it had run, in seconds.
    pub ran_s: u32,
    /// `exit`, `signal`, `forbidden_call`, `frozen` or `stuck`.
    pub cause: &'static str,
    /// The exit code or the signal's number.
    pub code: Option<u8>,
    /// The task that hung.
    pub task: Option<String>,
}

/// How a long-lived task is.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct TaskFact {
    /// Its name.
    pub name: &'static str,
    /// Since it was last heard of, in seconds.
    pub age_s: f64,
    /// From when on it counts as stuck, in seconds.
    pub limit_s: f64,
    /// Whether it does.
    pub stuck: bool,
}

/// How the service is watched over.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Supervision {
    /// What keeps it from doing what it need not.
    pub fences: Fences,
    /// A watchdog restarts the machine when even the broker cannot help.
    pub watchdog: bool,
    /// Services that ended badly within the ten minutes before this one started.
    pub crashes: u8,
    /// More of them than could be chance.
    pub alarming: bool,
    /// The latest endings, oldest first, at most 8.
    pub endings: Vec<PastEnding>,
}

/// Reads [`Supervision`]. Must answer at once.
pub type SupervisionProvider = Box<dyn Fn() -> Supervision + Send + Sync>;
/// Reads the tasks. Must answer at once.
pub type TaskProvider = Box<dyn Fn() -> Vec<TaskFact> + Send + Sync>;

/// Where the facts come from.
pub struct Sources {
    /// Fences and endings.
    pub supervision: SupervisionProvider,
    /// Tasks.
    pub tasks: TaskProvider,
}

impl Sources {
    /// What the readiness says of the tasks. It never turns the service away: who is stuck is started anew by the broker.
    #[must_use]
    pub fn check_tasks(&self) -> Check {
        let stuck: Vec<_> = (self.tasks)().into_iter().filter(|task| task.stuck).map(|task| task.name).collect();
        let ok = stuck.is_empty();
        let detail = if ok { "every task was heard of".to_owned() } else { format!("stuck: {}", stuck.join(", ")) };
        Check { name: "tasks", ok, needed: false, detail }
    }

    /// What the readiness says of earlier endings.
    #[must_use]
    pub fn check_endings(&self) -> Check {
        let facts = (self.supervision)();
        let detail = if facts.crashes == 0 {
            "the service did not end unasked".to_owned()
        } else {
            format!("the service ended unasked {} times within ten minutes before this start", facts.crashes)
        };
        Check { name: "restarts", ok: !facts.alarming, needed: false, detail }
    }
}

#[derive(Serialize, JsonSchema)]
struct Tasks {
    /// In the order of their start.
    items: Vec<TaskFact>,
    /// How many.
    count: usize,
}

/// The routes.
#[must_use]
pub fn routes() -> Vec<Route> {
    vec![
        Route::get("/api/system/tasks", Access::Viewer, "Long-lived tasks, and which of them hang")
            .answers::<Tasks>(200)
            .run(tell_tasks),
    ]
}

async fn tell_tasks(call: Call) -> Outcome {
    let items = call.platform.supervision.get().map(|sources| (sources.tasks)()).unwrap_or_default();
    Reply::json(&Tasks { count: items.len(), items })
}

/// The moment in words, when the clock is known.
#[must_use]
pub fn moment(wall: Option<std::time::Duration>, ago_s: u64) -> Option<String> {
    wall.and_then(|wall| wall.checked_sub(std::time::Duration::from_secs(ago_s))).map(format_utc)
}

#[cfg(test)]
mod tests {
    use super::*;

    const FENCES: Fences = Fences {
        broker: true,
        uid: 1_000,
        no_capabilities: true,
        bounding_empty: true,
        no_new_privileges: true,
        landlock: Some(6),
        seccomp: true,
    };

    fn sources(stuck: bool, crashes: u8) -> Sources {
        let supervision =
            Supervision { fences: FENCES, watchdog: false, crashes, alarming: crashes > 5, endings: Vec::new() };
        let task = TaskFact { name: "network", age_s: 31.0, limit_s: 30.0, stuck };
        Sources { supervision: Box::new(move || supervision.clone()), tasks: Box::new(move || vec![task.clone()]) }
    }

    #[test]
    fn a_missing_fence_cannot_be_overlooked() {
        assert_eq!(
            FENCES.to_string(),
            "confined: user 1000, no capabilities, files by Landlock 6, system calls filtered"
        );
        let none = Fences { landlock: None, seccomp: false, ..FENCES };
        assert!(none.to_string().contains("NOT fenced") && none.to_string().contains("NOT filtered"));
    }

    #[test]
    fn who_hangs_is_named_and_the_service_serves_on() {
        let check = sources(true, 0).check_tasks();
        assert_eq!((check.ok, check.needed, check.detail.as_str()), (false, false, "stuck: network"));
        assert!(sources(false, 0).check_tasks().ok);
        assert!(sources(false, 5).check_endings().ok);
        let check = sources(false, 6).check_endings();
        assert!(!check.ok && !check.needed && check.detail.contains("6 times"));
    }
}
