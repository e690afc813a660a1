//! A case from sign-in to close, with both engines as the two apps use them.

use std::sync::{Arc, Mutex};

use aldis_host::{Choice, Stage};
use aldis_screen::Frame;
use aldis_trust::ServerName;
use aldis_viewer::{Command, Desk, Identity, Over, Session, SessionStage, View, Viewer};
use aldis_wire::input::Input;
use aldis_wire::peer::{EndReason, Grant};
use aldis_wire::signal::Status;
use tokio::runtime::Handle;
use tokio::sync::Notify;

use crate::customer::Customer;
use crate::desktop::Desktop;
use crate::stage::{Office, PASSWORD, SCREEN, on_stage, soon};

#[test]
fn a_supporter_sees_the_exact_screen_controls_it_and_is_stopped() {
    on_stage(
        "whole_way::a_supporter_sees_the_exact_screen_controls_it_and_is_stopped",
        play,
    );
}

async fn play() {
    let office = Office::open().await;
    let desktop = Desktop::open();
    desktop.draw((0, 0), (200, 150), 1);
    let eva = Eva::sign_in(&office.name).await;
    eva.viewer.send(Command::NewCase {
        customer: String::new(),
    });
    let code = eva
        .until("the new case", |view| view.created.is_some())
        .await
        .created
        .unwrap();
    let customer = Customer::waiting(&office.name, code).await;
    let here = |view: &View| {
        view.cases
            .get(&code)
            .is_some_and(|case| case.customer_online)
    };
    eva.until("Ana's coming", here).await;

    eva.viewer.send(Command::Connect {
        code,
        view_only: false,
    });
    customer.choose(Choice::Allow).await;
    eva.until_granted(Grant::Control).await;
    let status = |view: &View| view.cases.get(&code).map(|case| case.status);
    eva.until("the status", |view| {
        status(view) == Some(Status::InProgress)
    })
    .await;
    customer
        .until("the session", |view| live(view) == Some(Grant::Control))
        .await;

    eva.sees(&desktop.pixels()).await;
    let places = [
        ((0, 0), (640, 100)),
        ((123, 77), (1, 1)),
        ((301, 200), (339, 280)),
    ];
    for (seed, (place, size)) in (2..).zip(places) {
        desktop.draw(place, size, seed);
        eva.sees(&desktop.pixels()).await;
    }

    eva.viewer
        .send(Command::Input(Input::PointerMove { x: 320, y: 111 }));
    let moved = |session: &Session| session.picture.pointer().place == Some((320, 111));
    eva.until_session("the pointer's move", moved).await;
    assert_eq!(desktop.pointer(), (320, 111));

    customer.host.send(aldis_host::Command::StopControl);
    eva.until_granted(Grant::View).await;
    customer
        .until("the stop", |view| live(view) == Some(Grant::View))
        .await;
    eva.viewer
        .send(Command::Input(Input::PointerMove { x: 5, y: 5 }));
    eva.until_session("the report", |session| session.ignored == 1)
        .await;
    assert_eq!(desktop.pointer(), (320, 111));
    // Seeing goes on.
    desktop.draw((40, 300), (64, 64), 9);
    eva.sees(&desktop.pixels()).await;

    customer.host.send(aldis_host::Command::End);
    let over = SessionStage::Over(Over::Ended(EndReason::Customer));
    eva.until_session("the end", |session| session.stage == over)
        .await;
    let view = customer
        .until("the end", |view| matches!(view.stage, Stage::Over { .. }))
        .await;
    match view.stage {
        Stage::Over {
            supporter,
            lasted,
            reason,
        } => {
            assert_eq!(
                (supporter.name.as_str(), reason),
                ("eva", EndReason::Customer)
            );
            assert!(lasted > 0);
        }
        other => panic!("{other:?}"),
    }
    let view = eva
        .until("the status", |view| status(view) == Some(Status::Pending))
        .await;
    let case = &view.cases[&code];
    let (started, ended) = (case.started_at.unwrap(), case.ended_at.unwrap());
    assert_eq!(case.duration, ended - started);

    eva.viewer.send(Command::CloseCase(code));
    eva.until("the close", |view| status(view) == Some(Status::Closed))
        .await;
    let closed = |view: &aldis_host::View| {
        view.case
            .as_ref()
            .is_some_and(|case| case.status == Status::Closed)
    };
    customer.until("the close", closed).await;
    customer.host.close().await;
    eva.viewer.close().await;
}

fn live(view: &aldis_host::View) -> Option<Grant> {
    match view.stage {
        Stage::Live { grant, .. } => Some(grant),
        _ => None,
    }
}

/// The supporter's engine, and what its window would show.
struct Eva {
    viewer: Viewer,
    changed: Arc<Notify>,
    texture: Mutex<Frame>,
}

impl Eva {
    async fn sign_in(server: &ServerName) -> Self {
        let changed = Arc::new(Notify::new());
        let tell = Arc::clone(&changed);
        let identity = Identity::generate().unwrap();
        let viewer = Viewer::start(&Handle::current(), identity, move || tell.notify_one());
        let eva = Self {
            viewer: viewer.unwrap(),
            changed,
            texture: Mutex::default(),
        };
        let (name, password) = ("eva".to_owned(), PASSWORD.to_owned());
        eva.viewer.send(Command::SignIn {
            server: server.clone(),
            name,
            password,
        });
        let signed_in = |view: &View| matches!(view.desk, Desk::SignedIn { online: true, .. });
        eva.until("the sign-in", signed_in).await;
        eva
    }

    async fn until(&self, what: &str, shows: impl Fn(&View) -> bool) -> View {
        let shown = async {
            loop {
                let view = self.viewer.view();
                if shows(&view) {
                    return view;
                }
                self.changed.notified().await;
            }
        };
        soon(what, shown).await
    }

    async fn until_session(&self, what: &str, is: impl Fn(&Session) -> bool) {
        self.until(what, |view| view.session.as_ref().is_some_and(&is))
            .await;
    }

    async fn until_granted(&self, wanted: Grant) {
        let granted = |session: &Session| match session.stage {
            SessionStage::Live { grant, .. } => grant == wanted,
            _ => false,
        };
        self.until_session("the grant", granted).await;
    }

    /// Paints like a window, only what changed, until its texture has exactly these pixels.
    async fn sees(&self, pixels: &[u8]) {
        let same = |session: &Session| {
            let mut texture = self.texture.lock().unwrap();
            session.picture.take(false, |frame, changed| {
                if texture.bounds() != frame.bounds() {
                    *texture = Frame::new(frame.width(), frame.height()).unwrap();
                }
                for rect in changed {
                    for y in rect.y..rect.bottom() {
                        texture
                            .row_mut(*rect, y)
                            .copy_from_slice(frame.row(*rect, y));
                    }
                }
            });
            (texture.width(), texture.height()) == (SCREEN.0.into(), SCREEN.1.into())
                && colours(texture.data()).eq(colours(pixels))
        };
        self.until_session("the exact picture", same).await;
    }
}

/// Each pixel's blue, green and red.
fn colours(pixels: &[u8]) -> impl Iterator<Item = &[u8]> {
    pixels.chunks_exact(4).map(|pixel| &pixel[..3])
}
