//! A message changes the questions and says what is to be done. No clock, no terminal, no phone.

use super::answers::{self, MAX_CHARS, PRESETS, Question};
use super::model::{Pick, Setup, Step};
use super::{Ask, Ending, News};
use crate::control::Levels;
use crate::text::say;
use crate::ui::keymap::Key;
use crate::ui::model::SILENT;
use crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers};

/// What happened.
#[derive(Debug, Clone, PartialEq)]
pub enum Msg {
    /// A key.
    Key(KeyEvent),
    /// A click on the line of this number.
    Click(usize),
    /// Text pasted in one piece.
    Paste(String),
    /// The terminal's new size: columns, rows.
    Resize(u16, u16),
    /// News of what was asked.
    News(News),
}

/// What is to be done.
#[derive(Debug, Clone, PartialEq)]
pub enum Effect {
    /// Something of whoever started the questions.
    Ask(Ask),
    /// Stop until the shell's `fg`.
    Suspend,
    /// Draw the whole screen again.
    Repaint,
    /// They are over.
    Leave(Ending),
}

/// Takes a message in.
pub fn update(setup: &mut Setup, msg: Msg) -> Vec<Effect> {
    match msg {
        Msg::Key(event) if event.kind == KeyEventKind::Press => key(setup, Key::from(event)),
        Msg::Key(_) => Vec::new(),
        Msg::Click(row) => {
            setup.row = row;
            choose(setup)
        }
        Msg::Paste(text) => {
            setup.notice = None;
            let text = text.trim().replace(['\n', '\r', '\t'], " ");
            if let Some(line) = setup.line() {
                text.chars().for_each(|c| line.insert(c, MAX_CHARS));
            }
            Vec::new()
        }
        Msg::Resize(columns, rows) => {
            setup.size = (columns, rows);
            Vec::new()
        }
        Msg::News(news) => take_in(setup, news),
    }
}

fn key(setup: &mut Setup, key: Key) -> Vec<Effect> {
    match (key.code, key.modifiers) {
        (KeyCode::Char('c'), KeyModifiers::CONTROL) => return vec![Effect::Leave(Ending::Left)],
        (KeyCode::Char('z'), KeyModifiers::CONTROL) => return vec![Effect::Suspend],
        (KeyCode::Char('l'), KeyModifiers::CONTROL) => return vec![Effect::Repaint],
        _ if setup.saving => return Vec::new(),
        (KeyCode::Esc | KeyCode::BackTab, _) => return back(setup),
        (KeyCode::Enter, _) if !setup.picks().is_empty() => return choose(setup),
        (KeyCode::Enter | KeyCode::Tab, _) => return next(setup),
        (KeyCode::Up, _) => return step(setup, false),
        (KeyCode::Down, _) => return step(setup, true),
        _ => {}
    }
    if let Some(line) = setup.line() {
        if let KeyCode::Char(c) = key.code
            && key.is_character()
        {
            line.insert(c, MAX_CHARS);
            setup.notice = None;
        } else if line.key(key.code, key.modifiers) {
            setup.notice = None;
        }
        return Vec::new();
    }
    // A list is chosen from by number too.
    if let KeyCode::Char(c @ '1'..='9') = key.code
        && key.is_character()
        && (c as usize) - ('1' as usize) < setup.picks().len()
    {
        setup.row = (c as usize) - ('1' as usize);
        return choose(setup);
    }
    Vec::new()
}

/// Up and down: another line, another field, another exchange.
fn step(setup: &mut Setup, down: bool) -> Vec<Effect> {
    let moved = |at: usize, count: usize| match down {
        true => (at + 1).min(count.saturating_sub(1)),
        false => at.saturating_sub(1),
    };
    match setup.step {
        Step::Ask(Question::Server) => {
            let old = setup.preset().server;
            setup.preset = moved(setup.preset, PRESETS.len());
            // What somebody has typed stays.
            if setup.server.text().trim() == old {
                setup.server.set(setup.preset().server, MAX_CHARS);
            }
            setup.echo.set(setup.preset().echo, MAX_CHARS);
            setup.notice = None;
        }
        Step::Ask(Question::User) => setup.in_login = down,
        _ => setup.row = moved(setup.row, setup.picks().len()),
    }
    Vec::new()
}

fn open(setup: &mut Setup, step: Step) -> Vec<Effect> {
    setup.row = match &step {
        Step::Ask(Question::Transport) => {
            answers::Transport::ALL.iter().position(|it| *it == setup.transport).unwrap_or_default()
        }
        _ => 0,
    };
    setup.step = step;
    (setup.notice, setup.in_login) = (None, false);
    Vec::new()
}

