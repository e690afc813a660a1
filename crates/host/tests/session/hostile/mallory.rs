//! Who sits between the two: his key is his own, and the server gives him every right it can.

use std::net::Ipv4Addr;
use std::sync::Arc;

use aldis_link::{Connection, DialError, FrameReceiver, FrameSender, Identity, Node, Place};
use aldis_wire::peer::{Comes, ToHost, ToViewer};
use aldis_wire::relay::Side;
use aldis_wire::{KeyHash, SessionId, VERSION};

use super::liar::Liar;
use super::scene::code;
use crate::stage::soon;

/// The man in the middle.
pub(crate) struct Mallory {
    pub(crate) node: Node,
}

/// A conversation that he has as if he were a supporter's app.
pub(crate) struct AsSupporter {
    _connection: Connection,
    pub(crate) send: FrameSender<ToHost>,
    pub(crate) receive: FrameReceiver<ToViewer>,
}

/// A conversation that he has as if he were a customer's machine.
pub(crate) struct AsCustomer {
    pub(crate) connection: Connection,
    pub(crate) send: FrameSender<ToViewer>,
    pub(crate) receive: FrameReceiver<ToHost>,
}

impl Mallory {
    pub(crate) fn new() -> Self {
        let identity = Arc::new(Identity::generate().unwrap());
        let node = Node::bind_any(identity).unwrap();
        Self { node }
    }

    pub(crate) fn key(&self) -> KeyHash {
        self.node.identity().hash()
    }

    async fn at_the_relay(&self, liar: &Liar, session: SessionId, side: Side) -> Node {
        let place = Place {
            name: liar.name.clone(),
            address: Some(Ipv4Addr::LOCALHOST.into()),
            by_tunnel: false,
        };
        let way = liar.way(session, side);
        self.node.through_relay(&place, &way).await.unwrap()
    }

    /// Takes the customer's place at the relay, before eva comes to it.
    pub(crate) async fn takes_customers_place(
        &self,
        liar: &Liar,
        session: SessionId,
        eva: KeyHash,
    ) -> Node {
        let relayed = self.at_the_relay(liar, session, Side::Host).await;
        relayed.expect_peers(&[eva]);
        relayed
    }

    /// Takes eva's place at the relay and asks the customer's machine in.
    pub(crate) async fn dials_as_supporter(
        &self,
        liar: &Liar,
        session: SessionId,
        customer: KeyHash,
        commitment: [u8; 32],
    ) -> Result<AsSupporter, DialError> {
        let relayed = self.at_the_relay(liar, session, Side::Viewer).await;
        let connection = relayed.dial_relayed(customer).await?;
        let gone = || DialError::Refused(String::new());
        let (send, receive) = connection.open_bi().await.map_err(|_lost| gone())?;
        let mut theirs = AsSupporter {
            _connection: connection,
            send: FrameSender::new(send, 0),
            receive: FrameReceiver::new(receive),
        };
        let hello = ToHost::Hello {
            version: VERSION,
            session,
            case: code(),
            comes: Comes::First,
            commitment,
        };
        theirs.send.send(&hello).await.map_err(|_lost| gone())?;
        Ok(theirs)
    }
}

/// Waits for eva at the relay, where she takes him for the customer.
pub(crate) async fn meets_eva(relayed: &Node) -> (AsCustomer, ToHost) {
    let met = async {
        let connection = relayed.accept().await.unwrap().await.unwrap();
        let (send, receive) = connection.accept_bi().await.unwrap();
        let mut theirs = AsCustomer {
            connection,
            send: FrameSender::new(send, 0),
            receive: FrameReceiver::new(receive),
        };
        let hello = theirs.receive.recv().await.unwrap().unwrap();
        (theirs, hello)
    };
    soon("eva's coming", met).await
}
