//! Holds the door: set-up with the code from the console, log-in, log-out, and the choice of language.
//! It never fills a password back into a form, and never says whether a name exists.
//! The route table holds its routes; the accounts decide.

use hyper::StatusCode;
use maud::{Markup, html};
use vigie_core::audit::{Kind, Object};

use crate::accounts::Refusal;
use crate::accounts::role::Access;
use crate::accounts::secret::Secret;
use crate::http::access::{close_page, note_set_up, open_page, refuse};
use crate::http::call::Call;
use crate::http::dispatch::LANGUAGE_COOKIE;
use crate::http::language::{Language, Text};
use crate::http::problem::Problem;
use crate::http::reply::Reply;
use crate::http::route::{BodyRule, Outcome, Route};

use super::frame;
use super::gate::safe_next;
use super::words::door as words;

/// How long a browser remembers the language: a year.
const LANGUAGE_SECONDS: u32 = 365 * 24 * 60 * 60;

const HTML: &str = "text/html";

/// The routes.
pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get("/setup", Access::Public, "The page of the first set-up").speaks(200, HTML).run(show_setup),
        Route::post("/setup", Access::Public, "Make the first administrator, from the page")
            .takes(BodyRule::Form)
            .speaks(303, HTML)
            .run(set_up),
        Route::get("/login", Access::Public, "The page of the log-in")
            .query("next", "Where to go afterwards, a path of this page.")
            .speaks(200, HTML)
            .run(show_login),
        Route::post("/login", Access::Public, "Log in, from the page")
            .takes(BodyRule::Form)
            .speaks(303, HTML)
            .run(log_in),
        Route::post("/logout", Access::Public, "Log out, from the page")
            .takes(BodyRule::Form)
            .speaks(303, HTML)
            .audits(Kind::Logout)
            .run(log_out),
        Route::post("/language", Access::Public, "Choose the language of the page")
            .takes(BodyRule::Form)
            .speaks(303, HTML)
            .run(choose_language),
    ]
}

/// The fields of a form.
struct Form(Vec<(String, String)>);

impl Form {
    fn take(&mut self, name: &str) -> String {
        let found = self.0.iter_mut().find(|(key, _)| key == name);
        found.map(|(_, value)| std::mem::take(value)).unwrap_or_default()
    }
}

/// What does not do, by field; and what does not do as a whole.
#[derive(Default)]
struct Faults {
    whole: Option<String>,
    code: Option<String>,
    username: Option<String>,
    password: Option<String>,
}

impl Faults {
    /// Puts the words of a refusal next to the field they are about.
    fn of(refusal: &Refusal, language: Language) -> Self {
        let problem = refuse(refusal.clone());
        let field = problem.field_details(language).into_iter().next().map(|(_, text)| text);
        let text = field.unwrap_or_else(|| problem.detail(language));
        let mut faults = Self::default();
        *match refusal {
            Refusal::WrongCode => &mut faults.code,
            Refusal::BadUsername => &mut faults.username,
            Refusal::BadPassword(_) => &mut faults.password,
            _ => &mut faults.whole,
        } = Some(text);
        faults
    }
}

async fn show_setup(call: Call) -> Outcome {
    if !call.platform.accounts.needs_setup() {
        return Ok(Reply::see_other("/"));
    }
    Ok(frame::reply(&call, setup_page(call.language, call.secure, "", "", &Faults::default())))
}

async fn set_up(call: Call) -> Outcome {
    let accounts = &call.platform.accounts;
    if !accounts.needs_setup() {
        return Ok(Reply::see_other("/login"));
    }
    let mut form = Form(call.form());
    let language = Language::of_tag(&form.take("language")).unwrap_or(call.language);
    let (code, username) = (form.take("code"), form.take("username").trim().to_owned());
    let password = Secret::new(form.take("password"));
    let letters = match language {
        Language::En => *b"en",
        Language::Fr => *b"fr",
    };
    let made = accounts.set_up(call.peer, &Secret::new(code.clone()), &username, password.clone(), letters).await;
    if let Err(refusal) = made {
        let faults = Faults::of(&refusal, language);
        let page = setup_page(language, call.secure, &code, &username, &faults);
        return Ok(frame::reply(&call, page).status(refuse(refusal).status()));
    }
    note_set_up(&call).await;
    let (_, cookie) = open_page(&call, &username, password).await?;
    Ok(Reply::see_other("/").cookie(&cookie).cookie(&language_cookie(language)))
}

