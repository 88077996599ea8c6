//! Names, numbers and texts of whoever means ill, in every view at every size: each row is as wide as the screen, no wide
//! character is torn, nothing in a cell moves a cursor, and frames stand where they stand around a plain name.

use crate::stage::{Stage, account, asking, call, ended, light, message};
use ratatui::buffer::Buffer;
use tuiphone::control::verb::Request;
use tuiphone::control::{
    AccountInfo, CallInfo, CallState, Contact, ContactsAsk, Event, LightInfo, LightState, Party, RegistrationState,
    SettingAsk, SettingInfo, ShortcutInfo, SoundCard,
};
use tuiphone::text::{sanitise, sanitise_text};
use tuiphone::ui::glyphs::ASCII;
use tuiphone::ui::msg::{Answer, Msg};
use tuiphone::ui::past::{PastCall, at_start};
use unicode_width::UnicodeWidthStr;

const SIZES: [(u16, u16); 4] = [(120, 40), (80, 24), (21, 5), (7, 3)];

/// What is typed is searched for, and offered: the box is as high as what is found.
const GROWING: [&str; 3] = ["palette", "palette over names", "help searched"];

/// Nobody means ill.
const PLAIN: &str = "Alice";

/// What a far side may call itself.
fn texts() -> Vec<(&'static str, String)> {
    let text = |name, text: &str| (name, text.to_owned());
    vec![
        text("combining", &format!("e{} a\u{301}\u{302}\u{303}", "\u{301}".repeat(200))),
        text("nothing but combining", &"\u{301}".repeat(50)),
        text("families", &"👨\u{200d}👩\u{200d}👧\u{200d}👦".repeat(30)),
        text("skin", &"👍🏽".repeat(40)),
        text("wide", &"日本語の名前".repeat(30)),
        text("wide, one cell later", &format!("x{}", "日本語の名前".repeat(30))),
        text("right to left", "שלום עליכם مرحبا بالعالم 123 abc"),
        text("turned round", "\u{202e}gpj.exe\u{202c} \u{2067}abc \u{200f}x"),
        text("control", "a\tb\r\n\u{1b}[31mred\u{7}\u{9b}2J\u{0}\u{7f}\u{8}"),
        text("zero width", "\u{feff}a\u{200b}b\u{200d}c\u{2060}d\u{ad}e"),
        text("flags", &format!("{}🇩", "🇩🇪🇫🇷".repeat(40))),
        text("variants", "1\u{fe0f}\u{20e3} ❤\u{fe0f}\u{fe0e} ☎\u{fe0f} ㊗\u{fe0f}"),
        text("hangul and brahmic", "각각 가나다 क्षि กำ ༀཱུ ﷽﷽"),
        text("half width", "ﾊﾝｶｸ ＷＩＤＥ　ｘ"),
        text("a letter that never ends", &"w".repeat(10_000)),
        text("a wide one that never ends", &"語".repeat(10_000)),
        text("blanks", &" ".repeat(500)),
        text("nothing", ""),
    ]
}

fn party(text: &str) -> Party {
    Party { uri: format!("sip:{text}@{text}"), user: text.into(), name: Some(text.into()) }
}

fn talk(id: &str, state: CallState, text: &str) -> CallInfo {
    let mut info = CallInfo { remote: party(text), number: text.into(), ..call(id, state, "201", text) };
    info.reason = Some(text.into());
    if let Some(media) = &mut info.media {
        media.codec = text.into();
        media.cause_rx = Some(text.into());
    }
    info
}

/// A phone where everybody is called so, behind the gate that foreign text passes: accounts, calls, those who are watched, contacts, calls that were, messages.
fn phone(text: &str, written: &str, (columns, rows): (u16, u16)) -> Stage {
    let mut stage = Stage::new(columns, rows);
    let failed = AccountInfo {
        id: 2,
        state: RegistrationState::Failed,
        registered: false,
        reason: Some(text.into()),
        selected: false,
        ..account()
    };
    stage.status.accounts = [account(), failed].map(|it| AccountInfo { label: text.into(), ..it }).to_vec();
    let watched = |(at, state): (u16, LightState)| LightInfo {
        name: Some(text.into()),
        note: Some(text.into()),
        remote: Some(party(text)),
        ..light(&format!("{}", 300 + at), state)
    };
    let states = [LightState::Idle, LightState::Ringing, LightState::Busy, LightState::Away, LightState::Unknown];
    stage.status.lights = (0..).zip(states).map(watched).collect();
    let shortcut =
        |n| ShortcutInfo { n, label: text.into(), number: "102".into(), act: "call".into(), ..ShortcutInfo::default() };
    stage.status.shortcuts = (1..6).map(shortcut).collect();
    stage.tell();
    let contact = |number: &str| Contact {
        name: text.into(),
        number: number.into(),
        comment: text.into(),
        email: text.into(),
        starred: true,
        ..Contact::default()
    };
    let contacts = ["102", "103", text].map(contact).to_vec();
    let asked = Request::Contacts(ContactsAsk::List { search: None });
    stage.msg(Msg::Answer(asked, Ok(Answer::Contacts(contacts, 0))));
    for (id, status) in [("m1", None), ("m2", Some(200)), ("m3", Some(486))] {
        stage.event(Event::Message { message: message(id, "201", text, written, status) });
    }
    stage.model.message = None;
    stage
}

