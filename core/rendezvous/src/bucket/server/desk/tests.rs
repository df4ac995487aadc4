use alloc::vec::Vec;

use super::*;

const START: u64 = 1_795_219_200;

fn at(seconds: u64) -> Time {
    Time::from_ms(500).after(Duration::from_secs(seconds))
}

/// Leaves `count` entries at one time, opening one bucket whenever it must.
fn leave(desk: &mut Desk, now: Time, count: usize) -> Vec<Id> {
    let place = |_| {
        desk.place(now).unwrap_or_else(|| {
            let opening = desk.open(now, 1).unwrap();
            assert_eq!(opening.first, opening.last);
            desk.opened(opening);
            desk.place(now).unwrap()
        })
    };
    (0..count).map(place).collect()
}

#[test]
fn sixty_four_entries_fill_a_bucket_and_the_next_opens_another() {
    let mut desk = Desk::new(Config::default(), None);
    let ids = leave(&mut desk, at(START), 64);
    assert!(ids.iter().all(|id| *id == Id::new(START, 0)));
    assert_eq!(leave(&mut desk, at(START + 9), 1), [Id::new(START + 9, 0)]);
}

#[test]
fn buckets_of_one_second_are_numbered_in_a_row() {
    let mut desk = Desk::new(Config::default(), None);
    let ids = leave(&mut desk, at(START), 130);
    assert_eq!(
        ids[63..66],
        [Id::new(START, 0), Id::new(START, 1), Id::new(START, 1)]
    );
    assert_eq!(ids[128..], [Id::new(START, 2), Id::new(START, 2)]);
    assert_eq!(
        leave(&mut desk, at(START + 1), 63),
        [Id::new(START, 2); 62]
            .into_iter()
            .chain([Id::new(START + 1, 0)])
            .collect::<Vec<_>>()
    );
}

#[test]
fn a_bucket_closes_at_its_rotation_and_dies_at_its_life() {
    let config = Config::default();
    let id = Id::new(START, 0);
    let after = |duration| id.opened().after(duration);
    let instant = Duration::from_millis(1);
    assert!(config.is_open(id, after(config.rotation - instant)));
    assert!(!config.is_open(id, after(config.rotation)));
    assert!(config.is_alive(id, after(config.life - instant)));
    assert!(!config.is_alive(id, after(config.life)));
    assert_eq!(config.keep(id, id.opened()), config.life + MARGIN);

    let mut desk = Desk::new(config, Some((id, 5)));
    assert_eq!(desk.place(after(config.rotation - instant)), Some(id));
    assert_eq!(desk.place(after(config.rotation)), None);
}

#[test]
fn a_restart_goes_on_with_the_room_that_is_left() {
    let id = Id::new(START, 3);
    let mut desk = Desk::new(Config::default(), Some((id, 62)));
    assert_eq!(leave(&mut desk, at(START), 3), [id, id, Id::new(START, 4)]);
    let mut desk = Desk::new(Config::default(), Some((id, 64)));
    assert_eq!(leave(&mut desk, at(START), 1), [Id::new(START, 4)]);
}

#[test]
fn seventeen_buckets_are_opened_in_a_second_and_no_more() {
    let mut desk = Desk::new(Config::default(), None);
    let ids = leave(&mut desk, at(START), 17 * 64);
    assert_eq!(ids.last(), Some(&Id::new(START, 16)));
    assert_eq!(desk.place(at(START)), None);
    let refused = desk.open(at(START), 1).unwrap_err();
    assert_eq!(refused, RETRY);
    assert_eq!(refused.kind(), Kind::Exhausted);
    assert_eq!(leave(&mut desk, at(START + 1), 1), [Id::new(START + 1, 0)]);
}

#[test]
fn many_entries_open_as_many_buckets_as_they_need_and_may() {
    let mut desk = Desk::new(Config::default(), None);
    for (entries, last) in [(0, 0), (1, 0), (64, 0), (65, 1), (1024, 15), (5000, 16)] {
        let opening = desk.open(at(START), entries).unwrap();
        assert_eq!((opening.first.number(), opening.last.number()), (0, last));
    }
    desk.opened(desk.open(at(START), 65).unwrap());
    let ids: Vec<_> = (0..129).map(|_| desk.place(at(START))).collect();
    assert_eq!(
        ids[63..65],
        [Some(Id::new(START, 0)), Some(Id::new(START, 1))]
    );
    assert_eq!(ids[128], None);
}

#[test]
fn a_place_given_back_or_a_bucket_that_others_filled_is_counted() {
    let id = Id::new(START, 0);
    let mut desk = Desk::new(Config::default(), Some((id, 63)));
    assert_eq!(desk.place(at(START)), Some(id));
    desk.give_back(id);
    assert_eq!(desk.place(at(START)), Some(id));
    desk.give_back(id);
    desk.full(id);
    assert_eq!(desk.place(at(START)), None);
    desk.give_back(id);
    assert_eq!(desk.place(at(START)), None);
    let others = Id::new(START, 1);
    desk.learn(others, 60);
    assert_eq!(desk.newest(), Some(others));
    assert_eq!(
        leave(&mut desk, at(START), 5)[3..],
        [others, Id::new(START, 2)]
    );
}

#[test]
fn a_clock_that_steps_back_gives_no_id_out_twice() {
    let newest = Id::new(START, 3);
    let desk = Desk::new(Config::default(), Some((newest, 64)));
    // a little: the second of the newest goes on
    let opening = desk.open(at(START - 60), 1).unwrap();
    assert_eq!(opening.first, Id::new(START, 4));
    // a lot: believed, and the caller skips what the store still has
    let opening = desk.open(at(START - 62), 1).unwrap();
    assert_eq!(opening.first, Id::new(START - 62, 0));
    let opening = desk.skip(Id::new(START - 62, 0), 65).unwrap();
    assert_eq!((opening.first.number(), opening.last.number()), (1, 2));
    assert!(desk.skip(Id::new(START - 62, 16), 1).is_err());
    // and a bucket far ahead takes nothing more
    let mut ahead = Desk::new(Config::default(), Some((newest, 0)));
    assert_eq!(ahead.place(at(START - 60)), Some(newest));
    assert_eq!(ahead.place(at(START - 61)), None);
}
