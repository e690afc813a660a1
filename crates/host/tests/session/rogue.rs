//! A supporter's app that says everything there is to say, whatever it was allowed: only what was
//! granted acts.
//!
//! Every message is said in every state, each in a session of its own, so that nothing hides behind
//! what another one did.

use std::collections::BTreeSet;

use aldis_host::{Choice, Command, Stage, View};
use aldis_link::close;
use aldis_session::host::About;
use aldis_trust::{ServerName, digits};
use aldis_wire::Code;
use aldis_wire::input::{Button, Input, Key, NOTCH, NamedKey};
use aldis_wire::peer::{Comes, EndReason, Grant, Look, Recording, Seat, ToHost, ToViewer};
use aldis_wire::{SessionId, VERSION};

use crate::customer::Customer;
use crate::desktop::{Desktop, Pressed};
use crate::stage::{Office, on_stage, soon};
use crate::supporter::{Door, Supporter, Visit};

/// Where the customer's own pointer is.
const PLACE: (i16, i16) = (300, 200);

/// How the rogue stands when he begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Alone, and may see.
    ViewOnly,
    /// Alone, and may control.
    Control,
    /// He controlled, and the person has taken it back.
    Stopped,
    /// He controls, and the person is being asked whether somebody else may join.
    Question,
    /// He controls, and the person is being asked whether he may record.
    RecordQuestion,
    /// He has joined somebody who controls.
    Second,
    /// The same, and the person lets him see only.
    SecondViewOnly,
    /// He led and controlled, and has handed control over.
    HandedOver,
}

/// What one message does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Does {
    /// The screen's programs hear it.
    Acts,
    /// Nothing; and the rogue and the person are told that it was ignored.
    Ignored,
    /// Nothing at all.
    Nothing,
    /// The person is asked whether he may record, and nobody controls meanwhile.
    AsksToRecord,
    /// He is told that nobody is asked now.
    NotNow,
    /// His question is taken back, and he controls as before.
    Withdraws,
    /// The others see that he would like to control.
    Wishes,
    /// The lead hands control to the other one, or takes it back.
    Hands,
    /// The lead sends the other one away.
    Removes,
    /// His part is over, as he wanted.
    Ends,
    /// His part is over: no honest app says that.
    Cut,
}

/// What was granted in this state, and no more than that.
///
/// Whoever adds a message decides here what it may do, or this does not compile.
fn does(state: State, message: &ToHost) -> Does {
    let controls = state == State::Control;
    let asked = matches!(state, State::Question | State::RecordQuestion);
    let second = matches!(state, State::Second | State::SecondViewOnly);
    let leads_another = state == State::HandedOver;
    let other = if second { 1 } else { 2 };
    match message {
        ToHost::Hello { .. } | ToHost::Number(_) | ToHost::Continues { .. } => Does::Cut,
        ToHost::Received { control, .. } if *control > 1_000 => Does::Cut,
        ToHost::Received { .. } | ToHost::Beat | ToHost::Candidates(_) => Does::Nothing,
        ToHost::Input(_) if controls => Does::Acts,
        // The question is the answer; that his input is not heard he knows.
        ToHost::Input(_) if asked => Does::Nothing,
        ToHost::Input(_) => Does::Ignored,
        ToHost::SelectMonitor(_) | ToHost::Look(_) | ToHost::FrameDone { .. } => Does::Nothing,
        ToHost::HandControl { seat } if leads_another && *seat != other => Does::Hands,
        ToHost::HandControl { .. } => Does::Nothing,
        ToHost::RemoveSeat { seat } if leads_another && *seat == other => Does::Removes,
        ToHost::RemoveSeat { .. } => Does::Nothing,
        ToHost::AskControl if matches!(state, State::Second | State::HandedOver) => Does::Wishes,
        ToHost::AskControl => Does::Nothing,
        ToHost::Record(true) if state == State::RecordQuestion => Does::Nothing,
        ToHost::Record(true) if state == State::Question => Does::NotNow,
        ToHost::Record(true) => Does::AsksToRecord,
        ToHost::Record(false) if state == State::RecordQuestion => Does::Withdraws,
        ToHost::Record(false) => Does::Nothing,
        ToHost::End => Does::Ends,
    }
}

