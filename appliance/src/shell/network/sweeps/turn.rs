//! Holds the turns of one segment: when it is swept next, what runs there, and which sources rest meanwhile.
//! Never starts anything. The sweeps hold one for each segment.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use embassy_time::Instant;
use vigie_core::lan::Source;
use vigie_core::lan::sweep::{Block, PortList, Work};

use super::rhythm::{Rhythm, UNHURRIED};
use super::{LOOK_EVERY, as_embassy};

/// What a running sweep is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    /// A whole segment, by the clock.
    Watch,
    /// A few devices that are new.
    Newcomers(Vec<IpAddr>),
    /// A person asked.
    Asked {
        /// Whether the segment is swept whole, so that absence means something.
        whole: bool,
    },
}

#[derive(Clone, Debug)]
pub(super) struct Running {
    pub(super) purpose: Purpose,
    pub(super) began: Instant,
    pub(super) ports: PortList,
    pub(super) work: Work,
    /// Devices behind routers that are asked by themselves, whether a named block holds them or not.
    pub(super) known: usize,
}

/// The turns of one segment.
#[derive(Clone, Debug)]
pub(super) struct Turn {
    pub(super) next: Instant,
    pub(super) done: u32,
    /// Newcomers whose ports were asked since the last whole sweep, whether they answered or not.
    pub(super) met: BTreeSet<IpAddr>,
    /// What was swept last: a leg that gets its address late is swept again at once.
    pub(super) scope: Vec<Block>,
    pub(super) running: Option<Running>,
    /// When each source with an interval of its own was asked last.
    pub(super) asked: BTreeMap<Source, Instant>,
    /// When the first sweep of the clock was over, until that is noted as survived.
    pub(super) to_survive: Option<Instant>,
    /// Whether `next` was put off because the last first sweep was not survived.
    pub(super) held: bool,
}

impl Turn {
    /// The sources that a sweep does not ask, because it is not their time yet. A person's questions, and those to
    /// newcomers, are all asked.
    pub(super) fn rest(&mut self, rhythm: &Rhythm, purpose: &Purpose, now: Instant) -> BTreeSet<Source> {
        let mut resting = BTreeSet::new();
        for source in UNHURRIED.into_iter().filter(|_| !matches!(purpose, Purpose::Newcomers(_))) {
            // A sweep may begin a little early, as it is looked for every second.
            let pause = rhythm.own_pause_of(source).unwrap_or_default().saturating_sub(LOOK_EVERY * 2);
            let recent =
                self.asked.get(&source).is_some_and(|at| now.saturating_duration_since(*at) < as_embassy(pause));
            if recent && *purpose == Purpose::Watch {
                resting.insert(source);
            } else {
                self.asked.insert(source, now);
            }
        }
        resting
    }

    pub(super) fn new(now: Instant) -> Self {
        Self {
            next: now,
            done: 0,
            met: BTreeSet::new(),
            scope: Vec::new(),
            running: None,
            to_survive: None,
            held: false,
            asked: BTreeMap::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Intervals, NetworkSettings};

    #[test]
    fn a_source_with_an_interval_rests_in_the_sweeps_between() {
        let intervals = Intervals { snmp: 15, ..Intervals::default() };
        let settings = NetworkSettings { intervals, interval_minutes: 5, ..NetworkSettings::default() };
        let rhythm = crate::shell::network::settings::rhythm(&settings, true);
        let at = |minutes: u64| Instant::from_secs(minutes * 60);
        let mut turn = Turn::new(at(0));
        let watched: Vec<usize> =
            [0, 5, 10, 15, 20].map(|minute| turn.rest(&rhythm, &Purpose::Watch, at(minute)).len()).into();
        assert_eq!(watched, [0, 1, 1, 0, 1], "snmp rests twice, then is asked");
        assert!(turn.rest(&rhythm, &Purpose::Watch, at(22)).contains(&Source::Snmp));
        assert!(turn.rest(&rhythm, &Purpose::Asked { whole: true }, at(22)).is_empty(), "a person's question is asked");
        assert!(turn.rest(&rhythm, &Purpose::Newcomers(Vec::new()), at(23)).is_empty());
        assert!(turn.rest(&rhythm, &Purpose::Watch, at(36)).contains(&Source::Snmp), "counted from the last question");
        assert!(turn.rest(&rhythm, &Purpose::Watch, at(37)).is_empty());
    }
}
