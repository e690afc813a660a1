//! What a server says of a supporter who asks, and why the person is not even asked.

use aldis_host::Notice;
use aldis_trust::Signature;
use aldis_trust::organisation::{CERTIFICATE_LIFE, DAY, LIST_LIFE, RevocationList, SIGNER_LIFE};
use aldis_viewer::Over;
use aldis_wire::Millis;
use aldis_wire::signal::{Consent, Distrust, MAX_STATEMENT};

use super::liar::Who;
use super::papers::{Keys, Papers, list, signer};
use super::scene::{Build, LIST, PICTURE, Scene};

/// What the server does to eva's papers, which are right; our organisation's keys sign whatever its
/// worst member would have them sign.
type Lie = fn(&Keys, &mut Papers, Millis);

/// A lie, to whom, and how it is found out.
pub(crate) type Script = (&'static str, Build, Distrust, Lie);

/// Another organisation, of the same name.
const THEIRS: u8 = 2;

pub(crate) const SCRIPTS: &[Script] = &[
    (
        "no certificate",
        Build::Branded,
        Distrust::NoCertificate,
        |_, papers, _| {
            papers.credential = None;
        },
    ),
    (
        "no certificate, to an app that knows nobody",
        Build::Generic,
        Distrust::NoCertificate,
        |_, papers, _| {
            papers.credential = None;
        },
    ),
    (
        "another key",
        Build::Branded,
        Distrust::OtherKey,
        |_, papers, _| {
            papers.key = [9; 32];
        },
    ),
    (
        "another key, to an app that knows nobody",
        Build::Generic,
        Distrust::OtherKey,
        |_, papers, _| {
            papers.key = [9; 32];
        },
    ),
    (
        "a colleague's certificate and name for eva's key",
        Build::Branded,
        Distrust::OtherKey,
        |ours, papers, now| {
            papers.supporter.name = String::from("bo");
            papers.chain().certificate = ours.certify([9; 32], "bo", PICTURE, now);
        },
    ),
    (
        "a colleague under eva's name",
        Build::Branded,
        Distrust::OtherName,
        |ours, papers, now| {
            papers.key = [9; 32];
            papers.chain().certificate = ours.certify([9; 32], "bo", PICTURE, now);
        },
    ),
    (
        "another name",
        Build::Branded,
        Distrust::OtherName,
        |_, papers, _| {
            papers.supporter.name = String::from("Your bank");
        },
    ),
    (
        "a name that looks the same",
        Build::Met(LIST),
        Distrust::OtherName,
        |_, papers, _| {
            papers.supporter.name = String::from("ev\u{430}");
        },
    ),
    (
        "a name with something invisible in it",
        Build::Branded,
        Distrust::OtherName,
        |_, papers, _| {
            papers.supporter.name = String::from("eva\u{200b}");
        },
    ),
    (
        "another picture",
        Build::Branded,
        Distrust::OtherPicture,
        |_, papers, _| {
            papers.supporter.picture = b"\x89PNG\r\n\x1a\nbank".to_vec();
        },
    ),
    (
        "no picture",
        Build::Branded,
        Distrust::OtherPicture,
        |_, papers, _| {
            papers.supporter.picture = Vec::new();
        },
    ),
    (
        "another organisation of the same name",
        Build::Branded,
        Distrust::OtherOrganisation,
        |_, papers, now| {
            let theirs = Keys::of(THEIRS, now);
            let certificate = theirs.certify(papers.key, "eva", PICTURE, now);
            papers.credential = Some(theirs.credential(certificate, &list(LIST, now)));
        },
    ),
    (
        "our root's name over another organisation's papers",
        Build::Branded,
        Distrust::Forged,
        |ours, papers, now| {
            let theirs = Keys::of(THEIRS, now);
            let certificate = theirs.certify(papers.key, "eva", PICTURE, now);
            papers.credential = Some(theirs.credential(certificate, &list(LIST, now)));
            papers.chain().root = ours.root().0;
        },
    ),
    (
        "the same, to an app that has met us",
        Build::Met(LIST),
        Distrust::Forged,
        |ours, papers, now| {
            let theirs = Keys::of(THEIRS, now);
            let certificate = theirs.certify(papers.key, "eva", PICTURE, now);
            papers.credential = Some(theirs.credential(certificate, &list(LIST, now)));
            papers.chain().root = ours.root().0;
        },
    ),
    (
        "another organisation's signer below our root",
        Build::Branded,
        Distrust::Forged,
        |_, papers, now| {
            papers.chain().signer = Keys::of(THEIRS, now).statement();
        },
    ),
    (
        "another organisation's certificate below our signer",
        Build::Branded,
        Distrust::Forged,
        |_, papers, now| {
            let theirs = Keys::of(THEIRS, now);
            papers.chain().certificate = theirs.certify(papers.key, "eva", PICTURE, now);
        },
    ),
    (
        "another organisation's revocation list",
        Build::Branded,
        Distrust::Forged,
        |_, papers, now| {
            papers.chain().revoked = Keys::of(THEIRS, now).revoke(&list(LIST, now));
        },
    ),
    (
        "a signer that appointed itself",
        Build::Branded,
        Distrust::Forged,
        |_, papers, now| {
            let rogue = Signature::from_seed([66; 32]).unwrap();
            let certificate = rogue.certify(papers.key, "eva", PICTURE, now).unwrap();
            let chain = papers.chain();
            chain.signer = rogue.appoint("Guild", rogue.public(), "Olga", now).unwrap();
            chain.certificate = certificate;
        },
    ),
    (
        "a certificate that the root itself has signed",
        Build::Branded,
        Distrust::Forged,
        |ours, papers, now| {
            let certificate = ours.root.certify(papers.key, "eva", PICTURE, now);
            papers.chain().certificate = certificate.unwrap();
        },
    ),
    (
        "a signer's statement in the certificate's place",
        Build::Branded,
        Distrust::Forged,
        |ours, papers, _| {
            papers.chain().certificate = ours.statement();
        },
    ),
    (
        "a revocation list in the certificate's place",
        Build::Branded,
        Distrust::Forged,
        |_, papers, _| {
            let chain = papers.chain();
            chain.certificate = chain.revoked.list.clone();
        },
    ),
    (
        "a certificate in the revocation list's place",
        Build::Branded,
        Distrust::Forged,
        |_, papers, _| {
            let chain = papers.chain();
            chain.revoked.list = chain.certificate.clone();
        },
    ),
    (
        "a certificate with one flipped bit",
        Build::Branded,
        Distrust::Forged,
        |_, papers, _| {
            papers.chain().certificate[3] ^= 4;
        },
    ),
    (
        "a certificate that was cut short",
        Build::Branded,
        Distrust::Forged,
        |_, papers, _| {
            papers.chain().certificate.truncate(40);
        },
    ),
    (
        "a statement longer than any may be",
        Build::Branded,
        Distrust::Forged,
        |_, papers, _| {
            papers.chain().signer.resize(MAX_STATEMENT + 1, 0);
        },
    ),
    (
        "no revocation list",
        Build::Branded,
        Distrust::Forged,
        |_, papers, _| {
            papers.chain().revoked.list = Vec::new();
        },
    ),
    (
        "an expired certificate",
        Build::Branded,
        Distrust::Expired,
        |ours, papers, now| {
            let certificate = ours.certify(papers.key, "eva", PICTURE, now - CERTIFICATE_LIFE);
            papers.chain().certificate = certificate;
        },
    ),
    (
        "an expired signer",
        Build::Branded,
        Distrust::Expired,
        |_, papers, now| {
            let old = Keys::of(super::scene::OURS, now - SIGNER_LIFE);
            papers.chain().signer = old.statement();
        },
    ),
    (
        "a certificate of the day after tomorrow",
        Build::Branded,
        Distrust::NotYet,
        |ours, papers, now| {
            papers.chain().certificate = ours.certify(papers.key, "eva", PICTURE, now + 2 * DAY);
        },
    ),
    (
        "a revoked supporter",
        Build::Branded,
        Distrust::Revoked,
        |ours, papers, now| {
            let keys = vec![papers.key];
            papers.chain().revoked = ours.revoke(&RevocationList {
                keys,
                ..list(LIST + 1, now)
            });
        },
    ),
    (
        "a revoked signer",
        Build::Branded,
        Distrust::Revoked,
        |ours, papers, now| {
            let first = Signature::from_seed([super::scene::OURS | 0x80; 32]).unwrap();
            let signers = vec![first.public().0];
            let revoked = RevocationList {
                signers,
                ..list(LIST + 1, now)
            };
            papers.chain().revoked = signer(&ours.root, 77, now).revoke(&revoked).unwrap();
        },
    ),
    (
        "a list of the very signer that it revokes",
        Build::Branded,
        Distrust::Revoked,
        |ours, papers, now| {
            let first = Signature::from_seed([super::scene::OURS | 0x80; 32]).unwrap();
            let signers = vec![first.public().0];
            papers.chain().revoked = ours.revoke(&RevocationList {
                signers,
                ..list(LIST, now)
            });
        },
    ),
    (
        "a list that was withheld for more than seven days",
        Build::Branded,
        Distrust::OldList,
        |ours, papers, now| {
            papers.chain().revoked = ours.revoke(&list(LIST, now - LIST_LIFE - 1000));
        },
    ),
    (
        "a list that was rolled back",
        Build::Met(LIST),
        Distrust::RolledBack,
        |ours, papers, now| {
            papers.chain().revoked = ours.revoke(&list(LIST - 1, now));
        },
    ),
    (
        "a list that would never grow old",
        Build::Branded,
        Distrust::NotYet,
        |ours, papers, now| {
            papers.chain().revoked = ours.revoke(&list(LIST, now + 30 * DAY));
        },
    ),
];

/// Plays one: both are told why, and the person is not asked.
pub(crate) async fn play((_, build, why, lie): Script) {
    let scene = Scene::open(build).await;
    let mut papers = scene.asks().await;
    lie(&scene.ours, &mut papers, scene.now);
    scene.liar.tell(Who::Customer, papers.asked()).await;
    refused(&scene, why).await;
}

/// The customer's machine has sent her away by itself, and both are told why.
pub(crate) async fn refused(scene: &Scene, why: Distrust) {
    // A question would be open for a minute, and nobody answers one here.
    let consent = scene.answered(super::scene::SESSION).await;
    assert_eq!(consent, Consent::Distrusted(why));
    scene.tell_eva(consent).await;
    scene.customer_is_told(Notice::Distrusted(why)).await;
    scene
        .eva_is_told(|over| *over == Over::Distrusted(why))
        .await;
}
