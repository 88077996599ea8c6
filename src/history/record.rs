//! A call as the history keeps it.

use super::Kind;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// The last moment that is told, 31 December 9999.
const LAST_MS: i64 = 253_402_300_799_999;

/// One call. Texts come from outside and are safe to show.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Record {
    /// Where it stands in the history: later calls have greater ones. 0 = not kept yet.
    pub id: i64,
    /// What it was.
    pub kind: Kind,
    /// When it began, milliseconds since 1970; ISO 8601 UTC in JSON.
    #[serde(rename = "started_at", with = "iso")]
    #[schemars(with = "String")]
    pub started_ms: i64,
    /// The other side as one would dial it: `600`, or `bob@host` of another domain than the account's.
    pub number: String,
    /// Its name; empty = none.
    pub name: String,
    /// Its address.
    pub uri: String,
    /// The account's AOR.
    pub account: String,
    /// Seconds of talk.
    #[serde(rename = "duration")]
    pub duration_s: u32,
    /// How it ended, in a word; empty = it goes on, or the phone ended before it did.
    pub outcome: String,
    /// The SIP status that told so.
    pub status: Option<u16>,
    /// The same in words.
    pub info: String,
    /// The codec; empty = there was no sound.
    pub codec: String,
    /// How it sounded all in all, 1.0 to 4.5.
    pub mos: Option<f64>,
    /// The file it was recorded into; empty = none.
    pub recording: String,
    /// The Call-ID header, or what stands for it in MicroSIP's files.
    pub sip_call_id: String,
}

impl Default for Record {
    fn default() -> Record {
        Record {
            id: 0,
            kind: Kind::Outgoing,
            started_ms: 0,
            number: String::new(),
            name: String::new(),
            uri: String::new(),
            account: String::new(),
            duration_s: 0,
            outcome: String::new(),
            status: None,
            info: String::new(),
            codec: String::new(),
            mos: None,
            recording: String::new(),
            sip_call_id: String::new(),
        }
    }
}

impl Record {
    /// When it began, whole seconds since 1970.
    pub fn started_s(&self) -> i64 {
        self.started_ms.div_euclid(1000)
    }

    /// How it ended, for people: what the far end said, or the outcome where that was only that it rings.
    pub fn ended(&self) -> String {
        let provisional = self.status.is_some_and(|status| (100..200).contains(&status));
        if provisional && !self.outcome.is_empty() { self.outcome.replace('_', " ") } else { self.info.clone() }
    }

    /// A moment that a file names in seconds since 1970, in milliseconds, within what can be told.
    pub fn milliseconds(seconds: i64) -> i64 {
        milliseconds(seconds)
    }

    /// When it began, for formatting; 1970 for what is before it.
    pub fn started(&self) -> SystemTime {
        UNIX_EPOCH + Duration::from_millis(u64::try_from(self.started_ms.min(LAST_MS)).unwrap_or_default())
    }
}

/// Milliseconds since 1970 of a moment that a file names in seconds, within what can be told.
pub(super) fn milliseconds(seconds: i64) -> i64 {
    seconds.saturating_mul(1000).clamp(0, LAST_MS)
}

mod iso {
    use super::*;
    use serde::de::Error;
    use serde::{Deserializer, Serializer};

    pub fn serialize<S: Serializer>(ms: &i64, out: S) -> Result<S::Ok, S::Error> {
        let record = Record { started_ms: *ms, ..Record::default() };
        out.collect_str(&humantime::format_rfc3339_millis(record.started()))
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(text: D) -> Result<i64, D::Error> {
        let text = String::deserialize(text)?;
        let at = humantime::parse_rfc3339_weak(&text).map_err(D::Error::custom)?;
        let since = at.duration_since(UNIX_EPOCH).unwrap_or_default();
        Ok(i64::try_from(since.as_millis()).unwrap_or(LAST_MS))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_survives_its_json() {
        let record = Record {
            id: 7,
            kind: Kind::Missed,
            started_ms: 1_767_323_045_678,
            number: "600".into(),
            status: Some(487),
            mos: Some(4.25),
            ..Record::default()
        };
        let json = serde_json::to_value(&record).unwrap();
        assert_eq!((&json["started_at"], &json["kind"]), (&"2026-01-02T03:04:05.678Z".into(), &"missed".into()));
        assert_eq!(serde_json::from_value::<Record>(json).unwrap(), record);
        assert_eq!((milliseconds(i64::MAX), milliseconds(-5)), (LAST_MS, 0));
        assert_eq!(
            Record { started_ms: i64::MAX, ..record }.started(),
            UNIX_EPOCH + Duration::from_millis(253_402_300_799_999)
        );
    }

    #[test]
    fn that_it_rang_is_no_end() {
        let record = |status, info: &str, outcome: &str| {
            let (info, outcome) = (info.to_owned(), outcome.to_owned());
            Record { status, info, outcome, ..Record::default() }.ended()
        };
        assert_eq!(record(Some(180), "Ringing", "no_answer"), "no answer");
        assert_eq!(record(Some(180), "Ringing", ""), "Ringing");
        assert_eq!(record(Some(486), "Busy Here", "busy"), "Busy Here");
        assert_eq!(record(None, "Call Ended", "imported"), "Call Ended");
    }
}
