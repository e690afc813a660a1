//! The same scenes in the hands of others.

use std::time::Instant;

use aldis_screen::Frame;
use anyhow::Result;

use crate::figures::Times;
use crate::scenes::Scene;

/// Prints what others make of a scene, for which we took `ours` bytes.
pub(crate) fn run(scene: &Scene, ours: usize) -> Result<()> {
    zstd(scene, ours)?;
    #[cfg(feature = "h264")]
    h264::run(scene, ours)?;
    Ok(())
}

fn ratio(theirs: usize, ours: usize) -> f64 {
    theirs as f64 / ours.max(1) as f64
}

/// Every frame's touched rectangles through zstd, each frame by itself.
fn zstd(scene: &Scene, ours: usize) -> Result<()> {
    let mut zstd = zstd::bulk::Compressor::new(1)?;
    let mut frame = Frame::new(scene.size.0, scene.size.1)?;
    let (mut times, mut bytes) = (Times::default(), 0);
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
        bytes += zstd.compress(&raw)?.len();
        times.add(started.elapsed());
    }
    println!(
        "  beside   zstd of what is touched: {bytes} bytes, {:.1} times ours; {} ms",
        ratio(bytes, ours),
        times.figures(),
    );
    Ok(())
}

#[cfg(feature = "h264")]
mod h264 {
    //! openh264 on the whole screen, as a support tool would use it.

    use std::time::Instant;

    use aldis_screen::Frame;
    use anyhow::Result;
    use openh264::OpenH264API;
    use openh264::decoder::Decoder;
    use openh264::encoder::{
        BitRate, Encoder, EncoderConfig, FrameRate, RateControlMode, UsageType,
    };
    use openh264::formats::{BgraSliceU8, YUVBuffer};

    use super::ratio;
    use crate::figures::{Times, bands, decibels, spoken};
    use crate::scenes::Scene;

    pub(super) fn run(scene: &Scene, ours: usize) -> Result<()> {
        let config = EncoderConfig::new()
            .bitrate(BitRate::from_bps(8_000_000))
            .max_frame_rate(FrameRate::from_hz(30.0))
            .rate_control_mode(RateControlMode::Bitrate)
            .usage_type(UsageType::ScreenContentRealTime);
        let mut encoder = Encoder::with_api_config(OpenH264API::from_source(), config)?;
        let mut decoder = Decoder::new()?;
        let (width, height) = scene.size;
        let mut frame = Frame::new(width, height)?;
        let (mut times, mut bytes) = (Times::default(), 0);
        let (mut errors, mut samples) = (0, 0);
        for number in 0..=scene.frames {
            let before = frame.clone();
            scene.draw(number, &mut frame);
            let size = (width as usize, height as usize);
            let yuv = YUVBuffer::from_rgb_source(BgraSliceU8::new(frame.data(), size));
            // A good converter takes no time to speak of.
            let started = Instant::now();
            let stream = encoder.encode(&yuv)?.to_vec();
            if number > 0 {
                times.add(started.elapsed());
                bytes += stream.len();
            }
            if let Some(picture) = decoder.decode(&stream)? {
                let mut rgba = vec![0; size.0 * size.1 * 4];
                picture.write_rgba8(&mut rgba);
                let mut shown = Frame::new(width, height)?;
                for (to, from) in shown
                    .data_mut()
                    .chunks_exact_mut(4)
                    .zip(rgba.chunks_exact(4))
                {
                    to.copy_from_slice(&[from[2], from[1], from[0], 255]);
                }
                if number > 0 {
                    for (error, count) in bands(&before, &frame, &shown) {
                        errors += error;
                        samples += count;
                    }
                }
            }
        }
        println!(
            "  beside   openh264 of the whole screen at 8 Mbit/s: {bytes} bytes, {:.1} times ours; \
             {} ms to encode; {} where it changed",
            ratio(bytes, ours),
            times.figures(),
            spoken(decibels(errors, samples)),
        );
        Ok(())
    }
}
