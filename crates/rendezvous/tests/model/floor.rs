//! A real server, and real apps that do what the steps say.
//!
//! What supporters do at their windows goes through the engine of their app, and what they see is
//! its view. Sessions are asked for beside it, as with a script, because no screen is shared here.

use std::collections::{BTreeMap, BTreeSet};
use std::net::Ipv4Addr;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use aldis_link::{Identity, Node, Signal, SignalError};
use aldis_rendezvous::Server;
use aldis_store::{Account, Store, Transaction};
use aldis_trust::ServerName;
use aldis_viewer::{Command, Desk as SignIn, View, Viewer, Wish};
use aldis_wire::peer::{EndReason, Grant};
use aldis_wire::signal::{
    Action, Answer, Assignment, Availability, Case, Channel, ChannelSetup, Consent, DEFAULT_EXPIRY,
    Draft, Facts, Member, NewPlace, Outcome, OwnCase, Push, Refusal, Request, Role, Search, Source,
    Token,
};
use aldis_wire::{Code, SessionId};
use sha2::{Digest as _, Sha256};
use tempfile::TempDir;
use tokio::runtime::Runtime;
use tokio::sync::{Notify, mpsc, watch};
use tokio::task::JoinSet;

use crate::reference::{
    ADMIN, COMPANIES, Desk, MANAGER, MEMBER, NARROW, Own, PEOPLE, PRINTERS, Shown, busy_at,
};
use crate::step::{Deed, Name, Step};

/// How long anything may take that should happen at once.
const LIMIT: Duration = Duration::from_secs(20);

/// How many cases a comparison with what a search finds has room for.
const FOUND: usize = aldis_wire::signal::MAX_CASES;

static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| {
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    builder.worker_threads(2).enable_all().build().unwrap()
});

/// The server and everybody's apps.
pub(crate) struct Floor {
    windows: BTreeMap<Name, Window>,
    scripts: BTreeMap<Name, Phone>,
    /// The customers whose apps are open, by their case.
    customers: BTreeMap<usize, Customer>,
    sessions: BTreeMap<(usize, Name), SessionId>,
    /// The cases' codes, by their numbers.
    codes: BTreeMap<usize, Code>,
    /// A case of nobody's interest that everybody sees; its customer's name is a number that grows.
    fence: Code,
    fences: usize,
    taken: usize,
    name: ServerName,
    store: Store,
    _server: JoinSet<()>,
    _folder: TempDir,
}

/// A supporter's app.
struct Window {
    viewer: Viewer,
    changed: Arc<Notify>,
}

/// A conversation with the server whose pushes somebody reads.
struct Phone {
    signal: Signal,
    reader: JoinSet<()>,
    _node: Node,
}

struct Customer {
    phone: Phone,
    own: watch::Receiver<OwnCase>,
}

async fn soon<T>(what: &str, future: impl Future<Output = T>) -> T {
    let Ok(value) = tokio::time::timeout(LIMIT, future).await else {
        panic!("{what} did not happen in time");
    };
    value
}

fn token(who: Name) -> Token {
    Sha256::digest(who).into()
}

impl Floor {
    /// How many steps were taken.
    pub(crate) fn taken(&self) -> usize {
        self.taken
    }

