//! Holds scenes of a day at the counter, each with the exact entries of the journal it must leave.
//! Never waits for real time.

use std::time::Duration;

use vigie_core::audit::Kind;
use vigie_core::kiosk::desk::{Done, Refusal, Report};
use vigie_core::kiosk::lease;
use vigie_core::kiosk::session::State;
use vigie_core::kiosk::station::{Reach, StationState};
use vigie_core::kiosk::warning::Warned;

use super::super::{Approval, Fault, Hours, KioskSettings, Knock, Knocked, Order, Seat, Stretch, Table};
use super::*;

fn report(session: vigie_core::kiosk::SessionId, used_ms: u64, done: Done) -> Option<Report> {
    Some(Report { session, epoch: 0, used_ms, warned: Warned(0), shown: Warned(0), ahead_ms: 0, done })
}

#[tokio::test]
async fn a_session_from_code_to_clean_leaves_one_entry_for_each_change() {
    with_bench(async |bench| {
        let seat = bench.station(1).await;
        let before = bench.last_number().await;
        let issued = bench.call(|room| room.issue(STAFF, &hour())).await.unwrap();
        let code = issued.code.expose().to_owned();
        let typed = code.clone();
        let opened = bench.call(move |room| room.redeem(Seat::by_staff(seat), &typed, 5)).await.unwrap();
        assert_eq!((opened.session, opened.granted_ms, opened.remaining_ms), (issued.session, 3_600_000, 3_600_000));
        // A lost answer: the same question is told the same, and nothing happens twice.
        let typed = code.clone();
        let again = bench.call(move |room| room.redeem(Seat::by_staff(seat), &typed, 5)).await.unwrap();
        assert_eq!((again.session, again.ticket.expose()), (opened.session, opened.ticket.expose()));
        let id = opened.session;
        bench.pass(Duration::from_secs(600)).await;
        assert_eq!(bench.beat(seat, 1, None).await.used_ms, 600_000);
        assert_eq!(bench.call(move |room| room.add_time(STAFF, id, 900_000, false)).await, Ok(900_000));
        bench.call(move |room| room.suspend(STAFF, id)).await.unwrap();
        bench.pass(Duration::from_secs(600)).await;
        bench.call(move |room| room.resume(STAFF, id)).await.unwrap();
        let ended = bench.call(move |room| room.end(STAFF, id)).await.unwrap();
        assert_eq!((ended.state, ended.used_ms, ended.granted_ms), (State::Ended, 600_000, 4_500_000));
        let twice = bench.call(move |room| room.end(STAFF, id)).await.unwrap();
        assert_eq!(twice.state, State::Ended, "two people press the same button");
        assert_eq!(bench.beat(seat, 1, report(id, 600_000, Done::Ended)).await.order, lease::Order::Wipe);
        bench.beat(seat, 1, report(id, 600_000, Done::Wiped)).await;
        for _ in 0..2 {
            bench.call(move |room| room.wipe_proof(Seat::by_staff(seat), id, [5; 32])).await.unwrap();
        }
        let view = bench.call(move |room| room.session(id)).await.unwrap();
        assert_eq!((view.state, view.used_ms, view.remaining_ms, view.percent()), (State::Closed, 600_000, 0, 13));
        assert_eq!(bench.call(move |room| room.station(seat)).await.unwrap().state, StationState::Available);
        let expected = [
            Kind::CodeIssued,
            Kind::SessionStarted,
            Kind::SessionExtended,
            Kind::SessionSuspended,
            Kind::StationUnreachable,
            Kind::StationOffline,
            Kind::SessionResumed,
            Kind::SessionEnded,
            Kind::StationOnline,
            Kind::SessionClosed,
            Kind::WipeConfirmed,
        ];
        let mut kinds = bench.kinds_after(before).await;
        // Both silences before the suspension ended a beat later: the order of the seat's own entries does not matter here.
        kinds.retain(|kind| !matches!(kind, Kind::StationUnreachable | Kind::StationOffline | Kind::StationOnline));
        let wanted: Vec<Kind> = expected
            .into_iter()
            .filter(|kind| !matches!(kind, Kind::StationUnreachable | Kind::StationOffline | Kind::StationOnline))
            .collect();
        assert_eq!(kinds, wanted);
        let today = bench.call(|room| room.report(room.today().unwrap()).cloned()).await.unwrap();
        assert_eq!((today.issued, today.started, today.ended, today.closed), (1, 1, 1, 1));
        assert_eq!((today.used_ms, today.granted_ms), (600_000, 4_500_000));
    })
    .await;
}

