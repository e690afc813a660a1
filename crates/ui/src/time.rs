//! Moments in the person's own time zone.

use aldis_wire::Millis;
use chrono::{DateTime, Datelike as _, Local, TimeZone as _};

use crate::text::Language;

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

/// The time alone today, and with its date on any other day, as the language writes it; the year only where it is
/// another one.
pub fn moment(at: Millis, now: Millis, language: Language) -> String {
    let (Some(at), Some(now)) = (local(at), local(now)) else {
        return String::new();
    };
    let (day, with_year) = match language {
        Language::English => ("%m-%d %H:%M", "%Y-%m-%d %H:%M"),
        Language::Spanish => ("%d/%m %H:%M", "%d/%m/%Y %H:%M"),
        Language::German => ("%d.%m. %H:%M", "%d.%m.%Y %H:%M"),
    };
    let form = if at.date_naive() == now.date_naive() {
        "%H:%M"
    } else if at.year() == now.year() {
        day
    } else {
        with_year
    };
    at.format(form).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_day_shows_its_date() {
        let now = 1_790_000_000_000;
        let told = |days: Millis, language| moment(now - days * 86_400_000, now, language);
        for (language, _) in Language::ALL {
            assert_eq!(told(0, language).len(), 5);
            assert_eq!(told(400, language).len(), 16);
        }
        assert!(told(3, Language::English).starts_with("09-1"));
        assert!(told(3, Language::Spanish).contains("/09 "));
        assert!(told(3, Language::German).contains(".09. "));
    }
}
