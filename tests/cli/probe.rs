//! `test`: calls to the far ends of the demo, measured, judged and told.

use crate::call::silent_far_end;
use crate::support::{Finished, House, PATIENCE, bare, finish, finish_in, lines_of, signal};
use serde_json::Value;
use std::f32::consts::TAU;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use tuiphone::media::voice::Voice;

fn test(house: &House, line: &str) -> Finished {
    let words: Vec<&str> = ["--audio-in", "null", "test"].into_iter().chain(line.split_whitespace()).collect();
    house.run(&words)
}

/// A WAV file at 8 kHz.
fn wav(path: &Path, samples: impl IntoIterator<Item = f32>) {
    let spec = hound::WavSpec {
        channels: 1,
        sample_rate: 8_000,
        bits_per_sample: 16,
        sample_format: hound::SampleFormat::Int,
    };
    let mut writer = hound::WavWriter::create(path, spec).expect("a file");
    for sample in samples {
        writer.write_sample((sample * 32_767.0) as i16).expect("written");
    }
    writer.finalize().expect("whole");
}

/// So many seconds of a voice, every sixth sample: it has next to nothing above 4 kHz.
fn voice(seed: u32, seconds: usize) -> Vec<f32> {
    let mut sound = vec![0.0; 48_000 * seconds];
    Voice::new(seed).fill(&mut sound);
    sound.into_iter().step_by(6).collect()
}

#[test]
fn a_call_is_measured_and_told() {
    let house = House::open();
    let done = test(&house, "600 --duration 3 --json --max-answer 60 --max-registration 60");
    assert_eq!(done.code, 0, "{done:?}");
    assert_eq!(done.stderr, "", "progress is for terminals");
    let told = done.json();
    assert_eq!((&told["verb"], &told["ok"], &told["outcome"]), (&"test".into(), &true.into(), &"answered".into()));
    let run = &told["runs"][0];
    for key in ["registered_after", "post_dial_delay", "time_to_answer", "first_rtp_after", "duration", "jitter_rx_ms"]
    {
        assert!(run["measures"][key].as_f64().is_some_and(|value| value >= 0.0), "{key} in {run}");
    }
    assert!(run["measures"]["time_to_answer"].as_f64() >= Some(0.8), "the echo answers after 0.8 s: {run}");
    assert_eq!((&run["codec"], &run["transport"], &run["heard_here"]), (&"opus".into(), &"udp".into(), &true.into()));
    assert_eq!((&run["status"], &run["ended_by"]), (&200.into(), &"local".into()));
    assert_eq!(told["account"], "100@demo");
    let levels: Vec<&Value> = run["checks"].as_array().expect("checks").iter().map(|check| &check["level"]).collect();
    assert_eq!(levels, ["ok", "ok", "ok"], "{run}");
}

#[test]
fn the_exit_code_is_the_outcome_or_what_became_of_the_expectation() {
    let house = House::open();
    let rows = [
        ("602", 20, "FAILED  outcome: busy (486"),
        ("602 --expect busy --max-pdd 9", 0, "ok      outcome: busy (486"),
        ("602 --expect 486", 0, "ok      outcome"),
        ("603 --expect rejected", 0, "ok      outcome"),
        ("999 --expect not-found", 0, "ok      outcome"),
        ("999", 23, "FAILED  outcome: no such number (404"),
        ("604 --timeout 5 --expect no-answer", 0, "ok      outcome: no answer"),
        ("600 --duration 1 --expect busy", 31, "FAILED  outcome: answered"),
        ("600 --duration 3 --max-answer 0.1", 31, "FAILED  max-answer: "),
        ("605 --duration 3 --expect-dtmf 7", 31, "FAILED  expect-dtmf: no digit, wanted 7"),
    ];
    std::thread::scope(|scope| {
        for (line, code, part) in rows {
            let house = &house;
            scope.spawn(move || {
                let done = test(house, line);
                assert_eq!(done.code, code, "{line}: {done:?}");
                assert!(done.stdout.contains(part), "{line}: {done:?}");
            });
        }
    });
}

