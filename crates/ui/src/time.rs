//! Moments in the person's own time zone.

use aldis_wire::Millis;
use chrono::{DateTime, Datelike as _, Local, TimeZone as _};

/// Today's date as these functions count it, and the time now.
fn local(at: Millis) -> Option<DateTime<Local>> {
    Local.timestamp_millis_opt(at.cast_signed()).single()
}

/// This machine's clock.
pub fn now() -> Millis {
    u64::try_from(Local::now().timestamp_millis()).unwrap_or(0)
}

/// Hours and minutes, as `14:05`.
pub fn clock(at: Millis) -> String {
    local(at).map_or_else(String::new, |at| at.format("%H:%M").to_string())
}

/// Date and time, as `2026-11-22 14:05:09`.
pub fn stamp(at: Millis) -> String {
    local(at).map_or_else(String::new, |at| at.format("%Y-%m-%d %H:%M:%S").to_string())
}

/// The time alone today, and with its date on any other day, as `11-23 14:05`; the year only where
/// it is another one.
pub fn moment(at: Millis, now: Millis) -> String {
    let (Some(at), Some(now)) = (local(at), local(now)) else {
        return String::new();
    };
    let form = if at.date_naive() == now.date_naive() {
        "%H:%M"
    } else if at.year() == now.year() {
        "%m-%d %H:%M"
    } else {
        "%Y-%m-%d %H:%M"
    };
    at.format(form).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_day_shows_its_date() {
        let now = 1_790_000_000_000;
        assert_eq!(moment(now, now).len(), 5);
        assert_eq!(moment(now - 3 * 86_400_000, now).len(), 11);
        assert_eq!(moment(now - 400 * 86_400_000, now).len(), 16);
    }
}
