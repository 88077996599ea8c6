//! One of the readers of `tests/fuzz/targets`, its name in `TUIPHONE_FUZZ_TARGET`, with bytes that coverage leads.
#![no_main]

#[path = "../../tests/fuzz/targets/mod.rs"]
#[allow(dead_code, reason = "samples are given by the fuzzer")]
mod targets;

use libfuzzer_sys::fuzz_target;
use std::sync::OnceLock;

static TARGET: OnceLock<&'static targets::Target> = OnceLock::new();

fuzz_target!(init: {
    let name = std::env::var("TUIPHONE_FUZZ_TARGET").expect("TUIPHONE_FUZZ_TARGET names a reader");
    let target = targets::TARGETS.iter().find(|target| target.name == name).expect("a reader of that name");
    TARGET.get_or_init(|| target);
}, |bytes: &[u8]| {
    let target = TARGET.get().expect("chosen before the first bytes");
    (target.check)(bytes);
});
