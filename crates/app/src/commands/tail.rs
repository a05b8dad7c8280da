//! `tailcast tail`: the end of logs and what is added to them.

use crate::cli;
use crate::environment::Environment;
use crate::exit::{Failure, Outcome};

pub(crate) async fn run(_flags: cli::Tail, _environment: &Environment) -> Outcome {
    Err(Failure::usage("not there yet"))
}