async fn show_login(call: Call) -> Outcome {
    if call.platform.accounts.needs_setup() {
        return Ok(Reply::see_other("/setup"));
    }
    let next = safe_next(call.query("next").unwrap_or("/")).to_owned();
    if call.who.is_some() {
        return Ok(Reply::see_other(&next));
    }
    let out = call.query("out").is_some();
    Ok(frame::reply(&call, login_page(call.language, call.secure, "", &next, None, out)))
}

async fn log_in(call: Call) -> Outcome {
    if call.platform.accounts.needs_setup() {
        return Ok(Reply::see_other("/setup"));
    }
    let mut form = Form(call.form());
    let username = form.take("username").trim().to_owned();
    let next = safe_next(&form.take("next")).to_owned();
    match open_page(&call, &username, Secret::new(form.take("password"))).await {
        Ok((_, cookie)) => Ok(Reply::see_other(&next).cookie(&cookie)),
        Err(problem) => Ok(refused(&call, &username, &next, &problem)),
    }
}

fn refused(call: &Call, username: &str, next: &str, problem: &Problem) -> Reply {
    let why = problem.detail(call.language);
    let page = login_page(call.language, call.secure, username, next, Some(&why), false);
    // 401 would make some browsers ask by a box of their own; the form is shown again instead.
    let status = if problem.status() == StatusCode::UNAUTHORIZED { StatusCode::FORBIDDEN } else { problem.status() };
    frame::reply(call, page).status(status)
}

async fn log_out(call: Call) -> Outcome {
    let reply = Reply::see_other("/login?out").cookie(&close_page(&call));
    // Without a session nobody logged out.
    Ok(match &call.who {
        Some(who) => reply.concerning(Object::Account(who.account)),
        None => reply.unrecorded(),
    })
}

async fn choose_language(call: Call) -> Outcome {
    let mut form = Form(call.form());
    let language = Language::of_tag(&form.take("language")).unwrap_or(call.language);
    Ok(Reply::see_other(safe_next(&form.take("next"))).cookie(&language_cookie(language)))
}

/// The cookie that keeps the language a person switched to.
pub(super) fn language_cookie(language: Language) -> String {
    format!("{LANGUAGE_COOKIE}={}; Path=/; Max-Age={LANGUAGE_SECONDS}; HttpOnly; SameSite=Lax", language.tag())
}

fn password_input(language: Language, complete: &str, hint: bool, fault: bool) -> Markup {
    html! {
        input #password type="password" name="password" required autocomplete=(complete) maxlength="1024"
            aria-describedby=[frame::described("password", hint, fault)] aria-invalid=[fault.then_some("true")];
        // Shown by the script, which is what makes it work.
        label.check hidden data-shows="password" { input type="checkbox"; span { (words::SHOW.speak(language)) } }
    }
}

fn username_input(value: &str, hint: bool, fault: bool, focus: bool) -> Markup {
    html! {
        input #username type="text" name="username" value=(value) required autocomplete="username" autocapitalize="none"
            spellcheck="false" maxlength="64" autofocus[focus]
            aria-describedby=[frame::described("username", hint, fault)] aria-invalid=[fault.then_some("true")];
    }
}

