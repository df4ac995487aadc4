//! What a call holds on which nothing happens.

use std::env;
use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::net::{Ipv4Addr, SocketAddr};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use channel::Mode;
use net::call::{Call, Limits, Listener};
use tokio::time::sleep;

use crate::Result;
use crate::sides::{Side, establish, runtime};

/// This process answers so many calls, one after the other; another one makes them.
pub(crate) fn measure(count: usize) -> Result<String> {
    runtime()?.block_on(async {
        let at = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let listener = Listener::bind(at, Limits::default()).await?;
        let side = Side::new(2, Mode::Ours, false);
        let mut callers = Callers::start(listener.address()?, count)?;
        let mut calls = Vec::with_capacity(count);
        // The first one brings what all share.
        calls.push(answer(&listener, &side).await?);
        sleep(SETTLED).await;
        let before = resident()?;
        while calls.len() < count {
            calls.push(answer(&listener, &side).await?);
        }
        callers.are_done()?;
        sleep(SETTLED).await;
        let after = resident()?;
        let more = count.saturating_sub(1);
        let held = after.saturating_sub(before);
        Ok(format!(
            "{{\"connections\":{more},\"resident_bytes\":{held}}}"
        ))
    })
}

async fn answer(listener: &Listener, side: &Side) -> Result<Call> {
    let incoming = listener.accept().await?;
    let mut call = Call::answer(incoming, side.setup()?).ok_or("no random bytes")?;
    establish(&mut call).await?;
    Ok(call)
}

/// Makes so many calls, says so, and holds them until its input ends.
pub(crate) fn dial(to: SocketAddr, count: usize) -> Result<()> {
    runtime()?.block_on(async {
        let side = Side::new(1, Mode::Ours, false);
        let mut calls = Vec::with_capacity(count);
        while calls.len() < count {
            let setup = side.setup()?;
            let mut call = Call::dial("127.0.0.1", to.port(), None, setup, None).await?;
            establish(&mut call).await?;
            calls.push(call);
            if calls.len() == 1 {
                // While the other side looks at what it holds.
                sleep(SETTLED.saturating_mul(2)).await;
            }
        }
        println!("done");
        // Signs of life go on meanwhile.
        let waits = tokio::task::spawn_blocking(|| std::io::stdin().read_to_end(&mut Vec::new()));
        waits.await??;
        Ok(())
    })
}

/// The process that calls.
struct Callers(Child);

impl Callers {
    fn start(to: SocketAddr, count: usize) -> Result<Self> {
        let child = Command::new(env::current_exe()?)
            .args(["dial", &to.to_string(), &count.to_string()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        Ok(Self(child))
    }

    fn are_done(&mut self) -> Result<()> {
        let said = self.0.stdout.take().ok_or("no output")?;
        let mut line = String::new();
        BufReader::new(said).read_line(&mut line)?;
        let is_done = line == "done\n";
        is_done.then_some(()).ok_or_else(|| line.into())
    }
}

impl Drop for Callers {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

fn resident() -> Result<u64> {
    let status = fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib = line.and_then(|line| line.split_whitespace().next());
    Ok(kib.ok_or("no VmRSS")?.parse::<u64>()?.saturating_mul(1024))
}

/// After so long nothing happens any more.
const SETTLED: Duration = Duration::from_secs(2);
