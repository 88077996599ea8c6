//! Microphones and speakers of PulseAudio (or of PipeWire in its place), without cpal.
//!
//! cpal lets the server keep no more than one callback's samples of a microphone: a server that is held up for longer
//! drops sound without a word. And it answers a speaker's server only when that asks, two callbacks ahead; here the
//! server always asks for more than there is, so that what the media thread makes is on its way at once.

use super::line::Ahead;
use super::priority::raise_once;
use super::{Health, Latency};
use pulseaudio::protocol::stream::{BufferAttr, StreamFlags};
use pulseaudio::protocol::{ChannelMap, PlaybackStreamParams, RecordStreamParams, SampleFormat, SampleSpec};
use pulseaudio::{Client, ClientError, PlaybackSource, PlaybackStream, RecordStream};
use rtrb::{Consumer, Producer};
use std::ffi::CString;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};
use std::time::{Duration, Instant};

/// A server that does not answer for so long is none.
const PATIENCE: Duration = Duration::from_secs(2);

/// An open microphone; dropping it closes it.
pub struct Microphone {
    _stream: RecordStream,
    _client: Client,
}

impl Microphone {
    /// Opens the source of this name: mono samples at `rate` into `ring`, a block of `latency` at once.
    pub fn open(
        source: &str,
        rate: u32,
        latency: Latency,
        ring: Producer<f32>,
        health: Arc<Health>,
    ) -> Result<Microphone, String> {
        let name = CString::new(source).map_err(|_| "a device name with a zero byte")?;
        let client = Client::from_env(c"tuiphone").map_err(|error| error.to_string())?;
        let sample_spec = SampleSpec { format: SampleFormat::Float32Le, channels: 1, sample_rate: rate };
        let params = RecordStreamParams {
            sample_spec,
            channel_map: ChannelMap::mono(),
            source_name: Some(name),
            buffer_attr: BufferAttr { fragment_size: bytes(latency.block_s, rate), ..BufferAttr::default() },
            // A server moves the stream of a microphone that vanished, even to the speaker's monitor: the far end would hear
            // itself.
            flags: StreamFlags { adjust_latency: true, no_move: true, ..StreamFlags::default() },
            ..RecordStreamParams::default()
        };
        let stream = wait(client.create_record_stream(params, sink(ring, End(health))))?;
        Ok(Microphone { _stream: stream, _client: client })
    }
}

/// An open speaker; dropping it closes it.
pub struct Speaker {
    _stream: PlaybackStream,
    _client: Client,
}

impl Speaker {
    /// Opens the sink of this name: mono samples at `rate` out of `ring`, a block of `latency` at once. What the server
    /// holds is to be seen in `ahead`.
    pub fn open(
        sink: &str,
        rate: u32,
        latency: Latency,
        ring: Consumer<f32>,
        ahead: &Arc<Ahead>,
        health: Arc<Health>,
    ) -> Result<Speaker, String> {
        /// More than is ever there: the server's wish is never fulfilled.
        const ROOM_S: f64 = 0.150;
        let name = CString::new(sink).map_err(|_| "a device name with a zero byte")?;
        let client = Client::from_env(c"tuiphone").map_err(|error| error.to_string())?;
        let block = bytes(latency.block_s, rate);
        ahead.burst.store((block / 4) as i32, Ordering::Relaxed);
        ahead.waits.store(true, Ordering::Relaxed);
        let params = PlaybackStreamParams {
            sample_spec: SampleSpec { format: SampleFormat::Float32Le, channels: 1, sample_rate: rate },
            channel_map: ChannelMap::mono(),
            sink_name: Some(name),
            buffer_attr: BufferAttr {
                target_length: bytes(ROOM_S, rate),
                minimum_request_length: block,
                pre_buffering: 0,
                ..BufferAttr::default()
            },
            // The device takes what is called a request here at once, and tells when it did.
            flags: StreamFlags { early_requests: true, ..StreamFlags::default() },
            ..PlaybackStreamParams::default()
        };
        let source = Source::new(ring, rate, ahead.clone(), End(health));
        let stream = wait(client.create_playback_stream(params, source))?;
        ahead.burst.store((stream.buffer_attr().minimum_request_length / 4) as i32, Ordering::Relaxed);
        Ok(Speaker { _stream: stream, _client: client })
    }
}