#[test]
fn nagios_has_a_line_and_codes_of_its_own() {
    let house = House::open();
    let rows = [
        ("600 --duration 3 --nagios", 0, "SIP OK - 600 answered in "),
        ("600 --duration 3 --nagios --max-answer 0.1:60", 1, "SIP WARNING - 600 max-answer: "),
        ("600 --duration 3 --nagios --max-answer 0.1", 2, "SIP CRITICAL - 600 max-answer: "),
        ("602 --nagios", 2, "SIP CRITICAL - 602 outcome: busy (486"),
        ("--nagios", 3, "SIP UNKNOWN - NUMBER is missing"),
        ("600 --nagios --ini /nowhere.ini", 3, "SIP UNKNOWN - "),
    ];
    std::thread::scope(|scope| {
        for (line, code, start) in rows {
            let house = &house;
            scope.spawn(move || {
                let done = test(house, line);
                assert_eq!(done.code, code, "{line}: {done:?}");
                assert!(done.stdout.starts_with(start) && done.stdout.lines().count() == 1, "{line}: {done:?}");
            });
        }
    });
    let done = test(&house, "600 --duration 3 --nagios --max-answer 5:60");
    assert!(done.stdout.contains(" | ") && done.stdout.contains("s;5.0;60.0 "), "{done:?}");
}

#[test]
fn sound_is_measured_there_and_back() {
    let house = House::open();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let done = test(&house, "600 --echo --duration 6 --json");
            assert_eq!(done.code, 0, "{done:?}");
            let run = &done.json()["runs"][0];
            let delay = run["measures"]["echo_ms"].as_f64().expect("a delay");
            assert!((10.0..2_000.0).contains(&delay) && run["echo"]["inverted"] == false, "{run}");
            assert_eq!((&run["heard_there"], &run["one_way_audio"]), (&true.into(), &false.into()), "{run}");
        });
        scope.spawn(|| {
            let done = test(&house, "605 --echo --duration 2");
            assert_eq!(done.code, 31, "nothing comes back from there: {done:?}");
            assert!(done.stdout.contains("FAILED  echo: nothing like it"), "{done:?}");
        });
        scope.spawn(|| {
            let done = test(&house, "605 --dtmf 5 --expect-dtmf 5 --duration 4 --json");
            assert_eq!(done.code, 0, "{done:?}");
            let run = &done.json()["runs"][0];
            assert_eq!(run["dtmf"]["sent"], "5");
            assert!(run["measures"]["dtmf_after"].as_f64().is_some_and(|after| after > 0.0), "{run}");
        });
    });
}

#[test]
fn an_announcement_is_known_again() {
    let house = House::open();
    let place = |name: &str| house.folder.path().join(name);
    wav(&place("own.wav"), voice(601, 5));
    wav(&place("other.wav"), voice(77, 5));
    wav(&place("short.wav"), voice(601, 1));
    let shown = |name: &str| place(name).display().to_string();
    let rows = [
        (format!("601 --duration 6 --fingerprint {}", shown("own.wav")), 0, "ok      fingerprint: it, "),
        (format!("601 --duration 6 --fingerprint {}", shown("other.wav")), 31, "FAILED  fingerprint: something else"),
        ("601 --duration 4 --expect-sound speech".to_owned(), 0, "ok      expect-sound: speech"),
        ("601 --duration 4 --expect-sound silence".to_owned(), 31, "FAILED  expect-sound: speech, wanted silence"),
        ("605 --duration 2 --expect-sound silence".to_owned(), 0, "ok      expect-sound: silence"),
    ];
    std::thread::scope(|scope| {
        for (line, code, part) in rows {
            let house = &house;
            scope.spawn(move || {
                let done = test(house, &line);
                assert_eq!(done.code, code, "{line}: {done:?}");
                assert!(done.stdout.contains(part), "{line}: {done:?}");
            });
        }
    });
    let done = test(&house, &format!("601 --fingerprint {}", shown("short.wav")));
    assert!(done.code == 3 && done.stderr.contains("short.wav has "), "{done:?}");
    let done = test(&house, "601 --fingerprint missing.wav");
    assert!(done.code == 3 && done.stderr.contains("missing.wav"), "{done:?}");
}

