//! What may happen to a case, and what follows.

use aldis_wire::peer::MAX_SEATS;
use aldis_wire::signal::{MAX_NAME, Refusal, Status};
use aldis_wire::{Code, Millis, SessionId};

use crate::case::{Case, Change, Session};
use crate::seats;

/// How long a case can be joined: 24 hours.
pub const EXPIRY: Millis = 24 * 60 * 60 * 1000;

/// The most remote sessions one case keeps; a person has long opened a new case by then.
pub const MAX_SESSIONS: usize = 1000;

/// What somebody wants of a case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// Make it, under this free code.
    Create {
        /// The code; not in use.
        code: Code,
        /// The customer's name, or empty.
        customer: String,
        /// The supporter who makes it; `None` if the customer does.
        by: Option<String>,
    },
    /// The customer's app joins, the first time or again.
    Join {
        /// The customer's name, or empty.
        name: String,
        /// The hash of the machine's secret.
        claim: [u8; 32],
    },
    /// A supporter asks for a remote session.
    Ask {
        /// His account.
        by: String,
    },
    /// Both sides are connected.
    StartSession {
        /// Names the session.
        id: SessionId,
        /// The supporter in it.
        supporter: String,
    },
    /// They are no longer.
    EndSession {
        /// Which one.
        id: SessionId,
    },
    /// The customer's app is back and says which sessions run; any other one has ended.
    Reconcile {
        /// The sessions that run.
        running: Vec<SessionId>,
    },
    /// A supporter may join the session that runs.
    Invite {
        /// Who says so.
        by: String,
        /// The account; known to exist.
        to: String,
    },
    /// The lead has sent the supporter of this session away: he needs a new invitation.
    Uninvite {
        /// Which session.
        id: SessionId,
    },
    /// Somebody becomes responsible.
    Assign {
        /// The account; known to exist.
        to: String,
    },
    /// The case goes back to the queue.
    Release {
        /// Who says so.
        by: String,
    },
    /// The case is over for good.
    Close {
        /// Who says so.
        by: String,
    },
}

/// What follows from `command` at `now`, for the case as it is (`None`: no such case).
pub fn decide(case: Option<&Case>, command: &Command, now: Millis) -> Result<Vec<Change>, Refusal> {
    if let Command::Create { code, customer, by } = command {
        return create(case, *code, customer, by.as_deref(), now);
    }
    let case = case.ok_or(Refusal::UnknownCode)?;
    match command {
        Command::Create { .. } => Err(Refusal::NotAllowed),
        Command::Join { name, claim } => {
            check_name(name)?;
            match case.claim {
                Some(claimed) if claimed != *claim => Err(Refusal::Claimed),
                _ => open(case, now).map(|()| {
                    vec![Change::CustomerJoined {
                        name: name.clone(),
                        claim: *claim,
                        at: now,
                    }]
                }),
            }
        }
        Command::Ask { by } => {
            open(case, now)?;
            if !seats::may_join(case, by) {
                return Err(Refusal::Busy);
            }
            let mut changes = Vec::new();
            if case.supporter_joined_at.is_none() {
                changes.push(Change::SupporterJoined { at: now });
            }
            if case.assignee.is_none() && case.running().is_none() {
                changes.push(Change::Assigned(Some(by.clone())));
            }
            Ok(changes)
        }
        Command::StartSession { id, supporter } => {
            open(case, now)?;
            match case.sessions.iter().find(|session| session.id == *id) {
                Some(session) if session.ended_at.is_none() => Ok(Vec::new()),
                Some(_) => Err(Refusal::NotAllowed),
                None if case.all_running().count() >= MAX_SEATS
                    || case.sessions.len() >= MAX_SESSIONS =>
                {
                    Err(Refusal::Busy)
                }
                None => Ok(vec![Change::SessionStarted(Session {
                    id: *id,
                    supporter: supporter.clone(),
                    started_at: now,
                    ended_at: None,
                })]),
            }
        }
        // Ending what has ended is no fault: both sides may report it.
        Command::EndSession { id } => Ok(match case.all_running().find(|it| it.id == *id) {
            Some(_) => vec![Change::SessionEnded { id: *id, at: now }],
            None => Vec::new(),
        }),
        Command::Reconcile { running } => Ok(reconcile(case, running, now)),
        Command::Invite { by, to } => {
            not_ended(case, now)?;
            if !case.all_running().any(|session| session.supporter == *by) {
                responsible(case, by)?;
            }
            seats::invite(case, to)
        }
        Command::Uninvite { id } => Ok(seats::uninvite(case, *id)),
        Command::Assign { to } => {
            not_ended(case, now)?;
            Ok(vec![Change::Assigned(Some(to.clone()))])
        }
        Command::Release { by } => {
            not_ended(case, now)?;
            responsible(case, by)?;
            Ok(vec![Change::Assigned(None)])
        }
        Command::Close { by } => {
            if case.closed_at.is_some() {
                return Err(Refusal::Closed);
            }
            responsible(case, by)?;
            let mut changes: Vec<Change> = case
                .all_running()
                .map(|session| Change::SessionEnded {
                    id: session.id,
                    at: now,
                })
                .collect();
            changes.push(Change::Closed { at: now });
            Ok(changes)
        }
    }
}

