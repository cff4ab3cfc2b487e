//! Holds the page of the latest log lines, with a filter by level, following by itself.
//! It never holds more than the ring in RAM holds, and shows a bounded tail of it.
//! The route table holds its routes.

use std::fmt::Write as _;
use std::sync::Arc;

use hyper::header::CONTENT_DISPOSITION;
use maud::{Markup, html};

use crate::accounts::role::Access;
use crate::http::call::Call;
use crate::http::language::{Language, Text};
use crate::http::logs::Line;
use crate::http::reply::Reply;
use crate::http::route::{Outcome, Route};

use super::House;
use super::frame::{self, Section};
use super::gate::{Desk, guard};
use super::system;
use super::words::logs as texts;

/// Lines on the page: what a person scrolls through.
const SHOWN_LINES: usize = 300;

/// The least important lines shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
enum Level {
    Error,
    Warn,
    #[default]
    Info,
    All,
}

impl Level {
    const ALL: [Self; 4] = [Self::Error, Self::Warn, Self::Info, Self::All];

    const fn parts(self) -> (&'static str, Text) {
        match self {
            Self::Error => ("error", texts::ERRORS),
            Self::Warn => ("warn", texts::WARNINGS),
            Self::Info => ("info", texts::NEWS),
            Self::All => ("all", texts::EVERYTHING),
        }
    }

    fn of(call: &Call) -> Self {
        let word = call.query("level").unwrap_or_default();
        Self::ALL.into_iter().find(|level| level.parts().0 == word).unwrap_or_default()
    }

    fn takes(self, line: &Line) -> bool {
        match line.level {
            "ERROR" => true,
            "WARN" => self >= Self::Warn,
            "INFO" => self >= Self::Info,
            _ => self == Self::All,
        }
    }

    fn path(self) -> String {
        format!("/system/logs?level={}", self.parts().0)
    }
}

/// The routes.
pub(super) fn routes(house: &Arc<House>) -> Vec<Route> {
    let page = Route::get("/system/logs", Access::Public, "The page of the latest log lines")
        .query("level", "error, warn, info or all.")
        .speaks(200, "text/html");
    let text = Route::get("/system/logs/text", Access::Public, "The latest log lines as a file")
        .query("level", "error, warn, info or all.")
        .speaks(200, "text/plain");
    vec![guard(page, Access::Admin, house, show), guard(text, Access::Admin, house, give)]
}

/// The lines of a level, newest first, and how many were pushed out since the start.
fn read(call: &Call, level: Level) -> (Vec<Line>, u64) {
    let (mut lines, dropped) = call.platform.logs.since(0, usize::MAX, tracing::Level::TRACE);
    lines.retain(|line| level.takes(line));
    lines.reverse();
    (lines, dropped)
}

async fn show(_house: Arc<House>, call: Call, desk: Desk) -> Outcome {
    let level = Level::of(&call);
    let (lines, dropped) = read(&call, level);
    let content = view(&lines, dropped, level, &desk);
    Ok(frame::reply(&call, frame::page(&desk, Section::System, texts::TITLE.speak(desk.language), &content)))
}

async fn give(_house: Arc<House>, call: Call, _desk: Desk) -> Outcome {
    let (lines, _) = read(&call, Level::of(&call));
    let mut text = String::new();
    for line in lines.iter().rev() {
        let _never_fails = writeln!(text, "{} {} {}: {}", moment(line), line.level, line.target, line.message);
    }
    Ok(Reply::text(text).header(CONTENT_DISPOSITION, "attachment; filename=\"vigie.log\""))
}

/// The time of a line; since the start while the clock was not set.
fn moment(line: &Line) -> String {
    line.ts.clone().unwrap_or_else(|| format!("+{}.{:03}s", line.at_ms / 1_000, line.at_ms % 1_000))
}

fn view(lines: &[Line], dropped: u64, level: Level, desk: &Desk) -> Markup {
    let language = desk.language;
    html! {
        (system::head(system::Part::Logs, desk))
        nav.parts aria-label=(texts::LEVEL.speak(language)) {
            @for one in Level::ALL {
                a href=(one.path()) aria-current=[(one == level).then_some("true")] { (one.parts().1.speak(language)) }
            }
        }
        div #lines hx-get=(level.path()) hx-trigger="every 3s" hx-select="#lines" hx-swap="outerHTML" {
            @if lines.is_empty() { p.empty { (texts::NONE.speak(language)) } }
            ol.log { @for line in lines.iter().take(SHOWN_LINES) { (one(line, language)) } }
            @if lines.len() > SHOWN_LINES || dropped > 0 { p.hint { (texts::more(language, lines.len().saturating_sub(SHOWN_LINES), dropped)) } }
        }
        p { a.button href={ "/system/logs/text?level=" (level.parts().0) } download { (super::icon::icon("download")) (texts::SAVE.speak(language)) } }
    }
}

fn one(line: &Line, language: Language) -> Markup {
    let (class, word) = match line.level {
        "ERROR" => ("chip bad", texts::ERROR),
        "WARN" => ("chip warn", texts::WARNING),
        "INFO" => ("chip quiet", texts::INFO),
        _ => ("chip quiet", texts::DETAIL),
    };
    html! {
        li id={ "l" (line.seq) } {
            @match &line.ts {
                Some(ts) => time datetime=(ts) { (ts.get(11..19).unwrap_or_default()) },
                None => span.at { (moment(line)) },
            }
            span class=(class) { (word.speak(language)) }
            // The program writes in English.
            span.message lang="en" { (super::name::clean(&line.message)) " " span.hint { (line.target) } }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(level: &'static str, message: &str) -> Line {
        Line { seq: 1, ts: None, at_ms: 61_005, level, target: "vigie", message: message.to_owned() }
    }

    #[test]
    fn a_level_takes_what_is_at_least_as_important() {
        let all = ["ERROR", "WARN", "INFO", "DEBUG", "TRACE"];
        let taken = |level: Level| all.iter().filter(|name| level.takes(&line(name, ""))).count();
        assert_eq!(Level::ALL.map(taken), [1, 2, 3, 5]);
    }

    #[test]
    fn a_line_from_the_network_cannot_steer_the_page() {
        let drawn = one(&line("WARN", "<b>\u{202e}x"), Language::Fr).into_string();
        assert!(drawn.contains("&lt;b&gt;\u{fffd}x") && drawn.contains("+61.005s"), "{drawn}");
    }
}
