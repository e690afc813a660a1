//! What supporters do with cases: each a right, and a refusal that says why.

use aldis_wire::signal::{
    Action, Availability, Body, ChannelId, Event, Facts, MAX_SUPPORTERS, Outcome, Place, Refusal,
    Speaker,
};

use super::{Deed, Snapshot, changed_fields};
use crate::people::Supporter;
use crate::text;

impl Deed {
    pub(super) fn act(&mut self, snapshot: &Snapshot, action: &Action) -> Result<(), Refusal> {
        let me = self.seen_by_me(snapshot)?;
        match action {
            Action::AssignToMe => {
                self.open()?;
                self.take(me)
            }
            Action::Assign(_) => self.assign_to(snapshot, me),
            Action::Unassign => {
                self.open()?;
                let from = self.given_up(snapshot, me)?;
                self.back_to_queue();
                self.events.push(Event::Unassigned { from });
                Ok(())
            }
            Action::Release => {
                self.open()?;
                if !me.may_release {
                    return Err(Refusal::NoReleaseRight);
                }
                let from = self.given_up(snapshot, me)?;
                self.back_to_queue();
                self.events.push(Event::Released { from: Some(from) });
                Ok(())
            }
            Action::Transfer(_) => self.transfer(snapshot, me),
            Action::Move(to) => self.move_to(snapshot, me, *to),
            Action::Invite(_) => self.invite(snapshot, me),
            Action::JoinChat => self.join_chat(me),
            Action::LeaveChat => self.leave_chat(me),
            Action::Edit { customer, facts } => self.edit(snapshot, me, customer, facts),
            Action::Close(outcome) => self.close_by(me, *outcome),
            Action::Delete => self.delete(snapshot, me),
        }
    }

    fn assign_to(&mut self, snapshot: &Snapshot, me: &Supporter) -> Result<(), Refusal> {
        self.open()?;
        let to = snapshot.to.as_ref().ok_or(Refusal::UnknownSupporter)?;
        self.not_private()?;
        if self.case.assignee.is_some() {
            self.responsible_or_manager(snapshot, me)?;
        }
        self.can_have(snapshot, to)?;
        if self.case.assignee.as_deref() != Some(to.name.as_str()) {
            self.assign(to.name.clone());
            let to = to.name.clone();
            self.events.push(Event::Assigned { to });
        }
        Ok(())
    }

    fn transfer(&mut self, snapshot: &Snapshot, me: &Supporter) -> Result<(), Refusal> {
        self.open()?;
        let to = snapshot.to.as_ref().ok_or(Refusal::UnknownSupporter)?;
        self.not_private()?;
        if !me.may_release {
            return Err(Refusal::NoReleaseRight);
        }
        self.responsible_or_manager(snapshot, me)?;
        self.can_have(snapshot, to)?;
        if to.availability != Availability::Available {
            return Err(to.not_available());
        }
        let from = self.case.assignee.clone();
        self.assign(to.name.clone());
        let to = to.name.clone();
        self.events.push(Event::Transferred { from, to });
        Ok(())
    }

    fn move_to(
        &mut self,
        snapshot: &Snapshot,
        me: &Supporter,
        to: ChannelId,
    ) -> Result<(), Refusal> {
        self.open()?;
        let channel = snapshot
            .to_channel
            .as_ref()
            .filter(|channel| channel.id == to);
        let channel = channel.ok_or(Refusal::UnknownChannel)?;
        if !me.works_in(channel) {
            return Err(Refusal::UnknownChannel);
        }
        if self.case.assignee.is_some() {
            self.responsible_or_manager(snapshot, me)?;
        }
        let to = Place::Channel(to);
        if self.case.place == to {
            return Ok(());
        }
        let from = std::mem::replace(&mut self.case.place, to.clone());
        // A private case that is shared stays with its owner; any other goes to the channel's queue.
        if matches!(from, Place::Channel(_)) && !self.case.in_session() {
            self.end_chat()?;
            self.back_to_queue();
        }
        self.events.push(Event::Moved { from, to });
        Ok(())
    }

    fn invite(&mut self, snapshot: &Snapshot, me: &Supporter) -> Result<(), Refusal> {
        self.open()?;
        let to = snapshot.to.as_ref().ok_or(Refusal::UnknownSupporter)?;
        self.not_private()?;
        let inside = self
            .case
            .running()
            .any(|session| session.supporter == me.name);
        if !inside {
            self.responsible(me)?;
        }
        let known = self.case.invited.contains(&to.name)
            || self.case.assignee.as_deref() == Some(to.name.as_str());
        if known {
            return Ok(());
        }
        if self.case.invited.len() + 1 >= MAX_SUPPORTERS {
            return Err(Refusal::Full);
        }
        self.case.invited.push(to.name.clone());
        let who = to.name.clone();
        self.events.push(Event::Invited { who });
        Ok(())
    }

