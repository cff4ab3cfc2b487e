//! Holds the proof that nothing acknowledged is lost: after every call the card is copied as a power cut would leave it,
//! and what comes back from the copy is what was answered.
//! Never stops the service in good order.

use std::time::Duration;

use proptest::prelude::any;
use proptest::test_runner::{Config, TestRunner};
use vigie_core::audit::Object;
use vigie_core::kiosk::desk::{Done, Report};
use vigie_core::kiosk::session::State;
use vigie_core::kiosk::warning::Warned;
use vigie_core::kiosk::{PersonId, SessionId, lease};

use super::super::{DayReport, Fault, Group, KioskSettings, Order, Person, Seat, SessionView};
use super::*;

/// What must come back.
#[derive(Debug, PartialEq)]
struct Picture {
    sessions: Vec<SessionView>,
    past: Vec<SessionView>,
    stations: Vec<(u32, String, bool, bool)>,
    people: Vec<Person>,
    groups: Vec<Group>,
    settings: KioskSettings,
    days: Vec<DayReport>,
    left: Vec<(u8, u64)>,
}

async fn picture(bench: &Bench) -> Picture {
    bench
        .call(|room| {
            let mut sessions = room.sessions();
            for view in &mut sessions {
                // What runs is counted by its workstation after a restart; what was proved comes back.
                (view.used_ms, view.remaining_ms, view.at_least, view.ends_in_ms) = (0, 0, false, None);
            }
            let stations = room.stations();
            Picture {
                sessions,
                past: room.past(Default::default(), 10_000),
                stations: stations
                    .into_iter()
                    .map(|view| (view.id.0, view.name, view.maintenance, view.enrolled))
                    .collect(),
                people: room.people().cloned().collect(),
                groups: room.groups().values().cloned().collect(),
                settings: room.settings().clone(),
                days: room.report_days().filter_map(|day| room.report(day).cloned()).collect(),
                left: room
                    .people()
                    .filter_map(|person| room.allowance(PersonId(person.id), None).ok())
                    .map(|allowance| (allowance.sessions_left, allowance.left_ms))
                    .collect(),
            }
        })
        .await
}

/// One thing somebody does, by number; what cannot be done is refused and changes nothing.
async fn act(bench: &Bench, what: u8, which: u8) {
    let pick = usize::from(which);
    let views = bench.call(|room| room.sessions()).await;
    let session = views.get(pick % views.len().max(1)).map(|view| view.id);
    let stations = bench.call(|room| room.stations()).await;
    let station = stations.get(pick % stations.len().max(1)).map(|view| view.id);
    let people: Vec<u32> = bench.call(|room| room.people().map(|person| person.id).collect()).await;
    let person = people.get(pick % people.len().max(1)).map(|id| PersonId(*id));
    match (what % 14, session, station, person) {
        (0, ..) => {
            let mac = Mac([0, 0x16, 0x3e, 0, 0, which]);
            if stations.iter().all(|view| view.mac != mac) {
                bench.station(which).await;
            }
        }
        (1, _, _, person) => {
            let order = Order { person, ..hour() };
            let _refused = bench.call(move |room| room.issue(STAFF, &order).map(|_| ())).await;
        }
        (2, Some(id), Some(station), _) => {
            let _refused = bench.call(move |room| room.start(STAFF, id, station).map(|_| ())).await;
        }
        (3, Some(id), ..) => {
            let delta_ms = i64::from(which) * 10_000 - 600_000;
            let _refused = bench.call(move |room| room.add_time(STAFF, id, delta_ms, false)).await;
        }
        (4, Some(id), ..) => {
            let _refused = bench.call(move |room| room.suspend(STAFF, id)).await;
        }
        (5, Some(id), ..) => {
            let _refused = bench.call(move |room| room.resume(STAFF, id)).await;
        }
        (6, Some(id), ..) => {
            let _refused = bench.call(move |room| room.end(STAFF, id)).await;
        }
        (7, _, Some(station), _) => {
            let _lease = bench.beat(station, which % 3, None).await;
        }
        (8, ..) => {
            let card = format!("{which}");
            if bench.call(move |room| room.person_of_card(&format!("{which}")).is_none()).await {
                bench.person(&card).await;
            }
        }
        (9, _, _, Some(id)) if which.is_multiple_of(4) => {
            let _refused = bench.call(move |room| room.erase_person(STAFF, id)).await;
        }
        (10, _, Some(id), _) => {
            {
                let _refused = bench.call(move |room| room.set_maintenance(STAFF, id, which.is_multiple_of(2))).await;
            };
        }
        (11, _, Some(id), _) if which.is_multiple_of(8) => {
            {
                let _refused = bench.call(move |room| room.remove_station(STAFF, id)).await;
            };
        }
        (12, ..) => {
            let settings = KioskSettings { session_minutes: 1 + u16::from(which), ..KioskSettings::default() };
            {
                let _refused = bench.call(move |room| room.set_settings(STAFF, &settings)).await;
            };
        }
        (13, ..) => bench.pass(Duration::from_secs(u64::from(which) * 60)).await,
        _ => {}
    }
}

