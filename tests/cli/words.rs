//! MicroSIP's words at a phone that runs, by the program and by its socket.

use crate::support::{House, finish};
use std::process::{Command, Stdio};

#[test]
fn words_of_microsip_reach_the_phone() {
    let house = House::open();
    let daemon = house.daemon();
    let mut wire = daemon.connect();
    let read = wire.ask("/HANGUPALL");
    assert_eq!((&read["verb"], read["note"].as_str().is_some()), (&"hangupall".into(), true), "{read}");
    assert_eq!(wire.ask("msip:micmuteclick")["ok"], true);
    assert_eq!(wire.ask("status")["mic_muted"], true);
    assert_eq!(wire.ask("msip:micmuteclick")["ok"], true);
    assert_eq!(wire.ask("status")["mic_muted"], false);

    let called = house.run(&["[Dial(600)]"]);
    assert_eq!(called.code, 0, "{called:?}");
    wire.ask("watch");
    wire.send(b"hangup 600");
    let ended = wire.await_event("call_ended");
    assert_eq!(ended["call"]["remote"]["user"], "600");
    drop(wire);

    let mut wire = daemon.connect();
    let chosen = house.run(&["/account:1"]);
    assert_eq!(chosen.code, 0, "{chosen:?}");
    assert_eq!(wire.ask("/account:9")["error"]["kind"], "no_such_account");
}

#[test]
fn an_interface_that_is_not_there_cannot_be_filled() {
    let house = House::open();
    let daemon = house.daemon();
    for arguments in [&["show"][..], &["call"], &["url", "tel:+49401"], &["/dtmf:12?"]] {
        let told = house.run(arguments);
        assert_eq!(told.code, 5, "{told:?}");
        assert!(told.stderr.contains("no interface open"), "{told:?}");
    }
    assert_eq!(house.run(&["hide"]).code, 0);
    assert_eq!(house.run(&["/minimized"]).stdout, "", "it runs already");
    let mut wire = daemon.connect();
    assert_eq!(wire.ask("url tel:+49401")["error"]["kind"], "no_interface");
    assert_eq!(wire.ask("calls")["calls"].as_array().map(Vec::len), Some(0), "a link never calls");
    let refused = house.run(&["url", "msip:hangupall"]);
    assert_eq!((refused.code, refused.stderr.contains("a link may ask to call")), (2, true), "{refused:?}");
}

#[test]
fn a_link_calls_unasked_only_where_the_settings_say_so() {
    let house = House::open();
    let ini = std::fs::read_to_string(house.ini()).unwrap();
    std::fs::write(house.ini(), format!("{ini}[tuiphone]\r\ndialLinks=1\r\ncompat_dial_unknown=1\r\n")).unwrap();
    let daemon = house.daemon();
    let mut wire = daemon.connect();
    wire.ask("watch");
    let told = house.run(&["url", "tel:600"]);
    assert_eq!(told.code, 0, "{told:?}");
    assert_eq!(wire.await_event("call_outgoing")["call"]["remote"]["user"], "600");
    assert_eq!(wire.ask("hangup")["ok"], true);
    wire.await_event("call_ended");
    for link in ["tel:*21*0900%23", "sip:0900123456@demo"] {
        let told = house.run(&["url", link]);
        assert_eq!((told.code, told.stderr.contains("a link does not dial that")), (5, true), "{link}: {told:?}");
    }
    assert_eq!(wire.ask("calls")["calls"].as_array().map(Vec::len), Some(0), "codes wait for a person");
    let told = house.run(&["--unheard-of"]);
    assert_eq!(told.code, 0, "{told:?}");
    assert_eq!(wire.await_event("call_outgoing")["call"]["remote"]["user"], "--unheard-of");
}

#[test]
fn called_microsip_it_answers_as_microsip() {
    let house = House::open();
    let link = house.ini().with_file_name("microsip");
    std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_tuiphone"), &link).unwrap();
    let run = |arguments: &[&str]| {
        let mut command = Command::new(&link);
        command.arg("--ini").arg(house.ini()).arg("--socket").arg(house.socket()).args(arguments);
        command.env_clear().env("HOME", house.ini().parent().unwrap()).stdin(Stdio::null());
        finish(command)
    };
    let told = run(&["/answer"]);
    assert_eq!((told.code, told.stdout.as_str()), (0, ""), "nobody runs, and that is no error: {told:?}");
    assert_eq!(run(&["/dnd"]).code, 2, "a word that nobody knows is not dialled");
    let daemon = house.daemon();
    assert_eq!(run(&["/hangupall"]).code, 0);
    let mut wire = daemon.connect();
    let told = run(&["600", "hello", "there"]);
    let messages = wire.ask("messages");
    assert_eq!(messages["messages"][0]["text"], "hello there", "{told:?} {messages}");
}

#[test]
fn a_reset_moves_and_deletes_nothing() {
    let house = House::open();
    let mut daemon = house.daemon();
    let before = std::fs::read_to_string(house.ini()).unwrap();
    let refused = house.run(&["/reset"]);
    assert_eq!((refused.code, refused.stderr.contains("nobody to ask")), (2, true), "{refused:?}");
    assert!(house.ini().exists());
    let told = house.run(&["/resetnoask", "--json"]);
    assert_eq!(told.code, 0, "{told:?}");
    let backup = std::path::PathBuf::from(told.json()["backup"].as_str().unwrap());
    assert_eq!(std::fs::read_to_string(backup.join("microsip.ini")).unwrap(), before);
    assert!(!house.ini().exists());
    assert!(daemon.child.wait().unwrap().success(), "the phone has ended");
    let again = house.run(&["/resetnoask"]);
    assert_ne!(again.code, 0, "the file that was named is not there: {again:?}");
}

#[test]
fn links_are_installed_and_taken_back() {
    let house = House::open();
    let home = house.ini().parent().unwrap().to_owned();
    let list = home.join(".config/mimeapps.list");
    std::fs::create_dir_all(list.parent().unwrap()).unwrap();
    let before = "[Default Applications]\ntext/html=firefox.desktop\nx-scheme-handler/tel=other.desktop\n";
    std::fs::write(&list, before).unwrap();
    let told = house.run(&["url", "--install"]);
    assert_eq!((told.code, told.stdout.lines().count()), (0, 2), "{told:?}");
    let entry = std::fs::read_to_string(home.join(".local/share/applications/tuiphone-url.desktop")).unwrap();
    assert!(entry.contains("\"url\" %u\nTerminal=true"), "{entry}");
    let after = std::fs::read_to_string(&list).unwrap();
    assert!(after.contains("x-scheme-handler/tel=tuiphone-url.desktop;other.desktop\n"), "{after}");
    assert_eq!(house.run(&["url", "--install"]).stdout, "nothing to do\n");
    assert_eq!(house.run(&["url", "--uninstall"]).code, 0);
    assert_eq!(std::fs::read_to_string(&list).unwrap(), before);
}
