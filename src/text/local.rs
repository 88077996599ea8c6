//! Dates, times and numbers as people where the phone stands write them. Files, JSON and the C locale stay with ISO 8601 and
//! the point.

// A table of a few lines: all of the C library's locales as a crate are megabytes of source for what three answers need.
use std::sync::OnceLock;

static CHOSEN: OnceLock<Local> = OnceLock::new();

/// Territories where the day has two times twelve hours.
const TWELVE_HOURS: &[&str] = &["US", "CA", "AU", "NZ", "IN", "PH", "PK", "BD", "EG", "SA", "AE", "MX", "CO", "MY"];
/// Where the year comes first, as in the C locale.
const YEAR_FIRST: &[&str] = &["CN", "JP", "KR", "TW", "HU", "LT", "SE", "CA", "MN", "IR"];
/// Languages with a point between day, month and year.
const POINTS: &[&str] = &[
    "de", "ru", "pl", "cs", "sk", "fi", "nb", "nn", "no", "da", "tr", "uk", "ro", "bg", "et", "lv", "sl", "hr", "sr",
    "is", "be", "kk",
];
/// Languages with a comma before tenths, but for the territories behind them.
const COMMAS: &[(&str, &[&str])] = &[
    ("de", &["CH", "LI"]),
    ("fr", &["CH"]),
    ("it", &["CH"]),
    ("es", &["MX", "US", "GT", "HN", "NI", "PA", "PR", "SV", "DO", "PE"]),
    ("pt", &[]),
    ("nl", &[]),
    ("pl", &[]),
    ("cs", &[]),
    ("sk", &[]),
    ("ru", &[]),
    ("uk", &[]),
    ("sv", &[]),
    ("da", &[]),
    ("nb", &[]),
    ("nn", &[]),
    ("fi", &[]),
    ("tr", &[]),
    ("el", &[]),
    ("hu", &[]),
    ("ro", &[]),
    ("bg", &[]),
    ("hr", &[]),
    ("sr", &[]),
    ("sl", &[]),
    ("et", &[]),
    ("lv", &[]),
    ("lt", &[]),
    ("id", &[]),
    ("vi", &[]),
    ("ca", &[]),
    ("eu", &[]),
    ("gl", &[]),
    ("is", &[]),
    ("be", &[]),
    ("kk", &[]),
];

/// What a date looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Order {
    /// 2026-01-02.
    Iso,
    /// Day, month, year, with this between them.
    DayFirst(char),
    /// 1/2/2026.
    MonthFirst,
}

/// How it is done here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Local {
    order: Order,
    has_twelve_hours: bool,
    has_comma: bool,
}

/// As the C locale has it.
const PLAIN: Local = Local { order: Order::Iso, has_twelve_hours: false, has_comma: false };

impl Local {
    /// By the locales of times and of numbers, such as `de_AT.UTF-8`.
    pub fn of(times: &str, numbers: &str) -> Local {
        let ((language, territory), (counts, there)) = (parts(times), parts(numbers));
        let order = match territory {
            _ if language.is_empty() => Order::Iso,
            "US" | "PH" => Order::MonthFirst,
            known if YEAR_FIRST.contains(&known) => Order::Iso,
            "" if language == "en" => Order::Iso,
            _ if POINTS.contains(&language) => Order::DayFirst('.'),
            _ if language == "nl" => Order::DayFirst('-'),
            _ => Order::DayFirst('/'),
        };
        let has_comma = COMMAS.iter().any(|(known, but)| *known == counts && !but.contains(&there));
        // In Canada it is the language that tells.
        let has_twelve_hours = TWELVE_HOURS.contains(&territory) && language != "fr";
        Local { order, has_twelve_hours, has_comma }
    }

    /// `2026-01-02 14:04:05`, or what of it is there: `01-02 14:04`, `14:04`. Anything else stays as it is.
    pub fn moment(self, iso: &str) -> String {
        if self == PLAIN {
            return iso.to_owned();
        }
        match iso.split_once(' ') {
            Some((date, time)) => match (self.date(date), self.time(time)) {
                (Some(date), Some(time)) => format!("{date} {time}"),
                _ => iso.to_owned(),
            },
            None => self.time(iso).or_else(|| self.date(iso)).unwrap_or_else(|| iso.to_owned()),
        }
    }

