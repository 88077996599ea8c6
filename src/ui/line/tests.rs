//! Line mode without a phone: lines typed and news in, sentences and requests out.

use super::state::{Do, Line, Msg, Now, Topic, Weight, Wish};
use super::{commands, update};
use crate::control::feed::Feed;
use crate::control::verb::{Request, VERBS};
use crate::control::{
    CallInfo, CallState, Command, Contact, EndedBy, Event, LightInfo, LightState, Record, Secret, SettingAsk, Status,
};
use crate::ui::keymap::{Key, Keymap, Place};
use serde_json::json;
use std::time::{Duration, Instant};

struct Phone {
    line: Line,
    now: Now,
}

#[allow(clippy::disallowed_methods)]
fn phone() -> Phone {
    let now = Now { at: Instant::now(), wall_s: 1_767_323_045 };
    let mut phone = Phone { line: Line::new(true, |_| None), now };
    phone.news(Feed::Status(Box::new(status(Vec::new()))));
    phone
}

fn status(calls: Vec<CallInfo>) -> Status {
    let account = serde_json::from_value(json!({
        "id": 1, "label": "Demo", "aor": "100@demo", "state": "registered", "registered": true, "status": 200,
        "reason": "OK", "expires_in": 60, "transport": "udp", "selected": true
    }));
    Status { accounts: vec![account.expect("an account")], calls, ..Status::default() }
}

fn call(id: &str, direction: &str, state: &str, name: &str, user: &str) -> CallInfo {
    let answered = matches!(state, "connected" | "held").then_some(1.0);
    serde_json::from_value(json!({
        "id": id, "sip_call_id": id, "direction": direction, "state": state, "account": "100@demo",
        "remote": {"uri": format!("sip:{user}@demo"), "user": user, "name": name},
        "started_at": "2026-01-02T03:04:05Z", "answered_after": answered, "duration": 72.4, "remote_hold": false
    }))
    .expect("a call")
}

impl Phone {
    fn with(calls: Vec<CallInfo>) -> Phone {
        let mut phone = phone();
        phone.news(Feed::Status(Box::new(status(calls))));
        phone
    }

    fn news(&mut self, feed: Feed) -> Vec<String> {
        said(&update(&mut self.line, Msg::Feed(feed), self.now))
    }

    fn event(&mut self, event: Event) -> Vec<String> {
        self.news(Feed::Event(Box::new(event)))
    }

    fn types(&mut self, text: &str) -> Vec<Do> {
        self.now.at += Duration::from_secs(1);
        update(&mut self.line, Msg::Typed(format!("{text}\n")), self.now)
    }

    fn says(&mut self, text: &str) -> Vec<String> {
        said(&self.types(text))
    }

    fn asks(&mut self, text: &str) -> Vec<Request> {
        self.types(text)
            .into_iter()
            .filter_map(|it| if let Do::Ask(request, _) = it { Some(*request) } else { None })
            .collect()
    }

    fn answers(&mut self, topic: Topic, request: Request, fields: serde_json::Value) -> Vec<String> {
        let serde_json::Value::Object(fields) = fields else { panic!("no object") };
        said(&update(&mut self.line, Msg::Answer(topic, Box::new(request), Ok(fields)), self.now))
    }
}

fn said(done: &[Do]) -> Vec<String> {
    done.iter().filter_map(Do::said).map(|said| said.text.clone()).collect()
}

fn ringing() -> CallInfo {
    call("c1", "incoming", "incoming", "Alice Smith", "201")
}

fn talking() -> CallInfo {
    call("c1", "outgoing", "connected", "Alice Smith", "201")
}

fn dial(number: &str) -> Request {
    Request::Command(Command::Dial { target: number.into(), account: None })
}

fn answer(id: &str) -> Request {
    Request::Command(Command::Answer { call: Some(id.into()) })
}

