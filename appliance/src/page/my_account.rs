//! Holds the page of the own account: name, language, password, where one is logged in.
//! It never fills a password back into a form, and never lets anybody change what they may do.
//! The route table holds its routes; the accounts decide.

use std::sync::Arc;

use hyper::StatusCode;
use maud::{Markup, html};
use vigie_core::audit::{Kind, Object};

use crate::accounts::people::{Account, Change};
use crate::accounts::role::Access;
use crate::accounts::secret::Secret;
use crate::accounts::session::{SessionId, SessionView};
use crate::api::accounts::{letters, refuse_change, tell_change};
use crate::http::access::refuse;
use crate::http::call::Call;
use crate::http::language::{Language, Text};
use crate::http::problem::{Problem, faults};
use crate::http::reply::Reply;
use crate::http::route::{BodyRule, Draft, Outcome, Route};

use super::House;
use super::door::language_cookie;
use super::frame::{self, Section};
use super::gate::{Desk, guard};
use super::people::{display_name, languages, words_of};
use super::times::{self, When};
use super::words::{door, people as texts};

const PATH: &str = "/my-account";

/// The routes.
pub(super) fn routes(house: &Arc<House>) -> Vec<Route> {
    let act = |path, about, kind| -> Draft {
        Route::post(path, Access::Viewer, about).takes(BodyRule::Form).speaks(303, "text/html").audits(kind)
    };
    let look = Route::get(PATH, Access::Viewer, "The page of the own account").speaks(200, "text/html").before_change();
    let password = act("/my-account/password", "Change the own password, from the page", Kind::PasswordChanged)
        .every_time()
        .before_change();
    let need = Access::Viewer;
    vec![
        guard(look, need, house, show),
        guard(act(PATH, "Change the own name or language, from the page", Kind::AccountChanged), need, house, change),
        guard(password, need, house, change_password),
        guard(
            act("/my-account/out", "Log out everywhere else, from the page", Kind::SessionsEnded),
            need,
            house,
            end_others,
        ),
        guard(
            act("/my-account/sessions/{session}", "End one of the own sessions, from the page", Kind::SessionsEnded),
            need,
            house,
            end_one,
        ),
    ]
}

/// What to say at the top, and what does not do about the passwords.
#[derive(Default)]
struct Said {
    notice: Option<(bool, String)>,
    old: Option<String>,
    new: Option<String>,
}

fn own(call: &Call) -> Result<Account, Problem> {
    call.platform.accounts.find(call.caller()?.account).ok_or_else(|| Problem::from(&faults::NO_ACCOUNT))
}

async fn show(_house: Arc<House>, call: Call, desk: Desk) -> Outcome {
    let done = match call.query("done") {
        Some("password") => Some(texts::PASSWORD_CHANGED),
        Some("sessions") => Some(texts::ENDED),
        Some(_) => Some(texts::SAVED),
        None => None,
    };
    let said = Said { notice: done.map(|text| (true, text.speak(desk.language).to_owned())), ..Said::default() };
    answer(&call, &desk, &said)
}

fn answer(call: &Call, desk: &Desk, said: &Said) -> Outcome {
    let account = own(call)?;
    let this = call.caller()?.session;
    let sessions = call.platform.accounts.sessions_of(account.number);
    let wall = call.platform.clock.wall();
    let content = view(&account, &sessions, this, wall, said, desk.language);
    Ok(frame::reply(call, frame::page(desk, Section::System, texts::MY_ACCOUNT.speak(desk.language), &content)))
}

async fn change(_house: Arc<House>, call: Call, desk: Desk) -> Outcome {
    let form = call.form();
    let value = |name: &str| form.iter().find(|(key, _)| key == name).map_or("", |(_, value)| value.trim());
    let language = Language::of_tag(value("language")).unwrap_or(desk.language);
    let change = Change {
        display_name: Some(value("display_name").to_owned()),
        language: Some(letters(language)),
        ..Change::default()
    };
    let number = call.caller()?.account;
    match call.platform.accounts.change(number, None, change).await {
        Ok((before, after)) => {
            // The switch of this browser goes before the account: it must say the same from now on.
            let reply = Reply::see_other("/my-account?done").cookie(&language_cookie(language));
            let told = tell_change(&before, &after);
            let reply = reply.concerning(Object::Account(number));
            Ok(if told.is_empty() { reply.unrecorded() } else { reply.telling(&told) })
        }
        Err(refusal) => {
            let problem = refuse(refusal);
            let said = Said { notice: Some((false, words_of(&problem, desk.language))), ..Said::default() };
            Ok(answer(&call, &desk, &said)?.status(problem.status()))
        }
    }
}

async fn change_password(_house: Arc<House>, call: Call, desk: Desk) -> Outcome {
    let mut form = call.form();
    let mut take = |name: &str| {
        let found = form.iter_mut().find(|(key, _)| key == name);
        Secret::new(found.map(|(_, value)| std::mem::take(value)).unwrap_or_default())
    };
    let (old, new) = (take("old"), take("new"));
    let who = call.caller()?;
    match call.platform.accounts.change_own_password(who, call.peer, old, new).await {
        Ok(()) => Ok(Reply::see_other("/my-account?done=password").concerning(Object::Account(who.account))),
        Err(refusal) => {
            let problem = refuse_change(refusal);
            let words = words_of(&problem, desk.language);
            let pointer = problem.field_details(desk.language).first().map(|(pointer, _)| (*pointer).to_owned());
            let said = match pointer.as_deref() {
                Some("/old") => Said { old: Some(words), ..Said::default() },
                Some("/new") => Said { new: Some(words), ..Said::default() },
                _ => Said { notice: Some((false, words)), ..Said::default() },
            };
            Ok(answer(&call, &desk, &said)?.status(problem.status()))
        }
    }
}

