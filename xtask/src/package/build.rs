//! A release build whose bytes depend on the sources, the toolchain and the system's own tools, and on no folder, hour or
//! name of a machine.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::{Wish, folder};
use crate::Failure;
use crate::run::{LONG, bounded, cargo, output, root, say};

/// What others put there changes what is built.
const NOT_OURS: [&str; 4] = ["RUSTFLAGS", "CARGO_ENCODED_RUSTFLAGS", "CARGO_BUILD_RUSTFLAGS", "CXXFLAGS"];

/// Builds; where the program is then.
pub fn build(wish: &Wish) -> Result<PathBuf, Failure> {
    // Apart from `target/release`: these flags would make every build there a new one.
    let out = folder().join("build");
    let mut arguments = vec!["build", "--release", "--locked", "--package", "tuiphone", "--bin", "tuiphone"];
    if wish.headless {
        arguments.extend(["--no-default-features", "--features", "headless"]);
    }
    let mut end = out.clone();
    if let Some(target) = &wish.target {
        arguments.extend(["--target", target]);
        end.push(target);
    }
    // First: what is fetched lies in folders that get other names below.
    cargo(&["fetch", "--locked"])?;
    say(&format!("cargo {}", arguments.join(" ")));
    let moved = moved(&out);
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.args(&arguments).arg("--target-dir").arg(&out).args(["--config", &rust_flags(&moved)]);
    for name in NOT_OURS {
        cargo.env_remove(name);
    }
    cargo.env("CFLAGS", c_flags(&moved)).env("CARGO_INCREMENTAL", "0");
    bounded(cargo.current_dir(root()), LONG)?;
    let name = if wish.target.as_ref().is_some_and(|t| t.contains("windows")) { "tuiphone.exe" } else { "tuiphone" };
    Ok(end.join("release").join(name))
}

/// Folders of this machine that would be found in the program, and what stands there for them; a later one wins.
fn moved(out: &Path) -> Vec<(String, String)> {
    let mut moved = vec![(root(), "/tuiphone".to_owned()), (out.to_path_buf(), "/tuiphone/target".to_owned())];
    // One folder for each registry: its name tells which, and a mirror has another.
    let sources = cargo_home().join("registry").join("src");
    let registries = fs::read_dir(sources).into_iter().flatten().flatten();
    moved.extend(registries.map(|registry| (registry.path(), "/crates".to_owned())));
    // Where the sources of the standard library are installed, rustc names them instead of its own.
    let commit = output("rustc", &["-vV"]).and_then(|told| value(&told, "commit-hash: "));
    if let (Some(sysroot), Some(commit)) = (output("rustc", &["--print", "sysroot"]), commit) {
        moved.push((Path::new(sysroot.trim()).join("lib/rustlib/src/rust"), format!("/rustc/{commit}")));
    }
    moved.into_iter().map(|(from, to)| (from.display().to_string(), to)).collect()
}

fn cargo_home() -> PathBuf {
    let home = || std::env::home_dir().unwrap_or_default().join(".cargo");
    std::env::var_os("CARGO_HOME").map_or_else(home, PathBuf::from)
}

/// What stands behind `key` in the lines of a program's answer.
pub fn value(told: &str, key: &str) -> Option<String> {
    told.lines().find_map(|line| line.strip_prefix(key)).map(|value| value.trim().to_owned())
}

/// As an option of cargo, which adds it to the flags of `.cargo/config.toml`. A path with a quotation mark is not for TOML.
fn rust_flags(moved: &[(String, String)]) -> String {
    let plain = moved.iter().filter(|(from, _)| !from.contains('\''));
    let flags: Vec<String> = plain.map(|(from, to)| format!("'--remap-path-prefix={from}={to}'")).collect();
    format!("target.'cfg(all())'.rustflags=[{}]", flags.join(","))
}

/// For libopus, SQLite and ring; compilers part them at blanks.
fn c_flags(moved: &[(String, String)]) -> String {
    let plain = moved.iter().filter(|(from, _)| !from.contains(char::is_whitespace));
    let flags: Vec<String> = plain.map(|(from, to)| format!("-ffile-prefix-map={from}={to}")).collect();
    flags.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_folder_of_this_machine_has_another_name_in_the_program() {
        let moved = moved(&folder().join("build"));
        let named = |path: &Path| {
            let path = path.display().to_string();
            moved.iter().rev().find(|(from, _)| path.starts_with(from.as_str())).map(|(_, to)| to.as_str())
        };
        assert_eq!(named(&root().join("src/main.rs")), Some("/tuiphone"));
        assert_eq!(named(&folder().join("build/release/build/x/out/y.rs")), Some("/tuiphone/target"));
        let registry = cargo_home().join("registry/src");
        for at in fs::read_dir(registry).into_iter().flatten().flatten() {
            assert_eq!(named(&at.path().join("tokio-1.54.0/src/lib.rs")), Some("/crates"));
        }
        assert!(moved.iter().any(|(_, to)| to.starts_with("/rustc/")), "{moved:?}");
    }

    #[test]
    fn flags() {
        let moved = [("/a b".to_owned(), "/x".to_owned()), ("/it's".to_owned(), "/y".to_owned())];
        assert_eq!(rust_flags(&moved), "target.'cfg(all())'.rustflags=['--remap-path-prefix=/a b=/x']");
        assert_eq!(c_flags(&moved), "-ffile-prefix-map=/it's=/y");
        assert_eq!(value("host: a\ncommit-hash: b\n", "commit-hash: ").as_deref(), Some("b"));
    }
}
