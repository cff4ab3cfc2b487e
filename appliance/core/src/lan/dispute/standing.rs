//! Holds open conflicts while they last: they are asked about, and closed when one side is silent for long.
//! Never opens one without a verdict. Disputes and twins open them, `Lan` watches them.

use embassy_time::{Duration, Instant};

use super::Dispute;
use crate::Text;
use crate::lan::change::ChangeKind;
use crate::lan::conflict::{Conflict, ConflictKind};
use crate::lan::input::Action;
use crate::lan::judge::Judge;
use crate::lan::leg::LegState;
use crate::lan::machine::{About, Lan};
use crate::lan::place::who_has;
use crate::lan::probe::Probe;
use crate::limits::MAX_REASON_BYTES;

/// An open conflict is asked about this often.
const RECHECK: Duration = Duration::from_secs(60);
/// The same once a side was silent, each time by unicast as well.
const RECHECK_SILENT: Duration = Duration::from_secs(15);
/// Silence that closes it. While one side answers and the other does not, each check counts [`ONE_SILENT`]: two and a half
/// minutes, in which at 20 % loss each way one in a million machines is silent by chance. While neither answers it is as
/// likely that they sleep or cannot be reached, so each counts one: ten minutes.
const ENOUGH_SILENCE: u8 = 40;
const ONE_SILENT: u8 = 4;

impl<J: Judge> Lan<J> {
    pub(in crate::lan) fn open_conflict(&mut self, dispute: &Dispute, evidence: Text<MAX_REASON_BYTES>, now: Instant) {
        let at = self.moment(now);
        let [a, b] = dispute.devices;
        for id in dispute.devices {
            if let Some(device) = self.devices.get_mut(&id) {
                device.live.contested = true;
                device.live.confidence = device.identity_confidence(at);
                self.outbox.mark(device, false, true);
            }
        }
        let [x, y] = dispute.ips;
        let [m, n] = dispute.macs;
        let about = match dispute.kind {
            ConflictKind::SharedAddress => About::device(b).from(m).to(n),
            ConflictKind::SharedMac => About::device(a).from(x).to(y),
        };
        let row = Conflict {
            kind: dispute.kind,
            segment: dispute.segment,
            ips: dispute.ips,
            macs: dispute.macs,
            devices: dispute.devices,
            opened: at,
            closed: None,
            evidence: evidence.clone(),
            recheck: now + RECHECK,
            heard: [now; 2],
            checked: now,
            silent: 0,
        };
        let left = self.conflicts.push_or_evict(row, |row| (row.closed.is_none(), row.closed.unwrap_or(row.opened)));
        // With every row open the oldest open one leaves the table; its end is not told.
        let _left = left;
        self.tell(at, ChangeKind::Conflict, about.on(dispute.segment), evidence);
    }

    /// Asks about open conflicts, and closes those of which one side has been silent.
    pub(in crate::lan) fn watch_conflicts(&mut self, now: Instant) {
        for at in 0..self.conflicts.len() {
            let Some(row) = self.conflicts.get(at) else { return };
            if row.closed.is_some() || row.recheck > now || !self.has_room() {
                continue;
            }
            let up = self.leg(row.segment).is_some_and(LegState::may_judge);
            let myself = row.devices.map(|id| self.is_myself(id));
            let Some(row) = self.conflicts.get_mut(at) else { return };
            row.recheck = now + RECHECK;
            if !up {
                row.checked = now;
                continue;
            }
            let checked = row.checked;
            let answers = [0, 1].map(|side| {
                let heard = row.heard.get(side).is_some_and(|heard| *heard >= checked);
                heard || myself.get(side).is_some_and(|mine| *mine)
            });
            row.silent = match answers {
                [true, true] => 0,
                [false, false] => row.silent.saturating_add(1),
                _ => row.silent.saturating_add(ONE_SILENT),
            };
            row.checked = now;
            if row.silent >= ENOUGH_SILENCE {
                self.close_conflict(at, now);
                continue;
            }
            let (segment, ips, macs) = (row.segment, row.ips, row.macs);
            if row.silent > 0 {
                row.recheck = now + RECHECK_SILENT;
            }
            let mut ask = |query| self.outbox.push(Action::Probe(Probe { segment, query }));
            for ((ip, mac), answers) in ips.into_iter().zip(macs).zip(answers) {
                ask(who_has(ip, None));
                if !answers {
                    ask(who_has(ip, Some(mac)));
                }
            }
        }
    }

    fn close_conflict(&mut self, at: usize, now: Instant) {
        let moment = self.moment(now);
        let Some(row) = self.conflicts.get_mut(at) else { return };
        row.closed = Some(moment);
        let row = row.clone();
        let (a, b) = (row.devices[0], row.devices[1]);
        let silent = row.heard.iter().map(|heard| now.saturating_duration_since(*heard)).max().unwrap_or(Duration::MIN);
        for id in row.devices {
            let still = self.conflicts.iter().any(|other| other.closed.is_none() && other.devices.contains(&id));
            if let Some(device) = self.devices.get_mut(&id) {
                device.live.contested = still;
                if row.kind == ConflictKind::SharedMac {
                    device.forget_the_others_words(row.opened);
                }
                device.live.judge.get_or_insert(now);
                device.live.confidence = device.identity_confidence(moment);
                self.outbox.mark(device, false, true);
            }
        }
        let about = match row.kind {
            ConflictKind::SharedAddress => About::device(b).from(row.macs[0]).to(row.macs[1]),
            ConflictKind::SharedMac => About::device(a).from(row.ips[0]).to(row.ips[1]),
        };
        let evidence = Text::format(format_args!("one side has not answered for {} s", silent.as_secs()));
        self.tell(moment, ChangeKind::ConflictCleared, about.on(row.segment), evidence);
    }
}
