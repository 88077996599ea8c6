//! What a description says of ICE (RFC 8839): name, password, candidates. A candidate is a line here; who checks them
//! reads it.

use super::{Attribute, Media, SessionDescription, parse};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

/// Most candidates of one media line that are read.
pub(super) const MAX_CANDIDATES: usize = 64;

/// The ICE lines of one media line, the session's counted in.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct IceDescription {
    /// `a=ice-ufrag`.
    pub ufrag: String,
    /// `a=ice-pwd`.
    pub password: String,
    /// The values of `a=candidate`, in order.
    pub candidates: Vec<String>,
    /// `a=ice-lite`: its writer answers checks and makes none.
    pub is_lite: bool,
    /// The words of `a=ice-options`: `ice2`, `trickle`, …
    pub options: Vec<String>,
    /// `a=end-of-candidates`: no more will be trickled (RFC 8840).
    pub is_complete: bool,
    /// `a=remote-candidates`: component and address of the reader's candidates in use.
    pub remote_candidates: Vec<(u8, SocketAddr)>,
    /// `a=ice-mismatch`: its writer found that `c=` and `m=` of the other side are none of the candidates.
    pub is_mismatch: bool,
}

impl IceDescription {
    /// What a peer wrote; `None` where it has no ICE, or has it in a way that cannot be used.
    pub fn read(whole: &SessionDescription, media: &Media) -> Option<IceDescription> {
        let ufrag = whole.attribute_of(media, "ice-ufrag").filter(|ufrag| is_ice(ufrag, 4))?;
        let password = whole.attribute_of(media, "ice-pwd").filter(|password| is_ice(password, 22))?;
        let words = whole.attribute_of(media, "ice-options").unwrap_or_default().split_ascii_whitespace();
        let options: Vec<String> = words.take(16).map(str::to_owned).collect();
        let candidates = media.attributes_named("candidate").take(MAX_CANDIDATES).map(str::to_owned).collect();
        let remote = media.attribute("remote-candidates").unwrap_or_default();
        Some(IceDescription {
            ufrag: ufrag.to_owned(),
            password: password.to_owned(),
            candidates,
            //= RFC 8839 §5.3: for the whole session
            is_lite: whole.attributes.iter().any(|attribute| attribute.name.eq_ignore_ascii_case("ice-lite")),
            options,
            is_complete: whole.attribute_of(media, "end-of-candidates").is_some(),
            remote_candidates: remote_candidates(remote),
            is_mismatch: media.has_attribute("ice-mismatch"),
        })
    }

    /// What the body of an INFO tells of the audio line.
    //= RFC 8840 §9
    pub fn read_fragment(body: &[u8]) -> Option<IceDescription> {
        let whole = parse(body).ok()?;
        let audio = whole.media.iter().find(|media| media.kind.eq_ignore_ascii_case("audio"))?;
        IceDescription::read(&whole, audio)
    }

    /// More candidates may come later.
    //= RFC 8840 §4.1
    pub fn is_trickled(&self) -> bool {
        !self.is_complete && self.trickles()
    }

    /// Its writer takes candidates that come later.
    pub fn trickles(&self) -> bool {
        self.options.iter().any(|option| option.eq_ignore_ascii_case("trickle"))
    }

    /// True when `c=` and `m=` are none of the candidates: something between rewrote them, and ICE cannot be used.
    //= RFC 8839 §4.2.5, §5.4
    pub fn is_mangled(&self, whole: &SessionDescription, media: &Media) -> bool {
        let default = whole.address_of(media).map(|ip| (ip.to_canonical(), media.port));
        //= RFC 8840 §4.1.3: 0.0.0.0 or :: and port 9 stand for candidates to come
        let stands_for_more = default.is_none_or(|(ip, port)| ip.is_unspecified() || port == 9);
        let is_told = self.candidates.iter().any(|line| {
            place(line).is_some_and(|(component, at)| component == 1 && default == Some((at.ip(), at.port())))
        });
        !stands_for_more && !is_told && !self.candidates.is_empty()
    }

    /// The name and the password are the same: no checks begin anew.
    //= RFC 8839 §4.4.1.1.1
    pub fn is_same_session(&self, other: &IceDescription) -> bool {
        (&self.ufrag, &self.password) == (&other.ufrag, &other.password)
    }

