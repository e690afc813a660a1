//! What was recorded is what is replayed, at any moment, and whatever happened to the file.
#![expect(clippy::unwrap_used, reason = "a test may fail by panicking")]

use std::io::Cursor;
use std::path::Path;

use aldis_record::entry::{Entry, Key};
use aldis_record::{Head, OpenError, Player, Reader, Tape, film};
use aldis_screen::{Frame, Pointer, Rect, Region};
use aldis_wire::Millis;
use aldis_wire::peer::{Op, PointerShape, ScreenPart};
use proptest::prelude::*;
use shiguredo_mp4::TrackKind;
use shiguredo_mp4::demux::{Input, Mp4FileDemuxer};

/// A small generator, so that a failure can be run again by its seed.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u32) -> u32 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let high = self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33;
        (high % u64::from(sides)) as u32
    }
}

fn head() -> Head {
    Head {
        case: "s12-345-678".to_owned(),
        customer: "Emma".to_owned(),
        supporter: "Ana".to_owned(),
        started: 1_790_000_000_000,
    }
}

/// Something new on the screen: a surface, letters, or the screen itself in another size.
fn draw(frame: &mut Frame, dice: &mut Dice) -> Rect {
    if dice.roll(40) == 0 {
        *frame = Frame::new(40 + dice.roll(200), 30 + dice.roll(150)).unwrap();
        return frame.bounds();
    }
    let (x, y) = (dice.roll(frame.width()), dice.roll(frame.height()));
    let (width, height) = (1 + dice.roll(90), 1 + dice.roll(60));
    let rect = Rect::new(x, y, width, height).intersection(frame.bounds());
    let (ink, paper) = (dice.roll(1 << 24), dice.roll(1 << 24));
    let letters = dice.roll(2) == 0;
    for y in rect.y..rect.bottom() {
        for (x, pixel) in frame.row_mut(rect, y).chunks_exact_mut(4).enumerate() {
            let inked = letters && (x / 3 + y as usize / 2) % 5 < 2;
            let colour = if inked { ink } else { paper };
            pixel[..3].copy_from_slice(&colour.to_le_bytes()[..3]);
        }
    }
    rect
}

fn shape(dice: &mut Dice) -> PointerShape {
    let side = 1 + dice.roll(20) as u16;
    PointerShape {
        width: side,
        height: side,
        hot_x: 0,
        hot_y: 0,
        rgba: vec![dice.roll(256) as u8; usize::from(side) * usize::from(side) * 4],
    }
}

/// What there was to be seen at some moment.
type Seen = (Millis, Frame, Pointer);

/// Records a session of so many steps, some of them minutes apart.
fn recorded(seed: u64, steps: u32, finish: bool) -> (Vec<u8>, Vec<Seen>) {
    let mut dice = Dice(seed | 1);
    let mut frame = Frame::new(160, 120).unwrap();
    let (mut pointer, mut seen, mut at) = (Pointer::default(), Vec::new(), 0);
    let mut tape = Tape::start(Vec::new(), &head(), seed.into()).unwrap();
    let mut whole = Region::new();
    whole.add(frame.bounds());
    tape.record(&frame, &whole, &pointer, 0).unwrap();
    for _ in 0..steps {
        let mut damage = Region::new();
        match dice.roll(8) {
            0 => {
                pointer.shape = Some(shape(&mut dice));
                pointer.shape_number += 1;
            }
            1 => pointer.place = Some((dice.roll(100) as u16, dice.roll(100) as u16)),
            _ => damage.add(draw(&mut frame, &mut dice)),
        }
        let pause = [10_u32, 66, 500, 3_000, 20_000][dice.roll(5) as usize];
        at += u64::from(pause);
        tape.record(&frame, &damage, &pointer, at).unwrap();
        seen.push((at, frame.clone(), pointer.clone()));
        tape.rest(at + 5).unwrap();
    }
    let bytes = if finish {
        tape.finish(at + 1_000).unwrap()
    } else {
        // What is in the file when the writer is killed.
        let bytes = tape.bytes() as usize;
        let mut all = tape.finish(at).unwrap();
        all.truncate(bytes);
        all
    };
    (bytes, seen)
}

