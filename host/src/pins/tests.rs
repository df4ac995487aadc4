use std::sync::Arc;

use journal::{Limits, ManualClock, Memory};

use super::*;

struct World {
    pins: Arc<Pins>,
    clock: Arc<ManualClock>,
}

fn world() -> World {
    let clock = Arc::new(ManualClock::new(Time::from_ms(1_800_000_000_000)));
    let store = Memory::new(Limits::default(), Arc::clone(&clock) as _);
    let pins = Arc::new(Pins::new(Keep::new(Arc::new(store))));
    World { pins, clock }
}

impl World {
    fn now(&self) -> Time {
        journal::Clock::now(self.clock.as_ref())
    }

    async fn create(&self, tries: u32) -> Pin {
        let terms = Terms {
            tries,
            ..Terms::default()
        };
        self.pins.create(self.now(), terms).await.unwrap()
    }

    async fn claim(&self, text: &str, account: u8) -> Result<Handle, Refusal> {
        self.claim_from(1, text, account).await
    }

    async fn claim_from(&self, source: u64, text: &str, account: u8) -> Result<Handle, Refusal> {
        let source = Source::new(source);
        let pins = &self.pins;
        pins.claim(self.now(), source, text, &[account; 32]).await
    }
}

/// The pin with another last character.
fn mistyped(pin: &Pin) -> String {
    let mut text = pin.reveal();
    let last = if text.ends_with('0') { '1' } else { '0' };
    text.pop();
    text.push(last);
    text
}

#[tokio::test]
async fn a_pin_serves_one_account_and_that_one_again() {
    let world = world();
    let pin = world.create(5).await;
    let text = pin.reveal().to_lowercase();
    assert!(world.claim(&text, 1).await.is_ok());
    assert!(world.claim(&text, 1).await.is_ok(), "a repetition");
    assert_eq!(world.claim(&text, 2).await, Err(WRONG));
    let states = world.pins.list().await.unwrap();
    assert!(states.iter().all(|state| state.is_used));
    assert_eq!(states.len(), 1);
}

#[tokio::test]
async fn of_many_accounts_at_once_exactly_one_gets_the_pin() {
    let world = Arc::new(world());
    let text = world.create(5).await.reveal();
    let tasks = (0..32_u8).map(|account| {
        let (world, text) = (Arc::clone(&world), text.clone());
        tokio::spawn(async move { world.claim(&text, account).await.is_ok() })
    });
    let mut winners = 0;
    for task in tasks.collect::<Vec<_>>() {
        winners += usize::from(task.await.unwrap());
    }
    assert_eq!(winners, 1);
}

#[tokio::test]
async fn tries_are_counted_and_the_last_one_removes_the_pin() {
    let world = world();
    let pin = world.create(2).await;
    assert_eq!(world.claim(&mistyped(&pin), 1).await, Err(WRONG));
    assert_eq!(world.pins.list().await.unwrap()[0].tries_left, 1);
    let second = world.create(2).await;
    assert!(
        world.claim(&second.reveal(), 1).await.is_ok(),
        "another pin"
    );
    assert_eq!(world.claim(&mistyped(&pin), 1).await, Err(WRONG));
    assert_eq!(world.claim(&pin.reveal(), 1).await, Err(WRONG), "too late");
}

#[tokio::test]
async fn the_last_try_may_be_the_right_one() {
    let world = world();
    let pin = world.create(2).await;
    assert_eq!(world.claim(&mistyped(&pin), 1).await, Err(WRONG));
    assert!(world.claim(&pin.reveal(), 1).await.is_ok());
}

#[tokio::test]
async fn guesses_do_not_take_a_used_pin_from_its_account() {
    let world = world();
    let pin = world.create(1).await;
    assert!(world.claim(&pin.reveal(), 1).await.is_ok());
    for _ in 0..3 {
        assert_eq!(world.claim(&mistyped(&pin), 2).await, Err(WRONG));
    }
    assert!(world.claim(&pin.reveal(), 1).await.is_ok());
}

#[tokio::test]
async fn a_pin_is_over_at_its_time_and_not_before() {
    let world = world();
    let pin = world.create(5).await;
    let lasts = Terms::default().lasts;
    world.clock.step(lasts - Duration::from_millis(1));
    assert_eq!(world.pins.list().await.unwrap().len(), 1);
    world.clock.step(Duration::from_millis(1));
    assert_eq!(world.claim(&pin.reveal(), 1).await, Err(WRONG));
    assert!(world.pins.list().await.unwrap().is_empty());
}

