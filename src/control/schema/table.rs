//! Every shape there is: a row each.

use super::shapes::{self, checks, files, people};
use crate::control::{Event, Status, TraceLine};
use schemars::{JsonSchema, Schema, SchemaGenerator};

/// Describes the own keys of a shape.
type Part = fn(&mut SchemaGenerator) -> Schema;

/// A shape that is published.
pub(super) struct Shape {
    /// Its name.
    pub name: &'static str,
    /// What has it.
    pub doc: &'static str,
    /// What stands beside its own keys.
    pub frame: Frame,
    /// The verbs of a running phone whose answers have it.
    pub verbs: &'static [&'static str],
    /// The commands that print it where no phone is asked, or beside its answer.
    pub commands: &'static [&'static str],
    /// Its own keys; several where there are several forms.
    pub parts: &'static [Part],
}

/// What a line is, which says what keys it has beside its own.
pub(super) enum Frame {
    /// An answer: `v`, `verb`, `ok`.
    Reply {
        /// `ok` may be false although there is an answer: a call that was not answered, a file that is odd.
        fails: bool,
    },
    /// One of several lines of a command, `--ndjson`: `v`, `verb`.
    Row,
    /// An event: `v`, `time`.
    Event,
    /// A line of the feed: `v`.
    Feed,
    /// A request to the control socket.
    Request,
    /// Something else.
    Plain,
}

const fn of<T: JsonSchema>() -> Part {
    T::json_schema
}

const fn shape(name: &'static str, doc: &'static str, frame: Frame, parts: &'static [Part]) -> Shape {
    Shape { name, doc, frame, verbs: &[], commands: &[], parts }
}

/// What a phone answers to these verbs.
const fn answer(
    name: &'static str,
    doc: &'static str,
    verbs: &'static [&'static str],
    parts: &'static [Part],
) -> Shape {
    Shape { verbs, ..shape(name, doc, Frame::Reply { fails: false }, parts) }
}

/// What these commands print, the phone or none.
const fn print(
    name: &'static str,
    doc: &'static str,
    commands: &'static [&'static str],
    parts: &'static [Part],
) -> Shape {
    Shape { commands, ..shape(name, doc, Frame::Reply { fails: false }, parts) }
}

/// The same, and `ok` may be false.
const fn outcome(
    name: &'static str,
    doc: &'static str,
    commands: &'static [&'static str],
    parts: &'static [Part],
) -> Shape {
    Shape { commands, ..shape(name, doc, Frame::Reply { fails: true }, parts) }
}

