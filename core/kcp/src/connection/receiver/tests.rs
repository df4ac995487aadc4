use super::*;

fn push(receiver: &mut Receiver, number: u32, data: &[u8]) -> Taken {
    let ack = Ack { number, time: 5 };
    receiver.take(ack, data)
}

fn all(receiver: &mut Receiver) -> Vec<u8> {
    let mut bytes = [0; 4096];
    let count = receiver.read(&mut bytes);
    bytes[..count].to_vec()
}

fn acked(receiver: &mut Receiver) -> Vec<u32> {
    let acks = receiver.take_acks();
    acks.into_iter().map(|ack| ack.number).collect()
}

#[test]
fn bytes_come_out_in_order_across_the_last_number() {
    let mut receiver = Receiver::new(4, u32::MAX);
    for (number, data) in [(1, b"c"), (0, b"b"), (u32::MAX, b"a")] {
        assert_eq!(push(&mut receiver, number, data), Taken::New);
    }
    assert_eq!(receiver.readable(), 3);
    assert_eq!(all(&mut receiver), b"abc");
    assert_eq!(receiver.next(), 2);
}

#[test]
fn a_segment_is_read_in_parts() {
    let mut receiver = Receiver::new(4, 0);
    push(&mut receiver, 0, b"abc");
    push(&mut receiver, 1, b"de");
    let mut two = [0; 2];
    assert_eq!((receiver.read(&mut two), &two), (2, b"ab"));
    assert_eq!((receiver.readable(), receiver.room()), (3, 2));
    assert_eq!((receiver.read(&mut two), &two), (2, b"cd"));
    assert_eq!(receiver.read(&mut []), 0);
    assert_eq!((receiver.read(&mut two), two[0]), (1, b'e'));
}

#[test]
fn the_window_is_full_at_its_size_and_not_one_before() {
    let mut receiver = Receiver::new(2, 0);
    push(&mut receiver, 0, b"a");
    assert_eq!(receiver.room(), 1);
    push(&mut receiver, 1, b"b");
    assert_eq!(receiver.room(), 0);
    // nothing is read: two more are kept, and acknowledged, but not counted as in order
    assert_eq!(push(&mut receiver, 2, b"c"), Taken::New);
    assert_eq!(push(&mut receiver, 3, b"d"), Taken::New);
    assert_eq!(push(&mut receiver, 4, b"e"), Taken::BeyondWindow);
    assert_eq!(receiver.next(), 2);
    assert_eq!(acked(&mut receiver), [2, 3]);
    assert_eq!(all(&mut receiver), b"abcd");
    assert_eq!((receiver.next(), receiver.room()), (4, 2));
}

#[test]
fn a_repeat_is_acknowledged_again_and_changes_nothing() {
    let mut receiver = Receiver::new(4, 0);
    push(&mut receiver, 1, b"b");
    assert_eq!(push(&mut receiver, 1, b"X"), Taken::Repeat);
    assert_eq!(acked(&mut receiver), [1, 1]);
    push(&mut receiver, 0, b"a");
    assert_eq!(push(&mut receiver, 0, b"Y"), Taken::Repeat);
    assert_eq!(acked(&mut receiver), [0]);
    assert_eq!(all(&mut receiver), b"ab");
}

#[test]
fn acks_that_the_next_number_tells_are_left_out_but_the_last() {
    let mut receiver = Receiver::new(8, 0);
    for number in [0, 1, 5, 2] {
        push(&mut receiver, number, b"x");
    }
    assert_eq!(receiver.acks(), 4);
    assert_eq!(acked(&mut receiver), [5, 2]);
    assert_eq!(acked(&mut receiver), [0_u32; 0]);
}

#[test]
fn an_empty_push_takes_a_number_and_no_room() {
    let mut receiver = Receiver::new(1, 0);
    push(&mut receiver, 0, b"");
    assert_eq!((receiver.next(), receiver.room()), (1, 1));
    push(&mut receiver, 1, b"a");
    assert_eq!(all(&mut receiver), b"a");
}
