//! Who followed the invitations: asked for, and told.

use node::{Answered, HomeError, Node};

use super::contacts::tell_added;
use crate::failure::{Failure, failed};
use crate::stop::Stop;
use crate::ui::Ui;

/// Asks the home who followed the invitations, and tells. That it is away is no failure: what is known
/// without it is known.
pub(crate) async fn collect(node: &Node, ui: &mut Ui, stop: &mut Stop) -> Result<(), Failure> {
    let open = node
        .invitations()
        .await
        .map_err(|error| failed(&error, error.kind()))?;
    if open.is_empty() {
        return Ok(());
    }
    ui.wait(format_args!(
        "asking who has followed your invitations (Ctrl-C stops)"
    ));
    let collected = tokio::select! {
        () = stop.wanted() => {
            ui.waited();
            return Err(Failure::interrupted());
        }
        collected = node.collect() => collected,
    };
    ui.waited();
    match collected {
        Ok(answered) => answered.iter().try_for_each(|answered| tell(answered, ui)),
        Err(HomeError::Keep(error)) => Err(failed(&error, error.kind())),
        Err(error) => ui.warn(&format!(
            "who has followed your invitations is not known: {error}"
        )),
    }
}

/// Tells what came of one answer.
pub(crate) fn tell(answered: &Answered, ui: &mut Ui) -> Result<(), Failure> {
    match &answered.came {
        Ok(added) => tell_added(added, ui),
        Err(error) => ui.warn(&format!(
            "somebody followed an invitation, but is not taken as a contact: {error}"
        )),
    }
}
