package org.hearth.server.command;

import java.io.Console;
import java.util.Optional;
import picocli.CommandLine.Option;

/// The yes that a command wants before it does what cannot be undone.
final class Agreement {
  @Option(names = "--yes", description = "do not ask")
  private boolean given;

  /// Whether it was given, with the option or at the terminal.
  ///
  /// @param question what is asked at the terminal; not at all where there is none
  boolean to(String question) {
    return given
        || Optional.ofNullable(System.console())
            .filter(Console::isTerminal)
            .map(console -> console.readLine("%s Type yes: ", question))
            .filter("yes"::equals)
            .isPresent();
  }
}
