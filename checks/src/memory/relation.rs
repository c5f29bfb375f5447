//! Relations between the events of one execution, as rows of bits.

/// A set of pairs of `0..n`.
#[derive(Clone, Debug)]
pub(super) struct Relation {
    n: usize,
    /// Words in a row.
    words: usize,
    bits: Vec<u64>,
}

impl Relation {
    pub(super) fn new(n: usize) -> Self {
        let words = n.div_ceil(64).max(1);
        Relation { n, words, bits: vec![0; n * words] }
    }

    pub(super) fn set(&mut self, a: usize, b: usize) {
        self.bits[a * self.words + b / 64] |= 1 << (b % 64);
    }

    pub(super) fn has(&self, a: usize, b: usize) -> bool {
        self.bits[a * self.words + b / 64] >> (b % 64) & 1 == 1
    }

    fn row(&self, a: usize) -> &[u64] {
        &self.bits[a * self.words..(a + 1) * self.words]
    }

    /// What `a` is related to.
    pub(super) fn after(&self, a: usize) -> impl Iterator<Item = usize> + '_ {
        self.row(a).iter().enumerate().flat_map(|(word, bits)| {
            let mut bits = *bits;
            std::iter::from_fn(move || {
                let bit = (bits != 0).then(|| bits.trailing_zeros() as usize)?;
                bits &= bits - 1;
                Some(word * 64 + bit)
            })
        })
    }

    /// Adds all that `from` is related to in `other` to what `to` is related to here.
    pub(super) fn take_row(&mut self, to: usize, other: &Relation, from: usize) {
        let words = self.words;
        for (mine, theirs) in self.bits[to * words..(to + 1) * words].iter_mut().zip(other.row(from)) {
            *mine |= theirs;
        }
    }

    /// The transitive closure.
    pub(super) fn close(&mut self) {
        let mut through = vec![0; self.words];
        for k in 0..self.n {
            through.copy_from_slice(self.row(k));
            if through.iter().all(|word| *word == 0) {
                continue;
            }
            for a in 0..self.n {
                if self.has(a, k) {
                    let words = self.words;
                    for (mine, theirs) in self.bits[a * words..(a + 1) * words].iter_mut().zip(&through) {
                        *mine |= theirs;
                    }
                }
            }
        }
    }

    /// First this, then `next`.
    pub(super) fn then(&self, next: &Relation) -> Relation {
        let mut out = Relation::new(self.n);
        for a in 0..self.n {
            for b in self.after(a) {
                out.take_row(a, next, b);
            }
        }
        out
    }

    pub(super) fn or(mut self, other: &Relation) -> Relation {
        for (mine, theirs) in self.bits.iter_mut().zip(&other.bits) {
            *mine |= theirs;
        }
        self
    }

    /// Pairs of this that `keep` wants.
    pub(super) fn filter(&self, keep: impl Fn(usize, usize) -> bool) -> Relation {
        let mut out = Relation::new(self.n);
        for a in 0..self.n {
            for b in self.after(a).filter(|b| keep(a, *b)) {
                out.set(a, b);
            }
        }
        out
    }

    /// With every event related to itself, too.
    pub(super) fn or_same(mut self) -> Relation {
        for a in 0..self.n {
            self.set(a, a);
        }
        self
    }

    pub(super) fn is_irreflexive(&self) -> bool {
        (0..self.n).all(|a| !self.has(a, a))
    }

    /// About what a closure costs.
    pub(super) fn work(&self) -> u64 {
        (self.n * self.n * self.words) as u64
    }
}
