package org.hearth.server.readers.push;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.net.URI;
import java.time.Duration;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;
import org.hearth.server.matrix.error.MatrixException;
import org.hearth.server.matrix.json.MatrixJson;
import org.hearth.server.outbound.Failure;
import org.hearth.server.outbound.HeaderValues;
import org.hearth.server.outbound.Limits;
import org.hearth.server.outbound.Outbound;
import org.hearth.server.outbound.OutboundRequest;
import org.hearth.server.outbound.Outcome;
import org.hearth.server.outbound.Response;

/// Sends notifications to push gateways, each for one pusher.
///
/// **thread**: any; a call waits for the answer, no longer than [#LIMITS], and ends with [#stop].
///
/// **source**: [Push Gateway API](https://spec.matrix.org/v1.19/push-gateway-api/)
final class PushGateways {
  /// What a request may cost. An answer is a list of one push key at most.
  static final Limits LIMITS =
      new Limits(
          Duration.ofSeconds(5),
          Duration.ofSeconds(5),
          Duration.ofSeconds(10),
          Duration.ofSeconds(15),
          16 << 10,
          64 << 10);

  private static final int TOO_MANY_REQUESTS = 429;
  private static final int UNAVAILABLE = 503;

  private final Outbound outbound;

  /// The threads that wait for an answer, and nothing else; guarded by this object's lock.
  private final Set<Thread> waiting = new HashSet<>();

  private boolean stopped;

  PushGateways(Outbound outbound) {
    this.outbound = outbound;
  }

  /// What became of a notification.
  sealed interface Result {
    /// The gateway has it.
    record Taken() implements Result {}

    /// The gateway says that the push key is not valid.
    record Rejected() implements Result {}

    /// The gateway did not take it.
    ///
    /// @param answered whether it said so itself
    /// @param retryAfter how long it asks to be left alone
    record Failed(String why, boolean answered, Optional<Duration> retryAfter) implements Result {}

    /// This server is stopping.
    record Stopped() implements Result {}
  }

  static OutboundRequest request(URI url, byte[] body, Outbound outbound) {
    OutboundRequest request =
        OutboundRequest.post(url, "application/json", body).withLimits(LIMITS);
    return outbound.isAllowed(url) ? request.withPlainAllowed() : request;
  }

  /// Sends a notification.
  ///
  /// @param notification the object of that name
  Result send(Pusher pusher, ObjectNode notification) {
    ObjectNode body = JsonNodeFactory.instance.objectNode();
    body.set("notification", notification);
    return switch (ask(request(pusher.settings().url(), MatrixJson.write(body), outbound))) {
      case Response answer when answer.status() / 100 == 2 ->
          result(answer.body(), pusher.settings().pushkey());
      case Response answer ->
          new Result.Failed("status " + answer.status(), true, retryAfter(answer));
      case Failure.Stopping _ -> new Result.Stopped();
      case Failure failure -> new Result.Failed(failure.toString(), false, Optional.empty());
    };
  }

  /// "A list of all pushkeys given in the notification request that are not valid." Others than the
  /// one that was given are none of the gateway's business.
  private static Result result(byte[] body, String pushkey) {
    ObjectNode answer;
    try {
      answer = MatrixJson.parseObject(body);
    } catch (MatrixException e) {
      return new Result.Failed("no JSON: " + e.safeMessage(), true, Optional.empty());
    }
    for (JsonNode each : answer.path("rejected")) {
      if (each.asText().equals(pushkey)) {
        return new Result.Rejected();
      }
    }
    return new Result.Taken();
  }

  private static Optional<Duration> retryAfter(Response answer) {
    return answer.status() == TOO_MANY_REQUESTS || answer.status() == UNAVAILABLE
        ? answer.header("retry-after").flatMap(HeaderValues::seconds)
        : Optional.empty();
  }

  /// Interrupts end a request, and must reach its thread at no other time: it reads the database.
  private Outcome ask(OutboundRequest request) {
    synchronized (this) {
      if (stopped) {
        return new Failure.Stopping();
      }
      waiting.add(Thread.currentThread());
    }
    try {
      return outbound.send(request);
    } catch (InterruptedException _) {
      return new Failure.Stopping();
    } finally {
      synchronized (this) {
        waiting.remove(Thread.currentThread());
        var _ = Thread.interrupted();
      }
    }
  }

  /// Ends what is under way; what comes later is not sent.
  synchronized void stop() {
    stopped = true;
    waiting.forEach(Thread::interrupt);
  }
}
