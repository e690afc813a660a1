//! What one supporter may, what several may, and what each of them is told.

use super::*;

fn ask(session: u8, key: u8) -> Ask {
    let supporter = Supporter {
        name: format!("supporter {key}"),
        picture: Vec::new(),
    };
    Ask {
        session: [session; 16],
        supporter,
        key: [key; 32],
        view_only: false,
        organisation: String::new(),
        is_new: false,
    }
}

fn effects(host: &mut Host) -> Vec<Effect> {
    std::iter::from_fn(|| host.poll_effect()).collect()
}

/// Lets the supporter with this number in; session and key bear it too.
fn let_in(host: &mut Host, who: u8, choice: Choice, now: Millis) {
    host.handle_asked(ask(who, who), now);
    host.choose(choice, now);
    assert!(host.handle_link_up([who; 16], [who; 32], now));
    effects(host);
}

fn live(choice: Choice) -> Host {
    let mut host = Host::new();
    let_in(&mut host, 1, choice, 20);
    host
}

fn together(choices: &[Choice]) -> Host {
    let mut host = Host::new();
    for (who, choice) in (1..).zip(choices) {
        let_in(&mut host, who, *choice, 20);
    }
    host
}

/// Whose input gets through.
fn through(host: &mut Host) -> Vec<u8> {
    let may = |who: &u8| host.handle_input([*who; 16]).is_some();
    (1..10).filter(may).collect()
}

fn number(host: &Host, who: u8) -> u32 {
    let theirs = |seat: &&Seat| seat.ask.session == [who; 16];
    host.seats().iter().find(theirs).unwrap().number
}

#[test]
fn nothing_is_injected_before_the_yes_and_while_the_prompt_is_open() {
    let mut host = Host::new();
    assert_eq!(through(&mut host), []);
    host.handle_asked(ask(1, 1), 0);
    assert_eq!(through(&mut host), []);
    assert!(
        !host.handle_link_up([1; 16], [1; 32], 1),
        "no link before the yes"
    );
    host.choose(Choice::Allow, 2);
    assert_eq!(through(&mut host), [], "and none before the link");
    assert!(
        !host.handle_link_up([9; 16], [1; 32], 3),
        "nor for another session"
    );
    assert!(
        !host.handle_link_up([1; 16], [9; 32], 3),
        "nor with another key"
    );
    assert!(host.handle_link_up([1; 16], [1; 32], 4));
    assert_eq!(through(&mut host), [1]);
    assert!(
        !host.handle_link_up([1; 16], [1; 32], 5),
        "nor a second time"
    );
}

#[test]
fn view_only_gives_no_control_and_says_so_once() {
    let mut host = live(Choice::ViewOnly);
    for _ in 0..100 {
        assert!(host.handle_input([1; 16]).is_none());
    }
    assert_eq!(effects(&mut host), [Effect::InputIgnored([1; 16])]);
}

#[test]
fn stopping_control_acts_on_tokens_already_handed_out() {
    let mut host = live(Choice::Allow);
    let token = host.handle_input([1; 16]).unwrap();
    host.stop_control(30);
    assert!(!token.is_live() && host.handle_input([1; 16]).is_none());
    let told = effects(&mut host);
    assert_eq!(told[0], Effect::LetGo);
    assert!(told.contains(&Effect::Grant([1; 16], Grant::View)));
    assert_eq!(told.last(), Some(&Effect::InputIgnored([1; 16])));
    assert_eq!(host.seats()[0].grant, Grant::View);
}

#[test]
fn the_hot_key_cuts_input_and_no_hand_over_wakes_it() {
    let mut host = together(&[Choice::Allow, Choice::Allow]);
    let token = host.handle_input([1; 16]).unwrap();
    host.authority().cut();
    assert!(!token.is_live());
    host.hand_control([1; 16], number(&host, 2));
    assert_eq!(through(&mut host), []);
    host.end_by_customer(30);
    let_in(&mut host, 3, Choice::Allow, 40);
    assert_eq!(through(&mut host), [3], "it is over with the session");
}