#[test]
fn every_verb_and_every_act_of_the_keymap_has_its_line() {
    for row in VERBS {
        let mut phone = phone();
        let done = phone.types(row.name);
        let unknown = said(&done).iter().any(|text| text.starts_with("There is no command"));
        assert!(!done.is_empty() && !unknown, "{}: {done:?}", row.name);
    }
    let keymap = Keymap::default();
    let places = [Place::Everywhere, Place::Contacts, Place::History, Place::Messages];
    for binding in keymap.bindings().iter().filter(|it| it.places.iter().any(|place| places.contains(place))) {
        assert!(commands::does(binding.name), "no line does what {} does", binding.name);
    }
}

#[test]
fn letters_are_those_of_the_default_keymap() {
    let keymap = Keymap::default();
    for (letter, name) in commands::LETTERS {
        assert!(commands::does(name), "{letter}: there is no {name}");
        // Where am I takes the place of the watched ones; arrows and line mode's own signs are in no keymap.
        if matches!(letter, 'w' | 'x' | '.' | '!') {
            continue;
        }
        let Some(act) = Key::parse(&letter.to_string()).and_then(|key| keymap.act_in(Place::Everywhere, key)) else {
            continue;
        };
        let bound = keymap.binding(act).map(|binding| binding.name).unwrap_or_default();
        let same = bound == *name
            || commands::find(name).is_some_and(|word| word.names.contains(&bound))
            || commands::find(bound).is_some_and(|word| word.names.contains(name));
        assert!(same, "{letter} is {bound} there and {name} here");
    }
}

#[test]
fn a_call_comes_is_answered_and_ends_in_plain_words() {
    let mut phone = phone();
    assert_eq!(
        phone.event(Event::CallIncoming { call: ringing() }),
        ["Incoming call from Alice Smith, extension 201. a answers, r rejects."]
    );
    assert_eq!(phone.asks("a"), [answer("c1")]);
    let up = CallInfo { state: CallState::Connected, answered_after: Some(1.0), ..ringing() };
    assert_eq!(
        phone.event(Event::CallAnswered { call: up.clone() }),
        ["Talking to Alice Smith.", "Digits are tones now."]
    );
    assert_eq!(phone.event(Event::CallAnswered { call: up.clone() }), ["Talking to Alice Smith."], "said once");
    assert_eq!(phone.says("w"), ["Talking to Alice Smith, 201, 1 minute 12 seconds.", "Registered as 100@demo."]);
    let over = CallInfo { state: CallState::Ended, ended_by: Some(crate::control::EndedBy::Remote), ..up };
    assert_eq!(phone.event(Event::CallEnded { call: over }), ["Alice Smith hung up after 1 minute 12 seconds."]);
    assert_eq!(phone.says("."), ["Alice Smith hung up after 1 minute 12 seconds."]);
    assert_eq!(phone.says("."), ["Alice Smith hung up after 1 minute 12 seconds."], "again and again");
    assert_eq!(phone.says("w"), ["No call.", "Registered as 100@demo."]);
}

#[test]
fn a_call_that_nobody_ended_is_not_said_to_be_given_up() {
    let over = |call| CallInfo {
        state: CallState::Ended,
        ended_by: Some(crate::control::EndedBy::Local),
        outcome: Some("unexpected".into()),
        reason: Some("no port is free".into()),
        ..call
    };
    let mut phone = phone();
    let calling = over(call("c1", "outgoing", "calling", "Bob", "202"));
    let told = ["The call to Bob failed: the fault is on this side. why tells more."];
    assert_eq!(phone.event(Event::CallEnded { call: calling }), told);
    assert!(phone.says("why").iter().any(|line| line.contains("no port is free")));
    assert_eq!(phone.event(Event::CallEnded { call: over(ringing()) }), ["Missed call from Alice Smith."]);
}

#[test]
fn only_a_whole_line_answers_and_only_what_rings() {
    let mut idle = phone();
    assert_eq!(idle.says("a"), ["Nothing rings."]);
    let mut phone = Phone::with(vec![ringing()]);
    for text in ["201", "2", "", " ", "w", "an", "alice", "1", "*", "x?", "a?"] {
        assert!(!phone.asks(text).contains(&answer("c1")), "{text:?} answers");
    }
    assert_eq!(phone.says("601"), ["Alice Smith, 201 rings. a answers, r rejects. call 601 dials."]);
    assert_eq!(phone.asks("call 601"), [dial("601")]);
    assert_eq!(phone.asks(" a "), [answer("c1")]);
    assert_eq!(phone.asks("answer"), [answer("c1")]);
}

