//! What a window of another program hears of the supporter's mouse and keys.

use aldis_inject::{InjectError, MonitorPlace};
use aldis_wire::input::{Button, Input, Key, NOTCH, NamedKey};
use x11rb::connection::Connection as _;
use x11rb::protocol::Event;
use x11rb::protocol::xproto::{ConnectionExt as _, CreateWindowAux, EventMask, WindowClass};
use x11rb::rust_connection::RustConnection;
use x11rb::wrapper::ConnectionExt as _;

use crate::server::{PLACE, Supporter, Xvfb};

/// A program with a window over the whole screen.
struct Window {
    conn: RustConnection,
}

/// What it heard.
#[derive(Debug, PartialEq, Eq)]
enum Heard {
    Moved(i16, i16),
    Button(u8, bool),
    Key(u8, bool),
}

impl Window {
    fn open(server: &Xvfb) -> Self {
        let (conn, root) = server.client();
        let window = conn.generate_id().unwrap();
        let mask = EventMask::POINTER_MOTION
            | EventMask::BUTTON_PRESS
            | EventMask::BUTTON_RELEASE
            | EventMask::KEY_PRESS
            | EventMask::KEY_RELEASE
            | EventMask::EXPOSURE;
        let aux = CreateWindowAux::new().event_mask(mask).override_redirect(1);
        let class = WindowClass::INPUT_OUTPUT;
        conn.create_window(24, window, root, 0, 0, 800, 600, 0, class, 0, &aux)
            .unwrap();
        conn.map_window(window).unwrap();
        conn.sync().unwrap();
        while !matches!(conn.wait_for_event().unwrap(), Event::Expose(_)) {}
        Self { conn }
    }

    /// Everything up to the supporter's next move to the corner.
    fn heard(&self, supporter: &mut Supporter) -> Vec<Heard> {
        supporter.point(799, 599);
        let mut heard = Vec::new();
        loop {
            match self.conn.wait_for_event().unwrap() {
                Event::MotionNotify(event) if (event.root_x, event.root_y) == (799, 599) => {
                    return heard;
                }
                Event::MotionNotify(event) => heard.push(Heard::Moved(event.root_x, event.root_y)),
                Event::ButtonPress(event) => heard.push(Heard::Button(event.detail, true)),
                Event::ButtonRelease(event) => heard.push(Heard::Button(event.detail, false)),
                Event::KeyPress(event) => heard.push(Heard::Key(event.detail, true)),
                Event::KeyRelease(event) => heard.push(Heard::Key(event.detail, false)),
                _ => {}
            }
        }
    }
}

fn button(button: Button, pressed: bool) -> Input {
    Input::Button { button, pressed }
}

#[test]
fn a_drag_is_heard_in_order() {
    let server = Xvfb::start();
    let window = Window::open(&server);
    let mut supporter = server.supporter();
    supporter.point(10, 20);
    supporter.apply(&button(Button::Left, true));
    supporter.point(300, 200);
    supporter.apply(&button(Button::Left, false));
    // Not pressed by us, so not ours to let go.
    supporter.apply(&button(Button::Right, false));
    supporter.apply(&button(Button::Forward, true));
    supporter.apply(&button(Button::Forward, true));
    supporter.apply(&button(Button::Forward, false));
    let heard = window.heard(&mut supporter);
    use Heard::{Button as B, Moved as M};
    let wanted = [
        M(10, 20),
        B(1, true),
        M(300, 200),
        B(1, false),
        B(9, true),
        B(9, false),
    ];
    assert_eq!(heard, wanted);
}

#[test]
fn positions_are_counted_from_the_monitor_and_stay_in_it() {
    let server = Xvfb::start();
    let window = Window::open(&server);
    let mut supporter = server.supporter();
    let place = MonitorPlace {
        shrink: 1,
        x: 100,
        y: 200,
        width: 50,
        height: 60,
    };
    for (x, y) in [(1, 2), (1000, 1000)] {
        let input = Input::PointerMove { x, y };
        supporter
            .injector
            .apply(&supporter.token, &input, place)
            .unwrap();
    }
    let heard = window.heard(&mut supporter);
    assert_eq!(heard, [Heard::Moved(101, 202), Heard::Moved(149, 259)]);
}

