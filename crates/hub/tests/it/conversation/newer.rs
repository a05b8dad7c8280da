//! What a peer would say that knows more than this one: unknown fields in every place that has fields, unknown messages.

use minicbor::data::Type;
use minicbor::decode::Decoder;
use minicbor::encode::Encoder;
use tailcast_wire::decode;

/// More fields than anything has.
const FIELDS: usize = 32;

/// How the other side differs from what was recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Peer {
    AsRecorded,
    /// It knows one field more of everything.
    WithFields,
    /// It says something unknown before and behind each message; an agent's first word is always its hello.
    WithMessages,
}

impl Peer {
    pub(super) const ALL: [Peer; 3] = [Peer::AsRecorded, Peer::WithFields, Peer::WithMessages];

    /// What it sends in the place of a recorded message; `is_hello`: nothing may come before it.
    pub(super) fn says<T>(self, recorded: &[u8], is_hello: bool) -> Vec<Vec<u8>>
    where
        T: PartialEq + for<'b> minicbor::Decode<'b, ()>,
    {
        match self {
            Peer::AsRecorded => vec![recorded.to_vec()],
            Peer::WithFields => vec![with_fields::<T>(recorded)],
            Peer::WithMessages if is_hello => vec![recorded.to_vec(), unknown()],
            Peer::WithMessages => vec![unknown(), recorded.to_vec(), unknown()],
        }
    }
}

/// A question of a kind that nobody knows, with this number.
pub(super) fn unknown_question(number: u64) -> Vec<u8> {
    let mut out = Encoder::new(Vec::new());
    out.array(1).unwrap().array(2).unwrap().u32(5).unwrap().array(2).unwrap().u64(number).unwrap();
    out.array(2).unwrap().u32(99).unwrap().array(1).unwrap().str("from the future").unwrap();
    out.into_writer()
}

/// The envelope, and in it a message with a number that nobody knows.
fn unknown() -> Vec<u8> {
    let mut out = Encoder::new(Vec::new());
    out.array(1).unwrap().array(2).unwrap().u32(99).unwrap().array(1).unwrap().str("from the future").unwrap();
    out.into_writer()
}

/// CBOR as far as it matters here: arrays are fields, or numbered choices, or lists; all else is left alone.
enum Item {
    Array(Vec<Item>),
    Other(Vec<u8>),
}

impl Item {
    fn read(input: &mut Decoder<'_>) -> Self {
        if input.datatype().unwrap() == Type::Array {
            let length = input.array().unwrap().unwrap();
            return Item::Array((0..length).map(|_| Item::read(input)).collect());
        }
        let from = input.position();
        input.skip().unwrap();
        Item::Other(input.input()[from..input.position()].to_vec())
    }

    fn arrays(&self) -> usize {
        match self {
            Item::Array(items) => 1 + items.iter().map(Item::arrays).sum::<usize>(),
            Item::Other(_) => 0,
        }
    }

    /// Writes it, with a field more in the arrays that are chosen by their number in order.
    fn write(&self, out: &mut Encoder<Vec<u8>>, number: &mut usize, longer: &dyn Fn(usize) -> bool) {
        let items = match self {
            Item::Array(items) => items,
            Item::Other(bytes) => return out.writer_mut().extend_from_slice(bytes),
        };
        let is_longer = longer(*number);
        *number += 1;
        out.array(if is_longer { FIELDS as u64 + 1 } else { items.len() as u64 }).unwrap();
        items.iter().for_each(|item| item.write(out, number, longer));
        if is_longer {
            // Those in front of it are absent.
            for _ in items.len()..FIELDS {
                out.null().unwrap();
            }
            out.str("from the future").unwrap();
        }
    }

    fn written(&self, longer: &dyn Fn(usize) -> bool) -> Vec<u8> {
        let mut out = Encoder::new(Vec::new());
        self.write(&mut out, &mut 0, longer);
        out.into_writer()
    }
}

/// The message with one more field in every place that has fields: wherever one more alone changes nothing. In lists and
/// choices it would be something else than a field, and is an error.
fn with_fields<T>(recorded: &[u8]) -> Vec<u8>
where
    T: PartialEq + for<'b> minicbor::Decode<'b, ()>,
{
    let item = Item::read(&mut Decoder::new(recorded));
    let meant = decode::<T>(recorded).unwrap();
    let is_place = |number: &usize| {
        let longer = item.written(&|other| other == *number);
        decode::<T>(&longer).is_ok_and(|said| said == meant)
    };
    let places: Vec<usize> = (0..item.arrays()).filter(is_place).collect();
    // The envelope, and the message in it, behind the array that numbers it.
    assert!(places.contains(&0) && places.contains(&2), "a message that takes no unknown field: {recorded:02x?}");
    let all = item.written(&|number| places.contains(&number));
    assert!(decode::<T>(&all).unwrap() == meant, "unknown fields that are skipped one by one are not skipped together");
    all
}

/// The message with another number in its first field.
pub(super) fn renumbered(recorded: &[u8], number: u64) -> Vec<u8> {
    let mut input = Decoder::new(recorded);
    input.array().unwrap();
    input.array().unwrap();
    input.skip().unwrap();
    input.array().unwrap();
    let from = input.position();
    input.skip().unwrap();
    let mut out = Encoder::new(recorded[..from].to_vec());
    out.u64(number).unwrap();
    let mut out = out.into_writer();
    out.extend_from_slice(&recorded[input.position()..]);
    out
}
