//! The thread over real loopback sockets, with devices that need no card.
#![allow(clippy::disallowed_methods)] // waits are bounded by the clock

use super::*;
use crate::audio::wav;
use crate::media::SAMPLE_RATE;
use crate::media::command::{Endpoint, LocalTone, Ringing, ShortTone, StreamId, StreamStats};
use crate::media::tone::goertzel_dbfs;
use crate::sdp::{Agreed, Direction, Format};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

mod wires;

const PATIENCE: Duration = Duration::from_secs(20);

fn phone(input: Spec, output: Spec) -> (MediaHandle, Receiver<MediaReport>) {
    let (reports, inbox) = channel();
    let config = MediaConfig { input, output, ring: Spec::Null, ..MediaConfig::default() };
    let handle = spawn(config, move |report| drop(reports.send(report))).unwrap();
    (handle, inbox)
}

fn wait<T>(inbox: &Receiver<MediaReport>, mut found: impl FnMut(&MediaEvent) -> Option<T>) -> T {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        match inbox.recv_timeout(left) {
            Ok(MediaReport::Event(event)) => {
                if let Some(found) = found(&event) {
                    return found;
                }
            }
            Ok(other) => panic!("{other:?}"),
            Err(error) => panic!("waited in vain: {error}"),
        }
    }
}

fn bind(phone: &(MediaHandle, Receiver<MediaReport>), id: u32) -> SocketAddr {
    phone
        .0
        .send(MediaCommand::Bind { stream: StreamId(id), local: [127, 0, 0, 1].into(), reach: Box::default() })
        .unwrap();
    wait(&phone.1, |event| match event {
        MediaEvent::Bound { stream, rtp, rtcp, .. } if stream.0 == id => {
            assert!(rtp.port() % 2 == 0 && rtcp.port() == rtp.port() + 1);
            Some(*rtp)
        }
        _ => None,
    })
}

fn agreed(encoding: &str, remote: SocketAddr) -> Box<Agreed> {
    let (payload_type, clock_rate, channels) = if encoding == "opus" { (111, 48_000, 2) } else { (8, 8_000, 1) };
    let format = Format { payload_type, encoding: encoding.to_owned(), clock_rate, channels, fmtp: None };
    Box::new(Agreed {
        remote_rtp: Some(remote),
        remote_rtcp: Some(SocketAddr::new(remote.ip(), remote.port() + 1)),
        rtcp_mux: false,
        extended_reports: Default::default(),
        send: format.clone(),
        receive: vec![format],
        telephone_event_send: Some((101, clock_rate)),
        telephone_event_receive: vec![(101, clock_rate)],
        comfort_noise_send: None,
        ptime: Duration::from_millis(20),
        direction: Direction::SendRecv,
        srtp: None,
        mangled: false,
        ice: None,
        dtls: None,
    })
}

fn start(phone: &MediaHandle, id: u32, agreed: Box<Agreed>) {
    phone.send(MediaCommand::Start { stream: StreamId(id), agreed }).unwrap();
}

fn close(phone: &(MediaHandle, Receiver<MediaReport>), id: u32) -> StreamStats {
    while phone.1.try_recv().is_ok() {}
    phone.0.send(MediaCommand::Close { stream: StreamId(id) }).unwrap();
    wait(&phone.1, |event| match event {
        MediaEvent::Stats { stats, .. } => Some(stats.clone()),
        _ => None,
    })
}

