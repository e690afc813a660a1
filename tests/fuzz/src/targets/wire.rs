//! The messages of all conversations, and the relay's packets.

use aldis_wire::frame::HEADER;
use aldis_wire::peer::{
    Area, Comes, Grant, Monitor, Move, NoHands, Op, PointerShape, Run, ScreenPart, Seat, ToHost,
    ToViewer,
};
use aldis_wire::relay::{Packet, Side, Ticket};
use aldis_wire::signal::{
    Action, Answer, Body, ChatMessage, Credential, Draft, Enrolment, Facts, FromServer, Issued,
    Office, Push, Request, Revoked, Source, Speaker, Supporter, ToServer, Trust,
};
use aldis_wire::{Code, Message};

use super::Target;

pub(super) fn all() -> Vec<Target> {
    vec![
        messages("ToServer", &to_server(), &[&[0]]),
        messages(
            "FromServer",
            &from_server(),
            &[&[0, 0, 0], &[0, 0, 1], &[1]],
        ),
        messages("ToHost", &to_host(), &[&[], &[6]]),
        messages("ToViewer", &to_viewer(), &[&[]]),
        messages("ScreenPart", &screen_parts(), &[&[0, 0]]),
        packets(),
    ]
}

/// Messages of one type, as a stream carries them: one after the other, behind their lengths.
///
/// `kinds` is what stands before the bytes that say of which kind a message is.
fn messages<M: Message + PartialEq + 'static>(
    name: &'static str,
    real: &[M],
    kinds: &[&[u8]],
) -> Target {
    let encoded = |message: &M| aldis_wire::encode(message).unwrap_or_default();
    let mut seeds: Vec<Vec<u8>> = real.iter().map(encoded).collect();
    seeds.extend(of_noughts::<M>(kinds));
    let mut target = Target::new(name, seeds, |bytes| {
        let mut rest = bytes;
        let mut understood = false;
        while let Some((header, after)) = rest.split_first_chunk::<HEADER>() {
            let Ok(length) = aldis_wire::frame::length::<M>(*header) else {
                break;
            };
            // What is lacking would be waited for.
            let body = after.get(..length).unwrap_or(after);
            if let Ok(message) = aldis_wire::decode::<M>(body) {
                understood = true;
                if let Ok(again) = aldis_wire::encode(&message) {
                    let again = aldis_wire::decode::<M>(&again[HEADER..]);
                    assert!(again == Ok(message), "it comes back as it went");
                }
            }
            rest = after.get(length..).unwrap_or_default();
        }
        understood
    });
    target.most = M::MAX.min(64 << 10);
    target
}

/// A message of each kind, so that the dice need not find them: all of noughts.
fn of_noughts<M: Message>(kinds: &[&[u8]]) -> Vec<Vec<u8>> {
    let mut found = Vec::new();
    for before in kinds {
        for kind in 0..=60 {
            let bytes = [before, &[kind][..], &[0; 400]].concat();
            let Ok((_, rest)) = postcard::take_from_bytes::<M>(&bytes) else {
                continue;
            };
            let body = &bytes[..bytes.len() - rest.len()];
            found.push([&(body.len() as u32).to_le_bytes()[..], body].concat());
        }
    }
    found
}

fn packets() -> Target {
    let ticket = Ticket {
        session: [7; 16],
        side: Side::Viewer,
        until: 1 << 40,
        mac: [9; 32],
    };
    let packets = [
        Packet::Bind(ticket),
        Packet::Challenge([1; 32]),
        Packet::Prove(ticket, [2; 32]),
        Packet::Bound,
        Packet::Unbound,
        Packet::Probe([3; 32]),
    ];
    let seeds = packets.iter().map(Packet::encode).collect();
    Target::new("relay's packets", seeds, |bytes| {
        match Packet::decode(bytes) {
            Some(packet) => {
                assert_eq!(packet.encode(), bytes, "it comes back as it went");
                true
            }
            None => false,
        }
    })
}

fn code() -> Code {
    Code::from_number(12_345_678).unwrap_or_else(|| unreachable!("it has eight digits"))
}

fn to_server() -> Vec<ToServer> {
    let requests = [
        Request::Hello {
            version: aldis_wire::VERSION,
        },
        Request::SignIn {
            name: "eva".to_owned(),
            password: "secret".to_owned(),
        },
        Request::NewCase(Box::new(Draft {
            place: None,
            customer: "Ana".to_owned(),
            facts: Facts {
                description: "It does not print.".to_owned(),
                tags: vec!["printer".to_owned()],
                ..Facts::default()
            },
            to_queue: true,
            by_script: false,
        })),
        Request::Join {
            code: Some(code()),
            name: "Ana".to_owned(),
            secret: [4; 32],
            running: vec![[5; 16]],
            source: Source::default(),
            sos: true,
        },
        Request::Act {
            codes: vec![code()],
            action: Action::Transfer("bo".to_owned()),
        },
        Request::Found {
            root: [1; 32],
            signer: vec![2; 100],
            revoked: revoked(),
        },
    ];
    let ask = |request| ToServer { id: 7, request };
    requests.into_iter().map(ask).collect()
}

