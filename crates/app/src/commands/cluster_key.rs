//! `tailcast cluster-key`: a new key on stdout, for the file that `cluster.key_file` names on each hub of a cluster.

use std::io::Write;

use tailcast_hub::cluster::ClusterKey;

use crate::exit::{Exit, Failure, Outcome};

/// Prints one.
pub(crate) fn run() -> Outcome {
    let key = ClusterKey::new_text().map_err(|error| Failure::new(Exit::Failed, error))?;
    writeln!(std::io::stdout(), "{key}")?;
    Ok(Exit::Ok)
}
