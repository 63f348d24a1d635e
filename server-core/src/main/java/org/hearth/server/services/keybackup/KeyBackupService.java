package org.hearth.server.services.keybackup;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.lang.System.Logger.Level;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.hearth.server.box.AccountCompanion;
import org.hearth.server.box.ServiceBox;
import org.hearth.server.http.Access;
import org.hearth.server.http.ClientPaths;
import org.hearth.server.http.Fields;
import org.hearth.server.http.Handler;
import org.hearth.server.http.HttpMethod;
import org.hearth.server.http.RateClass;
import org.hearth.server.http.Request;
import org.hearth.server.http.Response;
import org.hearth.server.http.Routes;
import org.hearth.server.http.TurnPerKey;
import org.hearth.server.matrix.error.MatrixException;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.matrix.json.JsonWriter;
import org.hearth.server.matrix.json.MatrixJson;
import org.hearth.server.matrix.json.Utf8;
import org.hearth.server.store.RowChange;
import org.hearth.server.store.Store;
import org.hearth.server.store.Table;
import org.hearth.server.upkeep.Upkeep;
import org.jspecify.annotations.Nullable;

/// The endpoints of key backups.
///
/// A user sees the own backups only: a version is a number that each user counts, so one of
/// somebody else is an unknown one, or the own one of that number.
///
/// **thread**: any; [#start] and [#stop] one.
///
/// **source**: [Server-side key
/// backups](https://spec.matrix.org/v1.19/client-server-api/#server-side-key-backups)
public final class KeyBackupService implements ServiceBox, AccountCompanion {
  /// The name in the wiring.
  public static final String BOX = "KeyBackup";

  /// Versions of a user that were not deleted.
  static final int MOST_VERSIONS = 100;

  private static final System.Logger LOG = System.getLogger(KeyBackupService.class.getName());
  private static final int LONGEST_ALGORITHM_BYTES = 255;
  private static final int MOST_DEFINITION_BYTES = 16 << 10;
  private static final int MOST_REMOVALS_WAITING = 1_000;
  private static final long PATIENCE_AT_END_SECONDS = 5;

  private final Store store;
  private final BackupTables tables;
  private final BackupKeys keys;
  private final TurnPerKey turns = new TurnPerKey();

  /// Removes the keys of closed accounts. What does not fit into its queue, and what comes at the
  /// end, is found at the next start.
  private final ThreadPoolExecutor removal =
      new ThreadPoolExecutor(
          1,
          1,
          0,
          TimeUnit.SECONDS,
          new ArrayBlockingQueue<>(MOST_REMOVALS_WAITING),
          Thread.ofPlatform().daemon().name("key-backup-removal").factory(),
          new ThreadPoolExecutor.DiscardPolicy());

  /// Keeps the backups in that database.
  public KeyBackupService(Store store) {
    this.store = store;
    this.tables = new BackupTables(store.reads());
    this.keys = new BackupKeys(tables, store.committer());
  }

  @Override
  public String name() {
    return BOX;
  }

  @Override
  public String purpose() {
    return "Saved room keys";
  }

  @Override
  public List<AccountCompanion> companions() {
    return List.of(this);
  }

  @Override
  public List<Table> tables() {
    return List.of(BackupTables.BACKUPS, BackupTables.KEYS);
  }

  /// Begins to look for what the last run left.
  @Override
  public void start() {
    removal.execute(() -> remove(keys::removeAllLeftovers));
  }

  @Override
  public void stop() throws InterruptedException {
    keys.stop();
    removal.shutdown();
    if (!removal.awaitTermination(PATIENCE_AT_END_SECONDS, TimeUnit.SECONDS)) {
      LOG.log(Level.WARNING, "keys of backups that are gone are still being removed");
    }
  }

