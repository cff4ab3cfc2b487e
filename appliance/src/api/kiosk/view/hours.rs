//! Holds how opening hours look in JSON: for each weekday a list of stretches such as 09:00 to 12:00.
//! Never judges whether they are in order: the room does. Groups and settings hold them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::api::kiosk::fault;
use crate::http::problem::Problem;
use crate::shell::kiosk::{Hours, Stretch};

/// One stretch of a day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct StretchView {
    /// Such as `09:00`, by the site's clock.
    pub(crate) opens: String,
    /// Such as `18:30`; `24:00` is midnight.
    pub(crate) closes: String,
}

/// Opening hours; a day left out or empty is closed. At most two stretches a day, the earlier one first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[schemars(example = serde_json::json!({ "monday": [{ "opens": "09:00", "closes": "12:00" }, { "opens": "14:00", "closes": "18:30" }] }))]
pub(crate) struct HoursView {
    pub(crate) monday: Vec<StretchView>,
    pub(crate) tuesday: Vec<StretchView>,
    pub(crate) wednesday: Vec<StretchView>,
    pub(crate) thursday: Vec<StretchView>,
    pub(crate) friday: Vec<StretchView>,
    pub(crate) saturday: Vec<StretchView>,
    pub(crate) sunday: Vec<StretchView>,
}

impl HoursView {
    pub(crate) fn of(hours: &Hours) -> Self {
        let day = |day: &[Option<Stretch>; 2]| -> Vec<StretchView> {
            let view = |stretch: &Stretch| StretchView { opens: write(stretch.opens), closes: write(stretch.closes) };
            day.iter().flatten().map(view).collect()
        };
        let [monday, tuesday, wednesday, thursday, friday, saturday, sunday] = hours.0.each_ref().map(day);
        Self { monday, tuesday, wednesday, thursday, friday, saturday, sunday }
    }

    /// What it says.
    ///
    /// # Errors
    /// `invalid` with a pointer to a day with more than two stretches, or to a time that is none.
    pub(crate) fn read(&self) -> Result<Hours, Problem> {
        let days = [
            ("monday", &self.monday),
            ("tuesday", &self.tuesday),
            ("wednesday", &self.wednesday),
            ("thursday", &self.thursday),
            ("friday", &self.friday),
            ("saturday", &self.saturday),
            ("sunday", &self.sunday),
        ];
        let mut hours = Hours::default();
        for (kept, (name, day)) in hours.0.iter_mut().zip(days) {
            let bad = |pointer: String| fault::invalid(pointer, &fault::BAD_HOURS);
            if day.len() > kept.len() {
                return Err(bad(format!("/hours/{name}")));
            }
            for (index, (place, stretch)) in kept.iter_mut().zip(day).enumerate() {
                let time = |text: &str, field| parse(text).ok_or_else(|| bad(format!("/hours/{name}/{index}/{field}")));
                *place =
                    Some(Stretch { opens: time(&stretch.opens, "opens")?, closes: time(&stretch.closes, "closes")? });
            }
        }
        Ok(hours)
    }
}

fn write(minutes: u16) -> String {
    format!("{:02}:{:02}", minutes / 60, minutes % 60)
}

/// Minutes since midnight.
fn parse(text: &str) -> Option<u16> {
    let digits = |part: &str| -> Option<u16> {
        (part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_digit())).then(|| part.parse().ok()).flatten()
    };
    let (hour, minute) = text.split_once(':')?;
    let (hour, minute) = (digits(hour)?, digits(minute)?);
    let minutes = hour * 60 + minute;
    (minute < 60 && minutes <= 24 * 60).then_some(minutes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hours_come_back_as_they_were_written() {
        let day = vec![
            StretchView { opens: "09:00".into(), closes: "12:15".into() },
            StretchView { opens: "14:00".into(), closes: "24:00".into() },
        ];
        let view = HoursView { tuesday: day.clone(), sunday: day[..1].to_vec(), ..HoursView::default() };
        let hours = view.read().unwrap();
        assert_eq!(hours.0[1][1], Some(Stretch { opens: 14 * 60, closes: 24 * 60 }));
        assert_eq!(HoursView::of(&hours), view);
        assert!(hours.check().is_ok());
    }

    #[test]
    fn what_is_no_time_is_pointed_at() {
        for bad in ["", "9:00", "24:01", "12:60", "+1:00", "12-00", "99:99"] {
            let friday = vec![StretchView { opens: "08:00".into(), closes: bad.into() }];
            let problem = HoursView { friday, ..HoursView::default() }.read().unwrap_err();
            let details = problem.field_details(crate::http::language::Language::En);
            assert_eq!(details[0].0, "/hours/friday/0/closes", "{bad}");
        }
        let three = vec![StretchView { opens: "08:00".into(), closes: "09:00".into() }; 3];
        assert!(HoursView { monday: three, ..HoursView::default() }.read().is_err());
    }
}
