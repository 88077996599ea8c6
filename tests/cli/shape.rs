//! Whether JSON has the shape that the phone publishes for it. Every line of it that a test reads comes by here.

use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::sync::OnceLock;
use tuiphone::control::{kind, schema};

/// A schema, and what does not fit it. Keys that it does not name are faults here: a new one is written down.
pub struct Schema(Value);

impl Schema {
    /// The one of this name.
    pub fn of(name: &str) -> &'static Schema {
        static ALL: OnceLock<BTreeMap<&str, Schema>> = OnceLock::new();
        let all = || schema::names().filter_map(|(name, _)| Some((name, Schema(schema::document(name)?)))).collect();
        ALL.get_or_init(all).get(name).unwrap_or_else(|| panic!("no schema {name}"))
    }

    #[track_caller]
    pub fn fits(&self, value: &Value) {
        let faults = self.faults(&self.0, value, "");
        assert!(faults.is_empty(), "{}: {faults:#?}\nin {value}", self.0["title"]);
    }

    /// Keywords that are not known here are faults of the test: nothing is passed over unseen.
    fn faults(&self, schema: &Value, value: &Value, at: &str) -> Vec<String> {
        let Value::Object(rules) = schema else {
            return if *schema == json!(true) { Vec::new() } else { vec![format!("{at}: nothing fits {schema}")] };
        };
        let mut faults = Vec::new();
        for (keyword, rule) in rules {
            faults.extend(match keyword.as_str() {
                "$schema" | "title" | "description" | "$defs" | "format" | "required" | "default" => Vec::new(),
                "$ref" => {
                    let place = rule.as_str().and_then(|place| place.strip_prefix('#')).expect("a place in here");
                    self.faults(self.0.pointer(place).expect("it is there"), value, at)
                }
                "type" => self.of_type(rule, value, at),
                "const" => Schema::unless(value == rule, || format!("{at}: {value} is not {rule}")),
                "enum" => {
                    let known = rule.as_array().expect("a list").contains(value);
                    Schema::unless(known, || format!("{at}: {value} is none of {rule}"))
                }
                "anyOf" | "oneOf" => self.of_several(rule, value, at),
                "allOf" => {
                    rule.as_array().expect("a list").iter().flat_map(|one| self.faults(one, value, at)).collect()
                }
                "properties" => self.of_keys(rules, value, at),
                "additionalProperties" if rules.contains_key("properties") => Vec::new(),
                "additionalProperties" => {
                    let values = value.as_object().into_iter().flatten();
                    values.flat_map(|(key, value)| self.faults(rule, value, &format!("{at}/{key}"))).collect()
                }
                "items" => {
                    let values = value.as_array().into_iter().flatten().enumerate();
                    values.flat_map(|(n, value)| self.faults(rule, value, &format!("{at}/{n}"))).collect()
                }
                "minimum" => Schema::unless(value.as_f64() >= rule.as_f64() || !value.is_number(), || {
                    format!("{at}: {value} < {rule}")
                }),
                "maximum" => Schema::unless(value.as_f64() <= rule.as_f64() || !value.is_number(), || {
                    format!("{at}: {value} > {rule}")
                }),
                "minLength" | "maxLength" => {
                    let length = value.as_str().map(|text| text.chars().count() as u64);
                    let bound = rule.as_u64();
                    let fits = if keyword == "minLength" { length >= bound } else { length <= bound };
                    Schema::unless(length.is_none() || fits, || format!("{at}: {value} is not of that length"))
                }
                other => panic!("the keyword {other} is not known to this test"),
            });
        }
        faults
    }

    fn unless(fits: bool, fault: impl Fn() -> String) -> Vec<String> {
        if fits { Vec::new() } else { vec![fault()] }
    }

    fn of_type(&self, rule: &Value, value: &Value, at: &str) -> Vec<String> {
        let is = |name: &str| match name {
            "null" => value.is_null(),
            "boolean" => value.is_boolean(),
            "integer" => value.is_i64() || value.is_u64(),
            "number" => value.is_number(),
            "string" => value.is_string(),
            "array" => value.is_array(),
            "object" => value.is_object(),
            other => panic!("no type {other}"),
        };
        let fits = match rule {
            Value::String(name) => is(name),
            Value::Array(names) => names.iter().filter_map(Value::as_str).any(is),
            other => panic!("{other}"),
        };
        Schema::unless(fits, || format!("{at}: {value} is not {rule}"))
    }

    fn of_keys(&self, rules: &Map<String, Value>, value: &Value, at: &str) -> Vec<String> {
        let Some(object) = value.as_object() else { return Vec::new() };
        let known = rules["properties"].as_object().expect("keys");
        let required = rules.get("required").and_then(Value::as_array).into_iter().flatten();
        let missing = required.filter_map(Value::as_str).filter(|key| !object.contains_key(*key));
        let mut faults: Vec<String> = missing.map(|key| format!("{at}: no {key}")).collect();
        for (key, value) in object {
            match known.get(key) {
                Some(rule) => faults.extend(self.faults(rule, value, &format!("{at}/{key}"))),
                None => faults.push(format!("{at}: {key} is not written down")),
            }
        }
        faults
    }

    /// The faults of the form that fits best, of those that have the same constants.
    fn of_several(&self, forms: &Value, value: &Value, at: &str) -> Vec<String> {
        let forms = forms.as_array().expect("a list").iter().filter(|form| self.has_constants(form, value));
        let mut least: Option<Vec<String>> = None;
        for form in forms {
            let faults = self.faults(form, value, at);
            if faults.is_empty() {
                return faults;
            }
            if least.as_ref().is_none_or(|least| faults.len() < least.len()) {
                least = Some(faults);
            }
        }
        least.unwrap_or_else(|| vec![format!("{at}: {value} has the constants of no form")])
    }

    /// None of the form's constants, such as the name of an event, is something else there.
    fn has_constants(&self, form: &Value, value: &Value) -> bool {
        let form = match form.get("$ref").and_then(Value::as_str).and_then(|place| place.strip_prefix('#')) {
            Some(place) => self.0.pointer(place).expect("it is there"),
            None => form,
        };
        let rules = form.get("properties").and_then(Value::as_object).into_iter().flatten();
        let mut constants = rules.filter_map(|(key, rule)| Some((value.get(key)?, rule.get("const")?)));
        constants.all(|(is, constant)| is == constant)
    }
}

