//! ARNs in conditions: `arn:partition:service:region:account:resource`.
//!
//! ArnEquals and ArnLike are the same. Each of the six parts is compared by itself, so a `*` does
//! not reach over a colon; the last part has what colons follow. Case matters.
//!
//! Refused, but for `*` alone, which is every ARN: what has not six parts. It could match nothing,
//! and a Deny that matches nothing lets in.
//!
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html#Conditions_ARN>

use super::super::Facts;
use super::pattern::Pattern;

const PARTS: usize = 6;

/// An ARN with wildcards, and perhaps variables, part by part; or one part, `*`.
#[derive(Clone, Debug)]
pub(super) struct Arn(Vec<Pattern>);

impl Arn {
    /// Reads one; `None` where it is none.
    pub(super) fn parse(text: &str, variables: bool) -> Option<Arn> {
        let parts = Pattern::compile(text, variables)?.parts(PARTS);
        (parts.len() == PARTS || text == "*").then_some(Arn(parts))
    }

    /// Whether the text is an ARN of this pattern.
    pub(super) fn matches(&self, text: &str, facts: &Facts) -> bool {
        let parts = text.splitn(PARTS, ':');
        match self.0.len() {
            PARTS => {
                parts.clone().count() == PARTS
                    && self.0.iter().zip(parts).all(|(pattern, part)| pattern.matches(part, facts))
            }
            _ => true,
        }
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
        assert!(matches("*", "arn:aws:iam::Ann:root"));
    }

    #[test]
    fn the_colon_of_a_variable_parts_nothing() {
        assert!(matches("arn:aws:iam:::${aws:userid}", "arn:aws:iam:::a:b"));
        assert!(!matches("arn:aws:iam::${aws:userid}:root", "arn:aws:iam::a:b:root"));
    }

    #[test]
    fn what_has_not_six_parts_is_none() {
        for bad in ["", "arn", "arn:aws:iam::ann", "${aws:userid}", "**", "arn:aws:iam::*"] {
            assert!(Arn::parse(bad, true).is_none(), "{bad}");
        }
    }
}
