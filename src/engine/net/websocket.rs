//! SIP over WebSocket (RFC 7118), as a client: one message a frame, text where it is text, and never an endless one.

use super::stream::{Duplex, PING, Patience};
use crate::sip::message::MAX_MESSAGE;
use crate::text::{plain_error, sanitise};
use crate::ua::port::Identity;
use futures_util::{SinkExt, StreamExt};
use std::net::{IpAddr, SocketAddr};
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until, timeout};
use tokio_tungstenite::tungstenite::client::ClientRequestBuilder;
use tokio_tungstenite::tungstenite::error::{Error, ProtocolError};
use tokio_tungstenite::tungstenite::protocol::{Message, WebSocketConfig};
use tokio_tungstenite::{WebSocketStream, client_async_with_config};

/// An open WebSocket.
pub type Socket = WebSocketStream<Box<dyn Duplex>>;

/// Asks for SIP over WebSocket at `address`, by the identity's name.
///
/// # Errors
/// What the server said instead, in words.
pub async fn open(
    stream: Box<dyn Duplex>,
    address: SocketAddr,
    secure: bool,
    identity: &Identity,
) -> Result<Socket, String> {
    let Identity { name, web_socket_path, .. } = identity;
    let scheme = if secure { "wss" } else { "ws" };
    let host = if matches!(name.parse(), Ok(IpAddr::V6(_))) { format!("[{name}]") } else { name.clone() };
    let path = web_socket_path.trim_start_matches('/');
    let uri = format!("{scheme}://{host}:{}/{path}", address.port());
    let uri = uri.parse().map_err(|_| format!("webSocketPath is no path: {}", sanitise(web_socket_path)))?;
    //= RFC 7118 §4.1: the subprotocol is `sip`, and a server that does not speak it is left
    let request = ClientRequestBuilder::new(uri).with_sub_protocol("sip");
    let config = WebSocketConfig::default()
        .max_message_size(Some(MAX_MESSAGE))
        .max_frame_size(Some(MAX_MESSAGE))
        .read_buffer_size(4096)
        .write_buffer_size(0)
        .max_write_buffer_size(4 * MAX_MESSAGE);
    match client_async_with_config(request, stream, Some(config)).await {
        Ok((socket, _)) => Ok(socket),
        Err(Error::Http(response)) => Err(format!(
            "{host} answered {} to a WebSocket at /{}; is webSocketPath right?",
            response.status().as_u16(),
            sanitise(path)
        )),
        Err(Error::Protocol(ProtocolError::SecWebSocketSubProtocolError(_))) => {
            Err(format!("{host} speaks no SIP on its WebSocket at /{}; is webSocketPath right?", sanitise(path)))
        }
        Err(Error::Io(error)) => Err(plain_error(&error)),
        Err(error) => Err(format!("{host} speaks no WebSocket here: {}", sanitise(&error.to_string()))),
    }
}

