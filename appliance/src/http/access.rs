//! Holds the routes of set-up, log-in and log-out, by token and by cookie.
//! It never tells why a log-in failed, and never puts a page's secret where a script can read it.
//! The route table holds them; the accounts decide.

use hyper::StatusCode;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::accounts::password::Weakness;
use crate::accounts::role::{Access, Role};
use crate::accounts::secret::Secret;
use crate::accounts::session::PAGE_LONGEST;
use crate::accounts::{Refusal, Tokens};

use super::call::Call;
use super::dispatch::{PLAIN_COOKIE, SECURE_COOKIE};
use super::language::Language;
use super::problem::{Problem, faults};
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
        Route::get("/api/session", Access::Viewer, "Who is logged in").answers::<Caller>(200).run(tell_caller),
        Route::delete("/api/session", Access::Viewer, "Log out").run(log_out),
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
    let caller = Caller { username: asked.username, role: Role::Admin, language: language.tag() };
    Ok(Reply::json(&caller)?.status(StatusCode::CREATED))
}

async fn give_tokens(call: Call) -> Outcome {
    let asked: Credentials = call.json()?;
    let accounts = &call.platform.accounts;
    let account = accounts.log_in(call.peer, &asked.username, asked.password).await.map_err(refuse)?;
    write_tokens(&accounts.open_tokens(account).map_err(refuse)?)
}

async fn renew(call: Call) -> Outcome {
    let asked: RefreshToken = call.json()?;
    write_tokens(&call.platform.accounts.renew(&asked.refresh).map_err(refuse)?)
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
    let cookie = open_page(&call, &asked.username, asked.password).await?;
    let accounts = &call.platform.accounts;
    let language = call.language.tag();
    let role = accounts.role_of(&asked.username).ok_or_else(|| refuse(Refusal::BadToken))?;
    Ok(Reply::json(&Caller { username: asked.username, role, language })?.cookie(&cookie))
}

/// Logs somebody in and gives the `Set-Cookie` text; for the page's own log-in form too.
///
/// # Errors
/// As the log-in by token.
pub async fn open_page(call: &Call, username: &str, password: Secret) -> Result<String, Problem> {
    let accounts = &call.platform.accounts;
    let account = accounts.log_in(call.peer, username, password).await.map_err(refuse)?;
    // The one before, if any, ends: a session must not survive the change of who sits there.
    if let Some(who) = &call.who {
        accounts.end(who.session);
    }
    let secret = accounts.open_page(account).map_err(refuse)?;
    Ok(write_cookie(call.secure, secret.expose(), PAGE_LONGEST.as_secs()))
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
    Reply::json(&Caller { username: who.username.to_string(), role: who.role, language: language.tag() })
}

async fn log_out(call: Call) -> Outcome {
    Ok(Reply::empty().cookie(&close_page(&call)))
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
        Refusal::BadPassword(Weakness::TooShort) => invalid("/password", &faults::PASSWORD_TOO_SHORT),
        Refusal::BadPassword(Weakness::TooCommon) => invalid("/password", &faults::PASSWORD_TOO_COMMON),
        Refusal::BadPassword(Weakness::HoldsName) => invalid("/password", &faults::PASSWORD_HOLDS_NAME),
        Refusal::BadToken => (&faults::TOKEN_INVALID).into(),
        Refusal::Busy => Problem::from(&faults::UNAVAILABLE).retry_after(std::time::Duration::from_secs(2)),
        Refusal::NotSaved => (&faults::NOT_SAVED).into(),
        Refusal::Machine => (&faults::INTERNAL).into(),
    }
}
