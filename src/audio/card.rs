//! Sound cards through cpal. Its callbacks touch rings and atomics only; this thread opens, watches and opens again.

use super::callback::{Given, Taken};
use super::cards::{Opened, another, warning};
use super::host::{Silent, is_silent, with_host};
use super::quiet::StderrGuard;
use super::{CaptureLine, Direction, Health, Latency, PlaybackLine, Spec};
use cpal::traits::{DeviceTrait, HostTrait, StreamTrait};
use cpal::{BufferSize, ErrorKind, FromSample, SampleFormat, SizedSample, StreamConfig};
use rtrb::{Consumer, RingBuffer};
use std::io::IsTerminal;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::Sender;
use std::thread;
use std::time::{Duration, Instant};

/// Errors within a period that mean the end: a dead ALSA plugin reports 90,000 a second.
const ERROR_FLOOD: u32 = 50;
const PERIOD: Duration = Duration::from_millis(100);
const FIRST_RETRY: Duration = Duration::from_millis(100);
const LAST_RETRY: Duration = Duration::from_secs(2);
/// Between looks at which card is the default.
const LOOK_AGAIN: Duration = Duration::from_secs(1);
/// A server that is silent for more looks in a row has lost what it plays; a busy one may miss some.
const SILENT_LOOKS: u32 = 4;

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
    latency: Latency,
    open: Option<Open>,
    retry_at: Instant,
    back_off: Duration,
    /// Why it is not open, as far as the person is told.
    missing: Option<String>,
    looked: Instant,
    /// Looks in a row that the sound server did not answer.
    silent: u32,
}

/// An open card. Dropping the stream closes it.
struct Open {
    stream: Stream,
    health: Arc<Health>,
    id: Option<String>,
    name: String,
    /// It stands in for a named one that is not there.
    other: bool,
    errors_before: u32,
}

/// Keeps the cards open until `ended`.
pub fn watch(specs: [Option<Spec>; 3], latency: Latency, voice: bool, reports: &Sender<Opened>, ended: &AtomicBool) {
    let roles = [Role::Mic, Role::Speaker, Role::Ring];
    let mut places: Vec<Place> = roles
        .into_iter()
        .zip(specs)
        .filter_map(|(role, spec)| {
            let (now, spec) = (now(), spec?);
            Some(Place {
                role,
                spec,
                latency,
                open: None,
                retry_at: now,
                back_off: FIRST_RETRY,
                missing: None,
                looked: now,
                silent: 0,
            })
        })
        .collect();
    // What monitors the speaker is to be known before a microphone is looked for.
    places.sort_by_key(|place| place.role != Role::Speaker);
    let mut said = None;
    while !ended.load(Ordering::Relaxed) {
        let mut monitor = None;
        for place in &mut places {
            // Each may have taken its time.
            if ended.load(Ordering::Relaxed) {
                return;
            }
            place.look_after(monitor.as_deref(), reports);
            if place.role == Role::Speaker {
                monitor = place.open.as_ref().and_then(|open| Some(format!("{}.monitor", open.id.as_ref()?)));
            }
        }
        let why = |role| places.iter().find(|place| place.role == role).and_then(|place| place.missing.as_deref());
        let (mic, speaker) = (why(Role::Mic), why(Role::Speaker));
        let lack = if mic.is_some() && speaker.is_some() { lack() } else { None };
        let missing = warning(mic, speaker, lack, voice).or_else(|| {
            places
                .iter()
                .find(|place| place.open.as_ref().is_some_and(|open| open.other))
                .map(|place| another(&place.spec))
        });
        if said.as_ref() != Some(&missing) {
            said = Some(missing.clone());
            let _ = reports.send(Opened::Missing(missing));
        }
        thread::park_timeout(PERIOD);
    }
}

/// As [`super::cards::lack`].
pub(super) fn lack() -> Option<&'static str> {
    if is_silent() {
        return Some("the sound server does not answer");
    }
    #[cfg(all(target_os = "linux", target_arch = "x86_64"))]
    return (!super::asound::is_here()).then_some(super::asound::WANTED);
    #[cfg(not(all(target_os = "linux", target_arch = "x86_64")))]
    None
}

/// The names of the cards there are, microphones or speakers, and whether each is the default one.
pub fn names(direction: Direction) -> Vec<(String, bool)> {
    with_host(move |host| names_of(host, direction)).ok().flatten().unwrap_or_default()
}

fn names_of(host: &cpal::Host, direction: Direction) -> Vec<(String, bool)> {
    let (devices, default) = match direction {
        Direction::Input => (host.input_devices().map(|list| list.collect::<Vec<_>>()), host.default_input_device()),
        Direction::Output => (host.output_devices().map(|list| list.collect()), host.default_output_device()),
    };
    let id = |device: &cpal::Device| device.id().ok().map(|id| id.to_string());
    let default = default.as_ref().and_then(id);
    let named = |device: cpal::Device| {
        let name = plain(device.description().ok()?.name());
        Some((name, default.is_some() && id(&device) == default))
    };
    devices.unwrap_or_default().into_iter().filter_map(named).collect()
}