/// The customer's machine knows what runs on it; the server may have been away or deaf.
fn reconcile(case: &Case, running: &[SessionId], now: Millis) -> Vec<Change> {
    let mut changes = Vec::new();
    for session in &case.sessions {
        let (id, runs) = (session.id, running.contains(&session.id));
        if !runs && session.ended_at.is_none() {
            changes.push(Change::SessionEnded { id, at: now });
        } else if runs && session.ended_at.is_some() && case.closed_at.is_none() {
            changes.push(Change::SessionResumed { id });
        }
    }
    changes
}

fn create(
    case: Option<&Case>,
    code: Code,
    customer: &str,
    by: Option<&str>,
    now: Millis,
) -> Result<Vec<Change>, Refusal> {
    if case.is_some() {
        return Err(Refusal::Busy);
    }
    check_name(customer)?;
    Ok(vec![Change::Created(Case {
        code,
        customer: customer.to_owned(),
        created_at: now,
        created_by: by.map(str::to_owned),
        assignee: by.map(str::to_owned),
        expires_at: now + EXPIRY,
        closed_at: None,
        customer_joined_at: None,
        supporter_joined_at: None,
        claim: None,
        sessions: Vec::new(),
        invited: Vec::new(),
    })])
}

/// Refuses what is ended. Expiry stops joining, but never a session that runs.
fn open(case: &Case, now: Millis) -> Result<(), Refusal> {
    match case.status(now) {
        Status::Closed => Err(Refusal::Closed),
        Status::Expired => Err(Refusal::Expired),
        Status::New | Status::Pending | Status::InProgress => Ok(()),
    }
}

fn not_ended(case: &Case, now: Millis) -> Result<(), Refusal> {
    open(case, now)
}

/// The assignee and the creator are responsible; nobody's case is everybody's.
fn responsible(case: &Case, who: &str) -> Result<(), Refusal> {
    let is = |name: &Option<String>| name.as_deref() == Some(who);
    if is(&case.assignee) || is(&case.created_by) {
        return Ok(());
    }
    if case.assignee.is_none() && case.created_by.is_none() {
        return Ok(());
    }
    Err(Refusal::NotYours)
}

