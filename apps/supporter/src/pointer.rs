//! The customer's pointer on the picture of his screen.

use aldis_viewer::Pointer;
use egui::{Color32, ColorImage, Painter, Pos2, Rect, TextureHandle, TextureOptions, Vec2};

/// The pointer's picture, made anew with each shape.
#[derive(Default)]
pub(crate) struct PointerImage {
    known: Option<(u64, TextureHandle)>,
}

impl PointerImage {
    /// Paints the pointer so that it points at `at`.
    pub(crate) fn paint(&mut self, painter: &Painter, pointer: &Pointer, at: Pos2) {
        let Some(shape) = &pointer.shape else { return };
        let ctx = painter.ctx();
        let number = pointer.shape_number;
        if self
            .known
            .as_ref()
            .is_none_or(|(known, _)| *known != number)
        {
            let size = [usize::from(shape.width), usize::from(shape.height)];
            let pixels = ColorImage::from_rgba_premultiplied(size, &shape.rgba);
            let texture = ctx.load_texture("remote-pointer", pixels, TextureOptions::NEAREST);
            self.known = Some((number, texture));
        }
        let Some((_, texture)) = &self.known else {
            return;
        };
        let pixel = 1.0 / ctx.pixels_per_point();
        let hot = Vec2::new(f32::from(shape.hot_x), f32::from(shape.hot_y)) * pixel;
        let size = Vec2::new(f32::from(shape.width), f32::from(shape.height)) * pixel;
        let whole = Rect::from_min_max(Pos2::ZERO, Pos2::new(1.0, 1.0));
        let place = Rect::from_min_size(at - hot, size);
        painter.image(texture.id(), place, whole, Color32::WHITE);
    }
}