/// What keeps a card open.
enum Stream {
    Cpal(#[allow(dead_code, reason = "held to be dropped")] cpal::Stream),
    #[cfg(target_os = "linux")]
    Pulse(super::pulse::Microphone),
    #[cfg(target_os = "linux")]
    PulseOut(super::pulse::Speaker),
}

impl Stream {
    /// As far as that can be asked.
    fn is_there(&self) -> bool {
        match self {
            Stream::Cpal(_) => true,
            #[cfg(target_os = "linux")]
            Stream::Pulse(microphone) => microphone.is_there(),
            #[cfg(target_os = "linux")]
            Stream::PulseOut(speaker) => speaker.is_there(),
        }
    }
}

impl Place {
    fn look_after(&mut self, monitor: Option<&str>, reports: &Sender<Opened>) {
        let now = now();
        if let Some(open) = &mut self.open {
            let errors = open.health.errors.load(Ordering::Relaxed);
            let flood = errors.wrapping_sub(open.errors_before) > ERROR_FLOOD;
            open.errors_before = errors;
            let mut lost = flood || open.health.is_gone();
            if !lost && now.saturating_duration_since(self.looked) >= LOOK_AGAIN {
                self.looked = now;
                // The server moves a stream whose device vanished without a word, a microphone even to the speaker's monitor.
                let wanted = wanted_id(self.role, &self.spec, monitor);
                self.silent = if wanted.is_err() { self.silent + 1 } else { 0 };
                lost = match wanted {
                    Ok(wanted) => wanted != open.id || !open.stream.is_there(),
                    Err(Silent) => self.silent > SILENT_LOOKS,
                };
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
        if self.open.is_none() && now >= self.retry_at {
            self.try_open(now, monitor, reports);
        }
    }

    fn try_open(&mut self, now: Instant, monitor: Option<&str>, reports: &Sender<Opened>) {
        // libasound's complaints are none of the person's at the terminal; a log may have them.
        let opened = {
            let _quiet = std::io::stderr().is_terminal().then(StderrGuard::new);
            open(self.role, &self.spec, self.latency, monitor)
        };
        match opened {
            Ok((open, line)) => {
                let direction = if self.role == Role::Mic { Direction::Input } else { Direction::Output };
                if self.role != Role::Ring {
                    let _ = reports.send(Opened::Named(direction, open.name.clone()));
                }
                self.open = Some(open);
                (self.back_off, self.missing, self.looked) = (FIRST_RETRY, None, now);
                let _ = reports.send(line);
            }
            Err(why) => {
                self.retry_at = now + self.back_off;
                self.back_off = (self.back_off * 2).min(LAST_RETRY);
                // The first reason stands until it is back.
                self.missing.get_or_insert_with(|| format!("{}: {why}", self.spec));
            }
        }
    }
}

/// The device of a role now, and whether it stands in for a named one that is not there. What monitors our own speaker is
/// no microphone, unless it is named.
fn device(role: Role, spec: &Spec, monitor: Option<&str>) -> Result<Option<(cpal::Device, bool)>, Silent> {
    let (spec, monitor) = (spec.clone(), monitor.map(str::to_owned));
    with_host(move |host| device_of(host, role, &spec, monitor.as_deref())).map(Option::flatten)
}

fn device_of(host: &cpal::Host, role: Role, spec: &Spec, monitor: Option<&str>) -> Option<(cpal::Device, bool)> {
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
    if let Some(named) = named {
        return Some((named, false));
    }
    let default = if input { host.default_input_device() } else { host.default_output_device() };
    let own = |device: &cpal::Device| device.id().is_ok_and(|id| Some(id.to_string().as_str()) == monitor);
    default.filter(|device| !input || !own(device)).map(|device| (device, matches!(spec, Spec::Device(_))))
}

fn wanted_id(role: Role, spec: &Spec, monitor: Option<&str>) -> Result<Option<String>, Silent> {
    let id = |(device, _): (cpal::Device, bool)| Some(device.id().ok()?.to_string());
    device(role, spec, monitor).map(|device| device.and_then(id))
}

fn open(role: Role, spec: &Spec, latency: Latency, monitor: Option<&str>) -> Result<(Open, Opened), String> {
    let text = |error: cpal::Error| plain(&error.to_string());
    let (device, other) =
        device(role, spec, monitor).map_err(|Silent| "the sound server does not answer")?.ok_or("no such device")?;
    let (channels, rate, format) = choose(&device, role).map_err(text)?;
    let id = device.id().ok();
    let name = device.description().map(|text| plain(text.name())).unwrap_or_default();
    #[cfg(target_os = "linux")]
    let pulse = id.as_ref().is_some_and(|id| id.host().name().eq_ignore_ascii_case("pulseaudio"));
    // A wish only, but without it PulseAudio gives two seconds at once.
    let buffer_size = BufferSize::Fixed(((2.0 * latency.block_s * f64::from(rate)) as u32).max(1));
    let config = StreamConfig { channels, sample_rate: rate, buffer_size };
    let health = Arc::new(Health::default());
    let wish = Wish { device: &device, config, health: health.clone() };
    let (producer, consumer) = RingBuffer::new(rate as usize / 5);
    #[cfg(target_os = "linux")]
    if let Some(id) = id.as_ref().filter(|_| pulse) {
        let pulse_name = id.id();
        let (stream, line) = if role == Role::Mic {
            let mut line = CaptureLine::new(consumer, rate, health.clone());
            line.burst = (latency.block_s * f64::from(rate)) as usize;
            let taken = Taken::new(producer, line.came.clone(), health.clone());
            let stream = super::pulse::Microphone::open(pulse_name, rate, latency, taken, health.clone())?;
            (Stream::Pulse(stream), Opened::Capture(line))
        } else {
            let line = PlaybackLine::new(producer, rate, health.clone());
            let stream = super::pulse::Speaker::open(pulse_name, rate, latency, consumer, &line.ahead, health.clone())?;
            (Stream::PulseOut(stream), if role == Role::Ring { Opened::Ring(line) } else { Opened::Playback(line) })
        };
        return Ok((Open { stream, health, id: Some(id.to_string()), name, other, errors_before: 0 }, line));
    }
    let (stream, line) = if role == Role::Mic {
        let line = CaptureLine::new(consumer, rate, health.clone());
        let taken = Taken::new(producer, line.came.clone(), health.clone());
        let stream = match format {
            SampleFormat::I16 => wish.capture::<i16>(taken),
            SampleFormat::I32 => wish.capture::<i32>(taken),
            SampleFormat::U8 => wish.capture::<u8>(taken),
            SampleFormat::U16 => wish.capture::<u16>(taken),
            _ => wish.capture::<f32>(taken),
        };
        (stream, Opened::Capture(line))
    } else {
        let stream = match format {
            SampleFormat::I16 => wish.playback::<i16>(consumer),
            SampleFormat::I32 => wish.playback::<i32>(consumer),
            SampleFormat::U8 => wish.playback::<u8>(consumer),
            SampleFormat::U16 => wish.playback::<u16>(consumer),
            _ => wish.playback::<f32>(consumer),
        };
        let line = PlaybackLine::new(producer, rate, health.clone());
        (stream, if role == Role::Ring { Opened::Ring(line) } else { Opened::Playback(line) })
    };
    let stream = stream.map_err(text)?;
    stream.play().map_err(text)?;
    let (stream, id) = (Stream::Cpal(stream), id.map(|id| id.to_string()));
    Ok((Open { stream, health, id, name, other, errors_before: 0 }, line))
}

/// Channels, rate and samples to ask for: 48 kHz where it can be had, the device's own channels, f32 before i16.
fn choose(device: &cpal::Device, role: Role) -> Result<(u16, u32, SampleFormat), cpal::Error> {
    let input = role == Role::Mic;
    let own = if input { device.default_input_config() } else { device.default_output_config() }?;
    let ranges: Vec<_> = if input {
        device.supported_input_configs().map(Iterator::collect)
    } else {
        device.supported_output_configs().map(Iterator::collect)
    }
    .unwrap_or_default();
    let rank = |format| {
        let known = [SampleFormat::F32, SampleFormat::I16, SampleFormat::I32, SampleFormat::U16, SampleFormat::U8];
        known.iter().position(|known| *known == format)
    };
    let fits = |range: &&cpal::SupportedStreamConfigRange| {
        (range.min_sample_rate()..=range.max_sample_rate()).contains(&48_000) && rank(range.sample_format()).is_some()
    };
    let order = |range: &&cpal::SupportedStreamConfigRange| {
        (range.channels() != own.channels(), range.channels(), rank(range.sample_format()))
    };
    let best = ranges.iter().filter(fits).min_by_key(order);
    Ok(best.map_or((own.channels(), own.sample_rate(), own.sample_format()), |range| {
        (range.channels(), 48_000, range.sample_format())
    }))
}

/// A stream to be built.
struct Wish<'a> {
    device: &'a cpal::Device,
    config: StreamConfig,
    health: Arc<Health>,
}

impl Wish<'_> {
    fn capture<T: SizedSample>(self, taken: Taken) -> Result<cpal::Stream, cpal::Error>
    where
        f32: FromSample<T>,
    {
        let channels = usize::from(self.config.channels.max(1));
        let watcher = watcher(&self.health);
        self.device.build_input_stream(self.config, capture::<T>(taken, channels), watcher, None)
    }