#[test]
fn of_several_that_ring_one_is_chosen() {
    let bob = call("c2", "incoming", "incoming", "Bob", "202");
    let mut phone = Phone::with(vec![ringing(), bob]);
    assert_eq!(phone.says("a"), ["2 ringing calls. Type a number.", "1 Alice Smith, 201.", "2 Bob, 202."]);
    assert_eq!(phone.asks("2"), [answer("c2")]);
    assert_eq!(phone.asks("a bob"), [answer("c2")]);
    assert_eq!(phone.says("a carol"), ["Carol does not ring."]);
}

#[test]
fn digits_dial_and_are_tones_in_a_call() {
    let mut idle = phone();
    assert_eq!(idle.asks("600"), [dial("600")]);
    assert_eq!(idle.asks("+49 (40) 123-45"), [dial("+49 (40) 123-45")]);
    let mut phone = Phone::with(vec![talking()]);
    let asked = phone.asks("1,2#");
    assert!(
        matches!(asked.as_slice(), [Request::Command(Command::Dtmf { call: Some(id), digits, .. })] if id == "c1" && digits == "1,2#")
    );
    assert_eq!(phone.says("+4912"), ["In a call digits are tones. call +4912 dials."]);
    assert_eq!(phone.asks("call 601"), [dial("601")]);
    let mut calling = Phone::with(vec![call("c1", "outgoing", "ringing", "Bob", "202")]);
    assert_eq!(calling.says("5"), ["Bob has not answered yet. call 5 dials."]);
}

#[test]
fn toggles_say_what_they_did() {
    let mut phone = Phone::with(vec![talking()]);
    for (text, expected) in [("m", "Microphone muted."), ("m", "Microphone open."), ("d", "Do not disturb is on.")] {
        let request = phone.asks(text).remove(0);
        assert_eq!(phone.answers(Topic::Plain, request, json!({})), [expected]);
    }
    assert_eq!(phone.asks("o"), [Request::Command(Command::Hold { call: Some("c1".into()) })]);
}

#[test]
fn names_are_found_and_the_like_are_offered() {
    let mut phone = phone();
    let contact = |name: &str, number: &str| Contact { name: name.into(), number: number.into(), ..Contact::default() };
    let known = [contact("Alice Smith", "201"), contact("Alina Berg", "203"), contact("Bob", "202")];
    let names = Request::Contacts(crate::control::ContactsAsk::List { search: None });
    assert!(phone.answers(Topic::Names, names.clone(), json!({ "contacts": known })).is_empty());
    assert_eq!(phone.asks("call bob"), [dial("202")]);
    assert_eq!(phone.asks("call alice"), [dial("201")]);
    assert_eq!(phone.says("call ali"), ["2 matches. Type a number.", "1 Alice Smith, 201.", "2 Alina Berg, 203."]);
    assert_eq!(phone.asks("2"), [dial("203")]);
    assert_eq!(phone.asks("call zoe"), [dial("zoe")], "a server may know more names");
    assert_eq!(phone.says("call zoe smith"), ["Nobody is called zoe smith."]);
    assert_eq!(phone.says("call al?"), ["Alice Smith 201 and Alina Berg 203."]);
    let said =
        phone.answers(Topic::Contacts { search: "bob".into() }, names, json!({ "contacts": [contact("Bob", "202")] }));
    assert_eq!(said, ["Bob, 202. call, write, details, edit, star or delete."]);
    assert_eq!(phone.says("delete"), ["Delete Bob, 202? y or n."]);
    assert!(phone.asks("n").is_empty());
    assert_eq!(phone.asks("call"), [dial("202")]);
}

