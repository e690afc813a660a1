//! What a lying server does not keep from coming up, and does not get anything from.

use aldis_host::{Command, Notice, Stage, View};
use aldis_link::candidates;
use aldis_session::host::About;
use aldis_trust::Known;
use aldis_trust::organisation::DAY;
use aldis_viewer::{Session, SessionStage};
use aldis_wire::input::Input;
use aldis_wire::peer::{Grant, ToHost, ToViewer};
use aldis_wire::relay::Side;
use aldis_wire::signal::{Consent, Request};
use aldis_wire::{SessionId, VERSION};

use super::liar::Who;
use super::mallory::{Mallory, meets_eva};
use super::papers::{Keys, list};
use super::scene::{Build, LIST, PICTURE, SESSION, Scene};
use crate::stage::{on_stage, soon};

/// Another organisation, of the same name.
const THEIRS: u8 = 2;

fn is_live(view: &View) -> bool {
    matches!(view.stage, Stage::Live { .. })
}

/// Eva reads the digits out, and the person types them right.
async fn digits_are_typed(scene: &Scene) {
    let reads = |session: &Session| matches!(session.stage, SessionStage::Digits(_));
    scene.eva.until_session("the digits", reads).await;
    let SessionStage::Digits(read) = scene.eva.viewer.view().session.unwrap().stage else {
        panic!("the digits are gone");
    };
    let asked = |view: &View| {
        matches!(
            view.stage,
            Stage::Asked {
                about: About::Digits { .. },
                ..
            }
        )
    };
    scene
        .customer
        .until("the question for the digits", asked)
        .await;
    scene.customer.host.send(Command::Digits(read));
}

/// Whatever is refused elsewhere is refused for what was done to it: the same papers are believed
/// as they are, and a list that is withheld works for its seven days.
#[test]
fn papers_that_nobody_has_touched_are_believed() {
    let name = "hostile::live::papers_that_nobody_has_touched_are_believed";
    on_stage(name, async || {
        for build in [Build::Branded, Build::Met(LIST), Build::Generic] {
            for days in [0, 6] {
                let scene = Scene::open(build).await;
                let mut papers = scene.asks().await;
                let at = scene.now - days * DAY;
                papers.chain().revoked = scene.ours.revoke(&list(LIST, at));
                let consent = scene.allowed(&papers).await;
                scene.tell_eva(consent).await;
                if matches!(build, Build::Generic) {
                    digits_are_typed(&scene).await;
                }
                scene.eva.until_granted(Grant::Control).await;
                let view = scene.customer.until("eva", is_live).await;
                let stale = (days > 0).then_some(Notice::StaleList(days));
                assert_eq!(view.notice, stale, "{build:?}");
                let root = scene.ours.root();
                assert_eq!(view.met, [Known { root, list: LIST }]);
            }
        }
    });
}

/// While eva's session is being proven, the server asks once more under its name with another
/// organisation's papers, so that eva's digits would vouch for that one.
#[test]
fn what_one_supporter_proves_counts_for_no_other() {
    let name = "hostile::live::what_one_supporter_proves_counts_for_no_other";
    on_stage(name, async || {
        for early in [true, false] {
            let scene = Scene::open(Build::Generic).await;
            let papers = scene.asks().await;
            let theirs = Keys::of(THEIRS, scene.now);
            let mut slipped = papers.clone();
            slipped.key = [9; 32];
            let certificate = theirs.certify([9; 32], "eva", PICTURE, scene.now);
            slipped.credential = Some(theirs.credential(certificate, &list(LIST, scene.now)));
            let consent = scene.allowed(&papers).await;
            if early {
                scene.liar.tell(Who::Customer, slipped.asked()).await;
            }
            scene.tell_eva(consent).await;
            if !early {
                let asked = |view: &View| {
                    matches!(
                        view.stage,
                        Stage::Asked {
                            about: About::Digits { .. },
                            ..
                        }
                    )
                };
                scene
                    .customer
                    .until("the question for the digits", asked)
                    .await;
                scene.liar.tell(Who::Customer, slipped.asked()).await;
                let declined = |_, request: &Request| match request {
                    Request::AnswerConnect {
                        answer: Consent::Declined { .. },
                        ..
                    } => Some(()),
                    _ => None,
                };
                scene.liar.until("the no to it", declined).await;
            }
            digits_are_typed(&scene).await;
            scene.eva.until_granted(Grant::Control).await;
            let view = scene.customer.until("eva", is_live).await;
            let root = scene.ours.root();
            assert_eq!(view.met, [Known { root, list: LIST }], "early: {early}");
        }
    });
}