    /// A number with so many places behind the sign.
    pub fn decimal(self, value: f64, places: usize) -> String {
        let text = format!("{value:.places$}");
        if self.has_comma { text.replace('.', ",") } else { text }
    }

    fn date(self, iso: &str) -> Option<String> {
        let parts: Vec<&str> = iso.split('-').collect();
        let (year, month, day) = match parts.as_slice() {
            [year, month, day] => (Some(*year), *month, *day),
            [month, day] => (None, *month, *day),
            _ => return None,
        };
        let _: (u8, u8) = (month.parse().ok()?, day.parse().ok()?);
        Some(match (self.order, year) {
            (Order::Iso, _) => iso.to_owned(),
            (Order::DayFirst('.'), None) => format!("{day}.{month}."),
            (Order::DayFirst(sign), None) => format!("{day}{sign}{month}"),
            (Order::DayFirst(sign), Some(year)) => format!("{day}{sign}{month}{sign}{year}"),
            (Order::MonthFirst, None) => format!("{month}/{day}"),
            (Order::MonthFirst, Some(year)) => format!("{month}/{day}/{year}"),
        })
    }

    fn time(self, iso: &str) -> Option<String> {
        let (hour, rest) = iso.split_once(':')?;
        let hour: u8 = hour.parse().ok().filter(|hour| *hour < 24)?;
        if !self.has_twelve_hours {
            return Some(iso.to_owned());
        }
        let half = if hour < 12 { "am" } else { "pm" };
        let hour = if hour.is_multiple_of(12) { 12 } else { hour % 12 };
        // Columns stay columns.
        Some(format!("{hour:02}:{rest} {half}"))
    }
}

/// Language and territory; none of the C locale.
fn parts(locale: &str) -> (&str, &str) {
    let name = locale.split(['.', '@']).next().unwrap_or_default();
    if matches!(name, "C" | "POSIX") {
        return ("", "");
    }
    name.split_once(['_', '-']).unwrap_or((name, ""))
}

/// From here on it is done so; once a process, at its start.
pub fn choose(local: Local) {
    // Whoever chose first goes on.
    let _ = CHOSEN.set(local);
}

fn here() -> Local {
    CHOSEN.get().copied().unwrap_or(PLAIN)
}

/// [`Local::moment`], as it is done here.
pub fn moment(iso: &str) -> String {
    here().moment(iso)
}

/// [`Local::decimal`], as it is done here.
pub fn decimal(value: f64, places: usize) -> String {
    here().decimal(value, places)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_and_numbers_are_written_as_they_are_there() {
        let rows = [
            ("C", "2026-01-02 14:04:05", "01-02 00:04", "3.5"),
            ("", "2026-01-02 14:04:05", "01-02 00:04", "3.5"),
            ("de_AT.UTF-8", "02.01.2026 14:04:05", "02.01. 00:04", "3,5"),
            ("de_CH", "02.01.2026 14:04:05", "02.01. 00:04", "3.5"),
            ("en_US.UTF-8", "01/02/2026 02:04:05 pm", "01/02 12:04 am", "3.5"),
            ("en_GB", "02/01/2026 14:04:05", "02/01 00:04", "3.5"),
            ("fr_FR", "02/01/2026 14:04:05", "02/01 00:04", "3,5"),
            ("fr_CA", "2026-01-02 14:04:05", "01-02 00:04", "3,5"),
            ("ja_JP", "2026-01-02 14:04:05", "01-02 00:04", "3.5"),
            ("nl_NL", "02-01-2026 14:04:05", "02-01 00:04", "3,5"),
        ];
        for (locale, long, short, number) in rows {
            let local = Local::of(locale, locale);
            assert_eq!(local.moment("2026-01-02 14:04:05"), long, "{locale}");
            assert_eq!(local.moment("01-02 00:04"), short, "{locale}");
            assert_eq!(local.decimal(3.49999, 1), number, "{locale}");
            for odd in ["soon", "", "x y", "at 1767323045", "25:00", "a-b"] {
                assert_eq!(local.moment(odd), odd, "{locale}");
            }
        }
        assert_eq!(Local::of("en_US", "de_DE").moment("14:02"), "02:02 pm");
        assert_eq!(Local::of("en_US", "de_DE").decimal(-1.0, 2), "-1,00");
    }
}
