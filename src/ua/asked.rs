//! Being asked to call somebody, by a REFER outside any call (click-to-dial): only by the account's own server, only if
//! the settings allow it, and never without the person's consent.

use super::agent::Agent;
use super::call::{MAX_CALLS, party};
use super::command::{CommandError, Reply};
use super::event::Event;
use super::owner::Owner;
use super::port::Output;
use super::referral::{progress, put_notice, subscribe_answer};
use super::route::{Job, is_secure};
use super::snapshot::{AskInfo, Party};
use crate::config::AccountId;
use crate::sip::dialog::{Dialog, DialogId};
use crate::sip::flow::Flow;
use crate::sip::header::NameAddr;
use crate::sip::ident;
use crate::sip::message::{HeaderName, Method, Request, Response, StatusCode};
use crate::sip::refer::Referral;
use crate::sip::refer_news::News;
use crate::sip::transaction::ServerId;
use crate::sip::uri::Uri;
use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// Most who wait for a word at once.
const MAX_ASKS: usize = 3;
/// How long the person may think about it.
const PATIENCE: Duration = Duration::from_secs(60);

/// Somebody who asked this phone to call, until the outcome is told.
#[derive(Debug)]
pub(super) struct Ask {
    id: u32,
    pub account: AccountId,
    dialog: Dialog,
    flow: Flow,
    news: News,
    from: Party,
    target: Uri,
    referred_by: String,
    /// The person decides until then.
    waits_until: Option<Instant>,
    call: Option<u32>,
}

impl Ask {
    fn name(&self) -> String {
        format!("r{}", self.id)
    }

    pub fn next_timeout(&self) -> Option<Instant> {
        self.waits_until.into_iter().chain(self.news.next_timeout()).min()
    }
}

impl Agent {
    /// A REFER outside any call.
    pub(super) fn asked_to_call(&mut self, server: ServerId, request: &Request, flow: Flow, now: Instant) {
        let (account, referral, target) = match self.judge_ask(request, &flow) {
            Ok(judged) => judged,
            Err((status, words)) => return self.refuse(server, request, status, words.as_deref(), now),
        };
        let Ok(Some(from)) = request.headers.from() else { return };
        let Ok(mut dialog) = Dialog::uas(request, &ident::tag(&mut self.rng)) else {
            return self.refuse(server, request, StatusCode(400), None, now);
        };
        //= RFC 3515 §2.4.2: answered at once, whatever the person says later
        let mut response = Response::to_request(request, StatusCode(202), Some(&dialog.id().local_tag));
        let _uas_never_fails = dialog.confirm(&response);
        if !referral.wants_news {
            //= RFC 4488 §4
            response.headers.push(HeaderName::ReferSub, "false");
        }
        let contact = self.account(account).map(|line| line.contact(&flow, is_secure(&request.uri)));
        self.answer(server, response, contact, now);
        self.last_ask += 1;
        let number = request.headers.cseq().ok().flatten().map_or(0, |cseq| cseq.number);
        let by = request.headers.referred_by().ok().flatten();
        self.asks.push(Ask {
            id: self.last_ask,
            account,
            dialog,
            flow,
            news: News::new(number, referral.wants_news, true, now),
            from: party(&from),
            target,
            //= RFC 3892 §2.2
            referred_by: by.map_or_else(|| NameAddr::new(from.uri.clone()).to_string(), |by| by.to_string()),
            waits_until: Some(now + PATIENCE),
            call: None,
        });
        if let Some(ask) = self.waiting_asks(now).pop() {
            self.outputs.push_back(Output::Event(Event::CallAsked { ask }));
        }
    }

    /// Whether the person is asked at all, for which account, and whom to call.
    #[allow(clippy::type_complexity)]
    fn judge_ask(
        &self,
        request: &Request,
        flow: &Flow,
    ) -> Result<(AccountId, Referral, Uri), (StatusCode, Option<String>)> {
        let refusal = |status| (StatusCode(status), None);
        let account = self.addressee(request, flow).ok_or(refusal(403))?;
        // Why: nobody but the own server can say who asks, and a stranger may not even make it ring.
        let is_own = |line: &&super::account::Line| {
            line.registers() && line.registration.is_registered() && line.is_own_path(flow)
        };
        self.account(account).filter(is_own).filter(|_| self.config.settings.click_to_dial).ok_or(refusal(403))?;
        if self.exiting.is_some() || self.is_not_to_be_disturbed() {
            return Err(refusal(480));
        }
        let waiting = self.asks.len();
        let live = self.calls.iter().filter(|call| call.is_live()).count();
        if waiting >= MAX_ASKS || live >= MAX_CALLS {
            return Err(refusal(486));
        }
        let referral = Referral::of(request).map_err(|why| (why.status(), Some(why.to_string())))?;
        // Why: whose call that would take over is more than a person can be asked.
        if referral.replaces.is_some() {
            return Err(refusal(403));
        }
        let target = self.callable(&referral.target, account).ok_or(refusal(404))?;
        Ok((account, referral, target))
    }

