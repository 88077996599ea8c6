//! A far end whose every message is written here.

use super::support::{Wire, until};
use std::net::{SocketAddr, UdpSocket};
use std::time::Duration;

/// One dialog with a phone, over UDP.
pub struct FarSide {
    sip: UdpSocket,
    phone: SocketAddr,
    /// The phone's name, with its tag once it has said one.
    to: String,
    sequence: u32,
}

impl FarSide {
    pub fn new(phone: SocketAddr) -> FarSide {
        let sip = UdpSocket::bind("127.0.0.1:0").expect("a port");
        sip.set_read_timeout(Some(Duration::from_millis(500))).expect("a bound");
        FarSide { sip, phone, to: format!("<sip:phone@{phone}>"), sequence: 0 }
    }

    /// Where it is called.
    pub fn port(&self) -> u16 {
        self.sip.local_addr().expect("its address").port()
    }

    /// Offers this in an INVITE, the first of a call or one within it; the final answer, acknowledged.
    pub fn invite(&mut self, body: &str) -> String {
        self.sequence += 1;
        let (invite, number) = (self.request("INVITE", "", body), format!("CSeq: {} INVITE", self.sequence));
        let mut answer = None;
        let answered = until(|| {
            self.sip.send_to(invite.as_bytes(), self.phone).expect("sent");
            let is_final = |text: &String| {
                text.starts_with("SIP/2.0 ") && !text.starts_with("SIP/2.0 1") && text.contains(&number)
            };
            answer = std::iter::from_fn(|| self.read()).find(is_final);
            answer.is_some()
        });
        assert!(answered, "no answer to {invite}");
        let answer = answer.expect("just now");
        let mut branch = "";
        if status(&answer) == 200 {
            //= RFC 3261 §17.1.1.3: an ACK of this kind is a transaction of its own
            branch = "ack";
            self.to = answer.lines().find_map(|line| line.strip_prefix("To: ")).expect("the line").to_owned();
        }
        self.sip.send_to(self.request("ACK", branch, "").as_bytes(), self.phone).expect("sent");
        answer
    }

    fn request(&self, method: &str, branch: &str, body: &str) -> String {
        let FarSide { phone, to, sequence, .. } = self;
        let own = self.port();
        format!(
            "{method} sip:phone@{phone} SIP/2.0\r\n\
             Via: SIP/2.0/UDP 127.0.0.1:{own};branch=z9hG4bK{sequence}{branch};rport\r\nMax-Forwards: 70\r\nFrom: <sip:far@127.0.0.1:{own}>;tag=far\r\nTo: {to}\r\nCall-ID: far-{own}\r\n\
             CSeq: {sequence} {method}\r\nContact: <sip:far@127.0.0.1:{own}>\r\nContent-Type: application/sdp\r\n\
             Content-Length: {}\r\n\r\n{body}",
            body.len()
        )
    }

    /// Waits for a request of this method.
    pub fn awaits(&self, method: &str) -> String {
        let mut request = None;
        let came = until(|| {
            request = std::iter::from_fn(|| self.read()).find(|text| text.starts_with(&format!("{method} ")));
            request.is_some()
        });
        assert!(came, "no {method}");
        request.expect("just now")
    }

    /// Answers it.
    pub fn answers(&self, request: &str, status: u16, body: &str) {
        let kept = ["Via:", "From:", "Call-ID:", "CSeq:"];
        let kept: String =
            request.split_inclusive("\r\n").filter(|line| kept.iter().any(|name| line.starts_with(name))).collect();
        let to = request.lines().find(|line| line.starts_with("To:")).expect("the line");
        let tag = if to.contains(";tag=") { "" } else { ";tag=far" };
        let (own, length) = (self.port(), body.len());
        let answer = format!(
            "SIP/2.0 {status} It\r\n{kept}{to}{tag}\r\nContact: <sip:far@127.0.0.1:{own}>\r\n\
             Content-Type: application/sdp\r\nContent-Length: {length}\r\n\r\n{body}"
        );
        self.sip.send_to(answer.as_bytes(), self.phone).expect("sent");
    }

    /// The phone is told to hang up, and does.
    pub fn is_hung_up(&self, wire: &mut Wire) {
        wire.send(b"hangup");
        let bye = self.awaits("BYE");
        self.answers(&bye, 200, "");
        assert_eq!(wire.line()["ok"], true);
        assert!(until(|| wire.ask("status")["calls"].as_array().is_none_or(Vec::is_empty)), "hung up");
    }

    /// The next message, if one comes soon.
    fn read(&self) -> Option<String> {
        let mut buffer = [0; 4_096];
        let length = self.sip.recv(&mut buffer).ok()?;
        Some(String::from_utf8_lossy(&buffer[..length]).into_owned())
    }
}

/// Of a response.
pub fn status(response: &str) -> u16 {
    response.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a response")
}

/// The body of a message.
pub fn body(message: &str) -> &str {
    message.split_once("\r\n\r\n").expect("an end of headers").1
}

/// A description of PCMU at this address, and reports beside it.
pub fn described(sound: SocketAddr, transport: &str, more: &str) -> String {
    let (ip, port) = (sound.ip(), sound.port());
    format!("v=0\r\no=- 1 1 IN IP4 {ip}\r\ns=-\r\nc=IN IP4 {ip}\r\nt=0 0\r\nm=audio {port} {transport} 0\r\n{more}")
}

/// One in clear.
pub fn plain(sound: SocketAddr) -> String {
    described(sound, "RTP/AVP", "")
}
