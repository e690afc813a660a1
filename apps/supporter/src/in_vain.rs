//! Mouse and keyboard that do nothing, for lack of control.

use std::time::Duration;

use egui::Ui;

/// How long the word stays after the last press, in seconds.
const STAYS: f64 = 5.0;

/// Whether something was pressed in vain just now.
#[derive(Debug, Default)]
pub(crate) struct InVain {
    since: Option<f64>,
}

impl InVain {
    /// Takes note of what this frame heard.
    pub(crate) fn note(&mut self, ui: &Ui, unheard: bool) {
        let now = ui.input(|input| input.time);
        if unheard {
            self.since = Some(now);
        }
        self.since.take_if(|since| now - *since > STAYS);
        if self.since.is_some() {
            ui.ctx().request_repaint_after(Duration::from_millis(500));
        }
    }

    pub(crate) fn is_said(&self) -> bool {
        self.since.is_some()
    }
}
