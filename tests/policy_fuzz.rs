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
#[path = "policy_fuzz/forms.rs"]
mod forms;
#[path = "policy_fuzz/oracle.rs"]
mod oracle;

use dice::Dice;
use forms::{ACCESS_KEY, BOUNDARY, BUCKET, NOW, SECRET, Sent};
use glassbucket::auth::access::{Facts, Policy, Verdict};
use glassbucket::auth::post_policy::{self, Posted};
use glassbucket::auth::{self, Secret, Settings, User, Users};
use glassbucket::error::{ErrorCode, S3Error};
use glassbucket::http::form::{BadForm, Delimiter, FieldsDecoder, Form};
use glassbucket::http::head::RequestHead;
use glassbucket::limits;
use glassbucket::types::{Owner, Timestamp};
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

/// Each outcome is at least a twentieth of all, where there were many.
fn assert_all_tried(outcomes: &[u64]) {
    let all: u64 = outcomes.iter().sum();
    let rare = outcomes.iter().any(|outcome| outcome * 20 < all);
    assert!(all < 1_000 || !rare, "one outcome is hardly ever tried: {outcomes:?}");
}

/// To each document.
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
    assert_all_tried(&[counts.deny, counts.allow, counts.silent]);
}

/// RestrictPublicBuckets and BlockPublicPolicy let pass what is not public: that lets in nobody who
/// is anonymous, whatever it says of itself, save by the address it comes from.
#[test]
fn a_policy_that_is_not_public_lets_nobody_anonymous_in() {
    let counts =
        dice::run("policies that are not public", 40_000, |dice, counts: &mut Verdicts| {
            let document = documents::policy(dice);
            let policy = Policy::parse(&document.to_string(), None).unwrap();
            for _ in 0..REQUESTS {
                let mut asked = documents::asked(dice);
                asked.caller = None;
                // Only the server says that.
                let proved = |key: &str| {
                    key.starts_with("aws:principal")
                        || ["aws:sourceip", "aws:username"].contains(&key)
                };
                asked.facts.retain(|(key, _)| !proved(key));
                let verdict = weigh(&policy, &asked);
                let shut = policy.is_public() || verdict != Verdict::Allow;
                assert!(shut, "{document:#}\n{asked:#?}");
                counts.count(verdict);
            }
        });
    assert!(counts.allow > 0 && counts.silent > 0);
}

/// One thing wrong anywhere in a document is told to whoever writes it.
#[test]
fn a_policy_with_one_thing_wrong_is_refused() {
    dice::run("policies with a fault", 2_000, |dice, _: &mut ()| {
        let document = documents::broken(dice);
        let parsed = Policy::parse(&document.to_string(), None);
        assert!(parsed.is_err(), "taken: {document:#}");
    });
}

