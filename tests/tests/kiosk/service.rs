//! Holds the whole: the real service at the appliance's end of a seat's cable and the real agent on the seat, over TLS.
//! Never reaches into either: what is done goes through the API and the keys, what is seen is the screen, the API and the
//! journal. `whole` calls it. Needs root, VIGIE_BIN and VIGIE_KIOSK_BIN.

use std::collections::BTreeMap;
use std::time::Instant;

use serde_json::{Value, json};
use vigie_tests::api::Api;
use vigie_tests::appliance::{Appliance, Home};
use vigie_tests::lab::{Lab, Rights};
use vigie_tests::patience::{check, eventually};

use crate::seat::{APPLIANCE, PATIENCE, Seat};

/// What the person's program says: its number tells one start of it from the next.
const PROGRAM: &str = "echo \"in use by $$\"; sleep 1000";
/// Two counts of one session differ by less, in milliseconds: one second is promised, the rest is the look at it.
pub(crate) const EXACT_MS: u64 = 2_000;

/// A seat, the service at the other end of its cable, and who is at the counter.
pub(crate) struct Whole<'t> {
    // Before the seat: its namespace goes with it.
    service: Option<Appliance<'t>>,
    pub(crate) seat: Seat,
    home: &'t Home,
    lab: &'t Lab,
}

/// A session somebody sits in.
#[derive(Clone, Debug)]
pub(crate) struct Sitting {
    /// Its number.
    pub(crate) id: u64,
    /// What opens it again.
    pub(crate) ticket: String,
}

/// A count of a session, and when it was looked at.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Left {
    /// Milliseconds left.
    pub(crate) ms: u64,
    at: Instant,
}

impl Left {
    /// What is left now, if the time ran since.
    pub(crate) fn now_ms(self) -> u64 {
        self.ms.saturating_sub(u64::try_from(self.at.elapsed().as_millis()).expect("a short test"))
    }
}

