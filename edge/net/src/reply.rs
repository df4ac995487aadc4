use tokio::sync::{mpsc, oneshot};

/// The reply to something that was sent into `asks`; `None` if whoever took it is gone without one.
///
/// What is sent while the receiver goes may be dropped with the channel only, which the sender holds: so
/// the reply alone would be waited for without end. What was replied before is there.
pub(crate) async fn reply<A, T>(
    asks: &mpsc::Sender<A>,
    mut replied: oneshot::Receiver<T>,
) -> Option<T> {
    tokio::select! {
        biased;
        reply = &mut replied => reply.ok(),
        () = asks.closed() => replied.try_recv().ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_reply_comes_though_the_other_side_is_gone_since() {
        let (asks, taken) = mpsc::channel::<()>(1);
        let (reply_to, replied) = oneshot::channel();
        reply_to.send(7).unwrap();
        drop(taken);
        assert_eq!(reply(&asks, replied).await, Some(7));
    }

    #[tokio::test]
    async fn no_reply_is_waited_for_once_nobody_can_give_one() {
        let (asks, taken) = mpsc::channel::<()>(1);
        // what was sent is held by the channel, and never taken
        let (_reply_to, replied) = oneshot::channel::<()>();
        drop(taken);
        assert_eq!(reply(&asks, replied).await, None);
    }
}
