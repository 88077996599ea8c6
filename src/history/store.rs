//! The history on an open database. Several processes may read while one writes.

use super::ask::PAGE;
use super::{Kind, Query, Record};
use rusqlite::{Connection, ErrorCode, OptionalExtension, Row, Transaction, TransactionBehavior, params};
use std::time::Duration;

/// The form of the tables, as `user_version` tells it.
const VERSION: i64 = 1;

/// How long a process waits for another one that writes.
const BUSY: Duration = Duration::from_secs(2);

/// What an open database is told. A process that is killed loses nothing: only a power cut takes the last calls along.
const MANNERS: &str = "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA cache_size=-1024;
    PRAGMA secure_delete=ON; PRAGMA trusted_schema=OFF;";

/// `id` is the beginning in milliseconds, made unique: the order of ids is that of time, and the rows lie in it.
/// `folded` is what is searched.
const TABLES: &str = "CREATE TABLE calls(
        id INTEGER PRIMARY KEY, kind INTEGER NOT NULL, folded TEXT NOT NULL, account TEXT NOT NULL,
        started INTEGER NOT NULL, number TEXT NOT NULL, name TEXT NOT NULL, uri TEXT NOT NULL,
        duration INTEGER NOT NULL, outcome TEXT NOT NULL, status INTEGER, info TEXT NOT NULL, codec TEXT NOT NULL,
        mos REAL, recording TEXT NOT NULL, call_id TEXT NOT NULL);
    CREATE INDEX calls_call_id ON calls(call_id);";

/// Up to which call somebody has looked. Older versions do without; what they have kept is no news.
const SEEN: &str = "CREATE TABLE seen(last INTEGER NOT NULL);
    INSERT INTO seen SELECT coalesce(max(id), 0) FROM calls;";

/// Why the history cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// A newer version has changed its form.
    #[error("a newer tuiphone has written it (form {0}, this one knows {VERSION})")]
    Newer(i64),
    /// The file is no database, or no longer one.
    #[error("it is damaged")]
    Damaged,
    /// Anything else.
    #[error("{0}")]
    Sql(rusqlite::Error),
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> StoreError {
        match error.sqlite_error_code() {
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => StoreError::Damaged,
            _ => StoreError::Sql(error),
        }
    }
}

/// The calls that were.
#[derive(Debug)]
pub struct Store {
    db: Connection,
}

impl Store {
    /// The history in a database, which may be new and empty.
    ///
    /// # Errors
    /// It is damaged, of a newer version, or cannot be written.
    pub fn new(db: Connection) -> Result<Store, StoreError> {
        db.busy_timeout(BUSY)?;
        let version = version(&db)?;
        if version > VERSION {
            return Err(StoreError::Newer(version));
        }
        db.execute_batch(MANNERS)?;
        if version < VERSION {
            let turn = Transaction::new_unchecked(&db, TransactionBehavior::Immediate)?;
            // Another process may have been quicker.
            if self::version(&turn)? < VERSION {
                turn.execute_batch(TABLES)?;
                turn.execute_batch(&format!("PRAGMA user_version={VERSION}"))?;
            }
            turn.commit()?;
        }
        if !knows_seen(&db)? {
            let turn = Transaction::new_unchecked(&db, TransactionBehavior::Immediate)?;
            if !knows_seen(&turn)? {
                turn.execute_batch(SEEN)?;
            }
            turn.commit()?;
        }
        Ok(Store { db })
    }

