//! Holds the plan of a day: a line for each seat, a bar for each session, and the same in words.
//! It never says who sat there. The page of a day draws it.

use std::collections::BTreeMap;

use jiff::civil::{Date, DateTime};
use maud::{Markup, html};
use vigie_core::kiosk::StationId;
use vigie_core::order::sort_by_key;

use crate::http::language::Language;
use crate::page::name::clean;
use crate::page::words::{codes, reports as texts};
use crate::shell::kiosk::{Room, SessionView, Wish};

/// Minutes of a day: the width of the picture.
const DAY_MINUTES: u16 = 24 * 60;
/// Hours that are marked.
const MARKS: [u16; 5] = [0, 6, 12, 18, 24];

/// A session, in minutes since midnight; one that goes on past it ends there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Bar {
    from: u16,
    to: u16,
}

/// The bars of a day by seat, in the order of the seats' numbers.
pub(super) fn gather(room: &Room, date: Date) -> Vec<(String, Vec<Bar>)> {
    let past = room.past(Wish::default(), room.past_count());
    let mut bars: BTreeMap<StationId, Vec<Bar>> = BTreeMap::new();
    for session in past.into_iter().chain(room.sessions()) {
        if let Some((station, bar)) = bar_of(room, &session, date) {
            bars.entry(station).or_default().push(bar);
        }
    }
    let name = |id: StationId| room.station(id).map(|station| clean(&station.name));
    let seat = |(id, mut bars): (StationId, Vec<Bar>)| {
        sort_by_key(&mut bars, |bar| bar.from);
        (name(id).unwrap_or_else(|| format!("#{}", id.0)), bars)
    };
    bars.into_iter().map(seat).collect()
}

fn bar_of(room: &Room, session: &SessionView, date: Date) -> Option<(StationId, Bar)> {
    let from = room.local_of(session.started?)?;
    let to = match session.ended {
        Some(ended) => room.local_of(ended)?,
        None => room.local_in(0)?,
    };
    Some((session.station?, clip(from, to, date)?))
}

/// The part of a session that lies in a day; none when there is none.
fn clip(from: DateTime, to: DateTime, date: Date) -> Option<Bar> {
    let minute =
        |at: DateTime| u16::try_from(at.hour()).ok().zip(u16::try_from(at.minute()).ok()).map(|(h, m)| h * 60 + m);
    let from = if from.date() < date {
        0
    } else if from.date() == date {
        minute(from)?
    } else {
        return None;
    };
    let to = if to.date() > date {
        DAY_MINUTES
    } else if to.date() == date {
        minute(to)?
    } else {
        return None;
    };
    // A short one is still seen.
    Some(Bar { from, to: to.max(from + 1).min(DAY_MINUTES) }).filter(|bar| bar.from < bar.to)
}

/// The plan.
pub(super) fn draw(seats: &[(String, Vec<Bar>)], language: Language) -> Markup {
    html! {
        h2 { (texts::PLAN.speak(language)) }
        @if seats.is_empty() { p.hint { (texts::NO_PLAN.speak(language)) } } @else {
            p.hint { (texts::PLAN_HELP.speak(language)) }
            table.plan {
                caption.hush { (texts::PLAN.speak(language)) }
                thead { tr {
                    th scope="col" { (texts::SEAT.speak(language)) }
                    th scope="col" {
                        span.hush { (texts::SESSIONS.speak(language)) }
                        span.scale aria-hidden="true" { @for hour in MARKS { span { (hour) } } }
                    }
                } }
                tbody { @for (name, bars) in seats {
                    tr {
                        th scope="row" { bdi { (name) } }
                        td {
                            svg.line viewBox={ "0 0 " (DAY_MINUTES) " 10" } preserveAspectRatio="none" aria-hidden="true" {
                                @for hour in MARKS { rect.tick x=(hour * 60) width="1" height="10" {} }
                                @for bar in bars { rect.span x=(bar.from) width=(bar.to - bar.from) y="1" height="8" {} }
                            }
                            span.hush { (bars.iter().map(|bar| say(*bar, language)).collect::<Vec<_>>().join(", ")) }
                        }
                    }
                } }
            }
        }
    }
}

/// `9:05–10:00`.
fn say(bar: Bar, language: Language) -> String {
    let clock = |minutes: u16| codes::clock(language, (minutes / 60).into(), (minutes % 60).into());
    format!("{}–{}", clock(bar.from), clock(bar.to))
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn a_session_is_cut_at_midnight_and_never_vanishes() {
        let (day, next) = (date(2026, 12, 1), date(2026, 12, 2));
        let (evening, night) = (day.at(23, 30, 0, 0), next.at(0, 15, 0, 0));
        assert_eq!(clip(evening, night, day), Some(Bar { from: 1_410, to: 1_440 }));
        assert_eq!(clip(evening, night, next), Some(Bar { from: 0, to: 15 }));
        assert_eq!(clip(evening, night, date(2026, 12, 3)), None);
        assert_eq!(clip(evening, evening, day), Some(Bar { from: 1_410, to: 1_411 }));
        let said = say(Bar { from: 545, to: 600 }, Language::En);
        assert_eq!(said, "9:05–10:00");
    }
}
