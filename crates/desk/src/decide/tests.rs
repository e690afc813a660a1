//! Each line of the mission that the rules carry, named after it.

use aldis_wire::signal::{
    Assignment, Availability, ChannelId, ChannelSetup, DEFAULT_CHANNEL, Member, Role,
};

use super::*;

const NOW: Millis = 1_000_000;

/// A desk in memory: one case, two channels, three supporters.
struct Office {
    snapshot: Snapshot,
    code: Code,
    now: Millis,
}

fn channel(id: ChannelId, name: &str, members: &[(&str, bool)]) -> Channel {
    let member = |(name, manager): &(&str, bool)| Member {
        name: (*name).to_owned(),
        manager: *manager,
    };
    Channel {
        id,
        setup: ChannelSetup {
            name: name.to_owned(),
            description: String::new(),
            expiry: DEFAULT_EXPIRY,
            default_assignee: None,
            assignment: Assignment::Off,
            offer_time: 60_000,
            members: members.iter().map(member).collect(),
        },
    }
}

fn supporter(name: &str) -> Supporter {
    Supporter {
        name: name.to_owned(),
        may_release: true,
        busy_at: 3,
        availability: Availability::Available,
        role: if name == "ada" {
            Role::Admin
        } else {
            Role::Technician
        },
        ..Supporter::default()
    }
}

fn draft(place: Option<NewPlace>) -> Box<Draft> {
    Box::new(Draft {
        place,
        customer: String::new(),
        facts: Facts::default(),
        to_queue: false,
        by_script: false,
    })
}

fn by(name: &str) -> Doer {
    Doer::Supporter(name.to_owned())
}

impl Office {
    fn new() -> Self {
        let everyone = channel(DEFAULT_CHANNEL, "Support", &[("max", true)]);
        Self {
            snapshot: Snapshot {
                channel: Some(everyone),
                ..Snapshot::default()
            },
            code: "s12-345-678".parse().unwrap(),
            now: NOW,
        }
    }

    /// A case that eva has made.
    fn with_case() -> Self {
        let mut office = Self::new();
        let (draft, origin) = (draft(None), Origin::Manual);
        office
            .run("eva", Command::Create { draft, origin })
            .unwrap();
        office
    }

    /// A case that a customer has made and waits in.
    fn with_customer() -> Self {
        let mut office = Self::new();
        let (draft, origin) = (draft(None), Origin::CustomerApp);
        let create = Command::Create { draft, origin };
        office.decide(&create, &Doer::Customer).unwrap();
        office.join(1).unwrap();
        office
    }

    fn decide(&mut self, command: &Command, by: &Doer) -> Result<Decision, Refusal> {
        self.snapshot.me = match by {
            Doer::Supporter(name) => Some(supporter(name)),
            Doer::Customer | Doer::Server => None,
        };
        let decision = decide(&self.snapshot, self.code, command, by, self.now)?;
        self.snapshot.case = Some(decision.case.clone());
        Ok(decision)
    }

    #[expect(clippy::needless_pass_by_value, reason = "it reads better below")]
    fn run(&mut self, who: &str, command: Command) -> Result<Status, Refusal> {
        self.decide(&command, &by(who))?;
        Ok(self.status())
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "few actions name somebody")]
    fn act(&mut self, who: &str, action: Action) -> Result<Status, Refusal> {
        self.snapshot.to = match &action {
            Action::Assign(name) | Action::Transfer(name) | Action::Invite(name) => {
                Some(supporter(name))
            }
            _ => None,
        };
        self.run(who, Command::Act(action))
    }

    fn join(&mut self, claim: u8) -> Result<Status, Refusal> {
        let join = Command::Join {
            name: "Ana".to_owned(),
            claim: [claim; 32],
            source: Source::default(),
        };
        self.decide(&join, &Doer::Customer)?;
        Ok(self.status())
    }

    fn start(&mut self, id: u8, who: &str) -> Result<Status, Refusal> {
        let supporter = who.to_owned();
        let id = [id; 16];
        self.decide(&Command::StartSession { id, supporter }, &Doer::Customer)?;
        Ok(self.status())
    }

    fn end(&mut self, id: u8) -> Status {
        let end = Command::EndSession { id: [id; 16] };
        self.decide(&end, &Doer::Customer).unwrap();
        self.status()
    }

    fn case(&self) -> &Case {
        self.snapshot.case.as_ref().unwrap()
    }

    fn status(&self) -> Status {
        self.case().status(self.now)
    }

    fn assignee(&self) -> Option<&str> {
        self.case().assignee.as_deref()
    }
}

