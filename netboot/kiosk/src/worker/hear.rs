//! Holds what the worker makes of news: from the link, and from the guard.
//! Never believes the network in anything that unlocks: only a lease does, and the seat judges it. Called by the worker.

use std::io;

use embassy_time::{Duration, Instant};
use vigie_core::kiosk::{Code, SessionId};

use super::{Letter, Pending, Program, Worker, now};
use crate::guard::channel::{Tell, Want};
use crate::link::frame::{self, Heard};
use crate::link::{News, Trouble};
use crate::screen::locked::Notice;
use crate::screen::running::{Cover, STATUS_ROWS};
use crate::screen::terminal::Terminal;
use crate::state::recognise;
use crate::words::{self, Language};

/// Messages that wait to be read; the oldest goes.
const MAX_MESSAGES: usize = 8;
/// Numbers of messages that were read, so that none is shown twice.
const MAX_READ: usize = 64;
/// News of one turn; the clockwork has its turn in between.
const MAX_NEWS: usize = 64;
/// Something that goes by stands for so many seconds.
const PASSING_S: u64 = 8;
/// A code that is not answered for so long is not answered any more.
const ANSWER_TIME: Duration = Duration::from_secs(15);
/// The codes of programs that were never there (126: cannot be executed, 127: not found), as shells have them.
const NOT_STARTED: [u8; 2] = [126, 127];

impl Worker {
    pub(super) fn hear_link(&mut self) -> io::Result<()> {
        for _ in 0..MAX_NEWS {
            let Some(news) = self.link.next() else { break };
            match news {
                News::Enrolling { number, fingerprint } => {
                    (self.enrolment, self.refused, self.trouble) = (Some((number, fingerprint)), false, None);
                }
                News::EnrolmentRefused => (self.enrolment, self.refused) = (None, true),
                News::Enrolled(station, key) => self.sit_down(station, key),
                News::Lost(trouble) => self.lost(trouble)?,
                News::Heard(heard) => self.heard(heard)?,
            }
        }
        self.pending.take_if(|pending| now() > pending.asked + ANSWER_TIME).inspect(|_| self.notice = None);
        Ok(())
    }

    fn lost(&mut self, trouble: Trouble) -> io::Result<()> {
        (self.connected, self.trouble) = (false, Some(trouble));
        // Staff took this workstation out, and its session with it. Whoever only pretends that ends a session, no more.
        if trouble == Trouble::NotKnown { self.with_seat(vigie_core::kiosk::Seat::leave) } else { Ok(()) }
    }

    fn heard(&mut self, heard: Heard) -> io::Result<()> {
        match heard {
            Heard::Connected { name, language, .. } => {
                (self.connected, self.trouble) = (true, None);
                if !name.is_empty() {
                    self.name = name;
                }
                if let Some(language) = language.as_deref().and_then(Language::read) {
                    if self.language == self.site_language {
                        self.language = language;
                    }
                    self.site_language = language;
                }
                // First of all, so that the appliance knows in which boot this is.
                self.beat();
                // An answer that was lost with the connection is asked for again: the same question, the same answer.
                if let Some(pending) = &self.pending {
                    self.link.say(frame::validate_code(&pending.code, pending.question));
                }
                for text in self.untold.drain(..) {
                    self.link.say(text);
                }
            }
            Heard::Lease { sealed, .. } => self.obey(&sealed)?,
            Heard::Nudge => self.beat(),
            Heard::SessionStarted { session, ticket, person } => self.started(session, ticket, person),
            Heard::TimeAdded { delta_ms } => {
                let length = words::length(delta_ms.unsigned_abs(), self.language);
                let title = if delta_ms < 0 { words::TAKEN } else { words::ADDED }.with(self.language, length);
                self.announce(Cover::calm(title, Vec::new()), PASSING_S);
                self.beat();
            }
            Heard::Warning(text) => {
                let title = words::MESSAGE.in_language(self.language);
                self.announce(Cover::calm(title, vec![text]), PASSING_S);
            }
            Heard::Message { id, text } => self.message(Letter { id, text }),
            Heard::Command { id, name } => self.command(&id, &name)?,
            Heard::Error { code, retry_after_ms } => self.refused_code(&code, retry_after_ms),
            Heard::Nothing => {}
        }
        Ok(())
    }

    fn started(&mut self, session: SessionId, ticket: Option<String>, person: Option<String>) {
        (self.pending, self.notice) = (None, None);
        self.entry.clear();
        let mut lines = Vec::new();
        if let Some((text, code)) = ticket.and_then(|text| Code::parse(&text).map(|code| (text, code))) {
            (self.count.session, self.count.ticket) = (Some(session), Some(recognise(&code)));
            self.save_count();
            lines.push(words::TICKET.with(self.language, &text));
            self.ticket = Some(text);
        }
        let title = person.map(|person| words::WELCOME.with(self.language, person)).unwrap_or_default();
        if !lines.is_empty() || !title.is_empty() {
            self.announce(Cover::calm(title, lines), PASSING_S);
        }
        self.beat();
    }