#[test]
fn several_calls_are_summed_up_and_written_for_others() {
    let house = House::open();
    let place = |name: &str| house.folder.path().join(name);
    let [prom, junit, otlp] = ["sip.prom", "sip.xml", "sip.json"].map(place);
    std::fs::write(&prom, "what was there before\n").expect("written");
    let line = format!(
        "600 --repeat 4 --parallel 2 --duration 3 --ndjson --prometheus {} --junit {} --otlp {}",
        prom.display(),
        junit.display(),
        otlp.display()
    );
    let done = test(&house, &line);
    assert_eq!(done.code, 0, "{done:?}");
    let told: Vec<Value> = done.stdout.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let (last, runs) = told.split_last().expect("lines");
    let mut numbers: Vec<u64> = runs.iter().map(|run| run["run"].as_u64().expect("a number")).collect();
    assert!(runs.iter().all(|run| run["v"] == 1 && run["verb"] == "test"), "{runs:?}");
    numbers.sort_unstable();
    assert_eq!(numbers, [1, 2, 3, 4]);
    assert!(runs.iter().all(|run| run["call"]["media"]["rx_packets"].as_u64() > Some(10)), "each is heard: {runs:?}");
    assert_eq!((&last["summary"]["calls"], &last["summary"]["passed"]), (&4.into(), &4.into()));
    let spread = &last["summary"]["measures"]["time_to_answer"];
    assert!(spread["min"].as_f64() <= spread["median"].as_f64() && spread["p95"].as_f64() <= spread["max"].as_f64());
    let read = |path: &PathBuf| std::fs::read_to_string(path).expect("written");
    assert!(read(&prom).contains("tuiphone_test_calls{target=\"600\",account=\"100@demo\"} 4\n"), "{}", read(&prom));
    assert!(!read(&prom).contains("before"));
    assert_eq!(read(&junit).matches("<testsuite ").count(), 4);
    let otlp: Value = serde_json::from_str(&read(&otlp)).expect("JSON");
    assert_eq!(otlp["resourceMetrics"][0]["scopeMetrics"][0]["scope"]["name"], "tuiphone.test");
    let done = test(&house, "602 --expect busy --junit /nowhere/sip.xml");
    assert!(done.code == 1 && done.stderr.contains("cannot write /nowhere/sip.xml"), "{done:?}");
}