/// Every kind of input.
fn inputs() -> Vec<Input> {
    let key = Key::Named(NamedKey::Enter);
    let (button, pressed) = (Button::Left, true);
    vec![
        Input::PointerMove { x: 50, y: 60 },
        Input::Button { button, pressed },
        Input::Wheel { x: 0, y: NOTCH },
        Input::Text("typed".to_owned()),
        Input::Key { key, pressed },
    ]
}

/// Every kind of message, and the ways to mean oneself or another one.
fn messages(session: SessionId, case: Code) -> Vec<ToHost> {
    let hello = ToHost::Hello {
        version: VERSION,
        session,
        case,
        comes: Comes::First,
        commitment: [0; 32],
    };
    let mut messages = vec![
        hello,
        ToHost::Number([0; 32]),
        ToHost::Continues { from: 0 },
        ToHost::Received {
            control: 0,
            screen: 0,
        },
        ToHost::Received {
            control: u64::MAX,
            screen: u64::MAX,
        },
        ToHost::Beat,
        ToHost::Candidates(Vec::new()),
        ToHost::SelectMonitor(4_000),
        ToHost::Look(Look::default()),
        ToHost::FrameDone { sequence: 77 },
        ToHost::HandControl { seat: 1 },
        ToHost::HandControl { seat: 2 },
        ToHost::RemoveSeat { seat: 1 },
        ToHost::RemoveSeat { seat: 2 },
        ToHost::AskControl,
        ToHost::Record(true),
        ToHost::Record(false),
        ToHost::End,
    ];
    messages.extend(inputs().into_iter().map(ToHost::Input));
    messages
}

/// The numbers of an enumeration's kinds behind these bytes: a message of noughts is a message of
/// every kind, if there are as many as it takes.
fn kinds(before: &[u8]) -> BTreeSet<u8> {
    let exists = |kind: &u8| {
        // A character is none where it is noughts.
        [0, 1].into_iter().any(|filling| {
            (0..200).any(|length| {
                let bytes = [before, &[*kind], &vec![filling; length]].concat();
                aldis_wire::decode::<ToHost>(&bytes).is_ok()
            })
        })
    };
    (0..=127).filter(exists).collect()
}

#[test]
fn every_message_and_every_input_is_among_those_that_are_tried() {
    let case = Code::from_number(1).unwrap();
    let encoded = |message: &ToHost| aldis_wire::encode(message).unwrap().split_off(4);
    let tried: BTreeSet<u8> = messages([0; 16], case)
        .iter()
        .map(|it| encoded(it)[0])
        .collect();
    assert_eq!(tried, kinds(&[]));
    let inputs: Vec<Vec<u8>> = inputs()
        .into_iter()
        .map(|it| encoded(&ToHost::Input(it)))
        .collect();
    let tried: BTreeSet<u8> = inputs.iter().map(|bytes| bytes[1]).collect();
    assert_eq!(tried, kinds(&inputs[0][..1]));
    assert_eq!(tried.len(), 5);
}

/// Everybody who is there, in one state.
struct Scene<'a> {
    desktop: &'a Desktop,
    customer: Customer,
    rogue: Visit,
    other: Option<Visit>,
    door: Door,
}

/// Signed in once, for all sessions.
struct People {
    office: Office,
    rogue: Supporter,
    other: Supporter,
}

impl People {
    async fn new() -> Self {
        let office = Office::open().await;
        let rogue = Supporter::sign_in_as(&office.name, "eva").await;
        let other = Supporter::sign_in_as(&office.name, "bo").await;
        Self {
            office,
            rogue,
            other,
        }
    }

