use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::time::Duration;

use drive::{World, drain};
use kernel::Time;
use rendezvous::board::{
    Board, Config, Event, Input, Output, Phase, Reply, StartError, Trouble, Visit,
};
use rendezvous::{Done, Id, Passkey, Seed};

use crate::server::{Read, Server, ServerKind};
use crate::{Cache, Rng};

/// Someone who visits the board.
#[expect(clippy::exhaustive_structs, reason = "tests name every field")]
#[derive(Clone, Debug)]
pub struct Visitor {
    /// Stretched with the board's salt, once for many runs.
    pub passkey: Passkey,
    /// What they have to say.
    pub message: Vec<u8>,
    /// The machine's seed.
    pub seed: [u8; 32],
    /// The bounds of the machine.
    pub config: Config,
}

/// What goes wrong between visitors and the server, and how long things take.
#[expect(clippy::exhaustive_structs, reason = "tests name every fault")]
#[derive(Clone, Debug)]
pub struct Weather {
    /// How many of a hundred requests never reach the server.
    pub lost_percent: u64,
    /// How many of a hundred are served, but the answer is lost.
    pub unanswered_percent: u64,
    /// How many of a hundred posts are refused for a while (not by a reference server).
    pub busy_percent: u64,
    /// The shortest and longest way, in milliseconds, each direction.
    pub delay_ms: (u64, u64),
    /// The shortest and longest job, in milliseconds.
    pub job_ms: (u64, u64),
}

/// A server's board and its visitors.
#[derive(Debug)]
pub struct Hall<'a> {
    visitors: Vec<Visiting>,
    wires: Wires<'a>,
}

impl<'a> Hall<'a> {
    /// An empty `board` on a server of that kind; chance comes from `seed`.
    #[must_use]
    pub fn new(
        cache: &'a Cache,
        board: Board,
        kind: ServerKind,
        weather: Weather,
        seed: u64,
    ) -> Self {
        Self {
            visitors: Vec::new(),
            wires: Wires {
                cache,
                weather,
                rng: Rng::new(seed),
                now: Time::ZERO,
                queue: BTreeMap::new(),
                count: 0,
                outage: None,
                server: Server::new(board, kind),
            },
        }
    }

    /// Adds a visitor who starts at `start`; returns its number.
    pub fn visit(&mut self, visitor: Visitor, start: Time) -> usize {
        let number = self.visitors.len();
        self.visitors.push(Visiting {
            visitor,
            visit: None,
            wake: None,
            told: Vec::new(),
        });
        self.wires.at(start, number, Happening::Start);
        number
    }

    /// The server is away for a time, and comes back with nothing on the board.
    pub fn outage(&mut self, from: Time, to: Time) {
        self.wires.outage = Some((from, to));
        self.wires.at(from, 0, Happening::Forget);
    }

    /// Runs until `end`.
    ///
    /// # Errors
    ///
    /// A visitor cannot start.
    pub fn run(&mut self, end: Time) -> Result<(), StartError> {
        while let Some(entry) = self.wires.queue.first_entry() {
            if entry.key().0 > end {
                break;
            }
            self.wires.now = entry.key().0;
            let (number, happening) = entry.remove();
            self.happen(number, happening)?;
        }
        Ok(())
    }

    /// What the visitor was told.
    #[must_use]
    pub fn told(&self, number: usize) -> &[Event] {
        self.visitors
            .get(number)
            .map_or(&[], |visitor| &visitor.told)
    }

    /// The messages the visitor was told.
    pub fn matches(&self, number: usize) -> impl Iterator<Item = &[u8]> {
        self.told(number).iter().filter_map(|event| match event {
            Event::Match { message, .. } => Some(message.as_slice()),
            _ => None,
        })
    }

    /// Records on the board.
    #[must_use]
    pub fn records(&self) -> usize {
        self.wires.server.records()
    }

    fn happen(&mut self, number: usize, happening: Happening) -> Result<(), StartError> {
        let wires = &mut self.wires;
        let Some(visiting) = self.visitors.get_mut(number) else {
            return Ok(());
        };
        match happening {
            Happening::Start => visiting.start(wires)?,
            Happening::Forget => wires.forget(),
            Happening::Request(request) => wires.serve(number, request),
            Happening::Timeout(ticket) => wires.time_out(ticket),
            Happening::Answer(answer) => visiting.with(|visit| {
                let input = match &answer {
                    Answer::Taken => Input::Posted(Ok(Reply::Taken)),
                    Answer::List(list) => Input::Posted(Ok(Reply::List(list))),
                    Answer::PostTrouble(trouble) => Input::Posted(Err(*trouble)),
                    Answer::News(bytes, cursor) => Input::News(Ok((bytes, *cursor))),
                    Answer::ReadTrouble(trouble) => Input::News(Err(*trouble)),
                };
                visit.handle(wires.now, input);
            }),
            Happening::Done(done) => visiting.with(|visit| {
                visit.handle(wires.now, Input::Done(*done));
            }),
            Happening::Wake if visiting.wake == Some(wires.now) => {
                visiting.wake = None;
                visiting.with(|visit| visit.handle(wires.now, Input::Tick));
            }
            Happening::Wake => return Ok(()),
        }
        visiting.settle(wires, number);
        Ok(())
    }
}

#[derive(Debug)]
struct Visiting {
    visitor: Visitor,
    visit: Option<Visit>,
    wake: Option<Time>,
    told: Vec<Event>,
}

impl Visiting {
    fn start(&mut self, wires: &Wires<'_>) -> Result<(), StartError> {
        let Visitor {
            passkey,
            message,
            seed,
            config,
        } = self.visitor.clone();
        let place = (wires.server.board().clone(), passkey);
        self.visit = Some(Visit::new(
            config,
            place,
            &message,
            Seed::new(seed),
            wires.now,
        )?);
        Ok(())
    }

