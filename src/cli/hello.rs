//! What a person pastes into each client, printed at every start to standard error.
//!
//! The secret of a root made by this start is printed in place; ever after the word `SECRET` stands
//! there, with the file that holds it. Path-style addressing is asked for wherever a client has the
//! choice, because it works without any entry in the name service.

use super::{profile, say, users};
use std::fmt::Write;
use std::net::{IpAddr, SocketAddr};
use std::path::Path;

/// Stands where a secret would.
const SECRET: &str = "SECRET";

/// What there is to tell.
pub(super) struct Greeting<'a> {
    /// Whether the first address speaks TLS.
    pub(super) tls: bool,
    /// All that are listened on; clients are told the first.
    pub(super) addresses: &'a [SocketAddr],
    pub(super) domain: Option<&'a str>,
    pub(super) region: &'a str,
    pub(super) certs: &'a Path,
    pub(super) data: &'a Path,
    pub(super) access_key: &'a str,
    /// The root's keys are not those of `users.json`.
    pub(super) root_keys_given: bool,
    pub(super) new_secret: Option<&'a str>,
}

/// Prints it, and writes the Cyberduck profile; without the profile the server still serves.
pub(super) fn greet(greeting: &Greeting<'_>) {
    let Some(&address) = greeting.addresses.first() else { return };
    let endpoint = Endpoint::new(greeting.tls, address, greeting.domain);
    let written =
        profile::write(&users::state_directory(greeting.data), &endpoint, greeting.region);
    let profile = match written {
        Ok(path) => format!("open {}", path.display()),
        Err(error) => format!("(no profile: {error})"),
    };
    let ca = greeting.certs.join("fullchain.pem");
    // Pasted anywhere, so not relative to where the server was started.
    let ca = std::path::absolute(&ca).unwrap_or(ca);
    say(&words(greeting, &endpoint, &ca, &profile));
}

/// Where a client on this machine finds the server.
pub(super) struct Endpoint {
    pub(super) scheme: &'static str,
    /// As in a URL: IPv6 in brackets.
    pub(super) host: String,
    pub(super) port: u16,
}

impl Endpoint {
    /// An address that means "all" is told as `localhost`, which the self-signed certificate names.
    pub(super) fn new(tls: bool, address: SocketAddr, domain: Option<&str>) -> Endpoint {
        let host = match (domain, address.ip()) {
            (Some(domain), _) => domain.to_owned(),
            (None, ip) if ip.is_unspecified() => "localhost".into(),
            (None, IpAddr::V4(ip)) => ip.to_string(),
            (None, IpAddr::V6(ip)) => format!("[{ip}]"),
        };
        Endpoint { scheme: if tls { "https" } else { "http" }, host, port: address.port() }
    }

    /// `localhost`, or `localhost:8443` where the port is not the scheme's own: the form of the
    /// Host header, which clients sign.
    pub(super) fn authority(&self) -> String {
        match (self.scheme, self.port) {
            ("https", 443) | ("http", 80) => self.host.clone(),
            _ => format!("{}:{}", self.host, self.port),
        }
    }
}

fn words(greeting: &Greeting<'_>, endpoint: &Endpoint, ca: &Path, profile: &str) -> String {
    let pasted = Pasted {
        access_key: greeting.access_key,
        secret: greeting.new_secret.unwrap_or(SECRET),
        region: greeting.region,
        authority: endpoint.authority(),
        url: format!("{}://{}", endpoint.scheme, endpoint.authority()),
        ca: greeting.tls.then(|| ca.display().to_string()),
    };
    let mut out = format!("glassbucket serves {} at {}\n", greeting.data.display(), pasted.url);
    for address in &greeting.addresses[1..] {
        let _ = writeln!(out, "and at {address}");
    }
    let Endpoint { scheme, host, port } = endpoint;
    out += &keys_line(greeting);
    let _ = write!(
        out,
        "
Cyberduck   {profile}
            or: Amazon S3, server {host}, port {port}, {scheme}; 4.7.2 needs no profile
"
    );
    for block in [pasted.aws(), pasted.s3cmd(), pasted.rclone()] {
        out.push('\n');
        out += &block;
    }
    out.push('\n');
    out
}

/// What the blocks are made of.
struct Pasted<'a> {
    access_key: &'a str,
    secret: &'a str,
    region: &'a str,
    authority: String,
    url: String,
    /// The certificate, where there is TLS. Self-signed, it is its own authority; one of a real
    /// authority needs none of the lines that name it.
    ca: Option<String>,
}

