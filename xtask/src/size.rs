//! `cargo xtask size`: whose bytes a release build is made of, written to `benches/SIZE.md`; `cargo xtask size tries`: what
//! other ways to build it would come to, beside that.

pub mod crates;

use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use self::crates::Bytes;
use crate::Failure;
use crate::run::{LONG, bounded, output, root, say, target};

/// A way to build it.
struct Way {
    name: &'static str,
    /// Of cargo, behind `build --release`.
    arguments: &'static [&'static str],
}

const HEADLESS: &[&str] = &["--no-default-features", "--features", "headless"];

/// As it is shipped first.
const WAYS: &[Way] = &[
    Way { name: "as shipped", arguments: &[] },
    Way { name: "for size alone (`opt-level = \"z\"`)", arguments: &["--config", "profile.release.opt-level=\"z\""] },
    Way {
        name: "without unwinding (`panic = \"abort\"`)",
        arguments: &["--config", "profile.release.panic=\"abort\""],
    },
    Way {
        name: "both",
        arguments: &["--config", "profile.release.opt-level=\"z\"", "--config", "profile.release.panic=\"abort\""],
    },
    Way { name: "headless (TLS, history and HTTP, no sound cards)", arguments: HEADLESS },
    Way {
        name: "the least there is (`--no-default-features`), for size alone, without unwinding",
        arguments: &[
            "--no-default-features",
            "--config",
            "profile.release.opt-level=\"z\"",
            "--config",
            "profile.release.panic=\"abort\"",
        ],
    },
];

/// How long packing may take.
const PACKING: Duration = Duration::from_secs(300);
/// Rows of the table of crates.
const ROWS: usize = 40;
const PAGE: &str = "benches/SIZE.md";
/// Over the table of other ways.
const TRIES: &str = "## Other ways to build it";

/// Measures the build as it is shipped, or all ways to build it; the other half of the page stays.
pub fn run(tries: bool) -> Result<(), Failure> {
    let page = root().join(PAGE);
    let before = fs::read_to_string(&page).unwrap_or_default();
    let (table, ways) = before.split_once(TRIES).unwrap_or((&before, ""));
    let text = if tries {
        format!("{}\n\n{TRIES}\n\n{}", table.trim_end(), measured()?)
    } else {
        let table = tables()?;
        if ways.is_empty() { table } else { format!("{table}\n{TRIES}{ways}") }
    };
    fs::write(&page, &text).map_err(|e| format!("{}: {e}", page.display()))?;
    print!("{text}");
    Ok(())
}

/// Built below `target/size`, so that no other build is disturbed.
fn built(way: &Way, rustc: &[&str]) -> Result<PathBuf, Failure> {
    let folder = target().join("size");
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(root()).args(["rustc", "--release", "--locked", "-p", "tuiphone", "--bin", "tuiphone"]);
    command.args(way.arguments).arg("--target-dir").arg(&folder).arg("--").args(rustc);
    say(&format!("building {}", way.name));
    bounded(&mut command, LONG)?;
    Ok(folder.join("release").join("tuiphone"))
}

/// The program as it is shipped, but with its symbols; beside it the linker has left its map.
pub fn with_symbols() -> Result<PathBuf, Failure> {
    let shipped = WAYS.first().ok_or("no way to build it")?;
    let map = format!("link-arg=-Wl,-Map={}", map().display());
    built(shipped, &["-C", "strip=none", "-C", &map])
}

fn map() -> PathBuf {
    target().join("size").join("map")
}

fn tables() -> Result<String, Failure> {
    let (program, map) = (with_symbols()?, map());
    let stripped = program.with_extension("stripped");
    bounded(Command::new("strip").arg("-o").arg(&stripped).arg(&program), PACKING)?;
    let text = fs::read_to_string(&map).map_err(|e| format!("{}: {e}", map.display()))?;
    let (crates, rooms) = crates::by_crate(&text, "tuiphone");
    let sum: u64 = crates.values().map(|bytes| bytes.sum()).sum();
    if sum == 0 {
        return Err(format!("{}: not a map of LLD's", map.display()));
    }
    Ok(page(bytes(&stripped)?, &crates, &rooms))
}

/// The page, but for other ways to build it.
fn page(file: u64, crates: &BTreeMap<String, Bytes>, rooms: &BTreeMap<String, u64>) -> String {
    let mut text = format!(
        "# What the program is made of\n\nWritten by `cargo xtask size`; do not edit.\n\n{}; version {}; {} in the file, stripped.\n\n\
         The linker's map tells the size of every function and table; the names tell whose they are. What is generic in\n\
         the standard library counts for the crate whose types it was made for.\n\n\
         | crate | code | unwinding | data | together | part |\n|---|---|---|---|---|---|\n",
        output("rustc", &["--version"]).unwrap_or_default().trim(),
        version(),
        megabytes(file),
    );
    let all: u64 = crates.values().map(|bytes| bytes.sum()).sum();
    let mut sorted: Vec<(&String, &Bytes)> = crates.iter().collect();
    sorted.sort_by_key(|(_, bytes)| std::cmp::Reverse(bytes.sum()));
    let rest = sorted.split_off(sorted.len().min(ROWS));
    let row = |text: &mut String, name: &str, bytes: Bytes| {
        let part = bytes.sum() as f64 * 100.0 / all.max(1) as f64;
        let [code, unwinding, data, sum] = [bytes.code, bytes.unwinding, bytes.data, bytes.sum()].map(kilobytes);
        let _ = writeln!(text, "| {name} | {code} | {unwinding} | {data} | {sum} | {part:.1} % |");
    };
    sorted.iter().for_each(|(name, bytes)| row(&mut text, name, **bytes));
    let mut others = Bytes::default();
    rest.iter().for_each(|(_, bytes)| {
        others.code += bytes.code;
        others.unwinding += bytes.unwinding;
        others.data += bytes.data;
    });
    row(&mut text, &format!("{} more", rest.len()), others);
    text.push_str("\n## The phone's own code, by room\n\n| room | code |\n|---|---|\n");
    let mut sorted: Vec<(&String, &u64)> = rooms.iter().collect();
    sorted.sort_by_key(|(_, bytes)| std::cmp::Reverse(**bytes));
    sorted.iter().for_each(|(name, bytes)| {
        let _ = writeln!(text, "| {name} | {} |", kilobytes(**bytes));
    });
    text
}

fn version() -> String {
    output("git", &["describe", "--always", "--dirty"]).unwrap_or_default().trim().to_owned()
}

/// The table of all ways to build it.
fn measured() -> Result<String, Failure> {
    let mut text = format!("Version {}.\n\n| | file | as .xz |\n|---|---|---|\n", version());
    for way in WAYS {
        let program = built(way, &[])?;
        let _ =
            writeln!(text, "| {} | {} | {} |", way.name, megabytes(bytes(&program)?), megabytes(squeezed(&program)?));
    }
    Ok(text)
}

/// What `xz -9e` makes of it, in bytes.
fn squeezed(program: &Path) -> Result<u64, Failure> {
    bounded(Command::new("xz").args(["-9e", "-k", "-f"]).arg(program), PACKING)?;
    bytes(&program.with_extension("xz"))
}

fn bytes(file: &Path) -> Result<u64, Failure> {
    fs::metadata(file).map(|of| of.len()).map_err(|e| format!("{}: {e}", file.display()))
}

fn megabytes(bytes: u64) -> String {
    format!("{:.2} MB", bytes as f64 / 1e6)
}

fn kilobytes(bytes: u64) -> String {
    format!("{:.1} kB", bytes as f64 / 1e3)
}
