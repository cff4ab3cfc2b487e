//! Holds opening hours as people write them: a line a weekday, up to two stretches in it.
//! It never decides what is open: it only reads and writes. The pages of rules and groups draw it.

use maud::{Markup, html};

use super::{Beside, Line};
use crate::api::kiosk::fault;
use crate::http::language::{Language, Text};
use crate::http::problem::{Problem, faults};
use crate::page::acts::field;
use crate::page::words::rules as texts;
use crate::shell::kiosk::{Hours, Stretch};

/// The fields of the weekdays, Monday first.
const FIELDS: [&str; 7] = ["hours_0", "hours_1", "hours_2", "hours_3", "hours_4", "hours_5", "hours_6"];
/// Whether there are any.
const SWITCH: &str = "hours_on";

/// The hours as a form would say them.
pub(super) fn fill_in(hours: Option<&Hours>, language: Language) -> Vec<(String, String)> {
    let Some(hours) = hours else { return Vec::new() };
    let days = FIELDS.iter().zip(&hours.0);
    let mut form: Vec<(String, String)> = days.map(|(name, day)| ((*name).to_owned(), write(day, language))).collect();
    form.push((SWITCH.to_owned(), "on".to_owned()));
    form
}

/// What a form says. When that cannot be read, what to write beside which fields is in `beside`.
pub(super) fn read(
    form: &[(String, String)],
    beside: &mut Beside,
    language: Language,
) -> Result<Option<Hours>, Problem> {
    if field(form, SWITCH) != "on" {
        return Ok(None);
    }
    let mut hours = Hours::default();
    let mut is_good = true;
    for (name, day) in FIELDS.iter().zip(&mut hours.0) {
        match read_day(field(form, name)) {
            Some(read) => *day = read,
            None => {
                is_good = false;
                beside.0.push(((*name).to_owned(), texts::HOURS_BAD.speak(language).to_owned()));
            }
        }
    }
    if is_good { Ok(Some(hours)) } else { Err(Problem::from(&faults::INVALID).at("/hours", &fault::BAD_HOURS)) }
}

fn write(day: &[Option<Stretch>; 2], language: Language) -> String {
    let clock = |minutes: u16| {
        let (hour, minute) = (minutes / 60, minutes % 60);
        match language {
            Language::En => format!("{hour}:{minute:02}"),
            Language::Fr if minute == 0 => format!("{hour}h"),
            Language::Fr => format!("{hour}h{minute:02}"),
        }
    };
    let stretches = day.iter().flatten().map(|one| format!("{}-{}", clock(one.opens), clock(one.closes)));
    stretches.collect::<Vec<_>>().join(", ")
}

/// `9:00-12:00, 14h-18h30`; nothing is a closed day.
fn read_day(text: &str) -> Option<[Option<Stretch>; 2]> {
    let mut day = [None; 2];
    let mut since = 0;
    for (at, part) in text.split([',', ';']).map(str::trim).filter(|part| !part.is_empty()).enumerate() {
        let (opens, closes) = part.split_once(['-', '–'])?;
        let stretch = Stretch { opens: read_clock(opens)?, closes: read_clock(closes)? };
        if stretch.opens < since || stretch.closes <= stretch.opens {
            return None;
        }
        since = stretch.closes;
        *day.get_mut(at)? = Some(stretch);
    }
    Some(day)
}

/// `9`, `9:30`, `9h30`, `9.30`, up to `24:00`, in minutes.
fn read_clock(text: &str) -> Option<u16> {
    let text = text.trim();
    let (hour, minute) = text.split_once([':', 'h', 'H', '.']).unwrap_or((text, ""));
    let hour: u16 = hour.trim().parse().ok()?;
    let minute: u16 = if minute.trim().is_empty() { 0 } else { minute.trim().parse().ok()? };
    let minutes = hour.checked_mul(60)?.checked_add(minute)?;
    (minute < 60 && minutes <= 24 * 60).then_some(minutes)
}

/// The switch and the seven lines.
pub(super) fn draw(form: &[(String, String)], switch: Text, beside: &Beside, language: Language) -> Markup {
    html! {
        label.check { input type="checkbox" name=(SWITCH) checked[field(form, SWITCH) == "on"]; span { (switch.speak(language)) } }
        p.hint { (texts::HOURS_HINT.speak(language)) }
        div.week {
            @for (name, day) in FIELDS.iter().zip(texts::WEEKDAYS) {
                (Line { name, label: day, hint: None, kind: "text", value: field(form, name), most: 40, needed: false }.draw(beside, language))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hours_are_read_as_people_write_them_and_written_as_they_are_read() {
        let stretch = |opens, closes| Some(Stretch { opens, closes });
        let split = [stretch(9 * 60, 12 * 60), stretch(14 * 60, 18 * 60 + 30)];
        for text in ["9:00-12:00, 14:00-18:30", "9h-12h ; 14h-18h30", " 9 – 12,14.00-18.30 "] {
            assert_eq!(read_day(text), Some(split), "{text}");
        }
        assert_eq!(read_day(""), Some([None; 2]));
        assert_eq!(write(&split, Language::Fr), "9h-12h, 14h-18h30");
        assert_eq!(read_day(&write(&split, Language::En)), Some(split));
        for bad in ["9", "12-9", "9-12, 11-13", "9:60-10", "1-2, 3-4, 5-6", "20-25", "-", "x-y", "99999999-3"] {
            assert_eq!(read_day(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_bad_day_is_told_beside_its_own_field() {
        let form = |day: &str| {
            let pairs = [(SWITCH, "on"), ("hours_2", day)];
            pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec()
        };
        let mut beside = Beside::nothing();
        let problem = read(&form("soon"), &mut beside, Language::En).unwrap_err();
        assert_eq!(problem.code(), faults::INVALID.code);
        assert!(beside.of_field("hours_2").is_some() && beside.of_field("hours_1").is_none());
        let hours = read(&form("9-10"), &mut Beside::nothing(), Language::En).unwrap().unwrap();
        assert_eq!(hours.0[2][0], Some(Stretch { opens: 540, closes: 600 }));
        assert_eq!(read(&[], &mut Beside::nothing(), Language::En).ok(), Some(None));
    }
}
