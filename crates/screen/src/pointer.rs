//! The customer's pointer, which is never part of the pixels.

use aldis_wire::peer::PointerShape;

/// The customer's pointer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pointer {
    /// What it looks like; `None` until the first shape came.
    pub shape: Option<PointerShape>,
    /// Counts the shapes.
    pub shape_number: u64,
    /// Where it is on the shared monitor.
    pub place: Option<(u16, u16)>,
}
