//! The history, and the check that none of it was changed.

use aldis_desk::history::{self, Link, START};
use aldis_wire::Code;
use aldis_wire::signal::Entry;
use rusqlite::{OptionalExtension as _, params};
use thiserror::Error;

use super::Transaction;

/// The history is not what was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("the history is broken at entry {number}; whatever comes after it cannot be trusted")]
pub struct Broken {
    /// The first entry that is missing or does not fit.
    pub number: u64,
}

impl Transaction<'_> {
    /// Adds to the history's chain; gives the entry its number.
    pub fn record_entry(&self, entry: Entry) -> rusqlite::Result<Entry> {
        let (last, before) = self.history_head()?;
        let entry = Entry {
            number: last + 1,
            ..entry
        };
        let (by, event) = history::text_of(&entry.by, &entry.event);
        self.connection
            .prepare_cached(
                "INSERT INTO history (number, code, at, by, event, hash)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            )?
            .execute(params![
                entry.number.cast_signed(),
                entry.code.number(),
                entry.at,
                by,
                event,
                history::link(&before, &entry)
            ])?;
        Ok(entry)
    }

    /// The last entry's number and hash.
    pub fn history_head(&self) -> rusqlite::Result<(u64, Link)> {
        let head = self
            .connection
            .prepare_cached("SELECT number, hash FROM history ORDER BY number DESC LIMIT 1")?
            .query_row([], |row| Ok((row.get::<_, i64>(0)?, row.get(1)?)))
            .optional()?;
        let (number, hash) = head.unwrap_or((0, START));
        Ok((number.cast_unsigned(), hash))
    }

    /// An entry's hash.
    pub fn history_hash(&self, number: u64) -> rusqlite::Result<Option<Link>> {
        self.connection
            .prepare_cached("SELECT hash FROM history WHERE number = ?1")?
            .query_row([number.cast_signed()], |row| row.get(0))
            .optional()
    }

    /// What happened to a case, oldest first; at most the last so many.
    pub fn history_of(&self, code: Code, most: usize) -> rusqlite::Result<Vec<Entry>> {
        let mut statement = self.connection.prepare_cached(
            "SELECT number, at, by, event FROM history WHERE code = ?1
             ORDER BY number DESC LIMIT ?2",
        )?;
        let rows = statement.query_map(params![code.number(), most], |row| {
            let (by, event): (String, String) = (row.get(2)?, row.get(3)?);
            Ok((row.get::<_, i64>(0)?, row.get(1)?, by, event))
        })?;
        let mut entries = Vec::new();
        for row in rows {
            let (number, at, by, event) = row?;
            // What a newer version wrote stays unread, and stays.
            if let Some((by, event)) = history::read(&by, &event) {
                let number = number.cast_unsigned();
                entries.push(Entry {
                    number,
                    code,
                    at,
                    by,
                    event,
                });
            }
        }
        entries.reverse();
        Ok(entries)
    }

    /// Whether the database's file is sound.
    pub fn is_whole(&self) -> rusqlite::Result<bool> {
        let check: String = self
            .connection
            .pragma_query_value(None, "integrity_check", |row| row.get(0))?;
        Ok(check == "ok")
    }

    /// Checks the whole chain; gives the last entry's number and hash.
    pub fn verify_history(&self) -> rusqlite::Result<Result<(u64, Link), Broken>> {
        let mut statement = self
            .connection
            .prepare("SELECT number, code, at, by, event, hash FROM history ORDER BY number")?;
        let mut rows = statement.query([])?;
        let (mut number, mut before) = (0, START);
        while let Some(row) = rows.next()? {
            number += 1;
            let (by, event): (String, String) = (row.get(3)?, row.get(4)?);
            let found = row.get::<_, i64>(0)?.cast_unsigned();
            let hash: Link = row.get(5)?;
            let right = history::link_text(&before, number, row.get(1)?, row.get(2)?, &by, &event);
            if found != number || hash != right {
                return Ok(Err(Broken { number }));
            }
            before = hash;
        }
        Ok(Ok((number, before)))
    }
}
