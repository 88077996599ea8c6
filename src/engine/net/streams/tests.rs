//! Connections between phones of this machine: shared, tried in turn, bounded.

use super::*;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::timeout;

const MESSAGE: &[u8] = b"OPTIONS sip:a@b SIP/2.0\r\nContent-Length: 0\r\n\r\n";
const LOOPBACK: SocketAddr = SocketAddr::new(IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 0);

fn run(test: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async { timeout(Duration::from_secs(20), test).await.expect("in time") });
}

fn streams() -> Streams {
    Streams::listen(&[LOOPBACK]).expect("a listener")
}

fn at(streams: &Streams) -> SocketAddr {
    *streams.local_addresses().first().expect("listening")
}

fn target(address: SocketAddr) -> Target {
    Target { transport: Transport::Tcp, addresses: vec![address], identity: None }
}

async fn opened(streams: &mut Streams) -> Result<Flow, String> {
    match streams.next().await {
        News::Opened(_, result) => result,
        other => panic!("{other:?}"),
    }
}

#[test]
fn two_phones_share_one_connection_both_ways() {
    run(async {
        let (mut a, mut b) = (streams(), streams());
        a.open(1, target(at(&b)));
        let flow = opened(&mut a).await.expect("it listens");
        assert_eq!(flow, Flow { transport: Transport::Tcp, local: at(&a), remote: at(&b) });
        a.send(flow, MESSAGE.to_vec()).expect("sent");
        let News::Message(back, bytes) = b.next().await else { panic!("a message") };
        assert_eq!(bytes, MESSAGE);
        #[cfg(unix)]
        assert_eq!(back, Flow { transport: Transport::Tcp, local: at(&b), remote: at(&a) });
        // Asked again, both ends find it.
        a.open(2, target(at(&b)));
        assert_eq!(opened(&mut a).await, Ok(flow));
        b.open(3, target(back.remote));
        assert_eq!(opened(&mut b).await, Ok(back));
        b.send(back, MESSAGE.repeat(3)).expect("sent");
        for _ in 0..3 {
            assert!(matches!(a.next().await, News::Message(from, bytes) if from == flow && bytes == MESSAGE));
        }
        drop(b);
        assert!(matches!(a.next().await, News::Closed(lost, _) if lost == flow));
        assert!(a.send(flow, MESSAGE.to_vec()).is_err());
    });
}

#[test]
fn who_asks_meanwhile_gets_the_same_connection() {
    run(async {
        let (mut a, b) = (streams(), streams());
        a.open(1, target(at(&b)));
        a.open(2, target(at(&b)));
        let (first, second) = (opened(&mut a).await, opened(&mut a).await);
        assert!(first.is_ok());
        assert_eq!((first, a.live.len()), (second, 1));
    });
}

#[test]
fn what_comes_of_a_connection_of_before_counts_no_more() {
    run(async {
        let (mut a, b) = (streams(), streams());
        a.open(1, target(at(&b)));
        let flow = opened(&mut a).await.expect("it listens");
        let another = a.live.get(&flow).expect("live").id + 1;
        a.take(Report::Message(another, flow, MESSAGE.to_vec()));
        a.take(Report::Ended(another, flow, "gone".to_owned()));
        assert_eq!((a.live.len(), a.news.len()), (1, 0));
    });
}

#[test]
fn what_is_being_opened_when_the_network_changes_begins_anew() {
    run(async {
        let (mut a, b) = (streams(), streams());
        a.open(1, target(at(&b)));
        let before = a.opening.first().map(|opening| opening.task.id());
        a.keep_only(&[]);
        assert_ne!(a.opening.first().map(|opening| opening.task.id()), before);
        assert!(opened(&mut a).await.is_ok());
        assert_eq!((a.live.len(), a.opening.len()), (1, 0));
    });
}

#[test]
fn addresses_are_tried_in_turn_and_the_last_refusal_told() {
    run(async {
        let closed = std::net::TcpListener::bind(LOOPBACK).and_then(|l| l.local_addr()).expect("a port");
        let (mut a, b) = (streams(), streams());
        a.open(1, Target { addresses: vec![closed, at(&b)], ..target(closed) });
        assert_eq!(opened(&mut a).await.map(|flow| flow.remote), Ok(at(&b)));
        a.open(2, target(closed));
        let words = opened(&mut a).await.expect_err("closed");
        assert_eq!(words, format!("cannot connect to {closed} (tcp): connection refused"));
    });
}

/// A phone that calls its own address is a stranger to itself.
#[test]
fn a_phone_can_connect_to_itself() {
    run(async {
        let mut a = streams();
        a.open(1, target(at(&a)));
        let mut flow = None;
        while flow.is_none() {
            if let News::Opened(_, result) = a.next().await {
                flow = result.ok();
            }
        }
        a.send(flow.expect("it listens"), MESSAGE.to_vec()).expect("sent");
        while !matches!(a.next().await, News::Message(back, _) if Some(back) != flow) {}
        assert_eq!(a.live.len(), 2);
    });
}