#[test]
fn a_script_leads_through_a_call() {
    let house = House::open();
    let place = |name: &str| house.folder.path().join(name);
    let tone = (0..8_000 * 4).map(|n| 0.2 * (TAU * 440.0 * n as f32 / 8_000.0).sin());
    wav(&place("tone.wav"), tone);
    wav(&place("hello.wav"), voice(3, 1));
    let write = |name: &str, text: &str| {
        std::fs::write(place(name), text).expect("written");
        place(name).display().to_string()
    };
    let digits = write("digits.txt", "# the digit reader\nsay hello.wav\npress 5\nexpect dtmf 5 within 20s\nhangup\n");
    let echo = write("echo.txt", "expect tone 440 within 20s\nexpect silence 1s within 20s\n");
    let fails = write("fails.txt", "wait 100ms\nexpect tone 440 within 1s\npress 1#\n");
    let wrong = write("wrong.txt", "wait 1s\nexpect music\n");
    let tone = place("tone.wav").display().to_string();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let done = test(&house, &format!("605 --script {digits}"));
            assert_eq!(done.code, 0, "{done:?}");
            let expected = "TAP version 14\n1..5\nok 1 - outcome\nok 2 - line 2: say hello.wav\nok 3 - line 3: press 5\n\
                            ok 4 - line 4: expect dtmf 5 within 20s\nok 5 - line 5: hangup\n";
            assert_eq!(done.stdout, expected, "{done:?}");
        });
        scope.spawn(|| {
            let done = test(&house, &format!("600 --play {tone} --script {echo}"));
            assert_eq!(done.code, 0, "{done:?}");
        });
        scope.spawn(|| {
            let done = test(&house, &format!("605 --script {fails}"));
            assert_eq!(done.code, 31, "{done:?}");
            let why =
                "not ok 3 - line 2: expect tone 440 within 1s\n  ---\n  message: \"not within 1 s; heard: silence\"\n";
            assert!(done.stdout.contains(why), "{done:?}");
            assert!(done.stdout.contains("ok 4 - line 3: press 1\\# # SKIP not tried\n"), "{done:?}");
        });
        scope.spawn(|| {
            let done = test(&house, &format!("602 --script {digits}"));
            assert!(done.code == 20 && done.stdout.contains("ok 2 - line 2: say hello.wav # SKIP"), "{done:?}");
        });
        scope.spawn(|| {
            let done = test(&house, &format!("605 --script {wrong}"));
            assert_eq!((done.code, done.stdout.as_str()), (2, ""), "{done:?}");
            assert!(done.stderr.contains("wrong.txt:2: expect 'music' is none of tone"), "{done:?}");
        });
    });
}

#[test]
fn sound_that_goes_one_way_is_told() {
    let folder = tempfile::tempdir().expect("a folder");
    let target = format!("sip:mute@{}", silent_far_end());
    let done = finish(bare(folder.path(), &["test", &target, "--duration", "1", "--json"]));
    assert_eq!(done.code, 30, "{done:?}");
    let run = &done.json()["runs"][0];
    assert_eq!((&run["outcome"], &run["heard_here"]), (&"no_media".into(), &false.into()), "{run}");
    assert_eq!((&run["one_way_audio"], &run["measures"]["loss_rx"]), (&true.into(), &Value::Null), "{run}");
    let done =
        finish(bare(folder.path(), &["test", &target, "--duration", "1", "--max-loss", "1", "--expect", "answered"]));
    assert!(done.code == 31 && done.stdout.contains("FAILED  max-loss: not measured"), "{done:?}");
}

#[test]
fn it_needs_no_phone_and_disturbs_none() {
    let house = House::open();
    let mut daemon = house.daemon();
    let done = test(&house, "602 --expect busy");
    assert_eq!(done.code, 0, "{done:?}");
    let mut wire = daemon.connect();
    assert_eq!(wire.ask("status")["accounts"][0]["registered"], true, "its registration is its own");
    let history = wire.ask("history");
    assert_eq!(history["history"], Value::Array(Vec::new()), "a test is no call of a person's");
    assert_eq!(daemon.terminate(), 0);
    let folder = tempfile::tempdir().expect("a folder");
    let done = finish(bare(folder.path(), &["test", "600"]));
    assert!(done.code == 3 && done.stderr.contains("there is no account"), "{done:?}");
}

#[test]
fn an_interrupt_ends_the_call_and_tells_what_there_was() {
    let house = House::open();
    let mut command = house.program(&["--debug", "-", "test", "600", "--duration", "60", "--json"]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it starts");
    let lines = lines_of(child.stderr.take().expect("its stderr"));
    loop {
        let line = lines.recv_timeout(PATIENCE).expect("it calls");
        if line.contains("ACK sip:") {
            break;
        }
    }
    signal(&child, "INT");
    let done = finish_in(child);
    assert_eq!(done.code, 130, "{done:?}");
    assert_eq!(done.json()["runs"][0]["outcome"], "interrupted", "{done:?}");
}
