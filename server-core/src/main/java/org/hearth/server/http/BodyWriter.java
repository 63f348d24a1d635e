package org.hearth.server.http;

import org.hearth.server.matrix.json.JsonWriter;

/// Writes the body of an answer that may be large, piece by piece.
///
/// Until the first piece has gone out ([JsonWriter#hasPushed]) a failure is answered as that of any
/// handler; after that the connection is closed in the middle of the body.
///
/// **thread**: the request's own virtual thread; may block.
@FunctionalInterface
public interface BodyWriter {
  /// Writes the whole body.
  ///
  /// @throws Exception whatever went wrong
  void write(Stream stream) throws Exception;

  /// Something that is done for an answer.
  @FunctionalInterface
  interface Work<T, X extends Exception> {
    /// Does it.
    T run() throws X;
  }

  /// Where the body goes.
  interface Stream {
    /// The body.
    JsonWriter json();

    /// Waits until this answer may be made: of the answers that may be large only a few are made at
    /// the same time. The turn ends with the answer, and rests while a piece is on its way to the
    /// client. Of an answer that the same device has asked for already, and that is being made,
    /// this is the end: it is sent from here as it is made there, and the writer is left by an
    /// exception that it lets pass. Nothing may have been written before.
    ///
    /// @throws org.hearth.server.matrix.error.MatrixException `M_LIMIT_EXCEEDED` if too many wait
    ///   already, or it took too long
    /// @throws InterruptedException if the server stops
    void awaitTurn() throws InterruptedException;

    /// Does something that takes long and has a bound of its own, and leaves the turn to others
    /// meanwhile.
    ///
    /// @throws X what the work throws
    <T, X extends Exception> T withoutTurn(Work<T, X> work) throws X;

    /// Forgets what was written, and gives the turn back, and the room that the body of the request
    /// took: also before a sleep, through which nobody keeps a turn or a body.
    ///
    /// @throws IllegalStateException if a piece has gone out
    void restart();
  }
}
