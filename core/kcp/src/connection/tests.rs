use super::*;

fn at(ms: u64) -> Time {
    Time::from_ms(ms)
}

#[test]
fn it_waits_for_nothing_at_first() {
    let mut connection = Connection::new(Config::default(), Conv::new(1), at(0));
    assert_eq!(connection.poll(), Output::Wait(None));
}
