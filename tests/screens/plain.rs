//! Plain English where another language is spoken: what stands on a screen is of the catalogue, or is data. The phone of
//! these screens knows nobody with a plain letter in the name.

mod data;
mod lines;
mod news;

use crate::pseudo::in_pseudo;
use crate::stage::{Stage, account, lights, shortcuts};
use crate::{hostile, ladder, quality, setup};
use data::{Found, NAME, is_command, is_key, is_of_view, is_of_wire, is_typed};
use news::{events, talk};
use tuiphone::control::feed::Feed;
use tuiphone::control::verb::Request;
use tuiphone::control::{
    AccountInfo, CallState, CommandError, ExitCode, LightInfo, RegistrationState, Secret, SettingAsk, ShortcutInfo,
    TlsTrust, VoicemailInfo,
};
use tuiphone::ui::glyphs::UNICODE;
use tuiphone::ui::keymap::{KEYMAPS, Keymap, Place};
use tuiphone::ui::msg::{Answer, Msg};
use tuiphone::ui::theme::{THEMES, Theme};
use tuiphone::ui::themes::Choice;
use tuiphone::ui::tips::Tips;
use tuiphone::ui::{keymap, theme};

fn phone((columns, rows): (u16, u16)) -> Stage {
    let mut stage = Stage::new(columns, rows);
    stage.status.accounts = vec![AccountInfo { label: NAME.into(), ..account() }];
    stage.tell();
    stage
}

/// Views that are in no other list, with what of them is data.
fn more(found: &mut Found, size: (u16, u16)) {
    let mut look = |view: &str, stage: &Stage| found.screen(view, stage, &is_of_wire);
    look("ladder", &ladder::open(size.0, size.1));
    let mut read = ladder::open(size.0, size.1);
    read.keys("Up Up Enter");
    look("message of the ladder", &read);
    let mut why = ladder::refused(size.0, size.1);
    why.keys("w");
    look("why", &why);
    let mut none = phone(size);
    none.keys("L");
    look("ladder of nothing", &none);
    none.msg(Msg::TraceOver(NAME.into()));
    look("ladder that has ended", &none);

    for view in ["b", "i", "c", "A", "Q", "w", ",", "D", "O"] {
        let mut empty = phone(size);
        empty.keys(view);
        found.screen(&format!("{view} with nothing in it"), &empty, &|word| is_of_view(&empty, word));
    }
    let mut look = |view: &str, stage: &Stage| found.screen(view, stage, &|word| is_of_view(stage, word));
    look("quality", &quality::talk(size.0, size.1, 52));
    let mut accounts = phone(size);
    let voicemail = VoicemailInfo { waiting: true, number: Some("*97".into()), ..VoicemailInfo::default() };
    for (state, tls) in [
        (RegistrationState::Registered, Some(TlsTrust::Verified)),
        (RegistrationState::Registering, Some(TlsTrust::Unverified)),
        (RegistrationState::Failed, None),
        (RegistrationState::Off, None),
    ] {
        let label = NAME.to_owned();
        let (registered, voicemail) = (state == RegistrationState::Registered, Some(voicemail.clone()));
        accounts.status.accounts =
            vec![AccountInfo { state, tls, registered, label, voicemail, reason: None, ..account() }];
        accounts.tell();
        look(&format!("phone, {state:?}"), &accounts);
        accounts.keys("A");
        look(&format!("account, {state:?}"), &accounts);
        accounts.keys("Esc");
    }
    let mut watched = phone(size);
    watched.status.lights = lights()
        .into_iter()
        .map(|it| LightInfo { name: Some(NAME.into()), remote: None, note: None, reason: None, ..it })
        .collect();
    watched.status.shortcuts = shortcuts().into_iter().map(|it| ShortcutInfo { label: NAME.into(), ..it }).collect();
    watched.status.shortcuts_shown = true;
    (watched.status.dnd, watched.status.auto_answer, watched.status.wrap_up) = (true, true, Some(9));
    (watched.status.forward, watched.status.mic_muted) = (Some("102".into()), true);
    watched.tell();
    look("phone with lights and shortcuts", &watched);
    watched.keys("w Down");
    look("switchboard", &watched);

    let mut log = phone(size);
    for event in events() {
        let kind = format!("{event:?}").split([' ', '{']).next().unwrap_or_default().to_owned();
        log.event(event);
        look(&format!("note on {kind}"), &log);
    }
    log.keys("Esc Esc Esc O Tab");
    for _ in 0..8 {
        look("log", &log);
        log.keys("PgUp");
    }
    log.msg(Msg::Feed(Feed::Closed(NAME.into())));
    log.keys("Esc");
    look("phone that is gone", &log);
    for seed in 0..18 {
        let mut tipped = phone(size);
        tipped.model.tips = Some(Tips::new(seed));
        found.screen("tip", &tipped, &|word| is_key(word) || word == "ann");
    }
}