fn check(player: &Player<Cursor<Vec<u8>>>, (at, frame, pointer): &Seen) {
    assert!(player.frame() == frame, "the picture at {at}");
    assert_eq!(player.pointer().place, pointer.place, "the pointer at {at}");
    assert_eq!(player.pointer().shape, pointer.shape, "its shape at {at}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn at_any_moment_the_replay_shows_what_was_seen(seed: u64, finish: bool) {
        let (bytes, seen) = recorded(seed, 60, finish);
        let mut player = Player::open(Cursor::new(bytes)).unwrap();
        prop_assert_eq!(player.reader().is_finished(), finish);
        prop_assert!(!finish || player.length() >= seen.last().unwrap().0);
        let mut dice = Dice(!seed | 1);
        for _ in 0..40 {
            let place = dice.roll(seen.len() as u32) as usize;
            // Not only at the very moment, but until the next one.
            let next = seen.get(place + 1).map_or_else(|| player.length(), |(at, ..)| at - 1);
            let at = seen[place].0 + u64::from(dice.roll((next - seen[place].0 + 1) as u32));
            player.seek(at).unwrap();
            check(&player, &seen[place]);
        }
    }
}

#[test]
fn what_plays_forward_is_what_was_seen_and_says_what_changed() {
    let (bytes, seen) = recorded(7, 120, true);
    let mut player = Player::open(Cursor::new(bytes)).unwrap();
    let mut shown = Frame::default();
    for moment in &seen {
        player.seek(moment.0).unwrap();
        check(&player, moment);
        let changed = player.take_changed();
        shown.follow(player.frame(), changed.rects());
        assert!(
            &shown == player.frame(),
            "nothing but what was told changed"
        );
    }
    assert!(player.reader().keys().len() > 3, "one can begin in between");
}

#[test]
fn a_photograph_is_exact_where_one_begins_and_once_it_rests() {
    let mut frame = Frame::new(200, 150).unwrap();
    let mut whole = Region::new();
    whole.add(frame.bounds());
    let mut dice = Dice(3);
    let mut photo = |frame: &mut Frame| {
        for (number, pixel) in frame.data_mut().chunks_exact_mut(4).enumerate() {
            let (x, y) = (number % 200, number / 200);
            let noise = dice.roll(24) as usize;
            let values =
                [x + noise, y + noise, usize::midpoint(x, y) + noise].map(|it| it.min(255) as u8);
            pixel[..3].copy_from_slice(&values);
        }
    };
    photo(&mut frame);
    let pointer = Pointer::default();
    let mut tape = Tape::start(Vec::new(), &head(), 1).unwrap();
    tape.record(&frame, &whole, &pointer, 0).unwrap();
    let first = frame.clone();
    photo(&mut frame);
    tape.record(&frame, &whole, &pointer, 500).unwrap();
    for at in [600, 800, 1_000] {
        tape.rest(at).unwrap();
    }
    let bytes = tape.finish(2_000).unwrap();
    let mut player = Player::open(Cursor::new(bytes)).unwrap();
    assert!(player.frame() == &first);
    player.seek(500).unwrap();
    let off = player.frame().data().iter().zip(frame.data());
    let most = off.map(|(one, other)| one.abs_diff(*other)).max();
    assert!(most.is_some_and(|most| most < 60), "near at once: {most:?}");
    player.seek(1_000).unwrap();
    assert!(player.frame() == &frame, "and exact at rest");
}

