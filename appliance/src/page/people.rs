//! Holds the pages about people: who may log in, add somebody, change or remove an account.
//! It never shows a password or a token twice, and never removes anybody without having asked.
//! The route table holds their routes; the accounts decide.

use std::sync::Arc;

use maud::{Markup, html};
use vigie_core::audit::{Kind, Object};

use crate::accounts::Refusal;
use crate::accounts::people::{Account, Change, HandedOut, Wanted};
use crate::accounts::role::{Access, Role};
use crate::api::accounts::{letters, tell_change};
use crate::http::access::refuse;
use crate::http::call::Call;
use crate::http::language::{Language, Text};
use crate::http::problem::{Problem, faults};
use crate::http::reply::Reply;
use crate::http::route::{BodyRule, Draft, Outcome, Route};

use super::House;
use super::frame::{self, Section};
use super::gate::{Desk, guard};
use super::icon::icon;
use super::screen;
use super::system;
use super::words::{self, people as texts};

/// The routes.
pub(super) fn routes(house: &Arc<House>) -> Vec<Route> {
    let look = |path, about| Route::get(path, Access::Admin, about).speaks(200, "text/html");
    let act = |path, about, kind| -> Draft {
        Route::post(path, Access::Admin, about).takes(BodyRule::Form).speaks(303, "text/html").audits(kind)
    };
    let need = Access::Admin;
    vec![
        guard(look("/people", "The page of those who may log in"), need, house, show),
        guard(act("/people", "Add somebody, from the page", Kind::AccountCreated).every_time(), need, house, add),
        guard(look("/people/{id}", "The page of one account"), need, house, show_one),
        guard(act("/people/{id}", "Change an account, from its page", Kind::AccountChanged), need, house, change),
        guard(
            act("/people/{id}/password", "Give a temporary password, from the page", Kind::PasswordReset).every_time(),
            need,
            house,
            give_password,
        ),
        guard(
            act("/people/{id}/token", "Give a lasting token, from the page", Kind::TokenIssued).every_time(),
            need,
            house,
            give_token,
        ),
        guard(act("/people/{id}/out", "Log somebody out, from the page", Kind::SessionsEnded), need, house, log_out),
        guard(look("/people/{id}/remove", "The page that asks whether to remove an account"), need, house, ask_remove),
        guard(
            act("/people/{id}/remove", "Remove an account, from the page", Kind::AccountDeleted),
            need,
            house,
            remove,
        ),
    ]
}

/// Something to say at the top of a page.
enum Said {
    Nothing,
    Done(Text),
    Refused(String),
    /// A password or a token of somebody, shown this once; for a screen, the address to open there.
    Handed(Text, String, HandedOut, Option<String>),
}

/// What a form says.
struct Form(Vec<(String, String)>);

impl Form {
    fn of(call: &Call) -> Self {
        Self(call.form())
    }

    fn value(&self, name: &str) -> &str {
        self.0.iter().find(|(key, _)| key == name).map_or("", |(_, value)| value.trim())
    }

    fn language(&self, call: &Call) -> [u8; 2] {
        letters(Language::of_tag(self.value("language")).unwrap_or(call.language))
    }

    fn seen(&self) -> Option<u32> {
        self.value("seen").parse().ok()
    }
}

/// The words of a refusal: those about a field, where there is one.
pub(super) fn words_of(problem: &Problem, language: Language) -> String {
    problem.field_details(language).into_iter().next().map_or_else(|| problem.detail(language), |(_, words)| words)
}

fn find(call: &Call) -> Result<Account, Problem> {
    let number = call.parameter("id").parse().map_err(|_| Problem::from(&faults::NO_ACCOUNT))?;
    call.platform.accounts.find(number).ok_or_else(|| Problem::from(&faults::NO_ACCOUNT))
}

async fn show(_house: Arc<House>, call: Call, desk: Desk) -> Outcome {
    let said = if call.query("done").is_some() { Said::Done(texts::REMOVED) } else { Said::Nothing };
    Ok(frame::reply(&call, list_page(&call, &desk, &said, &Form(Vec::new()))))
}

