//! New settings while the phone runs: asked for, by signal, and noticed; calls go on.

use crate::support::{Daemon, House, Wire, signal, until};
use serde_json::Value;

/// The ini file of the house with more settings, and more lines of the account. Nobody looks at it unless asked.
fn write(house: &House, settings: &str, account: &str) {
    write_watched(house, settings, account, "0");
}

/// At once: whoever looks meanwhile sees what stood there before.
fn write_watched(house: &House, settings: &str, account: &str, watch: &str) {
    let House { server, password, .. } = house;
    let more = format!("proxy={server}\r\npassword={password}\r\n{account}[tuiphone]\r\nwatchFile={watch}\r\n");
    let text = House::text_of_account(server, &more).replace("[Settings]\r\n", &format!("[Settings]\r\n{settings}"));
    let fresh = house.folder.path().join("fresh");
    std::fs::write(&fresh, text).expect("written");
    std::fs::rename(&fresh, house.ini()).expect("in its place");
}

/// A daemon that writes a trace, and is in a call; who watches it, who asks it, and how many REGISTERs the trace has.
fn talking(house: &House) -> (Daemon, Wire, Wire, impl Fn() -> usize) {
    write(house, "", "");
    let (daemon, registers) = traced(house);
    let (mut watching, mut wire) = (daemon.connect(), daemon.connect());
    watching.ask("watch");
    assert_eq!(wire.ask("call 600")["ok"], true);
    watching.await_event("call_answered");
    (daemon, watching, wire, registers)
}

/// A daemon that writes a trace, and how many REGISTERs that has.
fn traced(house: &House) -> (Daemon, impl Fn() -> usize) {
    let trace = house.folder.path().join("trace");
    let daemon = house.daemon_with(&["--debug", trace.to_str().expect("UTF-8")], "registered 100@demo");
    let count = move || std::fs::read_to_string(&trace).expect("a trace").matches("\nREGISTER sip:").count();
    (daemon, count)
}

fn names(reply: &Value, field: &str) -> Vec<String> {
    let list = reply[field].as_array().unwrap_or_else(|| panic!("no {field} in {reply}"));
    list.iter().map(|name| name.as_str().map_or(name.to_string(), str::to_owned)).collect()
}

fn heard(wire: &mut Wire) -> u64 {
    wire.ask("status")["calls"][0]["media"]["rx_packets"].as_u64().unwrap_or(0)
}

