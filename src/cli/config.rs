//! What `serve` is told, from four places: flag, environment, file, default, the first that speaks.
//!
//! One struct is the flags (clap), their environment variables (clap again: `GLASSBUCKET_` and the
//! flag's name) and the keys of the file (serde: the flag's name without the dashes before it), so
//! that none can be forgotten in one of them. The root's keys are the exception: they have no flag,
//! because a command line can be read by every user of the machine.
//!
//! Values are checked here once, wherever they came from. Refused: unknown keys in the file, one
//! root key without the other, empty values, and a file with a secret that everybody may read.

use crate::lifecycle::Day;
use crate::router::WebsiteHost;
use crate::server::{Listen, LogFormat};
use crate::store::Durability;
use crate::types::BucketName;
use clap::{ArgAction, Args};
use serde::Deserialize;
use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// Where the buckets are if nobody says so.
pub(super) const DATA: &str = "data";
const CERTS: &str = "certs";
const REGION: &str = "us-east-1";
/// Every address of both families: Linux lets a socket on `::` accept IPv4 too.
const LISTEN: &str = "[::]:443";

/// What the list of flags cannot say.
pub(super) const AFTER_HELP: &str = "\
A flag wins over its variable, a variable over the file, the file over the default.
GLASSBUCKET_ACCESS_KEY_ID and GLASSBUCKET_SECRET_ACCESS_KEY (in the file: access-key-id and
secret-access-key) replace the root user's keys; they have no flags, since others see those.";

/// As given: nothing checked, nothing defaulted. A list that is empty was not given.
#[derive(Args, Deserialize, Default)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(super) struct Settings {
    /// The directory whose subdirectories are the buckets; made if absent [default: data]
    #[arg(env = "GLASSBUCKET_DATA")]
    data: Option<PathBuf>,
    /// Where to listen; `http://ADDR:PORT` is without TLS; repeatable [default: `[::]:443`]
    #[arg(long, value_name = "ADDR:PORT", env = "GLASSBUCKET_LISTEN", value_delimiter = ',')]
    listen: Vec<String>,
    /// The directory of fullchain.pem and privkey.pem; a self-signed pair is made if both are
    /// absent [default: certs]
    #[arg(long, value_name = "DIR", env = "GLASSBUCKET_CERTS")]
    certs: Option<PathBuf>,
    /// A name below which a bucket may be a host name (BUCKET.DOMAIN); repeatable
    #[arg(long, value_name = "NAME", env = "GLASSBUCKET_DOMAIN", value_delimiter = ',')]
    domain: Vec<String>,
    /// A host name that is the site of the bucket of that name; `HOST=BUCKET` of another, `*.NAME`
    /// of every bucket as BUCKET.NAME; repeatable
    #[arg(long, value_name = "HOST", env = "GLASSBUCKET_WEBSITE", value_delimiter = ',')]
    website: Vec<String>,
    /// The region that clients are told; a signature for any other is accepted too
    /// [default: us-east-1]
    #[arg(long, env = "GLASSBUCKET_REGION")]
    region: Option<String>,
    /// The access log on standard output: combined, json or off [default: combined]
    #[arg(long, value_name = "FORM", env = "GLASSBUCKET_LOG")]
    log: Option<String>,
    /// strict: a 200 waits for the disk; relaxed: it does not, and a power cut can undo it
    /// [default: strict]
    #[arg(long, value_name = "HOW", env = "GLASSBUCKET_DURABILITY")]
    durability: Option<String>,
    /// Refuse uploads whose signature does not cover the body (UNSIGNED-PAYLOAD)
    #[arg(
        long,
        env = "GLASSBUCKET_REQUIRE_SIGNED_PAYLOAD",
        value_name = "BOOL",
        action = ArgAction::Set,
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "true"
    )]
    require_signed_payload: Option<bool>,
    /// Let ACLs and policies open buckets to everybody: without it nobody anonymous is let in
    #[arg(
        long,
        env = "GLASSBUCKET_ALLOW_PUBLIC",
        value_name = "BOOL",
        action = ArgAction::Set,
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "true"
    )]
    allow_public: Option<bool>,
    /// For tests: a day of a lifecycle rule lasts so many seconds and is not rounded to midnight
    #[arg(long, value_name = "SECONDS", env = "GLASSBUCKET_LIFECYCLE_DEBUG_DAY")]
    lifecycle_debug_day: Option<NonZeroU32>,
    /// A TOML file with the same names as keys, for what no flag or variable says
    #[arg(long, value_name = "FILE", env = "GLASSBUCKET_CONFIG")]
    #[serde(skip)]
    config: Option<PathBuf>,
    #[arg(skip)]
    access_key_id: Option<String>,
    #[arg(skip)]
    secret_access_key: Option<String>,
}

