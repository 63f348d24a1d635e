package org.hearth.server.http;

import io.helidon.webserver.CloseConnectionException;
import io.helidon.webserver.http.RoutingResponse;
import java.io.OutputStream;
import java.util.Objects;
import java.util.function.BooleanSupplier;
import org.hearth.server.http.connection.StopSignal;
import org.hearth.server.matrix.json.JsonWriter;
import org.jspecify.annotations.Nullable;

/// An answer that is sent while it is made: a piece of the body goes to the client as soon as it is
/// full. A client that takes them too slowly is given up.
///
/// **thread**: the request's own.
final class StreamedAnswer implements BodyWriter.Stream, JsonWriter.Target, AutoCloseable {
  private final Response answer;
  private final RoutingResponse response;
  private final LargeAnswers large;
  private final AnswerTime time;
  private final LargeAnswers.Asker asker;
  private final String address;
  private final @Nullable StopSignal ofHead;
  private final BooleanSupplier keepAlive;
  private final JsonWriter json = new JsonWriter(this);
  private LargeAnswers.@Nullable Place place;
  private @Nullable OutputStream out;
  private boolean leavesConnectionUsable;

  /// How many bytes of a body that is not to be sent have been made and dropped.
  private long dropped;

  /// @param address as it is counted, from which it is asked
  /// @param ofHead given to `HEAD`, of whose body only the length goes out: raised when nobody
  ///   waits for that any more
  /// @param keepAlive asked once, before the head goes out, whether the connection stays open
  StreamedAnswer(
      Response answer,
      RoutingResponse response,
      LargeAnswers large,
      AnswerTime time,
      LargeAnswers.Asker asker,
      String address,
      @Nullable StopSignal ofHead,
      BooleanSupplier keepAlive) {
    this.answer = answer;
    this.response = response;
    this.large = large;
    this.time = time;
    this.asker = asker;
    this.address = address;
    this.ofHead = ofHead;
    this.keepAlive = keepAlive;
  }

  @Override
  public JsonWriter json() {
    return json;
  }

  @Override
  public void awaitTurn() throws InterruptedException {
    if (place == null) {
      place = large.enter(asker, address);
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
    if (ofHead != null && ofHead.isRaised()) {
      // Of a client that is gone no write tells here.
      throw new CloseConnectionException("nobody waits for the length of the answer");
    }
    try {
      awaitTurn();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new CloseConnectionException("the server stops", e);
    }
    LargeAnswers.Place taken = Objects.requireNonNull(place);
    if (ofHead == null) {
      taken.send(() -> send(bytes, length, false));
    } else {
      taken.pause();
      dropped += length;
    }
    taken.resume();
  }

  @Override
  public void restart() {
    json.restart();
    dropped = 0;
    close();
    place = null;
  }

  /// How long the body is of which this is the rest.
  long length(byte[] rest) {
    return dropped + rest.length;
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
    byte[] rest = json.rest();
    Objects.requireNonNull(place).send(() -> send(rest, rest.length, true));
  }

  private void send(byte[] bytes, int length, boolean last) {
    time.send(
        length,
        () -> {
          OutputStream body = out == null ? begin() : out;
          out = body;
          body.write(bytes, 0, length);
          body.flush();
          if (last) {
            body.close();
            // Helidon ends the body only now.
            response.commit();
          }
        });
  }

  private OutputStream begin() {
    leavesConnectionUsable = keepAlive.getAsBoolean();
    Answers.setHead(answer, response, leavesConnectionUsable);
    return response.outputStream();
  }

  @Override
  public void close() {
    if (place != null) {
      place.close();
    }
  }
}
