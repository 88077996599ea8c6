//! The verbs of MicroSIP's window: shown and hidden, what stands in its field, its account, its buttons.

use super::{Param, ParamKind, Request, Values, VerbRow, optional, required};
use crate::control::messages::BUTTONS;
use crate::control::spelling::uri;
use crate::control::{Command, FaceAsk, Secret};

pub(super) const SHOW: VerbRow = VerbRow {
    name: "show",
    aliases: &["restore"],
    params: &[optional("how", "normal, minimized = in the background, hidden = the same, and nothing is said")],
    doc: "Raise the interface, or open one",
    examples: &[
        ("tuiphone show", "Raise the interface, or open one"),
        ("tuiphone show minimized", "Have the phone run in the background"),
    ],
    key: None,
    make: |v| {
        Ok(match v.text("how").map(|how| how.to_ascii_lowercase()).as_deref() {
            None | Some("normal") => Request::Face(FaceAsk::Show),
            Some("minimized") => Request::Background { silent: false },
            Some("hidden") => Request::Background { silent: true },
            Some(other) => return Err(format!("'{other}' is none of normal, minimized, hidden")),
        })
    },
};

pub(super) const HIDE: VerbRow = VerbRow {
    name: "hide",
    aliases: &["minimize"],
    params: &[],
    doc: "Close the interface; the phone goes on",
    examples: &[("tuiphone hide", "Close the interface")],
    key: None,
    make: |_| Ok(Request::Face(FaceAsk::Hide)),
};

pub(super) const URL: VerbRow = VerbRow {
    name: "url",
    aliases: &[],
    params: &[optional("uri", "sip: sips: tel: callto: dial: dialpad: or msip:, and a number or an address")],
    doc: "Put a link in the dial field; a person calls it, or does not",
    examples: &[
        ("tuiphone url tel:+4940123", "Put the number in the dial field"),
        ("tuiphone url --install", "Links in other programs come here"),
        ("tuiphone url --uninstall", "They do no longer"),
    ],
    key: None,
    make: |v| {
        let number = uri::link(&v.need("uri")?).map_err(|why| why.to_string())?;
        Ok(Request::Face(FaceAsk::Fill { number }))
    },
};

pub(super) const ACCOUNT: VerbRow = VerbRow {
    name: "account",
    aliases: &[],
    params: &[required("account", "Number, label or address")],
    doc: "Choose the account that calls go out with, for good",
    examples: &[
        ("tuiphone account 1", "Call with the first account"),
        ("tuiphone account 100@demo", "Call with this one"),
    ],
    key: None,
    make: |v| Ok(Request::Command(Command::SelectAccount { account: v.need("account")? })),
};

pub(super) const PASSWORD: VerbRow = VerbRow {
    name: "session-password",
    aliases: &[],
    params: &[
        required("password", "The password"),
        Param { name: "account", kind: ParamKind::Option, doc: "Its account; the chosen one unless said" },
    ],
    doc: "Give an account its password until the phone ends, and register anew",
    examples: &[("tuiphone session-password hunter2 --account 1", "Others can read it: --password - is better")],
    key: None,
    make: |v| {
        let password = Secret::new(v.need("password")?);
        Ok(Request::Command(Command::Password { account: v.text("account"), password }))
    },
};

pub(super) const COMMAND: VerbRow = VerbRow {
    name: "command",
    aliases: &[],
    params: &[required("id", "1001 = hang up, 1002 = answer")],
    doc: "Press a button of MicroSIP's window, by its number",
    examples: &[("tuiphone command 1001", "Press the button that hangs up")],
    key: None,
    make: |v| {
        let id = v.need("id")?;
        let button = BUTTONS.iter().find(|(number, _)| id == number.to_string());
        let row = button.and_then(|(_, verb)| super::find(verb));
        let row = row.ok_or_else(|| format!("there is no button {id}; 1001 hangs up, 1002 answers"))?;
        row.request(Values::default())
    },
};
