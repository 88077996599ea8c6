//! How a call sounds: what is heard each way and what takes from it, levels, the jitter buffer, losses, facts.

use super::{Look, list, meters, words};
use crate::control::{CallInfo, Grade, Levels, MediaInfo};
use crate::text::local::decimal;
use crate::text::say;
use crate::text::words::retold;
use crate::ui::model::Model;
use crate::ui::quality::{Second, Track};
use crate::ui::theme::Role;
use crate::ui::waves::{Waves, first_shown};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use std::time::Duration;

/// Facts there are at most.
pub const MOST_FACTS: usize = 24;
/// Cells of a label, and of the figure behind a graph.
const LABEL: u16 = 9;
const FIGURE: u16 = 13;
/// Columns and rows from which there are graphs with figures.
const WIDE: u16 = 60;
/// The scale of MOS.
const MOS: (f32, f32) = (1.0, 4.5);
/// From this share of losses in a second on, a mark is as high as can be.
const MUCH: f32 = 0.2;

/// Draws it over the body of the screen.
pub fn draw(model: &Model, look: Look, area: Rect, buf: &mut Buffer) {
    let current = model.current().map(|row| row.info.id.as_str());
    let track = model.quality.shown(current);
    let title = track.map_or_else(|| say!("quality-title-none"), |track| title(model, track));
    let Some(inner) = list::panel(look, buf, area, &title, true) else { return };
    let Some((track, media)) = track.and_then(|track| Some((track, track.info.media.as_ref()?))) else {
        list::instead(look, buf, inner, &[say!("quality-no-sound"), say!("quality-call-somebody")]);
        return;
    };
    let inner = if inner.width > 36 { Rect { x: inner.x + 1, width: inner.width - 2, ..inner } } else { inner };
    let mut rest = verdicts(look, media, inner, buf);
    graphs(model, look, track, media, &mut rest, buf);
    let facts = facts(track);
    let room = usize::from(rest.height);
    let skip = model.quality.scroll.min(facts.len().saturating_sub(room));
    for (row, (label, text)) in (0..rest.height).zip(facts.into_iter().skip(skip)) {
        let line = vec![look.span(Role::Dim, words::pad(&label, usize::from(LABEL))), look.span(Role::Text, text)];
        look.row(buf, rest, row, Line::from(line), Line::default());
    }
}

fn title(model: &Model, track: &Track) -> String {
    let call = &track.info;
    let state = if track.is_over { words::outcome(call) } else { words::call_state(call) };
    let count = model.quality.count();
    let who = words::who(call);
    match count {
        2.. => say!("quality-title-of", who, state, at = model.quality.place(&call.id), count),
        _ => say!("quality-title", who, state),
    }
}

/// A way of the sound in words.
struct Heard<'m> {
    label: String,
    mos: Option<f64>,
    cause: String,
    silent: Option<&'m str>,
}

/// What is heard here and there, and why not better; gives the rows that are left.
fn verdicts(look: Look, media: &MediaInfo, area: Rect, buf: &mut Buffer) -> Rect {
    let wide = area.width >= WIDE;
    let (here, there) = match area.width {
        30.. => (say!("quality-you-hear"), say!("quality-they-hear")),
        _ => (say!("quality-here"), say!("quality-there")),
    };
    let heard = [
        Heard { label: here, mos: media.mos_rx, cause: cause_here(media), silent: media.nothing_heard.as_deref() },
        Heard { label: there, mos: media.mos_tx, cause: cause_there(media), silent: media.not_heard.as_deref() },
    ];
    for (row, heard) in (0..).zip(&heard) {
        let label = words::pad(&heard.label, if area.width >= 30 { 10 } else { 6 });
        let mut spans = vec![look.span(Role::Dim, label)];
        spans.extend(verdict(look, heard, wide || area.width >= 36));
        look.row(buf, area, row, Line::from(spans), Line::default());
    }
    let used = 2 + u16::from(area.height >= 12);
    Rect { y: area.y + used.min(area.height), height: area.height.saturating_sub(used), ..area }
}

