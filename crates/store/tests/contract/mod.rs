//! What any keeper of the desk's records must do.
//!
//! An adapter says how a test of it opens an empty keeper, opens the same one again, and runs a
//! transaction; every rule below must hold for it.

use aldis_desk::{Case, Command, Done, Records, carry_out};
use aldis_wire::signal::{
    Action, Availability, Body, ChatMessage, DEFAULT_CHANNEL, Doer, Draft, Entry, Event, Facts,
    NewPlace, Origin, Outcome, Priority, Refusal, Source, Speaker,
};
use aldis_wire::{Code, Millis};

/// A keeper under test, with the accounts `eva` and `tom`.
pub(crate) trait Keeper {
    /// The keeper's own failure.
    type Failure: std::fmt::Debug;

    /// Runs one transaction; `None` if its work failed and it was taken back.
    fn transact<T: Send + 'static>(
        &self,
        work: impl FnOnce(&dyn Records<Failure = Self::Failure>) -> Result<T, Self::Failure>
        + Send
        + 'static,
    ) -> Option<T>;

    /// The same records, opened anew.
    fn reopen(self) -> Self;

    /// A failure, to take a transaction back with.
    fn failure() -> Self::Failure;

    /// Whether the history's chain holds; gives its last number.
    fn verify(&self) -> Option<u64>;
}

/// Every rule.
pub(crate) fn holds<K: Keeper>(open: impl Fn() -> K) {
    what_was_kept_is_there_after_opening_again(open());
    a_failed_transaction_leaves_nothing(&open());
    a_code_is_used_once(&open());
    an_open_ticket_is_found_until_its_case_ends(&open());
    a_private_case_keeps_its_owner(&open());
    the_chat_goes_with_its_case_and_the_history_stays(&open());
    of_two_who_claim_one_wins(&open());
}

fn code(number: u32) -> Code {
    Code::from_number(number).unwrap()
}

fn supporter(name: &str) -> Doer {
    Doer::Supporter(name.to_owned())
}

fn draft(place: Option<NewPlace>, ticket: &str) -> Box<Draft> {
    Box::new(Draft {
        place,
        customer: "Ana".to_owned(),
        facts: Facts {
            company: "Contoso".to_owned(),
            priority: Priority::High,
            tags: vec!["printer".to_owned()],
            ticket: ticket.to_owned(),
            ..Facts::default()
        },
        to_queue: false,
        by_script: false,
    })
}

fn run<K: Keeper>(
    keeper: &K,
    code: Code,
    command: &Command,
    by: &Doer,
    now: Millis,
) -> Result<Done, Refusal> {
    let (command, by) = (command.clone(), by.clone());
    keeper
        .transact(move |records| {
            let available = |_: &str| Availability::Available;
            carry_out(&ByRef(records), &available, code, &command, &by, now)
        })
        .expect("the transaction is kept")
}

/// `carry_out` takes any records, and a reference to some is some.
struct ByRef<'a, F>(&'a dyn Records<Failure = F>);

impl<F> Records for ByRef<'_, F> {
    type Failure = F;

    fn case(&self, code: Code) -> Result<Option<Case>, F> {
        self.0.case(code)
    }
    fn open_case_of(&self, ticket: &str, now: Millis) -> Result<Option<Code>, F> {
        self.0.open_case_of(ticket, now)
    }
    fn channel(
        &self,
        id: aldis_wire::signal::ChannelId,
    ) -> Result<Option<aldis_wire::signal::Channel>, F> {
        self.0.channel(id)
    }
    fn supporter(&self, name: &str) -> Result<Option<aldis_desk::Supporter>, F> {
        self.0.supporter(name)
    }
    fn keep(&self, case: &Case) -> Result<(), F> {
        self.0.keep(case)
    }
    fn keep_message(&self, code: Code, message: &ChatMessage) -> Result<(), F> {
        self.0.keep_message(code, message)
    }
    fn forget(&self, code: Code) -> Result<(), F> {
        self.0.forget(code)
    }
    fn record(&self, entry: Entry) -> Result<Entry, F> {
        self.0.record(entry)
    }
}

pub(crate) fn create<K: Keeper>(
    keeper: &K,
    number: u32,
    ticket: &str,
    now: Millis,
) -> Result<Done, Refusal> {
    let (draft, origin) = (draft(None, ticket), Origin::Manual);
    let create = Command::Create { draft, origin };
    run(keeper, code(number), &create, &supporter("eva"), now)
}

fn act<K: Keeper>(
    keeper: &K,
    number: u32,
    who: &str,
    action: Action,
    now: Millis,
) -> Result<Done, Refusal> {
    run(
        keeper,
        code(number),
        &Command::Act(action),
        &supporter(who),
        now,
    )
}

