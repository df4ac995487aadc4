//! What the program keeps: pins, accounts, invitations, over restarts and kills.

#![cfg(unix)]
#![expect(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::string_slice,
    clippy::unwrap_used,
    reason = "a test"
)]

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};
use std::thread;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use identity::{DeviceChain, DeviceKey, IdentityChain, IdentityKey};
use kernel::Time;
use primitives::Secret;
use serde_json::Value;
use wire::v1::operation::Operation as Op;
use wire::v1::{
    AccountGet, Answer, Challenge, InvitationLeave, InvitationTake, InvitationWithdraw, Operation,
    Proof, Register, Request, answer,
};
use wire::{Binding, Code, Refusal, Signed, decode, encode, signed};

/// A folder with a configuration; gone at the end.
struct Home(PathBuf);

impl Home {
    fn new(name: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("entrenousd-{name}-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let home = Self(folder);
        home.configure("");
        home
    }

    fn configure(&self, more: &str) {
        let data = self.0.join("data");
        let text = format!(
            "name = \"here\"\ndata = {data:?}\nlisten = [\"127.0.0.1:0\"]\nadmin = \"127.0.0.1:0\"\n\
             limits.requests.per_second = 100000\nlimits.requests.burst = 100000\n\
             limits.registrations.per_second = 100000\nlimits.registrations.burst = 100000\n{more}"
        );
        fs::write(self.config(), text).unwrap();
    }

    fn config(&self) -> PathBuf {
        self.0.join("server.toml")
    }

    fn run(&self, args: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_entrenousd"));
        command.args(args).arg("--config").arg(self.config());
        command.output().unwrap()
    }

    /// A result in JSON.
    fn ask(&self, args: &[&str]) -> Value {
        let output = self.run(&[&["--json"], args].concat());
        assert!(output.status.success(), "{args:?}: {output:?}");
        serde_json::from_slice(&output.stdout).unwrap()
    }

    fn pin(&self) -> String {
        self.ask(&["pins", "new"])["pin"]
            .as_str()
            .unwrap()
            .to_owned()
    }

    fn start(&self) -> Running {
        self.start_with(Stdio::null())
    }

    fn start_with(&self, stderr: Stdio) -> Running {
        let mut child = Command::new(env!("CARGO_BIN_EXE_entrenousd"))
            .args(["--json", "run", "--config"])
            .arg(self.config())
            .stdout(Stdio::piped())
            .stderr(stderr)
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        let event: Value = serde_json::from_str(&line).unwrap();
        let url = event["public"][0].as_str().unwrap();
        Running {
            address: url.strip_prefix("http://").unwrap().to_owned(),
            child,
        }
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        drop(fs::remove_dir_all(&self.0));
    }
}

struct Running {
    child: Child,
    address: String,
}

impl Running {
    fn signal(&self, name: &str) {
        let id = self.child.id().to_string();
        assert!(
            Command::new("kill")
                .args(["-s", name, &id])
                .status()
                .unwrap()
                .success()
        );
    }

    fn stop(mut self) {
        self.signal("TERM");
        assert!(self.child.wait().unwrap().success());
    }

    fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

/// One request over HTTP; `None` if there was no whole answer.
fn rpc(address: &str, request: &Request) -> Option<Result<answer::Result, Refusal>> {
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

fn bytes(operation: &Op) -> Vec<u8> {
    encode(&Operation {
        operation: Some(operation.clone()),
    })
}

struct Person {
    identity: IdentityChain,
    devices: DeviceChain,
    device: DeviceKey,
}

impl Person {
    fn new(number: u16) -> Self {
        let mut seed = [9; 32];
        seed[..2].copy_from_slice(&number.to_le_bytes());
        let now = Time::from_ms(1_800_000_000_000);
        let key = IdentityKey::from_seeds(&Secret::new(seed), None);
        let identity = IdentityChain::found(&key, None, None, now);
        seed[31] = 1;
        let device = DeviceKey::from_seed(&Secret::new(seed));
        let mut devices = DeviceChain::new(identity.user_id());
        let add = devices
            .propose_add(&identity, device.public(), "test", b"", now)
            .unwrap();
        devices
            .append(add.sign(&key).accept(&device), &identity)
            .unwrap();
        Self {
            identity,
            devices,
            device,
        }
    }

    fn register(&self, pin: &str) -> Op {
        Op::Register(Register {
            pin: pin.into(),
            identity: self.identity.to_bytes(),
            devices: self.devices.to_bytes(),
        })
    }

    /// An operation of this person.
    fn call(&self, address: &str, operation: &Op) -> Option<Result<answer::Result, Refusal>> {
        let challenge = Request {
            operation: bytes(&Op::Challenge(Challenge {})),
            ..Request::default()
        };
        let Ok(answer::Result::Challenged(challenged)) = rpc(address, &challenge)? else {
            panic!("no nonce");
        };
        let nonce: [u8; 32] = challenged.nonce.try_into().unwrap();
        let account = *self.identity.user_id().as_bytes();
        let device = self.device.signing().verifying_key().to_bytes();
        let operation = bytes(operation);
        let message = signed(&Signed {
            binding: Binding::Name("here"),
            server_nonce: &nonce,
            client_nonce: &[1; 32],
            account: &account,
            device: &device,
            operation: &operation,
        });
        let proof = Proof {
            account: account.to_vec(),
            device: device.to_vec(),
            server_nonce: nonce.to_vec(),
            client_nonce: vec![1; 32],
            binding: 2,
            signature: self.device.signing().sign(&message.unwrap()).to_vec(),
        };
        rpc(
            address,
            &Request {
                proof: Some(proof),
                operation,
                ..Request::default()
            },
        )
    }

    fn has_account(&self, address: &str) -> bool {
        self.call(address, &Op::Account(AccountGet {}))
            .unwrap()
            .is_ok()
    }
}

#[test]
fn pins_are_made_listed_used_and_revoked_and_the_rest_outlives_a_restart() {
    let home = Home::new("kept");
    let server = home.start();
    let (pin, other) = (home.pin(), home.pin());
    let person = Person::new(1);
    assert!(
        person
            .call(&server.address, &person.register(&pin))
            .unwrap()
            .is_ok()
    );
    let listed = home.run(&["pins", "list"]);
    let listed = String::from_utf8(listed.stdout).unwrap();
    assert!(
        listed.starts_with(&other[..3]) && listed.lines().count() == 1,
        "{listed}"
    );
    assert!(
        listed.contains("5 tries left") && !listed.contains(&other[4..]),
        "{listed}"
    );
    let status = home.ask(&["status"]);
    assert_eq!(
        (&status["accounts"], &status["pins"]),
        (&1.into(), &1.into())
    );
    server.stop();

    let away = home.run(&["status"]);
    assert_eq!(away.status.code(), Some(3));
    let server = home.start();
    assert!(person.has_account(&server.address));
    assert_eq!(
        home.ask(&["pins", "revoke", &other[..3]])["event"],
        "pin_revoked"
    );
    let twice = home.run(&["pins", "revoke", &other[..3]]);
    assert_eq!(twice.status.code(), Some(1));
    let late = Person::new(2);
    let refused = late
        .call(&server.address, &late.register(&other))
        .unwrap()
        .unwrap_err();
    assert_eq!(refused.code, Ok(Code::Pin));
    server.stop();
}

#[test]
fn a_backup_made_while_it_runs_is_restored_elsewhere() {
    let (home, other) = (Home::new("backup"), Home::new("restore"));
    let server = home.start();
    let (pin, unused) = (home.pin(), home.pin());
    let person = Person::new(1);
    assert!(
        person
            .call(&server.address, &person.register(&pin))
            .unwrap()
            .is_ok()
    );
    let file = home.0.join("backup");
    let file = file.to_str().unwrap();
    assert_eq!(home.ask(&["backup", file])["event"], "backup_made");
    let twice = home.run(&["backup", file]);
    assert!(!twice.status.success(), "a backup was overwritten");
    server.stop();

    assert_eq!(other.ask(&["restore", file])["event"], "backup_restored");
    let onto = other.run(&["restore", file]);
    assert!(!onto.status.success(), "a store was overwritten");
    let server = other.start();
    assert!(person.has_account(&server.address));
    let late = Person::new(2);
    assert!(
        late.call(&server.address, &late.register(&unused))
            .unwrap()
            .is_ok()
    );
    server.stop();
}

#[test]
fn a_second_server_on_the_same_data_is_refused_and_names_the_first() {
    let home = Home::new("twice");
    let server = home.start();
    let second = home.run(&["run"]);
    assert_eq!(second.status.code(), Some(3));
    let said = String::from_utf8(second.stderr).unwrap();
    assert!(said.contains("is in use by another process"), "{said}");
    assert_eq!(home.ask(&["status"])["accounts"], 0);
    server.stop();
}

#[test]
fn sighup_takes_a_new_rule_and_keeps_the_old_ones_when_the_file_is_wrong() {
    let home = Home::new("reload");
    let mut server = home.start_with(Stdio::piped());
    let log = BufReader::new(server.child.stderr.take().unwrap());
    let mut lines = log.lines().map(Result::unwrap);
    let person = Person::new(1);
    let address = server.address.clone();
    let refused = || {
        let said = person.call(&address, &person.register("")).unwrap();
        said.err().and_then(|refusal| refusal.code.ok())
    };
    home.configure("registration = \"nonsense\"\n");
    server.signal("HUP");
    assert!(lines.any(|line| line.contains("not reloaded, the old one stays")));
    assert_eq!(refused(), Some(Code::Pin));
    home.configure("registration = \"closed\"\n");
    server.signal("HUP");
    assert!(lines.any(|line| line.contains("configuration reloaded")));
    assert_eq!(refused(), Some(Code::Unsupported));
    server.signal("TERM");
    let rest: Vec<String> = lines.collect();
    assert!(server.child.wait().unwrap().success(), "{rest:?}");
}

/// Kills the server in the midst of many registrations and takes; what it acknowledged must hold,
/// no pin may serve two accounts, and no invitation two claims.
#[test]
fn killed_amid_many_requests_it_keeps_what_it_acknowledged_and_nothing_twice() {
    let rounds = std::env::var("ENTRENOUS_KILLS").ok();
    let rounds: u16 = rounds.map_or(3, |rounds| rounds.parse().unwrap());
    let home = Home::new("kill");
    let owner = Person::new(0);
    let server = home.start();
    let pin = home.pin();
    assert!(
        owner
            .call(&server.address, &owner.register(&pin))
            .unwrap()
            .is_ok()
    );
    server.stop();
    for round in 1..=rounds {
        kill_once(&home, &owner, round);
    }
}

/// Contenders for each pin and each invitation.
const EACH: u16 = 3;
const PINS: u16 = 6;
const INVITATIONS: u16 = 12;

fn kill_once(home: &Home, owner: &Person, round: u16) {
    let server = home.start();
    let pins: Vec<String> = (0..PINS).map(|_| home.pin()).collect();
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    for number in 0..INVITATIONS {
        let left = Op::InvitationLeave(InvitationLeave {
            id: id(round, number),
            sealed: vec![1; 1000],
            until_s: now.as_secs() + 3600,
            uses: 1,
        });
        let left = owner.call(&server.address, &left).unwrap();
        assert!(left.is_ok(), "{left:?}");
    }
    let wishes = || {
        let registers = (0..PINS * EACH).map(|number| Wish::Register {
            person: 100 + round * 100 + number,
            pin: usize::from(number / EACH),
        });
        let takes = (0..INVITATIONS * EACH).map(|number| Wish::Take {
            invitation: number / EACH,
            claim: number,
        });
        registers.chain(takes).collect::<Vec<_>>()
    };
    let asked: Vec<_> = wishes()
        .into_iter()
        .map(|wish| {
            let (address, pins) = (server.address.clone(), pins.clone());
            thread::spawn(move || wish.ask(&address, &pins, round))
        })
        .collect();
    // Another moment in every round.
    thread::sleep(Duration::from_millis(u64::from(round * 37 % 400)));
    server.kill();
    let first: Vec<Option<bool>> = asked.into_iter().map(|one| one.join().unwrap()).collect();

    let server = home.start();
    let second: Vec<Option<bool>> = wishes()
        .iter()
        .map(|wish| wish.ask(&server.address, &pins, round))
        .collect();
    for (before, after) in first.iter().zip(&second) {
        if let Some(before) = before {
            assert_eq!(
                Some(*before),
                *after,
                "round {round}: an acknowledged answer changed"
            );
        }
    }
    for group in second.chunks(usize::from(EACH)) {
        let winners = group.iter().filter(|won| **won == Some(true)).count();
        assert_eq!(winners, 1, "round {round}: {group:?}");
    }
    for number in 0..INVITATIONS {
        let id = id(round, number);
        let withdraw = Op::InvitationWithdraw(InvitationWithdraw { id });
        assert!(owner.call(&server.address, &withdraw).unwrap().is_ok());
    }
    server.stop();
}

fn id(round: u16, number: u16) -> Vec<u8> {
    let mut id = vec![7; 24];
    id[..2].copy_from_slice(&round.to_le_bytes());
    id[2..4].copy_from_slice(&number.to_le_bytes());
    id
}

enum Wish {
    Register { person: u16, pin: usize },
    Take { invitation: u16, claim: u16 },
}

impl Wish {
    /// Whether it was granted; `None` without an answer.
    fn ask(&self, address: &str, pins: &[String], round: u16) -> Option<bool> {
        match self {
            Self::Register { person, pin } => {
                let person = Person::new(*person);
                match person.call(address, &person.register(&pins[*pin]))? {
                    Ok(_) => Some(true),
                    Err(refusal) if refusal.code == Ok(Code::Pin) => Some(false),
                    Err(_) => None,
                }
            }
            Self::Take { invitation, claim } => {
                let mut key = vec![3; 16];
                key[..2].copy_from_slice(&claim.to_le_bytes());
                let take = Op::InvitationTake(InvitationTake {
                    id: id(round, *invitation),
                });
                let request = Request {
                    key,
                    operation: bytes(&take),
                    ..Request::default()
                };
                match rpc(address, &request)? {
                    Ok(_) => Some(true),
                    Err(refusal) if refusal.code == Ok(Code::NotFound) => Some(false),
                    Err(_) => None,
                }
            }
        }
    }
}
