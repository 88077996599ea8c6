use super::*;

fn call(number: &str, started_ms: i64) -> Record {
    Record {
        kind: Kind::Incoming,
        started_ms,
        number: number.into(),
        account: "101@pbx".into(),
        sip_call_id: format!("{number}-{started_ms}"),
        ..Record::default()
    }
}

fn store(calls: &[Record]) -> Store {
    let store = Store::new(Connection::open_in_memory().unwrap()).unwrap();
    assert_eq!(store.keep(calls).unwrap(), calls.len());
    store
}

fn numbers(store: &Store, query: Query) -> Vec<String> {
    store.search(&query).unwrap().0.into_iter().map(|call| call.number).collect()
}

#[test]
fn a_call_is_kept_from_its_start_and_changed_by_its_end() {
    let begun = call("600", 1_700_000_000_123);
    let ended = Record {
        kind: Kind::Missed,
        name: "Bob".into(),
        uri: "sip:600@pbx".into(),
        duration_s: 7,
        outcome: "no_answer".into(),
        status: Some(487),
        info: "Missed Call".into(),
        codec: "opus".into(),
        mos: Some(4.2),
        recording: "a.ogg".into(),
        ..begun.clone()
    };
    let store = store(std::slice::from_ref(&begun));
    assert_eq!(store.keep(std::slice::from_ref(&ended)).unwrap(), 0);
    let (calls, more) = store.search(&Query::default()).unwrap();
    assert_eq!((calls, more), (vec![Record { id: 1_700_000_000_123, ..ended }], false));
}

#[test]
fn calls_are_told_apart_by_more_than_their_call_id() {
    let first = call("600", 1_000);
    let outgoing = Record { kind: Kind::Outgoing, ..first.clone() };
    let later = Record { started_ms: 2_000, ..first.clone() };
    let other = Record { sip_call_id: "other".into(), ..first.clone() };
    let store = store(&[first, outgoing, later, other]);
    let ids: Vec<i64> = store.search(&Query::default()).unwrap().0.iter().map(|call| call.id).collect();
    assert_eq!(ids, [2_000, 1_002, 1_001, 1_000]);
}

#[test]
fn what_nobody_has_looked_at_is_new() {
    let ended = |number: &str, at| Record { kind: Kind::Missed, outcome: "no_answer".into(), ..call(number, at) };
    let ringing = call("4", 4_000);
    let imported = Record { outcome: "imported".into(), ..call("5", 5_000) };
    let store = store(&[ended("1", 1_000), ended("2", 2_000)]);
    let new = || numbers(&store, Query { unseen: true, ..Query::default() });
    assert_eq!(new(), ["2", "1"]);
    store.saw().unwrap();
    assert_eq!(new(), [""; 0]);
    store.keep(&[ended("3", 3_000), ringing, imported]).unwrap();
    assert_eq!(new(), ["4", "3"]);
    store.keep(&[ended("6", 3_500)]).unwrap();
    store.saw().unwrap();
    assert_eq!(new(), [""; 0], "what was brought over has ended, and lies behind all of them");
    store.keep(&[ended("7", 7_000)]).unwrap();
    assert_eq!(new(), ["7"]);
    // One that still rings may yet be missed.
    let rings = self::store(&[ended("1", 1_000), call("2", 2_000)]);
    rings.saw().unwrap();
    assert_eq!(numbers(&rings, Query { unseen: true, ..Query::default() }), ["2"]);
}

#[test]
fn what_an_older_version_kept_is_no_news() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("history.db");
    let open = || Store::new(Connection::open(&file).unwrap()).unwrap();
    let store = open();
    store.keep(&[call("1", 1_000)]).unwrap();
    store.db.execute_batch("DROP TABLE seen").unwrap();
    drop(store);
    let store = open();
    store.keep(&[call("2", 2_000)]).unwrap();
    assert_eq!(numbers(&store, Query { unseen: true, ..Query::default() }), ["2"]);
}

