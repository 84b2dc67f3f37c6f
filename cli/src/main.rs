//! The command line of `treaty`.

use std::fmt::Display;
use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};
use treaty::bundle::{self, Target};
use treaty::check::check;
use treaty::explain::{Ask, explain};
use treaty::format::Format;
use treaty::off::{self, Switch};
use treaty::registry::FILTERS;
use treaty::render::{self, EnvoyGatewayOptions, EnvoyOptions, IstioOptions, Policy, RenderError};
use treaty::testing::test;

/// Checks, tests, explains, bundles and renders the policies of Treaty's filters, without a proxy.
///
/// Exit codes: 0 all is well, 1 something was found or failed, 2 the command was not understood or
/// had nothing to do.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Checks policies, and Envoy configurations and Istio manifests with policies inside.
    Check {
        /// Files, or folders to be searched for JSON and YAML files.
        #[arg(required = true)]
        paths: Vec<PathBuf>,
        /// The filter of policy files whose folder and `$schema` do not say it.
        #[arg(long)]
        filter: Option<String>,
        /// Who reads the findings.
        #[arg(long, value_enum, default_value_t)]
        format: Format,
    },
    /// Runs cases against their policies.
    Test {
        /// Case files, or folders to be searched for them.
        #[arg(required = true)]
        cases: Vec<PathBuf>,
        /// Who reads the results.
        #[arg(long, value_enum, default_value_t)]
        format: Format,
    },
    /// Tells what each rule of a policy comes to, where each setting was said, and what becomes of a
    /// request.
    Explain {
        /// A policy, an Envoy configuration or a manifest; `-` is the standard input.
        file: PathBuf,
        /// The filter that is meant, and that of a policy that does not say it.
        #[arg(long)]
        filter: Option<String>,
        #[command(flatten)]
        ask: Ask,
        /// Who reads the explanation.
        #[arg(long, value_enum, default_value_t)]
        format: Format,
    },
    /// Puts the files that a policy names into it, because a proxy reads none, and tells sizes.
    Bundle {
        /// A policy of contract-validation, or of the module with every filter.
        policy: PathBuf,
        /// Where the policy goes; the standard output without it.
        #[arg(short, long)]
        output: Option<PathBuf>,
        /// Packs contracts: gzip in base64.
        #[arg(long)]
        packed: bool,
        /// What is to carry the policy.
        #[arg(long, value_enum, default_value_t)]
        target: Target,
    },
    /// Switches one filter off for one service: prints the file with that in its policy.
    Off(Switching),
    /// Switches it on again.
    On(Switching),
    /// Prints what of a policy has to stand in the proxy's own configuration.
    #[command(subcommand)]
    Render(Rendering),
}

#[derive(Args)]
struct Switching {
    /// The name of the service, as the policy has it.
    service: String,
    /// A policy, an Envoy configuration or a manifest; `-` is the standard input.
    file: PathBuf,
    /// The filter that is meant, where the file holds the policies of several.
    #[arg(long)]
    filter: Option<String>,
    /// Writes the file anew, in one step, instead of printing it.
    #[arg(long)]
    in_place: bool,
}

#[derive(Subcommand)]
enum Rendering {
    /// Istio's manifests, one for each policy.
    Istio {
        #[command(flatten)]
        options: IstioOptions,
        /// Policies, each of its own filter.
        #[arg(required = true)]
        policies: Vec<PathBuf>,
    },
    /// The entries of `http_filters` of a plain Envoy, one for each policy.
    Envoy {
        #[command(flatten)]
        options: EnvoyOptions,
        /// Policies, each of its own filter.
        #[arg(required = true)]
        policies: Vec<PathBuf>,
    },
    /// Envoy Gateway's `EnvoyExtensionPolicy`, with every policy in it.
    EnvoyGateway {
        #[command(flatten)]
        options: EnvoyGatewayOptions,
        /// Policies, each of its own filter.
        #[arg(required = true)]
        policies: Vec<PathBuf>,
    },
    /// The `local_reply_config` of Envoy's HTTP connection manager, for failures that no filter sees.
    LocalReplies {
        /// A policy of error-translation.
        policy: PathBuf,
    },
    /// The `log_format` of an access log in JSON, with the tags of a policy.
    AccessLog {
        /// A policy of telemetry-tagging.
        policy: PathBuf,
    },
    /// What `tracing` of Envoy's HTTP connection manager needs beside its provider, in YAML (Envoy
    /// 1.37 or later).
    SpanTags {
        /// A policy of telemetry-tagging.
        policy: PathBuf,
    },
    /// The `stats_config` with which Prometheus sees labels.
    StatsTags {
        /// Policies of telemetry-tagging whose own labels it is to know.
        policies: Vec<PathBuf>,
    },
}

