//! The smallest registrar and caller that a measurement needs: one UDP socket, replies made by copying headers.

use std::net::{SocketAddr, UdpSocket};
use std::time::Duration;

use super::call::Codec;
use crate::Failure;

/// A socket that plays registrar and caller to one phone.
pub struct FarEnd {
    /// The signalling socket.
    pub socket: UdpSocket,
}

/// One received message and where it came from.
pub struct Received {
    /// The whole text.
    pub text: String,
    /// Its sender.
    pub from: SocketAddr,
}

impl FarEnd {
    /// Opens the socket on a free port of loopback; every read waits ten seconds at most.
    pub fn open() -> Result<Self, Failure> {
        let socket = UdpSocket::bind("127.0.0.1:0").map_err(|e| format!("cannot bind udp 127.0.0.1: {e}"))?;
        socket.set_read_timeout(Some(Duration::from_secs(10))).map_err(|e| e.to_string())?;
        Ok(Self { socket })
    }

    /// `127.0.0.1:PORT`.
    pub fn address(&self) -> Result<SocketAddr, Failure> {
        self.socket.local_addr().map_err(|e| e.to_string())
    }

    /// The next message whose first line satisfies `wanted`; others are passed over.
    pub fn receive(&self, what: &str, wanted: impl Fn(&str) -> bool) -> Result<Received, Failure> {
        let mut buffer = vec![0; 65_536];
        for _ in 0..200 {
            let (length, from) = self.socket.recv_from(&mut buffer).map_err(|e| format!("waiting for {what}: {e}"))?;
            let text = String::from_utf8_lossy(&buffer[..length]).into_owned();
            if wanted(text.lines().next().unwrap_or_default()) {
                return Ok(Received { text, from });
            }
        }
        Err(format!("waiting for {what}: only other messages came"))
    }

    /// Refuses a call that came and takes the acknowledgement in.
    pub fn refuse(&self, invite: &Received) -> Result<(), Failure> {
        self.reply(invite, "486 Busy Here", "")?;
        self.receive("ACK", |l| l.starts_with("ACK ")).map(drop)
    }

    /// Answers a request; `extra` are further header lines, each with its line end.
    pub fn reply(&self, request: &Received, status: &str, extra: &str) -> Result<(), Failure> {
        let mut text = format!("SIP/2.0 {status}\r\n");
        for line in request.text.lines().filter(|l| is_copied(l)) {
            let tag = if line.starts_with("To:") && !line.contains(";tag=") { ";tag=far" } else { "" };
            text.push_str(&format!("{line}{tag}\r\n"));
        }
        text.push_str(&format!("{extra}Content-Length: 0\r\n\r\n"));
        self.send(&text, request.from)
    }

    /// Sends a message as it is.
    pub fn send(&self, text: &str, to: SocketAddr) -> Result<(), Failure> {
        self.socket.send_to(text.as_bytes(), to).map(drop).map_err(|e| format!("sending to {to}: {e}"))
    }

    /// Asks for a digest; with MD5, which every phone has.
    pub fn challenge(&self, request: &Received) -> Result<(), Failure> {
        let demand = "WWW-Authenticate: Digest realm=\"bench\",nonce=\"0123456789abcdef\",qop=\"auth\"\r\n";
        self.reply(request, "401 Unauthorized", demand)
    }

    /// Accepts one registration, with a digest challenge first when asked; the phone's contact URI and address.
    pub fn register(&self, challenge: bool) -> Result<(String, SocketAddr), Failure> {
        let is_register = |line: &str| line.starts_with("REGISTER ");
        let mut request = self.receive("REGISTER", is_register)?;
        if challenge && header(&request.text, "Authorization").is_none() {
            self.challenge(&request)?;
            request = self.receive("REGISTER with credentials", is_register)?;
        }
        let contact = header(&request.text, "Contact").ok_or("REGISTER without Contact")?;
        self.reply(&request, "200 OK", &format!("Contact: {contact};expires=300\r\n"))?;
        let uri = contact.split(['<', '>']).nth(1).unwrap_or(&contact).to_owned();
        Ok((uri, request.from))
    }

