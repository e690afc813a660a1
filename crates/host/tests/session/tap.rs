//! What somebody sees and can do who sits before the relay: every packet of a session passes him.

use std::collections::HashSet;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};

use aldis_host::{Choice, Command, Stage, View};
use aldis_link::{FrameReceiver, read_number};
use aldis_screen::Region;
use aldis_screen::decode::Decoder;
use aldis_wire::input::Input;
use aldis_wire::peer::{EndReason, ScreenPart, ToHost, ToViewer};
use aldis_wire::relay::QUIC;
use tokio::net::UdpSocket;
use tokio::task::JoinSet;

use crate::customer::Customer;
use crate::desktop::Desktop;
use crate::stage::{Office, on_stage, soon};
use crate::supporter::{Supporter, Visit};

/// Stands for a password that is typed.
const TYPED: &str = "canary-typed-3f9a1c";

/// Stands for what is said in the chat beside a session.
const SAID: &str = "canary-said-77e20b";

/// What is looked for of every message: long enough that no chance makes it.
const WINDOW: usize = 12;

/// Passes everything on between the supporter and the relay, and keeps it.
struct Tap {
    at: SocketAddr,
    seen: Arc<Mutex<Vec<Vec<u8>>>>,
    _task: JoinSet<()>,
}

impl Tap {
    /// `spoil` is what is done to every packet on its way.
    async fn before(relay: SocketAddr, mut spoil: impl FnMut(&mut [u8]) + Send + 'static) -> Self {
        let any = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let front = UdpSocket::bind(any).await.unwrap();
        let back = UdpSocket::bind(any).await.unwrap();
        back.connect(relay).await.unwrap();
        let at = front.local_addr().unwrap();
        let seen = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&seen);
        let mut task = JoinSet::new();
        task.spawn(async move {
            let (mut there, mut here) = ([0; 2048], [0; 2048]);
            let mut supporter = None;
            loop {
                tokio::select! {
                    came = front.recv_from(&mut there) => {
                        let (length, from) = came.unwrap();
                        supporter = Some(from);
                        let packet = &mut there[..length];
                        kept.lock().unwrap().push(packet.to_vec());
                        spoil(packet);
                        drop(back.send(packet).await);
                    }
                    came = back.recv(&mut here) => {
                        let (Ok(length), Some(to)) = (came, supporter) else { continue };
                        let packet = &mut here[..length];
                        kept.lock().unwrap().push(packet.to_vec());
                        spoil(packet);
                        drop(front.send_to(packet, to).await);
                    }
                }
            }
        });
        Self {
            at,
            seen,
            _task: task,
        }
    }

    /// Everything that passed so far.
    fn seen(&self) -> Vec<Vec<u8>> {
        self.seen.lock().unwrap().clone()
    }
}

/// Whether these bytes are somewhere in those.
fn holds(those: &[u8], these: &[u8]) -> bool {
    those.windows(these.len()).any(|window| window == these)
}

/// A session as its supporter's side sees it, with every message in the clear.
struct Clear {
    _eva: Supporter,
    visit: Visit,
    screen: FrameReceiver<ScreenPart>,
    decoder: Decoder,
    plain: Vec<Vec<u8>>,
}

impl Clear {
    /// The customer allows everything; the way leads past the tap.
    async fn begin(
        office: &Office,
        spoil: impl FnMut(&mut [u8]) + Send + 'static,
    ) -> (Customer, Self, Tap) {
        let mut eva = Supporter::sign_in(&office.name).await;
        let code = eva.new_case().await;
        let customer = Customer::waiting(&office.name, code).await;
        let session = eva.ask(code).await;
        customer.choose(Choice::Allow).await;
        let mut door = eva.allowed(session).await;
        let (server, relay) = &mut door.way;
        let tap = Tap::before(server.port(relay.port).unwrap(), spoil).await;
        relay.port = tap.at.port();
        let (visit, welcome) = eva.enter(&door).await.unwrap();
        assert!(
            matches!(welcome, Some(ToViewer::Welcome { .. })),
            "{welcome:?}"
        );
        let stream = soon("the screen", visit.connection.accept_uni());
        let mut stream = stream.await.unwrap();
        assert_eq!(read_number(&mut stream).await, Some(0));
        let clear = Self {
            _eva: eva,
            visit,
            screen: FrameReceiver::new(stream),
            decoder: Decoder::new(),
            plain: Vec::new(),
        };
        (customer, clear, tap)
    }

    async fn say(&mut self, message: ToHost) {
        self.plain.push(aldis_wire::encode(&message).unwrap());
        self.visit.say(message).await;
    }

    /// Takes what comes until the picture is just this one.
    async fn sees(&mut self, pixels: &[u8]) {
        let seeing = async {
            while !same(self.decoder.frame().data(), pixels) {
                tokio::select! {
                    part = self.screen.recv() => {
                        let part = part.unwrap().expect("the screen goes on");
                        self.plain.push(aldis_wire::encode(&part).unwrap());
                        self.decoder.decode(&part, &mut Region::new()).unwrap();
                        if part.last {
                            let sequence = part.sequence;
                            self.say(ToHost::FrameDone { sequence }).await;
                        }
                    }
                    word = self.visit.next() => {
                        let word = word.expect("the session goes on");
                        self.plain.push(aldis_wire::encode(&word).unwrap());
                    }
                }
            }
        };
        tokio::time::timeout(std::time::Duration::from_mins(1), seeing)
            .await
            .expect("the exact picture comes");
    }
}

