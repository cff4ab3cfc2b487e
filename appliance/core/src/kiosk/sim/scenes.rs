//! Holds scenes of a library's day: each one thing that goes wrong, and what must come of it.
//! Never random; the schedules are. `cargo test` runs it.

use alloc::vec::Vec;

use super::world::{Message, World, code};
use crate::kiosk::desk::{Event, Refusal, Wanted};
use crate::kiosk::seat::Phase;
use crate::kiosk::session::{Binding, State};
use crate::kiosk::station::StationState;
use crate::kiosk::{Actor, PersonId, SessionId, StationId};

const STAFF: Actor = Actor::Staff(1);
const MINUTE: u64 = 60_000;

fn wanted(minutes: u64, number: u64) -> Wanted {
    Wanted {
        person: None,
        binding: Binding::default(),
        granted_ms: minutes * MINUTE,
        valid_ms: 60 * MINUTE,
        past_closing: false,
        digits: false,
        code: code(number),
        day: Some(1),
    }
}

fn issue(world: &mut World, wanted: Wanted) -> Result<SessionId, Refusal> {
    let mut out = Vec::new();
    let issued = world.desk.issue(world.appliance_now(), STAFF, wanted, &mut out);
    world.carry(out);
    issued
}

/// A session of so many minutes runs at the first seat.
fn seated(minutes: u64) -> (World, SessionId) {
    let mut world = World::new(2);
    world.ask(0, 3);
    world.run(1_000, 10);
    let id = issue(&mut world, wanted(minutes, 7)).unwrap();
    assert_eq!(world.type_code(0, code(7), 1), Ok(id));
    world.ask(0, 3);
    world.run(20, 1);
    assert_eq!(phase(&world, 0), Phase::Running);
    (world, id)
}

fn phase(world: &World, place: usize) -> Phase {
    world.machines[place].seat.as_ref().unwrap().phase()
}

/// Runs with a word every ten seconds.
fn run_with_beats(world: &mut World, ms: u64) {
    let mut left = ms;
    while left > 0 {
        let step = left.min(10_000);
        for place in 0..world.machines.len() {
            world.ask(place, 3);
        }
        world.run(step, 250);
        left -= step;
    }
}

fn shown(world: &World) -> Vec<u8> {
    world.shown.iter().map(|(_, _, index)| *index).collect()
}

#[test]
fn an_undisturbed_session_warns_locks_and_is_wiped() {
    let (mut world, id) = seated(10);
    run_with_beats(&mut world, 9 * MINUTE + 30_000);
    assert_eq!((phase(&world, 0), shown(&world)), (Phase::Grace, alloc::vec![0, 1, 2, 3]));
    run_with_beats(&mut world, MINUTE);
    assert_eq!(shown(&world), [0, 1, 2, 3, 4]);
    assert_eq!((world.state(id), phase(&world, 0)), (State::Closed, Phase::Locked));
    assert!(world.used[&id].abs_diff(10 * MINUTE) < 1_000, "{}", world.used[&id]);
    assert_eq!(world.desk.station_state(StationId(1)), Some(StationState::Available));
    world.check_story();
}

#[test]
fn with_the_cable_pulled_it_ends_on_time_and_is_told_later() {
    let (mut world, id) = seated(60);
    run_with_beats(&mut world, 5 * MINUTE);
    world.machines[0].cut = true;
    world.run(56 * MINUTE, 250);
    assert_eq!(phase(&world, 0), Phase::Locked, "counted, locked and wiped by itself");
    assert_eq!(world.machines[0].dirty, None);
    assert!(world.used[&id].abs_diff(60 * MINUTE) < 1_000, "{}", world.used[&id]);
    assert_eq!(world.state(id), State::Expired, "the desk counted too, and waits for the wipe");
    world.machines[0].cut = false;
    run_with_beats(&mut world, 30_000);
    assert_eq!(world.state(id), State::Closed);
    world.save_all();
    let told = world.told.iter().filter(|(_, told)| matches!(told.event, Event::WarningShown(_))).count();
    assert_eq!(told, 5, "what was shown alone is known now");
    world.check_story();
}

