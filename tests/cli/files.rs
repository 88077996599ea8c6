//! Calls recorded and files played by the program itself: what is on the disk after a kill, and when the disk is full.

use crate::support::{Finished, House, bare, finish, until};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use tuiphone::audio::wav;
use tuiphone::media::tone::goertzel_dbfs;

/// A call to the echo with this microphone.
fn call(house: &House, shell: &[&str], input: &str, more: &[&str]) -> Command {
    let home = house.folder.path();
    let plain = bare(home, &[]);
    let mut command = match shell {
        [] => plain,
        [shell, arguments @ ..] => {
            let mut command = Command::new(shell);
            command.args(arguments).arg(plain.get_program()).env_clear();
            command.envs(plain.get_envs().filter_map(|(name, value)| Some((name, value?))));
            command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
            command
        }
    };
    command.args(["--audio-in", input, "--audio-out", "null", "--ini"]).arg(house.ini());
    command.arg("--socket").arg(house.socket()).args(["call", "600"]).args(more);
    command
}

fn seconds(path: &Path) -> usize {
    match path.extension().is_some_and(|ending| ending == "ogg") {
        // A page each second, behind the two of the head.
        true => {
            let bytes = std::fs::read(path).unwrap_or_default();
            bytes.windows(4).filter(|bytes| bytes == b"OggS").count().saturating_sub(2)
        }
        false => wav::read(path).map_or(0, |(samples, _)| samples.len() / 48_000),
    }
}

#[test]
fn a_kill_leaves_a_recording_that_can_be_played() {
    let house = House::open();
    for name in ["a.wav", "a.ogg"] {
        let path = house.folder.path().join(name);
        let file = path.to_string_lossy().into_owned();
        let mut child = call(&house, &[], "tone:700", &["--record", &file]).spawn().expect("it starts");
        let recorded = until(|| seconds(&path) >= 3);
        child.kill().expect("killed");
        child.wait().expect("waited for");
        assert!(recorded, "{name}: {} s", seconds(&path));
    }
    let (samples, rate) = wav::read(&house.folder.path().join("a.wav")).expect("a valid file");
    let level = goertzel_dbfs(&samples[samples.len() - 48_000..], 700.0, 48_000);
    assert!(rate == 48_000 && level > -20.0, "{rate} Hz, {level} dBFS");
}

/// The limit of a file's size stands for the size of the disk.
#[cfg(unix)]
#[test]
fn a_full_disk_ends_the_recording_and_not_the_call() {
    let house = House::open();
    for (name, blocks) in [("full.wav", "600"), ("full.ogg", "16")] {
        let path = house.folder.path().join(name);
        let file = path.to_string_lossy().into_owned();
        let limit = format!("ulimit -f {blocks}; trap '' XFSZ; exec \"$@\"");
        let shell = ["/bin/sh", "-c", limit.as_str(), "sh"];
        let Finished { code, stdout, stderr } =
            finish(call(&house, &shell, "voice", &["--record", &file, "--duration", "6", "--ndjson"]));
        let told = stdout.matches("cannot record into").count();
        let failed =
            stdout.lines().filter(|line| line.contains("\"call_recording\"") && line.contains("failed")).count();
        // The call went on; the recording that was asked for is not whole.
        assert_eq!((code, failed), (1, 1), "{name}: {stdout}{stderr}");
        assert!(told >= 1, "{stdout}");
        assert!(seconds(&path) >= 1, "{name}: what was written before can be played");
    }
}

#[test]
fn a_played_file_comes_back_from_the_echo_and_its_end_is_told() {
    let house = House::open();
    let path = |name: &str| -> PathBuf { house.folder.path().join(name) };
    let (tone, heard) = (path("tone.wav"), path("heard.wav"));
    let spec = hound::WavSpec {
        channels: 2,
        sample_rate: 16_000,
        bits_per_sample: 16,
        sample_format: hound::SampleFormat::Int,
    };
    let mut writer = hound::WavWriter::create(&tone, spec).expect("a file");
    for n in 0..32_000_u32 {
        let sample = (8_192.0 * (n as f32 * 900.0 * std::f32::consts::TAU / 16_000.0).sin()) as i16;
        (0..2).for_each(|_| writer.write_sample(sample).expect("written"));
    }
    writer.finalize().expect("written");
    std::fs::write(house.ini(), std::fs::read_to_string(house.ini()).unwrap() + "[tuiphone]\r\nrecordStereo=1\r\n")
        .unwrap();
    let files = [tone.to_string_lossy().into_owned(), heard.to_string_lossy().into_owned()];
    let more = ["--play", &files[0], "--record", &files[1], "--duration", "4", "--ndjson"];
    let done = finish(call(&house, &[], "null", &more));
    assert_eq!(done.code, 0, "{done:?}");
    let states: Vec<&str> = ["playing", "ended"]
        .into_iter()
        .filter(|state| done.stdout.contains(&format!("\"playing\":{{\"state\":\"{state}\"")))
        .collect();
    assert_eq!(states, ["playing", "ended"], "{}", done.stdout);
    let mut reader = hound::WavReader::open(&heard).expect("a valid file");
    let samples: Vec<f32> = reader.samples::<i16>().map(|s| f32::from(s.expect("read")) / 32_768.0).collect();
    for side in 0..2 {
        let sound: Vec<f32> = samples.iter().copied().skip(side).step_by(2).skip(24_000).take(48_000).collect();
        let level = goertzel_dbfs(&sound, 900.0, 48_000);
        assert!((level + 12.0).abs() < 3.0, "side {side}: {level} dBFS");
    }
}

#[test]
fn what_cannot_be_played_rings_nobody_and_what_is_not_recorded_is_no_success() {
    let house = House::open();
    let _daemon = house.daemon();
    let nowhere = house.folder.path().join("nowhere").join("x.wav").to_string_lossy().into_owned();
    let test = ["test", "600", "--play", &nowhere];
    let [played, tested] = [&["call", "600", "--play", &nowhere][..], &test].map(|words| house.run(words));
    for done in [played, tested] {
        assert_eq!(done.code, 1, "{done:?}");
        assert!(done.stderr.contains(&format!("cannot play {nowhere}: no such file")), "{done:?}");
    }
    assert_eq!(house.run(&["--json", "history"]).json()["history"].as_array().map(Vec::len), Some(0));
    // The folder may not be made below a file.
    let wrong = house.ini().join("x.wav").to_string_lossy().into_owned();
    let done = house.run(&["call", "600", "--record", &wrong, "--duration", "1", "--json"]);
    let told = done.json();
    assert_eq!((done.code, &told["ok"], &told["outcome"]), (1, &false.into(), &"answered".into()), "{done:?}");
    assert_eq!(told["call"]["recording"]["state"], "failed", "{told}");
    assert!(done.stderr.contains("cannot record"), "{done:?}");
}
