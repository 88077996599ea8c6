//! What can be done now, and why something cannot: for the footer and the palette.

use super::keymap::Act;
use super::model::{CallRow, Connection, Model};
use crate::control::CallState;
use crate::text::say;

/// Why an act would come to nothing now; nothing where it may be done.
pub fn why_not(model: &Model, act: Act) -> Option<String> {
    if matches!(model.connection, Connection::Closed(_)) && matches!(act, Act::Verb(_) | Act::Echo | Act::PushToTalk) {
        return Some(say!("why-not-phone-gone"));
    }
    if let Some(why) = lacks(model, act) {
        return Some(why);
    }
    let Act::Verb(verb) = act else { return None };
    let is = |state: CallState| move |row: &&CallRow| row.info.state == state;
    let answered = |row: &&CallRow| matches!(row.info.state, CallState::Connected | CallState::Held);
    let calls = || model.calls.iter();
    match verb {
        "answer" | "reject" => {
            let rings = calls().any(|row| row.info.state == CallState::Incoming) || !model.status.asks.is_empty();
            (!rings).then(|| say!("why-not-none-rings"))
        }
        "ignore" => model.incoming().is_none().then(|| say!("why-not-none-rings")),
        "hangup" | "hangupall" => model.calls.is_empty().then(|| say!("why-not-none-up")),
        "hold" | "park" | "record" | "play" | "transfer" => {
            calls().find(answered).is_none().then(|| say!("why-not-none-answered"))
        }
        "resume" => calls().find(is(CallState::Held)).is_none().then(|| say!("why-not-none-held")),
        "conference" => (calls().filter(answered).count() < 2).then(|| say!("why-not-two-calls")),
        "dtmf" => model.digit_call().is_none().then(|| say!("why-not-no-digits")),
        "available" => model.wrap_up_until.is_none().then(|| say!("why-not-no-pause")),
        _ => None,
    }
}

/// What has to be set before an act can be done at all; nothing where all is.
pub fn lacks(model: &Model, act: Act) -> Option<String> {
    match act {
        Act::Echo => model.status.echo.is_none().then(|| say!("why-not-echo-unknown")),
        Act::Verb("voicemail") => {
            let known = model.status.accounts.iter().filter_map(|account| account.voicemail.as_ref());
            let none = !known.into_iter().any(|voicemail| voicemail.number.is_some());
            none.then(|| say!("why-not-mailbox-unknown"))
        }
        Act::Verb("shortcut") => (!model.status.shortcuts_shown).then(|| say!("why-not-shortcuts-off")),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_idle_phone_says_why() {
        let model = Model::new((80, 24), true, Vec::new());
        let why = |verb| why_not(&model, Act::Verb(verb));
        assert_eq!(why("answer").as_deref(), Some("nothing rings"));
        assert_eq!(why("hangup").as_deref(), Some("no call is up"));
        assert_eq!(why("hold").as_deref(), Some("no call is answered"));
        assert_eq!((why("voicemail"), lacks(&model, Act::Verb("hold"))), (lacks(&model, Act::Verb("voicemail")), None));
        assert!(lacks(&model, Act::Echo).is_some_and(|why| why.contains("echoNumber")));
        assert_eq!((why("call"), why("dnd"), why_not(&model, Act::Help)), (None, None, None));
    }

    #[test]
    fn a_phone_that_is_gone_can_be_left() {
        let mut model = Model::new((80, 24), true, Vec::new());
        model.connection = Connection::Closed("gone".into());
        assert_eq!(why_not(&model, Act::Verb("call")).as_deref(), Some("the phone is gone"));
        assert_eq!(why_not(&model, Act::Quit), None);
    }
}