    async fn scene<'a>(&mut self, state: State, desktop: &'a Desktop) -> Scene<'a> {
        let second = matches!(state, State::Second | State::SecondViewOnly);
        let (first, joins) = if second {
            (&mut self.other, &mut self.rogue)
        } else {
            (&mut self.rogue, &mut self.other)
        };
        let (first_name, joins_name) = if second { ("bo", "eva") } else { ("eva", "bo") };
        let code = first.new_case().await;
        let customer = Customer::waiting(&self.office.name, code).await;
        let choice = match state {
            State::ViewOnly => Choice::ViewOnly,
            _ => Choice::Allow,
        };
        let grant = match choice {
            Choice::Allow => Grant::Control,
            Choice::ViewOnly | Choice::Decline => Grant::View,
        };
        let (lead_door, lead) = enter(first, code, &customer, (first_name, choice), grant).await;
        let mut joined = None;
        if second || matches!(state, State::HandedOver | State::Question) {
            first.invite(code, joins_name).await.unwrap();
            if state == State::Question {
                joins.ask(code).await;
                let asked = |view: &View| matches!(view.stage, Stage::Asked { .. });
                customer.until("the question", asked).await;
            } else {
                let choice = if state == State::SecondViewOnly {
                    Choice::ViewOnly
                } else {
                    Choice::Allow
                };
                let grant = Grant::View;
                joined = Some(enter(joins, code, &customer, (joins_name, choice), grant).await);
            }
        }
        let (door, mut rogue, other) = match (second, joined) {
            (true, Some((door, rogue))) => (door, rogue, Some(lead)),
            (_, joined) => (lead_door, lead, joined.map(|(_, visit)| visit)),
        };
        match state {
            State::Stopped => customer.host.send(Command::StopControl),
            State::HandedOver => rogue.say(ToHost::HandControl { seat: 2 }).await,
            State::RecordQuestion => rogue.say(ToHost::Record(true)).await,
            _ => {}
        }
        // The rogue has heard of all that happened so far.
        let seat = |message: &ToViewer, is: fn(&Seat) -> bool| matches!(message, ToViewer::Seats { list, .. } if list.iter().any(is));
        let settled = |message: &ToViewer| match state {
            State::Stopped => seat(message, |it| it.you && it.grant == Grant::View),
            State::HandedOver => seat(message, |it| it.number == 2 && it.controls),
            State::Question => matches!(
                message,
                ToViewer::Seats {
                    joining: Some(_),
                    ..
                }
            ),
            State::RecordQuestion => *message == ToViewer::Recording(Recording::Asked),
            State::ViewOnly | State::Control | State::Second | State::SecondViewOnly => true,
        };
        if matches!(
            state,
            State::Stopped | State::HandedOver | State::Question | State::RecordQuestion
        ) {
            rogue.until(settled, |_| false).await;
        }
        Scene {
            desktop,
            customer,
            rogue,
            other,
            door,
        }
    }
}

/// Asks, is allowed this, and goes in.
async fn enter(
    who: &mut Supporter,
    code: Code,
    customer: &Customer,
    (name, choice): (&str, Choice),
    grant: Grant,
) -> (Door, Visit) {
    let session = who.ask(code).await;
    customer.choose_for(name, choice).await;
    let door = who.allowed(session).await;
    let visit = welcomed(who, &door, grant).await;
    (door, visit)
}

/// Goes in, up to where all that is said to everybody is said.
async fn welcomed(who: &Supporter, door: &Door, expected: Grant) -> Visit {
    let (mut visit, answer) = who.enter(door).await.unwrap();
    let fits = matches!(answer, Some(ToViewer::Welcome { grant, .. }) if grant == expected);
    assert!(fits, "{answer:?}");
    let (mut monitors, mut seats) = (false, false);
    while !monitors || !seats {
        let word = visit.next().await.expect("the session goes on");
        monitors |= matches!(word, ToViewer::Monitors { .. });
        seats |= matches!(word, ToViewer::Seats { .. });
    }
    visit
}

