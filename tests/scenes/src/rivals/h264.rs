//! openh264 on the whole screen, as a support tool would use it.

use std::time::Instant;

use aldis_screen::Frame;
use anyhow::Result;
use openh264::OpenH264API;
use openh264::decoder::Decoder;
use openh264::encoder::{BitRate, Encoder, EncoderConfig, FrameRate, RateControlMode, UsageType};
use openh264::formats::{BgraSliceU8, YUVBuffer};

use super::{FRAMES_A_SECOND, Theirs};
use crate::scenes::Scene;

/// Codes a scene and looks at what a viewer would see of it.
pub(super) fn run(scene: &Scene, rate: u32) -> Result<Theirs> {
    let mut theirs = Theirs::default();
    let config = EncoderConfig::new()
        .bitrate(BitRate::from_bps(rate))
        .max_frame_rate(FrameRate::from_hz(FRAMES_A_SECOND as f32))
        .num_threads(1)
        .rate_control_mode(RateControlMode::Bitrate)
        .usage_type(UsageType::ScreenContentRealTime);
    let mut encoder = Encoder::with_api_config(OpenH264API::from_source(), config)?;
    let mut decoder = Decoder::new()?;
    let (width, height) = scene.size;
    let mut frame = Frame::new(width, height)?;
    let mut shown = frame.clone();
    for number in 0..=scene.frames {
        let before = frame.clone();
        scene.draw(number, &mut frame);
        let size = (width as usize, height as usize);
        let yuv = YUVBuffer::from_rgb_source(BgraSliceU8::new(frame.data(), size));
        // A good converter takes no time to speak of.
        let started = Instant::now();
        let stream = encoder.encode(&yuv)?.to_vec();
        if number > 0 {
            theirs.encode.add(started.elapsed());
            theirs.bytes += stream.len();
        }
        // A frame that the codec leaves out leaves the one before on the viewer's screen.
        if let Some(picture) = decoder.decode(&stream)? {
            let mut rgba = vec![0; size.0 * size.1 * 4];
            picture.write_rgba8(&mut rgba);
            let pixels = shown.data_mut().chunks_exact_mut(4);
            for (to, from) in pixels.zip(rgba.chunks_exact(4)) {
                to.copy_from_slice(&[from[2], from[1], from[0], 255]);
            }
        }
        if number > 0 {
            theirs.compare(&before, &frame, &shown);
        }
    }
    Ok(theirs)
}
