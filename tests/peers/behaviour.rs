//! What a phone does in front of far ends that use all of SIP, with a record-routing proxy between. One behaviour, one
//! test; the flow is the far end's, line by line.

mod beside;
mod changes;
mod opening;
mod transfers;

use std::time::Duration;

use crate::kamailio::Kamailio;
use crate::sipp::FarEnd;
use crate::support::{Outcome, Phone, Process, beside_others, have, until};

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

/// A phone that is registered and answers by itself, unless `settings` say otherwise.
struct Called {
    proxy: Kamailio,
    phone: Phone,
    daemon: Process,
}

impl Called {
    fn start(settings: &str, numbers: &[(&str, u16)]) -> Option<Self> {
        if !have(&["kamailio", "sipp"]) {
            return None;
        }
        let proxy = Kamailio::start("SHA-256", numbers);
        let phone = proxy.phone_with("101", &format!("audioCodecs=PCMU/8000/1\n{settings}"));
        let mut command = phone.command(&["daemon", "--audio-in", "tone:440", "--audio-out", "null"]);
        command.arg("--debug").arg(phone.file("daemon.trace"));
        let daemon = Process::start("daemon", &mut command, &phone.file("run"));
        until("registered", Duration::from_secs(15), || proxy.said().contains("saved 101"));
        Some(Self { proxy, phone, daemon })
    }

    /// A far end rings the phone and goes through `flow` to its end.
    fn rung(&self, flow: &str) {
        FarEnd::begins(flow, "101", &self.proxy.server()).finished();
    }

    /// The phone's word for what it does.
    fn state(&self) -> String {
        let outcome = self.phone.run(&["status"], Duration::from_secs(5));
        outcome.text("/state").to_owned()
    }

    /// Every message that the phone sent and received.
    fn trace(&self) -> String {
        std::fs::read_to_string(self.phone.file("daemon.trace")).unwrap_or_default()
    }
}

impl Drop for Called {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("---- the phone's trace\n{}", self.trace());
            eprintln!("---- and what it said\n{}", self.daemon.said());
        }
    }
}

/// The phone answers and the far end goes through `flow` to its end.
fn called(flow: &str) {
    let _machine = beside_others();
    let Some(called) = Called::start("autoAnswer=all", &[]) else { return };
    called.rung(flow);
    until("nothing stays behind", Duration::from_secs(5), || called.state() == "idle");
}
