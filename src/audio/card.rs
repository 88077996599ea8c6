//! Sound cards through cpal. Its callbacks touch rings and atomics only; this thread opens, watches and opens again.

use super::cards::Opened;
use super::{CaptureLine, Direction, Health, PlaybackLine, Spec};
use cpal::traits::{DeviceTrait, HostTrait, StreamTrait};
use cpal::{BufferSize, ErrorKind, StreamConfig};
use rtrb::{Consumer, Producer, RingBuffer};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::Sender;
use std::thread;
use std::time::{Duration, Instant};

/// Samples asked for per callback; a wish only, but without it PulseAudio gives two seconds at once.
const CALLBACK_FRAMES: u32 = 480;
/// Errors within a period that mean the end: a dead ALSA plugin reports 90,000 a second.
const ERROR_FLOOD: u32 = 50;
const PERIOD: Duration = Duration::from_millis(100);
const FIRST_RETRY: Duration = Duration::from_millis(100);
const LAST_RETRY: Duration = Duration::from_secs(2);
/// Between looks at which card is the default.
const LOOK_AGAIN: Duration = Duration::from_millis(1_500);

/// What one of the three is for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Role {
    Mic,
    Speaker,
    Ring,
}

/// One wish for a card and how it stands.
struct Place {
    role: Role,
    spec: Spec,
    open: Option<Open>,
    retry_at: Instant,
    back_off: Duration,
    warned: bool,
    looked: Instant,
}

/// An open card. Dropping the stream closes it.
struct Open {
    _stream: cpal::Stream,
    health: Arc<Health>,
    id: Option<String>,
    errors_before: u32,
}

/// Keeps the cards open until `ended`.
pub fn watch(specs: [Option<Spec>; 3], reports: &Sender<Opened>, ended: &AtomicBool) {
    let roles = [Role::Mic, Role::Speaker, Role::Ring];
    let mut places: Vec<Place> = roles
        .into_iter()
        .zip(specs)
        .filter_map(|(role, spec)| {
            let (now, spec) = (now(), spec?);
            Some(Place { role, spec, open: None, retry_at: now, back_off: FIRST_RETRY, warned: false, looked: now })
        })
        .collect();
    while !ended.load(Ordering::Relaxed) {
        let missing: Vec<String> = places.iter_mut().filter_map(|place| place.look_after(reports)).collect();
        if !missing.is_empty() {
            let _ = reports.send(Opened::Warning(format!("{}; using null", missing.join(", "))));
        }
        thread::park_timeout(PERIOD);
    }
}

/// The names of the cards there are, microphones and speakers.
pub fn names(direction: Direction) -> Vec<String> {
    let Some(host) = host() else { return Vec::new() };
    let named = |device: &cpal::Device| device.description().map(|description| description.name().to_owned()).ok();
    match direction {
        Direction::Input => host.input_devices().map(|list| list.filter_map(|d| named(&d)).collect()),
        Direction::Output => host.output_devices().map(|list| list.filter_map(|d| named(&d)).collect()),
    }
    .unwrap_or_default()
}

impl Place {
    /// What the person is to know is missing, said once until it came back.
    fn look_after(&mut self, reports: &Sender<Opened>) -> Option<String> {
        let now = now();
        if let Some(open) = &mut self.open {
            let errors = open.health.errors.load(Ordering::Relaxed);
            let flood = errors.wrapping_sub(open.errors_before) > ERROR_FLOOD;
            open.errors_before = errors;
            let mut lost = flood || open.health.is_gone();
            if !lost && now.saturating_duration_since(self.looked) >= LOOK_AGAIN {
                self.looked = now;
                // The server moves a stream whose device vanished without a word, a microphone even to the speaker's monitor.
                lost = wanted_id(self.role, &self.spec) != open.id;
            }
            if lost {
                self.open = None;
                self.retry_at = now;
                let _ = reports.send(match self.role {
                    Role::Mic => Opened::CaptureLost,
                    Role::Speaker => Opened::PlaybackLost,
                    Role::Ring => Opened::RingLost,
                });
            }
        }
        if self.open.is_none() && now >= self.retry_at { self.try_open(now, reports) } else { None }
    }

    fn try_open(&mut self, now: Instant, reports: &Sender<Opened>) -> Option<String> {
        match open(self.role, &self.spec) {
            Ok((open, line)) => {
                self.open = Some(open);
                (self.back_off, self.warned, self.looked) = (FIRST_RETRY, false, now);
                let _ = reports.send(line);
                None
            }
            Err(why) => {
                self.retry_at = now + self.back_off;
                self.back_off = (self.back_off * 2).min(LAST_RETRY);
                if self.warned || self.role == Role::Ring {
                    return None;
                }
                self.warned = true;
                let what = if self.role == Role::Mic { "microphone" } else { "speaker" };
                Some(format!("no {what} ({}): {why}", self.spec))
            }
        }
    }
}

/// A new host each time: one whose server died never recovers. `None` where ALSA would find no card: asking it would
/// only make libasound complain on stderr, several lines an attempt.
fn host() -> Option<cpal::Host> {
    let host = cpal::default_host();
    let bare = cfg!(target_os = "linux")
        && host.id().name().eq_ignore_ascii_case("alsa")
        && std::env::var_os("ALSA_CONFIG_PATH").is_none()
        && std::fs::read_to_string("/proc/asound/cards").map_or(true, |cards| cards.contains("no soundcards"));
    (!bare).then_some(host)
}