fn revoked() -> Revoked {
    Revoked {
        signer: vec![3; 120],
        list: vec![4; 90],
    }
}

fn credential() -> Credential {
    Credential {
        root: [1; 32],
        signer: vec![2; 120],
        certificate: vec![3; 140],
        revoked: revoked(),
    }
}

fn from_server() -> Vec<FromServer> {
    let picture = b"\x89PNG\r\n\x1a\n".to_vec();
    let relay = aldis_wire::relay::Relay {
        port: 4748,
        ticket: Ticket {
            session: [7; 16],
            side: Side::Host,
            until: 1,
            mac: [8; 32],
        },
    };
    let asked = Push::ConnectAsked {
        session: [7; 16],
        supporter: Supporter {
            name: "eva".to_owned(),
            picture: picture.clone(),
        },
        key: [6; 32],
        credential: Some(Box::new(credential())),
        view_only: false,
        relay,
    };
    let office = Office {
        signers: vec![vec![1; 100]],
        enrolments: vec![Enrolment {
            name: "bo".to_owned(),
            picture: picture.clone(),
            key: [5; 32],
            proof: Some([4; 32]),
            at: 1,
        }],
        certificates: vec![Issued {
            signer: vec![1; 100],
            certificate: vec![2; 100],
            name: "bo".to_owned(),
            picture,
        }],
        revoked: Some(revoked()),
    };
    let trust = Trust {
        root: Some([1; 32]),
        credential: Some(credential()),
        waits: false,
        office: Some(office),
    };
    let messages = Answer::Messages(vec![ChatMessage {
        number: 1,
        at: 2,
        from: Speaker::Customer,
        body: Body::Text("It does not print.".to_owned()),
    }]);
    vec![
        FromServer::Push(asked),
        FromServer::Push(Push::Trust(Box::new(trust))),
        FromServer::Answer {
            id: 3,
            answer: Ok(messages),
        },
    ]
}

fn to_host() -> Vec<ToHost> {
    let again = Comes::Again {
        number: 3,
        proof: [2; 32],
        control: 70,
        screen: 800,
    };
    vec![
        ToHost::Hello {
            version: aldis_wire::VERSION,
            session: [7; 16],
            case: code(),
            comes: again,
            commitment: [1; 32],
        },
        ToHost::Candidates(vec![
            ([10, 0, 0, 1], 4747).into(),
            ([1_u16; 8], 4747).into(),
        ]),
        ToHost::Input(aldis_wire::input::Input::Text("typed".to_owned())),
    ]
}

fn to_viewer() -> Vec<ToViewer> {
    let seat = Seat {
        number: 1,
        name: "eva".to_owned(),
        grant: Grant::Control,
        lead: true,
        controls: true,
        asks: false,
        records: false,
        you: true,
    };
    let monitor = Monitor {
        id: 1,
        name: "DP-1".to_owned(),
        width: 1920,
        height: 1080,
        primary: true,
    };
    let shape = PointerShape {
        width: 2,
        height: 2,
        hot_x: 0,
        hot_y: 0,
        rgba: vec![9; 16],
    };
    vec![
        ToViewer::Seats {
            list: vec![seat],
            joining: Some("bo".to_owned()),
        },
        ToViewer::Monitors {
            list: vec![monitor],
            shared: 1,
            all: true,
        },
        ToViewer::PointerShape(shape),
        ToViewer::NoHands(NoHands::Failed("no".to_owned())),
    ]
}

fn screen_parts() -> Vec<ScreenPart> {
    let area = Area {
        x: 1,
        y: 2,
        width: 64,
        height: 64,
    };
    let ops = [
        Op::Start {
            width: 640,
            height: 480,
        },
        Op::Move(vec![Move {
            x: 0,
            y: 0,
            to: area,
        }]),
        Op::Fill {
            area,
            colour: [1, 2, 3],
        },
        Op::Pixels {
            areas: vec![area, area],
            data: vec![5; 60],
        },
        Op::Photo {
            area,
            step: 3,
            sizes: vec![1, 2],
            tokens: vec![4; 20],
            bits: vec![5; 20],
        },
        Op::Exact {
            area,
            sizes: vec![1, 2],
            data: vec![6; 30],
        },
        Op::Keep(vec![Run {
            tile: 1,
            slot: 2,
            count: 3,
        }]),
        Op::Show(vec![Run {
            tile: 1,
            slot: 2,
            count: 3,
        }]),
    ];
    let part = |op| ScreenPart {
        sequence: 3,
        last: true,
        op,
    };
    ops.into_iter().map(part).collect()
}
