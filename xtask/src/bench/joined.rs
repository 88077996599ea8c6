//! Two phones of a make, joined by a third party that passes their descriptions on (RFC 3725 §4.1): they talk to each
//! other as both are told to, in clear, encrypted, or by ICE.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use super::call::{CODECS, Codec};
use super::control::Line;
use super::far_end::{body, header};
use super::makes::Make;
use super::phone::{Answer, Phone, settle};
use crate::Failure;

/// How the sound of a call goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// As RTP.
    Clear,
    /// As SRTP, with keys in descriptions.
    Encrypted,
    /// As RTP, on a path that ICE finds.
    Ice,
}

impl Way {
    /// What every description has of a call that goes so.
    fn mark(self) -> &'static str {
        match self {
            Way::Clear => " RTP/AVP ",
            Way::Encrypted => "a=crypto:",
            Way::Ice => "a=candidate:",
        }
    }
}

/// Both phones, in a call since.
struct Pair {
    ends: [End; 2],
    began: Instant,
}

struct End {
    phone: Phone,
    uri: String,
    address: SocketAddr,
    /// Its name in the dialog.
    callee: String,
}

/// A name for both calls.
const CALL: &str = "joined";
/// Longest wait for sound.
const PATIENCE: Duration = Duration::from_secs(10);

/// Processor time of one phone in a call of this length, seconds: the mean of both.
pub fn processor(make: Make, way: Way, length: Duration) -> Result<f64, Failure> {
    let pair = Pair::join(make, way)?;
    let spent = || pair.ends.iter().map(|end| end.phone.processor()).sum::<Result<f64, Failure>>();
    let before = spent()?;
    std::thread::sleep(length);
    let spent = spent()? - before;
    pair.part()?;
    Ok(spent / 2.0)
}

/// From the first INVITE until both of ours hear each other.
pub fn until_sound(way: Way) -> Result<Duration, Failure> {
    let pair = Pair::join(Make::Tuiphone, way)?;
    for end in &pair.ends {
        let mut line = Line::open(&end.phone)?;
        loop {
            line.say("status")?;
            let status = line.hear()?;
            let hears = status.contains("\"first_rtp_after\":") && !status.contains("\"first_rtp_after\":null");
            if hears {
                break;
            }
            if pair.began.elapsed() > PATIENCE {
                return Err(format!("no sound: {status}"));
            }
            std::thread::sleep(Duration::from_micros(500));
        }
    }
    let took = pair.began.elapsed();
    pair.part()?;
    Ok(took)
}

impl Pair {
    #[allow(clippy::disallowed_methods, reason = "a measurement reads the clock")]
    fn join(make: Make, way: Way) -> Result<Pair, Failure> {
        let start = || {
            let phone = Phone::start(make, Answer::Joined(way))?;
            let (uri, address) = phone.far.register(true)?;
            Ok::<End, Failure>(End { phone, uri, address, callee: String::new() })
        };
        let mut ends = [start()?, start()?];
        settle();
        let began = Instant::now();
        let [one, other] = &mut ends;
        let offer = only(&one.called("")?, CODECS[0]);
        let answer = other.called(&offer)?;
        other.acknowledges("")?;
        one.acknowledges(&answer)?;
        for description in [&offer, &answer] {
            if !description.contains(way.mark()) {
                return Err(format!("a description without `{}`: {description:?}", way.mark()));
            }
        }
        Ok(Pair { ends, began })
    }

    /// Ends both calls.
    fn part(&self) -> Result<(), Failure> {
        self.ends.iter().try_for_each(|end| end.request("BYE", ""))
    }
}

impl End {
    /// Calls it with this description, or asks for one of its own; what it describes itself.
    fn called(&mut self, sdp: &str) -> Result<String, Failure> {
        self.callee = format!("<{}>", self.uri);
        let rest = if sdp.is_empty() { "Content-Length: 0\r\n\r\n".to_owned() } else { described(sdp) };
        self.request("INVITE", &rest)?;
        let answer = self.phone.far.answer(CALL)?;
        self.callee = header(&answer.text, "To").ok_or("200 without To")?;
        Ok(body(&answer.text).to_owned())
    }

    fn acknowledges(&self, sdp: &str) -> Result<(), Failure> {
        self.request("ACK", &if sdp.is_empty() { String::new() } else { described(sdp) })
    }

    fn request(&self, method: &str, rest: &str) -> Result<(), Failure> {
        self.phone.far.request(method, &self.uri, self.address, CALL, &self.callee, rest)
    }
}

/// A body, and the headers that tell of it.
fn described(sdp: &str) -> String {
    format!("Content-Type: application/sdp\r\nContent-Length: {}\r\n\r\n{sdp}", sdp.len())
}

/// An offer of this codec alone.
fn only(offer: &str, codec: Codec) -> String {
    let line = |line: &str| match line.strip_prefix("m=audio ") {
        Some(audio) => {
            let kept: Vec<&str> = audio.split(' ').take(2).collect();
            format!("m=audio {} {}\r\n", kept.join(" "), codec.kind)
        }
        None => format!("{line}\r\n"),
    };
    let other = |line: &&str| {
        let number = ["a=rtpmap:", "a=fmtp:"].iter().find_map(|name| line.strip_prefix(name));
        number.is_some_and(|number| number.split(' ').next() != Some(&codec.kind.to_string()))
    };
    offer.lines().filter(|line| !other(line)).map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_offer_is_cut_down_to_a_codec() {
        let offer = "v=0\r\nm=audio 4000 RTP/SAVP 8 0 101\r\na=crypto:1 X inline:Y\r\na=rtpmap:8 PCMA/8000\r\n\
                     a=rtpmap:0 PCMU/8000\r\na=fmtp:101 0-15\r\na=sendrecv\r\n";
        let cut = "v=0\r\nm=audio 4000 RTP/SAVP 0\r\na=crypto:1 X inline:Y\r\na=rtpmap:0 PCMU/8000\r\na=sendrecv\r\n";
        assert_eq!(only(offer, CODECS[0]), cut);
    }
}
