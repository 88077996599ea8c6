//! Messages for the tests of the machines.

use super::{Effect, Timer};
use crate::sip::message::{HeaderName, Method, Request, Response, StatusCode};
use std::time::{Duration, Instant};

pub fn request(method: Method) -> Request {
    let mut request = Request::new(method.clone(), "sip:bob@192.0.2.2");
    let lines = [
        (HeaderName::Via, "SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bKabc;rport".to_owned()),
        (HeaderName::Route, "<sip:proxy.example.com;lr>".to_owned()),
        (HeaderName::MaxForwards, "70".to_owned()),
        (HeaderName::From, "<sip:alice@example.com>;tag=a".to_owned()),
        (HeaderName::To, "<sip:bob@example.com>".to_owned()),
        (HeaderName::CallId, "call-1".to_owned()),
        (HeaderName::CSeq, format!("7 {method}")),
        (HeaderName::Contact, "<sip:alice@192.0.2.1:5060>".to_owned()),
    ];
    for (name, value) in lines {
        request.headers.set(name, value);
    }
    request
}

pub fn response(request: &Request, status: u16) -> Response {
    Response::to_request(request, StatusCode(status), Some("b"))
}

/// When and for what the machine wants to be woken; the last word on a timer counts.
pub fn armed(effects: &[Effect]) -> Vec<(Timer, Instant)> {
    effects
        .iter()
        .filter_map(|e| if let Effect::SetTimer(timer, at) = e { Some((*timer, *at)) } else { None })
        .collect()
}

pub fn sends(effects: &[Effect]) -> usize {
    effects.iter().filter(|e| matches!(e, Effect::Send(_))).count()
}

/// Lets a machine run alone: fires its timers in order until it is done, and says at which millisecond each fired.
pub fn run(
    start: Instant,
    effects: Vec<Effect>,
    mut fire: impl FnMut(Timer, Instant) -> Vec<Effect>,
) -> Vec<(u128, Timer, Vec<Effect>)> {
    let mut timers: Vec<(Timer, Instant)> = Vec::new();
    let mut log = Vec::new();
    let mut effects = effects;
    loop {
        for effect in &effects {
            match effect {
                Effect::SetTimer(timer, at) => {
                    timers.retain(|(t, _)| t != timer);
                    timers.push((*timer, *at));
                }
                Effect::StopTimer(timer) => timers.retain(|(t, _)| t != timer),
                Effect::Done => return log,
                _ => {}
            }
        }
        timers.sort_by_key(|(timer, at)| (*at, *timer));
        assert!(!timers.is_empty() && log.len() < 100, "a machine that never ends: {log:?}");
        let (timer, at) = timers.remove(0);
        effects = fire(timer, at);
        log.push(((at - start).as_millis(), timer, effects.clone()));
    }
}

/// The milliseconds at which this timer fired.
pub fn times(log: &[(u128, Timer, Vec<Effect>)], timer: Timer) -> Vec<u128> {
    log.iter().filter(|(_, t, _)| *t == timer).map(|(at, _, _)| *at).collect()
}

pub fn at(start: Instant, ms: u64) -> Instant {
    start + Duration::from_millis(ms)
}
