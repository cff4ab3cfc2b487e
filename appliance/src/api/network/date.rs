//! Holds how dates in queries are read: RFC 3339, or a day alone.
//! Never knows what time it is. Called by the filters of history.

use std::time::Duration;

/// Reads `2026-01-31`, `2026-01-31T12:00:00Z`, `2026-01-31T12:00:00.5+01:00` as the time since 1970. `None` for anything
/// else, and for dates before 1970.
pub(super) fn read(text: &str) -> Option<Duration> {
    let (day, time) = text.split_at_checked(10)?;
    let days = read_day(day)?;
    let seconds = if time.is_empty() { 0.0 } else { read_time(time.strip_prefix(['T', 't', ' '])?)? };
    let total = days as f64 * 86_400.0 + seconds;
    (total >= 0.0).then(|| Duration::from_secs_f64(total))
}

/// Days since 1970 in the Gregorian calendar, after Howard Hinnant's `days_from_civil`.
fn read_day(text: &str) -> Option<i64> {
    let mut parts = text.split('-');
    let mut number = |length: usize| {
        let part = parts.next().filter(|part| part.len() == length)?;
        part.bytes().all(|byte| byte.is_ascii_digit()).then(|| part.parse::<i64>().ok()).flatten()
    };
    let (year, month, day) = (number(4)?, number(2)?, number(2)?);
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let last = match month {
        2 => 28 + i64::from(leap),
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => return None,
    };
    if !(1..=last).contains(&day) {
        return None;
    }
    let shifted = if month > 2 { year } else { year - 1 };
    let (era, of_era) = (shifted.div_euclid(400), shifted.rem_euclid(400));
    let of_year = (153 * (month + if month > 2 { -3 } else { 9 }) + 2) / 5 + day - 1;
    Some(era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468)
}

/// Seconds since midnight in UTC; may be negative or over a day because of the zone.
fn read_time(text: &str) -> Option<f64> {
    let (clock, zone) = match text.strip_suffix(['Z', 'z']) {
        Some(clock) => (clock, 0),
        None => {
            // A `+` that was not percent-encoded in a query arrives as a space.
            let at = text.rfind(['+', '-', ' '])?;
            let (clock, zone) = text.split_at_checked(at)?;
            let sign = if zone.starts_with('-') { -1 } else { 1 };
            let (hours, minutes) = zone.get(1..)?.split_once(':')?;
            (clock, sign * (two(hours, 23)? * 3_600 + two(minutes, 59)? * 60))
        }
    };
    let (whole, fraction) = clock.split_once('.').unwrap_or((clock, "0"));
    let mut parts = whole.split(':');
    let (hours, minutes) = (two(parts.next()?, 23)?, two(parts.next()?, 59)?);
    let seconds = parts.next().map_or(Some(0), |seconds| two(seconds, 60))?;
    let is_number = !fraction.is_empty() && fraction.len() <= 9 && fraction.bytes().all(|byte| byte.is_ascii_digit());
    if parts.next().is_some() || !is_number {
        return None;
    }
    let fraction: f64 = format!("0.{fraction}").parse().ok()?;
    Some(f64::from(hours * 3_600 + minutes * 60 + seconds - zone) + fraction)
}

fn two(text: &str, most: i32) -> Option<i32> {
    let digits = text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| text.parse().ok()).flatten().filter(|number| *number <= most)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::accounts::clock::format_utc;

    proptest! {
        #[test]
        fn what_we_write_we_read(ms in 0_u64..4_102_444_800_000) {
            let time = Duration::from_millis(ms);
            let read = read(&format_utc(time)).unwrap();
            prop_assert!(read.abs_diff(time) < Duration::from_micros(2), "{read:?} {time:?}");
        }

        #[test]
        fn nothing_that_comes_stops_us(text in "\\PC{0,40}") {
            let _read = read(&text);
        }
    }

    #[test]
    fn zones_days_and_nonsense() {
        let noon = Some(Duration::from_secs(1_769_860_800));
        for text in [
            "2026-01-31T12:00:00Z",
            "2026-01-31t12:00:00z",
            "2026-01-31T13:00:00+01:00",
            "2026-01-31T13:00:00 01:00",
            "2026-01-31T07:00:00.000-05:00",
            "2026-01-31T12:00Z",
        ] {
            assert_eq!(read(text), noon, "{text}");
        }
        assert_eq!(read("2024-02-29"), Some(Duration::from_secs(1_709_164_800)));
        for text in [
            "2025-02-29",
            "2026-13-01",
            "2026-1-1",
            "1969-12-31",
            "2026-01-31T",
            "2026-01-31T25:00:00Z",
            "2026-01-31T12:00:00",
            "",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
