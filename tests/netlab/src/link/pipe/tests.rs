use super::super::conditions::{Loss, Queue, Reorder};
use super::*;

const MS: Duration = Duration::from_millis(1);

/// Sends packets of this size, numbered, one every `gap`, and gives number and moment of all that come out.
fn play(pipe: &mut Pipe, count: u32, size: usize, gap: Duration) -> Vec<(u32, Duration)> {
    let mut out = Vec::new();
    for number in 0..count {
        let now = gap * number;
        drain(pipe, now, &mut out);
        let mut packet = vec![0; size];
        packet[..4].copy_from_slice(&number.to_be_bytes());
        pipe.handle_packet(now, &packet);
    }
    drain(pipe, Duration::from_hours(1), &mut out);
    out
}

/// Takes packets out, each at its own moment.
fn drain(pipe: &mut Pipe, until: Duration, out: &mut Vec<(u32, Duration)>) {
    while let Some(next) = pipe.poll_timeout().filter(|next| *next <= until) {
        while let Some(packet) = pipe.poll_packet(next) {
            let number = packet[..4].try_into().expect("a number");
            out.push((u32::from_be_bytes(number), next));
        }
    }
}

fn with(conditions: Conditions) -> Pipe {
    let mut pipe = Pipe::new(7, 0);
    pipe.set(conditions);
    pipe
}

#[test]
fn a_perfect_link_gives_every_packet_at_once() {
    let mut pipe = with(Conditions::default());
    pipe.handle_packet(3 * MS, b"one");
    assert_eq!(pipe.poll_packet(3 * MS).as_deref(), Some(&b"one"[..]));
    assert_eq!(pipe.poll_packet(3 * MS), None);
    assert_eq!(pipe.poll_timeout(), None);
}

#[test]
fn delay_and_jitter_keep_the_order() {
    let mut pipe = with(Conditions {
        delay: 50 * MS,
        jitter: 20 * MS,
        ..Conditions::default()
    });
    let out = play(&mut pipe, 1_000, 100, MS);
    assert_eq!(out.len(), 1_000);
    assert!(out.is_sorted(), "order and time go together");
    let trips = out.iter().map(|(number, at)| at.abs_diff(MS * *number));
    let (mut least, mut most) = (Duration::MAX, Duration::ZERO);
    for trip in trips {
        (least, most) = (least.min(trip), most.max(trip));
    }
    assert!(least >= 50 * MS, "{least:?}");
    assert!(most <= 70 * MS && most > 69 * MS, "{most:?}");
}

#[test]
fn a_rate_spaces_packets_and_its_queue_drops_the_last() {
    // 1,250 bytes take 10 ms.
    let mut pipe = with(Conditions {
        rate: Some(1_000_000),
        queue: Queue::of(100 * MS),
        ..Conditions::default()
    });
    let out = play(&mut pipe, 30, 1_250, Duration::ZERO);
    let numbers: Vec<u32> = out.iter().map(|(number, _)| *number).collect();
    assert_eq!(numbers, (0..11).collect::<Vec<_>>());
    for (number, at) in out {
        assert_eq!(at, 10 * MS * (number + 1));
    }
    let tally = pipe.tally();
    assert_eq!(tally.overflowed, 19);
    assert_eq!(tally.longest_wait, 100 * MS);
    assert_eq!(tally.most_waiting, 12_500);
    assert_eq!((tally.bytes_in, tally.bytes_out), (37_500, 13_750));
}

#[test]
fn a_queue_is_bounded_by_bytes_too() {
    let mut pipe = with(Conditions {
        rate: Some(1_000_000),
        queue: Queue::of_bytes(5_000),
        ..Conditions::default()
    });
    // One is being sent, four wait.
    assert_eq!(play(&mut pipe, 30, 1_250, Duration::ZERO).len(), 5);
}

#[test]
fn a_new_rate_acts_on_what_waits() {
    let mut pipe = with(Conditions {
        rate: Some(100_000),
        queue: Queue::of(Duration::from_secs(10)),
        ..Conditions::default()
    });
    for number in 0..10_u32 {
        let mut packet = vec![0; 1_250];
        packet[..4].copy_from_slice(&number.to_be_bytes());
        pipe.handle_packet(Duration::ZERO, &packet);
    }
    pipe.set(Conditions {
        rate: Some(10_000_000),
        ..Conditions::default()
    });
    let mut out = Vec::new();
    drain(&mut pipe, Duration::from_secs(10), &mut out);
    // The first was on the slow wire already: 100 ms. Each of the others takes 1 ms.
    assert_eq!(out.last(), Some(&(9, 109 * MS)));
}