async fn add(_house: Arc<House>, call: Call, desk: Desk) -> Outcome {
    let form = Form::of(&call);
    let wanted = Wanted {
        username: form.value("username").to_owned(),
        display_name: form.value("display_name").to_owned(),
        role: Role::of_word(form.value("role")).unwrap_or(Role::Viewer),
        language: form.language(&call),
        password: None,
    };
    match call.platform.accounts.create(wanted).await {
        Ok((account, handed)) => {
            let text = match handed {
                HandedOut::Password(_) => texts::TOLD_PASSWORD,
                HandedOut::Token(_) => texts::TOLD_TOKEN,
            };
            let link = screen::link(&call, &account, &handed);
            let said = Said::Handed(text, account.username.clone(), handed, link);
            let reply = frame::reply(&call, list_page(&call, &desk, &said, &Form(Vec::new())));
            let role = account.role.map_or("", Role::word);
            Ok(reply.concerning(Object::Account(account.number)).telling(role))
        }
        Err(refusal) => {
            let problem = refuse(refusal);
            let said = Said::Refused(words_of(&problem, desk.language));
            Ok(frame::reply(&call, list_page(&call, &desk, &said, &form)).status(problem.status()))
        }
    }
}

async fn show_one(_house: Arc<House>, call: Call, desk: Desk) -> Outcome {
    let account = find(&call)?;
    let said = if call.query("done").is_some() { Said::Done(texts::SAVED) } else { Said::Nothing };
    Ok(frame::reply(&call, account_page(&account, &desk, &said)))
}

/// The page of an account again, with why not.
fn refused(call: &Call, desk: &Desk, account: &Account, refusal: Refusal) -> Reply {
    let problem = refuse(refusal);
    let now = call.platform.accounts.find(account.number);
    let said = Said::Refused(words_of(&problem, desk.language));
    frame::reply(call, account_page(now.as_ref().unwrap_or(account), desk, &said)).status(problem.status())
}

async fn change(_house: Arc<House>, call: Call, desk: Desk) -> Outcome {
    let (account, form) = (find(&call)?, Form::of(&call));
    let change = Change {
        display_name: Some(form.value("display_name").to_owned()),
        role: Role::of_word(form.value("role")),
        language: Some(form.language(&call)),
        enabled: Some(form.value("enabled") == "on"),
    };
    match call.platform.accounts.change(account.number, form.seen(), change).await {
        Ok((before, after)) => {
            let reply = Reply::see_other(&format!("/people/{}?done", account.number));
            let told = tell_change(&before, &after);
            Ok(if told.is_empty() { reply.unrecorded() } else { reply.telling(&told) })
        }
        Err(refusal) => Ok(refused(&call, &desk, &account, refusal)),
    }
}

async fn give_password(_house: Arc<House>, call: Call, desk: Desk) -> Outcome {
    let (account, form) = (find(&call)?, Form::of(&call));
    match call.platform.accounts.reset_password(account.number, form.seen(), None).await {
        Ok(password) => Ok(handed(&call, &desk, &account, texts::TOLD_PASSWORD, HandedOut::Password(password))),
        Err(refusal) => Ok(refused(&call, &desk, &account, refusal)),
    }
}

async fn give_token(_house: Arc<House>, call: Call, desk: Desk) -> Outcome {
    let (account, form) = (find(&call)?, Form::of(&call));
    match call.platform.accounts.renew_lasting(account.number, form.seen()).await {
        Ok(token) => Ok(handed(&call, &desk, &account, texts::TOLD_TOKEN, HandedOut::Token(token))),
        Err(refusal) => Ok(refused(&call, &desk, &account, refusal)),
    }
}

fn handed(call: &Call, desk: &Desk, account: &Account, text: Text, handed: HandedOut) -> Reply {
    let now = call.platform.accounts.find(account.number);
    let link = screen::link(call, account, &handed);
    let said = Said::Handed(text, account.username.clone(), handed, link);
    frame::reply(call, account_page(now.as_ref().unwrap_or(account), desk, &said))
}

async fn log_out(_house: Arc<House>, call: Call, _desk: Desk) -> Outcome {
    let account = find(&call)?;
    let this = call.caller()?.session;
    let ended = call.platform.accounts.end_sessions_of(account.number, Some(this));
    let reply = Reply::see_other(&format!("/people/{}?done", account.number));
    Ok(if ended == 0 { reply.unrecorded() } else { reply.telling(&ended.to_string()) })
}

