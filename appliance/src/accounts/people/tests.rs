//! Holds the proofs about accounts beyond the first: who may be left, what survives a failing card, what ends when.
//! It never uses the product's hashing strength: that would take seconds.
//! `cargo test` runs it.

use std::sync::Arc;

use super::*;
use crate::accounts::clock::HandClock;
use crate::accounts::password::{Hasher, Weakness};
use crate::accounts::store::{AccountStore, RamStore};
use crate::accounts::token::DeviceKey;

const GOOD: &str = "correct horse battery";
const HERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(10, 0, 0, 9));

fn secret(text: &str) -> Secret {
    Secret::new(text.into())
}

fn open(store: Arc<RamStore>) -> Accounts {
    let clock = Arc::new(HandClock::default());
    let key = DeviceKey::from_seed(&[7; 32]);
    Accounts::open(store, clock, key, Hasher::with_cost(64, 1)).unwrap().0
}

async fn with_admin() -> (Accounts, Arc<RamStore>) {
    let store = Arc::new(RamStore::default());
    let accounts = open(store.clone());
    accounts.create_first_admin("ada", secret(GOOD), *b"en").await.unwrap();
    (accounts, store)
}

fn wanted(username: &str, role: Role) -> Wanted {
    Wanted { username: username.into(), display_name: String::new(), role, language: *b"fr", password: None }
}

fn refusal<T>(outcome: Result<T, Refusal>) -> Option<Refusal> {
    outcome.err()
}

async fn password_of(accounts: &Accounts, wanted: Wanted) -> (Account, Secret) {
    match accounts.create(wanted).await {
        Ok((account, HandedOut::Password(password))) => (account, password),
        _ => panic!("a person with a password"),
    }
}

#[tokio::test]
async fn a_new_person_must_change_the_password_they_were_given() {
    let (accounts, store) = with_admin().await;
    let (eve, temporary) = password_of(&accounts, wanted("eve", Role::Operator)).await;
    assert_eq!((eve.number, eve.must_change, temporary.expose().len()), (2, true, 19));
    assert_eq!(accounts.log_in(HERE, "eve", temporary.clone()).await, Ok(2));
    let cookie = accounts.open_page(2).unwrap();
    let who = accounts.open_cookie(cookie.expose(), true).unwrap();
    assert!(who.must_change);
    let other = accounts.open_page(2).unwrap();
    let same = accounts.change_own_password(&who, HERE, temporary.clone(), temporary.clone()).await;
    assert_eq!(same, Err(Refusal::BadPassword(Weakness::Same)));
    let wrong = accounts.change_own_password(&who, HERE, secret("not this one"), secret(GOOD)).await;
    assert_eq!(wrong, Err(Refusal::WrongCredentials));
    accounts.change_own_password(&who, HERE, temporary.clone(), secret(GOOD)).await.unwrap();
    assert!(!accounts.open_cookie(cookie.expose(), true).unwrap().must_change, "this session goes on");
    assert!(accounts.open_cookie(other.expose(), true).is_none(), "the others have ended");
    let again = open(store);
    assert_eq!(again.log_in(HERE, "EVE", secret(GOOD)).await, Ok(2));
    assert_eq!(again.log_in(HERE, "eve", temporary).await, Err(Refusal::WrongCredentials));
}

#[tokio::test]
async fn the_last_administrator_who_can_log_in_stays() {
    let (accounts, _) = with_admin().await;
    let demote = || Change { role: Some(Role::Viewer), ..Change::default() };
    let off = || Change { enabled: Some(false), ..Change::default() };
    assert_eq!(refusal(accounts.change(1, None, demote()).await), Some(Refusal::LastAdmin));
    assert_eq!(refusal(accounts.change(1, None, off()).await), Some(Refusal::LastAdmin));
    assert_eq!(accounts.remove(1, None).await, Err(Refusal::LastAdmin));
    let (eve, _) = password_of(&accounts, wanted("eve", Role::Admin)).await;
    accounts.change(eve.number, None, off()).await.unwrap();
    assert_eq!(accounts.remove(1, None).await, Err(Refusal::LastAdmin), "a disabled one does not count");
    accounts.change(eve.number, None, Change { enabled: Some(true), ..Change::default() }).await.unwrap();
    let (first, second) = tokio::join!(accounts.change(1, None, demote()), accounts.change(2, None, demote()));
    assert_eq!(u8::from(first.is_ok()) + u8::from(second.is_ok()), 1, "two at once leave one");
}