#[test]
fn loss_is_what_was_asked_for() {
    for share in [0.01, 0.05, 0.3] {
        let mut pipe = with(Conditions {
            loss: Loss::random(share),
            ..Conditions::default()
        });
        let count = 100_000;
        let out = play(&mut pipe, count, 100, MS);
        let lost = 1.0 - out.len() as f64 / f64::from(count);
        assert!((lost - share).abs() < 0.1 * share, "{lost} for {share}");
        assert_eq!(pipe.tally().lost as usize, count as usize - out.len());
    }
}

#[test]
fn bursts_have_the_share_and_the_length() {
    let mut pipe = with(Conditions {
        loss: Loss::bursts(0.05, 8.0),
        ..Conditions::default()
    });
    let count = 400_000;
    let out = play(&mut pipe, count, 100, MS);
    let lost = f64::from(count) - out.len() as f64;
    let bursts = out
        .windows(2)
        .filter(|pair| pair[1].0 - pair[0].0 > 1)
        .count() as f64;
    let (share, length) = (lost / f64::from(count), lost / bursts);
    assert!((share - 0.05).abs() < 0.005, "{share}");
    assert!((length - 8.0).abs() < 0.5, "{length}");
}

#[test]
fn what_is_held_back_is_overtaken_and_nothing_is_missing() {
    let mut pipe = with(Conditions {
        delay: 10 * MS,
        reorder: Reorder {
            share: 0.25,
            by: 5 * MS,
        },
        ..Conditions::default()
    });
    let mut out = play(&mut pipe, 10_000, 100, MS);
    let overtaken = out.windows(2).filter(|pair| pair[1].0 < pair[0].0).count();
    assert!(overtaken > 1_000, "{overtaken}");
    out.sort_unstable();
    assert!(out.iter().map(|(number, _)| *number).eq(0..10_000));
    let held = pipe.tally().held_back;
    assert!((2_300..2_700).contains(&held), "{held}");
}

#[test]
fn duplicates_come_twice() {
    let mut pipe = with(Conditions {
        duplicate: 0.05,
        ..Conditions::default()
    });
    let out = play(&mut pipe, 10_000, 100, MS);
    let twice = out.windows(2).filter(|pair| pair[0] == pair[1]).count();
    assert_eq!(out.len(), 10_000 + twice);
    assert_eq!(pipe.tally().duplicated as usize, twice);
    assert!((400..600).contains(&twice), "{twice}");
}

#[test]
fn a_cut_loses_all_and_restore_carries_again() {
    let mut pipe = with(Conditions {
        delay: 50 * MS,
        ..Conditions::default()
    });
    pipe.handle_packet(Duration::ZERO, b"under way");
    pipe.cut(10 * MS, Duration::MAX);
    pipe.handle_packet(20 * MS, b"while cut");
    assert_eq!(pipe.poll_timeout(), None);
    pipe.restore();
    pipe.handle_packet(30 * MS, b"after");
    assert_eq!(pipe.poll_packet(79 * MS), None);
    assert_eq!(pipe.poll_packet(80 * MS).as_deref(), Some(&b"after"[..]));
    assert_eq!(pipe.poll_packet(99 * MS), None);
    assert_eq!(pipe.tally().cut, 2);
}

#[test]
fn a_cut_may_end_by_itself() {
    let mut pipe = with(Conditions::default());
    pipe.cut(Duration::ZERO, 30 * MS);
    pipe.handle_packet(29 * MS, b"lost");
    pipe.handle_packet(30 * MS, b"carried");
    assert_eq!(pipe.poll_packet(30 * MS).as_deref(), Some(&b"carried"[..]));
    assert_eq!((pipe.tally().cut, pipe.tally().packets_out), (1, 1));
}

#[test]
fn a_packet_that_comes_out_late_is_counted() {
    let mut pipe = with(Conditions::default());
    for late in [0, 1, 5] {
        pipe.handle_packet(100 * MS, b"one");
        assert!(pipe.poll_packet(100 * MS + late * MS).is_some());
    }
    assert_eq!((pipe.tally().late, pipe.tally().most_late), (1, 5 * MS));
}

#[test]
fn the_same_seed_has_the_same_fate_whatever_else_is_asked_for() {
    let lossy = Conditions {
        loss: Loss::random(0.1),
        ..Conditions::default()
    };
    let numbers = |pipe: &mut Pipe| -> Vec<u32> {
        let out = play(pipe, 1_000, 100, MS);
        out.into_iter().map(|(number, _)| number).collect()
    };
    let first = numbers(&mut with(lossy));
    assert_eq!(numbers(&mut with(lossy)), first);
    let slower = Conditions {
        delay: 5 * MS,
        jitter: 3 * MS,
        ..lossy
    };
    assert_eq!(numbers(&mut with(slower)), first);
    let mut other = Pipe::new(8, 0);
    other.set(lossy);
    assert_ne!(numbers(&mut other), first);
    let mut back = Pipe::new(7, 1);
    back.set(lossy);
    assert_ne!(
        numbers(&mut back),
        first,
        "each direction has its own chances"
    );
}
