//! `application/dialog-info+xml`: the dialogs of somebody's phone (RFC 4235), and the table a watcher keeps of them.

use super::pidf::Availability;
use super::{DocumentError, LIMITS};
use crate::sip::uri::Uri;
use crate::text::xml::Element;
use quick_xml::escape::escape;

/// Most dialogs of one watched phone.
const MAX_DIALOGS: usize = 64;

/// Who began a dialog, seen from the watched phone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// It called.
    Initiator,
    /// It was called.
    Recipient,
}

/// Where a dialog stands (RFC 4235 §3.7.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum State {
    Trying,
    Proceeding,
    Early,
    Confirmed,
    Terminated,
}

impl State {
    fn of_word(word: &str) -> Option<State> {
        let all = [State::Trying, State::Proceeding, State::Early, State::Confirmed, State::Terminated];
        all.into_iter().find(|state| word.eq_ignore_ascii_case(state.word()))
    }

    fn word(self) -> &'static str {
        match self {
            State::Trying => "trying",
            State::Proceeding => "proceeding",
            State::Early => "early",
            State::Confirmed => "confirmed",
            State::Terminated => "terminated",
        }
    }
}

/// One dialog.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WatchedDialog {
    /// Its name in these documents.
    pub id: String,
    /// Call-ID and tags, as far as told; what Replaces needs to pick the call up.
    pub call_id: Option<String>,
    /// The tag of the watched phone.
    pub local_tag: Option<String>,
    /// The tag of the other side.
    pub remote_tag: Option<String>,
    /// Who began it, if told.
    pub direction: Option<Direction>,
    /// Where it stands.
    pub state: State,
    /// The other side's address.
    pub remote_identity: Option<Uri>,
    /// The other side's name.
    pub remote_name: Option<String>,
    /// The other side's Contact.
    pub remote_target: Option<Uri>,
    /// The watched phone renders no media: it holds the call.
    pub held: bool,
}

impl WatchedDialog {
    fn of_element(element: &Element) -> Option<WatchedDialog> {
        let text = |name: &str| element.attribute(name).map(str::to_owned).filter(|value| !value.is_empty());
        let remote = element.child("remote");
        let identity = remote.and_then(|remote| remote.child("identity"));
        let target = remote.and_then(|remote| remote.child("target")?.attribute("uri"));
        Some(WatchedDialog {
            id: text("id")?,
            call_id: text("call-id"),
            local_tag: text("local-tag"),
            remote_tag: text("remote-tag"),
            direction: match element.attribute("direction") {
                Some("initiator") => Some(Direction::Initiator),
                Some("recipient") => Some(Direction::Recipient),
                _ => None,
            },
            state: element.text_of("state").and_then(State::of_word)?,
            remote_identity: identity.and_then(|identity| Uri::parse(&identity.text).ok()),
            remote_name: identity.and_then(|identity| identity.attribute("display").map(str::to_owned)),
            remote_target: target.and_then(|uri| Uri::parse(uri).ok()),
            held: element.child("local").is_some_and(is_held),
        })
    }
}

//= RFC 4235 §5.2: a phone with sip.rendering=no renders none of the dialog's media: it has put the call on hold
fn is_held(local: &Element) -> bool {
    let mut params = local.all("target").flat_map(|target| target.all("param"));
    params.any(|param| {
        let is = |name: &str, wanted: &str| {
            let value = param.attribute(name).unwrap_or_default().trim_matches([' ', '"']);
            value.trim_start_matches('+').eq_ignore_ascii_case(wanted)
        };
        is("pname", "sip.rendering") && is("pval", "no")
    })
}

/// A document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DialogInfo {
    /// Its number.
    pub version: u32,
    /// It tells every dialog, rather than those that changed.
    pub full: bool,
    /// Whose phone, a URI.
    pub entity: String,
    /// The dialogs in it.
    pub dialogs: Vec<WatchedDialog>,
}

impl DialogInfo {
    /// Reads a document; dialogs without a name or a state we know are left out.
    pub fn parse(body: &[u8]) -> Result<DialogInfo, DocumentError> {
        let root = Element::parse(body, "dialog-info", LIMITS)?;
        let full = match root.attribute("state") {
            Some("full") => true,
            Some("partial") => false,
            _ => return Err(DocumentError::Missing("state")),
        };
        let version = root.attribute("version").and_then(|v| v.trim().parse().ok());
        Ok(DialogInfo {
            version: version.ok_or(DocumentError::Missing("version"))?,
            full,
            entity: root.attribute("entity").unwrap_or_default().to_owned(),
            dialogs: root.all("dialog").filter_map(WatchedDialog::of_element).take(MAX_DIALOGS).collect(),
        })
    }

