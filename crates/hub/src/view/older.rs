//! How far a view has read the file that came before the one that it goes on in.
//!
//! Who writes late to a file that was rotated is told as a gap in that file. A view that came through it by pages may have read
//! some of those lines there already, and is told of the rest alone. Filled by `reading`, asked by `skipping`.

use tailcast_wire::{Place, Told};

/// The ends of what was read by pages, in the file that is read now and in the one before.
#[derive(Debug, Default)]
pub(super) struct Older {
    /// Of which start of the agent the lives are.
    session: u64,
    now: Option<Place>,
    before: Option<Place>,
}

/// What of a gap a view does not know.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Unread {
    All,
    Nothing,
    /// From here on; so many bytes.
    Rest(Place, u64),
}

impl Older {
    /// A page brought a block that ends here.
    pub(super) fn read_to(&mut self, session: u64, end: Place) {
        if self.session != session {
            *self = Older { session, ..Older::default() };
        }
        if let Some(now) = self.now.replace(end).filter(|now| self.now.as_ref().is_some_and(|end| end.life != now.life))
        {
            self.before = Some(now);
        }
    }

    /// What is not known of a gap that was told in `session`.
    pub(super) fn unread(&self, session: u64, gap: &Told) -> Unread {
        let (Some(from), Some(to), Some(read)) = (&gap.from, &gap.to, &self.before) else { return Unread::All };
        if self.session != session || from.life != read.life || read.offset <= from.offset {
            return Unread::All;
        }
        match to.offset.checked_sub(read.offset) {
            None | Some(0) => Unread::Nothing,
            Some(bytes) => Unread::Rest(Place { life: Place::BOUND, ..read.clone() }, bytes),
        }
    }
}

#[cfg(test)]
mod tests {
    use tailcast_wire::Tiding;

    use super::*;

    fn place(life: u64, offset: u64) -> Place {
        Place { life, offset, position: format!("{life} at {offset}") }
    }

    fn gap(life: u64, from: u64, to: u64) -> Told {
        let to = Place { life: Place::BOUND, ..place(life, to) };
        Told { from: Some(place(life, from)), to: Some(to), ..Told::of(Tiding::Gap, String::new()) }
    }

    fn read(ends: &[(u64, u64)]) -> Older {
        let mut older = Older::default();
        ends.iter().for_each(|&(life, offset)| older.read_to(1, place(life, offset)));
        older
    }

    #[test]
    fn of_a_gap_in_the_file_before_only_what_no_page_brought_is_unread() {
        let older = read(&[(4, 10), (4, 20), (5, 7)]);
        assert_eq!(older.unread(1, &gap(4, 10, 20)), Unread::Nothing);
        assert_eq!(older.unread(1, &gap(4, 20, 30)), Unread::All);
        let Unread::Rest(from, 15) = older.unread(1, &gap(4, 10, 35)) else { panic!("not the rest") };
        assert_eq!((from.offset, from.position.as_str()), (20, "4 at 20"));
    }

    #[test]
    fn gaps_elsewhere_are_unread_in_full() {
        let older = read(&[(4, 20), (5, 7)]);
        assert_eq!(older.unread(1, &gap(5, 0, 7)), Unread::All);
        assert_eq!(older.unread(1, &gap(3, 0, 9)), Unread::All);
        assert_eq!(older.unread(2, &gap(4, 10, 20)), Unread::All);
        assert_eq!(read(&[(4, 20)]).unread(1, &gap(4, 10, 20)), Unread::All);
    }

    #[test]
    fn another_start_of_the_agent_begins_anew() {
        let mut older = read(&[(4, 20), (5, 7)]);
        older.read_to(2, place(5, 9));
        assert_eq!(older.unread(2, &gap(4, 10, 20)), Unread::All);
    }
}
