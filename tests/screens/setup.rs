//! The questions of the first run, as people see them.

use super::pictures::assert_picture;
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use std::time::Instant;
use tuiphone::control::{Levels, Secret};
use tuiphone::ui::glyphs::{ASCII, Glyphs, UNICODE};
use tuiphone::ui::keymap::Key;
use tuiphone::ui::setup::update::{Effect, Msg, update};
use tuiphone::ui::setup::{Answers, Ask, News, Offer, Refusal, Setup, Transport};
use tuiphone::ui::theme::Theme;
use tuiphone::ui::view::setup::{Drawn, view};

const SIZES: [(u16, u16); 4] = [(120, 40), (80, 24), (40, 10), (20, 5)];

/// Before the first key, with what another softphone has or without.
pub fn setup(size: (u16, u16), offer: bool) -> Setup {
    let answers = Answers {
        server: "pbx.example.net".into(),
        user: "101".into(),
        password: Secret::new("x"),
        imported: true,
        ..Answers::default()
    };
    let words = "101@pbx.example.net and 2 more of MicroSIP, Linphone, 34 contacts".to_owned();
    let keeps = vec![
        "In the keyring of this system".to_owned(),
        "In a file that only you can read: ~/.config/tuiphone/passwords".to_owned(),
        "As plain text in ~/.config/tuiphone/microsip.ini".to_owned(),
        "Nowhere: it is asked for at each start".to_owned(),
    ];
    let offer = offer.then_some(Offer { words, answers, asks_password: None });
    Setup::new(size, offer, keeps, "~/.config/tuiphone/microsip.ini".into())
}

/// The same where what others say of offers and places is this.
pub fn foreign(size: (u16, u16), offer: bool, text: &str) -> Setup {
    let mut setup = setup(size, offer);
    setup.keeps = vec![text.into(); 4];
    if let Some(offer) = &mut setup.offer {
        (offer.words, offer.asks_password) = (text.into(), Some(text.into()));
    }
    setup
}

fn press(setup: &mut Setup, keys: &str) {
    for word in keys.split(' ') {
        let keys = match Key::parse(word) {
            Some(key) => vec![key],
            None => word.chars().map(|c| Key { code: KeyCode::Char(c), modifiers: KeyModifiers::NONE }).collect(),
        };
        for key in keys {
            update(setup, Msg::Key(KeyEvent::new(key.code, key.modifiers)));
        }
    }
}

/// News of this kind about a try.
pub fn news(kind: u8, of: u32, words: String) -> News {
    match kind {
        0 => News::Trying(of, Transport::Tcp),
        1 => News::Registered(of, Transport::Udp),
        2 => News::Refused(of, Refusal::of(Some(403), &words, true)),
        3 => News::Levels(Levels { mic_dbfs: -23.0, speaker_dbfs: f32::NAN }),
        4 => News::Sound(words),
        5 => News::Heard(true),
        6 => News::Call(words, true),
        _ => News::NotSaved(words),
    }
}

/// It calls, or writes the answers down.
pub fn is_weighty(effect: &Effect) -> bool {
    matches!(effect, Effect::Ask(Ask::Echo(_) | Ask::Save(..)))
}

/// The screen, and where a click chooses.
#[allow(clippy::disallowed_methods)]
pub fn drawn(setup: &Setup, glyphs: &Glyphs) -> (String, Drawn) {
    let (columns, rows) = setup.size;
    let mut terminal = Terminal::new(TestBackend::new(columns, rows)).unwrap();
    let mut drawn = Drawn::default();
    let theme = Theme::default();
    terminal.draw(|frame| drawn = view(setup, &theme, glyphs, Instant::now(), frame)).unwrap();
    let buffer = terminal.backend().buffer();
    let mut screen = String::new();
    for row in 0..rows {
        let line: String = (0..columns).map(|column| buffer[(column, row)].symbol()).collect();
        screen.push_str(line.trim_end());
        screen.push('\n');
    }
    (screen, drawn)
}

/// The questions of one setup, each before its picture is taken.
fn steps(size: (u16, u16)) -> Vec<(&'static str, Setup)> {
    steps_of(&|offer| setup(size, offer), "Forbidden", "The microphone works: loudest -12 dBFS.")
}

