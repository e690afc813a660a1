//! Random work of several people on the records, held against a few plain facts that must agree.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test may fail by panicking"
)]

use std::collections::{BTreeMap, BTreeSet};

use aldis_desk::{Command, Done, carry_out};
use aldis_store::{Account, Failure, Store, Transaction};
use aldis_wire::signal::{
    Action, Assignment, Availability, Channel, ChannelSetup, DEFAULT_CHANNEL, DEFAULT_EXPIRY, Doer,
    Draft, Facts, Member, NewPlace, Origin, Outcome, Place, Refusal, Role, Source, Status,
};
use aldis_wire::{Code, Millis, SessionId};

/// How many lives of a desk are played through, and how long each is.
const LIVES: u64 = 12;
const STEPS: usize = 1_500;

/// So many steps share one transaction.
const TOGETHER: usize = 100;

const PEOPLE: [&str; 4] = ["ada", "eva", "kim", "tom"];
const PRINTERS: u32 = 2;

/// Numbers that look random and are the same in every run.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, below: usize) -> usize {
        // SplitMix64, which needs no more than a counter.
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ (mixed >> 31)) >> 33) as usize % below
    }

    fn code(&mut self) -> Code {
        Code::from_number(u32::try_from(self.roll(40)).unwrap()).unwrap()
    }

    fn name(&mut self) -> String {
        PEOPLE[self.roll(PEOPLE.len())].to_owned()
    }

    /// One of a few sessions of this case.
    fn session(&mut self, code: Code) -> SessionId {
        let mut id = [u8::try_from(self.roll(12)).unwrap(); 16];
        id[..4].copy_from_slice(&code.number().to_be_bytes());
        id
    }
}

/// What must be true of a case, kept in the plainest way.
#[derive(Clone, Debug)]
struct Fact {
    assignee: Option<String>,
    place: Place,
    closed: bool,
    messages: u32,
    machine: Option<u8>,
    /// Who is in which session.
    running: BTreeMap<SessionId, String>,
    ended: BTreeSet<SessionId>,
}

/// The desk as the model knows it.
#[derive(Default)]
struct Model {
    cases: BTreeMap<Code, Fact>,
    entries: u64,
    now: Millis,
}

/// A random command, and who gives it.
fn command(dice: &mut Dice, code: Code, now: Millis) -> (Command, Doer) {
    let me = Doer::Supporter(dice.name());
    let act = |action| Command::Act(action);
    match dice.roll(26) {
        0..=3 => {
            let place = match dice.roll(4) {
                0 => Some(NewPlace::Private),
                1 => Some(NewPlace::Channel(PRINTERS)),
                _ => None,
            };
            let draft = Box::new(Draft {
                place,
                customer: String::new(),
                facts: Facts::default(),
                to_queue: dice.roll(2) == 0,
                by_script: false,
            });
            (
                Command::Create {
                    draft,
                    origin: Origin::Manual,
                },
                me,
            )
        }
        4..=6 => {
            let claim = [u8::try_from(dice.roll(2)).unwrap(); 32];
            let (name, source) = ("Ana".to_owned(), Source::default());
            (
                Command::Join {
                    name,
                    claim,
                    source,
                },
                Doer::Customer,
            )
        }
        7..=9 => (act(Action::AssignToMe), me),
        10 => (act(Action::Assign(dice.name())), me),
        11 => (act(Action::Unassign), me),
        12 => (act(Action::Release), me),
        13 => (act(Action::Transfer(dice.name())), me),
        14 => {
            let to = if dice.roll(2) == 0 {
                PRINTERS
            } else {
                DEFAULT_CHANNEL
            };
            (act(Action::Move(to)), me)
        }
        15 => (act(Action::Invite(dice.name())), me),
        16 => (act(Action::JoinChat), me),
        17 => (act(Action::LeaveChat), me),
        18 => (Command::Say("hello".to_owned()), me),
        19 => (Command::Ask, me),
        20 => {
            let (id, supporter) = (dice.session(code), dice.name());
            (Command::StartSession { id, supporter }, Doer::Customer)
        }
        21 => (
            Command::EndSession {
                id: dice.session(code),
            },
            Doer::Customer,
        ),
        22 => {
            let (to, until) = (dice.name(), now + 1_000);
            (Command::Offer { to, until }, Doer::Server)
        }
        23 => (Command::Lapse, Doer::Server),
        24 => (act(Action::Close(Outcome::Resolved)), me),
        _ if dice.roll(3) == 0 => (act(Action::Delete), me),
        _ => (Command::Say("help".to_owned()), Doer::Customer),
    }
}

