//! Looking for an order of the calls that the specification allows: depth first, a state that was reached with the same
//! calls not twice (Wing and Gong, JPDC 1993; the memory is Lowe's, CCPE 2017).

use super::{Call, Model};
use std::collections::HashSet;

/// An order of `calls` that explains all that returned, or the longest that goes some way.
pub(super) fn linearize<M: Model>(model: &M, calls: &[Call<M>]) -> Result<Vec<usize>, Vec<usize>> {
    let mut search = Search { calls, seen: HashSet::new(), order: Vec::new(), longest: Vec::new() };
    let mut left: Vec<bool> = vec![true; calls.len()];
    if search.goes_on(model, &mut left) { Ok(search.order) } else { Err(search.longest) }
}

struct Search<'a, M: Model> {
    calls: &'a [Call<M>],
    /// Calls that are left, and the state that the others led to.
    seen: HashSet<(Vec<bool>, M)>,
    order: Vec<usize>,
    longest: Vec<usize>,
}

impl<M: Model> Search<'_, M> {
    /// Whether the calls that are `left` can follow; then their order is known.
    fn goes_on(&mut self, state: &M, left: &mut Vec<bool>) -> bool {
        let calls = self.calls;
        let returns = |index: usize| calls[index].returned.as_ref().map(|(moment, _)| *moment);
        let open = || (0..calls.len()).filter(|index| left[*index]);
        // Whoever was called after another had returned comes after it.
        let Some(first_return) = open().filter_map(returns).min() else { return true };
        let may_be_next: Vec<usize> = open().filter(|index| calls[*index].called < first_return).collect();
        if !self.seen.insert((left.clone(), state.clone())) {
            return false;
        }
        for index in may_be_next {
            let mut after = state.clone();
            let came = after.apply(&calls[index].op);
            let fits = match (&calls[index].returned, &came) {
                (Some((_, returned)), Some(returns)) => returned == returns,
                (None, Some(_)) => true,
                (_, None) => false,
            };
            if !fits {
                continue;
            }
            left[index] = false;
            self.order.push(index);
            if self.order.len() > self.longest.len() {
                self.longest.clone_from(&self.order);
            }
            if self.goes_on(&after, left) {
                return true;
            }
            self.order.pop();
            left[index] = true;
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A queue of numbers; taking from an empty one waits.
    #[derive(Clone, Debug, PartialEq, Eq, Hash)]
    struct Queue(Vec<u8>);

    #[derive(Clone, Debug)]
    enum Op {
        Put(u8),
        Take,
    }

    impl Model for Queue {
        type Op = Op;
        type Returns = Option<u8>;

        fn apply(&mut self, op: &Op) -> Option<Option<u8>> {
            match op {
                Op::Put(number) => {
                    self.0.push(*number);
                    Some(None)
                }
                Op::Take if self.0.is_empty() => None,
                Op::Take => Some(Some(self.0.remove(0))),
            }
        }
    }

    fn call(op: Op, called: usize, returned: Option<(usize, Option<u8>)>) -> Call<Queue> {
        Call { task: String::new(), op, called, returned }
    }

    fn order(calls: &[Call<Queue>]) -> Result<Vec<usize>, Vec<usize>> {
        linearize(&Queue(Vec::new()), calls)
    }

    #[test]
    fn calls_that_overlap_come_in_any_order_and_others_in_theirs() {
        let (one, two) = (Op::Put(1), Op::Put(2));
        let take = |number, called, returned| call(Op::Take, called, Some((returned, Some(number))));
        let put = |op: &Op, called, returned| call(op.clone(), called, Some((returned, None)));
        // 1 was put before 2.
        assert_eq!(order(&[put(&one, 1, 2), put(&two, 3, 4), take(1, 5, 6)]), Ok(vec![0, 1, 2]));
        assert_eq!(order(&[put(&one, 1, 2), put(&two, 3, 4), take(2, 5, 6)]), Err(vec![0, 1]));
        // They overlap.
        assert_eq!(order(&[put(&one, 1, 4), put(&two, 2, 3), take(2, 5, 6)]), Ok(vec![1, 0, 2]));
        // A take that began before anything was put waits.
        assert_eq!(order(&[take(1, 1, 4), put(&one, 2, 3)]), Ok(vec![1, 0]));
        // One that had returned by then did not get it from there.
        assert_eq!(order(&[take(1, 1, 2), put(&one, 3, 4)]), Err(vec![]));
    }

    #[test]
    fn a_call_that_has_not_returned_may_have_done_its_work_or_not() {
        let open = call(Op::Put(1), 1, None);
        let put = call(Op::Put(2), 2, Some((3, None)));
        let take = |number| call(Op::Take, 4, Some((5, Some(number))));
        for number in [1, 2] {
            assert!(order(&[open.clone(), put.clone(), take(number)]).is_ok(), "{number}");
        }
        assert!(order(&[open, put, take(3)]).is_err());
    }

    #[test]
    fn what_was_reached_before_is_not_searched_again() {
        // 24 overlapping calls have 24! orders, and 2^24 sets: but only as many states as there are calls left, alike.
        let mut calls: Vec<Call<Queue>> = (1..=24).map(|at| call(Op::Put(7), at, Some((100 + at, None)))).collect();
        calls.push(call(Op::Take, 200, Some((201, Some(8)))));
        let model = Queue(Vec::new());
        let mut search = Search { calls: &calls[..13], seen: HashSet::new(), order: Vec::new(), longest: Vec::new() };
        assert!(search.goes_on(&model, &mut vec![true; 13]));
        assert!(search.seen.len() <= 13, "{}", search.seen.len());
        let some = [&calls[..12], &calls[24..]].concat();
        let mut search = Search { calls: &some, seen: HashSet::new(), order: Vec::new(), longest: Vec::new() };
        assert!(!search.goes_on(&model, &mut vec![true; 13]));
        assert!(search.seen.len() <= 1 << 12, "{} states of {} sets", search.seen.len(), 1 << 12);
    }
}
