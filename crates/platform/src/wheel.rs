//! How often the window hears of one notch of the wheel.

use raw_window_handle::RawDisplayHandle;

#[cfg(target_os = "linux")]
mod x11;

/// Tells whether the window hears of a notch twice, which winit 0.30 does on X11 for pointers
/// without scroll axes: it takes the release of the wheel's button for one more notch.
///
/// Mice and touchpads have such axes; the pointers of virtual displays, of VNC and of test programs
/// often have not.
#[derive(Debug)]
pub struct Wheel {
    #[cfg(target_os = "linux")]
    watch: Option<x11::Watch>,
}

impl Wheel {
    /// Watches the pointers of the display that the window is on.
    #[cfg_attr(
        not(target_os = "linux"),
        expect(unused_variables, reason = "only X11 tells twice")
    )]
    pub fn new(display: RawDisplayHandle) -> Self {
        Self {
            #[cfg(target_os = "linux")]
            watch: matches!(
                display,
                RawDisplayHandle::Xlib(_) | RawDisplayHandle::Xcb(_)
            )
            .then(x11::Watch::open)
            .flatten(),
        }
    }

    /// Whether every notch of the pointer that was used last is told twice; never waits.
    #[cfg_attr(
        not(target_os = "linux"),
        expect(clippy::unused_self, reason = "only X11 tells twice")
    )]
    pub fn tells_twice(&mut self) -> bool {
        #[cfg(target_os = "linux")]
        return self.watch.as_mut().is_some_and(x11::Watch::tells_twice);
        #[cfg(not(target_os = "linux"))]
        return false;
    }
}