    /// Opens the desk, with nothing on it, and everybody's windows.
    pub(crate) fn open() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path()).unwrap();
        store.run_blocking(set_up).unwrap();
        RUNTIME.block_on(async {
            let server = Server::start(folder.path(), (Ipv4Addr::LOCALHOST, 0).into()).unwrap();
            let name = server.name().clone();
            let mut tasks = JoinSet::new();
            tasks.spawn(server.run(std::future::pending()));
            let (mut windows, mut scripts) = (BTreeMap::new(), BTreeMap::new());
            for who in PEOPLE {
                windows.insert(who, Window::open(&name, who).await);
                let (phone, pushes) = Phone::call(&name, Ipv4Addr::LOCALHOST).await;
                let resume = Request::Resume { token: token(who) };
                phone.ask(resume).await.unwrap();
                scripts.insert(who, phone.read(pushes, |_| ()));
            }
            let draft = Box::new(draft(None, "", false));
            let fence = match scripts[ADMIN].ask(Request::NewCase(draft)).await {
                Ok(Answer::Case(case)) => case.code,
                other => panic!("{other:?}"),
            };
            Self {
                windows,
                scripts,
                customers: BTreeMap::new(),
                sessions: BTreeMap::new(),
                codes: BTreeMap::new(),
                fence,
                fences: 0,
                taken: 0,
                name,
                store,
                _server: tasks,
                _folder: folder,
            }
        })
    }

    /// Takes a step; the server must do it, or refuse it with one of the desk's reasons.
    pub(crate) fn take(&mut self, desk: &Desk, step: Step) {
        self.taken += 1;
        let told = format!("{step:?}");
        let answer = RUNTIME.block_on(self.carry_out(step));
        match answer {
            Ok(()) => assert!(
                desk.reasons.is_empty(),
                "{told} was done, against {:?}",
                desk.reasons
            ),
            Err(refusal) => assert!(
                desk.reasons.contains(&refusal),
                "{told} was refused with {refusal:?}, and the reasons are {:?}",
                desk.reasons
            ),
        }
    }

    async fn carry_out(&mut self, step: Step) -> Result<(), Refusal> {
        match step {
            Step::New {
                case,
                who,
                channel,
                company,
                to_queue,
            } => {
                let place = channel.map_or(NewPlace::Private, NewPlace::Channel);
                let draft = Box::new(draft(Some(place), company, to_queue));
                let made = self.windows[who].wish(Wish::NewCase(draft)).await?;
                let code = made.expect("a new case has a code");
                self.codes.insert(case, code);
                Ok(())
            }
            Step::Opens { case, machine } => {
                let customer = self.join(None, machine, Vec::new()).await?;
                let code = customer.own.borrow().code;
                self.customers.insert(case, customer);
                self.codes.insert(case, code);
                Ok(())
            }
            Step::Joins {
                case,
                machine,
                runs,
            } => {
                let here = self.sessions.iter().filter(|((of, _), _)| *of == case);
                let running = here.map(|(_, session)| *session).filter(|_| runs);
                let code = Some(self.codes[&case]);
                let customer = self.join(code, machine, running.collect()).await?;
                self.customers.insert(case, customer);
                if !runs {
                    self.forget_sessions(case);
                }
                Ok(())
            }
            Step::Leaves { case } => {
                let customer = self.customers.remove(&case).unwrap();
                self.forget_sessions(case);
                customer.phone.done(Request::Leave).await
            }
            Step::Withdraws { case } => {
                self.customers[&case].phone.done(Request::Withdraw).await?;
                self.forget_sessions(case);
                Ok(())
            }
            Step::Writes { case } => self.say(&self.customers[&case].phone, case).await,
            Step::Says { who, case } => self.say(&self.scripts[who], case).await,
            Step::Acts { who, case, deed } => {
                self.windows[who].act(self.codes[&case], deed).await?;
                if matches!(deed, Deed::Close) {
                    self.forget_sessions(case);
                }
                Ok(())
            }
            Step::Race { one, other, case } => self.race(one, other, case).await,
            Step::Connects { who, case, yes } => self.connect(who, case, yes).await,
            Step::Ends {
                who,
                case,
                sent_away,
            } => {
                let session = self.sessions.remove(&(case, who)).unwrap();
                let reason = if sent_away {
                    EndReason::Removed
                } else {
                    EndReason::Customer
                };
                let down = Request::SessionDown { session, reason };
                self.customers[&case].phone.done(down).await
            }
            Step::Sets { who, to } => {
                self.windows[who].wish(Wish::SetAvailability(to)).await?;
                Ok(())
            }
            Step::GoesHome { who } => {
                let window = self.windows.remove(who).unwrap();
                window.viewer.close().await;
                self.told_of(who, |availability| availability == Availability::Offline)
                    .await;
                Ok(())
            }
            Step::ComesBack { who } => {
                let window = Window::open(&self.name, who).await;
                self.windows.insert(who, window);
                self.told_of(who, |availability| availability != Availability::Offline)
                    .await;
                Ok(())
            }
        }
    }

    /// Waits until the admin's window shows this of a colleague.
    async fn told_of(&self, who: Name, is: impl Fn(Availability) -> bool) {
        let shows = |view: &View| {
            let mut colleagues = view.service.desk.colleagues.iter();
            colleagues.any(|one| one.name == who && is(one.availability))
        };
        self.windows[ADMIN].shows(who, shows).await;
    }

    fn forget_sessions(&mut self, case: usize) {
        self.sessions.retain(|(of, _), _| *of != case);
    }

    async fn join(
        &self,
        code: Option<Code>,
        machine: u8,
        running: Vec<SessionId>,
    ) -> Result<Customer, Refusal> {
        // From an address of his own, so that a wrong machine slows nobody else down.
        let last = u8::try_from(self.taken % 200).unwrap() + 2;
        let (phone, pushes) = Phone::call(&self.name, Ipv4Addr::new(127, 0, 1, last)).await;
        let join = Request::Join {
            code,
            name: "Ana".to_owned(),
            secret: [machine; 32],
            running,
            source: Source::default(),
            sos: false,
        };
        let Answer::Joined { case, .. } = phone.ask(join).await? else {
            panic!("not joined");
        };
        let (show, own) = watch::channel(case);
        let phone = phone.read(pushes, move |push| {
            if let Push::Own(case) = push {
                show.send_replace(case);
            }
        });
        Ok(Customer { phone, own })
    }

    async fn say(&self, phone: &Phone, case: usize) -> Result<(), Refusal> {
        let say = Request::Say {
            code: self.codes[&case],
            text: format!("message of step {}", self.taken),
            once: self.taken as u64,
        };
        phone.ask(say).await.map(drop)
    }

    async fn race(&self, one: Name, other: Name, case: usize) -> Result<(), Refusal> {
        let code = self.codes[&case];
        let (first, second) = tokio::join!(
            self.windows[one].act(code, Deed::Claim),
            self.windows[other].act(code, Deed::Claim)
        );
        let by = |who: Name| Refusal::Taken { by: who.to_owned() };
        let fair = match (&first, &second) {
            (Ok(()), Err(lost)) => *lost == by(one),
            (Err(lost), Ok(())) => *lost == by(other),
            _ => false,
        };
        assert!(fair, "{one} and {other} claimed: {first:?}, {second:?}");
        let given = self.windows[ADMIN].act(code, Deed::Assign(one)).await;
        match given {
            Err(Refusal::NoAccess { .. }) => {
                self.windows[ADMIN].act(code, Deed::Assign(ADMIN)).await
            }
            given => given,
        }
    }

    async fn connect(&mut self, who: Name, case: usize, yes: bool) -> Result<(), Refusal> {
        let connect = Request::Connect {
            code: self.codes[&case],
            key: [7; 32],
            view_only: false,
        };
        let Answer::Asked { session } = self.scripts[who].ask(connect).await? else {
            panic!("not asked");
        };
        let answer = if yes {
            Consent::Allowed {
                grant: Grant::Control,
                key: [8; 32],
            }
        } else {
            Consent::Declined { timed_out: false }
        };
        let customer = &self.customers[&case].phone;
        customer
            .done(Request::AnswerConnect { session, answer })
            .await?;
        if yes {
            customer.ask(Request::SessionUp { session }).await?;
            self.sessions.insert((case, who), session);
        }
        Ok(())
    }

    /// Waits until every window shows what comes after all that was done, and compares.
    pub(crate) fn compare(&mut self, desk: &Desk) {
        self.fences += 1;
        let mark = format!("after step {} ({})", self.taken, self.fences);
        RUNTIME.block_on(async {
            let edit = Action::Edit {
                customer: mark.clone(),
                facts: Box::default(),
            };
            self.scripts[ADMIN].act(self.fence, edit).await.unwrap();
            for who in desk.present() {
                let marked = |view: &View| {
                    let fence = view.service.cases.get(&self.fence);
                    fence.is_some_and(|case| case.customer == mark)
                };
                let view = self.windows[who].shows(&mark, marked).await;
                let shown: BTreeMap<usize, Shown> = view
                    .service
                    .cases
                    .values()
                    .filter(|case| case.code != self.fence)
                    .map(|case| (self.number(case.code), shown(case)))
                    .collect();
                let wanted = desk.seen(who).map(|(number, fact)| (number, fact.shown()));
                assert_eq!(shown, wanted.collect(), "{who}'s window {mark}");
                let online = matches!(view.desk, SignIn::SignedIn { online: true, .. });
                assert!(online, "{who} is signed in {mark}");
            }
            for (number, fact) in desk.online() {
                let mut app = self.customers[&number].own.clone();
                let same = |case: &OwnCase| own(case) == fact.own();
                let reached = tokio::time::timeout(LIMIT, app.wait_for(same))
                    .await
                    .is_ok();
                let shows = own(&app.borrow());
                assert!(
                    reached,
                    "customer {number} sees {shows:?}, not {:?}",
                    fact.own()
                );
            }
        });
    }

    fn number(&self, code: Code) -> usize {
        let mut known = self.codes.iter();
        let found = known.find(|(_, known)| **known == code);
        found.map_or_else(|| panic!("nobody made {code}"), |(number, _)| *number)
    }

    /// Compares what takes its time, or is looked for: counts, searches, and the kept history.
    pub(crate) fn compare_at_rest(&mut self, desk: &Desk) {
        RUNTIME.block_on(async {
            for who in desk.present() {
                let counts = |view: &View| {
                    let told: BTreeMap<&str, (Availability, u32)> = view
                        .service
                        .desk
                        .colleagues
                        .iter()
                        .map(|one| (one.name.as_str(), (one.availability, one.cases)))
                        .collect();
                    let wanted = PEOPLE.into_iter().map(|name| {
                        // The fence is the admin's.
                        let load = desk.load(name) + u32::from(name == ADMIN);
                        (name, (desk.availability(name), load))
                    });
                    told == wanted.collect() && view.service.desk.waiting == desk.waiting_for(who)
                };
                let what = format!("{who}'s counts, {} of whom wait", desk.waiting_for(who));
                self.windows[who].shows(&what, counts).await;
                let search = Request::FindCases(Search::default());
                let Ok(Answer::Cases { found, .. }) = self.scripts[who].ask(search).await else {
                    panic!("nothing was found");
                };
                assert!(found.len() < FOUND);
                let mut found: BTreeSet<Code> = found.iter().map(|case| case.code).collect();
                assert!(found.remove(&self.fence));
                let found: BTreeSet<usize> =
                    found.into_iter().map(|code| self.number(code)).collect();
                let seen = desk.seen(who).map(|(number, _)| number);
                assert_eq!(found, seen.collect(), "what {who} finds");
            }
            let kept = self
                .store
                .read(|transaction| transaction.verify_history())
                .await;
            assert!(kept.unwrap().is_ok(), "the history holds");
        });
    }
}

