//! Keys of the switchboard: choose somebody, call, pick up, hand a call over, write, search.

use super::{drawn, lists, phone, say, threads};
use crate::control::{CallState, Command, LightInfo, LightState, TransferTo};
use crate::ui::keymap::{Act, Key};
use crate::ui::model::{Connection, Mode, Model};
use crate::ui::msg::Action;
use crate::ui::people::MAX_SEARCH;
use crate::ui::switchboard::is_with;
use crate::ui::view::layout::Layout;
use crate::ui::view::switchboard::Grid;
use crossterm::event::{KeyCode, KeyModifiers};
use ratatui::layout::Rect;
use std::time::Instant;

/// Opens it, with the light at this place of the status chosen; open already, closes it.
pub fn open(model: &mut Model, place: Option<usize>, now: Instant) -> Vec<Action> {
    if model.mode == Mode::Switchboard && place.is_none() {
        return close(model);
    }
    model.mode = Mode::Switchboard;
    let board = &mut model.switchboard;
    board.searching = false;
    board.asking = false;
    board.search.clear();
    board.find();
    board.tick(now);
    if let Some(place) = place {
        board.choose_light(place);
    }
    drawn()
}

/// A key while it is open.
pub fn key(model: &mut Model, key: Key, now: Instant) -> Vec<Action> {
    if model.switchboard.searching {
        return search_key(model, key, now);
    }
    let asking = std::mem::take(&mut model.switchboard.asking);
    if key.is_character() && matches!(key.code, KeyCode::Char('0'..='9' | '+' | '*' | '#')) {
        // A number is looked for as it is typed.
        model.switchboard.searching = true;
        return search_key(model, key, now);
    }
    if let Some(row) = moved(model, key) {
        model.switchboard.choose(row);
        return drawn();
    }
    match (key.code, model.act(key)) {
        (KeyCode::Enter, _) => enter(model, asking, now),
        (_, Some(Act::Cancel)) if asking => drawn(),
        (_, Some(act)) => run(model, act, now),
        (_, None) if asking => drawn(),
        (_, None) => Vec::new(),
    }
}

/// A click on one of those found: chooses; the chosen one is acted upon.
pub fn click(model: &mut Model, row: usize, now: Instant) -> Vec<Action> {
    if model.switchboard.row() != row {
        model.switchboard.asking = false;
        model.switchboard.choose(row);
        return drawn();
    }
    let asking = std::mem::take(&mut model.switchboard.asking);
    enter(model, asking, now)
}

/// Pasted text is searched for.
pub fn paste(model: &mut Model, text: &str) {
    let line = text.split(['\r', '\n']).find(|line| !line.trim().is_empty()).unwrap_or_default();
    let whole = format!("{}{}", model.switchboard.search.text(), line.trim());
    model.switchboard.searching = true;
    find(model, &whole);
}

/// Does what is about the chosen one, or the search; nothing of what is about the phone.
pub fn act(model: &mut Model, act: Act, now: Instant) -> Option<Vec<Action>> {
    Some(match act {
        Act::Cancel if model.switchboard.asking => {
            model.switchboard.asking = false;
            drawn()
        }
        Act::Cancel if model.switchboard.searching || !model.switchboard.search.is_empty() => {
            model.switchboard.searching = false;
            find(model, "")
        }
        Act::Cancel => close(model),
        Act::Type => {
            model.switchboard.searching = true;
            drawn()
        }
        Act::Verb("transfer") => transfer(model, now),
        Act::Consult => consult(model, now),
        Act::Verb("pickup") => pick_up(model, now),
        Act::Messages => match chosen(model, now) {
            Some(light) => threads::open_with(model, &light.uri, &light.account),
            None => drawn(),
        },
        _ => return None,
    })
}

fn run(model: &mut Model, act: Act, now: Instant) -> Vec<Action> {
    [super::run(model, act, now), drawn()].concat()
}

/// A key while a name or a number is typed. Enter and the arrows lead back to those found.
fn search_key(model: &mut Model, key: Key, now: Instant) -> Vec<Action> {
    let board = &mut model.switchboard;
    match (key.code, key.modifiers) {
        (KeyCode::Char(c), _) if key.is_character() => board.search.insert(c, MAX_SEARCH),
        (KeyCode::Enter | KeyCode::Tab | KeyCode::Down | KeyCode::Up, _) => board.searching = false,
        (KeyCode::Char('u'), KeyModifiers::CONTROL) => board.search.clear(),
        (code, modifiers) if board.search.key(code, modifiers) => {}
        _ => {
            let act = model.act(key).filter(|_| !key.is_character());
            return act.map_or_else(Vec::new, |act| run(model, act, now));
        }
    }
    board.find();
    drawn()
}

