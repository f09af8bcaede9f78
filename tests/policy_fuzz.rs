//! Bucket policies and the policies of browsers' forms, held against a naive second reader of AWS's
//! pages with documents, requests and forms made by chance; and mutated bytes, which no parser may
//! panic at.
//!
//! A few seconds each as part of all tests, always with the same seeds. By hand for longer, and of
//! one round again: see `policy_fuzz/dice.rs`.

#[path = "policy_fuzz/corpus.rs"]
mod corpus;
#[path = "policy_fuzz/dice.rs"]
mod dice;
#[path = "policy_fuzz/documents.rs"]
mod documents;
#[path = "policy_fuzz/oracle.rs"]
mod oracle;

use glassbucket::auth::access::{Facts, Policy, Verdict};
use oracle::Asked;

#[derive(Debug, Default)]
struct Verdicts {
    refused: u64,
    deny: u64,
    allow: u64,
    silent: u64,
}

impl Verdicts {
    fn count(&mut self, verdict: Verdict) {
        match verdict {
            Verdict::Deny => self.deny += 1,
            Verdict::Allow => self.allow += 1,
            Verdict::Silent => self.silent += 1,
        }
    }
}

/// What the evaluator says.
fn weigh(policy: &Policy, asked: &Asked) -> Verdict {
    let mut facts = Facts::default();
    for (key, values) in &asked.facts {
        values.iter().for_each(|value| facts.add(key, value.clone()));
    }
    policy.weigh(asked.caller.as_deref(), &asked.action, &asked.resource, &facts)
}

const REQUESTS: usize = 8;

/// Each well-formed document parses, and each request to it is answered as the oracle does.
#[test]
fn the_evaluator_agrees_with_the_oracle() {
    let counts = dice::run("policies by grammar", 3_000, |dice, counts: &mut Verdicts| {
        let document = documents::policy(dice);
        let policy = Policy::parse(&document.to_string(), None)
            .unwrap_or_else(|error| panic!("{error:?}: {document:#}"));
        for _ in 0..REQUESTS {
            let asked = documents::asked(dice);
            let verdict = weigh(&policy, &asked);
            assert_eq!(verdict, oracle::weigh(&document, &asked), "{document:#}\n{asked:#?}");
            counts.count(verdict);
        }
    });
    let all = counts.deny + counts.allow + counts.silent;
    for count in [counts.deny, counts.allow, counts.silent] {
        assert!(count > all / 20, "one verdict is hardly ever tried: {counts:?}");
    }
}

/// One thing wrong anywhere in a document is told to whoever writes it.
#[test]
fn a_policy_with_one_thing_wrong_is_refused() {
    dice::run("policies with a fault", 3_000, |dice, _: &mut ()| {
        let document = documents::broken(dice);
        let parsed = Policy::parse(&document.to_string(), None);
        assert!(parsed.is_err(), "taken: {document:#}");
    });
}

/// Bytes of policies, mutated: nothing panics, the answer is the same each time, and what is taken
/// after all says what the oracle says.
#[test]
fn class_j_mutated_policies_are_refused_or_understood() {
    let counts = dice::run("mutated policies", 30_000, |dice, counts: &mut Verdicts| {
        let by_grammar = documents::policy(dice).to_string();
        let text = if dice.percent(50) { &by_grammar } else { *dice.one_of(&corpus::POLICIES) };
        let bytes = dice.mutated(text.as_bytes(), &corpus::POLICY_WORDS);
        let text = String::from_utf8_lossy(&bytes);
        let bucket = dice.percent(50).then_some("box");
        let Ok(policy) = Policy::parse(&text, bucket) else {
            counts.refused += 1;
            return assert!(Policy::parse(&text, bucket).is_err());
        };
        let again = Policy::parse(&text, bucket).unwrap();
        let value = serde_json::from_str(&text).unwrap();
        let asked = documents::asked(dice);
        let verdict = weigh(&policy, &asked);
        assert_eq!(verdict, weigh(&again, &asked));
        assert_eq!(verdict, oracle::weigh(&value, &asked), "{text}\n{asked:#?}");
        counts.count(verdict);
    });
    let taken = counts.deny + counts.allow + counts.silent;
    assert!(taken > counts.refused / 50, "nothing is left of what was mutated: {counts:?}");
}
