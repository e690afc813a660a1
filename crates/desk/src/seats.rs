//! Who may join a session that runs: up to three supporters, and only by invitation.

use aldis_wire::SessionId;
use aldis_wire::peer::MAX_SEATS;
use aldis_wire::signal::{MAX_INVITED, Refusal};

use crate::case::{Case, Change};

/// Nobody runs a session, or this supporter may take a seat beside those who do.
pub(crate) fn may_join(case: &Case, by: &str) -> bool {
    let Some(first) = case.all_running().map(|session| session.started_at).min() else {
        return true;
    };
    let seats = case.all_running().count();
    let inside = case.all_running().any(|session| session.supporter == by);
    // Who was there before all who are there now lost his connection; nobody can have invited him.
    let was_there = case.sessions.iter().any(|session| {
        session.supporter == by
            && session.started_at <= first
            && session.ended_at.is_some_and(|ended| ended >= first)
    });
    let welcome = was_there || case.invited.iter().any(|invited| invited == by);
    welcome && !inside && seats < MAX_SEATS
}

/// Invites a supporter; whoever says so may.
pub(crate) fn invite(case: &Case, to: &str) -> Result<Vec<Change>, Refusal> {
    if case.invited.iter().any(|invited| invited == to) {
        Ok(Vec::new())
    } else if case.invited.len() >= MAX_INVITED {
        Err(Refusal::AllInvited)
    } else {
        Ok(vec![Change::Invited(to.to_owned())])
    }
}

/// Takes the invitation of this session's supporter back, if he has one.
pub(crate) fn uninvite(case: &Case, id: SessionId) -> Vec<Change> {
    let session = case.sessions.iter().find(|session| session.id == id);
    let invited = session.filter(|session| case.invited.contains(&session.supporter));
    let change = invited.map(|session| Change::Uninvited(session.supporter.clone()));
    change.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use aldis_wire::Millis;

    use super::*;
    use crate::{Command, decide};

    /// A case of eva's, on which she has been connected since 10.
    fn case() -> Case {
        let code = "s12-345-678".parse().unwrap();
        let create = Command::Create {
            code,
            customer: String::new(),
            by: Some("eva".to_owned()),
        };
        let Some(Change::Created(mut case)) = decide(None, &create, 1).unwrap().pop() else {
            panic!("a case is created");
        };
        run(&mut case, start(1, "eva"), 10).unwrap();
        case
    }

    #[expect(clippy::needless_pass_by_value, reason = "it reads better below")]
    fn run(case: &mut Case, command: Command, now: Millis) -> Result<(), Refusal> {
        for change in decide(Some(case), &command, now)? {
            case.apply(&change);
        }
        Ok(())
    }

    fn start(id: u8, who: &str) -> Command {
        let (id, supporter) = ([id; 16], who.to_owned());
        Command::StartSession { id, supporter }
    }

    fn ask(who: &str) -> Command {
        Command::Ask { by: who.to_owned() }
    }

    fn invited(by: &str, to: &str) -> Command {
        let (by, to) = (by.to_owned(), to.to_owned());
        Command::Invite { by, to }
    }

    #[test]
    fn only_the_invited_join_and_only_those_concerned_invite() {
        let mut case = case();
        assert_eq!(run(&mut case, ask("tom"), 11), Err(Refusal::Busy));
        let by_stranger = invited("cy", "tom");
        assert_eq!(run(&mut case, by_stranger, 12), Err(Refusal::NotYours));
        run(&mut case, invited("eva", "tom"), 13).unwrap();
        run(&mut case, invited("eva", "tom"), 14).unwrap();
        assert_eq!(case.invited, ["tom"]);
        assert_eq!(run(&mut case, ask("eva"), 15), Err(Refusal::Busy), "twice");
        run(&mut case, ask("tom"), 16).unwrap();
        run(&mut case, start(2, "tom"), 17).unwrap();
        assert_eq!(case.assignee.as_deref(), Some("eva"));
        // Who is in the session may invite, too; more than two are never invited.
        run(&mut case, invited("tom", "cy"), 18).unwrap();
        let third = invited("eva", "dan");
        assert_eq!(run(&mut case, third, 19), Err(Refusal::AllInvited));
        run(&mut case, start(3, "cy"), 20).unwrap();
        assert_eq!(run(&mut case, start(4, "dan"), 21), Err(Refusal::Busy));
        let view = case.view(true, 22);
        assert_eq!(view.supporters, ["eva", "tom", "cy"]);
        assert_eq!(view.supporter.as_deref(), Some("eva"));
    }

    #[test]
    fn the_first_one_comes_back_uninvited_and_one_who_was_sent_away_does_not() {
        let mut case = case();
        run(&mut case, invited("eva", "tom"), 11).unwrap();
        run(&mut case, start(2, "tom"), 12).unwrap();
        run(&mut case, Command::EndSession { id: [1; 16] }, 13).unwrap();
        run(&mut case, ask("eva"), 14).unwrap();
        run(&mut case, start(3, "eva"), 15).unwrap();
        run(&mut case, Command::EndSession { id: [2; 16] }, 16).unwrap();
        run(&mut case, Command::Uninvite { id: [2; 16] }, 16).unwrap();
        assert_eq!(case.invited, Vec::<String>::new());
        let mut alone = case.clone();
        assert_eq!(run(&mut case, ask("tom"), 17), Ok(()), "he was before her");
        // Where she was first, a removal holds.
        run(&mut alone, Command::EndSession { id: [3; 16] }, 18).unwrap();
        run(&mut alone, start(4, "eva"), 19).unwrap();
        assert_eq!(run(&mut alone, ask("tom"), 20), Err(Refusal::Busy));
    }

    #[test]
    fn a_customer_who_is_back_tells_all_that_run() {
        let mut case = case();
        run(&mut case, invited("eva", "tom"), 11).unwrap();
        run(&mut case, start(2, "tom"), 12).unwrap();
        run(&mut case, start(3, "cy"), 13).unwrap();
        run(&mut case, Command::EndSession { id: [1; 16] }, 14).unwrap();
        let running = vec![[1; 16], [2; 16]];
        run(&mut case, Command::Reconcile { running }, 15).unwrap();
        let running: Vec<_> = case.all_running().map(|session| session.id[0]).collect();
        assert_eq!(running, [1, 2]);
        run(&mut case, Command::Close { by: "eva".into() }, 16).unwrap();
        assert_eq!(case.all_running().count(), 0);
    }
}
