//! The package of Debian and its kin.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::facts::{ABOUT, Facts, MAIL, MAINTAINER};
use super::tree::{date, files, put, read, squeeze};
use super::{PACKING, Release, folder, wrong};
use crate::Failure;
use crate::run::{bounded, output, say, which};

/// What lintian is told, and why.
const OVERRIDES: &str = "\
# No upload to Debian: no request there is closed by it.
NAME: initial-upload-closes-no-bugs *
";

/// What has another place here, or none: Debian's zsh follows its own; the licences are in `copyright`.
const MOVED: [(&str, Option<&str>); 2] =
    [("usr/share/zsh/site-functions", Some("usr/share/zsh/vendor-completions")), ("usr/share/licenses", None)];

/// Packs it; nothing where there is no dpkg-deb, and that is said.
pub fn pack(release: &Release) -> Result<Option<PathBuf>, Failure> {
    if which("dpkg-deb").is_none() {
        say("no .deb: dpkg-deb is not here (Debian and Ubuntu have it)");
        return Ok(None);
    }
    let architecture = output("dpkg", &["--print-architecture"]).ok_or("dpkg tells no architecture")?;
    let architecture = architecture.trim();
    let name = &release.name;
    let version = format!("{}-1", release.facts.version);
    let root = folder().join("deb");
    let _ = fs::remove_dir_all(&root);
    bounded(Command::new("cp").arg("-a").arg(&release.tree).arg(&root), PACKING)?;
    for (from, to) in MOVED {
        let from = root.join(from);
        let done = to.map_or_else(|| fs::remove_dir_all(&from), |to| fs::rename(&from, root.join(to)));
        done.map_err(|e| wrong(&from, &e))?;
    }
    let doc = root.join("usr/share/doc").join(name);
    put(&doc.join("copyright"), copyright().as_bytes(), 0o644)?;
    let changes = doc.join("changelog.Debian");
    put(&changes, changelog(name, &version, release.time)?.as_bytes(), 0o644)?;
    squeeze(&changes)?;
    let overrides = OVERRIDES.replace("NAME:", &format!("{name}:"));
    put(&root.join("usr/share/lintian/overrides").join(name), overrides.as_bytes(), 0o644)?;
    let size = size_kb(&root)?;
    let depends = depends(&read(&release.program)?);
    put(&root.join("DEBIAN/md5sums"), sums(&root)?.as_bytes(), 0o644)?;
    let control = control(&release.facts, name, &version, architecture, size, &depends);
    put(&root.join("DEBIAN/control"), control.as_bytes(), 0o644)?;
    date(&root, release.time)?;
    let file = folder().join(format!("{name}_{version}_{architecture}.deb"));
    let mut build = Command::new("dpkg-deb");
    // One thread, as in the archive.
    build.env("SOURCE_DATE_EPOCH", release.time.to_string()).env("DPKG_DEB_THREADS_MAX", "1");
    build.args(["--root-owner-group", "-Zxz", "-z9", "--build"]).arg(&root).arg(&file);
    bounded(&mut build, PACKING)?;
    Ok(Some(file))
}

fn control(facts: &Facts, name: &str, version: &str, architecture: &str, size_kb: u64, depends: &str) -> String {
    let (recommends, other) = match name {
        // It starts without, and says so.
        "tuiphone" => ("Recommends: libasound2 | libasound2t64, libasound2-plugins\n", "tuiphone-headless"),
        _ => ("", "tuiphone"),
    };
    let home = facts.home.as_ref().map(|home| format!("Homepage: {home}\n")).unwrap_or_default();
    let about: Vec<String> =
        ABOUT.iter().map(|lines| lines.iter().map(|line| format!(" {line}\n")).collect()).collect();
    let mut summary = facts.summary.clone();
    summary.get_mut(..1).map(str::make_ascii_lowercase).unwrap_or_default();
    format!(
        "Package: {name}\nVersion: {version}\nArchitecture: {architecture}\nMaintainer: {MAINTAINER} <{MAIL}>\n\
         Installed-Size: {size_kb}\nDepends: {depends}\n{recommends}Conflicts: {other}\n\
         Section: comm\nPriority: optional\n{home}Description: {summary}\n{}",
        about.join(" .\n")
    )
}