fn verdict<'s>(look: Look, heard: &Heard<'_>, explains: bool) -> Vec<Span<'s>> {
    if let Some(why) = heard.silent {
        return vec![
            look.span(Role::Alert, format!(" {} ", say!("quality-nothing"))),
            look.span(Role::Strong, format!(" {}", retold(why))),
        ];
    }
    let Some(mos) = heard.mos.filter(|mos| mos.is_finite()) else {
        let why = if explains { format!(" {}", say!("quality-not-known")) } else { String::new() };
        return vec![look.span(Role::Dim, format!("{}{why}", look.glyphs.missing))];
    };
    let grade = Grade::of(mos);
    let role = grade_role(grade);
    let sign = match grade {
        Grade::Good => look.glyphs.registered,
        Grade::Fair => look.glyphs.registering,
        Grade::Poor | Grade::Bad => look.glyphs.failed,
    };
    let mut spans = vec![look.span(role, format!("{sign} {} {}", words::grade(grade), decimal(mos, 1)))];
    if explains && !heard.cause.is_empty() {
        spans.push(look.span(Role::Text, format!("  {}", heard.cause)));
    }
    spans
}

fn grade_role(grade: Grade) -> Role {
    match grade {
        Grade::Good => Role::Good,
        Grade::Fair => Role::Pending,
        Grade::Poor | Grade::Bad => Role::Bad,
    }
}

fn cause_here(media: &MediaInfo) -> String {
    media.cause_rx.as_ref().map_or_else(String::new, |cause| say!("quality-cause-here", cause = retold(cause)))
}

/// What the far end hears is told by its reports alone.
fn cause_there(media: &MediaInfo) -> String {
    media.cause_tx.as_ref().map_or_else(String::new, |cause| say!("quality-cause-there", cause = retold(cause)))
}

/// A row of values, drawn as rising bars from left to right.
struct Graph {
    label: String,
    figure: String,
    /// From 0 to 1; `None` = nothing is known.
    values: Vec<Option<(f32, Role)>>,
    /// Values before those.
    forgotten: u64,
    /// Nothing more comes.
    is_over: bool,
}

fn graphs(model: &Model, look: Look, track: &Track, media: &MediaInfo, rest: &mut Rect, buf: &mut Buffer) {
    let waves = if track.is_over { &track.waves } else { &model.waves };
    let seconds = &track.seconds;
    let deepest = seconds.iter().map(|it| it.depth_ms).fold(100.0_f32, f32::max);
    let mos = |of: fn(&Second) -> Option<f32>| {
        let scaled = |mos: f32| ((mos - MOS.0) / (MOS.1 - MOS.0)).clamp(0.0, 1.0);
        let values = seconds.iter().map(|it| of(it).map(|mos| (scaled(mos), grade_role(Grade::of(f64::from(mos))))));
        values.collect::<Vec<_>>()
    };
    let figure = |mos: Option<f64>| {
        mos.filter(|mos| mos.is_finite()).map_or(String::new(), |mos| say!("quality-mos", mos = decimal(mos, 1)))
    };
    let lost = say!("quality-lost", percent = decimal(words::loss_percent(media), 1));
    let graph =
        |label, figure, values| Graph { label, figure, values, forgotten: track.forgotten, is_over: track.is_over };
    let depths = seconds.iter().map(|it| Some((it.depth_ms / deepest, Role::LevelPast)));
    let buffer = format!("{:.0} ms", media.playout_delay_ms);
    // What matters most has its rows first.
    let in_order = [
        graph(say!("quality-graph-loss"), lost, seconds.iter().map(loss_mark).collect()),
        graph(say!("quality-graph-buffer"), buffer, depths.collect()),
        graph(say!("quality-graph-mos"), figure(media.mos_rx), mos(|it| it.mos_rx)),
        graph(say!("quality-there"), figure(media.mos_tx), mos(|it| it.mos_tx)),
    ];
    let voices = [
        voice(say!("quality-they-say"), waves, track.is_over, |levels| levels.speaker_dbfs),
        voice(say!("quality-you-say"), waves, track.is_over, |levels| levels.mic_dbfs),
    ];
    if rest.width < 30 {
        for graph in in_order.into_iter().take(usize::from(rest.height)) {
            draw_graph(look, &graph, 1, rest, buf);
        }
        return;
    }
    let each = match rest.height {
        0..=7 => 1,
        8..=15 => 2,
        16..=24 => 3,
        _ => 5,
    };
    let small = if rest.height >= 26 { 2 } else { 1 };
    let graphs = voices.into_iter().map(|graph| (graph, each)).chain(in_order.into_iter().map(|graph| (graph, small)));
    for (graph, rows) in graphs {
        // The facts are worth a row too.
        if rest.height < rows + u16::from(rest.height > 4) {
            continue;
        }
        draw_graph(look, &graph, rows, rest, buf);
    }
    if rest.height >= 4 {
        *rest = Rect { y: rest.y + 1, height: rest.height - 1, ..*rest };
    }
}

