//! What comes and what is played, as rows.
#![allow(clippy::disallowed_methods)] // a moment to count from

use super::*;

/// A packet: number, timestamp and arrival in ms, and what it is: `s`ound, `p`ause, `o`ther.
type Row = (u64, i64, u64, char);

/// Plays rows for so many ms, asking each 10 ms as one does who has played all. The outcome, a letter for each answer:
/// a digit = the frame of that number, `m`issing, `f` = missing and the next one is here, `p`ause, `s`tarved, `.` waiting.
fn run(rows: &[Row], until_ms: u64) -> (String, JitterBuffer) {
    let start = Instant::now();
    let mut buffer = JitterBuffer::new(start);
    let mut rows = rows.iter().peekable();
    let (mut outcome, mut busy_until) = (String::new(), 0);
    for ms in (0..until_ms).step_by(10) {
        let now = start + Duration::from_millis(ms);
        while let Some((number, time, arrival, kind)) = rows.next_if(|row| row.2 <= ms) {
            let kind = match kind {
                's' => Kind::Sound,
                'p' => Kind::Pause,
                _ => Kind::Other,
            };
            let payload = [(*number % 10) as u8; 160];
            let time = RtpTime(u32::MAX - 800).plus((time * 8) as u32);
            let arrival = start + Duration::from_millis(*arrival);
            let (count, payload) = (1_000 + number, &payload);
            buffer.insert(Incoming { count, time, clock_rate: 8_000, payload_type: 0, payload, kind }, arrival);
        }
        if ms < busy_until {
            continue;
        }
        let (letter, lasts) = match buffer.pull(now, Duration::ZERO) {
            Pulled::Frame { payload, .. } => (char::from(b'0' + payload[0]), 20),
            Pulled::Missing { duration, concealed, next } => {
                let lasts = if next.is_some() { duration } else { duration.saturating_sub(concealed) };
                (if next.is_some() { 'f' } else { 'm' }, lasts.as_millis() as u64)
            }
            Pulled::Pause => ('p', 10),
            Pulled::Starved => ('s', 10),
            Pulled::Waiting => ('.', 10),
        };
        if letter.is_ascii_digit() {
            buffer.played(Duration::from_millis(lasts), false);
        }
        outcome.push(letter);
        busy_until = ms + lasts;
    }
    (outcome, buffer)
}

fn sound(count: u64, time: RtpTime, payload: &[u8]) -> Incoming<'_> {
    Incoming { count, time, clock_rate: 8_000, payload_type: 0, payload, kind: Kind::Sound }
}

/// Sound each 20 ms, 0 to `n` − 1.
fn even(n: u64) -> Vec<Row> {
    (0..n).map(|i| (i, 20 * i as i64, 20 * i, 's')).collect()
}

fn without(mut rows: Vec<Row>, lost: &[u64]) -> Vec<Row> {
    rows.retain(|row| !lost.contains(&row.0));
    rows
}

/// The same with these rows changed.
fn with(mut rows: Vec<Row>, changed: &[Row]) -> Vec<Row> {
    rows.retain(|row| changed.iter().all(|new| new.0 != row.0));
    rows.extend_from_slice(changed);
    rows.sort_by_key(|row| row.2);
    rows
}

