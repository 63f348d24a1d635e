package org.hearth.bench.load;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/// What a measurement was asked to do, and where its figures go: pairs of `--option value`.
public final class Options {
  private final Map<String, String> values = new HashMap<>();

  private Options() {}

  /// Reads them.
  ///
  /// @param arguments of the command line
  /// @param first how many of them come before the options
  /// @throws IllegalArgumentException if something else is among them
  public static Options of(String[] arguments, int first) {
    Options options = new Options();
    for (int i = first; i < arguments.length; i += 2) {
      if (!arguments[i].startsWith("--") || i + 1 == arguments.length) {
        throw new IllegalArgumentException("expected --option value, found " + arguments[i]);
      }
      options.values.put(arguments[i].substring(2), arguments[i + 1]);
    }
    return options;
  }

  /// A value.
  ///
  /// @param name without dashes
  /// @param usual if it is not given
  public String text(String name, String usual) {
    return values.getOrDefault(name, usual);
  }

  /// A value without which nothing can be measured.
  public String required(String name) {
    String value = values.get(name);
    if (value == null) {
      throw new IllegalArgumentException("--" + name + " is missing");
    }
    return value;
  }

  /// A number.
  public int number(String name, int usual) {
    return Integer.parseInt(text(name, Integer.toString(usual)));
  }

  /// A number of seconds.
  public Duration seconds(String name, int usual) {
    return Duration.ofSeconds(number(name, usual));
  }

  /// Whether something is to be done.
  public boolean flag(String name, boolean usual) {
    return Boolean.parseBoolean(text(name, Boolean.toString(usual)));
  }

  /// The server to be asked, `--url`.
  public URI server() {
    return URI.create(text("url", "http://127.0.0.1:8008"));
  }

  /// The server's process, `--pid`, whose processor time and memory are measured.
  public Optional<Long> process() {
    return Optional.ofNullable(values.get("pid")).map(Long::valueOf);
  }

  /// Where the figures are to be kept, `--out`.
  public Optional<Path> out() {
    return Optional.ofNullable(values.get("out")).map(Path::of);
  }

  /// Prints the figures, and keeps them if they are to be kept.
  public void tell(ObjectNode figures) throws IOException {
    String text = Connection.JSON.writerWithDefaultPrettyPrinter().writeValueAsString(figures);
    System.out.println(text);
    Optional<Path> out = out();
    if (out.isPresent()) {
      Files.writeString(out.get(), text + "\n");
    }
  }
}
