package org.hearth.server.writers.devicesend;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.hearth.ringlogs.LogPosition;
import org.hearth.ringlogs.LogWriter;
import org.hearth.ringlogs.WiringDescription.Node;
import org.hearth.server.box.Box;
import org.hearth.server.http.Access;
import org.hearth.server.http.ClientPaths;
import org.hearth.server.http.Fields;
import org.hearth.server.http.HttpMethod;
import org.hearth.server.http.RateClass;
import org.hearth.server.http.Request;
import org.hearth.server.http.Requester;
import org.hearth.server.http.Response;
import org.hearth.server.http.RouteGroup;
import org.hearth.server.logs.DeviceInput;
import org.hearth.server.matrix.error.MatrixException;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.matrix.json.MatrixJson;
import org.hearth.server.matrix.json.Utf8;

/// The writer of the client call that sends messages to devices.
///
/// **thread**: any; a call waits until the messages are durable. **source**: [send-to-device
/// messaging][send].
///
/// [send]: https://spec.matrix.org/v1.19/client-server-api/#send-to-device-messaging
public final class ClientDeviceSend implements Box {
  /// The name in the wiring.
  public static final String BOX = "ClientDeviceSend";

  private static final int LONGEST_NAME_BYTES = 255;

  /// The content of one message.
  static final int MOST_CONTENT_BYTES = 64 << 10;

  /// Users in one call: for each the devices are looked up.
  static final int MOST_RECIPIENTS = 1_000;

  private static final Duration PATIENCE = Duration.ofSeconds(5);
  private static final Duration COMMIT_PATIENCE = Duration.ofSeconds(60);

  private final LogWriter<DeviceInput, LogPosition> deviceInput;

  public ClientDeviceSend(LogWriter<DeviceInput, LogPosition> deviceInput) {
    this.deviceInput = deviceInput;
  }

  @Override
  public String name() {
    return BOX;
  }

  @Override
  public String purpose() {
    return "Between devices";
  }

  @Override
  public Node.Kind kind() {
    return Node.Kind.WRITER;
  }

  @Override
  public List<RouteGroup> routes() {
    return List.of(routes ->
        routes.add(
            HttpMethod.PUT,
            ClientPaths.v3("/sendToDevice/{eventType}/{txnId}"),
            Access.USER_OR_GUEST,
            RateClass.DEFAULT,
            this::send));
  }

  private Response send(Request request) throws InterruptedException {
    String type = request.path("eventType");
    String transactionId = request.path("txnId");
    limit(type, "An event type");
    limit(transactionId, "A transaction id");
    Requester requester = request.requester();
    Fields messages = Fields.of(request.json()).object("messages");
    if (messages.json().size() > MOST_RECIPIENTS) {
      throw MatrixException.tooLarge("One call has at most " + MOST_RECIPIENTS + " recipients");
    }
    Map<UserId, Map<String, ObjectNode>> byUser = new LinkedHashMap<>();
    for (var each : messages.json().properties()) {
      byUser.put(UserId.parse(each.getKey()), byDevice(each.getKey(), each.getValue()));
    }
    var _ =
        deviceInput
            .submit(
                new DeviceInput.SendMessages(
                    requester.user(),
                    requester.device() == null ? "" : requester.device().value(),
                    type,
                    transactionId,
                    byUser),
                PATIENCE)
            .await(COMMIT_PATIENCE);
    return Response.empty();
  }

  private static Map<String, ObjectNode> byDevice(String user, JsonNode messages) {
    if (!messages.isObject()) {
      throw MatrixException.badJson("messages of " + user + " must be an object");
    }
    Map<String, ObjectNode> contents = new LinkedHashMap<>();
    for (var each : messages.properties()) {
      if (!(each.getValue() instanceof ObjectNode content)) {
        throw MatrixException.badJson("each message to " + user + " must be an object");
      }
      if (MatrixJson.write(content).length > MOST_CONTENT_BYTES) {
        throw MatrixException.tooLarge("A message has at most 64 KiB");
      }
      contents.put(each.getKey(), content);
    }
    return contents;
  }

  private static void limit(String name, String what) {
    if (Utf8.length(name) > LONGEST_NAME_BYTES) {
      throw MatrixException.invalidParam(
          "%s has at most %d bytes".formatted(what, LONGEST_NAME_BYTES));
    }
  }
}
