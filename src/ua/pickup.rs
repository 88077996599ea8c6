//! Taking a call that rings at somebody else's phone: by its dialog if a light tells it (RFC 3891, RFC 4235), else by
//! the exchange's code.

use super::agent::Agent;
use super::call::party;
use super::command::{CommandError, Reply};
use super::dial::MAX_TARGET;
use super::outcome::ExitCode;
use super::owner::Owner;
use crate::config::AccountId;
use crate::sip::event::dialog_info::WatchedDialog;
use crate::sip::header::{NameAddr, Replaces};
use crate::sip::ident;
use crate::sip::session::Exchange;
use crate::sip::uri::{Uri, escape_user};
use crate::text::sanitise;
use std::time::Instant;

/// Longest Replaces that is made of what a light tells, in bytes.
const MAX_REPLACES: usize = 512;

/// A call of ours that takes one of others.
#[derive(Debug, Clone)]
pub(super) struct Pickup {
    /// Whose ringing, as typed.
    pub number: String,
    /// It names their dialog; else the exchange's code does it.
    pub by_dialog: bool,
}

/// A call that rings elsewhere: where its caller is, and its dialog as the caller knows it.
struct Taken {
    account: AccountId,
    number: String,
    /// Likeliest first.
    callers: Vec<Uri>,
    replaces: Replaces,
    name: Option<String>,
}

impl Agent {
    /// `Command::Pickup`.
    pub(super) fn pickup(
        &mut self,
        number: Option<&str>,
        account: Option<&str>,
        now: Instant,
    ) -> Result<Reply, CommandError> {
        let (account, number) = match number {
            Some(number) => (self.account_for(number, account)?, number.to_owned()),
            None => {
                let ringing = self.ringing().next().map(|ringing| (ringing.account, ringing.number.to_owned()));
                ringing.ok_or_else(|| CommandError {
                    code: ExitCode::NotFound,
                    kind: "no_call",
                    message: "there is no call to pick up: nobody who is watched is being called".into(),
                    hint: Some("name the number that rings: pickup 201".into()),
                })?
            }
        };
        self.room_for_a_call()?;
        let taken = self.told_dialog(&number, account).and_then(|taken| {
            let uri = self.reachable(&taken)?;
            Some((taken, uri))
        });
        let (mut call, number) = match taken {
            Some((taken, uri)) => {
                let mut call = self.new_call_to(taken.account, &uri, now);
                call.remote.name = taken.name;
                call.extra.push(("Replaces".to_owned(), taken.replaces.to_string()));
                //= RFC 3891 §4: without it the caller's phone would ring, for a call of its own
                call.extra.push(("Require".to_owned(), "replaces".to_owned()));
                (call, taken.number)
            }
            None => {
                let uri = self.code_address(&number, account)?;
                (self.new_call_to(account, &uri, now), number)
            }
        };
        let by_dialog = !call.extra.is_empty();
        call.picks_up = Some(Pickup { number, by_dialog });
        Ok(Reply::Call(Box::new(self.place(call, now))))
    }

    /// The call that rings at this number, if its light tells all that Replaces needs.
    fn told_dialog(&self, number: &str, account: AccountId) -> Option<Taken> {
        let uri = self.address(number, account, "pick up").ok().map(|(target, _)| target.uri);
        let named = |it: &str, at: &str| it == number || uri.as_deref() == Some(at);
        let ringing = self.ringing().find(|ringing| named(ringing.number, ringing.uri))?;
        let dialog = ringing.dialog?;
        let name = dialog.remote_identity.clone().map(NameAddr::new);
        let name = name.map(|name| name.with_display_name(dialog.remote_name.as_deref().unwrap_or_default()));
        Some(Taken {
            account: ringing.account,
            number: ringing.number.to_owned(),
            callers: [&dialog.remote_target, &dialog.remote_identity].into_iter().flatten().cloned().collect(),
            replaces: replaces(dialog)?,
            name: name.and_then(|name| party(&name).name),
        })
    }

    /// Where the caller is called: its own phone, unless only the account's server may find a way.
    fn reachable(&self, taken: &Taken) -> Option<Uri> {
        let plain = |uri: &Uri| uri.as_str().len() <= MAX_TARGET && uri.as_str().bytes().all(|b| b.is_ascii_graphic());
        let callers = taken.callers.iter().map(|uri| uri.clone().without_headers().without_param("method"));
        let callers: Vec<Uri> = callers.filter(plain).filter_map(|uri| self.callable(&uri, taken.account)).collect();
        let at_home = callers.iter().find(|uri| self.is_at_home(taken.account, uri.as_str()));
        at_home.or(callers.first()).cloned()
    }

