//! Holds the tests of the accounts as a whole, over a store in RAM and a clock moved by hand.
//! It never sleeps.
//! `cargo test` runs it.

use super::clock::HandClock;
use super::store::RamStore;
use super::*;
use crate::accounts::session::ACCESS_LIFE;

const HERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 168, 1, 20));
const GOOD: &str = "correct horse battery";

struct Bench {
    accounts: Arc<Accounts>,
    code: Option<Secret>,
    store: Arc<RamStore>,
    clock: Arc<HandClock>,
}

fn secret(text: &str) -> Secret {
    Secret::new(text.into())
}

fn open(store: Arc<RamStore>) -> Bench {
    let clock = Arc::new(HandClock::default());
    let key = DeviceKey::from_seed(&[3; 32]);
    let (accounts, code) =
        Accounts::open(store.clone(), clock.clone(), key, Hasher::with_cost(64, 1)).expect("randomness");
    Bench { accounts: Arc::new(accounts), code, store, clock }
}

async fn open_with_admin() -> Bench {
    let bench = open(Arc::default());
    bench.accounts.create_first_admin("ada", secret(GOOD), *b"en").await.unwrap();
    bench
}

#[tokio::test]
async fn the_code_makes_one_admin_who_is_there_after_a_restart() {
    let bench = open(Arc::default());
    let code = bench.code.clone().unwrap();
    assert!(bench.accounts.needs_setup());
    bench.accounts.set_up(HERE, &code, "ada", secret(GOOD), *b"fr").await.unwrap();
    assert!(!bench.accounts.needs_setup());
    assert_eq!(
        bench.accounts.set_up(HERE, &code, "eve", secret(GOOD), *b"fr").await,
        Err(Refusal::AlreadySetUp),
        "a code is good once"
    );

    let again = open(bench.store);
    assert!(again.code.is_none() && !again.accounts.needs_setup());
    let number = again.accounts.log_in(HERE, "ADA", secret(GOOD)).await.unwrap();
    let cookie = again.accounts.open_page(number).unwrap();
    let who = again.accounts.open_cookie(cookie.expose(), true).unwrap();
    assert_eq!((&*who.username, who.role, &who.language), ("ada", Role::Admin, b"fr"));
}

#[tokio::test]
async fn a_wrong_code_is_refused_and_slowed_down() {
    let bench = open(Arc::default());
    for _ in 0..6 {
        let refused = bench.accounts.set_up(HERE, &secret("AAAA-AAAA"), "ada", secret(GOOD), *b"en").await;
        assert_eq!(refused, Err(Refusal::WrongCode));
    }
    let code = bench.code.clone().unwrap();
    let refused = bench.accounts.set_up(HERE, &code, "ada", secret(GOOD), *b"en").await;
    assert_eq!(refused, Err(Refusal::TooSoon(Duration::from_secs(1))));
    bench.clock.advance(Duration::from_secs(1));
    assert_eq!(bench.accounts.set_up(HERE, &code, "ada", secret(GOOD), *b"en").await, Ok(1));
}

#[tokio::test]
async fn what_the_medium_refuses_has_not_happened() {
    let bench = open(Arc::default());
    bench.store.break_down();
    let refused = bench.accounts.create_first_admin("ada", secret(GOOD), *b"en").await;
    assert_eq!(refused, Err(Refusal::NotSaved));
    assert!(bench.accounts.needs_setup());
    assert_eq!(bench.accounts.log_in(HERE, "ada", secret(GOOD)).await, Err(Refusal::WrongCredentials));
}

#[tokio::test]
async fn a_record_that_cannot_be_read_does_not_reopen_the_set_up() {
    let store = Arc::new(RamStore::default());
    store.save(1, vec![99, 1, 2]).await.unwrap();
    let bench = open(store);
    assert!(bench.code.is_none() && !bench.accounts.needs_setup());
}

#[tokio::test]
async fn names_and_passwords_are_checked_before_the_code_is_spent() {
    let bench = open(Arc::default());
    let code = bench.code.clone().unwrap();
    for name in ["", "a b", "ada\n", "é", &"x".repeat(65)] {
        let refused = bench.accounts.set_up(HERE, &code, name, secret(GOOD), *b"en").await;
        assert_eq!(refused, Err(Refusal::BadUsername), "{name:?}");
    }
    let refused = bench.accounts.set_up(HERE, &code, "ada", secret("short"), *b"en").await;
    assert_eq!(refused, Err(Refusal::BadPassword(Weakness::TooShort)));
    assert_eq!(bench.accounts.set_up(HERE, &code, "ada", secret(GOOD), *b"en").await, Ok(1));
}