/// The root's keys where they do not come from `users.json`. No `Debug`: one of them is a secret.
#[derive(Clone)]
pub(super) struct RootKeys {
    pub(super) access_key: String,
    pub(super) secret: String,
}

/// All that `serve` needs to know, checked.
pub(super) struct Resolved {
    pub(super) data: PathBuf,
    pub(super) listen: Vec<Listen>,
    pub(super) certs: PathBuf,
    pub(super) domains: Vec<String>,
    pub(super) websites: Vec<WebsiteHost>,
    pub(super) region: String,
    pub(super) log: LogFormat,
    pub(super) durability: Durability,
    pub(super) require_signed_payload: bool,
    pub(super) allow_public: bool,
    pub(super) lifecycle_day: Day,
    pub(super) root_keys: Option<RootKeys>,
}

/// Flags (with the environment, which clap has put behind them), then the file, then defaults.
pub(super) fn resolve(mut flags: Settings) -> Result<Resolved, String> {
    flags.access_key_id = std::env::var("GLASSBUCKET_ACCESS_KEY_ID").ok();
    flags.secret_access_key = std::env::var("GLASSBUCKET_SECRET_ACCESS_KEY").ok();
    let file = match &flags.config {
        Some(path) => read(path)?,
        None => Settings::default(),
    };
    check(merge(flags, file)?)
}

fn read(path: &Path) -> Result<Settings, String> {
    let unreadable = |error| format!("cannot read {}: {error}", path.display());
    let text = std::fs::read_to_string(path).map_err(unreadable)?;
    let file = parse(&text).map_err(|sentence| format!("{}: {sentence}", path.display()))?;
    let mode = std::fs::metadata(path).map_err(unreadable)?.permissions().mode();
    // A group may read it: a service's configuration is commonly root's with the service's group.
    if file.secret_access_key.is_some() && mode & 0o007 != 0 {
        return Err(format!(
            "{} holds a secret key and every user of this machine may read it: chmod o= it",
            path.display()
        ));
    }
    Ok(file)
}

fn parse(text: &str) -> Result<Settings, String> {
    toml::from_str(text).map_err(|error| {
        // Neither Display, which quotes the line, nor the found value: it may be the secret.
        let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
        let line = before.matches('\n').count() + 1;
        let message = error.message();
        match message.rsplit_once(", expected ") {
            Some((found, wanted)) if !found.starts_with("unknown field") => {
                format!("line {line}: expected {wanted}")
            }
            _ => format!("line {line}: {message}"),
        }
    })
}

