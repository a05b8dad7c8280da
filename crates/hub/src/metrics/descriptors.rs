//! The budget of descriptors in `/metrics`: by class, and each way in which accepting a connection fails by its name.
//!
//! How long the places last is left out while nothing grows towards their end. The kernel's counters of connections dropped in front of the door are of the whole network namespace: watch how they move. They
//! are left out when there is no descriptor to read them with.

use std::fmt;

use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;
use tailcast_fdguard::{AcceptErrors, ClassUse, Snapshot, backlog_in_force, listen_overflows};

use super::describe;

pub(super) fn encode(encoder: &mut DescriptorEncoder<'_>, now: &Snapshot) -> fmt::Result {
    by_class(encoder, now, "fds_class_used", "Open descriptors of a class", |class| class.used)?;
    by_class(
        encoder,
        now,
        "fds_class_floor",
        "Descriptors that a class can always have, under a limit that holds them all",
        |class| class.floor,
    )?;
    by_class(encoder, now, "fds_class_ceiling", "Descriptors that a class can have at most", |class| class.ceiling)?;
    accept_errors(encoder, &now.counts.accept_errors)?;
    if let Some(left) = now.left {
        let seconds = ConstGauge::new(i64::try_from(left.as_secs()).unwrap_or(i64::MAX));
        let help = "In how long viewers have no place any more, at the pace of the last minutes; left out where it does not grow";
        describe(encoder, "fds_seconds_left", help, &seconds)?;
    }
    let backlog = ConstGauge::new(i64::from(backlog_in_force()));
    describe(encoder, "listen_backlog", "Connections that may wait to be accepted", &backlog)?;
    if let Some(dropped) = listen_overflows() {
        let overflows = ConstCounter::new(dropped.overflows);
        describe(encoder, "listen_overflows", "Times an accept queue of this network namespace was full", &overflows)?;
        let drops = ConstCounter::new(dropped.drops);
        describe(encoder, "listen_drops", "Connections that this network namespace dropped before accept", &drops)?;
    }
    Ok(())
}

fn by_class(
    encoder: &mut DescriptorEncoder<'_>,
    now: &Snapshot,
    name: &str,
    help: &str,
    of: impl Fn(&ClassUse) -> u64,
) -> fmt::Result {
    let mut family = encoder.encode_descriptor(name, help, None, MetricType::Gauge)?;
    now.classes.iter().try_for_each(|class| {
        let value = i64::try_from(of(class)).unwrap_or(i64::MAX);
        ConstGauge::new(value).encode(family.encode_family(&[("class", class.class.name())])?)
    })
}

fn accept_errors(encoder: &mut DescriptorEncoder<'_>, errors: &AcceptErrors) -> fmt::Result {
    let AcceptErrors { emfile, enfile, enobufs, enomem, econnaborted, eproto, other } = *errors;
    let named = [
        ("EMFILE", emfile),
        ("ENFILE", enfile),
        ("ENOBUFS", enobufs),
        ("ENOMEM", enomem),
        ("ECONNABORTED", econnaborted),
        ("EPROTO", eproto),
        ("other", other),
    ];
    let help = "Connections that could not be accepted, by the kernel's reason";
    let mut family = encoder.encode_descriptor("accept_errors", help, None, MetricType::Counter)?;
    named
        .into_iter()
        .try_for_each(|(errno, count)| ConstCounter::new(count).encode(family.encode_family(&[("errno", errno)])?))
}
