//! Holds the locked screens, one for each reason that a workstation is locked.
//! Never shows anything of a person's session. Called by the worker.

use super::font;
use super::grid::{BLUE, GREEN, Grid, RED, Style, WHITE, YELLOW};
use super::running::Cover;
use crate::link::Trouble;
use crate::link::trust::Fingerprint;
use crate::words::{self, Language, Words};

/// What the screen says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Locked<'a> {
    /// Nothing was heard of the appliance yet.
    Looking(Option<Trouble>),
    /// A number that staff is to approve.
    Enrolment {
        /// Six digits.
        number: &'a str,
        /// The machine's card.
        mac: &'a str,
        /// The appliance's authority; `None` without TLS.
        fingerprint: Option<Fingerprint>,
        /// Whether that is the one this machine was told.
        pinned: bool,
    },
    /// Staff said no.
    EnrolmentRefused,
    /// A code is wanted.
    Code {
        /// As far as it was typed.
        typed: &'a str,
        /// What came of the last one.
        notice: Option<Notice>,
        /// Why the appliance does not answer.
        trouble: Option<Trouble>,
    },
    /// Locked by the person, whose ticket is wanted.
    Ticket {
        /// As far as it was typed.
        typed: &'a str,
        /// The last one was not it.
        wrong: bool,
        /// What is left.
        left_ms: u64,
    },
    /// Suspended by staff, with so much left.
    Held(u64),
    /// The appliance was not heard for too long; so much is left.
    Unheard(u64),
    /// The program is being started.
    Starting,
    /// What is left of a person goes.
    Wiping,
    /// Something is left, in a few words.
    WipeFailed(&'a str),
}

/// What came of a code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Notice {
    /// It was sent.
    Checking,
    /// It is too short.
    Incomplete,
    /// It is wrong.
    Wrong,
    /// So many milliseconds must go by.
    Wait(u64),
    /// The day's time is used up.
    QuotaUsed,
    /// The person sits elsewhere.
    Elsewhere,
    /// The workstation is not free.
    NotFree,
    /// The place is closed.
    Closed,
    /// Any other refusal.
    Refused,
}

/// What every locked screen shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame<'a> {
    /// Name of the workstation.
    pub name: &'a str,
    /// Language of the person in front of it.
    pub language: Language,
    /// Whether what goes over the network can be read there.
    pub encrypted: bool,
    /// Something over it all.
    pub cover: Option<&'a Cover>,
}

/// Draws it.
#[must_use]
pub fn draw(rows: usize, columns: usize, frame: &Frame<'_>, locked: &Locked<'_>) -> Grid {
    let mut grid = Grid::new(rows, columns);
    let mut page = Page { middle: grid.rows() / 2, grid: &mut grid, language: frame.language };
    page.border(frame);
    match locked {
        Locked::Looking(trouble) => page.say(0, trouble.map_or(words::LOOKING, why), trouble.is_some()),
        Locked::Enrolment { number, mac, fingerprint, pinned } => page.enrolment(number, mac, *fingerprint, *pinned),
        Locked::EnrolmentRefused => page.say(0, words::ENROLMENT_REFUSED, true),
        Locked::Code { typed, notice, trouble } => page.code(typed, *notice, *trouble),
        Locked::Ticket { typed, wrong, left_ms } => {
            page.title(words::USER_LOCKED);
            page.big(typed, Style::of(WHITE, super::grid::DEFAULT));
            if *wrong {
                page.say(6, words::WRONG_TICKET, true);
            }
            page.line(8, &words::TIME_RUNS.with(frame.language, words::clock(*left_ms)), Style::default());
        }
        Locked::Held(left_ms) => {
            page.title(words::HELD);
            page.big(&words::clock(*left_ms), Style::of(YELLOW, super::grid::DEFAULT));
            page.line(6, &words::HELD_LEFT.with(frame.language, words::clock(*left_ms)), Style::default());
        }
        Locked::Unheard(left_ms) => {
            page.title(words::UNHEARD);
            page.say(0, words::NOT_REACHABLE, true);
            page.line(2, &words::TIME_RUNS.with(frame.language, words::clock(*left_ms)), Style::default());
        }
        Locked::Starting => page.say(0, words::STARTING, false),
        Locked::Wiping => page.say(0, words::WIPING, false),
        Locked::WipeFailed(what) => {
            page.paragraph(0, &words::WIPE_FAILED.with(frame.language, what), Style::of(RED, super::grid::DEFAULT));
        }
    }
    if let Some(cover) = frame.cover {
        cover.draw(&mut grid);
    }
    grid
}