#[tokio::test]
async fn a_change_ends_sessions_when_it_takes_something_away() {
    let (accounts, _) = with_admin().await;
    let (eve, _) = password_of(&accounts, wanted("eve", Role::Operator)).await;
    let cookie = accounts.open_page(eve.number).unwrap();
    let rename = Change { display_name: Some("Eve".into()), language: Some(*b"en"), ..Change::default() };
    let (before, after) = accounts.change(2, Some(eve.revision), rename).await.unwrap();
    assert_eq!((before.display_name.as_str(), after.display_name.as_str(), after.language), ("", "Eve", *b"en"));
    assert!(accounts.open_cookie(cookie.expose(), true).is_some());
    let stale = accounts.change(2, Some(eve.revision), Change::default()).await;
    assert_eq!(refusal(stale), Some(Refusal::Stale));
    accounts.change(2, None, Change { role: Some(Role::Viewer), ..Change::default() }).await.unwrap();
    assert!(accounts.open_cookie(cookie.expose(), true).is_none());
    let tokens = accounts.open_tokens(2).unwrap();
    let reset = accounts.reset_password(2, None, None).await.unwrap();
    assert!(accounts.open_access(tokens.access.expose()).is_none());
    assert_eq!(accounts.log_in(HERE, "eve", reset).await, Ok(2));
    accounts.open_page(2).unwrap();
    assert_eq!(accounts.sessions_of(2).len(), 1);
    assert!(!accounts.end_session_of(1, accounts.sessions_of(2)[0].id.0), "of another account");
    assert_eq!(accounts.end_sessions_of(2, None), 1);
    accounts.remove(2, None).await.unwrap();
    assert_eq!((accounts.name_of(2), refusal(accounts.open_tokens(2))), (None, Some(Refusal::BadToken)));
}

#[tokio::test]
async fn a_number_is_never_given_again() {
    let (accounts, store) = with_admin().await;
    password_of(&accounts, wanted("eve", Role::Viewer)).await;
    accounts.remove(2, None).await.unwrap();
    let again = open(store);
    assert!(!again.needs_setup());
    assert_eq!(password_of(&again, wanted("bob", Role::Viewer)).await.0.number, 3);
}

#[tokio::test]
async fn a_screen_has_a_token_and_never_a_password() {
    let (accounts, store) = with_admin().await;
    let Ok((account, HandedOut::Token(token))) = accounts.create(wanted("hall", Role::Screen)).await else {
        panic!("a token")
    };
    let again = open(store.clone());
    let who = again.open_lasting(token.expose(), Some(HERE)).unwrap();
    assert_eq!((who.account, who.role), (account.number, Role::Screen));
    assert!(!who.may_touch_station("1") && !who.may_touch_station(""));
    assert!(again.is_alive(&who));
    let mut wrong = token.expose().to_owned();
    wrong.pop();
    assert!(again.open_lasting(&wrong, None).is_none());
    assert_eq!(again.log_in(HERE, "hall", token.clone()).await, Err(Refusal::WrongCredentials));
    assert_eq!(refusal(again.reset_password(account.number, None, None).await), Some(Refusal::OtherSort));
    let fresh = again.renew_lasting(account.number, None).await.unwrap();
    assert!(again.open_lasting(token.expose(), None).is_none() && !again.is_alive(&who));
    assert!(again.open_lasting(fresh.expose(), None).is_some());
    again.change(account.number, None, Change { enabled: Some(false), ..Change::default() }).await.unwrap();
    assert!(again.open_lasting(fresh.expose(), None).is_none());
    let person = again.change(account.number, None, Change { role: Some(Role::Admin), ..Change::default() }).await;
    assert_eq!(refusal(person), Some(Refusal::OtherSort));
    assert_eq!(refusal(accounts.renew_lasting(1, None).await), Some(Refusal::OtherSort));
}

