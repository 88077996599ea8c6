//! Reading what peers write, which is often not what RFC 8866 asks for.
//!
//! Refused is only what cannot be understood at all; a line nobody knows, or in the wrong place, is passed over.

use std::net::IpAddr;

use super::{Attribute, Media, Origin, SessionDescription};

/// Longest description read.
pub const MAX_BYTES: usize = 64 * 1024;
/// Most `m=` lines of one description.
pub const MAX_MEDIA: usize = 32;
/// Most formats of one `m=` line.
pub const MAX_FORMATS: usize = 128;
/// Most `a=` lines of one section.
const MAX_ATTRIBUTES: usize = 1024;

/// Why a description was not understood.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SdpError {
    /// Longer than [`MAX_BYTES`].
    #[error("session description of {0} bytes, the most read is {MAX_BYTES}")]
    TooLong(usize),
    /// Not one `v=`, `o=`, `s=` or `m=` line in it.
    #[error("not a session description")]
    NotSdp,
    /// More than [`MAX_MEDIA`] `m=` lines.
    #[error("session description with more than {MAX_MEDIA} media lines")]
    TooManyMedia,
    /// More than [`MAX_FORMATS`] formats in one `m=` line.
    #[error("media line {0} has more than {MAX_FORMATS} formats")]
    TooManyFormats(usize),
    /// More `a=` lines in one section than any honest peer writes.
    #[error("session description with more than {MAX_ATTRIBUTES} attributes in one section")]
    TooManyAttributes,
    /// An `m=` line (counted from 1) without kind, port, protocol, or with a port that is no port.
    #[error("media line {0} cannot be read")]
    BadMedia(usize),
}

impl SdpError {
    /// The SIP status that tells the peer: 400.
    pub fn status_code(&self) -> u16 {
        400
    }
}

/// Read a description. Lines may end in CRLF, LF or CR; unknown lines and attributes are passed over.
pub fn parse(bytes: &[u8]) -> Result<SessionDescription, SdpError> {
    if bytes.len() > MAX_BYTES {
        return Err(SdpError::TooLong(bytes.len()));
    }
    let text = String::from_utf8_lossy(bytes);
    let mut description = SessionDescription::default();
    let mut recognised = false;
    for line in text.split(['\r', '\n', '\0']) {
        let Some((kind, value)) = line.trim().split_once('=') else { continue };
        let value = value.trim();
        match kind.trim_end() {
            "v" | "s" => recognised = true,
            "o" => {
                recognised = true;
                description.origin = description.origin.or_else(|| origin(value));
            }
            "m" => {
                recognised = true;
                let number = description.media.len().saturating_add(1);
                if number > MAX_MEDIA {
                    return Err(SdpError::TooManyMedia);
                }
                description.media.push(media(value, number)?);
            }
            "c" => set_connection(&mut description, value),
            "a" => push_attribute(&mut description, value)?,
            _ => {}
        }
    }
    if recognised { Ok(description) } else { Err(SdpError::NotSdp) }
}

fn set_connection(description: &mut SessionDescription, value: &str) {
    let place = match description.media.last_mut() {
        Some(media) => &mut media.connection,
        None => &mut description.connection,
    };
    // Several c= lines are layers of a multicast (RFC 8866 §5.7): the first is the base.
    *place = place.or_else(|| connection(value));
}

fn push_attribute(description: &mut SessionDescription, value: &str) -> Result<(), SdpError> {
    let attributes = match description.media.last_mut() {
        Some(media) => &mut media.attributes,
        None => &mut description.attributes,
    };
    if attributes.len() >= MAX_ATTRIBUTES {
        return Err(SdpError::TooManyAttributes);
    }
    attributes.push(match value.split_once(':') {
        Some((name, value)) => Attribute::with_value(name.trim(), value.trim()),
        None => Attribute::flag(value),
    });
    Ok(())
}

fn origin(value: &str) -> Option<Origin> {
    let mut words = value.split_ascii_whitespace().rev();
    // Counted from the end: user names with spaces are seen.
    let address = words.next()?.to_owned();
    let (_family, _network) = (words.next()?, words.next()?);
    let session_version = words.next()?.to_owned();
    let session_id = words.next()?.to_owned();
    // A line loses what is blank at its ends: one of nothing else would not be there when it is read again.
    let username = words.next().map(str::trim).filter(|name| !name.is_empty()).unwrap_or("-").to_owned();
    Some(Origin { username, session_id, session_version, address })
}

fn media(value: &str, number: usize) -> Result<Media, SdpError> {
    let mut words = value.split_ascii_whitespace();
    let (Some(kind), Some(port), Some(protocol)) = (words.next(), words.next(), words.next()) else {
        return Err(SdpError::BadMedia(number));
    };
    // `49170/2` is a port count (RFC 8866 §5.14): the first pair is used.
    let port = port.split('/').next().and_then(|port| port.parse().ok()).ok_or(SdpError::BadMedia(number))?;
    let formats: Vec<String> = words.map(str::to_owned).collect();
    if formats.len() > MAX_FORMATS {
        return Err(SdpError::TooManyFormats(number));
    }
    Ok(Media { kind: kind.into(), port, protocol: protocol.into(), formats, ..Media::default() })
}

/// `IN IP4 192.0.2.1/127`; a host name or another network is no address we can use.
fn connection(value: &str) -> Option<IpAddr> {
    let mut words = value.split_ascii_whitespace();
    let network = words.next()?;
    let _family = words.next()?;
    let address = words.next()?.split(['/', '%']).next()?;
    if !network.eq_ignore_ascii_case("IN") {
        return None;
    }
    address.trim_matches(['[', ']']).parse::<IpAddr>().ok().map(|ip| ip.to_canonical())
}
