//! Holds what is done with accounts after the first: make, change, remove, passwords, tokens, sessions.
//! It never leaves the appliance without an administrator who can log in, and never answers "done" before it is durable.
//! The accounts' routes and pages call it.

use std::net::IpAddr;

use super::password::{self, MIN_PASSWORD_CHARS};
use super::record::{AccountRecord, MAX_DISPLAY_BYTES, numbering_to_bytes};
use super::role::Role;
use super::secret::{Secret, draw};
use super::session::{SessionId, SessionView};
use super::store::NotSaved;
use super::{Accounts, MAX_ACCOUNTS, Principal, Refusal, check_username, lasting};

/// Signs of a temporary password; none of them can be taken for another when it is read out or copied from paper.
const TEMPORARY_ALPHABET: &[u8; 32] = b"23456789abcdefghjkmnpqrstuvwxyzA";

/// Groups of four signs in a temporary password: 80 bits, and 19 characters with the dashes.
const TEMPORARY_GROUPS: usize = 4;

const _: () = assert!(TEMPORARY_GROUPS * 5 > MIN_PASSWORD_CHARS, "a temporary password passes the rule for passwords");

/// The number under which the highest number ever given is kept.
const NUMBERING_KEY: u32 = 0;

/// An account as those see it who may.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// Its number.
    pub number: u32,
    /// The name it logs in with.
    pub username: String,
    /// How the person wants to be called; may be empty.
    pub display_name: String,
    /// What it may do; `None` for a role of a newer version, which cannot log in.
    pub role: Option<Role>,
    /// `en` or `fr`.
    pub language: [u8; 2],
    /// May log in.
    pub enabled: bool,
    /// Must change its password first.
    pub must_change: bool,
    /// Whether it has a lasting token.
    pub has_token: bool,
    /// Made at, in seconds since 1970.
    pub created_at: Option<u64>,
    /// Password set at, in seconds since 1970.
    pub password_at: Option<u64>,
    /// Counts changes.
    pub revision: u32,
    /// Live sessions.
    pub sessions: usize,
}

/// What a new account is to be.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// The name it logs in with.
    pub username: String,
    /// How the person wants to be called.
    pub display_name: String,
    /// What it may do.
    pub role: Role,
    /// `en` or `fr`.
    pub language: [u8; 2],
    /// A temporary password somebody chose; one is drawn when there is none.
    pub password: Option<Secret>,
}

/// What is to be another in an account. What is `None` stays.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Change {
    /// How the person wants to be called.
    pub display_name: Option<String>,
    /// What it may do.
    pub role: Option<Role>,
    /// `en` or `fr`.
    pub language: Option<[u8; 2]>,
    /// May log in.
    pub enabled: Option<bool>,
}

/// What is handed to somebody once, and never shown again.
pub enum HandedOut {
    /// A temporary password.
    Password(Secret),
    /// A lasting token.
    Token(Secret),
}

impl Accounts {
    /// Every account, by number.
    #[must_use]
    pub fn list(&self) -> Vec<Account> {
        let now = self.clock.now();
        let state = self.state();
        state.accounts.iter().map(|record| view(record, state.sessions.list(now, record.number).len())).collect()
    }

    /// One account.
    #[must_use]
    pub fn find(&self, number: u32) -> Option<Account> {
        self.list().into_iter().find(|account| account.number == number)
    }

    /// What an account is called, for whoever reads the journal; `None` once it is gone.
    #[must_use]
    pub fn name_of(&self, number: u32) -> Option<String> {
        self.state().accounts.iter().find(|record| record.number == number).map(|record| record.username.clone())
    }

    /// The number behind a name, for the journal only: no answer may depend on it.
    #[must_use]
    pub fn number_of(&self, username: &str) -> Option<u32> {
        self.state().accounts.iter().find(|a| a.username.eq_ignore_ascii_case(username)).map(|record| record.number)
    }