/// Carries messages until the connection ends, as [`super::stream::carry`] does.
pub async fn carry<A>(
    mut socket: Socket,
    patience: Patience,
    mut queue: mpsc::Receiver<Vec<u8>>,
    mut arrived: impl FnMut(Vec<u8>) -> A,
) -> String
where
    A: Future<Output = bool>,
{
    let mut idle = Instant::now() + patience.first;
    let mut pong: Option<Instant> = None;
    loop {
        tokio::select! {
            received = socket.next() => {
                let bytes = match received {
                    None | Some(Ok(Message::Close(_))) => return "the peer closed the connection".to_owned(),
                    Some(Err(Error::Io(error))) => return plain_error(&error),
                    Some(Err(error)) => return sanitise(&error.to_string()),
                    Some(Ok(Message::Text(text))) => text.as_bytes().to_vec(),
                    Some(Ok(Message::Binary(bytes))) => bytes.to_vec(),
                    // The library answers pings while it reads.
                    Some(Ok(Message::Ping(_) | Message::Frame(_))) => Vec::new(),
                    Some(Ok(Message::Pong(_))) => {
                        pong = None;
                        Vec::new()
                    }
                };
                idle = Instant::now() + patience.idle;
                let is_message = bytes.iter().any(|byte| !matches!(byte, b'\r' | b'\n'));
                if is_message && !arrived(bytes).await {
                    return "the phone stops".to_owned();
                }
            }
            queued = queue.recv() => {
                let Some(bytes) = queued else { return "the phone stops".to_owned() };
                let is_ping = bytes == PING;
                match timeout(patience.write, socket.send(frame(bytes))).await {
                    Ok(Ok(())) => {}
                    Ok(Err(Error::Io(error))) => return plain_error(&error),
                    Ok(Err(error)) => return sanitise(&error.to_string()),
                    Err(_) => return format!("the peer took nothing for {} s", patience.write.as_secs()),
                }
                if is_ping {
                    pong.get_or_insert(Instant::now() + patience.pong);
                }
            }
            () = sleep_until(pong.map_or(idle, |at| at.min(idle))) => {
                return match pong.filter(|at| *at <= Instant::now()) {
                    Some(_) => format!("no answer to a keep-alive in {} s", patience.pong.as_secs()),
                    None => "nothing was heard for too long".to_owned(),
                };
            }
        }
    }
}

