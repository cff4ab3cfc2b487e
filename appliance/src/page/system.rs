//! Holds the page of the appliance itself: version, memory, storage, networks, rights, looks around.
//! It never changes a setting.
//! The route table holds its route.

use std::sync::Arc;
use std::time::Duration;

use crate::shell::rights::{self, Need};
use maud::{Markup, html};
use vigie_core::lan::SegmentId;
use vigie_store::Health;

use crate::accounts::role::Access;
use crate::api::network::view::{Lens, SourceView};
use crate::http::call::Call;
use crate::http::context::Check;
use crate::http::language::{Language, Text};
use crate::http::problem::{Problem, faults};
use crate::http::route::{Outcome, Route};
use crate::http::supervision::TaskFact;
use crate::shell::keeper::Status;
use crate::shell::network::{Counts, LegView, Scan};

use super::House;
use super::frame::{self, Section};
use super::gate::{Desk, guard};
use super::icon::icon;
use super::scan::Looking;
use super::sources;
use super::times::{self, When};
use super::words::{self, bytes, frame as frame_words, number, system as texts, times as time_words};

/// Sweeps in the list.
const SCANS: usize = 8;

/// What may be written in a day, so that a card lives for years: a promise of the product.
const BUDGET_BYTES: u64 = 10_000_000;

/// What the page shows.
struct Facts {
    up: Duration,
    resident: Option<u64>,
    clock: When,
    store: Status,
    /// Bytes the card was made to write, since the start and today.
    written: u64,
    written_today: Option<u64>,
    legs: Vec<LegView>,
    sources: Vec<SourceView>,
    scans: Vec<(Scan, When, String)>,
    looking: Looking,
    missing: Vec<Need>,
    command: Option<String>,
    checks: Vec<Check>,
    tasks: Vec<TaskFact>,
    evicted: u64,
    encryption: Markup,
    counts: Counts,
}

/// The route.
pub(super) fn routes(house: &Arc<House>) -> Vec<Route> {
    let page = Route::get("/system", Access::Public, "The page of the appliance itself").speaks(200, "text/html");
    vec![guard(page, Access::Viewer, house, show)]
}

async fn show(house: Arc<House>, call: Call, desk: Desk) -> Outcome {
    let (clocks, language) = (house.clocks.clone(), desk.language);
    let visit = house.network.call(move |hands| {
        let now = hands.moment();
        let named = |segment: SegmentId| hands.segment_name(segment).unwrap_or_else(|| segment.0.to_string());
        // Small sweeps for the ports of one newcomer would drown the others.
        let scans = hands.scans().iter().rev().filter(|scan| scan.purpose != "newcomers").take(SCANS);
        let scans = scans.map(|scan| (scan.clone(), When::of(scan.began, now, &clocks), named(scan.segment))).collect();
        let sources = SourceView::all(hands, &Lens::of(hands, &clocks), language);
        (hands.legs(), sources, scans, Looking::of(hands, &clocks), hands.counts(), hands.lan().stats().evicted)
    });
    let (legs, sources, scans, looking, counts, evicted) =
        visit.await.map_err(|_| Problem::from(&faults::UNAVAILABLE))?;
    let (missing, command) = rights::missing();
    let platform = &call.platform;
    let (system, store) = (platform.facts(), house.keeper.status());
    let facts = Facts {
        up: house.began.elapsed(),
        resident: system.resident_bytes.or_else(|| rights::memory().map(|(resident, _)| resident)),
        clock: When { unix: platform.clock.wall(), ago: Some(Duration::ZERO) },
        written: system.card_bytes.unwrap_or(store.counters.page_bytes_written),
        written_today: system.card_bytes_today,
        store,
        legs,
        sources,
        scans,
        looking,
        missing,
        command,
        checks: platform.checks(),
        tasks: platform.supervision.get().map(|sources| (sources.tasks)()).unwrap_or_default(),
        evicted,
        encryption: super::trust::summary(platform.tls.as_deref(), desk.language),
        counts,
    };
    let title = frame_words::SYSTEM.speak(desk.language);
    Ok(frame::reply(&call, frame::page(&desk, Section::System, title, &view(&facts, &desk))))
}

/// A part of the section.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    State,
    Settings,
    People,
    Logs,
}