/// Whether the colours are the same.
fn same(ours: &[u8], theirs: &[u8]) -> bool {
    let colours = |pixels: &[u8]| -> Vec<[u8; 3]> {
        pixels
            .chunks_exact(4)
            .map(|it| [it[0], it[1], it[2]])
            .collect()
    };
    ours.len() == theirs.len() && colours(ours) == colours(theirs)
}

#[test]
fn who_taps_the_relay_finds_nothing_that_was_typed_said_or_shown() {
    let name = "tap::who_taps_the_relay_finds_nothing_that_was_typed_said_or_shown";
    on_stage(name, async || {
        let office = Office::open().await;
        let desktop = Desktop::open();
        desktop.start_program_at((600, 440), (40, 40));
        let (customer, mut clear, tap) = Clear::begin(&office, |_| {}).await;
        // Noise, which no encoder makes smaller: what is shown travels nearly as it is.
        desktop.draw((10, 10), (200, 150), 7);
        clear.sees(&desktop.pixels()).await;
        customer.host.send(Command::Say(SAID.to_owned()));
        clear
            .say(ToHost::Input(Input::Text(TYPED.to_owned())))
            .await;
        let typed = async {
            while desktop.pressed().keys == 0 {
                tokio::task::yield_now().await;
            }
        };
        soon("the typing", typed).await;
        desktop.draw((300, 200), (100, 100), 8);
        clear.sees(&desktop.pixels()).await;
        clear.say(ToHost::End).await;
        let ended = |word: &ToViewer| *word == ToViewer::Ended(EndReason::Supporter);
        clear.visit.until(ended, |_| false).await;

        let seen = tap.seen();
        let plain = &clear.plain;
        let shown: usize = plain.iter().map(Vec::len).sum();
        let passed: usize = seen.iter().map(Vec::len).sum();
        assert!(
            passed > shown && shown > 60_000,
            "everything has passed the tap: {passed}, {shown}"
        );
        // What would be found if it were there.
        let utf16: Vec<u8> = TYPED.encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert!(plain.iter().any(|message| holds(message, TYPED.as_bytes())));
        for canary in [TYPED.as_bytes(), SAID.as_bytes(), &utf16] {
            assert!(!seen.iter().any(|packet| holds(packet, canary)));
        }
        // And nothing of any message at all; the relay's own packets name the session.
        let windows: HashSet<&[u8]> = plain
            .iter()
            .flat_map(|message| message.windows(WINDOW))
            .filter(|window| window.windows(2).filter(|two| two[0] != two[1]).count() > WINDOW / 2)
            .collect();
        assert!(windows.len() > 30_000, "{}", windows.len());
        let sealed = seen.iter().filter(|packet| packet[0] >= QUIC);
        for packet in sealed {
            let found = packet
                .windows(WINDOW)
                .find(|window| windows.contains(window));
            assert_eq!(found, None, "in the clear");
        }
    });
}

#[test]
fn bits_that_flip_on_the_way_never_reach_the_application() {
    let name = "tap::bits_that_flip_on_the_way_never_reach_the_application";
    on_stage(name, async || {
        let office = Office::open().await;
        let desktop = Desktop::open();
        desktop.start_program_at((600, 440), (40, 40));
        let flipped = Arc::new(Mutex::new(0));
        let count = Arc::clone(&flipped);
        let mut state = 12_345_u64;
        // One of eight packets each way, in one bit anywhere; what the relay says of itself, too.
        let spoil = move |packet: &mut [u8]| {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            let dice = (state >> 33) as usize;
            if dice.is_multiple_of(8) {
                let bit = dice / 8 % (packet.len() * 8);
                packet[bit / 8] ^= 1 << (bit % 8);
                *count.lock().unwrap() += 1;
            }
        };
        let (customer, mut clear, _tap) = Clear::begin(&office, spoil).await;
        let mut keys = 0;
        for round in 0..12_u32 {
            desktop.draw((10, 10), (160, 120), round + 1);
            clear.sees(&desktop.pixels()).await;
            let (x, y) = (round as u16 * 20 + 11, round as u16 * 10 + 7);
            clear
                .say(ToHost::Input(Input::Text("abc".to_owned())))
                .await;
            clear.say(ToHost::Input(Input::PointerMove { x, y })).await;
            let moved = async {
                while desktop.pointer() != (x.cast_signed(), y.cast_signed()) {
                    tokio::task::yield_now().await;
                }
            };
            soon("the pointer's move", moved).await;
            let pressed = desktop.pressed();
            keys += pressed.keys;
            assert_eq!(pressed.buttons, 0, "nobody has clicked");
        }
        assert_eq!(keys, 36, "every key once");
        assert!(*flipped.lock().unwrap() > 50, "{flipped:?}");
        let live = |view: &View| matches!(view.stage, Stage::Live { .. });
        assert!(live(&customer.host.view()));
        assert_eq!(customer.host.view().notice, None);
    });
}
