use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use channel::Mode;
use net::call::{Call, Limits, Listener};

use crate::Result;
use crate::meter::{Meter, Row};
use crate::sides::{Side, establish, leave, name, runtime};

/// Opens calls one after the other, both sides in this thread.
pub(crate) fn measure(mode: Mode, is_hybrid: bool, lasts: Duration) -> Result<Row> {
    runtime()?.block_on(async {
        let at = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let listener = Listener::bind(at, Limits::default()).await?;
        let sides = [1, 2].map(|number| Side::new(number, mode, is_hybrid));
        let meter = Meter::of_process();
        let mut count = 0_u64;
        while meter.elapsed() < lasts {
            open(&listener, &sides).await?;
            count = count.saturating_add(1);
        }
        let more = if is_hybrid { ", with ML-DSA-65" } else { "" };
        Ok(Row {
            mode: name(mode),
            what: format!("handshakes{more}"),
            count,
            took: meter.elapsed(),
            cpu: meter.cpu(),
            busier: Duration::ZERO,
        })
    })
}

async fn open(listener: &Listener, [caller, called]: &[Side; 2]) -> Result<()> {
    let port = listener.address()?.port();
    let calls = async {
        let dialled = Call::dial("127.0.0.1", port, None, caller.setup()?, None).await;
        let mut call = dialled?;
        establish(&mut call).await?;
        Result::Ok(call)
    };
    let answers = async {
        let incoming = listener.accept().await?;
        let mut call = Call::answer(incoming, called.setup()?).ok_or("no random bytes")?;
        establish(&mut call).await?;
        Result::Ok(call)
    };
    let (one, other) = tokio::try_join!(calls, answers)?;
    tokio::join!(leave(one), leave(other));
    Ok(())
}