fn settings(found: &mut Found, size: (u16, u16)) {
    let opened = || {
        let mut stage = phone(size);
        stage.keys(",");
        let list = Request::Settings(SettingAsk::List);
        stage.msg(Msg::Answer(list, Ok(Answer::Settings(hostile::settings(NAME)))));
        stage
    };
    let refusal =
        CommandError { code: ExitCode::Config, kind: "config", message: NAME.into(), hint: Some(NAME.into()) };
    for keys in [
        "",
        "Down",
        "Down Down",
        "Down Down Down",
        "Down Down Down Down",
        "End",
        "End Up",
        "End Up Up",
        "Enter",
        "Down Delete",
        "Down Down Enter",
        "Down Down Enter x Enter",
        "Down Down Enter Enter",
        "Down Down Down Down Enter",
        "Down Down Down Down Down Enter",
        "c",
        "/ ! Enter",
        "u",
        "y",
    ] {
        let mut stage = opened();
        stage.keys(keys);
        found.screen(&format!("settings, {keys}"), &stage, &is_key);
        let ask = SettingAsk::Set { name: "Settings.sourcePort".into(), value: Secret::new("9") };
        stage.msg(Msg::Answer(Request::Settings(ask), Err(refusal.clone())));
        found.screen(&format!("settings, refused, {keys}"), &stage, &is_key);
    }
}

fn themes(found: &mut Found, size: (u16, u16)) {
    let odd = |text: &str| {
        let (_, faults) = theme::read(text.as_bytes(), &|_| None);
        faults.into_iter().map(|fault| fault.words).collect::<Vec<_>>()
    };
    let trouble = "[theme]\ninherits=nowhere\ntorn=x\n[roles]\ngood=fat\nugly=red\nbad=on\ntext=#777777 on #888888\n\
                   dim=red on red on blue\nstrong=red blue\ntitle=#12\n[colours]\nx\n";
    let mut stage = phone(size);
    stage.keys("Space t");
    let choice = |(at, trouble): (usize, String)| Choice {
        name: format!("{NAME}{at}"),
        is_own: true,
        theme: Theme::default(),
        trouble: Some(trouble),
    };
    let faults = odd(trouble);
    assert!(faults.len() >= 10, "{faults:?}");
    let choices: Vec<Choice> = faults.into_iter().enumerate().map(choice).collect();
    let is_more = |word: &str| {
        let names = theme::Role::ALL.iter().any(|role| role.name().split('-').any(|part| part == word));
        names
            || is_key(word)
            || THEMES.sections.contains(&word)
            || [
                "inherits", "nowhere", "torn", "fat", "ugly", "colours", "list", "NAME", "VALUE", "rrggbb", "rgb",
                "black", "red", "blue", "default", "bright",
            ]
            .contains(&word)
    };
    stage.msg(Msg::Themes(choices.clone()));
    for _ in &choices {
        found.screen("themes", &stage, &is_more);
        stage.keys("Down");
    }
    for fault in choices.iter().filter_map(|choice| choice.trouble.as_ref()) {
        found.look("fault of a theme", fault, &is_more);
    }
}

/// Whatever is said of a keymap that is not as it should be.
fn keymaps(found: &mut Found) {
    let rows = "answr=a|hold=Hyper-x|hold=x\nplay=x|hold=x\nplay=x y|hold=x, x y|hold=x\nhold=y|hold=5|hold=a,,b|answer=none|answer=a|hold=Ctrl-i|hold=a,b,c,d,e,f,g,h,i,j,k,l,m,n,o,p,q,r";
    for rows in rows.split('|') {
        let (_, faults) = keymap::read(format!("[keys]\n{rows}\n").as_bytes(), &|_| None);
        assert!(!faults.is_empty(), "{rows}");
        let is_more = |word: &str| is_command(word) || ["answr", "Hyper", "Comma", "none", "actions"].contains(&word);
        for fault in faults {
            found.look(&format!("fault of the keymap {rows:?}"), &fault.words, &is_more);
        }
    }
    assert_eq!(KEYMAPS.sections, ["keymap", "keys"]);
}

