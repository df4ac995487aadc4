//! Calling somebody.

use node::call::Target;

use super::CALLS;
use crate::daemon::call::{Call, Happened, Stage};
use crate::daemon::desk::Daemon;
use crate::daemon::hub::Asker;
use crate::daemon::protocol::{Dial, Fault, Status};
use crate::daemon::route::Route;

impl Daemon<'_> {
    pub(in crate::daemon) async fn dial(
        &mut self,
        given: Dial,
        asker: &Asker,
    ) -> Result<(), Fault> {
        let node = self.node()?;
        if self.calls.len() >= CALLS {
            return Err(too_many());
        }
        let route = Route::read(&given)?;
        self.take_name(&given.name).await?;
        let Route {
            transport,
            link,
            password,
            remote,
        } = route;
        self.set_status(Status::Connecting, format!("Connecting to {remote}..."));
        let id = self.add(Call {
            asker: Some(asker.clone()),
            is_server: false,
            asked: transport,
            way: transport.name(),
            remote,
            stage: Stage::Opening,
            closing: None,
            is_closing: false,
            wires: None,
        });
        // A fingerprint in the link is compared by that.
        let has_sum = link.sum().is_some();
        let mut target = Target::new(link);
        target.password = password;
        if !has_sum {
            target.admit = self.mode.admit();
        }
        let happens = self.happens.clone();
        self.tasks.spawn(async move {
            let talk = node.call(target).await;
            drop(node);
            // A daemon that is over wants to know nothing.
            drop(happens.send(Happened::Dialed(id, talk)).await);
        });
        Ok(())
    }
}

fn too_many() -> Fault {
    Fault::new(
        "too_many_sessions",
        format_args!("there are {CALLS} sessions already"),
    )
}
