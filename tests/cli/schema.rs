//! What the program says as JSON has the shape it publishes, and by the name it is published under.

use crate::support::shape::Schema;
use crate::support::{House, until};
use serde_json::Value;
use std::collections::BTreeSet;
use tuiphone::control::schema;

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
        ("trace", "trace --last 5"),
        ("reload", "reload"),
        ("volume", "volume mic +0"),
        ("dtmf", "dtmf 1"),
        ("reply", "hold"),
        ("reply", "HANGUP"),
        ("interfaces", "hide"),
        ("format", "status --format {state}"),
    ] {
        let told = wire.ask(line);
        assert_eq!(told["ok"], true, "{line}: {told}");
        Schema::of(name).fits(&told);
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
    let mut seen = BTreeSet::new();
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
    let report = house.folder.path().join("report.txt");
    let report = report.to_str().expect("UTF-8");
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
        ("test", &["test", "603", "--expect", "rejected"]),
        ("doctor", &["doctor", "settings", "files"]),
        ("bug-report", &["bug-report", report]),
        ("url", &["url", "--install"]),
        ("man", &["man", "--dir", dir]),
        ("schema", &["schema"]),
        ("licenses", &["licenses"]),
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

/// What a rule allows, in a word: `[CallInfo]`, `string|null`.
fn word(rule: &Value) -> String {
    let several = |all: &Value| all.as_array().into_iter().flatten().map(word).collect::<Vec<_>>().join("|");
    if let Some(place) = rule["$ref"].as_str() {
        return place.rsplit('/').next().unwrap_or_default().to_owned();
    }
    if let Some(all) = ["anyOf", "oneOf"].into_iter().find_map(|key| rule.get(key)) {
        return several(all);
    }
    match (rule.get("const"), &rule["type"]) {
        (Some(constant), _) => constant.to_string(),
        (_, Value::String(kind)) if kind == "array" => format!("[{}]", word(&rule["items"])),
        (_, Value::String(kind)) => kind.clone(),
        (_, Value::Array(kinds)) => kinds.iter().filter_map(Value::as_str).collect::<Vec<_>>().join("|"),
        _ => "any".to_owned(),
    }
}

/// The keys of a schema's forms, a line each: `CallInfo status: integer|null`; a `?` behind those that may be missing.
fn keys(place: &str, schema: &Value, common: &[&str], into: &mut BTreeSet<String>) {
    let several = ["anyOf", "oneOf"].into_iter().find_map(|key| schema[key].as_array());
    for form in several.map_or(std::slice::from_ref(schema), Vec::as_slice) {
        let Some(rules) = form["properties"].as_object() else { continue };
        let tag = rules.values().find_map(|rule| rule.get("const")?.as_str()).map(|tag| format!("/{tag}"));
        let required = form["required"].as_array();
        for (key, rule) in rules.iter().filter(|(key, _)| !common.contains(&key.as_str())) {
            let is_required = required.is_some_and(|all| all.iter().any(|name| name == key));
            let mark = if is_required { "" } else { "?" };
            into.insert(format!("{place}{} {key}{mark}: {}", tag.as_deref().unwrap_or_default(), word(rule)));
        }
    }
}

/// What scripts rely on stays: keys may be added, and are then written down there as well.
#[test]
fn no_key_that_was_published_is_gone_or_something_else() {
    let mut now = BTreeSet::new();
    for (name, _) in schema::names().filter(|(name, _)| *name != "request") {
        let document = schema::document(name).expect("it is there");
        keys(name, &document, &["v", "id", "verb", "ok", "note"], &mut now);
        for (part, schema) in document["$defs"].as_object().into_iter().flatten() {
            keys(part, schema, &[], &mut now);
        }
    }
    let published: Vec<&str> = include_str!("keys.txt").lines().collect();
    assert!(published.len() > 500, "{}", published.len());
    let gone: Vec<&&str> = published.iter().filter(|line| !now.contains(**line)).collect();
    let all: Vec<&String> = now.iter().collect();
    assert!(gone.is_empty(), "gone from keys.txt, or not as it was: {gone:#?}\nnow there are {all:#?}");
}
