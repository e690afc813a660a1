//! The widgets that both windows are made of.

use egui::containers::menu::MenuConfig;
use egui::style::StyleModifier;
use egui::{
    Align, Button, Color32, ComboBox, FontId, Frame, Label, Layout, Margin, PopupCloseBehavior,
    Response, RichText, Role, Sense, Stroke, TextEdit, TextStyle, TextWrapMode, Ui, UiBuilder,
    Vec2, WidgetInfo,
};

use crate::theme::{self, RADIUS, space};

/// What a notice is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    /// Good to know.
    Good,
    /// Needs a look.
    Warn,
    /// Went wrong.
    Bad,
}

/// The one thing to press, as wide as the space.
pub fn primary(ui: &mut Ui, text: &str, enabled: bool) -> Response {
    primary_sized(ui, text, enabled, Vec2::new(ui.available_width(), 40.0))
}

/// The one thing to press, as wide as its words.
pub fn primary_small(ui: &mut Ui, text: &str, enabled: bool) -> Response {
    primary_sized(ui, text, enabled, Vec2::new(0.0, 34.0))
}

fn primary_sized(ui: &mut Ui, text: &str, enabled: bool, size: Vec2) -> Response {
    let tokens = theme::tokens(ui);
    filled(
        ui,
        text,
        enabled,
        size,
        tokens.accent,
        tokens.accent_strong,
        tokens.on_accent,
    )
}

/// Something that ends something, among buttons that are [`compact`].
pub fn danger_small(ui: &mut Ui, text: &str) -> Response {
    let tokens = theme::tokens(ui);
    let words = RichText::new(text).color(tokens.bad);
    let button = Button::new(words)
        .fill(tokens.bad_soft)
        .stroke(Stroke::NONE);
    ui.add(button)
}

/// Something that ends something.
pub fn danger(ui: &mut Ui, text: &str, size: Vec2) -> Response {
    let tokens = theme::tokens(ui);
    filled(
        ui,
        text,
        true,
        size,
        tokens.bad_soft,
        tokens.bad_soft,
        tokens.bad,
    )
}

fn filled(
    ui: &mut Ui,
    text: &str,
    enabled: bool,
    size: Vec2,
    fill: Color32,
    hover: Color32,
    ink: Color32,
) -> Response {
    let builder = if enabled {
        UiBuilder::new()
    } else {
        UiBuilder::new().disabled()
    };
    ui.scope_builder(builder, |ui| {
        let widgets = &mut ui.visuals_mut().widgets;
        for (state, fill) in [
            (&mut widgets.inactive, fill),
            (&mut widgets.hovered, hover),
            (&mut widgets.active, hover),
        ] {
            state.weak_bg_fill = fill;
            state.bg_stroke = Stroke::NONE;
            state.fg_stroke.color = ink;
        }
        let label = RichText::new(text).font(theme::strong(14.5));
        let button = Button::new(label).corner_radius(RADIUS);
        // Only a button that is placed by its size has its words in the middle.
        if size.x > 0.0 {
            ui.add_sized(size, button)
        } else {
            ui.add(button.min_size(size))
        }
    })
    .inner
}

/// A button beside the one to press, as wide as the space.
pub fn secondary(ui: &mut Ui, text: &str) -> Response {
    ui.add_sized(Vec2::new(ui.available_width(), 40.0), Button::new(text))
}

/// A button beside the one to press, that cannot always be pressed.
pub fn secondary_if(ui: &mut Ui, text: &str, enabled: bool) -> Response {
    ui.add_enabled_ui(enabled, |ui| secondary(ui, text)).inner
}

/// A field with its name above it; the name is also the field's accessible name.
pub fn field(ui: &mut Ui, name: &str, value: &mut String, hint: &str, secret: bool) -> Response {
    ui.spacing_mut().item_spacing.y = 4.0;
    let label = ui.add(Label::new(
        RichText::new(name).small().font(theme::strong(12.5)),
    ));
    let edit = TextEdit::singleline(value)
        .hint_text(hint)
        .password(secret)
        .char_limit(400)
        .margin(Margin::symmetric(10, 8))
        .desired_width(f32::INFINITY);
    let response = ui.add(edit).labelled_by(label.id);
    ui.add_space(8.0);
    response
}

/// Whether Enter has just ended the typing in this field; asked for before anything else takes the
/// focus.
pub fn entered(field: &Response) -> bool {
    field.lost_focus() && field.ctx.input(|input| input.key_pressed(egui::Key::Enter))
}

