//! The history as other programs read it: both of MicroSIP's CSV tables, its XML, and a table for people.

use super::Record;
use crate::text::{csv_cell, sanitise};

/// A form to write calls in: the head, a row for each, the foot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// MicroSIP's CSV since 3.22.5.
    Csv,
    /// Its CSV before.
    OldCsv,
    /// Its XML.
    Xml,
    /// A table.
    Markdown,
}

impl Form {
    /// What comes before the rows.
    pub fn head(self) -> &'static str {
        match self {
            Form::Csv => "ID,Type,Name,Number,Timestamp,UTC Time,Local Time,Duration,Info",
            Form::OldCsv => "Type,Name,Number,Time,Duration,Info",
            Form::Xml => "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<calls>",
            Form::Markdown => "| Time | Kind | Name | Number | Seconds | Info |\n|---|---|---|---|---|---|",
        }
    }

    /// A call, without its line end. `local` is its beginning as the clock on the wall had it.
    pub fn row(self, call: &Record, local: &str) -> String {
        let (time, duration) = (call.started_s().to_string(), call.duration_s.to_string());
        match self {
            Form::Csv => {
                let utc = humantime::format_rfc3339_seconds(call.started()).to_string();
                let utc = utc.trim_end_matches('Z').replace('T', " ");
                cells([
                    &call.sip_call_id,
                    call.kind.word(),
                    &call.name,
                    &call.number,
                    &time,
                    &utc,
                    local,
                    &duration,
                    &call.info,
                ])
            }
            Form::OldCsv => cells([call.kind.short(), &call.name, &call.number, local, &duration, &call.info]),
            Form::Xml => {
                let kind = call.kind.number().to_string();
                let pairs = [
                    ("type", kind.as_str()),
                    ("name", &call.name),
                    ("number", &call.number),
                    ("time", &time),
                    ("duration", &duration),
                    ("info", &call.info),
                ];
                let attributes = pairs.map(|(name, value)| format!(" {name}=\"{}\"", escaped(value)));
                format!("<call{}/>", attributes.concat())
            }
            Form::Markdown => {
                let texts = [local, call.kind.word(), &call.name, &call.number, &duration, &call.info];
                format!("| {} |", texts.map(plain).join(" | "))
            }
        }
    }

    /// What comes behind the rows; empty = nothing.
    pub fn foot(self) -> &'static str {
        if self == Form::Xml { "</calls>" } else { "" }
    }
}

fn cells<const N: usize>(texts: [&str; N]) -> String {
    texts.map(csv_cell).join(",")
}

fn escaped(text: &str) -> String {
    let text = sanitise(text).replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    text.replace('"', "&quot;").replace('\'', "&apos;")
}

/// What a table in Markdown takes for itself is escaped.
fn plain(text: &str) -> String {
    let special = |c: char| "\\`*_[]<>|&".contains(c);
    let mut out = String::new();
    for c in sanitise(text).chars() {
        if special(c) {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::super::Kind;
    use super::*;

    #[test]
    fn a_call_in_every_form() {
        let call = Record {
            kind: Kind::AnsweredElsewhere,
            started_ms: 1_767_323_045_678,
            number: "+4912".into(),
            name: "Ann \"A|B\" <=x>, Co\x1b[2J".into(),
            duration_s: 61,
            info: "Answered Elsewhere".into(),
            sip_call_id: "x@y".into(),
            ..Record::default()
        };
        let row = |form: Form| form.row(&call, "2026-01-02 04:04:05");
        assert_eq!(
            row(Form::Csv),
            "x@y,answered_elsewhere,\"Ann \"\"A|B\"\" <=x>, Co[2J\",'+4912,1767323045,2026-01-02 03:04:05,\
             2026-01-02 04:04:05,61,Answered Elsewhere"
        );
        assert_eq!(Form::Csv.head().split(',').count(), 9);
        assert_eq!(
            row(Form::OldCsv),
            "else,\"Ann \"\"A|B\"\" <=x>, Co[2J\",'+4912,2026-01-02 04:04:05,61,Answered Elsewhere"
        );
        assert_eq!(
            row(Form::Xml),
            "<call type=\"3\" name=\"Ann &quot;A|B&quot; &lt;=x&gt;, Co[2J\" number=\"+4912\" time=\"1767323045\" \
             duration=\"61\" info=\"Answered Elsewhere\"/>"
        );
        assert_eq!(
            row(Form::Markdown),
            "| 2026-01-02 04:04:05 | answered\\_elsewhere | Ann \"A\\|B\" \\<=x\\>, Co\\[2J | +4912 | 61 | \
             Answered Elsewhere |"
        );
    }
}
