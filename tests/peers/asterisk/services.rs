//! What an exchange does beside calls.

use std::path::Path;
use std::time::Duration;

use super::Asterisk;
use crate::daemon::Daemon;
use crate::support::{PATIENCE, beside_others, until};

//= RFC 3842 §4.1
#[test]
fn the_lamp_is_lit_while_a_message_waits() {
    let _machine = beside_others();
    let Some(exchange) = Asterisk::start() else { return };
    let one = exchange.phone_over("udp", "101", "", "");
    one.edit(|ini| ini.replace("[tuiphone]", "voicemailNumber=198\n[tuiphone]"));
    let one = Daemon::start(one);
    let two = exchange.phone("102", "", "");
    let lamp = |status: &serde_json::Value| status["accounts"][0]["voicemail"]["waiting"].clone();
    one.until("the lamp is out", |status| lamp(status) == false);
    two.calls("199");
    std::thread::sleep(Duration::from_secs(3));
    two.does(&["hangup"]);
    one.until("the lamp is lit", |status| lamp(status) == true);
    assert_eq!(one.status()["accounts"][0]["voicemail"]["new"], 1);
    one.calls("198");
    // 1 plays the first new message, 7 deletes it, # leaves.
    one.does(&["dtmf", ",1,,7,,#"]);
    one.until_is("idle");
    one.until("the lamp is out again", |status| lamp(status) == false);
    exchange.is_quiet();
}

//= RFC 4235 §3.7
#[test]
fn a_light_shows_what_another_phone_does() {
    let _machine = beside_others();
    let Some(exchange) = Asterisk::start() else { return };
    let two = exchange.phone("102", "", "");
    let one = exchange.phone("101", "", "watch=102");
    let three = exchange.phone("103", "", "");
    let shows = |state: &str| one.until(state, |status| status["lights"][0]["state"] == state);
    shows("idle");
    assert_eq!(one.status()["lights"][0]["package"], "dialog");
    three.does(&["call", "102", "--no-wait"]);
    shows("ringing");
    two.does(&["answer"]);
    shows("busy");
    three.does(&["hangup"]);
    shows("idle");
}

#[test]
fn a_call_is_parked_and_another_phone_takes_it() {
    let _machine = beside_others();
    let Some(exchange) = Asterisk::start() else { return };
    let one = exchange.phone("101", "", "parkNumber=700\nparkSlots=701");
    let two = exchange.phone("102", "autoAnswer=all", "");
    let three = exchange.phone("103", "", "parkSlots=701");
    one.calls("102");
    let parked = one.does(&["park"]);
    assert_eq!(parked.text("/call/transfer/parked_at"), "701", "{}", parked.told);
    one.until_is("idle");
    three.until("the place is taken", |status| status["lights"][0]["state"] == "busy");
    three.does(&["retrieve", "--no-wait"]);
    three.until_is("connected");
    three.until("the place is free", |status| status["lights"][0]["state"] == "idle");
    two.does(&["hangup"]);
    three.until_is("idle");
    exchange.is_quiet();
}

#[test]
fn a_call_that_rings_elsewhere_is_picked_up_by_a_code() {
    let _machine = beside_others();
    let Some(exchange) = Asterisk::start() else { return };
    let [one, three] = ["101", "103"].map(|user| exchange.phone(user, "", ""));
    let two = exchange.phone("102", "featureCodeCP=*8\nenableFeatureCodeCP=1", "watch=101");
    three.does(&["call", "101", "--no-wait"]);
    one.until_is("ringing");
    two.until("a light shows it", |status| status["lights"][0]["state"] == "ringing");
    two.does(&["pickup", "--no-wait"]);
    two.until_is("connected");
    one.until_is("idle");
    three.until_is("connected");
    two.does(&["hangup"]);
    three.until_is("idle");
    exchange.is_quiet();
}

//= RFC 3428 §4, §7
#[test]
fn messages_go_both_ways() {
    let _machine = beside_others();
    let Some(exchange) = Asterisk::start() else { return };
    let [one, two] = ["101", "102"].map(|user| exchange.phone(user, "", ""));
    for (from, to, number) in [(&one, &two, "102"), (&two, &one, "101")] {
        let mut events = to.followed();
        from.does(&["message", number, "good", "evening"]);
        events.until_says("good evening");
    }
}

#[test]
fn three_hear_each_other_in_a_conference() {
    let _machine = beside_others();
    let Some(exchange) = Asterisk::start() else { return };
    let speaker = exchange.phone("101", "", "");
    let listeners = ["102", "103"].map(|user| {
        let phone = exchange.phone_over("udp", user, "", "");
        let file = format!("file:{}", phone.file("heard.wav").display());
        Daemon::sounding(phone, "null", &file)
    });
    for listener in &listeners {
        listener.calls("800");
    }
    speaker.calls("800");
    for listener in listeners {
        let heard = listener.phone.file("heard.wav");
        until("the speaker is heard", PATIENCE, || loudest(&heard) > 1000);
        listener.does(&["hangup"]);
    }
    speaker.does(&["hangup"]);
    exchange.is_quiet();
}

/// The highest sample of a recording, as far as it is written.
fn loudest(wav: &Path) -> i16 {
    let Ok(mut reader) = hound::WavReader::open(wav) else { return 0 };
    reader.samples::<i16>().filter_map(Result::ok).map(i16::saturating_abs).max().unwrap_or(0)
}
