//! Whose bytes a program is made of, from the map that its linker (LLD) writes. Pure.

use std::collections::BTreeMap;

/// Bytes of one owner, by what they are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Bytes {
    /// Instructions.
    pub code: u64,
    /// What a panic unwinds by.
    pub unwinding: u64,
    /// Constants, tables of methods, variables.
    pub data: u64,
}

impl Bytes {
    /// All of them.
    pub fn sum(self) -> u64 {
        self.code + self.unwinding + self.data
    }

    fn add(&mut self, other: Bytes) {
        self.code += other.code;
        self.unwinding += other.unwinding;
        self.data += other.data;
    }
}

/// The crates of the standard library: what is generic there is its user's.
const STANDARD: [&str; 7] =
    ["core", "alloc", "std", "compiler_builtins", "panic_unwind", "unwind", "rustc_std_workspace_core"];

/// What has no name of its own: the compiler makes one heap of all crates' constants.
pub const NAMELESS: &str = "(constants and unwinding tables of all crates)";

/// The bytes that are loaded, by crate; C libraries by the name of their archive; and the code of `own` by room.
pub fn by_crate(map: &str, own: &str) -> (BTreeMap<String, Bytes>, BTreeMap<String, u64>) {
    let (mut crates, mut rooms) = (BTreeMap::<String, Bytes>::new(), BTreeMap::<String, u64>::new());
    for line in map.lines() {
        let Some((size, file, section)) = piece(line) else { continue };
        let Some((bytes, symbol)) = bytes_of(section, size) else { continue };
        let path = path_of(symbol);
        let owner = match owner(&path) {
            Some(name) => name.to_owned(),
            None => archive(file).map_or_else(|| NAMELESS.to_owned(), |name| format!("{name} (C)")),
        };
        if owner == own && bytes.code > 0 {
            *rooms.entry(room(&path, own)).or_default() += bytes.code;
        }
        crates.entry(owner).or_default().add(bytes);
    }
    (crates, rooms)
}

/// Size, file and section of a line that stands for a piece of an input file.
fn piece(line: &str) -> Option<(u64, &str, &str)> {
    let (front, section) = line.strip_suffix(')')?.rsplit_once(":(")?;
    let mut words = front.split_whitespace();
    let size = u64::from_str_radix(words.nth(2)?, 16).ok()?;
    let file = words.nth(1).unwrap_or_default();
    (size > 0).then_some((size, file, section))
}

/// What a section's bytes are, and the symbol in its name; nothing for what is not loaded.
fn bytes_of(section: &str, size: u64) -> Option<(Bytes, &str)> {
    let kinds = [
        (".text.unlikely.", Bytes { code: size, ..Bytes::default() }),
        (".text.", Bytes { code: size, ..Bytes::default() }),
        (".gcc_except_table.", Bytes { unwinding: size, ..Bytes::default() }),
        (".eh_frame", Bytes { unwinding: size, ..Bytes::default() }),
        (".rodata", Bytes { data: size, ..Bytes::default() }),
        (".data.rel.ro", Bytes { data: size, ..Bytes::default() }),
        (".data", Bytes { data: size, ..Bytes::default() }),
        (".text", Bytes { code: size, ..Bytes::default() }),
        (".gcc_except_table", Bytes { unwinding: size, ..Bytes::default() }),
    ];
    kinds.into_iter().find_map(|(begin, bytes)| {
        let symbol = section.strip_prefix(begin)?;
        Some((bytes, symbol.trim_start_matches('.')))
    })
}

/// One name of a symbol's path, and whether it is a crate's.
pub type Step<'a> = (&'a str, bool);

/// The names in a symbol of Rust's v0 mangling, in their order (RFC 2603); none for other symbols.
pub fn path_of(symbol: &str) -> Vec<Step<'_>> {
    let mut steps = Vec::new();
    let Some(mut rest) = symbol.strip_prefix("_R") else { return steps };
    let mut is_crate = false;
    while let Some(first) = rest.chars().next() {
        if first.is_ascii_digit() {
            let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
            let (length, behind) = rest.split_at(digits);
            let behind = behind.strip_prefix('_').unwrap_or(behind);
            let Some(name) = length.parse().ok().and_then(|length| behind.get(..length)) else { break };
            steps.push((name, is_crate));
            rest = behind.get(name.len()..).unwrap_or_default();
            is_crate = false;
            continue;
        }
        // Disambiguators, back references, lifetimes and binders end with an underscore; so does a constant's value.
        let is_number = matches!(first, 's' | 'B' | 'L' | 'G') || (first == 'K' && !rest.starts_with("KC"));
        is_crate = first == 'C' || (is_crate && first == 's');
        rest = match rest.find('_') {
            Some(end) if is_number => rest.get(end + 1..).unwrap_or_default(),
            _ if rest.starts_with("KC") => rest.get(2..).unwrap_or_default(),
            _ => rest.get(first.len_utf8()..).unwrap_or_default(),
        };
    }
    steps
}

