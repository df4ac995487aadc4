use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use crate::Event;
use crate::client::Dial;
use crate::home::{Home, Running, get, pem};
use crate::ledger::{Ledger, Place};
use crate::load;

/// Who runs the server.
pub(crate) struct Operator {
    ledger: Arc<Ledger>,
    server: Option<Running>,
    /// The last backup, and how much had been acknowledged when it was begun.
    backup: (PathBuf, usize),
    certificate: &'static str,
}

impl Operator {
    pub(crate) fn start() -> Self {
        let home = Home::new(env!("CARGO_BIN_EXE_entrenousd"), "day");
        let roots = ["one.crt", "two.crt"].map(|name| fs::read(pem(name)).unwrap());
        let ledger = Ledger::new(home, Dial::new("localhost", &roots));
        let mut operator = Self {
            ledger: Arc::new(ledger),
            server: None,
            backup: (PathBuf::new(), 0),
            certificate: "one",
        };
        operator.install("one");
        operator.configure("");
        let home = &operator.ledger.home;
        fs::copy(home.config(), home.file(load::PINS)).unwrap();
        operator.open();
        operator
    }

    pub(crate) fn ledger(&self) -> Arc<Ledger> {
        Arc::clone(&self.ledger)
    }

    /// One hour: people are at it, the backup is made, something happens.
    pub(crate) fn hour(&mut self, hour: usize, event: Event) {
        self.ledger.grow(MORE);
        self.back_up(hour);
        match event {
            Event::Nothing => {}
            Event::RestoreElsewhere => self.restore_elsewhere(),
            Event::WrongFile(line) => self.reload_wrong(line),
            Event::WrongKey => self.reload_wrong_key(),
            Event::NewCertificate(name) => self.change_certificate(name),
            Event::Drain => self.drain(),
            Event::Restore => self.restore(),
            Event::PowerFailure => {
                self.ledger.stopping();
                drop(self.server.take());
                self.ledger.down();
                self.open();
            }
        }
        self.ledger.grow(MORE);
    }

    /// Everything that was acknowledged is there.
    pub(crate) fn check(&self, hour: usize) {
        let place = self.place();
        for (number, kept) in self.ledger.kept().iter().enumerate() {
            let from = u32::try_from(number).unwrap() | 0x0080_0000;
            let mut client = load::connect(&self.ledger, &place, from).unwrap();
            let checked = load::check(&mut client, kept);
            checked.unwrap_or_else(|error| panic!("hour {hour}: {error}"));
        }
        let metrics = get(&self.server().admin, "/metrics");
        let untouched = "entrenous_store_errors_total 0\n";
        let timed = "entrenous_store_seconds_count{op=\"append\"}";
        assert!(
            metrics.contains(untouched) && metrics.contains(timed),
            "{metrics}"
        );
    }

    pub(crate) fn end(mut self) {
        let (status, log) = self.server.take().unwrap().stop();
        assert!(status.success(), "{log:?}");
    }

    fn server(&self) -> &Running {
        self.server.as_ref().unwrap()
    }

    fn place(&self) -> Place {
        self.ledger.place().unwrap()
    }

    /// Starts the server.
    fn open(&mut self) {
        let server = self.ledger.home.start();
        self.ledger.up(&server.address);
        self.server = Some(server);
    }

    fn configure(&self, more: &str) {
        let [cert, key] = ["crt", "key"].map(|name| self.ledger.home.file(name));
        let tls = format!("tls.cert = {cert:?}\ntls.key = {key:?}\n");
        let proxies = "trusted_proxies = [\"127.0.0.1\"]\n";
        self.ledger
            .home
            .configure(&format!("{proxies}{tls}{more}\n"));
    }

    /// Puts a certificate where the configuration says.
    fn install(&self, name: &str) {
        for end in ["crt", "key"] {
            fs::copy(pem(&format!("{name}.{end}")), self.ledger.home.file(end)).unwrap();
        }
    }

    fn back_up(&mut self, hour: usize) {
        let length = self.ledger.kept().len();
        let file = self.ledger.home.file(&format!("backup-{hour}"));
        let made = self.ledger.home.ask(&["backup", file.to_str().unwrap()]);
        assert_eq!(made["event"], "backup_made");
        self.backup = (file, length);
    }

