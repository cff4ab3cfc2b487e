//! Holds how the seat obeys a lease: which it believes, how it anchors its countdown, what it does then.
//! Never believes an answer to another question, an older one, or one for another boot. The agent calls it through `Seat`.

use embassy_time::{Duration, Instant};

use super::{Act, Acts, Held, Phase, Seat};
use crate::kiosk::SessionId;
use crate::kiosk::desk::Done;
use crate::kiosk::lease::{Lease, Opened, Order};
use crate::kiosk::warning::Warned;

/// An answer that was longer under way moves no countdown that has a better anchor: it would rob the person.
const QUICK: Duration = Duration::from_millis(250);

/// Why a lease is not obeyed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Disobeyed {
    /// For another workstation.
    OtherStation,
    /// For another boot of this one.
    OtherBoot,
    /// Not the answer to the last question: pushed, repeated or late. The seat asks.
    NotAsked,
    /// Not newer than one that was obeyed.
    Older,
    /// It contradicts itself.
    Nonsense,
}

impl Seat {
    /// Obeys a lease that came at `now`.
    ///
    /// # Errors
    /// Says why it does not; nothing has changed then.
    pub fn obey(&mut self, now: Instant, opened: &Opened, out: &mut Acts) -> Result<(), Disobeyed> {
        let lease = opened.lease();
        let asked_at = self.check(lease)?;
        self.asked = None;
        self.seq = lease.seq;
        match (lease.order, lease.session) {
            (Order::Run, Some(session)) => self.run(now, asked_at, session, lease, out),
            (Order::Hold, Some(session)) => self.hold(now, session, lease, out),
            (Order::Wipe, Some(session)) => self.wipe(session, lease, out),
            (Order::Lock, _) => self.give_up(out),
            (_, None) => {}
        }
        self.on(now, out);
        Ok(())
    }

    fn check(&self, lease: &Lease) -> Result<Instant, Disobeyed> {
        if lease.station != self.station {
            return Err(Disobeyed::OtherStation);
        }
        if lease.boot != self.boot {
            return Err(Disobeyed::OtherBoot);
        }
        let asked_at = self.asked.filter(|(nonce, _)| *nonce == lease.nonce).ok_or(Disobeyed::NotAsked)?.1;
        if lease.seq <= self.seq {
            return Err(Disobeyed::Older);
        }
        let odd = lease.used_ms > lease.granted_ms || (lease.order != Order::Lock && lease.session.is_none());
        if odd { Err(Disobeyed::Nonsense) } else { Ok(asked_at) }
    }

    fn run(&mut self, now: Instant, asked_at: Instant, session: SessionId, lease: &Lease, out: &mut Acts) {
        match &self.held {
            // Cleaning goes first, whoever comes next and however much time was added.
            Some(held) if self.phase == Phase::Wiping || (held.session != session && held.done == Done::No) => {
                if self.phase != Phase::Wiping {
                    self.finish(Done::Ended, out);
                }
                return;
            }
            Some(held) if held.session == session && held.done == Done::No => {}
            // Who has left has left: the next answer is to a word that says so.
            Some(held) if held.session == session && held.over == Done::Ended => {
                out.push(Act::Ask);
                return;
            }
            _ => self.held = Some(self.fresh(asked_at, session, lease)),
        }
        let Some(held) = &mut self.held else { return };
        let round_trip = now.saturating_duration_since(asked_at);
        let better = round_trip <= QUICK || round_trip.as_millis() < u64::from(held.ahead_ms);
        let new_epoch = held.epoch != lease.epoch;
        // What this seat counted itself before it stopped, or before its agent was restarted, is not forgotten.
        let used_ms = lease.used_ms.max(held.frozen_ms.unwrap_or(0)).min(lease.granted_ms);
        let remaining_ms = lease.granted_ms - used_ms;
        let changed = new_epoch || held.granted_ms != lease.granted_ms || held.frozen_ms.is_some();
        if new_epoch {
            // What was shown a moment ago and not reported yet is not shown again.
            held.warned = held.warned.renewed(remaining_ms).or(lease.warned);
            held.shown = Warned::default();
            held.epoch = lease.epoch;
            held.graced = false;
        } else {
            held.warned = held.warned.or(lease.warned);
        }
        if changed || better {
            held.granted_ms = lease.granted_ms;
            // From before the question: a slow way shortens, it never lengthens.
            held.deadline = asked_at.saturating_add(Duration::from_millis(remaining_ms));
            held.ahead_ms = u32::try_from(round_trip.as_millis()).unwrap_or(u32::MAX);
            held.frozen_ms = None;
        }
        held.offline_until = asked_at.saturating_add(Duration::from_millis(lease.max_offline_ms));
        let left_ms = held.remaining_ms(now);
        self.looked_ms = if changed { left_ms } else { self.looked_ms.max(left_ms) };
        self.keep(out);
        match self.phase {
            Phase::Locked | Phase::Held | Phase::Unheard => self.enter(now, out),
            Phase::Grace if new_epoch => self.phase = Phase::Running,
            _ => {}
        }
    }

