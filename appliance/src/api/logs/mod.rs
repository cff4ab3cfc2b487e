//! Holds the routes of the journal: who did what, filtered, counted, verified, exported.
//! Never changes it: an administrator sees everything, an operator what they did themselves, a viewer what was done but not
//! who did it or from where.
//! The route table holds them; the journal answers.

pub(crate) mod filter;
#[cfg(test)]
mod tests;
pub(crate) mod view;

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use hyper::header::CONTENT_DISPOSITION;
use schemars::JsonSchema;
use serde::Serialize;
use vigie_core::audit::{Actor, Entry, Kind};

use self::filter::{Asked, Filter};
use self::view::{EntryView, Names, write_csv, write_csv_head};
use crate::accounts::clock::format_utc;
use crate::accounts::journal::{AT_ONCE, Journal, Keep, Verified, tell_finding};
use crate::accounts::role::{Access, Role};
use crate::http::call::Call;
use crate::http::list::Window;
use crate::http::problem::{Problem, faults};
use crate::http::reply::{Pieces, Reply};
use crate::http::route::{Draft, Outcome, Route};
use crate::shell::clocks::Clocks;

/// Entries `recent` gives.
const RECENT: usize = 20;

/// Some entries, newest first.
#[derive(Serialize, JsonSchema)]
struct List {
    items: Vec<EntryView>,
    /// Entries in this answer.
    count: usize,
    /// Cursor of the next page; `null` on the last.
    next: Option<String>,
}

/// The journal in numbers.
#[derive(Serialize, JsonSchema)]
struct Stats {
    /// Entries kept.
    entries: u64,
    /// Number of the oldest one kept.
    first: Option<u64>,
    /// Number of the newest.
    last: Option<u64>,
    /// Entries that tell that something was refused or went wrong.
    failures: u64,
    /// Entries by kind, what each stands for included.
    by_kind: BTreeMap<String, u64>,
    /// Entries by account, by number.
    by_account: BTreeMap<u32, u64>,
}

/// What verifying came to.
#[derive(Serialize, JsonSchema)]
struct Verdict {
    /// Whether the chain is whole.
    good: bool,
    /// Entries looked at.
    entries: u64,
    /// Number of the first.
    first: u64,
    /// Number of the last.
    last: u64,
    /// Hash of the last entry. Kept elsewhere, it proves later that nothing up to there was changed.
    head: String,
    /// When it was verified, RFC 3339 in UTC; `null` while the clock is not set.
    time: Option<String>,
    /// What is wrong: a word and the numbers of entries.
    findings: Vec<String>,
    /// Findings beyond those.
    more: u64,
}

/// The routes.
pub(crate) fn routes(clocks: &Arc<Clocks>) -> Vec<Route> {
    vec![
        filtered(Route::get(
            "/api/logs",
            Access::Viewer,
            "The journal, newest first; operators see their own acts, viewers no names",
        ))
        .lists()
        .answers::<List>(200)
        .run_with(clocks, list),
        Route::get("/api/logs/{id}", Access::Viewer, "One entry, by number")
            .answers::<EntryView>(200)
            .run_with(clocks, show),
        Route::get("/api/logs/recent", Access::Viewer, "The newest twenty")
            .answers::<List>(200)
            .run_with(clocks, recent),
        Route::get("/api/logs/stats", Access::Viewer, "How many entries of which kind, by whom")
            .answers::<Stats>(200)
            .run_with(clocks, stats),
        Route::get("/api/logs/errors", Access::Viewer, "What was refused or went wrong, newest first")
            .lists()
            .answers::<List>(200)
            .run_with(clocks, errors),
        Route::get("/api/logs/by_session", Access::Viewer, "What happened to a session, newest first")
            .lists()
            .query("session", "Number of the session; needed.")
            .answers::<List>(200)
            .run_with(clocks, by_session),
        Route::post("/api/logs/search", Access::Viewer, "The same as the list, asked for by a document")
            .reads::<Asked>()
            .lists()
            .answers::<List>(200)
            // It only reads.
            .every_time()
            .run_with(clocks, search),
        Route::get("/api/logs/verify", Access::Admin, "Verify the whole chain now").answers::<Verdict>(200).run(verify),
        filtered(Route::get(
            "/api/logs/export",
            Access::Admin,
            "Everything, oldest first, as JSON lines or a spreadsheet",
        ))
        .query("format", "`jsonl` (default) or `csv`.")
        .speaks(200, "application/x-ndjson")
        .run_with(clocks, export),
    ]
}

