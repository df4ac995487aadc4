use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::task::JoinSet;
use tokio::time::sleep;

use super::Result;
use super::client::{Client, Member, Way};
use super::server::{Carrier, Server};

/// Lets this process, and those it starts, open as many files as the system allows it, and says how
/// many.
pub(super) fn allow_files() -> Result<usize> {
    let most = getrlimit(Resource::Nofile).maximum;
    let limit = Rlimit {
        current: most,
        maximum: most,
    };
    setrlimit(Resource::Nofile, limit)?;
    // none: no limit
    Ok(usize::try_from(most.unwrap_or(u64::MAX))?)
}

/// Runs the program, and finds out what it holds with and without connections.
pub(super) async fn measure(program: &Path, carrier: Carrier, files: usize) -> Result<String> {
    let server = Server::start(program, carrier)?;
    let idle = most(&server, SETTLES).await?;
    let way = Arc::new(Way::new(carrier)?);
    let members = register(&way, server.address()).await?;
    // Each connection is a file on either side.
    let each = files.saturating_sub(SPARE).div_euclid(MEMBERS).min(EACH);
    let mut clients = connect(&way, server.address(), members, each).await?;
    let resident = most(&server, WATCHED).await?;
    for client in &mut clients {
        client.ping().await?;
    }
    let (name, connections) = (carrier.name(), clients.len());
    Ok(format!(
        "{{\"carrier\":\"{name}\",\"idle_bytes\":{idle},\"connections\":{connections},\"resident_bytes\":{resident}}}"
    ))
}

/// The most that the server holds during a time.
async fn most(server: &Server, during: Duration) -> Result<u64> {
    let start = Instant::now();
    let mut most = server.resident_bytes()?;
    while start.elapsed() < during {
        sleep(PAUSE).await;
        most = most.max(server.resident_bytes()?);
    }
    Ok(most)
}

/// Makes the accounts, one after the other.
async fn register(way: &Way, address: SocketAddr) -> Result<Vec<Member>> {
    let mut members = Vec::new();
    for number in 0..MEMBERS {
        let member = Member::new(u8::try_from(number)?)?;
        Client::connect(way, address)
            .await?
            .register(&member)
            .await?;
        members.push(member);
    }
    Ok(members)
}

/// Every member makes as many connections, one after the other, as its device.
async fn connect(
    way: &Arc<Way>,
    address: SocketAddr,
    members: Vec<Member>,
    each: usize,
) -> Result<Vec<Client>> {
    let mut tasks = JoinSet::new();
    for member in members {
        let way = Arc::clone(way);
        tasks.spawn(async move {
            let mut clients = Vec::with_capacity(each);
            for _ in 0..each {
                let mut client = Client::connect(&way, address).await?;
                client.authenticate(&member).await?;
                clients.push(client);
            }
            Result::Ok(clients)
        });
    }
    let mut all = Vec::new();
    while let Some(clients) = tasks.join_next().await {
        all.extend(clients??);
    }
    Ok(all)
}

/// Accounts, so that none asks faster than one may.
const MEMBERS: usize = 100;
/// Connections of each.
const EACH: usize = 100;
/// Files that are no connections.
const SPARE: usize = 200;
/// The server looks after itself every 5 s.
const SETTLES: Duration = Duration::from_secs(6);
/// It looks at the account of every connection every 45 s.
const WATCHED: Duration = Duration::from_secs(60);
const PAUSE: Duration = Duration::from_millis(500);
