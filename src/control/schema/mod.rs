//! The shapes of every JSON that is put out, as JSON Schema 2020-12: one table, which `tuiphone schema`, the manual pages
//! and the OpenAPI of `serve --http` read. None forbids further keys: they may be added, and none is taken away.

mod shapes;
mod table;

use super::spelling::GUARDED;
use super::verb::{ParamKind, VERBS, VerbRow};
use schemars::SchemaGenerator;
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};
use table::{Frame, SHAPES, Shape};

/// The names of all schemas, and what each is of.
pub fn names() -> impl Iterator<Item = (&'static str, &'static str)> {
    SHAPES.iter().map(|shape| (shape.name, shape.doc))
}

/// The schema of this name, whole.
pub fn document(name: &str) -> Option<Value> {
    let shape = SHAPES.iter().find(|shape| shape.name == name)?;
    let mut generator = generator(DEFINITIONS);
    let mut all = Map::new();
    all.insert("$schema".to_owned(), "https://json-schema.org/draft/2020-12/schema".into());
    all.extend(schema(shape, &mut generator));
    let parts = generator.take_definitions(true);
    if !parts.is_empty() {
        all.insert("$defs".to_owned(), Value::Object(parts));
    }
    Some(Value::Object(all))
}

/// The schemas of what a running phone says and what they share, for a document that keeps them under this path. Their
/// names are those that [`component`] gives.
#[cfg(any(feature = "http", test))]
pub(super) fn components(path: &'static str) -> Map<String, Value> {
    let mut generator = generator(path);
    let said = SHAPES.iter().filter(|shape| !shape.verbs.is_empty() || matches!(shape.name, "error" | "event"));
    let mut all: Map<String, Value> =
        said.map(|shape| (component(shape.name), Value::Object(schema(shape, &mut generator)))).collect();
    all.extend(generator.take_definitions(true));
    all
}

/// The name of a schema in [`components`]: tools that make types of it do not tell `status` from `Status`.
#[cfg(any(feature = "http", test))]
pub(super) fn component(name: &str) -> String {
    format!("{name}-line")
}

/// The names of the schemas that a phone's answer to this verb may have, where it is done.
pub fn of_answer(verb: &str) -> impl Iterator<Item = &'static str> {
    SHAPES.iter().filter(move |shape| shape.verbs.contains(&verb)).map(|shape| shape.name)
}

/// The names of the schemas of what the command line prints of this command, beside those of a phone's answer.
pub fn of_command(command: &str) -> impl Iterator<Item = &'static str> {
    SHAPES.iter().filter(move |shape| shape.commands.contains(&command)).map(|shape| shape.name)
}

/// A line of those that come unasked: its name, what it tells, and what it carries.
pub struct LineRow {
    /// The name.
    pub name: String,
    /// What it tells.
    pub doc: String,
    /// Its keys beside those that every such line has.
    pub keys: Vec<String>,
}

/// Every event there is: the lines of `watch`.
pub fn events() -> Vec<LineRow> {
    rows("event", &["event", "v", "time"])
}

/// Every line of `attach` and `trace`.
pub fn feeds() -> Vec<LineRow> {
    rows("feed", &["feed", "v"])
}

/// The lines of a schema; they are told apart by the first of these keys, which all of them have.
fn rows(schema: &str, common: &[&str]) -> Vec<LineRow> {
    let text = |value: &Value, path: &str| value.pointer(path).and_then(Value::as_str).unwrap_or_default().to_owned();
    let tag = common.first().copied().unwrap_or_default();
    let row = |variant: &Value| {
        let keys = variant.get("properties").and_then(Value::as_object).into_iter().flat_map(Map::keys);
        LineRow {
            name: text(variant, &format!("/properties/{tag}/const")),
            doc: text(variant, "/description").replace('\n', " "),
            keys: keys.filter(|key| !common.contains(&key.as_str())).cloned().collect(),
        }
    };
    let all = document(schema).unwrap_or_default();
    all.get("anyOf").and_then(Value::as_array).into_iter().flatten().map(row).collect()
}

/// Where definitions lie in a schema of its own.
const DEFINITIONS: &str = "/$defs";

fn generator(definitions: &'static str) -> SchemaGenerator {
    let settings = SchemaSettings::draft2020_12().for_serialize();
    settings.with(|settings| settings.definitions_path = definitions.into()).into_generator()
}

