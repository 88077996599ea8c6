//! What an offer or an answer says, and what is new in it against the one before: codecs, direction, address, keys.

use crate::control::Traced;
use crate::control::trace::words::body_of;
use crate::text::say;

/// Media lines that are looked at.
const MOST_MEDIA: usize = 8;
/// Payload types that go without a name of their own (RFC 3551 §6).
const STATIC: [(&str, &str); 8] = [
    ("0", "PCMU"),
    ("3", "GSM"),
    ("4", "G723"),
    ("8", "PCMA"),
    ("9", "G722"),
    ("13", "CN"),
    ("15", "G728"),
    ("18", "G729"),
];

/// A message has a description of sound.
pub fn is_in(told: &Traced) -> bool {
    told.content.as_deref().is_some_and(|content| content.to_ascii_lowercase().starts_with("application/sdp"))
}

/// A description, as far as people look at it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
struct Sdp {
    media: Vec<Media>,
}

#[derive(Debug, Clone, PartialEq, Eq, Default)]
struct Media {
    kind: String,
    port: String,
    address: String,
    profile: String,
    codecs: Vec<String>,
    direction: String,
    keys: String,
    ptime: String,
}

/// What is new against the description before it from the same side, a line each; the first one has nothing before it,
/// and is told whole.
pub fn news(new: &Traced, before: Option<&Traced>) -> Vec<String> {
    let new = read(body_of(new));
    let Some(before) = before.map(|before| read(body_of(before))) else {
        return new.media.iter().map(Media::words).collect();
    };
    let mut lines = Vec::new();
    for (at, media) in new.media.iter().enumerate() {
        match before.media.get(at) {
            Some(old) => lines.extend(media.against(old)),
            None => lines.push(say!("ladder-media-new", media = media.words())),
        }
    }
    lines.extend(before.media.iter().skip(new.media.len()).map(|gone| say!("ladder-media-gone", kind = &gone.kind)));
    lines
}

/// What an answer takes of an offer and what it leaves.
pub fn taken(answer: &Traced, offer: &Traced) -> Vec<String> {
    let (answer, offer) = (read(body_of(answer)), read(body_of(offer)));
    let lines = answer.media.iter().zip(&offer.media).map(|(answer, offer)| {
        let left: Vec<&str> =
            offer.codecs.iter().filter(|codec| !answer.codecs.contains(codec)).map(String::as_str).collect();
        let foreign: Vec<&str> =
            answer.codecs.iter().filter(|codec| !offer.codecs.contains(codec)).map(String::as_str).collect();
        let took = match (answer.port.as_str(), answer.codecs.is_empty()) {
            ("0", _) => return say!("ladder-media-refuses", kind = &offer.kind),
            (_, true) => say!("ladder-media-takes-none"),
            _ => say!("ladder-media-takes", codecs = answer.codecs.join(", ")),
        };
        let left = (!left.is_empty()).then(|| say!("ladder-media-leaves", codecs = left.join(", ")));
        let foreign = (!foreign.is_empty()).then(|| say!("ladder-media-not-offered", codecs = foreign.join(", ")));
        [Some(took), left, foreign].into_iter().flatten().collect::<Vec<_>>().join("; ")
    });
    lines.collect()
}

fn read(body: &str) -> Sdp {
    let (mut address, mut direction) = (String::new(), "sendrecv".to_owned());
    let mut session_keys = String::new();
    let mut media: Vec<Media> = Vec::new();
    for line in body.lines() {
        let Some((kind, value)) = line.split_once('=') else { continue };
        if kind == "m" {
            if media.len() >= MOST_MEDIA {
                break;
            }
            media.push(media_line(value, &address, &direction, &session_keys));
            continue;
        }
        match (kind, media.last_mut()) {
            ("c", Some(media)) => media.address = place(value).to_owned(),
            ("c", None) => address = place(value).to_owned(),
            ("a", Some(media)) => attribute(media, value),
            ("a", None) if is_direction(value) => direction = value.to_owned(),
            ("a", None) if value.starts_with("fingerprint:") => session_keys = "DTLS".to_owned(),
            _ => {}
        }
    }
    Sdp { media }
}

fn media_line(value: &str, address: &str, direction: &str, keys: &str) -> Media {
    let mut words = value.split_whitespace().map(str::to_owned);
    let mut next = || words.next().unwrap_or_default();
    let (kind, port, profile) = (next(), next(), next());
    let name = |number: String| {
        let known = STATIC.iter().find(|(known, _)| *known == number);
        known.map_or(number, |(_, name)| (*name).to_owned())
    };
    Media {
        kind,
        port,
        address: address.to_owned(),
        profile,
        codecs: words.map(name).collect(),
        direction: direction.to_owned(),
        keys: keys.to_owned(),
        ptime: String::new(),
    }
}

fn attribute(media: &mut Media, value: &str) {
    if is_direction(value) {
        media.direction = value.to_owned();
    } else if let Some(map) = value.strip_prefix("rtpmap:") {
        let (number, codec) = map.split_once(' ').unwrap_or((map, ""));
        let (name, rate) = codec.split_once('/').unwrap_or((codec, ""));
        let rate = rate.split('/').next().unwrap_or_default();
        let known = STATIC.iter().find(|(known, _)| *known == number).map(|(_, name)| *name);
        let named = if known.is_some() || rate == "8000" || rate.is_empty() {
            name.to_owned()
        } else {
            format!("{name}/{rate}")
        };
        let place = media.codecs.iter_mut().find(|codec| *codec == number || Some(codec.as_str()) == known);
        if let Some(codec) = place {
            *codec = named;
        }
    } else if let Some(crypto) = value.strip_prefix("crypto:") {
        let suite = crypto.split_whitespace().nth(1).unwrap_or_default();
        media.keys = if media.keys.is_empty() { suite.to_owned() } else { format!("{}, {suite}", media.keys) };
    } else if value.starts_with("fingerprint:") {
        media.keys = "DTLS".to_owned();
    } else if let Some(ptime) = value.strip_prefix("ptime:") {
        media.ptime = ptime.to_owned();
    }
}

