//! The verbs of numbers at hand.

use super::{Param, ParamKind, Request, VerbRow, required};
use crate::control::Command;

pub(super) const SHORTCUT: VerbRow = VerbRow {
    name: "shortcut",
    aliases: &[],
    params: &[
        required("which", "Its number, from 1 on, or its label"),
        Param { name: "text", kind: ParamKind::Words, doc: "The message, for one that writes" },
    ],
    doc: "Press a shortcut of [Shortcuts]: call, transfer, key digits, as it says there",
    key: None,
    make: |v| Ok(Request::Command(Command::Shortcut { which: v.need("which")?, text: v.text("text") })),
};

pub(super) const SHORTCUTS: VerbRow = VerbRow {
    name: "shortcuts",
    aliases: &[],
    params: &[],
    doc: "List the shortcuts, what the next press is about, and their lights",
    key: None,
    make: |_| Ok(Request::Shortcuts),
};