    /// There is something to check, or will be.
    pub(super) fn is_of_use(&self) -> bool {
        !self.candidates.is_empty() || self.is_trickled()
    }

    /// The best candidate of this component, one of this family before others.
    pub(super) fn best(&self, component: u8, is_ipv4: bool) -> Option<SocketAddr> {
        let known = self.candidates.iter().filter_map(|line| {
            let (own, address) = place(line).filter(|(_, address)| may_be_sent_to(address))?;
            let priority: u32 = line.split_ascii_whitespace().nth(3)?.parse().ok()?;
            (own == component).then_some((address.is_ipv4() == is_ipv4, priority, address))
        });
        known.max_by_key(|(is_near, priority, _)| (*is_near, *priority)).map(|(.., address)| address)
    }

    /// Writes the lines under the media line; `ice-lite` is nothing this phone says.
    pub fn write(&self, media: &mut Media) {
        let mut push = |attribute| media.attributes.push(attribute);
        push(Attribute::with_value("ice-ufrag", &self.ufrag));
        push(Attribute::with_value("ice-pwd", &self.password));
        if !self.options.is_empty() {
            push(Attribute::with_value("ice-options", self.options.join(" ")));
        }
        self.candidates.iter().for_each(|line| push(Attribute::with_value("candidate", line)));
        if !self.remote_candidates.is_empty() {
            let word =
                |(component, address): &(u8, SocketAddr)| format!("{component} {} {}", address.ip(), address.port());
            let words: Vec<String> = self.remote_candidates.iter().map(word).collect();
            push(Attribute::with_value("remote-candidates", words.join(" ")));
        }
        if self.is_complete {
            push(Attribute::flag("end-of-candidates"));
        }
        if self.is_mismatch {
            push(Attribute::flag("ice-mismatch"));
        }
    }
}

//= RFC 8839 §5.4: ice-chars, at least so many and at most 256
fn is_ice(text: &str, least: usize) -> bool {
    let is_char = |c: char| c.is_ascii_alphanumeric() || c == '+' || c == '/';
    (least..=256).contains(&text.len()) && text.chars().all(is_char)
}

/// Component and address of a line over UDP.
pub(super) fn place(line: &str) -> Option<(u8, SocketAddr)> {
    let words: Vec<&str> = line.split_ascii_whitespace().take(6).collect();
    let &[_, component, transport, _, ip, port] = words.as_slice() else { return None };
    let ip: IpAddr = ip.parse().ok()?;
    let address = SocketAddr::new(ip.to_canonical(), port.parse().ok()?);
    transport.eq_ignore_ascii_case("udp").then_some((component.parse().ok()?, address))
}

fn may_be_sent_to(address: &SocketAddr) -> bool {
    let ip = address.ip();
    !ip.is_unspecified() && !ip.is_multicast() && ip != IpAddr::V4(Ipv4Addr::BROADCAST) && address.port() != 0
}

