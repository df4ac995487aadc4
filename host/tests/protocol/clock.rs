//! The server's clock is set, by a little or by days, forwards and backwards.

use std::sync::Arc;
use std::time::Duration;

use journal::{Clock, ManualClock};
use kernel::Time;
use rendezvous::bucket::Id;
use wire::Code;
use wire::v1::operation::Operation as Op;
use wire::v1::{AccountGet, BucketFetch, BucketLeave, InvitationLeave, InvitationTake, answer};

use crate::client::{Client, code, request, rpc, rpc_as};
use crate::person::Person;
use crate::world::{World, config};

const START: Time = Time::from_ms(1_800_000_000_000);
const HOUR: Duration = Duration::from_secs(3600);
const DAY: Duration = Duration::from_secs(86_400);

/// A server whose clock the test sets, and someone with an account on it.
async fn world() -> (World, Arc<ManualClock>, Person) {
    let clock = Arc::new(ManualClock::new(START));
    let world = World::at(config(), Arc::clone(&clock) as _).await;
    let (anna, pin) = (Person::new(1), world.pin().await);
    let registered = rpc_as(world.address(), &anna, &anna.register(&pin)).await;
    assert!(registered.is_ok(), "{registered:?}");
    (world, clock, anna)
}

fn leave(number: u8, until: Time) -> Op {
    Op::InvitationLeave(InvitationLeave {
        id: vec![number; 24],
        sealed: vec![number],
        until_s: until.as_ms() / 1000,
        uses: 1,
    })
}

/// What a take by the claim of this number says.
async fn take(world: &World, number: u8, claim: u8) -> Option<Code> {
    let id = vec![number; 24];
    let mut request = request(1, &Op::InvitationTake(InvitationTake { id }));
    request.key = vec![claim; 16];
    code(&rpc(world.address(), &request).await)
}

/// The bucket that this entry was left in.
async fn left(world: &World, number: u8) -> Id {
    let entry = vec![number; 256];
    let leave = Op::BucketLeave(BucketLeave { entry });
    let said = rpc(world.address(), &request(1, &leave)).await;
    let Ok(answer::Result::BucketLeft(left)) = said else {
        panic!("{said:?}");
    };
    Id::from_bytes(&left.bucket).unwrap()
}

async fn is_found(world: &World, id: Id, number: u8) -> bool {
    let hash = id.hash().as_bytes().to_vec();
    let fetch = Op::BucketFetch(BucketFetch { hash });
    let said = rpc(world.address(), &request(1, &fetch)).await;
    let Ok(answer::Result::Bucket(bucket)) = said else {
        panic!("{said:?}");
    };
    bucket.slots.chunks(256).any(|slot| slot == [number; 256])
}

#[tokio::test(flavor = "multi_thread")]
async fn dates_are_compared_with_the_time_of_the_request() {
    let (world, clock, anna) = world().await;
    let ask = async |operation: &Op| code(&rpc_as(world.address(), &anna, operation).await);
    let soon = START.after(HOUR);
    assert_eq!(ask(&leave(1, soon)).await, None);
    clock.step(30 * DAY);
    assert_eq!(ask(&leave(2, soon)).await, Some(Code::Malformed), "over");
    assert_eq!(ask(&leave(2, clock.now().after(90 * DAY))).await, None);
    assert_eq!(take(&world, 1, 1).await, Some(Code::NotFound), "over");
    let mut live = Client::connect(world.address()).await;
    assert_eq!(live.hello.now_ms, clock.now().as_ms());
    assert!(live.is_silent().await);
    clock.set(START);
    let far = START.after(120 * DAY);
    assert_eq!(ask(&leave(3, far)).await, Some(Code::Malformed), "too far");
    assert_eq!(take(&world, 2, 1).await, None, "it ends late");
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_used_twice_however_the_clock_is_set() {
    let (world, clock, anna) = world().await;
    let ask = async |person: &Person, operation: &Op| {
        code(&rpc_as(world.address(), person, operation).await)
    };
    assert_eq!(ask(&anna, &leave(1, START.after(2 * DAY))).await, None);
    let (pin, bert, cleo) = (world.pin().await, Person::new(2), Person::new(3));
    assert_eq!(take(&world, 1, 1).await, None);
    assert_eq!(ask(&bert, &bert.register(&pin)).await, None);
    for to in [
        START.after(HOUR),
        START,
        Time::ZERO.after(DAY),
        START.after(DAY),
    ] {
        clock.set(to);
        assert_eq!(take(&world, 1, 2).await, Some(Code::NotFound));
        let late = ask(&cleo, &cleo.register(&pin)).await;
        assert_eq!(late, Some(Code::Pin));
        assert_eq!(ask(&bert, &bert.register(&pin)).await, None);
        assert_eq!(ask(&anna, &Op::Account(AccountGet {})).await, None);
    }
    // A pin of a time that has not come yet is good, once.
    clock.set(START.after(10 * DAY));
    let pin = world.pin().await;
    clock.set(START);
    assert_eq!(ask(&cleo, &cleo.register(&pin)).await, None);
    clock.step(30 * DAY);
    let dora = Person::new(4);
    assert_eq!(ask(&dora, &dora.register(&pin)).await, Some(Code::Pin));
}

#[tokio::test(flavor = "multi_thread")]
async fn buckets_follow_the_clock_and_no_id_comes_twice() {
    let (world, clock, _) = world().await;
    let second = |time: Time| time.as_ms() / 1000;
    let first = left(&world, 1).await;
    assert_eq!(first, Id::new(second(START), 0));
    clock.step(2 * HOUR);
    let later = left(&world, 2).await;
    assert_eq!(later, Id::new(second(START.after(2 * HOUR)), 0));
    // By half a minute: the bucket goes on. By two hours: another one.
    clock.set(START.after(2 * HOUR - Duration::from_secs(30)));
    assert_eq!(left(&world, 3).await, later);
    clock.set(START);
    assert_eq!(left(&world, 4).await, Id::new(second(START), 1));
    clock.set(START.after(2 * HOUR));
    assert_eq!(
        left(&world, 5).await,
        Id::new(second(START.after(2 * HOUR)), 1)
    );
    for (id, number) in [(first, 1), (later, 2), (later, 3)] {
        assert!(is_found(&world, id, number).await);
    }
    clock.step(47 * HOUR);
    assert!(!is_found(&world, first, 1).await, "its life is over");
    assert!(is_found(&world, later, 2).await);
    clock.step(HOUR);
    assert!(!is_found(&world, later, 2).await);
}