#[test]
fn a_file_torn_at_any_byte_replays_up_to_there() {
    let (bytes, seen) = recorded(11, 12, true);
    let mut longest = 0;
    for end in 0..bytes.len() {
        match Player::open(Cursor::new(bytes[..end].to_vec())) {
            Ok(mut player) => {
                let length = player.length();
                assert!(
                    length >= longest,
                    "more of the file is not less of the recording"
                );
                longest = length;
                player.seek(length).unwrap();
                let before = seen.iter().rfind(|(at, ..)| *at <= length);
                if let Some(moment) = before.filter(|(at, ..)| *at < length) {
                    check(&player, moment);
                }
            }
            Err(OpenError::NotOurs | OpenError::Empty) => assert_eq!(longest, 0),
            Err(error) => panic!("{error}"),
        }
    }
    assert!(longest >= seen.last().unwrap().0);
}

#[test]
fn a_flipped_bit_is_found_and_what_follows_the_next_key_is_replayed() {
    let (bytes, seen) = recorded(5, 100, true);
    let whole = Reader::open(Cursor::new(bytes.clone())).unwrap();
    let keys = whole.keys().to_vec();
    let start = keys[0].offset as usize;
    for place in (start..bytes.len() - 16).step_by(97) {
        let mut bytes = bytes.clone();
        bytes[place] ^= 0x10;
        let mut player = Player::open(Cursor::new(bytes)).unwrap();
        let after = keys.iter().find(|key| key.offset > place as u64);
        if let Some(key) = after.filter(|_| player.reader().is_finished()) {
            let moment = seen.iter().find(|(at, ..)| *at >= key.at).unwrap();
            player.seek(moment.0).unwrap();
            check(&player, moment);
        }
        player.seek(player.length()).unwrap();
        player.seek(0).unwrap();
    }
}

/// A file of these entries.
fn file(entries: &[Entry]) -> Vec<u8> {
    let mut bytes = [&b"ALDISREC"[..], &2_u16.to_le_bytes()].concat();
    for entry in entries {
        bytes.extend(entry.to_chunk().unwrap());
    }
    bytes
}

#[test]
fn what_is_no_recording_is_refused_in_words() {
    let open = |bytes: &[u8]| Player::open(Cursor::new(bytes.to_vec())).map(drop);
    assert!(matches!(open(b""), Err(OpenError::NotOurs)));
    assert!(matches!(
        open(b"\x00\x00\x00\x20ftypisom"),
        Err(OpenError::NotOurs)
    ));
    assert!(matches!(open(b"ALDISREC\x03\x00"), Err(OpenError::Newer)));
    assert!(matches!(open(b"ALDISREC\x01\x00"), Err(OpenError::Older)));
    assert!(matches!(open(b"ALDISREC\x02\x00"), Err(OpenError::Empty)));
    assert!(matches!(
        open(&file(&[Entry::Head(head())])),
        Err(OpenError::Empty)
    ));
    assert!(matches!(
        open(&file(&[Entry::Clock(1)])),
        Err(OpenError::NotOurs)
    ));
}

