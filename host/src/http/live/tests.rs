//! Over a pipe, so that time can stand still.

use std::net::{IpAddr, Ipv4Addr};

use journal::{Limits, ManualClock, Memory};
use tokio::io::DuplexStream;
use tokio::time::timeout;
use tokio_tungstenite::{WebSocketStream, client_async};
use wire::v1::operation::Operation as Op;
use wire::v1::{
    Answer, BucketFetch, Challenge, Credit, InvitationTake, Operation, Ping, ServerFrame, answer,
};
use wire::{Code, Refusal, SERVER_FRAME_MAX, encode};

use super::super::listen::serve;
use super::super::{Service, Settings};
use super::*;
use crate::keep::stepped::Stepped;
use crate::pace::Rate;
use crate::respond::Rules;

struct World {
    service: Service,
    store: Arc<Stepped>,
}

async fn world(settings: Settings) -> World {
    // Time is the runtime's alone, which a test stops: this clock stands.
    let clock = Arc::new(ManualClock::default());
    let memory = Memory::new(Limits::default(), Arc::clone(&clock) as _);
    let store = Arc::new(Stepped::new(Arc::new(memory)));
    let responder = Responder::open(Arc::clone(&store) as _, "here", Rules::default()).await;
    World {
        service: Service::with(
            settings,
            Some(Arc::new(responder.unwrap().with_clock(clock))),
        ),
        store,
    }
}

struct Client(WebSocketStream<DuplexStream>);

impl World {
    async fn connect(&self) -> Client {
        let (here, there) = tokio::io::duplex(1 << 16);
        let router = super::super::routes::router(&self.service.hub);
        let peer = IpAddr::from(Ipv4Addr::LOCALHOST);
        tokio::spawn(serve(there, (peer, Line::default()), router, None));
        let (socket, _) = client_async("ws://x/v1/live", here).await.unwrap();
        let mut client = Client(socket);
        let hello = client.next().await;
        assert!(matches!(hello, Ok(server_frame::Frame::Hello(_))));
        client
    }
}

impl Client {
    async fn send(&mut self, frame: client_frame::Frame) {
        let frame = ClientFrame { frame: Some(frame) };
        let message = Message::Binary(encode(&frame).into());
        self.0.send(message).await.unwrap();
    }

    async fn ask(&mut self, id: u64, operation: Op) {
        let operation = encode(&Operation {
            operation: Some(operation),
        });
        let request = Request {
            id,
            key: vec![1; 16],
            operation,
            ..Request::default()
        };
        self.send(client_frame::Frame::Request(request)).await;
    }

    async fn ping(&mut self, number: u64) {
        self.send(client_frame::Frame::Ping(Ping { number })).await;
    }

    async fn next(&mut self) -> Result<server_frame::Frame, Option<u16>> {
        match self.0.next().await {
            Some(Ok(Message::Binary(bytes))) => {
                let frame: ServerFrame = decode(&bytes, SERVER_FRAME_MAX).unwrap();
                Ok(frame.frame.unwrap())
            }
            Some(Ok(Message::Close(frame))) => Err(frame.map(|frame| frame.code.into())),
            _ => Err(None),
        }
    }

    /// The id of the next answer and what it refuses for.
    async fn refusal(&mut self) -> (u64, Result<Code, kernel::Kind>) {
        match self.next().await {
            Ok(server_frame::Frame::Answer(Answer {
                id,
                result: Some(answer::Result::Error(error)),
            })) => (id, Refusal::from_message(&error).code),
            other => panic!("{other:?}"),
        }
    }
}

fn slow() -> Settings {
    Settings {
        requests: Rate {
            per_second: 1,
            burst: 5,
        },
        ..Settings::default()
    }
}

const CHALLENGE: Op = Op::Challenge(Challenge {});