fn is_direction(value: &str) -> bool {
    matches!(value, "sendrecv" | "sendonly" | "recvonly" | "inactive")
}

fn place(value: &str) -> &str {
    value.split_whitespace().nth(2).unwrap_or_default()
}

impl Media {
    fn socket(&self) -> String {
        let address = &self.address;
        if address.contains(':') { format!("[{address}]:{}", self.port) } else { format!("{address}:{}", self.port) }
    }

    fn protection(&self) -> String {
        match (self.keys.as_str(), self.profile.contains("SAVP")) {
            ("", false) => say!("ladder-media-clear"),
            ("", true) => say!("ladder-media-no-keys"),
            (keys, _) => keys.to_owned(),
        }
    }

    fn words(&self) -> String {
        let (kind, direction, ptime) = (&self.kind, &self.direction, &self.ptime);
        let (codecs, socket, protection) = (self.codecs.join(" "), self.socket(), self.protection());
        match ptime.is_empty() {
            true => say!("ladder-media", kind, codecs, direction, socket, protection),
            false => say!("ladder-media-ptime", kind, codecs, direction, socket, protection, ptime),
        }
    }

    fn against(&self, old: &Media) -> Vec<String> {
        let pairs = [
            (say!("ladder-media-codecs"), old.codecs.join(" "), self.codecs.join(" ")),
            (say!("ladder-media-direction"), old.direction.clone(), self.direction.clone()),
            (say!("ladder-media-address"), old.socket(), self.socket()),
            (say!("ladder-media-keys"), old.protection(), self.protection()),
            (say!("ladder-media-packet-time"), old.ptime.clone(), self.ptime.clone()),
        ];
        let changed = pairs.into_iter().filter(|(_, old, new)| old != new);
        changed
            .map(|(what, old, new)| say!("ladder-media-changed", what, old = or_none(old), new = or_none(new)))
            .collect()
    }
}

fn or_none(text: String) -> String {
    if text.is_empty() { say!("ladder-media-none") } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::control::Way;

    fn described(sdp: &str) -> Traced {
        Traced {
            n: 1,
            time: String::new(),
            way: Way::Sent,
            transport: "udp".into(),
            local: ([192, 0, 2, 1], 5060).into(),
            remote: ([192, 0, 2, 2], 5060).into(),
            bytes: 1,
            call: None,
            sip_call_id: None,
            method: "INVITE".into(),
            status: None,
            start: "INVITE sip:a SIP/2.0".into(),
            content: Some("application/sdp".into()),
            text: format!("INVITE sip:a SIP/2.0\n\n{sdp}"),
            data: None,
        }
    }

    const OFFER: &str = "v=0\nc=IN IP4 192.0.2.1\nm=audio 4000 RTP/AVP 96 8 0 101\na=rtpmap:96 opus/48000/2\n\
                         a=rtpmap:8 PCMA/8000\na=rtpmap:101 telephone-event/8000\na=ptime:20\n";

    #[test]
    fn the_first_is_told_whole_and_the_next_by_what_is_new() {
        let first = described(OFFER);
        assert_eq!(
            news(&first, None),
            ["audio opus/48000 PCMA PCMU telephone-event, sendrecv, at 192.0.2.1:4000, not encrypted, 20 ms"]
        );
        assert_eq!(news(&first, Some(&first)), Vec::<String>::new());
        let hold = OFFER.replace("a=ptime:20", "a=sendonly\na=ptime:20").replace("4000", "4002");
        let hold = hold.replace("RTP/AVP 96", "RTP/SAVP 96") + "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:<hidden>\n";
        assert_eq!(
            news(&described(&hold), Some(&first)),
            [
                "direction: sendrecv -> sendonly",
                "address: 192.0.2.1:4000 -> 192.0.2.1:4002",
                "keys: not encrypted -> AES_CM_128_HMAC_SHA1_80"
            ]
        );
    }

    #[test]
    fn an_answer_takes_some_and_leaves_some() {
        let offer = described(OFFER);
        for (answer, told) in [
            (
                "m=audio 5000 RTP/AVP 8 101\na=rtpmap:101 telephone-event/8000\n",
                "takes PCMA, telephone-event; leaves opus/48000, PCMU",
            ),
            ("m=audio 0 RTP/AVP 8\n", "refuses audio"),
            (
                "m=audio 5000 RTP/AVP 18\n",
                "takes G729; leaves opus/48000, PCMA, PCMU, telephone-event; was not offered G729",
            ),
        ] {
            assert_eq!(taken(&described(answer), &offer), [told]);
        }
    }

    #[test]
    fn nonsense_is_read_without_harm() {
        for body in
            ["", "m=", "m=audio", "c=\na=rtpmap:\nm=x\na=rtpmap:\na=crypto:\nc=", &"m=audio 1 x 0\n".repeat(100)]
        {
            assert!(news(&described(body), None).len() <= MOST_MEDIA);
        }
    }
}
