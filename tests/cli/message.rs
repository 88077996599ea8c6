//! `message`, with a phone that runs and without, and the voicemail lamp.

use crate::support::{House, closed};

#[test]
fn a_message_is_delivered_and_comes_back_as_an_event() {
    let house = House::open();
    let daemon = house.daemon();
    let mut watcher = daemon.connect();
    watcher.ask("watch");
    let done = house.run(&["message", "600", "hello", "there", "--json"]);
    assert_eq!(done.code, 0, "{done:?}");
    let reply = done.json();
    assert_eq!((&reply["ok"], &reply["message"]["delivered"]), (&true.into(), &true.into()), "{reply}");
    assert_eq!((&reply["message"]["text"], &reply["message"]["status"]), (&"hello there".into(), &200.into()));
    let mut seen: Vec<serde_json::Value> = (0..2).map(|_| watcher.await_event("message")["message"].clone()).collect();
    seen.sort_by_key(|message| message["outgoing"].as_bool());
    let [back, sent] = seen.as_slice() else { panic!("{seen:?}") };
    assert_eq!((&back["outgoing"], &back["text"]), (&false.into(), &"hello there".into()), "{back}");
    assert_eq!((&back["remote"]["user"], &sent["outgoing"]), (&"600".into(), &true.into()), "{sent}");
    assert_eq!(house.run(&["message", "600", "again"]).stdout.trim(), "delivered");
}

#[test]
fn the_code_tells_what_became_of_it() {
    let mut house = House::open();
    for (words, code) in [
        (&["message", "600", "hello"][..], 0),
        (&["message", "999", "hello"], 23),
        (&["message", "600"], 2),
        (&["message", "600", &"x".repeat(900)], 2),
    ] {
        let done = house.run(words);
        assert_eq!(done.code, code, "{done:?}");
    }
    house.write_ini("wrong");
    let done = house.run(&["message", "600", "hello"]);
    assert_eq!(done.code, 10, "{done:?}");
    let (_kept, silent) = closed();
    house.server = silent.to_string();
    house.write_ini("any");
    let done = house.run(&["message", "600", "hello"]);
    assert_eq!(done.code, 11, "{done:?}");
}

#[test]
fn the_lamp_is_in_the_status() {
    let house = House::open();
    let server = &house.server;
    let password = &house.password;
    house.write_account(server, &format!("proxy={server}\r\npassword={password}\r\nvoicemailNumber=601\r\n"));
    let daemon = house.daemon();
    let mut wire = daemon.connect();
    let known = crate::support::until(|| !wire.ask("status")["accounts"][0]["voicemail"].is_null());
    assert!(known, "{}", wire.ask("status"));
    let voicemail = wire.ask("accounts")["accounts"][0]["voicemail"].clone();
    assert_eq!((&voicemail["waiting"], &voicemail["number"]), (&false.into(), &"601".into()), "{voicemail}");
}
