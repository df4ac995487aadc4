//! Registration with a pin, as the crate's page describes it: two cells, a stop after any step,
//! many at once.
#![expect(clippy::panic, clippy::unwrap_used, reason = "a test")]

use std::sync::Arc;

use journal::{Limits, ManualClock, Memory, SetError, Store, Subject};

#[derive(Debug, Eq, PartialEq)]
enum Outcome {
    Registered,
    Refused,
    /// The server died before it could answer.
    Died,
}

/// How many changes a server makes before it dies.
struct Life(u32);

impl Life {
    fn ends(&mut self) -> bool {
        let ends = self.0 == 0;
        self.0 = self.0.saturating_sub(1);
        ends
    }
}

async fn register(
    store: &dyn Store,
    pin: &str,
    name: &str,
    who: &'static str,
    life: u32,
) -> Outcome {
    let mut life = Life(life);
    let pin = Subject::of(b'P', &[pin.as_bytes()]).unwrap();
    let account = Subject::of(b'a', &[name.as_bytes()]).unwrap();
    loop {
        if let Some(cell) = store.cell_get(&account).await.unwrap() {
            let same = cell.value == who;
            return if same {
                Outcome::Registered
            } else {
                Outcome::Refused
            };
        }
        let Some(cell) = store.cell_get(&pin).await.unwrap() else {
            return Outcome::Refused;
        };
        if cell.value.is_empty() {
            if life.ends() {
                return Outcome::Died;
            }
            match store.cell_set(&pin, cell.rev, Some(who.into()), None).await {
                Ok(_) => {}
                Err(SetError::Conflict { .. }) => continue,
                Err(other) => panic!("{other}"),
            }
        } else if cell.value != who {
            return Outcome::Refused;
        }
        if life.ends() {
            return Outcome::Died;
        }
        match store.cell_set(&account, 0, Some(who.into()), None).await {
            Ok(_) => {}
            Err(SetError::Conflict { .. }) => continue,
            Err(other) => panic!("{other}"),
        }
        if life.ends() {
            return Outcome::Died;
        }
        let cell = store.cell_get(&pin).await.unwrap().unwrap();
        store.cell_set(&pin, cell.rev, None, None).await.unwrap();
        return Outcome::Registered;
    }
}

async fn store_with_pin() -> Arc<Memory> {
    let clock = Arc::new(ManualClock::default());
    let store = Arc::new(Memory::new(Limits::default(), clock));
    let pin = Subject::of(b'P', &[b"1234567890"]).unwrap();
    store
        .cell_set(&pin, 0, Some("".into()), None)
        .await
        .unwrap();
    store
}

#[tokio::test]
async fn a_registration_that_died_anywhere_is_repeated_with_success_and_by_nobody_else() {
    for life in 0..3 {
        let store = store_with_pin().await;
        let died = register(&*store, "1234567890", "ada", "request 1", life).await;
        assert_eq!(died, Outcome::Died);
        if life > 0 {
            let other = register(&*store, "1234567890", "bob", "request 2", 9).await;
            assert_eq!(other, Outcome::Refused, "after {life} changes");
        }
        for _ in 0..2 {
            let again = register(&*store, "1234567890", "ada", "request 1", 9).await;
            assert_eq!(again, Outcome::Registered, "after {life} changes");
        }
        let other = register(&*store, "1234567890", "bob", "request 2", 9).await;
        assert_eq!(other, Outcome::Refused);
    }
}

#[tokio::test]
async fn a_taken_name_costs_no_pin() {
    let store = store_with_pin().await;
    let account = Subject::of(b'a', &[b"ada"]).unwrap();
    store
        .cell_set(&account, 0, Some("earlier".into()), None)
        .await
        .unwrap();
    let taken = register(&*store, "1234567890", "ada", "request 1", 9).await;
    assert_eq!(taken, Outcome::Refused);
    let other = register(&*store, "1234567890", "bob", "request 1", 9).await;
    assert_eq!(other, Outcome::Registered);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn one_pin_makes_one_account_however_many_try() {
    for _ in 0..50 {
        let store = store_with_pin().await;
        let tries = ["ada", "bob", "cleo", "dan"].map(|name| {
            let store = Arc::clone(&store);
            tokio::spawn(async move { register(&*store, "1234567890", name, name, 9).await })
        });
        let mut registered = 0;
        for one in tries {
            registered += u32::from(one.await.unwrap() == Outcome::Registered);
        }
        assert_eq!(registered, 1);
        assert_eq!(store.cells(b'a', None, 9).await.unwrap().len(), 1);
    }
}