#[test]
fn no_answer_in_time_is_a_no() {
    let mut host = Host::new();
    host.handle_asked(ask(1, 1), 0);
    host.handle_timeout(ANSWER_TIME - 1);
    assert_eq!(effects(&mut host), []);
    host.handle_timeout(host.poll_timeout().unwrap());
    assert_eq!(
        effects(&mut host),
        [Effect::Decline {
            session: [1; 16],
            timed_out: true
        }]
    );
    assert_eq!((host.question(), host.seats()), (None, &[][..]));
    host.choose(Choice::Allow, ANSWER_TIME + 1);
    assert_eq!(effects(&mut host), [], "a late press does nothing");
}

#[test]
fn who_does_not_connect_in_time_loses_his_seat() {
    let mut host = Host::new();
    host.handle_asked(ask(1, 1), 0);
    host.choose(Choice::Allow, 0);
    host.handle_timeout(host.poll_timeout().unwrap());
    assert!(effects(&mut host).ends_with(&[
        Effect::Down([1; 16], EndReason::Lost),
        Effect::Expect(Vec::new())
    ]));
    assert!(!host.handle_link_up([1; 16], [1; 32], CONNECT_TIME));
}

#[test]
fn the_same_key_comes_back_without_a_question_for_ten_minutes() {
    let back = |at: Millis| {
        let mut host = live(Choice::Allow);
        host.handle_link_down([1; 16], 1_000);
        host.handle_asked(ask(2, 1), at);
        host.question().is_none().then(|| host.seats()[0].grant)
    };
    assert_eq!(back(1_000 + CONSENT_LIFE - 1), Some(Grant::Control));
    assert_eq!(back(1_000 + CONSENT_LIFE), None, "too late");
}

#[test]
fn another_key_or_an_ended_session_asks_again() {
    let mut host = live(Choice::Allow);
    host.handle_link_down([1; 16], 1_000);
    host.handle_asked(ask(2, 2), 1_001);
    assert!(host.question().is_some());
    let mut host = live(Choice::Allow);
    host.end_by_customer(1_000);
    host.handle_asked(ask(2, 1), 1_001);
    assert!(host.question().is_some());
}

#[test]
fn what_was_taken_back_does_not_come_back_with_the_next_link() {
    let mut host = live(Choice::Allow);
    host.stop_control(30);
    host.handle_link_down([1; 16], 1_000);
    host.handle_asked(ask(2, 1), 1_001);
    assert_eq!(host.seats()[0].grant, Grant::View);
}

#[test]
fn who_asked_to_see_only_is_not_remembered_with_more() {
    let mut host = Host::new();
    let view_only = Ask {
        view_only: true,
        ..ask(1, 1)
    };
    host.handle_asked(view_only, 0);
    host.choose(Choice::Allow, 0);
    host.handle_link_up([1; 16], [1; 32], 0);
    host.handle_link_down([1; 16], 1_000);
    host.handle_asked(ask(2, 1), 1_001);
    assert_eq!(host.seats()[0].grant, Grant::View);
}

#[test]
fn the_end_closes_every_link_and_tells_who_was_there() {
    let mut host = together(&[Choice::Allow, Choice::Allow]);
    host.end_by_customer(5_020);
    let told = effects(&mut host);
    let customer = EndReason::Customer;
    assert_eq!(told[0], Effect::LetGo);
    for session in [[1; 16], [2; 16]] {
        assert!(told.contains(&Effect::Close(session, customer)));
        assert!(told.contains(&Effect::Down(session, customer)));
    }
    let Some(Effect::Ended {
        supporters, lasted, ..
    }) = told
        .iter()
        .find(|effect| matches!(effect, Effect::Ended { .. }))
    else {
        panic!("{told:?}");
    };
    assert_eq!((supporters.len(), *lasted), (2, 5_000));
}

