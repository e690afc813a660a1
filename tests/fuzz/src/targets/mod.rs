//! What is fed.

mod door;
mod lanes;
mod trust;
mod wire;

use std::io::Cursor;

use aldis_record::{Head, Reader, Tape};
use aldis_screen::{Frame, Pointer, Region};
use anyhow::Result;

/// Takes one input; whether it was understood.
type Feed = dyn FnMut(&[u8]) -> bool;

/// A decoder, with what real programs send it.
pub(crate) struct Target {
    pub(crate) name: &'static str,
    pub(crate) seeds: Vec<Vec<u8>>,
    /// The most bytes of one input.
    pub(crate) most: usize,
    /// How much memory one input may take, beside what grows with its bytes.
    pub(crate) room: usize,
    /// Whether it was understood.
    pub(crate) feed: Box<Feed>,
}

impl Target {
    pub(crate) fn new(
        name: &'static str,
        seeds: Vec<Vec<u8>>,
        feed: impl FnMut(&[u8]) -> bool + 'static,
    ) -> Self {
        Self {
            name,
            seeds,
            most: 64 << 10,
            room: 4 << 20,
            feed: Box::new(feed),
        }
    }
}

/// All of them.
pub(crate) fn all() -> Result<Vec<Target>> {
    let mut all = wire::all();
    all.extend(trust::all()?);
    all.extend([
        lanes::outbox(),
        lanes::relay(),
        door::door()?,
        picture()?,
        recording()?,
    ]);
    Ok(all)
}

/// A person's picture, which a window shows.
fn picture() -> Result<Target> {
    let image = image::RgbImage::from_fn(30, 20, |x, y| image::Rgb([x as u8, y as u8, 7]));
    let mut seeds = Vec::new();
    for format in [image::ImageFormat::Png, image::ImageFormat::Jpeg] {
        let mut bytes = Cursor::new(Vec::new());
        image.write_to(&mut bytes, format)?;
        seeds.push(bytes.into_inner());
    }
    let feed = |bytes: &[u8]| aldis_ui::avatar::decode(bytes).is_some();
    let mut target = Target::new("picture", seeds, feed);
    // The decoder's own bound, and a copy of what it has decoded.
    target.room = 144 << 20;
    Ok(target)
}

/// A recording, which may come from somebody else.
fn recording() -> Result<Target> {
    let head = Head {
        case: "s12-345-678".to_owned(),
        customer: "Ana".to_owned(),
        supporter: "eva".to_owned(),
        started: 1,
    };
    let mut tape = Tape::start(Vec::new(), &head, 7)?;
    let frame = Frame::new(64, 48)?;
    let mut damage = Region::new();
    damage.add(frame.bounds());
    for at in [0, 100, 900] {
        tape.record(&frame, &damage, &Pointer::default(), at)?;
    }
    let seed = tape.finish(1000)?;
    let feed = |bytes: &[u8]| {
        let Ok(mut reader) = Reader::open(Cursor::new(bytes)) else {
            return false;
        };
        while let Ok(Some(_)) = reader.read_on() {}
        true
    };
    let mut target = Target::new("recording", vec![seed], feed);
    target.room = 64 << 20;
    Ok(target)
}