#[test]
fn a_call_goes_on_and_only_what_changed_is_registered() {
    let house = House::open();
    let (_daemon, mut watching, mut wire, registers) = talking(&house);
    assert!(until(|| heard(&mut wire) > 0), "sound comes");
    let before = registers();
    write(&house, "sourcePort=50990\r\nautoAnswerDelay=3\r\n", "label=Desk\r\n");
    let told = wire.ask(r#"{"verb":"reload","id":7}"#);
    assert_eq!((&told["ok"], &told["id"], &told["verb"]), (&true.into(), &7.into(), &"reload".into()), "{told}");
    assert_eq!(names(&told, "changed"), ["Settings.sourcePort", "Settings.autoAnswerDelay", "Account1.label"]);
    assert_eq!(
        (names(&told, "registering"), names(&told, "needs_restart")),
        (vec![], vec!["Settings.sourcePort".into()])
    );
    let event = watching.await_event("config");
    assert_eq!(
        (names(&event, "changed"), names(&event, "needs_restart")),
        (names(&told, "changed"), names(&told, "needs_restart"))
    );
    assert_eq!(wire.ask("status")["accounts"][0]["label"], "Desk");
    let so_far = heard(&mut wire);
    assert!(until(|| heard(&mut wire) > so_far + 10), "sound goes on");
    // In every spelling; nothing is new.
    for line in ["reload", "/reload", "[Reload]", "action=reload", "action:reload"] {
        let told = wire.ask(line);
        assert_eq!((&told["ok"], names(&told, "changed")), (&true.into(), vec![]), "{line}: {told}");
    }
    assert_eq!(registers(), before, "nobody was asked for anything");
    write(&house, "sourcePort=50990\r\nautoAnswerDelay=3\r\n", "label=Desk\r\nregisterRefresh=900\r\n");
    let done = house.run(&["--json", "reload"]);
    assert_eq!((done.code, names(&done.json(), "registering")), (0, vec!["1".to_owned()]), "{done:?}");
    assert!(until(|| registers() > before) && until(|| wire.ask("status")["accounts"][0]["registered"] == true));
    let so_far = heard(&mut wire);
    assert!(until(|| heard(&mut wire) > so_far + 10), "sound goes on");
    assert_eq!(wire.ask("hangup")["ok"], true);
    let ended = watching.await_event("call_ended");
    assert_eq!(ended["call"]["outcome"], "answered", "{ended}");
}

#[test]
fn a_call_outlives_its_account() {
    let house = House::open();
    let (_daemon, mut watching, mut wire, registers) = talking(&house);
    let before = registers();
    std::fs::write(house.ini(), "[Settings]\r\n").expect("written");
    let told = wire.ask("reload");
    assert_eq!(names(&told, "changed").last().map(String::as_str), Some("Account1"), "{told}");
    assert!(until(|| registers() > before), "the binding is given back");
    let so_far = heard(&mut wire);
    assert!(until(|| heard(&mut wire) > so_far + 10), "sound goes on");
    assert_eq!(wire.ask("hangup")["ok"], true);
    assert_eq!(watching.await_event("call_ended")["call"]["ended_by"], "local");
    assert_eq!(wire.ask("call 600")["ok"], false, "nobody to call from");
}

#[test]
fn what_makes_no_sense_changes_nothing() {
    let house = House::open();
    write(&house, "", "");
    let daemon = house.daemon();
    let (mut watching, mut wire) = (daemon.connect(), daemon.connect());
    watching.ask("watch");
    let good = std::fs::read(house.ini()).expect("read");
    let broken: [(&[u8], &str); 4] = [
        (b"", "it is empty"),
        (b"\x7fELF\x02\x01\x01 and so on", "no section of it"),
        (b"[Settings]\naccountId=1\n[tuiphone]\nbindAddress=nowhere\n", "bindAddress"),
        (b"[Settings]\n[tuiphone]\naudioLatency=yesterday\n", "audioLatency"),
    ];
    for (bytes, part) in broken {
        std::fs::write(house.ini(), bytes).expect("written");
        let refused = wire.ask("reload");
        assert_eq!((&refused["ok"], &refused["error"]["code"]), (&false.into(), &3.into()), "{refused}");
        assert!(refused["error"]["message"].as_str().is_some_and(|text| text.contains(part)), "{part}: {refused}");
        let told = watching.await_event("config");
        let words = told["message"].as_str().unwrap_or_default();
        assert!(words.starts_with("the settings stay as they are: ") && words.contains(part), "{told}");
        assert_eq!(wire.ask("status")["accounts"][0]["registered"], true, "{part}");
    }
    std::fs::remove_file(house.ini()).expect("there");
    let refused = wire.ask("reload");
    assert!(refused["error"]["message"].as_str().is_some_and(|text| text.contains("no such file")), "{refused}");
    std::fs::write(house.ini(), good).expect("written");
    assert_eq!(names(&wire.ask("reload"), "changed"), Vec::<String>::new());
}

#[test]
fn a_signal_asks_for_it_and_a_change_is_noticed() {
    let house = House::open();
    write(&house, "", "");
    let daemon = house.daemon();
    let (mut watching, mut wire) = (daemon.connect(), daemon.connect());
    watching.ask("watch");
    write(&house, "autoAnswerDelay=3\r\nautoHangUpTime=600\r\n", "");
    signal(&daemon.child, "HUP");
    let told = watching.await_event("config");
    assert!(names(&told, "changed").contains(&"Settings.autoHangUpTime".to_owned()), "{told}");
    write(&house, "autoAnswerDelay=4\r\n", "");
    // Nobody looks until it is asked for; two who ask are told one after the other.
    let mut other = daemon.connect();
    wire.send(b"reload");
    other.send(b"reload");
    let both = [wire.line(), other.line()];
    assert!(both.iter().all(|reply| reply["ok"] == true), "{both:?}");
    let changed: Vec<String> = both.iter().flat_map(|reply| names(reply, "changed")).collect();
    assert_eq!(changed.iter().filter(|name| *name == "Settings.autoAnswerDelay").count(), 1, "{both:?}");
    watching.await_event("config");
    write_watched(&house, "autoAnswerDelay=4\r\n", "", "1");
    assert_eq!(names(&wire.ask("reload"), "changed"), ["tuiphone.watchFile"]);
    watching.await_event("config");
    write_watched(&house, "autoAnswerDelay=5\r\n", "", "1");
    assert_eq!(names(&watching.await_event("config"), "changed"), ["Settings.autoAnswerDelay"]);
    std::fs::remove_file(house.ini()).expect("there");
    let told = watching.await_event("config");
    assert!(told["message"].as_str().is_some_and(|text| text.contains("no such file")), "{told}");
    assert_eq!(wire.ask("status")["accounts"][0]["registered"], true);
}

#[test]
fn what_was_said_on_the_command_line_or_by_hand_stays() {
    let house = House::open();
    write(&house, "", "");
    let over = house.folder.path().join("override.ini");
    std::fs::write(&over, "[Settings]\nAA=0\n").expect("written");
    let daemon = house.daemon_with(&["--setvolume", "30"], "registered 100@demo");
    let mut wire = daemon.connect();
    let read = |house: &House| std::fs::read_to_string(house.ini()).expect("read");
    assert_eq!(wire.ask("dnd on")["ok"], true);
    let told = wire.ask("reload");
    assert_eq!(names(&told, "changed"), Vec::<String>::new(), "{told}");
    assert!(read(&house).contains("DND=1"), "what was kept is written before it is read");
    write(&house, "volumeOutput=80\r\nAA=1\r\nDND=1\r\n", "");
    let told = wire.ask("reload");
    let status = wire.ask("status");
    assert_eq!((names(&told, "changed"), &status["volume"]), (vec![], &30.into()), "{told}");
    assert_eq!((&status["dnd"], &status["auto_answer"]), (&true.into(), &false.into()), "{status}");
    // What the file says anew counts, and so does what is locked anew.
    write(&house, "DND=0\r\n", "");
    assert_eq!(names(&wire.ask("reload"), "changed"), ["Settings.DND"]);
    std::fs::write(&over, "[Settings]\nDND=1\n").expect("written");
    assert_eq!(names(&wire.ask("reload"), "changed"), ["Settings.DND"]);
    assert_eq!(wire.ask("dnd off")["error"]["kind"], "locked");
    // A hand that comes after the command line counts.
    assert_eq!(wire.ask("volume 50")["ok"], true);
    let told = wire.ask("reload");
    assert_eq!((names(&told, "changed"), &wire.ask("status")["volume"]), (vec![], &50.into()), "{told}");
}

#[test]
fn config_set_tells_the_phone_that_runs() {
    let house = House::open();
    let daemon = house.daemon();
    let done = house.run(&["config", "set", "Settings.DND=1"]);
    assert!(done.code == 0 && done.stderr.contains("has taken it"), "{done:?}");
    let mut wire = daemon.connect();
    assert_eq!(wire.ask("status")["dnd"], true);
    let done = house.run(&["config", "set", "Settings.sourcePort=50991"]);
    assert!(done.code == 0 && done.stderr.contains("Settings.sourcePort when it is started anew"), "{done:?}");
}

/// Somebody must be there who can be asked: a change that is merely noticed runs no command and opens no keyring.
#[test]
fn only_who_asks_for_it_may_be_asked_for_a_password() {
    use std::os::unix::fs::PermissionsExt;
    let house = House::open();
    let script = house.folder.path().join("password.sh");
    let tells =
        |words: &str| std::fs::write(&script, format!("#!/bin/sh\necho x >> asked\n{words}\n")).expect("written");
    tells(&format!("echo '{}'", house.password));
    std::fs::set_permissions(&script, std::fs::Permissions::from_mode(0o755)).expect("it may be run");
    let write = |more: &str| {
        let own = "[tuiphone]\r\nwatchFile=1\r\npasswordCommand=./password.sh\r\n";
        let text = House::text_of_account(&house.server, &format!("proxy={}\r\n{more}{own}", house.server));
        let fresh = house.folder.path().join("fresh");
        std::fs::write(&fresh, text).expect("written");
        std::fs::rename(&fresh, house.ini()).expect("in its place");
    };
    let asked = || std::fs::read_to_string(house.folder.path().join("asked")).expect("read").lines().count();
    write("");
    let daemon = house.daemon();
    let (mut watching, mut wire) = (daemon.connect(), daemon.connect());
    watching.ask("watch");
    let before = asked();
    write("label=Desk\r\n");
    assert_eq!(names(&watching.await_event("config"), "changed"), ["Account1.label"]);
    assert_eq!(asked(), before);
    assert_eq!(wire.ask("reload")["ok"], true);
    assert_eq!(asked(), before + 1);
    // One that fails takes nothing away.
    tells("exit 1");
    let told = wire.ask("reload");
    assert_eq!((asked(), names(&told, "changed")), (before + 2, vec![]), "{told}");
    assert_eq!(wire.ask("status")["accounts"][0]["registered"], true);
}

/// A password that is taken out of the file is taken from the phone; one that came another way stays.
#[test]
fn a_password_goes_with_its_line() {
    let house = House::open();
    write(&house, "", "");
    let daemon = house.daemon();
    let mut wire = daemon.connect();
    let registered = |wire: &mut Wire| wire.ask("status")["accounts"][0]["registered"].clone();
    assert_eq!(registered(&mut wire), true);
    let text = std::fs::read_to_string(house.ini()).expect("read");
    let without = text.replace(&format!("password={}\r\n", house.password), "");
    assert_ne!(text, without);
    // Two readings: what is known of the one must not come back with the other.
    for more in ["", "label=Desk\r\n"] {
        std::fs::write(house.ini(), without.replace("[tuiphone]", &format!("{more}[tuiphone]"))).expect("written");
        assert_eq!(wire.ask("reload")["ok"], true);
        assert!(until(|| registered(&mut wire) == false), "{more:?}: {}", wire.ask("status"));
    }
    std::fs::write(house.ini(), &text).expect("written");
    assert_eq!(wire.ask("reload")["ok"], true);
    assert!(until(|| registered(&mut wire) == true), "{}", wire.ask("status"));
    drop(daemon);
    // The same, but the password comes from the environment.
    std::fs::write(house.ini(), &without).expect("written");
    let mut program = house.program(&["daemon"]);
    program.env("TUIPHONE_PASSWORD", &house.password);
    let mut child = program.spawn().expect("it starts");
    assert!(until(|| house.run(&["ready"]).stdout.contains("ready, registered")));
    let reloaded = house.run(&["reload"]);
    let still = house.run(&["--json", "status"]).json()["accounts"][0]["registered"].clone();
    child.kill().expect("ended");
    let _ = child.wait();
    assert_eq!((reloaded.code, still), (0, true.into()), "{reloaded:?}");
}