/// Every change of every session is written down once, and nothing that did not happen is.
async fn check_journal(bench: &Bench) {
    let mut views = bench.call(|room| room.sessions()).await;
    views.extend(bench.call(|room| room.past(Default::default(), 10_000)).await);
    let entries = bench.entries().await;
    for view in views {
        let count = |kinds: &[Kind]| {
            let about = |entry: &&Entry| entry.what.object == Object::Session(view.id.0);
            entries.iter().filter(about).filter(|entry| kinds.iter().any(|kind| kind.code() == entry.what.kind)).count()
        };
        let goes = |states: &[State]| usize::from(states.contains(&view.state));
        assert_eq!(count(&[Kind::CodeIssued]), 1, "{view:?}");
        assert_eq!(count(&[Kind::CodeVoid]), goes(&[State::Void]), "{view:?}");
        assert_eq!(count(&[Kind::SessionClosed]), goes(&[State::Closed]), "{view:?}");
        assert_eq!(count(&[Kind::SessionStarted]), usize::from(view.started.is_some()), "{view:?}");
        let stopped = count(&[Kind::SessionSuspended, Kind::SessionInterrupted]);
        let went_on = count(&[Kind::SessionResumed]);
        assert!(went_on <= stopped, "{view:?}");
        assert!(count(&[Kind::SessionEnded, Kind::SessionExpired]) <= 1, "{view:?}");
    }
}

#[test]
fn what_was_answered_is_there_after_a_power_cut() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let mut runner =
        TestRunner::new(Config { cases: 4, max_shrink_iters: 0, failure_persistence: None, ..Config::default() });
    let steps = proptest::collection::vec((any::<u8>(), any::<u8>()), 30);
    runner
        .run(&steps, |steps| {
            let folder = tempfile::tempdir().unwrap();
            LocalSet::new().block_on(&runtime, async {
                let bench = Bench::open(folder.path(), clock()).await;
                for (what, which) in steps {
                    act(&bench, what, which).await;
                    let wanted = picture(&bench).await;
                    let copy = cut(&bench.folder);
                    let clock = Arc::new(HandClock::default());
                    clock.advance(crate::accounts::clock::Clock::now(&*bench.clock));
                    clock.set_wall(crate::accounts::clock::Clock::wall(&*bench.clock));
                    let back = Bench::open(copy.path(), clock).await;
                    assert_eq!(picture(&back).await, wanted, "after {what} {which}");
                    assert!(back.journal.verify().await.report.is_good());
                    check_journal(&back).await;
                    back.keeper.stop().await;
                }
                bench.keeper.stop().await;
            });
            Ok(())
        })
        .unwrap();
}

