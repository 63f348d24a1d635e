package org.hearth.server.services.media;

import java.io.InterruptedIOException;
import java.io.UncheckedIOException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import org.jspecify.annotations.Nullable;

/// The SHA-256 of what is received. What is large is hashed beside who receives it, who otherwise
/// would do so half of the time.
///
/// **bound**: [#PIECES] of [#PIECE_BYTES] wait to be hashed; whoever has more waits, too.
///
/// **thread**: that of who receives; of what is large, a virtual one of its own.
final class Hashing implements AutoCloseable {
  /// What is shorter is hashed sooner than a thread is there.
  static final int ALONE_BYTES = 1 << 20;

  private static final int PIECE_BYTES = 64 << 10;
  private static final int PIECES = 4;
  private static final Piece END = new Piece(0);

  private static final class Piece {
    private final byte[] bytes;
    private int length;

    Piece(int mostBytes) {
      bytes = new byte[mostBytes];
    }
  }

  private final MessageDigest digest = sha256();
  private long lengthBytes;
  private @Nullable Beside beside;

  /// A digest that has seen nothing.
  static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError("every Java has SHA-256", e);
    }
  }

  /// Takes the next bytes, which may be others afterwards.
  void take(byte[] bytes, int offset, int length) {
    lengthBytes += length;
    if (lengthBytes <= ALONE_BYTES) {
      digest.update(bytes, offset, length);
      return;
    }
    if (beside == null) {
      beside = new Beside();
    }
    beside.take(bytes, offset, length);
  }

  /// The hash of all, in hexadecimal; once.
  String finish() {
    if (beside != null) {
      beside.finish();
    }
    return HexFormat.of().formatHex(digest.digest());
  }

  /// Ends the thread, if there is one.
  @Override
  public void close() {
    if (beside != null) {
      beside.end();
    }
  }

  @FunctionalInterface
  private interface Waiting<T> {
    T get() throws InterruptedException;
  }

  private static <T> T await(Waiting<T> waiting) {
    try {
      return waiting.get();
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
      throw new UncheckedIOException(new InterruptedIOException("hashing was interrupted"));
    }
  }

  /// Has pieces hashed by another thread, in their order.
  private final class Beside {
    private final BlockingQueue<Piece> free = new ArrayBlockingQueue<>(PIECES);
    private final BlockingQueue<Piece> full = new ArrayBlockingQueue<>(PIECES + 1);
    private final Thread thread;
    private Piece filling = new Piece(PIECE_BYTES);
    private volatile @Nullable Throwable failure;

    Beside() {
      for (int i = 1; i < PIECES; i++) {
        free.add(new Piece(PIECE_BYTES));
      }
      thread = Thread.ofVirtual().name("media hash").start(this::hash);
    }

    void take(byte[] bytes, int offset, int length) {
      int taken = 0;
      while (taken < length) {
        int fits = Math.min(length - taken, PIECE_BYTES - filling.length);
        System.arraycopy(bytes, offset + taken, filling.bytes, filling.length, fits);
        filling.length += fits;
        taken += fits;
        if (filling.length == PIECE_BYTES) {
          full.add(filling);
          filling = await(free::take);
        }
      }
    }

    void finish() {
      full.add(filling);
      end();
      var _ =
          await(() -> {
            thread.join();
            return thread;
          });
      if (failure != null) {
        throw new IllegalStateException("a file could not be hashed", failure);
      }
    }

    void end() {
      // It has its own place.
      var _ = full.offer(END);
    }

    /// What fails is told at the end: whoever waits for a piece gets one.
    private void hash() {
      for (Piece piece = await(full::take); piece != END; piece = await(full::take)) {
        try {
          digest.update(piece.bytes, 0, piece.length);
        } catch (RuntimeException | Error e) {
          failure = e;
        }
        piece.length = 0;
        free.add(piece);
      }
    }
  }
}
