//! What else the operating system does for Aldis.
//!
//! [`keyboard`] takes the whole keyboard for the supporter's viewer,
//! [`hotkey`] hears the key that ends a session wherever the customer presses it,
//! [`private_file`] keeps tokens and keys where only their owner can read them.
//!
//! **Invariant:** no raw handle leaves this crate, and no key that was pressed is ever logged.

pub mod hotkey;
pub mod keyboard;
pub mod private_file;
#[cfg(windows)]
mod windows;
