//! A viewer that comes again for ever, from where it was, and that is owed every line: a gap, or anything lost, is the end of it.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::time::sleep;

use super::{Event, Form, Viewer};

/// Looks at what the query asks for, from `first` (`last=1`, say) on, and after each end of the view from the position behind the
/// last line. Never returns; panics over what must not be.
pub(crate) async fn watch_for_ever(hub: SocketAddr, form: Form, query: &str, first: &str, mut see: impl FnMut(&str)) {
    let mut from = first.to_owned();
    loop {
        match Viewer::ask(hub, form, &format!("{query}&{from}&policy=complete")).await {
            Ok(viewer) => watch(viewer, form, &mut from, &mut see).await,
            Err(_) => sleep(Duration::from_millis(50)).await,
        }
    }
}

/// Looks until the view ends.
async fn watch(mut viewer: Viewer, form: Form, from: &mut String, see: &mut impl FnMut(&str)) {
    while let Some(event) = viewer.event().await {
        let position = match event {
            Event::Lines(lines, position) => {
                lines.iter().for_each(|line| see(line));
                position
            }
            Event::Edge(position) => position,
            Event::Told(kind, words) => {
                assert_ne!(kind, "lost", "{form:?}: {words}");
                None
            }
            Event::Gap(..) => panic!("{form:?}: a gap"),
            Event::Bye(_) => None,
        };
        if let Some(position) = position {
            *from = format!("from={position}");
        }
    }
}