//= RFC 8839 §5.2
fn remote_candidates(value: &str) -> Vec<(u8, SocketAddr)> {
    let words: Vec<&str> = value.split_ascii_whitespace().take(3 * MAX_CANDIDATES).collect();
    let triple = |triple: &[&str]| {
        let &[component, ip, port] = triple else { return None };
        Some((component.parse().ok()?, SocketAddr::new(ip.parse().ok()?, port.parse().ok()?)))
    };
    words.chunks(3).map_while(triple).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SAMPLE: &str = "v=0\r\no=jdoe 1 1 IN IP4 203.0.113.141\r\ns=\r\nc=IN IP4 192.0.2.3\r\nt=0 0\r\n\
        a=ice-options:ice2 trickle\r\na=ice-pwd:asd88fgpdd777uzjYhagZg\r\na=ice-ufrag:8hhY\r\n\
        m=audio 45664 RTP/AVP 0\r\na=candidate:1 1 UDP 2130706431 203.0.113.141 8998 typ host\r\n\
        a=candidate:2 1 UDP 1694498815 192.0.2.3 45664 typ srflx raddr 203.0.113.141 rport 8998\r\n";

    fn read(text: &str) -> (SessionDescription, Option<IceDescription>) {
        let whole = parse(text.as_bytes()).unwrap();
        let ice = IceDescription::read(&whole, &whole.media[0]);
        (whole, ice)
    }

    #[test]
    //= RFC 8839 §4.6
    fn the_example_of_the_standard() {
        let (whole, ice) = read(SAMPLE);
        let ice = ice.unwrap();
        assert_eq!((ice.ufrag.as_str(), ice.password.as_str()), ("8hhY", "asd88fgpdd777uzjYhagZg"));
        assert_eq!((ice.candidates.len(), ice.is_lite, ice.is_trickled()), (2, false, true));
        assert!(!ice.is_mangled(&whole, &whole.media[0]));
    }

    #[test]
    fn what_a_peer_may_say() {
        type Check = fn(&SessionDescription, Option<IceDescription>) -> bool;
        let own = "a=ice-ufrag:own1\r\na=ice-pwd:0123456789012345678901\r\n";
        let rows: [(&str, String, Check); 9] = [
            ("no password", SAMPLE.replace("ice-pwd", "x"), |_, ice| ice.is_none()),
            ("a short name", SAMPLE.replace("8hhY", "8hh"), |_, ice| ice.is_none()),
            ("a name of other letters", SAMPLE.replace("8hhY", "8h Y-"), |_, ice| ice.is_none()),
            ("its own name before the session's", format!("{SAMPLE}{own}"), |_, ice| ice.unwrap().ufrag == "own1"),
            ("lite", SAMPLE.replace("t=0 0\r\n", "t=0 0\r\na=ice-lite\r\n"), |_, ice| ice.unwrap().is_lite),
            ("all told", format!("{SAMPLE}a=end-of-candidates\r\n"), |_, ice| !ice.unwrap().is_trickled()),
            ("rewritten on its way", SAMPLE.replace("c=IN IP4 192.0.2.3", "c=IN IP4 192.0.2.99"), |whole, ice| {
                ice.unwrap().is_mangled(whole, &whole.media[0])
            }),
            ("more to come", SAMPLE.replace("m=audio 45664", "m=audio 9"), |whole, ice| {
                !ice.unwrap().is_mangled(whole, &whole.media[0])
            }),
            ("too many", format!("{SAMPLE}{}", "a=candidate:x\r\n".repeat(200)), |_, ice| {
                ice.unwrap().candidates.len() == MAX_CANDIDATES
            }),
        ];
        for (what, text, check) in rows {
            let (whole, ice) = read(&text);
            assert!(check(&whole, ice), "{what}");
        }
    }

    #[test]
    //= RFC 8839 §5.2
    fn pairs_in_use_are_read_as_far_as_they_can_be() {
        let address = |text: &str| text.parse::<SocketAddr>().unwrap();
        let rows = [
            ("1 192.0.2.1 4000 2 192.0.2.1 4001", vec![(1, address("192.0.2.1:4000")), (2, address("192.0.2.1:4001"))]),
            ("1 2001:db8::1 4000 2 host 1", vec![(1, address("[2001:db8::1]:4000"))]),
            ("1 192.0.2.1", vec![]),
            ("", vec![]),
        ];
        for (value, expected) in rows {
            assert_eq!(remote_candidates(value), expected, "{value}");
        }
    }

    #[test]
    fn written_is_read() {
        let ice = IceDescription {
            ufrag: "abcd".into(),
            password: "0123456789012345678901".into(),
            candidates: vec!["1 1 UDP 2130706431 192.0.2.1 4000 typ host".into()],
            is_lite: false,
            options: vec!["ice2".into()],
            is_complete: true,
            remote_candidates: vec![(1, "[2001:db8::1]:4000".parse().unwrap())],
            is_mismatch: true,
        };
        let mut media = Media { kind: "audio".into(), port: 4000, protocol: "RTP/AVP".into(), ..Media::default() };
        ice.write(&mut media);
        let whole = SessionDescription { media: vec![media], ..SessionDescription::default() };
        let again = parse(&whole.to_bytes()).unwrap();
        assert_eq!(IceDescription::read(&again, &again.media[0]), Some(ice));
    }
}
