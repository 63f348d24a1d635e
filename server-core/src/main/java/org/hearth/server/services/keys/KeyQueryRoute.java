package org.hearth.server.services.keys;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.hearth.server.http.Access;
import org.hearth.server.http.BodyWriter;
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
import org.hearth.server.matrix.id.ServerName;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.matrix.json.JsonWriter;
import org.hearth.server.services.account.AccountQueries;
import org.hearth.server.services.keys.Keys.KeySignature;

/// `POST /keys/query`: the keys of users and their devices, with the signatures that the one who
/// asks may see. The answer is written user by user.
///
/// **thread**: any. **source**: [key management API][keys], [key and signature security][security].
///
/// [keys]: https://spec.matrix.org/v1.19/client-server-api/#key-management-api
/// [security]: https://spec.matrix.org/v1.19/client-server-api/#key-and-signature-security
final class KeyQueryRoute implements RouteGroup {
  /// Users of whom one call asks: for each the database is asked some times, while an answer that
  /// may be large has its turn and others wait for theirs.
  static final int MOST_USERS = 5_000;

  /// An answer about more users waits for its turn among the large ones.
  private static final int SMALL = 50;

  private final Keys keys;
  private final AccountQueries accounts;
  private final ServerName server;

  KeyQueryRoute(Keys keys, AccountQueries accounts, ServerName server) {
    this.keys = keys;
    this.accounts = accounts;
    this.server = server;
  }

  @Override
  public void register(Routes routes) {
    routes.add(
        HttpMethod.POST,
        ClientPaths.v3("/keys/query"),
        Access.USER_OR_GUEST,
        RateClass.DEFAULT,
        this::query);
  }

  private Response query(Request request) {
    UserId viewer = request.requester().user();
    Fields body = Fields.of(request.json());
    var _ = body.optionalInteger("timeout");
    Map<UserId, Set<String>> wanted = wanted(body.object("device_keys").json());
    Failures failures = Failures.among(wanted.keySet(), server);
    return Response.written(stream -> {
      if (failures.here().size() > SMALL) {
        stream.awaitTurn();
      }
      write(stream, viewer, wanted, failures);
    });
  }

  /// "A map from user ID, to a list of device IDs, or to an empty list to indicate all devices for
  /// the corresponding user."
  private static Map<UserId, Set<String>> wanted(ObjectNode json) {
    if (json.size() > MOST_USERS) {
      throw MatrixException.tooLarge(
          "One call asks for keys of at most %d users".formatted(MOST_USERS));
    }
    Map<UserId, Set<String>> wanted = new LinkedHashMap<>();
    for (var user : json.properties()) {
      if (!user.getValue().isArray()) {
        throw MatrixException.badJson("device_keys must map users to lists of devices");
      }
      Set<String> devices = new TreeSet<>();
      for (JsonNode each : user.getValue()) {
        if (!each.isTextual()) {
          throw MatrixException.badJson("device_keys must list the ids of devices");
        }
        devices.add(each.textValue());
      }
      wanted.put(UserId.parse(user.getKey()), devices);
    }
    return wanted;
  }

  private void write(
      BodyWriter.Stream stream, UserId viewer, Map<UserId, Set<String>> wanted, Failures failures) {
    JsonWriter json = stream.json();
    json.object();
    json.name("failures").value(failures.json());
    json.name("device_keys").object();
    for (UserId each : failures.here()) {
      writeDevices(json, viewer, each, wanted.getOrDefault(each, Set.of()));
    }
    json.endObject();
    writeKeys(json, viewer, SigningKeyUsage.MASTER, failures.here());
    writeKeys(json, viewer, SigningKeyUsage.SELF_SIGNING, failures.here());
    // "Information on the user-signing key of the user making the request, if they queried their
    // own device information."
    writeKeys(
        json,
        viewer,
        SigningKeyUsage.USER_SIGNING,
        failures.here().contains(viewer) ? List.of(viewer) : List.of());
    json.endObject();
  }

  private void writeDevices(JsonWriter json, UserId viewer, UserId user, Set<String> wanted) {
    Map<DeviceId, ObjectNode> stored = keys.deviceKeys(user);
    Map<String, List<KeySignature>> signatures = signatures(user, viewer);
    Map<DeviceId, Optional<String>> names = new LinkedHashMap<>();
    accounts.devices(user).forEach(each -> names.put(each.id(), each.displayName()));
    // "If the homeserver could be reached, but the user or device was unknown, no failure is
    // recorded. Instead, the corresponding user or device is missing from the `device_keys`
    // result."
    if (names.isEmpty() && !accounts.exists(user)) {
      return;
    }
    json.name(user.value()).object();
    // Of keys that none of these has uploaded there is another owner.
    if (!names.keySet().containsAll(stored.keySet())) {
      keys.dehydrated().of(user).ifPresent(each -> names.put(each.id(), each.displayName()));
    }
    names.forEach((device, name) -> {
      ObjectNode content = stored.get(device);
      if (content != null && (wanted.isEmpty() || wanted.contains(device.value()))) {
        sign(content, signatures.getOrDefault(device.value(), List.of()));
        ObjectNode unsigned = content.putObject("unsigned");
        name.ifPresent(each -> unsigned.put("device_display_name", each));
        json.name(device.value()).value(content);
      }
    });
    json.endObject();
  }

  /// Only a master key is signed later than it is uploaded.
  private void writeKeys(
      JsonWriter json, UserId viewer, SigningKeyUsage usage, List<UserId> users) {
    json.name(usage.word() + "_keys").object();
    for (UserId each : users) {
      Optional<CrossSigningKey> key = keys.crossSigningKey(each, usage);
      if (key.isPresent()) {
        ObjectNode content = key.get().content();
        if (usage == SigningKeyUsage.MASTER) {
          sign(content, signatures(each, viewer).getOrDefault(key.get().publicKey(), List.of()));
        }
        json.name(each.value()).value(content);
      }
    }
    json.endObject();
  }

  private Map<String, List<KeySignature>> signatures(UserId user, UserId viewer) {
    return keys.signatures(user, viewer).stream()
        .collect(Collectors.groupingBy(KeySignature::target));
  }

  private static void sign(ObjectNode content, List<KeySignature> signatures) {
    for (KeySignature each : signatures) {
      content
          .withObjectProperty("signatures")
          .withObjectProperty(each.signer().value())
          .put(each.signerKey().value(), each.signature());
    }
  }
}
