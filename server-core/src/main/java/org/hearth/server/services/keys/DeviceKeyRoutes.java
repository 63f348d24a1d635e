package org.hearth.server.services.keys;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Duration;
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
import org.hearth.server.matrix.json.JsonWriter;
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

  /// Once so many devices are asked for, their keys are given away in one commit: a room costs a
  /// few commits, and nobody waits long for the turn of one of the users.
  static final int CLAIMS_A_UNIT = 200;

  /// An answer with keys of more devices waits for its turn among the large ones, and before a key
  /// is given away: those of an answer that is refused would be lost. One with fewer, which takes
  /// some 200 KiB at worst, is made at once and never refused.
  static final int FEW_CLAIMS = 50;

  private final Keys keys;
  private final ServerName server;
  private final RemoteKeys remote;
  private final JournalWriter<AccountOutput> journal;
  private final TurnPerKey turns;

  /// @param turns by the user whose keys they are
  DeviceKeyRoutes(
      Keys keys,
      ServerName server,
      RemoteKeys remote,
      JournalWriter<AccountOutput> journal,
      TurnPerKey turns) {
    this.keys = keys;
    this.remote = remote;
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
            this::claim)
        .add(
            HttpMethod.POST,
            "/_matrix/federation/v1/user/keys/claim",
            Access.SERVER,
            RateClass.FEDERATION,
            this::claimForServer);
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
      keys.admit(user, device);
      rows.addAll(Keys.setDeviceKeys(user, device, changed.get()));
      rows.addAll(Keys.deviceListChanged(user, Optional.empty()));
      entries.add(new AccountOutput.DeviceKeysChanged(user, List.of(device)));
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
    Map<String, OneTimeKey> known = keys.oneTimeKeys(user, device, rows);
    int removed = rows.size();
    long number = 1 + known.values().stream().mapToLong(OneTimeKey::upload).max().orElse(0);
    int count = (int) known.values().stream().filter(each -> !each.given()).count();
    for (ClaimableKey each : upload.oneTime()) {
      OneTimeKey before = known.get(each.name());
      boolean isSame = before != null && before.key().isSame(each);
      if (before != null && !isSame && !before.given()) {
        throw MatrixException.invalidParam(
            "There is another one-time key " + each.name() + " already");
      }
      if (!isSame) {
        count++;
        if (before != null) {
          rows.add(Keys.removeOneTimeKey(user, device, each.algorithm(), each.id()));
        }
        rows.add(Keys.addOneTimeKey(user, device, each, number));
      }
    }
    KeyUpload.checkCounts(count, 0);
    if (rows.size() > removed) {
      rows.add(Keys.forgetGivenKeys(user, device, number - Keys.UPLOADS_THAT_ARE_KNOWN));
    }
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

  private Response claim(Request request) throws InterruptedException {
    Fields body = Fields.of(request.json());
    Duration patience = Asked.patience(body);
    Map<UserId, Map<DeviceId, String>> wanted = wanted(body.object("one_time_keys").json());
    Asked asked = Asked.of(wanted.keySet(), server);
    Map<UserId, Map<DeviceId, String>> elsewhere = only(asked.elsewhere(), wanted);
    UserId user = request.requester().user();
    if (claims(wanted) <= FEW_CLAIMS) {
      RemoteKeys.Answers<ObjectNode> told = remote.claim(user, elsewhere, patience);
      Map<UserId, ObjectNode> given = give(only(asked.here(), wanted));
      given.putAll(told.told());
      return answer(JsonNodeFactory.instance.objectNode().set("failures", told.json()), given);
    }
    return Response.written(stream -> {
      stream.awaitTurn();
      RemoteKeys.Answers<ObjectNode> told =
          stream.withoutTurn(() -> remote.claim(user, elsewhere, patience));
      JsonWriter json = stream.json().object();
      json.name("failures").value(told.json());
      json.name("one_time_keys").object();
      give(asked.here(), wanted, json);
      told.told().forEach((each, keys) -> json.name(each.value()).value(keys));
      json.endObject().endObject();
    });
  }

  private static Response answer(ObjectNode json, Map<UserId, ObjectNode> given) {
    ObjectNode keys = json.putObject("one_time_keys");
    given.forEach((user, each) -> keys.set(user.value(), each));
    return Response.json(json);
  }

  private static Map<UserId, Map<DeviceId, String>> only(
      List<UserId> users, Map<UserId, Map<DeviceId, String>> wanted) {
    Map<UserId, Map<DeviceId, String>> some = new LinkedHashMap<>();
    users.forEach(each -> some.put(each, wanted.getOrDefault(each, Map.of())));
    return some;
  }

  /// "Requested users must be local to the receiving homeserver": others are left out.
  private Response claimForServer(Request request) {
    Map<UserId, Map<DeviceId, String>> wanted =
        wanted(Fields.of(request.json()).object("one_time_keys").json());
    List<UserId> here = Asked.of(wanted.keySet(), server).here();
    if (claims(wanted) <= FEW_CLAIMS) {
      return answer(JsonNodeFactory.instance.objectNode(), give(only(here, wanted)));
    }
    return Response.written(stream -> {
      stream.awaitTurn();
      JsonWriter json = stream.json().object();
      json.name("one_time_keys").object();
      give(here, wanted, json);
      json.endObject().endObject();
    });
  }

  private static int claims(Map<UserId, Map<DeviceId, String>> wanted) {
    return wanted.values().stream().mapToInt(Map::size).sum();
  }

  /// Unit by unit: what one has given is written, and forgotten, before the next.
  private void give(List<UserId> here, Map<UserId, Map<DeviceId, String>> wanted, JsonWriter json) {
    Map<UserId, Map<DeviceId, String>> unit = new LinkedHashMap<>();
    int claims = 0;
    for (UserId each : here) {
      Map<DeviceId, String> devices = wanted.getOrDefault(each, Map.of());
      unit.put(each, devices);
      claims += devices.size();
      if (claims >= CLAIMS_A_UNIT) {
        give(unit).forEach((user, keys) -> json.name(user.value()).value(keys));
        unit.clear();
        claims = 0;
      }
    }
    give(unit).forEach((user, keys) -> json.name(user.value()).value(keys));
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
  private Map<UserId, ObjectNode> give(Map<UserId, Map<DeviceId, String>> wanted) {
    Map<UserId, ObjectNode> claimed = new LinkedHashMap<>();
    List<UserId> users = List.copyOf(wanted.keySet());
    turns.runAll(
        users,
        () -> {
          List<RowChange> rows = new ArrayList<>();
          wanted.forEach((user, devices) -> {
            ObjectNode given = give(user, devices, rows);
            if (!given.isEmpty()) {
              claimed.put(user, given);
            }
          });
          if (!rows.isEmpty()) {
            var _ = journal.commit(rows, List.of(), () -> users.forEach(keys::devicesChanged));
          }
        });
    return claimed;
  }

  /// Only while it is the user's turn.
  private ObjectNode give(UserId user, Map<DeviceId, String> wanted, List<RowChange> rows) {
    ObjectNode given = JsonNodeFactory.instance.objectNode();
    for (var each : wanted.entrySet()) {
      DeviceId device = each.getKey();
      Optional<ClaimableKey> oneTime = keys.nextOneTimeKey(user, device, each.getValue(), rows);
      oneTime.ifPresent(key -> rows.add(Keys.giveOneTimeKey(user, device, key)));
      // "The returned key is a one-time key if one is available, and otherwise a fallback key."
      Optional<ClaimableKey> key =
          oneTime.or(() -> {
            Optional<ClaimableKey> fallback =
                Optional.ofNullable(keys.fallbackKeys(user, device).get(each.getValue()));
            fallback.ifPresent(one -> rows.add(Keys.useFallbackKey(user, device, one)));
            return fallback;
          });
      key.ifPresent(one -> given.putObject(device.value()).set(one.name(), one.content()));
    }
    return given;
  }
}
