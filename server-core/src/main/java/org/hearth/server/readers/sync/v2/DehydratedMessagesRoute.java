package org.hearth.server.readers.sync.v2;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import org.hearth.ringlogs.LogPosition;
import org.hearth.server.http.Access;
import org.hearth.server.http.Fields;
import org.hearth.server.http.HttpMethod;
import org.hearth.server.http.RateClass;
import org.hearth.server.http.Request;
import org.hearth.server.http.Response;
import org.hearth.server.http.RouteGroup;
import org.hearth.server.http.Routes;
import org.hearth.server.matrix.error.MatrixException;
import org.hearth.server.matrix.id.DeviceId;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.readers.sync.sections.ToDeviceSection;
import org.hearth.server.servers.device.DeviceMessages;
import org.hearth.server.servers.device.DeviceQueries;
import org.hearth.server.services.keys.KeyQueries;

/// `POST /dehydrated_device/{deviceId}/events`: the messages that came for a user's dehydrated
/// device, to who can decrypt them. They stay until the device goes: "in the case the rehydration
/// process gets aborted, another device will be able to restart the process".
///
/// A token is the position of the last message of a page, so it is good as long as the device.
///
/// **thread**: any. **source**:
/// [MSC3814](https://github.com/matrix-org/matrix-spec-proposals/pull/3814), by its unstable names.
public final class DehydratedMessagesRoute implements RouteGroup {
  private static final LogPosition LAST = new LogPosition(Long.MAX_VALUE);

  private final KeyQueries keys;
  private final DeviceQueries devices;

  public DehydratedMessagesRoute(KeyQueries keys, DeviceQueries devices) {
    this.keys = keys;
    this.devices = devices;
  }

  @Override
  public void register(Routes routes) {
    routes.add(
        HttpMethod.POST,
        "/_matrix/client/unstable/org.matrix.msc3814.v1/dehydrated_device/{deviceId}/events",
        Access.USER,
        RateClass.DEFAULT,
        this::messages);
  }

  private Response messages(Request request) {
    UserId user = request.requester().user();
    LogPosition after =
        Fields.of(request.jsonOrEmpty())
            .optionalString("next_batch")
            .map(DehydratedMessagesRoute::position)
            .orElse(LogPosition.ORIGIN);
    DeviceId device = DeviceId.parse(request.path("deviceId"));
    // "If the given `device_id` is not the dehydrated device ID, the server responds with an error
    // code of `M_FORBIDDEN`, HTTP code 403."
    if (keys.dehydratedDevice(user).filter(device::equals).isEmpty()) {
      throw MatrixException.forbidden("This is not your dehydrated device");
    }
    DeviceMessages messages =
        devices.messages(user, device, after, LAST, ToDeviceSection.MOST_MESSAGES);
    ObjectNode answer = JsonNodeFactory.instance.objectNode();
    ArrayNode events = answer.putArray("events");
    messages.list().forEach(each -> events.add(ToDeviceSection.event(each)));
    // "For the last batch of messages, the server will still send a `next_batch` token, and return
    // an empty `events` array when called with that token".
    answer.put("next_batch", Long.toString(messages.last().value()));
    return Response.json(answer);
  }

  private static LogPosition position(String token) {
    try {
      long value = Long.parseLong(token);
      if (value >= 0) {
        return new LogPosition(value);
      }
    } catch (NumberFormatException _) {
      // Refused as any other text that is no token.
    }
    throw MatrixException.invalidParam("next_batch is not a token that this server gave");
  }
}
