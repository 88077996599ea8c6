//! The sound of a call over the control socket: after `sound` a connection carries s16le mono both ways, at the pace of the
//! call, to its end. And a program beside such a call, which hears of it and says things.

use super::client::Client;
use super::skew;
use super::socket::{WRITE_PATIENCE, time_now, write};
use super::{Command, CommandError, Event, HangupWhich, json};
use crate::engine::call_sound::CallSound;
use crate::engine::handle::Handle;
use interprocess::local_socket::tokio::Stream;
use rtrb::{Consumer, Producer};
use serde_json::Value;
use std::io;
use std::path::{Path, PathBuf};
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader, ReadHalf, WriteHalf};
use tokio::time::timeout;

/// Bytes that are read at once.
const CHUNK: usize = 4_096;

/// The phone's end: until the call is over, or whoever is its sound has gone; then the call ends too.
pub(super) async fn serve<R, W>(mut sound: CallSound, reading: &mut R, writing: &mut W, handle: &Handle)
where
    R: AsyncRead + Unpin,
    W: AsyncWrite + Unpin,
{
    let mut bytes = [0; CHUNK];
    loop {
        tokio::select! {
            heard = sound.next() => match heard {
                Some(heard) => {
                    if !matches!(timeout(WRITE_PATIENCE, writing.write_all(&heard)).await, Ok(Ok(()))) {
                        break;
                    }
                }
                None => return,
            },
            count = reading.read(&mut bytes), if !sound.is_full() => match count {
                Ok(count @ 1..) => sound.take(bytes.get(..count).unwrap_or_default()),
                _ => break,
            },
        }
    }
    // It may be over by now.
    let _ = handle.request(Command::Hangup { which: HangupWhich::Call(sound.call().to_owned()) }).await;
}

/// The client's end.
#[derive(Debug)]
pub struct Sound {
    reading: BufReader<ReadHalf<Stream>>,
    writing: WriteHalf<Stream>,
    rate: u32,
}

impl Sound {
    /// Becomes the sound of this call of the phone behind the socket, at this rate in Hz.
    ///
    /// # Errors
    /// There is no such call or rate; the phone is another version; `NoDaemon`.
    pub async fn join(path: &Path, call: &str, rate: u32) -> Result<Sound, CommandError> {
        let mut client = Client::connect(path).await?;
        let line = serde_json::json!({"verb": "sound", "call": call, "rate": rate}).to_string();
        if let Some(error) = client.ask(&line).await?.get("error") {
            return Err(skew::explained(path, json::error_from(error)).await);
        }
        let (reading, writing) = client.split();
        Ok(Sound { reading, writing, rate })
    }

    /// Says what comes from the one and hands what is heard to the other, to the end of the call. What is heard is the
    /// clock of what is said; what has no room is left out.
    pub async fn carry(mut self, mut from: Consumer<f32>, mut to: Producer<f32>) {
        let ahead = u64::from(self.rate / 10);
        let (mut heard, mut said) = (0_u64, 0_u64);
        let (mut bytes, mut half, mut out) = ([0; CHUNK], None, Vec::new());
        while let Ok(count @ 1..) = self.reading.read(&mut bytes).await {
            for byte in bytes.iter().take(count) {
                let Some(low) = half.take() else {
                    half = Some(*byte);
                    continue;
                };
                heard += 1;
                let _ = to.push(f32::from(i16::from_le_bytes([low, *byte])) / 32_768.0);
            }
            out.clear();
            while said < heard + ahead {
                let Ok(sample) = from.pop() else {
                    // Who was silent may not say it all at once later.
                    said = said.max(heard);
                    break;
                };
                said += 1;
                out.extend_from_slice(&((sample.clamp(-1.0, 1.0) * 32_767.0).round() as i16).to_le_bytes());
            }
            if self.writing.write_all(&out).await.is_err() {
                return;
            }
        }
    }
}

/// As [`attend`](super::socket::attend), for a call of the phone behind this socket.
///
/// # Errors
/// The program reads no more, what it says cannot be read, or the phone went away.
pub fn attend<R, W>(
    path: PathBuf,
    mut reading: R,
    mut writing: W,
    call: String,
    first: &Event,
) -> impl Future<Output = io::Result<()>> + use<R, W>
where
    R: AsyncRead + Unpin,
    W: AsyncWrite + Unpin,
{
    let first = json::event(first, &time_now());
    async move {
        let mut client = Client::connect(&path).await.map_err(io::Error::other)?;
        client.ask(r#"{"verb":"watch"}"#).await.map_err(io::Error::other)?;
        let (mut told, mut asks) = client.split();
        write(&mut writing, &first).await?;
        let (mut line, mut bytes, mut is_silent) = (Vec::new(), [0; CHUNK], false);
        loop {
            tokio::select! {
                // What of the line is there when the wait is broken off stays.
                count = told.read_until(b'\n', &mut line) => {
                    if count? == 0 {
                        return Ok(());
                    }
                    timeout(WRITE_PATIENCE, writing.write_all(&line)).await??;
                    let told: Value = serde_json::from_slice(&line).unwrap_or_default();
                    let is_over = told.get("event").is_some_and(|event| event == "call_ended");
                    if is_over && told.pointer("/call/id").is_some_and(|id| *id == call.as_str()) {
                        return Ok(());
                    }
                    line.clear();
                }
                count = reading.read(&mut bytes), if !is_silent => match count? {
                    // Who hears about one call need not say anything.
                    0 => is_silent = true,
                    count => asks.write_all(bytes.get(..count).unwrap_or_default()).await?,
                },
            }
        }
    }
}
