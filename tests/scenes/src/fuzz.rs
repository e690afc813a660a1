//! Real streams, broken in every way that dice find.

use std::time::{Duration, Instant};

use aldis_screen::decode::Decoder;
use aldis_screen::encode::Encoder;
use aldis_screen::{Frame, Region, Settings};
use aldis_wire::frame::HEADER;
use aldis_wire::peer::ScreenPart;
use anyhow::Result;

use crate::canvas::Dice;
use crate::scenes;

/// How many frames of each scene serve as seeds.
const FRAMES: usize = 6;

/// Breaks streams for so many seconds; a panic is the only way to fail.
pub(crate) fn run(seconds: u64, seed: u64) -> Result<()> {
    let streams = streams()?;
    let mut dice = Dice(seed.max(1));
    let end = Instant::now() + Duration::from_secs(seconds);
    let (mut rounds, mut refused, mut passed) = (0_u64, 0_u64, 0_u64);
    while Instant::now() < end {
        let stream = &streams[dice.roll(streams.len() as u32) as usize];
        let victim = dice.roll(stream.len() as u32) as usize;
        let mut decoder = Decoder::new();
        let mut changed = Region::new();
        for (index, bytes) in stream.iter().enumerate() {
            let mut bytes = bytes.clone();
            if index >= victim && (index == victim || dice.roll(3) == 0) {
                damage(&mut bytes, &mut dice);
            }
            let Ok(part) = aldis_wire::decode::<ScreenPart>(&bytes) else {
                refused += 1;
                break;
            };
            if decoder.decode(&part, &mut changed).is_err() {
                refused += 1;
                break;
            }
            passed += 1;
        }
        rounds += 1;
    }
    println!("{rounds} broken streams: {refused} refused, {passed} parts understood, no panic");
    Ok(())
}

fn damage(bytes: &mut Vec<u8>, dice: &mut Dice) {
    for _ in 0..=dice.roll(3) {
        if bytes.is_empty() {
            return;
        }
        // Headers are short, and most of what can go wrong is there.
        let most = if dice.roll(2) == 0 { 40 } else { u32::MAX };
        let place = dice.roll((bytes.len() as u32).min(most)) as usize;
        match dice.roll(5) {
            0 => bytes[place] ^= 1 << dice.roll(8),
            1 => bytes[place] = dice.roll(256) as u8,
            2 => bytes.truncate(place),
            3 => bytes.insert(place, dice.roll(256) as u8),
            _ => {
                bytes.remove(place);
            }
        }
    }
}

/// The parts of the scenes' first frames, as they travel.
fn streams() -> Result<Vec<Vec<Vec<u8>>>> {
    let mut streams = Vec::new();
    for scene in scenes::all()?.iter().filter(|scene| scene.size.0 < 2000) {
        let mut encoder = Encoder::new(Settings::default(), 3)?;
        let mut stream = Vec::new();
        let mut frame = Frame::new(scene.size.0, scene.size.1)?;
        let mut now = Duration::ZERO;
        for number in 0..=FRAMES.min(scene.frames) {
            let damage = scene.draw(number, &mut frame);
            let mut parts = encoder.encode(&frame, &damage, now)?;
            now += Duration::from_millis(200);
            parts.extend(encoder.refine(now, 100_000)?);
            for part in parts {
                stream.push(aldis_wire::encode(&part)?.split_off(HEADER));
            }
        }
        streams.push(stream);
    }
    Ok(streams)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn broken_streams_are_refused_and_never_panic() {
        run(3, 7).expect("streams to break");
    }
}
