//! A meeting of N on one named board: how long until everyone has everyone's message, how many
//! bytes and how much processor time each person needs.
//!
//! The machine, the work and the server's routes are the real ones; sockets are left out. Bytes are
//! those of paths and bodies, without HTTP heads. Prints one JSON line per N, and one for the largest on
//! a board that is kept on the disk.

#![expect(clippy::print_stdout, reason = "a bench")]

use std::error::Error;
use std::net::{IpAddr, Ipv4Addr};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use axum::body::Body;
use axum::http::Request;
use drive::Pool;
use host::http::{Service, Settings};
use host::respond::{Responder, Rules};
use http_body_util::BodyExt;
use journal::{Limits, Sqlite, SystemClock};
use kernel::Time;
use rendezvous::board::{Board, Config, Event, Input, Output, Reply, Trouble, Visit};
use rendezvous::{Done, Passkey, Seed};
use tokio::sync::{mpsc, watch};
use tower::ServiceExt;

type Result<T> = std::result::Result<T, Box<dyn Error + Send + Sync>>;

fn main() -> Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    let board = Board::Named("bench".parse()?);
    let passkey = Passkey::derive(b"bench", board.salt())?;
    let pool = Arc::new(Pool::new()?);
    let place = (board, passkey);
    for people in [2, 10, 50] {
        let service = Service::new(Settings::default());
        let row = runtime.block_on(meet((people, "memory"), service, &place, &pool))?;
        println!("{row}");
    }
    let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join("meeting");
    let service = runtime.block_on(kept(&directory))?;
    let row = runtime.block_on(meet((50, "sqlite"), service, &place, &pool))?;
    println!("{row}");
    drop(runtime);
    std::fs::remove_dir_all(directory)?;
    Ok(())
}

/// A server that keeps its boards in a new directory.
async fn kept(directory: &Path) -> Result<Service> {
    if directory.exists() {
        std::fs::remove_dir_all(directory)?;
    }
    let store = Sqlite::open(directory, Limits::default(), Arc::new(SystemClock))?;
    let responder = Responder::open(Arc::new(store), "bench", Rules::default()).await;
    let responder = responder.map_err(|refusal| refusal.text)?;
    Ok(Service::with(
        Settings::default(),
        Some(Arc::new(responder)),
    ))
}

/// What would cross a network, both ways: paths and bodies, without HTTP heads.
#[derive(Debug, Default)]
struct Traffic {
    requests: AtomicU64,
    sent: AtomicU64,
    received: AtomicU64,
}

async fn meet(
    (people, store): (u8, &str),
    service: Service,
    place: &(Board, Passkey),
    pool: &Arc<Pool>,
) -> Result<String> {
    let traffic = Arc::new(Traffic::default());
    let (finished, everyone) = watch::channel(0_u8);
    let finished = Arc::new(finished);
    let (start, cpu) = (Instant::now(), processor_time());
    let mut tasks = Vec::new();
    for number in 0..people {
        let person = Person {
            service: service.clone(),
            peer: IpAddr::V4(Ipv4Addr::new(192, 0, 2, number)),
            traffic: Arc::clone(&traffic),
            pool: Arc::clone(pool),
            finished: Arc::clone(&finished),
            wanted: people.saturating_sub(1),
        };
        let mut seed = [number; 32];
        seed[1] = people;
        let mut config = Config::default();
        config.parallel = pool.threads();
        let message = format!("from {number}");
        let visit = Visit::new(
            config,
            place.clone(),
            message.as_bytes(),
            Seed::new(seed),
            Time::ZERO,
        )?;
        tasks.push(tokio::spawn(person.run(visit)));
    }
    let mut everyone = everyone;
    everyone.wait_for(|count| *count == people).await?;
    let (time, cpu) = (start.elapsed(), processor_time() - cpu);
    for task in tasks {
        task.abort();
    }
    let each = |total: &AtomicU64| {
        let total = u32::try_from(total.load(Ordering::Relaxed)).unwrap_or(u32::MAX);
        f64::from(total) / f64::from(people)
    };
    Ok(format!(
        "{{\"people\":{people},\"store\":\"{store}\",\"time_s\":{:.3},\"cpu_s\":{:.4},\"requests\":{:.1},\"sent\":{:.0},\"received\":{:.0}}}",
        time.as_secs_f64(),
        cpu / f64::from(people),
        each(&traffic.requests),
        each(&traffic.sent),
        each(&traffic.received),
    ))
}

