//! Names, numbers and times, as they are best heard: nothing that a speech synthesiser would spell as a sign.

use crate::control::{CallInfo, CommandError, Contact, ExitCode, Party, Record};
use crate::text::words::retold;
use crate::text::{local, sanitise_trimmed, say};

/// Numbers this short are extensions.
const EXTENSION: usize = 5;
/// So many digits in a row are a number to be read digit by digit.
const NUMBER: usize = 3;

/// A sentence: the first letter large, a full stop at the end.
pub fn sentence(text: &str) -> String {
    let text = text.trim();
    let mut letters = text.chars();
    // An address or the name of a file stays as it is.
    let first_word = text.split(' ').next().unwrap_or_default();
    let is_word = first_word.chars().all(|c| c.is_alphabetic() || "',:;?!".contains(c));
    let mut out: String = match letters.next() {
        Some(first) if is_word => first.to_uppercase().chain(letters).collect(),
        _ => text.to_owned(),
    };
    if !out.ends_with(['.', '?', '!', ':']) {
        out.push('.');
    }
    out
}

/// Somebody's name alone, else their number, else their address.
pub fn name(party: &Party) -> String {
    let name = party.name.as_deref().map(sanitise_trimmed).filter(|name| !name.is_empty());
    name.unwrap_or_else(|| number(party))
}

/// Somebody's number, else their address.
pub fn number(party: &Party) -> String {
    let parts = [&party.user, &party.uri];
    let known = parts.into_iter().map(|part| sanitise_trimmed(part)).find(|part| !part.is_empty());
    known.unwrap_or_else(|| say!("line-unknown-number"))
}

/// Name and number: `Alice Smith, 201`.
pub fn party(party: &Party) -> String {
    let (name, number) = (name(party), number(party));
    if name == number { name } else { format!("{name}, {number}") }
}

/// The far side of a call: its name alone.
pub fn who(call: &CallInfo) -> String {
    if call.anonymous { say!("line-hidden-number") } else { name(&call.remote) }
}

/// Name and number of a caller: `Alice Smith, extension 201`.
pub fn caller(call: &CallInfo) -> String {
    if call.anonymous {
        return who(call);
    }
    let (name, number) = (name(&call.remote), number(&call.remote));
    let is_digits = number.chars().all(|c| c.is_ascii_digit());
    let is_extension = is_digits && number.len() <= EXTENSION;
    match (is_extension, name == number) {
        (true, true) => say!("line-extension", number),
        (true, false) => say!("line-name-and-extension", name, number),
        (false, true) => number,
        (false, false) => format!("{name}, {number}"),
    }
}

/// `Alice Smith, 201`.
pub fn contact(contact: &Contact) -> String {
    let (name, number) = (sanitise_trimmed(&contact.name), sanitise_trimmed(&contact.number));
    if name.is_empty() || name == number { number } else { format!("{name}, {number}") }
}

/// Whom a call that was was with: `Alice Smith, 201`.
pub fn past(call: &Record) -> String {
    let (name, number) = (sanitise_trimmed(&call.name), sanitise_trimmed(&call.number));
    if name.is_empty() || name == number { number } else { format!("{name}, {number}") }
}

/// `1 minute 12 seconds`.
pub fn duration(seconds: f64) -> String {
    let whole = if seconds.is_finite() { seconds.clamp(0.0, 1e7) as u64 } else { 0 };
    let (hours, minutes, seconds) = (whole / 3600, whole / 60 % 60, whole % 60);
    let minutes_said = (minutes > 0).then(|| say!("line-minutes", count = minutes));
    // Nobody waits for the seconds of an hour.
    let is_short = hours == 0 && (seconds > 0 || minutes == 0);
    let parts = [
        (hours > 0).then(|| say!("line-hours", count = hours)),
        minutes_said,
        is_short.then(|| say!("line-seconds", count = seconds)),
    ];
    parts.into_iter().flatten().collect::<Vec<_>>().join(" ")
}

/// `a, b and c`.
pub fn list(parts: &[String]) -> String {
    match parts {
        [] => String::new(),
        [one] => one.clone(),
        [first @ .., last] => say!("line-and", first = first.join(", "), last),
    }
}

/// Without what only a shell has of a command: `tuiphone devices` is devices.
pub fn plain(text: &str) -> String {
    text.replace('`', "").replace("tuiphone ", "").replace("--", "")
}