#[tokio::test]
async fn a_revoked_pin_is_gone() {
    let world = world();
    let pin = world.create(5).await;
    assert_eq!(world.pins.revoke(pin.handle()).await, Ok(true));
    assert_eq!(world.pins.revoke(pin.handle()).await, Ok(false));
    assert_eq!(world.claim(&pin.reveal(), 1).await, Err(WRONG));
    assert_eq!(world.claim("nonsense", 1).await, Err(WRONG));
}

#[tokio::test]
async fn terms_are_taken_at_their_bounds_and_not_beyond() {
    let world = world();
    let create = async |lasts_s, tries| {
        let lasts = Duration::from_secs(lasts_s);
        world
            .pins
            .create(world.now(), Terms { lasts, tries })
            .await
            .is_ok()
    };
    assert!(create(60, 1).await && create(90 * 86_400, 20).await);
    assert!(!create(59, 1).await && !create(90 * 86_400 + 1, 1).await);
    assert!(!create(60, 0).await && !create(60, 21).await);
}

/// A pin that is none, different for each number.
fn guess(number: usize) -> String {
    format!("ZZ{}-{:07}", number % 10, number)
}

fn code(result: Result<Handle, Refusal>) -> Option<Code> {
    result.err().and_then(|refusal| refusal.code.ok())
}

#[tokio::test]
async fn a_source_bears_twenty_wrong_pins_and_then_no_pin_is_looked_at() {
    let world = world();
    let pin = world.create(20).await;
    for number in 0..19 {
        let wrong = world.claim_from(1, &guess(number), 1).await;
        assert_eq!(code(wrong), Some(Code::Pin), "{number}");
    }
    assert_eq!(world.claim_from(1, &mistyped(&pin), 1).await, Err(WRONG));
    let refused = world.claim_from(1, &mistyped(&pin), 1).await.unwrap_err();
    assert_eq!(refused.code, Ok(Code::Rate));
    assert_eq!(refused.retry_after, Duration::from_secs(600));
    let right = world.claim_from(1, &pin.reveal(), 1).await;
    assert_eq!(code(right), Some(Code::Rate), "nor is the right one");
    assert_eq!(world.pins.list().await.unwrap()[0].tries_left, 19);
    // Others are not concerned, and after a while it is not either.
    assert!(world.claim_from(2, &pin.reveal(), 2).await.is_ok());
    world.clock.step(Duration::from_secs(600));
    assert_eq!(world.claim_from(1, &guess(1), 1).await, Err(WRONG));
    let refused = world.claim_from(1, &guess(1), 1).await;
    assert_eq!(code(refused), Some(Code::Rate));
}

#[tokio::test]
async fn a_hundred_wrong_pins_of_all_sources_are_borne_and_one_a_minute() {
    let world = world();
    let pin = world.create(5).await;
    for number in 0..100 {
        let source = 1 + u64::try_from(number / 20).unwrap();
        let wrong = world.claim_from(source, &guess(number), 1).await;
        assert_eq!(code(wrong), Some(Code::Pin), "{number}");
    }
    let refused = world.claim_from(9, &mistyped(&pin), 1).await.unwrap_err();
    assert_eq!(refused.code, Ok(Code::Rate));
    assert_eq!(refused.retry_after, Duration::from_secs(60));
    assert_eq!(world.pins.list().await.unwrap()[0].tries_left, 5);
    world.clock.step(Duration::from_secs(60));
    assert_eq!(world.claim_from(9, &mistyped(&pin), 1).await, Err(WRONG));
    assert_eq!(world.pins.list().await.unwrap()[0].tries_left, 4);
    let refused = world.claim_from(9, &pin.reveal(), 1).await;
    assert_eq!(code(refused), Some(Code::Rate));
}

#[tokio::test]
async fn only_guesses_count_as_wrong() {
    let world = world();
    let pin = world.create(5).await.reveal();
    assert!(world.claim(&pin, 1).await.is_ok());
    for _ in 0..30 {
        assert!(world.claim(&pin, 1).await.is_ok(), "the account it serves");
        // The right secret, and text that is no pin at all.
        assert_eq!(world.claim(&pin, 2).await, Err(WRONG));
        assert_eq!(world.claim("", 1).await, Err(WRONG));
    }
    assert!(world.claim(&pin, 1).await.is_ok());
}
