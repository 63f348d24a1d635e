package org.hearth.server.services.directory;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import org.hearth.server.box.ServiceBox;
import org.hearth.server.http.Access;
import org.hearth.server.http.ClientPaths;
import org.hearth.server.http.Fields;
import org.hearth.server.http.HttpMethod;
import org.hearth.server.http.RateClass;
import org.hearth.server.http.Request;
import org.hearth.server.http.Requester;
import org.hearth.server.http.Response;
import org.hearth.server.http.Routes;
import org.hearth.server.http.TurnPerKey;
import org.hearth.server.logs.AccountOutput;
import org.hearth.server.matrix.error.Errcode;
import org.hearth.server.matrix.error.MatrixException;
import org.hearth.server.matrix.event.EventTypes;
import org.hearth.server.matrix.id.InvalidIdentifierException;
import org.hearth.server.matrix.id.RoomAlias;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.outbound.federation.FederationClient;
import org.hearth.server.outbound.federation.PeerRequests;
import org.hearth.server.servers.room.RoomQueries;
import org.hearth.server.store.JournalWriter;
import org.hearth.server.store.Table;
import org.jspecify.annotations.Nullable;

/// Aliases and the published directory: their endpoints, and what writers of rooms need of them.
///
/// **thread**: any.
///
/// **source**: [Room aliases](https://spec.matrix.org/v1.19/client-server-api/#room-aliases),
/// [Published room
/// directory](https://spec.matrix.org/v1.19/client-server-api/#published-room-directory)
public final class DirectoryService implements ServiceBox {
  /// The name in the wiring.
  public static final String BOX = "Directory";

  static final int MOST_ALIASES_OF_ROOM = 200;

  /// Other servers of a room that one is told of who asks for an alias.
  static final int MOST_SERVERS = 500;

  private static final System.Logger LOG = System.getLogger(DirectoryService.class.getName());
  private static final Duration PATIENCE_AT_END = Duration.ofSeconds(5);

  private final Directory directory;
  private final RoomQueries rooms;
  private final JournalWriter<AccountOutput> journal;
  private final CanonicalAliases canonicalAliases;
  private final InstantSource clock;
  private final PublicRoomList list;
  private final PublicRoomRoutes publicRooms;
  private final TurnPerKey turns = new TurnPerKey();

  /// By room: who gives it an alias counts those that it has. An alias' turn may be taken within.
  private final TurnPerKey turnsOfRooms = new TurnPerKey();

  private @Nullable Thread leftovers;
  private volatile boolean ended;

  /// What the directory is to those outside, and they to it.
  ///
  /// @param anybodyReads whether whoever reaches this server may read the published directory
  /// @param serversRead whether other servers may
  /// @param peers the way to other servers
  public record Outside(boolean anybodyReads, boolean serversRead, PeerRequests peers) {}

  /// @param directory the same object that answers the others' queries
  public DirectoryService(
      Directory directory,
      RoomQueries rooms,
      JournalWriter<AccountOutput> journal,
      CanonicalAliases canonicalAliases,
      InstantSource clock,
      Outside outside) {
    this.directory = directory;
    this.rooms = rooms;
    this.journal = journal;
    this.canonicalAliases = canonicalAliases;
    this.clock = clock;
    this.list = new PublicRoomList(directory, rooms, System::nanoTime);
    this.publicRooms = new PublicRoomRoutes(directory.server(), list, outside);
  }

  @Override
  public String name() {
    return BOX;
  }

  @Override
  public String purpose() {
    return "Room addresses";
  }

  @Override
  public List<String> asks() {
    return List.of(RoomQueries.BOX);
  }

  @Override
  public List<String> commands() {
    return List.of(FederationClient.BOX);
  }

  /// An alias is given to a room before that is made. Where the process ended in between, it is
  /// taken away now, or nobody could use the name. What is given from now on is not looked at.
  @Override
  public void start() {
    List<Directory.Entry> before = directory.entries();
    leftovers =
        Thread.ofPlatform()
            .daemon()
            .name("directory-leftovers")
            .start(() -> removeLeftovers(before));
  }

  private void removeLeftovers(List<Directory.Entry> before) {
    try {
      for (Directory.Entry each : before) {
        if (ended) {
          return; // The next start finds the others.
        }
        if (rooms.room(each.room()).isEmpty()) {
          turns.run(
              each.alias(),
              () -> directory.entry(each.alias()).filter(each::equals).ifPresent(this::remove));
          LOG.log(Level.INFO, "the alias {0} is free: its room was never made", each.alias());
        }
      }
    } catch (RuntimeException e) {
      LOG.log(Level.WARNING, "aliases of rooms that were not made stay until the next start", e);
    }
  }

