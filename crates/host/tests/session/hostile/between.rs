//! What a server does between two who are willing: the person presses Allow in every script.

use aldis_host::{Choice, Command, Notice, Stage, View};
use aldis_link::{DialError, SignalError};
use aldis_trust::organisation::RevocationList;
use aldis_trust::{Fingerprint, ServerName, digits};
use aldis_viewer::{Desk, Identity, Over, Session, SessionStage};
use aldis_wire::peer::{Grant, ToHost, ToViewer};
use aldis_wire::relay::Side;
use aldis_wire::signal::{Consent, Distrust, Push, Refusal, Trust};
use aldis_wire::{Code, SessionId, VERSION};

use super::asked::refused;
use super::liar::{Who, own_case};
use super::mallory::{Mallory, meets_eva};
use super::papers::{Keys, Papers, list};
use super::scene::{Build, LIST, PICTURE, SESSION, Scene, code};
use crate::customer::Customer;
use crate::stage::soon;
use crate::window::Window;

/// Another session than eva's.
const ANOTHER: SessionId = [6; 16];

/// Another organisation, of the same name.
const THEIRS: u8 = 2;

/// Eva did not reach the customer's computer.
fn unreachable(over: &Over) -> bool {
    matches!(over, Over::Unreachable(_))
}

/// Somebody else sits where the customer's machine should be at the relay.
pub(crate) async fn the_customers_place_at_the_relay_is_taken() {
    let scene = Scene::open(Build::Branded).await;
    let mut papers = scene.asks().await;
    papers.relay = scene.liar.way(ANOTHER, Side::Host);
    let consent = scene.allowed(&papers).await;
    let mallory = Mallory::new();
    let theirs = mallory
        .takes_customers_place(&scene.liar, SESSION, scene.key)
        .await;
    scene.tell_eva(consent).await;
    let meeting = async { theirs.accept().await.unwrap().await.err() };
    assert!(soon("eva's coming", meeting).await.is_some(), "eva came in");
    let wrong = |over: &Over| matches!(over, Over::Unreachable(DialError::WrongKey(_)));
    scene.eva_is_told(wrong).await;
    scene.customer_is_told(Notice::NeverConnected).await;
}

/// Somebody else comes in eva's place, through the relay, with every right that a server can give.
pub(crate) async fn somebody_comes_in_the_supporters_place() {
    let scene = Scene::open(Build::Branded).await;
    let papers = scene.asks().await;
    let consent = scene.allowed(&papers).await;
    let Consent::Allowed { key, .. } = consent else {
        unreachable!()
    };
    let mallory = Mallory::new();
    let mallory = mallory
        .dials_as_supporter(&scene.liar, SESSION, key, [0; 32])
        .await;
    // A client counts as connected before the other side has judged its key.
    if let Ok(mut theirs) = mallory {
        let answer = soon("the end", theirs.receive.recv()).await;
        assert!(!matches!(answer, Ok(Some(_))), "{answer:?}");
    }
    scene.customer_is_told(Notice::NeverConnected).await;
    scene.tell_eva(Consent::Declined { timed_out: true }).await;
    scene
        .eva_is_told(|over| *over == Over::Declined { timed_out: true })
        .await;
}

/// An old question is asked once more in eva's name, and only the server wants it.
pub(crate) async fn an_old_question_is_asked_again() {
    let scene = Scene::open(Build::Branded).await;
    let papers = scene.papers();
    let consent = scene.allowed(&papers).await;
    // Eva has not asked, so she does not take the yes for hers.
    scene.tell_eva(consent).await;
    scene.customer_is_told(Notice::NeverConnected).await;
    assert!(scene.eva.viewer.view().session.is_none());
}

