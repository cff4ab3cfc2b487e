//! Holds the people and programs who may use the appliance: set-up, log-in, tokens, page sessions.
//! It never speaks HTTP, never stores a password or prints a secret, and never says whether a name exists.
//! The HTTP layer asks it who is calling; `run` opens it; `vigie setup` makes the first account with it.

pub mod clock;
pub mod journal;
mod lasting;
mod log_in;
pub mod password;
pub mod people;
pub mod record;
pub mod role;
pub mod sealed;
pub mod secret;
pub mod session;
pub mod setup;
pub mod store;
pub mod throttle;
pub mod token;
pub mod vault;

use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use vigie_core::order::sort_by_key;

use self::clock::Clock;
use self::password::{Hasher, NotChecked, Weakness};
use self::record::AccountRecord;
use self::role::Role;
use self::secret::Secret;
use self::session::{SessionId, Sessions};
use self::setup::SetupCode;
use self::store::AccountStore;
use self::throttle::Throttle;
use self::token::DeviceKey;

pub use self::lasting::LASTING_MARK;

/// Accounts in all, screens included: a large library has two dozen people at the desk.
pub const MAX_ACCOUNTS: usize = 64;

/// Longest user name, in bytes.
pub const MAX_USERNAME_BYTES: usize = 64;

/// Why accounts refuse.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// Name or password wrong, or the account may not log in: always the same, whatever it was.
    WrongCredentials,
    /// Too many failures; try again after this long.
    TooSoon(Duration),
    /// The set-up code is not the one on the console.
    WrongCode,
    /// There is an account already.
    AlreadySetUp,
    /// Not a name: 1 to 64 of letters, digits, `.`, `_`, `-`, `@`.
    BadUsername,
    /// The password is not accepted.
    BadPassword(Weakness),
    /// The token is unknown, over, or revoked.
    BadToken,
    /// The refresh token of this account had been used before: somebody has a copy, so the session has been ended.
    StolenToken(u32),
    /// There is no such account.
    NoAccount,
    /// Another account has the name.
    NameTaken,
    /// There are as many accounts as there may be.
    Full,
    /// Nobody would be left who may change accounts.
    LastAdmin,
    /// Somebody has changed the account since it was read.
    Stale,
    /// The display name is too long or has control characters.
    BadDisplayName,
    /// No account can be given this role: workstations have tokens of their own, and no account.
    NoAccountRole,
    /// A person cannot become a machine or the other way round, and a machine has no password, nor a person a token.
    OtherSort,
    /// Too many log-ins at this moment.
    Busy,
    /// The account could not be stored. Nothing has changed.
    NotSaved,
    /// No randomness, no thread, no memory, or no room for another account.
    Machine,
}

impl From<NotChecked> for Refusal {
    fn from(why: NotChecked) -> Self {
        match why {
            NotChecked::Busy => Self::Busy,
            NotChecked::Machine => Self::Machine,
        }
    }
}

impl From<getrandom::Error> for Refusal {
    fn from(_: getrandom::Error) -> Self {
        Self::Machine
    }
}

/// Somebody who has proved who they are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Principal {
    /// Number of the account.
    pub account: u32,
    /// Its name.
    pub username: Arc<str>,
    /// What it may do now.
    pub role: Role,
    /// The session that proved it.
    pub session: SessionId,
    /// Language of the account, `en` or `fr`.
    pub language: [u8; 2],
    /// The password was given by an administrator: nothing but changing it is allowed.
    pub must_change: bool,
    /// The one workstation of an agent; empty for everybody else.
    pub station: Arc<str>,
}

/// Sessions of workstations are numbered from here on, by workstation: those of accounts never come so far.
const FIRST_STATION_SESSION: u64 = 1 << 63;

impl Principal {
    /// A workstation whose own token was good. It has no account, and one session as long as it has the token.
    #[must_use]
    pub fn of_station(station: u32) -> Self {
        Self {
            account: 0,
            username: format!("workstation-{station}").into(),
            role: Role::Agent,
            session: SessionId(FIRST_STATION_SESSION + u64::from(station)),
            language: *b"en",
            must_change: false,
            station: station.to_string().into(),
        }
    }