  @Override
  public void register(Routes routes) {
    String version = "/room_keys/version/{version}";
    String all = "/room_keys/keys";
    String room = "/room_keys/keys/{roomId}";
    String session = "/room_keys/keys/{roomId}/{sessionId}";
    add(routes, HttpMethod.POST, "/room_keys/version", this::makeVersion);
    add(routes, HttpMethod.GET, "/room_keys/version", this::getCurrentVersion);
    add(routes, HttpMethod.GET, version, this::getVersion);
    add(routes, HttpMethod.PUT, version, this::putVersion);
    add(routes, HttpMethod.DELETE, version, this::deleteVersion);
    add(routes, HttpMethod.PUT, all, this::putKeys);
    add(routes, HttpMethod.PUT, room, this::putKeysOfRoom);
    add(routes, HttpMethod.PUT, session, this::putKey);
    add(routes, HttpMethod.GET, all, this::getKeys);
    add(routes, HttpMethod.GET, room, this::getKeysOfRoom);
    add(routes, HttpMethod.GET, session, this::getKey);
    add(routes, HttpMethod.DELETE, all, request -> deleteKeys(request, null, null));
    add(routes, HttpMethod.DELETE, room, request -> deleteKeys(request, room(request), null));
    add(
        routes,
        HttpMethod.DELETE,
        session,
        request -> deleteKeys(request, room(request), session(request).id()));
  }

  private static void add(Routes routes, HttpMethod method, String path, Handler handler) {
    routes.add(method, ClientPaths.v3(path), Access.USER, RateClass.DEFAULT, handler);
  }

  private static UserId user(Request request) {
    return request.requester().user();
  }

  private static RoomId room(Request request) {
    return RoomId.parse(request.path("roomId"));
  }

  private static Session session(Request request) {
    return Session.of(room(request), request.path("sessionId"));
  }

  // --- versions

  private Response makeVersion(Request request) {
    UserId user = user(request);
    byte[] definition = definition(Fields.of(request.json()));
    return turns.take(
        user,
        () -> {
          Backups all = tables.of(user);
          if (all.count() >= MOST_VERSIONS) {
            throw MatrixException.tooLarge("A user has at most 100 versions of the backup");
          }
          long version = all.next();
          commit(BackupTables.make(user, version, definition));
          return Response.field("version", Long.toString(version));
        });
  }

  private static byte[] definition(Fields fields) {
    String algorithm = fields.string("algorithm");
    if (algorithm.isEmpty() || Utf8.length(algorithm) > LONGEST_ALGORITHM_BYTES) {
      throw MatrixException.invalidParam(
          "The algorithm has 1 to " + LONGEST_ALGORITHM_BYTES + " bytes");
    }
    ObjectNode definition = JsonNodeFactory.instance.objectNode();
    definition.put("algorithm", algorithm);
    definition.set("auth_data", BackedUpKey.opaque(fields, "auth_data"));
    byte[] json = MatrixJson.write(definition);
    if (json.length > MOST_DEFINITION_BYTES) {
      throw MatrixException.tooLarge("algorithm and auth_data have at most 16 KiB");
    }
    return json;
  }

  private Response getCurrentVersion(Request request) {
    UserId user = user(request);
    return described(user, tables.of(user).current());
  }

  private Response getVersion(Request request) {
    UserId user = user(request);
    return described(user, tables.of(user).get(request.path("version")));
  }

  private Response described(UserId user, Backup backup) {
    ObjectNode json = storedDefinition(user, backup);
    return Response.json(backup.addTo(json).put("version", backup.id()));
  }

  private ObjectNode storedDefinition(UserId user, Backup backup) {
    return tables
        .definition(user, backup.version())
        .map(MatrixJson::restoreObject)
        .orElseThrow(Backups::unknown);
  }

  private Response putVersion(Request request) {
    UserId user = user(request);
    String id = request.path("version");
    Fields fields = Fields.of(request.json());
    byte[] definition = definition(fields);
    // "If present, must be the same as the version in the path parameter."
    if (fields.optionalString("version").filter(named -> !named.equals(id)).isPresent()) {
      throw MatrixException.invalidParam("The version does not match the one in the path");
    }
    turns.run(
        user,
        () -> {
          Backup backup = tables.of(user).get(id);
          String algorithm = storedDefinition(user, backup).path("algorithm").asText();
          // "Must be the same as the algorithm currently used by the backup."
          if (!algorithm.equals(fields.string("algorithm"))) {
            throw MatrixException.invalidParam("Algorithm does not match");
          }
          commit(List.of(BackupTables.define(user, backup.version(), definition)));
        });
    return Response.empty();
  }