/// The person says no, and eva is told that it was a yes.
pub(crate) async fn a_no_becomes_a_yes() {
    let scene = Scene::open(Build::Branded).await;
    let papers = scene.asks().await;
    // The server knows the customer's key from a yes that was taken back.
    let yes = scene.allowed(&papers).await;
    scene
        .liar
        .tell(Who::Customer, Push::ConnectCancelled { session: SESSION })
        .await;
    let waits = |view: &View| view.stage == Stage::Waiting;
    scene.customer.until("the waiting", waits).await;
    scene.customer.host.send(Command::End);
    let again = Papers {
        session: ANOTHER,
        ..papers
    };
    scene.liar.tell(Who::Customer, again.asked()).await;
    scene.customer.choose(Choice::Decline).await;
    let no = scene.answered(ANOTHER).await;
    assert_eq!(no, Consent::Declined { timed_out: false });
    scene.tell_eva(yes).await;
    scene.eva_is_told(unreachable).await;
    assert!(waits(&scene.customer.host.view()));
    assert!(!scene.liar.heard_of_a_session());
}

/// Eva is told yes although the person was never asked.
pub(crate) async fn a_yes_that_nobody_has_said() {
    let scene = Scene::open(Build::Branded).await;
    scene.asks().await;
    let (grant, key) = (Grant::Control, [8; 32]);
    scene.tell_eva(Consent::Allowed { grant, key }).await;
    scene.eva_is_told(unreachable).await;
    assert_eq!(scene.customer.host.view().stage, Stage::Waiting);
    assert!(!scene.liar.heard_of_a_session());
}

/// The yes to one session is passed on as the yes to another one.
pub(crate) async fn a_yes_to_another_session() {
    let scene = Scene::open(Build::Branded).await;
    let mut papers = scene.asks().await;
    papers.session = ANOTHER;
    let consent = scene.allowed(&papers).await;
    scene.tell_eva(consent).await;
    let refused = |over: &Over| matches!(over, Over::Unreachable(DialError::Refused(_)));
    scene.eva_is_told(refused).await;
    scene.customer_is_told(Notice::NeverConnected).await;
}

/// Eva asks in one case, and is brought to the customer of another.
pub(crate) async fn another_cases_customer() {
    let scene = Scene::open_in(Build::Branded, another_code()).await;
    let papers = scene.asks().await;
    let consent = scene.allowed(&papers).await;
    scene.tell_eva(consent).await;
    let why = Distrust::OtherCase;
    scene
        .eva_is_told(|over| *over == Over::Distrusted(why))
        .await;
    scene.customer_is_told(Notice::Distrusted(why)).await;
}

/// The customer's case gets another code, so that what was allowed in one counts in the other.
pub(crate) async fn a_consent_is_carried_into_another_case() {
    let scene = Scene::open_in(Build::Branded, another_code()).await;
    let papers = scene.asks().await;
    scene.allowed(&papers).await;
    scene
        .liar
        .tell(Who::Customer, Push::ConnectCancelled { session: SESSION })
        .await;
    let waits = |view: &View| view.stage == Stage::Waiting;
    scene.customer.until("the waiting", waits).await;
    scene
        .liar
        .tell(Who::Customer, Push::Own(own_case(code())))
        .await;
    let again = Papers {
        session: ANOTHER,
        ..papers
    };
    scene.liar.tell(Who::Customer, again.asked()).await;
    // Asked anew, and this time it is a no.
    scene.customer.choose(Choice::Decline).await;
    let consent = scene.answered(ANOTHER).await;
    assert_eq!(consent, Consent::Declined { timed_out: false });
    scene.tell_eva(consent).await;
    scene
        .eva_is_told(|over| *over == Over::Declined { timed_out: false })
        .await;
    assert!(!scene.liar.heard_of_a_session());
}

fn another_code() -> Code {
    Code::from_number(87_654_321).unwrap()
}

/// The ticket that eva is given is no ticket of this relay.
pub(crate) async fn a_forged_ticket() {
    let scene = Scene::open(Build::Branded).await;
    let papers = scene.asks().await;
    let consent = scene.allowed(&papers).await;
    let mut relay = scene.liar.way(SESSION, Side::Viewer);
    relay.ticket.mac[0] ^= 1;
    let answer = Push::ConnectAnswered {
        session: SESSION,
        answer: consent,
        relay: Some(relay),
    };
    scene.liar.tell(Who::Supporter, answer).await;
    let none = |over: &Over| matches!(over, Over::Unreachable(DialError::NoRelay(_)));
    scene.eva_is_told(none).await;
    scene.customer_is_told(Notice::NeverConnected).await;
}

