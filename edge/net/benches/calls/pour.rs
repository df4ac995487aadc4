//! One side says as much as it can, the other hears it; each in a thread of its own.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use bytes::Bytes;
use channel::{Event, Mode};
use net::call::{Call, Datagrams, Incoming, Limits, Listener};
use primitives::{Secret, seal_in_place};
use tokio::sync::oneshot;

use crate::Result;
use crate::meter::{Meter, Row};
use crate::sides::{Side, establish, name, runtime};

/// Bytes of the longest message.
pub(crate) const LONGEST: usize = 61_435;

/// The longest messages, sealed and nothing else.
pub(crate) fn plain(lasts: Duration) -> Row {
    let key = Secret::new([7; 32]);
    let mut body = vec![0; LONGEST];
    let meter = Meter::of_thread();
    let mut count = 0_u64;
    while meter.elapsed() < lasts {
        let nonce = std::array::from_fn(|at| count.to_le_bytes().get(at).copied().unwrap_or(0));
        std::hint::black_box(seal_in_place(&key, &nonce, &mut body, &[]));
        count = count.saturating_add(1);
    }
    let cpu = meter.cpu();
    Row {
        mode: "plain",
        what: format!("messages of {LONGEST} bytes"),
        count,
        took: meter.elapsed(),
        cpu,
        busier: cpu,
    }
}

pub(crate) fn tcp(mode: Mode, bytes: usize, lasts: Duration) -> Result<Row> {
    let (tell, told) = mpsc::channel();
    let (done, is_done) = oneshot::channel();
    let hears = thread::spawn(move || {
        runtime()?.block_on(async {
            let at = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
            let listener = Listener::bind(at, Limits::default()).await?;
            tell.send(listener.address()?)?;
            hear(listener.accept().await?, mode, is_done).await
        })
    });
    let to = told.recv()?;
    let says = runtime()?.block_on(async {
        let setup = Side::new(1, mode, false).setup()?;
        let call = Call::dial("127.0.0.1", to.port(), None, setup, None).await?;
        say(call, bytes, lasts).await
    })?;
    drop(done);
    row(mode, bytes, says, hears)
}

pub(crate) fn udp(at: SocketAddr, through: SocketAddr, lasts: Duration) -> Result<Row> {
    let (tell, told) = mpsc::channel();
    let (done, is_done) = oneshot::channel();
    let hears = thread::spawn(move || {
        runtime()?.block_on(async {
            let listener = Datagrams::bind(at, Limits::default()).await?;
            tell.send(())?;
            hear(listener.accept().await?, Mode::Ours, is_done).await
        })
    });
    told.recv()?;
    let says = runtime()?.block_on(async {
        let setup = Side::new(1, Mode::Ours, false).setup()?;
        let call = Call::dial_datagrams(through, setup, None).await?;
        say(call, LONGEST, lasts).await
    })?;
    drop(done);
    row(Mode::Ours, LONGEST, says, hears)
}

type Heard = (u64, Duration, Duration);

fn row(
    mode: Mode,
    bytes: usize,
    says: Duration,
    hears: thread::JoinHandle<Result<Heard>>,
) -> Result<Row> {
    let hears = hears.join().map_err(|_| "the other side panicked")?;
    let (count, took, cpu) = hears?;
    Ok(Row {
        mode: name(mode),
        what: format!("messages of {bytes} bytes"),
        count,
        took,
        cpu: says.saturating_add(cpu),
        busier: says.max(cpu),
    })
}

/// Says messages for so long, then a short one; returns what that cost.
async fn say(mut call: Call, bytes: usize, lasts: Duration) -> Result<Duration> {
    establish(&mut call).await?;
    let text = Bytes::from(vec![7; bytes]);
    let meter = Meter::of_thread();
    let handle = call.handle().clone();
    let says = tokio::spawn(async move {
        while meter.elapsed() < lasts {
            handle.send(text.clone()).await?;
        }
        handle.send(Bytes::from_static(b"!")).await?;
        Result::Ok(meter)
    });
    // The other side says a word when it has heard all.
    loop {
        match call.next().await.ok_or("it has ended")? {
            Event::Message(_) => return Ok(says.await??.cpu()),
            Event::Ended(end) => return Err(end.to_string().into()),
            _ => {}
        }
    }
}

/// Hears messages up to a short one; returns how many, how long that took, and what it cost. It stays
/// until the other side is done.
async fn hear(incoming: Incoming, mode: Mode, done: oneshot::Receiver<()>) -> Result<Heard> {
    let setup = Side::new(2, mode, false).setup()?;
    let mut call = Call::answer(incoming, setup).ok_or("no random bytes")?;
    establish(&mut call).await?;
    let meter = Meter::of_thread();
    let mut count = 0_u64;
    loop {
        match call.next().await.ok_or("it has ended")? {
            Event::Message(message) if message.body.len() > 1 => {
                count = count.saturating_add(1);
                // As a program does that writes several at a time to its disk.
                if count.is_multiple_of(KEPT) {
                    call.handle().keep(message.sequence).await;
                }
            }
            Event::Message(_) => break,
            Event::Ended(end) => return Err(end.to_string().into()),
            _ => {}
        }
    }
    let found = (count, meter.elapsed(), meter.cpu());
    call.handle().send(Bytes::from_static(b"!")).await?;
    drop(done.await);
    Ok(found)
}

/// After how many messages the other side is told that they are kept.
const KEPT: u64 = 16;