fn merge(first: Settings, then: Settings) -> Result<Settings, String> {
    // Both keys come from one place: half from the file would hide a forgotten variable.
    let of_first = first.access_key_id.is_some() || first.secret_access_key.is_some();
    let (access_key_id, secret_access_key) = if of_first {
        (first.access_key_id, first.secret_access_key)
    } else {
        (then.access_key_id, then.secret_access_key)
    };
    if access_key_id.is_some() != secret_access_key.is_some() {
        return Err("the root's access key id and secret access key come together or not at all; \
                    one of the two is missing"
            .into());
    }
    Ok(Settings {
        data: first.data.or(then.data),
        listen: if first.listen.is_empty() { then.listen } else { first.listen },
        certs: first.certs.or(then.certs),
        domain: if first.domain.is_empty() { then.domain } else { first.domain },
        website: if first.website.is_empty() { then.website } else { first.website },
        region: first.region.or(then.region),
        log: first.log.or(then.log),
        durability: first.durability.or(then.durability),
        require_signed_payload: first.require_signed_payload.or(then.require_signed_payload),
        allow_public: first.allow_public.or(then.allow_public),
        lifecycle_debug_day: first.lifecycle_debug_day.or(then.lifecycle_debug_day),
        config: first.config,
        access_key_id,
        secret_access_key,
    })
}

fn check(given: Settings) -> Result<Resolved, String> {
    let listen = if given.listen.is_empty() { vec![LISTEN.to_owned()] } else { given.listen };
    let domains = given.domain.iter().map(|text| parse_domain(text));
    let domains: Vec<String> = domains.collect::<Result<_, _>>()?;
    let websites = parse_websites(&given.website, &domains)?;
    Ok(Resolved {
        data: directory("data", given.data, DATA)?,
        listen: listen.iter().map(|text| parse_listen(text)).collect::<Result<_, _>>()?,
        certs: directory("certs", given.certs, CERTS)?,
        domains,
        websites,
        region: parse_region(given.region.as_deref().unwrap_or(REGION))?,
        log: parse_log(given.log.as_deref().unwrap_or("combined"))?,
        durability: parse_durability(given.durability.as_deref().unwrap_or("strict"))?,
        require_signed_payload: given.require_signed_payload.unwrap_or(false),
        allow_public: given.allow_public.unwrap_or(false),
        lifecycle_day: given.lifecycle_debug_day.map_or(Day::Real, Day::Short),
        root_keys: root_keys(given.access_key_id, given.secret_access_key)?,
    })
}

fn directory(name: &str, given: Option<PathBuf>, default: &str) -> Result<PathBuf, String> {
    match given {
        Some(path) if path.as_os_str().is_empty() => Err(format!("{name} is empty")),
        Some(path) => Ok(path),
        None => Ok(PathBuf::from(default)),
    }
}

fn parse_listen(text: &str) -> Result<Listen, String> {
    let (tls, address) = match text.split_once("://") {
        None => (true, text),
        Some(("https", address)) => (true, address),
        Some(("http", address)) => (false, address),
        Some((scheme, _)) => {
            return Err(format!("listen {text:?}: {scheme}:// is neither http:// nor https://"));
        }
    };
    let address: SocketAddr = address.parse().map_err(|_| {
        format!(
            "listen {text:?} is not an address and a port; \
             for example [::]:8443, 127.0.0.1:8443 or http://127.0.0.1:8080"
        )
    })?;
    Ok(Listen { address, tls })
}

/// Lower case, since host names are compared that way.
fn parse_domain(text: &str) -> Result<String, String> {
    host_name(text).ok_or_else(|| {
        format!("domain {text:?} is not a host name (no scheme, no port, no wildcard)")
    })
}

fn host_name(text: &str) -> Option<String> {
    let name = text.trim_end_matches('.').to_ascii_lowercase();
    let label = |label: &str| {
        !label.is_empty() && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
    };
    name.split('.').all(label).then_some(name)
}

/// A name has one meaning: an endpoint that is a site too could not be reached any more.
fn parse_websites(given: &[String], domains: &[String]) -> Result<Vec<WebsiteHost>, String> {
    let mut websites: Vec<WebsiteHost> = Vec::new();
    for text in given {
        let website = parse_website(text)?;
        let (WebsiteHost::One { host: name, .. } | WebsiteHost::Below { domain: name }) = &website;
        if domains.contains(name) {
            return Err(format!(
                "website {text:?}: {name} is a domain already, by which S3 clients ask for buckets"
            ));
        }
        let is_same = |other: &WebsiteHost| match (other, &website) {
            (WebsiteHost::One { host: a, .. }, WebsiteHost::One { host: b, .. }) => a == b,
            (other, website) => other == website,
        };
        if websites.iter().any(is_same) {
            return Err(format!("website {text:?}: {name} is given twice"));
        }
        websites.push(website);
    }
    Ok(websites)
}

