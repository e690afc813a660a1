//! A compositor that offers graphics memory, which it does not have.
//!
//! `xdg-desktop-portal-wlr` 0.7.0, which Debian 12 has, shares nothing where the compositor offers none, although shared
//! memory is what it then takes; later versions do not insist.
//! So its conversation with the compositor goes through here, where the offer is added to every picture's description.

use std::collections::BTreeMap;
use std::fs;
use std::io::{IoSlice, IoSliceMut};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd as _, OwnedFd};
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::thread;

use anyhow::{Context as _, Result};
use rustix::net::{
    RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer,
    SendAncillaryMessage, SendFlags, recvmsg, sendmsg,
};

/// `zwlr_screencopy_frame_v1.buffer`: four numbers, which describe the shared memory for a picture.
const BUFFER: (u32, usize) = (0, 24);
/// `linux_dmabuf`: the same for graphics memory.
const GRAPHICS: (u32, usize) = (5, 20);
/// `buffer_done`: all kinds of memory are described. No other event that the portal hears has this number and length.
const DONE: (u32, usize) = (6, 8);
/// The usual order of bytes, as graphics memory calls it.
const XRGB: u32 = u32::from_le_bytes(*b"XR24");

/// The most file descriptors in one go, as libwayland has it.
const MAX_FDS: usize = 28;

/// Answers at `front` for as long as the compositor at `back` does; everybody may come.
pub(super) fn serve(front: &Path, back: &Path) -> Result<()> {
    let listener = UnixListener::bind(front).context("the compositor's other socket")?;
    fs::set_permissions(front, fs::Permissions::from_mode(0o777))?;
    let back = back.to_path_buf();
    let accept = move || {
        while let Ok((client, _)) = listener.accept() {
            let Ok(server) = UnixStream::connect(&back) else {
                return;
            };
            let (Ok(client_too), Ok(server_too)) = (client.try_clone(), server.try_clone()) else {
                return;
            };
            let relays = [
                relay("to-compositor", client, server, Pass::AsItIs),
                relay("from-compositor", server_too, client_too, Pass::Offering),
            ];
            if relays.iter().any(Result::is_err) {
                return;
            }
        }
    };
    named("offer", accept)
}

fn named(name: &str, work: impl FnOnce() + Send + 'static) -> Result<()> {
    thread::Builder::new().name(name.to_owned()).spawn(work)?;
    Ok(())
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Pass {
    AsItIs,
    Offering,
}

/// Passes everything on from one to the other until one of them is gone.
fn relay(name: &str, from: UnixStream, to: UnixStream, pass: Pass) -> Result<()> {
    named(name, move || {
        let mut whole = Vec::new();
        let mut offers = Offers::default();
        while let Some((bytes, fds)) = receive(&from) {
            whole.extend(bytes);
            let end = if pass == Pass::Offering {
                complete(&whole)
            } else {
                whole.len()
            };
            let rest = whole.split_off(end);
            if pass == Pass::Offering {
                whole = offers.add(&whole);
            }
            if send(&to, &whole, &fds).is_err() {
                break;
            }
            whole = rest;
        }
        for end in [from, to] {
            drop(end.shutdown(std::net::Shutdown::Both));
        }
    })
}

fn receive(from: &UnixStream) -> Option<(Vec<u8>, Vec<OwnedFd>)> {
    let mut bytes = vec![0; 16 * 1024];
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(MAX_FDS))];
    let mut beside = RecvAncillaryBuffer::new(&mut space);
    let parts = &mut [IoSliceMut::new(&mut bytes)];
    let received = recvmsg(from.as_fd(), parts, &mut beside, RecvFlags::CMSG_CLOEXEC).ok()?;
    let mut fds = Vec::new();
    for message in beside.drain() {
        if let RecvAncillaryMessage::ScmRights(more) = message {
            fds.extend(more);
        }
    }
    bytes.truncate(received.bytes);
    (!bytes.is_empty()).then_some((bytes, fds))
}