fn filtered(draft: Draft) -> Draft {
    draft
        .query("kind", "Only this kind, such as login_failed.")
        .query("theme", "Only system, door, accounts, settings, devices or kiosk.")
        .query("actor", "Only by this account (number or name), or system, stranger, console.")
        .query("object", "Only on this: a device's id, `account:`, `session:` or `workstation:` and a number, `person:` and a pseudonym, the name of a thing.")
        .query("since", "Not before this day or moment, in UTC.")
        .query("until", "Before this day or moment, in UTC.")
        .query("text", "With this in kind, names, address or particulars.")
        .query("errors", "`true`: only what was refused or went wrong.")
}

/// Whose acts the caller may see: all of them, or only their own. Viewers see all, by [`names_for`] without names.
pub(crate) fn sees(call: &Call) -> Result<Option<Actor>, Problem> {
    let who = call.caller()?;
    Ok((who.role == Role::Operator).then_some(Actor::Account(who.account)))
}

/// The names the caller may know. Without any, entries show numbers in place of people, and no address either.
fn names_for(call: &Call) -> Result<Names, Problem> {
    Ok(match call.caller()?.role {
        Role::Operator | Role::Admin => Names::of(&call.platform.accounts),
        Role::Viewer | Role::Agent | Role::Screen => Names::hidden(),
    })
}

async fn find(clocks: &Arc<Clocks>, call: &Call, asked: &Asked) -> Outcome {
    let window = Window::<u64>::of(call)?;
    let names = names_for(call)?;
    let (filter, only) = (asked.read(&names)?, sees(call)?);
    // One more than a page tells whether there is another.
    let keep = narrow(only, filter.into_keep(names.clone(), clocks));
    let mut kept = call.platform.journal.newest(window.after.unwrap_or(u64::MAX), window.limit + 1, keep).await;
    let more = kept.len() > window.limit;
    kept.truncate(window.limit);
    let next = kept.last().filter(|_| more).map(|last| crate::http::list::close(&last.cursor));
    let items: Vec<EntryView> = kept.iter().map(|kept| EntryView::render(&kept.entry, &names, clocks)).collect();
    Reply::json(&List { count: items.len(), items, next })
}

/// Lets through only what the caller may see.
pub(crate) fn narrow(only: Option<Actor>, mut keep: Keep) -> Keep {
    Box::new(move |entry| only.is_none_or(|actor| entry.what.actor == actor) && keep(entry))
}

async fn list(clocks: Arc<Clocks>, call: Call) -> Outcome {
    find(&clocks, &call, &Asked::of(&call)?).await
}

async fn search(clocks: Arc<Clocks>, call: Call) -> Outcome {
    find(&clocks, &call, &call.json()?).await
}

async fn errors(clocks: Arc<Clocks>, call: Call) -> Outcome {
    find(&clocks, &call, &Asked { errors: Some(true), ..Asked::default() }).await
}

async fn by_session(clocks: Arc<Clocks>, call: Call) -> Outcome {
    let session = call.query("session").and_then(|text| text.parse::<u64>().ok());
    let session = session.ok_or_else(|| Problem::from(&faults::BAD_PARAMETER).with("name", "session"))?;
    find(&clocks, &call, &Asked { object: Some(format!("session:{session}")), ..Asked::default() }).await
}

async fn recent(clocks: Arc<Clocks>, call: Call) -> Outcome {
    let (names, only) = (names_for(&call)?, sees(&call)?);
    let kept = call.platform.journal.newest(u64::MAX, RECENT, narrow(only, Box::new(|_| true))).await;
    let items: Vec<EntryView> = kept.iter().map(|kept| EntryView::render(&kept.entry, &names, &clocks)).collect();
    Reply::json(&List { count: items.len(), items, next: None })
}

