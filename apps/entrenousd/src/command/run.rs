use std::error::Error;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::SystemTime;

use host::board::Boards;
use host::broker::Broker;
use host::http::{Render, Server, StartError};
use host::respond::Responder;
use journal::{Limits, OpenError, Sqlite, SystemClock};
use kernel::Kind;
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder};
use serde_json::json;

use crate::cli::Run;
use crate::config::Values;
use crate::failure::Failure;
use crate::service::{self, Signal, Signals};
use crate::ui::Ui;

/// `run`
pub(crate) fn run(args: &Run, ui: &Ui) -> Result<(), Failure> {
    let values = load(args)?;
    ui.start_log(values.log_format, values.log_level);
    service::runtime()?.block_on(serve(args, values, ui))
}

/// The configuration with the flags on top.
fn load(args: &Run) -> Result<Values, Failure> {
    let mut values = Values::load(args.file.config.as_deref())?;
    if !args.listen.is_empty() {
        values.listen.clone_from(&args.listen);
    }
    if args.admin.is_some() {
        values.admin = args.admin;
    }
    Ok(values)
}

async fn serve(args: &Run, values: Values, ui: &Ui) -> Result<(), Failure> {
    let mut signals = Signals::listen()?;
    let render = record()?;
    let responder = open(&values).await?;
    let server = Server::start_with(values.server(), responder.clone(), Some(render)).await?;
    loaded(&values);
    let public: Vec<String> = server.addresses().iter().map(|a| values.url(*a)).collect();
    ui.event(&json!({
        "event": "listening",
        "public": public,
        "admin": server.admin_address().map(|address| address.to_string()),
        "relay": relays(&values, &server),
        "broker": broker(&server),
    }))?;
    announce(&public, server.addresses());
    service::ready();
    service::watch(server.pulse());

    let mut values = values;
    loop {
        let signal = tokio::select! {
            signal = signals.next() => signal,
            () = failed(responder.as_deref()) => return Err(broken()),
        };
        match signal {
            Signal::Stop => break,
            Signal::Reload => {
                service::reloading();
                match reload(args, &values, &server) {
                    Ok(new) => {
                        if let Some(responder) = &responder {
                            responder.set_rules(new.rules);
                        }
                        values = new;
                        loaded(&values);
                        tracing::info!("configuration reloaded");
                        service::ready();
                    }
                    Err(failure) => {
                        let text = failure.text;
                        tracing::warn!("configuration not reloaded, the old one stays: {text}");
                        service::ready_but(&format!("old configuration in use: {text}"));
                    }
                }
            }
        }
    }

    service::stopping();
    tracing::info!(at_most_s = values.drain.as_secs(), "stopping");
    tokio::select! {
        stopped = server.stop(values.drain) => {
            tracing::info!(cut = stopped.cut, "stopped");
            Ok(())
        }
        _ = signals.stop() => Err(Failure::interrupted()),
    }
}

/// Accounts, invitations and boards, if they are kept anywhere.
async fn open(values: &Values) -> Result<Option<Arc<Responder>>, Failure> {
    let Some(directory) = values.store() else {
        return Ok(None);
    };
    let mut limits = Limits::default();
    // The body of a post is one entry.
    limits.payload = limits.payload.max(Boards::payload(values.settings.body));
    let store = Sqlite::open(&directory, limits, Arc::new(SystemClock));
    let store = store.map_err(|error| {
        let because = error
            .source()
            .map_or_else(String::new, |cause| format!(": {cause}"));
        let failure = Failure::new(error.kind(), format!("{error}{because}"));
        match error {
            OpenError::InUse { .. } => failure.hint("is another `entrenousd run` under way?"),
            OpenError::Damaged { .. } => {
                failure.hint("`entrenousd restore` makes it again from a backup, elsewhere")
            }
            _ => failure,
        }
    })?;
    let opened = Responder::open(Arc::new(store), &values.name, values.rules).await;
    let opened = opened.map_err(|refusal| Failure::new(refusal.kind(), refusal.text))?;
    Ok(Some(Arc::new(opened)))
}

/// Until the store has stopped.
async fn failed(responder: Option<&Responder>) {
    match responder {
        Some(responder) => responder.failed().await,
        None => std::future::pending().await,
    }
}

fn broken() -> Failure {
    let failure = Failure::new(Kind::Unavailable, "the store has stopped after a fault");
    failure.hint("look at the disk; started again, the server has all it has acknowledged")
}

fn reload(args: &Run, old: &Values, server: &Server) -> Result<Values, Failure> {
    let new = load(args)?;
    server.reload(&new.server())?;
    for key in new.need_restart(old) {
        tracing::warn!("{key} has changed; it takes a restart");
    }
    Ok(new)
}

