//! Microphones and speakers of PulseAudio (or of PipeWire in its place), without cpal.
//!
//! cpal lets the server keep no more than one callback's samples of a microphone: a server that is held up for longer
//! drops sound without a word. And it answers a speaker's server only when that asks, two callbacks ahead; here the
//! server always asks for more than there is, so that what the media thread makes is on its way at once.

use super::callback::{Feed, Taken};
use super::line::Ahead;
use super::{Health, Latency};
use pulseaudio::protocol::stream::{BufferAttr, StreamFlags};
use pulseaudio::protocol::{ChannelMap, PlaybackStreamParams, RecordStreamParams, SampleFormat, SampleSpec};
use pulseaudio::{Client, ClientError, PlaybackSource, PlaybackStream, RecordStream};
use rtrb::Consumer;
use std::ffi::CString;
use std::os::unix::net::UnixStream;
use std::pin::{Pin, pin};
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};
use std::time::{Duration, Instant};

/// A server that does not answer for so long is none.
const PATIENCE: Duration = Duration::from_secs(2);

/// An open microphone; dropping it closes it.
pub struct Microphone {
    connection: Connection<RecordStream>,
}

impl Microphone {
    /// Opens the source of this name: mono samples at `rate` into what takes them, a block of `latency` at once.
    pub fn open(
        source: &str,
        rate: u32,
        latency: Latency,
        mut taken: Taken,
        health: Arc<Health>,
    ) -> Result<Microphone, String> {
        let name = CString::new(source).map_err(|_| "a device name with a zero byte")?;
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
        let end = End(health);
        let sink = move |bytes: &[u8]| {
            let _gone_with_this = &end;
            taken.take(bytes.as_chunks::<4>().0.iter().map(|sample| f32::from_le_bytes(*sample)));
        };
        let connection = Connection::open(|client| wait(client.create_record_stream(params, sink)))?;
        Ok(Microphone { connection })
    }

    /// The server still has it. One whose device vanished is gone there without a word, though the device be back.
    pub fn is_there(&self) -> bool {
        self.connection.stream().is_some_and(|stream| wait(stream.timing_info()).is_ok())
    }
}

/// An open speaker; dropping it closes it.
pub struct Speaker {
    connection: Connection<PlaybackStream>,
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
        let source = Source(Feed::new(ring, rate, ahead.clone(), health.clone()), End(health));
        let connection = Connection::open(|client| {
            let stream = wait(client.create_playback_stream(params, source))?;
            let granted = stream.buffer_attr();
            ahead.burst.store((granted.minimum_request_length / 4) as i32, Ordering::Relaxed);
            ahead.target.store((granted.target_length / 4) as i32, Ordering::Relaxed);
            Ok(stream)
        })?;
        Ok(Speaker { connection })
    }

    /// As [`Microphone::is_there`].
    pub fn is_there(&self) -> bool {
        self.connection.stream().is_some_and(|stream| wait(stream.timing_info()).is_ok())
    }
}

/// What the server fetches from.
struct Source(Feed, #[allow(dead_code, reason = "held to be dropped")] End);

impl PlaybackSource for Source {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &mut [u8]) -> Poll<usize> {
        self.0.ahead.fetch.get_or_init(|| context.waker().clone());
        match self.0.fill(bytes.as_chunks_mut::<4>().0) {
            0 => Poll::Pending,
            written => Poll::Ready(written * 4),
        }
    }
}

/// Goes with the stream; when the server is gone it tells.
struct End(Arc<Health>);

impl Drop for End {
    fn drop(&mut self) {
        self.0.fatal.store(true, Ordering::Relaxed);
    }
}

/// Bytes that so many seconds take.
fn bytes(seconds: f64, rate: u32) -> u32 {
    (seconds * f64::from(rate)) as u32 * 4
}

/// A connection to the sound server with a stream; dropping it ends both, and the thread behind them.
struct Connection<S>(Option<(S, Client)>);

impl<S> Connection<S> {
    fn open(stream: impl FnOnce(&Client) -> Result<S, String>) -> Result<Connection<S>, String> {
        let client = client()?;
        match stream(&client) {
            Ok(stream) => Ok(Connection(Some((stream, client)))),
            Err(why) => {
                Farewell::ask(client);
                Err(why)
            }
        }
    }

    fn stream(&self) -> Option<&S> {
        self.0.as_ref().map(|(stream, _)| stream)
    }
}

/// There is a sound server, and it answers.
pub fn answers() -> bool {
    Connection::open(|_| Ok(())).is_ok()
}

/// Those that could not be let go; see [`Farewell`].
static SPARE: Mutex<Vec<Client>> = Mutex::new(Vec::new());

/// A client; a spare one, if there is one whose server still answers.
fn client() -> Result<Client, String> {
    let spare = || SPARE.lock().unwrap_or_else(PoisonError::into_inner).pop();
    if let Some(spare) = std::iter::from_fn(spare).find(|spare| wait(spare.server_info()).is_ok()) {
        return Ok(spare);
    }
    let text = |error: std::io::Error| error.to_string();
    let place = pulseaudio::socket_path_from_env().ok_or("no sound server is named")?;
    let cookie = pulseaudio::cookie_path_from_env().and_then(|path| std::fs::read(path).ok());
    let socket = UnixStream::connect(place).map_err(text)?;
    // Until it has said who it is. After that nothing waits on the socket itself.
    socket.set_read_timeout(Some(PATIENCE)).and_then(|()| socket.set_write_timeout(Some(PATIENCE))).map_err(text)?;
    Client::new_unix(c"tuiphone", socket, cookie).map_err(|error| error.to_string())
}

impl<S> Drop for Connection<S> {
    fn drop(&mut self) {
        if let Some((stream, client)) = self.0.take() {
            drop(stream);
            Farewell::ask(client);
        }
    }
}

/// A last question to the server, whose answer drops the client, on the client's own thread. Why there: that thread only
/// sees that nobody holds its client any more when it has something to do, and waits for ever otherwise. One that is always
/// quicker than this thread, as with a single processor, is kept for the next connection.
struct Farewell(Mutex<Option<Asked>>);

/// The client again, and whether the server has answered.
type Asked = Pin<Box<dyn Future<Output = (Client, bool)> + Send>>;

impl Farewell {
    /// How often it is asked anew after an answer that was there before this thread looked.
    const TRIES: usize = 16;

    fn ask(mut client: Client) {
        for _ in 0..Farewell::TRIES {
            let asked: Asked = Box::pin(async move {
                let answers = client.server_info().await.is_ok();
                (client, answers)
            });
            match Arc::new(Farewell(Mutex::new(Some(asked)))).answer() {
                Some((again, true)) => client = again,
                _ => return,
            }
        }
        SPARE.lock().unwrap_or_else(PoisonError::into_inner).push(client);
    }

    /// What has come of it; it wakes itself for the rest.
    fn answer(self: Arc<Self>) -> Option<(Client, bool)> {
        let waker = Waker::from(Arc::clone(&self));
        let mut asked = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match asked.as_mut()?.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(answered) => {
                *asked = None;
                Some(answered)
            }
            Poll::Pending => None,
        }
    }
}

impl Wake for Farewell {
    fn wake(self: Arc<Self>) {
        drop(self.answer());
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
