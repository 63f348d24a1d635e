package org.hearth.server.services.keys;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.hearth.server.http.Access;
import org.hearth.server.http.ClientPaths;
import org.hearth.server.http.Fields;
import org.hearth.server.http.HttpMethod;
import org.hearth.server.http.RateClass;
import org.hearth.server.http.Request;
import org.hearth.server.http.Response;
import org.hearth.server.http.RouteGroup;
import org.hearth.server.http.Routes;
import org.hearth.server.http.TurnPerKey;
import org.hearth.server.logs.AccountOutput;
import org.hearth.server.matrix.error.MatrixException;
import org.hearth.server.matrix.id.DeviceId;
import org.hearth.server.matrix.id.ServerName;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.services.keys.Keys.ClaimableKey;
import org.hearth.server.services.keys.Keys.OneTimeKey;
import org.hearth.server.store.JournalWriter;
import org.hearth.server.store.RowChange;
import org.jspecify.annotations.Nullable;

/// The keys of devices: a device uploads its own, others claim one-time keys.
///
/// **thread**: any. **source**: [key management API][keys].
///
/// [keys]: https://spec.matrix.org/v1.19/client-server-api/#key-management-api
final class DeviceKeyRoutes implements RouteGroup {
  /// Devices of which one call claims keys.
  static final int MOST_CLAIMS = 2_000;

  private final Keys keys;
  private final ServerName server;
  private final JournalWriter<AccountOutput> journal;
  private final TurnPerKey turns;

  /// @param turns by the user whose keys they are
  DeviceKeyRoutes(
      Keys keys, ServerName server, JournalWriter<AccountOutput> journal, TurnPerKey turns) {
    this.keys = keys;
    this.server = server;
    this.journal = journal;
    this.turns = turns;
  }

  @Override
  public void register(Routes routes) {
    routes
        .add(
            HttpMethod.POST,
            ClientPaths.v3("/keys/upload"),
            Access.USER_OR_GUEST,
            RateClass.DEFAULT,
            this::upload)
        .add(
            HttpMethod.POST,
            ClientPaths.v3("/keys/claim"),
            Access.USER_OR_GUEST,
            RateClass.DEFAULT,
            this::claim);
  }

  // --- uploading

  private Response upload(Request request) {
    KeyUpload upload = read(request);
    turns.run(upload.user(), () -> take(upload));
    ObjectNode counts = JsonNodeFactory.instance.objectNode();
    keys.counts(upload.user(), upload.device()).oneTime().forEach(counts::put);
    return Response.json(JsonNodeFactory.instance.objectNode().set("one_time_key_counts", counts));
  }

  private static KeyUpload read(Request request) {
    @Nullable DeviceId device = request.requester().device();
    if (device == null) {
      throw MatrixException.invalidParam("Keys belong to a device, and this token has none");
    }
    return KeyUpload.read(Fields.of(request.json()), request.requester().user(), device);
  }

  /// Only while it is the user's turn.
  private void take(KeyUpload upload) {
    UserId user = upload.user();
    DeviceId device = upload.device();
    List<RowChange> rows = new ArrayList<>();
    List<AccountOutput> entries = new ArrayList<>();
    addOneTimeKeys(upload, rows);
    addFallbackKeys(upload, rows);
    Optional<ObjectNode> changed =
        upload
            .deviceKeys()
            .filter(each -> !keys.deviceKeys(user, device).equals(Optional.of(each)));
    if (changed.isPresent()) {
      keys.refuseIdOfSigningKey(user, device);
      rows.addAll(Keys.setDeviceKeys(user, device, changed.get()));
      rows.addAll(Keys.deviceListChanged(user, Optional.empty()));
      entries.add(new AccountOutput.DeviceKeysChanged(user));
    }
    if (!rows.isEmpty()) {
      var _ = journal.commit(rows, entries, () -> keys.devicesChanged(user));
    }
  }

  private void addOneTimeKeys(KeyUpload upload, List<RowChange> rows) {
    if (upload.oneTime().isEmpty()) {
      return;
    }
    UserId user = upload.user();
    DeviceId device = upload.device();
    Map<String, OneTimeKey> known = keys.oneTimeKeys(user, device);
    long number = 1 + known.values().stream().mapToLong(OneTimeKey::upload).max().orElse(0);
    int count = (int) known.values().stream().filter(each -> !each.given()).count();
    for (ClaimableKey each : upload.oneTime()) {
      OneTimeKey before = known.get(each.name());
      boolean isSame = before != null && isSame(before.key().content(), each.content());
      if (before != null && !isSame && !before.given()) {
        throw MatrixException.invalidParam(
            "There is another one-time key " + each.name() + " already");
      }
      if (!isSame) {
        count++;
        if (before != null) {
          rows.add(Keys.removeOneTimeKey(user, device, each));
        }
        rows.add(Keys.addOneTimeKey(user, device, each, number));
      }
    }
    KeyUpload.checkCounts(count, 0);
    if (!rows.isEmpty()) {
      rows.add(Keys.forgetGivenKeys(user, device, number - Keys.UPLOADS_THAT_ARE_KNOWN));
    }
  }

