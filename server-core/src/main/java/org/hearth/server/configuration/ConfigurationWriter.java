package org.hearth.server.configuration;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.function.UnaryOperator;
import org.snakeyaml.engine.v2.api.LoadSettings;
import org.snakeyaml.engine.v2.api.lowlevel.Compose;
import org.snakeyaml.engine.v2.common.FlowStyle;
import org.snakeyaml.engine.v2.exceptions.Mark;
import org.snakeyaml.engine.v2.nodes.MappingNode;
import org.snakeyaml.engine.v2.nodes.Node;
import org.snakeyaml.engine.v2.nodes.NodeTuple;
import org.snakeyaml.engine.v2.nodes.ScalarNode;
import org.snakeyaml.engine.v2.nodes.SequenceNode;

/// Changes single settings in `hearth.yaml`, and leaves every other line as it is. The old file
/// stays if the result would not say just what is meant.
///
/// **thread**: one at a time for a folder.
public final class ConfigurationWriter {
  private static final String ALL_ADDRESSES = "0.0.0.0";
  private static final String THIS_COMPUTER = "127.0.0.1";
  private static final String BIND = "bind";

  /// 443 is closed to programs of users; 8448 is for other servers, which trust no home's
  /// authority.
  private static final int HTTPS_PORT = 8443;

  private ConfigurationWriter() {}

  /// What stands in a text from one place to another is to be something else. Places are counted in
  /// code points, as the parser counts them.
  private record Edit(int from, int to, String text) {}

  /// Lets other computers reach the listeners, or this computer only. A listener that is what is
  /// wanted already stays on its address.
  ///
  /// @param folder whose `hearth.yaml` is changed; it counts from the next start on
  /// @param toOthers whether other computers are to reach them
  /// @throws IOException if the file cannot be read or written
  /// @throws ConfigurationException if the result would not be understood
  public static void openListeners(DataFolder folder, boolean toOthers) throws IOException {
    Path file = folder.configuration();
    Configuration before = ConfigurationReader.read(file);
    List<Configuration.Listener> wanted =
        before.listeners().stream()
            .map(each ->
                each.isOfThisComputer() == toOthers
                    ? new Configuration.Listener(
                        toOthers ? ALL_ADDRESSES : THIS_COMPUTER, each.port(), each.tls())
                    : each)
            .toList();
    if (!wanted.equals(before.listeners())) {
      change(
          file,
          text -> bound(text, before.listeners(), wanted),
          after -> after.listeners().equals(wanted),
          byHand(wanted));
    }
  }

  /// Adds a listener with https, which the server's own authority certifies, on the address of the
  /// first one.
  ///
  /// @param folder whose `hearth.yaml` is changed; it counts from the next start on
  /// @throws IOException if the file cannot be read or written
  /// @throws ConfigurationException if there is one already, its port is another listener's, or the
  ///   result would not be understood
  public static void addHttps(DataFolder folder) throws IOException {
    Path file = folder.configuration();
    List<Configuration.Listener> before = ConfigurationReader.read(file).listeners();
    Configuration.Listener added =
        new Configuration.Listener(
            before.getFirst().bind(),
            HTTPS_PORT,
            Optional.of(new Configuration.Tls.ByHomeAuthority()));
    String line =
        "{ bind: %s, port: %d, tls: { home-authority: true } }"
            .formatted(quoted(added.bind()), added.port());
    change(
        file,
        text -> withListener(text, before, line),
        after ->
            after.listeners().size() == before.size() + 1
                && after.listeners().containsAll(before)
                && after.listeners().contains(added),
        "add “%s” to “listeners”".formatted(line));
  }

  private static String quoted(String bind) {
    return bind.contains(":") ? "\"" + bind + "\"" : bind;
  }

  private static String withListener(
      String text, List<Configuration.Listener> before, String line) {
    if (!(value(root(text), "listeners").orElse(null) instanceof SequenceNode listeners)) {
      return appended(
          text,
          "listeners: [ { bind: %s, port: %d }, %s ]"
              .formatted(quoted(before.getFirst().bind()), before.getFirst().port(), line));
    }
    if (listeners.getFlowStyle() == FlowStyle.FLOW) {
      int end = listeners.getValue().getLast().getEndMark().map(Mark::getIndex).orElseThrow();
      return edited(text, List.of(new Edit(end, end, ", " + line)));
    }
    // A block ends where the next one begins; its beginning is where it seems to be.
    Mark first = start(listeners);
    return edited(
        text,
        List.of(
            new Edit(
                first.getIndex(),
                first.getIndex(),
                "- " + line + "\n" + " ".repeat(first.getColumn()))));
  }