impl Pasted<'_> {
    /// aws cli and boto3 read the same variables.
    fn aws(&self) -> String {
        let Pasted { access_key, secret, region, url, .. } = self;
        let ca = self.ca.as_ref().map_or(String::new(), |ca| {
            format!("export AWS_CA_BUNDLE={ca}   # while it is self-signed\n")
        });
        format!(
            "\
aws cli     in a shell:
export AWS_ACCESS_KEY_ID={access_key} AWS_SECRET_ACCESS_KEY={secret}
export AWS_ENDPOINT_URL={url} AWS_DEFAULT_REGION={region}
{ca}aws s3 mb s3://photos

boto3       with the variables above:
import boto3, botocore.config
path = botocore.config.Config(s3={{\"addressing_style\": \"path\"}})
s3 = boto3.client(\"s3\", endpoint_url=\"{url}\", config=path)
"
        )
    }

    /// A `host_bucket` without a place for the bucket is path style. s3cmd
    /// takes no indented `[section]`, so what is pasted begins at the left margin everywhere.
    fn s3cmd(&self) -> String {
        let Pasted { access_key, secret, region, authority, .. } = self;
        let https = match &self.ca {
            Some(ca) => format!("use_https = True\nca_certs_file = {ca}"),
            None => "use_https = False".into(),
        };
        format!(
            "\
s3cmd       in ~/.s3cfg:
[default]
access_key = {access_key}
secret_key = {secret}
host_base = {authority}
host_bucket = {authority}
bucket_location = {region}
{https}
"
        )
    }

    /// rclone has a certificate flag of its own, and refuses to start beside `AWS_CA_BUNDLE`.
    fn rclone(&self) -> String {
        let Pasted { access_key, secret, region, url, .. } = self;
        let ca = self.ca.as_ref().map_or(String::new(), |ca| {
            format!("then: env -u AWS_CA_BUNDLE rclone --ca-cert {ca} lsd glassbucket:\n")
        });
        format!(
            "\
rclone      in ~/.config/rclone/rclone.conf:
[glassbucket]
type = s3
provider = Other
access_key_id = {access_key}
secret_access_key = {secret}
endpoint = {url}
region = {region}
force_path_style = true
{ca}"
        )
    }
}

fn keys_line(greeting: &Greeting<'_>) -> String {
    let file = users::path(greeting.data);
    let file = file.display();
    let access_key = greeting.access_key;
    match greeting.new_secret {
        Some(secret) => format!(
            "access key id      {access_key}\nsecret access key  {secret}\n\
             (a new root user; the secret is printed this once and kept in {file})\n"
        ),
        None if greeting.root_keys_given => format!(
            "access key id      {access_key}\n\
             ({SECRET} below stands for the secret that this server was given)\n"
        ),
        None => format!(
            "access key id      {access_key}\n({SECRET} below stands for the one in {file})\n"
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(new_secret: Option<&str>, tls: bool) -> String {
        let greeting = Greeting {
            tls,
            addresses: &["[::]:8443".parse().unwrap(), "127.0.0.1:80".parse().unwrap()],
            domain: None,
            region: "eu-west-1",
            certs: Path::new("certs"),
            data: Path::new("data"),
            access_key: "GBKEY",
            root_keys_given: false,
            new_secret,
        };
        let endpoint = Endpoint::new(tls, greeting.addresses[0], None);
        words(&greeting, &endpoint, Path::new("/certs/fullchain.pem"), "open it")
    }

    #[test]
    fn endpoint_is_what_clients_sign_as_host() {
        let authority = |tls, address: &str, domain| {
            Endpoint::new(tls, address.parse().unwrap(), domain).authority()
        };
        assert_eq!(authority(true, "[::]:443", None), "localhost");
        assert_eq!(authority(true, "0.0.0.0:8443", None), "localhost:8443");
        assert_eq!(authority(false, "[::1]:80", None), "[::1]");
        assert_eq!(authority(false, "127.0.0.1:443", None), "127.0.0.1:443");
        assert_eq!(authority(true, "[::]:443", Some("s3.example.com")), "s3.example.com");
    }

    #[test]
    fn secret_is_told_at_the_first_start_only() {
        assert!(told(Some("s3cr3t"), true).contains("secret_access_key = s3cr3t"));
        let later = told(None, true);
        assert!(later.contains("secret_access_key = SECRET"));
        assert!(later.contains("data/.glassbucket/users.json"));
    }

    #[test]
    fn every_client_is_told_endpoint_and_region() {
        let words = told(None, true);
        for line in [
            "export AWS_ENDPOINT_URL=https://localhost:8443 AWS_DEFAULT_REGION=eu-west-1",
            "export AWS_CA_BUNDLE=/certs/fullchain.pem",
            "endpoint_url=\"https://localhost:8443\"",
            "host_bucket = localhost:8443",
            "use_https = True",
            "endpoint = https://localhost:8443",
            "force_path_style = true",
            "and at 127.0.0.1:80",
        ] {
            assert!(words.contains(line), "{line}\n{words}");
        }
        let plain = told(None, false);
        assert!(!plain.contains("fullchain.pem") && plain.contains("use_https = False"));
    }
}
