//! Who gets a case by itself.

use aldis_wire::signal::{Assignment, Availability, Channel};

use crate::case::Case;
use crate::people::Supporter;

/// Who gets the waiting case, of those who work in its channel; `None` leaves it in the queue.
///
/// `turn` counts the channel's offers so far, for going around. Whoever let an offer of this case
/// lapse is passed over.
pub fn choose<'a>(
    channel: &Channel,
    case: &Case,
    people: &'a [Supporter],
    turn: u32,
) -> Option<&'a Supporter> {
    let mut able: Vec<&Supporter> = people
        .iter()
        .filter(|one| one.availability == Availability::Available)
        .filter(|one| one.has_access(case, Some(channel)) && !case.passed.contains(&one.name))
        .collect();
    able.sort_by(|one, other| one.name.cmp(&other.name));
    match channel.setup.assignment {
        Assignment::Off => None,
        Assignment::Default => {
            let name = channel.setup.default_assignee.as_deref()?;
            able.into_iter().find(|one| one.name == name)
        }
        Assignment::RoundRobin => {
            let index = usize::try_from(turn).unwrap_or(0).checked_rem(able.len())?;
            able.get(index).copied()
        }
        Assignment::LeastBusy => able.into_iter().min_by_key(|one| one.cases),
        Assignment::Skill => {
            let knows = |one: &Supporter| {
                let known = |tag: &&String| one.skills.contains(tag);
                case.facts.tags.iter().filter(known).count()
            };
            let best = able
                .iter()
                .map(|one| knows(one))
                .max()
                .filter(|best| *best > 0)?;
            able.into_iter()
                .filter(|one| knows(one) == best)
                .min_by_key(|one| one.cases)
        }
    }
}
