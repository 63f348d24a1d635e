package org.hearth.server.admin;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.zip.CRC32C;
import org.hearth.server.admin.RateHistory.Point;
import org.hearth.server.admin.RateHistory.Window;
import org.hearth.server.configuration.DataFolder;

/// The points of a [RateHistory] from one run of the server to the next. The file is replaced
/// whole; all numbers in it are big-endian.
///
/// | offset | length | meaning |
/// |---|---|---|
/// | 0 | 8 | `HEARTHRH` |
/// | 8 | 4 | version of this format, 1 |
/// | 12 | 28 each | points |
/// | at the end | 4 | CRC-32C of the bytes before |
///
/// | offset in a point | length | meaning |
/// |---|---|---|
/// | 0 | 4 | length of its window in seconds |
/// | 4 | 8 | from, in milliseconds since 1970 |
/// | 12 | 8 | to, the same |
/// | 20 | 8 | events a second, a floating-point number |
///
/// **thread**: one at a time.
final class RateFile {
  private static final byte[] MAGIC = "HEARTHRH".getBytes(StandardCharsets.US_ASCII);
  private static final int VERSION = 1;
  private static final int HEADER_BYTES = MAGIC.length + Integer.BYTES;
  private static final int POINT_BYTES = 28;

  /// So many points as all windows have together, and as many again: a look may be early.
  private static final int MOST_BYTES =
      HEADER_BYTES
          + Integer.BYTES
          + 2 * POINT_BYTES * Arrays.stream(Window.values()).mapToInt(Window::steps).sum();

  private static final String UNFINISHED = DataFolder.RATE_HISTORY + ".new";

  private final DataFolder folder;

  RateFile(DataFolder folder) {
    this.folder = folder;
  }

  /// What is in the file, of each window oldest first.
  ///
  /// @return empty if there is no file
  /// @throws IOException if it cannot be read, or is not such a file
  Map<Window, List<Point>> read() throws IOException {
    Map<Window, List<Point>> points = new EnumMap<>(Window.class);
    if (Files.notExists(file())) {
      return points;
    }
    ByteBuffer bytes = content();
    while (bytes.remaining() > Integer.BYTES) {
      Optional<Window> window = window(bytes.getInt());
      Point point =
          new Point(
              Instant.ofEpochMilli(bytes.getLong()),
              Instant.ofEpochMilli(bytes.getLong()),
              bytes.getDouble());
      window.ifPresent(each -> points.computeIfAbsent(each, _ -> new ArrayList<>()).add(point));
    }
    return points;
  }

  /// The file's bytes from the first point on.
  private ByteBuffer content() throws IOException {
    Path file = file();
    long length = Files.size(file);
    if (length > MOST_BYTES || (length - HEADER_BYTES - Integer.BYTES) % POINT_BYTES != 0) {
      throw new IOException("%s is damaged: it has %d bytes".formatted(file, length));
    }
    byte[] content = Files.readAllBytes(file);
    ByteBuffer bytes = ByteBuffer.wrap(content);
    int end = content.length - Integer.BYTES;
    if (Arrays.mismatch(content, MAGIC) != MAGIC.length || bytes.getInt(end) != checksum(content)) {
      throw new IOException(file + " is damaged: its checksum is not that of its points");
    }
    int version = bytes.position(MAGIC.length).getInt();
    if (version != VERSION) {
      throw new IOException("%s has version %d; known is %d".formatted(file, version, VERSION));
    }
    return bytes;
  }

  private static Optional<Window> window(int seconds) {
    return Arrays.stream(Window.values())
        .filter(each -> each.length().equals(Duration.ofSeconds(seconds)))
        .findFirst();
  }

  /// Puts these in place of what is in the file.
  void write(Map<Window, List<Point>> points) throws IOException {
    int count = points.values().stream().mapToInt(List::size).sum();
    byte[] content = new byte[HEADER_BYTES + count * POINT_BYTES + Integer.BYTES];
    ByteBuffer bytes = ByteBuffer.wrap(content);
    bytes.put(MAGIC).putInt(VERSION);
    points.forEach((window, all) ->
        all.forEach(point ->
            bytes
                .putInt((int) window.length().toSeconds())
                .putLong(point.from().toEpochMilli())
                .putLong(point.to().toEpochMilli())
                .putDouble(point.perSecond())));
    bytes.putInt(checksum(content));
    folder.put(UNFINISHED, content);
    Files.move(
        folder.root().resolve(UNFINISHED),
        file(),
        StandardCopyOption.ATOMIC_MOVE,
        StandardCopyOption.REPLACE_EXISTING);
  }

  private Path file() {
    return folder.root().resolve(DataFolder.RATE_HISTORY);
  }

  /// Of all but its own bytes at the end.
  private static int checksum(byte[] content) {
    CRC32C crc = new CRC32C();
    crc.update(content, 0, content.length - Integer.BYTES);
    return (int) crc.getValue();
  }
}
