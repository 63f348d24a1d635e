package org.hearth.server.http.connection;

import io.helidon.common.buffers.BufferData;
import io.helidon.common.buffers.DataReader;
import io.helidon.http.DirectHandler;
import io.helidon.http.RequestException;
import io.helidon.http.Status;
import java.util.function.IntConsumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// Reads chunked bodies strictly: what Helidon lets pass, another server in front of this one may
/// understand in another way.
///
/// Helidon skips any two bytes after a chunk, takes a sign for a part of its size, reads on for the
/// end of that line without a limit, and takes a chunk into memory before anybody can look at its
/// size.
///
/// Source: [RFC 9112, 7.1](https://www.rfc-editor.org/rfc/rfc9112#section-7.1).
///
/// **thread**: the connection's own.
final class CrlfReader extends DataReader {
  private static final int CRLF = 2;
  private static final int LONGEST_SIZE = 16;

  private int largestChunk;
  private IntConsumer onChunk = _ -> {};

  @SuppressWarnings("removal") // only create(…) stays, whose reader cannot be made strict
  CrlfReader(Supplier<byte @Nullable []> input) {
    super(input);
  }

  /// From now on a chunk may have so many bytes.
  ///
  /// @param listener told the size of each before it is taken into memory; what it throws ends the
  ///   reading
  void expectChunks(int mostBytes, IntConsumer listener) {
    largestChunk = mostBytes;
    onChunk = listener;
  }

  /// The line with a chunk's size, or the empty one behind the last chunk.
  @Override
  public String readLine() {
    int length = findNewLine(LONGEST_SIZE);
    if (length == LONGEST_SIZE) {
      throw refusal(Status.BAD_REQUEST_400, "A chunk's size is too long");
    }
    String line = readAsciiString(length);
    if (!line.chars().allMatch(each -> Character.digit(each, 16) >= 0)) {
      throw refusal(Status.BAD_REQUEST_400, "A chunk's size is no hexadecimal number");
    }
    skip(CRLF);
    return line;
  }

  @Override
  public BufferData readBuffer(int length) {
    if (length > largestChunk) {
      throw refusal(Status.REQUEST_ENTITY_TOO_LARGE_413, "A chunk is too large");
    }
    onChunk.accept(length);
    BufferData data = getBuffer(length);
    super.skip(length);
    return data;
  }

  /// Whoever skips two bytes, skips the end of a line or of a chunk.
  @Override
  public void skip(int length) {
    if (length == CRLF && !startsWithNewLine()) {
      throw refusal(Status.BAD_REQUEST_400, "Lines and chunks end with CR LF");
    }
    super.skip(length);
  }

  private static RequestException refusal(Status status, String message) {
    return RequestException.builder()
        .type(DirectHandler.EventType.BAD_REQUEST)
        .status(status)
        .setKeepAlive(false)
        .message(message)
        .build();
  }
}
