//! Who may record what he sees.
//!
//! The person is asked for every recording, whatever that supporter was allowed before, and
//! declining is what happens by itself.
//! A yes holds for one connection: it ends with it, and is not remembered.

use aldis_wire::peer::Recording;
use aldis_wire::{Millis, SessionId};

use super::seat::{About, Question, Seat};
use super::{ANSWER_TIME, Host};

/// For how long nobody is asked about a recording again once a person has said no.
///
/// While a question is open nobody controls, so a supporter who asks and asks would be in
/// everybody's way.
pub const PATIENCE: Millis = 30_000;

impl Host {
    /// A supporter would like to record what he sees.
    pub fn ask_recording(&mut self, by: SessionId, now: Millis) {
        let busy = self.question.is_some() || now < self.patience;
        let Some(seat) = self.live_seat(by) else {
            return;
        };
        if matches!(seat.recording, Recording::Asked | Recording::On) {
            return;
        }
        if busy {
            // Of a no that was just said he knows.
            if !matches!(seat.recording, Recording::Declined | Recording::Stopped) {
                seat.recording = Recording::NotNow;
            }
        } else {
            seat.recording = Recording::Asked;
            let ask = seat.ask.clone();
            let until = now.saturating_add(ANSWER_TIME);
            let about = About::Record;
            self.question = Some(Question { ask, about, until });
        }
        self.settle();
    }

    /// A supporter no longer records, or takes his question back.
    pub fn end_recording(&mut self, by: SessionId, now: Millis) {
        let his = |it: &mut Question| it.about == About::Record && it.ask.session == by;
        if self.question.take_if(his).is_some() {
            self.patience = now.saturating_add(PATIENCE);
        }
        if let Some(seat) = self.live_seat(by) {
            seat.recording = Recording::Off;
            self.settle();
        }
    }

    /// The person lets nobody record any more.
    pub fn stop_recording(&mut self, now: Millis) {
        self.stop_all_recordings(now);
        self.settle();
    }

    pub(super) fn stop_all_recordings(&mut self, now: Millis) {
        for seat in self.seats.iter_mut().filter(|seat| seat.records()) {
            seat.recording = Recording::Stopped;
            self.patience = now.saturating_add(PATIENCE);
        }
    }

    /// The person has said yes or no, or nothing in time.
    pub(super) fn answer_recording(&mut self, session: SessionId, yes: bool, now: Millis) {
        if let Some(seat) = self.live_seat(session) {
            seat.recording = if yes {
                Recording::On
            } else {
                Recording::Declined
            };
        }
        if !yes {
            self.patience = now.saturating_add(PATIENCE);
        }
    }

    /// Who records, the lead first.
    pub fn recording(&self) -> impl Iterator<Item = &Seat> {
        self.live().filter(|seat| seat.records())
    }

    fn live_seat(&mut self, session: SessionId) -> Option<&mut Seat> {
        let mine = |seat: &&mut Seat| seat.is_live() && seat.ask.session == session;
        self.seats.iter_mut().find(mine)
    }
}
