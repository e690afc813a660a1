//! What else the operating system does for Aldis.
//!
//! [`keyboard`] takes the whole keyboard for the supporter's viewer,
//! [`hotkey`] hears the key that ends a session wherever the customer presses it,
//! [`wheel`] says whether the window hears of a notch twice,
//! [`notice`] shows notifications, [`launcher`] tells docks a number,
//! [`idle`] says how long nobody has touched anything,
//! [`folder`] shows where a file lies,
//! [`only`] lets a program be open once on a desktop,
//! [`private_file`] keeps tokens and keys where only their owner can read them.
//!
//! **Invariant:** no raw handle leaves this crate, and no key that was pressed is ever logged.

pub mod folder;
pub mod hotkey;
pub mod idle;
pub mod keyboard;
pub mod launcher;
pub mod notice;
pub mod only;
pub mod private_file;
pub mod wheel;
#[cfg(windows)]
mod windows;