/// One line: where, and what next.
fn announce(public: &[String], addresses: &[SocketAddr]) {
    let urls = public.join(", ");
    let is_here_only = addresses.iter().all(|a| a.ip().is_loopback());
    let is_everywhere = addresses.iter().any(|a| a.ip().is_unspecified());
    let reach = match (is_here_only, is_everywhere) {
        (true, _) => " (this machine only)",
        (false, true) => " (every address of this machine)",
        (false, false) => "",
    };
    let there = public.first().zip(addresses.first());
    let there = there.map_or_else(String::new, |(url, address)| reachable(url, *address));
    tracing::info!("listening on {urls}{reach}; meet there with `entrenous meet --at {there}`");
}

/// Where its relay is, as links say it.
fn relays(values: &Values, server: &Server) -> Vec<String> {
    let web = values.relay.web.then(|| server.addresses());
    let scheme = match values.url_scheme() {
        "https" => "wss",
        _ => "ws",
    };
    let [tcp, tls] = server.relay_addresses();
    let kinds = [
        (scheme, web.unwrap_or_default()),
        ("tcp", tcp),
        ("tls", tls),
    ];
    let all = kinds.iter().flat_map(|(scheme, addresses)| {
        let url = move |address| format!("{scheme}://{address}");
        addresses.iter().map(url)
    });
    all.collect()
}

/// Where the broker is, if there is one.
fn broker(server: &Server) -> Vec<String> {
    let addresses = server.broker().map(Broker::addresses).unwrap_or_default();
    let url = |address| format!("udp://{address}");
    addresses.iter().map(url).collect()
}

/// What others type: nobody can connect to 0.0.0.0.
fn reachable(url: &str, address: SocketAddr) -> String {
    match url.split_once("://") {
        Some((scheme, _)) if address.ip().is_unspecified() => {
            format!("{scheme}://NAME:{}", address.port())
        }
        _ => url.to_owned(),
    }
}

/// Starts to count; returns what writes the counts.
fn record() -> Result<Render, Failure> {
    let named = |name: &str| Matcher::Full(name.to_owned());
    let recorder = PrometheusBuilder::new()
        .set_buckets_for_metric(named("entrenous_request_seconds"), &BUCKETS)
        .and_then(|to| to.set_buckets_for_metric(named("entrenous_store_seconds"), &STORE_BUCKETS))
        .map_err(|error| Failure::new(Kind::Bug, error.to_string()))?
        .build_recorder();
    let handle = recorder.handle();
    if metrics::set_global_recorder(recorder).is_err() {
        return Err(Failure::new(Kind::Bug, "metrics are already recorded"));
    }
    let version = env!("CARGO_PKG_VERSION");
    metrics::gauge!("entrenous_build_info", "version" => version).set(1);
    // What has never happened is 0, so that the first time is a step that an alert sees.
    metrics::counter!("entrenous_store_errors_total").absolute(0);
    Ok(Render::new(move || {
        handle.run_upkeep();
        handle.render()
    }))
}

/// Says since when which configuration is in use.
fn loaded(values: &Values) {
    let since_1970 = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    metrics::gauge!("entrenous_config_loaded_timestamp_seconds")
        .set(since_1970.unwrap_or_default().as_secs_f64().floor());
    metrics::gauge!("entrenous_config_hash").set(f64::from(values.hash()));
}

/// Long polls last up to 30 s.
const BUCKETS: [f64; 8] = [0.001, 0.005, 0.025, 0.1, 0.5, 2.5, 10.0, 30.0];
const STORE_BUCKETS: [f64; 8] = [0.0001, 0.0005, 0.001, 0.005, 0.025, 0.1, 0.5, 2.5];

impl From<StartError> for Failure {
    fn from(error: StartError) -> Self {
        use host::http::ConfigError;
        let failure = Self::new(error.kind(), error.to_string());
        match error {
            StartError::Config(ConfigError::PlainOnPublic { .. }) => failure.hint(
                "set `tls.acme` or `tls.cert` and `tls.key`, or `behind_proxy = true` if a proxy \
                 in front speaks TLS",
            ),
            StartError::Config(ConfigError::AdminOnPublic { .. }) => {
                failure.hint("use `admin = \"127.0.0.1:7440\"`, or \"\" for none")
            }
            StartError::Config(ConfigError::RelayWithoutTls) => {
                failure.hint("set `tls.acme` or `tls.cert` and `tls.key`, or use `switch.tcp`")
            }
            StartError::Bind { reason, .. } => match reason {
                std::io::ErrorKind::AddrInUse => failure.hint(
                    "another program has this port; choose another one with `--listen` or \
                     `--admin`, or in the configuration",
                ),
                std::io::ErrorKind::PermissionDenied => {
                    failure.hint("ports below 1024 need the capability CAP_NET_BIND_SERVICE")
                }
                _ => failure.hint("`ip address` lists the addresses of this machine"),
            },
            _ => failure,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_told_to_connect_to_an_unspecified_address() {
        for (url, address, told) in [
            ("https://0.0.0.0:443", "0.0.0.0:443", "https://NAME:443"),
            ("http://[::]:80", "[::]:80", "http://NAME:80"),
            ("http://127.0.0.1:1", "127.0.0.1:1", "http://127.0.0.1:1"),
        ] {
            assert_eq!(reachable(url, address.parse().unwrap()), told);
        }
    }
}