#[test]
fn what_fits_is_found() {
    let named = |name: &str, call: Record| Record { name: name.into(), ..call };
    let store = store(&[
        named("Ann Ärmel", call("+1 (555) 010-22", 1_000)),
        Record { kind: Kind::Missed, info: "Missed Call".into(), ..call("200", 2_000) },
        Record {
            kind: Kind::Outgoing,
            account: "202@Other".into(),
            uri: "sip:bob@far.example".into(),
            ..call("bob", 3_000)
        },
        named("100%", call("300", 4_000)),
    ]);
    let text = |text: &str| Query { text: text.into(), ..Query::default() };
    let rows: [(Query, &[&str]); 16] = [
        (Query::default(), &["300", "bob", "200", "+1 (555) 010-22"]),
        (text("  "), &["300", "bob", "200", "+1 (555) 010-22"]),
        (text("ärMEL"), &["+1 (555) 010-22"]),
        (text("555-0102"), &["+1 (555) 010-22"]),
        (text("(555) 010"), &["+1 (555) 010-22"]),
        (text("FAR.example"), &["bob"]),
        (text("missed"), &["200"]),
        (text("%"), &["300"]),
        (text("_"), &[]),
        (text("'; DROP TABLE calls; --"), &[]),
        (Query { kinds: vec![Kind::Missed, Kind::Outgoing], ..Query::default() }, &["bob", "200"]),
        (Query { account: Some("202@other".into()), ..Query::default() }, &["bob"]),
        (Query { since_ms: Some(2_000), until_ms: Some(4_000), ..Query::default() }, &["bob", "200"]),
        (Query { before: Some(3_000), ..Query::default() }, &["200", "+1 (555) 010-22"]),
        (Query { limit: 1, ..Query::default() }, &["300"]),
        (Query { limit: 9, kinds: vec![Kind::AnsweredElsewhere], ..Query::default() }, &[]),
    ];
    for (query, expected) in rows {
        assert_eq!(numbers(&store, query.clone()), expected, "{query:?}");
    }
    assert!(store.search(&Query { limit: 3, ..Query::default() }).unwrap().1);
    assert!(!store.search(&Query { limit: 4, ..Query::default() }).unwrap().1);
}

#[test]
fn what_is_forgotten_is_gone_and_the_oldest_go_first() {
    let store = store(&[call("1", 1), call("2", 2), call("3", 3), call("4", 4)]);
    assert_eq!((store.trim(9).unwrap(), store.trim(3).unwrap()), (0, 1));
    assert_eq!(numbers(&store, Query::default()), ["4", "3", "2"]);
    assert_eq!(store.remove(&[3, 3, 77]).unwrap(), 1);
    assert_eq!(numbers(&store, Query::default()), ["4", "2"]);
    assert_eq!((store.clear().unwrap(), store.clear().unwrap()), (2, 0));
    assert!(numbers(&store, Query::default()).is_empty());
}

#[test]
fn a_page_has_an_end() {
    let calls: Vec<Record> = (1..=1_500).map(|at| call("600", at)).collect();
    let store = store(&calls);
    let (first, more) = store.search(&Query::default()).unwrap();
    assert!(more && first.len() == PAGE);
    let next = Query { before: first.last().map(|call| call.id), ..Query::default() };
    let (second, more) = store.search(&next).unwrap();
    assert_eq!((second.len(), second[0].id, more), (500, 500, false));
}

#[test]
fn a_file_of_a_newer_version_is_left_alone() {
    let db = Connection::open_in_memory().unwrap();
    db.execute_batch("PRAGMA user_version=2").unwrap();
    let error = Store::new(db).unwrap_err();
    assert_eq!(error.to_string(), "a newer tuiphone has written it (form 2, this one knows 1)");
}

#[test]
fn two_processes_at_one_file_see_each_other() {
    let folder = tempfile::tempdir().unwrap();
    let open = || Store::new(Connection::open(folder.path().join("calls.db")).unwrap()).unwrap();
    let (one, other) = (open(), open());
    one.keep(&[call("1", 1)]).unwrap();
    assert_eq!(numbers(&other, Query::default()), ["1"]);
    other.keep(&[call("2", 2)]).unwrap();
    assert_eq!(numbers(&one, Query::default()), ["2", "1"]);
}

#[test]
fn what_is_no_database_is_damaged() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("calls.db");
    std::fs::write(&path, "not a database at all, for longer than the head of one would be.".repeat(20)).unwrap();
    assert!(matches!(Store::new(Connection::open(&path).unwrap()), Err(StoreError::Damaged)));
}
