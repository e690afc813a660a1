//! Text that is typed into a real terminal arrives byte by byte, whatever the keyboard.

use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Instant;

use aldis_wire::input::{Key, NamedKey};
use x11rb::protocol::xproto::ConnectionExt as _;

use crate::server::{LIMIT, Supporter, Xvfb, until};

const TEXT: &str = "@\\{}[]€ñßü Hello, Welt! ¿Qué? áéíóú ÄÖÜ ~^`<>|'\" λόγος Привет 12:00";

/// A terminal whose `cat` writes into a file what it hears.
struct Terminal {
    process: Child,
    folder: tempfile::TempDir,
}

impl Terminal {
    fn start(server: &Xvfb, supporter: &mut Supporter) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let process = Command::new("xterm")
            .args([
                "-u8",
                "-geometry",
                "80x20+0+0",
                "-e",
                "sh",
                "-c",
                "exec cat > \"$OUT\"",
            ])
            .env("DISPLAY", &server.name)
            .env("LC_ALL", "C.UTF-8")
            .env("OUT", folder.path().join("heard"))
            .env("HOME", folder.path())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("xterm is installed");
        let terminal = Self { process, folder };
        // No window manager: who has the pointer has the keyboard.
        supporter.point(60, 60);
        let (conn, root) = server.client();
        until("the terminal", || {
            let below = conn.query_pointer(root).unwrap().reply().unwrap().child;
            below != x11rb::NONE && terminal.file().exists()
        });
        terminal
    }

    fn file(&self) -> PathBuf {
        self.folder.path().join("heard")
    }

    fn expect(&self, wanted: &str) {
        let start = Instant::now();
        loop {
            let heard = std::fs::read(self.file()).unwrap();
            if heard == wanted.as_bytes() {
                return;
            }
            let heard = String::from_utf8_lossy(&heard);
            assert!(
                start.elapsed() < LIMIT
                    && heard.matches('\n').count() < wanted.matches('\n').count(),
                "heard  {heard:?}\nwanted {wanted:?}"
            );
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        self.process.kill().ok();
        self.process.wait().ok();
    }
}

/// Types into a terminal after `prepare`, twice, and expects exactly the text.
fn types_exactly(
    layout: &[&str],
    prepare: impl FnOnce(&Xvfb, &mut Supporter),
) -> (Xvfb, Supporter) {
    let server = Xvfb::start();
    server.run("setxkbmap", layout);
    let mut supporter = server.supporter();
    let terminal = Terminal::start(&server, &mut supporter);
    prepare(&server, &mut supporter);
    for line in 1..=2 {
        supporter.text(&format!("{TEXT}\n"));
        terminal.expect(&format!("{TEXT}\n").repeat(line));
    }
    drop(terminal);
    (server, supporter)
}

/// The locked modifiers, the modifiers that are down, and the group.
fn state(server: &Xvfb) -> (u16, u16, u8) {
    use x11rb::protocol::xkb::{ConnectionExt as _, ID};
    let (conn, _) = server.client();
    conn.xkb_use_extension(1, 0).unwrap().reply().unwrap();
    let state = conn
        .xkb_get_state(ID::USE_CORE_KBD.into())
        .unwrap()
        .reply()
        .unwrap();
    (
        state.locked_mods.into(),
        state.base_mods.into(),
        state.group.into(),
    )
}

#[test]
fn with_an_american_keyboard() {
    types_exactly(&["us"], |_, _| ());
}

#[test]
fn with_a_spanish_keyboard() {
    types_exactly(&["es"], |_, _| ());
}

#[test]
fn with_a_german_keyboard() {
    types_exactly(&["de"], |_, _| ());
}

#[test]
fn with_a_french_keyboard() {
    types_exactly(&["fr"], |_, _| ());
}

#[test]
fn with_a_russian_keyboard() {
    types_exactly(&["ru"], |_, _| ());
}

#[test]
fn with_the_second_of_two_layouts_active() {
    use x11rb::protocol::xkb::{ConnectionExt as _, Group, ID};
    use x11rb::protocol::xproto::ModMask;
    use x11rb::wrapper::ConnectionExt as _;
    let (server, _) = types_exactly(&["us,de"], |server, _| {
        let (conn, _) = server.client();
        conn.xkb_use_extension(1, 0).unwrap().reply().unwrap();
        let (none, core) = (ModMask::from(0_u8), ID::USE_CORE_KBD.into());
        conn.xkb_latch_lock_state(core, none, none, true, Group::M2, none, false, 0)
            .unwrap();
        conn.sync().unwrap();
        assert_eq!(state(server).2, 1);
    });
    assert_eq!(state(&server).2, 1, "the group is put back");
}