    /// A session this agent does not hold: new, or from before the agent was restarted.
    fn fresh(&self, asked_at: Instant, session: SessionId, lease: &Lease) -> Held {
        let kept = self.kept.filter(|kept| kept.session == session);
        let counted_ms = kept.map_or(0, |kept| kept.count.used_ms(asked_at));
        let this_epoch = kept.filter(|kept| kept.epoch == lease.epoch);
        let (warned, shown) = this_epoch.map(|kept| (kept.warned, kept.shown)).unwrap_or_default();
        Held {
            session,
            epoch: lease.epoch,
            granted_ms: lease.granted_ms,
            deadline: asked_at,
            frozen_ms: Some(lease.used_ms.max(counted_ms).min(lease.granted_ms)),
            offline_until: asked_at,
            warned: warned.or(lease.warned),
            shown,
            ahead_ms: 0,
            graced: false,
            done: Done::No,
            over: Done::No,
            known: false,
        }
    }

    fn hold(&mut self, now: Instant, session: SessionId, lease: &Lease, out: &mut Acts) {
        match &mut self.held {
            Some(held) if held.session == session && held.done == Done::No => {
                // Its own count, not the lease's: it ran until this moment.
                let used_ms = held.used_ms(now);
                held.granted_ms = lease.granted_ms;
                held.frozen_ms = Some(used_ms.min(lease.granted_ms));
            }
            Some(held) if held.session != session && held.done == Done::No => {
                self.finish(Done::Ended, out);
                return;
            }
            Some(_) if self.phase == Phase::Wiping => return,
            _ => self.held = Some(self.fresh(now, session, lease)),
        }
        self.keep(out);
        if self.phase.is_unlocked() {
            out.push(Act::Lock);
        }
        if self.phase != Phase::Held {
            self.phase = Phase::Held;
            // So that the appliance learns what was used until the order came.
            out.push(Act::Ask);
        }
    }

    fn wipe(&mut self, session: SessionId, lease: &Lease, out: &mut Acts) {
        match &self.held {
            // It was done already, and the word of it was lost.
            Some(held) if held.session == session && held.done == Done::Wiped => out.push(Act::Ask),
            _ if self.phase == Phase::Wiping => {}
            Some(held) if held.done == Done::No => self.finish(Done::Ended, out),
            _ => {
                self.held = Some(self.fresh(Instant::MIN, session, lease));
                self.finish(Done::Ended, out);
            }
        }
        if let Some(held) = self.held.as_mut().filter(|held| held.session == session) {
            held.known = true;
        }
    }

    /// The appliance knows of no session here.
    fn give_up(&mut self, out: &mut Acts) {
        match &self.held {
            Some(held) if held.done == Done::No => self.finish(Done::Ended, out),
            Some(held) if held.done == Done::Wiped => self.held = None,
            _ => {}
        }
    }
}
