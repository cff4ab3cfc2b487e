//! Holds how a day's report looks, in JSON and as a spreadsheet.
//! Never knows a person: these are numbers alone. The reports' routes call it.

use jiff::civil::Date;
use schemars::JsonSchema;
use serde::Serialize;

use crate::shell::kiosk::DayReport;

/// One hour of a day, by the site's clock.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub(crate) struct HourView {
    /// 0 to 23.
    hour: usize,
    /// Sessions begun.
    started: u16,
    /// Minutes used at all workstations together.
    minutes: u16,
    /// How much of what there was that is, in whole percent.
    occupancy_percent: u8,
}

/// What one day came to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub(crate) struct ReportView {
    /// `2026-03-01`, by the site's clock.
    pub(crate) day: String,
    /// Codes made.
    issued: u32,
    /// Codes that were never used.
    void: u32,
    /// Sessions begun.
    sessions: u32,
    /// Sessions whose time was used up.
    expired: u32,
    /// Sessions ended before their time.
    ended: u32,
    /// Sessions whose workstation was restarted.
    interrupted: u32,
    /// Sessions that are over; the minutes are theirs.
    closed: u32,
    /// Minutes granted.
    granted_minutes: u64,
    /// Minutes used.
    minutes: u64,
    /// Wrong codes.
    wrong_codes: u32,
    /// Right codes that were refused: no quota left, closed, the seat not free.
    refused: u32,
    /// Most workstations there were.
    workstations: u16,
    /// Hour by hour.
    hours: Vec<HourView>,
}

/// The columns of the spreadsheet: a line for each hour, and one for the day.
const COLUMNS: [&str; 15] = [
    "day",
    "hour",
    "sessions",
    "minutes",
    "occupancy_percent",
    "issued",
    "void",
    "expired",
    "ended",
    "interrupted",
    "closed",
    "granted_minutes",
    "wrong_codes",
    "refused",
    "workstations",
];

impl ReportView {
    pub(crate) fn of(day: Date, kept: &DayReport) -> Self {
        let hours = kept.started_by_hour.iter().zip(&kept.minutes_by_hour).enumerate();
        let hour = |(hour, (started, minutes)): (usize, (&u16, &u16))| {
            let most = u32::from(kept.stations) * 60;
            let percent = (u32::from(*minutes) * 100).checked_div(most).unwrap_or(0).min(100);
            let occupancy_percent = u8::try_from(percent).unwrap_or(100);
            HourView { hour, started: *started, minutes: *minutes, occupancy_percent }
        };
        Self {
            day: day.to_string(),
            issued: kept.issued,
            void: kept.void,
            sessions: kept.started,
            expired: kept.expired,
            ended: kept.ended,
            interrupted: kept.interrupted,
            closed: kept.closed,
            granted_minutes: kept.granted_ms / 60_000,
            minutes: kept.used_ms / 60_000,
            wrong_codes: kept.wrong_codes,
            refused: kept.refused,
            workstations: kept.stations,
            hours: hours.map(hour).collect(),
        }
    }

    /// The same as lines: 24 hours, then the day as a whole.
    pub(crate) fn csv(&self) -> Vec<u8> {
        let mut writer =
            csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).flexible(true).from_writer(Vec::new());
        // Writing to memory does not fail. Every cell is a number or a date of ours.
        let _head = writer.write_record(COLUMNS);
        for hour in &self.hours {
            let mut cells = vec![self.day.clone(), format!("{:02}", hour.hour)];
            cells.extend([hour.started.to_string(), hour.minutes.to_string(), hour.occupancy_percent.to_string()]);
            cells.resize(COLUMNS.len(), String::new());
            let _line = writer.write_record(cells);
        }
        let mut cells = vec![self.day.clone(), "day".to_owned(), self.sessions.to_string(), self.minutes.to_string()];
        cells.push(String::new());
        let counts = [self.issued, self.void, self.expired, self.ended, self.interrupted, self.closed];
        cells.extend(counts.iter().map(u32::to_string));
        cells.push(self.granted_minutes.to_string());
        cells.extend([self.wrong_codes.to_string(), self.refused.to_string(), self.workstations.to_string()]);
        let _line = writer.write_record(cells);
        writer.into_inner().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_told_by_the_hour_and_as_a_whole() {
        let mut kept = DayReport { started: 3, used_ms: 90 * 60_000, stations: 2, refused: 1, ..DayReport::default() };
        (kept.started_by_hour[9], kept.minutes_by_hour[9]) = (3, 90);
        let view = ReportView::of(Date::constant(2026, 3, 1), &kept);
        assert_eq!((view.hours.len(), view.hours[9].occupancy_percent, view.minutes), (24, 75, 90));
        let text = String::from_utf8(view.csv()).unwrap();
        let lines: Vec<&str> = text.split_terminator("\r\n").collect();
        assert_eq!(lines.len(), 26);
        assert_eq!(lines[10], "2026-03-01,09,3,90,75,,,,,,,,,,");
        assert_eq!(lines[25], "2026-03-01,day,3,90,,0,0,0,0,0,0,0,0,1,2");
        assert!(lines.iter().all(|line| line.matches(',').count() == 14));
    }
}
