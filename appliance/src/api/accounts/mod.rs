//! Holds the routes of accounts: an administrator looks after all of them, everybody after their own.
//! Never gives a password or a token back a second time, and never says more of an account than who may know it needs.
//! The route table holds them; the accounts decide.

mod me;
mod sessions;
#[cfg(test)]
mod tests;

use hyper::StatusCode;
use hyper::header::{IF_MATCH, LOCATION};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use vigie_core::audit::{Kind, Object};

use crate::accounts::Refusal;
use crate::accounts::clock::format_utc;
use crate::accounts::people::{Account, Change, HandedOut, Wanted};
use crate::accounts::role::{Access, Role};
use crate::accounts::secret::Secret;
use crate::http::access::{refuse, weak};
use crate::http::call::Call;
use crate::http::etag;
use crate::http::language::Language;
use crate::http::list::{Page, Window};
use crate::http::problem::{Problem, faults};
use crate::http::reply::Reply;
use crate::http::route::{Outcome, Route};

/// An account.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct AccountView {
    /// Its number; never given to somebody else.
    id: u32,
    /// The name it logs in with.
    username: String,
    /// How the person wants to be called; may be empty.
    display_name: String,
    /// `null` for a role of a newer version, which cannot log in.
    role: Option<Role>,
    /// `en` or `fr`.
    language: &'static str,
    /// May log in.
    enabled: bool,
    /// The password was given by an administrator: it must be changed first.
    must_change_password: bool,
    /// Whether it has a lasting token.
    has_token: bool,
    /// When it was made; `null` when the clock was not set.
    created_at: Option<String>,
    /// When the password was set.
    password_at: Option<String>,
    /// Live sessions.
    sessions: usize,
    /// Whether it is the caller's own.
    is_me: bool,
}

/// An account just made, and what is handed to whoever gets it.
#[derive(Debug, Serialize, JsonSchema)]
struct Created {
    account: AccountView,
    /// The temporary password of a person, told this once.
    password: Option<String>,
    /// The lasting token of a screen, told this once.
    token: Option<String>,
}

/// A temporary password, told this once.
#[derive(Debug, Serialize, JsonSchema)]
struct NewPassword {
    password: String,
}

/// A lasting token, told this once. Send it as `Authorization: Bearer`.
#[derive(Debug, Serialize, JsonSchema)]
struct NewToken {
    token: String,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(example = serde_json::json!({ "username": "eve", "role": "operator", "language": "fr" }))]
struct AskedAccount {
    /// 1 to 64 letters, digits, `.`, `_`, `-`, `@`.
    username: String,
    /// `viewer`, `operator`, `admin` or `screen`. A workstation has no account: it is let in at
    /// `/api/postes/enrolment` and has a token of its own.
    #[schemars(with = "String", extend("enum" = ["viewer", "operator", "admin", "screen"]))]
    role: Role,
    #[serde(default)]
    display_name: String,
    /// `en` or `fr`; the caller's when left out.
    #[serde(default)]
    language: Option<String>,
    /// A temporary password; one is drawn when left out.
    #[serde(default)]
    password: Option<Secret>,
}