#[test]
fn one_who_joins_sees_and_controls_only_once_the_lead_says_so() {
    let mut host = together(&[Choice::Allow, Choice::Allow]);
    assert_eq!(through(&mut host), [1]);
    let old = host.handle_input([1; 16]).unwrap();
    host.hand_control([2; 16], number(&host, 2));
    assert_eq!(through(&mut host), [1], "nobody takes control himself");
    effects(&mut host);
    host.hand_control([1; 16], number(&host, 2));
    assert!(!old.is_live());
    assert_eq!(
        effects(&mut host),
        [
            Effect::LetGo,
            Effect::Grant([1; 16], Grant::View),
            Effect::Grant([2; 16], Grant::Control),
            Effect::Seats
        ]
    );
    assert_eq!(through(&mut host), [2]);
    host.hand_control([1; 16], number(&host, 1));
    assert_eq!(through(&mut host), [1], "and the lead takes it back");
}

#[test]
fn nobody_gets_more_than_the_person_allowed_him() {
    let mut host = together(&[Choice::Allow, Choice::ViewOnly]);
    host.hand_control([1; 16], number(&host, 2));
    assert_eq!(through(&mut host), [1]);
    host.handle_supporter_end([1; 16], 30);
    assert_eq!(through(&mut host), [], "also not as the lead");
}

#[test]
fn nobody_controls_while_the_person_is_asked_about_another_one() {
    let mut host = together(&[Choice::Allow]);
    let token = host.handle_input([1; 16]).unwrap();
    for (answer, session) in [(Choice::Decline, 2), (Choice::Allow, 3)] {
        host.handle_asked(ask(session, 2), 30);
        assert!(!token.is_live());
        assert_eq!(through(&mut host), []);
        let told = effects(&mut host);
        assert!(told.contains(&Effect::LetGo) && told.contains(&Effect::Seats));
        assert!(told.contains(&Effect::Grant([1; 16], Grant::View)));
        assert!(!told.contains(&Effect::InputIgnored([1; 16])), "{told:?}");
        let joining = host.roster_for([1; 16]).joining;
        assert_eq!(joining.as_deref(), Some("supporter 2"));
        host.choose(answer, 40);
        assert!(!token.is_live(), "the token is a new one");
        assert_eq!(through(&mut host), [1]);
        assert!(effects(&mut host).contains(&Effect::Grant([1; 16], Grant::Control)));
    }
}

#[test]
fn the_next_one_leads_when_the_lead_leaves() {
    let all = [Choice::Allow; 3];
    let mut host = together(&all);
    host.handle_supporter_end([1; 16], 30);
    assert_eq!(through(&mut host), [2]);
    host.remove([3; 16], number(&host, 2), 31);
    host.remove([2; 16], number(&host, 2), 31);
    assert_eq!(host.live().count(), 2, "only the lead removes, not himself");
    host.remove([2; 16], number(&host, 3), 32);
    assert_eq!(host.running(), [[2; 16]]);
    // Who has control keeps it when the lead leaves.
    let mut host = together(&all);
    host.hand_control([1; 16], number(&host, 3));
    host.handle_supporter_end([1; 16], 30);
    assert_eq!(through(&mut host), [3]);
    // And it goes back to the lead when the one who has it leaves.
    host.handle_supporter_end([3; 16], 31);
    assert_eq!(through(&mut host), [2]);
}

#[test]
fn who_loses_the_connection_moves_nothing_and_finds_his_seat_again() {
    let mut host = live(Choice::Allow);
    effects(&mut host);
    let token = host.token_of([1; 16]).cloned().unwrap();
    host.handle_link_down([1; 16], 1_000);
    let told = effects(&mut host);
    assert!(told.contains(&Effect::LetGo), "{told:?}");
    assert!(
        !told.iter().any(|it| matches!(it, Effect::Down(..))),
        "{told:?}"
    );
    assert!(!token.is_live() && host.handle_input([1; 16]).is_none());
    assert_eq!(host.running(), [[1; 16]], "the server need not know");
    assert!(!host.handle_link_again([1; 16], [2; 32]), "another key");
    assert!(!host.handle_link_again([2; 16], [1; 32]), "another session");
    assert!(host.handle_link_again([1; 16], [1; 32]));
    assert_eq!(through(&mut host), [1]);
    // A second connection beside a healthy one is welcome.
    assert!(host.handle_link_again([1; 16], [1; 32]));
    host.handle_link_down([1; 16], 2_000);
    assert_eq!(host.poll_timeout(), Some(2_000 + AWAY_TIME));
    host.handle_timeout(2_000 + AWAY_TIME);
    let told = effects(&mut host);
    assert!(
        told.contains(&Effect::Down([1; 16], EndReason::Lost)),
        "{told:?}"
    );
    assert!(!host.handle_link_again([1; 16], [1; 32]));
}