    fn message(&mut self, letter: Letter) {
        if self.read.contains(&letter.id) {
            self.link.say(frame::message_ack(&letter.id));
        } else if self.messages.iter().all(|waiting| waiting.id != letter.id) {
            if self.messages.len() >= MAX_MESSAGES {
                self.messages.pop_front();
            }
            self.messages.push_back(letter);
            self.ring();
        }
    }

    /// The person has read the message on the screen.
    pub(super) fn acknowledge(&mut self) {
        let Some(letter) = self.messages.pop_front() else { return };
        self.link.say(frame::message_ack(&letter.id));
        if self.read.len() >= MAX_READ {
            self.read.pop_front();
        }
        self.read.push_back(letter.id);
    }

    fn command(&mut self, id: &str, name: &str) -> io::Result<()> {
        let want = match name {
            "reboot" => Some(Want::Reboot),
            "shutdown" => Some(Want::PowerOff),
            "identify" => {
                let title = words::IDENTIFY.with(self.language, &self.name);
                self.announce(Cover::urgent(title, vec![self.mac.clone()]), PASSING_S);
                self.ring();
                None
            }
            _ => {
                self.link.say(frame::command_result(id, Err("there is no such command")));
                return Ok(());
            }
        };
        self.link.say(frame::command_result(id, Ok(())));
        want.map_or(Ok(()), |want| self.guard.want(want))
    }

    fn refused_code(&mut self, code: &str, retry_after_ms: Option<u64>) {
        if self.pending.take().is_none() {
            return;
        }
        self.entry.clear();
        self.notice = Some(match code {
            "wrong_code" => Notice::Wrong,
            "too_soon" => Notice::Wait(0),
            "quota_used" => Notice::QuotaUsed,
            "elsewhere" => Notice::Elsewhere,
            "not_free" => Notice::NotFree,
            "closed" => Notice::Closed,
            _ => Notice::Refused,
        });
        // A day is longer than any wait; more is nonsense.
        let wait = retry_after_ms
            .or((code == "too_soon").then_some(1_000))
            .map(|ms| Duration::from_millis(ms.min(86_400_000)));
        self.wait_until = wait.map(|wait| now() + wait);
    }

    /// Sends what was typed.
    pub(super) fn send_code(&mut self, code: &Code) {
        let question = vigie_sys::random::bytes().map_or(0, u64::from_le_bytes);
        let code = code.spell().to_string();
        // Else it is asked when the appliance is reached, after the heartbeat that says in which boot this is.
        if self.connected {
            self.link.say(frame::validate_code(&code, question));
        }
        self.pending = Some(Pending { code, question, asked: now() });
        self.notice = Some(Notice::Checking);
    }

    pub(super) fn hear_guard(&mut self) -> io::Result<()> {
        while let Some((tell, terminal)) = self.guard.told()? {
            match tell {
                Tell::Here(session) => self.here = session,
                Tell::Runs(session) => {
                    let Some(pipe) = terminal else { continue };
                    self.runs(session, pipe)?;
                }
                Tell::Ended(session, code) => {
                    if self.here == Some(session) {
                        self.ended = Some(code);
                        if NOT_STARTED.contains(&code) {
                            self.report("program_failed", "the program cannot be started");
                        }
                    }
                }
                Tell::CannotStart(session) => {
                    (self.here, self.ended) = (Some(session), Some(NOT_STARTED[0]));
                    self.report("program_failed", "the session's place cannot be made");
                }
                Tell::Wiped(session) => self.wiped(session)?,
                Tell::WipeFailed(session, left) => {
                    self.here = Some(session);
                    if self.wipe_failed.replace(left).is_none() {
                        self.report("wipe_failed", &left.to_string());
                    }
                }
            }
        }
        Ok(())
    }

    fn runs(&mut self, session: SessionId, pipe: std::os::fd::OwnedFd) -> io::Result<()> {
        let known = self.here == Some(session);
        self.here = Some(session);
        let (rows, columns) = self.size;
        match &mut self.program {
            Some(program) if known => program.pipe = pipe,
            _ => {
                let terminal = Terminal::new(rows.saturating_sub(STATUS_ROWS), columns);
                self.program = Some(Program { terminal, pipe, typed: Vec::new() });
                // A program that was drawn by a worker before this one draws itself anew when its size changes.
                let short = |number: usize| u16::try_from(number).unwrap_or(u16::MAX);
                self.guard.want(Want::Size(short(rows), short(columns.saturating_sub(1))))?;
                self.fit_program()?;
            }
        }
        // It may have been locked again while the program started.
        if self.seat.as_ref().is_some_and(|seat| seat.phase().is_unlocked()) {
            return Ok(());
        }
        self.guard.want(Want::Lock)
    }

    /// How long is to be waited still, in milliseconds.
    pub(super) fn waits_ms(&self, now: Instant) -> Option<u64> {
        self.wait_until.filter(|until| *until > now).map(|until| (until - now).as_millis())
    }
}