async fn ask_remove(_house: Arc<House>, call: Call, desk: Desk) -> Outcome {
    let (account, language) = (find(&call)?, desk.language);
    let path = format!("/people/{}", account.number);
    let name = html! { b { bdi { (account.username) } } };
    let content = html! {
        h1 { (words::fill(texts::REMOVE_TITLE.speak(language), &[("name", name)])) }
        p { (texts::REMOVE_HELP.speak(language)) }
        form.pair method="post" action={ (path) "/remove" } {
            input type="hidden" name="seen" value=(account.revision);
            a.button href=(path) { (texts::REMOVE_NO.speak(language)) }
            button.danger type="submit" { (texts::REMOVE_YES.speak(language)) }
        }
    };
    Ok(frame::reply(&call, frame::page(&desk, Section::System, texts::REMOVE_YES.speak(language), &content)))
}

async fn remove(_house: Arc<House>, call: Call, desk: Desk) -> Outcome {
    let (account, form) = (find(&call)?, Form::of(&call));
    match call.platform.accounts.remove(account.number, form.seen()).await {
        Ok(()) => Ok(Reply::see_other("/people?done")),
        Err(refusal) => Ok(refused(&call, &desk, &account, refusal)),
    }
}

fn say(said: &Said, language: Language) -> Markup {
    html! {
        @match said {
            Said::Nothing => {}
            Said::Done(text) => (frame::notice(true, text.speak(language))),
            Said::Refused(why) => (frame::notice(false, why)),
            Said::Handed(text, name, handed, link) => {
                div.notice.good role="status" {
                    (icon("lock"))
                    div {
                        p { (words::fill(text.speak(language), &[("name", html! { b { bdi { (name) } } })])) }
                        @let secret = match handed { HandedOut::Password(secret) | HandedOut::Token(secret) => secret };
                        p { code.command tabindex="0" { (secret.expose()) } }
                        @if let Some(link) = link {
                            p { (words::screen::OPEN_THERE.speak(language)) }
                            p { code.command tabindex="0" { (link) } }
                        }
                    }
                }
            }
        }
    }
}

fn list_page(call: &Call, desk: &Desk, said: &Said, form: &Form) -> Markup {
    let language = desk.language;
    let me = call.who.as_ref().map(|who| who.account);
    let accounts = call.platform.accounts.list();
    let content = html! {
        (system::head(system::Part::People, desk))
        (say(said, language))
        p { (texts::ABOUT.speak(language)) }
        div.columns {
            section {
                table.plain {
                    caption.hush { (texts::PEOPLE.speak(language)) }
                    thead { tr { @for name in [texts::NAME, texts::ROLE, texts::STATE] { th scope="col" { (name.speak(language)) } } } }
                    tbody { @for account in &accounts { (row(account, me == Some(account.number), language)) } }
                }
            }
            section { h2 { (texts::ADD.speak(language)) } (add_form(form, language)) }
        }
    };
    frame::page(desk, Section::System, texts::PEOPLE.speak(language), &content)
}

fn row(account: &Account, is_me: bool, language: Language) -> Markup {
    html! {
        tr {
            th scope="row" {
                a href={ "/people/" (account.number) } { bdi { (account.username) } }
                @if is_me { " " span.hint { "(" (texts::YOU.speak(language)) ")" } }
                @if !account.display_name.is_empty() { br; span.hint { bdi { (account.display_name) } } }
            }
            td { (texts::role(account.role).speak(language)) }
            td { (state(account, language)) }
        }
    }
}

fn state(account: &Account, language: Language) -> Markup {
    let (class, text) = if !account.enabled {
        ("chip bad", texts::OFF)
    } else if account.must_change {
        ("chip warn", texts::MUST_CHANGE)
    } else if account.sessions > 0 {
        ("chip good", texts::HERE)
    } else {
        ("chip quiet", texts::AWAY)
    };
    html! { span class=(class) { (text.speak(language)) } }
}