#[test]
fn a_tone_crosses_the_wire_into_a_file() {
    for encoding in ["PCMA", "opus"] {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("heard.wav");
        let a = phone(Spec::Tone(1_000.0), Spec::Null);
        let b = phone(Spec::Null, Spec::File(path.clone()));
        let (at_a, at_b) = (bind(&a, 1), bind(&b, 2));
        start(&a.0, 1, agreed(encoding, at_b));
        start(&b.0, 2, agreed(encoding, at_a));
        wait(&b.1, |event| matches!(event, MediaEvent::FirstPacket { .. }).then_some(()));
        let (digit, duration) = ('7', Duration::from_millis(160));
        a.0.send(MediaCommand::SendDigit { stream: StreamId(1), digit, duration, inband: false }).unwrap();
        let digit = wait(&b.1, |event| match event {
            MediaEvent::Digit { digit, .. } => Some(*digit),
            _ => None,
        });
        assert_eq!(digit, '7');
        wait(&b.1, |event| matches!(event, MediaEvent::Stats { stats, .. } if stats.rx_packets > 80).then_some(()));
        let (mic, _) = a.0.levels();
        let (_, speaker) = b.0.levels();
        assert!((mic.peak_dbfs + 12.0).abs() < 1.0, "{mic:?}");
        assert!((speaker.peak_dbfs + 12.0).abs() < 3.0, "{speaker:?}");
        let stats = close(&b, 2);
        assert!(stats.rx_packets > 80 && stats.rx_lost == 0, "{stats:?}");
        drop(b);
        let deadline = Instant::now() + PATIENCE;
        let heard = loop {
            match wav::read(&path) {
                Ok((samples, 48_000)) if samples.len() > 60_000 => break samples,
                _ => assert!(Instant::now() < deadline, "no sound in the file"),
            }
            std::thread::sleep(Duration::from_millis(20));
        };
        let last = &heard[heard.len() - 24_000..heard.len() - 4_800];
        assert!((goertzel_dbfs(last, 1_000.0, 48_000) + 12.0).abs() < 1.5, "{encoding}");
    }
}

#[test]
fn who_asks_is_heard_where_ticks_last_longer_than_their_time() {
    const CALLS: u32 = 60;
    let (reports, inbox) = channel();
    let config = MediaConfig { input: Spec::Null, output: Spec::Null, ring: Spec::Null, ..MediaConfig::default() };
    // 1.8 s are spent on the figures of one second.
    let slow = move |report| {
        if matches!(report, MediaReport::Event(MediaEvent::Stats { .. })) {
            std::thread::sleep(Duration::from_millis(30));
        }
        drop(reports.send(report));
    };
    let busy = (spawn(config, slow).unwrap(), inbox);
    let nobody = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
    for id in 0..CALLS {
        bind(&busy, id);
        start(&busy.0, id, agreed("PCMA", nobody.local_addr().unwrap()));
    }
    let mut told = 0;
    wait(&busy.1, |event| {
        told += u32::from(matches!(event, MediaEvent::Stats { .. }));
        (told > 2 * CALLS).then_some(())
    });
    bind(&busy, CALLS);
}

#[test]
fn an_echo_comes_back_within_one_thread() {
    let a = phone(Spec::Tone(700.0), Spec::Null);
    let (near, far) = (bind(&a, 1), bind(&a, 2));
    a.0.send(MediaCommand::Attach { stream: StreamId(2), endpoint: Endpoint::Echo }).unwrap();
    start(&a.0, 1, agreed("PCMA", far));
    start(&a.0, 2, agreed("PCMA", near));
    wait(&a.1, |event| {
        matches!(event, MediaEvent::Stats { stream: StreamId(1), stats } if stats.rx_packets > 50).then_some(())
    });
    assert!(a.0.levels().1.peak_dbfs > -16.0, "{:?}", a.0.levels());
}