/// The head of every page of the section: its name and the way to the others.
pub(super) fn head(part: Part, desk: &Desk) -> Markup {
    let language = desk.language;
    let parts = [
        (Part::State, "/system", "system", texts::PART_STATE, true),
        (Part::Settings, "/system/settings", "settings", texts::PART_SETTINGS, true),
        (Part::People, "/people", "trusted", words::people::PEOPLE, desk.may_rule),
        (Part::Logs, "/system/logs", "logs", texts::PART_LOGS, desk.may_rule),
    ];
    html! {
        h1 { (frame_words::SYSTEM.speak(language)) }
        nav.tabs aria-label=(frame_words::SYSTEM.speak(language)) {
            @for (one, path, picture, text, _) in parts.into_iter().filter(|(.., allowed)| *allowed) {
                a href=(path) aria-current=[(one == part).then_some("page")] { (icon(picture)) (text.speak(language)) }
            }
        }
    }
}

fn view(facts: &Facts, desk: &Desk) -> Markup {
    let language = desk.language;
    html! {
        (head(Part::State, desk))
        div.columns {
            div {
                section { h2 { (texts::ITSELF.speak(language)) } (itself(facts, language)) }
                section { h2 { (texts::STORAGE.speak(language)) } (storage(facts, language)) }
                section { h2 { (words::trust::SECTION.speak(language)) } (facts.encryption) }
                section { h2 { (texts::CHECKS.speak(language)) } (checks(&facts.checks, language)) (tasks(&facts.tasks, language)) }
                section { h2 { (texts::WIRE.speak(language)) } (wire(facts, language)) }
            }
            div {
                section { h2 { (texts::NETWORKS.speak(language)) } (networks(&facts.legs, language)) }
                section { h2 { (texts::RIGHTS.speak(language)) } (allowed(facts, language)) }
                section { h2 { (texts::SCANS.speak(language)) } (scans(facts, language)) }
                section.copy { h2 { (texts::COPY.speak(language)) } (copy(desk)) }
            }
        }
        section { h2 { (texts::SOURCES.speak(language)) } (sources::table(&facts.sources, language)) }
    }
}

/// What went over the wire, and what was dropped on the way.
fn wire(facts: &Facts, language: Language) -> Markup {
    html! {
        dl.facts {
            (frame::fact(texts::FRAMES, &html! { (number(language, facts.counts.frames_heard)) }, language))
            @if facts.counts.malformed > 0 { (frame::fact(texts::BROKEN, &html! { (number(language, facts.counts.malformed)) }, language)) }
            @if facts.evicted > 0 { (frame::fact(texts::EVICTED, &html! { (number(language, facts.evicted)) }, language)) }
            @if facts.counts.overrun > 0 { (frame::fact(texts::OVERRUN, &html! { (number(language, facts.counts.overrun)) }, language)) }
        }
    }
}

/// The copy of what people entered: out as a list, back in by the import.
fn copy(desk: &Desk) -> Markup {
    let language = desk.language;
    html! {
        @if desk.may_rule {
            p.hint { (words::restore::ABOUT.speak(language)) }
            p.pair {
                a.button href="/api/system/backup" download { (icon("download")) (words::restore::SAVE.speak(language)) }
                a.button href="/system/restore" { (icon("upload")) (words::restore::RESTORE.speak(language)) }
            }
        }
        p.hint { (texts::COPY_HELP.speak(language)) }
        p.pair {
            a.button href="/api/network/v2/export.csv" download { (icon("download")) (words::devices::SAVE_CSV.speak(language)) }
            @if desk.may_rule { a.button href="/devices/import" { (icon("upload")) (words::devices::TAKE_IN.speak(language)) } }
        }
    }
}

fn itself(facts: &Facts, language: Language) -> Markup {
    let memory =
        facts.resident.map_or_else(|| texts::UNKNOWN.speak(language).to_owned(), |value| bytes(language, value));
    let clock = match facts.clock.unix {
        Some(_) => times::exact_time(facts.clock, language),
        None => html! { (texts::CLOCK_UNSET.speak(language)) },
    };
    html! {
        dl.facts {
            (frame::fact(texts::VERSION, &html! { (env!("CARGO_PKG_VERSION")) }, language))
            (frame::fact(texts::UP, &html! { (time_words::span(language, facts.up)) }, language))
            (frame::fact(texts::CLOCK, &clock, language))
            (frame::fact(texts::MEMORY, &html! { (memory) }, language))
        }
    }
}