#[test]
fn line_51_a_case_without_its_customer_is_new() {
    let office = Office::with_case();
    assert_eq!(office.status(), Status::New);
}

#[test]
fn line_52_a_case_whose_customer_waits_is_pending_also_while_he_is_asked() {
    let mut office = Office::with_case();
    assert_eq!(office.join(1), Ok(Status::Pending));
    assert_eq!(office.run("eva", Command::Ask), Ok(Status::Pending));
}

#[test]
fn line_53_a_case_is_in_progress_just_as_long_as_a_session_runs() {
    let mut office = Office::with_case();
    office.join(1).unwrap();
    office.run("eva", Command::Ask).unwrap();
    assert_eq!(office.start(1, "eva"), Ok(Status::InProgress));
    assert_eq!(office.end(1), Status::Pending);
}

#[test]
fn line_54_a_closed_case_is_closed_for_good() {
    let mut office = Office::with_case();
    office.join(1).unwrap();
    let close = Action::Close(Outcome::Resolved);
    assert_eq!(office.act("eva", close.clone()), Ok(Status::Closed));
    assert_eq!(office.act("eva", close), Err(Refusal::Closed), "final");
    assert_eq!(office.join(1), Err(Refusal::Closed));
    assert_eq!(office.case().outcome, Outcome::Resolved);
}

#[test]
fn line_54_only_the_assignee_and_the_creator_close() {
    let mut office = Office::with_case();
    office.act("eva", Action::Assign("tom".to_owned())).unwrap();
    let close = Action::Close(Outcome::Unknown);
    let who = "tom, eva".to_owned();
    assert_eq!(
        office.act("kim", close.clone()),
        Err(Refusal::NotYours { who })
    );
    assert_eq!(office.act("eva", close), Ok(Status::Closed), "the creator");
    // The first assignee counts as creator of a case that a customer made.
    let mut office = Office::with_customer();
    office.act("tom", Action::AssignToMe).unwrap();
    office.act("tom", Action::Unassign).unwrap();
    office.act("kim", Action::AssignToMe).unwrap();
    let close = Action::Close(Outcome::Unknown);
    assert_eq!(office.act("tom", close), Ok(Status::Closed));
}

#[test]
fn line_13_and_55_expiry_stops_joining_and_never_cuts_a_running_session() {
    let mut office = Office::with_case();
    office.join(1).unwrap();
    office.start(1, "eva").unwrap();
    office.now = NOW + DEFAULT_EXPIRY;
    assert_eq!(office.status(), Status::InProgress);
    assert_eq!(office.end(1), Status::Expired);
    assert_eq!(office.join(1), Err(Refusal::Expired));
    assert_eq!(office.run("eva", Command::Ask), Err(Refusal::Expired));
}

#[test]
fn line_76_the_channels_own_expiry_counts() {
    let mut office = Office::new();
    office.snapshot.channel.as_mut().unwrap().setup.expiry = 30 * 60_000;
    let (draft, origin) = (draft(None), Origin::Manual);
    office
        .run("eva", Command::Create { draft, origin })
        .unwrap();
    assert_eq!(office.case().expires_at, NOW + 30 * 60_000);
}

#[test]
fn line_8_a_ticket_has_one_active_case() {
    let mut office = Office::new();
    let other: Code = "s99-999-999".parse().unwrap();
    office.snapshot.ticket = Some(other);
    let (draft, origin) = (draft(None), Origin::Api);
    assert_eq!(
        office.run("eva", Command::Create { draft, origin }),
        Err(Refusal::TicketBusy { code: other })
    );
}

#[test]
fn line_49_and_75_who_claims_second_is_told_who_was_first() {
    let mut office = Office::with_customer();
    office.act("eva", Action::AssignToMe).unwrap();
    let by = "eva".to_owned();
    assert_eq!(
        office.act("tom", Action::AssignToMe),
        Err(Refusal::Taken { by })
    );
    assert_eq!(office.assignee(), Some("eva"));
}