#[tokio::test]
async fn time_that_is_up_ends_by_itself_and_codes_grow_old() {
    with_bench(async |bench| {
        let seat = bench.station(1).await;
        let issued = bench.call(|room| room.issue_batch(STAFF, &hour(), 3)).await.unwrap();
        let code = issued[0].code.expose().to_owned();
        bench.call(move |room| room.redeem(Seat::by_staff(seat), &code, 1)).await.unwrap();
        bench.pass(Duration::from_secs(3_600)).await;
        let states = bench.call(|room| room.sessions().iter().map(|view| view.state).collect::<Vec<_>>()).await;
        assert_eq!(states, [State::Expired], "the two other codes are void");
        let void = bench.call(|room| room.past(Default::default(), 10)).await;
        assert_eq!(void.iter().map(|view| view.state).collect::<Vec<_>>(), [State::Void, State::Void]);
    })
    .await;
}

#[tokio::test]
async fn a_wrong_code_says_nothing_and_is_counted() {
    with_bench(async |bench| {
        let seat = bench.station(1).await;
        let wrong = Err(Fault::Desk(Refusal::WrongCode));
        for typed in ["0000-0000", "", "zz", "ILOU-ILOU"] {
            let answer = bench.call(move |room| room.redeem(Seat::by_staff(seat), typed, 1).map(|_| ())).await;
            assert_eq!(answer, wrong, "{typed}");
        }
        bench.call(move |room| room.redeem(Seat::by_staff(seat), "1111-1111", 1).map(|_| ())).await.unwrap_err();
        let answer = bench.call(move |room| room.redeem(Seat::by_staff(seat), "1111-1111", 1).map(|_| ())).await;
        assert!(matches!(answer, Err(Fault::Desk(Refusal::TooSoon(_)))), "{answer:?}");
        let kinds = bench.kinds_after(0).await;
        assert_eq!(kinds.iter().filter(|kind| **kind == Kind::CodeRefused).count(), 5);
    })
    .await;
}

#[tokio::test]
async fn no_session_outlasts_the_hours_unless_staff_says_so() {
    with_bench(async |bench| {
        let seat = bench.station(1).await;
        let hours = Hours([[Some(Stretch { opens: 8 * 60, closes: 9 * 60 }), None]; 7]);
        let settings = KioskSettings { hours: Some(hours), ..KioskSettings::default() };
        assert!(bench.call(move |room| room.set_settings(STAFF, &settings)).await.unwrap());
        bench.pass(Duration::from_secs(1_800)).await;
        let issued = bench.call(|room| room.issue(STAFF, &hour())).await.unwrap();
        let code = issued.code.expose().to_owned();
        let opened = bench.call(move |room| room.redeem(Seat::by_staff(seat), &code, 1)).await.unwrap();
        assert_eq!(opened.granted_ms, 30 * 60_000, "half an hour is left until nine");
        let id = opened.session;
        let closed = Err(Fault::Desk(Refusal::Closed));
        assert_eq!(bench.call(move |room| room.add_time(STAFF, id, 60_000, false)).await, closed);
        assert_eq!(bench.call(move |room| room.add_time(STAFF, id, 60_000, true)).await, Ok(60_000));
        bench.pass(Duration::from_secs(3_600)).await;
        let other = bench.station(2).await;
        let issued = bench.call(|room| room.issue(STAFF, &hour())).await.unwrap();
        let code = issued.code.expose().to_owned();
        let answer = bench.call(move |room| room.redeem(Seat::by_staff(other), &code, 2).map(|_| ())).await;
        assert_eq!(answer, Err(Fault::Desk(Refusal::Closed)));
        let late = Order { past_closing: true, ..hour() };
        let issued = bench.call(move |room| room.issue(STAFF, &late)).await.unwrap();
        let code = issued.code.expose().to_owned();
        let opened = bench.call(move |room| room.redeem(Seat::by_staff(other), &code, 3)).await.unwrap();
        assert_eq!(opened.granted_ms, 3_600_000);
    })
    .await;
}