    /// Makes an account. A person gets a temporary password, a screen a lasting token.
    ///
    /// # Errors
    /// `BadUsername`, `NameTaken`, `Full`, `BadDisplayName`, `NoAccountRole` for a workstation, `BadPassword`,
    /// `OtherSort` for a password of a screen, `NotSaved`: nothing has changed then.
    pub async fn create(&self, wanted: Wanted) -> Result<(Account, HandedOut), Refusal> {
        check_username(&wanted.username)?;
        check_display_name(&wanted.display_name)?;
        check_given(wanted.role)?;
        let _turn = self.changing.lock().await;
        let number = {
            let state = self.state();
            if state.accounts.iter().any(|a| a.username.eq_ignore_ascii_case(&wanted.username)) {
                return Err(Refusal::NameTaken);
            }
            if state.accounts.len() >= MAX_ACCOUNTS {
                return Err(Refusal::Full);
            }
            state.highest.checked_add(1).ok_or(Refusal::Full)?
        };
        let now = self.clock.wall().map(|wall| wall.as_secs());
        let mut record = AccountRecord {
            role: wanted.role.byte(),
            created_at: now,
            display_name: wanted.display_name,
            ..AccountRecord::new(number, &wanted.username, wanted.language)
        };
        let handed = if wanted.role.is_person() {
            let password = self.give_password(&mut record, wanted.password).await?;
            HandedOut::Password(password)
        } else {
            if wanted.password.is_some() {
                return Err(Refusal::OtherSort);
            }
            let (token, digest) = lasting::draw_for(number)?;
            record.token = Some(digest);
            HandedOut::Token(token)
        };
        self.save(&record, None).await?;
        let mut state = self.state();
        state.highest = number;
        let account = view(&record, 0);
        state.accounts.push(record);
        tracing::info!(account = number, role = wanted.role.word(), "an account has been made");
        Ok((account, handed))
    }

    /// Changes an account. With `revision`, only if it is still the one seen. Another role, or being switched off, ends
    /// its sessions. Gives the account before and after.
    ///
    /// # Errors
    /// `NoAccount`, `Stale`, `LastAdmin`, `OtherSort`, `NoAccountRole`, `BadDisplayName`, `NotSaved`: nothing has
    /// changed then.
    pub async fn change(
        &self,
        number: u32,
        revision: Option<u32>,
        change: Change,
    ) -> Result<(Account, Account), Refusal> {
        let _turn = self.changing.lock().await;
        let before = self.record(number, revision)?;
        let mut after = before.clone();
        if let Some(name) = change.display_name {
            check_display_name(&name)?;
            after.display_name = name;
        }
        if let Some(role) = change.role.filter(|role| Some(*role) != before.role()) {
            check_given(role)?;
            if before
                .role()
                .is_some_and(|before| before.is_person() != role.is_person() || !role.is_person() && before != role)
            {
                return Err(Refusal::OtherSort);
            }
            after.role = role.byte();
        }
        after.language = change.language.unwrap_or(after.language);
        after.enabled = change.enabled.unwrap_or(after.enabled);
        if !is_admin(&after) {
            self.keep_an_admin(number)?;
        }
        if after != before {
            self.replace(&before, &mut after).await?;
        }
        if after.role != before.role || !after.enabled {
            self.state().sessions.end_all_of(number, None);
        }
        let sessions = self.sessions_of(number).len();
        Ok((view(&before, sessions), view(&after, sessions)))
    }

    /// Removes an account: its name and its password are gone, its number stays in the journal and is never given again.
    ///
    /// # Errors
    /// `NoAccount`, `Stale`, `LastAdmin`, `NotSaved`: nothing has changed then.
    pub async fn remove(&self, number: u32, revision: Option<u32>) -> Result<(), Refusal> {
        let _turn = self.changing.lock().await;
        let before = self.record(number, revision)?;
        self.keep_an_admin(number)?;
        let highest = self.state().highest;
        if number == highest {
            // First, since a removal without it would let the number be given again.
            let saved = self.store.save(NUMBERING_KEY, numbering_to_bytes(highest)).await;
            saved.map_err(|error| not_saved(&error))?;
        }
        if let Err(error) = self.store.remove(number).await {
            self.store.put_back(number, Some(before.to_bytes()));
            return Err(not_saved(&error));
        }
        let mut state = self.state();
        state.accounts.retain(|record| record.number != number);
        state.sessions.end_all_of(number, None);
        tracing::info!(account = number, "an account has been removed");
        Ok(())
    }

