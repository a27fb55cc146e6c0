//! The arguments of a binary, from the command line and the environment.

use clap::{Arg, Command, builder::Resettable, error::ErrorKind};

/// Parses the process's arguments. A variable that is set to nothing is not set: it is what a workflow makes of a setting that the
/// repository does not have.
pub(crate) fn parse<A: clap::Parser>() -> Result<A, clap::Error> {
    match parse_without::<A>(has_empty_variable) {
        Err(error) if !matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion) => {
            // The parser counts what the environment gives among what must be written, and says so in the line of usage.
            match parse_without::<A>(|argument| !argument.is_required_set() || has_empty_variable(argument)) {
                Err(plain) if plain.kind() == error.kind() => Err(plain),
                _ => Err(error),
            }
        }
        other => other,
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the parser reads the environment by itself; this is what it must not see"
)]
fn has_empty_variable(argument: &Arg) -> bool {
    argument.get_env().and_then(std::env::var_os).is_some_and(|value| value.is_empty())
}

/// Parses without the variables of some arguments.
fn parse_without<A: clap::Parser>(left_out: fn(&Arg) -> bool) -> Result<A, clap::Error> {
    let mut command = without(A::command(), left_out);
    let mut matches = command.try_get_matches_from_mut(std::env::args_os())?;
    A::from_arg_matches_mut(&mut matches).map_err(|error| error.format(&mut command))
}

fn without(command: Command, left_out: fn(&Arg) -> bool) -> Command {
    let change = |argument: Arg| if left_out(&argument) { argument.env(Resettable::Reset) } else { argument };
    command.mut_args(change).mut_subcommands(|command| without(command, left_out))
}
