//! `look`: the ten processes nearest to their limit. `look PID`: one of them in full.
//!
//! The smallest use of the library that is of use.

use std::process::ExitCode;

use tailcast_procs::{Error, Proc, Window};

fn main() -> ExitCode {
    let looked = match std::env::args_os().nth(1) {
        None => all(),
        Some(pid) => match pid.to_str().and_then(|pid| pid.parse().ok()) {
            Some(pid) => one(pid),
            None => return ExitCode::from(2),
        },
    };
    looked.map_or_else(
        |error| {
            eprintln!("look: {error}");
            ExitCode::FAILURE
        },
        |()| ExitCode::SUCCESS,
    )
}

fn all() -> Result<(), Error> {
    let mut seen = Proc::new()?.processes()?;
    seen.list.sort_by(|a, b| b.percent().unwrap_or(0.0).total_cmp(&a.percent().unwrap_or(0.0)));
    for process in seen.list.iter().take(10) {
        let percent = process.percent().unwrap_or(0.0);
        println!("{:>7} {:>7} {percent:>5.1} %  {:?}", process.id.pid, process.fds.unwrap_or(0), process.name);
    }
    seen.unseen.iter().for_each(|unseen| println!("{unseen}"));
    Ok(())
}

fn one(pid: u32) -> Result<(), Error> {
    let detail = Proc::new()?.detail(pid, Window { from: 0, most: 100 })?;
    detail.peers.iter().for_each(|peer| println!("{peer}"));
    for file in &detail.files {
        let about = file.about.as_ref().map(ToString::to_string).unwrap_or_default();
        println!("{:>5} {:<10} {:?} {about}", file.fd, file.kind.name(), file.target);
    }
    detail.unseen.iter().for_each(|unseen| println!("{unseen}"));
    Ok(())
}
