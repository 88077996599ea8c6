//! SIPp as the far end: scenarios that answer, refuse, dawdle and fork on purpose, and a caller that rings the phone.

use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use tempfile::TempDir;

use crate::kamailio::{Kamailio, has_secure_modules};
use crate::support::{Process, beside_others, free_port, have, until};

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
    /// The same, the 183 sent reliably: its PRACK must come, and the 200 says nothing of sound.
    Reliable,
    /// Rings until it is cancelled.
    NeverAnswers,
    /// The other way round: calls the phone, hangs up after two seconds.
    Caller,
    /// The same, insisting that provisional answers arrive: the 180 must have a number, and is acknowledged.
    CallerInsists,
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
        let far = Self::with(scenario, &["-m", "1"]);
        std::thread::sleep(Duration::from_millis(300));
        far
    }

    /// Starts an end that calls `number` through a proxy.
    pub fn call(scenario: Scenario, number: &str, proxy: &str) -> Self {
        Self::with(scenario, &["-m", "1", "-s", number, proxy])
    }

    fn with(scenario: Scenario, arguments: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("scenario.xml");
        std::fs::write(&file, xml(scenario)).unwrap();
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

/// A reply of the far end; `body` adds its session description.
fn reply(status: u16, reason: &str, tag: &str, body: bool) -> String {
    let (kind, sdp) = if body { ("Content-Type: application/sdp\n", SDP) } else { ("", "") };
    format!(
        "<send><![CDATA[\nSIP/2.0 {status} {reason}\n[last_Via:]\n[last_Record-Route:]\n[last_From:]\n\
         [last_To:];tag={tag}\n[last_Call-ID:]\n[last_CSeq:]\nContact: <sip:far@[local_ip]:[local_port];transport=udp>\n\
         {kind}Content-Length: [len]\n\n{sdp}]]></send>\n"
    )
}

/// A reply inside the dialog: `To` has its tag already.
const OK_IN_DIALOG: &str = "<send><![CDATA[
SIP/2.0 200 OK
[last_Via:]
[last_From:]
[last_To:]
[last_Call-ID:]
[last_CSeq:]
Content-Length: 0

]]></send>
";

const SDP: &str = "v=0
o=far 1 1 IN IP4 [local_ip]
s=-
c=IN IP4 [media_ip]
t=0 0
m=audio [media_port] RTP/AVP 0 101
a=rtpmap:0 PCMU/8000
a=rtpmap:101 telephone-event/8000
a=fmtp:101 0-15
";

/// Receives the INVITE and keeps what a later request or reply of the same call needs.
const INVITE: &str = r#"<recv request="INVITE" rrs="true"><action>
<ereg regexp=".*" search_in="hdr" header="From:" assign_to="from"/>
<ereg regexp=".*" search_in="hdr" header="To:" assign_to="to"/>
<ereg regexp=".*" search_in="hdr" header="CSeq:" assign_to="cseq"/>
<ereg regexp=".*" search_in="hdr" header="Via:" occurence="1" assign_to="via1"/>
<ereg regexp=".*" search_in="hdr" header="Via:" occurence="2" assign_to="via2"/>
</action></recv>
"#;
const ACK: &str = "<recv request=\"ACK\"/>\n";
const BYE: &str = "<recv request=\"BYE\"/>\n";
const CANCEL: &str = "<recv request=\"CANCEL\"/>\n";
const OK_IN: &str = "<recv response=\"200\"/>\n";

/// The INVITE's own final answer after a CANCEL: its Via and CSeq, not those of the CANCEL.
const TERMINATED: &str = "<send><![CDATA[
SIP/2.0 487 Request Terminated
Via:[$via1]
Via:[$via2]
From:[$from]
To:[$to];tag=far1
[last_Call-ID:]
CSeq:[$cseq]
Content-Length: 0

]]></send>
";

/// The INVITE's own 200 after a PRACK.
const ANSWERED: &str = "<send><![CDATA[
SIP/2.0 200 OK
Via:[$via1]
Via:[$via2]
Record-Route:[$rr]
From:[$from]
To:[$to];tag=far1
[last_Call-ID:]
CSeq:[$cseq]
Contact: <sip:far@[local_ip]:[local_port];transport=udp>
Content-Length: 0

]]></send>
";

