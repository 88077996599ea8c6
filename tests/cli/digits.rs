//! Digits on the wire, taken from a socket and read by rules written down here once more: a far end that knows nothing of
//! the phone's own code.

use crate::support::{House, PATIENCE, finish_in};
use std::net::UdpSocket;
use std::process::Stdio;
use std::time::{Duration, Instant};
use tuiphone::media::tone::goertzel_dbfs;

const KEYS: &str = "0123456789*#ABCD";
/// What is dialled: a comma waits a second.
const DIALLED: &str = "1,,2#";
const HEARD: &str = "12#";

#[test]
fn digits_leave_as_events_on_the_clock_of_the_sound() {
    // The last one is what many exchanges answer: durations have the events' clock, timestamps the sound's.
    let rows = [
        ("PCMU/8000/1", "PCMU/8000", 8_000, 8_000),
        ("opus/48000/2", "opus/48000/2", 48_000, 48_000),
        ("PCMU/8000/1 opus/48000/2", "opus/48000/2", 8_000, 48_000),
    ];
    std::thread::scope(|scope| {
        for (codecs, sound, rate, sound_rate) in rows {
            scope.spawn(move || {
                let taken = call(&format!("audioCodecs={codecs}\r\n"), &[sound, &format!("telephone-event/{rate}")]);
                assert_eq!(events(&taken, rate, sound_rate), HEARD, "{codecs}");
            });
        }
    });
}

#[test]
fn digits_leave_as_tones_or_by_info_where_events_are_not_agreed() {
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let taken = call("audioCodecs=PCMU/8000/1\r\n", &["PCMU/8000"]);
            assert_eq!((tones(&taken.packets).as_str(), taken.infos.len()), (HEARD, 0));
        });
        scope.spawn(|| {
            let taken = call("audioCodecs=PCMU/8000/1\r\nDTMFMethod=3\r\n", &["PCMU/8000", "telephone-event/8000"]);
            let bodies: Vec<String> = HEARD.chars().map(|key| format!("Signal={key}\r\nDuration=160\r\n")).collect();
            assert_eq!(taken.infos, bodies);
            assert_eq!((tones(&taken.packets).as_str(), events(&taken, 8_000, 8_000).as_str()), ("", ""));
        });
    });
}

/// The keys of the telephone events, each held against RFC 4733; the clocks of the events and of the sound.
fn events(taken: &Taken, rate: u32, sound_rate: u32) -> String {
    let (packet, sound) = (rate / 50, sound_rate / 50);
    let events: Vec<&Packet> = taken.packets.iter().filter(|p| p.payload_type == taken.event_type).collect();
    let mut keys = String::new();
    let mut ended: Option<u32> = None;
    for event in events.chunk_by(|a, b| a.timestamp == b.timestamp) {
        let durations: Vec<u32> =
            event.iter().map(|p| u16::from_be_bytes([p.payload[2], p.payload[3]]).into()).collect();
        let key = event[0].payload[0];
        //= RFC 4733 §2.3: event, end bit, a reserved bit that is 0, volume; §2.5.1.2: the marker on the first packet only
        for (n, p) in event.iter().enumerate() {
            assert_eq!(
                (p.payload.len(), p.payload[0], p.payload[1] & 0x7f, p.marker),
                (4, key, 10, n == 0),
                "{event:?}"
            );
        }
        //= RFC 4733 §2.5.1.4: the end three times, word for word
        let ends = event.iter().filter(|p| p.payload[1] & 0x80 != 0).count();
        let (rest, last) = event.split_at(event.len() - 3);
        assert!(
            ends == 3 && last.iter().all(|p| p.payload == last[2].payload && p.payload[1] & 0x80 != 0),
            "{event:?}"
        );
        //= RFC 4733 §2.5.1.2: each packet tells how long the key has been down, 160 ms in all
        let told: Vec<u32> = (1..=rest.len() as u32 + 1).map(|n| n * packet).chain([8 * packet; 2]).collect();
        assert_eq!(durations, told, "{event:?}");
        //= RFC 4733 §2.5.1.2: it stands where the sound would have stood, and the sound goes on behind it
        let at = taken.packets.iter().position(|p| p.sequence == event[0].sequence).expect("taken");
        let (before, after) = (taken.packets[..at].last(), &taken.packets[at + event.len()]);
        let since = before.map(|before| event[0].timestamp.wrapping_sub(before.timestamp));
        assert!(since.is_none_or(|since| since == sound), "{before:?} {:?}", event[0]);
        assert_eq!(after.timestamp.wrapping_sub(event[0].timestamp), event.len() as u32 * sound, "{after:?}");
        //= ITU-T Q.24: 40 ms between two keys; the commas stand for two seconds, not for one
        let pause = ended.map_or(sound_rate * 60, |ended| event[0].timestamp.wrapping_sub(ended));
        // The clock of the sound stands still where the machine does.
        let least = if keys == "1" { 3 * sound_rate / 2 } else { sound_rate / 25 };
        assert!((least..sound_rate * 61).contains(&pause), "{pause} ticks before {event:?}");
        ended = Some(event[0].timestamp.wrapping_add(8 * sound));
        keys.extend(KEYS.chars().nth(key.into()));
    }
    for pair in taken.packets.windows(2) {
        assert_eq!(pair[1].sequence, pair[0].sequence.wrapping_add(1), "one sequence for sound and events");
    }
    keys
}

