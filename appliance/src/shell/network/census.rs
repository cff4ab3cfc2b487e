//! Holds how many devices were there over time and how fast each one answered: series of fixed length, in RAM.
//! Never writes to the card and never fills a gap: a step in which nobody looked holds nothing.
//! Its own task feeds it every minute; the routes read it through a visit.

use std::collections::{BTreeMap, VecDeque};

use embassy_time::{Instant, Timer};
use vigie_core::lan::uptime::Quarter;
use vigie_core::lan::{DeviceId, Judge, Lan};
use vigie_core::limits::MAX_DEVICES;

use super::news::Room;

/// Length of a fine step: as long as the usual time between two sweeps, so that each step has news.
pub(crate) const STEP_S: u64 = 5 * 60;
/// Length of a coarse step.
const HOUR_S: u64 = 60 * 60;
/// Fine steps kept: seven days, 12 KiB. The oldest leaves.
pub(crate) const FINE_STEPS: usize = 7 * 24 * 12;
/// Hours kept: thirty days, 6 KiB. The oldest leaves.
pub(crate) const HOURS: usize = 30 * 24;
/// Times to answer kept of each device: one day of fine steps, 576 B; 1.2 MiB at a full table. The oldest leaves.
pub(crate) const PULSES: usize = 24 * 12;
/// Unit of a kept time to answer: 16 bits then reach 3.2 s, longer than a probe is waited for.
const PULSE_US: u64 = 50;

/// How many devices there were in one step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Count {
    /// Fewest there at one time.
    pub(crate) least: u16,
    /// Most there at one time.
    pub(crate) most: u16,
    /// Most in the table.
    pub(crate) known: u16,
}

impl Count {
    fn join(self, other: Self) -> Self {
        Self { least: self.least.min(other.least), most: self.most.max(other.most), known: self.known.max(other.known) }
    }
}

/// A series as it is read: equal steps, oldest first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Series<T> {
    /// Length of a step in seconds.
    pub(crate) step_s: u64,
    /// Seconds from the beginning of the newest step to now.
    pub(crate) age_s: u64,
    /// What was in each step; none where nobody looked.
    pub(crate) steps: Vec<Option<T>>,
}

/// Times to answer of one device, the newest last, in units of [`PULSE_US`]; 0 is none.
type Pulse = VecDeque<u16>;

/// All the series.
#[derive(Debug, Default)]
pub(super) struct Census {
    /// Number of the newest fine step since boot.
    step: u64,
    fine: VecDeque<Option<Count>>,
    hours: VecDeque<Option<Count>>,
    pulses: BTreeMap<DeviceId, Pulse>,
    /// Answers up to here are counted.
    heard_until: Option<Instant>,
}

impl Census {
    /// Takes over what the devices themselves remember of the last day, so that a restart does not empty the picture.
    pub(super) fn recall<J: Judge>(&mut self, lan: &Lan<J>, now: Instant) {
        self.step = now.as_secs() / STEP_S;
        let mut quarters: Vec<Option<Count>> = Vec::new();
        let mut watched: Vec<u16> = Vec::new();
        let known = u16::try_from(lan.devices().count()).unwrap_or(u16::MAX);
        for device in lan.devices() {
            for (place, quarter) in device.uptime(now).strip().enumerate() {
                if quarters.len() <= place {
                    quarters.push(None);
                    watched.push(0);
                }
                let (least, most) = match quarter {
                    Quarter::Blind => continue,
                    Quarter::Offline => (0, 0),
                    Quarter::Mixed => (0, 1),
                    Quarter::Online => (1, 1),
                };
                if let Some(slot) = quarters.get_mut(place) {
                    let count = slot.get_or_insert(Count { least: 0, most: 0, known });
                    count.least += least;
                    count.most += most;
                }
                if let Some(watched) = watched.get_mut(place) {
                    *watched += 1;
                }
            }
        }
        // What a device remembers was stored now and then: a quarter few of them knew of when the service ended is no
        // count of them all.
        // Of the running quarter only a part is over, and before the first start there was none.
        if let Some(running) = quarters.first_mut() {
            *running = None;
        }
        let most_watched = watched.iter().max().copied().unwrap_or(0);
        for (quarter, watched) in quarters.iter_mut().zip(&watched) {
            *quarter = quarter.filter(|_| u32::from(*watched) * 4 >= u32::from(most_watched) * 3);
        }
        let steps_in_quarter = 3;
        for quarter in quarters.iter().rev() {
            (0..steps_in_quarter).for_each(|_| put(&mut self.fine, *quarter, FINE_STEPS));
        }
        let hours: Vec<&[Option<Count>]> = quarters.chunks(4).collect();
        for hour in hours.into_iter().rev() {
            let joined = hour.iter().flatten().copied().reduce(Count::join);
            put(&mut self.hours, joined, HOURS);
        }
    }

