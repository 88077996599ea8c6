//! Call flows as people draw them, turned into SIPp's XML.
//!
//! One message a line, seen from the far end: `<` comes in, `>` goes out, `~ 500` waits milliseconds. A `<?` may be
//! missing. After ` | ` come headers, one each: of an outgoing message they are added, of an incoming one they are
//! checked (`Supported: 100rel`, a regular expression; `!Require` must not be there). `sdp` is a description, `nowhere` one
//! with the address 0.0.0.0, `secure` one with the keys of the offer, `body TYPE TEXT` any other body.
//!
//! ```text
//! < INVITE | Supported: 100rel
//! > 183 Session Progress | Require: 100rel | RSeq: 7 | sdp
//! < PRACK | RAck: 7 [0-9]+ INVITE
//! > 200 OK
//! > INVITE 200 OK
//! < ACK
//! ```
//!
//! `[$domain]` is the domain that was called, `[$rseq]` the number of a reliable response that was checked for one.
//! `> 200 OK` answers what came last, `> INVITE 200 OK` the INVITE that came last.

use std::fmt::Write;

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

/// Opus under the payload type that the phone offered.
const OPUS: &str = "v=0
o=far 1 1 IN IP4 [local_ip]
s=-
c=IN IP4 [media_ip]
t=0 0
m=audio [media_port] RTP/AVP [$opus]
a=rtpmap:[$opus] opus/48000/2
";

/// SDES with the keys that the phone offered first: its own packets, sent back to it, are authentic.
const SECURE: &str = "v=0
o=far 1 1 IN IP4 [local_ip]
s=-
c=IN IP4 [media_ip]
t=0 0
m=audio [media_port] RTP/SAVP 0
a=crypto:[$crypto]
";

/// Where the far end is in the flow.
#[derive(Default, Clone)]
struct Ladder {
    steps: String,
    /// Commands so far: SIPp counts them to name a branch again.
    count: u32,
    /// The far end began.
    calls: bool,
    /// What came last, and whether it was the one that began it all.
    last: String,
    first: bool,
    /// What began it all was turned down: the next begins anew.
    refused: bool,
    cseq: u32,
    /// Command and CSeq of our INVITE.
    invite: (u32, u32),
    /// It was turned down: its ACK belongs to it.
    refused_us: bool,
    /// An INVITE within the dialog came.
    again: bool,
}

/// The scenario of a flow.
///
/// # Panics
/// A line that is none.
pub fn scenario(flow: &str) -> String {
    let mut ladder = Ladder { calls: flow.trim_start().starts_with('>'), ..Ladder::default() };
    ladder.play(flow);
    document(&ladder.steps)
}

/// The scenario of a far end that has many numbers. Each has a flow for what follows an INVITE to it; any other number is
/// not found.
///
/// # Panics
/// A line that is none.
pub fn switched(flows: &[(String, String)]) -> String {
    let mut begun = Ladder::default();
    begun.receive("INVITE", false, &[]);
    let named = |(number, _): &(String, String)| {
        format!("<ereg regexp=\"INVITE sip:{number}@\" search_in=\"msg\" assign_to=\"is{number}\"/>\n")
    };
    let named: String = flows.iter().map(named).collect();
    let mut steps = begun.steps.replace("</action>", &format!("{named}</action>"));
    for (number, _) in flows {
        writeln!(steps, "<nop next=\"{number}\" test=\"is{number}\"/>").unwrap();
    }
    let branch = |flow: &str| {
        let mut ladder = Ladder { steps: String::new(), ..begun.clone() };
        ladder.play(flow);
        ladder.steps + "<nop next=\"end\"/>\n"
    };
    steps += &branch("> 404 Not Found \n < ACK");
    for (number, flow) in flows {
        write!(steps, "<label id=\"{number}\"/>\n{}", branch(flow)).unwrap();
    }
    document(&(steps + "<label id=\"end\"/>\n"))
}

fn document(steps: &str) -> String {
    // SIPp refuses a scenario with a variable that nothing uses.
    let every = [
        "from",
        "to",
        "cseq",
        "via1",
        "via2",
        "from_again",
        "to_again",
        "cseq_again",
        "via1_again",
        "via2_again",
        "peer",
        "seen",
        "line",
        "opus",
        "crypto",
        "rseq",
        "domain",
        "route",
    ];
    let kept = every.iter().filter(|v| steps.split(['"', ',']).any(|word| word == **v));
    let kept: Vec<&str> = kept.copied().collect();
    let kept = if kept.is_empty() { String::new() } else { format!("<Reference variables=\"{}\"/>\n", kept.join(",")) };
    format!("<?xml version=\"1.0\" encoding=\"ISO-8859-1\" ?>\n<scenario name=\"far end\">\n{steps}{kept}</scenario>\n")
}

