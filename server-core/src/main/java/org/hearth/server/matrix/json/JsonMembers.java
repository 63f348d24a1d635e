package org.hearth.server.matrix.json;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/// Finds the members of a JSON object in its bytes, without making nodes of them.
///
/// All that is passed is checked to be JSON in UTF-8 without white space, as the server stores it.
/// What is checked of JSON from outside beyond that, such as keys that occur twice, is not.
///
/// ```
/// JsonMembers members = new JsonMembers(bytes);
/// while (members.next()) { … }
/// ```
///
/// **thread**: one. **errors**: IllegalArgumentException when the bytes are something else.
public final class JsonMembers {
  private static final byte[] TRUE = "true".getBytes(StandardCharsets.US_ASCII);
  private static final byte[] FALSE = "false".getBytes(StandardCharsets.US_ASCII);
  private static final byte[] NULL = "null".getBytes(StandardCharsets.US_ASCII);

  private final byte[] json;
  private int at;
  private int levelsLeft = MatrixJson.MAX_DEPTH;
  private int nameStart;
  private int nameEnd;
  private int start;

  /// @param json which nobody changes meanwhile
  public JsonMembers(byte[] json) {
    this.json = json;
    int malformed = Utf8.firstMalformed(json);
    if (malformed >= 0) {
      throw broken(malformed);
    }
  }

  /// Goes to the next member.
  ///
  /// @return false if there is none
  public boolean next() {
    boolean first = at == 0;
    if (first) {
      pass('{');
    }
    if (peek() == '}') {
      at++;
      if (at != json.length) {
        throw broken(at);
      }
      return false;
    }
    if (!first) {
      pass(',');
    }
    nameStart = at + 1;
    string();
    nameEnd = at - 1;
    pass(':');
    start = at;
    value();
    return true;
  }

  /// Whether the member has that name, of which nothing is escaped.
  public boolean isNamed(byte[] name) {
    return Arrays.equals(json, nameStart, nameEnd, name, 0, name.length);
  }

  /// Whether the member's value is that string, of which nothing is escaped.
  public boolean isString(byte[] text) {
    return json[start] == '"' && Arrays.equals(json, start + 1, at - 1, text, 0, text.length);
  }

  /// Where the member begins: at its name's quotation mark.
  public int memberStart() {
    return nameStart - 1;
  }

  /// Where the member's value begins.
  public int valueStart() {
    return start;
  }

  /// Behind the member's value.
  public int end() {
    return at;
  }

  private void value() {
    switch (peek()) {
      case '"' -> string();
      case '{' -> object();
      case '[' -> array();
      case 't', 'f', 'n' -> literal();
      default -> number();
    }
  }

  private void object() {
    enter();
    pass('{');
    if (peek() != '}') {
      member();
      while (peek() == ',') {
        at++;
        member();
      }
    }
    pass('}');
    levelsLeft++;
  }

  private void member() {
    string();
    pass(':');
    value();
  }

  private void array() {
    enter();
    pass('[');
    if (peek() != ']') {
      value();
      while (peek() == ',') {
        at++;
        value();
      }
    }
    pass(']');
    levelsLeft++;
  }

  private void enter() {
    if (levelsLeft-- == 0) {
      throw broken(at);
    }
  }

  private void string() {
    pass('"');
    int each = at;
    while (each < json.length && json[each] != '"') {
      if (json[each] >= 0 && json[each] < ' ') {
        throw broken(each);
      }
      each += json[each] == '\\' ? escape(each) : 1;
    }
    at = each;
    pass('"');
  }

  /// How many bytes the escape has.
  private int escape(int from) {
    char kind = from + 1 < json.length ? (char) json[from + 1] : 0;
    if (kind != 'u') {
      if ("\"\\/bfnrt".indexOf(kind) < 0) {
        throw broken(from);
      }
      return 2;
    }
    for (int i = from + 2; i < from + 6; i++) {
      if (i >= json.length || Character.digit(json[i], 16) < 0) {
        throw broken(from);
      }
    }
    return 6;
  }

  private void literal() {
    passWord(peek() == 't' ? TRUE : peek() == 'f' ? FALSE : NULL);
  }

  private void passWord(byte[] word) {
    int end = Math.min(at + word.length, json.length);
    if (!Arrays.equals(json, at, end, word, 0, word.length)) {
      throw broken(at);
    }
    at = end;
  }

  private void number() {
    if (peek() == '-') {
      at++;
    }
    if (peek() == '0') {
      at++;
    } else {
      digits();
    }
    if (at < json.length && json[at] == '.') {
      at++;
      digits();
    }
    if (at < json.length && (json[at] == 'e' || json[at] == 'E')) {
      at++;
      if (peek() == '-' || peek() == '+') {
        at++;
      }
      digits();
    }
  }

  private void digits() {
    int first = at;
    while (at < json.length && json[at] >= '0' && json[at] <= '9') {
      at++;
    }
    if (at == first) {
      throw broken(at);
    }
  }

  private byte peek() {
    if (at >= json.length) {
      throw broken(at);
    }
    return json[at];
  }

  private void pass(char expected) {
    if (peek() != expected) {
      throw broken(at);
    }
    at++;
  }

  private static IllegalArgumentException broken(int offset) {
    return new IllegalArgumentException("not the JSON of an object: byte " + offset);
  }
}
