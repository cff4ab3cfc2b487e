//! Holds the people and programs who may use the appliance: set-up, log-in, tokens, page sessions.
//! It never speaks HTTP, never stores a password or prints a secret, and never says whether a name exists.
//! The HTTP layer asks it who is calling; `run` opens it; `vigie setup` makes the first account with it.

pub mod clock;
pub mod password;
pub mod record;
pub mod role;
pub mod secret;
pub mod session;
pub mod setup;
pub mod store;
pub mod throttle;
pub mod token;

use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use self::clock::Clock;
use self::password::{Hasher, NotChecked, Weakness};
use self::record::AccountRecord;
use self::role::Role;
use self::secret::Secret;
use self::session::{ACCESS_LIFE, Fresh, Renewal, SessionId, Sessions};
use self::setup::SetupCode;
use self::store::AccountStore;
use self::throttle::Throttle;
use self::token::DeviceKey;

/// Accounts in all. One is made today; the rest of the roles get theirs later.
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
    key: DeviceKey,
}

impl Accounts {
    /// Reads the stored accounts. While there is none, a set-up code is drawn; its text is for the console only.
    ///
    /// # Errors
    /// When the kernel gives no randomness.
    pub fn open(
        store: Arc<dyn AccountStore>,
        clock: Arc<dyn Clock>,
        key: DeviceKey,
        hasher: Hasher,
    ) -> Result<(Self, Option<Secret>), getrandom::Error> {
        let stored = store.load();
        let mut accounts: Vec<AccountRecord> =
            stored.iter().filter_map(|bytes| AccountRecord::from_bytes(bytes)).take(MAX_ACCOUNTS).collect();
        accounts.sort_by_key(|account| account.number);
        if accounts.len() < stored.len() {
            tracing::error!(read = accounts.len(), stored = stored.len(), "some account records cannot be read");
        }
        // A record that cannot be read must not reopen the door: only a truly empty store asks for set-up.
        let (setup, text) = if stored.is_empty() {
            let (code, text) = SetupCode::draw()?;
            (Some(code), Some(text))
        } else {
            (None, None)
        };
        let state =
            State { accounts, sessions: Sessions::default(), throttle: Throttle::default(), setup, setting_up: false };
        Ok((Self { state: Mutex::new(state), store, clock, hasher, key }, text))
    }

    /// Whether the first account has yet to be made.
    #[must_use]
    pub fn needs_setup(&self) -> bool {
        self.state().setup.is_some()
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
        let record = AccountRecord {
            number: 1,
            username: username.to_owned(),
            role: Role::Admin.byte(),
            language,
            enabled: true,
            created_at: self.clock.wall().map(|wall| wall.as_secs()),
            verifier,
        };
        self.store.save(record.number, record.to_bytes()).await.map_err(|error| {
            tracing::error!(%error, "the first account was not saved");
            Refusal::NotSaved
        })?;
        let mut state = self.state();
        state.setup = None;
        let number = record.number;
        state.accounts.push(record);
        tracing::info!(account = number, "the first administrator has been made");
        Ok(number)
    }

    /// Checks a name and a password and gives the number of the account.
    ///
    /// # Errors
    /// `WrongCredentials` for a wrong name, a wrong password or a disabled account alike, after the same work.
    pub async fn log_in(&self, address: IpAddr, username: &str, password: Secret) -> Result<u32, Refusal> {
        let known = {
            let now = self.clock.now();
            let mut state = self.state();
            state.throttle.begin(now, address, username).map_err(Refusal::TooSoon)?;
            state.accounts.iter().find(|a| a.username.eq_ignore_ascii_case(username)).cloned()
        };
        let verifier = known.as_ref().map(|account| &account.verifier);
        let right = self.hasher.check(verifier, password).await.inspect_err(|_| {
            self.state().throttle.retract(address, username);
        })?;
        let account = known.filter(|account| right && account.enabled && account.role().is_some());
        let Some(account) = account else {
            tracing::warn!(%address, "log-in refused");
            return Err(Refusal::WrongCredentials);
        };
        self.state().throttle.succeed(address, username);
        tracing::info!(%address, account = account.number, "log-in");
        Ok(account.number)
    }

    /// The role of an account by its name, for somebody who has just logged in to it.
    #[must_use]
    pub fn role_of(&self, username: &str) -> Option<Role> {
        self.state().accounts.iter().find(|a| a.username.eq_ignore_ascii_case(username)).and_then(AccountRecord::role)
    }

    /// Opens a session for the page and gives the value of its cookie.
    ///
    /// # Errors
    /// When the kernel gives no randomness.
    pub fn open_page(&self, account: u32) -> Result<Secret, Refusal> {
        let now = self.clock.now();
        Ok(self.state().sessions.open_page(now, account)?.1)
    }

    /// Opens a token family.
    ///
    /// # Errors
    /// `BadToken` when the account is gone.
    pub fn open_tokens(&self, account: u32) -> Result<Tokens, Refusal> {
        let now = self.clock.now();
        let mut state = self.state();
        let fresh = state.sessions.open_tokens(now, account)?;
        self.sign(&state, fresh)
    }

    /// Trades a refresh token for new tokens. One used twice ends its family: somebody has a copy.
    ///
    /// # Errors
    /// `BadToken`.
    pub fn renew(&self, refresh: &Secret) -> Result<Tokens, Refusal> {
        let now = self.clock.now();
        let mut state = self.state();
        match state.sessions.renew(now, refresh.expose())? {
            Renewal::Renewed(fresh) => self.sign(&state, fresh),
            Renewal::Stolen(account) => {
                tracing::warn!(account, "a refresh token was used twice: its session has been ended");
                Err(Refusal::BadToken)
            }
            Renewal::Unknown => Err(Refusal::BadToken),
        }
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

    /// Ends the session a refresh or access token belongs to. Unknown tokens are as good as ended (RFC 7009, 2.2).
    pub fn revoke(&self, token: &Secret) {
        let by_access = self.open_access(token.expose()).map(|who| who.session);
        let mut state = self.state();
        if let Some(session) = by_access.or_else(|| state.sessions.find_refresh(token.expose()).map(|(id, _)| id)) {
            state.sessions.end(session);
        }
    }

    /// Sessions held, for the metrics.
    #[must_use]
    pub fn session_count(&self) -> usize {
        self.state().sessions.count()
    }

    fn sign(&self, state: &State, fresh: Fresh) -> Result<Tokens, Refusal> {
        let who = find_principal(state, fresh.account, fresh.session).ok_or(Refusal::BadToken)?;
        let access = token::sign(&self.key, who.account, who.role, &fresh.jti, self.clock.wall(), ACCESS_LIFE);
        Ok(Tokens { access: Secret::new(access), refresh: fresh.refresh, life: ACCESS_LIFE })
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
