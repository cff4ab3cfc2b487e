//! Holds looking around now: the buttons, the progress in numbers, and what the last look came to.
//! It never starts a second look while one that a person asked for runs.
//! The list of devices shows it; the route table holds its routes.

use std::sync::Arc;
use std::time::Duration;

use maud::{Markup, html};

use vigie_core::audit::Kind as Act;

use crate::accounts::role::Access;
use crate::api::network::fault;
use crate::http::call::Call;
use crate::http::language::Language;
use crate::http::problem::{Problem, faults};
use crate::http::reply::Reply;
use crate::http::route::{BodyRule, Outcome, Route};
use crate::shell::clocks::Clocks;
use crate::shell::network::{Hands, NotStarted, Request};

use super::House;
use super::frame;
use super::gate::{Desk, guard};
use super::icon::icon;
use super::times::{self, When};
use super::words::devices::scan as words;
use super::words::percent;

/// How looking around is going.
#[derive(Clone, Debug, Default)]
pub(super) struct Looking {
    pub(super) running: bool,
    /// A person asked for it, so it may be stopped here.
    pub(super) asked: bool,
    /// 0 to 1, the least of the segments.
    pub(super) share: f32,
    /// Hosts that answered so far.
    pub(super) hosts: usize,
    /// The last whole one: when it began, how many answered of how many.
    pub(super) last: Option<(When, usize, usize)>,
    /// Whether every segment was looked at once.
    pub(super) all_once: bool,
    /// Time to the next one by the clock.
    pub(super) next_in: Option<Duration>,
}

impl Looking {
    /// Whether somebody waits for the end of it: who asked, or everybody at the very first one. What goes on by the clock
    /// every few minutes is no news.
    pub(super) fn is_awaited(&self) -> bool {
        self.running && (self.asked || !self.all_once)
    }

    /// As it is now.
    pub(super) fn of(hands: &Hands<'_>, clocks: &Clocks) -> Self {
        let progress: Vec<_> = hands.progress().values().collect();
        let share = progress.iter().map(|progress| progress.share).fold(1.0, f32::min);
        let now = hands.moment();
        let last = hands.scans().iter().rev().find(|scan| scan.purpose != "newcomers" && scan.report.whole);
        let number = |value: u32| usize::try_from(value).unwrap_or(usize::MAX);
        Self {
            running: hands.sweeps().is_running(),
            asked: hands.sweeps().is_asked(),
            share: if progress.is_empty() { 0.0 } else { share },
            hosts: progress.iter().map(|progress| number(progress.hosts)).sum(),
            last: last.map(|scan| {
                (When::of(scan.began, now, clocks), number(scan.report.hosts), number(scan.report.addresses))
            }),
            all_once: hands.sweeps().all_swept_once(),
            next_in: hands
                .sweeps()
                .next()
                .map(|next| Duration::from_millis(next.saturating_duration_since(hands.now()).as_millis())),
        }
    }
}

/// The routes.
pub(super) fn routes(house: &Arc<House>) -> Vec<Route> {
    let form = |path, about, act| {
        Route::post(path, Access::Operator, about).takes(BodyRule::Form).speaks(303, "text/html").audits(act)
    };
    vec![
        guard(
            Route::get("/scan", Access::Public, "How looking around is going, for the page itself")
                .speaks(200, "text/html"),
            Access::Viewer,
            house,
            show,
        ),
        guard(form("/scan", "Look around now, from the page", Act::ScanStarted), Access::Operator, house, start),
        guard(
            form("/scan/stop", "Stop looking around, from the page", Act::ScanStopped),
            Access::Operator,
            house,
            stop,
        ),
    ]
}

async fn look(house: &House) -> Result<Looking, Problem> {
    let clocks = house.clocks.clone();
    let visit = house.network.call(move |hands| Looking::of(hands, &clocks));
    visit.await.map_err(|_| (&faults::UNAVAILABLE).into())
}

async fn show(house: Arc<House>, call: Call, desk: Desk) -> Outcome {
    Ok(frame::reply(&call, panel(&look(&house).await?, &desk)))
}

