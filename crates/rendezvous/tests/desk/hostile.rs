//! What no honest app sends.

use std::net::UdpSocket;

use aldis_link::{FrameReceiver, FrameSender};
use aldis_wire::signal::{Answer, FromServer, Refusal, Request, Source, Status, ToServer};
use aldis_wire::{VERSION, encode};
use tokio::task::JoinSet;

use crate::office::{Office, node, soon};

fn hello() -> ToServer {
    ToServer {
        id: 1,
        request: Request::Hello { version: VERSION },
    }
}

#[tokio::test]
async fn bytes_that_are_no_message_end_their_connection_and_no_other() {
    let office = Office::open().await;
    let eva = office.watcher("eva").await;
    let greeting = encode(&hello()).unwrap();
    let hostile: [Vec<u8>; 6] = [
        vec![0xff; 4],
        b"GET / HTTP/1.1\r\nHost: aldis\r\n\r\n".to_vec(),
        vec![3, 0, 0, 0, 0xff, 0xff, 0xff],
        // A whole greeting, and a message that announces more than its kind may have.
        [greeting.as_slice(), &0x0002_0000_u32.to_le_bytes()].concat(),
        // A greeting with a byte left over.
        [&[greeting[0] + 1, 0, 0, 0], &greeting[4..], &[0]].concat(),
        // An empty message.
        vec![0; 4],
    ];
    for bytes in hostile {
        let (_node, connection) = office.connection().await;
        let (mut send, _receive) = connection.open_bi().await.unwrap();
        send.write_all(&bytes).await.unwrap();
        soon("the connection's end", connection.closed()).await;
        eva.new_case().await;
    }
}

#[tokio::test]
async fn a_message_that_is_cut_off_ends_its_connection() {
    let office = Office::open().await;
    let greeting = encode(&hello()).unwrap();
    let (_node, connection) = office.connection().await;
    let (mut send, _receive) = connection.open_bi().await.unwrap();
    send.write_all(&greeting[..greeting.len() - 1])
        .await
        .unwrap();
    send.finish().unwrap();
    soon("the connection's end", connection.closed()).await;
    office.supporter("eva").await;
}

#[tokio::test]
async fn garbage_in_a_session_ends_the_connection_at_once_too() {
    let office = Office::open().await;
    let eva = office.supporter("eva").await;
    let code = eva.new_case().await;
    let (_node, connection) = office.connection().await;
    let (mut send, receive) = connection.open_bi().await.unwrap();
    let mut receive = FrameReceiver::<FromServer>::new(receive);
    let mut ask = async |id, request| {
        let question = encode(&ToServer { id, request }).unwrap();
        send.write_all(&question).await.unwrap();
        loop {
            match soon("an answer", receive.recv()).await.unwrap() {
                Some(FromServer::Answer {
                    id: answered,
                    answer,
                }) if answered == id => {
                    return answer.unwrap();
                }
                Some(_) => {}
                None => panic!("the conversation ended"),
            }
        }
    };
    ask(1, Request::Hello { version: VERSION }).await;
    let (name, secret) = ("Ana".to_owned(), [1; 32]);
    ask(
        2,
        Request::Join {
            code: Some(code),
            name,
            secret,
            running: Vec::new(),
            source: Source::default(),
            sos: false,
        },
    )
    .await;
    let session = eva.connect(code).await.unwrap();
    ask(
        3,
        Request::AnswerConnect {
            session,
            answer: crate::office::yes(),
        },
    )
    .await;
    ask(4, Request::SessionUp { session }).await;
    send.write_all(&[0xff; 8]).await.unwrap();
    soon("the connection's end", connection.closed()).await;
    // That is no end of the session: it runs between the two sides, not through the server.
    let case = eva.show(code).await.unwrap();
    assert_eq!(
        (case.status, case.customer_online),
        (Status::InProgress, false)
    );
}

