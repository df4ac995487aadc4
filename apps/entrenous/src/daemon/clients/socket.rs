//! A Unix socket of the owner's, and nobody else's.

use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt};
use std::os::unix::net::UnixStream as Std;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio::io::AsyncWriteExt;
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::{Semaphore, mpsc};
use tokio::time::{sleep, timeout};

use super::super::hub::ClientId;
use super::super::protocol::{Event, Fault};
use super::{Input, serve};
use crate::failure::Failure;

/// A socket on which clients come in; it is removed with this.
#[derive(Debug)]
pub(in crate::daemon) struct Socket {
    listener: UnixListener,
    path: PathBuf,
    /// Whose it is.
    owner: u32,
    room: Arc<Semaphore>,
}

/// Those who came in over a socket.
#[derive(Debug)]
pub(in crate::daemon) struct Everyone(Arc<Semaphore>);

impl Everyone {
    /// Returns when all have left.
    pub(in crate::daemon) async fn gone(self) {
        let all = u32::try_from(MOST).unwrap_or(u32::MAX);
        // It is never closed.
        drop(self.0.acquire_many(all).await);
    }
}

impl Socket {
    /// Makes the socket `path`, which only its owner may open, in place of one where nobody answers.
    ///
    /// # Errors
    ///
    /// Something else is there, another program answers, or the system refuses.
    pub(in crate::daemon) fn bind(path: &Path) -> Result<Self, Failure> {
        let place = path.display();
        match fs::symlink_metadata(path) {
            Ok(there) if !there.file_type().is_socket() => {
                return Err(Failure::input(format!("{place} is there, and no socket")));
            }
            Ok(_) if Std::connect(path).is_ok() => {
                return Err(
                    Failure::input(format!("another program listens at {place} already"))
                        .hint("end it, or give another path"),
                );
            }
            _ => {}
        }
        let bound = bind(path).map_err(|error| {
            Failure::input(format!("cannot make the socket {place}: {error}"))
                .hint("its folder must be there and yours; a path has at most about 90 bytes")
                .because(&error)
        });
        let (listener, owner) = bound?;
        Ok(Self {
            listener,
            path: path.to_owned(),
            owner,
            room: Arc::new(Semaphore::new(MOST)),
        })
    }

    pub(in crate::daemon) fn everyone(&self) -> Everyone {
        Everyone(Arc::clone(&self.room))
    }

    /// Lets clients in until dropped.
    pub(in crate::daemon) async fn serve(self, inputs: mpsc::Sender<Input>) {
        let mut number = 1_u64;
        loop {
            let Ok((stream, _)) = self.listener.accept().await else {
                // The system has no more of something; it may have later.
                sleep(PAUSE).await;
                continue;
            };
            let uid = stream.peer_cred().map(|peer| peer.uid());
            if !uid.is_ok_and(|uid| uid == self.owner || uid == 0) {
                continue;
            }
            let Ok(permit) = Arc::clone(&self.room).try_acquire_owned() else {
                tokio::spawn(refuse(stream));
                continue;
            };
            let (client, inputs) = (ClientId(number), inputs.clone());
            number = number.saturating_add(1);
            tokio::spawn(async move {
                let (from, to) = stream.into_split();
                serve(client, from, to, &inputs).await;
                drop(permit);
            });
        }
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        // One that stays is replaced by whoever comes next.
        let _ = fs::remove_file(&self.path);
    }
}

/// Binds in a folder that nobody else can enter, so that there is no moment at which others could connect.
fn bind(path: &Path) -> io::Result<(UnixListener, u32)> {
    let parent = path.parent().unwrap_or(path);
    let parent = match parent.as_os_str().is_empty() {
        true => Path::new("."),
        false => parent,
    };
    let folder = tempfile::Builder::new()
        .prefix(".")
        .permissions(Permissions::from_mode(0o700))
        .tempdir_in(parent)?;
    let hidden = folder.path().join("s");
    let listener = UnixListener::bind(&hidden)?;
    fs::set_permissions(&hidden, Permissions::from_mode(0o600))?;
    let owner = fs::metadata(&hidden)?.uid();
    fs::rename(&hidden, path)?;
    Ok((listener, owner))
}

/// Says why nobody more is let in.
async fn refuse(mut stream: UnixStream) {
    let text = format!("there are {MOST} clients already");
    let event = Event::from(Fault::new("too_many_clients", text));
    if let Ok(line) = event.line(None) {
        drop(timeout(PATIENCE, stream.write_all(&line)).await);
    }
}

/// Clients at a time.
const MOST: usize = 32;
const PAUSE: Duration = Duration::from_millis(200);
const PATIENCE: Duration = Duration::from_secs(1);

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_socket_is_its_owners_takes_the_place_of_a_dead_one_and_of_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("d.sock");
        drop(std::os::unix::net::UnixListener::bind(&path).unwrap());
        assert!(path.exists());
        let socket = Socket::bind(&path).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().mode() & 0o777, 0o600);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
        let again = Socket::bind(&path).unwrap_err();
        assert!(again.text.contains("listens at"), "{again:?}");
        drop(socket);
        assert!(!path.exists());
        fs::write(&path, "mine").unwrap();
        let other = Socket::bind(&path).unwrap_err();
        assert!(other.text.contains("no socket"), "{other:?}");
        assert_eq!(fs::read(&path).unwrap(), b"mine");
    }

    #[tokio::test]
    async fn whoever_comes_when_it_is_full_is_told_so() {
        use tokio::io::{AsyncBufReadExt, BufReader};

        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("d.sock");
        let (inputs, mut hears) = mpsc::channel(1);
        let serving = tokio::spawn(Socket::bind(&path).unwrap().serve(inputs));
        let mut clients = Vec::new();
        let mut outlets = Vec::new();
        for _ in 0..MOST {
            clients.push(UnixStream::connect(&path).await.unwrap());
            match hears.recv().await {
                Some(Input::Joined(_, outlet)) => outlets.push(outlet),
                other => panic!("{other:?}"),
            }
        }
        let one_more = UnixStream::connect(&path).await.unwrap();
        let mut line = String::new();
        BufReader::new(one_more).read_line(&mut line).await.unwrap();
        assert!(line.contains("too_many_clients"), "{line}");
        serving.abort();
    }
}