impl Ladder {
    fn play(&mut self, flow: &str) {
        for line in flow.lines().map(str::trim).filter(|line| !line.is_empty()) {
            let (sign, rest) = line.split_once(' ').expect("a sign, a space, the rest");
            let mut parts = rest.split(" | ");
            let what = parts.next().unwrap_or_default().trim();
            let extra: Vec<&str> = parts.map(str::trim).collect();
            match sign {
                "<" => self.receive(what, false, &extra),
                "<?" => self.receive(what, true, &extra),
                ">" => self.send(what, &extra),
                "~" => writeln!(self.steps, "<pause milliseconds=\"{what}\"/>").unwrap(),
                other => panic!("no step: {other}"),
            }
            self.count += 1;
        }
    }

    fn receive(&mut self, what: &str, optional: bool, checks: &[&str]) {
        let response = what.starts_with(|c: char| c.is_ascii_digit());
        let kind = if response { "response" } else { "request" };
        let mut actions = String::new();
        self.first = !self.calls && (self.last.is_empty() || self.refused && what == "INVITE");
        self.again |= !self.first && what == "INVITE";
        if self.first || what == "INVITE" {
            let again = if self.first { "" } else { "_again" };
            for (header, occurrence, variable) in
                [("From:", 1, "from"), ("To:", 1, "to"), ("CSeq:", 1, "cseq"), ("Via:", 1, "via1"), ("Via:", 2, "via2")]
            {
                actions += &keep(header, occurrence, &format!("{variable}{again}"));
            }
        }
        if self.first {
            self.refused = false;
            actions += &keep("Record-Route:", 1, "route");
            actions += "<ereg regexp=\"a=rtpmap:([0-9]+) opus/48000\" search_in=\"body\" assign_to=\"line,opus\"/>\n";
            actions += "<ereg regexp=\"a=crypto:([0-9]+ [A-Za-z0-9_]+ inline:[A-Za-z0-9+/=]+)\" search_in=\"body\" \
                        assign_to=\"line,crypto\"/>\n";
            actions += "<ereg regexp=\"@([^>;]+)\" search_in=\"hdr\" header=\"To:\" assign_to=\"line,domain\"/>\n";
        }
        if response {
            actions += &keep("To:", 1, "peer");
            self.refused_us = what.starts_with(['3', '4', '5', '6']);
        }
        if checks.iter().any(|check| check.starts_with("RSeq:")) {
            actions += "<ereg regexp=\"[0-9]+\" search_in=\"hdr\" header=\"RSeq:\" assign_to=\"rseq\"/>\n";
        }
        for check in checks {
            actions += &must(check);
        }
        let optional = if optional { " optional=\"true\"" } else { "" };
        let routes = if self.first || (response && optional.is_empty()) { " rrs=\"true\"" } else { "" };
        writeln!(self.steps, "<recv {kind}=\"{what}\"{optional}{routes}><action>\n{actions}</action></recv>").unwrap();
        if !response {
            what.clone_into(&mut self.last);
        }
    }

    fn send(&mut self, what: &str, extra: &[&str]) {
        let reply = |text: &str| text.starts_with(|c: char| c.is_ascii_digit());
        self.refused |= self.first && what.starts_with(['3', '4', '5', '6']);
        let head = match what.split_once(' ') {
            _ if reply(what) => self.answer(what, false),
            Some(("INVITE", status)) if reply(status) => self.answer(status, true),
            _ => self.ask(what),
        };
        let retransmitted = !(reply(what) || what.starts_with("ACK") || what.starts_with("INVITE 2"));
        let mut message = head;
        let mut body = String::new();
        for piece in extra {
            match piece.split_once(' ').unwrap_or((piece, "")) {
                ("nowhere", _) => {
                    message += "Content-Type: application/sdp\n";
                    body = SDP.replace("[media_ip]", "0.0.0.0");
                }
                ("sdp", attribute) => {
                    message += "Content-Type: application/sdp\n";
                    body = SDP.to_owned();
                    if !attribute.is_empty() {
                        writeln!(body, "a={attribute}").unwrap();
                    }
                }
                ("secure", _) => {
                    message += "Content-Type: application/sdp\n";
                    SECURE.clone_into(&mut body);
                }
                ("opus", _) => {
                    message += "Content-Type: application/sdp\n";
                    OPUS.clone_into(&mut body);
                }
                ("body", rest) => {
                    let (kind, text) = rest.split_once(' ').expect("a type and a text");
                    writeln!(message, "Content-Type: {kind}").unwrap();
                    body = text.replace("\\n", "\n");
                }
                _ => writeln!(message, "{piece}").unwrap(),
            }
        }
        if !extra.iter().any(|piece| piece.starts_with("Contact:")) {
            message += "Contact: <sip:far@[local_ip]:[local_port]>\n";
        }
        let retransmission = if retransmitted { " retrans=\"500\"" } else { "" };
        writeln!(self.steps, "<send{retransmission}><![CDATA[\n{message}Content-Length: [len]\n\n{body}]]></send>")
            .unwrap();
    }