fn voice(label: String, waves: &Waves, is_over: bool, of: fn(&Levels) -> f32) -> Graph {
    let values = waves.columns().map(|levels| Some((meters::fraction(of(levels)), meters::role(of(levels))))).collect();
    let figure =
        waves.columns().next_back().map_or(String::new(), |last| format!("{:.0} dBFS", of(last).round() + 0.0));
    Graph { label, figure, values, forgotten: waves.forgotten(), is_over }
}

/// A second without a loss leaves no mark.
fn loss_mark(second: &Second) -> Option<(f32, Role)> {
    let missed = second.missed();
    // Late ones came: a greater buffer would have played them.
    let role = if second.late > second.lost { Role::Pending } else { Role::Bad };
    (missed > 0.0).then(|| ((missed / MUCH).clamp(0.125, 1.0), role))
}

/// Draws it in so many rows and takes them from what is left.
fn draw_graph(look: Look, graph: &Graph, rows: u16, rest: &mut Rect, buf: &mut Buffer) {
    let area = Rect { height: rows, ..*rest };
    *rest = Rect { y: rest.y + rows, height: rest.height - rows, ..*rest };
    let (label, figure) = if area.width >= 30 { (LABEL, FIGURE) } else { (6, 0) };
    let base = area.bottom() - 1;
    let name = look.clip(&graph.label, label - 1);
    buf.set_span(area.x, base, &look.span(Role::Dim, name), label);
    let behind = look.clip(&graph.figure, figure.saturating_sub(1));
    buf.set_span(area.right() - figure, base, &look.span(Role::Text, format!(" {behind}")), figure);
    let lane = Rect { x: area.x + label, width: area.width.saturating_sub(label + figure), ..area };
    let count = graph.forgotten + graph.values.len() as u64;
    let first = match graph.is_over {
        true => count.saturating_sub(u64::from(lane.width)),
        false => first_shown(count, lane.width),
    };
    let skip = usize::try_from(first.saturating_sub(graph.forgotten)).unwrap_or(usize::MAX);
    let mut values = graph.values.iter().skip(skip);
    // A full one leaves a little room to what is drawn above it.
    let most = f32::from(rows * 8 - 1);
    for column in lane.left()..lane.right() {
        let value = values.next().copied().flatten();
        let (share, role) = value.unwrap_or((0.0, Role::LevelEmpty));
        let eighths = (share.clamp(0.0, 1.0) * most).round() as u16;
        if eighths == 0 {
            buf.set_span(column, base, &look.span(Role::LevelEmpty, look.glyphs.meter_off), 1);
        }
        for up in 0..rows.min(eighths.div_ceil(8)) {
            let step = eighths.saturating_sub(up * 8).min(8);
            let glyph = look.glyphs.bars.get(usize::from(step)).copied().unwrap_or(" ");
            buf.set_span(column, base - up, &look.span(role, glyph), 1);
        }
    }
}

/// What is known beside: a label and its words.
pub fn facts(track: &Track) -> Vec<(String, String)> {
    let call = &track.info;
    let Some(media) = &call.media else { return Vec::new() };
    let mut facts = Vec::new();
    if track.is_over {
        facts.push((say!("quality-fact-summary"), summary(call, media)));
    }
    let (codec, protection) = (words::codec(media), words::protected(media));
    let codec = say!("quality-codec", codec, ptime_ms = media.ptime_ms, protection);
    facts.push((say!("quality-fact-codec"), codec));
    let packets = say!(
        "quality-packets",
        sent = media.tx_packets,
        received = media.rx_packets,
        lost = media.rx_lost,
        late = media.rx_late,
    );
    facts.push((say!("quality-fact-packets"), packets));
    facts.push((say!("quality-fact-delay"), delay(media)));
    facts.push((say!("quality-fact-far-end"), far_end(media)));
    if let (Some(mean), Some(least)) = (media.mos_rx_mean, media.mos_rx_least) {
        let so_far = say!("quality-so-far", mean = decimal(mean, 1), least = decimal(least, 1));
        facts.push((say!("quality-fact-so-far"), so_far));
    }
    let repairs = say!("quality-repairs", concealed_ms = media.concealed_ms, stretched_ms = media.stretched_ms);
    facts.push((say!("quality-fact-repairs"), repairs));
    if media.mic_gaps > 0 || media.speaker_gaps > 0 {
        let gaps = say!("quality-gaps", microphone = media.mic_gaps, speaker = media.speaker_gaps);
        facts.push((say!("quality-fact-devices"), gaps));
    }
    if let Some(ice) = &media.ice {
        facts.push((say!("quality-fact-way"), format!("{} (ICE)", words::ice(ice))));
    }
    if let Some(first) = media.first_rtp_after {
        let after = say!("quality-first", after_ms = format!("{:.0}", first * 1_000.0));
        facts.push((say!("quality-fact-first"), after));
    }
    let dropped: Vec<String> =
        media.dropped.iter().map(|(kind, count)| format!("{count} {}", words::dropped(kind))).collect();
    if !dropped.is_empty() {
        facts.push((say!("quality-fact-dropped"), dropped.join(", ")));
    }
    facts
}