#[test]
fn what_is_played() {
    let key = |n: u64| (n, 40, 20 * n, 'o');
    let rows: &[(&str, Vec<Row>, u64, &str)] = &[
        ("a line whose first packets come evenly", even(5), 120, "..01234"),
        ("the second comes unevenly", with(even(6), &[(1, 20, 30, 's')]), 140, "....01234"),
        ("the second comes not at all", without(even(6), &[1]), 160, "....0f2345"),
        ("one is lost and its successor here", without(even(6), &[3]), 140, "..012f45"),
        ("two are lost", without(even(7), &[3, 4]), 160, "..012ssf56"),
        ("order is restored", with(even(5), &[(2, 40, 62, 's'), (3, 60, 61, 's')]), 120, "..01s234"),
        ("a packet twice", with(even(5), &[(2, 40, 40, 's'), (2, 40, 41, 's')]), 120, "..01234"),
        ("one comes late and is waited for", with(even(6), &[(3, 60, 95, 's'), (4, 80, 95, 's')]), 150, "..012ss345"),
        ("one comes too late", with(even(7), &[(3, 60, 111, 's')]), 160, "..012f456"),
        ("nothing more comes", even(2), 90, "..01sss"),
        ("silence announced", with(even(3), &[(2, 40, 40, 'p'), (3, 140, 140, 's')]), 200, "..012pppppppp3ss"),
        ("silence unannounced", with(even(2), &[(2, 120, 120, 's'), (3, 140, 140, 's')]), 190, "..01sssssspp23s"),
        (
            "a key is pressed",
            with(even(2), &[key(2), key(3), (4, 80, 80, 's'), (5, 100, 100, 's')]),
            150,
            "..01pppp45s",
        ),
        ("a key is pressed while one speaks", with(even(3), &[(3, 40, 41, 'o'), (4, 60, 60, 's')]), 120, "..0124ss"),
    ];
    for (name, rows, until_ms, expected) in rows {
        assert_eq!(run(rows, *until_ms).0, *expected, "{name}");
    }
}

/// Half a second without anything is a pause: what comes then begins anew.
#[test]
fn who_says_nothing_any_more_pauses() {
    let (outcome, _) = run(&even(2), 700);
    assert_eq!(outcome, format!("..01{}{}", "s".repeat(50), "p".repeat(14)));
}

/// The sender's clock stood still in its pause: its next word is late by none of that.
#[test]
fn a_clock_that_stands_still_in_a_pause_delays_nothing() {
    let mut rows = even(3);
    rows.push((3, 60, 60, 'p'));
    rows.extend((0..20).map(|n| (4 + n, 80 + 20 * n as i64, 1_000 + 20 * n, 's')));
    let (outcome, buffer) = run(&rows, 1_400);
    assert_eq!((buffer.counters().dropped, buffer.counters().missing, buffer.counters().late), (0, 0, 0), "{outcome}");
    assert!(buffer.delay() <= Duration::from_millis(60), "{:?} {outcome}", buffer.delay());
}

/// A packet that is lost lasted as long as its neighbours leave between them.
#[test]
fn what_is_lost_is_as_long_as_its_place() {
    let mut rows = with(even(3), &[(1, 20, 30, 's')]);
    rows.extend([(4, 100, 100, 's'), (5, 120, 120, 's')]);
    let (outcome, buffer) = run(&rows, 180);
    assert_eq!((outcome.as_str(), buffer.counters().missing), ("....012f45", 1));
}

#[test]
fn counters_add_up() {
    let came = with(
        without(even(40), &[5, 9, 10, 30]),
        &[(20, 400, 900, 's'), (33, 660, 690, 's'), (34, 680, 690, 's'), (7, 140, 140, 'o')],
    );
    let (_, buffer) = run(&came, 1_000);
    let Counters { played, other, missing, late, duplicate, dropped, .. } = buffer.counters();
    assert_eq!(played + other + late + duplicate + dropped + buffer.slots.held() as u64, came.len() as u64);
    assert_eq!((played, other, missing, late, buffer.counters().awaited), (34, 1, 5, 1, 1));
}