    fn playback<T: SizedSample + FromSample<f32>>(self, ring: Consumer<f32>) -> Result<cpal::Stream, cpal::Error> {
        let (channels, rate) = (usize::from(self.config.channels.max(1)), self.config.sample_rate);
        let watcher = watcher(&self.health);
        let given = Given::new(ring, rate, self.health);
        self.device.build_output_stream(self.config, playback::<T>(given, channels), watcher, None)
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

fn capture<T: SizedSample>(
    mut taken: Taken,
    channels: usize,
) -> impl FnMut(&[T], &cpal::InputCallbackInfo) + Send + 'static
where
    f32: FromSample<T>,
{
    move |data, _| {
        let mono = |frame: &[T]| frame.iter().map(|s| f32::from_sample_(*s)).sum::<f32>() / channels as f32;
        taken.take(data.chunks(channels).map(mono));
    }
}

fn playback<T: SizedSample + FromSample<f32>>(
    mut given: Given,
    channels: usize,
) -> impl FnMut(&mut [T], &cpal::OutputCallbackInfo) + Send + 'static {
    move |data, _| given.give(data.chunks_mut(channels), |frame, sample| frame.fill(T::from_sample_(sample)))
}

/// One line without control characters.
fn plain(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(200).collect()
}

#[allow(clippy::disallowed_methods, reason = "the shell reads the clock")]
fn now() -> Instant {
    Instant::now()
}

#[cfg(test)]
mod tests {
    use super::*;
    use cpal::{InputCallbackInfo, InputStreamTimestamp, OutputCallbackInfo, OutputStreamTimestamp, StreamInstant};

