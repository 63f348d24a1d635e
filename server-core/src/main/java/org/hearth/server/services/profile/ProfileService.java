package org.hearth.server.services.profile;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.hearth.server.box.AccountCompanion;
import org.hearth.server.box.ServiceBox;
import org.hearth.server.http.Access;
import org.hearth.server.http.ClientPaths;
import org.hearth.server.http.HttpMethod;
import org.hearth.server.http.RateClass;
import org.hearth.server.http.Request;
import org.hearth.server.http.Response;
import org.hearth.server.http.Routes;
import org.hearth.server.http.TurnPerKey;
import org.hearth.server.logs.AccountOutput;
import org.hearth.server.matrix.error.Errcode;
import org.hearth.server.matrix.error.MatrixException;
import org.hearth.server.matrix.id.ServerName;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.matrix.json.MatrixJson;
import org.hearth.server.outbound.federation.FederationClient;
import org.hearth.server.outbound.federation.PeerRequests;
import org.hearth.server.servers.room.RoomQueries;
import org.hearth.server.store.JournalWriter;
import org.hearth.server.store.Table;

/// The profiles of this server's users: their endpoints, and their way into the rooms. Those of
/// other users are asked of their servers.
///
/// **thread**: any; [#start] and [#stop] one.
///
/// **source**: [Profiles](https://spec.matrix.org/v1.19/client-server-api/#profiles)
public final class ProfileService implements ServiceBox {
  /// The name in the wiring.
  public static final String BOX = "Profiles";

  private final Profiles profiles;
  private final JournalWriter<AccountOutput> journal;
  private final RoomProfiles rooms;
  private final TurnPerKey turns = new TurnPerKey();
  private final Spreading spreading;
  private final ServerName here;
  private final RemoteProfiles remote;

  /// @param here this server
  /// @param profiles the same object that answers the others' queries
  /// @param peers the way to other servers
  public ProfileService(
      ServerName here,
      Profiles profiles,
      JournalWriter<AccountOutput> journal,
      RoomProfiles rooms,
      PeerRequests peers) {
    this.here = here;
    this.remote = new RemoteProfiles(peers);
    this.profiles = profiles;
    this.journal = journal;
    this.rooms = rooms;
    this.spreading = new Spreading(profiles, journal, rooms, turns);
  }

  @Override
  public String name() {
    return BOX;
  }

  @Override
  public String purpose() {
    return "Names and pictures";
  }

  @Override
  public List<String> asks() {
    return List.of(RoomQueries.BOX);
  }

  @Override
  public List<String> commands() {
    return List.of(FederationClient.BOX);
  }

  @Override
  public List<AccountCompanion> companions() {
    return List.of(profiles);
  }

  @Override
  public List<Table> tables() {
    return List.of(Profiles.TABLE);
  }

  /// Takes up what an earlier run did not finish.
  @Override
  public void start() {
    spreading.start();
  }

  @Override
  public void stop() throws InterruptedException {
    spreading.close();
  }

  @Override
  public void register(Routes routes) {
    List<String> field = ClientPaths.v3("/profile/{userId}/{key}");
    routes
        .add(
            HttpMethod.GET,
            ClientPaths.v3("/profile/{userId}"),
            Access.NONE,
            RateClass.DEFAULT,
            this::getAll)
        .add(HttpMethod.GET, field, Access.NONE, RateClass.DEFAULT, this::get)
        .add(HttpMethod.PUT, field, Access.USER_OR_GUEST, RateClass.DEFAULT, this::put)
        .add(HttpMethod.DELETE, field, Access.USER_OR_GUEST, RateClass.DEFAULT, this::delete)
        .add(
            HttpMethod.GET,
            "/_matrix/federation/v1/query/profile",
            Access.SERVER,
            RateClass.FEDERATION,
            this::getForServer);
  }

  /// "MUST be a user local to the receiving homeserver": of others there is no profile here.
  private Response getForServer(Request request) {
    ObjectNode all = fields(UserId.parse(request.requiredQuery("user_id")));
    Optional<String> field = request.query("field");
    // "If specified, the server MUST only return the given field in the response."
    return Response.json(field.isEmpty() ? all : only(all, field.get()));
  }

  private Response getAll(Request request) throws InterruptedException {
    return Response.json(fields(request, Optional.empty()));
  }

  private Response get(Request request) throws InterruptedException {
    String key = ProfileFields.checkedKey(request.path("key"));
    return Response.json(only(fields(request, Optional.of(key)), key));
  }

  private static ObjectNode only(ObjectNode fields, String key) {
    JsonNode value = fields.get(key);
    if (value == null) {
      throw MatrixException.notFound("The profile has no such field");
    }
    return JsonNodeFactory.instance.objectNode().set(key, value);
  }

  /// @param field the only one that is wanted
  private ObjectNode fields(Request request, Optional<String> field) throws InterruptedException {
    UserId user = UserId.parse(request.path("userId"));
    if (user.isOn(here)) {
      return fields(user);
    }
    if (!remote.isKnown(user, field)) {
      // Anybody may ask for a profile, and so make this server ask others.
      request.charge(RateClass.SEARCH, request.remoteAddress().getHostAddress());
    }
    return remote.fields(user, field, request.asker());
  }

  private ObjectNode fields(UserId user) {
    return profiles.fields(user).orElseThrow(() -> MatrixException.notFound("Profile not found"));
  }

  private Response put(Request request) {
    String key = writableKey(request);
    set(request.requester().user(), key, ProfileFields.value(key, request.json()));
    return Response.empty();
  }

  private Response delete(Request request) {
    set(request.requester().user(), writableKey(request), Optional.empty());
    return Response.empty();
  }

  private static String writableKey(Request request) {
    if (!request.path("userId").equals(request.requester().user().value())) {
      throw MatrixException.forbidden("Cannot change the profile of another user");
    }
    String key = ProfileFields.checkedKey(request.path("key"));
    if (request.requester().guest() && !key.equals(Profiles.DISPLAY_NAME)) {
      throw MatrixException.forbidden("Guests may only change their display name");
    }
    return key;
  }

  /// Sets a field, or removes it; returns when the member events say so too, or are on the way.
  private void set(UserId user, String key, Optional<JsonNode> value) {
    boolean spread = turns.take(user, () -> store(user, key, value));
    if (spread) {
      spreading.awaitSpread(user);
    }
  }

  /// @return whether rooms have to be told
  private boolean store(UserId user, String key, Optional<JsonNode> value) {
    ObjectNode before =
        profiles.fields(user).orElseThrow(() -> MatrixException.notFound("Profile not found"));
    if (Objects.equals(before.get(key), value.orElse(null))) {
      return false;
    }
    ObjectNode after = before.deepCopy();
    value.ifPresentOrElse(each -> after.set(key, each), () -> after.remove(key));
    byte[] json = MatrixJson.write(after);
    if (json.length > ProfileFields.MOST_BYTES) {
      throw new MatrixException(Errcode.PROFILE_TOO_LARGE, "A profile is smaller than 64 KiB");
    }
    Profile shown = Profiles.profile(after);
    boolean spread = !shown.equals(Profiles.profile(before)) && rooms.isInRooms(user);
    journal.commit(
        List.of(Profiles.update(user, json, spread)),
        List.of(
            new AccountOutput.ProfileChanged(
                user, shown.displayName().orElse(null), shown.avatarUrl().orElse(null))),
        () -> profiles.changed(user));
    return spread;
  }
}