#[test]
fn who_leaves_with_the_cable_pulled_has_left_even_when_the_agent_dies() {
    for killed in [false, true] {
        let (mut world, id) = seated(30);
        world.machines[0].cut = true;
        world.leave(0);
        world.run(60_000, 1_000);
        assert_eq!((phase(&world, 0), world.state(id)), (Phase::Locked, State::Active));
        if killed {
            world.kill_agent(0);
        }
        world.machines[0].cut = false;
        run_with_beats(&mut world, 30_000);
        assert_eq!((phase(&world, 0), world.state(id)), (Phase::Locked, State::Closed));
        let of = |event: Event| world.told.iter().filter(|(_, told)| told.event == event).count();
        assert_eq!(of(Event::Ended), 1);
    }
}

#[test]
fn time_is_right_to_a_second_after_two_hours_alone_with_a_bad_crystal() {
    for drift_us in [-100, 100] {
        let (mut world, id) = seated(180);
        world.machines[0].drift_us = drift_us;
        // The drift begins with the next anchor: this one was made with the old pace.
        run_with_beats(&mut world, MINUTE);
        world.machines[0].cut = true;
        world.run(118 * MINUTE, 1_000);
        let now = world.clock_of(0);
        let here = world.machines[0].seat.as_ref().unwrap().remaining_ms(now).unwrap();
        assert!(here.abs_diff(world.remaining(id)) < 1_000, "{here} {}", world.remaining(id));
    }
}

#[test]
fn added_time_reaches_the_seat_and_warns_once_more() {
    let (mut world, id) = seated(6);
    run_with_beats(&mut world, 4 * MINUTE + 30_000);
    assert_eq!(shown(&world), [0, 1]);
    let mut out = Vec::new();
    assert_eq!(
        world.desk.add_time(world.appliance_now(), STAFF, id, 10 * MINUTE as i64, &mut out),
        Ok(10 * MINUTE as i64)
    );
    world.carry(out);
    run_with_beats(&mut world, 12 * MINUTE);
    assert_eq!(shown(&world), [0, 1, 0, 1, 2, 3, 4], "each once in each epoch");
    assert_eq!(world.state(id), State::Closed);
    world.check_story();
}

#[test]
fn taking_time_away_stops_at_now() {
    let (mut world, id) = seated(60);
    run_with_beats(&mut world, 10 * MINUTE);
    let mut out = Vec::new();
    let changed = world.desk.add_time(world.appliance_now(), STAFF, id, i64::MIN, &mut out).unwrap();
    world.carry(out);
    assert!(changed.unsigned_abs().abs_diff(50 * MINUTE) < 1_000, "{changed}");
    run_with_beats(&mut world, 10_000);
    assert_eq!((world.state(id), phase(&world, 0)), (State::Closed, Phase::Locked));
}

#[test]
fn a_suspended_session_stands_still_for_hours() {
    let (mut world, id) = seated(30);
    run_with_beats(&mut world, 10 * MINUTE);
    let mut out = Vec::new();
    world.desk.suspend(world.appliance_now(), STAFF, id, &mut out).unwrap();
    world.carry(out);
    run_with_beats(&mut world, 180 * MINUTE);
    assert_eq!(phase(&world, 0), Phase::Held);
    let left = world.remaining(id);
    assert!(left.abs_diff(20 * MINUTE) < 11_000, "{left}");
    let mut out = Vec::new();
    world.desk.resume(world.appliance_now(), STAFF, id, &mut out).unwrap();
    world.carry(out);
    run_with_beats(&mut world, 21 * MINUTE);
    assert_eq!(world.state(id), State::Closed);
    world.check_story();
}

#[test]
fn a_restart_of_the_appliance_costs_nobody_anything() {
    let (mut world, id) = seated(60);
    run_with_beats(&mut world, 20 * MINUTE + 30_000);
    world.restart_appliance();
    assert!(world.desk.session(id, world.appliance_now()).unwrap().at_least);
    run_with_beats(&mut world, 10 * MINUTE);
    assert!(world.remaining(id).abs_diff(60 * MINUTE - 30 * MINUTE - 30_000) < 1_000, "{}", world.remaining(id));
    run_with_beats(&mut world, 31 * MINUTE);
    assert_eq!((world.state(id), shown(&world).len()), (State::Closed, 5));
    world.check_story();
}