/// The other end says that it is of an older version, which might know less of what is dangerous.
pub(crate) async fn an_older_version_of_the_customers_app() {
    let scene = Scene::open(Build::Branded).await;
    scene.asks().await;
    let mallory = Mallory::new();
    let theirs = mallory
        .takes_customers_place(&scene.liar, SESSION, scene.key)
        .await;
    let (grant, key) = (Grant::Control, mallory.key());
    scene.tell_eva(Consent::Allowed { grant, key }).await;
    let (mut as_customer, _) = meets_eva(&theirs).await;
    let old = ToViewer::Welcome {
        version: VERSION - 1,
        grant: Grant::Control,
        since: 0,
    };
    as_customer.send.send(&old).await.unwrap();
    let refused = |over: &Over| matches!(over, Over::Unreachable(DialError::Refused(_)));
    scene.eva_is_told(refused).await;
}

/// The server says that both are too old, so that they would look for another one.
pub(crate) async fn a_server_of_another_version() {
    let scene = Scene::open(Build::Branded).await;
    scene.liar.says().version = Err(Refusal::Version);
    let too_old = SignalError::Refused(Refusal::Version);
    both_are_told(&scene.liar.name, &too_old).await;
}

/// Another server answers at the right one's address.
pub(crate) async fn another_server() {
    let scene = Scene::open(Build::Branded).await;
    let named = ServerName {
        fingerprint: Fingerprint([3; 32]),
        ..scene.liar.name.clone()
    };
    let wrong = SignalError::Dial(DialError::WrongKey(named.address()));
    both_are_told(&named, &wrong).await;
}

/// Neither app comes to its server, and both say the same about it.
async fn both_are_told(server: &ServerName, why: &SignalError) {
    let customer = Customer::coming(server, code(), [2; 32], Vec::new());
    let told = |view: &View| view.notice == Some(Notice::Join(why.clone()));
    customer.until("the word to the customer", told).await;
    let eva = Window::opening(server, "eva", Identity::generate().unwrap());
    let told = |view: &aldis_viewer::View| matches!(&view.desk, Desk::Refused(it) if it == why);
    eva.until("the word to eva", told).await;
}

/// A list that has once been seen, if only to send somebody away, is not gone back from.
pub(crate) async fn a_list_is_rolled_back_after_it_was_seen() {
    let scene = Scene::open(Build::Branded).await;
    let papers = scene.asks().await;
    let mut seen = papers.clone();
    let keys = vec![[9; 32]];
    let newer = RevocationList {
        keys,
        ..list(LIST + 1, scene.now)
    };
    seen.chain().revoked = scene.ours.revoke(&newer);
    seen.session = ANOTHER;
    // The picture is wrong, so nobody is asked; the list is right.
    seen.supporter.picture = Vec::new();
    scene.liar.tell(Who::Customer, seen.asked()).await;
    let consent = scene.answered(ANOTHER).await;
    assert_eq!(consent, Consent::Distrusted(Distrust::OtherPicture));
    scene.liar.tell(Who::Customer, papers.asked()).await;
    refused(&scene, Distrust::RolledBack).await;
}

