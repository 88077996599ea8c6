//! What the program is built for, which it tells; and how a release build for Linux is linked.

use std::env;
use std::path::Path;
use std::process::Command;

fn main() {
    let order = Path::new("link").join("order.ld");
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rustc-env=TARGET={}", env::var("TARGET").unwrap_or_default());
    println!("cargo::rerun-if-changed={}", order.display());
    let is = |name: &str, value: &str| env::var(name).is_ok_and(|is| is == value);
    if !is("PROFILE", "release") || !is("TARGET", "x86_64-unknown-linux-gnu") {
        return;
    }
    // The order is written in names of this mangling; .cargo/config.toml asks for it.
    let flags = env::var("CARGO_ENCODED_RUSTFLAGS").unwrap_or_default();
    if flags.contains("symbol-mangling-version=v0") && order.exists() {
        let folder = env::var("CARGO_MANIFEST_DIR").unwrap_or_default();
        println!("cargo::rustc-link-arg-bins=-Wl,-T,{}", Path::new(&folder).join(order).display());
    }
    // Relocations in a tenth of the room. Only glibc 2.36 and its successors read them, so the build machine's own decides.
    if env::var("HOST") == env::var("TARGET") && glibc().is_some_and(|version| version >= (2, 36)) {
        println!("cargo::rustc-link-arg-bins=-Wl,-z,pack-relative-relocs");
    }
}

/// The version of the C library here.
fn glibc() -> Option<(u32, u32)> {
    let output = Command::new("getconf").arg("GNU_LIBC_VERSION").output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    let (major, minor) = text.trim().strip_prefix("glibc ")?.split_once('.')?;
    Some((major.parse().ok()?, minor.split('.').next()?.parse().ok()?))
}
