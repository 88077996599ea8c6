//! The keys of what lies between the phone and other programs: what they may dial, what they are told,
//! what they decide.

use super::directory_rows::web;
use super::field::*;
use super::{Kind, Row, tuiphone};
use crate::config::{Broker, Secret, Settings};
use std::net::{Ipv4Addr, SocketAddr};

/// Those of `[tuiphone]`, in file order.
pub(super) const ROWS: &[Row] = &[
    tuiphone(
        "allowDial",
        Kind::List,
        "",
        "numbers that links, callers over HTTP, transfers and redirections may have dialled whatever denyDial says, codes \
         with * or # too: x = a digit, a dot at the end = whatever follows",
        |s| s.dial_rules.allow_text(),
        |s, v| s.dial_rules.set_allow(v),
    ),
    tuiphone(
        "denyDial",
        Kind::List,
        "premium",
        "numbers that links, callers over HTTP, transfers and redirections may not have dialled; premium = the usual ones, \
         . = all that allowDial has not",
        |s| s.dial_rules.deny_text(),
        |s, v| s.dial_rules.set_deny(v),
    ),
    tuiphone(
        "webhook",
        Kind::Secret,
        "",
        "https://… or http://… that every event is told to, each by a POST of its JSON; empty = nobody",
        |s| s.webhook.url.reveal().to_owned(),
        webhook,
    ),
    tuiphone(
        "webhookSecret",
        Kind::Secret,
        "",
        "signs what is told: X-Tuiphone-Signature is sha256= and the HMAC-SHA256 of the body",
        |s| s.webhook.secret.reveal().to_owned(),
        |s, v| set(&mut s.webhook.secret, Secret::new(v)),
    ),
    tuiphone(
        "webhookEvents",
        Kind::Text,
        "",
        "which events, with commas between: call_* = all that begin so; empty = all",
        |s| s.webhook.events.clone(),
        |s, v| set(&mut s.webhook.events, v.to_owned()),
    ),
    tuiphone(
        "mqtt",
        Kind::Text,
        "",
        "mqtts://[USER@]HOST[:PORT]/TOPIC or mqtt://…: broker that is told under TOPIC whether the phone is online, its \
         status and its events; empty = none (builds with the feature mqtt)",
        |s| s.mqtt.broker.as_ref().map(Broker::text).unwrap_or_default(),
        broker,
    ),
    tuiphone(
        "mqttPassword",
        Kind::Secret,
        "",
        "password of that user; `tuiphone password set mqtt` keeps it elsewhere",
        |s| s.mqtt.password.reveal().to_owned(),
        |s, v| set(&mut s.mqtt.password, Secret::new(v)),
    ),
    tuiphone(
        "mqttPasswordCommand",
        Kind::Text,
        "",
        "program that prints it, run without a shell",
        |s| s.mqtt.password_command.clone(),
        |s, v| set(&mut s.mqtt.password_command, v.to_owned()),
    ),
    tuiphone(
        "mqttEvents",
        Kind::Text,
        "",
        "which events go to TOPIC/event/NAME, with commas between: call_* = all that begin so; empty = all",
        |s| s.mqtt.events.clone(),
        |s, v| set(&mut s.mqtt.events, v.to_owned()),
    ),
    tuiphone(
        "mqttCommands",
        Kind::Flag,
        "0",
        "1 = what is published to TOPIC/command is carried out, and answered to TOPIC/reply; denyDial counts",
        |s| digit(s.mqtt.commands),
        |s, v| set(&mut s.mqtt.commands, v == "1"),
    ),
    tuiphone(
        "httpListen",
        Kind::Text,
        "",
        "ADDR:PORT of this machine, such as 127.0.0.1:8080, where a daemon serves HTTP to whoever has the token; empty = \
         nowhere",
        |s| s.http_listen.map(|at| at.to_string()).unwrap_or_default(),
        http_listen,
    )
    .at_start(),
    tuiphone(
        "decideIncoming",
        Kind::Text,
        "",
        "program that is told of an incoming call before it rings (the rules that refuse come first) and prints accept, \
         reject CODE, redirect NUMBER, play FILE, ignore or nothing, and name TEXT",
        |s| s.decider.text(),
        |s, v| s.decider.set(v),
    ),
    tuiphone(
        "decideTimeout",
        Kind::Number,
        "2",
        "seconds it may think, 30 at most; then the call goes on as if nobody had been asked",
        |s| s.decider.timeout_s.to_string(),
        |s, v| set(&mut s.decider.timeout_s, clamped(v, 2, 1).min(30)),
    ),
];

/// A broker, or none.
fn broker(s: &mut Settings, value: &str) -> Option<String> {
    let read = (!value.trim().is_empty()).then(|| Broker::parse(value.trim())).transpose();
    let complaint = read.as_ref().err().map(|why| format!("{why}; no broker is told"));
    s.mqtt.broker = read.ok().flatten();
    complaint
}

/// An address of this machine alone, or none; a port by itself is one of 127.0.0.1.
fn http_listen(s: &mut Settings, value: &str) -> Option<String> {
    let port = value.strip_prefix("localhost:").or(value.strip_prefix(':')).unwrap_or(value);
    let here = port.parse().map(|port| SocketAddr::from((Ipv4Addr::LOCALHOST, port)));
    let read = here.ok().or_else(|| value.parse().ok());
    s.http_listen = read.filter(|at| at.ip().is_loopback());
    match (read, s.http_listen) {
        _ if value.is_empty() => None,
        (None, _) => Some("it is no address and port, such as 127.0.0.1:8080; HTTP is not served".to_owned()),
        (Some(_), None) => Some(
            "other machines could reach it; HTTP is not served; `tuiphone serve --http ADDR:PORT --allow-remote` serves them"
                .to_owned(),
        ),
        (Some(_), Some(_)) => None,
    }
}

/// An address of the web, or none.
fn webhook(s: &mut Settings, value: &str) -> Option<String> {
    let mut url = String::new();
    let complaint = web(&mut url, value);
    s.webhook.url = Secret::new(url);
    let open = "who calls and what is written goes over the network in the open; https:// hides it";
    complaint.or_else(|| s.webhook.is_in_the_open().then(|| open.to_owned()))
}