/// At first contact an app that knows nobody is shown another organisation of the same name, and
/// somebody sits between the two and passes everything on.
pub(crate) async fn the_root_is_swapped_and_the_digits_are_passed_on() {
    let scene = Scene::open(Build::Generic).await;
    let mut papers = scene.asks().await;
    let mallory = Mallory::new();
    let theirs = Keys::of(THEIRS, scene.now);
    let certificate = theirs.certify(mallory.key(), "eva", PICTURE, scene.now);
    papers.key = mallory.key();
    papers.credential = Some(theirs.credential(certificate, &list(LIST, scene.now)));
    papers.session = ANOTHER;
    papers.relay = scene.liar.way(ANOTHER, Side::Host);
    let consent = scene.allowed(&papers).await;
    let Consent::Allowed {
        grant,
        key: customer,
    } = consent
    else {
        unreachable!()
    };

    let relayed = mallory
        .takes_customers_place(&scene.liar, SESSION, scene.key)
        .await;
    let key = mallory.key();
    scene.tell_eva(Consent::Allowed { grant, key }).await;
    let (mut to_eva, hello) = meets_eva(&relayed).await;
    assert!(matches!(hello, ToHost::Hello { .. }), "{hello:?}");
    let number = [7; 32];
    let bound = digits::commitment(ANOTHER, &number);
    let to_customer = mallory
        .dials_as_supporter(&scene.liar, ANOTHER, customer, bound)
        .await;
    let mut to_customer = to_customer.unwrap();
    let asked = soon("the question", to_customer.receive.recv())
        .await
        .unwrap()
        .unwrap();
    assert!(matches!(asked, ToViewer::Prove { .. }), "{asked:?}");
    to_eva.send.send(&asked).await.unwrap();
    to_customer
        .send
        .send(&ToHost::Number(number))
        .await
        .unwrap();
    the_digits_differ(&scene).await;
    // What he hears he passes on.
    let word = soon("the word", to_customer.receive.recv())
        .await
        .unwrap()
        .unwrap();
    assert_eq!(word, ToViewer::Distrusted(Distrust::Digits));
    to_eva.send.send(&word).await.unwrap();
    told_of_the_digits(&scene).await;
}

/// The server shows another organisation to both apps, and has it vouch for eva's own key.
pub(crate) async fn the_root_is_swapped_for_both() {
    let scene = Scene::open(Build::Generic).await;
    let theirs = Keys::of(THEIRS, scene.now);
    let certificate = theirs.certify(scene.key, "eva", PICTURE, scene.now);
    let credential = theirs.credential(certificate, &list(LIST, scene.now));
    let trust = Trust {
        root: Some(theirs.root().0),
        credential: Some(credential.clone()),
        ..Trust::default()
    };
    scene
        .liar
        .tell(Who::Supporter, Push::Trust(Box::new(trust)))
        .await;
    let warned = |view: &aldis_viewer::View| {
        view.standing.swapped && view.standing.proven == Some(Err(Distrust::OtherOrganisation))
    };
    scene.eva.until("the warning", warned).await;
    let mut papers = scene.asks().await;
    papers.credential = Some(credential);
    let consent = scene.allowed(&papers).await;
    scene.tell_eva(consent).await;
    the_digits_differ(&scene).await;
    told_of_the_digits(&scene).await;
}

/// Eva reads digits out, the person types them as often as they may, and they are wrong.
async fn the_digits_differ(scene: &Scene) {
    let reads = |session: &Session| matches!(session.stage, SessionStage::Digits(_));
    scene.eva.until_session("the digits", reads).await;
    let SessionStage::Digits(read) = scene.eva.viewer.view().session.unwrap().stage else {
        panic!("the digits are gone");
    };
    for left in (1..=aldis_session::host::TRIES).rev() {
        let about = aldis_session::host::About::Digits { left };
        let asked =
            |view: &View| matches!(&view.stage, Stage::Asked { about: it, .. } if *it == about);
        scene
            .customer
            .until("the question for the digits", asked)
            .await;
        scene.customer.host.send(Command::Digits(read.clone()));
    }
}

async fn told_of_the_digits(scene: &Scene) {
    let why = Distrust::Digits;
    scene.customer_is_told(Notice::Distrusted(why)).await;
    scene
        .eva_is_told(|over| *over == Over::Distrusted(why))
        .await;
    assert!(scene.customer.host.view().met.is_empty(), "nobody was met");
}

/// A code that one machine has claimed is claimed by another one.
pub(crate) async fn a_second_machine_claims_the_code() {
    let office = crate::stage::Office::open().await;
    let eva = crate::supporter::Supporter::sign_in(&office.name).await;
    let code = eva.new_case().await;
    let _first = Customer::waiting(&office.name, code).await;
    let second = Customer::coming(&office.name, code, [2; 32], Vec::new());
    let claimed = Notice::Join(SignalError::Refused(Refusal::Claimed));
    let told = |view: &View| view.notice == Some(claimed.clone()) && view.chat.is_none();
    second.until("the refusal", told).await;
}

