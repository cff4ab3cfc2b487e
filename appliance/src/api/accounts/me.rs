//! Holds the routes of the own account: look, change name and language, change the password.
//! Never lets somebody change what they may do.
//! The route table holds them.

use schemars::JsonSchema;
use serde::Deserialize;
use vigie_core::audit::{Kind, Object};

use super::{AccountView, read_language, refuse_change, seen, tag, tell_change};
use crate::accounts::people::{Account, Change};
use crate::accounts::role::Access;
use crate::accounts::secret::Secret;
use crate::http::access::refuse;
use crate::http::call::Call;
use crate::http::problem::{Problem, faults};
use crate::http::reply::Reply;
use crate::http::route::{Outcome, Route};

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct AskedChange {
    display_name: Option<String>,
    /// `en` or `fr`.
    language: Option<String>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct AskedPassword {
    /// The present one.
    old: Secret,
    /// At least 12 characters.
    new: Secret,
}

/// The routes.
pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get("/api/accounts/me", Access::Anyone, "The own account, with an ETag for a change")
            .answers::<AccountView>(200)
            .before_change()
            .run(show),
        Route::patch("/api/accounts/me", Access::Viewer, "Change the own name or language")
            .reads::<AskedChange>()
            .answers::<AccountView>(200)
            .audits(Kind::AccountChanged)
            .run(change),
        Route::put("/api/accounts/me/password", Access::Viewer, "Change the own password; the other sessions end")
            .reads::<AskedPassword>()
            .answers::<()>(204)
            .before_change()
            .audits(Kind::PasswordChanged)
            .run(change_password),
    ]
}

/// The caller's own account.
pub(super) fn own(call: &Call) -> Result<Account, Problem> {
    let number = call.caller()?.account;
    call.platform.accounts.find(number).ok_or_else(|| Problem::from(&faults::NO_ACCOUNT))
}

async fn show(call: Call) -> Outcome {
    let account = own(&call)?;
    let tag = tag(&account);
    Ok(Reply::json(&AccountView::render(account, &call))?.tag(&tag))
}

async fn change(call: Call) -> Outcome {
    let asked: AskedChange = call.json()?;
    let account = own(&call)?;
    let revision = seen(&call, &account)?;
    let change = Change {
        display_name: asked.display_name.map(|name| name.trim().to_owned()),
        language: read_language(asked.language.as_deref())?,
        ..Change::default()
    };
    let (before, after) = call.platform.accounts.change(account.number, revision, change).await.map_err(refuse)?;
    let (told, tag) = (tell_change(&before, &after), tag(&after));
    let (object, is_same) = (Object::Account(after.number), before.revision == after.revision);
    let reply = Reply::json(&AccountView::render(after, &call))?.tag(&tag).concerning(object).telling(&told);
    Ok(if is_same { reply.unrecorded() } else { reply })
}

async fn change_password(call: Call) -> Outcome {
    let asked: AskedPassword = call.json()?;
    let who = call.caller()?;
    let accounts = &call.platform.accounts;
    accounts.change_own_password(who, call.peer, asked.old, asked.new).await.map_err(refuse_change)?;
    Ok(Reply::empty().concerning(Object::Account(who.account)))
}
