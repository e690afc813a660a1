//! A router that gives ports to whoever asks for them (UPnP), by the program that many real ones run.

use std::fs;
use std::io;
use std::net::TcpStream;
use std::process::{Child, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use tempfile::TempDir;

use crate::addresses;
use crate::lab::Unavailable;
use crate::space::{Space, tool};

/// Where it describes itself.
const PORT: u16 = 5000;

/// How long it may take to start.
const LIMIT: Duration = Duration::from_secs(10);

/// How long to leave it alone meanwhile.
const PAUSE: Duration = Duration::from_millis(5);

/// Where it puts what it gives; it makes neither the table nor the chains.
const TABLE: &str = "table inet upnp {
chain given { }
chain forward { type filter hook forward priority filter; jump given; }
chain into { }
chain enter { type nat hook prerouting priority dstnat; jump into; }
chain outof { }
chain leave { type nat hook postrouting priority srcnat; jump outof; }
}
";

/// The program that gives ports; gives none any more when this is dropped.
#[derive(Debug)]
pub struct PortGiver {
    process: Child,
    _folder: TempDir,
}

impl PortGiver {
    /// Starts it at the router whose network this is. The error is [`Unavailable`] where it is not installed.
    pub(crate) fn start(space: &Space) -> Result<Self> {
        space.nft(TABLE)?;
        let folder = tempfile::tempdir()?;
        let settings = folder.path().join("settings");
        let text = format!(
            "ext_ifname=wan\nlistening_ip=lan\nhttp_port={PORT}\nenable_natpmp=no\nenable_upnp=yes\n\
             secure_mode=yes\nipv6_disable=yes\n\
             upnp_table_name=upnp\nupnp_nat_table_name=upnp\nupnp_forward_chain=given\n\
             upnp_nat_chain=into\nupnp_nat_postrouting_chain=outof\n\
             uuid=00000000-0000-0000-0000-000000000001\n\
             allow 1024-65535 {}/24 1024-65535\ndeny 0-65535 0.0.0.0/0 0-65535\n",
            addresses::home(0)
        );
        fs::write(&settings, text)?;
        let mut command = tool("setpriv");
        command
            .args(["--pdeathsig", "KILL", "--", "miniupnpd", "-d", "-f"])
            .arg(&settings)
            .arg("-P")
            .arg(folder.path().join("pid"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        // On the thread that holds the network: the program is there, and goes with it.
        let process = space.run(move || command.spawn())??;
        let mut giver = Self {
            process,
            _folder: folder,
        };
        giver.wait(space)?;
        Ok(giver)
    }

    fn wait(&mut self, space: &Space) -> Result<()> {
        let start = Instant::now();
        let describes_itself =
            || space.run(|| TcpStream::connect((addresses::home(0), PORT)).map(drop));
        while describes_itself()?.is_err() {
            if let Some(status) = self.process.try_wait()? {
                let why = match status.code() {
                    Some(127) => "the program miniupnpd (miniupnpd-nftables) is missing".to_owned(),
                    _ => format!("miniupnpd ended: {status}"),
                };
                return Err(Unavailable::new(why).into());
            }
            if start.elapsed() > LIMIT {
                bail!("miniupnpd does not answer");
            }
            thread::sleep(PAUSE);
        }
        Ok(())
    }

    fn end(&mut self) -> io::Result<()> {
        self.process.kill()?;
        self.process.wait().map(drop)
    }
}

impl Drop for PortGiver {
    fn drop(&mut self) {
        drop(self.end());
    }
}

/// Every port that the router has given: the lines of its NAT.
pub(crate) fn given(space: &Space) -> Result<Vec<String>> {
    let output = space.run(|| {
        tool("nft")
            .args(["list", "chain", "inet", "upnp", "into"])
            .stdin(Stdio::null())
            .output()
    })?;
    let output = output.context("starting nft")?;
    let text = String::from_utf8_lossy(&output.stdout);
    let lines = text.lines().map(str::trim);
    Ok(lines
        .filter(|line| line.contains("dnat"))
        .map(str::to_owned)
        .collect())
}
