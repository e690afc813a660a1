//! The chat of a case, as an app keeps it: what was said, and what is still on its way.
//!
//! A message that is sent stays here until the server has kept it, over every loss of the
//! connection; the mark that it bears makes the server keep it once.

use std::collections::VecDeque;
use std::sync::Arc;

use aldis_wire::signal::{
    Answer, ChatMessage, MAX_CASE_MESSAGES, MAX_MESSAGES, Refusal, Request, Speaker,
};
use aldis_wire::{Code, Millis};

/// The most messages that wait for the server.
pub const MAX_PENDING: usize = 100;

/// How long somebody counts as writing after he was heard of.
pub const TYPING_LIFE: Millis = 5000;

/// How often the other side is told that one is writing.
const TYPING_PAUSE: Millis = 2000;

/// What a question was about; its answer is given back with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    /// The messages so far.
    Read,
    /// A message, by its mark.
    Said(u64),
}

/// What an app keeps of one case's chat.
///
/// After every call the caller takes questions for the server with [`poll`](Self::poll) until
/// there is none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chat {
    code: Code,
    /// Shared with whoever paints it.
    messages: Arc<Vec<ChatMessage>>,
    pending: VecDeque<(u64, String)>,
    read: Read,
    said_in_flight: bool,
    typing: Option<(Speaker, Millis)>,
    told_typing: Option<Millis>,
    wants_typing: bool,
    refused: Option<(String, Refusal)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Read {
    /// Everything is here, and what comes is pushed.
    UpToDate,
    /// To be asked.
    Wanted,
    /// Asked.
    Asked,
}

impl Chat {
    /// Nothing is known yet of this case's chat.
    pub fn new(code: Code) -> Self {
        Self {
            code,
            messages: Arc::default(),
            pending: VecDeque::new(),
            read: Read::Wanted,
            said_in_flight: false,
            typing: None,
            told_typing: None,
            wants_typing: false,
            refused: None,
        }
    }

    /// Whose chat it is.
    pub fn code(&self) -> Code {
        self.code
    }

    /// What was said, oldest first.
    pub fn messages(&self) -> &[ChatMessage] {
        &self.messages
    }

    /// What is still on its way, oldest first.
    pub fn pending(&self) -> impl Iterator<Item = &str> {
        self.pending.iter().map(|(_, text)| text.as_str())
    }

    /// Who is writing at this moment.
    pub fn typing(&self, now: Millis) -> Option<&Speaker> {
        let (who, until) = self.typing.as_ref()?;
        (now < *until).then_some(who)
    }

    /// The last text that the server did not take, and why, until something else is said.
    pub fn refused(&self) -> Option<(&str, &Refusal)> {
        let (text, why) = self.refused.as_ref()?;
        Some((text, why))
    }

    /// The number of the last message that is here.
    pub fn last(&self) -> u32 {
        self.messages.last().map_or(0, |message| message.number)
    }

    /// Says something; `once` is a number that no other message of this speaker bears.
    /// `false` if too much is on its way already.
    pub fn say(&mut self, text: String, once: u64) -> bool {
        if self.pending.len() >= MAX_PENDING {
            return false;
        }
        self.pending.push_back((once, text));
        self.refused = None;
        self.told_typing = None;
        true
    }

    /// The person is writing.
    pub fn write(&mut self, now: Millis) {
        if self
            .told_typing
            .is_none_or(|told| now >= told + TYPING_PAUSE)
        {
            self.told_typing = Some(now);
            self.wants_typing = true;
        }
    }

    /// The server is there, the first time or again: what was asked before is asked again.
    pub fn handle_online(&mut self) {
        self.read = Read::Wanted;
        self.said_in_flight = false;
        self.wants_typing = false;
    }

    /// Somebody said something.
    pub fn handle_message(&mut self, message: ChatMessage) {
        if self
            .typing
            .as_ref()
            .is_some_and(|(who, _)| *who == message.from)
        {
            self.typing = None;
        }
        match message.number.checked_sub(self.last()) {
            Some(1) if message.number <= MAX_CASE_MESSAGES => {
                Arc::make_mut(&mut self.messages).push(message);
            }
            // Something between is missing here.
            Some(2..) if self.read == Read::UpToDate => self.read = Read::Wanted,
            _ => {}
        }
    }

    /// Somebody is writing.
    pub fn handle_typing(&mut self, from: Speaker, now: Millis) {
        self.typing = Some((from, now + TYPING_LIFE));
    }

