//! Holds how the seat is driven: looked at in time, asked for its heartbeat, and obeyed in every act, in order.
//! Never decides anything about time itself: the seat does. Called by the worker.

use std::io;

use embassy_time::{Duration, Instant};
use vigie_core::kiosk::desk::Done;
use vigie_core::kiosk::lease::Opened;
use vigie_core::kiosk::seat::{Act, Acts, Disobeyed, Kept, Phase};
use vigie_core::kiosk::warning::THRESHOLDS_MS;
use vigie_core::kiosk::{Seat, SessionId};

use super::{Worker, now};
use crate::guard::channel::Want;
use crate::link::frame;
use crate::screen::running::Cover;
use crate::session::proof::Left;
use crate::words;

/// Between two heartbeats, in milliseconds; a tenth more or less, so that agents do not speak in step.
const BEAT_MS: u64 = 10_000;
/// A lease that nobody asked for makes the seat ask, but not more often than this.
const ASK_AGAIN: Duration = Duration::from_secs(1);
/// Below this the clock is looked at four times a second, in milliseconds: a machine that slept has missed its timers.
const NEAR_MS: u64 = 300_000;
/// That quarter.
const NEAR_EVERY: Duration = Duration::from_millis(250);
/// A warning stands on the screen for so many seconds.
const WARNING_S: u64 = 8;

impl Worker {
    /// When the clockwork has something to do next.
    pub(super) fn wake(&self, now: Instant) -> Option<Instant> {
        let beat = self.connected.then_some(self.next_beat);
        let seat = self.seat.as_ref();
        let wake = seat.and_then(|seat| seat.next_wake(now));
        let near = seat.and_then(|seat| seat.remaining_ms(now)).is_some_and(|left| left < NEAR_MS && left > 0);
        [beat, wake, near.then(|| now + NEAR_EVERY)].into_iter().flatten().min()
    }

    /// Looks at the clock.
    pub(super) fn look(&mut self) -> io::Result<()> {
        let now = now();
        self.with_seat(|seat, acts| seat.on(now, acts))?;
        if self.connected && now >= self.next_beat {
            self.beat();
        }
        self.banner.take_if(|(_, until)| *until <= now);
        self.wait_until.take_if(|until| *until <= now);
        Ok(())
    }

    /// A workstation from now on, under this key.
    pub(super) fn sit_down(&mut self, station: u32, key: [u8; 32]) {
        self.key = Some(key);
        let station = vigie_core::kiosk::StationId(station);
        // Another one than before when it was taken out and let in again; what was counted there is nobody's any more.
        if self.seat.as_ref().is_none_or(|seat| seat.station() != station) {
            self.seat = Some(Seat::new(station, self.boot, self.count.kept));
        }
        self.enrolment = None;
    }

    /// Lets the seat decide, and does what it wants.
    pub(super) fn with_seat(&mut self, decide: impl FnOnce(&mut Seat, &mut Acts)) -> io::Result<()> {
        let mut acts = Acts::new();
        if let Some(seat) = &mut self.seat {
            decide(seat, &mut acts);
        }
        self.carry_out(acts)
    }

    /// Every act, in order.
    fn carry_out(&mut self, acts: Acts) -> io::Result<()> {
        for act in acts {
            match act {
                Act::Keep(kept) => self.keep(kept),
                Act::Unlock(session) => {
                    self.ended = None;
                    self.guard.want(Want::Unlock(session))?;
                }
                Act::Lock => {
                    self.menu = false;
                    self.entry.clear();
                    // The screen first: what the person sees is gone before anything else is done.
                    self.draw();
                    self.guard.want(Want::Lock)?;
                }
                Act::Warn(place) => {
                    let threshold_ms = THRESHOLDS_MS.get(usize::from(place)).copied().unwrap_or_default();
                    let title = words::WARNING.with(self.language, words::length(threshold_ms, self.language));
                    let save = words::GRACE.in_language(self.language).to_owned();
                    self.announce(Cover::urgent(title, vec![save]), WARNING_S);
                    self.ring();
                    self.draw();
                }
                // The status line says it as long as it lasts; the warning of the same minute has rung.
                Act::Grace => self.draw(),
                Act::Wipe(session) => {
                    self.forget_person();
                    self.draw();
                    self.guard.want(Want::Wipe(session))?;
                }
                Act::Ask => self.beat(),
            }
        }
        Ok(())
    }

