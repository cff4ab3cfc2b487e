//! Holds the list of the days and what each came to.
//! It never knows a person: these are numbers alone. The route table holds its route.

use std::sync::Arc;

use maud::{Markup, html};

use super::{Part, head, look, page, visit};
use crate::accounts::role::Access;
use crate::http::call::Call;
use crate::http::route::{Outcome, Route};
use crate::page::House;
use crate::page::frame;
use crate::page::gate::{Desk, guard};
use crate::page::icon::icon;
use crate::page::words::{number, reports as texts, seats};
use crate::shell::kiosk::{DayReport, HOURS, Room};

/// Days on a page: a month.
const PAGE_DAYS: usize = 31;

/// The route.
pub(super) fn routes(house: &Arc<House>) -> Vec<Route> {
    let list = look("/reports", "The page of what the days came to").query("page", "Which page, from 1 on.");
    vec![guard(list, Access::Viewer, house, show)]
}

/// The fullest hour, with the share of the seats used in it, in percent.
pub(super) fn fullest(report: &DayReport) -> Option<(usize, u8)> {
    let shares = (0..HOURS).filter_map(|hour| Some((hour, share(report, hour)?)));
    shares.filter(|(_, percent)| *percent > 0).max_by_key(|(hour, percent)| (*percent, HOURS - hour))
}

/// How much of an hour the seats were used, in percent; none without seats.
pub(super) fn share(report: &DayReport, hour: usize) -> Option<u8> {
    let minutes = u32::from(*report.minutes_by_hour.get(hour)?);
    let percent = (minutes * 100).checked_div(u32::from(report.stations) * 60)?;
    // Minutes are rounded for each session, so a full hour may come to a little more.
    u8::try_from(percent.min(100)).ok()
}

async fn show(house: Arc<House>, call: Call, desk: Desk) -> Outcome {
    let number = call.query_as::<usize>("page")?.unwrap_or(1).clamp(1, 100);
    let from = (number - 1) * PAGE_DAYS;
    let gather = move |room: &mut Room| {
        let days: Vec<u32> = room.report_days().skip(from).take(PAGE_DAYS + 1).collect();
        days.into_iter().filter_map(|day| Some((day, room.report(day)?.clone()))).collect::<Vec<_>>()
    };
    let mut days = visit(&house, gather).await?;
    let more = days.len() > PAGE_DAYS;
    days.truncate(PAGE_DAYS);
    let content = view(&days, number, more, &desk);
    Ok(frame::reply(&call, page(&desk, seats::PART_REPORTS.speak(desk.language), &content)))
}

fn view(days: &[(u32, DayReport)], page: usize, more: bool, desk: &Desk) -> Markup {
    let language = desk.language;
    html! {
        (head(Part::Reports, desk))
        p.lead { (texts::ABOUT.speak(language)) }
        @if days.is_empty() {
            div.first { (icon("overview")) h2 { (texts::EMPTY.speak(language)) } p { (texts::EMPTY_HELP.speak(language)) } }
        } @else {
            table.plain.days-list {
                caption.hush { (texts::DAYS.speak(language)) }
                thead { tr { @for name in [texts::DAY, texts::SESSIONS, texts::USED, texts::BUSIEST, texts::REFUSED] { th scope="col" { (name.speak(language)) } } } }
                tbody { @for (day, report) in days {
                    @if let Some(date) = Room::date_of(*day) {
                        tr {
                            th scope="row" { a href={ "/reports/" (date) } { (texts::date(language, date)) } }
                            td { (number(language, report.started.into())) }
                            td { (seats::minutes(language, report.used_ms / 60_000)) }
                            td { @match fullest(report) {
                                Some((hour, percent)) => { (texts::hour(language, hour)) ", " (percent) "\u{a0}%" },
                                None => "—",
                            } }
                            td { (number(language, (report.refused + report.wrong_codes).into())) }
                        }
                    }
                } }
            }
            nav.turn aria-label=(texts::PAGES.speak(language)) {
                @if page > 1 { a.button rel="prev" href={ "/reports?page=" (page - 1) } { (texts::NEWER.speak(language)) } }
                @if more { a.button rel="next" href={ "/reports?page=" (page + 1) } { (texts::OLDER.speak(language)) } }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fullest_hour_is_the_first_of_the_fullest() {
        let mut report = DayReport { stations: 2, ..DayReport::default() };
        assert_eq!(fullest(&report), None);
        (report.minutes_by_hour[9], report.minutes_by_hour[15], report.minutes_by_hour[16]) = (30, 90, 90);
        assert_eq!(fullest(&report), Some((15, 75)));
        report.minutes_by_hour[16] = 130;
        assert_eq!(fullest(&report), Some((16, 100)), "never more than all of it");
        assert_eq!(share(&DayReport::default(), 9), None, "no seats, no share");
    }
}