    /// The head of a response.
    fn answer(&self, status: &str, begun: bool) -> String {
        let tag = ";tag=far[local_port]";
        if begun && self.again {
            return format!(
                "SIP/2.0 {status}\nVia:[$via1_again]\nVia:[$via2_again]\nFrom:[$from_again]\nTo:[$to_again]\n\
                 [last_Call-ID:]\nCSeq:[$cseq_again]\n"
            );
        }
        if begun && !self.first {
            return format!(
                "SIP/2.0 {status}\nVia:[$via1]\nVia:[$via2]\nRecord-Route:[$route]\nFrom:[$from]\nTo:[$to]{tag}\n\
                 [last_Call-ID:]\nCSeq:[$cseq]\n"
            );
        }
        let tag = if self.first && !status.starts_with("100") { tag } else { "" };
        format!(
            "SIP/2.0 {status}\n[last_Via:]\n[last_Record-Route:]\n[last_From:]\n[last_To:]{tag}\n[last_Call-ID:]\n\
             [last_CSeq:]\n"
        )
    }

    /// The head of a request.
    fn ask(&mut self, method: &str) -> String {
        let begins = self.calls && self.cseq == 0;
        let mut branch = "[branch]".to_owned();
        let mut cseq = self.cseq + 1;
        if matches!(method, "ACK" | "CANCEL") && self.calls {
            cseq = self.invite.1;
        }
        //= RFC 3261 §17.1.1.3: the ACK of a refusal is of the transaction that was refused
        let within = method == "CANCEL" || method == "ACK" && self.refused_us;
        if within {
            branch = format!("[branch-{}]", self.count - self.invite.0);
        }
        self.cseq = self.cseq.max(cseq);
        if method == "INVITE" {
            self.invite = (self.count, cseq);
        }
        let own = "<sip:sipp@[local_ip]:[local_port]>;tag=sipp[local_port]";
        let whom = "sip:[service]@[remote_ip]:[remote_port]";
        let (to, from, uri, call_id) = match (self.calls, begins || method == "CANCEL") {
            (true, true) => (format!(" <{whom}>"), format!(" {own}"), whom, "[call_id]"),
            (true, false) => ("[$peer]".to_owned(), format!(" {own}"), "[next_url]", "[call_id]"),
            (false, _) => ("[$from]".to_owned(), "[$to];tag=far[local_port]".to_owned(), "[next_url]", "[call_id]"),
        };
        let routes = if begins || method == "CANCEL" { "" } else { "[routes]\n" };
        format!(
            "{method} {uri} SIP/2.0\nVia: SIP/2.0/[transport] [local_ip]:[local_port];branch={branch}\n{routes}\
             From:{from}\nTo:{to}\nCall-ID: {call_id}\nCSeq: {cseq} {method}\nMax-Forwards: 70\n"
        )
    }
}

/// Keeps a header's value for later.
fn keep(header: &str, occurrence: u32, variable: &str) -> String {
    format!(
        "<ereg regexp=\".*\" search_in=\"hdr\" header=\"{header}\" occurence=\"{occurrence}\" assign_to=\"{variable}\"/>\n"
    )
}

/// The message must have this, or must not.
fn must(check: &str) -> String {
    let escaped = |text: &str| text.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;");
    if let Some(absent) = check.strip_prefix('!') {
        return format!(
            "<ereg regexp=\".+\" search_in=\"hdr\" header=\"{absent}:\" check_it_inverse=\"true\" assign_to=\"seen\"/>\n"
        );
    }
    if let Some(text) = check.strip_prefix("body ") {
        let text = escaped(text);
        return format!("<ereg regexp=\"{text}\" search_in=\"body\" check_it=\"true\" assign_to=\"seen\"/>\n");
    }
    let (header, value) = check.split_once(": ").expect("Header: value");
    let value = escaped(value);
    format!("<ereg regexp=\"{value}\" search_in=\"hdr\" header=\"{header}:\" check_it=\"true\" assign_to=\"seen\"/>\n")
}