    /// Gives a person a temporary password, which must be changed at the next log-in, and ends their sessions.
    ///
    /// # Errors
    /// `NoAccount`, `Stale`, `OtherSort`, `BadPassword`, `NotSaved`: nothing has changed then.
    pub async fn reset_password(
        &self,
        number: u32,
        revision: Option<u32>,
        chosen: Option<Secret>,
    ) -> Result<Secret, Refusal> {
        let _turn = self.changing.lock().await;
        let before = self.record(number, revision)?;
        if !before.role().is_some_and(Role::is_person) {
            return Err(Refusal::OtherSort);
        }
        let mut after = before.clone();
        let password = self.give_password(&mut after, chosen).await?;
        self.replace(&before, &mut after).await?;
        self.state().sessions.end_all_of(number, None);
        Ok(password)
    }

    /// Gives a screen a new lasting token; the one before is dead at once.
    ///
    /// # Errors
    /// `NoAccount`, `Stale`, `OtherSort`, `NotSaved`: nothing has changed then.
    pub async fn renew_lasting(&self, number: u32, revision: Option<u32>) -> Result<Secret, Refusal> {
        let _turn = self.changing.lock().await;
        let before = self.record(number, revision)?;
        if before.role() != Some(Role::Screen) {
            return Err(Refusal::OtherSort);
        }
        let (token, digest) = lasting::draw_for(number)?;
        let mut after = AccountRecord { token: Some(digest), ..before.clone() };
        self.replace(&before, &mut after).await?;
        self.state().sessions.end_all_of(number, None);
        Ok(token)
    }

    /// Changes the caller's own password and ends their other sessions. The old one is asked for, and wrong ones count
    /// against the address as failed log-ins do.
    ///
    /// # Errors
    /// `WrongCredentials`, `TooSoon`, `BadPassword`, `OtherSort`, `NotSaved`: nothing has changed then.
    pub async fn change_own_password(
        &self,
        who: &Principal,
        address: IpAddr,
        old: Secret,
        new: Secret,
    ) -> Result<(), Refusal> {
        let _turn = self.changing.lock().await;
        let before = self.record(who.account, None)?;
        let Some(verifier) = &before.verifier else { return Err(Refusal::OtherSort) };
        password::judge(&before.username, &new).map_err(Refusal::BadPassword)?;
        if new.matches(old.expose()) {
            // The temporary one is known to somebody else: keeping it is no change.
            return Err(Refusal::BadPassword(password::Weakness::Same));
        }
        let now = self.clock.now();
        self.state().throttle.begin(now, address, &before.username).map_err(Refusal::TooSoon)?;
        let right = self.hasher.check(Some(verifier), old).await.inspect_err(|_| {
            self.state().throttle.retract(address, &before.username);
        })?;
        if !right {
            return Err(Refusal::WrongCredentials);
        }
        self.state().throttle.succeed(address, &before.username);
        let mut after = before.clone();
        after.verifier = Some(self.hasher.make(new).await?);
        after.must_change = false;
        after.password_at = self.clock.wall().map(|wall| wall.as_secs());
        self.replace(&before, &mut after).await?;
        self.state().sessions.end_all_of(who.account, Some(who.session));
        Ok(())
    }

    /// The live sessions of an account, newest first.
    #[must_use]
    pub fn sessions_of(&self, number: u32) -> Vec<SessionView> {
        self.state().sessions.list(self.clock.now(), number)
    }

    /// Ends a session of an account. `false` when it has none of that number.
    pub fn end_session_of(&self, number: u32, session: u64) -> bool {
        let now = self.clock.now();
        let mut state = self.state();
        let is_theirs = state.sessions.owner(now, SessionId(session)) == Some(number);
        if is_theirs {
            state.sessions.end(SessionId(session));
        }
        is_theirs
    }

