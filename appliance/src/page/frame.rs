//! Holds what stands around every view: head, navigation, footer, and the page that says that something did not work.
//! It never holds an inline script or style: the security policy forbids both.
//! Every view is wrapped by it.

use std::io::Write as _;

use flate2::Compression;
use flate2::write::GzEncoder;
use hyper::header::{CONTENT_ENCODING, VARY};
use hyper::{HeaderMap, StatusCode};
use maud::{DOCTYPE, Markup, html};
use vigie_core::audit::{Kind, Theme};
use vigie_core::lan::ChangeKind;

use crate::http::assets;
use crate::http::call::Call;
use crate::http::language::{Language, Text};
use crate::http::problem::Problem;
use crate::http::reply::Reply;

use super::gate::Desk;
use super::icon::icon;
use super::words::{self, frame as texts};

/// Pages shorter than this are not worth the time to compress.
const WORTH_COMPRESSING_BYTES: usize = 1_024;

/// What htmx is told: no code in attributes, no style of its own, no other host, no copies of pages in the browser's
/// storage.
const HTMX: &str = r#"{"allowEval":false,"allowScriptTags":false,"includeIndicatorStyles":false,"selfRequestsOnly":true,"historyCacheSize":0,"refreshOnHistoryMiss":true,"attributesToSettle":["class","width","height"]}"#;

/// What is told of workstations beside the kinds of the journal.
const KIOSK_EVENTS: [&str; 5] = ["workstation", "enrolment", "message_taken", "session_terminated", "time_added"];

/// A section of the page.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Section {
    Overview,
    Devices,
    Workstations,
    Changes,
    Journal,
    System,
}

impl Section {
    const ALL: [Self; 6] =
        [Self::Overview, Self::Devices, Self::Workstations, Self::Changes, Self::Journal, Self::System];

    const fn parts(self) -> (&'static str, &'static str, Text) {
        match self {
            Self::Overview => ("/", "overview", texts::OVERVIEW),
            Self::Devices => ("/devices", "devices", texts::DEVICES),
            Self::Workstations => ("/workstations", "computer", words::seats::TITLE),
            Self::Changes => ("/changes", "journal", texts::CHANGES),
            Self::Journal => ("/journal", "lock", texts::JOURNAL),
            Self::System => ("/system", "system", texts::SYSTEM),
        }
    }
}

/// A view inside the frame.
pub(super) fn page(desk: &Desk, section: Section, title: &str, content: &Markup) -> Markup {
    let language = desk.language;
    let bar = html! {
        header.bar {
            a.brand href="/" { span.mark aria-hidden="true" {} "Vigie" }
            nav.sections aria-label=(texts::SECTIONS.speak(language)) {
                // What people did is not for those who only look.
                @for one in Section::ALL.into_iter().filter(|one| desk.may_work || *one != Section::Journal) {
                    @let (path, picture, name) = one.parts();
                    a href=(path) aria-current=[(one == section).then_some("page")] { (icon(picture)) span { (name.speak(language)) } }
                }
            }
            div.desk {
                output.live #live hidden data-on=(texts::LIVE.speak(language)) data-off=(texts::NOT_LIVE.speak(language))
                    data-changes=(ChangeKind::ALL.iter().map(|kind| kind.name()).collect::<Vec<_>>().join(" "))
                    data-kiosk=(kiosk_events()) {}
                (switch(language, &desk.path))
                a.button.account href="/my-account" title={ (texts::MY_ACCOUNT.speak(language)) }
                    aria-current=[(desk.path == "/my-account").then_some("page")] {
                    span.hush { (texts::MY_ACCOUNT.speak(language)) " " } bdi { (desk.username) }
                }
                form method="post" action="/logout" {
                    button.plain type="submit" title={ (texts::LOG_OUT.speak(language)) " (" (desk.username) ")" } {
                        (icon("out")) span.quiet { (texts::LOG_OUT.speak(language)) }
                    }
                }
            }
        }
    };
    shell(language, title, Some(&bar), section == Section::Workstations, content)
}

