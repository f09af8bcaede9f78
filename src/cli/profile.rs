//! The Cyberduck connection profile: a property list that a double click installs.
//!
//! Today's Cyberduck addresses buckets as host names unless a profile says otherwise, which needs a
//! wildcard in the name service; with this file it asks path-style. (4.7.2 always does, and needs
//! no profile.) The file holds no key.
//!
//! <https://docs.cyberduck.io/protocols/profiles/>

use super::hello::Endpoint;
use std::io;
use std::path::{Path, PathBuf};

/// Writes the profile into `directory`, over an older one; its path.
pub(super) fn write(directory: &Path, at: &Endpoint, region: &str) -> io::Result<PathBuf> {
    let path = directory.join("glassbucket.cyberduckprofile");
    std::fs::write(&path, text(at, region))?;
    Ok(path)
}

fn text(at: &Endpoint, region: &str) -> String {
    // Property lists have IPv6 without the brackets of a URL.
    let host = escape(at.host.trim_matches(['[', ']']));
    let region = escape(region);
    let Endpoint { scheme, port, .. } = at;
    format!(
        r#"<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0">
<dict>
    <key>Protocol</key>
    <string>s3</string>
    <key>Vendor</key>
    <string>glassbucket</string>
    <key>Description</key>
    <string>glassbucket</string>
    <key>Default Nickname</key>
    <string>glassbucket</string>
    <key>Scheme</key>
    <string>{scheme}</string>
    <key>Default Hostname</key>
    <string>{host}</string>
    <key>Hostname Configurable</key>
    <true/>
    <key>Default Port</key>
    <string>{port}</string>
    <key>Port Configurable</key>
    <true/>
    <key>Username Placeholder</key>
    <string>Access Key ID</string>
    <key>Password Placeholder</key>
    <string>Secret Access Key</string>
    <key>Authorization</key>
    <string>AWS4HMACSHA256</string>
    <key>Region</key>
    <string>{region}</string>
    <key>Regions</key>
    <array>
        <string>{region}</string>
    </array>
    <key>Properties</key>
    <array>
        <string>s3.bucket.virtualhost.disable=true</string>
        <string>s3.storage.class.options=STANDARD</string>
    </array>
</dict>
</plist>
"#
    )
}

/// Host and region come from a person's configuration, not from a peer; still, no `<` gets through.
fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn profile_is_a_property_list_for_this_endpoint() {
        let at = Endpoint::new(true, "[::]:8443".parse().unwrap(), None);
        let text = text(&at, "eu-west-1");
        let mut reader = quick_xml::Reader::from_str(&text);
        while reader.read_event().unwrap() != quick_xml::events::Event::Eof {}
        let joined: String = text.lines().map(str::trim).collect();
        for (key, value) in [
            ("Scheme", "https"),
            ("Default Hostname", "localhost"),
            ("Default Port", "8443"),
            ("Authorization", "AWS4HMACSHA256"),
            ("Region", "eu-west-1"),
        ] {
            let pair = format!("<key>{key}</key><string>{value}</string>");
            assert!(joined.contains(&pair), "{pair}");
        }
        assert!(joined.contains("<string>s3.bucket.virtualhost.disable=true</string>"));
    }
}