#[test]
fn a_cut_of_nearly_ten_minutes_changes_nothing_and_a_longer_one_is_the_end() {
    let cut = |lasts: Millis| {
        let mut host = live(Choice::Allow);
        let before = number(&host, 1);
        host.handle_link_down([1; 16], 5_000);
        effects(&mut host);
        host.handle_timeout(5_000 + lasts);
        let back = host.handle_link_again([1; 16], [1; 32]);
        (host, before, back)
    };
    let (mut host, before, back) = cut(AWAY_TIME - 1);
    assert!(back && host.question().is_none());
    assert_eq!((number(&host, 1), through(&mut host)), (before, vec![1]));
    let (mut host, _, back) = cut(AWAY_TIME);
    assert!(!back && host.seats().is_empty());
    assert_eq!(through(&mut host), []);
    // Who comes then is somebody who asks.
    host.handle_asked(ask(2, 1), 5_000 + AWAY_TIME + 1);
    assert!(host.question().is_some());
}

#[test]
fn those_who_are_here_lead_and_control_while_another_is_away() {
    let mut host = together(&[Choice::Allow, Choice::Allow]);
    host.handle_link_down([1; 16], 30);
    assert_eq!(through(&mut host), [2]);
    assert_eq!(host.running(), [[2; 16], [1; 16]]);
    assert!(host.handle_link_again([1; 16], [1; 32]));
    assert_eq!(through(&mut host), [2], "he comes back as the second");
    host.handle_link_down([2; 16], 40);
    host.handle_link_down([1; 16], 41);
    assert!(host.handle_link_again([2; 16], [2; 32]));
    assert_eq!((through(&mut host), host.running()[0]), (vec![2], [2; 16]));
}

#[test]
fn one_who_was_sent_away_is_told_and_asked_about_again() {
    let mut host = together(&[Choice::Allow, Choice::Allow]);
    host.remove([1; 16], number(&host, 2), 30);
    let told = effects(&mut host);
    assert!(told.contains(&Effect::Close([2; 16], EndReason::Removed)));
    assert!(told.contains(&Effect::Down([2; 16], EndReason::Removed)));
    host.handle_asked(ask(4, 2), 31);
    assert!(host.question().is_some());
    // The person can send one away, too.
    let mut host = together(&[Choice::Allow, Choice::Allow]);
    host.end_one(number(&host, 1), 30);
    assert_eq!(through(&mut host), [2]);
    assert!(effects(&mut host).contains(&Effect::Close([1; 16], EndReason::Customer)));
}

#[test]
fn a_fourth_and_a_second_question_are_declined() {
    let no = |session: u8| Effect::Decline {
        session: [session; 16],
        timed_out: false,
    };
    let mut host = together(&[Choice::Allow; 3]);
    host.handle_asked(ask(4, 4), 30);
    assert_eq!(effects(&mut host), [no(4)]);
    let mut host = together(&[Choice::Allow]);
    host.handle_asked(ask(2, 2), 30);
    effects(&mut host);
    host.handle_asked(ask(3, 3), 31);
    assert_eq!(effects(&mut host), [no(3)]);
    // The same key has one seat only.
    host.handle_asked(ask(5, 1), 33);
    assert_eq!(effects(&mut host), [no(5)]);
}

