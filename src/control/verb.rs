//! The one table of verbs. The command line, the socket, the keymap, the help overlay and the man page read it.

mod at_hand;
mod calls;
mod past;
mod reading;
mod row;
mod seeing;
mod sound;
mod window;
mod words;

use super::format::Format;
pub use super::values::Values;
use super::{Command, CommandError, ExitCode, MAX_NAME, people, setting};
pub use row::{Example, Make, Param, ParamKind, Request, TraceForm, VerbRow};
pub use words::WORDS;

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
    calls::CALL,
    calls::ANSWER,
    calls::REJECT,
    calls::HANGUP,
    calls::HANGUPALL,
    calls::HOLD,
    calls::RESUME,
    calls::CONFERENCE,
    sound::RECORD,
    sound::PLAY,
    sound::SOUND,
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
        examples: &[("tuiphone message 600 On my way", "Write; tells whether it was delivered")],
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
        examples: &[
            ("tuiphone messages", "What was written since the phone was started"),
            ("tuiphone messages 600 --read --json", "With 600 alone, read from now on"),
        ],
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
        examples: &[("tuiphone composing 600", "Somebody is about to write to 600")],
        key: None,
        make: |v| {
            let (target, account) = (v.need("number")?, v.text("account"));
            Ok(Request::Command(Command::Composing { target, account }))
        },
    },
    calls::TRANSFER,
    calls::PICKUP,
    calls::PARK,
    calls::RETRIEVE,
    VerbRow {
        name: "dnd",
        aliases: &[],
        params: &[required("state", "on or off")],
        doc: "Turn do-not-disturb on or off, for good",
        examples: &[("tuiphone dnd on", "Callers find the phone busy"), ("tuiphone dnd off", "They ring again")],
        key: Some("Ctrl-d"),
        make: |v| Ok(Request::Command(Command::Dnd { on: v.switch("state")? })),
    },
    VerbRow {
        name: "autoanswer",
        aliases: &[],
        params: &[required("state", "on or off")],
        doc: "Answer every call without a person, or no longer; for good",
        examples: &[
            ("tuiphone autoanswer on", "Calls are answered without a person"),
            ("tuiphone autoanswer off", "A person answers again"),
        ],
        key: None,
        make: |v| Ok(Request::Command(Command::AutoAnswer { on: v.switch("state")? })),
    },
    VerbRow {
        name: "autoconference",
        aliases: &[],
        params: &[required("state", "on or off")],
        doc: "Let calls that are answered join a conference by themselves, or no longer; for good",
        examples: &[
            ("tuiphone autoconference on", "Whoever is answered joins the conference"),
            ("tuiphone autoconference off", "Nobody does by himself"),
        ],
        key: None,
        make: |v| Ok(Request::Command(Command::AutoConference { on: v.switch("state")? })),
    },
    VerbRow {
        name: "forward",
        aliases: &[],
        params: &[required("number", "Number, user or SIP address; off = no more")],
        doc: "Send incoming calls on to another number, for good",
        examples: &[("tuiphone forward 601", "Send every call on to 601"), ("tuiphone forward off", "Ring here again")],
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
        examples: &[
            ("tuiphone register", "Register now, and tell how it went"),
            ("tuiphone -i microsip.ini register --json", "The accounts of this file, as JSON"),
        ],
        key: None,
        make: |v| Ok(Request::Command(Command::Register { account: v.text("account") })),
    },
    VerbRow {
        name: "unregister",
        aliases: &[],
        params: &[ACCOUNT, flag("all", "Every phone of the account, as always where no phone runs")],
        doc: "Un-register from the server",
        examples: &[
            ("tuiphone unregister", "Be unreachable until told otherwise"),
            ("tuiphone unregister 1 --all", "Remove every phone of the account from the server"),
        ],
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
        examples: &[
            ("tuiphone ping", "Does the server answer?"),
            ("tuiphone ping 600 --json", "Does that phone, and what does it take?"),
        ],
        key: None,
        make: |v| Ok(Request::Command(Command::Ping { target: v.text("number"), account: v.text("account") })),
    },
    VerbRow {
        name: "status",
        aliases: &[],
        params: &[option(
            "format",
            "A line of one's own, with these filled in: {state} {calls} {call} {number} {duration} {direction} {codec} \
             {mos} {account} {registered} {accounts} {unread} {voicemail} {dnd} {muted} {recording} {volume} {forward}",
        )],
        doc: "Show the phone's state",
        examples: &[
            ("tuiphone status", "The phone, its accounts and its calls"),
            ("tuiphone status --json", "The same for a program"),
            ("tuiphone status --format '{state} {calls}'", "A line for a status bar"),
        ],
        key: None,
        make: |v| {
            let format = v.text("format").map(|text| Format::parse(&text)).transpose()?;
            Ok(Request::Status { format })
        },
    },
    VerbRow {
        name: "calls",
        aliases: &[],
        params: &[],
        doc: "List the calls",
        examples: &[
            ("tuiphone calls", "The calls there are"),
            ("tuiphone calls --json | jq '.calls | length'", "How many"),
        ],
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
        examples: &[
            ("tuiphone accounts", "The accounts, and where they stand"),
            ("tuiphone accounts --json | jq '.accounts[].aor'", "Their addresses"),
        ],
        key: None,
        make: |_| Ok(Request::Accounts),
    },
    VerbRow {
        name: "ready",
        aliases: &[],
        params: &[],
        doc: "Tell whether the phone can dial",
        examples: &[("tuiphone ready", "For scripts: ends with 0 once a call can be made")],
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
        examples: &[("tuiphone reload", "Take what was changed in the files")],
        key: None,
        make: |_| Ok(Request::Reload),
    },
    VerbRow {
        name: "watch",
        aliases: &["subscribe"],
        params: &[option("as", "Only what OnCallEnd=SendMessage,NAME,… and its like send to this name")],
        doc: "Print events as they happen",
        examples: &[
            ("tuiphone watch", "Events as sentences, until stopped"),
            ("tuiphone watch --json | jq --unbuffered .event", "Their names, for a program"),
            ("tuiphone subscribe --as MyApp --json", "What OnCallEnd=SendMessage,MyApp,… tells"),
        ],
        key: None,
        make: |v| match v.text("as") {
            Some(name) if name.chars().count() > MAX_NAME => Err(format!("a name has {MAX_NAME} characters at most")),
            name => Ok(Request::Watch { name }),
        },
    },
    setting::SETTING,
    seeing::TRACE,
    VerbRow {
        name: "attach",
        aliases: &[],
        params: &[flag("face", "It can be shown, hidden and filled")],
        doc: "Follow state, events and levels, as the interface does",
        examples: &[("tuiphone attach", "State, events and levels, a line of JSON each")],
        key: None,
        make: |v| Ok(Request::Attach { face: v.flag("face") }),
    },
    VerbRow {
        name: "exit",
        aliases: &["quit", "close"],
        params: &[],
        doc: "End all calls, un-register and stop the phone",
        examples: &[("tuiphone exit", "End calls, un-register, stop")],
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