    /// Whom the journal names.
    #[must_use]
    pub fn actor(&self) -> vigie_core::audit::Actor {
        use vigie_core::audit::Actor;
        let station = self.station.parse().ok().filter(|_| self.account == 0);
        station.map_or(Actor::Account(self.account), Actor::Workstation)
    }

    /// Whether they may touch a workstation: its own agent, and people who look after all of them.
    #[must_use]
    pub fn may_touch_station(&self, station: &str) -> bool {
        match self.role {
            Role::Agent => !station.is_empty() && *self.station == *station,
            Role::Screen => false,
            Role::Viewer | Role::Operator | Role::Admin => true,
        }
    }
}

/// A pair of tokens as given to a client.
pub struct Tokens {
    /// Access token (JWT).
    pub access: Secret,
    /// Refresh token (opaque, good once).
    pub refresh: Secret,
    /// Life of the access token.
    pub life: Duration,
}

struct State {
    accounts: Vec<AccountRecord>,
    /// The highest number ever given.
    highest: u32,
    sessions: Sessions,
    throttle: Throttle,
    setup: Option<SetupCode>,
    /// Somebody is being made the first admin at this moment.
    setting_up: bool,
}

/// The accounts of this appliance.
pub struct Accounts {
    state: Mutex<State>,
    store: Arc<dyn AccountStore>,
    clock: Arc<dyn Clock>,
    hasher: Hasher,
    key: Arc<DeviceKey>,
    /// Held over each change, from looking to saving: two changes at once must not both remove the last administrator.
    changing: tokio::sync::Mutex<()>,
}

impl Accounts {
    /// Reads the stored accounts. While there is none, a set-up code is drawn; its text is for the console only.
    ///
    /// # Errors
    /// When the kernel gives no randomness.
    pub fn open(
        store: Arc<dyn AccountStore>,
        clock: Arc<dyn Clock>,
        key: impl Into<Arc<DeviceKey>>,
        hasher: Hasher,
    ) -> Result<(Self, Option<Secret>), getrandom::Error> {
        let stored = store.load();
        let mut accounts: Vec<AccountRecord> =
            stored.iter().filter_map(|bytes| AccountRecord::from_bytes(bytes)).take(MAX_ACCOUNTS).collect();
        sort_by_key(&mut accounts, |account| account.number);
        let given = stored.iter().filter_map(|bytes| record::numbering_of_bytes(bytes)).max();
        let last = accounts.last().map(|account| account.number);
        let highest = given.max(last).unwrap_or(0);
        if accounts.len() + usize::from(given.is_some()) < stored.len() {
            tracing::error!(read = accounts.len(), stored = stored.len(), "some account records cannot be read");
        }
        // A record that cannot be read must not reopen the door: only a truly empty store asks for set-up.
        let (setup, text) = if stored.is_empty() {
            let (code, text) = SetupCode::draw()?;
            (Some(code), Some(text))
        } else {
            (None, None)
        };
        let state = State {
            accounts,
            highest,
            sessions: Sessions::default(),
            throttle: Throttle::default(),
            setup,
            setting_up: false,
        };
        let (state, changing) = (Mutex::new(state), tokio::sync::Mutex::default());
        Ok((Self { state, store, clock, hasher, key: key.into(), changing }, text))
    }

    /// Whether the first account has yet to be made.
    #[must_use]
    pub fn needs_setup(&self) -> bool {
        self.state().setup.is_some()
    }

    /// The device's key, for whoever else signs with it.
    #[must_use]
    pub fn key(&self) -> Arc<DeviceKey> {
        self.key.clone()
    }

    /// The public half of the device's key.
    #[must_use]
    pub fn public_key(&self) -> [u8; 32] {
        self.key.public()
    }

    /// Makes the first admin for somebody who has the code from the console. Answers after it is durable.
    ///
    /// # Errors
    /// See [`Refusal`]; a wrong code counts against the address.
    pub async fn set_up(
        &self,
        address: IpAddr,
        code: &Secret,
        username: &str,
        password: Secret,
        language: [u8; 2],
    ) -> Result<u32, Refusal> {
        const CODE_NAME: &str = "set-up code";
        {
            let now = self.clock.now();
            let mut state = self.state();
            let State { throttle, setup, .. } = &mut *state;
            let Some(expected) = setup else { return Err(Refusal::AlreadySetUp) };
            throttle.begin(now, address, CODE_NAME).map_err(Refusal::TooSoon)?;
            if !expected.matches(code) {
                tracing::warn!(%address, "wrong set-up code");
                return Err(Refusal::WrongCode);
            }
            throttle.succeed(address, CODE_NAME);
        }
        self.create_first_admin(username, password, language).await
    }