/// The names of what happens at workstations, for the script: as the journal calls it, and the three it does not write.
fn kiosk_events() -> String {
    let kinds = Kind::ALL.iter().filter(|kind| kind.theme() == Theme::Kiosk).map(|kind| kind.name());
    kinds.chain(KIOSK_EVENTS).collect::<Vec<_>>().join(" ")
}

/// A view of the door: no navigation, since nobody is in yet.
pub(super) fn door(language: Language, title: &str, path: &str, content: &Markup) -> Markup {
    let content = html! {
        div.door {
            p.brand { span.mark aria-hidden="true" {} "Vigie" }
            (content)
            div.foot { (switch(language, path)) }
        }
    };
    shell(language, title, None, false, &content)
}

/// The button for the other language.
fn switch(language: Language, path: &str) -> Markup {
    let other = match language {
        Language::En => Language::Fr,
        Language::Fr => Language::En,
    };
    html! {
        form method="post" action="/language" {
            input type="hidden" name="language" value=(other.tag());
            input type="hidden" name="next" value=(path);
            button.plain type="submit" lang=(other.tag()) { (texts::OTHER_LANGUAGE.speak(language)) }
        }
    }
}

fn shell(language: Language, title: &str, bar: Option<&Markup>, seats: bool, content: &Markup) -> Markup {
    html! {
        (DOCTYPE)
        html lang=(language.tag()) data-ago=(words::times::steps(language)) {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta name="htmx-config" content=(HTMX);
                title { (title) " · Vigie" }
                link rel="icon" type="image/svg+xml" href=(assets::address("mark.svg"));
                link rel="stylesheet" href=(assets::address("style/tokens.css"));
                link rel="stylesheet" href=(assets::address("style/page.css"));
                link rel="stylesheet" href=(assets::address("style/views.css"));
                @if seats { link rel="stylesheet" href=(assets::address("style/seats.css")); }
                script defer src=(assets::address("vendor/htmx.min.js")) {}
                script type="module" src=(assets::address("page.js")) {}
                @if seats { script type="module" src=(assets::address("seats.js")) {} }
            }
            body {
                a.skip href="#content" { (texts::SKIP.speak(language)) }
                @if let Some(bar) = bar { (bar) }
                main #content tabindex="-1" { (content) }
            }
        }
    }
}

/// A fact in a list of facts.
pub(super) fn fact(name: Text, value: &Markup, language: Language) -> Markup {
    html! { div { dt { (name.speak(language)) } dd { (value) } } }
}

/// A sentence at the top of a view: what was just done, or why not.
pub(super) fn notice(good: bool, text: &str) -> Markup {
    let (class, picture, role) = if good { ("notice good", "check", "status") } else { ("notice bad", "bad", "alert") };
    html! { p class=(class) role=(role) { (icon(picture)) span { (text) } } }
}

/// A labelled field with its hint and, if need be, its fault.
pub(super) fn field(name: &str, label: &str, hint: Option<&str>, fault: Option<&str>, input: &Markup) -> Markup {
    html! {
        div.field.wrong[fault.is_some()] {
            label for=(name) { (label) }
            @if let Some(hint) = hint { p.hint id={ (name) "-hint" } { (hint) } }
            (input)
            @if let Some(fault) = fault { p.fault id={ (name) "-fault" } { (icon("bad")) span { (fault) } } }
        }
    }
}

/// What describes a field: its hint and its fault.
pub(super) fn described(name: &str, hint: bool, fault: bool) -> Option<String> {
    let parts = [(hint, "hint"), (fault, "fault")];
    let ids: Vec<String> = parts.iter().filter(|(is, _)| *is).map(|(_, part)| format!("{name}-{part}")).collect();
    (!ids.is_empty()).then(|| ids.join(" "))
}

