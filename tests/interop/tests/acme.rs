//! `entrenousd` and the authority Pebble: a certificate over real sockets, used, renewed, kept.

#![cfg(unix)]
#![expect(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test"
)]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use interop::ours;
use interop::pebble::{Authority, Pebble, Site};
use wire::v1::operation::Operation as Op;
use wire::v1::{AccountGet, answer};

#[expect(dead_code, reason = "of more tests than this one")]
#[path = "../../../apps/entrenousd/tests/shared/client.rs"]
mod client;
#[expect(dead_code, reason = "of more tests than this one")]
#[path = "../../../apps/entrenousd/tests/shared/home.rs"]
mod home;
#[path = "../../../apps/entrenousd/tests/shared/person.rs"]
mod person;

use client::{Client, Dial};
use home::{Home, Running, get, pem};
use person::Person;

const NAME: &str = "relay.example.org";

/// A server, and the authority that it asks.
struct World {
    home: Home,
    pebble: Pebble,
    site: Site,
}

impl World {
    fn new(name: &str, lasts_s: u32) -> Self {
        let home = Home::new(ours::program("entrenousd").unwrap(), name);
        let site = Site::new(&home.file(""), lasts_s).unwrap();
        home.configure(&format!(
            "name = {NAME:?}\n[tls]\nacme = {{ contact = \"admin@example.org\", \
             directory = {:?}, roots = {:?} }}\n",
            site.url(),
            pem("one.crt"),
        ));
        Self {
            home,
            pebble: Pebble::install().unwrap(),
            site,
        }
    }

    fn authority(&self) -> Authority {
        let own = (pem("one.crt"), pem("one.key"));
        self.pebble.start(&self.site, (&own.0, &own.1)).unwrap()
    }

    /// The server, where the authority asks.
    fn server(&self) -> Running {
        let listen = format!("127.0.0.1:{}", self.site.asked);
        let run = ["--json", "run", "--listen", &listen];
        Running::start(self.home.command(&run))
    }

    /// Trusts the authority as it runs now.
    fn dial(&self) -> Dial {
        let own = fs::read(pem("one.crt")).unwrap();
        let management = format!("127.0.0.1:{}", self.site.management);
        let mut client = Dial::new("localhost", &[own]).connect(&management).unwrap();
        let root = client.get("/roots/0").unwrap();
        Dial::new(NAME, &[root])
    }

    /// Files of the cache whose name begins so.
    fn kept(&self, kind: &str) -> Vec<PathBuf> {
        let files = fs::read_dir(self.home.data().join("acme")).unwrap();
        let files = files.map(|file| file.unwrap().path());
        files
            .filter(|path| {
                path.file_name()
                    .unwrap()
                    .to_str()
                    .unwrap()
                    .starts_with(kind)
            })
            .collect()
    }
}

fn registered(world: &World, client: &mut Client, number: u32) -> Person {
    let pin = world.home.ask(&["pins", "new"])["pin"].clone();
    let person = Person::new(number);
    let made = client.call_as(&person, &person.register(pin.as_str().unwrap()));
    assert!(made.unwrap().is_ok());
    person
}

fn has_account(client: &mut Client, person: &Person) -> bool {
    let account = client.call_as(person, &Op::Account(AccountGet {}));
    matches!(account.unwrap(), Ok(answer::Result::Account(_)))
}

#[test]
fn a_server_gets_a_certificate_speaks_tls_with_it_and_renews_it() {
    let world = World::new("acme-renews", 45);
    let authority = world.authority();
    let server = world.server();
    server.says(NEW);
    let dial = world.dial();
    let mut first = dial.connect(&server.address).unwrap();
    let person = registered(&world, &mut first, 1);
    let about = String::from_utf8(first.get("/.well-known/entrenous").unwrap()).unwrap();
    assert!(about.contains("\"binding\":\"exporter\""), "{about}");
    let expires_s = world.home.ask(&["status"])["certificate_expires_s"].clone();
    assert!(expires_s.is_u64(), "{expires_s}");
    let metrics = get(&server.admin, "/metrics");
    let expected = "entrenous_certificate_expires_timestamp_seconds ";
    assert!(metrics.contains(expected), "{metrics}");

    // What the authority gave is for nobody else to read.
    let mode = |path: &PathBuf| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&world.home.data().join("acme")), 0o700);
    let files = world.kept("");
    assert_eq!(files.len(), 2, "{files:?}");
    assert!(files.iter().all(|file| mode(file) == 0o600));
    let account = world.kept("account-");

    // A reload asks for nothing.
    server.reload("configuration reloaded");
    let second = dial.connect(&server.address).unwrap();
    assert_eq!(second.certificate(), first.certificate());

    server.says_again(NEW, 2);
    let mut third = dial.connect(&server.address).unwrap();
    assert_ne!(third.certificate(), first.certificate());
    assert!(has_account(&mut third, &person));
    assert!(
        has_account(&mut first, &person),
        "the old connection lives on"
    );
    assert_eq!(
        world.kept("account-"),
        account,
        "renewed with the same account"
    );

    // What was kept is used at once, while the authority is away.
    drop(authority);
    assert!(server.stop().0.success());
    let server = world.server();
    let mut fourth = dial.connect(&server.address).unwrap();
    assert_eq!(fourth.certificate(), third.certificate());
    assert!(has_account(&mut fourth, &person));
}

#[test]
fn a_server_whose_authority_is_away_or_has_forgotten_it_tries_again() {
    let world = World::new("acme-tries", 3600);
    let server = world.server();
    server.says("no certificate from the authority");
    let ready = get(&server.admin, "/readyz");
    assert!(ready.starts_with("HTTP/1.1 200"), "{ready}");
    let none = Dial::new(NAME, &[]).connect(&server.address);
    assert!(none.is_err(), "there is nothing to show");
    let authority = world.authority();
    server.says(NEW);
    let mut client = world.dial().connect(&server.address).unwrap();
    let person = registered(&world, &mut client, 1);
    assert!(server.stop().0.success());

    // The certificate is lost, and the authority does not know the account any more.
    fs::remove_file(&world.kept("certificate-")[0]).unwrap();
    drop(authority);
    let _authority = world.authority();
    let server = world.server();
    server.says("accountDoesNotExist");
    server.says(NEW);
    let mut client = world.dial().connect(&server.address).unwrap();
    assert!(has_account(&mut client, &person));
    let (status, log) = server.stop();
    assert!(status.success(), "{log:?}");
}

const NEW: &str = "a new certificate is in use";
