//! A microphone of PulseAudio (or of PipeWire in its place), without cpal: cpal lets the server keep no more than one
//! callback's samples, and a server that is held up for longer drops sound without a word.

use super::Health;
use super::priority::raise_once;
use pulseaudio::protocol::stream::{BufferAttr, StreamFlags};
use pulseaudio::protocol::{ChannelMap, RecordStreamParams, SampleFormat, SampleSpec};
use pulseaudio::{Client, ClientError, RecordStream};
use rtrb::Producer;
use std::ffi::CString;
use std::pin::pin;
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
    /// Opens the source of this name: mono samples at `rate` into `ring`, about 10 ms at once.
    pub fn open(source: &str, rate: u32, ring: Producer<f32>, health: Arc<Health>) -> Result<Microphone, String> {
        let name = CString::new(source).map_err(|_| "a device name with a zero byte")?;
        let client = Client::from_env(c"tuiphone").map_err(|error| error.to_string())?;
        let sample_spec = SampleSpec { format: SampleFormat::Float32Le, channels: 1, sample_rate: rate };
        let params = RecordStreamParams {
            sample_spec,
            channel_map: ChannelMap::mono(),
            source_name: Some(name),
            buffer_attr: BufferAttr { fragment_size: rate / 100 * 4, ..BufferAttr::default() },
            flags: StreamFlags { adjust_latency: true, ..StreamFlags::default() },
            ..RecordStreamParams::default()
        };
        let stream = wait(client.create_record_stream(params, sink(ring, End(health))))?;
        Ok(Microphone { _stream: stream, _client: client })
    }
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
