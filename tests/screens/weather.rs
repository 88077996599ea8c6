//! What a storm is made of: keys, news of the phone, sizes, and answers to whatever is asked.

use crate::stage::{account, asking, call, ended, light, message as message_of, shortcuts};
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers, MouseButton, MouseEvent, MouseEventKind};
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use tuiphone::control::feed::Feed;
use tuiphone::control::verb::Request;
use tuiphone::control::{
    AccountInfo, CallState, Contact, ContactsAsk, DtmfVia, Event, HistoryAsk, Levels, LightState, PhoneState,
    RegistrationState, SettingAsk, SoundCard, SoundWay, Status, VoicemailInfo,
};
use tuiphone::ui::msg::{Answer, Msg};

/// Draws one thing after another, the same ones from the same seed.
pub struct Dice(TestRunner);

impl Dice {
    /// From a seed.
    pub fn new(seed: u64) -> Dice {
        let rng = TestRng::from_seed(RngAlgorithm::XorShift, &[seed.to_le_bytes(), (!seed).to_le_bytes()].concat());
        Dice(TestRunner::new_with_rng(Config::default(), rng))
    }

    /// The next one.
    pub fn draw<T: std::fmt::Debug>(&mut self, one: &BoxedStrategy<T>) -> T {
        one.new_tree(&mut self.0).unwrap().current()
    }
}

/// Any key.
pub fn key() -> impl Strategy<Value = Msg> {
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

/// Anything at all.
pub fn message() -> impl Strategy<Value = Msg> {
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

/// Sizes from a single cell to a wall.
pub fn size() -> impl Strategy<Value = Msg> {
    let edge = prop::sample::select(vec![(1, 1), (1, 100), (300, 1), (300, 100), (2, 2), (20, 5), (40, 10), (80, 24)]);
    prop_oneof![2 => edge, 3 => (1u16..90, 1u16..30), 1 => (1u16..=300, 1u16..=100)]
        .prop_map(|(columns, rows)| Msg::Resize(columns, rows))
}

/// News of a phone where much happens: calls that come, are answered and end, registrations, messages, those who are
/// watched, whoever asks for a call.
pub fn news() -> impl Strategy<Value = Msg> {
    let watched = prop::sample::select(vec![
        LightState::Idle,
        LightState::Ringing,
        LightState::Busy,
        LightState::Away,
        LightState::Offline,
    ]);
    let one =
        (0u8..4, state()).prop_map(|(id, state)| call(&format!("c{id}"), state, &format!("20{id}"), "Alice")).boxed();
    let lights = prop::collection::vec(watched.clone(), 0..8);
    let whole = (prop::collection::vec(one.clone(), 0..4), lights, any::<bool>(), any::<bool>()).prop_map(
        |(calls, lights, failed, asks)| {
            let voicemail = VoicemailInfo { number: Some("*97".into()), waiting: asks, ..VoicemailInfo::default() };
            let office = AccountInfo { voicemail: Some(voicemail), ..account() };
            let state = if failed { RegistrationState::Failed } else { RegistrationState::Registering };
            let branch = AccountInfo { id: 2, state, registered: false, selected: false, ..account() };
            let lights = (300..).zip(lights).map(|(number, state)| light(&number.to_string(), state)).collect();
            let status = Status {
                state: if calls.is_empty() { PhoneState::Idle } else { PhoneState::Connected },
                calls,
                lights,
                accounts: vec![office, branch],
                asks: asks.then(asking).into_iter().collect(),
                echo: Some("600".into()),
                shortcuts: shortcuts(),
                shortcuts_shown: true,
                ..Status::default()
            };
            Msg::Feed(Feed::Status(Box::new(status)))
        },
    );
    let event = |event| Msg::Feed(Feed::Event(Box::new(event)));
    let comes = one.clone().prop_map(move |call| event(Event::CallIncoming { call }));
    let ends =
        one.clone().prop_map(move |call| event(Event::CallEnded { call: ended(call, 486, "Busy Here", "busy") }));
    let digit = one.prop_map(move |call| event(Event::CallDtmf { call, digit: '5', via: DtmfVia::Rtp }));
    let presence = (300u16..308, watched)
        .prop_map(move |(number, state)| event(Event::Presence { light: light(&number.to_string(), state) }));
    let registration =
        any::<bool>().prop_map(move |changed| event(Event::Registration { account: account(), changed }));
    let lost = state().prop_map(move |state| {
        let (call, reason) = (call("c1", state, "201", "Alice"), "no packets for 5 s".into());
        event(Event::CallMediaLost { call, way: SoundWay::Rx, reason })
    });
    let asked = Just(()).prop_map(move |()| event(Event::CallAsked { ask: asking() }));
    let ran = (1usize..30).prop_map(|lines| Msg::Ran("status", Ok(vec!["a line of an answer".into(); lines])));
    let levels = (-96.0f32..0.0, -96.0f32..0.0)
        .prop_map(|(mic_dbfs, speaker_dbfs)| Msg::Feed(Feed::Levels(Levels { mic_dbfs, speaker_dbfs })));
    prop_oneof![
        6 => whole,
        2 => comes,
        2 => ends,
        2 => written(),
        2 => levels,
        1 => digit,
        1 => presence,
        1 => registration,
        1 => lost,
        1 => asked,
        1 => ran,
        1 => "[0-9 \n]{0,20}".prop_map(Msg::Paste),
        1 => Just(Msg::Tick),
        2 => (any::<bool>(), ".{0,30}", ".{0,60}").prop_map(|(sent, start, text)| crate::ladder::any(sent, &start, &text)),
    ]
}

/// What the phone answers.
pub fn answer(request: &Request) -> Option<Answer> {
    let card = |direction: &str| SoundCard {
        direction: direction.into(),
        name: format!("Headset {direction}"),
        ..SoundCard::default()
    };
    match request {
        Request::Contacts(ContactsAsk::List { .. }) => Some(Answer::Contacts(crate::lists::contacts(), 0)),
        Request::History { ask: HistoryAsk::List(_), .. } => Some(Answer::Calls(crate::lists::calls(), false)),
        Request::Settings(SettingAsk::List) => Some(Answer::Settings(crate::views::settings())),
        Request::Devices => Some(Answer::Cards(["input", "output"].map(card).to_vec())),
        Request::Codecs => Some(Answer::Codecs(vec!["opus/48000/2".into(), "PCMA/8000/1".into()])),
        _ => None,
    }
}