#[tokio::test(start_paused = true)]
async fn pings_and_credit_are_read_no_faster_than_requests() {
    let world = world(slow()).await;
    let mut client = world.connect().await;
    let start = Instant::now();
    // Four are left of the burst.
    for number in 0..4 {
        client.ping(number).await;
        let pong = server_frame::Frame::Pong(Ping { number });
        assert_eq!(client.next().await, Ok(pong));
    }
    assert_eq!(start.elapsed(), Duration::ZERO);
    // The next is answered, and then none is read until it may be counted.
    client.ping(4).await;
    assert!(client.next().await.is_ok());
    assert_eq!(start.elapsed(), Duration::ZERO);
    for _ in 0..4 {
        let credit = client_frame::Frame::Credit(Credit { pushes: 1 });
        client.send(credit).await;
    }
    client.0.send(Message::Ping("x".into())).await.unwrap();
    client.ping(5).await;
    loop {
        match client.0.next().await.unwrap().unwrap() {
            Message::Pong(_) => {}
            Message::Binary(_) => break,
            other => panic!("{other:?}"),
        }
    }
    // Five were read after the one that was too fast, the last when six could be counted.
    assert_eq!(start.elapsed().as_secs(), 6);
}

#[tokio::test(start_paused = true)]
async fn pings_of_one_connection_use_up_what_its_source_may_ask() {
    let world = world(slow()).await;
    let mut client = world.connect().await;
    for number in 0..4 {
        client.ping(number).await;
        assert!(client.next().await.is_ok());
    }
    client.ask(1, CHALLENGE).await;
    assert_eq!(client.refusal().await, (1, Ok(Code::Rate)));
}

#[tokio::test]
async fn requests_that_come_while_the_server_stops_are_told_so_and_those_before_are_answered() {
    let world = world(Settings::default()).await;
    let mut client = world.connect().await;
    world.store.stop_after(1);
    client
        .ask(1, Op::InvitationTake(InvitationTake { id: vec![1; 24] }))
        .await;
    world.store.reached().await;
    world.service.hub.draining.send_replace(true);
    let leaving = client.next().await;
    assert!(matches!(leaving, Ok(server_frame::Frame::Leaving(_))));
    for id in 2..5 {
        client.ask(id, CHALLENGE).await;
        assert_eq!(client.refusal().await, (id, Ok(Code::Draining)));
    }
    client.ping(9).await;
    assert!(matches!(
        client.next().await,
        Ok(server_frame::Frame::Pong(_))
    ));
    world.store.go();
    assert_eq!(client.refusal().await, (1, Ok(Code::NotFound)));
    assert_eq!(client.next().await, Err(Some(1001)));
}

#[tokio::test]
async fn a_message_in_several_frames_ends_the_connection() {
    use tokio_tungstenite::tungstenite::protocol::frame::Frame;
    use tokio_tungstenite::tungstenite::protocol::frame::coding::{Data, OpCode};

    let world = world(Settings::default()).await;
    let mut client = world.connect().await;
    let first = Frame::message(vec![1; 10], OpCode::Data(Data::Binary), false);
    client.0.send(Message::Frame(first)).await.unwrap();
    assert_eq!(client.next().await, Err(Some(1002)));
}

#[tokio::test(start_paused = true)]
async fn from_a_client_that_takes_no_answers_no_more_is_read() {
    let world = world(Settings::default()).await;
    let mut client = world.connect().await;
    world.store.stop_after(0);
    let fetch = || Op::BucketFetch(BucketFetch { hash: vec![1; 32] });
    let flood = async {
        for id in 0..100_000 {
            client.ask(id, fetch()).await;
        }
    };
    assert!(timeout(Duration::from_secs(20), flood).await.is_err());
    // An answer has 16 KiB: four fit into the pipe, one waits, and so many more are in hand at most.
    assert!(
        world.store.calls() <= 5 + IN_FLIGHT,
        "{}",
        world.store.calls()
    );
    assert!(matches!(
        client.next().await,
        Ok(server_frame::Frame::Answer(_))
    ));
}
