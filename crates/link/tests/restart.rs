//! A server that dies and comes back on the same port.

#![expect(
    clippy::unwrap_used,
    reason = "a test may fail by panicking, and its tasks end with it"
)]

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use aldis_link::{BindError, Connection, Identity, Node};
use aldis_trust::{Fingerprint, ServerName};
use tokio::runtime::Runtime;
use tokio::time::timeout;

/// Much less than the time after which a silent connection counts as lost.
const SOON: Duration = Duration::from_secs(3);

/// A server as a process has it: with a runtime of its own, which is gone when it is killed.
struct Process {
    runtime: Runtime,
    node: Node,
}

impl Process {
    fn start(key: &[u8], address: SocketAddr) -> Self {
        let runtime = Runtime::new().unwrap();
        let identity = Arc::new(Identity::from_pkcs8(key).unwrap());
        // The dead one's socket is closed a moment after its runtime is gone.
        let bound = runtime.block_on(async {
            let free = async {
                loop {
                    match Node::bind(Arc::clone(&identity), address) {
                        Err(BindError::InUse(_)) => tokio::time::sleep(SOON / 300).await,
                        bound => return bound,
                    }
                }
            };
            timeout(SOON, free).await
        });
        let node = bound.expect("the port is free").unwrap();
        node.serve_anyone();
        Self { runtime, node }
    }

    fn name(&self) -> ServerName {
        let address = self.node.local_addr().unwrap();
        ServerName {
            host: address.ip().to_string(),
            port: address.port(),
            fingerprint: Fingerprint(self.node.identity().hash()),
            organisation: None,
        }
    }

    /// Takes the connection of a client that dials.
    fn meet(&self, client: &Runtime, node: &Node) -> (Connection, Connection) {
        let name = self.name();
        let (dialled, taken) = client.block_on(async {
            tokio::join!(node.dial_server(&name), async {
                self.node.accept().await.unwrap().await
            })
        });
        (dialled.unwrap().0, taken.unwrap())
    }

    /// Ends without a word, as a killed process does.
    fn kill(self, connection: Connection) {
        self.runtime.shutdown_timeout(SOON);
        drop((connection, self.node));
    }
}

#[test]
fn an_app_notices_at_once_that_its_server_is_another_process() {
    let key = Identity::generate().unwrap().to_pkcs8();
    let client = Runtime::new().unwrap();
    let identity = Arc::new(Identity::generate().unwrap());
    let node = client.block_on(async { Node::bind_any(identity).unwrap() });

    let server = Process::start(&key, SocketAddr::from(([127, 0, 0, 1], 0)));
    let address = server.node.local_addr().unwrap();
    let (connection, taken) = server.meet(&client, &node);
    server.kill(taken);
    let server = Process::start(&key, address);
    let reason = client.block_on(async {
        // A packet that was on its way may have told it before.
        if let Ok((mut send, _receive)) = connection.open_bi().await {
            send.write_all(b"are you there?").await.ok();
        }
        timeout(SOON, connection.closed()).await
    });
    assert_eq!(
        reason.map(|reason| reason.to_string()),
        Ok("reset by peer".to_owned())
    );
    // And it finds the new one.
    server.meet(&client, &node);
}

#[test]
fn a_process_with_another_key_cannot_reset_it() {
    let key = |identity: Identity| identity.to_pkcs8();
    let (ours, strange) = (Identity::generate().unwrap(), Identity::generate().unwrap());
    let client = Runtime::new().unwrap();
    let identity = Arc::new(Identity::generate().unwrap());
    let node = client.block_on(async { Node::bind_any(identity).unwrap() });

    let server = Process::start(&key(ours), SocketAddr::from(([127, 0, 0, 1], 0)));
    let address = server.node.local_addr().unwrap();
    let (connection, taken) = server.meet(&client, &node);
    server.kill(taken);
    let _stranger = Process::start(&key(strange), address);
    let reason = client.block_on(async {
        let (mut send, _receive) = connection.open_bi().await.unwrap();
        send.write_all(b"are you there?").await.unwrap();
        timeout(SOON, connection.closed()).await
    });
    assert!(reason.is_err(), "{reason:?}");
}
