//! Contacts, calls that were, and numbers that are offered: keys, answers and pictures.

use crate::keys::dial;
use crate::pictures::picture;
use crate::stage::{Stage, call, commands, ended, light};
use tuiphone::control::verb::Request;
use tuiphone::control::{
    CallState, Command, CommandError, Contact, ContactsAsk, Event, ExitCode, HistoryAsk, Kind, LightInfo, LightState,
    Query, Record,
};
use tuiphone::ui::glyphs::ASCII;
use tuiphone::ui::msg::{Action, Answer, Msg};
use tuiphone::ui::past::{PastCall, at_start};
use tuiphone::ui::theme::{ColorDepth, Looks, Theme};

fn contact(name: &str, number: &str) -> Contact {
    Contact { name: name.into(), number: number.into(), ..Contact::default() }
}

pub fn contacts() -> Vec<Contact> {
    vec![
        Contact { presence: true, ..contact("Bob Baker", "102") },
        Contact {
            mobile: "+49 170 1234567".into(),
            email: "alice@example.net".into(),
            comment: "Support, mornings only\nSpeaks Danish".into(),
            starred: true,
            ..contact("Alice Smith", "201")
        },
        contact("日本語の名前がとても長い人", "5550100"),
        Contact { presence: true, starred: true, ..contact("Zoë Groß", "103") },
        contact(
            "Workshop in the old building behind the station, second floor on the left",
            "sip:workshop@far.example",
        ),
        contact("0301234567", "0301234567"),
    ]
}

pub fn calls() -> Vec<PastCall> {
    let call = |id: i64, kind, number: &str, name: &str, local: &str| PastCall {
        call: Record {
            id,
            kind,
            started_ms: id * 1_000,
            number: number.into(),
            name: name.into(),
            account: "101@pbx.example.net".into(),
            uri: format!("sip:{number}@pbx.example.net"),
            sip_call_id: format!("{id}@host"),
            ..Record::default()
        },
        local: local.into(),
    };
    let mut calls = vec![
        call(6, Kind::Missed, "201", "Alice Smith", "2026-01-02 14:03:10"),
        call(5, Kind::Outgoing, "602", "", "2026-01-02 09:15:00"),
        call(4, Kind::Incoming, "102", "Bob Baker", "2026-01-01 18:40:59"),
        call(3, Kind::AnsweredElsewhere, "0301234567", "", "2025-12-31 23:59:59"),
        call(2, Kind::Outgoing, "5550100", "日本語の名前がとても長い人", "2025-12-30 08:00:00"),
    ];
    let end = |past: &mut PastCall, status, info: &str, outcome: &str| {
        past.call.status = Some(status);
        past.call.info = info.into();
        past.call.outcome = outcome.into();
    };
    end(&mut calls[0], 487, "Missed Call", "no_answer");
    end(&mut calls[1], 486, "Busy Here", "busy");
    end(&mut calls[2], 200, "Call Ended", "answered");
    end(&mut calls[3], 487, "Answered Elsewhere", "answered_elsewhere");
    end(&mut calls[4], 200, "Call Ended", "answered");
    calls[2].call.duration_s = 62;
    calls[2].call.codec = "opus".into();
    calls[2].call.mos = Some(4.31);
    calls[2].call.recording = "/home/me/recordings/20260101-184059-102-incoming-Office.ogg".into();
    calls[4].call.duration_s = 3_723;
    calls
}

/// A phone with contacts, two of them watched, and calls of the past.
pub fn stage(columns: u16, rows: u16) -> Stage {
    let mut stage = Stage::new(columns, rows);
    stage.status.lights = vec![
        LightInfo { note: Some("lunch".into()), ..light("102", LightState::Away) },
        light("103", LightState::Idle),
    ];
    stage.tell();
    let [recent, _] = at_start();
    stage.msg(Msg::Answer(recent, Ok(Answer::Calls(calls(), false))));
    answer(&mut stage, Vec::new());
    stage
}

/// The phone answers what was asked.
fn answer(stage: &mut Stage, actions: Vec<Action>) -> Vec<Request> {
    let mut asked = requests(&actions);
    asked.push(Request::Contacts(ContactsAsk::List { search: None }));
    for request in &asked {
        let told = match request {
            Request::Contacts(ContactsAsk::List { .. }) => Answer::Contacts(contacts(), 0),
            Request::History { ask: HistoryAsk::List(Query { text, kinds, .. }), .. } => {
                let fits = |past: &PastCall| {
                    (kinds.is_empty() || kinds.contains(&past.call.kind))
                        && (past.call.name.to_lowercase().contains(text) || past.call.number.contains(text))
                };
                Answer::Calls(calls().into_iter().filter(fits).collect(), false)
            }
            _ => Answer::Done,
        };
        let next = stage.msg(Msg::Answer(request.clone(), Ok(told)));
        if !requests(&next).is_empty() && !matches!(request, Request::Contacts(_)) {
            answer(stage, next);
        }
    }
    asked
}

