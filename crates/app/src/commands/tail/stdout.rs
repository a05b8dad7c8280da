//! Standard output without a buffer: what `write` has returned from is with the kernel, which is what a cursor file may
//! say. Rust's own stdout keeps a line back; a block is one write already.

use std::fs::File;
use std::io::{self, IsTerminal, Write};
use std::os::fd::AsFd;
use std::sync::Arc;

use rustix::event::{PollFd, PollFlags, poll};
use rustix::fs::{FileType, FlockOperation, OFlags, fcntl_getfl, flock, fstat};
use rustix::io::retry_on_intr;
use serde::{Deserialize, Serialize};
use tokio::sync::Notify;

/// Where the bytes go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// To a person.
    Terminal,
    /// Behind what is in a file (`>> FILE`): what was written can be seen again, and taken back.
    Appended,
    /// Into a pipe, a socket, a device, or a file from its beginning: what was written is out of our hands.
    Stream,
}

/// Standard output.
#[derive(Debug)]
pub(super) struct Stdout {
    file: File,
    kind: Kind,
}

/// Who reads what we write. A quiet log brings no write that would fail, so `tail … | head -1` is ended by this.
#[derive(Debug, Default)]
pub(super) struct Reader(Arc<Notify>);

impl Reader {
    /// Waits until the reader has left; for ever where that cannot be told. Cancel safe.
    pub(super) async fn left(&self) {
        self.0.notified().await;
    }
}

/// How far a file that is appended to had come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Mark {
    device: u64,
    inode: u64,
    /// In bytes.
    pub(super) length: u64,
}

impl Stdout {
    /// The standard output of this process.
    pub(super) fn of_this_process() -> io::Result<Self> {
        let stdout = io::stdout();
        let file = File::from(stdout.as_fd().try_clone_to_owned()?);
        let regular = FileType::from_raw_mode(fstat(&file)?.st_mode) == FileType::RegularFile;
        let kind = match () {
            () if stdout.is_terminal() => Kind::Terminal,
            () if regular && fcntl_getfl(&file)?.contains(OFlags::APPEND) => Kind::Appended,
            () => Kind::Stream,
        };
        Ok(Stdout { file, kind })
    }

    /// Where the bytes go.
    pub(super) fn kind(&self) -> Kind {
        self.kind
    }

    /// Keeps others who ask from appending to the same file while this process lives; false when somebody does.
    pub(super) fn claim(&self) -> io::Result<bool> {
        match flock(&self.file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => Ok(true),
            Err(rustix::io::Errno::WOULDBLOCK) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    /// How far the file has come.
    pub(super) fn mark(&self) -> io::Result<Mark> {
        let stat = fstat(&self.file)?;
        Ok(Mark { device: stat.st_dev, inode: stat.st_ino, length: u64::try_from(stat.st_size).unwrap_or(0) })
    }

    /// How many bytes stand behind `mark`; none in a file that is another one now, or is shorter.
    pub(super) fn behind(&self, mark: Mark) -> io::Result<u64> {
        let now = self.mark()?;
        let same = (now.device, now.inode) == (mark.device, mark.inode);
        Ok(if same { now.length.saturating_sub(mark.length) } else { 0 })
    }

    /// Cuts off what stands behind `mark`.
    pub(super) fn cut(&self, mark: Mark) -> io::Result<()> {
        self.file.set_len(mark.length)
    }

    /// What is written to.
    pub(super) fn file(&self) -> &File {
        &self.file
    }

    /// Looks out for the reader's leaving, where that can be told: of a pipe or a socket.
    ///
    /// A thread sleeps in poll(2) until then. Registering the descriptor with the runtime would do without, but that wants
    /// it non-blocking, a state that is shared with whoever else has this pipe.
    pub(super) fn reader(&self) -> io::Result<Reader> {
        let kind = FileType::from_raw_mode(fstat(&self.file)?.st_mode);
        let reader = Reader::default();
        if matches!(kind, FileType::Fifo | FileType::Socket) {
            let (pipe, left) = (self.file.try_clone()?, Arc::clone(&reader.0));
            std::thread::Builder::new().name("reader".to_owned()).spawn(move || {
                // Without events asked for, only an error or a hang-up ends it.
                if retry_on_intr(|| poll(&mut [PollFd::new(&pipe, PollFlags::empty())], None)).is_ok() {
                    left.notify_one();
                }
            })?;
        }
        Ok(reader)
    }

    /// Brings what was written to the disk.
    pub(super) fn sync(&self) -> io::Result<()> {
        self.file.sync_data()
    }

    /// Writes all of it. Waits when the other side is slow, which is what makes a complete tail go at its pace.
    pub(super) fn write(&mut self, mut bytes: &[u8]) -> io::Result<()> {
        while !bytes.is_empty() {
            match self.file.write(bytes) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(n) => bytes = &bytes[n..],
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                // Whoever shares the terminal or pipe with us has set it to non-blocking.
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => self.wait()?,
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    fn wait(&self) -> io::Result<()> {
        retry_on_intr(|| poll(&mut [PollFd::new(&self.file, PollFlags::OUT)], None))?;
        Ok(())
    }
}

#[cfg(test)]
impl Stdout {
    /// As if `file` were standard output.
    pub(super) fn to(file: File, kind: Kind) -> Self {
        Stdout { file, kind }
    }
}
