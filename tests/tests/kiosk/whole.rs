//! Holds the service and the agent together, through everything that can happen to one of them in the middle of a session.
//! Never waits a fixed time. Needs root, VIGIE_BIN and VIGIE_KIOSK_BIN.

use serde_json::json;
use vigie_tests::patience::{check, eventually};

use crate::seat::{PATIENCE, kill};
use crate::service::{EXACT_MS, with_whole};

/// Between two words of an agent, with their jitter, in milliseconds: what a workstation that loses its power may have run
/// without anybody knowing.
const UNHEARD_MS: u64 = 11_000;

#[test]
#[ignore = "needs root"]
fn what_is_done_at_the_counter_is_seen_at_the_seat() {
    with_whole(false, |whole| {
        let (sitting, api) = (whole.begin(30), whole.api());
        let path = |act: &str| format!("/api/sessions/{}/{act}", sitting.id);
        let before = whole.agree(sitting.id);
        assert!(before.ms > 1_700_000 && before.ms <= 1_800_000, "{before:?}");
        let added = api.send("POST", &path("add_time"), &json!({ "minutes": 10 }));
        assert_eq!(added["delta_ms"], 600_000);
        whole.seat.sees("Time added to your session: 10 minutes");
        let after = whole.agree(sitting.id);
        assert!(after.ms.abs_diff(before.now_ms() + 600_000) < EXACT_MS, "{before:?} {after:?}");
        // The time stands still while staff says so, on both sides.
        api.send("POST", &path("suspend"), &json!({}));
        whole.seat.sees("The staff has paused this session.");
        assert!(!whole.shows_program());
        let still = whole.left(sitting.id).ms;
        eventually("some words of the agent", PATIENCE, || {
            let held = api.get("/api/postes")["items"][0]["screen"].clone();
            check(held == "held", held)
        });
        assert_eq!(whole.left(sitting.id).ms, still);
        api.send("POST", &path("resume"), &json!({}));
        whole.seat.sees("in use by ");
        let on = whole.agree(sitting.id);
        assert!(on.ms.abs_diff(still) < EXACT_MS, "{still} {on:?}");
        // Ended: nothing is left, and it is proved.
        api.send("POST", &path("terminate"), &json!({ "reason": "The library closes now." }));
        whole.stands(sitting.id, "closed");
        whole.seat.nobody_runs();
        whole.seat.sees("Type your code");
        whole.is_told(sitting.id, "wipe_confirmed");
        assert!(whole.seat.session_files().is_empty());
        let kinds = whole.journal(sitting.id);
        for kind in ["code_issued", "session_started", "session_extended", "session_suspended", "session_resumed"] {
            assert_eq!(kinds[kind], 1, "{kind}: {kinds:?}");
        }
        for kind in ["session_ended", "session_closed", "wipe_confirmed"] {
            assert_eq!(kinds[kind], 1, "{kind}: {kinds:?}");
        }
        let ended = whole.entries(sitting.id).into_iter().find(|entry| entry["kind"] == "session_ended");
        let why = ended.expect("an entry")["detail"].as_str().expect("a text").to_owned();
        assert!(why.ends_with(": The library closes now."), "{why}");
    });
}

#[test]
#[ignore = "needs root"]
fn who_leaves_with_the_cable_pulled_has_left() {
    with_whole(false, |whole| {
        let sitting = whole.begin(30);
        whole.seat.plug(false);
        whole.seat.sees("appliance not reachable");
        whole.seat.types("\x1b[24~");
        whole.seat.sees("End my session now");
        whole.seat.types("2");
        whole.seat.sees("Type your code");
        whole.seat.nobody_runs();
        // Nobody has told the service, and whoever comes next finds the seat locked all the same.
        let worker = whole.seat.role("work").expect("a worker");
        kill(worker);
        whole.seat.another("work", worker);
        assert_eq!(whole.status(sitting.id), "active");
        whole.seat.plug(true);
        whole.stands(sitting.id, "closed");
        whole.is_told(sitting.id, "wipe_confirmed");
        whole.is_heard();
        assert!(whole.seat.session_processes().is_empty());
        let kinds = whole.journal(sitting.id);
        for kind in ["session_ended", "session_closed", "wipe_confirmed"] {
            assert_eq!(kinds[kind], 1, "{kind}: {kinds:?}");
        }
    });
}

