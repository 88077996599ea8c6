//! The one table of verbs. The command line, the socket, the keymap, the help overlay and the man page read it.

mod at_hand;
mod past;
mod reading;
mod row;
mod seeing;
mod sound;
mod window;

pub use super::values::Values;
use super::{Command, CommandError, ExitCode, FaceAsk, HangupWhich, MAX_NAME, TransferTo, people};
pub use row::{Make, Param, ParamKind, Request, TraceForm, VerbRow};

/// Characters of an error: words of a request may be as long as its line.
const MAX_MESSAGE: usize = 500;

const CALL_ID: Param = Param {
    name: "call",
    kind: ParamKind::Optional,
    doc: "Call id, such as c1, or its number; without it the obvious one",
};
const ACCOUNT: Param = Param {
    name: "account",
    kind: ParamKind::Optional,
    doc: "Number, label or address of the account; without it all",
};

const fn required(name: &'static str, doc: &'static str) -> Param {
    Param { name, kind: ParamKind::Required, doc }
}
const fn optional(name: &'static str, doc: &'static str) -> Param {
    Param { name, kind: ParamKind::Optional, doc }
}
const fn option(name: &'static str, doc: &'static str) -> Param {
    Param { name, kind: ParamKind::Option, doc }
}
const fn flag(name: &'static str, doc: &'static str) -> Param {
    Param { name, kind: ParamKind::Flag, doc }
}