/// Why the appliance is not there, for the person in front.
const fn why(trouble: Trouble) -> Words {
    match trouble {
        Trouble::Unreachable | Trouble::Answer(_) => words::NOT_REACHABLE,
        Trouble::Stranger => words::STRANGER,
        Trouble::NotKnown => words::NOT_KNOWN,
    }
}

struct Page<'g> {
    grid: &'g mut Grid,
    middle: usize,
    language: Language,
}

impl Page<'_> {
    fn border(&mut self, frame: &Frame<'_>) {
        let bar = Style::of(WHITE, BLUE);
        let (rows, columns) = (self.grid.rows(), self.grid.columns());
        self.grid.fill(0..1, 0..columns, bar);
        self.grid.write(0, 1, frame.name, bar);
        self.grid.right(0, &format!("{} ", words::SWITCH.in_language(self.language)), bar);
        if rows > 12 {
            self.grid.write(rows - 1, 1, concat!("Vigie ", env!("CARGO_PKG_VERSION")), Style::default());
            if !frame.encrypted {
                let text = words::NOT_ENCRYPTED.in_language(self.language);
                self.grid.right(rows - 1, &format!("{text} "), Style::of(YELLOW, super::grid::DEFAULT));
            }
        }
    }

    /// A line, so many rows below the middle.
    fn line(&mut self, below: usize, text: &str, style: Style) {
        self.grid.centre(self.middle + below, text, style);
    }

    fn say(&mut self, below: usize, words: Words, bad: bool) {
        let style = if bad { Style::of(RED, super::grid::DEFAULT) } else { Style::BOLD };
        self.paragraph(below, words.in_language(self.language), style);
    }

    fn paragraph(&mut self, below: usize, text: &str, style: Style) {
        for (row, line) in super::running::wrap(text, self.grid.columns().saturating_sub(4)).iter().enumerate() {
            self.line(below + row, line, style);
        }
    }

    /// Above the big letters.
    fn title(&mut self, words: Words) {
        let text = words.in_language(self.language);
        self.grid.centre(self.middle.saturating_sub(6), text, Style::BOLD);
    }

    fn big(&mut self, text: &str, style: Style) {
        font::draw(self.grid, self.middle.saturating_sub(font::HEIGHT / 2), text, style);
    }

    fn code(&mut self, typed: &str, notice: Option<Notice>, trouble: Option<Trouble>) {
        self.title(words::TYPE_CODE);
        self.big(typed, Style::of(WHITE, super::grid::DEFAULT));
        match notice {
            None => self.line(5, words::THEN_ENTER.in_language(self.language), Style::default()),
            Some(Notice::Checking) => self.say(5, words::CHECKING, false),
            Some(Notice::Wait(ms)) => {
                let text = words::WAIT.with(self.language, words::length(ms, self.language));
                self.line(5, &text, Style::of(RED, super::grid::DEFAULT));
            }
            Some(notice) => self.say(5, refusal(notice), true),
        }
        if let Some(trouble) = trouble {
            self.paragraph(7, why(trouble).in_language(self.language), Style::of(YELLOW, super::grid::DEFAULT));
        }
    }

    fn enrolment(&mut self, number: &str, mac: &str, fingerprint: Option<Fingerprint>, pinned: bool) {
        self.title(words::ENROL);
        self.big(number, Style::of(GREEN, super::grid::DEFAULT));
        self.line(5, &words::MAC.with(self.language, mac), Style::default());
        let Some(fingerprint) = fingerprint else {
            self.say(7, words::NOT_ENCRYPTED, true);
            return;
        };
        let hex = data_encoding::HEXUPPER.encode(&fingerprint);
        // Two rows of eight groups: read out over a desk.
        let groups: Vec<&str> = (0..16).filter_map(|group| hex.get(4 * group..4 * group + 4)).collect();
        self.line(6, words::FINGERPRINT.in_language(self.language), Style::default());
        for (row, groups) in groups.chunks(8).enumerate() {
            self.line(7 + row, &groups.join(" "), Style::BOLD);
        }
        self.say(9, if pinned { words::PINNED } else { words::FIRST_USE }, !pinned);
    }
}

