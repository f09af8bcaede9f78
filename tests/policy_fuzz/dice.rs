//! Chance that can be told again: each round has a seed of its own, and a round that fails prints
//! it with what to set to see that round alone.

use std::fmt::Debug;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::time::{Duration, Instant};

/// SplitMix64: <https://prng.di.unimi.it/splitmix64.c>.
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64) -> Dice {
        Dice(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// Less than `end`, which is not 0.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        (self.next() % end as u64) as usize
    }

    pub(crate) fn percent(&mut self, chance: usize) -> bool {
        self.below(100) < chance
    }

    pub(crate) fn one_of<'a, T>(&mut self, all: &'a [T]) -> &'a T {
        &all[self.below(all.len())]
    }

    /// A text of the letters, `most` at most.
    pub(crate) fn text(&mut self, letters: &[&str], most: usize) -> String {
        (0..self.below(most + 1)).map(|_| *self.one_of(letters)).collect()
    }

    /// Each letter in either case.
    pub(crate) fn any_case(&mut self, text: &str) -> String {
        let turn = |letter: char| match self.percent(20) {
            true if letter.is_ascii_lowercase() => letter.to_ascii_uppercase(),
            true => letter.to_ascii_lowercase(),
            false => letter,
        };
        text.chars().map(turn).collect()
    }

    /// The bytes with a few cut, doubled, turned over, or mixed with a word of `words`.
    pub(crate) fn mutated(&mut self, bytes: &[u8], words: &[&str]) -> Vec<u8> {
        let mut bytes = bytes.to_vec();
        for _ in 0..1 + self.below(2) {
            let start = self.below(bytes.len() + 1);
            let end = start + self.below((bytes.len() - start).min(12) + 1);
            let chunk = bytes[start..end].to_vec();
            match self.below(6) {
                0 => drop(bytes.drain(start..end)),
                1 => drop(bytes.splice(start..start, chunk)),
                2 => drop(bytes.splice(start..end, self.one_of(words).bytes())),
                3 => drop(bytes.splice(start..start, self.one_of(words).bytes())),
                4 => {
                    bytes.iter_mut().skip(start).take(1).for_each(|byte| *byte = self.next() as u8)
                }
                _ => drop(bytes.splice(start..start, [1 << self.below(8)])),
            }
        }
        bytes
    }
}

fn number(variable: &str) -> Option<u64> {
    std::env::var(variable).ok().map(|text| text.parse().expect("a number"))
}

/// Runs `round` until its time or its number is over, and says how many rounds there were.
/// `GLASSBUCKET_FUZZ_SECONDS` is how long, `GLASSBUCKET_FUZZ_SEED` where to begin, and
/// `GLASSBUCKET_FUZZ_ROUNDS` how many; by default a few seconds' worth in a debug build.
pub(crate) fn run<C: Debug + Default>(
    name: &str,
    usual_rounds: u64,
    mut round: impl FnMut(&mut Dice, &mut C),
) -> C {
    let seconds = number("GLASSBUCKET_FUZZ_SECONDS").map(Duration::from_secs);
    let rounds = number("GLASSBUCKET_FUZZ_ROUNDS");
    let rounds = rounds.unwrap_or(if seconds.is_some() { u64::MAX } else { usual_rounds });
    let first = number("GLASSBUCKET_FUZZ_SEED").unwrap_or_default();
    let began = Instant::now();
    let mut counts = C::default();
    let mut done = 0;
    while done < rounds && seconds.is_none_or(|seconds| began.elapsed() < seconds) {
        let seed = first.wrapping_add(done);
        let outcome = catch_unwind(AssertUnwindSafe(|| round(&mut Dice::new(seed), &mut counts)));
        if let Err(panic) = outcome {
            eprintln!("{name}: GLASSBUCKET_FUZZ_SEED={seed} GLASSBUCKET_FUZZ_ROUNDS=1 fails again");
            resume_unwind(panic);
        }
        done += 1;
    }
    println!("{name}: {done} executions in {:.1?}: {counts:?}", began.elapsed());
    counts
}
