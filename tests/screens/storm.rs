//! Anything, in any order, at any size: the interface neither panics nor writes outside its screen, and calls nobody.

use crate::stage::Stage;
use crate::strays::{Allowed, CALLING, is_call};
use crate::weather::{Dice, answer, key, message, news, size};
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use proptest::prelude::*;
use std::collections::BTreeSet;
use tuiphone::ui::glyphs::{ASCII, UNICODE};
use tuiphone::ui::keymap::{Act, KEYMAPS, Key, Keymap};
use tuiphone::ui::msg::{Action, Msg};
use tuiphone::ui::setup::{Ask, update as setup};

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

/// The keys of a storm, in each keymap.
const KEYS: usize = 10_000;
/// What it begins with; another one is another storm.
const SEED: u64 = 20_260_102;
/// After so many keys another view is opened; so often news come, and the size is another; so often it is drawn.
const ANOTHER_VIEW: usize = 25;
const NEWS: usize = 5;
const ANOTHER_SIZE: usize = 11;
const DRAWN: usize = 40;

/// Acts that open a view, or lay something over it.
const OPENING: [Act; 13] = [
    Act::Verb("contacts"),
    Act::Verb("history"),
    Act::Verb("transfer"),
    Act::Messages,
    Act::Ladder,
    Act::Quality,
    Act::Log,
    Act::Accounts,
    Act::Settings,
    Act::Devices,
    Act::Watched,
    Act::Palette,
    Act::Help,
];

/// What must have been open in a storm that deserves its name.
const OPENED: [&str; 18] = [
    "Accounts",
    "Contacts",
    "Devices",
    "Help",
    "History",
    "Ladder",
    "Log",
    "Palette",
    "Phone",
    "Quality",
    "Settings",
    "Sheet",
    "Switchboard",
    "Thread",
    "Threads",
    "Transfer",
    "AskHangup",
    "which-key",
];

/// An interface in a storm.
struct Storm {
    stage: Stage,
    /// What was open, by name.
    opened: BTreeSet<String>,
    /// How often somebody was called or answered.
    calls: usize,
}

impl Storm {
    fn new(keymap: &str) -> Storm {
        let mut stage = Stage::new(80, 24);
        stage.model.keymap = Keymap::built_in(keymap);
        Storm { stage, opened: BTreeSet::new(), calls: 0 }
    }

    /// A message, and answers to all that is asked for it; what calls or answers somebody.
    fn takes(&mut self, msg: Msg) -> Vec<Action> {
        let mut calls = Vec::new();
        let mut waiting = vec![msg];
        for _ in 0..8 {
            let Some(msg) = waiting.pop() else { break };
            for action in self.stage.msg(msg) {
                if let Action::Ask(request) = &action
                    && let Some(told) = answer(request)
                {
                    waiting.push(Msg::Answer(request.clone(), Ok(told)));
                }
                if is_call(&action) {
                    calls.push(action);
                }
            }
        }
        let mode = format!("{:?}", self.stage.model.mode);
        let name = mode.split(|c: char| !c.is_alphanumeric()).next().unwrap_or_default();
        if !self.opened.contains(name) {
            self.opened.insert(name.to_owned());
        }
        if self.stage.model.pending.is_some() {
            self.opened.insert("which-key".into());
        }
        calls
    }

    /// A key. What calls or answers because of it must have been there to be called or answered by it.
    fn press(&mut self, key: Key, at: &str) {
        let allowed = Allowed::by(key, &self.stage.model);
        for call in self.takes(Msg::Key(KeyEvent::new(key.code, key.modifiers))) {
            self.calls += 1;
            assert!(allowed.has(&call), "{at}: {key} called somebody nobody meant: {call:?}, allowed {allowed:?}");
        }
    }

    /// The key of an act, and whatever closes what would take it for a letter.
    fn open(&mut self, act: Act, at: &str) {
        for act in [Act::Cancel, Act::Cancel, Act::Cancel, act] {
            let keys = self.stage.model.keymap.key(act, self.stage.model.is_typing()).cloned();
            keys.iter().flat_map(|keys| keys.list()).for_each(|key| self.press(*key, at));
        }
    }

    /// So many of these keys, with news between them and at ever other sizes.
    fn rages(&mut self, keys: usize, key: &BoxedStrategy<Msg>, dice: &mut Dice, name: &str) {
        let (news, size) = (news().boxed(), size().boxed());
        let views = prop::sample::select(OPENING.to_vec()).boxed();
        for step in 0..keys {
            let at = format!("seed {SEED}, {name}, key {step} in {:?}", self.stage.model.mode);
            if step % ANOTHER_VIEW == 0 {
                let view = dice.draw(&views);
                self.open(view, &at);
            }
            if step % NEWS == 0 {
                let news = dice.draw(&news);
                let calls = self.takes(news);
                assert!(calls.is_empty(), "{at}: news alone called somebody: {calls:?}");
            }
            if step % ANOTHER_SIZE == 0 {
                let size = dice.draw(&size);
                self.takes(size);
            }
            if let Msg::Key(event) = dice.draw(key) {
                self.press(Key::from(event), &at);
            }
            self.stage.pass(0.2);
            if step % DRAWN == 0 {
                self.stage.screen();
            }
        }
    }
}