fn check_name(name: &str) -> Result<(), Refusal> {
    if name.chars().count() > MAX_NAME || name.chars().any(char::is_control) {
        return Err(Refusal::BadText);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Millis = 1_000_000;

    #[expect(clippy::needless_pass_by_value, reason = "it reads better below")]
    fn run(case: &mut Option<Case>, command: Command, now: Millis) -> Result<Status, Refusal> {
        let changes = decide(case.as_ref(), &command, now)?;
        for change in &changes {
            match (case.as_mut(), change) {
                (Some(case), change) => case.apply(change),
                (None, Change::Created(new)) => *case = Some(new.clone()),
                (None, other) => panic!("{other:?} of no case"),
            }
        }
        Ok(case.as_ref().unwrap().status(now))
    }

    fn created() -> Option<Case> {
        let mut case = None;
        let code = "s12-345-678".parse().unwrap();
        let create = Command::Create {
            code,
            customer: String::new(),
            by: Some("eva".to_owned()),
        };
        assert_eq!(run(&mut case, create, NOW), Ok(Status::New));
        case
    }

    fn join(claim: u8) -> Command {
        Command::Join {
            name: "Ana".to_owned(),
            claim: [claim; 32],
        }
    }

    #[test]
    fn a_case_goes_through_its_statuses() {
        let mut case = created();
        assert_eq!(run(&mut case, join(1), NOW + 1), Ok(Status::Pending));
        let ask = Command::Ask {
            by: "eva".to_owned(),
        };
        assert_eq!(run(&mut case, ask, NOW + 2), Ok(Status::Pending));
        let start = Command::StartSession {
            id: [1; 16],
            supporter: "eva".to_owned(),
        };
        assert_eq!(run(&mut case, start, NOW + 10), Ok(Status::InProgress));
        let end = Command::EndSession { id: [1; 16] };
        assert_eq!(run(&mut case, end.clone(), NOW + 70), Ok(Status::Pending));
        assert_eq!(run(&mut case, end, NOW + 99), Ok(Status::Pending));
        let close = Command::Close {
            by: "eva".to_owned(),
        };
        assert_eq!(run(&mut case, close.clone(), NOW + 80), Ok(Status::Closed));
        assert_eq!(run(&mut case, close, NOW + 81), Err(Refusal::Closed));
        assert_eq!(run(&mut case, join(1), NOW + 82), Err(Refusal::Closed));
        let view = case.unwrap().view(false, NOW + 90);
        assert_eq!(
            (view.started_at, view.ended_at, view.duration),
            (Some(NOW + 10), Some(NOW + 70), 60)
        );
        assert_eq!(view.customer, "Ana");
    }

    #[test]
    fn the_first_machine_that_joins_claims_the_code() {
        let mut case = created();
        assert_eq!(run(&mut case, join(1), NOW), Ok(Status::Pending));
        assert_eq!(run(&mut case, join(2), NOW), Err(Refusal::Claimed));
        assert_eq!(run(&mut case, join(1), NOW), Ok(Status::Pending));
    }

    #[test]
    fn expiry_stops_joining_and_never_cuts_a_session() {
        let mut case = created();
        run(&mut case, join(1), NOW).unwrap();
        let start = Command::StartSession {
            id: [1; 16],
            supporter: "eva".to_owned(),
        };
        run(&mut case, start, NOW).unwrap();
        let late = NOW + EXPIRY;
        assert_eq!(case.as_ref().unwrap().status(late), Status::InProgress);
        assert_eq!(
            run(&mut case, join(1), late),
            Ok(Status::InProgress),
            "coming back to it"
        );
        let end = Command::EndSession { id: [1; 16] };
        assert_eq!(run(&mut case, end, late), Ok(Status::Expired));
        assert_eq!(run(&mut case, join(1), late), Err(Refusal::Expired));
        let close = Command::Close {
            by: "eva".to_owned(),
        };
        assert_eq!(run(&mut case, close, late), Ok(Status::Closed));
    }

    #[test]
    fn only_the_responsible_close_and_release() {
        let mut case = created();
        let close = |by: &str| Command::Close { by: by.to_owned() };
        assert_eq!(run(&mut case, close("tom"), NOW), Err(Refusal::NotYours));
        run(
            &mut case,
            Command::Assign {
                to: "tom".to_owned(),
            },
            NOW,
        )
        .unwrap();
        let release = Command::Release {
            by: "tom".to_owned(),
        };
        assert_eq!(run(&mut case, release, NOW), Ok(Status::New));
        assert_eq!(case.as_ref().unwrap().assignee, None);
        assert_eq!(run(&mut case, close("tom"), NOW), Err(Refusal::NotYours));
        assert_eq!(run(&mut case, close("eva"), NOW), Ok(Status::Closed));
    }

    #[test]
    fn the_customers_machine_knows_which_session_runs() {
        let mut case = created();
        run(&mut case, join(1), NOW).unwrap();
        let start = Command::StartSession {
            id: [1; 16],
            supporter: "eva".to_owned(),
        };
        run(&mut case, start, NOW).unwrap();
        run(&mut case, Command::EndSession { id: [1; 16] }, NOW + 5).unwrap();
        let back = |running: Option<SessionId>| Command::Reconcile {
            running: running.into_iter().collect(),
        };
        assert_eq!(
            run(&mut case, back(Some([1; 16])), NOW + 9),
            Ok(Status::InProgress)
        );
        assert_eq!(
            run(&mut case, back(Some([1; 16])), NOW + 9),
            Ok(Status::InProgress)
        );
        assert_eq!(
            run(&mut case, back(Some([7; 16])), NOW + 10),
            Ok(Status::Pending)
        );
        assert_eq!(run(&mut case, back(None), NOW + 11), Ok(Status::Pending));
        run(
            &mut case,
            Command::Close {
                by: "eva".to_owned(),
            },
            NOW + 12,
        )
        .unwrap();
        assert_eq!(
            run(&mut case, back(Some([1; 16])), NOW + 13),
            Ok(Status::Closed)
        );
    }

    #[test]
    fn closing_ends_a_running_session() {
        let mut case = created();
        let start = Command::StartSession {
            id: [1; 16],
            supporter: "eva".to_owned(),
        };
        run(&mut case, start, NOW).unwrap();
        run(
            &mut case,
            Command::Close {
                by: "eva".to_owned(),
            },
            NOW + 5,
        )
        .unwrap();
        assert_eq!(case.unwrap().sessions[0].ended_at, Some(NOW + 5));
    }

    #[test]
    fn an_unknown_code_and_a_bad_name_are_refused() {
        assert_eq!(decide(None, &join(1), NOW), Err(Refusal::UnknownCode));
        let long = Command::Join {
            name: "x".repeat(MAX_NAME + 1),
            claim: [0; 32],
        };
        assert_eq!(
            decide(created().as_ref(), &long, NOW),
            Err(Refusal::BadText)
        );
    }
}
