//! Who reads a chat, and what they are told.

use aldis_wire::Code;
use aldis_wire::signal::{ChatMessage, Push, Speaker};

use super::{ConnectionId, Hub, Mailbox, State};

/// The most chats that one window reads at once.
const CHATS: usize = 64;

impl Hub {
    /// From now on this window is told what is said in the chat.
    pub(crate) fn read_chat(&self, code: Code, id: ConnectionId) {
        self.with(|state| {
            let read = |readers: &&std::collections::BTreeSet<_>| readers.contains(&id);
            if state.readers.values().filter(read).count() < CHATS {
                state.readers.entry(code).or_default().insert(id);
            }
        });
    }

    /// Somebody is writing.
    pub(crate) fn typing(&self, code: Code, from: &Speaker, id: ConnectionId) {
        self.with(|state| {
            for mailbox in state.chat_of(code).filter(|mailbox| mailbox.id != id) {
                let from = from.clone();
                mailbox.push(Push::Typing { code, from });
            }
        });
    }
}

impl State {
    /// The customer, and the windows that read the chat.
    ///
    /// Who began to read may since have lost the right to see the case.
    fn chat_of(&self, code: Code) -> impl Iterator<Item = &Mailbox> {
        let readers = self.readers.get(&code).into_iter().flatten();
        let windows = readers.filter_map(move |id| {
            let (watcher, case) = (self.watchers.get(id)?, self.cases.get(&code)?);
            let person = self.person_at(&watcher.name)?;
            person
                .sees(case, self.channel_of(case))
                .then_some(&watcher.mailbox)
        });
        self.customers.get(&code).into_iter().chain(windows)
    }

    pub(super) fn tell_chat(&self, code: Code, message: &ChatMessage) {
        for mailbox in self.chat_of(code) {
            let message = message.clone();
            mailbox.push(Push::Message { code, message });
        }
    }
}
