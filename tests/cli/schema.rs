//! What the program says as JSON has the shape it publishes: real outputs against `tuiphone schema`.

use crate::support::{House, bare, finish, until};
use serde_json::{Map, Value, json};

/// A schema of the program, and what does not fit it. Keys that it does not name are faults here: a new one is written down.
struct Schema(Value);

impl Schema {
    fn of(name: &str) -> Schema {
        let home = tempfile::tempdir().expect("a folder");
        let told = finish(bare(home.path(), &["schema", name]));
        assert_eq!(told.code, 0, "{name}: {told:?}");
        Schema(told.json())
    }

    #[track_caller]
    fn fits(&self, value: &Value) {
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
                "anyOf" | "oneOf" => {
                    let all: Vec<_> =
                        rule.as_array().expect("a list").iter().map(|one| self.faults(one, value, at)).collect();
                    let least = all.into_iter().min_by_key(Vec::len).expect("one at least");
                    if least.is_empty() { Vec::new() } else { least }
                }
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
}

#[test]
fn what_a_running_phone_says_has_its_shape() {
    let house = House::open();
    let text = std::fs::read_to_string(house.ini()).expect("read");
    let more = "[Settings]\r\nsingleMode=0\r\nSTUN=127.0.0.1:9\r\n[Shortcuts]\r\n0=Echo;600;call\r\n";
    std::fs::write(house.ini(), text.replace("[Settings]\r\n", more) + "[tuiphone]\r\nwatch=604\r\n").expect("written");
    let daemon = house.daemon();
    let (event, error, call, reply) =
        (Schema::of("event"), Schema::of("error"), Schema::of("call"), Schema::of("reply"));
    let (mut wire, mut watching, mut face) = (daemon.connect(), daemon.connect(), daemon.connect());
    watching.ask("watch");
    face.ask("attach");
    Schema::of("feed").fits(&face.line());
    let file = house.folder.path().join("talk.wav");
    let file = file.to_str().expect("UTF-8");
    let told = house.run(&["call", "600", "--duration", "1", "--json", "--record", file]);
    call.fits(&told.json());
    call.fits(&house.run(&["call", "602", "--json"]).json());
    let line = r#"{"verb":"call","number":"600","id":[1]}"#;
    reply.fits(&wire.ask(line));
    assert!(until(|| wire.ask("calls")["calls"][0]["state"] == "connected"));
    let mut names = Vec::new();
    for (name, line) in [
        ("status", "status"),
        ("calls", "calls"),
        ("accounts", "accounts"),
        ("ready", "ready"),
        ("devices", "devices"),
        ("codecs", "codecs"),
        ("shortcuts", "shortcuts"),
        ("history", "history --limit 0"),
        ("history", "history seen"),
        ("contacts", "contacts add 7001 Ann --starred on"),
        ("contacts", "contacts"),
        ("contacts", "contacts rm Ann"),
        ("message", "message 600 hi"),
        ("messages", "messages"),
        ("ping", "ping 600"),
        ("reload", "reload"),
        ("reply", "volume mic +0"),
        ("reply", "dtmf 1"),
        ("reply", "hold"),
        ("reply", "HANGUP"),
        ("reply", "hide"),
        ("format", "status --format {state}"),
    ] {
        let told = wire.ask(line);
        assert_eq!(told["ok"], true, "{line}: {told}");
        Schema::of(name).fits(&told);
        names.push(name);
    }
    for line in ["hangup", "nonsense", r#"{"verb":"answer","id":null}"#, "{"] {
        let told = wire.ask(line);
        assert_eq!(told["ok"], false, "{line}: {told}");
        error.fits(&told);
        reply.fits(&told);
    }
    for line in ["dnd on", "register", "call 604"] {
        wire.ask(line);
    }
    wire.ask("exit");
    let mut seen = std::collections::BTreeSet::new();
    loop {
        let told = watching.line();
        event.fits(&told);
        seen.insert(told["event"].as_str().expect("a name").to_owned());
        if told["event"] == "exited" {
            break;
        }
    }
    for name in ["call_outgoing", "call_answered", "call_recording", "call_ended", "registration", "message"] {
        assert!(seen.contains(name), "{name}: {seen:?}");
    }
}

#[test]
fn what_is_said_without_a_phone_has_its_shape() {
    let house = House::open();
    std::fs::create_dir_all(house.folder.path().join(".baresip")).expect("made");
    let accounts = house.folder.path().join(".baresip/accounts");
    std::fs::write(accounts, "<sip:7@127.0.0.1:9>;auth_pass=x\n").expect("written");
    let (dir, people) = (house.folder.path().join("pages"), house.folder.path().join("people.vcf"));
    let (dir, people) = (dir.to_str().expect("UTF-8"), people.to_str().expect("UTF-8"));
    for (name, words) in [
        ("accounts", &["register"][..]),
        ("call", &["call", "603"]),
        ("call", &["call", "600", "--duration", "1"]),
        ("call", &["call", "600", "--no-wait"]),
        ("message", &["message", "600", "hi"]),
        ("ping", &["ping", "600"]),
        ("history", &["history"]),
        ("contacts", &["contacts", "add", "7001", "Ann"]),
        ("contacts", &["contacts", "export", people]),
        ("contacts", &["contacts", "import", people]),
        ("codecs", &["codecs"]),
        ("config", &["config", "path"]),
        ("config", &["config", "print"]),
        ("config", &["config", "print", "--default"]),
        ("config", &["config", "get", "Settings.DND"]),
        ("config", &["config", "set", "Settings.DND=1"]),
        ("config", &["config", "check"]),
        ("config", &["config", "dialplan", "00 49 30 123"]),
        ("import", &["import", "--dry-run"]),
        ("password", &["password", "list"]),
        ("password", &["password", "forget", "1"]),
        ("url", &["url", "--install"]),
        ("man", &["man", "--dir", dir]),
        ("schema", &["schema"]),
        ("version", &["--version"]),
        ("error", &["status"]),
        ("error", &["nonsense"]),
        ("error", &["config", "get", "nonsense"]),
        ("error", &["schema", "nonsense"]),
        ("reset", &["reset", "--yes"]),
    ] {
        let told = house.run(&[words, &["--json"]].concat());
        Schema::of(name).fits(&told.json());
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
