package org.hearth.server.services.media.federation;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.hearth.server.matrix.error.MatrixException;
import org.hearth.server.outbound.BodyReader;
import org.hearth.server.services.media.ContentDisposition;
import org.hearth.server.services.media.Incoming;
import org.jspecify.annotations.Nullable;

/// Takes in what another server answers when it is asked for media: to the disk, as it comes.
///
/// "delineating exactly two parts: The first part has a `Content-Type` header of `application/json`
/// and describes the media's metadata. […] The second part is either: the bytes of the media itself
/// […]; or a `Location` header".
///
/// **thread**: that of the request; then who has its outcome.
///
/// **source**:
/// [Download](https://spec.matrix.org/v1.19/server-server-api/#get_matrixfederationv1mediadownloadmediaid)
final class MediaAnswer implements BodyReader {
  private static final int MOST_BYTES_OF_METADATA = 64 << 10;
  private static final int MOST_BYTES_OF_PREAMBLE = 1 << 10;

  /// After a while, a server sends as much in a second, or is given up.
  private static final int LEAST_BYTES_PER_SECOND = 16 << 10;

  private static final Duration FIRST = Duration.ofSeconds(20);

  private final Incoming incoming;
  private final boolean multipart;
  private String contentType = "";
  private String disposition = "";
  private Outcome outcome = new Unusable("it has no body");

  /// What came.
  sealed interface Outcome {}

  /// The bytes, which are in the file that was given.
  record Taken(String contentType, Optional<String> fileName) implements Outcome {}

  /// The bytes are elsewhere.
  record Elsewhere(URI uri) implements Outcome {}

  /// It cannot be used.
  record Unusable(String why) implements Outcome {}

  /// It was refused here: too large, or there is no room on the disk.
  record Refused(MatrixException why) implements Outcome {}

  /// @param incoming gets the bytes
  /// @param multipart whether there is more around them
  MediaAnswer(Incoming incoming, boolean multipart) {
    this.incoming = incoming;
    this.multipart = multipart;
  }

  Outcome outcome() {
    return outcome;
  }

  @Override
  public void head(Map<String, List<String>> headers) {
    contentType = first(headers, "content-type");
    disposition = first(headers, "content-disposition");
  }

  private static String first(Map<String, List<String>> headers, String name) {
    return headers.getOrDefault(name, List.of("")).getFirst();
  }

  @Override
  public void read(InputStream body) throws IOException {
    try {
      outcome = multipart ? parts(body) : whole(body);
    } catch (TooSlow _) {
      outcome = new Unusable("it comes too slowly");
    } catch (MultipartReader.Malformed e) {
      outcome = new Unusable(String.valueOf(e.getMessage()));
    } catch (MatrixException e) {
      outcome = new Refused(e);
    }
  }

  private Outcome whole(InputStream body) throws IOException {
    long _ = body.transferTo(new Paced(incoming));
    return taken(contentType, disposition);
  }

  private Outcome parts(InputStream body) throws IOException {
    Optional<String> boundary = MultipartReader.boundary(contentType);
    if (boundary.isEmpty()) {
      return new Unusable("it is no multipart/mixed with a boundary");
    }
    MultipartReader reader = new MultipartReader(body, boundary.get());
    reader.skip(MOST_BYTES_OF_PREAMBLE);
    var _ = reader.headers();
    // "Currently, this will always be an empty object."
    reader.skip(MOST_BYTES_OF_METADATA);
    Map<String, String> headers = reader.headers();
    @Nullable String location = headers.get("location");
    if (location != null) {
      return elsewhere(location);
    }
    reader.transferTo(new Paced(incoming), Long.MAX_VALUE);
    return taken(
        headers.getOrDefault("content-type", ""), headers.getOrDefault("content-disposition", ""));
  }

  /// The address is a server's word. It is asked by the rules for all addresses, encrypted only.
  private static Outcome elsewhere(String location) {
    try {
      URI uri = URI.create(location);
      return "https".equalsIgnoreCase(uri.getScheme()) && uri.getHost() != null
          ? new Elsewhere(uri)
          : new Unusable("it leads to an address that is not https");
    } catch (IllegalArgumentException e) {
      return new Unusable("it leads to no address");
    }
  }

  private static Outcome taken(String contentType, String disposition) {
    return new Taken(ContentDisposition.type(Optional.of(contentType)), FileNames.of(disposition));
  }

  /// What comes, while it comes quickly enough.
  private static final class Paced extends OutputStream {
    private final OutputStream out;
    private final long begun = System.nanoTime();
    private long bytes;

    Paced(OutputStream out) {
      this.out = out;
    }

    @Override
    public void write(int each) throws IOException {
      write(new byte[] {(byte) each}, 0, 1);
    }

    @Override
    public void write(byte[] from, int offset, int length) throws IOException {
      out.write(from, offset, length);
      bytes += length;
      long nanos = System.nanoTime() - begun - FIRST.toNanos();
      if (nanos > 0 && bytes < nanos / 1_000_000_000L * LEAST_BYTES_PER_SECOND) {
        throw new TooSlow();
      }
    }
  }

  private static final class TooSlow extends IOException {
    private static final long serialVersionUID = 1;
  }
}
