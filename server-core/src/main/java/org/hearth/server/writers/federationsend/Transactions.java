package org.hearth.server.writers.federationsend;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import org.hearth.server.http.Access;
import org.hearth.server.http.BodyLimit;
import org.hearth.server.http.HttpMethod;
import org.hearth.server.http.RateClass;
import org.hearth.server.http.Request;
import org.hearth.server.http.Response;
import org.hearth.server.http.RouteGroup;
import org.hearth.server.http.Routes;
import org.hearth.server.matrix.error.MatrixException;
import org.hearth.server.matrix.id.ServerName;
import org.hearth.server.matrix.json.MatrixJson;
import org.hearth.server.matrix.json.Utf8;
import org.hearth.server.services.staging.Staging;
import org.jspecify.annotations.Nullable;

/// Takes in transactions: `PUT /_matrix/federation/v1/send/{txnId}`.
///
/// A transaction counts once, also when it comes twice at the same time: its answer is stored with
/// its events. What is not durable when it is answered, such as typing, may be told twice.
///
/// **thread**: any; requests' own.
///
/// **source**: [Transactions](https://spec.matrix.org/v1.19/server-server-api/#transactions)
final class Transactions implements RouteGroup {
  /// "Transactions are limited in size; they can have at most 50 PDUs and 100 EDUs."
  static final int MOST_PDUS = 50;

  static final int MOST_EDUS = 100;

  private static final int LONGEST_ID = 255;

  private final FederationSend.Needs needs;
  private final Staging staging;
  private final RoomWork work;
  private final Edus edus;

  /// Those that are being taken in.
  private final ConcurrentMap<Key, FutureTask<byte[]>> underWay = new ConcurrentHashMap<>();

  private record Key(ServerName origin, String transaction) {}

  Transactions(FederationSend.Needs needs, RoomWork work, Edus edus) {
    this.needs = needs;
    this.staging = needs.staging();
    this.work = work;
    this.edus = edus;
  }

  @Override
  public void register(Routes routes) {
    routes.add(
        HttpMethod.PUT,
        "/_matrix/federation/v1/send/{txnId}",
        Access.SERVER,
        RateClass.FEDERATION,
        BodyLimit.LARGE,
        this::send);
  }

  private Response send(Request request) throws InterruptedException {
    String id = request.path("txnId");
    if (Utf8.length(id) > LONGEST_ID) {
      throw MatrixException.invalidParam("A transaction id has at most 255 bytes");
    }
    ObjectNode body = request.json();
    List<JsonNode> pdus = list(body, "pdus", MOST_PDUS);
    List<JsonNode> those = list(body, "edus", MOST_EDUS);
    Key key = new Key(request.origin(), id);
    FutureTask<byte[]> task = new FutureTask<>(() -> take(key, pdus, those));
    FutureTask<byte[]> before = underWay.putIfAbsent(key, task);
    if (before == null) {
      try {
        task.run();
      } finally {
        underWay.remove(key, task);
      }
    }
    return Response.json(200, result(before == null ? task : before));
  }

  private static byte[] result(FutureTask<byte[]> task) throws InterruptedException {
    try {
      return task.get();
    } catch (ExecutionException e) {
      switch (e.getCause()) {
        case RuntimeException cause -> throw cause;
        case Error cause -> throw cause;
        case InterruptedException cause -> throw cause;
        case null, default -> throw new IllegalStateException(e.getCause());
      }
    }
  }

  /// `pdus` are required and `edus` "may be omitted"; servers omit either.
  private static List<JsonNode> list(ObjectNode body, String name, int most) {
    @Nullable JsonNode list = body.get(name);
    if (list == null) {
      return List.of();
    }
    if (!(list instanceof ArrayNode array)) {
      throw MatrixException.badJson(name + " must be a list");
    }
    if (array.size() > most) {
      throw MatrixException.badJson("A transaction has at most %d %s".formatted(most, name));
    }
    List<JsonNode> all = new ArrayList<>();
    array.forEach(all::add);
    return all;
  }

  private byte[] take(Key key, List<JsonNode> pdus, List<JsonNode> those)
      throws InterruptedException {
    Optional<byte[]> before = staging.answer(key.origin(), key.transaction());
    if (before.isPresent()) {
      return before.get();
    }
    // First, since what has to be kept of them is durable when they are done, and counts once by an
    // id of its own.
    edus.take(key.origin(), those);
    PduIntake intake = new PduIntake(needs, key.origin());
    pdus.forEach(intake::take);
    byte[] answer =
        MatrixJson.write(JsonNodeFactory.instance.objectNode().set("pdus", intake.results()));
    Staging.Taken taken =
        staging.stage(key.origin(), key.transaction(), answer, intake.taken().values());
    work.displaced(taken.displaced());
    work.staged(taken.events(), intake.taken());
    return answer;
  }
}