    /// Those who wait for a word, the first first.
    pub(super) fn waiting_asks(&self, now: Instant) -> Vec<AskInfo> {
        let waiting = self.asks.iter().filter_map(|ask| Some((ask, ask.waits_until?)));
        let info = waiting.map(|(ask, until)| AskInfo {
            id: ask.name(),
            account: self.account(ask.account).map(|line| line.account.aor()).unwrap_or_default(),
            from: ask.from.clone(),
            to: party(&NameAddr::new(ask.target.clone())),
            expires_in: until.saturating_duration_since(now).as_secs(),
        });
        info.collect()
    }

    /// The name is of somebody who waits for a word.
    pub(super) fn is_ask(&self, name: &str) -> bool {
        self.asks.iter().any(|ask| ask.waits_until.is_some() && ask.name() == name)
    }

    /// Whom somebody who waits for a word wants called.
    pub(super) fn ask_target(&self, name: &str) -> Option<String> {
        let ask = self.asks.iter().find(|ask| ask.waits_until.is_some() && ask.name() == name)?;
        Some(format!("<{}>", ask.target))
    }

    /// The person consents: calls.
    pub(super) fn consent(&mut self, name: &str, now: Instant) -> Result<Reply, CommandError> {
        self.room_for_a_call()?;
        let Some(at) = self.asks.iter().position(|ask| ask.name() == name) else { return Ok(Reply::Done) };
        let Some((account, target, from, by)) = self.asks.get_mut(at).map(|ask| {
            ask.waits_until = None;
            (ask.account, ask.target.clone(), ask.from.clone(), ask.referred_by.clone())
        }) else {
            return Ok(Reply::Done);
        };
        let mut call = self.new_call_to(account, &target, now);
        call.referred_by = Some(from);
        call.extra.push(("Referred-By".to_owned(), by));
        if let Some(ask) = self.asks.get_mut(at) {
            ask.call = Some(call.id);
        }
        Ok(Reply::Call(Box::new(self.place(call, now))))
    }

    /// The person does not.
    pub(super) fn decline(&mut self, name: &str) {
        let named = |ask: &&mut Ask| ask.waits_until.is_some() && ask.name() == name;
        if let Some(ask) = self.asks.iter_mut().find(named) {
            ask.waits_until = None;
            //= RFC 3515 §2.4.5
            ask.news.decline(603);
        }
    }

    /// Nobody said a word in time.
    pub(super) fn ask_timeouts(&mut self, now: Instant) {
        for ask in self.asks.iter_mut().filter(|ask| ask.waits_until.is_some_and(|until| until <= now)) {
            ask.waits_until = None;
            ask.news.decline(480);
        }
    }

    /// Tells whoever asked how it fares; true if there was something to tell.
    pub(super) fn tell_askers(&mut self, now: Instant) -> bool {
        let mut due = Vec::new();
        for at in 0..self.asks.len() {
            let call = self.asks.get(at).and_then(|ask| ask.call);
            let progress = call.and_then(|id| self.call(id)).map(progress);
            let Some(ask) = self.asks.get_mut(at) else { break };
            match progress {
                Some(progress) => ask.news.learn(progress),
                // The call is gone, and said no last word.
                None if call.is_some() && !ask.news.status().is_final() => ask.news.decline(487),
                None => {}
            }
            if let Some(notice) = ask.news.next(now) {
                let mut notify = ask.dialog.request(Method::Notify);
                put_notice(&mut notify, notice);
                due.push((ask.id, ask.account, ask.flow, notify));
            }
        }
        let any = !due.is_empty();
        for (id, account, flow, notify) in due {
            let hop = self.hop_in_dialog(account, Some(flow), &notify);
            let owner = Owner::Asker(id);
            match hop.as_ref().is_some_and(|hop| hop.is_at(&flow)) {
                true => self.transmit(owner, notify, flow, VecDeque::new(), now),
                false => self.route(hop, Job::Request(owner, Box::new(notify)), now),
            }
        }
        self.asks.retain(|ask| {
            ask.waits_until.is_some() || !ask.news.is_settled() && (ask.call.is_some() || ask.news.is_owed())
        });
        any
    }

    /// A NOTIFY to somebody who asked was answered, or never will be (`None`).
    pub(super) fn asker_answered(&mut self, id: u32, status: Option<StatusCode>) {
        let is_final = status.is_none_or(|status| status.is_final());
        if let Some(ask) = self.asks.iter_mut().find(|ask| ask.id == id && is_final) {
            ask.news.answered(status);
        }
    }

    /// A SUBSCRIBE in a dialog that is no call's: for more news, or for no more.
    pub(super) fn asker_subscribed(&mut self, server: ServerId, request: &Request, id: &DialogId, now: Instant) {
        let Some(ask) = self.asks.iter_mut().find(|ask| ask.dialog.id() == id) else {
            //= RFC 3261 §12.2.2
            return self.refuse(server, request, StatusCode(481), None, now);
        };
        let granted = match ask.dialog.receive(request) {
            Ok(()) => ask.news.subscribed(request, now),
            Err(why) => Err(why.status()),
        };
        let (account, flow) = (ask.account, ask.flow);
        let contact = self.account(account).map(|line| line.contact(&flow, is_secure(&request.uri)));
        self.answer(server, subscribe_answer(request, granted), contact, now);
    }

    pub(super) fn account_of_asker(&self, id: u32) -> AccountId {
        self.asks.iter().find(|ask| ask.id == id).map_or(AccountId(0), |ask| ask.account)
    }
}