impl Window {
    async fn open(server: &ServerName, who: Name) -> Self {
        let changed = Arc::new(Notify::new());
        let wake = Arc::clone(&changed);
        let identity = Identity::generate().unwrap();
        let handle = tokio::runtime::Handle::current();
        let viewer = Viewer::start(&handle, identity, move |_| wake.notify_one()).unwrap();
        let (server, token) = (server.clone(), token(who));
        viewer.send(Command::Resume { server, token });
        let window = Self { viewer, changed };
        let whole = |view: &View| view.service.complete;
        window.shows("the whole desk", whole).await;
        window
    }

    async fn shows(&self, what: &str, is: impl Fn(&View) -> bool) -> View {
        let shown = async {
            loop {
                let view = self.viewer.view();
                if is(&view) {
                    return view;
                }
                self.changed.notified().await;
            }
        };
        soon(what, shown).await
    }

    /// Does what the supporter wants, and waits for the answer; gives the case that was made.
    async fn wish(&self, wish: Wish) -> Result<Option<Code>, Refusal> {
        let refused = |view: &View| view.refused.as_ref().map_or(0, |(number, _)| *number);
        let before = self.viewer.view();
        let (refusals, made) = (refused(&before), before.service.created);
        // Questions are answered in turn, so that what is looked for now is found after the answer.
        let looks = before
            .service
            .found
            .map_or(1, |found| found.0.parse::<u64>().unwrap() + 1);
        let looks = looks.to_string();
        self.viewer.send(Command::Desk(wish));
        self.viewer.send(Command::Desk(Wish::Find(looks.clone())));
        let found = |view: &View| {
            let found = view.service.found.as_ref();
            found.is_some_and(|found| found.0 == looks)
        };
        let view = self.shows("the answer", found).await;
        match view.refused {
            Some((number, refusal)) if number > refusals => Err(refusal),
            _ => Ok(view.service.created.filter(|code| Some(*code) != made)),
        }
    }

