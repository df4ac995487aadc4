use std::fs::OpenOptions;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use clap::Args;
use node::call::Known;
use node::{Line, Node, Page};

use super::call::not_known;
use crate::args::{Global, TEMPLATE};
use crate::config::Given;
use crate::event::{ConversationShown, HistoryDone};
use crate::failure::{Failure, failed};
use crate::profile::{Opened, Opening};
use crate::stop::Stop;
use crate::ui::{Ui, filter, written};

/// What was said in calls: read, search, export, forget
#[derive(Args, Debug)]
#[command(help_template = TEMPLATE, before_long_help = EXAMPLES, after_long_help = NOTES)]
pub(crate) struct History {
    /// With whom; the beginning of the name is enough. Without: how much there is
    name: Option<String>,
    /// The last lines, as many as this
    #[arg(long, value_name = "N", default_value_t = 50, requires = "name")]
    last: usize,
    /// Only lines with this in them, of all that are kept
    #[arg(long, value_name = "TEXT", requires = "name", conflicts_with = "last")]
    search: Option<String>,
    /// Write all of it into this file, which must not be there yet
    #[arg(long, value_name = "FILE", requires = "name", conflicts_with_all = ["last", "search"])]
    export: Option<PathBuf>,
    /// Forget all of it, also what waits to be sent
    #[arg(long, requires = "name", conflicts_with_all = ["last", "search", "export"])]
    forget: bool,
    #[command(flatten)]
    opening: Opening,
}

impl History {
    pub(crate) async fn run(
        &self,
        global: &Global,
        ui: &mut Ui,
        mut stop: Stop,
    ) -> Result<(), Failure> {
        let given = Given::default();
        let Opened { node, .. } = self.opening.open(global, &given, ui, &mut stop).await?;
        match &self.name {
            None => everyone(&node, ui).await?,
            Some(name) => {
                let known = node.person(name).await;
                let known = known.map_err(|error| not_known(&error, name))?;
                self.of(&node, &known, ui).await?;
            }
        }
        node.close()
            .await
            .map_err(|error| failed(&error, error.kind()))
    }

    async fn of(&self, node: &Node, known: &Known, ui: &mut Ui) -> Result<(), Failure> {
        if self.forget {
            let forgotten = node.forget_lines(known).await;
            forgotten.map_err(|error| failed(&error, error.kind()))?;
            let name = filter::name(known.name().as_str());
            ui.note(format_args!("what was said with {name} is forgotten here"));
            return ui.event(&HistoryDone { lines: 0 });
        }
        if let Some(path) = &self.export {
            return export(node, known, path, ui).await;
        }
        let page = match self.search {
            Some(_) => Page::From(0, usize::MAX),
            None => Page::Last(self.last),
        };
        let mut lines = read(node, known, page).await?;
        if let Some(wanted) = &self.search {
            let wanted = wanted.to_lowercase();
            lines.retain(|line| {
                let text = String::from_utf8_lossy(&line.text);
                text.to_lowercase().contains(&wanted)
            });
        }
        let name = known.name().as_str();
        for line in &lines {
            ui.line(name, line)?;
        }
        if let Some(line) = lines.last().filter(|_| self.search.is_none()) {
            let seen = node.seen(known, line.number).await;
            seen.map_err(|error| failed(&error, error.kind()))?;
        }
        ui.event(&HistoryDone { lines: lines.len() })
    }
}

/// How much there is with whom.
async fn everyone(node: &Node, ui: &mut Ui) -> Result<(), Failure> {
    let people = node.everyone().await;
    let people = people.map_err(|error| failed(&error, error.kind()))?;
    let mut shown = 0_usize;
    for known in people {
        let summary = node.summary(&known).await;
        let summary = summary.map_err(|error| failed(&error, error.kind()))?;
        let (first, next) = summary.lines;
        let lines = next.saturating_sub(first);
        if lines == 0 {
            continue;
        }
        shown = shown.saturating_add(1);
        ui.conversation(&ConversationShown {
            name: known.name().as_str(),
            lines,
            unseen: summary.unseen,
            waiting: summary.waiting,
        })?;
    }
    if shown == 0 {
        ui.note(format_args!(
            "nothing was said yet: `entrenous listen` and `entrenous call` talk"
        ));
    }
    ui.event(&HistoryDone { lines: 0 })
}

async fn read(node: &Node, known: &Known, page: Page) -> Result<Vec<Line>, Failure> {
    let lines = node.lines(known, page).await;
    lines.map_err(|error| failed(&error, error.kind()))
}

/// Writes all lines, one after the other, for people to read.
async fn export(node: &Node, known: &Known, path: &Path, ui: &mut Ui) -> Result<(), Failure> {
    let lines = read(node, known, Page::From(0, usize::MAX)).await?;
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let written = options.open(path).and_then(|file| {
        let mut file = BufWriter::new(file);
        for line in &lines {
            writeln!(file, "{}", written(known.name().as_str(), line))?;
        }
        file.flush()
    });
    written.map_err(|error| {
        let path = path.display();
        Failure::input(format!("cannot write {path}: {error}"))
            .hint("give the name of a file that is not there yet, in a folder that you may write")
    })?;
    ui.note(format_args!(
        "{} lines are in {}, which is not encrypted",
        lines.len(),
        path.display()
    ));
    ui.event(&HistoryDone { lines: lines.len() })
}

const EXAMPLES: &str = "\
Examples:
  entrenous history                     how much was said with whom
  entrenous history bob                 the last lines
  entrenous history bob --search tea    every line with tea in it
  entrenous history bob --export bob.txt";

const NOTES: &str = "\
What is said in calls is kept in your profile, encrypted as all of it: up to
100,000 lines with each person. (waits): it is sent the next time you two talk.
(sent): their program acknowledges nothing, so it may have been lost.";