impl Model {
    fn step(&mut self, dice: &mut Dice, transaction: &Transaction<'_>) -> Result<(), Failure> {
        self.now += match dice.roll(200) {
            0 => DEFAULT_EXPIRY,
            _ => dice.roll(500) as Millis,
        };
        let now = self.now;
        let code = dice.code();
        let (command, by) = command(dice, code, now);
        let available = |name: &str| match name {
            "kim" => Availability::Away,
            _ => Availability::Available,
        };
        let before = transaction.case(code)?;
        assert_eq!(
            before.is_some(),
            self.cases.contains_key(&code),
            "nothing vanishes"
        );
        match carry_out(transaction, &available, code, &command, &by, now)? {
            Ok(done) => {
                let kept = transaction.case(code)?;
                assert_eq!(kept.as_ref(), (!done.deleted).then_some(&done.case));
                self.apply(code, &command, &by, &done);
            }
            Err(refusal) => {
                assert_eq!(transaction.case(code)?, before, "{command:?}: {refusal}");
                if let Refusal::Taken { by } = refusal {
                    assert_eq!(self.cases[&code].assignee, Some(by));
                }
            }
        }
        self.entries = transaction.history_head()?.0.max(self.entries);
        Ok(())
    }

    /// What follows in the model from a command that was carried out.
    fn apply(&mut self, code: Code, command: &Command, by: &Doer, done: &Done) {
        let me = match by {
            Doer::Supporter(name) => Some(name.clone()),
            Doer::Customer | Doer::Server => None,
        };
        if let Command::Create { draft, .. } = command {
            let place = match draft.place {
                Some(NewPlace::Private) => Place::Private(me.clone().unwrap()),
                Some(NewPlace::Channel(id)) => Place::Channel(id),
                None => Place::Channel(DEFAULT_CHANNEL),
            };
            let private = matches!(place, Place::Private(_));
            let fact = Fact {
                assignee: me.filter(|_| private || !draft.to_queue),
                place,
                closed: false,
                messages: 0,
                machine: None,
                running: BTreeMap::new(),
                ended: BTreeSet::new(),
            };
            assert!(self.cases.insert(code, fact).is_none(), "{code} was free");
        } else if done.deleted {
            let gone = self.cases.remove(&code).unwrap();
            let expired = done.case.status(self.now) == Status::Expired;
            assert!(gone.closed || expired, "only what has ended is deleted");
            return;
        } else {
            let fact = self.cases.get_mut(&code).unwrap();
            fact.follow(command, me, done, self.now);
        }
        self.cases[&code].agrees(done, self.now);
    }
}

impl Fact {
    fn follow(&mut self, command: &Command, me: Option<String>, done: &Done, now: Millis) {
        let changes = done.changed || !done.messages.is_empty();
        assert!(
            !self.closed || !changes,
            "{command:?} changed what was closed"
        );
        self.messages += u32::try_from(done.messages.len()).unwrap();
        match command {
            Command::Join { claim, .. } => {
                let machine = *self.machine.get_or_insert(claim[0]);
                assert_eq!(machine, claim[0], "the code is the first machine's");
            }
            Command::Act(Action::AssignToMe) => {
                assert!(
                    self.assignee.is_none() || self.assignee == me,
                    "one claimer"
                );
                self.assignee = me;
            }
            Command::Act(Action::JoinChat) | Command::Ask => {
                let invited = me.as_ref().is_some_and(|me| done.case.invited.contains(me));
                self.assignee = self.assignee.take().or_else(|| me.filter(|_| !invited));
            }
            Command::Act(Action::Assign(to) | Action::Transfer(to)) => {
                self.assignee = Some(to.clone());
            }
            Command::Act(Action::Unassign | Action::Release) => self.assignee = None,
            Command::Act(Action::Move(id)) => {
                let to = Place::Channel(*id);
                let from = std::mem::replace(&mut self.place, to.clone());
                if from != to && matches!(from, Place::Channel(_)) && self.running.is_empty() {
                    self.assignee = None;
                }
            }
            Command::Act(Action::Close(_)) => {
                self.closed = true;
                self.ended
                    .extend(std::mem::take(&mut self.running).into_keys());
            }
            Command::StartSession { id, supporter } => {
                assert!(
                    !self.ended.contains(id),
                    "an ended session does not begin again"
                );
                self.running.entry(*id).or_insert_with(|| supporter.clone());
            }
            Command::EndSession { id } => {
                let ended = self.running.remove(id).map(|_| *id);
                self.ended.extend(ended);
            }
            Command::Offer { to, .. } => {
                assert_eq!(self.assignee, None, "only what nobody has is offered");
                self.assignee = Some(to.clone());
            }
            Command::Lapse if done.changed && done.case.offered_until.is_none() => {
                assert!(now > 0 && self.running.is_empty());
                self.assignee = None;
            }
            _ => {}
        }
    }

