//! Supporters, and what each may see and do.

use aldis_wire::signal::{Availability, Channel, DEFAULT_CHANNEL, Place, Refusal, Role};

use crate::case::Case;

/// A supporter, as far as the desk's rules need to know.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Supporter {
    /// The account's name.
    pub name: String,
    /// What the account may do.
    pub role: Role,
    /// He may release cases and hand them to a colleague.
    pub may_release: bool,
    /// What he knows about, in lower case.
    pub skills: Vec<String>,
    /// The companies whose cases he sees, in lower case; empty means all.
    pub companies: Vec<String>,
    /// With so many remote sessions he is busy by himself.
    pub busy_at: u32,
    /// How many open cases he is responsible for.
    pub cases: u32,
    /// Whether he takes requests now.
    pub availability: Availability,
}

impl Supporter {
    /// Whoever acts is there, also without his window.
    pub fn at_work(self) -> Self {
        Self {
            availability: match self.availability {
                Availability::Offline | Availability::Available => Availability::Available,
                other @ (Availability::Away | Availability::Busy) => other,
            },
            ..self
        }
    }

    /// Whether he works in the channel.
    pub fn works_in(&self, channel: &Channel) -> bool {
        let member = |member: &aldis_wire::signal::Member| member.name == self.name;
        channel.id == DEFAULT_CHANNEL
            || self.role == Role::Admin
            || channel.setup.members.iter().any(member)
    }

    /// Whether he may set the channel up, and assign what is not his own in it.
    pub fn manages(&self, channel: &Channel) -> bool {
        let manager =
            |member: &aldis_wire::signal::Member| member.manager && member.name == self.name;
        self.role == Role::Admin || channel.setup.members.iter().any(manager)
    }

    /// Whether he works for the company.
    pub fn serves(&self, company: &str) -> bool {
        company.is_empty()
            || self.companies.is_empty()
            || self.companies.contains(&company.to_lowercase())
    }

    /// Whether the case could be his: he works in its channel and for its company.
    pub fn has_access(&self, case: &Case, channel: Option<&Channel>) -> bool {
        match &case.place {
            Place::Private(owner) => *owner == self.name,
            Place::Channel(id) => {
                let works = |channel: &Channel| channel.id == *id && self.works_in(channel);
                channel.is_some_and(works) && self.serves(&case.facts.company)
            }
        }
    }

    /// Whether he sees the case: what is his own always; what waits for somebody only while he
    /// takes requests.
    pub fn sees(&self, case: &Case, channel: Option<&Channel>) -> bool {
        if let Place::Private(owner) = &case.place {
            return *owner == self.name;
        }
        if case.concerns(&self.name) {
            return true;
        }
        let incoming = case.assignee.is_none() && case.closed_at.is_none();
        self.has_access(case, channel)
            && (!incoming || self.availability == Availability::Available)
    }

    /// [`sees`](Self::sees), or the reason why not, which tells nothing about a private case.
    pub fn check_sees(&self, case: &Case, channel: Option<&Channel>) -> Result<(), Refusal> {
        if self.sees(case, channel) {
            return Ok(());
        }
        if matches!(case.place, Place::Private(_)) {
            return Err(Refusal::UnknownCode);
        }
        if self.has_access(case, channel) {
            return Err(self.not_available());
        }
        Err(Refusal::NoAccess {
            who: self.name.clone(),
        })
    }

    /// He takes no requests.
    pub fn not_available(&self) -> Refusal {
        Refusal::NotAvailable {
            who: self.name.clone(),
            availability: self.availability,
        }
    }
}