/// Every verb a running phone understands.
pub static VERBS: &[VerbRow] = &[
    VerbRow {
        name: "call",
        aliases: &["dial", "callto"],
        params: &[
            optional("number", "Number, user or SIP address; without it the dial field is shown"),
            option("account", "Account to call from"),
        ],
        doc: "Place a call",
        key: Some("Enter"),
        make: |v| {
            let account = v.text("account");
            Ok(match v.text("number") {
                Some(target) => Request::Command(Command::Dial { target, account }),
                None if account.is_none() => Request::Face(FaceAsk::Fill { number: String::new() }),
                None => return Err("no number given".into()),
            })
        },
    },
    VerbRow {
        name: "answer",
        aliases: &[],
        params: &[CALL_ID],
        doc: "Answer a ringing call",
        key: Some("F2"),
        make: |v| Ok(Request::Command(Command::Answer { call: v.text("call") })),
    },
    VerbRow {
        name: "reject",
        aliases: &["decline"],
        params: &[CALL_ID, option("code", "SIP status, 400 to 699; 486 unless said")],
        doc: "Reject a ringing call",
        key: Some("F3"),
        make: |v| {
            // `[Reject(603)]`: no call is called so.
            let status = v.text("call").filter(|word| word.parse::<u16>().is_ok_and(|n| (400..700).contains(&n)));
            let code = v.number("code", 400, 699)?.or(status.as_deref().and_then(|word| word.parse().ok()));
            Ok(Request::Command(Command::Reject { call: v.text("call").filter(|_| status.is_none()), code }))
        },
    },
    VerbRow {
        name: "hangup",
        aliases: &["bye", "end"],
        params: &[
            CALL_ID,
            flag("all", "Every call"),
            flag("incoming", "Ringing incoming calls only"),
            flag("calling", "Own calls not answered yet"),
        ],
        doc: "End a call",
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
    },
    VerbRow {
        name: "hangupall",
        aliases: &[],
        params: &[],
        doc: "End every call except ringing incoming ones",
        key: None,
        make: |_| Ok(Request::Command(Command::Hangup { which: HangupWhich::AllButRinging })),
    },
    VerbRow {
        name: "hold",
        aliases: &[],
        params: &[CALL_ID, flag("toggle", "Resume it if it is on hold")],
        doc: "Put a call on hold",
        key: Some("F5"),
        make: |v| {
            let (call, toggle) = (v.text("call"), v.flag("toggle"));
            Ok(Request::Command(if toggle { Command::ToggleHold { call } } else { Command::Hold { call } }))
        },
    },
    VerbRow {
        name: "resume",
        aliases: &["unhold"],
        params: &[CALL_ID],
        doc: "Take a call back from hold",
        key: Some("F6"),
        make: |v| Ok(Request::Command(Command::Resume { call: v.text("call") })),
    },
    VerbRow {
        name: "conference",
        aliases: &["merge"],
        params: &[Param {
            name: "calls",
            kind: ParamKind::Words,
            doc: "Call ids, such as c1 c2; none = all that are answered; off = it ends, off c1 = that call leaves",
        }],
        doc: "Let calls hear each other",
        key: Some("Ctrl-n"),
        make: |v| {
            let words = v.text("calls").unwrap_or_default();
            let mut calls: Vec<String> = words.split_whitespace().map(str::to_owned).collect();
            let off = calls.first().is_some_and(|word| word.eq_ignore_ascii_case("off"));
            calls.drain(..usize::from(off));
            Ok(Request::Command(if off { Command::LeaveConference { calls } } else { Command::Conference { calls } }))
        },
    },
    sound::RECORD,
    sound::PLAY,
    sound::MUTE,
    sound::UNMUTE,
    sound::VOLUME,
    sound::DTMF,
    VerbRow {
        name: "message",
        aliases: &["sendmessage"],
        params: &[
            required("number", "Number, user or SIP address"),
            Param { name: "text", kind: ParamKind::Rest, doc: "The message" },
            option("account", "Account to write from"),
        ],
        doc: "Send a message, tell whether it was delivered",
        key: None,
        make: |v| {
            let (target, text) = (v.need("number")?, v.need("text")?);
            Ok(Request::Command(Command::Message { target, text, account: v.text("account") }))
        },
    },
    VerbRow {
        name: "messages",
        aliases: &[],
        params: &[
            optional("number", "Only those with this user or address"),
            flag("read", "They are read from now on"),
        ],
        doc: "List the messages since the phone was started",
        key: None,
        make: |v| {
            let (with, read) = (v.text("number"), v.flag("read"));
            Ok(Request::Command(Command::Messages { with, read }))
        },
    },
    VerbRow {
        name: "composing",
        aliases: &[],
        params: &[required("number", "Number, user or SIP address"), option("account", "Account to write from")],
        doc: "Tell that a message is being written, if tellComposing=1; again every few seconds",
        key: None,
        make: |v| {
            let (target, account) = (v.need("number")?, v.text("account"));
            Ok(Request::Command(Command::Composing { target, account }))
        },
    },
    VerbRow {
        name: "transfer",
        aliases: &[],
        params: &[
            optional(
                "number",
                "Number, user or SIP address; with --attended the call to connect with, its id or number",
            ),
            flag("attended", "Connect the call with another one, which was called before"),
            option("call", "The call to hand over"),
        ],
        doc: "Hand a call over, and wait for the outcome",
        key: Some("F9"),
        make: |v| {
            let to = match (v.text("number"), v.flag("attended")) {
                (other, true) => TransferTo::Call(other),
                (Some(number), false) => TransferTo::Number(number),
                (None, false) => return Err("no number given".into()),
            };
            Ok(Request::Command(Command::Transfer { call: v.text("call"), to }))
        },
    },
    VerbRow {
        name: "pickup",
        aliases: &[],
        params: &[
            optional("number", "Whose ringing; without it one that a light shows"),
            option("account", "Account to call from"),
        ],
        doc: "Take a call that rings at another phone",
        key: Some("Ctrl-p"),
        make: |v| Ok(Request::Command(Command::Pickup { number: v.text("number"), account: v.text("account") })),
    },
    VerbRow {
        name: "park",
        aliases: &[],
        params: &[optional("number", "Where; parkNumber unless said"), option("call", "The call to park")],
        doc: "Park a call, and tell where if a light does",
        key: Some("Ctrl-k"),
        make: |v| Ok(Request::Command(Command::Park { call: v.text("call"), number: v.text("number") })),
    },
    VerbRow {
        name: "retrieve",
        aliases: &[],
        params: &[
            optional("number", "Where it waits; without it the call parked last, or the only one"),
            option("account", "Account to call from"),
        ],
        doc: "Call a parked call back",
        key: Some("Ctrl-r"),
        make: |v| Ok(Request::Command(Command::Retrieve { number: v.text("number"), account: v.text("account") })),
    },
    VerbRow {
        name: "dnd",
        aliases: &[],
        params: &[required("state", "on or off")],
        doc: "Turn do-not-disturb on or off, for good",
        key: Some("Ctrl-d"),
        make: |v| Ok(Request::Command(Command::Dnd { on: v.switch("state")? })),
    },
    VerbRow {
        name: "autoanswer",
        aliases: &[],
        params: &[required("state", "on or off")],
        doc: "Answer every call without a person, or no longer; for good",
        key: None,
        make: |v| Ok(Request::Command(Command::AutoAnswer { on: v.switch("state")? })),
    },
    VerbRow {
        name: "autoconference",
        aliases: &[],
        params: &[required("state", "on or off")],
        doc: "Let calls that are answered join a conference by themselves, or no longer; for good",
        key: None,
        make: |v| Ok(Request::Command(Command::AutoConference { on: v.switch("state")? })),
    },
    VerbRow {
        name: "forward",
        aliases: &[],
        params: &[required("number", "Number, user or SIP address; off = no more")],
        doc: "Send incoming calls on to another number, for good",
        key: Some("Ctrl-f"),
        make: |v| {
            let number = Some(v.need("number")?).filter(|number| !number.eq_ignore_ascii_case("off"));
            Ok(Request::Command(Command::Forward { number }))
        },
    },
    sound::AEC,
    sound::DENOISE,
    sound::AGC,
    sound::BOOST,
    VerbRow {
        name: "register",
        aliases: &[],
        params: &[ACCOUNT],
        doc: "Register with the server",
        key: None,
        make: |v| Ok(Request::Command(Command::Register { account: v.text("account") })),
    },
    VerbRow {
        name: "unregister",
        aliases: &[],
        params: &[ACCOUNT, flag("all", "Every phone of the account, as always where no phone runs")],
        doc: "Un-register from the server",
        key: None,
        make: |v| {
            let (account, all) = (v.text("account"), v.flag("all"));
            let (every, own) = (Command::UnregisterAll { account: account.clone() }, Command::Unregister { account });
            Ok(Request::Command(if all { every } else { own }))
        },
    },
    VerbRow {
        name: "ping",
        aliases: &["options"],
        params: &[
            optional("number", "Number, user or SIP address; without it the account's server"),
            option("account", "Account to ask from"),
        ],
        doc: "Ask whether a server or phone answers, how soon, and what it takes",
        key: None,
        make: |v| Ok(Request::Command(Command::Ping { target: v.text("number"), account: v.text("account") })),
    },
    VerbRow {
        name: "status",
        aliases: &[],
        params: &[],
        doc: "Show the phone's state",
        key: None,
        make: |_| Ok(Request::Status),
    },
    VerbRow {
        name: "calls",
        aliases: &[],
        params: &[],
        doc: "List the calls",
        key: None,
        make: |_| Ok(Request::Calls),
    },
    at_hand::IGNORE,
    at_hand::VOICEMAIL,
    at_hand::AVAILABLE,
    at_hand::SHORTCUT,
    at_hand::SHORTCUTS,
    past::HISTORY,
    past::REDIAL,
    VerbRow {
        name: "accounts",
        aliases: &[],
        params: &[],
        doc: "List the accounts",
        key: None,
        make: |_| Ok(Request::Accounts),
    },
    VerbRow {
        name: "ready",
        aliases: &[],
        params: &[],
        doc: "Tell whether the phone can dial",
        key: None,
        make: |_| Ok(Request::Ready),
    },
    sound::DEVICES,
    sound::DEVICE,
    sound::CODECS,
    people::CONTACTS,
    sound::TEST_AUDIO,
    window::SHOW,
    window::HIDE,
    window::URL,
    window::ACCOUNT,
    window::PASSWORD,
    window::COMMAND,
    VerbRow {
        name: "reload",
        aliases: &[],
        params: &[],
        doc: "Read the settings again; calls go on, and only accounts whose own keys have changed register anew",
        key: None,
        make: |_| Ok(Request::Reload),
    },
    VerbRow {
        name: "watch",
        aliases: &["subscribe"],
        params: &[option("as", "Only what OnCallEnd=SendMessage,NAME,… and its like send to this name")],
        doc: "Print events as they happen",
        key: None,
        make: |v| match v.text("as") {
            Some(name) if name.chars().count() > MAX_NAME => Err(format!("a name has {MAX_NAME} characters at most")),
            name => Ok(Request::Watch { name }),
        },
    },
    seeing::TRACE,
    VerbRow {
        name: "attach",
        aliases: &[],
        params: &[flag("face", "It can be shown, hidden and filled")],
        doc: "Follow state, events and levels, as the interface does",
        key: None,
        make: |v| Ok(Request::Attach { face: v.flag("face") }),
    },
    VerbRow {
        name: "exit",
        aliases: &["quit", "close"],
        params: &[],
        doc: "End all calls, un-register and stop the phone",
        key: None,
        make: |_| Ok(Request::Command(Command::Exit)),
    },
];

/// The row of a verb's name or alias, in any letter case.
pub fn find(word: &str) -> Option<&'static VerbRow> {
    VERBS
        .iter()
        .find(|row| row.name.eq_ignore_ascii_case(word) || row.aliases.iter().any(|a| a.eq_ignore_ascii_case(word)))
}

/// The error of a request that could not be read.
pub fn usage_error(message: String) -> CommandError {
    let message = crate::text::elided(&message, MAX_MESSAGE);
    CommandError { code: ExitCode::Usage, kind: "usage", message, hint: None }
}

#[cfg(test)]
mod tests;