#[tokio::test]
async fn a_machine_is_let_in_by_its_number_and_gets_a_new_token_at_every_boot() {
    with_bench(async |bench| {
        let knock = Knock {
            mac: Mac([0, 0x16, 0x3e, 0, 0, 9]),
            name: "pc-9".into(),
            boot: BootId([1; 16]),
            agent_version: "0.1".into(),
            question: [4; 32],
            from: [192, 0, 2, 9].into(),
        };
        let asked = knock.clone();
        let Ok(Knocked::Waiting { number }) = bench.call(move |room| room.knock(&asked)).await else { panic!() };
        let asked = knock.clone();
        let again = bench.call(move |room| room.knock(&asked)).await.unwrap();
        assert!(matches!(again, Knocked::Waiting { number: same } if same == number));
        assert_eq!(bench.call(|room| room.knocking().len()).await, 1);
        let approval = Approval { name: "Window".into(), ..Approval::default() };
        let station = bench.call(move |room| room.approve(STAFF, number, &approval)).await.unwrap();
        let told = bench.call(|room| room.knocked(&[4; 32])).await;
        let Knocked::Approved { token, .. } = told else { panic!("{told:?}") };
        let first = bench.kiosk.open_token(token.expose()).unwrap();
        assert_eq!(first.station, station);
        let beat = |boot: u8| Beat { boot: BootId([boot; 16]), nonce: [1; 16], lease_seq: 0, report: None };
        let answer = bench.call(move |room| room.beat(first, &beat(1), &Said::default())).await.unwrap();
        assert!(answer.rotate.is_none(), "the boot it was let in in");
        assert!(matches!(bench.call(|room| room.knocked(&[4; 32])).await, Knocked::Unknown), "told until it was used");
        let answer = bench.call(move |room| room.beat(first, &beat(2), &Said::default())).await.unwrap();
        let next = answer.rotate.unwrap();
        let answer = bench.call(move |room| room.beat(first, &beat(2), &Said::default())).await.unwrap();
        assert_eq!(answer.rotate.unwrap().expose(), next.expose(), "a lost answer is told again");
        assert!(bench.kiosk.open_token(token.expose()).is_some(), "good until the new one was used");
        let second = bench.kiosk.open_token(next.expose()).unwrap();
        let answer = bench.call(move |room| room.beat(second, &beat(2), &Said::default())).await.unwrap();
        assert!(answer.rotate.is_none());
        assert!(bench.kiosk.open_token(token.expose()).is_none());
        assert!(bench.kiosk.open_token(next.expose()).is_some());
        // The same seat for another machine: what was let in before is out.
        let other = Knock { question: [5; 32], mac: Mac([0, 0x16, 0x3e, 0, 0, 10]), ..knock };
        let Ok(Knocked::Waiting { number }) = bench.call(move |room| room.knock(&other)).await else { panic!() };
        let approval = Approval { station: Some(station), ..Approval::default() };
        assert_eq!(bench.call(move |room| room.approve(STAFF, number, &approval)).await, Ok(station));
        assert!(bench.kiosk.open_token(next.expose()).is_none());
        bench.call(move |room| room.remove_station(STAFF, station)).await.unwrap();
        assert_eq!(bench.kiosk.open_token(token.expose()), None);
    })
    .await;
}