#[test]
fn with_caps_lock_on() {
    let (server, _) = types_exactly(&["us"], |server, _| {
        server.run("xdotool", &["key", "Caps_Lock"]);
        assert_eq!(state(server).0, 2);
    });
    assert_eq!(state(&server).0, 2, "CapsLock is put back");
}

#[test]
fn with_num_lock_on() {
    types_exactly(&["de"], |server, _| {
        server.run("xdotool", &["key", "Num_Lock"]);
    });
}

#[test]
fn with_shift_held_by_the_supporter() {
    let (server, mut supporter) = types_exactly(&["de"], |_, supporter| {
        supporter.named(NamedKey::Shift, true);
    });
    assert_eq!(state(&server).1, 1, "Shift is put back");
    supporter.named(NamedKey::Shift, false);
    assert_eq!(state(&server).1, 0);
}

#[test]
fn with_control_alt_and_another_programs_shift_held() {
    let (server, _supporter) = types_exactly(&["es"], |server, supporter| {
        supporter.named(NamedKey::Control, true);
        supporter.named(NamedKey::Alt, true);
        server.run("xdotool", &["keydown", "Shift_L"]);
    });
    assert_eq!(
        state(&server).1 & 0b101,
        0b101,
        "Shift and Control are put back"
    );
}

#[test]
fn across_a_change_of_layout() {
    let server = Xvfb::start();
    let mut supporter = server.supporter();
    let terminal = Terminal::start(&server, &mut supporter);
    let mut wanted = String::new();
    for layout in ["us", "de", "es", "us,ru", "fr", "de"] {
        server.run("setxkbmap", &[layout]);
        for _ in 0..2 {
            let line = format!("{layout} {TEXT}\n");
            supporter.text(&line);
            wanted.push_str(&line);
            terminal.expect(&wanted);
        }
    }
}

#[test]
fn more_characters_than_there_are_spare_keys() {
    let server = Xvfb::start();
    let mut supporter = server.supporter();
    let terminal = Terminal::start(&server, &mut supporter);
    let alphabet: String = ('а'..='я').chain('α'..='ω').chain('Α'..='Ρ').collect();
    supporter.text(&format!("{alphabet}\n{alphabet}\n"));
    terminal.expect(&format!("{alphabet}\n{alphabet}\n"));
}

#[test]
fn typed_character_by_character() {
    let server = Xvfb::start();
    server.run("setxkbmap", &["us,de"]);
    let mut supporter = server.supporter();
    let terminal = Terminal::start(&server, &mut supporter);
    for c in TEXT.chars() {
        supporter.text(c.encode_utf8(&mut [0; 4]));
    }
    supporter.named(NamedKey::Enter, true);
    supporter.named(NamedKey::Enter, false);
    terminal.expect(&format!("{TEXT}\n"));
}

#[test]
fn a_shortcut_ends_the_program_also_when_another_alphabet_is_active() {
    for layout in ["us", "us,ru", "ru"] {
        let server = Xvfb::start();
        server.run("setxkbmap", &[layout]);
        if layout.contains(',') {
            server.run("xdotool", &["key", "ISO_Next_Group"]);
        }
        let mut supporter = server.supporter();
        let mut terminal = Terminal::start(&server, &mut supporter);
        supporter.named(NamedKey::Control, true);
        supporter.key(Key::Char('c'), true);
        supporter.key(Key::Char('c'), false);
        supporter.named(NamedKey::Control, false);
        until("the terminal's end", || {
            terminal.process.try_wait().unwrap().is_some()
        });
    }
}

#[test]
fn the_keyboard_is_as_before_when_the_injector_is_gone() {
    let server = Xvfb::start();
    let (conn, _) = server.client();
    let keysyms = || {
        conn.get_keyboard_mapping(8, 248)
            .unwrap()
            .reply()
            .unwrap()
            .keysyms
    };
    let lent = |all: &[u32]| all.iter().filter(|keysym| **keysym == 0x20ac).count();
    let before = keysyms();
    let mut supporter = server.supporter();
    supporter.named(NamedKey::Shift, true);
    supporter.text("€");
    assert!(lent(&keysyms()) > lent(&before));
    drop(supporter);
    until("the end of the injector's connection", || {
        state(&server).1 == 0 && lent(&keysyms()) == lent(&before)
    });
}