    /// Writes the document.
    pub fn document(&self) -> String {
        let mut out = format!(
            "<?xml version=\"1.0\"?>\r\n<dialog-info xmlns=\"urn:ietf:params:xml:ns:dialog-info\" version=\"{}\" \
             state=\"{}\" entity=\"{}\">",
            self.version,
            if self.full { "full" } else { "partial" },
            escape(self.entity.as_str())
        );
        for dialog in &self.dialogs {
            let direction = dialog.direction.map(|direction| match direction {
                Direction::Initiator => "initiator",
                Direction::Recipient => "recipient",
            });
            out.push_str("<dialog");
            for (name, value) in [
                ("id", Some(dialog.id.as_str())),
                ("call-id", dialog.call_id.as_deref()),
                ("local-tag", dialog.local_tag.as_deref()),
                ("remote-tag", dialog.remote_tag.as_deref()),
                ("direction", direction),
            ] {
                if let Some(value) = value {
                    out.push_str(&format!(" {name}=\"{}\"", escape(value)));
                }
            }
            out.push_str(&format!("><state>{}</state>", dialog.state.word()));
            if dialog.held {
                out.push_str(&format!(
                    "<local><target uri=\"{}\"><param pname=\"+sip.rendering\" pval=\"no\"/></target></local>",
                    escape(self.entity.as_str())
                ));
            }
            if let Some(identity) = &dialog.remote_identity {
                let name = dialog.remote_name.as_deref().unwrap_or_default();
                let name = if name.is_empty() { String::new() } else { format!(" display=\"{}\"", escape(name)) };
                out.push_str(&format!("<remote><identity{name}>{}</identity></remote>", escape(identity.as_str())));
            }
            out.push_str("</dialog>");
        }
        out + "</dialog-info>\r\n"
    }
}

/// What a document was to the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Applied {
    /// Taken in.
    Taken,
    /// Older than what is known.
    Stale,
    /// Documents are missing before it: a full one is to be asked for, by a refresh of the subscription.
    Gap,
}

/// The dialogs of a watched phone, as far as its documents tell.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DialogTable {
    version: Option<u32>,
    dialogs: Vec<WatchedDialog>,
}

impl DialogTable {
    /// Takes a document in.
    pub fn apply(&mut self, info: DialogInfo) -> Applied {
        if info.full {
            // Why without a look at the number: NOTIFYs come in order, and a number that jumped must not lock us out.
            self.version = Some(info.version);
            self.dialogs.clear();
        } else {
            //= RFC 4235 §4.3: a partial document counts only as the one next to what is known
            match self.version {
                Some(known) if info.version <= known => return Applied::Stale,
                Some(known) if known.checked_add(1) == Some(info.version) => self.version = Some(info.version),
                _ => return Applied::Gap,
            }
        }
        for dialog in info.dialogs {
            self.dialogs.retain(|known| known.id != dialog.id);
            //= RFC 4235 §4.3: a terminated dialog leaves the table
            if dialog.state != State::Terminated && self.dialogs.len() < MAX_DIALOGS {
                self.dialogs.push(dialog);
            }
        }
        Applied::Taken
    }

    /// The live dialogs, oldest first.
    pub fn dialogs(&self) -> &[WatchedDialog] {
        &self.dialogs
    }

    /// The dialog that tells most: one that can be picked up, else one in which they talk, else one that is not held, else any.
    pub fn foremost(&self) -> Option<&WatchedDialog> {
        let rank = |dialog: &&WatchedDialog| match availability(dialog) {
            Availability::Ringing => 0,
            Availability::Held => 3,
            _ if dialog.state == State::Confirmed => 1,
            _ => 2,
        };
        self.dialogs.iter().min_by_key(rank)
    }

    /// What the dialogs come to: the lamp.
    pub fn availability(&self) -> Availability {
        match (self.version, self.foremost()) {
            (None, _) => Availability::Unknown,
            (Some(_), None) => Availability::Idle,
            (Some(_), Some(dialog)) => availability(dialog),
        }
    }
}

