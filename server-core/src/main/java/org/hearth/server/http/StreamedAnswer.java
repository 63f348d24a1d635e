package org.hearth.server.http;

import io.helidon.webserver.CloseConnectionException;
import io.helidon.webserver.http.RoutingResponse;
import java.io.IOException;
import java.io.OutputStream;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.hearth.server.http.connection.Deadlines;
import org.hearth.server.http.connection.StopSignal;
import org.hearth.server.matrix.json.JsonWriter;
import org.jspecify.annotations.Nullable;

/// An answer that is sent while it is made: a piece of the body goes to the client as soon as it is
/// full. A client that takes them too slowly is given up.
///
/// When the same device has asked the same before and that answer is being made, its pieces are
/// taken from there, and nothing is made here.
///
/// **thread**: the request's own.
final class StreamedAnswer implements BodyWriter.Stream, JsonWriter.Target, AutoCloseable {
  private final Response answer;
  private final LargeAnswers large;
  private final LargeAnswers.Asked asked;
  private final Client client;
  private final StopSignal stopping;
  private final JsonWriter json = new JsonWriter(this);
  private LargeAnswers.@Nullable Place place;
  private SharedAnswer.@Nullable Joined joined;
  private @Nullable OutputStream out;
  private boolean leavesConnectionUsable;

  /// What is to be sent last.
  private byte @Nullable [] rest;

  /// Why nothing more goes to the client, although its answer is made for others.
  private @Nullable CloseConnectionException gone;

  /// How many bytes of a body that is not to be sent have been made and dropped.
  private long dropped;

  /// Who is answered.
  ///
  /// @param ofHead given to `HEAD`, of whose body only the length goes out: raised when nobody
  ///   waits for that any more
  /// @param keepAlive asked once, before the head goes out, whether the connection stays open
  /// @param body what the body of the request takes
  record Client(
      RoutingResponse response,
      AnswerTime time,
      @Nullable StopSignal ofHead,
      BooleanSupplier keepAlive,
      BodyMemory.Taken body) {}

  /// Ends the work of a writer whose answer has been taken from somebody else.
  private static final class TakenFromAnother extends RuntimeException {
    private static final long serialVersionUID = 1;

    TakenFromAnother() {
      super("the answer has been taken from who made it", null, false, false);
    }
  }

  /// @param stopping raised when the server is about to stop
  StreamedAnswer(
      Response answer,
      LargeAnswers large,
      LargeAnswers.Asked asked,
      Client client,
      StopSignal stopping) {
    this.answer = answer;
    this.large = large;
    this.asked = asked;
    this.client = client;
    this.stopping = stopping;
  }

  /// Has the body written, or takes it from who writes the same.
  ///
  /// @throws Exception whatever went wrong
  void make(BodyWriter writer) throws Exception {
    try {
      writer.write(this);
    } catch (TakenFromAnother _) {
      return;
    }
    byte[] last = json.rest();
    if (place != null) {
      place.share(last, last.length, true);
    }
    rest = last;
  }

  @Override
  public JsonWriter json() {
    return json;
  }

  @Override
  public void awaitTurn() throws InterruptedException {
    while (place == null) {
      switch (large.enterOrJoin(asked)) {
        case LargeAnswers.Place own -> place = own;
        case SharedAnswer.Joined other -> takeFrom(other);
      }
    }
  }

  /// Sends what another request makes.
  ///
  /// @throws TakenFromAnother if that is all. Returns if that failed before anything went out
  private void takeFrom(SharedAnswer.Joined other) throws InterruptedException {
    joined = other;
    SharedAnswer.@Nullable Piece piece = other.next();
    while (piece != null) {
      if (piece.last()) {
        rest = piece.copy();
        throw new TakenFromAnother();
      }
      byte[] bytes = piece.bytes();
      int length = piece.length();
      other.send(() -> send(bytes, length, false));
      piece = other.next();
    }
    other.close();
    joined = null;
    if (hasBegun()) {
      throw new CloseConnectionException("the answer failed in its middle");
    }
  }

  @Override
  public <T, X extends Exception> T withoutTurn(BodyWriter.Work<T, X> work) throws X {
    LargeAnswers.@Nullable Place taken = place;
    if (taken == null) {
      return work.run();
    }
    taken.pause();
    try {
      return work.run();
    } finally {
      taken.resume();
    }
  }

  @Override
  public void push(byte[] bytes, int length) {
    if (client.ofHead() != null && client.ofHead().isRaised()) {
      // Of a client that is gone no write tells here.
      throw new CloseConnectionException("nobody waits for the length of the answer");
    }
    try {
      if (place == null) {
        // What has been written already is nobody else's.
        place = large.enter(asked.asker(), asked.address());
      }
      LargeAnswers.Place taken = place;
      taken.share(bytes, length, false);
      if (client.ofHead() == null) {
        pushTo(taken, bytes, length);
      } else {
        dropped += length;
      }
      taken.resume();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new CloseConnectionException("the server stops", e);
    }
  }

