//! A server with an account, on a computer that everybody reaches.

use std::net::{Ipv6Addr, SocketAddr};
use std::path::Path;

use aldis_netlab::{Runtime, Site};
use aldis_rendezvous::{Server, accounts};
use aldis_store::Store;
use aldis_trust::ServerName;
use anyhow::{Context as _, Result};
use tempfile::TempDir;

/// The supporter's account.
pub const SUPPORTER: &str = "eva";

/// Its password.
pub const PASSWORD: &str = "right as rain";

/// Where the server listens, as it does when nobody says otherwise.
const PORT: u16 = 4747;

/// A running server.
#[derive(Debug)]
pub struct Office {
    /// How apps name it.
    pub name: ServerName,
    /// The server's process, as long as it lives.
    runtime: Option<Runtime>,
    folder: TempDir,
    /// The TCP ports on which it listens besides.
    tcp: Vec<u16>,
    /// Its computer, which is there as long as this is.
    at: Site,
}

impl Office {
    /// Starts a server on this computer.
    pub fn open(at: Site) -> Result<Self> {
        Self::open_with(at, &[])
    }

    /// Starts one that listens on these TCP ports as well.
    pub fn open_with(at: Site, tcp: &[u16]) -> Result<Self> {
        let (runtime, folder) = (at.runtime()?, tempfile::tempdir()?);
        let server = start(&runtime, folder.path(), tcp)?;
        let store = Store::open(folder.path())?;
        accounts::add(&store, SUPPORTER, "technician", PASSWORD)?;
        let name = ServerName {
            host: at.public_address().to_string(),
            ..aldis_guild::open(server.name(), &store)?
        };
        runtime.handle().spawn(server.run(std::future::pending()));
        Ok(Self {
            name,
            runtime: Some(runtime),
            folder,
            tcp: tcp.to_owned(),
            at,
        })
    }

    /// Its computer.
    pub fn site(&self) -> &Site {
        &self.at
    }

    /// How apps name it where they only have IPv6.
    pub fn name_over_ipv6(&self) -> Result<ServerName> {
        let own = self.at.host().ipv6().context("an IPv6 address")?;
        Ok(ServerName {
            host: own.to_string(),
            ..self.name.clone()
        })
    }

    /// The server's process dies without a word.
    pub fn kill(&mut self) {
        // Its sockets go with its tasks.
        self.runtime = None;
    }

    /// It is started anew on the same data.
    pub fn start_again(&mut self) -> Result<()> {
        let runtime = self.at.runtime()?;
        let server = start(&runtime, self.folder.path(), &self.tcp)?;
        runtime.handle().spawn(server.run(std::future::pending()));
        self.runtime = Some(runtime);
        Ok(())
    }
}

fn start(runtime: &Runtime, folder: &Path, tcp: &[u16]) -> Result<Server> {
    let listen = SocketAddr::from((Ipv6Addr::UNSPECIFIED, PORT));
    runtime.block_on(async {
        let mut server = Server::start(folder, listen)?;
        for port in tcp {
            server.listen_tcp((Ipv6Addr::UNSPECIFIED, *port).into())?;
        }
        Ok(server)
    })
}
