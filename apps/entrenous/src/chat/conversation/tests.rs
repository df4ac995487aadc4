use super::super::happened::{From, PersonKey};
use super::*;

const WITH: PersonKey = PersonKey([1; 32]);
/// [`MOST`], as a number of entries.
const MANY: u64 = 500;

fn entry(number: u64) -> Entry {
    Entry {
        number: EntryNumber(number),
        at_ms: 0,
        from: From::Them,
        what: What::Text(number.to_string()),
    }
}

fn page(place: Place, numbers: std::ops::Range<u64>, is_start: bool, is_end: bool) -> Page {
    Page {
        with: WITH,
        place,
        entries: numbers.map(entry).collect(),
        is_start,
        is_end,
    }
}

/// Every entry has two rows.
fn two(_: Option<&Entry>, _: &Entry) -> usize {
    2
}

fn take(conversation: &mut Conversation, page: Page) {
    conversation.page(page, 6, &two);
}

fn latest(numbers: std::ops::Range<u64>) -> Conversation {
    let mut conversation = Conversation::asked();
    take(&mut conversation, page(Place::Latest, numbers, false, true));
    conversation
}

fn numbers(conversation: &Conversation) -> (u64, u64) {
    let number = |number: Option<EntryNumber>| number.unwrap().0;
    (number(conversation.first()), number(conversation.last()))
}

/// What is seen in six rows: entry, first row, rows.
fn seen(conversation: &Conversation) -> Vec<(u64, usize, usize)> {
    let visible = conversation.visible(6, &two);
    let short = |(_, entry, from, rows): (_, &Entry, _, _)| (entry.number.0, from, rows);
    visible.into_iter().map(short).collect()
}

#[test]
fn the_newest_is_seen_until_somebody_looks_back() {
    let mut conversation = latest(100..110);
    assert_eq!(seen(&conversation), [(107, 0, 2), (108, 0, 2), (109, 0, 2)]);
    conversation.add(entry(110));
    assert_eq!(seen(&conversation)[2], (110, 0, 2));
    conversation.up(3, 6, &two);
    let before = [(106, 1, 1), (107, 0, 2), (108, 0, 2), (109, 0, 1)];
    assert_eq!(seen(&conversation), before);
    conversation.add(entry(111));
    assert_eq!(seen(&conversation), before, "what comes moves nothing");
    conversation.down(2, &two);
    assert!(!conversation.follows());
    conversation.down(5, &two);
    assert!(conversation.follows());
    assert_eq!(seen(&conversation)[2], (111, 0, 2));
}

#[test]
fn at_the_oldest_the_screen_stays_full() {
    let mut conversation = latest(100..110);
    conversation.up(1000, 6, &two);
    assert_eq!(seen(&conversation), [(100, 0, 2), (101, 0, 2), (102, 0, 2)]);
    conversation.down(1000, &two);
    assert!(conversation.follows());
}

#[test]
fn older_ones_are_loaded_when_somebody_comes_near() {
    let mut conversation = latest(100..150);
    assert_eq!(conversation.wants(), None);
    conversation.up(50, 6, &two);
    let place = Place::Before(EntryNumber(100));
    assert_eq!(conversation.wants(), Some(place));
    assert_eq!(conversation.wants(), None, "once");
    let before = seen(&conversation);
    take(&mut conversation, page(place, 50..100, false, false));
    assert_eq!(numbers(&conversation), (50, 149));
    assert_eq!(seen(&conversation), before);
    take(&mut conversation, page(place, 0..100, true, false));
    assert_eq!(
        numbers(&conversation),
        (50, 149),
        "a late page changes nothing"
    );
}

#[test]
fn no_more_is_kept_than_the_bound() {
    assert_eq!(u64::try_from(MOST), Ok(MANY));
    let mut conversation = latest(1000..1000 + MANY);
    conversation.add(entry(5000));
    assert_eq!(numbers(&conversation), (1001, 5000));
    conversation.up(10_000, 6, &two);
    let place = conversation.wants().unwrap();
    assert_eq!(place, Place::Before(EntryNumber(1001)));
    take(&mut conversation, page(place, 901..1001, false, false));
    assert_eq!(numbers(&conversation), (901, 900 + MANY));
    assert!(!conversation.follows());
    conversation.add(entry(5001));
    assert_eq!(conversation.last().unwrap().0, 900 + MANY);
    conversation.down(10_000, &two);
    assert!(!conversation.follows(), "the newest is not loaded");
    assert_eq!(
        conversation.wants(),
        Some(Place::After(conversation.last().unwrap()))
    );
    assert!(!conversation.follow());
}

#[test]
fn bytes_are_bounded_too() {
    let mut conversation = latest(0..0);
    for number in 0..40 {
        let mut long = entry(number);
        long.what = What::Text("x".repeat(text::MOST));
        conversation.add(long);
        assert!(conversation.bytes <= BYTES);
    }
    assert_eq!(conversation.entries.len(), BYTES / text::MOST - 1);
}

#[test]
fn what_was_found_is_in_the_middle() {
    let mut conversation = latest(100..110);
    let place = Place::Around(EntryNumber(20));
    take(&mut conversation, page(place, 0..40, true, false));
    let middle = [(19, 1, 1), (20, 0, 2), (21, 0, 2), (22, 0, 1)];
    assert_eq!(seen(&conversation), middle);
    assert_eq!(conversation.hits("20"), [EntryNumber(20)]);
    conversation.bring(EntryNumber(0), 6, &two);
    assert_eq!(seen(&conversation)[0], (0, 0, 2));
}

#[test]
fn entries_that_come_twice_or_in_disorder_are_there_once() {
    let mut conversation = latest(0..3);
    conversation.add(entry(2));
    conversation.add(entry(1));
    assert_eq!(numbers(&conversation), (0, 2));
    assert_eq!(conversation.entries.len(), 3);
    let mut disorder = page(Place::Latest, 5..8, true, true);
    disorder.entries.push(entry(6));
    take(&mut conversation, disorder);
    assert_eq!(conversation.entries.len(), 3);
}