#[test]
#[ignore = "needs root"]
fn a_service_that_is_killed_comes_back_to_its_sessions() {
    with_whole(false, |whole| {
        let sitting = whole.begin(2);
        whole.shorten_to(sitting.id, 75);
        whole.seat.sees("Your session ends in 1 minute.");
        eventually("the warning is told", PATIENCE, || {
            let warnings = whole.warnings(sitting.id);
            check(warnings == [60], format!("{warnings:?}"))
        });
        let before = whole.agree(sitting.id);
        whole.kill_service();
        // Nobody at the counter, and it counts and warns.
        whole.seat.sees("Your session ends in 30 seconds.");
        assert!(whole.shows_program());
        whole.start_service();
        whole.is_heard();
        assert_eq!(whole.status(sitting.id), "active");
        let after = whole.agree(sitting.id);
        assert!(after.ms.abs_diff(before.now_ms()) < EXACT_MS, "{before:?} {after:?}");
        whole.seat.sees("Your session ends in 10 seconds.");
        whole.stands(sitting.id, "closed");
        whole.seat.nobody_runs();
        whole.is_told(sitting.id, "wipe_confirmed");
        assert_eq!(whole.warnings(sitting.id), [60, 30, 10], "each once");
        let kinds = whole.journal(sitting.id);
        assert_eq!(
            (kinds["session_started"], kinds["session_expired"], kinds["session_closed"]),
            (1, 1, 1),
            "{kinds:?}"
        );
        assert!(!kinds.contains_key("session_interrupted"), "{kinds:?}");
    });
}

#[test]
#[ignore = "needs root"]
fn with_the_cable_pulled_the_seat_ends_by_itself_and_tells_it_later() {
    with_whole(false, |whole| {
        let sitting = whole.begin(1);
        whole.shorten_to(sitting.id, 40);
        let before = whole.agree(sitting.id);
        whole.seat.plug(false);
        whole.seat.sees("Your session ends in 30 seconds.");
        whole.seat.sees("Your session ends in 10 seconds.");
        assert!(whole.shows_program());
        whole.seat.sees_no_more("in use by ");
        assert!(before.now_ms() < EXACT_MS, "it locked {} ms too soon", before.now_ms());
        whole.seat.nobody_runs();
        whole.seat.sees("The appliance cannot be reached.");
        // The service counts too: its time is up, and nobody has proved that the seat is clean.
        whole.stands(sitting.id, "expired");
        assert!(!whole.journal(sitting.id).contains_key("wipe_confirmed"));
        whole.seat.plug(true);
        whole.stands(sitting.id, "closed");
        whole.is_told(sitting.id, "wipe_confirmed");
        whole.is_heard();
        assert_eq!(whole.warnings(sitting.id), [30, 10], "each once");
        let kinds = whole.journal(sitting.id);
        for kind in ["session_expired", "session_closed", "wipe_confirmed"] {
            assert_eq!(kinds[kind], 1, "{kind}: {kinds:?}");
        }
    });
}

#[test]
#[ignore = "needs root"]
fn a_killed_agent_locks_and_goes_on_with_its_count() {
    with_whole(false, |whole| {
        let sitting = whole.begin(30);
        let before = whole.agree(sitting.id);
        let program = whole.seat.session_processes();
        let worker = whole.seat.role("work").expect("a worker");
        kill(worker);
        whole.seat.another("work", worker);
        // The terminal in memory went with the worker; the program itself goes on.
        whole.seat.sees("F12: lock or end");
        assert!(!whole.seat.session_processes().is_disjoint(&program), "the same program goes on");
        let after = whole.agree(sitting.id);
        assert!(after.ms.abs_diff(before.now_ms()) < EXACT_MS, "{before:?} {after:?}");
        // With its guard every process of the session goes; the session itself has time left and gets a new program.
        let program = whole.seat.session_processes();
        let guard = whole.seat.role("run").expect("a guard");
        kill(guard);
        whole.seat.another("run", guard);
        whole.seat.sees("F12: lock or end");
        whole.seat.sees("in use by ");
        let now = whole.seat.session_processes();
        assert!(!now.is_empty() && now.is_disjoint(&program), "{now:?} {program:?}");
        let after = whole.agree(sitting.id);
        assert!(after.ms.abs_diff(before.now_ms()) < EXACT_MS, "{before:?} {after:?}");
        assert_eq!(whole.status(sitting.id), "active");
        let kinds = whole.journal(sitting.id);
        assert!(!kinds.contains_key("session_interrupted") && kinds["session_started"] == 1, "{kinds:?}");
    });
}