#[test]
fn who_never_heard_the_yes_asks_again_and_the_person_is_not_bothered() {
    let mut host = together(&[Choice::Allow]);
    host.handle_asked(ask(2, 2), 30);
    host.choose(Choice::ViewOnly, 31);
    effects(&mut host);
    host.handle_asked(ask(3, 2), 32);
    let told = effects(&mut host);
    assert!(
        told.contains(&Effect::Down([2; 16], EndReason::Lost)),
        "{told:?}"
    );
    assert!(
        told.contains(&Effect::Allow([3; 16], Grant::View)),
        "{told:?}"
    );
    assert!(host.question().is_none());
    // Whose organisation nobody has compared yet is asked about anew.
    let mut host = Host::new();
    let new = |session| Ask {
        is_new: true,
        ..ask(session, 1)
    };
    host.handle_asked(new(1), 0);
    host.choose(Choice::Allow, 1);
    host.handle_asked(new(2), 2);
    assert!(host.question().is_some());
}

#[test]
fn the_same_session_asked_for_again_replaces_nothing() {
    let mut host = Host::new();
    host.handle_asked(ask(1, 1), 0);
    host.choose(Choice::Allow, 1);
    effects(&mut host);
    host.handle_asked(ask(1, 1), 2);
    assert_eq!(
        effects(&mut host),
        [Effect::Decline {
            session: [1; 16],
            timed_out: false
        }]
    );
}

#[test]
fn a_question_that_the_server_lost_goes_on_when_it_is_asked_again() {
    let mut host = Host::new();
    host.handle_asked(ask(1, 1), 0);
    // What differs in anything but its session is another question.
    for other in [
        Ask {
            view_only: true,
            ..ask(2, 1)
        },
        Ask {
            is_new: true,
            ..ask(2, 1)
        },
        ask(2, 2),
    ] {
        host.handle_asked(other, 1);
        let told = effects(&mut host);
        assert!(matches!(told[..], [Effect::Decline { .. }]), "{told:?}");
    }
    host.handle_asked(ask(3, 1), 10_000);
    assert_eq!(effects(&mut host), []);
    assert_eq!(host.question().map(|it| it.until), Some(ANSWER_TIME));
    host.choose(Choice::Allow, 20_000);
    assert!(effects(&mut host).contains(&Effect::Allow([3; 16], Grant::Control)));
}

#[test]
fn asking_again_and_again_makes_no_yes_last_longer() {
    let mut host = Host::new();
    host.handle_asked(ask(1, 1), 0);
    host.choose(Choice::Allow, 0);
    for (session, now) in [(2, CONSENT_LIFE / 2), (3, CONSENT_LIFE - 1)] {
        host.handle_asked(ask(session, 1), now);
        assert!(host.question().is_none());
        host.handle_timeout(now + CONNECT_TIME);
    }
    host.handle_asked(ask(4, 1), CONSENT_LIFE + CONNECT_TIME);
    assert!(host.question().is_some());
}

#[test]
fn a_wish_for_control_is_shown_until_it_is_granted() {
    let mut host = together(&[Choice::Allow, Choice::Allow, Choice::ViewOnly]);
    host.ask_control([3; 16]);
    assert_eq!(effects(&mut host), [], "it can never be granted");
    host.ask_control([2; 16]);
    assert_eq!(effects(&mut host), [Effect::Seats]);
    let asks = |host: &Host| host.roster_for([1; 16]).list[1].asks;
    assert!(asks(&host));
    host.ask_control([2; 16]);
    assert_eq!(effects(&mut host), []);
    host.hand_control([1; 16], number(&host, 2));
    assert!(!asks(&host));
}

#[test]
fn everyone_is_told_who_is_there_and_which_seat_is_his() {
    let host = together(&[Choice::Allow, Choice::ViewOnly]);
    let Roster { list, joining } = host.roster_for([2; 16]);
    assert_eq!(joining, None);
    let told: Vec<_> = list
        .iter()
        .map(|seat| (seat.name.as_str(), seat.lead, seat.controls, seat.you))
        .collect();
    assert_eq!(
        told,
        [
            ("supporter 1", true, true, false),
            ("supporter 2", false, false, true)
        ]
    );
    assert_eq!(list[1].grant, Grant::View);
}

