//! What a meeting came to, when it is over.

use super::watch::Seen;
use crate::event::{Event, Reason};
use crate::failure::Failure;
use crate::lasts;
use crate::ui::Ui;

impl Seen<'_> {
    pub(super) fn conclude(&self, reason: Reason, ui: &mut Ui) -> Result<(), Failure> {
        if self.matches > 0 {
            let met = match self.matches {
                1 => "met one person".to_owned(),
                many => format!("met {many} people"),
            };
            match reason {
                Reason::FirstMatch => ui.note(format_args!("done: {met}")),
                Reason::Timeout => ui.note(format_args!("time is up: {met}")),
                Reason::Interrupted => ui.note(format_args!("stopped: {met}")),
            }
            return ui.event(&Event::Done {
                reason,
                matches: self.matches,
            });
        }
        match reason {
            Reason::Interrupted => Err(Failure::interrupted().text("stopped; nobody was met")),
            _ => Err(self.nobody()),
        }
    }

    fn nobody(&self) -> Failure {
        let lasted = lasts::show(self.until.timeout);
        let alone = match self.is_lan {
            true => "some networks keep guests apart; a server does not: `--at URL`",
            false => "do the others use the same address and board?",
        };
        let there = match self.others {
            0 => {
                return Failure::unavailable(format!(
                    "nobody was met in {lasted}: no one else was there"
                ))
                .hint(alone);
            }
            1 => "1 other was".to_owned(),
            others => format!("{others} others were"),
        };
        Failure::unavailable(format!(
            "nobody was met in {lasted}: {there} there, with another passphrase"
        ))
        .hint("compare the passphrase letter by letter; capitals and spaces count")
    }
}
