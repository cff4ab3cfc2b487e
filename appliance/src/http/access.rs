//! Holds the routes of set-up, log-in and log-out, by token and by cookie.
//! It never tells why a log-in failed, and never puts a page's secret where a script can read it.
//! The route table holds them; the accounts decide.

use hyper::StatusCode;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use vigie_core::audit::{Actor, Kind, Object};

use crate::accounts::journal::Act;
use crate::accounts::password::Weakness;
use crate::accounts::role::{Access, Role};
use crate::accounts::secret::Secret;
use crate::accounts::session::PAGE_LONGEST;
use crate::accounts::{LASTING_MARK, MAX_ACCOUNTS, Refusal, Tokens};

use super::call::Call;
use super::dispatch::{PLAIN_COOKIE, SECURE_COOKIE, read_cookie};
use super::language::Language;
use super::problem::{Fault, Problem, faults};
use super::reply::Reply;
use super::route::{Outcome, Route};

/// What the first person sends.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct SetUp {
    /// `XXXX-XXXX`, from the console.
    code: Secret,
    /// 1 to 64 letters, digits, `.`, `_`, `-`, `@`.
    username: String,
    /// At least 12 characters.
    password: Secret,
    /// `en` or `fr`.
    #[serde(default)]
    language: Option<String>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Credentials {
    username: String,
    password: Secret,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct RefreshToken {
    refresh: Secret,
}

/// An access or a refresh token.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct AnyToken {
    token: Secret,
}

#[derive(Serialize, JsonSchema)]
struct TokenPair {
    /// Send it as `Authorization: Bearer`.
    access: String,
    /// Good once, for the next pair.
    refresh: String,
    /// Seconds the access token lives.
    expires_in: u64,
}

/// Who is logged in.
#[derive(Serialize, JsonSchema)]
struct Caller {
    username: String,
    role: Role,
    language: &'static str,
    /// The password was given by somebody else: nothing but changing it is allowed.
    must_change_password: bool,
}

/// Whether a token is good, and for whom.
#[derive(Serialize, JsonSchema)]
struct Verdict {
    valid: bool,
    username: String,
    role: Role,
}

#[derive(Serialize, JsonSchema)]
struct SetUpState {
    /// Whether the first account has yet to be made.
    needed: bool,
}

/// The routes.
#[must_use]
pub fn routes() -> Vec<Route> {
    vec![
        Route::get("/api/setup", Access::Public, "Whether the appliance has yet to be set up")
            .answers::<SetUpState>(200)
            .run(async |call: Call| Reply::json(&SetUpState { needed: call.platform.accounts.needs_setup() })),
        Route::post("/api/setup", Access::Setup, "Make the first administrator with the code from the console")
            .reads::<SetUp>()
            .answers::<Caller>(201)
            .run(set_up),
        Route::post("/api/token", Access::Public, "Log in a program: an access and a refresh token")
            .reads::<Credentials>()
            .answers::<TokenPair>(200)
            .run(give_tokens),
        Route::post("/api/token/refresh", Access::Public, "Trade a refresh token for a new pair")
            .reads::<RefreshToken>()
            .answers::<TokenPair>(200)
            .run(renew),
        Route::post("/api/token/verify", Access::Public, "Ask whether an access token is good")
            .reads::<AnyToken>()
            .answers::<Verdict>(200)
            .run(verify),
        Route::post("/api/token/revoke", Access::Public, "End the session of a token at once")
            .reads::<AnyToken>()
            .answers::<()>(204)
            .run(revoke),
        Route::post("/api/session", Access::Public, "Log in the page: a cookie")
            .reads::<Credentials>()
            .answers::<Caller>(200)
            .run(log_in),
        Route::get("/api/session", Access::Anyone, "Who is logged in")
            .answers::<Caller>(200)
            .before_change()
            .run(tell_caller),
        Route::delete("/api/session", Access::Anyone, "Log out").before_change().audits(Kind::Logout).run(log_out),
    ]
}

async fn set_up(call: Call) -> Outcome {
    let asked: SetUp = call.json()?;
    let language = match asked.language.as_deref() {
        None => call.language,
        Some(tag) => Language::of_tag(tag)
            .ok_or_else(|| Problem::from(&faults::INVALID).at("/language", &faults::BAD_LANGUAGE))?,
    };
    let accounts = &call.platform.accounts;
    accounts
        .set_up(call.peer, &asked.code, &asked.username, asked.password, letters(language))
        .await
        .map_err(refuse)?;
    note_set_up(&call).await;
    let (username, language) = (asked.username, language.tag());
    let caller = Caller { username, role: Role::Admin, language, must_change_password: false };
    Ok(Reply::json(&caller)?.status(StatusCode::CREATED))
}

