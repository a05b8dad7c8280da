//! What channels are called at the broker: `tailcast.{cluster}.{128 bits in hex}`.
//!
//! A hash, so that spaces, `*`, braces and length cannot matter; a cryptographic one, so that nobody can name two
//! channels that meet. The cluster's name keeps two installations on one broker apart: databases do not, in Redis.

use aws_lc_rs::digest;

/// The hash of a channel's name.
pub(crate) type Id = [u8; 16];

/// What a name is for, so that no channel's name can be that of a control channel.
#[derive(Clone, Copy)]
pub(crate) enum Use {
    Channel,
    /// Where subscribers ask publishers for their last numbers.
    Ask,
    /// Where one link hears itself.
    Probe,
}

pub(crate) fn id(purpose: Use, name: &[u8]) -> Id {
    let mut hash = digest::Context::new(&digest::SHA256);
    hash.update(match purpose {
        Use::Channel => b"channel:",
        Use::Ask => b"ask:",
        Use::Probe => b"probe:",
    });
    hash.update(name);
    let mut id = Id::default();
    id.copy_from_slice(&hash.finish().as_ref()[..16]);
    id
}

/// The names at the broker of one cluster.
#[derive(Clone, Debug)]
pub(crate) struct Subjects(String);

impl Subjects {
    pub(crate) fn new(cluster: &str) -> Self {
        Self(format!("tailcast.{cluster}."))
    }

    pub(crate) fn of(&self, id: &Id) -> String {
        const HEX: &[u8; 16] = b"0123456789abcdef";
        let mut subject = String::with_capacity(self.0.len() + 32);
        subject.push_str(&self.0);
        for byte in id {
            subject.push(char::from(HEX[usize::from(byte >> 4)]));
            subject.push(char::from(HEX[usize::from(byte & 15)]));
        }
        subject
    }

    /// The way back; `None` for what is not ours.
    pub(crate) fn id(&self, subject: &[u8]) -> Option<Id> {
        let hex = subject.strip_prefix(self.0.as_bytes()).filter(|hex| hex.len() == 32)?;
        let mut id = Id::default();
        for (byte, pair) in id.iter_mut().zip(hex.chunks_exact(2)) {
            *byte = (digit(pair[0])? << 4) | digit(pair[1])?;
        }
        Some(id)
    }
}

fn digit(hex: u8) -> Option<u8> {
    char::from(hex).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}
