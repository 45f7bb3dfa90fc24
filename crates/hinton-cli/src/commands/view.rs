//! `hinton view`: a page in the browser on which a person moves through a model as through a map.

use std::net::{IpAddr, Ipv4Addr};
use std::path::{Path, PathBuf};
use std::process::{Command as Process, Stdio};

use clap::{Arg, ArgAction, ArgMatches, value_parser};
use hinton_view::{BUDGET, Refusal, Viewer};

use super::CommandRow;
use crate::args::{thread_count, threads};
use crate::failure::{Failure, note};
use crate::out;
use crate::progress::Bar;
use crate::remote::{max_download, size};
use crate::viewing::{Listening, Viewing, viewer};

pub(super) const ROW: CommandRow = CommandRow {
    name: "view",
    about: "Explore a model in the browser, from the whole map down to one number",
    help: "Opens a page in the browser that shows a whole model as one map: zoom from all of its \
           tensors into one, to cells and to numbers. A run plays over its steps. The values \
           stay on this machine: the page gets them from a server in this program, which listens \
           on the loopback interface and requires the key in the address. It runs until it is \
           interrupted.",
    examples: "Examples:
  hinton view model.safetensors
  hinton view run/                           a training run, even while it is running
  hinton view a.safetensors b.safetensors    two models on one map
  hinton view model.gguf --no-open           only print the address
  hinton view hf://org/name                  a model on the Hub, read as far as it is looked at
  hinton view run/ --export run.html         one file that shows it without a server
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
            .arg(
                Arg::new("export")
                    .long("export")
                    .value_name("PAGE")
                    .value_parser(value_parser!(PathBuf))
                    .help("Write one HTML file that shows the same without a server, and end"),
            )
            .arg(
                Arg::new("budget")
                    .long("budget")
                    .value_name("SIZE")
                    .requires("export")
                    .default_value("1MB")
                    .value_parser(|text: &str| size(text))
                    .help("Data that the exported page holds: values are folded until they fit"),
            )
            .arg(max_download())
            .arg(threads())
    },
    run,
};

fn run(matches: &ArgMatches) -> Result<(), Failure> {
    let paths: Vec<PathBuf> =
        matches.get_many("path").map(|paths| paths.cloned().collect()).unwrap_or_default();
    let names = matches.get_many::<String>("allow-host").into_iter().flatten().cloned();
    if let Some(page) = matches.get_one::<PathBuf>("export") {
        let budget = matches.get_one("budget").copied().unwrap_or(BUDGET);
        return export(&viewer(&paths, thread_count(matches))?, page, budget);
    }
    let host = *matches.get_one::<IpAddr>("host").unwrap_or(&IpAddr::V4(Ipv4Addr::LOCALHOST));
    let listening = Listening {
        host,
        port: *matches.get_one::<u16>("port").unwrap_or(&0),
        names: names.collect(),
        base_url: matches.get_one::<String>("base-url").cloned(),
    };
    let viewing = Viewing::open(&paths, thread_count(matches), &listening)?;
    let address = viewing.address();
    if !host.is_loopback() {
        note(&format!(
            "machines that reach {host} can see what is viewed, if they have the key in the address; \
             what they see is not encrypted on the way"
        ));
    }
    out::emit(format!("{address}\n").as_bytes())?;
    if !matches.get_flag("no-open") && !opens(address) {
        note("no browser could be opened: open the address above");
    }
    Ok(viewing.serve()?)
}

/// Writes the page that holds its data.
pub(super) fn export(viewer: &Viewer, page: &Path, budget: u64) -> Result<(), Failure> {
    let bar = Bar::new();
    // Once for statistics, once for faults.
    bar.expect(viewer.bytes().saturating_mul(2));
    let exported = viewer.export(budget, &bar);
    drop(bar);
    let exported = exported.map_err(|refusal| match refusal {
        Refusal::Question(message) | Refusal::Work(message) => Failure::work(message),
        Refusal::NoRoute => Failure::work("the page cannot be made"),
    })?;
    hinton::outputs::write_bytes(page, &exported.page)?;
    note(&exported.note);
    Ok(())
}

/// Opens an address in the browser; says whether something was started that may do so.
pub(super) fn opens(address: &str) -> bool {
    let (program, words): (&str, &[&str]) = if cfg!(windows) {
        ("rundll32", &["url.dll,FileProtocolHandler"])
    } else if cfg!(target_os = "macos") {
        ("open", &[])
    } else {
        ("xdg-open", &[])
    };
    let mut process = Process::new(program);
    process.args(words).arg(address);
    process.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    process.spawn().is_ok()
}