/// Packets of 20 ms become packets of 60 and then of 10: none is missed and none doubled.
#[test]
fn the_length_of_packets_may_change() {
    let start = Instant::now();
    let mut buffer = JitterBuffer::new(start);
    let mut packets = Vec::new();
    let mut time = 0;
    for (count, length) in [20; 10].iter().chain(&[60; 10]).chain(&[10; 20]).enumerate() {
        packets.push((count as u64, time, *length));
        time += length;
    }
    let (mut played, mut busy_until) = (Vec::new(), 0);
    let mut coming = packets.iter().peekable();
    for ms in (0..1_200).step_by(10) {
        let now = start + Duration::from_millis(ms);
        while let Some((count, time, length)) = coming.next_if(|(_, time, length)| time + length <= ms) {
            let time = RtpTime(*time as u32 * 8);
            let payload = [*length as u8];
            buffer.insert(sound(*count, time, &payload), now);
        }
        if ms >= busy_until {
            busy_until = ms + 10;
            if let Pulled::Frame { payload, .. } = buffer.pull(now, Duration::ZERO) {
                let length = u64::from(payload[0]);
                played.push(length);
                busy_until = ms + length;
                buffer.played(Duration::from_millis(length), false);
            }
        }
    }
    assert_eq!(played, packets.iter().map(|(.., length)| *length).collect::<Vec<_>>());
    assert_eq!(buffer.counters().missing, 0);
}

/// The clock changes with the codec; timestamps go on by the old one or begin anew; two packets may change places.
//= RFC 7160 §4.1
#[test]
fn the_clock_may_change() {
    for (name, first_time, order) in [
        ("goes on", 20 * 160, [20_u64, 21]),
        ("goes on, in another order", 20 * 160, [21, 20]),
        ("begins anew", 1_000_000_007, [20, 21]),
    ] {
        let start = Instant::now();
        let mut buffer = JitterBuffer::new(start);
        let mut played = Vec::new();
        for ms in (0..1_000).step_by(10) {
            let now = start + Duration::from_millis(ms);
            if ms % 20 == 0 {
                let n = ms / 20;
                let n = if order.contains(&n) { order[(n - 20) as usize] } else { n };
                let (time, clock_rate) = match n {
                    ..20 => (n as u32 * 160, 8_000),
                    _ => (first_time + (n as u32 - 20) * 960, 48_000),
                };
                let payload = [n as u8];
                buffer.insert(Incoming { clock_rate, ..sound(n, RtpTime(time), &payload) }, now);
            }
            if ms % 20 == 0
                && let Pulled::Frame { payload, .. } = buffer.pull(now, Duration::ZERO)
            {
                played.push(payload[0]);
                buffer.played(Duration::from_millis(20), false);
            }
        }
        assert!(played.windows(2).all(|pair| pair[1] == pair[0] + 1) && played.len() > 45, "{name}: {played:?}");
        let Counters { missing, late, dropped, restarts, .. } = buffer.counters();
        assert_eq!((missing, late, dropped, restarts), (0, 0, 0, 0), "{name}");
        assert!(buffer.delay() < Duration::from_millis(60), "{name}: {:?}", buffer.delay());
    }
}

/// One packet out of line is not believed, the second is; sound goes on within 100 ms.
#[test]
fn a_jump_starts_anew() {
    for (number, time) in [(500, 400), (20, 90_000), (20, -90_000)] {
        let follow = |n: u64| (number + n, time + 20 * n as i64, 400 + 20 * n, 's');
        let jumped: Vec<Row> = even(20).into_iter().chain((0..20).map(follow)).collect();
        let (outcome, buffer) = run(&jumped, 700);
        assert_eq!((buffer.counters().restarts, buffer.counters().dropped), (1, 1), "{number}, {time}: {outcome}");
        let (_, after) = outcome.rsplit_once(|c: char| "sp.".contains(c)).unwrap();
        assert!(after.len() >= 10, "{number}, {time}: {outcome}");
        let alone: Vec<Row> = with(even(40), &[(number, time, 400, 's')]);
        let (outcome, buffer) = run(&alone, 700);
        assert_eq!((buffer.counters().restarts, buffer.counters().dropped), (0, 1), "{number}, {time}: {outcome}");
    }
}

/// A second and a half of sound at once: what is too old is left out, and what is new is soon played in time.
#[test]
fn a_flood_is_cut_short() {
    let mut rows = even(100);
    rows.iter_mut().filter(|row| (20..95).contains(&row.0)).for_each(|row| row.2 = 1_880);
    let (_, buffer) = run(&rows, 2_000);
    assert!(buffer.delay() < Duration::from_millis(450), "{:?}", buffer.delay());
    assert!(buffer.counters().dropped > 20, "{:?}", buffer.counters());
}