/// Bytes of policies, mutated: nothing panics, the answer is the same each time, and what is taken
/// after all says what the oracle says.
#[test]
fn class_l_mutated_policies_of_buckets_are_refused_or_understood() {
    let counts = dice::run("mutated policies", 10_000, |dice, counts: &mut Verdicts| {
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
    assert_all_tried(&[counts.refused, counts.deny + counts.allow + counts.silent]);
}

/// A form with its fields, the content of its file, and whether it came to its end.
type Read = Option<(Form, Vec<u8>, bool)>;

/// Decodes a body that arrives in pieces of those lengths.
fn read(mut body: &[u8], mut piece: impl FnMut() -> usize) -> Result<Read, BadForm> {
    let media_type = format!("multipart/form-data; boundary={BOUNDARY}");
    let mut decoder = FieldsDecoder::new(Delimiter::from_content_type(Some(&media_type)).unwrap());
    let form = loop {
        if body.is_empty() {
            return Ok(None);
        }
        let input = &body[..piece().clamp(1, body.len())];
        match decoder.decode(input)? {
            Some((form, used)) => {
                body = &body[used..];
                break form;
            }
            None => body = &body[input.len()..],
        }
    };
    let mut decoder = decoder.into_file();
    let mut content = Vec::new();
    while !body.is_empty() {
        let input = &body[..piece().clamp(1, body.len())];
        let bytes = decoder.decode(input)?;
        content.extend_from_slice(&decoder.delimiter()[..bytes.held]);
        content.extend_from_slice(&input[bytes.range]);
        body = &body[input.len()..];
    }
    Ok(Some((form, content, decoder.is_done())))
}

/// What is made of the form, as the handler of PostObject asks.
fn post(form: &Form) -> Result<Posted, S3Error> {
    let owner = Owner { id: "id".to_owned(), display_name: "name".to_owned() };
    let user = User::new(owner, ACCESS_KEY.to_owned(), Secret::new(SECRET.to_owned()));
    let users = Users::new(vec![user]).unwrap();
    let now = Timestamp::parse_iso8601_basic(NOW).unwrap();
    let head = RequestHead::parse(b"POST /box HTTP/1.1\r\nhost: h\r\n\r\n").unwrap().unwrap().0;
    let settings = Settings { require_signed_payload: false };
    let anonymous = auth::authenticate(&head, None, &users, now, settings).unwrap();
    post_policy::authenticate(form, &anonymous, BUCKET, &users, now)
}

#[derive(Debug, Default)]
struct Forms {
    malformed: u64,
    wrongly_signed: u64,
    bad_policies: u64,
    denied: u64,
    allowed: u64,
}

/// Decodes and verifies a form in pieces of any length, and holds the outcome against the oracle.
fn post_and_compare(dice: &mut Dice, sent: &Sent, counts: &mut Forms) {
    let read = read(&forms::body(sent), || 1 + dice.below(100));
    let form = match (read, sent.wrong) {
        (Err(BadForm::Twice(_)), Some(ErrorCode::InvalidArgument)) => {
            return counts.wrongly_signed += 1;
        }
        (Ok(Some((form, content, true))), _) if content == sent.content => form,
        (read, _) => panic!("{read:?}"),
    };
    let allowed = forms::allowed(&sent.policy, &sent.fields);
    let allowed = allowed.map(|(least, most)| (least, most.min(limits::PUT_BYTES_MAX)));
    match (post(&form), sent.wrong) {
        (Err(error), Some(wrong)) => {
            assert_eq!(error.code, wrong);
            counts.wrongly_signed += 1;
        }
        (Ok(posted), None) => {
            assert_eq!(Some((*posted.length.start(), *posted.length.end())), allowed);
            assert!(posted.verified.user().is_some());
            counts.allowed += 1;
        }
        (Err(error), None) => {
            assert_eq!((error.code, allowed), (ErrorCode::AccessDenied, None), "{error:?}");
            counts.denied += 1;
        }
        (Ok(_), Some(wrong)) => panic!("not {wrong:?}"),
    }
}

/// Forms with a policy of every kind of condition are taken where the oracle takes them.
#[test]
fn class_f_forms_are_held_to_their_policy_as_the_oracle_holds_them() {
    let counts = dice::run("forms", 2_000, |dice, counts: &mut Forms| {
        let sent = forms::sent(dice);
        let told = format!("{sent:#?}");
        let compared = std::panic::AssertUnwindSafe(|| post_and_compare(dice, &sent, counts));
        if let Err(panic) = std::panic::catch_unwind(compared) {
            eprintln!("{told}");
            std::panic::resume_unwind(panic);
        }
    });
    assert_all_tried(&[counts.wrongly_signed, counts.denied, counts.allowed]);
}

/// Policies mutated and then signed, so that their parser is reached: no panic, and none is kept
/// to that the oracle would not keep to.
#[test]
fn class_l_mutated_policies_of_forms_are_refused_or_understood() {
    dice::run("mutated policies of forms", 2_000, |dice, counts: &mut Forms| {
        let mut sent = forms::sent(dice);
        let v4 = sent.fields.iter().any(|(name, _)| name.eq_ignore_ascii_case("x-amz-date"));
        let text = dice.mutated(sent.policy.to_string().as_bytes(), &corpus::FORM_WORDS);
        let signs = ["policy", "signature", "x-amz-signature"];
        sent.fields.retain(|(name, _)| !signs.contains(&name.to_lowercase().as_str()));
        forms::sign(&mut sent, &text, v4);
        let read = read(&forms::body(&sent), || usize::MAX);
        let Ok(Some((form, _, true))) = read else { return counts.malformed += 1 };
        match post(&form) {
            Ok(_) => {
                // AWS's own escapes are no JSON.
                let json = str::from_utf8(&text).unwrap();
                let plain = |text: &str| text.replace("\\$", "$").replace("\\v", "\\u000b");
                let json = json.split("\\\\").map(plain).collect::<Vec<_>>().join("\\\\");
                let policy = serde_json::from_str(&json).unwrap();
                assert!(forms::allowed(&policy, &sent.fields).is_some(), "{policy} {sent:#?}");
                counts.allowed += 1;
            }
            Err(error) if error.code == ErrorCode::InvalidPolicyDocument => {
                counts.bad_policies += 1
            }
            Err(error) if error.code == ErrorCode::AccessDenied => counts.denied += 1,
            Err(_) => counts.wrongly_signed += 1,
        }
    });
}

/// Bodies of forms, mutated, and base64 with them: nothing panics, and where the body is cut
/// changes nothing.
#[test]
fn class_l_mutated_forms_read_the_same_in_pieces_of_any_length() {
    dice::run("mutated forms", 2_000, |dice, counts: &mut Forms| {
        let body = forms::body(&forms::sent(dice));
        let body = dice.mutated(&body, &corpus::FORM_WORDS);
        let whole = read(&body, || usize::MAX);
        assert_eq!(whole, read(&body, || 1 + dice.below(40)), "{}", body.escape_ascii());
        let Ok(Some((form, _, true))) = whole else { return counts.malformed += 1 };
        match post(&form) {
            Ok(_) => counts.allowed += 1,
            Err(error) if error.code == ErrorCode::InvalidPolicyDocument => {
                counts.bad_policies += 1
            }
            Err(error) if error.code == ErrorCode::AccessDenied => counts.denied += 1,
            Err(_) => counts.wrongly_signed += 1,
        }
    });
}
