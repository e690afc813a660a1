//! A server that says anything that can be read as a word of a server: both apps go on.

use aldis_host::View;
use aldis_wire::frame::HEADER;
use aldis_wire::signal::{Answer, Body, ChatMessage, FromServer, Push, Refusal, Speaker, Trust};

use super::liar::{Who, own_case};
use super::scene::{Build, Scene, code};

/// How many words each side hears at once; more would keep it from hearing an answer.
const WORDS: usize = 50;

/// How often.
const ROUNDS: usize = 12;

/// Numbers that always fall the same way.
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (self.0 >> 33) as usize % end
    }
}

/// One of these with a few bytes changed, such that it can still be read, and does not just end it.
fn word(seeds: &[Vec<u8>], dice: &mut Dice) -> Vec<u8> {
    loop {
        let mut body = seeds[dice.below(seeds.len())].clone();
        for _ in 0..=dice.below(3) {
            let place = dice.below(body.len());
            match dice.below(3) {
                0 => body[place] = dice.below(256) as u8,
                1 => body.insert(place, 0xff),
                _ => {
                    body.remove(place);
                }
            }
            if body.is_empty() {
                break;
            }
        }
        match aldis_wire::decode::<FromServer>(&body) {
            // The case may end by the server's word, and being away by its silence.
            Ok(FromServer::Push(Push::Own(_))) | Err(_) => {}
            Ok(word) => return aldis_wire::encode(&word).unwrap(),
        }
    }
}

pub(crate) async fn the_server_says_anything() {
    let scene = Scene::open(Build::Branded).await;
    let papers = scene.asks().await;
    let message = ChatMessage {
        number: 1,
        at: 2,
        from: Speaker::Customer,
        body: Body::Text("It does not print.".to_owned()),
    };
    let trust: Trust = scene.liar.says().trust.clone();
    let words = [
        FromServer::Push(papers.asked()),
        FromServer::Push(Push::ConnectCancelled {
            session: papers.session,
        }),
        FromServer::Push(Push::Message {
            code: code(),
            message: message.clone(),
        }),
        FromServer::Push(Push::Typing {
            code: code(),
            from: Speaker::Customer,
        }),
        FromServer::Push(Push::Trust(Box::new(trust.clone()))),
        FromServer::Push(Push::Desk(Box::default())),
        FromServer::Push(Push::Waiting(code())),
        FromServer::Push(Push::Read(vec![(code(), 3)])),
        FromServer::Answer {
            id: 3,
            answer: Ok(Answer::Messages(vec![message])),
        },
        FromServer::Answer {
            id: 2,
            answer: Err(Refusal::Busy),
        },
    ];
    let seeds: Vec<Vec<u8>> = words
        .iter()
        .map(|word| aldis_wire::encode(word).unwrap().split_off(HEADER))
        .collect();
    let mut dice = Dice(7);
    for round in 0..ROUNDS {
        for _ in 0..WORDS {
            for who in [Who::Customer, Who::Supporter] {
                let bytes = word(&seeds, &mut dice);
                scene.liar.tell_bytes(who, bytes).await;
            }
        }
        // Both hear what is said after all that.
        let mut case = own_case(code());
        case.description = format!("still here {round}");
        let own = Push::Own(case.clone());
        scene.liar.tell(Who::Customer, own).await;
        let heard = |view: &View| view.case.as_ref() == Some(&case);
        scene.customer.until("the customer's app", heard).await;
        let mut last = trust.clone();
        last.credential = None;
        last.waits = round % 2 == 0;
        let last_word = Push::Trust(Box::new(last.clone()));
        scene.liar.tell(Who::Supporter, last_word).await;
        let heard = |view: &aldis_viewer::View| view.standing.told.as_deref() == Some(&last);
        scene.eva.until("the supporter's app", heard).await;
    }
    assert!(!scene.liar.heard_of_a_session());
}
