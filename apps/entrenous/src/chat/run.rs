//! Feeds the screen, draws it, passes on what it wants.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::time::Duration;

use crossterm::event::{Event, EventStream};
use futures_core::Stream;
use kernel::Kind;
use tokio::sync::mpsc;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep_until, timeout};

use super::action::{Action, Input};
use super::happened::Happened;
use super::keys;
use super::screen::Screen;
use super::terminal::Terminal;
use crate::event::time;
use crate::failure::Failure;
use crate::stop::Stop;

/// What leads to whoever does what the screen wants.
#[derive(Debug)]
pub(crate) struct Wires {
    /// When it ends, so does the screen.
    pub(crate) happened: mpsc::Receiver<Happened>,
    /// In order. Whoever is slow to take them is waited for; keys are not taken then.
    pub(crate) actions: mpsc::Sender<Action>,
}

/// Shows `screen` until the owner leaves it, `stop` is wanted, or whoever tells what happens is gone. The
/// terminal is as before when this returns, fails, panics or is dropped.
///
/// # Errors
///
/// The terminal cannot be taken, or is gone; or a part of the program failed.
pub(crate) async fn run(
    mut screen: Screen,
    mut wires: Wires,
    stop: &mut Stop,
) -> Result<(), Failure> {
    let mut terminal = Terminal::take().map_err(|error| no_terminal(&error))?;
    let mut events = EventStream::new();
    let mut pending = VecDeque::new();
    let (columns, rows) = Terminal::size().map_err(|error| no_terminal(&error))?;
    pending.extend(screen.take(Input::Tick(time().as_ms())));
    pending.extend(screen.take(Input::Resize { columns, rows }));
    let mut ticks = interval(TICK);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut hangup = Hangup::new().map_err(|error| no_terminal(&error))?;
    let panicked = terminal.panicked();
    let mut is_drawn = false;
    let mut draw_at = Instant::now();
    loop {
        let is_free = pending.len() < PENDING;
        let input = tokio::select! {
            biased;
            () = panicked.notified() => return Err(failed()),
            () = stop.wanted() => break,
            () = hangup.came() => break,
            permit = wires.actions.reserve(), if !pending.is_empty() => {
                let (Ok(permit), Some(action)) = (permit, pending.pop_front()) else { break };
                permit.send(action);
                continue;
            }
            () = sleep_until(draw_at), if !is_drawn => {
                terminal.draw(&screen).map_err(|error| no_terminal(&error))?;
                is_drawn = true;
                draw_at = Instant::now().checked_add(FRAME).unwrap_or(draw_at);
                continue;
            }
            event = next(&mut events), if is_free => match event {
                Some(Ok(event)) => keys::input(event),
                Some(Err(error)) => return Err(no_terminal(&error)),
                None => break,
            },
            // Also while much is pending: whoever tells it may wait for that before it takes more.
            happened = wires.happened.recv() => match happened {
                Some(happened) => Some(Input::Happened(happened)),
                None => break,
            },
            _ = ticks.tick() => Some(Input::Tick(time().as_ms())),
        };
        let Some(input) = input else { continue };
        // Nothing is drawn for a moment that changes nothing.
        let is_idle = matches!(input, Input::Tick(_)) && !screen.changes_by_time();
        let mut is_over = false;
        for action in screen.take(input) {
            match action {
                Action::Terminal(what) => {
                    terminal.act(&what).map_err(|error| no_terminal(&error))?;
                }
                Action::Quit => {
                    is_over = true;
                    pending.push_back(Action::Quit);
                }
                action => pending.push_back(action),
            }
        }
        is_drawn &= is_idle;
        if is_over {
            break;
        }
    }
    drop(terminal);
    // A task that panics takes its ends of the wires with it.
    if Terminal::has_panicked() {
        return Err(failed());
    }
    // What was said before leaving was said.
    let rest = async {
        for action in pending {
            if wires.actions.send(action).await.is_err() {
                break;
            }
        }
    };
    // Whoever does not take it in time does not take it.
    let _ = timeout(LEAVING, rest).await;
    Ok(())
}

async fn next(events: &mut EventStream) -> Option<io::Result<Event>> {
    poll_fn(|context| Pin::new(&mut *events).poll_next(context)).await
}

fn no_terminal(error: &io::Error) -> Failure {
    Failure::unavailable("this terminal cannot be drawn on, or is gone")
        .hint("`entrenous call` and `entrenous listen` need no screen")
        .because(error)
}

fn failed() -> Failure {
    Failure::new(
        Kind::Bug,
        "a part of the program failed; what it said is above",
    )
}

/// The terminal goes away.
struct Hangup {
    #[cfg(unix)]
    signal: tokio::signal::unix::Signal,
}

impl Hangup {
    fn new() -> io::Result<Self> {
        Ok(Self {
            #[cfg(unix)]
            signal: {
                use tokio::signal::unix::{SignalKind, signal};
                signal(SignalKind::hangup())?
            },
        })
    }

    #[cfg(unix)]
    async fn came(&mut self) {
        self.signal.recv().await;
    }

    #[cfg(not(unix))]
    async fn came(&mut self) {
        std::future::pending().await
    }
}

const TICK: Duration = Duration::from_secs(1);
/// Between two drawings, at least.
const FRAME: Duration = Duration::from_millis(33);
/// Actions that wait to be taken before keys wait, too.
const PENDING: usize = 256;
const LEAVING: Duration = Duration::from_secs(1);
