//! The past of processes that nobody looks at: one count of their open files a minute, where the host's administrator has
//! switched it on. Where not, there is no timer either.

use std::sync::Arc;
use std::time::Duration;

use tailcast_procs::{Error, Proc, Sample, Unseen};
use tokio_util::sync::CancellationToken;

use super::Processes;
use crate::host::Host;
use crate::offers::Monitor;

/// Counts once a minute until it is stopped, as long as the offers say so.
pub async fn remember(host: &Arc<Host>, stop: &CancellationToken) {
    let mut renewals = host.renewals();
    let mut told = Told::default();
    loop {
        let wanted = host.offers().processes() == Monitor::Always;
        if wanted {
            told.tell(sample(host).await);
        } else {
            told = Told::default();
        }
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(host.processes().until_next()), if wanted => (),
            // Other offers. The sender is the host's, and this holds it.
            _ = renewals.changed() => (),
        }
    }
}

async fn sample(host: &Arc<Host>) -> Result<Sample, String> {
    let host = Arc::clone(host);
    let sampled = tokio::task::spawn_blocking(move || host.processes().sample()).await;
    sampled.map_err(|error| error.to_string())?.map_err(|error: Error| error.to_string())
}

impl Processes {
    /// Until the middle of the next minute: a sample that comes late by less than half of one leaves none out.
    fn until_next(&self) -> Duration {
        let now = (self.clock)();
        Duration::from_secs((now.as_secs() / 60 + 1) * 60 + 30).saturating_sub(now)
    }
}

/// What was said in the agent's log: that it has begun, and what is missing, once each.
#[derive(Debug, Default)]
struct Told {
    begun: bool,
    trouble: bool,
}

impl Told {
    fn tell(&mut self, sampled: Result<Sample, String>) {
        let trouble = match sampled {
            Ok(sample) => {
                self.begin(sample);
                (sample.uncounted > 0).then(|| Unseen::Counts { processes: sample.uncounted }.to_string())
            }
            Err(error) => Some(error),
        };
        if let Some(words) = trouble.as_ref().filter(|_| !self.trouble) {
            tracing::warn!("not all that processes hold open can be remembered: {words}");
        }
        self.trouble = trouble.is_some();
    }

    fn begin(&mut self, sample: Sample) {
        if std::mem::replace(&mut self.begun, true) {
            return;
        }
        tracing::info!(
            "the open files of {} processes are counted once a minute, also while nobody looks",
            sample.counted
        );
        if Proc::new().is_ok_and(|proc| !proc.tells_counts()) {
            tracing::info!(
                "this kernel is older than 6.2: they are listed one by one, at about a microsecond for each file"
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs::File;

    use tailcast_wire::{Answer, Inspect, Inspected, Process};
    use tokio::time::Instant;

    use super::*;
    use crate::host::HostConfig;
    use crate::offers::Offers;

    /// A host whose minutes are those of the test's runtime, which pass as soon as nobody has anything to do.
    fn host(monitor: Monitor) -> Arc<Host> {
        let began = Instant::now();
        let offers = Offers::new(&["/nowhere"], &[]).unwrap().with_processes(monitor);
        let config = HostConfig { host: "web1".parse().unwrap(), offers, labels: Vec::new(), zone: None };
        Host::with(config, Processes::by(move || began.elapsed()))
    }

    async fn ourselves(host: &Arc<Host>) -> Process {
        let host = Arc::clone(host);
        let question = Inspect::Processes { limit: 5000, writes: None, words: Vec::new(), order: None };
        let answer = tokio::task::spawn_blocking(move || host.processes().answer(&host.offers(), question));
        let Ok(Answer::Inspected(Inspected::Processes(list))) = answer.await else { panic!() };
        list.processes.into_iter().find(|process| process.pid == std::process::id()).unwrap()
    }

    /// So many minutes in which this very process opens three files each, and nobody looks.
    async fn left_alone(minutes: u64, open: &mut Vec<File>) {
        for _ in 0..minutes {
            open.extend((0..3).map(|_| File::open("/dev/null").unwrap()));
            tokio::time::sleep(Duration::from_secs(60)).await;
        }
    }

    #[tokio::test(start_paused = true)]
    async fn who_looks_after_a_quarter_of_an_hour_finds_what_grew_meanwhile() {
        let (host, stop, mut open) = (host(Monitor::Always), CancellationToken::new(), Vec::new());
        let (remembered, stopped) = (Arc::clone(&host), stop.clone());
        let remembering = tokio::spawn(async move { remember(&remembered, &stopped).await });
        left_alone(15, &mut open).await;
        let own = ourselves(&host).await;
        assert!((own.slopes.ten.unwrap() - 3.0).abs() < 0.5, "{own:?}");
        assert_eq!((own.findings[0].pattern.as_str(), own.trend.len() > 5), ("leak", true), "{own:?}");
        assert!(own.findings[0].words.contains("all of it devices"), "{own:?}");
        // Switched off, no minute is counted any more; switched on again, they are.
        host.offer(host.offers().as_ref().clone().with_processes(Monitor::Asked));
        left_alone(30, &mut open).await;
        assert_eq!(ourselves(&host).await.slopes.ten, None);
        host.offer(host.offers().as_ref().clone().with_processes(Monitor::Always));
        left_alone(15, &mut open).await;
        assert!(ourselves(&host).await.slopes.ten.is_some());
        stop.cancel();
        remembering.await.unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn unless_it_is_wanted_nothing_is_counted_while_nobody_looks() {
        for monitor in [Monitor::Asked, Monitor::Off] {
            let (host, stop, mut open) = (host(monitor), CancellationToken::new(), Vec::new());
            let (remembered, stopped) = (Arc::clone(&host), stop.clone());
            let remembering = tokio::spawn(async move { remember(&remembered, &stopped).await });
            left_alone(15, &mut open).await;
            assert!(host.processes().watching.lock().unwrap().is_none());
            stop.cancel();
            remembering.await.unwrap();
        }
    }
}
