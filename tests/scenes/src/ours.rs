//! A scene through encoder and decoder.

use std::time::{Duration, Instant};

use aldis_screen::decode::Decoder;
use aldis_screen::encode::{Encoder, Sink, Stage};
use aldis_screen::{Frame, Region, Settings};
use aldis_wire::peer::ScreenPart;
use anyhow::{Result, ensure};

use crate::figures::{Times, bands, decibels, spoken};
use crate::scenes::Scene;
use crate::threads::Threads;

/// Exact photographs go out in portions of so many bytes.
const PORTION: usize = 128 * 1024;

/// What a scene cost.
#[derive(Debug, Default)]
pub(crate) struct Ours {
    stages: [Times; 4],
    whole: Times,
    decode: Times,
    refine: Times,
    first: usize,
    sent: usize,
    refined: usize,
    most: usize,
    /// The worst likeness of a band of what changed, as soon as it was shown.
    worst: Option<f64>,
    /// Squared errors and samples of all that changed.
    errors: (u64, u64),
    /// When the last thing was exact after the last change.
    exact_after: Duration,
}

impl Ours {
    /// All bytes but those of the first picture.
    pub(crate) fn bytes(&self) -> usize {
        self.sent + self.refined
    }

    /// Those bytes with which everything was shown, if not yet exactly.
    pub(crate) fn at_once(&self) -> usize {
        self.sent
    }

    /// How long the updates took to encode.
    pub(crate) fn encode(&self) -> &Times {
        &self.whole
    }

    pub(crate) fn print(&self, scene: &Scene) {
        let [diff, cache, moves, pack] = &self.stages;
        println!("  diff     {} ms (p50 / p95)", diff.figures());
        println!("  cache    {} ms", cache.figures());
        println!("  moves    {} ms", moves.figures());
        println!("  pack     {} ms", pack.figures());
        println!("  encode   {} ms together", self.whole.figures());
        println!("  decode   {} ms", self.decode.figures());
        println!("  refine   {} ms a portion", self.refine.figures());
        println!(
            "  bytes    {}, {} a frame = {} at once + {} to be exact; most in an update {}; first picture {}",
            self.bytes(),
            self.bytes() / scene.frames.max(1),
            self.sent,
            self.refined,
            self.most,
            self.first,
        );
        println!(
            "  likeness {} where it changed, {} at worst; exact {} ms after the last change",
            spoken(decibels(self.errors.0, self.errors.1)),
            spoken(self.worst),
            self.exact_after.as_millis(),
        );
    }
}

/// Carries a scene over; its picture must be exact in the end.
pub(crate) fn run(scene: &Scene, threads: usize) -> Result<Ours> {
    let mut ours = Ours::default();
    let mut encoder = Encoder::new(Settings::default(), 7)?.with_helpers(Threads::start(threads));
    let mut decoder = Decoder::new();
    let mut frame = Frame::new(scene.size.0, scene.size.1)?;
    let mut now = Duration::ZERO;
    for number in 0..=scene.frames {
        let before = frame.clone();
        let damage = scene.draw(number, &mut frame);
        let started = Instant::now();
        let mut watch = Watch {
            last: started,
            stages: [Duration::ZERO; 4],
            parts: Vec::new(),
        };
        encoder.encode_to(&frame, &damage, now, &mut watch)?;
        let encoded = started.elapsed();
        let Watch { stages, parts, .. } = watch;
        let (bytes, decoded) = receive(&parts, &mut decoder)?;
        if number == 0 {
            ours.first = bytes;
        } else {
            for (times, time) in ours.stages.iter_mut().zip(stages) {
                times.add(time);
            }
            ours.whole.add(encoded);
            ours.decode.add(decoded);
            ours.sent += bytes;
            ours.most = ours.most.max(bytes);
            for (error, samples) in bands(&before, &frame, decoder.frame()) {
                ours.errors.0 += error;
                ours.errors.1 += samples;
                if let Some(likeness) = decibels(error, samples) {
                    let worst = ours.worst.unwrap_or(likeness);
                    ours.worst = Some(worst.min(likeness));
                }
            }
        }
        // What becomes exact until the next frame, or for good after the last.
        let drawn = now;
        let next = now + Duration::from_millis(scene.pace);
        let ending = number == scene.frames;
        while let Some(due) = encoder.refine_at().filter(|due| ending || *due < next) {
            now = now.max(due);
            let started = Instant::now();
            let parts = encoder.refine(now, PORTION)?;
            ours.refine.add(started.elapsed());
            let (bytes, _) = receive(&parts, &mut decoder)?;
            ours.refined += if number == 0 { 0 } else { bytes };
            now += started.elapsed();
            if ending && !parts.is_empty() {
                ours.exact_after = now.saturating_sub(drawn);
            }
        }
        now = now.max(next);
    }
    ensure!(decoder.frame() == &frame, "the picture is exact at rest");
    Ok(ours)
}

/// Gathers an update's parts, and how long each stage took.
struct Watch {
    last: Instant,
    stages: [Duration; 4],
    parts: Vec<ScreenPart>,
}

impl Sink for Watch {
    fn part(&mut self, part: ScreenPart) {
        self.parts.push(part);
    }

    fn stage(&mut self, stage: Stage) {
        let index = match stage {
            Stage::Diff => 0,
            Stage::Cache => 1,
            Stage::Moves => 2,
            Stage::Pack => 3,
        };
        let reached = Instant::now();
        self.stages[index] = reached - self.last;
        self.last = reached;
    }
}

/// Decodes parts; returns their bytes on the stream and the time that it took.
fn receive(parts: &[ScreenPart], decoder: &mut Decoder) -> Result<(usize, Duration)> {
    let (mut bytes, mut time) = (0, Duration::ZERO);
    for part in parts {
        bytes += aldis_wire::encode(part)?.len();
        let started = Instant::now();
        decoder.decode(part, &mut Region::new())?;
        time += started.elapsed();
    }
    Ok((bytes, time))
}
