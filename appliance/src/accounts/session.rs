//! Holds the table of live sessions: page cookies, and token families with their refresh and access tokens.
//! It never keeps a cookie or a refresh token, only SHA-256 of them, and never judges by the wall clock.
//! Accounts open, find, renew and end sessions in it.

use std::net::IpAddr;
use std::time::Duration;
use vigie_core::order::sort_by_key;

use data_encoding::BASE64URL_NOPAD as BASE64;
use sha2::{Digest, Sha256};

use super::secret::{Secret, draw};

/// A page nobody touches logs out after this long.
pub const PAGE_IDLE: Duration = Duration::from_secs(30 * 60);

/// A page logs out after this long whatever happens: a working day.
pub const PAGE_LONGEST: Duration = Duration::from_secs(12 * 60 * 60);

/// An access token lives this long.
pub const ACCESS_LIFE: Duration = Duration::from_secs(10 * 60);

/// A refresh token not used for this long is dead.
pub const REFRESH_IDLE: Duration = Duration::from_secs(12 * 60 * 60);

/// A token family ends after this long; the program logs in again.
pub const REFRESH_LONGEST: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// Sessions in all, about 200 bytes each.
pub const MAX_SESSIONS: usize = 256;

/// Sessions of one account; the one not used for longest makes room, so that nobody can push out the others.
pub const MAX_SESSIONS_PER_ACCOUNT: usize = 32;

/// Access tokens of one family alive at once: the newest and one that a parallel request still carries.
const MAX_ACCESS_PER_FAMILY: usize = 4;

/// Number of a session, never used twice in one run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SessionId(pub u64);

enum Kind {
    Page {
        cookie: [u8; 32],
    },
    Tokens {
        refresh: [u8; 32],
        used: Option<[u8; 32]>,
        access: Vec<(String, Duration)>,
    },
    /// The lasting token of a screen is in use; the account's record says whether it is good.
    Lasting,
}

/// What kind of session it is, for those who look at theirs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sort {
    /// A browser.
    Page,
    /// A program with tokens.
    Program,
    /// A screen.
    Lasting,
}

/// A session as it is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SessionView {
    /// Its number.
    pub id: SessionId,
    /// Browser, program, or lasting token.
    pub sort: Sort,
    /// How long ago it was opened.
    pub opened: Duration,
    /// How long ago it was used by a person or renewed.
    pub touched: Duration,
    /// Where it was opened from.
    pub from: Option<IpAddr>,
}

struct Session {
    id: SessionId,
    account: u32,
    opened: Duration,
    touched: Duration,
    from: Option<IpAddr>,
    kind: Kind,
}

impl Session {
    fn is_alive(&self, now: Duration) -> bool {
        let (idle, longest) = match self.kind {
            Kind::Page { .. } => (PAGE_IDLE, PAGE_LONGEST),
            Kind::Tokens { .. } => (REFRESH_IDLE, REFRESH_LONGEST),
            Kind::Lasting => return true,
        };
        now.saturating_sub(self.touched) < idle && now.saturating_sub(self.opened) < longest
    }
}

/// A fresh pair of tokens, before signing.
pub struct Fresh {
    /// The session they belong to.
    pub session: SessionId,
    /// The account it belongs to.
    pub account: u32,
    /// To be signed into an access token.
    pub jti: String,
    /// The refresh token.
    pub refresh: Secret,
}

/// What became of a refresh token.
pub enum Renewal {
    /// New tokens; the old refresh token is dead.
    Renewed(Fresh),
    /// It had been used before: somebody has a copy, so the whole family has been ended.
    Stolen(u32),
    /// Not known, or over.
    Unknown,
}

/// The table. At most `MAX_SESSIONS`: the one not used for longest makes room.
#[derive(Default)]
pub struct Sessions {
    table: Vec<Session>,
    next: u64,
}

impl Sessions {
    /// Opens a session of the page and gives its cookie value.
    ///
    /// # Errors
    /// When the kernel gives no randomness.
    pub fn open_page(
        &mut self,
        now: Duration,
        account: u32,
        from: Option<IpAddr>,
    ) -> Result<(SessionId, Secret), getrandom::Error> {
        let secret = new_secret()?;
        let id = self.insert(now, account, from, Kind::Page { cookie: digest(secret.expose()) });
        Ok((id, secret))
    }