/// The schema of a shape; what it shares with others stays with the generator.
fn schema(shape: &Shape, generator: &mut SchemaGenerator) -> Map<String, Value> {
    let mut alternatives = Vec::new();
    for part in shape.parts {
        let whole = part(generator).to_value();
        // An enum has its shapes beside each other.
        let several = ["oneOf", "anyOf"].into_iter().find_map(|key| whole.get(key)?.as_array().cloned());
        alternatives.extend(several.unwrap_or_else(|| vec![whole]));
    }
    if matches!(shape.frame, Frame::Request) {
        alternatives = requests();
    }
    let refusal = matches!(shape.frame, Frame::Reply { .. }).then(|| generator.subschema_for::<shapes::Refusal>());
    let mut alternatives: Vec<Value> = alternatives.into_iter().map(|it| framed(it, &shape.frame)).collect();
    alternatives.extend(refusal.map(|refusal| refusal.to_value()));
    let mut out = Map::new();
    out.insert("title".to_owned(), format!("tuiphone {}", shape.name).into());
    out.insert("description".to_owned(), shape.doc.into());
    match (alternatives.len(), alternatives.pop()) {
        (1, Some(Value::Object(one))) => {
            out.extend(one.into_iter().filter(|(key, _)| !["title", "description"].contains(&key.as_str())));
        }
        (_, last) => {
            alternatives.extend(last);
            out.insert("anyOf".to_owned(), alternatives.into());
        }
    }
    out
}

/// An object with the keys that its kind of line has beside its own.
fn framed(mut object: Value, frame: &Frame) -> Value {
    let v = json!({ "description": "Version of these shapes", "const": 1 });
    let (keys, required): (Value, &[&str]) = match frame {
        Frame::Plain | Frame::Request => return object,
        Frame::Event => (json!({ "v": v, "time": { "type": "string", "format": "date-time" } }), &["v", "time"]),
        Frame::Feed => (json!({ "v": v }), &["v"]),
        Frame::Row => (json!({ "v": v, "verb": { "type": "string" } }), &["v", "verb"]),
        Frame::Reply { fails } => (
            json!({
                "v": v,
                "id": { "description": "That of the request, whatever it is; on the control socket alone" },
                "verb": { "type": "string" },
                "ok": if *fails { json!({ "type": "boolean" }) } else { json!({ "const": true }) },
                "note": { "description": "What is to be said about the request", "type": ["string", "null"] },
            }),
            &["v", "ok"],
        ),
    };
    let Value::Object(keys) = keys else { return object };
    if let Some(object) = object.as_object_mut() {
        let mut all = keys;
        if let Some(Value::Object(own)) = object.remove("properties") {
            // What every line has is known better there.
            for (key, rule) in own {
                all.entry(key).or_insert(rule);
            }
        }
        object.insert("properties".to_owned(), Value::Object(all));
        let own = object.remove("required").and_then(|own| own.as_array().cloned()).unwrap_or_default();
        let more = required.iter().map(|key| Value::from(*key)).filter(|key| !own.contains(key));
        let all: Vec<Value> = more.chain(own.iter().cloned()).collect();
        object.insert("required".to_owned(), all.into());
    }
    object
}