struct Person {
    service: Service,
    peer: IpAddr,
    traffic: Arc<Traffic>,
    pool: Arc<Pool>,
    finished: Arc<watch::Sender<u8>>,
    wanted: u8,
}

/// What comes back from the outside.
enum Back {
    Posted(bool),
    News(Option<(Vec<u8>, u64)>),
    Done(Done),
}

impl Person {
    async fn run(self, mut visit: Visit) {
        let start = Instant::now();
        let now = || Time::ZERO.after(start.elapsed());
        let person = Arc::new(self);
        let (back, mut backs) = mpsc::unbounded_channel();
        let mut matches = 0_u8;
        loop {
            let wait = match visit.poll() {
                Output::Wait(until) => {
                    until.map_or(Duration::from_secs(60), |until| until.since(now()))
                }
                Output::Tell(Event::Match { .. }) => {
                    matches = matches.saturating_add(1);
                    if matches == person.wanted {
                        person
                            .finished
                            .send_modify(|count| *count = count.saturating_add(1));
                    }
                    continue;
                }
                Output::Tell(_) => continue,
                Output::Work(job) => {
                    let back = back.clone();
                    person.pool.submit(
                        move || job.run(),
                        move |done| drop(done.map(|done| back.send(Back::Done(done)))),
                    );
                    continue;
                }
                Output::Post { phase, body } => {
                    let (person, back) = (Arc::clone(&person), back.clone());
                    tokio::spawn(async move {
                        let path = format!("/meet/bench/{}", phase.name());
                        let answer = person.ask("POST", &path, body).await;
                        drop(back.send(Back::Posted(answer.is_ok())));
                    });
                    continue;
                }
                Output::Read { after, wait, to } => {
                    let (person, back) = (Arc::clone(&person), back.clone());
                    tokio::spawn(async move {
                        let to = to.map(|id| hex::encode(id.as_bytes())).unwrap_or_default();
                        let wait = wait.as_secs();
                        let path = format!("/meet/bench/new?after={after}&wait={wait}&to={to}");
                        let answer = person.ask("GET", &path, Vec::new()).await;
                        drop(back.send(Back::News(answer.ok())));
                    });
                    continue;
                }
            };
            let input = tokio::time::timeout(wait, backs.recv()).await;
            let trouble = Trouble::Busy { retry: None };
            match &input {
                Ok(Some(Back::Posted(true))) => {
                    visit.handle(now(), Input::Posted(Ok(Reply::Taken)))
                }
                Ok(Some(Back::Posted(false))) => visit.handle(now(), Input::Posted(Err(trouble))),
                Ok(Some(Back::News(Some((bytes, cursor))))) => {
                    visit.handle(now(), Input::News(Ok((bytes, *cursor))));
                }
                Ok(Some(Back::News(None))) => visit.handle(now(), Input::News(Err(trouble))),
                Ok(Some(Back::Done(done))) => visit.handle(now(), Input::Done(done.clone())),
                Ok(None) => return,
                Err(_) => visit.handle(now(), Input::Tick),
            }
        }
    }

    /// One request; its body and path, and the body of the answer, are counted.
    async fn ask(&self, method: &str, path: &str, body: Vec<u8>) -> Result<(Vec<u8>, u64)> {
        let count = |counter: &AtomicU64, bytes: usize| {
            counter.fetch_add(u64::try_from(bytes).unwrap_or(0), Ordering::Relaxed);
        };
        count(&self.traffic.requests, 1);
        count(&self.traffic.sent, path.len().saturating_add(body.len()));
        let request = Request::builder().method(method).uri(path);
        let request = request.body(Body::from(body))?;
        let response = self.service.router(self.peer).oneshot(request).await?;
        if !response.status().is_success() {
            return Err(response.status().as_str().into());
        }
        let cursor = response.headers().get("entrenous-cursor");
        let cursor = cursor.map_or(Ok("0"), |cursor| cursor.to_str())?.parse()?;
        let bytes = response.into_body().collect().await?.to_bytes();
        count(&self.traffic.received, bytes.len());
        Ok((bytes.into(), cursor))
    }
}

/// Seconds of processor time that this process has used; 0 where the system does not say.
fn processor_time() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let after_name = stat.rsplit(')').next().unwrap_or_default();
    let fields = after_name.split_whitespace().skip(11).take(2);
    let ticks: u32 = fields.filter_map(|ticks| ticks.parse::<u32>().ok()).sum();
    f64::from(ticks) / TICKS_PER_SECOND
}

/// Linux has one value for user space on every platform.
const TICKS_PER_SECOND: f64 = 100.0;
