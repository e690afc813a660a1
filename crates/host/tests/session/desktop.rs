//! The customer's screen as the programs on it see it.

use x11rb::connection::Connection as _;
use x11rb::protocol::Event;
use x11rb::protocol::xproto::{
    ConnectionExt as _, CreateGCAux, CreateWindowAux, EventMask, ImageFormat, InputFocus, Window,
    WindowClass,
};
use x11rb::rust_connection::RustConnection;
use x11rb::wrapper::ConnectionExt as _;

use crate::stage::SCREEN;

/// The X server that `DISPLAY` names.
pub(crate) struct Desktop {
    conn: RustConnection,
    root: Window,
}

/// What a program was told of keys and buttons.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Pressed {
    pub(crate) keys: usize,
    pub(crate) buttons: usize,
}

impl Desktop {
    pub(crate) fn open() -> Self {
        let (conn, number) = RustConnection::connect(None).unwrap();
        let root = conn.setup().roots[number].root;
        Self { conn, root }
    }

    /// A program all over the screen, with the keyboard.
    pub(crate) fn start_program(&self) {
        self.start_program_at((0, 0), SCREEN);
    }

    /// A program with the keyboard, and with the mouse over this part of the screen.
    pub(crate) fn start_program_at(&self, (x, y): (i16, i16), (width, height): (u16, u16)) {
        let window = self.conn.generate_id().unwrap();
        let events = EventMask::KEY_PRESS | EventMask::KEY_RELEASE | EventMask::BUTTON_PRESS;
        let aux = CreateWindowAux::new()
            .override_redirect(1)
            .event_mask(events);
        let class = WindowClass::INPUT_OUTPUT;
        self.conn
            .create_window(0, window, self.root, x, y, width, height, 0, class, 0, &aux)
            .unwrap();
        self.conn.map_window(window).unwrap();
        self.conn
            .set_input_focus(InputFocus::PARENT, window, x11rb::CURRENT_TIME)
            .unwrap();
        self.conn.sync().unwrap();
    }

    /// What the program was told since the last call.
    pub(crate) fn pressed(&self) -> Pressed {
        self.conn.sync().unwrap();
        let mut pressed = Pressed::default();
        while let Some(event) = self.conn.poll_for_event().unwrap() {
            match event {
                Event::KeyPress(_) => pressed.keys += 1,
                Event::ButtonPress(_) => pressed.buttons += 1,
                _ => {}
            }
        }
        pressed
    }

    /// Waits until the program was told that a key went down, or up.
    pub(crate) fn wait_key(&self, down: bool) {
        loop {
            match self.conn.wait_for_event().unwrap() {
                Event::KeyPress(_) if down => return,
                Event::KeyRelease(_) if !down => return,
                _ => {}
            }
        }
    }

    /// Puts the pointer there, as the customer's own mouse would.
    pub(crate) fn move_pointer(&self, x: i16, y: i16) {
        self.conn
            .warp_pointer(x11rb::NONE, self.root, 0, 0, 0, 0, x, y)
            .unwrap();
        self.conn.sync().unwrap();
    }

    /// Where the pointer is.
    pub(crate) fn pointer(&self) -> (i16, i16) {
        let pointer = self.conn.query_pointer(self.root).unwrap().reply().unwrap();
        (pointer.root_x, pointer.root_y)
    }

    /// Draws random pixels onto a part of the screen.
    pub(crate) fn draw(&self, (x, y): (i16, i16), (width, height): (u16, u16), seed: u32) {
        let mut state = seed.wrapping_mul(2_654_435_761) | 1;
        let pixels: Vec<u8> = (0..usize::from(width) * usize::from(height))
            .flat_map(|_| {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                let [_, red, green, blue] = state.to_be_bytes();
                [blue, green, red, 0]
            })
            .collect();
        let gc = self.conn.generate_id().unwrap();
        self.conn
            .create_gc(gc, self.root, &CreateGCAux::new())
            .unwrap();
        self.conn
            .put_image(
                ImageFormat::Z_PIXMAP,
                self.root,
                gc,
                width,
                height,
                x,
                y,
                0,
                24,
                &pixels,
            )
            .unwrap();
        self.conn.free_gc(gc).unwrap();
        self.conn.sync().unwrap();
    }

    /// The whole screen's pixels: rows of blue, green, red and an unused byte.
    pub(crate) fn pixels(&self) -> Vec<u8> {
        let (width, height) = SCREEN;
        let format = ImageFormat::Z_PIXMAP;
        let image = self
            .conn
            .get_image(format, self.root, 0, 0, width, height, !0)
            .unwrap();
        image.reply().unwrap().data
    }
}
