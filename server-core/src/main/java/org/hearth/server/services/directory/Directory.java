package org.hearth.server.services.directory;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.hearth.server.matrix.error.Errcode;
import org.hearth.server.matrix.error.MatrixException;
import org.hearth.server.matrix.id.InvalidIdentifierException;
import org.hearth.server.matrix.id.RoomAlias;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.matrix.id.ServerName;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.servers.room.PeerQueries;
import org.hearth.server.store.ReadPool;
import org.hearth.server.store.RowChange;
import org.hearth.server.store.Table;
import org.jspecify.annotations.Nullable;

/// The tables `room_alias` and `published_room`.
///
/// **thread**: any.
public final class Directory implements DirectoryQueries {
  static final Table ALIAS =
      new Table("room_alias", "200 rows a room", "an alias beyond the bound is refused");
  static final Table PUBLISHED =
      new Table(
          "published_room", "one row a room", "deleted when the room is taken from the directory");

  /// So many new aliases of other servers are asked about for one event.
  private static final int MOST_ASKED = 5;

  private final ReadPool reads;
  private final ServerName server;
  private final PeerQueries peers;
  private final RemoteAliases remote;

  /// Where an alias leads and who made it.
  record Entry(RoomAlias alias, RoomId room, UserId creator) {}

  /// The directory of that server.
  ///
  /// @param peers who is in the rooms
  /// @param remote the aliases of other servers
  public Directory(ReadPool reads, ServerName server, PeerQueries peers, RemoteAliases remote) {
    this.reads = reads;
    this.server = server;
    this.peers = peers;
    this.remote = remote;
  }

  ServerName server() {
    return server;
  }

  @Override
  public Optional<RoomId> resolve(RoomAlias alias) {
    return entry(alias).map(Entry::room);
  }

  @Override
  public Optional<AliasTarget> find(RoomAlias alias, String asker) throws InterruptedException {
    return alias.server().equals(server)
        ? resolve(alias).map(this::target)
        : remote.find(alias, asker);
  }

  @Override
  public Optional<AliasTarget> findNow(RoomAlias alias, String asker) throws InterruptedException {
    return alias.server().equals(server)
        ? resolve(alias).map(this::target)
        : remote.findNow(alias, asker);
  }

  /// Whether it takes a question to another server to find out where the alias leads.
  boolean hasToBeAsked(RoomAlias alias) {
    return !alias.server().equals(server) && !remote.isKnown(alias);
  }

  /// A room to which an alias of this server leads, with "a list of servers that are aware of this
  /// room alias", or "resident homeservers": this one first.
  AliasTarget target(RoomId room) {
    List<ServerName> servers = new ArrayList<>();
    servers.add(server);
    peers.servers(room).stream()
        .filter(each -> !each.equals(server))
        .sorted()
        .limit(DirectoryService.MOST_SERVERS)
        .forEach(servers::add);
    return new AliasTarget(room, servers);
  }

  Optional<Entry> entry(RoomAlias alias) {
    if (!alias.server().equals(server)) {
      return Optional.empty();
    }
    return reads.first(
        "SELECT room_id, creator FROM room_alias WHERE alias = ?",
        statement -> statement.setString(1, alias.value()),
        row -> new Entry(alias, new RoomId(row.getString(1)), new UserId(row.getString(2))));
  }

  @Override
  public List<RoomAlias> aliases(RoomId room) {
    return reads.select(
        "SELECT alias FROM room_alias WHERE room_id = ? ORDER BY room_id, alias",
        statement -> statement.setString(1, room.value()),
        row -> new RoomAlias(row.getString(1)));
  }

  @Override
  public boolean isPublished(RoomId room) {
    return reads
        .first(
            "SELECT 1 FROM published_room WHERE room_id = ?",
            statement -> statement.setString(1, room.value()),
            _ -> true)
        .isPresent();
  }

  /// All aliases, in no order.
  List<Entry> entries() {
    return reads.select(
        "SELECT alias, room_id, creator FROM room_alias",
        row ->
            new Entry(
                new RoomAlias(row.getString(1)),
                new RoomId(row.getString(2)),
                new UserId(row.getString(3))));
  }

