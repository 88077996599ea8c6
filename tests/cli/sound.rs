//! Sound in and out of the program without a card: recordings and pipes, through a whole call to the echo.

use crate::support::shape;
use crate::support::{House, bare, until};
use std::io::{Read, Write};
use std::process::{Command, Stdio};
use std::time::Instant;
use tuiphone::audio::wav;
use tuiphone::media::tone::goertzel_dbfs;

/// A call to the echo with these devices.
fn call(house: &House, input: &str, output: &str, duration: &str) -> Command {
    let home = house.ini().parent().expect("a folder").to_owned();
    let mut command = bare(&home, &["--audio-in", input, "--audio-out", output]);
    command.arg("--ini").arg(house.ini()).arg("--socket").arg(house.socket());
    command.args(["call", "600", "--duration", duration]);
    command
}

#[test]
fn a_file_of_what_was_heard_is_whole_however_brief_the_call() {
    let house = House::open();
    for (duration, least_s) in [("0.7", 0.6), ("1.6", 1.5)] {
        let heard = house.folder.path().join("heard.wav");
        let output = format!("file:{}", heard.display());
        let done = house.run(&["--audio-out", &output, "call", "601", "--json", "--duration", duration]);
        assert_eq!(done.code, 0, "{done:?}");
        let (samples, rate) = wav::read(&heard).expect("a valid file");
        let seconds = samples.len() as f64 / f64::from(rate);
        assert!(seconds >= least_s, "{seconds} of {duration} s: {done:?}");
    }
}

#[test]
fn a_killed_phone_leaves_a_valid_recording() {
    let house = House::open();
    let heard = house.ini().with_file_name("heard.wav");
    let mut child = call(&house, "tone:700", &format!("file:{}", heard.display()), "60").spawn().expect("it starts");
    let length = || wav::read(&heard).map_or(0, |(samples, _)| samples.len());
    let recorded = until(|| length() >= 3 * 48_000);
    child.kill().expect("killed");
    child.wait().expect("waited for");
    assert!(recorded, "{} samples", length());
    let (samples, rate) = wav::read(&heard).expect("a valid file");
    let level = goertzel_dbfs(&samples[samples.len() - 24_000..], 700.0, 48_000);
    assert!(rate == 48_000 && level > -20.0, "{rate} Hz, {level} dBFS");
}

#[test]
fn what_goes_into_the_pipe_comes_out_of_it() {
    const RATE: u32 = 16_000;
    let house = House::open();
    let start = Instant::now();
    let mut child = call(&house, "pipe:16000", "pipe:16000", "3")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("it starts");
    let mut input = child.stdin.take().expect("its stdin");
    // As long as the call takes it.
    let speaker = std::thread::spawn(move || {
        let tone = |n: u32| (8_192.0 * (n as f32 * 700.0 * std::f32::consts::TAU / RATE as f32).sin()) as i16;
        (0..RATE * 60).try_for_each(|n| input.write_all(&tone(n % RATE).to_le_bytes()))
    });
    let mut bytes = Vec::new();
    child.stdout.take().expect("its stdout").read_to_end(&mut bytes).expect("read");
    assert!(child.wait().expect("waited for").success());
    assert!(speaker.join().expect("no panic").is_err(), "more was taken than the call lasted");
    let heard: Vec<f32> =
        bytes.chunks_exact(2).map(|pair| f32::from(i16::from_le_bytes([pair[0], pair[1]])) / 32_768.0).collect();
    let seconds = heard.len() as f32 / RATE as f32;
    assert!(bytes.len().is_multiple_of(2) && seconds > 2.5, "{} bytes", bytes.len());
    assert!(seconds < start.elapsed().as_secs_f32(), "{seconds} s of sound: more than there was time for");
    let last = &heard[heard.len() - RATE as usize..heard.len() - RATE as usize / 4];
    let level = goertzel_dbfs(last, 700.0, RATE);
    assert!((level + 12.0).abs() < 2.0, "{level} dBFS");
}

