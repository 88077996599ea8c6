//! Which actions call or answer somebody, and when they may.

use crossterm::event::KeyCode;
use tuiphone::control::verb::Request;
use tuiphone::control::{CallState, Command};
use tuiphone::ui::keymap::{Act, Key};
use tuiphone::ui::model::{Mode, Model};
use tuiphone::ui::msg::Action;

/// Acts that call or answer somebody, or hand somebody over: what is asked for by them is no stray call.
pub const CALLING: [Act; 10] = [
    Act::Verb("call"),
    Act::Verb("answer"),
    Act::Verb("redial"),
    Act::Verb("voicemail"),
    Act::Verb("shortcut"),
    Act::Verb("pickup"),
    Act::Verb("retrieve"),
    Act::Verb("transfer"),
    Act::Consult,
    Act::Echo,
];

/// It calls, answers, or hands somebody over.
pub fn is_call(action: &Action) -> bool {
    match action {
        Action::Send(command) => calls(command),
        Action::Ask(request) => asks(request),
        Action::Run(_, request) => asks(request),
        _ => false,
    }
}

fn asks(request: &Request) -> bool {
    match request {
        Request::Redial { .. } => true,
        Request::Command(command) => calls(command),
        _ => false,
    }
}

fn calls(command: &Command) -> bool {
    match command {
        Command::Guarded(inner) => calls(inner),
        Command::Dial { .. }
        | Command::Answer { .. }
        | Command::Pickup { .. }
        | Command::Retrieve { .. }
        | Command::Voicemail { .. }
        | Command::Shortcut { .. }
        | Command::Transfer { .. } => true,
        _ => false,
    }
}

/// What a key may do to calls, as things stand before it is pressed.
#[derive(Debug, Clone, PartialEq)]
pub struct Allowed {
    /// What it is bound to, unless it is a letter of a text.
    act: Option<Act>,
    /// It chooses.
    chooses: bool,
    /// What one could call: what is typed, and what is listed. One needs no more to look a number up in it.
    callees: String,
    /// Who could be answered.
    rings: Vec<String>,
}

impl Allowed {
    /// By this key, with this on the screen.
    pub fn by(key: Key, model: &Model) -> Allowed {
        let begun = model.pending.as_ref().map(|pending| pending.keys.clone()).unwrap_or_default();
        let is_letter = begun.is_empty() && key.is_character() && model.is_typing();
        let act = model.keymap.find(model.place(), &[begun, vec![key]].concat()).act();
        let act = act.filter(|act| !is_letter && CALLING.contains(act));
        // Whom a call is handed over to may be asked first.
        let asks_first = key.code == KeyCode::Tab && matches!(model.mode, Mode::Transfer { .. });
        let chooses = key.code == KeyCode::Enter || asks_first;
        let mut allowed = Allowed { act, chooses, callees: String::new(), rings: Vec::new() };
        if act.is_some() || chooses {
            allowed.callees = callees(model);
            let incoming = model.calls.iter().filter(|row| row.info.state == CallState::Incoming);
            allowed.rings = incoming.map(|row| row.info.id.clone()).collect();
            allowed.rings.extend(model.status.asks.iter().map(|ask| ask.id.clone()));
        }
        allowed
    }

    /// It may do this.
    pub fn has(&self, action: &Action) -> bool {
        if self.act.is_none() && !self.chooses {
            return false;
        }
        match action {
            Action::Send(Command::Dial { target, .. }) => self.callees.contains(&format!("{target:?}")),
            Action::Send(Command::Answer { call: Some(call) }) => self.rings.contains(call),
            _ => true,
        }
    }
}

/// The numbers on the screen, quoted: what is typed, and of the view that is open what is chosen from.
fn callees(model: &Model) -> String {
    let typed = model.field.text();
    let mailboxes = model.status.accounts.iter().filter_map(|account| account.voicemail.as_ref()?.number.clone());
    let known: Vec<String> = model.status.echo.iter().cloned().chain(mailboxes).collect();
    let listed = match model.mode {
        Mode::Contacts(_) => format!("{:?}", model.people.chosen()),
        Mode::History(_) => format!("{:?}", model.past.chosen()),
        Mode::Switchboard => format!("{:?}", model.status.lights),
        Mode::Palette => format!("{:?}", model.palette.line.text().split_whitespace().collect::<Vec<_>>()),
        _ => String::new(),
    };
    format!("{typed:?} {:?} {known:?} {listed}", typed.trim())
}
