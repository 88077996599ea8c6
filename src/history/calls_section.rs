//! `[Calls]`, where MicroSIP before 3.22.5 kept its history: a ring of a thousand keys in the ini file.

use super::record::milliseconds;
use super::{Kind, Record};
use crate::text::sanitise;
use md5::{Digest, Md5};

/// Keys of the ring: `0` to `999`.
const RING: usize = 1_000;

/// The calls of an ini file, the oldest first; `get` is the value of a key of a section.
pub fn of_ini<'a>(get: impl Fn(&str, &str) -> Option<&'a str>) -> Vec<Record> {
    // MicroSIP begins at -1.
    let last = get("Settings", "callsLastKey").and_then(|key| key.trim().parse().ok()).unwrap_or(0);
    read(|key| get("Calls", key).map(str::to_owned), last)
}

/// The calls of a section, the oldest first. `value` is that of a key, `last` what `callsLastKey` says.
pub fn read(value: impl Fn(&str) -> Option<String>, last: usize) -> Vec<Record> {
    let mut calls = Vec::new();
    for index in 0..RING {
        match value(&index.to_string()) {
            Some(text) => calls.extend(call(index, &text)),
            None if index >= last => break,
            None => {}
        }
    }
    calls.sort_by_key(|call| call.started_ms);
    calls
}

/// `number;name;type;unixtime;duration;info`, perhaps with more `;` behind. A `;` in a name shifts the rest, so the three
/// numbers are looked for from the end. `None` for `null`, a deleted call, and for what is none.
fn call(index: usize, text: &str) -> Option<Record> {
    let fields: Vec<&str> = text.trim().trim_end_matches(';').split(';').collect();
    let is_number = |at: usize| fields.get(at).is_some_and(|f| !f.is_empty() && f.bytes().all(|b| b.is_ascii_digit()));
    let shifted = (2..fields.len().saturating_sub(2)).find(|&at| (at..at + 3).all(is_number));
    // Where nothing is shifted only the time must be there.
    let in_place = (5..=6).contains(&fields.len()) && is_number(3);
    let at = shifted.or_else(|| in_place.then_some(2))?;
    let number = |at: usize| fields.get(at).and_then(|field| field.parse::<i64>().ok()).unwrap_or_default();
    // The parameters of an address stand behind it as they were dialled.
    let is_address = fields.first()?.contains(['@', ':']);
    let params = fields.get(1..at)?.iter().take_while(|field| is_address && is_parameter(field)).count();
    let (who, name) = (fields.get(..=params)?.join(";"), fields.get(1 + params..at)?.join(";"));
    let time = number(at + 1);
    Some(Record {
        kind: Kind::of_number(number(at)),
        started_ms: milliseconds(time),
        number: sanitise(who.trim()),
        name: sanitise(name.trim()),
        duration_s: u32::try_from(number(at + 2)).unwrap_or(u32::MAX),
        outcome: "imported".into(),
        info: sanitise(fields.get(at + 3..)?.join(";").trim()),
        sip_call_id: id(index, time),
        ..Record::default()
    })
    .filter(|call| !call.number.is_empty())
}

/// `transport=tcp`
fn is_parameter(field: &str) -> bool {
    let is_word = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic());
    field.split_once('=').is_some_and(|(name, value)| is_word(name) && is_word(value))
}

/// The id that MicroSIP gives to a row when it moves it into its database: brought over from both, it is one call.
fn id(index: usize, time: i64) -> String {
    Md5::digest(format!("{index}-{time}")).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a value means: number, name, kind, seconds since 1970, seconds of talk, info.
    type Meaning<'a> = (&'a str, &'a str, Kind, i64, u32, &'a str);

    #[test]
    fn a_row_means_what_microsip_meant() {
        use Kind::{AnsweredElsewhere, Incoming, Missed, Outgoing};
        let rows: [(&str, Option<Meaning>); 18] = [
            ("100;Ann;0;1700000000;61;Call Ended", Some(("100", "Ann", Outgoing, 1_700_000_000, 61, "Call Ended"))),
            ("+1;Ann;2;1700000000;0;Missed Call;", Some(("+1", "Ann", Missed, 1_700_000_000, 0, "Missed Call"))),
            ("1;;1;5;6;Chamada encerrada;;", Some(("1", "", Incoming, 5, 6, "Chamada encerrada"))),
            ("1;;3;5;0;", Some(("1", "", AnsweredElsewhere, 5, 0, ""))),
            ("1;x;9;5;6;", Some(("1", "x", Outgoing, 5, 6, ""))),
            ("bob@h,12#;Doe; J;1;5;6;x", Some(("bob@h,12#", "Doe; J", Incoming, 5, 6, "x"))),
            ("1;a;0;5;99999999999999999999;", Some(("1", "a", Outgoing, 5, 0, ""))),
            ("3;b;;5;6;x", Some(("3", "b", Outgoing, 5, 6, "x"))),
            ("3;b;2;5;;x", Some(("3", "b", Missed, 5, 0, "x"))),
            ("3;b;-1;5;x;y", Some(("3", "b", Outgoing, 5, 0, "y"))),
            ("1;2;3;1700000000;5;6", Some(("1", "2", AnsweredElsewhere, 1_700_000_000, 5, "6"))),
            ("sip:a@b;transport=tcp;Ann;1;5;6;x", Some(("sip:a@b;transport=tcp", "Ann", Incoming, 5, 6, "x"))),
            ("3;b;2;;5;x", None),
            ("null", None),
            ("", None),
            (";;0;5;6;", None),
            ("1;a;b;c;d;e", None),
            ("1;a;0;5", None),
        ];
        for (text, expected) in rows {
            let found = call(3, text);
            let found = found.as_ref().map(|c| (&*c.number, &*c.name, c.kind, c.started_s(), c.duration_s, &*c.info));
            assert_eq!(found, expected, "{text}");
        }
    }

    #[test]
    fn the_ring_ends_at_the_first_gap_from_the_last_key_on() {
        let there = |keys: &'static [&'static str]| {
            move |key: &str| keys.contains(&key).then(|| format!("{key};;0;{};1;", 2_000 - key.len()))
        };
        let numbers = |calls: Vec<Record>| calls.into_iter().map(|call| call.number).collect::<Vec<_>>();
        let keys = &["0", "2", "3", "5", "10", "1000"];
        assert_eq!(numbers(read(there(keys), 0)), ["0"]);
        assert_eq!(numbers(read(there(keys), 3)), ["0", "2", "3"]);
        assert_eq!(numbers(read(there(keys), 0)), numbers(of_ini_at("-1", there(keys))), "it begins at -1");
        // The longer key is the older call here.
        assert_eq!(numbers(read(there(keys), 999)), ["10", "0", "2", "3", "5"]);
    }

    fn of_ini_at(cursor: &str, value: impl Fn(&str) -> Option<String>) -> Vec<Record> {
        let text: Vec<(String, Option<String>)> =
            (0..RING).map(|key| (key.to_string(), value(&key.to_string()))).collect();
        of_ini(|section, key| match (section, key) {
            ("Settings", "callsLastKey") => Some(cursor),
            ("Calls", key) => text.iter().find(|(known, _)| known == key).and_then(|(_, value)| value.as_deref()),
            _ => None,
        })
    }

    #[test]
    fn a_row_has_the_id_it_has_in_the_database() {
        let call = call(3, "+1;Ann;2;1700000000;0;Missed Call").unwrap();
        // md5 of "3-1700000000"
        assert_eq!(call.sip_call_id, "68a2136d45576c8425cbcbc962588e3d");
    }
}