/// What is to be another. What is left out stays.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(example = serde_json::json!({ "role": "viewer", "enabled": true }))]
struct AskedChange {
    display_name: Option<String>,
    /// A person stays a person: `viewer`, `operator` or `admin`; a screen stays a `screen`.
    #[schemars(with = "Option<String>", extend("enum" = ["viewer", "operator", "admin", "screen", null]))]
    role: Option<Role>,
    /// `en` or `fr`.
    language: Option<String>,
    enabled: Option<bool>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct AskedReset {
    /// A temporary password; one is drawn when left out.
    #[serde(default)]
    password: Option<Secret>,
}

/// Nothing.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Empty {}

/// The routes.
pub(crate) fn routes() -> Vec<Route> {
    let one = "/api/accounts/{id}";
    let mut routes = vec![
        Route::get("/api/accounts", Access::Admin, "Every account").lists().answers::<Page<AccountView>>(200).run(list),
        Route::post("/api/accounts", Access::Admin, "Make an account; its password or token is told once")
            .reads::<AskedAccount>()
            .answers::<Created>(201)
            .audits(Kind::AccountCreated)
            .run(create),
        Route::get(one, Access::Admin, "One account, with an ETag for a change").answers::<AccountView>(200).run(show),
        Route::patch(one, Access::Admin, "Change role, name, language, or switch it on or off")
            .reads::<AskedChange>()
            .answers::<AccountView>(200)
            .audits(Kind::AccountChanged)
            .run(change),
        Route::delete(one, Access::Admin, "Remove an account; its sessions end")
            .audits(Kind::AccountDeleted)
            .run(remove),
        Route::post("/api/accounts/{id}/password", Access::Admin, "Give a temporary password; the sessions end")
            .reads::<AskedReset>()
            .answers::<NewPassword>(200)
            .audits(Kind::PasswordReset)
            .run(reset),
        Route::post("/api/accounts/{id}/token", Access::Admin, "Draw a new lasting token; the one before is dead")
            .reads::<Empty>()
            .answers::<NewToken>(200)
            .audits(Kind::TokenIssued)
            .run(issue),
    ];
    routes.extend(sessions::routes());
    routes.extend(me::routes());
    routes
}

impl AccountView {
    fn render(account: Account, call: &Call) -> Self {
        let date = |seconds: Option<u64>| seconds.map(std::time::Duration::from_secs).map(format_utc);
        Self {
            id: account.number,
            username: account.username,
            display_name: account.display_name,
            role: account.role,
            language: std::str::from_utf8(&account.language).ok().and_then(Language::of_tag).unwrap_or_default().tag(),
            enabled: account.enabled,
            must_change_password: account.must_change,
            has_token: account.has_token,
            created_at: date(account.created_at),
            password_at: date(account.password_at),
            sessions: account.sessions,
            is_me: call.who.as_ref().is_some_and(|who| who.account == account.number),
        }
    }
}

/// The number in the path.
fn number(call: &Call) -> Result<u32, Problem> {
    call.parameter("id").parse().map_err(|_| Problem::from(&faults::NO_ACCOUNT))
}

/// The account a path names.
fn find(call: &Call) -> Result<Account, Problem> {
    call.platform.accounts.find(number(call)?).ok_or_else(|| Problem::from(&faults::NO_ACCOUNT))
}

/// The revision the client has seen, if it says so. It is compared again where the account is changed.
fn seen(call: &Call, account: &Account) -> Result<Option<u32>, Problem> {
    call.check_match(&etag::of_version(account.revision.into()))?;
    Ok(call.headers.contains_key(IF_MATCH).then_some(account.revision))
}

fn tag(account: &Account) -> String {
    etag::of_version(account.revision.into())
}

/// Two letters of a language.
///
/// # Errors
/// `invalid` at `/language`.
fn read_language(asked: Option<&str>) -> Result<Option<[u8; 2]>, Problem> {
    let bad = || Problem::from(&faults::INVALID).at("/language", &faults::BAD_LANGUAGE);
    asked.map(|tag| Language::of_tag(tag).map(letters).ok_or_else(bad)).transpose()
}

/// The two letters kept in an account.
pub(crate) fn letters(language: Language) -> [u8; 2] {
    match language {
        Language::En => *b"en",
        Language::Fr => *b"fr",
    }
}

async fn list(call: Call) -> Outcome {
    let window = Window::<u32>::of(&call)?;
    let accounts = call.platform.accounts.list();
    let page = window.cut(accounts, |account| account.number);
    let items = page.items.into_iter().map(|account| AccountView::render(account, &call)).collect();
    Reply::json(&Page { items, count: page.count, next: page.next })
}

async fn show(call: Call) -> Outcome {
    let account = find(&call)?;
    let tag = tag(&account);
    if call.holds(&tag) {
        return Ok(Reply::not_modified(&tag));
    }
    Ok(Reply::json(&AccountView::render(account, &call))?.tag(&tag))
}

async fn create(call: Call) -> Outcome {
    let asked: AskedAccount = call.json()?;
    let wanted = Wanted {
        username: asked.username,
        display_name: asked.display_name.trim().to_owned(),
        role: asked.role,
        language: read_language(asked.language.as_deref())?.unwrap_or_else(|| letters(call.language)),
        password: asked.password,
    };
    let (account, handed) = call.platform.accounts.create(wanted).await.map_err(refuse)?;
    let (id, tag, role) = (account.number, tag(&account), asked.role.word());
    let (password, token) = match handed {
        HandedOut::Password(password) => (Some(password.expose().to_owned()), None),
        HandedOut::Token(token) => (None, Some(token.expose().to_owned())),
    };
    let reply = Reply::json(&Created { account: AccountView::render(account, &call), password, token })?;
    let reply = reply.status(StatusCode::CREATED).tag(&tag).header(LOCATION, &format!("/api/accounts/{id}"));
    Ok(reply.concerning(Object::Account(id)).telling(role))
}

async fn change(call: Call) -> Outcome {
    let asked: AskedChange = call.json()?;
    let account = find(&call)?;
    let revision = seen(&call, &account)?;
    let change = Change {
        display_name: asked.display_name.map(|name| name.trim().to_owned()),
        role: asked.role,
        language: read_language(asked.language.as_deref())?,
        enabled: asked.enabled,
    };
    let (before, after) = call.platform.accounts.change(account.number, revision, change).await.map_err(refuse)?;
    let (told, tag) = (tell_change(&before, &after), tag(&after));
    let is_same = before.revision == after.revision;
    let reply = Reply::json(&AccountView::render(after, &call))?.tag(&tag).telling(&told);
    Ok(if is_same { reply.unrecorded() } else { reply })
}

/// What was changed, for the journal: roles and switches by name, names only as such.
pub(crate) fn tell_change(before: &Account, after: &Account) -> String {
    let role = |account: &Account| account.role.map_or("unknown", Role::word);
    let mut told = Vec::new();
    if before.role != after.role {
        told.push(format!("role {} to {}", role(before), role(after)));
    }
    if before.enabled != after.enabled {
        told.push(if after.enabled { "switched on" } else { "switched off" }.into());
    }
    for (changed, word) in
        [(before.display_name != after.display_name, "name"), (before.language != after.language, "language")]
    {
        if changed {
            told.push(word.into());
        }
    }
    told.join(", ")
}

async fn remove(call: Call) -> Outcome {
    let account = find(&call)?;
    let revision = seen(&call, &account)?;
    call.platform.accounts.remove(account.number, revision).await.map_err(refuse)?;
    Ok(Reply::empty())
}

async fn reset(call: Call) -> Outcome {
    let asked: AskedReset = call.json()?;
    let account = find(&call)?;
    let revision = seen(&call, &account)?;
    let accounts = &call.platform.accounts;
    let password = accounts.reset_password(account.number, revision, asked.password).await.map_err(refuse)?;
    Reply::json(&NewPassword { password: password.expose().to_owned() })
}

async fn issue(call: Call) -> Outcome {
    let _nothing: Empty = call.json()?;
    let account = find(&call)?;
    let revision = seen(&call, &account)?;
    let token = call.platform.accounts.renew_lasting(account.number, revision).await.map_err(refuse)?;
    Reply::json(&NewToken { token: token.expose().to_owned() })
}

/// How a wrong old password is told: next to its field, not as a log-in that failed.
pub(crate) fn refuse_change(refusal: Refusal) -> Problem {
    match refusal {
        Refusal::WrongCredentials => Problem::from(&faults::INVALID).at("/old", &faults::WRONG_PASSWORD),
        Refusal::BadPassword(weakness) => Problem::from(&faults::INVALID).at("/new", weak(weakness)),
        other => refuse(other),
    }
}