#[tokio::test]
async fn who_says_the_mac_of_another_does_not_take_its_place_in_the_row() {
    with_bench(async |bench| {
        let mine = |question: u8, last: u8| Knock {
            mac: Mac([0, 0x16, 0x3e, 1, 0, 1]),
            name: String::new(),
            boot: BootId([1; 16]),
            agent_version: String::new(),
            question: [question; 32],
            from: [192, 0, 2, last].into(),
        };
        for knock in [mine(1, 1), mine(2, 66)] {
            bench.call(move |room| room.knock(&knock)).await.unwrap();
        }
        let waits = async |question: u8| {
            matches!(bench.call(move |room| room.knocked(&[question; 32])).await, Knocked::Waiting { .. })
        };
        assert!(waits(1).await && waits(2).await);
        // Restarted, a machine waits once.
        bench.call(move |room| room.knock(&mine(3, 1))).await.unwrap();
        assert!(!waits(1).await && waits(2).await && waits(3).await);
    })
    .await;
}

#[tokio::test]
async fn waiting_machines_have_an_end_and_go_by_themselves() {
    with_bench(async |bench| {
        // Six from each address, and no more.
        for n in 0..16_u8 {
            let knock = Knock {
                mac: Mac([0, 0x16, 0x3e, 1, 0, n]),
                name: String::new(),
                boot: BootId([1; 16]),
                agent_version: String::new(),
                question: [n; 32],
                from: [192, 0, 2, n / 6].into(),
            };
            let asked = knock.clone();
            bench.call(move |room| room.knock(&asked)).await.unwrap();
            if n == 5 {
                let seventh = Knock { mac: Mac([0, 0x16, 0x3e, 2, 0, n]), question: [100; 32], ..knock };
                let full = bench.call(move |room| room.knock(&seventh).map(|_| ())).await;
                assert_eq!(full, Err(Fault::Full(Table::EnrolmentFromOne)));
            }
        }
        let more = Knock {
            mac: Mac([0, 0x16, 0x3e, 1, 1, 0]),
            name: String::new(),
            boot: BootId([1; 16]),
            agent_version: String::new(),
            question: [99; 32],
            from: [192, 0, 2, 99].into(),
        };
        let asked = more.clone();
        let full = bench.call(move |room| room.knock(&asked).map(|_| ())).await;
        assert_eq!(full, Err(Fault::Full(Table::Enrolment)));
        bench.pass(Duration::from_secs(15 * 60)).await;
        assert!(bench.call(move |room| room.knock(&more)).await.is_ok());
        assert_eq!(bench.call(|room| room.knocking().len()).await, 1);
    })
    .await;
}

#[tokio::test]
async fn the_language_is_that_of_the_set_up_until_the_settings_say_otherwise() {
    with_bench(async |bench| {
        assert!(!bench.call(|room| room.settings().french).await, "the bench was set up in English");
        let settings = KioskSettings { french: true, ..KioskSettings::default() };
        assert_eq!(bench.call(move |room| room.set_settings(STAFF, &settings)).await, Ok(true));
        let copy = cut(&bench.folder);
        let back = Bench::open(copy.path(), clock()).await;
        assert!(back.call(|room| room.settings().french).await);
    })
    .await;
}

#[tokio::test]
async fn a_loose_cable_does_not_fill_the_journal() {
    with_bench(async |bench| {
        let seat = bench.station(1).await;
        for _ in 0..50 {
            bench.pass(Duration::from_secs(31)).await;
            bench.beat(seat, 1, None).await;
        }
        let entries = bench.entries().await;
        let of = |kind: Kind| entries.iter().filter(move |entry| entry.what.kind == kind.code());
        let written = of(Kind::StationOnline).count() + of(Kind::StationUnreachable).count();
        assert!(written <= 8, "{written}");
        let view = bench.call(move |room| room.station(seat)).await.unwrap();
        assert_eq!(view.reach, Reach::Online);
    })
    .await;
}