#[test]
fn line_62_a_case_is_given_up_also_after_chatting() {
    let mut office = Office::with_customer();
    office.act("eva", Action::JoinChat).unwrap();
    assert_eq!(office.assignee(), Some("eva"), "who joins is responsible");
    assert_eq!(office.case().waiting_since, None, "somebody is there");
    office.now += 5;
    office.act("eva", Action::Unassign).unwrap();
    assert_eq!(office.assignee(), None);
    assert_eq!(office.case().waiting_since, Some(NOW + 5));
    assert!(office.case().view(true, office.now).queued);
    office.act("tom", Action::AssignToMe).unwrap();
    assert!(!office.case().view(true, office.now).queued);
}

#[test]
fn line_62_joining_the_chat_is_told_to_the_customer() {
    let mut office = Office::with_customer();
    let join = Command::Act(Action::JoinChat);
    let decision = office.decide(&join, &by("eva")).unwrap();
    let eva = Speaker::Supporter("eva".to_owned());
    assert_eq!(decision.messages, [(eva.clone(), Body::Joined)]);
    assert_eq!(decision.waited, Some(0));
    let again = office.decide(&join, &by("eva")).unwrap();
    assert_eq!(again.messages, []);
    let leave = office.decide(&Command::Act(Action::LeaveChat), &by("eva"));
    assert_eq!(leave.unwrap().messages, [(eva, Body::Left)]);
}

#[test]
fn line_63_only_those_in_the_chat_speak_in_it() {
    let mut office = Office::with_customer();
    let say = Command::Say("hello".to_owned());
    assert!(office.decide(&say, &Doer::Customer).is_ok());
    assert_eq!(office.run("eva", say.clone()), Err(Refusal::NotAllowed));
    office.act("eva", Action::JoinChat).unwrap();
    assert!(office.run("eva", say).is_ok());
    assert_eq!(office.case().messages, 3);
    let blank = Command::Say(" \u{200b} ".to_owned());
    assert_eq!(office.run("eva", blank), Err(Refusal::Empty));
}

#[test]
fn line_66_asking_for_the_screen_in_a_chat_is_said_in_it() {
    let mut office = Office::with_customer();
    office.act("eva", Action::JoinChat).unwrap();
    let asked = office.decide(&Command::Ask, &by("eva")).unwrap();
    assert!(matches!(asked.messages[..], [(_, Body::SharingAsked)]));
    let supporter = "eva".to_owned();
    let answer = Command::Answer {
        supporter,
        allowed: true,
    };
    let answered = office.decide(&answer, &Doer::Customer).unwrap();
    assert!(matches!(
        answered.messages[..],
        [(Speaker::Customer, Body::SharingAllowed)]
    ));
}

#[test]
fn line_71_a_private_case_is_seen_by_its_owner_alone() {
    let mut office = Office::new();
    office.snapshot.channel = None;
    let (draft, origin) = (draft(Some(NewPlace::Private)), Origin::Manual);
    office
        .run("eva", Command::Create { draft, origin })
        .unwrap();
    for stranger in ["tom", "ada"] {
        let seen = supporter(stranger).sees(office.case(), None);
        assert!(!seen, "{stranger} must not see it");
        let refused = office.act(stranger, Action::AssignToMe);
        assert_eq!(
            refused,
            Err(Refusal::UnknownCode),
            "nor learn that it is there"
        );
        let unknown = Err(Refusal::UnknownCode);
        assert_eq!(
            office.run(stranger, Command::Say("hello".to_owned())),
            unknown
        );
        assert_eq!(office.run(stranger, Command::Ask), unknown);
    }
    let assign = Action::Assign("tom".to_owned());
    assert_eq!(office.act("eva", assign), Err(Refusal::Private));
    office.snapshot.to_channel = Some(channel(DEFAULT_CHANNEL, "Support", &[]));
    office.act("eva", Action::Move(DEFAULT_CHANNEL)).unwrap();
    assert_eq!(
        office.assignee(),
        Some("eva"),
        "a shared case stays with its owner"
    );
}

