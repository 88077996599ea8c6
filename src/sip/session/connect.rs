//! Calling: the INVITE, its forks, its answers, its cancellation (RFC 3261 §13.2, §9.1).

use super::{Effect, End, Exchange, Session, Stage};
use crate::sip::dialog::{Dialog, DialogId};
use crate::sip::message::{Request, Response};
use crate::sip::transaction::Config;
use std::collections::VecDeque;

/// Most early dialogs of one call.
const MAX_FORKS: usize = 12;

/// An INVITE of ours without a final response.
#[derive(Debug)]
pub(super) struct Connecting {
    pub(super) cseq: u32,
    pub(super) forks: Vec<Dialog>,
    pub(super) cancelled: bool,
}

impl Session {
    /// Calls: `invite` is complete but for Via and Contact.
    pub fn connect(invite: Request, config: Config) -> Session {
        let headers = &invite.headers;
        let tag = headers.from().ok().flatten().and_then(|from| from.tag().map(str::to_owned)).unwrap_or_default();
        let call_id = headers.call_id().ok().flatten().unwrap_or_default().to_owned();
        let cseq = headers.cseq().ok().flatten().map_or(1, |cseq| cseq.number);
        Session {
            config,
            stage: Stage::Connecting(Box::new(Connecting { cseq, forks: Vec::new(), cancelled: false })),
            dialog: None,
            acks: Vec::new(),
            invite: Some(invite.clone()),
            modify: super::Modifying::default(),
            call_id,
            local_tag: tag,
            is_caller: true,
            effects: VecDeque::from([Effect::Request(Exchange::Invite, invite)]),
        }
    }

    pub(super) fn invite_answered(&mut self, response: Response) {
        match response.status.0 {
            ..=100 => {}
            101..=199 => self.progress(response),
            200..=299 => self.accepted(response),
            401 | 407 if self.wants_answer() => self.effects.push_back(Effect::Challenged(Exchange::Invite, response)),
            _ => self.refused(response),
        }
    }

    pub(super) fn refused(&mut self, response: Response) {
        if let Stage::Connecting(connecting) = &self.stage {
            let cancelled = connecting.cancelled;
            self.stage = Stage::Ended;
            self.effects.push_back(if cancelled { Effect::Ended(End::Local) } else { Effect::Refused(response) });
        }
    }

    fn wants_answer(&self) -> bool {
        matches!(&self.stage, Stage::Connecting(connecting) if !connecting.cancelled)
    }

    fn progress(&mut self, response: Response) {
        let Stage::Connecting(connecting) = &mut self.stage else { return };
        if connecting.cancelled {
            return;
        }
        let fork = DialogId::of_response(&response).map(|id| id.remote_tag).unwrap_or_default();
        let known = connecting.forks.iter().any(|dialog| dialog.id().remote_tag == fork);
        if !known && !fork.is_empty() {
            if connecting.forks.len() >= MAX_FORKS {
                return;
            }
            //= RFC 3261 §12.1.2
            if let Some(Ok(dialog)) = self.invite.as_ref().map(|invite| Dialog::uac(invite, &response)) {
                connecting.forks.push(dialog);
            }
        }
        self.effects.push_back(Effect::Progress { fork, response });
    }

    fn accepted(&mut self, response: Response) {
        let Some(id) = DialogId::of_response(&response) else { return };
        if let Some((_, ack)) = self.acks.iter().find(|(known, _)| *known == id) {
            //= RFC 3261 §13.2.2.4: the ACK is sent again for each 2xx that comes again
            self.effects.push_back(Effect::Ack(ack.clone()));
            return;
        }
        if self.acks.len() >= MAX_FORKS {
            return;
        }
        let Some(mut dialog) = self.take_fork(&id, &response) else { return };
        if dialog.confirm(&response).is_err() {
            return;
        }
        let Some(invite) = self.invite.as_ref() else { return };
        let ack = dialog.ack_for(invite);
        self.acks.push((id.clone(), ack.clone()));
        self.effects.push_back(Effect::Ack(ack));
        match &self.stage {
            Stage::Connecting(connecting) if !connecting.cancelled => {
                self.dialog = Some(dialog);
                self.stage = Stage::Confirmed;
                self.effects.push_back(Effect::Answered { fork: id.remote_tag, response });
            }
            stage => {
                //= RFC 3261 §9.1, §13.2.2.4: an answer nobody waits for is acknowledged and hung up
                let ends = matches!(stage, Stage::Connecting(_));
                let bye = dialog.request(crate::sip::message::Method::Bye);
                self.effects.push_back(Effect::Request(Exchange::Surplus, bye));
                if ends {
                    self.end(End::Local);
                }
            }
        }
    }

    fn take_fork(&mut self, id: &DialogId, response: &Response) -> Option<Dialog> {
        if let Stage::Connecting(connecting) = &mut self.stage
            && let Some(at) = connecting.forks.iter().position(|dialog| dialog.id() == id)
        {
            return Some(connecting.forks.swap_remove(at));
        }
        Dialog::uac(self.invite.as_ref()?, response).ok()
    }
}