    /// Counts the devices that are there now. `sees` is false while nobody looks: no leg, or one that doubts itself.
    pub(super) fn count<J: Judge>(&mut self, lan: &Lan<J>, sees: bool, now: Instant) {
        self.advance(now);
        if sees {
            let online = lan.devices().filter(|device| device.online()).count();
            let (online, known) = (short(online), short(lan.devices().count()));
            let count = Count { least: online, most: online, known };
            for series in [&mut self.fine, &mut self.hours] {
                if let Some(newest) = series.back_mut() {
                    *newest = Some(newest.map_or(count, |before| before.join(count)));
                }
            }
        }
        self.take_pulses(lan, now);
    }

    /// Begins the steps and hours up to now; those that went by unseen stay empty.
    fn advance(&mut self, now: Instant) {
        let step = now.as_secs() / STEP_S;
        if self.fine.is_empty() {
            self.step = step;
            put(&mut self.fine, None, FINE_STEPS);
            put(&mut self.hours, None, HOURS);
        }
        let hours = step / (HOUR_S / STEP_S) - self.step / (HOUR_S / STEP_S);
        for _ in 0..(step - self.step).min(FINE_STEPS as u64) {
            put(&mut self.fine, None, FINE_STEPS);
            self.pulses.values_mut().for_each(|pulse| put(pulse, 0, PULSES));
        }
        for _ in 0..hours.min(HOURS as u64) {
            put(&mut self.hours, None, HOURS);
        }
        self.step = step;
    }

    /// Notes who answered since the last time, and how fast. What is no longer in the table is dropped.
    fn take_pulses<J: Judge>(&mut self, lan: &Lan<J>, now: Instant) {
        self.pulses.retain(|id, _| lan.device(*id).is_some());
        for device in lan.devices() {
            let fresh = device.answer().filter(|(_, at)| self.heard_until.is_none_or(|until| *at > until));
            let Some((took, _)) = fresh else { continue };
            if self.pulses.len() >= MAX_DEVICES && !self.pulses.contains_key(&device.id()) {
                continue;
            }
            let pulse = self.pulses.entry(device.id()).or_insert_with(|| VecDeque::from([0]));
            if let Some(newest) = pulse.back_mut() {
                *newest = u16::try_from((took.as_micros() / PULSE_US).max(1)).unwrap_or(u16::MAX);
            }
        }
        self.heard_until = Some(now);
    }

    /// Devices in steps of five minutes, the last `most` of them.
    pub(super) fn fine(&self, most: usize, now: Instant) -> Series<Count> {
        self.read(&self.fine, most, STEP_S, now)
    }

    /// Devices in hours, the last `most` of them.
    pub(super) fn hours(&self, most: usize, now: Instant) -> Series<Count> {
        self.read(&self.hours, most, HOUR_S, now)
    }

    /// How fast a device answered over the last day, in microseconds, in steps of five minutes.
    pub(super) fn pulse(&self, id: DeviceId, now: Instant) -> Series<u32> {
        let steps = self.pulses.get(&id).map(|pulse| pulse.iter());
        let micros = |kept: &u16| (*kept > 0).then(|| u32::from(*kept) * PULSE_US as u32);
        Series {
            step_s: STEP_S,
            age_s: now.as_secs().saturating_sub(self.step * STEP_S),
            steps: steps.into_iter().flatten().map(micros).collect(),
        }
    }

