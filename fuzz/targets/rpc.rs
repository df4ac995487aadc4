//! Bodies for `/v1/rpc`: any bytes, any operation in a good envelope, several after each other.
#![no_main]

use std::{
    net::{IpAddr, Ipv4Addr},
    sync::Arc,
};

use axum::{
    body::Body,
    http::{Request, StatusCode},
};
use fuzz::Script;
use host::{
    http::{Service, Settings},
    respond::{Responder, Rules},
};
use http_body_util::BodyExt;
use journal::{Limits, ManualClock, Memory};
use kernel::Time;
use libfuzzer_sys::fuzz_target;
use tower::ServiceExt;
use wire::{SERVER_FRAME_MAX, decode, encode, v1};

fuzz_target!(|bytes: &[u8]| {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .expect("a runtime");
    runtime.block_on(async {
        let clock = ManualClock::new(Time::from_ms(1_800_000_000_000));
        let store = Memory::new(Limits::default(), Arc::new(clock));
        let responder = Responder::open(Arc::new(store), "here", Rules::default()).await;
        let responder = Arc::new(responder.expect("an empty store"));
        let service = Service::with(Settings::default(), Some(responder));
        let mut script = Script::new(bytes);
        while let Some(body) = body(&mut script) {
            let request = Request::post("/v1/rpc").body(Body::from(body));
            let peer = IpAddr::V4(Ipv4Addr::LOCALHOST);
            let answer = service.router(peer).oneshot(request.expect("a request"));
            let answer = answer.await.expect("a service that cannot fail");
            let status = answer.status();
            let body = answer.into_body().collect().await.expect("a whole answer");
            if status == StatusCode::OK {
                let answer: v1::Answer =
                    decode(&body.to_bytes(), SERVER_FRAME_MAX).expect("an answer within bounds");
                let result = answer.result.expect("a result");
                if let v1::answer::Result::Error(error) = result {
                    assert_ne!(error.kind, 5, "a bug: {}", error.text);
                }
            }
        }
    });
});

/// The next body: raw, or an envelope around an operation.
fn body(script: &mut Script<'_>) -> Option<Vec<u8>> {
    let shape = script.byte()?;
    let bytes = script.long()?.to_vec();
    if shape % 4 == 0 {
        return Some(bytes);
    }
    let proof = v1::Proof {
        account: vec![shape; 32],
        device: vec![1; 32],
        server_nonce: vec![2; 32],
        client_nonce: vec![3; 32],
        binding: u32::from(shape % 3),
        signature: vec![4; 64],
    };
    Some(encode(&v1::Request {
        id: shape.into(),
        within_ms: 0,
        key: if shape & 8 == 0 {
            vec![shape; 16]
        } else {
            Vec::new()
        },
        proof: (shape & 16 != 0).then_some(proof),
        operation: bytes,
    }))
}
