//! Channels.

use aldis_wire::Millis;
use aldis_wire::signal::{Channel, ChannelId, ChannelSetup, DEFAULT_CHANNEL};
use rusqlite::{OptionalExtension as _, Row, params};

use super::{Transaction, from_json, json};

impl Transaction<'_> {
    /// The channel with this id.
    pub fn channel(&self, id: ChannelId) -> rusqlite::Result<Option<Channel>> {
        self.connection
            .prepare_cached("SELECT id, setup FROM channels WHERE id = ?1")?
            .query_row([id], read_channel)
            .optional()
    }

    /// Every channel, in the order of ids.
    pub fn channels(&self) -> rusqlite::Result<Vec<Channel>> {
        self.connection
            .prepare_cached("SELECT id, setup FROM channels ORDER BY id")?
            .query_map([], read_channel)?
            .collect()
    }

    /// An id that no channel has or had.
    pub fn free_channel(&self) -> rusqlite::Result<ChannelId> {
        self.connection.query_row(
            "SELECT coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'channels'), 1) + 1",
            [],
            |row| row.get(0),
        )
    }

    /// Keeps a channel as it is now.
    pub fn keep_channel(&self, channel: &Channel) -> rusqlite::Result<()> {
        let setup: &ChannelSetup = &channel.setup;
        self.connection
            .execute(
                "INSERT INTO channels (id, name, setup) VALUES (?1, ?2, ?3)
                 ON CONFLICT (id) DO UPDATE SET name = ?2, setup = ?3",
                params![channel.id, setup.name, json(setup)?],
            )
            .map(drop)
    }

    /// How many open cases a channel has.
    pub fn open_cases_in(&self, id: ChannelId, now: Millis) -> rusqlite::Result<u32> {
        self.connection.query_row(
            "SELECT count(*) FROM cases
             WHERE channel = ?1 AND closed_at IS NULL AND expires_at > ?2",
            params![id, now],
            |row| row.get(0),
        )
    }

    /// Forgets a channel; its ended cases go to the default channel.
    pub fn forget_channel(&self, id: ChannelId) -> rusqlite::Result<()> {
        self.connection.execute(
            "UPDATE cases SET channel = ?2 WHERE channel = ?1",
            params![id, DEFAULT_CHANNEL],
        )?;
        self.connection
            .execute("DELETE FROM channels WHERE id = ?1", [id])
            .map(drop)
    }

    /// How many offers the channel has made.
    pub fn offers(&self, id: ChannelId) -> rusqlite::Result<u32> {
        self.connection
            .prepare_cached("SELECT offers FROM channels WHERE id = ?1")?
            .query_row([id], |row| row.get(0))
    }

    /// Counts one more offer of the channel.
    pub fn count_offer(&self, id: ChannelId) -> rusqlite::Result<()> {
        self.connection
            .prepare_cached("UPDATE channels SET offers = offers + 1 WHERE id = ?1")?
            .execute([id])
            .map(drop)
    }

    /// A number that changes when somebody else has written to the database.
    pub fn others_version(&self) -> rusqlite::Result<i64> {
        self.connection
            .pragma_query_value(None, "data_version", |row| row.get(0))
    }
}

fn read_channel(row: &Row<'_>) -> rusqlite::Result<Channel> {
    Ok(Channel {
        id: row.get(0)?,
        setup: from_json(row.get_ref(1)?.as_str()?)?,
    })
}
