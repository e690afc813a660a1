//! The sending half of the stream of exact pixels: one endless zstd frame, flushed per part.
//!
//! What was sent before stays in the window, so a glyph that was on the screen once costs a few
//! bytes when it appears again.

use std::io;

use zstd::stream::raw::{CParameter, Encoder, InBuffer, Operation as _, OutBuffer};

use crate::unzstd::WINDOW_LOG;

/// zstd's fastest ordinary level; the link is seldom slower than a higher one would be.
const LEVEL: i32 = 1;

/// The base-two logarithm of the history of what never repeats.
const FORGETFUL_LOG: u32 = 17;

/// The base-two logarithm of how many places it looks for repeats in: few, for a repeat that is
/// chance costs more than the bytes that it stands for.
const FORGETFUL_HASH_LOG: u32 = 8;

/// The shortest repeat that it takes, in bytes.
const FORGETFUL_MATCH: u32 = 7;

/// Packed bytes are collected in steps of this size.
const STEP: usize = 64 * 1024;

/// Packs pixels; everything that was packed before is its history.
pub(crate) struct Packer {
    zstd: Encoder<'static>,
    step: Vec<u8>,
}

impl Packer {
    /// A stream without history, that will remember as much as the receiver does.
    pub(crate) fn new() -> io::Result<Self> {
        Self::with_window(WINDOW_LOG)
    }

    /// A stream for what never repeats, without much of a memory.
    pub(crate) fn forgetful() -> io::Result<Self> {
        let mut packer = Self::with_window(FORGETFUL_LOG)?;
        for parameter in [
            CParameter::HashLog(FORGETFUL_HASH_LOG),
            CParameter::MinMatch(FORGETFUL_MATCH),
        ] {
            packer.zstd.set_parameter(parameter)?;
        }
        Ok(packer)
    }

    fn with_window(log: u32) -> io::Result<Self> {
        let mut zstd = Encoder::new(LEVEL)?;
        zstd.set_parameter(CParameter::WindowLog(log))?;
        Ok(Self {
            zstd,
            step: Vec::with_capacity(STEP),
        })
    }

    /// Begins a stream without history.
    pub(crate) fn restart(&mut self) -> io::Result<()> {
        self.zstd.reinit()
    }

    /// The packed form of `bytes`, complete.
    pub(crate) fn pack(&mut self, bytes: &[u8]) -> io::Result<Vec<u8>> {
        let mut packed = Vec::new();
        let mut input = InBuffer::around(bytes);
        while input.pos() < bytes.len() {
            let mut output = OutBuffer::around(&mut self.step);
            self.zstd.run(&mut input, &mut output)?;
            packed.extend_from_slice(output.as_slice());
        }
        loop {
            let mut output = OutBuffer::around(&mut self.step);
            let left = self.zstd.flush(&mut output)?;
            packed.extend_from_slice(output.as_slice());
            if left == 0 {
                return Ok(packed);
            }
        }
    }
}