/// What the server fetches from.
struct Source {
    ring: Consumer<f32>,
    ahead: Arc<Ahead>,
    end: End,
    on_time: Box<dyn FnMut() + Send>,
    /// Samples that the server wants to have.
    target: Option<usize>,
    /// Samples it had when last asked.
    left: isize,
    begun: bool,
    dry: bool,
    last: f32,
    gain: f32,
    step: f32,
}

impl Source {
    fn new(ring: Consumer<f32>, rate: u32, ahead: Arc<Ahead>, end: End) -> Source {
        let step = 1.0 / (rate as f32 * 0.005);
        let on_time = Box::new(raise_once());
        Source {
            ring,
            ahead,
            end,
            on_time,
            target: None,
            left: 0,
            begun: false,
            dry: false,
            last: 0.0,
            gain: 0.0,
            step,
        }
    }

    /// Fills the beginning of what the server asks for; how many samples that are.
    ///
    /// The ring is emptied. Where it is empty and the server has less than its next burst takes, the sound fades within
    /// 5 ms instead of clicking.
    fn fill(&mut self, asked: &mut [[u8; 4]]) -> usize {
        let target = *self.target.get_or_insert(asked.len());
        let burst = self.ahead.burst.load(Ordering::Relaxed) as isize;
        let left = target as isize - asked.len() as isize;
        if left < 0 {
            self.ahead.waits.store(false, Ordering::Relaxed);
        }
        let there = self.ring.slots();
        self.begun |= there > 0;
        // What the server has played in advance of us it leaves out.
        let late = if self.begun { usize::try_from(-left).unwrap_or(0) } else { 0 };
        let starved = self.begun && there == 0 && left < burst;
        if starved && !self.dry {
            self.end.0.underruns.fetch_add(1, Ordering::Relaxed);
        }
        self.dry = if there > 0 { false } else { self.dry || starved };
        let made_up = if starved { usize::try_from(burst - left.max(0)).unwrap_or(0) } else { 0 };
        let mut written = 0;
        for (number, out) in asked.iter_mut().take(late + there + made_up).enumerate() {
            let sample = if number < late {
                0.0
            } else if let Ok(sample) = self.ring.pop() {
                self.last = sample;
                self.gain = (self.gain + self.step).min(1.0);
                sample * self.gain
            } else {
                self.gain = (self.gain - self.step).max(0.0);
                self.last * self.gain
            };
            *out = sample.to_le_bytes();
            written += 1;
        }
        let ahead = if self.begun { left + written as isize - burst } else { 0 };
        if left == self.left {
            self.ahead.samples.store(ahead as i32, Ordering::Relaxed);
        } else {
            self.ahead.see(ahead as i32);
        }
        self.left = left + written as isize;
        written
    }
}

impl PlaybackSource for Source {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &mut [u8]) -> Poll<usize> {
        (self.on_time)();
        self.ahead.fetch.get_or_init(|| context.waker().clone());
        match self.fill(bytes.as_chunks_mut::<4>().0) {
            0 => Poll::Pending,
            written => Poll::Ready(written * 4),
        }
    }
}

/// Bytes that so many seconds take.
fn bytes(seconds: f64, rate: u32) -> u32 {
    (seconds * f64::from(rate)) as u32 * 4
}

/// Goes with the stream; when the server is gone it tells.
struct End(Arc<Health>);

impl Drop for End {
    fn drop(&mut self) {
        self.0.fatal.store(true, Ordering::Relaxed);
    }
}

fn sink(mut ring: Producer<f32>, end: End) -> impl FnMut(&[u8]) + Send + 'static {
    let mut on_time = raise_once();
    move |bytes| {
        on_time();
        for sample in bytes.as_chunks::<4>().0 {
            if ring.push(f32::from_le_bytes(*sample)).is_err() {
                end.0.overruns.fetch_add(1, Ordering::Relaxed);
                return;
            }
        }
    }
}

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

/// Waits on this thread.
fn wait<T>(future: impl Future<Output = Result<T, ClientError>>) -> Result<T, String> {
    #[allow(clippy::disallowed_methods, reason = "the shell reads the clock")]
    let now = Instant::now;
    let until = now() + PATIENCE;
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let mut future = pin!(future);
    loop {
        if let Poll::Ready(done) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
            return done.map_err(|error| error.to_string());
        }
        let left = until.saturating_duration_since(now());
        if left.is_zero() {
            return Err(format!("the sound server did not answer within {} s", PATIENCE.as_secs()));
        }
        thread::park_timeout(left);
    }
}