/// On to what comes next, if the open question has its answer.
fn next(setup: &mut Setup) -> Vec<Effect> {
    match setup.step.clone() {
        Step::Ask(question @ (Question::Server | Question::User)) => {
            if let Err((wrong, why)) = setup.answers()
                && wrong.number() <= question.number()
            {
                open(setup, Step::Ask(wrong));
                setup.notice = Some(why);
                return Vec::new();
            }
            let next = if question == Question::Server { Question::User } else { Question::Password };
            open(setup, Step::Ask(next))
        }
        Step::Ask(Question::Password) => open(setup, Step::Ask(Question::Transport)),
        Step::Ask(Question::Transport) => {
            if let Some(Pick::Transport(transport)) = setup.pick() {
                setup.transport = transport;
            }
            try_now(setup)
        }
        Step::Ask(Question::Sound) => {
            let hang_up = setup.in_call.then_some(Effect::Ask(Ask::HangUp));
            open(setup, Step::Save);
            hang_up.into_iter().collect()
        }
        Step::Start | Step::Trying | Step::Refused(_) | Step::Save => step(setup, true),
    }
}

/// Back to what came before; at the beginning out of here.
fn back(setup: &mut Setup) -> Vec<Effect> {
    match setup.step.clone() {
        Step::Start => vec![Effect::Leave(Ending::Left)],
        Step::Ask(Question::Server) => open(setup, Step::Start),
        Step::Ask(Question::User) => open(setup, Step::Ask(Question::Server)),
        Step::Ask(Question::Password) => open(setup, Step::Ask(Question::User)),
        Step::Ask(Question::Transport) => open(setup, Step::Ask(Question::Password)),
        Step::Trying => {
            setup.trying = None;
            open(setup, Step::Ask(Question::Transport));
            vec![Effect::Ask(Ask::Stop)]
        }
        Step::Refused(_) => open(setup, Step::Ask(Question::Transport)),
        Step::Ask(Question::Sound) => {
            (setup.in_call, setup.testing) = (false, false);
            open(setup, Step::Ask(Question::Transport));
            vec![Effect::Ask(Ask::Stop)]
        }
        Step::Save => open(setup, Step::Ask(Question::Sound)),
    }
}

fn choose(setup: &mut Setup) -> Vec<Effect> {
    match setup.pick() {
        None => Vec::new(),
        Some(Pick::Import) => {
            let Some(offer) = setup.offer.clone() else { return Vec::new() };
            setup.take(&offer.answers);
            match offer.asks_password {
                Some(why) => {
                    open(setup, Step::Ask(Question::Password));
                    setup.notice = Some(why);
                    Vec::new()
                }
                None => try_now(setup),
            }
        }
        Some(Pick::ByHand) => {
            setup.imported = false;
            open(setup, Step::Ask(Question::Server))
        }
        Some(Pick::Demo) => vec![Effect::Leave(Ending::Demo)],
        Some(Pick::Skip) => vec![Effect::Leave(Ending::Skipped)],
        Some(Pick::Transport(_) | Pick::Next) => next(setup),
        Some(Pick::Mend(question)) => open(setup, Step::Ask(question)),
        Some(Pick::Again) => try_now(setup),
        Some(Pick::Anyway) => open(setup, Step::Save),
        Some(Pick::Microphone) if setup.testing => Vec::new(),
        Some(Pick::Microphone) => {
            (setup.testing, setup.sound) = (true, None);
            vec![Effect::Ask(Ask::Microphone)]
        }
        Some(Pick::Echo) if setup.in_call => vec![Effect::Ask(Ask::HangUp)],
        Some(Pick::Echo) => {
            let number = setup.echo.text().trim().to_owned();
            if number.is_empty() {
                setup.sound = Some(say!("setup-echo-needed"));
                return Vec::new();
            }
            (setup.in_call, setup.sound) = (true, None);
            vec![Effect::Ask(Ask::Echo(number))]
        }
        Some(Pick::Keep(place)) => match setup.answers() {
            Ok(answers) => {
                (setup.saving, setup.notice) = (true, None);
                vec![Effect::Ask(Ask::Save(Box::new(answers), place))]
            }
            Err((wrong, why)) => {
                open(setup, Step::Ask(wrong));
                setup.notice = Some(why);
                Vec::new()
            }
        },
    }
}

fn try_now(setup: &mut Setup) -> Vec<Effect> {
    match setup.answers() {
        Ok(answers) => {
            setup.tries += 1;
            (setup.trying, setup.registered) = (answers.transport.tries().first().copied(), None);
            open(setup, Step::Trying);
            vec![Effect::Ask(Ask::Try(setup.tries, Box::new(answers)))]
        }
        Err((wrong, why)) => {
            open(setup, Step::Ask(wrong));
            setup.notice = Some(why);
            Vec::new()
        }
    }
}