/// A message in one frame; a keep-alive is WebSocket's own (RFC 7118 §6), which every peer must answer.
fn frame(bytes: Vec<u8>) -> Message {
    if bytes == PING {
        return Message::Ping(Vec::new().into());
    }
    //= RFC 7118 §5: text if it is UTF-8, binary otherwise
    match String::from_utf8(bytes) {
        Ok(text) => Message::Text(text.into()),
        Err(other) => Message::Binary(other.into_bytes().into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::RefCell;
    use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};
    use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
    use tokio_tungstenite::tungstenite::protocol::Role;

    fn run<T>(test: impl Future<Output = T>) -> T {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
        runtime.expect("a runtime").block_on(test)
    }

    fn identity(name: &str, path: &str) -> Identity {
        Identity { name: name.to_owned(), tls: Default::default(), web_socket_path: path.to_owned() }
    }

    /// What a server that answers with this says of the request, and how it ended for us.
    fn shake_hands(identity: &Identity, answer: impl FnOnce(&str) -> String) -> (String, Result<(), String>) {
        run(async {
            let (ours, mut theirs) = tokio::io::duplex(1 << 16);
            let address = "127.0.0.1:5066".parse().expect("an address");
            let server = async {
                let mut request = Vec::new();
                while !request.ends_with(b"\r\n\r\n") {
                    request.push(theirs.read_u8().await.expect("a request"));
                }
                let request = String::from_utf8(request).expect("text");
                let _ = theirs.write_all(answer(&request).as_bytes()).await;
                request
            };
            let (opened, request) = tokio::join!(open(Box::new(ours), address, false, identity), server);
            (request, opened.map(|_| ()))
        })
    }

    fn accepted(request: &str, protocol: &str) -> String {
        let key = request.lines().find_map(|line| line.strip_prefix("Sec-WebSocket-Key: ")).expect("a key");
        let accept = derive_accept_key(key.trim().as_bytes());
        format!(
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Accept: {accept}\r\n{protocol}\r\n"
        )
    }

    //= RFC 7118 §4.1
    #[test]
    fn sip_is_asked_for_and_must_be_granted() {
        let sip = |request: &str| accepted(request, "Sec-WebSocket-Protocol: sip\r\n");
        let (request, opened) = shake_hands(&identity("pbx.example.net", "/ws"), sip);
        assert_eq!(opened, Ok(()));
        assert!(request.starts_with("GET /ws HTTP/1.1\r\n"), "{request}");
        assert!(request.contains("Sec-WebSocket-Protocol: sip\r\n"), "{request}");
        assert!(request.contains("Host: pbx.example.net:5066\r\n"), "{request}");
        let (request, _) = shake_hands(&identity("::1", ""), sip);
        assert!(request.starts_with("GET / HTTP/1.1\r\n") && request.contains("Host: [::1]:5066\r\n"), "{request}");

        for (answer, words) in [
            ("", "speaks no SIP on its WebSocket at /ws"),
            ("Sec-WebSocket-Protocol: chat\r\n", "speaks no SIP on its WebSocket at /ws"),
            ("HTTP/1.1 404 Not Found\r\n\r\n", "answered 404 to a WebSocket at /ws"),
            ("SIP/2.0 400 Bad Request\r\n\r\n", "speaks no WebSocket here"),
        ] {
            let whole = answer.ends_with("\r\n\r\n");
            let answer = |request: &str| if whole { answer.to_owned() } else { accepted(request, answer) };
            let (_, opened) = shake_hands(&identity("pbx.example.net", "ws"), answer);
            let why = opened.expect_err(words);
            assert!(why.contains(words) && !why.contains('\n'), "{why}");
        }
    }

    /// Runs a socket beside a server: how it ended, what it brought, after how long.
    fn with<F: Future<Output = ()>>(
        to_send: &[&[u8]],
        server: impl FnOnce(WebSocketStream<DuplexStream>) -> F,
    ) -> (String, Vec<Vec<u8>>, u64) {
        run(async {
            let (ours, theirs) = tokio::io::duplex(1 << 20);
            let ours: Box<dyn Duplex> = Box::new(ours);
            let config =
                WebSocketConfig::default().max_message_size(Some(MAX_MESSAGE)).max_frame_size(Some(MAX_MESSAGE));
            let client = WebSocketStream::from_raw_socket(ours, Role::Client, Some(config)).await;
            let theirs = WebSocketStream::from_raw_socket(theirs, Role::Server, None).await;
            let (sender, queue) = mpsc::channel(8);
            to_send.iter().for_each(|bytes| sender.try_send(bytes.to_vec()).expect("room"));
            let came = RefCell::new(Vec::new());
            let arrived = |bytes| {
                came.borrow_mut().push(bytes);
                std::future::ready(true)
            };
            let start = Instant::now();
            let carried = async {
                let why = carry(client, Patience::OPENED, queue, arrived).await;
                (why, start.elapsed().as_secs())
            };
            let ((why, took), ()) = tokio::join!(carried, server(theirs));
            (why, came.into_inner(), took)
        })
    }

    //= RFC 7118 §5
    #[test]
    fn a_frame_is_a_message_text_or_not() {
        let (why, came, _) = with(&[b"OPTIONS", b"\xff"], |mut server| async move {
            assert_eq!(server.next().await.expect("open").expect("sound"), Message::Text("OPTIONS".into()));
            assert_eq!(server.next().await.expect("open").expect("sound"), Message::Binary(vec![0xff].into()));
            for message in [Message::Text("200".into()), Message::Text("\r\n".into()), Message::Binary(vec![1].into())]
            {
                server.send(message).await.expect("taken");
            }
            server.close(None).await.expect("closed");
        });
        assert_eq!((why.as_str(), came), ("the peer closed the connection", vec![b"200".to_vec(), vec![1]]));
    }

    #[test]
    fn too_much_at_once_ends_it() {
        let (why, came, _) = with(&[], |mut server| async move {
            let _ = server.send(Message::Binary(vec![0; MAX_MESSAGE + 1].into())).await;
            let _ = server.next().await;
        });
        assert!(why.contains("too long") && came.is_empty(), "{why}");
    }

    //= RFC 7118 §6
    #[test]
    fn a_keep_alive_must_be_answered() {
        let (why, _, took) = with(&[PING], |mut server| async move {
            // Reading answers.
            while let Some(Ok(_)) = server.next().await {}
        });
        assert_eq!((why.as_str(), took), ("nothing was heard for too long", 3600));
        let (why, _, took) = with(&[PING], |server| async move {
            tokio::time::sleep(std::time::Duration::from_secs(60)).await;
            drop(server);
        });
        assert_eq!((why.as_str(), took), ("no answer to a keep-alive in 10 s", 10));
    }
}