#[tokio::test]
async fn a_session_goes_on_after_the_appliance_was_cut_off() {
    with_bench(async |bench| {
        let seat = bench.station(1).await;
        let issued = bench.call(|room| room.issue(STAFF, &hour())).await.unwrap();
        let code = issued.code.expose().to_owned();
        let opened = bench.call(move |room| room.redeem(Seat::by_staff(seat), &code, 1)).await.unwrap();
        bench.pass(Duration::from_secs(600)).await;
        bench.beat(seat, 1, None).await;
        bench.pass(Duration::from_secs(60)).await;
        let copy = cut(&bench.folder);
        let back = Bench::open(copy.path(), bench.clock.clone()).await;
        let view = back.call(move |room| room.session(opened.session)).await.unwrap();
        assert_eq!((view.state, view.at_least), (State::Active, true));
        assert_eq!(view.used_ms, 600_000, "the checkpoint is at most a minute old");
        // The ticket was told, and the same code machinery knows it: the pepper came back.
        back.beat(seat, 2, None).await;
        let ticket = opened.ticket.expose().to_owned();
        let again = back.call(move |room| room.redeem(Seat::by_staff(seat), &ticket, 2)).await.unwrap();
        assert_eq!((again.session, again.ticket.expose()), (opened.session, opened.ticket.expose()));
    })
    .await;
}

/// What a seat says of a session that has shown its first warning.
fn warned(session: SessionId, done: Done) -> Option<Report> {
    let (warned, shown) = (Warned(1), Warned(1));
    Some(Report { session, epoch: 0, used_ms: 3_310_000, warned, shown, ahead_ms: 0, done })
}

#[tokio::test]
async fn what_nobody_was_answered_for_waits_for_a_batch_and_comes_back_when_it_is_lost() {
    with_bench(async |bench| {
        let seat = bench.station(1).await;
        let issued = bench.call(|room| room.issue(STAFF, &hour())).await.unwrap();
        let (id, code) = (issued.session, issued.code.expose().to_owned());
        bench.call(move |room| room.redeem(Seat::by_staff(seat), &code, 1)).await.unwrap();
        bench.pass(Duration::from_secs(3_310)).await;
        bench.beat(seat, 1, None).await;
        bench.keeper.flush().await.unwrap();
        let told =
            async |bench: &Bench, kind: Kind| bench.kinds_after(0).await.iter().filter(|one| **one == kind).count();
        let before = bench.keeper.status().counters.flushes;
        bench.beat(seat, 1, warned(id, Done::No)).await;
        assert_eq!(told(&bench, Kind::WarningShown).await, 1, "it is read at once");
        assert_eq!(bench.keeper.status().counters.flushes, before, "and costs no flush");
        // The power goes before anybody had a batch: the seat tells it again, and it is written once.
        let copy = cut(&bench.folder);
        let back = Bench::open(copy.path(), bench.clock.clone()).await;
        assert_eq!(told(&back, Kind::WarningShown).await, 0);
        for _ in 0..2 {
            back.beat(seat, 1, warned(id, Done::No)).await;
        }
        assert_eq!(told(&back, Kind::WarningShown).await, 1);
        // Whoever is answered takes it along, with what is proved.
        bench.call(move |room| room.add_time(STAFF, id, 1_000, false)).await.unwrap();
        let copy = cut(&bench.folder);
        let back = Bench::open(copy.path(), bench.clock.clone()).await;
        assert_eq!(told(&back, Kind::WarningShown).await, 1);
        assert_eq!(back.call(move |room| room.session(id)).await.unwrap().used_ms, 3_310_000);
        // The same of a session that is over: proved clean, forgotten by a power cut, and proved again.
        bench.call(move |room| room.end(STAFF, id)).await.unwrap();
        bench.call(move |room| room.wipe_proof(Seat::by_staff(seat), id, [5; 32])).await.unwrap();
        bench.beat(seat, 1, warned(id, Done::Wiped)).await;
        let copy = cut(&bench.folder);
        let back = Bench::open(copy.path(), bench.clock.clone()).await;
        let state = async |bench: &Bench| bench.call(move |room| room.session(id)).await.unwrap().state;
        assert_eq!((state(&bench).await, state(&back).await), (State::Closed, State::Ended));
        assert_eq!(back.beat(seat, 1, warned(id, Done::Ended)).await.order, lease::Order::Wipe);
        back.call(move |room| room.wipe_proof(Seat::by_staff(seat), id, [5; 32])).await.unwrap();
        back.beat(seat, 1, warned(id, Done::Wiped)).await;
        assert_eq!(state(&back).await, State::Closed);
        for kind in [Kind::SessionEnded, Kind::SessionClosed, Kind::WipeConfirmed] {
            assert_eq!((told(&bench, kind).await, told(&back, kind).await), (1, 1), "{kind:?}");
        }
    })
    .await;
}