fn requests(actions: &[Action]) -> Vec<Request> {
    let ask = |action: &Action| if let Action::Ask(request) = action { Some(request.clone()) } else { None };
    actions.iter().filter_map(ask).collect()
}

/// Keys are pressed, and what they ask is answered; what was asked of the phone, lists aside.
pub fn press(stage: &mut Stage, keys: &str) -> (Vec<Command>, Vec<Request>) {
    let (mut sent, mut asked) = (Vec::new(), Vec::new());
    for key in keys.split_whitespace() {
        let actions = stage.key(key);
        sent.extend(commands(actions.clone()));
        asked.extend(answer(stage, actions));
    }
    let is_change = |request: &Request| {
        !matches!(
            request,
            Request::Contacts(ContactsAsk::List { .. })
                | Request::History { ask: HistoryAsk::List(_) | HistoryAsk::Seen, .. }
        )
    };
    asked.retain(is_change);
    (sent, asked)
}

#[test]
fn contacts_are_found_called_and_changed_by_keys() {
    let edit = |who: &str, called: &str, parts: &[(&str, &str)]| {
        let parts = parts.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Request::Contacts(ContactsAsk::Edit { who: who.into(), called: Some(called.into()), parts })
    };
    let add = |number: &str, parts: &[(&str, &str)]| {
        let parts = parts.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Request::Contacts(ContactsAsk::Add { number: number.into(), parts })
    };
    let remove = |who: &str, called: &str| {
        Request::Contacts(ContactsAsk::Remove { who: who.into(), called: Some(called.into()) })
    };
    let (answered, seen) = (Command::Answer { call: Some("c1".into()) }, Vec::new);
    let rows: Vec<(&str, Vec<Command>, Vec<Request>)> = vec![
        ("b Enter", vec![dial("201")], seen()),
        ("F10 Down Enter", vec![dial("103")], seen()),
        ("b b o b Enter", vec![dial("102")], seen()),
        ("b g r o s s Enter", vec![dial("103")], seen()),
        ("b 1 7 0 1 2 Enter", vec![dial("201")], seen()),
        ("b x x x Enter Esc End Up Enter", vec![dial("sip:workshop@far.example")], seen()),
        ("b Right Down Enter", vec![dial("+49 170 1234567")], seen()),
        ("b Esc Enter", vec![], seen()),
        ("/ b o b F10 Enter", vec![dial("102")], seen()),
        ("b Ctrl-s", vec![], vec![edit("201", "Alice Smith", &[("starred", "0")])]),
        ("b Delete y", vec![], vec![remove("201", "Alice Smith")]),
        ("b Delete n Ctrl-x Esc", vec![], seen()),
        (
            "b Ctrl-e End ! Down Backspace 9 Enter",
            vec![],
            vec![edit("201", "Alice Smith", &[("name", "Alice Smith!"), ("number", "209")])],
        ),
        ("b a n n Ctrl-a Down 7 7 Enter", vec![], vec![add("77", &[("name", "ann")])]),
        ("b 7 7 Insert A n n Enter", vec![], vec![add("77", &[("name", "Ann")])]),
        ("b Ctrl-a x Enter", vec![], seen()),
        ("b Ctrl-a x Down 2 0 1 Enter", vec![], seen()),
        ("b Ctrl-a x Esc Esc Enter", vec![dial("201")], seen()),
        // Only keys that are no letters mean something else there.
        ("b a F2", vec![answered.clone()], seen()),
        ("b Ctrl-a x F2 Down 5 Enter", vec![answered], vec![add("5", &[("name", "x")])]),
    ];
    for (keys, sent, asked) in rows {
        let mut stage = stage(80, 24);
        if keys.contains("F2") {
            stage.calls(vec![call("c1", CallState::Incoming, "700", "")]);
        }
        assert_eq!(press(&mut stage, keys), (sent, asked), "{keys}");
    }
}

#[test]
fn whoever_is_chosen_is_written_to_if_that_is_wanted() {
    let mut stage = stage(80, 24);
    stage.status.default_action = "message".into();
    stage.tell();
    assert_eq!(press(&mut stage, "b").0, []);
    assert!(stage.screen().contains("Enter write"), "{}", stage.screen());
    let sent = press(&mut stage, "Enter h i Enter").0;
    let written = Command::Message { target: "201".into(), text: "hi".into(), account: None };
    assert!(sent.contains(&written), "{sent:?}");
}

