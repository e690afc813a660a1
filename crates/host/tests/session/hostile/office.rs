//! What a lying server shows an admin's app, which signs for the organisation.

use aldis_trust::organisation::{RevocationList, read_certificate, read_revoked};
use aldis_trust::{Invitation, SignerKey};
use aldis_viewer::{Command, Deed, Identity, Problem, View};
use aldis_wire::KeyHash;
use aldis_wire::signal::{
    Credential, Distrust, Enrolment, Office, Push, Request, Revoked, Role, Supporter, Trust,
};
use tempfile::TempDir;

use super::liar::{Liar, Says, Who, own_case};
use super::papers::{Keys, list};
use super::scene::{PICTURE, SESSION, code, eva};
use crate::window::Window;

/// The passphrase of the admin's keys.
const PASSPHRASE: &str = "correct horse battery";

/// The attacker's own key.
const MALLORY: KeyHash = [0xa; 32];

/// An admin at her app, who has made an organisation.
struct Admin {
    liar: Liar,
    window: Window,
    key: KeyHash,
    trust: Trust,
    _folder: TempDir,
}

impl Admin {
    async fn open() -> Self {
        let olga = Supporter {
            name: "olga".to_owned(),
            picture: Vec::new(),
        };
        let nothing_yet = Trust {
            office: Some(Office::default()),
            ..Trust::default()
        };
        let liar = Liar::open(Says {
            version: Ok(()),
            supporter: olga,
            trust: nothing_yet,
            case: own_case(code()),
            session: SESSION,
            seen: None,
            clock: None,
        });
        let identity = Identity::generate().unwrap();
        let key = identity.hash();
        let window = Window::open(&liar.name, "olga", identity).await;
        let folder = tempfile::tempdir().unwrap();
        window
            .viewer
            .send(Command::Office(folder.path().to_owned()));
        window
            .until("the first word", |view| view.standing.told.is_some())
            .await;
        window.viewer.send(Command::Organisation(Deed::Found {
            organisation: "Guild".to_owned(),
            passphrase: PASSPHRASE.to_owned(),
        }));
        let founded = |_, request: &Request| match request {
            Request::Found {
                root,
                signer,
                revoked,
            } => Some((*root, signer.clone(), revoked.clone())),
            _ => None,
        };
        let (root, signer, revoked) = liar.until("the organisation", founded).await;
        let office = Office {
            signers: vec![signer],
            revoked: Some(revoked),
            ..Office::default()
        };
        let trust = Trust {
            root: Some(root),
            office: Some(office),
            ..Trust::default()
        };
        let admin = Self {
            liar,
            window,
            key,
            trust,
            _folder: folder,
        };
        admin.shows(&admin.trust).await;
        admin
    }

    fn root(&self) -> SignerKey {
        SignerKey(self.trust.root.unwrap())
    }

    /// What this server shows, with these who would like a certificate.
    fn with(&self, enrolments: Vec<Enrolment>) -> Trust {
        let mut trust = self.trust.clone();
        trust.office.as_mut().unwrap().enrolments = enrolments;
        trust
    }

    /// The server shows this, and the app has seen it.
    async fn shows(&self, trust: &Trust) -> View {
        self.liar
            .tell(Who::Supporter, Push::Trust(Box::new(trust.clone())))
            .await;
        let seen = |view: &View| view.standing.told.as_deref() == Some(trust);
        self.window.until("what the server shows", seen).await
    }

    fn does(&self, deed: Deed) {
        self.window.viewer.send(Command::Organisation(deed));
    }

    /// The first certificate that the app has sent, behind its signer.
    async fn certified(&self) -> (Vec<u8>, Vec<u8>) {
        let first = |_, request: &Request| match request {
            Request::Certify {
                signer,
                certificate,
            } => Some((signer.clone(), certificate.clone())),
            _ => None,
        };
        self.liar.until("a certificate", first).await
    }

    /// The newest list that the app has sent of this number or a greater one.
    async fn revoked(&self, number: u64) -> (Revoked, RevocationList) {
        let (root, now) = (self.root(), aldis_guild::now().unwrap());
        let newest = |_, request: &Request| match request {
            Request::Revoke(revoked) => {
                let list = read_revoked(root, revoked, now).unwrap();
                (list.number >= number).then(|| (revoked.clone(), list))
            }
            _ => None,
        };
        self.liar.until("a revocation list", newest).await
    }
}

fn enrolment(name: &str, key: KeyHash, proof: Option<[u8; 32]>) -> Enrolment {
    Enrolment {
        name: name.to_owned(),
        picture: PICTURE.to_owned(),
        key,
        proof,
        at: 0,
    }
}

