//! The listener: so many connections at once, each with its time for every step.

use super::answer::{Content, Refusal, status_of, stream, whole};
use super::crowd::{Crowd, Work};
use super::events::Events;
use super::gate::Gate;
use super::openapi;
use super::patient::Patient;
use super::route::{self, Asked, Verb};
use crate::control::link::Link;
use crate::control::outside::names_a_file;
use crate::control::spelling::MAX_LINE;
use crate::control::{CommandError, ExitCode, json};
use hyper::body::{Body, Incoming};
use hyper::header::{CONTENT_TYPE, HeaderMap};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response};
use hyper_util::rt::{TokioIo, TokioTimer};
use std::convert::Infallible;
use std::future::poll_fn;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio::time::timeout;

/// Connections at once: fewer than the phone's socket has places, whoever comes here.
const MAX_CONNECTIONS: usize = 64;
/// Those of them that may be readers of events.
pub(super) const MAX_READERS: usize = 32;
/// Bytes of a request's head, and lines of it.
const MAX_HEAD: usize = 16 * 1024;
const MAX_LINES: usize = 64;
/// How long a request's head may take, its body, and bytes of ours to be read; and how long a connection may idle.
const PATIENCE: Duration = Duration::from_secs(10);
/// What a system that has no descriptors left, say, is given to find some.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// What every connection needs.
struct House {
    link: Link,
    gate: Gate,
    readers: Arc<Semaphore>,
    /// Longest wait for a step of the other end.
    patience: Duration,
}

/// Serves whoever the gate lets in, until dropped.
pub async fn serve(listener: TcpListener, link: Link, gate: Gate) {
    serve_with(listener, link, gate, PATIENCE).await;
}

/// The same, with this much time for each step.
pub(super) async fn serve_with(listener: TcpListener, link: Link, gate: Gate, patience: Duration) {
    let readers = Arc::new(Semaphore::new(MAX_READERS));
    let house = Arc::new(House { link, gate, readers, patience });
    let mut crowd = Crowd::new(MAX_CONNECTIONS);
    loop {
        match listener.accept().await {
            Ok((stream, from)) => crowd.enter(|work| connection(stream, from, house.clone(), work)),
            Err(_) => tokio::time::sleep(ACCEPT_PAUSE).await,
        }
    }
}

/// Serves the one connection that these bytes come and go by, to its end.
pub async fn serve_one<S>(stream: S, from: SocketAddr, link: Link, gate: Gate)
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let house = House { link, gate, readers: Arc::new(Semaphore::new(1)), patience: PATIENCE };
    connection(stream, from, Arc::new(house), Work::default()).await;
}

async fn connection<S>(stream: S, from: SocketAddr, house: Arc<House>, work: Work)
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let patience = house.patience;
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(patience).max_buf_size(MAX_HEAD).max_headers(MAX_LINES);
    let answer = service_fn(move |request| {
        let (house, work) = (house.clone(), work.clone());
        async move {
            let mut at_work = None;
            let answer = answer(request, from, &house, || at_work = Some(work.begin())).await;
            let mut response = answer.unwrap_or_else(Refusal::response);
            response.body_mut().keep(at_work);
            Ok::<_, Infallible>(response)
        }
    });
    // What cannot be read as HTTP has its answer; who goes needs none.
    let _ = http.serve_connection(TokioIo::new(Patient::new(stream, patience)), answer).await;
}

/// Tells `let_in` of a request that passes the gate.
async fn answer(
    request: Request<Incoming>,
    from: SocketAddr,
    house: &House,
    let_in: impl FnOnce(),
) -> Result<Response<Content>, Refusal> {
    let (head, body) = request.into_parts();
    //= RFC 9112 §3.2.2: only a proxy is asked by a whole address
    if head.uri.authority().is_some() || head.method == Method::CONNECT {
        return Err(Refusal::new(400, ExitCode::Usage, "usage", "this is no proxy"));
    }
    house.gate.check(&head.headers)?;
    let_in();
    let asked = match route::asked(&head.method, head.uri.path(), head.uri.query().unwrap_or_default())? {
        Asked::OpenApi => return Ok(whole(200, &openapi::document())),
        Asked::Events(only) => return events(house, only).await,
        Asked::Verb(verb) => verb,
        Asked::WithBody(row) => {
            let body = whole_body(body, house.patience).await?;
            is_json(&head.headers, &body)?;
            route::with_body(row, &body)?
        }
    };
    let is_here = from.ip().to_canonical().is_loopback() && !is_passed_on(&head.headers);
    if !is_here && asked.line.request.as_ref().is_ok_and(names_a_file) {
        let why = "files of this machine are named by callers on it alone";
        return Err(Refusal::new(403, ExitCode::Refused, "not_allowed", why));
    }
    Ok(carry_out(&house.link, asked).await)
}

/// Whoever connects speaks for somebody else, who may be anywhere.
fn is_passed_on(headers: &HeaderMap) -> bool {
    ["forwarded", "via", "x-forwarded-for", "x-real-ip"].iter().any(|name| headers.contains_key(*name))
}

async fn carry_out(link: &Link, asked: Verb) -> Response<Content> {
    let reply = link.reply(&asked.line, &asked.text).await;
    let code = reply.get("error").map_or(ExitCode::Ok, |error| json::error_from(error).code);
    whole(status_of(code), &reply)
}

async fn events(house: &House, only: String) -> Result<Response<Content>, Refusal> {
    let full = |_| Refusal::new(503, ExitCode::NoDaemon, "too_many_clients", "too many read events already");
    let place = house.readers.clone().try_acquire_owned().map_err(full)?;
    let failed = |error: CommandError| Refusal { status: status_of(error.code), error, allow: "" };
    Events::of(&house.link, only, place).await.map(stream).map_err(failed)
}

/// Why this type: a form of somebody's page cannot send it.
fn is_json(headers: &HeaderMap, body: &[u8]) -> Result<(), Refusal> {
    let value = headers.get(CONTENT_TYPE).map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned());
    let media_type = value.as_deref().map(|value| value.split(';').next().unwrap_or_default().trim());
    match media_type {
        None if body.is_empty() => Ok(()),
        Some(media_type) if media_type.eq_ignore_ascii_case("application/json") => Ok(()),
        _ => Err(Refusal::new(
            415,
            ExitCode::Usage,
            "usage",
            "a body is application/json, and says so: Content-Type: application/json",
        )),
    }
}

async fn whole_body(mut incoming: Incoming, patience: Duration) -> Result<Vec<u8>, Refusal> {
    let too_long = || Refusal::new(413, ExitCode::Usage, "usage", "a body may have 64 KiB at most");
    let most = u64::try_from(MAX_LINE).unwrap_or(u64::MAX);
    if incoming.size_hint().lower() > most {
        return Err(too_long());
    }
    let all = async {
        let mut body = Vec::new();
        while let Some(frame) = poll_fn(|context| Pin::new(&mut incoming).poll_frame(context)).await {
            match frame.map(hyper::body::Frame::into_data) {
                Ok(Ok(data)) if body.len() + data.len() > MAX_LINE => return Err(too_long()),
                Ok(Ok(data)) => body.extend_from_slice(&data),
                Ok(Err(_trailers)) => {}
                Err(_) => return Err(Refusal::new(400, ExitCode::Usage, "usage", "the body ended too soon")),
            }
        }
        Ok(body)
    };
    let late = || Refusal::new(408, ExitCode::Usage, "usage", "the body took too long");
    timeout(patience, all).await.unwrap_or_else(|_| Err(late()))
}
