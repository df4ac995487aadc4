//! Clients that begin and do not go on.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use wire::FRAME_MAX;
use wire::v1::Challenge;
use wire::v1::operation::Operation as Op;

use crate::client::{Client, post, request, rpc};
use crate::world::World;

/// A live connection on which the head of a frame of the greatest length was sent, and a little of it.
async fn begun(world: &World) -> TcpStream {
    let mut stream = Client::connect(world.address()).await.cut();
    let mut frame = vec![0x82, 0x80 | 127];
    frame.extend(u64::try_from(FRAME_MAX).unwrap().to_be_bytes());
    frame.extend([0; 4 + 100]);
    stream.write_all(&frame).await.unwrap();
    stream
}

#[tokio::test(flavor = "multi_thread")]
async fn unfinished_frames_of_a_source_are_bounded_and_make_room_when_they_are_gone() {
    let world = World::start().await;
    // 4 MiB of one source are sixteen.
    let mut begun_ones = JoinSet::new();
    for _ in 0..17 {
        let mut stream = begun(&world).await;
        begun_ones.spawn(async move {
            let mut said = Vec::new();
            stream.read_to_end(&mut said).await.unwrap();
            said
        });
    }
    // The one that was one too many hears of it: closed with 1013.
    let said = begun_ones.join_next().await.unwrap().unwrap();
    assert_eq!(said, [0x88, 2, 0x03, 0xf5]);
    // Short requests go on, on either carrier; a long body finds no room either.
    let challenge = Op::Challenge(Challenge {});
    let asked = request(1, &challenge);
    assert!(rpc(world.address(), &asked).await.is_ok());
    let mut live = Client::connect(world.address()).await;
    assert!(live.call(&challenge).await.is_ok());
    assert_eq!(post(world.address(), &vec![0; FRAME_MAX]).await.0, 429);
    begun_ones.shutdown().await;
    // The server hears of it at some moment.
    while post(world.address(), &vec![0; FRAME_MAX]).await.0 == 429 {
        tokio::task::yield_now().await;
    }
}