/// What this supporter was told last about his wish to record.
fn told(effects: &[Effect], who: u8) -> Option<Recording> {
    let mut newest = effects.iter().rev();
    newest.find_map(|effect| {
        let Effect::Recording(session, told) = effect else {
            return None;
        };
        (*session == [who; 16]).then_some(*told)
    })
}

/// Those whom everybody is told to be recording.
fn marked(host: &Host) -> Vec<String> {
    let list = host.roster_for([1; 16]).list;
    let records = list.into_iter().filter(|seat| seat.records);
    records.map(|seat| seat.name).collect()
}

#[test]
fn recording_waits_for_the_yes_and_nobody_controls_meanwhile() {
    let mut host = together(&[Choice::Allow, Choice::Allow]);
    let token = host.handle_input([1; 16]).unwrap();
    host.ask_recording([1; 16], 100);
    assert_eq!(host.question().unwrap().about, About::Record);
    assert!(!token.is_live());
    assert_eq!(through(&mut host), []);
    let effects_of_asking = effects(&mut host);
    assert_eq!(told(&effects_of_asking, 1), Some(Recording::Asked));
    assert_eq!(host.roster_for([2; 16]).joining, None, "nobody joins");
    assert!(marked(&host).is_empty());
    host.choose(Choice::Allow, 200);
    let after = effects(&mut host);
    assert_eq!(told(&after, 1), Some(Recording::On));
    assert!(after.contains(&Effect::Seats), "everybody is told");
    assert_eq!(marked(&host), ["supporter 1"]);
    assert_eq!(through(&mut host), [1]);
    // Who comes later sees it, too.
    let_in(&mut host, 3, Choice::Allow, 300);
    assert_eq!(marked(&host), ["supporter 1"]);
    // Asking twice is nothing.
    host.ask_recording([1; 16], 400);
    assert_eq!(host.question(), None);
    assert_eq!(effects(&mut host), []);
}

#[test]
fn a_recording_is_declined_by_a_no_by_less_than_a_yes_and_by_nothing() {
    for choice in [Some(Choice::Decline), Some(Choice::ViewOnly), None] {
        let mut host = live(Choice::Allow);
        host.ask_recording([1; 16], 100);
        match choice {
            Some(choice) => host.choose(choice, 200),
            None => host.handle_timeout(host.poll_timeout().unwrap()),
        }
        assert_eq!(told(&effects(&mut host), 1), Some(Recording::Declined));
        assert!(marked(&host).is_empty());
        assert_eq!(through(&mut host), [1], "seeing and control go on");
        assert_eq!(host.seats()[0].grant, Grant::Control);
    }
}

#[test]
fn a_flood_of_wishes_to_record_opens_one_question() {
    let mut host = live(Choice::Allow);
    for _ in 0..100 {
        host.ask_recording([1; 16], 100);
    }
    host.choose(Choice::Decline, 200);
    effects(&mut host);
    for at in 0..1_000 {
        host.ask_recording([1; 16], 200 + at);
        assert_eq!(host.question(), None);
    }
    assert_eq!(effects(&mut host), [], "he knows");
    host.ask_recording([1; 16], 200 + PATIENCE);
    assert!(host.question().is_some(), "and later he may ask again");
    // One that is taken back and asked again is in the way just as much.
    host.end_recording([1; 16], 40_000);
    host.ask_recording([1; 16], 40_001);
    assert_eq!(host.question(), None);
    assert_eq!(told(&effects(&mut host), 1), Some(Recording::NotNow));
    assert_eq!(through(&mut host), [1]);
}

