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
