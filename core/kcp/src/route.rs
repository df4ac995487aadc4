use crate::{Command, Conv, HEADER, Segment};

/// What a listener does with a datagram.
#[expect(
    clippy::exhaustive_enums,
    reason = "a listener that skips one is broken; let it not compile"
)]
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[must_use]
pub enum Route {
    /// It belongs to this connection, one of those that the source already has.
    To(Conv),
    /// It begins a connection: the listener may make one, with this conv, and hand the datagram to
    /// it.
    Open(Conv),
    /// It is for nobody.
    Ignore,
}

/// Says what `datagram` is for, which anyone may have sent; `known` are the connections that its
/// source address has.
///
/// Only what a dialer sends first begins a connection: whole segments of one conv, the first of
/// them a push with number 0, with data, that has seen nothing of ours, from someone who can
/// receive. So punches, packets of a broker and other noise open nothing.
///
/// [`Route::Open`] comes for a new conv whether or not the source has connections. The older one
/// must not go before whoever is behind the new one has proven itself to the layer above: a source
/// address is easily forged.
///
/// # Spec
///
/// `spec/21-datagrams.md` sections 7.1 and 7.2. Departure from kcp-go, which opens a session for any
/// 24 bytes, and closes the old one at once.
pub fn route(datagram: &[u8], known: &[Conv]) -> Route {
    let Some(conv) = conv(datagram) else {
        return Route::Ignore;
    };
    if known.contains(&conv) {
        Route::To(conv)
    } else if is_first(datagram, conv) {
        Route::Open(conv)
    } else {
        Route::Ignore
    }
}

fn conv(datagram: &[u8]) -> Option<Conv> {
    let number = datagram.first_chunk()?;
    let is_long_enough = datagram.len() >= HEADER;
    is_long_enough.then_some(Conv::new(u32::from_le_bytes(*number)))
}

fn is_first(datagram: &[u8], conv: Conv) -> bool {
    let Ok((first, mut rest)) = Segment::decode(datagram) else {
        return false;
    };
    let may_begin = first.command == Command::Push
        && first.number == 0
        && first.next == 0
        && first.fragment == 0
        && first.window > 0
        && !first.data.is_empty();
    while let Ok((segment, after)) = Segment::decode(rest) {
        if segment.conv != conv {
            return false;
        }
        rest = after;
    }
    may_begin && rest.is_empty()
}

#[cfg(test)]
mod tests;
