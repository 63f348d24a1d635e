package org.hearth.server.http.content;

import java.io.IOException;

/// The body of a request while it comes.
///
/// **thread**: the request's own.
public interface StreamedBody {
  /// How many bytes the client says there are; 0 if there are none, or it does not say.
  long announcedBytes();

  /// Takes what comes.
  @FunctionalInterface
  interface Sink {
    /// Takes the first `length` bytes, which are others when it is called again.
    ///
    /// @throws IOException ends the reading
    void take(byte[] bytes, int length) throws IOException;
  }

  /// Reads the body to its end, a piece at a time; once. It has to arrive at a rate that any link
  /// has. While the sink works, the client waits.
  ///
  /// @throws org.hearth.server.matrix.error.MatrixException 408 if it comes too slowly, 400 if it
  ///   is malformed
  /// @throws IOException what the sink throws
  void transferTo(Sink sink) throws IOException;
}
