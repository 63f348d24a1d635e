package org.hearth.server.services.keys;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.BiConsumer;
import java.util.stream.Collectors;
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
import org.hearth.server.matrix.id.ServerName;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.matrix.json.JsonWriter;
import org.hearth.server.services.account.AccountQueries;
import org.hearth.server.services.keys.Keys.KeySignature;
import org.jspecify.annotations.Nullable;

/// `POST /keys/query`: the keys of users and their devices, with the signatures that the one who
/// asks may see; and the same for other servers. The answer is written user by user.
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

  /// So does one about users whose keys take more as they are stored, which is what is in memory of
  /// a user, and what is written.
  static final int SMALL_BYTES = JsonWriter.PIECE;

  private final Keys keys;
  private final AccountQueries accounts;
  private final ServerName server;
  private final KeptDevices kept;
  private final UsersElsewhere elsewhere;

  KeyQueryRoute(
      Keys keys,
      AccountQueries accounts,
      ServerName server,
      KeptDevices kept,
      UsersElsewhere elsewhere) {
    this.keys = keys;
    this.accounts = accounts;
    this.server = server;
    this.kept = kept;
    this.elsewhere = elsewhere;
  }

  @Override
  public void register(Routes routes) {
    routes.add(
        HttpMethod.POST,
        ClientPaths.v3("/keys/query"),
        Access.USER_OR_GUEST,
        RateClass.DEFAULT,
        this::query);
    routes
        .add(
            HttpMethod.POST,
            "/_matrix/federation/v1/user/keys/query",
            Access.SERVER,
            RateClass.FEDERATION,
            this::queryForServer)
        .add(
            HttpMethod.GET,
            "/_matrix/federation/v1/user/devices/{userId}",
            Access.SERVER,
            RateClass.FEDERATION,
            this::devicesForServer);
  }

  private Response query(Request request) throws InterruptedException {
    UserId viewer = request.requester().user();
    Fields body = Fields.of(request.json());
    Duration patience = Asked.patience(body);
    Map<UserId, Set<String>> wanted = wanted(body.object("device_keys").json());
    Asked asked = Asked.of(wanted.keySet(), server);
    UsersElsewhere.Found found = elsewhere.find(viewer, asked.elsewhere(), wanted, patience);
    return Response.written(stream -> {
      if (wanted.size() > SMALL || isLarge(asked.here(), found.known())) {
        stream.awaitTurn();
      }
      JsonWriter json = stream.json().object();
      json.name("failures").value(found.failures());
      write(json, viewer, wanted, asked.here(), found);
      // "Information on the user-signing key of the user making the request, if they queried their
      // own device information."
      writeKeys(
          json,
          viewer,
          SigningKeyUsage.USER_SIGNING,
          asked.here().contains(viewer) ? List.of(viewer) : List.of(),
          UsersElsewhere.Found.NOBODY);
      json.endObject();
    });
  }

  /// "Requested users must be local to the receiving homeserver": others are left out, and nothing
  /// that is known of them is told.
  private Response queryForServer(Request request) {
    Map<UserId, Set<String>> wanted =
        wanted(Fields.of(request.json()).object("device_keys").json());
    List<UserId> here = Asked.of(wanted.keySet(), server).here();
    return Response.written(stream -> {
      if (here.size() > SMALL || isLarge(here, List.of())) {
        stream.awaitTurn();
      }
      JsonWriter json = stream.json().object();
      write(json, null, wanted, here, UsersElsewhere.Found.NOBODY);
      json.endObject();
    });
  }

  /// Whether the keys of these users take more than [#SMALL_BYTES].
  private boolean isLarge(List<UserId> here, List<UserId> known) {
    long bytes = 0;
    for (UserId each : here) {
      bytes += bytes > SMALL_BYTES ? 0 : keys.deviceKeyBytes(each);
    }
    for (UserId each : known) {
      bytes += bytes > SMALL_BYTES ? 0 : kept.bytes(each);
    }
    return bytes > SMALL_BYTES;
  }

  private Response devicesForServer(Request request) {
    UserId user = UserId.parse(request.path("userId"));
    if (!user.isOn(server) || !accounts.exists(user)) {
      throw MatrixException.notFound("There is no such user here");
    }
    // Asked before the devices: what changes in between is told once more.
    long streamId = kept.streamId(user);
    return Response.written(stream -> {
      if (isLarge(List.of(user), List.of())) {
        stream.awaitTurn();
      }
      JsonWriter json = stream.json().object();
      json.name("user_id").value(user.value());
      json.name("stream_id").value(streamId);
      json.name("devices").array();
      forEachDevice(
          null,
          user,
          Set.of(),
          (device, content) -> {
            json.object();
            json.name("device_id").value(device.value());
            json.name("keys").value(content);
            json.endObject();
          });
      json.endArray();
      for (SigningKeyUsage usage : List.of(SigningKeyUsage.MASTER, SigningKeyUsage.SELF_SIGNING)) {
        signingKey(null, user, usage).ifPresent(key -> json.name(usage.word() + "_key").value(key));
      }
      json.endObject();
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

  /// @param viewer null for another server, which sees what users of other servers see
  void write(
      JsonWriter json,
      @Nullable UserId viewer,
      Map<UserId, Set<String>> wanted,
      List<UserId> here,
      UsersElsewhere.Found found) {
    json.name("device_keys").object();
    for (UserId each : here) {
      // "If the homeserver could be reached, but the user or device was unknown, no failure is
      // recorded. Instead, the corresponding user or device is missing from the `device_keys`
      // result."
      if (accounts.exists(each)) {
        Set<String> devices = wanted.getOrDefault(each, Set.of());
        json.name(each.value()).object();
        forEachDevice(
            viewer, each, devices, (device, content) -> json.name(device.value()).value(content));
        json.endObject();
      }
    }
    found.forEach((user, list) -> {
      Set<String> devices = wanted.getOrDefault(user, Set.of());
      json.name(user.value()).object();
      list.devices()
          .forEach((device, each) -> {
            if (devices.isEmpty() || devices.contains(device.value())) {
              each.keys()
                  .read()
                  .ifPresent(content -> {
                    name(content, each.displayName());
                    json.name(device.value()).value(content);
                  });
            }
          });
      json.endObject();
    });
    json.endObject();
    writeKeys(json, viewer, SigningKeyUsage.MASTER, here, found);
    writeKeys(json, viewer, SigningKeyUsage.SELF_SIGNING, here, found);
  }

  /// The keys of the user's devices, signed as the viewer may see it, one after the other. What the
  /// devices are called is nobody's business elsewhere: other servers are not told.
  ///
  /// @param wanted none stands for all
  private void forEachDevice(
      @Nullable UserId viewer,
      UserId user,
      Set<String> wanted,
      BiConsumer<DeviceId, ObjectNode> each) {
    Map<DeviceId, StoredKeys> stored = keys.deviceKeys(user);
    Map<String, List<KeySignature>> signatures = signatures(user, viewer);
    Map<DeviceId, Optional<String>> names = new LinkedHashMap<>();
    accounts.devices(user).forEach(one -> names.put(one.id(), one.displayName()));
    // Of keys that none of these has uploaded there is another owner.
    if (!names.keySet().containsAll(stored.keySet())) {
      keys.dehydrated().of(user).ifPresent(one -> names.put(one.id(), one.displayName()));
    }
    names.forEach((device, name) -> {
      StoredKeys known = stored.get(device);
      if (known != null && (wanted.isEmpty() || wanted.contains(device.value()))) {
        known
            .read()
            .ifPresent(content -> {
              var _ =
                  KeySignatures.addTo(content, signatures.getOrDefault(device.value(), List.of()));
              if (viewer != null) {
                name(content, name);
              }
              each.accept(device, content);
            });
      }
    });
  }

  private static void name(ObjectNode keys, Optional<String> displayName) {
    ObjectNode unsigned = keys.putObject("unsigned");
    displayName.ifPresent(name -> unsigned.put("device_display_name", name));
  }

  private void writeKeys(
      JsonWriter json,
      @Nullable UserId viewer,
      SigningKeyUsage usage,
      List<UserId> users,
      UsersElsewhere.Found found) {
    json.name(usage.word() + "_keys").object();
    for (UserId each : users) {
      signingKey(viewer, each, usage).ifPresent(key -> json.name(each.value()).value(key));
    }
    found.forEach((user, list) ->
        signingKey(viewer, user, usage, list).ifPresent(key -> json.name(user.value()).value(key)));
    json.endObject();
  }

  /// The key of a user elsewhere, with what the viewer has signed of it.
  private Optional<ObjectNode> signingKey(
      @Nullable UserId viewer, UserId user, SigningKeyUsage usage, KeptDevices.KeptList list) {
    return switch (usage) {
      case MASTER ->
          list.masterKey()
              .map(each -> {
                ObjectNode content = each.deepCopy();
                var _ =
                    KeySignatures.addTo(
                        content,
                        signatures(user, viewer)
                            .getOrDefault(CrossSigningKey.publicKey(content), List.of()));
                return content;
              });
      case SELF_SIGNING -> list.selfSigningKey();
      case USER_SIGNING -> Optional.empty();
    };
  }

  /// Only a master key is signed later than it is uploaded.
  private Optional<ObjectNode> signingKey(
      @Nullable UserId viewer, UserId user, SigningKeyUsage usage) {
    Optional<CrossSigningKey> key = keys.crossSigningKey(user, usage);
    if (key.isPresent() && usage == SigningKeyUsage.MASTER) {
      var _ =
          KeySignatures.addTo(
              key.get().content(),
              signatures(user, viewer).getOrDefault(key.get().publicKey(), List.of()));
    }
    return key.map(CrossSigningKey::content);
  }

  private Map<String, List<KeySignature>> signatures(UserId user, @Nullable UserId viewer) {
    return keys.signatures(user, viewer == null ? user : viewer).stream()
        .collect(Collectors.groupingBy(KeySignature::target));
  }
}
