package org.hearth.server.services.keys;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.hearth.server.box.AccountCompanion;
import org.hearth.server.http.Access;
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
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.matrix.json.MatrixJson;
import org.hearth.server.services.account.AccountQueries;
import org.hearth.server.services.account.DeviceNames;
import org.hearth.server.services.keys.DehydratedDevices.Dehydrated;
import org.hearth.server.services.keys.Keys.ClaimableKey;
import org.hearth.server.services.keys.Keys.OneTimeKey;
import org.hearth.server.store.JournalWriter;
import org.hearth.server.store.RowChange;

/// The dehydrated device of a user: a device that nobody is logged in on, to which others send the
/// keys of their rooms, so that they are there for whoever logs in when no other device is left.
/// Its messages are read elsewhere, by who can decrypt them.
///
/// It is no device that is logged in: logging out everywhere leaves it, and no list of sessions has
/// it. It goes with the account.
///
/// **thread**: any. **source**:
/// [MSC3814](https://github.com/matrix-org/matrix-spec-proposals/pull/3814), by its unstable names.
final class DehydratedDeviceRoutes implements RouteGroup {
  private static final String PATH =
      "/_matrix/client/unstable/org.matrix.msc3814.v1/dehydrated_device";

  private final Keys keys;
  private final AccountQueries accounts;
  private final List<AccountCompanion> companions;
  private final JournalWriter<AccountOutput> journal;
  private final TurnPerKey turns;

  /// @param companions all that is kept for devices, the keys among it
  /// @param turns by the user whose keys they are
  DehydratedDeviceRoutes(
      Keys keys,
      AccountQueries accounts,
      List<AccountCompanion> companions,
      JournalWriter<AccountOutput> journal,
      TurnPerKey turns) {
    this.keys = keys;
    this.accounts = accounts;
    this.companions = List.copyOf(companions);
    this.journal = journal;
    this.turns = turns;
  }

  @Override
  public void register(Routes routes) {
    routes
        .add(HttpMethod.PUT, PATH, Access.USER, RateClass.DEHYDRATION, this::put)
        .add(HttpMethod.GET, PATH, Access.USER, RateClass.DEFAULT, this::get)
        .add(HttpMethod.DELETE, PATH, Access.USER, RateClass.DEFAULT, this::delete);
  }

  private Response put(Request request) {
    UserId user = request.requester().user();
    Fields body = Fields.of(request.json());
    DeviceId id = DeviceId.parse(body.string("device_id"));
    Fields data = body.object("device_data");
    var _ = data.string("algorithm");
    if (MatrixJson.write(data.json()).length > DehydratedDevices.MOST_DATA_BYTES) {
      throw MatrixException.tooLarge("The data of a dehydrated device have at most 64 KiB");
    }
    Optional<String> name = body.optionalString("initial_device_display_name");
    name.ifPresent(DeviceNames::check);
    // "One important change is that the dehydrated device, the public device keys, and one-time
    // keys are all uploaded in the same request. This change should prevent the creation of
    // dehydrated devices which do not support end-to-end encryption."
    var _ = body.object("device_keys");
    KeyUpload upload = KeyUpload.read(body, user, id);
    turns.run(user, () -> replace(upload, new Dehydrated(id, name, data.json())));
    return Response.field("device_id", id.value());
  }

  /// "Uploading a new dehydrated device will remove any previously-set dehydrated device."
  ///
  /// Only while it is the user's turn.
  private void replace(KeyUpload upload, Dehydrated device) {
    UserId user = upload.user();
    if (accounts.device(user, device.id()).isPresent()) {
      throw MatrixException.invalidParam("A device of that id is logged in");
    }
    keys.admit(user, device.id());
    if (isThere(upload, device)) {
      return;
    }
    List<RowChange> rows = new ArrayList<>();
    Set<DeviceId> changed = new LinkedHashSet<>();
    keys.dehydratedDevice(user)
        .filter(before -> !before.equals(device.id()))
        .ifPresent(before -> {
          rows.addAll(clearing(user, before));
          changed.add(before);
        });
    changed.add(device.id());
    rows.addAll(clearing(user, device.id()));
    rows.add(DehydratedDevices.insert(user, device));
    upload.deviceKeys().ifPresent(each -> rows.addAll(Keys.setDeviceKeys(user, device.id(), each)));
    upload.oneTime().forEach(each -> rows.add(Keys.addOneTimeKey(user, device.id(), each, 1)));
    upload.fallback().forEach(each -> rows.addAll(Keys.setFallbackKey(user, device.id(), each)));
    commit(user, rows, changed);
  }

  /// Whether it is the device that there is, with the keys that came with it: a client that did not
  /// get the answer repeats the upload. Some of its keys may have been given away meanwhile, and
  /// none may be given twice.
  private boolean isThere(KeyUpload upload, Dehydrated device) {
    UserId user = upload.user();
    return keys.dehydrated().of(user).filter(device::equals).isPresent()
        && keys.deviceKeys(user, device.id()).equals(upload.deviceKeys())
        && areThere(
            upload.oneTime(),
            keys.oneTimeKeys(user, device.id(), new ArrayList<>()).values().stream()
                .map(OneTimeKey::key)
                .toList())
        && areThere(upload.fallback(), keys.fallbackKeys(user, device.id()).values());
  }

  private static boolean areThere(List<ClaimableKey> uploaded, Collection<ClaimableKey> stored) {
    Map<String, ClaimableKey> byName =
        stored.stream().collect(Collectors.toMap(ClaimableKey::name, Function.identity()));
    return uploaded.size() == stored.size()
        && uploaded.stream()
            .allMatch(each -> {
              ClaimableKey known = byName.get(each.name());
              return known != null && known.isSame(each);
            });
  }

  private Response get(Request request) {
    Dehydrated device = keys.dehydrated().of(request.requester().user()).orElseThrow(this::none);
    ObjectNode json = JsonNodeFactory.instance.objectNode();
    json.put("device_id", device.id().value()).set("device_data", device.data());
    return Response.json(json);
  }

  private Response delete(Request request) {
    UserId user = request.requester().user();
    DeviceId gone =
        turns.take(
            user,
            () -> {
              DeviceId id = keys.dehydratedDevice(user).orElseThrow(this::none);
              commit(user, clearing(user, id), List.of(id));
              return id;
            });
    return Response.field("device_id", gone.value());
  }

  /// "If no dehydrated device is available, the server responds with an error code of
  /// `M_NOT_FOUND`, HTTP code 404."
  private MatrixException none() {
    return MatrixException.notFound("There is no dehydrated device");
  }

  private List<RowChange> clearing(UserId user, DeviceId device) {
    return companions.stream().flatMap(each -> each.clearing(user, device).stream()).toList();
  }

  private void commit(UserId user, List<RowChange> rows, Collection<DeviceId> changed) {
    var _ =
        journal.commit(
            rows,
            List.of(new AccountOutput.DeviceKeysChanged(user, List.copyOf(changed))),
            () -> companions.forEach(each -> each.devicesChanged(user)));
  }
}