/// A choice from a list, with its name in front of what is chosen.
pub fn choice(
    ui: &mut Ui,
    name: &str,
    chosen: &str,
    width: f32,
    list: impl FnOnce(&mut Ui),
) -> Response {
    let shown = format!("{name}: {chosen}");
    let response = ComboBox::from_id_salt(("choice", name))
        .selected_text(&shown)
        .width(width)
        .truncate()
        .show_ui(ui, list)
        .response;
    response.widget_info(|| {
        let mut info = WidgetInfo::labeled(Role::ComboBox, true, name);
        info.current_text_value = Some(chosen.to_owned());
        info
    });
    response
}

/// Words that explain.
pub fn quiet(ui: &mut Ui, text: impl Into<String>) -> Response {
    let tokens = theme::tokens(ui);
    ui.add(Label::new(RichText::new(text).color(tokens.quiet)).wrap())
}

/// A heading.
pub fn heading(ui: &mut Ui, text: impl Into<String>) -> Response {
    ui.add(Label::new(RichText::new(text).heading()).wrap())
}

/// A sentence on a tint.
pub fn notice(ui: &mut Ui, tone: Tone, text: &str) -> Response {
    let tokens = theme::tokens(ui);
    let (ink, fill) = match tone {
        Tone::Good => (tokens.good, tokens.good_soft),
        Tone::Warn => (tokens.warn, tokens.warn_soft),
        Tone::Bad => (tokens.bad, tokens.bad_soft),
    };
    Frame::new()
        .fill(fill)
        .corner_radius(RADIUS)
        .inner_margin(Margin::symmetric(12, 9))
        .show(ui, |ui| {
            ui.set_width(ui.available_width());
            ui.add(Label::new(RichText::new(text).color(ink)).wrap())
        })
        .inner
}

/// A card on the window's ground.
pub fn card<R>(ui: &mut Ui, add: impl FnOnce(&mut Ui) -> R) -> R {
    let tokens = theme::tokens(ui);
    Frame::new()
        .fill(tokens.raised)
        .stroke(Stroke::new(1.0, tokens.line))
        .corner_radius(12)
        .inner_margin(Margin::same(20))
        .show(ui, |ui| {
            ui.set_width(ui.available_width());
            add(ui)
        })
        .inner
}

/// A small word on a tint, as a status; no higher than its word, whatever stands beside it.
pub fn badge(ui: &mut Ui, text: &str, ink: Color32, fill: Color32) -> Response {
    let font = FontId::proportional(12.5);
    let word = ui.painter().layout_no_wrap(text.to_owned(), font, ink);
    let edge = Vec2::new(9.0, 3.0);
    let (rect, response) = ui.allocate_exact_size(word.size() + 2.0 * edge, Sense::hover());
    ui.painter().rect_filled(rect, 10, fill);
    ui.painter().galley(rect.min + edge, word, ink);
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, text));
    response
}

/// Lets the buttons that follow be small: there are many, and they are not the one to press.
pub fn compact(ui: &mut Ui) {
    let spacing = ui.spacing_mut();
    spacing.item_spacing = Vec2::new(6.0, 6.0);
    spacing.button_padding = Vec2::new(9.0, 4.0);
    spacing.interact_size.y = 28.0;
    let font = FontId::proportional(13.5);
    ui.style_mut().text_styles.insert(TextStyle::Button, font);
    ui.style_mut().wrap_mode = Some(TextWrapMode::Extend);
}

/// A session code, large enough to read out.
pub fn big_code(ui: &mut Ui, code: &str) -> Response {
    let tokens = theme::tokens(ui);
    let text = RichText::new(code)
        .font(theme::strong(32.0))
        .color(tokens.text);
    ui.add(Label::new(text).selectable(true))
}

/// A column of this width in the middle of the window, that scrolls where it is too high.
pub fn column<R>(ui: &mut Ui, width: f32, add: impl FnOnce(&mut Ui) -> R) -> R {
    egui::ScrollArea::vertical()
        .auto_shrink(false)
        .show(ui, |ui| {
            let side = ((ui.available_width() - width) / 2.0).max(0.0);
            let inner = ui
                .available_rect_before_wrap()
                .shrink2(Vec2::new(side, 0.0));
            let layout = Layout::top_down(Align::Min);
            let builder = UiBuilder::new().max_rect(inner).layout(layout);
            ui.scope_builder(builder, |ui| {
                ui.set_width(inner.width());
                add(ui)
            })
            .inner
        })
        .inner
}

/// A menu that is a small page: its buttons look like buttons, and it stays until a click beside it.
pub fn page_menu() -> MenuConfig {
    MenuConfig::new()
        .close_behavior(PopupCloseBehavior::CloseOnClickOutside)
        .style(StyleModifier::default())
}

/// Space between groups.
pub fn gap(ui: &mut Ui) {
    ui.add_space(space::MEDIUM);
}
