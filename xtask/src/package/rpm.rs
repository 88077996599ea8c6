//! The package of Fedora, openSUSE and their kin, by rpmbuild.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::facts::{ABOUT, Facts, MAIL, MAINTAINER};
use super::tree::files;
use super::{PACKING, Release, folder, wrong};
use crate::Failure;
use crate::run::{bounded, output, say, which};

/// What rpmbuild would take from the machine it runs on, and what it would do to a program that is finished.
const MACROS: [&str; 10] = [
    "_buildhost tuiphone",
    "use_source_date_epoch_as_buildtime 1",
    "clamp_mtime_to_source_date_epoch 1",
    "source_date_epoch_from_changelog 0",
    "_binary_payload w9.xzdio",
    "_build_id_links none",
    "_build_name_fmt %%{NAME}-%%{VERSION}-%%{RELEASE}.%%{ARCH}.rpm",
    "debug_package %{nil}",
    "__os_install_post %{nil}",
    "vendor %{nil}",
];

/// Where openSUSE lists it; Fedora has no groups any more.
const GROUP: &str = "Productivity/Telephony/SIP/Clients";

/// Packs it; nothing where there is no rpmbuild, and that is said.
pub fn pack(release: &Release) -> Result<Option<PathBuf>, Failure> {
    if which("rpmbuild").is_none() {
        say("no .rpm: rpmbuild is not here (Debian's package is rpm, Fedora's rpm-build)");
        return Ok(None);
    }
    let top = folder().join("rpm");
    let _ = fs::remove_dir_all(&top);
    fs::create_dir_all(&top).map_err(|e| wrong(&top, &e))?;
    let installed: Result<Vec<String>, Failure> = files(&release.tree)?
        .iter()
        .map(|file| file.strip_prefix(&release.tree).map(|file| format!("/{}", file.display())))
        .map(|place| place.map_err(|e| e.to_string()))
        .collect();
    let at = format!("@{}", release.time);
    let day = output("env", &["LC_ALL=C", "date", "-u", "-d", &at, "+%a %b %d %Y"]).ok_or("date tells no day")?;
    let text = spec(&release.facts, &release.name, &release.tree, &installed?, day.trim());
    let spec = top.join(format!("{}.spec", release.name));
    fs::write(&spec, text).map_err(|e| wrong(&spec, &e))?;
    let mut build = Command::new("rpmbuild");
    build.args(["-bb", "--quiet"]).env("SOURCE_DATE_EPOCH", release.time.to_string());
    for (name, value) in [("_topdir", &top), ("_rpmdir", &folder())] {
        build.arg("--define").arg(format!("{name} {}", value.display()));
    }
    for definition in MACROS {
        build.arg("--define").arg(definition);
    }
    bounded(build.arg(&spec), PACKING)?;
    let machine = std::env::consts::ARCH;
    Ok(Some(folder().join(format!("{}-{}-1.{machine}.rpm", release.name, release.facts.version))))
}

/// What rpmbuild is to do: take the tree as it is. The libraries that the program needs it finds by itself.
fn spec(facts: &Facts, name: &str, tree: &Path, installed: &[String], day: &str) -> String {
    let (recommends, other) = match name {
        // It starts without, and says so.
        "tuiphone" => ("Recommends: libasound.so.2()(64bit)\n", "tuiphone-headless"),
        _ => ("", "tuiphone"),
    };
    let home = facts.home.as_ref().map(|home| format!("URL: {home}\n")).unwrap_or_default();
    let about: Vec<String> = ABOUT.iter().map(|lines| lines.join("\n") + "\n").collect();
    let listed: String = installed.iter().map(|file| format!("{}{file}\n", mark(file))).collect();
    let version = &facts.version;
    format!(
        "Name: {name}\nVersion: {version}\nRelease: 1\nSummary: {}\nLicense: {}\nGroup: {GROUP}\n{home}\
         Packager: {MAINTAINER} <{MAIL}>\n{recommends}Conflicts: {other}\n\n%description\n{}\n\
         %install\ncp -a '{}/.' %{{buildroot}}\n\n%files\n%defattr(-,root,root,-)\n\
         %dir /usr/share/doc/{name}\n%dir /usr/share/licenses/{name}\n{listed}\n\
         %changelog\n* {day} {MAINTAINER} <{MAIL}> - {version}-1\n- Changes are listed in changelog.gz.\n",
        facts.summary,
        facts.licence,
        about.join("\n"),
        tree.display()
    )
}

/// What a file is, where it is more than a file.
fn mark(file: &str) -> &'static str {
    match file {
        file if file.starts_with("/usr/share/licenses/") => "%license ",
        file if file.starts_with("/usr/share/doc/") || file.starts_with("/usr/share/man/") => "%doc ",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_spec_says_what_the_table_says() {
        let facts = Facts::read().expect("facts");
        let files = ["/usr/bin/tuiphone", "/usr/share/licenses/x/LICENSE-MIT", "/usr/share/man/man1/t.1.gz"];
        let spec = spec(&facts, "tuiphone-headless", Path::new("/a b"), &files.map(str::to_owned), "Sat Jan 31 2026");
        for line in [
            format!("Version: {}", facts.version),
            format!("Summary: {}", facts.summary),
            format!("License: {}", facts.licence),
            "Conflicts: tuiphone".to_owned(),
            "cp -a '/a b/.' %{buildroot}".to_owned(),
            format!("* Sat Jan 31 2026 {MAINTAINER} <{MAIL}> - {}-1", facts.version),
            "/usr/bin/tuiphone".to_owned(),
            "%license /usr/share/licenses/x/LICENSE-MIT".to_owned(),
            "%doc /usr/share/man/man1/t.1.gz".to_owned(),
        ] {
            assert!(spec.lines().any(|told| told == line), "{line} is not in:\n{spec}");
        }
        assert!(ABOUT.concat().iter().all(|line| spec.lines().any(|told| told == *line)), "{spec}");
        assert!(!spec.contains("Recommends"), "{spec}");
    }
}
