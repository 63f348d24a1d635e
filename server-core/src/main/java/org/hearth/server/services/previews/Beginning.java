package org.hearth.server.services.previews;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;

/// Remembers the first bytes of what goes through it.
///
/// **thread**: one at a time.
final class Beginning extends OutputStream {
  private final OutputStream out;
  private final int most;
  private final ByteArrayOutputStream first = new ByteArrayOutputStream();

  Beginning(OutputStream out, int most) {
    this.out = out;
    this.most = most;
  }

  byte[] first() {
    return first.toByteArray();
  }

  @Override
  public void write(int each) throws IOException {
    write(new byte[] {(byte) each}, 0, 1);
  }

  @Override
  public void write(byte[] bytes, int offset, int length) throws IOException {
    first.write(bytes, offset, Math.min(length, most - first.size()));
    out.write(bytes, offset, length);
  }
}