/// The same of any setup: what a server says to a wrong password, and what came of the sound.
pub fn steps_of(setup: &dyn Fn(bool) -> Setup, forbidden: &str, sound: &str) -> Vec<(&'static str, Setup)> {
    let mut all = vec![("start", setup(true))];
    let mut now = setup(false);
    let mut add = |name, now: &Setup| all.push((name, now.clone()));
    press(&mut now, "Enter Down");
    add("server", &now);
    press(&mut now, "Enter softphone");
    add("user", &now);
    press(&mut now, "Enter secret");
    add("password", &now);
    press(&mut now, "Enter Down");
    add("connection", &now);
    press(&mut now, "Enter");
    add("trying", &now);
    let mut refused = now.clone();
    let no = Refusal::of(Some(403), forbidden, true);
    update(&mut refused, Msg::News(News::Refused(1, no)));
    add("refused", &refused);
    update(&mut now, Msg::News(News::Registered(1, Transport::Udp)));
    update(&mut now, Msg::News(News::Levels(Levels { mic_dbfs: -23.0, speaker_dbfs: -41.0 })));
    update(&mut now, Msg::News(News::Sound(sound.into())));
    add("sound", &now);
    press(&mut now, "Tab Down");
    add("save", &now);
    all
}

/// Answers that are none, and what a server may say to others.
pub fn wrong(setup: &dyn Fn(bool) -> Setup) -> Vec<(String, Setup)> {
    let mut all = Vec::new();
    for keys in [
        "Enter Enter",
        "Enter 1 Space 2 Enter",
        "Enter 1:0 Enter",
        "Enter 1 Enter Enter",
        "Enter 1 Enter 2 Space 3 Enter",
        "Enter 1 Enter 2@ Enter",
        "Enter 1 Enter 2 Enter Enter Enter",
    ] {
        let mut now = setup(false);
        press(&mut now, keys);
        all.push((format!("{keys:?}"), now));
    }
    for (status, said) in [
        (Some(401), ""),
        (Some(402), ""),
        (Some(404), ""),
        (Some(405), ""),
        (Some(302), ""),
        (Some(408), ""),
        (Some(488), ""),
        (Some(503), ""),
        (Some(499), ""),
        (None, ""),
    ] {
        let mut now = setup(false);
        press(&mut now, "Enter 1 Enter 2 Enter 3 Enter Enter");
        update(&mut now, Msg::News(News::Refused(1, Refusal::of(status, said, status != Some(401)))));
        all.push((format!("{status:?}"), now));
    }
    let mut now = setup(false);
    press(&mut now, "Enter 1 Enter 2 Enter 3 Enter Enter");
    update(&mut now, Msg::News(News::Registered(1, Transport::Tls)));
    press(&mut now, "Down Enter");
    all.push(("the echo".to_owned(), now.clone()));
    press(&mut now, "6 0 0 Enter");
    all.push(("the echo call".to_owned(), now));
    let mut now = setup(false);
    press(&mut now, "Enter 1 Enter 2 Enter 3 Enter Enter");
    update(&mut now, Msg::News(News::Refused(1, Refusal::of(Some(403), "", true))));
    press(&mut now, "4");
    all.push(("kept all the same".to_owned(), now.clone()));
    press(&mut now, "Enter");
    all.push(("writing".to_owned(), now));
    all
}

#[test]
fn every_question_at_every_size() {
    for size in SIZES {
        for (name, setup) in steps(size) {
            let (screen, _) = drawn(&setup, &UNICODE);
            assert_picture(&format!("setup_{name}_{}x{}", size.0, size.1), &screen);
            assert!(!screen.contains("secret"), "the password is shown:\n{screen}");
        }
    }
    let (screen, _) = drawn(&steps((80, 24))[7].1, &ASCII);
    assert!(screen.is_ascii(), "{screen}");
    assert_picture("setup_sound_ascii", &screen);
}

#[test]
fn a_click_chooses_what_is_seen() {
    let mut setup = setup((80, 24), false);
    press(&mut setup, "Enter pbx Enter 101 Enter x Enter");
    let (screen, drawn) = drawn(&setup, &UNICODE);
    let row = screen.lines().position(|line| line.contains("TLS, encrypted")).unwrap();
    let pick = drawn.pick_at(u16::try_from(row).unwrap()).unwrap();
    let asked = update(&mut setup, Msg::Click(pick));
    let over = |answers: &Answers| answers.transport == Transport::Tls;
    let is_asked = |effect: &Effect| matches!(effect, Effect::Ask(Ask::Try(1, answers)) if over(answers));
    assert!(asked.iter().any(is_asked), "{asked:?}");
    assert_eq!(drawn.pick_at(0), None);
}

#[test]
fn no_size_and_no_text_breaks_the_screen() {
    let long = "w".repeat(240);
    for (columns, rows) in [(1, 1), (2, 2), (3, 1), (10, 3), (36, 9), (37, 10), (300, 100)] {
        for (_, mut setup) in steps((columns, rows)) {
            update(&mut setup, Msg::Paste(format!("{long}\u{1b}[2J\u{202e}名前")));
            update(&mut setup, Msg::News(News::NotSaved(long.clone())));
            update(&mut setup, Msg::News(News::Sound(long.clone())));
            let (screen, _) = drawn(&setup, &UNICODE);
            assert!(!screen.contains('\u{1b}'));
        }
    }
}
