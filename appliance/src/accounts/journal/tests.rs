//! Holds the proofs that acts come back as they were, that floods are counted, and that a log can be verified while in use.
//! It never uses a real medium: the shell's tests do.
//! `cargo test` runs it.

use super::*;
use crate::accounts::clock::HandClock;
use crate::accounts::token::DeviceKey;

fn journal() -> (Journal, Arc<HandClock>) {
    let clock = Arc::new(HandClock::default());
    clock.set_wall(Some(Duration::from_secs(1_800_000_000)));
    let store = Arc::new(RamJournal::new(DeviceKey::from_seed(&[7; 32])));
    (Journal::new(store, clock.clone(), 3), clock)
}

#[tokio::test]
async fn an_act_comes_back_with_who_what_when_and_where() {
    let (journal, clock) = journal();
    clock.advance(Duration::from_millis(1_500));
    let act = Act::new(Kind::AccountChanged, Actor::Account(1))
        .from("::ffff:10.0.0.9".parse().unwrap())
        .on(Object::Account(2))
        .saying("role viewer to operator");
    journal.write(act).await.unwrap();
    let kept = journal.newest(u64::MAX, 9, Box::new(|_| true)).await;
    let what = &kept[0].entry.what;
    assert_eq!((what.at, what.wall_ms), (Moment { boot: 3, ms: 1_500 }, 1_800_000_001_500));
    assert_eq!(
        (what.actor, &what.object, &*what.detail),
        (Actor::Account(1), &Object::Account(2), "role viewer to operator")
    );
    assert_eq!(what.from, Some("10.0.0.9".parse().unwrap()));
    assert!(journal.verify().await.report.is_good());
    assert_eq!(journal.verified().unwrap().report.entries, 1);
}

#[tokio::test]
async fn a_guesser_makes_a_few_entries_that_say_how_many_tries_there_were() {
    let (journal, clock) = journal();
    let failure = |n: u8| Act::new(Kind::LoginFailed, Actor::Stranger).from(IpAddr::from([10, 0, 0, n]));
    for _ in 0..1_000 {
        journal.note_failure(failure(1));
    }
    clock.advance(Duration::from_secs(15 * 60));
    journal.note_failure(failure(1));
    journal.note_failure(failure(2));
    let kept = journal.newest(u64::MAX, 99, Box::new(|_| true)).await;
    let counts: Vec<u32> = kept.iter().map(|kept| kept.entry.what.count).collect();
    assert_eq!(counts, [1, 1_000, 1]);
    // Those who give up are told too, once it is quiet.
    journal.note_failure(failure(2));
    journal.note_failure(failure(2));
    journal.tell_held();
    assert_eq!(journal.newest(u64::MAX, 99, Box::new(|_| true)).await.len(), 3);
    clock.advance(Duration::from_secs(15 * 60));
    journal.tell_held();
    journal.tell_held();
    let kept = journal.newest(u64::MAX, 99, Box::new(|_| true)).await;
    assert_eq!((kept.len(), kept[0].entry.what.count, kept[0].entry.what.from), (4, 2, failure(2).from));
}

#[tokio::test]
async fn a_long_journal_lets_the_oldest_go_and_still_verifies() {
    let (journal, _) = journal();
    for _ in 0..1_500 {
        journal.note(Act::new(Kind::Login, Actor::Account(1)));
    }
    let report = journal.verify().await.report;
    assert!(report.is_good() && report.entries <= 1_024 && report.head.number == 1_500, "{report:?}");
}