/// The packages whose libraries the program names: the C library that is young enough, and what unwinds.
fn depends(program: &[u8]) -> String {
    let (mut minor, mut unwinds) = (None, false);
    for name in program.split(|byte| *byte == 0) {
        unwinds |= name == b"libgcc_s.so.1";
        let version = name.strip_prefix(b"GLIBC_").and_then(|version| std::str::from_utf8(version).ok());
        minor = minor.max(version.and_then(|version| match version {
            // Packed relocations have a name of their own and no number.
            "ABI_DT_RELR" => Some(36),
            numbered => numbered.strip_prefix("2.")?.split('.').next()?.parse::<u32>().ok(),
        }));
    }
    let needed = [minor.map(|minor| format!("libc6 (>= 2.{minor})")), unwinds.then(|| "libgcc-s1".to_owned())];
    needed.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

fn copyright() -> String {
    format!(
        "Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/\n\
         Upstream-Name: tuiphone\n\n\
         Files: *\nCopyright: {MAINTAINER}\nLicense: MIT or Apache-2.0\n\
         Comment: \"tuiphone licenses\" lists every package that is built into the program, and its licence.\n\n\
         License: MIT\n{}\nLicense: Apache-2.0\n \
         On Debian systems the text is in /usr/share/common-licenses/Apache-2.0.\n",
        quoted(include_str!("../../../LICENSE-MIT"))
    )
}

/// As a field takes it: each line behind a blank, empty ones as a dot.
fn quoted(text: &str) -> String {
    text.lines().map(|line| if line.trim().is_empty() { " .\n".to_owned() } else { format!(" {line}\n") }).collect()
}

fn changelog(name: &str, version: &str, time: u64) -> Result<String, Failure> {
    let date = output("date", &["-u", "-R", "-d", &format!("@{time}")]).ok_or("date tells no date")?;
    let head = format!("{name} ({version}) unstable; urgency=medium");
    Ok(format!("{head}\n\n  * Changes are listed in changelog.gz.\n\n -- {MAINTAINER} <{MAIL}>  {}\n", date.trim()))
}

/// KiB of all files, as Installed-Size counts.
fn size_kb(root: &Path) -> Result<u64, Failure> {
    let bytes: u64 = files(root)?.iter().filter_map(|file| fs::metadata(file).ok()).map(|data| data.len()).sum();
    Ok(bytes.div_ceil(1024))
}

fn sums(root: &Path) -> Result<String, Failure> {
    let line = |file: &PathBuf| {
        let sum =
            output("md5sum", &[&file.display().to_string()]).ok_or_else(|| format!("{}: no sum", file.display()))?;
        let place = file.strip_prefix(root).map_err(|e| e.to_string())?;
        Ok(format!("{}  {}\n", sum.split_whitespace().next().unwrap_or_default(), place.display()))
    };
    files(root)?.iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_control_file_says_what_the_table_says() {
        let facts = Facts::read().expect("facts");
        let control = control(&facts, "tuiphone", "1-1", "amd64", 7, "libc6 (>= 2.36)");
        assert!(control.contains("\nDescription: softphone "), "{control}");
        assert!(control.contains("\nDepends: libc6 (>= 2.36)\nRecommends: libasound2 |"), "{control}");
        for line in ABOUT.concat() {
            assert!(control.contains(&format!("\n {line}\n")), "{line}");
        }
        let empty = control.lines().filter(|line| line.trim().is_empty()).count();
        assert_eq!(empty, 0, "{control}");
    }

    #[test]
    fn the_libraries_are_those_that_the_program_names() {
        assert_eq!(depends(b"\0GLIBC_2.2.5\0GLIBC_2.9\0GLIBC_2.34\0libgcc_s.so.1\0"), "libc6 (>= 2.34), libgcc-s1");
        assert_eq!(depends(b"\0GLIBC_2.34\0GLIBC_ABI_DT_RELR\0"), "libc6 (>= 2.36)");
        assert_eq!(depends(b"\0GLIBC_2.38\0GLIBC_ABI_DT_RELR\0"), "libc6 (>= 2.38)");
        assert_eq!(depends(b"static"), "");
    }
}
