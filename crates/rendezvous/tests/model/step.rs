//! What people do at a desk.

use aldis_wire::signal::{Availability, ChannelId, DEFAULT_CHANNEL};
use proptest::prelude::*;
use proptest::sample::select;
use proptest_state_machine::ReferenceStateMachine;

use crate::reference::{COMPANIES, Desk, PEOPLE, PRINTERS};

/// A supporter's name.
pub(crate) type Name = &'static str;

/// One step. Each case has a number of its own, so that a sequence of steps in which some are left
/// out still speaks of the same cases.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Step {
    /// A supporter makes a case, in a channel or for himself.
    New {
        case: usize,
        who: Name,
        channel: Option<ChannelId>,
        company: &'static str,
        to_queue: bool,
    },
    /// A customer opens his app without a code.
    Opens { case: usize, machine: u8 },
    /// A customer joins with a code, the first time or again; in his app the sessions still run, or
    /// none of them.
    Joins {
        case: usize,
        machine: u8,
        runs: bool,
    },
    /// The customer says goodbye.
    Leaves { case: usize },
    /// The customer no longer wants help.
    Withdraws { case: usize },
    /// The customer writes in the chat.
    Writes { case: usize },
    /// A supporter writes in the chat.
    Says { who: Name, case: usize },
    /// A supporter does something with a case.
    Acts { who: Name, case: usize, deed: Deed },
    /// Two supporters take a case at the same instant; then it is given to the first of them, or
    /// to the admin where he has no access, so that all that follows is known.
    Race { one: Name, other: Name, case: usize },
    /// A supporter asks for a session, and the customer answers.
    Connects { who: Name, case: usize, yes: bool },
    /// The customer's machine ends a supporter's part of the session, or sends him away for good.
    Ends {
        who: Name,
        case: usize,
        sent_away: bool,
    },
    /// A supporter says whether he takes requests.
    Sets { who: Name, to: Availability },
    /// A supporter closes his window.
    GoesHome { who: Name },
    /// He opens it again.
    ComesBack { who: Name },
}

/// What a supporter does with a case.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Deed {
    Claim,
    Assign(Name),
    Unassign,
    Release,
    Transfer(Name),
    Move(ChannelId),
    Invite(Name),
    JoinChat,
    LeaveChat,
    Close,
    Delete,
}

impl ReferenceStateMachine for Desk {
    type State = Self;
    type Transition = Step;

    fn init_state() -> BoxedStrategy<Self> {
        Just(Self::default()).boxed()
    }

    fn transitions(desk: &Self) -> BoxedStrategy<Step> {
        let now = desk.clone();
        let (next, cases) = (desk.next(), desk.numbers());
        if cases.is_empty() {
            return prop_oneof![3 => new(next), 1 => opens(next)].boxed();
        }
        prop_oneof![
            4 => new(next),
            2 => opens(next),
            26 => with_case(&cases),
            6 => with_customer(desk),
            2 => sets(),
            1 => name().prop_map(|who| Step::GoesHome { who }),
            2 => name().prop_map(|who| Step::ComesBack { who }),
        ]
        .prop_filter("can be done now", move |step| now.can_be_done(step))
        .boxed()
    }

    fn preconditions(desk: &Self, step: &Step) -> bool {
        desk.can_be_done(step)
    }

    fn apply(desk: Self, step: &Step) -> Self {
        desk.after(step)
    }
}

fn name() -> impl Strategy<Value = Name> {
    select(&PEOPLE[..])
}

fn channel() -> impl Strategy<Value = ChannelId> {
    select(&[DEFAULT_CHANNEL, PRINTERS][..])
}

fn new(case: usize) -> impl Strategy<Value = Step> {
    let channel = prop_oneof![4 => channel().prop_map(Some), 1 => Just(None)];
    (name(), channel, select(&COMPANIES[..]), any::<bool>()).prop_map(
        move |(who, channel, company, to_queue)| Step::New {
            case,
            who,
            channel,
            company,
            to_queue,
        },
    )
}

fn opens(case: usize) -> impl Strategy<Value = Step> {
    (0..3_u8).prop_map(move |machine| Step::Opens { case, machine })
}

fn sets() -> impl Strategy<Value = Step> {
    let to = select(
        &[
            Availability::Available,
            Availability::Away,
            Availability::Busy,
        ][..],
    );
    (name(), to).prop_map(|(who, to)| Step::Sets { who, to })
}

fn with_case(cases: &[usize]) -> impl Strategy<Value = Step> + use<> {
    // The last ones are those with which something still happens.
    let last = cases[cases.len().saturating_sub(3)..].to_vec();
    let all = cases.to_vec();
    let case = move || prop_oneof![2 => select(all.clone()), 3 => select(last.clone())];
    let joins = (case(), 0..2_u8, any::<bool>()).prop_map(|(case, machine, runs)| Step::Joins {
        case,
        machine,
        runs,
    });
    let acts =
        (name(), case(), deed()).prop_map(|(who, case, deed)| Step::Acts { who, case, deed });
    prop_oneof![
        5 => joins,
        2 => (name(), case()).prop_map(|(who, case)| Step::Says { who, case }),
        16 => acts,
        1 => (name(), name(), case()).prop_map(|(one, other, case)| Step::Race { one, other, case }),
        1 => connects(case()),
    ]
}

/// What needs the customer's app, and comes to nothing without it.
fn with_customer(desk: &Desk) -> BoxedStrategy<Step> {
    let online: Vec<usize> = desk.online().map(|(number, _)| number).collect();
    if online.is_empty() {
        return connects(select(desk.numbers())).boxed();
    }
    let case = || select(online.clone());
    let calm = prop_oneof![
        1 => case().prop_map(|case| Step::Leaves { case }),
        1 => case().prop_map(|case| Step::Withdraws { case }),
        2 => case().prop_map(|case| Step::Writes { case }),
        8 => connects(case()),
    ];
    let running = desk.running();
    if running.is_empty() {
        return calm.boxed();
    }
    let ends = (select(running), any::<bool>()).prop_map(|((who, case), sent_away)| Step::Ends {
        who,
        case,
        sent_away,
    });
    prop_oneof![3 => calm, 1 => ends].boxed()
}

fn connects(case: impl Strategy<Value = usize>) -> impl Strategy<Value = Step> {
    (name(), case, prop::bool::weighted(0.8)).prop_map(|(who, case, yes)| Step::Connects {
        who,
        case,
        yes,
    })
}

fn deed() -> impl Strategy<Value = Deed> {
    prop_oneof![
        5 => Just(Deed::Claim),
        2 => name().prop_map(Deed::Assign),
        2 => Just(Deed::Unassign),
        2 => Just(Deed::Release),
        2 => name().prop_map(Deed::Transfer),
        2 => channel().prop_map(Deed::Move),
        3 => name().prop_map(Deed::Invite),
        4 => Just(Deed::JoinChat),
        1 => Just(Deed::LeaveChat),
        2 => Just(Deed::Close),
        2 => Just(Deed::Delete),
    ]
}