/// Signal, three seconds, the same played back: it takes seven seconds.
#[test]
fn the_microphone_is_tested_without_a_card_and_without_an_account() {
    let rows = [("tone:700", Some(0), true), ("null", Some(5), false)];
    let tests = rows.map(|(input, ..)| {
        let home = tempfile::tempdir().expect("a folder");
        let arguments = ["--audio-in", input, "--audio-out", "null", "--json", "test-audio"];
        let child = bare(home.path(), &arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
        (home, child.expect("it starts"))
    });
    for ((_home, child), (input, code, heard)) in tests.into_iter().zip(rows) {
        let done = child.wait_with_output().expect("waited for");
        let line: serde_json::Value = serde_json::from_slice(&done.stdout).expect("JSON");
        shape::told(&line);
        assert_eq!((done.status.code(), &line["verb"]), (code, &"test-audio".into()), "{input}: {line}");
        let loudest = line["sound_test"]["loudest_dbfs"].as_f64().expect("a level");
        assert_eq!(line["sound_test"]["heard"], heard, "{input}: {line}");
        assert!(if heard { (loudest + 12.0).abs() < 1.0 } else { loudest == -96.0 }, "{input}: {line}");
    }
}

#[test]
fn the_level_is_told_while_the_microphone_is_tested() {
    let house = House::open();
    let daemon = house.daemon();
    let (mut watching, mut asking) = (daemon.connect(), daemon.connect());
    watching.ask("attach");
    asking.send(b"test-audio");
    let (mut testing, mut loudest) = (false, f64::MIN);
    let done = until(|| {
        let news = watching.line();
        if news["feed"] == "status" {
            let before = std::mem::replace(&mut testing, news["status"]["testing"] == true);
            return before && !testing;
        }
        loudest = loudest.max(news["mic_dbfs"].as_f64().unwrap_or(f64::MIN));
        false
    });
    assert!(done && loudest > -40.0, "{done}, {loudest} dBFS");
    assert_eq!(asking.line()["sound_test"]["heard"], true);
}

/// The chosen ones in their order, the others, what is missing with the reason; the same from a running phone.
#[test]
fn the_codecs_are_told_as_they_are() {
    let house = House::open();
    let ini = std::fs::read_to_string(house.ini()).expect("read");
    let chosen = "[Settings]\r\naudioCodecs=GSM/8000/1 iLBC/8000/1 PCMU/8000/1 XYZ/8000/1\r\n";
    std::fs::write(house.ini(), ini.replacen("[Settings]\r\n", chosen, 1)).expect("written");
    let alone = house.run(&["codecs", "--json"]);
    let _daemon = house.daemon();
    let told = house.run(&["codecs", "--json"]);
    assert_eq!((alone.code, told.code, alone.json() == told.json()), (0, 0, true), "{alone:?} {told:?}");
    let codecs = told.json()["codecs"].as_array().expect("a list").clone();
    let places: Vec<_> = codecs.iter().filter(|codec| !codec["place"].is_null()).map(|codec| &codec["id"]).collect();
    assert_eq!(places, ["GSM/8000/1", "PCMU/8000/1"]);
    let row = |id: &str| codecs.iter().find(|codec| codec["id"] == id).unwrap_or_else(|| panic!("no {id}"));
    assert_eq!((&row("opus/48000/2")["available"], &row("opus/48000/2")["place"]), (&true.into(), &().into()));
    for id in ["iLBC/8000/1", "XYZ/8000/1"] {
        assert!(row(id)["available"] == false && row(id)["why"].as_str().is_some_and(|why| why.len() > 10), "{id}");
    }
    let lines = house.run(&["codecs"]).stdout;
    assert!(lines.starts_with(" 1  GSM/8000/1       packets of 20 40 60 ms\n 2  PCMU/8000/1 "), "{lines}");
    assert!(lines.contains("iLBC/8000/1      not to be had: there is no sound free"), "{lines}");
}
