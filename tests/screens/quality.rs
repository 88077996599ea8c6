//! How a call sounds, second by second, and what is left of it once it has ended.

use crate::pictures::picture;
use crate::stage::{Stage, call, ended};
use tuiphone::control::{CallInfo, CallState, Command, Event, MediaInfo, SoundPath};
use tuiphone::ui::glyphs::ASCII;
use tuiphone::ui::model::Mode;
use tuiphone::ui::msg::{Action, Msg, Urgency};

/// A call after so many seconds: after some of them the network between is bad for a while.
fn after(second: u64) -> CallInfo {
    let mut info = call("c1", CallState::Connected, "201", "Alice Smith");
    let bad = second.saturating_sub(40).min(12);
    let late = second.saturating_sub(70).min(4);
    let good = bad == 0 || second > 60;
    info.duration = second as f64;
    info.media = Some(MediaInfo {
        tx_packets: second * 50,
        rx_packets: second * 50 - bad * 3,
        rx_lost: bad * 3,
        rx_late: late * 2,
        playout_delay_ms: if second > 45 { 80.0 } else { 40.0 },
        mos_rx: Some(if good { 4.3 } else { 3.4 }),
        mos_tx: Some(if good { 4.4 } else { 2.9 }),
        mos_rx_mean: Some(4.1),
        mos_rx_least: Some(3.3),
        cause_rx: (!good).then(|| "loss 6 %".into()),
        cause_tx: (!good).then(|| "loss 4 %, bursts of 3".into()),
        tx_loss: Some(if good { 0.0 } else { 0.04 }),
        tx_loss_total: Some(0.012),
        tx_jitter_ms: Some(7.5),
        rtt_ms: Some(48.0),
        delay_ms: 96.0,
        jitter_ms: 3.2,
        concealed_ms: 720,
        first_rtp_after: Some(0.021),
        codec: "opus".into(),
        clock_rate: 48_000,
        ptime_ms: 20,
        ..MediaInfo::default()
    });
    info
}

/// The call after so many seconds, its quality on the screen.
pub fn talk(columns: u16, rows: u16, seconds: u64) -> Stage {
    let mut stage = Stage::new(columns, rows);
    stage.calls(vec![after(1)]);
    for step in 0..200 {
        stage.tenth(-50.0 + (step % 23) as f32 * 1.5, -35.0 + (step % 31) as f32);
    }
    for second in 1..=seconds {
        stage.calls(vec![after(second)]);
    }
    stage.keys("Q");
    stage
}

#[test]
fn a_call_is_told_each_way() {
    for (columns, rows) in [(120, 40), (80, 24), (40, 10), (20, 5)] {
        picture(&format!("quality_{columns}x{rows}"), &talk(columns, rows, 52));
    }
    let mut ascii = talk(80, 24, 90);
    ascii.glyphs = ASCII;
    picture("quality_ascii", &ascii);
}

#[test]
fn the_cause_is_told_in_words_and_who_told_it() {
    let screen = talk(100, 30, 52).screen();
    for part in
        ["loss 6 %, from them to you", "loss 4 %, bursts of 3, from you to them, told by RTCP", "poor 3.4", "bad 2.9"]
    {
        assert!(screen.contains(part), "{part}\n{screen}");
    }
    let mut stage = talk(100, 30, 52);
    let mut info = after(53);
    info.media.get_or_insert_default().nothing_heard = Some("no packet came for 5 s".into());
    stage.calls(vec![info]);
    assert!(stage.screen().contains("no packet came for 5 s"), "{}", stage.screen());
}

#[test]
fn what_has_ended_stays_with_its_summary() {
    let mut stage = talk(80, 24, 90);
    stage.calls(vec![]);
    stage.event(Event::CallEnded { call: ended(after(90), 200, "OK", "answered") });
    picture("quality_over_80x24", &stage);
    let before = stage.screen();
    assert!(stage.levels(-3.0, -3.0).is_empty(), "nothing moves");
    assert_eq!(stage.screen(), before);
}

#[test]
fn without_a_call_it_says_what_it_is_for() {
    let mut stage = Stage::new(80, 24);
    stage.keys("Q");
    picture("quality_none", &stage);
    stage.keys("Q");
    assert_eq!(stage.model.mode, Mode::Phone);
}

#[test]
fn one_goes_from_call_to_call_and_acts_on_the_current_one() {
    let mut stage = talk(80, 24, 5);
    stage.calls(vec![]);
    stage.event(Event::CallEnded { call: ended(after(5), 200, "OK", "answered") });
    stage.calls(vec![call("c2", CallState::Connected, "600", "Echo")]);
    assert!(stage.screen().contains("Quality: Echo, talking (1 of 2)"), "{}", stage.screen());
    stage.keys("Tab");
    assert!(stage.screen().contains("Quality: Alice Smith, talked 00:05 (2 of 2)"), "{}", stage.screen());
    assert_eq!(stage.keys("m"), [Command::Mute { path: SoundPath::Mic }]);
    assert!(matches!(stage.keys("5")[..], [Command::Dtmf { .. }]));
    assert_eq!(stage.model.mode, Mode::Quality);
    let copied = stage.key("y").into_iter().find_map(|it| if let Action::Copy(text) = it { Some(text) } else { None });
    assert!(copied.is_some_and(|text| text.contains("far end: misses")), "its facts");
}

/// Levels that stay are told once; the graphs go on with the clock of the call.
#[test]
fn a_graph_goes_on_in_silence() {
    let mut stage = talk(120, 40, 10);
    let drawn = |stage: &Stage| {
        let screen = stage.screen();
        screen.lines().find(|line| line.contains("you say")).map_or(0, |line| line.matches('█').count())
    };
    let before = drawn(&stage);
    assert!(before > 0);
    stage.pass(2.0);
    stage.msg(Msg::Tick);
    assert_eq!(drawn(&stage), before + 8, "four columns a second");
}

/// Meters ask for a frame that may wait; the same second told again asks for none.
#[test]
fn frames_come_with_news_alone() {
    let mut stage = talk(80, 24, 10);
    assert_eq!(stage.levels(-20.0, -20.0), [Action::Draw(Urgency::Meter)]);
    assert!(stage.calls(vec![after(10)]).is_empty());
    assert!(!stage.calls(vec![after(11)]).is_empty());
}
