//! `hinton view`: a page in the browser on which a person moves through a model as through a map.

use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener};
use std::path::PathBuf;
use std::process::{Command as Process, Stdio};
use std::sync::Arc;

use clap::{Arg, ArgAction, ArgMatches, value_parser};
use hinton_serve::{Access, Limits, Stop, serve};
use hinton_view::Viewer;
use ring::rand::{SecureRandom, SystemRandom};

use super::CommandRow;
use crate::args::{thread_count, threads};
use crate::failure::{Failure, note};
use crate::out;

pub(super) const ROW: CommandRow = CommandRow {
    name: "view",
    about: "Look through a model in the browser, from the whole map down to one number",
    help: "Opens a page in the browser on which a whole model is one map: zoom from all of its \
           tensors into one, to cells and to numbers. A run plays over its steps. The values \
           stay on this machine: the page asks a server in this program, which answers on the loopback \
           interface and only to those who have the key in the address. It runs until it is interrupted.",
    examples: "Examples:
  hinton view model.safetensors
  hinton view run/                           a training run, also while it goes on
  hinton view a.safetensors b.safetensors    two models on one map
  hinton view model.gguf --no-open           only print the address
On another machine:
  ssh -L 8000:localhost:8000 machine hinton view model.safetensors --no-open --port 8000",
    args: |command| {
        command
            .arg(
                Arg::new("path")
                    .value_name("PATH")
                    .required(true)
                    .action(ArgAction::Append)
                    .value_parser(value_parser!(PathBuf))
                    .help("Weights files, folders that hold one, or training runs"),
            )
            .arg(
                Arg::new("port")
                    .long("port")
                    .value_name("N")
                    .default_value("0")
                    .value_parser(value_parser!(u16))
                    .help("The port to listen on; 0 is any that is free"),
            )
            .arg(
                Arg::new("no-open")
                    .long("no-open")
                    .action(ArgAction::SetTrue)
                    .help("Print the address and open no browser"),
            )
            .arg(
                Arg::new("host")
                    .long("host")
                    .value_name("ADDRESS")
                    .default_value("127.0.0.1")
                    .value_parser(value_parser!(IpAddr))
                    .help("The address to listen on; 0.0.0.0 lets other machines ask"),
            )
            .arg(
                Arg::new("allow-host")
                    .long("allow-host")
                    .value_name("NAME")
                    .action(ArgAction::Append)
                    .help("A name by which the server may be called, such as that of a proxy"),
            )
            .arg(
                Arg::new("base-url")
                    .long("base-url")
                    .value_name("URL")
                    .help("The address under which a proxy shows the page, such as https://hub/user/ada/proxy/8000/"),
            )
            .arg(threads())
    },
    run,
};

fn run(matches: &ArgMatches) -> Result<(), Failure> {
    let paths: Vec<PathBuf> =
        matches.get_many("path").map(|paths| paths.cloned().collect()).unwrap_or_default();
    let viewer = Viewer::open(&paths, hinton::threads(thread_count(matches)))?;
    let host = *matches.get_one::<IpAddr>("host").unwrap_or(&IpAddr::V4(Ipv4Addr::LOCALHOST));
    let port = *matches.get_one::<u16>("port").unwrap_or(&0);
    let wanted = SocketAddr::new(host, port);
    let no_listening = |error: std::io::Error| {
        let failure = Failure::work(format!("cannot listen on {wanted}: {error}"));
        failure.with_help("choose another port with --port, or --port 0 for any")
    };
    let listener = TcpListener::bind(wanted).map_err(no_listening)?;
    let bound = listener.local_addr().map_err(no_listening)?;
    let base = matches.get_one::<String>("base-url").map(|url| Base::read(url)).transpose()?;
    let key = key()?;
    let mut hosts: Vec<String> = ["localhost", "127.0.0.1", "[::1]"].map(str::to_owned).to_vec();
    hosts.extend(matches.get_many::<String>("allow-host").into_iter().flatten().cloned());
    hosts.extend(base.as_ref().map(|base| base.host.clone()));
    let access = Access {
        key: key.clone(),
        hosts,
        by_number: !host.is_loopback(),
        base: base.as_ref().map(|base| base.path.clone()).unwrap_or_default(),
    };
    let address = match &base {
        Some(base) => format!("{}#k={key}", base.url),
        None => format!("http://{}/#k={key}", shown(bound)),
    };
    if !host.is_loopback() {
        note(&format!(
            "machines that reach {bound} can see what is viewed, if they have the key in the address; \
             what they see is not encrypted on the way"
        ));
    }
    out::emit(format!("{address}\n").as_bytes())?;
    if !matches.get_flag("no-open") && !opens(&address) {
        note("no browser could be opened: open the address above");
    }
    serve(listener, Arc::new(viewer), access, Limits::default(), &Stop::default())
        .map_err(no_listening)
}

/// The address that a browser on this machine can open.
fn shown(bound: SocketAddr) -> SocketAddr {
    match bound.ip().is_unspecified() {
        true => SocketAddr::new(Ipv4Addr::LOCALHOST.into(), bound.port()),
        false => bound,
    }
}

/// 128 bits from the system as hexadecimal digits.
fn key() -> Result<String, Failure> {
    let mut bytes = [0; 16];
    let filled = SystemRandom::new().fill(&mut bytes);
    filled.map_err(|_| Failure::work("the system gives no random numbers for a key"))?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

/// Where a proxy shows the page.
struct Base {
    url: String,
    host: String,
    /// The path without a slash at its end.
    path: String,
}

impl Base {
    fn read(url: &str) -> Result<Self, Failure> {
        let wrong = || {
            let help = "write it as the browser shows it: https://hub.example/user/ada/proxy/8000/";
            Failure::usage(format!("--base-url {url:?} is no address of a page"), help)
        };
        let (scheme, rest) = url.split_once("://").ok_or_else(wrong)?;
        let is_plain = !rest.contains(['#', '?', '@', ' ', '\\']);
        let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
        if !matches!(scheme, "http" | "https") || host.is_empty() || !is_plain {
            return Err(wrong());
        }
        let path = path.trim_end_matches('/');
        let path = if path.is_empty() { String::new() } else { format!("/{path}") };
        Ok(Base { url: format!("{scheme}://{host}{path}/"), host: host.to_owned(), path })
    }
}

/// Opens an address in the browser; says whether something was started that may do so.
fn opens(address: &str) -> bool {
    let (program, words): (&str, &[&str]) = match () {
        () if cfg!(windows) => ("rundll32", &["url.dll,FileProtocolHandler"]),
        () if cfg!(target_os = "macos") => ("open", &[]),
        () => ("xdg-open", &[]),
    };
    let mut process = Process::new(program);
    process.args(words).arg(address);
    process.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    process.spawn().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_long_and_never_the_same() {
        let (one, two) = (key().unwrap(), key().unwrap());
        assert!(one.len() == 32 && one.bytes().all(|byte| byte.is_ascii_hexdigit()));
        assert_ne!(one, two);
    }

    #[test]
    fn addresses_of_proxies_are_taken_apart() {
        let base = Base::read("https://hub.example:8443/user/ada/proxy/8000").unwrap();
        assert_eq!(base.url, "https://hub.example:8443/user/ada/proxy/8000/");
        assert_eq!(base.host, "hub.example:8443");
        assert_eq!(base.path, "/user/ada/proxy/8000");
        assert_eq!(Base::read("http://lab/").unwrap().path, "");
        for wrong in ["lab", "ftp://lab/", "http:///x", "http://lab/#x", "http://a@b/"] {
            assert!(Base::read(wrong).is_err(), "{wrong}");
        }
    }
}