/// The calls that were, as the history asks for them.
fn remember(stage: &mut Stage, text: &str) {
    let calls: Vec<PastCall> = crate::lists::calls()
        .into_iter()
        .map(|mut past| {
            past.call.name = text.into();
            past.call.info = text.into();
            past.call.recording = text.into();
            past
        })
        .collect();
    let [recent, _] = at_start();
    let whole = Request::History {
        ask: tuiphone::control::HistoryAsk::List(tuiphone::control::Query { limit: 100, ..Default::default() }),
        form: None,
    };
    for asked in [recent, whole] {
        stage.msg(Msg::Answer(asked, Ok(Answer::Calls(calls.clone(), false))));
    }
}

pub fn settings(text: &str) -> Vec<SettingInfo> {
    let mut settings = crate::views::settings();
    for info in &mut settings {
        info.value = info.value.take().map(|_| text.to_owned());
        info.doc = text.into();
        info.locked = info.locked.take().map(|_| text.to_owned());
    }
    settings
}

/// Every view, with this text wherever one from outside may stand. What is pasted has passed nothing.
pub fn scenes(raw: &str, size: (u16, u16)) -> Vec<(&'static str, Stage)> {
    let (text, written) = (&*sanitise(raw), &*sanitise_text(raw));
    let mut scenes = Vec::new();
    let mut add = |name, keys: &str, change: &dyn Fn(&mut Stage)| {
        let mut stage = phone(text, written, size);
        stage.keys(keys);
        change(&mut stage);
        scenes.push((name, stage));
    };
    let calls = |states: &[CallState]| -> Vec<CallInfo> {
        (1..).zip(states).map(|(n, state)| talk(&format!("c{n}"), *state, text)).collect()
    };
    use CallState::{Calling, Connected, Held, Incoming};
    add("idle", "", &|_| {});
    add("typed", "/", &|stage| drop(stage.msg(Msg::Paste(raw.into()))));
    add("calling", "", &|stage| drop(stage.calls(calls(&[Calling]))));
    add("incoming", "", &|stage| drop(stage.calls(calls(&[Incoming, Connected]))));
    add("in a call", "", &|stage| drop(stage.calls(calls(&[Connected, Held, Held]))));
    add("over", "", &|stage| {
        let over = ended(talk("c1", Connected, text), 486, text, "busy");
        stage.event(Event::CallEnded { call: over });
    });
    add("asked", "", &|stage| {
        let mut ask = asking();
        (ask.from, ask.to) = (party(text), party(text));
        stage.status.asks = vec![ask];
        stage.tell();
    });
    add("said", "", &|stage| drop(stage.event(Event::Error { message: text.into(), hint: Some(text.into()) })));
    add("hand over", "", &|stage| {
        stage.calls(calls(&[Connected, Held]));
        stage.keys("t");
        stage.msg(Msg::Paste(raw.into()));
    });
    add("contacts", "b", &|stage| drop(stage.msg(Msg::Paste(raw.into()))));
    add("contact", "b Right", &|_| {});
    add("contact form", "b Ctrl-e", &|_| {});
    add("history", "i", &|stage| remember(stage, text));
    add("past call", "i", &|stage| {
        remember(stage, text);
        stage.keys("Right");
    });
    add("messages", "c", &|_| {});
    add("written", "c Enter", &|stage| drop(stage.msg(Msg::Paste(raw.into()))));
    add("accounts", "A Down", &|_| {});
    add("switchboard", "w", &|_| {});
    add("switchboard searched", "w", &|stage| drop(stage.msg(Msg::Paste(raw.into()))));
    add("settings", ",", &|stage| {
        let list = Request::Settings(SettingAsk::List);
        stage.msg(Msg::Answer(list, Ok(Answer::Settings(settings(text)))));
    });
    add("devices", "D", &|stage| {
        stage.status.audio.input = text.into();
        stage.tell();
        let card =
            |direction: &str| SoundCard { direction: direction.into(), name: text.into(), ..SoundCard::default() };
        stage.msg(Msg::Answer(Request::Devices, Ok(Answer::Cards(["input", "output"].map(card).to_vec()))));
    });
    add("ladder", "", &|stage| {
        stage.calls(calls(&[Connected]));
        stage.keys("L");
        for sent in [true, false, true] {
            stage.msg(crate::ladder::any(sent, text, text));
        }
    });
    add("quality", "", &|stage| {
        stage.calls(calls(&[Connected]));
        stage.keys("Q");
    });
    add("log", "", &|stage| {
        stage.event(Event::Error { message: text.into(), hint: Some(text.into()) });
        stage.event(Event::CallEnded { call: ended(talk("c1", Connected, text), 486, text, "busy") });
        stage.keys("O");
    });
    add("palette", ":", &|stage| drop(stage.msg(Msg::Paste(raw.into()))));
    add("palette over names", ": c a l l Space", &|_| {});
    add("help searched", "?", &|stage| drop(stage.msg(Msg::Paste(raw.into()))));
    add("answer", "", &|stage| drop(stage.msg(Msg::Ran("status", Ok(vec![text.into(); 4])))));
    add("which key", "Space", &|stage| stage.pass(2.0));
    scenes
}

