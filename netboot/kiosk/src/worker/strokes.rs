//! Holds what a key does: on the locked screens, in the menu, over a message, and in a session.
//! Never hands a key to the program that was meant for the agent, nor one that was typed while it was locked. Called by the
//! worker.

use embassy_time::Duration;
use vigie_core::kiosk::Seat;
use vigie_core::kiosk::seat::Phase;

use super::{ESCAPE_TIME, MAX_TYPED, Worker, now};
use crate::guard::channel::Want;
use crate::screen::keys::{Key, Stroke};
use crate::screen::locked::Notice;

/// Keys of one turn, in bytes.
const MAX_KEYS: usize = 1_024;
/// After a ticket that was not it, the next one has to wait: forty bits are not guessed, and nobody tries for long.
const WRONG_TICKET_WAIT: Duration = Duration::from_secs(2);

impl Worker {
    pub(super) fn hear_keys(&mut self) {
        let mut bytes = [0; MAX_KEYS];
        let now = now();
        let mut strokes = match rustix::io::read(&self.screen, &mut bytes) {
            Ok(count) => self.keys.feed(bytes.get(..count).unwrap_or_default()),
            Err(_) => Vec::new(),
        };
        if !strokes.is_empty() || !self.keys.is_waiting() {
            self.keys_at = now;
        } else if now >= self.keys_at + ESCAPE_TIME {
            strokes.extend(self.keys.settle());
        }
        for stroke in strokes {
            self.stroke(&stroke);
        }
    }

    fn stroke(&mut self, stroke: &Stroke) {
        if !self.messages.is_empty() {
            if stroke.key == Key::Enter {
                self.acknowledge();
            }
            return;
        }
        match self.seat.as_ref().map(Seat::phase) {
            Some(phase) if phase.is_unlocked() => self.stroke_in_session(phase, stroke),
            Some(Phase::UserLocked) => self.stroke_of_ticket(stroke.key),
            Some(Phase::Locked) if self.here.is_none() => self.stroke_of_code(stroke.key),
            _ => self.stroke_of_language(stroke.key),
        }
    }

    fn stroke_of_language(&mut self, key: Key) {
        if key == Key::Language {
            self.language = self.language.other();
        }
    }

    fn stroke_of_code(&mut self, key: Key) {
        match key {
            Key::Letter(letter) if self.pending.is_none() => {
                self.entry.push(letter);
                self.notice = self.notice.filter(|notice| matches!(notice, Notice::Wait(_)));
            }
            Key::Backspace if self.pending.is_none() => {
                self.entry.pop();
                self.notice = self.notice.filter(|notice| matches!(notice, Notice::Wait(_)));
            }
            Key::Escape if self.pending.is_none() => {
                self.entry.clear();
                self.notice = self.notice.filter(|notice| matches!(notice, Notice::Wait(_)));
            }
            Key::Enter if self.pending.is_none() && self.wait_until.is_none() && !self.entry.is_empty() => {
                match self.entry.code() {
                    None => self.notice = Some(Notice::Incomplete),
                    // While the appliance is not reached it is asked as soon as it is; the screen says so meanwhile.
                    Some(code) => self.send_code(&code),
                }
            }
            key => self.stroke_of_language(key),
        }
    }

    fn stroke_of_ticket(&mut self, key: Key) {
        match key {
            Key::Letter(letter) => {
                self.entry.push(letter);
                self.wrong_ticket = false;
            }
            Key::Backspace => self.entry.pop(),
            Key::Escape => self.entry.clear(),
            Key::Enter if self.wait_until.is_none() => {
                let right = self.entry.code().is_some_and(|code| self.count.is_ticket(&code));
                self.entry.clear();
                if right {
                    let now = now();
                    // A guard that is gone is found by the next turn.
                    let _gone = self.with_seat(|seat, acts| seat.unlock(now, acts));
                } else {
                    (self.wrong_ticket, self.wait_until) = (true, Some(now() + WRONG_TICKET_WAIT));
                }
            }
            key => self.stroke_of_language(key),
        }
    }

    fn stroke_in_session(&mut self, phase: Phase, stroke: &Stroke) {
        match stroke.key {
            Key::Menu => self.menu = !self.menu,
            key if self.menu => self.stroke_of_menu(key),
            Key::Enter if self.ended.is_some() => {
                // In the last minute nothing new starts.
                let Some(session) = self.seat.as_ref().and_then(Seat::session).filter(|_| phase == Phase::Running)
                else {
                    return;
                };
                // What could not be started at all was cleaned up: it begins anew.
                let want = if self.here == Some(session) { Want::Again } else { Want::Unlock(session) };
                if self.guard.want(want).is_ok() {
                    self.ended = None;
                }
            }
            _ if self.ended.is_some() => {}
            _ => {
                if let Some(program) = &mut self.program {
                    program.typed.extend(&stroke.bytes);
                    program.typed.truncate(MAX_TYPED);
                }
            }
        }
    }

    fn stroke_of_menu(&mut self, key: Key) {
        let outcome = match key {
            // Without a ticket there would be no way back.
            Key::Letter('1') if self.count.ticket.is_some() => self.with_seat(Seat::lock),
            Key::Letter('2') => self.with_seat(Seat::leave),
            Key::Escape => Ok(()),
            Key::Language => {
                self.language = self.language.other();
                return;
            }
            _ => return,
        };
        // A guard that is gone is found by the next turn.
        let _gone = outcome;
        self.menu = false;
    }
}
