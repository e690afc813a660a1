//! How this app stands in its organisation, and what an admin does for it.

use std::sync::Arc;

use aldis_trust::SignerKey;
use aldis_wire::signal::{Request, Supporter, Trust};

use super::{Engine, Tag, unix};
use crate::standing::{Problem, Waiting};
use crate::view::Desk;
use crate::viewer::Deed;

impl Engine {
    /// Tells the server this app's key, and learns how it stands.
    pub(super) fn enrol(&mut self, me: &Supporter) {
        let key = self.node.identity().hash();
        let invitation = self.invitation.as_ref();
        let proof = invitation.map(|it| it.proof(key, &me.name, &me.picture));
        self.duties = false;
        self.ask(Tag::Enrol, Request::Enrol { key, proof });
    }

    /// The server says how this app stands.
    pub(super) fn trusts(&mut self, trust: Trust) {
        let key = self.node.identity().hash();
        let Desk::SignedIn {
            supporter, server, ..
        } = &mut self.view.desk
        else {
            return;
        };
        // The first organisation that this app is shown is the one that it knows from then on,
        // unless an invitation has named one.
        if server.organisation.is_none() {
            server.organisation = trust.root.map(SignerKey);
            self.server_name = Some(server.clone());
        }
        let known = server.organisation;
        let standing = &mut self.view.standing;
        standing.hear(trust, known, key, supporter, unix());
        self.look_after();
    }

    /// Shows the office as it is, and does what is due in it.
    fn look_after(&mut self) {
        let (Some(office), Some(trust)) = (&self.office, self.view.standing.told.clone()) else {
            return;
        };
        let standing = &mut self.view.standing;
        (standing.has_keys, standing.is_open) = (office.has_keys(), office.is_open());
        let waiting = trust.office.iter().flat_map(|it| &it.enrolments);
        let waiting = waiting.map(|enrolment| Waiting {
            enrolment: enrolment.clone(),
            invited: office.has_invited(enrolment),
        });
        standing.waiting = Arc::new(waiting.collect());
        if standing.swapped || self.duties {
            return;
        }
        let Desk::SignedIn { supporter, .. } = &self.view.desk else {
            return;
        };
        let due = office.duties(&trust, self.node.identity().hash(), supporter, unix());
        self.duties = !due.is_empty();
        for request in due {
            self.ask(Tag::Duty, request);
        }
    }

    /// Does something for the organisation, or says why it cannot be done.
    pub(super) fn organise(&mut self, deed: Deed) {
        let Desk::SignedIn {
            supporter, server, ..
        } = &self.view.desk
        else {
            return;
        };
        let standing = &mut self.view.standing;
        standing.problem = None;
        let Some(office) = &mut self.office else {
            standing.problem = Some(Problem::NoKeys);
            return;
        };
        let trust = standing.told.clone().unwrap_or_default();
        let now = unix();
        let request = match deed {
            Deed::Found {
                organisation,
                passphrase,
            } => {
                let founded = office.found(&organisation, &supporter.name, &passphrase, now);
                if founded.is_ok() {
                    standing.founded = Some(office.root_file());
                }
                founded.map(Some)
            }
            Deed::Unlock(passphrase) => office.unlock(&passphrase, now).map(|()| None),
            Deed::Restore { copy, passphrase } => office
                .restore(&copy, &supporter.name, &passphrase, now)
                .map(Some),
            Deed::Approve(shown) => office.approve(&trust, &shown, now).map(Some),
            Deed::Refuse(key) => Ok(Some(Request::RefuseEnrolment(key))),
            Deed::Revoke(key) => office.revoke(&trust, key, now).map(Some),
            Deed::Invite { name, role } => {
                office
                    .invite(&trust, server, &name, role)
                    .map(|(request, invitation)| {
                        standing.invitation = Some((name, invitation.to_string()));
                        Some(request)
                    })
            }
            Deed::Read => {
                (standing.invitation, standing.founded) = (None, None);
                Ok(None)
            }
        };
        match request {
            Ok(Some(request)) => self.ask(Tag::Deed, request),
            Ok(None) => {}
            Err(error) => self.view.standing.problem = Some(error.into()),
        }
        self.look_after();
    }
}