#[test]
fn hostile_lengths_times_and_indexes_end_it_and_take_no_memory() {
    let (bytes, _) = recorded(9, 10, true);
    // A chunk that claims 4 GiB.
    let mut torn = file(&[Entry::Head(head())]);
    torn.extend([0xff; 12]);
    assert!(Player::open(Cursor::new(torn)).is_err());
    // An index that lies about everything.
    let body = bytes.len() - 16;
    let offset = u64::from_le_bytes(bytes[body..body + 8].try_into().unwrap()) as usize;
    let key = |at, offset| Key {
        at,
        offset,
        width: 1,
        height: 1,
    };
    let honest = Player::open(Cursor::new(bytes.clone())).unwrap().length();
    let lies = [
        (u64::MAX, vec![key(0, 10)]),
        (5, vec![key(0, u64::MAX)]),
        (5, vec![key(9, 60)]),
        (5, vec![key(0, 90), key(0, 60)]),
    ];
    for (length, keys) in lies {
        let mut forged = bytes[..offset].to_vec();
        forged.extend(Entry::Index(length, keys).to_chunk().unwrap());
        forged.extend((offset as u64).to_le_bytes());
        forged.extend(b"ALDISEND");
        let player = Player::open(Cursor::new(forged)).unwrap();
        assert!(!player.reader().is_finished(), "it is not believed");
        assert!(player.length() + 1_001 >= honest);
    }
    // A key in the middle of something shows nothing, and does no harm.
    let mut forged = bytes[..offset].to_vec();
    forged.extend(Entry::Index(5, vec![key(0, 80)]).to_chunk().unwrap());
    forged.extend((offset as u64).to_le_bytes());
    forged.extend(b"ALDISEND");
    let mut player = Player::open(Cursor::new(forged)).unwrap();
    player.seek(5).unwrap();
    // Time that runs backwards, or for ever, ends it.
    let (head, key) = (Entry::Head(head()), Entry::Key(50, 8, 8));
    let part = ScreenPart {
        sequence: 1,
        last: true,
        op: Op::Start {
            width: 8,
            height: 8,
        },
    };
    let part = Entry::Part(50, part);
    for wrong in [
        Entry::Clock(10),
        Entry::Clock(u64::MAX),
        Entry::Head(Head::default()),
    ] {
        let entries = [
            head.clone(),
            key.clone(),
            part.clone(),
            Entry::Clock(60),
            wrong,
            Entry::Clock(70),
        ];
        let player = Player::open(Cursor::new(file(&entries))).unwrap();
        assert_eq!(player.length(), 60);
    }
}

/// How long each picture of a film lasts, and which ones a player can begin at.
fn pictures(path: &Path) -> Vec<(u64, bool)> {
    let bytes = std::fs::read(path).unwrap();
    let mut demuxer = Mp4FileDemuxer::new();
    while let Some(required) = demuxer.required_input() {
        let from = required.position as usize;
        let to = required
            .size
            .map_or(bytes.len(), |size| (from + size).min(bytes.len()));
        let data = &bytes[from..to];
        demuxer.handle_input(Input {
            position: required.position,
            data,
        });
    }
    let tracks = demuxer.tracks().unwrap();
    assert!(matches!(tracks[..], [ref track] if track.kind == TrackKind::Video));
    let mut pictures = Vec::new();
    while let Some(sample) = demuxer.next_sample().unwrap() {
        assert!(sample.data_offset as usize + sample.data_size <= bytes.len());
        pictures.push((u64::from(sample.duration), sample.keyframe));
    }
    pictures
}

#[test]
fn a_film_is_as_long_as_its_recording_and_idle_time_is_one_picture() {
    let folder = tempfile::tempdir().unwrap();
    let to = folder.path().join("film.mp4");
    let (bytes, _) = recorded(21, 12, true);
    let mut player = Player::open(Cursor::new(bytes)).unwrap();
    let mut heard = Vec::new();
    film::export(&mut player, &to, &mut |share| {
        heard.push(share);
        true
    })
    .unwrap();
    let pictures = pictures(&to);
    let sum: u64 = pictures.iter().map(|it| it.0).sum();
    assert_eq!(sum, player.length() + film::HOLD);
    assert!(pictures.len() <= 13, "{pictures:?}");
    assert!(pictures[0].1, "a player can begin at the first one");
    assert!(heard.is_sorted() && heard.last() == Some(&1.0));
    // A second one replaces nothing.
    let again = film::export(&mut player, &to, &mut |_| true);
    assert!(matches!(again, Err(aldis_record::FilmError::Exists)));
}

#[test]
fn a_film_that_is_cancelled_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let to = folder.path().join("film.mp4");
    let (bytes, _) = recorded(22, 12, false);
    let mut player = Player::open(Cursor::new(bytes)).unwrap();
    let mut steps = 0;
    let done = film::export(&mut player, &to, &mut |_| {
        steps += 1;
        steps < 5
    });
    assert!(matches!(done, Err(aldis_record::FilmError::Cancelled)));
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}