fn storage(facts: &Facts, language: Language) -> Markup {
    let store = &facts.store;
    html! {
        dl.facts {
            (frame::fact(texts::HEALTH, &health(&store.health, language), language))
            (frame::fact(texts::WRITTEN, &html! {
                (bytes(language, facts.written))
            }, language))
            @if let Some(today) = facts.written_today { (frame::fact(texts::BUDGET, &budget(today, language), language)) }
            (frame::fact(texts::EVENTS, &html! { (number(language, store.usage.events)) }, language))
            @if store.dropped > 0 { (frame::fact(texts::DROPPED, &html! { (number(language, store.dropped)) }, language)) }
        }
    }
}

/// The bytes of a day beside what the card may bear.
fn budget(today: u64, language: Language) -> Markup {
    let words = texts::WRITTEN_DAY.speak(language);
    let words = words.replace("{x}", &bytes(language, today)).replace("{y}", &bytes(language, BUDGET_BYTES));
    html! {
        meter min="0" max=(BUDGET_BYTES) high=(BUDGET_BYTES / 10 * 9) optimum="0" value=(today.min(BUDGET_BYTES)) aria-label=(words) { (words) }
        " " (words)
    }
}

fn health(health: &Health, language: Language) -> Markup {
    match health {
        Health::Good => verdict(true, texts::HEALTH_GOOD.speak(language)),
        Health::MemoryOnly { error, .. } => {
            verdict(false, &texts::HEALTH_MEMORY.speak(language).replace("{x}", &error.to_string()))
        }
    }
}

fn verdict(good: bool, text: &str) -> Markup {
    let (class, picture) = if good { ("chip good", "check") } else { ("chip bad", "bad") };
    html! { span class=(class) { (icon(picture)) (text) } }
}

/// The parts of the program.
fn checks(checks: &[Check], language: Language) -> Markup {
    html! {
        ul.plain.checks {
            @for check in checks {
                li {
                    (verdict(check.ok, if check.ok { texts::OK } else { texts::NOT_OK }.speak(language)))
                    " " b { (texts::check(check.name).map_or(check.name, |name| name.speak(language))) }
                    // The particulars are in English; where all is well the verdict is enough for others.
                    @if !check.ok || language == Language::En { " " span.hint lang="en" { (check.detail) } }
                    @if let (false, Some(advice)) = (check.ok, texts::advice(check.name)) { p.hint { (advice.speak(language)) } }
                }
            }
        }
    }
}

/// The long-lived tasks; open when one of them hangs.
fn tasks(tasks: &[TaskFact], language: Language) -> Markup {
    html! {
        @if !tasks.is_empty() {
            details open[tasks.iter().any(|task| task.stuck)] {
                summary { (texts::TASKS.speak(language)) }
                table.plain {
                    caption.hush { (texts::TASKS.speak(language)) }
                    thead { tr { th scope="col" { (texts::TASK.speak(language)) } th scope="col" { (texts::LAST_REPORT.speak(language)) } } }
                    tbody { @for task in tasks {
                        tr {
                            td { code { (task.name) } @if let Some(words) = texts::task(task.name) { " " span.hint { (words.speak(language)) } } }
                            td {
                                (time_words::ago(language, Duration::from_secs_f64(task.age_s)))
                                @if task.stuck { " " (verdict(false, texts::STUCK.speak(language))) }
                            }
                        }
                    } }
                }
            }
        }
    }
}

fn networks(legs: &[LegView], language: Language) -> Markup {
    html! {
        @if legs.is_empty() { p { (texts::NO_NETWORK.speak(language)) } }
        @for leg in legs {
            h3 { code { (leg.interface) } " " span.hint { (texts::interface(leg.kind).speak(language)) } }
            dl.facts {
                (frame::fact(texts::OWN_ADDRESSES, &html! {
                    ul.plain { @for (ip, prefix) in &leg.addresses { li { code { (ip) "/" (prefix) } } } }
                }, language))
                @if let Some(gateway) = leg.gateway { (frame::fact(texts::GATEWAY, &html! { code { (gateway) } }, language)) }
                (frame::fact(texts::SCANNED, &scope(leg, language), language))
                (frame::fact(texts::HOW, &html! { (sight(leg).speak(language)) }, language))
            }
        }
    }
}