/// A line of JSON to the control socket: each verb and its parameters.
fn requests() -> Vec<Value> {
    let names = |row: &'static VerbRow| -> Vec<&'static str> {
        [row.name].into_iter().chain(row.aliases.iter().copied()).collect()
    };
    let object = |row: &'static VerbRow| {
        let mut keys = json!({
            "verb": { "description": row.doc, "enum": names(row) },
            "id": { "description": "Comes back in the reply" },
            "v": { "const": 1 },
            GUARDED: { "description": "No person asks: what denyDial rules out is not dialled", "type": "boolean" },
        });
        let mut required = vec!["verb"];
        for param in row.params {
            let kind = match param.kind {
                ParamKind::Flag => json!(["boolean", "null"]),
                _ => json!(["string", "number", "null"]),
            };
            if let Some(keys) = keys.as_object_mut() {
                keys.insert(param.name.to_owned(), json!({ "description": param.doc, "type": kind }));
            }
            if matches!(param.kind, ParamKind::Required | ParamKind::Rest) {
                required.push(param.name);
            }
        }
        json!({ "type": "object", "properties": keys, "required": required })
    };
    VERBS.iter().map(object).collect()
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::control::feed::Feed;
    use crate::control::{Event, FaceAsk, Levels, TraceLine};

    /// Where a reference leads to, none of which may be missing.
    pub(in crate::control) fn references(value: &Value) -> Vec<String> {
        match value {
            Value::Object(fields) => {
                let own = fields.get("$ref").and_then(Value::as_str).and_then(|to| to.strip_prefix('#'));
                own.map(str::to_owned).into_iter().chain(fields.values().flat_map(references)).collect()
            }
            Value::Array(values) => values.iter().flat_map(references).collect(),
            _ => Vec::new(),
        }
    }

    #[test]
    fn every_name_is_one_and_every_reference_leads_somewhere() {
        for (at, shape) in SHAPES.iter().enumerate() {
            assert!(SHAPES.iter().skip(at + 1).all(|other| other.name != shape.name), "{}", shape.name);
            let schema = document(shape.name).expect("it is there");
            for reference in references(&schema) {
                assert!(schema.pointer(&reference).is_some(), "{}: {reference}", shape.name);
            }
            let text = schema.to_string();
            assert!(!text.contains(r#""properties":{}"#), "{}: {text}", shape.name);
        }
        assert_eq!(document("nonsense"), None);
        let whole = json!({ "components": { "schemas": components("/components/schemas") } });
        let parts = references(&whole);
        assert!(parts.len() > 50 && parts.iter().all(|part| whole.pointer(part).is_some()), "{parts:?}");
    }

    #[test]
    fn every_verb_has_a_schema_and_every_name_of_one_is_a_verbs() {
        for row in VERBS {
            assert!(of_answer(row.name).next().is_some(), "{} has no row in the table of schemas", row.name);
        }
        for verb in SHAPES.iter().flat_map(|shape| shape.verbs) {
            assert!(VERBS.iter().any(|row| row.name == *verb), "{verb} is no verb");
        }
    }

    #[test]
    fn every_event_is_told_of() {
        let events = events();
        let names: Vec<&str> = events.iter().map(|event| event.name.as_str()).collect();
        assert_eq!(names, Event::NAMES);
        for event in &events {
            assert!(!event.doc.is_empty(), "{}", event.name);
        }
        let call = events.iter().find(|event| event.name == "call_dtmf").expect("it is there");
        assert_eq!(call.keys, ["call", "digit", "via"]);
    }

    #[test]
    fn every_kind_of_the_feed_is_told_of() {
        let rows = feeds();
        for row in &rows {
            assert!(!row.doc.is_empty() && !row.keys.is_empty(), "{}", row.name);
        }
        let traced = json!({"feed": "rtp", "time": "T", "way": "sent", "local": "127.0.0.1:1", "remote": "127.0.0.1:2",
            "bytes": 12, "call": "c1", "kind": "rtp", "payload_type": 0, "marker": false, "data": ""});
        let traced = || Box::new(serde_json::from_value(traced.clone()).expect("the shape of a packet"));
        for feed in [
            Feed::Status(Box::default()),
            Feed::Event(Box::new(Event::Exited)),
            Feed::Levels(Levels { mic_dbfs: 0.0, speaker_dbfs: 0.0 }),
            Feed::Face(FaceAsk::Hide),
            Feed::Traced(traced()),
            Feed::Closed(String::new()),
        ] {
            // One that is missing here does not compile.
            match &feed {
                Feed::Status(_) | Feed::Event(_) | Feed::Levels(_) | Feed::Face(_) | Feed::Closed(_) => {}
                Feed::Traced(line) => match **line {
                    TraceLine::Sip(_) | TraceLine::Rtp(_) => {}
                },
            }
            let line = crate::control::json::feed(&feed);
            let row = rows.iter().find(|row| line["feed"] == row.name).unwrap_or_else(|| panic!("no row for {line}"));
            let keys =
                line.as_object().into_iter().flat_map(Map::keys).filter(|key| !["v", "feed"].contains(&key.as_str()));
            let strange: Vec<&String> = keys.filter(|key| !row.keys.contains(key)).collect();
            assert!(strange.is_empty() && line["v"] == 1, "{strange:?} in {line}");
        }
        let sip = rows.iter().find(|row| row.name == "sip").expect("it is there");
        assert!(["time", "text"].iter().all(|key| sip.keys.iter().any(|known| known == key)), "{:?}", sip.keys);
    }

    #[test]
    fn what_is_left_out_at_times_is_not_required() {
        let schema = document("status").expect("it is there");
        let object = schema.pointer("/anyOf/0").expect("the reply");
        let required = object.get("required").and_then(Value::as_array).expect("a list");
        assert!(required.contains(&"state".into()) && required.contains(&"ok".into()), "{required:?}");
        assert!(!required.contains(&"nat".into()) && !required.contains(&"id".into()), "{required:?}");
        assert_eq!(object.pointer("/properties/v/const"), Some(&1.into()));
        let error = document("error").expect("it is there");
        assert_eq!(error.pointer("/properties/ok/const"), Some(&false.into()));
    }
}