/// The device of a role now.
fn device(role: Role, spec: &Spec) -> Option<cpal::Device> {
    let host = host()?;
    let input = role == Role::Mic;
    let named = match spec {
        Spec::Device(name) => {
            let devices = host.devices().ok()?;
            let fits = |d: &cpal::Device| if input { d.supports_input() } else { d.supports_output() };
            let is_it = |d: &cpal::Device| {
                d.description().is_ok_and(|text| text.name() == name) || d.id().is_ok_and(|id| id.id() == name)
            };
            devices.into_iter().find(|d| fits(d) && is_it(d))
        }
        _ => None,
    };
    named.or_else(|| if input { host.default_input_device() } else { host.default_output_device() })
}

fn wanted_id(role: Role, spec: &Spec) -> Option<String> {
    device(role, spec).and_then(|device| device.id().ok()).map(|id| id.to_string())
}

fn open(role: Role, spec: &Spec) -> Result<(Open, Opened), String> {
    let text = |error: cpal::Error| plain(&error.to_string());
    let device = device(role, spec).ok_or("no such device")?;
    let found = if role == Role::Mic { device.default_input_config() } else { device.default_output_config() };
    let found = found.map_err(text)?;
    let rate = if rate_fits(&device, role) { 48_000 } else { found.sample_rate() };
    let config = StreamConfig {
        channels: found.channels(),
        sample_rate: rate,
        buffer_size: BufferSize::Fixed(CALLBACK_FRAMES * rate / 48_000),
    };
    let health = Arc::new(Health::default());
    let channels = usize::from(config.channels.max(1));
    let ring = RingBuffer::new(rate as usize / 10 * 2);
    let (stream, line) = if role == Role::Mic {
        let (producer, samples) = ring;
        let stream =
            device.build_input_stream(config, capture(producer, channels, health.clone()), watcher(&health), None);
        (stream, Opened::Capture(CaptureLine { samples, rate, health: health.clone() }))
    } else {
        let (samples, consumer) = ring;
        let stream = device.build_output_stream(
            config,
            playback(consumer, channels, rate, health.clone()),
            watcher(&health),
            None,
        );
        let line = PlaybackLine { samples, rate, health: health.clone() };
        (stream, if role == Role::Ring { Opened::Ring(line) } else { Opened::Playback(line) })
    };
    let stream = stream.map_err(text)?;
    stream.play().map_err(text)?;
    let id = device.id().ok().map(|id| id.to_string());
    Ok((Open { _stream: stream, health, id, errors_before: 0 }, line))
}

fn rate_fits(device: &cpal::Device, role: Role) -> bool {
    let fits =
        |range: cpal::SupportedStreamConfigRange| (range.min_sample_rate()..=range.max_sample_rate()).contains(&48_000);
    if role == Role::Mic {
        device.supported_input_configs().is_ok_and(|mut ranges| ranges.any(fits))
    } else {
        device.supported_output_configs().is_ok_and(|mut ranges| ranges.any(fits))
    }
}

/// Counts, and marks the end; called up to 90,000 times a second by a dying server.
fn watcher(health: &Arc<Health>) -> impl FnMut(cpal::Error) + Send + 'static {
    let health = health.clone();
    move |error| match error.kind() {
        ErrorKind::Xrun => drop(health.underruns.fetch_add(1, Ordering::Relaxed)),
        ErrorKind::DeviceChanged | ErrorKind::RealtimeDenied => {}
        ErrorKind::DeviceNotAvailable | ErrorKind::StreamInvalidated | ErrorKind::HostUnavailable => {
            health.fatal.store(true, Ordering::Relaxed);
        }
        _ => drop(health.errors.fetch_add(1, Ordering::Relaxed)),
    }
}

fn capture(
    mut ring: Producer<f32>,
    channels: usize,
    health: Arc<Health>,
) -> impl FnMut(&[f32], &cpal::InputCallbackInfo) + Send + 'static {
    move |data, _| {
        for frame in data.chunks(channels) {
            let mono = frame.iter().sum::<f32>() / channels as f32;
            if ring.push(mono).is_err() {
                health.underruns.fetch_add(1, Ordering::Relaxed);
                return;
            }
        }
    }
}

/// Plays the ring; where it is empty the sound fades within 5 ms instead of clicking.
fn playback(
    mut ring: Consumer<f32>,
    channels: usize,
    rate: u32,
    health: Arc<Health>,
) -> impl FnMut(&mut [f32], &cpal::OutputCallbackInfo) + Send + 'static {
    let step = 1.0 / (rate as f32 * 0.005);
    let (mut last, mut gain) = (0.0_f32, 0.0_f32);
    move |data, _| {
        let mut starved = false;
        for frame in data.chunks_mut(channels) {
            match ring.pop() {
                Ok(sample) => {
                    gain = (gain + step).min(1.0);
                    last = sample;
                }
                Err(_) => {
                    starved = true;
                    gain = (gain - step).max(0.0);
                }
            }
            frame.fill(last * gain);
        }
        if starved {
            health.underruns.fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// One line without control characters.
fn plain(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(200).collect()
}

#[allow(clippy::disallowed_methods, reason = "the shell reads the clock")]
fn now() -> Instant {
    Instant::now()
}
