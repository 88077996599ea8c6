//! Calls set up and torn down, several at once.

use std::collections::BTreeMap;

use serde_json::json;

use crate::held::{Held, Row, is_long, many, rest, wished};
use crate::phones::{dial, far_phone, kept};
use crate::support::{Daemon, House, Wire};

/// Far ends, each in a call of its own: a phone answers no second call by itself, nor the same caller twice.
const FAR_ENDS: usize = 4;
/// Before anything is compared, at least: as many as transactions outlast them, and what is kept within bounds has filled
/// them. As many as are compared afterwards, if those are more: it takes thousands until what stays lies where it can stay.
const WARMING: usize = 2_000;

/// Makes so many calls, each shorter than a second: it is ended as soon as it is answered.
fn make(wire: &mut Wire, numbers: &[String], calls: usize) {
    let (mut begun, mut alive) = (0, BTreeMap::new());
    while begun < calls || !alive.is_empty() {
        let free = numbers.iter().find(|number| !alive.values().any(|busy| busy == number));
        if let Some(number) = free.filter(|_| begun < calls) {
            alive.insert(dial(wire, number), number);
            begun += 1;
            if is_long() && begun.is_multiple_of(1_000) {
                println!("{begun} calls of {calls}");
            }
            continue;
        }
        let told = wire.line();
        let id = told["call"]["id"].as_str().unwrap_or_default();
        match told["event"].as_str() {
            Some("call_answered") => {
                let reply = wire.ask(&json!({"verb": "hangup", "call": id}).to_string());
                assert_eq!(reply["ok"], true, "{reply}");
            }
            Some("call_ended") => {
                assert_eq!(told["call"]["outcome"], "answered", "{told}");
                assert!(alive.remove(id).is_some(), "{id} ended twice");
            }
            _ => {}
        }
    }
}

#[test]
fn calls_set_up_and_torn_down_leave_nothing() {
    let calls = wished("TUIPHONE_SOAK_CALLS").unwrap_or(60);
    let warming = many(20, WARMING.max(calls));
    let house = House::open();
    let others: Vec<House> = (0..FAR_ENDS).map(|_| House::open()).collect();
    let (fars, numbers): (Vec<Daemon>, Vec<String>) = others.iter().map(far_phone).unzip();
    let text = std::fs::read_to_string(house.ini()).expect("read");
    let text = text.replace("[Settings]\r\n", "[Settings]\r\nsingleMode=0\r\n");
    std::fs::write(house.ini(), text).expect("written");
    let phone = house.daemon();
    let mut wire = phone.connect();
    wire.ask("watch");
    // Both rest at the same time.
    let both = [&phone, &fars[0]];
    make(&mut wire, &numbers, warming);
    rest(&phone);
    let before = both.map(Held::now);
    make(&mut wire, &numbers, calls);
    rest(&phone);
    let after = [0, 1].map(|which| Held::since(both[which], &before[which]));
    // Who takes them has its part, however they fell.
    let taken: usize = others.iter().map(kept).sum();
    let history = [kept(&house), taken];
    let rows = [("calls made", 0), ("calls taken", 1)].map(|(phase, which)| Row {
        phase,
        count: calls,
        before: before[which],
        after: after[which],
        history: (warming + calls, history[which]),
    });
    rows.into_iter().for_each(Row::holds);
}
