//! Holds how a workstation arrives: its number, whom it trusts, and the codes people type.
//! Never looks into the agent: only at its screen and at what the appliance hears. Needs root and VIGIE_KIOSK_BIN.

use vigie_core::kiosk::desk::Event;

use crate::seat::Seat;
use crate::stand_in::StandIn;

/// A seat that is enrolled and asks for a code; its program is the shell with these words.
pub(crate) fn enrolled(program: &str) -> (Seat, StandIn) {
    enrolled_at(Seat::new(), program)
}

/// The same, at this seat.
pub(crate) fn enrolled_at(mut seat: Seat, program: &str) -> (Seat, StandIn) {
    let appliance = StandIn::start(&seat, false);
    seat.start(&appliance.url(), &["--home-mib", "16", "--program", "/bin/sh", "-c", program]);
    seat.sees("approve this number");
    appliance.approve();
    seat.sees("Type your code");
    (seat, appliance)
}

#[test]
#[ignore = "needs root"]
fn a_stranger_is_enrolled_and_codes_are_judged() {
    let (seat, appliance) = enrolled("id -u; sleep 1000");
    seat.sees("Desk 3");
    // A key that no code has changes nothing; French is one key away.
    seat.types("\x1bOQ");
    seat.sees("Tapez votre code");
    seat.types("\x1b[[B");
    seat.sees("Type your code");
    seat.types("abc\r");
    seat.sees("A code has eight letters");
    seat.types("\x1b");
    for _ in 0..5 {
        seat.sees_no_more("One moment");
        seat.types("zzzz-zzzz\r");
        seat.sees("not valid here");
        seat.types("\x7f");
        seat.sees_no_more("not valid here");
    }
    seat.types("zzzz-zzzz\r");
    seat.sees("Too many wrong codes. Try again in ");
    appliance.journal("refused codes", |event| matches!(event, Event::CodeRefused(_)));
    assert!(seat.session_processes().is_empty());
}

#[test]
#[ignore = "needs root"]
fn only_the_pinned_authority_is_spoken_to() {
    let mut seat = Seat::new();
    let appliance = StandIn::start(&seat, true);
    seat.start(&appliance.url(), &["--pin", &"0".repeat(64)]);
    seat.sees("This is not the appliance this computer trusts.");
    drop(seat);
    let mut seat = Seat::new();
    let appliance = StandIn::start(&seat, true);
    seat.start(
        &appliance.url(),
        &["--pin", &appliance.pin(), "--program", "/bin/sh", "-c", "echo over TLS; sleep 1000"],
    );
    seat.sees("It is the authority this computer was told to trust.");
    seat.sees(&appliance.pin().to_uppercase()[..4]);
    appliance.approve();
    seat.sees("Type your code");
    let (code, _) = appliance.code(600_000);
    seat.types(&format!("{code}\r"));
    seat.sees("over TLS");
}

#[test]
#[ignore = "needs root"]
fn without_a_pin_the_first_authority_is_trusted_and_said_to_be() {
    let mut seat = Seat::new();
    let appliance = StandIn::start(&seat, true);
    seat.start(&appliance.url(), &[]);
    seat.sees("Trusted on first use");
    appliance.approve();
    seat.sees("Type your code");
}