async fn give_tokens(call: Call) -> Outcome {
    let asked: Credentials = call.json()?;
    let account = check(&call, &asked.username, asked.password).await?;
    let tokens = call.platform.accounts.open_tokens_from(account, Some(call.peer)).map_err(refuse)?;
    let act = Act::new(Kind::Login, Actor::Account(account)).on(Object::Account(account)).from(call.peer);
    call.platform.journal.note_program(act.saying("program"));
    write_tokens(&tokens)
}

/// Checks a name and a password, and writes down a failure.
async fn check(call: &Call, username: &str, password: Secret) -> Result<u32, Problem> {
    let accounts = &call.platform.accounts;
    let outcome = accounts.log_in(call.peer, username, password).await;
    if matches!(outcome, Err(Refusal::WrongCredentials | Refusal::TooSoon(_))) {
        // The name as typed is not kept: people type passwords into the wrong field.
        let object = accounts.number_of(username).map_or(Object::Nothing, Object::Account);
        call.platform.journal.note_failure(Act::new(Kind::LoginFailed, Actor::Stranger).on(object).from(call.peer));
    }
    outcome.map_err(refuse)
}

/// Writes down that the first administrator was made.
pub async fn note_set_up(call: &Call) {
    let act = Act::new(Kind::AccountCreated, Actor::Stranger).on(Object::Account(1)).from(call.peer);
    // What could not be written is in the log of the program; the account itself is kept.
    let _told = call.platform.journal.write(act.saying("admin, with the set-up code")).await;
}

async fn renew(call: Call) -> Outcome {
    let asked: RefreshToken = call.json()?;
    let outcome = call.platform.accounts.renew(&asked.refresh);
    if let Err(Refusal::StolenToken(account)) = outcome {
        let act = Act::new(Kind::TokenStolen, Actor::Stranger).on(Object::Account(account)).from(call.peer);
        call.platform.journal.note_failure(act);
    }
    write_tokens(&outcome.map_err(refuse)?)
}

async fn verify(call: Call) -> Outcome {
    let asked: AnyToken = call.json()?;
    let who = call.platform.accounts.open_access(asked.token.expose()).ok_or_else(|| refuse(Refusal::BadToken))?;
    Reply::json(&Verdict { valid: true, username: who.username.to_string(), role: who.role })
}

async fn revoke(call: Call) -> Outcome {
    let asked: AnyToken = call.json()?;
    call.platform.accounts.revoke(&asked.token);
    Ok(Reply::empty())
}

async fn log_in(call: Call) -> Outcome {
    let asked: Credentials = call.json()?;
    let (account, cookie) = open_page(&call, &asked.username, asked.password).await?;
    let account = call.platform.accounts.find(account).ok_or_else(|| refuse(Refusal::BadToken))?;
    let caller = Caller {
        username: account.username,
        role: account.role.ok_or_else(|| refuse(Refusal::BadToken))?,
        language: std::str::from_utf8(&account.language).ok().and_then(Language::of_tag).unwrap_or_default().tag(),
        must_change_password: account.must_change,
    };
    Ok(Reply::json(&caller)?.cookie(&cookie))
}

/// Logs somebody in and gives their account and the `Set-Cookie` text; for the page's own log-in form too.
///
/// # Errors
/// As the log-in by token.
pub async fn open_page(call: &Call, username: &str, password: Secret) -> Result<(u32, String), Problem> {
    let account = check(call, username, password).await?;
    let accounts = &call.platform.accounts;
    // The one before, if any, ends: a session must not survive the change of who sits there.
    if let Some(who) = &call.who {
        accounts.end(who.session);
    }
    let secret = accounts.open_page_from(account, Some(call.peer)).map_err(refuse)?;
    let act = Act::new(Kind::Login, Actor::Account(account)).on(Object::Account(account)).from(call.peer);
    call.platform.journal.note(act);
    Ok((account, write_cookie(call.secure, secret.expose(), PAGE_LONGEST.as_secs())))
}

/// How long a browser keeps the cookie of a screen: as long as browsers keep any (RFC 6265bis, 5.5).
const SCREEN_SECONDS: u64 = 400 * 24 * 60 * 60;

/// Lets a screen in with its lasting token; gives its account and the `Set-Cookie` text. The cookie is the token itself: a
/// screen on a wall must find its way back when the appliance has been restarted, with nobody there to log it in.
///
/// # Errors
/// [`Refusal::BadToken`] unless it is the present token of an enabled screen.
pub fn open_screen(call: &Call, token: &Secret) -> Result<(u32, String), Refusal> {
    let accounts = &call.platform.accounts;
    let who = accounts.open_lasting(token.expose(), Some(call.peer)).filter(|who| who.role == Role::Screen);
    let who = who.ok_or(Refusal::BadToken)?;
    // Whoever sat at this browser before does not any more.
    if let Some(before) = call.who.as_ref().filter(|before| before.session != who.session) {
        accounts.end(before.session);
    }
    Ok((who.account, write_cookie(call.secure, token.expose(), SCREEN_SECONDS)))
}