    /// The session of a lasting token, opened when it is first used. Idle ones do not die: the token is revoked with the
    /// account, or by a new one.
    pub fn find_lasting(&mut self, now: Duration, account: u32, from: Option<IpAddr>) -> SessionId {
        let known =
            self.table.iter_mut().find(|session| session.account == account && matches!(session.kind, Kind::Lasting));
        if let Some(session) = known {
            (session.touched, session.from) = (now, from);
            return session.id;
        }
        self.insert(now, account, from, Kind::Lasting)
    }

    /// The live sessions of an account, newest first.
    #[must_use]
    pub fn list(&self, now: Duration, account: u32) -> Vec<SessionView> {
        let mine = self.table.iter().filter(|session| session.account == account && session.is_alive(now));
        let view = |session: &Session| SessionView {
            id: session.id,
            sort: match session.kind {
                Kind::Page { .. } => Sort::Page,
                Kind::Tokens { .. } => Sort::Program,
                Kind::Lasting => Sort::Lasting,
            },
            opened: now.saturating_sub(session.opened),
            touched: now.saturating_sub(session.touched),
            from: session.from,
        };
        let mut list: Vec<SessionView> = mine.map(view).collect();
        sort_by_key(&mut list, |session| std::cmp::Reverse(session.id));
        list
    }

    /// The account of a live session.
    #[must_use]
    pub fn owner(&self, now: Duration, id: SessionId) -> Option<u32> {
        self.table.iter().find(|session| session.id == id && session.is_alive(now)).map(|session| session.account)
    }

    /// Opens a token family.
    ///
    /// # Errors
    /// When the kernel gives no randomness.
    pub fn open_tokens(
        &mut self,
        now: Duration,
        account: u32,
        from: Option<IpAddr>,
    ) -> Result<Fresh, getrandom::Error> {
        let (refresh, jti) = (new_secret()?, new_jti()?);
        let access = vec![(jti.clone(), now + ACCESS_LIFE)];
        let kind = Kind::Tokens { refresh: digest(refresh.expose()), used: None, access };
        let session = self.insert(now, account, from, kind);
        Ok(Fresh { session, account, jti, refresh })
    }

    /// The session a cookie opens, with its account. `touch` says whether a person acted, which keeps it from idling out.
    pub fn find_page(&mut self, now: Duration, cookie: &str, touch: bool) -> Option<(SessionId, u32)> {
        let wanted = digest(cookie);
        // Comparing digests: what the timing of an early exit tells about a digest helps nobody find a cookie.
        let session = self.table.iter_mut().find(|s| matches!(&s.kind, Kind::Page { cookie } if *cookie == wanted))?;
        if !session.is_alive(now) {
            return None;
        }
        if touch {
            session.touched = now;
        }
        Some((session.id, session.account))
    }

    /// The session a live access token belongs to, with its account.
    #[must_use]
    pub fn find_access(&self, now: Duration, jti: &str) -> Option<(SessionId, u32)> {
        self.table.iter().filter(|session| session.is_alive(now)).find_map(|session| match &session.kind {
            Kind::Tokens { access, .. } if access.iter().any(|(id, until)| id == jti && now < *until) => {
                Some((session.id, session.account))
            }
            _ => None,
        })
    }

    /// Trades a refresh token for new tokens.
    ///
    /// # Errors
    /// When the kernel gives no randomness.
    pub fn renew(&mut self, now: Duration, refresh: &str) -> Result<Renewal, getrandom::Error> {
        self.drop_dead(now);
        let wanted = digest(refresh);
        let mut stolen = None;
        for session in &mut self.table {
            let Kind::Tokens { refresh, used, access } = &mut session.kind else { continue };
            if *used == Some(wanted) {
                stolen = Some((session.id, session.account));
                break;
            }
            if *refresh == wanted {
                let (secret, jti) = (new_secret()?, new_jti()?);
                *used = Some(wanted);
                *refresh = digest(secret.expose());
                access.retain(|(_, until)| now < *until);
                if access.len() >= MAX_ACCESS_PER_FAMILY {
                    access.remove(0);
                }
                access.push((jti.clone(), now + ACCESS_LIFE));
                session.touched = now;
                let (id, account) = (session.id, session.account);
                return Ok(Renewal::Renewed(Fresh { session: id, account, jti, refresh: secret }));
            }
        }
        let Some((id, account)) = stolen else { return Ok(Renewal::Unknown) };
        self.end(id);
        Ok(Renewal::Stolen(account))
    }

