//! Plain English in line mode where another language is spoken: a session, every sentence of it.

use super::data::{NAME, is_command, is_key, is_of_wire, plain};
use super::news::{asking_of, events, talk};
use crate::ladder;
use crate::lists;
use crate::pseudo::in_pseudo;
use crate::stage::{account, light, message};
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;
use std::time::{Duration, Instant};
use tuiphone::control::feed::Feed;
use tuiphone::control::verb::{Request, VERBS};
use tuiphone::control::{
    AccountInfo, CallState, Contact, ContactsAsk, FaceAsk, Levels, LightInfo, LightState, RegistrationState,
    SettingAsk, Status, TlsTrust, TraceLine,
};
use tuiphone::ui::line::state::{Do, Line, Msg, Now, Topic};
use tuiphone::ui::line::{commands, update};
use tuiphone::ui::msg;

/// Words that are typed as they stand, beside commands.
const TYPED: &[&str] = &["comment", "number", "name", "phone", "email", "mobile", "zzz", "clear", "off", "unread"];

struct Session {
    line: Line,
    now: Now,
    found: BTreeSet<String>,
}

impl Session {
    #[allow(clippy::disallowed_methods)]
    fn new() -> Session {
        let now = Now { at: Instant::now(), wall_s: 1_767_323_045 };
        let local = |_| Some("2026-01-02 03:04:05".to_owned());
        Session { line: Line::new(true, local), now, found: BTreeSet::new() }
    }

    /// Takes it in, and answers whatever is asked.
    fn takes(&mut self, what: &str, first: Msg) {
        let lists_commands =
            ["help", "complete", "typed", "again", "?"].iter().any(|it| what.contains(it)) || what == ".";
        let mut waiting = vec![first];
        while let Some(msg) = waiting.pop() {
            for done in update(&mut self.line, msg, self.now) {
                match done {
                    Do::Ask(request, topic) => {
                        let fields = answer(&request, &topic);
                        waiting.push(Msg::Answer(topic, request, Ok(fields)));
                    }
                    // How a verb is used, the verb table says.
                    Do::Say(said) if said.text.contains("usage: ") => {}
                    Do::Say(said) => {
                        let is_more = |word: &str| {
                            (lists_commands && is_command(word))
                                || is_key(word)
                                || is_of_wire(word)
                                || what.split(' ').any(|typed| typed == word)
                        };
                        for word in plain(&said.text, &is_more).into_iter().filter(|word| !TYPED.contains(word)) {
                            self.found.insert(format!("{word:?} after {what:?}: {}", said.text));
                        }
                    }
                    Do::Leave => {}
                }
            }
        }
    }

    fn types(&mut self, text: &str) {
        self.now.at += Duration::from_secs(1);
        self.takes(text, Msg::Typed(format!("{text}\n")));
    }

    fn hears(&mut self, what: &str, feed: Feed) {
        self.takes(what, Msg::Feed(feed));
    }
}

/// What the phone answers: all fields that any answer has.
fn answer(request: &Request, topic: &Topic) -> Map<String, Value> {
    let contacts: Vec<Contact> = lists::contacts()
        .into_iter()
        .map(|it| Contact { name: NAME.into(), number: "102".into(), comment: String::new(), ..it })
        .collect();
    let calls: Vec<_> = lists::calls()
        .into_iter()
        .map(|past| tuiphone::control::Record {
            name: NAME.into(),
            info: NAME.into(),
            recording: String::new(),
            ..past.call
        })
        .collect();
    let sip = |msg| match msg {
        msg::Msg::Traced(line) => match *line {
            TraceLine::Sip(traced) => Some(traced),
            _ => None,
        },
        _ => None,
    };
    let written = [None, Some(200), Some(404)].map(|status| message("m1", "201", NAME, NAME, status));
    let told = match (request, topic) {
        (_, Topic::Names | Topic::Contacts { .. }) | (Request::Contacts(ContactsAsk::List { .. }), _) => {
            json!({"contacts": contacts})
        }
        (Request::Contacts(_), _) => json!({"contact": contacts[0], "problems": [1, 2]}),
        (Request::History { .. }, _) => json!({"history": calls, "more": true}),
        (_, Topic::Ladder) => json!({"messages": ladder::talk().into_iter().filter_map(sip).collect::<Vec<_>>()}),
        (_, Topic::Threads | Topic::Thread) => json!({"messages": written}),
        (Request::Settings(SettingAsk::List), _) => json!({"settings": crate::hostile::settings(NAME)}),
        (Request::Settings(_), _) => {
            json!({"setting": {"name": "Settings.DND", "changed": true, "needs_restart": true, "notes": []}})
        }
        (Request::Devices, _) => {
            json!({"devices": [{"name": NAME, "direction": "input"}, {"name": NAME, "direction": "output"}]})
        }
        (Request::Ready, _) => json!({"ready": true}),
        (Request::Codecs, _) => {
            json!({"codecs": [{"id": "opus", "place": 1}, {"id": "PCMA", "why": NAME}, {"id": "PCMA"}]})
        }
        _ => json!({"level": 80, "ping": {"uri": "sip:201@pbx.example.net", "status": 200, "rtt_ms": 3.0}}),
    };
    told.as_object().unwrap().clone()
}

