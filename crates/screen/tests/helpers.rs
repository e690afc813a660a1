//! Whoever codes a photograph, and however many, the same parts come out.
#![expect(clippy::unwrap_used, reason = "a test may fail by panicking")]

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use aldis_screen::encode::Encoder;
use aldis_screen::{Frame, Helpers, Rect, Region, Settings, Work};

/// When helpers come.
#[derive(Clone, Copy, Debug)]
enum Come {
    /// So many, at some time or other.
    Sometime(usize),
    /// Before whoever calls does anything.
    First,
    /// When the picture is long sent.
    Late,
}

fn start(help: impl FnOnce() + Send + 'static) -> JoinHandle<()> {
    let named = thread::Builder::new().name("helper".to_owned());
    named.spawn(help).unwrap()
}

/// Those who are called, and how often.
struct Called {
    come: Come,
    calls: Arc<AtomicUsize>,
    threads: Mutex<Vec<JoinHandle<()>>>,
}

impl Called {
    fn new(come: Come, calls: &Arc<AtomicUsize>) -> Self {
        let (calls, threads) = (Arc::clone(calls), Mutex::default());
        Self {
            come,
            calls,
            threads,
        }
    }

    fn join(&self) {
        let mut threads = self.threads.lock().unwrap_or_else(PoisonError::into_inner);
        for thread in threads.drain(..) {
            thread.join().unwrap();
        }
    }
}

impl Helpers for Called {
    fn are_there(&self) -> bool {
        true
    }

    fn call(&self, work: Arc<dyn Work>) {
        self.calls.fetch_add(1, Ordering::SeqCst);
        let mut threads = self.threads.lock().unwrap();
        match self.come {
            Come::First => work.take_part(),
            Come::Sometime(count) => threads.extend((0..count).map(|_| {
                let work = Arc::clone(&work);
                start(move || work.take_part())
            })),
            Come::Late => {
                // The one before is let go only now.
                let before = threads.pop();
                threads.push(start(move || {
                    thread::park();
                    work.take_part();
                }));
                if let Some(before) = before {
                    before.thread().unpark();
                    before.join().unwrap();
                }
            }
        }
    }
}

impl Drop for Called {
    fn drop(&mut self) {
        for thread in self.threads.lock().unwrap().iter() {
            thread.thread().unpark();
        }
        self.join();
    }
}

/// What a camera might see: slopes and a grain, another with every `seed`.
fn photograph(frame: &mut Frame, rect: Rect, seed: u32) {
    let mut grain = seed.wrapping_mul(0x9E37_79B9) | 1;
    for y in rect.y..rect.bottom() {
        let pixels = frame.row_mut(rect, y).chunks_exact_mut(4);
        for (x, pixel) in (rect.x..).zip(pixels) {
            grain ^= grain << 13;
            grain ^= grain >> 17;
            grain ^= grain << 5;
            let level = |slope: u32| ((x * slope + y * 3 + seed * 50) / 7 % 200 + grain % 23) as u8;
            pixel.copy_from_slice(&[level(2), level(3), level(5), 255]);
        }
    }
}

/// Codes a few pictures in which photographs appear, change in part, and change again.
fn parts(encoder: Encoder, (width, height): (u32, u32), photo: Rect) -> Vec<Vec<u8>> {
    let mut encoder = encoder;
    let mut frame = Frame::new(width, height).unwrap();
    let mut damage = Region::new();
    damage.add(frame.bounds());
    let mut coded = Vec::new();
    let corner = Rect::new(photo.x, photo.y, photo.width / 2 + 1, photo.height / 3 + 1);
    for (step, rect) in (0..).zip([photo, corner, photo]) {
        photograph(&mut frame, rect, step + 1);
        let now = Duration::from_millis(u64::from(step) * 1000);
        for part in encoder.encode(&frame, &damage, now).unwrap() {
            coded.push(aldis_wire::encode(&part).unwrap());
        }
        for part in encoder
            .refine(now + Duration::from_millis(500), 100_000)
            .unwrap()
        {
            coded.push(aldis_wire::encode(&part).unwrap());
        }
    }
    coded
}

#[test]
fn the_same_parts_come_out_whoever_helps_and_whenever() {
    let places = [
        ((1920, 1080), Rect::new(0, 0, 1920, 1080)),
        ((1366, 768), Rect::new(13, 7, 1311, 701)),
        ((801, 603), Rect::new(0, 0, 801, 603)),
        ((640, 480), Rect::new(1, 99, 637, 333)),
        ((3000, 90), Rect::new(5, 3, 2990, 81)),
        ((300, 1500), Rect::new(31, 17, 250, 1401)),
        ((90, 80), Rect::new(3, 3, 81, 70)),
    ];
    for (size, photo) in places {
        let encoder = || Encoder::new(Settings::default(), 5).unwrap();
        let alone = parts(encoder(), size, photo);
        for come in [
            Come::First,
            Come::Late,
            Come::Sometime(1),
            Come::Sometime(4),
        ] {
            let calls = Arc::default();
            let helped = encoder().with_helpers(Called::new(come, &calls));
            assert!(parts(helped, size, photo) == alone, "{come:?} at {photo:?}");
            let large = photo.width >= 640 && photo.height >= 128;
            assert!(!large || calls.load(Ordering::SeqCst) > 0, "{photo:?}");
        }
    }
}
