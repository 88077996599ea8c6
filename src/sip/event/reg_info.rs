//! `application/reginfo+xml`: the bindings a registrar holds for an AOR (RFC 3680).

use super::{DocumentError, LIMITS};
use crate::sip::uri::Uri;
use crate::text::xml::Element;

/// Most contacts read.
const MAX_CONTACTS: usize = 256;

/// A document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RegInfo {
    /// It tells everything, rather than what has changed.
    pub full: bool,
    /// Its number.
    pub version: u32,
    /// The contacts in it, of every AOR.
    pub contacts: Vec<Binding>,
}

/// A contact and how it came to its state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Binding {
    /// The Contact.
    pub uri: Uri,
    /// It is in force.
    pub active: bool,
    /// `registered created refreshed shortened expired deactivated probation unregistered rejected`, or another word.
    pub event: String,
}

impl RegInfo {
    /// Reads a document; contacts whose URI cannot be read are left out.
    pub fn parse(body: &[u8]) -> Result<RegInfo, DocumentError> {
        let root = Element::parse(body, "reginfo", LIMITS)?;
        let version = root.attribute("version").and_then(|v| v.trim().parse().ok());
        let full = match root.attribute("state") {
            Some("full") => true,
            Some("partial") => false,
            _ => return Err(DocumentError::Missing("state")),
        };
        let contacts = root.all("registration").flat_map(|registration| {
            let whole = registration.attribute("state") != Some("terminated");
            registration.all("contact").filter_map(move |contact| {
                let uri = Uri::parse(contact.text_of("uri")?).ok()?;
                let active = whole && contact.attribute("state") == Some("active");
                Some(Binding { uri, active, event: contact.attribute("event").unwrap_or_default().to_owned() })
            })
        });
        let contacts = contacts.take(MAX_CONTACTS).collect();
        Ok(RegInfo { full, version: version.ok_or(DocumentError::Missing("version"))?, contacts })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    //= RFC 3680 §5.3
    #[test]
    fn bindings_and_how_they_came_about() {
        let text = r#"<?xml version="1.0"?>
            <reginfo xmlns="urn:ietf:params:xml:ns:reginfo" version="3" state="full">
              <registration aor="sip:joe@example.com" id="as9" state="active">
                <contact id="76" state="active" event="registered" duration-registered="7322" q="0.8">
                  <uri>sip:joe@pc34.example.com</uri></contact>
                <contact id="77" state="terminated" event="expired"><uri>sip:joe@192.0.2.1</uri></contact>
                <contact id="78" state="active" event="created"><uri>not a uri</uri></contact>
              </registration>
              <registration aor="sip:x@y" id="b" state="terminated">
                <contact id="79" state="active" event="created"><uri>sip:x@192.0.2.2</uri></contact>
              </registration>
            </reginfo>"#;
        let info = RegInfo::parse(text.as_bytes()).unwrap();
        assert_eq!((info.version, info.full), (3, true));
        let seen: Vec<_> = info.contacts.iter().map(|b| (b.uri.as_str(), b.active, b.event.as_str())).collect();
        assert_eq!(
            seen,
            [
                ("sip:joe@pc34.example.com", true, "registered"),
                ("sip:joe@192.0.2.1", false, "expired"),
                ("sip:x@192.0.2.2", false, "created")
            ]
        );
    }

    #[test]
    fn what_must_be_there() {
        let read = |text: &str| RegInfo::parse(text.as_bytes());
        assert_eq!(read("<reginfo version='1'/>"), Err(DocumentError::Missing("state")));
        assert_eq!(read("<reginfo state='full'/>"), Err(DocumentError::Missing("version")));
        assert_eq!(read("<reginfo state='full' version='99999999999'/>"), Err(DocumentError::Missing("version")));
        let many = "<contact state='active'><uri>sip:a@b</uri></contact>".repeat(400);
        let info = read(&format!("<reginfo version='0' state='partial'><registration>{many}</registration></reginfo>"));
        assert_eq!(info.map(|info| info.contacts.len()), Ok(MAX_CONTACTS));
    }
}
