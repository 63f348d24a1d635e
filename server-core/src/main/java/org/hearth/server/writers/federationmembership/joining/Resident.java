package org.hearth.server.writers.federationmembership.joining;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.stream.Collectors;
import org.hearth.server.matrix.event.Pdu;
import org.hearth.server.matrix.id.ServerName;
import org.hearth.server.matrix.version.RoomVersions;
import org.hearth.server.outbound.BodyReader;
import org.hearth.server.outbound.Failure;
import org.hearth.server.outbound.Phase;
import org.hearth.server.outbound.federation.FederationClient;
import org.hearth.server.outbound.federation.FederationReply;
import org.hearth.server.outbound.federation.FederationRequest;

/// The requests of a handshake to one server.
///
/// **thread**: one that may wait. A request is given up when the server stops.
final class Resident {
  private static final String V1 = "/_matrix/federation/v1/";
  private static final String V2 = "/_matrix/federation/v2/";

  /// A template is no longer than an event, and what a knock is answered with is a few.
  private static final int ANSWER_BYTES = 1 << 20;

  private static final Duration SHORT = Duration.ofSeconds(20);

  /// A large room takes its time to be written.
  private static final Duration LONG = Duration.ofSeconds(150);

  /// What a version 1 endpoint answers beside its status says nothing.
  private static final BodyReader NOTHING = _ -> {};

  private final ServerName server;
  private final Wish wish;
  private final FederationClient client;
  private final UnderWay underWay;

  Resident(ServerName server, Wish wish, FederationClient client, UnderWay underWay) {
    this.server = server;
    this.wish = wish;
    this.client = client;
    this.underWay = underWay;
  }

  ServerName server() {
    return server;
  }

  /// Asks for a template.
  FederationReply make() throws InterruptedException {
    String versions =
        RoomVersions.all().stream()
            .map(each -> "ver=" + encoded(each.id()))
            .collect(Collectors.joining("&", "?", ""));
    String target =
        V1
            + wish.handshake().make()
            + "/"
            + encoded(wish.room().value())
            + "/"
            + encoded(wish.user().value())
            + (wish.handshake().namesVersions() ? versions : "");
    return ask(
        FederationRequest.get(server, target).withAnswer(ANSWER_BYTES, SHORT), Optional.empty());
  }

  /// Whether the server says of the room: "`guest_can_join`: Whether guest users may join the room
  /// and participate in it."
  boolean letsGuestsIn() throws InterruptedException {
    String target = V1 + "hierarchy/" + encoded(wish.room().value()) + "?suggested_only=true";
    FederationReply reply =
        ask(
            FederationRequest.get(server, target).withAnswer(ANSWER_BYTES, SHORT),
            Optional.empty());
    if (!(reply instanceof FederationReply.Answer(_, ObjectNode answer))) {
      return false;
    }
    JsonNode room = answer.path("room");
    return wish.room().value().equals(room.path("room_id").textValue())
        && room.path("guest_can_join").isBoolean()
        && room.path("guest_can_join").booleanValue();
  }

  /// Hands a join in.
  ///
  /// @param givenUp completes when the answer is not waited for any longer
  FederationReply sendJoin(Pdu event, BodyReader answer, CompletableFuture<Void> givenUp)
      throws InterruptedException {
    FederationReply reply = sendJoin(V2, event, answer, givenUp);
    return isUnknownEndpoint(reply) ? sendJoin(V1, event, answer, givenUp) : reply;
  }

  private FederationReply sendJoin(
      String version, Pdu event, BodyReader answer, CompletableFuture<Void> givenUp)
      throws InterruptedException {
    return ask(
        put(version, event).withAnswer(JoinAnswer.MOST_BYTES, LONG), Optional.of(answer), givenUp);
  }

  /// Hands a leave in.
  FederationReply sendLeave(Pdu event) throws InterruptedException {
    FederationReply reply = ask(put(V2, event).withAnswer(ANSWER_BYTES, SHORT), NOTHING);
    return isUnknownEndpoint(reply)
        ? ask(put(V1, event).withAnswer(ANSWER_BYTES, SHORT), NOTHING)
        : reply;
  }

  /// Hands a knock in.
  FederationReply sendKnock(Pdu event) throws InterruptedException {
    return ask(put(V1, event).withAnswer(ANSWER_BYTES, SHORT), Optional.empty());
  }

  /// "If the server does not support an endpoint": an older one has only the first version of some.
  private static boolean isUnknownEndpoint(FederationReply reply) {
    return reply instanceof FederationReply.Refused(int status, String errcode, _, _, _)
        && (status == 404 || status == 405 || status == 400)
        && (errcode.equals("M_UNRECOGNIZED") || (errcode.isEmpty() && status != 400));
  }

  private FederationRequest put(String version, Pdu event) {
    return FederationRequest.put(
        server,
        version
            + wish.handshake().send()
            + "/"
            + encoded(wish.room().value())
            + "/"
            + encoded(event.eventId().value()),
        withoutUnsigned(event));
  }

  private static ObjectNode withoutUnsigned(Pdu event) {
    ObjectNode json = event.json().deepCopy();
    json.remove("unsigned");
    return json;
  }

  private FederationReply ask(FederationRequest request, BodyReader reader)
      throws InterruptedException {
    return ask(request, Optional.of(reader));
  }

  private FederationReply ask(FederationRequest request, Optional<BodyReader> reader)
      throws InterruptedException {
    return ask(request, reader, new CompletableFuture<>());
  }

  /// Somebody waits for it, so it is sent even if the server was not there lately.
  private FederationReply ask(
      FederationRequest request, Optional<BodyReader> reader, CompletableFuture<Void> givenUp)
      throws InterruptedException {
    FederationRequest urgent = request.asUrgent();
    CompletableFuture<FederationReply> reply = new CompletableFuture<>();
    Thread asking =
        Thread.ofVirtual()
            .name("membership " + server)
            .start(() -> {
              try {
                reply.complete(
                    reader.isPresent() ? client.send(urgent, reader.get()) : client.send(urgent));
              } catch (Throwable e) {
                reply.completeExceptionally(e);
              }
            });
    try {
      var _ = CompletableFuture.anyOf(reply, underWay.ended(), givenUp).get();
      if (reply.isDone()) {
        return reply.get();
      }
      if (givenUp.isDone()) {
        // What has come of the answer is in memory until its reader ends.
        asking.interrupt();
        return new FederationReply.NotReached(new Failure.TimedOut(Phase.BODY, Pace.GRACE));
      }
      return new FederationReply.NotReached(new Failure.Stopping());
    } catch (ExecutionException e) {
      throw e.getCause() instanceof RuntimeException failure
          ? failure
          : new IllegalStateException("a server cannot be asked", e.getCause());
    }
  }

  private static String encoded(String id) {
    return URLEncoder.encode(id, StandardCharsets.UTF_8).replace("+", "%20");
  }
}