#[test]
fn the_wheel_turns_by_whole_notches() {
    let server = Xvfb::start();
    let window = Window::open(&server);
    let mut supporter = server.supporter();
    for (x, y) in [
        (0, NOTCH),
        (0, NOTCH / 2),
        (0, NOTCH / 2),
        (0, -NOTCH),
        (NOTCH, 0),
        (-NOTCH, 0),
    ] {
        supporter.apply(&Input::Wheel { x, y });
    }
    let wanted: Vec<Heard> = [5, 5, 4, 7, 6]
        .into_iter()
        .flat_map(|number| [Heard::Button(number, true), Heard::Button(number, false)])
        .collect();
    assert_eq!(window.heard(&mut supporter), wanted);
}

#[test]
fn a_revoked_token_moves_nothing_and_lets_go() {
    let server = Xvfb::start();
    let window = Window::open(&server);
    let mut supporter = server.supporter();
    supporter.point(10, 20);
    supporter.apply(&button(Button::Left, true));
    supporter.authority.revoke();
    let token = supporter.token.clone();
    for input in [
        Input::PointerMove { x: 5, y: 6 },
        button(Button::Right, true),
        Input::Wheel { x: 0, y: NOTCH },
        Input::Text("secret€".to_owned()),
        Input::Key {
            key: Key::Named(NamedKey::Enter),
            pressed: true,
        },
    ] {
        let done = supporter.injector.apply(&token, &input, PLACE);
        assert!(matches!(done, Err(InjectError::Revoked)));
    }
    supporter.token = supporter.authority.grant();
    let heard = window.heard(&mut supporter);
    assert_eq!(
        heard,
        [
            Heard::Moved(10, 20),
            Heard::Button(1, true),
            Heard::Button(1, false)
        ]
    );
}

#[test]
fn a_revocation_stops_a_text_in_the_middle() {
    let server = Xvfb::start();
    let window = Window::open(&server);
    let mut supporter = server.supporter();
    let text = Input::Text("a".repeat(4096));
    let mut typed = 0;
    // The window revokes when it hears the first key; nothing waits for nothing here.
    std::thread::scope(|scope| {
        let Supporter {
            injector,
            token,
            authority,
        } = &mut supporter;
        let typing = scope.spawn(move || injector.apply(token, &text, PLACE));
        while !matches!(window.conn.wait_for_event().unwrap(), Event::KeyPress(_)) {}
        authority.revoke();
        typed += 1;
        assert!(matches!(
            typing.join().unwrap(),
            Err(InjectError::Revoked) | Ok(())
        ));
    });
    supporter.token = supporter.authority.grant();
    let pressed = |heard: &Heard| matches!(heard, Heard::Key(_, true));
    typed += window
        .heard(&mut supporter)
        .iter()
        .filter(|heard| pressed(heard))
        .count();
    assert!(typed < 4096, "{typed} characters");
}

#[test]
fn everything_held_is_let_go() {
    let server = Xvfb::start();
    let window = Window::open(&server);
    let mut supporter = server.supporter();
    supporter.point(10, 20);
    supporter.named(NamedKey::Control, true);
    supporter.key(Key::Function(5), true);
    supporter.apply(&button(Button::Middle, true));
    supporter.injector.release_all().unwrap();
    supporter.injector.release_all().unwrap();
    let mut heard = window.heard(&mut supporter);
    let (mut released, pressed): (Vec<_>, Vec<_>) = heard
        .drain(1..)
        .partition(|heard| matches!(heard, Heard::Key(_, false) | Heard::Button(_, false)));
    released.sort_by_key(|heard| format!("{heard:?}"));
    assert_eq!(
        pressed,
        [
            Heard::Key(37, true),
            Heard::Key(71, true),
            Heard::Button(2, true)
        ]
    );
    assert_eq!(
        released,
        [
            Heard::Button(2, false),
            Heard::Key(37, false),
            Heard::Key(71, false)
        ]
    );
}
