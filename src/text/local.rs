//! Dates, times and numbers as people where the phone stands write them. Files, JSON and the C locale stay with ISO 8601 and
//! the point.

use super::say;
use std::sync::OnceLock;

static CHOSEN: OnceLock<Local> = OnceLock::new();

// Facts as the locales of the GNU C Library 2.36 have them (`d_fmt` and `t_fmt` of LC_TIME, `decimal_point` of LC_NUMERIC), so that
// a date here looks as that of `date +%x`. Dates with names of months or with signs of their own are told in digits. All of those
// locales as a crate are megabytes of source for what three answers need.
//
// A language of the list, or a language in a territory, which goes before. What is in none is as most of the world has it.

/// What is a list of names, blanks between.
type Names = &'static str;

const ORDERS: &[(Order, Names)] = &[
    (
        Order::Iso,
        "ak az_IR bo cmn csb de_AT de_BE de_LU dz en_CA en_DK eu fa fr_CA hak hu ja ko lt lv lzh mhr mn mnw my nan ne ps \
         sah se sgs shn si sv wae yue zh",
    ),
    (Order::MonthFirst, "ab bem brx chr en_HK en_US fil hy iu ka kl ks tl"),
    (Order::DayFirst('-'), "as da fy kok nl or pap sa te tr ug"),
    (
        Order::DayFirst('.'),
        "aa_DJ az be ber bg br bs crh cs cv cy de dsb et fi fr_CH fr_LU fur fy_DE ga hr hsb ia is it_CH kk ky lb li mg mk \
         nb nds nn no os pl ro ru rw sc sk sl so_DJ sq sr sv_FI szl tg tk tt uk wo",
    ),
];

/// Where the day has two times twelve hours.
const TWELVE_HOURS: &[(bool, Names)] = &[
    (
        true,
        "aa ak am anp ar as bhb bho bi bn brx byn chr ckb doi el en_CA en_HK en_IN en_PH en_US fil gd gez gu ha hi hif \
         hne hy ig ik iu kn kok ks mag mai mjw ml mni mr ms om pa quz raj sa sat sd shs sid sm so sq sw ta tcy te the ti \
         tig tl to tpi ur_IN wal yo zh_HK",
    ),
    (false, "ar_MA ar_SA pa_PK so_KE ta_LK"),
];

/// Where a comma stands before tenths.
const COMMAS: &[(bool, Names)] = &[
    (
        true,
        "ab agr an ast ayc az be bg br bs ca crh cs csb cv da de dsb el en_DK es et eu ff fi fo fr fur fy gl hr hsb ht hu \
         ia id is it ka kab kk kl ku ky lb li lij ln lt lv mg mhr mk mn nb nds nl nn no oc os pap pl pt quz ro ru rw sah \
         sc se sgs sk sl sq sr sv szl tg tr tt uk vi wa wo",
    ),
    (false, "az_IR de_CH de_LI es_DO es_GT es_HN es_MX es_NI es_PA es_PR es_SV es_US fr_CH it_CH"),
];

/// The row that names a language in this territory, else the language.
fn find<T: Copy>(rows: &[(T, Names)], language: &str, territory: &str) -> Option<T> {
    let there = format!("{language}_{territory}");
    let row = |name: &str| rows.iter().find(|(_, names)| names.split(' ').any(|known| known == name));
    row(&there).or_else(|| row(language)).map(|(value, _)| *value)
}

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
        let order = match (language, territory) {
            ("", _) | ("en", "") => Order::Iso,
            _ => find(ORDERS, language, territory).unwrap_or(Order::DayFirst('/')),
        };
        let has_comma = find(COMMAS, counts, there).unwrap_or(false);
        let has_twelve_hours = find(TWELVE_HOURS, language, territory).unwrap_or(false);
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
        self.number(format!("{value:.places$}"))
    }

    /// A number, or a time with parts of a second, that has a point before them.
    pub fn number(self, text: String) -> String {
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
        // Columns stay columns.
        let time = format!("{:02}:{rest}", if hour.is_multiple_of(12) { 12 } else { hour % 12 });
        Some(if hour < 12 { say!("local-am", time) } else { say!("local-pm", time) })
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

/// [`Local::number`], as it is done here.
pub fn number(text: String) -> String {
    here().number(text)
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
            ("POSIX", "2026-01-02 14:04:05", "01-02 00:04", "3.5"),
            ("C.UTF-8", "2026-01-02 14:04:05", "01-02 00:04", "3.5"),
            ("en", "2026-01-02 14:04:05", "01-02 00:04", "3.5"),
            ("de", "02.01.2026 14:04:05", "02.01. 00:04", "3,5"),
            ("de_DE.UTF-8", "02.01.2026 14:04:05", "02.01. 00:04", "3,5"),
            ("de_AT.UTF-8@euro", "2026-01-02 14:04:05", "01-02 00:04", "3,5"),
            ("de_CH", "02.01.2026 14:04:05", "02.01. 00:04", "3.5"),
            ("en_US.UTF-8", "01/02/2026 02:04:05 pm", "01/02 12:04 am", "3.5"),
            ("en_GB", "02/01/2026 14:04:05", "02/01 00:04", "3.5"),
            ("fr_FR", "02/01/2026 14:04:05", "02/01 00:04", "3,5"),
            ("fr_CA", "2026-01-02 14:04:05", "01-02 00:04", "3,5"),
            ("ja_JP", "2026-01-02 14:04:05", "01-02 00:04", "3.5"),
            ("nl_NL", "02-01-2026 14:04:05", "02-01 00:04", "3,5"),
            ("da_DK", "02-01-2026 14:04:05", "02-01 00:04", "3,5"),
            ("en_AU", "02/01/2026 14:04:05", "02/01 00:04", "3.5"),
            ("en_CA", "2026-01-02 02:04:05 pm", "01-02 12:04 am", "3.5"),
            ("en_PH", "02/01/2026 02:04:05 pm", "02/01 12:04 am", "3.5"),
            ("es_PE", "02/01/2026 14:04:05", "02/01 00:04", "3,5"),
            ("es_MX", "02/01/2026 14:04:05", "02/01 00:04", "3.5"),
            ("el_GR", "02/01/2026 02:04:05 pm", "02/01 12:04 am", "3,5"),
            ("ar_SA", "02/01/2026 14:04:05", "02/01 00:04", "3.5"),
            ("ar_EG", "02/01/2026 02:04:05 pm", "02/01 12:04 am", "3.5"),
            ("sv_FI", "02.01.2026 14:04:05", "02.01. 00:04", "3,5"),
            ("xx_XX", "02/01/2026 14:04:05", "02/01 00:04", "3.5"),
        ];
        for (locale, long, short, number) in rows {
            let local = Local::of(locale, locale);
            assert_eq!(local.moment("2026-01-02 14:04:05"), long, "{locale}");
            assert_eq!(local.moment("01-02 00:04"), short, "{locale}");
            assert_eq!(local.decimal(3.49999, 1), number, "{locale}");
            assert_eq!(local.number("3:03.5".into()), format!("3:0{number}"), "{locale}");
            for odd in ["soon", "", "x y", "at 1767323045", "25:00", "a-b"] {
                assert_eq!(local.moment(odd), odd, "{locale}");
            }
        }
        assert_eq!(Local::of("en_US", "de_DE").moment("14:02"), "02:02 pm");
        assert_eq!(Local::of("en_US", "de_DE").moment("12:00"), "12:00 pm");
        assert_eq!(Local::of("en_US", "de_DE").decimal(-1.0, 2), "-1,00");
    }
}
