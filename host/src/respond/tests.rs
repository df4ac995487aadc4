use ::identity::Home;
use journal::{Limits, ManualClock, Memory};
use wire::Binding;
use wire::v1::{
    AccountDelete, AccountGet, EventsGet, InvitationAnswer, InvitationLeave, InvitationTake, Proof,
    event,
};

use super::*;
use crate::keep::kind;
use crate::keep::stepped::Stepped;

#[path = "../../tests/protocol/person.rs"]
#[expect(dead_code, reason = "these tests do not need all of it")]
mod person;

use person::{Person, bytes, change, device, identity_change};

const START: Time = Time::from_ms(1_800_000_000_000);
const ID: [u8; 24] = [7; 24];

struct World {
    responder: Arc<Responder>,
    store: Arc<Stepped>,
    clock: Arc<ManualClock>,
}

/// A server that everyone may register at.
async fn world() -> World {
    let clock = Arc::new(ManualClock::new(START));
    let memory = Memory::new(Limits::default(), Arc::clone(&clock) as _);
    let store = Arc::new(Stepped::new(Arc::new(memory)));
    let rules = Rules {
        admission: Admission::Open,
        ..Rules::default()
    };
    let responder = Responder::open(Arc::clone(&store) as _, "here", rules).await;
    let responder = responder.unwrap().with_clock(Arc::clone(&clock) as _);
    World {
        responder: Arc::new(responder),
        store,
        clock,
    }
}

impl World {
    fn request(&self, person: &Person, operation: &Op) -> Request {
        let nonce = self.responder.nonces.issue(self.responder.now(), [1; 8]);
        let proof: Proof = person.proof(&person.first, Binding::Name("here"), &nonce, operation);
        Request {
            proof: Some(proof),
            ..plain(operation)
        }
    }

    async fn answer(&self, request: Request) -> Result<answer::Result, Refusal> {
        let caller = Caller {
            source: Source::new(1),
            place: Place {
                exporter: None,
                nonce: None,
            },
            session: None,
            now: self.responder.now(),
        };
        let answered = self.responder.answer(&caller, request).await;
        match answered.answer.result.unwrap() {
            answer::Result::Error(error) => Err(Refusal::from_message(&error)),
            other => Ok(other),
        }
    }

    async fn ask(&self, person: &Person, operation: &Op) -> Result<answer::Result, Refusal> {
        self.answer(self.request(person, operation)).await
    }

    async fn events(&self, person: &Person) -> Vec<event::What> {
        let events = self.ask(person, &Op::Events(EventsGet { after: 0 })).await;
        let Ok(answer::Result::Events(list)) = events else {
            panic!("{events:?}");
        };
        let events = list.events.into_iter();
        events.map(|event| event.what.unwrap()).collect()
    }
}

fn plain(operation: &Op) -> Request {
    Request {
        id: 5,
        operation: bytes(operation),
        ..Request::default()
    }
}

fn code<T>(result: &Result<T, Refusal>) -> Option<Code> {
    result.as_ref().err().and_then(|refusal| refusal.code.ok())
}

#[tokio::test(start_paused = true)]
async fn a_registration_whose_time_ended_is_finished_and_counted_once() {
    // The record is read twice, then written; each of these may be the last that came in time.
    for call in 1..=3 {
        let world = world().await;
        let person = Person::new(1);
        let mut request = world.request(&person, &person.register(""));
        request.within_ms = 10;
        world.store.stop_after(call);
        let said = world.answer(request).await;
        assert_eq!(code(&said), Some(Code::Deadline), "{call}");
        assert_eq!(world.responder.accounts().count(), 0);
        world.store.go();
        while world.responder.accounts().count() == 0 {
            tokio::task::yield_now().await;
        }
        assert!(world.ask(&person, &person.register("")).await.is_ok());
        assert!(
            world
                .ask(&person, &Op::Account(AccountGet {}))
                .await
                .is_ok()
        );
        assert_eq!(world.responder.accounts().count(), 1, "{call}");
    }
}