fn take_in(setup: &mut Setup, news: News) -> Vec<Effect> {
    let is_of_now = |setup: &Setup, number: u32| setup.step == Step::Trying && setup.tries == number;
    match news {
        News::Trying(number, transport) if is_of_now(setup, number) => setup.trying = Some(transport),
        News::Registered(number, transport) if is_of_now(setup, number) => {
            (setup.trying, setup.registered, setup.levels) = (None, Some(transport), SILENT);
            open(setup, Step::Ask(Question::Sound));
        }
        News::Refused(number, refusal) if is_of_now(setup, number) => {
            setup.trying = None;
            open(setup, Step::Refused(refusal));
        }
        // What comes late is of a try that was given up.
        News::Trying(..) | News::Registered(..) | News::Refused(..) => {}
        News::Levels(Levels { mic_dbfs, speaker_dbfs }) => setup.levels = Levels { mic_dbfs, speaker_dbfs },
        News::Sound(words) => setup.sound = Some(words),
        News::Heard(well) => {
            setup.testing = false;
            if well && setup.pick() == Some(Pick::Microphone) {
                setup.row = setup.picks().iter().position(|pick| *pick == Pick::Next).unwrap_or(setup.row);
            }
        }
        News::Call(words, up) => {
            (setup.sound, setup.in_call) = (Some(words), up);
        }
        News::Saved => return vec![Effect::Leave(Ending::Saved)],
        News::NotSaved(why) => (setup.saving, setup.notice) = (false, Some(why)),
    }
    Vec::new()
}

#[cfg(test)]
mod tests {
    use super::super::answers::{Answers, Transport};
    use super::super::model::Offer;
    use super::super::refusal::Refusal;
    use super::*;
    use crate::control::Secret;

    fn setup(offer: Option<Offer>) -> Setup {
        Setup::new((80, 24), offer, vec!["in the keyring".into(), "nowhere".into()], "~/x.ini".into())
    }

    /// Keys with blanks between; a word of several letters that is no key is typed.
    fn press(setup: &mut Setup, keys: &str) -> Vec<Effect> {
        let mut effects = Vec::new();
        for word in keys.split(' ') {
            let keys = match Key::parse(word) {
                Some(key) => vec![key],
                None => word.chars().map(|c| Key { code: KeyCode::Char(c), modifiers: KeyModifiers::NONE }).collect(),
            };
            for key in keys {
                effects.extend(update(setup, Msg::Key(KeyEvent::new(key.code, key.modifiers))));
            }
        }
        effects
    }

    fn answers() -> Answers {
        Answers {
            server: "pbx.example.net".into(),
            user: "101".into(),
            password: Secret::new("secret"),
            ..Answers::default()
        }
    }

    #[test]
    fn five_answers_end_in_a_phone() {
        let mut setup = setup(None);
        let asked = press(&mut setup, "Enter pbx.example.net Enter 101 Tab secret Enter Enter");
        assert_eq!(asked, [Effect::Ask(Ask::Try(1, Box::new(answers())))]);
        assert_eq!(setup.trying, Some(Transport::Udp));
        update(&mut setup, Msg::News(News::Trying(1, Transport::Tcp)));
        assert_eq!(setup.trying, Some(Transport::Tcp));
        update(&mut setup, Msg::News(News::Registered(1, Transport::Tcp)));
        assert_eq!(setup.step, Step::Ask(Question::Sound));
        assert_eq!(press(&mut setup, "Enter Enter"), [Effect::Ask(Ask::Microphone)], "once at a time");
        update(&mut setup, Msg::News(News::Heard(true)));
        assert_eq!(setup.pick(), Some(Pick::Next));
        assert!(press(&mut setup, "Enter").is_empty());
        assert_eq!(press(&mut setup, "Down Enter"), [Effect::Ask(Ask::Save(Box::new(answers()), 1))]);
        assert!(press(&mut setup, "Enter").is_empty(), "nothing is written twice");
        update(&mut setup, Msg::News(News::NotSaved("no room".into())));
        assert_eq!((setup.notice.as_deref(), setup.saving), (Some("no room"), false));
        assert_eq!(update(&mut setup, Msg::News(News::Saved)), [Effect::Leave(Ending::Saved)]);
    }

    #[test]
    fn a_no_leads_back_to_the_answer_that_was_wrong() {
        let mut setup = setup(None);
        press(&mut setup, "Enter pbx.example.net Enter 101 Enter wrong Enter Enter");
        let no = Refusal::of(Some(403), "Forbidden", true);
        update(&mut setup, Msg::News(News::Refused(7, no.clone())));
        assert_eq!(setup.step, Step::Trying, "it is of another try");
        update(&mut setup, Msg::News(News::Refused(1, no)));
        assert_eq!(setup.pick(), Some(Pick::Mend(Question::Password)));
        let asked = press(&mut setup, "Enter Ctrl-u secret Enter Enter");
        assert_eq!(asked, [Effect::Ask(Ask::Try(2, Box::new(answers())))]);
        let late = Refusal::of(None, "", true);
        update(&mut setup, Msg::News(News::Refused(1, late.clone())));
        assert_eq!(setup.step, Step::Trying);
        update(&mut setup, Msg::News(News::Refused(2, late)));
        assert_eq!(press(&mut setup, "3"), [Effect::Ask(Ask::Try(3, Box::new(answers())))], "once more");
        assert_eq!(press(&mut setup, "Esc"), [Effect::Ask(Ask::Stop)]);
        assert_eq!(setup.step, Step::Ask(Question::Transport));
    }

