//! The chat of a case. The server can read it, and keeps it as long as the case.

use serde::{Deserialize, Serialize};

use crate::Millis;

/// The most characters of a message.
pub const MAX_MESSAGE: usize = 4000;

/// The most messages that one answer holds.
pub const MAX_MESSAGES: usize = 100;

/// The most messages that one case keeps; a person has long opened a new case by then.
pub const MAX_CASE_MESSAGES: u32 = 20_000;

/// The most canned replies, and the most characters of a title.
pub const MAX_CANNED: usize = 200;

/// One message of a chat.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// Its number in the case, from 1 without gaps.
    pub number: u32,
    /// When the server kept it.
    pub at: Millis,
    /// Whose it is.
    pub from: Speaker,
    /// What it says.
    pub body: Body,
}

/// Who says something in a chat.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Speaker {
    /// The customer.
    Customer,
    /// A supporter, by the name of his account.
    Supporter(String),
}

/// What a message says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Body {
    /// Words; at most [`MAX_MESSAGE`] characters.
    Text(String),
    /// The supporter has joined the chat.
    Joined,
    /// The supporter has left the chat.
    Left,
    /// The supporter asks to see the screen.
    SharingAsked,
    /// The customer shares the screen.
    SharingAllowed,
    /// The customer does not share the screen.
    SharingDeclined,
}

/// Words that a supporter sends often.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Canned {
    /// What it is found by.
    pub title: String,
    /// What is sent.
    pub text: String,
}
