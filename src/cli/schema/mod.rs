//! The shapes of every JSON that is put out, as JSON Schema 2020-12: `schema`.

mod shapes;
mod table;

use super::options::{Job, Options};
use super::{exit, out};
use crate::control::verb::{ParamKind, VERBS};
use crate::control::{CommandError, Event, ExitCode};
use clap::{Arg, ArgMatches, Command};
use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, SchemaGenerator};
use serde_json::{Map, Value, json};
use table::{Frame, SHAPES, Shape};

/// The command as the parser has it.
pub fn command() -> Command {
    Command::new("schema")
        .about("Print the JSON Schema of what --json prints and the control socket says")
        .arg(Arg::new("name").value_name("NAME").help("Which; without it they are listed"))
}

/// What its words ask for.
pub fn job(matches: &ArgMatches) -> Job {
    Job::Schema { name: matches.get_one("name").cloned() }
}

/// Prints the schema of this name, or the names.
///
/// # Errors
/// There is none of that name.
pub fn run(name: Option<&str>, options: &Options) -> Result<ExitCode, CommandError> {
    let Some(name) = name else {
        if options.json || options.ndjson {
            let names: Vec<Value> = SHAPES.iter().map(|it| json!({ "name": it.name, "doc": it.doc })).collect();
            out::json(&json!({ "v": 1, "verb": "schema", "ok": true, "schemas": names }));
        } else {
            SHAPES.iter().for_each(|it| out::line(&format!("{:14} {}", it.name, it.doc)));
        }
        return Ok(ExitCode::Ok);
    };
    let shape = SHAPES.iter().find(|it| it.name == name).ok_or_else(|| {
        let hint = Some("tuiphone schema lists them".to_owned());
        CommandError { hint, ..exit::usage(&format!("there is no schema {name:?}")) }
    })?;
    out::line(&format!("{:#}", schema(shape)));
    Ok(ExitCode::Ok)
}

/// The names of all schemas.
pub fn names() -> impl Iterator<Item = (&'static str, &'static str)> {
    SHAPES.iter().map(|shape| (shape.name, shape.doc))
}

/// An event of `watch`: its name, what it tells, and what it carries.
pub struct EventRow {
    /// The name.
    pub name: String,
    /// What has happened.
    pub doc: String,
    /// Its keys beside `v`, `time` and `event`.
    pub keys: Vec<String>,
}

/// Every event there is.
pub fn events() -> Vec<EventRow> {
    let text = |value: &Value, path: &str| value.pointer(path).and_then(Value::as_str).unwrap_or_default().to_owned();
    let all = Event::json_schema(&mut generator()).to_value();
    let variants = all.get("oneOf").and_then(Value::as_array).cloned().unwrap_or_default();
    let row = |variant: &Value| {
        let keys = variant.get("properties").and_then(Value::as_object).into_iter().flat_map(Map::keys);
        EventRow {
            name: text(variant, "/properties/event/const"),
            doc: text(variant, "/description").replace('\n', " "),
            keys: keys.filter(|key| *key != "event").cloned().collect(),
        }
    };
    variants.iter().map(row).collect()
}

fn generator() -> SchemaGenerator {
    SchemaSettings::draft2020_12().for_serialize().into_generator()
}

fn schema(shape: &Shape) -> Value {
    let mut generator = generator();
    let mut alternatives = Vec::new();
    for part in shape.parts {
        let whole = part(&mut generator).to_value();
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
    let mut out = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": format!("tuiphone {}", shape.name),
        "description": shape.doc,
    });
    if let Some(out) = out.as_object_mut() {
        match (alternatives.len(), alternatives.pop()) {
            (1, Some(Value::Object(one))) => {
                out.extend(
                    one.into_iter().filter(|(key, _)| !["title", "description", "$schema"].contains(&key.as_str())),
                );
            }
            (_, last) => {
                alternatives.extend(last);
                out.insert("anyOf".to_owned(), alternatives.into());
            }
        }
        let parts = generator.take_definitions(true);
        if !parts.is_empty() {
            out.insert("$defs".to_owned(), Value::Object(parts));
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
    let names = |row: &'static crate::control::verb::VerbRow| -> Vec<&'static str> {
        [row.name].into_iter().chain(row.aliases.iter().copied()).collect()
    };
    let object = |row: &'static crate::control::verb::VerbRow| {
        let mut keys = json!({
            "verb": { "description": row.doc, "enum": names(row) },
            "id": { "description": "Comes back in the reply" },
            "v": { "const": 1 },
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
mod tests {
    use super::*;

    #[test]
    fn every_name_is_one_and_every_reference_leads_somewhere() {
        for (at, shape) in SHAPES.iter().enumerate() {
            assert!(SHAPES.iter().skip(at + 1).all(|other| other.name != shape.name), "{}", shape.name);
            let schema = schema(shape);
            let text = schema.to_string();
            for reference in text.split(r##""$ref":"#"##).skip(1).filter_map(|rest| rest.split('"').next()) {
                assert!(schema.pointer(reference).is_some(), "{}: {reference}", shape.name);
            }
            assert!(!text.contains(r#""properties":{}"#), "{}: {text}", shape.name);
        }
    }

    #[test]
    fn every_event_is_told_of() {
        let events = events();
        assert!(events.len() >= 30, "{}", events.len());
        for event in &events {
            assert!(!event.name.is_empty() && !event.doc.is_empty(), "{} {}", event.name, event.doc);
        }
        let call = events.iter().find(|event| event.name == "call_dtmf").expect("it is there");
        assert_eq!(call.keys, ["call", "digit", "via"]);
    }

    #[test]
    fn what_is_left_out_at_times_is_not_required() {
        let status = SHAPES.iter().find(|shape| shape.name == "status").expect("it is there");
        let schema = schema(status);
        let object = schema.pointer("/anyOf/0").expect("the reply");
        let required = object.get("required").and_then(Value::as_array).expect("a list");
        assert!(required.contains(&"state".into()) && required.contains(&"ok".into()), "{required:?}");
        assert!(!required.contains(&"nat".into()) && !required.contains(&"id".into()), "{required:?}");
        assert_eq!(object.pointer("/properties/v/const"), Some(&1.into()));
    }
}