impl Scene<'_> {
    /// Says it, and sees that it does just what it may.
    async fn play(mut self, what: &str, message: ToHost, does: Does) {
        self.rogue.say(message).await;
        match does {
            Does::Acts => self.acts().await,
            Does::Ignored => {
                self.rogue
                    .until(|it| *it == ToViewer::InputIgnored, |_| false)
                    .await;
            }
            Does::AsksToRecord => {
                let asked = |it: &ToViewer| *it == ToViewer::Recording(Recording::Asked);
                self.rogue.until(asked, |_| false).await;
                let prompt = |view: &View| {
                    matches!(
                        view.stage,
                        Stage::Asked {
                            about: About::Record,
                            ..
                        }
                    )
                };
                self.customer.until("the question", prompt).await;
                for input in inputs() {
                    self.rogue.say(ToHost::Input(input)).await;
                }
                self.rogue.say(ToHost::Beat).await;
            }
            Does::Wishes => {
                let wishes = |it: &ToViewer| matches!(it, ToViewer::Seats { list, .. } if list.iter().any(|seat| seat.asks && seat.you));
                self.rogue.until(wishes, |_| false).await;
            }
            Does::NotNow => {
                let told = |it: &ToViewer| *it == ToViewer::Recording(Recording::NotNow);
                self.rogue.until(told, |_| false).await;
            }
            Does::Hands | Does::Withdraws => {
                self.rogue
                    .until(|it| *it == ToViewer::Grant(Grant::Control), |_| false)
                    .await;
            }
            Does::Removes => {
                let other = self.other.as_mut().unwrap();
                let removed = |it: &ToViewer| *it == ToViewer::Ended(EndReason::Removed);
                other.until(removed, |_| false).await;
                self.other = None;
            }
            Does::Nothing | Does::Ends | Does::Cut => {}
        }
        if does == Does::Cut {
            while self.rogue.next().await.is_some() {}
        } else {
            if does != Does::Ends {
                self.rogue.say(ToHost::End).await;
            }
            // The end comes after all that was said before it, and after what follows from that.
            let ended = |it: &ToViewer| *it == ToViewer::Ended(EndReason::Supporter);
            let odd = |it: &ToViewer| is_change(it);
            let (_, changes) = self.rogue.until(ended, odd).await;
            if matches!(does, Does::Nothing | Does::Ends) {
                assert_eq!(changes, 0, "{what}: something has changed");
            }
        }
        self.leaves_no_trace(what, does).await;
    }

    /// Waits until the screen's programs have heard something.
    async fn acts(&self) {
        let heard = async {
            while self.desktop.pressed() == Pressed::default() && self.desktop.pointer() == PLACE {
                tokio::task::yield_now().await;
            }
        };
        soon("the input's arrival", heard).await;
    }

    /// He is gone, and whoever else was there is as before.
    async fn leaves_no_trace(self, what: &str, does: Does) {
        let mut expected = Vec::new();
        if self.other.is_some() {
            expected.push("bo");
        }
        let gone = |view: &View| match &view.stage {
            Stage::Live { people, .. } => {
                people
                    .iter()
                    .map(|it| it.supporter.name.as_str())
                    .eq(expected.iter().copied())
                    && people.iter().all(|it| !it.records)
            }
            // The other one still asks.
            Stage::Asked {
                supporter, about, ..
            } => *about == About::Connect && supporter.name == "bo" && expected.is_empty(),
            _ => expected.is_empty(),
        };
        self.customer.until(what, gone).await;
        if does != Does::Acts {
            assert_eq!(self.desktop.pressed(), Pressed::default(), "{what}");
            assert_eq!(self.desktop.pointer(), PLACE, "{what}");
        }
        // Else the customer's machine would wait a while for them to have heard its last word.
        for visit in [Some(self.rogue), self.other].into_iter().flatten() {
            visit.connection.close(close::DONE, b"");
        }
        self.customer.host.close().await;
    }
}

/// Something that the customer's machine says only where something has changed.
fn is_change(message: &ToViewer) -> bool {
    match message {
        ToViewer::Grant(_)
        | ToViewer::Seats { .. }
        | ToViewer::Recording(_)
        | ToViewer::InputIgnored
        | ToViewer::Refused
        | ToViewer::Prove { .. }
        | ToViewer::Distrusted(_)
        | ToViewer::Resumed { .. }
        | ToViewer::Welcome { .. }
        | ToViewer::Ended(_) => true,
        ToViewer::Received { .. }
        | ToViewer::Beat
        | ToViewer::Candidates(_)
        | ToViewer::Monitors { .. }
        | ToViewer::PointerShape(_)
        | ToViewer::PointerMoved(_)
        | ToViewer::NoHands(_)
        | ToViewer::NoPicture(_) => false,
    }
}

/// Says every message in this state.
fn all_in(state: State, name: &str) {
    on_stage(name, async || {
        let desktop = Desktop::open();
        desktop.start_program();
        let mut people = People::new().await;
        let count = messages([0; 16], Code::from_number(1).unwrap()).len();
        for number in 0..count {
            desktop.move_pointer(PLACE.0, PLACE.1);
            let scene = people.scene(state, &desktop).await;
            desktop.pressed();
            let message = messages(scene.door.session, scene.door.case).remove(number);
            let does = does(state, &message);
            let what = format!("{state:?}: {message:?} {does:?}");
            scene.play(&what, message, does).await;
        }
    });
}

