//! The current call in full, on screens tall enough for it.

use super::{Look, words};
use crate::control::{CallDirection, SoundWay};
use crate::text::words::retold;
use crate::text::{local, say};
use crate::ui::model::Model;
use crate::ui::theme::Role;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Line;

/// Draws the panel.
pub fn draw(model: &Model, look: Look, area: Rect, buf: &mut Buffer) {
    let Some(call) = model.current().filter(|_| !area.is_empty()) else { return };
    let info = &call.info;
    let inner = look.panel(buf, area, &look.clip(&words::who(info), area.width.saturating_sub(4)), false);
    let way = match info.direction {
        CallDirection::Outgoing => say!("detail-to"),
        CallDirection::Incoming => say!("detail-from"),
    };
    let mut rows = vec![(way, info.remote.uri.clone()), (say!("detail-account"), info.account.clone())];
    let status = info.status.map(|status| words::answer(Some(status), info.reason.as_deref().unwrap_or_default()));
    rows.push((
        say!("detail-state"),
        [Some(words::call_state(info).to_owned()), status].into_iter().flatten().collect::<Vec<_>>().join(", "),
    ));
    if let Some(media) = &info.media {
        let encrypted = words::protected(media);
        rows.push((
            say!("detail-sound"),
            say!("detail-sound-how", codec = words::codec(media), ptime = media.ptime_ms, protection = encrypted),
        ));
        if let Some(ice) = &media.ice {
            let ends = ice.local.as_ref().zip(ice.remote.as_ref());
            let how = words::ice(ice);
            let words = match ends {
                Some((local, remote)) => {
                    say!("detail-ice-ends", how, local = local.to_string(), remote = remote.to_string())
                }
                None => say!("detail-ice", how),
            };
            rows.push((say!("detail-way"), words));
        }
        let (sent, received) = (media.tx_packets, media.rx_packets);
        let packets = say!("detail-packets-how", sent, received, lost = media.rx_lost, late = media.rx_late);
        rows.push((say!("detail-packets"), packets));
        let (jitter, buffer) = (local::decimal(media.jitter_ms, 1), format!("{:.0}", media.playout_delay_ms));
        let delay = match media.rtt_ms {
            Some(rtt) => say!("detail-delay-trip", jitter, buffer, trip = format!("{rtt:.0}")),
            None => say!("detail-delay-how", jitter, buffer),
        };
        rows.push((say!("detail-delay"), delay));
        let repairs = say!("detail-repairs-how", concealed = media.concealed_ms, stretched = media.stretched_ms);
        rows.push((say!("detail-repairs"), repairs));
        let mos = |mos: Option<f64>| mos.map_or(look.glyphs.missing.to_owned(), |mos| local::decimal(mos, 1));
        let because = |mos: String, cause: &Option<String>| match cause {
            Some(why) => say!("detail-because", mos, why = retold(why)),
            None => mos,
        };
        let here = because(mos(media.mos_rx), &media.cause_rx);
        let there = because(mos(media.mos_tx), &media.cause_tx);
        let silences = [(SoundWay::Rx, &media.nothing_heard), (SoundWay::Tx, &media.not_heard)];
        let mut silences = silences.into_iter().filter_map(|(way, why)| Some(words::silent(way, why.as_deref()?)));
        rows.push(match silences.next() {
            Some(words) => (say!("detail-alarm"), words),
            None => (say!("detail-quality"), say!("detail-mos", here, there)),
        });
    }
    for (row, (name, text)) in (0..).zip(rows) {
        let text = look.clip(&text, inner.width.saturating_sub(12));
        let line =
            Line::from(vec![look.span(Role::Dim, format!(" {} ", words::pad(&name, 9))), look.span(Role::Text, text)]);
        look.row(buf, inner, row, line, Line::default());
    }
}
