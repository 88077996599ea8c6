//! The verbs of numbers at hand, and of what a person does beside calls.

use super::{CALL_ID, Param, ParamKind, Request, VerbRow, option, required};
use crate::control::Command;

pub(super) const SHORTCUT: VerbRow = VerbRow {
    name: "shortcut",
    aliases: &[],
    params: &[
        required("which", "Its number, from 1 on, or its label"),
        Param { name: "text", kind: ParamKind::Words, doc: "The message, for one that writes" },
    ],
    doc: "Press a shortcut of [Shortcuts]: call, transfer, key digits, as it says there",
    examples: &[
        ("tuiphone shortcut 1", "Press the first one"),
        ("tuiphone shortcut Echo", "Press the one with this label"),
    ],
    key: None,
    make: |v| Ok(Request::Command(Command::Shortcut { which: v.need("which")?, text: v.text("text") })),
};

pub(super) const SHORTCUTS: VerbRow = VerbRow {
    name: "shortcuts",
    aliases: &[],
    params: &[],
    doc: "List the shortcuts, what the next press is about, and their lights",
    examples: &[("tuiphone shortcuts", "What they are about now")],
    key: None,
    make: |_| Ok(Request::Shortcuts),
};

pub(super) const VOICEMAIL: VerbRow = VerbRow {
    name: "voicemail",
    aliases: &["mailbox"],
    params: &[option("account", "Whose; without it the one where something waits, else the selected one")],
    doc: "Call the mailbox",
    examples: &[("tuiphone voicemail", "Call the mailbox")],
    key: None,
    make: |v| Ok(Request::Command(Command::Voicemail { account: v.text("account") })),
};

pub(super) const IGNORE: VerbRow = VerbRow {
    name: "ignore",
    aliases: &[],
    params: &[CALL_ID],
    doc: "Let a ringing call ring on, unheard here; it can still be answered",
    examples: &[("tuiphone ignore", "It rings on, but not here")],
    key: None,
    make: |v| Ok(Request::Command(Command::Ignore { call: v.text("call") })),
};

pub(super) const AVAILABLE: VerbRow = VerbRow {
    name: "available",
    aliases: &[],
    params: &[],
    doc: "Let calls ring again before wrapUpTime is over",
    examples: &[("tuiphone available", "Calls ring again at once")],
    key: None,
    make: |_| Ok(Request::Command(Command::Available)),
};
