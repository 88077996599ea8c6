//! SIPp as the far end: scenarios that answer, refuse, dawdle and fork on purpose, and a caller that rings the phone.

use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use tempfile::TempDir;

use crate::kamailio::{Kamailio, has_secure_modules};
use crate::ladder;
use crate::support::{PATIENCE, Process, beside_others, free_port, have, until, until_listens};

/// What a far end does with one call.
#[derive(Clone, Copy)]
pub enum Scenario {
    /// Rings, answers, sends back what it hears, waits for BYE.
    Answer,
    /// The same with Opus, under the payload type that the phone offered.
    AnswerOpus,
    /// Answers and hangs up after a second.
    AnswerThenBye,
    /// Refuses with this status.
    Refuse(u16, &'static str),
    /// 100, three seconds of nothing, 180, 200.
    Slow,
    /// 183 with a description, a second of echo, then 200.
    EarlyMedia,
    /// Rings until it is cancelled.
    NeverAnswers,
    /// The other way round: calls the phone, hangs up after two seconds.
    Caller,
}

/// A SIPp process with one scenario.
pub struct FarEnd {
    process: std::cell::RefCell<Process>,
    /// Where it listens.
    pub port: u16,
    errors: PathBuf,
    _folder: TempDir,
}

impl FarEnd {
    /// Starts an end that waits for one call.
    pub fn start(scenario: Scenario) -> Self {
        Self::plays(&scenario.flow())
    }

    /// Starts an end that waits for one call and goes through `flow`, a ladder.
    pub fn plays(flow: &str) -> Self {
        let far = Self::with(&ladder::scenario(flow), &["-m", "1"]);
        until_listens("sipp", far.port);
        far
    }

    /// Starts an end that calls `number` through a proxy.
    pub fn call(number: &str, proxy: &str) -> Self {
        Self::begins(&Scenario::Caller.flow(), number, proxy)
    }

    /// Starts an end that sends the first message of `flow`, a ladder, to `number` by way of `proxy`.
    pub fn begins(flow: &str, number: &str, proxy: &str) -> Self {
        Self::with(&ladder::scenario(flow), &["-m", "1", "-s", number, proxy])
    }

    /// Starts an end for as many calls as come; each number has its flow, which follows the INVITE.
    pub fn serves(flows: &[(String, String)]) -> Self {
        let far = Self::with(&ladder::switched(flows), &[]);
        until_listens("sipp", far.port);
        far
    }

    fn with(scenario: &str, arguments: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("scenario.xml");
        std::fs::write(&file, scenario).unwrap();
        let (port, media) = (free_port(), free_port());
        let errors = folder.path().join("errors.log");
        let mut command = Command::new("timeout");
        command.args(["--kill-after=3", "120", "sipp", "-sf"]).arg(&file);
        command.args(["-i", "127.0.0.1", "-p", &port.to_string(), "-mi", "127.0.0.1", "-mp", &media.to_string()]);
        command.args(["-rtp_echo", "-nostdin", "-timeout", "90s", "-trace_err", "-error_file"]).arg(&errors);
        command.args(arguments).env("TERM", "dumb").current_dir(folder.path());
        let process = Process::start("sipp", &mut command, folder.path());
        Self { process: process.into(), port, errors, _folder: folder }
    }

    /// The scenario ran to its end, each message as it expected.
    pub fn finished(&self) {
        let status = self.process.borrow_mut().ended(Duration::from_secs(40));
        let errors = std::fs::read_to_string(&self.errors).unwrap_or_default();
        assert!(status.success(), "the far end saw something else than it expected ({status})\n{errors}");
    }
}

impl Scenario {
    fn flow(self) -> String {
        let flow = match self {
            Self::Answer => "< INVITE \n > 180 Ringing \n ~ 200 \n > 200 OK | sdp \n < ACK \n < BYE \n > 200 OK",
            Self::AnswerOpus => "< INVITE \n > 180 Ringing \n ~ 200 \n > 200 OK | opus \n < ACK \n < BYE \n > 200 OK",
            Self::AnswerThenBye => "< INVITE \n > 180 Ringing \n > 200 OK | sdp \n < ACK \n ~ 1000 \n > BYE \n < 200",
            Self::Refuse(status, reason) => return format!("< INVITE \n > {status} {reason} \n < ACK"),
            Self::Slow => {
                "< INVITE \n > 100 Trying \n ~ 3000 \n > 180 Ringing \n > 200 OK | sdp \n < ACK \n < BYE \n > 200 OK"
            }
            Self::EarlyMedia => {
                "< INVITE \n > 183 Session Progress | sdp \n ~ 1000 \n > 200 OK | sdp \n < ACK \n < BYE \n > 200 OK"
            }
            Self::NeverAnswers => {
                "< INVITE \n > 180 Ringing \n < CANCEL \n > 200 OK \n > INVITE 487 Request Terminated \n < ACK"
            }
            Self::Caller => "> INVITE | sdp \n <? 100 \n <? 180 \n < 200 \n > ACK \n ~ 2000 \n > BYE \n < 200",
        };
        flow.to_owned()
    }
}

/// The scenarios themselves: SIPp calls SIPp through kamailio, so that a failing phone cannot hide behind them.
#[test]
fn the_far_ends_understand_each_other() {
    if !have(&["sipp", "kamailio"]) {
        return;
    }
    let _machine = beside_others();
    for scenario in [Scenario::Answer, Scenario::Slow] {
        let far = FarEnd::start(scenario);
        let proxy = Kamailio::start("MD5", &[("600", far.port)]);
        let caller = FarEnd::call("600", &proxy.server());
        caller.finished();
        far.finished();
    }
}

#[test]
fn a_caller_reaches_the_daemon_through_the_registrar() {
    if !have(&["sipp", "kamailio"]) {
        return;
    }
    let _machine = beside_others();
    for transport in ["udp", "tcp"].into_iter().chain(["tls", "ws", "wss"].into_iter().filter(|_| has_secure_modules()))
    {
        called_over(transport);
    }
}

fn called_over(transport: &str) {
    let proxy = Kamailio::start("SHA-256", &[]);
    let phone = proxy.phone_over(transport, "101", "autoAnswer=all\nautoAnswerDelay=1");
    let mut command = phone.command(&["daemon", "--audio-in", "tone:440", "--audio-out", "null"]);
    let mut daemon = Process::start("daemon", &mut command, &phone.file("run"));
    until("registered", PATIENCE, || proxy.said().contains("saved 101"));
    let caller = FarEnd::call("101", &proxy.server());
    caller.finished();
    daemon.terminate();
    let status = daemon.ended(PATIENCE);
    assert!(status.code().is_some(), "the daemon died of a signal\n{}", daemon.said());
    assert_eq!(proxy.said().matches("saved 101").count(), 2, "un-registered on the way out\n{}", proxy.said());
}
