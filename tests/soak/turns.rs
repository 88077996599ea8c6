//! What is done over and over, and what a phone holds before and after.

use serde_json::json;

use crate::held::{Held, is_long, many, rest};
use crate::phones::dial;
use crate::support::{Daemon, closed};

/// Turns before anything is compared: they show what such a phone needs.
const WARMING: usize = 5;
/// Calls in vain and questions in vain before that, in the long run: more than a phone remembers of either.
const CALLS: usize = 300;
const QUESTIONS: usize = 150;

/// How often something is done before anything is compared.
pub fn warming() -> usize {
    many(1, WARMING)
}

/// Calls in vain before all turns; the history has them.
pub fn calls_in_vain() -> usize {
    many(0, CALLS)
}

/// Does something over and over, first until all that is remembered within bounds has reached them. What the phone held
/// before and holds afterwards, at rest.
pub fn over_and_over(daemon: &Daemon, turns: usize, mut turn: impl FnMut(usize)) -> (Held, Held) {
    fill(daemon);
    (0..warming()).for_each(&mut turn);
    let before = Held::by(daemon);
    (warming()..warming() + turns).for_each(&mut turn);
    (before, Held::again(daemon, &before))
}

/// Calls and asks where nobody is.
fn fill(daemon: &Daemon) {
    let (_socket, nobody) = closed();
    let mut wire = daemon.connect();
    wire.ask("watch");
    // The demo's phones do not call past it.
    let is_demo = wire.ask("accounts").to_string().contains("@demo");
    let number = if is_demo { "602".to_owned() } else { format!("sip:x@{nobody}") };
    for _ in 0..calls_in_vain() {
        dial(&mut wire, &number);
        wire.await_event("call_ended");
    }
    for _ in 0..many(0, QUESTIONS) {
        wire.ask(&json!({"verb": "ping", "number": number}).to_string());
    }
    // The history is closed again: an open one has room of its own on a full disk.
    if is_long() {
        rest(daemon);
    }
}
