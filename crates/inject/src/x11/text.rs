//! Typing text, so that exactly this text arrives whatever the layout and the keyboard's state.
//!
//! Modifiers that are down, `CapsLock` and a second layout group all change what a key means.
//! They are put aside for the text and put back after it, and where nothing is in the way, which
//! is the usual case, this costs one question to the server.

use aldis_session::ControlToken;
use x11rb::connection::Connection as _;
use x11rb::protocol::xkb::{ConnectionExt as _, Group};
use x11rb::protocol::xproto::{
    ConnectionExt as _, KEY_PRESS_EVENT, KEY_RELEASE_EVENT, Keycode, Keysym,
};
use xkeysym::key;

use super::keymap::Stroke;
use super::{Desktop, core_keyboard, keysyms};
use crate::InjectError;

/// What was put aside.
#[derive(Debug, Default)]
struct Aside {
    /// Modifier keys that were down.
    released: Vec<Keycode>,
    /// Modifiers that were locked, as a mask.
    locks: u8,
    /// The group that was locked, unless it is the first.
    group: Option<Group>,
    /// A Shift key of the real keyboard is down, and no program can let go of it.
    shift_is_stuck: bool,
}

impl Desktop {
    /// Types this text as long as the token lives.
    pub(super) fn text(&mut self, token: &ControlToken, text: &str) -> Result<(), InjectError> {
        let aside = self.put_aside()?;
        let mut shift = None;
        let typed = self.type_all(token, text, aside.shift_is_stuck, &mut shift);
        // Put back in any case, also when the right to type just ended.
        let unshifted = self.set_shift(&mut shift, false);
        let restored = self.put_back(&aside, token);
        typed.and(unshifted).and(restored)
    }

    fn type_all(
        &mut self,
        token: &ControlToken,
        text: &str,
        shift_is_stuck: bool,
        shift: &mut Option<Keycode>,
    ) -> Result<(), InjectError> {
        let mut chars = text.chars().peekable();
        while let Some(c) = chars.next() {
            let wanted: [Keysym; 2] = match c {
                '\r' if chars.peek() == Some(&'\n') => continue,
                '\n' | '\r' => [key::Return; 2],
                '\t' => [key::Tab; 2],
                c if c.is_control() => continue,
                c => keysyms::of_char(c),
            };
            self.refresh()?;
            let known = self.keymap.stroke(&wanted).filter(|_| !shift_is_stuck);
            let stroke = match known {
                Some(stroke) => stroke,
                // All its levels are alike, so that a stuck Shift does no harm.
                None => Stroke {
                    keycode: self.lend(wanted[0])?,
                    shift: false,
                },
            };
            if !token.is_live() {
                return Err(InjectError::Revoked);
            }
            self.set_shift(shift, stroke.shift)?;
            self.fake(KEY_PRESS_EVENT, stroke.keycode)?;
            self.fake(KEY_RELEASE_EVENT, stroke.keycode)?;
            // Before the next look at the token, so that nothing allowed waits in a buffer.
            self.conn.flush()?;
        }
        Ok(())
    }

    /// Presses or releases Shift if it is not as wanted; `shift` is the key that is down.
    fn set_shift(&self, shift: &mut Option<Keycode>, wanted: bool) -> Result<(), InjectError> {
        match (*shift, wanted) {
            (None, true) => {
                let keycode = self.keymap.shift().ok_or(InjectError::NoSpareKey)?;
                *shift = Some(keycode);
                self.fake(KEY_PRESS_EVENT, keycode)
            }
            (Some(keycode), false) => {
                *shift = None;
                self.fake(KEY_RELEASE_EVENT, keycode)
            }
            (None, false) | (Some(_), true) => Ok(()),
        }
    }

    fn put_aside(&mut self) -> Result<Aside, InjectError> {
        let state = self.conn.xkb_get_state(core_keyboard())?.reply()?;
        let locks = (u16::from(state.locked_mods) & !self.keymap.num_lock()) as u8;
        let mut aside = Aside {
            locks,
            group: (state.group != Group::M1).then_some(state.locked_group),
            ..Aside::default()
        };
        if u16::from(state.base_mods) != 0 {
            let before = self.modifiers_down()?;
            for keycode in &before {
                self.fake(KEY_RELEASE_EVENT, *keycode)?;
            }
            let after = self.modifiers_down()?;
            aside.shift_is_stuck = after.iter().any(|keycode| self.keymap.is_shift(*keycode));
            // Those that are down still belong to the real keyboard and need no pressing again, and
            // pressing CapsLock again would toggle it.
            aside.released = before
                .into_iter()
                .filter(|keycode| !after.contains(keycode) && !self.keymap.is_lock(*keycode))
                .collect();
        }
        if locks != 0 || aside.group.is_some() || u16::from(state.latched_mods) != 0 {
            self.lock(locks, 0, aside.group.map(|_| Group::M1))?;
        }
        Ok(aside)
    }

    fn put_back(&self, aside: &Aside, token: &ControlToken) -> Result<(), InjectError> {
        if aside.locks != 0 || aside.group.is_some() {
            self.lock(aside.locks, aside.locks, aside.group)?;
        }
        // A key that the supporter holds is theirs to hold only while they may.
        for keycode in &aside.released {
            let ours = self.keys.values().any(|held| held == keycode);
            if token.is_live() || !ours {
                self.fake(KEY_PRESS_EVENT, *keycode)?;
            }
        }
        self.conn.flush()?;
        Ok(())
    }

    /// The modifier keys that are down.
    fn modifiers_down(&self) -> Result<Vec<Keycode>, InjectError> {
        let keys = self.conn.query_keymap()?.reply()?.keys;
        let is_down = |keycode: &Keycode| keys[usize::from(keycode / 8)] & 1 << (keycode % 8) != 0;
        let down = (Keycode::MIN..=Keycode::MAX).filter(is_down);
        Ok(down
            .filter(|keycode| self.keymap.is_modifier(*keycode))
            .collect())
    }
}