/// What has taken over a call says and hears it alone: the microphone does not go there, the speaker does not tell of it.
#[test]
fn a_call_that_is_taken_over_has_neither_microphone_nor_speaker() {
    let a = phone(Spec::Tone(700.0), Spec::Null);
    // From its beginning, of a stream that is yet to come.
    let mut tap = a.0.take_over(StreamId(1)).unwrap();
    let (near, far) = (bind(&a, 1), bind(&a, 2));
    a.0.send(MediaCommand::Attach { stream: StreamId(2), endpoint: Endpoint::Echo }).unwrap();
    start(&a.0, 1, agreed("PCMA", far));
    start(&a.0, 2, agreed("PCMA", near));
    let tone: Vec<f32> =
        (0..SAMPLE_RATE).map(|n| 0.3 * (n as f32 / 48_000.0 * 1_500.0 * std::f32::consts::TAU).sin()).collect();
    tap.say(&tone);
    let (mut said, mut heard) = (Vec::new(), Vec::new());
    let deadline = Instant::now() + PATIENCE;
    let loudest = |sound: &[f32], hz: f32| {
        sound.chunks_exact(9_600).map(|part| goertzel_dbfs(part, hz, SAMPLE_RATE)).fold(-96.0, f32::max)
    };
    while loudest(&heard, 1_500.0) < -25.0 || heard.len() < SAMPLE_RATE as usize {
        assert!(Instant::now() < deadline, "{} samples without the tone", heard.len());
        std::thread::sleep(Duration::from_millis(20));
        tap.hear(&mut said, &mut heard);
        assert!(a.0.levels().1.peak_dbfs < -60.0, "the speaker tells of it: {:?}", a.0.levels());
    }
    assert!(loudest(&said, 700.0) < -50.0 && loudest(&heard, 700.0) < -50.0, "the microphone is in it");
    drop(tap);
    let sent = |event: &MediaEvent| match event {
        MediaEvent::Stats { stream: StreamId(1), stats } => Some(stats.tx_packets),
        _ => None,
    };
    let before = wait(&a.1, sent);
    wait(&a.1, |event| sent(event).filter(|now| *now > before + 20));
    assert!(a.0.levels().1.peak_dbfs < -60.0, "nor does it come back: {:?}", a.0.levels());
}

#[test]
fn tones_sound_and_silence_follows() {
    let a = phone(Spec::Null, Spec::Null);
    a.0.send(MediaCommand::Tone(Some(LocalTone::Busy))).unwrap();
    let until = |wanted: fn(f32) -> bool| {
        let deadline = Instant::now() + PATIENCE;
        while !wanted(a.0.levels().1.peak_dbfs) {
            assert!(Instant::now() < deadline, "{:?}", a.0.levels());
            std::thread::sleep(Duration::from_millis(5));
        }
    };
    until(|peak| peak > -25.0);
    a.0.send(MediaCommand::Tone(None)).unwrap();
    until(|peak| peak <= -96.0);
}

/// What a phone wrote into a file, once it is whole.
fn written(path: &std::path::Path) -> Vec<f32> {
    let (mut length, deadline) = (0, Instant::now() + PATIENCE);
    loop {
        std::thread::sleep(Duration::from_millis(200));
        match wav::read(path) {
            Ok((samples, _)) if !samples.is_empty() && samples.len() == length => return samples,
            read => length = read.map_or(0, |(samples, _)| samples.len()),
        }
        assert!(Instant::now() < deadline, "no sound in the file");
    }
}

#[test]
fn what_ends_a_tone_makes_no_click_and_a_hold_no_hole_in_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("heard.wav");
    let a = phone(Spec::Null, Spec::Null);
    let (reports, inbox) = channel();
    let file = Spec::File(path.clone());
    // Its tones are not at rest each 10 ms, as 425 Hz is.
    let tone_country = "us".to_owned();
    let config =
        MediaConfig { input: Spec::Null, output: file.clone(), ring: file, tone_country, ..MediaConfig::default() };
    let b = (spawn(config, move |report| drop(reports.send(report))).unwrap(), inbox);
    let (at_a, at_b) = (bind(&a, 1), bind(&b, 2));
    start(&a.0, 1, agreed("PCMA", at_b));
    start(&b.0, 2, agreed("PCMA", at_a));
    let packets = |count| {
        wait(&b.1, |event| matches!(event, MediaEvent::Stats { stats, .. } if stats.rx_packets > count).then_some(()));
    };
    let tones = [Some(LocalTone::Dial), None, Some(LocalTone::Ring(Ringing::Usual)), None].map(MediaCommand::Tone);
    for command in tones.into_iter().chain(['1', '5', '9'].map(|digit| MediaCommand::Short(ShortTone::Key(digit)))) {
        b.0.send(command).unwrap();
        std::thread::sleep(Duration::from_millis(73));
    }
    for (endpoint, count) in [(Endpoint::Silence, 100), (Endpoint::Phone, 150)] {
        b.0.send(MediaCommand::Attach { stream: StreamId(2), endpoint }).unwrap();
        packets(count);
    }
    let stats = close(&b, 2);
    drop(b);
    let heard = written(&path);
    let jump = heard.windows(2).map(|pair| (pair[0] - pair[1]).abs()).fold(0.0, f32::max);
    assert!(heard.iter().any(|sample| sample.abs() > 0.05) && jump < 0.04, "a jump of {jump}");
    let (said, heard) = (stats.rx_packets as f64 * 0.020, heard.len() as f64 / 48_000.0);
    assert!((said - heard).abs() < 0.3, "{said} s were said, {heard} s are in the file");
}

