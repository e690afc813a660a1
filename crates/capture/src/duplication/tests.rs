//! What Windows' answers mean.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use super::*;

struct Nothing;

impl Tap for Nothing {
    fn acquire(&mut self, _limit: Duration) -> Result<Option<Update>, Refusal> {
        Ok(None)
    }

    fn read(&mut self, _parts: &[Rect], _show: &mut dyn FnMut(&dyn Rows)) -> Result<(), Refusal> {
        Ok(())
    }
}

/// Frames of a small surface, of which nothing but a corner is ever said to be drawn.
struct Frames(Vec<FrameInfo>);

impl Duplication for Frames {
    fn turn(&self) -> Turn {
        Turn::clockwise(0)
    }

    fn acquire(&mut self, _limit: Duration) -> Result<Option<FrameInfo>, Refusal> {
        Ok(self.0.pop())
    }

    fn size(&self) -> (u32, u32) {
        (100, 50)
    }

    fn moves(&mut self, _bytes: u32) -> Result<Vec<Edges>, Refusal> {
        Ok(Vec::new())
    }

    fn dirty(&mut self, _bytes: u32) -> Result<Vec<Edges>, Refusal> {
        Ok(vec![Edges {
            left: 0,
            top: 0,
            right: 10,
            bottom: 10,
        }])
    }

    fn shape(&mut self, _bytes: u32) -> Result<RawShape, Refusal> {
        Err(Refusal::Failed("no shape".to_owned()))
    }

    fn read(&mut self, _parts: &[Rect], _show: &mut dyn FnMut(&dyn Rows)) -> Result<(), Refusal> {
        Ok(())
    }
}

#[test]
fn a_screen_that_rests_is_shown_although_only_the_pointer_is_said_to_be_new() {
    let frame = |presented| FrameInfo {
        presented,
        records: 16,
        ..FrameInfo::default()
    };
    let mut tap = Duplicated::new(Frames(
        [false, false, true, true]
            .map(frame)
            .into_iter()
            .rev()
            .collect(),
    ));
    let mut next = || tap.acquire(Duration::ZERO).unwrap().unwrap().surface;
    assert_eq!(next().unwrap().damage, None, "all that there is");
    assert!(next().is_none(), "the pointer");
    assert_eq!(next().unwrap().damage, None, "all, for sure");
    let corner = Rect::new(0, 0, 10, 10);
    assert_eq!(next().unwrap().damage.unwrap().rects(), [corner]);
}

#[test]
fn rectangles_are_cut_to_the_surface() {
    let edges = |left, top, right, bottom| Edges {
        left,
        top,
        right,
        bottom,
    };
    let within = |edges: Edges| edges.within((100, 50));
    assert_eq!(within(edges(-5, 10, 200, 20)), Rect::new(0, 10, 100, 10));
    assert!(within(edges(120, 0, 130, 10)).is_empty());
    assert!(within(edges(30, 30, 10, 40)).is_empty(), "inside out");
    assert!(within(edges(i32::MIN, 0, i32::MAX, 0)).is_empty());
}

#[test]
fn a_refusal_that_may_pass_is_told_apart_from_one_that_does_not() {
    let of = |code| refusal(code, String::new());
    assert_eq!(of(0x887A_0026), Refusal::Lost);
    assert_eq!(of(0x8007_0005), Refusal::Denied);
    assert_eq!(of(0x8000_4001), Refusal::Unsupported(String::new()));
    assert_eq!(of(0x887A_0022), Refusal::Unsupported(String::new()));
    assert_eq!(of(0x8007_000E), Refusal::Failed(String::new()));
}

#[test]
fn what_cannot_be_duplicated_is_polled_and_what_is_locked_is_not() {
    let supported = Arc::new(AtomicBool::new(false));
    let polled = Arc::new(AtomicUsize::new(0));
    let (ours, counted) = (Arc::clone(&supported), Arc::clone(&polled));
    let mut open = with_fallback(
        move || {
            if ours.load(Ordering::SeqCst) {
                return Err(Refusal::Denied);
            }
            Err(Refusal::Unsupported("a remote session".to_owned()))
        },
        move || {
            counted.fetch_add(1, Ordering::SeqCst);
            Ok(Box::new(Nothing) as Box<dyn Tap>)
        },
    );
    assert!(open().is_ok() && open().is_ok());
    assert_eq!(polled.load(Ordering::SeqCst), 2);
    supported.store(true, Ordering::SeqCst);
    assert_eq!(open().err(), Some(Refusal::Denied));
    assert_eq!(polled.load(Ordering::SeqCst), 2);
}