/// What the organisation's papers become on the way to eva's app.
pub(crate) async fn eva_is_shown_broken_papers() {
    let scene = Scene::open(Build::Branded).await;
    let right = scene.liar.says().trust.clone();
    for (length, why) in [
        (40, Distrust::Forged),
        (aldis_wire::signal::MAX_STATEMENT + 1, Distrust::Forged),
    ] {
        let mut trust = right.clone();
        let chain = trust.credential.as_mut().unwrap();
        chain.certificate.resize(length, 0);
        scene
            .liar
            .tell(Who::Supporter, Push::Trust(Box::new(trust)))
            .await;
        let told = |view: &aldis_viewer::View| view.standing.proven == Some(Err(why));
        scene.eva.until("the warning", told).await;
    }
    // What is longer than any message may be ends the conversation, and eva comes back to it.
    scene.liar.tell_bytes(Who::Supporter, vec![0xff; 64]).await;
    let online =
        |view: &aldis_viewer::View| matches!(view.desk, Desk::SignedIn { online: true, .. });
    scene.eva.until("her going", |view| !online(view)).await;
    let well =
        |view: &aldis_viewer::View| online(view) && matches!(view.standing.proven, Some(Ok(_)));
    scene.eva.until("her return", well).await;
}

/// While eva is in a session the server tells her of another yes, so that she would go on with
/// somebody else without seeing it.
pub(crate) async fn a_session_is_swapped_while_it_runs() {
    let scene = Scene::open(Build::Branded).await;
    let papers = scene.asks().await;
    let consent = scene.allowed(&papers).await;
    scene.tell_eva(consent).await;
    scene.eva.until_granted(Grant::Control).await;
    let mallory = Mallory::new();
    let _theirs = mallory
        .takes_customers_place(&scene.liar, ANOTHER, scene.key)
        .await;
    let swapped = Push::ConnectAnswered {
        session: SESSION,
        answer: Consent::Allowed {
            grant: Grant::Control,
            key: mallory.key(),
        },
        relay: Some(scene.liar.way(ANOTHER, Side::Viewer)),
    };
    scene.liar.tell(Who::Supporter, swapped).await;
    let no = Consent::Declined { timed_out: false };
    scene.tell_eva(no).await;
    // What comes after both is heard after both.
    let mut later = scene.liar.says().trust.clone();
    later.waits = true;
    scene
        .liar
        .tell(Who::Supporter, Push::Trust(Box::new(later)))
        .await;
    let heard = |view: &aldis_viewer::View| view.standing.told.as_ref().is_some_and(|it| it.waits);
    let view = scene.eva.until("the later word", heard).await;
    let stage = view.session.unwrap().stage;
    assert!(matches!(stage, SessionStage::Live { .. }), "{stage:?}");
    scene.eva.until_granted(Grant::Control).await;
    let live = |view: &View| matches!(view.stage, Stage::Live { .. });
    assert!(live(&scene.customer.host.view()));
}

/// The server goes away and comes back, so that the person forgets what they were told; and its
/// clock is as far off as a clock can be.
pub(crate) async fn a_warning_is_to_be_forgotten() {
    let scene = Scene::open(Build::Branded).await;
    let mut papers = scene.asks().await;
    papers.key = [9; 32];
    scene.liar.tell(Who::Customer, papers.asked()).await;
    let why = Distrust::OtherKey;
    refused(&scene, why).await;
    for clock in [0, 1 << 63, (1 << 63) - 1, aldis_wire::Millis::MAX] {
        scene.liar.says().clock = Some(clock);
        for who in [Who::Customer, Who::Supporter] {
            scene.liar.tell_bytes(who, vec![0xff; 64]).await;
        }
        scene
            .customer
            .until("their going", |view| !view.online)
            .await;
        scene
            .customer
            .until("their return", |view| view.online)
            .await;
        let there =
            |view: &aldis_viewer::View| matches!(view.desk, Desk::SignedIn { online: true, .. });
        scene.eva.until("her return", there).await;
        scene.customer_is_told(Notice::Distrusted(why)).await;
    }
}
