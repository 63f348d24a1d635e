package org.hearth.server.http.connection;

import java.io.IOException;
import java.io.UncheckedIOException;

/// A certificate or private key of a listener cannot be used; the cause names the file and what is
/// wrong.
public final class UnusableKeyException extends UncheckedIOException {
  private static final long serialVersionUID = 1L;

  UnusableKeyException(IOException cause) {
    super(cause);
  }
}