    /// The answer to a question from [`poll`](Self::poll).
    pub fn handle_answer(&mut self, asked: Asked, answer: Result<Answer, Refusal>) {
        match (asked, answer) {
            (Asked::Read, Ok(Answer::Messages(messages))) => {
                let (more, before) = (messages.len() >= MAX_MESSAGES, self.last());
                for message in messages {
                    let next = message.number.checked_sub(self.last()) == Some(1);
                    if next && message.number <= MAX_CASE_MESSAGES {
                        Arc::make_mut(&mut self.messages).push(message);
                    }
                }
                // A server that answers with nothing new would be asked for ever.
                let more = more && self.last() > before;
                self.read = if more { Read::Wanted } else { Read::UpToDate };
            }
            (Asked::Read, _) => self.read = Read::UpToDate,
            (Asked::Said(once), answer) => {
                self.said_in_flight = false;
                let first = self.pending.front().is_some_and(|(mark, _)| *mark == once);
                let Some((_, text)) = first.then(|| self.pending.pop_front()).flatten() else {
                    return;
                };
                if let Err(refusal) = answer {
                    self.refused = Some((text, refusal));
                }
            }
        }
    }

    /// Whether [`poll`](Self::poll) would ask something.
    pub fn wants(&self) -> bool {
        let say = !self.pending.is_empty() && !self.said_in_flight;
        self.read == Read::Wanted || say || self.wants_typing
    }

    /// The next question for the server.
    pub fn poll(&mut self) -> Option<(Option<Asked>, Request)> {
        let code = self.code;
        if self.read == Read::Wanted {
            self.read = Read::Asked;
            let after = self.last();
            return Some((Some(Asked::Read), Request::ReadChat { code, after }));
        }
        if let Some((once, text)) = self.pending.front()
            && !self.said_in_flight
        {
            self.said_in_flight = true;
            let (once, text) = (*once, text.clone());
            return Some((Some(Asked::Said(once)), Request::Say { code, text, once }));
        }
        std::mem::take(&mut self.wants_typing).then_some((None, Request::Typing { code }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use aldis_wire::signal::Body;

    fn chat() -> Chat {
        let mut chat = Chat::new("s12-345-678".parse().unwrap());
        assert!(matches!(
            chat.poll(),
            Some((Some(Asked::Read), Request::ReadChat { after: 0, .. }))
        ));
        chat.handle_answer(Asked::Read, Ok(Answer::Messages(Vec::new())));
        chat
    }

    fn message(number: u32) -> ChatMessage {
        ChatMessage {
            number,
            at: 5,
            from: Speaker::Customer,
            body: Body::Text(number.to_string()),
        }
    }

    #[test]
    fn what_is_said_stays_until_the_server_has_it_and_is_said_again_under_the_same_mark() {
        let mut chat = chat();
        assert!(chat.say("hello".to_owned(), 7) && chat.say("there".to_owned(), 8));
        let first = chat.poll();
        assert!(matches!(first, Some((Some(Asked::Said(7)), _))));
        assert_eq!(chat.poll(), None, "one at a time keeps their order");
        chat.handle_online();
        chat.poll();
        assert_eq!(
            chat.poll(),
            first,
            "the connection was lost before the answer"
        );
        chat.handle_answer(Asked::Said(7), Ok(Answer::Said { number: 1 }));
        assert_eq!(chat.pending().collect::<Vec<_>>(), ["there"]);
    }

    #[test]
    fn what_the_server_refuses_is_given_back() {
        let mut chat = chat();
        chat.say("hello".to_owned(), 7);
        chat.poll();
        chat.handle_answer(Asked::Said(7), Err(Refusal::Closed));
        assert_eq!(chat.refused(), Some(("hello", &Refusal::Closed)));
        assert_eq!(chat.pending().count(), 0);
        chat.say("again".to_owned(), 8);
        assert_eq!(chat.refused(), None, "something else is said");
    }

    #[test]
    fn a_gap_is_asked_for_and_nothing_is_shown_twice() {
        let mut chat = chat();
        chat.handle_message(message(1));
        chat.handle_message(message(1));
        chat.handle_message(message(4));
        assert_eq!(chat.last(), 1);
        assert!(matches!(
            chat.poll(),
            Some((_, Request::ReadChat { after: 1, .. }))
        ));
        let missed = (1..=4).map(message).collect();
        chat.handle_answer(Asked::Read, Ok(Answer::Messages(missed)));
        let numbers: Vec<_> = chat
            .messages()
            .iter()
            .map(|message| message.number)
            .collect();
        assert_eq!(numbers, [1, 2, 3, 4]);
    }

    #[test]
    fn writing_is_told_now_and_then_and_ends_by_itself() {
        let mut chat = chat();
        chat.write(0);
        chat.write(1);
        assert!(matches!(chat.poll(), Some((None, Request::Typing { .. }))));
        assert_eq!(chat.poll(), None);
        chat.write(TYPING_PAUSE);
        assert!(chat.poll().is_some());
        chat.handle_typing(Speaker::Customer, 10);
        assert!(chat.typing(11).is_some());
        assert!(chat.typing(10 + TYPING_LIFE).is_none());
        chat.handle_typing(Speaker::Customer, 10);
        chat.handle_message(message(1));
        assert!(chat.typing(11).is_none(), "what was being written is there");
    }
}
