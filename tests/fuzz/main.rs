//! Every reader of what comes from outside, given samples and what becomes of them when they are cut, joined, repeated
//! and damaged, on a seed.
//!
//! `cargo xtask fuzz` runs more of the same from another seed: `TUIPHONE_FUZZ_SEED`, `TUIPHONE_FUZZ_COUNT`.

mod mutation;
mod targets;

use rand::SeedableRng;
use rand::rngs::StdRng;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use targets::TARGETS;

/// Damaged inputs of each target, where none are said.
const COUNT: u64 = 200;

fn number(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

#[test]
fn every_reader_keeps_its_promises_whatever_it_reads() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let (seed, count) = (number("TUIPHONE_FUZZ_SEED", 0), number("TUIPHONE_FUZZ_COUNT", 1) * COUNT);
    for target in TARGETS {
        let samples = targets::samples(root, target);
        // By its folder the guided fuzzer knows a reader.
        let own = root.join("fuzz/corpus").join(target.name);
        assert!(own.is_dir() && !samples.is_empty(), "{}: no samples", target.name);
        let mut rng = StdRng::seed_from_u64(seed);
        let damaged = (0..count).map(|_| mutation::damaged(&samples, &mut rng));
        for (at, input) in samples.iter().cloned().chain(damaged).enumerate() {
            if catch_unwind(AssertUnwindSafe(|| (target.check)(&input))).is_err() {
                panic!("{}, seed {seed}, input {at}: {}", target.name, input.escape_ascii());
            }
        }
    }
}

/// Whether a reader takes a sample.
type IsTaken = fn(&[u8]) -> bool;

/// Each target's own folder has samples that its reader takes: without them only refusals would be tried.
#[test]
fn the_samples_are_of_the_kind_that_is_read() {
    use tuiphone::{contacts, control::spelling, import, nat::stun, rtp, sdp, sip};
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let taken: &[(&str, IsTaken)] = &[
        ("import", |bytes| {
            let form = import::Form::of("x", bytes, None);
            let found = form.and_then(|form| import::read(form, bytes, false).ok());
            found.is_some_and(|found| found.accounts.len() > 1)
        }),
        ("contacts", |bytes| contacts::read(bytes).is_ok_and(|read| !read.contacts.is_empty())),
        ("spelling", |bytes| spelling::parse(&String::from_utf8_lossy(bytes)).request.is_ok()),
        ("sip", |bytes| sip::message::parse(bytes).is_ok()),
        ("sdp", |bytes| sdp::parse(bytes).is_ok_and(|read| !read.media.is_empty())),
        ("rtp", |bytes| rtp::Packet::parse(bytes).is_ok()),
        ("rtcp", |bytes| rtp::rtcp::read(bytes, |_| {}).is_ok()),
        ("stun", |bytes| stun::Message::parse(bytes).is_ok_and(|read| read.mapped().is_some())),
        // Whatever the gate lets in is told that no phone is there.
        #[cfg(feature = "http")]
        ("http", |bytes| targets::http_answers(bytes).starts_with(b"HTTP/1.1 503 ")),
    ];
    for (name, is_taken) in taken {
        let target = TARGETS.iter().find(|target| target.name == *name).expect("a target");
        assert!(targets::samples(root, target).iter().any(|sample| is_taken(sample)), "{name}");
    }
}

/// In the samples of whole calls somebody answers, whoever dials; otherwise the fuzzer would look at refusals alone.
#[test]
fn the_calls_of_the_samples_come_up() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus/whole_calls");
    for (sample, answered) in [
        ("dials", 1),
        ("called", 1),
        ("watches", 0),
        ("transfers", 1),
        ("referred", 1),
        ("forks", 1),
        ("refuses", 0),
        ("detours", 1),
        ("conference", 2),
        ("troubles", 1),
    ] {
        let script = std::fs::read(folder.join(sample)).expect("a sample");
        let came_up = targets::whole_calls::run(&script);
        assert!(came_up >= answered, "{sample}: {came_up} calls answered");
    }
}