#[test]
fn a_restarted_workstation_is_held_for_its_ticket() {
    let (mut world, id) = seated(60);
    run_with_beats(&mut world, 20 * MINUTE);
    world.boot(0);
    run_with_beats(&mut world, 30_000);
    assert_eq!((world.state(id), phase(&world, 0)), (State::Interrupted, Phase::Locked));
    let other = issue(&mut world, wanted(10, 8)).unwrap();
    assert_eq!(world.type_code(0, code(8), 2), Err(Refusal::WrongCode), "the seat is held");
    let before = world.remaining(id);
    assert_eq!(world.type_code(0, code(1_000_001), 3), Ok(id), "the ticket opens it");
    run_with_beats(&mut world, MINUTE);
    assert_eq!(phase(&world, 0), Phase::Running);
    assert!(world.remaining(id) <= before);
    assert_eq!(world.type_code(1, code(8), 4), Ok(other));
    world.check_story();
}

#[test]
fn a_held_seat_is_free_after_its_time_and_the_rest_comes_back() {
    let mut world = World::new(1);
    world.ask(0, 3);
    world.run(100, 10);
    let person = PersonId(5);
    let id = issue(&mut world, Wanted { person: Some(person), ..wanted(60, 7) }).unwrap();
    world.type_code(0, code(7), 1).unwrap();
    run_with_beats(&mut world, 20 * MINUTE);
    assert_eq!(world.desk.left_of_day(person, None, Some(1)).time_ms, 120 * MINUTE);
    world.boot(0);
    run_with_beats(&mut world, 11 * MINUTE);
    assert_eq!(world.state(id), State::Closed);
    let left = world.desk.left_of_day(person, None, Some(1));
    assert!(left.time_ms.abs_diff(160 * MINUTE) < 11_000, "{left:?}");
    assert_eq!(left.sessions, 2);
}

#[test]
fn nothing_outlasts_the_hours_unless_staff_says_so_and_the_day_is_charged_for_what_is_given() {
    let mut world = World::new(2);
    world.ask(0, 3);
    world.ask(1, 3);
    world.run(100, 10);
    let person = PersonId(5);
    let id = issue(&mut world, Wanted { person: Some(person), ..wanted(60, 7) }).unwrap();
    world.open_ms = Some(0);
    assert_eq!(world.type_code(0, code(7), 1), Err(Refusal::Closed));
    assert_eq!(world.type_code(0, code(6), 2), Err(Refusal::WrongCode), "closed or not");
    world.open_ms = Some(20 * MINUTE);
    assert_eq!(world.type_code(0, code(7), 3), Ok(id));
    assert_eq!(world.remaining(id), 20 * MINUTE);
    assert_eq!(world.desk.left_of_day(person, None, Some(1)).time_ms, 160 * MINUTE);
    let cut = |told: &(u64, crate::kiosk::desk::Told)| told.1.event == Event::Extended(-40 * 60_000);
    assert_eq!(world.told.iter().filter(|told| cut(told)).count(), 1);
    let late = issue(&mut world, Wanted { past_closing: true, ..wanted(60, 8) }).unwrap();
    world.open_ms = Some(0);
    assert_eq!(world.type_code(1, code(8), 4), Ok(late));
    assert_eq!(world.remaining(late), 60 * MINUTE);
    world.check_story();
}

