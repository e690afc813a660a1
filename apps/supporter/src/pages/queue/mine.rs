//! My support requests: what I am responsible for, until I give it up or close it.

use std::sync::Arc;

use aldis_ui::{theme, widgets};
use aldis_wire::signal::Case;
use egui::{RichText, Ui};

use super::super::Act;
use super::row::{GAP, ROW};
use super::{Now, Queue, requests};

/// What I have open: who waits longest first, then the newest.
pub(super) fn mine(now: Now<'_>) -> Vec<Arc<Case>> {
    let me = now.me();
    let is_mine = |case: &&Arc<Case>| {
        case.status.is_open()
            && (case.assignee.as_deref() == Some(me)
                || case.supporters.iter().any(|name| name == me)
                || case.invited.iter().any(|name| name == me))
    };
    let mut mine: Vec<_> = now
        .service()
        .cases
        .values()
        .filter(is_mine)
        .cloned()
        .collect();
    mine.sort_by_key(|case| {
        (
            case.waiting_since
                .filter(|_| case.customer_online)
                .unwrap_or(u64::MAX),
            std::cmp::Reverse(case.created_at),
            case.code,
        )
    });
    mine
}

/// The height of the panel with so many rows, in what there is.
pub(super) fn height(available: f32, rows: usize) -> f32 {
    let rows = rows.clamp(2, 8) as f32;
    (rows * (ROW + GAP) + 44.0).min(available * 0.4)
}

/// The panel.
pub(super) fn panel(
    ui: &mut Ui,
    now: Now<'_>,
    state: &mut Queue,
    mine: &[Arc<Case>],
) -> Option<Act> {
    ui.add_space(6.0);
    let title = format!("{} {}", now.texts.get("my-requests"), mine.len());
    ui.label(RichText::new(title).font(theme::strong(16.0)));
    if mine.is_empty() {
        widgets::quiet(ui, now.texts.get("my-requests-empty"));
        return None;
    }
    requests::show_rows(ui, now, state, mine, "mine");
    None
}