fn delay(media: &MediaInfo) -> String {
    let ms = |value: f64| format!("{value:.0}");
    let parts = [
        Some(say!("quality-jitter", jitter_ms = decimal(media.jitter_ms, 1))),
        Some(say!("quality-buffer", depth_ms = ms(media.playout_delay_ms))),
        media.rtt_ms.map(|rtt| say!("quality-round-trip", rtt_ms = ms(rtt))),
        (media.delay_ms > 0.0).then(|| say!("quality-mouth-to-ear", delay_ms = ms(media.delay_ms))),
    ];
    parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

fn far_end(media: &MediaInfo) -> String {
    let percent = |share: f64| decimal(share * 100.0, 1);
    let loss = match (media.tx_loss, media.tx_loss_total) {
        (Some(now), Some(all)) => say!("quality-misses", now = percent(now), all = percent(all)),
        (Some(now), None) => say!("quality-misses-now", now = percent(now)),
        (None, Some(all)) => say!("quality-misses-in-all", all = percent(all)),
        (None, None) => return say!("quality-no-report"),
    };
    let jitter = media.tx_jitter_ms.map(|jitter| say!("quality-jitter", jitter_ms = decimal(jitter, 1)));
    [Some(loss), jitter].into_iter().flatten().collect::<Vec<_>>().join(", ")
}

fn summary(call: &CallInfo, media: &MediaInfo) -> String {
    let seconds = if call.duration.is_finite() { call.duration.clamp(0.0, 1e7) } else { 0.0 };
    let mos = media.mos_rx_mean.or(media.mos_rx).filter(|mos| mos.is_finite());
    let parts = [
        Some(say!("words-talked", time = words::clock(Duration::from_secs_f64(seconds)))),
        mos.map(|mos| say!("quality-on-average", grade = words::grade(Grade::of(mos)), mos = decimal(mos, 1))),
        Some(say!("quality-lost", percent = decimal(words::loss_percent(media), 1))),
    ];
    parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::VecDeque;
    use unicode_width::UnicodeWidthStr;

    #[test]
    fn labels_fit_their_column() {
        let media = MediaInfo {
            mos_rx_mean: Some(4.0),
            mos_rx_least: Some(3.0),
            mic_gaps: 1,
            first_rtp_after: Some(0.02),
            ..MediaInfo::default()
        };
        let info = serde_json::json!({"id": "c1", "sip_call_id": "x", "direction": "outgoing", "state": "ended",
            "account": "a@b", "remote": {"uri": "sip:600@b", "user": "600", "name": null}, "started_at": "T",
            "duration": 9.0, "remote_hold": false});
        let info: CallInfo = serde_json::from_value(info).unwrap();
        let info = CallInfo { media: Some(media), ..info };
        let track = Track { info, is_over: true, seconds: VecDeque::new(), forgotten: 0, waves: Waves::default() };
        let facts = facts(&track);
        assert!(facts.len() > 7 && facts.len() < MOST_FACTS);
        for (label, _) in facts {
            assert!(label.width() < usize::from(LABEL), "{label}");
        }
    }

    #[test]
    fn losses_leave_marks_and_late_ones_others() {
        let second = |came, lost, late| Second { came, lost, late, ..Second::default() };
        assert_eq!(loss_mark(&second(50, 0, 0)), None);
        assert_eq!(loss_mark(&second(49, 1, 0)), Some((0.125, Role::Bad)));
        assert_eq!(loss_mark(&second(25, 25, 0)), Some((1.0, Role::Bad)));
        assert_eq!(loss_mark(&second(50, 1, 5)).map(|(_, role)| role), Some(Role::Pending));
    }
}
