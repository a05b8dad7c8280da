//! The wakers of the subscriptions that wait for the next item.
//!
//! Publishing takes them all at once, by swapping one vector under the lock; waking happens outside it. Each swap
//! starts a new round, and a [`Ticket`] from an earlier round is void: its waker has been taken. Within a round a freed
//! slot is used again, so that subscriptions that come and go on a silent channel do not grow the vector. It drops no
//! waker itself: that can run foreign code, which may want the very lock that we are under.

use std::task::Waker;

/// Where a subscription's waker lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Ticket {
    round: u64,
    slot: u32,
}

enum Slot {
    Waiting(Waker),
    /// Free, with the next free slot.
    Free(Option<u32>),
}

#[derive(Default)]
pub(crate) struct Waiters {
    round: u64,
    slots: Vec<Slot>,
    free: Option<u32>,
    waiting: usize,
}

/// Wakers taken out by a publish.
#[must_use = "whoever takes wakers has to wake them"]
pub(crate) struct Woken(Vec<Slot>);

impl Woken {
    /// Wakes each once. Call it without the lock.
    pub(crate) fn wake(self) {
        for slot in self.0 {
            if let Slot::Waiting(waker) = slot {
                waker.wake();
            }
        }
    }
}

impl Waiters {
    pub(crate) fn waiting(&self) -> usize {
        self.waiting
    }

    /// Puts a waker in, or in place of the one that `ticket` stands for. Returns the ticket to keep and what was
    /// replaced.
    pub(crate) fn register(&mut self, ticket: Option<Ticket>, waker: &Waker) -> (Ticket, Option<Waker>) {
        if let Some(ticket) = ticket
            && ticket.round == self.round
            && let Some(Slot::Waiting(present)) = self.slots.get_mut(ticket.slot as usize)
        {
            let replaced = (!present.will_wake(waker)).then(|| std::mem::replace(present, waker.clone()));
            return (ticket, replaced);
        }
        (self.insert(waker.clone()), None)
    }

    /// Takes the waker of `ticket` out, if no publish has done so already.
    pub(crate) fn remove(&mut self, ticket: Ticket) -> Option<Waker> {
        let slot = self.slots.get_mut(ticket.slot as usize).filter(|_| ticket.round == self.round)?;
        match std::mem::replace(slot, Slot::Free(self.free)) {
            Slot::Waiting(waker) => {
                self.free = Some(ticket.slot);
                self.waiting -= 1;
                Some(waker)
            }
            // A ticket is given up when it is removed, so its slot cannot be free already; if it were, it stays so.
            free @ Slot::Free(_) => {
                *slot = free;
                None
            }
        }
    }

    /// Takes all wakers out and starts a new round, with room for as many as waited in this one.
    pub(crate) fn take(&mut self) -> Woken {
        if self.waiting == 0 {
            return Woken(Vec::new());
        }
        let fresh = Vec::with_capacity(self.waiting);
        self.round += 1;
        self.free = None;
        self.waiting = 0;
        Woken(std::mem::replace(&mut self.slots, fresh))
    }

    fn insert(&mut self, waker: Waker) -> Ticket {
        self.waiting += 1;
        let slot = match self.free {
            Some(slot) => {
                if let Slot::Free(next) = std::mem::replace(&mut self.slots[slot as usize], Slot::Waiting(waker)) {
                    self.free = next;
                }
                slot
            }
            None => {
                self.slots.push(Slot::Waiting(waker));
                // One slot per subscription, and 2^32 of them would need 200 GB before this could wrap.
                (self.slots.len() - 1) as u32
            }
        };
        Ticket { round: self.round, slot }
    }
}