  private static String byHand(List<Configuration.Listener> wanted) {
    long ports = wanted.stream().map(Configuration.Listener::port).distinct().count();
    return (ports < wanted.size()
            ? "leave one listener to each port, with “bind: %s”"
            : "give each of the listeners “bind: %s”")
        .formatted(wanted.getFirst().bind());
  }

  /// Lets whoever has a registration token make an account.
  ///
  /// @param folder whose `hearth.yaml` is changed; it counts from the next start on
  /// @throws IOException if the file cannot be read or written
  /// @throws ConfigurationException if the result would not be understood
  public static void registerByToken(DataFolder folder) throws IOException {
    change(
        folder.configuration(),
        ConfigurationWriter::byToken,
        after -> after.registration().mode() == Configuration.RegistrationMode.TOKEN,
        "set “registration.mode” to “token”");
  }

  /// Whether a configuration says what is meant.
  @FunctionalInterface
  interface Meant {
    boolean says(Configuration after);
  }

  /// Changes the file, if the result says what is meant.
  ///
  /// @param byHand what its author would do instead, for a sentence
  static void change(Path file, UnaryOperator<String> how, Meant meant, String byHand)
      throws IOException {
    String changed = how.apply(Files.readString(file));
    String sentence =
        "%s is written in a way that only its author can change: %s with a text editor"
            .formatted(file, byHand);
    Configuration after;
    try {
      after = ConfigurationReader.parse(file, changed);
    } catch (ConfigurationException e) {
      throw new ConfigurationException("%s (%s)".formatted(sentence, e.getMessage()), e);
    }
    if (!meant.says(after)) {
      throw new ConfigurationException(sentence);
    }
    DataFolder.replace(file, changed);
  }

  private static String bound(
      String text, List<Configuration.Listener> before, List<Configuration.Listener> wanted) {
    if (!(value(root(text), "listeners").orElse(null) instanceof SequenceNode listeners)) {
      return appended(
          text,
          "listeners: [ { bind: %s, port: %d } ]"
              .formatted(wanted.getFirst().bind(), wanted.getFirst().port()));
    }
    List<Edit> edits = new ArrayList<>();
    for (int i = 0; i < wanted.size(); i++) {
      if (!wanted.get(i).equals(before.get(i))
          && listeners.getValue().get(i) instanceof MappingNode listener) {
        edits.add(set(listener, BIND, wanted.get(i).bind()));
      }
    }
    return edited(text, edits);
  }

  private static String byToken(String text) {
    Optional<Node> registration = value(root(text), "registration");
    return registration.orElse(null) instanceof MappingNode section
        ? edited(text, List.of(set(section, "mode", "token")))
        : appended(text, "registration: { mode: token }");
  }

  private static Node root(String text) {
    return new Compose(LoadSettings.builder().build())
        .composeString(text)
        .orElseThrow(() -> new IllegalStateException("it was read a moment ago"));
  }

  private static Optional<Node> value(Node mapping, String key) {
    return mapping instanceof MappingNode node
        ? node.getValue().stream()
            .filter(tuple ->
                tuple.getKeyNode() instanceof ScalarNode name && name.getValue().equals(key))
            .map(NodeTuple::getValueNode)
            .findFirst()
        : Optional.empty();
  }

  /// Puts a value in the place of the one before, or else before the first key.
  private static Edit set(MappingNode mapping, String key, String value) {
    Optional<Node> before = value(mapping, key);
    if (before.isPresent()) {
      return new Edit(
          start(before.get()).getIndex(),
          before.get().getEndMark().map(Mark::getIndex).orElseThrow(),
          value);
    }
    String setting = key + ": " + value;
    if (mapping.getValue().isEmpty()) {
      int inside = start(mapping).getIndex() + 1;
      return new Edit(inside, inside, " " + setting + " ");
    }
    Mark first = start(mapping.getValue().getFirst().getKeyNode());
    return new Edit(
        first.getIndex(),
        first.getIndex(),
        mapping.getFlowStyle() == FlowStyle.FLOW
            ? setting + ", "
            : setting + "\n" + " ".repeat(first.getColumn()));
  }

  private static Mark start(Node node) {
    return node.getStartMark().orElseThrow();
  }

  /// A text with one more line.
  static String appended(String text, String line) {
    return text + (text.isEmpty() || text.endsWith("\n") ? "" : "\n") + line + "\n";
  }

  private static String edited(String text, List<Edit> edits) {
    StringBuilder result = new StringBuilder(text);
    edits.stream()
        .sorted(Comparator.comparingInt(Edit::from).reversed())
        .forEach(edit ->
            result.replace(
                text.offsetByCodePoints(0, edit.from()),
                text.offsetByCodePoints(0, edit.to()),
                edit.text()));
    return result.toString();
  }
}