#[test]
fn line_57_who_is_not_available_sees_only_what_is_his() {
    let mut office = Office::with_customer();
    let everyone = office.snapshot.channel.clone();
    let away = Supporter {
        availability: Availability::Away,
        ..supporter("tom")
    };
    assert!(!away.sees(office.case(), everyone.as_ref()));
    assert!(supporter("tom").sees(office.case(), everyone.as_ref()));
    office.act("tom", Action::AssignToMe).unwrap();
    assert!(away.sees(office.case(), everyone.as_ref()));
}

#[test]
fn line_57_only_the_companies_that_he_has_access_to() {
    let mut office = Office::with_customer();
    let mut case = office.case().clone();
    case.facts.company = "Contoso".to_owned();
    office.snapshot.case = Some(case.clone());
    let everyone = office.snapshot.channel;
    let of = |company: &str| Supporter {
        companies: vec![company.to_owned()],
        ..supporter("tom")
    };
    assert!(of("contoso").sees(&case, everyone.as_ref()));
    assert!(!of("fabrikam").sees(&case, everyone.as_ref()));
    assert!(
        supporter("tom").sees(&case, everyone.as_ref()),
        "no list means all"
    );
}

#[test]
fn line_75_a_transfer_needs_the_right_an_available_receiver_and_his_access() {
    let mut office = Office::with_case();
    let transfer = Command::Act(Action::Transfer("tom".to_owned()));
    office.snapshot.to = Some(Supporter {
        availability: Availability::Away,
        ..supporter("tom")
    });
    let away = office.run("eva", transfer.clone());
    assert!(matches!(away, Err(Refusal::NotAvailable { who, .. }) if who == "tom"));
    office.snapshot.to = Some(supporter("tom"));
    office.run("eva", transfer.clone()).unwrap();
    assert_eq!(office.assignee(), Some("tom"));
    let who = "tom, eva".to_owned();
    assert_eq!(office.run("kim", transfer), Err(Refusal::NotYours { who }));
    // Without the right there is neither release nor transfer.
    let me = Some(Supporter {
        may_release: false,
        ..supporter("tom")
    });
    let snapshot = Snapshot {
        me,
        ..office.snapshot.clone()
    };
    for action in [Action::Release, Action::Transfer("eva".to_owned())] {
        let refused = decide(
            &snapshot,
            office.code,
            &Command::Act(action),
            &by("tom"),
            NOW,
        );
        assert_eq!(refused.unwrap_err(), Refusal::NoReleaseRight);
    }
}

#[test]
fn line_75_another_channel_needs_access_and_takes_the_case_into_its_queue() {
    let mut office = Office::with_case();
    office.snapshot.to_channel = Some(channel(2, "Printers", &[("tom", false)]));
    let refused = office.act("eva", Action::Move(2));
    assert_eq!(refused, Err(Refusal::UnknownChannel));
    office.snapshot.to_channel = Some(channel(2, "Printers", &[("eva", false)]));
    office.act("eva", Action::Move(2)).unwrap();
    assert_eq!(office.case().place, Place::Channel(2));
    assert_eq!(office.assignee(), None);
}

#[test]
fn line_75_up_to_two_more_are_invited() {
    let mut office = Office::with_customer();
    office.act("eva", Action::AssignToMe).unwrap();
    let invite = |name: &str| Action::Invite(name.to_owned());
    let who = "eva".to_owned();
    assert_eq!(
        office.act("kim", invite("tom")),
        Err(Refusal::NotYours { who })
    );
    office.act("eva", invite("tom")).unwrap();
    office.act("eva", invite("tom")).unwrap();
    office.act("eva", invite("kim")).unwrap();
    assert_eq!(office.act("eva", invite("ada")), Err(Refusal::Full));
    office.start(1, "eva").unwrap();
    office.run("tom", Command::Ask).unwrap();
    office.start(2, "tom").unwrap();
    assert_eq!(
        office.run("ada", Command::Ask),
        Err(Refusal::Busy),
        "not invited"
    );
    assert_eq!(
        office.assignee(),
        Some("eva"),
        "who joins takes nothing over"
    );
    assert_eq!(office.end(1), Status::InProgress, "one is still there");
    assert_eq!(office.end(2), Status::Pending);
}