#[test]
fn only_who_is_connected_can_ask_to_record_and_who_sees_only_can() {
    let mut host = Host::new();
    host.ask_recording([1; 16], 0);
    host.handle_asked(ask(1, 1), 0);
    host.ask_recording([1; 16], 0);
    host.choose(Choice::ViewOnly, 0);
    host.ask_recording([1; 16], 0);
    assert_eq!(host.question(), None, "not before he is connected");
    assert!(host.handle_link_up([1; 16], [1; 32], 0));
    host.ask_recording([9; 16], 0);
    assert_eq!(host.question(), None, "not a stranger");
    host.ask_recording([1; 16], 0);
    host.choose(Choice::Allow, 1);
    assert_eq!(marked(&host), ["supporter 1"]);
    assert_eq!(through(&mut host), [], "a yes to this is no yes to control");
}

#[test]
fn whatever_the_person_stops_ends_the_recordings() {
    let recorded = || {
        let mut host = together(&[Choice::Allow, Choice::Allow]);
        host.ask_recording([2; 16], 100);
        host.choose(Choice::Allow, 200);
        effects(&mut host);
        assert_eq!(marked(&host), ["supporter 2"]);
        host
    };
    let mut host = recorded();
    host.stop_recording(300);
    let after = effects(&mut host);
    assert_eq!(told(&after, 2), Some(Recording::Stopped));
    assert!(marked(&host).is_empty());
    assert_eq!(through(&mut host), [1], "the rest goes on");
    host.ask_recording([2; 16], 301);
    assert_eq!(host.question(), None, "and it is not asked for at once");
    let mut host = recorded();
    host.stop_control(300);
    assert_eq!(told(&effects(&mut host), 2), Some(Recording::Stopped));
    let mut host = recorded();
    host.end_by_customer(300);
    assert_eq!(host.recording().count(), 0);
    let mut host = recorded();
    host.end_recording([2; 16], 300);
    assert_eq!(told(&effects(&mut host), 2), Some(Recording::Off));
    assert!(marked(&host).is_empty());
}

#[test]
fn a_recording_ends_with_the_link_and_does_not_come_back_with_the_next() {
    let mut host = live(Choice::Allow);
    host.ask_recording([1; 16], 100);
    host.choose(Choice::Allow, 200);
    host.handle_link_down([1; 16], 1_000);
    host.handle_asked(ask(2, 1), 1_001);
    assert_eq!(host.question(), None, "he may come back");
    assert!(host.handle_link_up([2; 16], [1; 32], 1_002));
    assert_eq!(host.recording().count(), 0, "but not record");
    // A question about it goes with him.
    host.ask_recording([2; 16], 1_003);
    assert!(host.question().is_some());
    host.handle_supporter_end([2; 16], 1_004);
    assert_eq!(host.question(), None);
    host.choose(Choice::Allow, 1_005);
    assert_eq!(host.recording().count(), 0);
}

#[test]
fn while_one_thing_is_asked_the_other_waits() {
    let mut host = live(Choice::Allow);
    host.handle_asked(ask(2, 2), 100);
    host.ask_recording([1; 16], 101);
    assert_eq!(host.question().unwrap().about, About::Connect);
    assert_eq!(told(&effects(&mut host), 1), Some(Recording::NotNow));
    host.choose(Choice::Decline, 102);
    host.ask_recording([1; 16], 103);
    assert_eq!(host.question().unwrap().about, About::Record);
    effects(&mut host);
    host.handle_asked(ask(3, 3), 104);
    assert!(matches!(effects(&mut host)[..], [Effect::Decline { .. }]));
    // The server cannot take a question back that it did not ask.
    host.handle_cancelled([1; 16]);
    assert!(host.question().is_some());
    // The end answers it, and tells the server nothing about a connection.
    host.end_by_customer(105);
    let after = effects(&mut host);
    let declined = |effect: &Effect| matches!(effect, Effect::Decline { .. });
    assert!(!after.iter().any(declined), "{after:?}");
}

