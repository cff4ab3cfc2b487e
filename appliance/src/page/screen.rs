//! Holds the page of a screen in a public room, and the door through which a screen comes in with its token.
//! It never names a device or a person, and never takes a token from an address, which browsers keep and servers log.
//! The route table holds its routes; the accounts decide, the API counts.

use std::sync::Arc;
use std::time::Duration;

use hyper::StatusCode;
use hyper::header::HOST;
use maud::{DOCTYPE, Markup, html};
use vigie_core::audit::{Actor, Kind, Object};

use crate::accounts::journal::Act;
use crate::accounts::people::{Account, HandedOut};
use crate::accounts::role::{Access, Role};
use crate::accounts::secret::Secret;
use crate::api::screen::{ScreenView, look};
use crate::http::access::{open_screen, refuse, renew_screen};
use crate::http::assets;
use crate::http::call::Call;
use crate::http::language::Language;
use crate::http::reply::Reply;
use crate::http::route::{BodyRule, Outcome, Route, Turned};

use super::House;
use super::frame;
use super::icon::icon;
use super::times::exact;
use super::words::{self, screen as texts};

/// Where a screen comes in.
const DOOR: &str = "/screen/enter";
/// Without JavaScript the whole page is read again after this long; with it, only the figures, and sooner.
const AGAIN_SECONDS: &str = "30";

/// The routes.
pub(super) fn routes(house: &Arc<House>) -> Vec<Route> {
    vec![
        Route::get("/screen", Access::Screen, "The page of a screen in a public room")
            .speaks(200, "text/html")
            .refuses_with(send_to_the_door)
            .run_with(house, show),
        Route::get(DOOR, Access::Public, "The page on which a screen comes in with its token")
            .speaks(200, "text/html")
            .run(show_door),
        Route::post(DOOR, Access::Public, "Let a screen in with its token, from the page")
            .takes(BodyRule::Form)
            .speaks(303, "text/html")
            .run(enter),
    ]
}

/// A screen nobody has let in is shown its door; somebody else's role is told so.
fn send_to_the_door(turned: &Turned<'_>) -> Reply {
    if turned.needs_setup {
        return Reply::see_other("/setup");
    }
    if turned.stranger && turned.problem.status() == StatusCode::UNAUTHORIZED {
        return Reply::see_other(DOOR);
    }
    frame::trouble(turned.problem, turned.language)
}

async fn show(house: Arc<House>, call: Call) -> Outcome {
    let seen = match look(&house.desk, &call).await {
        Ok(seen) => seen,
        Err(problem) => return Ok(frame::trouble(&problem, call.language)),
    };
    let page = draw(&seen, call.platform.clock.wall(), call.language);
    let reply = frame::reply(&call, page);
    // A screen stays in for as long as it is looked at: browsers drop a cookie after 400 days.
    Ok(match renew_screen(&call) {
        Some(cookie) => reply.cookie(&cookie),
        None => reply,
    })
}

async fn show_door(call: Call) -> Outcome {
    if call.platform.accounts.needs_setup() {
        return Ok(Reply::see_other("/setup"));
    }
    Ok(frame::reply(&call, door(call.language, None)))
}

async fn enter(call: Call) -> Outcome {
    let form = call.form();
    let token = form.into_iter().find(|(name, _)| name == "token").map(|(_, value)| value).unwrap_or_default();
    let token = Secret::new(token.trim().to_owned());
    match open_screen(&call, &token) {
        Ok((account, cookie)) => {
            let act = Act::new(Kind::Login, Actor::Account(account)).on(Object::Account(account)).from(call.peer);
            call.platform.journal.note(act.saying("screen"));
            Ok(Reply::see_other("/screen").cookie(&cookie))
        }
        Err(refusal) => {
            call.platform.journal.note_failure(Act::new(Kind::LoginFailed, Actor::Stranger).from(call.peer));
            let status = refuse(refusal).status();
            // 401 would make some browsers ask by a box of their own; the form is shown again instead.
            let status = if status == StatusCode::UNAUTHORIZED { StatusCode::FORBIDDEN } else { status };
            let why = texts::WRONG_TOKEN.speak(call.language);
            Ok(frame::reply(&call, door(call.language, Some(why))).status(status))
        }
    }
}

/// The address to open on a screen, for whoever was just given its token; `None` for everybody but a screen. What stands
/// behind the `#` is never sent by a browser: the page itself reads it.
pub(super) fn link(call: &Call, account: &Account, handed: &HandedOut) -> Option<String> {
    let HandedOut::Token(token) = handed else { return None };
    let host = call.headers.get(HOST)?.to_str().ok()?;
    let scheme = if call.secure { "https" } else { "http" };
    (account.role == Some(Role::Screen)).then(|| format!("{scheme}://{host}{DOOR}#{}", token.expose()))
}