/// `HOST`, `HOST=BUCKET` or `*.NAME`.
fn parse_website(text: &str) -> Result<WebsiteHost, String> {
    let bad = || {
        format!(
            "website {text:?} is not a host name (no scheme, no port); for example \
             www.example.com, www.example.com=BUCKET or *.sites.example.com"
        )
    };
    if let Some(domain) = text.strip_prefix("*.") {
        return Ok(WebsiteHost::Below { domain: host_name(domain).ok_or_else(bad)? });
    }
    let (host, bucket) = text.split_once('=').map_or((text, None), |(h, b)| (h, Some(b)));
    let host = host_name(host).ok_or_else(bad)?;
    let bucket = bucket.unwrap_or(&host);
    let bucket = BucketName::parse(bucket)
        .map_err(|_| format!("website {text:?}: {bucket:?} is no name of a bucket"))?;
    Ok(WebsiteHost::One { host, bucket })
}

fn parse_region(text: &str) -> Result<String, String> {
    let fits = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
    if !text.is_empty() && text.bytes().all(fits) {
        Ok(text.to_owned())
    } else {
        Err(format!("region {text:?} is not a name of letters, digits and dashes"))
    }
}

fn parse_log(text: &str) -> Result<LogFormat, String> {
    match text {
        "combined" => Ok(LogFormat::Combined),
        "json" => Ok(LogFormat::Json),
        "off" => Ok(LogFormat::Off),
        _ => Err(format!("log {text:?} is none of combined, json, off")),
    }
}

fn parse_durability(text: &str) -> Result<Durability, String> {
    match text {
        "strict" => Ok(Durability::Strict),
        "relaxed" => Ok(Durability::Relaxed),
        _ => Err(format!("durability {text:?} is neither strict nor relaxed")),
    }
}