/// A line of JSON that the phone has put out has its shape.
#[track_caller]
pub fn told(value: &Value) {
    let verb = value["verb"].as_str();
    let names: Vec<&str> = match () {
        () if value.get("event").is_some_and(Value::is_string) => vec!["event"],
        () if value.get("feed").is_some() => vec!["feed"],
        () => {
            let of_verb = verb.into_iter().flat_map(|verb| schema::of_answer(verb).chain(schema::of_command(verb)));
            let without = verb.is_none().then_some("version");
            ["error"].into_iter().chain(of_verb).chain(without).collect()
        }
    };
    let all = names.iter().map(|name| Schema::of(name));
    let faults = all.map(|schema| schema.faults(&schema.0, value, "")).min_by_key(Vec::len).unwrap_or_default();
    assert!(faults.is_empty(), "none of {names:?}: {faults:#?}\nin {value}");
    if let Some(kind) = value["error"]["kind"].as_str() {
        assert!(kind::known(kind).is_some(), "{kind} is in no table: {value}");
    }
}

/// So has every line of JSON of its own in this text.
#[track_caller]
pub fn all_told(text: &str) {
    for line in text.lines().filter(|line| line.starts_with(r#"{"v":"#)) {
        told(&serde_json::from_str(line).unwrap_or_else(|e| panic!("{e} in {line}")));
    }
}

/// A line that the phone has understood is of those that are published.
#[track_caller]
pub fn asked(line: &str) {
    if let Ok(request) = serde_json::from_str::<Value>(line) {
        Schema::of("request").fits(&request);
    }
}

/// Each part of the check refuses something.
#[test]
fn the_check_finds_what_does_not_fit() {
    let schema = Schema(json!({
        "type": "object",
        "properties": {"v": {"const": 1}, "word": {"enum": ["a", "b"]}, "n": {"type": ["integer", "null"], "minimum": 0},
            "list": {"type": "array", "items": {"$ref": "#/$defs/It"}}, "any": {"anyOf": [{"type": "null"}, {"const": 2}]},
            "map": {"type": "object", "additionalProperties": {"type": "string", "maxLength": 1}}},
        "required": ["v"],
        "$defs": {"It": {"type": "boolean"}},
    }));
    let fits = |value: Value| schema.faults(&schema.0, &value, "").is_empty();
    assert!(fits(json!({"v": 1, "word": "a", "n": null, "list": [true], "any": 2, "map": {"x": "y"}})));
    for wrong in [
        json!({}),
        json!({"v": 2}),
        json!({"v": 1, "word": "c"}),
        json!({"v": 1, "n": -1}),
        json!({"v": 1, "n": "1"}),
        json!({"v": 1, "list": [1]}),
        json!({"v": 1, "any": 3}),
        json!({"v": 1, "map": {"x": "yy"}}),
        json!({"v": 1, "more": 1}),
        json!([]),
    ] {
        assert!(!fits(wrong.clone()), "{wrong}");
    }
}