/// The words of a refusal.
const fn refusal(notice: Notice) -> Words {
    match notice {
        Notice::Checking => words::CHECKING,
        Notice::Incomplete => words::INCOMPLETE,
        Notice::Wrong => words::WRONG_CODE,
        Notice::Wait(_) => words::WAIT,
        Notice::QuotaUsed => words::QUOTA_USED,
        Notice::Elsewhere => words::ELSEWHERE,
        Notice::NotFree => words::NOT_FREE,
        Notice::Closed => words::CLOSED,
        Notice::Refused => words::REFUSED,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(language: Language, locked: &Locked<'_>) -> String {
        let frame = Frame { name: "Desk 3", language, encrypted: true, cover: None };
        draw(25, 80, &frame, locked).text()
    }

    fn lines(text: &str) -> Vec<&str> {
        text.lines().map(str::trim).filter(|line| !line.is_empty()).collect()
    }

    #[test]
    fn a_code_is_asked_for() {
        let locked = Locked::Code { typed: "AB1_-____", notice: None, trouble: None };
        let english = text(Language::En, &locked);
        let version = concat!("Vigie ", env!("CARGO_PKG_VERSION"));
        assert!(english.starts_with(" Desk 3  ") && english.lines().next().unwrap().ends_with("F2: Français"));
        assert_eq!(lines(&english)[1..], ["Type your code", "then press Enter", version]);
        assert!(text(Language::Fr, &locked).contains("Tapez votre code"));
    }

    #[test]
    fn every_refusal_has_its_words() {
        let shown = |notice| text(Language::En, &Locked::Code { typed: "", notice: Some(notice), trouble: None });
        for (notice, words) in [
            (Notice::Checking, "One moment"),
            (Notice::Incomplete, "eight letters"),
            (Notice::Wrong, "not valid here"),
            (Notice::Wait(29_001), "Try again in 30 seconds."),
            (Notice::QuotaUsed, "used up"),
            (Notice::Elsewhere, "another computer"),
            (Notice::NotFree, "not free"),
            (Notice::Closed, "closes now"),
            (Notice::Refused, "not possible"),
        ] {
            assert!(shown(notice).contains(words), "{words}");
        }
        let away = Locked::Code { typed: "", notice: None, trouble: Some(Trouble::Unreachable) };
        assert!(text(Language::Fr, &away).contains("L’appareil n’est pas joignable."));
    }

    #[test]
    fn an_enrolment_shows_number_card_and_fingerprint() {
        let locked = Locked::Enrolment {
            number: "123456",
            mac: "02:00:00:00:00:01",
            fingerprint: Some(std::array::from_fn(|place| place as u8)),
            pinned: false,
        };
        let shown = text(Language::En, &locked);
        for words in [
            "approve this number",
            "02:00:00:00:00:01",
            "0001 0203 0405 0607 0809 0A0B 0C0D 0E0F",
            "1011 1213 1415 1617 1819 1A1B 1C1D 1E1F",
            "Trusted on first use",
        ] {
            assert!(shown.contains(words), "{words}\n{shown}");
        }
    }

    #[test]
    fn nothing_breaks_on_a_tiny_screen() {
        for locked in [
            Locked::Looking(Some(Trouble::Stranger)),
            Locked::Enrolment { number: "1", mac: "", fingerprint: Some([0; 32]), pinned: true },
            Locked::EnrolmentRefused,
            Locked::Code { typed: "AB1_-____", notice: Some(Notice::Wait(1)), trouble: Some(Trouble::NotKnown) },
            Locked::Ticket { typed: "____-____", wrong: true, left_ms: 1 },
            Locked::Held(3_600_000),
            Locked::Unheard(0),
            Locked::Starting,
            Locked::Wiping,
            Locked::WipeFailed("1 process"),
        ] {
            for (rows, columns) in [(1, 1), (3, 10), (12, 40), (25, 80), (270, 480)] {
                for language in [Language::En, Language::Fr] {
                    let cover = Cover::calm("a", vec!["b".repeat(100)]);
                    let frame = Frame { name: "x", language, encrypted: false, cover: Some(&cover) };
                    let grid = draw(rows, columns, &frame, &locked);
                    assert_eq!((grid.rows(), grid.columns()), (rows, columns));
                }
            }
        }
    }
}
