package org.hearth.server;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/// Requests each of which has one field of a wrong type.
final class TypedFields {
  private static final ObjectMapper JSON = new ObjectMapper();

  /// Type → values that are of another one.
  private static final Map<String, List<String>> WRONG =
      Map.of(
          "string", List.of("7", "1.5", "true", "[]", "{}"),
          "bool", List.of("\"true\"", "1", "[]", "{}"),
          "integer", List.of("\"7\"", "1.5", "1.0", "true", "[]", "{}", "9007199254740992", "1e99"),
          "number", List.of("\"7\"", "true", "[]", "{}"),
          "object", List.of("\"text\"", "7", "true", "[]"),
          "array", List.of("\"text\"", "7", "true", "{}"),
          "strings", List.of("\"text\"", "7", "{}", "[7]", "[null]", "[{}]", "[[]]"));

  private TypedFields() {}

  /// All of them: `who METHOD path | a request that would be granted | name:type name:type …`. A
  /// name is a path by dots; `~` in it stands for a dot.
  static List<WrongRequest> all() {
    List<WrongRequest> all = new ArrayList<>();
    for (List<String> row : WrongRequest.rows("fields.txt")) {
      String[] call = row.get(0).split(" ", 3);
      for (String field : row.get(2).split(" ", -1)) {
        int colon = field.lastIndexOf(':');
        String name = field.substring(0, colon);
        String type = field.substring(colon + 1);
        for (String value : Objects.requireNonNull(WRONG.get(type), type)) {
          all.add(
              new WrongRequest(
                  name + " is no " + type,
                  call[0],
                  call[1],
                  call[2],
                  with(row.get(1), name, value),
                  400,
                  "M_BAD_JSON"));
        }
      }
    }
    return all;
  }

  private static String with(String base, String name, String value) {
    try {
      JsonNode body = JSON.readTree(base);
      JsonNode at = body;
      String[] steps = name.split("\\.", -1);
      for (int i = 0; i < steps.length - 1; i++) {
        at = step(at, steps[i].replace('~', '.'));
      }
      String last = steps[steps.length - 1].replace('~', '.');
      JsonNode wrong = JSON.readTree(value);
      if (at instanceof ArrayNode array) {
        array.set(Integer.parseInt(last), wrong);
      } else {
        ((ObjectNode) at).set(last, wrong);
      }
      return body.toString();
    } catch (JsonProcessingException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static JsonNode step(JsonNode at, String name) {
    if (at instanceof ArrayNode array) {
      return array.get(Integer.parseInt(name));
    }
    return at.has(name) ? at.get(name) : ((ObjectNode) at).putObject(name);
  }
}