#[test]
#[ignore = "needs root"]
fn a_workstation_that_was_restarted_holds_the_seat_for_its_ticket() {
    with_whole(true, |whole| {
        let sitting = whole.begin(30);
        let before = whole.agree(sitting.id);
        whole.restart_machine();
        whole.stands(sitting.id, "interrupted");
        whole.seat.sees("Type your code");
        assert!(whole.seat.session_processes().is_empty());
        // The seat is held: a code of somebody else is not good there.
        let other = whole.api().send("POST", "/api/sessions", &json!({ "minutes": 5 }));
        whole.seat.types(&format!("{}\r", other["code"].as_str().expect("a code")));
        whole.seat.sees("not valid here");
        whole.seat.types("\x7f");
        whole.seat.sees_no_more("not valid here");
        let held = whole.left(sitting.id);
        assert!(held.ms.abs_diff(before.ms) <= UNHEARD_MS && held.ms <= 1_800_000, "{before:?} {held:?}");
        whole.seat.types(&format!("{}\r", sitting.ticket));
        whole.seat.sees("in use by ");
        whole.stands(sitting.id, "active");
        let on = whole.agree(sitting.id);
        assert!(
            on.ms <= held.ms && held.ms - on.ms < PATIENCE.as_millis() as u64,
            "off is not counted: {held:?} {on:?}"
        );
        // Once more, and staff lets the person go on who has lost the ticket.
        whole.restart_machine();
        whole.stands(sitting.id, "interrupted");
        whole.seat.sees("Type your code");
        whole.api().send("POST", &format!("/api/sessions/{}/resume", sitting.id), &json!({}));
        whole.seat.sees("in use by ");
        whole.agree(sitting.id);
        let kinds = whole.journal(sitting.id);
        assert_eq!((kinds["session_interrupted"], kinds["session_resumed"]), (2, 2), "{kinds:?}");
    });
}

#[test]
#[ignore = "needs root"]
fn a_diskless_workstation_is_recognised_and_its_session_goes_on() {
    with_whole(false, |whole| {
        let stations = whole.api().get("/api/postes")["items"].clone();
        let sitting = whole.begin(30);
        let before = whole.agree(sitting.id);
        whole.restart_machine();
        // It knows nothing any more, and shows a number; its card is known.
        let (station, known_as) = whole.approve(&json!({}));
        assert_eq!((json!(station), json!(known_as)), (stations[0]["id"].clone(), stations[0]["id"].clone()));
        let now = whole.api().get("/api/postes");
        assert_eq!((&now["count"], &now["items"][0]["name"]), (&json!(1), &json!("Desk 3")), "{now}");
        whole.stands(sitting.id, "interrupted");
        whole.seat.types(&format!("{}\r", sitting.ticket));
        whole.seat.sees("in use by ");
        let after = whole.agree(sitting.id);
        assert!(after.ms <= before.ms + UNHEARD_MS, "{before:?} {after:?}");
        let kinds = whole.journal(sitting.id);
        assert_eq!((kinds["session_interrupted"], kinds["session_resumed"]), (1, 1), "{kinds:?}");
    });
}

#[test]
#[ignore = "needs root"]
fn a_workstation_that_was_taken_out_can_come_back_as_another() {
    with_whole(false, |whole| {
        let first = whole.api().get("/api/postes")["items"][0]["id"].clone();
        let sitting = whole.begin(30);
        let removed = whole.api().ask("DELETE", &format!("/api/postes/{first}"), None).expect("an answer");
        assert_eq!(removed.status, 204, "{}", removed.body);
        whole.seat.sees_no_more("in use by ");
        whole.seat.nobody_runs();
        assert_eq!(whole.status(sitting.id), "closed");
        let (station, known_as) = whole.approve(&json!({ "name": "Desk 4" }));
        assert!(json!(station) != first && known_as.is_none(), "{station} {known_as:?}");
        // It is that workstation from now on: its leases are obeyed.
        let sitting = whole.begin(30);
        whole.agree(sitting.id);
    });
}
