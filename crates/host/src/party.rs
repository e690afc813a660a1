//! The supporters who are connected: each has a connection, a screen and a pace of his own.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use aldis_inject::{InjectError, MonitorPlace};
use aldis_session::ControlToken;
use aldis_session::host::{Host as Session, Roster};
use aldis_wire::peer::{EndReason, Grant, Recording, ToViewer};
use aldis_wire::{Millis, SessionId};
use tokio::sync::{mpsc, watch};

use crate::hands::{self, Act, Hands, Place};
use crate::peer::{Lines, Peer, Standing, Told, Visitor};
use crate::screen::{Ends, Screen};

/// Everybody who is connected; `session` bounds how many that are.
#[derive(Default)]
pub(crate) struct Party {
    members: BTreeMap<SessionId, Member>,
    /// One pair for all: who may use them, the gates say.
    hands: Option<Hands>,
}

/// What runs while one supporter is connected.
struct Member {
    peer: Peer,
    screen: Screen,
    gate: watch::Sender<Option<ControlToken>>,
    standing: watch::Sender<Standing>,
}

impl Party {
    pub(crate) fn is_empty(&self) -> bool {
        self.members.is_empty()
    }

    /// Has hands ready, if the system lets us.
    pub(crate) fn raise_hands(&mut self) -> Result<(), InjectError> {
        if self.hands.is_none() {
            self.hands = Some(hands::start()?);
        }
        Ok(())
    }

    /// Lets a supporter in who may do this.
    pub(crate) fn admit(
        &mut self,
        visitor: Visitor,
        grant: Grant,
        since: Millis,
        news: mpsc::Sender<Told>,
    ) {
        let session = visitor.session;
        let roster = Roster::default();
        let (standing, stands) = watch::channel(Standing {
            grant,
            recording: Recording::Off,
            roster,
        });
        let (gate, gated) = watch::channel(None);
        let place = Place::new(Mutex::new(MonitorPlace::default()));
        let lines = Lines {
            standing: stands,
            gate: gated,
            hands: self.hands.clone(),
            place: Place::clone(&place),
            news: news.clone(),
        };
        let mut peer = visitor.admit(since, lines);
        let ends = Ends {
            control: peer.control.clone(),
            place,
            news: (session, news),
        };
        let (screen, parts) = Screen::start(Arc::new(aldis_capture::open), ends);
        peer.send_screen(parts);
        let member = Member {
            peer,
            screen,
            gate,
            standing,
        };
        self.members.insert(session, member);
    }

    /// Whether this visitor shows that he is one of those who are inside.
    pub(crate) fn knows(&self, visitor: &Visitor) -> bool {
        let member = self.members.get(&visitor.session);
        member.is_some_and(|member| member.peer.knows(visitor))
    }

    /// One who is inside goes on over another connection.
    pub(crate) fn move_to(&mut self, visitor: Visitor) {
        if let Some(member) = self.members.get_mut(&visitor.session) {
            member.peer.move_to(visitor);
        }
    }

    /// Whether the streams of this number carry his session.
    pub(crate) fn is_carried_by(&self, session: SessionId, number: u32) -> bool {
        let member = self.members.get(&session);
        member.is_some_and(|member| member.peer.is_carried_by(number))
    }

    /// The last connection of one who is inside is gone.
    pub(crate) fn lose(&mut self, session: SessionId) {
        if let Some(member) = self.members.get_mut(&session) {
            member.peer.part();
        }
    }

    pub(crate) fn screen(&self, session: SessionId) -> Option<&Screen> {
        Some(&self.members.get(&session)?.screen)
    }

    /// What this supporter may do from now on.
    pub(crate) fn grant(&self, session: SessionId, grant: Grant) {
        if let Some(member) = self.members.get(&session) {
            member
                .standing
                .send_modify(|standing| standing.grant = grant);
        }
    }

    /// What has become of this supporter's wish to record.
    pub(crate) fn recording(&self, session: SessionId, told: Recording) {
        if let Some(member) = self.members.get(&session) {
            member
                .standing
                .send_modify(|standing| standing.recording = told);
        }
    }

    /// Everybody learns who is there.
    pub(crate) fn introduce(&self, session: &Session) {
        for (id, member) in &self.members {
            let roster = session.roster_for(*id);
            member
                .standing
                .send_modify(|standing| standing.roster = roster);
        }
    }

    pub(crate) fn tell(&self, session: SessionId, message: ToViewer) {
        if let Some(member) = self.members.get(&session) {
            drop(member.peer.control.try_send(message));
        }
    }

    /// Lets go of what is held down.
    pub(crate) fn let_go(&self) {
        if let Some(hands) = &self.hands {
            // A full queue holds only input whose right has ended, and that lets go as well.
            drop(hands.try_send(Act::LetGo));
        }
    }

    /// Lets input through as far as the session says so now.
    pub(crate) fn open_gates(&self, session: &Session) {
        for (id, member) in &self.members {
            member.gate.send_replace(session.token_of(*id).cloned());
        }
    }

    /// Takes a supporter out; the future tells him why.
    pub(crate) fn part(
        &mut self,
        session: SessionId,
        reason: EndReason,
    ) -> Option<impl Future<Output = ()> + Send + use<>> {
        let member = self.members.remove(&session)?;
        if self.members.is_empty() {
            self.hands = None;
        }
        Some(member.peer.close(ToViewer::Ended(reason)))
    }
}