/// Rings with this file; the loudest of the speaker, and what was said of it.
/// How loud it rings, once that is more than `least_dbfs` and so much was said of it; and what was said.
fn rings_with(ring_sound: Option<PathBuf>, tone_country: &str, least_dbfs: f32, sayings: usize) -> (f32, Vec<String>) {
    let (reports, inbox) = channel();
    let (output, ring, tone_country) = (Spec::Null, Spec::Null, tone_country.to_owned());
    let config = MediaConfig { input: Spec::Null, output, ring, ring_sound, tone_country, ..MediaConfig::default() };
    let handle = spawn(config, move |report| drop(reports.send(report))).unwrap();
    handle.send(MediaCommand::Tone(Some(LocalTone::Ring(Ringing::Usual)))).unwrap();
    let deadline = Instant::now() + PATIENCE;
    let said = |report| if let MediaReport::Warning(text) = report { Some(text) } else { None };
    let mut heard: Vec<String> = Vec::new();
    while handle.levels().1.peak_dbfs < least_dbfs || heard.len() < sayings {
        assert!(Instant::now() < deadline, "nothing rings");
        std::thread::sleep(Duration::from_millis(5));
        heard.extend(inbox.try_iter().filter_map(said));
    }
    let loudest = handle.levels().1.peak_dbfs;
    drop(handle);
    heard.extend(inbox.iter().filter_map(said));
    (loudest, heard)
}

#[test]
fn the_own_ringtone_rings_or_the_one_made_here() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ring.wav");
    let mut file = wav::record(&path, 8_000, ()).unwrap();
    (0..16_000).for_each(|n| file.push(if n % 8 < 4 { 0.7 } else { -0.7 }).unwrap());
    drop(file);
    let deadline = Instant::now() + PATIENCE;
    while wav::read(&path).map_or(0, |(samples, _)| samples.len()) < 16_000 {
        assert!(Instant::now() < deadline, "the file is not written");
        std::thread::sleep(Duration::from_millis(20));
    }
    let (level, said) = rings_with(Some(path.clone()), "gb", -6.0, 0);
    assert!(said.is_empty(), "{level} dBFS {said:?}");
    std::fs::write(&path, "no sound").unwrap();
    let (level, said) = rings_with(Some(path), "", -30.0, 1);
    assert!(level < -6.0, "{level} dBFS: the ring made here is softer");
    let [why] = said.as_slice() else { panic!("{said:?}") };
    assert!(why.starts_with("ringingSound: cannot read ") && why.contains("ring.wav"), "{why}");
    let (_, said) = rings_with(None, "atlantis", -30.0, 1);
    assert!(matches!(said.as_slice(), [why] if why.contains("toneCountry=atlantis is not known")), "{said:?}");
}