#[tokio::test]
async fn a_workstation_is_given_no_account_and_one_of_an_earlier_version_opens_nothing() {
    let (accounts, store) = with_admin().await;
    assert_eq!(refusal(accounts.create(wanted("till", Role::Agent)).await), Some(Refusal::NoAccountRole));
    let (eve, _) = password_of(&accounts, wanted("eve", Role::Viewer)).await;
    let agent = || Change { role: Some(Role::Agent), ..Change::default() };
    assert_eq!(refusal(accounts.change(eve.number, None, agent()).await), Some(Refusal::NoAccountRole));

    let (token, digest) = lasting::draw_for(9).unwrap();
    let kept = AccountRecord {
        role: Role::Agent.byte(),
        station: "pc-1".into(),
        token: Some(digest),
        ..AccountRecord::new(9, "till", *b"fr")
    };
    store.save(9, kept.to_bytes()).await.unwrap();
    let again = open(store.clone());
    let old = again.find(9).unwrap();
    assert_eq!((old.role, old.has_token, old.enabled), (Some(Role::Agent), true, true), "it is still there");
    assert!(again.open_lasting(token.expose(), Some(HERE)).is_none());
    assert_eq!(refusal(again.renew_lasting(9, None).await), Some(Refusal::OtherSort));
    let screen = Change { role: Some(Role::Screen), ..Change::default() };
    assert_eq!(refusal(again.change(9, None, screen).await), Some(Refusal::OtherSort));
    let off = Change { enabled: Some(false), ..agent() };
    assert!(!again.change(9, None, off).await.unwrap().1.enabled, "what it is already may be said");
    again.remove(9, None).await.unwrap();
    assert!(again.find(9).is_none() && open(store).find(9).is_none());
}

#[tokio::test]
async fn names_are_unique_without_case_and_the_table_has_an_end() {
    let (accounts, _) = with_admin().await;
    assert_eq!(refusal(accounts.create(wanted("ADA", Role::Viewer)).await), Some(Refusal::NameTaken));
    let long = Wanted { display_name: "x".repeat(65), ..wanted("eve", Role::Viewer) };
    assert_eq!(refusal(accounts.create(long).await), Some(Refusal::BadDisplayName));
    for n in 1..MAX_ACCOUNTS {
        accounts.create(wanted(&format!("screen{n}"), Role::Screen)).await.map(|_| ()).unwrap();
    }
    assert_eq!(refusal(accounts.create(wanted("eve", Role::Viewer)).await), Some(Refusal::Full));
    accounts.remove(9, None).await.unwrap();
    password_of(&accounts, wanted("eve", Role::Viewer)).await;
}

#[tokio::test]
async fn a_card_that_takes_nothing_changes_nothing() {
    let (accounts, store) = with_admin().await;
    password_of(&accounts, wanted("eve", Role::Operator)).await;
    let before = (accounts.list(), store.load());
    store.break_down();
    assert_eq!(refusal(accounts.create(wanted("bob", Role::Viewer)).await), Some(Refusal::NotSaved));
    let off = Change { enabled: Some(false), ..Change::default() };
    assert_eq!(refusal(accounts.change(2, None, off).await), Some(Refusal::NotSaved));
    assert_eq!(accounts.remove(2, None).await, Err(Refusal::NotSaved));
    assert_eq!(refusal(accounts.reset_password(2, None, None).await), Some(Refusal::NotSaved));
    assert_eq!((accounts.list(), store.load()), before);
}

#[tokio::test]
async fn the_same_work_is_done_for_whoever_logs_in() {
    let (accounts, _) = with_admin().await;
    accounts.create(wanted("hall", Role::Screen)).await.map(|_| ()).unwrap();
    let before = accounts.hasher.work_done();
    for (done, name) in [(1, "ada"), (2, "nobody"), (3, "hall")] {
        assert_eq!(accounts.log_in(HERE, name, secret("a wrong password")).await, Err(Refusal::WrongCredentials));
        assert_eq!(accounts.hasher.work_done() - before, done * 64, "one whole run for {name}");
    }
}