  private void pushTo(LargeAnswers.Place taken, byte[] bytes, int length) {
    if (gone != null) {
      return;
    }
    try {
      taken.send(() -> send(bytes, length, false));
    } catch (CloseConnectionException e) {
      if (!taken.goesOnForOthers() || stopping.isRaised()) {
        throw e;
      }
      gone = e;
      // The interrupt was for the sending. What follows reads the database.
      var _ = Thread.interrupted();
    }
  }

  @Override
  public void restart() {
    json.restart();
    dropped = 0;
    close();
    place = null;
    client.body().close();
  }

  /// What is to be sent last: all of it, if nothing was sent before.
  ///
  /// @throws CloseConnectionException if the client is gone already
  byte[] rest() {
    if (gone != null) {
      throw gone;
    }
    return Objects.requireNonNull(rest);
  }

  /// How long the body is of which this is the rest.
  long length(byte[] ofRest) {
    return dropped + ofRest.length;
  }

  /// Whether a part of it is with the client already.
  boolean hasBegun() {
    return out != null;
  }

  /// Of an answer that has begun: whether its head said that the connection stays open.
  boolean leavesConnectionUsable() {
    return leavesConnectionUsable;
  }

  /// Sends what is left of an answer that has begun.
  void finish() {
    byte[] last = rest();
    Runnable sending = () -> send(last, last.length, true);
    if (joined != null) {
      joined.send(sending);
    } else {
      Objects.requireNonNull(place).send(sending);
    }
  }

  private void send(byte[] bytes, int length, boolean last) {
    client
        .time()
        .send(
            length,
            () -> {
              OutputStream body = out == null ? begin() : out;
              out = body;
              body.write(bytes, 0, length);
              body.flush();
              if (last) {
                body.close();
                // Helidon ends the body only now.
                client.response().commit();
              }
            });
  }

  private OutputStream begin() {
    leavesConnectionUsable = client.keepAlive().getAsBoolean();
    Answers.setHead(answer, client.response(), leavesConnectionUsable);
    return client.response().outputStream();
  }

  @Override
  public void close() {
    if (joined != null) {
      joined.close();
    }
    if (place != null) {
      place.close();
    }
  }

  /// Gives up a client that takes its answer too slowly: who takes nothing for a time, and who
  /// takes less than [#LEAST_BYTES_PER_SECOND] once that time is used up.
  ///
  /// **thread**: the request's own.
  static final class AnswerTime {
    /// What any link has that one can use a client on.
    static final int LEAST_BYTES_PER_SECOND = 16 * 1024;

    /// However large it is, what is sent at once takes no longer than so many times the patience.
    private static final int LONGEST = 4;

    private final Deadlines deadlines;
    private final long patienceNanos;
    private long sentBytes;
    private long takenNanos;

    /// @param patience how much longer an answer may take than it would at the least rate
    AnswerTime(Deadlines deadlines, Duration patience) {
      this.deadlines = deadlines;
      this.patienceNanos = patience.toNanos();
    }

    /// Sends something.
    @FunctionalInterface
    interface Sending {
      void send() throws IOException;
    }

    /// Sends a piece of the answer, or all of it.
    ///
    /// @throws CloseConnectionException if the client is gone or too slow
    void send(int bytes, Sending sending) {
      long began = System.nanoTime();
      Deadlines.Deadline deadline = deadlines.within(forNext(bytes));
      try {
        sending.send();
      } catch (IOException | RuntimeException e) {
        deadline.close();
        throw new CloseConnectionException("The client went away while it was answered", e);
      }
      if (!deadline.met()) {
        throw new CloseConnectionException("The client did not take its answer in time");
      }
      took(bytes, Duration.ofNanos(System.nanoTime() - began));
    }

    /// In which time the next bytes are to be taken. That a client was quick before does not give
    /// it more.
    Duration forNext(int bytes) {
      long behind = takenNanos - nanosAtLeastRate(sentBytes);
      long usual = Math.min(patienceNanos + nanosAtLeastRate(bytes), patienceNanos * LONGEST);
      return Duration.ofNanos(usual - Math.max(0, behind));
    }

    void took(int bytes, Duration time) {
      sentBytes += bytes;
      takenNanos += time.toNanos();
    }

    static long nanosAtLeastRate(long bytes) {
      return TimeUnit.MILLISECONDS.toNanos(bytes * 1000 / LEAST_BYTES_PER_SECOND);
    }
  }
}