/// Receives the PRACK of the response numbered 77.
const PRACK: &str = r#"<recv request="PRACK"><action>
<ereg regexp="77 [0-9]+ INVITE" search_in="hdr" header="RAck:" check_it="true" assign_to="rack"/>
</action></recv>
"#;

/// BYE from the called side.
const BYE_BY_CALLED: &str = "<send retrans=\"500\"><![CDATA[
BYE [next_url] SIP/2.0
Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]
[routes]
From:[$to];tag=far1
To:[$from]
[last_Call-ID:]
CSeq: 2 BYE
Max-Forwards: 70
Content-Length: 0

]]></send>
";

/// The caller's side: INVITE, ACK, BYE.
const CALL: &str = "<send retrans=\"500\"><![CDATA[
INVITE sip:[service]@[remote_ip]:[remote_port] SIP/2.0
Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]
From: <sip:sipp@[local_ip]:[local_port]>;tag=[call_number]
To: <sip:[service]@[remote_ip]:[remote_port]>
Call-ID: [call_id]
CSeq: 1 INVITE
Contact: <sip:sipp@[local_ip]:[local_port]>
Max-Forwards: 70
Content-Type: application/sdp
Content-Length: [len]

SDP]]></send>
";
const CALLER_ACK: &str = "<send><![CDATA[
ACK [next_url] SIP/2.0
Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]
[routes]
From: <sip:sipp@[local_ip]:[local_port]>;tag=[call_number]
[last_To:]
Call-ID: [call_id]
CSeq: 1 ACK
Max-Forwards: 70
Content-Length: 0

]]></send>
";
const CALLER_BYE: &str = "<send retrans=\"500\"><![CDATA[
BYE [next_url] SIP/2.0
Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]
[routes]
From: <sip:sipp@[local_ip]:[local_port]>;tag=[call_number]
[last_To:]
Call-ID: [call_id]
CSeq: 2 BYE
Max-Forwards: 70
Content-Length: 0

]]></send>
";

/// The caller's PRACK.
const CALLER_PRACK: &str = "<send retrans=\"500\"><![CDATA[
PRACK [next_url] SIP/2.0
Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]
[routes]
From: <sip:sipp@[local_ip]:[local_port]>;tag=[call_number]
[last_To:]
Call-ID: [call_id]
CSeq: 2 PRACK
RAck: [$rseq] 1 INVITE
Max-Forwards: 70
Content-Length: 0

]]></send>
";
const NUMBERED: &str = r#"<recv response="180" rrs="true"><action>
<ereg regexp="[0-9]+" search_in="hdr" header="RSeq:" check_it="true" assign_to="rseq"/>
</action></recv>
"#;

fn pause(milliseconds: u32) -> String {
    format!("<pause milliseconds=\"{milliseconds}\"/>\n")
}