fn send(to: &UnixStream, bytes: &[u8], fds: &[OwnedFd]) -> Result<()> {
    let borrowed: Vec<_> = fds.iter().map(|fd| fd.as_fd()).collect();
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(MAX_FDS))];
    let mut beside = SendAncillaryBuffer::new(&mut space);
    if !borrowed.is_empty() {
        beside.push(SendAncillaryMessage::ScmRights(&borrowed));
    }
    let mut rest = bytes;
    while !rest.is_empty() {
        let part = [IoSlice::new(rest)];
        let sent = sendmsg(to.as_fd(), &part, &mut beside, SendFlags::NOSIGNAL)?;
        beside.clear();
        rest = rest.get(sent..).unwrap_or_default();
    }
    Ok(())
}

fn word(bytes: &[u8], at: usize) -> Option<u32> {
    let word = bytes.get(at..at + 4)?;
    Some(u32::from_ne_bytes(word.try_into().ok()?))
}

/// A message's length, which is in the upper half of its second word.
fn length(message: &[u8]) -> Option<usize> {
    Some((word(message, 4)? >> 16) as usize).filter(|length| *length >= 8)
}

/// How many of the bytes are whole messages.
fn complete(bytes: &[u8]) -> usize {
    let mut end = 0;
    while let Some(length) = bytes.get(end..).and_then(length)
        && end + length <= bytes.len()
    {
        end += length;
    }
    end
}

/// What is known of pictures whose description is under way, by their object.
#[derive(Default)]
struct Offers(BTreeMap<u32, (u32, u32)>);

impl Offers {
    /// The messages with an offer before each description's end.
    fn add(&mut self, messages: &[u8]) -> Vec<u8> {
        let mut added = Vec::with_capacity(messages.len());
        let mut rest = messages;
        while let Some((object, event, message, after)) = first(rest) {
            match (event, message.len()) {
                BUFFER => {
                    if let (Some(width), Some(height)) = (word(message, 12), word(message, 16)) {
                        self.0.insert(object, (width, height));
                    }
                }
                DONE => {
                    if let Some((width, height)) = self.0.remove(&object) {
                        let (event, length) = GRAPHICS;
                        let head = (length as u32) << 16 | event;
                        for word in [object, head, XRGB, width, height] {
                            added.extend(word.to_ne_bytes());
                        }
                    }
                }
                _ => {}
            }
            added.extend(message);
            rest = after;
        }
        added
    }
}

/// The first message's object, event and bytes, and what follows.
fn first(messages: &[u8]) -> Option<(u32, u32, &[u8], &[u8])> {
    let length = length(messages)?;
    let (message, after) = messages.split_at_checked(length)?;
    Some((
        word(message, 0)?,
        word(message, 4)? & 0xFFFF,
        message,
        after,
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(object: u32, event: u32, words: &[u32]) -> Vec<u8> {
        let head = (8 + words.len() as u32 * 4) << 16 | event;
        let all = [&[object, head], words].concat();
        all.iter().flat_map(|word| word.to_ne_bytes()).collect()
    }

    #[test]
    fn an_offer_is_added_to_a_picture_and_to_nothing_else() {
        let described = message(9, 0, &[1, 800, 600, 3200]);
        let done = message(9, 6, &[]);
        let other = message(7, 6, &[]);
        let offer = message(9, 5, &[XRGB, 800, 600]);
        let mut offers = Offers::default();
        assert_eq!(offers.add(&described), described);
        let sent = [other.clone(), done.clone(), done.clone()].concat();
        let expected = [other, offer, done.clone(), done].concat();
        assert_eq!(offers.add(&sent), expected);
    }

    #[test]
    fn half_a_message_waits() {
        let mut bytes = message(9, 0, &[1, 2, 3, 4]);
        let whole = bytes.len();
        bytes.extend([1, 0, 0]);
        assert_eq!(complete(&bytes), whole);
        assert_eq!(complete(&bytes[..whole - 1]), 0);
    }
}
