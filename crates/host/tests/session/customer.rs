//! The customer's engine, and what its window would show.

use std::sync::Arc;

use aldis_host::{Choice, Command, Host, Stage, View};
use aldis_trust::{Known, ServerName};
use aldis_wire::Code;
use aldis_wire::signal::RejoinSecret;
use tokio::runtime::Handle;
use tokio::sync::Notify;

use crate::stage::soon;

/// A customer at his machine.
pub(crate) struct Customer {
    pub(crate) host: Host,
    changed: Arc<Notify>,
}

impl Customer {
    /// Has joined the case and waits for a supporter.
    pub(crate) async fn waiting(server: &ServerName, code: Code) -> Self {
        let customer = Self::coming(server, code, [1; 32], Vec::new());
        customer
            .until("the waiting", |view| view.stage == Stage::Waiting)
            .await;
        assert_eq!(customer.host.view().notice, None);
        customer
    }

    /// Joins the case with this secret; has met these organisations.
    pub(crate) fn coming(
        server: &ServerName,
        code: Code,
        secret: RejoinSecret,
        met: Vec<Known>,
    ) -> Self {
        let changed = Arc::new(Notify::new());
        let tell = Arc::clone(&changed);
        let host = Host::start(&Handle::current(), move || tell.notify_one()).unwrap();
        let (name, server) = ("Ana".to_owned(), server.clone());
        host.send(Command::Join {
            server,
            code: Some(code),
            name,
            secret,
            source: Box::default(),
            sos: false,
            met,
        });
        Self { host, changed }
    }

    /// Waits until the window would show this.
    pub(crate) async fn until(&self, what: &str, shows: impl Fn(&View) -> bool) -> View {
        let shown = async {
            loop {
                let view = self.host.view();
                if shows(&view) {
                    return view;
                }
                self.changed.notified().await;
            }
        };
        soon(what, shown).await
    }

    /// Is asked for consent by `eva`, and chooses.
    pub(crate) async fn choose(&self, choice: Choice) {
        self.choose_for("eva", choice).await;
    }

    /// Is asked for consent by this supporter, and chooses.
    pub(crate) async fn choose_for(&self, who: &str, choice: Choice) {
        let view = self
            .until("the question", |view| {
                matches!(view.stage, Stage::Asked { .. })
            })
            .await;
        match view.stage {
            Stage::Asked { supporter, .. } => assert_eq!(supporter.name, who),
            other => panic!("{other:?}"),
        }
        self.host.send(Command::Choose(choice));
    }
}
