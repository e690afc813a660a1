//! Channels, the people in them, and who is there.

use serde::{Deserialize, Serialize};

use crate::Millis;

/// Names a channel.
pub type ChannelId = u32;

/// The channel that cannot be removed, and where everybody is a member.
pub const DEFAULT_CHANNEL: ChannelId = 1;

/// The most characters of a channel's name.
pub const MAX_CHANNEL_NAME: usize = 64;

/// The most channels.
pub const MAX_CHANNELS: usize = 500;

/// The most members that one channel names.
pub const MAX_MEMBERS: usize = 500;

/// The most supporters that one list holds.
pub const MAX_COLLEAGUES: usize = 2000;

/// The shortest expiry: 30 minutes.
pub const MIN_EXPIRY: Millis = 30 * 60 * 1000;

/// The longest expiry: 30 days.
pub const MAX_EXPIRY: Millis = 30 * 24 * 60 * 60 * 1000;

/// The expiry where no other is set: 24 hours.
pub const DEFAULT_EXPIRY: Millis = 24 * 60 * 60 * 1000;

/// The shortest and the longest time that an offered case waits for its assignee.
pub const OFFER_TIME: std::ops::RangeInclusive<Millis> = 10_000..=60 * 60 * 1000;

/// Where a case belongs.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Place {
    /// A channel.
    Channel(ChannelId),
    /// Nowhere: only this supporter sees it.
    Private(String),
}

/// A group of cases and the people who work on them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Channel {
    /// Names it for programs.
    pub id: ChannelId,
    /// How it is set up.
    pub setup: ChannelSetup,
}

/// How a channel is set up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChannelSetup {
    /// Its name; no two channels have the same.
    pub name: String,
    /// What it is for, or empty.
    pub description: String,
    /// How long its cases can be joined.
    pub expiry: Millis,
    /// Who gets its cases where `assignment` says so.
    pub default_assignee: Option<String>,
    /// Who gets a case that a customer waits in.
    pub assignment: Assignment,
    /// How long an offered case waits until it goes back to the queue.
    pub offer_time: Millis,
    /// Who works in it, in the order of names. The default channel's members are its managers;
    /// everybody works there.
    pub members: Vec<Member>,
}

/// Somebody who works in a channel.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Member {
    /// The account.
    pub name: String,
    /// May set up the channel, and assign what is not his own.
    pub manager: bool,
}

/// How a channel assigns the cases that customers wait in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Assignment {
    /// Supporters take them.
    #[default]
    Off,
    /// To the default assignee.
    Default,
    /// To each in turn.
    RoundRobin,
    /// To whoever has the fewest.
    LeastBusy,
    /// To whoever has the most of the case's tags as skills, the least busy of them.
    Skill,
}

/// Whether a supporter takes requests.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub enum Availability {
    /// Yes.
    #[default]
    Available,
    /// Not at the desk.
    Away,
    /// Has enough to do.
    Busy,
    /// Not signed in.
    Offline,
}

/// A supporter as his colleagues see him.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Colleague {
    /// The account's name.
    pub name: String,
    /// Whether he takes requests now.
    pub availability: Availability,
    /// How many open cases he has.
    pub cases: u32,
    /// What he knows about.
    pub skills: Vec<String>,
}

/// What an account may do.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub enum Role {
    /// Works on cases.
    #[default]
    Technician,
    /// Makes channels too, and manages those that he made.
    Manager,
    /// Manages everything but what is private.
    Admin,
}

/// The whole desk but for its cases, as one supporter sees it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Desk {
    /// His own name.
    pub me: String,
    /// What he may do.
    pub role: Role,
    /// He may release cases and hand them to a colleague.
    pub may_release: bool,
    /// Whether he takes requests now.
    pub availability: Availability,
    /// The channels he works in.
    pub channels: Vec<Channel>,
    /// Everybody, in the order of names.
    pub colleagues: Vec<Colleague>,
    /// How many customers wait in these channels, also while he does not see them.
    pub waiting: u32,
}