  @Override
  public void stop() throws InterruptedException {
    ended = true;
    Thread removing = leftovers;
    if (removing != null) {
      var _ = removing.join(PATIENCE_AT_END);
    }
  }

  @Override
  public List<Table> tables() {
    return List.of(Directory.ALIAS, Directory.PUBLISHED);
  }

  @Override
  public void register(Routes routes) {
    List<String> alias = ClientPaths.v3("/directory/room/{roomAlias}");
    List<String> visibility = ClientPaths.v3("/directory/list/room/{roomId}");
    routes
        .add(HttpMethod.GET, alias, Access.NONE, RateClass.DEFAULT, this::get)
        .add(HttpMethod.PUT, alias, Access.USER, RateClass.DEFAULT, this::put)
        .add(HttpMethod.DELETE, alias, Access.USER, RateClass.DEFAULT, this::delete)
        .add(
            HttpMethod.GET,
            ClientPaths.v3("/rooms/{roomId}/aliases"),
            Access.USER,
            RateClass.DEFAULT,
            this::ofRoom)
        .add(HttpMethod.GET, visibility, Access.NONE, RateClass.DEFAULT, this::visibility)
        .add(HttpMethod.PUT, visibility, Access.USER, RateClass.DEFAULT, this::setVisibility)
        .add(
            HttpMethod.GET,
            "/_matrix/federation/v1/query/directory",
            Access.SERVER,
            RateClass.FEDERATION,
            this::resolveForServer);
    publicRooms.register(routes);
    new ThirdPartyNetworks().register(routes);
  }

  // --- for writers of rooms

  /// Gives a room an alias of this server that is free, for a room that is about to be made or is
  /// there.
  ///
  /// @param localpart of the alias
  /// @throws MatrixException `M_ROOM_IN_USE` if the alias is taken, `M_INVALID_PARAM` if there can
  ///   be no such alias
  public RoomAlias claim(String localpart, RoomId room, UserId creator) {
    RoomAlias alias;
    try {
      alias = RoomAlias.create(localpart, directory.server());
    } catch (InvalidIdentifierException invalid) {
      throw MatrixException.invalidParam(String.valueOf(invalid.getMessage()));
    }
    if (!add(new Directory.Entry(alias, room, creator))) {
      throw new MatrixException(Errcode.ROOM_IN_USE, "Room alias " + alias + " already exists");
    }
    return alias;
  }

  /// Takes an alias away again, of a room that was not made after all. One that is not there is
  /// passed over.
  public void release(RoomAlias alias) {
    turns.run(alias, () -> directory.entry(alias).ifPresent(this::remove));
  }

  /// Puts a room into the published directory or takes it out, without asking whether anybody may.
  public void setPublished(RoomId room, boolean published) {
    turns.run(
        room,
        () -> {
          if (directory.isPublished(room) != published) {
            journal.commit(
                List.of(
                    published
                        ? Directory.publish(room, clock.instant())
                        : Directory.withdraw(room)),
                List.of(new AccountOutput.RoomPublished(room, published)));
            list.changed();
          }
        });
  }

  /// What the room's `m.room.canonical_alias` says of this server's aliases of the room; empty if
  /// it says nothing of them.
  public Optional<ObjectNode> canonicalAlias(RoomId room) {
    return canonicalAliases.only(room, directory.aliases(room));
  }

  /// Lets the aliases of a room lead to the one that replaces it, which takes its place among the
  /// published rooms too. The replaced room no longer names these aliases.
  ///
  /// @param user in whose name
  public void move(RoomId from, RoomId to, UserId user) throws InterruptedException {
    List<RoomAlias> aliases = directory.aliases(from);
    for (RoomAlias alias : aliases) {
      turns.run(
          alias,
          () ->
              directory
                  .entry(alias)
                  .filter(entry -> entry.room().equals(from))
                  .ifPresent(entry ->
                      journal.commit(
                          List.of(Directory.lead(alias, to)),
                          List.of(
                              new AccountOutput.AliasRemoved(alias, from),
                              new AccountOutput.AliasAdded(alias, to)))));
    }
    if (directory.isPublished(from)) {
      setPublished(to, true);
      setPublished(from, false);
    }
    canonicalAliases.remove(from, user, aliases);
  }

  /// @return false if the alias is taken
  private boolean add(Directory.Entry entry) {
    return turns.take(
        entry.alias(),
        () -> {
          if (directory.entry(entry.alias()).isPresent()) {
            return false;
          }
          journal.commit(
              List.of(Directory.insert(entry, clock.instant())),
              List.of(new AccountOutput.AliasAdded(entry.alias(), entry.room())));
          return true;
        });
  }

  private void remove(Directory.Entry entry) {
    journal.commit(
        List.of(Directory.delete(entry.alias())),
        List.of(new AccountOutput.AliasRemoved(entry.alias(), entry.room())));
  }

