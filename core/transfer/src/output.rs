use alloc::vec::Vec;

use crate::{File, Id, Kept, Reason};

/// Which way a file goes.
#[expect(clippy::exhaustive_enums, reason = "there is no third")]
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Way {
    /// To the other side: we are the sender.
    Out,
    /// To us: we are the receiver.
    In,
}

/// Which side did something.
#[expect(clippy::exhaustive_enums, reason = "there is no third")]
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum By {
    /// This one.
    Us,
    /// The other one.
    Them,
}

/// Something the driver must do, in this order.
#[expect(
    clippy::exhaustive_enums,
    reason = "a driver that skips one is broken; let it not compile"
)]
#[derive(Clone, Debug, Eq, PartialEq)]
#[must_use]
pub enum Output {
    /// Keep this in place of the record of the same way and id, durably, before anything that follows.
    Save(Kept),
    /// The record of this way and id is not needed any more.
    Forget(Way, Id),
    /// Send an aside on the connection of the last [`back`](crate::Transfers::back). It may be lost with it.
    Send(Vec<u8>),
    /// Read so many bytes at an offset, of the file that is sent, or of the partial file; then call
    /// [`read`](crate::Transfers::read) or [`failed`](crate::Transfers::failed), now or later. At most one
    /// of each file is asked for at a time, and none is longer than 65,536 bytes.
    Read {
        /// Which way the file goes.
        way: Way,
        /// The transfer.
        id: Id,
        /// Where.
        offset: u64,
        /// How many bytes.
        len: usize,
    },
    /// Write these bytes at an offset of the partial file; then call
    /// [`written`](crate::Transfers::written) or [`failed`](crate::Transfers::failed), now or later, but
    /// without waiting for another output: the sender may be waiting. They follow what was there. Not to be
    /// done any more once the transfer is over.
    Write {
        /// The transfer.
        id: Id,
        /// Where.
        offset: u64,
        /// What: 1 to 61,371 bytes of the other side's choice.
        bytes: Vec<u8>,
    },
    /// Tell the person.
    Tell(Event),
    /// Nothing to do before the next call.
    Wait,
}

/// What a person should know of a transfer. One that ended may be told twice, if this program died at
/// the wrong moment.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Event {
    /// The other side has a file for us. Waits for [`accept`](crate::Transfers::accept) or
    /// [`cancel`](crate::Transfers::cancel), without a limit.
    Offered {
        /// The transfer.
        id: Id,
        /// What they say of it.
        file: File,
    },
    /// They want our file, or go on with it.
    Accepted {
        /// The transfer.
        id: Id,
        /// Bytes that they have already.
        offset: u64,
    },
    /// They do not want our file. The transfer is over.
    Declined {
        /// The transfer.
        id: Id,
    },
    /// More of a file is durably where it goes.
    Progress {
        /// Which way.
        way: Way,
        /// The transfer.
        id: Id,
        /// Bytes that are there.
        done: u64,
        /// Of so many.
        of: u64,
    },
    /// The whole file is there, and is the one that was sent. One of [`Way::In`] is still in its partial
    /// file: put it where it belongs, then call [`placed`](crate::Transfers::placed). If the partial file
    /// is not there any more, that was done already.
    Done {
        /// Which way.
        way: Way,
        /// The transfer.
        id: Id,
    },
    /// There will be no whole file. What is there of it can be removed.
    Failed {
        /// Which way.
        way: Way,
        /// The transfer.
        id: Id,
        /// Who ended it.
        by: By,
        /// Why, as that side says.
        reason: Reason,
    },
}

/// What was refused or ignored; none of it ends more than a transfer.
///
/// # Spec
///
/// `spec/23-files.md` 5.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub struct Stats {
    /// Asides that are no frame of this protocol, or of a kind that we do not know.
    pub malformed: u64,
    /// Frames about a transfer that is not there or not there any more, or that were not due.
    pub misplaced: u64,
    /// Offers above the bounds.
    pub excess: u64,
    /// Transfers that ended because the other side did not keep to the protocol.
    pub breaches: u64,
}
