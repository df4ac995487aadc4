use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use host::accounts::Admission;
use host::http::{Config, Server};
use host::pins::Terms;
use host::respond::{Responder, Rules};
use journal::{Clock, Limits, Memory, SystemClock};
use serde_json::Value;
use tokio::runtime::Runtime;

use crate::folder::Folder;
use crate::person::{Ended, Person};

/// A person with a profile in a folder of its own, which opens with a key file.
pub(crate) struct Owner {
    pub(crate) folder: Folder,
}

impl Owner {
    /// Makes the profile; `more` are further arguments of `init`.
    pub(crate) fn init(name: &str, more: &[&str]) -> Self {
        let owner = Self {
            folder: Folder::new(),
        };
        let args = [&["init", "--json", "--no-input", "--name", name], more].concat();
        let ended = owner.run(&args, "").end();
        assert_eq!(ended.code, Some(0), "{ended:?}");
        owner
    }

    pub(crate) fn run(&self, args: &[&str], stdin: &str) -> Person {
        let key = self.folder.path().join("key");
        let args = [args, &["--key-file", key.to_str().unwrap()]].concat();
        Person::run_in(self.folder.path(), &args, stdin)
    }

    /// The JSON lines of a command that does what it should.
    #[track_caller]
    pub(crate) fn json(&self, args: &[&str], stdin: &str) -> Vec<Value> {
        let ended = self
            .run(&[args, &["--json", "--no-input"]].concat(), stdin)
            .end();
        assert_eq!(ended.code, Some(0), "{ended:?}");
        parsed(&ended)
    }

    /// The only event of this kind that a command tells.
    #[track_caller]
    pub(crate) fn told(&self, args: &[&str], stdin: &str, event: &str) -> Value {
        let mut events = self.json(args, stdin);
        events.retain(|told| told["event"] == event);
        assert_eq!(events.len(), 1, "{event}: {events:?}");
        events.remove(0)
    }

    pub(crate) fn words(&self) -> String {
        text(&self.told(&["id"], "", "profile")["words"])
    }
}

/// What a command wrote, each line of which is JSON.
pub(crate) fn parsed(ended: &Ended) -> Vec<Value> {
    let lines = ended.stdout.iter();
    lines
        .map(|line| serde_json::from_str(line).expect(line))
        .collect()
}

pub(crate) fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

/// A server with accounts, invitations and buckets; it ends when dropped.
pub(crate) struct Place {
    pub(crate) host: String,
    responder: Arc<Responder>,
    runtime: Runtime,
    _server: Server,
}

impl Place {
    pub(crate) fn start() -> Self {
        let runtime = Runtime::new().unwrap();
        let store = Memory::new(Limits::default(), Arc::new(SystemClock));
        let rules = Rules {
            admission: Admission::Pin,
            ..Rules::default()
        };
        let opened = runtime.block_on(Responder::open(Arc::new(store), "127.0.0.1", rules));
        let responder = Arc::new(opened.unwrap());
        let mut config = Config::default();
        config.listen = vec![SocketAddr::from((Ipv4Addr::LOCALHOST, 0))];
        let start = Server::start_with(config, Some(Arc::clone(&responder)), None);
        let server = runtime.block_on(start).unwrap();
        Self {
            host: server.addresses().first().unwrap().to_string(),
            responder,
            runtime,
            _server: server,
        }
    }

    pub(crate) fn pin(&self) -> String {
        let pins = self.responder.pins();
        let pin = self
            .runtime
            .block_on(pins.create(SystemClock.now(), Terms::default()));
        pin.unwrap().reveal()
    }

    /// Somebody whose account this server keeps.
    pub(crate) fn resident(&self, name: &str) -> Owner {
        Owner::init(name, &["--home", &self.host, "--pin", &self.pin()])
    }
}
