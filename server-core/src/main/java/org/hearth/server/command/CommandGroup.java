package org.hearth.server.command;

import java.io.PrintStream;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;

/// A command that has others below it. Typed alone, it lists them.
final class CommandGroup implements Callable<Integer> {
  private final CommandSpec spec = CommandSpec.wrapWithoutInspection(this);
  private final PrintStream err;

  private CommandGroup(PrintStream err) {
    this.err = err;
  }

  /// The command, to which others are added.
  static CommandLine line(String name, String description, PrintStream err) {
    CommandGroup group = new CommandGroup(err);
    group.spec.name(name).usageMessage().description(description);
    return new CommandLine(group.spec);
  }

  @Override
  public Integer call() {
    spec.commandLine().usage(err);
    return CommandLine.ExitCode.USAGE;
  }
}