/// The keys heard in packets of PCMU.
fn tones(packets: &[Packet]) -> String {
    const ROWS: [f32; 4] = [697.0, 770.0, 852.0, 941.0];
    const COLUMNS: [f32; 4] = [1_209.0, 1_336.0, 1_477.0, 1_633.0];
    let loudest = |sound: &[f32], of: [f32; 4]| {
        let levels = of.map(|hz| goertzel_dbfs(sound, hz, 8_000));
        let at = (0..4).max_by(|a, b| levels[*a].total_cmp(&levels[*b])).expect("four");
        let rest = (0..4).filter(|n| *n != at).map(|n| levels[n]).fold(f32::MIN, f32::max);
        (levels[at] > -20.0 && levels[at] - rest > 8.0).then_some(at)
    };
    let mut runs: Vec<(Option<char>, usize)> = Vec::new();
    for packet in packets.iter().filter(|packet| packet.payload_type == 0) {
        let sound: Vec<f32> = packet.payload.iter().map(|byte| linear(*byte)).collect();
        let key = loudest(&sound, ROWS)
            .zip(loudest(&sound, COLUMNS))
            .and_then(|(row, column)| ["123A", "456B", "789C", "*0#D"][row].chars().nth(column));
        match runs.last_mut() {
            Some((last, count)) if *last == key => *count += 1,
            _ => runs.push((key, 1)),
        }
    }
    let heard: Vec<(char, usize)> = runs.iter().filter_map(|(key, count)| Some(((*key)?, *count))).collect();
    assert!(heard.iter().all(|(_, count)| (7..=9).contains(count)), "160 ms are eight packets: {runs:?}");
    heard.into_iter().map(|(key, _)| key).collect()
}

/// ITU-T G.711, µ-law.
fn linear(byte: u8) -> f32 {
    let (byte, sign) = (!byte, if byte & 0x80 == 0 { -1.0 } else { 1.0 });
    let magnitude = ((i32::from(byte & 0x0f) * 2 + 33) << ((byte >> 4) & 7)) - 33;
    sign * magnitude as f32 / 8_192.0
}

#[derive(Debug)]
struct Packet {
    marker: bool,
    payload_type: u8,
    sequence: u16,
    timestamp: u32,
    payload: Vec<u8>,
}

impl Packet {
    /// RFC 3550 §5.1, without extension and contributing sources.
    fn read(datagram: &[u8]) -> Packet {
        assert_eq!(datagram[0], 0x80, "version 2 and nothing more");
        Packet {
            marker: datagram[1] & 0x80 != 0,
            payload_type: datagram[1] & 0x7f,
            sequence: u16::from_be_bytes([datagram[2], datagram[3]]),
            timestamp: u32::from_be_bytes([datagram[4], datagram[5], datagram[6], datagram[7]]),
            payload: datagram[12..].to_vec(),
        }
    }
}

