//! The typeface: Inter, in two weights, cut down to the letters we need.

use std::sync::Arc;

use egui::{FontData, FontDefinitions, FontFamily};

/// The family of headings and buttons that matter.
pub(crate) const STRONG: &str = "strong";

/// Headings, buttons that matter, and what the icon says.
pub(crate) const SEMI_BOLD: &[u8] = include_bytes!("../../../assets/fonts/Inter-SemiBold.otf");

/// The typeface for [`egui::Context::set_fonts`].
pub(crate) fn definitions() -> FontDefinitions {
    let mut fonts = FontDefinitions::empty();
    let regular = include_bytes!("../../../assets/fonts/Inter-Regular.otf");
    fonts.font_data.insert(
        "regular".to_owned(),
        Arc::new(FontData::from_static(regular)),
    );
    fonts.font_data.insert(
        STRONG.to_owned(),
        Arc::new(FontData::from_static(SEMI_BOLD)),
    );
    let families = [
        (FontFamily::Proportional, ["regular", STRONG]),
        (FontFamily::Monospace, ["regular", STRONG]),
        (FontFamily::Name(STRONG.into()), [STRONG, "regular"]),
    ];
    for (family, names) in families {
        fonts
            .families
            .insert(family, names.map(str::to_owned).to_vec());
    }
    fonts
}