    /// Keeps calls as they are now: new ones, and those known by Call-ID, direction and beginning. The number of new ones.
    ///
    /// # Errors
    /// They cannot be written; none of them is then.
    pub fn keep(&self, calls: &[Record]) -> Result<usize, StoreError> {
        let turn = Transaction::new_unchecked(&self.db, TransactionBehavior::Immediate)?;
        let mut new = 0;
        for call in calls {
            let id = match known(&turn, call)? {
                Some(id) => id,
                None => {
                    new += 1;
                    free_id(&turn, call.started_ms)?
                }
            };
            turn.execute(
                "INSERT OR REPLACE INTO calls(id, kind, folded, account, started, number, name, uri, duration, outcome,
                     status, info, codec, mos, recording, call_id)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16)",
                params![
                    id,
                    call.kind.number(),
                    folded(call),
                    call.account,
                    call.started_ms,
                    call.number,
                    call.name,
                    call.uri,
                    call.duration_s,
                    call.outcome,
                    call.status,
                    call.info,
                    call.codec,
                    call.mos,
                    call.recording,
                    call.sip_call_id,
                ],
            )?;
        }
        turn.commit()?;
        Ok(new)
    }

    /// Those of these calls that are not kept yet.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn lacking(&self, calls: &[Record]) -> Result<Vec<Record>, StoreError> {
        let mut lacking: Vec<Record> = Vec::new();
        for call in calls {
            if known(&self.db, call)?.is_none() {
                lacking.push(call.clone());
            }
        }
        Ok(lacking)
    }

    /// The calls that fit, the latest first, and whether there are older ones; at most a [`PAGE`].
    ///
    /// # Errors
    /// It cannot be read.
    pub fn search(&self, query: &Query) -> Result<(Vec<Record>, bool), StoreError> {
        let wanted = match query.limit {
            0 => PAGE,
            limit => limit.min(PAGE),
        };
        let kinds = query.kinds.iter().fold(0, |bits: i64, kind| bits | 1 << kind.number());
        let until = query.before.unwrap_or(i64::MAX).min(query.until_ms.unwrap_or(i64::MAX));
        let mut rows = self.db.prepare(
            "SELECT id, kind, account, started, number, name, uri, duration, outcome, status, info, codec, mos, recording,
                 call_id FROM calls
             WHERE id < ?1 AND id >= ?2 AND (?3 = 0 OR (1 << kind) & ?3) AND (?4 = '' OR instr(folded, ?4))
                 AND (?5 IS NULL OR account = ?5 COLLATE NOCASE)
                 AND (NOT ?7 OR (id > (SELECT last FROM seen) AND outcome <> 'imported'))
             ORDER BY id DESC LIMIT ?6",
        )?;
        let most = i64::try_from(wanted).unwrap_or(i64::MAX).saturating_add(1);
        let since = query.since_ms.unwrap_or(0);
        let wanted_ones = params![until, since, kinds, needle(&query.text), query.account, most, query.unseen];
        let found = rows.query_map(wanted_ones, record)?;
        let mut calls: Vec<Record> = found.collect::<Result<_, _>>()?;
        let more = calls.len() > wanted;
        calls.truncate(wanted);
        Ok((calls, more))
    }

    /// Forgets the calls with these ids. The number of those that were there.
    ///
    /// # Errors
    /// It cannot be written; nothing is forgotten then.
    pub fn remove(&self, ids: &[i64]) -> Result<usize, StoreError> {
        let turn = Transaction::new_unchecked(&self.db, TransactionBehavior::Immediate)?;
        let mut removed = 0;
        for id in ids {
            removed += turn.execute("DELETE FROM calls WHERE id = ?1", [id])?;
        }
        turn.commit()?;
        self.wipe()?;
        Ok(removed)
    }

    /// Forgets every call. The number of them.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn clear(&self) -> Result<usize, StoreError> {
        // With a condition, because without one SQLite does not overwrite what it lets go.
        let removed = self.db.execute("DELETE FROM calls WHERE id IS NOT NULL", [])?;
        self.wipe()?;
        Ok(removed)
    }

    /// The calls that have ended are looked at. One that goes on may still be missed.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn saw(&self) -> Result<(), StoreError> {
        let last = "UPDATE seen SET last = max(last, (SELECT coalesce(max(id), 0) FROM calls WHERE outcome <> ''))";
        self.db.execute(last, [])?;
        Ok(())
    }

    /// Keeps so many of the latest calls at most. The number of those forgotten.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn trim(&self, most: u32) -> Result<usize, StoreError> {
        let oldest = "SELECT id FROM calls ORDER BY id DESC LIMIT 1 OFFSET ?1";
        let oldest: Option<i64> = self.db.query_row(oldest, [most], |row| row.get(0)).optional()?;
        let Some(oldest) = oldest else { return Ok(0) };
        Ok(self.db.execute("DELETE FROM calls WHERE id <= ?1", [oldest])?)
    }

    /// What is forgotten is to stand in no file any more, the log of changes included.
    fn wipe(&self) -> Result<(), StoreError> {
        Ok(self.db.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)")?)
    }
}