/// The page that says that something did not work.
pub(super) fn trouble(problem: &Problem, language: Language) -> Reply {
    let content = html! {
        h1 { (texts::TROUBLE.speak(language)) }
        (notice(false, &problem.detail(language)))
        p { a.button href="/" { (texts::BACK.speak(language)) } }
    };
    let title = texts::TROUBLE.speak(language);
    Reply::html(door(language, title, "/", &content).into_string()).status(problem.status())
}

/// Why something was refused: the words of the first field, else those of the whole.
pub(super) fn why(problem: &Problem, language: Language) -> String {
    let field = problem.field_details(language).into_iter().map(|(_, text)| text).next();
    field.unwrap_or_else(|| problem.detail(language))
}

/// The answer with a view in it, compressed for a browser that takes it.
pub(super) fn reply(call: &Call, markup: Markup) -> Reply {
    compress(&call.headers, markup.into_string())
}

fn compress(headers: &HeaderMap, page: String) -> Reply {
    if page.len() < WORTH_COMPRESSING_BYTES || !assets::takes_gzip(headers) {
        return Reply::html(page);
    }
    // The fastest level: a Pi packs a list of 100 devices in a few milliseconds, and it still shrinks eightfold.
    let mut encoder = GzEncoder::new(Vec::with_capacity(page.len() / 4), Compression::fast());
    match encoder.write_all(page.as_bytes()).and_then(|()| encoder.finish()) {
        Ok(packed) => Reply::bytes_of("text/html; charset=utf-8", packed)
            .header(CONTENT_ENCODING, "gzip")
            .header(VARY, "Accept-Encoding, Accept-Language, Cookie"),
        Err(_) => Reply::html(page),
    }
}

/// A view that says that a thing is not there.
pub(super) fn missing(call: &Call, desk: &Desk, section: Section, title: &str, help: &str) -> Reply {
    let content =
        html! { h1 { (title) } p { (help) } p { a.button href="/devices" { (texts::DEVICES.speak(desk.language)) } } };
    reply(call, page(desk, section, title, &content)).status(StatusCode::NOT_FOUND)
}

#[cfg(test)]
mod tests {
    use hyper::header::ACCEPT_ENCODING;

    use super::*;
    use std::io::Read as _;

    fn desk() -> Desk {
        Desk {
            username: "<ada>".into(),
            language: Language::Fr,
            may_work: true,
            may_rule: true,
            path: "/devices".into(),
        }
    }

    #[test]
    fn the_frame_has_no_inline_code_and_names_its_language() {
        let page = page(&desk(), Section::Devices, "Appareils", &html! { p { "x" } }).into_string();
        assert!(page.contains("<html lang=\"fr\"") && page.contains("aria-current=\"page\""), "{page}");
        assert!(!page.contains("style=") && !page.contains("onclick") && !page.contains("<style"));
        assert!(page.matches("<script").count() == page.matches("src=\"/assets/").count(), "every script is a file");
        assert!(page.contains("&lt;ada&gt;") && !page.contains("<ada>"));
    }

    #[test]
    fn every_file_the_frame_names_is_there() {
        let mut page = page(&desk(), Section::Overview, "x", &html! {}).into_string();
        page.push_str(&super::page(&desk(), Section::Workstations, "x", &html! {}).into_string());
        for part in page.split("/assets/").skip(1) {
            let path = part.split(['"', '?', '#']).next().unwrap();
            assert!(assets::find(path).is_some(), "{path}");
        }
    }

    #[test]
    fn long_pages_are_compressed_for_those_who_take_it() {
        let text = "<p>hello</p>".repeat(500);
        let mut headers = HeaderMap::new();
        assert_eq!(compress(&headers, text.clone()).bytes(), text.as_bytes());
        headers.insert(ACCEPT_ENCODING, "br, gzip".parse().unwrap());
        let packed = compress(&headers, text.clone());
        let mut unpacked = String::new();
        flate2::read::GzDecoder::new(packed.bytes()).read_to_string(&mut unpacked).unwrap();
        assert!(unpacked == text && packed.bytes().len() * 8 < text.len());
        assert_eq!(compress(&headers, "short".into()).bytes(), b"short");
    }
}
