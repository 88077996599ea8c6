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
    // Opus guards its stack by what some of MinGW-w64's linkers do not look for.
    if let Some(guard) = Some(()).filter(|()| is("TARGET", "x86_64-pc-windows-gnu")).and_then(|()| stack_guard()) {
        // Last, and so with what it needs itself.
        let group =
            ["-Wl,--start-group", &guard, "-lmingwex", "-lmsvcrt", "-ladvapi32", "-lkernel32", "-Wl,--end-group"];
        group.iter().for_each(|argument| println!("cargo::rustc-link-arg={argument}"));
    }
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

/// The library of MinGW-w64's compiler that has `__stack_chk_fail`, if it is apart from its others.
fn stack_guard() -> Option<String> {
    let output = Command::new("x86_64-w64-mingw32-gcc").arg("-print-file-name=libssp.a").output().ok()?;
    let path = String::from_utf8(output.stdout).ok()?.trim().to_owned();
    Path::new(&path).is_absolute().then_some(path)
}

/// The version of the C library here.
fn glibc() -> Option<(u32, u32)> {
    let output = Command::new("getconf").arg("GNU_LIBC_VERSION").output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    let (major, minor) = text.trim().strip_prefix("glibc ")?.split_once('.')?;
    Some((major.parse().ok()?, minor.split('.').next()?.parse().ok()?))
}