#[test]
fn a_group_may_have_a_quota_of_its_own_and_staff_may_say_that_a_seat_is_off() {
    let mut world = World::new(1);
    world.ask(0, 3);
    world.run(100, 10);
    let (group, person) = (crate::kiosk::GroupId(2), PersonId(5));
    let (now, mut out) = (world.appliance_now(), Vec::new());
    world.desk.enrol(now, StationId(1), Some(group), &mut out).unwrap();
    world.desk.set_quota(group, Some(crate::kiosk::quota::Quota { sessions: 1, time_ms: 30 * MINUTE })).unwrap();
    world.carry(out);
    let here = Binding { station: Some(StationId(1)), group: None };
    let mine = |minutes, number, binding| Wanted { person: Some(person), binding, ..wanted(minutes, number) };
    assert_eq!(issue(&mut world, mine(31, 7, here)), Err(Refusal::QuotaUsed));
    // For anywhere it is made, and refused where it is too much.
    issue(&mut world, mine(31, 8, Binding::default())).unwrap();
    assert_eq!(world.type_code(0, code(8), 1), Err(Refusal::QuotaUsed));
    world.desk.set_quota(group, None).unwrap();
    assert!(world.type_code(0, code(8), 1).is_ok());
    let mut out = Vec::new();
    world.desk.set_offline(STAFF, StationId(1), &mut out).unwrap();
    world.desk.set_offline(STAFF, StationId(1), &mut out).unwrap();
    assert_eq!(out.len(), 1, "told once");
    assert_eq!(world.desk.station_state(StationId(1)), Some(StationState::Offline));
    world.carry(out);
    run_with_beats(&mut world, 20_000);
    assert_eq!(world.desk.station_state(StationId(1)), Some(StationState::Busy), "its word proves otherwise");
    for number in 0..crate::limits::MAX_KIOSK_GROUPS as u8 {
        world.desk.set_quota(crate::kiosk::GroupId(100 + number), Some(Default::default())).unwrap();
    }
    assert_eq!(world.desk.set_quota(group, Some(Default::default())), Err(Refusal::Full));
}

#[test]
fn a_killed_agent_locks_and_goes_on_without_a_second_warning() {
    let (mut world, _) = seated(6);
    run_with_beats(&mut world, 90_000);
    assert_eq!(shown(&world), [0]);
    world.kill_agent(0);
    assert_eq!(phase(&world, 0), Phase::Locked);
    run_with_beats(&mut world, 10_000);
    assert_eq!(phase(&world, 0), Phase::Running);
    run_with_beats(&mut world, MINUTE);
    assert_eq!(shown(&world), [0]);
    world.check_story();
}

#[test]
fn leases_that_were_not_asked_for_are_not_obeyed() {
    let (mut world, id) = seated(10);
    world.ask(0, 3);
    world.now_ms += 3;
    let (_, Message::Beat(station, beat, _)) = world.air.remove(0) else { panic!("a question") };
    let mut out = Vec::new();
    let lease = world.desk.beat(world.appliance_now(), station, &beat, &mut out).unwrap();
    world.carry(out);
    world.deliver(Message::Lease(station, lease), 0);
    let left = world.remaining(id);
    // The same again, as a person with a cable would play it back, and with more time in it.
    let forged = crate::kiosk::lease::Lease { seq: lease.seq + 5, granted_ms: 999 * MINUTE, ..lease };
    world.deliver(Message::Lease(station, forged), 0);
    world.deliver(Message::Lease(station, lease), 0);
    // Nor while another question is out: only its own answer counts.
    world.ask(0, 3);
    world.deliver(Message::Lease(station, forged), 0);
    let now = world.clock_of(0);
    let here = world.machines[0].seat.as_ref().unwrap().remaining_ms(now).unwrap();
    assert!(here <= left, "{here} {left}");
}

#[test]
fn a_question_asked_twice_gets_one_session_and_a_used_code_nothing() {
    let (mut world, id) = seated(10);
    assert_eq!(world.type_code(0, code(7), 1), Ok(id), "the answer was lost, the question came again");
    assert_eq!(world.type_code(0, code(7), 2), Err(Refusal::NotFree(StationState::Busy)));
    world.ask(1, 3);
    world.run(100, 10);
    assert_eq!(world.type_code(1, code(7), 3), Err(Refusal::WrongCode));
}

#[test]
fn wrong_codes_slow_a_seat_down_and_a_restart_does_not_help() {
    let mut world = World::new(2);
    for place in 0..2 {
        world.ask(place, 3);
    }
    world.run(100, 10);
    issue(&mut world, wanted(10, 7)).unwrap();
    for question in 0..5 {
        assert_eq!(world.type_code(0, code(99), question), Err(Refusal::WrongCode));
    }
    assert!(matches!(world.type_code(0, code(7), 50), Err(Refusal::TooSoon(_))), "the right one has to wait too");
    world.restart_appliance();
    assert!(matches!(world.type_code(0, code(7), 51), Err(Refusal::TooSoon(_))));
    world.type_code(1, code(7), 52).unwrap();
    let refused = world.told.iter().filter(|(_, told)| matches!(told.event, Event::CodeRefused(_))).count();
    assert_eq!(refused, 5);
}

