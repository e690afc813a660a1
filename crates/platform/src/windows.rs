//! A thread that runs a Windows message loop, which hot keys and hooks need.

use std::io;
use std::sync::mpsc::sync_channel;
use std::thread::JoinHandle;

use windows_sys::Win32::System::Threading::GetCurrentThreadId;
use windows_sys::Win32::UI::WindowsAndMessaging::{
    GetMessageW, MSG, PM_NOREMOVE, PeekMessageW, PostThreadMessageW, WM_QUIT,
};

/// The thread; dropping this ends it.
#[derive(Debug)]
pub(crate) struct MessageLoop {
    id: u32,
    thread: Option<JoinHandle<()>>,
}

impl MessageLoop {
    /// Runs `start` on the new thread, and if it succeeds hands each message to what it gives.
    pub(crate) fn run<E, H>(
        name: &str,
        start: impl FnOnce() -> Result<H, E> + Send + 'static,
    ) -> Result<Self, E>
    where
        E: From<io::Error> + Send + 'static,
        H: FnMut(&MSG),
    {
        let (started, answer) = sync_channel(1);
        let body = move || {
            make_queue();
            match start() {
                Ok(mut handle) => {
                    if started.send(Ok(current_thread())).is_ok() {
                        while let Some(message) = next_message() {
                            handle(&message);
                        }
                    }
                }
                Err(error) => {
                    if started.send(Err(error)).is_err() {
                        tracing::debug!("nobody waits for the message loop");
                    }
                }
            }
        };
        let thread = std::thread::Builder::new()
            .name(name.to_owned())
            .spawn(body)?;
        let gone = || Err(io::Error::other("the message loop ended").into());
        let id = answer.recv().unwrap_or_else(|_| gone())?;
        Ok(Self {
            id,
            thread: Some(thread),
        })
    }
}

impl Drop for MessageLoop {
    #[expect(unsafe_code, reason = "PostThreadMessageW is a C function")]
    fn drop(&mut self) {
        // SAFETY: it takes numbers; a thread that is gone is an error.
        if unsafe { PostThreadMessageW(self.id, WM_QUIT, 0, 0) } == 0 {
            return;
        }
        // It may be that very thread that drops this.
        if let Some(thread) = self.thread.take()
            && thread.thread().id() != std::thread::current().id()
            && thread.join().is_err()
        {
            tracing::debug!("the message loop had panicked");
        }
    }
}

/// A thread has a queue only after it asked for a message; before, none can be posted to it.
#[expect(unsafe_code, reason = "PeekMessageW is a C function")]
fn make_queue() {
    let mut message = MSG::default();
    // SAFETY: `message` is one to be written.
    unsafe { PeekMessageW(&raw mut message, std::ptr::null_mut(), 0, 0, PM_NOREMOVE) };
}

#[expect(unsafe_code, reason = "GetMessageW is a C function")]
fn next_message() -> Option<MSG> {
    let mut message = MSG::default();
    // SAFETY: `message` is one to be written; 0 says "quit" and -1 "failed".
    let answer = unsafe { GetMessageW(&raw mut message, std::ptr::null_mut(), 0, 0) };
    (answer > 0).then_some(message)
}

#[expect(unsafe_code, reason = "GetCurrentThreadId is a C function")]
fn current_thread() -> u32 {
    // SAFETY: it takes nothing and gives a number.
    unsafe { GetCurrentThreadId() }
}