#[test]
fn a_question_is_answered_by_y_alone() {
    let mut phone = Phone::with(vec![talking()]);
    assert_eq!(phone.says("exit"), ["This ends the phone and the call. leave only leaves. End it? y or n."]);
    assert_eq!(phone.says("w").len(), 2, "another line is no consent");
    assert_eq!(phone.says("y").len(), 1);
    phone.types("exit");
    assert_eq!(phone.asks("y"), [Request::Command(Command::Exit)]);
    assert_eq!(phone.types("q"), [Do::Leave]);
    phone.line.stays = false;
    assert_eq!(phone.says("q"), ["The phone ends with this, and the call. Leave? y or n."]);
    assert_eq!(phone.types("yes"), [Do::Leave]);
}

#[test]
fn long_answers_come_in_pages() {
    let mut phone = phone();
    let first = phone.says("help all");
    assert_eq!(first.len(), super::state::PAGE + 1);
    assert!(first.last().is_some_and(|last| last.ends_with("more. Enter goes on.")), "{first:?}");
    let second = phone.says("");
    assert_ne!(first.first(), second.first());
    assert!(phone.says("w").len() == 2 && phone.says("").is_empty(), "another line ends it");
    assert!(phone.says("?").len() <= 6);
    assert!(phone.says("help transfer").iter().any(|text| text.starts_with("transfer, t: Hand a call over")));
    let asked = phone.asks("help nothing").remove(0);
    let told = phone.answers(Topic::Settings(Wish::Help("nothing".into())), asked, json!({"settings": []}));
    assert_eq!(told, ["There is neither a command nor a setting nothing. help all lists the commands."]);
}

#[test]
fn what_goes_on_is_said_without_a_key_for_it() {
    let mut phone = phone();
    assert_eq!(phone.says("tr?"), ["transfer."]);
    assert_eq!(phone.says("complete rec"), ["record."]);
    assert_eq!(phone.says("dnd ?"), ["on and off."]);
    assert_eq!(phone.says("transf\t"), ["transfer."]);
    assert_eq!(phone.says("zzz?"), ["Nothing goes on from there."]);
    let asked = phone.asks("message 201 are you there?");
    assert!(matches!(asked.as_slice(), [Request::Command(Command::Message { text, .. })] if text == "are you there?"));
}

#[test]
fn how_much_is_said_can_be_chosen() {
    let ringing_there = || Event::CallRinging { call: call("c1", "outgoing", "ringing", "Bob", "202") };
    let light =
        LightInfo { target: "203".into(), name: Some("Carol".into()), state: LightState::Busy, ..LightInfo::default() };
    for (word, ringing, lights) in [("quiet", 0, 0), ("normal", 1, 0), ("all", 1, 1)] {
        let mut phone = phone();
        phone.types(word);
        assert_eq!(phone.event(ringing_there()).len(), ringing, "{word}");
        assert_eq!(phone.event(Event::Presence { light: light.clone() }).len(), lights, "{word}");
        assert_eq!(phone.event(Event::CallIncoming { call: self::ringing() }).len(), 1, "{word}");
    }
}

#[test]
fn the_past_is_told_and_chosen_from() {
    let mut phone = phone();
    phone.line.local_time = |s| {
        Some(
            format!("{}", humantime::format_rfc3339_seconds(std::time::UNIX_EPOCH + Duration::from_secs(s as u64)))
                .replace('T', " "),
        )
    };
    let missed = Record {
        id: 7,
        kind: crate::control::Kind::Missed,
        name: "Bob".into(),
        number: "202".into(),
        started_ms: 1_767_323_045_000,
        ..Record::default()
    };
    let older =
        Record { id: 6, number: "600".into(), started_ms: 1_767_200_000_000, duration_s: 65, ..Record::default() };
    let request = phone.asks("i").remove(0);
    let told = phone.answers(Topic::Past, request, json!({"history": [missed, older], "more": false}));
    assert_eq!(
        told,
        [
            "2 calls. Type a number.",
            "1 Bob, 202, missed, today 03:04.",
            "2 600, called, 31 December 2025, 1 minute 5 seconds."
        ]
    );
    assert_eq!(phone.says("1"), ["Bob, 202, missed, today 03:04. call, write, details, add or delete."]);
    assert_eq!(phone.asks("call"), [dial("202")]);
}