fn status(states: &[CallState]) -> Status {
    let calls = (1..).zip(states).map(|(n, state): (u8, _)| talk(&format!("c{n}"), *state)).collect();
    Status { accounts: vec![AccountInfo { label: NAME.into(), ..account() }], calls, volume: 80, ..Status::default() }
}

#[test]
fn line_mode_speaks_no_plain_english_in_another_language() {
    use CallState::{Calling, Connected, Held, Incoming};
    let mut session = Session::new();
    in_pseudo(|| {
        let words = commands::WORDS.iter().filter_map(|word| word.names.first().copied());
        let verbs = VERBS.iter().map(|row| row.name);
        let bare: Vec<&str> =
            words.chain(verbs).chain(["1", "2", "y", "zzz", "zzz?", "d?", "hold ?", "+49 30 1"]).collect();
        let states: [&[CallState]; 6] =
            [&[], &[Incoming], &[Incoming, Incoming], &[Calling], &[Connected], &[Held, Connected]];
        for states in states {
            let mut told = status(states);
            told.lights = vec![LightInfo { name: Some(NAME.into()), ..light("103", LightState::Ringing) }];
            session.hears("status", Feed::Status(Box::new(told)));
            session.line.levels = Some(Levels { mic_dbfs: -20.0, speaker_dbfs: -1.0 });
            for text in &bare {
                session.types(text);
                session.line.question = None;
                session.line.more.clear();
            }
        }
        session.hears("status", Feed::Status(Box::new(status(&[]))));
        for text in [
            "help",
            "help transfer",
            "help set",
            "help DND",
            "help zzz",
            "help h",
            "help >",
            "call 201 you",
            "find 2",
            "1",
            "details",
            "edit mobile 0170",
            "edit",
            "edit zzz",
            "star",
            "delete",
            "y",
            "contacts",
            "more",
            "history",
            "1",
            "details",
            "add",
            "call",
            "write",
            "write zzz",
            "add 5",
            "get DND",
            "get zzz",
            "set",
            "set DND",
            "set DND on",
            "set zzz 1",
            "unset DND",
            "settings",
            "settings DND",
            "digits",
            "digits apart",
            "digits together",
            "quiet",
            "normal",
            "all",
            "\u{1}",
            "log",
            "why",
            "dnd",
            "forward 102",
            "forward off",
            "exit",
            "n",
            "history --clear",
            "n",
            "transfer 102",
            "message 201 zzz",
            "unread",
            "ladder c1",
            "where",
            "accounts",
            "call zzz zzz",
            ".",
            "typed",
            "again",
        ] {
            session.types(text);
        }
        session.types("help all");
        for _ in 0..30 {
            session.takes("help all, more", Msg::Typed("\n".into()));
        }
        session.takes("a long line", Msg::TooLong);
        session.takes("half a line", Msg::Unfinished);
        session.types("all");
        for event in events() {
            let kind = format!("{event:?}").split([' ', '{']).next().unwrap_or_default().to_owned();
            session.hears(&kind, Feed::Event(Box::new(event)));
            for text in ["where", "why", "quality"] {
                session.types(text);
            }
        }
        let mut asked = status(&[]);
        asked.asks = vec![asking_of()];
        for (state, tls) in [
            (RegistrationState::Registered, Some(TlsTrust::Unverified)),
            (RegistrationState::Registering, None),
            (RegistrationState::Failed, None),
            (RegistrationState::Off, None),
        ] {
            asked.accounts = vec![AccountInfo { state, tls, reason: None, label: NAME.into(), ..account() }];
            (asked.dnd, asked.auto_answer, asked.mic_muted, asked.speaker_muted) = (true, true, true, true);
            (asked.wrap_up, asked.unread, asked.forward) = (Some(9), 2, Some("102".into()));
            session.hears("status", Feed::Status(Box::new(asked.clone())));
            session.types("where");
            session.types("accounts");
        }
        session.hears("a link", Feed::Face(FaceAsk::Fill { number: "5".into() }));
        session.hears("digits", Feed::Face(FaceAsk::Digits { digits: "5".into() }));
        session.hears("the end", Feed::Closed(NAME.into()));
    });
    let found: Vec<String> = session.found.into_iter().collect();
    assert!(found.is_empty(), "plain English:\n  {}\n", found.join("\n  "));
}
