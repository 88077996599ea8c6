//! Who calls, by whom a call was sent on, and as whom we call: names that are believed, hidden or merely claimed
//! (RFC 3323, RFC 3325, RFC 5806, RFC 7044).

use super::account::Line;
use super::call::party;
use super::snapshot::Party;
use crate::config::HideCallerId;
use crate::sip::flow::Flow;
use crate::sip::header::NameAddr;
use crate::sip::message::{HeaderName, Headers};
use crate::sip::uri::{Host, Uri};

/// Who nobody is to know (RFC 3323 §4.1.1.3).
const ANONYMOUS: &str = "sip:anonymous@anonymous.invalid";

/// Who calls.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Caller {
    pub party: Party,
    /// The caller does not want to be known.
    pub anonymous: bool,
    /// Who was called first and sent the call on, the last of several.
    pub via: Option<Party>,
}

impl Caller {
    /// Reads an INVITE. What a network says of its callers is believed of the account's own alone (`trusted`); of
    /// everybody else, From is all there is.
    pub fn of(headers: &Headers, trusted: bool) -> Caller {
        let from = headers.from().ok().flatten();
        //= RFC 3325 §9.1: Remote-Party-ID tells the caller where it does not say otherwise
        let is_caller = |party: &str| party.eq_ignore_ascii_case("calling");
        let asserted = if trusted { network_says(headers, is_caller) } else { None };
        let is_hidden = asserted.as_ref().is_some_and(is_private);
        if wants_privacy(headers) || is_hidden || from.as_ref().is_none_or(is_anonymous) && asserted.is_none() {
            return Caller { party: nobody(), anonymous: true, via: via(headers, trusted) };
        }
        let party = match (asserted, from) {
            (Some(asserted), from) => {
                let mut known = party(&asserted);
                let claimed = from.map(|from| party(&from)).filter(|claimed| claimed.user == known.user);
                known.name = known.name.or(claimed.and_then(|claimed| claimed.name));
                known
            }
            (None, from) => from.map(|from| party(&from)).unwrap_or_default(),
        };
        Caller { party, anonymous: false, via: via(headers, trusted) }
    }
}

/// Whom the network says to be at the other side; `is_party` judges the side that a Remote-Party-ID names.
pub(super) fn network_says(headers: &Headers, is_party: impl Fn(&str) -> bool) -> Option<NameAddr> {
    //= RFC 3325 §9.1: one name, or two of which one is a telephone number
    let of = |name| headers.addresses(name).unwrap_or_default().into_iter();
    let called = |address: &NameAddr| address.uri.is_sip() || address.uri.is_tel();
    let is_other = |address: &NameAddr| address.params.value("party").is_none_or(|party| is_party(&party));
    let asserted = of(&HeaderName::PAssertedIdentity).find(called);
    asserted.or_else(|| of(&HeaderName::RemotePartyId).find(|address| called(address) && is_other(address)))
}

/// Who sends this does not want to be known.
pub(super) fn wants_privacy(headers: &Headers) -> bool {
    privacy_words(headers).any(hides)
}

/// Privacy's values stand between semicolons (RFC 3323 §4.2).
fn privacy_words(headers: &Headers) -> impl Iterator<Item = &str> {
    let lines = headers.all(&HeaderName::Privacy).filter_map(|line| std::str::from_utf8(line).ok());
    lines.flat_map(|line| line.split([';', ','])).map(str::trim)
}

fn hides(word: &str) -> bool {
    //= RFC 3323 §4.2, RFC 3325 §9.3
    ["id", "user"].iter().any(|known| word.eq_ignore_ascii_case(known))
}

/// A Remote-Party-ID or a Diversion that is not for the called to see.
fn is_private(address: &NameAddr) -> bool {
    let privacy = address.params.value("privacy");
    privacy.is_some_and(|privacy| ["full", "name", "uri"].iter().any(|word| privacy.eq_ignore_ascii_case(word)))
}