/// The `Set-Cookie` text that lets the screen that calls stay in; `None` for everybody else.
#[must_use]
pub fn renew_screen(call: &Call) -> Option<String> {
    call.who.as_ref().filter(|who| who.role == Role::Screen)?;
    let name = if call.secure { SECURE_COOKIE } else { PLAIN_COOKIE };
    let token = read_cookie(&call.headers, name).filter(|value| value.starts_with(LASTING_MARK))?;
    Some(write_cookie(call.secure, token, SCREEN_SECONDS))
}

/// Logs out whoever calls and gives the `Set-Cookie` text that clears the cookie.
#[must_use]
pub fn close_page(call: &Call) -> String {
    if let Some(who) = &call.who {
        call.platform.accounts.end(who.session);
    }
    write_cookie(call.secure, "", 0)
}

async fn tell_caller(call: Call) -> Outcome {
    let who = call.caller()?;
    let language = std::str::from_utf8(&who.language).ok().and_then(Language::of_tag).unwrap_or_default();
    let (username, language) = (who.username.to_string(), language.tag());
    Reply::json(&Caller { username, role: who.role, language, must_change_password: who.must_change })
}

async fn log_out(call: Call) -> Outcome {
    let object = call.who.as_ref().map_or(Object::Nothing, |who| Object::Account(who.account));
    Ok(Reply::empty().cookie(&close_page(&call)).concerning(object))
}

fn write_tokens(tokens: &Tokens) -> Outcome {
    Reply::json(&TokenPair {
        access: tokens.access.expose().to_owned(),
        refresh: tokens.refresh.expose().to_owned(),
        expires_in: tokens.life.as_secs(),
    })
}

fn write_cookie(secure: bool, value: &str, seconds: u64) -> String {
    let (name, flag) = if secure { (SECURE_COOKIE, "; Secure") } else { (PLAIN_COOKIE, "") };
    format!("{name}={value}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Strict{flag}")
}

fn letters(language: Language) -> [u8; 2] {
    match language {
        Language::En => *b"en",
        Language::Fr => *b"fr",
    }
}

/// How a refusal of the accounts is told.
#[must_use]
#[allow(clippy::needless_pass_by_value, reason = "it stands in map_err everywhere")]
pub fn refuse(refusal: Refusal) -> Problem {
    let invalid = |pointer: &str, fault| Problem::from(&faults::INVALID).at(pointer, fault);
    match refusal {
        Refusal::WrongCredentials => (&faults::WRONG_CREDENTIALS).into(),
        Refusal::TooSoon(wait) => {
            let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
            Problem::from(&faults::TOO_MANY_TRIES).with("seconds", seconds).retry_after(wait)
        }
        Refusal::WrongCode => (&faults::WRONG_CODE).into(),
        Refusal::AlreadySetUp => (&faults::ALREADY_SET_UP).into(),
        Refusal::BadUsername => invalid("/username", &faults::BAD_USERNAME),
        Refusal::BadPassword(weakness) => invalid("/password", weak(weakness)),
        Refusal::BadToken | Refusal::StolenToken(_) => (&faults::TOKEN_INVALID).into(),
        Refusal::NoAccount => (&faults::NO_ACCOUNT).into(),
        Refusal::NameTaken => Problem::from(&faults::NAME_TAKEN).at("/username", &faults::NAME_TAKEN),
        Refusal::Full => Problem::from(&faults::ACCOUNTS_FULL).with("limit", MAX_ACCOUNTS),
        Refusal::LastAdmin => (&faults::LAST_ADMIN).into(),
        Refusal::Stale => (&faults::CHANGED_SINCE).into(),
        Refusal::BadDisplayName => invalid("/display_name", &faults::BAD_DISPLAY_NAME),
        Refusal::NoAccountRole => invalid("/role", &faults::NO_ACCOUNT_ROLE),
        Refusal::OtherSort => (&faults::OTHER_SORT).into(),
        Refusal::Busy => Problem::from(&faults::UNAVAILABLE).retry_after(std::time::Duration::from_secs(2)),
        Refusal::NotSaved => (&faults::NOT_SAVED).into(),
        Refusal::Machine => (&faults::INTERNAL).into(),
    }
}

/// How a weakness of a password is told.
#[must_use]
pub fn weak(weakness: Weakness) -> &'static Fault {
    match weakness {
        Weakness::TooShort => &faults::PASSWORD_TOO_SHORT,
        Weakness::TooCommon => &faults::PASSWORD_TOO_COMMON,
        Weakness::HoldsName => &faults::PASSWORD_HOLDS_NAME,
        Weakness::Same => &faults::PASSWORD_SAME,
    }
}
