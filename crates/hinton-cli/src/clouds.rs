//! Who asks for buckets: the variables that the tools of the clouds read, and the files that they keep.
//!
//! Sources: "Configuration and credential file settings" of the AWS CLI; "How Application Default Credentials
//! works" of Google Cloud; the variables of `object_store`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use hinton_remote::Buckets;

/// What the variables of clouds begin with.
const STARTS: [&str; 4] = ["AWS_", "GOOGLE_", "AZURE_", "STORAGE_EMULATOR_HOST"];

/// Longest file of settings.
const LONGEST: u64 = 1 << 20;

/// Keys of a profile, and the variables that say the same.
const OF_PROFILE: [(&str, &str); 5] = [
    ("aws_access_key_id", "AWS_ACCESS_KEY_ID"),
    ("aws_secret_access_key", "AWS_SECRET_ACCESS_KEY"),
    ("aws_session_token", "AWS_SESSION_TOKEN"),
    ("region", "AWS_REGION"),
    ("endpoint_url", "AWS_ENDPOINT_URL"),
];

/// What the environment says of buckets.
pub(crate) fn buckets() -> Buckets {
    let all = std::env::vars_os();
    let text =
        all.filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
    let own = text.filter(|(name, value)| {
        STARTS.iter().any(|start| name.starts_with(start)) && !value.is_empty()
    });
    let mut variables: BTreeMap<String, String> = own.collect();
    let home = home();
    let read = |path: &Path| crate::remote::small_file(path, LONGEST);
    add_profile(&mut variables, home.as_deref(), read);
    add_google(&mut variables, home.as_deref());
    // The tools of AWS ask the service of the machine unless this says "true"; here it is the other way round.
    let is_asked = variables.get("AWS_EC2_METADATA_DISABLED").is_some_and(|value| value == "false");
    let asks_machine = is_asked || crate::remote::is_on("HINTON_CLOUD_METADATA");
    Buckets { variables: variables.into_iter().collect(), asks_machine }
}

fn home() -> Option<PathBuf> {
    let home = std::env::var_os("HOME").or_else(|| std::env::var_os("USERPROFILE"))?;
    (!home.is_empty()).then(|| PathBuf::from(home))
}

/// The key of a profile, from `~/.aws/credentials` and `~/.aws/config`, unless the environment has one.
fn add_profile(
    variables: &mut BTreeMap<String, String>,
    home: Option<&Path>,
    read: impl Fn(&Path) -> Option<Vec<u8>>,
) {
    // A key of the environment comes first, also where a profile is named.
    let named = variables.get("AWS_PROFILE").or_else(|| variables.get("AWS_DEFAULT_PROFILE"));
    let has_key = variables.contains_key("AWS_ACCESS_KEY_ID")
        || variables.contains_key("AWS_WEB_IDENTITY_TOKEN_FILE");
    let profile = named.map_or("default", String::as_str).to_owned();
    let place = |variable: &str, name: &str| {
        let own = variables.get(variable).map(PathBuf::from);
        own.or_else(|| Some(home?.join(".aws").join(name)))
    };
    let files = [
        (place("AWS_SHARED_CREDENTIALS_FILE", "credentials"), profile.clone()),
        (
            place("AWS_CONFIG_FILE", "config"),
            if profile == "default" { profile } else { format!("profile {profile}") },
        ),
    ];
    let mut found: BTreeMap<String, String> = BTreeMap::new();
    for (path, section) in files {
        let text =
            path.and_then(|path| read(&path)).and_then(|bytes| String::from_utf8(bytes).ok());
        for (key, value) in section_of(&text.unwrap_or_default(), &section) {
            found.entry(key).or_insert(value);
        }
    }
    for (key, name) in OF_PROFILE {
        let Some(value) = found.remove(key) else { continue };
        let is_secret = !matches!(name, "AWS_REGION" | "AWS_ENDPOINT_URL");
        if !(is_secret && has_key) {
            variables.entry(name.to_owned()).or_insert(value);
        }
    }
}