    async fn act(&self, code: Code, deed: Deed) -> Result<(), Refusal> {
        let to = str::to_owned;
        let action = match deed {
            Deed::Claim => Action::AssignToMe,
            Deed::Assign(name) => Action::Assign(to(name)),
            Deed::Unassign => Action::Unassign,
            Deed::Release => Action::Release,
            Deed::Transfer(name) => Action::Transfer(to(name)),
            Deed::Move(channel) => Action::Move(channel),
            Deed::Invite(name) => Action::Invite(to(name)),
            Deed::JoinChat => Action::JoinChat,
            Deed::LeaveChat => Action::LeaveChat,
            Deed::Close => Action::Close(Outcome::Resolved),
            Deed::Delete => Action::Delete,
        };
        let codes = vec![code];
        self.wish(Wish::Act { codes, action }).await.map(drop)
    }
}

impl Phone {
    async fn call(server: &ServerName, from: Ipv4Addr) -> (Self, mpsc::Receiver<Push>) {
        let identity = Arc::new(Identity::generate().unwrap());
        // Where a machine has one loopback address only, that one does.
        let node = Node::bind(Arc::clone(&identity), (from, 0).into())
            .or_else(|_| Node::bind(identity, (Ipv4Addr::LOCALHOST, 0).into()))
            .unwrap();
        let (signal, pushes) = soon("a greeting", Signal::connect(&node, server))
            .await
            .unwrap();
        let phone = Self {
            signal,
            reader: JoinSet::new(),
            _node: node,
        };
        (phone, pushes)
    }

