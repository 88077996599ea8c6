//! Anything, in any order, at any size: the interface neither panics nor writes outside its screen.

use crate::stage::{Stage, account, call, ended, light, message as message_of};
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers, MouseButton, MouseEvent, MouseEventKind};
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use tuiphone::control::feed::Feed;
use tuiphone::control::verb::Request;
use tuiphone::control::{
    CallState, Command, Contact, ContactsAsk, Event, Levels, LightState, RegistrationState, Status,
};
use tuiphone::ui::glyphs::{ASCII, UNICODE};
use tuiphone::ui::keymap::{Act, KEYMAPS, Key, Keymap};
use tuiphone::ui::msg::{Action, Answer, Msg};

fn key() -> impl Strategy<Value = Msg> {
    let code = prop_oneof![
        4 => "[0-9*#+a-zA-Z?/: <>é日]".prop_map(|c| KeyCode::Char(c.chars().next().unwrap())),
        2 => prop::sample::select(vec![
            KeyCode::Enter, KeyCode::Esc, KeyCode::Tab, KeyCode::Backspace, KeyCode::Delete, KeyCode::Up, KeyCode::Down,
            KeyCode::Left, KeyCode::Right, KeyCode::Home, KeyCode::End, KeyCode::PageUp, KeyCode::PageDown,
        ]),
        1 => (1u8..=12).prop_map(KeyCode::F),
    ];
    let modifiers =
        prop_oneof![4 => Just(KeyModifiers::NONE), 1 => Just(KeyModifiers::CONTROL), 1 => Just(KeyModifiers::ALT)];
    (code, modifiers).prop_map(|(code, modifiers)| Msg::Key(KeyEvent::new(code, modifiers)))
}

fn state() -> impl Strategy<Value = CallState> {
    use CallState::{Calling, Connected, EarlyMedia, Ended, Held, Incoming, Ringing};
    prop::sample::select(vec![Calling, Ringing, EarlyMedia, Incoming, Connected, Held, Ended])
}

fn status() -> impl Strategy<Value = Msg> {
    let one = (0u8..6, state(), "[ -~日é]{0,60}", prop::num::f64::ANY).prop_map(|(id, state, name, duration)| {
        let mut call = call(&format!("c{id}"), state, "600", &name);
        call.duration = duration;
        if let Some(media) = &mut call.media {
            media.mos_rx = Some(duration);
            media.rx_lost = u64::MAX;
        }
        call
    });
    (prop::collection::vec(one, 0..5), 0usize..9, any::<bool>(), 0u32..12).prop_map(
        |(calls, accounts, muted, unread)| {
            let lights = (0..unread).map(|n| light(&format!("watched {n}"), LightState::Busy)).collect();
            let failed = RegistrationState::Failed;
            let accounts = (0..accounts).map(|n| {
                if n % 2 == 0 { account() } else { tuiphone::control::AccountInfo { state: failed, ..account() } }
            });
            let status =
                Status { calls, accounts: accounts.collect(), lights, unread, mic_muted: muted, ..Status::default() };
            Msg::Feed(Feed::Status(Box::new(status)))
        },
    )
}

fn written() -> impl Strategy<Value = Msg> {
    let status = prop::option::of(prop::sample::select(vec![200u16, 202, 404]));
    ("[a-c]", ".{0,200}", status, 0u8..8, any::<bool>()).prop_map(|(user, text, status, id, types)| {
        let message = message_of(&format!("m{id}"), &user, "", &text, status);
        let (account, remote) = (message.account.clone(), message.remote.clone());
        let composing = Event::Composing { account, remote, for_s: u64::from(id) };
        Msg::Feed(Feed::Event(Box::new(if types { composing } else { Event::Message { message } })))
    })
}

