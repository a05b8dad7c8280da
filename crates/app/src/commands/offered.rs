//! What this machine offers, from the options to the agent's library: the same for `serve` and for `agent`.

use std::path::Path;
use std::sync::Arc;

use anyhow::anyhow;
use tailcast_agent::{Host, HostConfig, OfferError, Offers};
use tailcast_wire::HostName;

use crate::exit::{Exit, Failure};
use crate::options::Offer;
use crate::tails::Tails;

/// This machine as an agent knows it.
pub(super) fn host(offer: Offer, tails: &Tails) -> Result<Arc<Host>, Failure> {
    let offers = offers(&offer)?;
    Ok(Host::within(HostConfig { host: offer.host, offers, labels: offer.labels, zone: zone() }, tails.quota()))
}

/// The logs that are pushed to a hub as `host`, in this folder. Their stamps mean the hub's zone where they name none.
pub(super) fn pushed(host: HostName, folder: &Path, tails: &Tails) -> Result<Arc<Host>, OfferError> {
    let (offers, labels) = (Offers::spool(folder)?, vec![("kind".to_owned(), "pushed".to_owned())]);
    Ok(Host::within(HostConfig { host, offers, labels, zone: zone() }, tails.quota()))
}

/// Other offers for a machine that is serving.
pub(super) fn renew(offer: Option<Offer>, host: Option<&Arc<Host>>) -> Result<(), Failure> {
    if let (Some(offer), Some(host)) = (offer, host) {
        host.offer(offers(&offer)?);
    }
    Ok(())
}

/// The name of this machine's time zone.
fn zone() -> Option<String> {
    jiff::tz::TimeZone::system().iana_name().map(str::to_owned)
}

fn offers(offer: &Offer) -> Result<Offers, Failure> {
    let offers = Offers::new(&offer.paths, &offer.exclude).map_err(|e| Failure::new(Exit::Usage, anyhow!(e)))?;
    Ok(offers.with_processes(offer.processes))
}