async fn end_others(_house: Arc<House>, call: Call, _desk: Desk) -> Outcome {
    let who = call.caller()?;
    let ended = call.platform.accounts.end_sessions_of(who.account, Some(who.session));
    let reply = Reply::see_other("/my-account?done=sessions").concerning(Object::Account(who.account));
    Ok(if ended == 0 { reply.unrecorded() } else { reply.telling(&ended.to_string()) })
}

async fn end_one(_house: Arc<House>, call: Call, desk: Desk) -> Outcome {
    let who = call.caller()?;
    let ended =
        call.parameter("session").parse().is_ok_and(|id| call.platform.accounts.end_session_of(who.account, id));
    if !ended {
        let words = faults::NO_SESSION.text.speak(desk.language).to_owned();
        let said = Said { notice: Some((false, words)), ..Said::default() };
        return Ok(answer(&call, &desk, &said)?.status(StatusCode::NOT_FOUND));
    }
    Ok(Reply::see_other("/my-account?done=sessions").concerning(Object::Account(who.account)))
}

fn view(
    account: &Account,
    sessions: &[SessionView],
    this: SessionId,
    wall: Option<std::time::Duration>,
    said: &Said,
    language: Language,
) -> Markup {
    let own = std::str::from_utf8(&account.language).ok().and_then(Language::of_tag).unwrap_or_default();
    html! {
        h1 { (texts::MY_ACCOUNT.speak(language)) }
        p { b { bdi { (account.username) } } " · " (texts::role(account.role).speak(language)) }
        @if let Some((good, text)) = &said.notice { (frame::notice(*good, text)) }
        @if account.must_change { (frame::notice(false, texts::CHOOSE_PASSWORD.speak(language))) }
        div.columns {
            div {
                section { h2 { (texts::PASSWORD.speak(language)) } (password_form(account, said, language)) }
                @if !account.must_change {
                    section {
                        h2 { (texts::MY_NAME.speak(language)) }
                        form.sheet method="post" action=(PATH) {
                            (display_name(&account.display_name, language))
                            (languages(own, language))
                            button.primary type="submit" { (texts::SAVE.speak(language)) }
                        }
                    }
                }
            }
            @if !account.must_change {
                section { h2 { (texts::SESSIONS.speak(language)) } (session_table(sessions, this, wall, language)) }
            }
        }
    }
}

fn password_form(account: &Account, said: &Said, language: Language) -> Markup {
    let input = |name: &str, complete: &str, hint: bool, fault: bool, focus: bool| {
        html! {
            input id=(name) type="password" name=(name) required maxlength="1024" autocomplete=(complete) autofocus[focus]
                aria-describedby=[frame::described(name, hint, fault)] aria-invalid=[fault.then_some("true")];
        }
    };
    let say = |text: Text| text.speak(language);
    let (old, new) = (said.old.as_deref(), said.new.as_deref());
    html! {
        form.sheet method="post" action="/my-account/password" {
            // Password managers look for the name beside a new password.
            input type="text" name="username" value=(account.username) autocomplete="username" hidden;
            (frame::field("old", say(texts::OLD_PASSWORD), None, old,
                &input("old", "current-password", false, old.is_some(), account.must_change)))
            (frame::field("new", say(texts::NEW_PASSWORD), Some(say(door::PASSWORD_HINT)), new,
                &input("new", "new-password", true, new.is_some(), false)))
            button.primary[account.must_change] type="submit" { (say(texts::CHANGE_PASSWORD)) }
        }
    }
}

fn session_table(
    sessions: &[SessionView],
    this: SessionId,
    wall: Option<std::time::Duration>,
    language: Language,
) -> Markup {
    html! {
        table.plain {
            caption.hush { (texts::SESSIONS.speak(language)) }
            thead { tr {
                @for name in [texts::SINCE, texts::FROM, texts::WITH] { th scope="col" { (name.speak(language)) } }
                th scope="col" { span.hush { (texts::END.speak(language)) } }
            } }
            tbody { @for session in sessions {
                @let when = When { unix: wall.and_then(|wall| wall.checked_sub(session.opened)), ago: Some(session.opened) };
                tr {
                    td { (times::ago(when, language)) }
                    td { @if let Some(from) = session.from { code { (from.to_canonical()) } } }
                    td { @if session.id == this { (texts::THIS_ONE.speak(language)) } @else { (texts::sort(session.sort).speak(language)) } }
                    td {
                        @if session.id != this {
                            form method="post" action={ (PATH) "/sessions/" (session.id.0) } {
                                button type="submit" { (texts::END.speak(language)) }
                            }
                        }
                    }
                }
            } }
        }
        @if sessions.len() > 1 {
            form method="post" action="/my-account/out" { button type="submit" { (texts::END_OTHERS.speak(language)) } }
        }
    }
}