    fn read(&self, kept: &VecDeque<Option<Count>>, most: usize, step_s: u64, now: Instant) -> Series<Count> {
        let newest = self.step * STEP_S / step_s * step_s;
        let steps = kept.iter().skip(kept.len().saturating_sub(most)).copied().collect();
        Series { step_s, age_s: now.as_secs().saturating_sub(newest), steps }
    }
}

fn put<T>(series: &mut VecDeque<T>, step: T, most: usize) {
    if series.len() >= most {
        series.pop_front();
    }
    series.push_back(step);
}

fn short(count: usize) -> u16 {
    u16::try_from(count).unwrap_or(u16::MAX)
}

/// Counts for as long as the service runs: at once, then every minute.
pub(super) async fn keep(room: Room) {
    room.visit(|hands| hands.memory.census.recall(&hands.engine.lan, Instant::now()));
    loop {
        room.visit(|hands| {
            let sees = hands.legs().iter().any(|leg| !leg.degraded);
            hands.memory.census.count(&hands.engine.lan, sees, Instant::now());
        });
        Timer::at(next_count(Instant::now())).await;
    }
}

/// Five times a step, so that what comes and goes within one shows; never on the edge of two.
fn next_count(now: Instant) -> Instant {
    let pause_s = STEP_S / 5;
    let into_s = pause_s / 2;
    let next = (now.as_secs() + pause_s - into_s) / pause_s * pause_s + into_s;
    Instant::from_secs(next.max(now.as_secs() + 1))
}

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, Ipv4Addr};

    use embassy_time::Duration;
    use vigie_core::lan::{Actions, Fact, Input, LanSettings, Leg, NoRules, SegmentId, Sighting, Source};
    use vigie_wire::Mac;

    use super::*;

    const SEGMENT: SegmentId = SegmentId(0);

    fn lan() -> Lan<NoRules> {
        let mut lan = Lan::new(1, 7, LanSettings::default(), NoRules);
        let own = [(IpAddr::V4(Ipv4Addr::new(10, 0, 0, 1)), 16)];
        let leg = Leg { segment: SEGMENT, mac: None, addresses: &own, gateway: None, sees_macs: true };
        lan.on(Instant::from_secs(1), Input::SegmentUp(leg), &mut Actions::new());
        lan
    }

    fn answer(lan: &mut Lan<NoRules>, last: u8, at: Instant, took_ms: u64) -> DeviceId {
        let (mac, ip) = (Some(Mac([0, 0x1b, 0x21, 0, 0, last])), Some(IpAddr::V4(Ipv4Addr::new(10, 0, 0, last))));
        let fact = Fact::Answered(Duration::from_millis(took_ms));
        lan.on(
            at,
            Input::Sighting(&Sighting { segment: SEGMENT, source: Source::Icmp, mac, ip, fact }),
            &mut Actions::new(),
        );
        lan.find_mac(Mac([0, 0x1b, 0x21, 0, 0, last])).unwrap().id()
    }

    #[test]
    fn a_step_holds_what_was_counted_in_it_and_an_unseen_one_holds_nothing() {
        let (mut lan, mut census) = (lan(), Census::default());
        let start = Instant::from_secs(STEP_S * 100 + 10);
        answer(&mut lan, 2, start, 1);
        census.count(&lan, true, start);
        answer(&mut lan, 3, start, 1);
        census.count(&lan, true, start + Duration::from_secs(60));
        census.count(&lan, false, start + Duration::from_secs(STEP_S));
        census.count(&lan, true, start + Duration::from_secs(STEP_S * 3));
        let now = start + Duration::from_secs(STEP_S * 3 + 7);
        let series = census.fine(FINE_STEPS, now);
        let count = |least, most| Some(Count { least, most, known: 2 });
        assert_eq!(series.steps, [count(1, 2), None, None, count(2, 2)]);
        assert_eq!((series.step_s, series.age_s), (STEP_S, 17));
        assert_eq!(census.fine(1, now).steps, [count(2, 2)], "the newest ones are given");
        assert_eq!(census.hours(HOURS, now).steps.last(), Some(&count(1, 2)), "an hour joins its steps");
    }

    #[test]
    fn a_month_fits_and_the_oldest_leaves() {
        let (mut lan, mut census) = (lan(), Census::default());
        let start = Instant::from_secs(HOUR_S);
        let id = answer(&mut lan, 2, start, 1);
        for step in 0..40 * 24 * 12 {
            let now = start + Duration::from_secs(step * STEP_S);
            answer(&mut lan, 2, now, 1);
            census.count(&lan, true, now);
        }
        let now = start + Duration::from_secs(40 * 24 * HOUR_S);
        assert_eq!(census.fine(usize::MAX, now).steps.len(), FINE_STEPS);
        assert_eq!(census.hours(usize::MAX, now).steps.len(), HOURS);
        assert_eq!(census.pulse(id, now).steps.len(), PULSES);
        census.count(&lan, true, now + Duration::from_secs(3_650 * 24 * HOUR_S));
        assert!(census.fine.iter().rev().skip(1).all(Option::is_none), "a jump of years empties it and ends at once");
    }

    #[test]
    fn an_answer_is_counted_in_its_step_only() {
        let (mut lan, mut census) = (lan(), Census::default());
        let start = Instant::from_secs(STEP_S * 10 + 1);
        let id = answer(&mut lan, 2, start, 3);
        census.count(&lan, true, start);
        let later = start + Duration::from_secs(STEP_S);
        census.count(&lan, true, later);
        assert_eq!(census.pulse(id, later).steps, [Some(3_000), None], "the same answer is not counted twice");
        answer(&mut lan, 2, later + Duration::from_secs(1), 2_000_000);
        census.count(&lan, true, later + Duration::from_secs(2));
        let longest = u32::from(u16::MAX) * PULSE_US as u32;
        assert_eq!(census.pulse(id, later).steps, [Some(3_000), Some(longest)]);
        lan.edit(later, vigie_core::lan::Edit::Forget(id), &mut Actions::new()).unwrap();
        census.count(&lan, true, later + Duration::from_secs(3));
        assert_eq!(census.pulse(id, later).steps, []);
        assert!(census.pulses.is_empty());
    }

    #[test]
    fn a_restart_takes_over_what_the_devices_remember() {
        let mut lan = lan();
        let start = Instant::from_secs(100 * STEP_S);
        answer(&mut lan, 2, start, 1);
        let now = start + Duration::from_secs(40 * 60);
        answer(&mut lan, 2, now, 1);
        let mut census = Census::default();
        census.recall(&lan, now);
        let steps = census.fine(usize::MAX, now).steps;
        assert_eq!(steps.len(), 96 * 3);
        let one = Some(Count { least: 1, most: 1, known: 1 });
        assert_eq!(steps[steps.len() - 9..], [one, one, one, one, one, one, None, None, None], "{steps:?}");
        assert_eq!(steps[0], None);
        census.count(&lan, true, now);
        assert_eq!(census.fine(usize::MAX, now).steps.len(), 96 * 3, "the newest step goes on");
    }

    #[test]
    fn a_quarter_few_devices_remember_is_a_gap() {
        let mut lan = lan();
        let start = Instant::from_secs(100 * STEP_S);
        answer(&mut lan, 9, start, 1);
        let later = start + Duration::from_secs(2 * HOUR_S);
        for last in [2, 3, 4, 5, 9] {
            answer(&mut lan, last, later, 1);
        }
        let now = later + Duration::from_secs(40 * 60);
        let mut census = Census::default();
        census.recall(&lan, now);
        let seen: Vec<u16> = census.fine.iter().flatten().map(|count| count.most).collect();
        assert!(!seen.is_empty() && seen.iter().all(|most| *most == 5), "{seen:?}");
    }

    #[test]
    fn counts_fall_within_steps_and_never_on_an_edge() {
        let mut now = Instant::from_secs(0);
        for _ in 0..100 {
            let next = next_count(now);
            assert!(next > now && next - now <= Duration::from_secs(60));
            assert_eq!(next.as_secs() % 60, 30);
            now = next;
        }
    }
}
