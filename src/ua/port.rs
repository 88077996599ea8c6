//! The agent's one door: what goes in, what comes out.

use super::agent::AgentConfig;
use super::command::{Command, CommandError, Reply, RequestId, SoundDevice};
use super::deciding::Verdict;
use super::event::Event;
use super::snapshot::CallInfo;
use crate::config::{Dialled, TlsSettings};
use crate::contacts::Book;
use crate::media::command::{MediaCommand, MediaEvent};
use crate::sip::flow::Flow;
use crate::sip::locate::Target;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

/// Ties an answer of the resolver to its question.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct QueryId(pub u64);

/// Whom a connection must lead to, where an address alone does not say it (TLS, WebSocket).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// The host by the name asked for (RFC 5922 §7: never one that the name was resolved to), or an address literal.
    pub name: String,
    /// How it proves itself.
    pub tls: TlsSettings,
    /// Path of its WebSocket; empty = `/`.
    pub web_socket_path: String,
}

/// What goes in.
#[derive(Debug)]
pub enum Input<'a> {
    /// A person or script asks.
    Command(RequestId, Command),
    /// A datagram arrived, or a whole message on a connection.
    Datagram {
        /// The bytes.
        bytes: &'a [u8],
        /// Where on.
        flow: Flow,
    },
    /// The resolver answered: paths to try, best first; or why there is none, in words.
    Resolved(QueryId, Result<Vec<Flow>, String>),
    /// A send failed, the network said so (ICMP), or the connection has ended.
    TransportFailed {
        /// The path.
        flow: Flow,
        /// The system's words.
        error: String,
    },
    /// The addresses this machine has at the start, loopback apart.
    Addresses(Vec<IpAddr>),
    /// The machine has other addresses than before, or it has slept.
    NetworkChanged {
        /// Those it has now, loopback apart; none = the network is away.
        addresses: Vec<IpAddr>,
    },
    /// The sound reports.
    Media(MediaEvent),
    /// The contacts, as they are from now on.
    Contacts(Arc<Book>),
    /// Settings and accounts, and what follows from them, as they are from now on; a `Reply` tells what has changed.
    Configured(RequestId, Box<AgentConfig>),
    /// What `decideIncoming` says about a call.
    Decided(u32, Verdict),
    /// The time of `next_timeout` has come.
    Timeout,
}

/// What comes out.
#[derive(Debug)]
#[allow(clippy::large_enum_variant, reason = "few at a time, moved once")]
pub enum Output {
    /// Send these bytes.
    Transmit {
        /// The path.
        flow: Flow,
        /// The bytes.
        bytes: Vec<u8>,
    },
    /// Keep this path open by a double CRLF.
    KeepAlive {
        /// The path.
        flow: Flow,
        /// Its server has promised to answer where it is a connection: without an answer the connection has failed.
        owes: bool,
    },
    /// Find paths to a host; answered by `Resolved`. The engine also finds the local address of each path, and for a
    /// transport of streams a connection: the one that is there, or a new one.
    Resolve {
        /// The question.
        query: QueryId,
        /// What is looked for.
        target: Target,
        /// For a named transport: a connection to this and no other will do.
        identity: Option<Box<Identity>>,
        /// Addresses that failed of late: these after the others.
        avoid: Vec<SocketAddr>,
    },
    /// A wish to the sound.
    Media(MediaCommand),
    /// Use the sound card of this name, empty = the system's default, from now on.
    Device(SoundDevice, String),
    /// Something happened.
    Event(Event),
    /// Keep these keys of `[Settings]` or `[tuiphone]` with these values: a person has changed them for good.
    Keep(Vec<(&'static str, String)>),
    /// This was dialled, and this number was called, or called, last: kept where the file of the settings keeps it.
    Dialled {
        /// As it was typed.
        numbers: Dialled,
        /// `None` = that is not to be changed.
        last: Option<String>,
    },
    /// Ask the program of `decideIncoming` about this call; answered by `Decided`.
    Decide {
        /// The call.
        call: u32,
        /// What is known of it.
        info: Box<CallInfo>,
    },
    /// The answer to a command.
    Reply(RequestId, Result<Reply, CommandError>),
}