fn what_was_kept_is_there_after_opening_again<K: Keeper>(keeper: K) {
    let join = Command::Join {
        name: String::new(),
        claim: [7; 32],
        source: Source {
            address: "192.0.2.7".to_owned(),
            device: "laptop".to_owned(),
            system: "Linux".to_owned(),
            app: "aldis-sos".to_owned(),
        },
    };
    let start = |id: u8, supporter: &str| Command::StartSession {
        id: [id; 16],
        supporter: supporter.to_owned(),
    };
    let act = |action| (Command::Act(action), supporter("eva"));
    let customer = |command| (command, Doer::Customer);
    let steps = [
        customer(join),
        customer(Command::Describe("The printer\nis on fire".to_owned())),
        act(Action::JoinChat),
        customer(Command::Say("help".to_owned())),
        (Command::Say("coming".to_owned()), supporter("eva")),
        (Command::Ask, supporter("eva")),
        customer(start(1, "eva")),
        act(Action::Invite("tom".to_owned())),
        customer(start(2, "tom")),
        customer(Command::EndSession { id: [1; 16] }),
        customer(Command::Reconcile {
            running: vec![[1; 16], [2; 16]],
        }),
        customer(Command::EndSession { id: [2; 16] }),
        act(Action::Release),
        (
            Command::Offer {
                to: "tom".to_owned(),
                until: 120,
            },
            Doer::Server,
        ),
        (Command::Lapse, Doer::Server),
        act(Action::Close(Outcome::Resolved)),
    ];
    let mut last = create(&keeper, 12_345_678, "T-1", 100).unwrap().case;
    for (now, (command, by)) in (101..).step_by(5).zip(steps) {
        last = match run(&keeper, code(12_345_678), &command, &by, now) {
            Ok(done) => done.case,
            // The offer needs somebody waiting, which nobody does once he was attended to.
            Err(Refusal::NotAllowed) => last,
            Err(refusal) => panic!("{command:?}: {refusal}"),
        };
    }
    let entries = keeper.verify();
    let keeper = keeper.reopen();
    let kept = keeper.transact(|records| records.case(code(12_345_678)));
    assert_eq!(kept.unwrap(), Some(last));
    assert!(entries > Some(10));
    assert_eq!(keeper.verify(), entries);
}

fn a_failed_transaction_leaves_nothing<K: Keeper>(keeper: &K) {
    let (draft, origin) = (draft(None, ""), Origin::Manual);
    let create = Command::Create { draft, origin };
    let by = supporter("eva");
    let failed = keeper.transact(move |records| {
        let available = |_: &str| Availability::Available;
        let done = carry_out(&ByRef(records), &available, code(1), &create, &by, 5)?;
        assert!(done.is_ok());
        Err::<(), _>(K::failure())
    });
    assert!(failed.is_none());
    assert_eq!(
        keeper.transact(|records| records.case(code(1))).unwrap(),
        None
    );
    assert_eq!(keeper.verify(), Some(0), "its history is gone with it");
}

fn a_code_is_used_once<K: Keeper>(keeper: &K) {
    create(keeper, 1, "", 5).unwrap();
    assert_eq!(create(keeper, 1, "", 6), Err(Refusal::Busy));
}

fn an_open_ticket_is_found_until_its_case_ends<K: Keeper>(keeper: &K) {
    create(keeper, 1, "T-7", 5).unwrap();
    let code = code(1);
    assert_eq!(
        create(keeper, 2, " T-7 ", 6),
        Err(Refusal::TicketBusy { code })
    );
    act(keeper, 1, "eva", Action::Close(Outcome::Unknown), 7).unwrap();
    create(keeper, 2, "T-7", 8).unwrap();
    let expired = 8 + aldis_wire::signal::DEFAULT_EXPIRY;
    assert!(create(keeper, 3, "T-7", expired).is_ok());
}

fn a_private_case_keeps_its_owner<K: Keeper>(keeper: &K) {
    let (draft, origin) = (draft(Some(NewPlace::Private), ""), Origin::Manual);
    let create = Command::Create { draft, origin };
    run(keeper, code(1), &create, &supporter("eva"), 5).unwrap();
    let refused = act(keeper, 1, "tom", Action::AssignToMe, 6);
    assert_eq!(refused, Err(Refusal::UnknownCode));
    act(keeper, 1, "eva", Action::Move(DEFAULT_CHANNEL), 7).unwrap();
    let by = "eva".to_owned();
    let refused = act(keeper, 1, "tom", Action::AssignToMe, 8);
    assert_eq!(refused, Err(Refusal::Taken { by }), "it can be seen now");
}

fn the_chat_goes_with_its_case_and_the_history_stays<K: Keeper>(keeper: &K) {
    create(keeper, 1, "", 5).unwrap();
    let said = act(keeper, 1, "eva", Action::JoinChat, 6).unwrap();
    let joined = ChatMessage {
        number: 1,
        at: 6,
        from: Speaker::Supporter("eva".to_owned()),
        body: Body::Joined,
    };
    assert_eq!(said.messages, [joined]);
    act(keeper, 1, "eva", Action::Close(Outcome::Unknown), 7).unwrap();
    let before = keeper.verify().unwrap();
    act(keeper, 1, "eva", Action::Delete, 8).unwrap();
    assert_eq!(
        keeper.transact(|records| records.case(code(1))).unwrap(),
        None
    );
    assert_eq!(
        keeper.verify(),
        Some(before + 1),
        "one more: that it was deleted"
    );
    // A code that is free again begins anew.
    create(keeper, 1, "", 9).unwrap();
    act(keeper, 1, "eva", Action::JoinChat, 10).unwrap();
    let number = keeper.transact(|records| {
        records.record(Entry {
            number: 0,
            code: code(1),
            at: 11,
            by: Doer::Server,
            event: Event::Described,
        })
    });
    assert_eq!(Some(number.unwrap().number), keeper.verify());
}

fn of_two_who_claim_one_wins<K: Keeper>(keeper: &K) {
    create(keeper, 1, "", 5).unwrap();
    act(keeper, 1, "eva", Action::Release, 6).unwrap();
    let won = act(keeper, 1, "tom", Action::AssignToMe, 7).unwrap();
    assert_eq!(won.case.assignee.as_deref(), Some("tom"));
    let by = "tom".to_owned();
    let lost = act(keeper, 1, "eva", Action::AssignToMe, 7);
    assert_eq!(lost, Err(Refusal::Taken { by }));
}
