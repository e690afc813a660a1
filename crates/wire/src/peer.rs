//! What the supporter's viewer and the customer's machine say to each other.
//!
//! The supporter opens a two-way stream for [`ToHost`] and [`ToViewer`]; the customer's machine
//! opens a one-way stream for [`ScreenPart`]s, so that a large picture never delays control.
//!
//! The conversation outlives its connections. Every stream pair begins with [`ToHost::Hello`] and
//! its answer, which have no numbers; everything after them is numbered from 0 by its order, over
//! all connections, and the numbers do not travel. Who comes again says what he lacks.

use std::net::SocketAddr;

use serde::{Deserialize, Serialize};

use crate::frame::Message;
use crate::input::Input;
use crate::{Code, Millis, SessionId};

/// The most raw pixels' bytes that one [`ScreenPart`] stands for, unless it is a single row.
pub const MAX_PART_RAW: usize = 1 << 20;

/// The most rectangles in one [`ScreenPart`].
pub const MAX_AREAS: usize = 256;

/// The most pixels a shared monitor may have on one axis.
pub const MAX_SIDE: u16 = 16_384;

/// The most monitors that are listed.
pub const MAX_MONITORS: usize = 16;

/// Stands for all monitors in one picture where a monitor's id is expected; no monitor has it.
pub const ALL_MONITORS: u32 = u32::MAX - 1;

/// The most pixels a pointer shape may have on one axis.
pub const MAX_POINTER_SIDE: u16 = 256;

/// The most supporters who are in one session at once.
pub const MAX_SEATS: usize = 3;

/// What the supporter may do on the customer's machine now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Grant {
    /// See the screen, and nothing else.
    View,
    /// See the screen, use mouse and keyboard.
    Control,
}

/// How a viewer wants the picture to look.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Look {
    /// What matters when not everything can be had at once.
    pub detail: Detail,
    /// Without colours.
    pub grey: bool,
    /// The most updates a second; `None` for as many as the link carries.
    pub rate: Option<u8>,
}

/// What matters when not everything can be had at once; everything is exact once it rests.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Detail {
    /// Photographs look good at once.
    #[default]
    Automatic,
    /// Nothing ever looks other than it is.
    Sharp,
    /// Photographs and films come soon.
    Fast,
    /// Photographs and films take few bytes.
    LowData,
}

/// Stands where a stream of the screen has its number, and says that the host hears nothing over
/// the connection in use; nothing follows it.
pub const POKE: u32 = u32::MAX;

/// Whether a session begins with this stream or goes on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Comes {
    /// It begins.
    First,
    /// It goes on where another connection has left it, or while that still lives.
    Again {
        /// Counts the streams that carried this session; greater every time. The screen's stream
        /// begins with it, as four bytes, the lowest first.
        number: u32,
        /// Shows that this side took part in the session's first connection.
        proof: [u8; 32],
        /// The first [`ToViewer`] that is lacking.
        control: u64,
        /// The first [`ScreenPart`] that is lacking.
        screen: u64,
    },
}

/// From the supporter's viewer to the customer's machine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ToHost {
    /// The first message: which conversation this is.
    Hello {
        /// [`crate::VERSION`] of the sender.
        version: u16,
        /// The session that the customer has allowed.
        session: SessionId,
        /// The case that the supporter means: who introduces the two could bring him elsewhere.
        case: Code,
        /// Whether it begins or goes on.
        comes: Comes,
        /// Binds the viewer to the number that it shows later, if it is asked to
        /// ([`ToViewer::Prove`]).
        commitment: [u8; 32],
    },
    /// The answer to [`ToViewer::Prove`]: the number of the commitment.
    Number([u8; 32]),
    /// The first message after [`ToViewer::Resumed`]: the number of the one after it.
    Continues {
        /// What comes before it the viewer has given up, or the host has it.
        from: u64,
    },
    /// The viewer has everything before these numbers.
    Received {
        /// The first [`ToViewer`] that is lacking.
        control: u64,
        /// The first [`ScreenPart`] that is lacking.
        screen: u64,
    },
    /// Nothing but a sign of life, which the other end's system acknowledges.
    Beat,
    /// Where the viewer may be found; at most [`MAX_CANDIDATES`](crate::signal::MAX_CANDIDATES).
    Candidates(Vec<SocketAddr>),
    /// Mouse and keyboard; ignored and reported without a control grant.
    Input(Input),
    /// Share this monitor instead.
    SelectMonitor(u32),
    /// How the picture is to look from now on.
    Look(Look),
    /// The update with this number is on the supporter's window; the next may come.
    FrameDone {
        /// [`ScreenPart::sequence`] of the update.
        sequence: u32,
    },
    /// From the lead: the supporter on this seat controls from now on.
    HandControl {
        /// [`Seat::number`].
        seat: u32,
    },
    /// From the lead: the supporter on this seat leaves.
    RemoveSeat {
        /// [`Seat::number`].
        seat: u32,
    },
    /// Asks the lead for control.
    AskControl,
    /// Asks the customer whether this session may be recorded, or says that it no longer is.
    Record(bool),
    /// The supporter ends his part of the session.
    End,
}

