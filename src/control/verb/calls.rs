//! The verbs of calls: placed, answered, ended, held, joined, handed over.

use super::{CALL_ID, Command, Param, ParamKind, Request, VerbRow, flag, option, optional};
use crate::control::{FaceAsk, HangupWhich, TransferTo};

pub(super) const CALL: VerbRow = VerbRow {
    name: "call",
    aliases: &["dial", "callto"],
    params: &[
        optional("number", "Number, user or SIP address; without it the dial field is shown"),
        option("account", "Account to call from"),
    ],
    doc: "Place a call",
    examples: &[
        ("tuiphone call 600 --duration 5 --json", "Call, hang up five seconds after the answer, tell the result"),
        ("tuiphone call 605 --dtmf 1,,23# --duration 5", "Send digits after the answer; each comma is a second"),
        ("tuiphone call 600 --no-wait", "Return as soon as the call is on its way"),
        (
            "tuiphone --user 101 --domain pbx.example.net --password - call 600 --duration 5",
            "With no file: an account for this one call",
        ),
    ],
    key: Some("Enter"),
    make: |v| {
        let account = v.text("account");
        Ok(match v.text("number") {
            Some(target) => Request::Command(Command::Dial { target, account }),
            None if account.is_none() => Request::Face(FaceAsk::Fill { number: String::new() }),
            None => return Err("no number given".into()),
        })
    },
};

pub(super) const ANSWER: VerbRow = VerbRow {
    name: "answer",
    aliases: &[],
    params: &[CALL_ID],
    doc: "Answer a ringing call",
    examples: &[
        ("tuiphone answer", "Answer the call that rings"),
        ("tuiphone answer c2", "Answer that one of several"),
    ],
    key: Some("F2"),
    make: |v| Ok(Request::Command(Command::Answer { call: v.text("call") })),
};

pub(super) const REJECT: VerbRow = VerbRow {
    name: "reject",
    aliases: &["decline"],
    params: &[CALL_ID, option("code", "SIP status, 400 to 699; 486 unless said")],
    doc: "Reject a ringing call",
    examples: &[
        ("tuiphone reject", "Reject the call that rings: busy"),
        ("tuiphone reject --code 603", "The same, for good"),
    ],
    key: Some("F3"),
    make: |v| {
        // `[Reject(603)]`: no call is called so.
        let status = v.text("call").filter(|word| word.parse::<u16>().is_ok_and(|n| (400..700).contains(&n)));
        let code = v.number("code", 400, 699)?.or(status.as_deref().and_then(|word| word.parse().ok()));
        Ok(Request::Command(Command::Reject { call: v.text("call").filter(|_| status.is_none()), code }))
    },
};

pub(super) const HANGUP: VerbRow = VerbRow {
    name: "hangup",
    aliases: &["bye", "end"],
    params: &[
        CALL_ID,
        flag("all", "Every call"),
        flag("incoming", "Ringing incoming calls only"),
        flag("calling", "Own calls not answered yet"),
    ],
    doc: "End a call",
    examples: &[
        ("tuiphone hangup", "End the call"),
        ("tuiphone hangup c2", "End that one of several"),
        ("tuiphone hangup --all", "End them all"),
    ],
    key: Some("F4"),
    make: |v| {
        let which = match (v.text("call"), v.flag("all"), v.flag("incoming"), v.flag("calling")) {
            (Some(call), false, false, false) => HangupWhich::Call(call),
            (None, true, false, false) => HangupWhich::All,
            (None, false, true, false) => HangupWhich::Incoming,
            (None, false, false, true) => HangupWhich::Calling,
            (None, false, false, false) => HangupWhich::Current,
            _ => return Err("hangup takes one of: a call id, --all, --incoming, --calling".into()),
        };
        Ok(Request::Command(Command::Hangup { which }))
    },
};

pub(super) const HANGUPALL: VerbRow = VerbRow {
    name: "hangupall",
    aliases: &[],
    params: &[],
    doc: "End every call except ringing incoming ones",
    examples: &[("tuiphone hangupall", "End them all; what rings here rings on")],
    key: None,
    make: |_| Ok(Request::Command(Command::Hangup { which: HangupWhich::AllButRinging })),
};

