package org.hearth.server.http.connection;

import io.helidon.common.buffers.BufferData;
import io.helidon.common.buffers.DataReader;
import io.helidon.http.DirectHandler;
import io.helidon.http.RequestException;
import io.helidon.http.Status;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// Reads chunked bodies strictly: what Helidon lets pass, another server in front of this one may
/// understand in another way.
///
/// Helidon skips any two bytes after a chunk, takes a sign for a part of its size, reads on for the
/// end of that line without a limit, and takes a chunk into memory whole. It is given what has
/// arrived of a chunk as if that were one.
///
/// Source: [RFC 9112, 7.1](https://www.rfc-editor.org/rfc/rfc9112#section-7.1).
///
/// **thread**: the connection's own.
final class CrlfReader extends DataReader {
  private static final int CRLF = 2;
  private static final int LONGEST_SIZE = 16;

  private int largestChunk;

  /// Bytes of the chunk that have not been handed on.
  private int left;

  @SuppressWarnings("removal") // only create(…) stays, whose reader cannot be made strict
  CrlfReader(Supplier<byte @Nullable []> input) {
    super(input);
  }

  /// From now on a chunk may have so many bytes.
  void expectChunks(int mostBytes) {
    largestChunk = mostBytes;
  }

  /// The size of what has arrived of a chunk, in hexadecimal, or the empty line behind the last
  /// chunk.
  @Override
  public String readLine() {
    if (left == 0) {
      String line = sizeLine();
      if (line.isEmpty()) {
        return line;
      }
      long size = Long.parseLong(line, 16);
      if (size > largestChunk) {
        throw refusal(Status.REQUEST_ENTITY_TOO_LARGE_413, "A chunk is too large");
      }
      left = (int) size;
    }
    int piece = 0;
    if (left > 0) {
      ensureAvailable();
      piece = Math.min(left, available());
      left -= piece;
    }
    return Integer.toHexString(piece);
  }

  private String sizeLine() {
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
    BufferData data = getBuffer(length);
    super.skip(length);
    return data;
  }

  /// Whoever skips two bytes, skips the end of a line or of a chunk. Within a chunk there is none.
  @Override
  public void skip(int length) {
    if (left > 0) {
      return;
    }
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