  /// All published rooms, in no order.
  List<RoomId> published() {
    return reads.select("SELECT room_id FROM published_room", row -> new RoomId(row.getString(1)));
  }

  // --- the check of m.room.canonical_alias

  @Override
  public void checkCanonicalAlias(RoomId room, ObjectNode content, @Nullable ObjectNode before)
      throws InterruptedException {
    int asked = 0;
    Set<String> known = before == null ? Set.of() : new HashSet<>(listed(before, false));
    for (String text : listed(content, true)) {
      // "Servers do not validate aliases which are being removed or are already present in the
      // state event."
      if (!known.contains(text)) {
        RoomAlias alias = parsed(text);
        if (hasToBeAsked(alias) && ++asked > MOST_ASKED) {
          throw new MatrixException(
              Errcode.BAD_ALIAS,
              "At most %d aliases of other servers can be added at once".formatted(MOST_ASKED));
        }
        if (!leadsTo(alias, room)) {
          throw new MatrixException(
              Errcode.BAD_ALIAS, "The alias '" + alias + "' does not point to this room");
        }
      }
    }
  }

  private boolean leadsTo(RoomAlias alias, RoomId room) throws InterruptedException {
    try {
      return find(alias, room.value()).filter(target -> target.room().equals(room)).isPresent();
    } catch (MatrixException _) {
      return false; // Its server does not say.
    }
  }

  private static List<String> listed(ObjectNode content, boolean strict) {
    List<String> aliases = new ArrayList<>();
    JsonNode alias = content.get("alias");
    if (alias != null && !alias.isNull() && !(alias.isTextual() && alias.textValue().isEmpty())) {
      add(aliases, alias, strict);
    }
    JsonNode others = content.get("alt_aliases");
    if (others != null && !others.isNull()) {
      if (others.isArray()) {
        others.forEach(each -> add(aliases, each, strict));
      } else if (strict) {
        throw MatrixException.invalidParam("alt_aliases must be a list");
      }
    }
    return aliases;
  }

  private static void add(List<String> aliases, JsonNode alias, boolean strict) {
    if (alias.isTextual()) {
      aliases.add(alias.textValue());
    } else if (strict) {
      throw MatrixException.invalidParam("An alias must be a text");
    }
  }

  private static RoomAlias parsed(String text) {
    try {
      return RoomAlias.parse(text);
    } catch (InvalidIdentifierException invalid) {
      throw MatrixException.invalidParam(String.valueOf(invalid.getMessage()));
    }
  }

  // --- changes

  static RowChange insert(Entry entry, Instant created) {
    return RowChange.of(
        ALIAS,
        "INSERT INTO room_alias (alias, room_id, creator, created_millis) VALUES (?, ?, ?, ?)",
        (statement, _) -> {
          statement.setString(1, entry.alias().value());
          statement.setString(2, entry.room().value());
          statement.setString(3, entry.creator().value());
          statement.setLong(4, created.toEpochMilli());
        });
  }

  static RowChange lead(RoomAlias alias, RoomId room) {
    return RowChange.of(
        ALIAS,
        "UPDATE room_alias SET room_id = ? WHERE alias = ?",
        (statement, _) -> {
          statement.setString(1, room.value());
          statement.setString(2, alias.value());
        });
  }

  static RowChange delete(RoomAlias alias) {
    return RowChange.of(
        ALIAS,
        "DELETE FROM room_alias WHERE alias = ?",
        (statement, _) -> statement.setString(1, alias.value()));
  }

  static RowChange publish(RoomId room, Instant when) {
    return RowChange.of(
        PUBLISHED,
        "INSERT INTO published_room (room_id, published_millis) VALUES (?, ?)",
        (statement, _) -> {
          statement.setString(1, room.value());
          statement.setLong(2, when.toEpochMilli());
        });
  }

  static RowChange withdraw(RoomId room) {
    return RowChange.of(
        PUBLISHED,
        "DELETE FROM published_room WHERE room_id = ?",
        (statement, _) -> statement.setString(1, room.value()));
  }
}
