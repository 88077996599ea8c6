//! A clock on the wall that is set, by an hour, a day or a year and back again, while the phone is registered and in a
//! call. The clock is the phone's alone: libfaketime tells it.

use std::net::UdpSocket;
use std::path::PathBuf;
use std::time::{SystemTime, UNIX_EPOCH};

use crate::held::{Row, many};
use crate::phones::{far_phone, hang_up, have, hears, kept, talk};
use crate::registrar::{Registrar, accounts};
use crate::support::{House, Wire, until};
use crate::turns::{calls_in_vain, over_and_over, warming};

/// What it is set to, in seconds from the true time.
const JUMPS: [i64; 6] = [3_600, -3_600, 86_400, -31_536_000, 31_536_000, 0];

/// How far the beginning of its call is from the true time, in seconds.
fn date(wire: &mut Wire) -> i64 {
    let status = wire.ask("status");
    let text = status["calls"][0]["started_at"].as_str().unwrap_or_default();
    let at = humantime::parse_rfc3339(text).unwrap_or_else(|why| panic!("{why}: {status}"));
    let since = |at: SystemTime| at.duration_since(UNIX_EPOCH).expect("after 1970").as_secs() as i64;
    since(at) - since(SystemTime::now())
}

/// The library that the program `faketime` puts before others.
fn library() -> Option<PathBuf> {
    let folders = std::fs::read_dir("/usr/lib").ok()?.filter_map(|entry| Some(entry.ok()?.path()));
    folders.map(|folder| folder.join("faketime/libfaketime.so.1")).find(|path| path.is_file())
}

#[test]
fn a_clock_that_is_set_costs_no_call() {
    if !have("faketime") {
        return;
    }
    let turns = many(2, 30);
    let (house, other) = (House::open(), House::open());
    let (_far, number) = far_phone(&other);
    let socket = UdpSocket::bind("127.0.0.1:0").expect("a port");
    let text = accounts(socket.local_addr().expect("its address"), 1);
    std::fs::write(house.ini(), text + "[tuiphone]\r\nbindAddress=127.0.0.1\r\n").expect("written");
    let registrar = Registrar::start(socket, 1);
    let set = house.folder.path().join("clock");
    let jump = |to: i64| {
        // Whole or not at all: it is read at every look at the clock.
        let new = set.with_extension("new");
        std::fs::write(&new, format!("{to:+}\n")).expect("written");
        std::fs::rename(&new, &set).expect("in its place");
    };
    jump(0);
    let mut command = house.program(&[]);
    command.env("LD_PRELOAD", library().expect("libfaketime")).env("FAKETIME_TIMESTAMP_FILE", &set);
    command.env("FAKETIME_DONT_FAKE_MONOTONIC", "1").env("FAKETIME_NO_CACHE", "1");
    let phone = house.started(command, "SIP on udp");
    assert!(until(|| registrar.has_all()));
    let mut is = 0;
    let (before, after) = over_and_over(&phone, turns, |turn| {
        let mut wire = talk(&phone, &number);
        let dated = date(&mut wire);
        assert!((is - 60..=is + 1).contains(&dated), "{is}: its call is dated {dated} s from the true time");
        is = JUMPS[turn % JUMPS.len()];
        jump(is);
        assert!(hears(&phone), "{is}: the call goes on");
        let begin = registrar.granted();
        assert!(until(|| registrar.granted() > begin), "{is}: it is refreshed");
        assert!(registrar.has_all(), "{is}");
        let status = wire.ask("status");
        let duration = status["calls"][0]["duration"].as_f64().unwrap_or(-1.0);
        assert!((0.0..60.0).contains(&duration), "{is}: a call of {duration} s");
        hang_up(wire);
    });
    jump(0);
    let history = (calls_in_vain() + warming() + turns, kept(&house));
    Row { phase: "clock set", count: turns, before, after, history }.holds();
}