    const AT: StreamInstant = StreamInstant::ZERO;

    /// What a microphone of this kind brings of four frames that are half of full scale on the mean of their channels.
    fn heard<T: SizedSample + FromSample<f32>>(channels: usize) -> Vec<f32>
    where
        f32: FromSample<T>,
    {
        let (ring, mut taken) = RingBuffer::new(16);
        let mut callback = capture::<T>(Taken::new(ring, Arc::default(), Arc::default()), channels);
        let frame = (0..channels).map(|number| if number % 2 == 0 { 0.75 } else { 0.25 });
        let frame: Vec<T> =
            if channels == 1 { vec![T::from_sample_(0.5)] } else { frame.map(T::from_sample_).collect() };
        let info = InputCallbackInfo::new(InputStreamTimestamp { callback: AT, capture: AT });
        callback(&frame.repeat(4), &info);
        std::iter::from_fn(|| taken.pop().ok()).collect()
    }

    /// What a speaker of this kind gets of 20 ms at half of full scale, and of 20 ms more that are not there; the gaps.
    fn played<T: SizedSample + FromSample<f32>>(channels: usize) -> (Vec<f32>, u32)
    where
        f32: FromSample<T>,
    {
        let (mut given, ring) = RingBuffer::new(1_000);
        (0..160).for_each(|_| given.push(0.5).unwrap_or_default());
        let health = Arc::new(Health::default());
        let mut callback = playback::<T>(Given::new(ring, 8_000, health.clone()), channels);
        let mut sound = vec![T::from_sample_(0.0); 320 * channels];
        callback(&mut sound, &OutputCallbackInfo::new(OutputStreamTimestamp { callback: AT, playback: AT }));
        let sound = sound.into_iter().map(f32::from_sample_).collect();
        (sound, health.underruns.load(Ordering::Relaxed))
    }

    #[test]
    fn samples_of_any_kind_and_any_number_of_channels_are_one_channel_here() {
        for channels in [1, 2, 6] {
            let rows = [heard::<f32>(channels), heard::<i16>(channels), heard::<i32>(channels), heard::<u8>(channels)];
            for heard in rows {
                assert!(heard.len() == 4 && heard.iter().all(|s| (s - 0.5).abs() < 0.01), "{channels}: {heard:?}");
            }
            for (played, gaps) in [played::<f32>(channels), played::<i16>(channels), played::<u16>(channels)] {
                assert!(played.chunks(channels).all(|frame| frame.iter().all(|s| *s == frame[0])), "{channels}");
                let mono: Vec<f32> = played.iter().step_by(channels).copied().collect();
                assert!((mono[159] - 0.5).abs() < 0.01 && mono[319].abs() < 0.01 && gaps == 1, "{channels}: {gaps}");
                // In and out within 5 ms, without a click.
                assert!(mono.windows(2).all(|w| (w[0] - w[1]).abs() < 0.02), "{channels}");
            }
        }
    }
}