    /// The case, what supporters are shown of it, and the model say the same.
    fn agrees(&self, done: &Done, now: Millis) {
        let case = &done.case;
        assert_eq!((&case.assignee, &case.place), (&self.assignee, &self.place));
        assert_eq!(
            (case.closed_at.is_some(), case.messages),
            (self.closed, self.messages)
        );
        let running: BTreeSet<SessionId> = case.running().map(|session| session.id).collect();
        assert!(running.iter().eq(self.running.keys()));
        let view = case.view(true, now);
        let status = case.status(now);
        assert_eq!(view.status, status);
        let expected = if self.closed {
            Status::Closed
        } else if !self.running.is_empty() {
            Status::InProgress
        } else if now >= case.expires_at {
            Status::Expired
        } else if case.customer_joined_at.is_some() || case.supporter_joined_at.is_some() {
            Status::Pending
        } else {
            Status::New
        };
        assert_eq!(status, expected);
        // Each case is in exactly one of the views New, Active and Completed.
        let new = status.is_open() && view.assignee.is_none();
        let active = status.is_open() && view.assignee.is_some();
        let completed = matches!(status, Status::Closed | Status::Expired);
        assert_eq!([new, active, completed].iter().filter(|is| **is).count(), 1);
        assert!(
            !view.queued || new,
            "what waits for anybody is nobody's and open"
        );
        assert!(!case.waits() || self.assignee.is_none());
        assert_eq!(view.supporters.len(), self.running.len());
        assert!(view.supporters.len() <= 3 && view.chatting.len() <= 3);
        assert!(!self.closed || view.chatting.is_empty());
    }
}

fn account(name: &str) -> Account {
    Account {
        name: name.to_owned(),
        password: String::new(),
        role: if name == "ada" {
            Role::Admin
        } else {
            Role::Technician
        },
        picture: Vec::new(),
        may_release: name != "tom",
        busy_at: 3,
        skills: Vec::new(),
        companies: Vec::new(),
    }
}

fn open(folder: &std::path::Path) -> Store {
    let store = Store::open(folder).unwrap();
    let made = store.run_blocking(|transaction| {
        for name in PEOPLE {
            transaction.add_account(&account(name), 1)?;
        }
        let member = |name: &str| Member {
            name: name.to_owned(),
            manager: false,
        };
        transaction.keep_channel(&Channel {
            id: PRINTERS,
            setup: ChannelSetup {
                name: "Printers".to_owned(),
                description: String::new(),
                expiry: DEFAULT_EXPIRY,
                default_assignee: None,
                assignment: Assignment::Off,
                offer_time: 60_000,
                members: vec![member("eva"), member("tom")],
            },
        })
    });
    made.unwrap();
    store
}

#[test]
fn whatever_people_do_the_records_and_what_is_shown_agree() {
    for life in 0..LIVES {
        let folder = tempfile::tempdir().unwrap();
        let store = open(folder.path());
        let (mut model, mut dice) = (Model::default(), Dice(life));
        for _ in 0..STEPS / TOGETHER {
            let played = store.run_blocking(move |transaction| {
                for _ in 0..TOGETHER {
                    model.step(&mut dice, transaction)?;
                }
                Ok((model, dice))
            });
            (model, dice) = played.unwrap_or_else(|error| panic!("life {life}: {error}"));
        }
        drop(store);
        let store = Store::open(folder.path()).unwrap();
        let (history, open, ended) = store
            .run_blocking(move |transaction| {
                let ended = transaction.ended_cases(model.now, 1_000)?;
                Ok((
                    transaction.verify_history()?,
                    transaction.open_cases(model.now)?,
                    ended,
                ))
            })
            .unwrap();
        assert_eq!(history.unwrap().0, model.entries, "life {life}");
        let found: BTreeSet<Code> = open.iter().chain(&ended).map(|case| case.code).collect();
        assert!(
            found.iter().eq(model.cases.keys()),
            "life {life}: nothing vanishes"
        );
        assert!(
            model.entries > 100 && !found.is_empty(),
            "life {life} is full enough"
        );
    }
}