    fn restore_elsewhere(&self) {
        let (file, length) = &self.backup;
        let there = Home::new(env!("CARGO_BIN_EXE_entrenousd"), "day-elsewhere");
        fs::copy(self.ledger.home.config(), there.config()).unwrap();
        let config = fs::read_to_string(there.config()).unwrap();
        let [here, other] = [self.ledger.home.data(), there.data()].map(|data| format!("{data:?}"));
        fs::write(there.config(), config.replace(&here, &other)).unwrap();
        let restored = there.ask(&["restore", file.to_str().unwrap()]);
        assert_eq!(restored["event"], "backup_restored");
        let server = there.start();
        for kept in self.ledger.kept().iter().take(*length) {
            let mut client = self.ledger.dial.connect(&server.address).unwrap();
            load::check(&mut client, kept).unwrap();
        }
        assert!(server.stop().0.success());
    }

    /// A file that is wrong changes nothing: neither the rules nor the certificate.
    fn reload_wrong(&self, line: &str) {
        // What would be different if it were taken.
        self.configure(&format!("registration = \"closed\"\n{line}"));
        self.stays("not reloaded, the old one stays");
        self.configure("");
        self.server().reload("configuration reloaded");
    }

    /// A certificate with the key of another one changes nothing.
    fn reload_wrong_key(&self) {
        let other = if self.certificate == "one" {
            "two.key"
        } else {
            "one.key"
        };
        fs::copy(pem(other), self.ledger.home.file("key")).unwrap();
        self.stays("not reloaded, the old one stays: certificate and private key");
        self.install(self.certificate);
        self.server().reload("configuration reloaded");
    }

    fn stays(&self, text: &str) {
        self.server().reload(text);
        assert_eq!(self.shown(), self.certificate);
        self.ledger.grow(MORE);
    }

    /// New connections see the new certificate; the old ones live on, and so do proofs over them.
    fn change_certificate(&mut self, name: &'static str) {
        let kept = self.ledger.kept();
        let mut old = load::connect(&self.ledger, &self.place(), 1).unwrap();
        load::check(&mut old, &kept[0]).unwrap();
        self.install(name);
        self.server().reload("configuration reloaded");
        assert_ne!(name, self.certificate);
        self.certificate = name;
        assert_eq!(self.shown(), name);
        load::check(&mut old, &kept[0]).unwrap();
    }

    /// The name of the certificate that a new connection is shown.
    fn shown(&self) -> &'static str {
        use rustls::pki_types::CertificateDer;
        use rustls::pki_types::pem::PemObject;

        let client = load::connect(&self.ledger, &self.place(), 1).unwrap();
        let shown = client.certificate();
        let is = |name: &&str| {
            let file = pem(&format!("{name}.crt"));
            CertificateDer::from_pem_file(file).unwrap() == shown
        };
        ["one", "two"].into_iter().find(is).unwrap()
    }

    /// Stopped under load: who waits is answered, and nobody is cut.
    fn drain(&mut self) {
        let place = self.place();
        let mut waiting = load::connect(&self.ledger, &place, 1).unwrap();
        waiting.ask("/new?wait=30").unwrap();
        // What is asked and answered after it shows that it is in hand.
        for kept in self.ledger.kept().iter().take(20) {
            let mut client = load::connect(&self.ledger, &place, 2).unwrap();
            load::check(&mut client, kept).unwrap();
        }
        self.stop();
        waiting.answer().unwrap();
        self.open();
    }

    fn stop(&mut self) {
        self.ledger.stopping();
        let (status, log) = self.server.take().unwrap().stop();
        assert!(status.success(), "{log:?}");
        let last = log.last().unwrap();
        assert!(last.contains("stopped") && last.contains("cut=0"), "{last}");
        self.ledger.down();
    }

    /// The disk is lost; the last backup is what there is.
    fn restore(&mut self) {
        self.stop();
        fs::remove_dir_all(self.ledger.home.data()).unwrap();
        let (file, length) = &self.backup;
        let restored = self.ledger.home.ask(&["restore", file.to_str().unwrap()]);
        assert_eq!(restored["event"], "backup_restored");
        self.ledger.lost(*length);
        self.open();
    }
}

/// Lives before and after what an hour brings.
const MORE: usize = 2;
