//! The service desk, as this supporter's window knows it.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use aldis_session::chat::{Asked, Chat};
use aldis_wire::signal::{
    Action, Answer, Availability, Canned, Case, Channel, ChannelId, ChannelSetup, Desk, Draft,
    Entry, Push, Refusal, Request, Search, Speaker,
};
use aldis_wire::{Code, Millis};

/// The most chats that are kept at hand; the one looked at longest ago goes first.
const CHATS: usize = 32;

/// How many cases a search shows.
const FOUND: usize = aldis_wire::signal::MAX_CASES;

/// The most news that wait for the window.
const NEWS: usize = 64;

/// What a supporter wants of the service desk.
#[derive(Clone, Debug)]
pub enum Wish {
    /// Take requests from now on, or not.
    SetAvailability(Availability),
    /// Make a case.
    NewCase(Box<Draft>),
    /// Do something with cases.
    Act {
        /// Which.
        codes: Vec<Code>,
        /// What.
        action: Action,
    },
    /// Read a case's chat, from now on.
    OpenChat(Code),
    /// Say something in a chat.
    Say {
        /// Where.
        code: Code,
        /// What.
        text: String,
    },
    /// Be seen writing in a chat.
    Write(Code),
    /// The chat was read up to this message.
    MarkRead(Code, u32),
    /// Look for cases, also old ones.
    Find(String),
    /// Learn what happened to a case.
    ShowHistory(Code),
    /// Keep a canned reply; an empty text removes it.
    KeepCanned(Canned),
    /// Make a channel.
    NewChannel(Box<ChannelSetup>),
    /// Set a channel up anew.
    SetChannel(Box<Channel>),
    /// Remove a channel.
    RemoveChannel(ChannelId),
}

/// What the window shows of the service desk, as of one moment.
#[derive(Clone, Debug, Default)]
pub struct Service {
    /// The desk but for its cases.
    pub desk: Arc<Desk>,
    /// The cases that this supporter sees, by code.
    pub cases: Arc<BTreeMap<Code, Arc<Case>>>,
    /// Everything has been told once.
    pub complete: bool,
    /// How far he has read each chat.
    pub read: Arc<BTreeMap<Code, u32>>,
    /// The chats that he reads.
    pub chats: Arc<BTreeMap<Code, Chat>>,
    /// What was looked for, and what was found.
    pub found: Option<Arc<(String, Vec<Case>)>>,
    /// What happened to the case that was asked about last.
    pub history: Option<Arc<(Code, Vec<Entry>)>>,
    /// The canned replies.
    pub canned: Arc<Vec<Canned>>,
    /// What he should notice, numbered without gaps.
    pub news: Arc<VecDeque<(u64, News)>>,
    /// The case that was made last.
    pub created: Option<Code>,
    /// Where the search goes on.
    search: Option<(About, Request)>,
}

/// Something that a supporter should notice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum News {
    /// A customer waits in this case.
    Waiting(Code),
    /// A customer has written in a chat that he is in.
    Message {
        /// The case.
        code: Code,
        /// What.
        text: String,
    },
}

/// What a question to the server was about.
#[derive(Clone, Debug)]
pub(crate) enum About {
    NewCase,
    Act,
    Chat(Code, Option<Asked>),
    /// The words, and what was found so far.
    Find(String, Vec<Case>),
    History(Code),
    Canned,
    Quiet,
}

impl Service {
    /// How many messages of a case's chat he has not read.
    pub fn unread(&self, case: &Case) -> u32 {
        let read = self.read.get(&case.code).copied().unwrap_or_default();
        case.messages.saturating_sub(read)
    }

    /// What this supporter is as a speaker.
    pub fn me(&self) -> Speaker {
        Speaker::Supporter(self.desk.me.clone())
    }

    /// The server is there, the first time or again.
    pub(crate) fn greeted(&mut self, availability: Availability) -> Vec<(About, Request)> {
        self.cases = Arc::default();
        self.complete = false;
        for chat in Arc::make_mut(&mut self.chats).values_mut() {
            chat.handle_online();
        }
        vec![
            (About::Quiet, Request::Watch { availability }),
            (About::Canned, Request::ShowCanned),
        ]
    }

    /// Does what the supporter wants; `once` is a number that no other message bears.
    pub(crate) fn wish(&mut self, wish: Wish, once: u64, now: Millis) -> Option<(About, Request)> {
        Some(match wish {
            Wish::SetAvailability(availability) => {
                (About::Quiet, Request::SetAvailability(availability))
            }
            Wish::NewCase(draft) => (About::NewCase, Request::NewCase(draft)),
            Wish::Act { codes, action } => (About::Act, Request::Act { codes, action }),
            Wish::OpenChat(code) => {
                self.open(code);
                return None;
            }
            Wish::Say { code, text } => {
                self.open(code).say(text, once);
                return None;
            }
            Wish::Write(code) => {
                self.open(code).write(now);
                return None;
            }
            Wish::MarkRead(code, number) => {
                let known = self.read.get(&code).copied().unwrap_or_default();
                if known >= number {
                    return None;
                }
                Arc::make_mut(&mut self.read).insert(code, number);
                (About::Quiet, Request::MarkRead { code, number })
            }
            Wish::Find(text) => {
                self.search = None;
                find(text, Vec::new(), None)
            }
            Wish::ShowHistory(code) => (About::History(code), Request::ShowHistory { code }),
            Wish::KeepCanned(canned) => (About::Canned, Request::KeepCanned(canned)),
            Wish::NewChannel(setup) => (About::Act, Request::NewChannel(setup)),
            Wish::SetChannel(channel) => (About::Act, Request::SetChannel(channel)),
            Wish::RemoveChannel(id) => (About::Act, Request::RemoveChannel(id)),
        })
    }