#[tokio::test]
async fn names_and_addresses_are_nobody_elses() {
    with_bench(async |bench| {
        let seat = bench.station(1).await;
        let draft = |mac: u8, ip: Option<&str>| StationDraft {
            name: "Other".into(),
            mac: Mac([0, 0x16, 0x3e, 0, 0, mac]),
            ip: ip.map(|ip| ip.parse().unwrap()),
            group: None,
        };
        let same = draft(1, None);
        assert_eq!(bench.call(move |room| room.add_station(STAFF, &same)).await, Err(Fault::MacTaken));
        let moved = draft(1, Some("10.0.0.9"));
        assert_eq!(bench.call(move |room| room.edit_station(STAFF, seat, &moved)).await, Ok(true));
        let same = draft(2, Some("10.0.0.9"));
        assert_eq!(bench.call(move |room| room.add_station(STAFF, &same)).await, Err(Fault::IpTaken));
        for bad in [draft(2, Some("0.0.0.0")), StationDraft { mac: Mac([0xff; 6]), ..draft(2, None) }] {
            assert!(matches!(bench.call(move |room| room.add_station(STAFF, &bad)).await, Err(Fault::Field(_))));
        }
        assert_eq!(bench.call(|room| room.station_at("10.0.0.9".parse().unwrap())).await, Some(seat));
    })
    .await;
}

#[tokio::test]
async fn full_tables_refuse_clearly_and_go_on() {
    with_bench(async |bench| {
        for n in 0..256_u16 {
            let [high, low] = n.to_be_bytes();
            let mac = Mac([0, 0x16, 0x3e, 0, high, low]);
            let draft = StationDraft { name: format!("{n}"), mac, ip: None, group: None };
            bench.call(move |room| room.add_station(STAFF, &draft)).await.unwrap();
        }
        let draft = StationDraft { name: "more".into(), mac: Mac([0, 0x16, 0x3e, 9, 9, 9]), ip: None, group: None };
        let full = bench.call(move |room| room.add_station(STAFF, &draft)).await;
        assert_eq!(full, Err(Fault::Full(Table::Stations)));
        for _ in 0..25 {
            bench.call(|room| room.issue_batch(STAFF, &hour(), 40)).await.unwrap();
        }
        let full = bench.call(|room| room.issue_batch(STAFF, &hour(), 40).map(|issued| issued.len())).await;
        assert_eq!(full, Err(Fault::Full(Table::Sessions)), "all of a batch or none");
        assert_eq!(bench.call(|room| room.sessions().len()).await, 1_000);
        bench.call(|room| room.issue_batch(STAFF, &hour(), 24)).await.unwrap();
        let first = bench.call(|room| room.sessions()[0].id).await;
        bench.call(move |room| room.end(STAFF, first)).await.unwrap();
        bench.call(|room| room.issue(STAFF, &hour())).await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn why_staff_ended_a_session_stands_in_the_journal_as_far_as_it_fits() {
    with_bench(async |bench| {
        let seat = bench.station(1).await;
        for (reason, kept) in [
            ("The library\ncloses.", "workstation 1: The library closes."),
            ("", "workstation 1"),
            (&"é".repeat(60), &*format!("workstation 1: {}", "é".repeat(24))),
        ] {
            let issued = bench.call(|room| room.issue(STAFF, &hour())).await.unwrap();
            let (id, code) = (issued.session, issued.code.expose().to_owned());
            bench.call(move |room| room.redeem(Seat::by_staff(seat), &code, 1)).await.unwrap();
            let reason = reason.to_owned();
            bench.call(move |room| room.end_because(STAFF, id, &reason).map(|_| ())).await.unwrap();
            bench.beat(seat, 1, report(id, 0, Done::Wiped)).await;
            let entries = bench.entries().await;
            let ended = entries.iter().rev().find(|entry| entry.what.kind == Kind::SessionEnded.code()).unwrap();
            assert_eq!(&*ended.what.detail, kept);
        }
    })
    .await;
}
