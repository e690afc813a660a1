//! A picture that somebody paints while somebody else shows it.

use crate::frame::Frame;
use crate::region::Rect;

/// The customer's screen as it is being received.
///
/// The painter goes on in a thread of his own; whoever shows the picture looks at it when there is
/// time to.
pub trait Live: Send + Sync {
    /// Width and height in pixels, once there is a picture.
    fn size(&self) -> Option<(u32, u32)>;

    /// Calls `show` with the picture, if there is one, and with what changed since somebody said
    /// that it was shown; `show` says so by returning `true`.
    ///
    /// Nothing is painted meanwhile, so nothing is missed.
    /// That it was shown lets the next update come.
    fn look(&self, show: &mut dyn FnMut(&Frame, &[Rect]) -> bool);
}