    /// Keeps what must outlive this worker, before anything else is done.
    fn keep(&mut self, kept: Kept) {
        self.count.kept = Some(kept);
        self.save_count();
    }

    pub(super) fn save_count(&self) {
        if let Err(error) = self.count.save(&self.run) {
            eprintln!("vigie-kiosk: the count cannot be kept: {error}");
        }
    }

    /// The heartbeat: the question for a lease.
    pub(super) fn beat(&mut self) {
        let now = now();
        let random = vigie_sys::random::bytes::<24>().unwrap_or_default();
        let (nonce, jitter) = random.split_at(16);
        let nonce: [u8; 16] = nonce.try_into().unwrap_or_default();
        let jitter = jitter.try_into().map_or(0, u64::from_le_bytes) % (BEAT_MS / 5);
        (self.beaten, self.next_beat) = (now, now + Duration::from_millis(BEAT_MS - BEAT_MS / 10 + jitter));
        let screen = self.screen_word();
        let Some(seat) = &mut self.seat else { return };
        let beat = seat.ask(now, nonce);
        // Before the word that closes the session, so that both are written down together.
        if let Some(report) = beat.report.filter(|report| report.done == Done::Wiped) {
            self.link.say(frame::wipe_ack(report.session, &Left::NOTHING.proof(&nonce)));
        }
        self.link.say(frame::heartbeat(&beat, screen));
    }

    /// A lease came.
    pub(super) fn obey(&mut self, sealed: &[u8]) -> io::Result<()> {
        let Some(key) = &self.key else { return Ok(()) };
        let opened = match Opened::open(sealed, key) {
            Ok(opened) => opened,
            Err(broken) => {
                eprintln!("vigie-kiosk: a lease is not obeyed: {broken:?}");
                return Ok(());
            }
        };
        let now = now();
        let mut outcome = Ok(());
        self.with_seat(|seat, acts| outcome = seat.obey(now, &opened, acts))?;
        match outcome {
            Ok(()) => self.clear_up(),
            Err(Disobeyed::NotAsked) => {
                self.next_beat = self.next_beat.min(self.beaten + ASK_AGAIN);
                Ok(())
            }
            Err(why) => {
                eprintln!("vigie-kiosk: a lease is not obeyed: {why:?}");
                Ok(())
            }
        }
    }

    /// The appliance knows of no session here: what a worker before this one left is nobody's.
    fn clear_up(&mut self) -> io::Result<()> {
        let nobody = self.seat.as_ref().is_some_and(|seat| seat.session().is_none());
        match self.here.filter(|_| nobody) {
            Some(session) => self.guard.want(Want::Wipe(session)),
            None => Ok(()),
        }
    }

    /// The guard has proved that nothing is left.
    pub(super) fn wiped(&mut self, session: SessionId) -> io::Result<()> {
        if self.here == Some(session) {
            self.here = None;
        }
        self.wipe_failed = None;
        // What failed to start, or died with the guard, was wiped for a fresh start; the person is still there.
        let goes_on = |seat: &Seat| seat.session() == Some(session) && seat.phase() != Phase::Wiping;
        if !self.seat.as_ref().is_some_and(goes_on) {
            self.forget_person();
        }
        self.with_seat(|seat, acts| seat.wiped(session, acts))
    }

    /// Nothing that was shown to a person, or typed by it, outlives its session.
    fn forget_person(&mut self) {
        (self.program, self.ended, self.ticket) = (None, None, None);
        (self.menu, self.banner, self.wrong_ticket) = (false, None, false);
        self.entry.clear();
        self.messages.clear();
        self.language = self.site_language;
        (self.count.session, self.count.ticket) = (None, None);
        self.save_count();
    }

    /// What the appliance is told of the screen.
    fn screen_word(&self) -> &'static str {
        match self.seat.as_ref().map(Seat::phase) {
            None => "enrolment",
            Some(Phase::Locked) => "locked",
            Some(Phase::Running) => "running",
            Some(Phase::Grace) => "grace",
            Some(Phase::UserLocked) => "user_locked",
            Some(Phase::Held) => "held",
            Some(Phase::Unheard) => "unheard",
            Some(Phase::Wiping) => "wiping",
        }
    }
}
