//! Programs on the customer's screen: one that answers every key, one that is never still, and a
//! film. Each has a window of its own, and a thread.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use anyhow::Result;
use x11rb::protocol::xproto::Rectangle;

use crate::screen::{Painter, SCREEN};

/// How often a program looks whether it is time.
const LOOK: Duration = Duration::from_millis(1);

/// A thread that is told to end when this is dropped.
#[derive(Debug)]
struct Program {
    is_over: Arc<AtomicBool>,
    thread: Option<JoinHandle<Result<()>>>,
}

impl Program {
    fn start(
        name: &str,
        run: impl FnOnce(&AtomicBool) -> Result<()> + Send + 'static,
    ) -> Result<Self> {
        let is_over = Arc::new(AtomicBool::new(false));
        let theirs = Arc::clone(&is_over);
        let thread = thread::Builder::new()
            .name(name.to_owned())
            .spawn(move || run(&theirs))?;
        Ok(Self {
            is_over,
            thread: Some(thread),
        })
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            // What it had to say would have been seen on the screen.
            drop(thread.join());
        }
    }
}

/// A program that gets the keys, in the middle of the screen; its colour tells how many went down.
#[derive(Debug)]
pub struct Echo {
    keys: Arc<[AtomicUsize; 2]>,
    _program: Program,
}

impl Echo {
    /// Opens its window, which takes the keys from everybody else.
    pub fn open() -> Result<Self> {
        let painter = Painter::open_at(Rectangle {
            x: 300,
            y: 200,
            width: 64,
            height: 64,
        })?
        .with_keys()?;
        painter.fill_all(Self::colour(0))?;
        let keys: Arc<[AtomicUsize; 2]> = Arc::default();
        let theirs = Arc::clone(&keys);
        let program = Program::start("echo", move |is_over| {
            while !is_over.load(Ordering::Relaxed) {
                let (down, up) = painter.keys()?;
                theirs[1].fetch_add(up, Ordering::Relaxed);
                if down > 0 {
                    let all = theirs[0].fetch_add(down, Ordering::Relaxed) + down;
                    painter.fill_all(Self::colour(all))?;
                }
                thread::sleep(LOOK);
            }
            Ok(())
        })?;
        Ok(Self {
            keys,
            _program: program,
        })
    }

    /// Its colour after so many keys.
    pub fn colour(keys: usize) -> u32 {
        // Neighbours are far from each other, and none comes back soon.
        (keys as u32)
            .wrapping_mul(0x0035_9b47)
            .wrapping_add(0x0020_4060)
            & 0x00ff_ffff
    }

    /// How many keys went down, and up.
    pub fn keys(&self) -> (usize, usize) {
        let [down, up] = &*self.keys;
        (down.load(Ordering::Relaxed), up.load(Ordering::Relaxed))
    }
}

/// A program in the corner of the screen that has another colour every 20 ms.
#[derive(Debug)]
pub struct Ticker {
    _program: Program,
}

impl Ticker {
    /// A pixel that it paints.
    pub const SPOT: (u32, u32) = (10, 10);

    /// Opens its window.
    pub fn open() -> Result<Self> {
        let painter = Painter::open_at(Rectangle {
            x: 0,
            y: 0,
            width: 64,
            height: 64,
        })?;
        let program = Program::start("ticker", move |is_over| {
            for ticks in 1.. {
                if is_over.load(Ordering::Relaxed) {
                    break;
                }
                painter.fill_all(Echo::colour(ticks))?;
                thread::sleep(Duration::from_millis(20));
            }
            Ok(())
        })?;
        Ok(Self { _program: program })
    }
}

/// A film of 340x208 at 25 frames a second, as hard to code as a film of something.
#[derive(Debug)]
pub struct Film {
    _program: Program,
}

impl Film {
    /// Begins it in the lower right of the screen.
    pub fn play() -> Result<Self> {
        let (width, height) = (340_u16, 208_u16);
        let painter = Painter::open_at(Rectangle {
            x: (SCREEN.0 - width).cast_signed(),
            y: (SCREEN.1 - height).cast_signed(),
            width,
            height,
        })?;
        let program = Program::start("film", move |is_over| {
            let mut pixels = vec![0; usize::from(width) * usize::from(height) * 4];
            for time in 0.. {
                if is_over.load(Ordering::Relaxed) {
                    break;
                }
                draw(&mut pixels, usize::from(width), time);
                painter.show(&pixels)?;
                thread::sleep(Duration::from_millis(40));
            }
            Ok(())
        })?;
        Ok(Self { _program: program })
    }
}

/// Waves that cross each other, and a grain.
fn draw(pixels: &mut [u8], width: usize, time: u32) {
    let mut grain = time.wrapping_mul(0x9E37_79B9) | 1;
    let time = time as f32 / 8.0;
    for (place, pixel) in pixels.chunks_exact_mut(4).enumerate() {
        let (x, y) = ((place % width) as f32 / 30.0, (place / width) as f32 / 20.0);
        grain ^= grain << 13;
        grain ^= grain >> 17;
        grain ^= grain << 5;
        let noise = (grain & 7) as f32;
        let wave =
            |phase: f32| ((x + time + phase).sin() + (y - time / 2.0 + phase * x).cos()) * 58.0;
        pixel[0] = (124.0 + wave(0.0) + noise) as u8;
        pixel[1] = (124.0 + wave(0.7) + noise) as u8;
        pixel[2] = (124.0 + wave(1.3) + noise) as u8;
    }
}