impl Rendering {
    fn text(&self) -> Result<String, RenderError> {
        let rendered = match self {
            Self::Istio { options, policies } => return render::istio(options, &read(policies)?),
            Self::Envoy { options, policies } => return render::envoy(options, &read(policies)?),
            Self::EnvoyGateway { options, policies } => {
                return render::envoy_gateway(options, &read(policies)?);
            }
            Self::LocalReplies { policy } => render::local_replies(policy),
            Self::AccessLog { policy } => render::access_log(policy),
            Self::SpanTags { policy } => render::span_tags(policy),
            Self::StatsTags { policies } => render::stats_tags(policies),
        };
        rendered.map_err(RenderError::Policies)
    }
}

/// Policies from their files.
fn read(files: &[PathBuf]) -> Result<Vec<Policy>, RenderError> {
    let mut policies = Vec::new();
    let mut findings = Vec::new();
    for file in files {
        match Policy::read(file) {
            Ok(policy) => policies.push(policy),
            Err(found) => findings.extend(found),
        }
    }
    if findings.is_empty() {
        Ok(policies)
    } else {
        Err(RenderError::Policies(findings))
    }
}

const FINDINGS: u8 = 1;
const USAGE: u8 = 2;

fn main() -> ExitCode {
    let mut out = io::stdout().lock();
    match run(Arguments::parse().command, &mut out) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(FINDINGS),
        Err(message) => {
            // Nothing is left to be done where even this cannot be written.
            let _ = writeln!(io::stderr(), "treaty: {message}");
            ExitCode::from(USAGE)
        }
    }
}

/// Whether all is well.
fn run(command: Command, out: &mut dyn Write) -> Result<bool, String> {
    let (is_fine, written) = match command {
        Command::Check {
            paths,
            filter,
            format,
        } => {
            let report = check(&paths, filter.as_deref(), FILTERS)?;
            (report.is_fine(), report.write(format, out))
        }
        Command::Test { cases, format } => {
            let results = test(&cases, FILTERS)?;
            (results.is_fine(), results.write(format, out))
        }
        Command::Explain {
            file,
            filter,
            ask,
            format,
        } => match explain(&file, filter.as_deref(), &ask, FILTERS) {
            Ok(explanation) => (true, explanation.write(format, out)),
            Err(findings) => (false, tell(&findings)),
        },
        Command::Bundle {
            policy,
            output,
            packed,
            target,
        } => match bundle::bundle(&policy, packed, target) {
            Ok(bundled) => {
                let written = match output {
                    Some(file) => std::fs::write(file, bundled.text),
                    None => out.write_all(bundled.text.as_bytes()),
                };
                (true, written.and_then(|()| tell(&bundled.sizes)))
            }
            Err(findings) => (false, tell(&findings)),
        },
        Command::Off(asked) => switch(&asked, Switch::Off, out),
        Command::On(asked) => switch(&asked, Switch::On, out),
        Command::Render(rendering) => match rendering.text() {
            Ok(rendered) => (true, out.write_all(rendered.as_bytes())),
            Err(RenderError::Options(message)) => return Err(message),
            Err(RenderError::Policies(findings)) => (false, tell(&findings)),
        },
    };
    written.map_err(|error| format!("the results cannot be written: {error}"))?;
    Ok(is_fine)
}

/// Switches a service; whether that went well.
fn switch(asked: &Switching, to: Switch, out: &mut dyn Write) -> (bool, io::Result<()>) {
    let filter = asked.filter.as_deref();
    match off::switch(&asked.service, &asked.file, filter, to, FILTERS) {
        Ok(switched) => {
            let written = if asked.in_place {
                off::replace(&asked.file, &switched.text)
            } else {
                out.write_all(switched.text.as_bytes())
            };
            (true, written.and_then(|()| tell(&switched.notes)))
        }
        Err(findings) => (false, tell(&findings)),
    }
}

/// Tells why nothing is printed, or what is to be known of it, where it does not get into it.
fn tell(lines: &[impl Display]) -> io::Result<()> {
    let mut err = io::stderr().lock();
    lines.iter().try_for_each(|line| writeln!(err, "{line}"))
}
