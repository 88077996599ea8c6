//! The other side of AudioSocket: servers of sound, well-behaved and otherwise, on real calls.

use crate::exec::{has_tone, tone};
use crate::support::{Finished, House, PATIENCE, closed};
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc;
use std::time::{Duration, Instant};

/// A server that does this with the one that comes; where it is.
fn server(serve: impl FnOnce(TcpStream) + Send + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("its address").to_string();
    std::thread::spawn(move || {
        let (stream, _) = listener.accept().expect("somebody comes");
        stream.set_read_timeout(Some(PATIENCE)).expect("a bound");
        serve(stream);
    });
    address
}

fn frame(stream: &mut TcpStream) -> Option<(u8, Vec<u8>)> {
    let mut header = [0; 3];
    stream.read_exact(&mut header).ok()?;
    let mut payload = vec![0; usize::from(u16::from_be_bytes([header[1], header[2]]))];
    stream.read_exact(&mut payload).ok()?;
    Some((header[0], payload))
}

fn sound(kind: u8, bytes: &[u8]) -> Vec<u8> {
    [&[kind][..], &(bytes.len() as u16).to_be_bytes(), bytes].concat()
}

fn call(house: &House, number: &str, place: &str, more: &[&str]) -> Finished {
    house.run(&[&["call", number, "--json", "--audiosocket", place], more].concat())
}

#[test]
fn a_server_says_and_hears_the_sound_of_a_call_both_rates() {
    for (kind, rate, suffix) in [(0x10, 8_000, ""), (0x12, 16_000, "/16000")] {
        let house = House::open();
        let (tell, told) = mpsc::channel();
        let place = server(move |mut stream| {
            let first = frame(&mut stream).expect("which call it is");
            let mut speaking = stream.try_clone().expect("a copy");
            std::thread::spawn(move || {
                let begun = Instant::now();
                for (nth, part) in (0u32..).zip(tone(30.0, rate).chunks(rate as usize / 25)) {
                    let due = begun + Duration::from_millis(20) * nth.saturating_sub(5);
                    std::thread::sleep(due.saturating_duration_since(Instant::now()));
                    if speaking.write_all(&sound(kind, part)).is_err() {
                        return;
                    }
                }
            });
            let (mut heard, mut last, mut sizes) = (Vec::new(), None, Vec::new());
            while let Some((kind_now, payload)) = frame(&mut stream) {
                last = Some(kind_now);
                if kind_now == kind {
                    sizes.push(payload.len());
                    heard.extend(payload);
                }
            }
            let _ = tell.send((first, heard, last, sizes));
        });
        let done = call(&house, "600", &format!("{place}{suffix}"), &["--duration", "3"]);
        assert_eq!(done.code, 0, "{done:?}");
        let ((kind_of_id, id), heard, last, sizes) = told.recv_timeout(PATIENCE).expect("it ended");
        let id: String = id.iter().map(|byte| format!("{byte:02x}")).collect();
        let json = done.json();
        let named = json["audiosocket"]["id"].as_str().expect("an id").replace('-', "");
        assert_eq!((kind_of_id, id.len(), &id), (0x01, 32, &named));
        assert_eq!(json["audiosocket"]["ended_by"], "call");
        assert!(sizes.iter().all(|size| *size == rate as usize / 25), "20 ms each: {sizes:?}");
        assert!(has_tone(&heard, rate), "{} bytes without the tone", heard.len());
        assert_eq!(last, Some(0x00), "it says goodbye");
    }
}

#[test]
fn a_server_hears_digits_sends_them_and_hangs_up() {
    let house = House::open();
    let text = "[Settings]\r\n[tuiphone]\r\nacceptFrom=any\r\nbindAddress=127.0.0.1\r\n";
    std::fs::write(house.ini(), text).expect("written");
    let daemon = house.daemon_with(&[], "SIP on udp");
    let address = daemon.line().split([' ', ',']).find(|word| word.starts_with("127.0.0.1:")).expect("its address");
    let number = format!("sip:100@{address}");
    let mut watching = daemon.connect();
    watching.ask("watch");
    let (tell, told) = mpsc::channel();
    let place = server(move |mut stream| {
        let _ = frame(&mut stream);
        stream.write_all(&[0x03, 0, 1, b'7', 0x03, 0, 1, b'x', 0x66, 0, 2, 1, 1]).expect("sent");
        let digit = loop {
            match frame(&mut stream) {
                Some((0x03, payload)) => break Some(payload),
                Some(_) => {}
                None => break None,
            }
        };
        let _ = tell.send(digit);
        let _ = stream.write_all(&[0, 0, 0]);
    });
    let waiting = std::thread::spawn({
        let mut program = house.program(&["--standalone", "call", &number, "--json", "--audiosocket", &place]);
        move || {
            program.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped());
            crate::support::finish(program)
        }
    });
    watching.await_event("call_incoming");
    let mut wire = daemon.connect();
    assert_eq!(wire.ask("answer")["ok"], true);
    assert_eq!(watching.await_event("call_dtmf")["digit"], "7");
    assert_eq!(wire.ask("dtmf 4")["ok"], true);
    assert_eq!(told.recv_timeout(PATIENCE).expect("a digit"), Some(b"4".to_vec()));
    let done = waiting.join().expect("it ended");
    assert_eq!(done.code, 0, "{done:?}");
    assert_eq!(done.json()["audiosocket"]["ended_by"], "itself", "{done:?}");
}

