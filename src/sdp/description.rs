//! The session description as a value, and its text.

use std::fmt;
use std::net::IpAddr;

use super::Direction;

/// One session description. Lines this phone has no use for (`b=`, `k=`, `e=`, …) are not kept.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SessionDescription {
    /// The `o=` line; `None` when missing or unreadable.
    pub origin: Option<Origin>,
    /// The session-wide `c=` address; `None` when missing or a host name.
    pub connection: Option<IpAddr>,
    /// Session-wide `a=` lines, in order.
    pub attributes: Vec<Attribute>,
    /// Every `m=` line, in order, whatever it carries.
    pub media: Vec<Media>,
}

/// The `o=` line. Numbers are kept as text: peers write more digits than any integer holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// User name, `-` when there is none.
    pub username: String,
    /// Session identifier.
    pub session_id: String,
    /// Session version, greater with each change.
    pub session_version: String,
    /// Address of the writer, verbatim.
    pub address: String,
}

/// One `m=` line and what stands under it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Media {
    /// `audio`, `video`, `image`, …
    pub kind: String,
    /// Transport port; 0 = refused or disabled.
    pub port: u16,
    /// Transport protocol, `RTP/AVP`.
    pub protocol: String,
    /// The format list verbatim: payload types for RTP, tokens otherwise.
    pub formats: Vec<String>,
    /// Address of the first usable `c=` line under this `m=`.
    pub connection: Option<IpAddr>,
    /// `a=` lines, in order.
    pub attributes: Vec<Attribute>,
}

/// One `a=` line: `a=name` or `a=name:value`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attribute {
    /// What stands before the colon.
    pub name: String,
    /// What stands after it, if there is one.
    pub value: Option<String>,
}

impl Attribute {
    /// `a=name`.
    pub fn flag(name: &str) -> Attribute {
        Attribute { name: name.into(), value: None }
    }

    /// `a=name:value`.
    pub fn with_value(name: &str, value: impl Into<String>) -> Attribute {
        Attribute { name: name.into(), value: Some(value.into()) }
    }
}

impl Media {
    /// The first value of the attribute `name`; an attribute without value counts as empty.
    pub fn attribute(&self, name: &str) -> Option<&str> {
        first_value(&self.attributes, name)
    }

    /// True when the attribute stands under this line.
    pub fn has_attribute(&self, name: &str) -> bool {
        self.attribute(name).is_some()
    }

    /// All values of the attribute `name`, in order.
    pub fn attributes_named<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.attributes.iter().filter(move |a| a.name.eq_ignore_ascii_case(name)).filter_map(|a| a.value.as_deref())
    }
}

impl SessionDescription {
    /// It has a moving picture to offer.
    pub fn offers_video(&self) -> bool {
        self.media.iter().any(|media| media.kind.eq_ignore_ascii_case("video") && media.port != 0)
    }

    /// The address of a media line: its own `c=`, else the session's.
    pub fn address_of(&self, media: &Media) -> Option<IpAddr> {
        media.connection.or(self.connection)
    }

    /// The first value of the attribute `name` of a media line: its own, else the session's.
    pub fn attribute_of<'a>(&'a self, media: &'a Media, name: &str) -> Option<&'a str> {
        media.attribute(name).or_else(|| first_value(&self.attributes, name))
    }

    /// The direction of a media line as its writer sees it: its own attribute, else the session's, else `sendrecv`.
    pub fn direction_of(&self, media: &Media) -> Direction {
        direction_in(&media.attributes).or_else(|| direction_in(&self.attributes)).unwrap_or_default()
    }

    /// The text for a message body.
    pub fn to_bytes(&self) -> Vec<u8> {
        self.to_string().into_bytes()
    }
}

fn first_value<'a>(attributes: &'a [Attribute], name: &str) -> Option<&'a str> {
    attributes.iter().find(|a| a.name.eq_ignore_ascii_case(name)).map(|a| a.value.as_deref().unwrap_or(""))
}

fn direction_in(attributes: &[Attribute]) -> Option<Direction> {
    attributes.iter().find_map(|a| Direction::from_attribute(&a.name))
}

impl Direction {
    /// The direction an attribute name says, if it says one.
    pub fn from_attribute(name: &str) -> Option<Direction> {
        [Direction::SendRecv, Direction::SendOnly, Direction::RecvOnly, Direction::Inactive]
            .into_iter()
            .find(|direction| name.eq_ignore_ascii_case(direction.attribute()))
    }

    /// The attribute name of the direction.
    pub fn attribute(self) -> &'static str {
        match self {
            Direction::SendRecv => "sendrecv",
            Direction::SendOnly => "sendonly",
            Direction::RecvOnly => "recvonly",
            Direction::Inactive => "inactive",
        }
    }

    /// What is left when both this and `other` must allow it.
    pub fn and(self, other: Direction) -> Direction {
        Direction::of(self.sends() && other.sends(), self.receives() && other.receives())
    }

    /// The direction of who sends and receives as said.
    pub fn of(sends: bool, receives: bool) -> Direction {
        match (sends, receives) {
            (true, true) => Direction::SendRecv,
            (true, false) => Direction::SendOnly,
            (false, true) => Direction::RecvOnly,
            (false, false) => Direction::Inactive,
        }
    }
}

impl fmt::Display for SessionDescription {
    //= RFC 8866 §5: the order of lines
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("v=0\r\n")?;
        if let Some(o) = &self.origin {
            let family = if o.address.contains(':') { "IP6" } else { "IP4" };
            write!(f, "o={} {} {} IN {family} {}\r\n", o.username, o.session_id, o.session_version, o.address)?;
        }
        f.write_str("s=-\r\n")?;
        write_connection(f, self.connection)?;
        f.write_str("t=0 0\r\n")?;
        self.attributes.iter().try_for_each(|a| write!(f, "{a}"))?;
        self.media.iter().try_for_each(|m| write!(f, "{m}"))
    }
}

impl fmt::Display for Media {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "m={} {} {}", self.kind, self.port, self.protocol)?;
        self.formats.iter().try_for_each(|format| write!(f, " {format}"))?;
        f.write_str("\r\n")?;
        write_connection(f, self.connection)?;
        self.attributes.iter().try_for_each(|a| write!(f, "{a}"))
    }
}

impl fmt::Display for Attribute {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.value {
            Some(value) => write!(f, "a={}:{value}\r\n", self.name),
            None => write!(f, "a={}\r\n", self.name),
        }
    }
}

fn write_connection(f: &mut fmt::Formatter<'_>, address: Option<IpAddr>) -> fmt::Result {
    match address {
        Some(ip) => write!(f, "c=IN {} {ip}\r\n", if ip.is_ipv6() { "IP6" } else { "IP4" }),
        None => Ok(()),
    }
}