#[tokio::test]
async fn two_set_ups_at_once_make_one_admin() {
    let bench = open(Arc::default());
    let (first, second) = tokio::join!(
        bench.accounts.create_first_admin("ada", secret(GOOD), *b"en"),
        bench.accounts.create_first_admin("eve", secret(GOOD), *b"en"),
    );
    assert_eq!(first, Ok(1));
    assert!(matches!(second, Err(Refusal::Busy | Refusal::AlreadySetUp)), "{second:?}");
    assert_eq!(bench.store.load().len(), 1);
}

#[test]
fn a_set_up_given_up_half_way_can_be_started_again() {
    // The one spare thread is held, so that the password cannot be worked out before the set-up is given up.
    let reactor = tokio::runtime::Builder::new_current_thread().enable_all().max_blocking_threads(1).build().unwrap();
    reactor.block_on(async {
        let (let_go, held) = std::sync::mpsc::channel::<()>();
        let holder = tokio::task::spawn_blocking(move || held.recv());
        let bench = open(Arc::default());
        let mut given_up = Box::pin(bench.accounts.create_first_admin("ada", secret(GOOD), *b"en"));
        let poll = given_up.as_mut().poll(&mut std::task::Context::from_waker(std::task::Waker::noop()));
        assert!(poll.is_pending());
        drop(given_up);
        let_go.send(()).unwrap();
        holder.await.unwrap().unwrap();
        assert_eq!(bench.accounts.create_first_admin("ada", secret(GOOD), *b"en").await, Ok(1));
    });
}

#[tokio::test]
async fn wrong_name_and_wrong_password_look_the_same() {
    let bench = open_with_admin().await;
    let unknown = bench.accounts.log_in(HERE, "nobody", secret(GOOD)).await;
    let wrong = bench.accounts.log_in(HERE, "ada", secret("wrong password")).await;
    assert_eq!(unknown, Err(Refusal::WrongCredentials));
    assert_eq!(unknown, wrong);
}

#[tokio::test]
async fn many_tries_at_once_do_not_slip_past_the_throttle() {
    let bench = open_with_admin().await;
    let mut tries = tokio::task::JoinSet::new();
    for _ in 0..40 {
        let accounts = bench.accounts.clone();
        tries.spawn(async move { accounts.log_in(HERE, "ada", secret("wrong password")).await });
    }
    let mut checked = 0;
    while let Some(answer) = tries.join_next().await {
        match answer.unwrap() {
            Err(Refusal::WrongCredentials | Refusal::Busy) => checked += 1,
            Err(Refusal::TooSoon(_)) => {}
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(checked, 6, "five free tries and the one that starts the wait");
}

#[tokio::test]
async fn tokens_are_ours_alive_and_revocable_at_once() {
    let bench = open_with_admin().await;
    let tokens = bench.accounts.open_tokens(1).unwrap();
    assert_eq!(bench.accounts.open_access(tokens.access.expose()).unwrap().role, Role::Admin);

    let renewed = bench.accounts.renew(&tokens.refresh).unwrap();
    assert!(bench.accounts.open_access(renewed.access.expose()).is_some());
    bench.clock.advance(ACCESS_LIFE);
    assert!(bench.accounts.open_access(renewed.access.expose()).is_none());

    let renewed = bench.accounts.renew(&renewed.refresh).unwrap();
    bench.accounts.revoke(&renewed.access);
    assert!(bench.accounts.open_access(renewed.access.expose()).is_none());
    assert!(matches!(bench.accounts.renew(&renewed.refresh), Err(Refusal::BadToken)));
    bench.accounts.revoke(&secret("nonsense"));
}

#[tokio::test]
async fn a_token_from_before_a_restart_is_dead() {
    let bench = open_with_admin().await;
    let tokens = bench.accounts.open_tokens(1).unwrap();
    let again = open(bench.store);
    assert!(again.accounts.open_access(tokens.access.expose()).is_none());
}

#[tokio::test]
async fn a_wall_clock_step_neither_kills_nor_revives_a_token() {
    let bench = open_with_admin().await;
    let tokens = bench.accounts.open_tokens(1).unwrap();
    bench.clock.set_wall(Some(Duration::from_secs(4_000_000_000)));
    assert!(bench.accounts.open_access(tokens.access.expose()).is_some());
    bench.clock.advance(ACCESS_LIFE);
    bench.clock.set_wall(Some(Duration::from_secs(1_000_000_000)));
    assert!(bench.accounts.open_access(tokens.access.expose()).is_none());
}

#[tokio::test]
async fn a_socket_notices_that_its_session_ended() {
    let bench = open_with_admin().await;
    let cookie = bench.accounts.open_page(1).unwrap();
    let who = bench.accounts.open_cookie(cookie.expose(), true).unwrap();
    assert!(bench.accounts.is_alive(&who));
    bench.accounts.end(who.session);
    assert!(!bench.accounts.is_alive(&who));
    assert!(bench.accounts.open_cookie(cookie.expose(), true).is_none());
}
