//! Random lives of a log: whatever is done to the files, a follower gives out each line once and in order, and says what is missing.
//!
//! A program is a list of hands laid on real files in a temporary directory; the model (`model::world`) keeps the books,
//! and the reader (`model::reader`) checks each word of the follower against them. There is no clock in it and no thread:
//! the follower is stepped by the program, and is either hasty (waits for nobody) or patient (waits for ever).
//! `PROPTEST_CASES` says how many programs are tried. What was found that way are the tests with names in `model::found`.

mod found;
mod history;
mod reader;
mod world;

use proptest::prelude::*;
use proptest::test_runner::{Config, RngSeed, TestCaseError};

use self::reader::{Check, Reader};
use self::world::World;

/// How many programs a normal run tries.
const CASES: u32 = 300;

/// What is done next.
#[derive(Clone, Debug)]
enum Op {
    /// The service writes whole lines of about this length, and perhaps half a line.
    Write(usize, usize, bool),
    Reopen,
    Touch,
    /// By renaming; the new file is made at once, and the service told to use it, or not.
    Rotate {
        create: bool,
        reopen: bool,
    },
    /// Copied and cut to nothing; in between lines may come that are in neither file.
    CopyTruncate {
        late: bool,
    },
    /// Only the first half of that.
    Copy,
    /// Cut after so many 255ths.
    Truncate(u8),
    Delete,
    /// Replaced by a file that begins with so many 255ths of its lines and has more lines.
    Replace(u8, usize),
    Retarget,
    /// A rotated file goes: compressed, or out of its time.
    Expire(usize),
    /// The follower looks and reads all there is.
    Look,
    /// It reads a little.
    Step(usize),
    Skip,
    /// Pages of so many lines, backwards and forwards.
    History(usize),
    /// The place of so many blocks ago is looked for.
    Find(usize),
    Stop,
    /// It goes on where it was so many places ago, in another process.
    Resume {
        back: usize,
        patient: bool,
    },
}

/// A whole test.
#[derive(Clone, Debug)]
struct Program {
    linked: bool,
    append: bool,
    from_end: bool,
    patient: bool,
    ops: Vec<Op>,
}

impl Program {
    /// The usual circumstances.
    fn of(ops: &[Op]) -> Self {
        Self { linked: false, append: true, from_end: false, patient: false, ops: ops.to_vec() }
    }

    fn run(&self) -> Check {
        let mut world = World::new(self.linked, self.append);
        let mut reader = Reader::new(&world, self.from_end, self.patient);
        let outcome = self.ops.iter().try_for_each(|op| {
            reader.note(format!("{op:?}"));
            play(op, &mut world, &mut reader)
        });
        let outcome = outcome.and_then(|()| {
            reader.note("the end".to_owned());
            reader.resume(&world, 0, false);
            reader.look(&world)?;
            history::pages(&world, &reader, 3)
        });
        outcome.map_err(|why| format!("{why}\n{}", reader.story()))
    }
}

fn play(op: &Op, world: &mut World, reader: &mut Reader) -> Check {
    match *op {
        Op::Write(lines, len, half) => world.write(lines, len, half),
        Op::Reopen => world.reopen(),
        Op::Touch => world.touch(),
        Op::Rotate { create, reopen } => {
            world.rotate(create);
            if reopen {
                world.reopen();
            }
        }
        Op::CopyTruncate { late } => {
            world.copy();
            if late {
                world.write(1, 6, false);
            }
            world.truncate(0);
        }
        Op::Copy => {
            // Small files are copied before anybody can look, and are not taken for copies.
            world.reopen();
            world.write(1, 1100, false);
            world.copy();
        }
        Op::Truncate(part) => world.truncate(part),
        Op::Delete => world.remove(&world.real()),
        Op::Replace(kept, lines) => world.replace(kept, lines),
        Op::Retarget => world.retarget(),
        Op::Expire(n) => world.remove(&format!("{}.{n}", world.real())),
        Op::Look => {
            world.cut = false;
            return reader.look(world);
        }
        Op::Step(most) => return reader.step(world, most).map(|_| ()),
        Op::Skip => return reader.skip(world),
        Op::History(lines) => return history::pages(world, reader, lines),
        Op::Find(back) => return history::find(world, reader, back),
        Op::Stop => reader.stop(),
        Op::Resume { back, patient } => reader.resume(world, back, patient),
    }
    Ok(())
}

fn op() -> impl Strategy<Value = Op> {
    let len = prop_oneof![8 => 3..20_usize, 3 => 100..900_usize, 2 => 3000..9000_usize];
    let write = (0..5_usize, len, prop::bool::weighted(0.3)).prop_map(|(lines, len, half)| Op::Write(lines, len, half));
    let rotate = (prop::bool::weighted(0.8), prop::bool::weighted(0.8));
    prop_oneof![
        16 => write,
        1 => Just(Op::Write(1, 300_000, false)),
        2 => Just(Op::Reopen),
        1 => Just(Op::Touch),
        6 => rotate.prop_map(|(create, reopen)| Op::Rotate { create, reopen }),
        4 => prop::bool::weighted(0.3).prop_map(|late| Op::CopyTruncate { late }),
        1 => Just(Op::Copy),
        1 => Just(Op::Truncate(0)),
        2 => (0..255_u8).prop_map(Op::Truncate),
        2 => Just(Op::Delete),
        2 => (prop_oneof![Just(255_u8), 0..=255_u8], 0..4_usize).prop_map(|(kept, lines)| Op::Replace(kept, lines)),
        2 => Just(Op::Retarget),
        2 => (1..4_usize).prop_map(Op::Expire),
        14 => Just(Op::Look),
        3 => (1..200_usize).prop_map(Op::Step),
        1 => Just(Op::Skip),
        3 => (1..9_usize).prop_map(Op::History),
        3 => (0..12_usize).prop_map(Op::Find),
        2 => Just(Op::Stop),
        4 => (prop_oneof![3 => Just(0), 1 => 0..12_usize], prop::bool::weighted(0.3))
            .prop_map(|(back, patient)| Op::Resume { back, patient }),
    ]
}

fn program() -> impl Strategy<Value = Program> {
    let ops = prop::collection::vec(op(), 1..40);
    let flags = (prop::bool::weighted(0.2), prop::bool::weighted(0.8), any::<bool>(), prop::bool::weighted(0.2));
    (flags, ops).prop_map(|((linked, append, from_end, patient), ops)| Program {
        linked,
        append,
        from_end,
        patient,
        ops,
    })
}

/// The same programs in each run, so that a change is to blame for what fails; `PROPTEST_CASES` and `PROPTEST_RNG_SEED` try others.
fn config() -> Config {
    let asked = Config::default();
    let usual = Config { cases: 256, rng_seed: RngSeed::Random, ..Config::default() };
    let cases = if asked.cases == usual.cases { CASES } else { asked.cases };
    let rng_seed = if asked.rng_seed == usual.rng_seed && cases == CASES { RngSeed::Fixed(1) } else { asked.rng_seed };
    Config { cases, rng_seed, max_shrink_iters: 20_000, failure_persistence: None, ..asked }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn each_line_comes_once_whatever_happens_to_its_file(program in program()) {
        program.run().map_err(TestCaseError::fail)?;
    }
}