pub(super) fn is_anonymous(from: &NameAddr) -> bool {
    let host = from.uri.host().map(Host::to_string).unwrap_or_default();
    let is_nobody = |user: &str| user.eq_ignore_ascii_case("anonymous");
    host.eq_ignore_ascii_case("anonymous.invalid") || from.uri.user_decoded().as_deref().is_some_and(is_nobody)
}

fn nobody() -> Party {
    Party { uri: ANONYMOUS.to_owned(), user: "anonymous".to_owned(), name: None }
}

/// Who sent the call on to us: the topmost Diversion, else what History-Info tells.
fn via(headers: &Headers, trusted: bool) -> Option<Party> {
    //= RFC 5806 §4: the last that diverted stands on top
    let diversion = || headers.addresses(&HeaderName::Diversion).ok()?.into_iter().next();
    let address = diversion().or_else(|| mapped_from(headers)).filter(|_| trusted)?;
    let hidden = is_private(&address) || is_anonymous(&address);
    Some(if hidden { nobody() } else { party(&address) })
}

/// The target that the call was last taken from for another person's.
fn mapped_from(headers: &Headers) -> Option<NameAddr> {
    let mut entries = headers.addresses(&HeaderName::HistoryInfo).ok()?;
    //= RFC 7044 §5: `mp` names the entry of the one called before
    let origin = entries.iter().rev().find_map(|entry| entry.params.value("mp").map(|index| index.into_owned()));
    let at = match origin {
        Some(index) => entries.iter().position(|entry| entry.params.value("index").is_some_and(|i| i == *index)),
        //= RFC 7044 §10.2: a reason in the URI tells that the target was given up
        None => entries.iter().rposition(|entry| entry.uri.header("Reason").is_some()),
    };
    let entry = entries.swap_remove(at?);
    let hides = |value: String| value.split(';').any(|word| word.trim().eq_ignore_ascii_case("history"));
    let hidden = entry.uri.header("Privacy").is_some_and(hides);
    Some(if hidden { NameAddr::new(Uri::parse(ANONYMOUS).ok()?) } else { entry })
}

