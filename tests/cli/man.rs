//! The pages of the manual: those under `man/` are what the tables give, and what reads such pages finds nothing odd.

use crate::support::{bare, finish};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

fn pages_below(folder: &Path) -> BTreeMap<PathBuf, String> {
    let list =
        |folder: &Path| std::fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path());
    let files = list(folder).filter(|path| path.is_dir()).flat_map(|section| list(&section).collect::<Vec<_>>());
    files
        .map(|path| {
            let text = std::fs::read_to_string(&path).expect("a page");
            (path.strip_prefix(folder).expect("below it").to_owned(), text)
        })
        .collect()
}

/// Of the whole program: what a smaller one lacks has no page there.
#[cfg(feature = "http")]
#[test]
fn the_pages_that_are_kept_are_those_of_the_tables() {
    let folder = tempfile::tempdir().expect("a folder");
    let dir = folder.path().join("pages");
    let told = finish(bare(folder.path(), &["man", "--dir", dir.to_str().expect("UTF-8")]));
    assert_eq!((told.code, told.stdout.as_str()), (0, ""), "{told:?}");
    let fresh = pages_below(&dir);
    let kept = pages_below(&Path::new(env!("CARGO_MANIFEST_DIR")).join("man"));
    let how = "cargo xtask man writes them anew";
    assert_eq!(kept.keys().collect::<Vec<_>>(), fresh.keys().collect::<Vec<_>>(), "{how}");
    for (path, text) in &fresh {
        assert!(kept.get(path) == Some(text), "{} is not what the tables give; {how}", path.display());
    }
}

/// What a tool says of a page; `None` where the tool is not here.
fn complaints(tool: &str, arguments: &[&str], page: &Path) -> Option<String> {
    let mut command = Command::new(tool);
    command.args(arguments).arg(page).env("LC_ALL", "C.UTF-8").env("MANROFFSEQ", "").env("MANWIDTH", "80");
    let child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().ok()?;
    let told = crate::support::finish_in(child);
    // mandoc tells of lint on standard output, the others on standard error.
    Some(if tool == "mandoc" { told.stdout + &told.stderr } else { told.stderr })
}

#[test]
fn readers_of_pages_find_nothing_odd() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("man");
    let tools: [(&str, &[&str]); 3] = [
        ("groff", &["-man", "-Tutf8", "-ww", "-rCHECKSTYLE=1", "-z"]),
        ("man", &["--warnings", "-E", "UTF-8", "-l"]),
        ("mandoc", &["-T", "lint", "-W", "warning"]),
    ];
    let mut asked = 0;
    for (tool, arguments) in tools {
        for page in pages_below(&folder).keys() {
            let Some(told) = complaints(tool, arguments, &folder.join(page)) else {
                println!("skipped: no {tool} is here");
                break;
            };
            asked += 1;
            assert_eq!(told, "", "{tool} on {}", page.display());
        }
    }
    assert!(asked > 0 || std::env::var_os("CI").is_none(), "in CI one of them is here");
}

#[test]
fn a_page_is_printed_and_one_that_is_not_there_is_named() {
    let home = tempfile::tempdir().expect("a folder");
    let page = finish(bare(home.path(), &["man", "hold"]));
    assert!(page.code == 0 && page.stdout.starts_with(".TH \"TUIPHONE\\-HOLD\" 1 "), "{page:?}");
    let none = finish(bare(home.path(), &["man", "nonsense"]));
    assert!(none.code == 2 && none.stderr.contains("no page \"nonsense\""), "{none:?}");
    let file = home.path().join("file");
    std::fs::write(&file, "dear to me").expect("written");
    let refused = finish(bare(home.path(), &["man", "--dir", file.to_str().expect("UTF-8")]));
    assert!(refused.code == 1 && refused.stderr.contains("cannot write"), "{refused:?}");
    assert_eq!(std::fs::read_to_string(&file).expect("there"), "dear to me");
}

/// One table feeds the program, its manual and the page on scripts.
#[test]
fn the_page_on_scripts_has_every_exit_code() {
    use tuiphone::control::ExitCode;
    let page = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/scripts.md")).expect("read");
    let (_, table) = page.split_once("| exit | meaning | exit | meaning |").expect("the table");
    let cells: Vec<&str> =
        table.lines().skip(2).take_while(|line| line.starts_with('|')).flat_map(|line| line.split('|')).collect();
    let cells: Vec<&str> = cells.into_iter().map(str::trim).filter(|cell| !cell.is_empty()).collect();
    let mut told: Vec<(u8, &str)> = cells.chunks(2).map(|pair| (pair[0].parse().expect("a code"), pair[1])).collect();
    told.sort_unstable();
    assert_eq!(told, ExitCode::ALL.iter().map(|code| (code.code(), code.meaning())).collect::<Vec<_>>());
}