  private Response deleteVersion(Request request) {
    UserId user = user(request);
    String id = request.path("version");
    turns.run(
        user,
        () -> {
          Backups all = tables.of(user);
          Optional<Backup> backup = all.find(id);
          if (backup.isPresent()) {
            commit(List.of(BackupTables.delete(user, backup.get().version())));
          } else if (!all.wasMade(id)) {
            // "If the backup was previously deleted, the call should succeed".
            throw Backups.unknown();
          }
        });
    keys.removeLeftovers(user);
    return Response.empty();
  }

  private void commit(List<RowChange> changes) {
    store.committer().commit(BOX, changes, List.of());
  }

  // --- storing keys

  private Response putKeys(Request request) {
    Fields rooms = Fields.of(request.json()).object("rooms");
    Map<Session, BackedUpKey> all = new LinkedHashMap<>();
    for (String room : names(rooms)) {
      addKeys(RoomId.parse(room), rooms.object(room), all);
    }
    return put(request, all);
  }

  private Response putKeysOfRoom(Request request) {
    RoomId room = room(request);
    Map<Session, BackedUpKey> all = new LinkedHashMap<>();
    addKeys(room, Fields.of(request.json()), all);
    return put(request, all);
  }

  private static void addKeys(RoomId room, Fields fields, Map<Session, BackedUpKey> all) {
    Fields sessions = fields.object("sessions");
    for (String id : names(sessions)) {
      all.put(Session.of(room, id), BackedUpKey.parse(sessions.object(id)));
    }
  }

  private static List<String> names(Fields fields) {
    return fields.json().properties().stream().map(Map.Entry::getKey).toList();
  }

  private Response putKey(Request request) {
    Session session = session(request);
    return put(request, Map.of(session, BackedUpKey.parse(Fields.of(request.json()))));
  }

  private Response put(Request request, Map<Session, BackedUpKey> sent) {
    UserId user = user(request);
    String version = request.requiredQuery("version");
    return turns.take(
        user,
        () -> {
          Backups all = tables.of(user);
          return keys.put(user, all, all.writable(version), sent).updated();
        });
  }

  // --- reading and deleting keys

  private Backup backup(Request request) {
    return tables.of(user(request)).get(request.requiredQuery("version"));
  }

  private Response getKeys(Request request) {
    UserId user = user(request);
    Backup backup = backup(request);
    return Response.written(stream -> {
      stream.awaitTurn();
      JsonWriter json = stream.json().object().name("rooms").object();
      keys.write(json, user, backup);
      json.endObject().endObject();
    });
  }

  private Response getKeysOfRoom(Request request) {
    UserId user = user(request);
    RoomId room = room(request);
    Backup backup = backup(request);
    return Response.written(stream -> {
      stream.awaitTurn();
      JsonWriter json = stream.json().object();
      keys.write(json, user, backup, room);
      json.endObject();
    });
  }

  private Response getKey(Request request) {
    Session session = session(request);
    BackedUpKey key =
        tables
            .key(user(request), backup(request).version(), session)
            .orElseThrow(() -> MatrixException.notFound("Key not found"));
    return Response.written(stream -> stream.json().object(key.members()).endObject());
  }

  private Response deleteKeys(Request request, @Nullable RoomId room, @Nullable String session) {
    UserId user = user(request);
    return turns.take(user, () -> keys.delete(user, backup(request), room, session).updated());
  }

  // --- accounts

  @Override
  public List<RowChange> closing(UserId user, boolean erase) {
    return List.of(BackupTables.deleteAll(user));
  }

  /// The keys of a closed account are removed after its commit, which they would make a long one.
  @Override
  public void changed(UserId user) {
    removal.execute(() -> remove(() -> keys.removeLeftovers(user)));
  }

  private static void remove(Runnable removing) {
    Upkeep.attempt(
        "keys of backups that are gone stay in the database until the next start", removing);
  }
}
