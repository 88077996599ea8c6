//! What a phone does in front of far ends that use all of SIP, with a record-routing proxy between. One behaviour, one
//! test; the flow is the far end's, line by line.

mod beside;
mod changes;
mod opening;
mod transfers;

use std::sync::RwLockReadGuard;
use std::time::Duration;

use crate::daemon::Daemon;
use crate::kamailio::Kamailio;
use crate::sipp::FarEnd;
use crate::support::{Outcome, beside_others, have};

/// The phone calls a far end that goes through `flow` to its end.
fn calling(flow: &str, arguments: &[&str]) -> Option<Outcome> {
    if !have(&["kamailio", "sipp"]) {
        return None;
    }
    let _machine = beside_others();
    let far = FarEnd::plays(flow);
    let proxy = Kamailio::start("SHA-256", &[("600", far.port)]);
    let phone = proxy.phone("101");
    let arguments = [&["call", "600", "--audio-in", "tone:440", "--audio-out", "null"], arguments].concat();
    let outcome = phone.run(&arguments, Duration::from_secs(40));
    far.finished();
    Some(outcome)
}

/// A proxy, and a phone that is on and answers by itself unless its settings say otherwise.
struct Called {
    phone: Daemon,
    proxy: Kamailio,
    _machine: RwLockReadGuard<'static, ()>,
}

impl Called {
    /// `settings` are lines of `[Settings]`; `numbers` leads each number to a port.
    fn start(settings: &str, numbers: &[(&str, u16)]) -> Option<Self> {
        Self::watching(settings, "", numbers)
    }

    /// The same with lines of `[tuiphone]`.
    fn watching(settings: &str, own: &str, numbers: &[(&str, u16)]) -> Option<Self> {
        if !have(&["kamailio", "sipp"]) {
            return None;
        }
        let machine = beside_others();
        let proxy = Kamailio::start("SHA-256", numbers);
        let phone = proxy.phone_with("101", &format!("audioCodecs=PCMU/8000/1\n{settings}"));
        phone.edit(|ini| format!("{ini}[tuiphone]\n{own}\n"));
        Some(Self { phone: Daemon::start(phone), proxy, _machine: machine })
    }

    /// A far end begins `flow`.
    fn rings(&self, flow: &str) -> FarEnd {
        FarEnd::begins(flow, "101", &self.proxy.server())
    }

    /// A far end begins `flow` and goes through it to its end.
    fn rung(&self, flow: &str) {
        self.rings(flow).finished();
    }
}

/// The phone answers and the far end goes through `flow` to its end.
fn called(flow: &str) {
    let Some(called) = Called::start("autoAnswer=all", &[]) else { return };
    called.rung(flow);
    called.phone.until_is("idle");
}

/// A far end that calls, is answered, and goes on with `flow`.
fn talking(flow: &str) -> String {
    format!("> INVITE | sdp \n <? 100 \n <? 180 \n < 200 \n > ACK \n {flow}")
}
