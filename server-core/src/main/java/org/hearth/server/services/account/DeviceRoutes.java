package org.hearth.server.services.account;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import org.hearth.server.http.Access;
import org.hearth.server.http.ClientPaths;
import org.hearth.server.http.Fields;
import org.hearth.server.http.HttpMethod;
import org.hearth.server.http.RateClass;
import org.hearth.server.http.Request;
import org.hearth.server.http.Response;
import org.hearth.server.http.RouteGroup;
import org.hearth.server.http.Routes;
import org.hearth.server.matrix.error.MatrixException;
import org.hearth.server.matrix.id.DeviceId;
import org.hearth.server.matrix.id.InvalidIdentifierException;
import org.hearth.server.matrix.id.UserId;

/// The devices of a user: list, look, rename, delete.
///
/// **source**: [Device
/// Management](https://spec.matrix.org/v1.19/client-server-api/#device-management)
final class DeviceRoutes implements RouteGroup {
  private final AccountService service;
  private final Confirmation confirmation;

  DeviceRoutes(AccountService service, Confirmation confirmation) {
    this.service = service;
    this.confirmation = confirmation;
  }

  @Override
  public void register(Routes routes) {
    List<String> one = ClientPaths.v3("/devices/{deviceId}");
    routes
        .add(
            HttpMethod.GET,
            ClientPaths.v3("/devices"),
            Access.USER_OR_GUEST,
            RateClass.DEFAULT,
            this::list)
        .add(HttpMethod.GET, one, Access.USER_OR_GUEST, RateClass.DEFAULT, this::get)
        .add(HttpMethod.PUT, one, Access.USER_OR_GUEST, RateClass.DEFAULT, this::rename)
        .add(HttpMethod.DELETE, one, Access.USER, RateClass.DEFAULT, this::delete)
        .add(
            HttpMethod.POST,
            ClientPaths.v3("/delete_devices"),
            Access.USER,
            RateClass.DEFAULT,
            this::deleteSome);
  }

  private Response list(Request request) {
    ObjectNode body = JsonNodeFactory.instance.objectNode();
    ArrayNode devices = body.putArray("devices");
    service.queries().devices(request.requester().user()).forEach(each -> devices.add(json(each)));
    return Response.json(body);
  }

  private Response get(Request request) {
    return Response.json(json(device(request)));
  }

  private Response rename(Request request) {
    Fields fields = Fields.of(request.json());
    Device device = device(request);
    fields
        .optionalString("display_name")
        .ifPresent(name -> service.renameDevice(device.user(), device.id(), name));
    return Response.empty();
  }

  private Device device(Request request) {
    DeviceId id;
    try {
      id = new DeviceId(request.path("deviceId"));
    } catch (InvalidIdentifierException _) {
      throw unknown();
    }
    return service
        .queries()
        .device(request.requester().user(), id)
        .orElseThrow(DeviceRoutes::unknown);
  }

  private static MatrixException unknown() {
    return MatrixException.notFound("No device with that ID");
  }

  private static ObjectNode json(Device device) {
    ObjectNode json = JsonNodeFactory.instance.objectNode().put("device_id", device.id().value());
    device.displayName().ifPresent(name -> json.put("display_name", name));
    device.lastSeen().ifPresent(when -> json.put("last_seen_ts", when.toEpochMilli()));
    device.lastSeenAddress().ifPresent(address -> json.put("last_seen_ip", address));
    return json;
  }

  private Response delete(Request request) {
    return guarded(request, _ -> List.of(new DeviceId(request.path("deviceId"))));
  }

  private Response deleteSome(Request request) {
    // A malformed request is refused before the user is asked for a password.
    devices(request.json());
    return guarded(request, DeviceRoutes::devices);
  }

  private static List<DeviceId> devices(ObjectNode body) {
    Fields fields = Fields.of(body);
    fields.array("devices");
    return fields.strings("devices").stream().map(DeviceId::new).toList();
  }

  @FunctionalInterface
  private interface Chosen {
    List<DeviceId> devices(ObjectNode parameters);
  }

  private Response guarded(Request request, Chosen chosen) {
    UserId user = request.requester().user();
    return confirmation.confirm(
        request,
        parameters -> {
          service.logOut(user, chosen.devices(parameters));
          return Response.empty();
        });
  }
}