/// The first crate that is not of the standard library; that one where there is no other.
pub fn owner<'a>(path: &[Step<'a>]) -> Option<&'a str> {
    let crates = || path.iter().filter(|(_, is_crate)| *is_crate).map(|(name, _)| *name);
    crates().find(|name| !STANDARD.contains(name)).or_else(|| crates().next().map(|_| "std"))
}

/// The room of `own` that a function is in; what is generic elsewhere is of no room.
fn room(path: &[Step<'_>], own: &str) -> String {
    match path {
        [(first, true), (second, false), ..] if *first == own => (*second).to_owned(),
        _ => "(generic code of others, for its types)".to_owned(),
    }
}

/// The name of the C library that a file of the map comes out of; none for what the compiler of Rust made.
fn archive(file: &str) -> Option<&str> {
    let name = file.rsplit('/').next()?;
    let (archive, member) = name.split_once("(")?;
    let archive = archive.split_once('-').map_or(archive, |(name, _)| name);
    let archive = archive.strip_prefix("lib").unwrap_or(archive).trim_end_matches(".rlib").trim_end_matches(".a");
    (!member.contains("rcgu")).then_some(archive)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MAP: &str = "             VMA              LMA     Size Align Out     In      Symbol\n\
        10 10 100 16 .text\n\
        10 10 20 16 /x/tuiphone-1.rcgu.o:(.text._RNvMs_NtNtCs4fqI2P2rA04_8tuiphone2ua5agentNtB4_5Agent6handle)\n\
        30 30 10 16 /x/tuiphone-1.rcgu.o:(.text._RINvNtCs4fqI2P2rA04_4core3ptr13drop_in_placeNtNtCs1_8tuiphone3sip7MessageEBO_)\n\
        40 40 8 16 /x/tuiphone-1.rcgu.o:(.text.unlikely._RNvNtCs9_5tokio4task5spawn)\n\
        48 48 4 1 /x/tuiphone-1.rcgu.o:(.gcc_except_table._RNvNtCs9_5tokio4task5spawn)\n\
        4c 4c 40 1 /x/liblibsqlite3_sys-0123456789abcdef.rlib(sqlite3.o):(.text.sqlite3_step)\n\
        8c 8c 6 1 /x/tuiphone-1.rcgu.o:(.rodata..Lanon.55.1)\n\
        0 0 99 1 /x/tuiphone-1.rcgu.o:(.debug_info)\n";

    #[test]
    fn every_loaded_byte_has_one_owner() {
        let (crates, rooms) = by_crate(MAP, "tuiphone");
        let sum = |name: &str| crates.get(name).copied().unwrap_or_default();
        assert_eq!(sum("tuiphone"), Bytes { code: 0x30, ..Bytes::default() });
        assert_eq!(sum("tokio"), Bytes { code: 8, unwinding: 4, data: 0 });
        assert_eq!(sum("libsqlite3_sys (C)").code, 0x40);
        assert_eq!(sum(NAMELESS).data, 6);
        assert_eq!(crates.values().map(|bytes| bytes.sum()).sum::<u64>(), 0x20 + 0x10 + 8 + 4 + 0x40 + 6);
        assert_eq!(rooms.get("ua"), Some(&0x20));
        assert_eq!(rooms.len(), 2);
    }

    #[test]
    fn the_names_of_a_symbol_are_found_whatever_stands_between_them() {
        let names = |symbol| path_of(symbol).into_iter().map(|(name, _)| name).collect::<Vec<_>>();
        assert_eq!(names("_RNvCs15kBYyAo9fc_7mycrate3foo"), ["mycrate", "foo"]);
        assert_eq!(names("_RINvCs1_1a1fKj8_KCE3end"), ["a", "f", "end"]);
        assert_eq!(path_of("sqlite3_open"), []);
        assert_eq!(path_of("_RNvC99999x"), []);
    }
}