/// Runs a test with a seat that is enrolled and asks for a code. `has_disk`: what it knows of itself outlives a restart.
pub(crate) fn with_whole(has_disk: bool, test: impl FnOnce(&mut Whole<'_>)) {
    let mut seat = Seat::new();
    seat.has_disk = has_disk;
    let lab = Lab::lent(&seat.far_end());
    let home = Home::new(Rights::User, "");
    home.set_up(&lab);
    let mut whole = Whole { service: Some(home.start(&lab)), seat, home: &home, lab: &lab };
    let mut settings = whole.api().get("/api/kiosk/settings");
    settings["language"] = json!("en");
    whole.api().send("PUT", "/api/kiosk/settings", &settings);
    whole.switch_on();
    whole.approve(&json!({ "name": "Desk 3" }));
    test(&mut whole);
    let log = home.log();
    assert!(!log.contains("panicked"), "{log}");
    assert_eq!(whole.api().get("/api/logs/verify")["good"], true, "the journal verifies");
}

impl Whole<'_> {
    pub(crate) fn api(&self) -> &Api<'_> {
        &self.service.as_ref().expect("the service runs").api
    }

    /// Switches the workstation on.
    pub(crate) fn switch_on(&mut self) {
        self.seat
            .start(&format!("https://{APPLIANCE}:8443"), &["--home-mib", "16", "--program", "/bin/sh", "-c", PROGRAM]);
    }

    /// Lets the machine in whose number is on the screen. Gives which workstation it is, and which one was recognised.
    pub(crate) fn approve(&self, approval: &Value) -> (u64, Option<u64>) {
        self.seat.sees("approve this number");
        let waiting = eventually("a machine that waits", PATIENCE, || {
            let waiting = self.api().get("/api/postes/enrolment")["items"][0].clone();
            if waiting.is_null() { Err("nobody") } else { Ok(waiting) }
        });
        let number = waiting["number"].as_str().expect("six digits");
        let approved = self.api().send("POST", &format!("/api/postes/enrolment/{number}/approve"), approval);
        self.seat.sees("Type your code");
        self.is_heard();
        (approved["id"].as_u64().expect("a number"), waiting["known_as"].as_u64())
    }

    /// Waits until the agent is heard.
    pub(crate) fn is_heard(&self) {
        eventually("the agent is heard", PATIENCE, || {
            let stations = self.api().get("/api/postes");
            check(stations["items"][0]["online"] == true, stations)
        });
    }

    /// A guest's code of so many minutes, typed; somebody sits there then.
    pub(crate) fn begin(&self, minutes: u32) -> Sitting {
        let made = self.api().send("POST", "/api/sessions", &json!({ "minutes": minutes }));
        let (id, code) = (made["id"].as_u64().expect("a number"), made["code"].as_str().expect("a code").to_owned());
        self.seat.types(&format!("{code}\r"));
        self.seat.sees("Your ticket: ");
        let ticket = self.seat.text().split("Your ticket: ").nth(1).expect("a ticket")[..9].to_owned();
        self.seat.sees("in use by ");
        Sitting { id, ticket }
    }

    /// Leaves so many seconds of a session, by what staff can do.
    pub(crate) fn shorten_to(&self, id: u64, seconds: u64) {
        let delta_ms = (seconds * 1_000).cast_signed() - self.left(id).ms.cast_signed();
        self.api().send("POST", &format!("/api/sessions/{id}/add_time"), &json!({ "ms": delta_ms }));
    }

    /// What the service says is left.
    pub(crate) fn left(&self, id: u64) -> Left {
        let told = self.api().get(&format!("/api/sessions/{id}/time_remaining"));
        Left { ms: told["remaining_ms"].as_u64().expect("a number"), at: Instant::now() }
    }

    /// Waits until the screen and the service agree on what is left, and gives it.
    pub(crate) fn agree(&self, id: u64) -> Left {
        eventually("screen and service agree", PATIENCE, || {
            let (shown_ms, told) = (self.shown_ms(), self.left(id));
            let near = shown_ms.is_some_and(|shown_ms| shown_ms.abs_diff(told.ms) < EXACT_MS);
            check(near, format!("{shown_ms:?} {told:?}\n{}", self.seat.text())).map(|()| told)
        })
    }

    /// What the screen says is left, in milliseconds: `4:05 left` in the line under the program.
    pub(crate) fn shown_ms(&self) -> Option<u64> {
        let text = self.seat.text();
        let words: Vec<&str> = text.split_whitespace().collect();
        let clock = words.windows(2).rev().find(|pair| pair[1] == "left" && pair[0].contains(':'))?[0];
        let seconds = clock.split(':').try_fold(0, |sum, part| part.parse::<u64>().ok().map(|part| sum * 60 + part))?;
        Some(seconds * 1_000)
    }

    /// How a session stands.
    pub(crate) fn status(&self, id: u64) -> String {
        self.api().get(&format!("/api/sessions/{id}"))["status"].as_str().expect("a word").to_owned()
    }

    /// Waits until a session stands so.
    pub(crate) fn stands(&self, id: u64, status: &str) {
        eventually(&format!("the session is {status}"), PATIENCE, || {
            let now = self.status(id);
            check(now == status, format!("{now}\n{}", self.seat.log()))
        });
    }

    /// How many entries of each kind the journal has about a session.
    pub(crate) fn journal(&self, id: u64) -> BTreeMap<String, u64> {
        let mut kinds = BTreeMap::new();
        for entry in self.entries(id) {
            *kinds.entry(entry["kind"].as_str().expect("a word").to_owned()).or_default() +=
                entry["count"].as_u64().expect("a number");
        }
        kinds
    }

    /// What the journal says of a session, newest first.
    pub(crate) fn entries(&self, id: u64) -> Vec<Value> {
        let path = format!("/api/logs/by_session?session={id}");
        self.api().get(&path)["items"].as_array().expect("entries").clone()
    }

    /// Waits until the journal tells this of a session.
    pub(crate) fn is_told(&self, id: u64, kind: &str) {
        eventually(&format!("the journal tells {kind}"), PATIENCE, || {
            let kinds = self.journal(id);
            check(kinds.contains_key(kind), format!("{kinds:?}\n{}", self.seat.log()))
        });
    }

    /// Warnings that were shown in a session, by the journal, in seconds, oldest first.
    pub(crate) fn warnings(&self, id: u64) -> Vec<u64> {
        let of_warning = |entry: &Value| entry["kind"] == "warning_shown";
        let seconds = |entry: &Value| entry["detail"].as_str()?.split(' ').next()?.parse().ok();
        let told = self.entries(id);
        told.iter().rev().filter(|entry| of_warning(entry)).map(|entry| seconds(entry).expect("seconds")).collect()
    }

    /// Ends the service as a power cut would.
    pub(crate) fn kill_service(&mut self) {
        self.service.take().expect("it runs").kill();
    }

    /// Starts it again on what is on its card.
    pub(crate) fn start_service(&mut self) {
        self.service = Some(self.home.start(self.lab));
    }

    /// Takes the power away from the workstation, for a moment.
    pub(crate) fn restart_machine(&mut self) {
        self.seat.switch_off();
        self.switch_on();
    }

    /// The numbers of the person's program as the screen shows them.
    pub(crate) fn shows_program(&self) -> bool {
        self.seat.text().contains("in use by ")
    }
}
