//! What the program says as JSON has the shape it publishes, and by the name it is published under.

use crate::support::shape::Schema;
use crate::support::{House, until};

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
