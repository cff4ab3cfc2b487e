//! Holds two entries that are one device, or not: choosing the other one, joining, keeping apart, undoing.
//! It never joins by itself: a person names both.
//! The route table holds its routes; the overview and the device page link to them.

use std::sync::Arc;

use hyper::StatusCode;
use maud::{Markup, html};
use vigie_core::lan::{DeviceId, Edit};

use vigie_core::audit::Kind as Act;

use crate::accounts::role::Access;
use crate::api::network::fault;
use crate::http::call::Call;
use crate::http::reply::Reply;
use crate::http::route::{Outcome, Route};

use super::House;
use super::acts::{back, field, form, visit};
use super::device::{self, Said};
use super::devices as list;
use super::filter::{Filter, Sort};
use super::frame::{self, Section};
use super::gate::{Desk, guard};
use super::icon::{self, icon};
use super::row::Row;
use super::times;
use super::words::{self, device as texts, devices};

/// Candidates shown; a search narrows them.
const MAX_CANDIDATES: usize = 20;

/// The routes.
pub(super) fn routes(house: &Arc<House>) -> Vec<Route> {
    let choose = Route::get("/devices/{id}/merge", Access::Public, "The page that asks which other device this one is")
        .query("q", "Part of a name, an address or a maker.")
        .speaks(200, "text/html");
    vec![
        guard(choose, Access::Operator, house, show),
        guard(
            form("/devices/{id}/merge", "Make one device of two, from the page", Act::DevicesMerged),
            Access::Operator,
            house,
            merge,
        ),
        guard(
            form("/devices/{id}/apart", "Say that two devices are two, from the page", Act::DevicesSplit),
            Access::Operator,
            house,
            part,
        ),
        guard(
            form("/devices/{id}/split", "Undo the last merge of a device, from the page", Act::DevicesSplit),
            Access::Operator,
            house,
            split,
        ),
    ]
}

async fn show(house: Arc<House>, call: Call, desk: Desk) -> Outcome {
    let Some(sheet) = device::find(&house, call.parameter("id")).await? else {
        return Ok(list::gone(&call, &desk));
    };
    let filter = Filter { sort: Sort::Name, ..Filter::read(|name| call.query(name).filter(|_| name == "q")) };
    let (mut rows, _) = list::gather(&house).await?;
    rows.retain(|row| row.id != sheet.row.id && !row.myself && filter.fits(row));
    filter.order(&mut rows, desk.language);
    let content = view(&sheet.row, &rows, &filter, &desk);
    Ok(frame::reply(&call, frame::page(&desk, Section::Devices, texts::MERGE.speak(desk.language), &content)))
}

fn view(row: &Row, rows: &[Row], filter: &Filter, desk: &Desk) -> Markup {
    let language = desk.language;
    let name = || row.name.show(language);
    html! {
        p.back { a href=(row.path()) { (name()) } }
        h1 { (words::fill(texts::MERGE_TITLE.speak(language), &[("name", name())])) }
        p.lead { (words::fill(texts::MERGE_HELP.speak(language), &[("name", name())])) }
        form.search role="search" method="get" action={ (row.path()) "/merge" } {
            div.box {
                (icon("search"))
                label.hush for="q" { (devices::SEARCH.speak(language)) }
                input #q type="search" name="q" value=(filter.search) placeholder=(devices::SEARCH_HINT.speak(language))
                    autocomplete="off" spellcheck="false" aria-keyshortcuts="/";
            }
            button type="submit" { (devices::SEARCH.speak(language)) }
        }
        @if rows.is_empty() { p.empty { (texts::MERGE_NONE.speak(language)) } }
        ul.picks {
            @for other in rows.iter().take(MAX_CANDIDATES) {
                li {
                    div.name {
                        a href=(other.path()) { (icon::kind(other.kind)) (other.name.show(language)) }
                        span.sub {
                            @if let Some(ip) = other.ip { code { (ip) } " " }
                            @if let Some(mac) = other.mac { code { (mac) } " " }
                            (times::ago(other.last, language))
                        }
                    }
                    form method="post" action={ (row.path()) "/merge" } {
                        input type="hidden" name="with" value=(other.id);
                        button type="submit" aria-label={ (texts::MERGE_WITH.speak(language)) " : " (other.name.text(language)) } {
                            (texts::MERGE_WITH.speak(language))
                        }
                    }
                }
            }
        }
        @if rows.len() > MAX_CANDIDATES { p.hint { (devices::more_than_shown(language, rows.len() - MAX_CANDIDATES)) } }
    }
}

/// Where an act leads when its form does not say.
fn next(form: &[(String, String)], id: DeviceId) -> String {
    match field(form, "next") {
        "" => format!("/devices/{id}"),
        next => next.to_owned(),
    }
}

async fn merge(house: Arc<House>, call: Call, desk: Desk) -> Outcome {
    let form = call.form();
    let with = field(&form, "with").to_owned();
    let done = visit(&house, &call, move |hands, stays| {
        let goes = crate::api::network::desk::find(hands, &with)?;
        hands.edit(Edit::Merge(stays, goes)).map_err(fault::refused)
    });
    finish(&house, &call, &desk, done.await?, "merged", &form).await
}

async fn part(house: Arc<House>, call: Call, desk: Desk) -> Outcome {
    let form = call.form();
    let with = field(&form, "with").to_owned();
    let done = visit(&house, &call, move |hands, id| {
        let other = crate::api::network::desk::find(hands, &with)?;
        hands.edit(Edit::KeepApart(id, other)).map_err(fault::refused)
    });
    finish(&house, &call, &desk, done.await?, "apart", &form).await
}

async fn split(house: Arc<House>, call: Call, desk: Desk) -> Outcome {
    let form = call.form();
    let done = visit(&house, &call, |hands, id| {
        let other = hands.edit(Edit::Split(id)).map_err(fault::refused)?;
        Ok((id, other))
    });
    match done.await? {
        Some(Ok((id, other))) if field(&form, "next").is_empty() => {
            Ok(Reply::see_other(&format!("/devices/{id}?done=split&device={other}")))
        }
        done => finish(&house, &call, &desk, done.map(|done| done.map(|(id, _)| id)), "split", &form).await,
    }
}

/// Back to where the form says, or the device's page with the reason why not.
async fn finish(
    house: &House,
    call: &Call,
    desk: &Desk,
    done: Option<Result<DeviceId, crate::http::problem::Problem>>,
    word: &str,
    form: &[(String, String)],
) -> Outcome {
    match done {
        None => Ok(list::gone(call, desk)),
        Some(Ok(id)) => Ok(back(&next(form, id), word, id)),
        Some(Err(problem)) => {
            let notice = Some((false, html! { (frame::why(&problem, desk.language)) }));
            let said = Said { notice, form: None };
            Ok(device::answer(house, call, desk, said).await?.status(StatusCode::CONFLICT))
        }
    }
}