/// What is wrong with a screen: rows, wide characters, what must not be in a cell.
fn torn(cells: &Buffer) -> Option<String> {
    for y in 0..cells.area.height {
        let mut x = 0;
        while x < cells.area.width {
            let symbol = cells[(x, y)].symbol();
            let width = symbol.width() as u16;
            let behind = (x + 1..x + width).map(|x| cells.cell((x, y)).map(|cell| cell.symbol()));
            let why = match behind.into_iter().find(|behind| *behind != Some(" ")) {
                _ if symbol.chars().any(is_unseen) => "moves what is around it".to_owned(),
                _ if width == 0 => "has no width".to_owned(),
                Some(None) => "hangs over the edge".to_owned(),
                Some(Some(behind)) => format!("is torn by {behind:?}"),
                None => {
                    x += width;
                    continue;
                }
            };
            return Some(format!("{symbol:?} at {x},{y} {why}"));
        }
    }
    None
}

/// It moves the cursor, or turns what follows round.
fn is_unseen(c: char) -> bool {
    c.is_control() || matches!(c, '\u{202a}'..='\u{202e}')
}

/// What stands between two panels, and their corners.
fn is_upright(symbol: &str) -> bool {
    ["│", "║", "╭", "╮", "╰", "╯", "╔", "╗", "╚", "╝"].contains(&symbol)
}

/// Which part of a frame is not where it is around a plain name.
fn moved(plain: &Buffer, cells: &Buffer) -> Option<String> {
    for y in 0..plain.area.height {
        for x in 0..plain.area.width {
            let (wanted, found) = (plain[(x, y)].symbol(), cells[(x, y)].symbol());
            if is_upright(wanted) && found != wanted {
                return Some(format!("{found:?} at {x},{y} where a frame has {wanted:?}"));
            }
        }
    }
    None
}

#[test]
fn no_name_tears_a_screen() {
    let mut wrong = Vec::new();
    for size in SIZES {
        let has_other_signs = size == (21, 5);
        let plain: Vec<Buffer> = scenes(PLAIN, size).iter().map(|(_, stage)| stage.drawn()).collect();
        for (name, text) in texts() {
            for ((view, mut stage), plain) in scenes(&text, size).into_iter().zip(&plain) {
                let mut note =
                    |what: &str, why| wrong.push(format!("{view}{what}, {}x{}, {name}: {why}", size.0, size.1));
                let cells = stage.drawn();
                let grows = GROWING.contains(&view);
                let why = torn(&cells).or_else(|| moved(plain, &cells).filter(|_| !grows));
                why.into_iter().for_each(|why| note("", why));
                if has_other_signs {
                    stage.glyphs = ASCII;
                    torn(&stage.drawn()).into_iter().for_each(|why| note(" in ASCII", why));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{} screens are wrong:\n{}", wrong.len(), wrong.join("\n"));
}
