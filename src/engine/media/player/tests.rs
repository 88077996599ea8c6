#![allow(clippy::disallowed_methods)] // waits are bounded by the clock

use super::*;
use crate::media::tone::goertzel_dbfs;
use hound::{SampleFormat, WavWriter};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};
use std::time::Instant;

const BEGINS: MediaReport = MediaReport::Event(MediaEvent::Playing { stream: StreamId(1) });

fn begin(file: &Path, repeats: bool) -> (Player, Receiver<MediaReport>) {
    let (reports, inbox) = channel();
    let clip = Clip { file: file.to_owned(), repeats, alone: false, on_hold: false };
    (start(StreamId(1), clip, Arc::new(move |report| drop(reports.send(report)))).unwrap(), inbox)
}

fn await_frame(player: &Player) {
    let deadline = Instant::now() + Duration::from_secs(20);
    while player.samples.slots() < FRAME && !player.samples.is_abandoned() {
        assert!(Instant::now() < deadline, "nothing is read");
        thread::sleep(Duration::from_millis(2));
    }
}

/// What the far end hears until it is over, this much at most; the reader is waited for.
fn listen(player: &mut Player, frames: usize) -> Vec<f32> {
    let mut heard = Vec::new();
    for _ in 0..frames {
        await_frame(player);
        let mut frame = [0.0; FRAME];
        if !player.mix_into(&mut frame, true) {
            break;
        }
        heard.extend(frame);
    }
    heard
}

fn tone(folder: &Path, spec: WavSpec, seconds: u32) -> PathBuf {
    let path = folder.join(format!("{}-{}-{}.wav", spec.sample_rate, spec.channels, spec.bits_per_sample));
    let mut writer = WavWriter::create(&path, spec).unwrap();
    for n in 0..spec.sample_rate * seconds {
        let sample = (f64::from(n) * 1_000.0 * std::f64::consts::TAU / f64::from(spec.sample_rate)).sin() * 0.25;
        for _ in 0..spec.channels {
            match spec.sample_format {
                SampleFormat::Float => writer.write_sample(sample as f32).unwrap(),
                SampleFormat::Int => {
                    writer.write_sample((sample * f64::from(1_u32 << (spec.bits_per_sample - 1))) as i32).unwrap();
                }
            }
        }
    }
    writer.finalize().unwrap();
    path
}

fn form(sample_rate: u32, channels: u16, bits_per_sample: u16) -> WavSpec {
    let sample_format = if bits_per_sample == 32 { SampleFormat::Float } else { SampleFormat::Int };
    WavSpec { channels, sample_rate, bits_per_sample, sample_format }
}

#[test]
fn a_file_of_any_form_is_heard_at_its_pitch_and_length() {
    let folder = tempfile::tempdir().unwrap();
    for spec in [
        form(8_000, 1, 16),
        form(16_000, 2, 8),
        form(44_100, 2, 24),
        form(48_000, 1, 32),
        form(96_000, 6, 16),
        form(176_400, 2, 24),
        form(192_000, 1, 16),
        form(384_000, 2, 16),
        form(5_512, 1, 16),
        form(8_000, 9, 16),
        form(11_025, 1, 8),
    ] {
        let (mut player, inbox) = begin(&tone(folder.path(), spec, 2), false);
        let heard = listen(&mut player, 1_000);
        let length = heard.len() as i64 - 96_000;
        assert!((0..=2 * FRAME as i64).contains(&length), "{spec:?}: {length} samples too many");
        let level = goertzel_dbfs(&heard[9_600..86_400], 1_000.0, SAMPLE_RATE);
        assert!((level + 12.0).abs() < 0.5, "{spec:?}: {level}");
        assert_eq!(inbox.try_iter().collect::<Vec<_>>(), [BEGINS], "nothing to complain about");
    }
}

