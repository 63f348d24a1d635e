package org.hearth.server.matrix.json;

import com.fasterxml.jackson.databind.JsonNode;

/// Writes JSON piece by piece, so that what is written is never whole in memory.
///
/// Commas are set by the writer. What is written after [#mark] can be taken back as long as it is
/// no longer than [#MOST_HELD].
///
/// **thread**: one.
public final class JsonWriter {
  /// A piece goes out when it has that many bytes.
  public static final int PIECE = 64 * 1024;

  /// That many bytes at most wait for whether they are taken back.
  public static final int MOST_HELD = 256 * 1024;

  private static final int NO_MARK = -1;

  /// Where the pieces go.
  @FunctionalInterface
  public interface Target {
    /// Takes the next piece.
    ///
    /// @param bytes to be used before the call returns only
    void push(byte[] bytes, int length);
  }

  private final Target target;
  private final JsonSink sink;
  private boolean commaIsDue;
  private long pushedBytes;
  private int mark = NO_MARK;
  private boolean commaWasDue;

  public JsonWriter(Target target) {
    this.target = target;
    this.sink = new JsonSink(1024);
  }

  /// Begins an object.
  public JsonWriter object() {
    return begin('{');
  }

  /// Begins an object that has members already.
  ///
  /// @param members as JSON, at least one, without the brackets
  public JsonWriter object(byte[] members) {
    begin('{');
    sink.raw(members);
    commaIsDue = true;
    return this;
  }

  public JsonWriter endObject() {
    return end('}');
  }

  /// Begins an array.
  public JsonWriter array() {
    return begin('[');
  }

  public JsonWriter endArray() {
    return end(']');
  }

  /// The name of what comes next in an object.
  public JsonWriter name(String name) {
    comma();
    sink.string(name);
    sink.single(':');
    commaIsDue = false;
    return this;
  }

  /// A member of an object, or an element of an array.
  public JsonWriter value(JsonNode value) {
    comma();
    MatrixJson.write(value, sink);
    return written();
  }

  public JsonWriter value(String text) {
    comma();
    sink.string(text);
    return written();
  }

  public JsonWriter value(long number) {
    comma();
    sink.number(number);
    return written();
  }

  public JsonWriter value(boolean flag) {
    comma();
    sink.ascii(flag ? "true" : "false");
    return written();
  }

  /// From here on what is written may be taken back. A mark that was set before is forgotten.
  public void mark() {
    mark = sink.length();
    commaWasDue = commaIsDue;
  }

  /// What was written after the mark stays.
  public void keep() {
    mark = NO_MARK;
    pushIfFull();
  }

  /// Takes back what was written after the mark.
  ///
  /// @return false if that is not possible any more
  public boolean takeBack() {
    if (mark == NO_MARK) {
      return false;
    }
    sink.shorten(mark);
    commaIsDue = commaWasDue;
    mark = NO_MARK;
    return true;
  }

  /// Whether what was written after the mark can still be taken back.
  public boolean canTakeBack() {
    return mark != NO_MARK;
  }

  /// Takes back everything.
  ///
  /// @throws IllegalStateException if a piece has gone out
  public void restart() {
    if (hasPushed()) {
      throw new IllegalStateException("a part of the JSON has gone out");
    }
    sink.shorten(0);
    commaIsDue = false;
    mark = NO_MARK;
  }

  /// Whether a piece has gone out.
  public boolean hasPushed() {
    return pushedBytes > 0;
  }

  /// How many bytes were written, and were not taken back.
  public long length() {
    return pushedBytes + sink.length();
  }

  /// What is written and has not gone out.
  public byte[] rest() {
    return sink.toByteArray();
  }

  private JsonWriter begin(char bracket) {
    comma();
    sink.single(bracket);
    commaIsDue = false;
    return this;
  }

  private JsonWriter end(char bracket) {
    sink.single(bracket);
    return written();
  }

  private void comma() {
    if (commaIsDue) {
      sink.single(',');
    }
  }

  private JsonWriter written() {
    commaIsDue = true;
    pushIfFull();
    return this;
  }

  private void pushIfFull() {
    if (sink.length() >= (mark == NO_MARK ? PIECE : MOST_HELD)) {
      pushedBytes += sink.length();
      mark = NO_MARK;
      sink.pushTo(target);
    }
  }
}
