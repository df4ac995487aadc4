use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use wire::v1::operation::Operation as Op;
use wire::v1::{AccountGet, Answer, Challenge, Request, answer};
use wire::{Binding, Refusal, decode, encode};

use crate::person::{Person, bytes};

/// One request over HTTP; `None` if there was no whole answer.
pub(crate) fn rpc(address: &str, request: &Request) -> Option<Result<answer::Result, Refusal>> {
    let mut stream = TcpStream::connect(address).ok()?;
    stream
        .set_read_timeout(Some(Duration::from_secs(60)))
        .unwrap();
    let body = encode(request);
    let length = body.len();
    let head = format!(
        "POST /v1/rpc HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n"
    );
    stream.write_all(&[head.as_bytes(), &body].concat()).ok()?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).ok()?;
    let end = answer.windows(4).position(|four| four == b"\r\n\r\n")?;
    let answer: Answer = decode(&answer[end + 4..], 1 << 20).ok()?;
    Some(match answer.result? {
        answer::Result::Error(error) => Err(Refusal::from_message(&error)),
        other => Ok(other),
    })
}

impl Person {
    /// An operation of this person.
    pub(crate) fn call(
        &self,
        address: &str,
        operation: &Op,
    ) -> Option<Result<answer::Result, Refusal>> {
        let challenge = Request {
            operation: bytes(&Op::Challenge(Challenge {})),
            ..Request::default()
        };
        let Ok(answer::Result::Challenged(challenged)) = rpc(address, &challenge)? else {
            panic!("no nonce");
        };
        let nonce: [u8; 32] = challenged.nonce.try_into().unwrap();
        rpc(address, &self.request(&nonce, operation))
    }

    /// A request of this person where the server gave `nonce`.
    pub(crate) fn request(&self, nonce: &[u8; 32], operation: &Op) -> Request {
        let operation = bytes(operation);
        Request {
            proof: Some(self.proof(Binding::Name("here"), nonce, &operation)),
            operation,
            ..Request::default()
        }
    }

    pub(crate) fn has_account(&self, address: &str) -> bool {
        self.call(address, &Op::Account(AccountGet {}))
            .unwrap()
            .is_ok()
    }
}

/// The answer to a GET, as it comes.
pub(crate) fn get(address: &str, path: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    let head = format!("GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
    stream.write_all(head.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}