  /// Whether it is the same key; a client that repeats an upload may have signed it anew.
  private static boolean isSame(JsonNode one, JsonNode other) {
    return (one.isObject() && other.isObject())
        ? one.path("key").equals(other.path("key"))
        : one.equals(other);
  }

  private void addFallbackKeys(KeyUpload upload, List<RowChange> rows) {
    if (upload.fallback().isEmpty()) {
      return;
    }
    Map<String, ClaimableKey> known =
        new HashMap<>(keys.fallbackKeys(upload.user(), upload.device()));
    for (ClaimableKey each : upload.fallback()) {
      // The same key again is one that may have been given away.
      if (!each.equals(known.put(each.algorithm(), each))) {
        rows.addAll(Keys.setFallbackKey(upload.user(), upload.device(), each));
      }
    }
    KeyUpload.checkCounts(0, known.size());
  }

  // --- claiming

  private Response claim(Request request) {
    Fields body = Fields.of(request.json());
    var _ = body.optionalInteger("timeout");
    Map<UserId, Map<DeviceId, String>> wanted = wanted(body.object("one_time_keys").json());
    Failures failures = Failures.among(wanted.keySet(), server);
    ObjectNode answer = JsonNodeFactory.instance.objectNode();
    answer.set("failures", failures.json());
    ObjectNode claimed = answer.putObject("one_time_keys");
    for (UserId each : failures.here()) {
      ObjectNode given = give(each, wanted.getOrDefault(each, Map.of()));
      if (!given.isEmpty()) {
        claimed.set(each.value(), given);
      }
    }
    return Response.json(answer);
  }

  private static Map<UserId, Map<DeviceId, String>> wanted(ObjectNode json) {
    Map<UserId, Map<DeviceId, String>> wanted = new LinkedHashMap<>();
    int count = 0;
    for (var user : json.properties()) {
      if (!(user.getValue() instanceof ObjectNode devices)) {
        throw MatrixException.badJson("one_time_keys must map users to devices");
      }
      Map<DeviceId, String> algorithms = new LinkedHashMap<>();
      for (var device : devices.properties()) {
        if (!device.getValue().isTextual()) {
          throw MatrixException.badJson("one_time_keys must map devices to an algorithm");
        }
        algorithms.put(DeviceId.parse(device.getKey()), device.getValue().textValue());
      }
      count += algorithms.size();
      wanted.put(UserId.parse(user.getKey()), algorithms);
    }
    if (count > MOST_CLAIMS) {
      throw MatrixException.tooLarge(
          "One call claims keys of at most %d devices".formatted(MOST_CLAIMS));
    }
    return wanted;
  }

  /// Gives keys away: what is answered is gone, durably, before it is answered.
  private ObjectNode give(UserId user, Map<DeviceId, String> wanted) {
    ObjectNode given = JsonNodeFactory.instance.objectNode();
    turns.run(
        user,
        () -> {
          List<RowChange> rows = new ArrayList<>();
          for (var each : wanted.entrySet()) {
            DeviceId device = each.getKey();
            Optional<ClaimableKey> oneTime = keys.nextOneTimeKey(user, device, each.getValue());
            oneTime.ifPresent(key -> rows.add(Keys.giveOneTimeKey(user, device, key)));
            // "The returned key is a one-time key if one is available, and otherwise a fallback
            // key."
            Optional<ClaimableKey> key =
                oneTime.or(() -> {
                  Optional<ClaimableKey> fallback =
                      Optional.ofNullable(keys.fallbackKeys(user, device).get(each.getValue()));
                  fallback.ifPresent(one -> rows.add(Keys.useFallbackKey(user, device, one)));
                  return fallback;
                });
            key.ifPresent(one -> given.putObject(device.value()).set(one.name(), one.content()));
          }
          if (!rows.isEmpty()) {
            var _ = journal.commit(rows, List.of(), () -> keys.devicesChanged(user));
          }
        });
    return given;
  }
}