async fn start(house: Arc<House>, call: Call, desk: Desk) -> Outcome {
    let full = call.form().iter().any(|(name, value)| name == "kind" && value == "full");
    let request = Request { full, ..Request::default() };
    let started = house.network.call(move |hands| hands.sweep(&request)).await;
    let why = match started.map_err(|_| Problem::from(&faults::UNAVAILABLE))? {
        Ok(()) => None,
        Err(NotStarted::Running) => Some(fault::SCAN_RUNNING.text),
        Err(NotStarted::NoLeg) => Some(fault::NO_LEG.text),
        // The page names no targets.
        Err(
            NotStarted::Remote(_)
            | NotStarted::RemotePublic(_)
            | NotStarted::RemoteLarge(_)
            | NotStarted::Excluded(_)
            | NotStarted::Targets(_),
        ) => Some(words::REFUSED),
    };
    let reply = answer(&house, &call, &desk, why.map(|why| why.speak(desk.language))).await?;
    Ok(if why.is_some() { reply.unrecorded() } else { reply })
}

async fn stop(house: Arc<House>, call: Call, desk: Desk) -> Outcome {
    let stopped = house.network.call(|hands| {
        hands.stop_sweeps();
    });
    stopped.await.map_err(|_| Problem::from(&faults::UNAVAILABLE))?;
    answer(&house, &call, &desk, None).await
}

/// The panel again for the script, the list again for a browser without.
async fn answer(house: &House, call: &Call, desk: &Desk, why: Option<&str>) -> Outcome {
    if !call.headers.contains_key("hx-request") && why.is_none() {
        return Ok(Reply::see_other("/devices"));
    }
    let panel = panel_with(&look(house).await?, desk, why);
    if call.headers.contains_key("hx-request") {
        return Ok(frame::reply(call, panel));
    }
    let title = super::words::frame::DEVICES.speak(desk.language);
    let content = html! { h1 { (title) } (panel) p { a.button href="/devices" { (title) } } };
    Ok(frame::reply(call, frame::page(desk, frame::Section::Devices, title, &content)))
}

/// The panel.
pub(super) fn panel(looking: &Looking, desk: &Desk) -> Markup {
    panel_with(looking, desk, None)
}

fn panel_with(looking: &Looking, desk: &Desk, why: Option<&str>) -> Markup {
    let language = desk.language;
    html! {
        section.scan #scan aria-label=(words::LOOKING.speak(language)) hx-get="/scan" hx-trigger="progress from:body" hx-swap="outerHTML" {
            @if looking.is_awaited() { (progress(looking, desk)) } @else { (idle(looking, desk)) }
            @if let Some(why) = why { (frame::notice(false, why)) }
        }
    }
}

fn progress(looking: &Looking, desk: &Desk) -> Markup {
    let language = desk.language;
    html! {
        div.going {
            label for="going" { (words::LOOKING.speak(language)) }
            progress #going max="100" value={ (format!("{:.0}", looking.share * 100.0)) } { (percent(looking.share)) }
            p.numbers role="status" aria-live="polite" {
                (percent(looking.share)) " · " (words::answered(language, looking.hosts))
            }
            @if looking.asked && desk.may_work {
                form method="post" action="/scan/stop" hx-post="/scan/stop" hx-target="#scan" hx-swap="outerHTML" {
                    button type="submit" { (words::STOP.speak(language)) }
                }
            } @else { (buttons(desk)) }
        }
    }
}

fn idle(looking: &Looking, desk: &Desk) -> Markup {
    let language = desk.language;
    html! {
        p.numbers role="status" aria-live="polite" { (last(looking, language)) }
        (buttons(desk))
    }
}

/// What the last whole look came to.
fn last(looking: &Looking, language: Language) -> Markup {
    html! {
        @match looking.last {
            Some((when, hosts, addresses)) => { (words::last(language, hosts, addresses)) ", " (times::ago(when, language)) },
            None => { (words::NEVER.speak(language)) },
        }
    }
}

fn buttons(desk: &Desk) -> Markup {
    let language = desk.language;
    html! {
        @if desk.may_work {
            form.pair method="post" action="/scan" hx-post="/scan" hx-target="#scan" hx-swap="outerHTML" {
                button.primary type="submit" name="kind" value="quick" title=(words::QUICK_HINT.speak(language)) {
                    (icon("scan")) (words::QUICK.speak(language))
                }
                button type="submit" name="kind" value="full" title=(words::FULL_HINT.speak(language)) { (words::FULL.speak(language)) }
            }
        }
    }
}