#[test]
fn who_may_see_only_sees() {
    all_in(State::ViewOnly, "rogue::who_may_see_only_sees");
}

#[test]
fn who_may_control_controls_and_no_more() {
    all_in(
        State::Control,
        "rogue::who_may_control_controls_and_no_more",
    );
}

#[test]
fn whose_control_was_taken_back_controls_nothing() {
    all_in(
        State::Stopped,
        "rogue::whose_control_was_taken_back_controls_nothing",
    );
}

#[test]
fn nobody_controls_while_somebody_else_asks() {
    all_in(
        State::Question,
        "rogue::nobody_controls_while_somebody_else_asks",
    );
}

#[test]
fn nobody_controls_while_he_asks_to_record() {
    all_in(
        State::RecordQuestion,
        "rogue::nobody_controls_while_he_asks_to_record",
    );
}

#[test]
fn who_joins_controls_nothing_and_sends_nobody_away() {
    all_in(
        State::Second,
        "rogue::who_joins_controls_nothing_and_sends_nobody_away",
    );
}

#[test]
fn who_joins_and_may_see_only_sees() {
    all_in(
        State::SecondViewOnly,
        "rogue::who_joins_and_may_see_only_sees",
    );
}

#[test]
fn who_has_handed_control_over_moves_nothing() {
    all_in(
        State::HandedOver,
        "rogue::who_has_handed_control_over_moves_nothing",
    );
}

/// A rogue who was allowed to control, and the customer, whose machine's pointer is at its place.
async fn allowed(people: &mut People, server: &ServerName) -> (Customer, Door) {
    let code = people.rogue.new_case().await;
    let customer = Customer::waiting(server, code).await;
    let session = people.rogue.ask(code).await;
    customer.choose_for("eva", Choice::Allow).await;
    let door = people.rogue.allowed(session).await;
    (customer, door)
}

/// Every message but the one that introduces him.
fn without_hello(door: &Door) -> Vec<ToHost> {
    messages(door.session, door.case).split_off(1)
}

#[test]
fn nothing_is_heard_of_one_who_does_not_say_what_he_comes_for() {
    let name = "rogue::nothing_is_heard_of_one_who_does_not_say_what_he_comes_for";
    on_stage(name, async || {
        let desktop = Desktop::open();
        desktop.start_program();
        desktop.move_pointer(PLACE.0, PLACE.1);
        let mut people = People::new().await;
        let server = people.office.name.clone();
        let (customer, door) = allowed(&mut people, &server).await;
        for message in without_hello(&door) {
            let mut visit = Visit::dial(&people.rogue.node, &door).await.unwrap();
            visit.say(message.clone()).await;
            assert_eq!(visit.next().await, None, "{message:?}");
            let stage = customer.host.view().stage;
            assert!(
                matches!(stage, Stage::Connecting { .. }),
                "{message:?}: {stage:?}"
            );
        }
        let older = ToHost::Hello {
            version: VERSION - 1,
            session: door.session,
            case: door.case,
            comes: Comes::First,
            commitment: [0; 32],
        };
        let mut visit = Visit::dial(&people.rogue.node, &door).await.unwrap();
        visit.say(older).await;
        assert_eq!(visit.next().await, None, "an older version");
        untouched(&desktop);
    });
}

#[test]
fn nothing_is_heard_after_the_end() {
    let name = "rogue::nothing_is_heard_after_the_end";
    on_stage(name, async || {
        let desktop = Desktop::open();
        desktop.start_program();
        desktop.move_pointer(PLACE.0, PLACE.1);
        let mut people = People::new().await;
        let server = people.office.name.clone();
        let (customer, door) = allowed(&mut people, &server).await;
        let mut visit = welcomed(&people.rogue, &door, Grant::Control).await;
        customer.host.send(Command::End);
        let ended = |view: &View| matches!(view.stage, Stage::Over { .. });
        customer.until("the end", ended).await;
        for message in without_hello(&door) {
            // The way may be closed already.
            drop(visit.send.send(&message).await);
        }
        while visit.next().await.is_some() {}
        assert!(ended(&customer.host.view()));
        untouched(&desktop);
    });
}

