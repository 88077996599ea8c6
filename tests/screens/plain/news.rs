//! Whatever may happen to somebody with this name.

use super::data::NAME;
use crate::stage::{account, asking, call, ended, light, message};
use tuiphone::control::{
    AccountInfo, AskInfo, CallInfo, CallState, DtmfVia, Event, LightState, MediaInfo, MessageInfo, RegistrationState,
    SoundWay, TlsTrust, TransferInfo, TransferState,
};

/// A call with them.
pub fn talk(id: &str, state: CallState) -> CallInfo {
    call(id, state, "201", NAME)
}

/// Whatever may happen, so that it is told in a note and in the log.
pub fn events() -> Vec<Event> {
    let text = || NAME.to_owned();
    let up = || talk("c1", CallState::Connected);
    let party = || up().remote;
    let of_media = |media: MediaInfo| CallInfo { media: Some(media), ..up() };
    let account_in = |state, tls, reason: Option<&str>| AccountInfo {
        state,
        registered: state == RegistrationState::Registered,
        tls,
        status: reason.map(|_| 403),
        reason: reason.map(str::to_owned),
        ..account()
    };
    use RegistrationState::{Failed, Off, Registered, Registering};
    let mut events: Vec<Event> = [
        account_in(Registered, None, None),
        account_in(Registered, Some(TlsTrust::Unverified), None),
        account_in(Registering, None, None),
        account_in(Off, None, None),
        account_in(Failed, None, Some(NAME)),
        account_in(Failed, None, None),
    ]
    .map(|account| Event::Registration { account, changed: true })
    .to_vec();
    let transfer = |parked_at: Option<String>| TransferInfo {
        to: text(),
        with: None,
        state: TransferState::Done,
        parked_at,
        status: None,
        reason: None,
    };
    events.extend([
        Event::CallOutgoing { call: talk("c1", CallState::Calling) },
        Event::CallOutgoing { call: CallInfo { referred_by: Some(party()), ..talk("c1", CallState::Calling) } },
        Event::CallOutgoing { call: CallInfo { picks_up: Some(text()), ..talk("c1", CallState::Calling) } },
        Event::CallDialling { call: talk("c1", CallState::Calling) },
        Event::CallRinging { call: talk("c1", CallState::Ringing) },
        Event::CallEarlyMedia { call: talk("c1", CallState::EarlyMedia) },
        Event::CallIncoming { call: talk("c2", CallState::Incoming) },
        Event::CallAnswered { call: up() },
        Event::CallHeld { call: talk("c1", CallState::Held) },
        Event::CallHeld { call: CallInfo { remote_hold: true, ..up() } },
        Event::CallResumed { call: up() },
        Event::CallConference { call: CallInfo { conference: true, ..up() } },
        Event::CallConference { call: up() },
        Event::CallRenamed { call: up() },
        Event::CallTransferred { call: CallInfo { transfer: Some(transfer(None)), ..up() } },
        Event::CallTransferred { call: up() },
        Event::CallParked { call: CallInfo { transfer: Some(transfer(Some(text()))), ..up() } },
        Event::CallAsked { ask: asking_of() },
        Event::CallDtmf { call: up(), digit: '5', via: DtmfVia::Rtp },
        Event::CallQuality {
            call: of_media(MediaInfo {
                mos_rx: Some(2.1),
                mos_tx: Some(2.0),
                codec: "opus".into(),
                ..MediaInfo::default()
            }),
        },
        Event::CallMediaLost { call: up(), way: SoundWay::Rx, reason: text() },
        Event::CallMediaLost { call: up(), way: SoundWay::Tx, reason: text() },
        Event::CallMediaReturned { call: up(), way: SoundWay::Rx },
        Event::CallMediaReturned { call: up(), way: SoundWay::Tx },
        Event::Presence { light: light("103", LightState::Busy) },
        Event::WrapUp { for_s: 20 },
        Event::WrapUp { for_s: 0 },
        Event::TalkingMuted,
        Event::Device { message: text() },
        Event::Directory { message: text() },
        Event::Hook { hook: text(), call: None, message: text() },
        Event::Config { message: text(), changed: Vec::new(), needs_restart: vec!["theme".into()] },
        Event::Error { message: text(), hint: Some(text()) },
    ]);
    for status in [None, Some(200), Some(202), Some(404)] {
        let message = message("m1", "201", NAME, NAME, status);
        let reason = message.reason.as_ref().map(|_| text());
        events.push(Event::Message { message: MessageInfo { reason, ..message } });
    }
    for (state, status, outcome) in [
        (CallState::Connected, 200, "answered"),
        (CallState::Calling, 486, "busy"),
        (CallState::Ringing, 480, "no_answer"),
        (CallState::Calling, 603, "rejected"),
        (CallState::Calling, 404, "no_such_number"),
        (CallState::Ringing, 487, "cancelled"),
        (CallState::Incoming, 487, "answered_elsewhere"),
        (CallState::Incoming, 487, "no_answer"),
    ] {
        events.push(Event::CallEnded { call: ended(talk("c1", state), status, NAME, outcome) });
    }
    events
}

/// Somebody asks for a call.
pub fn asking_of() -> AskInfo {
    let mut ask = asking();
    ask.from.name = Some(NAME.into());
    ask
}
