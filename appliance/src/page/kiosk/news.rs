//! Holds what other pages say of the workstations: the overview in sentences, the journal with names.
//! It never cries wolf: seats that are switched off are counted, and only one where somebody sits is missed. The overview,
//! the journal and the page of the seats use it.

use std::collections::BTreeMap;
use std::time::Duration;

use maud::{Markup, html};
use vigie_core::kiosk::StationId;
use vigie_core::kiosk::station::{Reach, StationState};

use super::day::Day;
use super::{name_for, visit};
use crate::http::language::Language;
use crate::http::problem::Problem;
use crate::page::House;
use crate::page::icon::icon;
use crate::page::name::clean;
use crate::page::times::When;
use crate::page::words::{overview, seats as texts};
use crate::shell::kiosk::StationView;

/// How many seats there are, are up, and are free.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::page) struct Seats {
    pub(in crate::page) all: usize,
    pub(in crate::page) up: usize,
    pub(in crate::page) free: usize,
}

impl Seats {
    pub(in crate::page) fn count<'s>(stations: impl Iterator<Item = &'s StationView>) -> Self {
        let mut seats = Self::default();
        for station in stations {
            seats.all += 1;
            seats.up += usize::from(station.reach == Reach::Online);
            seats.free += usize::from(matches!(station.state, StationState::Available | StationState::Reserved));
        }
        seats
    }

    /// The sentence, without a name of anybody: it may stand on a screen in a public room too.
    pub(in crate::page) fn sentence(self, language: Language) -> Option<String> {
        (self.all > 0).then(|| texts::summary(language, self.all, self.up, self.free))
    }
}

/// What the overview says.
#[derive(Default)]
pub(in crate::page) struct News {
    pub(in crate::page) seats: Seats,
    /// Computers that ask to join.
    pub(in crate::page) knocking: usize,
    /// Seats where somebody has a session and that are not heard.
    pub(in crate::page) silent: Vec<(StationId, String, When)>,
    today: Option<Day>,
}

/// Looks at all of it.
pub(in crate::page) async fn look(house: &House) -> Result<News, Problem> {
    let clocks = house.clocks.clone();
    let seen = visit(house, move |room| {
        let stations = room.stations();
        let is_missed = |station: &&StationView| {
            let session = station.session.and_then(|id| room.session(id));
            station.reach != Reach::Online && session.is_some_and(|session| session.state.is_live())
        };
        let heard = |station: &StationView| {
            station.last_heartbeat.map(|at| When::of(at, room.moment(), &clocks)).unwrap_or_default()
        };
        let missed = stations.iter().filter(is_missed);
        News {
            seats: Seats::count(stations.iter()),
            knocking: room.knocking().len(),
            silent: missed.map(|station| (station.id, clean(&station.name), heard(station))).collect(),
            today: room.local_in(0).and_then(|now| Day::of(room, now.date())),
        }
    });
    seen.await
}

impl News {
    /// The sentence about the seats, and how the day went there.
    pub(in crate::page) fn draw(&self, wall: Option<Duration>, language: Language) -> Markup {
        let day = self.today.as_ref().filter(|day| day.report.started > 0).zip(wall);
        html! {
            @if let Some(sentence) = self.seats.sentence(language) {
                section #workstations {
                    h2 { (texts::TITLE.speak(language)) }
                    p { (icon("computer")) " " (sentence) " " a href="/workstations" { (overview::LOOK_ALL_SEATS.speak(language)) } }
                    @if let Some((day, wall)) = day { (day.sessions(wall, language).draw(language)) }
                }
            }
        }
    }
}

/// What workstations and people are called now, for the journal.
#[derive(Default)]
pub(in crate::page) struct Known {
    stations: BTreeMap<u32, String>,
    /// By the random number the journal knows a person by.
    people: BTreeMap<u64, (u32, String)>,
}

impl Known {
    /// A workstation by its name, as long as there is one.
    pub(in crate::page) fn station(&self, number: u32) -> Option<Markup> {
        let name = self.stations.get(&number)?;
        Some(html! { a href={ "/workstations/" (number) } { bdi { (name) } } })
    }

    /// A person, until erased.
    pub(in crate::page) fn person(&self, subject: u64) -> Option<Markup> {
        let (id, name) = self.people.get(&subject)?;
        Some(html! { a href={ "/users/" (id) } { bdi { (name) } } })
    }
}

/// Looks up who some entries of the journal are about; none while the kiosk does not answer.
pub(in crate::page) async fn known(house: &House, subjects: Vec<u64>) -> Known {
    let seen = visit(house, move |room| Known {
        stations: room.stations().into_iter().map(|station| (station.id.0, clean(&station.name))).collect(),
        people: subjects
            .into_iter()
            .filter_map(|subject| {
                let person = room.person_of_subject(subject)?;
                Some((subject, (person.id, name_for(person, true))))
            })
            .collect(),
    });
    seen.await.unwrap_or_default()
}
