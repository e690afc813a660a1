//! Why the customer's screen cannot be seen now, over its last picture.

use aldis_ui::{Texts, theme};
use aldis_wire::peer::NoPicture;
use egui::{Align2, Area, Color32, Frame, Id, Label, Margin, Rect, Ui};

/// How dark the last picture becomes: it is seen that it is not the present.
const SHADE: Color32 = Color32::from_black_alpha(150);

/// Says it in the middle of the canvas.
pub(crate) fn no_picture(ui: &Ui, canvas: Rect, texts: Texts, why: &NoPicture) {
    let sentence = match why {
        NoPicture::Stuck => texts.get("no-picture-stuck").into_owned(),
        NoPicture::Locked => texts.get("no-picture-locked").into_owned(),
        NoPicture::Failed(why) => texts.with("no-picture-failed", [("why", why.as_str().into())]),
    };
    over_the_picture(ui, canvas, sentence);
}

/// Says that the connection is lost and being made again.
pub(crate) fn away(ui: &Ui, canvas: Rect, texts: Texts) {
    over_the_picture(ui, canvas, texts.get("returning").into_owned());
}

fn over_the_picture(ui: &Ui, canvas: Rect, sentence: String) {
    ui.painter().rect_filled(canvas, 0.0, SHADE);
    Area::new(Id::unique("no-picture"))
        .fixed_pos(canvas.center())
        .pivot(Align2::CENTER_CENTER)
        .interactable(false)
        .show(ui.ctx(), |ui| {
            let look = Frame::popup(ui.style())
                .fill(theme::tokens(ui).raised)
                .inner_margin(Margin::same(20));
            look.show(ui, |ui| {
                ui.set_max_width(420.0);
                ui.vertical_centered(|ui| ui.add(Label::new(sentence).wrap()));
            });
        });
}
