//! What a job can read and write.

mod accounts;
mod cases;
mod channels;
mod chat;
mod history;
mod trust;

use aldis_desk::{Case, Records, Supporter};
use aldis_wire::signal::{Channel, ChannelId, ChatMessage, Entry};
use aldis_wire::{Code, Millis};
use rusqlite::Connection;
use rusqlite::types::Type;
use serde::Serialize;
use serde::de::DeserializeOwned;

pub use accounts::Account;
pub use history::Broken;
pub use trust::{Invited, KeptCertificate};

/// One job's view of the database; everything in it happens, or nothing.
#[derive(Debug)]
pub struct Transaction<'a> {
    pub(crate) connection: &'a Connection,
}

impl Records for Transaction<'_> {
    type Failure = rusqlite::Error;

    fn case(&self, code: Code) -> Result<Option<Case>, Self::Failure> {
        Transaction::case(self, code)
    }

    fn open_case_of(&self, ticket: &str, now: Millis) -> Result<Option<Code>, Self::Failure> {
        Transaction::open_case_of(self, ticket, now)
    }

    fn channel(&self, id: ChannelId) -> Result<Option<Channel>, Self::Failure> {
        Transaction::channel(self, id)
    }

    fn supporter(&self, name: &str) -> Result<Option<Supporter>, Self::Failure> {
        self.person(name)
    }

    fn keep(&self, case: &Case) -> Result<(), Self::Failure> {
        self.keep_case(case)
    }

    fn keep_message(&self, code: Code, message: &ChatMessage) -> Result<(), Self::Failure> {
        self.keep_chat_message(code, message)
    }

    fn forget(&self, code: Code) -> Result<(), Self::Failure> {
        self.forget_case(code)
    }

    fn record(&self, entry: Entry) -> Result<Entry, Self::Failure> {
        self.record_entry(entry)
    }
}

/// A list or a form as it is kept.
fn json<T: Serialize>(value: &T) -> rusqlite::Result<String> {
    serde_json::to_string(value)
        .map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))
}

/// What [`json`] wrote.
fn from_json<T: DeserializeOwned>(text: &str) -> rusqlite::Result<T> {
    serde_json::from_str(text)
        .map_err(|error| rusqlite::Error::FromSqlConversionFailure(0, Type::Text, error.into()))
}