    fn join_chat(&mut self, me: &Supporter) -> Result<(), Refusal> {
        self.open()?;
        if self.case.chatting.contains(&me.name) {
            return Ok(());
        }
        if self.case.chatting.len() >= MAX_SUPPORTERS {
            return Err(Refusal::Full);
        }
        if !self.case.invited.contains(&me.name) {
            self.take(me)?;
        }
        self.supporter_joined();
        if self.case.customer_joined_at.is_some() {
            self.attended();
        }
        self.case.chatting.push(me.name.clone());
        self.events.push(Event::ChatJoined);
        self.say(Speaker::Supporter(me.name.clone()), Body::Joined)
    }

    fn leave_chat(&mut self, me: &Supporter) -> Result<(), Refusal> {
        let Some(place) = self.case.chatting.iter().position(|name| *name == me.name) else {
            return Ok(());
        };
        self.open()?;
        self.case.chatting.remove(place);
        self.events.push(Event::ChatLeft);
        self.say(Speaker::Supporter(me.name.clone()), Body::Left)
    }

    fn edit(
        &mut self,
        snapshot: &Snapshot,
        me: &Supporter,
        customer: &str,
        facts: &Facts,
    ) -> Result<(), Refusal> {
        if self.case.assignee.is_some() {
            self.responsible_or_manager(snapshot, me)?;
        }
        let facts = text::facts(facts)?;
        let customer = text::name(customer)?;
        if let Some(code) = snapshot.ticket.filter(|code| *code != self.case.code)
            && facts.ticket != self.case.facts.ticket
        {
            return Err(Refusal::TicketBusy { code });
        }
        let mut fields = changed_fields(&self.case.facts, &facts);
        if customer != self.case.customer {
            fields.insert(0, "customer".to_owned());
        }
        if !fields.is_empty() {
            self.case.customer = customer;
            self.case.facts = facts;
            self.events.push(Event::Edited { fields });
        }
        Ok(())
    }

    fn close_by(&mut self, me: &Supporter, outcome: Outcome) -> Result<(), Refusal> {
        if self.case.closed_at.is_some() {
            return Err(Refusal::Closed);
        }
        self.responsible(me)?;
        self.end_chat()?;
        self.close(outcome);
        Ok(())
    }

    /// Everybody leaves the chat.
    fn end_chat(&mut self) -> Result<(), Refusal> {
        for name in std::mem::take(&mut self.case.chatting) {
            self.say(Speaker::Supporter(name), Body::Left)?;
        }
        Ok(())
    }

    fn delete(&mut self, snapshot: &Snapshot, me: &Supporter) -> Result<(), Refusal> {
        if self.case.status(self.now).is_open() {
            return Err(Refusal::StillOpen);
        }
        self.responsible_or_manager(snapshot, me)?;
        self.deleted = true;
        self.events.push(aldis_wire::signal::Event::Deleted);
        Ok(())
    }

    /// Who gives the case up, if this supporter may make him.
    fn given_up(&self, snapshot: &Snapshot, me: &Supporter) -> Result<String, Refusal> {
        let from = self.case.assignee.clone().ok_or(Refusal::Unassigned)?;
        self.not_private()?;
        if from != me.name {
            manager(snapshot, me)?;
        }
        Ok(from)
    }

    /// Whether somebody may be made responsible.
    fn can_have(&self, snapshot: &Snapshot, to: &Supporter) -> Result<(), Refusal> {
        if to.has_access(&self.case, snapshot.channel.as_ref()) {
            return Ok(());
        }
        Err(Refusal::NoAccess {
            who: to.name.clone(),
        })
    }

    fn not_private(&self) -> Result<(), Refusal> {
        match self.case.place {
            Place::Private(_) => Err(Refusal::Private),
            Place::Channel(_) => Ok(()),
        }
    }

    /// The assignee and the creator are responsible.
    fn responsible(&self, me: &Supporter) -> Result<(), Refusal> {
        let names = [&self.case.assignee, &self.case.creator];
        if names
            .iter()
            .any(|name| name.as_deref() == Some(me.name.as_str()))
        {
            return Ok(());
        }
        let mut who: Vec<&str> = names.into_iter().flatten().map(String::as_str).collect();
        who.dedup();
        if who.is_empty() {
            who.push("the assignee");
        }
        Err(Refusal::NotYours {
            who: who.join(", "),
        })
    }

    fn responsible_or_manager(&self, snapshot: &Snapshot, me: &Supporter) -> Result<(), Refusal> {
        self.responsible(me).or_else(|refusal| {
            let manages = |channel| me.manages(channel);
            let manager = snapshot.channel.as_ref().is_some_and(manages);
            if manager { Ok(()) } else { Err(refusal) }
        })
    }
}

fn manager(snapshot: &Snapshot, me: &Supporter) -> Result<(), Refusal> {
    match &snapshot.channel {
        Some(channel) if me.manages(channel) => Ok(()),
        Some(channel) => Err(Refusal::NotManager {
            channel: channel.setup.name.clone(),
        }),
        None => Err(Refusal::NotAllowed),
    }
}
