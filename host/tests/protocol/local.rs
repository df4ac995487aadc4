use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use axum::body::Body;
use axum::http::Request as HttpRequest;
use host::accounts::Admission;
use host::http::{Service, Settings};
use host::pace::Rate;
use host::respond::{Responder, Rules};
use http_body_util::BodyExt;
use journal::Store;
use tower::ServiceExt;
use wire::v1::operation::Operation as Op;
use wire::v1::{Answer, Challenge, Request, answer};
use wire::{Binding, Refusal, SERVER_FRAME_MAX, decode, encode};

use crate::person::{Person, bytes};

/// A server without sockets, at which everyone may register.
pub(crate) struct Local {
    pub(crate) service: Service,
    pub(crate) responder: Arc<Responder>,
}

impl Local {
    pub(crate) async fn new(settings: Settings, store: Arc<dyn Store>) -> Self {
        let rules = Rules {
            admission: Admission::Open,
            registrations: Rate {
                per_second: 1_000_000,
                burst: 1_000_000,
            },
        };
        let responder = Responder::open(store, NAME, rules).await;
        let responder = Arc::new(responder.unwrap());
        Self {
            service: Service::with(settings, Some(Arc::clone(&responder))),
            responder,
        }
    }

    /// The answer to `request` of 192.0.2.`peer`: status and body.
    pub(crate) async fn send(&self, peer: u8, request: HttpRequest<Body>) -> (u16, Vec<u8>) {
        let peer = IpAddr::V4(Ipv4Addr::new(192, 0, 2, peer));
        let response = self.service.router(peer).oneshot(request).await.unwrap();
        let status = response.status().as_u16();
        let body = response.into_body().collect().await.unwrap();
        (status, body.to_bytes().to_vec())
    }

    /// What a whole request comes to.
    pub(crate) async fn ask(&self, request: &Request) -> Result<answer::Result, Refusal> {
        let post = HttpRequest::post("/v1/rpc").body(Body::from(encode(request)));
        let (status, body) = self.send(1, post.unwrap()).await;
        assert_eq!(status, 200);
        let answer: Answer = decode(&body, SERVER_FRAME_MAX).unwrap();
        match answer.result.unwrap() {
            answer::Result::Error(error) => Err(Refusal::from_message(&error)),
            other => Ok(other),
        }
    }

    /// A request of this person, with a proof.
    pub(crate) async fn request(&self, person: &Person, operation: &Op) -> Request {
        let challenge = Request {
            operation: bytes(&Op::Challenge(Challenge {})),
            ..Request::default()
        };
        let Ok(answer::Result::Challenged(challenged)) = self.ask(&challenge).await else {
            panic!("no nonce");
        };
        let nonce = challenged.nonce.try_into().unwrap();
        Request {
            id: 1,
            key: vec![1; 16],
            proof: Some(person.proof(&person.first, Binding::Name(NAME), &nonce, operation)),
            operation: bytes(operation),
            ..Request::default()
        }
    }

    pub(crate) async fn ask_as(
        &self,
        person: &Person,
        operation: &Op,
    ) -> Result<answer::Result, Refusal> {
        self.ask(&self.request(person, operation).await).await
    }
}

const NAME: &str = "server.test";