#[test]
fn quotas_and_places_are_one_to_a_person() {
    let mut world = World::new(2);
    for place in 0..2 {
        world.ask(place, 3);
    }
    world.run(100, 10);
    let mine = |minutes, number| Wanted { person: Some(PersonId(1)), ..wanted(minutes, number) };
    assert_eq!(issue(&mut world, mine(181, 1)), Err(Refusal::QuotaUsed));
    let first = issue(&mut world, mine(60, 2)).unwrap();
    issue(&mut world, mine(60, 3)).unwrap();
    world.type_code(0, code(2), 1).unwrap();
    assert_eq!(world.type_code(1, code(3), 2), Err(Refusal::Elsewhere(StationId(1))));
    let mut out = Vec::new();
    world.desk.end(world.appliance_now(), STAFF, first, &mut out).unwrap();
    world.desk.end(world.appliance_now(), STAFF, first, &mut out).expect("two operators press the same button");
    world.carry(out);
    run_with_beats(&mut world, 20_000);
    assert_eq!(world.state(first), State::Closed);
    world.type_code(1, code(3), 3).unwrap();
    world.check_story();
}

#[test]
fn codes_of_digits_are_short_lived_and_bound() {
    let mut world = World::new(1);
    let loose = Wanted { digits: true, ..wanted(10, 1) };
    assert_eq!(issue(&mut world, loose), Err(Refusal::DigitsNeedSeat));
    let binding = Binding { station: Some(StationId(1)), group: None };
    assert_eq!(issue(&mut world, Wanted { binding, ..loose }), Err(Refusal::DigitsNeedSeat));
    let id = issue(&mut world, Wanted { binding, valid_ms: 15 * MINUTE, ..loose }).unwrap();
    world.run(15 * MINUTE, 1_000);
    assert_eq!(world.state(id), State::Void);
    assert_eq!(world.type_code(0, code(1), 1), Err(Refusal::WrongCode));
}

#[test]
fn nothing_new_starts_before_the_wipe() {
    let (mut world, id) = seated(10);
    issue(&mut world, wanted(10, 8)).unwrap();
    world.machines[0].cut = true;
    let mut out = Vec::new();
    world.desk.end(world.appliance_now(), STAFF, id, &mut out).unwrap();
    world.carry(out);
    assert_eq!(world.type_code(0, code(8), 2), Err(Refusal::NotFree(StationState::Wiping)));
    world.machines[0].cut = false;
    run_with_beats(&mut world, 20_000);
    world.type_code(0, code(8), 3).unwrap();
    world.check_story();
}

#[test]
fn a_full_table_refuses_with_words_and_loses_nothing() {
    let mut world = World::new(1);
    let mut issued = 0;
    let refused = loop {
        match issue(&mut world, wanted(10, 10_000 + issued)) {
            Ok(_) => issued += 1,
            Err(refusal) => break refusal,
        }
    };
    assert_eq!((issued, refused), (crate::limits::MAX_KIOSK_SESSIONS as u64, Refusal::Full));
    assert_eq!(issue(&mut world, wanted(10, 10_000)), Err(Refusal::Full));
    world.ask(0, 3);
    world.run(100, 10);
    world.type_code(0, code(10_000), 1).unwrap();
}

#[test]
fn two_equal_codes_cannot_be_out() {
    let mut world = World::new(1);
    issue(&mut world, wanted(10, 1)).unwrap();
    assert_eq!(issue(&mut world, wanted(10, 1)), Err(Refusal::Taken));
}

#[test]
fn silence_is_unreachable_then_offline_and_never_an_end() {
    let (mut world, id) = seated(60);
    world.machines[0].cut = true;
    world.run(121_000, 500);
    world.save_all();
    let events: Vec<Event> = world
        .told
        .iter()
        .filter(|(_, told)| told.station == Some(StationId(1)))
        .map(|(_, told)| told.event)
        .filter(|event| matches!(event, Event::StationUnreachable | Event::StationOffline))
        .collect();
    assert_eq!(events, [Event::StationUnreachable, Event::StationOffline]);
    assert_eq!(world.state(id), State::Active);
    assert_eq!(world.settings.offline_after, World::seconds(120));
}