#[test]
fn music_goes_on_until_it_is_stopped_and_fades_out() {
    let folder = tempfile::tempdir().unwrap();
    let (mut player, _inbox) = begin(&tone(folder.path(), form(48_000, 1, 16), 1), true);
    assert_eq!(listen(&mut player, 350).len(), 350 * FRAME);
    player.stop();
    let tail = listen(&mut player, 10);
    assert_eq!(tail.len(), FRAME, "10 ms more");
    assert!(tail.last().unwrap().abs() < 0.01);
    assert!(tail.windows(2).all(|pair| (pair[1] - pair[0]).abs() < 0.05));
}

#[test]
fn it_holds_its_place_while_it_is_not_to_sound() {
    let folder = tempfile::tempdir().unwrap();
    let (mut player, _inbox) = begin(&tone(folder.path(), form(48_000, 1, 16), 1), false);
    let before = listen(&mut player, 30).len();
    await_frame(&player);
    let mut quiet = [0.0; FRAME];
    assert!(player.mix_into(&mut quiet, false), "it fades");
    for _ in 0..200 {
        let mut frame = [0.0; FRAME];
        assert!(player.mix_into(&mut frame, false) && frame == [0.0; FRAME]);
    }
    let after = listen(&mut player, 1_000).len();
    assert!((before + FRAME + after).abs_diff(48_000) <= FRAME, "{before} and {after}");
}

/// A head of a WAV file, and what is said of it.
#[test]
fn what_cannot_be_played_is_told_in_one_line() {
    let folder = tempfile::tempdir().unwrap();
    let good = std::fs::read(tone(folder.path(), form(8_000, 1, 16), 1)).unwrap();
    let with = |at: usize, bytes: &[u8]| {
        let mut file = good.clone();
        file[at..at + bytes.len()].copy_from_slice(bytes);
        file
    };
    for (what, file) in [
        ("WAV", with(22, &[0, 0])),
        ("samples a second", std::fs::read(tone(folder.path(), form(384_100, 1, 16), 1)).unwrap()),
        ("samples a second", with(24, &[99, 0, 0, 0, 198, 0, 0, 0])),
        ("samples a second", with(24, &[0; 8])),
        ("cut off", good[..good.len() / 2].to_vec()),
        ("no sound in it", with(40, &[0; 4])),
        ("WAV", b"ID3\x04 no wave at all, but music of another kind".to_vec()),
        ("", Vec::new()),
        ("", good[..30].to_vec()),
    ] {
        let path = folder.path().join("bad.wav");
        std::fs::write(&path, &file).unwrap();
        said(&path, what);
    }
    said(&folder.path().join("none.wav"), "no such file");
    said(folder.path(), "no file");
    #[cfg(target_os = "linux")]
    said(Path::new("/dev/zero"), "no file");
}

fn said(path: &Path, what: &str) {
    let (mut player, inbox) = begin(path, false);
    let said = match inbox.recv_timeout(Duration::from_secs(20)) {
        Ok(MediaReport::Event(MediaEvent::Played { error: Some(error), .. })) => error,
        other => panic!("{what}: {other:?}"),
    };
    assert!(said.starts_with(&format!("cannot play {}: ", path.display())), "{said}");
    assert!(said.contains(what) && !said.contains('\n'), "{what}: {said}");
    assert!(listen(&mut player, 10).is_empty());
}

#[test]
fn a_file_that_is_cut_while_it_plays_ends_with_a_word() {
    let folder = tempfile::tempdir().unwrap();
    let path = tone(folder.path(), form(48_000, 1, 16), 10);
    let (mut player, inbox) = begin(&path, false);
    assert_eq!(listen(&mut player, 50).len(), 50 * FRAME);
    std::fs::File::options().write(true).open(&path).unwrap().set_len(200_000).unwrap();
    let heard = listen(&mut player, 2_000).len();
    assert!(heard < 9 * 48_000, "{heard}");
    assert_eq!(inbox.recv_timeout(Duration::from_secs(20)), Ok(BEGINS));
    assert!(matches!(
        inbox.recv_timeout(Duration::from_secs(20)),
        Ok(MediaReport::Event(MediaEvent::Played { error: Some(_), .. }))
    ));
}
