//! The widest instructions that this processor has, for loops that the compiler turns into them.
//!
//! Programs are built for the oldest processors, and most are far newer.
//! What is computed is the same everywhere to the bit: numbers are added and multiplied one by one
//! in the order in which they are written, several at a time.

use fearless_simd::{Level, dispatch};

/// Runs work whose functions are all inlined into it; what is not inlined stays as it is.
#[inline(always)]
pub(crate) fn run<T>(work: impl FnOnce() -> T) -> T {
    dispatch!(Level::new(), _ => work())
}
