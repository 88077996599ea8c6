//! What valgrind's callgrind and DHAT write down, by who did it. Pure.

use std::collections::BTreeMap;

use crate::size::crates::{Step, owner, path_of};

/// What was allocated.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Heap {
    /// Blocks.
    pub blocks: u64,
    /// Bytes.
    pub bytes: u64,
}

impl Heap {
    /// The part of it that is not in `before`.
    pub fn beyond(self, before: Heap) -> Heap {
        Heap { blocks: self.blocks.saturating_sub(before.blocks), bytes: self.bytes.saturating_sub(before.bytes) }
    }
}

/// What a record of DHAT's tells.
#[derive(Debug, Default)]
pub struct Allocations {
    /// By who asked for it.
    pub by: BTreeMap<String, Heap>,
    /// Bytes held at the fullest moment.
    pub most: u64,
}

/// A record of DHAT's (version 2 of its format), names not demangled.
pub fn allocations(record: &str, own: &str) -> Option<Allocations> {
    let (points, frames) = record.split_once("\"ftbl\":")?;
    let (_, points) = points.split_once("\"pps\":")?;
    let frames: Vec<&str> = frames.lines().filter_map(|line| line.split('"').nth(1)).collect();
    let mut all = Allocations::default();
    for point in points.split("{\"tb\":").skip(1) {
        let bytes = digits(point)?;
        let blocks = digits(point.split_once("\"tbk\":")?.1)?;
        all.most += digits(point.split_once("\"gb\":")?.1)?;
        let stack = point.split_once("\"fs\":[")?.1.split(']').next()?;
        let stack = stack.split(',').filter_map(|frame| frames.get(frame.trim().parse::<usize>().ok()?).copied());
        let entry = all.by.entry(asker(stack, own)).or_default();
        entry.bytes += bytes;
        entry.blocks += blocks;
    }
    (!all.by.is_empty()).then_some(all)
}

/// The function nearest to the allocation that is the phone's own; where there is none the nearest crate's.
fn asker<'a>(stack: impl Iterator<Item = &'a str>, own: &str) -> String {
    let mut nearest = None;
    for frame in stack {
        // `0x1234: symbol (in /the/program)`
        let symbol = frame.split_whitespace().nth(1).unwrap_or_default();
        let path = path_of(symbol);
        if let Some(place) = place(&path, own) {
            return place;
        }
        nearest = nearest.or_else(|| owner(&path).filter(|name| *name != "std").map(str::to_owned));
    }
    nearest.unwrap_or_else(|| "(the standard library, C)".to_owned())
}

/// Room and module of the phone's own functions.
fn place(path: &[Step<'_>], own: &str) -> Option<String> {
    let at = path.iter().position(|(name, is_crate)| *is_crate && *name == own)?;
    let names: Vec<&str> = path.iter().skip(at + 1).take(2).map(|(name, _)| *name).collect();
    (!names.is_empty()).then(|| names.join("::"))
}

/// Instructions by crate, the phone's own by room, out of a record of callgrind's; names not demangled.
pub fn instructions(record: &str, own: &str) -> BTreeMap<String, u64> {
    let (mut names, mut by) = (BTreeMap::<&str, &str>::new(), BTreeMap::<String, u64>::new());
    let (mut current, mut is_of_callee) = (String::new(), false);
    for line in record.lines() {
        if let Some(called) = line.strip_prefix("fn=") {
            let (id, name) = called.split_once(' ').unwrap_or((called, ""));
            let name = if name.is_empty() { names.get(id).copied().unwrap_or_default() } else { name };
            names.insert(id, name);
            current = executor(name, own);
        } else if let Some((id, name)) = line.strip_prefix("cfn=").and_then(|callee| callee.split_once(' ')) {
            names.insert(id, name);
        } else if line.starts_with("calls=") {
            is_of_callee = true;
        } else if line.starts_with(|c: char| c.is_ascii_digit() || "+-*".contains(c)) {
            let cost = line.split_whitespace().nth(1).and_then(|cost| cost.parse::<u64>().ok()).unwrap_or_default();
            if !std::mem::take(&mut is_of_callee) {
                *by.entry(current.clone()).or_default() += cost;
            }
        }
    }
    by
}

/// Whose a function is: the phone's own by room, other crates by name, the rest is the C library's and its like.
fn executor(symbol: &str, own: &str) -> String {
    let path = path_of(symbol.split('\'').next().unwrap_or(symbol));
    match (path.as_slice(), owner(&path)) {
        ([(first, true), (room, false), ..], _) if *first == own => format!("{own}: {room}"),
        (_, Some(name)) => name.to_owned(),
        _ => "C: the system's loader and libraries, SQLite, Opus, ring".to_owned(),
    }
}

fn digits(text: &str) -> Option<u64> {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    text.get(..end)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn allocations_are_those_of_the_nearest_function_of_ours() {
        let record = "{\"dhatFileVersion\":2\n,\"pps\":\n [{\"tb\":100,\"tbk\":4,\"tl\":9\n  ,\"mb\":30,\"mbk\":1\n  \
            ,\"gb\":20,\"gbk\":1\n  ,\"eb\":0,\"ebk\":0\n  ,\"rb\":1,\"wb\":1\n  ,\"fs\":[1,2,3]\n  }\n ,{\"tb\":7,\"tbk\":1\n  \
            ,\"mb\":7,\"mbk\":1\n  ,\"gb\":7,\"gbk\":1\n  ,\"fs\":[1,4]\n  }\n ]\n,\"ftbl\":\n [\"[root]\"\n \
            ,\"0x1: malloc (in /x)\"\n ,\"0x2: _RNvMs_NtCs4_5alloc7raw_vec6RawVec4grow (in /y)\"\n \
            ,\"0x3: _RNvMs_NtNtCs4_8tuiphone2ua5agentNtB4_5Agent6handle (in /y)\"\n ,\"0x4: _RNvNtCs9_5tokio4task5spawn (in /y)\"\n ]\n}\n";
        let all = allocations(record, "tuiphone").expect("a record");
        assert_eq!(all.by.get("ua::agent"), Some(&Heap { blocks: 4, bytes: 100 }));
        assert_eq!(all.by.get("tokio"), Some(&Heap { blocks: 1, bytes: 7 }));
        assert_eq!(all.most, 27);
        assert!(allocations("{}", "tuiphone").is_none());
    }

    #[test]
    fn instructions_are_those_of_whoever_runs_them_not_of_whom_they_call() {
        let record = "events: Ir\nfn=(1) _RNvMs_NtNtCs4_8tuiphone2ua5agentNtB4_5Agent6handle\n10 5\n\
            cfn=(2) _RNvNtCs9_5tokio4task5spawn'2\ncalls=3 7\n+2 900\n* 6\nfn=(2)\n7 40\n";
        let by = instructions(record, "tuiphone");
        assert_eq!(by.get("tuiphone: ua"), Some(&11));
        assert_eq!(by.get("tokio"), Some(&40));
        assert_eq!(by.len(), 2);
    }
}
