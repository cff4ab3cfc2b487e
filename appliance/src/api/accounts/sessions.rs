//! Holds the routes of sessions: see where an account is logged in, and end that.
//! Never shows a cookie or a token: a session is a number, a sort and an address.
//! The route table holds them.

use schemars::JsonSchema;
use serde::Serialize;
use vigie_core::audit::{Kind, Object};

use super::{find, me};
use crate::accounts::people::Account;
use crate::accounts::role::Access;
use crate::accounts::session::{SessionView, Sort};
use crate::http::call::Call;
use crate::http::problem::{Problem, faults};
use crate::http::reply::Reply;
use crate::http::route::{Outcome, Route};

/// A live session.
#[derive(Debug, Serialize, JsonSchema)]
struct View {
    /// Its number; until the service starts again.
    id: u64,
    /// `page`, `program` or `lasting`.
    kind: &'static str,
    /// Seconds since it was opened.
    opened_s: u64,
    /// Seconds since it was used by a person, or renewed by a program.
    idle_s: u64,
    /// Where it was opened from.
    from: Option<String>,
    /// Whether it is the one that asks.
    is_this: bool,
}

/// The live sessions of an account, newest first.
#[derive(Debug, Serialize, JsonSchema)]
struct List {
    items: Vec<View>,
    count: usize,
}

/// How many were ended.
#[derive(Debug, Serialize, JsonSchema)]
struct Ended {
    ended: usize,
}

/// The routes.
pub(super) fn routes() -> Vec<Route> {
    let (all, one) = ("/api/accounts/{id}/sessions", "/api/accounts/{id}/sessions/{session}");
    let (mine, my_one) = ("/api/accounts/me/sessions", "/api/accounts/me/sessions/{session}");
    let kind = Kind::SessionsEnded;
    vec![
        Route::get(all, Access::Admin, "Where an account is logged in")
            .answers::<List>(200)
            .run(async |call: Call| tell(&call, &find(&call)?)),
        Route::delete(all, Access::Admin, "Log an account out everywhere")
            .answers::<Ended>(200)
            .audits(kind)
            .run(async |call: Call| end_all(&call, &find(&call)?)),
        Route::delete(one, Access::Admin, "End one session of an account")
            .audits(kind)
            .run(async |call: Call| end(&call, &find(&call)?)),
        Route::get(mine, Access::Anyone, "Where the own account is logged in")
            .answers::<List>(200)
            .run(async |call: Call| tell(&call, &me::own(&call)?)),
        Route::delete(mine, Access::Anyone, "Log out everywhere else; the session that asks goes on")
            .answers::<Ended>(200)
            .audits(kind)
            .run(async |call: Call| end_all(&call, &me::own(&call)?)),
        Route::delete(my_one, Access::Anyone, "End one of the own sessions")
            .audits(kind)
            .run(async |call: Call| end(&call, &me::own(&call)?)),
    ]
}

fn tell(call: &Call, account: &Account) -> Outcome {
    let this = call.who.as_ref().map(|who| who.session);
    let view = |session: SessionView| View {
        id: session.id.0,
        kind: match session.sort {
            Sort::Page => "page",
            Sort::Program => "program",
            Sort::Lasting => "lasting",
        },
        opened_s: session.opened.as_secs(),
        idle_s: session.touched.as_secs(),
        from: session.from.map(|from| from.to_canonical().to_string()),
        is_this: Some(session.id) == this,
    };
    let items: Vec<View> = call.platform.accounts.sessions_of(account.number).into_iter().map(view).collect();
    Reply::json(&List { count: items.len(), items })
}

fn end_all(call: &Call, account: &Account) -> Outcome {
    let this = call.who.as_ref().map(|who| who.session);
    let ended = call.platform.accounts.end_sessions_of(account.number, this);
    let reply = Reply::json(&Ended { ended })?.concerning(Object::Account(account.number)).telling(&ended.to_string());
    Ok(if ended == 0 { reply.unrecorded() } else { reply })
}

fn end(call: &Call, account: &Account) -> Outcome {
    let none = || Problem::from(&faults::NO_SESSION);
    let session = call.parameter("session").parse().map_err(|_| none())?;
    if !call.platform.accounts.end_session_of(account.number, session) {
        return Err(none());
    }
    Ok(Reply::empty().concerning(Object::Account(account.number)))
}
