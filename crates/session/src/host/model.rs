//! Random histories: whatever happens in whatever order, the promises hold after every step.

use std::collections::{BTreeMap, BTreeSet};

use super::*;

/// A small generator, so that a failure can be run again by its seed.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u8) -> u8 {
        // xorshift64*, whose high bits are good.
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let high = self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33;
        u8::try_from(high % u64::from(sides)).unwrap()
    }
}

/// What somebody outside knows by the effects alone.
#[derive(Default)]
struct Seen {
    /// What each supporter on the line was last told that he may do.
    told: BTreeMap<SessionId, Grant>,
    expected: Vec<KeyHash>,
    /// The most that the person ever allowed this key since he last took something back.
    allowed: BTreeMap<KeyHash, Grant>,
    down: BTreeSet<SessionId>,
    /// Whom the person lets record, by what was answered and what was told.
    records: BTreeSet<SessionId>,
}

struct Game {
    host: Host,
    dice: Dice,
    now: Millis,
    sessions: u8,
    keys: BTreeMap<SessionId, u8>,
    tokens: Vec<(SessionId, ControlToken)>,
    seen: Seen,
}

impl Game {
    fn session(&mut self) -> SessionId {
        let sessions = self.sessions.max(1);
        // Mostly one of the latest, which may be anything from unknown to live.
        [sessions.saturating_sub(self.dice.roll(5)); 16]
    }

    fn seat(&mut self) -> u32 {
        let numbers: Vec<u32> = self.host.seats().iter().map(|seat| seat.number).collect();
        let place = usize::from(self.dice.roll(4));
        numbers.get(place).copied().unwrap_or(99)
    }

    fn step(&mut self) {
        self.now += u64::from(self.dice.roll(200)) * 100;
        let (now, session, seat) = (self.now, self.session(), self.seat());
        match self.dice.roll(20) {
            0..=2 if self.sessions < 250 => {
                self.sessions += 1;
                let session = [self.sessions; 16];
                let key = 1 + self.dice.roll(5);
                self.keys.insert(session, key);
                let view_only = self.dice.roll(4) == 0;
                let supporter = Supporter {
                    name: key.to_string(),
                    picture: Vec::new(),
                };
                let key = [key; 32];
                let ask = Ask {
                    session,
                    supporter,
                    key,
                    view_only,
                    organisation: String::new(),
                    is_new: false,
                };
                self.host.handle_asked(ask, now);
            }
            3..=4 => {
                let choice = [
                    Choice::Allow,
                    Choice::Allow,
                    Choice::ViewOnly,
                    Choice::Decline,
                ][usize::from(self.dice.roll(4))];
                let asked = self
                    .host
                    .question()
                    .filter(|it| it.about == About::Connect)
                    .map(|it| (it.ask.key, it.ask.view_only));
                let recording = self.host.question().filter(|it| it.about == About::Record);
                if let Some(question) = recording.filter(|_| choice == Choice::Allow) {
                    self.seen.records.insert(question.ask.session);
                }
                if let (Some((key, view_only)), Choice::Allow | Choice::ViewOnly) = (asked, choice)
                {
                    let most = if choice == Choice::Allow && !view_only {
                        Grant::Control
                    } else {
                        Grant::View
                    };
                    self.seen.allowed.insert(key, most);
                }
                self.host.choose(choice, now);
            }
            5..=7 => self.connect(session),
            8 => self.host.handle_cancelled(session),
            9 => {
                self.host.handle_link_down(session, now);
                self.seen.records.remove(&session);
            }
            10 => self.host.handle_supporter_end(session, now),
            11..=12 => self.host.hand_control(session, seat),
            13 => self.host.remove(session, seat, now),
            14 => self.host.ask_control(session),
            17..=18 => self.host.ask_recording(session, now),
            19 if self.dice.roll(2) == 0 => {
                self.host.end_recording(session, now);
                self.seen.records.remove(&session);
            }
            19 => {
                self.host.stop_recording(now);
                self.seen.records.clear();
            }
            15 => match self.dice.roll(8) {
                0 => {
                    self.host.stop_control(now);
                    self.seen.records.clear();
                    self.seen
                        .allowed
                        .values_mut()
                        .for_each(|it| *it = Grant::View);
                }
                1 => self.host.end_by_customer(now),
                2 => self.host.handle_case_closed(now),
                3 => self.host.end_one(seat, now),
                _ => {}
            },
            _ => {
                if let Some(at) = self.host.poll_timeout() {
                    self.now = self.now.max(at);
                    self.host.handle_timeout(self.now);
                }
            }
        }
    }