fn door(language: Language, fault: Option<&str>) -> Markup {
    let input = html! {
        input #token type="password" name="token" required autocomplete="off" maxlength="128" autofocus
            aria-describedby=[frame::described("token", true, fault.is_some())] aria-invalid=[fault.map(|_| "true")];
    };
    let content = html! {
        h1 { (texts::ENTER_TITLE.speak(language)) }
        form.sheet #enter method="post" action=(DOOR) {
            (frame::field("token", texts::TOKEN.speak(language), Some(texts::TOKEN_HINT.speak(language)), fault, &input))
            button.primary type="submit" { (texts::ENTER.speak(language)) }
        }
        script type="module" src=(assets::address("screen.js")) {}
    };
    frame::door(language, texts::ENTER_TITLE.speak(language), DOOR, &content)
}

/// One large figure with its words.
struct Figure {
    number: usize,
    words: String,
    under: String,
}

/// What stands on the screen. Each figure has a place of its own and they share the width, so that free workstations can
/// stand beside the devices.
fn figures(seen: &ScreenView, language: Language) -> Vec<Figure> {
    let known = words::plural(language, seen.devices_known, texts::KNOWN_ONE, texts::KNOWN_MANY);
    let here = if seen.devices_here == 1 { texts::HERE_ONE } else { texts::HERE_MANY };
    vec![Figure { number: seen.devices_here, words: here.speak(language).to_owned(), under: known }]
}

fn draw(seen: &ScreenView, wall: Option<Duration>, language: Language) -> Markup {
    let say = |text: crate::http::language::Text| text.speak(language);
    html! {
        (DOCTYPE)
        html.screen lang=(language.tag()) {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                noscript { meta http-equiv="refresh" content=(AGAIN_SECONDS); }
                title { (say(texts::TITLE)) " · Vigie" }
                link rel="icon" type="image/svg+xml" href=(assets::address("mark.svg"));
                link rel="stylesheet" href=(assets::address("style/tokens.css"));
                link rel="stylesheet" href=(assets::address("style/page.css"));
                link rel="stylesheet" href=(assets::address("style/screen.css"));
                script type="module" src=(assets::address("screen.js")) {}
            }
            body {
                main #screen {
                    h1.hush { (say(texts::TITLE)) }
                    @match (&seen.time, wall) {
                        (Some(time), Some(wall)) => time.clock datetime=(time) {
                            // In UTC, until the script puts the time of the place there, in the same room.
                            @let text = exact(wall, language);
                            @let (day, clock) = text.split_once(", ").unwrap_or((text.as_str(), ""));
                            (clock) span { (day) }
                        },
                        _ => p.unset { (say(texts::CLOCK_UNSET)) },
                    }
                    dl.figures {
                        @for figure in figures(seen, language) {
                            div {
                                dt { (figure.words) }
                                dd { (words::number(language, figure.number as u64)) }
                                dd.under { (figure.under) }
                            }
                        }
                    }
                    @if seen.ready {
                        p.well { (icon("check")) span { (say(texts::WELL)) } }
                    } @else {
                        p.ill { (icon("bad")) span { (say(texts::NOT_WELL)) } }
                    }
                }
                p.lost role="alert" hidden { (icon("bad")) span { (say(texts::LOST)) } }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(time: Option<&str>, ready: bool, here: usize) -> ScreenView {
        ScreenView { time: time.map(str::to_owned), ready, devices_here: here, devices_known: 1_204 }
    }

    #[test]
    fn a_screen_says_the_time_and_the_figures_or_that_it_does_not_know() {
        let wall = Some(Duration::from_secs(1_709_210_096));
        let page = draw(&seen(Some("2024-02-29T12:34:56.000Z"), true, 1_017), wall, Language::Fr).into_string();
        assert!(
            page.contains("datetime=\"2024-02-29T12:34:56.000Z\"")
                && page.contains("12:34 UTC<span>29 février 2024</span>"),
            "{page}"
        );
        assert!(
            page.contains("1\u{202f}017")
                && page.contains("sur 1\u{202f}204 connus")
                && page.contains("class=\"well\"")
        );
        let page = draw(&seen(None, false, 1), None, Language::En).into_string();
        assert!(
            page.contains("clock is not set") && page.contains("class=\"ill\"") && page.contains("device is here"),
            "{page}"
        );
        assert!(!page.contains("style=") && !page.contains("<style") && page.matches("<script").count() == 1);
    }
}