pub(super) const HOLD: VerbRow = VerbRow {
    name: "hold",
    aliases: &[],
    params: &[CALL_ID, flag("toggle", "Resume it if it is on hold")],
    doc: "Put a call on hold",
    examples: &[
        ("tuiphone hold", "Put the call on hold"),
        ("tuiphone hold --toggle", "Put it on hold, or take it back: for one key"),
    ],
    key: Some("F5"),
    make: |v| {
        let (call, toggle) = (v.text("call"), v.flag("toggle"));
        Ok(Request::Command(if toggle { Command::ToggleHold { call } } else { Command::Hold { call } }))
    },
};

pub(super) const RESUME: VerbRow = VerbRow {
    name: "resume",
    aliases: &["unhold"],
    params: &[CALL_ID],
    doc: "Take a call back from hold",
    examples: &[("tuiphone resume", "Take the call back"), ("tuiphone resume c1", "Take that one back")],
    key: Some("F6"),
    make: |v| Ok(Request::Command(Command::Resume { call: v.text("call") })),
};

pub(super) const CONFERENCE: VerbRow = VerbRow {
    name: "conference",
    aliases: &["merge"],
    params: &[Param {
        name: "calls",
        kind: ParamKind::Words,
        doc: "Call ids, such as c1 c2; none = all that are answered; off = it ends, off c1 = that call leaves",
    }],
    doc: "Let calls hear each other",
    examples: &[
        ("tuiphone conference", "All calls hear each other"),
        ("tuiphone conference c1 c2", "These two alone do"),
        ("tuiphone conference off", "Everybody is alone again"),
    ],
    key: Some("Ctrl-n"),
    make: |v| {
        let words = v.text("calls").unwrap_or_default();
        let mut calls: Vec<String> = words.split_whitespace().map(str::to_owned).collect();
        let off = calls.first().is_some_and(|word| word.eq_ignore_ascii_case("off"));
        calls.drain(..usize::from(off));
        Ok(Request::Command(if off { Command::LeaveConference { calls } } else { Command::Conference { calls } }))
    },
};

pub(super) const TRANSFER: VerbRow = VerbRow {
    name: "transfer",
    aliases: &[],
    params: &[
        optional("number", "Number, user or SIP address; with --attended the call to connect with, its id or number"),
        flag("attended", "Connect the call with another one, which was called before"),
        option("call", "The call to hand over"),
    ],
    doc: "Hand a call over, and wait for the outcome",
    examples: &[
        ("tuiphone transfer 601", "Hand the call over to 601"),
        ("tuiphone transfer --attended", "Connect the two calls there are"),
        ("tuiphone transfer 605 --call c1", "Hand that one of several over"),
    ],
    key: Some("F9"),
    make: |v| {
        let to = match (v.text("number"), v.flag("attended")) {
            (other, true) => TransferTo::Call(other),
            (Some(number), false) => TransferTo::Number(number),
            (None, false) => return Err("no number given".into()),
        };
        Ok(Request::Command(Command::Transfer { call: v.text("call"), to }))
    },
};

pub(super) const PICKUP: VerbRow = VerbRow {
    name: "pickup",
    aliases: &[],
    params: &[
        optional("number", "Whose ringing; without it one that a light shows"),
        option("account", "Account to call from"),
    ],
    doc: "Take a call that rings at another phone",
    examples: &[
        ("tuiphone pickup 201", "Take what rings at 201"),
        ("tuiphone pickup", "Take what rings where a light shows it"),
    ],
    key: Some("Alt-p"),
    make: |v| Ok(Request::Command(Command::Pickup { number: v.text("number"), account: v.text("account") })),
};

pub(super) const PARK: VerbRow = VerbRow {
    name: "park",
    aliases: &[],
    params: &[optional("number", "Where; parkNumber unless said"), option("call", "The call to park")],
    doc: "Park a call, and tell where if a light does",
    examples: &[
        ("tuiphone park", "Park the call at parkNumber"),
        ("tuiphone park 601 --call c1", "Park that one there"),
    ],
    key: Some("Ctrl-k"),
    make: |v| Ok(Request::Command(Command::Park { call: v.text("call"), number: v.text("number") })),
};

pub(super) const RETRIEVE: VerbRow = VerbRow {
    name: "retrieve",
    aliases: &[],
    params: &[
        optional("number", "Where it waits; without it the call parked last, or the only one"),
        option("account", "Account to call from"),
    ],
    doc: "Call a parked call back",
    examples: &[("tuiphone retrieve 601 --duration 5", "Call back what waits there")],
    key: Some("Ctrl-r"),
    make: |v| Ok(Request::Command(Command::Retrieve { number: v.text("number"), account: v.text("account") })),
};
