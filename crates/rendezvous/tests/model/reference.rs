//! A desk, in the plainest way: what is true of each case, and every reason why not.
//!
//! It knows the mission, not the server: a step has a list of reasons that speak against it. If
//! there is none, the server does it; else the server must give one of them.

use std::collections::{BTreeMap, BTreeSet};

use aldis_wire::signal::{
    Availability, ChannelId, DEFAULT_CHANNEL, MAX_SUPPORTERS, Place, Refusal, Status,
};

use crate::step::{Deed, Name, Step};

/// Ada is admin; eva manages the printers' channel, in which tom works; kim, who may not release,
/// works for Contoso alone. One session keeps kim or tom busy.
pub(crate) const PEOPLE: [Name; 4] = ["ada", "eva", "kim", "tom"];
pub(crate) const ADMIN: Name = "ada";
pub(crate) const MANAGER: Name = "eva";
pub(crate) const NARROW: Name = "kim";
pub(crate) const MEMBER: Name = "tom";

/// The channel beside the default one.
pub(crate) const PRINTERS: ChannelId = 2;

pub(crate) const COMPANIES: [&str; 3] = ["", "Contoso", "Fabrikam"];

/// With so many sessions a supporter is busy by himself.
pub(crate) fn busy_at(who: Name) -> u32 {
    if [NARROW, MEMBER].contains(&who) {
        1
    } else {
        3
    }
}

/// The desk, and what the last step must have been answered.
#[derive(Clone, Debug, Default)]
pub(crate) struct Desk {
    cases: BTreeMap<usize, Fact>,
    stated: BTreeMap<Name, Availability>,
    absent: BTreeSet<Name>,
    /// What speaks against the last step; nothing: it was done.
    pub(crate) reasons: Vec<Refusal>,
}

/// What is true of a case.
#[derive(Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub(crate) struct Fact {
    place: Place,
    company: &'static str,
    by_customer: bool,
    creator: Option<Name>,
    assignee: Option<Name>,
    released: bool,
    invited: Vec<Name>,
    chatting: Vec<Name>,
    messages: u32,
    running: Vec<Name>,
    /// Which machine has claimed it.
    machine: Option<u8>,
    online: bool,
    waits: bool,
    supporter_joined: bool,
    closed: bool,
    deleted: bool,
}

/// A case as a client must show it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Shown {
    pub(crate) status: Status,
    pub(crate) queued: bool,
    pub(crate) place: Place,
    pub(crate) assignee: Option<String>,
    pub(crate) created_by: String,
    pub(crate) invited: Vec<String>,
    pub(crate) chatting: Vec<String>,
    pub(crate) messages: u32,
    pub(crate) supporters: Vec<String>,
    pub(crate) online: bool,
    pub(crate) waits: bool,
}

/// A case as its customer's app must show it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Own {
    pub(crate) status: Status,
    pub(crate) assignee: Option<String>,
    pub(crate) chatting: Vec<String>,
    pub(crate) messages: u32,
}

