//! `trace` over a link: the messages that were, and those to come; what they look like in words and files.

pub mod export;
pub mod ladder;
pub mod mermaid;
pub mod pcapng;
pub mod why;
pub mod words;

use super::feed::Feed;
use super::link::{Link, fields_of, hear};
use super::socket::Client;
use super::{CommandError, TraceAsk, TraceDepth, TraceLine, json};
use crate::engine::trace::ask::Packets;
use serde_json::{Map, Value};
use tokio::sync::mpsc;

/// Messages that wait for whoever writes them on; each may be tens of kilobytes.
const BACKLOG: usize = 32;

impl Link {
    /// The messages that were.
    ///
    /// # Errors
    /// There is no such account, or `NoDaemon`.
    pub async fn traced(&self, ask: &TraceAsk) -> Result<Map<String, Value>, CommandError> {
        // Whoever asks for an answer gets one, whatever is to come.
        let ask = TraceAsk { follow: false, sound: None, ..ask.clone() };
        match self {
            Link::Local(handle) => {
                let messages = handle.trace(&ask).await?.past;
                Ok(Map::from_iter([("messages".to_owned(), serde_json::json!(messages))]))
            }
            Link::Socket(path) => fields_of(Client::connect(path).await?.ask(&line(&ask).to_string()).await?),
        }
    }

    /// The last messages and those to come. The channel closes after `Feed::Closed`.
    ///
    /// # Errors
    /// There is no such account, or `NoDaemon`.
    pub async fn trace(&self, ask: &TraceAsk) -> Result<mpsc::Receiver<Feed>, CommandError> {
        let (out, news) = mpsc::channel(BACKLOG);
        match self {
            Link::Local(handle) => {
                let mut stream = handle.trace(ask).await?;
                let mut packets = handle.trace_sound(ask).await?;
                tokio::spawn(async move {
                    let past = std::mem::take(&mut stream.past).into_iter().map(TraceLine::Sip);
                    for line in past {
                        if out.send(Feed::Traced(Box::new(line))).await.is_err() {
                            return;
                        }
                    }
                    let why = loop {
                        let line = tokio::select! {
                            told = stream.next() => match told {
                                Ok(message) => TraceLine::Sip(message),
                                Err(over) => break over.to_string(),
                            },
                            packet = next(&mut packets) => TraceLine::Rtp(packet),
                            () = out.closed() => return,
                        };
                        if out.send(Feed::Traced(Box::new(line))).await.is_err() {
                            return;
                        }
                    };
                    let _ = out.send(Feed::Closed(why)).await;
                });
            }
            Link::Socket(path) => hear(path, &line(ask), json::feed_from, out).await?,
        }
        Ok(news)
    }
}

/// The next packet; never, where none are asked for or there are no more.
async fn next(packets: &mut Option<Packets>) -> crate::engine::trace::sound::TracedPacket {
    if let Some(open) = packets {
        match open.next().await {
            Some(packet) => return packet,
            None => *packets = None,
        }
    }
    std::future::pending().await
}

/// The JSON line that parses back to it.
fn line(ask: &TraceAsk) -> Value {
    let TraceAsk { last, follow, call, method, account, no_body, data, sound } = ask;
    let last = last.or((!follow).then_some(usize::from(u16::MAX)));
    serde_json::json!({
        "verb": "trace", "last": last, "follow": follow, "call": call, "method": method, "account": account,
        "no-body": no_body, "data": data, "rtp": sound.is_some(), "audio": *sound == Some(TraceDepth::Whole),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::control::spelling;
    use crate::control::verb::Request;

    #[test]
    fn every_ask_survives_its_line() {
        let some = |text: &str| Some(text.to_owned());
        let live = TraceAsk { follow: true, ..TraceAsk::default() };
        for ask in [
            TraceAsk { last: Some(7), call: some("c1"), method: some("INVITE"), ..live.clone() },
            TraceAsk { sound: Some(TraceDepth::Header), account: some("2"), no_body: true, ..live.clone() },
            TraceAsk { sound: Some(TraceDepth::Whole), ..live },
            TraceAsk { last: Some(200), data: true, ..TraceAsk::default() },
        ] {
            let line = line(&ask).to_string();
            match spelling::parse(&line).request {
                Ok(Request::Trace { ask: read, .. }) => assert_eq!(read, ask, "{line}"),
                other => panic!("{line}: {other:?}"),
            }
        }
    }
}
