//! Every shape there is: a row each.

use super::shapes;
use crate::control::{Event, Status};
use schemars::{JsonSchema, Schema, SchemaGenerator};

/// A shape that is published.
pub(super) struct Shape {
    /// Its name.
    pub name: &'static str,
    /// What has it.
    pub doc: &'static str,
    /// What stands beside its own keys.
    pub frame: Frame,
    /// Its own keys; several where there are several forms.
    pub parts: &'static [fn(&mut SchemaGenerator) -> Schema],
}

/// What a line is, which says what keys it has beside its own.
pub(super) enum Frame {
    /// An answer: `v`, `verb`, `ok`.
    Reply {
        /// `ok` may be false although there is an answer: a call that was not answered, a file that is odd.
        fails: bool,
    },
    /// An event: `v`, `time`.
    Event,
    /// A request to the control socket.
    Request,
    /// Something else.
    Plain,
}

const fn of<T: JsonSchema>() -> fn(&mut SchemaGenerator) -> Schema {
    T::json_schema
}

const fn reply(name: &'static str, doc: &'static str, parts: &'static [fn(&mut SchemaGenerator) -> Schema]) -> Shape {
    Shape { name, doc, frame: Frame::Reply { fails: false }, parts }
}

const fn outcome(name: &'static str, doc: &'static str, parts: &'static [fn(&mut SchemaGenerator) -> Schema]) -> Shape {
    Shape { name, doc, frame: Frame::Reply { fails: true }, parts }
}

/// Every one.
pub(super) static SHAPES: &[Shape] = &[
    reply("status", "status: the phone as it stands", &[of::<Status>()]),
    reply("format", "status --format: a line of one's own", &[of::<shapes::Text>()]),
    reply("calls", "calls: the live ones", &[of::<shapes::Calls>()]),
    outcome("accounts", "accounts; register and unregister where no phone runs", &[of::<shapes::Accounts>()]),
    reply("ready", "ready: whether a call can be made", &[of::<shapes::Ready>()]),
    outcome("call", "call, pickup, retrieve and demo, at the end of the call", &[of::<shapes::CallResult>()]),
    reply("reply", "verbs that do something: answer, hangup, hold, transfer and so on", &[of::<shapes::Done>()]),
    reply("message", "message: whether it was delivered", &[of::<shapes::Message>()]),
    reply("messages", "messages: those since the start", &[of::<shapes::Messages>()]),
    reply("ping", "ping: the answer to an OPTIONS", &[of::<shapes::Ping>()]),
    reply("shortcuts", "shortcuts: as they stand", &[of::<shapes::Shortcuts>()]),
    reply(
        "history",
        "history: calls that were; rm, clear, seen, import",
        &[of::<shapes::History>(), of::<shapes::Removed>(), of::<shapes::Seen>(), of::<shapes::Imported>()],
    ),
    reply(
        "contacts",
        "contacts: list and search; add and edit; rm; import; export",
        &[
            of::<shapes::Contacts>(),
            of::<shapes::Added>(),
            of::<shapes::Gone>(),
            of::<shapes::TakenIn>(),
            of::<shapes::Exported>(),
        ],
    ),
    reply("devices", "devices: sound cards", &[of::<shapes::Devices>()]),
    reply("codecs", "codecs: in the order they are offered", &[of::<shapes::Codecs>()]),
    reply("reload", "reload: what has changed", &[of::<crate::control::Reloaded>()]),
    outcome(
        "config",
        "config: path; print; print --default; get; set; check; dialplan",
        &[
            of::<shapes::ConfigPath>(),
            of::<shapes::ConfigValues>(),
            of::<shapes::ConfigDefaults>(),
            of::<shapes::ConfigValue>(),
            of::<shapes::ConfigSet>(),
            of::<shapes::ConfigFindings>(),
            of::<shapes::DialPlan>(),
        ],
    ),
    reply("import", "import: what was found, and what is or would be done", &[of::<shapes::Import>()]),
    reply(
        "password",
        "password: list; set; forget",
        &[of::<shapes::Passwords>(), of::<shapes::PasswordKept>(), of::<shapes::PasswordForgotten>()],
    ),
    reply("reset", "reset: where everything is now", &[of::<shapes::Reset>()]),
    reply("url", "url --install and --uninstall: what was done", &[of::<shapes::Url>()]),
    reply("man", "man --dir: what was written", &[of::<shapes::Man>()]),
    reply("schema", "schema: the names", &[of::<shapes::Schemas>()]),
    reply("version", "--version", &[of::<shapes::Version>()]),
    Shape { name: "event", doc: "watch: a line each", frame: Frame::Event, parts: &[of::<Event>()] },
    Shape { name: "feed", doc: "attach: a line each", frame: Frame::Plain, parts: &[of::<shapes::Feed>()] },
    Shape { name: "error", doc: "whatever is refused", frame: Frame::Plain, parts: &[of::<shapes::Refusal>()] },
    Shape { name: "request", doc: "a request to the control socket", frame: Frame::Request, parts: &[] },
];