fn setup_page(language: Language, secure: bool, code: &str, username: &str, faults: &Faults) -> Markup {
    let say = |text: Text| text.speak(language);
    let code_fault = faults.code.is_some();
    let code_input = html! {
        input.code #code type="text" name="code" value=(code) required autocomplete="one-time-code" autocapitalize="characters"
            spellcheck="false" maxlength="16" placeholder="XXXX-XXXX" autofocus[code.is_empty() || code_fault]
            aria-describedby=[frame::described("code", true, code_fault)] aria-invalid=[code_fault.then_some("true")];
    };
    let (name_fault, password_fault) = (faults.username.as_deref(), faults.password.as_deref());
    let content = html! {
        h1 { (say(words::SETUP_TITLE)) }
        p.lead { (say(words::SETUP_WHY)) }
        @if let Some(whole) = &faults.whole { (frame::notice(false, whole)) }
        form.sheet method="post" action="/setup" {
            (frame::field("code", say(words::CODE), Some(say(words::CODE_HINT)), faults.code.as_deref(), &code_input))
            (frame::field("username", say(words::USERNAME), Some(say(words::USERNAME_HINT)), name_fault,
                &username_input(username, true, name_fault.is_some(), name_fault.is_some())))
            (frame::field("password", say(words::PASSWORD), Some(say(words::PASSWORD_HINT)), password_fault,
                &password_input(language, "new-password", true, password_fault.is_some())))
            div.field {
                label for="language" { (say(words::LANGUAGE)) }
                select #language name="language" {
                    @for (one, name) in [(Language::En, "English"), (Language::Fr, "Français")] {
                        option value=(one.tag()) lang=(one.tag()) selected[one == language] { (name) }
                    }
                }
            }
            (unencrypted(language, secure))
            button.primary type="submit" { (say(words::CREATE)) }
        }
    };
    frame::door(language, say(words::SETUP_TITLE), "/setup", &content)
}

fn login_page(language: Language, secure: bool, username: &str, next: &str, fault: Option<&str>, out: bool) -> Markup {
    let say = |text: Text| text.speak(language);
    let content = html! {
        h1 { (say(words::LOGIN_TITLE)) }
        @if out { (frame::notice(true, say(words::LOGGED_OUT))) }
        form.sheet method="post" action="/login" {
            input type="hidden" name="next" value=(next);
            (frame::field("username", say(words::USERNAME), None, None, &username_input(username, false, false, username.is_empty())))
            (frame::field("password", say(words::PASSWORD), None, fault, &password_input(language, "current-password", false, fault.is_some())))
            (unencrypted(language, secure))
            button.primary type="submit" { (say(words::LOG_IN)) }
        }
    };
    frame::door(language, say(words::LOGIN_TITLE), "/login", &content)
}

fn unencrypted(language: Language, secure: bool) -> Markup {
    if secure {
        return super::trust::link(language);
    }
    html! { p.hint.aside { (super::icon::icon("lock")) span { (words::PLAIN_HTTP.speak(language)) } } }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::accounts::password::Weakness;

    #[test]
    fn a_refusal_stands_next_to_its_field_and_no_password_comes_back() {
        let faults = Faults::of(&Refusal::BadPassword(Weakness::TooShort), Language::Fr);
        let page = setup_page(Language::Fr, true, "ABCD-1234", "ada\"><script>", &faults).into_string();
        assert!(page.contains("aria-describedby=\"password-hint password-fault\""), "{page}");
        assert!(page.contains("au moins 12 caractères. Une phrase se retient bien."));
        assert!(page.contains("value=\"ABCD-1234\"") && page.contains("ada&quot;&gt;&lt;script&gt;"));
        assert!(!page.contains("id=\"code-fault\"") && !page.contains("chiffrée") && page.contains("href=\"/trust\""));
    }

    #[test]
    fn the_log_in_says_nothing_about_names() {
        let problem = refuse(Refusal::WrongCredentials);
        let page = login_page(Language::En, false, "ada", "/devices", Some(&problem.detail(Language::En)), false)
            .into_string();
        assert!(page.contains("The name or the password is wrong.") && page.contains("not encrypted"));
        assert!(page.contains("name=\"next\" value=\"/devices\""));
    }
}
