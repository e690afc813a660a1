//! Aldis' own nodes talk in a lab, each in its place, within one process.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use aldis_link::{Identity, Node};
use aldis_netlab::{Conditions, Direction, Lab, Loss, Nat};
use aldis_trust::{Fingerprint, ServerName};
use anyhow::{Context as _, Result, ensure};
use tokio::time::timeout;

use crate::sockets::LIMIT;

const PORT: u16 = 4_747;

#[test]
fn a_connection_carries_a_file_over_a_bad_link_and_lives_when_the_address_changes() -> Result<()> {
    let Some(lab) = Lab::or_skip()? else {
        return Ok(());
    };
    let (town, home) = (lab.public("town")?, lab.site("home", Nat::PortRestricted)?);
    home.link().set(Conditions {
        delay: Duration::from_millis(5),
        loss: Loss::random(0.01),
        rate: Some(30_000_000),
        ..Conditions::default()
    });
    let (there, here) = (town.runtime()?, home.runtime()?);
    let key = Arc::new(Identity::generate()?);
    let name = ServerName {
        host: town.address().to_string(),
        port: PORT,
        fingerprint: Fingerprint(key.hash()),
        organisation: None,
    };
    let server = there.block_on(async {
        let node = Node::bind(key, SocketAddr::from(([0, 0, 0, 0], PORT)))?;
        node.serve_anyone();
        anyhow::Ok(node)
    })?;
    let accepted = there.handle().spawn({
        let server = server.clone();
        async move {
            let connection = server.accept().await.context("open")?.await?;
            anyhow::Ok(connection)
        }
    });
    let identity = Arc::new(Identity::generate()?);
    let (node, dialled) = here.block_on(async {
        let node = Node::bind_any(identity)?;
        let (connection, _) = timeout(LIMIT, node.dial_server(&name))
            .await
            .context("dialling")??;
        anyhow::Ok((node, connection))
    })?;
    let accepted = there
        .block_on(async { timeout(LIMIT, accepted).await })
        .context("accepting")???;
    let before = home.public_address();
    ensure!(accepted.remote_address().ip() == before);

    let file: Vec<u8> = (0..300_000_u32).map(|it| (it ^ (it >> 8)) as u8).collect();
    let (mut outgoing, _) = here.block_on(dialled.open_bi())?;
    let mut incoming = None;
    for is_moved in [false, true] {
        if is_moved {
            home.renumber()?;
        }
        let sent = file.clone();
        let sender = here.handle().spawn(async move {
            outgoing.write_all(&sent).await?;
            anyhow::Ok(outgoing)
        });
        let mut came = vec![0; file.len()];
        let stream = there.block_on(async {
            let mut stream = match incoming.take() {
                Some(stream) => stream,
                None => {
                    timeout(LIMIT, accepted.accept_bi())
                        .await?
                        .context("a stream")?
                        .1
                }
            };
            timeout(LIMIT, stream.read_exact(&mut came))
                .await
                .context("the file")??;
            anyhow::Ok(stream)
        });
        incoming = Some(stream.with_context(|| format!("moved: {is_moved}"))?);
        outgoing = here.block_on(sender)??;
        ensure!(came == file, "the file is another, moved: {is_moved}");
    }
    let after = accepted.remote_address().ip();
    ensure!(after == home.public_address() && after != before, "{after}");
    ensure!(home.link().tally(Direction::Up).lost > 0);
    here.block_on(node.close());
    there.block_on(server.close());
    Ok(())
}
