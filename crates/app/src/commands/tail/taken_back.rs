//! What a killed run has written behind its cursor is taken back from the output, to be written again from the logs. But
//! the output may be anybody's: a note by hand is in no log. So all that is cut off is put aside first, and on the disk.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::os::fd::AsRawFd;
use std::path::{Path, PathBuf};

use super::replaced::{Reach, replace, with};
use super::stdout::{Mark, Stdout};
use crate::exit::{Exit, Failure, say};

/// Only for whoever runs this: it is a piece of a file whose permissions are not ours to widen.
const MODE: u32 = 0o600;

/// Takes back what the output has behind `mark`, and says so. It is kept beside the cursor file, in place of what was taken
/// back before. A file that is another one now, or is shorter, is left alone.
///
/// # Errors
/// When it cannot be put aside; then nothing is taken back.
pub(super) fn take_back(stdout: &Stdout, mark: Mark, cursor: &Path) -> Result<(), Failure> {
    if stdout.behind(mark)? == 0 {
        return Ok(());
    }
    let aside = with(cursor, ".taken-back");
    let bytes = put_aside(stdout, mark, &aside).map_err(|error| trouble(&aside, error))?;
    stdout.cut(mark)?;
    let (cursor, aside) = (cursor.display(), aside.display());
    say(&format!(
        "{bytes} bytes of the output are not in {cursor} yet: taken back, to be written again as far as they are from \
         these logs; all of them are kept in {aside}"
    ));
    Ok(())
}

/// Copies what stands behind `mark`; how many bytes that are.
fn put_aside(stdout: &Stdout, mark: Mark, aside: &Path) -> io::Result<u64> {
    // A descriptor that appends cannot be read from; this opens the same file, even if its name has gone.
    let mut output = File::open(PathBuf::from(format!("/proc/self/fd/{}", stdout.file().as_raw_fd())))?;
    output.seek(SeekFrom::Start(mark.length))?;
    let mut bytes = 0;
    replace(aside, MODE, Reach::Disk, |kept| {
        bytes = io::copy(&mut output.by_ref(), kept)?;
        Ok(())
    })?;
    Ok(bytes)
}

fn trouble(aside: &Path, error: io::Error) -> Failure {
    let words = format!(
        "the output has more than the cursor file says, and that cannot be kept in {}, so it is not taken back",
        aside.display()
    );
    Failure::new(Exit::Failed, anyhow::Error::from(error).context(words))
}