/// Of loopback every address is ours on Linux alone.
#[cfg(target_os = "linux")]
#[test]
fn who_says_nothing_makes_room_for_who_does() {
    run(async {
        let mut a = streams();
        let to = at(&a);
        let connect = |host: u8| {
            let socket = tokio::net::TcpSocket::new_v4().expect("a socket");
            socket.bind(SocketAddr::from(([127, 0, 0, host], 0))).expect("loopback");
            async move { socket.connect(to).await.expect("accepted by the system") }
        };
        let mut speaks = connect(1).await;
        speaks.write_all(MESSAGE).await.expect("taken");
        assert!(matches!(a.next().await, News::Message(..)));
        let mut silent = Vec::new();
        for n in 0..300u16 {
            silent.push(connect(2 + u8::try_from(n / 6).expect("50 hosts")).await);
            let _ = timeout(Duration::from_millis(1), a.next()).await;
        }
        while a.turned_away < 300 - 63 {
            let _ = timeout(Duration::from_millis(20), a.next()).await;
        }
        assert_eq!((a.live.len(), a.turned_away), (MAX_ACCEPTED, 300 - 63));
        let mut late = connect(200).await;
        late.write_all(MESSAGE).await.expect("taken");
        assert!(matches!(a.next().await, News::Message(..)), "there is room for one more");
        speaks.write_all(MESSAGE).await.expect("taken");
        assert!(matches!(a.next().await, News::Message(..)), "who has spoken stays");
    });
}

#[test]
fn one_source_cannot_take_every_place() {
    run(async {
        let mut a = streams();
        let mut peers = Vec::new();
        for _ in 0..MAX_PER_SOURCE + 3 {
            peers.push(TcpStream::connect(at(&a)).await.expect("accepted by the system"));
        }
        while a.turned_away < 3 {
            let _ = timeout(Duration::from_millis(20), a.next()).await;
        }
        assert_eq!((a.live.len(), a.turned_away), (MAX_PER_SOURCE, 3));
        // Those turned away see the end; the others are served.
        let last = peers.last_mut().expect("there are some");
        assert!(matches!(last.read(&mut [0; 1]).await, Ok(0) | Err(_)));
        let first = peers.first_mut().expect("there are some");
        first.write_all(MESSAGE).await.expect("taken");
        assert!(matches!(a.next().await, News::Message(..)));
        // A place that is given back is there again.
        peers.clear();
        while !a.live.is_empty() {
            a.next().await;
        }
        let mut late = TcpStream::connect(at(&a)).await.expect("accepted");
        late.write_all(MESSAGE).await.expect("taken");
        assert!(matches!(a.next().await, News::Message(..)));
    });
}

//= RFC 3261 §18.2.2
#[test]
fn a_response_without_its_connection_goes_where_the_via_points() {
    run(async {
        let (mut a, mut b) = (streams(), streams());
        let gone = Flow { transport: Transport::Tcp, local: at(&a), remote: "127.0.0.1:9".parse().expect("it is") };
        let via = format!("Via: SIP/2.0/TCP client.invalid:{};received=127.0.0.1;branch=z9hG4bKa\r\n", at(&b).port());
        let ok = format!("SIP/2.0 200 OK\r\n{via}Content-Length: 0\r\n\r\n");
        a.send(gone, ok.clone().into_bytes()).expect("it will be tried");
        a.send(gone, ok.clone().into_bytes()).expect("it will be tried");
        let work = async {
            loop {
                a.next().await;
            }
        };
        let got = async {
            for _ in 0..2 {
                assert!(matches!(b.next().await, News::Message(_, bytes) if bytes == ok.as_bytes()));
            }
        };
        tokio::select! { () = got => {}, () = work => {} }
        assert!(a.send(gone, MESSAGE.to_vec()).is_err(), "a request is not sent elsewhere");
    });
}

#[test]
fn what_nobody_reads_does_not_pile_up() {
    run(async {
        let mut a = streams();
        let deaf = tokio::net::TcpListener::bind(LOOPBACK).await.expect("a listener");
        a.open(1, target(deaf.local_addr().expect("its address")));
        let flow = opened(&mut a).await.expect("it listens");
        let _peer = deaf.accept().await.expect("connected");
        let mut sent = 0;
        while a.send(flow, vec![b'x'; 60_000]).is_ok() {
            sent += 1;
            assert!(sent < 10 * MAX_QUEUE, "it takes and takes");
            tokio::task::yield_now().await;
        }
        assert!(a.live.is_empty());
    });
}
