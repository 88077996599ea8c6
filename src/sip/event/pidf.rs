//! `application/pidf+xml`: presence (RFC 3863) with the activities of RPID (RFC 4480) and the notes exchanges write.

use super::{DocumentError, LIMITS};
use crate::text::xml::Element;
use quick_xml::escape::escape;

/// What a watcher wants to know of somebody, whichever package told it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Availability {
    /// Nothing is known.
    #[default]
    Unknown,
    /// Not there.
    Offline,
    /// There, and free.
    Idle,
    /// Called right now.
    Ringing,
    /// On the phone, or not to be disturbed.
    Busy,
    /// Its one call is on hold.
    Held,
    /// Away from the desk.
    Away,
}

/// A presence document.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Presence {
    /// `basic` of the tuples: one open tuple is enough.
    pub open: Option<bool>,
    /// The activities of the person, `on-the-phone`, `away`.
    pub activities: Vec<String>,
    /// The first note.
    pub note: Option<String>,
}

/// Most activities read.
const MAX_ACTIVITIES: usize = 16;

impl Presence {
    /// Reads a document. An empty one is valid: nothing is known.
    pub fn parse(body: &[u8]) -> Result<Presence, DocumentError> {
        let root = Element::parse(body, "presence", LIMITS)?;
        let basics = root.all("tuple").filter_map(|tuple| tuple.child("status")?.text_of("basic"));
        let open = basics.map(|basic| basic.eq_ignore_ascii_case("open")).reduce(|a, b| a || b);
        let activities = root.descendants().filter(|element| element.name == "activities");
        let activities = activities.flat_map(|activities| &activities.children).map(|activity| activity.name.clone());
        let notes = root.descendants().filter(|element| element.name == "note" && !element.text.is_empty());
        Ok(Presence {
            open,
            activities: activities.filter(|name| name != "note").take(MAX_ACTIVITIES).collect(),
            note: notes.map(|note| note.text.clone()).next(),
        })
    }

    /// What it comes to.
    pub fn availability(&self) -> Availability {
        let note = self.note.as_deref().unwrap_or_default().to_ascii_lowercase();
        let does = |words: &[&str]| self.activities.iter().any(|activity| words.contains(&activity.as_str()));
        // Why notes first: exchanges that put a line's state into presence have no other word for ringing.
        if note.starts_with("ring") {
            Availability::Ringing
        } else if note.starts_with("on the phone") || note.starts_with("on hold") {
            Availability::Busy
        } else if self.open == Some(false) {
            Availability::Offline
        } else if does(&["on-the-phone", "busy", "meeting", "presentation", "appointment"]) {
            Availability::Busy
        } else if does(&[
            "away",
            "meal",
            "holiday",
            "vacation",
            "sleeping",
            "travel",
            "in-transit",
            "permanent-absence",
        ]) {
            Availability::Away
        } else if self.open == Some(true) {
            Availability::Idle
        } else {
            Availability::Unknown
        }
    }
}

/// The document that says so of `entity`, a SIP URI.
pub fn document(entity: &str, availability: Availability) -> String {
    let (basic, activity, note) = match availability {
        Availability::Offline | Availability::Unknown => ("closed", None, "Offline"),
        Availability::Idle => ("open", None, "Online"),
        Availability::Ringing => ("open", Some("busy"), "Ringing"),
        Availability::Busy | Availability::Held => ("open", Some("on-the-phone"), "On the phone"),
        Availability::Away => ("open", Some("away"), "Away"),
    };
    let activities = activity.map_or_else(String::new, |name| format!("<r:activities><r:{name}/></r:activities>"));
    let entity = escape(entity);
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\r\n\
         <presence xmlns=\"urn:ietf:params:xml:ns:pidf\" xmlns:dm=\"urn:ietf:params:xml:ns:pidf:data-model\" \
         xmlns:r=\"urn:ietf:params:xml:ns:pidf:rpid\" entity=\"{entity}\">\
         <tuple id=\"phone\"><status><basic>{basic}</basic></status><contact>{entity}</contact><note>{note}</note></tuple>\
         <dm:person id=\"person\">{activities}</dm:person></presence>\r\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use Availability::{Away, Busy, Idle, Offline, Ringing, Unknown};

    fn availability(inner: &str) -> Availability {
        let text = format!(
            "<?xml version='1.0'?><presence xmlns='urn:ietf:params:xml:ns:pidf' entity='pres:a@b'>{inner}</presence>"
        );
        Presence::parse(text.as_bytes()).unwrap().availability()
    }

    #[test]
    fn presence_as_phones_and_exchanges_write_it() {
        let tuple = |basic: &str, note: &str| {
            format!("<tuple id='1'><status><basic>{basic}</basic></status><note>{note}</note></tuple>")
        };
        let person = |activity: &str| {
            format!(
                "<dm:person xmlns:dm='d' id='p'><rpid:activities xmlns:rpid='r'>{activity}</rpid:activities></dm:person>"
            )
        };
        for (inner, expected) in [
            (tuple("open", "Ready"), Idle),
            (tuple("open", ""), Idle),
            (tuple("closed", ""), Offline),
            (tuple("closed", "Unavailable"), Offline),
            // An exchange that writes a line's state into the note.
            (tuple("open", "On the phone"), Busy),
            (tuple("closed", "Ringing"), Ringing),
            (tuple("open", "On hold"), Busy),
            //= RFC 4480 §3.2
            (person("<rpid:on-the-phone/>") + &tuple("open", ""), Busy),
            (person("<rpid:away/>") + &tuple("open", ""), Away),
            (person("<rpid:on-the-phone/>") + &tuple("closed", ""), Offline),
            (person("<rpid:note>x</rpid:note><rpid:unknown/>") + &tuple("open", ""), Idle),
            //= RFC 3863 §4.1.2: any open tuple will do
            (tuple("closed", "") + &tuple("open", ""), Idle),
            (String::new(), Unknown),
        ] {
            assert_eq!(availability(&inner), expected, "{inner}");
        }
    }

    #[test]
    fn what_is_written_reads_back() {
        for state in [Offline, Idle, Ringing, Busy, Away] {
            let text = document("sip:a&b@c", state);
            assert_eq!(Presence::parse(text.as_bytes()).map(|presence| presence.availability()), Ok(state), "{text}");
        }
    }

    #[test]
    fn a_giant_of_activities_is_cut() {
        let text = format!("<presence><person><activities>{}</activities></person></presence>", "<busy/>".repeat(500));
        assert_eq!(Presence::parse(text.as_bytes()).map(|p| p.activities.len()), Ok(MAX_ACTIVITIES));
    }
}