fn message() -> impl Strategy<Value = Msg> {
    let mouse = (0u16..320, 0u16..110).prop_map(|(column, row)| {
        let kind = MouseEventKind::Down(MouseButton::Left);
        Msg::Mouse(MouseEvent { kind, column, row, modifiers: KeyModifiers::NONE })
    });
    let levels = (prop::num::f32::ANY, prop::num::f32::ANY)
        .prop_map(|(mic_dbfs, speaker_dbfs)| Msg::Feed(Feed::Levels(Levels { mic_dbfs, speaker_dbfs })));
    let end = state().prop_map(|state| {
        let call = ended(call("c1", state, "602", "x"), 486, "Busy Here", "busy");
        Msg::Feed(Feed::Event(Box::new(Event::CallEnded { call })))
    });
    let people = prop::collection::vec((".{0,40}", "[0-9]{1,9}"), 0..40).prop_map(|people| {
        let contact = |(name, number): (String, String)| Contact { name, number, presence: true, ..Contact::default() };
        let contacts = people.into_iter().map(contact).collect();
        let asked = Request::Contacts(ContactsAsk::List { search: None });
        Msg::Answer(asked, Ok(Answer::Contacts(contacts, 1)))
    });
    let past = (any::<bool>(), 0usize..9).prop_map(|(more, skip)| {
        let [recent, _] = tuiphone::ui::past::at_start();
        Msg::Answer(recent, Ok(Answer::Calls(crate::lists::calls().into_iter().skip(skip).collect(), more)))
    });
    let small = (0u16..90, 0u16..30).prop_map(|(columns, rows)| Msg::Resize(columns, rows));
    let large = (0u16..320, 0u16..110).prop_map(|(columns, rows)| Msg::Resize(columns, rows));
    prop_oneof![
        8 => key(),
        3 => status(),
        2 => written(),
        2 => mouse,
        2 => levels,
        2 => small,
        1 => people,
        1 => past,
        1 => large,
        1 => end,
        1 => ".{0,300}".prop_map(Msg::Paste),
        1 => Just(Msg::Tick),
        3 => (any::<bool>(), ".{0,80}", ".{0,400}").prop_map(|(sent, start, text)| crate::ladder::any(sent, &start, &text)),
        1 => Just(Msg::TraceOver("gone".into())),
        1 => Just(Msg::Feed(Feed::Closed("gone".into()))),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_storm_never_panics(messages in prop::collection::vec(message(), 1..40), ascii: bool, map in 0..4usize) {
        let mut stage = Stage::new(80, 24);
        stage.model.keymap = Keymap::built_in(KEYMAPS.built_in[map].name);
        stage.glyphs = if ascii { ASCII } else { UNICODE };
        for message in messages {
            stage.msg(message);
            stage.pass(0.3);
            if let Some(wake) = stage.model.next_wake(stage.now) {
                prop_assert!(wake > stage.now - std::time::Duration::from_secs(60));
            }
            stage.screen();
        }
    }
}

/// Acts that place a call: what is asked for by them is no stray one.
const CALLING: [Act; 7] = [
    Act::Verb("call"),
    Act::Verb("redial"),
    Act::Verb("voicemail"),
    Act::Verb("shortcut"),
    Act::Verb("pickup"),
    Act::Verb("retrieve"),
    Act::Echo,
];

/// Random keys through every mode, with calls that come and go: nothing panics, and nothing is called but by Enter or by a
/// key that is there for it.
#[test]
fn ten_thousand_keys_call_nobody_by_accident() {
    let rng = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let mut runner = TestRunner::new_with_rng(Config::default(), rng);
    let mut draw = move |one: BoxedStrategy<Msg>| one.new_tree(&mut runner).unwrap().current();
    for keymap in KEYMAPS.built_in {
        let mut stage = Stage::new(80, 24);
        stage.model.keymap = Keymap::built_in(keymap.name);
        for step in 0..2_500 {
            if step % 60 == 0 {
                stage.msg(draw(status().boxed()));
            }
            let message = draw(key().boxed());
            let Msg::Key(event) = &message else { continue };
            let pressed = Key::from(*event);
            let begun = stage.model.pending.as_ref().map(|pending| pending.keys.clone()).unwrap_or_default();
            let typed = begun.is_empty() && pressed.is_character() && stage.model.is_typing();
            let keys = [begun, vec![pressed]].concat();
            let act = stage.model.keymap.find(stage.model.place(), &keys).act();
            let means = !typed && act.is_some_and(|act| CALLING.contains(&act));
            let chooses = matches!(event.code, KeyCode::Enter | KeyCode::Tab);
            let calls = stage.msg(message.clone()).into_iter().any(|action| {
                matches!(action, Action::Send(Command::Dial { .. } | Command::Pickup { .. } | Command::Retrieve { .. }))
            });
            assert!(!calls || means || chooses, "{} {step}: {keys:?} in {:?}", keymap.name, stage.model.mode);
            stage.pass(0.2);
            if step % 20 == 0 {
                stage.screen();
            }
        }
    }
}
