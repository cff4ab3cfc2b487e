//! Holds a session from its code to its end, as the person at the workstation and the staff see it.
//! Never waits a fixed time. Needs root and VIGIE_KIOSK_BIN.

use serde_json::json;
use vigie_core::kiosk::desk::Event;

use crate::arrive::enrolled;
use crate::seat::Seat;
use crate::stand_in::StandIn;

#[test]
#[ignore = "needs root"]
fn a_code_opens_a_session_of_a_user_of_its_own() {
    let (seat, appliance) =
        enrolled("echo \"user $(id -u) $(id -G) home $HOME\"; echo mine > \"$HOME/file\"; sleep 1000");
    let (first, next) = (seat.first_uid, seat.first_uid + 1);
    let user = format!("user {first}");
    let (code, id) = appliance.code(1_800_000);
    seat.types(&format!("{}\r", code.to_lowercase()));
    seat.sees(&format!("{user} {first} home /run/vigie-kiosk/home"));
    seat.sees("Welcome, Ada.");
    seat.sees("left");
    assert!(!seat.text().contains("Type your code"));
    appliance.add(id, 600_000);
    seat.sees("Time added to your session: 10 minutes");
    seat.sees("39:");
    // A message stays until it is read.
    appliance.say("message", &json!({ "id": "m1", "text": "The library closes at six." }));
    seat.sees_no_more("Time added");
    seat.sees("The library closes at six.");
    assert!(appliance.heard("message_ack").is_empty());
    seat.types("\r");
    seat.sees_no_more("The library closes");
    appliance.say("message", &json!({ "id": "m1", "text": "The library closes at six." }));
    // The person locks, and nobody else comes in.
    seat.types("\x1b[24~");
    seat.sees("End my session now");
    let ticket = seat.text().split("Your ticket: ").nth(1).expect("a ticket")[..9].to_owned();
    seat.types("1");
    seat.sees("Type your ticket to go on.");
    assert!(!seat.text().contains(&user), "{}", seat.text());
    seat.types("0000-0000\r");
    seat.sees("This is not the ticket");
    seat.sees_no_more(&user);
    vigie_tests::patience::eventually("the ticket opens it", crate::seat::PATIENCE, || {
        seat.types(&format!("{}{ticket}\r", "\x7f".repeat(8)));
        vigie_tests::patience::check(seat.text().contains(&user), seat.text())
    });
    // Staff stops it and lets it go on.
    appliance.suspend(id);
    seat.sees("The staff has paused this session.");
    appliance.resume(id);
    seat.sees(&user);
    // The person is done.
    seat.types("\x1b[24~");
    seat.sees("End my session now");
    seat.types("2");
    appliance.journal("an end", |event| *event == Event::Ended);
    appliance.journal("a clean workstation", |event| matches!(event, Event::Closed(_)));
    seat.sees("Type your code");
    seat.nobody_runs();
    assert!(!seat.text().contains(&user));
    assert_eq!(appliance.heard("message_ack").len(), 2, "read once, told again what was read");
    // The next person is another user, and finds nothing.
    let (code, _) = appliance.code(600_000);
    seat.types(&format!("{code}\r"));
    seat.sees(&format!("user {next} {next}"));
}

#[test]
#[ignore = "needs root"]
fn a_program_that_ends_is_started_again_or_not() {
    let (seat, appliance) =
        enrolled("echo \"started $$\"; read line; echo gone >> \"$HOME/log\"; wc -l < \"$HOME/log\"; read line");
    let (code, _) = appliance.code(600_000);
    seat.types(&format!("{code}\r"));
    seat.sees("started");
    seat.types("one\r");
    seat.sees("1\n");
    seat.types("\r");
    seat.sees("The program has ended.");
    seat.types("\r");
    seat.sees_no_more("The program has ended.");
    // The home is the same one.
    seat.types("two\r");
    seat.sees("2\n");
}

#[test]
#[ignore = "needs root"]
fn a_program_that_is_not_there_is_said_to_be() {
    let mut seat = Seat::new();
    let appliance = StandIn::start(&seat, false);
    seat.start(&appliance.url(), &["--program", "/no/such/program"]);
    seat.sees("approve this number");
    appliance.approve();
    seat.sees("Type your code");
    let (code, _) = appliance.code(600_000);
    seat.types(&format!("{code}\r"));
    seat.sees("The program cannot be started.");
    vigie_tests::patience::eventually("the staff is told", crate::seat::PATIENCE, || {
        let events = appliance.heard("event");
        let told = events.iter().any(|event| event["kind"] == "program_failed");
        vigie_tests::patience::check(told, format!("{events:?}"))
    });
}