  // --- aliases

  private Response get(Request request) throws InterruptedException {
    RoomAlias alias = RoomAlias.parse(request.path("roomAlias"));
    if (directory.hasToBeAsked(alias)) {
      // Anybody may ask for an alias, and so make this server ask others.
      request.charge(RateClass.SEARCH, request.remoteAddress().getHostAddress());
    }
    return led(directory.find(alias, request.asker()).orElseThrow(() -> notFound(alias)));
  }

  /// "Homeservers should only query room aliases that belong to the target server."
  private Response resolveForServer(Request request) {
    RoomAlias alias = RoomAlias.parse(request.requiredQuery("room_alias"));
    return led(directory.target(entry(alias).room()));
  }

  private static Response led(AliasTarget target) {
    ObjectNode body = JsonNodeFactory.instance.objectNode().put("room_id", target.room().value());
    ArrayNode servers = body.putArray("servers");
    target.servers().forEach(each -> servers.add(each.value()));
    return Response.json(body);
  }

  private Directory.Entry entry(Request request) {
    return entry(RoomAlias.parse(request.path("roomAlias")));
  }

  private Directory.Entry entry(RoomAlias alias) {
    return directory.entry(alias).orElseThrow(() -> notFound(alias));
  }

  private static MatrixException notFound(RoomAlias alias) {
    return MatrixException.notFound("Room alias " + alias + " not found");
  }

  private Response put(Request request) {
    RoomAlias alias = RoomAlias.parse(request.path("roomAlias"));
    RoomId room = RoomId.parse(Fields.of(request.json()).string("room_id"));
    if (!alias.server().equals(directory.server())) {
      throw MatrixException.invalidParam("Room alias must be of this server");
    }
    Requester who = request.requester();
    if (!rooms.isJoined(room, who.user()) && !(who.admin() && rooms.room(room).isPresent())) {
      throw MatrixException.forbidden("Only members may give a room an alias");
    }
    boolean added =
        turnsOfRooms.take(
            room,
            () -> {
              if (directory.aliases(room).size() >= MOST_ALIASES_OF_ROOM) {
                throw MatrixException.forbidden(
                    "A room has at most " + MOST_ALIASES_OF_ROOM + " aliases");
              }
              return add(new Directory.Entry(alias, room, who.user()));
            });
    if (!added) {
      throw new MatrixException(409, Errcode.UNKNOWN, "Room alias " + alias + " already exists");
    }
    return Response.empty();
  }

  private Response delete(Request request) throws InterruptedException {
    Directory.Entry entry = entry(request);
    Requester who = request.requester();
    if (!entry.creator().equals(who.user()) && !mayManage(who, entry.room())) {
      throw MatrixException.forbidden("You don't have permission to delete the alias");
    }
    release(entry.alias());
    canonicalAliases.remove(entry.room(), who.user(), List.of(entry.alias()));
    return Response.empty();
  }

  /// Whether the user may decide about the aliases and the publication of the room.
  private boolean mayManage(Requester who, RoomId room) {
    return who.admin()
        || (rooms.isJoined(room, who.user())
            && rooms
                .powerLevels(room)
                .filter(levels -> levels.maySend(who.user(), EventTypes.CANONICAL_ALIAS, true))
                .isPresent());
  }

  private Response ofRoom(Request request) {
    RoomId room = RoomId.parse(request.path("roomId"));
    Requester who = request.requester();
    if (!rooms.isJoined(room, who.user()) && !rooms.isWorldReadable(room) && !who.admin()) {
      throw MatrixException.forbidden("You are not a member of the room");
    }
    ObjectNode body = JsonNodeFactory.instance.objectNode();
    ArrayNode aliases = body.putArray("aliases");
    directory.aliases(room).forEach(each -> aliases.add(each.value()));
    return Response.json(body);
  }

  // --- the published directory

  private Response visibility(Request request) {
    RoomId room = knownRoom(request);
    return Response.field("visibility", directory.isPublished(room) ? "public" : "private");
  }

  private Response setVisibility(Request request) {
    RoomId room = knownRoom(request);
    boolean published =
        switch (Fields.of(request.jsonOrEmpty()).optionalString("visibility").orElse("public")) {
          case "public" -> true;
          case "private" -> false;
          default -> throw MatrixException.invalidParam("visibility must be public or private");
        };
    if (!mayManage(request.requester(), room)) {
      throw MatrixException.forbidden("You don't have permission to change the room's visibility");
    }
    setPublished(room, published);
    return Response.empty();
  }

  private RoomId knownRoom(Request request) {
    RoomId room = RoomId.parse(request.path("roomId"));
    if (rooms.room(room).isEmpty()) {
      throw MatrixException.notFound("Room not found");
    }
    return room;
  }
}