fn root_keys(id: Option<String>, secret: Option<String>) -> Result<Option<RootKeys>, String> {
    let (Some(access_key), Some(secret)) = (id, secret) else { return Ok(None) };
    if access_key.is_empty() || secret.is_empty() {
        return Err("the root's access key id or secret access key is empty".into());
    }
    Ok(Some(RootKeys { access_key, secret }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn from_file(text: &str) -> Result<Resolved, String> {
        parse(text).and_then(|file| merge(Settings::default(), file)).and_then(check)
    }

    #[test]
    fn defaults_are_those_of_the_help() {
        let all = from_file("").ok().unwrap();
        assert_eq!(all.data, Path::new("data"));
        assert_eq!(all.listen.len(), 1);
        assert_eq!(all.listen[0].address, "[::]:443".parse().unwrap());
        assert!(all.listen[0].tls);
        assert_eq!(all.region, "us-east-1");
        assert_eq!(all.durability, Durability::Strict);
        assert!(all.root_keys.is_none());
    }

    #[test]
    fn every_key_of_the_file_is_read() {
        let text = "data = 'd'\nlisten = ['[::]:1', 'http://127.0.0.1:2']\ncerts = 'c'\n\
                    domain = ['S3.Example.com']\nwebsite = ['WWW.Example.com=blog']\nregion = 'eu-west-1'\nlog = 'json'\n\
                    durability = 'relaxed'\nrequire-signed-payload = true\n\
                    lifecycle-debug-day = 10\n\
                    access-key-id = 'AKID'\nsecret-access-key = 'secret'\n";
        let all = from_file(text).ok().unwrap();
        assert_eq!((all.data.as_path(), all.certs.as_path()), (Path::new("d"), Path::new("c")));
        assert_eq!((all.listen[0].tls, all.listen[1].tls), (true, false));
        assert_eq!(all.domains, ["s3.example.com"]);
        assert_eq!(all.websites, [parse_website("www.example.com=blog").ok().unwrap()]);
        assert_eq!((all.region.as_str(), all.log), ("eu-west-1", LogFormat::Json));
        assert_eq!((all.durability, all.require_signed_payload), (Durability::Relaxed, true));
        assert_eq!(all.lifecycle_day, Day::Short(NonZeroU32::new(10).unwrap()));
        assert_eq!(all.root_keys.unwrap().access_key, "AKID");
    }

    #[test]
    fn an_error_in_the_file_names_its_line_and_never_quotes_it() {
        for value in ["12345678", "12ab5678", "ab345678", "'12345678", "['12345678']"] {
            let text = format!("region = 'x'\nsecret-access-key = {value}\n");
            let sentence = parse(&text).err().unwrap();
            assert!(sentence.starts_with("line 2: "), "{sentence}");
            assert!(!sentence.contains("5678"), "{sentence}");
        }
        assert!(parse("port = 443").err().unwrap().contains("unknown field `port`"));
    }

    #[test]
    fn root_keys_come_together_and_from_one_place() {
        assert!(from_file("access-key-id = 'AKID'").is_err());
        assert!(from_file("access-key-id = ''\nsecret-access-key = 's'").is_err());
        let half = Settings { access_key_id: Some("A".into()), ..Settings::default() };
        let both = parse("access-key-id = 'B'\nsecret-access-key = 's'").ok().unwrap();
        assert!(merge(half, both).is_err());
    }

    #[test]
    fn values_that_cannot_be_meant_are_refused() {
        for text in ["443", "localhost:443", "ftp://[::]:443", "[::]", "http://[::]:80/", ""] {
            assert!(parse_listen(text).is_err(), "{text:?}");
        }
        for text in ["", ".", "a..b", "https://a", "a:443", "*.a"] {
            assert!(parse_domain(text).is_err(), "{text:?}");
        }
        for text in ["", "https://a", "a.example:443", "*", "*.", "a.*.b", "*.a=b", "a=b", "ab"] {
            assert!(parse_website(text).is_err(), "{text:?}");
        }
        for text in ["", "eu west", "eu/west", "eu<"] {
            assert!(parse_region(text).is_err(), "{text:?}");
        }
        assert!(parse_log("Combined").is_err());
        assert!(parse_durability("").is_err());
        assert!(directory("data", Some(PathBuf::new()), DATA).is_err());
    }

    #[test]
    fn a_website_is_a_host_of_its_own() {
        let read = |domains: &str, websites: &str| {
            from_file(&format!("domain = [{domains}]\nwebsite = [{websites}]\n"))
        };
        let websites = "'www.example.com.', 'log.example.com=blog', '*.sites.example.com'";
        let all = read("'example.com', 's3.sites.example.com'", websites).ok().unwrap();
        let bucket = |name| BucketName::parse(name).unwrap();
        let one = |host: &str, bucket| WebsiteHost::One { host: host.to_owned(), bucket };
        assert_eq!(
            all.websites,
            [
                one("www.example.com", bucket("www.example.com")),
                one("log.example.com", bucket("blog")),
                WebsiteHost::Below { domain: "sites.example.com".to_owned() },
            ]
        );
        for (domains, websites, sentence) in [
            ("'s3.example.com'", "'S3.Example.com'", "is a domain already"),
            ("'s3.example.com'", "'s3.example.com=blog'", "is a domain already"),
            ("'s3.example.com'", "'*.s3.example.com'", "is a domain already"),
            ("", "'a.example=blog', 'a.example=log'", "is given twice"),
            ("", "'*.a.example', '*.A.example'", "is given twice"),
            ("", "'localhost=B'", "is no name of a bucket"),
        ] {
            let error = read(domains, websites).err().unwrap();
            assert!(error.contains(sentence), "{error}");
        }
    }
}
