//! A customer and a supporter, both honest, and the server between them, which is not.

use aldis_host::{Choice, Notice, Stage, View};
use aldis_trust::{Known, ServerName};
use aldis_viewer::{Command, Identity, Over, Session, SessionStage};
use aldis_wire::relay::Side;
use aldis_wire::signal::{Consent, Push, Request, Supporter, Trust};
use aldis_wire::{Code, KeyHash, Millis, SessionId};

use super::liar::{Liar, Says, Who, own_case};
use super::papers::{Keys, Papers, list};
use crate::customer::Customer;
use crate::window::Window;

/// The session that eva asks for.
pub(crate) const SESSION: SessionId = [5; 16];

/// The organisation's number.
pub(crate) const OURS: u8 = 1;

/// The number of the revocation list that is in force.
pub(crate) const LIST: u64 = 5;

/// Eva's picture.
pub(crate) const PICTURE: &[u8] = b"\x89PNG\r\n\x1a\neva";

/// What the customer's app knows before anybody asks.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Build {
    /// It was made for the organisation.
    Branded,
    /// It knows nobody.
    Generic,
    /// It has met the organisation, and seen its list of this number.
    Met(u64),
}

/// Who is there.
pub(crate) struct Scene {
    pub(crate) liar: Liar,
    pub(crate) ours: Keys,
    pub(crate) customer: Customer,
    pub(crate) eva: Window,
    pub(crate) key: KeyHash,
    pub(crate) now: Millis,
}

/// The case that eva means.
pub(crate) fn code() -> Code {
    Code::from_number(12_345_678).unwrap()
}

/// Eva as the server tells of her.
pub(crate) fn eva() -> Supporter {
    Supporter {
        name: "eva".to_owned(),
        picture: PICTURE.to_owned(),
    }
}

impl Scene {
    /// Eva has signed in, and the customer waits.
    pub(crate) async fn open(build: Build) -> Self {
        Self::open_in(build, code()).await
    }

    /// The customer waits in this case.
    pub(crate) async fn open_in(build: Build, case: Code) -> Self {
        let now = aldis_guild::now().unwrap();
        let ours = Keys::of(OURS, now);
        let identity = Identity::generate().unwrap();
        let key = identity.hash();
        let certificate = ours.certify(key, "eva", PICTURE, now);
        let trust = Trust {
            root: Some(ours.root().0),
            credential: Some(ours.credential(certificate, &list(LIST, now))),
            ..Trust::default()
        };
        let liar = Liar::open(Says {
            version: Ok(()),
            supporter: eva(),
            trust,
            case: own_case(case),
            session: SESSION,
            seen: None,
            clock: None,
        });
        let named = ServerName {
            organisation: Some(ours.root()),
            ..liar.name.clone()
        };
        let eva = Window::open(&named, "eva", identity).await;
        let met = |list| {
            let root = ours.root();
            vec![Known { root, list }]
        };
        let (server, met) = match build {
            Build::Branded => (&named, Vec::new()),
            Build::Generic => (&liar.name, Vec::new()),
            Build::Met(list) => (&liar.name, met(list)),
        };
        let customer = Customer::coming(server, case, [1; 32], met);
        customer
            .until("the waiting", |view| view.stage == Stage::Waiting)
            .await;
        Self {
            liar,
            ours,
            customer,
            eva,
            key,
            now,
        }
    }

    /// Eva presses Connect; what an honest server would tell the customer of her.
    pub(crate) async fn asks(&self) -> Papers {
        self.eva.viewer.send(Command::Connect {
            code: code(),
            view_only: false,
        });
        let asked = |who, request: &Request| match request {
            Request::Connect { key, .. } if who == Who::Supporter => Some(*key),
            _ => None,
        };
        let key = self.liar.until("eva's question", asked).await;
        assert_eq!(key, self.key);
        self.papers()
    }

    /// What an honest server would tell the customer of eva.
    pub(crate) fn papers(&self) -> Papers {
        Papers {
            session: SESSION,
            supporter: eva(),
            key: self.key,
            credential: self.liar.says().trust.credential.clone(),
            relay: self.liar.way(SESSION, Side::Host),
        }
    }

    /// The customer is asked, and presses Allow; what their app tells the server.
    pub(crate) async fn allowed(&self, papers: &Papers) -> Consent {
        self.liar.tell(Who::Customer, papers.asked()).await;
        self.customer.choose(Choice::Allow).await;
        let consent = self.answered(papers.session).await;
        assert!(matches!(consent, Consent::Allowed { .. }), "{consent:?}");
        consent
    }

    /// What the customer's app tells the server.
    pub(crate) async fn answered(&self, asked: SessionId) -> Consent {
        let answered = |_, request: &Request| match request {
            Request::AnswerConnect { session, answer } if *session == asked => Some(answer.clone()),
            _ => None,
        };
        self.liar.until("the customer's answer", answered).await
    }

    /// Eva is told that this was the answer.
    pub(crate) async fn tell_eva(&self, answer: Consent) {
        let allowed = matches!(answer, Consent::Allowed { .. });
        let relay = allowed.then(|| self.liar.way(SESSION, Side::Viewer));
        let answer = Push::ConnectAnswered {
            session: SESSION,
            answer,
            relay,
        };
        self.liar.tell(Who::Supporter, answer).await;
    }

    /// Waits until eva's window says that nothing has come of it, and why.
    pub(crate) async fn eva_is_told(&self, is: impl Fn(&Over) -> bool) {
        let over = |session: &Session| match &session.stage {
            SessionStage::Over(over) => {
                assert!(is(over), "{over:?}");
                true
            }
            stage => {
                assert!(!matches!(stage, SessionStage::Live { .. }), "eva is in");
                false
            }
        };
        self.eva.until_session("the word to eva", over).await;
    }

    /// Waits until the customer's window says this, and nobody is in or asked about.
    pub(crate) async fn customer_is_told(&self, notice: Notice) {
        let told = |view: &View| {
            let live = matches!(view.stage, Stage::Live { .. });
            assert!(!live, "somebody is in");
            view.stage == Stage::Waiting && view.notice == Some(notice.clone())
        };
        self.customer.until("the word to the customer", told).await;
        assert!(!self.liar.heard_of_a_session());
    }
}