    /// An INVITE to the phone that offers one codec; `media` is where its RTP should go.
    pub fn invite(&self, uri: &str, to: SocketAddr, call: &str, media: u16, codec: Codec) -> Result<(), Failure> {
        let Codec { kind, map, fmtp, .. } = codec;
        let fmtp = if fmtp.is_empty() { String::new() } else { format!("a=fmtp:{kind} {fmtp}\r\n") };
        let sdp = format!(
            "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n\
             m=audio {media} RTP/AVP {kind}\r\na=rtpmap:{kind} {map}\r\n{fmtp}a=ptime:20\r\n"
        );
        let more = format!("Content-Type: application/sdp\r\nContent-Length: {}\r\n\r\n{sdp}", sdp.len());
        self.request("INVITE", uri, to, call, &format!("<{uri}>"), &more)
    }

    /// A call that the phone answers: its To, and where it wants its RTP.
    pub fn connect(
        &self,
        uri: &str,
        to: SocketAddr,
        call: &str,
        media: u16,
        codec: Codec,
    ) -> Result<(String, SocketAddr), Failure> {
        self.invite(uri, to, call, media, codec)?;
        let answer = self.answer(call)?;
        let callee = header(&answer.text, "To").ok_or("200 without To")?;
        self.request("ACK", uri, to, call, &callee, "")?;
        let line = answer.text.lines().find_map(|l| l.strip_prefix("m=audio ")).ok_or("200 without m=audio")?;
        let port: u16 = line.split(' ').next().and_then(|p| p.parse().ok()).ok_or("no port in m=audio")?;
        Ok((callee, SocketAddr::from(([127, 0, 0, 1], port))))
    }

    /// The 200 to the INVITE of a call.
    pub fn answer(&self, call: &str) -> Result<Received, Failure> {
        let is_last = |l: &str| l.starts_with("SIP/2.0 ") && !l.starts_with("SIP/2.0 1");
        let answer = loop {
            let answer = self.receive("200 to the INVITE", is_last)?;
            // A late one, again, of a call before this is no answer.
            if header(&answer.text, "Call-ID").is_none_or(|id| id == format!("{call}@bench")) {
                break answer;
            }
        };
        let status = answer.text.lines().next().unwrap_or_default();
        if status.starts_with("SIP/2.0 200") { Ok(answer) } else { Err(format!("the call was refused: {status}")) }
    }

    /// A request of the caller: INVITE, ACK, CANCEL or BYE of the call named `call`.
    pub fn request(
        &self,
        method: &str,
        uri: &str,
        to: SocketAddr,
        call: &str,
        callee: &str,
        rest: &str,
    ) -> Result<(), Failure> {
        let own = self.address()?;
        let number = if method == "BYE" { 2 } else { 1 };
        // CANCEL and the ACK of a refusal belong to the INVITE's transaction; the ACK of a 200 is one of its own.
        let refused = "Content-Length: 0";
        let branch = if method == "BYE" || method == "ACK" && !rest.starts_with(refused) { method } else { "INVITE" };
        let rest = if rest.is_empty() { "Content-Length: 0\r\n\r\n" } else { rest };
        let text = format!(
            "{method} {uri} SIP/2.0\r\nVia: SIP/2.0/UDP {own};branch=z9hG4bK{call}{branch};rport\r\nMax-Forwards: 70\r\n\
             From: <sip:far@{own}>;tag=far{call}\r\nTo: {callee}\r\nCall-ID: {call}@bench\r\nCSeq: {number} {method}\r\n\
             Contact: <sip:far@{own}>\r\n{rest}"
        );
        self.send(&text, to)
    }
}

/// The value of a header of a message, its long name as our phone writes it.
pub fn header(text: &str, name: &str) -> Option<String> {
    let value = text.lines().find_map(|l| l.strip_prefix(name)?.strip_prefix(':'))?;
    Some(value.trim().to_owned())
}

/// What follows the headers of a message.
pub fn body(text: &str) -> &str {
    text.split_once("\r\n\r\n").map_or("", |(_, body)| body)
}

fn is_copied(line: &str) -> bool {
    ["Via:", "From:", "To:", "Call-ID:", "CSeq:", "Record-Route:"].iter().any(|name| line.starts_with(name))
}