#[test]
fn settings_are_told_explained_and_changed() {
    let mut phone = phone();
    let known = json!({"settings": [
        {"section": "tuiphone", "key": "theme", "kind": "text", "value": "", "default": "", "origin": "default",
         "doc": "colours of the interface", "takes": "restart"},
        {"section": "Settings", "key": "DND", "kind": "flag", "value": "0", "default": "0", "origin": "default",
         "doc": "1 = callers find the phone busy", "takes": "now"},
        {"section": "Account1", "key": "password", "kind": "secret", "set": true, "origin": "file", "doc": "the password"},
    ]});
    let asked = |phone: &mut Phone, text: &str| match phone.types(text).remove(0) {
        Do::Ask(request, topic) => update(
            &mut phone.line,
            Msg::Answer(topic, request, Ok(known.as_object().expect("an object").clone())),
            phone.now,
        ),
        other => panic!("{text}: {other:?}"),
    };
    let done = asked(&mut phone, "set theme dark");
    let [Do::Ask(request, Topic::Plain)] = done.as_slice() else { panic!("{done:?}") };
    let set = |name: &str, value: &str| SettingAsk::Set { name: name.into(), value: Secret::new(value) };
    assert_eq!(**request, Request::Settings(set("tuiphone.theme", "dark")));
    let changed = json!({"setting": {"name": "tuiphone.theme", "changed": true, "needs_restart": true, "notes": []}});
    assert_eq!(
        phone.answers(Topic::Plain, (**request).clone(), changed),
        ["tuiphone.theme is changed. It counts from the next start of the phone on."]
    );
    let done = asked(&mut phone, "set dnd on");
    assert!(
        matches!(done.as_slice(), [Do::Ask(request, _)] if **request == Request::Settings(set("Settings.DND", "1")))
    );
    let done = asked(&mut phone, "set password hunter2");
    assert!(matches!(done.as_slice(), [Do::Ask(..)]));
    assert!(!phone.line.typed.iter().any(|text| text.contains("hunter2")), "a secret is not kept");
    for (text, told) in [
        ("get dnd", "Settings.DND is off. 1 = callers find the phone busy."),
        ("get Account1.password", "Account1.password is set, and not told. The password."),
        ("get colour", "There is no setting colour. settings colour looks for it."),
        ("help theme", "tuiphone.theme: Colours of the interface."),
        ("settings busy", "Settings.DND is off."),
        (",", "Account1.password is set, and not told."),
    ] {
        assert_eq!(said(&asked(&mut phone, text)), [told], "{text}");
    }
}

#[test]
fn hostile_names_are_harmless() {
    let mut phone = phone();
    let call = call("c1", "incoming", "incoming", "\u{1b}[2J\u{202e}Eve\u{7}\n\r", "6\u{1b}[1m");
    let told = phone.event(Event::CallIncoming { call });
    assert_eq!(told, ["Incoming call from [2JEve, 6[1m. a answers, r rejects."]);
}

#[test]
fn alarms_are_told_apart_from_news_and_answers() {
    let mut phone = phone();
    let weights = |done: Vec<Do>| done.iter().filter_map(Do::said).map(|said| said.weight).collect::<Vec<_>>();
    let event = Event::CallIncoming { call: ringing() };
    let done = update(&mut phone.line, Msg::Feed(Feed::Event(Box::new(event))), phone.now);
    assert_eq!(weights(done), [Weight::Alarm]);
    assert_eq!(weights(phone.types("w")), [Weight::Answer; 2]);
}