    /// A connection for this session, with the right key or with another.
    fn connect(&mut self, session: SessionId) {
        let honest = self.dice.roll(5) > 0;
        let key = self.keys.get(&session).copied().unwrap_or(9);
        let key = [if honest { key } else { 9 }; 32];
        let expected = self.seen.expected.contains(&key);
        let up = self.host.handle_link_up(session, key, self.now);
        assert!(!up || expected, "in without being expected");
        if up {
            self.seen.told.insert(session, self.host.grant_of(session));
        } else if self.host.handle_link_again(session, key) {
            assert!(expected && honest, "back without being expected");
        }
    }

    fn drain(&mut self) {
        while let Some(effect) = self.host.poll_effect() {
            match effect {
                Effect::Expect(keys) => self.seen.expected = keys,
                Effect::Grant(session, grant) => {
                    let told = self.seen.told.insert(session, grant);
                    assert!(told.is_some(), "told something that is not on the line");
                }
                Effect::Close(session, _) => {
                    assert!(self.seen.told.remove(&session).is_some(), "closed twice");
                    self.seen.records.remove(&session);
                }
                Effect::Down(session, _) => {
                    assert!(self.seen.down.insert(session), "down twice");
                }
                Effect::Allow(..)
                | Effect::Decline { .. }
                | Effect::Up(_)
                | Effect::Seats
                | Effect::Recording(..)
                | Effect::LetGo
                | Effect::InputIgnored(_)
                | Effect::Left { .. }
                | Effect::Ended { .. } => {}
            }
        }
    }

    fn check(&mut self) {
        let host = &mut self.host;
        assert!(host.seats().len() <= MAX_SEATS);
        let live: Vec<_> = host.running();
        let through: Vec<_> = (0..=self.sessions)
            .filter_map(|id| Some(([id; 16], host.handle_input([id; 16])?)))
            .collect();
        assert!(through.len() <= 1, "two supporters control");
        if let Some((session, token)) = through.first() {
            assert!(token.is_live() && live.contains(session));
            assert!(host.question().is_none(), "input while the prompt is open");
            let here = |seat: &Seat| seat.ask.session == *session && !seat.is_away();
            assert!(host.seats().iter().any(here), "input of one who is away");
            assert_eq!(host.controls(), Some(*session));
            let key = [self.keys[session]; 32];
            assert_eq!(self.seen.allowed.get(&key), Some(&Grant::Control));
            self.tokens.push((*session, token.clone()));
        }
        // No token that was ever handed out lives for anybody but the one who controls now.
        let holder = through.first().map(|(session, _)| *session);
        self.tokens.retain(|(session, token)| {
            assert!(!token.is_live() || Some(*session) == holder);
            token.is_live()
        });
        // Everybody on the line knows what he may do.
        let told = &self.seen.told;
        assert_eq!(
            told.keys().copied().collect::<BTreeSet<_>>(),
            live.iter().copied().collect()
        );
        for (session, grant) in told {
            assert_eq!(*grant == Grant::Control, holder == Some(*session));
        }
        let roster = host.roster_for([0; 16]);
        assert_eq!(roster.list.len(), live.len());
        assert!(
            roster
                .list
                .iter()
                .enumerate()
                .all(|(at, seat)| seat.lead == (at == 0))
        );
        assert!(roster.list.iter().filter(|seat| seat.controls).count() <= 1);
        // Nobody records but who was allowed to, and everybody is told.
        let records: Vec<_> = host.recording().map(|seat| seat.ask.session).collect();
        assert_eq!(
            records.iter().copied().collect::<BTreeSet<_>>(),
            self.seen.records
        );
        let marked = roster.list.iter().filter(|seat| seat.records).count();
        assert_eq!(marked, records.len());
        for session in &self.seen.down {
            assert!(host.seats().iter().all(|seat| seat.ask.session != *session));
        }
        let waits = host.question().is_some()
            || host
                .seats()
                .iter()
                .any(|seat| !seat.is_live() || seat.is_away());
        assert_eq!(host.poll_timeout().is_some(), waits);
    }
}

#[test]
fn no_history_breaks_the_promises() {
    for seed in 1..=1_500 {
        let mut game = Game {
            host: Host::new(),
            dice: Dice(u64::wrapping_mul(seed, 0x9E37_79B9_7F4A_7C15)),
            now: 0,
            sessions: 0,
            keys: BTreeMap::new(),
            tokens: Vec::new(),
            seen: Seen::default(),
        };
        for _ in 0..150 {
            game.step();
            game.drain();
            game.check();
            game.drain();
        }
        // And after the end there is nothing.
        game.host.end_by_customer(game.now);
        game.drain();
        game.check();
        assert_eq!(game.host.seats(), []);
        assert!(game.tokens.is_empty() && game.seen.told.is_empty());
        assert!(game.seen.expected.is_empty());
    }
}