    fn with(&mut self, act: impl FnOnce(&mut Visit)) {
        if let Some(visit) = &mut self.visit {
            act(visit);
        }
    }

    fn settle(&mut self, wires: &mut Wires<'_>, number: usize) {
        let Some(visit) = &mut self.visit else {
            return;
        };
        let told = &mut self.told;
        let mut world = Side {
            wires,
            number,
            told,
        };
        let until = drain(visit, &mut world);
        if let Some(until) = until.filter(|until| self.wake.is_none_or(|wake| *until < wake)) {
            self.wake = Some(until);
            wires.at(until, number, Happening::Wake);
        }
    }
}

/// Time, chance, what is under way, and the server at the other end.
#[derive(Debug)]
struct Wires<'a> {
    cache: &'a Cache,
    weather: Weather,
    rng: Rng,
    now: Time,
    queue: BTreeMap<(Time, u64), (usize, Happening)>,
    count: u64,
    outage: Option<(Time, Time)>,
    server: Server,
}

impl Wires<'_> {
    fn at(&mut self, at: Time, number: usize, happening: Happening) {
        self.count = self.count.saturating_add(1);
        self.queue
            .insert((at.max(self.now), self.count), (number, happening));
    }

    fn later(&mut self, range: (u64, u64), number: usize, happening: Happening) {
        let delay = Duration::from_millis(self.rng.within(range));
        self.at(self.now.after(delay), number, happening);
    }

    fn ask(&mut self, number: usize, request: Request) {
        let way = self.weather.delay_ms;
        if self.rng.chance(self.weather.lost_percent) {
            return self.later((1000, 5000), number, Happening::Answer(request.away()));
        }
        self.later(way, number, Happening::Request(request));
    }

    fn answer(&mut self, number: usize, answer: Answer) {
        let way = self.weather.delay_ms;
        self.later(way, number, Happening::Answer(answer));
    }

    fn serve(&mut self, number: usize, request: Request) {
        let is_away = |(from, to)| from <= self.now && self.now < to;
        if self.outage.is_some_and(is_away) {
            return self.answer(number, request.away());
        }
        match request {
            Request::Post(phase, body) => {
                let is_busy = self.rng.chance(self.weather.busy_percent);
                if is_busy && self.server.kind() == ServerKind::Ours {
                    let retry = Some(Duration::from_secs(2));
                    return self.answer(number, Answer::PostTrouble(Trouble::Busy { retry }));
                }
                self.server.post(self.now, phase, &body);
                for (reader, bytes, cursor) in self.server.readers_with_news() {
                    self.answer(reader, Answer::News(bytes, cursor));
                }
                let answer = match self.server.kind() {
                    ServerKind::Ours => Answer::Taken,
                    ServerKind::Reference => Answer::List(self.server.list(phase, &mut self.rng)),
                };
                if self.rng.chance(self.weather.unanswered_percent) {
                    let away = Answer::PostTrouble(Trouble::Away);
                    return self.later((1000, 5000), number, Happening::Answer(away));
                }
                self.answer(number, answer);
            }
            Request::Read(read, wait) => {
                if self.server.kind() == ServerKind::Reference {
                    return self.answer(number, Answer::ReadTrouble(Trouble::NotFound));
                }
                if let Some((bytes, cursor)) = self.server.news(&read) {
                    return self.answer(number, Answer::News(bytes, cursor));
                }
                let ticket = self.server.hold(number, read);
                self.at(self.now.after(wait), number, Happening::Timeout(ticket));
            }
        }
    }

    fn forget(&mut self) {
        for reader in self.server.forget() {
            self.answer(reader, Answer::ReadTrouble(Trouble::Away));
        }
    }

    fn time_out(&mut self, ticket: u64) {
        if let Some((reader, cursor)) = self.server.release(ticket) {
            self.answer(reader, Answer::News(Vec::new(), cursor));
        }
    }
}

#[derive(Debug)]
enum Happening {
    Start,
    Forget,
    Request(Request),
    Answer(Answer),
    /// A read has waited long enough.
    Timeout(u64),
    Done(Box<Done>),
    Wake,
}

#[derive(Debug)]
enum Request {
    Post(Phase, Vec<u8>),
    Read(Read, Duration),
}

impl Request {
    const fn away(&self) -> Answer {
        match self {
            Self::Post(..) => Answer::PostTrouble(Trouble::Away),
            Self::Read(..) => Answer::ReadTrouble(Trouble::Away),
        }
    }
}

#[derive(Debug)]
enum Answer {
    Taken,
    List(Vec<u8>),
    PostTrouble(Trouble),
    News(Vec<u8>, u64),
    ReadTrouble(Trouble),
}

/// One visitor's end of the wires.
struct Side<'a, 'b> {
    wires: &'a mut Wires<'b>,
    number: usize,
    told: &'a mut Vec<Event>,
}

impl World<Output> for Side<'_, '_> {
    fn perform(&mut self, output: Output) -> ControlFlow<Option<Time>> {
        let Self { wires, number, .. } = self;
        match output {
            Output::Work(job) => {
                let done = Box::new(wires.cache.run(job));
                wires.later(wires.weather.job_ms, *number, Happening::Done(done));
            }
            Output::Post { phase, body } => wires.ask(*number, Request::Post(phase, body)),
            Output::Read { after, wait, to } => {
                let to = to.map(|id: Id| *id.as_bytes());
                wires.ask(*number, Request::Read(Read { after, to }, wait));
            }
            Output::Tell(event) => self.told.push(event),
            Output::Wait(until) => return ControlFlow::Break(until),
        }
        ControlFlow::Continue(())
    }
}