    /// Makes the first admin without a code, for somebody with a shell on the appliance. Answers after it is durable.
    ///
    /// # Errors
    /// See [`Refusal`].
    pub async fn create_first_admin(
        &self,
        username: &str,
        password: Secret,
        language: [u8; 2],
    ) -> Result<u32, Refusal> {
        check_username(username)?;
        password::judge(username, &password).map_err(Refusal::BadPassword)?;
        let _turn = SettingUp::begin(self)?;
        let verifier = self.hasher.make(password).await?;
        let now = self.clock.wall().map(|wall| wall.as_secs());
        let record = AccountRecord {
            role: Role::Admin.byte(),
            created_at: now,
            verifier: Some(verifier),
            password_at: now,
            ..AccountRecord::new(1, username, language)
        };
        self.store.save(record.number, record.to_bytes()).await.map_err(|error| {
            tracing::error!(%error, "the first account was not saved");
            Refusal::NotSaved
        })?;
        let mut state = self.state();
        state.setup = None;
        let number = record.number;
        state.highest = number;
        state.accounts.push(record);
        tracing::info!(account = number, "the first administrator has been made");
        Ok(number)
    }

    /// Who an access token speaks for. `None` unless it is ours, alive and not revoked.
    #[must_use]
    pub fn open_access(&self, token: &str) -> Option<Principal> {
        let claims = token::open(&self.key, token)?;
        let now = self.clock.now();
        let state = self.state();
        let (session, account) = state.sessions.find_access(now, &claims.jti)?;
        if claims.sub.parse() != Ok(account) {
            return None;
        }
        find_principal(&state, account, session)
    }

    /// Who a page cookie speaks for. `touch` is false for what a page asks for by itself: that is nobody at the desk.
    #[must_use]
    pub fn open_cookie(&self, cookie: &str, touch: bool) -> Option<Principal> {
        let now = self.clock.now();
        let mut state = self.state();
        let (session, account) = state.sessions.find_page(now, cookie, touch)?;
        find_principal(&state, account, session)
    }

    /// Whether the session behind an open socket or stream still lives.
    #[must_use]
    pub fn is_alive(&self, who: &Principal) -> bool {
        let now = self.clock.now();
        let state = self.state();
        state.sessions.is_alive(now, who.session)
            && find_principal(&state, who.account, who.session).is_some_and(|current| current.role == who.role)
    }

    /// Ends a session and every token of it, at once.
    pub fn end(&self, session: SessionId) {
        self.state().sessions.end(session);
    }

    /// Sessions held, for the metrics.
    #[must_use]
    pub fn session_count(&self) -> usize {
        self.state().sessions.count()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // The lock is held for table look-ups only, never across an await; a poisoned one still holds whole tables.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The right to make the first account. Two at once must not both get it, and a client that hangs up gives it back.
struct SettingUp<'a>(&'a Accounts);

impl<'a> SettingUp<'a> {
    fn begin(accounts: &'a Accounts) -> Result<Self, Refusal> {
        let mut state = accounts.state();
        if state.setup.is_none() {
            return Err(Refusal::AlreadySetUp);
        }
        if std::mem::replace(&mut state.setting_up, true) {
            return Err(Refusal::Busy);
        }
        Ok(Self(accounts))
    }
}

impl Drop for SettingUp<'_> {
    fn drop(&mut self) {
        self.0.state().setting_up = false;
    }
}

fn find_principal(state: &State, account: u32, session: SessionId) -> Option<Principal> {
    let record = state.accounts.iter().find(|record| record.number == account && record.enabled)?;
    Some(Principal {
        account,
        username: record.username.as_str().into(),
        role: record.role()?,
        session,
        language: record.language,
        must_change: record.must_change,
        station: Arc::default(),
    })
}

fn check_username(username: &str) -> Result<(), Refusal> {
    let sign_is_good = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-' | '@');
    if username.is_empty() || username.len() > MAX_USERNAME_BYTES || !username.chars().all(sign_is_good) {
        return Err(Refusal::BadUsername);
    }
    Ok(())
}

#[cfg(test)]
mod tests;
