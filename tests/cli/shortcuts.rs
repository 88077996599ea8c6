//! Shortcuts of a running phone: listed, pressed by number and label, and what else a person asks for beside calls.

use super::support::*;
use tuiphone::demo::run::{DOMAIN, OWN_NUMBER};

#[test]
fn shortcuts_are_listed_and_pressed() {
    let house = House::open();
    let (server, password) = (&house.server, &house.password);
    let text = format!(
        "[Settings]\r\naccountId=1\r\n[Shortcuts]\r\n0=Echo;600;call;603;0;Nobody\r\n1=Keys;12#;dtmf\r\n\
         [Account1]\r\nserver={server}\r\nproxy={server}\r\ndomain={DOMAIN}\r\nusername={OWN_NUMBER}\r\n\
         password={password}\r\n"
    );
    std::fs::write(house.ini(), text).expect("written");
    let daemon = house.daemon();
    let listed = house.run(&["shortcuts"]);
    assert_eq!((listed.code, listed.stdout.as_str()), (0, "1 Echo 600 (call)\n2 Keys 12# (dtmf)\n"));
    let (mut watching, mut wire) = (daemon.connect(), daemon.connect());
    watching.ask("watch");
    assert_eq!(wire.ask("shortcut 2")["error"]["code"], 5, "nobody listens to keys");
    let pressed = house.run(&["shortcut", "echo", "--json"]);
    assert_eq!((pressed.code, &pressed.json()["call"]["remote"]["user"]), (0, &"600".into()), "{pressed:?}");
    watching.await_event("call_answered");
    let keyed = wire.ask(r#"{"verb":"shortcut","which":2}"#);
    assert_eq!((&keyed["ok"], keyed["via"].is_string()), (&true.into(), true), "{keyed}");
    let listed = wire.ask("shortcuts");
    let first = &listed["shortcuts"][0];
    assert_eq!((&first["label"], &first["number"], &first["toggled"]), (&"Nobody".into(), &"603".into(), &true.into()));
    assert_eq!(wire.ask("status")["shortcuts"], listed["shortcuts"]);
    assert_eq!(wire.ask("shortcut 9")["error"]["kind"], "no_such_shortcut");
    assert_eq!(wire.ask("hangup")["ok"], true);
    let mailbox = wire.ask("voicemail");
    assert!(mailbox["ok"] == true || mailbox["error"]["kind"] == "no_mailbox", "{mailbox}");
}