fn add_form(form: &Form, language: Language) -> Markup {
    let username = html! {
        input #username type="text" name="username" value=(form.value("username")) required maxlength="64" autocomplete="off"
            autocapitalize="none" spellcheck="false" aria-describedby="username-hint";
    };
    let chosen = Role::of_word(form.value("role")).unwrap_or(Role::Operator);
    html! {
        form.sheet method="post" action="/people" {
            (frame::field("username", texts::USERNAME.speak(language), Some(words::door::USERNAME_HINT.speak(language)), None, &username))
            (display_name(form.value("display_name"), language))
            (roles(&Role::GIVEN, chosen, language))
            (languages(Language::of_tag(form.value("language")).unwrap_or(language), language))
            button.primary type="submit" { (texts::ADD_BUTTON.speak(language)) }
        }
    }
}

/// The field of the full name.
pub(super) fn display_name(value: &str, language: Language) -> Markup {
    let input = html! {
        input #display_name type="text" name="display_name" value=(value) maxlength="64" autocomplete="off"
            aria-describedby="display_name-hint";
    };
    let (label, hint) = (texts::DISPLAY_NAME.speak(language), texts::OPTIONAL.speak(language));
    frame::field("display_name", label, Some(hint), None, &input)
}

fn roles(all: &[Role], chosen: Role, language: Language) -> Markup {
    let input = html! {
        select #role name="role" {
            @for role in all {
                option value=(role.word()) selected[*role == chosen] { (texts::role(Some(*role)).speak(language)) }
            }
        }
    };
    frame::field("role", texts::ROLE.speak(language), None, None, &input)
}

/// The choice of a language.
pub(super) fn languages(chosen: Language, language: Language) -> Markup {
    let input = html! {
        select #language name="language" {
            @for (one, name) in [(Language::En, "English"), (Language::Fr, "Français")] {
                option value=(one.tag()) lang=(one.tag()) selected[one == chosen] { (name) }
            }
        }
    };
    frame::field("language", texts::LANGUAGE.speak(language), None, None, &input)
}

fn account_page(account: &Account, desk: &Desk, said: &Said) -> Markup {
    let language = desk.language;
    let path = format!("/people/{}", account.number);
    let own = std::str::from_utf8(&account.language).ok().and_then(Language::of_tag).unwrap_or_default();
    let role = account.role.unwrap_or(Role::Viewer);
    let choice: Vec<Role> = Role::ALL.into_iter().filter(|one| one.is_person() == role.is_person()).collect();
    let seen = html! { input type="hidden" name="seen" value=(account.revision); };
    let (give, help, part) = if role.is_person() {
        (texts::GIVE_PASSWORD, texts::GIVE_PASSWORD_HELP, "password")
    } else {
        (texts::GIVE_TOKEN, texts::GIVE_TOKEN_HELP, "token")
    };
    let content = html! {
        p.back { a href="/people" { (texts::BACK.speak(language)) } }
        h1 { bdi { (account.username) } }
        p { (state(account, language)) }
        (say(said, language))
        div.columns {
            section {
                form.sheet method="post" action=(path) {
                    (seen)
                    (display_name(&account.display_name, language))
                    @if role.is_person() { (roles(&choice, role, language)) } @else { input type="hidden" name="role" value=(role.word()); }
                    (languages(own, language))
                    label.check { input type="checkbox" name="enabled" checked[account.enabled]; span { (texts::MAY_LOG_IN.speak(language)) } }
                    button.primary type="submit" { (texts::SAVE.speak(language)) }
                }
            }
            section {
                @if role == Role::Agent {
                    p.hint { (texts::OF_STATION.speak(language)) }
                } @else {
                    form.sheet method="post" action={ (path) "/" (part) } {
                        (seen)
                        p.hint { (help.speak(language)) }
                        button type="submit" { (give.speak(language)) }
                    }
                }
                br;
                div.pair {
                    @if account.sessions > 0 {
                        form method="post" action={ (path) "/out" } { button type="submit" { (texts::LOG_OUT.speak(language)) } }
                    }
                    a.button href={ (path) "/remove" } { (texts::REMOVE.speak(language)) }
                }
            }
        }
    };
    frame::page(desk, Section::System, &account.username, &content)
}
