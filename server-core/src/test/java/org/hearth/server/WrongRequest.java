package org.hearth.server;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.UnaryOperator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// A request that cannot be granted, and what is said to it. The tables of them are text files
/// beside this class.
///
/// Path and body have placeholders. `<room>` stands for what [PopulatedServer] knows under that
/// name, percent-encoded in a path; `<x*300>` for 300 times `x`; `<ff>` in a body for that byte.
///
/// @param why what is wrong, in a few words
/// @param sender who sends it
/// @param path as it is sent; what does not begin with `/_` or `/.` is below `/_matrix/client/v3`
/// @param body as it is sent; `-` for none
/// @param errcode `-` for an answer that has none
record WrongRequest(
    String why,
    String sender,
    String method,
    String path,
    String body,
    int status,
    String errcode) {
  private static final Pattern REPEATED = Pattern.compile("<([^<>]{1,60}|<|>)\\*(\\d+)>");
  private static final Pattern BYTE = Pattern.compile("<([0-9a-f]{2})>");
  private static final Pattern NAMED = Pattern.compile("<([a-z][a-z-]{2,})>");

  /// The rows of a file: `why | sender METHOD path | body | status errcode`.
  static List<WrongRequest> read(String file) {
    return rows(file).stream()
        .map(columns -> {
          String[] call = columns.get(1).split(" ", 3);
          String[] said = columns.get(3).split(" ", 2);
          return new WrongRequest(
              columns.get(0),
              call[0],
              call[1],
              call[2],
              columns.get(2),
              Integer.parseInt(said[0]),
              said[1]);
        })
        .toList();
  }

  /// The rows of a file, by column; comments and empty lines are left out.
  static List<List<String>> rows(String file) {
    try (InputStream in = WrongRequest.class.getResourceAsStream("wrong-requests/" + file)) {
      String text = new String(Objects.requireNonNull(in, file).readAllBytes(), UTF_8);
      return text.lines()
          .filter(line -> !line.isBlank() && !line.startsWith("#"))
          .map(line -> List.of(line.split(" \\| ", -1)))
          .toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  boolean hasBody() {
    return !body.equals("-");
  }

  /// The path as it goes over the wire.
  String target(UnaryOperator<String> named) {
    String whole =
        path.startsWith("/_") || path.startsWith("/.w") ? path : "/_matrix/client/v3" + path;
    String filled =
        NAMED
            .matcher(repeated(whole))
            .replaceAll(each -> Matcher.quoteReplacement(encoded(named.apply(each.group(1)))));
    return escaped(filled);
  }

  /// The body as it goes over the wire, one character a byte.
  String bytes(UnaryOperator<String> named) {
    String filled =
        NAMED
            .matcher(repeated(body))
            .replaceAll(each -> Matcher.quoteReplacement(named.apply(each.group(1))));
    String wire = new String(filled.getBytes(UTF_8), ISO_8859_1);
    return BYTE.matcher(wire)
        .replaceAll(each ->
            Matcher.quoteReplacement(String.valueOf((char) Integer.parseInt(each.group(1), 16))));
  }

  private static String repeated(String text) {
    return REPEATED
        .matcher(text)
        .replaceAll(each ->
            Matcher.quoteReplacement(each.group(1).repeat(Integer.parseInt(each.group(2)))));
  }

  private static String encoded(String text) {
    return java.net.URLEncoder.encode(text, UTF_8).replace("+", "%20");
  }

  /// Letters beyond ASCII, percent-encoded; the rest stays as it is.
  private static String escaped(String text) {
    StringBuilder out = new StringBuilder();
    for (byte each : text.getBytes(UTF_8)) {
      out.append(each < 0 ? "%%%02X".formatted(each & 0xFF) : String.valueOf((char) each));
    }
    return out.toString();
  }

  @Override
  public String toString() {
    List<String> parts = new ArrayList<>(List.of(why + ":", sender, method, path));
    if (hasBody()) {
      parts.add(body);
    }
    String text = String.join(" ", parts);
    return text.length() < 160 ? text : text.substring(0, 160) + "…";
  }
}
