//! How soon the history of calls is searched: 100,000 calls in a file, each search the median of many.
//!
//! `cargo bench --bench history`; `cargo xtask bench --only history` puts it into the table. A line each: what, a tab, the
//! figure.

#![allow(missing_docs, clippy::unwrap_used, clippy::disallowed_methods)]

use rusqlite::Connection;
use std::time::{Duration, Instant};
use tuiphone::history::{Kind, Query, Record, Store};

const CALLS: i64 = 100_000;
const ROUNDS: usize = 21;

fn main() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::new(Connection::open(folder.path().join("calls.db")).unwrap()).unwrap();
    let calls: Vec<Record> = (1..=CALLS).map(call).collect();
    let begun = Instant::now();
    store.keep(&calls).unwrap();
    println!("100,000 calls: kept at once\t{:.2} s", begun.elapsed().as_secs_f64());
    let text = |text: &str| Query { text: text.into(), limit: 100, ..Query::default() };
    let rows = [
        ("the latest hundred", text("")),
        ("a word of many", text("person")),
        ("a word of the first of all", text("the first of all")),
        ("a part of a number", text("0100-07")),
        ("a word of none", text("nobody at all")),
        ("missed ones since a day", Query { kinds: vec![Kind::Missed], since_ms: Some(1), ..text("nobody at all") }),
    ];
    let mut medians = Vec::new();
    for (name, query) in rows {
        let mut took: Vec<Duration> = (0..ROUNDS)
            .map(|_| {
                let begun = Instant::now();
                std::hint::black_box(store.search(&query).unwrap());
                begun.elapsed()
            })
            .collect();
        took.sort();
        let ms = |at: usize| took[at].as_secs_f64() * 1e3;
        println!("100,000 calls, {name}: median, slowest\t{:.1}, {:.1} ms", ms(ROUNDS / 2), ms(ROUNDS - 1));
        medians.push(ms(ROUNDS / 2));
    }
    println!("100,000 calls: slowest search, median\t{:.1} ms", medians.into_iter().fold(0.0, f64::max));
    let begun = Instant::now();
    for at in 0..100 {
        store.keep(&[call(CALLS + 1 + at)]).unwrap();
    }
    println!("100,000 calls: one more is kept\t{:.2} ms", begun.elapsed().as_secs_f64() * 10.0);
}

fn call(at: i64) -> Record {
    Record {
        kind: Kind::of_number(at % 4),
        started_ms: 1_600_000_000_000 + at * 300_000,
        number: format!("+4940{:07}", at * 37 % 10_000_000),
        name: if at == 1 { "The First of All".into() } else { format!("Person {}", at * 7919 % 4_000) },
        uri: format!("sip:+4940{:07}@pbx.example.net", at * 37 % 10_000_000),
        account: "101@pbx.example.net".into(),
        duration_s: 61,
        outcome: "answered".into(),
        codec: "opus".into(),
        sip_call_id: format!("{at:032x}@192.0.2.1"),
        ..Record::default()
    }
}
