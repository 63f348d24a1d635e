package org.hearth.server.readers.sync.v2;

import java.util.Collection;
import java.util.EnumSet;
import java.util.List;
import org.hearth.ringlogs.LogPosition;
import org.hearth.server.http.Access;
import org.hearth.server.http.ClientPaths;
import org.hearth.server.http.HttpMethod;
import org.hearth.server.http.RateClass;
import org.hearth.server.http.Request;
import org.hearth.server.http.Response;
import org.hearth.server.http.RouteGroup;
import org.hearth.server.http.Routes;
import org.hearth.server.matrix.auth.Membership;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.matrix.json.JsonWriter;
import org.hearth.server.readers.sync.sections.DeviceListChanges;
import org.hearth.server.readers.sync.sections.News;
import org.hearth.server.readers.tokens.Snapshots;
import org.hearth.server.readers.tokens.SyncToken;
import org.hearth.server.readers.tokens.Tokens;
import org.hearth.server.servers.room.RoomMembership;
import org.hearth.server.servers.room.RoomQueries;

/// `GET /keys/changes`: whose devices changed between two points, for a client that was away.
///
/// It tells of what came up to now: `to` "may be used by the server as a hint to check its caches
/// are up to date". A token from before a restore is as good as none: all who share a room may have
/// changed. So much may be told in any case that it waits for its turn.
///
/// **Source:** [tracking the device list for a user][tracking].
///
/// [tracking]: https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv3keyschanges
public final class KeyChangesRoute implements RouteGroup {
  private final RoomQueries rooms;
  private final DeviceListChanges changes;
  private final Snapshots snapshots;
  private final Tokens tokens;

  public KeyChangesRoute(
      RoomQueries rooms, DeviceListChanges changes, Snapshots snapshots, Tokens tokens) {
    this.rooms = rooms;
    this.changes = changes;
    this.snapshots = snapshots;
    this.tokens = tokens;
  }

  @Override
  public void register(Routes routes) {
    routes.add(
        HttpMethod.GET,
        ClientPaths.v3("/keys/changes"),
        Access.USER,
        RateClass.DEFAULT,
        this::changes);
  }

  private Response changes(Request request) {
    SyncToken from = SyncToken.parse("from", request.requiredQuery("from"));
    var _ = SyncToken.parse("to", request.requiredQuery("to"));
    LogPosition now = snapshots.current();
    LogPosition since = tokens.isOurs(from, now) ? from.position() : LogPosition.ORIGIN;
    UserId user = request.requester().user();
    return Response.written(stream -> {
      stream.awaitTurn();
      write(stream.json(), user, since, now);
    });
  }

  private void write(JsonWriter json, UserId user, LogPosition since, LogPosition now) {
    Collection<RoomMembership> memberships = rooms.roomsOf(user, EnumSet.allOf(Membership.class));
    List<RoomId> all = memberships.stream().map(RoomMembership::room).toList();
    News.DeviceLists lists = changes.between(user, memberships, all, since, now);
    json.object().name("changed").array();
    lists.changed().forEach(each -> json.value(each.value()));
    json.endArray().name("left").array();
    lists.left().forEach(each -> json.value(each.value()));
    json.endArray().endObject();
  }
}