/// The keys of a section of a file in the manner of INI, in small letters.
fn section_of(text: &str, section: &str) -> Vec<(String, String)> {
    let mut is_inside = false;
    let mut found = Vec::new();
    for line in text.lines() {
        let plain = line.trim();
        if plain.is_empty() || plain.starts_with(['#', ';']) {
            continue;
        }
        if let Some(name) = plain.strip_prefix('[').and_then(|rest| rest.split(']').next()) {
            is_inside = name.split_whitespace().eq(section.split_whitespace());
        } else if is_inside
            // What is indented belongs to the key above: settings of one service.
            && !line.starts_with([' ', '\t'])
            && let Some((key, value)) = plain.split_once('=')
        {
            found.push((key.trim().to_ascii_lowercase(), value.trim().to_owned()));
        }
    }
    found
}

/// The file that `gcloud auth application-default login` writes, where no other is named.
fn add_google(variables: &mut BTreeMap<String, String>, home: Option<&Path>) {
    let has_key =
        ["GOOGLE_APPLICATION_CREDENTIALS", "GOOGLE_SERVICE_ACCOUNT", "GOOGLE_SERVICE_ACCOUNT_KEY"];
    if has_key.iter().any(|name| variables.contains_key(*name)) {
        return;
    }
    let folder = match std::env::var_os("CLOUDSDK_CONFIG").filter(|value| !value.is_empty()) {
        Some(folder) => Some(PathBuf::from(folder)),
        None => home.map(|home| home.join(".config").join("gcloud")),
    };
    let Some(file) = folder.map(|folder| folder.join("application_default_credentials.json"))
    else {
        return;
    };
    // Other kinds, such as federated ones, are not understood; without any key public buckets open.
    let text = crate::remote::small_file(&file, LONGEST).unwrap_or_default();
    let kinds = [&b"\"authorized_user\""[..], b"\"service_account\""];
    let is_known = kinds.iter().any(|kind| text.windows(kind.len()).any(|part| part == *kind));
    if is_known && let Some(path) = file.to_str() {
        variables.insert("GOOGLE_APPLICATION_CREDENTIALS".to_owned(), path.to_owned());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CREDENTIALS: &str = "[default]\naws_access_key_id = A\naws_secret_access_key=B\n\n[work]\n\
                               aws_access_key_id=C\naws_secret_access_key=D # no comment\n";
    const CONFIG: &str = "[default]\nregion = eu-west-1\ns3 =\n    addressing_style = path\n\
                          [profile work]\nregion=us-east-2\nendpoint_url = http://127.0.0.1:9000\n";

    fn read(path: &Path) -> Option<Vec<u8>> {
        match path.file_name()?.to_str()? {
            "credentials" => Some(CREDENTIALS.into()),
            "config" => Some(CONFIG.into()),
            _ => None,
        }
    }

    fn with(own: &[(&str, &str)]) -> Vec<String> {
        let own = own.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let mut variables: BTreeMap<String, String> = own.collect();
        add_profile(&mut variables, Some(Path::new("/home/x")), read);
        let names =
            ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_REGION", "AWS_ENDPOINT_URL"];
        names.iter().map(|name| variables.get(*name).cloned().unwrap_or_default()).collect()
    }

    #[test]
    fn profiles_are_read_as_the_tools_of_aws_read_them() {
        assert_eq!(with(&[]), ["A", "B", "eu-west-1", ""]);
        assert_eq!(
            with(&[("AWS_PROFILE", "work")]),
            ["C", "D # no comment", "us-east-2", "http://127.0.0.1:9000"]
        );
        // A key of the environment is never mixed with that of a file.
        assert_eq!(
            with(&[("AWS_ACCESS_KEY_ID", "E"), ("AWS_SECRET_ACCESS_KEY", "F")]),
            ["E", "F", "eu-west-1", ""]
        );
        assert_eq!(with(&[("AWS_PROFILE", "none")]), ["", "", "", ""]);
    }
}
