//! The keys of the interface and the terminal it is shown on.

use super::field::*;
use super::words::{Words, read, written};
use super::{Kind, Row, tuiphone};
use crate::config::Settings;
use crate::config::value::{flag, within};

const GLYPHS: Words<Option<bool>> = &[("auto", None), ("unicode", Some(false)), ("ascii", Some(true)), ("", None)];
const WIDTH: Words<Option<bool>> = &[("auto", None), ("narrow", Some(false)), ("wide", Some(true)), ("", None)];
const QUERIES: Words<Option<bool>> = &[("auto", None), ("1", Some(true)), ("0", Some(false)), ("", None)];

/// Those of `[tuiphone]`, in file order.
pub(super) const ROWS: &[Row] = &[
    tuiphone(
        "theme",
        Kind::Text,
        "",
        "colours of the interface: terminal (or empty), dark, light, high-contrast, mono, and others of tuiphone theme; or a \
         theme file of your own, by its name in the folder themes beside this file",
        |s| s.theme.clone(),
        |s, v| set(&mut s.theme, v.to_owned()),
    )
    .at_start(),
    tuiphone(
        "keymap",
        Kind::Text,
        "",
        "keys of the interface: default (or empty), vim, emacs, microsip; or a keymap file of your own, by its name in the \
         folder keymaps beside this file",
        |s| s.keymap.clone(),
        |s, v| set(&mut s.keymap, v.to_owned()),
    )
    .at_start(),
    tuiphone(
        "language",
        Kind::Text,
        "",
        "language of the interface: empty = as LC_ALL, LC_MESSAGES or LANG say, where there is a file of it, else English; en, or \
         a file of your own, by its name in the folder words beside this file",
        |s| s.language.clone(),
        |s, v| set(&mut s.language, v.to_owned()),
    )
    .at_start(),
    tuiphone(
        "glyphs",
        Kind::Word(&["auto", "unicode", "ascii"]),
        "auto",
        "signs of the interface; auto = ascii where the locale has no UTF-8, and on the console of Linux",
        |s| written(GLYPHS, s.interface.ascii),
        |s, v| read(GLYPHS, &mut s.interface.ascii, v),
    )
    .at_start(),
    tuiphone(
        "ambiguousWidth",
        Kind::Word(&["auto", "narrow", "wide"]),
        "auto",
        "cells that characters of ambiguous width take: narrow = one, wide = two; auto = as the terminal says, else by the \
         language of the locale",
        |s| written(WIDTH, s.interface.wide),
        |s, v| read(WIDTH, &mut s.interface.wide, v),
    )
    .at_start(),
    tuiphone(
        "terminalQueries",
        Kind::Word(&["auto", "1", "0"]),
        "auto",
        "1 = the terminal is asked what it can when the interface opens, 0 = never; auto = not over SSH",
        |s| written(QUERIES, s.interface.queries),
        |s, v| read(QUERIES, &mut s.interface.queries, v),
    )
    .at_start(),
    tuiphone(
        "meterFps",
        Kind::Number,
        "0",
        "how often a second the meters move, 10 at most; 0 = ten times, over SSH and slow lines once",
        |s| s.interface.meter_fps.to_string(),
        meter_fps,
    )
    .at_start(),
    tuiphone(
        "windowTitle",
        Kind::Flag,
        "1",
        "0 = the title of the terminal's window stays as it is",
        |s| digit(s.interface.window_title),
        |s, v| set(&mut s.interface.window_title, flag(v)),
    )
    .at_start(),
    tuiphone(
        "mouse",
        Kind::Flag,
        "1",
        "0 = clicks are the terminal's, to mark text with",
        |s| digit(s.interface.mouse),
        |s, v| set(&mut s.interface.mouse, flag(v)),
    )
    .at_start(),
    tuiphone(
        "terminalBell",
        Kind::Flag,
        "1",
        "0 = neither a call nor a message rings the terminal's bell",
        |s| digit(s.interface.bell),
        |s, v| set(&mut s.interface.bell, flag(v)),
    )
    .at_start(),
    tuiphone(
        "terminalNotices",
        Kind::Flag,
        "1",
        "0 = the terminal is not asked to tell of calls and messages on the desktop; it is where it is known to take that",
        |s| digit(s.interface.notices),
        |s, v| set(&mut s.interface.notices, flag(v)),
    )
    .at_start(),
    tuiphone(
        "desktopNotices",
        Kind::Flag,
        "1",
        "0 = the desktop is not told of calls and messages, by the phone itself; it is where a session bus has somebody who \
         shows notices",
        |s| digit(s.interface.desktop),
        |s, v| set(&mut s.interface.desktop, flag(v)),
    )
    .at_start(),
    tuiphone(
        "tips",
        Kind::Flag,
        "1",
        "0 = no tips on the line where an idle phone says nothing",
        |s| digit(s.interface.tips),
        |s, v| set(&mut s.interface.tips, flag(v)),
    )
    .at_start(),
];

fn meter_fps(s: &mut Settings, value: &str) -> Option<String> {
    let (number, complaint) = within::<u8>(value, 10);
    s.interface.meter_fps = u8::try_from(number).unwrap_or_default();
    complaint
}