#[test]
fn a_hostile_server_ends_its_call_and_nothing_else() {
    for (bytes, why) in [
        (sound(0x12, &[0; 640]), "it sends sound of 16000 Hz, not of 8000 Hz"),
        ([0xff, 0, 1, 4].to_vec(), "it reports error 4"),
        (sound(0x10, &[]).repeat(200_000), "it sent 1000 frames without sound"),
        (vec![0xff; 100_000], "it reports error 255"),
        (vec![0x10, 0xff], ""),
    ] {
        let house = House::open();
        let place = server(move |mut stream| {
            let _ = stream.write_all(&bytes);
        });
        let done = call(&house, "600", &place, &["--timeout", "20"]);
        assert_eq!(done.code, 0, "{why}: {done:?}");
        assert_eq!(done.json()["audiosocket"]["ended_by"], "itself", "{why}: {done:?}");
        assert!(done.stderr.contains(why), "{why}: {done:?}");
    }
}

#[test]
fn what_a_server_said_ahead_is_heard_to_its_end() {
    let house = House::open();
    let (tell, told) = mpsc::channel();
    let place = server(move |mut stream| {
        let _ = frame(&mut stream);
        for part in tone(1.5, 8_000).chunks(320) {
            stream.write_all(&sound(0x10, part)).expect("sent");
        }
        stream.write_all(&[0, 0, 0]).expect("sent");
        let _ = tell.send(std::iter::from_fn(|| frame(&mut stream)).last());
    });
    let done = call(&house, "600", &place, &[]);
    assert_eq!((done.code, &done.json()["audiosocket"]["ended_by"]), (0, &"itself".into()), "{done:?}");
    assert!(done.json()["call"]["duration"].as_f64().expect("seconds") >= 1.5, "{done:?}");
    assert_eq!(told.recv_timeout(PATIENCE).expect("it ended"), Some((0, Vec::new())), "it says goodbye too");
}

#[test]
fn why_a_server_fails_is_told_however_many_digits_come_before() {
    let house = House::open();
    let place = server(|mut stream| {
        let digits = [3, 0, 1, b'1'].repeat(200);
        let _ = stream.write_all(&[&digits[..], &[0xff, 0, 1, 4]].concat());
        while frame(&mut stream).is_some() {}
    });
    let done = call(&house, "600", &place, &[]);
    assert!(done.stderr.contains("it reports error 4"), "{done:?}");
}

#[test]
fn a_server_that_is_not_there_is_named_and_the_call_ends() {
    let house = House::open();
    // A port of UDP alone.
    let (_kept, address) = closed();
    let done = call(&house, "600", &address.to_string(), &[]);
    assert_eq!(done.code, 11, "{done:?}");
    assert!(done.stderr.contains(&format!("no AudioSocket server at {address}: connection refused")), "{done:?}");
    for place in ["nowhere", "host:0", "host:1/11025"] {
        assert_eq!(call(&house, "600", place, &[]).code, 2, "{place}");
    }
}

/// As a sound device of a phone that goes on living: a connection for each call.
#[test]
fn a_phone_may_have_such_a_server_for_its_sound() {
    let house = House::open();
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let place = format!("audiosocket:{}", listener.local_addr().expect("its address"));
    let mut daemon = house.daemon_with(&["--audio-in", &place, "--audio-out", &place], "registered 100@demo");
    let mut wire = daemon.connect();
    for ends_with_its_phone in [false, false, true] {
        assert_eq!(wire.ask("call 601")["ok"], true);
        let (mut stream, _) = listener.accept().expect("the phone comes");
        stream.set_read_timeout(Some(PATIENCE)).expect("a bound");
        assert_eq!(frame(&mut stream).map(|(kind, id)| (kind, id.len())), Some((0x01, 16)));
        let is_loud = |payload: &[u8]| payload.chunks_exact(2).any(|pair| pair[1] as i8 > 4);
        while frame(&mut stream).is_some_and(|(_, payload)| !is_loud(&payload)) {}
        if ends_with_its_phone {
            assert_eq!(daemon.terminate(), 0);
        } else {
            assert_eq!(wire.ask("hangup")["ok"], true);
        }
        assert_eq!(std::iter::from_fn(|| frame(&mut stream)).last(), Some((0, Vec::new())), "it says goodbye");
    }
    let spec = house.run(&["--audio-in", &place, "--audio-out", "pipe:", "status"]);
    assert_eq!((spec.code, spec.stderr.contains("name it once")), (2, true), "{spec:?}");
}