    /// From now on pushes are read.
    fn read(
        mut self,
        mut pushes: mpsc::Receiver<Push>,
        mut each: impl FnMut(Push) + Send + 'static,
    ) -> Self {
        self.reader.spawn(async move {
            while let Some(push) = pushes.recv().await {
                each(push);
            }
        });
        self
    }

    async fn ask(&self, request: Request) -> Result<Answer, Refusal> {
        match soon("an answer", self.signal.ask(request)).await {
            Ok(answer) => Ok(answer),
            Err(SignalError::Refused(refusal)) => Err(refusal),
            Err(error) => panic!("{error}"),
        }
    }

    async fn done(&self, request: Request) -> Result<(), Refusal> {
        self.ask(request).await.map(drop)
    }

    async fn act(&self, code: Code, action: Action) -> Result<(), Refusal> {
        let codes = vec![code];
        match self.ask(Request::Act { codes, action }).await? {
            Answer::Acted(mut outcomes) => outcomes.remove(0).1,
            other => panic!("{other:?}"),
        }
    }
}

fn draft(place: Option<NewPlace>, company: &str, to_queue: bool) -> Draft {
    Draft {
        place,
        customer: String::new(),
        facts: Facts {
            company: company.to_owned(),
            ..Facts::default()
        },
        to_queue,
        by_script: false,
    }
}

fn shown(case: &Case) -> Shown {
    Shown {
        status: case.status,
        queued: case.queued,
        place: case.place.clone(),
        assignee: case.assignee.clone(),
        created_by: case.created_by.clone(),
        invited: case.invited.clone(),
        chatting: case.chatting.clone(),
        messages: case.messages,
        supporters: case.supporters.clone(),
        online: case.customer_online,
        waits: case.waiting_since.is_some(),
    }
}

fn own(case: &OwnCase) -> Own {
    Own {
        status: case.status,
        assignee: case.assignee.clone(),
        chatting: case.chatting.clone(),
        messages: case.messages,
    }
}

/// The accounts, signed in, and the printers' channel.
fn set_up(transaction: &Transaction<'_>) -> Result<(), aldis_store::Failure> {
    for who in PEOPLE {
        let narrow = who == NARROW;
        let companies = if narrow { &COMPANIES[1..2] } else { &[] };
        let account = Account {
            name: who.to_owned(),
            password: String::new(),
            role: if who == ADMIN {
                Role::Admin
            } else {
                Role::Technician
            },
            picture: Vec::new(),
            may_release: !narrow,
            busy_at: busy_at(who),
            skills: Vec::new(),
            companies: companies.iter().map(|name| name.to_lowercase()).collect(),
        };
        transaction.add_account(&account, 1)?;
        let hash = Sha256::digest(token(who)).into();
        transaction.add_token(&hash, who, u64::MAX >> 1)?;
    }
    let member = |name: Name| Member {
        name: name.to_owned(),
        manager: name == MANAGER,
    };
    transaction.keep_channel(&Channel {
        id: PRINTERS,
        setup: ChannelSetup {
            name: "Printers".to_owned(),
            description: String::new(),
            expiry: DEFAULT_EXPIRY,
            default_assignee: None,
            assignment: Assignment::Off,
            offer_time: 60_000,
            members: vec![member(MANAGER), member(MEMBER)],
        },
    })
}
