//! The keys of how the phone behaves beside its calls: ignoring, wrapping up, telling the exchange, asking for answers.

use super::field::*;
use super::{Kind, Row, settings, tuiphone, words};
use crate::config::Settings;
use crate::config::value::flag;

/// What a contact does when it is chosen.
const ACTIONS: &[&str] = &["", "call", "video", "message"];

fn default_action(s: &mut Settings, value: &str) -> Option<String> {
    let known = ACTIONS.iter().find(|word| word.eq_ignore_ascii_case(value));
    s.default_action = known.copied().unwrap_or_default().to_owned();
    known.is_none().then(|| format!("{value:?} is not one of call, video, message; call is used"))
}

/// Those of `[Settings]` and of `[tuiphone]`.
pub(super) const ROWS: &[Row] = &[
    settings(
        "defaultAction",
        Kind::Word(ACTIONS),
        "",
        "what a contact does when it is chosen: empty or call or video = it is called, message = it is written to",
        |s| s.default_action.clone(),
        default_action,
    ),
    settings(
        "noIgnoreCall",
        Kind::Strict,
        "0",
        "1 = a ringing call cannot be ignored, only answered or rejected",
        |s| digit(s.no_ignore_call),
        |s, v| set(&mut s.no_ignore_call, flag(v)),
    ),
    settings(
        "rport",
        Kind::UnlessZero,
        "1",
        "0 = servers are not asked to answer where requests come from: no NAT lets their answers in then (RFC 3581)",
        |s| digit(s.rport),
        |s, v| set(&mut s.rport, flag(v)),
    ),
    tuiphone(
        "keepDialed",
        Kind::Word(words::KEEP_DIALLED_WORDS),
        "auto",
        "[Dialed] and lastCallNumber are written as MicroSIP does: on, off, or auto = into files that MicroSIP has written",
        words::keep_dialled_text,
        words::keep_dialled,
    ),
    tuiphone(
        "wrapUpTime",
        Kind::Number,
        "0",
        "seconds after a talk in which new calls find the phone busy; 0 = none",
        |s| s.wrap_up_s.to_string(),
        |s, v| seconds(&mut s.wrap_up_s, v),
    ),
    tuiphone(
        "dndOnCode",
        Kind::Text,
        "",
        "number of the exchange that is called when do-not-disturb is turned on, such as *78; empty = none",
        |s| s.dnd_on_code.clone(),
        |s, v| set(&mut s.dnd_on_code, v.to_owned()),
    ),
    tuiphone(
        "dndOffCode",
        Kind::Text,
        "",
        "the same when it is turned off, such as *79",
        |s| s.dnd_off_code.clone(),
        |s, v| set(&mut s.dnd_off_code, v.to_owned()),
    ),
    tuiphone(
        "forwardOnCode",
        Kind::Text,
        "",
        "code of the exchange that is called, with the number behind it, when calls are to be sent on, such as *72",
        |s| s.forward_on_code.clone(),
        |s, v| set(&mut s.forward_on_code, v.to_owned()),
    ),
    tuiphone(
        "forwardOffCode",
        Kind::Text,
        "",
        "number of the exchange that is called when they no longer are, such as *73",
        |s| s.forward_off_code.clone(),
        |s, v| set(&mut s.forward_off_code, v.to_owned()),
    ),
];
