#![allow(clippy::disallowed_methods)] // waits are bounded by the clock

use super::*;
use crate::audio::wav;
use crate::media::command::{RecordFile, RecordFormat};
use crate::media::tone::{Sine, goertzel_dbfs};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, channel};
use std::time::Instant;

const STREAM: StreamId = StreamId(3);

fn place(folder: &Path) -> Place {
    Place { folder: folder.to_owned(), stamp: |_| "20260102-030405".to_owned() }
}

fn begin(what: Recording, place: &Place) -> (Tape, Receiver<MediaReport>) {
    let (reports, inbox) = channel();
    (start(STREAM, what, place, Arc::new(move |report| drop(reports.send(report)))).unwrap(), inbox)
}

fn dated(format: RecordFormat, stereo: bool) -> Recording {
    Recording { file: RecordFile::Dated("600-outgoing-101".to_owned()), format, stereo }
}

fn next(inbox: &Receiver<MediaReport>) -> MediaEvent {
    match inbox.recv_timeout(Duration::from_secs(20)) {
        Ok(MediaReport::Event(event)) => event,
        other => panic!("{other:?}"),
    }
}

fn file(inbox: &Receiver<MediaReport>) -> PathBuf {
    match next(inbox) {
        MediaEvent::Recording { stream: STREAM, file } => file.into(),
        other => panic!("{other:?}"),
    }
}

fn error(inbox: &Receiver<MediaReport>) -> Option<String> {
    match next(inbox) {
        MediaEvent::RecordEnded { stream: STREAM, error, .. } => error,
        other => panic!("{other:?}"),
    }
}

/// Seconds of two tones: 500 Hz is said, 2 kHz heard.
fn talk(tape: &mut Tape, seconds: u32) -> bool {
    let (mut us, mut them) = (Sine::new(500.0, 0.25), Sine::new(2_000.0, 0.25));
    (0..seconds * 100).all(|_| {
        let (mut said, mut heard) = ([0.0; FRAME], [0.0; FRAME]);
        us.fill(&mut said);
        them.fill(&mut heard);
        // As fast as the disk takes it, so that nothing is lost.
        let deadline = Instant::now() + Duration::from_secs(10);
        while tape.samples.slots() < 2 * FRAME && !tape.samples.is_abandoned() {
            assert!(Instant::now() < deadline, "nothing is written");
            thread::sleep(Duration::from_millis(5));
        }
        tape.write(&said, &heard, false)
    })
}

#[test]
fn both_sides_are_in_the_file_mixed_or_apart() {
    let folder = tempfile::tempdir().unwrap();
    for stereo in [false, true] {
        let (mut tape, inbox) = begin(dated(RecordFormat::Wav, stereo), &place(folder.path()));
        let path = file(&inbox);
        assert!(talk(&mut tape, 2));
        tape.paused = true;
        assert!(talk(&mut tape, 1));
        drop(tape);
        assert_eq!(error(&inbox), None);
        let mut reader = hound::WavReader::open(&path).unwrap();
        let spec = reader.spec();
        assert_eq!(
            (spec.channels, spec.sample_rate, reader.duration()),
            (1 + u16::from(stereo), 48_000, 96_000 + FRAME as u32)
        );
        let samples: Vec<f32> = reader.samples::<i16>().map(|s| f32::from(s.unwrap()) / 32_768.0).collect();
        let left: Vec<f32> = samples.iter().copied().step_by(1 + usize::from(stereo)).collect();
        let right: Vec<f32> = samples.iter().copied().skip(1).step_by(2).collect();
        let level = |sound: &[f32], hz| goertzel_dbfs(&sound[..48_000], hz, 48_000) > -14.0;
        assert_eq!((level(&left, 500.0), level(&left, 2_000.0)), (true, !stereo));
        assert!(!stereo || (level(&right, 2_000.0) && !level(&right, 500.0)));
    }
}

#[test]
fn no_recording_is_written_over_and_none_is_for_others() {
    let folder = tempfile::tempdir().unwrap();
    let inside = folder.path().join("new/recordings");
    let mut names = Vec::new();
    for format in [RecordFormat::Ogg, RecordFormat::Ogg, RecordFormat::Wav] {
        let (tape, inbox) = begin(dated(format, false), &place(&inside));
        names.push(file(&inbox).file_name().unwrap().to_string_lossy().into_owned());
        drop(tape);
        assert_eq!(error(&inbox), None);
    }
    let stem = "20260102-030405-600-outgoing-101";
    assert_eq!(names, [format!("{stem}.ogg"), format!("{stem}-2.ogg"), format!("{stem}.wav")]);
    #[cfg(unix)]
    for path in [inside.clone(), inside.join(&names[0])] {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o077, 0, "{}", path.display());
    }
    let there = inside.join(&names[2]);
    let before = std::fs::read(&there).unwrap();
    let named = Recording { file: RecordFile::Named(there.clone()), format: RecordFormat::Wav, stereo: false };
    let (_tape, inbox) = begin(named, &place(&inside));
    let said = error(&inbox).unwrap();
    assert!(said.starts_with("cannot record into ") && said.ends_with("exists"), "{said}");
    assert_eq!(std::fs::read(&there).unwrap(), before);
}