#[test]
fn a_range_without_room_is_said() {
    let (reports, inbox) = channel();
    let config = MediaConfig { rtp_port_min: 20_001, rtp_port_max: 20_002, ..MediaConfig::default() };
    let handle = spawn(config, move |report| drop(reports.send(report))).unwrap();
    handle
        .send(MediaCommand::Bind { stream: StreamId(1), local: [127, 0, 0, 1].into(), reach: Box::default() })
        .unwrap();
    let error = wait(&inbox, |event| match event {
        MediaEvent::BindFailed { error, .. } => Some(error.clone()),
        _ => None,
    });
    assert!(error.contains("20001-20002"), "{error}");
}

#[test]
fn the_thread_ends_with_its_last_handle() {
    let (handle, inbox) = phone(Spec::Null, Spec::Null);
    let second = handle.clone();
    drop(handle);
    second.send(MediaCommand::MuteMic(true)).unwrap();
    drop(second);
    let deadline = Instant::now() + PATIENCE;
    loop {
        match inbox.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
            Ok(_) => {}
            Err(std::sync::mpsc::RecvTimeoutError::Disconnected) => break,
            Err(error) => panic!("the thread lives on: {error}"),
        }
    }
}

/// The level of a phone's speaker, dBFS: the loudest of one second.
#[cfg(feature = "apm")]
fn heard_dbfs(phone: &MediaHandle) -> f32 {
    let mut loudest = f32::MIN;
    for _ in 0..50 {
        std::thread::sleep(Duration::from_millis(20));
        loudest = loudest.max(phone.levels().1.rms_dbfs);
    }
    loudest
}

#[cfg(feature = "apm")]
#[test]
fn who_speaks_to_a_phone_that_echoes_hears_nothing_once_the_echo_is_cancelled() {
    use crate::media::command::{Treatment, VoiceSettings};
    let a = phone(Spec::Loopback, Spec::Loopback);
    let b = phone(Spec::Voice, Spec::Null);
    let (at_a, at_b) = (bind(&a, 1), bind(&b, 2));
    let voice = |echo| MediaCommand::Voice(VoiceSettings { echo, ..VoiceSettings::default() });
    start(&a.0, 1, agreed("opus", at_b));
    start(&b.0, 2, agreed("opus", at_a));
    wait(&b.1, |event| matches!(event, MediaEvent::Stats { stats, .. } if stats.rx_packets > 80).then_some(()));
    // No card, no room: by itself nothing is cancelled.
    assert!(heard_dbfs(&b.0) > -35.0, "{:?}", b.0.levels());
    a.0.send(voice(Some(true))).unwrap();
    let only_echo = Treatment { echo: true, ..Treatment::default() };
    assert_eq!(wait(&a.1, |event| if let MediaEvent::Treated(done) = event { Some(*done) } else { None }), only_echo);
    // Ticks that came too late on a busy machine are time without learning.
    let deadline = Instant::now() + 3 * PATIENCE;
    let mut heard = vec![heard_dbfs(&b.0)];
    while heard.last().is_some_and(|last| *last > -55.0) {
        assert!(Instant::now() < deadline, "{heard:?}");
        heard.push(heard_dbfs(&b.0));
    }
    let _ = close(&a, 1);
    let nothing = wait(&a.1, |event| if let MediaEvent::Treated(done) = event { Some(*done) } else { None });
    assert_eq!(nothing, Treatment::default());
}

#[test]
fn who_talks_into_a_muted_microphone_is_told() {
    let a = phone(Spec::Voice, Spec::Null);
    let b = phone(Spec::Null, Spec::Null);
    let (at_a, at_b) = (bind(&a, 1), bind(&b, 2));
    a.0.send(MediaCommand::MuteMic(true)).unwrap();
    start(&a.0, 1, agreed("PCMA", at_b));
    start(&b.0, 2, agreed("PCMA", at_a));
    let told = |wanted| wait(&a.1, |event| (*event == MediaEvent::TalkingMuted(wanted)).then_some(()));
    told(true);
    assert!(b.0.levels().1.peak_dbfs < -60.0 && a.0.levels().0.peak_dbfs < -60.0, "{:?}", b.0.levels());
    a.0.send(MediaCommand::MuteMic(false)).unwrap();
    told(false);
}
