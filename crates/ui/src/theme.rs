//! The design tokens: colours, sizes and distances, for light and dark.

use clap::ValueEnum;
use egui::style::{Selection, WidgetVisuals, Widgets};
use egui::{
    Color32, Context, CornerRadius, FontFamily, FontId, Margin, Shadow, Stroke, Style, TextStyle,
    Theme, ThemePreference, Ui, Vec2, Visuals,
};
use serde::{Deserialize, Serialize};

use crate::fonts;

/// Distances in points.
pub mod space {
    /// Between things that belong together.
    pub const SMALL: f32 = 6.0;
    /// Between things.
    pub const MEDIUM: f32 = 12.0;
    /// Between groups.
    pub const LARGE: f32 = 20.0;
}

/// Corners, in points.
pub const RADIUS: u8 = 8;

/// Light, dark, or as the system has it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Appearance {
    /// As the system has it.
    #[default]
    System,
    /// Dark on light.
    Light,
    /// Light on dark.
    Dark,
}

/// The colours of one appearance.
#[derive(Clone, Copy, Debug)]
pub struct Tokens {
    /// The window.
    pub ground: Color32,
    /// Cards and panels on it.
    pub raised: Color32,
    /// Fields to type into.
    pub field: Color32,
    /// Lines between things.
    pub line: Color32,
    /// Text.
    pub text: Color32,
    /// Text that explains.
    pub quiet: Color32,
    /// The one thing to press.
    pub accent: Color32,
    /// The accent under the pointer.
    pub accent_strong: Color32,
    /// A tint of the accent.
    pub accent_soft: Color32,
    /// Text on the accent.
    pub on_accent: Color32,
    /// Something is live, or went well.
    pub good: Color32,
    /// A tint of it.
    pub good_soft: Color32,
    /// Something needs a look.
    pub warn: Color32,
    /// A tint of it.
    pub warn_soft: Color32,
    /// Something is wrong, or ends something.
    pub bad: Color32,
    /// A tint of it.
    pub bad_soft: Color32,
    /// Under the pointer.
    pub hover: Color32,
}

#[expect(
    clippy::disallowed_methods,
    reason = "the one place that names colours"
)]
const fn rgb(hex: u32) -> Color32 {
    Color32::from_rgb((hex >> 16) as u8, (hex >> 8) as u8, hex as u8)
}

pub(crate) const LIGHT: Tokens = Tokens {
    ground: rgb(0x00F6_F7F9),
    raised: rgb(0x00FF_FFFF),
    field: rgb(0x00FF_FFFF),
    line: rgb(0x00DA_DEE5),
    text: rgb(0x001B_2430),
    quiet: rgb(0x005A_6675),
    accent: rgb(0x0000_62B8),
    accent_strong: rgb(0x0000_5099),
    accent_soft: rgb(0x00E2_EEF9),
    on_accent: rgb(0x00FF_FFFF),
    good: rgb(0x0011_753F),
    good_soft: rgb(0x00DF_F3E7),
    warn: rgb(0x008A_5A00),
    warn_soft: rgb(0x00FD_F1D8),
    bad: rgb(0x00B4_2318),
    bad_soft: rgb(0x00FC_E8E6),
    hover: rgb(0x00EC_EFF3),
};

const DARK: Tokens = Tokens {
    ground: rgb(0x0014_181E),
    raised: rgb(0x001D_232B),
    field: rgb(0x0012_161B),
    line: rgb(0x0037_404C),
    text: rgb(0x00E8_ECF1),
    quiet: rgb(0x00A3_AEBB),
    accent: rgb(0x006B_B7F7),
    accent_strong: rgb(0x008F_C9FA),
    accent_soft: rgb(0x001C_3A56),
    on_accent: rgb(0x0008_1B2C),
    good: rgb(0x006F_D39A),
    good_soft: rgb(0x0016_3A27),
    warn: rgb(0x00F0_BE62),
    warn_soft: rgb(0x0040_3012),
    bad: rgb(0x00F5_8B82),
    bad_soft: rgb(0x0049_1F1B),
    hover: rgb(0x0029_313B),
};

/// The colours that are in use.
pub fn tokens(ui: &Ui) -> Tokens {
    tokens_of(ui.visuals())
}

/// The colours of these visuals.
pub fn tokens_of(visuals: &Visuals) -> Tokens {
    if visuals.dark_mode { DARK } else { LIGHT }
}

/// The strong face in this size.
pub fn strong(size: f32) -> FontId {
    FontId::new(size, FontFamily::Name(fonts::STRONG.into()))
}

