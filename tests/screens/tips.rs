//! Tips: where an idle phone says nothing, and nowhere else.

use crate::stage::{Stage, asking, call};
use tuiphone::control::{CallState, Event};
use tuiphone::ui::tips::Tips;

fn has_tip(stage: &Stage) -> bool {
    stage.screen().contains(" Tip: ")
}

#[test]
fn a_tip_stands_where_nothing_goes_on_and_another_comes_when_asked_for() {
    let mut stage = Stage::new(80, 24);
    assert!(!has_tip(&stage), "nobody wants tips");
    stage.model.tips = Some(Tips::new(0));
    assert!(stage.screen().contains(" Tip: ? lists every key"), "{}", stage.screen());
    assert_eq!(stage.model.next_wake(stage.now), None, "it does not move by itself");
    stage.keys("X");
    assert!(has_tip(&stage) && !stage.screen().contains("lists every key"), "{}", stage.screen());

    stage.event(Event::Error { message: "something went wrong".into(), hint: None });
    assert!(!has_tip(&stage), "a message stands there");
    stage.keys("X");
    assert!(has_tip(&stage), "whoever asks for a tip has read it");
    stage.keys("6");
    assert!(!has_tip(&stage), "somebody types");
    stage.keys("Esc");
    assert!(has_tip(&stage));
    for state in [CallState::Incoming, CallState::Calling, CallState::Connected, CallState::Held] {
        stage.calls(vec![call("c1", state, "600", "Echo")]);
        assert!(!has_tip(&stage), "{state:?}");
        stage.calls(Vec::new());
    }
    stage.status.asks = vec![asking()];
    stage.tell();
    assert!(!has_tip(&stage), "a question stands there");
    stage.status.asks.clear();
    stage.tell();
    stage.keys("b");
    assert!(!has_tip(&stage), "contacts");
    stage.keys("Esc");

    let line = |stage: &Stage| stage.screen().lines().find(|line| line.contains("Tip: ")).map(str::to_owned);
    let whole = line(&stage).expect("a tip");
    let width = whole.chars().count() as u16;
    stage.model.size = (width, 24);
    assert_eq!(line(&stage), Some(whole), "all of it has room");
    stage.model.size = (width - 1, 24);
    assert_eq!(line(&stage), None, "whole or not at all");
    stage.model.tips = None;
    stage.model.size = (80, 24);
    stage.keys("X");
    assert!(stage.screen().contains("tips are off"), "{}", stage.screen());
}
