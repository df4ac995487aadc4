//! The whole terminal, from when it is taken until it is given back.

use std::io::{self, Stdout, Write};
use std::panic;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use crossterm::event::{DisableBracketedPaste, EnableBracketedPaste};
use crossterm::execute;
use crossterm::terminal::{
    EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode, size,
};
use ratatui_crossterm::CrosstermBackend;
use tokio::sync::Notify;

use super::action::ForTerminal;
use super::draw;
use super::screen::Screen;

/// A terminal that shows nothing but the screen. When this is dropped, it is as before; when anything panics,
/// too, before the panic is told.
pub(super) struct Terminal {
    cells: ratatui_core::terminal::Terminal<CrosstermBackend<Stdout>>,
    panicked: Arc<Notify>,
    hook: Arc<Hook>,
}

type Hook = dyn Fn(&panic::PanicHookInfo<'_>) + Send + Sync;

impl Terminal {
    pub(super) fn take() -> io::Result<Self> {
        let cells = ratatui_core::terminal::Terminal::new(CrosstermBackend::new(io::stdout()))?;
        let panicked = Arc::new(Notify::new());
        let hook: Arc<Hook> = panic::take_hook().into();
        let (before, tell) = (Arc::clone(&hook), Arc::clone(&panicked));
        panic::set_hook(Box::new(move |info| {
            give_back();
            HAS_PANICKED.store(true, Ordering::SeqCst);
            tell.notify_one();
            before(info);
        }));
        let mut terminal = Self {
            cells,
            panicked,
            hook,
        };
        terminal.enter()?;
        Ok(terminal)
    }

    /// Columns and rows.
    pub(super) fn size() -> io::Result<(u16, u16)> {
        size()
    }

    pub(super) fn draw(&mut self, screen: &Screen) -> io::Result<()> {
        self.cells.draw(|frame| draw(screen, frame)).map(drop)
    }

    /// Returns when something has panicked, here or in another task: the terminal is given back already.
    pub(super) fn panicked(&self) -> Arc<Notify> {
        Arc::clone(&self.panicked)
    }

    /// Whether anything has panicked so far.
    pub(super) fn has_panicked() -> bool {
        HAS_PANICKED.load(Ordering::SeqCst)
    }

    /// Does what the screen asks of it.
    pub(super) fn act(&mut self, what: &ForTerminal) -> io::Result<()> {
        match what {
            ForTerminal::Redraw => self.cells.clear(),
            ForTerminal::Bell => write("\x07"),
            ForTerminal::Notify(text) => write(&format!("\x1b]9;{text}\x07")),
            ForTerminal::Copy(text) => {
                let text = text
                    .get(..text.floor_char_boundary(COPIED))
                    .unwrap_or_default();
                write(&format!("\x1b]52;c;{}\x07", STANDARD.encode(text)))
            }
            ForTerminal::Suspend => self.suspend(),
        }
    }

    fn enter(&mut self) -> io::Result<()> {
        enable_raw_mode()?;
        IS_TAKEN.store(true, Ordering::SeqCst);
        execute!(io::stdout(), EnterAlternateScreen, EnableBracketedPaste)?;
        self.cells.clear()
    }

    #[cfg(unix)]
    fn suspend(&mut self) -> io::Result<()> {
        give_back();
        // To this thread: all of the process stands still before the next line, until it is continued.
        let stopped = signal_hook::low_level::raise(signal_hook::consts::SIGTSTP);
        self.enter()?;
        stopped
    }

    #[cfg(not(unix))]
    fn suspend(&mut self) -> io::Result<()> {
        self.cells.clear()
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        give_back();
        if !std::thread::panicking() {
            let hook = Arc::clone(&self.hook);
            panic::set_hook(Box::new(move |info| hook(info)));
        }
    }
}

/// As before, once. A terminal that is gone needs nothing.
fn give_back() {
    if IS_TAKEN.swap(false, Ordering::SeqCst) {
        let _ = execute!(
            io::stdout(),
            DisableBracketedPaste,
            LeaveAlternateScreen,
            crossterm::cursor::Show
        );
        let _ = disable_raw_mode();
    }
}

fn write(sequence: &str) -> io::Result<()> {
    let mut terminal = io::stdout().lock();
    terminal.write_all(sequence.as_bytes())?;
    terminal.flush()
}

/// Whether there is anything to give back: there is one terminal.
static IS_TAKEN: AtomicBool = AtomicBool::new(false);
/// Whether anything has panicked while it was taken.
static HAS_PANICKED: AtomicBool = AtomicBool::new(false);
/// Bytes that are copied at most; many terminals take no more.
const COPIED: usize = 64 << 10;