/// A refusal and what next, in a sentence or two.
pub fn error(error: &CommandError) -> String {
    let message = sentence(&plain(&retold(&error.message)));
    match &error.hint {
        Some(hint) if error.code != ExitCode::NoDaemon => format!("{message} {}", sentence(&plain(&retold(hint)))),
        _ => message,
    }
}

/// A moment as people say it: `today 14:02`, `yesterday 09:30`, `2 January 09:30`.
pub fn moment(local: &str, today: &str, yesterday: &str) -> String {
    let Some((day, time)) = local.split_once(' ') else { return local.to_owned() };
    let time = local::moment(&time.chars().take(5).collect::<String>());
    let of = |moment: &str| moment.split(' ').next().unwrap_or_default().to_owned();
    if day == of(today) {
        return say!("line-today", time);
    }
    if day == of(yesterday) {
        return say!("line-yesterday", time);
    }
    let mut parts = day.split('-');
    let (year, month, date) = (parts.next(), parts.next(), parts.next());
    let month = month.and_then(|month| month.parse::<u8>().ok()).and_then(month_name);
    let date = date.and_then(|date| date.parse::<u8>().ok());
    match (year, month, date) {
        (Some(year), Some(month), Some(date)) if today.starts_with(year) => {
            say!("line-day-and-time", day = date, month, time)
        }
        (Some(year), Some(month), Some(date)) => say!("line-day-and-year", day = date, month, year),
        _ => local.to_owned(),
    }
}

fn month_name(month: u8) -> Option<String> {
    Some(match month {
        1 => say!("line-month-january"),
        2 => say!("line-month-february"),
        3 => say!("line-month-march"),
        4 => say!("line-month-april"),
        5 => say!("line-month-may"),
        6 => say!("line-month-june"),
        7 => say!("line-month-july"),
        8 => say!("line-month-august"),
        9 => say!("line-month-september"),
        10 => say!("line-month-october"),
        11 => say!("line-month-november"),
        12 => say!("line-month-december"),
        _ => return None,
    })
}

/// Numbers digit by digit: `extension 600` becomes `extension 6 0 0`. Counts and times have too few digits to be meant.
pub fn spaced(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 16);
    let mut run = String::new();
    let flush = |out: &mut String, run: &mut String| {
        if run.len() >= NUMBER {
            let digits: Vec<String> = run.chars().map(String::from).collect();
            out.push_str(&digits.join(" "));
        } else {
            out.push_str(run);
        }
        run.clear();
    };
    for c in text.chars() {
        if c.is_ascii_digit() {
            run.push(c);
        } else {
            flush(&mut out, &mut run);
            out.push(c);
        }
    }
    flush(&mut out, &mut run);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_told_as_people_say_them() {
        for (seconds, words) in [
            (0.4, "0 seconds"),
            (1.0, "1 second"),
            (72.0, "1 minute 12 seconds"),
            (120.0, "2 minutes"),
            (3_723.0, "1 hour 2 minutes"),
            (f64::NAN, "0 seconds"),
        ] {
            assert_eq!(duration(seconds), words);
        }
        let (today, yesterday) = ("2026-01-02 10:00:00", "2026-01-01 10:00:00");
        for (local, words) in [
            ("2026-01-02 09:05:01", "today 09:05"),
            ("2026-01-01 23:59:59", "yesterday 23:59"),
            ("2026-03-04 05:06:07", "4 March 05:06"),
            ("2025-12-31 05:06:07", "31 December 2025"),
            ("soon", "soon"),
            ("x y", "x y"),
        ] {
            assert_eq!(moment(local, today, yesterday), words);
        }
    }

    #[test]
    fn numbers_are_read_digit_by_digit() {
        for (text, heard) in [
            ("Alice, extension 600.", "Alice, extension 6 0 0."),
            ("1 minute 12 seconds", "1 minute 12 seconds"),
            ("today 14:02", "today 14:02"),
            ("+4940123", "+4 9 4 0 1 2 3"),
            ("", ""),
        ] {
            assert_eq!(spaced(text), heard);
        }
    }

    #[test]
    fn sentences_begin_large_and_end() {
        for (text, told) in [
            ("no call is ringing", "No call is ringing."),
            ("sip:a@b is not known", "sip:a@b is not known."),
            ("really?", "Really?"),
            ("100@demo is registered", "100@demo is registered."),
            ("", "."),
        ] {
            assert_eq!(sentence(text), told);
        }
    }
}
