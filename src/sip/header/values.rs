//! The smaller typed values: CSeq, RAck, media types, session timers, Replaces, Event and their kin.

use std::fmt;

use super::number::{bounded, delta_seconds};
use super::split::{cut, is_token};
use super::{Params, ValueError};
use crate::sip::message::Method;

/// CSeq: a number below 2^31 and the method (RFC 3261 §8.1.1.5).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct CSeq {
    /// The sequence number.
    pub number: u32,
    /// The method.
    pub method: Method,
}

impl CSeq {
    /// Reads `314159 INVITE`.
    pub fn parse(value: &[u8]) -> Result<CSeq, ValueError> {
        let mut words = value.split(u8::is_ascii_whitespace).filter(|w| !w.is_empty());
        let (Some(number), Some(method), None) = (words.next(), words.next(), words.next()) else {
            return Err(ValueError::CSeq);
        };
        Ok(CSeq { number: sequence(number)?, method: method_of(method)? })
    }
}

impl fmt::Display for CSeq {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.number, self.method)
    }
}

/// RAck: which reliable provisional response a PRACK acknowledges (RFC 3262 §7.2).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct RAck {
    /// The RSeq of that response.
    pub rseq: u32,
    /// The CSeq of its request.
    pub cseq: CSeq,
}

impl RAck {
    /// Reads `776656 1 INVITE`.
    pub fn parse(value: &[u8]) -> Result<RAck, ValueError> {
        let value = value.trim_ascii();
        let blank = value.iter().position(u8::is_ascii_whitespace).ok_or(ValueError::CSeq)?;
        let (rseq, cseq) = value.split_at_checked(blank).ok_or(ValueError::CSeq)?;
        let rseq = u32::try_from(bounded(rseq, u64::from(u32::MAX))?).map_err(|_| ValueError::Number)?;
        Ok(RAck { rseq, cseq: CSeq::parse(cseq)? })
    }
}

impl fmt::Display for RAck {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.rseq, self.cseq)
    }
}

/// A value with parameters: Event, Subscription-State, Content-Disposition, Reason, Replaces, Session-Expires…
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Valued {
    /// What stands before the first semicolon.
    pub value: String,
    /// The parameters.
    pub params: Params,
}

impl Valued {
    /// Reads `value;name=value`.
    pub fn parse(value: &[u8]) -> Result<Valued, ValueError> {
        let (head, params) = cut(value, b';');
        let head = std::str::from_utf8(head.trim_ascii()).map_err(|_| ValueError::NotText)?;
        if head.is_empty() {
            return Err(ValueError::Empty);
        }
        Ok(Valued { value: head.to_owned(), params: Params::parse(params.unwrap_or_default())? })
    }
}

impl fmt::Display for Valued {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.value, self.params)
    }
}

/// A media type, `application/sdp;charset=x`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MediaType {
    /// `application`
    pub kind: String,
    /// `sdp`
    pub subtype: String,
    /// The parameters.
    pub params: Params,
}

impl MediaType {
    /// Reads a Content-Type.
    pub fn parse(value: &[u8]) -> Result<MediaType, ValueError> {
        let Valued { value, params } = Valued::parse(value)?;
        let (kind, subtype) = value.split_once('/').ok_or(ValueError::MediaType)?;
        let (kind, subtype) = (kind.trim(), subtype.trim());
        if !is_token(kind.as_bytes()) || !is_token(subtype.as_bytes()) {
            return Err(ValueError::MediaType);
        }
        Ok(MediaType { kind: kind.to_owned(), subtype: subtype.to_owned(), params })
    }

    /// True for this type, letter case aside: `is("application", "sdp")`.
    pub fn is(&self, kind: &str, subtype: &str) -> bool {
        self.kind.eq_ignore_ascii_case(kind) && self.subtype.eq_ignore_ascii_case(subtype)
    }
}

/// Who refreshes a session (RFC 4028 §4).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refresher {
    /// The one who sent the request.
    Uac,
    /// The one who answered it.
    Uas,
}

impl Refresher {
    /// The parameter's value.
    pub fn as_str(self) -> &'static str {
        match self {
            Refresher::Uac => "uac",
            Refresher::Uas => "uas",
        }
    }
}

/// Session-Expires (RFC 4028 §4).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SessionExpires {
    /// The interval in seconds.
    pub seconds: u32,
    /// Who refreshes, if it says so.
    pub refresher: Option<Refresher>,
}

impl SessionExpires {
    /// Reads `1800;refresher=uac`.
    pub fn parse(value: &[u8]) -> Result<SessionExpires, ValueError> {
        let Valued { value, params } = Valued::parse(value)?;
        let refresher = match params.get("refresher").flatten() {
            Some(v) if v.eq_ignore_ascii_case("uac") => Some(Refresher::Uac),
            Some(v) if v.eq_ignore_ascii_case("uas") => Some(Refresher::Uas),
            _ => None,
        };
        Ok(SessionExpires { seconds: delta_seconds(value.as_bytes())?, refresher })
    }
}

impl fmt::Display for SessionExpires {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.seconds)?;
        self.refresher.map_or(Ok(()), |r| write!(f, ";refresher={}", r.as_str()))
    }
}

/// Replaces: the dialog an INVITE takes over (RFC 3891 §6.1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Replaces {
    /// The Call-ID.
    pub call_id: String,
    /// The tag that is remote to the sender of that dialog's requests: our To tag.
    pub to_tag: String,
    /// The other tag.
    pub from_tag: String,
    /// Only an early dialog may be replaced.
    pub early_only: bool,
}

impl Replaces {
    /// Reads `call-id;to-tag=…;from-tag=…`.
    pub fn parse(value: &[u8]) -> Result<Replaces, ValueError> {
        let Valued { value, params } = Valued::parse(value)?;
        //= RFC 3891 §6.1: exactly one to-tag and one from-tag
        let once = |name: &str| {
            let mut found = params.iter().filter(|(n, _)| n.eq_ignore_ascii_case(name));
            match (found.next(), found.next()) {
                (Some((_, Some(tag))), None) if !tag.is_empty() => Ok(tag.to_owned()),
                _ => Err(ValueError::Parameter),
            }
        };
        Ok(Replaces {
            to_tag: once("to-tag")?,
            from_tag: once("from-tag")?,
            early_only: params.has("early-only"),
            call_id: value,
        })
    }
}

impl fmt::Display for Replaces {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{};to-tag={};from-tag={}", self.call_id, self.to_tag, self.from_tag)?;
        if self.early_only { f.write_str(";early-only") } else { Ok(()) }
    }
}

fn sequence(digits: &[u8]) -> Result<u32, ValueError> {
    //= RFC 3261 §8.1.1.5: less than 2^31
    u32::try_from(bounded(digits, (1 << 31) - 1)?).map_err(|_| ValueError::Number)
}

fn method_of(token: &[u8]) -> Result<Method, ValueError> {
    let text = std::str::from_utf8(token).map_err(|_| ValueError::NotText)?;
    if is_token(token) { Ok(Method::from_token(text)) } else { Err(ValueError::CSeq) }
}