#[tokio::test]
async fn whoever_does_not_greet_first_is_told_so_and_sent_away() {
    let office = Office::open().await;
    let greetings = [
        Request::ShowDesk,
        Request::SignIn {
            name: "eva".to_owned(),
            password: crate::office::PASSWORD.to_owned(),
        },
        Request::Hello {
            version: VERSION + 1,
        },
    ];
    for request in greetings {
        let (_node, connection) = office.connection().await;
        let (send, receive) = connection.open_bi().await.unwrap();
        FrameSender::new(send, 0)
            .send(&ToServer { id: 9, request })
            .await
            .unwrap();
        let mut receive = FrameReceiver::<FromServer>::new(receive);
        let refused = FromServer::Answer {
            id: 9,
            answer: Err(Refusal::Version),
        };
        assert_eq!(
            soon("the refusal", receive.recv()).await.unwrap(),
            Some(refused)
        );
        soon("the connection's end", connection.closed()).await;
    }
}

#[tokio::test]
async fn a_second_greeting_is_not_allowed_and_harms_nobody() {
    let office = Office::open().await;
    let eva = office.watcher("eva").await;
    let again = eva.ask(Request::Hello { version: VERSION }).await;
    assert_eq!(again, Err(Refusal::NotAllowed));
    assert!(matches!(
        eva.ask(Request::ShowDesk).await,
        Ok(Answer::Desk(_))
    ));
}

#[tokio::test]
async fn packets_that_are_no_quic_are_ignored() {
    let office = Office::open().await;
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    let mut state = 1_u32;
    for length in 0..1400 {
        let noise: Vec<u8> = (0..length)
            .map(|_| {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                state.to_be_bytes()[0]
            })
            .collect();
        socket.send_to(&noise, office.name.address()).unwrap();
    }
    office.supporter("eva").await.new_case().await;
}

/// The first packets of so many clients that nobody answers.
async fn first_packets(office: &Office, count: usize) -> Vec<Vec<u8>> {
    let mut packets = Vec::new();
    for _ in 0..count {
        // One of its own for each, or one would hear another's farewell.
        let nobody = tokio::net::UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let elsewhere = aldis_trust::ServerName {
            port: nobody.local_addr().unwrap().port(),
            ..office.name.clone()
        };
        let mut dialling = JoinSet::new();
        dialling.spawn(async move { node().dial_server(&elsewhere).await.map(drop) });
        let mut packet = vec![0; 2048];
        let length = soon("a first packet", nobody.recv(&mut packet)).await;
        packet.truncate(length.unwrap());
        packets.push(packet);
    }
    packets
}

#[tokio::test]
async fn under_load_a_stranger_must_hear_us_before_work_is_done_for_him() {
    const RETRY: u8 = 3;
    let office = Office::open().await;
    let mut strangers = Vec::new();
    let mut kinds = Vec::new();
    for packet in first_packets(&office, 80).await {
        let stranger = tokio::net::UdpSocket::bind("127.0.0.1:0").await.unwrap();
        stranger.connect(office.name.address()).await.unwrap();
        stranger.send(&packet).await.unwrap();
        let mut answer = [0; 2048];
        let length = soon(
            &format!("an answer after {kinds:?}"),
            stranger.recv(&mut answer),
        )
        .await
        .unwrap();
        kinds.push(answer[0] >> 4 & 3);
        strangers.push((stranger, packet.len(), length));
    }
    assert_ne!(kinds[0], RETRY);
    assert_eq!(kinds.last(), Some(&RETRY));
    // Nobody is locked out meanwhile.
    office.supporter("eva").await.new_case().await;
    // And nobody's address can be flooded through us.
    for (stranger, said, mut heard) in strangers {
        let mut more = [0; 2048];
        while let Ok(length) = stranger.try_recv(&mut more) {
            heard += length;
        }
        assert!(heard <= 3 * said, "{heard} bytes for {said}");
    }
}