    /// Whether a session is still alive; a socket asks from time to time and does not keep it alive by asking.
    #[must_use]
    pub fn is_alive(&self, now: Duration, id: SessionId) -> bool {
        self.table.iter().any(|session| session.id == id && session.is_alive(now))
    }

    /// The session a refresh token belongs to.
    #[must_use]
    pub fn find_refresh(&self, refresh: &str) -> Option<(SessionId, u32)> {
        let wanted = digest(refresh);
        self.table
            .iter()
            .find(|s| matches!(&s.kind, Kind::Tokens { refresh, .. } if *refresh == wanted))
            .map(|s| (s.id, s.account))
    }

    /// Ends a session: cookie, refresh and access tokens are dead from this moment.
    pub fn end(&mut self, id: SessionId) {
        self.table.retain(|session| session.id != id);
    }

    /// Ends every session of an account but one.
    pub fn end_all_of(&mut self, account: u32, except: Option<SessionId>) {
        self.table.retain(|session| session.account != account || Some(session.id) == except);
    }

    /// Sessions held, dead ones not yet swept included.
    #[must_use]
    pub fn count(&self) -> usize {
        self.table.len()
    }

    fn drop_dead(&mut self, now: Duration) {
        self.table.retain(|session| session.is_alive(now));
    }

    fn insert(&mut self, now: Duration, account: u32, from: Option<IpAddr>, kind: Kind) -> SessionId {
        self.drop_dead(now);
        let of_account = self.table.iter().filter(|session| session.account == account).count();
        let crowded = of_account >= MAX_SESSIONS_PER_ACCOUNT;
        if crowded || self.table.len() >= MAX_SESSIONS {
            let oldest = self
                .table
                .iter()
                .filter(|session| !crowded || session.account == account)
                .min_by_key(|session| session.touched)
                .map(|session| session.id);
            if let Some(oldest) = oldest {
                self.end(oldest);
            }
        }
        self.next += 1;
        let id = SessionId(self.next);
        self.table.push(Session { id, account, opened: now, touched: now, from, kind });
        id
    }
}

fn new_secret() -> Result<Secret, getrandom::Error> {
    // 256 bits; ASVS asks for 128 at least.
    Ok(Secret::new(BASE64.encode(&draw::<32>()?)))
}

fn new_jti() -> Result<String, getrandom::Error> {
    Ok(BASE64.encode(&draw::<16>()?))
}