#[test]
fn who_comes_back_without_the_proof_finds_his_place_shut() {
    let name = "rogue::who_comes_back_without_the_proof_finds_his_place_shut";
    on_stage(name, async || {
        let desktop = Desktop::open();
        desktop.start_program();
        desktop.move_pointer(PLACE.0, PLACE.1);
        let mut people = People::new().await;
        let server = people.office.name.clone();
        let (customer, door) = allowed(&mut people, &server).await;
        let visit = welcomed(&people.rogue, &door, Grant::Control).await;
        visit.connection.close(close::UNUSED, b"");
        let is_away =
            |view: &View| matches!(&view.stage, Stage::Live { people, .. } if people[0].away);
        customer.until("the cut", is_away).await;
        let again = Comes::Again {
            number: 1,
            proof: [0; 32],
            control: 0,
            screen: 0,
        };
        for comes in [again, Comes::First] {
            for message in without_hello(&door) {
                let mut visit = Visit::dial(&people.rogue.node, &door).await.unwrap();
                let hello = ToHost::Hello {
                    version: VERSION,
                    session: door.session,
                    case: door.case,
                    comes: comes.clone(),
                    commitment: [0; 32],
                };
                visit.say(hello).await;
                drop(visit.send.send(&message).await);
                assert_eq!(visit.next().await, Some(ToViewer::Refused), "{message:?}");
                let view = customer.host.view();
                assert!(is_away(&view), "{message:?}: {:?}", view.stage);
            }
        }
        untouched(&desktop);
    });
}

#[test]
fn nothing_is_heard_before_the_digits_are_proven() {
    let name = "rogue::nothing_is_heard_before_the_digits_are_proven";
    on_stage(name, async || {
        let desktop = Desktop::open();
        desktop.start_program();
        desktop.move_pointer(PLACE.0, PLACE.1);
        let mut people = People::new().await;
        // An app that knows no organisation yet.
        let bare = ServerName {
            organisation: None,
            ..people.office.name.clone()
        };
        let number = [1; 32];
        let count = messages([0; 16], Code::from_number(1).unwrap()).len() - 1;
        for (index, after) in (0..count).flat_map(|index| [(index, false), (index, true)]) {
            let (customer, door) = allowed(&mut people, &bare).await;
            let message = without_hello(&door).remove(index);
            let mut visit = Visit::dial(&people.rogue.node, &door).await.unwrap();
            let hello = ToHost::Hello {
                version: VERSION,
                session: door.session,
                case: door.case,
                comes: Comes::First,
                commitment: digits::commitment(door.session, &number),
            };
            visit.say(hello).await;
            let asked = visit.next().await;
            assert!(matches!(asked, Some(ToViewer::Prove { .. })), "{asked:?}");
            // In the place of his number, and where that is right, after it.
            if after {
                visit.say(ToHost::Number(number)).await;
                let prompt = |view: &View| {
                    matches!(
                        view.stage,
                        Stage::Asked {
                            about: About::Digits { .. },
                            ..
                        }
                    )
                };
                customer.until("the question for the digits", prompt).await;
                visit.say(message.clone()).await;
                customer.host.send(Command::Choose(Choice::Allow));
                customer.host.send(Command::Digits("1".to_owned()));
                let once = |view: &View| {
                    matches!(
                        view.stage,
                        Stage::Asked {
                            about: About::Digits { left: 2 },
                            ..
                        }
                    )
                };
                customer.until("the same question", once).await;
                customer.host.send(Command::Choose(Choice::Decline));
            } else {
                visit.say(message.clone()).await;
            }
            while let Some(word) = visit.next().await {
                assert!(!matches!(word, ToViewer::Welcome { .. }), "{message:?}");
            }
            let waits = |view: &View| view.stage == Stage::Waiting && view.met.is_empty();
            customer.until("the waiting", waits).await;
            untouched(&desktop);
            customer.host.close().await;
        }
    });
}

fn untouched(desktop: &Desktop) {
    assert_eq!(desktop.pressed(), Pressed::default());
    assert_eq!(desktop.pointer(), PLACE);
}
