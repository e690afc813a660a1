//! A conversation over connections that come and go: everything arrives, once and in order.

#![expect(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    reason = "a test may fail by panicking, and its tasks end with it"
)]

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use aldis_link::{
    Connection, FrameReceiver, FrameSender, Identity, InLane, Keep, Node, OutLane, RecvError,
};
use aldis_wire::peer::ToHost;
use proptest::test_runner::{Config, TestRunner};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::timeout;

fn node() -> Node {
    let identity = Arc::new(Identity::generate().unwrap());
    Node::bind(identity, SocketAddr::from(([127, 0, 0, 1], 0))).unwrap()
}

async fn connect(from: &Node, to: &Node) -> (Connection, Connection) {
    let at = [to.local_addr().unwrap()];
    let (dialled, accepted) = tokio::join!(from.dial_peer(&at, to.identity().hash()), async {
        to.accept().await.unwrap().await.unwrap()
    });
    (dialled.unwrap(), accepted)
}

/// What one connection of a history does.
#[derive(Clone, Debug)]
struct Leg {
    /// After how many further messages the next one takes over.
    messages: u32,
    /// It is cut before that, not after.
    cut: bool,
    /// How many messages that the receiver has are counted as lacking when it begins.
    forgotten: u64,
}

struct Talk {
    out: Arc<OutLane<ToHost>>,
    heard: Arc<InLane<ToHost>>,
    sender: Node,
    receiver: Node,
    pumps: JoinSet<()>,
    hearers: JoinSet<()>,
}

impl Talk {
    fn new(news: mpsc::Sender<ToHost>) -> Self {
        let (sender, receiver) = (node(), node());
        receiver.expect_peers(&[sender.identity().hash()]);
        Self {
            out: Arc::new(OutLane::patient(100_000)),
            heard: Arc::new(InLane::new(news)),
            sender,
            receiver,
            pumps: JoinSet::new(),
            hearers: JoinSet::new(),
        }
    }

    /// The conversation goes on over a new connection; the older ones are still heard.
    async fn go_on(&mut self, forgotten: u64) -> (Connection, Connection) {
        let (there, here) = connect(&self.sender, &self.receiver).await;
        let lacking = self.heard.lacking().saturating_sub(forgotten);
        let from = self.out.begin(lacking);
        let stream = FrameSender::new(there.open_uni().await.unwrap(), 0);
        self.pumps.abort_all();
        let out = Arc::clone(&self.out);
        self.pumps.spawn(async move {
            drop(out.pump(stream, from).await);
        });
        let (heard, connection) = (Arc::clone(&self.heard), here.clone());
        self.hearers.spawn(async move {
            // A stream on which nothing was written before it was abandoned is never seen.
            let Ok(stream) = connection.accept_uni().await else {
                return;
            };
            let ended = heard.hear(&mut FrameReceiver::new(stream), from).await;
            assert!(!matches!(ended, Err(RecvError::Malformed(_))));
        });
        (there, here)
    }
}

fn message(number: u32) -> ToHost {
    // Some are long enough to be cut in their middle.
    if number.is_multiple_of(7) {
        ToHost::Candidates(vec![SocketAddr::from(([10, 0, 0, 1], number as u16)); 400])
    } else {
        ToHost::FrameDone { sequence: number }
    }
}

#[test]
fn whatever_the_connections_do_every_message_arrives_once_and_in_order() {
    let leg = {
        use proptest::prelude::*;
        (0..120_u32, any::<bool>(), 0..40_u64).prop_map(|(messages, cut, forgotten)| Leg {
            messages,
            cut,
            forgotten,
        })
    };
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let mut runner = TestRunner::new(Config::with_cases(24));
    let legs = proptest::collection::vec(leg, 1..8);
    runner
        .run(&legs, |legs| {
            let history = async {
                let (news, mut hearing) = mpsc::channel(4);
                let mut talk = Talk::new(news);
                let total: u32 = legs.iter().map(|leg| leg.messages).sum();
                let hears = tokio::spawn(async move {
                    for number in 0..total {
                        assert_eq!(hearing.recv().await, Some(message(number)));
                    }
                });
                let (mut number, mut kept) = (0, Vec::new());
                for leg in &legs {
                    let (there, here) = talk.go_on(leg.forgotten).await;
                    if leg.cut {
                        there.close(0_u32.into(), b"");
                        talk.out.close();
                    }
                    for _ in 0..leg.messages {
                        talk.out.send(&message(number), Keep::Always).await.unwrap();
                        number += 1;
                    }
                    kept.push((there, here));
                }
                // The last one stays until everything is there.
                kept.push(talk.go_on(0).await);
                hears.await.unwrap();
            };
            runtime.block_on(async {
                timeout(Duration::from_mins(1), history)
                    .await
                    .expect("everything arrives");
            });
            Ok(())
        })
        .unwrap();
}

#[tokio::test]
async fn what_is_meant_for_the_moment_is_not_said_after_a_cut() {
    let (news, mut hearing) = mpsc::channel(4);
    let mut talk = Talk::new(news);
    let connections = talk.go_on(0).await;
    talk.out.send(&message(1), Keep::Always).await.unwrap();
    assert_eq!(hearing.recv().await, Some(message(1)));
    talk.pumps.abort_all();
    drop(connections);
    talk.out.close();
    talk.out
        .send(&message(2), Keep::WhileConnected)
        .await
        .unwrap();
    talk.out.send(&message(3), Keep::Always).await.unwrap();
    let _connections = talk.go_on(0).await;
    assert_eq!(hearing.recv().await, Some(message(3)));
}