fn digest(text: &str) -> [u8; 32] {
    Sha256::digest(text.as_bytes()).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);

    #[test]
    fn a_page_idles_out_and_has_a_longest_day() {
        let mut sessions = Sessions::default();
        let (id, cookie) = sessions.open_page(Duration::ZERO, 1, None).unwrap();
        assert_eq!(sessions.find_page(29 * MINUTE, cookie.expose(), true), Some((id, 1)));
        assert_eq!(sessions.find_page(58 * MINUTE, cookie.expose(), false), Some((id, 1)));
        assert_eq!(sessions.find_page(59 * MINUTE, cookie.expose(), true), None, "an untouching look does not extend");

        let (_, cookie) = sessions.open_page(Duration::ZERO, 1, None).unwrap();
        let mut now = Duration::ZERO;
        while sessions.find_page(now, cookie.expose(), true).is_some() {
            now += 10 * MINUTE;
        }
        assert_eq!(now, PAGE_LONGEST);
    }

    #[test]
    fn access_dies_after_ten_minutes_and_at_once_when_revoked() {
        let mut sessions = Sessions::default();
        let fresh = sessions.open_tokens(Duration::ZERO, 4, None).unwrap();
        assert_eq!(sessions.find_access(9 * MINUTE, &fresh.jti), Some((fresh.session, 4)));
        assert_eq!(sessions.find_access(10 * MINUTE, &fresh.jti), None);

        let fresh = sessions.open_tokens(Duration::ZERO, 4, None).unwrap();
        sessions.end(fresh.session);
        assert_eq!(sessions.find_access(Duration::ZERO, &fresh.jti), None);
        assert!(matches!(sessions.renew(Duration::ZERO, fresh.refresh.expose()), Ok(Renewal::Unknown)));
    }

    #[test]
    fn a_refresh_token_used_twice_ends_the_family() {
        let mut sessions = Sessions::default();
        let first = sessions.open_tokens(Duration::ZERO, 4, None).unwrap();
        let Ok(Renewal::Renewed(second)) = sessions.renew(MINUTE, first.refresh.expose()) else { panic!("renewed") };
        assert!(sessions.find_access(MINUTE, &second.jti).is_some());
        assert!(matches!(sessions.renew(MINUTE, first.refresh.expose()), Ok(Renewal::Stolen(4))));
        assert!(sessions.find_access(MINUTE, &second.jti).is_none());
        assert!(matches!(sessions.renew(MINUTE, second.refresh.expose()), Ok(Renewal::Unknown)));
    }

    #[test]
    fn one_account_cannot_push_out_another() {
        let mut sessions = Sessions::default();
        let (_, kept) = sessions.open_page(Duration::ZERO, 1, None).unwrap();
        for n in 1..1_000 {
            sessions.open_page(Duration::from_millis(n), 2, None).unwrap();
        }
        assert_eq!(sessions.count(), 1 + MAX_SESSIONS_PER_ACCOUNT);
        assert!(sessions.find_page(MINUTE, kept.expose(), true).is_some());
    }

    #[test]
    fn the_table_is_bounded_and_the_one_unused_for_longest_goes() {
        let mut sessions = Sessions::default();
        let (_, first) = sessions.open_page(Duration::ZERO, 0, None).unwrap();
        let (_, second) = sessions.open_page(Duration::from_secs(1), 0, None).unwrap();
        for n in 0..(MAX_SESSIONS as u32 - 1) {
            sessions.open_page(Duration::from_secs(2), n + 1, None).unwrap();
        }
        assert_eq!(sessions.count(), MAX_SESSIONS);
        assert!(sessions.find_page(MINUTE, first.expose(), true).is_none());
        assert!(sessions.find_page(MINUTE, second.expose(), true).is_some());
    }

    #[test]
    fn secrets_are_long_and_different() {
        let mut sessions = Sessions::default();
        let (_, a) = sessions.open_page(Duration::ZERO, 1, None).unwrap();
        let (_, b) = sessions.open_page(Duration::ZERO, 1, None).unwrap();
        assert_eq!(a.expose().len(), 43);
        assert_ne!(a.expose(), b.expose());
    }

    #[test]
    fn an_account_sees_its_own_sessions_newest_first() {
        let mut sessions = Sessions::default();
        let from = Some(IpAddr::from([10, 0, 0, 9]));
        let (page, _) = sessions.open_page(Duration::ZERO, 1, from).unwrap();
        sessions.open_page(Duration::ZERO, 2, None).unwrap();
        let program = sessions.open_tokens(MINUTE, 1, None).unwrap().session;
        let list = sessions.list(2 * MINUTE, 1);
        assert_eq!(
            list.iter().map(|s| (s.id, s.sort)).collect::<Vec<_>>(),
            [(program, Sort::Program), (page, Sort::Page)]
        );
        assert_eq!((list[1].opened, list[1].from), (2 * MINUTE, from));
        assert_eq!(sessions.list(31 * MINUTE, 1).len(), 1, "the page has idled out");
        assert_eq!((sessions.owner(MINUTE, page), sessions.owner(31 * MINUTE, page)), (Some(1), None));
    }

    #[test]
    fn a_lasting_session_is_one_and_does_not_idle_out() {
        let mut sessions = Sessions::default();
        let first = sessions.find_lasting(Duration::ZERO, 5, None);
        let much_later = Duration::from_secs(90 * 86_400);
        assert_eq!(sessions.find_lasting(much_later, 5, None), first);
        assert!(sessions.is_alive(much_later * 2, first));
        sessions.end_all_of(5, None);
        assert_ne!(sessions.find_lasting(much_later, 5, None), first);
    }
}
