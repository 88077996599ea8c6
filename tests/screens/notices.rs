//! What rings a bell and what the desktop is told, by who looks at the terminal.

use crate::stage::{Stage, call};
use tuiphone::control::{CallDirection, CallInfo, CallState, Event};
use tuiphone::ui::msg::{Action, Msg};

#[test]
fn who_looks_at_the_terminal_is_told_there_alone() {
    let incoming = || Event::CallIncoming { call: call("c1", CallState::Incoming, "201", "Ann") };
    let missed = || Event::CallEnded {
        call: CallInfo {
            rings: true,
            direction: CallDirection::Incoming,
            ..call("c1", CallState::Ended, "201", "Ann")
        },
    };
    // Whether the bell rings and what the desktop is told, for a call that rings and one that is missed.
    let heard = |stage: &mut Stage| {
        [incoming(), missed()].map(|event| {
            let actions = stage.event(event);
            let notice = actions.iter().find_map(|action| match action {
                Action::Notify(text) => Some(text.clone()),
                _ => None,
            });
            (actions.contains(&Action::Bell), notice)
        })
    };
    let (calls, missed) = (Some("Ann calls".to_owned()), Some("Missed call from Ann".to_owned()));
    let mut stage = Stage::new(80, 24);
    assert_eq!(heard(&mut stage), [(true, calls.clone()), (false, missed.clone())], "nobody knows");
    stage.msg(Msg::Focus(true));
    assert_eq!(heard(&mut stage), [(true, calls.clone()), (false, None)]);
    stage.msg(Msg::Focus(false));
    stage.status.desktop_notices = true;
    stage.tell();
    assert_eq!(heard(&mut stage), [(true, calls), (false, missed)], "that is another machine's desktop");
    stage.model.is_near = true;
    assert_eq!(heard(&mut stage), [(true, None), (false, None)]);
}

#[test]
fn a_call_rings_the_bell_once() {
    let mut stage = Stage::new(80, 24);
    let call = call("c1", CallState::Incoming, "201", "");
    let actions = stage.event(Event::CallIncoming { call: call.clone() });
    assert_eq!(actions.iter().filter(|action| **action == Action::Bell).count(), 1);
    assert!(!stage.calls(vec![call]).contains(&Action::Bell));
}