/// The server tells both that the other is where somebody listens who has neither key.
#[test]
fn nobody_is_taken_for_another_for_being_at_his_address() {
    let name = "hostile::live::nobody_is_taken_for_another_for_being_at_his_address";
    on_stage(name, async || {
        let scene = Scene::open(Build::Branded).await;
        let mallory = Mallory::new();
        let own = mallory.node.candidates();
        let Some(at) = candidates::accept(own).first().copied() else {
            // A machine without a network has no address that a peer would try.
            return;
        };
        scene.liar.says().seen = Some(at);
        let papers = scene.asks().await;
        let consent = scene.allowed(&papers).await;
        let Consent::Allowed { key: customer, .. } = consent else {
            panic!("a yes")
        };
        mallory.node.expect_peers(&[scene.key, customer]);
        scene.tell_eva(consent).await;
        let came = async { mallory.node.accept().await.unwrap().await };
        let came = soon("somebody's coming", came).await;
        assert!(came.is_err(), "somebody came in");
        scene.eva.until_granted(Grant::Control).await;
        assert!(is_live(&scene.customer.host.view()));
    });
}

/// The supporter knows the customer by the server's word only: one that the server invents is taken
/// for a customer. But he is no way to a real one.
#[test]
fn an_invented_customer_is_no_way_to_a_real_one() {
    let name = "hostile::live::an_invented_customer_is_no_way_to_a_real_one";
    on_stage(name, async || {
        const ANOTHER: SessionId = [6; 16];
        let scene = Scene::open(Build::Branded).await;
        let mut papers = scene.asks().await;
        papers.session = ANOTHER;
        papers.relay = scene.liar.way(ANOTHER, Side::Host);
        let consent = scene.allowed(&papers).await;
        let Consent::Allowed {
            grant,
            key: customer,
        } = consent
        else {
            panic!("a yes")
        };
        let mallory = Mallory::new();
        let theirs = mallory
            .takes_customers_place(&scene.liar, SESSION, scene.key)
            .await;
        let key = mallory.key();
        scene.tell_eva(Consent::Allowed { grant, key }).await;
        let (mut to_eva, _) = meets_eva(&theirs).await;
        let welcome = ToViewer::Welcome {
            version: VERSION,
            grant: Grant::Control,
            since: 0,
        };
        to_eva.send.send(&welcome).await.unwrap();
        scene.eva.until_granted(Grant::Control).await;
        // What she does there is his to see, and goes no further.
        let input = Input::PointerMove { x: 5, y: 6 };
        scene
            .eva
            .viewer
            .send(aldis_viewer::Command::Input(input.clone()));
        let heard = async {
            while let Ok(Some(message)) = to_eva.receive.recv().await {
                if message == ToHost::Input(input.clone()) {
                    return;
                }
            }
            panic!("eva is gone");
        };
        soon("eva's input", heard).await;
        let beyond = mallory
            .dials_as_supporter(&scene.liar, ANOTHER, customer, [0; 32])
            .await;
        if let Ok(mut beyond) = beyond {
            let answer = soon("the end", beyond.receive.recv()).await;
            assert!(!matches!(answer, Ok(Some(_))), "{answer:?}");
        }
        scene.customer_is_told(Notice::NeverConnected).await;
        to_eva.connection.close(aldis_link::close::DONE, b"");
    });
}
