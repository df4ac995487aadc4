//! How many entries are left in a second, durably, by 1 and by 1,024 clients at once: with the service
//! itself, and over HTTP. Beside it, in turns: the same records appended straight to the store, and rows
//! stored by a few lines of Python that open SQLite for each. Prints one JSON line per number of clients.

#![expect(clippy::print_stdout, reason = "a bench")]

mod rpc;

use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use host::board::Source;
use host::bucket::{Buckets, Config};
use journal::{Append, Clock, Limits, Sqlite, Store, Subject, SystemClock};
use primitives::Secret;
use rendezvous::bucket::Entry;
use tokio::task::JoinSet;

type Failure = Box<dyn std::error::Error + Send + Sync>;
type Result<T> = std::result::Result<T, Failure>;
type Step = Pin<Box<dyn Future<Output = Result<()>> + Send>>;
/// What a client does, with a number that it does it with alone.
type Work = Arc<dyn Fn(u64) -> Step + Send + Sync>;

fn main() -> Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    for clients in [1, 1024] {
        let mut rates = [const { Vec::new() }; 4];
        for _ in 0..ROUNDS {
            let [straight, left, asked, usual] = &mut rates;
            straight.push(runtime.block_on(append(clients))?);
            left.push(runtime.block_on(leave(clients))?);
            asked.push(runtime.block_on(ask(clients))?);
            usual.push(store_as_usual()?);
        }
        let [straight, left, asked, usual] = rates.map(median);
        println!(
            "{{\"clients\":{clients},\"journal_per_s\":{straight},\"leave_per_s\":{left},\
             \"rpc_per_s\":{asked},\"usual_per_s\":{usual}}}"
        );
    }
    Ok(())
}

/// Appends to as many logs as there would be buckets, with the same conditions.
async fn append(clients: usize) -> Result<u64> {
    let place = Place::new("append")?;
    let store = open(&place.0)?;
    let work = move |number: u64| -> Step {
        let store = Arc::clone(&store);
        Box::pin(async move {
            let bucket = number.div_euclid(64);
            let subject = Subject::of(b'r', &[&[7; 24], &bucket.to_be_bytes()])?;
            let mut payload = vec![0; 12];
            payload.extend_from_slice(&entry(number));
            let append = Append {
                dedupe: Some(u128::from(number).to_be_bytes()),
                ttl: Some(Duration::from_secs(49 * 3600)),
                max_live: Some(64),
                ..Append::new(subject, payload)
            };
            store.append(append).await?;
            Ok(())
        })
    };
    rate(clients, Arc::new(work)).await
}

async fn leave(clients: usize) -> Result<u64> {
    let place = Place::new("leave")?;
    let buckets = Buckets::open(open(&place.0)?, unbounded(), Secret::new([9; 32])).await?;
    let buckets = Arc::new(buckets);
    let work = move |number: u64| -> Step {
        let buckets = Arc::clone(&buckets);
        Box::pin(async move {
            let bytes = Entry::from_bytes(&entry(number)).ok_or("no entry")?;
            // few enough to be told apart, all with plenty
            let source = Source::new(number % 1024);
            buckets.leave(SystemClock.now(), source, &bytes).await?;
            Ok(())
        })
    };
    rate(clients, Arc::new(work)).await
}

/// The same as requests of `POST /v1/rpc`, each client over a connection of its own that stays open.
async fn ask(clients: usize) -> Result<u64> {
    let place = Place::new("rpc")?;
    let server = rpc::serve(open(&place.0)?, unbounded()).await?;
    let address = *server.addresses().first().ok_or("no address")?;
    let work = rpc::work(address, clients).await?;
    let rate = rate(clients, work).await?;
    server.stop(Duration::ZERO).await;
    Ok(rate)
}

/// Without any network, by one process: the most that such a server can do.
fn store_as_usual() -> Result<u64> {
    let place = Place::new("usual")?;
    std::fs::create_dir_all(&place.0)?;
    let mut python = Command::new("python3");
    python.args(["-c", include_str!("usual.py")]);
    let output = python
        .arg(place.0.join("entries.db"))
        .stderr(Stdio::inherit())
        .output()?;
    Ok(String::from_utf8(output.stdout)?.trim().parse()?)
}

/// Without the bounds that would end the measurement: with the rules of the spec, a server opens 17
/// buckets a second, for 1,088 entries.
fn unbounded() -> Config {
    let mut config = Config::default();
    config.rules.numbers = u32::MAX;
    config.source.burst = u32::MAX;
    config.source.every = Duration::from_millis(1);
    config.entries = usize::MAX;
    config
}

/// How often `work` was done in a second, by as many clients as that, each the next when the last is
/// done.
async fn rate(clients: usize, work: Work) -> Result<u64> {
    let next = Arc::new(AtomicU64::new(0));
    let start = Instant::now();
    let mut tasks = JoinSet::new();
    for _ in 0..clients {
        let (next, work) = (Arc::clone(&next), Arc::clone(&work));
        tasks.spawn(async move {
            while start.elapsed() < LENGTH {
                work(next.fetch_add(1, Ordering::Relaxed)).await?;
            }
            Ok::<(), Failure>(())
        });
    }
    while let Some(done) = tasks.join_next().await {
        done??;
    }
    let done = u128::from(next.load(Ordering::Relaxed));
    let ms = start.elapsed().as_millis().max(1);
    let per_second = done.saturating_mul(1000).div_euclid(ms);
    Ok(u64::try_from(per_second)?)
}

fn entry(number: u64) -> [u8; 256] {
    let mut bytes = [0xee; 256];
    let parts = bytes.iter_mut().zip(number.to_be_bytes());
    parts.for_each(|(to, from)| *to = from);
    bytes
}

fn median(mut rates: Vec<u64>) -> u64 {
    rates.sort_unstable();
    let middle = rates.len().div_euclid(2);
    rates.get(middle).copied().unwrap_or(0)
}

fn open(place: &Path) -> Result<Arc<dyn Store>> {
    let store = Sqlite::open(place, Limits::default(), Arc::new(SystemClock))?;
    Ok(Arc::new(store))
}

/// A directory of its own, removed at the end.
struct Place(PathBuf);

impl Place {
    fn new(name: &str) -> Result<Self> {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
        let place = folder.join(format!("bucket-{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&place);
        Ok(Self(place))
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

const ROUNDS: usize = 5;
const LENGTH: Duration = Duration::from_secs(2);
