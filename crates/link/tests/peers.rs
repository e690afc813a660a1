//! Real sockets: who gets a connection, and who does not.

#![expect(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    reason = "a test may fail by panicking, and its tasks end with it"
)]

use std::net::SocketAddr;
use std::sync::Arc;

use aldis_link::{DialError, FrameReceiver, FrameSender, Identity, Node, peer_key};
use aldis_trust::{Fingerprint, ServerName};
use aldis_wire::peer::ToHost;

fn node() -> Node {
    let identity = Arc::new(Identity::generate().unwrap());
    Node::bind(identity, SocketAddr::from(([127, 0, 0, 1], 0))).unwrap()
}

fn name_of(node: &Node) -> ServerName {
    let address = node.local_addr().unwrap();
    let fingerprint = Fingerprint(node.identity().hash());
    ServerName {
        host: address.ip().to_string(),
        port: address.port(),
        fingerprint,
        organisation: None,
    }
}

#[tokio::test]
async fn peers_that_know_each_others_keys_exchange_frames() {
    let (host, viewer) = (node(), node());
    host.expect_peers(&[viewer.identity().hash()]);
    let candidates = [host.local_addr().unwrap()];
    let key = host.identity().hash();
    let dial = tokio::task::spawn({
        let viewer = viewer.clone();
        async move { viewer.dial_peer(&candidates, key).await.unwrap() }
    });
    let accepted = host.accept().await.unwrap().await.unwrap();
    let dialled = dial.await.unwrap();
    let (send, _receive) = dialled.open_bi().await.unwrap();
    let message = ToHost::FrameDone { sequence: 3 };
    FrameSender::new(send, 0).send(&message).await.unwrap();
    let (_send, receive) = accepted.accept_bi().await.unwrap();
    assert_eq!(
        FrameReceiver::<ToHost>::new(receive).recv().await.unwrap(),
        Some(message)
    );
}

#[tokio::test]
async fn a_peer_with_another_key_than_expected_gets_no_session() {
    let (host, viewer, stranger) = (node(), node(), node());
    host.expect_peers(&[viewer.identity().hash()]);
    let candidates = [host.local_addr().unwrap()];
    let key = host.identity().hash();
    let accept = tokio::task::spawn({
        let host = host.clone();
        async move { host.accept().await.unwrap().await.err() }
    });
    // A QUIC client counts as connected before the server has judged its certificate, so the
    // stranger may see a connection; it dies before a byte of it was answered.
    if let Ok(connection) = stranger.dial_peer(&candidates, key).await {
        connection.closed().await;
    }
    assert!(accept.await.unwrap().is_some());
}

#[tokio::test]
async fn of_several_expected_peers_each_is_known_by_its_own_key() {
    let (host, first, second) = (node(), node(), node());
    let keys = [first.identity().hash(), second.identity().hash()];
    host.expect_peers(&keys);
    let candidates = [host.local_addr().unwrap()];
    let key = host.identity().hash();
    for (viewer, own) in [(&second, keys[1]), (&first, keys[0])] {
        let (accepted, dialled) = tokio::join!(
            async { host.accept().await.unwrap().await.unwrap() },
            viewer.dial_peer(&candidates, key)
        );
        assert!(dialled.is_ok());
        assert_eq!(peer_key(&accepted), Some(own));
    }
}

#[tokio::test]
async fn a_host_with_another_key_than_expected_gets_no_session() {
    let (host, viewer) = (node(), node());
    host.expect_peers(&[viewer.identity().hash()]);
    let accept = tokio::task::spawn({
        let host = host.clone();
        async move { host.accept().await.unwrap().await.err() }
    });
    let outcome = viewer
        .dial_peer(&[host.local_addr().unwrap()], [7; 32])
        .await;
    assert!(
        matches!(outcome, Err(DialError::WrongKey(_))),
        "{outcome:?}"
    );
    assert!(accept.await.unwrap().is_some());
}

#[tokio::test]
async fn a_server_is_known_by_its_fingerprint_only() {
    let (server, app) = (node(), node());
    server.serve_anyone();
    let acceptor = tokio::task::spawn({
        let server = server.clone();
        async move {
            while let Some(incoming) = server.accept().await {
                drop(incoming.await);
            }
        }
    });
    let mut name = name_of(&server);
    assert!(app.dial_server(&name).await.is_ok());
    name.fingerprint = Fingerprint([1; 32]);
    assert!(matches!(
        app.dial_server(&name).await,
        Err(DialError::WrongKey(_))
    ));
    acceptor.abort();
}

#[tokio::test]
async fn nobody_there_is_said_so() {
    let app = node();
    let name = name_of(&node());
    assert!(matches!(
        app.dial_server(&name).await,
        Err(DialError::NoAnswer(_))
    ));
}

#[tokio::test]
async fn a_taken_port_is_said_so() {
    let first = node();
    let identity = Arc::new(Identity::generate().unwrap());
    let outcome = Node::bind(identity, first.local_addr().unwrap());
    assert!(matches!(outcome, Err(aldis_link::BindError::InUse(_))));
}
