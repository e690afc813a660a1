//! The customer's engine, and what its window would show.

use std::sync::Arc;
use std::time::Instant;

use aldis_host::{Choice, Command, Host, Stage, View};
use aldis_netlab::{Runtime, Site};
use aldis_trust::ServerName;
use aldis_wire::Code;
use anyhow::{Context as _, Result};
use tokio::sync::Notify;

use crate::wait::soon;

/// A customer at his computer.
#[derive(Debug)]
pub struct Customer {
    /// Where he is.
    pub runtime: Runtime,
    host: Host,
    changed: Arc<Notify>,
}

impl Customer {
    /// Joins the case from this computer and waits for a supporter.
    pub fn join(at: &Site, server: &ServerName, code: Code) -> Result<Self> {
        let runtime = at.runtime()?;
        let changed = Arc::new(Notify::new());
        let tell = Arc::clone(&changed);
        let handle = runtime.handle().clone();
        let host = at.run(move || Host::start(&handle, move || tell.notify_one()))??;
        host.send(Command::Join {
            server: server.clone(),
            code: Some(code),
            name: "Ana".to_owned(),
            secret: [1; 32],
            source: Box::default(),
            sos: false,
            met: Vec::new(),
        });
        let customer = Self {
            runtime,
            host,
            changed,
        };
        customer.until("the waiting", |view| view.stage == Stage::Waiting)?;
        Ok(customer)
    }

    /// Waits until the window would show this.
    pub fn until(&self, what: &str, shows: impl Fn(&View) -> bool + Sync) -> Result<View> {
        let shown = async {
            loop {
                let view = self.host.view();
                if shows(&view) {
                    return view;
                }
                self.changed.notified().await;
            }
        };
        let outcome = self.runtime.block_on(soon(what, shown));
        outcome.with_context(|| format!("the customer: {:?}", self.host.view()))
    }

    /// Is asked for consent, and says yes to everything; gives when.
    pub fn allow(&self) -> Result<Instant> {
        self.until("the question", |view| {
            matches!(view.stage, Stage::Asked { .. })
        })?;
        self.host.send(Command::Choose(Choice::Allow));
        Ok(Instant::now())
    }

    /// Ends the session.
    pub fn end(&self) {
        self.host.send(Command::End);
    }

    /// What the window would show.
    pub fn view(&self) -> View {
        self.host.view()
    }
}
