//! The rest of a line that the hub has cut: read as raw bytes from where it was cut, so that a pipe gets all of it.

use bytes::Bytes;
use http_body_util::BodyExt;
use tailcast_tail::{Offset, Token};
use tailcast_wire::{Block, Body, Ends};
use url::form_urlencoded::Serializer;

use super::output::Output;
use crate::client::Client;
use crate::exit::{Failure, say};

/// A stretch that is still to be fetched.
pub(super) struct Rest {
    /// The position of its first byte.
    pub(super) from: String,
    /// In bytes.
    pub(super) length: u64,
}

/// Writes a block, and what was cut from lines in it.
pub(super) async fn whole(client: &mut Client, output: &mut Output, log: &str, block: &Block) -> Result<(), Failure> {
    match &block.body {
        Body::Raw(bytes) => {
            output.block(log, block)?;
            if let Ends::Cut { .. } = &block.ends
                && let Some(rest) = behind(block, block.start, bytes, block.end.saturating_sub(block.start))
            {
                fetch(client, output, (log, block.life), &rest).await?;
            }
        }
        Body::Picked { lines, .. } if lines.iter().all(|line| line.cut.is_none()) => output.block(log, block)?,
        Body::Picked { lines, .. } => {
            for line in lines {
                output.bytes(log, block.life, &line.bytes)?;
                if let Some(rest) = line.cut.and_then(|length| behind(block, line.offset, &line.bytes, length)) {
                    fetch(client, output, (log, block.life), &rest).await?;
                }
                output.end_line(log, block.life, line.bytes.is_empty())?;
            }
        }
    }
    Ok(())
}

/// What lies behind `bytes`, which begin at `start`, of a line that has `length` bytes.
fn behind(block: &Block, start: u64, bytes: &Bytes, length: u64) -> Option<Rest> {
    let length = length.checked_sub(bytes.len() as u64).filter(|length| *length > 0)?;
    let token = Token::try_from(&block.token[..]).ok()?;
    let from = token.position(Offset(start + bytes.len() as u64), bytes).to_string();
    Some(Rest { from, length })
}

/// Writes that stretch.
pub(super) async fn fetch(
    client: &mut Client,
    output: &mut Output,
    of: (&str, u64),
    rest: &Rest,
) -> Result<(), Failure> {
    let (log, life) = of;
    const PATH: &str = "raw?";
    let path = Serializer::for_suffix(PATH.to_owned(), PATH.len())
        .append_pair("log", log)
        .append_pair("from", &rest.from)
        .finish();
    let mut body = client.get(&path, "application/octet-stream").await?.into_body();
    let mut left = rest.length;
    while left > 0 {
        // Whatever is behind the line is not read: dropping the body ends the connection.
        let Some(frame) = body.frame().await else {
            say(&format!("{log}: the last {left} bytes of a long line are gone from the disk"));
            return Ok(());
        };
        if let Ok(mut piece) = frame.map_err(|error| client.broken(error))?.into_data() {
            piece.truncate(usize::try_from(left).unwrap_or(usize::MAX));
            left -= piece.len() as u64;
            output.bytes(log, life, &piece)?;
        }
    }
    Ok(())
}