/// Five seconds of a line whose every fifth packet is late; then the least delay becomes another. How that is gone about.
#[test]
fn what_can_wait_for_a_pause_does() {
    let ms = Duration::from_millis;
    for (late, least, then, expected) in [
        (30, 10, 60, Some(Pace::Stretch(ms(40), Haste::Word))),
        (30, 60, 80, Some(Pace::Stretch(ms(20), Haste::Pause))),
        (30, 60, 60, None),
        (30, 60, 10, Some(Pace::Shorten(ms(20), Haste::Pause))),
        (30, 90, 10, Some(Pace::Shorten(ms(60), Haste::Word))),
        (2, 180, 10, Some(Pace::Shorten(ms(170), Haste::Now))),
    ] {
        let start = Instant::now();
        let mut buffer = JitterBuffer::new(start);
        buffer.set_least(ms(least));
        let mut paces = Vec::new();
        for tick in 0..520_u64 {
            let now = start + ms(10 * tick);
            let packet = |n: u64| (n, if n % 5 == 4 { late } else { 0 });
            let arrives = (0..260).map(packet).filter(|(n, late)| (20 * n + late).div_ceil(10) == tick);
            arrives.for_each(|(n, late)| {
                buffer.insert(sound(n, RtpTime(n as u32 * 160), &[1]), start + ms(20 * n + late))
            });
            if tick == 500 {
                buffer.set_least(ms(then));
            }
            if tick % 2 == 0
                && let Pulled::Frame { pace, .. } = buffer.pull(now, Duration::ZERO)
            {
                paces.push(pace);
                buffer.played(ms(20), false);
            }
        }
        let asked = paces.pop().filter(|pace| *pace != Pace::Even);
        assert_eq!(asked, expected, "{late} ms late, at least {least}, then {then} ms");
    }
}

/// What a packet that repeats its predecessor is worth: with loss the buffer waits for one more, through pauses too.
#[test]
fn with_loss_and_redundancy_one_more_packet_is_waited_for() {
    let start = Instant::now();
    // The first so many packets repeat their predecessors.
    for (repeats, lossy, waits) in [(0, true, false), (500, false, false), (500, true, true), (100, true, true)] {
        let mut buffer = JitterBuffer::new(start);
        for n in 0..500_u64 {
            let now = start + Duration::from_millis(20 * n);
            if !lossy || n % 20 != 7 {
                let time = RtpTime(n as u32 * 160);
                buffer.insert(sound(n, time, &[1]), now);
            }
            let mut ahead = Duration::ZERO;
            // Whoever plays sound stretches it as asked.
            while let Pulled::Frame { pace, .. } = buffer.pull(now, ahead) {
                buffer.played(Duration::from_millis(20), n < repeats);
                match pace {
                    Pace::Shorten(spare, _) if spare >= Duration::from_millis(20) => ahead = Duration::ZERO,
                    _ => break,
                }
            }
        }
        let target = buffer.target(start + Duration::from_secs(10));
        assert_eq!(target, Duration::from_millis(if waits { 30 } else { 10 }), "{repeats}, {lossy}");
    }
}

#[test]
fn what_is_longer_than_any_codec_makes_it_is_dropped() {
    let now = Instant::now();
    let mut buffer = JitterBuffer::new(now);
    for (count, length, dropped) in [(1, MAX_PAYLOAD, 0), (2, MAX_PAYLOAD + 1, 1)] {
        let payload = &vec![0; length];
        let time = RtpTime(160 * count);
        let packet =
            Incoming { count: count.into(), time, clock_rate: 8_000, payload_type: 0, payload, kind: Kind::Sound };
        buffer.insert(packet, now);
        assert_eq!(buffer.counters().dropped, dropped, "{length} bytes");
    }
}