/// Lines of characters and of words, by a generator of one's own. Nobody is called but by a number or by a word that
/// calls, nothing is answered but by `a`, and no sentence has a control character.
#[test]
fn ten_thousand_lines_do_no_harm() {
    const WORDS: &[&str] = &[
        "a", "r", "h", "o", "m", "t", "w", "?", ".", "!", "y", "n", "1", "2", "201", "call", "alice", "answer", "help",
        "transfer", "exit", "history", "contacts", "delete", "--all", "c1", "\u{1b}[A", "\u{202e}", "é", "日本", "{",
        "}", "[Dial(", "/answer", "msip:", "sip:x@y", "*", "#", "set", "\t", "find", "x", "more", "typed", "again",
        "-1",
    ];
    let calls = vec![ringing(), call("c2", "outgoing", "held", "Bob", "202")];
    let mut phone = Phone::with(calls);
    let mut seed = 7_u64;
    let mut next = move |below: usize| {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        usize::try_from(seed % below as u64).unwrap_or_default()
    };
    let mut dialled = 0;
    for _ in 0..10_000 {
        let words: Vec<&str> = (0..=next(4)).map(|_| WORDS[next(WORDS.len())]).collect();
        let text = words.join(if next(3) == 0 { "" } else { " " });
        let before = phone.line.choices.clone();
        let last = phone.line.typed.back().cloned().unwrap_or_default();
        for done in phone.types(&text) {
            if let Some(said) = done.said() {
                assert!(!said.text.chars().any(char::is_control), "{text:?}: {:?}", said.text);
            }
            let Do::Ask(request, _) = done else { continue };
            let from_list = !before.is_empty();
            let meant =
                |words: &[&str]| words.iter().any(|word| text.contains(word) || last.contains(word)) || from_list;
            match *request {
                Request::Command(Command::Dial { .. }) => {
                    dialled += 1;
                    assert!(meant(&["call", "sip:", "msip:", "Dial", "1", "2", "*", "#"]), "{text:?} dials");
                }
                Request::Command(Command::Answer { .. }) => assert!(meant(&["a"]), "{text:?} answers"),
                _ => {}
            }
        }
    }
    assert!(dialled > 0, "some of them do");
}

#[test]
fn why_tells_what_lies_behind_and_what_next() {
    let failed = |status: Option<u16>, reason: &str| CallInfo {
        state: CallState::Ended,
        ended_by: Some(EndedBy::Remote),
        outcome: Some("failed".into()),
        status,
        reason: Some(reason.into()),
        ..call("c1", "outgoing", "calling", "", "600")
    };
    for (call, likely, next) in [
        (failed(Some(400), "Bad Request"), "SIP ALG", Some("Next: turn the SIP ALG")),
        (failed(None, "cannot find pbx (udp): it has no address"), "leads nowhere", Some("doctor asks the name")),
        (failed(Some(505), "No"), "another version of SIP", None),
        (failed(None, "answered, but with no sound this phone can play"), "That means: the server refused it", None),
    ] {
        let mut phone = phone();
        phone.event(Event::CallEnded { call });
        let told = phone.says("why").join(" ");
        assert!(told.contains(likely) && !told.contains("tuiphone"), "{told}");
        assert_eq!(told.contains("Next:"), next.is_some(), "{told}");
        assert!(next.is_none_or(|next| told.contains(next)), "{told}");
    }
}

#[test]
fn another_language_says_what_it_has_and_english_the_rest() {
    use crate::text::words::{Catalogue, Words, speaking};
    let german = "line-no-call = Kein Anruf.\n\
                  line-incoming = Anruf von { $caller }. a nimmt an, r lehnt ab.\n\
                  line-muted-microphone = { $nobody }\n";
    let words = std::sync::Arc::new(Words::of("de", Catalogue::new(german)));
    speaking(words, || {
        let mut phone = phone();
        assert_eq!(phone.says("w"), ["Kein Anruf.", "Registered as 100@demo."]);
        let call = call("c1", "incoming", "incoming", "Alice { line-no-call }", "201");
        let told = phone.event(Event::CallIncoming { call });
        assert_eq!(
            told,
            ["Anruf von Alice { line-no-call }, extension 201. a nimmt an, r lehnt ab."],
            "names are data"
        );
        phone.line.status.mic_muted = true;
        phone.line.status.calls.clear();
        assert_eq!(phone.says("w")[1], "The microphone is muted.", "what asks for too much stays English");
    });
    assert_eq!(phone().says("w")[0], "No call.");
}
