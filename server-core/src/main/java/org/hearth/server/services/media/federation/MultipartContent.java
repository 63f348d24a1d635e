package org.hearth.server.services.media.federation;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.io.IOException;
import org.hearth.server.http.content.StoredContent;

/// Media as another server gets it: behind a part with its metadata, between boundaries.
///
/// | offset | length | field |
/// |---|---|---|
/// | 0 | before | the metadata, and the headers of the media |
/// | before | media | the bytes |
/// | before + media | after | the last boundary |
///
/// **thread**: one at a time.
///
/// **source**:
/// [Download](https://spec.matrix.org/v1.19/server-server-api/#get_matrixfederationv1mediadownloadmediaid)
final class MultipartContent implements StoredContent {
  private final StoredContent media;
  private final String boundary;
  private final byte[] before;
  private final byte[] after;
  private long position;

  /// @param boundary that is not in the media: long, and chosen at random
  /// @param disposition the value of `Content-Disposition`
  MultipartContent(StoredContent media, String boundary, String contentType, String disposition) {
    this.media = media;
    this.boundary = boundary;
    this.before =
        """
        --%s
        Content-Type: application/json

        {}
        --%s
        Content-Type: %s
        Content-Disposition: %s

        """
            .formatted(boundary, boundary, contentType, disposition)
            .replace("\n", "\r\n")
            .getBytes(US_ASCII);
    this.after = "\r\n--%s--\r\n".formatted(boundary).getBytes(US_ASCII);
  }

  String contentType() {
    return "multipart/mixed; boundary=" + boundary;
  }

  @Override
  public long lengthBytes() {
    return before.length + media.lengthBytes() + after.length;
  }

  /// With the boundary, which is another one each time.
  @Override
  public String entityTag() {
    return media.entityTag() + "-" + boundary;
  }

  @Override
  public void seek(long to) throws IOException {
    media.seek(Math.clamp(to - before.length, 0, media.lengthBytes()));
    position = to;
  }

  @Override
  public int read(byte[] bytes, int offset, int length) throws IOException {
    long behind = position - before.length;
    long atEnd = behind - media.lengthBytes();
    int count;
    if (behind < 0) {
      count = copy(before, (int) position, bytes, offset, length);
    } else if (atEnd < 0) {
      count = media.read(bytes, offset, length);
      if (count < 0) {
        throw new IOException("media ends before its length");
      }
    } else if (atEnd < after.length) {
      count = copy(after, (int) atEnd, bytes, offset, length);
    } else {
      return -1;
    }
    position += count;
    return count;
  }

  private static int copy(byte[] from, int at, byte[] into, int offset, int length) {
    int count = Math.min(length, from.length - at);
    System.arraycopy(from, at, into, offset, count);
    return count;
  }

  @Override
  public void close() throws IOException {
    media.close();
  }
}