fn xml(scenario: Scenario) -> String {
    let trying = reply(100, "Trying", "", false).replace(";tag=", "");
    let ringing = reply(180, "Ringing", "far1", false);
    let ok = reply(200, "OK", "far1", true);
    let until_bye = [ACK, BYE, OK_IN_DIALOG].concat();
    let steps = match scenario {
        Scenario::Answer => [INVITE, &ringing, &pause(200), &ok, &until_bye].concat(),
        Scenario::AnswerOpus => {
            let capture = "<ereg regexp=\"a=rtpmap:([0-9]+) opus/48000\" search_in=\"body\" check_it=\"true\" assign_to=\"line,pt\"/>\n";
            let invite = INVITE.replace("</action>", &format!("{capture}</action>"));
            let opus = "m=audio [media_port] RTP/AVP [$pt]\na=rtpmap:[$pt] opus/48000/2\n";
            let (head, _) = SDP.split_once("m=audio").unwrap();
            let ok = ok.replace(SDP, &format!("{head}{opus}"));
            [&invite, &ringing, &pause(200), &ok, &until_bye, "<Reference variables=\"line\"/>\n"].concat()
        }
        Scenario::AnswerThenBye => [INVITE, &ringing, &ok, ACK, &pause(1000), BYE_BY_CALLED, OK_IN].concat(),
        Scenario::Refuse(status, reason) => [INVITE, &reply(status, reason, "far1", false), ACK].concat(),
        Scenario::Slow => [INVITE, &trying, &pause(3000), &ringing, &ok, &until_bye].concat(),
        Scenario::EarlyMedia => {
            [INVITE, &reply(183, "Session Progress", "far1", true), &pause(1000), &ok, &until_bye].concat()
        }
        Scenario::Reliable => {
            let route = "<ereg regexp=\".*\" search_in=\"hdr\" header=\"Record-Route:\" assign_to=\"rr\"/>\n";
            let invite = INVITE.replace("</action>", &format!("{route}</action>"));
            let reliable = "Require: 100rel\nRSeq: 77\nContact:";
            let progress = reply(183, "Session Progress", "far1", true).replace("Contact:", reliable);
            let unused = "<Reference variables=\"rack\"/>\n";
            [&invite, &progress, PRACK, OK_IN_DIALOG, &pause(500), ANSWERED, &until_bye, unused].concat()
        }
        Scenario::NeverAnswers => [INVITE, &ringing, CANCEL, OK_IN_DIALOG, TERMINATED, ACK].concat(),
        Scenario::Caller => {
            let provisional = |status: u16| format!("<recv response=\"{status}\" optional=\"true\"/>\n");
            let answer = "<recv response=\"200\" rrs=\"true\"/>\n";
            let call = CALL.replace("SDP]]", &format!("{SDP}]]"));
            [&call, &provisional(100), &provisional(180), answer, CALLER_ACK, &pause(2000), CALLER_BYE, OK_IN].concat()
        }
        Scenario::CallerInsists => {
            let call = CALL.replace("SDP]]", &format!("{SDP}]]")).replace("Contact:", "Require: 100rel\nContact:");
            let trying = "<recv response=\"100\" optional=\"true\"/>\n";
            let answer = "<recv response=\"200\" rrs=\"true\"/>\n";
            let bye = CALLER_BYE.replace("2 BYE", "3 BYE");
            [&call, trying, NUMBERED, CALLER_PRACK, OK_IN, answer, CALLER_ACK, &pause(1000), &bye, OK_IN].concat()
        }
    };
    let kept = if steps.contains("\"from\"") { "<Reference variables=\"from,to,cseq,via1,via2\"/>\n" } else { "" };
    format!("<?xml version=\"1.0\" encoding=\"ISO-8859-1\" ?>\n<scenario name=\"far end\">\n{steps}{kept}</scenario>\n")
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
        let caller = FarEnd::call(Scenario::Caller, "600", &proxy.server());
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
        called_over(transport, Scenario::Caller);
    }
}

//= RFC 3262 §3
#[test]
fn a_caller_may_insist_on_provisional_answers_that_arrive() {
    if have(&["sipp", "kamailio"]) {
        let _machine = beside_others();
        called_over("udp", Scenario::CallerInsists);
    }
}

fn called_over(transport: &str, scenario: Scenario) {
    let proxy = Kamailio::start("SHA-256", &[]);
    let phone = proxy.phone_over(transport, "101", "autoAnswer=all\nautoAnswerDelay=1");
    let mut command = phone.command(&["daemon", "--audio-in", "tone:440", "--audio-out", "null"]);
    let mut daemon = Process::start("daemon", &mut command, &phone.file("run"));
    until("registered", Duration::from_secs(15), || proxy.said().contains("saved 101"));
    let caller = FarEnd::call(scenario, "101", &proxy.server());
    caller.finished();
    daemon.terminate();
    let status = daemon.ended(Duration::from_secs(10));
    assert!(status.code().is_some(), "the daemon died of a signal\n{}", daemon.said());
    assert_eq!(proxy.said().matches("saved 101").count(), 2, "un-registered on the way out\n{}", proxy.said());
}