/// Where a key leads in the grid.
fn moved(model: &Model, key: Key) -> Option<usize> {
    let (row, rows) = (model.switchboard.row(), model.switchboard.found());
    let last = rows.saturating_sub(1);
    let body = Layout::of(model, Rect::new(0, 0, model.size.0, model.size.1)).overlay;
    let grid = Grid::of(model, body);
    let columns = usize::from(grid.columns);
    let down = |lines: usize| (row + lines * columns).min(last);
    let up = |lines: usize| row.checked_sub(lines * columns).unwrap_or(row % columns);
    let way = match (key.code, model.act(key)) {
        (KeyCode::Left, _) | (_, Some(Act::Left)) => return Some(row.saturating_sub(1)),
        (KeyCode::Right, _) | (_, Some(Act::Right)) => return Some((row + 1).min(last)),
        (KeyCode::PageUp, _) => return Some(up(grid.lines().max(1))),
        (KeyCode::PageDown, _) => return Some(down(grid.lines().max(1))),
        (_, Some(Act::Up)) => KeyCode::Up,
        (_, Some(Act::Down)) => KeyCode::Down,
        (code, _) => code,
    };
    match way {
        KeyCode::Up => Some(row.checked_sub(columns).unwrap_or(row)),
        // The last line may be short: what is below leads to its end.
        KeyCode::Down if row / columns < last / columns => Some(down(1)),
        KeyCode::Down => Some(row),
        code => lists::moved(row, rows, code),
    }
}

/// Calls, or takes the call that rings there; with a call up, asks what is to become of it first.
fn enter(model: &mut Model, asked: bool, now: Instant) -> Vec<Action> {
    let Some(light) = chosen(model, now) else { return drawn() };
    if light.state == LightState::Ringing && !asked {
        return pick_up(model, now);
    }
    if !asked && model.calls.iter().any(phone::is_answered) {
        model.switchboard.asking = true;
        return drawn();
    }
    dial(model, light, now)
}

fn dial(model: &mut Model, light: LightInfo, now: Instant) -> Vec<Action> {
    if let Connection::Closed(_) = model.connection {
        return phone::refuse(model, say!("told-phone-gone"), now);
    }
    model.message = None;
    phone::send(Command::Dial { target: light.target, account: Some(light.account) })
}

/// The call that rings at the chosen one; where none does, whichever rings anywhere.
fn pick_up(model: &mut Model, now: Instant) -> Vec<Action> {
    let Some(light) = chosen(model, now) else { return drawn() };
    if light.state == LightState::Ringing {
        return phone::send(Command::Pickup { number: Some(light.target), account: Some(light.account) });
    }
    if model.status.lights.iter().any(|light| light.state == LightState::Ringing) {
        return phone::send(Command::Pickup { number: None, account: None });
    }
    phone::refuse(model, say!("told-nobody-rings"), now)
}

/// Hands the call over to the chosen one: at once, or by joining the two calls if one is with them already.
fn transfer(model: &mut Model, now: Instant) -> Vec<Action> {
    let Some(light) = chosen(model, now) else { return drawn() };
    let with = model.calls.iter().find(|row| phone::is_answered(row) && is_with(&row.info, &light));
    let with = with.map(|row| row.info.id.clone());
    let others = || model.calls.iter().filter(|row| phone::is_answered(row) && Some(&row.info.id) != with.as_ref());
    // Whoever waits is handed over, if both wait or none does: the current one.
    let current = model.current().filter(|row| others().any(|other| other.info.id == row.info.id));
    let held = others().find(|row| row.info.state == CallState::Held).filter(|_| with.is_some());
    let Some(call) = held.or(current).or_else(|| others().next()).map(|row| row.info.id.clone()) else {
        let why = if with.is_some() { say!("told-with-them-already") } else { say!("told-none-to-transfer") };
        return phone::refuse(model, why, now);
    };
    let to = with.map_or(TransferTo::Number(light.target), |with| TransferTo::Call(Some(with)));
    phone::send(Command::Transfer { call: Some(call), to })
}

/// Calls the chosen one first; the same key hands the call over once they agree.
fn consult(model: &mut Model, now: Instant) -> Vec<Action> {
    let Some(light) = chosen(model, now) else { return drawn() };
    if model.calls.iter().any(|row| phone::is_answered(row) && is_with(&row.info, &light)) {
        return transfer(model, now);
    }
    if !model.calls.iter().any(phone::is_answered) {
        return phone::refuse(model, say!("told-none-to-transfer"), now);
    }
    let key = model.keymap.key(Act::Verb("transfer"), false).map(|key| key.to_string());
    let text = say!("told-asked-first", who = light.called(), key = key.unwrap_or_default());
    let actions = dial(model, light, now);
    super::note(model, text, now);
    actions
}

fn chosen(model: &mut Model, now: Instant) -> Option<LightInfo> {
    let place = model.switchboard.place();
    let light = place.and_then(|place| model.status.lights.get(place)).cloned();
    if light.is_none() {
        super::note(model, say!("told-nobody-chosen"), now);
    }
    light
}

fn find(model: &mut Model, text: &str) -> Vec<Action> {
    model.switchboard.search.set(text, MAX_SEARCH);
    model.switchboard.find();
    drawn()
}

fn close(model: &mut Model) -> Vec<Action> {
    model.mode = Mode::Phone;
    drawn()
}