/// Dresses a window.
pub fn apply(ctx: &Context, appearance: Appearance) {
    ctx.set_fonts(fonts::definitions());
    ctx.options_mut(|options| options.fallback_theme = Theme::Light);
    ctx.set_style_of(Theme::Light, style(LIGHT, false));
    ctx.set_style_of(Theme::Dark, style(DARK, true));
    set(ctx, appearance);
}

/// Changes a dressed window's appearance.
pub fn set(ctx: &Context, appearance: Appearance) {
    ctx.set_theme(match appearance {
        Appearance::System => ThemePreference::System,
        Appearance::Light => ThemePreference::Light,
        Appearance::Dark => ThemePreference::Dark,
    });
}

fn style(tokens: Tokens, dark: bool) -> Style {
    let mut style = Style {
        visuals: visuals(tokens, dark),
        ..Style::default()
    };
    style.text_styles = [
        (TextStyle::Small, FontId::proportional(12.5)),
        (TextStyle::Body, FontId::proportional(14.5)),
        (TextStyle::Button, FontId::proportional(14.5)),
        (TextStyle::Monospace, FontId::monospace(14.5)),
        (TextStyle::Heading, strong(20.0)),
    ]
    .into();
    style.spacing.item_spacing = Vec2::new(8.0, 8.0);
    style.spacing.button_padding = Vec2::new(14.0, 7.0);
    style.spacing.interact_size.y = 32.0;
    style.spacing.window_margin = Margin::same(20);
    style.spacing.combo_width = 120.0;
    style.interaction.selectable_labels = false;
    style.animation_time = 0.0;
    style
}

fn visuals(tokens: Tokens, dark: bool) -> Visuals {
    let base = if dark {
        Visuals::dark()
    } else {
        Visuals::light()
    };
    let radius = CornerRadius::same(RADIUS);
    let widget = |fill: Color32, line: Color32, text: Color32| WidgetVisuals {
        bg_fill: fill,
        weak_bg_fill: fill,
        bg_stroke: Stroke::new(1.0, line),
        corner_radius: radius,
        fg_stroke: Stroke::new(1.0, text),
        expansion: 0.0,
    };
    let shadow = Shadow {
        offset: [0, 4],
        blur: 18,
        spread: 0,
        color: Color32::from_black_alpha(40),
    };
    Visuals {
        widgets: Widgets {
            noninteractive: widget(tokens.raised, tokens.line, tokens.text),
            inactive: widget(tokens.raised, tokens.line, tokens.text),
            hovered: widget(tokens.hover, tokens.quiet, tokens.text),
            active: widget(tokens.accent_soft, tokens.accent, tokens.text),
            open: widget(tokens.hover, tokens.quiet, tokens.text),
        },
        selection: Selection {
            bg_fill: tokens.accent_soft,
            stroke: Stroke::new(2.0, tokens.accent),
        },
        weak_text_color: Some(tokens.quiet),
        hyperlink_color: tokens.accent,
        faint_bg_color: tokens.hover,
        extreme_bg_color: tokens.field,
        text_edit_bg_color: Some(tokens.field),
        code_bg_color: tokens.hover,
        warn_fg_color: tokens.warn,
        error_fg_color: tokens.bad,
        window_corner_radius: CornerRadius::same(12),
        window_shadow: shadow,
        window_fill: tokens.raised,
        window_stroke: Stroke::new(1.0, tokens.line),
        menu_corner_radius: radius,
        panel_fill: tokens.ground,
        popup_shadow: shadow,
        ..base
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The contrast ratio of WCAG 2.2 (<https://www.w3.org/TR/WCAG22/#dfn-contrast-ratio>).
    fn contrast(one: Color32, other: Color32) -> f32 {
        let luminance = |color: Color32| {
            let [r, g, b, _] = egui::Rgba::from(color).to_array();
            0.2126 * r + 0.7152 * g + 0.0722 * b
        };
        let (one, other) = (luminance(one), luminance(other));
        (one.max(other) + 0.05) / (one.min(other) + 0.05)
    }

    #[test]
    fn every_text_can_be_read() {
        for tokens in [LIGHT, DARK] {
            let pairs = [
                (tokens.text, tokens.ground),
                (tokens.text, tokens.raised),
                (tokens.quiet, tokens.ground),
                (tokens.quiet, tokens.raised),
                (tokens.on_accent, tokens.accent),
                (tokens.on_accent, tokens.accent_strong),
                (tokens.good, tokens.good_soft),
                (tokens.warn, tokens.warn_soft),
                (tokens.bad, tokens.bad_soft),
                (tokens.accent, tokens.accent_soft),
            ];
            for (text, ground) in pairs {
                assert!(contrast(text, ground) >= 4.5, "{text:?} on {ground:?}");
            }
        }
    }
}