impl Line {
    /// The headers that tell who calls, From without its tag first.
    pub fn presented(&self, flow: &Flow) -> Vec<(HeaderName, String)> {
        let from = self.from(flow);
        match self.account.hide_caller_id {
            HideCallerId::No => vec![(HeaderName::From, from)],
            HideCallerId::Soft => vec![(HeaderName::From, from), (HeaderName::Privacy, "id".to_owned())],
            HideCallerId::Hard => {
                //= RFC 3323 §4.1.1.3
                let mut headers = vec![(HeaderName::From, format!("\"Anonymous\" <{ANONYMOUS}>"))];
                headers.push((HeaderName::Privacy, "id".to_owned()));
                //= RFC 3325 §9.2: the own network alone learns who it is
                headers.extend(self.is_own_path(flow).then_some((HeaderName::PPreferredIdentity, from)));
                headers
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(lines: &[(HeaderName, &str)]) -> Headers {
        let mut headers = Headers::new();
        lines.iter().for_each(|(name, value)| headers.push(name.clone(), *value));
        headers
    }

    /// `user name` of the party, `-` for an anonymous one.
    fn shown(lines: &[(HeaderName, &str)], trusted: bool) -> String {
        let Caller { party, anonymous, .. } = Caller::of(&headers(lines), trusted);
        if anonymous { "-".to_owned() } else { format!("{} {}", party.user, party.name.unwrap_or_default()) }
    }

    //= RFC 3325 §5, RFC 3323 §4.2
    #[test]
    fn what_the_network_says_is_believed_of_the_own_one_alone() {
        use HeaderName::{From, PAssertedIdentity as Pai, Privacy, RemotePartyId as Rpid};
        let from = (From, "\"Bob\" <sip:bob@b.org>;tag=1");
        let nobody = (From, "\"Anonymous\" <sip:anonymous@anonymous.invalid>;tag=1");
        for (lines, own, strange) in [
            (vec![from.clone()], "bob Bob", "bob Bob"),
            (vec![from.clone(), (Pai, "\"Boss\" <sip:1@pbx>")], "1 Boss", "bob Bob"),
            (vec![from.clone(), (Pai, "<sip:bob@pbx>, <tel:+1-2>")], "bob Bob", "bob Bob"),
            (vec![from.clone(), (Pai, "<sip:1@pbx>")], "1 ", "bob Bob"),
            (vec![from.clone(), (Pai, "tel:+49-30-1")], "+49301 ", "bob Bob"),
            (vec![from.clone(), (Pai, "<mailto:x@y>")], "bob Bob", "bob Bob"),
            (vec![from.clone(), (Rpid, "\"R\" <sip:2@pbx>;party=calling;privacy=off")], "2 R", "bob Bob"),
            (vec![from.clone(), (Rpid, "<sip:2@pbx>;party=called")], "bob Bob", "bob Bob"),
            (vec![from.clone(), (Rpid, "<sip:2@pbx>;privacy=full")], "-", "bob Bob"),
            (vec![from.clone(), (Pai, "<sip:1@pbx>"), (Privacy, "header;id")], "-", "-"),
            (vec![from.clone(), (Privacy, "none")], "bob Bob", "bob Bob"),
            (vec![nobody.clone()], "-", "-"),
            (vec![nobody, (Pai, "<sip:1@pbx>")], "1 ", "-"),
            (vec![(From, "\"\u{202e}evil\u{1b}[2J\" <sip:x@y>")], "x evil[2J", "x evil[2J"),
            (vec![(From, "<tel:+1-201-555>;tag=1")], "+1201555 ", "+1201555 "),
        ] {
            assert_eq!((shown(&lines, true), shown(&lines, false)), (own.to_owned(), strange.to_owned()), "{lines:?}");
        }
    }

    //= RFC 5806 §4, RFC 7044 §5, §10.2
    #[test]
    fn a_call_sent_on_tells_from_whom() {
        use HeaderName::{Diversion, HistoryInfo};
        for (name, value, via) in [
            (
                Diversion,
                "\"Reception\" <sip:100@pbx>;reason=no-answer;counter=1, <sip:99@pbx>;reason=unconditional",
                Some("Reception"),
            ),
            (Diversion, "<sip:100@pbx>;privacy=full", Some("anonymous")),
            (Diversion, "not readable", None),
            (
                HistoryInfo,
                "\"Desk\" <sip:100@pbx>;index=1, <sip:101@pbx>;index=1.1;mp=1, <sip:x@192.0.2.1>;index=1.1.1;rc=1.1",
                Some("Desk"),
            ),
            (
                HistoryInfo,
                "<sip:100@pbx?Reason=SIP%3Bcause%3D302>;index=1, <sip:101@pbx>;index=1.1, <sip:x@192.0.2.1>;index=1.1.1",
                Some("100"),
            ),
            (
                HistoryInfo,
                "<sip:100@pbx?Reason=SIP%3Bcause%3D302&Privacy=history>;index=1, <sip:101@pbx>;index=1.1",
                Some("anonymous"),
            ),
            // Sent to a phone of the one who was called: nobody sent it on.
            (HistoryInfo, "<sip:101@pbx>;index=1, <sip:x@192.0.2.1>;index=1.1;rc=1", None),
        ] {
            let lines = [(HeaderName::From, "<sip:bob@b>"), (name, value)];
            let told = Caller::of(&headers(&lines), true).via;
            let told = told.map(|via| via.name.unwrap_or(via.user));
            assert_eq!(told.as_deref(), via, "{value}");
            assert_eq!(Caller::of(&headers(&lines), false).via, None, "a stranger's word: {value}");
        }
    }
}