async fn show(clocks: Arc<Clocks>, call: Call) -> Outcome {
    let missing = || Problem::from(&faults::NOT_FOUND);
    let number: u64 = call.parameter("id").parse().map_err(|_| missing())?;
    let keep = narrow(sees(&call)?, Box::new(move |entry| entry.number == number));
    let kept = call.platform.journal.newest(u64::MAX, 1, keep).await;
    let names = names_for(&call)?;
    let entry = kept.first().ok_or_else(missing)?;
    Reply::json(&EntryView::render(&entry.entry, &names, &clocks))
}

async fn stats(_clocks: Arc<Clocks>, call: Call) -> Outcome {
    let only = sees(&call)?;
    let mut stats = Stats {
        entries: 0,
        first: None,
        last: None,
        failures: 0,
        by_kind: BTreeMap::new(),
        by_account: BTreeMap::new(),
    };
    let mut after = 0;
    loop {
        let some = call.platform.journal.after(after, AT_ONCE).await;
        let Some(last) = some.last() else { break };
        after = last.cursor;
        for entry in some.iter().map(|kept| &kept.entry).filter(|entry| only.is_none_or(|who| entry.what.actor == who))
        {
            stats.count(entry);
        }
    }
    Reply::json(&stats)
}

impl Stats {
    fn count(&mut self, entry: &Entry) {
        let kind = Kind::of_code(entry.what.kind);
        let name = kind.map_or_else(|| format!("kind_{}", entry.what.kind), |kind| kind.name().to_owned());
        self.entries += 1;
        self.first.get_or_insert(entry.number);
        self.last = Some(entry.number);
        self.failures += u64::from(kind.is_some_and(Kind::is_failure));
        *self.by_kind.entry(name).or_default() += u64::from(entry.what.count);
        if let Actor::Account(number) = entry.what.actor {
            *self.by_account.entry(number).or_default() += 1;
        }
    }
}

async fn verify(call: Call) -> Outcome {
    let Verified { report, wall, .. } = call.platform.journal.verify().await;
    Reply::json(&Verdict {
        good: report.is_good(),
        entries: report.entries,
        first: report.first,
        last: report.head.number,
        head: data_encoding::HEXLOWER.encode(&report.head.hash),
        time: wall.map(format_utc),
        findings: report.findings.iter().map(|finding| tell_finding(*finding)).collect(),
        more: report.more,
    })
}

async fn export(clocks: Arc<Clocks>, call: Call) -> Outcome {
    let csv = match call.query("format") {
        None | Some("" | "jsonl") => false,
        Some("csv") => true,
        Some(_) => return Err(Problem::from(&faults::BAD_PARAMETER).with("name", "format")),
    };
    let names = Names::of(&call.platform.accounts);
    let filter = Asked::of(&call)?.read(&names)?;
    let journal = call.platform.journal.clone();
    let (content, name) = if csv {
        ("text/csv; charset=utf-8", "attachment; filename=\"journal.csv\"")
    } else {
        ("application/x-ndjson", "attachment; filename=\"journal.jsonl\"")
    };
    let reply = Reply::stream(content, move |pieces| async move {
        pass(&journal, &filter, &names, &clocks, csv, &pieces).await;
    });
    Ok(reply.header(CONTENT_DISPOSITION, name))
}

/// Sends every wanted entry, some at a time, as fast as the client takes them.
async fn pass(journal: &Journal, filter: &Filter, names: &Names, clocks: &Clocks, csv: bool, pieces: &Pieces) {
    let mut piece = if csv { write_csv_head() } else { Vec::new() };
    let mut after = 0;
    loop {
        let some = journal.after(after, AT_ONCE).await;
        let last = some.last().map(|kept| kept.cursor);
        for kept in some.iter().filter(|kept| filter.takes(&kept.entry, names, clocks)) {
            let view = EntryView::render(&kept.entry, names, clocks);
            if csv {
                piece.extend(write_csv(&view));
            } else {
                // Views serialise: they hold text, numbers and switches.
                piece.extend(serde_json::to_vec(&view).unwrap_or_default());
                piece.push(b'\n');
            }
        }
        if !piece.is_empty() && pieces.send(Bytes::from(std::mem::take(&mut piece))).await.is_err() {
            return;
        }
        match last {
            Some(last) => after = last,
            None => return,
        }
    }
}