    /// Ends every session of an account but one. Gives how many.
    pub fn end_sessions_of(&self, number: u32, except: Option<SessionId>) -> usize {
        let now = self.clock.now();
        let mut state = self.state();
        let ended = state.sessions.list(now, number).iter().filter(|session| Some(session.id) != except).count();
        state.sessions.end_all_of(number, except);
        ended
    }

    async fn give_password(&self, record: &mut AccountRecord, chosen: Option<Secret>) -> Result<Secret, Refusal> {
        let password = match chosen {
            Some(chosen) => {
                password::judge(&record.username, &chosen).map_err(Refusal::BadPassword)?;
                chosen
            }
            None => draw_password()?,
        };
        record.verifier = Some(self.hasher.make(password.clone()).await?);
        record.must_change = true;
        record.password_at = self.clock.wall().map(|wall| wall.as_secs());
        Ok(password)
    }

    fn record(&self, number: u32, revision: Option<u32>) -> Result<AccountRecord, Refusal> {
        let state = self.state();
        let record = state.accounts.iter().find(|record| record.number == number).ok_or(Refusal::NoAccount)?;
        if revision.is_some_and(|seen| seen != record.revision) {
            return Err(Refusal::Stale);
        }
        Ok(record.clone())
    }

    /// Refuses when nobody but this account could change accounts.
    fn keep_an_admin(&self, number: u32) -> Result<(), Refusal> {
        let state = self.state();
        let is_one = state.accounts.iter().any(|record| record.number == number && is_admin(record));
        let others = state.accounts.iter().any(|record| record.number != number && is_admin(record));
        if is_one && !others { Err(Refusal::LastAdmin) } else { Ok(()) }
    }

    async fn replace(&self, before: &AccountRecord, after: &mut AccountRecord) -> Result<(), Refusal> {
        after.revision = before.revision.wrapping_add(1);
        self.save(after, Some(before)).await?;
        let mut state = self.state();
        if let Some(place) = state.accounts.iter_mut().find(|record| record.number == after.number) {
            *place = after.clone();
        }
        Ok(())
    }

    async fn save(&self, record: &AccountRecord, before: Option<&AccountRecord>) -> Result<(), Refusal> {
        let saved = self.store.save(record.number, record.to_bytes()).await;
        saved.map_err(|error| {
            self.store.put_back(record.number, before.map(AccountRecord::to_bytes));
            not_saved(&error)
        })
    }
}

fn not_saved(error: &NotSaved) -> Refusal {
    tracing::error!(%error, "an account was not saved");
    Refusal::NotSaved
}

/// Whether it may change accounts, and can log in to do so.
fn is_admin(record: &AccountRecord) -> bool {
    record.enabled && record.role() == Some(Role::Admin) && record.verifier.is_some()
}

fn check_display_name(name: &str) -> Result<(), Refusal> {
    let good = name.len() <= MAX_DISPLAY_BYTES && !name.chars().any(char::is_control);
    if good { Ok(()) } else { Err(Refusal::BadDisplayName) }
}

fn check_given(role: Role) -> Result<(), Refusal> {
    if Role::GIVEN.contains(&role) { Ok(()) } else { Err(Refusal::NoAccountRole) }
}

fn draw_password() -> Result<Secret, Refusal> {
    let bytes = zeroize::Zeroizing::new(draw::<{ TEMPORARY_GROUPS * 4 }>()?);
    let mut text = String::with_capacity(TEMPORARY_GROUPS * 5);
    for (at, byte) in bytes.iter().enumerate() {
        if at > 0 && at % 4 == 0 {
            text.push('-');
        }
        // 256 is a multiple of 32, so the low five bits are uniform.
        text.push(TEMPORARY_ALPHABET.get(usize::from(byte & 31)).copied().map_or('x', char::from));
    }
    Ok(Secret::new(text))
}

fn view(record: &AccountRecord, sessions: usize) -> Account {
    Account {
        number: record.number,
        username: record.username.clone(),
        display_name: record.display_name.clone(),
        role: record.role(),
        language: record.language,
        enabled: record.enabled,
        must_change: record.must_change,
        has_token: record.token.is_some(),
        created_at: record.created_at,
        password_at: record.password_at,
        revision: record.revision,
        sessions,
    }
}

#[cfg(test)]
mod tests;
