//! What a call costs the line to the terminal: bytes of the frames of a call in which both talk, told tenth by tenth as the
//! phone tells it. No clock runs.

use crate::stage::{Stage, call};
use ratatui::backend::CrosstermBackend;
use ratatui::layout::Rect;
use ratatui::{Terminal, TerminalOptions, Viewport};
use tuiphone::control::CallState;
use tuiphone::ui::pen::{Frames, Pen};
use tuiphone::ui::view::view;

/// Seconds of the call; those before them fill the graphs.
const WATCHED: u64 = 20;
const BEFORE: u64 = 10;

/// A voice as a meter shows it: up at once with each syllable, down 20 dB a second, silent between sentences.
struct Voice {
    seed: u32,
    dbfs: f32,
}

impl Voice {
    /// Its level a tenth of a second later.
    fn next(&mut self, tenth: u64) -> f32 {
        self.seed = self.seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let chance = f32::from((self.seed >> 16) as u16) / 65_536.0;
        let talks = (tenth + u64::from(self.seed % 2)) % 40 < 29;
        let syllable = if talks && chance < 0.45 { -24.0 + 40.0 * (chance - 0.05) } else { -96.0 };
        self.dbfs = syllable.max(self.dbfs - 2.0).clamp(-96.0, -2.0);
        self.dbfs
    }
}

/// Bytes a second of a call on such a screen, behind these keys.
fn bytes_a_second(columns: u16, rows: u16, keys: &str) -> u64 {
    let mut stage = Stage::new(columns, rows);
    let pen = Pen::default();
    let viewport = Viewport::Fixed(Rect::new(0, 0, columns, rows));
    let mut screen = Terminal::with_options(CrosstermBackend::new(pen.clone()), TerminalOptions { viewport }).unwrap();
    let mut frames = Frames::default();
    let (mut here, mut there) = (Voice { seed: 1, dbfs: -96.0 }, Voice { seed: 77, dbfs: -96.0 });
    let mut info = call("c1", CallState::Connected, "600", "Echo");
    info.duration = 0.0;
    stage.calls(vec![info.clone()]);
    stage.keys(keys);
    let mut written = 0;
    for tenth in 0..10 * (BEFORE + WATCHED) {
        if tenth % 10 == 0 {
            info.duration = (tenth / 10) as f64;
            let media = info.media.get_or_insert_default();
            media.tx_packets += 50;
            media.rx_packets += 50;
            stage.calls(vec![info.clone()]);
        }
        stage.tenth(here.next(tenth), there.next(tenth + 20));
        screen.draw(|frame| view(&stage.model, &stage.theme, &stage.glyphs, stage.now, frame)).unwrap();
        let frame = frames.next(&pen, true);
        if tenth >= 10 * BEFORE {
            written += frame.len() as u64;
        }
    }
    written / WATCHED
}

#[test]
fn a_call_is_no_burden_to_a_line() {
    for (columns, rows, keys, most) in
        [(200, 60, "", 3_000), (200, 60, "Q", 1_500), (80, 24, "", 2_500), (40, 10, "", 1_200)]
    {
        let bytes = bytes_a_second(columns, rows, keys);
        assert!(bytes > 100, "{columns}x{rows} {keys}: nothing moves");
        assert!(bytes <= most, "{columns}x{rows} {keys}: {bytes} bytes a second");
    }
}
