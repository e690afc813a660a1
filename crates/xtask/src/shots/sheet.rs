//! Many pictures on one sheet, to be looked at together.

use std::path::Path;

use aldis_e2e::Picture;
use anyhow::{Context as _, Result};
use image::imageops::{self, FilterType};
use image::{Rgb, RgbImage};

/// Width and height of a place on the sheet.
const PLACE: (u32, u32) = (640, 420);
/// Places in a row.
const COLUMNS: usize = 3;
/// Space around each.
const GAP: u32 = 8;

/// Saves the sheet.
pub(super) fn save(pictures: &[Picture], path: &Path) -> Result<()> {
    let rows = pictures.len().div_ceil(COLUMNS).max(1) as u32;
    let (width, height) = (
        COLUMNS as u32 * (PLACE.0 + GAP) + GAP,
        rows * (PLACE.1 + GAP) + GAP,
    );
    let mut sheet = RgbImage::from_pixel(width, height, Rgb([128, 128, 128]));
    for (index, picture) in pictures.iter().enumerate() {
        let image = picture.to_image();
        let scale = f64::min(
            f64::from(PLACE.0) / f64::from(image.width().max(1)),
            f64::from(PLACE.1) / f64::from(image.height().max(1)),
        );
        let size = |length: u32| ((f64::from(length) * scale) as u32).max(1);
        let small = imageops::resize(
            &image,
            size(image.width()),
            size(image.height()),
            FilterType::Triangle,
        );
        let (column, row) = ((index % COLUMNS) as u32, (index / COLUMNS) as u32);
        let (x, y) = (GAP + column * (PLACE.0 + GAP), GAP + row * (PLACE.1 + GAP));
        imageops::replace(&mut sheet, &small, x.into(), y.into());
    }
    sheet
        .save(path)
        .with_context(|| format!("saving {}", path.display()))
}
