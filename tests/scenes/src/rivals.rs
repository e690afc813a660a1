//! The same scenes in the hands of others.
//!
//! - [`ffmpeg`]: VP9 and AV1, which the program ffmpeg codes.
//! - [`h264`]: openh264, where that feature is on.
//! - [`ivf`]: the file in which ffmpeg leaves what it has coded.
//!
//! None of them is part of an app, and all code on one thread, as we do.

mod ffmpeg;
#[cfg(feature = "h264")]
mod h264;
mod ivf;

use std::time::Instant;

use aldis_screen::Frame;
use anyhow::Result;

use ffmpeg::{CODECS, Codec};

use crate::figures::{Times, bands, decibels, spoken};
use crate::ours::Ours;
use crate::scenes::Scene;

/// How many frames a second a codec is told to expect, whatever the pace of the scene.
const FRAMES_A_SECOND: u32 = 30;

/// Those who are here to be measured.
#[derive(Debug)]
pub(crate) struct Rivals {
    codecs: &'static [Codec],
    /// What a codec may send, in bits a second.
    rate: u32,
}

impl Rivals {
    /// Looks who is here, and says who is not.
    pub(crate) fn gather(rate: u32) -> Self {
        let codecs: &[Codec] = if ffmpeg::is_here() { &CODECS } else { &[] };
        if codecs.is_empty() {
            println!(
                "no ffmpeg here, which codes VP9 and AV1: `cargo xtask bench screen --yes` installs it"
            );
        }
        println!(
            "codecs: the whole screen on one thread, {} kbit/s at {FRAMES_A_SECOND} frames a second",
            rate / 1_000
        );
        Self { codecs, rate }
    }

    /// Prints what others make of a scene beside what we made of it.
    pub(crate) fn run(&self, scene: &Scene, ours: &Ours) -> Result<()> {
        zstd(scene)?.print("zstd of what is touched", scene, ours);
        #[cfg(feature = "h264")]
        h264::run(scene, self.rate)?.print("openh264, 4:2:0", scene, ours);
        for codec in self.codecs {
            match ffmpeg::run(codec, scene, self.rate) {
                Ok(theirs) => theirs.print(codec.name, scene, ours),
                Err(error) => println!("  beside   {}: not measured: {error:#}", codec.name),
            }
        }
        Ok(())
    }
}

/// What a scene cost somebody else; the first picture does not count.
#[derive(Debug, Default)]
struct Theirs {
    encode: Times,
    bytes: usize,
    /// Squared errors and samples of all that changed.
    errors: (u64, u64),
}

impl Theirs {
    /// Adds how far what is shown is from the source, where the source changed.
    fn compare(&mut self, before: &Frame, source: &Frame, shown: &Frame) {
        for (error, samples) in bands(before, source, shown) {
            self.errors.0 += error;
            self.errors.1 += samples;
        }
    }

    fn print(&self, name: &str, scene: &Scene, ours: &Ours) {
        let ratio = |ours: usize| self.bytes as f64 / ours.max(1) as f64;
        println!(
            "  beside   {name}: encode {} ms, {:.1} times ours; bytes {}, {} a frame, {:.2} times ours, {:.2} times \
             ours at once; likeness {} where it changed",
            self.encode.figures(),
            self.encode.median() / ours.encode().median().max(1e-3),
            self.bytes,
            self.bytes / scene.frames.max(1),
            ratio(ours.bytes()),
            ratio(ours.at_once()),
            spoken(decibels(self.errors.0, self.errors.1)),
        );
    }
}

/// Every frame's touched rectangles through zstd, each frame by itself.
fn zstd(scene: &Scene) -> Result<Theirs> {
    let mut theirs = Theirs::default();
    let mut zstd = zstd::bulk::Compressor::new(1)?;
    let mut frame = Frame::new(scene.size.0, scene.size.1)?;
    for number in 0..=scene.frames {
        let damage = scene.draw(number, &mut frame);
        if number == 0 {
            continue;
        }
        let started = Instant::now();
        let mut raw = Vec::new();
        for rect in damage.rects() {
            let rect = rect.intersection(frame.bounds());
            for y in rect.y..rect.bottom() {
                raw.extend_from_slice(frame.row(rect, y));
            }
        }
        theirs.bytes += zstd.compress(&raw)?.len();
        theirs.encode.add(started.elapsed());
    }
    Ok(theirs)
}