impl Message for ToHost {
    const MAX: usize = 8 * 1024;
}

/// From the customer's machine to the supporter's viewer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ToViewer {
    /// The session is on; the answer to [`ToHost::Hello`].
    Welcome {
        /// [`crate::VERSION`] of the sender.
        version: u16,
        /// What the customer allowed.
        grant: Grant,
        /// When the session began, by the server's clock.
        since: Millis,
    },
    /// The customer's app has not met this organisation before: before anything else happens, the
    /// person types the digits that the supporter reads out, which follow from this number, the
    /// viewer's and the connection.
    Prove {
        /// 32 random bytes.
        number: [u8; 32],
    },
    /// The customer's machine does not believe that the supporter is who he says.
    Distrusted(crate::signal::Distrust),
    /// The session goes on over this connection; the answer to [`Comes::Again`].
    Resumed {
        /// The first [`ToHost`] that is lacking.
        received: u64,
        /// The number of the next message here.
        from: u64,
        /// The number of the first part on the new screen stream.
        screen_from: u64,
    },
    /// The host has everything before this number.
    Received {
        /// The first [`ToHost`] that is lacking.
        control: u64,
    },
    /// Nothing but a sign of life, which the other end's system acknowledges.
    Beat,
    /// Where the customer's machine may be found; at most
    /// [`MAX_CANDIDATES`](crate::signal::MAX_CANDIDATES).
    Candidates(Vec<SocketAddr>),
    /// The session is not on, and never will be over this connection.
    Refused,
    /// What the supporter may do has changed.
    Grant(Grant),
    /// Who is in the session; told to everyone at every change.
    Seats {
        /// The lead first, then in the order in which they came; at most [`MAX_SEATS`].
        list: Vec<Seat>,
        /// The supporter about whom the customer is being asked now; nobody controls meanwhile.
        joining: Option<String>,
    },
    /// What has become of this supporter's wish to record; told whenever it changes.
    Recording(Recording),
    /// The monitors, and which of them is shared.
    Monitors {
        /// At most [`MAX_MONITORS`].
        list: Vec<Monitor>,
        /// [`Monitor::id`] of the shared one, or [`ALL_MONITORS`].
        shared: u32,
        /// Whether all of them can be seen in one picture.
        all: bool,
    },
    /// The pointer's new shape.
    PointerShape(PointerShape),
    /// The pointer's place on the shared monitor; `None` while it is on another one.
    PointerMoved(Option<(u16, u16)>),
    /// Input came without a grant; it was ignored.
    InputIgnored,
    /// Mouse and keyboard cannot be moved.
    NoHands(NoHands),
    /// Why there is no new picture now; `None` once there is one again.
    NoPicture(Option<NoPicture>),
    /// The session is over.
    Ended(EndReason),
}

impl Message for ToViewer {
    const MAX: usize = 512 * 1024;
}

/// Why mouse and keyboard cannot be moved.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum NoHands {
    /// The desktop is a Wayland one.
    Wayland,
    /// There is no desktop.
    NoDisplay,
    /// The system wants to be asked for permission first.
    Permission,
    /// A sentence of the customer's machine.
    Failed(String),
}

/// Why the screen cannot be seen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum NoPicture {
    /// The system does not answer; it is asked anew.
    Stuck,
    /// The screen is locked, or the system asks something that no program may see.
    Locked,
    /// A sentence of the customer's machine.
    Failed(String),
}

/// Whether a supporter may record what he sees.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Recording {
    /// He has not asked, or has stopped.
    #[default]
    Off,
    /// The customer is being asked; nobody controls meanwhile.
    Asked,
    /// The customer has said yes, and is shown who records.
    On,
    /// The customer has said no, or nothing.
    Declined,
    /// The customer has stopped it.
    Stopped,
    /// The customer is not asked now: there is another question, or one that was just answered.
    NotNow,
}

/// Why a session ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum EndReason {
    /// The customer pressed End, used the hot key or closed the window.
    Customer,
    /// The supporter ended it.
    Supporter,
    /// The case was closed.
    CaseClosed,
    /// The connection was lost and did not come back.
    Lost,
    /// The supporter who leads the session sent this one away.
    Removed,
}

/// A supporter in the session, as he and the others see him.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each says something of its own"
)]
pub struct Seat {
    /// Names the seat within this session.
    pub number: u32,
    /// The supporter's name.
    pub name: String,
    /// The most that the customer allows him.
    pub grant: Grant,
    /// He may hand over control and send others away.
    pub lead: bool,
    /// Mouse and keyboard are his.
    pub controls: bool,
    /// He would like to have them.
    pub asks: bool,
    /// He records what he sees.
    pub records: bool,
    /// It is the seat of whoever this is told to.
    pub you: bool,
}