#[test]
fn calls_that_were_are_called_back_kept_and_forgotten_by_keys() {
    let back = |number: &str| Command::Dial { target: number.into(), account: Some("101@pbx.example.net".into()) };
    let history = |ask| Request::History { ask, form: None };
    let add = |number: &str, parts: Vec<(String, String)>| {
        Request::Contacts(ContactsAsk::Add { number: number.into(), parts })
    };
    let rows: Vec<(&str, Vec<Command>, Vec<Request>)> = vec![
        ("i Enter", vec![back("201")], vec![]),
        ("F11 Down Down Enter", vec![back("102")], vec![]),
        ("i 6 0 2 Enter", vec![back("602")], vec![]),
        ("i Tab Tab Enter", vec![back("102")], vec![]),
        ("i Tab Tab Tab Esc Enter", vec![back("201")], vec![]),
        ("i x x Enter Esc Esc Enter", vec![], vec![]),
        ("i Right Enter", vec![back("201")], vec![]),
        ("i Down Delete y", vec![], vec![history(HistoryAsk::Remove(vec![5]))]),
        ("i Delete a y", vec![], vec![history(HistoryAsk::Clear)]),
        ("i Delete a Esc Delete n", vec![], vec![]),
        ("i Down Ctrl-a B u s y Enter", vec![], vec![add("602", vec![("name".into(), "Busy".into())])]),
        ("n", vec![], vec![Request::Redial { last: false, guarded: false }]),
        ("i F11 Enter", vec![], vec![]),
    ];
    for (keys, sent, asked) in rows {
        let mut stage = stage(80, 24);
        let pressed = press(&mut stage, keys);
        // With nothing typed, Enter on the phone itself brings the last number back.
        assert_eq!(pressed, (sent, asked), "{keys}");
    }
}

#[test]
fn a_missed_call_is_told_until_somebody_looks() {
    let mut stage = stage(80, 24);
    let [_, missed] = at_start();
    let gone = ended(call("c1", CallState::Incoming, "201", ""), 487, "Request Terminated", "no_answer");
    let asked = requests(&stage.event(Event::CallEnded { call: gone.clone() }));
    assert_eq!(asked, std::slice::from_ref(&missed));
    let one = calls().into_iter().take(1).collect::<Vec<_>>();
    assert!(!stage.msg(Msg::Answer(missed.clone(), Ok(Answer::Calls(one.clone(), false)))).is_empty());
    assert_eq!(stage.msg(Msg::Answer(missed, Ok(Answer::Calls(one, false)))), [], "no news");
    let screen = stage.screen();
    assert!(screen.contains("missed 1") && screen.contains("i missed calls"), "{screen}");
    let looked = Request::History { ask: HistoryAsk::Seen, form: None };
    assert!(requests(&stage.key("i")).contains(&looked));
    assert!(!stage.screen().contains("missed 1"), "{}", stage.screen());
    let asked = requests(&stage.event(Event::CallEnded { call: gone }));
    assert!(asked.contains(&looked), "whoever has the list open sees it: {asked:?}");
}

#[test]
fn a_phone_without_history_says_so_and_is_left_alone() {
    let mut stage = Stage::new(80, 24);
    let refusal = CommandError {
        code: ExitCode::NotFound,
        kind: "history",
        message: "this phone keeps no history of calls".into(),
        hint: None,
    };
    let [recent, _] = at_start();
    assert_eq!(stage.msg(Msg::Answer(recent, Err(refusal.clone()))), []);
    let gone = ended(call("c1", CallState::Incoming, "201", ""), 487, "Request Terminated", "no_answer");
    assert_eq!(requests(&stage.event(Event::CallEnded { call: gone })), []);
    for request in requests(&stage.key("i")) {
        stage.msg(Msg::Answer(request, Err(refusal.clone())));
    }
    assert!(stage.screen().contains("this phone keeps no history of calls"), "{}", stage.screen());
}

#[test]
fn a_change_that_is_refused_leaves_the_form_as_it_is() {
    let mut stage = stage(80, 24);
    let actions: Vec<Action> = "b Ctrl-e ! Enter".split(' ').flat_map(|key| stage.key(key)).collect();
    let asked = requests(&actions).pop().unwrap();
    let refusal = CommandError {
        code: ExitCode::Config,
        kind: "config",
        message: "Contacts.xml is MicroSIP's and is only read".into(),
        hint: None,
    };
    stage.msg(Msg::Answer(asked.clone(), Err(refusal)));
    let screen = stage.screen();
    assert!(screen.contains("Alice Smith!") && screen.contains("only read"), "{screen}");
    assert_eq!(requests(&stage.key("Enter")), [asked]);
}