#[test]
fn a_new_organisation_is_proven_by_digits_before_anything_comes_up() {
    let mut host = Host::new();
    let new = Ask {
        is_new: true,
        ..ask(1, 1)
    };
    host.handle_asked(new, 0);
    host.choose(Choice::Allow, 0);
    assert!(!host.handle_link_up([1; 16], [1; 32], 1), "no digits yet");
    assert!(host.needs_digits([1; 16]));
    assert!(!host.ask_digits([1; 16], [2; 32], 1), "another key");
    assert!(host.ask_digits([1; 16], [1; 32], 1));
    // Whoever presses Allow has typed nothing.
    host.choose(Choice::Allow, 1);
    assert!(host.question().is_some());
    assert_eq!(host.handle_digits(false, 2), Typed::Again);
    assert!(!host.handle_link_up([1; 16], [1; 32], 2));
    assert_eq!(host.handle_digits(true, 3), Typed::Right([1; 16]));
    assert!(host.handle_link_up([1; 16], [1; 32], 3));
    assert_eq!(host.grant_of([1; 16]), Grant::Control);
}

#[test]
fn digits_that_are_wrong_too_often_end_it_and_nothing_is_remembered() {
    let mut host = Host::new();
    let new = Ask {
        is_new: true,
        ..ask(1, 1)
    };
    host.handle_asked(new.clone(), 0);
    host.choose(Choice::Allow, 0);
    assert!(host.ask_digits([1; 16], [1; 32], 1));
    for _ in 1..TRIES {
        assert_eq!(host.handle_digits(false, 2), Typed::Again);
    }
    assert_eq!(host.handle_digits(false, 2), Typed::Over([1; 16]));
    assert_eq!(host.handle_digits(true, 2), Typed::Void);
    assert!(!host.handle_link_up([1; 16], [1; 32], 3));
    host.handle_asked(
        Ask {
            session: [2; 16],
            ..new
        },
        4,
    );
    let asked = host.question().map(|question| question.about);
    assert_eq!(asked, Some(About::Connect), "he is asked about again");
}

#[test]
fn while_digits_are_typed_nobody_moves_anything_and_waiting_ends() {
    let mut host = Host::new();
    let_in(&mut host, 1, Choice::Allow, 0);
    assert!(host.handle_input([1; 16]).is_some());
    let new = Ask {
        is_new: true,
        ..ask(2, 2)
    };
    host.handle_asked(new, 1);
    host.choose(Choice::Allow, 1);
    assert!(host.ask_digits([2; 16], [2; 32], 1));
    assert!(host.handle_input([1; 16]).is_none());
    host.handle_timeout(1 + DIGITS_TIME);
    assert!(host.question().is_none());
    assert!(host.handle_input([1; 16]).is_some());
    assert!(!host.handle_link_up([2; 16], [2; 32], 2 + DIGITS_TIME));
}

#[test]
fn who_is_not_proven_never_comes_back_unasked() {
    let new = |session: u8| Ask {
        is_new: true,
        ..ask(session, 1)
    };
    let asked = |host: &Host| host.question().map(|question| question.about);
    // He goes away before, while and instead of the digits, or never comes at all.
    for way in 0..3 {
        let mut host = Host::new();
        host.handle_asked(new(1), 0);
        host.choose(Choice::Allow, 0);
        if way == 1 {
            assert!(host.ask_digits([1; 16], [1; 32], 1));
        }
        if way == 2 {
            host.handle_timeout(CONNECT_TIME);
        } else {
            host.handle_digits_lost([1; 16]);
        }
        assert!(effects(&mut host).contains(&Effect::Down([1; 16], EndReason::Lost)));
        assert!(!host.ask_digits([1; 16], [1; 32], 2), "one try for one yes");
        host.handle_asked(new(2), CONNECT_TIME);
        assert_eq!(asked(&host), Some(About::Connect), "way {way}");
    }
    // Who was proven does.
    let mut host = Host::new();
    host.handle_asked(new(1), 0);
    host.choose(Choice::Allow, 0);
    assert!(host.ask_digits([1; 16], [1; 32], 1));
    assert_eq!(host.handle_digits(true, 1), Typed::Right([1; 16]));
    assert!(host.handle_link_up([1; 16], [1; 32], 1));
    host.handle_supporter_end([1; 16], 2);
    host.handle_asked(ask(2, 1), 3);
    assert_eq!(asked(&host), None);
}
