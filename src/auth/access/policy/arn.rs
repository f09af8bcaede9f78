//! ARNs in conditions: `arn:partition:service:region:account:resource`.
//!
//! ArnEquals and ArnLike are the same. Each of the six parts is compared by itself, so a `*` does
//! not reach over a colon; the last part has what colons follow. Case matters.
//!
//! Refused: what has not six parts, which could match nothing, and a Deny that matches nothing lets
//! in; a variable before the last part, as in a Resource.
//!
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html#Conditions_ARN>

use super::super::Facts;
use super::pattern::Pattern;

const PARTS: usize = 6;

/// An ARN with wildcards, and perhaps variables in its last part, part by part.
#[derive(Clone, Debug)]
pub(super) struct Arn(Vec<Pattern>);

impl Arn {
    /// Reads one; `None` where it is none.
    pub(super) fn parse(text: &str, variables: bool) -> Option<Arn> {
        let parts = text.splitn(PARTS, ':').map(|part| Pattern::compile(part, variables));
        let parts: Vec<_> = parts.collect::<Option<_>>()?;
        (parts.len() == PARTS).then_some(Arn(parts))
    }

    /// Whether the text is an ARN of this pattern.
    pub(super) fn matches(&self, text: &str, facts: &Facts) -> bool {
        let parts = text.splitn(PARTS, ':');
        parts.clone().count() == PARTS
            && self.0.iter().zip(parts).all(|(pattern, part)| pattern.matches(part, facts))
    }

    /// Whether the request has no value for one of its variables.
    pub(super) fn is_unknown(&self, facts: &Facts) -> bool {
        self.0.iter().any(|part| part.is_unknown(facts))
    }

    /// Whether it names one ARN and no other.
    pub(super) fn is_fixed(&self) -> bool {
        self.0.iter().all(Pattern::is_fixed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(pattern: &str, text: &str) -> bool {
        let mut facts = Facts::default();
        facts.add("aws:userid", "a:b".to_owned());
        Arn::parse(pattern, true).unwrap().matches(text, &facts)
    }

    /// The example of AWS's page.
    #[test]
    fn a_star_does_not_reach_over_a_colon() {
        let pattern = "arn:aws:someservice:*:111122223333:finance/*";
        assert!(matches(pattern, "arn:aws:someservice:us-east-2:111122223333:finance/a:b"));
        assert!(!matches(
            pattern,
            "arn:aws:someservice:us-east-2:999999999999:store/abc:111122223333:finance/d.txt"
        ));
        assert!(!matches("arn:aws:iam::*:root", "arn:aws:iam::Ann:Root"));
        assert!(matches("arn:aws:iam::?nn:*", "arn:aws:iam::Ann:root"));
        assert!(!matches("*:*:*:*:*:*", "not an arn"));
    }

    #[test]
    fn the_colon_of_a_variable_parts_nothing() {
        assert!(matches("arn:aws:iam:::${aws:userid}", "arn:aws:iam:::a:b"));
    }

    #[test]
    fn what_has_not_six_parts_is_none() {
        for bad in ["", "*", "arn:aws:iam::ann", "${aws:userid}", "arn:${aws:userid}:iam::a:root"] {
            assert!(Arn::parse(bad, true).is_none(), "{bad}");
        }
    }
}
