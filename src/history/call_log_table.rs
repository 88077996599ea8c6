//! The table `call_log`, where MicroSIP keeps its history since 3.22.5.

use super::record::milliseconds;
use super::{Kind, Record, StoreError};
use crate::text::sanitise_bytes;
use rusqlite::{Connection, OptionalExtension};

/// Rows that are read at most; MicroSIP keeps a thousand.
const MOST: i64 = 10_000;

/// The calls of a database, the oldest first; `None` if it has no such table.
///
/// # Errors
/// The database cannot be read, or the table is another one.
pub fn read(db: &Connection) -> Result<Option<Vec<Record>>, StoreError> {
    // What a stranger's tables would run stays unrun.
    db.execute_batch("PRAGMA trusted_schema=OFF; PRAGMA cell_size_check=ON")?;
    let is_there = "SELECT 1 FROM sqlite_master WHERE type = 'table' AND lower(name) = 'call_log'";
    if db.query_row(is_there, [], |_| Ok(())).optional()?.is_none() {
        return Ok(None);
    }
    // Casts, because a file from elsewhere may hold anything anywhere.
    let mut rows = db.prepare(
        "SELECT CAST(callId AS TEXT), CAST(number AS TEXT), CAST(name AS TEXT), CAST(type AS INTEGER),
                CAST(time AS INTEGER), CAST(duration AS INTEGER), CAST(info AS TEXT)
         FROM (SELECT * FROM call_log ORDER BY time DESC, id DESC LIMIT ?1) ORDER BY time, id",
    )?;
    let calls = rows.query_map([MOST], |row| {
        let text = |at: usize| {
            Ok::<_, rusqlite::Error>(sanitise_bytes(row.get_ref(at)?.as_bytes_or_null()?.unwrap_or_default()))
        };
        let number = |at: usize| Ok::<_, rusqlite::Error>(row.get::<_, Option<i64>>(at)?.unwrap_or_default());
        Ok(Record {
            sip_call_id: text(0)?,
            number: text(1)?,
            name: text(2)?,
            kind: Kind::of_number(number(3)?),
            started_ms: milliseconds(number(4)?),
            duration_s: u32::try_from(number(5)?.max(0)).unwrap_or(u32::MAX),
            info: text(6)?,
            outcome: "imported".into(),
            ..Record::default()
        })
    })?;
    let calls: Vec<Record> = calls.collect::<Result<_, _>>()?;
    Ok(Some(calls.into_iter().filter(|call| !call.number.is_empty()).collect()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn database(sql: &str) -> Connection {
        let db = Connection::open_in_memory().unwrap();
        db.execute_batch(sql).unwrap();
        db
    }

    #[test]
    fn the_table_is_found_and_read() {
        let db = database(
            "CREATE TABLE other(x); CREATE TABLE call_log(id INTEGER PRIMARY KEY, callId TEXT UNIQUE, number TEXT,
             name TEXT, type INTEGER, time INTEGER, duration INTEGER, info TEXT);
             INSERT INTO call_log VALUES (2, 'b', '200', 'Bob', 2, 1700000100, 0, 'Missed Call');
             INSERT INTO call_log VALUES (1, 'a', '100', NULL, '0', 1700000000, 61.7, 'Call Ended');
             INSERT INTO call_log VALUES (3, 'c', '', 'nobody', 1, 1, 1, '');
             INSERT INTO call_log VALUES (4, NULL, x'ff31', 7, 'x', -5, -5, NULL);",
        );
        let calls = read(&db).unwrap().unwrap();
        let shown: Vec<_> = calls
            .iter()
            .map(|c| (&*c.sip_call_id, &*c.number, &*c.name, c.kind, c.started_s(), c.duration_s, &*c.info))
            .collect();
        assert_eq!(
            shown,
            [
                ("", "\u{fffd}1", "7", Kind::Outgoing, 0, 0, ""),
                ("a", "100", "", Kind::Outgoing, 1_700_000_000, 61, "Call Ended"),
                ("b", "200", "Bob", Kind::Missed, 1_700_000_100, 0, "Missed Call"),
            ]
        );
    }

    #[test]
    fn another_database_is_none() {
        assert_eq!(read(&database("CREATE TABLE calls(x)")).unwrap(), None);
        assert_eq!(read(&database("CREATE VIEW call_log AS SELECT 1 AS id")).unwrap(), None);
        assert!(read(&database("CREATE TABLE call_log(x)")).is_err());
    }

    #[test]
    fn of_too_many_the_newest_are_read() {
        let db = database(
            "CREATE TABLE call_log(id INTEGER PRIMARY KEY, callId TEXT UNIQUE, number TEXT, name TEXT, type INTEGER,
             time INTEGER, duration INTEGER, info TEXT);
             WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 10002)
             INSERT INTO call_log SELECT i, i, i, '', 0, 1700000000 + i, 0, '' FROM n;",
        );
        let calls = read(&db).unwrap().unwrap();
        let ends = (calls.first().map(|call| call.number.as_str()), calls.last().map(|call| call.number.as_str()));
        assert_eq!((calls.len(), ends), (10_000, (Some("3"), Some("10002"))));
    }
}
