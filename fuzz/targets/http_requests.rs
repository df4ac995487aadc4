//! Requests to a server: any path, query, header and body, several after each other.
#![no_main]

use std::net::{IpAddr, Ipv4Addr};

use axum::{
    body::Body,
    http::{Request, StatusCode},
};
use fuzz::Script;
use host::http::{Service, Settings};
use http_body_util::BodyExt;
use libfuzzer_sys::fuzz_target;
use tower::ServiceExt;

fuzz_target!(|bytes: &[u8]| {
    // Time stands still unless everyone waits, so a long poll costs nothing.
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .expect("a runtime");
    runtime.block_on(async {
        let settings = Settings::default();
        let limits = settings.limits;
        let service = Service::new(settings);
        let mut script = Script::new(bytes);
        while let Some((request, source)) = request(&mut script) {
            let peer = IpAddr::V4(Ipv4Addr::new(192, 0, 2, source));
            let answer = service.router(peer).oneshot(request).await;
            let answer = answer.expect("a service that cannot fail");
            let status = answer.status();
            assert!(
                !status.is_server_error() || status == StatusCode::SERVICE_UNAVAILABLE,
                "{status}"
            );
            let body = answer.into_body().collect().await.expect("a whole answer");
            assert!(body.to_bytes().len() <= limits.server.bytes * 2);
            let held = service.stats();
            assert!(held.held.bytes <= limits.server.bytes && held.boards <= limits.boards);
        }
    });
});

/// The next request and its source, if what the script says is HTTP at all.
fn request(script: &mut Script<'_>) -> Option<(Request<Body>, u8)> {
    loop {
        let (shape, source) = (script.byte()?, script.below(4)?);
        let method = METHODS[usize::from(shape) % METHODS.len()];
        let path = PATHS[usize::from(shape / 8) % PATHS.len()];
        let tail = String::from_utf8_lossy(script.short()?);
        let mut request = Request::builder()
            .method(method)
            .uri(format!("{path}{tail}"));
        let header = script.short()?;
        if !header.is_empty() {
            request = request.header("entrenous-cursor", header);
            request = request.header("x-forwarded-for", header);
        }
        let body = script.long()?.to_vec();
        if let Ok(request) = request.body(Body::from(body)) {
            return Some((request, source));
        }
    }
}

const METHODS: &[&str] = &["POST", "GET", "HEAD", "OPTIONS", "PUT", "DELETE"];
const PATHS: &[&str] = &[
    "/t1",
    "/t2",
    "/t3",
    "/new?",
    "/meet/a/t1",
    "/meet/a/t2",
    "/meet/a/t3",
    "/meet/a/new?",
    "/meet/",
    "/",
    "/new?wait=1&after=",
    "/meet/a/new?to=",
    "/meet/a/new?wait=9&after=",
];