#[tokio::test]
async fn numbers_are_never_given_twice() {
    with_bench(async |bench| {
        let seat = bench.station(1).await;
        bench.call(move |room| room.remove_station(STAFF, seat)).await.unwrap();
        let person = bench.person("1").await;
        bench.call(move |room| room.erase_person(STAFF, person)).await.unwrap();
        let copy = cut(&bench.folder);
        let back = Bench::open(copy.path(), clock()).await;
        assert_ne!(back.station(1).await, seat);
        assert_ne!(back.person("1").await, person);
    })
    .await;
}

#[tokio::test]
async fn what_is_old_is_forgotten_and_its_numbers_stay_given_away() {
    with_bench(async |bench| {
        // Dates of moments come from the machine's clock: the hand must agree with it.
        let wall = bench.call(|room| room.clocks.unix(room.moment())).await.expect("this machine has a date");
        bench.clock.set_wall(Some(wall));
        let seat = bench.station(1).await;
        let void = bench.call(|room| room.issue(STAFF, &hour())).await.unwrap().session;
        let issued = bench.call(|room| room.issue(STAFF, &hour())).await.unwrap();
        let code = issued.code.expose().to_owned();
        bench.call(move |room| room.redeem(Seat::by_staff(seat), &code, 1)).await.unwrap();
        bench.pass(Duration::from_secs(3_600)).await;
        // Restarted: nothing is left there, and the session is closed.
        bench.beat(seat, 2, None).await;
        let known = async |id| bench.call(move |room| room.session(id).map(|view| view.state)).await;
        let day = Duration::from_secs(86_400);
        assert_eq!(bench.call(Room::forget_old).await, 0);
        bench.pass(7 * day + Duration::from_secs(60)).await;
        assert_eq!(bench.call(Room::forget_old).await, 1);
        assert_eq!((known(void).await, known(issued.session).await), (None, Some(State::Closed)));
        bench.pass(23 * day).await;
        assert_eq!(bench.call(Room::forget_old).await, 1);
        assert_eq!(known(issued.session).await, None);
        assert!(bench.call(|room| room.report_days().count()).await >= 1, "what the day came to stays");
        assert_eq!(bench.call(Room::look_over).await, (0, 0));
        let copy = cut(&bench.folder);
        let back = Bench::open(copy.path(), clock()).await;
        let next = back.call(|room| room.issue(STAFF, &hour())).await.unwrap();
        assert!(next.session > issued.session, "a number in the journal is never another session's");
    })
    .await;
}

#[tokio::test]
async fn without_a_card_no_code_is_made_and_nobody_is_taken_in() {
    with_bench(async |bench| {
        let answer = bench.call(|room| {
            room.storing = false;
            let form = PersonDraft { family_name: "Tilleul".into(), ..PersonDraft::default() };
            (room.issue(STAFF, &hour()).map(|_| ()), room.add_person(STAFF, &form))
        });
        assert_eq!(answer.await, (Err(Fault::NotStoring), Err(Fault::NotStoring)));
        assert_eq!(bench.call(|room| room.sessions().len()).await, 0);
    })
    .await;
}
