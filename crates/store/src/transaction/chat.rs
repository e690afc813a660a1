//! Chats, what was read of them, and canned replies.

use aldis_wire::Code;
use aldis_wire::signal::{Canned, ChatMessage, Speaker};
use rusqlite::{OptionalExtension as _, params};

use super::{Transaction, from_json, json};

impl Transaction<'_> {
    /// A case's messages after this number, oldest first.
    pub fn messages(
        &self,
        code: Code,
        after: u32,
        most: usize,
    ) -> rusqlite::Result<Vec<ChatMessage>> {
        self.connection
            .prepare_cached(
                "SELECT number, at, speaker, body FROM messages
                 WHERE code = ?1 AND number > ?2 ORDER BY number LIMIT ?3",
            )?
            .query_map(params![code.number(), after, most], |row| {
                let speaker: Option<String> = row.get(2)?;
                Ok(ChatMessage {
                    number: row.get(0)?,
                    at: row.get(1)?,
                    from: speaker.map_or(Speaker::Customer, Speaker::Supporter),
                    body: from_json(row.get_ref(3)?.as_str()?)?,
                })
            })?
            .collect()
    }

    /// Keeps what was said.
    pub fn keep_chat_message(&self, code: Code, message: &ChatMessage) -> rusqlite::Result<()> {
        let speaker = match &message.from {
            Speaker::Customer => None,
            Speaker::Supporter(name) => Some(name),
        };
        self.connection
            .prepare_cached(
                "INSERT INTO messages (code, number, at, speaker, body) VALUES (?1, ?2, ?3, ?4, ?5)",
            )?
            .execute(params![
                code.number(),
                message.number,
                message.at,
                speaker,
                json(&message.body)?
            ])
            .map(drop)
    }

    /// The number of what this speaker said under this mark, if it is kept already.
    pub fn said(&self, code: Code, speaker: &str, once: u64) -> rusqlite::Result<Option<u32>> {
        self.connection
            .prepare_cached(
                "SELECT number FROM said WHERE code = ?1 AND speaker = ?2 AND once = ?3",
            )?
            .query_row(params![code.number(), speaker, once.cast_signed()], |row| {
                row.get(0)
            })
            .optional()
    }

    /// Notes the mark under which a message came.
    pub fn note_said(
        &self,
        code: Code,
        speaker: &str,
        once: u64,
        number: u32,
    ) -> rusqlite::Result<()> {
        self.connection
            .prepare_cached(
                "INSERT INTO said (code, speaker, once, number) VALUES (?1, ?2, ?3, ?4)",
            )?
            .execute(params![code.number(), speaker, once.cast_signed(), number])
            .map(drop)
    }

    /// Notes that a supporter has read a chat up to this message, if it has so many; gives how far
    /// he has read.
    pub fn mark_read(&self, name: &str, code: Code, number: u32) -> rusqlite::Result<u32> {
        self.connection
            .prepare_cached(
                "INSERT INTO read (supporter, code, number)
                 SELECT ?1, code, min(?3, messages) FROM cases WHERE code = ?2
                 ON CONFLICT (supporter, code) DO UPDATE SET number = max(number, excluded.number)
                 RETURNING number",
            )?
            .query_row(params![name, code.number(), number], |row| row.get(0))
    }

    /// How far a supporter has read the chats of the cases that are not closed.
    pub fn read_marks(&self, name: &str) -> rusqlite::Result<Vec<(Code, u32)>> {
        let rows: Vec<(u32, u32)> = self
            .connection
            .prepare_cached(
                "SELECT read.code, number FROM read JOIN cases USING (code)
                 WHERE supporter = ?1 AND closed_at IS NULL",
            )?
            .query_map([name], |row| Ok((row.get(0)?, row.get(1)?)))?
            .collect::<Result<_, _>>()?;
        let mark = |(code, number)| Some((Code::from_number(code)?, number));
        Ok(rows.into_iter().filter_map(mark).collect())
    }

    /// The canned replies, in the order of titles.
    pub fn canned(&self) -> rusqlite::Result<Vec<Canned>> {
        self.connection
            .prepare_cached("SELECT title, text FROM canned ORDER BY title")?
            .query_map([], |row| {
                Ok(Canned {
                    title: row.get(0)?,
                    text: row.get(1)?,
                })
            })?
            .collect()
    }

    /// Keeps a canned reply; an empty text removes it.
    pub fn keep_canned(&self, canned: &Canned) -> rusqlite::Result<()> {
        if canned.text.is_empty() {
            let gone = "DELETE FROM canned WHERE title = ?1";
            return self.connection.execute(gone, [&canned.title]).map(drop);
        }
        self.connection
            .execute(
                "INSERT INTO canned (title, text) VALUES (?1, ?2)
                 ON CONFLICT (title) DO UPDATE SET text = ?2",
                params![canned.title, canned.text],
            )
            .map(drop)
    }
}