/// What a far end got.
struct Taken {
    packets: Vec<Packet>,
    infos: Vec<String>,
    event_type: u8,
}

/// A call of a phone with these settings to a far end that takes these encodings of its offer.
fn call(settings: &str, encodings: &[&str]) -> Taken {
    let house = House::open();
    let ini = format!("[Settings]\r\n{settings}[tuiphone]\r\nbindAddress=127.0.0.1\r\n");
    std::fs::write(house.ini(), ini).expect("written");
    let sip = UdpSocket::bind("127.0.0.1:0").expect("a port");
    let number = format!("sip:600@{}", sip.local_addr().expect("bound"));
    let mut program = house.program(&["call", &number, "--dtmf", DIALLED, "--duration", "4"]);
    let phone = program.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it starts");
    let taken = take(&sip, encodings);
    let done = finish_in(phone);
    assert_eq!(done.code, 30, "nothing was sent back: {done:?}");
    taken
}

/// Answers a call, and takes what comes until it is hung up.
fn take(sip: &UdpSocket, encodings: &[&str]) -> Taken {
    let rtp = UdpSocket::bind("127.0.0.1:0").expect("a port");
    rtp.set_nonblocking(true).expect("it can be");
    sip.set_read_timeout(Some(Duration::from_millis(20))).expect("a patience");
    let mut taken = Taken { packets: Vec::new(), infos: Vec::new(), event_type: 128 };
    let (mut buffer, started) = ([0; 4_096], Instant::now());
    while started.elapsed() < PATIENCE {
        while let Ok(length) = rtp.recv(&mut buffer) {
            taken.packets.push(Packet::read(&buffer[..length]));
        }
        let Ok((length, from)) = sip.recv_from(&mut buffer) else { continue };
        let request = String::from_utf8_lossy(&buffer[..length]).into_owned();
        let (head, body) = request.split_once("\r\n\r\n").unwrap_or((&request, ""));
        let method = head.split(' ').next().unwrap_or_default();
        let mut answer = String::new();
        match method {
            "ACK" => continue,
            "INVITE" => {
                let number = |encoding: &&str| {
                    body.lines()
                        .find_map(|line| line.strip_prefix("a=rtpmap:")?.strip_suffix(*encoding)?.trim().parse().ok())
                };
                let numbers: Vec<u8> = encodings.iter().filter_map(number).collect();
                assert_eq!(numbers.len(), encodings.len(), "{encodings:?} in {body}");
                taken.event_type = numbers.get(1).copied().unwrap_or(128);
                let formats: Vec<String> = numbers.iter().map(u8::to_string).collect();
                let port = rtp.local_addr().expect("bound").port();
                answer = format!(
                    "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n\
                     m=audio {port} RTP/AVP {}\r\n",
                    formats.join(" ")
                );
                numbers.iter().zip(encodings).for_each(|(n, name)| answer += &format!("a=rtpmap:{n} {name}\r\n"));
            }
            "INFO" => taken.infos.push(body.to_owned()),
            _ => {}
        }
        let echoed =
            head.lines().filter(|line| ["Via", "From", "Call-ID", "CSeq"].iter().any(|name| line.starts_with(name)));
        let echoed: Vec<&str> = echoed.collect();
        let to = head.lines().find(|line| line.starts_with("To:")).unwrap_or_default();
        let tag = if to.contains(";tag=") { "" } else { ";tag=far" };
        let (kind, length) = (if answer.is_empty() { "" } else { "Content-Type: application/sdp\r\n" }, answer.len());
        let contact = format!("Contact: <sip:600@{}>", sip.local_addr().expect("bound"));
        let response = format!(
            "SIP/2.0 200 OK\r\n{}\r\n{to}{tag}\r\n{contact}\r\n{kind}Content-Length: {length}\r\n\r\n{answer}",
            echoed.join("\r\n")
        );
        sip.send_to(response.as_bytes(), from).expect("sent");
        if method == "BYE" {
            return taken;
        }
    }
    panic!("nobody hung up in {PATIENCE:?}: {} packets, {:?}", taken.packets.len(), taken.infos);
}
