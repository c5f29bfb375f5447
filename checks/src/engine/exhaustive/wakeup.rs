//! Wakeup trees: the beginnings of executions that are still to be explored from a state (Abdulla, Aronis, Jonsson and
//! Sagonas, "Optimal dynamic partial order reduction", POPL 2014; "Source sets", JACM 2017).

use super::event::Deed;
use serde::{Deserialize, Serialize};

/// An event that is to come, and what is to come after it; a leaf is explored in every way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Branch {
    pub(super) deed: Deed,
    pub(super) then: Vec<Branch>,
}

/// Where an event can be found that may begin a sequence.
enum Initial {
    /// It is the sequence's event of this number.
    At(usize),
    /// It is not in the sequence, and depends on nothing there.
    Apart,
    /// It is the sequence's, with another answer to a choice.
    Otherwise,
    No,
}

/// Whether a sequence, with what may follow it, can begin with `deed` (it is a *weak initial*).
fn initial(deed: &Deed, sequence: &[Deed]) -> Initial {
    match sequence.iter().position(|other| other.task == deed.task) {
        Some(at) if sequence[..at].iter().any(|earlier| earlier.conflicts(&sequence[at])) => Initial::No,
        Some(at) if sequence[at].answer != deed.answer => Initial::Otherwise,
        Some(at) => Initial::At(at),
        None if sequence.iter().any(|other| other.conflicts(deed)) => Initial::No,
        None => Initial::Apart,
    }
}

/// Whether what is explored after `deed` has the sequence in it.
pub(super) fn covers(deed: &Deed, sequence: &[Deed]) -> bool {
    !matches!(initial(deed, sequence), Initial::No)
}

/// Adds a sequence to what is to be explored, unless it is there.
pub(super) fn insert(branches: &mut Vec<Branch>, mut sequence: Vec<Deed>) {
    let mut branches = branches;
    loop {
        if sequence.is_empty() {
            return;
        }
        let found = branches.iter().enumerate().find_map(|(index, branch)| match initial(&branch.deed, &sequence) {
            Initial::No => None,
            how => Some((index, how)),
        });
        let Some((index, how)) = found else {
            let deeds = sequence.into_iter().rev();
            branches.extend(deeds.fold(None, |then, deed| Some(Branch { deed, then: then.into_iter().collect() })));
            return;
        };
        if let Initial::At(at) = how {
            sequence.remove(at);
        }
        // Every answer of a choice is explored where it is made; a leaf, in every way.
        if matches!(how, Initial::Otherwise) || branches[index].then.is_empty() {
            return;
        }
        branches = &mut branches[index].then;
    }
}
