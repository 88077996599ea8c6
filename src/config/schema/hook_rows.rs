//! The keys of what events set off.

use super::{Kind, Row, settings, tuiphone};
use crate::config::hook::Trigger;

macro_rules! hooks {
    ($($trigger:ident $doc:literal)*) => {
        &[$(settings(
            Trigger::$trigger.key(),
            Kind::Text,
            "",
            $doc,
            |s| s.hooks.text(Trigger::$trigger.key()),
            |s, v| s.hooks.set(Trigger::$trigger, v),
        )
        .quoted(),)*]
    };
}

macro_rules! own_hooks {
    ($($trigger:ident $when:literal)*) => {
        &[$(tuiphone(
            Trigger::$trigger.own_key(),
            Kind::Text,
            "",
            concat!(
                "Exec,command,argument,… or SendMessage,target,message,%number%,… or Socket,path,line: done ",
                $when,
                "; it may stand in [Settings] too",
            ),
            |s| s.hooks.text(Trigger::$trigger.own_key()),
            |s, v| s.hooks.set_own(Trigger::$trigger, v),
        ),)*]
    };
}

/// Those of `[tuiphone]`, which files written for other programs have in `[Settings]`.
pub(in crate::config) const OWN_ROWS: &[Row] = own_hooks! {
    OutgoingCall "after cmdOutgoingCall"
    IncomingCall "after cmdIncomingCall"
    CallRing "after cmdCallRing"
    CallAnswer "after cmdCallAnswer"
    CallAnswerVideo "after cmdCallAnswerVideo"
    CallBusy "after cmdCallBusy"
    CallStart "after cmdCallStart"
    CallEnd "after cmdCallEnd"
    Register "when an account is registered, un-registered, or cannot be"
    Message "when a message comes in"
    Mwi "when the server tells of voicemail"
};

/// Those of `[Settings]`, in file order.
pub(super) const ROWS: &[Row] = hooks! {
    OutgoingCall "program run when our INVITE is out; the number comes as its last argument"
    IncomingCall "program run when an INVITE comes, even if a rule then refuses the call"
    CallRing "program run when a call rings here"
    CallAnswer "program run when an incoming call is answered"
    CallAnswerVideo "program run after that if the caller offers video, which is not taken"
    CallBusy "program run when a call ends with 486, 600 or 603, from either side"
    CallStart "program run when any call is answered"
    CallEnd "program run when a call ends otherwise; not for one that a rule refused"
};