/// The server puts its own key, name and proof into an invited supporter's request.
pub(crate) async fn an_invited_supporters_key_is_swapped() {
    let admin = Admin::open().await;
    admin.does(Deed::Invite {
        name: "eva".to_owned(),
        role: Role::Technician,
    });
    let made = |view: &View| view.standing.invitation.is_some();
    let view = admin.window.until("the invitation", made).await;
    let invitation: Invitation = view.standing.invitation.unwrap().1.parse().unwrap();
    // The server learns the half that lets the account in, and the proof for eva's own key.
    let half = Invitation {
        secret: invitation.ticket(),
        server: invitation.server.clone(),
    };
    let right = invitation.proof([0xe; 32], "eva", PICTURE);
    let shown = admin.with(vec![
        enrolment("eva", [0xe; 32], Some(right)),
        enrolment("eva", MALLORY, Some(right)),
        enrolment("eva", MALLORY, Some(half.proof(MALLORY, "eva", PICTURE))),
        enrolment("eva", MALLORY, None),
        enrolment("Eva", [0xe; 32], Some(right)),
        Enrolment {
            picture: b"another".to_vec(),
            ..enrolment("eva", [0xe; 32], Some(right))
        },
    ]);
    let view = admin.shows(&shown).await;
    let invited: Vec<bool> = view.standing.waiting.iter().map(|it| it.invited).collect();
    assert_eq!(invited, [true, false, false, false, false, false]);
    let told = &view.standing.waiting[1].enrolment;
    assert_eq!(
        (told.name.as_str(), told.key),
        ("eva", MALLORY),
        "shown as it is"
    );
    // Nobody has approved anything, so nothing was signed, and his chain is no chain.
    admin.does(Deed::Approve(Box::new(
        shown.office.unwrap().enrolments[0].clone(),
    )));
    let (signer, certificate) = admin.certified().await;
    let now = aldis_guild::now().unwrap();
    let (_, certificate_says) = read_certificate(admin.root(), &signer, &certificate, now).unwrap();
    assert_eq!(
        certificate_says.key, [0xe; 32],
        "only what was approved, as it was shown"
    );
    let revoked = admin
        .trust
        .office
        .as_ref()
        .unwrap()
        .revoked
        .clone()
        .unwrap();
    let credential = Credential {
        root: admin.root().0,
        signer,
        certificate,
        revoked,
    };
    let Supporter { name, picture } = eva();
    let known = aldis_trust::Known {
        root: admin.root(),
        list: 0,
    };
    let judged = aldis_trust::verify(
        Some(&credential),
        MALLORY,
        (&name, &picture),
        Some(&known),
        now,
    );
    assert_eq!(judged, Err(Distrust::OtherKey));
}

/// The server shows the admin's app its own request under another's name, which it would sign unseen.
pub(crate) async fn the_admin_is_given_another_name() {
    let admin = Admin::open().await;
    let wrong = Enrolment {
        picture: Vec::new(),
        ..enrolment("The director", admin.key, None)
    };
    admin.shows(&admin.with(vec![wrong.clone()])).await;
    let right = Enrolment {
        name: "olga".to_owned(),
        ..wrong
    };
    admin.shows(&admin.with(vec![right])).await;
    let (signer, certificate) = admin.certified().await;
    let now = aldis_guild::now().unwrap();
    let (_, said) = read_certificate(admin.root(), &signer, &certificate, now).unwrap();
    assert_eq!(said.name, "olga");
}

/// The server takes a revocation back by showing the list from before it, or none.
pub(crate) async fn the_admin_is_shown_an_older_list() {
    let admin = Admin::open().await;
    admin.does(Deed::Revoke(MALLORY));
    let (_, list) = admin.revoked(2).await;
    assert_eq!((list.number, &list.keys), (2, &vec![MALLORY]));
    // As if it had never been.
    let mut again = admin.trust.clone();
    again.waits = true;
    admin.shows(&again).await;
    let (_, list) = admin.revoked(3).await;
    assert_eq!((list.number, &list.keys), (3, &vec![MALLORY]));
    again.office.as_mut().unwrap().revoked = None;
    admin.shows(&again).await;
    let (_, list) = admin.revoked(4).await;
    assert_eq!((list.number, &list.keys), (4, &vec![MALLORY]));
}

/// The server shows the admin another organisation than hers.
pub(crate) async fn the_admin_is_shown_another_organisation() {
    let admin = Admin::open().await;
    let now = aldis_guild::now().unwrap();
    let theirs = Keys::of(2, now);
    let mut other = admin.with(vec![enrolment("eva", MALLORY, None)]);
    other.root = Some(theirs.root().0);
    other.office.as_mut().unwrap().revoked = Some(theirs.revoke(&list(1, now)));
    let view = admin.shows(&other).await;
    assert!(view.standing.swapped);
    let eva = other.office.unwrap().enrolments.remove(0);
    admin.does(Deed::Approve(Box::new(eva)));
    let told = |view: &View| {
        view.standing.problem == Some(Problem::Distrusted(Distrust::OtherOrganisation))
    };
    admin.window.until("the refusal", told).await;
    // Back to what is right: the first certificate is of what is approved then.
    let right = admin.with(vec![enrolment("bo", [0xb; 32], None)]);
    admin.shows(&right).await;
    let bo = right.office.unwrap().enrolments.remove(0);
    admin.does(Deed::Approve(Box::new(bo)));
    let (signer, certificate) = admin.certified().await;
    let (_, said) = read_certificate(admin.root(), &signer, &certificate, now).unwrap();
    assert_eq!(said.name, "bo");
}