    /// The number behind the exchange's code for picking calls up.
    fn code_address(&self, number: &str, account: AccountId) -> Result<Uri, CommandError> {
        let refusal = |message: String, hint: &str| CommandError {
            code: ExitCode::Config,
            kind: "no_pickup_code",
            message,
            hint: Some(hint.to_owned()),
        };
        let shown = sanitise(number);
        let code = self.config.settings.pickup_code.in_use().ok_or_else(|| {
            let message = format!("cannot pick up {shown}: no light tells its call, and featureCodeCP is not used");
            refusal(message, "watch the number, or set enableFeatureCodeCP=1")
        })?;
        let (target, uri) = self.address(number, account, "pick up")?;
        let coded = uri.user().and_then(|user| {
            let (scheme, rest) = target.uri.split_once(':')?;
            rest.starts_with(user).then(|| format!("{scheme}:{}{rest}", escape_user(code)))
        });
        coded.and_then(|coded| Uri::parse(&coded).ok()).ok_or_else(|| {
            refusal(format!("cannot pick up {shown}: an address without a user takes no code"), "give a number")
        })
    }

    /// The caller's phone knows no such call, or no Replaces: the exchange may. True if it is asked.
    pub(super) fn pickup_by_code(&mut self, id: u32, status: u16, now: Instant) -> bool {
        //= RFC 3891 §3: these say that it was answered, or is over
        let is_decided = matches!(status, 401 | 407 | 486 | 600 | 603);
        let Some(call) = self.call(id).filter(|call| call.is_live() && !is_decided) else { return false };
        let Some(pickup) = call.picks_up.clone().filter(|pickup| pickup.by_dialog) else { return false };
        let still_rings = self.ringing().any(|ringing| ringing.number == pickup.number);
        let Some(uri) = self.code_address(&pickup.number, call.account).ok().filter(|_| still_rings) else {
            return false;
        };
        let call_id = ident::call_id(&mut self.rng, "");
        let Some(call) = self.call_mut(id) else { return false };
        call.picks_up = Some(Pickup { by_dialog: false, ..pickup });
        call.extra.clear();
        call.call_instead(&uri, call_id);
        self.clients.retain(|_, sent| sent.owner != Owner::Call(id, Exchange::Invite));
        self.begin_call(id, now);
        true
    }
}

/// A dialog as the caller has it.
fn replaces(dialog: &WatchedDialog) -> Option<Replaces> {
    let replaces = Replaces {
        call_id: dialog.call_id.clone()?,
        //= RFC 4235 §4.1.1, RFC 3891 §3: local and remote are the watched phone's; to-tag is the receiver's own
        to_tag: dialog.remote_tag.clone()?,
        from_tag: dialog.local_tag.clone()?,
        //= RFC 3891 §7.1: a call that is answered meanwhile is not torn away
        early_only: true,
    };
    // Why: it is a stranger's text, and is to become one header.
    let text = replaces.to_string();
    let is_plain = text.len() <= MAX_REPLACES && text.bytes().all(|b| b.is_ascii_graphic() && b != b',');
    let reads_back = Replaces::parse(text.as_bytes()).as_ref() == Ok(&replaces);
    (is_plain && reads_back).then_some(replaces)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sip::event::dialog_info::{Direction, State};

    fn dialog(call_id: &str, local_tag: &str, remote_tag: &str) -> WatchedDialog {
        let text = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
        WatchedDialog {
            held: false,
            id: "1".into(),
            call_id: text(call_id),
            local_tag: text(local_tag),
            remote_tag: text(remote_tag),
            direction: Some(Direction::Recipient),
            state: State::Early,
            remote_identity: None,
            remote_name: None,
            remote_target: None,
        }
    }

    //= RFC 3891 §6.1
    #[test]
    fn a_dialog_is_named_as_the_caller_has_it_or_not_at_all() {
        for (call_id, local, remote, named) in [
            ("a@b", "bobs", "als", Some("a@b;to-tag=als;from-tag=bobs;early-only")),
            ("", "bobs", "als", None),
            ("a@b", "", "als", None),
            ("a@b", "bobs", "", None),
            // Nobody's words get into our INVITE.
            ("a\r\nFrom: <sip:boss@b>", "bobs", "als", None),
            ("a@b", "bobs;early-only", "als", None),
            ("a@b", "bobs", "als,c@d;to-tag=1;from-tag=2", None),
            ("a b", "bobs", "als", None),
            ("a;to-tag=x", "bobs", "als", None),
        ] {
            let made = replaces(&dialog(call_id, local, remote)).map(|replaces| replaces.to_string());
            assert_eq!(made.as_deref(), named, "{call_id} {local} {remote}");
        }
        assert!(replaces(&dialog(&"x".repeat(MAX_REPLACES), "1", "2")).is_none(), "nor as many as they like");
    }
}