fn availability(dialog: &WatchedDialog) -> Availability {
    match (dialog.state, dialog.direction) {
        (State::Terminated, _) => Availability::Idle,
        // Why "no direction" counts as called: exchanges that leave it out do so for ringing lines.
        (State::Trying | State::Proceeding | State::Early, Some(Direction::Recipient) | None) => Availability::Ringing,
        (State::Confirmed, _) if dialog.held => Availability::Held,
        (State::Trying | State::Proceeding | State::Early | State::Confirmed, _) => Availability::Busy,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn document(version: u32, state: &str, dialogs: &str) -> DialogInfo {
        let text = format!(
            "<?xml version=\"1.0\"?><dialog-info xmlns=\"urn:ietf:params:xml:ns:dialog-info\" version=\"{version}\" \
             state=\"{state}\" entity=\"sip:bob@example.com\">{dialogs}</dialog-info>"
        );
        DialogInfo::parse(text.as_bytes()).unwrap()
    }

    fn dialog(id: &str, direction: &str, state: &str) -> String {
        format!("<dialog id=\"{id}\" direction=\"{direction}\"><state>{state}</state></dialog>")
    }

    //= RFC 4235 §6
    #[test]
    fn a_ringing_line_tells_whom_to_pick_up() {
        let text = r#"<dialog id="as7d900as8" call-id="a84b4c76e66710" local-tag="1928301774" remote-tag="456"
              direction="recipient"><state event="1xx">early</state>
            <remote><identity display="Al">sip:alice@example.com</identity><target uri="sip:alice@192.0.2.1:5060">
              <param pname="x" pval="y"/></target></remote>
            <local><identity>sip:bob@example.com</identity></local></dialog>"#;
        let mut table = DialogTable::default();
        assert_eq!(table.availability(), Availability::Unknown);
        assert_eq!(table.apply(document(0, "full", text)), Applied::Taken);
        assert_eq!(table.availability(), Availability::Ringing);
        let known = table.foremost().unwrap();
        assert_eq!(known.call_id.as_deref(), Some("a84b4c76e66710"));
        assert_eq!((known.local_tag.as_deref(), known.remote_tag.as_deref()), (Some("1928301774"), Some("456")));
        assert_eq!(known.remote_identity.as_ref().map(Uri::as_str), Some("sip:alice@example.com"));
        assert_eq!(known.remote_name.as_deref(), Some("Al"));
        assert_eq!(known.remote_target.as_ref().map(Uri::as_str), Some("sip:alice@192.0.2.1:5060"));
    }

    //= RFC 4235 §4.3
    #[test]
    fn documents_count_in_their_order() {
        let mut table = DialogTable::default();
        let ringing = dialog("1", "recipient", "early");
        assert_eq!(table.apply(document(5, "partial", &ringing)), Applied::Gap, "nothing is known yet");
        assert_eq!(table.apply(document(5, "full", "")), Applied::Taken);
        assert_eq!(table.apply(document(6, "partial", &ringing)), Applied::Taken);
        assert_eq!(table.apply(document(6, "partial", &dialog("1", "recipient", "confirmed"))), Applied::Stale);
        assert_eq!(table.apply(document(8, "partial", &dialog("1", "recipient", "confirmed"))), Applied::Gap);
        assert_eq!(table.availability(), Availability::Ringing);
        assert_eq!(table.apply(document(7, "partial", &dialog("1", "recipient", "terminated"))), Applied::Taken);
        assert_eq!((table.availability(), table.dialogs().len()), (Availability::Idle, 0));
    }

    #[test]
    fn a_number_that_jumps_locks_nobody_out() {
        let mut table = DialogTable::default();
        table.apply(document(u32::MAX, "full", ""));
        assert_eq!(table.apply(document(0, "partial", &dialog("1", "recipient", "early"))), Applied::Stale);
        assert_eq!(table.apply(document(0, "full", &dialog("1", "recipient", "early"))), Applied::Taken);
        assert_eq!(table.availability(), Availability::Ringing);
        table.apply(document(u32::MAX, "full", ""));
        assert_eq!(table.apply(document(u32::MAX, "partial", "")), Applied::Stale, "nor overflows");
    }

    #[test]
    fn lamps() {
        for (direction, state, lamp) in [
            ("recipient", "trying", Availability::Ringing),
            ("recipient", "early", Availability::Ringing),
            ("", "early", Availability::Ringing),
            ("initiator", "early", Availability::Busy),
            ("initiator", "confirmed", Availability::Busy),
            ("recipient", "confirmed", Availability::Busy),
            ("recipient", "terminated", Availability::Idle),
            ("recipient", "dancing", Availability::Idle),
        ] {
            let mut table = DialogTable::default();
            table.apply(document(1, "full", &dialog("1", direction, state)));
            assert_eq!(table.availability(), lamp, "{direction} {state}");
        }
        let mut table = DialogTable::default();
        let talks = dialog("1", "initiator", "confirmed") + &dialog("2", "recipient", "early");
        table.apply(document(1, "full", &talks));
        assert_eq!(table.availability(), Availability::Ringing, "the call that waits comes first");
    }

    //= RFC 4235 §5.2
    #[test]
    fn a_held_call_is_told_by_its_target() {
        let target = |side: &str, params: &str| format!("<{side}><target uri=\"sip:bob@h\">{params}</target></{side}>");
        let param = |name: &str, value: &str| format!("<param pname=\"{name}\" pval=\"{value}\"/>");
        let no = param("+sip.rendering", "no");
        for (inner, lamp) in [
            (target("local", &no), Availability::Held),
            (
                target("local", &(param("+sip.byeless", "yes") + &param("sip.rendering", "&quot;NO&quot;"))),
                Availability::Held,
            ),
            (target("local", &param("+sip.rendering", "yes")), Availability::Busy),
            (target("local", &param("+sip.rendering", "unknown")), Availability::Busy),
            (target("local", &param("+sip.byeless", "no")), Availability::Busy),
            // The other side holds: the one who is watched is on the phone and listens to music.
            (target("remote", &no), Availability::Busy),
            (no.clone(), Availability::Busy),
        ] {
            let text = dialog("1", "initiator", "confirmed").replace("</dialog>", &format!("{inner}</dialog>"));
            let mut table = DialogTable::default();
            table.apply(document(1, "full", &text));
            assert_eq!(table.availability(), lamp, "{inner}");
        }
        let held =
            |id| dialog(id, "recipient", "confirmed").replace("</dialog>", &(target("local", &no) + "</dialog>"));
        for (second, lamp) in [
            (dialog("2", "initiator", "confirmed"), Availability::Busy),
            (dialog("2", "initiator", "early"), Availability::Busy),
            (dialog("2", "recipient", "early"), Availability::Ringing),
            (held("2"), Availability::Held),
        ] {
            let mut table = DialogTable::default();
            table.apply(document(1, "full", &(held("1") + &second)));
            assert_eq!(table.availability(), lamp, "beside a held one: {second}");
        }
        let ringing = dialog("1", "recipient", "early").replace("</dialog>", &(target("local", &no) + "</dialog>"));
        let mut table = DialogTable::default();
        table.apply(document(1, "full", &ringing));
        assert_eq!(table.availability(), Availability::Ringing, "what rings cannot be heard yet");
    }

    #[test]
    fn a_flood_of_dialogs_is_bounded() {
        let mut table = DialogTable::default();
        table.apply(document(0, "full", ""));
        for version in 1..20 {
            let many: String = (0..100).map(|n| dialog(&format!("{version}-{n}"), "recipient", "early")).collect();
            table.apply(document(version, "partial", &many));
        }
        assert_eq!(table.dialogs().len(), MAX_DIALOGS);
    }

    #[test]
    fn what_is_written_reads_back() {
        let text = dialog("a&amp;b", "recipient", "early")
            .replace("</dialog>", "<remote><identity display=\"&lt;Al&gt;\">sip:a@b</identity></remote></dialog>");
        let mut info = document(3, "partial", &text);
        assert_eq!(info.dialogs.len(), 1);
        assert_eq!(DialogInfo::parse(info.document().as_bytes()), Ok(info.clone()));
        info.dialogs[0].held = true;
        assert_eq!(DialogInfo::parse(info.document().as_bytes()), Ok(info));
    }

    #[test]
    fn what_must_be_there() {
        for (text, missing) in [("<dialog-info version='1'/>", "state"), ("<dialog-info state='full'/>", "version")] {
            assert_eq!(DialogInfo::parse(text.as_bytes()), Err(DocumentError::Missing(missing)));
        }
    }
}
