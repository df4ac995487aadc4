use serde_json::{Value, json};

use crate::person::Person;

/// Where lines go, and come from.
pub(super) trait Wire {
    fn write(&mut self, line: &str);
    fn read(&mut self) -> String;
}

impl Wire for Person {
    fn write(&mut self, line: &str) {
        self.say(line);
    }

    #[track_caller]
    fn read(&mut self) -> String {
        self.line()
    }
}

/// A client of a daemon: what it does not wait for now, it may wait for later.
pub(super) struct Client<W> {
    wire: W,
    heard: Vec<Value>,
    asked: u32,
}

impl<W: Wire> Client<W> {
    pub(super) fn new(wire: W) -> Self {
        Self {
            wire,
            heard: Vec::new(),
            asked: 0,
        }
    }

    pub(super) fn into_inner(self) -> W {
        self.wire
    }

    /// Says a line as it is.
    pub(super) fn line(&mut self, line: &str) {
        self.wire.write(line);
    }

    /// Gives a command; its id.
    pub(super) fn says(&mut self, command: &str, params: Value) -> String {
        self.asked = self.asked.saturating_add(1);
        let id = format!("{command}-{}", self.asked);
        let mut line = json!({ "type": "cmd", "cmd": command, "id": id });
        line["params"] = params;
        self.wire.write(&line.to_string());
        id
    }

    /// Gives a command; its answer.
    #[track_caller]
    pub(super) fn asks(&mut self, command: &str, params: Value) -> Value {
        self.asks_for("response", command, params)
    }

    /// Gives a command that this event answers.
    #[track_caller]
    pub(super) fn asks_for(&mut self, event: &str, command: &str, params: Value) -> Value {
        let id = self.says(command, params);
        self.event_of(event, &id)
    }

    /// Gives a command that is not done; the code that says why.
    #[track_caller]
    pub(super) fn fails(&mut self, command: &str, params: Value) -> String {
        let id = self.says(command, params);
        self.error_of(&id)
    }

    #[track_caller]
    pub(super) fn error_of(&mut self, id: &str) -> String {
        let error = self.event_of("error", id);
        assert!(error["data"]["error"].is_string(), "{error}");
        error["data"]["code"].as_str().unwrap().to_owned()
    }

    /// The next event of this name, whoever it is for.
    #[track_caller]
    pub(super) fn event(&mut self, name: &str) -> Value {
        self.wait(|told| told["evt"] == name)
    }

    /// The event of this name that answers this command.
    #[track_caller]
    pub(super) fn event_of(&mut self, name: &str, id: &str) -> Value {
        let told = self.told_of(id);
        assert_eq!(told["evt"], name, "{told}");
        told
    }

    /// What answers this command, whatever it is.
    #[track_caller]
    pub(super) fn told_of(&mut self, id: &str) -> Value {
        self.wait(|told| told["id"] == id)
    }

    #[track_caller]
    fn wait(&mut self, is_it: impl Fn(&Value) -> bool) -> Value {
        if let Some(at) = self.heard.iter().position(&is_it) {
            return self.heard.remove(at);
        }
        loop {
            let line = self.wire.read();
            let told: Value = serde_json::from_str(&line).expect(&line);
            assert_eq!(told["type"], "evt", "{line}");
            if is_it(&told) {
                return told;
            }
            self.heard.push(told);
        }
    }
}