fn scope(leg: &LegView, language: Language) -> Markup {
    html! {
        ul.plain {
            @for (block, may) in &leg.scope {
                li {
                    code { (block) } " "
                    @match may {
                        Ok(()) => (verdict(true, texts::YES.speak(language))),
                        Err(why) => span.hint { (texts::not_scanned(*why).speak(language)) },
                    }
                }
            }
        }
    }
}

const fn sight(leg: &LegView) -> Text {
    match (leg.raw, leg.icmp) {
        (true, _) => texts::SEES_RAW,
        (false, true) => texts::SEES_ECHO,
        (false, false) => texts::SEES_LITTLE,
    }
}

fn allowed(facts: &Facts, language: Language) -> Markup {
    html! {
        @if facts.missing.is_empty() { p { (verdict(true, texts::RIGHTS_ALL.speak(language))) } }
        ul { @for need in &facts.missing { li { (texts::need(*need).speak(language)) } } }
        @if let Some(command) = &facts.command {
            p { (texts::RIGHTS_COMMAND.speak(language)) }
            pre.command tabindex="0" { code { (command) } }
        }
    }
}

fn scans(facts: &Facts, language: Language) -> Markup {
    html! {
        @if let Some(next) = facts.looking.next_in {
            p { (texts::NEXT.speak(language)) " " (texts::IN.speak(language).replace("{x}", &time_words::span(language, next))) }
        }
        @if !facts.scans.is_empty() {
            table.plain {
                caption.hush { (texts::SCANS.speak(language)) }
                thead { tr {
                    th scope="col" { (texts::WHEN.speak(language)) }
                    th.roomy scope="col" { (texts::INTERFACE.speak(language)) }
                    @for name in [texts::WHAT_FOR, texts::FOUND, texts::TOOK] {
                        th scope="col" { (name.speak(language)) }
                    }
                } }
                tbody { @for (scan, when, segment) in &facts.scans {
                    tr {
                        td { (times::ago(*when, language)) }
                        td.roomy { code { (segment) } }
                        td { (texts::purpose(scan.purpose).speak(language)) }
                        td { (words::devices::scan::of(scan.report.hosts, scan.report.addresses)) }
                        td { (took(scan, language)) }
                    }
                } }
            }
        }
    }
}

fn took(scan: &Scan, language: Language) -> String {
    let seconds = scan.report.took.as_millis() as f64 / 1_000.0;
    let text = if seconds < 60.0 {
        format!("{seconds:.1}\u{a0}s")
    } else {
        time_words::span(language, Duration::from_secs_f64(seconds))
    };
    match language {
        Language::En => text,
        Language::Fr => text.replace('.', ","),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_as_it_should_be_says_in_both_languages_what_to_do() {
        for name in [
            "certificate",
            "store",
            "data_partition",
            "first_sweep",
            "scanner",
            "privileges",
            "tasks",
            "restarts",
            "device_table",
        ] {
            let check = |ok| [Check { name, ok, needed: false, detail: "the particulars".into() }];
            let (text, advice) = (texts::check(name).expect(name), texts::advice(name).expect(name));
            let french = checks(&check(false), Language::Fr).into_string();
            assert!(french.contains(text.fr) && french.contains(advice.fr), "{french}");
            assert!(!checks(&check(true), Language::En).into_string().contains(advice.en));
        }
    }

    #[test]
    fn tasks_are_told_with_their_last_report_and_one_that_hangs_stands_out() {
        let task = |name, age_s, stuck| TaskFact { name, age_s, limit_s: 30.0, stuck };
        let good = tasks(&[task("jobs", 3.0, false)], Language::En).into_string();
        assert!(good.contains("jobs by the clock") && !good.contains("open") && !good.contains("chip"), "{good}");
        let hung = tasks(&[task("jobs", 3.0, false), task("new", 90.0, true)], Language::Fr).into_string();
        assert!(hung.contains("<details open>") && hung.contains("bloquée") && hung.contains("new"), "{hung}");
        assert!(tasks(&[], Language::En).into_string().is_empty());
    }
}