    /// The chat, from now on kept at hand.
    fn open(&mut self, code: Code) -> &mut Chat {
        let chats = Arc::make_mut(&mut self.chats);
        if chats.len() >= CHATS && !chats.contains_key(&code) {
            let idle = |(_, chat): &(&Code, &Chat)| chat.pending().next().is_none();
            let oldest = chats
                .iter()
                .filter(idle)
                .min_by_key(|(_, chat)| chat.messages().last().map_or(0, |message| message.at));
            if let Some(oldest) = oldest.map(|(code, _)| *code) {
                chats.remove(&oldest);
            }
        }
        chats.entry(code).or_insert_with(|| Chat::new(code))
    }

    /// What the search and the chats want to know and say.
    pub(crate) fn poll(&mut self) -> Option<(About, Request)> {
        if let Some(search) = self.search.take() {
            return Some(search);
        }
        // Looked at first: a chat that wants nothing is not to be copied.
        let code = *self.chats.iter().find(|(_, chat)| chat.wants())?.0;
        let chat = Arc::make_mut(&mut self.chats).get_mut(&code)?;
        let (asked, request) = chat.poll()?;
        Some((About::Chat(code, asked), request))
    }

    /// The server tells something; gives back what is not about the desk.
    pub(crate) fn told(&mut self, push: Push, now: Millis) -> Option<Push> {
        match push {
            Push::Cases {
                changed,
                gone,
                complete,
            } => {
                let cases = Arc::make_mut(&mut self.cases);
                for code in gone {
                    cases.remove(&code);
                }
                let mut talks = Vec::new();
                for case in changed {
                    if case.chatting.contains(&self.desk.me) {
                        talks.push(case.code);
                    }
                    cases.insert(case.code, Arc::new(case));
                }
                self.complete |= complete;
                for code in talks {
                    if !self.chats.contains_key(&code) {
                        self.open(code);
                    }
                }
            }
            Push::Desk(desk) => self.desk = Arc::new(*desk),
            Push::Waiting(code) => self.note(News::Waiting(code)),
            Push::Read(marks) => Arc::make_mut(&mut self.read).extend(marks),
            Push::Message { code, message } => {
                if let (Speaker::Customer, aldis_wire::signal::Body::Text(text)) =
                    (&message.from, &message.body)
                    && self
                        .cases
                        .get(&code)
                        .is_some_and(|case| case.chatting.contains(&self.desk.me))
                {
                    let text = text.clone();
                    self.note(News::Message { code, text });
                }
                if let Some(chat) = Arc::make_mut(&mut self.chats).get_mut(&code) {
                    chat.handle_message(message);
                }
            }
            Push::Typing { code, from } => {
                if let Some(chat) = Arc::make_mut(&mut self.chats).get_mut(&code) {
                    chat.handle_typing(from, now);
                }
            }
            other => return Some(other),
        }
        None
    }

    /// The server's answer; a refusal that the supporter should read is given back.
    pub(crate) fn answered(
        &mut self,
        about: About,
        answer: Result<Answer, Refusal>,
    ) -> Option<Refusal> {
        match (about, answer) {
            (About::Chat(code, Some(asked)), answer) => {
                let chat = Arc::make_mut(&mut self.chats).get_mut(&code)?;
                chat.handle_answer(asked, answer);
                None
            }
            (About::NewCase, Ok(Answer::Case(case))) => {
                self.created = Some(case.code);
                Arc::make_mut(&mut self.cases).insert(case.code, Arc::new(*case));
                None
            }
            (About::Act, Ok(Answer::Acted(outcomes))) => {
                outcomes.into_iter().find_map(|(_, outcome)| outcome.err())
            }
            (About::Find(text, mut so_far), Ok(Answer::Cases { found, next })) => {
                so_far.extend(found);
                // An answer may be short only because the server looked at much that is not his.
                if next.is_some() && so_far.len() < FOUND {
                    self.search = Some(find(text, so_far, next));
                } else {
                    self.found = Some(Arc::new((text, so_far)));
                }
                None
            }
            (About::History(code), Ok(Answer::History(entries))) => {
                self.history = Some(Arc::new((code, entries)));
                None
            }
            (About::Canned, Ok(Answer::Canned(canned))) => {
                self.canned = Arc::new(canned);
                None
            }
            (About::Quiet | About::Chat(_, None), _) | (_, Ok(_)) => None,
            (_, Err(refusal)) => Some(refusal),
        }
    }

    fn note(&mut self, news: News) {
        let queue = Arc::make_mut(&mut self.news);
        let number = queue.back().map_or(1, |(number, _)| number + 1);
        queue.push_back((number, news));
        while queue.len() > NEWS {
            queue.pop_front();
        }
    }
}

fn find(text: String, so_far: Vec<Case>, after: Option<(Millis, Code)>) -> (About, Request) {
    let search = Search {
        text: text.clone(),
        after,
    };
    (About::Find(text, so_far), Request::FindCases(search))
}
