//! An answer that is more than a line: an outline of its fields, which is scrolled.

use crate::text::{elided, sanitise, say};
use serde_json::{Map, Value};

/// Lines of an answer, at most.
const MAX_LINES: usize = 5_000;
/// Characters of a value.
const MAX_VALUE: usize = 500;

/// What is shown.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Sheet {
    /// What was asked.
    pub title: String,
    /// The answer.
    pub lines: Vec<String>,
    /// Lines it is scrolled by.
    pub scroll: usize,
}

/// The fields of an answer as an outline; what is empty is left out.
pub fn outline(fields: &Map<String, Value>) -> Vec<String> {
    let mut lines = Vec::new();
    for (key, value) in fields.iter().filter(|(key, _)| !["v", "verb", "ok", "id"].contains(&key.as_str())) {
        add(&mut lines, key, value, 0);
    }
    lines
}

fn add(lines: &mut Vec<String>, key: &str, value: &Value, depth: usize) {
    if lines.len() >= MAX_LINES {
        return;
    }
    let (indent, name) = ("  ".repeat(depth), sanitise(&key.replace('_', " ")));
    match value {
        Value::Object(fields) if !fields.is_empty() => {
            lines.push(format!("{indent}{name}"));
            fields.iter().for_each(|(key, value)| add(lines, key, value, depth + 1));
        }
        Value::Array(all) if all.iter().any(Value::is_object) => {
            lines.push(format!("{indent}{name}: {}", all.len()));
            for fields in all.iter().filter_map(Value::as_object) {
                let from = lines.len();
                fields.iter().for_each(|(key, value)| add(lines, key, value, depth + 2));
                if let Some(first) = lines.get_mut(from) {
                    *first = format!("{indent}  - {}", first.trim_start());
                }
            }
        }
        Value::Array(all) => {
            let words: Vec<String> = all.iter().filter_map(words).collect();
            if !words.is_empty() {
                lines.push(format!("{indent}{name}: {}", elided(&words.join(", "), MAX_VALUE)));
            }
        }
        value => lines.extend(words(value).map(|words| format!("{indent}{name}: {words}"))),
    }
}

fn words(value: &Value) -> Option<String> {
    match value {
        Value::Bool(true) => Some(say!("sheet-yes")),
        Value::Bool(false) => Some(say!("sheet-no")),
        Value::Number(number) => Some(number.to_string()),
        Value::String(text) if !text.is_empty() => Some(sanitise(&elided(&text.replace('\n', " / "), MAX_VALUE))),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn an_answer_becomes_an_outline() {
        let Value::Object(fields) = json!({
            "v": 1,
            "state": "idle",
            "mic_muted": false,
            "empty": null,
            "names": ["a", "b"],
            "accounts": [{"id": 1, "label": "Of\u{1b}fice", "voicemail": {"new": 2}}, {"id": 2}],
        }) else {
            panic!()
        };
        let mut lines = outline(&fields);
        assert!(lines.iter().all(|line| !line.contains('\u{1b}')), "{lines:?}");
        lines.sort();
        for expected in
            ["state: idle", "mic muted: no", "names: a, b", "accounts: 2", "  - id: 1", "  - id: 2", "      new: 2"]
        {
            assert!(lines.iter().any(|line| line == expected), "{expected}: {lines:?}");
        }
        assert!(!lines.iter().any(|line| line.contains("empty")));
    }

    #[test]
    fn a_long_answer_has_an_end() {
        let many: Vec<Value> = (0..20_000).map(|n| json!({ "n": n })).collect();
        let fields = Map::from_iter([("many".to_owned(), Value::Array(many))]);
        assert_eq!(outline(&fields).len(), MAX_LINES);
    }
}
