package org.hearth.server.api;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.UnaryOperator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.hearth.server.http.TestClient;
import org.jspecify.annotations.Nullable;

/// One line of `operations.txt`: an operation of the client-server API, and whether it is served.
///
/// @param id as the specification has it
/// @param since the version that added it; empty for those that were always there
/// @param path with names of parameters in braces
record Operation(String id, Optional<String> since, String method, String path, Verdict verdict) {
  private static final String NOT_YET = "not yet: ";
  private static final String NEED_NOT_BE = "not yet, and need not be: ";
  private static final Pattern PARAMETER = Pattern.compile("\\{([A-Za-z]+)}");
  private static final Pattern NAMED = Pattern.compile("<([a-z][a-z-]*)>");

  /// What parameters stand for where a line does not say.
  private static final Map<String, String> USUAL =
      Map.ofEntries(
          Map.entry("userId", "<alice>"),
          Map.entry("roomId", "<room>"),
          Map.entry("roomIdOrAlias", "<room>"),
          Map.entry("roomAlias", "<alias>"),
          Map.entry("eventId", "<event>"),
          Map.entry("eventType", "m.room.message"),
          Map.entry("stateKey", "key"),
          Map.entry("txnId", "walk"),
          Map.entry("type", "org.test"),
          Map.entry("tag", "u.test"),
          Map.entry("deviceId", "<device>"),
          Map.entry("filterId", "<filter>"),
          Map.entry("version", "<backup>"),
          Map.entry("sessionId", "session"),
          Map.entry("kind", "override"),
          Map.entry("ruleId", "mine"),
          Map.entry("receiptType", "m.read"),
          Map.entry("relType", "m.thread"),
          Map.entry("keyName", "displayname"),
          Map.entry("protocol", "irc"),
          Map.entry("networkId", "irc"),
          Map.entry("appserviceId", "bridge"),
          Map.entry("idpId", "somewhere"),
          Map.entry("serverName", "hearth.test"),
          Map.entry("mediaId", "<media>"),
          Map.entry("fileName", "picture.png"));

  /// Whether an operation is served.
  sealed interface Verdict {
    /// It is.
    ///
    /// @param caller who asks
    /// @param with other values of parameters, and a query
    /// @param body empty for none
    record Served(String caller, int status, String with, String body) implements Verdict {}

    /// It is not.
    ///
    /// @param essential whether its version cannot be announced without it
    record NotYet(boolean essential, String why) implements Verdict {}
  }

  static List<Operation> all() {
    return rows("operations.txt").stream().map(Operation::of).toList();
  }

  /// The lines of a table beside this class, by column; comments and empty lines are left out.
  static List<List<String>> rows(String table) {
    try (InputStream in = Operation.class.getResourceAsStream(table)) {
      String text = new String(Objects.requireNonNull(in, table).readAllBytes(), UTF_8);
      return text.lines()
          .filter(line -> !line.isBlank() && !line.startsWith("#"))
          .map(line -> List.of(line.split(" \\| ", -1)))
          .toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static Operation of(List<String> columns) {
    String[] call = columns.get(2).split(" ", -1);
    return new Operation(
        columns.get(0),
        Optional.of(columns.get(1)).filter(each -> !each.equals("-")),
        call[0],
        call[1],
        verdict(columns.subList(3, columns.size())));
  }

  /// What a column says if it says that something is not served; null if it says something else.
  static Verdict.@Nullable NotYet notYet(String said) {
    if (said.startsWith(NOT_YET)) {
      return new Verdict.NotYet(true, said.substring(NOT_YET.length()));
    }
    if (said.startsWith(NEED_NOT_BE)) {
      return new Verdict.NotYet(false, said.substring(NEED_NOT_BE.length()));
    }
    return null;
  }

  private static Verdict verdict(List<String> columns) {
    String said = columns.getFirst();
    Verdict.NotYet notYet = notYet(said);
    if (notYet != null) {
      return notYet;
    }
    String[] words = said.split(" ", -1);
    return new Verdict.Served(
        words[0],
        Integer.parseInt(words[1]),
        columns.size() > 1 ? columns.get(1) : "-",
        columns.size() > 2 ? columns.get(2) : "");
  }

  /// The path with values in it, and the query.
  ///
  /// @param with as in the table
  /// @param named what stands for a name in angle brackets
  String target(String with, UnaryOperator<String> named) {
    Map<String, String> values = new HashMap<>(USUAL);
    String query = "";
    for (String each : with.split(" ", -1)) {
      int equals = each.indexOf('=');
      if (each.startsWith("?")) {
        query = filled(each, name -> TestClient.encoded(named.apply(name)));
      } else if (equals > 0) {
        values.put(each.substring(0, equals), each.substring(equals + 1));
      }
    }
    return PARAMETER
            .matcher(path)
            .replaceAll(found ->
                Matcher.quoteReplacement(
                    TestClient.encoded(
                        filled(
                            Objects.requireNonNull(values.get(found.group(1)), found.group()),
                            named))))
        + query;
  }

  static String filled(String text, UnaryOperator<String> named) {
    return NAMED
        .matcher(text)
        .replaceAll(found -> Matcher.quoteReplacement(named.apply(found.group(1))));
  }

  @Override
  public String toString() {
    return id + " " + method + " " + path;
  }
}