#[test]
fn line_75_delete_only_what_has_ended_and_by_whom_it_concerns() {
    let mut office = Office::with_case();
    assert_eq!(office.act("eva", Action::Delete), Err(Refusal::StillOpen));
    office.act("eva", Action::Close(Outcome::Unknown)).unwrap();
    assert!(matches!(
        office.act("tom", Action::Delete),
        Err(Refusal::NotYours { .. })
    ));
    let delete = Command::Act(Action::Delete);
    assert!(
        office.decide(&delete, &by("max")).unwrap().deleted,
        "the channel's manager"
    );
}

#[test]
fn a_manager_takes_a_case_from_somebody_and_a_colleague_does_not() {
    let mut office = Office::with_case();
    let channel = "Support".to_owned();
    assert_eq!(
        office.act("tom", Action::Unassign),
        Err(Refusal::NotManager { channel })
    );
    office.act("max", Action::Assign("tom".to_owned())).unwrap();
    assert_eq!(office.assignee(), Some("tom"));
    office.act("ada", Action::Unassign).unwrap();
    assert_eq!(office.assignee(), None);
    assert_eq!(
        office.act("eva", Action::Unassign),
        Err(Refusal::Unassigned)
    );
}

#[test]
fn what_nobody_takes_in_time_goes_back_to_the_queue() {
    let mut office = Office::with_customer();
    let (to, until) = ("eva".to_owned(), NOW + 60_000);
    office
        .decide(&Command::Offer { to, until }, &Doer::Server)
        .unwrap();
    assert_eq!(office.assignee(), Some("eva"));
    office.decide(&Command::Lapse, &Doer::Server).unwrap();
    assert_eq!(office.assignee(), Some("eva"), "there is time left");
    office.now = until;
    office.decide(&Command::Lapse, &Doer::Server).unwrap();
    assert_eq!(office.assignee(), None);
    assert_eq!(office.case().passed, ["eva"]);
    assert!(office.case().waits());
    // What is taken does not lapse.
    let (to, until) = ("tom".to_owned(), office.now + 60_000);
    office
        .decide(&Command::Offer { to, until }, &Doer::Server)
        .unwrap();
    office.act("tom", Action::AssignToMe).unwrap();
    office.now = until;
    office.decide(&Command::Lapse, &Doer::Server).unwrap();
    assert_eq!(office.assignee(), Some("tom"));
}

#[test]
fn a_code_belongs_to_the_first_machine() {
    let mut office = Office::with_case();
    office.join(1).unwrap();
    assert_eq!(office.join(2), Err(Refusal::Claimed));
    assert!(office.join(1).is_ok());
}

#[test]
fn a_customer_who_withdraws_closes_what_he_made_and_leaves_what_he_was_given() {
    let mut office = Office::with_customer();
    office.decide(&Command::Withdraw, &Doer::Customer).unwrap();
    assert_eq!(office.status(), Status::Closed);
    let mut office = Office::with_case();
    office.join(1).unwrap();
    office.decide(&Command::Withdraw, &Doer::Customer).unwrap();
    assert_eq!(office.status(), Status::Pending);
    assert_eq!(office.case().waiting_since, None);
}

#[test]
fn a_server_that_was_away_learns_what_runs() {
    let mut office = Office::with_case();
    office.join(1).unwrap();
    office.start(1, "eva").unwrap();
    office.act("eva", Action::Invite("tom".to_owned())).unwrap();
    office.start(2, "tom").unwrap();
    let running = vec![[2; 16]];
    office
        .decide(&Command::Reconcile { running }, &Doer::Customer)
        .unwrap();
    let names: Vec<_> = office
        .case()
        .running()
        .map(|one| one.supporter.clone())
        .collect();
    assert_eq!(names, ["tom"]);
    let running = vec![[1; 16], [2; 16]];
    office
        .decide(&Command::Reconcile { running }, &Doer::Customer)
        .unwrap();
    assert_eq!(
        office.case().running().count(),
        2,
        "the first was only not heard of"
    );
}

#[test]
fn sessions_side_by_side_count_once() {
    let mut office = Office::with_case();
    office.join(1).unwrap();
    office.start(1, "eva").unwrap();
    office.now += 100;
    office.start(2, "tom").unwrap();
    office.now += 100;
    office.end(1);
    office.now += 100;
    office.end(2);
    assert_eq!(office.case().duration(), 300);
}