#[test]
fn what_is_offered_is_dialled_only_when_it_stands_in_the_field() {
    for (keys, expected) in [
        ("2 0 Enter", vec![dial("20")]),
        ("2 0 Down Enter", vec![dial("201")]),
        ("/ a l i Tab Enter", vec![dial("201")]),
        ("/ a l i Enter", vec![dial("ali")]),
        ("/ a l i Down Up Enter", vec![dial("ali")]),
        ("6 0 Tab Enter", vec![dial("602")]),
        // What was dialled comes back as before: the last call first.
        ("/ Up Enter", vec![dial("602")]),
        ("/ Up Up Down Enter", vec![dial("602")]),
        ("/ Up Up Enter", vec![dial("5550100")]),
    ] {
        let mut stage = stage(80, 24);
        assert_eq!(stage.keys(keys), expected, "{keys}");
    }
    let mut stage = stage(80, 24);
    stage.keys("/ a l i");
    stage.click("Alice Smith");
    assert_eq!(stage.keys("Enter"), [dial("201")]);
}

#[test]
fn ten_thousand_contacts_are_drawn_as_quickly_as_ten() {
    let mut stage = Stage::new(300, 100);
    let many = (0..10_000).map(|n| contact(&format!("Person {n:05}"), &format!("{}", 20_000 + n))).collect();
    stage.keys("b");
    let asked = Request::Contacts(ContactsAsk::List { search: None });
    stage.msg(Msg::Answer(asked, Ok(Answer::Contacts(many, 0))));
    stage.keys("End");
    let screen = stage.screen();
    assert!(screen.contains("Person 09999") && !screen.contains("Person 09000"), "{screen}");
    stage.keys("0 9 0 0 0");
    assert!(stage.screen().contains("Contacts: 1 of 10000"), "{}", stage.screen());
    assert_eq!(stage.keys("Enter"), [dial("29000")]);
}

#[test]
fn pictures_of_contacts() {
    for (columns, rows) in [(80, 24), (120, 40), (40, 12), (20, 5)] {
        let size = format!("{columns}x{rows}");
        let mut stage = stage(columns, rows);
        press(&mut stage, "b");
        picture(&format!("contacts_{size}"), &stage);
        press(&mut stage, "Right Down");
        picture(&format!("contact_details_{size}"), &stage);
        press(&mut stage, "Left Delete");
        picture(&format!("contact_delete_{size}"), &stage);
        press(&mut stage, "n Ctrl-e Down Down");
        picture(&format!("contact_form_{size}"), &stage);
    }
    let mut stage = stage(80, 24);
    stage.glyphs = ASCII;
    stage.theme = Theme::new(&Looks::default(), ColorDepth::None);
    press(&mut stage, "b 1 0");
    picture("contacts_ascii", &stage);
    let mut nobody = Stage::new(80, 24);
    nobody.keys("b");
    let asked = Request::Contacts(ContactsAsk::List { search: None });
    nobody.msg(Msg::Answer(asked, Ok(Answer::Contacts(Vec::new(), 0))));
    picture("contacts_none", &nobody);
}

#[test]
fn pictures_of_the_history() {
    for (columns, rows) in [(80, 24), (120, 40), (40, 12), (20, 5)] {
        let size = format!("{columns}x{rows}");
        let mut stage = stage(columns, rows);
        press(&mut stage, "i Down Down");
        picture(&format!("history_{size}"), &stage);
        press(&mut stage, "Right");
        picture(&format!("history_details_{size}"), &stage);
        press(&mut stage, "Left Delete");
        picture(&format!("history_delete_{size}"), &stage);
    }
    let mut stage = stage(80, 24);
    stage.glyphs = ASCII;
    stage.theme = Theme::new(&Looks::default(), ColorDepth::None);
    press(&mut stage, "i Tab");
    picture("history_missed_ascii", &stage);
}

#[test]
fn pictures_of_what_is_offered() {
    for (columns, rows) in [(80, 24), (40, 12)] {
        let mut stage = stage(columns, rows);
        stage.keys("0");
        picture(&format!("offers_{columns}x{rows}"), &stage);
        stage.keys("Down");
        picture(&format!("offers_chosen_{columns}x{rows}"), &stage);
    }
}

#[test]
fn lists_fit_screens_of_any_size() {
    for (columns, rows) in [(1, 1), (3, 2), (10, 3), (64, 16), (300, 100)] {
        for keys in ["b", "b Right", "b Ctrl-e Down", "b Delete", "i", "i Right", "i Delete", "2"] {
            let mut stage = stage(columns, rows);
            press(&mut stage, keys);
            stage.screen();
        }
    }
}