#[tokio::test]
async fn a_request_that_is_given_up_keeps_its_place_until_it_is_done() {
    let world = Arc::new(world().await);
    world.store.stop_after(1);
    let person = Person::new(1);
    let request = world.request(&person, &Op::Account(AccountGet {}));
    let asking = Arc::clone(&world);
    let given_up = spawn(async move { asking.answer(request).await });
    world.store.reached().await;
    given_up.abort();
    assert!(given_up.await.is_err());
    let places = &world.responder.in_hand;
    assert_eq!(places.available_permits(), IN_HAND - 1);
    world.store.go();
    while places.available_permits() < IN_HAND {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn as_many_requests_are_in_hand_as_may_be_and_the_next_is_told_to_come_back() {
    let world = world().await;
    let all = Arc::clone(&world.responder.in_hand);
    let held = all.acquire_many_owned(1023).await.unwrap();
    let challenge = plain(&Op::Challenge(wire::v1::Challenge {}));
    assert!(world.answer(challenge.clone()).await.is_ok());
    let last = Arc::clone(&world.responder.in_hand).acquire_owned().await;
    let busy = world.answer(challenge.clone()).await;
    assert_eq!(code(&busy), Some(Code::Busy));
    drop((held, last));
    assert!(world.answer(challenge).await.is_ok());
}

#[tokio::test]
async fn a_statement_that_cannot_be_next_is_answered_without_verifying_anything() {
    let world = world().await;
    let mut anna = Person::new(1);
    world.ask(&anna, &anna.register("")).await.unwrap();
    let (mut forged, early) = (Person::new(1), change(&anna.add(&device(1, 1))));
    world.ask(&anna, &early).await.unwrap();

    // All places at the verifying are taken.
    let (ends, end) = std::sync::mpsc::channel::<()>();
    let end = Arc::new(Mutex::new(end));
    let held = (0..VERIFY_QUEUE).map(|_| {
        let (responder, end) = (Arc::clone(&world.responder), Arc::clone(&end));
        spawn(async move {
            let work = move || end.lock().unwrap().recv().unwrap();
            responder.verifying.run(work).await
        })
    });
    let held: Vec<_> = held.collect();
    tokio::task::yield_now().await;
    let garbage = Op::DeviceChange(wire::v1::DeviceChange {
        statement: vec![7; 8192],
    });
    let fork = change(&forged.add(&device(1, 5)));
    let next = change(&anna.add(&device(1, 2)));
    let invalid = world.ask(&anna, &garbage).await;
    assert_eq!(code(&invalid), Some(Code::Invalid));
    assert_eq!(code(&world.ask(&anna, &fork).await), Some(Code::Conflict));
    assert!(world.ask(&anna, &early).await.is_ok(), "a repetition");
    assert_eq!(code(&world.ask(&anna, &next).await), Some(Code::Busy));
    let bert = Person::new(2);
    let registered = world.ask(&bert, &bert.register("")).await;
    assert_eq!(code(&registered), Some(Code::Busy));
    for _ in &held {
        ends.send(()).unwrap();
    }
    for one in held {
        one.await.unwrap().unwrap();
    }
    assert!(world.ask(&anna, &next).await.is_ok());
    assert!(world.ask(&bert, &bert.register("")).await.is_ok());
}

#[tokio::test]
async fn of_two_statements_for_one_place_at_once_one_is_taken() {
    let world = Arc::new(world().await);
    let anna = Person::new(1);
    world.ask(&anna, &anna.register("")).await.unwrap();
    let tasks = [1, 2].map(|number| {
        let (world, mut anna) = (Arc::clone(&world), Person::new(1));
        spawn(async move {
            let add = change(&anna.add(&device(1, number)));
            world.ask(&anna, &add).await
        })
    });
    let mut codes = Vec::new();
    for task in tasks {
        codes.push(code(&task.await.unwrap()));
    }
    codes.sort_unstable();
    assert_eq!(codes, [None, Some(Code::Conflict)]);
    assert_eq!(world.events(&anna).await.len(), 1);
}

/// Someone at home on the server, who is registered.
async fn at_home(world: &World) -> Person {
    let home = Home::new("here", world.responder.key()).unwrap();
    let anna = Person::at_home(1, Some(home));
    world.ask(&anna, &anna.register("")).await.unwrap();
    anna
}

/// Deletes an account while one of its chains changes, behind call number `call` of the change; says
/// whether it made so many.
async fn deleted_amid(make: fn(&mut Person) -> Op, call: usize) -> bool {
    let world = Arc::new(world().await);
    let mut anna = at_home(&world).await;
    let delete = world.request(&anna, &Op::AccountDelete(AccountDelete {}));
    let operation = make(&mut anna);
    let request = world.request(&anna, &operation);
    world.store.stop_after(call);
    let mut changing = spawn({
        let world = Arc::clone(&world);
        async move { world.answer(request).await }
    });
    tokio::select! {
        done = &mut changing => {
            done.unwrap().unwrap();
            return false;
        }
        () = world.store.reached() => {}
    }
    world.answer(delete).await.unwrap();
    world.store.go();
    let _ = changing.await.unwrap();
    let events = world.store.subjects(kind::EVENTS, None, 9).await.unwrap();
    assert!(events.is_empty(), "it was deleted behind call {call}");
    true
}

#[tokio::test]
async fn an_account_that_is_deleted_while_a_chain_changes_leaves_no_event() {
    let changes: [fn(&mut Person) -> Op; 2] = [
        |anna| change(&anna.add(&device(1, 1))),
        |anna| identity_change(&anna.rotate(5)),
    ];
    for make in changes {
        let mut call = 1;
        while deleted_amid(make, call).await {
            call += 1;
        }
        assert!(call > 3, "it reads, writes, and tells");
    }
}

/// Someone whose invitation was taken with the key of 1.
async fn invited(world: &World) -> Person {
    let anna = Person::new(1);
    world.ask(&anna, &anna.register("")).await.unwrap();
    let leave = Op::InvitationLeave(InvitationLeave {
        id: ID.to_vec(),
        sealed: vec![1],
        until_s: 1_800_086_400,
        uses: 2,
    });
    world.ask(&anna, &leave).await.unwrap();
    let take = Op::InvitationTake(InvitationTake { id: ID.to_vec() });
    world.answer(keyed(&take, 1)).await.unwrap();
    world.answer(keyed(&take, 2)).await.unwrap();
    anna
}

fn keyed(operation: &Op, key: u8) -> Request {
    Request {
        key: vec![key; 16],
        ..plain(operation)
    }
}

#[tokio::test]
async fn an_answer_that_comes_again_tells_the_inviter_nothing_new() {
    let world = world().await;
    let anna = invited(&world).await;
    let reply = Op::InvitationAnswer(InvitationAnswer {
        id: ID.to_vec(),
        sealed: vec![2],
    });
    for minutes in [0, 0, 1, 29, 1, 60, 600] {
        world.clock.step(Duration::from_secs(60 * minutes));
        assert!(world.answer(keyed(&reply, 1)).await.is_ok());
        assert_eq!(world.events(&anna).await.len(), 1);
    }
    assert!(world.answer(keyed(&reply, 2)).await.is_ok());
    assert_eq!(world.events(&anna).await.len(), 2, "the other's is news");
}

#[tokio::test]
async fn an_answer_cut_before_its_event_tells_the_inviter_when_it_comes_again() {
    let world = world().await;
    let anna = invited(&world).await;
    let invitations = &world.responder.invitations;
    let now = world.responder.now();
    let cut = invitations.answer(now, &ID, &[1; 16], &[2]).await;
    assert!(cut.is_ok());
    assert!(world.events(&anna).await.is_empty());
    let reply = Op::InvitationAnswer(InvitationAnswer {
        id: ID.to_vec(),
        sealed: vec![2],
    });
    for _ in 0..2 {
        assert!(world.answer(keyed(&reply, 1)).await.is_ok());
        assert_eq!(world.events(&anna).await.len(), 1);
    }
}

#[tokio::test]
async fn however_many_connections_look_at_once_the_record_is_read_twice_at_most() {
    let world = world().await;
    let anna = Person::new(1);
    world.ask(&anna, &anna.register("")).await.unwrap();
    let name = anna.account();
    let key = anna.first.signing().verifying_key().to_bytes();
    let roll = world.responder.roll(&name);
    assert!(Arc::ptr_eq(&roll, &world.responder.roll(&name)));
    // The first reading is stopped, and all others ask meanwhile.
    world.store.stop_after(1);
    let looks: Vec<_> = (0..100)
        .map(|_| {
            let (responder, roll) = (Arc::clone(&world.responder), Arc::clone(&roll));
            spawn(async move { responder.is_present(&roll, &key).await })
        })
        .collect();
    world.store.reached().await;
    for _ in 0..9 {
        tokio::task::yield_now().await;
    }
    world.store.go();
    for look in looks {
        assert_eq!(look.await.unwrap(), Ok(true));
    }
    assert!(world.store.calls() <= 2, "{}", world.store.calls());
    // What is asked later is not answered from before.
    let delete = Op::AccountDelete(AccountDelete {});
    world.ask(&anna, &delete).await.unwrap();
    let gone = world.responder.is_present(&roll, &key).await;
    assert_eq!(gone, Ok(false));
    drop(roll);
    world.responder.presence.tidy();
    assert!(!world.responder.presence.knows(&name));
}
