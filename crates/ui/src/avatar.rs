//! A person's picture, or the first letters of the name where there is none.

use egui::{Align2, Color32, ColorImage, Image, TextureHandle, TextureOptions, Ui, Vec2};

use crate::theme;

/// The most pixels a picture may have on one axis; larger ones are not shown.
const MAX_SIDE: u32 = 2048;

/// The texture of the picture that was decoded last.
#[derive(Default)]
pub struct Avatar {
    source: Vec<u8>,
    texture: Option<TextureHandle>,
}

impl std::fmt::Debug for Avatar {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Avatar").finish_non_exhaustive()
    }
}

impl Avatar {
    /// Shows a person as a circle of this diameter in points.
    pub fn show(&mut self, ui: &mut Ui, name: &str, picture: &[u8], diameter: f32) {
        if self.source != picture {
            picture.clone_into(&mut self.source);
            self.texture = decode(picture).map(|image| {
                ui.ctx()
                    .load_texture("avatar", image, TextureOptions::LINEAR)
            });
        }
        let size = Vec2::splat(diameter);
        if let Some(texture) = &self.texture {
            let radius = diameter / 2.0;
            let image = Image::new(texture)
                .fit_to_exact_size(size)
                .corner_radius(radius);
            ui.add(image.alt_text(name));
            return;
        }
        let (rect, _) = ui.allocate_exact_size(size, egui::Sense::hover());
        let tokens = theme::tokens(ui);
        ui.painter()
            .circle_filled(rect.center(), diameter / 2.0, tokens.accent_soft);
        let font = theme::strong(diameter * 0.4);
        ui.painter().text(
            rect.center(),
            Align2::CENTER_CENTER,
            initials(name),
            font,
            tokens.accent,
        );
    }
}

fn initials(name: &str) -> String {
    let words = name.split_whitespace();
    words
        .filter_map(|word| word.chars().next())
        .take(2)
        .flat_map(char::to_uppercase)
        .collect()
}

/// Decodes a picture that came over the network; its size is checked before memory is taken.
pub fn decode(bytes: &[u8]) -> Option<ColorImage> {
    let mut limits = image::Limits::default();
    limits.max_image_width = Some(MAX_SIDE);
    limits.max_image_height = Some(MAX_SIDE);
    limits.max_alloc = Some(64 << 20);
    let mut reader = image::ImageReader::new(std::io::Cursor::new(bytes))
        .with_guessed_format()
        .ok()?;
    reader.limits(limits);
    let image = reader.decode().ok()?;
    let side = image.width().min(image.height());
    let (x, y) = ((image.width() - side) / 2, (image.height() - side) / 2);
    let square = image.crop_imm(x, y, side, side);
    let small = square
        .resize_exact(160, 160, image::imageops::FilterType::CatmullRom)
        .to_rgba8();
    let pixels = small
        .pixels()
        .map(|image::Rgba([r, g, b, a])| Color32::from_rgba_unmultiplied(*r, *g, *b, *a));
    Some(ColorImage::new([160, 160], pixels.collect()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_picture_is_shown_as_letters() {
        assert!(decode(b"\x89PNG\r\n\x1a\nnot really").is_none());
        assert!(decode(&[]).is_none());
        assert_eq!(initials("eva maría lópez"), "EM");
        assert_eq!(initials(""), "");
    }

    #[test]
    fn a_picture_is_cut_to_a_square() {
        let mut png = std::io::Cursor::new(Vec::new());
        image::RgbImage::new(30, 20)
            .write_to(&mut png, image::ImageFormat::Png)
            .unwrap();
        assert_eq!(decode(png.get_ref()).unwrap().size, [160, 160]);
    }
}
