//! The current call in full, on screens tall enough for it.

use super::{Look, words};
use crate::control::{CallDirection, SoundWay};
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
        CallDirection::Outgoing => "to",
        CallDirection::Incoming => "from",
    };
    let mut rows = vec![(way, info.remote.uri.clone()), ("account", info.account.clone())];
    let status = info.status.map(|status| format!("{status} {}", info.reason.as_deref().unwrap_or_default()));
    rows.push((
        "state",
        [Some(words::call_state(info).to_owned()), status].into_iter().flatten().collect::<Vec<_>>().join(", "),
    ));
    if let Some(media) = &info.media {
        let encrypted = words::protected(media);
        rows.push(("sound", format!("{}, {} ms packets, {encrypted}", words::codec(media), media.ptime_ms)));
        if let Some(ice) = &media.ice {
            let ends = ice.local.as_ref().zip(ice.remote.as_ref());
            let ends = ends.map(|(local, remote)| format!(", {local} here, {remote} there")).unwrap_or_default();
            rows.push(("way", format!("{}{ends} (ICE)", ice.words())));
        }
        let packets = format!("{} sent, {} received", media.tx_packets, media.rx_packets);
        rows.push(("packets", format!("{packets}, {} lost, {} late", media.rx_lost, media.rx_late)));
        let rtt = media.rtt_ms.map(|rtt| format!(", round trip {rtt:.0} ms")).unwrap_or_default();
        rows.push(("delay", format!("jitter {:.1} ms, buffer {:.0} ms{rtt}", media.jitter_ms, media.playout_delay_ms)));
        rows.push(("repairs", format!("{} ms made up, {} ms stretched", media.concealed_ms, media.stretched_ms)));
        let mos = |mos: Option<f64>| mos.map_or(look.glyphs.missing.to_owned(), |mos| format!("{mos:.1}"));
        let because = |cause: &Option<String>| cause.as_ref().map(|why| format!(" ({why})")).unwrap_or_default();
        let (here, there) = (mos(media.mos_rx), mos(media.mos_tx));
        let (why_here, why_there) = (because(&media.cause_rx), because(&media.cause_tx));
        let silences = [(SoundWay::Rx, &media.nothing_heard), (SoundWay::Tx, &media.not_heard)];
        let mut silences = silences.into_iter().filter_map(|(way, why)| Some(words::silent(way, why.as_deref()?)));
        rows.push(match silences.next() {
            Some(words) => ("alarm", words),
            None => ("quality", format!("MOS here {here}{why_here}, there {there}{why_there}")),
        });
    }
    for (row, (name, text)) in (0..).zip(rows) {
        let text = look.clip(&text, inner.width.saturating_sub(12));
        let line = Line::from(vec![look.span(Role::Dim, format!(" {name:<9} ")), look.span(Role::Text, text)]);
        look.row(buf, inner, row, line, Line::default());
    }
}