/// Whatever is pressed: who is called was typed, chosen or has a key of their own, and who is answered rings.
#[test]
fn ten_thousand_keys_call_nobody_by_accident() {
    for keymap in KEYMAPS.built_in {
        let mut storm = Storm::new(keymap.name);
        storm.rages(KEYS, &key().boxed(), &mut Dice::new(SEED), keymap.name);
        assert!(storm.calls > 20, "{}: {} calls are no storm", keymap.name, storm.calls);
        let missed: Vec<&&str> = OPENED.iter().filter(|name| !storm.opened.contains(**name)).collect();
        assert!(missed.is_empty(), "{}: never open: {missed:?}", keymap.name);
    }
}

/// Without Enter, without Tab, which may ask somebody before a call is handed over, and without the keys that are there to call and to answer, nobody is ever called or answered.
#[test]
fn keys_that_call_nobody_call_nobody() {
    for keymap in KEYMAPS.built_in {
        let mut storm = Storm::new(keymap.name);
        let calling: Vec<Key> = CALLING
            .iter()
            .filter_map(|act| storm.stage.model.keymap.binding(*act))
            .flat_map(|binding| binding.keys.iter().filter_map(|keys| keys.list().last().copied()))
            .collect();
        let calms = move |msg: &Msg| match msg {
            Msg::Key(event) => {
                let chooses = matches!(event.code, KeyCode::Enter | KeyCode::Tab);
                !chooses && !calling.contains(&Key::from(*event))
            }
            _ => false,
        };
        let calm = key().prop_filter("it may call", calms).boxed();
        storm.rages(KEYS / 4, &calm, &mut Dice::new(SEED), keymap.name);
        assert_eq!(storm.calls, 0, "seed {SEED}, {}", keymap.name);
    }
}

/// The first run's questions: any key, any news, any size. The echo is called, and written down is, by Enter, a number of
/// the list or a click alone.
#[test]
fn a_storm_over_the_questions_of_the_first_run() {
    let (mut dice, size) = (Dice::new(SEED), size().boxed());
    let pressed = |code| Msg::Key(KeyEvent::new(code, KeyModifiers::NONE));
    // What is chosen more often than by chance, and what a server says more often.
    let key = prop_oneof![4 => key(), 2 => Just(pressed(KeyCode::Enter)), 1 => Just(pressed(KeyCode::Down))].boxed();
    let news = (prop_oneof![2 => Just(1u8), 1 => Just(2), 2 => 0u8..8], 0u32..2, ".{0,80}").boxed();
    let mut questions = crate::setup::setup((80, 24), true);
    let (mut steps, mut echoes, mut savings) = (BTreeSet::new(), 0, 0);
    for step in 0..KEYS {
        // A server answers soon.
        if step % 9 == 0 || questions.trying.is_some() {
            let (kind, ago, words) = dice.draw(&news);
            let news = crate::setup::news(kind, questions.tries.saturating_sub(ago), words);
            let asked = setup::update(&mut questions, setup::Msg::News(news));
            assert!(!asked.iter().any(crate::setup::is_weighty), "seed {SEED}, {step}: {asked:?}");
        }
        if step % ANOTHER_SIZE == 0
            && let Msg::Resize(columns, rows) = dice.draw(&size)
        {
            setup::update(&mut questions, setup::Msg::Resize(columns, rows));
        }
        let Msg::Key(event) = dice.draw(&key) else { continue };
        let asked = setup::update(&mut questions, setup::Msg::Key(event));
        if asked.iter().any(crate::setup::is_weighty) {
            let chooses = matches!(event.code, KeyCode::Enter | KeyCode::Char('1'..='9'));
            assert!(chooses, "seed {SEED}, {step}: {event:?}: {asked:?}");
            let saves = asked.iter().any(|effect| matches!(effect, setup::Effect::Ask(Ask::Save(..))));
            (echoes, savings) = if saves { (echoes, savings + 1) } else { (echoes + 1, savings) };
        }
        if asked.iter().any(|effect| matches!(effect, setup::Effect::Leave(_))) {
            questions = crate::setup::setup(questions.size, step % 2 == 0);
        }
        steps.insert(format!("{:?}", questions.step).split('{').next().unwrap_or_default().trim().to_owned());
        if step % DRAWN == 0 {
            crate::setup::drawn(&questions, &UNICODE);
        }
    }
    assert!(steps.len() >= 8 && echoes > 0 && savings > 10, "{echoes} calls, {savings} savings, seen: {steps:?}");
}