/// Every one.
pub(super) static SHAPES: &[Shape] = &[
    answer("status", "status: the phone as it stands", &["status"], &[of::<Status>()]),
    answer("format", "status --format: a line of one's own", &["status"], &[of::<shapes::Text>()]),
    answer("calls", "calls: the live ones", &["calls"], &[of::<shapes::Calls>()]),
    Shape {
        verbs: &["accounts"],
        ..outcome(
            "accounts",
            "accounts; register and unregister where no phone runs",
            &["register", "unregister"],
            &[of::<shapes::Accounts>()],
        )
    },
    answer("ready", "ready: whether a call can be made", &["ready"], &[of::<shapes::Ready>()]),
    outcome(
        "call",
        "call, pickup, retrieve and demo, at the end of the call",
        &["call", "pickup", "retrieve", "demo"],
        &[of::<shapes::CallResult>()],
    ),
    answer(
        "reply",
        "verbs that do something: answer, hangup, hold, transfer and so on",
        DOING,
        &[of::<shapes::Done>()],
    ),
    answer("volume", "volume: as it is now", &["volume"], &[of::<shapes::Volume>()]),
    answer("dtmf", "dtmf: how the digits went", &["dtmf", "shortcut"], &[of::<shapes::Digits>()]),
    answer(
        "interfaces",
        "show, hide, url and others that ask something of interfaces: how many were told",
        &["show", "hide", "url", "dtmf", "call"],
        &[of::<shapes::Interfaces>()],
    ),
    answer("test-audio", "test-audio: what was heard", &["test-audio"], &[of::<shapes::SoundTest>()]),
    answer("message", "message: whether it was delivered", &["message", "shortcut"], &[of::<shapes::Message>()]),
    answer("messages", "messages: those since the start", &["messages"], &[of::<shapes::Messages>()]),
    answer("ping", "ping: the answer to an OPTIONS", &["ping"], &[of::<shapes::Ping>()]),
    answer("shortcuts", "shortcuts: as they stand", &["shortcuts"], &[of::<shapes::Shortcuts>()]),
    answer(
        "history",
        "history: calls that were; rm, clear, seen, import",
        &["history"],
        &[of::<people::History>(), of::<people::Removed>(), of::<people::Seen>(), of::<people::Imported>()],
    ),
    answer(
        "contacts",
        "contacts: list and search; add and edit; rm; import; export; refresh",
        &["contacts"],
        &[
            of::<people::Contacts>(),
            of::<people::Added>(),
            of::<people::Gone>(),
            of::<people::TakenIn>(),
            of::<people::Exported>(),
            of::<people::Refreshed>(),
        ],
    ),
    answer("devices", "devices: sound cards", &["devices"], &[of::<checks::Devices>()]),
    answer("codecs", "codecs: in the order they are offered", &["codecs"], &[of::<checks::Codecs>()]),
    answer("reload", "reload: what has changed", &["reload"], &[of::<crate::control::Reloaded>()]),
    answer(
        "setting",
        "setting: list; set and unset",
        &["setting"],
        &[of::<files::Settings>(), of::<files::SettingSet>()],
    ),
    answer("trace", "trace: messages that were; what comes is a feed", &["trace"], &[of::<shapes::Trace>()]),
    outcome(
        "config",
        "config: path; print; print --default; get; set; check; dialplan",
        &["config"],
        &[
            of::<files::ConfigPath>(),
            of::<files::ConfigValues>(),
            of::<files::ConfigDefaults>(),
            of::<files::ConfigValue>(),
            of::<files::ConfigSet>(),
            of::<files::ConfigFindings>(),
            of::<files::DialPlan>(),
        ],
    ),
    print("import", "import: what was found, and what is or would be done", &["import"], &[of::<files::Import>()]),
    print(
        "password",
        "password: list; set; forget",
        &["password"],
        &[of::<files::Passwords>(), of::<files::PasswordKept>(), of::<files::PasswordForgotten>()],
    ),
    outcome("test", "test: what was measured and checked", &["test"], &[of::<checks::Test>()]),
    shape("test-run", "test --ndjson: a line for each call", Frame::Row, &[of::<checks::TestRun>()]).of(&["test"]),
    outcome("doctor", "doctor: what was looked at", &["doctor"], &[of::<checks::Doctor>()]),
    shape("doctor-check", "doctor --ndjson: a line for each check", Frame::Row, &[of::<checks::DoctorCheck>()])
        .of(&["doctor"]),
    print("bug-report", "bug-report: where it is", &["bug-report"], &[of::<files::BugReport>()]),
    print("serve", "serve: where it listens", &["serve"], &[of::<shapes::Served>()]),
    print("reset", "reset: where everything is now", &["reset"], &[of::<files::Reset>()]),
    print("url", "url --install and --uninstall: what was done", &["url"], &[of::<files::Url>()]),
    print("man", "man --dir: what was written", &["man"], &[of::<files::Man>()]),
    print("schema", "schema: the names", &["schema"], &[of::<files::Schemas>()]),
    outcome(
        "theme",
        "theme: what there is, what one is made of, what is wrong with it",
        &["theme"],
        &[of::<files::Themes>()],
    ),
    outcome(
        "keymap",
        "keymap: what there is, what keys can do, what is wrong with one",
        &["keymap"],
        &[of::<files::Keymaps>()],
    ),
    outcome("words", "words: what there is, what is wrong with one", &["words"], &[of::<files::Languages>()]),
    print("licenses", "licenses: what the program is made of", &["licenses"], &[of::<files::Licenses>()]),
    print("version", "--version", &[], &[of::<files::Version>()]),
    shape(
        "event",
        "An event: a line of watch, of call --ndjson, of fd 3 of call --exec; the body of a webhook; what decideIncoming is \
         asked by (call_incoming); the data of /v1/events",
        Frame::Event,
        &[of::<Event>()],
    ),
    shape(
        "feed",
        "attach, and trace of what comes: a line each",
        Frame::Feed,
        &[of::<shapes::Feed>(), of::<TraceLine>()],
    )
    .of(&["attach", "trace"]),
    shape("error", "whatever is refused", Frame::Plain, &[of::<shapes::Refusal>()]),
    shape("request", "A request: a line to the control socket, or from fd 4 of call --exec", Frame::Request, &[]),
];

impl Shape {
    /// It is printed by these commands.
    const fn of(self, commands: &'static [&'static str]) -> Shape {
        Shape { commands, ..self }
    }
}

/// The verbs that do something, and say at most which call it was.
const DOING: &[&str] = &[
    "call",
    "answer",
    "reject",
    "hangup",
    "hangupall",
    "hold",
    "resume",
    "conference",
    "record",
    "play",
    "sound",
    "mute",
    "unmute",
    "dtmf",
    "composing",
    "transfer",
    "pickup",
    "park",
    "retrieve",
    "dnd",
    "autoanswer",
    "autoconference",
    "forward",
    "aec",
    "denoise",
    "agc",
    "boost",
    "register",
    "unregister",
    "ignore",
    "voicemail",
    "available",
    "shortcut",
    "redial",
    "device",
    "show",
    "account",
    "session-password",
    "command",
    "watch",
    "trace",
    "attach",
    "exit",
];
