//! What everything else is painted on.
//!
//! A window is cleared before each frame, in next to no time.
//! So that clearing paints the largest colour of a page, and no page fills its rectangles with that
//! colour again: where the processor stands in for a graphics card, filling is what a frame costs.

use std::cell::Cell;

use egui::{Color32, Frame, Rect, Shape, Ui, UiBuilder, UiStackInfo, pos2};

/// The colour that the window was cleared with.
#[derive(Debug, Default)]
pub(crate) struct Ground {
    cleared: Cell<Color32>,
}

impl Ground {
    /// The window is about to be cleared with this colour; gives it back.
    pub(crate) fn clear(&self, colour: Color32) -> Color32 {
        self.cleared.set(colour);
        colour
    }

    /// Shows a page that lies on this colour, and tells what is in it so.
    pub(crate) fn show<R>(
        &self,
        ui: &mut Ui,
        colour: Color32,
        add: impl FnOnce(&mut Ui) -> R,
    ) -> R {
        let room = ui.max_rect();
        // It was cleared for the page of the frame before.
        if self.cleared.get() != colour {
            ui.painter().rect_filled(room, 0, colour);
        }
        let known = UiStackInfo::default().with_frame(Frame::new().fill(colour));
        let builder = UiBuilder::new().max_rect(room).ui_stack_info(known);
        ui.scope_builder(builder, add).inner
    }
}

/// A rectangle with holes, one below the other, where the ground is to be seen.
pub(crate) fn around(outer: Rect, holes: &[Rect], colour: Color32) -> Shape {
    let mut parts = Vec::new();
    let mut top = outer.top();
    let holes = holes.iter().map(|hole| hole.intersect(outer));
    for hole in holes.filter(|hole| hole.is_positive()) {
        parts.extend([
            Rect::from_min_max(pos2(outer.left(), top), pos2(outer.right(), hole.top())),
            Rect::from_min_max(pos2(outer.left(), hole.top()), hole.left_bottom()),
            Rect::from_min_max(hole.right_top(), pos2(outer.right(), hole.bottom())),
        ]);
        top = hole.bottom();
    }
    parts.push(Rect::from_min_max(pos2(outer.left(), top), outer.max));
    let seen = parts.into_iter().filter(|part| part.is_positive());
    Shape::Vec(
        seen.map(|part| Shape::rect_filled(part, 0, colour))
            .collect(),
    )
}

#[cfg(test)]
mod tests {
    use egui::vec2;

    use super::*;

    #[test]
    fn what_is_painted_and_the_holes_make_the_whole() {
        let outer = Rect::from_min_size(pos2(10.0, 10.0), vec2(100.0, 80.0));
        let painted = |holes: &[Rect]| match around(outer, holes, Color32::RED) {
            Shape::Vec(parts) => parts
                .iter()
                .map(|part| part.visual_bounding_rect().area())
                .sum::<f32>(),
            other => panic!("{other:?}"),
        };
        let one = Rect::from_min_size(pos2(30.0, 20.0), vec2(20.0, 10.0));
        let two = Rect::from_min_size(pos2(20.0, 40.0), vec2(60.0, 30.0));
        let whole = outer.area();
        assert!((painted(&[one, two]) - (whole - one.area() - two.area())).abs() < 0.1);
        assert!(painted(&[Rect::EVERYTHING]).abs() < 0.1);
        assert!((painted(&[Rect::NOTHING]) - whole).abs() < 0.1);
        assert!((painted(&[]) - whole).abs() < 0.1);
    }
}
