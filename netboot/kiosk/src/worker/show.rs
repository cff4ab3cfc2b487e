//! Holds which screen it is, and puts it on the terminal.
//! Never shows a session's screen unless the seat says that the machine is unlocked. Called by the worker.

use std::io::Write;

use vigie_core::kiosk::seat::Phase;

use super::{Worker, now};
use crate::link::Trouble;
use crate::screen::grid::Grid;
use crate::screen::locked::{self, Frame, Locked, Notice};
use crate::screen::running::{Cover, Running};
use crate::words;

impl Worker {
    /// Draws what should be seen, as far as it is not seen already.
    pub(super) fn draw(&mut self) {
        let grid = self.compose();
        let bytes = grid.paint(self.shown.as_ref());
        let mut rest = bytes.as_slice();
        while !rest.is_empty() {
            match self.screen.write(rest) {
                Ok(count @ 1..) => rest = rest.get(count..).unwrap_or_default(),
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                // It takes no more at the moment, and nobody knows what it shows: all of it is painted anew.
                _ => {
                    self.shown = None;
                    return;
                }
            }
        }
        self.shown = Some(grid);
    }

    fn compose(&self) -> Grid {
        let (rows, columns) = self.size;
        let cover = self.cover();
        if let Some(grid) = self.session_screen(cover.as_ref()) {
            return grid;
        }
        // A banner is for the person in a session; on the locked screen only what staff says to whoever is there.
        let frame = Frame {
            name: &self.name,
            language: self.language,
            encrypted: self.settings.server.tls,
            cover: cover.as_ref(),
        };
        let typed = self.entry.spell();
        let left = self.wipe_failed.map(|left| left.to_string());
        locked::draw(rows, columns, &frame, &self.locked(&typed, left.as_deref()))
    }

    fn session_screen(&self, cover: Option<&Cover>) -> Option<Grid> {
        let (rows, columns) = self.size;
        let seat = self.seat.as_ref().filter(|seat| seat.phase().is_unlocked())?;
        let program = self.program.as_ref().filter(|_| self.here == seat.session())?;
        let running = Running {
            terminal: &program.terminal,
            name: &self.name,
            language: self.language,
            left_ms: seat.remaining_ms(now()).unwrap_or(0),
            grace: seat.phase() == Phase::Grace,
            offline: self.trouble.is_some(),
            cover,
        };
        Some(running.draw(rows, columns))
    }

    fn locked<'a>(&'a self, typed: &'a str, left: Option<&'a str>) -> Locked<'a> {
        let Some(seat) = &self.seat else { return self.unknown() };
        let now = now();
        let left_ms = seat.remaining_ms(now).unwrap_or(0);
        match (seat.phase(), left) {
            (Phase::Running | Phase::Grace, _) => Locked::Starting,
            (Phase::UserLocked, _) => Locked::Ticket { typed, wrong: self.wrong_ticket, left_ms },
            (Phase::Held, _) => Locked::Held(left_ms),
            (Phase::Unheard, _) => Locked::Unheard(left_ms),
            (Phase::Wiping | Phase::Locked, Some(left)) => Locked::WipeFailed(left),
            (Phase::Wiping, None) => Locked::Wiping,
            // Not known any more over there, and to be approved once more.
            (Phase::Locked, None) if self.enrolment.is_some() => self.unknown(),
            // A session from before this worker: what becomes of it the appliance will say.
            (Phase::Locked, None) if self.here.is_some() => Locked::Looking(self.trouble),
            (Phase::Locked, None) => {
                let waits = self.waits_ms(now);
                let notice = match self.notice {
                    Some(Notice::Wait(_)) => waits.map(Notice::Wait),
                    other => other,
                };
                Locked::Code { typed, notice, trouble: self.trouble }
            }
        }
    }

    fn unknown(&self) -> Locked<'_> {
        match &self.enrolment {
            Some((number, fingerprint)) if self.trouble.is_none_or(|trouble| trouble == Trouble::Unreachable) => {
                Locked::Enrolment {
                    number,
                    mac: &self.mac,
                    fingerprint: *fingerprint,
                    pinned: self.settings.pin.is_some(),
                }
            }
            _ if self.refused => Locked::EnrolmentRefused,
            _ => Locked::Looking(self.trouble),
        }
    }

    /// What lies over the screen, the most urgent first.
    fn cover(&self) -> Option<Cover> {
        let language = self.language;
        let unlocked = self.seat.as_ref().is_some_and(|seat| seat.phase().is_unlocked());
        let enter = words::PRESS_ENTER.in_language(language).to_owned();
        if let Some((banner, _)) = &self.banner {
            return Some(banner.clone());
        }
        if let Some(letter) = self.messages.front() {
            let title = words::MESSAGE.in_language(language).to_owned();
            return Some(Cover::calm(title, vec![letter.text.clone(), String::new(), enter]));
        }
        if !unlocked {
            return None;
        }
        if self.menu {
            let mut lines = Vec::new();
            if let Some(ticket) = &self.ticket {
                lines.extend([words::TICKET.with(language, ticket), String::new()]);
            }
            if self.count.ticket.is_some() {
                lines.push(words::MENU_LOCK.in_language(language).to_owned());
            }
            lines.extend([words::MENU_END, words::MENU_BACK].map(|words| words.in_language(language).to_owned()));
            return Some(Cover::calm(self.name.clone(), lines));
        }
        self.ended.map(|code| {
            let what = if matches!(code, 126 | 127) { words::PROGRAM_FAILED } else { words::PROGRAM_ENDED };
            let again = words::PROGRAM_AGAIN.in_language(language).to_owned();
            Cover::calm(what.in_language(language), vec![again])
        })
    }

    /// The guard is gone: whatever was on the screen goes.
    pub(super) fn show_nobody(&mut self) {
        self.seat = None;
        (self.enrolment, self.program, self.banner, self.trouble) = (None, None, None, None);
        self.messages.clear();
        self.shown = None;
        self.draw();
    }
}