fn version(db: &Connection) -> Result<i64, StoreError> {
    Ok(db.query_row("PRAGMA user_version", [], |row| row.get(0))?)
}

fn knows_seen(db: &Connection) -> Result<bool, StoreError> {
    let is_there = "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'seen'";
    Ok(db.query_row(is_there, [], |_| Ok(())).optional()?.is_some())
}

/// The id of a call that is kept already. A Call-ID alone does not tell: the far end chooses it, and a call to oneself is
/// two with the same.
fn known(db: &Connection, call: &Record) -> Result<Option<i64>, StoreError> {
    let same = "SELECT id FROM calls WHERE call_id = ?1 AND started = ?2 AND (kind = ?3) = (?4 = ?3)";
    let (outgoing, kind) = (Kind::Outgoing.number(), call.kind.number());
    let key = params![call.sip_call_id, call.started_ms, outgoing, kind];
    Ok(db.query_row(same, key, |row| row.get(0)).optional()?)
}

/// The first id from the beginning on that nobody has.
fn free_id(db: &Connection, started: i64) -> Result<i64, StoreError> {
    let next = "SELECT CASE WHEN EXISTS (SELECT 1 FROM calls WHERE id = ?1) THEN
            (SELECT a.id + 1 FROM calls a WHERE a.id >= ?1 AND NOT EXISTS (SELECT 1 FROM calls b WHERE b.id = a.id + 1)
             ORDER BY a.id LIMIT 1)
        ELSE ?1 END";
    Ok(db.query_row(next, [started.max(1)], |row| row.get(0))?)
}

fn record(row: &Row) -> rusqlite::Result<Record> {
    Ok(Record {
        id: row.get(0)?,
        kind: Kind::of_number(row.get(1)?),
        account: row.get(2)?,
        started_ms: row.get(3)?,
        number: row.get(4)?,
        name: row.get(5)?,
        uri: row.get(6)?,
        duration_s: row.get(7)?,
        outcome: row.get(8)?,
        status: row.get(9)?,
        info: row.get(10)?,
        codec: row.get(11)?,
        mos: row.get(12)?,
        recording: row.get(13)?,
        sip_call_id: row.get(14)?,
    })
}

/// What of a call is searched, in lower case: a number without its dots and dashes as well.
fn folded(call: &Record) -> String {
    let bare = bare_number(&call.number).filter(|bare| *bare != call.number).unwrap_or_default();
    [&call.number, &bare, &call.name, &call.uri, &call.outcome, &call.info].map(|text| text.to_lowercase()).join("\n")
}

/// What is looked for in it.
fn needle(text: &str) -> String {
    let text = text.trim();
    bare_number(text).unwrap_or_else(|| text.to_lowercase())
}

/// A number as people write it, without what they put between the digits; `None` for what is none.
fn bare_number(text: &str) -> Option<String> {
    let between = |c: char| " -./()\u{a0}".contains(c);
    let is_number = text.chars().all(|c| c.is_ascii_digit() || "+*#".contains(c) || between(c));
    (is_number && text.contains(|c: char| c.is_ascii_digit())).then(|| text.chars().filter(|c| !between(*c)).collect())
}

#[cfg(test)]
mod tests;