/// What a `kill -9` finds on the disk, a second or so later than it was said.
#[test]
fn the_file_can_be_played_while_it_is_still_written() {
    let folder = tempfile::tempdir().unwrap();
    for format in [RecordFormat::Wav, RecordFormat::Ogg] {
        let (mut tape, inbox) = begin(dated(format, false), &place(folder.path()));
        let path = file(&inbox);
        assert!(talk(&mut tape, 4));
        let deadline = Instant::now() + Duration::from_secs(20);
        loop {
            let bytes = std::fs::read(&path).unwrap();
            let seconds = match format {
                RecordFormat::Wav => wav::read(&path).map_or(0, |(samples, _)| samples.len() / 48_000),
                RecordFormat::Ogg => bytes.windows(4).filter(|bytes| bytes == b"OggS").count().saturating_sub(2),
            };
            if seconds >= 3 {
                break;
            }
            assert!(Instant::now() < deadline, "{format:?}: {seconds} s are there");
            thread::sleep(Duration::from_millis(20));
        }
        drop(tape);
    }
}

#[test]
fn what_is_left_out_joins_without_a_click() {
    for stereo in [false, true] {
        let (samples, mut ring) = RingBuffer::new(100 * FRAME);
        let lost = Arc::new(AtomicU64::new(0));
        let mut tape = Tape { samples, stereo, paused: false, gain: Ramp::new(0.0), owed: 0, lost };
        for tick in 0..30 {
            // Once it is paused, once the call is held.
            tape.paused = (5..10).contains(&tick);
            assert!(tape.write(&[0.5; FRAME], &[0.25; FRAME], (20..25).contains(&tick)));
        }
        let written: Vec<i16> = std::iter::from_fn(|| ring.pop().ok()).collect();
        let channels = 1 + usize::from(stereo);
        // Of each pause its first 10 ms are there, fading.
        assert_eq!(written.len(), 22 * FRAME * channels);
        let steep = written.windows(channels + 1).map(|w| w[0].abs_diff(w[channels])).max();
        assert!(steep < Some(100), "a step of {steep:?}");
        let silent = written.chunks(channels).filter(|samples| samples.iter().all(|s| s.abs() < 100)).count();
        assert!((4..60).contains(&silent), "{silent} samples at the seams");
    }
}

#[test]
fn a_disk_that_stands_still_costs_silence_and_no_sound_moves() {
    let (samples, mut ring) = RingBuffer::new(4 * FRAME);
    let lost = Arc::new(AtomicU64::new(0));
    let mut tape = Tape { samples, stereo: false, paused: false, gain: Ramp::new(0.0), owed: 0, lost: lost.clone() };
    let mut written = Vec::new();
    for tick in 0..20 {
        assert!(tape.write(&[tick as f32 / 100.0; FRAME], &[0.0; FRAME], false));
        if tick % 7 == 6 {
            written.extend(std::iter::from_fn(|| ring.pop().ok()));
        }
    }
    written.extend(std::iter::from_fn(|| ring.pop().ok()));
    let frames: Vec<i16> = written.chunks(FRAME).map(|frame| frame[0]).collect();
    for (tick, sample) in frames.iter().enumerate() {
        assert!(*sample == 0 || *sample == to_pcm(tick as f32 / 100.0), "tick {tick} has moved: {frames:?}");
    }
    assert!(frames.iter().filter(|sample| **sample != 0).count() >= 4, "{frames:?}");
    assert!(lost.load(Ordering::Relaxed) > 0);
}

#[cfg(unix)]
#[test]
fn a_folder_that_cannot_be_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let in_the_way = folder.path().join("file");
    std::fs::write(&in_the_way, "").unwrap();
    let (mut tape, inbox) = begin(dated(RecordFormat::Ogg, false), &place(&in_the_way.join("recordings")));
    let said = error(&inbox).unwrap();
    assert!(said.starts_with("cannot record into ") && said.contains("/file/recordings: "), "{said}");
    let deadline = Instant::now() + Duration::from_secs(10);
    while tape.write(&[0.0; FRAME], &[0.0; FRAME], false) {
        assert!(Instant::now() < deadline, "nobody writes any more");
        thread::sleep(Duration::from_millis(5));
    }
}
