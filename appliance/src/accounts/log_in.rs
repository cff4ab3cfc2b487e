//! Holds how somebody comes in and goes out: log-in, sessions of the page, tokens of programs.
//! It never says whether a name exists, by its answer or by the work it does.
//! The log-in routes call it.

use std::net::IpAddr;

use super::secret::Secret;
use super::session::{ACCESS_LIFE, Fresh, Renewal};
use super::{Accounts, Refusal, State, Tokens, find_principal, token};

impl Accounts {
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
        // A screen has no password: the same work is done for it as for nobody.
        let verifier = known.as_ref().and_then(|account| account.verifier.as_ref());
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

    /// Opens a session for the page and gives the value of its cookie.
    ///
    /// # Errors
    /// When the kernel gives no randomness.
    pub fn open_page(&self, account: u32) -> Result<Secret, Refusal> {
        self.open_page_from(account, None)
    }

    /// The same, remembering from where, so that a person recognises their sessions.
    ///
    /// # Errors
    /// When the kernel gives no randomness.
    pub fn open_page_from(&self, account: u32, from: Option<IpAddr>) -> Result<Secret, Refusal> {
        let now = self.clock.now();
        Ok(self.state().sessions.open_page(now, account, from)?.1)
    }

    /// Opens a token family.
    ///
    /// # Errors
    /// `BadToken` when the account is gone.
    pub fn open_tokens(&self, account: u32) -> Result<Tokens, Refusal> {
        self.open_tokens_from(account, None)
    }

    /// The same, remembering from where.
    ///
    /// # Errors
    /// `BadToken` when the account is gone.
    pub fn open_tokens_from(&self, account: u32, from: Option<IpAddr>) -> Result<Tokens, Refusal> {
        let now = self.clock.now();
        let mut state = self.state();
        let fresh = state.sessions.open_tokens(now, account, from)?;
        self.sign(&state, fresh)
    }

    /// Trades a refresh token for new tokens. One used twice ends its family: somebody has a copy.
    ///
    /// # Errors
    /// `BadToken`, `StolenToken`.
    pub fn renew(&self, refresh: &Secret) -> Result<Tokens, Refusal> {
        let now = self.clock.now();
        let mut state = self.state();
        match state.sessions.renew(now, refresh.expose())? {
            Renewal::Renewed(fresh) => self.sign(&state, fresh),
            Renewal::Stolen(account) => {
                tracing::warn!(account, "a refresh token was used twice: its session has been ended");
                Err(Refusal::StolenToken(account))
            }
            Renewal::Unknown => Err(Refusal::BadToken),
        }
    }

    /// Ends the session a refresh or access token belongs to. Unknown tokens are as good as ended (RFC 7009, 2.2).
    pub fn revoke(&self, token: &Secret) {
        let by_access = self.open_access(token.expose()).map(|who| who.session);
        let mut state = self.state();
        if let Some(session) = by_access.or_else(|| state.sessions.find_refresh(token.expose()).map(|(id, _)| id)) {
            state.sessions.end(session);
        }
    }

    fn sign(&self, state: &State, fresh: Fresh) -> Result<Tokens, Refusal> {
        let who = find_principal(state, fresh.account, fresh.session).ok_or(Refusal::BadToken)?;
        let access = token::sign(&self.key, who.account, who.role, &fresh.jti, self.clock.wall(), ACCESS_LIFE);
        Ok(Tokens { access: Secret::new(access), refresh: fresh.refresh, life: ACCESS_LIFE })
    }
}
