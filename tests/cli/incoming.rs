//! Calls that come in.

use crate::support::House;

#[test]
fn a_call_back_is_announced_and_answered_or_rejected() {
    let house = House::open();
    let daemon = house.daemon();
    let (mut watching, mut wire) = (daemon.connect(), daemon.connect());
    watching.ask("watch");
    for answer in [true, false] {
        assert_eq!(wire.ask("call 700")["ok"], true);
        watching.await_event("call_answered");
        assert_eq!(wire.ask("hangup")["ok"], true);
        let incoming = watching.await_event("call_incoming");
        assert_eq!(
            (&incoming["call"]["direction"], &incoming["call"]["remote"]["user"]),
            (&"incoming".into(), &"700".into())
        );
        assert_eq!(wire.ask("status")["state"], "ringing");
        if answer {
            assert_eq!(wire.ask("/answer")["ok"], true);
            assert_eq!(watching.await_event("call_answered")["call"]["state"], "connected");
            assert_eq!(wire.ask("hangup")["ok"], true);
        } else {
            assert_eq!(wire.ask("[Reject(603)]")["ok"], true);
        }
        let ended = watching.await_event("call_ended");
        assert_eq!(
            (&ended["call"]["id"], &ended["call"]["ended_by"]),
            (&incoming["call"]["id"], &"local".into()),
            "{ended}"
        );
        if !answer {
            assert_eq!(ended["call"]["status"], 603, "{ended}");
        }
    }
}

#[test]
fn autoanswer_takes_a_direct_call_where_strangers_may_ring() {
    let house = House::open();
    let text = "[Settings]\r\n[tuiphone]\r\nacceptFrom=any\r\nbindAddress=127.0.0.1\r\n";
    std::fs::write(house.ini(), text).expect("written");
    let daemon = house.daemon_with(&["--autoanswer", "1"], "SIP on udp");
    let address = daemon.line().split_whitespace().find(|word| word.starts_with("127.0.0.1:")).map(str::to_owned);
    let number = format!("sip:100@{}", address.expect("its address").trim_end_matches(','));
    let done = house.run(&["--standalone", "call", &number, "--duration", "1", "--json"]);
    assert_eq!(done.code, 0, "{done:?}");
    assert!(done.json()["call"]["media"]["rx_packets"].as_u64() > Some(10), "{done:?}");
    daemon.await_line("connected");
}

#[test]
fn do_not_disturb_and_forwarding_are_turned_on_and_off() {
    let house = House::open();
    let daemon = house.daemon();
    let (mut watching, mut wire) = (daemon.connect(), daemon.connect());
    watching.ask("watch");
    for (line, code, part) in [
        ("dnd", 2, "no state given"),
        ("dnd maybe", 2, "neither on nor off"),
        ("forward", 2, "no number given"),
        ("forward <http://x>", 2, "cannot forward to <http://x>"),
    ] {
        let reply = wire.ask(line);
        assert_eq!(reply["error"]["code"], code, "{line}: {reply}");
        assert!(reply["error"]["message"].as_str().is_some_and(|text| text.contains(part)), "{line}: {reply}");
    }
    assert_eq!(house.run(&["forward", "600"]).code, 0);
    assert_eq!(wire.ask("status")["forward"], "600");
    assert_eq!(house.run(&["forward", "off"]).code, 0);
    assert_eq!(wire.ask("status")["forward"], serde_json::Value::Null);
    assert_eq!(house.run(&["dnd", "on"]).code, 0);
    assert_eq!(wire.ask("status")["dnd"], true);
    // 700 calls back: nobody is rung, and who it was is known.
    assert_eq!(wire.ask("call 700")["ok"], true);
    watching.await_event("call_answered");
    assert_eq!(wire.ask("hangup")["ok"], true);
    watching.await_event("call_ended");
    let denied = watching.await_event("call_ended");
    let call = &denied["call"];
    assert_eq!((&call["outcome"], &call["status"]), (&"denied".into(), &486.into()), "{denied}");
    assert_eq!((&call["remote"]["user"], &call["reason"]), (&"700".into(), &"do not disturb".into()), "{denied}");
    assert_eq!(wire.ask("dnd off")["ok"], true);
    assert_eq!(wire.ask("status")["dnd"], false);
}