fn owned(names: &[Name]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

fn works_in(who: Name, channel: ChannelId) -> bool {
    channel == DEFAULT_CHANNEL || [ADMIN, MANAGER, MEMBER].contains(&who)
}

fn serves(who: Name, company: &str) -> bool {
    who != NARROW || company.is_empty() || company == "Contoso"
}

impl Fact {
    fn status(&self) -> Status {
        if self.closed {
            Status::Closed
        } else if !self.running.is_empty() {
            Status::InProgress
        } else if self.machine.is_some() || self.supporter_joined {
            Status::Pending
        } else {
            Status::New
        }
    }

    pub(crate) fn shown(&self) -> Shown {
        Shown {
            status: self.status(),
            queued: self.released && self.assignee.is_none() && !self.closed,
            place: self.place.clone(),
            assignee: self.assignee.map(str::to_owned),
            created_by: match self.creator {
                Some(creator) if !self.by_customer => creator.to_owned(),
                _ => String::new(),
            },
            invited: owned(&self.invited),
            chatting: owned(&self.chatting),
            messages: self.messages,
            supporters: owned(&self.running),
            online: self.online,
            waits: self.waits,
        }
    }

    pub(crate) fn own(&self) -> Own {
        Own {
            status: self.status(),
            assignee: self.assignee.map(str::to_owned),
            chatting: owned(&self.chatting),
            messages: self.messages,
        }
    }

    fn access(&self, who: Name) -> bool {
        match &self.place {
            Place::Private(owner) => owner == who,
            Place::Channel(id) => works_in(who, *id) && serves(who, self.company),
        }
    }

    /// He has to do with it by himself.
    fn concerns(&self, who: Name) -> bool {
        [self.assignee, self.creator].contains(&Some(who))
            || [&self.invited, &self.chatting, &self.running]
                .iter()
                .any(|names| names.contains(&who))
    }

    fn responsible(&self, who: Name) -> bool {
        [self.assignee, self.creator].contains(&Some(who))
    }

    fn manages(&self, who: Name) -> bool {
        match self.place {
            Place::Private(_) => false,
            Place::Channel(id) => who == ADMIN || (who == MANAGER && id == PRINTERS),
        }
    }

    fn is_private(&self) -> bool {
        matches!(self.place, Place::Private(_))
    }

    fn not_yours(&self) -> Refusal {
        let mut who: Vec<Name> = [self.assignee, self.creator]
            .into_iter()
            .flatten()
            .collect();
        who.dedup();
        if who.is_empty() {
            who.push("the assignee");
        }
        Refusal::NotYours {
            who: who.join(", "),
        }
    }

    fn not_manager(&self) -> Refusal {
        let channel = match self.place {
            Place::Channel(PRINTERS) => "Printers",
            _ => "Support",
        };
        Refusal::NotManager {
            channel: channel.to_owned(),
        }
    }

    fn taken(&self, who: Name) -> Option<Refusal> {
        let by = self.assignee.filter(|assignee| *assignee != who)?;
        Some(Refusal::Taken { by: by.to_owned() })
    }

    fn give(&mut self, to: Name) {
        self.creator.get_or_insert(to);
        self.assignee = Some(to);
        self.released = false;
    }

    fn take(&mut self, who: Name) {
        if self.assignee.is_none() {
            self.give(who);
        }
    }

    fn give_back(&mut self) {
        self.assignee = None;
        self.released = true;
        self.waits |= self.machine.is_some() && self.running.is_empty();
    }

    fn end_chat(&mut self) {
        self.messages += u32::try_from(self.chatting.len()).unwrap();
        self.chatting.clear();
    }

    fn close(&mut self) {
        self.closed = true;
        self.chatting.clear();
        self.running.clear();
        self.waits = false;
    }
}

impl Desk {
    /// All cases.
    pub(crate) fn numbers(&self) -> Vec<usize> {
        self.cases.keys().copied().collect()
    }

    /// The number of the next case.
    pub(crate) fn next(&self) -> usize {
        self.cases.last_key_value().map_or(0, |(last, _)| last + 1)
    }

    /// Everybody who has his window open.
    pub(crate) fn present(&self) -> impl Iterator<Item = Name> {
        PEOPLE.into_iter().filter(|who| !self.absent.contains(who))
    }

    /// The cases that this supporter sees, by their number.
    pub(crate) fn seen(&self, who: Name) -> impl Iterator<Item = (usize, &Fact)> {
        let seen = move |(_, fact): &(&usize, &Fact)| self.sees(who, fact);
        let cases = self.cases.iter().filter(seen);
        cases.map(|(number, fact)| (*number, fact))
    }

    /// The cases whose customer's app is connected.
    pub(crate) fn online(&self) -> impl Iterator<Item = (usize, &Fact)> {
        let cases = self.cases.iter().filter(|(_, fact)| fact.online);
        cases.map(|(number, fact)| (*number, fact))
    }

    /// Who is in a session now, and of which case.
    pub(crate) fn running(&self) -> Vec<(Name, usize)> {
        let each = self.cases.iter().flat_map(|(number, fact)| {
            let running = fact.running.iter();
            running.map(|who| (*who, *number))
        });
        each.collect()
    }

    pub(crate) fn availability(&self, who: Name) -> Availability {
        if self.absent.contains(who) {
            return Availability::Offline;
        }
        let in_it = |fact: &&Fact| fact.running.contains(&who);
        let sessions = self.cases.values().filter(in_it);
        let busy = u32::try_from(sessions.count()).unwrap() >= busy_at(who);
        match self.stated.get(who).copied().unwrap_or_default() {
            Availability::Available if busy => Availability::Busy,
            stated => stated,
        }
    }

    /// How many open cases are his.
    pub(crate) fn load(&self, who: Name) -> u32 {
        let his = |fact: &&Fact| !fact.closed && fact.assignee == Some(who);
        u32::try_from(self.cases.values().filter(his).count()).unwrap()
    }

    /// How many customers wait for whoever takes them, where he has access.
    pub(crate) fn waiting_for(&self, who: Name) -> u32 {
        let waits = |fact: &&Fact| {
            fact.waits
                && fact.online
                && fact.assignee.is_none()
                && !fact.is_private()
                && fact.access(who)
        };
        u32::try_from(self.cases.values().filter(waits).count()).unwrap()
    }

    fn sees(&self, who: Name, fact: &Fact) -> bool {
        if fact.deleted {
            return false;
        }
        if fact.is_private() {
            return fact.access(who);
        }
        let incoming = fact.assignee.is_none() && !fact.closed;
        let takes = self.availability(who) == Availability::Available;
        fact.concerns(who) || (fact.access(who) && (takes || !incoming))
    }

    /// What somebody is told of a case that he does not see; of a private one, no more than of none.
    fn blind(&self, who: Name, fact: &Fact) -> Option<Vec<Refusal>> {
        if self.sees(who, fact) {
            return None;
        }
        let mut told = vec![Refusal::UnknownCode];
        if !fact.deleted && !fact.is_private() {
            let who_is = who.to_owned();
            told.push(if fact.access(who) {
                let availability = self.availability(who);
                Refusal::NotAvailable {
                    who: who_is,
                    availability,
                }
            } else {
                Refusal::NoAccess { who: who_is }
            });
        }
        Some(told)
    }

    /// Whether the step makes sense at all; what makes sense may still be refused.
    pub(crate) fn can_be_done(&self, step: &Step) -> bool {
        let here = |who: Name| !self.absent.contains(who);
        let known = |case: usize| self.cases.get(&case);
        match *step {
            Step::New { case, who, .. } => here(who) && known(case).is_none(),
            Step::Sets { who, .. } => here(who),
            Step::Opens { case, .. } => known(case).is_none(),
            Step::Joins { case, .. } => known(case).is_some(),
            Step::Leaves { case } | Step::Withdraws { case } | Step::Writes { case } => {
                known(case).is_some_and(|fact| fact.online)
            }
            Step::Acts { who, case, .. } | Step::Says { who, case } => {
                here(who) && known(case).is_some()
            }
            // Asking for what is gone looks like guessing, and is slowed down.
            Step::Connects { who, case, .. } => {
                here(who) && known(case).is_some_and(|fact| !fact.deleted)
            }
            Step::Ends { who, case, .. } => {
                known(case).is_some_and(|fact| fact.online && fact.running.contains(&who))
            }
            Step::Race { one, other, case } => {
                let free = |fact: &Fact| fact.creator.is_some() && fact.assignee.is_none();
                let may = |who| here(who) && self.against(who, case, Deed::Claim).is_empty();
                one != other && known(case).is_some_and(free) && may(one) && may(other)
            }
            // The admin's window is where the others' coming and going is seen.
            Step::GoesHome { who } => here(who) && who != ADMIN,
            Step::ComesBack { who } => !here(who),
        }
    }

    /// The desk after a step.
    pub(crate) fn after(mut self, step: &Step) -> Self {
        self.reasons = self.reasons_against(*step);
        if self.reasons.is_empty() {
            self.follow(*step);
        }
        self
    }

    fn reasons_against(&self, step: Step) -> Vec<Refusal> {
        match step {
            Step::New { who, channel, .. } => match channel {
                Some(channel) if !works_in(who, channel) => vec![Refusal::UnknownChannel],
                _ => Vec::new(),
            },
            Step::Joins { case, machine, .. } => {
                let fact = &self.cases[&case];
                let mut reasons = ended(fact);
                if fact.machine.is_some_and(|claimed| claimed != machine) && !fact.deleted {
                    reasons.push(Refusal::Claimed);
                }
                reasons
            }
            Step::Withdraws { case } | Step::Writes { case } => ended(&self.cases[&case]),
            Step::Says { who, case } => {
                let fact = &self.cases[&case];
                self.blind(who, fact).unwrap_or_else(|| {
                    let mut reasons = ended(fact);
                    if !fact.chatting.contains(&who) {
                        reasons.push(Refusal::NotAllowed);
                    }
                    reasons
                })
            }
            Step::Acts { who, case, deed } => self.against(who, case, deed),
            Step::Connects { who, case, .. } => self.against_session(who, case),
            Step::Opens { .. }
            | Step::Leaves { .. }
            | Step::Race { .. }
            | Step::Ends { .. }
            | Step::Sets { .. }
            | Step::GoesHome { .. }
            | Step::ComesBack { .. } => Vec::new(),
        }
    }

    fn against_session(&self, who: Name, case: usize) -> Vec<Refusal> {
        let fact = &self.cases[&case];
        if let Some(told) = self.blind(who, fact) {
            return told;
        }
        let invited = fact.invited.contains(&who);
        let mut reasons = ended(fact);
        if !fact.online {
            reasons.push(Refusal::CustomerAbsent);
        }
        if fact.running.contains(&who)
            || !(fact.running.is_empty() || invited || fact.assignee == Some(who))
        {
            reasons.push(Refusal::Busy);
        }
        if fact.running.len() >= MAX_SUPPORTERS {
            reasons.push(Refusal::Full);
        }
        reasons.extend(fact.taken(who).filter(|_| !invited));
        reasons
    }

    fn against(&self, who: Name, case: usize, deed: Deed) -> Vec<Refusal> {
        let fact = &self.cases[&case];
        if let Some(told) = self.blind(who, fact) {
            return told;
        }
        let mut reasons = Vec::new();
        let mut unless = |fine: bool, why: Refusal| {
            if !fine {
                reasons.push(why);
            }
        };
        let open = !fact.closed;
        let (responsible, manages) = (fact.responsible(who), fact.manages(who));
        let free = fact.assignee.is_none();
        let may_release = who != NARROW;
        let no_access = |to: Name| Refusal::NoAccess { who: to.to_owned() };
        match deed {
            Deed::Claim => {
                unless(open, Refusal::Closed);
                reasons.extend(fact.taken(who));
            }
            Deed::Assign(to) => {
                unless(open, Refusal::Closed);
                unless(!fact.is_private(), Refusal::Private);
                unless(free || responsible || manages, fact.not_yours());
                unless(fact.access(to), no_access(to));
            }
            Deed::Unassign | Deed::Release => {
                unless(open, Refusal::Closed);
                unless(!fact.is_private(), Refusal::Private);
                unless(!free, Refusal::Unassigned);
                let mine = fact.assignee == Some(who);
                unless(free || mine || manages, fact.not_manager());
                let release = matches!(deed, Deed::Release);
                unless(!release || may_release, Refusal::NoReleaseRight);
            }
            Deed::Transfer(to) => {
                unless(open, Refusal::Closed);
                unless(!fact.is_private(), Refusal::Private);
                unless(may_release, Refusal::NoReleaseRight);
                unless(responsible || manages, fact.not_yours());
                unless(fact.access(to), no_access(to));
                let availability = self.availability(to);
                let takes = availability == Availability::Available;
                let to = to.to_owned();
                unless(
                    takes,
                    Refusal::NotAvailable {
                        who: to,
                        availability,
                    },
                );
            }
            Deed::Move(to) => {
                unless(open, Refusal::Closed);
                unless(works_in(who, to), Refusal::UnknownChannel);
                unless(free || responsible || manages, fact.not_yours());
            }
            Deed::Invite(to) => {
                unless(open, Refusal::Closed);
                unless(!fact.is_private(), Refusal::Private);
                unless(responsible || fact.running.contains(&who), fact.not_yours());
                let known = fact.invited.contains(&to) || fact.assignee == Some(to);
                unless(
                    known || fact.invited.len() + 1 < MAX_SUPPORTERS,
                    Refusal::Full,
                );
            }
            Deed::JoinChat => {
                unless(open, Refusal::Closed);
                if !fact.chatting.contains(&who) {
                    unless(fact.chatting.len() < MAX_SUPPORTERS, Refusal::Full);
                    let invited = fact.invited.contains(&who);
                    reasons.extend(fact.taken(who).filter(|_| !invited));
                }
            }
            Deed::LeaveChat => {}
            Deed::Close => {
                unless(open, Refusal::Closed);
                unless(responsible, fact.not_yours());
            }
            Deed::Delete => {
                unless(!open, Refusal::StillOpen);
                unless(responsible || manages, fact.not_yours());
            }
        }
        reasons
    }

    fn follow(&mut self, step: Step) {
        match step {
            Step::New {
                case,
                who,
                channel,
                company,
                to_queue,
            } => {
                let fact = Fact::new(Some(who), channel, company, to_queue);
                self.cases.insert(case, fact);
            }
            Step::Opens { case, machine } => {
                let mut fact = Fact::new(None, Some(DEFAULT_CHANNEL), "", true);
                fact.join(machine);
                self.cases.insert(case, fact);
            }
            Step::Joins {
                case,
                machine,
                runs,
            } => {
                let fact = self.case(case);
                fact.join(machine);
                if !runs {
                    fact.running.clear();
                }
            }
            Step::Leaves { case } => {
                let fact = self.case(case);
                fact.online = false;
                fact.running.clear();
            }
            Step::Withdraws { case } => {
                let fact = self.case(case);
                fact.running.clear();
                fact.waits = false;
                if fact.by_customer {
                    fact.close();
                }
            }
            Step::Writes { case } | Step::Says { case, .. } => self.case(case).messages += 1,
            Step::Acts { who, case, deed } => self.case(case).follow(who, deed),
            Step::Race { one, case, .. } => {
                let fact = self.case(case);
                fact.give(if fact.access(one) { one } else { ADMIN });
            }
            Step::Connects { who, case, yes } => self.case(case).meet(who, yes),
            Step::Ends {
                who,
                case,
                sent_away,
            } => {
                let fact = self.case(case);
                fact.running.retain(|name| *name != who);
                if sent_away {
                    fact.invited.retain(|name| *name != who);
                }
            }
            Step::Sets { who, to } => {
                self.stated.insert(who, to);
            }
            Step::GoesHome { who } => {
                self.absent.insert(who);
            }
            Step::ComesBack { who } => {
                self.absent.remove(who);
                self.stated.insert(who, Availability::Available);
            }
        }
    }

    fn case(&mut self, number: usize) -> &mut Fact {
        self.cases.get_mut(&number).unwrap()
    }
}

/// What speaks against joining, or talking in, this case.
fn ended(fact: &Fact) -> Vec<Refusal> {
    if fact.deleted {
        vec![Refusal::UnknownCode]
    } else if fact.closed {
        vec![Refusal::Closed]
    } else {
        Vec::new()
    }
}

impl Fact {
    fn new(
        creator: Option<Name>,
        channel: Option<ChannelId>,
        company: &'static str,
        to_queue: bool,
    ) -> Self {
        let place = match (channel, creator) {
            (None, Some(owner)) => Place::Private(owner.to_owned()),
            (channel, _) => Place::Channel(channel.unwrap_or(DEFAULT_CHANNEL)),
        };
        Self {
            company,
            by_customer: creator.is_none(),
            creator,
            // What is private is nobody's else.
            assignee: creator.filter(|_| channel.is_none() || !to_queue),
            place,
            released: false,
            invited: Vec::new(),
            chatting: Vec::new(),
            messages: 0,
            running: Vec::new(),
            machine: None,
            online: false,
            waits: false,
            supporter_joined: false,
            closed: false,
            deleted: false,
        }
    }

    fn join(&mut self, machine: u8) {
        self.waits |= self.machine.is_none();
        self.machine = Some(machine);
        self.online = true;
    }

    fn meet(&mut self, who: Name, yes: bool) {
        if !self.invited.contains(&who) {
            self.take(who);
        }
        self.supporter_joined = true;
        if self.chatting.contains(&who) {
            // The question and the answer are said in the chat.
            self.messages += 2;
        }
        if yes {
            self.waits = false;
            self.running.push(who);
        }
    }

    fn follow(&mut self, who: Name, deed: Deed) {
        match deed {
            Deed::Claim => self.take(who),
            Deed::Assign(to) if self.assignee == Some(to) => {}
            Deed::Assign(to) | Deed::Transfer(to) => self.give(to),
            Deed::Unassign | Deed::Release => self.give_back(),
            Deed::Move(to) => {
                let from = std::mem::replace(&mut self.place, Place::Channel(to));
                let moved = from != self.place;
                if moved && !matches!(from, Place::Private(_)) && self.running.is_empty() {
                    self.end_chat();
                    self.give_back();
                }
            }
            Deed::Invite(to) => {
                if !self.invited.contains(&to) && self.assignee != Some(to) {
                    self.invited.push(to);
                }
            }
            Deed::JoinChat => {
                if self.chatting.contains(&who) {
                    return;
                }
                if !self.invited.contains(&who) {
                    self.take(who);
                }
                self.supporter_joined = true;
                self.waits = false;
                self.chatting.push(who);
                self.messages += 1;
            }
            Deed::LeaveChat => {
                if self.chatting.contains(&who) {
                    self.chatting.retain(|name| *name != who);
                    self.messages += 1;
                }
            }
            Deed::Close => {
                self.end_chat();
                self.close();
            }
            Deed::Delete => self.deleted = true,
        }
    }
}