/// One of the customer's monitors.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Monitor {
    /// Names it within this session.
    pub id: u32,
    /// The system's name for it.
    pub name: String,
    /// Width in pixels.
    pub width: u16,
    /// Height in pixels.
    pub height: u16,
    /// Whether it is the main one.
    pub primary: bool,
}

/// What the pointer looks like.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PointerShape {
    /// Width in pixels, at most [`MAX_POINTER_SIDE`].
    pub width: u16,
    /// Height in pixels, at most [`MAX_POINTER_SIDE`].
    pub height: u16,
    /// The pixel that points, from the left.
    pub hot_x: u16,
    /// The pixel that points, from the top.
    pub hot_y: u16,
    /// Rows of red, green, blue and alpha, premultiplied.
    pub rgba: Vec<u8>,
}

/// A step from the picture that the viewer shows to the next one.
///
/// An update is a run of parts with one sequence number; its last part says so.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScreenPart {
    /// Numbers the update; the viewer answers it with [`ToHost::FrameDone`].
    pub sequence: u32,
    /// The update is complete with this part.
    pub last: bool,
    /// What to do.
    pub op: Op,
}

/// What a [`ScreenPart`] does to the picture.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Op {
    /// Everything begins anew: a black picture of this size, no history and nothing kept.
    Start {
        /// Width of the shared monitor in pixels, at most [`MAX_SIDE`].
        width: u16,
        /// Height of the shared monitor in pixels, at most [`MAX_SIDE`].
        height: u16,
    },
    /// Pixels move within the picture; all are read before the first is written.
    Move(Vec<Move>),
    /// One colour for a whole rectangle: blue, green, red.
    Fill {
        /// Where.
        area: Area,
        /// The colour.
        colour: [u8; 3],
    },
    /// The exact pixels of rectangles, one after the other, through the stream's one history.
    Pixels {
        /// Where; at most [`MAX_AREAS`] that stand for at most [`MAX_PART_RAW`] bytes.
        areas: Vec<Area>,
        /// What came out of zstd until it was flushed.
        data: Vec<u8>,
    },
    /// A photograph, near enough for now.
    Photo {
        /// Where; at most [`MAX_PART_RAW`] bytes of raw pixels.
        area: Area,
        /// The width of the finest step.
        step: u8,
        /// How many tokens each stream has.
        sizes: Vec<u32>,
        /// The streams, one after the other, through zstd with a history of their own.
        tokens: Vec<u8>,
        /// The bits that belong to the tokens.
        bits: Vec<u8>,
    },
    /// A photograph's exact pixels.
    Exact {
        /// Where; at most [`MAX_PART_RAW`] bytes of raw pixels.
        area: Area,
        /// How many values each stream has.
        sizes: Vec<u32>,
        /// The streams, one after the other, through the zstd of [`Op::Photo`].
        data: Vec<u8>,
    },
    /// The pixels of tiles are to be kept in slots; what was there is forgotten.
    Keep(Vec<Run>),
    /// Tiles show what is kept in slots.
    Show(Vec<Run>),
}

/// The side of a tile in pixels; those at the right and bottom edge are what is left.
pub const TILE: u16 = 64;

/// How many tiles can be kept.
pub const SLOTS: u16 = 4096;

/// Tiles side by side, and as many slots in a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Run {
    /// The first tile, counted in rows from the picture's top left corner.
    pub tile: u16,
    /// The first slot, below [`SLOTS`].
    pub slot: u16,
    /// How many.
    pub count: u16,
}

/// A rectangle of the picture, counted from its top left corner.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Area {
    /// Left edge.
    pub x: u16,
    /// Top edge.
    pub y: u16,
    /// Width.
    pub width: u16,
    /// Height.
    pub height: u16,
}

/// A rectangle that shows what was elsewhere in the picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Move {
    /// Left edge of where it was.
    pub x: u16,
    /// Top edge of where it was.
    pub y: u16,
    /// Where it is now.
    pub to: Area,
}

impl ScreenPart {
    /// How many bytes of coded pixels it carries.
    pub fn payload(&self) -> usize {
        self.op.payload()
    }
}

impl Op {
    /// How many bytes of coded pixels it carries.
    pub fn payload(&self) -> usize {
        match self {
            Self::Pixels { data, .. } | Self::Exact { data, .. } => data.len(),
            Self::Photo { tokens, bits, .. } => tokens.len() + bits.len(),
            Self::Start { .. }
            | Self::Move(_)
            | Self::Fill { .. }
            | Self::Keep(_)
            | Self::Show(_) => 0,
        }
    }
}

impl Message for ScreenPart {
    // zstd's worst case is a fraction of a percent over the raw size; an area takes 12 bytes.
    const MAX: usize = MAX_PART_RAW + MAX_PART_RAW / 64 + 16 * MAX_AREAS + 1024;
}