fn questions(found: &mut Found, size: (u16, u16)) {
    for (name, questions) in setup::steps_of(&|offer| setup::foreign(size, offer, NAME), NAME, NAME) {
        let (screen, _) = setup::drawn(&questions, &UNICODE);
        found.look(&format!("question {name}, {}x{}", size.0, size.1), &screen, &|word| {
            ["FRITZ", "Box", "UDP"].contains(&word)
        });
    }
    for (name, questions) in setup::wrong(&|offer| setup::foreign(size, offer, NAME)) {
        let (screen, _) = setup::drawn(&questions, &UNICODE);
        found.look(&format!("wrong answer {name}"), &screen, &|word| word == "TLS");
    }
}

/// Help, palette: they list what is typed as it stands.
fn lists(found: &mut Found, size: (u16, u16)) {
    let mut help = phone(size);
    help.keys("?");
    for _ in 0..8 {
        found.screen("help", &help, &is_typed);
        help.keys("PgDn");
    }
    for letter in "abcdefghijklmnopqrstuvwxyz".chars() {
        let mut palette = phone(size);
        palette.keys(&format!(": {letter}"));
        found.screen("palette", &palette, &is_typed);
    }
    for keys in [": h o l d Enter", ": s e t Space", ": t r a n s f e r Space", ": e x i t Enter", ": n o n e", "Space"]
    {
        let mut palette = phone(size);
        palette.keys(keys);
        palette.pass(2.0);
        let typed = keys.replace([' ', ':'], "");
        found.screen(&format!("after {keys}"), &palette, &|word| is_typed(word) || typed.contains(word));
    }
}

#[test]
fn no_view_speaks_plain_english_in_another_language() {
    let mut found = Found::default();
    in_pseudo(|| {
        for size in [(120, 40), (80, 24)] {
            for (view, stage) in hostile::scenes(NAME, size) {
                found.screen(view, &stage, &|word| is_of_view(&stage, word));
            }
            more(&mut found, size);
            settings(&mut found, size);
            themes(&mut found, size);
            questions(&mut found, size);
        }
        lists(&mut found, (120, 40));
        keymaps(&mut found);
    });
    found.end();
}

/// What a key comes to is told in a note: each in its view, those of every view in each state of a call.
#[test]
fn no_key_is_answered_in_plain_english() {
    use CallState::{Connected, Held, Incoming};
    let mut found = Found::default();
    in_pseudo(|| {
        let keymap = Keymap::default();
        let views = hostile::scenes(NAME, (120, 40));
        let states: [&[CallState]; 4] = [&[], &[Incoming], &[Connected], &[Connected, Held]];
        for binding in keymap.bindings() {
            let Some(keys) = binding.keys.first().map(ToString::to_string) else { continue };
            let here = |place: Place| binding.places.contains(&place);
            for states in states.iter().filter(|_| here(Place::Everywhere)) {
                let mut stage = phone((120, 40));
                stage.calls((1..).zip(*states).map(|(n, state): (u8, _)| talk(&format!("c{n}"), *state)).collect());
                stage.keys(&keys);
                let view = format!("phone {states:?}, {keys} ({})", binding.name);
                found.screen(&view, &stage, &|word| is_of_view(&stage, word));
            }
            for (place, view) in [
                (Place::Contacts, "contacts"),
                (Place::History, "history"),
                (Place::Messages, "messages"),
                (Place::Ladder, "ladder"),
                (Place::Quality, "quality"),
                (Place::Log, "log"),
                (Place::Accounts, "accounts"),
                (Place::Switchboard, "switchboard"),
                (Place::Settings, "settings"),
                (Place::Devices, "devices"),
            ] {
                if !here(place) {
                    continue;
                }
                let (_, mut stage) = views.iter().find(|(name, _)| *name == view).unwrap().clone();
                stage.keys(&keys);
                found.screen(&format!("{view}, {keys} ({})", binding.name), &stage, &|word| is_of_view(&stage, word));
            }
        }
    });
    found.end();
}