    #[test]
    fn no_answer_is_no_way_on_and_esc_goes_back_to_the_beginning() {
        let mut setup = setup(None);
        assert!(press(&mut setup, "Enter Enter").is_empty());
        assert!(setup.step == Step::Ask(Question::Server) && setup.notice.is_some());
        press(&mut setup, "p");
        assert!(setup.notice.is_none());
        press(&mut setup, "Enter Enter");
        assert!(setup.step == Step::Ask(Question::User) && setup.notice.is_some());
        press(&mut setup, "1 Enter Enter");
        assert_eq!(setup.step, Step::Ask(Question::Transport), "a password may be empty");
        press(&mut setup, "Esc");
        update(&mut setup, Msg::Key(KeyEvent::new(KeyCode::BackTab, KeyModifiers::SHIFT)));
        assert_eq!(setup.step, Step::Ask(Question::User));
        assert_eq!(press(&mut setup, "Esc Esc Esc"), [Effect::Leave(Ending::Left)]);
        assert_eq!(setup.server.text(), "p", "what was typed stays");
    }

    #[test]
    fn an_exchange_brings_its_server_and_its_echo() {
        let mut setup = setup(None);
        press(&mut setup, "Enter Down");
        assert_eq!(setup.server.text(), "fritz.box");
        press(&mut setup, "Down Down");
        assert_eq!((setup.server.text().as_str(), setup.echo.text().as_str()), ("", "*43"));
        press(&mut setup, "mine Down");
        assert_eq!((setup.server.text().as_str(), setup.echo.text().as_str()), ("mine", "*777"));
        press(&mut setup, "Enter 101 Down abc Up 2 Enter");
        let answers = setup.answers().unwrap();
        assert_eq!((answers.user.as_str(), answers.login.as_str()), ("1012", "abc"));
    }

    #[test]
    fn what_another_softphone_has_is_tried_at_once() {
        let offer = |why: Option<&str>| {
            let answers = Answers { imported: true, ..answers() };
            Some(Offer { words: "101".into(), answers, asks_password: why.map(str::to_owned) })
        };
        let mut known = setup(offer(None));
        let all = Answers { imported: true, ..answers() };
        assert_eq!(press(&mut known, "Enter"), [Effect::Ask(Ask::Try(1, Box::new(all)))]);
        let mut sealed = setup(offer(Some("encrypted")));
        assert!(press(&mut sealed, "Enter").is_empty());
        assert_eq!((&sealed.step, sealed.notice.as_deref()), (&Step::Ask(Question::Password), Some("encrypted")));
        let mut other = setup(offer(None));
        assert_eq!(press(&mut other, "3"), [Effect::Leave(Ending::Demo)]);
        assert_eq!(press(&mut other, "4"), [Effect::Leave(Ending::Skipped)]);
    }

    #[test]
    fn the_echo_call_needs_a_number_and_is_hung_up_on_the_way_on() {
        let mut setup = setup(None);
        press(&mut setup, "Enter pbx Enter 101 Enter Enter Enter");
        update(&mut setup, Msg::News(News::Registered(1, Transport::Udp)));
        assert!(press(&mut setup, "Down Enter").is_empty() && setup.sound.is_some());
        assert_eq!(press(&mut setup, "* 4 3 Enter"), [Effect::Ask(Ask::Echo("*43".into()))]);
        assert!(press(&mut setup, "5").is_empty());
        assert_eq!(setup.echo.text(), "*43", "nothing is typed in a call");
        assert_eq!(press(&mut setup, "Enter"), [Effect::Ask(Ask::HangUp)]);
        assert_eq!(press(&mut setup, "Down Enter"), [Effect::Ask(Ask::HangUp)]);
        assert_eq!(setup.step, Step::Save);
    }

    #[test]
    fn pasted_text_is_one_line() {
        let mut setup = setup(None);
        press(&mut setup, "Enter");
        update(&mut setup, Msg::Paste(" pbx.example.net\n".into()));
        assert_eq!(setup.server.text(), "pbx.example.net");
        assert_eq!(setup.step, Step::Ask(Question::Server), "a pasted newline is no Enter");
    }
}
