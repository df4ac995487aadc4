//! A relay that stops.

use channel::End;

use crate::carrying::code;
use crate::world::{PATIENCE, call, end, meet, message, socket as web, start, until, way};

#[tokio::test]
async fn when_the_server_stops_two_who_talk_hear_it_and_nobody_is_cut() {
    let server = start(|_| {}).await;
    let (first, second) = (way(&server, "ws"), way(&server, "tcp"));
    let [mut caller, mut called] = call(meet(&first, &second).await).await;
    caller.handle().send("last words".into()).await.unwrap();
    assert_eq!(message(&mut called).await, b"last words");
    let mut socket = web(&server, None).await;
    until(&server, |stats| stats.connected == 3).await;
    let address = server.addresses()[0];
    let (stopped, ends, code) = tokio::join!(
        server.stop(PATIENCE),
        async { [end(&mut caller).await, end(&mut called).await] },
        code(&mut socket),
    );
    assert_eq!(stopped.cut, 0);
    assert_eq!(ends, [End::Lost, End::Lost]);
    assert_eq!(code, Some(1001));
    assert!(tokio::net::TcpStream::connect(address).await.is_err());
}
