//! Keys of the accounts: choose, use, register, un-register, copy.

use super::{drawn, lists, note, phone, say};
use crate::control::verb::Request;
use crate::control::{AccountInfo, Command};
use crate::ui::keymap::{Act, Key};
use crate::ui::model::{Mode, Model};
use crate::ui::msg::Action;
use crossterm::event::KeyCode;
use std::time::Instant;

/// Opens them, or closes them.
pub fn open(model: &mut Model, now: Instant) -> Vec<Action> {
    if model.mode == Mode::Accounts {
        model.mode = Mode::Phone;
        return drawn();
    }
    model.mode = Mode::Accounts;
    model.registrations.tick(now);
    model.registrations.scroll = 0;
    [vec![Action::Ask(Request::Codecs)], drawn()].concat()
}

/// A key while they are open.
pub fn key(model: &mut Model, key: Key, now: Instant) -> Vec<Action> {
    let accounts = model.status.accounts.len();
    let all = &mut model.registrations;
    // Where there is one alone, the arrows move what is known of it.
    match key.code {
        KeyCode::PageDown => all.scroll += 1,
        KeyCode::PageUp => all.scroll = all.scroll.saturating_sub(1),
        KeyCode::Down if accounts < 2 => all.scroll += 1,
        KeyCode::Up if accounts < 2 => all.scroll = all.scroll.saturating_sub(1),
        KeyCode::Enter => return choose(model, now),
        code => {
            if let Some(row) = lists::moved(all.row, accounts, code) {
                all.row = row;
                all.scroll = 0;
                return drawn();
            }
            let act = if code == KeyCode::Esc { Some(Act::Cancel) } else { model.act(key) };
            return act.map_or_else(Vec::new, |act| [super::run(model, act, now), drawn()].concat());
        }
    }
    drawn()
}

/// Does what is about the chosen account; nothing of what is about the phone.
pub fn act(model: &mut Model, act: Act, now: Instant) -> Option<Vec<Action>> {
    let account = chosen(model).map(|account| (account.id.to_string(), account.aor.clone()));
    Some(match (act, account) {
        (Act::Cancel, _) => {
            model.mode = Mode::Phone;
            drawn()
        }
        (Act::AccountRegister | Act::AccountUnregister | Act::Copy | Act::CopyAll, None) => {
            phone::refuse(model, say!("told-no-account"), now)
        }
        (Act::AccountRegister, Some((id, aor))) => {
            note(model, say!("told-registering", account = aor), now);
            phone::send(Command::Register { account: Some(id) })
        }
        (Act::AccountUnregister, Some((id, aor))) => {
            note(model, say!("told-unregistered", account = aor), now);
            phone::send(Command::Unregister { account: Some(id) })
        }
        (Act::Copy | Act::CopyAll, Some((_, aor))) => vec![Action::Copy(format!("sip:{aor}"))],
        _ => return None,
    })
}

/// A click on an account chooses it; on the chosen one, calls go out by it.
pub fn click(model: &mut Model, row: usize, now: Instant) -> Vec<Action> {
    if model.registrations.row == row {
        return choose(model, now);
    }
    model.registrations.row = row;
    model.registrations.scroll = 0;
    drawn()
}

fn choose(model: &mut Model, now: Instant) -> Vec<Action> {
    let Some((id, aor, selected)) = chosen(model).map(|it| (it.id.to_string(), it.aor.clone(), it.selected)) else {
        return phone::refuse(model, say!("told-no-account"), now);
    };
    if selected {
        return phone::refuse(model, say!("told-account-already", account = aor), now);
    }
    note(model, say!("told-account-now", account = aor), now);
    phone::send(Command::SelectAccount { account: id })
}

fn chosen(model: &Model) -> Option<&AccountInfo> {
    model.status.accounts.get(model.registrations.row)
}
