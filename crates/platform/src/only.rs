//! A program that may be open only once on a desktop.
//!
//! Whoever controls the screen through one customer's app could otherwise press Allow in the
//! prompt of another one beside it.
//! On X11 the display itself says who is there: programs with other home folders, of other users
//! and on other machines share that display, and so the same mouse.
//! Elsewhere a locked file says it, one for each user.

use std::io;
use std::path::Path;

use thiserror::Error;

mod file;
#[cfg(target_os = "linux")]
mod x11;

/// The right to be open on this desktop; given back when it is dropped, however the program ends.
#[derive(Debug)]
pub struct Only {
    _held: Held,
}

#[derive(Debug)]
#[expect(
    dead_code,
    reason = "both are held for what the system does when they go"
)]
enum Held {
    #[cfg(target_os = "linux")]
    Display(x11::Owner),
    File(std::fs::File),
}

/// Why a program may not be open.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum OnlyError {
    /// Another one is; where the system can, it was asked to show itself.
    #[error("it is already open on this desktop")]
    Taken,
    /// Nobody can say whether another one is.
    #[error("cannot tell whether it is already open on this desktop ({0})")]
    System(#[from] io::Error),
}

impl Only {
    /// Claims the desktop for the program of this name, or asks the one that has it to show itself.
    ///
    /// `show` is called, on a thread of its own, whenever a later one asks this one; `folder` is
    /// where the user's programs keep their files.
    pub fn claim(
        name: &str,
        folder: &Path,
        show: impl Fn() + Send + 'static,
    ) -> Result<Self, OnlyError> {
        #[cfg(target_os = "linux")]
        if let Some(display) = x11::Display::open(None) {
            let owner = x11::Owner::claim(display, name, Box::new(show))?;
            let held = Held::Display(owner);
            return Ok(Self { _held: held });
        }
        // Without a display there is nobody through whom the other could be asked.
        drop(show);
        let held = Held::File(file::lock(folder, name)?);
        Ok(Self { _held: held })
    }

    /// As [`claim`](Self::claim), on the X11 display with this name, as `:1`.
    #[cfg(target_os = "linux")]
    pub fn claim_display(
        display: &str,
        name: &str,
        show: impl Fn() + Send + 'static,
    ) -> Result<Self, OnlyError> {
        let gone = || io::Error::other("there is no such display");
        let display = x11::Display::open(Some(display)).ok_or_else(gone)?;
        let owner = x11::Owner::claim(display, name, Box::new(show))?;
        let held = Held::Display(owner);
        Ok(Self { _held: held })
    }
}
